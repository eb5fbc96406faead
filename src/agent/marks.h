/* marks: which step of a walk gave which address, in a fixed amount of memory.
 *
 * The walk is a cursor's positions, the addresses are counted as they are given. A mark is kept every so many addresses; when
 * there is no room, every second one goes. So a walk resumed at a mark repeats a few addresses, and skips none. */
#ifndef ICE_MARKS_H
#define ICE_MARKS_H

#include <stddef.h>
#include <stdint.h>

#define ICE_MARKS 1024

struct ice_mark {
	uint64_t given, position; /* before this step, so many addresses had been given */
};

struct ice_marks {
	size_t count;
	uint64_t stride; /* addresses from one mark to the next */
	struct ice_mark at[ICE_MARKS];
};

void ice_marks_init(struct ice_marks *m);

/* `given` addresses were given before the step at `position`. Called before every step, in order. */
void ice_marks_at(struct ice_marks *m, uint64_t given, uint64_t position);

/* Where to resume when the first `settled` addresses are done; `start` when no mark is that early. Forgets what lies before:
 * `settled` never goes back. */
uint64_t ice_marks_before(struct ice_marks *m, uint64_t settled, uint64_t start);

#endif
