/* The figures of a scan, for a person. */
#include <inttypes.h>

#include "bounds.h"
#include "stats.h"

static void stats_plural(FILE *to, uint64_t n, const char *what)
{
	fprintf(to, "%" PRIu64 " %s%s", n, what, n == 1 ? "" : "s");
}

/* Only when it matters. */
static void stats_tell_loss(const struct ice_scanner_counters *c, FILE *to)
{
	double loss = ice_stats_loss(c), other = ice_stats_other(c);
	if (loss >= 0.005)
		fprintf(to,
		        "about %.1f %% of first contacts were lost on their way, there or back, or answered later than "
		        "they were tried again\n",
		        100 * loss);
	if (other >= 0.005)
		fprintf(to,
		        "%.1f %% of the devices did not answer in the version that was tried first, but in the other: "
		        "they speak no other, or datagrams were lost (--snmp 2c tells)\n",
		        100 * other);
}

/* Most were asked again before their answer came, and then answered twice: none was lost, and each was asked too often. */
static void stats_tell_hasty(const struct ice_scanner_counters *c, FILE *to)
{
	uint64_t again = c->answered[1] + c->answered[2] + c->answered[3], all = c->answered[0] + again;
	if (all >= 10 && (again + c->late) * 2 > all && c->strays[ICE_VERDICT_UNKNOWN_ID] * 2 > all)
		fputs("most devices answer later than they are asked again: a longer --timeout would ask them once\n",
		      to);
}

#define STATS_TELL_SLOW ICE_USEC_MSEC(100)

/* The three slowest devices and subnets, where some are slow at all. */
static void stats_tell_slowest(const struct ice_stats *s, FILE *to)
{
	struct ice_subnet subnets[3];
	size_t n = ice_subnets_slowest(&s->subnets, subnets, 3);
	if (s->slowest.count < 10 || s->slowest.rows[0].rtt < STATS_TELL_SLOW)
		return;
	fputs("slowest devices:", to);
	for (size_t i = 0; i < 3; i++) {
		char ip[ICE_ADDRESS_TEXT_SIZE];
		fprintf(to, "%s %s %.0f ms", i ? "," : "", ice_address_format(&s->slowest.rows[i].address, ip),
		        (double)s->slowest.rows[i].rtt / 1000);
	}
	fputs("; subnets:", to);
	for (size_t i = 0; i < n; i++) {
		char net[ICE_SUBNET_TEXT_SIZE];
		fprintf(to, "%s %s %.0f ms (", i ? "," : "", ice_subnet_format(&subnets[i], net),
		        (double)ice_subnet_mean(&subnets[i]) / 1000);
		stats_plural(to, subnets[i].devices, "device");
		fputc(')', to);
	}
	fputc('\n', to);
}

static bool stats_disbelieved(size_t verdict)
{
	return verdict != ICE_VERDICT_OK && verdict != ICE_VERDICT_UNKNOWN_ID;
}

/* Apart from the others those whose id is not known: answers that were late, or came twice, are among them, and look no different. */
static void stats_tell_strays(const struct ice_scanner_counters *c, FILE *to)
{
	uint64_t disbelieved = 0, unknown = c->strays[ICE_VERDICT_UNKNOWN_ID];
	for (size_t v = 0; v < ICE_VERDICT_COUNT; v++)
		disbelieved += stats_disbelieved(v) ? c->strays[v] : 0;
	if (disbelieved) {
		stats_plural(to, disbelieved, "datagram");
		fputs(" not believed:", to);
		for (size_t v = 0; v < ICE_VERDICT_COUNT; v++)
			if (stats_disbelieved(v) && c->strays[v])
				fprintf(to, " %s %" PRIu64, ice_verdict_name((enum ice_verdict)v), c->strays[v]);
		fputc('\n', to);
	}
	if (unknown) {
		stats_plural(to, unknown, "answer");
		fputs(" came twice, after their last try (a longer --timeout counts them), or to nobody's question\n",
		      to);
	}
}

void ice_stats_tell(const struct ice_stats *s, const struct ice_figures *f, bool discover, FILE *to)
{
	const struct ice_scanner_counters *c = &f->scanner;
	stats_plural(to, c->printers, "printer");
	fputs(discover ? " among " : " and ", to);
	stats_plural(to, discover ? c->devices : c->devices - c->printers, discover ? "device" : "other SNMP device");
	fprintf(to, " on %" PRIu64 " address%s in %.1f s: %" PRIu64 " probe%s, %.0f/s", f->done,
	        f->done == 1 ? "" : "es", f->seconds, c->probes_sent, c->probes_sent == 1 ? "" : "s",
	        f->seconds > 0 ? (double)c->probes_sent / f->seconds : 0.0);
	if (c->rtt_most > 0)
		fprintf(to, ", round trip %.1f ms (p95 %.1f)", (double)ice_scanner_rtt(c, 0.5) / 1000,
		        (double)ice_scanner_rtt(c, 0.95) / 1000);
	fputc('\n', to);
	if (f->seconds >= 1)
		ice_bounds_tell(c, to);
	stats_tell_loss(c, to);
	stats_tell_hasty(c, to);
	stats_tell_slowest(s, to);
	if (c->incomplete) {
		stats_plural(to, c->incomplete, "printer");
		fputs(discover ? " fell silent while first contact went on\n"
		               : " fell silent before everything was read\n",
		      to);
	}
	stats_tell_strays(c, to);
	if (f->udp.kernel_drops) {
		stats_plural(to, f->udp.kernel_drops, "datagram");
		fprintf(to,
		        " came faster than they were read: slowed down %" PRIu64 " times, asked %" PRIu64
		        " questions anew\n",
		        c->slowed, c->excused);
	}
	if (f->udp.send_errors) {
		stats_plural(to, f->udp.send_errors, "datagram");
		fputs(" could not be sent: no route to those addresses\n", to);
	}
}
