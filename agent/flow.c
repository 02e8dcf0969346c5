/*
 * In: a site, the catalog, the device's addresses and routes, and the date. Out: the required flows of every deployment,
 * sorted by id, each with its addresses, path and legs, or with the reason why there is nothing to check. Refused: a
 * site that names what does not exist, routes that contradict the zones, more flows or legs than the limits.
 */
#include <stdlib.h>
#include <string.h>

#include "flow_derive.h"
#include "portcullis/alloc.h"

struct derivation {
	const struct parties *parties;
	struct binding *binding;
	const struct deployment *deployment;
	const struct pack *pack;
	struct bound_set media_client; /**< who has media ports of its own, which the site chooses */
	int64_t now;
	struct flows *out;
	size_t n_leg;
	struct error *err;
};

/* One variant of a requirement with the values that hold in this deployment. */
struct variant {
	const struct requirement *requirement;
	struct flow_variant flow;
	bool ranged; /**< the site has set or accepted the range */
	enum basis basis; /**< of the initiator that flows are made for */
};

/* A name and an id for each side, where no party stands for it. */
struct ends {
	const char *source, *destination;
	uint32_t initiator, listener;
};

const char *path_name(enum path p)
{
	static const char *const name[] = {"forward", "input", "output", "none"};

	return p <= PATH_NONE ? name[p] : "none";
}

