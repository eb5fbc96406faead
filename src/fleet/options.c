#include "options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/address.h"
#include "ice/conf.h"

enum options_kind {
	OPTIONS_PORT,
	OPTIONS_SITE,
	OPTIONS_RECORDINGS,
	OPTIONS_COUNT,
	OPTIONS_OTHERS,
	OPTIONS_OTHER_COUNT,
	OPTIONS_SEED,
	OPTIONS_LATENCY,
	OPTIONS_JITTER,
	OPTIONS_LOSS,
	OPTIONS_V1_SHARE,
	OPTIONS_COMMUNITY,
	OPTIONS_TRUTH,
	OPTIONS_PAGES,
	OPTIONS_REPLY_MAX,
	OPTIONS_FAULT,
	OPTIONS_AS_RECORDED,
	OPTIONS_AWAKE,
	OPTIONS_LIST_FAULTS,
	OPTIONS_VERSION,
	OPTIONS_HELP,
};

static const struct options_option {
	const char *name;
	enum options_kind kind;
	const char *value; /* what it is called in the help; NULL = a switch */
	const char *help;
} options_table[] = {
        {"--site", OPTIONS_SITE, "CIDR", "where the devices live (127.77.0.0/16)"},
        {"--port", OPTIONS_PORT, "N", "UDP port they answer on; 0 = any, printed as \"port N\" (161)"},
        {"--recordings", OPTIONS_RECORDINGS, "DIR",
         "recordings of printers: *.snmprec, *.snmpwalk, *.walk; repeatable"},
        {"--count", OPTIONS_COUNT, "N", "how many printers; the recordings are dealt in turn (one of each)"},
        {"--others", OPTIONS_OTHERS, "DIR", "recordings of devices that are no printers; repeatable"},
        {"--other-count", OPTIONS_OTHER_COUNT, "N", "how many of these (one of each)"},
        {"--seed", OPTIONS_SEED, "S", "addresses, names, serial numbers and chance follow from it (1)"},
        {"--latency", OPTIONS_LATENCY, "MS", "each answer leaves so much later (0)"},
        {"--jitter", OPTIONS_JITTER, "MS", "and up to so much more (0)"},
        {"--loss", OPTIONS_LOSS, "PCT", "share of the requests that get no answer (0)"},
        {"--v1-share", OPTIONS_V1_SHARE, "PCT", "share of the devices that speak SNMP v1 only (0)"},
        {"--community", OPTIONS_COMMUNITY, "C", "the community they answer to (public)"},
        {"--pages-per-hour", OPTIONS_PAGES, "N", "a printer's page count grows by 1 to N an hour; 0 = it stands (600)"},
        {"--reply-max", OPTIONS_REPLY_MAX, "BYTES", "largest answer (1472, more where a recorded row needs it)"},
        {"--truth", OPTIONS_TRUTH, "FILE", "write one JSON line per device; written anew at SIGUSR1"},
        {"--fault", OPTIONS_FAULT, "NAME[:PCT]", "so many of the printers misbehave; \"any\" = every kind; repeatable"},
        {"--list-faults", OPTIONS_LIST_FAULTS, NULL, "what misbehaviour there is"},
        {"--as-recorded", OPTIONS_AS_RECORDED, NULL, "every device says just what its recording says"},
        {"--awake", OPTIONS_AWAKE, NULL, "never sleep while waiting (for benchmarks; takes a core)"},
        {"--version", OPTIONS_VERSION, NULL, "print the version"},
        {"--help", OPTIONS_HELP, NULL, "print this"},
};
#define OPTIONS_OPTIONS (sizeof(options_table) / sizeof(options_table[0]))

static void options_help(void)
{
	printf("printer-fleet: a simulated site that answers SNMP v1 and v2c like the devices that were recorded.\n\n"
	       "usage: printer-fleet --recordings DIR [options]\n\n");
	for (size_t i = 0; i < OPTIONS_OPTIONS; i++) {
		char left[48];
		snprintf(left, sizeof(left), "%s %s", options_table[i].name,
		         options_table[i].value ? options_table[i].value : "");
		printf("  %-24s %s\n", left, options_table[i].help);
	}
	printf("\nIt binds one UDP socket and answers only for addresses of its site where a device lives. On Linux "
	       "all of\n"
	       "127.0.0.0/8 works without any setup. SIGTERM or Ctrl-C ends it, with its counters on standard "
	       "error.\n\n"
	       "  cd \"$(dirname \"$(command -v printer-fleet)\")\"/../share/ice/demo\n"
	       "  printer-fleet --recordings printers --count 500 --others devices --other-count 500 --port 1161 "
	       "--truth "
	       "/tmp/truth.ndjson\n");
}

