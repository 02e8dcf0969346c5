/*
 * create-subscription (RFC 5277): stream, filter and times come in, a subscription goes out. One with a filter or with
 * replay has a thread of its own that reads the journal, looks at each notification and waits for a slow client, so
 * that nobody else does. Refused are other streams, filters that are none, and times that contradict each other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/datastore.h"
#include "netconf/filter.h"
#include "netconf/reply.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"

#define NS_STREAM "urn:ietf:params:xml:ns:netmod:notification"

/* What stands between the events and a client. */
struct feed {
	struct session *s;
	struct subscription *to;
	pthread_t thread;
	struct lyd_node *rpc; /* what the filter borrows from */
	struct filter filter;
	bool replay, has_stop;
	struct timespec start, stop;
	uint64_t last; /* event that was read from the journal last */
};

/* The thread */

/* Does the filter select anything of it? */
static int look(
        const struct feed *f, const struct ly_ctx *ctx, const struct notice *notice, bool *selects, struct error *err)
{
	struct lyd_node *tree = NULL;
	struct ly_in *in = NULL;
	int result;
	*selects = f->filter.kind == FILTER_NONE;
	if (*selects)
		return 0;
	char *content = notice_content(notice);
	if (ly_in_new_memory(content, &in) != LY_SUCCESS ||
	        lyd_parse_op(ctx, NULL, in, LYD_XML, LYD_TYPE_NOTIF_YANG, &tree, NULL) != LY_SUCCESS)
		result = context_error(ctx, ERR_INTERNAL, "", err);
	else
		result = filter_selects(&f->filter, ctx, tree, selects, err);
	lyd_free_all(tree);
	ly_in_free(in, 0);
	free(content);
	return result;
}

static bool is_selected(struct feed *f, const struct notice *notice)
{
	struct error err;
	bool selects;
	if (look(f, f->s->n->ctx, notice, &selects, &err) == 0)
		return selects;
	log_warning("netconf: %s:%s is not sent, the filter of session %u cannot be applied: %s", notice->module,
	        notice->name, atomic_load(&f->s->id), err.text);
	return false;
}

/* Hand a notification on, when there is room; the reference is taken over. @return whether the session lives. */
static bool hand_on(struct feed *f, struct notice *notice)
{
	struct subscription *to = f->to;
	pthread_mutex_lock(&to->mutex);
	while (to->ready.n >= NOTICE_AHEAD && !to->closed)
		pthread_cond_wait(&to->moved, &to->mutex);
	bool lives = !to->closed, first = to->ready.n == 0;
	if (lives)
		ring_put(&to->ready, notice);
	if (lives && notice->last)
		to->gate = GATE_OVER;
	pthread_mutex_unlock(&to->mutex);
	if (!lives)
		notice_unref(notice);
	else if (first)
		session_wake(f->s);
	return lives;
}

/* replayComplete and notificationComplete, which no filter holds back. */
static bool say(struct feed *f, const char *what, bool last)
{
	char *content = xasprintf("<%s xmlns=\"" NS_STREAM "\"/>", what);
	struct notice *notice = notice_of(clock_wall_ms(), content, 0);
	notice->last = last;
	free(content);
	return hand_on(f, notice);
}

static bool hand_on_page(struct feed *f, const struct journal_events *page)
{
	for (size_t i = 0; i < page->n; i++) {
		const struct journal_event *e = &page->event[i];
		struct notice *notice = session_part(
		        f->s, e->content != NULL ? notice_of(e->wall_ms, e->content, e->id) : notice_new(&e->change));
		/* A filter asks about what is left, or it would tell of the rest. */
		if (notice == NULL || !is_selected(f, notice))
			notice_unref(notice);
		else if (!hand_on(f, notice))
			return false;
	}
	return true;
}

static bool is_closed(struct subscription *to)
{
	pthread_mutex_lock(&to->mutex);
	bool closed = to->closed;
	pthread_mutex_unlock(&to->mutex);
	return closed;
}

/* @return whether the gate was in this state; it is then in the other. */
static bool gate_turn(struct subscription *to, enum gate from, enum gate into)
{
	pthread_mutex_lock(&to->mutex);
	bool was = to->gate == from;
	if (was)
		to->gate = into;
	pthread_mutex_unlock(&to->mutex);
	return was;
}

/* Times of events have no more than these. */
static int64_t milliseconds(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000;
}

