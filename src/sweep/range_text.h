/* range_text: the written forms of ranges, read into spans. */
#ifndef RANGE_TEXT_H
#define RANGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/address.h"
#include "ice/attr.h"

#include "range_spans.h"

/* What one text said. */
struct range_text {
	struct range_spans in, out; /* out: behind a "!" */
	struct range_spans edges;   /* network and broadcast addresses of the CIDRs in `in` */
};

/* Reads every word of `text`. False with a reason; *out may then be partly filled. Free it either way. */
ICE_MUST_CHECK bool range_text_read(const char *text, struct range_text *out, char *why, size_t why_size);
void range_text_free(struct range_text *t);

#endif
