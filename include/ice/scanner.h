/* scanner: thousands of first contacts and conversations at once. Pump and input.
 *
 * It knows neither the loop nor the clock nor sockets: it is given `now`, and the functions below. A target's
 * life: next -> slot taken -> first contact sent -> reply or silence; a printer then converses (struct ice_probe) in the same
 * slot until its record is emitted. A slot is the request in flight; the number of occupied slots IS the number in flight.
 *
 * request-id = slot index + random bits, so lookup is O(1); address, port, version, community and OIDs must match too; whatever
 * does not is a stray, counted by verdict. All tries of one question carry the same id, so that the answer to any of them
 * counts, however late. Completions send nothing: only the pump does.
 *
 * First contact with a silent address is (retries + 1) x communities datagrams: try i speaks community i modulo their number, and
 * each full round the other version (v2c first) where both are enabled. A conversation's request is tried retries + 1 times, at least
 * twice, each time waiting twice as long; then the probe is told of the silence.
 *
 * A printer that `known` tells of is asked as it was answered last: its steady question (ice/steady.h) instead of first contact, twice at
 * most. The same values as before: it is done, UNCHANGED, without a conversation or a place in the queue. What else may come of it is
 * said with enum ice_known_ask; where first contact follows, it begins with the version and the community that were good.
 *
 * What is due goes out in this order: conversations, retries, new targets; but what silence makes due goes out as a pump meets it, deadline by
 * deadline. A printer that finds no place among the conversations, or in the queue behind `reserve`, waits its turn; while
 * ICE_SCANNER_WAITING or more do, no new target is started. Beyond ICE_SCANNER_WAITING_MAX (answers of targets that were already in
 * flight) a printer is forgotten and asked anew a second later: nobody is lost, and memory stays bounded. */
#ifndef ICE_SCANNER_H
#define ICE_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "ice/address.h"
#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/pacer.h"
#include "ice/probe.h"
#include "ice/record.h"
#include "ice/secret.h"
#include "ice/snmp.h"
#include "ice/steady.h"

struct ice_scanner;

#define ICE_SCANNER_WINDOW_MAX  (UINT32_C(1) << 20)
#define ICE_SCANNER_WAITING     256  /* waiting printers that stop new targets */
#define ICE_SCANNER_WAITING_MAX 8192 /* waiting printers that are remembered, some 1.2 kB each */
#define ICE_SCANNER_PUMP_MAX    512  /* datagrams of one pump */
#define ICE_SCANNER_HELD        64   /* targets that `next` gave, held until their subnet comes below its cap */

/* How an address ended. */
enum ice_outcome {
	ICE_OUTCOME_SILENT,
	ICE_OUTCOME_DEVICE,
	ICE_OUTCOME_PRINTER,
	ICE_OUTCOME_UNCHANGED, /* a known printer: all it was asked is as it was when it was last read */
	ICE_OUTCOME_PAGES,     /* a known printer: so it is, but for page counts */
};

/* What a known printer is asked first. */
enum ice_known_ask {
	ICE_KNOWN_CONTACT, /* first contact */
	/* Whether anything has changed: the steady question if it is whole, else first contact. First contact follows when anything has,
	 * or when it is silent. */
	ICE_KNOWN_CHANGED,
	/* How it is doing: the steady question, whole or not, else first contact. First contact follows when anything but page counts
	 * has changed; PAGES and silence are told, and it is left at that. */
	ICE_KNOWN_PULSE,
};

/* A known printer. */
struct ice_known_target {
	enum ice_known_ask ask;
	enum ice_snmp_version version; /* as it last answered */
	uint16_t credential;
	ice_usec rtt;             /* how long it takes to answer; 0 = not known */
	struct ice_steady steady; /* count 0: it has no such question */
};

/* What the scanner reports of one address that answered; with options.silences also of one that did not. Views live until the callback returns. */
struct ice_finding {
	struct ice_address address;
	enum ice_outcome outcome;
	const struct ice_identity *identity; /* of a DEVICE and of a PRINTER */
	struct ice_record
	        *record; /* of a PRINTER that was read; whoever is told may add what the printer cannot know */
	/* With a record, when `known` is there: how to ask the printer how it is doing from now on, and, where that is whole, whether anything has
	 * changed; NULL when there is nothing to ask. */
	const struct ice_steady *steady;
	enum ice_snmp_version version;
	uint16_t credential; /* index into options.communities */
	uint16_t requests;   /* datagrams sent to it, retries included */
	/* Of first contact; -1 unknown (what was answered may be a retry). Of the steady question, from its first try on: so never too short. */
	ice_usec rtt;
	bool complete; /* false: it fell silent or was cut in mid-conversation; the record holds what it said */
};

