#include "delivery.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "ice/enrolment.h"

#include "confinement.h"
#include "exit.h"
#include "setup.h"

#define DELIVERY_LOOK ICE_USEC_MSEC(50)

struct ice_delivery {
	const char *command;
	struct ice_enrolment enrolment;
	struct ice_outbox *outbox;
	struct ice_upload_options options;
	struct ice_upload *upload;
	struct event_base *base;
	char file[PATH_MAX];
	/* While ice_delivery_wait runs: */
	struct event *timer;
	ice_usec deadline;
	struct ice_progress *progress;
	const bool *stop;
};

/* Where readings wait: what was named, else the service's own outbox, else beside the enrolment. */
static bool delivery_file(struct ice_delivery *d, const char *outbox, const char *enrolment,
                          const struct ice_settings *settings)
{
	int n;
	if (outbox) {
		n = snprintf(d->file, sizeof d->file, "%s", outbox);
	} else if (settings) {
		if (!ice_setup_folder(settings->state.directory.path)) {
			fprintf(stderr, "%s: state folder %s: %s\n", d->command, settings->state.directory.path,
			        strerror(errno));
			return false;
		}
		n = snprintf(d->file, sizeof d->file, "%s/outbox.db", settings->state.directory.path);
	} else {
		n = snprintf(d->file, sizeof d->file, "%s.outbox", enrolment);
	}
	return n > 0 && (size_t)n < sizeof d->file;
}

static int delivery_open(struct ice_delivery *d, const char *enrolment, const char *outbox,
                         const struct ice_settings *settings)
{
	char why[512];
	if (!enrolment && (!settings || !settings->server.enrolment.path[0])) {
		fprintf(stderr,
		        "%s: server.enrolment: is missing; right would be enrolment = FILE with the line that\n"
		        "`facilities-manager site add` printed (ice check --enrol writes that file)\n",
		        settings ? settings->file : d->command);
		return ICE_EXIT_CONFIG;
	}
	if (!enrolment)
		enrolment = settings->server.enrolment.path;
	if (!ice_setup_enrolment(d->command, enrolment, &d->enrolment))
		return ICE_EXIT_CONFIG;
	if (!delivery_file(d, outbox, enrolment, settings))
		return ICE_EXIT_FAILED;
	/* Another key is another database at the server: it has none of what this one was told. */
	char mac[ICE_BATCH_MAC_SIZE], server[ICE_ENROLMENT_URL_MAX + ICE_BATCH_MAC_SIZE + 1];
	ice_batch_sign(&d->enrolment.key, "bases", strlen("bases"), mac);
	snprintf(server, sizeof server, "%s %s", d->enrolment.server, mac);
	struct ice_outbox_options box = {.path = d->file,
	                                 .site = d->enrolment.site,
	                                 .max_bytes = settings ? settings->state.outbox_size : 0,
	                                 .base_age = settings ? settings->inventory.full_read / ICE_USEC_SEC(1) : 0,
	                                 .server = server,
	                                 .keep = outbox != NULL};
	d->outbox = ice_outbox_open(&box, why, sizeof why);
	if (!d->outbox) {
		fprintf(stderr, "%s: outbox: %s\n", d->command, why);
		return ICE_EXIT_FAILED;
	}
	d->options = (struct ice_upload_options){.enrolment = &d->enrolment, .seed = ice_setup_seed()};
	ice_settings_server_apply(settings ? &settings->server : NULL, &d->options);
	d->upload = ice_upload_new(d->base, &d->options, d->outbox, why, sizeof why);
	if (!d->upload) {
		fprintf(stderr, "%s: upload: %s\n", d->command, why);
		return ICE_EXIT_FAILED;
	}
	return ICE_EXIT_DONE;
}

int ice_delivery_setup(const char *command, const char *enrolment, const char *outbox,
                       const struct ice_settings *settings, struct event_base *base, struct ice_delivery **out)
{
	struct ice_delivery *d = calloc(1, sizeof *d);
	if (!d)
		abort();
	d->command = command;
	d->base = base;
	int status = delivery_open(d, enrolment, outbox, settings);
	if (status == ICE_EXIT_DONE)
		*out = d;
	else
		ice_delivery_free(d);
	return status;
}

