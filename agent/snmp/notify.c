/*
 * Changes come in, notifications in the form of the MIB go out, in order, each until it is acknowledged. When more wait
 * than the queue holds, the oldest are refused; one digest in their place says how many.
 */
#include "snmp/notify.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

/* Raise and clear carry the same objects in the same order. */
#define PROBLEM_OBJECTS                                                                                                \
	{                                                                                                              \
		NOTIFY_SEQUENCE, NOTIFY_PROBLEM, NOTIFY_LABEL, NOTIFY_AFFECTED, NOTIFY_SEVERITY, NOTIFY_VERDICT,       \
		        NOTIFY_RULE, NOTIFY_WITNESS, NOTIFY_CAUSE, NOTIFY_AUTHOR, NOTIFY_AUTHOR_PID, NOTIFY_OVERALL,   \
		        NOTIFY_TIME                                                                                    \
	}
#define RULESET_OBJECTS                                                                                                \
	{                                                                                                              \
		NOTIFY_SEQUENCE, NOTIFY_REASON, NOTIFY_AFFECTED, NOTIFY_SEVERITY, NOTIFY_OVERALL, NOTIFY_TIME          \
	}
#define JOURNAL_OBJECTS                                                                                                \
	{                                                                                                              \
		NOTIFY_SEQUENCE, NOTIFY_REASON, NOTIFY_UNKEPT, NOTIFY_SEVERITY, NOTIFY_OVERALL, NOTIFY_TIME            \
	}

#define FIREWALL_OBJECTS                                                                                               \
	{                                                                                                              \
		NOTIFY_SEQUENCE, NOTIFY_REASON, NOTIFY_AUTHOR, NOTIFY_LABEL, NOTIFY_SEVERITY, NOTIFY_OVERALL,          \
		        NOTIFY_TIME                                                                                    \
	}
#define DEVIATION_OBJECTS                                                                                              \
	{                                                                                                              \
		NOTIFY_SEQUENCE, NOTIFY_REASON, NOTIFY_AUTHOR, NOTIFY_AUTHOR_PID, NOTIFY_SEVERITY, NOTIFY_OVERALL,     \
		        NOTIFY_TIME                                                                                    \
	}

const struct notify_form notify_forms[NOTIFY_FORM_N] = {
        [CHANGE_VIOLATED] = {1, "portcullisViolated", PROBLEM_OBJECTS},
        [CHANGE_CLEARED] = {2, "portcullisCleared", PROBLEM_OBJECTS},
        [CHANGE_OVERALL] = {3, "portcullisOverallChange",
                {NOTIFY_SEQUENCE, NOTIFY_OLD_OVERALL, NOTIFY_OVERALL, NOTIFY_SEVERITY, NOTIFY_CAUSE, NOTIFY_AUTHOR,
                        NOTIFY_AUTHOR_PID, NOTIFY_TIME}},
        [CHANGE_UNREADABLE] = {4, "portcullisRulesetUnreadable", RULESET_OBJECTS},
        [CHANGE_READABLE] = {5, "portcullisRulesetRecovered", RULESET_OBJECTS},
        [CHANGE_OPENING] = {6, "portcullisOpeningAppeared", PROBLEM_OBJECTS},
        [CHANGE_OPENING_CLOSED] = {7, "portcullisOpeningClosed", PROBLEM_OBJECTS},
        [NOTIFY_DIGEST] = {8, "portcullisDigest", {NOTIFY_SEQUENCE, NOTIFY_LOST, NOTIFY_OVERALL, NOTIFY_TIME}},
        [CHANGE_JOURNAL_UNWRITABLE] = {10, "portcullisJournalUnwritable", JOURNAL_OBJECTS},
        [CHANGE_JOURNAL_WRITABLE] = {11, "portcullisJournalRecovered", JOURNAL_OBJECTS},
        [CHANGE_DEVIATION] = {12, "portcullisFirewallDeviation", DEVIATION_OBJECTS},
        [CHANGE_DEVIATION_OVER] = {13, "portcullisFirewallRestored", DEVIATION_OBJECTS},
        [CHANGE_COMMIT] = {14, "portcullisFirewallCommit", FIREWALL_OBJECTS},
        [CHANGE_ROLLBACK] = {15, "portcullisFirewallRollback", FIREWALL_OBJECTS},
        [CHANGE_ROLLBACK_FAILED] = {16, "portcullisFirewallRollbackFailed", FIREWALL_OBJECTS},
        [CHANGE_FLOW_VIOLATED] = {17, "portcullisFlowViolated", PROBLEM_OBJECTS},
        [CHANGE_FLOW_CLEARED] = {18, "portcullisFlowCleared", PROBLEM_OBJECTS},
        [CHANGE_TEST] = {9, "portcullisTest", {NOTIFY_SEQUENCE, NOTIFY_LABEL, NOTIFY_OVERALL, NOTIFY_TIME}},
};

void notification_fini(struct notification *n)
{
	change_fini(&n->change);
}

const struct notify_form *notification_form(const struct notification *n)
{
	return &notify_forms[n->digest ? NOTIFY_DIGEST : n->change.kind];
}

static void set_octets(struct value *v, const char *s)
{
	v->type = VALUE_OCTETS;
	v->octets = s;
	v->len = strnlen(s, FLAT_TEXT_MAX);
	/* Not in the middle of a character. */
	if (v->len == FLAT_TEXT_MAX)
		while (v->len > 0 && ((unsigned char)s[v->len] & 0xc0) == 0x80)
			v->len--;
}

static void set_number(struct value *v, enum value_type type, uint32_t number)
{
	v->type = type;
	v->number = number;
}

