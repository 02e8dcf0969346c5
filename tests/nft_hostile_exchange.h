#ifndef PORTCULLIS_TESTS_NFT_HOSTILE_EXCHANGE_H
#define PORTCULLIS_TESTS_NFT_HOSTILE_EXCHANGE_H

/* Batches that are no exchange of our own table, nor sets that are added to it or taken out, and what is to be said of each. */
#include "nft_batches.h"

static void add_begin(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	set_as(w, OWN_TABLE, NFT_SET_INTERVAL);
}
static void rules_deleted_of(struct wire *w, const char *of)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	message(w, NFT_MSG_DELRULE, 0);
	name(w, NFTA_RULE_TABLE, of);
}
static void exchange_begin(struct wire *w)
{
	rules_deleted_of(w, OWN_TABLE);
}
static void chain_deleted_of(struct wire *w, const char *of, const char *which)
{
	message(w, NFT_MSG_DELCHAIN, 0);
	name(w, NFTA_CHAIN_TABLE, of);
	name(w, NFTA_CHAIN_NAME, which);
}
static void set_deleted_of(struct wire *w, const char *of)
{
	message(w, NFT_MSG_DELSET, 0);
	name(w, NFTA_SET_TABLE, of);
	name(w, NFTA_SET_NAME, "s");
}
static void rules_of_others_deleted(struct wire *w)
{
	rules_deleted_of(w, "other");
}
static void rules_of_all_deleted(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	message(w, NFT_MSG_DELRULE, 0);
}
static void rules_of_a_chain_deleted(struct wire *w)
{
	exchange_begin(w);
	name(w, NFTA_RULE_CHAIN, "forward");
}
static void rule_deleted_by_handle(struct wire *w)
{
	const uint8_t handle[8] = {0, 0, 0, 0, 0, 0, 0, 4};
	exchange_begin(w);
	bytes(w, NFTA_RULE_HANDLE, handle, sizeof(handle));
}
static void rules_deleted_twice(struct wire *w)
{
	exchange_begin(w);
	message(w, NFT_MSG_DELRULE, 0);
	name(w, NFTA_RULE_TABLE, OWN_TABLE);
}
static void rules_deleted_without_table(struct wire *w)
{
	message(w, NFT_MSG_DELRULE, 0);
	name(w, NFTA_RULE_TABLE, OWN_TABLE);
}
static void rules_deleted_of_a_new_table(struct wire *w)
{
	begin_chain(w);
	message(w, NFT_MSG_DELRULE, 0);
	name(w, NFTA_RULE_TABLE, OWN_TABLE);
}
static void chain_of_others_deleted(struct wire *w)
{
	exchange_begin(w);
	chain_deleted_of(w, "other", "input");
}
static void chains_of_all_deleted(struct wire *w)
{
	exchange_begin(w);
	message(w, NFT_MSG_DELCHAIN, 0);
	name(w, NFTA_CHAIN_TABLE, OWN_TABLE);
}
static void chain_deleted_by_handle(struct wire *w)
{
	const uint8_t handle[8] = {0, 0, 0, 0, 0, 0, 0, 1};
	exchange_begin(w);
	chain_deleted_of(w, OWN_TABLE, "forward");
	bytes(w, NFTA_CHAIN_HANDLE, handle, sizeof(handle));
}
static void hook_of_a_chain_deleted(struct wire *w)
{
	exchange_begin(w);
	chain_deleted_of(w, OWN_TABLE, "forward");
	hook(w, NF_INET_FORWARD, 0);
}
static void chain_deleted_first(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	chain_deleted_of(w, OWN_TABLE, "forward");
}
static void chain_deleted_behind_a_set(struct wire *w)
{
	exchange_begin(w);
	set_deleted_of(w, OWN_TABLE);
	chain_deleted_of(w, OWN_TABLE, "forward");
}
static void too_many_chains_deleted(struct wire *w)
{
	exchange_begin(w);
	for (size_t i = 0; i <= NFT_BATCH_CHAINS; i++)
		chain_deleted_of(w, OWN_TABLE, "forward");
}
static void set_of_others_deleted(struct wire *w)
{
	exchange_begin(w);
	set_deleted_of(w, "other");
}
static void set_deleted_by_handle(struct wire *w)
{
	const uint8_t handle[8] = {0, 0, 0, 0, 0, 0, 0, 1};
	exchange_begin(w);
	message(w, NFT_MSG_DELSET, 0);
	name(w, NFTA_SET_TABLE, OWN_TABLE);
	bytes(w, NFTA_SET_HANDLE, handle, sizeof(handle));
}
static void set_deleted_without_name(struct wire *w)
{
	exchange_begin(w);
	message(w, NFT_MSG_DELSET, 0);
	name(w, NFTA_SET_TABLE, OWN_TABLE);
}
static void set_deleted_behind_a_chain(struct wire *w)
{
	exchange_begin(w);
	chain(w);
	set_deleted_of(w, OWN_TABLE);
}
static void too_many_sets_deleted(struct wire *w)
{
	exchange_begin(w);
	for (size_t i = 0; i <= NFT_BATCH_SETS; i++)
		set_deleted_of(w, OWN_TABLE);
}
static void set_added_in_an_exchange(struct wire *w)
{
	exchange_begin(w);
	set_as(w, OWN_TABLE, NFT_SET_INTERVAL);
}
static void elements_added_in_an_exchange(struct wire *w)
{
	exchange_begin(w);
	elements_open(w, OWN_TABLE, "s");
	close_nest(w);
}
static void table_deleted_in_an_exchange(struct wire *w)
{
	exchange_begin(w);
	table(w, NFT_MSG_DELTABLE, 0, OWN_TABLE);
}
static void rule_added_alone(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	message(w, NFT_MSG_NEWRULE, APPEND);
	name(w, NFTA_RULE_TABLE, OWN_TABLE);
	name(w, NFTA_RULE_CHAIN, "forward");
	open_nest(w, NFTA_RULE_EXPRESSIONS);
	verdict(w, NFT_REG_VERDICT, NF_DROP, NULL);
	close_nest(w);
}
static void chain_added_alone(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	chain(w);
}
static void elements_added_alone(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	elements_open(w, OWN_TABLE, "s");
	close_nest(w);
}
static void chain_added_with_sets(struct wire *w)
{
	add_begin(w);
	chain(w);
}
static void elements_of_another_set_added(struct wire *w)
{
	add_begin(w);
	elements_open(w, OWN_TABLE, "t");
	close_nest(w);
}
static void set_added_elsewhere(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	set_as(w, "other", NFT_SET_INTERVAL);
}
static void set_deleted_where_one_is_added(struct wire *w)
{
	add_begin(w);
	set_deleted_of(w, OWN_TABLE);
}
static void set_added_where_one_is_deleted(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	set_deleted_of(w, OWN_TABLE);
	set_as(w, OWN_TABLE, NFT_SET_INTERVAL);
}
static void rules_deleted_where_a_set_is(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	set_deleted_of(w, OWN_TABLE);
	message(w, NFT_MSG_DELRULE, 0);
	name(w, NFTA_RULE_TABLE, OWN_TABLE);
}
static void origin_with_a_policy(struct wire *w)
{
	begin(w);
	message(w, NFT_MSG_NEWCHAIN, NEW);
	name(w, NFTA_CHAIN_TABLE, OWN_TABLE);
	name(w, NFTA_CHAIN_NAME, OWN_ORIGIN);
	number(w, NFTA_CHAIN_POLICY, NF_ACCEPT);
}

