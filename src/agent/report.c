#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void ice_report_init(struct ice_report *r, bool json)
{
	*r = (struct ice_report){.good = true};
	if (!json)
		return;
	r->root = json_pack("{s:b, s:[], s:[]}", "good", 1, "mistakes", "steps");
	if (!r->root)
		abort();
}

void ice_report_step(struct ice_report *r, enum ice_report_result result, const char *topic, const char *fmt, ...)
{
	static const char *const words[] = {"ok", "note", "failed"};
	char *text;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	r->good &= result != ICE_REPORT_FAILED;
	if (r->root) {
		json_array_append_new(
		        json_object_get(r->root, "steps"),
		        json_pack("{s:s, s:s, s:s}", "topic", topic, "result", words[result], "text", text));
	} else {
		printf("%-7s %s: %s\n", words[result], topic, text);
		fflush(stdout);
	}
	free(text);
}

void ice_report_mistakes(struct ice_report *r, const struct ice_conf_mistakes *m)
{
	r->good &= m->count + m->more == 0;
	if (!r->root) {
		ice_conf_mistakes_print(m, stderr);
		return;
	}
	for (size_t i = 0; i < m->count; i++) {
		const struct ice_conf_told *t = &m->told[i];
		json_t *one =
		        json_pack("{s:s, s:s*, s:s}", "file", t->file, "option", t->option, "message", t->message);
		if (t->line)
			json_object_set_new(one, "line", json_integer(t->line));
		json_array_append_new(json_object_get(r->root, "mistakes"), one);
	}
	if (m->more)
		ice_report_set(r, "more_mistakes", json_integer((json_int_t)m->more));
}

void ice_report_set(struct ice_report *r, const char *key, json_t *value)
{
	if (r->root)
		json_object_set_new(r->root, key, value);
	else
		json_decref(value);
}

void ice_report_end(struct ice_report *r)
{
	if (!r->root)
		return;
	json_object_set_new(r->root, "good", json_boolean(r->good));
	json_dumpf(r->root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	putchar('\n');
	json_decref(r->root);
	r->root = NULL;
}
