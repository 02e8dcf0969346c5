/*
 * What the ruleset lets in although nobody needs it: in come the model, the bound groups and the required flows, out go
 * the accepted new packets toward the groups that no flow and no allowance asks for, as disjoint boxes per accepting
 * rule. Where a bound is reached the list says that there is more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "verify/blame.h"
#include "verify/default.h"
#include "verify/excess.h"
#include "verify/needed.h"
#include "verify/openings.h"
#include "verify/sides.h"
#include "verify/tolerated.h"

#define TCP_SYN 2
#define ID_MASK 0x7fffffffu

/** What one rule accepts although nobody needs it. */
struct surplus {
	struct cells beyond; /**< more than a required flow with other source ports */
	struct cells beside; /**< required flows with other source ports */
};

struct scan {
	struct engine *engine;
	const struct ruleset *rs;
	struct surroundings around; /* its group is that of the question at hand */
	struct openings *out; /* of the question at hand */
	bool classes_changed;
	const struct difference *difference; /* from what `before` answers; NULL: nothing is known */
	struct openings_parts *before, *parts;
	struct outcomes outcomes;
	const struct openings_question *question;
	struct needed_list needed; /**< made when the first packets are open */
	bool needed_known;
	struct positions found; /**< scratch */
	bool starts[256];
	/* the question at hand */
	enum family family;
	const struct side *from, *to;
	struct outcome *accepted;
	size_t n_accepted, cap_accepted;
	size_t n_part; /**< boxes that openings keep beside their own */
	bool overlapping; /**< some accepted cells may overlap: several answers for one packet, or several ICMP types */
	struct excesses excess;
};

static const struct zone *zone_of(const struct site *site, const char *ifname)
{
	for (size_t z = 0; z < site->n_zone; z++)
		for (size_t i = 0; i < site->zone[z].n_interface; i++)
			if (strcmp(site->zone[z].interface[i], ifname) == 0)
				return &site->zone[z];
	return NULL;
}

/** Traffic within one interface or one zone crosses nothing. */
static bool crosses(const struct scan *s)
{
	const struct zone *a = zone_of(s->around.site, s->from->ifname);

	if (s->from->ifname[0] != '\0' && strcmp(s->from->ifname, s->to->ifname) == 0)
		return false;
	return a == NULL || a != zone_of(s->around.site, s->to->ifname);
}

static struct packet_set question(const struct scan *s, uint8_t proto, uint8_t icmp_type)
{
	struct packet_set set = {
	        .family = s->family,
	        .proto = proto,
	        .tcp_flags = proto == PROTO_TCP ? TCP_SYN : 0,
	        .icmp_type = icmp_type,
	        .path = PATH_FORWARD,
	        .phase = PHASE_NEW,
	        .iif = s->from->ifname,
	        .oif = s->to->ifname,
	};

	if (needed_has_ports(proto))
		set.cell.axis[AXIS_SPORT] = set.cell.axis[AXIS_DPORT] = (struct range){0, UINT16_MAX};
	return set;
}

/** Collect what the ruleset accepts, or may accept, of one kind of new packet. */
static void ask(struct scan *s, uint8_t proto, uint8_t icmp_type)
{
	struct packet_set set = question(s, proto, icmp_type);

	for (size_t i = 0; i < s->to->addresses.n; i++) {
		for (size_t k = 0; k < s->from->addresses.n; k++) {
			set.cell.axis[AXIS_DESTINATION] = s->to->addresses.item[i];
			set.cell.axis[AXIS_SOURCE] = s->from->addresses.item[k];
			engine_run(s->engine, &set, &s->outcomes, NULL, NULL);
			s->overlapping = s->overlapping || s->outcomes.forked;
			if (s->outcomes.limit != NULL)
				openings_incomplete(s->out, s->outcomes.limit);
			for (size_t o = 0; o < s->outcomes.n; o++) {
				if (s->outcomes.item[o].code == OUTCOME_UNKNOWN)
					openings_incomplete(s->out, "a rule is reached whose verdict is not decided");
				if (s->outcomes.item[o].code != OUTCOME_ACCEPT)
					continue;
				s->accepted = xgrow(s->accepted, s->n_accepted, &s->cap_accepted, sizeof(*s->accepted));
				s->accepted[s->n_accepted++] = s->outcomes.item[o];
			}
		}
	}
}

