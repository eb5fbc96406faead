/* A wrong engine, to show that `ice prove` notices: when a sweep is about to begin it breaks the one promise that the environment's
 * BREAK names, towards the address in BREAK_AT. Linked in with --wrap=ice_confinement_server. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ice/ber.h"
#include "ice/oid.h"
#include "ice/upload.h"

void __real_ice_confinement_server(const struct ice_upload_options *upload, const char *outbox);
void __wrap_ice_confinement_server(const struct ice_upload_options *upload, const char *outbox);

#define WRONG_NAME "1.3.6.1.2.1.1.1.0" /* which may be asked */

static struct sockaddr_in wrong_at(const char *address, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		abort();
	return to;
}

/* A message with one name and one value; NULL is the usual value of a request. */
static size_t wrong_message(uint8_t out[484], uint8_t pdu, const char *community, const char *name, const void *value,
                            size_t n)
{
	struct ice_ber_writer w;
	struct ice_oid oid;
	ice_ber_writer_init(&w, out, 484);
	if (!ice_oid_parse(name, &oid))
		abort();
	ice_ber_put_raw(&w, value, n);
	ice_ber_put_header(&w, value ? ICE_BER_OCTETS : ICE_BER_NULL, n);
	ice_ber_put_raw(&w, oid.bytes, oid.len);
	ice_ber_put_header(&w, ICE_BER_OID, oid.len);
	for (int i = 0; i < 2; i++) /* the pair, the list of pairs */
		ice_ber_put_header(&w, ICE_BER_SEQUENCE, ice_ber_written(&w));
	ice_ber_put_int(&w, ICE_BER_INTEGER, 0);
	ice_ber_put_int(&w, ICE_BER_INTEGER, 0);
	ice_ber_put_int(&w, ICE_BER_INTEGER, 77);
	ice_ber_put_header(&w, pdu, ice_ber_written(&w));
	ice_ber_put_raw(&w, community, strlen(community));
	ice_ber_put_header(&w, ICE_BER_OCTETS, strlen(community));
	ice_ber_put_int(&w, ICE_BER_INTEGER, 1);
	ice_ber_put_header(&w, ICE_BER_SEQUENCE, ice_ber_written(&w));
	size_t len = ice_ber_written(&w);
	memmove(out, w.at, len);
	return len;
}

/* One datagram, from a socket that lives no longer than this. */
static void wrong_send_from(int fd, const char *address, uint16_t port, const uint8_t *bytes, size_t n)
{
	struct sockaddr_in to = wrong_at(address, port);
	if (sendto(fd, bytes, n, 0, (struct sockaddr *)&to, sizeof to) != (ssize_t)n)
		abort();
	close(fd);
}

static void wrong_send(const char *address, uint16_t port, uint8_t pdu, const char *community, const char *name,
                       const void *value, size_t n)
{
	uint8_t message[484];
	size_t len = wrong_message(message, pdu, community, name, value, n);
	wrong_send_from(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), address, port, message, len);
}

/* What the confinement would refuse is done before it. */
static void wrong_before(const char *what, const char *at)
{
	int on = 1, fd;
	if (strcmp(what, "listen") == 0) {
		struct sockaddr_in here = wrong_at("127.0.0.1", 0);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (bind(fd, (struct sockaddr *)&here, sizeof here) != 0 || listen(fd, 1) != 0)
			abort();
		close(fd);
	} else if (strcmp(what, "ping") == 0) {
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP);
		if (fd >= 0)
			close(fd);
	} else if (strcmp(what, "tcp") == 0) {
		struct sockaddr_in to = wrong_at(at, 9100);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(fd, (struct sockaddr *)&to, sizeof to);
		close(fd);
	} else if (strcmp(what, "plain") == 0) {
		struct sockaddr_in to = wrong_at(at, 8443);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0 ||
		    write(fd, "GET / HTTP/1.1\r\n\r\n", 18) != 18)
			abort();
		close(fd);
	} else if (strcmp(what, "broadcast") == 0) {
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) != 0)
			abort();
		wrong_send_from(fd, at, 161, (const uint8_t *)"?", 1);
	} else if (strcmp(what, "early") == 0) {
		wrong_send(at, 161, ICE_BER_GET, "office-secret", WRONG_NAME, NULL, 0);
	} else if (strcmp(what, "process") == 0) {
		pid_t child = fork();
		if (child == 0) {
			wrong_send(at, 161, ICE_BER_GET, "office-secret", WRONG_NAME, NULL, 0);
			_exit(0);
		}
		(void)waitpid(child, NULL, 0);
	}
}

static void wrong_after(const char *what, const char *at, const struct ice_secret *key)
{
	static const char office[] = "office-secret", lab[] = "lab-secret";
	if (strcmp(what, "datagram") == 0)
		wrong_send(at, 161, ICE_BER_GET, office, WRONG_NAME, NULL, 0);
	else if (strcmp(what, "port") == 0)
		wrong_send(at, 9100, ICE_BER_GET, office, WRONG_NAME, NULL, 0);
	else if (strcmp(what, "name") == 0)
		wrong_send_from(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), at, 53, (const uint8_t *)"?", 1);
	else if (strcmp(what, "set") == 0)
		wrong_send(at, 161, 0xa3, office, WRONG_NAME, NULL, 0);
	else if (strcmp(what, "object") == 0)
		wrong_send(at, 161, ICE_BER_GET, office, "1.3.6.1.2.1.1.4.0", NULL, 0);
	else if (strcmp(what, "community") == 0)
		wrong_send(at, 161, ICE_BER_GET, lab, WRONG_NAME, NULL, 0);
	else if (strcmp(what, "leak") == 0)
		wrong_send(at, 161, ICE_BER_GET, office, WRONG_NAME, lab, strlen(lab));
	else if (strcmp(what, "key") == 0)
		wrong_send(at, 161, ICE_BER_GET, office, WRONG_NAME, key->bytes, key->len);
}

void __wrap_ice_confinement_server(const struct ice_upload_options *upload, const char *outbox)
{
	const char *what = getenv("BREAK"), *at = getenv("BREAK_AT");
	if (what && at)
		wrong_before(what, at);
	if (!what || strcmp(what, "unconfined") != 0)
		__real_ice_confinement_server(upload, outbox);
	if (what && at)
		wrong_after(what, at, &upload->enrolment->key);
}
