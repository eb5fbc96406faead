/* exit: how the commands of `ice` end. */
#ifndef ICE_EXIT_H
#define ICE_EXIT_H

/* What scripts may rely on (sysexits.h where it has a number). */
enum ice_exit {
	ICE_EXIT_DONE = 0,
	ICE_EXIT_FAILED = 1,        /* something failed */
	ICE_EXIT_USAGE = 64,        /* a wrong option, argument or range; nothing was sent */
	ICE_EXIT_RIGHTS = 77,       /* the command needs rights that it does not have; nothing was done */
	ICE_EXIT_CONFIG = 78,       /* a wrong configuration, profile or secret file; nothing was sent */
	ICE_EXIT_INTERRUPTED = 130, /* Ctrl-C */
};

#endif
