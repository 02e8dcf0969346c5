/*
 * The client of `bench snmp`: walks by GETBULK and single GETs over UDP with the library, in a process of its own, whose
 * processor time is its own. Nothing is printed; an answer that does not come ends the question.
 */
#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/netconf.h"
#include "bench/snmp.h"
#include "portcullis/alloc.h"

#define TIMEOUT_US 20000000L
#define COLUMNS_MAX 24
#define SEED 5062

static void *session_open(const char *directory)
{
	netsnmp_session session;
	char peer[64];
	char community[] = "public";
	setenv("SNMP_PERSISTENT_DIR", directory, 1);
	setenv("MIBS", "", 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	snmp_disable_log();
	init_snmp("bench-client");
	snmp_sess_init(&session);
	snprintf(peer, sizeof(peer), "udp:127.0.0.1:%u", BENCH_SNMP_PORT);
	session.version = SNMP_VERSION_2c;
	session.peername = peer;
	session.community = (u_char *)community;
	session.community_len = strlen(community);
	session.timeout = TIMEOUT_US;
	session.retries = 0;
	return snmp_sess_open(&session);
}

struct name {
	oid sub[MAX_OID_LEN];
	size_t n;
};

static bool below(const struct name *prefix, const netsnmp_variable_list *vb)
{
	return vb->type < SNMP_NOSUCHOBJECT && vb->name_length > prefix->n &&
	       snmp_oid_ncompare(prefix->sub, prefix->n, vb->name, vb->name_length, prefix->n) == 0;
}

/* Take in one answer as far as its repetitions are whole; the next goes on at the last one. @return whether there is more. */
static bool take(const netsnmp_pdu *pdu, const struct name *prefix, struct name *at, size_t n, struct bench_answer *out)
{
	const netsnmp_variable_list *vb;
	size_t whole = 0, i = 0;
	for (vb = pdu->variables; vb != NULL; vb = vb->next_variable)
		whole++;
	whole -= whole % n;
	for (vb = pdu->variables; i < whole; vb = vb->next_variable, i++) {
		if (i % n == 0 && !below(prefix, vb))
			return false;
		memcpy(at[i % n].sub, vb->name, vb->name_length * sizeof(oid));
		at[i % n].n = vb->name_length;
		out->varbinds++;
	}
	return whole > 0;
}

static bool walk(void *session, const struct bench_question *q, struct bench_answer *out)
{
	struct name prefix = {.n = q->entry.n}, at[COLUMNS_MAX];
	size_t n = q->n_column > 0 ? q->n_column : 1;
	bool more = true;
	for (size_t i = 0; i < q->entry.n; i++)
		prefix.sub[i] = q->entry.sub[i];
	for (size_t i = 0; i < n; i++)
		at[i] = prefix;
	for (size_t i = 0; i < q->n_column; i++)
		at[i].sub[at[i].n++] = q->column[i];
	if (q->n_column > 0)
		prefix = at[0];
	while (more && out->varbinds < q->most) {
		netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GETBULK), *response = NULL;
		pdu->non_repeaters = 0;
		pdu->max_repetitions = q->repetitions;
		for (size_t i = 0; i < n; i++)
			snmp_add_null_var(pdu, at[i].sub, at[i].n);
		int status = snmp_sess_synch_response(session, pdu, &response);
		if (status != STAT_SUCCESS || response->errstat != SNMP_ERR_NOERROR) {
			snmp_free_pdu(response);
			return false;
		}
		more = take(response, &prefix, at, n, out);
		snmp_free_pdu(response);
	}
	return true;
}

static bool get(void *session, const struct bench_question *q)
{
	struct name name = {.n = q->entry.n};
	uint32_t index[6];
	bool is = false;
	for (size_t i = 0; i < q->entry.n; i++)
		name.sub[i] = q->entry.sub[i];
	name.sub[name.n++] = q->column[(size_t)random() % q->n_column];
	bench_index((size_t)random() % q->rows, index);
	for (size_t i = 0; i < 6; i++)
		name.sub[name.n++] = index[i];
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET), *response = NULL;
	snmp_add_null_var(pdu, name.sub, name.n);
	if (snmp_sess_synch_response(session, pdu, &response) == STAT_SUCCESS)
		is = response->errstat == SNMP_ERR_NOERROR && response->variables->type < SNMP_NOSUCHOBJECT;
	snmp_free_pdu(response);
	return is;
}

static bool gets(void *session, const struct bench_question *q, struct bench_answer *out)
{
	double *ms = xcalloc(q->gets, sizeof(*ms));
	bool is = true;
	srandom(SEED);
	for (size_t i = 0; is && i < q->gets; i++) {
		double from = bench_now_ms();
		is = get(session, q);
		ms[i] = bench_now_ms() - from;
	}
	if (is) {
		out->p50_ms = bench_median(ms, q->gets); /* sorts */
		out->p99_ms = ms[q->gets * 99 / 100];
		out->varbinds = q->gets;
	}
	free(ms);
	return is;
}

static double own_cpu_ms(void)
{
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e3 +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e3;
}

__attribute__((noreturn)) static void child(const char *directory, const struct bench_question *q, int fd)
{
	struct bench_answer a = {0};
	void *session = session_open(directory);
	double wall = bench_now_ms(), cpu = own_cpu_ms();
	if (session == NULL || !(q->gets > 0 ? gets(session, q, &a) : walk(session, q, &a)))
		_exit(1);
	a.wall_ms = bench_now_ms() - wall;
	a.cpu_ms = own_cpu_ms() - cpu;
	_exit(write(fd, &a, sizeof(a)) == (ssize_t)sizeof(a) ? 0 : 1);
}

bool bench_ask(const char *directory, const struct bench_question *q, struct bench_answer *out)
{
	int fd[2];
	if (pipe(fd) != 0)
		return false;
	pid_t pid = fork();
	if (pid == 0)
		child(directory, q, fd[1]);
	close(fd[1]);
	bool is = pid > 0 && read(fd[0], out, sizeof(*out)) == (ssize_t)sizeof(*out);
	close(fd[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return is;
}
