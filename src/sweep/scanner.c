#include "ice/scanner.h"

#include <assert.h>
#include <stdlib.h>

#include "scanner_state.h"

#define SCANNER_RETRY ICE_USEC_MSEC(1)  /* after `send` refused; and how often a paced pump is worth a wake-up */
#define SCANNER_FAST  3000              /* a second: such a pace is */
#define SCANNER_POLL  ICE_USEC_MSEC(10) /* after `reserve` refused */

const char *ice_bound_name(enum ice_bound b)
{
	static const char *const names[ICE_BOUND_COUNT] = {"targets", "pace",  "window", "subnet",
	                                                   "socket",  "queue", "cpu",    "neighbours"};
	return names[b];
}

struct ice_scanner *ice_scanner_new(const struct ice_scanner_options *options, const struct ice_scanner_ops *ops,
                                    void *arg, ice_usec now)
{
	assert(options->community_count >= 1 && options->community_count <= SCANNER_COMMUNITIES);
	assert((options->v1 || options->v2c) && options->conversations > 0 && options->wall);
	assert(options->retries < SCANNER_TRIES && (options->retries + 1) * options->community_count <= SCANNER_TRIES);
	struct ice_scanner *s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	s->options = *options;
	s->ops = *ops;
	s->arg = arg;
	s->tries = (options->retries + 1) * (unsigned)options->community_count;
	for (size_t c = 0; c < options->community_count; c++)
		for (int v = 0; v < 2; v++)
			if (v == ICE_SNMP_V1 ? options->v1 : options->v2c) {
				bool built = ice_probe_identify_request(&s->first[c][v], (enum ice_snmp_version)v,
				                                        &options->communities[c]);
				assert(built); /* the longest community leaves room for first contact */
				(void)built;
				ice_snmp_make_lasting(&s->first[c][v]);
			}
	for (size_t k = 0; k < sizeof(s->turns) / sizeof(*s->turns); k++)
		s->turns[k] = (struct scanner_turn){(uint8_t)(k % options->community_count),
		                                    (uint8_t)(k / options->community_count)};
	struct ice_random random;
	ice_random_seed(&random, options->seed);
	slots_init(&s->slots, options->window, &random, now);
	slots_queue_init(&s->talks_due, 0);
	slots_queue_init(&s->contacts_due, 1);
	slots_queue_init(&s->waiting, 2);
	if (options->subnet_cap > 0) {
		s->subnets = calloc(SCANNER_SUBNETS, sizeof(*s->subnets));
		if (!s->subnets)
			abort();
	}
	ice_pacer_init(&s->pacer, options->rate, options->pace, now);
	s->pumped = now;
	s->bound = ICE_BOUND_CPU;
	s->next = ICE_NEXT_TARGET;
	s->lost = now - 1; /* before anything was asked */
	return s;
}

void ice_scanner_free(struct ice_scanner *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->slots.fresh; i++)
		if (s->slots.at[i].state == SLOT_TALKING)
			conversation_drop(s, i);
	slots_fini(&s->slots);
	free(s->subnets);
	free(s);
}

bool scanner_send(struct ice_scanner *s, uint32_t i, const struct ice_address *to,
                  const struct ice_snmp_request *question)
{
	if (!s->ops.send(to, question, slots_id(&s->slots, i), s->arg))
		return false;
	s->counters.probes_sent++;
	return true;
}

bool scanner_excuses(struct ice_scanner *s, uint32_t i, ice_usec now)
{
	struct slot *slot = &s->slots.at[i];
	ice_usec since = (ice_usec)((uint32_t)now - slot->first);
	if (slot->excused == SCANNER_EXCUSES || s->lost < now - since)
		return false;
	slot->excused++;
	slot->tries = 0;
	s->counters.excused++;
	return true;
}

static struct ice_address scanner_address(const struct ice_scanner *s, uint32_t i)
{
	return s->slots.at[i].state == SLOT_TALKING ? slots_talk(&s->slots, i)->address : slots_address(&s->slots, i);
}

