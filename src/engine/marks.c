#include "marks.h"

#include <string.h>

#define MARKS_STRIDE 64

void ice_marks_init(struct ice_marks *m)
{
	m->count = 0;
	m->stride = MARKS_STRIDE;
}

void ice_marks_at(struct ice_marks *m, uint64_t given, struct ice_steps at)
{
	if (m->count > 0 && given < m->at[m->count - 1].given + m->stride)
		return;
	if (m->count == ICE_MARKS) {
		for (size_t i = 0; i < ICE_MARKS / 2; i++)
			m->at[i] = m->at[i * 2];
		m->count /= 2;
		m->stride *= 2;
	}
	m->at[m->count++] = (struct ice_mark){given, at};
}

struct ice_steps ice_marks_before(struct ice_marks *m, uint64_t settled, struct ice_steps start)
{
	size_t i = m->count;
	while (i > 0 && m->at[i - 1].given > settled)
		i--;
	if (i == 0)
		return start;
	memmove(m->at, m->at + i - 1, (m->count - i + 1) * sizeof *m->at);
	m->count -= i - 1;
	if (m->count < ICE_MARKS / 8)
		m->stride = MARKS_STRIDE; /* what made the marks sparse is over */
	return m->at[0].at;
}
