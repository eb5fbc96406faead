#include "amount.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

/* Without printf: a table of a big network has many. */
const char *ice_amount_number(uint64_t n, char out[ICE_AMOUNT_SIZE])
{
	char digits[24];
	size_t count = 0, o = 0;
	do
		digits[count++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	for (size_t i = count; i-- > 0;) {
		out[o++] = digits[i];
		if (i > 0 && i % 3 == 0)
			out[o++] = ',';
	}
	out[o] = '\0';
	return out;
}

const char *ice_amount_count(uint64_t n, const char *one, const char *many, char out[ICE_AMOUNT_SIZE])
{
	char number[ICE_AMOUNT_SIZE];
	snprintf(out, ICE_AMOUNT_SIZE, "%.40s %.50s", ice_amount_number(n, number), n == 1 ? one : many);
	return out;
}

const char *ice_amount_seconds(double seconds, char out[ICE_AMOUNT_SIZE])
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = {{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}};
	int64_t n = (int64_t)(seconds + 0.5);
	size_t i = 0;
	if (seconds < 1) {
		snprintf(out, ICE_AMOUNT_SIZE, "%.0f ms", seconds > 0 ? seconds * 1000 : 0);
		return out;
	}
	while (n < units[i].seconds)
		i++;
	int64_t rest = i < 3 ? n % units[i].seconds / units[i + 1].seconds : 0;
	int used = snprintf(out, ICE_AMOUNT_SIZE, "%" PRId64 " %s", n / units[i].seconds, units[i].unit);
	if (rest > 0)
		snprintf(out + used, (size_t)(ICE_AMOUNT_SIZE - used), " %" PRId64 " %s", rest, units[i + 1].unit);
	return out;
}
