/*
 * What rules say to one user: an operation, a notification or a data node comes in, a decision goes out. Rules that ask
 * for keys lie in hash tables, one for each set of keys that some rule asks for; the first of the others is remembered
 * per schema node: a decision costs the same however many rules there are.
 */
#include <stdlib.h>
#include <string.h>

#include "netconf/nacm_rules.h"
#include "portcullis/alloc.h"

#define DATA_OPS 4u /* create, read, update, delete */
#define TOLD 16u

/* A rule that asks for keys. */
struct keyed {
	size_t order;
	struct keyed *next; /* same keys, a later rule */
};

/* Rules whose paths end in one schema node and ask for the same keys. */
struct shape {
	const struct acm_path *like;
	size_t first_deny[DATA_OPS]; /* order of the first rule that denies */
	struct keyed **slot; /* a power of two, at most half taken */
	size_t n_slot, n_used;
};

struct decision {
	const struct lysc_node *schema;
	size_t order[DATA_OPS]; /* of the first rule without keys; SIZE_MAX: the default */
	bool permit[DATA_OPS];
	bool known; /* `below` is */
	bool below; /* all below is readable, whatever the keys */
	struct shape **shape; /* those whose path leads here or above */
	size_t n_shape, cap_shape;
};

struct nacm_view {
	struct nacm *nacm;
	char *user;
	bool all;
	const struct nacm_rule **rule;
	size_t n_rule;
	struct shape *shape;
	size_t n_shape, cap_shape;
	struct decision **slot; /* by schema node; a power of two, at most half taken */
	size_t n_slot, n_used;
	struct {
		const struct lysc_node *notification;
		bool permit;
	} told[TOLD];
};

static uint64_t hash_add(uint64_t hash, const char *value)
{
	for (; *value != '\0'; value++)
		hash = (hash ^ (unsigned char)*value) * 1099511628211u;
	return (hash ^ 0xff) * 1099511628211u;
}

static bool same_keys(const struct acm_path *a, const struct acm_path *b)
{
	if (a->node != b->node || a->n_key != b->n_key)
		return false;
	for (size_t i = 0; i < a->n_key; i++)
		if (a->key[i].node != b->key[i].node)
			return false;
	return true;
}

static struct shape *shape_of(struct nacm_view *v, const struct acm_path *path)
{
	for (size_t i = 0; i < v->n_shape; i++)
		if (same_keys(v->shape[i].like, path))
			return &v->shape[i];
	v->shape = xgrow(v->shape, v->n_shape, &v->cap_shape, sizeof(*v->shape));
	struct shape *s = &v->shape[v->n_shape++];
	*s = (struct shape){.like = path};
	for (unsigned op = 0; op < DATA_OPS; op++)
		s->first_deny[op] = SIZE_MAX;
	return s;
}

/* $USER is whom the view is about. */
static const char *wanted(const struct nacm_view *v, const struct acm_key *key)
{
	return key->value != NULL ? key->value : v->user;
}

static uint64_t hash_of(const struct nacm_view *v, const struct acm_path *path)
{
	uint64_t hash = 14695981039346656037u;
	for (size_t i = 0; i < path->n_key; i++)
		hash = hash_add(hash, wanted(v, &path->key[i]));
	return hash;
}

static bool same_values(const struct nacm_view *v, const struct acm_path *a, const struct acm_path *b)
{
	for (size_t i = 0; i < a->n_key; i++)
		if (strcmp(wanted(v, &a->key[i]), wanted(v, &b->key[i])) != 0)
			return false;
	return true;
}

static struct keyed **shape_place(const struct nacm_view *v, const struct shape *s, const struct acm_path *path)
{
	size_t i = hash_of(v, path) & (s->n_slot - 1);
	while (s->slot[i] != NULL && !same_values(v, &v->rule[s->slot[i]->order]->path, path))
		i = (i + 1) & (s->n_slot - 1);
	return &s->slot[i];
}

static void shape_grow(const struct nacm_view *v, struct shape *s)
{
	struct keyed **old = s->slot;
	size_t n = s->n_slot;
	s->n_slot = n == 0 ? 16 : 2 * n;
	s->slot = xcalloc(s->n_slot, sizeof(struct keyed *));
	for (size_t i = 0; i < n; i++)
		if (old[i] != NULL)
			*shape_place(v, s, &v->rule[old[i]->order]->path) = old[i];
	free(old);
}

