/*
 * One message of a dump or an event into the mirror: tables, chains, sets, elements, flowtables and rules come in with
 * their place. Events are taken in the order in which the kernel tells them while it commits, so a rule may stand behind
 * one that is told later. What names something unknown, comes twice or can be read in two ways is refused.
 */
#include <endian.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/mirror.h"

#define NAME_MAX_BYTES 256 /* NFT_NAME_MAXLEN */
#define WAITING_MAX 4096
#define BYTES_MAX ((size_t)1 << 29)
#define TABLE_OWNER 2u /* NFT_TABLE_F_OWNER: goes without an event when its owner does, */
#define TABLE_PERSIST 4u /* unless NFT_TABLE_F_PERSIST */

struct key {
	uint8_t bytes[NAME_MAX_BYTES + 1];
	size_t len;
};

static int refuse(struct error *err, const char *what)
{
	return error_set(err, ERR_UNAVAILABLE, "mirror", "%s", what);
}

/* A name after a first byte; with_family: that byte counts. */
static bool key_name(const struct nlattr *attr, uint8_t family, bool with_family, struct key *out)
{
	if (attr == NULL)
		return false;
	const char *s = mnl_attr_get_payload(attr);
	size_t len = strnlen(s, mnl_attr_get_payload_len(attr)), first = with_family ? 1 : 0;

	if (len == 0 || len >= NAME_MAX_BYTES)
		return false;
	out->bytes[0] = family;
	memcpy(out->bytes + first, s, len);
	out->len = first + len;
	return true;
}

static struct mirror_object *table_find(const struct mirror *m, uint8_t family, const struct nlattr *name)
{
	struct key key;

	if (!key_name(name, family, true, &key))
		return NULL;
	return store_find(&m->store, MIRROR_TABLE, NULL, key.bytes, key.len);
}

static void count(struct mirror *m, const struct mirror_object *o, bool more)
{
	size_t *n = NULL;

	if (o->kind == MIRROR_FLOWTABLE || (o->kind == MIRROR_CHAIN && o->has_devices))
		n = &m->n_devices;
	else if ((o->kind == MIRROR_TABLE && (o->flags & (TABLE_OWNER | TABLE_PERSIST)) == TABLE_OWNER) ||
	         (o->kind == MIRROR_SET && (o->flags & (NFT_SET_EVAL | NFT_SET_TIMEOUT)) != 0))
		n = &m->n_silent;
	if (n != NULL)
		*n = more ? *n + 1 : *n - 1;
}

/* A new object behind its siblings, or another message for one that is there. */
static struct mirror_object *put_object(struct mirror *m, enum mirror_kind kind, struct mirror_object *parent,
        const struct key *key, const struct mirror_message *message)
{
	struct mirror_object *o = store_find(&m->store, kind, parent, key->bytes, key->len);

	if (kind == MIRROR_ELEMENT)
		parent->stale = true;
	else if (kind != MIRROR_SET || o != NULL)
		m->reshaped = true;
	if (o != NULL) {
		count(m, o, false);
		store_replace(&m->store, o, message->bytes, message->len);
	} else {
		o = store_add(&m->store, kind, parent, key->bytes, key->len, message->bytes, message->len);
		store_place_last(&m->store, o);
	}
	return o;
}

static void drop_object(struct mirror *m, struct mirror_object *o)
{
	for (int kind = 0; o->kind == MIRROR_TABLE && kind < MIRROR_KINDS; kind++)
		for (const struct mirror_object *p = o->part[kind].first; p != NULL; p = p->next)
			count(m, p, false);
	count(m, o, false);
	/* A set without a name is known to its rule alone, which goes too. */
	if (o->kind != MIRROR_SET || (o->flags & NFT_SET_ANONYMOUS) == 0)
		m->reshaped = true;
	else if (o->slot != SIZE_MAX)
		m->n_dead++;
	store_remove(&m->store, o);
}

