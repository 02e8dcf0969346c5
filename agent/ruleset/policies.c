/*
 * The kernel's IPsec policies: netlink messages come in, selectors with direction, action and templates go out, in the
 * order in which the kernel looks at them. Messages that are cut or are no policies, and more than the limit, are refused.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/policies.h"
#include "portcullis/text.h"

#define POLICIES_MAX 100000
#define ALIGN(n) (((n) + 3u) & ~3u)
#define FAMILY_OF(af) ((af) == AF_INET ? FAMILY_IPV4 : (af) == AF_INET6 ? FAMILY_IPV6 : FAMILY_NONE)

static u128 address_of(const xfrm_address_t *a, enum family f)
{
	const uint8_t *byte = (const uint8_t *)a;
	u128 value = 0;

	for (size_t i = 0; i < (f == FAMILY_IPV4 ? 4u : 16u); i++)
		value = value << 8 | byte[i];
	return value;
}

static struct range prefix_of(const xfrm_address_t *a, unsigned length, enum family f)
{
	unsigned width = f == FAMILY_IPV4 ? 32 : 128;
	u128 host = length >= width ? 0 : length == 0 ? family_max(f) : ((u128)1 << (width - length)) - 1;
	u128 lo = address_of(a, f) & ~host;

	return (struct range){lo, lo | host};
}

/** A mask of the port's upper bits makes a range; any other is taken for everything. */
static struct range ports_of(__be16 port, __be16 mask, bool *masked)
{
	unsigned m = ntohs(mask), host = ~m & 0xffff, lo = ntohs(port) & m;

	if ((host & (host + 1)) != 0) {
		*masked = true;
		return (struct range){0, UINT16_MAX};
	}
	return (struct range){lo, lo | host};
}

static void selector_take(const struct xfrm_selector *s, enum family f, struct ipsec_policy *out)
{
	out->family = f;
	out->source = prefix_of(&s->saddr, s->prefixlen_s, f);
	out->destination = prefix_of(&s->daddr, s->prefixlen_d, f);
	out->proto = s->proto;
	out->source_ports = ports_of(s->sport, s->sport_mask, &out->masked_ports);
	out->ports = ports_of(s->dport, s->dport_mask, &out->masked_ports);
	if (s->ifindex != 0 && if_indextoname((unsigned)s->ifindex, out->ifname) == NULL)
		snprintf(out->ifname, sizeof(out->ifname), "#%d", s->ifindex);
}

static void templates_take(const uint8_t *data, size_t len, struct ipsec_policy *out)
{
	struct xfrm_user_tmpl t;

	for (; len >= sizeof(t) && out->n_template < IPSEC_MAX_TEMPLATES; data += sizeof(t), len -= sizeof(t)) {
		struct ipsec_template *to = &out->template[out->n_template++];

		memcpy(&t, data, sizeof(t));
		to->mode = t.mode == XFRM_MODE_TRANSPORT ? IPSEC_TRANSPORT
		           : t.mode == XFRM_MODE_TUNNEL  ? IPSEC_TUNNEL
		                                         : IPSEC_OTHER_MODE;
		to->proto = t.id.proto;
		to->reqid = t.reqid;
		to->optional = t.optional != 0;
		to->family = FAMILY_OF(t.family);
		if (to->mode == IPSEC_TUNNEL && to->family != FAMILY_NONE) {
			to->source = address_of(&t.saddr, to->family);
			to->destination = address_of(&t.id.daddr, to->family);
		}
	}
}

static void policy_attribute(unsigned type, const uint8_t *value, size_t n, void *ctx)
{
	struct ipsec_policy *out = ctx;
	struct xfrm_userpolicy_type list;
	struct xfrm_mark mark;

	if (type == XFRMA_TMPL) {
		templates_take(value, n, out);
	} else if (type == XFRMA_MARK && n >= sizeof(mark)) {
		memcpy(&mark, value, sizeof(mark));
		out->mark = mark.v;
		out->mark_mask = mark.m;
	} else if (type == XFRMA_IF_ID && n >= sizeof(out->if_id)) {
		memcpy(&out->if_id, value, sizeof(out->if_id));
	} else if (type == XFRMA_POLICY_TYPE && n >= sizeof(list)) {
		memcpy(&list, value, sizeof(list));
		out->sub = list.type == XFRM_POLICY_TYPE_SUB;
	}
}

static void associations_attribute(unsigned type, const uint8_t *value, size_t n, void *ctx)
{
	struct ipsec_policies *out = ctx;

	if (type == XFRMA_SAD_CNT && n >= sizeof(out->n_association))
		memcpy(&out->n_association, value, sizeof(out->n_association));
}

typedef void attribute_fn(unsigned type, const uint8_t *value, size_t n, void *ctx);

