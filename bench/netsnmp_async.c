/* A sweep and a collection written the way net-snmp documents its asynchronous API (snmp_open, snmp_send, snmp_select_info2,
 * snmp_read2, snmp_timeout): one session per host, a bounded number of them open. It is the peer that ICE's own engine
 * is measured against.
 *
 *   netsnmp_async sweep   CIDR PORT WINDOW TIMEOUT_MS RETRIES
 *   netsnmp_async collect FILE PORT WINDOW TIMEOUT_MS RETRIES     FILE: one address a line
 *
 * Prints one line of key=value figures. */
#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/library/large_fd_set.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct host {
	netsnmp_session *session;
	int step; /* 0 first contact, 1 details, 2.. tables, -1 over */
	oid cursor[MAX_OID_LEN];
	size_t cursor_len;
};

static const char *const first_contact[] = {
        "1.3.6.1.2.1.1.1",        "1.3.6.1.2.1.1.2",         "1.3.6.1.2.1.25.3.2.1.2",
        "1.3.6.1.2.1.43.5.1.1.1", "1.3.6.1.2.1.43.10.2.1.4", "1.3.6.1.2.1.43.11.1.1.9",
};
static const char *const details[] = {
        "1.3.6.1.2.1.1.1.0",           "1.3.6.1.2.1.1.2.0",          "1.3.6.1.2.1.1.5.0",
        "1.3.6.1.2.1.1.6.0",           "1.3.6.1.2.1.25.3.2.1.3.1",   "1.3.6.1.2.1.25.3.2.1.5.1",
        "1.3.6.1.2.1.25.3.5.1.1.1",    "1.3.6.1.2.1.25.3.5.1.2.1",   "1.3.6.1.2.1.43.5.1.1.16.1",
        "1.3.6.1.2.1.43.5.1.1.17.1",   "1.3.6.1.2.1.43.5.1.1.2.1",   "1.3.6.1.2.1.43.10.2.1.3.1.1",
        "1.3.6.1.2.1.43.10.2.1.4.1.1", "1.3.6.1.2.1.43.7.1.1.4.1.1",
};
/* Columns walked with GETBULK, one after another: supplies, colorants, alerts, interfaces, addresses. */
static const char *const tables[] = {
        "1.3.6.1.2.1.43.11.1.1", "1.3.6.1.2.1.43.12.1.1.4", "1.3.6.1.2.1.43.18.1.1",
        "1.3.6.1.2.1.2.2.1.3",   "1.3.6.1.2.1.2.2.1.6",     "1.3.6.1.2.1.4.20.1.2",
};
#define TABLES ((int)(sizeof(tables) / sizeof(*tables)))

static int collecting, active, retries;
static long timeout_us;
static unsigned short port;
static unsigned long requests, answered, varbinds, finished;

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static size_t parse(const char *text, oid name[MAX_OID_LEN])
{
	size_t len = MAX_OID_LEN;
	if (!read_objid(text, name, &len))
		exit(1);
	return len;
}

static void add(netsnmp_pdu *pdu, const char *text)
{
	oid name[MAX_OID_LEN];
	size_t len = parse(text, name);
	snmp_add_null_var(pdu, name, len);
}

/* Sends what this host's step asks for; 0 when the host is done. */
static int ask(struct host *h)
{
	netsnmp_pdu *pdu;
	if (h->step == 0) {
		pdu = snmp_pdu_create(SNMP_MSG_GETNEXT);
		for (size_t i = 0; i < sizeof(first_contact) / sizeof(*first_contact); i++)
			add(pdu, first_contact[i]);
	} else if (!collecting || h->step >= 2 + TABLES) {
		return 0;
	} else if (h->step == 1) {
		pdu = snmp_pdu_create(SNMP_MSG_GET);
		for (size_t i = 0; i < sizeof(details) / sizeof(*details); i++)
			add(pdu, details[i]);
	} else {
		if (h->cursor_len == 0)
			h->cursor_len = parse(tables[h->step - 2], h->cursor);
		pdu = snmp_pdu_create(SNMP_MSG_GETBULK);
		pdu->non_repeaters = 0;
		pdu->max_repetitions = 25;
		snmp_add_null_var(pdu, h->cursor, h->cursor_len);
	}
	if (!snmp_send(h->session, pdu)) {
		snmp_free_pdu(pdu);
		return 0;
	}
	requests++;
	return 1;
}

static void next_step(struct host *h)
{
	h->step++;
	h->cursor_len = 0;
}

