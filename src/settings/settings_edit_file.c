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
#include "ice/secret.h"
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

static void edit_forget_secret(struct ice_settings_edit *e)
{
	ice_secret_free_text(e->secret);
	free(e->secret_path);
	e->secret = e->secret_path = NULL;
}

void ice_settings_edit_free(struct ice_settings_edit *e)
{
	if (!e)
		return;
	ice_ini_text_free(&e->text);
	ice_ini_text_free(&e->sample);
	edit_forget_secret(e);
	free(e->original);
	free(e->file);
	free(e);
}

/* ---- a private file ---- */

bool ice_settings_edit_secret(struct ice_settings_edit *e, const char *section, const char *option, const char *text,
                              char *why, size_t why_size)
{
	struct ice_conf_mistakes mistakes = {0};
	const struct ice_conf_where where = {e->file, 0, option, &mistakes};
	struct ice_settings_path at = {0};
	const char *name = ice_settings_edit_value(e, section, option, 0);
	if (name)
		ice_settings_take_path(&where, name, &at);
	ice_conf_mistakes_free(&mistakes);
	if (!at.path[0]) {
		snprintf(why, why_size, name ? "the path of the file is too long" : "no file is named");
		return false;
	}
	edit_forget_secret(e);
	e->secret_path = strdup(at.path);
	e->secret = strdup(text);
	if (!e->secret_path || !e->secret)
		abort();
	return true;
}

/* ---- saving ---- */

/* The candidates of a save, and what its settings say of the state folder, whose owner is to read the private file. */
struct edit_save {
	struct ice_replace file, secret;
	char state[sizeof(((struct ice_settings_path *)0)->path)];
};

static void edit_drop(struct edit_save *save)
{
	ice_replace_drop(&save->secret);
	ice_replace_drop(&save->file);
}

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

/* A message that speaks of the private file's candidate speaks of the file. malloc'd. */
static char *edit_told(const struct ice_settings_edit *e, const struct edit_save *save, const char *message)
{
	const char *candidate = e->secret ? save->secret.candidate : "";
	const char *at = *candidate ? strstr(message, candidate) : NULL;
	char *told;
	if (asprintf(&told, "%.*s%s%s", (int)(at ? at - message : 0), message, at ? e->secret_path : "",
	             at ? at + strlen(candidate) : message) < 0)
		abort();
	return told;
}

/* The candidate's mistakes are told as the file's: that is where the operator knows the lines to be. */
static bool edit_read(const struct ice_settings_edit *e, struct edit_save *save, struct ice_conf_mistakes *mistakes)
{
	const char *candidate = save->file.candidate;
	struct ice_settings *settings = calloc(1, sizeof(*settings)); /* it holds paths: too much for a stack */
	struct ice_conf_mistakes found = {0};
	if (!settings)
		abort();
	bool good = ice_settings_read_as(candidate, e->secret_path, save->secret.candidate, settings, &found);
	snprintf(save->state, sizeof(save->state), "%s", settings->state.directory.path);
	ice_settings_free(settings);
	free(settings);
	for (size_t i = 0; i < found.count; i++) {
		const struct ice_conf_told *m = &found.told[i];
		char *message = edit_told(e, save, m->message);
		ice_conf_mistake(mistakes, strcmp(m->file, candidate) == 0 ? e->file : m->file, m->line, m->option,
		                 "%s", message);
		free(message);
	}
	mistakes->more += found.more;
	ice_conf_mistakes_free(&found);
	return good;
}

/* Writes the candidates. */
static enum ice_settings_edit_result edit_write(struct ice_settings_edit *e, struct edit_save *save, const char *text,
                                                size_t len, char *why, size_t why_size)
{
	if (!ice_replace_begin(&save->file, e->file, why, why_size))
		return ICE_SETTINGS_EDIT_FAILED;
	if (!edit_unchanged(e)) {
		snprintf(why, why_size, "%.300s: was changed by somebody else in the meantime; nothing was written",
		         e->file);
		return ICE_SETTINGS_EDIT_CHANGED;
	}
	if (!ice_replace_put(&save->file, text, len, why, why_size) ||
	    (e->secret && (!ice_replace_begin_with(&save->secret, &save->file, e->secret_path, why, why_size) ||
	                   !ice_replace_put(&save->secret, e->secret, strlen(e->secret), why, why_size))))
		return ICE_SETTINGS_EDIT_FAILED;
	return ICE_SETTINGS_EDIT_GOOD;
}

/* Writes the candidates and reads them. GOOD leaves them open for the caller to end or drop; otherwise they are gone. */
static enum ice_settings_edit_result edit_candidate(struct ice_settings_edit *e, struct edit_save *save,
                                                    const char *text, size_t len, struct ice_conf_mistakes *mistakes,
                                                    char *why, size_t why_size)
{
	*save = (struct edit_save){.file = {.folder = -1, .fd = -1}, .secret = {.folder = -1, .fd = -1}};
	enum ice_settings_edit_result result = edit_write(e, save, text, len, why, why_size);
	if (result == ICE_SETTINGS_EDIT_GOOD && !edit_read(e, save, mistakes)) {
		snprintf(why, why_size, "%.300s: would hold mistakes; nothing was written", e->file);
		result = ICE_SETTINGS_EDIT_MISTAKEN;
	}
	if (result != ICE_SETTINGS_EDIT_GOOD)
		edit_drop(save);
	return result;
}

enum ice_settings_edit_result ice_settings_edit_check(struct ice_settings_edit *e, struct ice_conf_mistakes *mistakes,
                                                      char *why, size_t why_size)
{
	struct edit_save save;
	size_t len;
	char *text = ice_ini_text_format(&e->text, &len);
	enum ice_settings_edit_result result = edit_candidate(e, &save, text, len, mistakes, why, why_size);
	if (result == ICE_SETTINGS_EDIT_GOOD)
		edit_drop(&save);
	free(text);
	return result;
}

static bool edit_end(const struct ice_settings_edit *e, struct edit_save *save, char *why, size_t why_size)
{
	const struct ice_replace_as as = {.mode = 0644},
	                            secret_as = {.mode = 0600, .always = true, .like = save->state};
	return e->secret ? ice_replace_end_both(&save->secret, &secret_as, &save->file, &as, why, why_size)
	                 : ice_replace_end(&save->file, &as, why, why_size);
}

enum ice_settings_edit_result ice_settings_edit_save(struct ice_settings_edit *e, struct ice_conf_mistakes *mistakes,
                                                     char *why, size_t why_size)
{
	struct edit_save save;
	size_t len;
	char *text = ice_ini_text_format(&e->text, &len);
	enum ice_settings_edit_result result = edit_candidate(e, &save, text, len, mistakes, why, why_size);
	if (result == ICE_SETTINGS_EDIT_GOOD && !edit_end(e, &save, why, why_size))
		result = ICE_SETTINGS_EDIT_FAILED;
	if (result != ICE_SETTINGS_EDIT_GOOD) {
		free(text);
		return result;
	}
	edit_forget_secret(e);
	e->exists = true;
	edit_remember(e, text, len);
	return result;
}
