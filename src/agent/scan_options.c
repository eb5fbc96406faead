#include "scan_options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ice/settings.h"

#include "engine/exit.h"

#include "cmd.h"
#include "range_file.h"

static bool scan_options_community(const char *value, char *why, size_t why_size, void *into)
{
	struct scan_options *o = into;
	o->community_given = true;
	return ice_leg_community(o->plan.legs[0], value, why, why_size);
}

static bool scan_options_community_file(const char *value, char *why, size_t why_size, void *into)
{
	struct scan_options *o = into;
	if (o->community_file_count == ICE_PLAN_COMMUNITIES) {
		snprintf(why, why_size, "more than %d files", ICE_PLAN_COMMUNITIES);
		return false;
	}
	o->community_given = true;
	o->community_files[o->community_file_count++] = value;
	return true;
}

static bool scan_options_exclude(const char *value, char *why, size_t why_size, void *into)
{
	struct scan_options *o = into;
	o->exclude_given = true;
	return ice_range_exclude(o->plan.legs[0]->range, value, why, why_size);
}

static bool scan_options_range_file(const char *value, char *why, size_t why_size, void *into)
{
	struct scan_options *o = into;
	if (o->range_file_count == SCAN_OPTIONS_RANGE_FILES) {
		snprintf(why, why_size, "more than %d files", SCAN_OPTIONS_RANGE_FILES);
		return false;
	}
	o->range_files[o->range_file_count++] = value;
	return true;
}

static bool scan_options_allow(const char *value, char *why, size_t why_size, void *into)
{
	struct scan_options *o = into;
	return ice_range_allow(o->plan.legs[0]->range, value, why, why_size);
}

static bool scan_options_rate(const char *value, char *why, size_t why_size, void *into)
{
	struct scan_options *o = into;
	o->rate_given = true;
	if (ice_settings_rate(value, &o->rate))
		return true;
	snprintf(why, why_size, "\"%s\" is no rate; right would be " ICE_SETTINGS_RATE_RIGHT, value);
	return false;
}

static bool scan_options_format(const char *value, char *why, size_t why_size, void *into)
{
	struct scan_options *o = into;
	const char *names;
	o->format = ice_output_format(value, &names);
	if (!o->format)
		snprintf(why, why_size, "\"%s\" is no format; there are %s", value, names);
	return o->format != NULL;
}

static bool scan_options_progress(const char *value, char *why, size_t why_size, void *into)
{
	static const char *const names[] = {"none", "line", "json"};
	struct scan_options *o = into;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(value, names[i]) != 0)
			continue;
		o->progress = (enum ice_progress_form)i;
		return true;
	}
	snprintf(why, why_size, "\"%s\" is none; there is line (on a terminal), json, none", value);
	return false;
}

static bool scan_options_snmp(const char *value, char *why, size_t why_size, void *into)
{
	struct scan_options *o = into;
	o->snmp = value;
	if (strcmp(value, "1") == 0 || strcmp(value, "2c") == 0 || strcmp(value, "both") == 0)
		return true;
	snprintf(why, why_size, "\"%s\" is no version; right would be 1, 2c or both", value);
	return false;
}

/* "2/4": the second of four. */
static bool scan_options_shard(const char *value, char *why, size_t why_size, void *into)
{
	struct scan_options *o = into;
	char copy[32];
	int64_t k, n;
	snprintf(copy, sizeof copy, "%s", value);
	char *slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	if (!slash || strlen(value) >= sizeof copy || !ice_options_number(slash, 1, 65536, &n))
		n = 0;
	if (n == 0 || !ice_options_number(copy, 1, n, &k)) {
		long long of = n ? n : 4;
		snprintf(why, why_size, "\"%s\" is no part; right would be 1/%lld to %lld/%lld", value, of, of, of);
		return false;
	}
	o->shard = (uint32_t)(k - 1);
	o->shards = (uint32_t)n;
	return true;
}

#define SCAN_AT(member) offsetof(struct scan_options, member)

