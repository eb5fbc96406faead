/* Runs a fuzz target over files and folders named on the command line: a corpus as a test, without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int runs;

static void run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		exit(1);
	}
	size_t room = 1 << 20, n;
	/* malloc'd to its exact size, so that a sanitizer sees the first byte too many */
	uint8_t *buffer = malloc(room);
	n = buffer ? fread(buffer, 1, room, f) : 0;
	fclose(f);
	uint8_t *exact = malloc(n ? n : 1);
	if (!buffer || !exact)
		abort();
	for (size_t i = 0; i < n; i++)
		exact[i] = buffer[i];
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	free(buffer);
	runs++;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct stat st;
		if (stat(argv[i], &st) != 0) {
			perror(argv[i]);
			return 1;
		}
		if (!S_ISDIR(st.st_mode)) {
			run_file(argv[i]);
			continue;
		}
		DIR *d = opendir(argv[i]);
		if (!d) {
			perror(argv[i]);
			return 1;
		}
		for (struct dirent *e; (e = readdir(d));) {
			char path[4096];
			if (e->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
			run_file(path);
		}
		closedir(d);
	}
	if (runs == 0) {
		fprintf(stderr, "no corpus\n");
		return 1;
	}
	printf("%d inputs\n", runs);
	return 0;
}
