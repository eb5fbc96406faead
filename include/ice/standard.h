/* standard: what a process gets from whoever starts it: three streams, and an environment.
 *
 * A program may be started with some of them closed (`ice run 2>&-`, a careless supervisor). The next thing it opens - a
 * database, a connection to a stranger - would then be descriptor 1 or 2, and whatever is printed would be written into it. And OpenSSL
 * loads code that the environment names into any program. */
#ifndef ICE_STANDARD_H
#define ICE_STANDARD_H

/* First of all in `main`: a descriptor of 0, 1, 2 that is closed stands for /dev/null from now on, opened the wrong way round, so
 * that reading or writing it fails as it would have done. */
void ice_standard_hold(void);

/* Then, before anything of OpenSSL's: its variables are gone, those that name configurations, modules, engines, and a file for keys.
 * The system's own openssl.cnf counts. */
void ice_standard_forget(void);

#endif
