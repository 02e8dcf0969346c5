/*
 * `portcullis verify`: a deployment file and a ruleset (a JSON dump or the live one) in, verdicts and openings out.
 * Needs no daemon. A deployment that names what no pack knows is an error, not a verdict.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "cli/live.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/config.h"
#include "portcullis/conformance.h"
#include "portcullis/network.h"
#include "portcullis/nft.h"
#include "portcullis/text.h"
#include "portcullis/verify.h"

#define RULESET_MAX (64u * 1024 * 1024)
#define NETWORK_MAX (16u * 1024 * 1024)

static const char help[] =
        "Usage: portcullis verify --deployment FILE (--ruleset DUMP | --live) [OPTION]...\n"
        "Check every required flow of a deployment against a ruleset.\n"
        "\n"
        "  --deployment FILE   instance data of portcullis.yang (JSON)\n"
        "  --ruleset DUMP      output of `nft -j list ruleset`; '-' reads standard input\n"
        "  --live              the kernel's ruleset in this network namespace (needs CAP_NET_ADMIN)\n"
        "  --network FILE      addresses and routes: {\"addr\": `ip -j addr`, \"route\": `ip -j route`,\n"
        "                      \"route6\": `ip -j -6 route`}; without it zones decide, and the path is taken as "
        "forward\n"
        "  --catalog-dir DIR   catalog packs (default " PORTCULLIS_CATALOG_DIR ")\n"
        "  --own-catalog-dir DIR\n"
        "                      packs and overrides of your own (default " PORTCULLIS_OWN_CATALOG_DIR
        ", if it is there)\n"
        "  --yang-dir DIR      YANG modules (default " PORTCULLIS_YANG_DIR ")\n"
        "  --all               in the table: conformant and not-transit flows too\n"
        "  --strict            unbound roles and openings outside the baseline count as not conformant\n"
        "  --json              for programs\n"
        "  --help              this text\n"
        "\n"
        "Exit codes: 0 ok, 1 violated or degraded, 2 incomplete or cannot tell, 3 usage or error.\n";

struct request {
	const char *deployment, *ruleset, *network, *catalog_dir, *own_dir, *yang_dir;
	bool live, json, all, strict;
};

struct work {
	struct ly_ctx *ctx;
	struct catalog *catalog;
	struct site *site;
	struct network network;
	struct ruleset *ruleset;
	struct flows flows;
	struct findings findings;
	struct openings openings;
	struct summary summary;
};

static int read_live(struct work *w, struct error *err)
{
	int result = live_ruleset(&w->ruleset, err);
	if (result == 0 && !w->network.known)
		result = network_read(&w->network, err);
	return result;
}

static int read_dump(const char *path, struct work *w, struct error *err)
{
	char *json;
	size_t len;
	if (file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, RULESET_MAX, &json, &len, err) != 0)
		return -1;
	int result = ruleset_parse_json(json, len, &w->ruleset, err);
	free(json);
	return result == 0 ? 0 : error_prefix(err, "%s", path);
}

static int read_network(const char *path, struct work *w, struct error *err)
{
	char *json;
	size_t len;
	if (file_read(path, NETWORK_MAX, &json, &len, err) != 0)
		return -1;
	int result = network_parse_json(json, len, &w->network, err);
	free(json);
	return result == 0 ? 0 : error_prefix(err, "%s", path);
}

static int run(const struct request *r, struct work *w, struct error *err)
{
	int64_t now = clock_wall_s();
	const char *own_dir = catalog_own_dir(r->own_dir, PORTCULLIS_OWN_CATALOG_DIR);
	if (catalog_load(r->catalog_dir, own_dir, r->yang_dir, &w->catalog, err) != 0 ||
	        config_context_new(r->yang_dir, &w->ctx, err) != 0 ||
	        config_site_read(w->ctx, r->deployment, &w->site, err) != 0)
		return -1;
	if (site_check(w->site, w->catalog, err) != 0)
		return error_prefix(err, "%s", r->deployment);
	if (r->network != NULL && read_network(r->network, w, err) != 0)
		return -1;
	if ((r->live ? read_live(w, err) : read_dump(r->ruleset, w, err)) != 0 ||
	        flows_derive(w->site, w->catalog, &w->network, now, &w->flows, err) != 0 ||
	        verify_flows(&w->flows, w->ruleset, NULL, w->site, now, &w->findings, err) != 0 ||
	        verify_openings(&w->flows, w->ruleset, w->site, &w->network, now, &w->openings, err) != 0)
		return -1;
	summary_build(&w->flows, &w->findings, &w->openings, w->ruleset, &w->summary);
	return 0;
}

static void work_fini(struct work *w)
{
	openings_fini(&w->openings);
	findings_fini(&w->findings);
	flows_fini(&w->flows);
	ruleset_free(w->ruleset);
	network_fini(&w->network);
	site_free(w->site);
	config_context_free(w->ctx);
	catalog_free(w->catalog);
}

/* JSON (INTERFACES) */

