#include "troubles.h"

#include <stdio.h>
#include <string.h>

static const struct troubles_advice {
	const char *message, *advice;
} troubles_advices[] = {
        {"upload fails, batches wait", "ice check -c FILE tries every step of the way to the server and names the one "
                                       "that fails; readings wait meanwhile"},
        {"HTTPS cannot be reached: batches go sealed over HTTP after it",
         "open TCP to the server's HTTPS port in the firewalls on the way"},
        {"batch rejected by the server: set aside",
         "ice outbox list shows the batches and why; once the reason is gone: ice outbox retry (with the service "
         "stopped)"},
        {"batch fails again and again: others go past it", "see what the server, and any proxy before it, has against "
                                                           "it; ice outbox show NUMBER tells exactly what is sent"},
        {"batch damaged on disk: set aside", "look after the disk; ice outbox list shows the batch"},
        {"outbox damaged: moved aside, a new one begun",
         "look after the disk; the damaged file is kept beside the outbox and can be removed"},
        {"outbox damaged, stopping: the next start mends it", "look after the disk"},
        {"outbox is full, sweeping waits",
         "bring the way to the server in order (ice check -c FILE), or raise outbox_size under [state]; where the disk "
         "is full, make room on it"},
        {"outbox refuses, sweeping waits", "make room on the disk of the state folder, or look after the disk"},
        {"readings could not be committed, their devices are due again",
         "make room on the disk of the state folder, or look after the disk"},
        {"place of the sweep not kept", "make room on the disk of the state folder, or look after the disk"},
        {"mistake in the configuration", "correct the line that is named, then reload: systemctl reload ice"},
        {"reload refused, the old configuration stays",
         "correct the mistakes (ice check -c FILE names them all), then: systemctl reload ice"},
        {"the new configuration cannot be put to work, the old one stays",
         "the log tells why; then reload or restart: systemctl restart ice"},
        {"confined, as far as this system allows", "a newer kernel can confine the service better (seccomp, Landlock)"},
        {"the data folder belongs to another user: run as that one, or writing will fail",
         "chown the state folder to the service's user, or run as its owner"},
        {"the status cannot be written", "make room on the disk of the state folder, or look after the disk"},
        {"the file for Prometheus cannot be written",
         "let the service's user write into the folder of [status] prometheus (ReadWritePaths= of the unit, too)"},
        {"stuck, waiting for the service manager to start it again",
         "systemctl restart ice, where no service manager does it; a report of this to the makers is welcome"},
        {"thrown away what is no request",
         "see who writes into the folder requests of the state folder: ice now is meant to, and nothing else"},
        {"too many folders: after the confinement this one is out of reach",
         "keep the files that the configuration names in fewer folders"},
};
#define TROUBLES_ADVICES (sizeof troubles_advices / sizeof *troubles_advices)

void ice_troubles_add(struct ice_troubles *t, int64_t wall, enum ice_log_level level, const char *message,
                      const char *words)
{
	struct ice_trouble now = {.at = wall, .level = level, .message = message};
	size_t i = 0;
	while (i < t->count && t->rows[i].message != message)
		i++;
	if (i < t->count)
		now.times = t->rows[i].times;
	else if (t->count < ICE_TROUBLES)
		t->count++;
	else
		i = ICE_TROUBLES - 1; /* the oldest makes room */
	now.times++;
	snprintf(now.words, sizeof now.words, "%s", words);
	memmove(t->rows + 1, t->rows, i * sizeof *t->rows);
	t->rows[0] = now;
}

const char *ice_troubles_advice(const char *message)
{
	for (size_t i = 0; i < TROUBLES_ADVICES; i++)
		if (strcmp(troubles_advices[i].message, message) == 0)
			return troubles_advices[i].advice;
	return NULL;
}

const char *ice_troubles_message(size_t i)
{
	return i < TROUBLES_ADVICES ? troubles_advices[i].message : NULL;
}
