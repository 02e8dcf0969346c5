/*
 * Configurations on their way into the kernel: a change of running comes in, is compiled, judged against the ruleset that the
 * kernel has at that moment, checked by the kernel, put in place, read back and verified; what is not as it was promised goes
 * back. Refused is what the gate refuses, what would cut off the management plane, and what the kernel does not take.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "conformance_why.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/journal.h"
#include "portcullis/log.h"
#include "push/plan.h"

struct push *push_new(const struct push_parts *parts)
{
	struct push *p = xcalloc(1, sizeof(*p));

	p->parts = *parts;
	p->unstarted = true;
	p->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&p->turn, NULL);
	return p;
}

void push_free(struct push *p)
{
	if (p == NULL)
		return;
	kept_fini(&p->applied);
	kept_fini(&p->settled);
	connection_report_fini(&p->lost);
	for (size_t i = 0; i < p->n_news; i++) {
		free(p->news[i].comment);
		free(p->news[i].reason);
	}
	free(p->news);
	if (p->event_fd >= 0)
		close(p->event_fd);
	pthread_mutex_destroy(&p->turn);
	free(p);
}

/* ---- prepare ---- */

static struct whatif_state whatif_state_of(
        const struct state *s, const struct network *network, const struct ruleset *rs)
{
	return (struct whatif_state){.site = s->site, .flows = &s->flows, .network = network, .rs = rs};
}

static enum firewall_gate stricter(enum firewall_gate a, enum firewall_gate b)
{
	return a > b ? a : b;
}

/* May it be done? A way back may always be gone. */
static int judge(const struct config_push *push, struct plan *plan, int64_t time, struct error *err)
{
	struct whatif_state now = whatif_state_of(&plan->now, &plan->network, plan->live);
	struct whatif_state then = whatif_state_of(&plan->then, &plan->network, plan->promised);
	const struct plane_input plane = {.now = plan->now.site,
	        .then = push->next,
	        .net = &plan->network,
	        .ruleset_now = plan->live,
	        .ruleset_then = plan->promised,
	        .session = push->actor->peer,
	        .time = time};
	struct text said = {0};
	int result;

	plan->gate = stricter(plan->now.site->firewall.gate, push->next->firewall.gate);
	if (push->override != NULL && plan->gate == GATE_REJECT) {
		plan->gate = GATE_WARN;
		text_addf(&said, "the commit gate was overridden: %s\n", push->override);
	}
	plan->judged = true;
	result = gate_check(&now, &then, plan->gate, time, &said, err);
	/* It goes back by itself where nobody who is cut off can confirm it. */
	if (result == 0 && !push->confirmed)
		result = plane_check(&plane, err);
	if (said.len > 0)
		plan_remark(plan, text_str(&said));
	text_fini(&said);
	return result;
}

/* The very table that was there, which is plan->next: a pack or a compiler may be another one since. */
static int plan_return(struct push *p, struct plan *plan, struct error *err)
{
	plan->plan = plan->next.plan;
	plan->next.plan = (struct config_plan){0};
	if (plan->plan.bytes == NULL)
		return nft_encode_table(NULL, &plan->batch, err);
	plan->batch.len = plan->plan.n_byte;
	plan->batch.bytes = xmalloc(plan->batch.len);
	memcpy(plan->batch.bytes, plan->plan.bytes, plan->batch.len);
	if (plan_counters(p, &plan->counters, err) == 0)
		nft_counters_renew(&plan->counters, plan->batch.bytes, plan->batch.len);
	return 0;
}

static int plan_make(struct push *p, const struct config_push *push, struct plan *plan, struct error *err)
{
	const int64_t time = clock_wall_s();
	/* What does not convert requires nothing. */
	const struct site *now = push->now != NULL ? push->now : push->next;

	if (push->taken_back)
		return plan_return(p, plan, err);
	if (p->parts.network(&plan->network, err) != 0 ||
	        plan_state(p, push->catalog, now, &plan->network, time, &plan->now, err) != 0 ||
	        plan_state(p, push->catalog, push->next, &plan->network, time, &plan->then, err) != 0 ||
	        plan_compile(p, plan, err) != 0 || judge(push, plan, time, err) != 0)
		return -1;
	return plan_ask(p, plan, err);
}

static bool concerns_kernel(const struct push *p, const struct config_push *push)
{
	return p->applied.plan.bytes != NULL || push->next->firewall.mode == FIREWALL_ENFORCE;
}

static bool is_installed(const struct plan *plan)
{
	return plan->before.print != NULL && plan->next.print != NULL &&
	       strcmp(plan->before.print, plan->next.print) == 0;
}