static int accepted_cmp(const void *a, const void *b)
{
	const struct outcome *x = a, *y = b;

	if (x->chain != y->chain)
		return x->chain < y->chain ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

/** Accepted cells of one rule, made disjoint. */
static bool accepted_cells(const struct scan *s, size_t first, size_t end, struct cells *out)
{
	bool fits = true;

	for (size_t i = first; i < end && fits; i++) {
		struct cells part = {0};

		cells_add(&part, &s->accepted[i].cell);
		for (size_t k = 0; s->overlapping && k < out->n && part.n > 0 && fits; k++)
			fits = cells_subtract(&part, &out->item[k], VERIFY_MAX_BOXES);
		for (size_t k = 0; k < part.n && fits; k++)
			cells_add(out, &part.item[k]);
		fits = fits && out->n <= VERIFY_MAX_BOXES;
		cells_fini(&part);
	}
	return fits;
}

/** One accepted cell while what is needed is taken from it. */
struct taking {
	uint8_t proto;
	struct cells left;
	bool fits, narrow; /**< narrow: something is needed with fewer source ports than are accepted */
};

static struct cell any_source_port(const struct cell *needed, uint8_t proto)
{
	struct cell wide = *needed;
	struct range *ports = &wide.axis[AXIS_SPORT];

	if (needed_has_ports(proto) && (ports->lo > 0 || ports->hi < UINT16_MAX))
		*ports = (struct range){0, UINT16_MAX};
	return wide;
}

static bool take_with_any_source_port(void *ctx, const struct cell *needed)
{
	struct taking *t = ctx;
	struct cell wide = any_source_port(needed, t->proto);

	t->narrow = t->narrow || !cell_covers(needed, &wide);
	t->fits = cells_subtract(&t->left, &wide, VERIFY_MAX_BOXES);
	return t->fits && t->left.n > 0;
}

static bool take_as_it_is(void *ctx, const struct cell *needed)
{
	struct taking *t = ctx;

	t->fits = cells_subtract(&t->left, needed, VERIFY_MAX_BOXES);
	return t->fits && t->left.n > 0;
}

/** Take from one accepted cell what is needed, and of the rest apart what is needed but for its source port. */
static bool surplus_add(struct scan *s, uint8_t proto, const struct cell *cell, struct surplus *out)
{
	struct taking beyond = {.proto = proto, .fits = true}, beside = beyond;
	struct cell wide = any_source_port(cell, proto);

	if (!s->needed_known)
		needed_find(s->around.site, s->question->flows, s->question->now, &s->needed);
	s->needed_known = true;
	cells_add(&beyond.left, cell);
	/* What is needed with other source ports lies beside the cell. */
	needed_each(&s->needed, s->family, proto, &wide, &s->found, take_with_any_source_port, &beyond);
	beside.fits = beyond.fits;
	if (beyond.narrow)
		cells_add(&beside.left, cell);
	for (size_t i = 0; i < beyond.left.n && beside.left.n > 0 && beside.fits; i++)
		beside.fits = cells_subtract(&beside.left, &beyond.left.item[i], VERIFY_MAX_BOXES);
	if (beside.left.n > 0 && beside.fits)
		needed_each(&s->needed, s->family, proto, cell, &s->found, take_as_it_is, &beside);
	for (size_t i = 0; i < beyond.left.n && beside.fits; i++)
		cells_add(&out->beyond, &beyond.left.item[i]);
	for (size_t i = 0; i < beside.left.n && beside.fits; i++)
		cells_add(&out->beside, &beside.left.item[i]);
	cells_fini(&beyond.left);
	cells_fini(&beside.left);
	return beside.fits && out->beyond.n <= VERIFY_MAX_BOXES && out->beside.n <= VERIFY_MAX_BOXES;
}

static int source_port_cmp(const void *a, const void *b)
{
	const struct range *x = &((const struct cell *)a)->axis[AXIS_SPORT],
	                   *y = &((const struct cell *)b)->axis[AXIS_SPORT];

	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return x->hi < y->hi ? -1 : x->hi > y->hi;
}

/** One excess for all required flows of a rule that share what their source port lets in too. */
static void beside_add(struct scan *s, const struct excess *like, struct cells *cells)
{
	if (cells->n > 0)
		qsort(cells->item, cells->n, sizeof(*cells->item), source_port_cmp);
	for (size_t first = 0, end; first < cells->n; first = end) {
		struct excess x = *like;

		x.cell = x.first = cells->item[first];
		for (end = first + 1; end < cells->n && source_port_cmp(&cells->item[first], &cells->item[end]) == 0;
		        end++)
			x.cell = cell_hull(&x.cell, &cells->item[end]);
		x.parts = end - first;
		x.packets = cells_count(&cells->item[first], x.parts, x.factor);
		excess_keep_parts(&x, &cells->item[first], &s->n_part);
		x.source_ports = true;
		excesses_add(&s->excess, &x);
	}
}

static void settle_rule(struct scan *s, uint8_t proto, bool other, unsigned factor, size_t first, size_t end)
{
	struct excess x = {.chain = s->accepted[first].chain,
	        .rule = s->accepted[first].rule,
	        .proto = factor == 1 ? proto : PROTO_ANY,
	        .other = other,
	        .factor = factor,
	        .parts = 1};
	struct cells cells = {0};
	struct surplus surplus = {{0}, {0}};
	bool fits = accepted_cells(s, first, end, &cells);

	excess_set_protocols(&x, proto);
	for (size_t i = 0; i < cells.n && fits; i++)
		fits = surplus_add(s, proto, &cells.item[i], &surplus);
	if (!fits)
		openings_incomplete(s->out, "more than 65536 boxes behind one rule");
	cells_merge(&surplus.beyond);
	cells_merge(&surplus.beside);
	for (size_t i = 0; i < surplus.beyond.n; i++) {
		x.cell = x.first = surplus.beyond.item[i];
		excesses_add(&s->excess, &x);
	}
	beside_add(s, &x, &surplus.beside);
	cells_fini(&cells);
	cells_fini(&surplus.beyond);
	cells_fini(&surplus.beside);
}

/** Turn what was collected for a protocol into excess per accepting rule. */
static void settle(struct scan *s, uint8_t proto, bool other, unsigned factor)
{
	if (s->n_accepted > 0)
		qsort(s->accepted, s->n_accepted, sizeof(*s->accepted), accepted_cmp);
	for (size_t first = 0, end; first < s->n_accepted; first = end) {
		for (end = first + 1; end < s->n_accepted && accepted_cmp(&s->accepted[first], &s->accepted[end]) == 0;)
			end++;
		settle_rule(s, proto, other, factor, first, end);
	}
	s->n_accepted = 0;
	s->overlapping = false;
}

/** ICMP messages that conntrack takes for the first of a connection. */
static void ask_icmp(struct scan *s)
{
	static const uint8_t v4[] = {8, 13, 15, 17}, v6[] = {128, 139};
	bool ip4 = s->family == FAMILY_IPV4;
	size_t n = ip4 ? sizeof(v4) : sizeof(v6);

	if (!engine_uses(s->engine, ip4 ? RS_FIELD_ICMP_TYPE : RS_FIELD_ICMPV6_TYPE))
		n = 1;
	s->overlapping = n > 1;
	for (size_t i = 0; i < n; i++)
		ask(s, ip4 ? PROTO_ICMP : PROTO_ICMPV6, ip4 ? v4[i] : v6[i]);
	settle(s, ip4 ? PROTO_ICMP : PROTO_ICMPV6, false, 1);
}

static bool is_asked_apart(const struct scan *s, uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP ||
	       proto == (s->family == FAMILY_IPV4 ? PROTO_ICMP : PROTO_ICMPV6);
}

/** All other protocols, in classes that no rule tells apart. */
static void ask_others(struct scan *s)
{
	for (unsigned first = 0, end; first < 256; first = end) {
		uint8_t proto = (uint8_t)first;

		for (end = first + 1; end < 256 && !s->starts[end];)
			end++;
		if (is_asked_apart(s, proto))
			continue;
		ask(s, proto, 0);
		settle(s, proto, !needed_has_ports(proto), end - first);
	}
}

static struct port_range ports_of(struct range r)
{
	return (struct port_range){(uint16_t)r.lo, (uint16_t)r.hi};
}

static char *opening_label(const struct opening *o)
{
	char source[96], destination[96], ports[16], source_ports[16];
	bool has_ports = needed_has_ports(o->proto),
	     some = has_ports && (o->box.source_ports.lo > 0 || o->box.source_ports.hi < UINT16_MAX);

	range_print(o->family, o->box.source, source, sizeof(source));
	range_print(o->family, o->box.destination, destination, sizeof(destination));
	port_range_print(ports_of(o->box.ports), ports, sizeof(ports));
	port_range_print(ports_of(o->box.source_ports), source_ports, sizeof(source_ports));
	return xasprintf("%s %s %s>%s%s%s%s%s%s", o->listener, o->proto == PROTO_ANY ? "other" : proto_name(o->proto),
	        source, destination, has_ports ? ":" : "", has_ports ? ports : "", some ? " source ports " : "",
	        some ? source_ports : "", o->source_ports_only ? " of required flows" : "");
}

/** The same rule text and box give the same id, whatever handle the rule has today. */
static uint32_t opening_id(const struct opening *o)
{
	char sports[16];
	char *text = xasprintf("%s %s/%s %s|%s %s>%s|%s", rs_family_name(o->blame.family),
	        o->blame.present ? o->blame.table : "", o->blame.present ? o->blame.chain : "",
	        o->blame.present ? o->blame.text : "", o->label, o->iif, o->oif,
	        port_range_print(ports_of(o->box.source_ports), sports, sizeof(sports)));
	uint32_t id = hash32(text) & ID_MASK;

	free(text);
	return id == 0 ? 1 : id;
}

/** before: the one that was emitted last, or NULL; mostly it is of the same rule. */
static void emit(struct scan *s, const struct excess *x, const struct excess *before)
{
	struct packet_set set = question(s, x->proto, 0);
	struct openings *out = s->out;
	struct opening *o;

	if (out->n >= OPENINGS_MAX) {
		openings_incomplete(s->out, "more than 10000 openings");
		return;
	}
	out->opening = xgrow(out->opening, out->n, &out->cap, sizeof(*out->opening));
	o = &out->opening[out->n++];
	memset(o, 0, sizeof(*o));
	if (before != NULL && before->chain == x->chain && before->rule == x->rule)
		blame_copy(&o->blame, &out->opening[out->n - 2].blame);
	else
		blame_fill(s->rs, x->chain, x->rule, OUTCOME_ACCEPT, &o->blame);
	o->family = s->family;
	o->proto = x->proto;
	o->box = cell_box(&x->cell);
	memcpy(o->iif, s->from->ifname, sizeof(o->iif));
	memcpy(o->oif, s->to->ifname, sizeof(o->oif));
	o->listener = xstrdup(s->around.group->name);
	o->packets = x->packets != NULL ? xstrdup(x->packets) : cells_count(&x->cell, 1, x->factor);
	o->source_ports_only = x->source_ports;
	o->n_box = x->parts;
	memcpy(o->protocol, x->protocol, sizeof(o->protocol));
	o->part = excess_boxes(x);
	set.icmp_type = x->proto == PROTO_ICMP ? 8 : x->proto == PROTO_ICMPV6 ? 128 : 0;
	o->witness = cell_witness(&set, &x->first);
	o->label = opening_label(o);
	o->id = opening_id(o);
}

static void ask_tcp(struct scan *s)
{
	ask(s, PROTO_TCP, 0);
	settle(s, PROTO_TCP, false, 1);
}

static void ask_udp(struct scan *s)
{
	ask(s, PROTO_UDP, 0);
	settle(s, PROTO_UDP, false, 1);
}

/** What is asked of a pair of sides, each with an answer of its own. */
static const struct {
	void (*ask)(struct scan *s);
	uint8_t proto[2]; /**< IPv4, IPv6; PROTO_ANY: all that are not asked apart */
} questions[] = {{ask_tcp, {PROTO_TCP, PROTO_TCP}}, {ask_udp, {PROTO_UDP, PROTO_UDP}},
        {ask_icmp, {PROTO_ICMP, PROTO_ICMPV6}}, {ask_others, {PROTO_ANY, PROTO_ANY}}};

/** May the answer be another than before. A bound that was met may not be met again. */
static bool is_touched(const struct scan *s, size_t q, const struct openings *before)
{
	uint8_t only = questions[q].proto[s->family == FAMILY_IPV4 ? 0 : 1];

	if (s->classes_changed || (before->reason != NULL && strncmp(before->reason, "more than", 9) == 0))
		return true;
	for (unsigned proto = 0; proto < 256; proto++) {
		struct packet_set set = question(s, (uint8_t)proto, 0);

		if (only == PROTO_ANY ? is_asked_apart(s, (uint8_t)proto) || (proto > 0 && !s->starts[proto])
		                      : proto != only)
			continue;
		if (difference_touches_set(s->difference, &set, &s->from->addresses, &s->to->addresses))
			return true;
	}
	return false;
}

static void scan_pair(struct scan *s)
{
	struct openings_parts *parts = s->parts;

	for (size_t q = 0; q < sizeof(questions) / sizeof(questions[0]); q++) {
		size_t at = parts->n;

		parts->item = xgrow(parts->item, at, &parts->cap, sizeof(*parts->item));
		parts->item[at] = (struct openings){0};
		parts->n++;
		/* The pairs are the same ones in the same order, for the site and the network are. */
		if (s->difference != NULL && at < s->before->n && !is_touched(s, q, &s->before->item[at])) {
			parts->item[at] = s->before->item[at];
			s->before->item[at] = (struct openings){0};
			s->n_part += openings_parts_kept(&parts->item[at]);
			continue;
		}
		s->out = &parts->item[at];
		questions[q].ask(s);
		for (size_t i = 0; i < s->excess.n; i++)
			emit(s, &s->excess.item[i], i > 0 ? &s->excess.item[i - 1] : NULL);
		excesses_reset(&s->excess);
	}
}

static void scan_group(struct scan *s)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};

	for (int f = 0; f < 2; f++) {
		struct sides from = {0}, to = {0};

		s->family = families[f];
		destinations_find(&s->around, s->family, &to);
		if (to.n > 0)
			sources_find(&s->around, s->family, &from);
		for (size_t i = 0; i < to.n; i++) {
			for (size_t k = 0; k < from.n; k++) {
				/* Both are taken back below. */
				s->to = &to.item[i]; /* cppcheck-suppress autoVariables */
				s->from = &from.item[k]; /* cppcheck-suppress autoVariables */
				if (crosses(s))
					scan_pair(s);
			}
		}
		s->to = s->from = NULL;
		sides_fini(&from);
		sides_fini(&to);
	}
}

