/* `facilities-manager export`: the latest record of every device, for people's own tools. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "ice/clock.h"
#include "ice/csv.h"
#include "ice/record.h"

static const struct fm_option export_options[] = {
        {'c', "config", "FILE", "the server's configuration file"},
        {256, "data", "DIR", "the server's data folder, in place of the file's"},
        {257, "format", "FORMAT", "ndjson (the default) or csv"},
        {258, "site", "NAME", "only this site's devices"},
        {'h', "help", NULL, "print this"},
        {0},
};

static const char export_usage[] =
        "Usage: facilities-manager export [--format ndjson|csv] [--site NAME]\n"
        "\n"
        "Prints what is known of every device now, one a line, in the order of site and identity: its latest record, "
        "the site, when\n"
        "it was first and last read. ndjson holds all facts as they were read; csv is for spreadsheets: a text that a\n"
        "spreadsheet would take for a formula gets a ' in front. The server need not be stopped for it.\n";

struct export_run {
	const struct export_format *format;
	struct fm_store *store;
	size_t damaged;
};

struct export_format {
	const char *name;
	void (*begin)(void);
	fm_store_device_fn *device; /* arg: struct export_run */
};

/* ---- ndjson ----------------------------------------------------------------------------------------------------- */

static void export_nothing(void)
{
}

static void export_ndjson(const struct fm_device *d, void *arg)
{
	struct export_run *run = arg;
	char first[ICE_CLOCK_TEXT_SIZE], last[ICE_CLOCK_TEXT_SIZE];
	json_t *o = json_loadb(d->json, d->len, 0, NULL);
	if (!json_is_object(o)) {
		run->damaged++;
		json_decref(o);
		return;
	}
	ice_clock_format((time_t)d->first_seen, first);
	ice_clock_format((time_t)d->last_seen, last);
	if (json_object_set_new(o, "site", json_string(d->site)) != 0 ||
	    json_object_set_new(o, "first_seen", json_string(first)) != 0 ||
	    json_object_set_new(o, "last_seen", json_string(last)) != 0 ||
	    json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15)) != 0)
		run->damaged++;
	putchar('\n');
	json_decref(o);
}

/* ---- csv -------------------------------------------------------------------------------------------------------- */

static void export_csv_begin(void)
{
	fputs("site,ip,mac,name,make,model,serial,location,location_tag,pages_total,pages_unit,pages_mono,pages_color,"
	      "pages_since,pages_from,pages_modulus,status,errors,supplies,alerts,first_seen,last_seen\r\n",
	      stdout);
}

static void export_cell(const char *text, bool last)
{
	ice_csv_cell(stdout, text);
	fputs(last ? "\r\n" : ",", stdout);
}

static void export_count(int64_t n)
{
	if (n >= 0)
		printf("%lld", (long long)n);
	putchar(',');
}

/* Appends a piece to a list in one cell; what does not fit is left away whole. */
static void export_join(char *list, size_t size, const char *piece)
{
	size_t n = strlen(list);
	if (*piece && n + strlen(piece) + 3 < size)
		snprintf(list + n, size - n, "%s%s", n ? "; " : "", piece);
}

static void export_supplies(const struct ice_record *r, char *list, size_t size)
{
	char piece[1024], level[64];
	for (size_t i = 0; i < r->supply_count; i++) {
		const struct ice_supply *s = &r->supplies[i];
		if (s->has_percent)
			snprintf(level, sizeof(level), "%.10g%%", s->percent);
		else if (s->has_level)
			snprintf(level, sizeof(level), "%lld%s%s", (long long)s->level, s->unit ? " " : "",
			         s->unit ? s->unit : "");
		else
			snprintf(level, sizeof(level), "%s", ice_supply_state_name(s->state));
		snprintf(piece, sizeof(piece), "%s: %s", s->name ? s->name : s->type ? s->type : "supply", level);
		export_join(list, size, piece);
	}
}

static void export_alerts(const struct ice_record *r, char *list, size_t size)
{
	char piece[1024];
	for (size_t i = 0; i < r->alert_count; i++) {
		const struct ice_alert *a = &r->alerts[i];
		snprintf(piece, sizeof(piece), "%s%s%s", a->severity ? a->severity : "",
		         a->severity && (a->code || a->group) ? " " : "",
		         a->code    ? a->code
		         : a->group ? a->group
		                    : "");
		export_join(list, size, piece);
	}
}

