#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>

/** What one piece of work took, in a process of its own. */
struct bench_cost {
	double ms; /**< processor time, median of the runs: other work of the machine does not count */
	double peak; /**< bytes of resident memory beyond those of a process that does nothing */
};

/** A line of the report: our work beside a peer's on the same bytes in the same run. */
struct bench_line {
	const char *work;
	size_t size; /**< bytes of input */
	struct bench_cost ours, theirs;
	const char *peer; /**< what the peer does, and with what library */
	size_t rows; /**< rows understood */
	double growth; /**< time of 100 times the input over 100 times the time; 0 where it does not apply */
};

/** Of n numbers, 1 or more; sorts them. */
double bench_median(double *v, size_t n);
/**
 * Run work(arg) in child processes: `runs` times for the median time, once for the peak of memory.
 *
 * @return 0, or -1 when a child could not be started or did not end well; a message is on the standard error.
 */
int bench_measure(void (*work)(void *arg), void *arg, unsigned runs, struct bench_cost *out)
        __attribute__((warn_unused_result));
/**
 * The same once, with a bound in time.
 *
 * @return 0; 1: not done within so many seconds of processor time; -1 as above.
 */
int bench_measure_within(void (*work)(void *arg), void *arg, unsigned seconds, struct bench_cost *out)
        __attribute__((warn_unused_result));
/** Print a line as JSON or as a line of the table; the first line of the table goes after its heading. */
void bench_print(const struct bench_line *line, bool json);

/* One function per NAME. @return the exit code. */
int bench_import(bool json);
int bench_verify(bool json);
int bench_drift(bool json);
int bench_netconf(bool json);
int bench_push(bool json);
int bench_snmp(bool json);

#endif