int flow_id_cmp(const struct flow_id *a, const struct flow_id *b)
{
	const uint32_t x[] = {a->deployment, a->requirement, a->variant, a->initiator, a->listener, a->family};
	const uint32_t y[] = {b->deployment, b->requirement, b->variant, b->initiator, b->listener, b->family};

	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

static void flow_fini(struct flow *f)
{
	free(f->source);
	free(f->destination);
	free(f->label);
	free(f->leg);
	ranges_fini(&f->source_addr);
	ranges_fini(&f->destination_addr);
}

void flows_fini(struct flows *flows)
{
	for (size_t i = 0; i < flows->n; i++)
		flow_fini(&flows->flow[i]);
	free(flows->flow);
	*flows = (struct flows){0};
}

const struct flow *flows_find(const struct flows *flows, const char *label)
{
	for (size_t i = 0; i < flows->n; i++)
		if (!strcmp(flows->flow[i].label, label))
			return &flows->flow[i];
	return NULL;
}

static struct flow *flow_add(struct derivation *d, const struct variant *v, const struct ends *ends, enum family family,
        enum flow_state state)
{
	struct flows *out = d->out;
	struct flow *f;

	if (out->n >= FLOW_MAX_FLOWS) {
		error_set(d->err, ERR_LIMIT, d->deployment->name,
		        "deployment %s brings the required flows above %d; bind fewer and larger groups",
		        d->deployment->name, FLOW_MAX_FLOWS);
		return NULL;
	}
	out->flow = xgrow(out->flow, out->n, &out->cap, sizeof(*out->flow));
	f = &out->flow[out->n++];
	*f = (struct flow){
	        .id = {d->deployment->id, v->requirement->id, v->flow.number, ends->initiator, ends->listener,
	                (uint32_t)family},
	        .pack = d->pack,
	        .requirement = v->requirement,
	        .deployment = d->deployment->name,
	        .family = family,
	        .basis = v->basis,
	        .proto = v->flow.proto,
	        .source_ports = v->flow.source_ports,
	        .ports = v->flow.ports,
	        .inside_ports = v->flow.ports,
	        .advisory = v->flow.advisory,
	        .path = PATH_NONE,
	        .state = state,
	};
	f->source = xstrdup(ends->source);
	f->destination = xstrdup(ends->destination);
	f->label = xasprintf("%s/%s#%u %s>%s %s", f->deployment, v->requirement->label, v->flow.number, f->source,
	        f->destination, family == FAMILY_NONE ? "none" : family_name(family));
	return f;
}

static bool waiver_matches(const struct waiver *w, const struct flow *f, int64_t now)
{
	size_t len = strlen(w->requirement);
	const char *label = f->requirement->label;

	if (w->expires && now >= w->expires)
		return false;
	if (w->initiator[0] && strcmp(w->initiator, f->source) != 0)
		return false;
	if (w->listener[0] && strcmp(w->listener, f->destination) != 0)
		return false;
	if (len && w->requirement[len - 1] == '*')
		return !strncmp(w->requirement, label, len - 1);
	return !strcmp(w->requirement, label);
}

static void flow_waive(const struct derivation *d, struct flow *f)
{
	for (size_t i = 0; i < d->deployment->n_waiver; i++)
		if ((f->state == FLOW_CHECK || f->state == FLOW_UNBOUND) &&
		        waiver_matches(&d->deployment->waiver[i], f, d->now))
			f->state = FLOW_WAIVED;
}

/* The published address and ports that this initiator uses, if any. */
static const struct published *published_for(const struct parties *parties, const struct party *from,
        const struct party *to, enum family family, const struct flow *f, struct port_range *ports)
{
	for (size_t i = 0; to->group && to->id == to->group->id && i < to->group->n_published; i++) {
		const struct published *p = &to->group->published[i];
		uint16_t shift;

		if (p->family != family || (p->proto && p->proto != f->proto))
			continue;
		if (p->seen_from[0] && !party_is_in_zone(parties, from, family, p->seen_from))
			continue;
		if (p->proto && (f->ports.lo < p->internal.lo || f->ports.hi > p->internal.hi))
			continue;
		shift = (uint16_t)(p->external.lo - p->internal.lo);
		*ports = f->ports;
		if (p->proto)
			*ports = (struct port_range){(uint16_t)(f->ports.lo + shift), (uint16_t)(f->ports.hi + shift)};
		return p;
	}
	return NULL;
}

static int pair_family_add(struct derivation *d, const struct variant *v, const struct party *from,
        const struct party *to, enum family family)
{
	struct ends ends = {from->name, to->name, from->id, to->id};
	struct flow *f = flow_add(d, v, &ends, family, FLOW_CHECK);
	const struct published *published;

	if (!f)
		return -1;
	published = published_for(d->parties, from, to, family, f, &f->ports);
	if (flow_route(d->parties, from, to, published ? &published->address : NULL, f, &d->n_leg, d->err))
		return -1;
	flow_waive(d, f);
	return 0;
}

static int pair_add(struct derivation *d, const struct variant *v, const struct party *from, const struct party *to)
{
	struct ends ends = {from->name, to->name, from->id, to->id};
	bool common = false;

	for (size_t i = 0; i < 2; i++) {
		if (!from->source[i].present || !to->destination[i].present)
			continue;
		common = true;
		if (pair_family_add(d, v, from, to, family_at(i)))
			return -1;
	}
	if (!common && !flow_add(d, v, &ends, FAMILY_NONE, FLOW_NO_COMMON_FAMILY))
		return -1;
	return 0;
}

/*
 * Either side may open server media, so the listener may be first, from its range to the port that the other side has
 * chosen. A client's ports have a requirement of their own. One side is enough for a stream: such a flow is advisory.
 */
static int media_back_add(struct derivation *d, const struct variant *v, const struct bound_set *initiators,
        const struct bound *initiator, const struct bound_set *listeners, const struct bound *listener)
{
	struct variant back = *v;

	if (v->requirement->class != CLASS_SERVER_MEDIA || !v->requirement->configurable_minimum ||
	        initiator->party->id == PARTY_ANY || bound_set_find(&d->media_client, initiator->party))
		return 0;
	/* Where both are both, the other side has its flow already. */
	if (initiator->party == listener->party ||
	        (bound_set_find(initiators, listener->party) && bound_set_find(listeners, initiator->party)))
		return 0;
	back.flow.source_ports = v->flow.ports;
	back.flow.ports = v->flow.source_ports;
	back.flow.advisory = true;
	back.basis = BASIS_INFERRED;
	return pair_add(d, &back, listener->party, initiator->party);
}

/* Every initiator to one listener, through its balancer where the requirement asks for one. */
static int listener_add(struct derivation *d, const struct variant *v, const struct bound_set *initiators,
        const struct bound_set *listeners, const struct bound *listener)
{
	const struct party *balancer = binding_balancer(d->binding, listener->party, v->requirement);
	struct variant to_member = *v; /* a balancer passes on what any of its initiators needs */
	bool used = false;

	to_member.basis = BASIS_INFERRED;
	for (size_t i = 0; i < initiators->n; i++) {
		const struct bound *initiator = &initiators->item[i];
		struct variant own = *v;

		if ((initiator->foreign && listener->foreign) || (balancer && initiator->party == balancer))
			continue;
		used = true;
		own.basis = initiator->basis;
		if (own.basis == BASIS_STATED)
			to_member.basis = BASIS_STATED;
		if (pair_add(d, &own, initiator->party, balancer ? balancer : listener->party))
			return -1;
		if (!balancer && media_back_add(d, v, initiators, initiator, listeners, listener))
			return -1;
	}
	return balancer && used ? pair_add(d, &to_member, balancer, listener->party) : 0;
}

static int pairs_add(struct derivation *d, const struct variant *v, const struct bound_set *initiators,
        const struct bound_set *listeners)
{
	for (size_t i = 0; i < listeners->n; i++) {
		const struct bound *listener = &listeners->item[i];
		bool pool = v->requirement->reach == REACH_SAME_POOL;

		if (!pool && listener_add(d, v, initiators, listeners, listener))
			return -1;
		const struct bound *self =
		        pool && !listener->foreign ? bound_set_find(initiators, listener->party) : NULL;
		if (self) {
			struct variant own = *v;

			own.basis = self->basis;
			if (pair_add(d, &own, listener->party, listener->party))
				return -1;
		}
	}
	return 0;
}

static bool names_have(char *const *name, size_t n, const char *wanted)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name[i], wanted))
			return true;
	return false;
}

