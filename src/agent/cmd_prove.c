/* ice prove: one sweep with upload, on the user's own machine, every frame of it held against the promises. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <jansson.h>

#include "ice/snmp.h"

#include "engine/exit.h"
#include "engine/setup.h"
#include "proof/proof.h"
#include "proof/surroundings.h"

#include "cmd.h"
#include "options.h"

#define PROVE_POLL_MS 100
/* The kernel may still speak for connections that are closed. */
#define PROVE_LINGER ICE_USEC_MSEC(500)

struct prove {
	const char *config, *user, *pcap, *outbox;
	bool json, quiet;
	char **names;
	int name_count;
	struct ice_settings settings;
	struct ice_enrolment enrolment;
	struct ice_profiles *profiles;
	struct passwd *who;
	struct ice_evidence *evidence;
	struct ice_capture *capture;
	struct ice_capture_file *file;
	struct ice_watched *watched;
	int stats; /* where the sweep writes its figures */
	struct ice_proof proof;
};

static const struct ice_option prove_options[] = {
        {"config", 'c', "FILE", ICE_OPTION_TEXT, offsetof(struct prove, config), 0, 0, NULL, false,
         "the configuration whose sweep is watched"},
        {"user", 'u', "NAME", ICE_OPTION_TEXT, offsetof(struct prove, user), 0, 0, NULL, false,
         "the ordinary user that sweeps; unless told, the owner\nof the enrolment file"},
        {"outbox", 0, "FILE", ICE_OPTION_TEXT, offsetof(struct prove, outbox), 0, 0, NULL, false,
         "where its readings wait for the server; unless told,\nthe service's own outbox"},
        {"pcap", 0, "FILE", ICE_OPTION_TEXT, offsetof(struct prove, pcap), 0, 0, NULL, false,
         "keep the capture: every frame that passed, as pcapng.\nIt holds communities, as SNMP does"},
        {"json", 0, NULL, ICE_OPTION_FLAG, offsetof(struct prove, json), 0, 0, NULL, false, "the report as JSON"},
        {"quiet", 'q', NULL, ICE_OPTION_FLAG, offsetof(struct prove, quiet), 0, 0, NULL, false,
         "no progress of the sweep on standard error"},
        {NULL, 0, NULL, ICE_OPTION_FLAG, 0, 0, 0, NULL, false, NULL}};

static const struct ice_command prove_command = {
        "ice prove", "[RANGE-NAME...]",
        "Sweeps the ranges of a configuration once and delivers what it finds, as `ice scan -c FILE --upload` does, by "
        "that very\n"
        "program as an ordinary user; captures every frame that passes this machine's interfaces meanwhile; and holds "
        "each "
        "that the\n"
        "sweep sent against the promises. The report is evidence: what was run, what each promise was held against, "
        "and "
        "the frames that\n"
        "broke one. Nothing on this machine is changed. It needs root, for the capture and the watching alone.",
        prove_options,
        "Frames are known to be the sweep's by its sockets, each of which is looked at before it may close; those of "
        "other "
        "programs are\n"
        "counted and not judged. A capture from which the kernel dropped a frame proves nothing, and says so.\n"
        "\n"
        "Exit status: 0 every promise held, 1 one was broken or nothing could be proven, 64 usage, 77 not root, 78 "
        "configuration.\n"
        "\n"
        "Examples:\n"
        "  ice prove -c /etc/ice/ice.ini >evidence.txt\n"
        "  ice prove -c /etc/ice/ice.ini --json --pcap sweep.pcapng office"};

/* ---- before ---- */

/* Who sweeps: who owns the enrolment can read it, and is whom the service runs as. */
static int prove_who(struct prove *p)
{
	struct stat st;
	const char *enrolment = p->settings.server.enrolment.path;
	if (p->user)
		p->who = getpwnam(p->user);
	else if (stat(enrolment, &st) == 0 && st.st_uid != 0)
		p->who = getpwuid(st.st_uid);
	if (!p->who && p->user)
		fprintf(stderr, "ice prove: --user %s: there is no such user\n", p->user);
	else if (!p->who)
		fprintf(stderr,
		        "ice prove: %s: belongs to root, or to nobody; --user NAME tells which ordinary user sweeps\n",
		        enrolment);
	else if (p->who->pw_uid == 0)
		fprintf(stderr, "ice prove: --user %s: is root; the sweep is to be an ordinary user's\n",
		        p->who->pw_name);
	else
		return ICE_EXIT_DONE;
	return ICE_EXIT_USAGE;
}

static int prove_read(struct prove *p)
{
	if (!ice_setup_settings(p->config, &p->settings))
		return ICE_EXIT_CONFIG;
	if (p->settings.plan.count == 0 || !p->settings.server.enrolment.path[0]) {
		fprintf(stderr, "%s: %s: is missing; ice check -c %s tells what would be right\n", p->config,
		        p->settings.plan.count == 0 ? "range" : "server.enrolment", p->config);
		return ICE_EXIT_CONFIG;
	}
	if (!ice_setup_enrolment("ice prove", p->settings.server.enrolment.path, &p->enrolment))
		return ICE_EXIT_CONFIG;
	p->profiles = ice_setup_profiles("ice prove", p->settings.profiles.directory.path);
	return p->profiles ? prove_who(p) : ICE_EXIT_CONFIG;
}