/* Has an earlier rule of the same keys decided whatever this one could? Then it need not be kept. */
static bool is_shadowed(const struct nacm_view *v, const struct keyed *first, const struct nacm_rule *rule)
{
	unsigned left = rule->ops;
	for (; first != NULL && left != 0; first = first->next) {
		const struct nacm_rule *earlier = v->rule[first->order];
		if (earlier->module == NULL || earlier->module == rule->module)
			left &= ~earlier->ops;
	}
	return left == 0;
}

static void add_keyed(struct nacm_view *v, size_t order)
{
	const struct nacm_rule *rule = v->rule[order];
	struct shape *s = shape_of(v, &rule->path);
	if (2 * (s->n_used + 1) > s->n_slot)
		shape_grow(v, s);
	struct keyed **place = shape_place(v, s, &rule->path);
	s->n_used += *place == NULL;
	if (is_shadowed(v, *place, rule))
		return;
	while (*place != NULL)
		place = &(*place)->next;
	*place = xcalloc(1, sizeof(**place));
	(*place)->order = order;
	for (unsigned op = 0; op < DATA_OPS; op++)
		if (!rule->permit && (rule->ops & 1u << op) != 0 && order < s->first_deny[op])
			s->first_deny[op] = order;
}

struct nacm_view *nacm_view_new(struct nacm *nacm, const struct nacm_user *user)
{
	struct nacm_view *v = xcalloc(1, sizeof(*v));
	v->nacm = nacm_ref(nacm);
	v->user = xstrdup(user->name);
	v->n_rule = nacm_rules_of(nacm, user, &v->rule);
	const struct nacm_rule *first = v->n_rule > 0 ? v->rule[0] : NULL;
	v->all = user->recovery || !nacm->enabled ||
	         (first != NULL && first->permit && first->kind == NACM_RULE_ANY && first->module == NULL &&
	                 (first->ops & NACM_ALL_OPS) == NACM_ALL_OPS);
	for (size_t i = 0; !v->all && i < v->n_rule; i++)
		if (v->rule[i]->kind == NACM_RULE_DATA && v->rule[i]->path.n_key > 0)
			add_keyed(v, i);
	return v;
}

static void shape_fini(struct shape *s)
{
	for (size_t i = 0; i < s->n_slot; i++)
		for (struct keyed *k = s->slot[i], *next; k != NULL; k = next) {
			next = k->next;
			free(k);
		}
	free(s->slot);
}

void nacm_view_free(struct nacm_view *view)
{
	if (view == NULL)
		return;
	for (size_t i = 0; i < view->n_shape; i++)
		shape_fini(&view->shape[i]);
	for (size_t i = 0; i < view->n_slot; i++)
		if (view->slot[i] != NULL) {
			free(view->slot[i]->shape);
			free(view->slot[i]);
		}
	free(view->shape);
	free(view->slot);
	free(view->rule);
	free(view->user);
	nacm_unref(view->nacm);
	free(view);
}

const struct nacm *nacm_view_rules(const struct nacm_view *view)
{
	return view->nacm;
}

bool nacm_permits_all(const struct nacm_view *view)
{
	return view->all;
}

static bool has_extension(const struct lysc_node *node, const char *name)
{
	LY_ARRAY_COUNT_TYPE i;
	LY_ARRAY_FOR(node->exts, i)
	{
		const struct lysc_ext *def = node->exts[i].def;
		if (strcmp(def->name, name) == 0 && strcmp(def->module->name, "ietf-netconf-acm") == 0)
			return true;
	}
	return false;
}

/* The first rule for an operation or a notification, or NULL. */
static const struct nacm_rule *first_rule(
        const struct nacm_view *v, const struct lysc_node *node, enum nacm_kind kind, enum nacm_op op)
{
	for (size_t i = 0; i < v->n_rule; i++) {
		const struct nacm_rule *r = v->rule[i];
		if ((r->kind == NACM_RULE_ANY || r->kind == kind) && (r->ops & 1u << op) != 0 &&
		        (r->module == NULL || r->module == node->module) &&
		        (r->name == NULL || strcmp(r->name, node->name) == 0))
			return r;
	}
	return NULL;
}

bool nacm_executes(const struct nacm_view *view, const struct lysc_node *rpc)
{
	bool base = strcmp(rpc->module->name, "ietf-netconf") == 0;
	if (view->all || (base && strcmp(rpc->name, "close-session") == 0))
		return true;
	const struct nacm_rule *rule = first_rule(view, rpc, NACM_RULE_RPC, NACM_EXEC);
	if (rule != NULL)
		return rule->permit;
	if (has_extension(rpc, "default-deny-all") ||
	        (base && (strcmp(rpc->name, "kill-session") == 0 || strcmp(rpc->name, "delete-config") == 0)))
		return false;
	return view->nacm->exec;
}

