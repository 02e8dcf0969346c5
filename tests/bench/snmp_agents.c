/*
 * The agents of `bench snmp`: a flow table of a snapshot made by hand behind a private snmpd, served by the agent's own
 * AgentX face, and the same rows in a table_container of the library, each in a process of its own.
 */
#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/snmp.h"
#include "build.h"
#include "many_snapshot.h"
#include "portcullis/clock.h"
#include "portcullis/flat.h"
#include "portcullis/log.h"
#include "portcullis/snmp.h"
#include "snmp/table.h"
#include "snmp_host.h"

#define PEER_ARC 5062u /* beside the root of the MIB */
#define SAMPLE_FLOWS 4u

struct bench_oid bench_entry(enum bench_agent_kind kind)
{
	const struct table *t = &tables[FLAT_FLOW];
	struct bench_oid out = {0};
	const char *p = PORTCULLIS_OID_ROOT;
	for (char *end; *p != '\0'; p = *end == '.' ? end + 1 : end)
		out.sub[out.n++] = (uint32_t)strtoul(p, &end, 10);
	if (kind == BENCH_CONTAINER)
		out.sub[out.n - 1] = PEER_ARC;
	for (size_t i = 0; i < t->n_suffix; i++)
		out.sub[out.n++] = t->suffix[i];
	return out;
}

void bench_index(size_t k, uint32_t index[6])
{
	uint32_t pair = (uint32_t)(k % MANY_PER_REQUIREMENT);
	const uint32_t made[] = {5, 3 + (uint32_t)(k / MANY_PER_REQUIREMENT), 1 + pair % 2, 100 + pair, 2, 4};
	memcpy(index, made, sizeof(made));
}

pid_t bench_snmpd_start(const char *directory, bool plugin)
{
	char conf[128], log[128];
	snprintf(conf, sizeof(conf), "%s/snmpd.conf", directory);
	FILE *f = fopen(conf, "w");
	if (f == NULL)
		return 0;
	fprintf(f,
	        "agentaddress udp:127.0.0.1:%u\nmaster agentx\nagentXSocket unix:%s/agentx\nagentXTimeout 10\n"
	        "rocommunity public 127.0.0.1\nmaxGetbulkResponses 1000\ndontLogTCPWrappersConnects yes\n",
	        BENCH_SNMP_PORT, directory);
	if (plugin)
		fprintf(f, "dlmod portcullis " BUILD_DIR "/snmp-plugin.so\nportcullisSnapshot %s/snapshot\n",
		        directory);
	if (fclose(f) != 0)
		return 0;
	snprintf(log, sizeof(log), "%s/snmpd.log", directory);
	pid_t pid = fork();
	if (pid != 0)
		return pid > 0 ? pid : 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv("SNMP_PERSISTENT_DIR", directory, 1);
	setenv("MIBS", "", 1);
	execl("/usr/sbin/snmpd", "snmpd", "-f", "-C", "-c", conf, "-Lf", log, (char *)NULL);
	_exit(127);
}

/* The peer */

struct container_row {
	netsnmp_index index;
	oid sub[6];
	const struct flat_flow *flow;
};

static struct flat_view view;

static int answer(netsnmp_mib_handler *handler, netsnmp_handler_registration *reg, netsnmp_agent_request_info *info,
        netsnmp_request_info *requests)
{
	const struct table *t = &tables[FLAT_FLOW];
	(void)handler;
	(void)reg;
	(void)info;
	for (netsnmp_request_info *r = requests; r != NULL; r = r->next) {
		const struct container_row *row = netsnmp_container_table_extract_context(r);
		const netsnmp_table_request_info *at = netsnmp_extract_table_info(r);
		if (row == NULL || at == NULL)
			continue;
		const struct column *c = &t->column[at->colnum - t->column[0].number];
		const uint8_t *field = (const uint8_t *)row->flow + c->offset;
		size_t len;
		if (c->kind == COLUMN_TEXT) {
			const char *s = flat_text_get(&view, *(const flat_text *)(const void *)field, &len);
			snmp_set_var_typed_value(r->requestvb, ASN_OCTET_STR, s, len);
		} else if (c->kind == COLUMN_ENUM) {
			snmp_set_var_typed_integer(r->requestvb, ASN_INTEGER, *field + 1);
		} else {
			snmp_set_var_typed_integer(r->requestvb, ASN_TIMETICKS, (long)(row->flow->changed_ms / 10));
		}
	}
	return SNMP_ERR_NOERROR;
}

