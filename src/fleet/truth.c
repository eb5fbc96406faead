/* truth: what a perfect sweep of the fleet would find, one JSON object a line. */
#include <jansson.h>
#include <string.h>

#include "fleet.h"
#include "ice/address.h"
#include "ice/text.h"

/* Adds text as a reader of it would show it: cleaned, and nothing when nothing is left. */
static void truth_text(json_t *o, const char *key, const char *text, size_t n)
{
	char clean[2 * ICE_DEVICE_TEXT];
	if (ice_text_clean((const uint8_t *)text, n, ICE_TEXT_UNKNOWN, clean, sizeof(clean)) > 0)
		json_object_set_new(o, key, json_string(clean));
}

static json_t *truth_mac(const uint8_t mac[6])
{
	char text[18];
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return json_string(text);
}

static json_t *truth_of(const struct ice_device_view *v)
{
	char text[ICE_DEVICE_TEXT], ip[ICE_ADDRESS_TEXT_SIZE];
	uint8_t mac[6];
	json_t *o = json_object();
	struct ice_address address = ice_address_v4(v->device->address);
	json_object_set_new(o, "ip", json_string(ice_address_format(&address, ip)));
	json_object_set_new(o, "printer", json_boolean(v->pattern->printer));
	truth_text(o, "recording", v->pattern->name, strlen(v->pattern->name));
	truth_text(o, "name", text, ice_device_name(v, text));
	truth_text(o, "serial", text, ice_device_serial(v, text));
	if (ice_device_mac(v, v->pattern->mac, mac))
		json_object_set_new(o, "mac", truth_mac(mac));
	if (v->pattern->mac_count > 1) { /* those of its interfaces, whichever has the address */
		json_t *macs = json_array();
		for (unsigned i = 0; ice_device_mac(v, i, mac); i++)
			json_array_append_new(macs, truth_mac(mac));
		json_object_set_new(o, "macs", macs);
	}
	if (v->pattern->pages_row != SIZE_MAX) {
		int64_t recorded = ice_pattern_number(ice_recording_row(v->pattern->recording, v->pattern->pages_row));
		json_object_set_new(o, "pages_total", json_integer(recorded + (int64_t)ice_device_pages(v)));
		json_object_set_new(o, "pages_per_hour", json_integer(ice_device_pages_per_hour(v)));
	}
	if (v->device->v1_only)
		json_object_set_new(o, "v1_only", json_true());
	if (v->device->fault) {
		const struct ice_fault *fault = &ice_faults[v->device->fault - 1];
		json_object_set_new(o, "fault", json_string(fault->name));
		if (fault->lies)
			json_object_set_new(o, "lies", json_string(fault->lies));
		if (fault->whole)
			json_object_set_new(o, "whole", json_true());
	}
	return o;
}

bool ice_fleet_truth(const struct ice_fleet *f, FILE *to, ice_usec now)
{
	bool good = true;
	for (size_t i = 0; i < ice_fleet_count(f) && good; i++) {
		struct ice_device_view v = ice_fleet_view(f, ice_fleet_device(f, i), now);
		json_t *o = truth_of(&v);
		good = json_dumpf(o, to, JSON_COMPACT) == 0 && fputc('\n', to) != EOF;
		json_decref(o);
	}
	return good && fflush(to) == 0;
}
