/* Nanoseconds of the sweep's own work, without a kernel: a cursor step, arming and cancelling a deadline, and one address from its
 * first datagram to its end, in memory. One line each. The library is linked in parts here, as one piece in ice, which is a little faster. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ice/range.h"
#include "ice/recording.h"
#include "ice/scanner.h"
#include "ice/wheel.h"

static double micro_now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void micro_cursor(const char *text)
{
	char why[ICE_RANGE_WHY_SIZE];
	struct ice_range *r = ice_range_new();
	if (!ice_range_add(r, text, why, sizeof(why)) || !ice_range_seal(r, why, sizeof(why))) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
	struct ice_cursor c;
	ice_cursor_init(&c, r, 1, 0, 0, 1);
	struct ice_address a;
	uint64_t n = 0, sum = 0;
	double start = micro_now();
	for (; n < 10000000 && ice_cursor_next(&c, &a); n++)
		sum += a.lo;
	printf("cursor step, %-28s %6.1f ns   (checksum %llx)\n", text, (micro_now() - start) / (double)n,
	       (unsigned long long)sum);
	ice_range_free(r);
}

static void micro_wheel(void)
{
	enum { SLOTS = 65536, ROUNDS = 100 };
	struct ice_wheel *w = ice_wheel_new(SLOTS, 0);
	double arm = 0, cancel = 0, expire = 0;
	ice_usec now = 0;
	for (unsigned k = 0; k < ROUNDS; k++) {
		double t0 = micro_now();
		for (uint32_t i = 0; i < SLOTS; i++)
			ice_wheel_arm(w, i, now + ICE_USEC_SEC(1) + i * 3);
		double t1 = micro_now();
		for (uint32_t i = 0; i < SLOTS; i += 2)
			ice_wheel_cancel(w, i);
		double t2 = micro_now();
		for (now += ICE_USEC_SEC(2); ice_wheel_expire(w, now) != ICE_WHEEL_NONE;)
			continue;
		arm += t1 - t0;
		cancel += t2 - t1;
		expire += micro_now() - t2;
	}
	printf("wheel arm                                %6.1f ns\n", arm / ROUNDS / SLOTS);
	printf("wheel cancel                             %6.1f ns\n", cancel / ROUNDS / (SLOTS / 2));
	printf("wheel expire                             %6.1f ns\n", expire / ROUNDS / (SLOTS / 2));
	ice_wheel_free(w);
}

/* A sweep without sockets: `every`th address answers, with the same reply patched. */
struct micro {
	struct ice_cursor cursor;
	uint8_t reply[1500];
	size_t len, id_at, sent, found;
	unsigned every;
	struct ice_address answer_from[ICE_SCANNER_PUMP_MAX];
	uint32_t answer_id[ICE_SCANNER_PUMP_MAX];
	unsigned answers;
};

static enum ice_next micro_next(struct ice_address *out, void *arg)
{
	return ice_cursor_next(&((struct micro *)arg)->cursor, out) ? ICE_NEXT_TARGET : ICE_NEXT_END;
}

static bool micro_send(const struct ice_address *to, const struct ice_snmp_request *request, uint32_t id, void *arg)
{
	struct micro *m = arg;
	if (m->sent++ == 0) { /* the first datagram makes the reply, and shows where the id stands */
		static struct ice_snmp_message question;
		static uint8_t bytes[ICE_SNMP_REQUEST_MAX];
		static const char text[] =
		        "1.3.6.1.2.1.1.1.0|4|Exemplar Switch\n1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1\n"
		        "1.3.6.1.2.1.2.1.0|2|1\n1.3.6.1.2.1.99.1|2|1\n";
		char why[256];
		struct ice_recording *r = ice_recording_parse("micro", text, sizeof(text) - 1, why, sizeof(why));
		ice_snmp_write(bytes, request, id);
		if (!r || ice_snmp_read(bytes, request->len, &question) != ICE_VERDICT_OK)
			exit(1);
		struct ice_recording_agent agent = {.recording = r, .reply_max = 1472};
		m->len = ice_recording_answer(&agent, &question, m->reply, sizeof(m->reply));
		for (m->id_at = 0; m->id_at + 4 < m->len; m->id_at++)
			if (m->reply[m->id_at] == (uint8_t)(id >> 24) &&
			    m->reply[m->id_at + 1] == (uint8_t)(id >> 16) &&
			    m->reply[m->id_at + 2] == (uint8_t)(id >> 8) && m->reply[m->id_at + 3] == (uint8_t)id)
				break;
		ice_recording_free(r);
	}
	if (m->every > 0 && to->lo % m->every == 0) {
		m->answer_from[m->answers] = *to;
		m->answer_id[m->answers++] = id;
	}
	return true;
}

