/*
 * The own table after a start: in come running and what the journal has, out goes a kernel that has the table of running,
 * whatever happened before. Only the kernel refuses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/journal.h"
#include "portcullis/log.h"
#include "push/plan.h"

/* What was kept, and whether a table of ours may be there without. */
static int recall(struct push *p, struct error *err)
{
	char *note = NULL;

	kept_fini(&p->applied);
	if (p->parts.journal == NULL)
		return 0;
	if (journal_table(p->parts.journal, &p->applied.plan.bytes, &p->applied.plan.n_byte, err) != 0 ||
	        journal_setting_get(p->parts.journal, PUSH_NOTE, &note, err) != 0)
		return -1;
	p->touched = note != NULL && strcmp(note, "present") == 0;
	free(note);
	return push_recall_pause(p, err);
}

static int plan_of_running(
        struct push *p, const struct site *site, struct catalog *catalog, struct plan *plan, struct error *err)
{
	if (p->parts.network(&plan->network, err) != 0 ||
	        plan_state(p, catalog, site, &plan->network, clock_wall_s(), &plan->then, err) != 0 ||
	        plan_compile(p, plan, err) != 0)
		return -1;
	return plan_ask(p, plan, err);
}

static int put(struct push *p, const struct nft_batch *batch, const struct nft_counters *before, struct error *err)
{
	return push_note(p, true, err) == 0 ? push_put(p, batch, before, err) : -1;
}

/* The very table that was written; where the kernel has what running comes to, its counters go on. */
static int put_kept(struct push *p, struct plan *plan, struct error *err)
{
	const struct nft_batch batch = {.bytes = p->applied.plan.bytes, .len = p->applied.plan.n_byte};
	char *have = own_print(plan->live);
	bool same = plan->next.print != NULL && strcmp(have, plan->next.print) == 0;
	bool left_alone = !same && have[0] != '\0' && p->state.paused_until > clock_wall_s();
	struct nft_counters counters = {0};
	struct ruleset *live = NULL;
	int result = same || left_alone ? 0 : put(p, &batch, &plan->counters, err);

	free(have);
	if (result == 0)
		result = plan_read(p, &live, &counters, err);
	if (result == 0 && (same || left_alone)) {
		push_count_begin(p, &plan->counters);
		push_count_end(p, &counters);
	}
	nft_counters_fini(&counters);
	if (result != 0)
		return -1;
	if (left_alone)
		push_deviates(p, "the table inet " OWN_TABLE " may not be what was installed: enforcement was paused");
	else
		p->applied.print = own_print(live);
	ruleset_free(live);
	push_settle(p);
	return 0;
}

static int put_new(struct push *p, struct plan *plan, struct error *err)
{
	if (put(p, &plan->batch, &plan->counters, err) != 0 ||
	        (p->parts.journal != NULL &&
	                journal_table_set(p->parts.journal, plan->plan.bytes, plan->plan.n_byte, err) != 0))
		return -1;
	p->applied = (struct kept){plan->plan, plan->next.print};
	plan->plan = (struct config_plan){0};
	plan->next = (struct kept){0};
	push_settle(p);
	return 0;
}

/* A commit was on its way, or was taken back, when the agent ended. */
static int take_out(struct push *p, struct error *err)
{
	struct nft_batch batch;
	int result = nft_encode_table(NULL, &batch, err);

	if (result == 0)
		result = put(p, &batch, NULL, err);
	nft_batch_fini(&batch);
	if (result != 0)
		return -1;
	kept_fini(&p->applied);
	p->applied.print = xstrdup("");
	push_settle(p);
	return 0;
}

static int start(struct push *p, const struct site *site, struct catalog *catalog, struct error *err)
{
	bool enforces = site->firewall.mode == FIREWALL_ENFORCE;
	struct plan *plan;
	int result;

	if (recall(p, err) != 0)
		return -1;
	if (!enforces)
		return p->touched || p->applied.plan.bytes != NULL ? take_out(p, err) : 0;
	plan = xcalloc(1, sizeof(*plan));
	result = plan_of_running(p, site, catalog, plan, err);
	/* What was kept needs nobody's leave: running may not even be what a new compiler takes. */
	if (p->applied.plan.bytes != NULL && (result == 0 || plan->live != NULL))
		result = put_kept(p, plan, err);
	else if (result == 0)
		result = put_new(p, plan, err);
	plan_free(plan);
	return result;
}

int push_start(struct push *p, const struct site *site, struct catalog *catalog, struct error *err)
{
	int result = 0;
	char why[sizeof(err->text) + 128];

	pthread_mutex_lock(&p->turn);
	if (p->unstarted) {
		result = start(p, site, catalog, err);
		p->unstarted = result != 0;
	}
	if (result != 0) {
		snprintf(why, sizeof(why),
		        "the table of the configuration is not in the kernel, which is tried again: %s", err->text);
		push_deviates(p, why);
	} else if (p->state.deviates) {
		push_wake(p); /* whether it still does is looked at */
	}
	pthread_mutex_unlock(&p->turn);
	return result;
}

int push_restore(const struct nft_ops *nft, struct journal *journal, bool *any, struct error *err)
{
	struct nft_batch batch = {0};
	struct nft_answer answer;
	void *bytes;
	int result = journal_table_confirmed(journal, &bytes, &batch.len, err);

	*any = result == 0 && bytes != NULL;
	batch.bytes = bytes;
	if (*any)
		result = nft->replace(nft->self, &batch, &answer, err);
	free(bytes);
	return result;
}
