/*
 * `portcullis what-if` without a daemon: deployment files and dumps of rulesets come in, JSON of what differs goes out. What a
 * verification without a daemon refuses is refused here.
 */
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/live.h"
#include "cli/whatif.h"
#include "portcullis/clock.h"
#include "portcullis/compile.h"
#include "portcullis/config.h"
#include "portcullis/plane.h"
#include "portcullis/whatif.h"

/** One of the two states; what the other has too is borrowed from it. */
struct side {
	struct site *site;
	struct flows flows;
	struct ruleset *ruleset;
	bool own_site, own_ruleset;
};

struct work {
	struct ly_ctx *ctx;
	struct catalog *catalog;
	struct network network;
	struct side now, then;
	struct ruleset *enforced; /**< that of `then` with what its configuration installs; NULL: it does not */
	struct whatif whatif;
	struct plane_report plane; /**< whom it would cut off */
	struct error unjudged; /**< why that cannot be told; of ERR_NONE: it can */
};

static void side_fini(struct side *s)
{
	if (s->own_site) {
		flows_fini(&s->flows);
		site_free(s->site);
	}
	if (s->own_ruleset)
		ruleset_free(s->ruleset);
}

static void work_fini(struct work *w)
{
	plane_report_fini(&w->plane);
	whatif_fini(&w->whatif);
	ruleset_free(w->enforced);
	side_fini(&w->now);
	side_fini(&w->then);
	network_fini(&w->network);
	config_context_free(w->ctx);
	catalog_free(w->catalog);
}

static int read_site(struct work *w, const char *file, int64_t at, struct side *out, struct error *err)
{
	int result = site_file(w->ctx, w->catalog, file, &out->site, err);

	out->own_site = out->site != NULL;
	return result != 0 ? -1 : flows_derive(out->site, w->catalog, &w->network, at, &out->flows, err);
}

static int read_ruleset(const char *file, struct side *out, struct error *err)
{
	if (dump_ruleset(file, &out->ruleset, err) != 0)
		return -1;
	out->own_ruleset = true;
	return 0;
}

static int read_sides(struct work *w, const struct whatif_request *r, int64_t at, struct error *err)
{
	if (read_ruleset(r->ruleset, &w->then, err) != 0 || read_site(w, r->deployment, at, &w->then, err) != 0)
		return -1;
	w->now = w->then;
	w->now.own_site = w->now.own_ruleset = false;
	if (r->now_ruleset != NULL && read_ruleset(r->now_ruleset, &w->now, err) != 0)
		return -1;
	if (r->now_deployment == NULL)
		return 0;
	memset(&w->now.flows, 0, sizeof(w->now.flows));
	return read_site(w, r->now_deployment, at, &w->now, err);
}

/* The own table comes and goes with the configuration, whatever the ruleset has of it. */
static int enforce(struct work *w, struct error *err)
{
	const struct compile_input in = {w->then.site, &w->then.flows, w->catalog};

	ruleset_share(w->then.ruleset);
	return ruleset_of_configuration(
	        w->then.ruleset, &in, w->now.site->firewall.mode == FIREWALL_ENFORCE, &w->enforced, err);
}

static struct whatif_state state_of(const struct work *w, const struct side *s)
{
	return (struct whatif_state){.site = s->site, .flows = &s->flows, .network = &w->network, .rs = s->ruleset};
}

static void judge_plane(struct work *w, const struct whatif_state *now, const struct whatif_state *then, int64_t at)
{
	const struct plane_input in = {.now = now->site,
	        .then = then->site,
	        .net = &w->network,
	        .ruleset_now = now->rs,
	        .ruleset_then = then->rs,
	        .time = at};
	struct error err;

	if (plane_judge(&in, &w->plane, &err) != 0)
		w->unjudged = err;
}

static int run(struct work *w, const struct whatif_request *r, struct error *err)
{
	const char *yang_dir = r->daemon.yang_dir != NULL ? r->daemon.yang_dir : PORTCULLIS_YANG_DIR;
	const char *catalog_dir = r->catalog_dir != NULL ? r->catalog_dir : PORTCULLIS_CATALOG_DIR;
	int64_t at = clock_wall_s();

	if (catalog_load(catalog_dir, catalog_own_dir(r->own_dir, PORTCULLIS_OWN_CATALOG_DIR), yang_dir, &w->catalog,
	            err) != 0 ||
	        config_context_new(yang_dir, &w->ctx, err) != 0 ||
	        (r->network != NULL && network_file(r->network, &w->network, err) != 0) ||
	        read_sides(w, r, at, err) != 0 || enforce(w, err) != 0)
		return -1;
	const struct whatif_state now = state_of(w, &w->now);
	struct whatif_state then = state_of(w, &w->then);
	if (w->enforced != NULL)
		then.rs = w->enforced;
	judge_plane(w, &now, &then, at);
	return whatif_compare(&now, &then, at, &w->whatif, err);
}

/* JSON */

static void set(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, value != NULL ? json_text(value) : json_null());
}

static void set_number(json_t *o, const char *key, size_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

static json_t *strings(char *const *s, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_text(s[i]));
	return array;
}

