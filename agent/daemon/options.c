/*
 * The command line of portcullisd: options in, a plain struct out; refuses what it does not know.
 */
#include "daemon/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "build.h"

static const char help[] =
        "Usage: portcullisd [OPTION]...\n"
        "Checks the required flows of a deployment against the live nftables ruleset of this network namespace.\n"
        "\n"
        "  --agentx SOCKET     AgentX socket of the device's snmpd, usually /var/agentx/master; without it no SNMP\n"
        "  --snmp-snapshot FILE  write what the tables have for the plugin of snmpd, usually " PORTCULLIS_SNAPSHOT "\n"
        "  --snmp-group GROUP  may read it: that of snmpd (default Debian-snmp)\n"
        "  --socket PATH       NETCONF socket (default " PORTCULLIS_SOCKET ")\n"
        "  --state-dir DIR     datastores and journal (default " PORTCULLIS_STATE_DIR ")\n"
        "  --yang-dir DIR      YANG modules (default " PORTCULLIS_YANG_DIR ")\n"
        "  --catalog-dir DIR   catalog packs (default " PORTCULLIS_CATALOG_DIR ")\n"
        "  --own-catalog-dir DIR\n"
        "                      packs and overrides of your own (default " PORTCULLIS_OWN_CATALOG_DIR
        ", if it is there)\n"
        "  --restore           put the table of the last confirmed configuration into the kernel, and end: for the "
        "boot,\n"
        "                      before the network is up\n"
        "  --load FILE         configuration (JSON) for a device that has none yet\n"
        "  --user USER         run the unprivileged process as USER (default portcullis)\n"
        "  --group GROUP       members may use the NETCONF socket, besides root (default portcullis)\n"
        "  --foreground        stay in the foreground and log to standard error\n"
        "  --debug             log more\n"
        "  --help, --version\n"
        "\n"
        "Signals: SIGTERM and SIGINT end it, SIGHUP reads both catalog directories again and verifies.\n"
        "Exit codes: 0 ended on request, 1 could not start or failed, 3 usage.\n";

enum { FOREGROUND = 256, DEBUG, RESTORE, VERSION, VALUES };

/** An option that only puts its value there. */
#define TO(field) (VALUES + (int)offsetof(struct options, field))

static const struct option longs[] = {
        {"agentx", required_argument, NULL, TO(agentx)},
        {"snmp-snapshot", required_argument, NULL, TO(snmp_snapshot)},
        {"snmp-group", required_argument, NULL, TO(snmp_group)},
        {"socket", required_argument, NULL, TO(socket)},
        {"state-dir", required_argument, NULL, TO(state_dir)},
        {"yang-dir", required_argument, NULL, TO(yang_dir)},
        {"catalog-dir", required_argument, NULL, TO(catalog_dir)},
        {"own-catalog-dir", required_argument, NULL, TO(own_catalog_dir)},
        {"load", required_argument, NULL, TO(load)},
        {"user", required_argument, NULL, TO(user)},
        {"group", required_argument, NULL, TO(group)},
        {"foreground", no_argument, NULL, FOREGROUND},
        {"debug", no_argument, NULL, DEBUG},
        {"restore", no_argument, NULL, RESTORE},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, VERSION},
        {NULL, 0, NULL, 0},
};

int options_parse(int argc, char **argv, struct options *out)
{
	int c;

	*out = (struct options){
	        .socket = PORTCULLIS_SOCKET,
	        .state_dir = PORTCULLIS_STATE_DIR,
	        .yang_dir = PORTCULLIS_YANG_DIR,
	        .catalog_dir = PORTCULLIS_CATALOG_DIR,
	        .user = "portcullis",
	        .group = "portcullis",
	        .snmp_group = "Debian-snmp",
	};
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case FOREGROUND:
			out->foreground = true;
			break;
		case DEBUG:
			out->debug = true;
			break;
		case RESTORE:
			out->restore = true;
			break;
		case VERSION:
			puts("portcullisd " PORTCULLIS_VERSION);
			return 0;
		case 'h':
			fputs(help, stdout);
			return 0;
		default:
			if (c >= VALUES) {
				memcpy((char *)out + (c - VALUES), &optarg, sizeof(optarg));
				break;
			}
			fputs("see `portcullisd --help`\n", stderr);
			return 3;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "portcullisd: unexpected argument '%s'; see `portcullisd --help`\n", argv[optind]);
		return 3;
	}
	if (out->snmp_snapshot != NULL && out->agentx == NULL) {
		fputs("portcullisd: --snmp-snapshot is of use beside a subagent only: give --agentx, too\n", stderr);
		return 3;
	}
	return -1;
}
