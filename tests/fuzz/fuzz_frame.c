/* Any bytes as a captured frame, and what was read of it held against the promises: the views lie inside the bytes, whatever offset and type
 * the kernel may have told with them, and every frame gets its verdicts. */
#include <stdlib.h>
#include <string.h>

#include <net/if_arp.h>

#include "proof/evidence.h"
#include "proof/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
	if (!right)
		abort();
}

static struct ice_evidence *fuzz_evidence(void)
{
	static struct ice_evidence *evidence;
	static struct ice_plan plan;
	static struct ice_enrolment enrolment = {.server = "https://fm.example.org", .site = "hq"};
	static struct ice_evidence_options options = {.plan = &plan, .port = 161, .enrolment = &enrolment};
	struct ice_conf_mistakes mistakes = {0};
	char why[ICE_RANGE_WHY_SIZE];
	if (evidence)
		return evidence;
	options.profiles = ice_profiles_load("config/profiles", &mistakes);
	struct ice_leg *leg = ice_plan_add(&plan, "all");
	check(options.profiles && leg && ice_range_add(leg->range, "10.0.0.0/8 fd00::/112", why, sizeof why) &&
	      ice_range_seal(leg->range, why, sizeof why) && ice_leg_community(leg, "secret", why, sizeof why) &&
	      ice_secret_set(&enrolment.key, "0123456789abcdef0123456789abcdef", 32) &&
	      ice_address_parse("10.0.0.1", &options.servers[0].address) &&
	      ice_address_parse("10.0.0.2", &options.resolvers[0]));
	options.servers[0].port = 443;
	options.server_count = options.resolver_count = 1;
	return evidence = ice_evidence_new(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ice_frame f;
	if (size < 3)
		return 0;
	struct ice_capture_frame raw = {.bytes = data + 3,
	                                .len = size - 3,
	                                .network = data[0],
	                                .ethertype = (uint16_t)(data[1] << 8 | data[2]),
	                                .hardware = ARPHRD_ETHER,
	                                .outgoing = true};
	ice_frame_read(raw.bytes, raw.len, raw.network, raw.ethertype, 1, &f);
	check(f.kind == ICE_FRAME_IP || (!f.payload && f.from_port == 0 && f.to_port == 0));
	check(!f.payload || (f.payload >= raw.bytes && f.payload_len <= (size_t)(raw.bytes + raw.len - f.payload)));
	check(!f.fragment || !f.payload);
	if (f.kind != ICE_FRAME_IP || !f.payload)
		return 0;
	struct ice_evidence *e = fuzz_evidence();
	uint64_t held = ice_evidence_of(e, ICE_PROMISE_UNICAST)->held;
	bool request = ice_evidence_frame(e, &raw, &f);
	check(ice_evidence_of(e, ICE_PROMISE_UNICAST)->held == held + 1);
	check(!request || f.to_port == 161);
	for (enum ice_promise p = 0; p < ICE_PROMISE_COUNT; p++) {
		const struct ice_evidence_verdict *v = ice_evidence_of(e, p);
		check(v->broken <= v->held && v->kept <= ICE_EVIDENCE_KEPT);
	}
	return 0;
}