static void container_fill(netsnmp_container *c)
{
	const struct flat_rows rows = flat_rows(&view, FLAT_FLOW);
	for (size_t i = 0; i < rows.count; i++) {
		struct container_row *row = xcalloc(1, sizeof(*row));
		row->flow = flat_row(&view, FLAT_FLOW, i);
		const uint32_t *index = &row->flow->deployment;
		for (size_t k = 0; k < 6; k++)
			row->sub[k] = index[k];
		row->index = (netsnmp_index){6, row->sub};
		CONTAINER_INSERT(c, row);
	}
}

static bool container_register(netsnmp_container *c)
{
	const struct table *t = &tables[FLAT_FLOW];
	struct bench_oid entry = bench_entry(BENCH_CONTAINER);
	netsnmp_table_registration_info *info = SNMP_MALLOC_TYPEDEF(netsnmp_table_registration_info);
	oid name[BENCH_OID_MAX];
	for (size_t i = 0; i < entry.n; i++)
		name[i] = entry.sub[i];
	netsnmp_table_helper_add_indexes(
	        info, ASN_UNSIGNED, ASN_UNSIGNED, ASN_UNSIGNED, ASN_UNSIGNED, ASN_UNSIGNED, ASN_UNSIGNED, 0);
	info->min_column = t->column[0].number;
	info->max_column = t->column[t->n_column - 1].number;
	netsnmp_handler_registration *reg =
	        netsnmp_create_handler_registration("peer", answer, name, entry.n - 1, HANDLER_CAN_RONLY);
	return netsnmp_container_table_register(reg, info, c, TABLE_CONTAINER_KEY_NETSNMP_INDEX) == MIB_REGISTERED_OK;
}

__attribute__((noreturn)) static void serve_container(const char *agentx)
{
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, agentx);
	snmp_enable_calllog(); /* to nobody */
	netsnmp_container *c = NULL;
	if (init_agent("bench") != 0 || (c = netsnmp_container_find("table_container")) == NULL)
		_exit(1);
	container_fill(c);
	if (!container_register(c))
		_exit(1);
	init_snmp("bench");
	for (;;)
		agent_check_and_process(1);
}

/* Ours */

__attribute__((noreturn)) static void serve_ours(
        const char *agentx, const char *directory, bool plugin, struct hub *hub, int command)
{
	struct snmp *snmp;
	struct error err = {0};
	char byte;
	char *file = plugin ? xasprintf("%s/snapshot", directory) : NULL;
	const struct snmp_options options = {.agentx = agentx, .snapshot = file};
	if (snmp_start(&options, &snmp_host, hub, &snmp, &err) != 0) {
		fprintf(stderr, "bench: %s: %s\n", err.where, err.text);
		_exit(1);
	}
	while (read(command, &byte, 1) == 1)
		;
	snmp_stop(snmp);
	_exit(0);
}

__attribute__((noreturn)) static void serve(
        enum bench_agent_kind kind, const char *directory, size_t rows, int command, int ready)
{
	struct snapshot *s = many_new(1, clock_monotonic_ms(), rows - SAMPLE_FLOWS, 0);
	struct hub *hub = hub_new();
	char byte, *agentx = xasprintf("unix:%s/agentx", directory);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_init("bench", LOG_LEVEL_ERROR, false);
	setenv("SNMP_PERSISTENT_DIR", directory, 1);
	setenv("MIBS", "", 1);
	if (flat_build(s, &s->flat, &s->flat_size) != 0 || flat_open(s->flat, s->flat_size, &view) != 0)
		_exit(1);
	hub_set(hub, s);
	if (write(ready, &s->flat_size, sizeof(s->flat_size)) < 0 || read(command, &byte, 1) != 1)
		_exit(1);
	if (kind != BENCH_CONTAINER)
		serve_ours(agentx, directory, kind == BENCH_PLUGIN, hub, command);
	serve_container(agentx);
}

bool bench_agent_start(struct bench_agent *a, enum bench_agent_kind kind, const char *directory, size_t rows)
{
	int command[2], ready[2];
	*a = (struct bench_agent){0};
	if (pipe2(command, O_CLOEXEC) != 0 || pipe2(ready, O_CLOEXEC) != 0)
		return false;
	a->pid = fork();
	if (a->pid == 0) {
		close(command[1]);
		close(ready[0]);
		serve(kind, directory, rows, command[0], ready[1]);
	}
	close(command[0]);
	close(ready[1]);
	a->command = command[1];
	bool is = a->pid > 0 && read(ready[0], &a->block, sizeof(a->block)) == (ssize_t)sizeof(a->block);
	close(ready[0]);
	if (!is)
		bench_agent_stop(a);
	return is;
}

bool bench_agent_join(struct bench_agent *a)
{
	return write(a->command, "j", 1) == 1;
}

void bench_agent_stop(struct bench_agent *a)
{
	if (a->pid <= 0)
		return;
	close(a->command);
	kill(a->pid, SIGKILL);
	waitpid(a->pid, NULL, 0);
	a->pid = 0;
}
