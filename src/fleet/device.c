#include "device.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ice/ber.h"

/* Spreads (seed, number, purpose) over 64 bits. */
static uint64_t device_mix(const struct ice_device_view *v, uint64_t purpose)
{
	uint64_t z = v->setting->seed + v->device->number * 0x9e3779b97f4a7c15u + purpose * 0xd1342543de82ef95u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* The OUI stays; the rest counts devices, so that no two meet below four million of them. */
bool ice_device_mac(const struct ice_device_view *v, unsigned which, uint8_t out[6])
{
	if (which >= v->pattern->mac_count)
		return false;
	/* odd, hence a permutation of the 24 bits */
	uint32_t tail =
	        (v->device->number * ICE_PATTERN_MACS + which) * 0x9e3779u + (uint32_t)v->setting->seed * 2654435761u;
	memcpy(out, v->pattern->macs[which], 3);
	out[3] = (uint8_t)(tail >> 16);
	out[4] = (uint8_t)(tail >> 8);
	out[5] = (uint8_t)tail;
	return true;
}

size_t ice_device_name(const struct ice_device_view *v, char out[ICE_DEVICE_TEXT])
{
	if (v->pattern->name_row == SIZE_MAX)
		return 0;
	uint8_t mac[6];
	const char *make = v->pattern->make[0] ? v->pattern->make : "DEVICE";
	if (ice_device_mac(v, v->pattern->mac, mac))
		return (size_t)snprintf(out, ICE_DEVICE_TEXT, "%s%02X%02X%02X", make, mac[3], mac[4], mac[5]);
	return (size_t)snprintf(out, ICE_DEVICE_TEXT, "%s-%06u", make, v->device->number + 1);
}

/* Text like the recorded one, digits for digits: the device's number, spread over them. Letters count too where the digits are
 * too few for a large fleet; text with other signs in it (a recorder's "<private>") is replaced whole. */
static size_t device_serial(const struct ice_device_view *v, const uint8_t *like, size_t n, char out[ICE_DEVICE_TEXT])
{
	size_t digits = 0, letters = 0, strange = 0;
	for (size_t i = 0; i < n; i++) {
		digits += isdigit(like[i]) != 0;
		letters += isalpha(like[i]) != 0;
		strange += !isalnum(like[i]) && !memchr("-./_ ", like[i], 5);
	}
	/* 7919 and 10 have no divisor in common, nor has it with 36: counting in steps of it visits every value once. */
	uint64_t count = ((uint64_t)v->device->number + v->setting->seed % 1000) * 7919;
	if (strange > 0 || digits + letters < 6 || n >= ICE_DEVICE_TEXT)
		return (size_t)snprintf(out, ICE_DEVICE_TEXT, "S%010llu", (unsigned long long)(count % 10000000000u));
	memcpy(out, like, n);
	out[n] = 0;
	/* eight digits are enough for any fleet; what stands before them stays the make's own */
	size_t used = 0;
	for (size_t i = n; i-- > 0 && used < 8;) {
		if (isdigit(like[i])) {
			used++;
			out[i] = (char)('0' + count % 10);
			count /= 10;
		} else if (isalpha(like[i]) && digits < 7) {
			out[i] = (char)('A' + count % 26);
			count /= 26;
		}
	}
	return n;
}

size_t ice_device_serial(const struct ice_device_view *v, char out[ICE_DEVICE_TEXT])
{
	size_t n;
	if (v->pattern->serial_row == SIZE_MAX)
		return 0;
	const uint8_t *like = ice_pattern_content(ice_recording_row(v->pattern->recording, v->pattern->serial_row), &n);
	return device_serial(v, like, n, out);
}

/* The recorded text with the device's own serial number in place of the recorded one; 0 when that has another length. */
static size_t device_description(const struct ice_device_view *v, const struct ice_recording_row *row,
                                 char out[ICE_DEVICE_TEXT])
{
	size_t n, len;
	char own[ICE_DEVICE_TEXT];
	const uint8_t *serial =
	        ice_pattern_content(ice_recording_row(v->pattern->recording, v->pattern->serial_row), &n);
	const uint8_t *text = ice_pattern_content(row, &len);
	const uint8_t *at = memmem(text, len, serial, n);
	if (!at || len > ICE_DEVICE_TEXT || device_serial(v, serial, n, own) != n)
		return 0;
	memcpy(out, text, len);
	memcpy(out + (at - text), own, n);
	return len;
}

uint32_t ice_device_pages_per_hour(const struct ice_device_view *v)
{
	if (v->setting->pages_per_hour == 0)
		return 0;
	return 1 + (uint32_t)(device_mix(v, 1) % v->setting->pages_per_hour);
}

uint64_t ice_device_pages(const struct ice_device_view *v)
{
	ice_usec age = v->now > v->setting->start ? v->now - v->setting->start : 0;
	/* devices are not all equally old, nor do they turn a page at the same moment */
	uint64_t phase = device_mix(v, 2);
	uint64_t start = phase % 20000;
	uint64_t parts = (uint64_t)age / 1000 * ice_device_pages_per_hour(v) + (phase >> 32) % 3600000;
	return start + parts / 3600000;
}

/* A number in the row's own type; it wraps as that type does. */
static size_t device_number(const struct ice_recording_row *row, uint64_t add, uint8_t *room)
{
	uint64_t value = (uint64_t)ice_pattern_number(row) + add;
	uint8_t tag = row->value[0];
	if (tag == ICE_BER_INTEGER)
		value &= INT32_MAX;
	else if (tag != ICE_BER_COUNTER64)
		value &= UINT32_MAX;
	uint8_t octets[9] = {0};
	for (int i = 8; i > 0; i--, value >>= 8)
		octets[i] = (uint8_t)value;
	size_t skip = 0;
	while (skip < 8 && octets[skip] == 0 && octets[skip + 1] < 0x80)
		skip++;
	room[0] = tag;
	room[1] = (uint8_t)(9 - skip);
	memcpy(room + 2, octets + skip, 9 - skip);
	return 2 + 9 - skip;
}

/* At most 127 octets, so the length is one octet. */
static size_t device_octets(const void *bytes, size_t n, uint8_t *room)
{
	room[0] = ICE_BER_OCTETS;
	room[1] = (uint8_t)n;
	memcpy(room + 2, bytes, n);
	return 2 + n;
}

bool ice_device_override(const struct ice_recording_row *row, size_t index, uint8_t *room, size_t room_size,
                         size_t *len, void *arg)
{
	const struct ice_device_view *v = arg;
	uint8_t personal = v->pattern->personal[index];
	char text[ICE_DEVICE_TEXT];
	uint8_t mac[6];
	size_t n;
	if (personal == ICE_PATTERN_SHARED || room_size < sizeof(text) + 2)
		return false;
	switch (ice_pattern_kind(personal)) {
	case ICE_PATTERN_NAME:
		n = ice_device_name(v, text);
		*len = device_octets(text, n, room);
		return true;
	case ICE_PATTERN_SERIAL: {
		const uint8_t *like = ice_pattern_content(row, &n);
		n = device_serial(v, like, n, text);
		*len = device_octets(text, n, room);
		return true;
	}
	case ICE_PATTERN_SERIAL_INSIDE:
		n = device_description(v, row, text);
		if (n == 0)
			return false;
		*len = device_octets(text, n, room);
		return true;
	case ICE_PATTERN_MAC:
		if (!ice_device_mac(v, ice_pattern_which(personal), mac))
			return false;
		*len = device_octets(mac, sizeof(mac), room);
		return true;
	case ICE_PATTERN_PAGES:
		*len = device_number(row, ice_device_pages(v), room);
		return true;
	case ICE_PATTERN_UPTIME:
		*len = device_number(
		        row, v->now > v->setting->start ? (uint64_t)(v->now - v->setting->start) / 10000 : 0, room);
		return true;
	case ICE_PATTERN_SHARED:
		break;
	}
	return false;
}

/* 1.3.6.1.2.1.4.20.1, in BER */
static const uint8_t device_address_entry[] = {0x2b, 6, 1, 2, 1, 4, 20, 1};

size_t ice_device_extra(const struct ice_device_view *v, struct ice_device_extra *out)
{
	uint32_t a = v->device->address, index = v->pattern->interface;
	if (index == 0)
		return 0;
	/* the instance: the address, an arc an octet; arcs from 128 on take two bytes */
	uint8_t instance[8];
	size_t n = 0;
	for (int shift = 24; shift >= 0; shift -= 8) {
		uint8_t octet = (uint8_t)(a >> shift);
		if (octet & 0x80)
			instance[n++] = 0x81;
		instance[n++] = octet & 0x7f;
	}
	const uint8_t own[] = {ICE_BER_IPADDRESS, 4,         (uint8_t)(a >> 24), (uint8_t)(a >> 16),
	                       (uint8_t)(a >> 8), (uint8_t)a};
	static const uint8_t mask[] = {ICE_BER_IPADDRESS, 4, 255, 255, 255, 0}, broadcast[] = {ICE_BER_INTEGER, 1, 1};
	uint8_t interface[8];
	struct ice_ber_writer w;
	ice_ber_writer_init(&w, interface, sizeof(interface));
	ice_ber_put_int(&w, ICE_BER_INTEGER, index);
	const struct {
		const uint8_t *bytes;
		size_t n;
	} values[ICE_DEVICE_EXTRA] = {
	        {own, sizeof(own)}, {w.at, ice_ber_written(&w)}, {mask, sizeof(mask)}, {broadcast, sizeof(broadcast)}};
	for (size_t i = 0; i < ICE_DEVICE_EXTRA; i++) {
		uint8_t *room = out->room[i];
		size_t at = sizeof(device_address_entry);
		memcpy(room, device_address_entry, at);
		room[at++] = (uint8_t)(i + 1); /* ipAdEntAddr, ipAdEntIfIndex, ipAdEntNetMask, ipAdEntBcastAddr */
		memcpy(room + at, instance, n);
		at += n;
		memcpy(room + at, values[i].bytes, values[i].n);
		out->rows[i] = (struct ice_recording_row){room, room + at, (uint16_t)at, (uint16_t)values[i].n};
	}
	return ICE_DEVICE_EXTRA;
}
