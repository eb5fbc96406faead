/* year_printers: what happens to printers in a year: they print, are switched off at night, jam, move, lose count, die and are replaced.
 *
 * Each stands at an address of the simulated network (sim_world.h) and speaks by a recording that is made anew whenever anything
 * about it changes. What happens follows from the seed and the hour alone, so that it is known what the engine must have seen. */
#ifndef YEAR_PRINTERS_H
#define YEAR_PRINTERS_H

#include "sim_world.h"

#define YEAR_PRINTERS 16
#define YEAR_HOUR     3600
#define YEAR_DAY      86400

enum year_kind {
	YEAR_STEADY,    /* works, always on */
	YEAR_OFFICE,    /* is off from 19:00 to 07:00 and on Sundays */
	YEAR_ROAMER,    /* moves to another address every month */
	YEAR_MILLION,   /* its counter wraps at 1,000,000 */
	YEAR_FORGETFUL, /* loses the last pages now and then */
	YEAR_RESET,     /* its counter begins anew twice a year */
	YEAR_MORTAL,    /* dies, and another one comes to stand there */
	YEAR_LATE,      /* is bought later in the year */
};

struct year_printer {
	enum year_kind kind;
	int address; /* of the world; -1 = nowhere */
	bool on, jammed;
	unsigned generation; /* of its serial number */
	uint64_t printed;    /* in truth, since the start of the year */
	int64_t counter;     /* what it says */
	int64_t initial;     /* ... and said at first */
	unsigned events;
	ice_usec on_since, jam_until, asked_before;
	struct sim_model model;
	/* expected of the readings */
	unsigned wraps, setbacks, resets, jams;
};

static struct year_printer year_printers[YEAR_PRINTERS];

static const char year_text[] = "1.3.6.1.2.1.1.1.0|4|Exemplar LaserPrint 3000\n"
                                "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1.1\n"
                                "1.3.6.1.2.1.1.3.0|67|123456\n"
                                "1.3.6.1.2.1.1.5.0|4|printer-%02u\n"
                                "1.3.6.1.2.1.2.2.1.3.1|2|6\n"
                                "1.3.6.1.2.1.2.2.1.6.1|4x|02000000%02x%02x\n"
                                "1.3.6.1.2.1.25.3.2.1.2.1|6|1.3.6.1.2.1.25.3.1.5\n"
                                "1.3.6.1.2.1.25.3.2.1.3.1|4|Exemplar LaserPrint 3000\n"
                                "1.3.6.1.2.1.25.3.2.1.5.1|2|%d\n"
                                "1.3.6.1.2.1.25.3.5.1.1.1|2|3\n"
                                "1.3.6.1.2.1.25.3.5.1.2.1|4x|%s\n"
                                "1.3.6.1.2.1.43.5.1.1.1.1|65|%u\n"
                                "1.3.6.1.2.1.43.5.1.1.16.1|4|LaserPrint 3000\n"
                                "1.3.6.1.2.1.43.5.1.1.17.1|4|EX%02u0%05u\n"
                                "1.3.6.1.2.1.43.5.1.1.19.1|65|%u\n"
                                "1.3.6.1.2.1.43.10.2.1.3.1.1|2|7\n"
                                "1.3.6.1.2.1.43.10.2.1.4.1.1|65|%lld\n"
                                "1.3.6.1.2.1.43.11.1.1.2.1.1|2|1\n"
                                "1.3.6.1.2.1.43.11.1.1.3.1.1|2|1\n"
                                "1.3.6.1.2.1.43.11.1.1.4.1.1|2|3\n"
                                "1.3.6.1.2.1.43.11.1.1.5.1.1|2|3\n"
                                "1.3.6.1.2.1.43.11.1.1.6.1.1|4|Black Cartridge\n"
                                "1.3.6.1.2.1.43.11.1.1.7.1.1|2|19\n"
                                "1.3.6.1.2.1.43.11.1.1.8.1.1|2|100\n"
                                "1.3.6.1.2.1.43.11.1.1.9.1.1|2|%u\n"
                                "1.3.6.1.2.1.43.12.1.1.4.1.1|4|black\n";

static unsigned year_index(const struct year_printer *p)
{
	return (unsigned)(p - year_printers);
}

/* What it says from now on, and where. */
static void year_speak(struct year_printer *p)
{
	char text[sizeof(year_text) + 200], why[256];
	unsigned i = year_index(p);
	int n = snprintf(text, sizeof(text), year_text, i, i, p->generation & 255, p->jammed ? 5 : 2,
	                 p->jammed ? "04" : "00", p->generation, p->generation % 100, 1000 + i, p->events,
	                 (long long)p->counter, 99 - (unsigned)(p->printed / 100 % 100));
	struct ice_recording *before = p->model.recording;
	p->model.recording = ice_recording_parse("printer", text, (size_t)n, why, sizeof(why));
	p->model.printer = true;
	if (!p->model.recording)
		abort();
	ice_recording_free(before);
	if (p->address >= 0)
		world.devices[p->address].model = p->on ? &p->model : NULL;
}

