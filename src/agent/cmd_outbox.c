/* ice outbox: what waits for the server, seen and handled by an operator.
 *
 * --format json: list tells the object of outbox_list.h, show that of outbox_show.h. */
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ice/enrolment.h"
#include "ice/glance.h"
#include "ice/outbox.h"
#include "ice/settings.h"

#include "engine/exit.h"
#include "engine/setup.h"

#include "cmd.h"
#include "options.h"
#include "outbox_list.h"
#include "outbox_show.h"

struct outbox {
	const char *config, *file, *enrolment_file;
	enum ice_outbox_list_form form;
	bool all;
	char **names; /* the batches asked for */
	int count;
	bool *met; /* per name: there is such a batch */
	char path[PATH_MAX];
	struct ice_settings settings;
	struct ice_outbox *box;
	struct ice_glance glance;
	bool next_met, shown;
	/* The batches an order is for, oldest first. */
	int64_t *chosen;
	size_t chosen_count;
};

static bool outbox_form(const char *value, char *why, size_t why_size, void *into)
{
	static const char *const names[] = {"table", "ndjson", "json"};
	struct outbox *b = into;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(value, names[i]) == 0) {
			b->form = (enum ice_outbox_list_form)i;
			return true;
		}
	}
	snprintf(why, why_size, "\"%s\" is none; there is table, ndjson, json", value);
	return false;
}

static const struct ice_option outbox_options[] = {
        {"config", 'c', "FILE", ICE_OPTION_TEXT, offsetof(struct outbox, config), 0, 0, NULL, false,
         "the service's configuration, whose state folder holds\nthe outbox"},
        {"outbox", 0, "FILE", ICE_OPTION_TEXT, offsetof(struct outbox, file), 0, 0, NULL, false,
         "an outbox that stands elsewhere (that of ice scan)"},
        {"all", 0, NULL, ICE_OPTION_FLAG, offsetof(struct outbox, all), 0, 0, NULL, false,
         "export: every batch; retry: every one set aside"},
        {"enrolment", 0, "FILE", ICE_OPTION_TEXT, offsetof(struct outbox, enrolment_file), 0, 0, NULL, false,
         "show: the enrolment whose headers are shown; unless\ntold the configuration's"},
        {"format", 0, "NAME", ICE_OPTION_CALL, 0, 0, 0, outbox_form, false,
         "list: table, ndjson or json; show: json, for programs"},
        {NULL, 0, NULL, ICE_OPTION_FLAG, 0, 0, 0, NULL, false, NULL}};

static const struct ice_command outbox_command = {
        "ice outbox", "list|show|export|retry [BATCH...]",
        "Shows the batches of readings that the server has not acknowledged. Most are pending: they wait for the "
        "server. One that the\n"
        "server refused for good, or that rotted on the disk, is set aside, with the reason, and holds up no other.\n"
        "\n"
        "  list               one line a batch\n"
        "  show next|BATCH    exactly what is sent of one: address, headers, signature, and the body unpacked\n"
        "  export BATCH...    their readings on standard output, as they travel, one JSON object a line\n"
        "  retry BATCH...     batches set aside are pending again, and are sent when the service starts\n"
        "\n"
        "BATCH is the sequence number or the id that list shows; next is the one that is sent next. What is looked at "
        "is "
        "a copy, and the\n"
        "service may run; for retry it must be stopped: the outbox is its own.",
        outbox_options,
        "Exit status: 0 done, 1 something failed (no outbox, the service runs, no such batch, one that cannot be "
        "read), 64 usage,\n"
        "78 configuration.\n"
        "\n"
        "Examples:\n"
        "  ice outbox list -c /etc/ice/ice.ini\n"
        "  ice outbox show -c /etc/ice/ice.ini next\n"
        "  ice outbox export -c /etc/ice/ice.ini 1041 >refused.ndjson\n"
        "  ice outbox retry -c /etc/ice/ice.ini --all"};

static int outbox_list(struct outbox *b)
{
	if (ice_outbox_list(b->box, b->path, b->form))
		return ICE_EXIT_DONE;
	fprintf(stderr, "ice outbox: %s: %s\n", b->path, ice_outbox_error(b->box));
	return ICE_EXIT_FAILED;
}

/* ---- the batches asked for ---- */

