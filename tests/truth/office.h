/* office: printers at work, and what would be read of them.
 *
 * Each printer begins as what a recording of its model tells, with a serial number, name and addresses of its own. Then it works: jobs come
 * as the hour of the day has it, its counters grow, its supplies shrink, alerts come and go. All of it follows from one seed. */
#ifndef TESTS_TRUTH_OFFICE_H
#define TESTS_TRUTH_OFFICE_H

#include <dirent.h>
#include <math.h>
#include <stdio.h>

#include "ice/random.h"
#include "ice/record.h"
#include "truth/play.h"

#define OFFICE_MODELS     256
#define OFFICE_JOB        4    /* pages of a job, on average */
#define OFFICE_PAGE       3    /* seconds of a page */
#define OFFICE_CARTRIDGE  5000 /* pages until a supply is used up */
#define OFFICE_ALERT_EACH 72   /* working hours, on average, until an alert comes, or goes again */

/* Records as JSON, one of each recording that is a printer. */
struct office_models {
	char *json[OFFICE_MODELS];
	size_t len[OFFICE_MODELS], count;
};

struct office_printer {
	struct ice_record record;
	double rate;                      /* pages in an hour of full work */
	double used[ICE_RECORD_SUPPLIES]; /* of the supply's unit, not yet a whole one */
	bool own_alert;                   /* the last of its alerts came while it worked here */
};

static double office_chance(struct ice_random *r)
{
	return (double)(ice_random_next(r) >> 11) / 9007199254740992.0;
}

/* The time until something that comes once in a time of 1. */
static double office_until(struct ice_random *r)
{
	return -log(1 - office_chance(r));
}

/* Adds the printers among a folder's recordings; how many there were. `rich`: only those that count pages and tell a level. */
static size_t office_models_add(struct office_models *m, const struct ice_profiles *profiles, const char *folder,
                                bool rich)
{
	struct dirent **names;
	char path[512], why[256];
	int files = scandir(folder, &names, NULL, alphasort);
	size_t before = m->count;
	for (int i = 0; i < files; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		bool text = strstr(names[i]->d_name, ".snmp") != NULL;
		free(names[i]);
		struct ice_recording *recording = text ? ice_recording_load(path, why, sizeof(why)) : NULL;
		if (!recording)
			continue;
		struct play p = {
		        .profiles = profiles, .recording = recording, .version = ICE_SNMP_V2C, .reply_max = 1472};
		if (m->count < OFFICE_MODELS && play_run(&p)) {
			static struct ice_record r;
			ice_probe_record(p.probe, 1795340460, &r);
			bool level = false;
			for (size_t k = 0; k < r.supply_count; k++)
				level = level || (r.supplies[k].has_level && r.supplies[k].has_capacity);
			if (!rich || (level && r.pages[ICE_PAGES_TOTAL] >= 0 && r.serial && r.model)) {
				m->json[m->count] = ice_record_to_json(&r, &m->len[m->count]);
				m->count++;
			}
			play_end(&p);
		}
		ice_recording_free(recording);
	}
	if (files >= 0)
		free(names);
	return m->count - before;
}

static inline void office_models_free(struct office_models *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->json[i]);
	m->count = 0;
}

/* The printer with this number: a model's record under names of its own. */
static void office_begin(struct office_printer *p, const struct office_models *m, unsigned number, struct ice_random *r)
{
	char why[160], text[64];
	struct ice_record *record = &p->record;
	memset(p->used, 0, sizeof(p->used));
	p->own_alert = false;
	p->rate = exp(2.3 + 2 * (office_chance(r) + office_chance(r) - 1));
	if (!ice_record_from_json(m->json[number % m->count], m->len[number % m->count], record, why, sizeof(why)))
		abort();
	record->ip = ice_address_v4(0x0a010000u + 256 * (number / 250) + number % 250 + 1);
	record->has_mac = true;
	for (int i = 0; i < 6; i++)
		record->mac[i] = (uint8_t)(i == 0 ? 0 : i < 3 ? 0x1b + number % 7 : ice_random_below(r, 256));
	snprintf(text, sizeof(text), "%.4s%06u", record->serial ? record->serial : "SN",
	         (unsigned)ice_random_below(r, 1000000));
	record->serial = ice_record_text(record, text);
	snprintf(text, sizeof(text), "PRN%02X%02X%02X", record->mac[3], record->mac[4], record->mac[5]);
	record->name = ice_record_text(record, text);
	snprintf(text, sizeof(text), "Building %u, floor %u, room %u", 1 + number / 300, number / 30 % 10,
	         (unsigned)ice_random_below(r, 400));
	record->location = ice_record_text(record, text);
}