static int prepare(void *ctx, const struct config_push *push, struct config_plan **out, struct error *err)
{
	struct push *p = ctx;
	struct plan *plan;
	bool concerns;

	*out = NULL;
	pthread_mutex_lock(&p->turn);
	concerns = concerns_kernel(p, push);
	plan = xcalloc(1, sizeof(*plan));
	plan->before = kept_copy(&p->applied);
	if (push->taken_back)
		plan->next = kept_copy(&p->settled);
	pthread_mutex_unlock(&p->turn);
	if (!concerns) {
		plan_free(plan);
		return 0;
	}
	plan->confirmed = push->confirmed;
	plan->taken_back = push->taken_back;
	snprintf(plan->news.user, sizeof(plan->news.user), "%s", push->actor->user != NULL ? push->actor->user : "");
	plan->news.comment = xstrdup(push->comment != NULL ? push->comment : "");
	if (plan_make(p, push, plan, err) != 0) {
		plan_free(plan);
		return -1;
	}
	if (push->next == push->now && is_installed(plan)) {
		plan_free(plan);
		return 0;
	}
	*out = &plan->plan;
	return 0;
}

/* ---- apply ---- */

static int broken(const struct flow *flow, const struct finding *found, struct error *err)
{
	struct text why = {0};

	why_add(&why, found->evidence);
	error_set(err, ERR_DENIED, flow->label,
	        "%s is %s%.400s, which was not so when this was prepared; see to that, and commit again", flow->label,
	        verdict_name(found->verdict), text_str(&why));
	text_fini(&why);
	return -1;
}

/* What passes as promised is not looked at; the first flow that does not is told with who stops it. */
static int promise_check(const struct plan *plan, const struct ruleset *live, struct error *err)
{
	const struct flows *flows = &plan->then.flows;
	struct findings promised = {0}, found = {0};
	int64_t time = clock_wall_s();
	int result = verify_flows(flows, plan->promised, NULL, plan->then.site, time, &promised, err);

	if (result == 0)
		result = verify_flows(flows, live, NULL, plan->then.site, time, &found, err);
	for (size_t i = 0; i < flows->n && result == 0; i++)
		if (promised.finding[i].verdict == VERDICT_CONFORMANT && found.finding[i].verdict != VERDICT_CONFORMANT)
			result = broken(&flows->flow[i], &found.finding[i], err);
	findings_fini(&promised);
	findings_fini(&found);
	return result;
}

/** What a look at the kernel says of a table that was put there. */
enum proof { AS_PROMISED, NOT_IN_PLACE, NOT_AS_PROMISED, UNREAD };

static enum proof prove(struct push *p, const struct plan *plan, struct error *err)
{
	struct nft_counters counters = {0};
	struct ruleset *live;
	enum proof proof = AS_PROMISED;
	char *have;
	int result = plan_read(p, &live, &counters, err);

	push_count_end(p, result == 0 ? &counters : NULL);
	nft_counters_fini(&counters);
	if (result != 0)
		return UNREAD;
	have = own_print(live);
	if (plan->next.print != NULL && strcmp(plan->next.print, have) != 0) {
		error_set(err, ERR_IO, "inet " OWN_TABLE,
		        "the table that was read back is not the one that was written; commit again");
		proof = NOT_IN_PLACE;
	} else if (plan->judged && promise_check(plan, live, err) != 0) {
		proof = NOT_AS_PROMISED;
	}
	free(have);
	ruleset_free(live);
	return proof;
}

/* It is said, too, that it could not be: who reads "failed" expects what there was. */
static void not_put_back(struct push *p, struct plan *plan, const struct error *why)
{
	char *text = xasprintf("the table inet %s cannot be put back, which is tried again: %s", OWN_TABLE, why->text);

	plan->news.kind = CHANGE_ROLLBACK_FAILED;
	free(plan->news.reason);
	plan->news.reason = xstrdup(text);
	push_tell(p, &plan->news);
	push_deviates(p, text);
	free(text);
}

static int back(struct push *p, struct plan *plan, struct error *err)
{
	struct error why, first = *err;

	if (exchange_back(p, plan, &why) != 0) {
		error_set(err, first.code, first.where[0] != '\0' ? first.where : NULL,
		        "%.400s; and the table inet " OWN_TABLE " cannot be put back, which is tried again: %.200s",
		        first.text, why.text);
		not_put_back(p, plan, &why);
		return -1;
	}
	plan->news.kind = CHANGE_ROLLBACK;
	free(plan->news.reason);
	plan->news.reason = xstrdup(err->text);
	push_tell(p, &plan->news);
	return -1;
}

