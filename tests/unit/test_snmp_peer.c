/* The strict reader beside net-snmp's own parser, over some forty thousand damaged messages with a fixed seed. What the
 * reader accepts, net-snmp accepts too and understands the same. What only net-snmp accepts breaks a rule that a plain
 * checker in this file names; there is no difference without a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <net-snmp/net-snmp-config.h>
#include <unistd.h>

#include <net-snmp/net-snmp-includes.h>

#include "ice/ber.h"
#include "ice/random.h"
#include "ice/snmp.h"

#define PEER_MUTATIONS 40000

/* ---- the plain checker ---- */

enum fault {
	FAULT_NONE,
	FAULT_NO_ELEMENT,  /* an element is missing or runs over its parent */
	FAULT_OTHER_TAG,   /* it is another element than it must be */
	FAULT_LEFT_OVER,   /* octets after the last element of a part, or after the message */
	FAULT_ARC,         /* an arc padded with 0x80, or over 32 bits, or unfinished, or too many */
	FAULT_EMPTY_NAME,  /* a name without arcs */
	FAULT_EMPTY_VALUE, /* an integer or BIT STRING without content */
	FAULT_NOT_EMPTY,   /* a NULL or an exception with content */
	FAULT_TOO_WIDE,    /* an integer that its type cannot hold */
	FAULT_ADDRESS,     /* an IpAddress that has not four octets */
	FAULT_TYPE,        /* not a type of SNMP */
	FAULT_COUNT
};

static const char *const fault_names[FAULT_COUNT] = {
        "none",
        "no such element",
        "other tag",
        "octets left over",
        "bad arc",
        "name without arcs",
        "empty integer",
        "NULL with content",
        "integer too wide",
        "bad IpAddress",
        "foreign type",
};

struct span {
	const uint8_t *at, *end;
};

/* Takes the next element off s. */
static enum fault take(struct span *s, uint8_t *tag, struct span *content)
{
	size_t left = (size_t)(s->end - s->at), header = 2, len;
	if (left < 2 || (s->at[0] & 0x1f) == 0x1f)
		return FAULT_NO_ELEMENT;
	len = s->at[1];
	if (len > 0x7f) {
		size_t octets = len - 0x80;
		if (octets == 0 || octets > 4 || left < 2 + octets)
			return FAULT_NO_ELEMENT;
		len = 0;
		for (size_t i = 0; i < octets; i++)
			len = len * 256 + s->at[2 + i];
		header += octets;
	}
	if (len > left - header)
		return FAULT_NO_ELEMENT;
	*tag = s->at[0];
	content->at = s->at + header;
	content->end = s->at = content->at + len;
	return FAULT_NONE;
}

/* An integer of so many octets, two's complement or not. */
static enum fault check_integer(struct span s, size_t width, bool is_signed)
{
	size_t n = (size_t)(s.end - s.at);
	if (n == 0)
		return FAULT_EMPTY_VALUE;
	if (n <= width)
		return FAULT_NONE;
	bool zeros = true, ones = true;
	for (size_t i = 0; i < n - width; i++) {
		zeros = zeros && s.at[i] == 0;
		ones = ones && s.at[i] == 0xff;
	}
	bool top = s.at[n - width] & 0x80;
	if (!is_signed)
		return zeros ? FAULT_NONE : FAULT_TOO_WIDE;
	/* one octet too many that is zero is an unsigned number: carried, not read */
	return (zeros && (!top || n == width + 1)) || (ones && top) ? FAULT_NONE : FAULT_TOO_WIDE;
}

static enum fault check_oid(struct span s)
{
	size_t arcs = 1;
	while (s.at < s.end) {
		uint64_t arc = 0;
		if (*s.at == 0x80)
			return FAULT_ARC;
		do {
			if (s.at == s.end)
				return FAULT_ARC;
			arc = arc * 128 + (*s.at & 0x7f);
			if (arc > UINT32_MAX)
				return FAULT_ARC;
		} while (*s.at++ & 0x80);
		arcs++;
	}
	return arcs <= ICE_OID_ARCS ? FAULT_NONE : FAULT_ARC;
}

static enum fault check_value(uint8_t tag, struct span s)
{
	size_t n = (size_t)(s.end - s.at);
	switch (tag) {
	case 0x02:
		return check_integer(s, 4, true);
	case 0x41:
	case 0x42:
	case 0x43:
	case 0x47:
		return check_integer(s, 4, false);
	case 0x46:
		return check_integer(s, 8, false);
	case 0x40:
		return n == 4 ? FAULT_NONE : FAULT_ADDRESS;
	case 0x06:
		return check_oid(s);
	case 0x03:
		return n > 0 ? FAULT_NONE : FAULT_EMPTY_VALUE;
	case 0x05:
	case 0x80:
	case 0x81:
	case 0x82:
		return n == 0 ? FAULT_NONE : FAULT_NOT_EMPTY;
	case 0x04:
	case 0x44:
	case 0x45:
		return FAULT_NONE;
	default:
		return FAULT_TYPE;
	}
}