static void attributes_each(const uint8_t *data, size_t len, attribute_fn *each, void *ctx)
{
	struct nlattr a;

	while (len >= sizeof(a)) {
		memcpy(&a, data, sizeof(a));
		if (a.nla_len < sizeof(a) || a.nla_len > len)
			return;
		each((unsigned)a.nla_type & (unsigned)NLA_TYPE_MASK, data + sizeof(a), a.nla_len - sizeof(a), ctx);
		size_t step = ALIGN(a.nla_len);
		if (step > len)
			return;
		data += step;
		len -= step;
	}
}

static void policy_take(const uint8_t *payload, size_t len, struct ipsec_policies *out)
{
	struct xfrm_userpolicy_info info;
	struct ipsec_policy p = {.family = FAMILY_NONE};
	enum family f;

	memcpy(&info, payload, sizeof(info));
	f = FAMILY_OF(info.sel.family);
	/* Behind the three directions come the policies of single sockets. */
	if (f == FAMILY_NONE || info.dir > XFRM_POLICY_FWD)
		return;
	selector_take(&info.sel, f, &p);
	p.direction = info.dir == XFRM_POLICY_IN ? IPSEC_IN : info.dir == XFRM_POLICY_OUT ? IPSEC_OUT : IPSEC_FORWARD;
	p.block = info.action == XFRM_POLICY_BLOCK;
	p.priority = info.priority;
	p.index = info.index;
	attributes_each(payload + ALIGN(sizeof(info)), len > ALIGN(sizeof(info)) ? len - ALIGN(sizeof(info)) : 0,
	        policy_attribute, &p);
	out->policy = xgrow(out->policy, out->n, &out->cap, sizeof(*out->policy));
	out->policy[out->n++] = p;
}

/** The dump begins with the newest; of equal priority the oldest comes first. */
static void order(struct ipsec_policies *p)
{
	for (size_t i = 0; i < p->n / 2; i++) {
		struct ipsec_policy swap = p->policy[i];

		p->policy[i] = p->policy[p->n - 1 - i];
		p->policy[p->n - 1 - i] = swap;
	}
	/* Merge sort, bottom up: qsort() need not keep equal ones in order. */
	struct ipsec_policy *to = xcalloc(p->n, sizeof(*to)), *from = p->policy;
	for (size_t width = 1; width < p->n; width *= 2) {
		for (size_t lo = 0; lo < p->n; lo += 2 * width) {
			size_t mid = lo + width < p->n ? lo + width : p->n,
			       hi = mid + width < p->n ? mid + width : p->n;
			size_t a = lo, b = mid;

			for (size_t k = lo; k < hi; k++)
				to[k] = a < mid && (b >= hi || from[a].priority <= from[b].priority) ? from[a++]
				                                                                     : from[b++];
		}
		struct ipsec_policy *swap = from;
		from = to;
		to = swap;
	}
	free(to);
	p->policy = from;
}

static struct ipsec_policies *policies_new(void)
{
	struct ipsec_policies *p = xcalloc(1, sizeof(*p));

	atomic_init(&p->refs, 1);
	return p;
}

/** Least length of a message's own header; 0: it is none of those expected here. */
static size_t header_size(uint16_t type)
{
	return type == XFRM_MSG_NEWPOLICY    ? sizeof(struct xfrm_userpolicy_info)
	       : type == XFRM_MSG_NEWSADINFO ? sizeof(uint32_t)
	                                     : 0;
}

int ipsec_parse(const void *bytes, size_t len, struct ipsec_policies **out, struct error *err)
{
	const uint8_t *at = bytes;
	struct ipsec_policies *p = policies_new();
	struct nlmsghdr m;

	*out = NULL;
	for (size_t left = len, n = 1; left > 0; n++) {
		if (left >= sizeof(m))
			memcpy(&m, at, sizeof(m));
		size_t header = left < sizeof(m) ? 0 : header_size(m.nlmsg_type);
		if (header == 0 || m.nlmsg_len > left || ALIGN((size_t)m.nlmsg_len) > left ||
		        m.nlmsg_len < sizeof(m) + header) {
			ipsec_policies_unref(p);
			return error_set(err, ERR_FORMAT, "IPsec policies",
			        "netlink message %zu is cut or is not one of a policy", n);
		}
		if (p->n >= POLICIES_MAX) {
			ipsec_policies_unref(p);
			return error_set(err, ERR_LIMIT, "IPsec policies", "there are more than %d", POLICIES_MAX);
		}
		if (m.nlmsg_type == XFRM_MSG_NEWPOLICY)
			policy_take(at + sizeof(m), m.nlmsg_len - sizeof(m), p);
		else /* behind four bytes of flags */
			attributes_each(
			        at + sizeof(m) + header, m.nlmsg_len - sizeof(m) - header, associations_attribute, p);
		at += ALIGN(m.nlmsg_len);
		left -= ALIGN(m.nlmsg_len);
	}
	order(p);
	*out = p;
	return 0;
}

struct ipsec_policies *ipsec_unreadable(const char *why)
{
	struct ipsec_policies *p = policies_new();

	p->unreadable = xstrdup(why);
	return p;
}

