/*
 * The own table in place of another one: in comes what the kernel is to have, out goes whether it has it. Where it is known
 * what the kernel has, in two transactions, between which and in which no packet meets a set without its elements; else in
 * one. Only the kernel refuses.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/log.h"
#include "push/plan.h"

/** What became of a batch. */
enum outcome { DONE, REFUSED, LOST };

static enum outcome replace(struct push *p, const struct nft_batch *batch, struct error *err)
{
	struct nft_answer answer = {0};

	if (p->parts.nft.replace(p->parts.nft.self, batch, &answer, err) == 0)
		return DONE;
	return !answer.refused && (err->code == ERR_IO || err->code == ERR_UNAVAILABLE) ? LOST : REFUSED;
}

static enum outcome withdraw(struct push *p, const struct nft_exchange *x)
{
	struct error why;
	enum outcome outcome = replace(p, &x->withdrawal, &why);

	if (outcome != DONE)
		log_debug("sets that were added to the table inet %s cannot be taken out: %s", OWN_TABLE, why.text);
	return outcome;
}

static enum outcome two_steps(struct push *p, const struct nft_exchange *x, struct error *err)
{
	enum outcome outcome = x->first.len > 0 ? replace(p, &x->first, err) : DONE;

	if (outcome != DONE)
		return outcome;
	outcome = replace(p, &x->second, err);
	if (outcome == REFUSED && x->withdrawal.len > 0)
		(void)withdraw(p, x);
	return outcome;
}

static struct nft_batch batch_of(const struct config_plan *plan)
{
	return (struct nft_batch){.bytes = plan->bytes, .len = plan->n_byte};
}

/* What is refused in two steps, because the table is not what it was, may be taken in one, which makes it anew. */
static int put(struct push *p, const struct kept *have, const struct nft_batch *next, struct error *err)
{
	const struct nft_batch old = batch_of(&have->plan);
	struct nft_exchange x;
	enum outcome outcome = REFUSED;

	if (nft_batch_exchange(&old, next, &x, err) == 0) {
		outcome = two_steps(p, &x, err);
		nft_exchange_fini(&x);
	}
	if (outcome == REFUSED) {
		log_info("the table inet %s is made anew: %s", OWN_TABLE, err->text);
		outcome = replace(p, next, err);
	}
	return outcome == DONE ? 0 : -1;
}

/* Is the own table this one? Anything else is "no". */
static bool is_print(struct push *p, const struct ruleset *read, const char *print)
{
	struct ruleset *live = NULL;
	struct error err;
	char *have;
	bool same;

	if (print == NULL || (read == NULL && plan_read(p, &live, NULL, &err) != 0))
		return false;
	have = own_print(read != NULL ? read : live);
	same = strcmp(have, print) == 0;
	free(have);
	ruleset_free(live);
	return same;
}

int exchange_apply(struct push *p, const struct plan *plan, struct error *err)
{
	if (plan->before.plan.bytes != NULL && plan->plan.bytes != NULL && is_print(p, plan->live, plan->before.print))
		return put(p, &plan->before, &plan->batch, err);
	return replace(p, &plan->batch, err) == DONE ? 0 : -1;
}

/* The first step alone was done: without its sets the table is the one before. */
static bool back_by_withdrawal(struct push *p, const struct plan *plan)
{
	const struct nft_batch before = batch_of(&plan->before.plan), next = batch_of(&plan->plan);
	struct nft_exchange x;
	struct error err;
	bool back = false;

	if (nft_batch_exchange(&before, &next, &x, &err) != 0)
		return false;
	if (x.withdrawal.len > 0)
		back = withdraw(p, &x) == DONE && is_print(p, NULL, plan->before.print);
	nft_exchange_fini(&x);
	return back;
}

static int back_in_one(struct push *p, const struct plan *plan, struct error *err)
{
	struct nft_batch none = {0}, batch = batch_of(&plan->before.plan);
	int result = 0;

	if (batch.bytes == NULL) {
		result = nft_encode_table(NULL, &none, err);
		batch = none;
	}
	if (result == 0 && replace(p, &batch, err) != DONE)
		result = -1;
	nft_batch_fini(&none);
	return result;
}

static int put_back(struct push *p, const struct plan *plan, struct error *err)
{
	if (plan->before.plan.bytes != NULL && plan->plan.bytes != NULL) {
		const struct nft_batch before = batch_of(&plan->before.plan);
		const struct kept next = {plan->plan, plan->next.print};

		if (is_print(p, NULL, next.print))
			return put(p, &next, &before, err);
		if (back_by_withdrawal(p, plan))
			return 0;
	}
	return back_in_one(p, plan, err);
}

int exchange_back(struct push *p, const struct plan *plan, struct error *err)
{
	const struct nft_batch before = batch_of(&plan->before.plan);
	struct nft_counters counters;
	bool known = plan_counters(p, &counters, err) == 0;
	int result;

	if (known && before.bytes != NULL)
		nft_counters_renew(&counters, before.bytes, before.len);
	push_count_begin(p, known ? &counters : NULL);
	result = put_back(p, plan, err);
	push_count_read(p);
	nft_counters_fini(&counters);
	return result;
}
