/* recording_text: the two written forms of a recording, row by row.
 *
 *   struct ice_recording_text *t = ...; ice_recording_text_init(t, text, n);
 *   while ((step = ice_recording_text_next(t)) != ICE_RECORDING_TEXT_END) ...
 *
 * Which form a line has is seen from the line itself: "OID|tag|value" is snmpsim's, "OID = TYPE: value" is snmpwalk's. What
 * cannot be used is a verdict with a reason, and reading goes on with the next line. */
#ifndef ICE_RECORDING_TEXT_H
#define ICE_RECORDING_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/oid.h"

/* A value's content; with its header it still fits the 16 bits of a row. */
#define ICE_RECORDING_TEXT_VALUE 65000

struct ice_recording_text {
	const char *at, *end;
	unsigned line;     /* lines read so far */
	unsigned row_line; /* where the present row starts */
	const char *wrong; /* why it was skipped; a constant */
	bool lost; /* what the device said is lost in this row, and so it may be in any other: nothing of the file is right */
	struct ice_oid oid;
	size_t len;           /* of value */
	size_t content_len;   /* of content, while a value is put together */
	const uint8_t *value; /* the encoded value: tag, length, content; stands in `room` */
	uint8_t room[ICE_RECORDING_TEXT_VALUE + 8];
	uint8_t content[ICE_RECORDING_TEXT_VALUE];
};

enum ice_recording_text_step {
	ICE_RECORDING_TEXT_ROW,
	ICE_RECORDING_TEXT_NOTHING, /* a blank or comment line, or one that says "no such object" */
	ICE_RECORDING_TEXT_BAD,
	ICE_RECORDING_TEXT_END,
};

void ice_recording_text_init(struct ice_recording_text *t, const char *text, size_t n);
ICE_MUST_CHECK enum ice_recording_text_step ice_recording_text_next(struct ice_recording_text *t);

/* What the two forms share. A piece of the text: */
struct ice_recording_piece {
	const char *at;
	size_t n;
};

/* The next line without its end; false at the end of the text. */
ICE_MUST_CHECK bool ice_recording_text_line(struct ice_recording_text *t, struct ice_recording_piece *out);
/* True when the line starts a row of either form; then *oid and *rest are its parts, and *form is '|' or '='. */
ICE_MUST_CHECK bool ice_recording_text_row_start(struct ice_recording_piece line, struct ice_recording_piece *oid,
                                                 struct ice_recording_piece *rest, char *form);
/* Each encodes one value into t->value; false, with t->wrong, when it cannot be. */
ICE_MUST_CHECK bool ice_recording_text_signed(struct ice_recording_text *t, int64_t number);
ICE_MUST_CHECK bool ice_recording_text_unsigned(struct ice_recording_text *t, uint8_t tag, uint64_t number);
ICE_MUST_CHECK bool ice_recording_text_bytes(struct ice_recording_text *t, uint8_t tag); /* from content */
ICE_MUST_CHECK bool ice_recording_text_oid(struct ice_recording_text *t, struct ice_recording_piece p);
ICE_MUST_CHECK bool ice_recording_text_address(struct ice_recording_text *t, struct ice_recording_piece p);
/* Appends to content. */
ICE_MUST_CHECK bool ice_recording_text_append(struct ice_recording_text *t, const void *bytes, size_t n);
/* Appends pairs of hex digits, blanks between them ignored. */
ICE_MUST_CHECK bool ice_recording_text_hex(struct ice_recording_text *t, struct ice_recording_piece p);
/* A decimal number, with a sign where it may have one; all of the piece. */
ICE_MUST_CHECK bool ice_recording_text_number(struct ice_recording_piece p, bool *negative, uint64_t *magnitude);
/* Encodes the decimal number p as the type `tag` says. */
ICE_MUST_CHECK bool ice_recording_text_typed_number(struct ice_recording_text *t, uint8_t tag,
                                                    struct ice_recording_piece p);

/* The snmpwalk form: `value` is what follows "OID = "; may read more lines (strings over several). In recording_walk.c. */
enum ice_recording_text_step ice_recording_walk_value(struct ice_recording_text *t, struct ice_recording_piece value);

#endif
