/* The histogram of the round trips, four buckets to the octave. */
#include "scanner_state.h"

static unsigned round_trips_bucket(ice_usec rtt)
{
	uint64_t r = (uint64_t)rtt;
	unsigned octave = 63 - (unsigned)__builtin_clzll(r);
	uint32_t mantissa = (uint32_t)(octave <= 31 ? r << (31 - octave) : r >> (octave - 31)); /* 2^31 .. 2^32 */
	/* 2^31 x 2^(1/4), 2^(2/4), 2^(3/4) */
	unsigned quarter = (mantissa >= 2553802834u) + (mantissa >= 3037000500u) + (mantissa >= 3611622603u);
	unsigned bucket = octave * 4 + quarter;
	return bucket < 128 ? bucket : 127;
}

void round_trips_count(struct ice_scanner_counters *c, ice_usec rtt)
{
	rtt = rtt > 1 ? rtt : 1;
	c->rtt[round_trips_bucket(rtt)]++;
	if (c->rtt_least == 0 || rtt < c->rtt_least)
		c->rtt_least = rtt;
	if (rtt > c->rtt_most)
		c->rtt_most = rtt;
}

/* Within the bucket that holds the quantile, in proportion; no bucket reaches beyond the ends of what was measured. */
ice_usec ice_scanner_rtt(const struct ice_scanner_counters *c, double q)
{
	static const double quarters[5] = {1.0, 1.189207115, 1.414213562, 1.681792831, 2.0};
	uint64_t total = 0, below = 0;
	for (int i = 0; i < 128; i++)
		total += c->rtt[i];
	if (total == 0)
		return 0;
	double want = (q < 0 ? 0 : q > 1 ? 1 : q) * (double)total;
	int i = 0, last = 0;
	for (; i < 128; i++) {
		if (c->rtt[i] == 0)
			continue;
		last = i;
		if ((double)(below + c->rtt[i]) >= want)
			break;
		below += c->rtt[i];
	}
	double share = (want - (double)below) / (double)c->rtt[last];
	double octave = (double)(UINT64_C(1) << last / 4), low = octave * quarters[last % 4],
	       high = octave * quarters[last % 4 + 1];
	low = low > (double)c->rtt_least ? low : (double)c->rtt_least;
	high = high < (double)c->rtt_most ? high : (double)c->rtt_most;
	return (ice_usec)(low + (high - low) * (share < 1 ? share : 1));
}