static bool group_is_bound(const struct site *site, const char *name)
{
	for (size_t d = 0; d < site->n_deployment; d++)
		for (size_t g = 0; g < site->deployment[d].n_group; g++)
			if (strcmp(site->deployment[d].group[g], name) == 0)
				return true;
	return false;
}

static void protocol_starts(const bool *classes, bool starts[256])
{
	static const uint8_t own[] = {
	        PROTO_ICMP, PROTO_TCP, PROTO_UDP, PROTO_DCCP, PROTO_ICMPV6, PROTO_SCTP, PROTO_UDPLITE};

	memcpy(starts, classes, 256 * sizeof(*classes));
	for (size_t i = 0; i < sizeof(own); i++)
		starts[own[i]] = starts[own[i] + 1] = true;
}

static bool is_known(const struct site *site, uint32_t id, int64_t now)
{
	for (size_t i = 0; i < site->n_baseline; i++)
		if (site->baseline[i] == id)
			return true;
	for (size_t i = 0; i < site->n_baseline_until; i++)
		if (site->baseline_until[i].id == id && site->baseline_until[i].expires > now)
			return true;
	return false;
}

static bool family_is_bound(const struct site *site, enum family f)
{
	for (size_t i = 0; i < site->n_group; i++)
		for (size_t k = 0; group_is_bound(site, site->group[i].name) && k < site->group[i].n_address; k++)
			if (site->group[i].address[k].family == f)
				return true;
	return false;
}

