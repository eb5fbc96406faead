/* asset: the files of pages/, compiled into the program: templates, the style, the script, the icon. */
#ifndef WINDOW_ASSET_H
#define WINDOW_ASSET_H

#include <stddef.h>

struct window_asset {
	const char *name; /* "server.html" */
	const char *text; /* a NUL behind it */
	size_t len;
};

/* NULL when there is none. */
const struct window_asset *window_asset_find(const char *name);

/* The i-th; NULL past the last. */
const struct window_asset *window_asset_at(size_t i);

#endif
