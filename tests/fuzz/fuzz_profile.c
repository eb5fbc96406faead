/* A vendor's profile beside the generic one: it is refused with reasons, or it loads and then asks for nothing that is denied. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ice/profile.h"
#include "printer/deny.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char fuzz_folder[64], fuzz_file[96], fuzz_generic[96];

static void fuzz_require(bool good)
{
	if (!good)
		abort();
}

static void fuzz_write(const char *path, const uint8_t *data, size_t size)
{
	FILE *f = fopen(path, "wb");
	fuzz_require(f != NULL);
	fuzz_require(fwrite(data, 1, size, f) == size);
	fuzz_require(fclose(f) == 0);
}

static void fuzz_end(void)
{
	unlink(fuzz_file);
	unlink(fuzz_generic);
	rmdir(fuzz_folder);
}

static void fuzz_start(void)
{
	static uint8_t text[1 << 16];
	FILE *f = fopen("config/profiles/generic.ini", "rb");
	fuzz_require(f != NULL);
	size_t n = fread(text, 1, sizeof(text), f);
	fclose(f);
	snprintf(fuzz_folder, sizeof(fuzz_folder), "%s/ice-fuzz-XXXXXX",
	         access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	fuzz_require(mkdtemp(fuzz_folder) != NULL);
	snprintf(fuzz_file, sizeof(fuzz_file), "%s/vendor.ini", fuzz_folder);
	snprintf(fuzz_generic, sizeof(fuzz_generic), "%s/generic.ini", fuzz_folder);
	fuzz_write(fuzz_generic, text, n);
	fuzz_require(atexit(fuzz_end) == 0);
}

static void fuzz_asked(const struct ice_oid *oid, const char *profile, const char *field, void *arg)
{
	const struct ice_profiles *all = arg;
	bool alert_text = strcmp(field, "alert.text") == 0; /* asked where the operator wants it, and only there */
	fuzz_require(*profile != '\0');
	fuzz_require(ice_oid_valid(oid->bytes, oid->len));
	fuzz_require(!ice_deny_why(oid, alert_text));
	fuzz_require(alert_text || ice_profiles_may_ask(all, oid->bytes, oid->len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ice_conf_mistakes mistakes = {0};
	if (!*fuzz_folder)
		fuzz_start();
	fuzz_write(fuzz_file, data, size);
	struct ice_profiles *all = ice_profiles_load(fuzz_folder, &mistakes);
	fuzz_require((all == NULL) == (mistakes.count > 0));
	if (all)
		ice_profiles_asked(all, fuzz_asked, all);
	ice_profiles_free(all);
	ice_conf_mistakes_free(&mistakes);
	return 0;
}
