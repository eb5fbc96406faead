/* The file of an edit: read, and written by way of a candidate. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ice/replace.h"
#include "ice/settings.h"

#include "settings_edit_state.h"

/* ---- opening ---- */

/* The whole of a small regular file, malloc'd with a NUL behind it. NULL with errno; ENOENT when there is none. */
static char *edit_slurp(const char *path, size_t *len)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;
	ssize_t got = 1;
	*len = 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		errno = EISDIR;
	} else if ((text = malloc(ICE_INI_TEXT_MAX + 2)) == NULL) {
		abort();
	} else {
		while (*len <= ICE_INI_TEXT_MAX && got > 0)
			if ((got = read(fd, text + *len, ICE_INI_TEXT_MAX + 1 - *len)) > 0)
				*len += (size_t)got;
		text[*len] = '\0';
		int error = got < 0 ? errno : *len > ICE_INI_TEXT_MAX ? EFBIG : strlen(text) != *len ? EILSEQ : 0;
		if (error) {
			free(text);
			text = NULL;
			errno = error;
		}
	}
	close(fd);
	return text;
}

static const char *edit_slurp_words(int error)
{
	switch (error) {
	case ELOOP:
		return "is a symbolic link, name the file that it leads to";
	case EISDIR:
		return "is not a regular file";
	case EFBIG:
		return "is larger than 1 MiB, is it a configuration file?";
	case EILSEQ:
		return "holds a NUL byte, save the file as UTF-8 text";
	default:
		return strerror(error);
	}
}

/* What is in hand is what the file now is. */
static void edit_remember(struct ice_settings_edit *e, char *text, size_t len)
{
	free(e->original);
	e->original = text;
	e->original_len = len;
	ice_batch_id(text, len, e->mark);
}

struct ice_settings_edit *ice_settings_edit_open(const char *file, const char *sample, char *why, size_t why_size)
{
	size_t len, sample_len = 0;
	char *text = edit_slurp(file, &len);
	if (!text && errno != ENOENT) {
		snprintf(why, why_size, "%.300s: %s", file, edit_slurp_words(errno));
		return NULL;
	}
	struct ice_settings_edit *e = calloc(1, sizeof(*e));
	if (!e || !(e->file = strdup(file)))
		abort();
	e->exists = text != NULL;
	if (!text && !(text = calloc(1, 1)))
		abort();
	char *model = sample ? edit_slurp(sample, &sample_len) : NULL;
	ice_ini_text_parse(&e->sample, model ? model : "", sample_len);
	bool blank = strspn(text, " \t\r\n") == len;
	if (blank && model)
		ice_ini_text_parse(&e->text, model, sample_len);
	else
		ice_ini_text_parse(&e->text, text, len);
	edit_remember(e, text, len);
	free(model);
	return e;
}

void ice_settings_edit_free(struct ice_settings_edit *e)
{
	if (!e)
		return;
	ice_ini_text_free(&e->text);
	ice_ini_text_free(&e->sample);
	free(e->original);
	free(e->file);
	free(e);
}

/* ---- saving ---- */

/* Whether the file is what was read. */
static bool edit_unchanged(const struct ice_settings_edit *e)
{
	size_t len;
	char *now = edit_slurp(e->file, &len);
	bool same = now ? e->exists && len == e->original_len && memcmp(now, e->original, len) == 0
	                : errno == ENOENT && !e->exists;
	free(now);
	return same;
}

/* The candidate's mistakes are told as the file's: that is where the operator knows the lines to be. */
static bool edit_read(const struct ice_settings_edit *e, const char *candidate, struct ice_conf_mistakes *mistakes)
{
	struct ice_settings *settings = calloc(1, sizeof(*settings)); /* it holds paths: too much for a stack */
	struct ice_conf_mistakes found = {0};
	if (!settings)
		abort();
	bool good = ice_settings_read(candidate, settings, &found);
	ice_settings_free(settings);
	free(settings);
	for (size_t i = 0; i < found.count; i++) {
		const struct ice_conf_told *m = &found.told[i];
		ice_conf_mistake(mistakes, strcmp(m->file, candidate) == 0 ? e->file : m->file, m->line, m->option,
		                 "%s", m->message);
	}
	mistakes->more += found.more;
	ice_conf_mistakes_free(&found);
	return good;
}

/* Writes the candidate and reads it. GOOD leaves it open for the caller to end or drop; otherwise it is gone. */
static enum ice_settings_edit_result edit_candidate(struct ice_settings_edit *e, struct ice_replace *r,
                                                    const char *text, size_t len, struct ice_conf_mistakes *mistakes,
                                                    char *why, size_t why_size)
{
	if (!ice_replace_begin(r, e->file, why, why_size))
		return ICE_SETTINGS_EDIT_FAILED;
	if (!edit_unchanged(e)) {
		ice_replace_drop(r);
		snprintf(why, why_size, "%.300s: was changed by somebody else in the meantime; nothing was written",
		         e->file);
		return ICE_SETTINGS_EDIT_CHANGED;
	}
	if (!ice_replace_put(r, text, len, why, why_size))
		return ICE_SETTINGS_EDIT_FAILED;
	if (!edit_read(e, r->candidate, mistakes)) {
		ice_replace_drop(r);
		snprintf(why, why_size, "%.300s: would hold mistakes; nothing was written", e->file);
		return ICE_SETTINGS_EDIT_MISTAKEN;
	}
	return ICE_SETTINGS_EDIT_GOOD;
}

enum ice_settings_edit_result ice_settings_edit_check(struct ice_settings_edit *e, struct ice_conf_mistakes *mistakes,
                                                      char *why, size_t why_size)
{
	struct ice_replace r;
	size_t len;
	char *text = ice_ini_text_format(&e->text, &len);
	enum ice_settings_edit_result result = edit_candidate(e, &r, text, len, mistakes, why, why_size);
	if (result == ICE_SETTINGS_EDIT_GOOD)
		ice_replace_drop(&r);
	free(text);
	return result;
}

enum ice_settings_edit_result ice_settings_edit_save(struct ice_settings_edit *e, struct ice_conf_mistakes *mistakes,
                                                     char *why, size_t why_size)
{
	const struct ice_replace_as as = {.mode = 0644};
	struct ice_replace r;
	size_t len;
	char *text = ice_ini_text_format(&e->text, &len);
	enum ice_settings_edit_result result = edit_candidate(e, &r, text, len, mistakes, why, why_size);
	if (result == ICE_SETTINGS_EDIT_GOOD && !ice_replace_end(&r, &as, why, why_size))
		result = ICE_SETTINGS_EDIT_FAILED;
	if (result != ICE_SETTINGS_EDIT_GOOD) {
		free(text);
		return result;
	}
	e->exists = true;
	edit_remember(e, text, len);
	return result;
}
