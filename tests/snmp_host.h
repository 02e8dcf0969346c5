#ifndef SNMP_HOST_H
#define SNMP_HOST_H

/*
 * An agent behind the SNMP face that keeps settings in memory, counts what it is asked, and can be made to refuse or to
 * take long. Safe from any thread.
 */
#include <pthread.h>

#include "portcullis/alloc.h"
#include "portcullis/snmp.h"
#include "portcullis/usage.h"

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t go;
	struct notification_settings settings;
	bool locked, refuses, slow; /* slow: set() waits for go */
	unsigned sets, verifications, tests;
} host_state = {.mutex = PTHREAD_MUTEX_INITIALIZER,
        .go = PTHREAD_COND_INITIALIZER,
        .settings = {.enable = true, .hold_down_ms = 200}};

static inline void host_lock(void)
{
	pthread_mutex_lock(&host_state.mutex);
}

static inline void host_unlock(void)
{
	pthread_mutex_unlock(&host_state.mutex);
}

static void host_settings(void *ctx, struct notification_settings *out)
{
	(void)ctx;
	host_lock();
	*out = host_state.settings;
	host_unlock();
}

static int host_reserve(void *ctx, struct error *err)
{
	(void)ctx;
	host_lock();
	bool was = host_state.locked;
	host_state.locked = true;
	host_unlock();
	return was ? error_set(err, ERR_IN_USE, "7", "locked by session 7") : 0;
}

static void host_release(void *ctx)
{
	(void)ctx;
	host_lock();
	host_state.locked = false;
	host_unlock();
}

static int host_set(void *ctx, const struct notification_settings *settings, struct error *err)
{
	(void)ctx;
	host_lock();
	while (host_state.slow)
		pthread_cond_wait(&host_state.go, &host_state.mutex);
	int result = host_state.refuses ? error_set(err, ERR_IO, NULL, "the disk is full") : 0;
	if (result == 0) {
		host_state.settings = *settings;
		host_state.sets++;
	}
	host_unlock();
	return result;
}

static void host_verify(void *ctx)
{
	(void)ctx;
	host_lock();
	host_state.verifications++;
	host_unlock();
}

static int host_test(void *ctx, struct error *err)
{
	(void)ctx;
	(void)err;
	host_lock();
	host_state.tests++;
	host_unlock();
	return 0;
}

/* Two rules have counted, whichever there are. */
static int host_usage(void *ctx, struct usage_reading **out, struct error *err)
{
	struct usage_reading *r = xcalloc(1, sizeof(*r));

	(void)ctx;
	(void)err;
	atomic_init(&r->refs, 1);
	r->time = 1700000100;
	r->present = true;
	r->rule = xcalloc(2, sizeof(*r->rule));
	r->n_rule = 2;
	r->rule[0] = (struct usage_rule){xstrdup("a"), {5000000000, 700000000000, 1700000000}};
	r->rule[1] = (struct usage_rule){xstrdup("b"), {0, 0, 1700000001}};
	*out = r;
	return 0;
}

static const struct snmp_host snmp_host = {
        NULL, host_settings, host_reserve, host_release, host_set, host_verify, host_test, host_usage};

#endif
