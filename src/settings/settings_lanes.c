/* When what is done, and how fast: [sweep], [inventory], [pulse], [schedule]. */
#include <string.h>

#include "ice/scanner.h"

#include "settings_parts.h"

bool ice_settings_rate(const char *text, uint64_t *out)
{
	int64_t n;
	if (strcmp(text, "gentle") == 0)
		*out = ICE_SETTINGS_RATE_GENTLE;
	else if (strcmp(text, "normal") == 0)
		*out = ICE_SETTINGS_RATE_NORMAL;
	else if (strcmp(text, "max") == 0)
		*out = 0;
	else if (ice_conf_parse_number(text, &n) && n >= 1 && n <= 10000000)
		*out = (uint64_t)n;
	else
		return false;
	return true;
}

void ice_settings_take_rate(const struct ice_conf_where *where, const char *value, uint64_t *out)
{
	if (!ice_settings_rate(value, out))
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "\"%s\" is no rate; right would be " ICE_SETTINGS_RATE_RIGHT, value);
}

static void lanes_rate(const struct ice_conf_where *where, const char *value, void *into)
{
	ice_settings_take_rate(where, value, &((struct ice_settings_sweep *)into)->rate);
}

static void lanes_timeout(const struct ice_conf_where *where, const char *value, void *into)
{
	struct ice_settings_sweep *s = into;
	int64_t usec = 0;
	if (strcmp(value, "learned") != 0 &&
	    (!ice_conf_parse_duration(value, &usec) || usec < 10000 || usec > 60000000))
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "\"%s\" is no timeout; right would be learned, or 10ms to 60s", value);
	s->timeout = usec;
}

static void lanes_versions(const struct ice_conf_where *where, const char *value, void *into)
{
	struct ice_settings_sweep *s = into;
	bool v1 = strcmp(value, "1") == 0, v2c = strcmp(value, "2c") == 0, both = strcmp(value, "both") == 0;
	if (!v1 && !v2c && !both)
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "\"%s\" is not a choice; right would be 1, 2c or both", value);
	s->v1 = v1 || both;
	s->v2c = v2c || both;
}

/* A row of hours: marks its minutes. */
static void lanes_hours(const struct ice_conf_where *where, const char *value, struct ice_hours *hours)
{
	char why[256];
	if (!ice_hours_row(hours, value, true, why, sizeof why))
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option, "%s", why);
}

static void lanes_window(const struct ice_conf_where *where, const char *value, void *into)
{
	struct ice_settings_schedule *s = into;
	s->window_line = where->line;
	lanes_hours(where, value, &s->hours);
}

static void lanes_blackout(const struct ice_conf_where *where, const char *value, void *into)
{
	struct ice_settings_schedule *s = into;
	s->blackout_line = where->line;
	lanes_hours(where, value, &s->blackouts);
}

static void lanes_sweep_hours(const struct ice_conf_where *where, const char *value, void *into)
{
	struct ice_settings_sweep *s = into;
	s->hours_line = where->line;
	lanes_hours(where, value, &s->hours);
}

const struct ice_conf_option ice_settings_sweep_options[] = {
        {"interval", ICE_CONF_DURATION, SETTINGS_AT(sweep, interval), "23h", SETTINGS_SECOND, SETTINGS_LONG, "off",
         NULL, "from the start of one sweep to the start of the next; off = only when asked for"},
        {"spread", ICE_CONF_DURATION, SETTINGS_AT(sweep, spread), "2h", 0, SETTINGS_LONG, NULL, NULL,
         "a sweep that begins by the clock takes at least this long, at most half of its interval"},
        {"hours", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, lanes_sweep_hours,
         "days and hours in which sweeps are made, as schedule.window; several rows allowed"},
        {"rate", ICE_CONF_CALL, 0, "gentle", 0, 0, NULL, lanes_rate,
         "datagrams per second: gentle (1000), normal (10000), max, or a number"},
        {"timeout", ICE_CONF_CALL, 0, "learned", 0, 0, NULL, lanes_timeout,
         "how long one try waits for its answer: learned from the answers, or a duration"},
        {"retries", ICE_CONF_NUMBER, SETTINGS_AT(sweep, retries), "2", 0, 10, NULL, NULL,
         "further tries for an address that did not answer"},
        {"window", ICE_CONF_NUMBER, SETTINGS_AT(sweep, window), "4096", 1, ICE_SCANNER_WINDOW_MAX, NULL, NULL,
         "most requests in flight at once, to different devices"},
        {"conversations", ICE_CONF_NUMBER, SETTINGS_AT(sweep, conversations), "256", 1, 65536, NULL, NULL,
         "most printers read at once"},
        {"subnet_cap", ICE_CONF_NUMBER, SETTINGS_AT(sweep, subnet_cap), "32", 0, 65535, NULL, NULL,
         "most addresses of one /24 asked at once; 0 = no such bound"},
        {"port", ICE_CONF_NUMBER, SETTINGS_AT(sweep, port), "161", 1, 65535, NULL, NULL, "UDP port of the devices"},
        {"versions", ICE_CONF_CALL, 0, "both", 0, 0, NULL, lanes_versions,
         "SNMP versions: 1, 2c or both (then a retry uses the other one)"},
        SETTINGS_END};

