#include "ice/recording.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording_text.h"

/* Rows in OID order, their octets in one block in the same order (a walk reads memory forwards), and a table for
 * the exact OID: slots hold row + 1, 0 is free, at most half of them are taken. */
struct ice_recording {
	struct ice_recording_row *rows;
	size_t count, skipped, largest;
	uint8_t *octets;
	uint32_t *slots;
	size_t mask;
};

/* While reading: the rows as they come. `order` keeps the first of two equal OIDs first. */
struct recording_draft {
	struct recording_draft_row {
		const uint8_t *at; /* OID, then value */
		uint32_t order;
		uint16_t oid_len, value_len;
	} * rows;
	size_t count, room;
	uint8_t *octets;
	size_t used, size;
	size_t skipped;
	unsigned wrong_line; /* of the first row that was skipped */
	const char *wrong;
};

static uint64_t recording_hash(const uint8_t *bytes, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u ^ n;
	for (; n >= 8; bytes += 8, n -= 8) {
		uint64_t word;
		memcpy(&word, bytes, 8);
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	uint64_t word = 0;
	if (n > 0)
		memcpy(&word, bytes, n);
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

/* Memory for what an operator's own file asks for; without it nothing useful is left to do. */
static void *recording_alloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size);
	if (!p)
		abort();
	return p;
}

static void recording_draft_add(struct recording_draft *d, const struct ice_recording_text *t)
{
	/* A row's octets never outgrow the text it was read from, so `size` holds them all; the check is the proof. */
	if (t->oid.len + t->len > d->size - d->used || t->len > UINT16_MAX) {
		d->skipped++;
		return;
	}
	if (d->count == d->room) {
		d->room = d->room ? d->room * 2 : 256;
		d->rows = realloc(d->rows, d->room * sizeof(*d->rows));
		if (!d->rows)
			abort();
	}
	uint8_t *at = d->octets + d->used;
	memcpy(at, t->oid.bytes, t->oid.len);
	memcpy(at + t->oid.len, t->value, t->len);
	d->used += t->oid.len + t->len;
	d->rows[d->count] = (struct recording_draft_row){at, (uint32_t)d->count, t->oid.len, (uint16_t)t->len};
	d->count++;
}

static int recording_order(const void *a, const void *b)
{
	const struct recording_draft_row *x = a, *y = b;
	int by_oid = ice_oid_compare(x->at, x->oid_len, y->at, y->oid_len);
	return by_oid ? by_oid : (x->order > y->order) - (x->order < y->order);
}

static void recording_read(struct recording_draft *d, const char *text, size_t n)
{
	struct ice_recording_text *t = recording_alloc(1, sizeof(*t));
	ice_recording_text_init(t, text, n);
	for (;;) {
		enum ice_recording_text_step step = ice_recording_text_next(t);
		if (step == ICE_RECORDING_TEXT_END)
			break;
		if (step == ICE_RECORDING_TEXT_ROW)
			recording_draft_add(d, t);
		if (step != ICE_RECORDING_TEXT_BAD)
			continue;
		if (d->skipped++ == 0 || t->lost) {
			d->wrong = t->wrong;
			d->wrong_line = t->row_line;
		}
		if (t->lost) {
			d->count = 0;
			break;
		}
	}
	free(t);
}

/* Sorted, each OID once, packed to what is needed. */
static struct ice_recording *recording_seal(struct recording_draft *d)
{
	struct ice_recording *r = recording_alloc(1, sizeof(*r));
	qsort(d->rows, d->count, sizeof(*d->rows), recording_order);
	r->rows = recording_alloc(d->count, sizeof(*r->rows));
	r->octets = recording_alloc(d->used, 1);
	r->skipped = d->skipped;
	uint8_t *at = r->octets;
	for (size_t i = 0; i < d->count; i++) {
		const struct recording_draft_row *from = &d->rows[i];
		const struct ice_recording_row *last = r->count ? &r->rows[r->count - 1] : NULL;
		if (last && last->oid_len == from->oid_len && memcmp(last->oid, from->at, from->oid_len) == 0) {
			r->skipped++;
			continue;
		}
		size_t size = (size_t)from->oid_len + from->value_len;
		memcpy(at, from->at, size);
		r->rows[r->count++] =
		        (struct ice_recording_row){at, at + from->oid_len, from->oid_len, from->value_len};
		at += size;
		r->largest = size > r->largest ? size : r->largest;
	}
	size_t slots = 16;
	while (slots < r->count * 2)
		slots *= 2;
	r->slots = recording_alloc(slots, sizeof(*r->slots));
	r->mask = slots - 1;
	for (size_t i = 0; i < r->count; i++) {
		size_t slot = recording_hash(r->rows[i].oid, r->rows[i].oid_len) & r->mask;
		while (r->slots[slot])
			slot = (slot + 1) & r->mask;
		r->slots[slot] = (uint32_t)i + 1;
	}
	return r;
}