static struct variant variant_of(
        const struct derivation *d, const struct requirement *r, const struct flow_variant *flow)
{
	const struct deployment *dep = d->deployment;
	struct variant v = {.requirement = r, .flow = *flow};
	bool own = false;

	v.ranged = (r->class != CLASS_CLIENT_MEDIA && r->class != CLASS_PEER_TO_PEER) ||
	           names_have(dep->accept_default_range, dep->n_accept_default_range, r->label);
	for (size_t k = 0; k < dep->n_port_override; k++) {
		const struct port_override *o = &dep->port_override[k];

		if (strcmp(o->requirement, r->label) != 0 || (o->variant != flow->number && (o->variant || own)))
			continue;
		own = o->variant == flow->number;
		v.flow.ports = o->ports;
		v.ranged = true;
	}
	return v;
}

/* Who opens the connection; roles that nobody has are counted, and *unbound names the first. */
struct initiators {
	struct bound_set set;
	const struct initiator **unbound;
	size_t n_unbound;
};

static int initiators_override(struct derivation *d, const struct initiator_override *o, struct initiators *out)
{
	for (size_t i = 0; i < o->n_group; i++) {
		const struct party *party = parties_group(d->parties, o->group[i]);

		if (!party)
			return error_set(d->err, ERR_INVALID, d->deployment->name,
			        "the initiator override of %s names group %s, which does not exist; add the group or "
			        "remove the "
			        "name",
			        o->requirement, o->group[i]);
		bound_set_add(&out->set, party, false);
	}
	bound_set_unique(&out->set);
	return 0;
}

static int initiators_find(struct derivation *d, const struct requirement *r, struct initiators *out)
{
	const struct deployment *dep = d->deployment;

	for (size_t i = 0; i < dep->n_initiator_override; i++)
		if (!strcmp(dep->initiator_override[i].requirement, r->label))
			return initiators_override(d, &dep->initiator_override[i], out);
	out->unbound = xcalloc(r->n_initiator + 1, sizeof(*out->unbound));
	for (size_t i = 0; i < r->n_initiator; i++) {
		struct bound_set role = {0};

		binding_role(d->binding, r->initiator[i].role, &role);
		binding_keep(d->binding, r, r->initiator[i].role, &role);
		for (size_t k = 0; k < role.n; k++) {
			bound_set_add(&out->set, role.item[k].party, role.item[k].foreign);
			out->set.item[out->set.n - 1].basis = r->initiator[i].basis;
		}
		if (!role.n && !binding_absent(d->binding, r->initiator[i].role))
			out->unbound[out->n_unbound++] = &r->initiator[i];
		bound_set_fini(&role);
	}
	bound_set_unique(&out->set);
	return 0;
}

static int unbound_add(struct derivation *d, const struct variant *v, const char *role, uint32_t listener)
{
	struct ends ends = {role, v->requirement->listener, PARTY_UNBOUND, listener};
	struct flow *f = flow_add(d, v, &ends, FAMILY_NONE, FLOW_UNBOUND);

	if (!f)
		return -1;
	flow_waive(d, f);
	return 0;
}

/* Beside bound initiators each unbound one has its row; the number of its role keeps the index unique. */
static int others_unbound_add(struct derivation *d, const struct variant *v, const struct initiators *in)
{
	for (size_t i = 0; i < in->n_unbound; i++) {
		const struct role *role = pack_role_find(d->pack, in->unbound[i]->role);
		struct variant own = *v;

		own.basis = in->unbound[i]->basis;
		if (unbound_add(
		            d, &own, in->unbound[i]->role, role ? role->id : hash32(in->unbound[i]->role) & 0x7fffffff))
			return -1;
	}
	return 0;
}

/* Stated where a document names any of the initiators, or nobody in particular. */
static enum basis initiators_basis(const struct requirement *r)
{
	for (size_t i = 0; i < r->n_initiator; i++)
		if (r->initiator[i].basis == BASIS_STATED)
			return BASIS_STATED;
	return r->n_initiator ? BASIS_INFERRED : BASIS_STATED;
}

