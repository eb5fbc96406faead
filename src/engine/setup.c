#include "setup.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "ice/random.h"
#include "ice/scanner.h"

static bool setup_is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool ice_setup_profile_folder(const char *given, char *out, size_t size)
{
	/* build/ice, build/san/ice, PREFIX/bin/ice */
	static const char *const beside[] = {"../config/profiles", "../../config/profiles", "../share/ice/profiles"};
	char self[PATH_MAX];
	if (given && *given) {
		snprintf(out, size, "%s", given);
		return true; /* what is wrong with it, loading will tell */
	}
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n > 0) {
		self[n] = '\0';
		char *slash = strrchr(self, '/');
		if (slash)
			*slash = '\0';
		for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
			char path[PATH_MAX * 2], real[PATH_MAX];
			snprintf(path, sizeof path, "%s/%s", self, beside[i]);
			if (!setup_is_folder(path) || !realpath(path, real))
				continue;
			snprintf(out, size, "%s", real);
			return true;
		}
	}
	snprintf(out, size, "%s", beside[2]);
	return false;
}

struct ice_profiles *ice_setup_profiles(const char *command, const char *given)
{
	char folder[PATH_MAX];
	struct ice_conf_mistakes mistakes = {0};
	if (!ice_setup_profile_folder(given, folder, sizeof folder)) {
		fprintf(stderr, "%s: no folder of vendor profiles beside the program (%s); --profiles DIR names one\n",
		        command, folder);
		return NULL;
	}
	struct ice_profiles *p = ice_profiles_load(folder, &mistakes);
	if (!p) {
		ice_conf_mistakes_print(&mistakes, stderr);
		fprintf(stderr, "%s: the vendor profiles in %s cannot be used\n", command, folder);
	}
	ice_conf_mistakes_free(&mistakes);
	return p;
}

bool ice_setup_settings(const char *file, struct ice_settings *out)
{
	struct ice_conf_mistakes mistakes = {0};
	bool good = ice_settings_read(file, out, &mistakes);
	if (!good)
		ice_conf_mistakes_print(&mistakes, stderr);
	ice_conf_mistakes_free(&mistakes);
	return good;
}

struct ice_probe_options ice_setup_probe(const struct ice_settings_privacy *privacy)
{
	return (struct ice_probe_options){.alert_text = privacy->alert_text != 0,
	                                  .no_name = privacy->name != 0,
	                                  .no_location = privacy->location != 0};
}

bool ice_setup_state(const char *command, const char *file, char *out, size_t size)
{
	struct ice_settings settings;
	struct ice_conf_mistakes mistakes = {0};
	bool right = ice_settings_read(file, &settings, &mistakes);
	bool there = right || (access(file, R_OK) == 0 && settings.state.directory.path[0]);
	if (!there)
		ice_conf_mistakes_print(&mistakes, stderr);
	else if (!right)
		fprintf(stderr, "%s: there are mistakes in %s; ice check -c %s tells them\n", command, file, file);
	if ((size_t)snprintf(out, size, "%s", settings.state.directory.path) >= size)
		there = false;
	ice_conf_mistakes_free(&mistakes);
	ice_settings_free(&settings);
	return there;
}

bool ice_setup_enrolment(const char *command, const char *path, struct ice_enrolment *out)
{
	char why[512];
	if (ice_enrolment_read(path, out, why, sizeof why))
		return true;
	fprintf(stderr, "%s: enrolment: %s\n", command, why);
	return false;
}

void ice_setup_host(const char *url, char *host, size_t size, char port[8])
{
	const char *at = strstr(url, "://");
	at = at ? at + 3 : url;
	bool bracket = *at == '[';
	at += bracket;
	size_t n = strcspn(at, bracket ? "]" : ":/");
	snprintf(host, size, "%.*s", (int)n, at);
	at += n + (bracket && at[n] == ']');
	snprintf(port, 8, "%.5s", *at == ':' ? at + 1 : strncmp(url, "http://", 7) == 0 ? "80" : "443");
	port[strspn(port, "0123456789")] = '\0';
}

struct event_base *ice_setup_loop(void)
{
	struct event_config *c = event_config_new();
	if (!c || event_config_set_flag(c, EVENT_BASE_FLAG_PRECISE_TIMER) != 0)
		abort();
	struct event_base *base = event_base_new_with_config(c);
	if (!base)
		abort();
	event_config_free(c);
	return base;
}

bool ice_setup_folder(const char *path)
{
	char copy[PATH_MAX];
	if ((size_t)snprintf(copy, sizeof copy, "%s", path) >= sizeof copy)
		return false;
	for (char *slash = copy + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		if (mkdir(copy, 0700) != 0 && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return (mkdir(copy, 0700) == 0 || errno == EEXIST) && setup_is_folder(copy);
}

uint64_t ice_setup_seed(void)
{
	uint64_t seed;
	ice_random_system(&seed, sizeof seed);
	return seed >> 1; /* as a number that an option takes back */
}

/* Only segments that were never writable: their pages are the file's, unchanged. Relocated data, read-only by now, is not among them. */
static int setup_lighten_object(struct dl_phdr_info *object, size_t size, void *arg)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	(void)size;
	(void)arg;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W))
			continue;
		uintptr_t first = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
		uintptr_t end = (object->dlpi_addr + segment->p_vaddr + segment->p_filesz) & ~(page - 1);
		if (end > first)
			(void)madvise((void *)first, end - first, MADV_DONTNEED); // NOLINT(performance-no-int-to-ptr)
	}
	return 0;
}

void ice_setup_lighten(void)
{
	(void)dl_iterate_phdr(setup_lighten_object, NULL);
}
