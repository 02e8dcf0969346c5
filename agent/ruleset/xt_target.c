/*
 * The targets of iptables-nft, from the x_tables structures in the bytecode: verdicts, translations and statements. A
 * target that is not known, or a structure of another size, becomes an undecided verdict with the target's name.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_CONNMARK.h>
#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_LOG.h>
#include <linux/netfilter/xt_MARK.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/exec.h"

/** @return false: not decoded, nothing was done. */
typedef bool xt_fn(struct exec *x, const char *name, const void *info, size_t len);

static bool info_copy(void *out, size_t size, const void *info, size_t len)
{
	if (len < size || len >= size + 8)
		return false;
	memcpy(out, info, size);
	return true;
}

static bool target_statement(struct exec *x, const char *name, const void *info, size_t len)
{
	(void)info;
	(void)len;
	char *text = xasprintf("xt target \"%s\"", name);
	builder_statement(&x->b, text);
	free(text);
	return true;
}

static bool target_reject(struct exec *x, const char *name, const void *info, size_t len)
{
	static const char *const four[] = {"icmp net-unreachable", "icmp host-unreachable", "icmp prot-unreachable",
	        NULL, "icmp echo-reply", "icmp net-prohibited", "icmp host-prohibited", "tcp reset",
	        "icmp admin-prohibited"};
	static const char *const six[] = {"icmpv6 no-route", "icmpv6 admin-prohibited", "icmpv6 not-neighbour",
	        "icmpv6 addr-unreachable", NULL, "icmpv6 echo-reply", "tcp reset", "icmpv6 policy-fail",
	        "icmpv6 reject-route"};
	uint32_t with;
	(void)name;
	if (!info_copy(&with, sizeof(with), info, len) || with > 8)
		return false;
	const char *text = x->b.nfproto == 10 ? six[with] : four[with];
	builder_reached(&x->b);
	x->b.rule.verdict = (struct rs_verdict){.code = RS_DROP, .reject = true};
	if (text != NULL)
		x->b.rule.reject_with = xstrdup(text);
	x->done = true;
	return true;
}

static void log_statement(struct exec *x, const char *what, const char *prefix, size_t size)
{
	struct text t = {0};
	text_add(&t, what);
	if (prefix[0] != '\0') {
		char *clean = quoted_clean(xstrndup(prefix, size));
		text_addf(&t, " prefix \"%s\"", clean);
		free(clean);
	}
	builder_statement(&x->b, text_str(&t));
	text_fini(&t);
}

static bool target_log(struct exec *x, const char *name, const void *info, size_t len)
{
	struct xt_log_info log;
	(void)name;
	if (!info_copy(&log, sizeof(log), info, len))
		return false;
	log_statement(x, "log", log.prefix, sizeof(log.prefix));
	return true;
}

static bool target_nflog(struct exec *x, const char *name, const void *info, size_t len)
{
	struct xt_nflog_info log;
	(void)name;
	if (!info_copy(&log, sizeof(log), info, len))
		return false;
	char *what = xasprintf("log group %u", log.group);
	log_statement(x, what, log.prefix, sizeof(log.prefix));
	free(what);
	return true;
}

static bool target_mark(struct exec *x, const char *name, const void *info, size_t len)
{
	struct xt_mark_tginfo2 mark;
	x->b.rs->sets_mark = true;
	if (!info_copy(&mark, sizeof(mark), info, len) || mark.mask != UINT32_MAX)
		return target_statement(x, name, info, len);
	char *text = xasprintf("meta mark set 0x%08x", mark.mark);
	builder_statement(&x->b, text);
	free(text);
	return true;
}

static bool target_connmark(struct exec *x, const char *name, const void *info, size_t len)
{
	builder_tracks(&x->b);
	x->b.rs->sets_mark = true;
	return target_statement(x, name, info, len);
}

static bool target_hmark(struct exec *x, const char *name, const void *info, size_t len)
{
	x->b.rs->sets_mark = true;
	return target_statement(x, name, info, len);
}

static bool target_notrack(struct exec *x, const char *name, const void *info, size_t len)
{
	(void)name;
	(void)info;
	(void)len;
	builder_notrack(&x->b);
	return true;
}

static bool target_ct(struct exec *x, const char *name, const void *info, size_t len)
{
	uint16_t flags;
	builder_tracks(&x->b);
	if (len < sizeof(flags))
		return false;
	memcpy(&flags, info, sizeof(flags));
	if (flags & XT_CT_NOTRACK)
		return target_notrack(x, name, info, len);
	return target_statement(x, name, info, len);
}

