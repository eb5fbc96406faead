#include "canaries.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "ice/enrolment.h"

#define CANARY_TEXT_LEAST 12 /* of what is encoded: fewer characters occur by chance */
#define CANARY_LINE       32768

static const char canary_of_community[] = "a community", canary_of_key[] = "a site's key";

struct canary_form {
	uint8_t *bytes;
	size_t len;
	const char *what;
};

struct canaries {
	const char *file;
	long read; /* up to here */
	struct canary_form *forms;
	size_t form_count, count;
};

struct canaries *canaries_new(const char *file)
{
	struct canaries *c = calloc(1, sizeof *c);
	if (!c)
		abort();
	c->file = file;
	return c;
}

void canaries_free(struct canaries *c)
{
	for (size_t i = 0; i < c->form_count; i++)
		free(c->forms[i].bytes);
	free(c->forms);
	free(c);
}

size_t canaries_count(const struct canaries *c)
{
	return c->count;
}

static bool canary_known(const struct canaries *c, const void *bytes, size_t n)
{
	for (size_t i = 0; i < c->form_count; i++)
		if (c->forms[i].len == n && memcmp(c->forms[i].bytes, bytes, n) == 0)
			return true;
	return false;
}

static void canary_form(struct canaries *c, const void *bytes, size_t n, const char *what)
{
	struct canary_form f = {malloc(n), n, what};
	c->forms = reallocarray(c->forms, c->form_count + 1, sizeof *c->forms);
	if (!c->forms || !f.bytes)
		abort();
	memcpy(f.bytes, bytes, n);
	c->forms[c->form_count++] = f;
}

static void canary_text(struct canaries *c, const char *text, size_t n, const char *what)
{
	if (n >= CANARY_TEXT_LEAST)
		canary_form(c, text, n, what);
}

/* The same octets at each of the three places where base64 can begin them, without the ends that the neighbours change. */
static void canary_base64(struct canaries *c, const uint8_t *bytes, size_t n, const char *what)
{
	uint8_t moved[ICE_SECRET_MAX + 3] = {0};
	char text[sizeof moved * 2];
	for (size_t shift = 0; shift < 3; shift++) {
		memcpy(moved + shift, bytes, n);
		int len = EVP_EncodeBlock((unsigned char *)text, moved, (int)(shift + n));
		if (len <= 8)
			continue;
		canary_text(c, text + 4, (size_t)len - 8, what);
		for (char *at = text; *at; at++)
			*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
		canary_text(c, text + 4, (size_t)len - 8, what);
	}
}

static void canary_add(struct canaries *c, const uint8_t *bytes, size_t n, const char *what)
{
	char hex[2 * ICE_SECRET_MAX + 1];
	if (n < CANARY_LEAST || n > ICE_SECRET_MAX || canary_known(c, bytes, n))
		return;
	c->count++;
	canary_form(c, bytes, n, what);
	for (int upper = 0; upper < 2; upper++) {
		for (size_t i = 0; i < n; i++)
			snprintf(hex + 2 * i, 3, upper ? "%02X" : "%02x", bytes[i]);
		canary_text(c, hex, 2 * n, what);
	}
	canary_base64(c, bytes, n, what);
}

void canaries_learn(struct canaries *c, const uint8_t *community, size_t n)
{
	if (n != strlen("public") || memcmp(community, "public", n) != 0)
		canary_add(c, community, n, canary_of_community);
}

static void canary_key(struct canaries *c, const char *hex)
{
	uint8_t key[ICE_SECRET_MAX];
	size_t n = 0;
	while (n < sizeof key && sscanf(hex + 2 * n, "%2hhx", &key[n]) == 1)
		n++;
	canary_add(c, key, n, canary_of_key);
}

static void canary_line(struct canaries *c, char *line)
{
	struct ice_enrolment e;
	char why[256], *value = strchr(line, ' ');
	if (!value)
		return;
	*value++ = '\0';
	value[strcspn(value, "\n")] = '\0';
	if (strcmp(line, "community") == 0)
		canaries_learn(c, (const uint8_t *)value, strlen(value));
	else if (strcmp(line, "key") == 0)
		canary_key(c, value);
	else if (strcmp(line, "enrolment") == 0 && ice_enrolment_parse(value, &e, why, sizeof why))
		canary_add(c, e.key.bytes, e.key.len, canary_of_key);
}

void canaries_follow(struct canaries *c)
{
	static char line[CANARY_LINE];
	FILE *f = fopen(c->file, "re");
	if (!f)
		return;
	if (fseek(f, c->read, SEEK_SET) == 0)
		while (fgets(line, sizeof line, f) &&
		       strchr(line, '\n')) { /* what is half written comes whole the next time */
			c->read = ftell(f);
			canary_line(c, line);
		}
	fclose(f);
}

const char *canaries_find(const struct canaries *c, const uint8_t *bytes, size_t n, const uint8_t *field,
                          size_t field_len)
{
	const uint8_t *end = bytes + n;
	for (size_t i = 0; i < c->form_count; i++) {
		const struct canary_form *f = &c->forms[i];
		bool but = field && f->what == canary_of_community;
		const uint8_t *before = but ? field : end, *after = but ? field + field_len : end;
		if (memmem(bytes, (size_t)(before - bytes), f->bytes, f->len) ||
		    memmem(after, (size_t)(end - after), f->bytes, f->len))
			return f->what;
	}
	return NULL;
}
