#include "status_tell.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ice/text.h"

#define TELL_CELL 64

/* ---- members, as far as they are there ---- */

static int64_t tell_number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *tell_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	return text ? text : "";
}

/* ---- words ---- */

const char *ice_status_span(int64_t seconds, char out[ICE_STATUS_SPAN_SIZE])
{
	static const struct {
		int64_t seconds;
		const char *one, *many;
	} units[] = {{86400, "day", "days"}, {3600, "h", "h"}, {60, "min", "min"}, {1, "s", "s"}};
	const size_t count = sizeof units / sizeof *units;
	size_t i = 0, n;
	seconds = seconds < 0 ? 0 : seconds;
	while (i + 1 < count && seconds < units[i].seconds)
		i++;
	int64_t whole = seconds / units[i].seconds, rest = seconds % units[i].seconds;
	n = (size_t)snprintf(out, ICE_STATUS_SPAN_SIZE, "%" PRId64 " %s", whole,
	                     whole == 1 ? units[i].one : units[i].many);
	/* The second unit matters while the first is small. */
	if (whole < 10 && i + 1 < count && rest / units[i + 1].seconds > 0 && n < ICE_STATUS_SPAN_SIZE)
		snprintf(out + n, ICE_STATUS_SPAN_SIZE - n, " %" PRId64 " %s", rest / units[i + 1].seconds,
		         rest / units[i + 1].seconds == 1 ? units[i + 1].one : units[i + 1].many);
	return out;
}

static void tell_ago(char *out, size_t size, int64_t at, int64_t wall)
{
	char span[ICE_STATUS_SPAN_SIZE];
	if (at == 0)
		snprintf(out, size, "never");
	else if (at <= wall)
		snprintf(out, size, "%s ago", ice_status_span(wall - at, span));
	else
		snprintf(out, size, "in %s", ice_status_span(at - wall, span));
}

static void tell_bytes(char *out, size_t size, int64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double n = (double)bytes;
	size_t i = 0;
	for (; n >= 1024 && i + 1 < sizeof units / sizeof *units; i++)
		n /= 1024;
	snprintf(out, size, n < 10 && i > 0 ? "%.1f %s" : "%.0f %s", n, units[i]);
}

/* ---- ranges, as a table ---- */

enum tell_column {
	TELL_NAME,
	TELL_ADDRESSES,
	TELL_PRINTERS,
	TELL_MISSING,
	TELL_SWEEP,
	TELL_FOUND,
	TELL_RATE,
	TELL_NEXT,
	TELL_INVENTORY,
	TELL_PULSE,
	TELL_COLUMNS
};

static const struct tell_title {
	const char *title;
	bool right;
} tell_titles[TELL_COLUMNS] = {{"RANGE", false},      {"ADDRESSES", true}, {"PRINTERS", true}, {"MISSING", true},
                               {"LAST SWEEP", false}, {"FOUND", true},     {"RATE", true},     {"NEXT SWEEP", false},
                               {"INVENTORY", false},  {"PULSE", false}};

static void tell_sweep(char *out, size_t size, const json_t *range, int64_t wall)
{
	const json_t *sweep = json_object_get(range, "sweep");
	int64_t began = tell_number(sweep, "began_at"), ended = tell_number(sweep, "ended_at");
	char span[ICE_STATUS_SPAN_SIZE], took[ICE_STATUS_SPAN_SIZE];
	if (began == 0) {
		snprintf(out, size, "never");
	} else if (ended == 0) {
		int64_t all = tell_number(range, "addresses"), done = tell_number(sweep, "done");
		snprintf(out, size, "now, %.0f %% in %s", all > 0 ? 100.0 * (double)done / (double)all : 0.0,
		         ice_status_span(wall - began, span));
	} else {
		snprintf(out, size, "%s ago, took %s", ice_status_span(wall - ended, span),
		         ice_status_span(ended - began, took));
	}
}

static void tell_next(char *out, size_t size, const json_t *range, const char *lane, int64_t wall)
{
	int64_t at = tell_number(json_object_get(range, "next"), lane);
	if (at == 0)
		snprintf(out, size, "-");
	else if (at <= wall)
		snprintf(out, size, "now");
	else
		tell_ago(out, size, at, wall);
}

/* Those that are asked: what has moved away or is retired is not. */
static int64_t tell_known(const json_t *printers)
{
	return tell_number(printers, "new") + tell_number(printers, "normal") + tell_number(printers, "asleep") +
	       tell_number(printers, "missing");
}

