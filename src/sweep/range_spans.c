#include "range_spans.h"

#include <stdbool.h>
#include <stdlib.h>

void range_spans_add(struct range_spans *list, struct range_span span)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 16;
		struct range_span *at = realloc(list->at, room * sizeof(*at));
		if (!at)
			abort();
		list->at = at;
		list->room = room;
	}
	list->at[list->count++] = span;
}

void range_spans_free(struct range_spans *list)
{
	free(list->at);
	*list = (struct range_spans){0};
}

static int range_spans_compare(const void *pa, const void *pb)
{
	const struct range_span *a = pa, *b = pb;
	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	if (a->scope != b->scope)
		return a->scope < b->scope ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->last < b->last ? -1 : a->last > b->last;
}

static bool range_spans_same_half(const struct range_span *a, const struct range_span *b)
{
	return a->hi == b->hi && a->scope == b->scope;
}

void range_spans_merge(struct range_spans *list)
{
	if (list->count < 2)
		return;
	qsort(list->at, list->count, sizeof(*list->at), range_spans_compare);
	size_t kept = 0;
	for (size_t i = 1; i < list->count; i++) {
		struct range_span *a = &list->at[kept], *b = &list->at[i];
		if (range_spans_same_half(a, b) && (b->first <= a->last || b->first == a->last + 1)) {
			if (b->last > a->last)
				a->last = b->last;
		} else {
			list->at[++kept] = *b;
		}
	}
	list->count = kept + 1;
}

struct range_spans range_spans_subtract(const struct range_spans *list, const struct range_spans *out)
{
	struct range_spans left = {0};
	size_t j = 0;
	for (size_t i = 0; i < list->count; i++) {
		struct range_span s = list->at[i];
		bool rest = true;
		while (j < out->count &&
		       (range_spans_same_half(&out->at[j], &s) ? out->at[j].last < s.first
		                                               : range_spans_compare(&out->at[j], &s) < 0))
			j++;
		for (size_t k = j;
		     rest && k < out->count && range_spans_same_half(&out->at[k], &s) && out->at[k].first <= s.last;
		     k++) {
			if (out->at[k].first > s.first) {
				struct range_span head = s;
				head.last = out->at[k].first - 1;
				range_spans_add(&left, head);
			}
			rest = out->at[k].last < s.last;
			s.first = out->at[k].last + 1; /* only used when there is a rest */
		}
		if (rest)
			range_spans_add(&left, s);
	}
	return left;
}

int range_spans_order(const struct range_span *a, const struct range_span *b)
{
	return range_spans_compare(a, b);
}

uint64_t range_spans_size(const struct range_spans *list)
{
	uint64_t n = 0;
	for (size_t i = 0; i < list->count; i++)
		n += list->at[i].last - list->at[i].first + 1;
	return n;
}
