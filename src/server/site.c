/* `facilities-manager site add|list|revoke`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority.h"
#include "cli.h"
#include "ice/clock.h"
#include "ice/enrolment.h"
#include "ice/random.h"
#include "sealing.h"

static const struct fm_option site_options[] = {
        {'c', "config", "FILE", "the server's configuration file"},
        {256, "data", "DIR", "the server's data folder, in place of the file's"},
        {257, "server", "URL", "add: https://host[:port] by which engines reach the server"},
        {'h', "help", NULL, "print this"},
        {0},
};

static const char site_usage[] =
        "Usage: facilities-manager site add NAME [--server URL]\n"
        "       facilities-manager site list\n"
        "       facilities-manager site revoke NAME\n"
        "\n"
        "A site is one engine's name and key. `add` prints the enrolment on standard output, one line and nothing "
        "else: it\n"
        "holds the site's key, so keep it in a file of mode 0600 and give it to nobody but the engine:\n"
        "\n"
        "  (umask 077; facilities-manager site add headquarters -c facilities-manager.ini >headquarters.enrolment)\n"
        "\n"
        "`list` shows when each site last delivered, how much, whether numbers are missing in its sequence of "
        "batches,\n"
        "and how many readings wait for one of an earlier batch to be told in full.\n"
        "`revoke` takes a key out of force at once; what the site delivered stays. Adding a revoked site again gives "
        "it a new\n"
        "key. The server need not be stopped for any of this.\n";

struct site_command {
	const char *config, *data, *server, *verb, *name;
	struct fm_settings settings;
	struct fm_store *store;
};

static int site_failed(const struct site_command *c, const char *what)
{
	fprintf(stderr, "facilities-manager: %s: %s\n", what, c->store->driver->error(c->store));
	return FM_EXIT_FAILED;
}

/* The host of https://host[:port], as it stands in a certificate. */
static void site_host(const char *url, char *out, size_t size)
{
	const char *host = url + strlen("https://");
	if (*host == '[')
		snprintf(out, size, "%.*s", (int)strcspn(host + 1, "]"), host + 1);
	else
		snprintf(out, size, "%.*s", (int)strcspn(host, ":"), host);
}

/* Where engines shall go: told now, or configured, or where the server last ran. */
static int site_find_server(struct site_command *c, struct ice_enrolment *e)
{
	char why[256];
	char *known = NULL;
	const char *server = c->server;
	if (!server && c->settings.url[0])
		server = c->settings.url;
	if (!server)
		server = known = c->store->driver->value_get(c->store, "url");
	if (!server) {
		fprintf(stderr,
		        "facilities-manager site add: the server has never run, so its address is not known: add "
		        "--server https://HOST:PORT\n");
		return FM_EXIT_USAGE;
	}
	bool ok = ice_enrolment_server_valid(server, why, sizeof(why));
	if (ok)
		snprintf(e->server, sizeof(e->server), "%s", server);
	else
		fprintf(stderr, "facilities-manager site add: --%s\n", why);
	free(known);
	return ok ? FM_EXIT_OK : FM_EXIT_USAGE;
}

/* What engines shall trust: the own authority, whose certificate must then hold the host; or what came with a certificate. */
static bool site_find_authority(struct site_command *c, struct ice_enrolment *e, char *why, size_t why_size)
{
	char host[ICE_ENROLMENT_URL_MAX];
	const char *names[] = {host};
	bool issued;
	char *given = c->store->driver->value_get(c->store, "ca");
	if (given && strcmp(given, "own") != 0) {
		snprintf(e->ca, sizeof(e->ca), "%s", given);
		free(given);
		return true;
	}
	free(given);
	site_host(e->server, host, sizeof(host));
	if (!fm_authority_ensure(c->settings.data, names, 1, (int64_t)ice_clock_wall(), &issued, why, why_size))
		return false;
	char *ca = fm_authority_ca(c->settings.data, why, why_size);
	if (!ca)
		return false;
	snprintf(e->ca, sizeof(e->ca), "%s", ca);
	free(ca);
	return true;
}

/* What engines seal to, for the way over HTTP. */
static bool site_find_seal(struct site_command *c, struct ice_enrolment *e, char *why, size_t why_size)
{
	char *seal = fm_sealing_certificate(c->settings.data, (int64_t)ice_clock_wall(), why, why_size);
	if (!seal)
		return false;
	snprintf(e->seal, sizeof(e->seal), "%s", seal);
	free(seal);
	return true;
}

