/*
 * The model as text in nft syntax: rules as `nft list` shows them, with the matches that a later one implies left out,
 * and whole rulesets without what changes by itself. Takes any ruleset; refuses nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/model.h"

const char *port_protocol(int l4proto)
{
	switch (l4proto) {
	case 6:
		return "tcp";
	case 17:
		return "udp";
	case 33:
		return "dccp";
	case 132:
		return "sctp";
	case 136:
		return "udplite";
	default:
		return NULL;
	}
}

/* The ends of a range have no names, for these have hyphens themselves. */
static void number_print(struct text *t, const struct field_info *info, u128 v, bool alone)
{
	const char *name = alone && info->symbols != NULL ? symbol_name(info->symbols, (uint64_t)v) : NULL;
	if (name != NULL)
		text_add(t, name);
	else if (info->format == FORMAT_HEX)
		text_addf(t, "0x%0*llx", (int)info->width * 2, (unsigned long long)v);
	else
		text_addf(t, "%llu", (unsigned long long)v);
}

void field_flags_print(struct text *t, unsigned f, u128 bits, const char *separator)
{
	const struct field_info *info = field_info(f);
	bool first = true;
	if (bits == 0) {
		text_add(t, "0x0");
		return;
	}
	for (const struct symbol *s = info->symbols; s != NULL && s->name != NULL; s++) {
		if ((bits & s->value) == 0)
			continue;
		text_addf(t, "%s%s", first ? "" : separator, s->name);
		bits &= ~(u128)s->value;
		first = false;
	}
	if (bits != 0)
		text_addf(t, "%s0x%llx", first ? "" : separator, (unsigned long long)bits);
}

void field_value_print(struct text *t, unsigned f, struct range r)
{
	const struct field_info *info = field_info(f);
	char buf[96];
	switch (info->format) {
	case FORMAT_IPV4:
	case FORMAT_IPV6:
		text_add(t, range_print(info->format == FORMAT_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6, r, buf, sizeof(buf)));
		return;
	case FORMAT_IFNAME:
		text_addf(t, "\"%s\"", ifname_print(r, buf, sizeof(buf)));
		return;
	case FORMAT_DECIMAL:
	case FORMAT_HEX:
		break;
	}
	if (info->flags && r.lo == r.hi) {
		field_flags_print(t, f, r.lo, ",");
		return;
	}
	number_print(t, info, r.lo, r.lo == r.hi);
	if (r.lo != r.hi) {
		text_add(t, "-");
		number_print(t, info, r.hi, false);
	}
}

static void field_print(struct text *t, enum rs_field f, const char *as, int l4proto)
{
	const char *name = as != NULL ? as : rs_field_name(f);
	const char *protocol = port_protocol(l4proto);
	if (protocol != NULL && (f == RS_FIELD_SPORT || f == RS_FIELD_DPORT))
		text_addf(t, "%s %s", protocol, name + strlen("th "));
	else
		text_add(t, name);
}

static void fields_print(struct text *t, const enum rs_field *field, size_t n, const char *as, int l4proto)
{
	for (size_t i = 0; i < n; i++) {
		text_add(t, i > 0 ? " . " : "");
		field_print(t, field[i], as, l4proto);
	}
}

/* "meta protocol" is spelled in ether types, which the model holds as families. */
static void spelled_value_print(struct text *t, const struct rs_match *m, struct range r)
{
	if (m->as != NULL && strcmp(m->as, "meta protocol") == 0 && r.lo == r.hi)
		text_add(t, r.lo == 2 ? "ip" : "ip6");
	else
		field_value_print(t, m->field[0], r);
}

static void ranges_print(struct text *t, const struct rs_match *m)
{
	const struct field_info *info = field_info(m->field[0]);
	if (m->negate)
		text_add(t, " !=");
	else if (info->flags && m->ranges.n == 1)
		text_add(t, " ==");
	if (m->ranges.n == 1) {
		text_add(t, " ");
		spelled_value_print(t, m, m->ranges.item[0]);
		return;
	}
	text_add(t, " {");
	for (size_t i = 0; i < m->ranges.n && !text_is_full(t); i++) {
		text_add(t, i > 0 ? ", " : " ");
		spelled_value_print(t, m, m->ranges.item[i]);
	}
	text_add(t, " }");
}

