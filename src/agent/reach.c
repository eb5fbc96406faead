#include "reach.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "ice/clock.h"
#include "ice/log.h"
#include "ice/outbox.h"
#include "ice/upload.h"

#include "engine/confinement.h"
#include "engine/setup.h"

#include "amount.h"

#define REACH_TIMEOUT ICE_USEC_SEC(20)
#define REACH_SKEW    60 /* s that clocks may be apart */

struct reach {
	const struct ice_enrolment *enrolment;
	struct ice_upload_options upload;
	struct ice_report *report;
	json_t *server; /* in the report; NULL for lines */
	struct event_base *base;
	bool answered;
};

static void reach_set(struct reach *r, const char *key, json_t *value)
{
	if (r->server)
		json_object_set_new(r->server, key, value);
	else
		json_decref(value);
}

static bool reach_resolve(struct reach *r)
{
	char host[ICE_ENROLMENT_URL_MAX], port[8], text[512] = "";
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	ice_setup_host(r->enrolment->server, host, sizeof host, port);
	int error = getaddrinfo(host, port, &hints, &found);
	if (error != 0) {
		ice_report_step(r->report, ICE_REPORT_FAILED, "name", "%s: %s", host, gai_strerror(error));
		return false;
	}
	json_t *addresses = json_array();
	for (struct addrinfo *a = found; a; a = a->ai_next) {
		char one[NI_MAXHOST];
		size_t n = strlen(text);
		if (getnameinfo(a->ai_addr, a->ai_addrlen, one, sizeof one, NULL, 0, NI_NUMERICHOST) != 0)
			continue;
		snprintf(text + n, sizeof text - n, "%s%.63s", n ? ", " : "", one);
		json_array_append_new(addresses, json_string(one));
	}
	freeaddrinfo(found);
	reach_set(r, "addresses", addresses);
	ice_report_step(r->report, ICE_REPORT_OK, "name", "%s is %s, port %s", host, text, port);
	return true;
}

static void reach_certificate(struct reach *r, const struct ice_upload_certificate *c, json_t *list)
{
	char from[ICE_CLOCK_TEXT_SIZE], until[ICE_CLOCK_TEXT_SIZE];
	ice_clock_format((time_t)c->not_before, from);
	ice_clock_format((time_t)c->not_after, until);
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "subject", c->subject, "issuer", c->issuer, "names",
	                      c->names, "not_before", from, "not_after", until);
	if (c->error[0])
		json_object_set_new(o, "error", json_string(c->error));
	json_array_append_new(list, o);
	ice_report_step(r->report, c->error[0] ? ICE_REPORT_FAILED : ICE_REPORT_OK, "certificate",
	                "%s%s%s, by %s, from %s until %s%s%s", c->subject, c->names[0] ? " for " : "", c->names,
	                strcmp(c->subject, c->issuer) == 0 ? "itself" : c->issuer, from, until, c->error[0] ? ": " : "",
	                c->error);
}

/* How far the server's clock is ahead of ours. Of no consequence but for people: readings carry our times. */
static void reach_clock(struct reach *r, int64_t server_time)
{
	char time[ICE_AMOUNT_SIZE];
	int64_t skew = server_time - (int64_t)ice_clock_wall(), apart = skew < 0 ? -skew : skew;
	if (server_time == 0) {
		ice_report_step(r->report, ICE_REPORT_NOTE, "clock", "the server did not tell its time");
		return;
	}
	reach_set(r, "clock_skew", json_integer((json_int_t)skew));
	if (apart <= REACH_SKEW)
		ice_report_step(r->report, ICE_REPORT_OK, "clock", "as the server's");
	else
		ice_report_step(r->report, ICE_REPORT_NOTE, "clock",
		                "%s %s the server's: readings carry this machine's time",
		                ice_amount_seconds((double)apart, time), skew > 0 ? "behind" : "ahead of");
}

static void reach_tls(struct reach *r, const struct ice_upload_test *t)
{
	json_t *tls = json_object(), *list = json_array();
	for (size_t i = 0; i < t->chain->count; i++)
		reach_certificate(r, &t->chain->at[i], list);
	if (t->protocol[0]) {
		json_object_set_new(tls, "protocol", json_string(t->protocol));
		json_object_set_new(tls, "cipher", json_string(t->cipher));
		ice_report_step(r->report, ICE_REPORT_OK, "TLS", "%s with %s, certificate and host name verified",
		                t->protocol, t->cipher);
		reach_clock(r, t->server_time);
	}
	json_object_set_new(tls, "certificates", list);
	reach_set(r, "tls", tls);
}

static void reach_answer(const struct ice_upload_test *t, void *arg)
{
	struct reach *r = arg;
	if (t->address[0]) {
		reach_set(r, "address", json_string(t->address));
		ice_report_step(r->report, ICE_REPORT_OK, "connection", "%s", t->address);
	}
	if (t->sealed)
		ice_report_step(r->report, ICE_REPORT_FAILED, "HTTPS",
		                "no TCP connection to its port; trying the way over HTTP, sealed");
	else
		reach_tls(r, t);
	reach_set(r, "sealed", json_boolean(t->sealed));
	if (t->acknowledged) {
		reach_set(r, "round_trip", json_real(t->seconds));
		ice_report_step(r->report, ICE_REPORT_OK, "round trip", "a signed batch was acknowledged in %.0f ms",
		                t->seconds * 1000);
	} else {
		ice_report_step(r->report, ICE_REPORT_FAILED, "round trip", "%s", t->error);
	}
	r->answered = true;
	event_base_loopbreak(r->base);
}

/* With an outbox that is nowhere: the service may have its own open. */
static void reach_round_trip(struct reach *r)
{
	char why[512];
	struct ice_outbox_options box = {.path = ":memory:", .site = r->enrolment->site};
	struct ice_outbox *outbox = ice_outbox_open(&box, why, sizeof why);
	r->base = event_base_new();
	if (!r->base)
		abort();
	struct ice_upload *upload = outbox ? ice_upload_new(r->base, &r->upload, outbox, why, sizeof why) : NULL;
	if (upload) {
		ice_upload_test(upload, reach_answer, r);
		event_base_dispatch(r->base);
		ice_upload_free(upload);
	}
	if (!r->answered)
		ice_report_step(r->report, ICE_REPORT_FAILED, "round trip", "%s",
		                upload ? "it ended without an answer" : why);
	if (outbox)
		ice_outbox_close(outbox);
	event_base_free(r->base);
}

void ice_reach_tell(const struct ice_enrolment *e, struct ice_report *report)
{
	ice_report_step(report, ICE_REPORT_OK, "enrolment", "site %s at %s", e->site, e->server);
	ice_report_set(report, "server", json_pack("{s:s, s:s}", "site", e->site, "url", e->server));
}

void ice_reach_try(const struct ice_enrolment *e, const struct ice_settings_server *settings, struct ice_report *report)
{
	struct reach r = {.enrolment = e,
	                  .report = report,
	                  .server = report->root ? json_object_get(report->root, "server") : NULL,
	                  .upload = {.enrolment = e, .seed = ice_setup_seed(), .timeout = REACH_TIMEOUT}};
	ice_log_set_level(ICE_LOG_WARN); /* what goes on is told in the steps */
	ice_settings_server_apply(settings, &r.upload);
	ice_confinement_server(&r.upload, NULL);
	if (reach_resolve(&r))
		reach_round_trip(&r);
}
