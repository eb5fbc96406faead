/* ice check: every mistake of a configuration at once; then the way to the server, step by step. */
#include <inttypes.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "ice/log.h"
#include "ice/outbox.h"
#include "ice/snmp.h"
#include "ice/upload.h"

#include "cmd.h"
#include "confinement.h"
#include "options.h"
#include "setup.h"

struct check {
	const char *config, *enrolment, *profile_folder;
	bool profiles, oids, offline, enrol;
	struct ice_settings settings;
	bool good;
	/* The round trip: */
	struct ice_upload_options upload;
	struct event_base *base;
	bool answered;
};

static const struct ice_option check_options[] = {
        {"config", 'c', "FILE", ICE_OPTION_TEXT, offsetof(struct check, config), 0, 0, NULL, false,
         "the configuration to check (ice.ini)"},
        {"offline", 0, NULL, ICE_OPTION_FLAG, offsetof(struct check, offline), 0, 0, NULL, false,
         "only what can be told without a network"},
        {"profiles", 0, NULL, ICE_OPTION_FLAG, offsetof(struct check, profiles), 0, 0, NULL, false,
         "check the vendor profiles, too, and list them"},
        {"oids", 0, NULL, ICE_OPTION_FLAG, offsetof(struct check, oids), 0, 0, NULL, false,
         "print every object ice may ever ask, and for which fact"},
        {"profile-folder", 0, "DIR", ICE_OPTION_TEXT, offsetof(struct check, profile_folder), 0, 0, NULL, false,
         "folder of the vendor profiles"},
        {"enrolment", 0, "FILE", ICE_OPTION_TEXT, offsetof(struct check, enrolment), 0, 0, NULL, false,
         "the enrolment to check or to write; unless told the\nconfiguration's"},
        {"enrol", 0, NULL, ICE_OPTION_FLAG, offsetof(struct check, enrol), 0, 0, NULL, false,
         "read an enrolment line on standard input and write\nit to the enrolment file, mode 0600"},
        {NULL, 0, NULL, ICE_OPTION_FLAG, 0, 0, 0, NULL, false, NULL}};

static const struct ice_command check_command = {
        "ice check", "",
        "Tells every mistake in the configuration at once, as file:line: option: what is wrong, what would be right. "
        "Then, unless\n"
        "--offline, tries the way to the server: name resolution, TLS, one signed batch without readings there and "
        "back.",
        check_options,
        "Exit status: 0 all is well, 1 a step to the server failed, 64 usage, 78 a mistake in the configuration.\n"
        "\n"
        "Examples:\n"
        "  ice check -c /etc/ice/ice.ini\n"
        "  ice check --enrol -c /etc/ice/ice.ini < line        take in what `facilities-manager site add` printed\n"
        "  ice check --profiles --offline                       after writing a vendor profile"};

/* One step, as a line: "ok      TLS: TLSv1.3 ...". */
static void ICE_PRINTF(3, 4) check_line(struct check *c, bool good, const char *fmt, ...)
{
	va_list ap;
	printf("%-7s ", good ? "ok" : "failed");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	c->good &= good;
}

static const char *check_enrolment_path(const struct check *c)
{
	if (c->enrolment)
		return c->enrolment;
	return c->settings.server.enrolment.path[0] ? c->settings.server.enrolment.path : NULL;
}

/* Takes in the line of `facilities-manager site add`. An exit status. */
static int check_enrol(struct check *c)
{
	static char line[ICE_ENROLMENT_LINE_MAX + 2], text[sizeof line + 1];
	static struct ice_enrolment e;
	char why[512];
	const char *path = check_enrolment_path(c);
	if (!path)
		return ice_options_refuse(
		        &check_command, "--enrol: into which file? --enrolment FILE, or -c FILE with server.enrolment");
	if (isatty(STDIN_FILENO))
		fputs("Paste the line that `facilities-manager site add` printed, then Enter:\n", stderr);
	bool read = fgets(line, sizeof line, stdin) != NULL;
	line[strcspn(line, "\r\n")] = '\0';
	snprintf(text, sizeof text, "%s\n", line);
	bool good = read && ice_enrolment_parse(line, &e, why, sizeof why);
	if (!good)
		fprintf(stderr, "ice check: --enrol: %s\n", read ? why : "no line came on standard input");
	else if (!(good = ice_secret_write_text(path, text, c->settings.state.directory.path, why, sizeof why)))
		fprintf(stderr, "ice check: --enrol: %s\n", why);
	if (good)
		check_line(c, true, "enrolment: site %s at %s, written to %s", e.site, e.server, path);
	explicit_bzero(line, sizeof line);
	explicit_bzero(text, sizeof text);
	ice_enrolment_wipe(&e);
	return good ? ICE_EXIT_DONE : ICE_EXIT_FAILED;
}

