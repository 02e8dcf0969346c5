/*
 * A table on its way into the kernel: in come a configuration and what the kernel has, out go the table, its messages and
 * what a reader will find. Refused is what compile and the kernel refuse.
 */
#include "push/plan.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

void plan_bytes(struct config_plan *out, const void *bytes, size_t n)
{
	*out = (struct config_plan){NULL, n};
	if (bytes == NULL)
		return;
	out->bytes = xmalloc(n);
	memcpy(out->bytes, bytes, n);
}

void kept_fini(struct kept *k)
{
	free(k->plan.bytes);
	free(k->print);
	*k = (struct kept){0};
}

struct kept kept_copy(const struct kept *k)
{
	struct kept copy = {.print = k->print != NULL ? xstrdup(k->print) : NULL};

	plan_bytes(&copy.plan, k->plan.bytes, k->plan.n_byte);
	return copy;
}

static void state_fini(struct state *s)
{
	flows_fini(&s->flows);
	catalog_free(s->catalog);
}

void plan_free(struct plan *plan)
{
	if (plan == NULL)
		return;
	own_table_free(plan->table);
	nft_batch_fini(&plan->batch);
	network_fini(&plan->network);
	state_fini(&plan->now);
	state_fini(&plan->then);
	ruleset_free(plan->live);
	ruleset_free(plan->promised);
	nft_counters_fini(&plan->counters);
	connection_report_fini(&plan->connections);
	kept_fini(&plan->before);
	free(plan->plan.bytes);
	kept_fini(&plan->next);
	free(plan->news.comment);
	free(plan->news.reason);
	free(plan);
}

void plan_remark(struct plan *plan, const char *text)
{
	const char *said = plan->news.reason != NULL ? plan->news.reason : "";
	int len = (int)strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		len--;
	char *all = xasprintf("%s%s%.*s", said, said[0] != '\0' ? "\n" : "", len, text);

	free(plan->news.reason);
	plan->news.reason = all;
}

int plan_read(struct push *p, struct ruleset **out, struct nft_counters *counters, struct error *err)
{
	struct nft_dump dump = {0};
	int result = nft_ruleset(&p->parts.nft, &dump, out, err);

	if (result == 0 && counters != NULL)
		result = nft_counters_read(dump.bytes, dump.len, OWN_TABLE, counters, err);
	nft_dump_fini(&dump);
	if (result == 0) {
		ruleset_share(*out);
		return 0;
	}
	ruleset_free(*out);
	*out = NULL;
	return -1;
}

/* Elements by a digest: there may be many. */
static void set_print(struct text *t, const struct rs_set *set)
{
	size_t size = set->n_field * sizeof(struct range);
	char *keys = xmalloc(set->n_element * size + 1), digest[65];

	for (size_t i = 0; i < set->n_element; i++)
		memcpy(keys + i * size, set->element[i].key, size);
	sha256_hex(keys, set->n_element * size, digest);
	text_addf(t, "set %s %s\n", set->name, digest);
	free(keys);
}

static int set_cmp(const void *a, const void *b)
{
	return strcmp((*(const struct rs_set *const *)a)->name, (*(const struct rs_set *const *)b)->name);
}

/* By name: the kernel lists them as they came, and some stay longer than others. */
static void sets_print(struct text *t, const struct ruleset *rs)
{
	const struct rs_set **own = xcalloc(rs->n_set + 1, sizeof(*own));
	size_t n = 0;

	for (size_t i = 0; i < rs->n_set; i++)
		if (rs->set[i].family == RS_INET && strcmp(rs->set[i].table, OWN_TABLE) == 0)
			own[n++] = &rs->set[i];
	qsort(own, n, sizeof(*own), set_cmp);
	for (size_t i = 0; i < n; i++)
		set_print(t, own[i]);
	free(own);
}

static int chain_cmp(const void *a, const void *b)
{
	return strcmp((*(const struct rs_chain *const *)a)->name, (*(const struct rs_chain *const *)b)->name);
}

static void chain_print(struct text *t, const struct ruleset *rs, const struct rs_chain *c)
{
	text_addf(t, "chain %s", c->name);
	if (c->base)
		text_addf(t, " type %d hook %s priority %d%s", (int)c->type, rs_hook_name(c->hook), c->priority,
		        c->policy == RS_DROP ? " policy drop" : "");
	text_add(t, "\n");
	for (size_t k = 0; k < c->n_rule; k++) {
		char *line = rule_print(rs, c, &c->rule[k]);

		text_addf(t, "%s\n", line);
		free(line);
	}
}

/* By name, for the same reason. */
static void chains_print(struct text *t, const struct ruleset *rs)
{
	const struct rs_chain **own = xcalloc(rs->n_chain + 1, sizeof(*own));
	size_t n = 0;

	for (size_t i = 0; i < rs->n_chain; i++) {
		const struct rs_chain *c = &rs->chain[i];

		if (c->family == RS_INET && strcmp(c->table, OWN_TABLE) == 0)
			own[n++] = c;
	}
	qsort(own, n, sizeof(*own), chain_cmp);
	for (size_t i = 0; i < n; i++)
		chain_print(t, rs, own[i]);
	free(own);
}

/* The own table as the kernel has it, or is to have it; "": none. */
char *own_print(const struct ruleset *rs)
{
	struct text t = {0};

	chains_print(&t, rs);
	sets_print(&t, rs);
	return text_take(&t);
}

int plan_state(struct push *p, struct catalog *installed, const struct site *site, const struct network *network,
        int64_t time, struct state *out, struct error *err)
{
	out->site = site;
	if (installed == NULL)
		return error_set(err, ERR_UNAVAILABLE, NULL, "there is no catalog yet; try again in a moment");
	if (pins_catalog(p->parts.pins, site, installed, &out->catalog, err) != 0)
		return -1;
	return flows_derive(site, out->catalog, network, time, &out->flows, err);
}

int plan_compile(struct push *p, struct plan *plan, struct error *err)
{
	const struct compile_input in = {plan->then.site, &plan->then.flows, plan->then.catalog};
	int result = plan_read(p, &plan->live, &plan->counters, err);

	if (result == 0 && plan->then.site->firewall.mode == FIREWALL_ENFORCE) {
		result = compile(&in, &plan->table, err);
		if (result == 0)
			nft_counters_apply(&plan->counters, plan->table);
	}
	if (result == 0)
		result = ruleset_with_own_table(plan->live, plan->table, &plan->promised, err);
	return result;
}

static int next_print(struct plan *plan, struct error *err)
{
	struct ruleset *alone;

	if (plan->table == NULL) {
		plan->next.print = xstrdup("");
		return 0;
	}
	if (own_table_ruleset(plan->table, &alone, err) != 0)
		return -1;
	plan->next.print = own_print(alone);
	ruleset_free(alone);
	return 0;
}

int plan_ask(struct push *p, struct plan *plan, struct error *err)
{
	struct nft_answer answer;

	if (nft_encode_table(plan->table, &plan->batch, err) != 0 ||
	        p->parts.nft.check(p->parts.nft.self, &plan->batch, &answer, err) != 0)
		return -1;
	if (plan->table != NULL)
		plan_bytes(&plan->plan, plan->batch.bytes, plan->batch.len);
	return next_print(plan, err);
}
