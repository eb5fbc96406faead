/* settings_edit_state: an edit, which two files share: settings_edit.c looks at the text and changes it, settings_edit_file.c reads it from the file
 * and saves it there. */
#ifndef ICE_SETTINGS_EDIT_STATE_H
#define ICE_SETTINGS_EDIT_STATE_H

#include "ice/batch.h"
#include "ice/settings_edit.h"

#include "ini_text.h"

struct ice_settings_edit {
	char *file;
	bool exists;
	char *original; /* the file's bytes, to be found there again when it is saved; "" when it was not there */
	size_t original_len;
	char mark[ICE_BATCH_ID_SIZE];
	char *secret_path, *secret; /* a private file to be saved with it; NULL: none */
	struct ice_ini_text text, sample;
};

#endif
