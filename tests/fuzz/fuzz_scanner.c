/* The reply path: whatever comes in while requests are in flight, each address ends once, every reserved place is used or given
 * back, and the scanner comes to rest.
 *
 * The input is a list of events: [kind][target][length][bytes]. Kinds: a datagram of raw bytes; the bytes as varbinds
 * in a well-formed answer to the target's present request; a true answer with bytes changed ([at][xor]...); time that passes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/ber.h"
#include "ice/recording.h"
#include "ice/scanner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TARGETS 8

static struct {
	struct ice_snmp_request last[TARGETS];
	unsigned handed, found[TARGETS], reserved, used;
	struct ice_snmp_message message;
} fuzz;

static struct ice_profiles *fuzz_profiles;
static struct ice_recording *fuzz_recording;
static struct ice_secret fuzz_community;
static struct ice_steady fuzz_steady;

static void fuzz_require(bool good)
{
	if (!good)
		abort();
}

static enum ice_next fuzz_next(struct ice_address *out, void *arg)
{
	(void)arg;
	if (fuzz.handed == TARGETS)
		return ICE_NEXT_END;
	*out = ice_address_v4(0x0a000000 + fuzz.handed++);
	return ICE_NEXT_TARGET;
}

static bool fuzz_send(const struct ice_address *to, const struct ice_snmp_request *request, uint32_t id, void *arg)
{
	(void)arg;
	struct ice_snmp_request *r = &fuzz.last[(uint32_t)to->lo - 0x0a000000];
	fuzz_require(request->len <= sizeof(r->bytes));
	*r = *request;
	ice_snmp_patch_id(r->bytes, r->id_at, id);
	return true;
}

static bool fuzz_reserve(void *arg)
{
	(void)arg;
	fuzz.reserved++;
	return true;
}

static void fuzz_emit(const struct ice_finding *f, void *arg)
{
	(void)arg;
	fuzz_require(fuzz.found[(uint32_t)f->address.lo - 0x0a000000]++ == 0);
	fuzz.used += f->record != NULL;
}

static void fuzz_release(void *arg)
{
	(void)arg;
	fuzz.used++;
}

/* Some targets were read before, and have, or had, 4711 pages. */
static bool fuzz_known(const struct ice_address *address, struct ice_known_target *out, void *arg)
{
	(void)arg;
	uint32_t target = (uint32_t)address->lo - 0x0a000000;
	*out = (struct ice_known_target){.ask = target % 2 ? ICE_KNOWN_PULSE : ICE_KNOWN_CHANGED,
	                                 .version = target % 3 ? ICE_SNMP_V2C : ICE_SNMP_V1,
	                                 .steady = fuzz_steady};
	out->steady.values[0] ^= target >= TARGETS - 2;
	return target >= TARGETS - 4;
}

static time_t fuzz_wall(void)
{
	return 1700000000;
}

static void fuzz_start(void)
{
	static const char text[] = "1.3.6.1.2.1.1.1.0|4|Exemplar\n1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1\n"
	                           "1.3.6.1.2.1.25.3.2.1.2.1|6|1.3.6.1.2.1.25.3.1.5\n1.3.6.1.2.1.25.3.5.1.1.1|2|3\n"
	                           "1.3.6.1.2.1.43.5.1.1.17.1|4|EX1\n1.3.6.1.2.1.43.10.2.1.4.1.1|65|4711\n"
	                           "1.3.6.1.2.1.43.11.1.1.9.1.1|2|43\n1.3.6.1.2.1.43.11.1.1.9.1.2|2|44\n"
	                           "1.3.6.1.2.1.43.18.1.1.2.1.1|2|4\n";
	char why[256];
	struct ice_conf_mistakes mistakes = {0};
	fuzz_profiles = ice_profiles_load("config/profiles", &mistakes);
	fuzz_recording = ice_recording_parse("fuzz", text, sizeof(text) - 1, why, sizeof(why));
	fuzz_require(fuzz_profiles && fuzz_recording && ice_secret_set(&fuzz_community, "public", 6));
	fuzz_require(ice_steady_parse("2 2c 0 generic all 1 2b060102012b0a0201040101#84e05528", &fuzz_steady));
}

