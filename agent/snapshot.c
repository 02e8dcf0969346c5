/*
 * Snapshots: what the faces read, immutable once published and reference-counted, and the hub that holds the newest.
 */
#include "portcullis/snapshot.h"

#include <pthread.h>
#include <stdlib.h>

#include "portcullis/alloc.h"

struct inputs *inputs_ref(struct inputs *in)
{
	atomic_fetch_add(&in->refs, 1);
	return in;
}

void inputs_unref(struct inputs *in)
{
	if (in == NULL || atomic_fetch_sub(&in->refs, 1) != 1)
		return;
	flows_fini(&in->flows); /* before what it borrows from */
	free(atomic_load(&in->runs));
	site_free(in->site);
	catalog_free(in->catalog);
	network_fini(&in->network);
	free(in);
}

static bool same_run(const struct flow *a, const struct flow *b)
{
	return a->deployment == b->deployment && a->requirement == b->requirement;
}

static struct flow_runs *runs_find(const struct flows *flows)
{
	struct flow_runs *r;
	size_t n = 0;

	for (size_t i = 0; i < flows->n; i++)
		n += i == 0 || !same_run(&flows->flow[i - 1], &flows->flow[i]);
	r = xmalloc(sizeof(*r) + (n + 1) * sizeof(r->first[0]));
	r->n = 0;
	for (size_t i = 0; i < flows->n; i++)
		if (i == 0 || !same_run(&flows->flow[i - 1], &flows->flow[i]))
			r->first[r->n++] = i;
	r->first[r->n] = flows->n;
	return r;
}

const struct flow_runs *inputs_runs(struct inputs *in)
{
	struct flow_runs *known = atomic_load(&in->runs), *mine;

	if (known != NULL)
		return known;
	mine = runs_find(&in->flows);
	if (atomic_compare_exchange_strong(&in->runs, &known, mine))
		return mine;
	free(mine);
	return known;
}

struct evaluation *evaluation_ref(struct evaluation *e)
{
	atomic_fetch_add(&e->refs, 1);
	return e;
}

void evaluation_unref(struct evaluation *e)
{
	if (e == NULL || atomic_fetch_sub(&e->refs, 1) != 1)
		return;
	findings_fini(&e->findings);
	openings_fini(&e->openings);
	ruleset_free(e->ruleset);
	free(e);
}

struct snapshot *snapshot_ref(struct snapshot *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

void snapshot_unref(struct snapshot *s)
{
	if (s == NULL || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	if (s->evaluation != NULL) {
		evaluation_unref(s->evaluation);
	} else {
		findings_fini(&s->findings);
		openings_fini(&s->openings);
		ruleset_free(s->ruleset);
	}
	for (size_t i = 0; i < s->n_problem; i++)
		problem_fini(&s->problem[i]);
	free(s->problem);
	for (size_t i = 0; i < s->n_history; i++)
		change_fini(&s->history[i]);
	free(s->history);
	free(s->changed_ms);
	free(s->unreadable);
	free(s->unwritable);
	free(s->version);
	free(s->flat);
	inputs_unref(s->inputs);
	free(s);
}

struct hub {
	pthread_mutex_t mutex; /* held for a pointer's copy only */
	struct snapshot *newest;
	struct ipsec_policies *ipsec;
};

struct hub *hub_new(void)
{
	struct hub *hub = xcalloc(1, sizeof(*hub));
	pthread_mutex_init(&hub->mutex, NULL);
	return hub;
}

void hub_free(struct hub *hub)
{
	if (hub == NULL)
		return;
	snapshot_unref(hub->newest);
	ipsec_policies_unref(hub->ipsec);
	pthread_mutex_destroy(&hub->mutex);
	free(hub);
}

void hub_set(struct hub *hub, struct snapshot *s)
{
	pthread_mutex_lock(&hub->mutex);
	struct snapshot *old = hub->newest;
	hub->newest = s;
	pthread_mutex_unlock(&hub->mutex);
	snapshot_unref(old);
}

struct snapshot *hub_get(struct hub *hub)
{
	pthread_mutex_lock(&hub->mutex);
	struct snapshot *s = hub->newest != NULL ? snapshot_ref(hub->newest) : NULL;
	pthread_mutex_unlock(&hub->mutex);
	return s;
}

void hub_set_ipsec(struct hub *hub, struct ipsec_policies *p)
{
	pthread_mutex_lock(&hub->mutex);
	struct ipsec_policies *old = hub->ipsec;
	hub->ipsec = p;
	pthread_mutex_unlock(&hub->mutex);
	ipsec_policies_unref(old);
}

struct ipsec_policies *hub_get_ipsec(struct hub *hub)
{
	pthread_mutex_lock(&hub->mutex);
	struct ipsec_policies *p = hub->ipsec != NULL ? ipsec_policies_ref(hub->ipsec) : NULL;
	pthread_mutex_unlock(&hub->mutex);
	return p;
}