static bool micro_reserve(void *arg)
{
	(void)arg;
	return true;
}

static void micro_emit(const struct ice_finding *f, void *arg)
{
	(void)f;
	((struct micro *)arg)->found++;
}

static void micro_release(void *arg)
{
	(void)arg;
}

static time_t micro_wall(void)
{
	return 0;
}

static void micro_sweep(const struct ice_profiles *profiles, unsigned every, unsigned retries)
{
	static const struct ice_scanner_ops ops = {micro_next, micro_send,    micro_reserve,
	                                           micro_emit, micro_release, NULL};
	static struct micro m;
	char why[ICE_RANGE_WHY_SIZE];
	struct ice_secret community;
	struct ice_range *r = ice_range_new();
	if (!ice_secret_set(&community, "public", 6) || !ice_range_add(r, "10.0.0.0/12", why, sizeof(why)) ||
	    !ice_range_seal(r, why, sizeof(why)))
		exit(1);
	struct ice_scanner_options options = {.port = 161,
	                                      .window = 1u << 18,
	                                      .conversations = 16,
	                                      .timeout = ICE_USEC_SEC(1),
	                                      .retries = retries,
	                                      .v2c = true,
	                                      .communities = &community,
	                                      .community_count = 1,
	                                      .profiles = profiles,
	                                      .wall = micro_wall};
	memset(&m, 0, sizeof(m));
	m.every = every;
	ice_cursor_init(&m.cursor, r, 1, 0, 0, 1);
	ice_usec now = 0;
	struct ice_scanner *s = ice_scanner_new(&options, &ops, &m, now);
	double start = micro_now();
	while (!ice_scanner_idle(s)) {
		now += 5 * (ice_usec)ice_scanner_pump(s, now); /* 200,000 a second */
		for (unsigned i = 0; i < m.answers; i++) {
			ice_snmp_patch_id(m.reply, m.id_at, m.answer_id[i]);
			ice_scanner_input(s, now, &m.answer_from[i], 161, m.reply, m.len);
		}
		m.answers = 0;
		ice_usec next = ice_scanner_next(s, now);
		now = next == ICE_USEC_NEVER ? now : next;
	}
	double took = micro_now() - start;
	struct ice_scanner_counters c;
	ice_scanner_counters(s, &c);
	printf("scanner, 1 in %-3u answers, %u retries      %6.1f ns a datagram, %.1f ns an address (%llu found, peak "
	       "%u in flight)\n",
	       every, retries, took / (double)c.probes_sent, took / (double)c.targets, (unsigned long long)c.devices,
	       c.peak_in_flight);
	ice_scanner_free(s);
	ice_range_free(r);
}

int main(void)
{
	struct ice_conf_mistakes mistakes = {0};
	struct ice_profiles *profiles = ice_profiles_load("config/profiles", &mistakes);
	ice_conf_mistakes_print(&mistakes, stderr);
	if (!profiles)
		return 1;
	micro_cursor("10.0.0.0/8");
	micro_cursor("10.0.0.1-10.64.0.3");
	micro_cursor("10.0-255.0-255.1-254");
	micro_wheel();
	micro_sweep(profiles, 100, 1);
	micro_sweep(profiles, 1, 0);
	ice_profiles_free(profiles);
	ice_conf_mistakes_free(&mistakes);
	return 0;
}