static int take_table(struct mirror *m, const struct mirror_message *message, bool delete, struct error *err)
{
	const struct nlattr *tb[NFTA_TABLE_MAX + 1];
	struct key key;

	if (!attrs_parse(message->attrs, message->attrs_len, tb, NFTA_TABLE_MAX + 1) ||
	        !key_name(tb[NFTA_TABLE_NAME], message->family, true, &key))
		return refuse(err, "a table without a name");
	if (!delete) {
		struct mirror_object *o = put_object(m, MIRROR_TABLE, NULL, &key, message);

		o->flags = 0;
		attr_u32(tb[NFTA_TABLE_FLAGS], &o->flags);
		count(m, o, true);
		return 0;
	}
	struct mirror_object *o = store_find(&m->store, MIRROR_TABLE, NULL, key.bytes, key.len);
	if (o == NULL || m->n_waiting > 0)
		return refuse(err, "an unknown table was deleted");
	drop_object(m, o);
	return 0;
}

/* The same chain under another name: whatever jumps there now says something else. */
static bool is_renamed(const struct mirror_object *table, uint64_t handle)
{
	for (const struct mirror_object *o = table->part[MIRROR_CHAIN].first; o != NULL; o = o->next)
		if (o->handle == handle)
			return true;
	return false;
}

static bool has_devices(uint8_t family, const struct nlattr *hook)
{
	const struct nlattr *tb[NFTA_HOOK_MAX + 1];

	return hook != NULL && (family == NFPROTO_NETDEV || !attrs_nested(hook, tb, NFTA_HOOK_MAX + 1) ||
	                               tb[NFTA_HOOK_DEV] != NULL || tb[NFTA_HOOK_DEVS] != NULL);
}

static int take_chain(
        struct mirror *m, const struct mirror_message *message, bool event, bool delete, struct error *err)
{
	const struct nlattr *tb[NFTA_CHAIN_MAX + 1];
	struct mirror_object *table, *o;
	struct key key;
	uint64_t handle = 0;

	if (!attrs_parse(message->attrs, message->attrs_len, tb, NFTA_CHAIN_MAX + 1) ||
	        !key_name(tb[NFTA_CHAIN_NAME], 0, false, &key) || !attr_u64(tb[NFTA_CHAIN_HANDLE], &handle))
		return refuse(err, "a chain without a name or handle");
	table = table_find(m, message->family, tb[NFTA_CHAIN_TABLE]);
	if (table == NULL)
		return refuse(err, "a chain of an unknown table");
	o = store_find(&m->store, MIRROR_CHAIN, table, key.bytes, key.len);
	if (o != NULL && o->handle != handle)
		return refuse(err, "a chain with another handle than was known");
	if (o != NULL && (!event || has_devices(message->family, tb[NFTA_CHAIN_HOOK])))
		return refuse(err, "a change of a chain's devices");
	if (delete) {
		if (o == NULL || o->part[MIRROR_RULE].first != NULL || m->n_waiting > 0)
			return refuse(err, "a chain was deleted that was not known to be empty");
		drop_object(m, o);
		return 0;
	}
	if (o == NULL && event && is_renamed(table, handle))
		return refuse(err, "a chain was renamed");
	o = put_object(m, MIRROR_CHAIN, table, &key, message);
	o->handle = handle;
	o->has_devices = has_devices(message->family, tb[NFTA_CHAIN_HOOK]);
	count(m, o, true);
	return 0;
}

static int take_set(struct mirror *m, const struct mirror_message *message, bool delete, struct error *err)
{
	const struct nlattr *tb[NFTA_SET_MAX + 1];
	struct mirror_object *table, *o;
	struct key key;

	if (!attrs_parse(message->attrs, message->attrs_len, tb, NFTA_SET_MAX + 1) ||
	        !key_name(tb[NFTA_SET_NAME], 0, false, &key))
		return refuse(err, "a set without a name");
	table = table_find(m, message->family, tb[NFTA_SET_TABLE]);
	if (table == NULL)
		return refuse(err, "a set of an unknown table");
	if (delete) {
		o = store_find(&m->store, MIRROR_SET, table, key.bytes, key.len);
		if (o == NULL)
			return refuse(err, "an unknown set was deleted");
		drop_object(m, o);
		return 0;
	}
	o = put_object(m, MIRROR_SET, table, &key, message);
	o->flags = 0;
	attr_u32(tb[NFTA_SET_FLAGS], &o->flags);
	if ((o->flags & NFT_SET_ANONYMOUS) == 0)
		m->reshaped = true;
	count(m, o, true);
	return 0;
}