static uint32_t scanner_subnet(const struct ice_address *a)
{
	return (uint32_t)(((a->hi ^ a->lo >> 8 ^ (uint64_t)a->scope << 56) * UINT64_C(0x9e3779b97f4a7c15)) >> 48);
}

void scanner_finish(struct ice_scanner *s, uint32_t i)
{
	if (s->subnets) {
		struct ice_address a = scanner_address(s, i);
		s->subnets[scanner_subnet(&a)]--;
		s->held_ready = true;
	}
	slots_free(&s->slots, i);
	s->counters.finished++;
}

static bool scanner_below_cap(const struct ice_scanner *s, const struct ice_address *a)
{
	uint32_t cap = s->options.subnet_cap < UINT16_MAX ? s->options.subnet_cap : UINT16_MAX;
	return s->subnets[scanner_subnet(a)] < cap;
}

/* A target that waited for its subnet and need not any more. */
static bool scanner_unhold(struct ice_scanner *s, struct ice_address *out, uint32_t *nth)
{
	for (uint32_t i = 0; s->held_ready && i < s->held_count; i++) {
		if (!scanner_below_cap(s, &s->held[i]))
			continue;
		*out = s->held[i];
		*nth = s->held_nth[i];
		s->held_count--;
		for (uint32_t k = i; k < s->held_count; k++) { /* they keep their order */
			s->held[k] = s->held[k + 1];
			s->held_nth[k] = s->held_nth[k + 1];
		}
		return true;
	}
	s->held_ready = false;
	return false;
}

/* Why there is nothing to send; ICE_BOUND_COUNT when there is something, if tokens and socket let it. */
static enum ice_bound scanner_lack(const struct ice_scanner *s)
{
	if (s->talks_due.count > 0 || s->contacts_due.count > 0)
		return ICE_BOUND_COUNT;
	if (s->waiting.count >= ICE_SCANNER_WAITING)
		return ICE_BOUND_QUEUE;
	if (s->slots.used == s->slots.window)
		return ICE_BOUND_WINDOW;
	if (s->held_count > 0 && s->held_ready)
		return ICE_BOUND_COUNT;
	if (!s->draining && s->next == ICE_NEXT_TARGET && s->held_count < ICE_SCANNER_HELD)
		return ICE_BOUND_COUNT;
	if (s->held_count > 0)
		return ICE_BOUND_SUBNET;
	if (!s->draining && s->next != ICE_NEXT_END)
		return s->next == ICE_NEXT_BUSY ? ICE_BOUND_CPU : ICE_BOUND_NEIGHBOURS;
	return s->waiting.count > 0 ? ICE_BOUND_QUEUE : ICE_BOUND_TARGETS;
}

/* The next address to begin with; false when there is none now. */
static bool scanner_target(struct ice_scanner *s, struct ice_address *out, uint32_t *nth)
{
	if (s->waiting.count >= ICE_SCANNER_WAITING || s->slots.used == s->slots.window)
		return false;
	if (scanner_unhold(s, out, nth))
		return true;
	while (!s->draining && s->held_count < ICE_SCANNER_HELD) {
		s->next = s->ops.next(out, s->arg);
		if (s->next != ICE_NEXT_TARGET)
			break;
		*nth = (uint32_t)++s->given;
		if (!s->subnets || scanner_below_cap(s, out))
			return true;
		s->held_nth[s->held_count] = *nth;
		s->held[s->held_count++] = *out;
	}
	return false;
}

/* Takes a slot for a new target; SLOT_NONE when there is none now. */
static uint32_t scanner_start(struct ice_scanner *s)
{
	struct ice_address address;
	uint32_t nth = 0;
	if (!scanner_target(s, &address, &nth))
		return SLOT_NONE;
	uint32_t i = slots_take(&s->slots, &address, nth);
	assert(i != SLOT_NONE);
	if (s->ops.known)
		(void)known_begin(s, i);
	if (s->subnets)
		s->subnets[scanner_subnet(&address)]++;
	s->counters.targets++;
	return i;
}

