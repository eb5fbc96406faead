#include "digest.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

struct ice_digest {
	EVP_MD_CTX *context;
};

struct ice_digest *ice_digest_new(void)
{
	struct ice_digest *d = calloc(1, sizeof *d);
	/* Fails only for want of memory; a digest must never be made up. */
	if (!d || !(d->context = EVP_MD_CTX_new()) || EVP_DigestInit_ex(d->context, EVP_sha256(), NULL) != 1)
		abort();
	return d;
}

void ice_digest_add(struct ice_digest *d, const void *bytes, size_t n)
{
	if (n > 0 && EVP_DigestUpdate(d->context, bytes, n) != 1)
		abort();
}

void ice_digest_end(struct ice_digest *d, char out[ICE_DIGEST_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	if (EVP_DigestFinal_ex(d->context, hash, &n) != 1 || 2 * n + 1 != ICE_DIGEST_SIZE)
		abort();
	for (unsigned i = 0; i < n; i++) {
		out[2 * i] = digits[hash[i] >> 4];
		out[2 * i + 1] = digits[hash[i] & 15];
	}
	out[2 * n] = '\0';
	EVP_MD_CTX_free(d->context);
	free(d);
}

bool ice_digest_file(const char *path, char out[ICE_DIGEST_SIZE])
{
	char bytes[16384];
	size_t n;
	FILE *f = fopen(path, "re");
	struct ice_digest *d = ice_digest_new();
	while (f && (n = fread(bytes, 1, sizeof bytes, f)) > 0)
		ice_digest_add(d, bytes, n);
	bool good = f && !ferror(f);
	if (f)
		fclose(f);
	ice_digest_end(d, out);
	if (!good)
		out[0] = '\0';
	return good;
}
