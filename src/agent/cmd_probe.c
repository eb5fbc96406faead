/* ice probe: one device explained: what was asked, what it said, which evidence and which rule made a fact of it.
 *
 * --format json: one object, told in account.h. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "ice/clock.h"
#include "ice/log.h"
#include "ice/random.h"
#include "ice/range.h"
#include "ice/udp.h"

#include "engine/confinement.h"
#include "engine/exit.h"
#include "engine/setup.h"

#include "account.h"
#include "cmd.h"
#include "dialogue.h"
#include "options.h"

#define PROBE_PORT    161
#define PROBE_PENDING 16 /* datagrams of one batch that are kept until they are asked for */

struct probe_cmd {
	struct ice_plan plan; /* one leg: its communities */
	const char *config, *profiles, *community_files[ICE_PLAN_COMMUNITIES];
	size_t community_file_count;
	const char *snmp, *allow_public;
	int64_t port, retries;
	ice_usec timeout;
	bool quiet, alert_text, json;
	struct ice_probe_options record; /* what goes into the record */
	/* While it runs: */
	struct ice_udp *udp;
	struct ice_address to;
	ice_usec deadline;
	struct probe_cmd_pending {
		uint8_t *bytes;
		size_t n;
	} pending[PROBE_PENDING];
	size_t first, count;
	unsigned elsewhere; /* datagrams from other addresses, or more of them than one device may send */
};

static bool probe_cmd_community(const char *value, char *why, size_t why_size, void *into)
{
	struct probe_cmd *p = into;
	return ice_leg_community(p->plan.legs[0], value, why, why_size);
}

static bool probe_cmd_community_file(const char *value, char *why, size_t why_size, void *into)
{
	struct probe_cmd *p = into;
	if (p->community_file_count == ICE_PLAN_COMMUNITIES) {
		snprintf(why, why_size, "more than %d files", ICE_PLAN_COMMUNITIES);
		return false;
	}
	p->community_files[p->community_file_count++] = value;
	return true;
}

static bool probe_cmd_format(const char *value, char *why, size_t why_size, void *into)
{
	struct probe_cmd *p = into;
	p->json = strcmp(value, "json") == 0;
	if (p->json || strcmp(value, "text") == 0)
		return true;
	snprintf(why, why_size, "\"%s\" is none; there is text, json", value);
	return false;
}

#define PROBE_AT(member) offsetof(struct probe_cmd, member)

static const struct ice_option probe_cmd_options[] = {
        {"community", 0, "C", ICE_OPTION_CALL, 0, 0, 0, probe_cmd_community, true,
         "community to ask with (public unless told); may be\nrepeated. Others may see it in the list of processes:\n"
         "--community-file does not have that flaw"},
        {"community-file", 0, "FILE", ICE_OPTION_CALL, 0, 0, 0, probe_cmd_community_file, false,
         "file, mode 0600, with one community a line"},
        {"config", 'c', "FILE", ICE_OPTION_TEXT, PROBE_AT(config), 0, 0, NULL, false,
         "configuration: communities of the range that holds\nADDR, port, profiles"},
        {"port", 0, "N", ICE_OPTION_NUMBER, PROBE_AT(port), 1, 65535, NULL, false, "UDP port, 161 unless told"},
        {"snmp", 0, "VERSION", ICE_OPTION_TEXT, PROBE_AT(snmp), 0, 0, NULL, false,
         "1, 2c or both (2c first), both unless told"},
        {"timeout", 0, "TIME", ICE_OPTION_DURATION, PROBE_AT(timeout), 10000, 60000000, NULL, false,
         "how long a try waits, 2s unless told"},
        {"retries", 0, "N", ICE_OPTION_NUMBER, PROBE_AT(retries), 0, 10, NULL, false, "further tries, 1 unless told"},
        {"alert-text", 0, NULL, ICE_OPTION_FLAG, PROBE_AT(alert_text), 0, 0, NULL, false,
         "keep the device's own words of its alerts"},
        {"allow-public", 0, "RANGE", ICE_OPTION_TEXT, PROBE_AT(allow_public), 0, 0, NULL, false,
         "permit an address outside the internal networks"},
        {"profiles", 0, "DIR", ICE_OPTION_TEXT, PROBE_AT(profiles), 0, 0, NULL, false, "folder of the vendor profiles"},
        {"format", 0, "NAME", ICE_OPTION_CALL, 0, 0, 0, probe_cmd_format, false,
         "text, or json: one object with the explanation and\nthe record in it"},
        {"quiet", 'q', NULL, ICE_OPTION_FLAG, PROBE_AT(quiet), 0, 0, NULL, false, "only the record, no explanation"},
        {NULL, 0, NULL, ICE_OPTION_FLAG, 0, 0, 0, NULL, false, NULL}};

