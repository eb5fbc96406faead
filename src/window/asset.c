#include "asset.h"

#include <string.h>

/* Made by embed.sh: `static const struct window_asset asset_table[]`, which ends with a NULL name. */
#include <window_pages.h>

const struct window_asset *window_asset_at(size_t i)
{
	size_t count = sizeof asset_table / sizeof *asset_table - 1;
	return i < count ? &asset_table[i] : NULL;
}

const struct window_asset *window_asset_find(const char *name)
{
	for (const struct window_asset *a = asset_table; a->name; a++)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}
