/* sim_server: the server's side of the simulation, and the way there.
 *
 * The real ingest over the real store on a disk of its own. Posts get lost, late and doubled; the server is away, loses its power
 * in the middle of a commit or right after an answer; things that stand in between answer in its place. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim_disk.h"
#include "sim_world.h"

#include "delivery/upload_post.h"
#include "ice/batch.h"
#include "server/ingest.h"
#include "server/store.h"

#define SIM_SITE     "simulated"
#define SIM_POSTS    8
#define SIM_ARRIVALS 16

/* What happens to one post. */
enum sim_fate {
	SIM_FATE_NONE,
	SIM_FATE_REFUSED,       /* nobody listens */
	SIM_FATE_LOST,          /* never arrives */
	SIM_FATE_ACK_LOST,      /* stored, and the answer never arrives */
	SIM_FATE_SLOW,          /* stored, and the answer comes after the engine gave up */
	SIM_FATE_DOUBLED,       /* arrives again, seconds or minutes later */
	SIM_FATE_LATER,         /* 503 with Retry-After */
	SIM_FATE_POWER_AFTER,   /* the server's power goes right behind its answer */
	SIM_FATE_POWER_WITHIN,  /* or in the middle of its commit */
	SIM_FATE_PORTAL,        /* 200 and a page */
	SIM_FATE_OTHERS_ACK,    /* a valid acknowledgement of another batch */
	SIM_FATE_FORGED_ACK,    /* made without the key */
	SIM_FATE_FORGED_REJECT, /* likewise, 422 */
	SIM_FATE_ACK_AS_500,    /* the acknowledgement under a status that does not mean it */
	SIM_FATE_REJECT_AS_200, /* likewise */
	SIM_FATE_OTHERS_REJECT, /* a valid rejection of another batch */
	SIM_FATES
};

struct sim_post {
	bool used;
	ice_usec answer_at;
	struct ice_upload_post_result result;
	ice_upload_post_fn *done;
	void *arg;
};

/* Bytes on their way to the server. */
struct sim_arrival {
	bool used;
	ice_usec at;
	int post; /* whose answer goes back; -1: nobody waits */
	enum sim_fate fate;
	char id[ICE_BATCH_ID_SIZE], signature[ICE_BATCH_MAC_SIZE];
	uint8_t *bytes;
	size_t len;
};

struct ice_upload_post_carrier {
	struct ice_upload_post_options options;
};

static struct sim_server {
	char folder[SIM_DISK_NAME];
	struct fm_store *store;
	struct ice_secret key, wrong_key;
	struct sim_post posts[SIM_POSTS];
	struct sim_arrival arrivals[SIM_ARRIVALS];
	struct ice_upload_post_carrier carrier;
	unsigned misfortune; /* percent of posts that meet a fate */
	bool poison;         /* some batches are refused for good */
	ice_usec up_at;      /* it is away until then */
	ice_usec away_from, away_until;
	uint64_t stored, doubles, lost_power;
	bool acks_first;              /* control: the acknowledgement goes out, then the batch is stored */
	void (*sent)(const char *id); /* control: what the engine does the moment a batch is sent */
} server;

static void sim_server_start(void)
{
	char why[256];
	server.store = fm_store_sqlite.open(server.folder, 0, why, sizeof(why));
	if (!server.store)
		sim_require(sim_disks[1].dead, "the server's store opens again: %s", why);
	else
		sim_require(fm_store_sqlite.site_add(server.store, SIM_SITE, &server.key, 1) == FM_STORE_EXISTS ||
		                    sim_disks[1].dead,
		            "the server still knows its site");
}

/* The store's memory is given back; what a dead process's handles try does not reach the disk. */
static void sim_server_drop(void)
{
	bool dead = sim_disks[1].dead;
	if (!server.store)
		return;
	sim_disks[1].dead = true;
	fm_store_sqlite.close(server.store);
	sim_disks[1].dead = dead;
	server.store = NULL;
}

static void sim_server_power_off(void)
{
	sim_trace("the server loses its power");
	sim_disk_power_off(&sim_disks[1]);
	sim_server_drop();
	server.up_at = world.now + sim_between(SIM_MSEC(100), SIM_SEC(20));
	server.lost_power++;
}

/* Whether this server will never take this batch. */
static bool sim_server_poisoned(const char *id)
{
	return server.poison && (id[0] == '7' || id[0] == 'c');
}

