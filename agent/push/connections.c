/*
 * Established connections and a change of the ruleset: what the kernel tracks is read and judged between two rulesets, and the
 * connections that the later one would not admit are ended, those and no others.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "push/plan.h"

int push_connections(const struct nft_ops *nft, const struct connection_question *question,
        struct connection_report *out, struct error *err)
{
	struct connection_question q = *question;
	struct connections connections;

	*out = (struct connection_report){0};
	if (nft_connections(nft, &connections, err) != 0)
		return -1;
	q.connections = &connections;
	connections_judge(&q, out);
	connections_fini(&connections);
	return 0;
}

int push_connections_end(
        const struct nft_ops *nft, const struct connection_report *report, size_t *ended, struct error *err)
{
	*ended = 0;
	if (report->n_lost == 0)
		return 0;
	if (nft->connections_end == NULL)
		return error_set(err, ERR_UNSUPPORTED, "connection tracking", "connections cannot be ended from here");
	return nft->connections_end(nft->self, report->lost, report->n_lost, ended, err);
}

/* ---- of a change ---- */

static void tell_lost(struct plan *plan)
{
	const struct connection_report *r = &plan->connections;
	char *example = connection_print(&r->lost[0]);
	const char *rule = r->n_group > 0 && r->group[0].rule != NULL ? r->group[0].rule : NULL;
	char *text = xasprintf("%zu of %zu established connections would not be admitted anew, for example %s%s%s%s",
	        r->n_lost, r->total, example, rule != NULL ? "; the most of them because of " : "",
	        rule != NULL ? rule : "", plan->ends ? "; they are ended when the change stays" : "");

	plan_remark(plan, text);
	free(text);
	free(example);
}

void plan_connections(struct push *p, struct plan *plan)
{
	const struct connection_question q = {.now = plan->live,
	        .then = plan->promised,
	        .site = plan->then.site,
	        .net = &plan->network,
	        .time = clock_wall_s()};
	struct error err;
	char *text;

	plan->ends = plan->then.site->firewall.ends_connections;
	if (push_connections(&p->parts.nft, &q, &plan->connections, &err) != 0) {
		text = xasprintf("it is not known which connections it no longer admits: %s", err.text);
		plan_remark(plan, text);
		free(text);
	} else if (plan->connections.n_lost > 0) {
		tell_lost(plan);
	}
}

static void lost_add(struct push *p, const struct connection_report *more)
{
	if (more->n_lost == 0)
		return;
	p->lost.lost = xrealloc(p->lost.lost, p->lost.n_lost + more->n_lost, sizeof(*p->lost.lost));
	memcpy(p->lost.lost + p->lost.n_lost, more->lost, more->n_lost * sizeof(*more->lost));
	p->lost.n_lost += more->n_lost;
}

void push_connections_settle(struct push *p, const struct plan *plan, bool stays)
{
	struct error err;
	size_t ended = 0;

	if (plan != NULL && plan->ends)
		lost_add(p, &plan->connections);
	if (!stays)
		return;
	if (plan != NULL && plan->taken_back)
		p->lost.n_lost = 0;
	if (push_connections_end(&p->parts.nft, &p->lost, &ended, &err) != 0)
		log_error("connections that are no longer admitted go on: %s", err.text);
	else if (ended > 0)
		log_info("%zu connections that are no longer admitted were ended", ended);
	connection_report_fini(&p->lost);
	p->lost = (struct connection_report){0};
}
