#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "ice/csv.h"

#include "table.h"

/* ---- json and ndjson: a printer is its record, a device what first contact told ---- */

/* The names are ours: they need no look. */
static void output_put(json_t *o, const char *name, json_t *value)
{
	json_object_set_new_nocheck(o, name, value);
}

static char *output_device_json(const struct ice_finding *f)
{
	char ip[ICE_ADDRESS_TEXT_SIZE];
	char make[ICE_IDENTITY_MAKE] = "", model[ICE_IDENTITY_TEXT] = "";
	const struct ice_identity *id = f->identity;
	json_t *o = json_object();
	output_put(o, "ip", json_string(ice_address_format(&f->address, ip)));
	output_put(o, "printer", json_boolean(f->outcome == ICE_OUTCOME_PRINTER));
	if (id)
		ice_identity_make_model(id, make, model);
	if (make[0])
		output_put(o, "make", json_string(make));
	if (model[0])
		output_put(o, "model", json_string(model));
	if (id && id->profile)
		output_put(o, "profile", json_string(ice_profile_name(id->profile)));
	if (id && id->descr[0])
		output_put(o, "description", json_string(id->descr));
	if (id && id->device_descr[0]) /* the printer itself, where the description is its network card's */
		output_put(o, "device", json_string(id->device_descr));
	if (id && id->object_id.len) {
		char oid[ICE_OID_TEXT_SIZE];
		output_put(o, "object_id", json_string(ice_oid_format(id->object_id.bytes, id->object_id.len, oid)));
	}
	if (id && id->reason[0])
		output_put(o, "reason", json_string(id->reason));
	output_put(o, "version", json_string(f->version == ICE_SNMP_V1 ? "1" : "2c"));
	output_put(o, "community", json_integer(f->credential + 1)); /* its number: it is a secret itself */
	if (f->rtt >= 0)
		output_put(o, "rtt_ms", json_real((double)f->rtt / 1000));
	char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(6));
	json_decref(o);
	return text;
}

static void output_ndjson_line(struct ice_output *o, char *json)
{
	if (json) {
		fputs(json, o->to);
		fputc('\n', o->to);
	}
	free(json);
}

static void output_ndjson_printer(struct ice_output *o, const struct ice_finding *f)
{
	size_t len;
	output_ndjson_line(o, ice_record_to_json(f->record, &len));
}

static void output_ndjson_device(struct ice_output *o, const struct ice_finding *f)
{
	output_ndjson_line(o, output_device_json(f));
}

static void output_json_begin(struct ice_output *o)
{
	fputs("[", o->to);
}

static void output_json_item(struct ice_output *o, char *json)
{
	if (json)
		fprintf(o->to, "%s\n%s", o->written ? "," : "", json);
	free(json);
}

static void output_json_printer(struct ice_output *o, const struct ice_finding *f)
{
	size_t len;
	output_json_item(o, ice_record_to_json(f->record, &len));
}

static void output_json_device(struct ice_output *o, const struct ice_finding *f)
{
	output_json_item(o, output_device_json(f));
}

static void output_json_end(struct ice_output *o)
{
	fputs(o->written ? "\n]\n" : "]\n", o->to);
}

/* ---- csv ---- */

static void output_csv_next(struct ice_output *o, const char *text)
{
	fputc(',', o->to);
	ice_csv_cell(o->to, text);
}

static void output_csv_begin(struct ice_output *o)
{
	if (o->discover) {
		fputs("ip,printer,make,model,profile,version,community,rtt_ms,object_id,description,device\r\n", o->to);
		return;
	}
	fputs("ip,mac,name,make,model,serial,location", o->to);
	for (enum ice_pages p = 0; p < ICE_PAGES_COUNT; p++)
		fprintf(o->to, ",pages_%s", ice_pages_name(p));
	fputs(",pages_unit,status,errors,alerts,supplies,read_at\r\n", o->to);
}

/* "Black Toner: 43%; Drum: some" */
static void output_csv_supplies(struct ice_output *o, const struct ice_record *r)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	if (!to)
		abort();
	for (size_t i = 0; i < r->supply_count; i++) {
		const struct ice_supply *s = &r->supplies[i];
		fprintf(to, "%s%s: ", i ? "; " : "", s->name ? s->name : s->type ? s->type : "supply");
		if (s->has_percent)
			fprintf(to, "%g%%", s->percent);
		else if (s->has_level)
			fprintf(to, "%" PRId64 "%s%s", s->level, s->unit ? " " : "", s->unit ? s->unit : "");
		else
			fputs(ice_supply_state_name(s->state), to);
	}
	fclose(to);
	output_csv_next(o, text);
	free(text);
}

static void output_csv_labels(struct ice_output *o, const struct ice_record *r)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	if (!to)
		abort();
	for (size_t i = 0; i < r->alert_count; i++) {
		const struct ice_alert *a = &r->alerts[i];
		fprintf(to, "%s%s", i ? "; " : "", a->severity ? a->severity : "");
		fprintf(to, "%s%s", a->severity && a->code ? " " : "", a->code ? a->code : "");
	}
	fclose(to);
	output_csv_next(o, text);
	free(text);
}

