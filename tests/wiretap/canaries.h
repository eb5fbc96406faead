/* canaries: the secrets of a test script, looked for in frames.
 *
 * They come from a file that the script appends to, a line each: "community TEXT", "key HEX" or "enrolment LINE", in which there is a key; and
 * communities are learned from the requests that carry them. Each is looked for as it is, in hexadecimal, and in base64 wherever it may
 * begin. Too short or too plain a word for that are "public" and what has less than CANARY_LEAST octets.
 *
 * Life: new -> { follow | learn | find }* -> free. */
#ifndef WIRETAP_CANARIES_H
#define WIRETAP_CANARIES_H

#include <stddef.h>
#include <stdint.h>

#define CANARY_LEAST 6

struct canaries;

struct canaries *canaries_new(const char *file); /* need not be there yet */
void canaries_free(struct canaries *c);

/* Takes in what was appended to the file since. */
void canaries_follow(struct canaries *c);
void canaries_learn(struct canaries *c, const uint8_t *community, size_t n);
size_t canaries_count(const struct canaries *c);

/* "a community", "a site's key", or NULL when there is none. The octets from field but to field + field_len may be a community (NULL: none may). */
const char *canaries_find(const struct canaries *c, const uint8_t *bytes, size_t n, const uint8_t *field,
                          size_t field_len);

#endif
