/* What is remembered of a printer, as a line of text from a database, and behind a NUL the reply to the question that is made of it: a line is
 * refused, or comes back as it was; only a reply in which every value is there, under the names that were asked, says "the same". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/steady.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
	if (!right)
		abort();
}

static void fuzz_reply(const struct ice_steady *s, const uint8_t *bytes, size_t n)
{
	static struct ice_snmp_message reply;
	if (ice_snmp_read(bytes, n, &reply) != ICE_VERDICT_OK || reply.pdu != ICE_SNMP_RESPONSE)
		return;
	enum ice_steady_answer answer = ice_steady_compare(s, &reply);
	if (answer != ICE_STEADY_SAME && answer != ICE_STEADY_PAGES)
		return;
	check(reply.count == s->count);
	for (size_t i = 0; i < s->count; i++)
		check(reply.varbinds[i].oid_len == s->names[i].len &&
		      memcmp(reply.varbinds[i].oid, s->names[i].bytes, s->names[i].len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ice_profiles *profiles;
	static struct ice_steady s;
	static struct ice_snmp_request request;
	static struct ice_snmp_message question;
	static struct ice_secret community;
	char text[ICE_STEADY_TEXT];
	if (!profiles) {
		struct ice_conf_mistakes mistakes = {0};
		ice_snmp_init();
		profiles = ice_profiles_load("config/profiles", &mistakes);
		ice_conf_mistakes_print(&mistakes, stderr);
		check(profiles && ice_secret_set(&community, "public", 6));
	}
	char *line = strndup((const char *)data, size);
	size_t used = strlen(line) + 1;
	if (ice_steady_parse(line, &s)) {
		ice_steady_format(&s, text);
		check(strcmp(text, line) == 0);
		if (ice_steady_request(&s, profiles, &community, &request))
			check(ice_snmp_read(request.bytes, request.len, &question) == ICE_VERDICT_OK &&
			      question.count == s.count);
		if (used < size)
			fuzz_reply(&s, data + used, size - used);
	}
	free(line);
	return 0;
}
