#include "shapes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define SHAPES_BUCKETS 256

struct ice_shape {
	LIST_ENTRY(ice_shape) link;
	uint64_t hash;
	size_t held;
	struct ice_steady steady;
};

LIST_HEAD(shapes_bucket, ice_shape);

struct ice_shapes {
	struct shapes_bucket buckets[SHAPES_BUCKETS];
	size_t count;
};

struct ice_shapes *ice_shapes_new(void)
{
	struct ice_shapes *s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	return s;
}

void ice_shapes_free(struct ice_shapes *s)
{
	for (size_t i = 0; s && i < SHAPES_BUCKETS; i++) {
		struct ice_shape *shape;
		while ((shape = LIST_FIRST(&s->buckets[i]))) {
			LIST_REMOVE(shape, link);
			free(shape);
		}
	}
	free(s);
}

static uint64_t shapes_mix(uint64_t h, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

static uint64_t shapes_hash(const struct ice_steady *s)
{
	uint64_t h = shapes_mix(UINT64_C(0xcbf29ce484222325), s->profile, strlen(s->profile));
	h = shapes_mix(h, &s->whole, sizeof(s->whole));
	for (size_t i = 0; i < s->count; i++) {
		h = shapes_mix(h, s->names[i].bytes, s->names[i].len);
		h = shapes_mix(h, &s->pages[i], sizeof(s->pages[i]));
	}
	return h;
}

static bool shapes_same(const struct ice_steady *a, const struct ice_steady *b)
{
	bool same = a->count == b->count && a->whole == b->whole && strcmp(a->profile, b->profile) == 0;
	for (size_t i = 0; i < a->count && same; i++)
		same = a->pages[i] == b->pages[i] && a->names[i].len == b->names[i].len &&
		       memcmp(a->names[i].bytes, b->names[i].bytes, a->names[i].len) == 0;
	return same;
}

struct ice_shape *ice_shapes_hold(struct ice_shapes *s, const struct ice_steady *steady)
{
	uint64_t hash = shapes_hash(steady);
	struct shapes_bucket *bucket = &s->buckets[hash % SHAPES_BUCKETS];
	struct ice_shape *shape;
	for (shape = LIST_FIRST(bucket); shape; shape = LIST_NEXT(shape, link)) {
		if (shape->hash == hash && shapes_same(&shape->steady, steady)) {
			shape->held++;
			return shape;
		}
	}
	if (s->count == ICE_SHAPES)
		return NULL;
	shape = calloc(1, sizeof(*shape));
	if (!shape)
		abort();
	shape->hash = hash;
	shape->held = 1;
	shape->steady = *steady;
	shape->steady.version = 0;
	shape->steady.credential = 0;
	memset(shape->steady.values, 0, sizeof(shape->steady.values));
	LIST_INSERT_HEAD(bucket, shape, link);
	s->count++;
	return shape;
}

void ice_shapes_drop(struct ice_shapes *s, struct ice_shape *shape)
{
	if (!shape || --shape->held > 0)
		return;
	LIST_REMOVE(shape, link);
	free(shape);
	s->count--;
}

void ice_shape_steady(const struct ice_shape *shape, struct ice_steady *out)
{
	*out = shape->steady;
}