static void check_asked(const struct ice_oid *oid, const char *profile, const char *field, void *arg)
{
	char text[ICE_OID_TEXT_SIZE];
	(void)arg;
	printf("%-44s %-14s %s\n", ice_oid_format(oid->bytes, oid->len, text), profile, field);
}

/* For the security officer: the whole list, and nothing else on standard output. An exit status. */
static int check_oids(const struct check *c)
{
	struct ice_profiles *p = ice_setup_profiles("ice check", c->profile_folder);
	if (!p)
		return ICE_EXIT_CONFIG;
	ice_profiles_asked(p, check_asked, NULL);
	ice_profiles_free(p);
	return ICE_EXIT_DONE;
}

static bool check_profiles(struct check *c)
{
	const char *folder = c->profile_folder ? c->profile_folder : c->settings.profiles.directory.path;
	struct ice_profiles *p = ice_setup_profiles("ice check", folder);
	if (!p)
		return false;
	char at[4096];
	if (!ice_setup_profile_folder(folder, at, sizeof at))
		at[0] = '\0';
	check_line(c, true, "profiles: %zu in %s", ice_profiles_count(p), at);
	if (c->profiles)
		for (size_t i = 0; i < ice_profiles_count(p); i++)
			printf("        %s\n", ice_profile_name(ice_profiles_at(p, i)));
	ice_profiles_free(p);
	return true;
}

static void check_ranges(struct check *c)
{
	for (size_t i = 0; i < c->settings.plan.count; i++) {
		const struct ice_leg *leg = c->settings.plan.legs[i];
		check_line(c, true, "range %s: %" PRIu64 " addresses, %zu communities", leg->name,
		           ice_range_count(leg->range), leg->community_count);
	}
}

static bool check_resolve(struct check *c, const struct ice_enrolment *e)
{
	char host[ICE_ENROLMENT_URL_MAX], port[8], text[512] = "";
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	ice_setup_host(e->server, host, sizeof host, port);
	int error = getaddrinfo(host, port, &hints, &found);
	if (error != 0) {
		check_line(c, false, "name: %s: %s", host, gai_strerror(error));
		return false;
	}
	for (struct addrinfo *a = found; a; a = a->ai_next) {
		char one[NI_MAXHOST];
		size_t n = strlen(text);
		if (getnameinfo(a->ai_addr, a->ai_addrlen, one, sizeof one, NULL, 0, NI_NUMERICHOST) == 0)
			snprintf(text + n, sizeof text - n, "%s%.63s", n ? ", " : "", one);
	}
	freeaddrinfo(found);
	check_line(c, true, "name: %s is %s, port %s", host, text, port);
	return true;
}

static void check_answer(const struct ice_upload_test *r, void *arg)
{
	struct check *c = arg;
	if (r->address[0])
		check_line(c, true, "connection: %s", r->address);
	if (r->protocol[0])
		check_line(c, true, "TLS: %s, certificate and host name verified", r->protocol);
	if (r->sealed)
		check_line(c, false, "HTTPS: no TCP connection to its port; trying the way over HTTP, sealed");
	if (r->acknowledged)
		check_line(c, true, "round trip: a signed batch was acknowledged in %.0f ms", r->seconds * 1000);
	else
		check_line(c, false, "round trip: %s", r->error);
	c->answered = true;
	event_base_loopbreak(c->base);
}