/* An answer on its way back to whoever still waits for it. */
static void sim_server_answer(int post, long status, const void *bytes, size_t len, ice_usec after)
{
	struct sim_post *p = post < 0 ? NULL : &server.posts[post];
	if (!p || !p->used || p->answer_at <= world.now + after)
		return;
	p->answer_at = world.now + after;
	p->result.error = "";
	p->result.status = status;
	p->result.retry_after = status == 503 && ice_random_below(&world.random, 2) ? sim_between(1, SIM_SEC(90)) : 0;
	if (len > ICE_BATCH_ANSWER_MAX)
		len = 0;
	if (len > 0)
		memcpy(p->result.answer, bytes, len);
	p->result.answer[len] = '\0';
	p->result.answer_len = len;
}

/* What is said by others, or by a server that errs. */
static bool sim_server_misanswer(const struct sim_arrival *a, ice_usec after)
{
	static const char other[] = "00000000000000000000000000000000000000000000000000000000000000aa";
	char text[ICE_BATCH_ANSWER_MAX] = "<html>Welcome to our hotel</html>";
	enum ice_batch_answer what = ICE_BATCH_ACKNOWLEDGED;
	const struct ice_secret *key = &server.key;
	const char *id = a->id;
	long status = 200;
	size_t n = strlen(text);
	switch (a->fate) {
	case SIM_FATE_PORTAL:
		sim_server_answer(a->post, status, text, n, after);
		return true;
	case SIM_FATE_OTHERS_ACK:
		id = other;
		break;
	case SIM_FATE_FORGED_ACK:
		key = &server.wrong_key;
		break;
	case SIM_FATE_FORGED_REJECT:
		key = &server.wrong_key;
		what = ICE_BATCH_REJECTED;
		status = 422;
		break;
	case SIM_FATE_ACK_AS_500:
		status = 500;
		break;
	case SIM_FATE_REJECT_AS_200:
		what = ICE_BATCH_REJECTED;
		break;
	case SIM_FATE_OTHERS_REJECT:
		id = other;
		what = ICE_BATCH_REJECTED;
		status = 422;
		break;
	case SIM_FATE_LATER:
		sim_server_answer(a->post, 503, "later\n", 6, after);
		return true;
	default:
		return false;
	}
	n = ice_batch_answer_write(key, what, id, text);
	sim_server_answer(a->post, status, text, n, after);
	return true;
}

static void sim_server_ingest(const struct sim_arrival *a, ice_usec after)
{
	struct fm_ingest_request request = {
	        .site = SIM_SITE, .id = a->id, .signature = a->signature, .body = a->bytes, .len = a->len};
	struct fm_ingest_answer answer;
	enum fm_ingest_verdict verdict = fm_ingest(server.store, &request, __wrap_ice_clock_wall(), &answer);
	if (sim_disks[1].dead) {
		sim_server_power_off(); /* whatever it meant to say, it did not */
		return;
	}
	sim_trace("server: %s: %s %s", a->id, fm_ingest_verdict_name(verdict), answer.why);
	sim_require(verdict == FM_INGEST_STORED || verdict == FM_INGEST_DUPLICATE || verdict == FM_INGEST_LATER,
	            "the server takes what the engine sends (%s: %s)", fm_ingest_verdict_name(verdict), answer.why);
	server.stored += verdict == FM_INGEST_STORED;
	server.doubles += verdict == FM_INGEST_DUPLICATE;
	if (a->fate != SIM_FATE_ACK_LOST)
		sim_server_answer(a->post, answer.status, answer.body, answer.len, after);
}

static void sim_server_hears(struct sim_arrival *a)
{
	ice_usec after = a->fate == SIM_FATE_SLOW ? SIM_SEC(100) : sim_between(1, SIM_MSEC(300));
	char text[ICE_BATCH_ANSWER_MAX];
	if (!server.store || (world.now >= server.away_from && world.now < server.away_until))
		return;
	if (sim_server_misanswer(a, after))
		return;
	if (sim_server_poisoned(a->id)) {
		size_t n = ice_batch_answer_write(&server.key, ICE_BATCH_REJECTED, a->id, text);
		sim_server_answer(a->post, 422, text, n, after);
		return;
	}
	if (server.acks_first) {
		size_t n = ice_batch_answer_write(&server.key, ICE_BATCH_ACKNOWLEDGED, a->id, text);
		sim_server_answer(a->post, 200, text, n, after);
		if (a->fate == SIM_FATE_POWER_AFTER || a->fate == SIM_FATE_POWER_WITHIN) {
			sim_server_power_off();
			return;
		}
	}
	if (a->fate == SIM_FATE_POWER_WITHIN)
		sim_disks[1].fuse = (int64_t)ice_random_below(&world.random, 24);
	sim_server_ingest(a, after);
	if (a->fate == SIM_FATE_POWER_AFTER && server.store)
		sim_server_power_off();
}

/* ---- the way there: one POST ---- */

