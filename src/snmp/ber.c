#include "ice/ber.h"

#include <string.h>

/* Lengths in long form (X.690 section 8.1.3.5), out of the way of the short ones that nearly all elements have.
 * 0x80 (indefinite) counts no octets and is refused with the rest. */
const uint8_t *ice_ber_long_content(const uint8_t *at, const uint8_t *end, size_t *len)
{
	size_t octets = at[1] & 0x7f, value = 0;
	at += 2;
	if (octets < 1 || octets > 4 || (size_t)(end - at) < octets)
		return NULL;
	while (octets-- > 0)
		value = value << 8 | *at++;
	if (value > (size_t)(end - at))
		return NULL;
	*len = value;
	return at;
}

bool ice_ber_any(struct ice_ber *b, uint8_t *tag, struct ice_ber *content)
{
	size_t len;
	const uint8_t *start = b->bad ? NULL : ice_ber_content(b->at, b->end, &len);
	if (!start || (b->at[0] & 0x1f) == 0x1f) { /* the latter: a tag of more than one octet */
		b->bad = true;
		*content = (struct ice_ber){b->end, b->end, true};
		*tag = 0;
		return false;
	}
	*tag = b->at[0];
	*content = (struct ice_ber){start, start + len, false};
	b->at = start + len;
	return true;
}

bool ice_ber_enter(struct ice_ber *b, uint8_t tag, struct ice_ber *content)
{
	uint8_t found;
	if (ice_ber_any(b, &found, content) && found == tag)
		return true;
	b->bad = content->bad = true;
	return false;
}

bool ice_ber_int32(struct ice_ber *b, int32_t *out)
{
	struct ice_ber content;
	if (ice_ber_enter(b, ICE_BER_INTEGER, &content) &&
	    ice_ber_signed(content.at, (size_t)(content.end - content.at), out))
		return true;
	b->bad = true;
	return false;
}

bool ice_ber_signed(const uint8_t *bytes, size_t n, int32_t *out)
{
	if (n == 0)
		return false;
	uint8_t sign = bytes[0] & 0x80 ? 0xff : 0;
	while (n > 4) {
		/* what is left out must be nothing but sign, and leave the sign as it was */
		if (bytes[0] != sign || ((bytes[1] ^ sign) & 0x80) != 0)
			return false;
		bytes++;
		n--;
	}
	uint32_t value = sign ? UINT32_MAX : 0;
	for (size_t i = 0; i < n; i++)
		value = value << 8 | bytes[i];
	*out = (int32_t)value;
	return true;
}

bool ice_ber_unsigned(const uint8_t *bytes, size_t n, size_t width, uint64_t *out)
{
	if (n == 0 || ((bytes[0] & 0x80) != 0 && n != width))
		return false;
	for (; n > width; n--)
		if (*bytes++ != 0)
			return false;
	uint64_t value = 0;
	for (size_t i = 0; i < n; i++)
		value = value << 8 | bytes[i];
	*out = value;
	return true;
}

void ice_ber_writer_init(struct ice_ber_writer *w, uint8_t *buffer, size_t size)
{
	*w = (struct ice_ber_writer){buffer, buffer + size, buffer + size, false};
}

/* Room for n more octets, or NULL and full for ever. */
static uint8_t *ber_room(struct ice_ber_writer *w, size_t n)
{
	if (w->full || n > (size_t)(w->at - w->start)) {
		w->full = true;
		return NULL;
	}
	return w->at -= n;
}

void ice_ber_put_raw(struct ice_ber_writer *w, const void *bytes, size_t n)
{
	uint8_t *to = ber_room(w, n);
	if (to && n > 0)
		memcpy(to, bytes, n);
}

void ice_ber_put_header(struct ice_ber_writer *w, uint8_t tag, size_t content_len)
{
	uint8_t header[4] = {tag};
	size_t n = 2;
	if (content_len < 0x80) {
		header[1] = (uint8_t)content_len;
	} else if (content_len <= 0xff) {
		header[1] = 0x81;
		header[2] = (uint8_t)content_len;
		n = 3;
	} else if (content_len <= 0xffff) {
		header[1] = 0x82;
		header[2] = (uint8_t)(content_len >> 8);
		header[3] = (uint8_t)content_len;
		n = 4;
	} else {
		w->full = true;
		return;
	}
	ice_ber_put_raw(w, header, n);
}

void ice_ber_put_int(struct ice_ber_writer *w, uint8_t tag, int64_t value)
{
	uint8_t octets[8];
	size_t n = 0;
	do {
		octets[sizeof(octets) - ++n] = (uint8_t)value;
		value = value < 0 ? ~(~value >> 8) : value >> 8; /* arithmetic, whatever the compiler's >> does */
	} while (n < sizeof(octets) && value != ((octets[sizeof(octets) - n] & 0x80) ? -1 : 0));
	ice_ber_put_raw(w, octets + sizeof(octets) - n, n);
	ice_ber_put_header(w, tag, n);
}

void ice_ber_put_unsigned(struct ice_ber_writer *w, uint8_t tag, uint64_t value)
{
	uint8_t octets[9];
	size_t n = 0;
	do {
		octets[sizeof(octets) - ++n] = (uint8_t)value;
		value >>= 8;
	} while (value != 0);
	if (octets[sizeof(octets) - n] & 0x80)
		octets[sizeof(octets) - ++n] = 0; /* it is not negative */
	ice_ber_put_raw(w, octets + sizeof(octets) - n, n);
	ice_ber_put_header(w, tag, n);
}
