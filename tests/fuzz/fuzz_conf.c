/* Configuration files: every byte ends in a struct or in a mistake that can be printed on one line. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ice/clock.h"
#include "ice/conf.h"
#include "ice/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_into {
	char *text;
	int64_t number, size;
	ice_usec duration;
	int choice;
	bool flag;
};

static void fuzz_require(bool good)
{
	if (!good)
		abort();
}

static void fuzz_call(const struct ice_conf_where *where, const char *value, void *into)
{
	(void)into;
	fuzz_require(where->line > 0 && strlen(value) < 200 && !strstr(value, " ;"));
	if (*value == 'x')
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "begins with x, begin it with y");
}

static const struct ice_conf_option fuzz_options[] = {
        {.name = "text", .kind = ICE_CONF_TEXT, .offset = offsetof(struct fuzz_into, text)},
        {.name = "number",
         .kind = ICE_CONF_NUMBER,
         .offset = offsetof(struct fuzz_into, number),
         .fallback = "5",
         .min = -10,
         .max = 10},
        {.name = "size", .kind = ICE_CONF_SIZE, .offset = offsetof(struct fuzz_into, size), .fallback = "1k"},
        {.name = "duration",
         .kind = ICE_CONF_DURATION,
         .offset = offsetof(struct fuzz_into, duration),
         .fallback = "1s"},
        {.name = "choice",
         .kind = ICE_CONF_CHOICE,
         .offset = offsetof(struct fuzz_into, choice),
         .fallback = "a",
         .choices = "a|bb|c"},
        {.name = "flag", .kind = ICE_CONF_BOOL, .offset = offsetof(struct fuzz_into, flag), .fallback = "no"},
        {.name = "call", .kind = ICE_CONF_CALL, .call = fuzz_call},
        {0},
};

static struct fuzz_into fuzz_named[8];
static size_t fuzz_named_count;

static void *fuzz_open(const struct ice_conf_where *where, const char *name, void *into)
{
	(void)into;
	fuzz_require(*name && where->line > 0);
	return fuzz_named_count < 8 ? &fuzz_named[fuzz_named_count++] : NULL;
}

static void fuzz_row(const struct ice_conf_where *where, const char *section, const char *name, const char *value,
                     void *arg)
{
	(void)arg;
	fuzz_require(where->line > 0 && strlen(section) < 50 && *name);
	fuzz_require(ice_text_is_utf8((const uint8_t *)value, strlen(value)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[64];
	struct fuzz_into plain;
	struct ice_conf_section sections[] = {
	        {.name = "plain", .options = fuzz_options, .into = &plain, .required = true},
	        {.name = "named", .options = fuzz_options, .open = fuzz_open},
	        {0},
	};
	struct ice_conf_mistakes mistakes = {0}, row_mistakes = {0};
	if (fd < 0) {
		fd = memfd_create("conf", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	fuzz_require(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	fuzz_named_count = 0;
	bool good = ice_conf_read(path, sections, &mistakes);
	fuzz_require(good == (mistakes.count == 0));
	fuzz_require(plain.number >= -10 && plain.number <= 10 && plain.size >= 0 && plain.duration >= 0);
	fuzz_require(plain.choice >= 0 && plain.choice <= 2);
	for (size_t i = 0; i < mistakes.count; i++) {
		const char *line = mistakes.lines[i];
		fuzz_require(strncmp(line, path, strlen(path)) == 0 && !strpbrk(line, "\n\r\033"));
		fuzz_require(ice_text_is_utf8((const uint8_t *)line, strlen(line)));
	}
	bool rows = ice_conf_rows(path, fuzz_row, NULL, &row_mistakes);
	fuzz_require(rows || !good);
	ice_conf_release(fuzz_options, &plain);
	while (fuzz_named_count > 0)
		ice_conf_release(fuzz_options, &fuzz_named[--fuzz_named_count]);
	ice_conf_mistakes_free(&mistakes);
	ice_conf_mistakes_free(&row_mistakes);
	return 0;
}
