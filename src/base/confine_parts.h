/* confine_parts: the two halves of confinement that the kernel keeps apart; only confine.c calls them. */
#ifndef ICE_CONFINE_PARTS_H
#define ICE_CONFINE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"

/* A leak check at the end of a sanitized program traces its threads; no other program may. */
#if defined(__SANITIZE_ADDRESS__)
#define CONFINE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINE_SANITIZED 1
#endif
#endif
#ifndef CONFINE_SANITIZED
#define CONFINE_SANITIZED 0
#endif

/* The seccomp filter. False where the kernel or this machine's architecture has none. */
ICE_MUST_CHECK bool ice_confine_filter(bool tcp, bool accept);

enum confine_access { CONFINE_READ, CONFINE_WRITE };

struct confine_path {
	int fd; /* O_PATH */
	enum confine_access access;
	bool kept; /* the descriptor stays open */
};

/* Landlock with these paths and TCP ports. The ABI used, 0 where there is none. */
ICE_MUST_CHECK int ice_confine_landlock(const struct confine_path *paths, size_t path_count, const uint16_t *ports,
                                        size_t port_count);

#endif