static void sim_server_arrive(const struct sim_arrival *like, ice_usec at, int post)
{
	for (int i = 0; i < SIM_ARRIVALS; i++) {
		struct sim_arrival *a = &server.arrivals[i];
		if (a->used)
			continue;
		*a = *like;
		a->used = true;
		a->at = at;
		a->post = post;
		a->bytes = malloc(like->len);
		if (!a->bytes)
			abort();
		memcpy(a->bytes, like->bytes, like->len);
		return;
	}
}

SIM_SEAM(ice_upload_post_carrier_new);
SIM_SEAM(ice_upload_post_carrier_free);
SIM_SEAM(ice_upload_post);

struct ice_upload_post_carrier *__wrap_ice_upload_post_carrier_new(struct event_base *base,
                                                                   const struct ice_upload_post_options *options,
                                                                   char *why, size_t why_size)
{
	(void)base, (void)why, (void)why_size;
	server.carrier.options = *options;
	return &server.carrier;
}

void __wrap_ice_upload_post_carrier_free(struct ice_upload_post_carrier *c)
{
	(void)c;
	memset(server.posts, 0, sizeof(server.posts));
	for (int i = 0; i < SIM_ARRIVALS; i++)
		server.arrivals[i].post = -1; /* nobody waits for the answer any more */
}

void __wrap_ice_upload_post(struct ice_upload_post_carrier *c, const struct ice_upload_post_body *body,
                            ice_upload_post_fn *done, void *arg)
{
	int post = 0;
	while (post < SIM_POSTS && server.posts[post].used)
		post++;
	sim_require(post < (int)c->options.parallel, "posts in flight are bounded");
	if (world.broken)
		return;
	struct sim_post *p = &server.posts[post];
	*p = (struct sim_post){.used = true,
	                       .answer_at = world.now + c->options.timeout,
	                       .result = {.error = "timed out", .address = "", .protocol = ""},
	                       .done = done,
	                       .arg = arg};
	union {
		const void *in;
		uint8_t *bytes;
	} lent = {body->bytes};
	struct sim_arrival a = {.bytes = lent.bytes, .len = body->len};
	a.fate = sim_chance(server.misfortune) ? (enum sim_fate)ice_random_below(&world.random, SIM_FATES)
	                                       : SIM_FATE_NONE;
	if (a.fate == SIM_FATE_REFUSED || !server.store) {
		p->result.error = "connection refused";
		p->answer_at = world.now + sim_between(1, SIM_MSEC(20));
	}
	memcpy(a.id, body->id, sizeof(a.id));
	ice_batch_sign(&c->options.enrolment->key, body->bytes, body->len, a.signature);
	sim_trace("engine: posts %s, fate %d", body->id, (int)a.fate);
	if (server.sent)
		server.sent(body->id);
	if (a.fate == SIM_FATE_LOST || a.fate == SIM_FATE_REFUSED || !server.store)
		return;
	sim_server_arrive(&a, world.now + sim_between(SIM_MSEC(1), SIM_MSEC(400)), post);
	if (a.fate == SIM_FATE_DOUBLED)
		sim_server_arrive(&a, world.now + sim_between(SIM_MSEC(1), SIM_SEC(200)), -1);
}

static ice_usec sim_server_next(void)
{
	ice_usec at = server.store ? ICE_USEC_NEVER : server.up_at;
	for (int i = 0; i < SIM_POSTS; i++)
		if (server.posts[i].used && server.posts[i].answer_at < at)
			at = server.posts[i].answer_at;
	for (int i = 0; i < SIM_ARRIVALS; i++)
		if (server.arrivals[i].used && server.arrivals[i].at < at)
			at = server.arrivals[i].at;
	return at;
}

/* Lets the server act and answers land. */
static void sim_server_run(void)
{
	if (!server.store && world.now >= server.up_at) {
		sim_disk_restart(&sim_disks[1]);
		sim_server_start();
	}
	for (int i = 0; i < SIM_ARRIVALS; i++) {
		struct sim_arrival *a = &server.arrivals[i];
		if (!a->used || a->at > world.now)
			continue;
		sim_server_hears(a);
		free(a->bytes);
		a->used = false;
	}
	for (int i = 0; i < SIM_POSTS; i++) {
		struct sim_post *p = &server.posts[i];
		if (!p->used || p->answer_at > world.now)
			continue;
		p->used = false;
		p->done(&p->result, p->arg);
	}
}

static void sim_server_end(void)
{
	sim_server_drop();
	for (int i = 0; i < SIM_ARRIVALS; i++)
		if (server.arrivals[i].used)
			free(server.arrivals[i].bytes);
	memset(server.posts, 0, sizeof(server.posts));
	memset(server.arrivals, 0, sizeof(server.arrivals));
}

#endif
