/* change: a reading told as what has changed since an earlier one that the server has.
 *
 * Most of a printer's record is the same all day. Once in a while a record travels whole; until the next such one, each reading of
 * the same printer travels as its difference to that record, its base. Always to the base and never to the reading before, so that
 * a batch which is late, lost or set aside in between costs nothing. Whoever has the base rebuilds the record, all of it and exactly.
 *
 * On the wire a change stands among the readings of a batch in the place of a record (README "The wire"):
 *
 *   {"base":"5f0c1e2a9b7d4c83","set":{"pages":{"total":12390},"supplies":{"0":{"percent":42}},"alerts":null,"read_at":"..."}}
 *
 * base   the name of the base: the first 64 bits, in lower-case hex, of the SHA-256 of its text, as it travelled: compact JSON, members
 *        in the order they were sent. Names are one site's affair: a printer that makes two of its own records share one, by
 *        2^32 tries, lies about itself, which is had for less.
 * set    what differs, as a JSON merge patch (RFC 7396): a member replaces the one of that name, null takes it away, an object
 *        is a patch of the object there. Beyond the RFC an object also patches a list: by position, in the order given; the
 *        position behind the last appends, and null ends the list there. Where neither object nor list is, any value is
 *        put as it stands; a list is never patched but by an object.
 *
 * What is odd is refused, not mended: a null for what is not there, a position beyond the end, an unknown member beside these two,
 * more than ICE_CHANGE_DEPTH levels. Time and memory are bounded by the lengths of base and change. Both programs use this one file. */
#ifndef ICE_CHANGE_H
#define ICE_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "ice/attr.h"

#define ICE_CHANGE_BASE_MAX  8192 /* bytes of a base; a longer record is none, and always travels whole */
#define ICE_CHANGE_DEPTH     8    /* a record has four: itself, a list, a row, a member */
#define ICE_CHANGE_NAME_SIZE 17   /* a name and a NUL */

struct json_t;

/* The name of a record as a base. */
void ice_change_name(const char *json, size_t len, char name[ICE_CHANGE_NAME_SIZE]);

/* An object as the text that names are made of, malloc'd. */
ICE_MUST_CHECK char *ice_change_text(const struct json_t *value, size_t *len);

/* The change that makes `json` of `base`, malloc'd. NULL when the record should travel whole: the change would be more than half as
 * long, or would not give back exactly the same (it is applied here before it is given out), or `json` is not in the form of
 * ice_change_text. */
ICE_MUST_CHECK char *ice_change_make(const char *base, size_t base_len, const char *json, size_t len, size_t *out_len);

/* What stands among the readings of a batch. */
enum ice_change_kind {
	ICE_CHANGE_NONE, /* anything else: it may be a record */
	ICE_CHANGE_GOOD, /* a change; `name` is that of its base */
	ICE_CHANGE_BAD   /* an object with a member "base" that is no change */
};
enum ice_change_kind ice_change_look(const struct json_t *value, char name[ICE_CHANGE_NAME_SIZE]);

/* The record that a change makes of its base, as compact JSON, malloc'd; its members need not stand in the order of
 * ice_record_to_json. NULL and a reason when base and change do not belong together. */
ICE_MUST_CHECK char *ice_change_apply(const char *base, size_t base_len, const char *change, size_t len,
                                      size_t *out_len, char *why, size_t why_size);

#endif