/* What `next` says. */
enum ice_next {
	ICE_NEXT_END,    /* there is no more */
	ICE_NEXT_TARGET, /* here is one */
	ICE_NEXT_LATER,  /* none now: it waits for room itself */
	ICE_NEXT_BUSY,   /* it has looked for one long enough: ask again at the next beat */
};

/* The scanner's outside. All take the same arg; none may call back into the scanner. */
struct ice_scanner_ops {
	/* The next target. */
	enum ice_next (*next)(struct ice_address *out, void *arg);
	/* Queues the request, with this id (ice_snmp_write); false: not now. Lent for the call. */
	bool (*send)(const struct ice_address *to, const struct ice_snmp_request *request, uint32_t id, void *arg);
	/* Reserves a place for one record in the queue before a conversation starts; false: full, the printer waits its turn. */
	bool (*reserve)(void *arg);
	/* An address that answered is done. For a printer the reserved place is used up by this call (or by `release`). */
	void (*emit)(const struct ice_finding *finding, void *arg);
	/* A reserved place is not needed after all. */
	void (*release)(void *arg);
	/* Is this address a known printer? May be NULL: none is. Asked once for each target. */
	bool (*known)(const struct ice_address *address, struct ice_known_target *out, void *arg);
};

struct ice_scanner_options {
	uint16_t port; /* replies must come from it */
	/* Slots: most requests in flight, up to ICE_SCANNER_WINDOW_MAX. Memory is touched only as far as it is used: 24 bytes for each request
	 * that was in flight at once. */
	uint32_t window;
	uint32_t conversations; /* most printers in conversation at once */
	uint64_t rate;          /* datagrams per second, first contacts and the rest; 0 = as fast as it goes */
	struct ice_pacer *pace; /* what several scanners have together, lent; NULL = this one is alone */
	ice_usec timeout;       /* of one try; 0 = learned (ice/rtt.h) */
	unsigned retries;       /* further tries after the first; (retries + 1) x communities <= 255 */
	/* Most addresses in flight per /24 (IPv6: /120); 0 = no cap. Subnets may share a count by accident of hashing: then the
	 * cap is stricter, never looser. */
	uint32_t subnet_cap;
	bool v1, v2c;                         /* which versions to speak; a retry uses the other */
	bool discover;                        /* first contact only: no conversations, no reserve */
	bool silences;                        /* silent addresses are told as well */
	const struct ice_secret *communities; /* tried in order */
	size_t community_count;               /* 1..16 */
	const struct ice_profiles *profiles;
	struct ice_probe_options probe;
	uint64_t seed;        /* of the request ids */
	time_t (*wall)(void); /* for read_at; ice_clock_wall */
};

/* Why a pump stopped; the time until the next one is charged to it. What bounds the rate of a sweep is what most of its time is charged to. */
enum ice_bound {
	ICE_BOUND_TARGETS,    /* nothing is left to send: the last answers are waited for */
	ICE_BOUND_PACE,       /* the rate that was asked for */
	ICE_BOUND_WINDOW,     /* every slot in use */
	ICE_BOUND_SUBNET,     /* the cap per subnet */
	ICE_BOUND_SOCKET,     /* `send` took no more */
	ICE_BOUND_QUEUE,      /* printers wait for a conversation or a place in the queue */
	ICE_BOUND_CPU,        /* beats come too slowly for the rate, or replies faster than they are read */
	ICE_BOUND_NEIGHBOURS, /* `next` waits for room: in the neighbour tables, where no sweep is spread */
	ICE_BOUND_COUNT
};
const char *ice_bound_name(enum ice_bound b); /* "targets", "pace", ... : keys of the statistics */

