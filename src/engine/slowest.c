#include "slowest.h"

void ice_slowest_add(struct ice_slowest *s, const struct ice_address *address, ice_usec rtt, const char *range)
{
	if (s->count == ICE_SLOWEST && rtt <= s->rows[ICE_SLOWEST - 1].rtt)
		return;
	size_t i = s->count < ICE_SLOWEST ? s->count++ : ICE_SLOWEST - 1;
	for (; i > 0 && s->rows[i - 1].rtt < rtt; i--)
		s->rows[i] = s->rows[i - 1];
	s->rows[i] = (struct ice_slow){*address, rtt, range};
}

json_t *ice_slowest_json(const struct ice_slowest *s)
{
	json_t *list = json_array();
	for (size_t i = 0; i < s->count; i++) {
		char ip[ICE_ADDRESS_TEXT_SIZE];
		json_t *one = json_object();
		json_object_set_new(one, "ip", json_string(ice_address_format(&s->rows[i].address, ip)));
		if (s->rows[i].range)
			json_object_set_new(one, "range", json_string(s->rows[i].range));
		json_object_set_new(one, "rtt_ms", json_real((double)s->rows[i].rtt / 1000));
		json_array_append_new(list, one);
	}
	return list;
}