struct ipsec_policies *ipsec_policies_read(
        int (*read)(void *self, uint8_t **bytes, size_t *len, struct error *err), void *self)
{
	struct ipsec_policies *policies = NULL;
	struct error err = {0};
	uint8_t *bytes = NULL;
	size_t len = 0;
	char line[1200];

	if (read(self, &bytes, &len, &err) != 0 || ipsec_parse(bytes, len, &policies, &err) != 0)
		policies = ipsec_unreadable(error_line(&err, line, sizeof(line)));
	free(bytes);
	return policies;
}

struct ipsec_policies *ipsec_policies_ref(struct ipsec_policies *p)
{
	atomic_fetch_add(&p->refs, 1);
	return p;
}

void ipsec_policies_unref(struct ipsec_policies *p)
{
	if (p == NULL || atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	free(p->policy);
	free(p->unreadable);
	free(p);
}

static bool template_same(const struct ipsec_template *a, const struct ipsec_template *b)
{
	return a->mode == b->mode && a->proto == b->proto && a->reqid == b->reqid && a->optional == b->optional &&
	       a->family == b->family && a->source == b->source && a->destination == b->destination;
}

static bool range_same(struct range a, struct range b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

static bool policy_same(const struct ipsec_policy *a, const struct ipsec_policy *b)
{
	if (a->family != b->family || !range_same(a->source, b->source) ||
	        !range_same(a->destination, b->destination) || a->proto != b->proto ||
	        !range_same(a->source_ports, b->source_ports) || !range_same(a->ports, b->ports) ||
	        a->masked_ports != b->masked_ports || strcmp(a->ifname, b->ifname) != 0 ||
	        a->direction != b->direction || a->block != b->block || a->sub != b->sub || a->mark != b->mark ||
	        a->mark_mask != b->mark_mask || a->if_id != b->if_id || a->n_template != b->n_template)
		return false;
	for (size_t i = 0; i < a->n_template; i++)
		if (!template_same(&a->template[i], &b -> template[i]))
			return false;
	return true;
}

bool ipsec_policies_same(const struct ipsec_policies *a, const struct ipsec_policies *b)
{
	if (a == b || a == NULL || b == NULL)
		return a == b;
	if ((a->unreadable == NULL) != (b->unreadable == NULL) || a->n != b->n ||
	        (a->n_association == 0) != (b->n_association == 0))
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!policy_same(&a->policy[i], &b->policy[i]))
			return false;
	return true;
}

static void print_ports(struct text *t, const char *name, struct range r)
{
	char buf[16];

	if (r.lo > 0 || r.hi < UINT16_MAX)
		text_addf(t, " %s %s", name,
		        port_range_print((struct port_range){(uint16_t)r.lo, (uint16_t)r.hi}, buf, sizeof(buf)));
}

static void print_template(struct text *t, const struct ipsec_template *tmpl)
{
	static const char *const modes[] = {
	        [IPSEC_TRANSPORT] = "transport", [IPSEC_TUNNEL] = "tunnel", [IPSEC_OTHER_MODE] = "other mode"};
	char a[64], b[64];

	text_addf(t, " %s %s",
	        tmpl->proto == 50    ? "esp"
	        : tmpl->proto == 51  ? "ah"
	        : tmpl->proto == 108 ? "comp"
	                             : "any",
	        modes[tmpl->mode]);
	if (tmpl->mode == IPSEC_TUNNEL && tmpl->family != FAMILY_NONE)
		text_addf(t, " %s>%s", addr_print(tmpl->family, tmpl->source, a, sizeof(a)),
		        addr_print(tmpl->family, tmpl->destination, b, sizeof(b)));
	if (tmpl->reqid != 0)
		text_addf(t, " reqid %u", tmpl->reqid);
	if (tmpl->optional)
		text_add(t, " optional");
}

char *ipsec_policy_print(const struct ipsec_policy *p)
{
	static const char *const directions[] = {[IPSEC_IN] = "in", [IPSEC_OUT] = "out", [IPSEC_FORWARD] = "fwd"};
	struct text t = {0};
	char a[96], b[96];

	text_addf(&t, "dir %s src %s dst %s", directions[p->direction], range_print(p->family, p->source, a, sizeof(a)),
	        range_print(p->family, p->destination, b, sizeof(b)));
	if (p->proto != 0)
		text_addf(&t, " proto %s", proto_name(p->proto));
	print_ports(&t, "sport", p->source_ports);
	print_ports(&t, "dport", p->ports);
	if (p->ifname[0] != '\0')
		text_addf(&t, " dev %s", p->ifname);
	if (p->block)
		text_add(&t, " action block");
	text_addf(&t, " priority %u", p->priority);
	if (p->mark_mask != 0)
		text_addf(&t, " mark 0x%x/0x%x", p->mark, p->mark_mask);
	if (p->if_id != 0)
		text_addf(&t, " if_id %u", p->if_id);
	for (size_t i = 0; i < p->n_template; i++)
		print_template(&t, &p->template[i]);
	return text_take(&t);
}
