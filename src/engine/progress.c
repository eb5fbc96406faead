#include "progress.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "terminal.h"

#define PROGRESS_EVERY      ICE_USEC_MSEC(125)
#define PROGRESS_EVERY_JSON ICE_USEC_MSEC(250)
#define PROGRESS_LINE       256
#define PROGRESS_LATE       3.0 /* seconds that the rate is one of, about */
#define PROGRESS_EARLY      4 /* addresses done tell how it goes when they are more than this part of those in flight */

void ice_progress_init(struct ice_progress *p, enum ice_progress_form form, ice_usec now)
{
	if (form == ICE_PROGRESS_LINE && !isatty(STDERR_FILENO))
		form = ICE_PROGRESS_NONE;
	*p = (struct ice_progress){.form = form, .last = now};
}

double ice_progress_left(const struct ice_progress_figures *f)
{
	if (f->done >= f->total)
		return f->done > f->total ? -1 : 0;
	double done = (double)f->done, begun = done + (double)f->in_flight, expected = f->expected - f->seconds;
	if (f->done <= f->in_flight / PROGRESS_EARLY)
		return expected > 0 ? expected : -1;
	double left = f->seconds * ((double)f->total - done) / begun;
	return expected > 0 ? left * done / begun + expected * (1 - done / begun) : left;
}

void ice_progress_measure(struct ice_progress *p, ice_usec now, const struct ice_progress_figures *f)
{
	double seconds = (double)(now - p->last) / 1e6, keeps = PROGRESS_LATE / (PROGRESS_LATE + seconds);
	p->sent = keeps * (p->sent + (double)(f->sent - p->last_sent));
	p->seconds = keeps * (p->seconds + seconds);
	p->rate = p->seconds > 0 ? p->sent / p->seconds : 0;
	p->last = now;
	p->last_sent = f->sent;
}

/* "0:07", "1:02:09" */
static void progress_time(int64_t seconds, char out[32])
{
	if (seconds >= 3600)
		snprintf(out, 32, "%" PRId64 ":%02d:%02d", seconds / 3600, (int)(seconds / 60 % 60),
		         (int)(seconds % 60));
	else
		snprintf(out, 32, "%d:%02d", (int)(seconds / 60), (int)(seconds % 60));
}

void ice_progress_line(const struct ice_progress *p, const struct ice_progress_figures *f, char *out, size_t width)
{
	char eta[32] = "-:--", parts[6][80];
	double left = ice_progress_left(f);
	if (left >= 0)
		progress_time((int64_t)(left + 0.5), eta);
	snprintf(parts[0], sizeof parts[0], "%3d%%", f->total ? (int)(f->done * 100 / f->total) : 100);
	snprintf(parts[1], sizeof parts[1], "%" PRIu64 " %s", f->found, f->found_what);
	snprintf(parts[2], sizeof parts[2], "ETA %s", eta);
	snprintf(parts[3], sizeof parts[3], "%" PRIu64 " of %" PRIu64 " addresses", f->done, f->total);
	snprintf(parts[4], sizeof parts[4], "%.0f probes/s", p->rate);
	snprintf(parts[5], sizeof parts[5], "%" PRIu32 " in flight", f->in_flight);
	/* What a narrow terminal has no room for is left out from the end. */
	size_t o = 0;
	out[0] = '\0';
	for (size_t i = 0; i < 6; i++) {
		size_t n = strlen(parts[i]);
		if (o + n + 2 > width)
			break;
		if (o > 0) {
			memcpy(out + o, "  ", 2);
			o += 2;
		}
		memcpy(out + o, parts[i], n + 1);
		o += n;
	}
}

/* A terminal's last column is left free: writing there may wrap. */
static size_t progress_width(void)
{
	size_t width = ice_terminal_width(stderr);
	return width > PROGRESS_LINE ? PROGRESS_LINE - 1 : width > 1 ? width - 1 : 1;
}

bool ice_progress_due(const struct ice_progress *p, ice_usec now)
{
	return p->form != ICE_PROGRESS_NONE &&
	       now - p->last >= (p->form == ICE_PROGRESS_JSON ? PROGRESS_EVERY_JSON : PROGRESS_EVERY);
}

static void progress_write(json_t *o)
{
	json_dumpf(o, stderr, JSON_COMPACT | JSON_REAL_PRECISION(6));
	fputc('\n', stderr);
	json_decref(o);
}

static void progress_json(const struct ice_progress *p, const struct ice_progress_figures *f)
{
	double left = ice_progress_left(f);
	json_t *o =
	        json_pack("{s:I, s:I, s:I, s:s, s:I, s:f, s:i, s:f}", "done", (json_int_t)f->done, "total",
	                  (json_int_t)f->total, "found", (json_int_t)f->found, "what", f->found_what, "sent",
	                  (json_int_t)f->sent, "rate", p->rate, "in_flight", (int)f->in_flight, "seconds", f->seconds);
	if (left >= 0)
		json_object_set_new(o, "left", json_real(left));
	progress_write(o);
}

void ice_progress_draw(struct ice_progress *p, ice_usec now, const struct ice_progress_figures *f)
{
	char line[PROGRESS_LINE];
	if (!ice_progress_due(p, now))
		return;
	ice_progress_measure(p, now, f);
	if (p->form == ICE_PROGRESS_JSON) {
		progress_json(p, f);
		return;
	}
	ice_progress_line(p, f, line, progress_width());
	fprintf(stderr, "\r\033[K%s", line);
	p->drawn = true;
}

void ice_progress_end(struct ice_progress *p, const struct ice_progress_figures *f)
{
	p->rate = f->seconds > 0 ? (double)f->sent / f->seconds : 0;
	if (p->form == ICE_PROGRESS_JSON)
		progress_json(p, f);
}

void ice_progress_say(struct ice_progress *p, ice_usec now, const char *text)
{
	if (!ice_progress_due(p, now))
		return;
	p->last = now;
	if (p->form == ICE_PROGRESS_JSON) {
		progress_write(json_pack("{s:s}", "doing", text));
		return;
	}
	fprintf(stderr, "\r\033[K%.*s", (int)progress_width(), text);
	p->drawn = true;
}

void ice_progress_clear(struct ice_progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
}
