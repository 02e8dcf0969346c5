/*
 * Connections at random: what the ruleset's text and model speak of comes in, a connection that may meet its rules goes
 * out. Addresses that the kernel itself would refuse to forward are not drawn.
 */
#include <string.h>

#include "oracle/oracle.h"

static const struct hint_line *line_draw(const struct hints *h)
{
	static const struct hint_line none;

	return h->n == 0 ? &none : &h->line[draw((uint32_t)h->n)];
}

/** One of the line's hints of these kinds. */
static const struct hint *hint_draw(const struct hint_line *l, unsigned kinds, enum family f)
{
	const struct hint *found = NULL;
	uint32_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct hint *h = &l->hint[i];

		if ((kinds & 1u << h->field) == 0 || (f != FAMILY_NONE && h->family != f))
			continue;
		n++;
		if (draw(n) == 0)
			found = h;
	}
	return found;
}

static bool fits(enum family f, u128 a, bool local)
{
	return a <= family_max(f) && (local ? address_is_local(f, a) : address_is_usable(f, a));
}

static u128 pool_draw(enum family f, bool local)
{
	u128 low = 1 + draw(chance(70) ? 40 : 253);

	if (local)
		return (f == FAMILY_IPV4 ? (u128)0x0a4d0000 : (u128)0xfd77 << 112) + low;
	if (f == FAMILY_IPV4)
		return (draw(2) == 0 ? 0x0a000000u : 0x0a010000u) + low;
	return ((u128)(draw(2) == 0 ? 0xfd00 : 0xfd01) << 112) + low;
}

static u128 address_draw(
        const struct hints *h, const struct hint_line *l, enum hint_field field, enum family f, bool local)
{
	unsigned kinds = 1u << field | 1u << HINT_ANY_ADDR;

	for (int i = 0; i < 6; i++) {
		const struct hint *hint = hint_draw(i < 3 ? l : line_draw(h), kinds, f);
		u128 a;

		if (hint == NULL)
			continue;
		a = draw_range(hint->range);
		if (fits(f, a, local))
			return a;
	}
	return pool_draw(f, local);
}

static uint16_t port_draw(const struct hints *h, const struct hint_line *l, enum hint_field field)
{
	for (int i = 0; i < 4; i++) {
		const struct hint *hint =
		        hint_draw(i < 2 ? l : line_draw(h), 1u << field | 1u << HINT_ANY_PORT, FAMILY_NONE);
		u128 p;

		if (hint == NULL || (i < 2 && chance(15)))
			continue;
		p = draw_range(hint->range);
		if (p > 0 && p <= UINT16_MAX)
			return (uint16_t)p;
	}
	return (uint16_t)(1 + draw(chance(50) ? 1100 : UINT16_MAX - 1));
}

static uint8_t proto_draw(const struct hint_line *l, enum family f)
{
	static const uint8_t others[] = {89, 50, 103};
	const struct hint *hint = hint_draw(l, 1u << HINT_PROTO, FAMILY_NONE);
	uint8_t icmp = f == FAMILY_IPV4 ? PROTO_ICMP : PROTO_ICMPV6;
	uint32_t r = draw(100);

	if (hint != NULL && chance(75)) {
		u128 p = hint->range.lo;

		if (p == PROTO_TCP || p == PROTO_UDP)
			return (uint8_t)p;
		if (p == PROTO_ICMP || p == PROTO_ICMPV6)
			return icmp;
	}
	return r < 45 ? PROTO_TCP : r < 80 ? PROTO_UDP : r < 94 ? icmp : others[draw(3)];
}

/** Types that open nothing, or that conntrack does not follow: one packet, no reply. */
static uint8_t type_draw(const struct hint_line *l, uint8_t proto)
{
	static const uint8_t four[] = {13, 3, 11, 0, 5}, six[] = {1, 2, 3, 4, 129, 200};
	const struct hint *hint = hint_draw(l, 1u << HINT_TYPE, FAMILY_NONE);
	uint8_t type = proto == PROTO_ICMP ? four[draw(sizeof(four))] : six[draw(sizeof(six))];

	if (hint != NULL && chance(60) && hint->range.hi < 256)
		type = (uint8_t)hint->range.lo;
	return type == 8 || type == 128 ? 0 : type;
}

static enum path path_draw(void)
{
	uint32_t r = draw(100);

	return r < 70 ? PATH_FORWARD : r < 85 ? PATH_INPUT : PATH_OUTPUT;
}

/** Where a rule leads, or for one element of its map. */
static struct rs_target target_draw(const struct ruleset *rs, const struct rs_rule *rule)
{
	struct rs_target t = {
	        rule->nat_has_address, rule->nat_has_port, rule->nat_address_lo, rule->nat_address_hi, rule->nat_port};
	const struct rs_set *map = rule->nat_map ? &rs->set[rule->vmap_set] : NULL;

	if (map != NULL && map->n_element > 0) {
		struct rs_target of_map = map->element[draw((uint32_t)map->n_element)].target;

		t = t.has_address ? (struct rs_target){true, of_map.has_port, t.address_lo, t.address_hi, of_map.port}
		                  : of_map;
	}
	return t;
}

