/*
 * bench NAME [--json]: measures one part of the project beside a peer and prints a line per size of input. Times are
 * medians of several runs; nothing here is a test, and nothing fails because a machine is slow.
 */
#include "bench/bench.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_RUNS 64

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double bench_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
	return n % 2 != 0 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* The median of `runs` runs of work goes through fd; without work the child only ends. */
__attribute__((noreturn)) static void child(void (*work)(void *arg), void *arg, unsigned runs, int fd)
{
	double ms[MAX_RUNS] = {0};
	for (unsigned i = 0; work != NULL && i < runs; i++) {
		double from = now_ms();
		work(arg);
		ms[i] = now_ms() - from;
	}
	ms[0] = bench_median(ms, runs);
	_exit(write(fd, ms, sizeof(*ms)) == (ssize_t)sizeof(*ms) ? 0 : 1);
}

/* @param seconds  of processor time; 0: no bound. @return 0, 1: more than that, -1: failed */
static int in_child(void (*work)(void *arg), void *arg, unsigned runs, unsigned seconds, double *ms, double *peak)
{
	const struct rlimit limit = {seconds, seconds + 1};
	int fd[2], status;
	struct rusage used;
	pid_t pid;
	bool got;
	if (pipe(fd) != 0) {
		perror("bench: pipe");
		return -1;
	}
	if ((pid = fork()) == 0) {
		if (seconds > 0 && setrlimit(RLIMIT_CPU, &limit) != 0)
			_exit(1);
		child(work, arg, runs, fd[1]);
	}
	close(fd[1]);
	got = pid > 0 && read(fd[0], ms, sizeof(*ms)) == (ssize_t)sizeof(*ms);
	close(fd[0]);
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		status = -1;
	if (seconds > 0 && status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return 1;
	if (!got || status != 0) {
		fprintf(stderr, "bench: a measuring process failed\n");
		return -1;
	}
	*peak = (double)used.ru_maxrss * 1024;
	return 0;
}

int bench_measure(void (*work)(void *arg), void *arg, unsigned runs, struct bench_cost *out)
{
	double unused, empty, full;
	/* Freed memory that stays resident here would hide what a child takes. */
	malloc_trim(0);
	if (runs == 0 || runs > MAX_RUNS || in_child(work, arg, runs, 0, &out->ms, &unused) != 0 ||
	        in_child(NULL, NULL, 1, 0, &unused, &empty) != 0 || in_child(work, arg, 1, 0, &unused, &full) != 0)
		return -1;
	out->peak = full > empty ? full - empty : 0;
	return 0;
}

int bench_measure_within(void (*work)(void *arg), void *arg, unsigned seconds, struct bench_cost *out)
{
	double unused, empty, full;
	malloc_trim(0);
	int result = in_child(work, arg, 1, seconds, &out->ms, &full);
	if (result != 0)
		return result;
	if (in_child(NULL, NULL, 1, 0, &unused, &empty) != 0)
		return -1;
	out->peak = full > empty ? full - empty : 0;
	return 0;
}

static double per_byte(double value, size_t size)
{
	return size > 0 ? value / (double)size : 0;
}

static double ratio(const struct bench_line *line)
{
	return line->theirs.ms > 0 ? line->ours.ms / line->theirs.ms : 0;
}

static void print_json(const struct bench_line *line)
{
	printf("{\"work\":\"%s\",\"size\":%zu,\"ours\":%.3f,\"peer\":\"%s\",\"theirs\":%.3f,\"unit\":\"ms\",\"ratio\":%"
	       ".2f,"
	       "\"rows\":%zu,\"ms_per_mb\":%.2f,\"memory_per_byte\":%.1f,\"peer_memory_per_byte\":%.1f",
	        line->work, line->size, line->ours.ms, line->peer, line->theirs.ms, ratio(line), line->rows,
	        per_byte(line->ours.ms, line->size) * 1e6, per_byte(line->ours.peak, line->size),
	        per_byte(line->theirs.peak, line->size));
	if (line->growth > 0)
		printf(",\"growth\":%.2f", line->growth);
	printf("}\n");
}

static void print_table(const struct bench_line *line)
{
	static bool headed;
	if (!headed)
		printf("%-34s %9s %6s %9s %8s %7s %9s %6s %7s %6s  %s\n", "work", "bytes", "rows", "ms", "ms/MB",
		        "mem/B", "peer ms", "ratio", "mem/B", "growth", "peer");
	headed = true;
	printf("%-34s %9zu %6zu %9.3f %8.2f %7.1f %9.3f %6.2f %7.1f ", line->work, line->size, line->rows,
	        line->ours.ms, per_byte(line->ours.ms, line->size) * 1e6, per_byte(line->ours.peak, line->size),
	        line->theirs.ms, ratio(line), per_byte(line->theirs.peak, line->size));
	if (line->growth > 0)
		printf("%6.2f  %s\n", line->growth, line->peer);
	else
		printf("%6s  %s\n", "", line->peer);
}

void bench_print(const struct bench_line *line, bool json)
{
	if (json)
		print_json(line);
	else
		print_table(line);
	fflush(stdout);
}

static const struct {
	const char *name, *says;
	int (*run)(bool json);
} names[] = {
        {"import", "reading documents: bytes to the JSON of their rows, 1, 10 and 100 documents in one", bench_import},
        {"verify", "100 to 100,000 rules and flows, one rule changed, and openings, beside decision diagrams",
                bench_verify},
        {"drift", "from a rule's deletion to the changed verdict, at 100, 1,000 and 10,000 rules (as root)",
                bench_drift},
        {"netconf", "the NETCONF server as its clients see it: hello, reads, edits, notifications, beside netconfd",
                bench_netconf},
        {"snmp",
                "walks and GETs of the flow table behind snmpd, beside a table_container and snmpd's own tables (as "
                "root)",
                bench_snmp},
        {"push",
                "commits of 130 to 10,000 flows into the kernel, beside nft; packets lost and forwarded meanwhile (as "
                "root)",
                bench_push},
};

static void usage(FILE *out)
{
	fprintf(out, "usage: bench NAME [--json]\n\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		fprintf(out, "  %-8s %s\n", names[i].name, names[i].says);
	fprintf(out,
	        "\nimport: each line has the bytes of input, the rows found, our time, time per megabyte, growth of "
	        "resident\n"
	        "memory in bytes per byte of input, and the same of a peer on the same bytes: the bare parser that is\n"
	        "named, which does less than we do. growth is the time of 100 documents over 100 times that of one.\n"
	        "Times are processor time, medians of several runs in a process of their own.\n"
	        "verify: as many rules as flows, in families of the same kind, the friendly one first; each line has "
	        "our "
	        "time and\nmemory, those of decision diagrams on the same input in the same run, the time per flow and "
	        "how many times that\nof the friendly family it is. The answers of both are compared. Of the openings "
	        "and "
	        "of one rule changed the peer\ndoes all anew, for it cannot do less.\n"
	        "drift: wall clock from the return of `nft delete rule` to the snapshot with the changed verdict, "
	        "median and\n"
	        "99th percentile; next to nothing where the verdict is there before nft returns. The peer is a full "
	        "dump and\n"
	        "a full verification.\n"
	        "netconf: wall clock and resident memory, over UNIX sockets. Ours are results of a snapshot, which is "
	        "part "
	        "of\nthe memory; netconfd's (Debian's package) are configuration of a small module with ten leaves, "
	        "all "
	        "that it can\nhold without code of its own, where ours have fourteen. Edits are of groups, with a "
	        "journal "
	        "on disk. '-': netconfd\nis not installed, had not loaded its rows after 90 seconds, or did not answer "
	        "within a minute; its notifications\ncannot be caused.\n"
	        "snmp: a private snmpd in a network namespace; varbinds per second of walks by GETBULK of the flow "
	        "table, "
	        "of 17\ncolumns, of the first 300,000 varbinds where there are more; the peer has the same rows in a "
	        "table_container of the\nlibrary, likewise over AgentX, or is the fastest of snmpd's own tables here. "
	        "Processor shares are of a column by\ncolumn walk. Memory is what is resident beyond the snapshot, "
	        "over the agent with 1,000 rows. One processor:\nsnmpd is kept to one, and so is the peer; ours "
	        "follows "
	        "it there.\n"
	        "push: wall clock; the peer of commits is `nft -f` of the same table, which judges nothing; commits of "
	        "one "
	        "rule more\nare told in parts, too. Packets lost are those of a stream of 30,000 a second that both "
	        "tables "
	        "let pass; every\ntenth is one that neither does. Packets forwarded are the first ones of flows, each "
	        "sent when "
	        "the last one has\ngone by; more is better.\n"
	        "With --json one JSON object per line.\n"
	        "Exit codes: 0 measured, 1 something failed, 3 wrong usage.\n");
}

int main(int argc, char **argv)
{
	const char *name = NULL;
	bool json = false;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			usage(stdout);
			return 0;
		}
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (name == NULL && argv[i][0] != '-')
			name = argv[i];
		else
			name = "";
	}
	for (size_t i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i].name) == 0)
			return names[i].run(json);
	usage(stderr);
	return 3;
}