static const struct ice_command probe_cmd_command = {
        "ice probe", "ADDR",
        "Asks one device and explains: every request and what came back, the evidence for or against a printer, the "
        "vendor profile,\n"
        "which rule gave each fact, and the record, as indented JSON. The explanation goes to standard error, the "
        "record to\n"
        "standard output.",
        probe_cmd_options,
        "Exit status: 0 it is a printer, 1 it is none, or it did not answer.\n"
        "\n"
        "Examples:\n"
        "  ice probe 192.168.1.20\n"
        "  ice probe --community-file secrets/office --snmp 1 192.168.1.20"};

static bool probe_cmd_send(const uint8_t *bytes, size_t n, void *arg)
{
	struct probe_cmd *p = arg;
	p->deadline = ice_clock_now() + p->timeout;
	if (!ice_udp_send(p->udp, &p->to, bytes, n))
		return false;
	ice_udp_flush(p->udp);
	return true;
}

static void probe_cmd_input(const struct ice_address *from, uint16_t port, const uint8_t *bytes, size_t n, void *arg)
{
	struct probe_cmd *p = arg;
	struct ice_address plain = *from, asked = p->to;
	plain.scope = asked.scope = 0;
	if (!ice_address_same(&plain, &asked) || port != (uint16_t)p->port || n == 0 || p->count == PROBE_PENDING) {
		p->elsewhere++;
		return;
	}
	struct probe_cmd_pending *kept = &p->pending[p->count++];
	kept->bytes = malloc(n);
	if (!kept->bytes)
		abort();
	memcpy(kept->bytes, bytes, n);
	kept->n = n;
}

/* Hands over the oldest datagram that waits; 0 when none does. */
static size_t probe_cmd_take(struct probe_cmd *p, uint8_t *bytes, size_t size)
{
	if (p->first == p->count) {
		p->first = p->count = 0;
		return 0;
	}
	struct probe_cmd_pending *next = &p->pending[p->first++];
	size_t n = next->n < size ? next->n : size;
	memcpy(bytes, next->bytes, n);
	free(next->bytes);
	return n;
}

static size_t probe_cmd_receive(uint8_t *bytes, size_t size, void *arg)
{
	struct probe_cmd *p = arg;
	for (;;) {
		int fds[2];
		size_t n = probe_cmd_take(p, bytes, size);
		if (n > 0)
			return n;
		ice_udp_receive(p->udp, 1, probe_cmd_input, p);
		ice_usec left = p->deadline - ice_clock_now();
		if (p->count > 0)
			continue;
		if (left <= 0)
			return 0;
		ice_udp_fds(p->udp, fds);
		struct pollfd watched[2] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = POLLIN}};
		poll(watched, 2, (int)((left + 999) / 1000));
	}
}

/* One address, judged by the rules of ranges; with a configuration, asked with the communities of the range that holds it. */
static int probe_cmd_target(struct probe_cmd *p, const char *text, const struct ice_settings *settings)
{
	struct ice_leg *leg = p->plan.legs[0];
	char why[512];
	if ((p->allow_public && !ice_range_allow(leg->range, p->allow_public, why, sizeof why)) ||
	    !ice_range_add(leg->range, text, why, sizeof why))
		return ice_options_refuse(&probe_cmd_command, "%s: %s", text, why);
	ice_range_exclude_local_broadcasts(leg->range);
	if (!ice_range_seal(leg->range, why, sizeof why))
		return ice_options_refuse(&probe_cmd_command, "%s: %s", text, why);
	if (ice_range_count(leg->range) != 1)
		return ice_options_refuse(&probe_cmd_command, "%s is more than one address; ice scan is for ranges",
		                          text);
	p->to = ice_range_at(leg->range, 0);
	for (size_t i = 0; i < p->community_file_count; i++) {
		if (!ice_leg_community_file(leg, p->community_files[i], why, sizeof why)) {
			fprintf(stderr, "ice probe: --community-file: %s\n", why);
			return ICE_EXIT_CONFIG;
		}
	}
	for (size_t i = 0; i < settings->plan.count && leg->community_count == 0; i++) {
		const struct ice_leg *known = settings->plan.legs[i];
		if (!ice_range_contains(known->range, &p->to))
			continue;
		memcpy(leg->communities, known->communities, sizeof leg->communities);
		leg->community_count = known->community_count;
		if (!p->quiet && !p->json)
			fprintf(stderr, "communities of [range %s]: %zu\n", known->name, known->community_count);
	}
	ice_leg_default_community(leg);
	return ICE_EXIT_DONE;
}

