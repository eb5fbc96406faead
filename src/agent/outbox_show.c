#include "outbox_show.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "amount.h"
#include "outbox_list.h"

static json_t *outbox_show_headers(const struct ice_enrolment *e, const struct ice_outbox_batch *b)
{
	struct ice_batch_header headers[ICE_BATCH_HEADERS];
	json_t *list = json_array();
	size_t n = ice_batch_headers(e->site, &e->key, b->id, b->packed, b->packed_len, false, headers);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list,
		                      json_pack("{s:s, s:s}", "name", headers[i].name, "value", headers[i].value));
	return list;
}

static void outbox_show_text(const json_t *o, const json_t *body)
{
	char sent[ICE_AMOUNT_SIZE], bytes[ICE_AMOUNT_SIZE];
	const json_t *header;
	size_t i;
	if (json_object_get(o, "url"))
		printf("POST %s\n", json_string_value(json_object_get(o, "url")));
	json_array_foreach(json_object_get(o, "headers"), i, header)
	{
		printf("%s: %s\n", json_string_value(json_object_get(header, "name")),
		       json_string_value(json_object_get(header, "value")));
	}
	printf("\n");
	json_dumpf(body, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	printf("\n");
	ice_amount_count((uint64_t)json_integer_value(json_object_get(o, "sent_bytes")), "byte", "bytes", sent);
	ice_amount_number((uint64_t)json_integer_value(json_object_get(o, "body_bytes")), bytes);
	fprintf(stderr, "batch %" JSON_INTEGER_FORMAT ", %s: %s as it is sent, %s unpacked\n",
	        json_integer_value(json_object_get(o, "sequence")), json_string_value(json_object_get(o, "state")),
	        sent, bytes);
}

bool ice_outbox_show(const struct ice_outbox_show *s, const struct ice_outbox_row *row)
{
	struct ice_outbox_batch b;
	json_t *o = ice_outbox_list_row(row), *body = NULL;
	if (o && ice_outbox_read(s->box, row->sequence, &b) == ICE_OUTBOX_FOUND) {
		body = json_loadb((const char *)b.body, b.len, 0, NULL);
		json_object_set_new(o, "sent_bytes", json_integer((json_int_t)b.packed_len));
		json_object_set_new(o, "body_bytes", json_integer((json_int_t)b.len));
		if (s->enrolment) {
			json_object_set_new(o, "url", json_sprintf("%s" ICE_BATCH_PATH, s->enrolment->server));
			json_object_set_new(o, "headers", outbox_show_headers(s->enrolment, &b));
		}
		ice_outbox_batch_free(&b);
	}
	if (body && s->json) {
		json_object_set(o, "body", body);
		json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
		putchar('\n');
	} else if (body) {
		outbox_show_text(o, body);
	}
	json_decref(o);
	json_decref(body);
	return body != NULL;
}
