#include "bulletin.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ice/log.h"

#include "prometheus.h"
#include "publish.h"
#include "status.h"
#include "troubles.h"

#define BULLETIN_BUSY ICE_USEC_SEC(2)
#define BULLETIN_IDLE ICE_USEC_SEC(ICE_STATUS_EVERY)

struct ice_bulletin {
	const char *config;
	struct ice_notify *notify;
	int64_t started, config_read, config_refused;
	struct ice_conf_mistakes mistakes;
	struct ice_troubles troubles;
	struct ice_figures figures; /* of the services before */
	struct ice_upload_counters upload;
	struct ice_status_request requests[ICE_STATUS_REQUESTS]; /* the latest first */
	size_t request_count;
	bool changed;
	ice_usec told;
	bool unwritable; /* told once */
	char doing[512]; /* told last */
};

/* Hears itself, too: one that cannot be written is a trouble like the others. */
static void bulletin_trouble(enum ice_log_level level, const char *message, const char *words, void *arg)
{
	struct ice_bulletin *r = arg;
	ice_troubles_add(&r->troubles, ice_clock_wall(), level, message, words);
	r->changed = true;
}

struct ice_bulletin *ice_bulletin_new(const char *config, struct ice_notify *notify)
{
	struct ice_bulletin *r = calloc(1, sizeof *r);
	if (!r)
		abort();
	r->config = config;
	r->notify = notify;
	r->started = ice_clock_wall();
	ice_log_listen(bulletin_trouble, r);
	return r;
}

void ice_bulletin_free(struct ice_bulletin *r)
{
	if (!r)
		return;
	ice_log_listen(NULL, NULL);
	ice_conf_mistakes_free(&r->mistakes);
	free(r);
}

void ice_bulletin_configured(struct ice_bulletin *r)
{
	r->config_read = ice_clock_wall();
	r->config_refused = 0;
	r->changed = true;
}

void ice_bulletin_refused(struct ice_bulletin *r, struct ice_conf_mistakes *mistakes)
{
	ice_conf_mistakes_free(&r->mistakes);
	r->mistakes = *mistakes;
	*mistakes = (struct ice_conf_mistakes){0};
	r->config_refused = ice_clock_wall();
	r->changed = true;
}

void ice_bulletin_asked(struct ice_bulletin *r, const struct ice_request *request, const char *result)
{
	size_t keep = r->request_count < ICE_STATUS_REQUESTS ? r->request_count : ICE_STATUS_REQUESTS - 1;
	memmove(r->requests + 1, r->requests, keep * sizeof *r->requests);
	r->requests[0] = (struct ice_status_request){*request, ice_clock_wall(), result};
	r->request_count = keep + 1;
	r->changed = true;
}

void ice_bulletin_changed(struct ice_bulletin *r)
{
	r->changed = true;
}

static void bulletin_join(struct ice_figures *figures, struct ice_upload_counters *upload, const struct ice_figures *f,
                          const struct ice_upload_counters *u)
{
	ice_figures_join(figures, f);
	upload->acknowledged += u->acknowledged;
	upload->rejected += u->rejected;
	upload->failures += u->failures;
	upload->readings += u->readings;
	upload->bytes_sent += u->bytes_sent;
	upload->sealed += u->sealed;
	upload->switches += u->switches;
}

void ice_bulletin_succeeded(struct ice_bulletin *r, const struct ice_service *service)
{
	struct ice_status s = {.written = 0};
	ice_service_status(service, &s);
	bulletin_join(&r->figures, &r->upload, &s.figures, &s.upload);
	free(s.ranges);
}

/* ---- telling ---- */

/* One file, from what was written into memory. False with errno when it could not be replaced. */
static bool bulletin_publish(const char *path, char *text, size_t n, mode_t mode)
{
	bool good = ice_publish(path, text, n, mode);
	int error = errno;
	free(text);
	errno = error;
	return good;
}

static bool bulletin_json(const struct ice_status *s, const char *state)
{
	char path[PATH_MAX + sizeof ICE_STATUS_FILE];
	snprintf(path, sizeof path, "%s/%s", state, ICE_STATUS_FILE);
	json_t *o = ice_status_json(s);
	char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(10));
	json_decref(o);
	if (!text)
		abort();
	return bulletin_publish(path, text, strlen(text), 0640);
}

static bool bulletin_prometheus(const struct ice_status *s, const char *path)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	if (!to)
		abort();
	ice_prometheus_write(s, to);
	if (fclose(to) != 0)
		abort();
	return bulletin_publish(path, text, n, 0644);
}

/* Once per time it happens. */
static void bulletin_heed(struct ice_bulletin *r, bool json, bool prometheus, int error)
{
	if (!(json && prometheus) && !r->unwritable)
		ICE_LOG(ICE_LOG_WARN,
		        json ? "the file for Prometheus cannot be written" : "the status cannot be written",
		        ice_field_str("reason", strerror(error)));
	r->unwritable = !(json && prometheus);
}

static void bulletin_tell(struct ice_bulletin *r, const struct ice_service *service, const char *doing)
{
	struct ice_status s = {
	        .written = ice_clock_wall(),
	        .started = r->started,
	        .version = ICE_VERSION,
	        .config = r->config,
	        .config_read = r->config_read,
	        .config_refused = r->config_refused,
	        .mistakes = &r->mistakes,
	        .troubles = &r->troubles,
	        .requests = r->requests,
	        .request_count = r->request_count,
	        .doing = doing,
	};
	ice_service_status(service, &s);
	bulletin_join(&s.figures, &s.upload, &r->figures, &r->upload);
	const struct ice_settings *set = ice_service_settings(service);
	const char *path = set->status.prometheus.path;
	errno = 0;
	bool json = bulletin_json(&s, set->state.directory.path);
	int error = errno;
	bool prometheus = !path[0] || bulletin_prometheus(&s, path);
	bulletin_heed(r, json, prometheus, json ? errno : error);
	char words[sizeof r->doing];
	ice_status_doing(&s, words, sizeof words);
	if (strcmp(words, r->doing) != 0) {
		memcpy(r->doing, words, sizeof words);
		ice_notify_say(r->notify, "%s", words);
	}
	free(s.ranges);
}

void ice_bulletin_tick(struct ice_bulletin *r, const struct ice_service *service, ice_usec now)
{
	if (!service)
		return;
	bool due = now - r->told >= (ice_service_busy(service) ? BULLETIN_BUSY : BULLETIN_IDLE);
	if (r->changed || due || r->told == 0) {
		r->changed = false;
		r->told = now;
		bulletin_tell(r, service, NULL);
	}
}

void ice_bulletin_end(struct ice_bulletin *r, const struct ice_service *service)
{
	if (service)
		bulletin_tell(r, service, "stopped");
}