static bool options_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	*out = n;
	return isdigit((unsigned char)text[0]) && *end == 0 && errno == 0 && n <= max;
}

/* A number with a fraction, 0 .. max. */
static bool options_fraction(const char *text, double max, double *out)
{
	char *end;
	*out = strtod(text, &end);
	return isdigit((unsigned char)text[0]) && *end == 0 && *out >= 0 && *out <= max;
}

static bool options_site(const char *text, struct ice_fleet_options *o, char *why, size_t why_size)
{
	char address[64];
	const char *slash = strchr(text, '/');
	struct ice_address a;
	uint64_t prefix;
	size_t n = slash ? (size_t)(slash - text) : 0;
	if (!slash || n >= sizeof(address)) {
		snprintf(why, why_size, "\"%s\" is no CIDR; write it like 127.77.0.0/16", text);
		return false;
	}
	memcpy(address, text, n);
	address[n] = 0;
	if (!ice_address_parse(address, &a) || !ice_address_is_v4(&a) || !options_number(slash + 1, 32, &prefix)) {
		snprintf(why, why_size, "\"%s\" is no IPv4 CIDR; write it like 127.77.0.0/16", text);
		return false;
	}
	if (prefix < 8 || !ice_address_is_internal(&a)) {
		snprintf(why, why_size,
		         "\"%s\": a site is inside 127/8, 10/8, 172.16/12, 192.168/16, 100.64/10 or 169.254/16", text);
		return false;
	}
	uint32_t base = (uint32_t)a.lo, host = prefix == 32 ? 0 : UINT32_MAX >> prefix;
	if (base & host) {
		base &= ~host;
		struct in_addr right = {htonl(base)};
		snprintf(why, why_size, "\"%s\" has host bits set; did you mean %s/%u?", text, inet_ntoa(right),
		         (unsigned)prefix);
		return false;
	}
	o->base = base;
	o->prefix = (unsigned)prefix;
	return true;
}

static bool options_folder(const char *value, const char **list, size_t *count, char *why, size_t why_size)
{
	if (*count == FLEET_FOLDERS) {
		snprintf(why, why_size, "given more than %d times", FLEET_FOLDERS);
		return false;
	}
	list[(*count)++] = value;
	return true;
}

static bool options_percent(const char *value, double *share, char *why, size_t why_size)
{
	double percent;
	if (!options_fraction(value, 100, &percent)) {
		snprintf(why, why_size, "\"%s\": a share in percent, 0 to 100", value);
		return false;
	}
	*share = percent / 100;
	return true;
}

static bool options_milliseconds(const char *value, ice_usec *out, char *why, size_t why_size)
{
	double ms;
	if (!options_fraction(value, 60000, &ms)) {
		snprintf(why, why_size, "\"%s\": milliseconds, 0 to 60000", value);
		return false;
	}
	*out = (ice_usec)(ms * 1000);
	return true;
}

