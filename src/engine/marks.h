/* marks: which steps of a walk gave which address, in a fixed amount of memory.
 *
 * The steps are the positions of the walk's two cursors, the addresses are counted as they are given. A mark is kept every so many addresses; when
 * there is no room, every second one goes. So a walk resumed at a mark repeats a few addresses, and skips none. */
#ifndef ICE_MARKS_H
#define ICE_MARKS_H

#include <stddef.h>
#include <stdint.h>

#define ICE_MARKS 1024

/* Where the cursors stand. */
struct ice_steps {
	uint64_t routed, on_link;
};

struct ice_mark {
	uint64_t given; /* addresses, before these steps */
	struct ice_steps at;
};

struct ice_marks {
	size_t count;
	uint64_t stride; /* addresses from one mark to the next */
	struct ice_mark at[ICE_MARKS];
};

void ice_marks_init(struct ice_marks *m);

/* `given` addresses were given before the cursors stood there. Called before every step, in order. */
void ice_marks_at(struct ice_marks *m, uint64_t given, struct ice_steps at);

/* Where to resume when the first `settled` addresses are done; `start` when no mark is that early. Forgets what lies before:
 * `settled` never goes back. */
struct ice_steps ice_marks_before(struct ice_marks *m, uint64_t settled, struct ice_steps start);

#endif
