/* facts: from what a device said to the record. Ladders for single values (facts.c, steps.c), one file for each table's
 * meaning: supplies.c, interfaces.c, alerts.c. Nothing here asks or waits. */
#ifndef ICE_PRINTER_FACTS_H
#define ICE_PRINTER_FACTS_H

#include <stdio.h>
#include <time.h>

#include "ice/address.h"
#include "ice/record.h"

#include "answers.h"
#include "compiled.h"

#define ICE_FACT_TEXT 512

struct ice_facts {
	const struct ice_profile *profile;
	const struct ice_answers *answers;
	struct ice_address ip;
	int charset; /* MIBenum of localized texts; ICE_TEXT_UNKNOWN */
	bool alert_text;
	const char *serial; /* for steps that take it out of a text; may be NULL */
};

/* The first rung that yields a text. Its length, 0 when none; *by is the rung. */
size_t ice_facts_text(const struct ice_facts *f, enum ice_field field, char out[ICE_FACT_TEXT],
                      const struct ice_rung **by);

/* The first rung that yields a number. */
bool ice_facts_number(const struct ice_facts *f, enum ice_field field, int64_t *out, const struct ice_rung **by);

/* True when the ladder (or column) yields anything. */
bool ice_facts_has(const struct ice_facts *f, enum ice_field field);

/* The want of a column field; -1 when the profile has none. */
int ice_facts_column(const struct ice_facts *f, enum ice_field field);

void ice_facts_record(const struct ice_facts *f, time_t read_at, struct ice_record *out);
struct ice_explain_ops; /* ice/probe.h */
void ice_facts_explain(const struct ice_facts *f, const struct ice_explain_ops *ops, void *arg);

/* steps.c: runs a rung's steps over a value. Returns the length of the text, 0 for nothing. */
size_t ice_steps_run(const struct ice_facts *f, const struct ice_rung *r, const struct ice_value *v,
                     char out[ICE_FACT_TEXT]);

/* model.c: cuts make, firmware, serial number and "Series" out of a model text, in place. */
void ice_model_clean(const struct ice_profiles *all, const char *serial, char *text);

/* A serial number that names no machine ("000000000", "unknown"). */
bool ice_serial_is_placeholder(const char *text);

/* color.c: the colour a supply's own text tells, NULL when none or several. */
const char *ice_color_of(const char *name);

/* supplies.c, alerts.c, interfaces.c: one table each. */
void ice_supplies_record(const struct ice_facts *f, struct ice_record *out);
void ice_alerts_record(const struct ice_facts *f, struct ice_record *out);
void ice_errors_record(const struct ice_facts *f, struct ice_record *out);
bool ice_interfaces_mac(const struct ice_facts *f, uint8_t mac[6], const char **why);

/* True when instances that were asked by GET tell which interface it is, whatever the tables would say. */
bool ice_interfaces_settled(const struct ice_facts *f);

#endif
