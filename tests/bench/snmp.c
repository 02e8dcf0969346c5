/*
 * SNMP: how fast the flow table is walked and asked through a real snmpd, who spends the processor on it and what memory
 * it takes, beside the same rows in a table_container of the library and beside snmpd's own tables, in one run. Works in a
 * network namespace of its own; refuses to run without root.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/netconf.h"
#include "bench/snmp.h"
#include "portcullis/alloc.h"
#include "scratch_dir.h"
#include "snmp/table.h"

#define MOST 300000u
#define GETS 5000u
#define REPETITIONS 50
#define ROWS_AT_ONCE 40 /* as many as fit in a datagram */
#define START_MS 60000
#define COLUMNS_MAX 24

static bool as_json;
static char directory[64];
static uint32_t columns[COLUMNS_MAX];
static size_t n_column;

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static void shell(const char *command)
{
	if (system(command) != 0) {
		fprintf(stderr, "bench: a command failed: %s\n", command);
		exit(1);
	}
}

/* Processor time in ms. */
struct spent {
	double total, kernel;
};

/* That of another process so far, in steps of 10 ms. */
static struct spent spent_by(pid_t pid)
{
	const double tick_ms = 1e3 / (double)sysconf(_SC_CLK_TCK);
	char path[64], text[1024];
	unsigned long user = 0, system = 0;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "r");
	size_t n = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;
	text[n] = '\0';
	const char *after = strrchr(text, ')');
	if (f != NULL)
		fclose(f);
	if (after == NULL ||
	        sscanf(after, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
		fail("a process is gone");
	return (struct spent){(double)(user + system) * tick_ms, (double)system * tick_ms};
}

static struct spent spent_since(pid_t pid, struct spent before)
{
	const struct spent now = spent_by(pid);
	return (struct spent){now.total - before.total, now.kernel - before.kernel};
}

static double resident(pid_t pid)
{
	char path[64];
	unsigned long pages = 0;
	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	FILE *f = fopen(path, "r");
	if (f == NULL || fscanf(f, "%*u %lu", &pages) != 1)
		fail("a process is gone");
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* What was measured of one agent. */
struct measured {
	struct bench_answer by_column, by_row, get;
	struct spent agent, master; /* in the walk by columns */
	struct spent row_agent, row_master; /* in the walk by rows */
	double memory; /* beyond the snapshot */
	size_t block; /* of the flat block */
};

static void line(const char *work, size_t size, double ours, const char *peer, double theirs, const char *unit)
{
	double ratio = theirs > 0 ? ours / theirs : 0;
	if (as_json)
		printf("{\"work\":\"%s\",\"size\":%zu,\"ours\":%.4f,\"peer\":\"%s\",\"theirs\":%.4f,\"unit\":\"%s\","
		       "\"ratio\":%.3f}\n",
		        work, size, ours, peer, theirs, unit, ratio);
	else
		printf("%-54s %7zu %12.3f %12.3f %-8s %7.2f  %s\n", work, size, ours, theirs, unit, ratio, peer);
	fflush(stdout);
}

static double rate(const struct bench_answer *a)
{
	return (double)a->varbinds / a->wall_ms * 1e3;
}

static pid_t snmpd_start(bool plugin)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	char *agentx = xasprintf("%s/agentx", directory);
	struct stat st;
	unlink(agentx);
	pid_t pid = bench_snmpd_start(directory, plugin);
	double from = bench_now_ms();
	while (pid > 0 && stat(agentx, &st) != 0 && bench_now_ms() - from < START_MS)
		nanosleep(&pause, NULL);
	free(agentx);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void ask(const struct bench_question *q, struct bench_answer *out)
{
	if (!bench_ask(directory, q, out))
		fail("an answer did not come");
}

static void await(const struct bench_question *q)
{
	const struct timespec pause = {.tv_nsec = 50000000};
	struct bench_answer unused;
	for (double from = bench_now_ms(); !bench_ask(directory, q, &unused); nanosleep(&pause, NULL))
		if (bench_now_ms() - from > START_MS)
			fail("an agent does not join snmpd");
}

/* The last processor that there is, alone. */
static void keep_to_one_processor(pid_t pid)
{
	cpu_set_t all, one;
	size_t cpu = CPU_SETSIZE - 1;
	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof(all), &all) != 0)
		fail("no processors");
	while (cpu > 0 && !CPU_ISSET(cpu, &all))
		cpu--;
	CPU_SET(cpu, &one);
	if (sched_setaffinity(pid, sizeof(one), &one) != 0)
		fail("a process cannot be kept to a processor");
}

static void walk(const struct bench_question *q, pid_t agent, pid_t master, struct bench_answer *out,
        struct spent *by_agent, struct spent *by_master)
{
	const struct spent agent_before = spent_by(agent), master_before = spent_by(master);
	ask(q, out);
	*by_agent = spent_since(agent, agent_before);
	*by_master = spent_since(master, master_before);
}