static const struct ice_option scan_options_table[] = {
        {"community", 0, "C", ICE_OPTION_CALL, 0, 0, 0, scan_options_community, true,
         "community to ask with (public unless told); may be\nrepeated, tried in order. Others may see it in the list\n"
         "of processes: --community-file does not have that flaw"},
        {"community-file", 0, "FILE", ICE_OPTION_CALL, 0, 0, 0, scan_options_community_file, false,
         "file, mode 0600, with one community a line"},
        {"config", 'c', "FILE", ICE_OPTION_TEXT, SCAN_AT(config), 0, 0, NULL, false,
         "configuration (ice.ini): its ranges, when no RANGE is\ngiven, with their communities; pace; enrolment"},
        {"range-file", 0, "FILE", ICE_OPTION_CALL, 0, 0, 0, scan_options_range_file, false,
         "more ranges, one or more a line, # for remarks; may be\nrepeated; - is standard input"},
        {"exclude", 'x', "RANGE", ICE_OPTION_CALL, 0, 0, 0, scan_options_exclude, false,
         "addresses not to ask; may be repeated"},
        {"allow-public", 0, "RANGE", ICE_OPTION_CALL, 0, 0, 0, scan_options_allow, false,
         "permit addresses outside the internal networks"},
        {"format", 'f', "FORMAT", ICE_OPTION_CALL, 0, 0, 0, scan_options_format, false,
         "table (at the end), json, ndjson or csv (as found)"},
        {"discover", 0, NULL, ICE_OPTION_FLAG, SCAN_AT(discover), 0, 0, NULL, false,
         "first contact only: list whatever speaks SNMP"},
        {"rate", 'r', "RATE", ICE_OPTION_CALL, 0, 0, 0, scan_options_rate, false,
         "datagrams per second: gentle (1000), normal (10000,\nunless told), max, or a number"},
        {"timeout", 't', "TIME", ICE_OPTION_DURATION, SCAN_AT(timeout), 10000, 60000000, NULL, false,
         "how long a try waits for its answer; unless told it is\nlearned from the answers that come"},
        {"retries", 0, "N", ICE_OPTION_NUMBER, SCAN_AT(retries), 0, 10, NULL, false,
         "further tries for the silent, 1 unless told"},
        {"snmp", 0, "VERSION", ICE_OPTION_CALL, 0, 0, 0, scan_options_snmp, false,
         "1, 2c or both, both unless told: a retry then uses the\nother version"},
        {"port", 'p', "N", ICE_OPTION_NUMBER, SCAN_AT(port), 1, 65535, NULL, false, "UDP port, 161 unless told"},
        {"window", 0, "N", ICE_OPTION_NUMBER, SCAN_AT(window), 1, ICE_SCANNER_WINDOW_MAX, NULL, false,
         "most requests in flight; chosen by the rate unless told"},
        {"subnet-cap", 0, "N", ICE_OPTION_NUMBER, SCAN_AT(subnet_cap), 0, 65535, NULL, false,
         "most addresses of one /24 asked at the same time, any\nnumber (0) unless told or configured"},
        {"shard", 0, "K/N", ICE_OPTION_CALL, 0, 0, 0, scan_options_shard, false,
         "only part K of N, for several engines; needs the\n--seed that all of them are given"},
        {"seed", 0, "N", ICE_OPTION_NUMBER, SCAN_AT(seed), 0, INT64_MAX, NULL, false,
         "order of the addresses; drawn anew unless told"},
        {"stats", 0, "FILE", ICE_OPTION_TEXT, SCAN_AT(stats), 0, 0, NULL, false,
         "write the sweep's figures there, as JSON"},
        {"upload", 'u', NULL, ICE_OPTION_FLAG, SCAN_AT(upload), 0, 0, NULL, false,
         "deliver the readings to the server of the enrolment"},
        {"enrolment", 0, "FILE", ICE_OPTION_TEXT, SCAN_AT(enrolment), 0, 0, NULL, false,
         "file, mode 0600, with the enrolment line; without it\nthe configuration's"},
        {"outbox", 0, "FILE", ICE_OPTION_TEXT, SCAN_AT(outbox), 0, 0, NULL, false,
         "where readings wait until they are delivered; unless\ntold the configuration's, or ENROLMENT.outbox"},
        {"upload-wait", 0, "TIME", ICE_OPTION_DURATION, SCAN_AT(upload_wait), 0, INT64_C(86400000000), NULL, false,
         "how long to wait for the server, 60s unless told"},
        {"dry-run", 'n', NULL, ICE_OPTION_FLAG, SCAN_AT(dry_run), 0, 0, NULL, false,
         "only tell what would be asked, and how long that\ntakes; nothing is sent. With --format json as an object"},
        {"progress", 0, "FORM", ICE_OPTION_CALL, 0, 0, 0, scan_options_progress, false,
         "on standard error: line (on a terminal), none, or json,\nan object a line"},
        {"no-color", 0, NULL, ICE_OPTION_FLAG, SCAN_AT(no_color), 0, 0, NULL, false,
         "no colours (nor with NO_COLOR in the environment)"},
        {"quiet", 'q', NULL, ICE_OPTION_FLAG, SCAN_AT(quiet), 0, 0, NULL, false, "no progress line, no summary"},
        {"profiles", 0, "DIR", ICE_OPTION_TEXT, SCAN_AT(profiles), 0, 0, NULL, false, "folder of the vendor profiles"},
        {NULL, 0, NULL, ICE_OPTION_FLAG, 0, 0, 0, NULL, false, NULL}};

