#include "objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/oid.h"

struct objects {
	struct ice_oid *list;   /* of the file */
	struct ice_oid *before; /* the name just before each */
	size_t count;
};

/* A name's last arc one less; where that is 0, the name without it. */
static bool objects_just_before(const char *text, struct ice_oid *out)
{
	char shorter[ICE_OID_TEXT_SIZE];
	const char *dot = strrchr(text, '.');
	unsigned long last = dot ? strtoul(dot + 1, NULL, 10) : 0;
	if (!dot)
		return false;
	if (last == 0)
		snprintf(shorter, sizeof shorter, "%.*s", (int)(dot - text), text);
	else
		snprintf(shorter, sizeof shorter, "%.*s.%lu", (int)(dot - text), text, last - 1);
	return ice_oid_parse(shorter, out);
}

static bool objects_add(struct objects *o, const char *text)
{
	o->list = reallocarray(o->list, o->count + 1, sizeof *o->list);
	o->before = reallocarray(o->before, o->count + 1, sizeof *o->before);
	if (!o->list || !o->before)
		abort();
	if (!ice_oid_parse(text, &o->list[o->count]) || !objects_just_before(text, &o->before[o->count]))
		return false;
	o->count++;
	return true;
}

struct objects *objects_read(const char *file)
{
	char line[ICE_OID_TEXT_SIZE + 256];
	struct objects *o = calloc(1, sizeof *o);
	FILE *f = fopen(file, "re");
	if (!o)
		abort();
	bool good = f != NULL;
	while (good && fgets(line, sizeof line, f)) {
		line[strcspn(line, " \t\n")] = '\0';
		good = objects_add(o, line);
	}
	if (f)
		fclose(f);
	if (good && o->count > 0)
		return o;
	objects_free(o);
	return NULL;
}

void objects_free(struct objects *o)
{
	if (!o)
		return;
	free(o->list);
	free(o->before);
	free(o);
}

bool objects_allow(const struct objects *o, const uint8_t *oid, size_t n, bool next)
{
	for (size_t i = 0; i < o->count; i++) {
		const struct ice_oid *before = &o->before[i];
		if (ice_oid_under(o->list[i].bytes, o->list[i].len, oid, n))
			return true;
		if (next && before->len == n && ice_oid_same(before->bytes, oid, n))
			return true;
	}
	return false;
}