/* Sets one option; false with what was wrong. */
static bool options_set(struct fleet_command *o, const struct options_option *option, const char *value, char *why,
                        size_t why_size)
{
	uint64_t n = 0, max = 0;
	switch (option->kind) {
	case OPTIONS_SITE:
		return options_site(value, &o->fleet, why, why_size);
	case OPTIONS_RECORDINGS:
		return options_folder(value, o->recordings, &o->recording_count, why, why_size);
	case OPTIONS_OTHERS:
		return options_folder(value, o->others, &o->other_count, why, why_size);
	case OPTIONS_LATENCY:
		return options_milliseconds(value, &o->fleet.latency, why, why_size);
	case OPTIONS_JITTER:
		return options_milliseconds(value, &o->fleet.jitter, why, why_size);
	case OPTIONS_LOSS:
		return options_percent(value, &o->fleet.loss, why, why_size);
	case OPTIONS_V1_SHARE:
		return options_percent(value, &o->fleet.v1_share, why, why_size);
	case OPTIONS_FAULT:
		return ice_faults_plan_add(&o->fleet.faults, value, why, why_size);
	case OPTIONS_COMMUNITY:
		o->fleet.community = value;
		snprintf(why, why_size, "a community has 1 to 255 bytes");
		return strlen(value) >= 1 && strlen(value) <= 255;
	case OPTIONS_TRUTH:
		o->truth = value;
		return true;
	case OPTIONS_AS_RECORDED:
		o->fleet.as_recorded = true;
		return true;
	case OPTIONS_AWAKE:
		o->wire.awake = true;
		return true;
	case OPTIONS_PORT:
		max = 65535;
		break;
	case OPTIONS_COUNT:
	case OPTIONS_OTHER_COUNT:
		max = 1 << 24;
		break;
	case OPTIONS_SEED:
		max = UINT64_MAX;
		break;
	case OPTIONS_PAGES:
		max = 1000000;
		break;
	case OPTIONS_REPLY_MAX:
		max = ICE_WIRE_DATAGRAM;
		break;
	case OPTIONS_LIST_FAULTS:
	case OPTIONS_VERSION:
	case OPTIONS_HELP:
		return true;
	}
	if (!options_number(value, max, &n) || (option->kind == OPTIONS_REPLY_MAX && n < 484)) {
		snprintf(why, why_size, "\"%s\": a whole number from %d to %llu", value,
		         option->kind == OPTIONS_REPLY_MAX ? 484 : 0, (unsigned long long)max);
		return false;
	}
	switch (option->kind) {
	case OPTIONS_PORT:
		o->wire.port = (uint16_t)n;
		break;
	case OPTIONS_COUNT:
		o->fleet.count = n;
		break;
	case OPTIONS_OTHER_COUNT:
		o->fleet.others = n;
		break;
	case OPTIONS_SEED:
		o->fleet.seed = n;
		break;
	case OPTIONS_PAGES:
		o->fleet.pages_per_hour = (uint32_t)n;
		break;
	default:
		o->fleet.reply_max = (size_t)n;
		break;
	}
	return true;
}

static const struct options_option *options_find(const char *word, size_t n)
{
	for (size_t i = 0; i < OPTIONS_OPTIONS; i++)
		if (strlen(options_table[i].name) == n && memcmp(options_table[i].name, word, n) == 0)
			return &options_table[i];
	return NULL;
}

static int options_unknown(const char *word)
{
	const char *names[OPTIONS_OPTIONS + 1] = {NULL};
	for (size_t i = 0; i < OPTIONS_OPTIONS; i++)
		names[i] = options_table[i].name;
	const char *near = ice_conf_nearest(word, names);
	fprintf(stderr, "printer-fleet: unknown option %s", word);
	if (near)
		fprintf(stderr, "; did you mean %s?\n", near);
	else
		fprintf(stderr, "; --help shows them all\n");
	return FLEET_USAGE;
}

int fleet_options_read(int argc, char **argv, struct fleet_command *o)
{
	for (int i = 1; i < argc; i++) {
		const char *equals = strncmp(argv[i], "--", 2) == 0 ? strchr(argv[i], '=') : NULL;
		size_t n = equals ? (size_t)(equals - argv[i]) : strlen(argv[i]);
		const struct options_option *option = options_find(argv[i], n);
		char why[512] = "";
		if (strcmp(argv[i], "-h") == 0)
			option = options_find("--help", 6);
		if (!option)
			return options_unknown(argv[i]);
		if (option->kind == OPTIONS_HELP)
			options_help();
		if (option->kind == OPTIONS_VERSION)
			printf("printer-fleet %s\n", ICE_VERSION);
		if (option->kind == OPTIONS_LIST_FAULTS)
			ice_faults_list(stdout);
		if (option->kind == OPTIONS_HELP || option->kind == OPTIONS_VERSION ||
		    option->kind == OPTIONS_LIST_FAULTS)
			return 0;
		if (!option->value && equals) {
			fprintf(stderr, "printer-fleet: %s takes no value\n", option->name);
			return FLEET_USAGE;
		}
		const char *value = equals ? equals + 1 : "";
		if (option->value && !equals) {
			if (i + 1 == argc) {
				fprintf(stderr, "printer-fleet: %s needs a value: %s\n", option->name, option->value);
				return FLEET_USAGE;
			}
			value = argv[++i];
		}
		if (!options_set(o, option, value, why, sizeof(why))) {
			fprintf(stderr, "printer-fleet: %s: %s\n", option->name, why);
			return FLEET_USAGE;
		}
	}
	if (o->recording_count == 0 && o->other_count == 0) {
		fprintf(stderr, "printer-fleet: --recordings DIR is missing: which printers should there be? --help "
		                "shows more\n");
		return FLEET_USAGE;
	}
	if (o->other_count == 0 && o->fleet.others > 0 && o->fleet.others != ICE_FLEET_EACH) {
		fprintf(stderr, "printer-fleet: --other-count: of which recordings? --others DIR names them\n");
		return FLEET_USAGE;
	}
	return -1;
}