static int take_flowtable(struct mirror *m, const struct mirror_message *message, bool delete, struct error *err)
{
	const struct nlattr *tb[NFTA_FLOWTABLE_MAX + 1];
	struct mirror_object *table, *o;
	struct key key;

	if (!attrs_parse(message->attrs, message->attrs_len, tb, NFTA_FLOWTABLE_MAX + 1) ||
	        !key_name(tb[NFTA_FLOWTABLE_NAME], 0, false, &key))
		return refuse(err, "a flowtable without a name");
	table = table_find(m, message->family, tb[NFTA_FLOWTABLE_TABLE]);
	if (table == NULL)
		return refuse(err, "a flowtable of an unknown table");
	if (!delete) {
		count(m, put_object(m, MIRROR_FLOWTABLE, table, &key, message), true);
		return 0;
	}
	o = store_find(&m->store, MIRROR_FLOWTABLE, table, key.bytes, key.len);
	/* With a list of devices it may be these alone that leave. */
	if (o == NULL || tb[NFTA_FLOWTABLE_HOOK] != NULL)
		return refuse(err, "a flowtable or some of its devices were deleted");
	drop_object(m, o);
	return 0;
}

/* What tells an element from the others: its key, the end of its range, whether it is an edge or the rest. */
static bool element_key(const struct nlattr *attr, struct key *out)
{
	const struct nlattr *tb[NFTA_SET_ELEM_MAX + 1];
	const uint8_t *bytes;
	size_t len;
	uint32_t flags = 0;

	if (!attrs_nested(attr, tb, NFTA_SET_ELEM_MAX + 1))
		return false;
	attr_u32(tb[NFTA_SET_ELEM_FLAGS], &flags);
	out->bytes[0] = (uint8_t)(flags & (NFT_SET_ELEM_INTERVAL_END | NFT_SET_ELEM_CATCHALL));
	out->len = 1;
	if ((flags & NFT_SET_ELEM_CATCHALL) != 0)
		return true;
	if (!attr_data(tb[NFTA_SET_ELEM_KEY], &bytes, &len))
		return false;
	memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
	if (tb[NFTA_SET_ELEM_KEY_END] == NULL)
		return true;
	if (!attr_data(tb[NFTA_SET_ELEM_KEY_END], &bytes, &len))
		return false;
	memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
	return true;
}

static int take_element(
        struct mirror *m, struct mirror_object *set, const struct nlattr *attr, bool delete, struct error *err)
{
	struct key key;
	struct mirror_message bytes = {.bytes = (const uint8_t *)attr, .len = attr->nla_len};
	struct mirror_object *o;

	if (attr->nla_len > MIRROR_LIST_MAX / 2 || !element_key(attr, &key))
		return refuse(err, "an element whose key cannot be read");
	if (!delete) {
		put_object(m, MIRROR_ELEMENT, set, &key, &bytes);
		return 0;
	}
	o = store_find(&m->store, MIRROR_ELEMENT, set, key.bytes, key.len);
	set->stale = true;
	if (o != NULL)
		store_remove(&m->store, o);
	else if ((set->flags & (NFT_SET_EVAL | NFT_SET_TIMEOUT)) == 0)
		return refuse(err, "an unknown element was deleted");
	return 0;
}

