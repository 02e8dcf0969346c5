#ifndef PORTCULLIS_DAEMON_OPTIONS_H
#define PORTCULLIS_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <sys/types.h>

#include "portcullis/error.h"

/** What portcullisd was told on its command line; all strings borrowed from argv or static. */
struct options {
	const char *agentx; /**< NULL: no SNMP */
	const char *snmp_snapshot; /**< file for the plugin of snmpd, or NULL */
	const char *snmp_group; /**< who may read it */
	const char *socket; /**< NETCONF UNIX socket */
	const char *state_dir, *yang_dir, *catalog_dir;
	const char *own_catalog_dir; /**< NULL: the usual one, if it is there */
	const char *load; /**< initial configuration for an empty running datastore, or NULL */
	const char *user, *group;
	bool foreground, debug;
	bool restore; /**< nothing but the own table of before, and the end */
};

/**
 * Read the command line.
 *
 * @return -1 to go on, else the exit code (0 after --help or --version, 3 on a usage error, both already told).
 */
int options_parse(int argc, char **argv, struct options *out);

#endif
