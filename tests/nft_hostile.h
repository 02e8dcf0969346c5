#ifndef PORTCULLIS_TESTS_NFT_HOSTILE_H
#define PORTCULLIS_TESTS_NFT_HOSTILE_H

/* Batches that are not the replacement of our own table, and what is to be said of each. */
#include "nft_hostile_exchange.h"

static void nothing(struct wire *w)
{
	(void)w;
}
static void only_added(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
}
static void other_table_added(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, "filter");
	table(w, NFT_MSG_DELTABLE, 0, OWN_TABLE);
}
static void other_table_deleted(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	table(w, NFT_MSG_DELTABLE, 0, "other");
}
static void other_table_deleted_later(struct wire *w)
{
	begin_chain(w);
	table(w, NFT_MSG_DELTABLE, 0, "other");
}
static void own_table_deleted_later(struct wire *w)
{
	begin_chain(w);
	table(w, NFT_MSG_DELTABLE, 0, OWN_TABLE);
}
static void flush_of_family(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	message(w, NFT_MSG_DELTABLE, 0);
}
static void flush_of_all(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	message_as(w, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE, NLM_F_REQUEST, AF_UNSPEC, 0);
}
static void flush_alone(struct wire *w)
{
	message_as(w, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE, NLM_F_REQUEST, AF_UNSPEC, 0);
}
static void deleted_by_handle(struct wire *w)
{
	const uint8_t handle[8] = {0, 0, 0, 0, 0, 0, 0, 1};
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	message(w, NFT_MSG_DELTABLE, 0);
	bytes(w, NFTA_TABLE_HANDLE, handle, sizeof(handle));
}
static void deleted_by_name_and_handle(struct wire *w)
{
	const uint8_t handle[8] = {0, 0, 0, 0, 0, 0, 0, 1};
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	table(w, NFT_MSG_DELTABLE, 0, OWN_TABLE);
	bytes(w, NFTA_TABLE_HANDLE, handle, sizeof(handle));
}
static void name_twice(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	table(w, NFT_MSG_DELTABLE, 0, OWN_TABLE);
	name(w, NFTA_TABLE_NAME, OWN_TABLE);
}
static void name_and_other_name(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	table(w, NFT_MSG_DELTABLE, 0, OWN_TABLE);
	name(w, NFTA_TABLE_NAME, "other");
}
static void name_in_raw(struct wire *w, const char *raw, size_t len)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	message(w, NFT_MSG_DELTABLE, 0);
	bytes(w, NFTA_TABLE_NAME, raw, len);
}
static void name_without_nul(struct wire *w)
{
	name_in_raw(w, "portcullis", 10);
}
static void name_behind_nul(struct wire *w)
{
	name_in_raw(w, "portcullis\0x", 13);
}
static void name_with_two_nuls(struct wire *w)
{
	name_in_raw(w, "portcullis\0", 12);
}
static void name_cut_by_nul(struct wire *w)
{
	name_in_raw(w, "port\0ullis", 11);
}
static void name_of_nothing(struct wire *w)
{
	name_in_raw(w, "", 0);
}
static void longer_name(struct wire *w)
{
	name_in_raw(w, "portcullis2", 12);
}
static void upper_case_name(struct wire *w)
{
	name_in_raw(w, "Portcullis", 11);
}
static void nested_name(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	message(w, NFT_MSG_DELTABLE, 0);
	name(w, NFTA_TABLE_NAME | NLA_F_NESTED, OWN_TABLE);
}
static void swapped_name(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	message(w, NFT_MSG_DELTABLE, 0);
	name(w, NFTA_TABLE_NAME | NLA_F_NET_BYTEORDER, OWN_TABLE);
}
static void other_family(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	message_as(w, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE, NLM_F_REQUEST, NFPROTO_IPV4, 0);
	name(w, NFTA_TABLE_NAME, OWN_TABLE);
}
static void resource_told(struct wire *w)
{
	message_as(w, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, NLM_F_REQUEST | CREATE, NFPROTO_INET, 10);
	name(w, NFTA_TABLE_NAME, OWN_TABLE);
}
static void batch_within(struct wire *w)
{
	begin(w);
	message_as(w, NFNL_MSG_BATCH_END, NLM_F_REQUEST, AF_UNSPEC, NFNL_SUBSYS_NFTABLES << 8);
}
static void batch_begins_within(struct wire *w)
{
	message_as(w, NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, AF_UNSPEC, NFNL_SUBSYS_NFTABLES << 8);
	begin(w);
}
static void other_subsystem(struct wire *w)
{
	begin(w);
	message_as(w, NFNL_SUBSYS_IPSET << 8 | 2, NLM_F_REQUEST, NFPROTO_INET, 0);
}
static void control_message(struct wire *w)
{
	begin(w);
	message_as(w, NLMSG_NOOP, NLM_F_REQUEST, NFPROTO_INET, 0);
}
static void no_request(struct wire *w)
{
	message_as(w, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, CREATE, NFPROTO_INET, 0);
	name(w, NFTA_TABLE_NAME, OWN_TABLE);
}
static void dump_asked(struct wire *w)
{
	message(w, NFT_MSG_NEWTABLE, CREATE | NLM_F_DUMP);
	name(w, NFTA_TABLE_NAME, OWN_TABLE);
}
static void dormant(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	table(w, NFT_MSG_DELTABLE, 0, OWN_TABLE);
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	number(w, NFTA_TABLE_FLAGS, 2); /* owned by the process */
}
static void not_deleted(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	chain(w);
}
static void not_made_again(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	table(w, NFT_MSG_DELTABLE, 0, OWN_TABLE);
	chain(w);
}
static void chain_elsewhere(struct wire *w)
{
	begin(w);
	chain_as(w, "other", NF_INET_FORWARD, 0, NF_ACCEPT, "filter");
}
static void chain_at_prerouting(struct wire *w)
{
	begin(w);
	chain_as(w, OWN_TABLE, NF_INET_PRE_ROUTING, 0, NF_ACCEPT, "filter");
}
static void chain_first_of_all(struct wire *w)
{
	begin(w);
	chain_as(w, OWN_TABLE, NF_INET_FORWARD, 0x80000000, NF_ACCEPT, "filter");
}
static void chain_drops(struct wire *w)
{
	begin(w);
	chain_as(w, OWN_TABLE, NF_INET_FORWARD, 0, NF_DROP, "filter");
}
static void chain_of_nat(struct wire *w)
{
	begin(w);
	chain_as(w, OWN_TABLE, NF_INET_LOCAL_OUT, 0, NF_ACCEPT, "nat");
}
static void chain_of_device(struct wire *w)
{
	begin(w);
	chain_as(w, OWN_TABLE, NF_INET_FORWARD, 0, NF_ACCEPT, "filter");
	number(w, NFTA_CHAIN_FLAGS, 2); /* offload */
}
static void chain_without_hook(struct wire *w)
{
	begin(w);
	message(w, NFT_MSG_NEWCHAIN, NEW);
	name(w, NFTA_CHAIN_TABLE, OWN_TABLE);
	name(w, NFTA_CHAIN_NAME, "forward");
}
static void rule_elsewhere(struct wire *w)
{
	begin_chain(w);
	message(w, NFT_MSG_NEWRULE, APPEND);
	name(w, NFTA_RULE_TABLE, "other");
	name(w, NFTA_RULE_CHAIN, "input");
	open_nest(w, NFTA_RULE_EXPRESSIONS);
	verdict(w, NFT_REG_VERDICT, NF_DROP, NULL);
	close_nest(w);
}
static void rule_replaces(struct wire *w)
{
	const uint8_t handle[8] = {0, 0, 0, 0, 0, 0, 0, 4};
	rule_open(w);
	verdict(w, NFT_REG_VERDICT, NF_DROP, NULL);
	close_nest(w);
	bytes(w, NFTA_RULE_HANDLE, handle, sizeof(handle));
}
static void rule_jumps(struct wire *w)
{
	rule_open(w);
	verdict(w, NFT_REG_VERDICT, (uint32_t)NFT_JUMP, "forward");
	close_nest(w);
}
static void rule_accepts_by_chain(struct wire *w)
{
	rule_open(w);
	verdict(w, NFT_REG_VERDICT, NF_ACCEPT, "forward");
	close_nest(w);
}
static void rule_queues(struct wire *w)
{
	rule_open(w);
	verdict(w, NFT_REG_VERDICT, NF_QUEUE, NULL);
	close_nest(w);
}
static void rule_without_expressions(struct wire *w)
{
	begin_chain(w);
	message(w, NFT_MSG_NEWRULE, APPEND);
	name(w, NFTA_RULE_TABLE, OWN_TABLE);
	name(w, NFTA_RULE_CHAIN, "forward");
}
static void rule_with(struct wire *w, const char *expression)
{
	rule_open(w);
	expression_open(w, expression);
	expression_close(w);
	close_nest(w);
}
static void rule_refers(struct wire *w)
{
	rule_with(w, "objref");
}
static void rule_matches_xt(struct wire *w)
{
	rule_with(w, "match");
}
static void rule_notracks(struct wire *w)
{
	rule_with(w, "notrack");
}
static void rule_queues_by_expression(struct wire *w)
{
	rule_with(w, "queue");
}
static void rule_with_long_name(struct wire *w)
{
	rule_with(w, "payloadpayloadpayload");
}
static void rule_sets_mark(struct wire *w)
{
	rule_open(w);
	expression_open(w, "meta");
	number(w, NFTA_META_KEY, NFT_META_MARK);
	number(w, NFTA_META_SREG, NFT_REG_1);
	expression_close(w);
	close_nest(w);
}
static void rule_writes_payload(struct wire *w)
{
	rule_open(w);
	expression_open(w, "payload");
	number(w, NFTA_PAYLOAD_SREG, NFT_REG_1);
	number(w, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	number(w, NFTA_PAYLOAD_OFFSET, 12);
	number(w, NFTA_PAYLOAD_LEN, 4);
	expression_close(w);
	close_nest(w);
}
static void rule_maps(struct wire *w)
{
	rule_open(w);
	expression_open(w, "lookup");
	name(w, NFTA_LOOKUP_SET, "s");
	number(w, NFTA_LOOKUP_SREG, NFT_REG_1);
	number(w, NFTA_LOOKUP_DREG, NFT_REG_VERDICT);
	expression_close(w);
	close_nest(w);
}
static void rule_logs_to_group(struct wire *w)
{
	const uint8_t group[2] = {0, 1};
	rule_open(w);
	expression_open(w, "log");
	bytes(w, NFTA_LOG_GROUP, group, sizeof(group));
	expression_close(w);
	close_nest(w);
}
static void expression_without_name(struct wire *w)
{
	rule_open(w);
	open_nest(w, NFTA_LIST_ELEM);
	open_nest(w, NFTA_EXPR_DATA);
	close_nest(w);
	name(w, NFTA_EXPR_NAME, "counter");
	close_nest(w);
	close_nest(w);
}
static void expression_named_twice(struct wire *w)
{
	rule_open(w);
	expression_open(w, "counter");
	close_nest(w);
	name(w, NFTA_EXPR_NAME, "objref");
	close_nest(w);
	close_nest(w);
}
static void too_many_expressions(struct wire *w)
{
	rule_open(w);
	for (int i = 0; i < 200; i++)
		verdict(w, NFT_REG_VERDICT, NF_DROP, NULL);
	close_nest(w);
}
static void deep(struct wire *w)
{
	rule_open(w);
	expression_open(w, "cmp");
	number(w, NFTA_CMP_SREG, 1);
	number(w, NFTA_CMP_OP, 0);
	for (int i = 0; i < 500; i++)
		open_nest(w, NFTA_CMP_DATA);
	for (int i = 0; i < 500; i++)
		close_nest(w);
	expression_close(w);
	close_nest(w);
}
static void set_elsewhere(struct wire *w)
{
	begin(w);
	set_as(w, "other", NFT_SET_INTERVAL);
}
static void set_anonymous(struct wire *w)
{
	begin(w);
	set_as(w, OWN_TABLE, NFT_SET_ANONYMOUS | NFT_SET_CONSTANT | NFT_SET_INTERVAL);
}
static void set_with_timeout(struct wire *w)
{
	const uint8_t ms[8] = {0, 0, 0, 0, 0, 0, 0, 1};
	begin(w);
	set_as(w, OWN_TABLE, NFT_SET_INTERVAL);
	bytes(w, NFTA_SET_TIMEOUT, ms, sizeof(ms));
}
static void set_that_maps(struct wire *w)
{
	begin(w);
	set_as(w, OWN_TABLE, NFT_SET_INTERVAL);
	number(w, NFTA_SET_DATA_TYPE, 0xffffff00);
	number(w, NFTA_SET_DATA_LEN, 16);
}
static void set_with_expression(struct wire *w)
{
	begin(w);
	set_as(w, OWN_TABLE, NFT_SET_INTERVAL);
	open_nest(w, NFTA_SET_EXPR);
	name(w, NFTA_EXPR_NAME, "limit");
	open_nest(w, NFTA_EXPR_DATA);
	close_nest(w);
	close_nest(w);
}
static void elements_elsewhere(struct wire *w)
{
	begin(w);
	set_as(w, OWN_TABLE, NFT_SET_INTERVAL);
	elements_open(w, "portcullis2", "s");
	close_nest(w);
}
static void elements_of_no_set(struct wire *w)
{
	begin(w);
	elements_open(w, OWN_TABLE, "s");
	close_nest(w);
}
static void element_with_verdict(struct wire *w)
{
	set_open(w);
	open_nest(w, NFTA_SET_ELEM_DATA);
	open_nest(w, NFTA_DATA_VERDICT);
	number(w, NFTA_VERDICT_CODE, NF_DROP);
	close_nest(w);
	close_nest(w);
	close_nest(w);
	close_nest(w);
}
static void element_with_object(struct wire *w)
{
	set_open(w);
	name(w, NFTA_SET_ELEM_OBJREF, "object");
	close_nest(w);
	close_nest(w);
}
static void element_without_key(struct wire *w)
{
	begin(w);
	set_as(w, OWN_TABLE, NFT_SET_INTERVAL);
	elements_open(w, OWN_TABLE, "s");
	open_nest(w, NFTA_LIST_ELEM);
	close_nest(w);
	close_nest(w);
}
static void element_shorter_than_fields(struct wire *w)
{
	begin(w);
	set_as(w, OWN_TABLE, NFT_SET_INTERVAL | NFT_SET_CONCAT);
	open_nest(w, NFTA_SET_DESC);
	open_nest(w, NFTA_SET_DESC_CONCAT);
	for (int i = 0; i < 2; i++) {
		open_nest(w, NFTA_LIST_ELEM);
		number(w, NFTA_SET_FIELD_LEN, 4);
		close_nest(w);
	}
	close_nest(w);
	close_nest(w);
	elements_open(w, OWN_TABLE, "s");
	open_nest(w, NFTA_LIST_ELEM);
	key(w);
	close_nest(w);
	close_nest(w);
}
static void too_many_chains(struct wire *w)
{
	begin(w);
	for (size_t i = 0; i <= NFT_BATCH_CHAINS; i++)
		chain(w);
}
static void too_many_sets(struct wire *w)
{
	begin(w);
	for (size_t i = 0; i <= NFT_BATCH_SETS; i++)
		set_as(w, OWN_TABLE, NFT_SET_INTERVAL);
}

static void too_many_lookups(struct wire *w)
{
	begin(w);
	for (size_t i = 0; i < NFT_BATCH_SETS; i++)
		set_as(w, OWN_TABLE, NFT_SET_INTERVAL);
	chain(w);
	for (size_t i = 0; i < 250; i++) {
		message(w, NFT_MSG_NEWRULE, APPEND);
		name(w, NFTA_RULE_TABLE, OWN_TABLE);
		name(w, NFTA_RULE_CHAIN, "forward");
		open_nest(w, NFTA_RULE_EXPRESSIONS);
		for (size_t k = 0; k < 100; k++) {
			expression_open(w, "lookup");
			name(w, NFTA_LOOKUP_SET, "s");
			number(w, NFTA_LOOKUP_SREG, NFT_REG_1);
			expression_close(w);
		}
		close_nest(w);
	}
}

static void of_type(struct wire *w, unsigned type)
{
	begin(w);
	message(w, type, CREATE);
	name(w, 1, OWN_TABLE);
}

static const struct hostile {
	const char *name;
	void (*make)(struct wire *w);
	enum error_code code;
	const char *words;
} hostiles[] = {
        {"nothing", nothing, ERR_FORMAT, "message 0 of the batch"},
        {"a table that is only added", only_added, ERR_FORMAT, "makes the table and does something to it"},
        {"another table added", other_table_added, ERR_DENIED, "is not \"portcullis\""},
        {"another table deleted", other_table_deleted, ERR_DENIED, "message 1"},
        {"another table deleted later", other_table_deleted_later, ERR_DENIED, "message 4"},
        {"the own table deleted later", own_table_deleted_later, ERR_DENIED, "once more"},
        {"a flush of the family", flush_of_family, ERR_FORMAT, "attribute 1 is missing"},
        {"a flush of all", flush_of_all, ERR_DENIED, "family is 0"},
        {"a flush alone", flush_alone, ERR_DENIED, "family is 0"},
        {"deleted by its handle", deleted_by_handle, ERR_DENIED, "an attribute 4"},
        {"deleted by name and handle", deleted_by_name_and_handle, ERR_DENIED, "an attribute 4"},
        {"a name twice", name_twice, ERR_FORMAT, "comes twice"},
        {"a name and another", name_and_other_name, ERR_FORMAT, "comes twice"},
        {"a name without NUL", name_without_nul, ERR_FORMAT, "ends with its NUL"},
        {"a name with more behind its NUL", name_behind_nul, ERR_FORMAT, "ends with its NUL"},
        {"a name with two NULs", name_with_two_nuls, ERR_FORMAT, "ends with its NUL"},
        {"a name cut by NUL", name_cut_by_nul, ERR_FORMAT, "ends with its NUL"},
        {"a name of nothing", name_of_nothing, ERR_FORMAT, "ends with its NUL"},
        {"a longer name", longer_name, ERR_DENIED, "is not \"portcullis\""},
        {"a name in upper case", upper_case_name, ERR_DENIED, "is not \"portcullis\""},
        {"a name that nests", nested_name, ERR_FORMAT, "nests"},
        {"a name in a byte order", swapped_name, ERR_FORMAT, "byte order"},
        {"another family", other_family, ERR_DENIED, "family is 2"},
        {"a resource", resource_told, ERR_DENIED, "family"},
        {"the end of a batch within", batch_within, ERR_DENIED, "type 0x0011"},
        {"the begin of a batch within", batch_begins_within, ERR_DENIED, "type 0x0010"},
        {"another subsystem", other_subsystem, ERR_DENIED, "not one of nf_tables"},
        {"a control message", control_message, ERR_DENIED, "not one of nf_tables"},
        {"no request", no_request, ERR_DENIED, "flags"},
        {"a dump", dump_asked, ERR_DENIED, "flags"},
        {"flags of the table", dormant, ERR_DENIED, "an attribute 2"},
        {"a table not deleted", not_deleted, ERR_DENIED, "begins with the table"},
        {"a table not made again", not_made_again, ERR_DENIED, "begins with the table"},
        {"a chain of another table", chain_elsewhere, ERR_DENIED, "is not \"portcullis\""},
        {"a chain at prerouting", chain_at_prerouting, ERR_DENIED, "has the value 0"},
        {"a chain before all others", chain_first_of_all, ERR_DENIED, "has the value 2147483648"},
        {"a chain that drops", chain_drops, ERR_DENIED, "has the value 0"},
        {"a chain of nat", chain_of_nat, ERR_DENIED, "is not \"filter\""},
        {"a chain for devices", chain_of_device, ERR_DENIED, "an attribute 10"},
        {"a chain without a hook", chain_without_hook, ERR_FORMAT, "is missing"},
        {"a rule of another table", rule_elsewhere, ERR_DENIED, "is not \"portcullis\""},
        {"a rule in place of another", rule_replaces, ERR_DENIED, "an attribute 3"},
        {"a rule that jumps", rule_jumps, ERR_DENIED, "has the value"},
        {"a rule that names a chain", rule_accepts_by_chain, ERR_DENIED, "an attribute 2"},
        {"a rule that queues", rule_queues, ERR_DENIED, "has the value 3"},
        {"a rule without expressions", rule_without_expressions, ERR_FORMAT, "attribute 4 is missing"},
        {"a rule that refers to an object", rule_refers, ERR_DENIED, "an expression"},
        {"a rule with a match of iptables", rule_matches_xt, ERR_DENIED, "an expression"},
        {"a rule against tracking", rule_notracks, ERR_DENIED, "an expression"},
        {"a rule with a queue", rule_queues_by_expression, ERR_DENIED, "an expression"},
        {"a rule with a long name", rule_with_long_name, ERR_FORMAT, "begin with its name"},
        {"a rule that sets a mark", rule_sets_mark, ERR_DENIED, "an attribute 3"},
        {"a rule that writes into packets", rule_writes_payload, ERR_DENIED, "an attribute 5"},
        {"a rule with a map", rule_maps, ERR_DENIED, "an attribute 3"},
        {"a rule that logs to a group", rule_logs_to_group, ERR_DENIED, "an attribute 1"},
        {"an expression without a name", expression_without_name, ERR_FORMAT, "begin with its name"},
        {"an expression named twice", expression_named_twice, ERR_FORMAT, "a name and what"},
        {"too many expressions", too_many_expressions, ERR_LIMIT, "lists more than 128"},
        {"deep nesting", deep, ERR_DENIED, "an attribute 3"},
        {"a set of another table", set_elsewhere, ERR_DENIED, "is not \"portcullis\""},
        {"an anonymous set", set_anonymous, ERR_DENIED, "has the value"},
        {"a set with a timeout", set_with_timeout, ERR_DENIED, "an attribute 11"},
        {"a set that is a map", set_that_maps, ERR_DENIED, "an attribute 6"},
        {"a set with an expression", set_with_expression, ERR_DENIED, "an expression"},
        {"elements of another table", elements_elsewhere, ERR_DENIED, "is not \"portcullis\""},
        {"elements of no set", elements_of_no_set, ERR_DENIED, "another set"},
        {"an element with a verdict", element_with_verdict, ERR_DENIED, "an attribute 2"},
        {"an element with an object", element_with_object, ERR_DENIED, "an attribute 9"},
        {"an element without a key", element_without_key, ERR_FORMAT, "attribute 1 is missing"},
        {"a key shorter than its fields", element_shorter_than_fields, ERR_FORMAT, "shorter than the fields"},
        {"too many chains", too_many_chains, ERR_LIMIT, "more than 16 chains"},
        {"too many lookups", too_many_lookups, ERR_LIMIT, "4000 sets that are named"},
        {"too many sets", too_many_sets, ERR_LIMIT, "more than 4000 sets"},
        HOSTILE_EXCHANGES,
};

#endif