static int variants_add(struct derivation *d, const struct requirement *r, const struct initiators *in,
        const struct bound_set *listeners)
{
	const char *first = in->n_unbound ? in->unbound[0]->role : r->n_initiator ? r->initiator[0].role : "unstated";
	struct ends role_names = {first, r->listener, PARTY_UNBOUND, PARTY_UNBOUND};
	struct flow_variants variants;
	bool told = false;
	int result = 0;

	flow_variants_build(r, d->deployment->errata_policy, &variants);
	for (size_t i = 0; !result && i < variants.n; i++) {
		struct variant v = variant_of(d, r, &variants.item[i]);

		if (!listeners->n || !in->set.n) {
			v.basis = initiators_basis(r);
			result = unbound_add(d, &v, first, PARTY_UNBOUND);
		} else if (others_unbound_add(d, &v, in)) {
			result = -1;
		} else if (v.ranged) {
			result = pairs_add(d, &v, &in->set, listeners);
		} else if (!told) {
			told = true;
			role_names.source = in->set.n ? r->initiator[0].role : first;
			result = flow_add(d, &v, &role_names, FAMILY_NONE, FLOW_NEEDS_RANGE) ? 0 : -1;
		}
	}
	free(variants.item);
	return result;
}

static int requirement_add(struct derivation *d, const struct requirement *r)
{
	const struct deployment *dep = d->deployment;
	struct bound_set listeners = {0};
	struct initiators in = {0};
	int result = 0;

	if (r->reach == REACH_SAME_HOST ||
	        (r->service[0] && names_have(dep->service_off, dep->n_service_off, r->service)))
		return 0;
	binding_role(d->binding, r->listener, &listeners);
	binding_keep(d->binding, r, r->listener, &listeners);
	if (listeners.n || !binding_absent(d->binding, r->listener)) {
		result = initiators_find(d, r, &in);
		if (!result && (in.set.n || in.n_unbound || !r->n_initiator))
			result = variants_add(d, r, &in, &listeners);
	}
	bound_set_fini(&listeners);
	bound_set_fini(&in.set);
	free(in.unbound);
	return result;
}

static int by_id(const void *a, const void *b)
{
	return flow_id_cmp(&((const struct flow *)a)->id, &((const struct flow *)b)->id);
}

/* A balancer that stands before several groups is reached by the same flow for each of them. */
static void flows_finish(struct flows *flows)
{
	size_t n = 0;

	if (flows->n)
		qsort(flows->flow, flows->n, sizeof(*flows->flow), by_id);
	for (size_t i = 0; i < flows->n; i++) {
		if (n && !flow_id_cmp(&flows->flow[n - 1].id, &flows->flow[i].id))
			flow_fini(&flows->flow[i]);
		else
			flows->flow[n++] = flows->flow[i];
	}
	flows->n = n;
}

static void media_clients_find(struct derivation *d)
{
	for (size_t i = 0; i < d->pack->n_requirement; i++)
		if (d->pack->requirement[i].class == CLASS_CLIENT_MEDIA)
			binding_role(d->binding, d->pack->requirement[i].listener, &d->media_client);
	bound_set_unique(&d->media_client);
}

static int deployment_add(struct derivation *d, const struct site *site, const struct catalog *catalog,
        const struct deployment *deployment)
{
	struct binding binding;
	int result;

	if (binding_build(site, catalog, d->parties, deployment, &binding, d->err))
		return -1;
	d->binding = &binding; /* cppcheck-suppress autoVariables; taken back below */
	d->deployment = deployment;
	d->pack = binding.pack;
	media_clients_find(d);
	result = 0;
	for (size_t i = 0; !result && i < binding.pack->n_requirement; i++)
		result = requirement_add(d, &binding.pack->requirement[i]);
	d->binding = NULL;
	bound_set_fini(&d->media_client);
	binding_fini(&binding);
	return result;
}

int flows_derive(const struct site *site, const struct catalog *catalog, const struct network *net, int64_t now,
        struct flows *out, struct error *err)
{
	struct parties parties;
	struct flows flows = {0};
	struct derivation d = {.parties = &parties, .now = now, .out = &flows, .err = err};
	int result = 0;

	*out = (struct flows){0};
	if (parties_build(site, net, &parties, err))
		return -1;
	for (size_t i = 0; !result && i < site->n_deployment; i++)
		result = deployment_add(&d, site, catalog, &site->deployment[i]);
	parties_fini(&parties);
	if (result) {
		flows_fini(&flows);
		return -1;
	}
	flows_finish(&flows);
	*out = flows;
	return 0;
}
