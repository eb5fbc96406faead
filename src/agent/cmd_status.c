/* ice status: how the service is, from its state folder. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ice/clock.h"

#include "engine/exit.h"
#include "engine/setup.h"
#include "service/status_file.h"
#include "service/status_tell.h"

#include "cmd.h"
#include "options.h"

struct status_command {
	const char *config;
	const char *state;
	bool json, no_color;
};

static const struct ice_option status_options[] = {
        {"config", 'c', "FILE", ICE_OPTION_TEXT, offsetof(struct status_command, config), 0, 0, NULL, false,
         "the service's configuration, which names the state folder"},
        {"state", 0, "DIR", ICE_OPTION_TEXT, offsetof(struct status_command, state), 0, 0, NULL, false,
         "the state folder itself, where no configuration is at hand"},
        {"json", 'j', NULL, ICE_OPTION_FLAG, offsetof(struct status_command, json), 0, 0, NULL, false,
         "one JSON object, for programs (ice(1) tells its members)"},
        {"no-color", 0, NULL, ICE_OPTION_FLAG, offsetof(struct status_command, no_color), 0, 0, NULL, false,
         "no colours (nor with NO_COLOR in the environment)"},
        {NULL, 0, NULL, ICE_OPTION_FLAG, 0, 0, 0, NULL, false, NULL}};

static const struct ice_command status_command = {
        "ice status", "-c FILE",
        "How the service is: what it is doing, its ranges and when they are asked next, what waits for the server, the "
        "slowest\n"
        "devices, and what went wrong of late with what to do about it. It reads the service's state folder: run it as "
        "root or as the\n"
        "service's user.",
        status_options,
        "Exit status: 0 running and healthy, 1 not running, or something needs attention, 64 usage, 78 a mistake in "
        "the configuration."};

static int status_show(const struct status_command *c, const char *state)
{
	char why[512];
	int64_t wall = ice_clock_wall();
	json_t *o = ice_status_load(state, wall, why, sizeof why);
	if (!o) {
		fprintf(stderr, "ice status: %s\n", why);
		return ICE_EXIT_FAILED;
	}
	bool healthy = json_is_true(json_object_get(o, "healthy"));
	if (c->json) {
		json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10) | JSON_ENSURE_ASCII);
		putchar('\n');
	} else {
		struct ice_terminal_style style = ice_terminal_style_of(stdout, c->no_color);
		ice_status_tell(o, wall, &style, stdout);
	}
	json_decref(o);
	return healthy ? ICE_EXIT_DONE : ICE_EXIT_FAILED;
}

int ice_cmd_status(int argc, char **argv)
{
	struct status_command c = {.config = NULL};
	enum ice_options_result result = ice_options_read(&status_command, &argc, argv, &c);
	if (result != ICE_OPTIONS_READ)
		return (int)result;
	if (argc > 0)
		return ice_options_refuse(&status_command, "%s: what is that for?", argv[0]);
	if (!c.config && !c.state)
		return ice_options_refuse(&status_command, "of which service? -c FILE or --state DIR");
	char state[PATH_MAX];
	if (!c.state && !ice_setup_state(status_command.name, c.config, state, sizeof state))
		return ICE_EXIT_CONFIG;
	return status_show(&c, c.state ? c.state : state);
}