#define HOSTILE_EXCHANGES                                                                                              \
	{"rules of another table deleted", rules_of_others_deleted, ERR_DENIED, "is not \"portcullis\""},              \
	        {"rules of all tables deleted", rules_of_all_deleted, ERR_FORMAT, "attribute 1 is missing"},           \
	        {"rules of a chain deleted", rules_of_a_chain_deleted, ERR_DENIED, "an attribute 2"},                  \
	        {"a rule deleted by its handle", rule_deleted_by_handle, ERR_DENIED, "an attribute 3"},                \
	        {"rules deleted twice", rules_deleted_twice, ERR_DENIED, "out of its turn"},                           \
	        {"rules deleted without the table", rules_deleted_without_table, ERR_DENIED, "begins with the table"}, \
	        {"rules deleted of a table made anew", rules_deleted_of_a_new_table, ERR_DENIED, "nothing to delete"}, \
	        {"a chain of another table deleted", chain_of_others_deleted, ERR_DENIED, "is not \"portcullis\""},    \
	        {"all chains deleted", chains_of_all_deleted, ERR_FORMAT, "attribute 3 is missing"},                   \
	        {"a chain deleted by its handle", chain_deleted_by_handle, ERR_DENIED, "an attribute 2"},              \
	        {"a hook of a chain deleted", hook_of_a_chain_deleted, ERR_DENIED, "an attribute 4"},                  \
	        {"a chain deleted before the rules", chain_deleted_first, ERR_DENIED, "message 1"},                    \
	        {"a chain deleted behind a set", chain_deleted_behind_a_set, ERR_DENIED, "out of its turn"},           \
	        {"too many chains deleted", too_many_chains_deleted, ERR_LIMIT, "more than 16 chains that go"},        \
	        {"a set of another table deleted", set_of_others_deleted, ERR_DENIED, "is not \"portcullis\""},        \
	        {"a set deleted by its handle", set_deleted_by_handle, ERR_DENIED, "an attribute 16"},                 \
	        {"a set deleted without a name", set_deleted_without_name, ERR_FORMAT, "attribute 2 is missing"},      \
	        {"a set deleted behind a chain", set_deleted_behind_a_chain, ERR_DENIED, "out of its turn"},           \
	        {"too many sets deleted", too_many_sets_deleted, ERR_LIMIT, "more than 4000 sets that go"},            \
	        {"a set added in an exchange", set_added_in_an_exchange, ERR_DENIED, "out of its turn"},               \
	        {"elements added in an exchange", elements_added_in_an_exchange, ERR_DENIED, "out of its turn"},       \
	        {"the table deleted in an exchange", table_deleted_in_an_exchange, ERR_DENIED, "out of its turn"},     \
	        {"a rule added alone", rule_added_alone, ERR_DENIED, "message 1"},                                     \
	        {"a chain added alone", chain_added_alone, ERR_DENIED, "message 1"},                                   \
	        {"elements added alone", elements_added_alone, ERR_DENIED, "message 1"},                               \
	        {"a chain added with sets", chain_added_with_sets, ERR_DENIED, "behind sets are only sets"},           \
	        {"elements of another set added", elements_of_another_set_added, ERR_DENIED, "another set"},           \
	        {"a set added to another table", set_added_elsewhere, ERR_DENIED, "is not \"portcullis\""},            \
	        {"a set deleted where one is added", set_deleted_where_one_is_added, ERR_DENIED,                       \
	                "behind sets are only"},                                                                       \
	        {"a set added where one is deleted", set_added_where_one_is_deleted, ERR_DENIED, "sets alone"},        \
	        {"rules deleted where a set is", rules_deleted_where_a_set_is, ERR_DENIED, "sets alone"},              \
	{                                                                                                              \
		"a chain with a policy alone", origin_with_a_policy, ERR_FORMAT, "is missing"                          \
	}

#endif
