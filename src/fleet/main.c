/* printer-fleet: a simulated site. Thousands of devices, each on its own address, replay recordings of real ones and misbehave
 * on request. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet.h"
#include "ice/address.h"
#include "ice/clock.h"
#include "ice/conf.h"
#include "ice/snmp.h"

#define MAIN_USAGE  64
#define MAIN_FOLDER 64 /* folders of one kind */

struct main_options {
	struct ice_fleet_options fleet;
	struct ice_wire_options wire;
	const char *recordings[MAIN_FOLDER], *others[MAIN_FOLDER];
	size_t recording_count, other_count;
	const char *truth;
};

enum main_kind {
	MAIN_PORT,
	MAIN_SITE,
	MAIN_RECORDINGS,
	MAIN_COUNT,
	MAIN_OTHERS,
	MAIN_OTHER_COUNT,
	MAIN_SEED,
	MAIN_LATENCY,
	MAIN_JITTER,
	MAIN_LOSS,
	MAIN_V1_SHARE,
	MAIN_COMMUNITY,
	MAIN_TRUTH,
	MAIN_PAGES,
	MAIN_REPLY_MAX,
	MAIN_FAULT,
	MAIN_AS_RECORDED,
	MAIN_AWAKE,
	MAIN_LIST_FAULTS,
	MAIN_VERSION,
	MAIN_HELP,
};

static const struct main_option {
	const char *name;
	enum main_kind kind;
	const char *value; /* what it is called in the help; NULL = a switch */
	const char *help;
} main_table[] = {
        {"--site", MAIN_SITE, "CIDR", "where the devices live (127.77.0.0/16)"},
        {"--port", MAIN_PORT, "N", "UDP port they answer on; 0 = any, printed as \"port N\" (161)"},
        {"--recordings", MAIN_RECORDINGS, "DIR", "recordings of printers: *.snmprec, *.snmpwalk, *.walk; repeatable"},
        {"--count", MAIN_COUNT, "N", "how many printers; the recordings are dealt in turn (one of each)"},
        {"--others", MAIN_OTHERS, "DIR", "recordings of devices that are no printers; repeatable"},
        {"--other-count", MAIN_OTHER_COUNT, "N", "how many of these (one of each)"},
        {"--seed", MAIN_SEED, "S", "addresses, names, serial numbers and chance follow from it (1)"},
        {"--latency", MAIN_LATENCY, "MS", "each answer leaves so much later (0)"},
        {"--jitter", MAIN_JITTER, "MS", "and up to so much more (0)"},
        {"--loss", MAIN_LOSS, "PCT", "share of the requests that get no answer (0)"},
        {"--v1-share", MAIN_V1_SHARE, "PCT", "share of the devices that speak SNMP v1 only (0)"},
        {"--community", MAIN_COMMUNITY, "C", "the community they answer to (public)"},
        {"--pages-per-hour", MAIN_PAGES, "N", "a printer's page count grows by 1 to N an hour; 0 = it stands (600)"},
        {"--reply-max", MAIN_REPLY_MAX, "BYTES", "largest answer (1472, more where a recorded row needs it)"},
        {"--truth", MAIN_TRUTH, "FILE", "write one JSON line per device; written anew at SIGUSR1"},
        {"--fault", MAIN_FAULT, "NAME[:PCT]", "so many of the printers misbehave; \"any\" = every kind; repeatable"},
        {"--list-faults", MAIN_LIST_FAULTS, NULL, "what misbehaviour there is"},
        {"--as-recorded", MAIN_AS_RECORDED, NULL, "every device says just what its recording says"},
        {"--awake", MAIN_AWAKE, NULL, "never sleep while waiting (for benchmarks; takes a core)"},
        {"--version", MAIN_VERSION, NULL, "print the version"},
        {"--help", MAIN_HELP, NULL, "print this"},
};
#define MAIN_OPTIONS (sizeof(main_table) / sizeof(main_table[0]))

