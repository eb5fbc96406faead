/* The file in which a service tells how it is, as another user's process may have written it: whatever it says, what a person is told of it
 * is clean text, and what a program is told is plain ASCII. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ice/text.h"
#include "service/status.h"
#include "service/status_file.h"
#include "service/status_tell.h"

#define NOW 1795407230

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
	if (!right)
		abort();
}

/* The state folder, and the file in it. */
static char folder[64], file[96];

static void fuzz_end(void)
{
	unlink(file);
	rmdir(folder);
}

static void fuzz_begin(void)
{
	const char *below = getenv("TMPDIR");
	snprintf(folder, sizeof folder, "%.40s/fuzz-XXXXXX", below ? below : "/tmp");
	check(mkdtemp(folder) != NULL);
	snprintf(file, sizeof file, "%s/" ICE_STATUS_FILE, folder);
	check(atexit(fuzz_end) == 0);
}

static void fuzz_write(const uint8_t *data, size_t size)
{
	FILE *f = fopen(file, "w");
	check(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

/* Lines without anything that a terminal takes for an order. */
static void fuzz_tell(const json_t *o)
{
	static const struct ice_terminal_style plain = {.utf8 = true};
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	check(to);
	ice_status_tell(o, NOW, &plain, to);
	check(fclose(to) == 0 && strlen(text) == n && n > 0 && text[n - 1] == '\n');
	check(ice_text_is_utf8((const uint8_t *)text, n));
	for (size_t i = 0; i < n; i++)
		check(text[i] == '\n' || ((unsigned char)text[i] >= ' ' && text[i] != 0x7f));
	free(text);
}

/* As `ice status --json` does. */
static void fuzz_json(const json_t *o)
{
	char *text = json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(10) | JSON_ENSURE_ASCII);
	check(text);
	for (const char *c = text; *c; c++)
		check(*c == '\n' || (*c >= ' ' && (*c & 0x80) == 0)); /* JSON lets DEL stand; terminals pass over it */
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[512] = "";
	if (!*folder)
		fuzz_begin();
	fuzz_write(data, size);
	json_t *o = ice_status_load(folder, NOW, why, sizeof why);
	if (!o) {
		check(*why);
		return 0;
	}
	check(json_is_false(json_object_get(o, "alive")) && json_is_false(json_object_get(o, "healthy")));
	check(json_array_size(json_object_get(o, "problems")) > 0);
	fuzz_tell(o);
	fuzz_json(o);
	json_decref(o);
	return 0;
}
