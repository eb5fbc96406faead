/* prtAlertTable and hrPrinterDetectedErrorState: what the printer itself reports. */
#include <stdio.h>
#include <string.h>

#include "ice/ber.h"
#include "ice/text.h"

#include "facts.h"
#include "labels.h"

/* The label of a number; a number without one stands for itself; 0 is no legal value of these and says nothing. */
static const char *alerts_label(struct ice_record *out, const char *(*label)(int64_t), const struct ice_facts *f,
                                enum ice_field field, const uint8_t *index, size_t len)
{
	int want = ice_facts_column(f, field);
	struct ice_value v = want >= 0 ? ice_answers_at(f->answers, (size_t)want, index, len) : (struct ice_value){0};
	int64_t n;
	char text[24];
	if (!ice_value_number(&v, &n) || n <= 0)
		return NULL;
	if (label(n))
		return label(n);
	snprintf(text, sizeof(text), "%lld", (long long)n);
	return ice_record_text(out, text);
}

/* A table may lack any of its columns; the first that has rows leads. */
static int alerts_leader(const struct ice_facts *f)
{
	static const enum ice_field order[] = {ICE_FIELD_ALERT_CODE, ICE_FIELD_ALERT_SEVERITY, ICE_FIELD_ALERT_GROUP,
	                                       ICE_FIELD_ALERT_TRAINING, ICE_FIELD_ALERT_TEXT};
	int best = -1;
	unsigned most = 0;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		int want = ice_facts_column(f, order[i]);
		if (want >= 0 && f->answers->wants[want].count > most) {
			most = f->answers->wants[want].count;
			best = want;
		}
	}
	return best;
}

void ice_alerts_record(const struct ice_facts *f, struct ice_record *out)
{
	int leader = alerts_leader(f), text_want = f->alert_text ? ice_facts_column(f, ICE_FIELD_ALERT_TEXT) : -1;
	if (leader < 0)
		return;
	for (uint16_t row = ice_answers_first(f->answers, (size_t)leader);
	     row != ICE_ANSWERS_NONE && out->alert_count < ICE_RECORD_ALERTS; row = ice_answers_next(f->answers, row)) {
		size_t len;
		const uint8_t *index = ice_answers_index(f->answers, row, &len);
		struct ice_alert a = {
		        .severity =
		                alerts_label(out, ice_label_alert_severity, f, ICE_FIELD_ALERT_SEVERITY, index, len),
		        .training =
		                alerts_label(out, ice_label_alert_training, f, ICE_FIELD_ALERT_TRAINING, index, len),
		        .group = alerts_label(out, ice_label_alert_group, f, ICE_FIELD_ALERT_GROUP, index, len),
		        .code = alerts_label(out, ice_label_alert_code, f, ICE_FIELD_ALERT_CODE, index, len),
		};
		struct ice_value v = text_want >= 0 ? ice_answers_at(f->answers, (size_t)text_want, index, len)
		                                    : (struct ice_value){0};
		if (v.tag == ICE_BER_OCTETS) {
			char text[ICE_FACT_TEXT];
			if (ice_text_clean(v.bytes, v.len, f->charset, text, sizeof(text)))
				a.text = ice_record_text(out, text);
		}
		/* A row of zeros ("Sleep" on some makes) reports nothing. */
		if (a.severity || a.group || a.code || a.text)
			out->alerts[out->alert_count++] = a;
	}
}

/* RFC 2790: bit 0 is the highest of the first octet; none, one, two or more octets may come. */
void ice_errors_record(const struct ice_facts *f, struct ice_record *out)
{
	const struct ice_ladder *l = &f->profile->ladders[ICE_FIELD_STATUS_ERRORS];
	for (size_t i = 0; i < l->count; i++) {
		struct ice_value v = ice_answers_get(f->answers, l->rungs[i].want);
		if (v.tag != ICE_BER_OCTETS)
			continue;
		for (unsigned bit = 0; bit < ICE_LABEL_ERROR_BITS && bit / 8 < v.len; bit++) {
			if ((v.bytes[bit / 8] & (0x80u >> bit % 8)) && out->error_count < ICE_RECORD_ERRORS)
				out->errors[out->error_count++] = ice_label_error_bit(bit);
		}
		return;
	}
}
