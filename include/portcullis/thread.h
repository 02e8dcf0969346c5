#ifndef PORTCULLIS_THREAD_H
#define PORTCULLIS_THREAD_H

#include <pthread.h>

#include "portcullis/error.h"

/**
 * Start a thread that leaves signals to the others, but for those of its own faults (SIGSEGV and its like).
 *
 * @param name  at most 15 octets, as in pthread_setname_np(3).
 * @return 0, or an error number of pthread_create(3).
 */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg) MUST_USE;

/** A condition variable whose pthread_cond_timedwait(3) counts by CLOCK_MONOTONIC. */
void thread_cond_init(pthread_cond_t *cond);

#endif