/* What the pump stopped at, when it has. */
static enum ice_bound scanner_bound(const struct ice_scanner *s)
{
	if (s->refused)
		return ICE_BOUND_SOCKET;
	if (s->cut && ice_wheel_next(s->slots.wheel) <= s->pumped) /* who is to be asked once more stands there yet */
		return ICE_BOUND_CPU;
	enum ice_bound lack = scanner_lack(s);
	if (lack != ICE_BOUND_COUNT)
		return lack;
	return ice_pacer_asked(&s->pacer) ? ICE_BOUND_PACE : ICE_BOUND_CPU;
}

/* Deals with the deadlines that have passed, as far as the next address that is to be asked once more, or the next conversation whose
 * request went unanswered. True: there may be more. */
static bool scanner_expire(struct ice_scanner *s, ice_usec now, uint32_t *retry)
{
	uint32_t i;
	*retry = SLOT_NONE;
	while ((i = ice_wheel_expire(s->slots.wheel, now)) != ICE_WHEEL_NONE) {
		__builtin_prefetch(&s->slots.at[ice_wheel_ahead(s->slots.wheel)]);
		if (s->slots.at[i].state == SLOT_TALKING) {
			conversation_silence(s, i, now);
			return true;
		}
		if (contact_retries(s, i, now)) {
			*retry = i;
			return true;
		}
		contact_silence(s, i);
	}
	return false;
}

/* The slot that is to send next, SLOT_NONE when none may. An address whose time is up is asked once more from here at once: all that is known
 * of it has just been fetched from memory. */
static uint32_t scanner_due(struct ice_scanner *s, ice_usec now)
{
	uint32_t i = SLOT_NONE;
	do {
		if (s->talks_due.count > 0)
			return slots_pop(&s->slots, &s->talks_due);
		if (s->contacts_due.count > 0)
			return slots_pop(&s->slots, &s->contacts_due);
	} while (scanner_expire(s, now, &i) && i == SLOT_NONE);
	return i != SLOT_NONE ? i : scanner_start(s);
}

/* What is due and found no token. Behind a pump that was cut it stays where it is, since the next one is not far. */
static void scanner_put_off(struct ice_scanner *s, ice_usec now)
{
	uint32_t i;
	while (scanner_expire(s, now, &i))
		if (i != SLOT_NONE)
			slots_push(&s->slots, &s->contacts_due, i);
}

size_t ice_scanner_pump(struct ice_scanner *s, ice_usec now)
{
	s->counters.bound[s->bound] += (uint64_t)(now - s->pumped);
	s->pumped = now;
	s->refused = false;
	conversation_promote(s);
	uint32_t allowed = ice_pacer_take(&s->pacer, now, ICE_SCANNER_PUMP_MAX), sent = 0;
	for (; sent < allowed; sent++) {
		uint32_t i = scanner_due(s, now);
		if (i == SLOT_NONE)
			break;
		bool talking = s->slots.at[i].state == SLOT_TALKING;
		if (!(talking ? conversation_send(s, i, now) : contact_send(s, i, now))) {
			slots_push_front(&s->slots, talking ? &s->talks_due : &s->contacts_due, i);
			s->refused = true;
			break;
		}
	}
	s->cut = sent == ICE_SCANNER_PUMP_MAX;
	if (!s->cut)
		scanner_put_off(s, now);
	ice_pacer_return(&s->pacer, allowed - sent);
	s->bound = scanner_bound(s);
	return sent;
}