static void tell_cells(char cells[TELL_COLUMNS][TELL_CELL], const json_t *range, int64_t wall)
{
	const json_t *sweep = json_object_get(range, "sweep"), *printers = json_object_get(range, "printers");
	snprintf(cells[TELL_NAME], TELL_CELL, "%s", tell_text(range, "name"));
	snprintf(cells[TELL_ADDRESSES], TELL_CELL, "%" PRId64, tell_number(range, "addresses"));
	snprintf(cells[TELL_PRINTERS], TELL_CELL, "%" PRId64, tell_known(printers));
	tell_sweep(cells[TELL_SWEEP], TELL_CELL, range, wall);
	snprintf(cells[TELL_FOUND], TELL_CELL, "%" PRId64, tell_number(sweep, "found"));
	snprintf(cells[TELL_MISSING], TELL_CELL, "%" PRId64, tell_number(printers, "missing"));
	snprintf(cells[TELL_RATE], TELL_CELL, "%.0f/s", json_number_value(json_object_get(sweep, "rate")));
	tell_next(cells[TELL_NEXT], TELL_CELL, range, "sweep", wall);
	tell_next(cells[TELL_INVENTORY], TELL_CELL, range, "inventory", wall);
	tell_next(cells[TELL_PULSE], TELL_CELL, range, "pulse", wall);
}

static void tell_row(char cells[TELL_COLUMNS][TELL_CELL], const size_t widths[TELL_COLUMNS], FILE *to)
{
	for (size_t c = 0; c < TELL_COLUMNS; c++) {
		int pad = (int)(widths[c] - strlen(cells[c]));
		if (tell_titles[c].right)
			fprintf(to, "%*s", pad, "");
		ice_text_tell(cells[c], to);
		if (c + 1 == TELL_COLUMNS)
			break;
		fprintf(to, "%*s  ", tell_titles[c].right ? 0 : pad, "");
	}
	fputc('\n', to);
}

static void tell_ranges(const json_t *status, int64_t wall, FILE *to)
{
	const json_t *ranges = json_object_get(status, "ranges");
	size_t widths[TELL_COLUMNS], n = json_array_size(ranges);
	char cells[TELL_COLUMNS][TELL_CELL];
	if (n == 0)
		return;
	for (size_t c = 0; c < TELL_COLUMNS; c++)
		widths[c] = strlen(tell_titles[c].title);
	for (size_t i = 0; i < n; i++) {
		tell_cells(cells, json_array_get(ranges, i), wall);
		for (size_t c = 0; c < TELL_COLUMNS; c++)
			widths[c] = strlen(cells[c]) > widths[c] ? strlen(cells[c]) : widths[c];
	}
	for (size_t c = 0; c < TELL_COLUMNS; c++)
		snprintf(cells[c], TELL_CELL, "%s", tell_titles[c].title);
	fputc('\n', to);
	tell_row(cells, widths, to);
	for (size_t i = 0; i < n; i++) {
		tell_cells(cells, json_array_get(ranges, i), wall);
		tell_row(cells, widths, to);
	}
}

/* ---- the rest, line by line ---- */

static void tell_label(const char *label, FILE *to)
{
	fprintf(to, "%10s: ", label);
}

static void tell_head(const json_t *status, int64_t wall, const struct ice_terminal_style *style, FILE *to)
{
	bool alive = json_is_true(json_object_get(status, "alive"));
	bool healthy = json_is_true(json_object_get(status, "healthy"));
	const char *color = !style->color ? "" : !alive ? "\033[31m" : healthy ? "\033[32m" : "\033[33m";
	char span[ICE_STATUS_SPAN_SIZE];
	fprintf(to, "%s%s ice: %s%s", color, style->utf8 ? "\xe2\x97\x8f" : "*",
	        !alive    ? "not running"
	        : healthy ? "healthy"
	                  : "needs attention",
	        style->color ? "\033[0m" : "");
	if (alive)
		fprintf(to, ", running for %s (pid %" PRId64 ", version ",
		        ice_status_span(wall - tell_number(status, "started_at"), span), tell_number(status, "pid"));
	else
		fprintf(to, "; what follows was so %s ago (version ",
		        ice_status_span(wall - tell_number(status, "written_at"), span));
	ice_text_tell(tell_text(status, "version"), to);
	fputs(")\n", to);
}

static void tell_service(const json_t *status, int64_t wall, FILE *to)
{
	const json_t *configuration = json_object_get(status, "configuration");
	char ago[TELL_CELL];
	tell_label("site", to);
	ice_text_tell(tell_text(status, "site"), to);
	fputs(" at ", to);
	ice_text_tell(tell_text(status, "server"), to);
	fputc('\n', to);
	tell_label("config", to);
	ice_text_tell(tell_text(configuration, "file"), to);
	tell_ago(ago, sizeof ago, tell_number(configuration, "read_at"), wall);
	fprintf(to, ", read %s\n", ago);
	tell_label("doing", to);
	ice_text_tell(tell_text(status, "doing"), to);
	fputc('\n', to);
}

