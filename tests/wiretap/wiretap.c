/* wiretap: sees every frame that ICE sends in this network namespace, while a test script runs, and holds it against the promises.
 *
 *   wiretap FOLDER     says "ready" when it is, and what it saw when it is told to end (SIGTERM)
 *
 * FOLDER holds `ice` and `window`, the cgroups of the engine's processes and of the configuration window's; `objects`, what `ice check --oids`
 * prints; and `canaries`, which the script appends to. The kernel knows of which cgroup the socket is that a frame leaves by, whoever holds
 * or has closed it: an nftables rule marks the frame for us (tap.sh), and this captures what is so marked, on all interfaces. Nothing is kept
 * but what breaks a rule. Frames that the kernel could not keep for us break one.
 *
 * Exit status: 0 the promises were kept, 1 they were not, 77 this machine does not let us see. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ice/clock.h"

#include "listeners.h"
#include "rules.h"

#define WIRETAP_ENGINE 0x1ce1 /* marks that the nftables rule sets */
#define WIRETAP_WINDOW 0x1ce2
#define WIRETAP_BUFFER (512 << 20) /* a large sweep at full rate, while others keep the processor */
#define WIRETAP_LOOK   5           /* milliseconds between looks at what listens */
#define WIRETAP_DENIED 77

struct wiretap {
	char folder[PATH_MAX];
	struct ice_capture *engine, *window;
	struct listeners *listeners;
	struct objects *objects;
	struct canaries *canaries;
	struct rules *rules;
	uint64_t engine_cgroup, window_cgroup;
};

static volatile sig_atomic_t wiretap_told;

static void wiretap_tell(int number)
{
	(void)number;
	wiretap_told = 1;
}

static void wiretap_deny(const char *what, const char *why)
{
	printf("%s: %s\n", what, why);
	exit(WIRETAP_DENIED);
}

static const char *wiretap_path(const struct wiretap *w, const char *name)
{
	static char path[PATH_MAX + 64];
	snprintf(path, sizeof path, "%s/%s", w->folder, name);
	return path;
}

