/* troubles: the last things that went wrong, each with what can be done about it, for whoever looks at the status.
 *
 * They are the log's lines of level WARN or worse (ice_log_listen). The same message again takes its own place, not another's. A value
 * type; zeroed, there are none. */
#ifndef ICE_TROUBLES_H
#define ICE_TROUBLES_H

#include <stddef.h>
#include <stdint.h>

#include "ice/log.h"

#define ICE_TROUBLES      8
#define ICE_TROUBLE_WORDS 400

struct ice_trouble {
	int64_t at; /* wall seconds, of the last time */
	uint64_t times;
	enum ice_log_level level;
	const char *message;           /* the log's constant one */
	char words[ICE_TROUBLE_WORDS]; /* ... with its fields, cut */
};

struct ice_troubles {
	struct ice_trouble rows[ICE_TROUBLES]; /* the latest first */
	size_t count;
};

void ice_troubles_add(struct ice_troubles *t, int64_t wall, enum ice_log_level level, const char *message,
                      const char *words);

/* What to do about it, a person's words; NULL when nobody has to do anything. `message` is a constant one of the log. */
const char *ice_troubles_advice(const char *message);

/* Every message that has an advice, for the test that holds them against the sources; NULL behind the last. */
const char *ice_troubles_message(size_t i);

#endif
