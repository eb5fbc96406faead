#include "pattern.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/ber.h"

/* Serial numbers outside the Printer MIB, where it has none. */
static const char *const pattern_serials[] = {
        "1.3.6.1.4.1.2435.2.3.9.4.2.1.5.5.1.0",  /* Brother */
        "1.3.6.1.4.1.11.2.3.9.4.2.1.1.3.3.0",    /* HP */
        "1.3.6.1.4.1.1347.43.5.1.1.28.1",        /* Kyocera */
        "1.3.6.1.4.1.641.6.2.3.1.5.1",           /* Lexmark */
        "1.3.6.1.4.1.641.2.1.2.1.6.1",           /* Lexmark, older */
        "1.3.6.1.4.1.1602.1.2.1.8.1.3.1.1",      /* Canon */
        "1.3.6.1.4.1.1248.1.2.2.1.1.1.5.1",      /* Epson */
        "1.3.6.1.4.1.367.3.2.1.2.1.4.0",         /* Ricoh */
        "1.3.6.1.4.1.236.11.5.1.1.1.4.0",        /* Samsung */
        "1.3.6.1.4.1.253.8.53.3.2.1.3.1",        /* Xerox */
        "1.3.6.1.4.1.2001.1.1.1.1.11.1.10.45.0", /* OKI */
        "1.3.6.1.4.1.40093.1.1.1.5",             /* Pantum */
        "1.3.6.1.4.1.10642.200.19.5.0",          /* Zebra */
};

const uint8_t *ice_pattern_content(const struct ice_recording_row *row, size_t *n)
{
	size_t header = 2;
	if (row->value[1] & 0x80)
		header += row->value[1] & 0x7f;
	*n = row->value_len - header;
	return row->value + header;
}

int64_t ice_pattern_number(const struct ice_recording_row *row)
{
	size_t n;
	const uint8_t *content = ice_pattern_content(row, &n);
	switch (row->value[0]) {
	case ICE_BER_INTEGER:
	case ICE_BER_COUNTER32:
	case ICE_BER_GAUGE32:
	case ICE_BER_TIMETICKS:
	case ICE_BER_COUNTER64:
		break;
	default:
		return -1;
	}
	if (n == 0 || n > 8 || content[0] & 0x80)
		return -1;
	uint64_t value = 0;
	for (size_t i = 0; i < n; i++)
		value = value << 8 | content[i];
	return (int64_t)value;
}

static size_t pattern_find(const struct ice_pattern *m, const char *oid)
{
	struct ice_oid o;
	return ice_oid_parse(oid, &o) ? ice_recording_find(m->recording, o.bytes, o.len) : SIZE_MAX;
}

/* The rows [*first, *last) under an OID. */
static void pattern_under(const struct ice_pattern *m, const char *oid, size_t *first, size_t *last)
{
	struct ice_oid o;
	*first = *last = 0;
	if (!ice_oid_parse(oid, &o))
		return;
	size_t count = ice_recording_count(m->recording), i = ice_recording_after(m->recording, o.bytes, o.len);
	*first = i;
	for (; i < count; i++) {
		const struct ice_recording_row *row = ice_recording_row(m->recording, i);
		if (!ice_oid_under(o.bytes, o.len, row->oid, row->oid_len))
			break;
	}
	*last = i;
}

/* The number at the row of `column` with the instance of another row whose column is `sibling` octets long; -1 = none. */
static int64_t pattern_sibling(const struct ice_pattern *m, const char *column, const struct ice_recording_row *row,
                               size_t instance_at)
{
	struct ice_oid o;
	size_t n = row->oid_len - instance_at;
	if (!ice_oid_parse(column, &o) || o.len + n > sizeof(o.bytes))
		return -1;
	memcpy(o.bytes + o.len, row->oid + instance_at, n);
	size_t i = ice_recording_find(m->recording, o.bytes, o.len + n);
	return i == SIZE_MAX ? -1 : ice_pattern_number(ice_recording_row(m->recording, i));
}

/* Text that tells devices apart: something in it can be counted on. */
static bool pattern_is_text(const struct ice_recording_row *row, size_t least)
{
	size_t n, useful = 0;
	const uint8_t *content = ice_pattern_content(row, &n);
	for (size_t i = 0; i < n; i++)
		useful += isalnum(content[i]) != 0;
	return row->value[0] == ICE_BER_OCTETS && useful >= least && n <= 64;
}

static bool pattern_same_value(const struct ice_recording_row *a, const struct ice_recording_row *b)
{
	return a->value_len == b->value_len && memcmp(a->value, b->value, a->value_len) == 0;
}

/* Marks the rows of the vendors' trees that hold the very same value as `row`. */
static void pattern_mark_same(struct ice_pattern *m, size_t row, enum ice_pattern_personal kind)
{
	const struct ice_recording_row *like = ice_recording_row(m->recording, row);
	size_t first, last;
	pattern_under(m, "1.3.6.1.4.1", &first, &last);
	for (size_t i = first; i < last; i++)
		if (pattern_same_value(ice_recording_row(m->recording, i), like))
			m->personal[i] = (uint8_t)kind;
	m->personal[row] = (uint8_t)kind;
}