static bool notifies(const struct nacm_view *v, const struct lysc_node *notification)
{
	const char *name = notification->name;
	if (strcmp(notification->module->name, "nc-notifications") == 0 &&
	        (strcmp(name, "replayComplete") == 0 || strcmp(name, "notificationComplete") == 0))
		return true;
	const struct nacm_rule *rule = first_rule(v, notification, NACM_RULE_NOTIFICATION, NACM_READ);
	if (rule != NULL)
		return rule->permit;
	return v->nacm->read && !has_extension(notification, "default-deny-all");
}

bool nacm_notifies(struct nacm_view *view, const struct lysc_node *notification)
{
	size_t i = 0;
	if (view->all)
		return true;
	while (i < TOLD - 1 && view->told[i].notification != NULL && view->told[i].notification != notification)
		i++;
	if (view->told[i].notification != notification) {
		view->told[i].notification = notification;
		view->told[i].permit = notifies(view, notification);
	}
	return view->told[i].permit;
}

/* Data */

static bool leads_to(const struct acm_path *path, const struct lysc_node *node)
{
	if (path->node == NULL)
		return true;
	while (node != NULL && node != path->node)
		node = node->parent;
	return node != NULL;
}

/* RFC 8341 section 3.4.5, the last steps: what the models and the defaults say when no rule does. */
static bool by_default(const struct nacm_view *v, const struct lysc_node *node, unsigned op)
{
	for (; node != NULL; node = node->parent)
		if (has_extension(node, "default-deny-all") ||
		        (op != NACM_READ && has_extension(node, "default-deny-write")))
			return false;
	return op == NACM_READ ? v->nacm->read : v->nacm->write;
}

static struct decision *decision_new(struct nacm_view *v, const struct lysc_node *schema)
{
	struct decision *d = xcalloc(1, sizeof(*d));
	unsigned left = (1u << DATA_OPS) - 1;
	d->schema = schema;
	for (size_t i = 0; i < v->n_rule && left != 0; i++) {
		const struct nacm_rule *r = v->rule[i];
		bool data = r->kind == NACM_RULE_DATA;
		if ((r->ops & left) == 0 || (r->module != NULL && r->module != schema->module) ||
		        (r->kind != NACM_RULE_ANY && !data) ||
		        (data && (r->path.n_key > 0 || !leads_to(&r->path, schema))))
			continue;
		for (unsigned op = 0; op < DATA_OPS; op++)
			if ((r->ops & left & 1u << op) != 0) {
				d->order[op] = i;
				d->permit[op] = r->permit;
			}
		left &= ~r->ops;
	}
	for (unsigned op = 0; op < DATA_OPS; op++)
		if ((left & 1u << op) != 0) {
			d->order[op] = SIZE_MAX;
			d->permit[op] = by_default(v, schema, op);
		}
	for (size_t i = 0; i < v->n_shape; i++)
		if (leads_to(v->shape[i].like, schema)) {
			d->shape = xgrow(d->shape, d->n_shape, &d->cap_shape, sizeof(struct shape *));
			d->shape[d->n_shape++] = &v->shape[i];
		}
	return d;
}

static size_t decision_slot(const struct nacm_view *v, const struct lysc_node *schema)
{
	size_t i = (size_t)((uint64_t)(uintptr_t)schema * 0x9e3779b97f4a7c15u >> 32) & (v->n_slot - 1);
	while (v->slot[i] != NULL && v->slot[i]->schema != schema)
		i = (i + 1) & (v->n_slot - 1);
	return i;
}

static void decisions_grow(struct nacm_view *v)
{
	struct decision **old = v->slot;
	size_t n = v->n_slot;
	v->n_slot = n == 0 ? 256 : 2 * n;
	v->slot = xcalloc(v->n_slot, sizeof(struct decision *));
	for (size_t i = 0; i < n; i++)
		if (old[i] != NULL)
			v->slot[decision_slot(v, old[i]->schema)] = old[i];
	free(old);
}

static struct decision *decision_of(struct nacm_view *v, const struct lysc_node *schema)
{
	if (2 * (v->n_used + 1) > v->n_slot)
		decisions_grow(v);
	size_t i = decision_slot(v, schema);
	if (v->slot[i] == NULL) {
		v->slot[i] = decision_new(v, schema);
		v->n_used++;
	}
	return v->slot[i];
}

/* What is asked about: a node, or where one was. */
struct instance {
	const struct lysc_node *schema;
	const struct lyd_node *node; /* NULL: */
	const struct acm_path *path; /* it and all keys on the way */
};

