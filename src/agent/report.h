/* report: what a command finds out, step by step: as lines for people while it goes on, or as one JSON object at its end.
 *
 * A step is a topic ("TLS"), a result and a sentence: "ok      TLS: TLSv1.3, ...". In JSON it is a member of "steps",
 * {"topic":...,"result":"ok"|"note"|"failed","text":...}; whatever else there is to tell is added to `root` by its finder. "good" says
 * whether nothing failed. */
#ifndef ICE_REPORT_H
#define ICE_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "ice/attr.h"
#include "ice/conf.h"

enum ice_report_result { ICE_REPORT_OK, ICE_REPORT_NOTE, ICE_REPORT_FAILED };

struct ice_report {
	json_t *root; /* NULL: lines for people, on standard output */
	bool good;
};

void ice_report_init(struct ice_report *r, bool json);
void ice_report_step(struct ice_report *r, enum ice_report_result result, const char *topic, const char *fmt, ...)
        ICE_PRINTF(4, 5);
/* Mistakes are failures; as lines they go to standard error, and in JSON they are "mistakes":
 * [{"file":...,"line":...,"option":...,"message":...}], with no line or option where there is none. Once. */
void ice_report_mistakes(struct ice_report *r, const struct ice_conf_mistakes *m);
/* Adds a member; takes the value over, also when there is nowhere to put it. */
void ice_report_set(struct ice_report *r, const char *key, json_t *value);
/* Writes the object, and frees it. */
void ice_report_end(struct ice_report *r);

#endif
