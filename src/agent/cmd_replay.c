/* ice replay: recordings through the very same probe, profile and record code as devices on a network. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "ice/ber.h"
#include "ice/random.h"
#include "ice/recording.h"
#include "ice/text.h"

#include "engine/exit.h"
#include "engine/setup.h"

#include "cmd.h"
#include "dialogue.h"
#include "options.h"

struct replay {
	const char *profiles;
	bool v1, explain, alert_text;
	time_t at;
	/* The recording in hand: */
	struct ice_recording_agent agent;
	uint8_t reply[ICE_SNMP_REPLY_MAX];
	size_t reply_len;
};

/* RFC 3339 in UTC, or seconds since 1970. */
static bool replay_at(const char *value, char *why, size_t why_size, void *into)
{
	struct replay *r = into;
	struct tm tm = {0};
	int64_t seconds;
	if (ice_options_number(value, 0, INT64_C(253402300799), &seconds)) {
		r->at = (time_t)seconds;
		return true;
	}
	const char *end = strptime(value, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!end || *end) {
		snprintf(why, why_size, "\"%s\" is no time; right would be 2026-11-22T09:41:00Z, or seconds since 1970",
		         value);
		return false;
	}
	r->at = timegm(&tm);
	return true;
}

static const struct ice_option replay_options[] = {
        {"profiles", 0, "DIR", ICE_OPTION_TEXT, offsetof(struct replay, profiles), 0, 0, NULL, false,
         "folder of the vendor profiles"},
        {"v1", 0, NULL, ICE_OPTION_FLAG, offsetof(struct replay, v1), 0, 0, NULL, false, "ask by SNMP v1 only"},
        {"at", 0, "TIME", ICE_OPTION_CALL, 0, 0, 0, replay_at, false,
         "time of reading to put into the records, as\n2026-11-22T09:41:00Z; without it they hold none that\n"
         "changes from run to run (1970-01-01T00:00:00Z)"},
        {"alert-text", 0, NULL, ICE_OPTION_FLAG, offsetof(struct replay, alert_text), 0, 0, NULL, false,
         "keep the device's own words of its alerts"},
        {"explain", 0, NULL, ICE_OPTION_FLAG, offsetof(struct replay, explain), 0, 0, NULL, false,
         "tell on standard error what was asked, what came\nback, and which rule gave each fact"},
        {NULL, 0, NULL, ICE_OPTION_FLAG, 0, 0, 0, NULL, false, NULL}};

static const struct ice_command replay_command = {
        "ice replay", "FILE...",
        "Reads recordings of devices (.snmprec, or the output of `snmpwalk -On`) as if they were on the network, and "
        "prints one\n"
        "line of JSON per file: {\"source\":FILE,\"printer\":true,\"record\":{...}}, or "
        "{...,\"printer\":false,\"reason\":\"...\"}.",
        replay_options,
        "Exit status: 0, or 1 when a file could not be read (its line then tells why).\n"
        "\n"
        "Example:\n"
        "  ice replay --explain printer.snmprec"};

static bool replay_send(const uint8_t *bytes, size_t n, void *arg)
{
	static struct ice_snmp_message request; /* 8 kB, used one at a time */
	struct replay *r = arg;
	r->reply_len = 0;
	if (ice_snmp_read(bytes, n, &request) == ICE_VERDICT_OK)
		r->reply_len = ice_recording_answer(&r->agent, &request, r->reply, sizeof r->reply);
	return true;
}

static size_t replay_receive(uint8_t *bytes, size_t size, void *arg)
{
	struct replay *r = arg;
	size_t n = r->reply_len < size ? r->reply_len : size;
	memcpy(bytes, r->reply, n);
	r->reply_len = 0;
	return n;
}

/* The address the device was recorded at: its first ipAdEntAddr that is not a loopback. */
static struct ice_address replay_address(const struct ice_recording *recording)
{
	struct ice_oid column;
	if (!ice_oid_parse("1.3.6.1.2.1.4.20.1.1", &column))
		abort();
	for (size_t i = 0; i < ice_recording_count(recording); i++) {
		const struct ice_recording_row *row = ice_recording_row(recording, i);
		const uint8_t *v = row->value;
		if (!ice_oid_under(column.bytes, column.len, row->oid, row->oid_len))
			continue;
		if (row->value_len != 6 || v[0] != ICE_BER_IPADDRESS || v[1] != 4)
			continue;
		struct ice_address a =
		        ice_address_v4((uint32_t)v[2] << 24 | (uint32_t)v[3] << 16 | (uint32_t)v[4] << 8 | v[5]);
		if (v[2] != 127 && ice_address_is_unicast(&a))
			return a;
	}
	return (struct ice_address){0};
}

