/* What a run as a whole says of the promises, and why it may prove nothing. */
#include <inttypes.h>
#include <sys/wait.h>

#include "ice/clock.h"

#include "engine/exit.h"

#include "proof.h"

/* More than a clock is slewed by in a sweep (adjtime(3): half a millisecond a second). */
#define PROOF_CLOCK_STEP ICE_USEC_MSEC(250)

static void proof_sockets(const struct ice_proof *p, struct ice_evidence *e)
{
	const struct ice_watched_counters *w = &p->watched;
	const struct ice_ledger_counters *l = &p->ledger;
	ice_evidence_found(e, ICE_PROMISE_SOCKETS, w->asked, w->asked_forbidden,
	                   "it asked for another kind of socket: %s", w->forbidden);
	ice_evidence_found(e, ICE_PROMISE_SOCKETS, 0, l->odd, "a socket that is neither UDP nor TCP was open");
	ice_evidence_found(e, ICE_PROMISE_SOCKETS, 0, w->listens + l->listening, "a socket listened");
	ice_evidence_found(e, ICE_PROMISE_SOCKETS, 0, l->broadcast, "a socket had SO_BROADCAST");
}

static void proof_confined(const struct ice_proof *p, struct ice_evidence *e)
{
	const struct ice_watched_held *h = &p->held;
	const struct ice_watched_counters *w = &p->watched;
	if (!h->read)
		return;
	ice_evidence_found(e, ICE_PROMISE_CONFINED, 4,
	                   (h->uid != p->uid) + (h->capabilities != 0) + !h->no_new_privs + (h->filters < 2),
	                   "uid %u, capabilities %" PRIx64 ", no_new_privs %d, %u filters of its own", (unsigned)h->uid,
	                   h->capabilities, h->no_new_privs, h->filters ? h->filters - 1 : 0);
	ice_evidence_found(e, ICE_PROMISE_CONFINED, 1, w->confined_at == 0 || w->confined_at > p->first,
	                   "the first datagram left before its filter was in place");
	ice_evidence_found(e, ICE_PROMISE_CONFINED, 1, w->programs > 1 || w->others > 0 || w->foreign > 0,
	                   "it started another program or process");
}

static void proof_sweep(struct ice_proof *p)
{
	if (p->interrupted)
		ice_proof_object(p, "interrupted: the sweep is not whole");
	else if (!WIFEXITED(p->status))
		ice_proof_object(p, "the sweep was killed by signal %d", WTERMSIG(p->status));
	else if (WEXITSTATUS(p->status) != ICE_EXIT_DONE)
		ice_proof_object(p, "the sweep ended with status %d: it said why on standard error",
		                 WEXITSTATUS(p->status));
	if (p->requests == 0)
		ice_proof_object(p, "no frame to a device was seen: nothing was held against the promises");
	else if (!p->held.read)
		ice_proof_object(p, "how the kernel holds the sweep could not be read");
}

static void proof_capture(struct ice_proof *p)
{
	/* Frames and sockets are timed by the wall's clock. */
	ice_usec wall = (p->ended - p->began) / 1000;
	if (wall - p->lasted > PROOF_CLOCK_STEP || p->lasted - wall > PROOF_CLOCK_STEP)
		ice_proof_object(p, "the clock was set meanwhile");
	if (p->drops)
		ice_proof_object(p, "the capture lost %" PRIu64 " frames: what was in them nobody knows", p->drops);
	if (p->unread)
		ice_proof_object(p, "%" PRIu64 " frames were too long to be judged", p->unread);
	if (p->ledger.unread || p->ledger.full)
		ice_proof_object(p, "not every socket of the sweep could be looked at");
	if (p->ledger.differing)
		ice_proof_object(p, "/proc/net says otherwise of %" PRIu64 " sockets", p->ledger.differing);
	if (p->file && p->kept.failed)
		ice_proof_object(p, "%s could not be written whole", p->file);
}

void ice_proof_judge(struct ice_proof *p, struct ice_evidence *e)
{
	proof_sockets(p, e);
	proof_confined(p, e);
	proof_sweep(p);
	proof_capture(p);
}
