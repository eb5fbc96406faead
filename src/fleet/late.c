#include "late.h"

#include <stdlib.h>
#include <string.h>

static bool late_before(const struct ice_late_item *a, const struct ice_late_item *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

bool ice_late_put(struct ice_late *l, ice_usec due, const struct sockaddr_in *to, uint32_t from, bool other_port,
                  const uint8_t *bytes, size_t n)
{
	if (l->count >= ICE_LATE_COUNT || n > ICE_LATE_BYTES - l->bytes)
		return false;
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 1024;
		l->heap = realloc(l->heap, l->room * sizeof(*l->heap));
		if (!l->heap)
			abort();
	}
	struct ice_late_item *item = malloc(sizeof(*item) + n);
	if (!item)
		return false;
	*item = (struct ice_late_item){
	        .due = due, .order = l->order++, .to = *to, .from = from, .other_port = other_port, .n = (uint32_t)n};
	if (n > 0)
		memcpy(item->bytes, bytes, n);
	size_t at = l->count++;
	while (at > 0 && late_before(item, l->heap[(at - 1) / 2])) {
		l->heap[at] = l->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	l->heap[at] = item;
	l->bytes += n;
	return true;
}

struct ice_late_item *ice_late_take(struct ice_late *l, ice_usec now)
{
	if (l->count == 0 || l->heap[0]->due > now)
		return NULL;
	struct ice_late_item *first = l->heap[0], *last = l->heap[--l->count];
	size_t at = 0;
	for (;;) {
		size_t child = at * 2 + 1;
		if (child >= l->count)
			break;
		if (child + 1 < l->count && late_before(l->heap[child + 1], l->heap[child]))
			child++;
		if (!late_before(l->heap[child], last))
			break;
		l->heap[at] = l->heap[child];
		at = child;
	}
	if (l->count > 0)
		l->heap[at] = last;
	l->bytes -= first->n;
	return first;
}

ice_usec ice_late_next(const struct ice_late *l)
{
	return l->count ? l->heap[0]->due : ICE_USEC_NEVER;
}

void ice_late_fini(struct ice_late *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->heap[i]);
	free(l->heap);
	*l = (struct ice_late){0};
}
