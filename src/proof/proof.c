#include "proof.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include <jansson.h>

#include "ice/clock.h"

void ice_proof_object(struct ice_proof *p, const char *fmt, ...)
{
	va_list ap;
	if (p->objection_count == ICE_PROOF_OBJECTIONS)
		return;
	va_start(ap, fmt);
	vsnprintf(p->objections[p->objection_count++], sizeof p->objections[0], fmt, ap);
	va_end(ap);
}

bool ice_proof_good(const struct ice_proof *p, const struct ice_evidence *e)
{
	return p->objection_count == 0 && ice_evidence_good(e);
}

static const char *proof_verdict(const struct ice_proof *p, const struct ice_evidence *e)
{
	return !ice_evidence_good(e) ? "BROKEN" : p->objection_count > 0 ? "NOT PROVEN" : "PROVEN";
}

static const char *proof_time(int64_t nsec, char out[ICE_CLOCK_TEXT_SIZE])
{
	ice_clock_format((time_t)(nsec / 1000000000), out);
	return out;
}

/* NULL: it did not arise. */
static const char *proof_mark(const struct ice_evidence_verdict *v)
{
	return v->broken ? "FAIL" : v->held ? "PASS" : NULL;
}

/* ---- for people ---- */

static void proof_tell_promises(const struct ice_evidence *e, FILE *to)
{
	fprintf(to, "\nPROMISE        HELD AGAINST  VERDICT\n");
	for (enum ice_promise p = 0; p < ICE_PROMISE_COUNT; p++) {
		const struct ice_evidence_verdict *v = ice_evidence_of(e, p);
		const char *mark = proof_mark(v);
		fprintf(to, "%-13s  %12" PRIu64 "  %-7s  %s\n", ice_promise_name(p), v->held, mark ? mark : "-",
		        ice_promise_words(p));
		if (v->broken)
			fprintf(to, "%-13s  %12" PRIu64 "  broken\n", "", v->broken);
		for (size_t i = 0; i < v->kept; i++) {
			fprintf(to, "    %s\n", v->offenders[i].why);
			if (v->offenders[i].hex)
				fprintf(to, "    %s\n", v->offenders[i].hex);
		}
	}
}

static void proof_tell_run(const struct ice_proof *p, FILE *to)
{
	char began[ICE_CLOCK_TEXT_SIZE], rate[32] = "no limit";
	if (p->rate)
		snprintf(rate, sizeof rate, "%" PRIu64 "/s", p->rate);
	fprintf(to, "Evidence of one sweep with upload by ice " ICE_VERSION "\n\n");
	fprintf(to, "begun          %s, %.1f s\n", proof_time(p->began, began), (double)(p->ended - p->began) / 1e9);
	fprintf(to, "program        %s\n               sha256 %s\n", p->program, p->program_sha256);
	fprintf(to, "configuration  %s\n               sha256 %s\n", p->configuration, p->configuration_sha256);
	fprintf(to, "kernel         %s\n", p->kernel);
	fprintf(to, "user           %s\n", p->user);
	fprintf(to, "server         %s\n", p->server);
	fprintf(to, "ranges         %" PRIu64 " addresses, at %s\n", p->addresses, rate);
	if (p->sent >= 0)
		fprintf(to,
		        "sweep          %" PRId64 " addresses asked with %" PRId64 " datagrams; %" PRId64
		        " printers and %" PRId64 " other devices\n",
		        p->asked_addresses, p->sent, p->printers, p->devices - p->printers);
}

static void proof_tell_seen(const struct ice_proof *p, const struct ice_evidence *e, FILE *to)
{
	size_t sought, not_sought;
	ice_evidence_secrets(e, &sought, &not_sought);
	fprintf(to,
	        "\nseen           %" PRIu64 " frames on all interfaces, %" PRIu64 " of them sent by the sweep (%" PRIu64
	        " to devices); lost by the capture: %" PRIu64 "\n",
	        p->frames, p->own, p->requests, p->drops + p->unread);
	fprintf(to,
	        "attribution    %" PRIu64
	        " IP sockets, each known from its making to its end; /proc/net says the same of "
	        "%" PRIu64 ", otherwise of %" PRIu64 "\n",
	        p->ledger.sockets, p->ledger.confirmed, p->ledger.differing);
	if (p->held.read)
		fprintf(to,
		        "confinement    uid %u, capabilities %" PRIx64
		        ", no_new_privs %s, %u seccomp filters (one is this "
		        "command's)\n",
		        (unsigned)p->held.uid, p->held.capabilities, p->held.no_new_privs ? "yes" : "no",
		        p->held.filters);
	fprintf(to, "secrets        %zu looked for in every frame%s\n", sought,
	        not_sought ? "; communities that are too plain for that are not" : "");
	if (p->file)
		fprintf(to, "capture        %s: %" PRIu64 " frames%s, sha256 %s\n", p->file, p->kept.frames,
		        p->kept.cut ? " (the file's bound was reached)" : "", p->kept.sha256);
}

