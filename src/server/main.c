/* facilities-manager: takes the readings of many sites in, and gives them out. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "ice/conf.h"
#include "ice/secret.h"
#include "ice/standard.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
        {"serve", fm_serve, "take batches in over HTTPS"},
        {"site", fm_site, "add, list and revoke sites"},
        {"export", fm_export, "print what is known of every device"},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void main_help(FILE *to)
{
	fputs("facilities-manager " ICE_VERSION ": the server that ICE engines deliver to.\n\n"
	      "Usage: facilities-manager COMMAND [OPTION]...\n\nCommands:\n",
	      to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].help);
	fputs("\n`facilities-manager COMMAND --help` tells more of each. The first steps:\n\n"
	      "  facilities-manager serve --data DIR --listen 0.0.0.0:8443 --name fm.example.org\n"
	      "  facilities-manager site add headquarters --data DIR   prints the line that enrols an engine\n",
	      to);
}

int main(int argc, char **argv)
{
	const char *names[COMMANDS + 1] = {NULL};
	ice_standard_hold();
	ice_standard_forget();
	/* A client that goes away while it is answered must not take the server with it. */
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	ice_secret_guard_process();

	if (argc < 2) {
		main_help(stderr);
		return FM_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		main_help(stdout);
		return FM_EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("facilities-manager " ICE_VERSION);
		return FM_EXIT_OK;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		names[i] = commands[i].name;
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 2, argv + 2);
	}
	const char *hint = ice_conf_nearest(argv[1], names);
	fprintf(stderr, "facilities-manager: there is no command %s", argv[1]);
	if (hint)
		fprintf(stderr, ", did you mean %s?", hint);
	fputs("\n`facilities-manager --help` lists them\n", stderr);
	return FM_EXIT_USAGE;
}