/* Varbinds, wrapped into an answer to the target's request. */
static size_t fuzz_wrap(const uint8_t *varbinds, size_t n, uint8_t *out, size_t size)
{
	struct ice_ber_writer w;
	ice_ber_writer_init(&w, out, size);
	ice_ber_put_raw(&w, varbinds, n);
	ice_ber_put_header(&w, ICE_BER_SEQUENCE, n);
	ice_ber_put_int(&w, ICE_BER_INTEGER, 0);
	ice_ber_put_int(&w, ICE_BER_INTEGER, 0);
	ice_ber_put_int(&w, ICE_BER_INTEGER, fuzz.message.request_id);
	ice_ber_put_header(&w, ICE_BER_RESPONSE, ice_ber_written(&w));
	ice_ber_put_raw(&w, fuzz.message.community, fuzz.message.community_len);
	ice_ber_put_header(&w, ICE_BER_OCTETS, fuzz.message.community_len);
	ice_ber_put_int(&w, ICE_BER_INTEGER, fuzz.message.version);
	ice_ber_put_header(&w, ICE_BER_SEQUENCE, ice_ber_written(&w));
	size_t len = w.full ? 0 : ice_ber_written(&w);
	memmove(out, w.at, len);
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ice_scanner_ops ops = {fuzz_next, fuzz_send,    fuzz_reserve,
	                                           fuzz_emit, fuzz_release, fuzz_known};
	if (!fuzz_profiles)
		fuzz_start();
	memset(&fuzz, 0, sizeof(fuzz));
	struct ice_scanner_options options = {.port = 161,
	                                      .window = 16,
	                                      .conversations = 2,
	                                      .retries = 1,
	                                      .v1 = true,
	                                      .v2c = true,
	                                      .communities = &fuzz_community,
	                                      .community_count = 1,
	                                      .profiles = fuzz_profiles,
	                                      .wall = fuzz_wall};
	ice_usec now = 0;
	struct ice_scanner *s = ice_scanner_new(&options, &ops, NULL, now);
	ice_scanner_pump(s, now);
	while (size >= 3) {
		unsigned kind = data[0] % 4, target = data[1] % TARGETS;
		size_t n = data[2] < size - 3 ? data[2] : size - 3;
		const uint8_t *bytes = data + 3;
		struct ice_address from = ice_address_v4(0x0a000000 + target);
		uint16_t port = data[1] & 0x40 ? 162 : 161;
		static uint8_t reply[4096];
		size_t len = 0;
		struct ice_snmp_request *r = &fuzz.last[target];
		fuzz_require(ice_snmp_read(r->bytes, r->len, &fuzz.message) == ICE_VERDICT_OK);
		if (kind == 0) {
			memcpy(reply, bytes, n);
			len = n;
		} else if (kind == 1) {
			len = fuzz_wrap(bytes, n, reply, sizeof(reply));
		} else if (kind == 2) {
			struct ice_recording_agent agent = {.recording = fuzz_recording, .reply_max = 1472};
			len = ice_recording_answer(&agent, &fuzz.message, reply, sizeof(reply));
			for (size_t i = 0; len > 0 && i + 1 < n; i += 2)
				reply[bytes[i] % len] ^= bytes[i + 1];
		} else {
			now += (ice_usec)(n + 1) * ICE_USEC_MSEC(20);
		}
		if (kind != 3) {
			uint8_t *exact = malloc(len ? len : 1); /* so that a sanitizer sees the first byte too many */
			fuzz_require(exact != NULL);
			memcpy(exact, reply, len);
			ice_scanner_input(s, now, &from, port, exact, len);
			free(exact);
		}
		ice_scanner_pump(s, now);
		data += 3 + n;
		size -= 3 + n;
	}
	for (unsigned beats = 0; data && !ice_scanner_idle(s); beats++) {
		fuzz_require(beats < 100000);
		ice_usec next = ice_scanner_next(s, now);
		fuzz_require(next != ICE_USEC_NEVER);
		now = next;
		ice_scanner_pump(s, now);
	}
	ice_scanner_free(s);
	fuzz_require(fuzz.reserved == fuzz.used);
	return 0;
}