static json_t *change_json(const struct whatif_flow *f, const struct evidence *e)
{
	const struct flow *flow = f->flow;
	char ports[16];
	json_t *o = json_object();

	set(o, "label", flow->label);
	set(o, "transport", proto_name(flow->proto));
	set(o, "ports", port_range_print(flow->ports, ports, sizeof(ports)));
	set(o, "before", f->now != NULL ? verdict_name(f->now->verdict) : NULL);
	set(o, "after", f->then != NULL ? verdict_name(f->then->verdict) : NULL);
	set(o, "severity", f->then != NULL ? severity_name(finding_severity(flow, f->then)) : NULL);
	json_object_set_new(o, "rule", json_blame(&e->blame));
	json_object_set_new(o, "witness", e->has_witness ? json_witness(&e->witness) : json_null());
	json_object_set_new(o, "atoms", strings(e->atom, e->n_atom));
	set(o, "reason", e->reason);
	return o;
}

static json_t *flow_json(const struct whatif_flow *f, bool repair)
{
	const struct flow *flow = f->flow;
	json_t *o = change_json(f, (repair || f->then == NULL ? f->now : f->then)->evidence);

	set(o, "deployment", flow->deployment);
	set(o, "requirement", flow->requirement->label);
	set_number(o, "variant", flow->id.variant);
	set(o, "source", flow->source);
	set(o, "destination", flow->destination);
	set(o, "family", flow->family != FAMILY_NONE ? family_name(flow->family) : "none");
	return o;
}

static json_t *flows_json(const struct whatif *w, enum whatif_kind kind)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->flows[kind].n; i++) {
		const struct whatif_flow *f = &w->flows[kind].item[i];
		json_t *o = flow_json(f, kind == WHATIF_REPAIR);

		if (kind == WHATIF_REGRESSION) {
			json_object_set_new(o, "advisory", json_boolean(!whatif_counts(f)));
			json_object_set_new(o, "cure", strings(f->cure.line, f->cure.n));
			set_number(o, "cure_more", f->cure.n_more);
			set(o, "no_cure", f->cure.why);
		}
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *openings_json(const struct whatif_openings *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++) {
		const struct opening *o = list->item[i];
		json_t *row = json_object();

		set_number(row, "id", o->id);
		set(row, "label", o->label);
		set(row, "listener", o->listener);
		set(row, "packets", o->packets);
		json_object_set_new(row, "acknowledged", json_boolean(o->acknowledged));
		json_object_set_new(row, "rule", json_blame(&o->blame));
		json_object_set_new(row, "witness", json_witness(&o->witness));
		json_array_append_new(array, row);
	}
	return array;
}

static json_t *summary_json(const struct whatif *w)
{
	json_t *o = json_object();

	set(o, "overall_now", overall_name(w->now.overall));
	set(o, "overall_then", overall_name(w->then.overall));
	set_number(o, "flows_now", w->now.n_flow);
	set_number(o, "flows_then", w->then.n_flow);
	set_number(o, "regressions", whatif_breaks(w));
	set_number(o, "regressions_advisory", w->n_advisory);
	set_number(o, "repairs", w->flows[WHATIF_REPAIR].total);
	set_number(o, "changes", w->flows[WHATIF_CHANGE].total);
	set_number(o, "flows_new", w->n_new);
	set_number(o, "flows_gone", w->n_gone);
	set_number(o, "openings_new", w->opened.n);
	set_number(o, "openings_closed", w->closed.n);
	return o;
}

static json_t *management_json(const struct work *w)
{
	char line[sizeof(w->unjudged.where) + sizeof(w->unjudged.text)];
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < w->plane.n; i++) {
		const struct plane_loss *l = &w->plane.loss[i];
		const struct whatif_flow f = {.flow = l->flow, .now = l->now, .then = l->then};

		json_array_append_new(list, change_json(&f, l->then->evidence));
	}
	if (w->unjudged.code != ERR_NONE) {
		set(o, "reason", error_line(&w->unjudged, line, sizeof(line)));
		json_decref(list);
		return o;
	}
	set_number(o, "lost", w->plane.n);
	json_object_set_new(o, "losses", list);
	return o;
}

int whatif_offline(const struct whatif_request *r, json_t **out, struct error *err)
{
	struct work w = {0};
	int result = run(&w, r, err);

	*out = NULL;
	if (result == 0) {
		*out = json_object();
		set(*out, "reason", w.whatif.reason);
		json_object_set_new(*out, "summary", summary_json(&w.whatif));
		json_object_set_new(*out, "regressions", flows_json(&w.whatif, WHATIF_REGRESSION));
		json_object_set_new(*out, "repairs", flows_json(&w.whatif, WHATIF_REPAIR));
		json_object_set_new(*out, "changes", flows_json(&w.whatif, WHATIF_CHANGE));
		json_object_set_new(*out, "openings_new", openings_json(&w.whatif.opened));
		json_object_set_new(*out, "openings_closed", openings_json(&w.whatif.closed));
		json_object_set_new(*out, "caveats", strings(w.whatif.caveat, w.whatif.n_caveat));
		json_object_set_new(*out, "management", management_json(&w));
	}
	work_fini(&w);
	return result;
}
