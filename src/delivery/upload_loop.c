#include "upload_loop.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "upload_link.h"

/* One descriptor that curl wants to be told about. */
struct upload_loop_socket {
	TAILQ_ENTRY(upload_loop_socket) link;
	struct ice_upload_loop *loop;
	struct event *event;
	CURL *easy;
	uint64_t received; /* bytes, up to now */
};

struct ice_upload_loop {
	struct event_base *base;
	CURLM *multi;
	ice_upload_loop_fn *turned;
	ice_upload_loop_came_fn *came;
	void *arg;
	struct event *timer;
	TAILQ_HEAD(upload_loop_sockets, upload_loop_socket) sockets;
};

static void upload_loop_count(struct upload_loop_socket *s, int fd)
{
	uint64_t received = ice_upload_link_received(fd);
	if (received > s->received)
		s->loop->came(s->easy, received - s->received, s->loop->arg);
	s->received = received;
}

static void upload_loop_ready(evutil_socket_t fd, short what, void *arg)
{
	struct upload_loop_socket *s = arg;
	struct ice_upload_loop *l = s->loop; /* which outlives s */
	int running, mask = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
	upload_loop_count(s, fd);
	curl_multi_socket_action(l->multi, fd, mask, &running);
	l->turned(l->arg);
}

static void upload_loop_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct ice_upload_loop *l = arg;
	int running;
	(void)fd, (void)what;
	curl_multi_socket_action(l->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	l->turned(l->arg);
}

static int upload_loop_set_timer(CURLM *multi, long msec, void *arg)
{
	struct ice_upload_loop *l = arg;
	struct timeval after = {msec / 1000, msec % 1000 * 1000};
	(void)multi;
	/* Zero too by a timer: an event that activates itself would keep libevent from looking at sockets. */
	if (msec < 0)
		evtimer_del(l->timer);
	else
		evtimer_add(l->timer, &after);
	return 0;
}

static void upload_loop_forget_socket(struct ice_upload_loop *l, struct upload_loop_socket *s)
{
	TAILQ_REMOVE(&l->sockets, s, link);
	event_free(s->event);
	free(s);
}

static int upload_loop_set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct ice_upload_loop *l = arg;
	struct upload_loop_socket *s = known;
	short events = EV_PERSIST;
	if (what == CURL_POLL_REMOVE) {
		if (s)
			upload_loop_forget_socket(l, s);
		return 0;
	}
	events |= (short)((what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0));
	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s || !(s->event = event_new(l->base, fd, events, upload_loop_ready, s)))
			abort();
		s->loop = l;
		s->received = ice_upload_link_received(fd); /* by those that used the connection before */
		TAILQ_INSERT_TAIL(&l->sockets, s, link);
		curl_multi_assign(l->multi, fd, s);
	} else {
		event_del(s->event);
		event_assign(s->event, l->base, fd, events, upload_loop_ready, s);
	}
	s->easy = easy;
	event_add(s->event, NULL);
	return 0;
}

struct ice_upload_loop *ice_upload_loop_new(struct event_base *base, CURLM *multi, ice_upload_loop_fn *turned,
                                            ice_upload_loop_came_fn *came, void *arg)
{
	struct ice_upload_loop *l = calloc(1, sizeof(*l));
	if (!l)
		abort();
	*l = (struct ice_upload_loop){.base = base, .multi = multi, .turned = turned, .came = came, .arg = arg};
	TAILQ_INIT(&l->sockets);
	l->timer = evtimer_new(base, upload_loop_timeout, l);
	if (!l->timer)
		abort();
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, upload_loop_set_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, l);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, upload_loop_set_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, l);
	return l;
}

void ice_upload_loop_free(struct ice_upload_loop *l)
{
	for (struct upload_loop_socket *s; (s = TAILQ_FIRST(&l->sockets));)
		upload_loop_forget_socket(l, s);
	event_free(l->timer);
	free(l);
}