static void year_switch(struct year_printer *p, bool on)
{
	if (p->on == on)
		return;
	p->on = on;
	p->on_since = world.now;
	year_speak(p);
}

/* To an address where nobody stands, or nowhere. */
static void year_stand(struct year_printer *p, int address)
{
	if (p->address >= 0)
		world.devices[p->address].model = NULL;
	p->address = address;
	p->on_since = world.now;
	if (address >= 0) {
		world.devices[address] = (struct sim_device){.latency = SIM_MSEC(2 + address)};
		year_speak(p);
	}
}

static void year_print(struct year_printer *p, unsigned pages)
{
	p->printed += pages;
	p->counter += pages;
	if (p->kind == YEAR_MILLION && p->counter >= 1000000) {
		p->counter -= 1000000;
		p->wraps++;
	}
}

static void year_printers_begin(struct ice_random *r)
{
	static const enum year_kind kinds[YEAR_PRINTERS] = {YEAR_STEADY, YEAR_STEADY,  YEAR_STEADY,  YEAR_STEADY,
	                                                    YEAR_OFFICE, YEAR_OFFICE,  YEAR_OFFICE,  YEAR_ROAMER,
	                                                    YEAR_ROAMER, YEAR_MILLION, YEAR_MILLION, YEAR_FORGETFUL,
	                                                    YEAR_RESET,  YEAR_MORTAL,  YEAR_LATE,    YEAR_LATE};
	memset(year_printers, 0, sizeof(year_printers));
	for (int i = 0; i < YEAR_PRINTERS; i++) {
		struct year_printer *p = &year_printers[i];
		p->kind = kinds[i];
		p->on = true;
		p->address = -1;
		p->counter = p->kind == YEAR_MILLION ? 990000 : 1000 + (int64_t)ice_random_below(r, 90000);
		p->initial = p->counter;
		/* Both ranges have printers and empty addresses. */
		if (p->kind != YEAR_LATE)
			year_stand(p, i < 10 ? i : i + 7);
	}
}

static void year_printers_end(void)
{
	for (int i = 0; i < YEAR_PRINTERS; i++) {
		ice_recording_free(year_printers[i].model.recording);
		year_printers[i].model.recording = NULL;
	}
}

/* An address of the same range where nobody stands. */
static int year_free_address(struct ice_random *r, int near)
{
	for (;;) {
		int a = near < 16 ? 10 + (int)ice_random_below(r, 5) : 16 + (int)ice_random_below(r, 7);
		bool taken = false;
		for (int i = 0; i < YEAR_PRINTERS; i++)
			taken |= year_printers[i].address == a;
		if (!taken)
			return a;
	}
}

/* Ten minutes of a printer's life; `time` counts seconds of the year, which begins on a Monday. */
static void year_live(struct year_printer *p, int64_t time, struct ice_random *r)
{
	int64_t day = time / YEAR_DAY, hour = time % YEAR_DAY / YEAR_HOUR;
	bool work = day % 7 < 5 && hour >= 8 && hour < 18, midnight = time % YEAR_DAY < 600;
	if (p->kind == YEAR_LATE && p->address < 0 && day >= 40 + 60 * (int64_t)(year_index(p) % 2))
		year_stand(p, year_free_address(r, (int)year_index(p) % 2 ? 0 : 16));
	if (p->address < 0)
		return;
	if (p->kind == YEAR_OFFICE)
		year_switch(p, day % 7 != 6 && hour >= 7 && hour < 19);
	if (p->kind == YEAR_ROAMER && midnight && day % 30 == 10)
		year_stand(p, year_free_address(r, p->address));
	if (p->kind == YEAR_MORTAL && midnight && day == 60)
		year_switch(p, false);
	if (p->kind == YEAR_MORTAL && midnight && day == 170) {
		p->generation++;
		p->counter = p->initial = 0;
		p->printed = 0;
		year_switch(p, true);
	}
	if (!p->on)
		return;
	bool speaks = false;
	if (work && ice_random_below(r, 4) == 0) {
		year_print(p, 1 + (unsigned)ice_random_below(r, p->kind == YEAR_MILLION ? 40 : 20));
		speaks = true;
	}
	if (p->kind == YEAR_FORGETFUL && midnight && day % 50 == 20) {
		p->counter -= 7;
		p->setbacks++;
		p->events++;
		speaks = true;
	}
	if (p->kind == YEAR_RESET && midnight && day % 150 == 90) {
		p->counter = 0;
		p->resets++;
		p->events++;
		speaks = true;
	}
	if (p->jammed ? world.now >= p->jam_until : work && ice_random_below(r, 1000) == 0) {
		p->jammed = !p->jammed;
		p->jams += p->jammed;
		p->jam_until = world.now + SIM_SEC(1800) + (ice_usec)ice_random_below(r, SIM_SEC(3600));
		p->events++;
		speaks = true;
	}
	if (speaks)
		year_speak(p);
}

#endif