/*
 * What the journal has, page by page. What comes meanwhile is in the journal as well, so the gate is shut until its end
 * is reached, then opened, and what came between is read. From then on everything new is collected behind the gate,
 * unless that was too much and it has shut again.
 */
static bool replay(struct feed *f)
{
	int64_t until = f->has_stop ? milliseconds(&f->stop) : INT64_MAX;
	for (bool collecting = false;;) {
		struct journal_events page;
		struct error err;
		if (journal_events(f->s->n->options.journal, f->last, milliseconds(&f->start), until, &page, &err) !=
		        0) {
			log_error("netconf: replay for session %u: %s", atomic_load(&f->s->id), err.text);
			session_end(f->s, SESSION_STOPPED);
			return false;
		}
		bool lives = hand_on_page(f, &page), end = page.end;
		f->last = page.last;
		journal_events_fini(&page);
		/* A filter that selects nothing hands nothing on that would show it. */
		if (!lives || is_closed(f->to))
			return false;
		if (end && collecting && gate_turn(f->to, GATE_COLLECT, GATE_LIVE))
			return true;
		if (end)
			collecting = gate_turn(f->to, GATE_SHUT, GATE_COLLECT) || collecting;
	}
}

static bool is_past(const struct timespec *t)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec > t->tv_sec || (now.tv_sec == t->tv_sec && now.tv_nsec >= t->tv_nsec);
}

/* The next one that happened. @return NULL: the session ends or the stop time has come. */
static struct notice *next_live(struct feed *f)
{
	struct subscription *to = f->to;
	struct notice *notice = NULL;
	pthread_mutex_lock(&to->mutex);
	while (!to->closed && (notice = ring_take(&to->incoming)) == NULL && !(f->has_stop && is_past(&f->stop)))
		if (f->has_stop)
			pthread_cond_timedwait(&to->moved, &to->mutex, &f->stop);
		else
			pthread_cond_wait(&to->moved, &to->mutex);
	pthread_mutex_unlock(&to->mutex);
	return notice;
}

/* What was replayed already, what came after the stop time, and what the filter does not select, is left out. */
static bool is_wanted(struct feed *f, const struct notice *notice)
{
	if (notice->event != 0 && notice->event <= f->last)
		return false;
	if (f->has_stop && notice->wall_ms > milliseconds(&f->stop))
		return false;
	return is_selected(f, notice);
}

static void *feed_run(void *arg)
{
	struct feed *f = arg;
	struct notice *notice;
	if (f->replay && (!replay(f) || !say(f, "replayComplete", false)))
		return NULL;
	while ((notice = next_live(f)) != NULL) {
		if (!is_wanted(f, notice))
			notice_unref(notice);
		else if (!hand_on(f, notice))
			return NULL;
	}
	if (f->has_stop)
		(void)say(f, "notificationComplete", true);
	return NULL;
}

static void feed_free(struct feed *f)
{
	filter_fini(&f->filter);
	lyd_free_all(f->rpc);
	free(f);
}

void subscribe_close(struct session *s)
{
	struct subscription *to = &s->subscription;
	if (s->feed == NULL)
		return;
	pthread_mutex_lock(&to->mutex);
	to->closed = true;
	pthread_cond_broadcast(&to->moved);
	pthread_mutex_unlock(&to->mutex);
	pthread_join(s->feed->thread, NULL);
	feed_free(s->feed);
	s->feed = NULL;
}

/* The rpc */

/* An rpc-error that RFC 5277 section 2.1.1 asks for. */
static struct nc_server_reply *element_error(const struct call *call, NC_ERR tag, const char *element, const char *text)
{
	struct lyd_node *e = nc_err(call->n->ctx, tag, NC_ERR_TYPE_PROT, element);
	nc_err_set_msg(e, text, "en");
	return nc_server_reply_err(e);
}

/* date-and-time, which the model has checked. */
static void time_read(const char *value, struct timespec *out)
{
	int64_t seconds = 0;
	const char *fraction = strchr(value, '.');
	*out = (struct timespec){0};
	if (time_parse(value, &seconds))
		out->tv_sec = (time_t)seconds;
	for (long unit = 100000000; fraction != NULL && *++fraction >= '0' && *fraction <= '9'; unit /= 10)
		out->tv_nsec += (*fraction - '0') * unit;
}