struct ice_recording *ice_recording_parse(const char *name, const char *text, size_t n, char *why, size_t why_size)
{
	struct recording_draft d = {0};
	struct ice_recording *r = NULL;
	if (n > ICE_RECORDING_BYTES_MAX) {
		snprintf(why, why_size, "%s: larger than %u MiB, the most a recording may be", name,
		         ICE_RECORDING_BYTES_MAX >> 20);
		return NULL;
	}
	d.size = n + 64;
	d.octets = recording_alloc(d.size, 1);
	recording_read(&d, text, n);
	if (d.count > 0)
		r = recording_seal(&d);
	else if (d.wrong)
		snprintf(why, why_size, "%s:%u: %s; no usable row in the whole file", name, d.wrong_line, d.wrong);
	else
		snprintf(why, why_size, "%s:1: no row: expected OID|tag|value, or the output of snmpwalk -On", name);
	free(d.rows);
	free(d.octets);
	return r;
}

/* Reads at most the bound and one more byte, so that a file that grows, or never ends, is refused and not swallowed. */
static char *recording_file(int fd, size_t *n)
{
	size_t room = 1 << 16, used = 0;
	struct stat st;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size < ICE_RECORDING_BYTES_MAX)
		room = (size_t)st.st_size + 1;
	char *text = recording_alloc(room, 1);
	for (;;) {
		ssize_t got = read(fd, text + used, room - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			free(text);
			return NULL;
		}
		used += (size_t)got;
		if (got == 0 || used > ICE_RECORDING_BYTES_MAX)
			break;
		if (used == room) {
			room *= 2;
			text = realloc(text, room);
			if (!text)
				abort();
		}
	}
	*n = used;
	return text;
}

struct ice_recording *ice_recording_load(const char *path, char *why, size_t why_size)
{
	struct ice_recording *r = NULL;
	size_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : recording_file(fd, &n);
	if (text)
		r = ice_recording_parse(path, text, n, why, why_size);
	else
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
	free(text);
	if (fd >= 0)
		close(fd);
	return r;
}

void ice_recording_free(struct ice_recording *r)
{
	if (!r)
		return;
	free(r->rows);
	free(r->octets);
	free(r->slots);
	free(r);
}

size_t ice_recording_count(const struct ice_recording *r)
{
	return r->count;
}

size_t ice_recording_skipped(const struct ice_recording *r)
{
	return r->skipped;
}

size_t ice_recording_largest(const struct ice_recording *r)
{
	return r->largest;
}

const struct ice_recording_row *ice_recording_row(const struct ice_recording *r, size_t i)
{
	assert(i < r->count);
	return &r->rows[i];
}

size_t ice_recording_find(const struct ice_recording *r, const uint8_t *oid, size_t n)
{
	for (size_t slot = recording_hash(oid, n) & r->mask; r->slots[slot]; slot = (slot + 1) & r->mask) {
		const struct ice_recording_row *row = &r->rows[r->slots[slot] - 1];
		if (row->oid_len == n && memcmp(row->oid, oid, n) == 0)
			return r->slots[slot] - 1;
	}
	return SIZE_MAX;
}

size_t ice_recording_after(const struct ice_recording *r, const uint8_t *oid, size_t n)
{
	size_t exact = ice_recording_find(r, oid, n);
	if (exact != SIZE_MAX) /* a walk asks with the OID it was last told */
		return exact + 1;
	size_t low = 0, high = r->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct ice_recording_row *row = &r->rows[middle];
		if (ice_oid_compare(row->oid, row->oid_len, oid, n) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
