#include "seen.h"

#include <stdbool.h>
#include <stdlib.h>

#define SEEN_FIRST 1024

static bool seen_same(const struct seen_entry *a, const struct seen_entry *b)
{
	return a->from.hi == b->from.hi && a->from.lo == b->from.lo && a->to.hi == b->to.hi && a->to.lo == b->to.lo &&
	       a->from_port == b->from_port && a->to_port == b->to_port;
}

static struct seen_entry *seen_place(const struct seen *s, const struct seen_entry *key)
{
	uint64_t mixed = key->from.lo * 31 + key->from.hi;
	mixed = (mixed * 31 + key->to.lo) * 31 + key->to.hi;
	mixed = (mixed * 65599 + key->from_port) * 65599 + key->to_port;
	mixed *= UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)(mixed >> 32) & (s->size - 1);
	while (s->table[i].notes && !seen_same(&s->table[i], key))
		i = (i + 1) & (s->size - 1);
	return &s->table[i];
}

static void seen_grow(struct seen *s)
{
	struct seen was = *s;
	*s = (struct seen){.size = was.size ? 2 * was.size : SEEN_FIRST};
	if (!(s->table = calloc(s->size, sizeof *s->table)))
		abort();
	for (size_t i = 0; i < was.size; i++)
		if (was.table[i].notes) {
			*seen_place(s, &was.table[i]) = was.table[i];
			s->used++;
		}
	free(was.table);
}

uint8_t seen_notes(const struct seen *s, const struct seen_entry *key)
{
	return s->size == 0 ? 0 : seen_place(s, key)->notes;
}

void seen_note(struct seen *s, const struct seen_entry *key, uint8_t notes)
{
	if (2 * s->used >= s->size)
		seen_grow(s);
	struct seen_entry *e = seen_place(s, key);
	s->used += e->notes == 0;
	*e = *key;
	e->notes = notes;
}

void seen_fini(struct seen *s)
{
	free(s->table);
	*s = (struct seen){0};
}
