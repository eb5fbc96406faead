#include "ice/record.h"

/* No printer is faster: ten pages a second, and as much as a reading may lag behind. */
#define RECORD_SINCE_SPEED 10
#define RECORD_SINCE_SLACK 1000

const char *ice_pages_since_name(enum ice_pages_since s)
{
	static const char *const names[] = {NULL, "wrap", "setback", "reset"};
	return names[s];
}

/* The end that a counter came to which stood at `before` and now stands at `total`; 0 = none. Six digits, three octets, a signed and an
 * unsigned number of RFC 2578 (Counter32, section 7.1.6): the ends that are known of. */
static int64_t record_since_modulus(int64_t before, int64_t total, int64_t seconds)
{
	static const int64_t moduli[] = {1000000, INT64_C(1) << 24, INT64_C(1) << 31, INT64_C(1) << 32};
	for (size_t i = 0; i < sizeof(moduli) / sizeof(*moduli); i++) {
		int64_t m = moduli[i];
		if (before >= m || before < m - m / 64 || total >= m / 64)
			continue;
		/* Before multiplying: years of seconds are plenty for any counter. */
		if (seconds < 0 || seconds > m / RECORD_SINCE_SPEED ||
		    total + m - before <= seconds * RECORD_SINCE_SPEED + RECORD_SINCE_SLACK)
			return m;
	}
	return 0;
}

void ice_record_since(struct ice_record *r, int64_t before, int64_t seconds)
{
	int64_t total = r->pages[ICE_PAGES_TOTAL];
	r->pages_since = ICE_PAGES_SINCE_NOTHING;
	if (before < 0 || total < 0 || total >= before)
		return;
	r->pages_from = before;
	r->pages_modulus = record_since_modulus(before, total, seconds);
	if (r->pages_modulus > 0)
		r->pages_since = ICE_PAGES_SINCE_WRAP;
	else if (before - total <= ICE_RECORD_SETBACK && total > before / 2)
		r->pages_since = ICE_PAGES_SINCE_SETBACK;
	else
		r->pages_since = ICE_PAGES_SINCE_RESET;
}