static json_t *json_ports(struct port_range p)
{
	char buf[16];
	return json_string(port_range_print(p, buf, sizeof(buf)));
}

static json_t *json_ports_of(struct range r)
{
	return json_ports((struct port_range){(uint16_t)r.lo, (uint16_t)r.hi});
}

static json_t *json_witness(const struct packet *p)
{
	char source[64], destination[64];
	return json_pack("{sssssisssiss}", "transport", proto_name(p->proto), "source",
	        addr_print(p->family, p->source, source, sizeof(source)), "source_port", (int)p->source_port,
	        "destination", addr_print(p->family, p->destination, destination, sizeof(destination)),
	        "destination_port", (int)p->destination_port, "phase", phase_name(p->phase));
}

static void append_cidr(void *ctx, const char *cidr)
{
	json_array_append_new(ctx, json_string(cidr));
}

static json_t *json_box(enum family f, const struct box *b)
{
	json_t *source = json_array(), *destination = json_array();
	range_each_prefix(f, b->source, append_cidr, source);
	range_each_prefix(f, b->destination, append_cidr, destination);
	return json_pack("{sosososo}", "source", source, "destination", destination, "source_ports",
	        json_ports_of(b->source_ports), "ports", json_ports_of(b->ports));
}

/* Source and destination of a flow, cut where the interfaces change. */
static json_t *json_legs(const struct flow *flow)
{
	json_t *legs = json_array();
	for (size_t i = 0; i < flow->n_leg; i++) {
		const struct flow_leg *leg = &flow->leg[i];
		json_t *source = json_array(), *destination = json_array();
		range_each_prefix(flow->family, leg->source, append_cidr, source);
		range_each_prefix(flow->family, leg->destination, append_cidr, destination);
		json_array_append_new(
		        legs, json_pack("{sosososo}", "source", source, "destination", destination, "input_interface",
		                      json_text(leg->iif), "output_interface", json_text(leg->oif)));
	}
	return legs;
}

static json_t *json_strings(char *const *s, size_t n)
{
	json_t *array = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_text(s[i]));
	return array;
}

static void set_text(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, json_text(value));
}

static json_t *json_flow(const struct flow *flow, const struct finding *f)
{
	json_t *remainder = json_array();
	for (size_t i = 0; i < f->n_remainder; i++)
		json_array_append_new(remainder, json_box(flow->family, &f->remainder[i]));
	json_t *o = json_object();
	set_text(o, "deployment", flow->deployment);
	set_text(o, "product", flow->pack->name);
	set_text(o, "requirement", flow->requirement->label);
	set_text(o, "label", flow->label);
	json_object_set_new(o, "variant", json_integer(flow->id.variant));
	set_text(o, "source", flow->source);
	set_text(o, "destination", flow->destination);
	set_text(o, "family", family_name(flow->family));
	set_text(o, "transport", proto_name(flow->proto));
	json_object_set_new(o, "source_ports", json_ports(flow->source_ports));
	json_object_set_new(o, "ports", json_ports(flow->ports));
	set_text(o, "path", path_name(flow->path));
	set_text(o, "severity", severity_name(finding_severity(flow, f)));
	set_text(o, "verdict", verdict_name(f->verdict));
	json_object_set_new(o, "legs", json_legs(flow));
	json_object_set_new(o, "rule", json_blame(&f->blame));
	json_object_set_new(o, "witness", f->has_witness ? json_witness(&f->witness) : json_null());
	json_object_set_new(o, "remainder", remainder);
	json_object_set_new(o, "atoms", json_strings(f->atom, f->n_atom));
	json_object_set_new(o, "assumed", json_strings(f->assumed, f->n_assumed));
	if (f->reason != NULL)
		set_text(o, "reason", f->reason);
	return o;
}

