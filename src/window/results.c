#include "results.h"

#include <string.h>

#include "view.h"

static json_t *results_from(const char *line)
{
	json_t *list = json_array();
	const char *end;
	for (; (end = strchr(line, '\n')); line = end + 1) {
		json_t *record = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);
		if (json_is_object(record))
			json_array_append_new(list, window_view_facts(record));
		json_decref(record);
	}
	return list;
}

json_t *window_results_list(const struct window_job *job)
{
	return results_from(job->out.text);
}

json_t *window_results_last(const struct window_job *job, size_t n)
{
	const char *line = job->out.text + job->out.len;
	for (n++; n > 0 && line > job->out.text; line--)
		n -= line[-1] == '\n';
	json_t *found = results_from(n == 0 ? line + 1 : line), *list = json_array();
	for (size_t i = json_array_size(found); i > 0; i--)
		json_array_append(list, json_array_get(found, i - 1));
	json_decref(found);
	return list;
}

size_t window_results_count(const struct window_job *job)
{
	size_t n = 0;
	for (const char *line = job->out.text; (line = strchr(line, '\n')); line++)
		n++;
	return n;
}

const struct window_job *window_results_job(const struct window_jobs *jobs)
{
	for (size_t i = 0; window_jobs_at(jobs, i); i++) {
		const struct window_job *job = window_jobs_at(jobs, i);
		bool sweep = strcmp(job->kind, "sweep") == 0 || strcmp(job->kind, "deliver") == 0;
		if (sweep && job->out.len > 0)
			return job;
	}
	return NULL;
}
