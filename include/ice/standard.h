/* standard: the three streams that every process is thought to have.
 *
 * A program may be started with some of them closed (`ice run 2>&-`, a careless supervisor). The next thing it opens - a
 * database, a connection to a stranger - would then be descriptor 1 or 2, and whatever is printed would be written into it. */
#ifndef ICE_STANDARD_H
#define ICE_STANDARD_H

/* First of all in `main`: a descriptor of 0, 1, 2 that is closed stands for /dev/null from now on, opened the wrong way round, so
 * that reading or writing it fails as it would have done. */
void ice_standard_hold(void);

#endif
