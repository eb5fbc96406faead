/* faults_datagram: misbehaviour in the bytes of a datagram, whatever they mean. */
#include <string.h>

#include "faults_acts.h"
#include "ice/ber.h"

void ice_faults_replace(const struct ice_faults_call *c)
{
	if (c->fault->len > 0)
		memcpy(c->reply->bytes, c->fault->bytes, c->fault->len);
	c->reply->n = c->fault->len;
}

void ice_faults_fill(const struct ice_faults_call *c)
{
	for (size_t i = 0; i < c->reply->n; i++)
		c->reply->bytes[i] =
		        c->fault->number < 0 ? (uint8_t)ice_random_next(c->random) : (uint8_t)c->fault->number;
}

void ice_faults_bit_flip(const struct ice_faults_call *c)
{
	if (c->reply->n > 0)
		c->reply->bytes[ice_random_below(c->random, c->reply->n)] ^=
		        (uint8_t)(1u << ice_random_below(c->random, 8));
}

void ice_faults_cut(const struct ice_faults_call *c)
{
	size_t n = c->reply->n, off = (size_t)c->fault->number;
	if (c->fault->number == 0)
		off = n ? 1 + (size_t)ice_random_below(c->random, n) : 0;
	else if (c->fault->number < 0)
		off = n / (size_t)-c->fault->number;
	c->reply->n -= off < n ? off : n;
}

void ice_faults_behead(const struct ice_faults_call *c)
{
	size_t off = (size_t)c->fault->number;
	if (off > c->reply->n)
		off = c->reply->n;
	c->reply->n -= off;
	memmove(c->reply->bytes, c->reply->bytes + off, c->reply->n);
}

void ice_faults_append(const struct ice_faults_call *c)
{
	size_t more = (size_t)c->fault->number;
	if (c->reply->n == 0 || c->reply->size - c->reply->n < more)
		return;
	memset(c->reply->bytes + c->reply->n, c->fault->other, more);
	c->reply->n += more;
}

void ice_faults_twice(const struct ice_faults_call *c)
{
	if (c->reply->n > c->reply->size / 2)
		return;
	memcpy(c->reply->bytes + c->reply->n, c->reply->bytes, c->reply->n);
	c->reply->n *= 2;
}

void ice_faults_echo(const struct ice_faults_call *c)
{
	memcpy(c->reply->bytes, c->request, c->request_len);
	c->reply->n = c->request_len;
}

/* Another outer header before the same content. */
static void faults_outer(const struct ice_faults_call *c, const uint8_t *header, size_t n)
{
	struct ice_ber b = ice_ber_of(c->reply->bytes, c->reply->n), content;
	if (!ice_ber_enter(&b, ICE_BER_SEQUENCE, &content))
		return;
	size_t len = (size_t)(content.end - content.at);
	if (n + len > c->reply->size)
		return;
	memmove(c->reply->bytes + n, content.at, len);
	memcpy(c->reply->bytes, header, n);
	c->reply->n = n + len;
}

/* Octets of the content. */
static size_t faults_content(const struct ice_faults_call *c)
{
	struct ice_ber b = ice_ber_of(c->reply->bytes, c->reply->n), content;
	return ice_ber_enter(&b, ICE_BER_SEQUENCE, &content) ? (size_t)(content.end - content.at) : 0;
}

void ice_faults_length(const struct ice_faults_call *c)
{
	size_t said = faults_content(c) + (size_t)c->fault->number;
	const uint8_t header[] = {ICE_BER_SEQUENCE, 0x82, (uint8_t)(said >> 8), (uint8_t)said};
	faults_outer(c, header, sizeof(header));
}

void ice_faults_wide(const struct ice_faults_call *c)
{
	uint8_t header[2 + 126] = {ICE_BER_SEQUENCE};
	size_t octets = (size_t)c->fault->number, len = faults_content(c);
	header[1] = (uint8_t)(0x80 | octets);
	header[octets] = (uint8_t)(len >> 8);
	header[octets + 1] = (uint8_t)len;
	faults_outer(c, header, 2 + octets);
}

void ice_faults_reframe(const struct ice_faults_call *c)
{
	faults_outer(c, (const uint8_t *)c->fault->bytes, c->fault->len);
}

void ice_faults_nest(const struct ice_faults_call *c)
{
	size_t deep = (size_t)c->fault->number, n = c->reply->n;
	if (n + 4 * deep > c->reply->size)
		return;
	memmove(c->reply->bytes + 4 * deep, c->reply->bytes, n);
	for (size_t i = 0; i < deep; i++) {
		size_t len = n + 4 * (deep - i - 1);
		const uint8_t header[] = {ICE_BER_SEQUENCE, 0x82, (uint8_t)(len >> 8), (uint8_t)len};
		memcpy(c->reply->bytes + 4 * i, header, sizeof(header));
	}
	c->reply->n += 4 * deep;
}
