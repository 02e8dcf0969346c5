/*
 * Address translations as verdicts of a rule: what a reader found comes in, text and the constant destination go out. A
 * translation whose result depends on the packet is named, its destination left open.
 */
#include <linux/netfilter/nf_nat.h>
#include <string.h>

#include "ruleset/model.h"

static void nat_address(struct text *t, const struct nat *nat)
{
	enum family f = nat->family == 2 ? FAMILY_IPV4 : FAMILY_IPV6;
	bool bracket = nat->family == 10 && nat->has_port;
	char buf[64];
	text_addf(
	        t, "%s%s%s", bracket ? "[" : "", addr_print(f, nat->address_lo, buf, sizeof(buf)), bracket ? "]" : "");
	if (nat->address_hi != nat->address_lo)
		text_addf(t, "-%s%s%s", bracket ? "[" : "", addr_print(f, nat->address_hi, buf, sizeof(buf)),
		        bracket ? "]" : "");
}

static void nat_print(struct text *t, const struct nat *nat, enum rs_family family)
{
	static const struct symbol flags[] = {{"random", NF_NAT_RANGE_PROTO_RANDOM},
	        {"fully-random", NF_NAT_RANGE_PROTO_RANDOM_FULLY}, {"persistent", NF_NAT_RANGE_PERSISTENT}, {NULL, 0}};
	const char *separator = " ";
	text_add(t, nat->word);
	if (nat->has_address && family == RS_INET && nat->family != -1)
		text_add(t, nat->family == 2 ? " ip" : " ip6");
	if (nat->has_address || nat->has_port)
		text_add(t, " to ");
	if (!nat->known)
		text_add(t, text_str(&nat->text));
	else if (nat->has_address)
		nat_address(t, nat);
	if (nat->known && nat->has_port)
		text_addf(t, ":%u", (unsigned)nat->port_lo);
	if (nat->known && nat->has_port && nat->port_hi != nat->port_lo)
		text_addf(t, "-%u", (unsigned)nat->port_hi);
	for (const struct symbol *s = flags; s->name != NULL; s++) {
		if ((nat->flags & s->value) != s->value)
			continue;
		text_addf(t, "%s%s", separator, s->name);
		separator = ",";
	}
}

/* Can the map be followed? One that the packet path changes cannot. */
static bool map_is_known(const struct builder *b, const struct nat_map *map)
{
	const struct rs_set *set = &b->rs->set[map->set];
	if (set->undecided || set->dynamic || set->timeout || set->n_element == 0 ||
	        set->n_field != (map->n_field > 0 ? map->n_field : 1))
		return false;
	for (size_t i = 0; i < set->n_element; i++)
		if (!set->element[i].target.has_address && !set->element[i].target.has_port)
			return false;
	return true;
}

static void take_map(struct builder *b, const struct nat_map *map)
{
	struct rs_rule *rule = &b->rule;
	if (map->n_field > 0)
		builder_vmap(b, map->field, map->n_field, map->set);
	rule->vmap_set = map->set;
	rule->nat_key = map->key;
	rule->nat_map = true;
}

void builder_nat(struct builder *b, struct nat *nat)
{
	struct rs_rule *rule = &b->rule;
	struct text t = {0};
	bool mapped = nat->map != NULL && map_is_known(b, nat->map);
	nat_print(&t, nat, b->rs->chain[b->chain].family);
	builder_undecided(b, nat->code, text_str(&t));
	/* One that says "ip" or "ip6" makes the kernel track that family alone. */
	b->rs->uses_conntrack = true;
	b->rs->tracks[0] |= nat->family == 2 || (nat->family == -1 && b->rs->chain[b->chain].family != RS_IP6);
	b->rs->tracks[1] |= nat->family == 10 || (nat->family == -1 && b->rs->chain[b->chain].family != RS_IP);
	text_fini(&t);
	text_fini(&nat->text);
	/* A prefix translation keeps the host part, a shift gives each port another one. */
	if (nat->code != RS_NAT_DST || (!nat->known && !mapped) ||
	        (nat->flags & (NF_NAT_RANGE_NETMAP | NF_NAT_RANGE_PROTO_OFFSET)) != 0)
		return;
	rule->nat_redirect = strcmp(nat->word, "redirect") == 0;
	if (mapped)
		take_map(b, nat->map);
	/* What a reader does not have as a constant is in the map. */
	rule->nat_has_address = nat->has_address && !nat->address_mapped;
	rule->nat_address_lo = nat->address_lo;
	rule->nat_address_hi = nat->address_hi;
	rule->nat_has_port = nat->has_port && !nat->port_mapped;
	rule->nat_port = (struct port_range){(uint16_t)nat->port_lo, (uint16_t)nat->port_hi};
}