static void office_print(struct office_printer *p, int64_t pages, struct ice_random *r)
{
	struct ice_record *record = &p->record;
	int64_t color = (int64_t)ice_random_below(r, (uint64_t)pages + 1);
	const int64_t of[ICE_PAGES_COUNT] = {
	        [ICE_PAGES_TOTAL] = pages,       [ICE_PAGES_MONO] = pages - color,
	        [ICE_PAGES_COLOR] = color,       [ICE_PAGES_PRINT] = pages,
	        [ICE_PAGES_DUPLEX] = pages / 2,  [ICE_PAGES_PRINT_MONO] = pages - color,
	        [ICE_PAGES_PRINT_COLOR] = color,
	};
	for (int i = 0; i < ICE_PAGES_COUNT; i++)
		if (record->pages[i] >= 0)
			record->pages[i] += of[i];
	for (size_t i = 0; i < record->supply_count; i++) {
		struct ice_supply *s = &record->supplies[i];
		if (!s->has_level || !s->has_capacity)
			continue;
		p->used[i] += (double)pages * (double)s->capacity / OFFICE_CARTRIDGE;
		int64_t whole = (int64_t)p->used[i];
		p->used[i] -= (double)whole;
		s->level = s->level > whole ? s->level - whole : s->capacity; /* a new one */
		if (s->has_percent)
			s->percent = round(1000.0 * (double)s->level / (double)s->capacity) / 10;
	}
}

static void office_alert(struct office_printer *p, struct ice_random *r)
{
	static const struct ice_alert alerts[] = {
	        {.severity = "warning", .group = "markerSupplies", .code = "markerTonerAlmostEmpty"},
	        {.severity = "critical", .group = "input", .code = "inputMediaSupplyEmpty"},
	        {.severity = "critical", .group = "mediaPath", .code = "jam"},
	};
	struct ice_record *record = &p->record;
	if (p->own_alert)
		record->alert_count--;
	else if (record->alert_count < ICE_RECORD_ALERTS)
		record->alerts[record->alert_count++] = alerts[ice_random_below(r, 3)];
	else
		return;
	p->own_alert = !p->own_alert;
}

/* What share of full work an hour of the day brings. */
static double office_share(unsigned hour)
{
	static const uint8_t percent[24] = {1,  1,   1,   1,   1,  1,  10, 50, 100, 120, 120, 100,
	                                    70, 100, 120, 110, 80, 40, 15, 5,  2,   2,   2,   2};
	return percent[hour % 24] / 100.0;
}

/* What happened since the printer was last looked at. */
struct office_news {
	bool printed;
	bool state; /* its status or its alerts are others now */
};

static struct office_news office_work(struct office_printer *p, unsigned seconds, unsigned hour, struct ice_random *r)
{
	struct office_news news = {0};
	double share = office_share(hour) * seconds / 3600;
	int64_t pages = 0;
	for (double jobs = p->rate * share / OFFICE_JOB - office_until(r); jobs > 0; jobs -= office_until(r))
		pages += 1 + (int64_t)((OFFICE_JOB - 1) * office_until(r));
	if (pages > 0) {
		office_print(p, pages, r);
		news.printed = true;
	}
	/* It is seen at work when the moment of the question falls into a job. */
	const char *status = office_chance(r) * seconds < (double)pages * OFFICE_PAGE ? "printing" : "idle";
	if (office_chance(r) < share / OFFICE_ALERT_EACH * (p->own_alert ? 20 : 1)) {
		office_alert(p, r);
		news.state = true;
	}
	news.state = news.state || !p->record.status || strcmp(p->record.status, status) != 0;
	p->record.status = status;
	return news;
}

#endif