/* Through the very uploader that delivers, with an outbox that is nowhere: the service may have its own open. */
static void check_round_trip(struct check *c, const struct ice_enrolment *e)
{
	char why[512];
	struct ice_outbox_options box = {.path = ":memory:", .site = e->site};
	struct ice_outbox *outbox = ice_outbox_open(&box, why, sizeof why);
	c->base = event_base_new();
	if (!c->base)
		abort();
	struct ice_upload *upload = outbox ? ice_upload_new(c->base, &c->upload, outbox, why, sizeof why) : NULL;
	if (upload) {
		ice_upload_test(upload, check_answer, c);
		event_base_dispatch(c->base);
		ice_upload_free(upload);
	}
	if (!c->answered)
		check_line(c, false, "round trip: %s", upload ? "it ended without an answer" : why);
	if (outbox)
		ice_outbox_close(outbox);
	event_base_free(c->base);
}

/* An exit status. */
static int check_server(struct check *c)
{
	static struct ice_enrolment e;
	const char *path = check_enrolment_path(c);
	if (!path) {
		if (!c->config)
			return ICE_EXIT_DONE; /* only the profiles were to be checked */
		fprintf(stderr,
		        "%s: server.enrolment: is missing; right would be enrolment = FILE, written by ice check "
		        "--enrol\n",
		        c->settings.file);
		return ICE_EXIT_CONFIG;
	}
	if (!ice_setup_enrolment("ice check", path, &e))
		return ICE_EXIT_CONFIG;
	check_line(c, true, "enrolment: site %s at %s", e.site, e.server);
	if (!c->offline) {
		ice_log_set_level(ICE_LOG_WARN); /* what goes on, this command tells in its own lines */
		c->upload = (struct ice_upload_options){
		        .enrolment = &e, .seed = ice_setup_seed(), .timeout = ICE_USEC_SEC(20)};
		ice_settings_server_apply(c->config ? &c->settings.server : NULL, &c->upload);
		ice_confinement_server(&c->upload, NULL);
		if (check_resolve(c, &e))
			check_round_trip(c, &e);
	}
	ice_enrolment_wipe(&e);
	return c->good ? ICE_EXIT_DONE : ICE_EXIT_FAILED;
}

static int check_with(struct check *c, int argc, char **argv)
{
	switch (ice_options_read(&check_command, &argc, argv, c)) {
	case ICE_OPTIONS_HELPED:
		return ICE_EXIT_DONE;
	case ICE_OPTIONS_WRONG:
		return ICE_EXIT_USAGE;
	case ICE_OPTIONS_READ:
		break;
	}
	if (argc > 0)
		return ice_options_refuse(&check_command, "%s: what is that for? the configuration is named by -c FILE",
		                          argv[0]);
	if (c->oids)
		return check_oids(c);
	if (!c->config && !c->profiles && !c->enrolment)
		return ice_options_refuse(&check_command,
		                          "what is to be checked? -c FILE, --enrolment FILE or --profiles");
	bool read = !c->config || ice_setup_settings(c->config, &c->settings);
	if (read && c->config && c->settings.plan.count == 0) {
		fprintf(stderr, "%s: range: none is there; right would be [range NAME] with addresses = 10.1.0.0/16\n",
		        c->config);
		read = false;
	}
	/* The profiles are looked at even after a mistake: all of them at once is the promise. */
	bool profiles = check_profiles(c);
	if (!read || !profiles)
		return ICE_EXIT_CONFIG;
	if (c->config)
		check_line(c, true, "configuration: %s", c->config);
	check_ranges(c);
	int status = c->enrol ? check_enrol(c) : ICE_EXIT_DONE;
	return status == ICE_EXIT_DONE ? check_server(c) : status;
}

int ice_cmd_check(int argc, char **argv)
{
	struct check *c = calloc(1, sizeof *c);
	if (!c)
		abort();
	c->good = true;
	ice_secret_guard_process();
	ice_snmp_init();
	int status = check_with(c, argc, argv);
	ice_settings_free(&c->settings);
	free(c);
	return status;
}