const struct ice_conf_option ice_settings_inventory_options[] = {
        {"interval", ICE_CONF_DURATION, SETTINGS_AT(inventory, interval), "1h", SETTINGS_SECOND, SETTINGS_LONG, "off",
         NULL, "every known printer is asked this often whether anything has changed, and read if so"},
        {"full_read", ICE_CONF_DURATION, SETTINGS_AT(inventory, full_read), "24h", 0, SETTINGS_LONG, NULL, NULL,
         "every printer is read in full at least this often, unchanged or not; 0 = every time"},
        SETTINGS_END};

const struct ice_conf_option ice_settings_pulse_options[] = {
        {"interval", ICE_CONF_DURATION, SETTINGS_AT(pulse, interval), "5m", SETTINGS_SECOND, SETTINGS_LONG, "off", NULL,
         "every known printer is asked this often for its status and alerts, and read if they changed"},
        {"error_interval", ICE_CONF_DURATION, SETTINGS_AT(pulse, error_interval), "1m", SETTINGS_SECOND, SETTINGS_LONG,
         "off", NULL, "the same, for printers in error"},
        SETTINGS_END};

const struct ice_conf_option ice_settings_schedule_options[] = {
        {"window", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, lanes_window,
         "days and hours in which printers are asked: Mon-Fri 06:00-22:00, Sat,Sun; several rows allowed"},
        {"blackout", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, lanes_blackout,
         "days and hours in which nothing is asked; several rows allowed"},
        {"missing_after", ICE_CONF_DURATION, SETTINGS_AT(schedule, missing_after), "3d", 60 * SETTINGS_SECOND,
         366 * SETTINGS_DAY, NULL, NULL, "a printer that is silent for this long is missing"},
        {"retired_after", ICE_CONF_DURATION, SETTINGS_AT(schedule, retired_after), "30d", 60 * SETTINGS_SECOND,
         366 * SETTINGS_DAY, NULL, NULL, "one that is silent for this long is retired: left to the sweep"},
        SETTINGS_END};

static bool lanes_any(const struct ice_hours *h)
{
	for (size_t i = 0; i < sizeof h->open / sizeof h->open[0]; i++)
		if (h->open[i])
			return true;
	return false;
}

void ice_settings_lanes_finish(struct ice_settings *s, struct ice_conf_mistakes *m)
{
	struct ice_settings_schedule *schedule = &s->schedule;
	if (schedule->window_line == 0)
		ice_hours_fill(&schedule->hours, true);
	for (size_t i = 0; i < sizeof schedule->hours.open / sizeof schedule->hours.open[0]; i++)
		schedule->hours.open[i] &= ~schedule->blackouts.open[i];
	if (s->sweep.hours_line == 0)
		s->sweep.hours = schedule->hours;
	else
		ice_hours_and(&s->sweep.hours, &schedule->hours);
	/* A row that could not be read was told already. */
	if (m->count == 0 && !lanes_any(&schedule->hours))
		ice_conf_mistake(m, s->file, schedule->blackout_line, "schedule.blackout",
		                 "leaves no hour in which a printer may be asked; right would be fewer hours than "
		                 "schedule.window has");
	else if (m->count == 0 && !lanes_any(&s->sweep.hours))
		ice_conf_mistake(m, s->file, s->sweep.hours_line, "sweep.hours",
		                 "has no hour in common with those of [schedule]; right would be some that are in "
		                 "schedule.window and in no blackout");
	if (schedule->retired_after < schedule->missing_after)
		ice_conf_mistake(m, s->file, 0, "schedule.retired_after",
		                 "is shorter than missing_after; right would be a longer time");
}
