#include "range_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANGE_WORD_MAX   128
#define RANGE_PIECES_MAX 131072

void range_text_free(struct range_text *t)
{
	range_spans_free(&t->in);
	range_spans_free(&t->out);
	range_spans_free(&t->edges);
}

static struct range_span range_text_v4(uint32_t first, uint32_t last)
{
	return (struct range_span){0, ice_address_v4(first).lo, ice_address_v4(last).lo, 0};
}

/* A decimal number up to `max`, without sign or leading zero (which would be octal to some and not to others). */
static bool range_text_number(const char **at, unsigned max, unsigned *out)
{
	const char *p = *at;
	unsigned n = 0;
	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (unsigned)(*p - '0');
		if (n > max)
			return false;
	}
	*at = p;
	*out = n;
	return true;
}

/* a.b.c.d where each may be n or n-m: one span for each run of whole last octets. */
static bool range_text_octets(const char *word, struct range_spans *out, char *why, size_t why_size)
{
	unsigned low[4], high[4];
	const char *p = word;
	for (int i = 0; i < 4; i++) {
		if (!range_text_number(&p, 255, &low[i])) {
			snprintf(why, why_size,
			         "\"%s\" is not an address range: write 10.1.2.3, 10.1.0.0/16, 10.1.2.3-10.1.4.250, "
			         "10.1-3.0.1-254 or fd00::/112",
			         word);
			return false;
		}
		high[i] = low[i];
		if (*p == '-') {
			p++;
			if (!range_text_number(&p, 255, &high[i])) {
				snprintf(why, why_size,
				         "\"%s\": after \"-\" stands a number from 0 to 255 or a whole address", word);
				return false;
			}
			if (high[i] < low[i]) {
				snprintf(why, why_size, "\"%s\" runs backwards: write %u-%u", word, high[i], low[i]);
				return false;
			}
		}
		if (*p != (i < 3 ? '.' : '\0')) {
			snprintf(why, why_size, "\"%s\": an IPv4 address has four numbers from 0 to 255", word);
			return false;
		}
		p++;
	}
	/* Joined as far as they touch, so that 10.0-255.0-255.0-255 is 256 spans. */
	bool whole = low[3] == 0 && high[3] == 255, wider = whole && low[2] == 0 && high[2] == 255;
	size_t pieces = (size_t)(high[0] - low[0] + 1) * (high[1] - low[1] + 1) * (whole ? 1 : high[2] - low[2] + 1);
	if (pieces > RANGE_PIECES_MAX) {
		snprintf(why, why_size, "\"%s\" falls into more than %d pieces: write a subnet such as 10.0.0.0/8",
		         word, RANGE_PIECES_MAX);
		return false;
	}
	for (unsigned a = low[0]; a <= high[0]; a++) {
		for (unsigned b = low[1]; b <= high[1]; b++) {
			uint32_t top = a << 24 | b << 16;
			if (wider) {
				range_spans_add(out, range_text_v4(top, top | 0xffff));
				continue;
			}
			if (whole) {
				range_spans_add(out, range_text_v4(top | low[2] << 8, top | high[2] << 8 | 255));
				continue;
			}
			for (unsigned c = low[2]; c <= high[2]; c++)
				range_spans_add(out, range_text_v4(top | c << 8 | low[3], top | c << 8 | high[3]));
		}
	}
	return true;
}

/* ADDRESS/LENGTH, `slash` pointing at the slash. */
static bool range_text_cidr(const char *word, const char *slash, struct range_spans *out, struct range_spans *edges,
                            char *why, size_t why_size)
{
	char base[RANGE_WORD_MAX];
	snprintf(base, sizeof(base), "%.*s", (int)(slash - word), word);
	struct ice_address a;
	const char *digits = slash + 1;
	unsigned length;
	bool ok = ice_address_parse(base, &a);
	unsigned max = ok && ice_address_is_v4(&a) && !strchr(base, ':') ? 32 : 128;
	if (!ok || !range_text_number(&digits, max, &length) || *digits) {
		snprintf(why, why_size, "\"%s\" is not a subnet: write an address, \"/\" and a length from %s", word,
		         ok && max == 128 ? "104 to 128" : "0 to 32");
		return false;
	}
	if (max == 32) {
		uint32_t mask = length == 0 ? 0 : UINT32_MAX << (32 - length), first = (uint32_t)a.lo & mask;
		range_spans_add(out, range_text_v4(first, first | ~mask));
		if (length <= 30) {
			range_spans_add(edges, range_text_v4(first, first));
			range_spans_add(edges, range_text_v4(first | ~mask, first | ~mask));
		}
		return true;
	}
	if (length < 64) {
		snprintf(why, why_size,
		         "\"%s\" is larger than a /64, which nobody can walk: write ranges of /104 or longer", word);
		return false;
	}
	uint64_t mask = length == 64 ? 0 : UINT64_MAX << (128 - length), first = a.lo & mask;
	range_spans_add(out, (struct range_span){a.hi, first, first | ~mask, a.scope});
	return true;
}