static int site_add(struct site_command *c)
{
	struct ice_enrolment e = {0};
	unsigned char key[FM_STORE_KEY_BYTES];
	char why[4400];
	int status = site_find_server(c, &e);
	if (status != FM_EXIT_OK)
		return status;
	if (!site_find_authority(c, &e, why, sizeof(why)) || !site_find_seal(c, &e, why, sizeof(why))) {
		fprintf(stderr, "facilities-manager: %s\n", why);
		return FM_EXIT_FAILED;
	}
	ice_random_system(key, sizeof(key));
	bool fits = ice_secret_set(&e.key, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	snprintf(e.site, sizeof(e.site), "%s", c->name);
	char *line = fits ? ice_enrolment_format(&e) : NULL;
	status = FM_EXIT_FAILED;
	if (!line) {
		fprintf(stderr, "facilities-manager: no enrolment line can be made of this server and its authority\n");
	} else {
		switch (c->store->driver->site_add(c->store, c->name, &e.key, (int64_t)ice_clock_wall())) {
		case FM_STORE_OK:
			status = printf("%s\n", line) > 0 && fflush(stdout) == 0 ? FM_EXIT_OK : FM_EXIT_FAILED;
			if (status != FM_EXIT_OK)
				fprintf(stderr,
				        "facilities-manager: the line could not be written; revoke %s and add it "
				        "again\n",
				        c->name);
			break;
		case FM_STORE_EXISTS:
			fprintf(stderr,
			        "facilities-manager: there is a site %s already; for a new key revoke it first\n",
			        c->name);
			break;
		default:
			site_failed(c, "the site was not added");
		}
		ice_secret_free_text(line);
	}
	ice_enrolment_wipe(&e);
	return status;
}

static void site_print(const struct fm_site_summary *s, void *arg)
{
	char last[ICE_CLOCK_TEXT_SIZE] = "never";
	(void)arg;
	if (s->last_batch_at)
		ice_clock_format((time_t)s->last_batch_at, last);
	printf("%-24s %-8s %-20s %10lld %10lld %10lld %10lld %8lld %8lld\n", s->name,
	       s->revoked_at ? "revoked" : "active", last, (long long)s->devices, (long long)s->readings,
	       (long long)s->batches, (long long)s->last_sequence, (long long)s->missing, (long long)s->waiting);
}

static int site_list(struct site_command *c)
{
	printf("%-24s %-8s %-20s %10s %10s %10s %10s %8s %8s\n", "SITE", "STATE", "LAST BATCH", "DEVICES", "READINGS",
	       "BATCHES", "SEQUENCE", "MISSING", "WAITING");
	if (c->store->driver->site_each(c->store, site_print, NULL) != FM_STORE_OK)
		return site_failed(c, "the sites cannot be read");
	return fflush(stdout) == 0 ? FM_EXIT_OK : FM_EXIT_FAILED;
}

static int site_revoke(struct site_command *c)
{
	switch (c->store->driver->site_revoke(c->store, c->name, (int64_t)ice_clock_wall())) {
	case FM_STORE_OK:
		fprintf(stderr, "%s is revoked: its key is no longer taken\n", c->name);
		return FM_EXIT_OK;
	case FM_STORE_NONE:
		fprintf(stderr, "facilities-manager: there is no site %s in force\n", c->name);
		return FM_EXIT_FAILED;
	default:
		return site_failed(c, "the site was not revoked");
	}
}

int fm_site(int argc, char **argv)
{
	static const char *const verbs[] = {"add", "list", "revoke", NULL};
	struct site_command c = {0};
	struct fm_cli cli = {
	        .command = "site", .usage = site_usage, .options = site_options, .argc = argc, .argv = argv};
	const char *value;
	int key;
	while ((key = fm_cli_next(&cli, &value)) != FM_CLI_END) {
		if (key == FM_CLI_BAD)
			return FM_EXIT_USAGE;
		if (key == 'h') {
			fm_cli_help(&cli);
			return FM_EXIT_OK;
		}
		if (key == 'c')
			c.config = value;
		else if (key == 256)
			c.data = value;
		else if (key == 257)
			c.server = value;
		else if (!c.verb)
			c.verb = value;
		else if (!c.name)
			c.name = value;
		else
			return fm_cli_refuse(&cli, "%s is one word too many", value);
	}
	if (!c.verb)
		return fm_cli_refuse(&cli, "say add, list or revoke");
	bool add = strcmp(c.verb, "add") == 0, list = strcmp(c.verb, "list") == 0;
	if (!add && !list && strcmp(c.verb, "revoke") != 0) {
		const char *hint = ice_conf_nearest(c.verb, verbs);
		return fm_cli_refuse(&cli, "%s is none of add, list, revoke%s%s", c.verb, hint ? "; did you mean " : "",
		                     hint ? hint : "");
	}
	if (list && c.name)
		return fm_cli_refuse(&cli, "list takes no name");
	if (!list && !ice_batch_site_valid(c.name))
		return fm_cli_refuse(
		        &cli,
		        "%s needs a site's name: 1 to %d letters, digits, '-', '_' and '.', the first a letter or "
		        "a digit",
		        c.verb, ICE_BATCH_SITE_MAX);
	if (c.server && !add)
		return fm_cli_refuse(&cli, "--server belongs to add");
	int status = fm_cli_open(c.config, c.data, add, &c.settings, &c.store);
	if (status == FM_EXIT_OK)
		status = add ? site_add(&c) : list ? site_list(&c) : site_revoke(&c);
	if (c.store)
		c.store->driver->close(c.store);
	fm_settings_free(&c.settings);
	return status;
}