static json_t *json_opening(const struct opening *op)
{
	json_t *o = json_object();
	json_object_set_new(o, "id", json_integer((json_int_t)op->id));
	set_text(o, "label", op->label);
	json_object_set_new(o, "rule", json_blame(&op->blame));
	json_object_set_new(o, "box", json_box(op->family, &op->box));
	set_text(o, "family", family_name(op->family));
	set_text(o, "transport", op->proto == 0 ? "other" : proto_name(op->proto));
	set_text(o, "listener", op->listener);
	set_text(o, "packets", op->packets);
	json_object_set_new(o, "witness", json_witness(&op->witness));
	json_object_set_new(o, "acknowledged", json_boolean(op->acknowledged));
	return o;
}

static json_t *json_summary(const struct work *w)
{
	json_t *o = json_object();
	for (size_t v = 0; v < VERDICT_N; v++)
		json_object_set_new(
		        o, verdict_summary_key((enum verdict)v), json_integer((json_int_t)w->summary.count[v]));
	json_object_set_new(o, "overall", json_string(overall_name(w->summary.overall)));
	json_object_set_new(o, "openings", json_integer((json_int_t)w->summary.openings));
	json_object_set_new(o, "openings_incomplete", json_boolean(w->openings.incomplete));
	json_object_set_new(o, "rules", json_integer((json_int_t)w->summary.rules));
	json_object_set_new(o, "undecoded_rules", json_integer((json_int_t)w->summary.undecoded_rules));
	return o;
}

static void print_json(const struct work *w)
{
	json_t *flows = json_array(), *openings = json_array();
	for (size_t i = 0; i < w->flows.n; i++)
		json_array_append_new(flows, json_flow(&w->flows.flow[i], &w->findings.finding[i]));
	for (size_t i = 0; i < w->openings.n; i++)
		json_array_append_new(openings, json_opening(&w->openings.opening[i]));
	json_t *o = json_pack("{sososo}", "summary", json_summary(w), "flows", flows, "openings", openings);
	char *s = json_dumps(o, JSON_INDENT(1));
	cli_json(s);
	free(s);
	json_decref(o);
}

/* Tables for people */

/* @return the rows that are shown. */
static size_t print_flows(const struct request *r, const struct work *w)
{
	static const char *const header[] = {"VERDICT", "SEVERITY", "FLOW", "PORTS", "DECIDED BY", "FOR EXAMPLE"};
	struct cli_table *t = cli_table_new(6, header);
	size_t n = 0;
	for (size_t i = 0; i < w->flows.n; i++) {
		const struct flow *flow = &w->flows.flow[i];
		const struct finding *f = &w->findings.finding[i];
		if (!r->all && (f->verdict == VERDICT_CONFORMANT || f->verdict == VERDICT_NOT_TRANSIT))
			continue;
		n++;
		char range[16], *ports = xasprintf("%s/%s", port_range_print(flow->ports, range, sizeof(range)),
		                        proto_name(flow->proto));
		char *rule = blame_print(&f->blame),
		     *witness = f->has_witness ? packet_print(&f->witness) : xstrdup("");
		cli_table_row(t, (const char *[]){verdict_name(f->verdict), severity_name(finding_severity(flow, f)),
		                         flow->label, ports, f->reason != NULL ? f->reason : rule, witness});
		free(ports);
		free(rule);
		free(witness);
	}
	cli_table_print(t, stdout);
	return n;
}