static void export_csv(const struct fm_device *d, void *arg)
{
	struct export_run *run = arg;
	struct ice_record r;
	char text[ICE_RECORD_POOL], why[160];
	if (!ice_record_from_json(d->json, d->len, &r, why, sizeof(why))) {
		run->damaged++;
		return;
	}
	export_cell(d->site, false);
	export_cell(d->ip, false);
	text[0] = '\0';
	if (r.has_mac)
		snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", r.mac[0], r.mac[1], r.mac[2], r.mac[3],
		         r.mac[4], r.mac[5]);
	export_cell(text, false);
	export_cell(r.name, false);
	export_cell(r.make, false);
	export_cell(r.model, false);
	export_cell(r.serial, false);
	export_cell(r.location, false);
	export_cell(r.location_tag, false);
	export_count(r.pages[ICE_PAGES_TOTAL]);
	export_cell(r.pages_unit, false);
	export_count(r.pages[ICE_PAGES_MONO]);
	export_count(r.pages[ICE_PAGES_COLOR]);
	export_cell(ice_pages_since_name(r.pages_since), false);
	export_count(r.pages_since == ICE_PAGES_SINCE_NOTHING ? -1 : r.pages_from);
	export_count(r.pages_since == ICE_PAGES_SINCE_WRAP ? r.pages_modulus : -1);
	export_cell(r.status, false);
	text[0] = '\0';
	for (size_t i = 0; i < r.error_count; i++)
		export_join(text, sizeof(text), r.errors[i]);
	export_cell(text, false);
	text[0] = '\0';
	export_supplies(&r, text, sizeof(text));
	export_cell(text, false);
	text[0] = '\0';
	export_alerts(&r, text, sizeof(text));
	export_cell(text, false);
	ice_clock_format((time_t)d->first_seen, text);
	export_cell(text, false);
	ice_clock_format((time_t)d->last_seen, text);
	export_cell(text, true);
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

static const struct export_format export_formats[] = {
        {"ndjson", export_nothing, export_ndjson},
        {"csv", export_csv_begin, export_csv},
};

static int export_print(struct export_run *run, const char *site)
{
	struct fm_site known;
	enum fm_store_result result = FM_STORE_OK;
	if (site) {
		result = run->store->driver->site_get(run->store, site, &known);
		ice_secret_wipe(&known.key);
		if (result == FM_STORE_NONE) {
			fprintf(stderr, "facilities-manager export: there is no site %s\n", site);
			return FM_EXIT_FAILED;
		}
	}
	if (result == FM_STORE_OK) {
		run->format->begin();
		result = run->store->driver->device_each(run->store, site, run->format->device, run);
	}
	bool written = fflush(stdout) == 0 && !ferror(stdout);
	if (result != FM_STORE_OK)
		fprintf(stderr, "facilities-manager export: %s\n", run->store->driver->error(run->store));
	else if (run->damaged > 0)
		fprintf(stderr, "facilities-manager export: %zu damaged records were left out\n", run->damaged);
	else if (!written)
		fprintf(stderr, "facilities-manager export: not all could be written\n");
	else
		return FM_EXIT_OK;
	return FM_EXIT_FAILED;
}

int fm_export(int argc, char **argv)
{
	struct fm_cli cli = {
	        .command = "export", .usage = export_usage, .options = export_options, .argc = argc, .argv = argv};
	struct export_run run = {.format = &export_formats[0]};
	struct fm_settings settings = {0};
	const char *config = NULL, *data = NULL, *site = NULL, *value;
	int key;
	while ((key = fm_cli_next(&cli, &value)) != FM_CLI_END) {
		switch (key) {
		case FM_CLI_BAD:
			return FM_EXIT_USAGE;
		case 'h':
			fm_cli_help(&cli);
			return FM_EXIT_OK;
		case 'c':
			config = value;
			break;
		case 256:
			data = value;
			break;
		case 257:
			run.format = NULL;
			for (size_t i = 0; i < sizeof(export_formats) / sizeof(export_formats[0]); i++)
				if (strcmp(export_formats[i].name, value) == 0)
					run.format = &export_formats[i];
			if (!run.format)
				return fm_cli_refuse(&cli, "--format: %s is none of ndjson, csv", value);
			break;
		case 258:
			site = value;
			break;
		default:
			return fm_cli_refuse(&cli, "%s is one word too many", value);
		}
	}
	int status = fm_cli_open(config, data, false, &settings, &run.store);
	if (status == FM_EXIT_OK)
		status = export_print(&run, site);
	if (run.store)
		run.store->driver->close(run.store);
	fm_settings_free(&settings);
	return status;
}