static bool prove_evidence(struct prove *p, char *why, size_t why_size)
{
	static struct ice_evidence_options o;
	o.plan = &p->settings.plan;
	o.port = (uint16_t)p->settings.sweep.port;
	o.profiles = p->profiles;
	o.enrolment = &p->enrolment;
	o.proxy_credentials = p->settings.server.credentials.len > 0 ? &p->settings.server.credentials : NULL;
	if (!ice_surroundings_servers(&p->settings.server, &p->enrolment, &o, why, why_size))
		return false;
	ice_surroundings_resolvers("/etc/resolv.conf", &o);
	ice_surroundings_broadcasts(&o);
	p->evidence = ice_evidence_new(&o);
	return true;
}

static void prove_describe(struct prove *p)
{
	static char program[PATH_MAX];
	struct utsname system;
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
	program[n > 0 ? n : 0] = '\0';
	p->proof.program = program;
	p->proof.configuration = p->config;
	p->proof.server = p->enrolment.server;
	p->proof.user = p->who->pw_name;
	p->proof.uid = p->who->pw_uid;
	p->proof.addresses = ice_plan_addresses(&p->settings.plan);
	p->proof.rate = p->settings.sweep.rate;
	if (!ice_digest_file("/proc/self/exe", p->proof.program_sha256) ||
	    !ice_digest_file(p->config, p->proof.configuration_sha256))
		ice_proof_object(&p->proof, "the program or its configuration could not be read again");
	if (uname(&system) == 0)
		snprintf(p->proof.kernel, sizeof p->proof.kernel, "%.60s %.60s %.60s", system.sysname, system.release,
		         system.machine);
}

static bool prove_start(struct prove *p, char *why, size_t why_size)
{
	char stats[64];
	const char *arguments[64] = {"ice",      "scan",   "-c",      p->config, "--upload",
	                             "--format", "ndjson", "--stats", stats};
	int n = 9;
	p->stats = memfd_create("ice-prove", MFD_CLOEXEC);
	if (p->stats < 0) {
		snprintf(why, why_size, "memfd_create: %s", strerror(errno));
		return false;
	}
	snprintf(stats, sizeof stats, "/proc/self/fd/%d", p->stats);
	if (p->quiet)
		arguments[n++] = "--quiet";
	if (p->outbox) {
		arguments[n++] = "--outbox";
		arguments[n++] = p->outbox;
	}
	for (int i = 0; i < p->name_count && n < 63; i++)
		arguments[n++] = p->names[i];
	const struct ice_watched_options options = {.arguments = (char *const *)arguments,
	                                            .user = p->who->pw_name,
	                                            .uid = p->who->pw_uid,
	                                            .gid = p->who->pw_gid,
	                                            .pass = p->stats};
	p->watched = ice_watched_start(&options, why, why_size);
	return p->watched != NULL;
}

/* ---- meanwhile ---- */

/* One frame that left: whose it is, and what it says of the promises. */
static void prove_outgoing(struct prove *p, const struct ice_capture_frame *raw)
{
	struct ice_frame frame;
	ice_frame_read(raw->bytes, raw->cut ? 0 : raw->len, raw->network, raw->ethertype, raw->interface, &frame);
	p->proof.unread += raw->cut;
	if (frame.kind != ICE_FRAME_IP || frame.from_port == 0 ||
	    !ice_ledger_owns(ice_watched_ledger(p->watched), &frame, raw->at))
		return;
	p->proof.own++;
	if (!ice_evidence_frame(p->evidence, raw, &frame))
		return;
	if (p->proof.requests++ > 0)
		return;
	p->proof.first = raw->at;
	ice_watched_held(p->watched, &p->proof.held);
}

/* A batch of frames: captured, then the sockets looked at, then judged (ledger.h tells why in this order). */
static size_t prove_batch(struct prove *p)
{
	struct ice_capture_frame frames[ICE_CAPTURE_BATCH];
	struct ice_ledger *ledger = ice_watched_ledger(p->watched);
	size_t n = ice_capture_read(p->capture, frames);
	if (n == 0)
		return 0;
	ice_ledger_look(ledger, ice_capture_now());
	ice_ledger_confirm(ledger, p->who->pw_uid);
	p->proof.frames += n;
	for (size_t i = 0; i < n; i++) {
		if (p->file)
			ice_capture_file_put(p->file, &frames[i]);
		if (frames[i].outgoing)
			prove_outgoing(p, &frames[i]);
	}
	return n;
}

static volatile sig_atomic_t prove_signalled;

static void prove_signal(int number)
{
	prove_signalled = number;
}