int push_note(struct push *p, bool touched, struct error *err)
{
	if (p->touched == touched)
		return 0;
	if (p->parts.journal != NULL &&
	        journal_setting_set(p->parts.journal, PUSH_NOTE, touched ? "present" : "absent", err) != 0)
		return -1;
	p->touched = touched;
	return 0;
}

static int put_in(struct push *p, struct plan *plan, struct error *err)
{
	enum proof proof;
	bool lost;

	if (push_note(p, true, err) != 0)
		return -1;
	push_count_begin(p, &plan->counters);
	lost = exchange_apply(p, plan, err) != 0;

	/* An answer that is lost says nothing: the table says it, and where that cannot be read nothing is done. */
	if (lost && err->code != ERR_IO && err->code != ERR_UNAVAILABLE) {
		push_count_end(p, NULL);
		return -1;
	}
	proof = prove(p, plan, err);
	if (proof == UNREAD && lost)
		proof = NOT_IN_PLACE;
	if (proof == NOT_IN_PLACE && plan->taken_back)
		return -1;
	if (proof == NOT_IN_PLACE || (proof != AS_PROMISED && plan->gate == GATE_REJECT))
		return back(p, plan, err);
	if (proof != AS_PROMISED)
		plan_remark(plan, err->text);
	if (plan->judged)
		plan_connections(p, plan);
	plan->done = true;
	return 0;
}

/* A way back that is refused is tried again by who asked for it; that it was is told at once. */
static int apply(void *ctx, struct config_plan *config_plan, struct error *err)
{
	struct push *p = ctx;
	struct plan *plan = (struct plan *)config_plan;

	pthread_mutex_lock(&p->turn);
	plan->holds = true;
	if (put_in(p, plan, err) == 0)
		return 0;
	if (plan->taken_back && !p->rollback_failing) {
		p->rollback_failing = true;
		plan->news.kind = CHANGE_ROLLBACK_FAILED;
		plan_remark(plan, err->text);
		push_tell(p, &plan->news);
	}
	return -1;
}

static void leave(struct push *p, struct plan *plan)
{
	if (plan->holds)
		pthread_mutex_unlock(&p->turn);
	plan->holds = false;
}

static void undo(void *ctx, struct config_plan *config_plan)
{
	struct push *p = ctx;
	struct plan *plan = (struct plan *)config_plan;
	struct error err;

	if (plan->done && exchange_back(p, plan, &err) != 0)
		not_put_back(p, plan, &err);
	plan->done = false;
	leave(p, plan);
}

/* ---- done ---- */

void push_settle(struct push *p)
{
	struct error err;

	kept_fini(&p->settled);
	p->settled = kept_copy(&p->applied);
	/* Where this cannot be written, the next start looks for a table that is not there. */
	if (p->applied.plan.bytes == NULL && push_note(p, false, &err) != 0)
		log_debug("journal: %s", err.text);
}

/* The history says the same of the commit itself. */
static void tell_done(struct push *p, struct plan *plan)
{
	plan->news.kind = plan->taken_back ? CHANGE_ROLLBACK : CHANGE_COMMIT;
	if (plan->taken_back)
		plan_remark(plan, plan->news.comment);
	else if (plan->confirmed)
		plan_remark(plan, "it is taken back unless it is confirmed");
	push_tell(p, &plan->news);
}

static void done(void *ctx, struct config_plan *config_plan, bool stays)
{
	struct push *p = ctx;
	struct plan *plan = (struct plan *)config_plan;

	if (plan == NULL) {
		pthread_mutex_lock(&p->turn);
		if (stays) {
			push_settle(p);
			push_connections_settle(p, NULL, true);
		}
		pthread_mutex_unlock(&p->turn);
		return;
	}
	kept_fini(&p->applied);
	p->applied = (struct kept){plan->plan, plan->next.print};
	plan->plan = (struct config_plan){0};
	plan->next = (struct kept){0};
	if (stays)
		push_settle(p);
	push_connections_settle(p, plan, stays);
	p->unstarted = p->state.available = false;
	p->rollback_failing = false;
	tell_done(p, plan);
	leave(p, plan);
	plan_free(plan);
}

static void drop(void *ctx, struct config_plan *config_plan)
{
	struct plan *plan = (struct plan *)config_plan;

	leave((struct push *)ctx, plan);
	plan_free(plan);
}

struct config_carrier push_carrier(struct push *p)
{
	return (struct config_carrier){p, prepare, apply, undo, done, drop};
}