static enum fault check_varbind(struct span vb)
{
	uint8_t tag;
	struct span name, value;
	enum fault f = take(&vb, &tag, &name);
	if (f != FAULT_NONE || tag != 0x06)
		return f != FAULT_NONE ? f : FAULT_OTHER_TAG;
	if (name.at == name.end)
		return FAULT_EMPTY_NAME;
	f = check_oid(name);
	if (f != FAULT_NONE)
		return f;
	f = take(&vb, &tag, &value);
	if (f != FAULT_NONE)
		return f;
	f = check_value(tag, value);
	return f == FAULT_NONE && vb.at != vb.end ? FAULT_LEFT_OVER : f;
}

/* The first fault of a message. */
static enum fault check_message(const uint8_t *bytes, size_t n)
{
	static const struct {
		int depth; /* 0: the datagram, 1: the message, 2: the PDU */
		int tag;   /* -1: any */
		int width; /* of an integer */
		bool inside;
	} parts[] = {{0, 0x30, 0, true},  {1, 0x02, 4, false}, {1, 0x04, 0, false}, {1, -1, 0, true},
	             {2, 0x02, 4, false}, {2, 0x02, 4, false}, {2, 0x02, 4, false}, {2, 0x30, 0, true}};
	struct span levels[4] = {{bytes, bytes + n}};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		uint8_t tag;
		struct span content, *level = &levels[parts[i].depth];
		enum fault f = take(level, &tag, &content);
		if (f == FAULT_NONE && parts[i].tag >= 0 && tag != parts[i].tag)
			f = FAULT_OTHER_TAG;
		if (f == FAULT_NONE && parts[i].width > 0) {
			f = check_integer(content, 4, true);
			if (f == FAULT_NONE && content.end - content.at == 5 && content.at[0] == 0 &&
			    (content.at[1] & 0x80))
				f = FAULT_TOO_WIDE; /* of the frame's own numbers none is merely carried */
		}
		if (f == FAULT_NONE && parts[i].inside && level->at != level->end)
			f = FAULT_LEFT_OVER;
		if (f != FAULT_NONE)
			return f;
		if (parts[i].inside)
			levels[parts[i].depth + 1] = content;
	}
	for (struct span *list = &levels[3]; list->at != list->end;) {
		uint8_t tag;
		struct span vb;
		enum fault f = take(list, &tag, &vb);
		if (f == FAULT_NONE && tag != 0x30)
			f = FAULT_OTHER_TAG;
		if (f == FAULT_NONE)
			f = check_varbind(vb);
		if (f != FAULT_NONE)
			return f;
	}
	return FAULT_NONE;
}

/* ---- the messages to be damaged ---- */

struct sample {
	size_t n;
	uint8_t bytes[600];
};

static void put_value(struct ice_ber_writer *w, uint8_t tag, struct ice_random *random)
{
	static const uint8_t oid[] = {0x2b, 6, 1, 4, 1, 0x93, 3, 0x8f, 0xff, 0xff, 0xff, 0x7f};
	uint64_t shift = ice_random_below(random, 32), number = ice_random_next(random) >> (shift * 2);
	switch (tag) {
	case 0x02:
		ice_ber_put_int(w, tag, (int32_t)number);
		return;
	case 0x41:
	case 0x42:
	case 0x43:
	case 0x47:
		ice_ber_put_unsigned(w, tag, (uint32_t)number);
		return;
	case 0x46:
		ice_ber_put_unsigned(w, tag, number);
		return;
	case 0x40:
		ice_ber_put_raw(w, "\x0a\x00\x00\x01", 4);
		ice_ber_put_header(w, tag, 4);
		return;
	case 0x06:
		ice_ber_put_raw(w, oid, sizeof(oid));
		ice_ber_put_header(w, tag, sizeof(oid));
		return;
	case 0x03:
	case 0x04:
	case 0x44:
	case 0x45:
		ice_ber_put_raw(w, "\x00 toner", 7);
		ice_ber_put_header(w, tag, 7);
		return;
	default:
		ice_ber_put_header(w, tag, 0);
	}
}

