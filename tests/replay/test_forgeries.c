/* Forged answers against a scanner with a thousand requests in flight: none is believed, and the true ones are afterwards.
 *
 * The forger knows every address, the port, the community and the question, and in some of the ways below even the true id of a
 * request; never all at once. ICE_FORGERIES in the environment says how many there are to be (10,000,000). */
#include "network.h"

#define FORGERIES_TARGETS 1024

enum forgeries_way {
	FORGERIES_GUESS,     /* of the id; all else is right */
	FORGERIES_ADDRESS,   /* the true id, from another target's address */
	FORGERIES_PORT,      /* the true id, from another port */
	FORGERIES_COMMUNITY, /* the true id, with another community */
	FORGERIES_VERSION,   /* the true id, in the version that was not asked */
	FORGERIES_PDU,       /* the true id, as a GET */
	FORGERIES_CUT,       /* the true id, the last byte missing */
	FORGERIES_WAYS
};

/* What each way is believed to be: guesses may hit another request's id, and are then from the wrong address. */
static const enum ice_verdict forgeries_verdicts[FORGERIES_WAYS] = {
        ICE_VERDICT_UNKNOWN_ID, ICE_VERDICT_ADDRESS, ICE_VERDICT_PORT,     ICE_VERDICT_COMMUNITY,
        ICE_VERDICT_VERSION,    ICE_VERDICT_PDU,     ICE_VERDICT_MALFORMED};

/* A false answer to a target's present request. */
struct forgeries_answer {
	uint32_t id;
	size_t len, version_at, community_at, pdu_at, id_at;
	uint8_t bytes[1500];
};

static struct {
	struct ice_recording *false_one;
	struct forgeries_answer of[FORGERIES_TARGETS];
	size_t caught;      /* requests swallowed, with a false answer ready for each */
	unsigned let_first; /* how many requests of each device are answered truly before that */
} forgeries;

/* Offsets of the parts in "30 LL 02 01 VV 04 LL community a2 LL 02 04 id". */
static size_t forgeries_content(const uint8_t *bytes, size_t at)
{
	return at + (bytes[at + 1] < 0x80 ? 2u : bytes[at + 1] == 0x81 ? 3u : 4u);
}

static bool forgeries_request(struct network *n, struct network_device *d, const struct ice_snmp_message *m,
                              const uint8_t *bytes, size_t len)
{
	(void)bytes, (void)len;
	if (d->asked <= forgeries.let_first || forgeries.let_first == UINT32_MAX)
		return true;
	struct forgeries_answer *a = &forgeries.of[d->address - n->first];
	struct ice_recording_agent agent = {.recording = forgeries.false_one, .reply_max = 1472};
	a->len = ice_recording_answer(&agent, m, a->bytes, sizeof(a->bytes));
	assert_true(a->len > 40);
	a->id = (uint32_t)m->request_id;
	size_t version = forgeries_content(a->bytes, 0), community = version + 3;
	a->version_at = version + 2;
	a->community_at = forgeries_content(a->bytes, community);
	a->pdu_at = a->community_at + m->community_len;
	a->id_at = forgeries_content(a->bytes, a->pdu_at) + 2;
	assert_int_equal(a->bytes[a->pdu_at], ICE_SNMP_RESPONSE);
	assert_memory_equal(
	        a->bytes + a->id_at,
	        ((uint8_t[]){(uint8_t)(a->id >> 24), (uint8_t)(a->id >> 16), (uint8_t)(a->id >> 8), (uint8_t)a->id}),
	        4);
	forgeries.caught++;
	return false;
}

static void forgeries_input(struct network *n, uint32_t target, uint16_t port, const uint8_t *bytes, size_t len)
{
	struct ice_address from = ice_address_v4(n->first + target);
	ice_scanner_input(n->scanner, n->now, &from, port, bytes, len);
}

/* One forgery; the answer is left as it was. */
static void forgeries_send(struct network *n, struct ice_random *r, enum forgeries_way way)
{
	uint32_t target = (uint32_t)ice_random_below(r, FORGERIES_TARGETS), guess = 0;
	struct forgeries_answer *a = &forgeries.of[target];
	switch (way) {
	case FORGERIES_GUESS:
		do
			guess = ICE_SNMP_ID_BASE | (uint32_t)ice_random_below(r, ICE_SNMP_ID_BASE);
		while (guess == a->id);
		ice_snmp_patch_id(a->bytes, a->id_at, guess);
		forgeries_input(n, target, n->options.port, a->bytes, a->len);
		ice_snmp_patch_id(a->bytes, a->id_at, a->id);
		break;
	case FORGERIES_ADDRESS:
		target = (target + 1 + (uint32_t)ice_random_below(r, FORGERIES_TARGETS - 1)) % FORGERIES_TARGETS;
		forgeries_input(n, target, n->options.port, a->bytes, a->len);
		break;
	case FORGERIES_PORT:
		forgeries_input(n, target, (uint16_t)(n->options.port + 1 + ice_random_below(r, 60000)), a->bytes,
		                a->len);
		break;
	case FORGERIES_COMMUNITY:
		a->bytes[a->community_at] ^= 0x20;
		forgeries_input(n, target, n->options.port, a->bytes, a->len);
		a->bytes[a->community_at] ^= 0x20;
		break;
	case FORGERIES_VERSION:
		a->bytes[a->version_at] ^= 1;
		forgeries_input(n, target, n->options.port, a->bytes, a->len);
		a->bytes[a->version_at] ^= 1;
		break;
	case FORGERIES_PDU:
		a->bytes[a->pdu_at] = ICE_SNMP_GET;
		forgeries_input(n, target, n->options.port, a->bytes, a->len);
		a->bytes[a->pdu_at] = ICE_SNMP_RESPONSE;
		break;
	case FORGERIES_CUT:
		forgeries_input(n, target, n->options.port, a->bytes, a->len - 1);
		break;
	case FORGERIES_WAYS:
		break;
	}
}

