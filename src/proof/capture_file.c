#include "capture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "digest.h"

#define CAPTURE_FILE_SECTION   0x0a0d0d0au
#define CAPTURE_FILE_INTERFACE 1u
#define CAPTURE_FILE_PACKET    6u

/* https://www.tcpdump.org/linktypes.html */
#define CAPTURE_FILE_ETHERNET 1u
#define CAPTURE_FILE_RAW      101u /* begins with the IP header */

struct ice_capture_file {
	FILE *to;
	struct ice_digest *digest;
	struct ice_capture_kept kept;
	uint32_t interfaces[ICE_CAPTURE_FILE_INTERFACES]; /* their numbers here, in the file's order */
	size_t interface_count;
};

static void capture_file_write(struct ice_capture_file *f, const void *bytes, size_t n)
{
	if (fwrite(bytes, 1, n, f->to) != n)
		f->kept.failed = true;
	ice_digest_add(f->digest, bytes, n);
	f->kept.bytes += n;
}

/* A block: type, length, `head`, `body` padded to four octets, length. */
static void capture_file_block(struct ice_capture_file *f, uint32_t type, const void *head, size_t head_len,
                               const void *body, size_t body_len)
{
	static const uint8_t zeros[4];
	size_t pad = (4 - body_len % 4) % 4;
	uint32_t len = (uint32_t)(12 + head_len + body_len + pad);
	capture_file_write(f, &type, sizeof type);
	capture_file_write(f, &len, sizeof len);
	capture_file_write(f, head, head_len);
	capture_file_write(f, body, body_len);
	capture_file_write(f, zeros, pad);
	capture_file_write(f, &len, sizeof len);
}

struct ice_capture_file *ice_capture_file_new(const char *path, char *why, size_t why_size)
{
	/* The writer's own byte order, version 1.0, length not known (section 4.1 of the draft). */
	static const struct {
		uint32_t order;
		uint16_t major, minor;
		int64_t length;
	} section = {0x1a2b3c4d, 1, 0, -1};
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
	if (!to) {
		snprintf(why, why_size, "%.300s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	struct ice_capture_file *f = calloc(1, sizeof *f);
	if (!f)
		abort();
	f->digest = ice_digest_new();
	f->to = to;
	capture_file_block(f, CAPTURE_FILE_SECTION, &section, 16, "", 0);
	return f;
}

/* The interface's place in the file, made known there at its first frame; false when there are too many. */
static bool capture_file_interface(struct ice_capture_file *f, const struct ice_capture_frame *frame, uint32_t *out)
{
	struct {
		uint16_t link, zero;
		uint32_t snap;
	} head = {CAPTURE_FILE_RAW, 0, ICE_CAPTURE_FRAME};
	struct {
		struct {
			uint16_t code, len;
		} name;
		char text[IF_NAMESIZE + 8];
	} options = {{2, 0}, ""};
	for (size_t i = 0; i < f->interface_count; i++)
		if (f->interfaces[i] == frame->interface) {
			*out = (uint32_t)i;
			return true;
		}
	if (f->interface_count == ICE_CAPTURE_FILE_INTERFACES)
		return false;
	if (frame->hardware == ARPHRD_ETHER || frame->hardware == ARPHRD_LOOPBACK)
		head.link = CAPTURE_FILE_ETHERNET;
	if (!if_indextoname(frame->interface, options.text))
		snprintf(options.text, sizeof options.text, "if%u", (unsigned)frame->interface);
	/* if_name, with its length without the padding, and the end of the options, four zeros. */
	options.name.len = (uint16_t)strlen(options.text);
	size_t used = sizeof options.name + ((size_t)options.name.len + 3) / 4 * 4 + 4;
	capture_file_block(f, CAPTURE_FILE_INTERFACE, &head, sizeof head, &options, used);
	*out = (uint32_t)f->interface_count;
	f->interfaces[f->interface_count++] = frame->interface;
	return true;
}

void ice_capture_file_put(struct ice_capture_file *f, const struct ice_capture_frame *frame)
{
	uint32_t interface;
	uint64_t usec = (uint64_t)(frame->at / 1000);
	/* A link whose header is none that the format knows is kept from its network's header on. */
	bool whole = frame->hardware == ARPHRD_ETHER || frame->hardware == ARPHRD_LOOPBACK;
	size_t from = whole ? 0 : frame->network;
	if (frame->len < from)
		return;
	f->kept.cut |= f->kept.bytes + frame->len + 128 > ICE_CAPTURE_FILE_MAX ||
	               !capture_file_interface(f, frame, &interface);
	if (f->kept.cut)
		return;
	size_t n = frame->len - from < ICE_CAPTURE_FRAME ? frame->len - from : ICE_CAPTURE_FRAME;
	uint32_t head[5] = {interface, (uint32_t)(usec >> 32), (uint32_t)usec, (uint32_t)n,
	                    (uint32_t)(frame->len - from)};
	capture_file_block(f, CAPTURE_FILE_PACKET, head, sizeof head, frame->bytes + from, n);
	f->kept.frames++;
}

struct ice_capture_kept ice_capture_file_end(struct ice_capture_file *f)
{
	ice_digest_end(f->digest, f->kept.sha256);
	if (fclose(f->to) != 0)
		f->kept.failed = true;
	struct ice_capture_kept kept = f->kept;
	free(f);
	return kept;
}