static bool outbox_named(struct outbox *b, const struct ice_outbox_row *row)
{
	bool named = false;
	for (int i = 0; i < b->count; i++) {
		int64_t n;
		if (strcmp(b->names[i], row->id) == 0 ||
		    (ice_options_number(b->names[i], 0, INT64_MAX, &n) && n == row->sequence) ||
		    (strcmp(b->names[i], "next") == 0 && !row->set_aside && !b->next_met))
			named = b->met[i] = true;
	}
	b->next_met |= !row->set_aside;
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

/* ---- show, export, retry ---- */

static void outbox_show_chosen(const struct ice_outbox_row *row, void *arg)
{
	struct outbox *b = arg;
	static struct ice_enrolment e;
	char why[512] = "no enrolment is named";
	const char *path = b->enrolment_file ? b->enrolment_file : b->settings.server.enrolment.path;
	struct ice_outbox_show show = {.box = b->box, .json = b->form != ICE_OUTBOX_LIST_TABLE};
	if (b->chosen_count == 0 || row->sequence != b->chosen[0])
		return;
	if (*path && ice_enrolment_read(path, &e, why, sizeof why))
		show.enrolment = &e;
	else
		fprintf(stderr, "ice outbox: without headers: %s\n", why);
	b->shown = ice_outbox_show(&show, row);
	if (!b->shown)
		fprintf(stderr, "ice outbox: batch %" PRId64 " is damaged and cannot be read\n", row->sequence);
	ice_enrolment_wipe(&e);
}

static int outbox_show(struct outbox *b)
{
	bool good = outbox_find(b, outbox_choose_any) && ice_outbox_each(b->box, outbox_show_chosen, b);
	return good && b->shown ? ICE_EXIT_DONE : ICE_EXIT_FAILED;
}

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
	bool changes; /* it needs the outbox itself */
} outbox_orders[] = {{"list", outbox_list, false, false},
                     {"show", outbox_show, true, false},
                     {"export", outbox_export, true, false},
                     {"retry", outbox_retry, true, true},
                     {NULL, NULL, false, false}};

/* Where the outbox is. */
static int outbox_locate(struct outbox *b)
{
	int n = -1;
	if (b->file) {
		n = snprintf(b->path, sizeof b->path, "%s", b->file);
	} else {
		if (!ice_setup_settings(b->config, &b->settings))
			return ICE_EXIT_CONFIG;
		n = snprintf(b->path, sizeof b->path, "%s/outbox.db", b->settings.state.directory.path);
	}
	if (n < 0 || (size_t)n >= sizeof b->path) {
		fprintf(stderr, "ice outbox: the outbox's path is too long\n");
		return ICE_EXIT_FAILED;
	}
	return ICE_EXIT_DONE;
}

/* The site does not matter to who only looks: it stands in every batch that is there. */
static int outbox_open(struct outbox *b, bool changes)
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
	/* Who only looks takes no lock, so that a service that is just starting does not find the outbox taken. */
	if (!changes && ice_glance_take(&b->glance, b->path, why, sizeof why)) {
		options.path = b->glance.path;
		b->box = ice_outbox_open(&options, why, sizeof why);
		options.path = b->path;
	}
	if (!b->box)
		b->box = ice_outbox_open(&options, why, sizeof why);
	if (b->box)
		return ICE_EXIT_DONE;
	fprintf(stderr, "ice outbox: %s\n", why);
	if (strstr(why, "in use by another"))
		fputs("While the service runs, the outbox is its own: stop it first (systemctl stop ice).\n", stderr);
	return ICE_EXIT_FAILED;
}

static int outbox_with(struct outbox *b, int argc, char **argv)
{
	const struct outbox_order *order = outbox_orders;
	enum ice_options_result result = ice_options_read(&outbox_command, &argc, argv, b);
	if (result != ICE_OPTIONS_READ)
		return (int)result;
	if (argc == 0)
		return ice_options_refuse(&outbox_command, "what of it? list, show, export or retry");
	while (order->name && strcmp(order->name, argv[0]) != 0)
		order++;
	if (!order->name)
		return ice_options_refuse(&outbox_command, "%s: there is only list, show, export and retry", argv[0]);
	b->names = argv + 1;
	b->count = argc - 1;
	if (!b->config == !b->file)
		return ice_options_refuse(&outbox_command, "which outbox? either -c FILE or --outbox FILE");
	if (!order->takes_batches && b->count > 0)
		return ice_options_refuse(&outbox_command, "%s: %s shows all batches", argv[1], order->name);
	if (order->run == outbox_show && (b->count != 1 || b->all))
		return ice_options_refuse(&outbox_command, "which batch? show next, or show BATCH");
	if (order->takes_batches && b->count == 0 && !b->all)
		return ice_options_refuse(&outbox_command, "which batches? %s BATCH..., or --all", order->name);
	b->met = calloc((size_t)b->count + 1, sizeof *b->met);
	if (!b->met)
		abort();
	int status = outbox_open(b, order->changes);
	return status == ICE_EXIT_DONE ? order->run(b) : status;
}

int ice_cmd_outbox(int argc, char **argv)
{
	static struct outbox b; /* holds paths */
	ice_secret_guard_process();
	int status = outbox_with(&b, argc, argv);
	ice_outbox_close(b.box);
	ice_glance_end(&b.glance);
	ice_settings_free(&b.settings);
	free(b.met);
	free(b.chosen);
	return status;
}