void notification_value(const struct notification *n, enum notify_object object, struct value *v)
{
	const struct change *c = &n->change;
	switch (object) {
	case NOTIFY_SEQUENCE:
		return set_number(v, VALUE_GAUGE, flat_sequence(c->sequence));
	case NOTIFY_PROBLEM:
		return set_number(v, VALUE_GAUGE, c->problem_id);
	case NOTIFY_LABEL:
		return set_octets(v, c->label);
	case NOTIFY_AFFECTED:
	case NOTIFY_UNKEPT:
		return set_number(v, VALUE_GAUGE, (uint32_t)c->affected);
	case NOTIFY_SEVERITY:
		return set_number(v, VALUE_INTEGER, (uint32_t)c->severity + 1);
	case NOTIFY_VERDICT:
		return set_number(v, VALUE_INTEGER, (uint32_t)c->verdict + 1);
	case NOTIFY_RULE:
		return set_octets(v, c->rule);
	case NOTIFY_WITNESS:
		return set_octets(v, c->witness);
	case NOTIFY_CAUSE:
		return set_number(v, VALUE_INTEGER, (uint32_t)c->cause.kind + 1);
	case NOTIFY_AUTHOR:
		return set_octets(v, c->cause.author);
	case NOTIFY_AUTHOR_PID:
		return set_number(v, VALUE_GAUGE, c->cause.author_pid);
	case NOTIFY_OVERALL:
		return set_number(v, VALUE_INTEGER, (uint32_t)c->new_overall + 1);
	case NOTIFY_OLD_OVERALL:
		return set_number(v, VALUE_INTEGER, (uint32_t)c->old_overall + 1);
	case NOTIFY_REASON:
		return set_octets(v, c->reason);
	case NOTIFY_LOST:
		return set_number(v, VALUE_GAUGE, n->lost);
	case NOTIFY_TIME:
		return value_set_date(v, c->wall_s);
	}
}

/* A ring: the first in_flight ones were sent, the others wait. Tickets number them; the first has ticket first_ticket. */
struct notify_queue {
	pthread_mutex_t mutex;
	struct notification ring[NOTIFY_QUEUE_MAX];
	size_t head, n, in_flight;
	uint64_t first_ticket;
	uint32_t sent, suppressed, last_sequence;
};

static struct notification *at(struct notify_queue *q, size_t i)
{
	return &q->ring[(q->head + i) % NOTIFY_QUEUE_MAX];
}

struct notify_queue *notify_queue_new(void)
{
	struct notify_queue *q = xcalloc(1, sizeof(*q));
	pthread_mutex_init(&q->mutex, NULL);
	return q;
}

void notify_queue_free(struct notify_queue *q)
{
	if (q == NULL)
		return;
	for (size_t i = 0; i < q->n; i++)
		notification_fini(at(q, i));
	pthread_mutex_destroy(&q->mutex);
	free(q);
}

/* Of the two oldest that are not on their way make one digest: the place of one becomes free, its order is kept. */
static void make_room(struct notify_queue *q)
{
	struct notification *first = at(q, q->in_flight), *second = at(q, q->in_flight + 1);
	uint32_t lost = second->digest ? second->lost : 1;
	lost += first->digest ? first->lost : 1;
	q->suppressed += (uint32_t)!first->digest + (uint32_t)!second->digest;
	second->digest = true;
	second->lost = lost;
	notification_fini(first);
	for (size_t i = q->in_flight; i > 0; i--)
		*at(q, i) = *at(q, i - 1);
	q->head = (q->head + 1) % NOTIFY_QUEUE_MAX;
	q->n--;
}

void notify_queue_add(struct notify_queue *q, const struct change *change)
{
	_Static_assert(NOTIFY_WINDOW + 2 <= NOTIFY_QUEUE_MAX, "two wait when the queue is full");
	pthread_mutex_lock(&q->mutex);
	if (q->n == NOTIFY_QUEUE_MAX)
		make_room(q);
	struct notification *n = at(q, q->n++);
	memset(n, 0, sizeof(*n));
	change_copy(&n->change, change);
	pthread_mutex_unlock(&q->mutex);
}

bool notify_queue_next(struct notify_queue *q, struct notification *out, uint64_t *ticket)
{
	bool found = false;
	pthread_mutex_lock(&q->mutex);
	if (q->in_flight < q->n && q->in_flight < NOTIFY_WINDOW) {
		const struct notification *n = at(q, q->in_flight);
		*out = *n;
		change_copy(&out->change, &n->change);
		*ticket = q->first_ticket + q->in_flight++;
		found = true;
	}
	pthread_mutex_unlock(&q->mutex);
	return found;
}

uint64_t notify_queue_ack(struct notify_queue *q, uint64_t ticket)
{
	uint64_t sequence = 0;
	pthread_mutex_lock(&q->mutex);
	while (q->in_flight > 0 && q->first_ticket <= ticket) {
		struct notification *n = at(q, 0);
		q->sent++;
		sequence = n->change.sequence;
		q->last_sequence = flat_sequence(sequence);
		notification_fini(n);
		q->head = (q->head + 1) % NOTIFY_QUEUE_MAX;
		q->n--;
		q->in_flight--;
		q->first_ticket++;
	}
	pthread_mutex_unlock(&q->mutex);
	return sequence;
}

void notify_queue_rewind(struct notify_queue *q)
{
	pthread_mutex_lock(&q->mutex);
	q->in_flight = 0;
	pthread_mutex_unlock(&q->mutex);
}

void notify_queue_count(struct notify_queue *q, struct notify_row *out)
{
	pthread_mutex_lock(&q->mutex);
	*out = (struct notify_row){.sent = q->sent,
	        .suppressed = q->suppressed,
	        .waiting = (uint32_t)q->n,
	        .last_sequence = q->last_sequence};
	pthread_mutex_unlock(&q->mutex);
}