void ice_proof_tell(const struct ice_proof *p, const struct ice_evidence *e, FILE *to)
{
	proof_tell_run(p, to);
	proof_tell_seen(p, e, to);
	proof_tell_promises(e, to);
	fprintf(to, "\n%s\n", proof_verdict(p, e));
	for (size_t i = 0; i < p->objection_count; i++)
		fprintf(to, "    %s\n", p->objections[i]);
}

/* ---- for programs ---- */

static json_t *proof_json_promises(const struct ice_evidence *e)
{
	json_t *all = json_array();
	for (enum ice_promise p = 0; p < ICE_PROMISE_COUNT; p++) {
		const struct ice_evidence_verdict *v = ice_evidence_of(e, p);
		json_t *offenders = json_array();
		for (size_t i = 0; i < v->kept; i++) {
			const struct ice_evidence_offender *o = &v->offenders[i];
			json_t *one = json_pack("{s:s}", "why", o->why);
			if (o->hex) {
				json_object_set_new(one, "frame", json_string(o->hex));
				json_object_set_new(one, "at_nsec", json_integer(o->at));
			}
			json_array_append_new(offenders, one);
		}
		json_array_append_new(all, json_pack("{s:s, s:s, s:I, s:I, s:s?, s:o}", "name", ice_promise_name(p),
		                                     "words", ice_promise_words(p), "held_against", (json_int_t)v->held,
		                                     "broken", (json_int_t)v->broken, "verdict", proof_mark(v),
		                                     "offenders", offenders));
	}
	return all;
}

static json_t *proof_json_run(const struct ice_proof *p)
{
	char began[ICE_CLOCK_TEXT_SIZE], ended[ICE_CLOCK_TEXT_SIZE];
	json_t *run = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "version", ICE_VERSION,
	                        "program", p->program, "program_sha256", p->program_sha256, "configuration",
	                        p->configuration, "configuration_sha256", p->configuration_sha256, "kernel", p->kernel,
	                        "user", p->user, "server", p->server, "began", proof_time(p->began, began), "ended",
	                        proof_time(p->ended, ended), "addresses", (json_int_t)p->addresses, "rate",
	                        (json_int_t)p->rate);
	if (run && p->sent >= 0)
		json_object_set_new(run, "sweep",
		                    json_pack("{s:I, s:I, s:I, s:I}", "addresses", (json_int_t)p->asked_addresses,
		                              "datagrams", (json_int_t)p->sent, "printers", (json_int_t)p->printers,
		                              "devices", (json_int_t)p->devices));
	return run;
}

static json_t *proof_json_seen(const struct ice_proof *p, const struct ice_evidence *e)
{
	size_t sought, not_sought;
	ice_evidence_secrets(e, &sought, &not_sought);
	json_t *seen = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "frames", (json_int_t)p->frames,
	                         "sent_by_the_sweep", (json_int_t)p->own, "to_devices", (json_int_t)p->requests, "lost",
	                         (json_int_t)(p->drops + p->unread), "sockets", (json_int_t)p->ledger.sockets,
	                         "sockets_confirmed", (json_int_t)p->ledger.confirmed, "sockets_differing",
	                         (json_int_t)p->ledger.differing, "secrets_sought", (json_int_t)sought,
	                         "secrets_too_plain", (json_int_t)not_sought);
	if (seen && p->held.read)
		json_object_set_new(seen, "confinement",
		                    json_pack("{s:i, s:I, s:b, s:i}", "uid", (int)p->held.uid, "capabilities",
		                              (json_int_t)p->held.capabilities, "no_new_privs", p->held.no_new_privs,
		                              "seccomp_filters", (int)p->held.filters));
	if (seen && p->file)
		json_object_set_new(seen, "capture",
		                    json_pack("{s:s, s:I, s:b, s:s}", "file", p->file, "frames",
		                              (json_int_t)p->kept.frames, "cut", p->kept.cut, "sha256",
		                              p->kept.sha256));
	return seen;
}

bool ice_proof_json(const struct ice_proof *p, const struct ice_evidence *e, FILE *to)
{
	json_t *objections = json_array();
	for (size_t i = 0; i < p->objection_count; i++)
		json_array_append_new(objections, json_string(p->objections[i]));
	/* A path that is no text of UTF-8 is the one thing that makes a part of it fail. */
	json_t *all =
	        json_pack("{s:s, s:o, s:o, s:o, s:o}", "verdict", proof_verdict(p, e), "objections", objections, "run",
	                  proof_json_run(p), "seen", proof_json_seen(p, e), "promises", proof_json_promises(e));
	bool written = all && json_dumpf(all, to, JSON_INDENT(2) | JSON_PRESERVE_ORDER) == 0 && fputc('\n', to) != EOF;
	json_decref(all);
	return written;
}
