#include "configuration.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/confinement.h"
#include "engine/setup.h"

static void configuration_read_enrolment(struct ice_configuration *c, struct ice_conf_mistakes *m)
{
	char why[512];
	const struct ice_settings_path *at = &c->settings.server.enrolment;
	if (!at->path[0] && access(c->settings.file, R_OK) != 0)
		return; /* of a file that cannot be read that is all there is to say */
	if (!at->path[0])
		ice_conf_mistake(m, c->settings.file, 0, "server.enrolment",
		                 "is missing; right would be enrolment = FILE with the line that `facilities-manager "
		                 "site add` printed (ice check --enrol writes that file)");
	else if (!ice_enrolment_read(at->path, &c->enrolment, why, sizeof why))
		ice_conf_mistake(m, c->settings.file, at->line, "server.enrolment", "%s", why);
}

static void configuration_read_profiles(struct ice_configuration *c, struct ice_conf_mistakes *m)
{
	char folder[PATH_MAX];
	const struct ice_settings_path *at = &c->settings.profiles.directory;
	if (ice_setup_profile_folder(at->path, folder, sizeof folder))
		c->profiles = ice_profiles_load(folder, m);
	if (!c->profiles)
		ice_conf_mistake(m, c->settings.file, at->line, "profiles.directory",
		                 "the vendor profiles in %.300s cannot be used", folder);
}

struct ice_configuration *ice_configuration_read(const char *file, struct ice_conf_mistakes *mistakes)
{
	struct ice_configuration *c = calloc(1, sizeof *c);
	size_t before = mistakes->count;
	if (!c)
		abort();
	bool read = ice_settings_read(file, &c->settings, mistakes);
	if (read && c->settings.plan.count == 0)
		ice_conf_mistake(mistakes, file, 0, "range",
		                 "none is there; right would be [range NAME] with addresses = 10.1.0.0/16");
	configuration_read_enrolment(c, mistakes);
	configuration_read_profiles(c, mistakes);
	if (read && mistakes->count == before)
		return c;
	ice_configuration_free(c);
	return NULL;
}

void ice_configuration_free(struct ice_configuration *c)
{
	if (!c)
		return;
	ice_profiles_free(c->profiles);
	ice_enrolment_wipe(&c->enrolment);
	ice_settings_free(&c->settings);
	free(c);
}

/* What the confinement of an upload depends on. */
static struct ice_upload_options configuration_way(const struct ice_configuration *c)
{
	struct ice_upload_options way = {.enrolment = &c->enrolment};
	ice_settings_server_apply(&c->settings.server, &way);
	return way;
}

static void configuration_folder(const char *path, char out[PATH_MAX])
{
	char copy[PATH_MAX];
	snprintf(copy, sizeof copy, "%s", path);
	snprintf(out, PATH_MAX, "%s", path[0] ? dirname(copy) : "");
}

/* A folder to write into must have been named before the confinement. */
static void configuration_check_prometheus(const struct ice_settings *was, const struct ice_settings *is,
                                           struct ice_conf_mistakes *m)
{
	char had[PATH_MAX], wants[PATH_MAX];
	configuration_folder(was->status.prometheus.path, had);
	configuration_folder(is->status.prometheus.path, wants);
	if (wants[0] && strcmp(had, wants) != 0)
		ice_conf_mistake(m, is->file, is->status.prometheus.line, "status.prometheus",
		                 "a file in another folder than at the start takes a restart");
}

bool ice_configuration_can_follow(const struct ice_configuration *now, const struct ice_configuration *next,
                                  struct ice_conf_mistakes *mistakes)
{
	const struct ice_settings *was = &now->settings, *is = &next->settings;
	struct ice_upload_options had = configuration_way(now), wants = configuration_way(next);
	size_t before = mistakes->count;
	uint16_t port = ice_confinement_lacks(&had, &wants);
	if (strcmp(was->state.directory.path, is->state.directory.path) != 0)
		ice_conf_mistake(mistakes, is->file, is->state.directory.line, "state.directory",
		                 "was %.300s when the service started; another one takes a restart",
		                 was->state.directory.path);
	if (port)
		ice_conf_mistake(mistakes, is->file, is->server.enrolment.line, "server",
		                 "connections to port %u were given up when the service started; they take a restart",
		                 port);
	configuration_check_prometheus(was, is, mistakes);
	return mistakes->count == before;
}
