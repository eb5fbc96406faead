/* The editor of configuration files: a text that is only looked at stays as it is, what the reader reads is what the editor sees, and an
 * edit is read back as it was meant. The first bytes of an input choose the edit; the rest is the file. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ice/conf.h"
#include "settings/ini_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_require(bool good)
{
	if (!good)
		abort();
}

static const struct ice_ini_text *fuzz_text;
static size_t fuzz_at;    /* the last line that the reader gave */
static bool fuzz_differs; /* the reader has read something else there */

/* The reader's next row is the editor's. */
static void fuzz_row(const struct ice_conf_where *where, const char *section, const char *name, const char *value,
                     void *arg)
{
	(void)arg;
	fuzz_require(where->line >= 1 && where->line <= fuzz_text->count && where->line > fuzz_at);
	fuzz_at = where->line;
	const struct ice_ini_line *line = &fuzz_text->lines[where->line - 1];
	size_t at = where->line - 1;
	while (at > 0 && fuzz_text->lines[at].kind != ICE_INI_SECTION)
		at--;
	const char *title = fuzz_text->lines[at].kind == ICE_INI_SECTION ? fuzz_text->lines[at].name : "";
	fuzz_differs |= line->kind != ICE_INI_ROW || strcmp(line->name, name) != 0 || strcmp(line->value, value) != 0 ||
	                !title || strcmp(title, section) != 0;
}

/* Reads the text as a program would. True when there was no mistake in it. */
static bool fuzz_read(const struct ice_ini_text *t)
{
	static int fd = -1;
	static char path[64];
	struct ice_conf_mistakes mistakes = {0};
	size_t n;
	char *text = ice_ini_text_format(t, &n);
	if (fd < 0) {
		fd = memfd_create("ini", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	fuzz_require(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, text, n, 0) == (ssize_t)n);
	free(text);
	fuzz_text = t;
	fuzz_at = 0;
	fuzz_differs = false;
	bool good = ice_conf_rows(path, fuzz_row, NULL, &mistakes);
	fuzz_require(!good || !fuzz_differs); /* where there are mistakes the two need not think alike */
	ice_conf_mistakes_free(&mistakes);
	return good;
}

static void fuzz_edit(struct ice_ini_text *t, uint8_t choice, const char *value)
{
	size_t section = ice_ini_text_section(t, "s");
	if (section == ICE_INI_TEXT_NONE || ice_ini_text_row_refused("x", value))
		return;
	size_t row = ice_ini_text_row(t, section, "x", 0);
	if (row == ICE_INI_TEXT_NONE)
		row = ice_ini_text_off_row(t, section, "x");
	if (row != ICE_INI_TEXT_NONE && choice % 2) {
		ice_ini_text_remove(t, row, row + 1);
	} else if (row != ICE_INI_TEXT_NONE) {
		ice_ini_text_set_value(t, row, value);
		fuzz_require(t->lines[row].kind == ICE_INI_ROW && strcmp(t->lines[row].value, value) == 0);
	} else {
		char line[256];
		snprintf(line, sizeof(line), "x = %s", value);
		ice_ini_text_insert(t, ice_ini_text_section_tail(t, section), line);
		row = ice_ini_text_row(t, section, "x", 0);
		fuzz_require(row != ICE_INI_TEXT_NONE && strcmp(t->lines[row].value, value) == 0);
	}
	if (!ice_ini_text_title_refused(value)) {
		ice_ini_text_set_title(t, section, value);
		fuzz_require(t->lines[section].name != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ice_ini_text t;
	size_t n;
	char value[64] = "";
	uint8_t choice = size > 0 ? data[0] : 0;
	size_t value_len = size > 1 ? data[1] % sizeof(value) : 0;
	if (size < 2 + value_len || memchr(data, 0, size) || size > 65536)
		return 0;
	memcpy(value, data + 2, value_len);
	data += 2 + value_len;
	size -= 2 + value_len;
	ice_ini_text_parse(&t, (const char *)data, size);
	char *same = ice_ini_text_format(&t, &n);
	fuzz_require(n == size && memcmp(same, data, n) == 0);
	free(same);
	bool good = fuzz_read(&t);
	fuzz_edit(&t, choice, value);
	fuzz_require(fuzz_read(&t) || !good);
	ice_ini_text_free(&t);
	return 0;
}