/* @return NULL, or what is wrong with the times. */
static struct nc_server_reply *read_times(const struct call *call, struct feed *f)
{
	const char *start = child_value(call->rpc, "startTime"), *stop = child_value(call->rpc, "stopTime");
	char text[256];
	f->replay = start != NULL;
	f->has_stop = stop != NULL;
	if (start == NULL)
		return stop == NULL ? NULL
		                    : element_error(call, NC_ERR_MISSING_ELEM, "startTime",
		                              "stopTime needs a startTime; add one, or leave out stopTime");
	time_read(start, &f->start);
	if (call->n->options.journal == NULL) {
		struct lyd_node *e = nc_err(call->n->ctx, NC_ERR_OP_FAILED, NC_ERR_TYPE_PROT);
		nc_err_set_msg(
		        e, "there is no journal that past notifications could come from; leave out startTime", "en");
		return nc_server_reply_err(e);
	}
	if (!is_past(&f->start)) {
		snprintf(text, sizeof(text),
		        "startTime %.40s is in the future; give a past one, or none for new notifications only", start);
		return element_error(call, NC_ERR_BAD_ELEM, "startTime", text);
	}
	if (stop == NULL)
		return NULL;
	time_read(stop, &f->stop);
	if (f->stop.tv_sec > f->start.tv_sec ||
	        (f->stop.tv_sec == f->start.tv_sec && f->stop.tv_nsec > f->start.tv_nsec))
		return NULL;
	snprintf(text, sizeof(text), "stopTime %.40s is not later than startTime %.40s; give a later one", stop, start);
	return element_error(call, NC_ERR_BAD_ELEM, "stopTime", text);
}

static int read_filter(const struct call *call, struct feed *f, struct error *err)
{
	/* The request is gone when the filter is applied. */
	if (lyd_dup_single(call->rpc, NULL, LYD_DUP_RECURSIVE, &f->rpc) != LY_SUCCESS)
		return error_set(err, ERR_INTERNAL, NULL, "the request cannot be copied");
	if (filter_init(&f->filter, call->n->ctx, f->rpc, err) != 0)
		return -1;
	/* An expression that gives no nodes shows only when it is evaluated. */
	struct notice *sample = notice_of(0, "<replayComplete xmlns=\"" NS_STREAM "\"/>", 0);
	bool selects;
	int result = look(f, call->n->ctx, sample, &selects, err);
	notice_unref(sample);
	return result;
}

/* The thread that an earlier subscription had is over, since that one is. */
static int start(const struct call *call, struct feed *f, struct error *err)
{
	struct session *s = call->s;
	bool direct = !f->replay && f->filter.kind == FILTER_NONE;
	enum gate gate = direct ? GATE_DIRECT : f->replay ? GATE_SHUT : GATE_LIVE;
	if (!subscription_begin(&s->subscription, gate))
		return error_set(err, ERR_IN_USE, NULL,
		        "this session has subscribed already; open another for another subscription");
	if (s->feed != NULL) {
		pthread_join(s->feed->thread, NULL);
		feed_free(s->feed);
		s->feed = NULL;
	}
	if (direct)
		return 0;
	f->s = s;
	f->to = &s->subscription;
	int result = pthread_create(&f->thread, NULL, feed_run, f);
	if (result != 0) {
		atomic_store(&s->subscription.state, SUBSCRIPTION_NONE);
		return error_set(err, ERR_UNAVAILABLE, NULL, "no thread for a subscription with filter or replay: %s",
		        strerror(result));
	}
	s->feed = f;
	return 0;
}

struct nc_server_reply *rpc_create_subscription(const struct call *call)
{
	const char *stream = child_value(call->rpc, "stream");
	struct feed *f = xcalloc(1, sizeof(*f));
	struct nc_server_reply *wrong = NULL;
	struct error err;
	int result = 0;
	if (stream != NULL && strcmp(stream, "NETCONF") != 0)
		result = error_set(
		        &err, ERR_INVALID, NULL, "there is no stream %.100s; NETCONF is the only one", stream);
	if (result == 0)
		wrong = read_times(call, f);
	if (result == 0 && wrong == NULL)
		result = read_filter(call, f, &err);
	if (result == 0 && wrong == NULL)
		result = start(call, f, &err);
	if (call->s->feed != f)
		feed_free(f);
	return wrong != NULL ? wrong : reply_result(call, result, &err);
}
