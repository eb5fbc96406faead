/* Counts datagrams as they arrive, in bins of 10 ms: how even is a paced sender?
 *
 *   arrivals PORT SECONDS     (127.0.0.1 and every other local address; PORT 0 = any, printed first)
 *
 * Waits for the first datagram, counts for SECONDS from it and prints: packets, seconds (first to last), packets_per_second, bins, worst_bin,
 * expected_bin (the mean). Spins: a receiver that sleeps would measure its own waking. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 64;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), room = 8 << 20;
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
	socklen_t len = sizeof(a);
	double seconds = atof(argv[2]);
	size_t bins = (size_t)(seconds * 100) + 1;
	if (fd < 0 || bins > 100000 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		return 1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	printf("port %u\n", ntohs(a.sin_port));
	fflush(stdout);
	unsigned long *bin = calloc(bins, sizeof(*bin)), packets = 0, worst = 0;
	double first = 0, last = 0, began = now();
	if (!bin)
		return 1;
	for (;;) {
		char bytes[2048];
		ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
		double t = now();
		if (packets == 0 ? t - began > 60 : t - first >= seconds)
			break;
		if (n < 0)
			continue;
		if (packets++ == 0)
			first = t;
		last = t;
		bin[(size_t)((t - first) * 100)]++;
	}
	for (size_t i = 0; i < bins; i++)
		if (bin[i] > worst)
			worst = bin[i];
	double span = last - first;
	printf("packets=%lu seconds=%.4f packets_per_second=%.1f worst_bin=%lu expected_bin=%.2f\n", packets, span,
	       span > 0 ? (double)(packets - 1) / span : 0, worst, span > 0 ? (double)(packets - 1) / span / 100 : 0);
	free(bin);
	return 0;
}
