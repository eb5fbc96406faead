#include "figures.h"

void ice_figures_add(struct ice_scanner_counters *sum, const struct ice_scanner_counters *leg)
{
	sum->targets += leg->targets;
	sum->finished += leg->finished;
	sum->probes_sent += leg->probes_sent;
	sum->retries_sent += leg->retries_sent;
	sum->identify_sent += leg->identify_sent;
	sum->replies += leg->replies;
	sum->late += leg->late;
	sum->devices += leg->devices;
	sum->printers += leg->printers;
	sum->unchanged += leg->unchanged;
	sum->incomplete += leg->incomplete;
	sum->in_flight = leg->in_flight;
	sum->waiting = leg->waiting;
	if (leg->peak_in_flight > sum->peak_in_flight)
		sum->peak_in_flight = leg->peak_in_flight;
	sum->slowed += leg->slowed;
	sum->excused += leg->excused;
	for (size_t i = 0; i < ICE_VERDICT_COUNT; i++)
		sum->strays[i] += leg->strays[i];
	for (size_t i = 0; i < ICE_BOUND_COUNT; i++)
		sum->bound[i] += leg->bound[i];
	for (size_t i = 0; i < sizeof sum->answered / sizeof *sum->answered; i++)
		sum->answered[i] += leg->answered[i];
	for (size_t i = 0; i < sizeof sum->same / sizeof *sum->same; i++)
		sum->same[i] += leg->same[i];
	sum->other += leg->other;
	for (size_t i = 0; i < sizeof sum->rtt / sizeof *sum->rtt; i++)
		sum->rtt[i] += leg->rtt[i];
	if (sum->rtt_least == 0 || (leg->rtt_least > 0 && leg->rtt_least < sum->rtt_least))
		sum->rtt_least = leg->rtt_least;
	if (leg->rtt_most > sum->rtt_most)
		sum->rtt_most = leg->rtt_most;
}

void ice_figures_join(struct ice_figures *sum, const struct ice_figures *other)
{
	ice_figures_add(&sum->scanner, &other->scanner);
	sum->udp.sent += other->udp.sent;
	sum->udp.bytes_sent += other->udp.bytes_sent;
	sum->udp.send_errors += other->udp.send_errors;
	sum->udp.refused += other->udp.refused;
	sum->udp.received += other->udp.received;
	sum->udp.bytes_received += other->udp.bytes_received;
	sum->udp.kernel_drops += other->udp.kernel_drops;
	sum->udp.filtered += other->udp.filtered;
	sum->udp.truncated += other->udp.truncated;
	sum->in_flight += other->in_flight;
	sum->refused += other->refused;
}

void ice_figures_udp(struct ice_figures *f, const struct ice_udp_counters *now, const struct ice_udp_counters *before)
{
	f->udp = *now;
	f->udp.sent -= before->sent;
	f->udp.bytes_sent -= before->bytes_sent;
	f->udp.send_errors -= before->send_errors;
	f->udp.refused -= before->refused;
	f->udp.received -= before->received;
	f->udp.bytes_received -= before->bytes_received;
	f->udp.kernel_drops -= before->kernel_drops;
	f->udp.filtered -= before->filtered;
	f->udp.truncated -= before->truncated;
	/* The kernel's filter turns away what comes from another port before the scanner can: it belongs to the same count. */
	f->scanner.strays[ICE_VERDICT_PORT] += f->udp.filtered;
	f->scanner.strays[ICE_VERDICT_TOO_LONG] += f->udp.truncated;
}
