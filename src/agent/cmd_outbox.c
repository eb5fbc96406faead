/* ice outbox: what waits for the server, seen and handled by an operator. */
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ice/clock.h"
#include "ice/outbox.h"
#include "ice/settings.h"

#include "cmd.h"
#include "options.h"
#include "setup.h"

struct outbox {
	const char *config, *file, *format;
	bool all;
	char **names; /* the batches asked for */
	int count;
	bool *met; /* per name: there is such a batch */
	char path[PATH_MAX];
	struct ice_outbox *box;
	/* The batches an order is for, oldest first. */
	int64_t *chosen;
	size_t chosen_count;
	int64_t now; /* wall seconds */
	bool begun;  /* the table's header is written */
};

static const struct ice_option outbox_options[] = {
        {"config", 'c', "FILE", ICE_OPTION_TEXT, offsetof(struct outbox, config), 0, 0, NULL, false,
         "the service's configuration, whose state folder holds\nthe outbox"},
        {"outbox", 0, "FILE", ICE_OPTION_TEXT, offsetof(struct outbox, file), 0, 0, NULL, false,
         "an outbox that stands elsewhere (that of ice scan)"},
        {"all", 0, NULL, ICE_OPTION_FLAG, offsetof(struct outbox, all), 0, 0, NULL, false,
         "export: every batch; retry: every one set aside"},
        {"format", 0, "NAME", ICE_OPTION_TEXT, offsetof(struct outbox, format), 0, 0, NULL, false,
         "of the list: table or ndjson (table)"},
        {NULL, 0, NULL, ICE_OPTION_FLAG, 0, 0, 0, NULL, false, NULL}};

static const struct ice_command outbox_command = {
        "ice outbox", "list|export|retry [BATCH...]",
        "Shows the batches of readings that the server has not acknowledged. Most are pending: they wait for the "
        "server. One that the\n"
        "server refused for good, or that rotted on the disk, is set aside, with the reason, and holds up no other.\n"
        "\n"
        "  list               one line a batch\n"
        "  export BATCH...    their readings on standard output, as they travel, one JSON object a line\n"
        "  retry BATCH...     batches set aside are pending again, and are sent when the service starts\n"
        "\n"
        "BATCH is the sequence number or the id that list shows. The service must be stopped: while it runs, the "
        "outbox is its own.",
        outbox_options,
        "Exit status: 0 done, 1 something failed (no outbox, the service runs, no such batch, one that cannot be "
        "read), 64 usage,\n"
        "78 configuration.\n"
        "\n"
        "Examples:\n"
        "  ice outbox list -c /etc/ice/ice.ini\n"
        "  ice outbox export -c /etc/ice/ice.ini 1041 >refused.ndjson\n"
        "  ice outbox retry -c /etc/ice/ice.ini --all"};

/* ---- list ---- */

