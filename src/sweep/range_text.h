/* range_text: the written forms of ranges, read into spans. */
#ifndef RANGE_TEXT_H
#define RANGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/address.h"
#include "ice/attr.h"

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

/* What one text said. */
struct range_text {
	struct range_spans in, out; /* out: behind a "!" */
	struct range_spans edges;   /* network and broadcast addresses of the CIDRs in `in` */
};

/* Reads every word of `text`. False with a reason; *out may then be partly filled. Free it either way. */
ICE_MUST_CHECK bool range_text_read(const char *text, struct range_text *out, char *why, size_t why_size);
void range_text_free(struct range_text *t);

#endif
