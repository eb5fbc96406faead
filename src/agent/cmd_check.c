/* ice check: every mistake of a configuration at once; what its sweeps would ask; then the way to the server, step by step.
 *
 * --format json: one object, of the shapes told in report.h ("good", "mistakes", "steps"), estimate_tell.h ("ranges", "sweep") and reach.h
 * ("server"); "configuration" is the file that was read, "profiles" is {"folder","count"}. What was not come to is not there. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ice/snmp.h"

#include "engine/exit.h"
#include "engine/setup.h"

#include "cmd.h"
#include "estimate_tell.h"
#include "options.h"
#include "reach.h"
#include "report.h"

struct check {
	const char *config, *enrolment_file, *profile_folder, *format;
	bool list_profiles, oids, offline, enrol, server;
	struct ice_report report;
	struct ice_settings settings;
	struct ice_profiles *profiles;
	struct ice_enrolment enrolment;
	bool enrolled;
};

static const struct ice_option check_options[] = {
        {"config", 'c', "FILE", ICE_OPTION_TEXT, offsetof(struct check, config), 0, 0, NULL, false,
         "the configuration to check (ice.ini)"},
        {"offline", 0, NULL, ICE_OPTION_FLAG, offsetof(struct check, offline), 0, 0, NULL, false,
         "only what can be told without a network"},
        {"server", 0, NULL, ICE_OPTION_FLAG, offsetof(struct check, server), 0, 0, NULL, false,
         "only the way to the server, whatever the ranges are"},
        {"profiles", 0, NULL, ICE_OPTION_FLAG, offsetof(struct check, list_profiles), 0, 0, NULL, false,
         "check the vendor profiles, too, and list them"},
        {"oids", 0, NULL, ICE_OPTION_FLAG, offsetof(struct check, oids), 0, 0, NULL, false,
         "print every object ice may ever ask, and for which fact"},
        {"profile-folder", 0, "DIR", ICE_OPTION_TEXT, offsetof(struct check, profile_folder), 0, 0, NULL, false,
         "folder of the vendor profiles"},
        {"enrolment", 0, "FILE", ICE_OPTION_TEXT, offsetof(struct check, enrolment_file), 0, 0, NULL, false,
         "the enrolment to check or to write; unless told the\nconfiguration's"},
        {"enrol", 0, NULL, ICE_OPTION_FLAG, offsetof(struct check, enrol), 0, 0, NULL, false,
         "read an enrolment line on standard input and write\nit to the enrolment file, mode 0600"},
        {"format", 0, "NAME", ICE_OPTION_TEXT, offsetof(struct check, format), 0, 0, NULL, false,
         "text, or json: one object with all that was found"},
        {NULL, 0, NULL, ICE_OPTION_FLAG, 0, 0, 0, NULL, false, NULL}};

static const struct ice_command check_command = {
        "ice check", "",
        "Tells every mistake in the configuration at once, as file:line: option: what is wrong, what would be right. "
        "Then what\n"
        "a sweep would ask, range by range, and how long it takes. Then, unless --offline, tries the way to the "
        "server: "
        "name\n"
        "resolution, TCP, TLS, clock, one signed batch without readings there and back.",
        check_options,
        "Exit status: 0 all is well, 1 a step to the server failed, 64 usage, 78 a mistake in the configuration.\n"
        "\n"
        "Examples:\n"
        "  ice check -c /etc/ice/ice.ini\n"
        "  ice check --enrol -c /etc/ice/ice.ini < line        take in what `facilities-manager site add` printed\n"
        "  ice check --format json -c /etc/ice/ice.ini | jq .mistakes\n"
        "  ice check --profiles --offline                       after writing a vendor profile"};

static const char *check_enrolment_path(const struct check *c)
{
	if (c->enrolment_file)
		return c->enrolment_file;
	return c->settings.server.enrolment.path[0] ? c->settings.server.enrolment.path : NULL;
}

/* For the security officer: the whole list, and nothing else on standard output. */
static void check_asked(const struct ice_oid *oid, const char *profile, const char *field, void *arg)
{
	char text[ICE_OID_TEXT_SIZE];
	(void)arg;
	printf("%-44s %-14s %s\n", ice_oid_format(oid->bytes, oid->len, text), profile, field);
}

static int check_oids(const struct check *c)
{
	struct ice_profiles *p = ice_setup_profiles("ice check", c->profile_folder);
	if (!p)
		return ICE_EXIT_CONFIG;
	ice_profiles_asked(p, check_asked, NULL);
	ice_profiles_free(p);
	return ICE_EXIT_DONE;
}

/* ---- what is to be read, and every mistake in it ---- */

static void check_read_settings(struct check *c, struct ice_conf_mistakes *m)
{
	if (ice_settings_read(c->config, &c->settings, m) && c->settings.plan.count == 0 && !c->server)
		ice_conf_mistake(m, c->config, 0, "range",
		                 "none is there; right would be [range NAME] with addresses = 10.1.0.0/16");
}

static void check_read_profiles(struct check *c, char folder[PATH_MAX], struct ice_conf_mistakes *m)
{
	const struct ice_settings_path *at = &c->settings.profiles.directory;
	if (ice_setup_profile_folder(c->profile_folder ? c->profile_folder : at->path, folder, PATH_MAX))
		c->profiles = ice_profiles_load(folder, m);
	if (!c->profiles)
		ice_conf_mistake(m, c->config ? c->config : "ice check", at->line, "profiles.directory",
		                 "the vendor profiles in %.300s cannot be used", folder);
}

