#include "serve_options.h"

#include <stdio.h>

#include "cli.h"
#include "ice/enrolment.h"
#include "ice/log.h"

static const struct fm_option serve_options_table[] = {
        {'c', "config", "FILE", "the configuration; what is given here as well goes before it"},
        {256, "data", "DIR", "folder of the database and the own certificates; made when missing"},
        {257, "listen", "ADDR:PORT", "where to serve; may be repeated; port 0: one that is free"},
        {264, "listen-http", "ADDR:PORT", "where to take sealed batches over HTTP; may be repeated"},
        {258, "name", "HOSTNAME", "by which engines reach the server; may be repeated"},
        {259, "url", "URL", "https://host[:port] for enrolment lines, where that is not name and port"},
        {260, "certificate", "FILE", "certificate and chain (PEM), in place of the own authority"},
        {261, "key", "FILE", "the certificate's private key (PEM, mode 0600)"},
        {262, "ca", "FILE", "what engines shall trust (PEM), when not their system's authorities"},
        {263, "log-level", "LEVEL", "error, warn, info or debug"},
        {'h', "help", NULL, "print this"},
        {0},
};

static const char serve_options_usage[] =
        "Usage: facilities-manager serve -c FILE\n"
        "       facilities-manager serve --data DIR [--listen ADDR:PORT]... [--name HOSTNAME]...\n"
        "\n"
        "Takes batches in over HTTPS (TLS 1.2 or newer) and stores each on the disk before it acknowledges it. When it "
        "is\n"
        "ready it prints `listening https://ADDR:PORT` on standard output, once for each address; its log goes to "
        "standard error.\n"
        "--listen-http adds the way that engines take when HTTPS cannot be reached: there, only batches are taken that "
        "are "
        "sealed to\n"
        "this server's key and signed.\n"
        "\n"
        "Without a certificate it makes an authority of its own in the data folder; the enrolment line carries it to "
        "the\n"
        "engines. A certificate that changes on the disk is taken without a restart. SIGTERM and SIGINT end the "
        "server;\n"
        "SIGHUP makes it read its certificate again.\n";

/* One option of the command line, over what the file said. The first --listen, --listen-http and --name replace the file's. */
static int serve_options_take(struct fm_settings *settings, const struct fm_cli *cli, int key, const char *value,
                              unsigned seen[3])
{
	enum ice_log_level level;
	char why[256];
	switch (key) {
	case 256:
		fm_settings_set(&settings->data, value);
		return 0;
	case 257:
		if (seen[0]++ == 0)
			fm_settings_clear_listen(settings);
		return fm_settings_add_listen(settings, value, why, sizeof(why))
		               ? 0
		               : fm_cli_refuse(cli, "--listen: %s", why);
	case 264:
		if (seen[2]++ == 0)
			fm_settings_clear_listen_http(settings);
		return fm_settings_add_listen_http(settings, value, why, sizeof(why))
		               ? 0
		               : fm_cli_refuse(cli, "--listen-http: %s", why);
	case 258:
		if (seen[1]++ == 0)
			fm_settings_clear_names(settings);
		return fm_settings_add_name(settings, value, why, sizeof(why)) ? 0
		                                                               : fm_cli_refuse(cli, "--name: %s", why);
	case 259:
		if (!ice_enrolment_server_valid(value, why, sizeof(why)))
			return fm_cli_refuse(cli, "--url: %s", why);
		fm_settings_set(&settings->url, value);
		return 0;
	case 260:
		fm_settings_set(&settings->certificate, value);
		return 0;
	case 261:
		fm_settings_set(&settings->key, value);
		return 0;
	case 262:
		fm_settings_set(&settings->ca, value);
		return 0;
	case 263:
		if (!ice_log_level_parse(value, &level))
			return fm_cli_refuse(cli, "--log-level: %s is none of error, warn, info, debug", value);
		settings->log_level = (int)level;
		return 0;
	default:
		return fm_cli_refuse(cli, "%s is one word too many", value ? value : "this");
	}
}

int fm_serve_options(struct fm_settings *settings, int argc, char **argv)
{
	struct fm_cli cli = {.command = "serve",
	                     .usage = serve_options_usage,
	                     .options = serve_options_table,
	                     .argc = argc,
	                     .argv = argv};
	struct ice_conf_mistakes mistakes = {0};
	const char *config = NULL, *value;
	bool data = false;
	unsigned seen[3] = {0, 0, 0};
	int key, status = 0;

	while ((key = fm_cli_next(&cli, &value)) != FM_CLI_END) {
		if (key == FM_CLI_BAD)
			return FM_EXIT_USAGE;
		if (key == 'h') {
			fm_cli_help(&cli);
			return -1;
		}
		if (key == 'c')
			config = value;
		data |= key == 256;
	}
	if (!config && !data)
		return fm_cli_refuse(&cli, "give a configuration (-c FILE) or a data folder (--data DIR)");
	bool ok = fm_settings_read(settings, config, &mistakes);
	cli.at = 0;
	cli.words_only = false;
	while (ok && status == 0 && (key = fm_cli_next(&cli, &value)) != FM_CLI_END)
		if (key != 'c')
			status = serve_options_take(settings, &cli, key, value, seen);
	if (ok && status == 0)
		fm_settings_check(settings, config ? config : "command line", &mistakes);
	if (mistakes.count > 0) {
		ice_conf_mistakes_print(&mistakes, stderr);
		status = FM_EXIT_CONFIG;
	}
	ice_conf_mistakes_free(&mistakes);
	return status;
}