static void pattern_find_name(struct ice_pattern *m)
{
	size_t row = pattern_find(m, "1.3.6.1.2.1.1.5.0");
	if (row == SIZE_MAX || !pattern_is_text(ice_recording_row(m->recording, row), 1))
		return;
	m->name_row = row;
	/* A short name, or one that a recorder blotted out, says nothing where it stands again. */
	const struct ice_recording_row *r = ice_recording_row(m->recording, row);
	if (m->printer && pattern_is_text(r, 4) && !memchr(r->value, '<', r->value_len))
		pattern_mark_same(m, row, ICE_PATTERN_NAME);
	m->personal[row] = ICE_PATTERN_NAME;
}

static void pattern_find_serial(struct ice_pattern *m)
{
	size_t first, last;
	pattern_under(m, "1.3.6.1.2.1.43.5.1.1.17", &first, &last);
	for (size_t i = first; i < last; i++) {
		const struct ice_recording_row *row = ice_recording_row(m->recording, i);
		if (!pattern_is_text(row, 1))
			continue;
		if (m->serial_row == SIZE_MAX)
			m->serial_row = i;
		if (pattern_is_text(row, 4) && !memchr(row->value, '<', row->value_len))
			pattern_mark_same(m, i, ICE_PATTERN_SERIAL);
		m->personal[i] = ICE_PATTERN_SERIAL;
	}
	for (size_t i = 0; i < sizeof(pattern_serials) / sizeof(pattern_serials[0]); i++) {
		size_t row = pattern_find(m, pattern_serials[i]);
		if (row == SIZE_MAX || !pattern_is_text(ice_recording_row(m->recording, row), 4))
			continue;
		m->personal[row] = ICE_PATTERN_SERIAL;
		if (m->serial_row == SIZE_MAX)
			m->serial_row = row;
	}
}

/* Descriptions that have the serial number in them, as some makes write it between model and firmware. */
static void pattern_find_descriptions(struct ice_pattern *m)
{
	size_t n, len;
	if (m->serial_row == SIZE_MAX || !pattern_is_text(ice_recording_row(m->recording, m->serial_row), 6))
		return;
	const uint8_t *serial = ice_pattern_content(ice_recording_row(m->recording, m->serial_row), &n);
	for (size_t i = 0; i < ice_recording_count(m->recording); i++) {
		const struct ice_recording_row *row = ice_recording_row(m->recording, i);
		const uint8_t *text = ice_pattern_content(row, &len);
		if (m->personal[i] == ICE_PATTERN_SHARED && row->value[0] == ICE_BER_OCTETS && len > n &&
		    len < ICE_PATTERN_DESCRIPTION && memmem(text, len, serial, n))
			m->personal[i] = ICE_PATTERN_SERIAL_INSIDE;
	}
}

/* The page counters: every prtMarkerLifeCount, and whatever vendor's counter shows the same number (from 100 on: small
 * numbers meet by chance). */
static void pattern_find_pages(struct ice_pattern *m)
{
	size_t first, last, vendor, vendor_end;
	pattern_under(m, "1.3.6.1.2.1.43.10.2.1.4", &first, &last);
	pattern_under(m, "1.3.6.1.4.1", &vendor, &vendor_end);
	for (size_t i = first; i < last; i++) {
		int64_t count = ice_pattern_number(ice_recording_row(m->recording, i));
		if (count < 0)
			continue;
		if (m->pages_row == SIZE_MAX)
			m->pages_row = i;
		m->personal[i] = ICE_PATTERN_PAGES;
		for (size_t j = vendor; count >= 100 && j < vendor_end; j++)
			if (m->personal[j] == ICE_PATTERN_SHARED &&
			    ice_pattern_number(ice_recording_row(m->recording, j)) == count)
				m->personal[j] = ICE_PATTERN_PAGES;
	}
}

static bool pattern_is_mac(const uint8_t *content, size_t n)
{
	static const uint8_t zero[6];
	return n == 6 && memcmp(content, zero, 6) != 0 && !(content[0] & 1);
}

/* The number of the address among the pattern's own, or of a new one; ICE_PATTERN_MACS when there are enough. */
static unsigned pattern_mac(struct ice_pattern *m, const uint8_t mac[6], bool add)
{
	unsigned i = 0;
	while (i < m->mac_count && memcmp(m->macs[i], mac, 6) != 0)
		i++;
	if (i == m->mac_count && add && i < ICE_PATTERN_MACS)
		memcpy(m->macs[m->mac_count++], mac, 6);
	return i < m->mac_count ? i : ICE_PATTERN_MACS;
}