static struct sample sample_of(uint8_t version, uint8_t pdu, unsigned varbinds, struct ice_random *random)
{
	static const uint8_t tags[] = {0x02, 0x04, 0x05, 0x06, 0x40, 0x41, 0x42, 0x43,
	                               0x44, 0x46, 0x47, 0x80, 0x81, 0x82, 0x03, 0x45};
	struct sample s;
	struct ice_ber_writer w;
	ice_ber_writer_init(&w, s.bytes, sizeof(s.bytes));
	for (unsigned i = 0; i < varbinds; i++) {
		static const uint8_t name[] = {0x2b, 6, 1, 2, 1, 43, 11, 1, 1, 0x81, 1, 1};
		size_t end = ice_ber_written(&w);
		put_value(&w, tags[ice_random_below(random, sizeof(tags))], random);
		ice_ber_put_raw(&w, name, sizeof(name));
		ice_ber_put_header(&w, ICE_BER_OID, sizeof(name));
		ice_ber_put_header(&w, ICE_BER_SEQUENCE, ice_ber_written(&w) - end);
	}
	ice_ber_put_header(&w, ICE_BER_SEQUENCE, ice_ber_written(&w));
	ice_ber_put_int(&w, ICE_BER_INTEGER, 3);
	ice_ber_put_int(&w, ICE_BER_INTEGER, 0);
	ice_ber_put_int(&w, ICE_BER_INTEGER, 0x40001234);
	ice_ber_put_header(&w, pdu, ice_ber_written(&w));
	ice_ber_put_raw(&w, "public", 6);
	ice_ber_put_header(&w, ICE_BER_OCTETS, 6);
	ice_ber_put_int(&w, ICE_BER_INTEGER, version);
	ice_ber_put_header(&w, ICE_BER_SEQUENCE, ice_ber_written(&w));
	assert_false(w.full);
	s.n = ice_ber_written(&w);
	memmove(s.bytes, w.at, s.n);
	return s;
}

/* One or two octets changed, some cut or lengthened: mostly to what means something in BER. */
static void damage(struct sample *s, struct ice_random *random)
{
	static const uint8_t telling[] = {0,    1,    2,    3,    4,    5,    6,    0x30, 0x40, 0x41, 0x42, 0x43, 0x46,
	                                  0x47, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x8f, 0xff, 0xa0, 0xa1, 0xa2, 0xa5};
	for (uint64_t more = ice_random_below(random, 3); more > 0; more--) {
		uint64_t r = ice_random_next(random);
		s->bytes[ice_random_below(random, s->n)] =
		        r & 1 ? telling[(r >> 8) % sizeof(telling)] : (uint8_t)(r >> 8);
	}
	switch (ice_random_below(random, 40)) {
	case 0:
		s->n = ice_random_below(random, s->n);
		break;
	case 1:
		s->bytes[s->n++] = 0;
		break;
	default:
		break;
	}
}

/* ---- the comparison ---- */

/* True when net-snmp's value is ours. A number that could be two is not compared: it is not read. */
static bool same_value(const struct ice_snmp_varbind *vb, const netsnmp_variable_list *v)
{
	int64_t number;
	uint32_t arcs[ICE_OID_ARCS];
	size_t n;
	if (v->type != vb->tag)
		return false;
	switch (vb->tag) {
	case ICE_BER_INTEGER:
		return !ice_snmp_number(vb, &number) || *v->val.integer == number;
	case ICE_BER_COUNTER32:
	case ICE_BER_GAUGE32:
	case ICE_BER_TIMETICKS:
	case ICE_BER_UINTEGER32:
		return !ice_snmp_number(vb, &number) || (uint32_t)*v->val.integer == (uint32_t)number;
	case ICE_BER_COUNTER64:
		return !ice_snmp_number(vb, &number) || ((uint64_t)(uint32_t)v->val.counter64->high << 32 |
		                                         (uint32_t)v->val.counter64->low) == (uint64_t)number;
	case ICE_BER_OID:
		if (vb->value_len == 0) /* net-snmp makes it one arc, 0 */
			return v->val_len == sizeof(oid) && v->val.objid[0] == 0;
		n = ice_oid_arcs(vb->value, vb->value_len, arcs, ICE_OID_ARCS);
		if (n == 0 || v->val_len != n * sizeof(oid))
			return false;
		for (size_t i = 0; i < n; i++)
			if (v->val.objid[i] != arcs[i])
				return false;
		return true;
	default:
		return v->val_len == vb->value_len &&
		       (vb->value_len == 0 || memcmp(v->val.string, vb->value, vb->value_len) == 0);
	}
}

static bool same_message(const struct ice_snmp_message *m, const netsnmp_pdu *pdu)
{
	const netsnmp_variable_list *v = pdu->variables;
	if (pdu->version != (long)m->version || pdu->command != (int)m->pdu || (int32_t)pdu->reqid != m->request_id ||
	    (int32_t)pdu->errstat != m->error_status || (int32_t)pdu->errindex != m->error_index ||
	    pdu->community_len != m->community_len ||
	    (m->community_len > 0 && memcmp(pdu->community, m->community, m->community_len) != 0))
		return false;
	for (size_t i = 0; i < m->count; i++, v = v->next_variable) {
		uint32_t arcs[ICE_OID_ARCS];
		size_t n = ice_oid_arcs(m->varbinds[i].oid, m->varbinds[i].oid_len, arcs, ICE_OID_ARCS);
		if (!v || v->name_length != n || !same_value(&m->varbinds[i], v))
			return false;
		for (size_t k = 0; k < n; k++)
			if (v->name[k] != arcs[k])
				return false;
	}
	return v == NULL;
}