static int take_elements(struct mirror *m, const struct mirror_message *message, bool delete, struct error *err)
{
	const struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1], *attr;
	struct mirror_object *table, *set = NULL;
	struct key key;
	int more;

	if (attrs_parse(message->attrs, message->attrs_len, tb, NFTA_SET_ELEM_LIST_MAX + 1) &&
	        key_name(tb[NFTA_SET_ELEM_LIST_SET], 0, false, &key) &&
	        (table = table_find(m, message->family, tb[NFTA_SET_ELEM_LIST_TABLE])) != NULL)
		set = store_find(&m->store, MIRROR_SET, table, key.bytes, key.len);
	if (set == NULL)
		return refuse(err, "elements of an unknown set");
	if (delete &&tb[NFTA_SET_ELEM_LIST_ELEMENTS] == NULL)
		return refuse(err, "elements were deleted that are not named");
	struct attr_list list = attr_list(tb[NFTA_SET_ELEM_LIST_ELEMENTS]);
	while ((more = attr_list_next(&list, &attr)) > 0)
		if (take_element(m, set, attr, delete, err) != 0)
			return -1;
	return more == 0 ? 0 : refuse(err, "a broken list of elements");
}

static struct mirror_object *rule_find(const struct mirror *m, struct mirror_object *chain, uint64_t handle)
{
	return store_find(&m->store, MIRROR_RULE, chain, &handle, sizeof(handle));
}

/* Rules that wait for this one, and those that wait for them. */
static void place_waiting(struct mirror *m, struct mirror_object *rule)
{
	for (size_t i = m->n_waiting; rule != NULL && i > 0; i--) {
		struct mirror_waiting *w = &m->waiting[i - 1];

		if (w->rule->parent != rule->parent || memcmp(&w->behind, rule->key, sizeof(w->behind)) != 0)
			continue;
		store_place_after(&m->store, w->rule, rule);
		rule = w->rule;
		*w = m->waiting[--m->n_waiting];
		i = m->n_waiting + 1;
	}
}

static int rule_wait(struct mirror *m, struct mirror_object *rule, uint64_t behind, struct error *err)
{
	if (m->n_waiting >= WAITING_MAX)
		return refuse(err, "too many rules whose place is not told yet");
	m->waiting = xgrow(m->waiting, m->n_waiting, &m->cap_waiting, sizeof(*m->waiting));
	m->waiting[m->n_waiting++] = (struct mirror_waiting){rule, behind};
	return 0;
}

/*
 * The position of an event is the rule before this one in the kernel's list, which has all that the transaction creates
 * and what it has yet to delete; none: this one is the first, or it is the last. What was appended is the last and what
 * was inserted the first, unless it was put beside a rule that the transaction had deleted before. What is behind the
 * rule that it replaces is behind it too, so a replacement takes the place of the other, whatever its position says.
 */
static int rule_place(struct mirror *m, struct mirror_object *rule, const struct mirror_message *message,
        const struct nlattr *position, struct error *err)
{
	struct mirror_object *before;
	uint64_t behind;

	if (m->deleted && m->deleted_chain == rule->parent &&
	        memcmp(&m->deleted_handle, rule->key, sizeof(m->deleted_handle)) == 0) {
		rule->parent->thinned = m->deleted_thinned;
		if (m->deleted_waiting)
			return rule_wait(m, rule, m->deleted_behind, err);
		store_place_after(&m->store, rule, m->deleted_prev);
	} else if (position != NULL) {
		if (mnl_attr_get_payload_len(position) != sizeof(behind))
			return refuse(err, "a rule whose position cannot be read");
		memcpy(&behind, mnl_attr_get_payload(position), sizeof(behind));
		before = rule_find(m, rule->parent, behind);
		if (before == NULL || !before->placed)
			return rule_wait(m, rule, behind, err);
		store_place_after(&m->store, rule, before);
	} else if (rule->parent->thinned == m->transaction && rule->parent->part[MIRROR_RULE].first != NULL) {
		return refuse(err, "the place of a rule can be read in two ways");
	} else if ((message->flags & NLM_F_APPEND) != 0) {
		store_place_last(&m->store, rule);
	} else {
		store_place_after(&m->store, rule, NULL);
	}
	place_waiting(m, rule);
	return 0;
}

