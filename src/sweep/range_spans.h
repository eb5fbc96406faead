/* range_spans: lists of runs of addresses, and their arithmetic. */
#ifndef RANGE_SPANS_H
#define RANGE_SPANS_H

#include <stddef.h>
#include <stdint.h>

/* Addresses first..last (their low halves) under one high half and scope. */
struct range_span {
	uint64_t hi, first, last;
	uint32_t scope;
};

#define RANGE_IPV6_MAX (UINT64_C(1) << 24) /* addresses one IPv6 range may hold */

struct range_spans {
	struct range_span *at;
	size_t count, room;
};

void range_spans_add(struct range_spans *list, struct range_span span);
void range_spans_free(struct range_spans *list);

/* By address, and of one half by length. */
int range_spans_order(const struct range_span *a, const struct range_span *b);
/* Sorts, and joins what overlaps or touches. */
void range_spans_merge(struct range_spans *list);
/* `list` without what `out` holds; both merged. */
struct range_spans range_spans_subtract(const struct range_spans *list, const struct range_spans *out);
/* Addresses in a merged list. */
uint64_t range_spans_size(const struct range_spans *list);

#endif
