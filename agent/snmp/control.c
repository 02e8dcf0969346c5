/*
 * Wishes of managers come in, one at a time, and are carried to the host by a thread that may wait there; the answer goes
 * back if it comes in time. What comes too late is taken back, for the manager was told that it failed.
 */
#include "snmp/control.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "portcullis/thread.h"
#include "portcullis/usage.h"

/* The SNMP agent of the device waits for a second, and asks again then. */
#define RESERVE_MS 400
#define SET_MS 800
/* Counters are read so often, while they are asked for and otherwise. */
#define LOOK_ASKED_MS 10000
#define LOOK_MS 60000
#define ASKED_FOR_MS 300000

enum job { JOB_NONE, JOB_RESERVE, JOB_SET };
enum { ASK_RELEASE = 1, ASK_VERIFY = 2, ASK_TEST = 4 };

struct control {
	pthread_t thread;
	pthread_mutex_t mutex; /* all below */
	pthread_cond_t wanted, done;
	struct snmp_host host;
	bool running; /* the thread */
	bool stop;
	enum job job;
	bool late; /* nobody waits for it any more */
	struct notification_settings settings;
	enum control_result result;
	unsigned asked;
	struct usage_reading *usage;
	int64_t looked_ms, usage_asked_ms;
};

static struct timespec in_ms(int64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

static void complain(const char *what, const struct error *err)
{
	char line[1200];

	log_warning("SNMP: %s: %s", what, error_line(err, line, sizeof(line)));
}

static enum control_result reserve(const struct snmp_host *host)
{
	struct error err;

	if (host->reserve(host->ctx, &err) == 0)
		return CONTROL_DONE;
	complain("the configuration cannot be changed now", &err);
	return CONTROL_BUSY;
}

static enum control_result set(const struct snmp_host *host, const struct notification_settings *settings)
{
	struct error err;

	if (host->set(host->ctx, settings, &err) == 0)
		return CONTROL_DONE;
	complain("the settings of notifications stay as they were", &err);
	return CONTROL_FAILED;
}

/* Without the mutex; the host is there until the thread has ended. */
static enum control_result work(
        const struct snmp_host *host, enum job job, const struct notification_settings *settings)
{
	return job == JOB_RESERVE ? reserve(host) : set(host, settings);
}

static void take_back(const struct snmp_host *host, enum job job, const struct notification_settings *before)
{
	log_warning("SNMP: a change of settings was not done in time, and is taken back");
	if (job == JOB_SET && set(host, before) != CONTROL_DONE)
		log_error("SNMP: it could not be taken back");
	host->release(host->ctx);
}

static void do_job(struct control *c)
{
	const struct snmp_host host = c->host;
	const struct notification_settings settings = c->settings;
	struct notification_settings before;
	const enum job job = c->job;
	enum control_result result;

	pthread_mutex_unlock(&c->mutex);
	host.settings(host.ctx, &before);
	result = work(&host, job, &settings);
	pthread_mutex_lock(&c->mutex);
	bool late = c->late;
	if (late && result == CONTROL_DONE) {
		pthread_mutex_unlock(&c->mutex);
		take_back(&host, job, &before);
		pthread_mutex_lock(&c->mutex);
	}
	c->result = result;
	c->job = JOB_NONE;
	c->late = false;
	pthread_cond_broadcast(&c->done);
}

static void look(struct control *c)
{
	const struct snmp_host host = c->host;
	struct usage_reading *usage;
	struct error err;

	pthread_mutex_unlock(&c->mutex);
	if (host.usage(host.ctx, &usage, &err) != 0) {
		log_debug("SNMP: counters: %s", err.text);
		usage = NULL;
	}
	pthread_mutex_lock(&c->mutex);
	usage_reading_unref(c->usage);
	c->usage = usage;
	c->looked_ms = clock_monotonic_ms();
}

static void do_asked(struct control *c, unsigned asked)
{
	const struct snmp_host host = c->host;
	struct error err;

	pthread_mutex_unlock(&c->mutex);
	if ((asked & ASK_RELEASE) != 0)
		host.release(host.ctx);
	if ((asked & ASK_VERIFY) != 0)
		host.verify(host.ctx);
	if ((asked & ASK_TEST) != 0 && host.test(host.ctx, &err) != 0)
		complain("no test notification", &err);
	pthread_mutex_lock(&c->mutex);
}

static int64_t look_due(const struct control *c, int64_t now_ms)
{
	bool asked = c->usage_asked_ms != 0 && now_ms - c->usage_asked_ms < ASKED_FOR_MS;

	return c->looked_ms == 0 ? now_ms : c->looked_ms + (asked ? LOOK_ASKED_MS : LOOK_MS);
}

static void *run(void *arg)
{
	struct control *c = arg;

	pthread_mutex_lock(&c->mutex);
	while (!c->stop) {
		int64_t now_ms = clock_monotonic_ms(), due = look_due(c, now_ms);
		unsigned asked = c->asked;

		c->asked = 0;
		if (asked != 0)
			do_asked(c, asked);
		else if (c->job != JOB_NONE)
			do_job(c);
		else if (now_ms >= due)
			look(c);
		else {
			struct timespec until = in_ms(due - now_ms);
			pthread_cond_timedwait(&c->wanted, &c->mutex, &until);
		}
	}
	/* Who was promised a release has it. */
	if ((c->asked & ASK_RELEASE) != 0)
		c->host.release(c->host.ctx);
	pthread_mutex_unlock(&c->mutex);
	return NULL;
}

struct control *control_new(const struct snmp_host *host)
{
	struct control *c = xcalloc(1, sizeof(*c));

	c->host = *host;
	pthread_mutex_init(&c->mutex, NULL);
	thread_cond_init(&c->wanted);
	thread_cond_init(&c->done);
	c->running = thread_start(&c->thread, "snmp-control", run, c) == 0;
	if (!c->running)
		c->stop = true; /* nothing can be asked then */
	return c;
}

void control_stop(struct control *c)
{
	pthread_mutex_lock(&c->mutex);
	c->stop = true;
	pthread_cond_broadcast(&c->wanted);
	pthread_cond_broadcast(&c->done);
	pthread_mutex_unlock(&c->mutex);
	if (c->running)
		pthread_join(c->thread, NULL);
	c->running = false;
}

void control_free(struct control *c)
{
	if (c == NULL)
		return;
	usage_reading_unref(c->usage);
	pthread_cond_destroy(&c->wanted);
	pthread_cond_destroy(&c->done);
	pthread_mutex_destroy(&c->mutex);
	free(c);
}

void control_settings(struct control *c, struct notification_settings *out)
{
	pthread_mutex_lock(&c->mutex);
	if (!c->stop)
		c->host.settings(c->host.ctx, out);
	else
		*out = notification_settings_default;
	pthread_mutex_unlock(&c->mutex);
}

static enum control_result have_done(
        struct control *c, enum job job, const struct notification_settings *settings, int64_t ms)
{
	enum control_result result = job == JOB_RESERVE ? CONTROL_BUSY : CONTROL_FAILED;
	struct timespec until = in_ms(ms);
	int wait = 0;

	pthread_mutex_lock(&c->mutex);
	if (!c->stop && c->job == JOB_NONE) {
		c->job = job;
		if (settings != NULL)
			c->settings = *settings;
		pthread_cond_broadcast(&c->wanted);
		while (c->job != JOB_NONE && !c->stop && wait == 0)
			wait = pthread_cond_timedwait(&c->done, &c->mutex, &until);
		if (c->job == JOB_NONE)
			result = c->result;
		else
			c->late = true;
	}
	pthread_mutex_unlock(&c->mutex);
	return result;
}

enum control_result control_reserve(struct control *c)
{
	return have_done(c, JOB_RESERVE, NULL, RESERVE_MS);
}

enum control_result control_set(struct control *c, const struct notification_settings *settings)
{
	return have_done(c, JOB_SET, settings, SET_MS);
}

static void ask(struct control *c, unsigned what)
{
	pthread_mutex_lock(&c->mutex);
	c->asked |= what;
	pthread_cond_broadcast(&c->wanted);
	pthread_mutex_unlock(&c->mutex);
}

void control_release(struct control *c)
{
	ask(c, ASK_RELEASE);
}

void control_verify(struct control *c)
{
	ask(c, ASK_VERIFY);
}

void control_test(struct control *c)
{
	ask(c, ASK_TEST);
}

struct usage_reading *control_usage(struct control *c)
{
	pthread_mutex_lock(&c->mutex);
	struct usage_reading *r = c->usage != NULL ? usage_reading_ref(c->usage) : NULL;
	int64_t now_ms = clock_monotonic_ms();
	/* The first one to ask in a while wakes it. */
	if (now_ms - c->usage_asked_ms >= LOOK_ASKED_MS)
		pthread_cond_broadcast(&c->wanted);
	c->usage_asked_ms = now_ms;
	pthread_mutex_unlock(&c->mutex);
	return r;
}
