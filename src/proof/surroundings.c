#include "surroundings.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/setup.h"

static void surroundings_server(struct ice_evidence_options *out, const struct sockaddr *name, const char *port,
                                enum ice_evidence_way way)
{
	uint16_t unused;
	struct ice_evidence_peer peer = {.port = (uint16_t)strtoul(port, NULL, 10), .way = way};
	if (out->server_count < ICE_EVIDENCE_PEERS && ice_address_from_sockaddr(name, &peer.address, &unused))
		out->servers[out->server_count++] = peer;
}

bool ice_surroundings_servers(const struct ice_settings_server *settings, const struct ice_enrolment *enrolment,
                              struct ice_evidence_options *out, char *why, size_t why_size)
{
	bool proxy = settings->proxy[0] != '\0';
	bool sealed = !proxy && settings->http_off == 0 && enrolment->seal[0];
	const char *url = proxy ? settings->proxy : enrolment->server;
	char host[ICE_ENROLMENT_URL_MAX], port[8], http_port[8];
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	ice_setup_host(url, host, sizeof host, port);
	snprintf(http_port, sizeof http_port, "%u", (unsigned)(uint16_t)settings->http_port);
	int error = getaddrinfo(host, port, &hints, &found);
	if (error != 0) {
		snprintf(why, why_size, "%.200s: %s", host, gai_strerror(error));
		return false;
	}
	for (const struct addrinfo *a = found; a; a = a->ai_next) {
		surroundings_server(out, a->ai_addr, port, proxy ? ICE_EVIDENCE_PROXY : ICE_EVIDENCE_TLS);
		if (sealed)
			surroundings_server(out, a->ai_addr, http_port, ICE_EVIDENCE_SEALED);
	}
	freeaddrinfo(found);
	return true;
}

void ice_surroundings_resolvers(const char *file, struct ice_evidence_options *out)
{
	char line[512], text[ICE_ADDRESS_TEXT_SIZE];
	FILE *f = fopen(file, "re");
	while (f && fgets(line, sizeof line, f)) {
		struct ice_address a;
		if (sscanf(line, " nameserver %63s", text) == 1 && ice_address_parse(text, &a) &&
		    out->resolver_count < ICE_EVIDENCE_PEERS)
			out->resolvers[out->resolver_count++] = a;
	}
	if (f)
		fclose(f);
	if (out->resolver_count == 0 && ice_address_parse("127.0.0.1", &out->resolvers[0]))
		out->resolver_count = 1;
}

static void surroundings_broadcast(struct ice_evidence_options *out, const struct ice_address *a)
{
	if (out->broadcast_count < ICE_EVIDENCE_PEERS)
		out->broadcasts[out->broadcast_count++] = *a;
}

/* Its subnet's first and last address, which are hosts only where there are no more than two; and the one it was given, which may be
 * another. */
static void surroundings_broadcasts_of(struct ice_evidence_options *out, const struct ifaddrs *i)
{
	struct ice_address own, mask, given;
	uint16_t unused;
	if (!ice_address_from_sockaddr(i->ifa_addr, &own, &unused) ||
	    !ice_address_from_sockaddr(i->ifa_netmask, &mask, &unused))
		return;
	uint32_t address = (uint32_t)own.lo, bits = (uint32_t)mask.lo;
	if (~bits > 1) {
		struct ice_address first = ice_address_v4(address & bits), last = ice_address_v4(address | ~bits);
		surroundings_broadcast(out, &first);
		surroundings_broadcast(out, &last);
	}
	if ((i->ifa_flags & IFF_BROADCAST) && i->ifa_broadaddr &&
	    ice_address_from_sockaddr(i->ifa_broadaddr, &given, &unused) && !ice_address_same(&given, &own))
		surroundings_broadcast(out, &given);
}

void ice_surroundings_broadcasts(struct ice_evidence_options *out)
{
	struct ifaddrs *list = NULL;
	if (getifaddrs(&list) != 0)
		return; /* the other looks at an address remain */
	for (const struct ifaddrs *i = list; i; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET && i->ifa_netmask)
			surroundings_broadcasts_of(out, i);
	freeifaddrs(list);
}