/* How well an interface fits as the one the device is reached by: up before down, then the one that has an address. */
static int pattern_interface_rank(const struct ice_pattern *m, const struct ice_recording_row *row, size_t instance_at,
                                  uint32_t index)
{
	size_t first, last;
	int rank = pattern_sibling(m, "1.3.6.1.2.1.2.2.1.8", row, instance_at) == 1 ? 4 : 0;
	int64_t type = pattern_sibling(m, "1.3.6.1.2.1.2.2.1.3", row, instance_at);
	/* ethernetCsmacd, iso88023Csmacd, fastEther, ieee80211, gigabitEthernet; what does not tell its type may be one */
	rank += type == 6 || type == 7 || type == 62 || type == 71 || type == 117 || type == -1 ? 2 : 0;
	pattern_under(m, "1.3.6.1.2.1.4.20.1.2", &first, &last);
	for (size_t i = first; i < last; i++)
		if (ice_pattern_number(ice_recording_row(m->recording, i)) == index)
			return rank + 1;
	return rank;
}

/* The instance as one arc (an ifIndex), 0 when it is something else. */
static uint32_t pattern_index(const struct ice_recording_row *row, size_t instance_at)
{
	uint32_t index = 0;
	if (row->oid_len - instance_at > 4)
		return 0;
	for (size_t at = instance_at; at < row->oid_len; at++) {
		if (!(row->oid[at] & 0x80) && at + 1 < row->oid_len)
			return 0;
		index = index << 7 | (row->oid[at] & 0x7f);
	}
	return index;
}

static void pattern_find_macs(struct ice_pattern *m)
{
	size_t first, last, n;
	struct ice_oid column;
	int best = -1;
	if (!ice_oid_parse("1.3.6.1.2.1.2.2.1.6", &column))
		return;
	pattern_under(m, "1.3.6.1.2.1.2.2.1.6", &first, &last);
	for (size_t i = first; i < last; i++) {
		const struct ice_recording_row *row = ice_recording_row(m->recording, i);
		const uint8_t *mac = ice_pattern_content(row, &n);
		uint32_t index = pattern_index(row, column.len);
		if (row->value[0] != ICE_BER_OCTETS || !pattern_is_mac(mac, n) || index == 0 ||
		    pattern_sibling(m, "1.3.6.1.2.1.2.2.1.3", row, column.len) == 24) /* softwareLoopback */
			continue;
		unsigned which = pattern_mac(m, mac, true);
		if (which == ICE_PATTERN_MACS)
			continue;
		int rank = pattern_interface_rank(m, row, column.len, index);
		if (rank > best) {
			best = rank;
			m->mac = which;
			m->interface = index;
		}
	}
	/* Wherever else one of them stands as six octets, it is the same address. */
	for (size_t i = 0; m->mac_count > 0 && i < ice_recording_count(m->recording); i++) {
		const struct ice_recording_row *row = ice_recording_row(m->recording, i);
		const uint8_t *mac = ice_pattern_content(row, &n);
		if (row->value[0] != ICE_BER_OCTETS || n != 6)
			continue;
		unsigned which = pattern_mac(m, mac, false);
		if (which < ICE_PATTERN_MACS)
			m->personal[i] = (uint8_t)(ICE_PATTERN_MAC | which << 4);
	}
}

struct ice_pattern *ice_pattern_of(struct ice_recording *recording, const char *name, bool printer, bool as_recorded)
{
	struct ice_pattern *m = calloc(1, sizeof(*m));
	uint8_t *personal = calloc(ice_recording_count(recording), 1);
	if (!m || !personal)
		abort();
	snprintf(m->name, sizeof(m->name), "%s", name);
	for (size_t i = 0; i < sizeof(m->make) - 1 && isalnum((unsigned char)name[i]); i++)
		m->make[i] = (char)toupper((unsigned char)name[i]);
	m->recording = recording;
	m->personal = personal;
	m->printer = printer;
	m->name_row = m->serial_row = m->pages_row = SIZE_MAX;
	m->reply_max = ICE_PATTERN_REPLY_MAX;
	/* beside the row: the frame, a community of any length, the varbind's own headers */
	if (m->reply_max < ice_recording_largest(recording) + 320)
		m->reply_max = ice_recording_largest(recording) + 320;
	if (as_recorded)
		return m;
	size_t uptime = pattern_find(m, "1.3.6.1.2.1.1.3.0");
	if (uptime != SIZE_MAX && ice_recording_row(recording, uptime)->value[0] == ICE_BER_TIMETICKS)
		personal[uptime] = ICE_PATTERN_UPTIME;
	pattern_find_name(m);
	if (printer) {
		pattern_find_pages(m);
		pattern_find_macs(m);
		pattern_find_serial(m);
		pattern_find_descriptions(m);
	}
	return m;
}

struct ice_pattern *ice_pattern_load(const char *path, bool printer, bool as_recorded, char *why, size_t why_size)
{
	struct ice_recording *r = ice_recording_load(path, why, why_size);
	if (!r)
		return NULL;
	const char *slash = strrchr(path, '/');
	char name[sizeof(((struct ice_pattern *)0)->name)];
	snprintf(name, sizeof(name), "%s", slash ? slash + 1 : path);
	char *dot = strrchr(name, '.');
	if (dot)
		*dot = 0;
	return ice_pattern_of(r, name, printer, as_recorded);
}

void ice_pattern_free(struct ice_pattern *m)
{
	if (!m)
		return;
	ice_recording_free(m->recording);
	free(m->personal);
	free(m);
}
