/*
 * Notifications of RFC 5277: a struct change comes in, the XML of portcullis.yang goes out, once for all subscribers.
 * Each has a bounded queue; what it does not take is counted and told in `suppressed` of the next one that is sent.
 */
#include "netconf/notify.h"

#include <stdlib.h>

#include "portcullis/alloc.h"

#define NS_NOTIFICATION "urn:ietf:params:xml:ns:netconf:notification:1.0"
#define NS_PORTCULLIS "urn:portcullis:yang:portcullis"

/* Names of the model's enumeration `kind`, and whether `problem` has a meaning. */
static const struct {
	const char *kind;
	bool problem, flows;
} kinds[] = {
        [CHANGE_VIOLATED] = {"violated", true, true},
        [CHANGE_CLEARED] = {"cleared", true, true},
        [CHANGE_OVERALL] = {"overall", false, false},
        [CHANGE_OPENING] = {"opening", true, false},
        [CHANGE_OPENING_CLOSED] = {"opening-closed", true, false},
        [CHANGE_TEST] = {"test", false, false},
};

static void leaf(struct text *t, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	text_addf(t, "<%s>", name);
	text_add_xml(t, value);
	text_addf(t, "</%s>", name);
}

static void number(struct text *t, const char *name, unsigned long long value)
{
	text_addf(t, "<%s>%llu</%s>", name, value, name);
}

static void conformance_change(struct text *t, const struct change *c)
{
	number(t, "sequence", c->sequence);
	leaf(t, "kind", kinds[c->kind].kind);
	if (kinds[c->kind].problem)
		number(t, "problem", c->problem_id);
	leaf(t, "cause", cause_kind_name(c->cause.kind));
	leaf(t, "author", c->cause.author);
	if (c->cause.author_pid != 0)
		number(t, "author-pid", c->cause.author_pid);
	if (kinds[c->kind].flows) {
		number(t, "affected", c->affected);
		leaf(t, "verdict", verdict_name(c->verdict));
	}
	leaf(t, "severity", severity_name(c->severity));
	leaf(t, "label", c->label);
	leaf(t, "rule", c->rule);
	leaf(t, "witness", c->witness);
	leaf(t, "old-overall", overall_name(c->old_overall));
	leaf(t, "new-overall", overall_name(c->new_overall));
}

struct notice *notice_new(const struct change *change)
{
	struct notice *n = xcalloc(1, sizeof(*n));
	struct text t = {0};
	char time[32];
	const char *element = change->kind == CHANGE_UNREADABLE ? "ruleset-unreadable"
	                      : change->kind == CHANGE_READABLE ? "ruleset-readable"
	                                                        : "conformance-change";
	text_addf(&t,
	        "<notification xmlns=\"" NS_NOTIFICATION "\"><eventTime>%s</eventTime><%s xmlns=\"" NS_PORTCULLIS "\">",
	        time_print(change->wall_s, time, sizeof(time)), element);
	n->name = element;
	n->counts = change->kind != CHANGE_UNREADABLE && change->kind != CHANGE_READABLE;
	if (n->counts) {
		conformance_change(&t, change);
	} else {
		number(&t, "sequence", change->sequence);
		if (change->kind == CHANGE_UNREADABLE)
			leaf(&t, "reason", change->reason);
	}
	n->head = text_take(&t);
	n->tail = xasprintf("</%s></notification>", element);
	atomic_init(&n->refs, 1);
	return n;
}

struct notice *notice_ref(struct notice *notice)
{
	atomic_fetch_add(&notice->refs, 1);
	return notice;
}

void notice_unref(struct notice *notice)
{
	if (notice == NULL || atomic_fetch_sub(&notice->refs, 1) != 1)
		return;
	free(notice->head);
	free(notice->tail);
	free(notice);
}

void subscription_init(struct subscription *s)
{
	*s = (struct subscription){0};
	pthread_mutex_init(&s->mutex, NULL);
}

void subscription_fini(struct subscription *s)
{
	for (size_t i = 0; i < s->n; i++)
		notice_unref(s->queue[(s->first + i) % s->cap]);
	free(s->queue);
	pthread_mutex_destroy(&s->mutex);
}

/* A ring twice as large, its items in order from 0. */
static void ring_grow(struct subscription *s)
{
	size_t cap = s->cap == 0 ? 16 : s->cap * 2;
	struct notice **queue = xcalloc(cap, sizeof(struct notice *));
	for (size_t i = 0; i < s->n; i++)
		queue[i] = s->queue[(s->first + i) % s->cap];
	free(s->queue);
	s->queue = queue;
	s->first = 0;
	s->cap = cap;
}

bool subscription_is_active(const struct subscription *s)
{
	return atomic_load(&s->state) == SUBSCRIPTION_ACTIVE;
}

bool subscription_put(struct subscription *s, struct notice *notice)
{
	if (!subscription_is_active(s))
		return false;
	pthread_mutex_lock(&s->mutex);
	if (s->n >= NOTICE_QUEUE) {
		s->suppressed++;
	} else {
		if (s->n == s->cap)
			ring_grow(s);
		s->queue[(s->first + s->n++) % s->cap] = notice_ref(notice);
	}
	pthread_mutex_unlock(&s->mutex);
	return true;
}

bool subscription_take(struct subscription *s, struct text *out)
{
	struct notice *notice = NULL;
	unsigned suppressed = 0;
	if (!subscription_is_active(s))
		return false;
	pthread_mutex_lock(&s->mutex);
	if (s->n > 0) {
		notice = s->queue[s->first];
		s->first = (s->first + 1) % s->cap;
		s->n--;
		if (notice->counts) {
			suppressed = s->suppressed;
			s->suppressed = 0;
		}
	}
	pthread_mutex_unlock(&s->mutex);
	if (notice == NULL)
		return false;
	text_add(out, notice->head);
	if (suppressed > 0)
		number(out, "suppressed", suppressed);
	text_add(out, notice->tail);
	notice_unref(notice);
	return true;
}