static void print_openings(const struct work *w)
{
	static const char *const header[] = {"OPENING", "PACKETS", "ACCEPTED BY", "FOR EXAMPLE"};
	struct cli_table *t = cli_table_new(4, header);
	for (size_t i = 0; i < w->openings.n; i++) {
		const struct opening *o = &w->openings.opening[i];
		char *rule = blame_print(&o->blame), *witness = packet_print(&o->witness);
		cli_table_row(t, (const char *[]){o->label, o->packets, rule, witness});
		free(rule);
		free(witness);
	}
	cli_table_print(t, stdout);
}

static void print_people(const struct request *r, const struct work *w)
{
	size_t n = print_flows(r, w);
	if (n > 0 && w->openings.n > 0)
		putchar('\n');
	print_openings(w);
	if (n + w->openings.n > 0)
		putchar('\n');
	printf("%s:", overall_name(w->summary.overall));
	for (size_t v = 0; v < VERDICT_N; v++)
		if (w->summary.count[v] > 0)
			printf(" %zu %s", w->summary.count[v], verdict_name((enum verdict)v));
	printf("; %zu openings%s; %zu rules, %zu of them not fully decoded\n", w->summary.openings,
	        w->openings.incomplete ? " at least" : "", w->summary.rules, w->summary.undecoded_rules);
	if (!w->network.known)
		puts("Addresses and routes are not known (--network): the path is taken as forward, interfaces come "
		     "from zones.");
}

static int parse(int argc, char **argv, struct request *r)
{
	enum { DEPLOYMENT = 256, RULESET, LIVE, NETWORK, CATALOG_DIR, OWN_DIR, YANG_DIR, ALL, STRICT, JSON };
	static const struct option longs[] = {
	        {"deployment", required_argument, NULL, DEPLOYMENT},
	        {"ruleset", required_argument, NULL, RULESET},
	        {"live", no_argument, NULL, LIVE},
	        {"network", required_argument, NULL, NETWORK},
	        {"catalog-dir", required_argument, NULL, CATALOG_DIR},
	        {"own-catalog-dir", required_argument, NULL, OWN_DIR},
	        {"yang-dir", required_argument, NULL, YANG_DIR},
	        {"all", no_argument, NULL, ALL},
	        {"strict", no_argument, NULL, STRICT},
	        {"json", no_argument, NULL, JSON},
	        {"help", no_argument, NULL, 'h'},
	        {NULL, 0, NULL, 0},
	};
	int c;
	*r = (struct request){.catalog_dir = PORTCULLIS_CATALOG_DIR, .yang_dir = PORTCULLIS_YANG_DIR};
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		switch (c) {
		case DEPLOYMENT:
			r->deployment = optarg;
			break;
		case RULESET:
			r->ruleset = optarg;
			break;
		case LIVE:
			r->live = true;
			break;
		case NETWORK:
			r->network = optarg;
			break;
		case CATALOG_DIR:
			r->catalog_dir = optarg;
			break;
		case OWN_DIR:
			r->own_dir = optarg;
			break;
		case YANG_DIR:
			r->yang_dir = optarg;
			break;
		case ALL:
			r->all = true;
			break;
		case STRICT:
			r->strict = true;
			break;
		case JSON:
			r->json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_OK;
		default:
			return cli_option_fault("verify", c, argc, argv);
		}
	}
	if (optind < argc)
		return cli_usage("verify", "unexpected argument '%s'", argv[optind]);
	if (r->deployment == NULL)
		return cli_usage("verify", "--deployment is needed");
	if (r->live == (r->ruleset != NULL))
		return cli_usage("verify", "exactly one of --ruleset and --live is needed");
	return -1;
}

int verb_verify(int argc, char **argv)
{
	struct request r;
	struct work w = {0};
	struct error err = {0};

	int code = parse(argc, argv, &r);
	if (code >= 0)
		return code;
	if (run(&r, &w, &err) != 0) {
		code = cli_fail("verify", &err);
	} else {
		if (r.json)
			print_json(&w);
		else
			print_people(&r, &w);
		code = overall_exit_code(w.summary.overall);
		if (r.strict && code != EXIT_NOT_CONFORMANT &&
		        (w.summary.count[VERDICT_UNBOUND] > 0 || w.summary.unacknowledged_openings > 0))
			code = EXIT_NOT_CONFORMANT;
	}
	work_fini(&w);
	return code;
}
