/* scanner: thousands of first contacts and conversations at once. Pump, input, tick.
 *
 * It knows neither the loop nor the clock nor sockets: it is given `now`, and the functions below. A target's
 * life: next -> slot taken -> first contact sent -> reply or silence; a printer then converses (struct ice_probe) in the same
 * slot until its record is emitted. A slot is the request in flight; the number of occupied slots IS the number in flight.
 *
 * request-id = slot index + random bits, so lookup is O(1); address, port, version, community and OIDs must match too; whatever
 * does not is a stray, counted by verdict. Completions never start work: only the pump does. */
#ifndef ICE_SCANNER_H
#define ICE_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "ice/address.h"
#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/probe.h"
#include "ice/record.h"
#include "ice/secret.h"
#include "ice/snmp.h"

struct ice_scanner;

/* How an address ended. */
enum ice_outcome { ICE_OUTCOME_SILENT, ICE_OUTCOME_DEVICE, ICE_OUTCOME_PRINTER };

/* What the scanner reports of one address that answered. Views live until the callback returns. */
struct ice_finding {
	struct ice_address address;
	enum ice_outcome outcome;
	const struct ice_identity *identity;
	const struct ice_record *record; /* printers only */
	enum ice_snmp_version version;
	uint16_t credential; /* index into options.communities */
	uint16_t requests;   /* datagrams sent to it, retries included */
	ice_usec rtt;        /* of first contact; -1 unknown (answered a retried request) */
	bool complete;       /* false: it fell silent or was cut in mid-conversation; the record holds what it said */
};

/* The scanner's outside. All take the same arg. */
struct ice_scanner_ops {
	/* The next target; false when there is none (now). */
	bool (*next)(struct ice_address *out, void *arg);
	/* Queues a datagram; false: not now. */
	bool (*send)(const struct ice_address *to, const uint8_t *bytes, size_t n, void *arg);
	/* Reserves a place for one record in the queue before a conversation starts; false: full, the printer waits its turn. */
	bool (*reserve)(void *arg);
	/* An address that answered is done. For a printer the reserved place is used up by this call (or by `release`). */
	void (*emit)(const struct ice_finding *finding, void *arg);
	/* A reserved place is not needed after all. */
	void (*release)(void *arg);
};

struct ice_scanner_options {
	uint16_t port;          /* replies must come from it */
	uint32_t window;        /* slots: most requests in flight; power of two <= 65536 */
	uint32_t conversations; /* most printers in conversation at once */
	uint64_t rate;          /* datagrams per second, first contacts and the rest; 0 = as fast as it goes */
	ice_usec timeout;       /* of one try */
	unsigned retries;       /* further tries after the first */
	bool v1, v2c;           /* which versions to speak; a retry uses the other */
	bool discover;          /* first contact only: no conversations, no reserve */
	const struct ice_secret *communities; /* tried in order */
	size_t community_count;               /* 1..16 */
	const struct ice_profiles *profiles;
	struct ice_probe_options probe;
	uint64_t seed;
	time_t (*wall)(void); /* for read_at; ice_clock_wall */
};

struct ice_scanner_counters {
	uint64_t targets;     /* first contacts started */
	uint64_t finished;    /* addresses done, whatever the outcome */
	uint64_t probes_sent; /* datagrams, retries and conversations included */
	uint64_t retries_sent;
	uint64_t identify_sent;
	uint64_t replies;                   /* believed */
	uint64_t late;                      /* believed, though they answered an earlier try */
	uint64_t strays[ICE_VERDICT_COUNT]; /* not believed, by reason */
	uint64_t devices;                   /* addresses that speak SNMP (printers included) */
	uint64_t printers;
	uint64_t incomplete;
	uint32_t in_flight, peak_in_flight;
	uint32_t waiting; /* printers that wait for a queue place or a conversation */
	/* Round trips of first contact, histogram: bucket i counts rtt in [2^(i/4), 2^((i+1)/4)) microseconds. */
	uint64_t rtt[128];
};

/* Never NULL; options and community_count are checked by assert. The options' pointers are lent for the scanner's life. */
struct ice_scanner *ice_scanner_new(const struct ice_scanner_options *options, const struct ice_scanner_ops *ops,
                                    void *arg, ice_usec now);
void ice_scanner_free(struct ice_scanner *s); /* releases reservations of unfinished printers */

/* Starts and continues what may be sent now: tokens, slots, window. Returns the datagrams sent; bounded (a few thousand) so that input gets its turn. */
size_t ice_scanner_pump(struct ice_scanner *s, ice_usec now);

/* One datagram from the network. */
void ice_scanner_input(struct ice_scanner *s, ice_usec now, const struct ice_address *from, uint16_t port,
                       const uint8_t *bytes, size_t n);

/* Deadlines that have passed. */
void ice_scanner_tick(struct ice_scanner *s, ice_usec now);

/* When the heartbeat must beat again if no datagram comes before. `now` = the pump has more to do at once. */
ice_usec ice_scanner_next(const struct ice_scanner *s, ice_usec now);

/* No further targets are started; what is in flight is finished. */
void ice_scanner_drain(struct ice_scanner *s);

/* Nothing in flight, nothing waiting, and `next` said there is no more (or draining). */
bool ice_scanner_idle(const struct ice_scanner *s);

void ice_scanner_counters(const struct ice_scanner *s, struct ice_scanner_counters *out);

/* Quantile q (0..1) of the round trips, in microseconds; 0 when none. */
ice_usec ice_scanner_rtt(const struct ice_scanner_counters *c, double q);

#endif