/** Allow-all, and the default deny that is one in name only. */
static void find_defaults(struct scan *s, struct openings *out)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};

	for (size_t f = 0; f < 2; f++) {
		struct default_finding d;
		char *caveat;

		if (!family_is_bound(s->around.site, families[f]))
			continue;
		default_find(s->engine, families[f], &d);
		caveat = default_caveat(&d, families[f]);
		if (d.kind > out->by_default)
			out->by_default = d.kind;
		if (caveat != NULL)
			names_add(&out->caveat, &out->n_caveat, caveat);
		free(caveat);
		default_fini(&d);
	}
}

static void caveat_add(void *ctx, const char *text)
{
	struct openings *out = ctx;

	names_add(&out->caveat, &out->n_caveat, text);
}

void openings_scan(struct engine *engine, const struct openings_question *q, const struct difference *difference,
        struct openings_parts *parts, struct openings *out)
{
	struct openings_parts before = *parts;
	struct scan s = {.engine = engine,
	        .rs = q->rs,
	        .question = q,
	        .around = {q->site, q->net, NULL},
	        .classes_changed = q->classes_changed,
	        .difference = difference,
	        .before = &before,
	        .parts = parts};

	*parts = (struct openings_parts){0};
	memset(out, 0, sizeof(*out));
	if (q->rs->legacy != NULL)
		openings_incomplete(out, "iptables-legacy tables exist that nf_tables does not show");
	protocol_starts(q->classes, s.starts);
	for (size_t i = 0; i < q->site->n_group; i++) {
		s.around.group = &q->site->group[i];
		if (group_is_bound(q->site, s.around.group->name))
			scan_group(&s);
	}
	openings_collect(parts, out);
	for (size_t i = 0; i < out->n; i++)
		out->opening[i].acknowledged = is_known(q->site, out->opening[i].id, q->now);
	find_defaults(&s, out);
	tolerated_each_caveat(q->rs, q->site, caveat_add, out);
	openings_parts_fini(&before);
	outcomes_fini(&s.outcomes);
	needed_fini(&s.needed);
	positions_fini(&s.found);
	free(s.accepted);
	excesses_fini(&s.excess);
}

int verify_openings(const struct flows *flows, const struct ruleset *rs, const struct site *site,
        const struct network *net, int64_t now, struct openings *out, struct error *err)
{
	bool classes[256] = {false};
	const struct openings_question q = {flows, rs, site, net, now, classes, false};
	struct openings_parts parts = {0};

	memset(out, 0, sizeof(*out));
	if (site == NULL)
		return error_set(err, ERR_USAGE, "openings", "no site is given: groups and zones are needed");
	if (rs == NULL) {
		openings_incomplete(out, "the ruleset cannot be read");
		return 0;
	}
	struct engine *engine = engine_new(rs, site, now);
	engine_protocol_classes(engine, classes);
	openings_scan(engine, &q, NULL, &parts, out);
	openings_parts_fini(&parts);
	engine_free(engine);
	return 0;
}