static void check_read_enrolment(struct check *c, struct ice_conf_mistakes *m)
{
	const char *path = check_enrolment_path(c);
	char why[512];
	if (path && ice_enrolment_read(path, &c->enrolment, why, sizeof why))
		c->enrolled = true;
	else if (path)
		ice_conf_mistake(m, c->config ? c->config : "ice check",
		                 c->enrolment_file ? 0 : c->settings.server.enrolment.line, "server.enrolment", "%s",
		                 why);
	else if (c->config &&
	         access(c->config, R_OK) == 0) /* of a file that cannot be read that is all there is to say */
		ice_conf_mistake(m, c->config, 0, "server.enrolment",
		                 "is missing; right would be enrolment = FILE, written by ice check --enrol");
}

/* ---- what was found ---- */

static void check_tell_profiles(struct check *c, const char *folder)
{
	ice_report_step(&c->report, ICE_REPORT_OK, "profiles", "%zu in %s", ice_profiles_count(c->profiles), folder);
	ice_report_set(&c->report, "profiles",
	               json_pack("{s:s, s:I}", "folder", folder, "count", (json_int_t)ice_profiles_count(c->profiles)));
	if (c->list_profiles && !c->report.root)
		for (size_t i = 0; i < ice_profiles_count(c->profiles); i++)
			printf("        %s\n", ice_profile_name(ice_profiles_at(c->profiles, i)));
}

static void check_tell_configuration(struct check *c)
{
	const struct ice_estimate_pace pace = ice_estimate_pace(&c->settings.sweep);
	ice_report_step(&c->report, ICE_REPORT_OK, "configuration", "%s", c->config);
	ice_report_set(&c->report, "configuration", json_string(c->config));
	if (!c->server)
		ice_estimate_tell(&c->settings.plan, &pace, &c->report);
}

/* Takes in the line of `facilities-manager site add`. */
static bool check_enrol(struct check *c)
{
	static char line[ICE_ENROLMENT_LINE_MAX + 2], text[sizeof line + 1];
	char why[512] = "no line came on standard input";
	const char *path = check_enrolment_path(c);
	if (isatty(STDIN_FILENO))
		fputs("Paste the line that `facilities-manager site add` printed, then Enter:\n", stderr);
	bool good = fgets(line, sizeof line, stdin) != NULL;
	line[strcspn(line, "\r\n")] = '\0';
	snprintf(text, sizeof text, "%s\n", line);
	good = good && ice_enrolment_parse(line, &c->enrolment, why, sizeof why) &&
	       ice_secret_write_text(path, text, c->settings.state.directory.path, why, sizeof why);
	if (good)
		ice_report_step(&c->report, ICE_REPORT_OK, "enrol", "site %s at %s, written to %s", c->enrolment.site,
		                c->enrolment.server, path);
	else if (c->report.root)
		ice_report_step(&c->report, ICE_REPORT_FAILED, "enrol", "%s", why);
	else
		fprintf(stderr, "ice check: --enrol: %s\n", why);
	explicit_bzero(line, sizeof line);
	explicit_bzero(text, sizeof text);
	c->enrolled = good;
	return good;
}

/* An exit status. */
static int check_all(struct check *c)
{
	struct ice_conf_mistakes mistakes = {0};
	char folder[PATH_MAX];
	if (c->config)
		check_read_settings(c, &mistakes);
	if (c->enrol && !check_enrolment_path(c))
		ice_conf_mistake(&mistakes, c->config, 0, "server.enrolment",
		                 "is missing: where --enrol is to write; right would be enrolment = FILE");
	check_read_profiles(c, folder, &mistakes);
	if (!c->enrol)
		check_read_enrolment(c, &mistakes);
	ice_report_mistakes(&c->report, &mistakes);
	ice_conf_mistakes_free(&mistakes);
	if (!c->report.good)
		return ICE_EXIT_CONFIG;
	check_tell_profiles(c, folder);
	if (c->config)
		check_tell_configuration(c);
	if (c->enrol && !check_enrol(c))
		return ICE_EXIT_FAILED;
	if (!c->enrolled)
		return ICE_EXIT_DONE; /* only the profiles were to be checked */
	ice_reach_tell(&c->enrolment, &c->report);
	if (!c->offline)
		ice_reach_try(&c->enrolment, c->config ? &c->settings.server : NULL, &c->report);
	return c->report.good ? ICE_EXIT_DONE : ICE_EXIT_FAILED;
}

static int check_with(struct check *c, int argc, char **argv)
{
	enum ice_options_result result = ice_options_read(&check_command, &argc, argv, c);
	if (result != ICE_OPTIONS_READ)
		return (int)result;
	bool json = c->format && strcmp(c->format, "json") == 0;
	if (argc > 0)
		return ice_options_refuse(&check_command, "%s: what is that for? the configuration is named by -c FILE",
		                          argv[0]);
	if (c->format && !json && strcmp(c->format, "text") != 0)
		return ice_options_refuse(&check_command, "--format: \"%s\" is none; there is text, json", c->format);
	if (c->oids)
		return check_oids(c);
	if (c->enrol && !c->config && !c->enrolment_file)
		return ice_options_refuse(
		        &check_command, "--enrol: into which file? --enrolment FILE, or -c FILE with server.enrolment");
	if (!c->config && !c->list_profiles && !c->enrolment_file)
		return ice_options_refuse(&check_command,
		                          "what is to be checked? -c FILE, --enrolment FILE or --profiles");
	ice_report_init(&c->report, json);
	int status = check_all(c);
	ice_report_end(&c->report);
	return status;
}

int ice_cmd_check(int argc, char **argv)
{
	struct check *c = calloc(1, sizeof *c);
	if (!c)
		abort();
	ice_secret_guard_process();
	ice_snmp_init();
	int status = check_with(c, argc, argv);
	ice_profiles_free(c->profiles);
	ice_enrolment_wipe(&c->enrolment);
	ice_settings_free(&c->settings);
	free(c);
	return status;
}