static void main_help(void)
{
	printf("printer-fleet: a simulated site that answers SNMP v1 and v2c like the devices that were recorded.\n\n"
	       "usage: printer-fleet --recordings DIR [options]\n\n");
	for (size_t i = 0; i < MAIN_OPTIONS; i++) {
		char left[48];
		snprintf(left, sizeof(left), "%s %s", main_table[i].name,
		         main_table[i].value ? main_table[i].value : "");
		printf("  %-24s %s\n", left, main_table[i].help);
	}
	printf("\nIt binds one UDP socket and answers only for addresses of its site where a device lives. On Linux "
	       "all of\n"
	       "127.0.0.0/8 works without any setup. SIGTERM or Ctrl-C ends it, with its counters on standard "
	       "error.\n\n"
	       "  printer-fleet --recordings " ICE_DATA_DIR "/demo/printers --count 500 --others " ICE_DATA_DIR
	       "/demo/devices "
	       "--other-count 500 \\\n"
	       "                --port 1161 --truth truth.ndjson\n");
}

static bool main_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	*out = n;
	return isdigit((unsigned char)text[0]) && *end == 0 && errno == 0 && n <= max;
}

/* A number with a fraction, 0 .. max. */
static bool main_fraction(const char *text, double max, double *out)
{
	char *end;
	*out = strtod(text, &end);
	return isdigit((unsigned char)text[0]) && *end == 0 && *out >= 0 && *out <= max;
}

