#include "ice/record.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void ice_record_init(struct ice_record *r)
{
	/* The pool needs no clearing: only what was copied into it is ever pointed to. */
	memset(r, 0, offsetof(struct ice_record, pool));
	for (int i = 0; i < ICE_PAGES_COUNT; i++)
		r->pages[i] = -1;
}

const char *ice_record_text(struct ice_record *r, const char *s)
{
	size_t n = s ? strlen(s) + 1 : 0;
	if (n <= 1 || n > sizeof(r->pool) - r->pool_used)
		return NULL;
	char *at = r->pool + r->pool_used;
	memcpy(at, s, n);
	r->pool_used += (uint32_t)n;
	return at;
}

const char *ice_supply_state_name(enum ice_supply_state s)
{
	switch (s) {
	case ICE_SUPPLY_EXACT:
		return "exact";
	case ICE_SUPPLY_SOME:
		return "some";
	case ICE_SUPPLY_UNKNOWN:
		return "unknown";
	case ICE_SUPPLY_UNLIMITED:
		return "unlimited";
	case ICE_SUPPLY_LOW:
		return "low";
	case ICE_SUPPLY_EMPTY:
		return "empty";
	}
	return "unknown";
}

const char *ice_pages_name(enum ice_pages p)
{
	static const char *const names[ICE_PAGES_COUNT] = {
	        [ICE_PAGES_TOTAL] = "total",
	        [ICE_PAGES_MONO] = "mono",
	        [ICE_PAGES_COLOR] = "color",
	        [ICE_PAGES_PRINT] = "print",
	        [ICE_PAGES_COPY] = "copy",
	        [ICE_PAGES_FAX] = "fax",
	        [ICE_PAGES_SCAN] = "scan",
	        [ICE_PAGES_DUPLEX] = "duplex",
	        [ICE_PAGES_PRINT_MONO] = "print_mono",
	        [ICE_PAGES_PRINT_COLOR] = "print_color",
	        [ICE_PAGES_COPY_MONO] = "copy_mono",
	        [ICE_PAGES_COPY_COLOR] = "copy_color",
	};
	return (unsigned)p < ICE_PAGES_COUNT ? names[p] : "total";
}

/* A letter of a serial as it counts for telling placeholders: a lower-case letter or digit, or 0 for anything else. The
 * program's locale does not matter: bytes above ASCII are not letters here. */
static char record_plain(char c)
{
	unsigned char u = (unsigned char)c;
	return u < 0x80 && isalnum(u) ? (char)tolower(u) : 0;
}

/* "123456789", "0123456789", "987654321", "abcdefgh": each character follows the one before by the same step of one, digits
 * round the clock. */
static bool record_is_run(const char *s, size_t n)
{
	int step = 0;
	for (size_t i = 1; i < n; i++) {
		int by = s[i] - s[i - 1];
		if (by == 9 || by == -9)
			by = by > 0 ? -1 : 1;
		if ((by != 1 && by != -1) || (step && by != step))
			return false;
		step = by;
	}
	return true;
}

bool ice_record_serial_identifies(const char *serial)
{
	/* What firmware and mainboards say where no number was ever written, without case and punctuation. */
	static const char *const placeholders[] = {
	        "serialnumber", "serialno",     "serial",     "unknown",         "none",          "null",
	        "undefined",    "notavailable", "notset",     "notspecified",    "notdefined",    "default",
	        "noserial",     "invalid",      "empty",      "tobefilledbyoem", "defaultstring", "systemserialnumber",
	        "unspecified",  "unassigned",   "notpresent", "noserialnumber",  "notapplicable", "serialnum",
	};
	char plain[64];
	size_t n = 0;
	bool same = true;
	if (!serial)
		return false;
	for (const char *s = serial; *s && n < sizeof(plain) - 1; s++) {
		char c = record_plain(*s);
		if (!c)
			continue;
		same = same && (n == 0 || c == plain[0]);
		plain[n++] = c;
	}
	plain[n] = '\0';
	if (n < 4 || same || record_is_run(plain, n))
		return false;
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++)
		if (strcmp(plain, placeholders[i]) == 0)
			return false;
	return true;
}

/* Appends s with its ASCII letters in one case, blanks trimmed and each run of them one, and no '/' where it would be taken for
 * the separator. Stops before a character that does not fit whole. */
static size_t record_normal(char *out, size_t at, size_t size, const char *s, bool upper, bool slash)
{
	size_t from = at;
	while (*s) {
		size_t n = 1;
		while (((unsigned char)s[n] & 0xc0) == 0x80)
			n++;
		if (*s == ' ' && (at == from || s[1] == ' ' || !s[1])) {
			s++;
			continue;
		}
		if (n >= size - at)
			break;
		unsigned char c = (unsigned char)*s;
		if (c == '/' && !slash)
			c = '-';
		if (c < 0x80)
			c = (unsigned char)(upper ? toupper(c) : tolower(c));
		out[at++] = (char)c;
		memcpy(out + at, s + 1, n - 1);
		at += n - 1;
		s += n;
	}
	out[at] = '\0';
	return at;
}

const char *ice_record_identity(const struct ice_record *r, char out[ICE_RECORD_IDENTITY_SIZE])
{
	bool serial = ice_record_serial_identifies(r->serial);
	char text[ICE_ADDRESS_TEXT_SIZE];

	out[0] = '\0';
	if (serial && (r->make || !r->has_mac)) {
		/* A make takes at most a quarter of the room, so that two serials never look alike for its length. */
		size_t at = record_normal(out, 0, ICE_RECORD_IDENTITY_SIZE / 4, r->make ? r->make : "?", false, false);
		out[at++] = '/';
		record_normal(out, at, ICE_RECORD_IDENTITY_SIZE, r->serial, true, true);
	} else if (r->has_mac) {
		snprintf(out, ICE_RECORD_IDENTITY_SIZE, "mac/%02x:%02x:%02x:%02x:%02x:%02x", r->mac[0], r->mac[1],
		         r->mac[2], r->mac[3], r->mac[4], r->mac[5]);
	} else if (r->ip.hi || r->ip.lo) {
		struct ice_address ip = r->ip;
		ip.scope = 0; /* the interface is the engine's affair; the server must come to the same name */
		snprintf(out, ICE_RECORD_IDENTITY_SIZE, "ip/%s", ice_address_format(&ip, text));
	}
	return out;
}
