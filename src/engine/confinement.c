#include "confinement.h"

#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/confine.h"

/* Of "scheme://host[:port]", which was checked when it was read. */
static uint16_t confinement_port(const char *url, uint16_t otherwise)
{
	const char *bracket = strrchr(url, ']'), *colon = strrchr(bracket ? bracket : url, ':');
	bool given = colon && colon[1] >= '0' && colon[1] <= '9';
	return given ? (uint16_t)strtoul(colon + 1, NULL, 10) : otherwise;
}

void ice_confinement_devices(void)
{
	struct ice_confine *c = ice_confine_new();
	ice_confine_read_system(c);
	ice_confine_read_routes(c); /* which subnets are connected is looked up with every sweep */
	(void)ice_confine_enter(c);
}

#define CONFINEMENT_PORTS 2

/* Where an upload connects to, besides name servers. */
static size_t confinement_ports(const struct ice_upload_options *upload, uint16_t out[CONFINEMENT_PORTS])
{
	size_t n = 0;
	out[n++] =
	        upload->proxy ? confinement_port(upload->proxy, 80) : confinement_port(upload->enrolment->server, 443);
	if (upload->http_fallback && upload->enrolment->seal[0] && !upload->proxy)
		out[n++] = upload->http_port ? upload->http_port : 80;
	return n;
}

static struct ice_confine *confinement_delivery(const struct ice_upload_options *upload, const char *outbox)
{
	struct ice_confine *c = ice_confine_new();
	uint16_t ports[CONFINEMENT_PORTS];
	size_t n = confinement_ports(upload, ports);
	char copy[PATH_MAX];
	ice_confine_read_system(c);
	ice_confine_read_routes(c); /* which subnets are connected is looked up with every sweep */
	ice_confine_resolver(c);
	for (size_t i = 0; i < n; i++)
		ice_confine_connect(c, ports[i]);
	if (outbox) {
		snprintf(copy, sizeof copy, "%s", outbox);
		ice_confine_write(c, dirname(copy));
	}
	return c;
}

void ice_confinement_server(const struct ice_upload_options *upload, const char *outbox)
{
	(void)ice_confine_enter(confinement_delivery(upload, outbox));
}

static void confinement_read(const char *file, void *arg)
{
	ice_confine_read_beside(arg, file);
}

void ice_confinement_service(const struct ice_upload_options *upload, const char *outbox,
                             const struct ice_settings *settings, const char *profiles)
{
	struct ice_confine *c = confinement_delivery(upload, outbox);
	char copy[PATH_MAX];
	ice_confine_read(c, profiles);
	if (settings->status.prometheus.path[0]) {
		snprintf(copy, sizeof copy, "%s", settings->status.prometheus.path);
		ice_confine_write(c, dirname(copy));
	}
	ice_settings_files(settings, confinement_read, c);
	(void)ice_confine_enter(c);
}

uint16_t ice_confinement_lacks(const struct ice_upload_options *had, const struct ice_upload_options *wants)
{
	uint16_t given[CONFINEMENT_PORTS], wanted[CONFINEMENT_PORTS];
	size_t g = confinement_ports(had, given), w = confinement_ports(wants, wanted);
	for (size_t i = 0; i < w; i++) {
		bool there = false;
		for (size_t k = 0; k < g; k++)
			there |= given[k] == wanted[i];
		if (!there)
			return wanted[i];
	}
	return 0;
}