/* Only what leaves with this mark. */
static struct ice_capture *wiretap_capture(uint32_t mark)
{
	struct sock_filter code[] = {
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_AD_OFF + SKF_AD_PKTTYPE),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 3),
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_AD_OFF + SKF_AD_MARK),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, mark, 0, 1),
	        BPF_STMT(BPF_RET | BPF_K, ICE_CAPTURE_FRAME),
	        BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = {sizeof code / sizeof *code, code};
	struct ice_capture_frame before[ICE_CAPTURE_BATCH];
	char why[256];
	const char *small = getenv("WIRETAP_BUFFER"); /* to show that losses are told */
	int size = small ? atoi(small) : WIRETAP_BUFFER;
	struct ice_capture *c = ice_capture_open(why, sizeof why);
	if (!c)
		wiretap_deny("capture", why);
	if (setsockopt(ice_capture_fd(c), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0 ||
	    setsockopt(ice_capture_fd(c), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
		wiretap_deny("capture", strerror(errno));
	while (ice_capture_read(c, before) > 0) /* what came before the filter */
		;
	return c;
}

static uint64_t wiretap_cgroup(const struct wiretap *w, const char *name)
{
	struct stat st;
	if (stat(wiretap_path(w, name), &st) != 0)
		wiretap_deny(wiretap_path(w, name), strerror(errno));
	return st.st_ino; /* which is its id */
}

/* One frame of a process of the engine's cgroup, so that a machine that does not mark it is not taken for an engine that is silent. */
static bool wiretap_try(const struct wiretap *w)
{
	struct ice_capture_frame frames[ICE_CAPTURE_BATCH];
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct pollfd wait_for = {.fd = ice_capture_fd(w->engine), .events = POLLIN};
	pid_t child = fork();
	if (child == 0) {
		int group = open(wiretap_path(w, "ice/cgroup.procs"), O_WRONLY);
		if (write(group, "0", 1) != 1)
			_exit(1);
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		_exit(sendto(fd, "?", 1, 0, (struct sockaddr *)&to, sizeof to) != 1);
	}
	int status = 1;
	return child > 0 && waitpid(child, &status, 0) == child && status == 0 && poll(&wait_for, 1, 1000) == 1 &&
	       ice_capture_read(w->engine, frames) == 1;
}

static void wiretap_listener(uint64_t cgroup, const struct ice_address *at, uint16_t port, void *arg)
{
	struct wiretap *w = arg;
	char text[ICE_ADDRESS_TEXT_SIZE];
	bool here = (at->hi == 0 && at->lo == 1) || (ice_address_is_v4(at) && (at->lo >> 24 & 0xff) == 127);
	if (cgroup == w->engine_cgroup)
		rules_broken(w->rules, "nothing listens", "a socket at %s:%u", ice_address_format(at, text), port);
	else if (cgroup == w->window_cgroup && !here)
		rules_broken(w->rules, "the window stays here", "a socket at %s:%u", ice_address_format(at, text),
		             port);
}

/* Frames that are there just now. */
static bool wiretap_read(struct wiretap *w, struct ice_capture *c,
                         void (*rule)(struct rules *r, const struct ice_capture_frame *raw))
{
	struct ice_capture_frame frames[ICE_CAPTURE_BATCH];
	size_t n = ice_capture_read(c, frames);
	if (n > 0)
		canaries_follow(w->canaries); /* a secret is told before it is used */
	for (size_t i = 0; i < n; i++)
		rule(w->rules, &frames[i]);
	return n > 0;
}

static void wiretap_run(struct wiretap *w)
{
	struct pollfd wait_for[] = {{.fd = ice_capture_fd(w->engine), .events = POLLIN},
	                            {.fd = ice_capture_fd(w->window), .events = POLLIN}};
	ice_usec look = 0;
	bool more = false, told;
	do {
		told = wiretap_told; /* what was sent before that is there by now */
		if (!more && !told)
			(void)poll(wait_for, 2, WIRETAP_LOOK);
		more = wiretap_read(w, w->engine, rules_engine) | wiretap_read(w, w->window, rules_window);
		if (!told && ice_clock_now() < look)
			continue;
		if (!listeners_look(w->listeners, wiretap_listener, w))
			rules_broken(w->rules, "nothing listens", "the sockets could not be looked at: %s",
			             strerror(errno));
		look = ice_clock_now() + WIRETAP_LOOK * 1000;
	} while (!told || more);
	uint64_t lost = ice_capture_drops(w->engine) + ice_capture_drops(w->window);
	if (lost > 0)
		rules_broken(w->rules, "whole capture", "%" PRIu64 " frames were lost", lost);
}

int main(int argc, char **argv)
{
	struct wiretap w = {0};
	struct sigaction end = {.sa_handler = wiretap_tell};
	if (argc != 2 || !realpath(argv[1], w.folder)) {
		fprintf(stderr, "usage: wiretap FOLDER\n");
		return 64;
	}
	sigaction(SIGTERM, &end, NULL);
	w.engine_cgroup = wiretap_cgroup(&w, "ice");
	w.window_cgroup = wiretap_cgroup(&w, "window");
	if (!(w.objects = objects_read(wiretap_path(&w, "objects"))))
		wiretap_deny(wiretap_path(&w, "objects"), "no list of objects");
	w.engine = wiretap_capture(WIRETAP_ENGINE);
	w.window = wiretap_capture(WIRETAP_WINDOW);
	if (!(w.listeners = listeners_new()) || !wiretap_try(&w))
		wiretap_deny("kernel", "it does not tell whose frame it is");
	char *canaries = strdup(wiretap_path(&w, "canaries"));
	w.canaries = canaries_new(canaries);
	w.rules = rules_new(w.objects, w.canaries);
	puts("ready");
	fflush(stdout);
	wiretap_run(&w);
	bool good = rules_tell(w.rules, stdout);
	rules_free(w.rules);
	canaries_free(w.canaries);
	free(canaries);
	objects_free(w.objects);
	listeners_free(w.listeners);
	ice_capture_free(w.engine);
	ice_capture_free(w.window);
	return good ? 0 : 1;
}