/* "1 batch with 20 readings" */
static void tell_batches(const json_t *of, const char *batches, FILE *to)
{
	int64_t n = tell_number(of, batches), readings = tell_number(of, "readings");
	fprintf(to, "%" PRId64 " %s with %" PRId64 " %s", n, n == 1 ? "batch" : "batches", readings,
	        readings == 1 ? "reading" : "readings");
}

static void tell_delivery(const json_t *status, int64_t wall, FILE *to)
{
	const json_t *outbox = json_object_get(status, "outbox"), *upload = json_object_get(status, "upload");
	char bytes[TELL_CELL], most[TELL_CELL], ago[TELL_CELL];
	tell_bytes(bytes, sizeof bytes, tell_number(outbox, "bytes"));
	tell_bytes(most, sizeof most, tell_number(outbox, "max_bytes"));
	tell_label("outbox", to);
	tell_batches(outbox, "batches", to);
	fprintf(to, " wait, %s of %s; %" PRId64 " set aside\n", bytes, most, tell_number(outbox, "set_aside"));
	tell_ago(ago, sizeof ago, tell_number(upload, "last_acknowledged_at"), wall);
	tell_label("upload", to);
	fprintf(to, "last acknowledged %s; by ", ago);
	ice_text_tell(tell_text(upload, "way"), to);
	fputs("; ", to);
	tell_batches(upload, "acknowledged", to);
	fputs(" since the start\n", to);
}

static void tell_network(const json_t *status, FILE *to)
{
	const json_t *network = json_object_get(status, "network"), *n;
	json_t *strays = json_object_get(network, "strays");
	const char *reason;
	size_t told = 0;
	tell_label("network", to);
	fprintf(to, "%" PRId64 " datagrams sent, %" PRId64 " replies believed", tell_number(network, "sent"),
	        tell_number(network, "replies"));
	json_object_foreach(strays, reason, n)
	{
		fputs(told++ ? ", " : "; strays: ", to);
		ice_text_tell(reason, to);
		fprintf(to, " %" JSON_INTEGER_FORMAT, json_integer_value(n));
	}
	fputc('\n', to);
}

static void tell_slowest(const json_t *status, FILE *to)
{
	const json_t *list = json_object_get(status, "slowest"), *one;
	size_t i;
	if (json_array_size(list) == 0)
		return;
	tell_label("slowest", to);
	json_array_foreach(list, i, one)
	{
		fputs(i == 0 ? "" : i % 5 == 0 ? ",\n            " : ", ", to);
		ice_text_tell(tell_text(one, "ip"), to);
		double ms = json_number_value(json_object_get(one, "rtt_ms"));
		fprintf(to, " %.*f ms", ms < 10 ? 1 : 0, ms);
	}
	fputc('\n', to);
}

static void tell_todo(const json_t *o, FILE *to)
{
	if (!*tell_text(o, "do"))
		return;
	fputs("    do: ", to);
	ice_text_tell(tell_text(o, "do"), to);
	fputc('\n', to);
}

static void tell_problems(const json_t *status, FILE *to)
{
	const json_t *list = json_object_get(status, "problems"), *one;
	size_t i;
	if (json_array_size(list) > 0)
		fputs("\nNeeds attention:\n", to);
	json_array_foreach(list, i, one)
	{
		fputs("  - ", to);
		ice_text_tell(tell_text(one, "what"), to);
		fputc('\n', to);
		tell_todo(one, to);
	}
}

static void tell_troubles(const json_t *status, int64_t wall, FILE *to)
{
	const json_t *list = json_object_get(status, "troubles"), *one;
	size_t i;
	if (json_array_size(list) > 0)
		fputs("\nLast warnings and errors:\n", to);
	json_array_foreach(list, i, one)
	{
		char ago[TELL_CELL];
		tell_ago(ago, sizeof ago, tell_number(one, "at"), wall);
		fprintf(to, "  %s", ago);
		if (tell_number(one, "times") > 1)
			fprintf(to, ", %" PRId64 " times", tell_number(one, "times"));
		fputs(json_is_true(json_object_get(one, "solved")) ? ", solved since: " : ": ", to);
		ice_text_tell(tell_text(one, "what"), to);
		fputc('\n', to);
		tell_todo(one, to);
	}
}

void ice_status_tell(const json_t *status, int64_t wall, const struct ice_terminal_style *style, FILE *to)
{
	tell_head(status, wall, style, to);
	tell_service(status, wall, to);
	tell_delivery(status, wall, to);
	tell_network(status, to);
	tell_slowest(status, to);
	tell_ranges(status, wall, to);
	tell_problems(status, to);
	tell_troubles(status, wall, to);
}
