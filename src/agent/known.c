#include "known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct known_printer {
	struct ice_address address;
	char *note;
};

/* Sorted by address. */
struct ice_known {
	struct known_printer *at;
	size_t count, room;
	size_t prefix; /* length of the range's name and a blank */
};

/* "RANGE ADDRESS" */
char *ice_known_place(const char *range, const struct ice_address *address)
{
	char text[ICE_ADDRESS_TEXT_SIZE], *place;
	if (asprintf(&place, "%s %s", range, ice_address_format(address, text)) < 0)
		abort();
	return place;
}

char *ice_known_note(const struct ice_steady *steady)
{
	char text[ICE_STEADY_TEXT];
	ice_steady_format(steady, text);
	char *note = strdup(text);
	if (!note)
		abort();
	return note;
}

static void known_add(const char *place, const char *note, int64_t at, void *arg)
{
	struct ice_known *k = arg;
	struct known_printer p;
	(void)at;
	/* Of a range whose name begins like this one: what follows is then no address. */
	if (!ice_address_parse(place + k->prefix, &p.address))
		return;
	p.note = strdup(note);
	if (k->count == k->room) {
		k->room = k->room ? k->room * 2 : 64;
		k->at = reallocarray(k->at, k->room, sizeof(*k->at));
	}
	if (!p.note || !k->at)
		abort();
	k->at[k->count++] = p;
}

static int known_compare(const void *a, const void *b)
{
	const struct ice_address *x = a, *y = b; /* the first member of each */
	if (x->hi != y->hi)
		return x->hi < y->hi ? -1 : 1;
	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return (x->scope > y->scope) - (x->scope < y->scope);
}

struct ice_known *ice_known_load(struct ice_outbox *outbox, const char *range, int64_t from, int64_t to)
{
	char *prefix;
	struct ice_known *k = calloc(1, sizeof(*k));
	if (!k || asprintf(&prefix, "%s ", range) < 0)
		abort();
	k->prefix = strlen(prefix);
	ice_outbox_kept(outbox, prefix, from, to, known_add, k);
	free(prefix);
	if (k->count > 0)
		qsort(k->at, k->count, sizeof(*k->at), known_compare);
	return k;
}

void ice_known_free(struct ice_known *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->count; i++)
		free(k->at[i].note);
	free(k->at);
	free(k);
}

bool ice_known_find(const struct ice_known *k, const struct ice_address *address, struct ice_steady *out)
{
	const struct known_printer *p =
	        k && k->count > 0 ? bsearch(address, k->at, k->count, sizeof(*k->at), known_compare) : NULL;
	return p && ice_steady_parse(p->note, out);
}
