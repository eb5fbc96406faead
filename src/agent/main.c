/* ice: the information collection engine. One table of subcommands; the work is in cmd_*.c. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ice/conf.h"
#include "ice/standard.h"

#include "engine/exit.h"

#include "cmd.h"

struct main_command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *about;
};

static const struct main_command main_commands[] = {
        {"scan", ice_cmd_scan, "sweep ranges once and show the printers found"},
        {"run", ice_cmd_run, "the service: sweep by the clock and deliver to the server"},
        {"status", ice_cmd_status, "how the service is, and what to do when it is not well"},
        {"now", ice_cmd_now, "have the service sweep, read or upload at once"},
        {"probe", ice_cmd_probe, "explain one device: what was asked, what it said, what follows"},
        {"replay", ice_cmd_replay, "read recordings as if they were devices, without a network"},
        {"config", ice_cmd_config, "the configuration window: a page on this machine, in your browser"},
        {"check", ice_cmd_check, "check a configuration, the profiles and the way to the server"},
        {"outbox", ice_cmd_outbox, "list, export or retry the batches that the server has not acknowledged"},
        {"prove", ice_cmd_prove, "watch one sweep and hold every frame of it against the promises"},
};
#define MAIN_COMMANDS (sizeof main_commands / sizeof *main_commands)

/* What `ice --help` prints. */
static void main_help(FILE *to)
{
	fputs("ice finds the printers of a network by SNMP, reads eight facts from each, and delivers them.\n"
	      "\n"
	      "Usage: ice COMMAND [OPTION...] [ARGUMENT...]\n"
	      "\n"
	      "Commands:\n",
	      to);
	for (size_t i = 0; i < MAIN_COMMANDS; i++)
		fprintf(to, "  %-8s %s\n", main_commands[i].name, main_commands[i].about);
	fputs("\n"
	      "  ice COMMAND --help tells a command's options; ice --version tells the version.\n"
	      "\n"
	      "Try:\n"
	      "  ice scan 192.168.1.0/24            the printers of one subnet, as a table\n"
	      "  ice probe 192.168.1.20             why a device is, or is not, read as a printer\n"
	      "  ice check -c /etc/ice/ice.ini      before `ice run -c /etc/ice/ice.ini`\n"
	      "\n"
	      "Exit status: 0 done, 1 something failed, 64 usage, 78 configuration, 130 interrupted.\n",
	      to);
}

static const struct main_command *main_find(const char *name)
{
	for (size_t i = 0; i < MAIN_COMMANDS; i++)
		if (strcmp(main_commands[i].name, name) == 0)
			return &main_commands[i];
	return NULL;
}

static int main_unknown(const char *word)
{
	const char *names[MAIN_COMMANDS + 1] = {0};
	for (size_t i = 0; i < MAIN_COMMANDS; i++)
		names[i] = main_commands[i].name;
	const char *near = ice_conf_nearest(word, names);
	fprintf(stderr, "ice: %s: no such %s", word, word[0] == '-' ? "option" : "command");
	if (near)
		fprintf(stderr, "; did you mean \"ice %s\"?", near);
	fputs("\nice --help lists the commands.\n", stderr);
	return ICE_EXIT_USAGE;
}

static int main_dispatch(int argc, char **argv)
{
	if (argc < 2) {
		main_help(stderr);
		return ICE_EXIT_USAGE;
	}
	const char *word = argv[1];
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
		puts("ice " ICE_VERSION);
		return ICE_EXIT_DONE;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || (strcmp(word, "help") == 0 && argc == 2)) {
		main_help(stdout);
		return ICE_EXIT_DONE;
	}
	if (strcmp(word, "help") == 0) {
		const struct main_command *asked = main_find(argv[2]);
		char help[] = "--help";
		char *of[] = {argv[2], help, NULL};
		return asked ? asked->run(2, of) : main_unknown(argv[2]);
	}
	const struct main_command *command = main_find(word);
	return command ? command->run(argc - 1, argv + 1) : main_unknown(word);
}

int main(int argc, char **argv)
{
	ice_standard_hold();
	ice_standard_forget();
	setlocale(LC_CTYPE, "");  /* which characters the terminal has; numbers stay as they are */
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write, which the writer sees */
	int status = main_dispatch(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		if (errno != EPIPE && status == ICE_EXIT_DONE)
			perror("ice: standard output");
		if (status == ICE_EXIT_DONE)
			status = ICE_EXIT_FAILED;
	}
	return status;
}
