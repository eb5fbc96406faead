/* printer-fleet: a simulated site. Thousands of devices, each on its own address, replay recordings of real ones and misbehave
 * on request. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet.h"
#include "ice/clock.h"
#include "ice/standard.h"
#include "options.h"

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
static int main_serve(struct fleet_command *o, struct ice_fleet *f)
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
	struct fleet_command o = {.fleet = {.base = 0x7f4d0000,
	                                    .prefix = 16,
	                                    .count = ICE_FLEET_EACH,
	                                    .others = ICE_FLEET_EACH,
	                                    .seed = 1,
	                                    .community = "public",
	                                    .pages_per_hour = 600},
	                          .wire = {.port = 161}};
	ice_standard_hold();
	int status = fleet_options_read(argc, argv, &o);
	if (status >= 0)
		return status;
	o.wire.other_port = o.fleet.faults.count > 0;
	struct ice_fleet *f = ice_fleet_new(&o.fleet, ice_clock_now());
	status = main_serve(&o, f);
	ice_fleet_free(f);
	return status;
}
