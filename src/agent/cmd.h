/* cmd: the subcommands of `ice`, one file each.
 *
 * Each takes its own argument vector (argv[0] is its name) and returns an exit status; only main.c exits. Standard output is
 * data, standard error is for people. */
#ifndef ICE_CMD_H
#define ICE_CMD_H

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