static void mask_print(struct text *t, const struct rs_match *m)
{
	unsigned f = m->field[0];
	const struct field_info *info = field_info(f);
	if (!info->flags) {
		text_add(t, " & ");
		field_value_print(t, f, (struct range){m->mask, m->mask});
		text_add(t, m->negate ? " != " : " == ");
		field_value_print(t, f, (struct range){m->value, m->value});
		return;
	}
	if (m->value == 0) {
		text_add(t, m->negate ? " " : " ! ");
		field_flags_print(t, f, m->mask, ",");
		return;
	}
	/* nft does not read "a / a". */
	if (m->value == m->mask && (m->mask & (m->mask - 1)) == 0) {
		text_add(t, " & ");
		field_flags_print(t, f, m->mask, ",");
		text_add(t, m->negate ? " != " : " == ");
		field_flags_print(t, f, m->value, ",");
		return;
	}
	text_add(t, m->negate ? " != " : " ");
	field_flags_print(t, f, m->value, ",");
	text_add(t, " / ");
	field_flags_print(t, f, m->mask, ",");
}

static void verdict_print(struct text *t, const struct ruleset *rs, struct rs_verdict v)
{
	static const char *const words[] = {[RS_CONTINUE] = "continue",
	        [RS_ACCEPT] = "accept",
	        [RS_DROP] = "drop",
	        [RS_JUMP] = "jump",
	        [RS_GOTO] = "goto",
	        [RS_RETURN] = "return",
	        [RS_NAT_DST] = "dnat",
	        [RS_NAT_SRC] = "snat",
	        [RS_UNKNOWN] = "unknown"};
	text_add(t, v.code == RS_DROP && v.reject ? "reject" : words[v.code]);
	if (v.code == RS_JUMP || v.code == RS_GOTO)
		text_addf(t, " %s", v.chain < rs->n_chain ? rs->chain[v.chain].name : "?");
}

static void elements_print(struct text *t, const struct ruleset *rs, const struct rs_set *set,
        const enum rs_field *field, const char *as, bool verdicts)
{
	const struct rs_match spelled = {.as = as, .field = {field[0]}};
	text_add(t, "{");
	for (size_t i = 0; i < set->n_element && !text_is_full(t); i++) {
		const struct rs_element *e = &set->element[i];
		text_add(t, i > 0 ? ", " : " ");
		for (size_t k = 0; !e->catch_all && k < set->n_field; k++) {
			text_add(t, k > 0 ? " . " : "");
			if (k == 0 && as != NULL)
				spelled_value_print(t, &spelled, e->key[0]);
			else
				field_value_print(t, field[k], e->key[k]);
		}
		if (e->catch_all)
			text_add(t, "*");
		if (verdicts) {
			text_add(t, " : ");
			verdict_print(t, rs, e->verdict);
		}
	}
	text_add(t, " }");
}

bool set_has_verdicts(const struct rs_set *set)
{
	for (size_t i = 0; set->map && i < set->n_element; i++)
		if (set->element[i].verdict.code != RS_CONTINUE)
			return true;
	return false;
}

void set_body_print(struct text *t, const struct ruleset *rs, const struct rs_set *set)
{
	elements_print(t, rs, set, set->field, NULL, set_has_verdicts(set));
}

static void lookup_print(struct text *t, const struct ruleset *rs, size_t index, const enum rs_field *field,
        const char *as, bool verdicts)
{
	const struct rs_set *set = &rs->set[index];
	if (set->anonymous)
		elements_print(t, rs, set, field, as, verdicts);
	else
		text_addf(t, "@%s", set->name);
}