static void take(struct host *h, netsnmp_pdu *pdu)
{
	netsnmp_variable_list *last = NULL;
	for (netsnmp_variable_list *v = pdu->variables; v; v = v->next_variable) {
		varbinds++;
		last = v;
	}
	if (h->step < 2) {
		next_step(h);
		return;
	}
	oid root[MAX_OID_LEN];
	size_t root_len = parse(tables[h->step - 2], root);
	if (!last || last->type == SNMP_ENDOFMIBVIEW ||
	    netsnmp_oid_is_subtree(root, root_len, last->name, last->name_length) != 0 ||
	    snmp_oid_compare(last->name, last->name_length, h->cursor, h->cursor_len) <= 0) {
		next_step(h);
		return;
	}
	memcpy(h->cursor, last->name, last->name_length * sizeof(oid));
	h->cursor_len = last->name_length;
}

static int on_reply(int op, netsnmp_session *session, int id, netsnmp_pdu *pdu, void *magic)
{
	struct host *h = magic;
	(void)session;
	(void)id;
	if (op == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE) {
		if (h->step == 0)
			answered++;
		take(h, pdu);
		if (ask(h))
			return 1;
	} else if (op != NETSNMP_CALLBACK_OP_TIMED_OUT) {
		return 1;
	}
	h->step = -1; /* closed by the main loop: not from inside its own callback */
	active--;
	finished++;
	return 1;
}

static int start(struct host *h, const char *address)
{
	char peer[96];
	netsnmp_session s;
	snprintf(peer, sizeof(peer), "udp:%s:%u", address, port);
	snmp_sess_init(&s);
	s.version = SNMP_VERSION_2c;
	s.peername = peer;
	s.community = (u_char *)"public";
	s.community_len = 6;
	s.timeout = timeout_us;
	s.retries = retries;
	s.callback = on_reply;
	s.callback_magic = h;
	h->step = 0;
	h->cursor_len = 0;
	h->session = snmp_open(&s);
	if (!h->session)
		return 0;
	if (!ask(h)) {
		snmp_close(h->session);
		h->session = NULL;
		return 0;
	}
	active++;
	return 1;
}

int main(int argc, char **argv)
{
	if (argc != 7)
		return 64;
	collecting = strcmp(argv[1], "collect") == 0;
	port = (unsigned short)atoi(argv[3]);
	int window = atoi(argv[4]);
	timeout_us = atol(argv[5]) * 1000;
	retries = atoi(argv[6]);
	FILE *list = NULL;
	unsigned first = 0, count = 0, next = 0;
	if (window < 1 || window > 15000)
		return 64;
	if (collecting) {
		list = fopen(argv[2], "r");
		if (!list)
			return 1;
	} else {
		char net[32];
		unsigned bits;
		struct in_addr a;
		if (sscanf(argv[2], "%31[^/]/%u", net, &bits) != 2 || inet_pton(AF_INET, net, &a) != 1 || bits < 8 ||
		    bits > 30)
			return 64;
		first = ntohl(a.s_addr) + 1;
		count = (1u << (32 - bits)) - 2;
	}
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	setenv("MIBS", "", 1);
	init_snmp("bench");
	struct host *hosts = calloc((size_t)window, sizeof(*hosts));
	if (!hosts)
		return 1;
	double began = now();
	int more = 1;
	while (more || active > 0) {
		for (int i = 0; i < window; i++) {
			struct host *h = &hosts[i];
			if (h->session && h->step >= 0)
				continue;
			if (h->session) {
				snmp_close(h->session);
				h->session = NULL;
			}
			while (more && !h->session) {
				char text[64];
				if (collecting) {
					more = fscanf(list, "%63s", text) == 1;
				} else if (next < count) {
					struct in_addr a = {htonl(first + next++)};
					inet_ntop(AF_INET, &a, text, sizeof(text));
				} else {
					more = 0;
				}
				if (more && !start(h, text))
					finished++;
			}
		}
		int fds = 0, block = 0;
		netsnmp_large_fd_set set;
		netsnmp_large_fd_set_init(&set, 20000);
		struct timeval tv = {0, 50000};
		snmp_select_info2(&fds, &set, &tv, &block);
		int n = netsnmp_large_fd_set_select(fds, &set, NULL, NULL, &tv);
		if (n > 0)
			snmp_read2(&set);
		else
			snmp_timeout();
		netsnmp_large_fd_set_cleanup(&set);
	}
	double seconds = now() - began;
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	printf("hosts=%lu answered=%lu requests=%lu varbinds=%lu seconds=%.3f cpu=%.3f rss_kib=%ld\n", finished,
	       answered, requests, varbinds, seconds,
	       (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	               (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6,
	       u.ru_maxrss);
	return 0;
}