void ice_delivery_free(struct ice_delivery *d)
{
	if (!d)
		return;
	if (d->upload)
		ice_upload_free(d->upload);
	if (d->outbox)
		ice_outbox_close(d->outbox);
	ice_enrolment_wipe(&d->enrolment);
	free(d);
}

struct ice_outbox *ice_delivery_outbox(const struct ice_delivery *d)
{
	return d->outbox;
}

struct ice_upload *ice_delivery_upload(const struct ice_delivery *d)
{
	return d->upload;
}

const struct ice_enrolment *ice_delivery_enrolment(const struct ice_delivery *d)
{
	return &d->enrolment;
}

void ice_delivery_confine(const struct ice_delivery *d)
{
	ice_confinement_server(&d->options, d->file);
}

void ice_delivery_confine_service(const struct ice_delivery *d, const struct ice_settings *settings)
{
	char profiles[PATH_MAX];
	if (!ice_setup_profile_folder(settings->profiles.directory.path, profiles, sizeof profiles))
		profiles[0] = '\0';
	ice_confinement_service(&d->options, d->file, settings, profiles);
}

const char *ice_delivery_file(const struct ice_delivery *d)
{
	return d->file;
}

static void delivery_look(evutil_socket_t fd, short what, void *arg)
{
	struct ice_delivery *d = arg;
	struct ice_outbox_depth depth;
	ice_usec now = ice_clock_now();
	char words[160];
	(void)fd;
	(void)what;
	ice_upload_work(d->upload, now);
	ice_outbox_depth(d->outbox, &depth);
	if (depth.batches == 0 || now >= d->deadline || *d->stop) {
		event_base_loopbreak(d->base);
		return;
	}
	snprintf(words, sizeof words, "uploading: %" PRId64 " readings to go", depth.readings);
	ice_progress_say(d->progress, now, words);
	struct timeval tv = {0, DELIVERY_LOOK};
	evtimer_add(d->timer, &tv);
}

void ice_delivery_wait(struct ice_delivery *d, ice_usec wait, struct ice_progress *progress, const bool *stop)
{
	struct timeval at_once = {0, 0};
	d->deadline = ice_clock_now() + wait;
	d->progress = progress;
	d->stop = stop;
	d->timer = evtimer_new(d->base, delivery_look, d);
	if (!d->timer)
		abort();
	ice_upload_now(d->upload);
	evtimer_add(d->timer, &at_once);
	event_base_dispatch(d->base);
	event_free(d->timer);
	d->timer = NULL;
}

bool ice_delivery_tell(const struct ice_delivery *d, bool quiet, FILE *to)
{
	struct ice_outbox_depth depth;
	struct ice_upload_counters c;
	ice_outbox_depth(d->outbox, &depth);
	ice_upload_counters(d->upload, &c);
	if (!quiet && c.readings > 0)
		fprintf(to, "%" PRIu64 " reading%s in %" PRIu64 " batch%s delivered to %s\n", c.readings,
		        c.readings == 1 ? "" : "s", c.acknowledged, c.acknowledged == 1 ? "" : "es",
		        d->enrolment.server);
	if (c.rejected > 0)
		fprintf(to, "%s: refused by the server for good and set aside in %s: %" PRIu64 " batch%s\n", d->command,
		        d->file, c.rejected, c.rejected == 1 ? "" : "es");
	if (depth.batches > 0)
		fprintf(to, "%s: %" PRId64 " reading%s in %" PRId64 " batch%s not delivered (%s): waiting in %s\n",
		        d->command, depth.readings, depth.readings == 1 ? "" : "s", depth.batches,
		        depth.batches == 1 ? " is" : "es are",
		        c.last_error && *c.last_error ? c.last_error
		        : c.stuck > 0                 ? "the server fails at what it is sent"
		                                      : "no time was left",
		        d->file);
	return depth.batches == 0 && c.rejected == 0;
}