static int probe_cmd_hold(struct probe_cmd *p, const struct ice_profiles *profiles)
{
	struct ice_udp_options udp = {.port = (uint16_t)p->port};
	struct ice_random random;
	struct ice_dialogue dialogue;
	char why[256], *trace = NULL;
	size_t trace_len;
	bool v1 = !p->snmp || strcmp(p->snmp, "2c") != 0, v2c = !p->snmp || strcmp(p->snmp, "1") != 0;
	ice_random_seed(&random, ice_setup_seed());
	p->udp = ice_udp_new(&udp, why, sizeof why);
	if (!p->udp) {
		fprintf(stderr, "ice probe: %s\n", why);
		return ICE_EXIT_FAILED;
	}
	struct ice_dialogue_options options = {
	        .profiles = profiles,
	        .communities = p->plan.legs[0]->communities,
	        .community_count = p->plan.legs[0]->community_count,
	        .ip = p->to,
	        .v2c = v2c,
	        .v1 = v1,
	        .retries = (unsigned)p->retries,
	        .probe = p->record,
	        .random = &random,
	        .trace = p->json    ? open_memstream(&trace, &trace_len)
	                 : p->quiet ? NULL
	                            : stderr,
	        .send = probe_cmd_send,
	        .receive = probe_cmd_receive,
	        .arg = p,
	};
	if (p->json && !options.trace)
		abort();
	ice_log_set_level(ICE_LOG_WARN);
	ice_confinement_devices();
	ice_dialogue_hold(&dialogue, &options);
	if (p->json)
		fclose(options.trace); /* which finishes the text */
	struct ice_account account = {.dialogue = &dialogue,
	                              .address = p->to,
	                              .port = (uint16_t)p->port,
	                              .communities = p->plan.legs[0]->community_count,
	                              .elsewhere = p->elsewhere,
	                              .trace = trace};
	bool written = p->json ? ice_account_json(&account) : ice_account_text(&account, p->quiet);
	written = written && dialogue.end == ICE_DIALOGUE_PRINTER;
	free(trace);
	ice_dialogue_fini(&dialogue);
	while (p->first < p->count)
		free(p->pending[p->first++].bytes);
	ice_udp_free(p->udp);
	return written ? ICE_EXIT_DONE : ICE_EXIT_FAILED;
}

static int probe_cmd_with(struct probe_cmd *p, int argc, char **argv, struct ice_settings *settings)
{
	enum ice_options_result result = ice_options_read(&probe_cmd_command, &argc, argv, p);
	if (result != ICE_OPTIONS_READ)
		return (int)result;
	if (argc != 1)
		return ice_options_refuse(&probe_cmd_command, argc == 0 ? "which device? ADDR" : "one ADDR at a time");
	if (p->snmp && strcmp(p->snmp, "1") != 0 && strcmp(p->snmp, "2c") != 0 && strcmp(p->snmp, "both") != 0)
		return ice_options_refuse(&probe_cmd_command,
		                          "--snmp: \"%s\" is no version; right would be 1, 2c or both", p->snmp);
	if (p->config && !ice_setup_settings(p->config, settings))
		return ICE_EXIT_CONFIG;
	if (p->port == 0)
		p->port = p->config ? settings->sweep.port : PROBE_PORT;
	int status = probe_cmd_target(p, argv[0], settings);
	if (status != ICE_EXIT_DONE)
		return status;
	ice_snmp_init();
	struct ice_profiles *profiles =
	        ice_setup_profiles("ice probe", p->profiles ? p->profiles : settings->profiles.directory.path);
	if (!profiles)
		return ICE_EXIT_CONFIG;
	p->record = ice_setup_probe(&settings->privacy); /* without a configuration: everything but alert texts */
	p->record.alert_text |= p->alert_text;
	status = probe_cmd_hold(p, profiles);
	ice_profiles_free(profiles);
	return status;
}

int ice_cmd_probe(int argc, char **argv)
{
	struct probe_cmd p = {.timeout = ICE_USEC_SEC(2), .retries = 1};
	struct ice_settings *settings = calloc(1, sizeof *settings);
	if (!settings || !ice_plan_add(&p.plan, "probe"))
		abort();
	ice_secret_guard_process();
	int status = probe_cmd_with(&p, argc, argv, settings);
	ice_plan_free(&p.plan);
	ice_settings_free(settings);
	free(settings);
	return status;
}
