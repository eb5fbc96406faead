#include "covered.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

struct covered_secret {
	struct ice_secret secret;
	const char *what;
	bool sought;
};

struct ice_covered {
	struct covered_secret *list;
	size_t count;
};

static void covered_add(struct ice_covered *c, const void *bytes, size_t n, const char *what, bool sought)
{
	struct ice_secret s = {0};
	if (n == 0 || !ice_secret_set(&s, bytes, n))
		return;
	for (size_t i = 0; i < c->count; i++)
		if (ice_secret_same(&s, c->list[i].secret.bytes, c->list[i].secret.len)) {
			ice_secret_wipe(&s);
			return;
		}
	struct covered_secret *more = calloc(c->count + 1, sizeof *more);
	if (!more)
		abort();
	if (c->list) { /* not realloc, which would leave the old ones behind */
		memcpy(more, c->list, c->count * sizeof *more);
		explicit_bzero(c->list, c->count * sizeof *more);
		free(c->list);
	}
	c->list = more;
	c->list[c->count++] = (struct covered_secret){s, what, sought};
	ice_secret_wipe(&s);
}

/* Whether its presence in a frame would say anything. */
static bool covered_telling(const struct ice_secret *s, const struct ice_enrolment *e)
{
	const char *text = (const char *)s->bytes;
	return s->len >= ICE_COVERED_LEAST && strcmp(text, "public") != 0 && !strstr(e->server, text) &&
	       !strstr(e->site, text);
}

static void covered_add_key(struct ice_covered *c, const struct ice_secret *key)
{
	char lower[2 * ICE_SECRET_MAX + 1], upper[2 * ICE_SECRET_MAX + 1];
	unsigned char base64[ICE_SECRET_MAX * 2];
	for (size_t i = 0; i < key->len; i++) {
		snprintf(lower + 2 * i, 3, "%02x", key->bytes[i]);
		snprintf(upper + 2 * i, 3, "%02X", key->bytes[i]);
	}
	covered_add(c, key->bytes, key->len, "the site's key", true);
	covered_add(c, lower, 2 * (size_t)key->len, "the site's key (in hex)", true);
	covered_add(c, upper, 2 * (size_t)key->len, "the site's key (in hex)", true);
	/* Its last group depends on what may follow. */
	int n = EVP_EncodeBlock(base64, key->bytes, key->len);
	covered_add(c, base64, n > 4 ? (size_t)n - 4 : 0, "the site's key (in base64)", true);
	explicit_bzero(lower, sizeof lower);
	explicit_bzero(upper, sizeof upper);
	explicit_bzero(base64, sizeof base64);
}

struct ice_covered *ice_covered_new(const struct ice_plan *plan, const struct ice_enrolment *enrolment,
                                    const struct ice_secret *proxy)
{
	struct ice_covered *c = calloc(1, sizeof *c);
	if (!c)
		abort();
	for (size_t i = 0; i < plan->count; i++)
		for (size_t k = 0; k < plan->legs[i]->community_count; k++) {
			const struct ice_secret *s = &plan->legs[i]->communities[k];
			covered_add(c, s->bytes, s->len, "a community", covered_telling(s, enrolment));
		}
	covered_add_key(c, &enrolment->key);
	if (proxy)
		covered_add(c, proxy->bytes, proxy->len, "the proxy's credentials", true);
	return c;
}

void ice_covered_free(struct ice_covered *c)
{
	if (!c)
		return;
	if (c->list)
		explicit_bzero(c->list, c->count * sizeof *c->list);
	free(c->list);
	free(c);
}

static bool covered_has(const struct covered_secret *s, const uint8_t *bytes, size_t n)
{
	return memmem(bytes, n, s->secret.bytes, s->secret.len) != NULL;
}

const char *ice_covered_find(const struct ice_covered *c, const uint8_t *bytes, size_t n, const uint8_t *but,
                             size_t but_len)
{
	const uint8_t *after = but ? but + but_len : bytes + n;
	for (size_t i = 0; i < c->count; i++) {
		const struct covered_secret *s = &c->list[i];
		if (s->sought && (covered_has(s, bytes, (size_t)((but ? but : after) - bytes)) ||
		                  covered_has(s, after, (size_t)(bytes + n - after))))
			return s->what;
	}
	return NULL;
}

char *ice_covered_hex(const struct ice_covered *c, const uint8_t *bytes, size_t n, size_t most)
{
	char *hex = malloc(2 * n + 1);
	if (!hex)
		abort();
	for (size_t i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	hex[2 * n] = '\0';
	for (size_t i = 0; i < c->count; i++) {
		const struct ice_secret *s = &c->list[i].secret;
		const uint8_t *at = bytes;
		while ((at = memmem(at, (size_t)(bytes + n - at), s->bytes, s->len)) != NULL) {
			memset(hex + 2 * (at - bytes), '*', 2 * (size_t)s->len);
			at++;
		}
	}
	if (n > most) /* only now: a secret may stand across the end */
		hex[2 * most] = '\0';
	return hex;
}

void ice_covered_count(const struct ice_covered *c, size_t *looked_for, size_t * not )
{
	*looked_for = *not = 0;
	for (size_t i = 0; i < c->count; i++)
		*(c->list[i].sought ? looked_for : not ) += 1;
}
