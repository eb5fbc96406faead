/* cmd: the subcommands of `ice`, one file each.
 *
 * Each takes its own argument vector (argv[0] is its name) and returns an exit status; only main.c exits. Standard output is
 * data, standard error is for people. */
#ifndef ICE_CMD_H
#define ICE_CMD_H

/* What scripts may rely on (sysexits.h where it has a number). */
enum ice_exit {
	ICE_EXIT_DONE = 0,
	ICE_EXIT_FAILED = 1,        /* something failed */
	ICE_EXIT_USAGE = 64,        /* a wrong option, argument or range; nothing was sent */
	ICE_EXIT_RIGHTS = 77,       /* the command needs rights that it does not have; nothing was done */
	ICE_EXIT_CONFIG = 78,       /* a wrong configuration, profile or secret file; nothing was sent */
	ICE_EXIT_INTERRUPTED = 130, /* Ctrl-C */
};

int ice_cmd_scan(int argc, char **argv);
int ice_cmd_run(int argc, char **argv);
int ice_cmd_probe(int argc, char **argv);
int ice_cmd_replay(int argc, char **argv);
int ice_cmd_check(int argc, char **argv);
int ice_cmd_outbox(int argc, char **argv);
int ice_cmd_prove(int argc, char **argv);
int ice_cmd_config(int argc, char **argv);
int ice_cmd_status(int argc, char **argv);
int ice_cmd_now(int argc, char **argv);

#endif
