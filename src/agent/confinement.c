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

void ice_confinement_server(const struct ice_upload_options *upload, const char *outbox)
{
	struct ice_confine *c = ice_confine_new();
	char copy[PATH_MAX];
	ice_confine_read_system(c);
	ice_confine_read_routes(c); /* which subnets are connected is looked up with every sweep */
	ice_confine_resolver(c);
	if (upload->proxy)
		ice_confine_connect(c, confinement_port(upload->proxy, 80));
	else
		ice_confine_connect(c, confinement_port(upload->enrolment->server, 443));
	if (upload->http_fallback && upload->enrolment->seal[0] && !upload->proxy)
		ice_confine_connect(c, upload->http_port ? upload->http_port : 80);
	if (outbox) {
		snprintf(copy, sizeof copy, "%s", outbox);
		ice_confine_write(c, dirname(copy));
	}
	(void)ice_confine_enter(c);
}
