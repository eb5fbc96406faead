#include "upload_stuck.h"

#include <stddef.h>

#define STUCK_REST_MIN  ICE_USEC_SEC(60)
#define STUCK_REST_BASE ICE_USEC_SEC(120)
#define STUCK_REST_CAP  ICE_USEC_SEC(3600)

static struct ice_upload_stuck_batch *stuck_find(struct ice_upload_stuck *s, int64_t sequence)
{
	for (unsigned i = 0; i < s->count; i++) {
		if (s->at[i].sequence == sequence)
			return &s->at[i];
	}
	return NULL;
}

bool ice_upload_stuck_waits(const struct ice_upload_stuck *s, int64_t sequence, uint64_t done, ice_usec now)
{
	for (unsigned i = 0; i < s->count; i++) {
		const struct ice_upload_stuck_batch *b = &s->at[i];
		if (b->sequence == sequence)
			return b->stuck ? now < b->until : b->tries >= ICE_UPLOAD_STUCK_TRIES && b->done == done;
	}
	return false;
}

/* Its place, or a new one; NULL when all are taken by batches that are stuck. */
static struct ice_upload_stuck_batch *stuck_place(struct ice_upload_stuck *s, int64_t sequence)
{
	struct ice_upload_stuck_batch *b = stuck_find(s, sequence);
	if (!b && s->count == ICE_UPLOAD_STUCK_MAX)
		ice_upload_stuck_anew(s);
	if (b || s->count == ICE_UPLOAD_STUCK_MAX)
		return b;
	b = &s->at[s->count++];
	*b = (struct ice_upload_stuck_batch){
	        .sequence = sequence,
	        .backoff = {.floor = STUCK_REST_MIN, .base = STUCK_REST_BASE, .cap = STUCK_REST_CAP}};
	return b;
}

bool ice_upload_stuck_failed(struct ice_upload_stuck *s, int64_t sequence, uint64_t done, ice_usec now,
                             ice_usec retry_after, struct ice_random *random)
{
	struct ice_upload_stuck_batch *b = stuck_place(s, sequence);
	if (!b)
		return false;
	b->stuck = b->stuck || (b->tries >= ICE_UPLOAD_STUCK_TRIES && b->done < done);
	b->tries++;
	b->done = done;
	if (b->stuck) {
		ice_usec rest = ice_backoff_fail(&b->backoff, random);
		b->until = now + (rest > retry_after ? rest : retry_after);
	}
	return b->stuck;
}

void ice_upload_stuck_ended(struct ice_upload_stuck *s, int64_t sequence)
{
	struct ice_upload_stuck_batch *b = stuck_find(s, sequence);
	if (b)
		*b = s->at[--s->count];
}

void ice_upload_stuck_anew(struct ice_upload_stuck *s)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < s->count; i++) {
		if (s->at[i].stuck)
			s->at[kept++] = s->at[i];
	}
	s->count = kept;
}

void ice_upload_stuck_now(struct ice_upload_stuck *s)
{
	ice_upload_stuck_anew(s);
	for (unsigned i = 0; i < s->count; i++)
		s->at[i].until = 0;
}

unsigned ice_upload_stuck_count(const struct ice_upload_stuck *s)
{
	unsigned n = 0;
	for (unsigned i = 0; i < s->count; i++)
		n += s->at[i].stuck;
	return n;
}
