/* attr: the compiler attributes the headers share. */
#ifndef ICE_ATTR_H
#define ICE_ATTR_H

/* The result says whether it worked: a caller that ignores it is a bug the compiler finds. */
#define ICE_MUST_CHECK         __attribute__((warn_unused_result))
#define ICE_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

#endif