static const struct ice_command scan_options_command = {
        "ice scan", "RANGE...",
        "Asks every address of the ranges once whether a printer is there, reads it, and prints the fleet. Only SNMP, "
        "only reading,\n"
        "only unicast, only internal addresses; Ctrl-C stops at once and prints what was found.",
        scan_options_table,
        "RANGE: 10.1.2.3 | 10.1.0.0/16 | 10.1.2.3-10.1.4.250 | 10.1.2.3-40 | 10.1-3.0.1-254 | fd00::/112; with -c also "
        "the name\n"
        "of a [range NAME] of the configuration; !RANGE excludes.\n"
        "\n"
        "Exit status: 0 done, 1 something failed, 64 usage, 78 configuration, 130 interrupted.\n"
        "\n"
        "Examples:\n"
        "  ice scan 192.168.1.0/24\n"
        "  ice scan --community-file secrets/office --rate gentle 10.1.0.0/16 --exclude 10.1.9.0/24\n"
        "  ice scan --format ndjson --stats figures.json 10.0.0.0/8 > printers.ndjson\n"
        "  ice scan --discover --rate max 10.1.0.0/16        what is there, the fastest way\n"
        "  ice scan --dry-run -c /etc/ice/ice.ini            how many addresses, packets and minutes that would be\n"
        "  ice scan --range-file subnets.txt                 the ranges that a list names\n"
        "  ice scan -c /etc/ice/ice.ini --upload             the configured ranges, delivered"};

int scan_options_refuse(const char *fmt, ...)
{
	char message[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	return ice_options_refuse(&scan_options_command, "%s", message);
}

void scan_options_init(struct scan_options *o)
{
	const char *names;
	*o = (struct scan_options){.port = -1,
	                           .retries = -1,
	                           .window = -1,
	                           .subnet_cap = -1,
	                           .seed = -1,
	                           .timeout = -1,
	                           .upload_wait = ICE_USEC_SEC(60),
	                           .shards = 1,
	                           .progress = ICE_PROGRESS_LINE,
	                           .format = ice_output_format("table", &names)};
	if (!ice_plan_add(&o->plan, "command line"))
		abort();
}

void scan_options_fini(struct scan_options *o)
{
	ice_plan_free(&o->plan);
}

enum ice_options_result scan_options_read(struct scan_options *o, int *argc, char **argv)
{
	const char *names;
	enum ice_options_result result = ice_options_read(&scan_options_command, argc, argv, o);
	if (result != ICE_OPTIONS_READ)
		return result;
	if (o->plan.legs[0]->community_count > 0 && !o->quiet)
		fputs("ice scan: a community in the arguments can be seen by others on this machine for a moment; "
		      "--community-file is "
		      "safer\n",
		      stderr);
	if ((o->enrolment || o->outbox) && !o->upload) {
		scan_options_refuse("%s goes with --upload", o->enrolment ? "--enrolment" : "--outbox");
		return ICE_OPTIONS_WRONG;
	}
	if (o->upload && !o->enrolment && !o->config) {
		scan_options_refuse("--upload needs to know where to: --enrolment FILE, or -c FILE");
		return ICE_OPTIONS_WRONG;
	}
	if (o->upload && o->discover) {
		scan_options_refuse("--discover reads nothing that could be delivered: leave out --upload");
		return ICE_OPTIONS_WRONG;
	}
	if (o->dry_run && (o->upload || o->stats || o->shards > 1)) {
		scan_options_refuse("--dry-run sends nothing: leave out --upload, --stats and --shard");
		return ICE_OPTIONS_WRONG;
	}
	if (o->dry_run && o->format != ice_output_format("table", &names) &&
	    o->format != ice_output_format("json", &names)) {
		scan_options_refuse("--dry-run tells people, or with --format json a program");
		return ICE_OPTIONS_WRONG;
	}
	if (o->shards > 1 && o->seed < 0) {
		scan_options_refuse("--shard needs one --seed for all parts: each of another order would leave gaps");
		return ICE_OPTIONS_WRONG;
	}
	if (o->quiet && o->progress == ICE_PROGRESS_LINE)
		o->progress = ICE_PROGRESS_NONE;
	o->progress_in_the_way = o->format != ice_output_format("table", &names) && isatty(STDOUT_FILENO);
	return ICE_OPTIONS_READ;
}

int scan_options_ranges(struct scan_options *o, int argc, char **argv)
{
	struct ice_leg *leg = o->plan.legs[0];
	struct ice_conf_mistakes mistakes = {0};
	char why[512];
	bool good = true;
	for (int i = 0; i < argc; i++) {
		if (!ice_range_add(leg->range, argv[i], why, sizeof why))
			return scan_options_refuse("%s", why);
	}
	for (size_t i = 0; i < o->range_file_count; i++)
		good &= ice_range_file_add(leg->range, o->range_files[i], &mistakes);
	ice_conf_mistakes_print(&mistakes, stderr);
	ice_conf_mistakes_free(&mistakes);
	if (!good)
		return ICE_EXIT_USAGE;
	ice_range_exclude_local_broadcasts(leg->range);
	if (!ice_range_seal(leg->range, why, sizeof why))
		return scan_options_refuse("%s", why);
	for (size_t i = 0; i < o->community_file_count; i++) {
		if (!ice_leg_community_file(leg, o->community_files[i], why, sizeof why)) {
			fprintf(stderr, "ice scan: --community-file: %s\n", why);
			return ICE_EXIT_CONFIG;
		}
	}
	ice_leg_default_community(leg);
	return ICE_EXIT_DONE;
}
