#ifndef BENCH_SNMP_H
#define BENCH_SNMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The three sides of `bench snmp`, each in a process of its own: snmpd, an AgentX agent with the flow table, a client. */

#define BENCH_SNMP_PORT 1161u
#define BENCH_OID_MAX 24

/** Whose flow table: ours is where the MIB has it, also by the plugin; the one of a table_container is beside it. */
enum bench_agent_kind { BENCH_OURS, BENCH_PLUGIN, BENCH_CONTAINER };

struct bench_oid {
	uint32_t sub[BENCH_OID_MAX];
	size_t n;
};

/** An agent that serves rows; it ends with its input. */
struct bench_agent {
	pid_t pid;
	int command; /**< a byte lets it join snmpd, the end ends it */
	size_t block; /**< bytes of the flat block that the rows are in */
};

/** Start snmpd in the directory, with our plugin or without. @return its process id, or 0. */
pid_t bench_snmpd_start(const char *directory, bool plugin);
/** Make the snapshot with so many flows. @return whether it is there; it has not joined snmpd yet. */
bool bench_agent_start(struct bench_agent *a, enum bench_agent_kind kind, const char *directory, size_t rows);
/** Join snmpd. */
bool bench_agent_join(struct bench_agent *a);
void bench_agent_stop(struct bench_agent *a);
/** The entry of the flow table of either agent. */
struct bench_oid bench_entry(enum bench_agent_kind kind);
/** The index of the k-th flow that the snapshot was made with. */
void bench_index(size_t k, uint32_t index[6]);

/** What a client does in a process of its own. */
struct bench_question {
	struct bench_oid entry;
	const uint32_t *column; /**< ask for all of them at once; n_column 0: one after the other */
	size_t n_column;
	long repetitions;
	size_t most; /**< varbinds after which a walk ends */
	size_t gets; /**< not a walk, but so many GETs of one varbind, of rows by chance among so many: */
	size_t rows;
};
struct bench_answer {
	size_t varbinds;
	double wall_ms, cpu_ms; /**< of the client */
	double p50_ms, p99_ms; /**< of GETs */
};
/** @return whether it was answered; a message is on the standard error. */
bool bench_ask(const char *directory, const struct bench_question *q, struct bench_answer *out);

#endif