static void print_hex(const struct sample *s)
{
	for (size_t i = 0; i < s->n; i++)
		print_message("%02x ", s->bytes[i]);
	print_message("\n");
}

/* What the two made of all messages. */
struct tally {
	size_t both, neither, ours_only, net_only[FAULT_COUNT];
};

static void compare(const struct sample *s, struct tally *t)
{
	static struct ice_snmp_message m;
	struct sample copy = *s; /* net-snmp may write into it */
	netsnmp_session session;
	enum ice_verdict v = ice_snmp_read(s->bytes, s->n, &m);
	if (v == ICE_VERDICT_VERSION || v == ICE_VERDICT_PDU)
		return; /* net-snmp also speaks v3, SET and traps */
	enum fault fault = check_message(s->bytes, s->n);
	bool ours = v == ICE_VERDICT_OK;
	memset(&session, 0, sizeof(session));
	session.version = SNMP_DEFAULT_VERSION;
	netsnmp_pdu *pdu = snmp_pdu_create(0);
	assert_non_null(pdu);
	bool net = snmp_parse(NULL, &session, pdu, copy.bytes, copy.n) == 0;
	bool same = !ours || !net || same_message(&m, pdu);
	snmp_free_pdu(pdu);
	t->both += ours && net;
	t->neither += !ours && !net;
	t->ours_only += ours && !net;
	if (net && !ours)
		t->net_only[fault]++;
	if (ours == (fault == FAULT_NONE) && same && !(ours && !net))
		return;
	print_hex(s);
	fail_msg("ours: %s; the checker: %s; net-snmp %s%s", ice_verdict_name(v), fault_names[fault],
	         net ? "accepts" : "refuses", same ? "" : " and understands something else");
}

static void the_reader_beside_net_snmp(void **state)
{
	(void)state;
	static const struct {
		uint8_t version, pdu;
		unsigned varbinds;
	} kinds[] = {{1, 0xa2, 7}, {0, 0xa2, 7}, {1, 0xa5, 3}, {1, 0xa0, 2}, {0, 0xa1, 1}, {1, 0xa2, 0}, {1, 0xa2, 14}};
	struct ice_random random;
	struct tally t = {0};
	ice_snmp_init();
	ice_random_seed(&random, 5);
	for (size_t i = 0; i < PEER_MUTATIONS; i++) {
		size_t k = i % (sizeof(kinds) / sizeof(kinds[0]));
		struct sample s = sample_of(kinds[k].version, kinds[k].pdu, kinds[k].varbinds, &random);
		damage(&s, &random);
		compare(&s, &t);
	}
	print_message("both accept %zu, both refuse %zu, only net-snmp accepts:\n", t.both, t.neither);
	for (int f = 0; f < FAULT_COUNT; f++)
		if (t.net_only[f] > 0)
			print_message("  %-20s %zu\n", fault_names[f], t.net_only[f]);
	assert_true(t.both > 10000 && t.neither > 10000);
	assert_int_equal(t.ours_only, 0);
	assert_int_equal(t.net_only[FAULT_NO_ELEMENT], 0); /* neither reads beyond an end */
}

/* A codec only: no MIB was loaded, and not a word goes to standard error, where a community could go too. */
static void net_snmp_is_silent(void **state)
{
	(void)state;
	int pipe_fds[2], saved = dup(STDERR_FILENO);
	char said[256];
	assert_true(saved >= 0);
	assert_int_equal(pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC), 0);
	ice_snmp_init();
	ice_snmp_init();
	assert_true(dup2(pipe_fds[1], STDERR_FILENO) >= 0);
	snmp_log(LOG_ERR, "something went wrong\n");
	uint8_t broken[] = {0x30, 0x05, 0x02, 0x01, 0x01, 0x04, 0x06};
	netsnmp_session session = {.version = SNMP_DEFAULT_VERSION};
	netsnmp_pdu *pdu = snmp_pdu_create(0);
	int rc = snmp_parse(NULL, &session, pdu, broken, sizeof(broken));
	snmp_free_pdu(pdu);
	(void)fflush(stderr);
	(void)dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_not_equal(rc, 0);
	assert_int_equal(read(pipe_fds[0], said, sizeof(said)), -1);
	assert_null(get_tree_head());
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_reader_beside_net_snmp),
	        cmocka_unit_test(net_snmp_is_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