/* @param one_processor  is what snmpd runs on; our agent follows it there by itself. */
static void measure(enum bench_agent_kind kind, size_t rows, bool one_processor, struct measured *m)
{
	struct bench_question by_column = {.entry = bench_entry(kind), .repetitions = REPETITIONS, .most = MOST};
	struct bench_question by_row = {.entry = by_column.entry,
	        .column = columns,
	        .n_column = n_column,
	        .repetitions = ROWS_AT_ONCE,
	        .most = MOST};
	struct bench_question get = {
	        .entry = by_column.entry, .column = columns, .n_column = n_column, .gets = 1, .rows = rows - 4};
	struct bench_agent agent;
	pid_t master = snmpd_start(kind == BENCH_PLUGIN);
	if (master <= 0 || !bench_agent_start(&agent, kind, directory, rows))
		fail("snmpd or an agent does not start");
	double snapshot = resident(agent.pid);
	if (one_processor)
		keep_to_one_processor(master);
	if (one_processor && kind == BENCH_CONTAINER)
		keep_to_one_processor(agent.pid);
	if (!bench_agent_join(&agent))
		fail("an agent does not go on");
	await(&get);
	get.gets = GETS;
	walk(&by_column, agent.pid, master, &m->by_column, &m->agent, &m->master);
	walk(&by_row, agent.pid, master, &m->by_row, &m->row_agent, &m->row_master);
	ask(&get, &m->get);
	m->memory = resident(agent.pid) - snapshot;
	m->block = agent.block;
	bench_agent_stop(&agent);
	end(master);
}

/* Percent of the processor time that is the agent's. */
static double share(const struct measured *m)
{
	return 100 * m->agent.total / (m->agent.total + m->master.total + m->by_column.cpu_ms);
}

/* Percent of the agent's that the kernel has, which changes between processes for every request. */
static double kernel_share(const struct measured *m)
{
	return m->agent.total > 0 ? 100 * m->agent.kernel / m->agent.total : 0;
}

static double row_share(const struct measured *m)
{
	return 100 * m->row_agent.total / (m->row_agent.total + m->row_master.total + m->by_row.cpu_ms);
}

/* @param smallest  what was measured of the smallest table, for the memory that is there with any. */
static void report(size_t rows, const struct measured *ours, const struct measured *theirs,
        const struct measured *smallest, size_t smallest_rows)
{
	static const char peer[] = "table_container over AgentX";
	line("walk by GETBULK of 50, column by column", rows, rate(&ours->by_column), peer, rate(&theirs->by_column),
	        "vb/s");
	line("walk by GETBULK, all columns of 40 rows at once", rows, rate(&ours->by_row), peer, rate(&theirs->by_row),
	        "vb/s");
	line("rows a second of the first", rows, rate(&ours->by_column) / (double)n_column, peer,
	        rate(&theirs->by_column) / (double)n_column, "rows/s");
	line("rows a second of the second", rows, rate(&ours->by_row) / (double)n_column, peer,
	        rate(&theirs->by_row) / (double)n_column, "rows/s");
	line("GET of one instance, median", rows, ours->get.p50_ms, peer, theirs->get.p50_ms, "ms");
	line("GET of one instance, 99th percentile", rows, ours->get.p99_ms, peer, theirs->get.p99_ms, "ms");
	line("processor of the first, agent", rows, ours->agent.total / 1e3, peer, theirs->agent.total / 1e3, "s");
	line("processor of the first, snmpd", rows, ours->master.total / 1e3, peer, theirs->master.total / 1e3, "s");
	line("processor of the first, client", rows, ours->by_column.cpu_ms / 1e3, peer, theirs->by_column.cpu_ms / 1e3,
	        "s");
	line("processor of the first, the agent's share", rows, share(ours), peer, share(theirs), "%");
	line("processor of the agent in the first, the kernel's share", rows, kernel_share(ours), peer,
	        kernel_share(theirs), "%");
	line("processor of the second, agent", rows, ours->row_agent.total / 1e3, peer, theirs->row_agent.total / 1e3,
	        "s");
	line("processor of the second, the agent's share", rows, row_share(ours), peer, row_share(theirs), "%");
	line("the flat block of the snapshot, a row", rows, (double)ours->block / (double)rows, "", 0, "bytes");
	if (rows > smallest_rows)
		line("memory beyond the snapshot, a row", rows,
		        (ours->memory - smallest[0].memory) / (double)(rows - smallest_rows), peer,
		        (theirs->memory - smallest[1].memory) / (double)(rows - smallest_rows), "bytes");
}

/* The same with snmpd on one processor, and the agent beside it. */
static void report_one_processor(size_t rows, const struct measured *ours, const struct measured *theirs)
{
	static const char peer[] = "table_container over AgentX";
	line("one processor: GETBULK of 50, column by column", rows, rate(&ours->by_column), peer,
	        rate(&theirs->by_column), "vb/s");
	line("one processor: GETBULK, all columns at once", rows, rate(&ours->by_row), peer, rate(&theirs->by_row),
	        "vb/s");
	line("one processor: GET of one instance, median", rows, ours->get.p50_ms, peer, theirs->get.p50_ms, "ms");
	line("one processor: the agent's share in the first", rows, share(ours), peer, share(theirs), "%");
	line("one processor: the agent's share in the second", rows, row_share(ours), peer, row_share(theirs), "%");
}