/* "12s", "5m", "3h", "40d": how long ago that was; "-" when the clock says that it is yet to come. */
static const char *outbox_age(int64_t since, int64_t now, char out[32])
{
	static const struct {
		int64_t seconds;
		char letter;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;
	int64_t age = now - since;
	if (age < 0)
		return "-";
	while (i < 3 && age < units[i].seconds)
		i++;
	snprintf(out, 32, "%" PRId64 "%c", age / units[i].seconds, units[i].letter);
	return out;
}

static void outbox_list_table(const struct ice_outbox_row *row, void *arg)
{
	struct outbox *b = arg;
	char age[32];
	if (!b->begun)
		printf("%10s  %-9s  %8s  %8s  %5s  %-64s  %s\n", "SEQUENCE", "STATE", "READINGS", "BYTES", "AGE", "ID",
		       "REASON");
	b->begun = true;
	printf("%10" PRId64 "  %-9s  %8" PRId64 "  %8" PRId64 "  %5s  %-64s%s%s\n", row->sequence,
	       row->set_aside ? "set aside" : "pending", row->readings, row->bytes,
	       outbox_age(row->made_at, b->now, age), row->id, *row->reason ? "  " : "", row->reason);
}

static void outbox_list_time(json_t *o, const char *key, int64_t at)
{
	char text[ICE_CLOCK_TEXT_SIZE];
	if (at <= 0)
		return;
	ice_clock_format((time_t)at, text);
	json_object_set_new(o, key, json_string(text));
}

static void outbox_list_ndjson(const struct ice_outbox_row *row, void *arg)
{
	(void)arg;
	json_t *o = json_pack("{s:I, s:s, s:s, s:I, s:I}", "sequence", (json_int_t)row->sequence, "id", row->id,
	                      "state", row->set_aside ? "set aside" : "pending", "readings", (json_int_t)row->readings,
	                      "bytes", (json_int_t)row->bytes);
	if (!o)
		return; /* an id that is no text: only a damaged row has one */
	outbox_list_time(o, "made_at", row->made_at);
	outbox_list_time(o, "set_aside_at", row->set_aside_at);
	if (*row->reason)
		json_object_set_new(o, "reason", json_string(row->reason));
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static int outbox_list(struct outbox *b)
{
	bool ndjson = b->format && strcmp(b->format, "ndjson") == 0;
	struct ice_outbox_depth depth;
	if (b->format && !ndjson && strcmp(b->format, "table") != 0)
		return ice_options_refuse(&outbox_command, "--format: \"%s\" is none; there is table, ndjson",
		                          b->format);
	if (!ice_outbox_each(b->box, ndjson ? outbox_list_ndjson : outbox_list_table, b)) {
		fprintf(stderr, "ice outbox: %s: %s\n", b->path, ice_outbox_error(b->box));
		return ICE_EXIT_FAILED;
	}
	ice_outbox_depth(b->box, &depth);
	fprintf(stderr, "%" PRId64 " pending (%" PRId64 " readings, %" PRId64 " bytes), %" PRId64 " set aside; %s\n",
	        depth.batches, depth.readings, depth.bytes, depth.rejected, b->path);
	return ICE_EXIT_DONE;
}

/* ---- the batches asked for ---- */

static bool outbox_named(struct outbox *b, const struct ice_outbox_row *row)
{
	bool named = false;
	for (int i = 0; i < b->count; i++) {
		int64_t n;
		if (strcmp(b->names[i], row->id) == 0 ||
		    (ice_options_number(b->names[i], 0, INT64_MAX, &n) && n == row->sequence))
			named = b->met[i] = true;
	}
	return named;
}

static void outbox_choose(struct outbox *b, const struct ice_outbox_row *row)
{
	b->chosen = reallocarray(b->chosen, b->chosen_count + 1, sizeof *b->chosen);
	if (!b->chosen)
		abort();
	b->chosen[b->chosen_count++] = row->sequence;
}

static void outbox_choose_any(const struct ice_outbox_row *row, void *arg)
{
	struct outbox *b = arg;
	if (outbox_named(b, row) || b->all)
		outbox_choose(b, row);
}

static void outbox_choose_aside(const struct ice_outbox_row *row, void *arg)
{
	struct outbox *b = arg;
	bool named = outbox_named(b, row);
	if (named && !row->set_aside)
		fprintf(stderr, "ice outbox: batch %" PRId64 " is pending already\n", row->sequence);
	if (row->set_aside && (named || b->all))
		outbox_choose(b, row);
}

/* False, told, when the database refuses or a name is nobody's. */
static bool outbox_find(struct outbox *b, ice_outbox_row_fn *choose)
{
	bool good = ice_outbox_each(b->box, choose, b);
	if (!good)
		fprintf(stderr, "ice outbox: %s: %s\n", b->path, ice_outbox_error(b->box));
	for (int i = 0; good && i < b->count; i++)
		if (!b->met[i])
			fprintf(stderr, "ice outbox: %s: no such batch; ice outbox list shows them\n", b->names[i]);
	for (int i = 0; i < b->count; i++)
		good = good && b->met[i];
	return good;
}

/* ---- export, retry ---- */

static bool outbox_export_one(struct outbox *b, int64_t sequence)
{
	struct ice_outbox_batch batch;
	json_t *body = NULL, *reading;
	size_t i;
	if (ice_outbox_read(b->box, sequence, &batch) == ICE_OUTBOX_FOUND)
		body = json_loadb((const char *)batch.body, batch.len, 0, NULL);
	if (!body)
		fprintf(stderr, "ice outbox: batch %" PRId64 " is damaged and cannot be read\n", sequence);
	json_array_foreach(json_object_get(body, "readings"), i, reading)
	{
		json_dumpf(reading, stdout, JSON_COMPACT);
		putchar('\n');
	}
	bool good = body != NULL;
	json_decref(body);
	ice_outbox_batch_free(&batch);
	return good;
}

static int outbox_export(struct outbox *b)
{
	bool good = outbox_find(b, outbox_choose_any);
	for (size_t i = 0; i < b->chosen_count; i++)
		good = outbox_export_one(b, b->chosen[i]) && good;
	return good ? ICE_EXIT_DONE : ICE_EXIT_FAILED;
}

/* A batch that rotted stays where it is: it would only be set aside again. */
static bool outbox_retry_one(struct outbox *b, int64_t sequence)
{
	struct ice_outbox_batch batch;
	enum ice_outbox_found found = ice_outbox_read(b->box, sequence, &batch);
	ice_outbox_batch_free(&batch);
	if (found != ICE_OUTBOX_FOUND) {
		fprintf(stderr, "ice outbox: batch %" PRId64 " is damaged and cannot be sent; it stays set aside\n",
		        sequence);
		return false;
	}
	if (!ice_outbox_retry(b->box, sequence)) {
		fprintf(stderr, "ice outbox: batch %" PRId64 ": %s\n", sequence, ice_outbox_error(b->box));
		return false;
	}
	return true;
}

static int outbox_retry(struct outbox *b)
{
	bool good = outbox_find(b, outbox_choose_aside);
	size_t done = 0;
	for (size_t i = 0; i < b->chosen_count; i++)
		done += outbox_retry_one(b, b->chosen[i]);
	fprintf(stderr, "%zu batch%s pending again\n", done, done == 1 ? " is" : "es are");
	return good && done == b->chosen_count ? ICE_EXIT_DONE : ICE_EXIT_FAILED;
}

/* ---- the command ---- */

static const struct outbox_order {
	const char *name;
	int (*run)(struct outbox *b);
	bool takes_batches;
} outbox_orders[] = {{"list", outbox_list, false},
                     {"export", outbox_export, true},
                     {"retry", outbox_retry, true},
                     {NULL, NULL, false}};

/* Where the outbox is. */
static int outbox_locate(struct outbox *b)
{
	struct ice_settings settings = {0};
	int n = -1;
	if (b->file) {
		n = snprintf(b->path, sizeof b->path, "%s", b->file);
	} else {
		bool good = ice_setup_settings(b->config, &settings);
		if (good)
			n = snprintf(b->path, sizeof b->path, "%s/outbox.db", settings.state.directory.path);
		ice_settings_free(&settings);
		if (!good)
			return ICE_EXIT_CONFIG;
	}
	if (n < 0 || (size_t)n >= sizeof b->path) {
		fprintf(stderr, "ice outbox: the outbox's path is too long\n");
		return ICE_EXIT_FAILED;
	}
	return ICE_EXIT_DONE;
}

/* The site does not matter to who only looks: it stands in every batch that is there. */
static int outbox_open(struct outbox *b)
{
	char why[512];
	struct ice_outbox_options options = {.path = b->path, .site = "any", .max_bytes = INT64_MAX, .keep = true};
	int status = outbox_locate(b);
	if (status != ICE_EXIT_DONE)
		return status;
	if (access(b->path, F_OK) != 0) { /* opening it would make one */
		fprintf(stderr, "ice outbox: %s: there is no outbox\n", b->path);
		return ICE_EXIT_FAILED;
	}
	b->box = ice_outbox_open(&options, why, sizeof why);
	if (!b->box) {
		fprintf(stderr, "ice outbox: %s\n", why);
		if (strstr(why, "in use by another"))
			fputs("While the service runs, the outbox is its own: stop it first (systemctl stop ice).\n",
			      stderr);
		return ICE_EXIT_FAILED;
	}
	b->now = (int64_t)ice_clock_wall();
	return ICE_EXIT_DONE;
}

static int outbox_with(struct outbox *b, int argc, char **argv)
{
	const struct outbox_order *order = outbox_orders;
	switch (ice_options_read(&outbox_command, &argc, argv, b)) {
	case ICE_OPTIONS_HELPED:
		return ICE_EXIT_DONE;
	case ICE_OPTIONS_WRONG:
		return ICE_EXIT_USAGE;
	case ICE_OPTIONS_READ:
		break;
	}
	if (argc == 0)
		return ice_options_refuse(&outbox_command, "what of it? list, export or retry");
	while (order->name && strcmp(order->name, argv[0]) != 0)
		order++;
	if (!order->name)
		return ice_options_refuse(&outbox_command, "%s: there is only list, export and retry", argv[0]);
	b->names = argv + 1;
	b->count = argc - 1;
	if (!b->config == !b->file)
		return ice_options_refuse(&outbox_command, "which outbox? either -c FILE or --outbox FILE");
	if (!order->takes_batches && b->count > 0)
		return ice_options_refuse(&outbox_command, "%s: %s shows all batches", argv[1], order->name);
	if (order->takes_batches && b->count == 0 && !b->all)
		return ice_options_refuse(&outbox_command, "which batches? %s BATCH..., or --all", order->name);
	b->met = calloc((size_t)b->count + 1, sizeof *b->met);
	if (!b->met)
		abort();
	int status = outbox_open(b);
	return status == ICE_EXIT_DONE ? order->run(b) : status;
}

int ice_cmd_outbox(int argc, char **argv)
{
	static struct outbox b; /* holds a path */
	int status = outbox_with(&b, argc, argv);
	ice_outbox_close(b.box);
	free(b.met);
	free(b.chosen);
	return status;
}