static bool main_site(const char *text, struct ice_fleet_options *o, char *why, size_t why_size)
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
	if (!ice_address_parse(address, &a) || !ice_address_is_v4(&a) || !main_number(slash + 1, 32, &prefix)) {
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

static bool main_folder(const char *value, const char **list, size_t *count, char *why, size_t why_size)
{
	if (*count == MAIN_FOLDER) {
		snprintf(why, why_size, "given more than %d times", MAIN_FOLDER);
		return false;
	}
	list[(*count)++] = value;
	return true;
}

static bool main_percent(const char *value, double *share, char *why, size_t why_size)
{
	double percent;
	if (!main_fraction(value, 100, &percent)) {
		snprintf(why, why_size, "\"%s\": a share in percent, 0 to 100", value);
		return false;
	}
	*share = percent / 100;
	return true;
}

static bool main_milliseconds(const char *value, ice_usec *out, char *why, size_t why_size)
{
	double ms;
	if (!main_fraction(value, 60000, &ms)) {
		snprintf(why, why_size, "\"%s\": milliseconds, 0 to 60000", value);
		return false;
	}
	*out = (ice_usec)(ms * 1000);
	return true;
}

/* Sets one option; false with what was wrong. */
static bool main_set(struct main_options *o, const struct main_option *option, const char *value, char *why,
                     size_t why_size)
{
	uint64_t n = 0, max = 0;
	switch (option->kind) {
	case MAIN_SITE:
		return main_site(value, &o->fleet, why, why_size);
	case MAIN_RECORDINGS:
		return main_folder(value, o->recordings, &o->recording_count, why, why_size);
	case MAIN_OTHERS:
		return main_folder(value, o->others, &o->other_count, why, why_size);
	case MAIN_LATENCY:
		return main_milliseconds(value, &o->fleet.latency, why, why_size);
	case MAIN_JITTER:
		return main_milliseconds(value, &o->fleet.jitter, why, why_size);
	case MAIN_LOSS:
		return main_percent(value, &o->fleet.loss, why, why_size);
	case MAIN_V1_SHARE:
		return main_percent(value, &o->fleet.v1_share, why, why_size);
	case MAIN_FAULT:
		return ice_faults_plan_add(&o->fleet.faults, value, why, why_size);
	case MAIN_COMMUNITY:
		o->fleet.community = value;
		snprintf(why, why_size, "a community has 1 to 255 bytes");
		return strlen(value) >= 1 && strlen(value) <= 255;
	case MAIN_TRUTH:
		o->truth = value;
		return true;
	case MAIN_AS_RECORDED:
		o->fleet.as_recorded = true;
		return true;
	case MAIN_AWAKE:
		o->wire.awake = true;
		return true;
	case MAIN_PORT:
		max = 65535;
		break;
	case MAIN_COUNT:
	case MAIN_OTHER_COUNT:
		max = 1 << 24;
		break;
	case MAIN_SEED:
		max = UINT64_MAX;
		break;
	case MAIN_PAGES:
		max = 1000000;
		break;
	case MAIN_REPLY_MAX:
		max = ICE_WIRE_DATAGRAM;
		break;
	case MAIN_LIST_FAULTS:
	case MAIN_VERSION:
	case MAIN_HELP:
		return true;
	}
	if (!main_number(value, max, &n) || (option->kind == MAIN_REPLY_MAX && n < 484)) {
		snprintf(why, why_size, "\"%s\": a whole number from %d to %llu", value,
		         option->kind == MAIN_REPLY_MAX ? 484 : 0, (unsigned long long)max);
		return false;
	}
	switch (option->kind) {
	case MAIN_PORT:
		o->wire.port = (uint16_t)n;
		break;
	case MAIN_COUNT:
		o->fleet.count = n;
		break;
	case MAIN_OTHER_COUNT:
		o->fleet.others = n;
		break;
	case MAIN_SEED:
		o->fleet.seed = n;
		break;
	case MAIN_PAGES:
		o->fleet.pages_per_hour = (uint32_t)n;
		break;
	default:
		o->fleet.reply_max = (size_t)n;
		break;
	}
	return true;
}

static const struct main_option *main_find(const char *word, size_t n)
{
	for (size_t i = 0; i < MAIN_OPTIONS; i++)
		if (strlen(main_table[i].name) == n && memcmp(main_table[i].name, word, n) == 0)
			return &main_table[i];
	return NULL;
}

static int main_unknown(const char *word)
{
	const char *names[MAIN_OPTIONS + 1] = {NULL};
	for (size_t i = 0; i < MAIN_OPTIONS; i++)
		names[i] = main_table[i].name;
	const char *near = ice_conf_nearest(word, names);
	fprintf(stderr, "printer-fleet: unknown option %s", word);
	if (near)
		fprintf(stderr, "; did you mean %s?\n", near);
	else
		fprintf(stderr, "; --help shows them all\n");
	return MAIN_USAGE;
}

/* Reads the arguments. -1 = go on, else the exit status. */
static int main_arguments(int argc, char **argv, struct main_options *o)
{
	for (int i = 1; i < argc; i++) {
		const char *equals = strncmp(argv[i], "--", 2) == 0 ? strchr(argv[i], '=') : NULL;
		size_t n = equals ? (size_t)(equals - argv[i]) : strlen(argv[i]);
		const struct main_option *option = main_find(argv[i], n);
		char why[512] = "";
		if (strcmp(argv[i], "-h") == 0)
			option = main_find("--help", 6);
		if (!option)
			return main_unknown(argv[i]);
		if (option->kind == MAIN_HELP)
			main_help();
		if (option->kind == MAIN_VERSION)
			printf("printer-fleet %s\n", ICE_VERSION);
		if (option->kind == MAIN_LIST_FAULTS)
			ice_faults_list(stdout);
		if (option->kind == MAIN_HELP || option->kind == MAIN_VERSION || option->kind == MAIN_LIST_FAULTS)
			return 0;
		if (!option->value && equals) {
			fprintf(stderr, "printer-fleet: %s takes no value\n", option->name);
			return MAIN_USAGE;
		}
		const char *value = equals ? equals + 1 : "";
		if (option->value && !equals) {
			if (i + 1 == argc) {
				fprintf(stderr, "printer-fleet: %s needs a value: %s\n", option->name, option->value);
				return MAIN_USAGE;
			}
			value = argv[++i];
		}
		if (!main_set(o, option, value, why, sizeof(why))) {
			fprintf(stderr, "printer-fleet: %s: %s\n", option->name, why);
			return MAIN_USAGE;
		}
	}
	if (o->recording_count == 0 && o->other_count == 0) {
		fprintf(stderr, "printer-fleet: --recordings DIR is missing: which printers should there be? --help "
		                "shows more\n");
		return MAIN_USAGE;
	}
	return -1;
}

/* Loads all folders of one kind; adds up the recordings. */
static bool main_patterns(struct ice_fleet *f, const char *const *folders, size_t count, bool printers,
                          size_t *patterns)
{
	*patterns = 0;
	for (size_t i = 0; i < count; i++) {
		char why[5000];
		size_t n = ice_fleet_add_patterns(f, folders[i], printers, why, sizeof(why));
		if (n == 0) {
			fprintf(stderr, "printer-fleet: %s: %s\n", printers ? "--recordings" : "--others", why);
			return false;
		}
		*patterns += n;
	}
	return true;
}

static volatile sig_atomic_t main_stop, main_write_truth;

static void main_on_signal(int number)
{
	if (number == SIGUSR1)
		main_write_truth = 1;
	else
		main_stop = 1;
}

/* Signals are blocked but while waiting, so that none is lost between a look and a sleep. */
static void main_signals(sigset_t *waiting)
{
	struct sigaction action = {.sa_handler = main_on_signal};
	sigset_t ours;
	sigemptyset(&action.sa_mask);
	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGUSR1);
	sigprocmask(SIG_BLOCK, &ours, waiting);
	sigdelset(waiting, SIGTERM);
	sigdelset(waiting, SIGINT);
	sigdelset(waiting, SIGUSR1);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

struct main_run {
	struct ice_fleet *fleet;
	const char *truth;
};

static bool main_truth(const struct main_run *run)
{
	FILE *to = run->truth ? fopen(run->truth, "we") : NULL;
	if (!run->truth)
		return true;
	bool good = to && ice_fleet_truth(run->fleet, to, ice_clock_now());
	int error = errno;
	if (to && fclose(to) != 0) {
		good = false;
		error = errno;
	}
	if (!good)
		fprintf(stderr, "printer-fleet: --truth: %s: %s\n", run->truth, strerror(error));
	return good;
}

static void main_between(void *arg)
{
	if (!main_write_truth)
		return;
	main_write_truth = 0;
	(void)main_truth(arg); /* said why on standard error */
}

static void main_input(struct ice_wire *w, const struct ice_wire_peer *peer, const uint8_t *bytes, size_t n,
                       ice_usec now, void *arg)
{
	struct main_run *run = arg;
	ice_fleet_input(w, peer, bytes, n, now, run->fleet);
}

static void main_counters(const struct ice_fleet *f, const struct ice_wire *w)
{
	const struct ice_fleet_counters *c = ice_fleet_counters(f);
	const struct ice_wire_counters *n = ice_wire_counters(w);
#define LLU(x) (unsigned long long)(x)
	fprintf(stderr,
	        "printer-fleet: received=%llu requests=%llu answers=%llu sent=%llu nobody=%llu malformed=%llu "
	        "community=%llu lost=%llu too_long=%llu kernel_drops=%llu late_drops=%llu send_errors=%llu "
	        "bytes_received=%llu bytes_sent=%llu\n",
	        LLU(n->received), LLU(c->requests), LLU(c->answers), LLU(n->sent), LLU(c->nobody), LLU(c->malformed),
	        LLU(c->community), LLU(c->lost), LLU(n->truncated), LLU(n->kernel_drops), LLU(n->late_dropped),
	        LLU(n->send_errors), LLU(n->bytes_received), LLU(n->bytes_sent));
#undef LLU
}

/* Everything that can fail is done before the port is announced. */
static int main_serve(struct main_options *o, struct ice_fleet *f)
{
	char why[512];
	size_t printers, others;
	sigset_t waiting;
	if (!main_patterns(f, o->recordings, o->recording_count, true, &printers) ||
	    !main_patterns(f, o->others, o->other_count, false, &others))
		return 1;
	if (!ice_fleet_place(f, why, sizeof(why))) {
		fprintf(stderr, "printer-fleet: --site: %s\n", why);
		return 1;
	}
	struct main_run run = {f, o->truth};
	main_signals(&waiting);
	struct ice_wire *w = ice_wire_new(&o->wire, why, sizeof(why));
	if (!w)
		fprintf(stderr, "printer-fleet: %s\n", why);
	int status = w && main_truth(&run) ? 0 : 1;
	if (status == 0) {
		printf("port %u\n", ice_wire_port(w));
		fflush(stdout);
		ice_wire_run(w, main_input, main_between, &run, &main_stop, &waiting);
		main_counters(f, w);
	}
	ice_wire_free(w);
	return status;
}

int main(int argc, char **argv)
{
	struct main_options o = {.fleet = {.base = 0x7f4d0000,
	                                   .prefix = 16,
	                                   .count = ICE_FLEET_EACH,
	                                   .others = ICE_FLEET_EACH,
	                                   .seed = 1,
	                                   .community = "public",
	                                   .pages_per_hour = 600},
	                         .wire = {.port = 161}};
	int status = main_arguments(argc, argv, &o);
	if (status >= 0)
		return status;
	o.wire.other_port = o.fleet.faults.count > 0;
	struct ice_fleet *f = ice_fleet_new(&o.fleet, ice_clock_now());
	status = main_serve(&o, f);
	ice_fleet_free(f);
	return status;
}
