#include "job.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOB_END_WAIT ICE_USEC_SEC(2) /* for children to end when the window does */

struct job {
	TAILQ_ENTRY(job) next;
	struct window_job shown;
	struct window_jobs *owner;
	struct window_child child;
	struct event *out, *err;
	bool reaped;
};

struct window_jobs {
	struct event_base *base;
	struct event *child_ended;
	TAILQ_HEAD(job_list, job) list; /* newest first */
	unsigned last;
};

static void job_text_add(struct window_job_text *t, const char *bytes, size_t n)
{
	if (t->len + n + 1 > t->size) {
		t->size = (t->len + n + 1) * 2;
		t->text = realloc(t->text, t->size);
		if (!t->text)
			abort();
	}
	memcpy(t->text + t->len, bytes, n);
	t->len += n;
	t->text[t->len] = '\0';
}

static void job_maybe_over(struct job *j)
{
	if (j->out || j->err || !j->reaped || !j->shown.running)
		return;
	j->shown.running = false;
	j->shown.ended = ice_clock_now();
}

static void job_close(struct event **e, int *fd)
{
	if (*e)
		event_free(*e);
	if (*fd >= 0)
		close(*fd);
	*e = NULL;
	*fd = -1;
}

static void job_input(evutil_socket_t fd, short what, void *arg)
{
	struct job *j = arg;
	bool out = fd == j->child.out;
	struct window_job_text *t = out ? &j->shown.out : &j->shown.err;
	char bytes[16384];
	ssize_t n = read(fd, bytes, sizeof bytes);
	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && t->len + (size_t)n <= t->max) {
		job_text_add(t, bytes, (size_t)n);
		return;
	}
	if (n > 0 && !out)
		return; /* more words than anyone reads */
	if (n > 0) {
		j->shown.overflow = true;
		kill(j->child.pid, SIGTERM);
	}
	if (out)
		job_close(&j->out, &j->child.out);
	else
		job_close(&j->err, &j->child.err);
	job_maybe_over(j);
}

static void job_reap(struct job *j)
{
	if (j->reaped || waitpid(j->child.pid, &j->shown.status, WNOHANG) != j->child.pid)
		return;
	j->reaped = true;
	job_maybe_over(j);
}

static void job_child_ended(evutil_socket_t number, short what, void *arg)
{
	struct window_jobs *jobs = arg;
	struct job *j;
	(void)number, (void)what;
	for (j = TAILQ_FIRST(&jobs->list); j; j = TAILQ_NEXT(j, next))
		job_reap(j);
}

struct window_jobs *window_jobs_new(struct event_base *base)
{
	struct window_jobs *jobs = calloc(1, sizeof *jobs);
	if (!jobs)
		abort();
	jobs->base = base;
	TAILQ_INIT(&jobs->list);
	jobs->child_ended = evsignal_new(base, SIGCHLD, job_child_ended, jobs);
	if (!jobs->child_ended || event_add(jobs->child_ended, NULL) != 0)
		abort();
	return jobs;
}

static void job_free(struct job *j)
{
	TAILQ_REMOVE(&j->owner->list, j, next);
	job_close(&j->out, &j->child.out);
	job_close(&j->err, &j->child.err);
	free(j->shown.out.text);
	free(j->shown.err.text);
	free(j);
}

/* Ctrl-C, then a while to obey, then the end. */
static void job_end(struct job *j)
{
	if (j->reaped)
		return;
	ice_usec until = ice_clock_now() + JOB_END_WAIT;
	struct timespec nap = {0, 10000000};
	kill(j->child.pid, SIGTERM);
	while (!j->reaped && ice_clock_now() < until) {
		job_reap(j);
		if (!j->reaped)
			nanosleep(&nap, NULL);
	}
	if (j->reaped)
		return;
	kill(j->child.pid, SIGKILL);
	waitpid(j->child.pid, &j->shown.status, 0);
	j->reaped = true;
}

void window_jobs_free(struct window_jobs *jobs)
{
	struct job *j;
	if (!jobs)
		return;
	while ((j = TAILQ_FIRST(&jobs->list))) {
		job_end(j);
		job_free(j);
	}
	event_free(jobs->child_ended);
	free(jobs);
}

/* Lets go of what is over and past the number kept. */
static void job_forget(struct window_jobs *jobs)
{
	struct job *j = TAILQ_FIRST(&jobs->list), *next;
	for (size_t i = 1; j; j = next, i++) {
		next = TAILQ_NEXT(j, next);
		if (i >= WINDOW_JOBS_KEPT && !j->shown.running)
			job_free(j);
	}
}

static struct event *job_listen(struct job *j, int fd)
{
	struct event *e = event_new(j->owner->base, fd, EV_READ | EV_PERSIST, job_input, j);
	if (!e || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || event_add(e, NULL) != 0)
		abort();
	return e;
}

struct window_job *window_jobs_start(struct window_jobs *jobs, const char *kind, const char *about,
                                     const char *const *argv, const struct window_child_rights *rights)
{
	struct job *j;
	size_t running = 0;
	job_forget(jobs);
	for (j = TAILQ_FIRST(&jobs->list); j; j = TAILQ_NEXT(j, next))
		running += j->shown.running;
	if (running >= WINDOW_JOBS_RUNNING)
		return NULL;
	j = calloc(1, sizeof *j);
	if (!j)
		abort();
	if (!window_child_start(&j->child, argv, rights)) {
		free(j);
		return NULL;
	}
	j->owner = jobs;
	j->shown = (struct window_job){.id = ++jobs->last,
	                               .kind = kind,
	                               .running = true,
	                               .started = ice_clock_wall(),
	                               .began = ice_clock_now(),
	                               .out.max = WINDOW_JOB_OUT,
	                               .err.max = WINDOW_JOB_ERR};
	snprintf(j->shown.about, sizeof j->shown.about, "%s", about);
	job_text_add(&j->shown.out, "", 0);
	job_text_add(&j->shown.err, "", 0);
	j->out = job_listen(j, j->child.out);
	j->err = job_listen(j, j->child.err);
	TAILQ_INSERT_HEAD(&jobs->list, j, next);
	return &j->shown;
}

struct window_job *window_jobs_find(const struct window_jobs *jobs, unsigned id)
{
	struct job *j;
	for (j = TAILQ_FIRST(&jobs->list); j; j = TAILQ_NEXT(j, next))
		if (j->shown.id == id)
			return &j->shown;
	return NULL;
}

struct window_job *window_jobs_at(const struct window_jobs *jobs, size_t i)
{
	struct job *j = TAILQ_FIRST(&jobs->list);
	while (j && i-- > 0)
		j = TAILQ_NEXT(j, next);
	return j ? &j->shown : NULL;
}

bool window_jobs_running(const struct window_jobs *jobs)
{
	struct job *j;
	for (j = TAILQ_FIRST(&jobs->list); j; j = TAILQ_NEXT(j, next))
		if (j->shown.running)
			return true;
	return false;
}

void window_job_stop(struct window_jobs *jobs, unsigned id)
{
	struct job *j;
	for (j = TAILQ_FIRST(&jobs->list); j; j = TAILQ_NEXT(j, next))
		if (j->shown.id == id && j->shown.running && !j->reaped) {
			j->shown.stopped = true;
			kill(j->child.pid, SIGINT);
		}
}

int window_job_exit(const struct window_job *job)
{
	return !job->running && WIFEXITED(job->status) ? WEXITSTATUS(job->status) : -1;
}