/* The old IPv4 structure and the later ones, in one. */
static bool range_read(const void *info, size_t len, struct nf_nat_range *out)
{
	struct nf_nat_range2 two;
	struct nf_nat_ipv4_multi_range_compat old;
	if (info_copy(&old, sizeof(old), info, len) && old.rangesize == 1) {
		*out = (struct nf_nat_range){.flags = old.range[0].flags};
		out->min_addr.ip = old.range[0].min_ip;
		out->max_addr.ip = old.range[0].max_ip;
		out->min_proto = old.range[0].min;
		out->max_proto = old.range[0].max;
		return true;
	}
	if (info_copy(out, sizeof(*out), info, len))
		return true;
	if (!info_copy(&two, sizeof(two), info, len))
		return false;
	memcpy(out, &two, sizeof(*out));
	return true;
}

static u128 address_number(const union nf_inet_addr *a, int nfproto)
{
	const uint8_t *p = (const uint8_t *)a;
	u128 v = 0;
	for (size_t i = 0; i < (nfproto == 10 ? 16u : 4u); i++)
		v = v << 8 | p[i];
	return v;
}

static bool target_nat(struct exec *x, const char *name, const void *info, size_t len)
{
	static const struct {
		const char *name, *word;
		enum rs_verdict_code code;
	} kinds[] = {{"DNAT", "dnat", RS_NAT_DST}, {"REDIRECT", "redirect", RS_NAT_DST}, {"SNAT", "snat", RS_NAT_SRC},
	        {"MASQUERADE", "masquerade", RS_NAT_SRC}};
	size_t k = 0;
	struct nf_nat_range r;
	while (strcmp(kinds[k].name, name) != 0)
		k++;
	if (!range_read(info, len, &r))
		return false;
	struct nat nat = {
	        .word = kinds[k].word,
	        .code = kinds[k].code,
	        .known = true,
	        .family = x->b.nfproto == 10 ? 10 : 2,
	        .has_address = (r.flags & NF_NAT_RANGE_MAP_IPS) != 0,
	        .has_port = (r.flags & NF_NAT_RANGE_PROTO_SPECIFIED) != 0,
	        .address_lo = address_number(&r.min_addr, x->b.nfproto),
	        .address_hi = address_number(&r.max_addr, x->b.nfproto),
	        .port_lo = ntohs(r.min_proto.all),
	        .port_hi = ntohs(r.max_proto.all),
	        .flags = r.flags,
	};
	builder_reached(&x->b);
	builder_nat(&x->b, &nat);
	x->done = true;
	return true;
}

static const struct {
	const char *name;
	xt_fn *fn;
} targets[] = {{"REJECT", target_reject}, {"LOG", target_log}, {"NFLOG", target_nflog}, {"MARK", target_mark},
        {"CONNMARK", target_connmark}, {"HMARK", target_hmark}, {"NOTRACK", target_notrack}, {"CT", target_ct},
        {"DNAT", target_nat}, {"SNAT", target_nat}, {"MASQUERADE", target_nat}, {"REDIRECT", target_nat},
        {"TCPMSS", target_statement}, {"CLASSIFY", target_statement}, {"DSCP", target_statement},
        {"TOS", target_statement}, {"TTL", target_statement}, {"HL", target_statement}, {"TRACE", target_statement},
        {"AUDIT", target_statement}, {"CHECKSUM", target_statement}, {"SECMARK", target_statement},
        {"CONNSECMARK", target_statement}, {"TEE", target_statement}, {"LED", target_statement},
        {"IDLETIMER", target_statement}, {"RATEEST", target_statement}, {"TCPOPTSTRIP", target_statement},
        {"ECN", target_statement}};

bool expr_target(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_TARGET_MAX + 1];
	char name[RULESET_MAX_NAME + 1];
	if (!attrs_nested(data, tb, NFTA_TARGET_MAX + 1) || !attr_name(tb[NFTA_TARGET_NAME], name) ||
	        tb[NFTA_TARGET_INFO] == NULL)
		return false;
	const struct nlattr *info = tb[NFTA_TARGET_INFO];
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (strcmp(targets[i].name, name) == 0 &&
		        targets[i].fn(x, name, mnl_attr_get_payload(info), mnl_attr_get_payload_len(info)))
			return true;
	char *text = xasprintf("xt target \"%s\"", name);
	builder_undecided(&x->b, RS_UNKNOWN, text);
	free(text);
	x->done = true;
	return true;
}
