/* recordings: those of a folder, one after the other, in the order of their names. */
#ifndef TESTS_TRUTH_RECORDINGS_H
#define TESTS_TRUTH_RECORDINGS_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void recordings_fn(const char *path, const char *file, void *arg);

static int recordings_are(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');
	return dot && (strcmp(dot, ".snmprec") == 0 || strcmp(dot, ".walk") == 0 || strcmp(dot, ".snmpwalk") == 0);
}

/* How many there were; 0 when there is no such folder. */
static unsigned recordings_each(const char *folder, recordings_fn *one, void *arg)
{
	struct dirent **list;
	char path[4096];
	int n = scandir(folder, &list, recordings_are, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, list[i]->d_name);
		one(path, list[i]->d_name, arg);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return n < 0 ? 0 : (unsigned)n;
}

#endif
