/*
 * A change of running and the kernel: the steps of a carrier, in their order. Without one nothing is done and nothing is
 * refused.
 */
#include <string.h>

#include "config/store.h"
#include "portcullis/journal.h"

void config_set_carrier(struct config *c, const struct config_carrier *carrier)
{
	pthread_mutex_lock(&c->writer);
	c->carrier = carrier != NULL ? *carrier : (struct config_carrier){0};
	pthread_mutex_unlock(&c->writer);
}

/* Of the site, or of what the table is made of: all but how the agent itself is to behave. */
static bool concerns_table(const struct lysc_node *schema)
{
	static const char *const settings[] = {"notification", "retention", "netconf-server"};

	if (strcmp(schema->module->name, "portcullis") != 0)
		return false;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (strcmp(schema->name, settings[i]) == 0)
			return false;
	return true;
}

bool carry_concerns(const struct config *c, const struct version *next)
{
	return c->site == NULL || version_differs(c->version[DATASTORE_RUNNING], next, concerns_table);
}

int carry_prepare(struct config *c, const struct config_push *push, struct config_plan **plan, struct error *err)
{
	*plan = NULL;
	return c->carrier.prepare != NULL ? c->carrier.prepare(c->carrier.ctx, push, plan, err) : 0;
}

int carry_try(struct config *c, const struct config_actor *actor, const struct site *next, struct error *err)
{
	const struct config_push push = {.now = c->site, .next = next, .catalog = c->catalog, .actor = actor};
	struct config_plan *plan;

	if (carry_prepare(c, &push, &plan, err) != 0)
		return -1;
	if (plan != NULL)
		c->carrier.drop(c->carrier.ctx, plan);
	return 0;
}

int carry_apply(struct config *c, struct config_plan *plan, struct error *err)
{
	if (plan == NULL || c->carrier.apply(c->carrier.ctx, plan, err) == 0)
		return 0;
	c->carrier.drop(c->carrier.ctx, plan);
	return -1;
}

void carry_undo(struct config *c, struct config_plan *plan)
{
	if (plan == NULL)
		return;
	c->carrier.undo(c->carrier.ctx, plan);
	c->carrier.drop(c->carrier.ctx, plan);
}

void carry_done(struct config *c, struct config_plan *plan, bool stays)
{
	if (c->carrier.done != NULL)
		c->carrier.done(c->carrier.ctx, plan, stays);
}

void carry_note(const struct config_plan *plan, struct journal_commit *commit)
{
	if (plan == NULL)
		return;
	commit->table = plan->bytes != NULL ? JOURNAL_TABLE_IS : JOURNAL_TABLE_NONE;
	commit->bytes = plan->bytes;
	commit->n_byte = plan->n_byte;
}