void match_print(struct text *t, const struct ruleset *rs, const struct rs_chain *chain, const struct rs_match *match,
        int l4proto)
{
	(void)chain;
	if (match->kind == RS_MATCH_ATOM) {
		text_add(t, match->text);
		return;
	}
	fields_print(t, match->field, match->n_field, match->as, l4proto);
	if (match->kind == RS_MATCH_RANGES) {
		ranges_print(t, match);
	} else if (match->kind == RS_MATCH_MASK) {
		mask_print(t, match);
	} else {
		text_add(t, match->negate ? " != " : " ");
		lookup_print(t, rs, match->set, match->field, match->as, false);
	}
}

/* What a field says about the packet's family (2, 10) and protocol; -1: nothing. */
static void field_implies(enum rs_field f, const char *as, int *nfproto, int *l4proto)
{
	bool is_icmp = f == RS_FIELD_ICMP_TYPE || f == RS_FIELD_ICMP_CODE;
	bool is_icmpv6 = f == RS_FIELD_ICMPV6_TYPE || f == RS_FIELD_ICMPV6_CODE;
	*nfproto = *l4proto = -1;
	if (f == RS_FIELD_IP_SADDR || f == RS_FIELD_IP_DADDR || is_icmp)
		*nfproto = 2;
	if (f == RS_FIELD_IP6_SADDR || f == RS_FIELD_IP6_DADDR || is_icmpv6)
		*nfproto = 10;
	if (as != NULL && strncmp(as, "ip ", 3) == 0)
		*nfproto = 2;
	if (as != NULL && strncmp(as, "ip6 ", 4) == 0)
		*nfproto = 10;
	if (f == RS_FIELD_TCP_FLAGS)
		*l4proto = PROTO_TCP;
	if (is_icmp)
		*l4proto = PROTO_ICMP;
	if (is_icmpv6)
		*l4proto = PROTO_ICMPV6;
}

/* Does a text speak of a protocol's header: "ip saddr" at its start or after a blank? */
static bool mentions(const char *text, const char *protocol)
{
	size_t len = strlen(protocol);
	for (const char *p = text; (p = strstr(p, protocol)) != NULL; p += len)
		if ((p == text || p[-1] == ' ') && p[len] == ' ')
			return true;
	return false;
}

static bool text_implies(const char *text, enum rs_field what, int value)
{
	static const struct {
		const char *protocol;
		enum rs_field what;
		int value;
	} table[] = {{"ip", RS_FIELD_NFPROTO, 2}, {"ip6", RS_FIELD_NFPROTO, 10}, {"icmp", RS_FIELD_NFPROTO, 2},
	        {"icmpv6", RS_FIELD_NFPROTO, 10}, {"exthdr", RS_FIELD_NFPROTO, 10},
	        {"tcp", RS_FIELD_L4PROTO, PROTO_TCP}, {"udp", RS_FIELD_L4PROTO, PROTO_UDP},
	        {"icmp", RS_FIELD_L4PROTO, PROTO_ICMP}, {"icmpv6", RS_FIELD_L4PROTO, PROTO_ICMPV6},
	        {"sctp", RS_FIELD_L4PROTO, PROTO_SCTP}, {"ah", RS_FIELD_L4PROTO, 51}, {"esp", RS_FIELD_L4PROTO, 50}};
	for (size_t i = 0; text != NULL && i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].what == what && table[i].value == value && mentions(text, table[i].protocol))
			return true;
	return false;
}

static bool fields_imply(const enum rs_field *field, size_t n, const char *as, enum rs_field what, int value)
{
	for (size_t i = 0; i < n; i++) {
		int nfproto, l4proto;
		field_implies(field[i], as, &nfproto, &l4proto);
		if ((what == RS_FIELD_NFPROTO && nfproto == value) || (what == RS_FIELD_L4PROTO && l4proto == value))
			return true;
		if (what == RS_FIELD_L4PROTO && (field[i] == RS_FIELD_SPORT || field[i] == RS_FIELD_DPORT) &&
		        port_protocol(value) != NULL)
			return true;
	}
	return false;
}