static void output_csv_printer(struct ice_output *o, const struct ice_finding *f)
{
	const struct ice_record *r = f->record;
	char ip[ICE_ADDRESS_TEXT_SIZE], mac[24] = "", at[ICE_CLOCK_TEXT_SIZE], errors[512] = "";
	if (r->has_mac)
		snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", r->mac[0], r->mac[1], r->mac[2], r->mac[3],
		         r->mac[4], r->mac[5]);
	ice_csv_cell(o->to, ice_address_format(&r->ip, ip));
	output_csv_next(o, mac);
	output_csv_next(o, r->name);
	output_csv_next(o, r->make);
	output_csv_next(o, r->model);
	output_csv_next(o, r->serial);
	output_csv_next(o, r->location);
	for (enum ice_pages p = 0; p < ICE_PAGES_COUNT; p++) {
		fputc(',', o->to);
		if (r->pages[p] >= 0)
			fprintf(o->to, "%" PRId64, r->pages[p]);
	}
	output_csv_next(o, r->pages_unit);
	output_csv_next(o, r->status);
	for (size_t i = 0, n = 0; i < r->error_count && n < sizeof errors - 1; i++)
		n += (size_t)snprintf(errors + n, sizeof errors - n, "%s%s", i ? "; " : "", r->errors[i]);
	output_csv_next(o, errors);
	output_csv_labels(o, r);
	output_csv_supplies(o, r);
	ice_clock_format(r->read_at, at);
	output_csv_next(o, at);
	fputs("\r\n", o->to);
}

static void output_csv_device(struct ice_output *o, const struct ice_finding *f)
{
	char ip[ICE_ADDRESS_TEXT_SIZE], oid[ICE_OID_TEXT_SIZE], make[ICE_IDENTITY_MAKE] = "",
	                                                        model[ICE_IDENTITY_TEXT] = "";
	const struct ice_identity *id = f->identity;
	if (id)
		ice_identity_make_model(id, make, model);
	ice_csv_cell(o->to, ice_address_format(&f->address, ip));
	output_csv_next(o, f->outcome == ICE_OUTCOME_PRINTER ? "yes" : "no");
	output_csv_next(o, make);
	output_csv_next(o, model);
	output_csv_next(o, id && id->profile ? ice_profile_name(id->profile) : NULL);
	output_csv_next(o, f->version == ICE_SNMP_V1 ? "1" : "2c");
	fprintf(o->to, ",%u,", f->credential + 1u);
	if (f->rtt >= 0)
		fprintf(o->to, "%" PRId64 ".%03u", (int64_t)(f->rtt / 1000), (unsigned)(f->rtt % 1000));
	output_csv_next(o,
	                id && id->object_id.len ? ice_oid_format(id->object_id.bytes, id->object_id.len, oid) : NULL);
	output_csv_next(o, id ? id->descr : NULL);
	output_csv_next(o, id ? id->device_descr : NULL);
	fputs("\r\n", o->to);
}

/* ---- table ---- */

static void output_table_begin(struct ice_output *o)
{
	o->found = ice_found_new(ICE_FOUND_ROWS);
}

static void output_table_printer(struct ice_output *o, const struct ice_finding *f)
{
	ice_found_printer(o->found, f->record);
}

static void output_table_device(struct ice_output *o, const struct ice_finding *f)
{
	ice_found_device(o->found, f);
}

static void output_table_end(struct ice_output *o)
{
	struct ice_terminal_style style = ice_terminal_style_of(o->to, o->no_color);
	ice_found_sort(o->found);
	ice_table_print(o->found, o->discover, &style, o->to);
	if (ice_found_left_out(o->found))
		fprintf(stderr, "ice scan: %zu more are not shown; --format ndjson shows all\n",
		        ice_found_left_out(o->found));
	ice_found_free(o->found);
	o->found = NULL;
}

static void output_nothing(struct ice_output *o)
{
	(void)o;
}

static const struct ice_output_format output_formats[] = {
        {"table", false, output_table_begin, output_table_printer, output_table_device, output_table_end},
        {"json", false, output_json_begin, output_json_printer, output_json_device, output_json_end},
        {"ndjson", true, output_nothing, output_ndjson_printer, output_ndjson_device, output_nothing},
        {"csv", true, output_csv_begin, output_csv_printer, output_csv_device, output_nothing},
};

const struct ice_output_format *ice_output_format(const char *name, const char **names)
{
	*names = "table, json, ndjson, csv";
	for (size_t i = 0; i < sizeof output_formats / sizeof *output_formats; i++)
		if (strcmp(output_formats[i].name, name) == 0)
			return &output_formats[i];
	return NULL;
}

void ice_output_begin(struct ice_output *o, const struct ice_output_format *format, FILE *to, bool discover,
                      bool no_color)
{
	*o = (struct ice_output){.format = format, .to = to, .discover = discover, .no_color = no_color};
	format->begin(o);
}

/* The next write may succeed, and the next call set another errno. */
static void output_look(struct ice_output *o)
{
	if (!o->error && ferror(o->to))
		o->error = errno;
}

void ice_output_find(struct ice_output *o, const struct ice_finding *f)
{
	if (o->discover)
		o->format->device(o, f);
	else if (f->outcome == ICE_OUTCOME_PRINTER)
		o->format->printer(o, f);
	else
		return;
	o->written++;
	output_look(o);
}

void ice_output_flush(struct ice_output *o)
{
	if (!o->format->lines || o->written == o->flushed)
		return;
	o->flushed = o->written;
	fflush(o->to);
	output_look(o);
}

void ice_output_end(struct ice_output *o)
{
	o->format->end(o);
	fflush(o->to);
	output_look(o);
}
