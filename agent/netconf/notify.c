/*
 * Notifications of RFC 5277: a struct change or the XML of another one comes in, whole messages go out, built once for
 * all subscribers. Each has a bounded queue; what it does not take is counted and told with the next one that is sent.
 */
#include "netconf/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/clock.h"

#define NS_NOTIFICATION "urn:ietf:params:xml:ns:netconf:notification:1.0"
#define NS_PORTCULLIS "urn:portcullis:yang:portcullis"

/* Modules with notifications of this server, by their namespaces. */
static const struct {
	const char *ns, *module;
} modules[] = {
        {NS_PORTCULLIS, "portcullis"},
        {"urn:ietf:params:xml:ns:yang:ietf-netconf-notifications", "ietf-netconf-notifications"},
        {"urn:ietf:params:xml:ns:netmod:notification", "nc-notifications"},
};

/* Names of the model's enumeration `kind`, and whether `problem` has a meaning. */
static const struct {
	const char *kind;
	bool problem, flows;
	const char *element; /* of a notification of its own */
	bool unkept; /* which says how many events were not kept */
	bool change; /* which says whose change it is about */
	bool author; /* or who did it */
} kinds[CHANGE_N] = {
        [CHANGE_VIOLATED] = {.kind = "violated", .problem = true, .flows = true},
        [CHANGE_CLEARED] = {.kind = "cleared", .problem = true, .flows = true},
        [CHANGE_FLOW_VIOLATED] = {.kind = "flow-violated", .problem = true, .flows = true},
        [CHANGE_FLOW_CLEARED] = {.kind = "flow-cleared", .problem = true, .flows = true},
        [CHANGE_OVERALL] = {.kind = "overall"},
        [CHANGE_OPENING] = {.kind = "opening", .problem = true},
        [CHANGE_OPENING_CLOSED] = {.kind = "opening-closed", .problem = true},
        [CHANGE_TEST] = {.kind = "test"},
        [CHANGE_UNREADABLE] = {.element = "ruleset-unreadable"},
        [CHANGE_READABLE] = {.element = "ruleset-readable"},
        [CHANGE_JOURNAL_UNWRITABLE] = {.element = "journal-unwritable", .unkept = true},
        [CHANGE_JOURNAL_WRITABLE] = {.element = "journal-writable", .unkept = true},
        [CHANGE_DEVIATION] = {.element = "firewall-deviation", .author = true},
        [CHANGE_DEVIATION_OVER] = {.element = "firewall-restored"},
        [CHANGE_COMMIT] = {.element = "firewall-commit", .change = true},
        [CHANGE_ROLLBACK] = {.element = "rollback", .change = true},
        [CHANGE_ROLLBACK_FAILED] = {.element = "rollback-failed", .change = true},
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

static void own_notification(struct text *t, const struct change *c)
{
	number(t, "sequence", c->sequence);
	if (kinds[c->kind].change) {
		leaf(t, "user", c->cause.author);
		leaf(t, "comment", c->label);
	}
	leaf(t, "reason", c->reason);
	if (kinds[c->kind].author) {
		leaf(t, "author", c->cause.author);
		if (c->cause.author_pid != 0)
			number(t, "author-pid", c->cause.author_pid);
	}
	if (kinds[c->kind].unkept)
		number(t, "events-unkept", c->affected);
}

/* The envelope with its time; sets where the content begins. */
static void envelope(struct notice *n, struct text *t, int64_t wall_ms)
{
	char time[40];
	text_addf(t, "<notification xmlns=\"" NS_NOTIFICATION "\"><eventTime>%s</eventTime>",
	        time_print_ms(wall_ms, time, sizeof(time)));
	n->wall_ms = wall_ms;
	n->content = t->len;
}

struct notice *notice_new(const struct change *change)
{
	struct notice *n = xcalloc(1, sizeof(*n));
	struct text t = {0};
	const char *own = kinds[change->kind].element, *element = own != NULL ? own : "conformance-change";
	envelope(n, &t, change->wall_s * 1000 + change->wall_ms);
	text_addf(&t, "<%s xmlns=\"" NS_PORTCULLIS "\">", element);
	n->event = change->event;
	n->module = "portcullis";
	snprintf(n->name, sizeof(n->name), "%s", element);
	n->counts = own == NULL;
	if (n->counts) {
		conformance_change(&t, change);
	} else {
		own_notification(&t, change);
	}
	n->head = text_take(&t);
	n->tail = xasprintf("</%s>", element);
	atomic_init(&n->refs, 1);
	return n;
}

/* From "<name xmlns="namespace"...". */
static void name_read(struct notice *n, const char *content)
{
	char ns[128] = "";
	n->module = "";
	if (sscanf(content, "<%63[^ />] xmlns=\"%127[^\"]\"", n->name, ns) != 2)
		return;
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (strcmp(modules[i].ns, ns) == 0)
			n->module = modules[i].module;
}

struct notice *notice_of(int64_t wall_ms, const char *content, uint64_t event)
{
	struct notice *n = xcalloc(1, sizeof(*n));
	struct text t = {0};
	envelope(n, &t, wall_ms);
	text_add(&t, content);
	name_read(n, content);
	n->event = event;
	n->head = text_take(&t);
	n->tail = xstrdup("");
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

char *notice_content(const struct notice *notice)
{
	return xasprintf("%s%s", notice->head + notice->content, notice->tail);
}

/* Twice as large, its items in order from 0. */
static void ring_grow(struct ring *r)
{
	size_t cap = r->cap == 0 ? 16 : r->cap * 2;
	struct notice **item = xcalloc(cap, sizeof(struct notice *));
	for (size_t i = 0; i < r->n; i++)
		item[i] = r->item[(r->first + i) % r->cap];
	free(r->item);
	r->item = item;
	r->first = 0;
	r->cap = cap;
}

void ring_put(struct ring *r, struct notice *notice)
{
	if (r->n == r->cap)
		ring_grow(r);
	r->item[(r->first + r->n++) % r->cap] = notice;
}

struct notice *ring_take(struct ring *r)
{
	if (r->n == 0)
		return NULL;
	struct notice *notice = r->item[r->first];
	r->first = (r->first + 1) % r->cap;
	r->n--;
	return notice;
}

void ring_clear(struct ring *r)
{
	for (size_t i = 0; i < r->n; i++)
		notice_unref(r->item[(r->first + i) % r->cap]);
	free(r->item);
	*r = (struct ring){0};
}

void subscription_init(struct subscription *s)
{
	*s = (struct subscription){0};
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->moved, NULL);
}

void subscription_fini(struct subscription *s)
{
	ring_clear(&s->ready);
	ring_clear(&s->incoming);
	pthread_cond_destroy(&s->moved);
	pthread_mutex_destroy(&s->mutex);
}

bool subscription_begin(struct subscription *s, enum gate gate)
{
	pthread_mutex_lock(&s->mutex);
	bool begun = atomic_load(&s->state) == SUBSCRIPTION_NONE;
	if (begun) {
		ring_clear(&s->ready);
		ring_clear(&s->incoming);
		s->gate = gate;
		s->suppressed = 0;
		atomic_store(&s->state, SUBSCRIPTION_ASKED);
	}
	pthread_mutex_unlock(&s->mutex);
	return begun;
}

static void put_incoming(struct subscription *s, struct notice *notice)
{
	if (s->gate == GATE_OVER)
		return;
	if (s->gate == GATE_COLLECT && s->incoming.n >= NOTICE_QUEUE && notice->event != 0) {
		ring_clear(&s->incoming);
		s->gate = GATE_SHUT;
	}
	/* What the journal has comes from there. */
	if (s->gate == GATE_SHUT && notice->event != 0)
		return;
	if (s->gate == GATE_SHUT || s->incoming.n >= NOTICE_QUEUE) {
		s->suppressed++;
		return;
	}
	ring_put(&s->incoming, notice_ref(notice));
	pthread_cond_broadcast(&s->moved);
}

bool subscription_is_active(const struct subscription *s)
{
	return atomic_load(&s->state) != SUBSCRIPTION_NONE;
}

bool subscription_put(struct subscription *s, struct notice *notice)
{
	if (!subscription_is_active(s))
		return false;
	pthread_mutex_lock(&s->mutex);
	bool direct = s->gate == GATE_DIRECT, first = direct && s->ready.n == 0;
	if (!direct)
		put_incoming(s, notice);
	else if (s->ready.n >= NOTICE_QUEUE)
		s->suppressed++;
	else
		ring_put(&s->ready, notice_ref(notice));
	pthread_mutex_unlock(&s->mutex);
	return first;
}

/* The next one; what it cannot tell of what was suppressed is told before it. */
static struct notice *take_next(struct subscription *s, unsigned *suppressed)
{
	char content[160];
	if (s->ready.n == 0)
		return NULL;
	*suppressed = s->suppressed;
	s->suppressed = 0;
	if (*suppressed == 0 || s->ready.item[s->ready.first]->counts)
		return ring_take(&s->ready);
	snprintf(content, sizeof(content),
	        "<notifications-suppressed xmlns=\"" NS_PORTCULLIS "\"><suppressed>%u</suppressed>"
	        "</notifications-suppressed>",
	        *suppressed);
	*suppressed = 0;
	return notice_of(clock_wall_ms(), content, 0);
}

bool subscription_take(struct subscription *s, struct text *out)
{
	unsigned suppressed = 0;
	if (atomic_load(&s->state) != SUBSCRIPTION_ACTIVE)
		return false;
	pthread_mutex_lock(&s->mutex);
	struct notice *notice = take_next(s, &suppressed);
	if (notice != NULL && notice->last)
		atomic_store(&s->state, SUBSCRIPTION_NONE);
	/* The thread that waits for room is woken when it can do some more. */
	if (notice != NULL && s->gate != GATE_DIRECT && s->ready.n == NOTICE_AHEAD / 2)
		pthread_cond_broadcast(&s->moved);
	pthread_mutex_unlock(&s->mutex);
	if (notice == NULL)
		return false;
	text_add(out, notice->head);
	if (suppressed > 0)
		number(out, "suppressed", suppressed);
	text_add(out, notice->tail);
	text_add(out, "</notification>");
	notice_unref(notice);
	return true;
}
