/* ice config: the configuration window. */
#include <stdio.h>
#include <unistd.h>

#include "ice/window.h"

#include "engine/exit.h"
#include "engine/setup.h"

#include "cmd.h"
#include "options.h"

#define CONFIG_FILE "/etc/ice/ice.ini"

struct config {
	const char *file;
	int64_t port;
	bool v6;
};

static const struct ice_option config_options[] = {
        {"config", 'c', "FILE", ICE_OPTION_TEXT, offsetof(struct config, file), 0, 0, NULL, false,
         "the configuration to show and edit (" CONFIG_FILE ");\nmade when it is not there"},
        {"port", 0, "N", ICE_OPTION_NUMBER, offsetof(struct config, port), 1024, 65535, NULL, false,
         "port to listen on; a free one unless told"},
        {"ipv6", '6', NULL, ICE_OPTION_FLAG, offsetof(struct config, v6), 0, 0, NULL, false,
         "listen on ::1 in place of 127.0.0.1"},
        {NULL, 0, NULL, ICE_OPTION_FLAG, 0, 0, 0, NULL, false, NULL}};

static const struct ice_command config_command = {
        "ice config", "",
        "Opens the configuration window: a web page on this machine alone, for whoever opens the address that is "
        "printed on standard\n"
        "output. The address works once. The window ends by its Done button, by Ctrl-C, or after ten minutes in which "
        "nobody does\n"
        "anything. Started by root it becomes who owns the configuration's folder; where that is root itself, it stays "
        "root, and says\n"
        "whose the files will be.",
        config_options,
        "Exit status: 0 done, 1 it could not begin, 64 usage.\n"
        "\n"
        "Examples:\n"
        "  ice config                              as root, who becomes ice, or as a user that may write " CONFIG_FILE
        "\n"
        "  ice config -c ice.ini                   a configuration of your own; made when it is not there\n"
        "  ssh -L 7077:127.0.0.1:7077 engine ice config --port 7077    from another machine"};

/* The sample stands beside the vendor profiles: in a build tree directly, installed in a folder of its own. */
static bool config_sample(char *out, size_t size)
{
	static const char *const places[] = {"../ice.ini", "../examples/ice.ini"};
	char folder[4096];
	if (!ice_setup_profile_folder(NULL, folder, sizeof folder))
		return false;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if ((size_t)snprintf(out, size, "%s/%s", folder, places[i]) < size && access(out, R_OK) == 0)
			return true;
	return false;
}

int ice_cmd_config(int argc, char **argv)
{
	struct config c = {.file = CONFIG_FILE};
	char why[512], sample[8192];
	enum ice_options_result result = ice_options_read(&config_command, &argc, argv, &c);
	if (result != ICE_OPTIONS_READ)
		return (int)result;
	if (argc > 0)
		return ice_options_refuse(&config_command,
		                          "%s: what is that for? the configuration is named by -c FILE", argv[0]);
	struct ice_window_options options = {.file = c.file,
	                                     .sample = config_sample(sample, sizeof sample) ? sample : NULL,
	                                     .v6 = c.v6,
	                                     .port = (uint16_t)c.port};
	if (ice_window_run(&options, why, sizeof why))
		return ICE_EXIT_DONE;
	fprintf(stderr, "ice config: %s\n", why);
	return ICE_EXIT_FAILED;
}