/* What can be said against a datagram before its content is looked at. */
static enum ice_verdict scanner_judge(struct ice_scanner *s, const struct ice_address *from, uint16_t port,
                                      const uint8_t *bytes, size_t n, uint32_t *slot)
{
	enum ice_verdict verdict = ice_snmp_read(bytes, n, &s->message);
	if (verdict != ICE_VERDICT_OK)
		return verdict;
	if (s->message.pdu != ICE_SNMP_RESPONSE)
		return ICE_VERDICT_PDU;
	*slot = slots_find(&s->slots, (uint32_t)s->message.request_id);
	if (*slot == SLOT_NONE)
		return ICE_VERDICT_UNKNOWN_ID;
	struct ice_address asked = scanner_address(s, *slot);
	if (!ice_address_same(&asked, from))
		return ICE_VERDICT_ADDRESS;
	return port == s->options.port ? ICE_VERDICT_OK : ICE_VERDICT_PORT;
}

void ice_scanner_input(struct ice_scanner *s, ice_usec now, const struct ice_address *from, uint16_t port,
                       const uint8_t *bytes, size_t n)
{
	uint32_t i = SLOT_NONE;
	enum ice_verdict verdict = scanner_judge(s, from, port, bytes, n, &i);
	if (verdict == ICE_VERDICT_OK)
		verdict =
		        s->slots.at[i].state == SLOT_TALKING ? conversation_reply(s, i, now) : contact_reply(s, i, now);
	if (verdict == ICE_VERDICT_OK)
		s->counters.replies++;
	else
		s->counters.strays[verdict]++;
}

void ice_scanner_congested(struct ice_scanner *s, ice_usec now)
{
	ice_pacer_slow_down(&s->pacer, now);
	s->lost = now;
	s->counters.slowed++;
}

ice_usec ice_scanner_next(const struct ice_scanner *s, ice_usec now)
{
	ice_usec at = ice_wheel_next(s->slots.wheel);
	if (s->waiting.count > 0 && !conversation_full(s)) {
		ice_usec poll = s->stalled ? s->pumped + SCANNER_POLL : now;
		at = poll < at ? poll : at;
	}
	if (scanner_lack(s) == ICE_BOUND_COUNT) {
		ice_usec send = s->cut ? now : ice_pacer_next(&s->pacer, now);
		/* A fast pace is served once a millisecond, not once a token: so that a timer that is late loses none, three or more. */
		if ((s->refused || ice_pacer_limit(&s->pacer) >= SCANNER_FAST) && send < s->pumped + SCANNER_RETRY)
			send = s->pumped + SCANNER_RETRY;
		at = send < at ? send : at;
	}
	return at > now ? at : now;
}

void ice_scanner_drain(struct ice_scanner *s)
{
	s->draining = true;
}

bool ice_scanner_idle(const struct ice_scanner *s)
{
	return s->slots.used == 0 && s->held_count == 0 && (s->draining || s->next == ICE_NEXT_END);
}

bool ice_scanner_asks(const struct ice_scanner *s, const struct ice_address *address)
{
	for (uint32_t i = 0; i < s->slots.fresh; i++) {
		if (s->slots.at[i].state == SLOT_FREE)
			continue;
		struct ice_address asked = scanner_address(s, i);
		if (ice_address_same(&asked, address))
			return true;
	}
	for (uint32_t i = 0; i < s->held_count; i++)
		if (ice_address_same(&s->held[i], address))
			return true;
	return false;
}

uint64_t ice_scanner_settled(const struct ice_scanner *s)
{
	uint32_t back = 0; /* how far the oldest unfinished address lies back */
	for (uint32_t i = 0; i < s->slots.fresh; i++) {
		uint32_t n = ((uint32_t)s->given - s->slots.at[i].nth) % SLOT_NTHS + 1;
		if (s->slots.at[i].state != SLOT_FREE && n > back)
			back = n;
	}
	for (uint32_t i = 0; i < s->held_count; i++) {
		uint32_t n = (uint32_t)s->given - s->held_nth[i] + 1;
		back = n > back ? n : back;
	}
	return s->given - back;
}

void ice_scanner_counters(const struct ice_scanner *s, struct ice_scanner_counters *out)
{
	*out = s->counters;
	out->in_flight = s->slots.used;
	out->peak_in_flight = s->slots.peak;
	out->waiting = s->waiting.count;
	out->conversations = s->talking;
}