/* `count` forgeries while a request of every target is in flight. */
static void forgeries_attack(struct network *n, uint64_t seed, uint64_t count, const char *when)
{
	struct ice_random r;
	ice_random_seed(&r, seed);
	struct ice_scanner_counters before = network_counters(n);
	assert_int_equal(before.in_flight, FORGERIES_TARGETS);
	uint64_t strays = 0, sent[FORGERIES_WAYS] = {0};
	ice_usec begin = ice_clock_now();
	for (uint64_t i = 0; i < count; i++) {
		/* half of them guess */
		enum forgeries_way way =
		        i % 2 ? FORGERIES_GUESS : (enum forgeries_way)(1 + i / 2 % (FORGERIES_WAYS - 1));
		forgeries_send(n, &r, way);
		sent[way]++;
	}
	ice_usec took = ice_clock_now() - begin;
	struct ice_scanner_counters after = network_counters(n);
	assert_int_equal(after.replies, before.replies);
	assert_int_equal(after.devices, before.devices);
	assert_int_equal(after.in_flight, FORGERIES_TARGETS);
	for (int v = 0; v < ICE_VERDICT_COUNT; v++)
		strays += after.strays[v] - before.strays[v];
	assert_int_equal(strays, count);
	for (int way = FORGERIES_PORT; way < FORGERIES_WAYS; way++) {
		enum ice_verdict v = forgeries_verdicts[way];
		assert_int_equal(after.strays[v] - before.strays[v], sent[way]);
	}
	print_message("%llu forged answers to %s: none believed, %.2f million a second\n", (unsigned long long)count,
	              when, (double)count / (double)(took > 0 ? took : 1));
}

static void test_forgeries(void **state)
{
	(void)state;
	const char *text = getenv("ICE_FORGERIES");
	uint64_t count = text ? strtoull(text, NULL, 10) : 10000000;
	char why[256], lie[sizeof(network_printer_text)];
	memcpy(lie, network_printer_text, sizeof(lie));
	memcpy(strstr(lie, "EX0001234"), "FORGED123", 9);
	memcpy(strstr(lie, "4711"), "6666", 4);
	forgeries.false_one = ice_recording_parse("lie", lie, strlen(lie), why, sizeof(why));
	assert_non_null(forgeries.false_one);

	struct network *n = network_new(1);
	n->count = FORGERIES_TARGETS;
	n->options.conversations = FORGERIES_TARGETS;
	n->options.timeout = ICE_USEC_SEC(60);
	n->request = forgeries_request;
	for (uint32_t i = 0; i < FORGERIES_TARGETS; i++)
		network_device(n, i, NETWORK_PRINTER);

	/* Each question is swallowed once, attacked, asked again after its deadline and then answered truly. */
	static const char *const stages[] = {"first contacts", "second questions", "conversations"};
	for (unsigned stage = 0; stage < 3; stage++) {
		forgeries.let_first = 2 * stage;
		forgeries.caught = 0;
		for (unsigned i = 0; i < 20000 && forgeries.caught < FORGERIES_TARGETS; i++)
			assert_false(network_run(n, n->now + MS(5)));
		assert_int_equal(forgeries.caught, FORGERIES_TARGETS);
		assert_int_equal(network_counters(n).conversations, stage > 0 ? FORGERIES_TARGETS : 0);
		forgeries_attack(n, stage, stage < 2 ? count / 3 : count - 2 * (count / 3), stages[stage]);
	}

	/* network_op_emit holds the records against the true ones */
	forgeries.let_first = UINT32_MAX;
	assert_true(network_run(n, n->now + ICE_USEC_SEC(600)));
	network_check(n);
	for (size_t i = 0; i < n->device_count; i++)
		assert_true(n->devices[i].found == 1 && n->devices[i].complete);
	network_free(n);
	ice_recording_free(forgeries.false_one);
}

int main(void)
{
	ice_snmp_init();
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_forgeries)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