/* Until the sweep has ended and the network is quiet. Its exit status, as of waitpid(2). */
static int prove_watch(struct prove *p)
{
	struct pollfd fds[2] = {{.fd = ice_capture_fd(p->capture), .events = POLLIN},
	                        {.fd = ice_watched_fd(p->watched), .events = POLLIN}};
	int status = 0;
	ice_usec end = ICE_USEC_NEVER;
	while (ice_clock_now() < end) {
		(void)poll(fds, end == ICE_USEC_NEVER ? 2 : 1, PROVE_POLL_MS);
		/* Reports first: the sweep waits for them. */
		if (end == ICE_USEC_NEVER && (fds[1].revents & POLLIN))
			ice_watched_answer(p->watched);
		(void)prove_batch(p);
		if (prove_signalled && !p->proof.interrupted) {
			p->proof.interrupted = true;
			ice_watched_signal(p->watched, SIGINT);
		}
		if (end == ICE_USEC_NEVER && !(fds[1].revents & POLLIN) && ice_watched_ended(p->watched, &status))
			end = ice_clock_now() + PROVE_LINGER;
	}
	while (prove_batch(p) == ICE_CAPTURE_BATCH)
		continue;
	return status;
}

/* ---- after ---- */

static void prove_sweeps_own_figures(struct prove *p)
{
	static const char *const keys[] = {"addresses_done", "probes_sent", "printers", "devices"};
	int64_t *const to[] = {&p->proof.asked_addresses, &p->proof.sent, &p->proof.printers, &p->proof.devices};
	json_t *figures = lseek(p->stats, 0, SEEK_SET) == 0 ? json_loadfd(p->stats, 0, NULL) : NULL;
	for (size_t i = 0; i < 4; i++) {
		const json_t *value = json_object_get(figures, keys[i]);
		*to[i] = json_is_integer(value) ? (int64_t)json_integer_value(value) : -1;
	}
	json_decref(figures);
}

static int prove_run(struct prove *p)
{
	char why[512];
	if (!prove_evidence(p, why, sizeof why) || !(p->capture = ice_capture_open(why, sizeof why)) ||
	    (p->pcap && !(p->file = ice_capture_file_new(p->pcap, why, sizeof why))) ||
	    !prove_start(p, why, sizeof why)) {
		fprintf(stderr, "ice prove: %s\n", why);
		return ICE_EXIT_FAILED;
	}
	const struct sigaction on_signal = {.sa_handler = prove_signal};
	(void)sigaction(SIGINT, &on_signal, NULL);
	(void)sigaction(SIGTERM, &on_signal, NULL);
	ice_usec began = ice_clock_now();
	p->proof.began = ice_capture_now();
	prove_describe(p);
	p->proof.status = prove_watch(p);
	p->proof.ended = ice_capture_now();
	p->proof.lasted = ice_clock_now() - began;
	p->proof.drops = ice_capture_drops(p->capture);
	p->proof.file = p->pcap;
	if (p->file)
		p->proof.kept = ice_capture_file_end(p->file);
	p->file = NULL;
	prove_sweeps_own_figures(p);
	ice_watched_counters(p->watched, &p->proof.watched);
	ice_ledger_counters(ice_watched_ledger(p->watched), &p->proof.ledger);
	ice_proof_judge(&p->proof, p->evidence);
	bool told = true;
	if (p->json)
		told = ice_proof_json(&p->proof, p->evidence, stdout);
	else
		ice_proof_tell(&p->proof, p->evidence, stdout);
	return told && ice_proof_good(&p->proof, p->evidence) ? ICE_EXIT_DONE : ICE_EXIT_FAILED;
}

static int prove_with(struct prove *p, int argc, char **argv)
{
	enum ice_options_result result = ice_options_read(&prove_command, &argc, argv, p);
	if (result != ICE_OPTIONS_READ)
		return (int)result;
	if (!p->config)
		return ice_options_refuse(&prove_command, "the sweep of which configuration? -c FILE");
	p->names = argv;
	p->name_count = argc;
	if (geteuid() != 0) {
		fputs("ice prove: only root may capture what passes this machine's interfaces: sudo ice prove ... "
		      "(the sweep itself is an ordinary user's)\n",
		      stderr);
		return ICE_EXIT_RIGHTS;
	}
	int status = prove_read(p);
	return status == ICE_EXIT_DONE ? prove_run(p) : status;
}

int ice_cmd_prove(int argc, char **argv)
{
	struct prove *p = calloc(1, sizeof *p);
	if (!p)
		abort();
	p->stats = -1;
	ice_secret_guard_process();
	ice_snmp_init();
	int status = prove_with(p, argc, argv);
	ice_watched_free(p->watched);
	if (p->file)
		(void)ice_capture_file_end(p->file);
	ice_capture_free(p->capture);
	ice_evidence_free(p->evidence);
	ice_profiles_free(p->profiles);
	ice_enrolment_wipe(&p->enrolment);
	ice_settings_free(&p->settings);
	if (p->stats >= 0)
		close(p->stats);
	free(p);
	return status;
}