static const char *path_value(const struct acm_path *path, const struct lysc_node *key)
{
	for (size_t i = 0; i < path->n_key; i++)
		if (path->key[i].node == key)
			return path->key[i].value;
	return NULL;
}

/* The value that a node, or what it is in, has for a key of a path; NULL: none. */
static const char *key_value(const struct instance *i, const struct lysc_node *key)
{
	const struct lysc_node *owner = key->nodetype == LYS_LEAFLIST ? key : key->parent;
	const struct lyd_node *node = i->node, *child;
	if (node == NULL)
		return path_value(i->path, key);
	while (node != NULL && node->schema != owner)
		node = lyd_parent(node);
	if (node == NULL || owner == key)
		return lyd_get_value(node);
	LY_LIST_FOR(lyd_child(node), child)
	{
		if (child->schema == key)
			return lyd_get_value(child);
	}
	return NULL;
}

/* Rules of a shape whose keys the instance has. */
static const struct keyed *shape_find(const struct nacm_view *v, const struct shape *s, const struct instance *of)
{
	const struct acm_path *like = s->like;
	uint64_t hash = 14695981039346656037u;
	for (size_t k = 0; k < like->n_key; k++) {
		const char *value = key_value(of, like->key[k].node);
		if (value == NULL)
			return NULL;
		hash = hash_add(hash, value);
	}
	for (size_t i = hash & (s->n_slot - 1); s->slot[i] != NULL; i = (i + 1) & (s->n_slot - 1)) {
		const struct acm_path *path = &v->rule[s->slot[i]->order]->path;
		size_t k = 0;
		while (k < path->n_key && strcmp(wanted(v, &path->key[k]), key_value(of, path->key[k].node)) == 0)
			k++;
		if (k == path->n_key)
			return s->slot[i];
	}
	return NULL;
}

static bool permits(struct nacm_view *view, const struct instance *of, enum nacm_op op)
{
	const struct decision *d = decision_of(view, of->schema);
	size_t order = d->order[op];
	bool permit = d->permit[op];
	for (size_t i = 0; i < d->n_shape; i++) {
		const struct keyed *k = shape_find(view, d->shape[i], of);
		for (; k != NULL && k->order < order; k = k->next) {
			const struct nacm_rule *rule = view->rule[k->order];
			if ((rule->ops & 1u << op) != 0 &&
			        (rule->module == NULL || rule->module == of->schema->module)) {
				order = k->order;
				permit = rule->permit;
			}
		}
	}
	return permit;
}

bool nacm_permits(struct nacm_view *view, const struct lyd_node *node, enum nacm_op op)
{
	if (view->all || node->schema == NULL)
		return true;
	return permits(view, &(struct instance){node->schema, node, NULL}, op);
}

bool nacm_reads_path(struct nacm_view *view, const struct acm_path *path)
{
	for (const struct lysc_node *up = path->node; up != NULL && !view->all; up = up->parent) {
		const struct lysc_node *key = up->nodetype == LYS_LIST ? lysc_node_child(up) : NULL;
		if ((up->nodetype & (LYS_CHOICE | LYS_CASE)) != 0)
			continue;
		if (!permits(view, &(struct instance){up, NULL, path}, NACM_READ))
			return false;
		for (; key != NULL && lysc_is_key(key); key = key->next)
			if (!permits(view, &(struct instance){key, NULL, path}, NACM_READ))
				return false;
	}
	return true;
}

/* Is this node readable whatever its keys are? */
static bool reads_every(const struct decision *d)
{
	for (size_t i = 0; i < d->n_shape; i++)
		if (d->shape[i]->first_deny[NACM_READ] < d->order[NACM_READ])
			return false;
	return d->permit[NACM_READ];
}

bool nacm_reads_below(struct nacm_view *view, const struct lysc_node *node)
{
	const struct lysc_node *child = NULL;
	if (view->all)
		return true;
	struct decision *d = decision_of(view, node);
	if (d->known)
		return d->below;
	d->known = d->below = true;
	while (d->below && (child = lys_getnext(child, node, NULL, 0)) != NULL)
		d->below = reads_every(decision_of(view, child)) && nacm_reads_below(view, child);
	return d->below;
}

bool nacm_reads_all(struct nacm_view *view, const struct lysc_node *node)
{
	if (view->all)
		return true;
	for (const struct lysc_node *up = node; up != NULL; up = up->parent)
		if ((up->nodetype & (LYS_CHOICE | LYS_CASE)) == 0 && !reads_every(decision_of(view, up)))
			return false;
	return nacm_reads_below(view, node);
}