struct ice_scanner_counters {
	uint64_t targets;     /* first contacts started */
	uint64_t finished;    /* addresses done, whatever the outcome */
	uint64_t probes_sent; /* datagrams, retries and conversations included */
	uint64_t retries_sent;
	uint64_t identify_sent;
	uint64_t replies; /* believed */
	uint64_t late;    /* believed, though they answered an earlier version or community */
	/* First contacts, by which of their tries was answered: the first, second, third, a later one; the latest that had the answer's version
	 * and community. Without those that were asked anew, as we may have lost an answer ourselves. */
	uint64_t answered[4];
	/* Of them, where a device that missed the first try would have been asked the very same again: those that answered in the version that
	 * is tried first, to the first and to the second such try. What the network loses shows here. */
	uint64_t same[2];
	uint64_t
	        other; /* of them, those that answered in the version that is tried second: they speak no other, or missed a try */
	uint64_t strays[ICE_VERDICT_COUNT]; /* not believed, by reason */
	uint64_t devices;                   /* addresses that speak SNMP (printers included) */
	uint64_t printers;
	uint64_t unchanged; /* printers that were as they were, but for pages; counted among printers and devices */
	uint64_t incomplete;
	uint32_t in_flight, peak_in_flight;
	uint32_t waiting;                /* printers that wait for a queue place or a conversation */
	uint32_t conversations;          /* going on now */
	uint64_t bound[ICE_BOUND_COUNT]; /* microseconds, by what was waited for */
	uint64_t slowed;                 /* times ice_scanner_congested slowed it down */
	uint64_t excused;                /* questions asked anew, since their answers may have been lost then */
	/* Round trips of first contact, histogram: bucket i counts rtt in [2^(i/4), 2^((i+1)/4)) microseconds. */
	uint64_t rtt[128];
	ice_usec rtt_least, rtt_most; /* of them; 0 = none */
};

/* How long an address that never answers holds its slot, and its place in its subnet, of the options timeout, retries and community_count:
 * where nothing was learned from others, or where others were heard that answer at once. */
ice_usec ice_scanner_hold(const struct ice_scanner_options *options, bool heard);

/* Never NULL; options are checked by assert. The options' pointers are lent for the scanner's life, the structs are copied. */
struct ice_scanner *ice_scanner_new(const struct ice_scanner_options *options, const struct ice_scanner_ops *ops,
                                    void *arg, ice_usec now);
void ice_scanner_free(struct ice_scanner *s); /* releases reservations of unfinished printers */

/* Deals with the deadlines that have passed, and starts and continues what may be sent now: tokens, slots, window. Returns the datagrams sent,
 * at most ICE_SCANNER_PUMP_MAX so that input gets its turn. `next` is asked again each time, also after it said there was no more. */
size_t ice_scanner_pump(struct ice_scanner *s, ice_usec now);

/* One datagram from the network. */
void ice_scanner_input(struct ice_scanner *s, ice_usec now, const struct ice_address *from, uint16_t port,
                       const uint8_t *bytes, size_t n);

/* Replies were lost in our own receive buffer (the kernel's count of drops has grown): sends at half the rate of late, and finds
 * its way back up. Who was silent meanwhile is asked all over again, three times at most: its silence may be ours. */
void ice_scanner_congested(struct ice_scanner *s, ice_usec now);

/* When the heartbeat must beat again if no datagram comes before. `now` = the pump has more to do at once. */
ice_usec ice_scanner_next(const struct ice_scanner *s, ice_usec now);

/* No further targets are started; what is in flight is finished. */
void ice_scanner_drain(struct ice_scanner *s);

/* Nothing in flight, nothing waiting, and the last time it was asked `next` said there is no more (or draining). */
bool ice_scanner_idle(const struct ice_scanner *s);

/* Is this address among those that `next` gave and that are not done? Looks at every slot: not for every target of a sweep. */
ICE_MUST_CHECK bool ice_scanner_asks(const struct ice_scanner *s, const struct ice_address *address);

/* How many of the addresses that `next` gave, counted from the first, are done without a gap: a sweep that is to go on after a
 * crash goes on there. Looks at every slot: for once a second, not for every beat. */
uint64_t ice_scanner_settled(const struct ice_scanner *s);

void ice_scanner_counters(const struct ice_scanner *s, struct ice_scanner_counters *out);

/* Quantile q (0..1) of the round trips, in microseconds; 0 when none. */
ice_usec ice_scanner_rtt(const struct ice_scanner_counters *c, double q);

#endif