/** A target of destination NAT: then the packet should go where that leads. @return false: there is none. */
static bool translation_draw(const struct ruleset *rs, enum family f, struct rs_target *found)
{
	uint32_t n = 0;

	for (size_t c = 0; c < rs->n_chain; c++) {
		for (size_t r = 0; r < rs->chain[c].n_rule; r++) {
			const struct rs_rule *rule = &rs->chain[c].rule[r];
			struct rs_target t;

			if (rule->verdict.code != RS_NAT_DST || rule->nat_redirect)
				continue;
			t = target_draw(rs, rule);
			if ((!t.has_address && !t.has_port) ||
			        (t.has_address && (t.address_lo > UINT32_MAX) != (f == FAMILY_IPV6)))
				continue;
			if (draw(++n) == 0)
				*found = t;
		}
	}
	return n > 0;
}

static bool translate(struct connection *c, const struct rs_target *target)
{
	struct leg_key *key = &c->key;

	key->translated = true;
	key->inside = key->cell.axis[AXIS_DESTINATION];
	if (target->has_address)
		key->inside = (struct range){target->address_lo, target->address_hi};
	key->shift = target->has_port && wire_has_ports(key->proto) ? target->port.lo - c->first.dport : 0;
	if (key->path == PATH_OUTPUT)
		return address_is_usable(key->family, key->inside.lo);
	key->path = address_is_local(key->family, key->inside.lo) ? PATH_INPUT : PATH_FORWARD;
	return key->path == PATH_INPUT || address_is_usable(key->family, key->inside.lo);
}

static void point(struct connection *c)
{
	struct cell *cell = &c->key.cell;

	cell->axis[AXIS_SOURCE] = (struct range){c->first.source, c->first.source};
	cell->axis[AXIS_DESTINATION] = (struct range){c->first.destination, c->first.destination};
	cell->axis[AXIS_SPORT] = cell->axis[AXIS_DPORT] = (struct range){0, 0};
	if (!wire_has_ports(c->key.proto))
		return;
	cell->axis[AXIS_SPORT] = (struct range){c->first.sport, c->first.sport};
	cell->axis[AXIS_DPORT] = (struct range){c->first.dport, c->first.dport};
}

static void devices_draw(struct connection *c, const struct kernel *k)
{
	int d = (int)draw(DEVICES);

	c->in = c->key.path == PATH_OUTPUT ? -1 : d;
	c->out = c->key.path == PATH_INPUT ? -1 : c->key.path == PATH_OUTPUT ? d : d ^ 1;
	memcpy(c->key.iif, kernel_device(k, c->in), strlen(kernel_device(k, c->in)) + 1);
	memcpy(c->key.oif, kernel_device(k, c->out), strlen(kernel_device(k, c->out)) + 1);
}

bool connection_draw(struct connection *c, const struct hints *hints, const struct ruleset *rs, const struct kernel *k)
{
	static const struct ranges no_siblings;
	const struct hint_line *l = line_draw(hints);
	const struct hint *address =
	        hint_draw(l, 1u << HINT_SADDR | 1u << HINT_DADDR | 1u << HINT_ANY_ADDR, FAMILY_NONE);
	bool backwards = chance(12);
	struct rs_target target;
	struct wire *w = &c->first;

	*c = (struct connection){.key.siblings = &no_siblings, .traced = chance(12)};
	w->family = address != NULL ? address->family : chance(60) ? FAMILY_IPV4 : FAMILY_IPV6;
	w->proto = proto_draw(l, w->family);
	c->key.family = w->family;
	c->key.proto = w->proto;
	c->key.path = path_draw();
	w->source = address_draw(hints, l, backwards ? HINT_DADDR : HINT_SADDR, w->family, c->key.path == PATH_OUTPUT);
	w->destination =
	        address_draw(hints, l, backwards ? HINT_SADDR : HINT_DADDR, w->family, c->key.path == PATH_INPUT);
	/* Both directions of a connection with oneself look alike. */
	if (w->source == w->destination)
		return false;
	w->sport = port_draw(hints, l, backwards ? HINT_DPORT : HINT_SPORT);
	w->dport = wire_has_ports(w->proto) ? port_draw(hints, l, backwards ? HINT_SPORT : HINT_DPORT) : 0;
	if (w->proto == PROTO_ICMP || w->proto == PROTO_ICMPV6) {
		w->icmp_type = w->proto == PROTO_ICMP ? 8 : 128;
		if (chance(20))
			c->icmp_type = type_draw(l, w->proto);
		if (c->icmp_type != 0)
			w->icmp_type = c->icmp_type;
	} else if (!wire_has_ports(w->proto)) {
		w->sport = 0;
	}
	point(c);
	if (chance(60) && c->icmp_type == 0 && translation_draw(rs, w->family, &target) && !translate(c, &target))
		return false;
	devices_draw(c, k);
	return true;
}
