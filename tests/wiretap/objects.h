/* objects: what may be asked of a device, as `ice check --oids` prints it. */
#ifndef WIRETAP_OBJECTS_H
#define WIRETAP_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct objects;

/* NULL when the file names none, or holds something else. */
struct objects *objects_read(const char *file);
void objects_free(struct objects *o);

/* An allowed object or one below it. next: or the name just before one, since what comes next is asked for. */
bool objects_allow(const struct objects *o, const uint8_t *oid, size_t n, bool next);

#endif
