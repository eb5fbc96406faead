#include "history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct history_leg {
	struct ice_history_row row;
	int64_t since; /* when what is under way began or was resumed */
	double before; /* seconds spent until then */
	uint64_t done; /* ... and addresses done */
	bool unsaved;
};

struct ice_history {
	const struct ice_plan *plan;
	struct ice_outbox *outbox;
	struct history_leg *legs;
};

static const char *history_key(const struct ice_history *l, size_t leg, char out[128])
{
	snprintf(out, 128, "swept %.100s", l->plan->legs[leg]->name);
	return out;
}

static void history_load(struct ice_history *l, size_t leg)
{
	struct ice_history_row row = {0};
	char key[128], *text = ice_outbox_get(l->outbox, history_key(l, leg, key));
	if (text && sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNu64 " %" SCNu64 " %lf", &row.began, &row.ended,
	                   &row.done, &row.found, &row.seconds) == 5)
		l->legs[leg].row = row;
	free(text);
}

struct ice_history *ice_history_new(const struct ice_plan *plan, struct ice_outbox *outbox)
{
	struct ice_history *l = calloc(1, sizeof *l);
	if (!l || !(l->legs = calloc(plan->count + 1, sizeof *l->legs)))
		abort();
	l->plan = plan;
	l->outbox = outbox;
	for (size_t i = 0; i < plan->count; i++)
		history_load(l, i);
	return l;
}

void ice_history_free(struct ice_history *l)
{
	if (!l)
		return;
	free(l->legs);
	free(l);
}

void ice_history_begin(struct ice_history *l, size_t leg, bool resumed, int64_t wall)
{
	struct history_leg *g = &l->legs[leg];
	if (!resumed || g->row.began == 0 || g->row.ended != 0)
		g->row = (struct ice_history_row){.began = wall};
	g->since = wall;
	g->before = g->row.seconds;
	g->done = g->row.done;
	g->unsaved = true;
}

void ice_history_found(struct ice_history *l, size_t leg)
{
	l->legs[leg].row.found++;
	l->legs[leg].unsaved = true;
}

void ice_history_done(struct ice_history *l, size_t leg, uint64_t done, int64_t wall)
{
	struct history_leg *g = &l->legs[leg];
	uint64_t all = ice_range_count(l->plan->legs[leg]->range);
	g->row.done = g->done + done < all ? g->done + done : all;
	g->row.seconds = g->before + (wall > g->since ? (double)(wall - g->since) : 0);
	g->unsaved = true;
}

void ice_history_end(struct ice_history *l, size_t leg, int64_t wall)
{
	struct history_leg *g = &l->legs[leg];
	g->row.done = ice_range_count(l->plan->legs[leg]->range);
	g->row.seconds = g->before + (wall > g->since ? (double)(wall - g->since) : 0);
	g->row.ended = wall;
	g->unsaved = true;
}

void ice_history_save(struct ice_history *l)
{
	for (size_t i = 0; i < l->plan->count; i++) {
		const struct ice_history_row *row = &l->legs[i].row;
		char key[128], text[160];
		if (!l->legs[i].unsaved)
			continue;
		snprintf(text, sizeof text, "%" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64 " %.3f", row->began,
		         row->ended, row->done, row->found, row->seconds);
		l->legs[i].unsaved = !ice_outbox_set(l->outbox, history_key(l, i, key), text);
	}
}

const struct ice_history_row *ice_history_row(const struct ice_history *l, size_t leg)
{
	return &l->legs[leg].row;
}