/* ADDRESS-ADDRESS, `dash` pointing at the dash. */
static bool range_text_from_to(const char *word, const char *dash, struct range_spans *out, char *why, size_t why_size)
{
	char from[RANGE_WORD_MAX];
	snprintf(from, sizeof(from), "%.*s", (int)(dash - word), word);
	struct ice_address a, b;
	if (!ice_address_parse(from, &a) || !ice_address_parse(dash + 1, &b)) {
		snprintf(why, why_size, "\"%s\": on both sides of \"-\" stands one address, as in 10.1.2.3-10.1.4.250",
		         word);
		return false;
	}
	if (b.scope == 0)
		b.scope = a.scope;
	if (a.hi != b.hi || a.scope != b.scope || ice_address_is_v4(&a) != ice_address_is_v4(&b)) {
		snprintf(why, why_size, "\"%s\": both ends of a range lie in one family and, of IPv6, in one /64",
		         word);
		return false;
	}
	if (b.lo < a.lo) {
		snprintf(why, why_size, "\"%s\" runs backwards: write %s-%s", word, dash + 1, from);
		return false;
	}
	range_spans_add(out, (struct range_span){a.hi, a.lo, b.lo, a.scope});
	return true;
}

/* The dash between two whole addresses, or NULL: "-" also stands inside octet ranges and interface names. */
static const char *range_text_dash(const char *word)
{
	bool v6 = strchr(word, ':') != NULL;
	int dots = 0;
	for (const char *p = word; *p; p++) {
		dots += *p == '.';
		if (*p != '-')
			continue;
		size_t rest = strcspn(p + 1, "-");
		if (v6 ? memchr(p + 1, ':', rest) != NULL : dots == 3 && memchr(p + 1, '.', rest) != NULL)
			return p;
	}
	return NULL;
}

/* One word, without its "!". */
static bool range_text_word(const char *word, struct range_spans *out, struct range_spans *edges, char *why,
                            size_t why_size)
{
	const char *slash = strchr(word, '/');
	if (slash)
		return range_text_cidr(word, slash, out, edges, why, why_size);
	const char *dash = range_text_dash(word);
	if (dash)
		return range_text_from_to(word, dash, out, why, why_size);
	if (!strchr(word, ':'))
		return range_text_octets(word, out, why, why_size);
	struct ice_address a;
	if (!ice_address_parse(word, &a)) {
		snprintf(why, why_size,
		         "\"%s\" is not an IPv6 address (link-local ones need their interface: fe80::1%%eth0)", word);
		return false;
	}
	range_spans_add(out, (struct range_span){a.hi, a.lo, a.lo, a.scope});
	return true;
}

bool range_text_read(const char *text, struct range_text *out, char *why, size_t why_size)
{
	static const char blanks[] = " \t\r\n,";
	size_t words = 0;
	for (const char *p = text + strspn(text, blanks); *p; p += strspn(p, blanks)) {
		char word[RANGE_WORD_MAX];
		size_t n = strcspn(p, blanks);
		if (n >= sizeof(word)) {
			snprintf(why, why_size, "\"%.40s...\" is too long for an address range", p);
			return false;
		}
		memcpy(word, p, n);
		word[n] = '\0';
		p += n;
		words++;
		if (word[0] != '!') {
			if (!range_text_word(word, &out->in, &out->edges, why, why_size))
				return false;
			continue;
		}
		if (!word[1]) {
			snprintf(why, why_size, "\"!\" stands right before what it excludes, as in !10.1.2.0/24");
			return false;
		}
		struct range_spans ignored = {0}; /* what is excluded is excluded with its edges */
		bool ok = range_text_word(word + 1, &out->out, &ignored, why, why_size);
		range_spans_free(&ignored);
		if (!ok)
			return false;
	}
	if (words == 0)
		snprintf(why, why_size, "no range is given: write for example 10.1.0.0/16");
	return words > 0;
}