/* The same rows by the plugin inside snmpd, beside the subagent. */
static void report_plugin(size_t rows, const struct measured *plugin, const struct measured *ours)
{
	static const char peer[] = "our subagent";
	line("plugin: GETBULK of 50, column by column", rows, rate(&plugin->by_column), peer, rate(&ours->by_column),
	        "vb/s");
	line("plugin: GETBULK, all columns at once", rows, rate(&plugin->by_row), peer, rate(&ours->by_row), "vb/s");
	line("plugin: GET of one instance, median", rows, plugin->get.p50_ms, peer, ours->get.p50_ms, "ms");
	line("plugin: processor of the first, snmpd", rows, plugin->master.total / 1e3, peer,
	        (ours->master.total + ours->agent.total) / 1e3, "s");
}

/* snmpd's own */

static const struct {
	const char *name;
	struct bench_oid entry;
} own_tables[] = {
        {"ifTable", {{1, 3, 6, 1, 2, 1, 2, 2, 1}, 9}},
        {"ipNetToMediaTable", {{1, 3, 6, 1, 2, 1, 4, 22, 1}, 9}},
        {"inetCidrRouteTable", {{1, 3, 6, 1, 2, 1, 4, 24, 7, 1}, 10}},
        {"hrSWRunTable", {{1, 3, 6, 1, 2, 1, 25, 4, 2, 1}, 10}},
        {"vacmViewTreeFamilyTable", {{1, 3, 6, 1, 6, 3, 16, 1, 5, 2, 1}, 11}},
        {"nsModuleTable", {{1, 3, 6, 1, 4, 1, 8072, 1, 2, 1, 1}, 11}},
};

static const char device[] =
        "ip link set lo up && ip link add d0 type veth peer name d1 && ip link set d0 up && ip link set d1 up && "
        "ip addr add 192.0.2.1/24 dev d0 && { for i in $(seq 100); do echo link add e$i type veth peer name f$i; done; "
        "for i in $(seq 250); do echo neigh add 192.0.2.$i lladdr 02:00:00:00:00:01 dev d0; done; for i in $(seq "
        "2000); "
        "do echo route add 10.$((i / 250)).$((i % 250)).0/24 dev d0; done; } | ip -batch -";

/* The rate of the fastest one. */
static double own_rate(const char **name)
{
	double best = 0;
	pid_t master = snmpd_start(false);
	for (size_t i = 0; i < sizeof(own_tables) / sizeof(own_tables[0]); i++) {
		struct bench_question q = {.entry = own_tables[i].entry, .repetitions = REPETITIONS, .most = MOST};
		struct bench_answer a = {0};
		for (int k = 0; k < 2; k++) /* the first one fills its cache */
			ask(&q, &a);
		line(own_tables[i].name, a.varbinds, rate(&a), "", 0, "vb/s");
		if (rate(&a) > best) {
			best = rate(&a);
			*name = own_tables[i].name;
		}
	}
	end(master);
	return best;
}

__attribute__((noreturn)) static void run(void)
{
	static const size_t sizes[] = {1000, 10000, 100000};
	static struct measured smallest[2], now[2], plugin;
	const char *fastest = "";
	if (unshare(CLONE_NEWNET) != 0)
		fail("no network namespace");
	shell(device);
	double own = own_rate(&fastest);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		measure(BENCH_OURS, sizes[i], false, &now[0]);
		measure(BENCH_CONTAINER, sizes[i], false, &now[1]);
		if (i == 0)
			memcpy(smallest, now, sizeof(now));
		report(sizes[i], &now[0], &now[1], smallest, sizes[0]);
		line("walk by GETBULK of 50, column by column", sizes[i], rate(&now[0].by_column), fastest, own,
		        "vb/s");
		measure(BENCH_PLUGIN, sizes[i], false, &plugin);
		report_plugin(sizes[i], &plugin, &now[0]);
		measure(BENCH_OURS, sizes[i], true, &now[0]);
		measure(BENCH_CONTAINER, sizes[i], true, &now[1]);
		report_one_processor(sizes[i], &now[0], &now[1]);
	}
	_exit(0);
}

int bench_snmp(bool json)
{
	int status = -1;
	as_json = json;
	if (geteuid() != 0) {
		fprintf(stderr, "bench: snmp needs root for a network namespace\n");
		return 1;
	}
	snprintf(directory, sizeof(directory), "/tmp/portcullis-bench-XXXXXX");
	if (mkdtemp(directory) == NULL)
		return 1;
	for (n_column = 0; n_column < tables[FLAT_FLOW].n_column && n_column < COLUMNS_MAX; n_column++)
		columns[n_column] = tables[FLAT_FLOW].column[n_column].number;
	if (!json)
		printf("%-54s %7s %12s %12s %-8s %7s\n", "work", "size", "ours", "theirs", "", "ratio");
	fflush(stdout); /* children would print it again */
	pid_t pid = fork();
	if (pid == 0)
		run();
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = -1;
	remove_all(directory);
	return status == 0 ? 0 : 1;
}
