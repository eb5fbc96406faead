/* ice now: asks the running service for a sweep, an inventory or an upload, and waits until it was taken. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "ice/clock.h"
#include "ice/text.h"

#include "engine/exit.h"
#include "engine/setup.h"
#include "service/alive.h"
#include "service/request.h"
#include "service/status_file.h"

#include "cmd.h"
#include "options.h"

#define NOW_LOOK_MS 50

struct now {
	const char *config, *state;
	ice_usec wait;
};

static const struct ice_option now_options[] = {
        {"config", 'c', "FILE", ICE_OPTION_TEXT, offsetof(struct now, config), 0, 0, NULL, false,
         "the service's configuration, which names the state folder"},
        {"state", 0, "DIR", ICE_OPTION_TEXT, offsetof(struct now, state), 0, 0, NULL, false,
         "the state folder itself, where no configuration is at hand"},
        {"wait", 'w', "TIME", ICE_OPTION_DURATION, offsetof(struct now, wait), 0, ICE_USEC_SEC(3600), NULL, false,
         "how long to wait for the service to take it (10s)"},
        {NULL, 0, NULL, ICE_OPTION_FLAG, 0, 0, 0, NULL, false, NULL}};

static const struct ice_command now_command = {
        "ice now", "sweep|inventory|upload [RANGE]",
        "Asks the running service to do at once what the clock would bring later: to look for printers (sweep), to "
        "read the known\n"
        "ones (inventory), in all ranges or in one; or to deliver what waits (upload). Waits until the service has "
        "taken it, and says\n"
        "what became of it; ice status tells how it goes on. Run it as root or as the service's user.",
        now_options,
        "SIGUSR1 asks for a sweep of all ranges, SIGUSR2 for an upload, too.\n"
        "\n"
        "Exit status: 0 the service does it, 1 it does not, or is not running, 64 usage, 78 a mistake in the "
        "configuration."};

/* What the service tells of this request; the caller's to free. NULL when it has not told anything yet. */
static char *now_result(const char *state, const struct ice_request *r)
{
	char why[512], *result = NULL;
	json_t *o = ice_status_load(state, ice_clock_wall(), why, sizeof why), *one;
	size_t i;
	json_array_foreach(json_object_get(o, "requests"), i, one)
	{
		const char *id = json_string_value(json_object_get(one, "id"));
		const char *told = json_string_value(json_object_get(one, "result"));
		if (!result && id && told && strcmp(id, r->id) == 0)
			result = strdup(told);
	}
	json_decref(o);
	return result;
}

static int now_ask(const struct now *n, const char *state, struct ice_request *r)
{
	char why[512], *result = NULL;
	if (ice_alive_pid(state) < 0) {
		fprintf(stderr, "ice now: %s: %s\n", state,
		        errno ? strerror(errno) : "no service is running there; " ICE_ALIVE_ELSEWHERE);
		return ICE_EXIT_FAILED;
	}
	if (!ice_request_make(state, r, why, sizeof why)) {
		fprintf(stderr, "ice now: %s\n", why);
		return ICE_EXIT_FAILED;
	}
	ice_usec until = ice_clock_now() + n->wait;
	while (!(result = now_result(state, r)) && ice_clock_now() < until)
		(void)poll(NULL, 0, NOW_LOOK_MS);
	if (!result) {
		ice_request_withdraw(state, r);
		fputs("ice now: the service has not taken it; ice status tells how it is\n", stderr);
		return ICE_EXIT_FAILED;
	}
	bool refused = strncmp(result, "refused", strlen("refused")) == 0;
	FILE *to = refused ? stderr : stdout;
	fprintf(to, "%s%s%s: ", ice_request_name(r->what), r->range[0] ? " of " : "", r->range);
	ice_text_tell(result, to);
	fputc('\n', to);
	free(result);
	return refused ? ICE_EXIT_FAILED : ICE_EXIT_DONE;
}

static int now_with(struct now *n, int argc, char **argv)
{
	struct ice_request r = {.range = ""};
	enum ice_options_result result = ice_options_read(&now_command, &argc, argv, n);
	if (result != ICE_OPTIONS_READ)
		return (int)result;
	if (argc < 1 || !ice_request_what(argv[0], &r.what))
		return ice_options_refuse(&now_command, "%s%swhat is to be done? sweep, inventory or upload",
		                          argc ? argv[0] : "", argc ? ": " : "");
	if (argc > 2 || (argc == 2 && (r.what == ICE_REQUEST_UPLOAD || !*argv[1] || strchr(argv[1], '\n') ||
	                               strlen(argv[1]) >= sizeof r.range)))
		return ice_options_refuse(&now_command, "%s: is no range's name, or one too many", argv[argc - 1]);
	if (argc == 2)
		strcpy(r.range, argv[1]);
	if (!n->config && !n->state)
		return ice_options_refuse(&now_command, "which service? -c FILE or --state DIR");
	char state[PATH_MAX];
	if (!n->state && !ice_setup_state(now_command.name, n->config, state, sizeof state))
		return ICE_EXIT_CONFIG;
	return now_ask(n, n->state ? n->state : state, &r);
}

int ice_cmd_now(int argc, char **argv)
{
	struct now n = {.wait = ICE_USEC_SEC(10)};
	return now_with(&n, argc, argv);
}