/* nft adds such a match by itself for the sake of a later one, and does not show it. */
static bool is_implied(const struct rs_rule *rule, size_t i)
{
	const struct rs_match *m = &rule->match[i];
	if (m->kind != RS_MATCH_RANGES || m->negate || m->as != NULL || m->ranges.n != 1 ||
	        m->ranges.item[0].lo != m->ranges.item[0].hi ||
	        (m->field[0] != RS_FIELD_NFPROTO && m->field[0] != RS_FIELD_L4PROTO))
		return false;
	int value = (int)m->ranges.item[0].lo;
	if (i > 0 && m[-1].kind == RS_MATCH_ATOM && strncmp(m[-1].text, "ether type ip", 13) == 0)
		return true;
	for (size_t k = i + 1; k < rule->n_match; k++) {
		const struct rs_match *later = &rule->match[k];
		if (later->kind == RS_MATCH_ATOM && text_implies(later->text, m->field[0], value))
			return true;
		if (fields_imply(later->field, later->n_field, later->as, m->field[0], value))
			return true;
	}
	if (rule->vmap && fields_imply(rule->vmap_field, rule->n_vmap_field, NULL, m->field[0], value))
		return true;
	return text_implies(rule->statements, m->field[0], value) ||
	       text_implies(rule->undecided, m->field[0], value) ||
	       (m->field[0] == RS_FIELD_NFPROTO && text_implies(rule->reject_with, RS_FIELD_NFPROTO, value));
}

static void word(struct text *t, const char *s)
{
	if (t->len > 0)
		text_add(t, " ");
	text_add(t, s);
}

static void outcome_print(struct text *t, const struct ruleset *rs, const struct rs_rule *rule, int l4proto)
{
	if (rule->vmap && !rule->nat_map) {
		word(t, "");
		fields_print(t, rule->vmap_field, rule->n_vmap_field, NULL, l4proto);
		text_add(t, " vmap ");
		lookup_print(t, rs, rule->vmap_set, rule->vmap_field, NULL, true);
	} else if (rule->undecided != NULL) {
		word(t, rule->undecided);
	} else if (rule->verdict.code != RS_CONTINUE) {
		word(t, "");
		verdict_print(t, rs, rule->verdict);
		if (rule->reject_with != NULL)
			text_addf(t, " with %s", rule->reject_with);
	}
}

char *rule_print(const struct ruleset *rs, const struct rs_chain *chain, const struct rs_rule *rule)
{
	return rule_print_within(rs, chain, rule, 0);
}

char *rule_print_within(const struct ruleset *rs, const struct rs_chain *chain, const struct rs_rule *rule, size_t max)
{
	struct text t = {.max = max};
	int l4proto = -1;
	bool told = false;
	for (size_t i = 0; i < rule->n_match; i++) {
		const struct rs_match *m = &rule->match[i];
		bool point = m->kind == RS_MATCH_RANGES && !m->negate && m->ranges.n == 1 &&
		             m->ranges.item[0].lo == m->ranges.item[0].hi;
		if (point && m->field[0] == RS_FIELD_L4PROTO)
			l4proto = (int)m->ranges.item[0].lo;
		if (is_implied(rule, i))
			continue;
		if (rule->notrack && rule->notrack_at <= i && !told) {
			word(&t, "notrack");
			told = true;
		}
		word(&t, "");
		match_print(&t, rs, chain, m, l4proto);
	}
	if (rule->statements != NULL)
		word(&t, rule->statements);
	if (rule->notrack && !told)
		word(&t, "notrack");
	outcome_print(&t, rs, rule, l4proto);
	if (t.len == 0)
		text_add(&t, "continue");
	if (rule->comment != NULL) {
		word(&t, "comment \"");
		text_addf(&t, "%s\"", rule->comment);
	}
	text_shorten(&t);
	return text_take(&t);
}