static int rule_delete(struct mirror *m, struct mirror_object *rule, struct error *err)
{
	size_t i = 0;

	if (rule == NULL)
		return refuse(err, "an unknown rule was deleted");
	if (rule->rule != NULL && rule->rule->fills_set)
		m->reshaped = true;
	m->deleted = true;
	m->deleted_waiting = !rule->placed;
	m->deleted_chain = rule->parent;
	m->deleted_prev = rule->prev;
	m->deleted_thinned = rule->parent->thinned;
	rule->parent->thinned = m->transaction;
	memcpy(&m->deleted_handle, rule->key, sizeof(m->deleted_handle));
	while (i < m->n_waiting && m->waiting[i].rule != rule)
		i++;
	if (i < m->n_waiting) {
		m->deleted_behind = m->waiting[i].behind;
		m->waiting[i] = m->waiting[--m->n_waiting];
	}
	store_remove(&m->store, rule);
	return 0;
}

static int take_rule(struct mirror *m, const struct mirror_message *message, bool event, bool delete, struct error *err)
{
	const struct nlattr *tb[NFTA_RULE_MAX + 1];
	struct mirror_object *table, *chain = NULL, *rule;
	struct key key;
	uint64_t handle;

	if (attrs_parse(message->attrs, message->attrs_len, tb, NFTA_RULE_MAX + 1) &&
	        key_name(tb[NFTA_RULE_CHAIN], 0, false, &key) &&
	        (table = table_find(m, message->family, tb[NFTA_RULE_TABLE])) != NULL)
		chain = store_find(&m->store, MIRROR_CHAIN, table, key.bytes, key.len);
	if (chain == NULL || tb[NFTA_RULE_HANDLE] == NULL ||
	        mnl_attr_get_payload_len(tb[NFTA_RULE_HANDLE]) != sizeof(handle))
		return refuse(err, "a rule of an unknown chain");
	memcpy(&handle, mnl_attr_get_payload(tb[NFTA_RULE_HANDLE]), sizeof(handle));
	rule = rule_find(m, chain, handle);
	if (delete)
		return rule_delete(m, rule, err);
	if (rule != NULL)
		return refuse(err, "a rule that was known came again");
	rule = store_add(&m->store, MIRROR_RULE, chain, &handle, sizeof(handle), message->bytes, message->len);
	m->n_new++;
	/* In a dump the order of the messages is the order of the rules. */
	if (event)
		return rule_place(m, rule, message, tb[NFTA_RULE_POSITION], err);
	store_place_last(&m->store, rule);
	return 0;
}

int mirror_take(struct mirror *m, const struct mirror_message *message, bool event, struct error *err)
{
	if (m->store.bytes > BYTES_MAX)
		return error_set(err, ERR_LIMIT, "mirror", "more than %zu MB of messages", BYTES_MAX >> 20);
	switch (message->type) {
	case NFT_MSG_NEWTABLE:
	case NFT_MSG_DELTABLE:
		m->deleted = false;
		return take_table(m, message, message->type == NFT_MSG_DELTABLE, err);
	case NFT_MSG_NEWCHAIN:
	case NFT_MSG_DELCHAIN:
		m->deleted = false;
		return take_chain(m, message, event, message->type == NFT_MSG_DELCHAIN, err);
	case NFT_MSG_NEWSET:
	case NFT_MSG_DELSET:
		return take_set(m, message, message->type == NFT_MSG_DELSET, err);
	case NFT_MSG_NEWSETELEM:
	case NFT_MSG_DELSETELEM:
		return take_elements(m, message, message->type == NFT_MSG_DELSETELEM, err);
	case NFT_MSG_NEWFLOWTABLE:
	case NFT_MSG_DELFLOWTABLE:
		return take_flowtable(m, message, message->type == NFT_MSG_DELFLOWTABLE, err);
	case NFT_MSG_NEWRULE:
	case NFT_MSG_DELRULE: {
		bool delete = message->type == NFT_MSG_DELRULE;
		int result = take_rule(m, message, event, delete, err);

		m->deleted = m->deleted && delete;
		return result;
	}
	case NFT_MSG_NEWOBJ:
	case NFT_MSG_DELOBJ:
		return 0; /* rules say themselves what kind of object they use */
	default:
		return refuse(err, "a message of a kind that is not known");
	}
}

int mirror_settle(struct mirror *m, struct error *err)
{
	m->deleted = false;
	return m->n_waiting == 0 ? 0 : refuse(err, "the place of a rule was not told");
}