/* A path as JSON text: file names need not be UTF-8, JSON must be. */
static char *replay_quoted(const char *text)
{
	json_t *s = json_string(text);
	if (!s) {
		char clean[4096];
		ice_text_clean((const uint8_t *)text, strlen(text), ICE_TEXT_UNKNOWN, clean, sizeof clean);
		s = json_string(clean);
	}
	char *quoted = s ? json_dumps(s, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	json_decref(s);
	if (!quoted)
		abort();
	return quoted;
}

static void replay_refused(const char *source, const char *reason)
{
	char *why = replay_quoted(reason);
	printf("{\"source\":%s,\"printer\":false,\"reason\":%s}\n", source, why);
	free(why);
}

static void replay_result(const char *source, const struct replay *r, const struct ice_dialogue *d)
{
	static struct ice_record record;
	size_t len;
	if (d->end != ICE_DIALOGUE_PRINTER) {
		replay_refused(source, d->end == ICE_DIALOGUE_SILENT ? "it answers neither SNMP v2c nor v1"
		                       : d->identity.reason[0]       ? d->identity.reason
		                                                     : "nothing of a printer");
		return;
	}
	ice_probe_record(d->probe, r->at, &record);
	char *json = ice_record_to_json(&record, &len);
	if (!json)
		abort();
	printf("{\"source\":%s,\"printer\":true,\"record\":%s}\n", source, json);
	free(json);
}

static bool replay_file(struct replay *r, const struct ice_profiles *profiles, const char *path)
{
	char why[512];
	struct ice_secret community = {0};
	struct ice_random random;
	struct ice_recording *recording = ice_recording_load(path, why, sizeof why);
	char *source = replay_quoted(path);
	if (!recording) {
		replay_refused(source, why);
		free(source);
		return false;
	}
	if (!ice_secret_set(&community, "public", 6))
		abort();
	ice_random_seed(&random, 1); /* ids need not be secret here, and a run should repeat exactly */
	r->agent = (struct ice_recording_agent){.recording = recording, .reply_max = 1472};
	struct ice_dialogue_options options = {
	        .profiles = profiles,
	        .communities = &community,
	        .community_count = 1,
	        .ip = replay_address(recording),
	        .v2c = !r->v1,
	        .v1 = true,
	        .probe = {.alert_text = r->alert_text},
	        .random = &random,
	        .trace = r->explain ? stderr : NULL,
	        .send = replay_send,
	        .receive = replay_receive,
	        .arg = r,
	};
	struct ice_dialogue dialogue;
	if (r->explain)
		fprintf(stderr, "%s: %zu objects, %zu lines not understood\n", path, ice_recording_count(recording),
		        ice_recording_skipped(recording));
	ice_dialogue_hold(&dialogue, &options);
	if (r->explain && dialogue.probe)
		ice_probe_explain(dialogue.probe, &ice_explain_text, stderr);
	replay_result(source, r, &dialogue);
	ice_dialogue_fini(&dialogue);
	ice_recording_free(recording);
	free(source);
	return true;
}

int ice_cmd_replay(int argc, char **argv)
{
	static struct replay replay; /* holds a reply of 64 kB */
	bool all = true;
	enum ice_options_result result = ice_options_read(&replay_command, &argc, argv, &replay);
	if (result != ICE_OPTIONS_READ)
		return (int)result;
	if (argc == 0)
		return ice_options_refuse(&replay_command, "which recordings? FILE...");
	ice_snmp_init();
	struct ice_profiles *profiles = ice_setup_profiles("ice replay", replay.profiles);
	if (!profiles)
		return ICE_EXIT_CONFIG;
	for (int i = 0; i < argc; i++)
		all &= replay_file(&replay, profiles, argv[i]);
	ice_profiles_free(profiles);
	return all ? ICE_EXIT_DONE : ICE_EXIT_FAILED;
}
