/*
 * `portcullis verify`: a deployment file and a ruleset (a JSON dump or the live one) in, verdicts and openings out.
 * Needs no daemon. A deployment that names what no pack knows is an error, not a verdict.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "cli/live.h"
#include "cli/verify.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/config.h"
#include "portcullis/conformance.h"
#include "portcullis/network.h"
#include "portcullis/nft.h"
#include "portcullis/text.h"
#include "portcullis/verify.h"

static const char help[] =
        "Usage: portcullis verify --deployment FILE (--ruleset DUMP | --live) [OPTION]...\n"
        "Check every required flow of a deployment against a ruleset.\n"
        "\n"
        "  --deployment FILE   instance data of portcullis.yang (JSON)\n"
        "  --ruleset DUMP      output of `nft -j list ruleset`; '-' reads standard input\n"
        "  --live              the kernel's ruleset in this network namespace (needs CAP_NET_ADMIN)\n"
        "  --network FILE      addresses and routes: {\"addr\": `ip -j addr`, \"route\": `ip -j route`,\n"
        "                      \"route6\": `ip -j -6 route`, \"netconf\": `ip -j netconf`}; without it zones decide,\n"
        "                      and the path is taken as forward\n"
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

static int read_live(struct work *w, struct error *err)
{
	w->live = true;
	int result = live_ruleset(&w->ruleset, err);
	if (result == 0 && !w->network.known)
		result = network_read(&w->network, err);
	return result;
}

static void add_caveat(void *ctx, const char *text)
{
	struct work *w = ctx;
	w->caveat = xgrow(w->caveat, w->n_caveat, &w->cap_caveat, sizeof(*w->caveat));
	w->caveat[w->n_caveat++] = xstrdup(text);
}

static int run(const struct request *r, struct work *w, struct error *err)
{
	int64_t now = clock_wall_s();
	const char *own_dir = catalog_own_dir(r->own_dir, PORTCULLIS_OWN_CATALOG_DIR);
	if (catalog_load(r->catalog_dir, own_dir, r->yang_dir, &w->catalog, err) != 0 ||
	        config_context_new(r->yang_dir, &w->ctx, err) != 0 ||
	        site_file(w->ctx, w->catalog, r->deployment, &w->site, err) != 0 ||
	        (r->network != NULL && network_file(r->network, &w->network, err) != 0))
		return -1;
	if ((r->live ? read_live(w, err) : dump_ruleset(r->ruleset, &w->ruleset, err)) != 0 ||
	        flows_derive(w->site, w->catalog, &w->network, now, &w->flows, err) != 0 ||
	        verify_flows(&w->flows, w->ruleset, NULL, w->site, now, &w->findings, err) != 0 ||
	        verify_openings(&w->flows, w->ruleset, w->site, &w->network, now, &w->openings, err) != 0)
		return -1;
	summary_build(&w->flows, &w->findings, &w->openings, w->ruleset, &w->summary);
	conformance_each_caveat(w->ruleset, &w->openings, &w->flows, &w->network, add_caveat, w);
	if (r->live)
		ipsec_decide(w->site, w->catalog, &w->network, w->ruleset->policies, &w->ipsec);
	return 0;
}

static void work_fini(struct work *w)
{
	for (size_t i = 0; i < w->n_caveat; i++)
		free(w->caveat[i]);
	free(w->caveat);
	ipsec_findings_fini(&w->ipsec);
	openings_fini(&w->openings);
	findings_fini(&w->findings);
	flows_fini(&w->flows);
	ruleset_free(w->ruleset);
	network_fini(&w->network);
	site_free(w->site);
	config_context_free(w->ctx);
	catalog_free(w->catalog);
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
		char *rule = blame_print(&f->evidence->blame),
		     *witness = f->evidence->has_witness ? packet_print(&f->evidence->witness) : xstrdup("");
		cli_table_row(t,
		        (const char *[]){verdict_name(f->verdict), severity_name(finding_severity(flow, f)),
		                flow->label, ports, f->evidence->reason != NULL ? f->evidence->reason : rule, witness});
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

/* Exemptions that a policy of this device touches; with --all, every one. @return the rows that are shown. */
static size_t print_ipsec(const struct request *r, const struct work *w)
{
	static const char *const header[] = {"IPSEC EXEMPTION", "STATE", "SOURCE", "DESTINATION", "POLICY OR REASON"};
	struct cli_table *t = cli_table_new(5, header);
	size_t n = 0;
	for (size_t i = 0; i < w->ipsec.n; i++) {
		const struct ipsec_finding *f = &w->ipsec.finding[i];
		if (!r->all && f->state != IPSEC_VIOLATED && f->state != IPSEC_TUNNELLED)
			continue;
		n++;
		char *name = xasprintf("%s/%s", f->deployment, f->exemption->name);
		cli_table_row(t, (const char *[]){name, ipsec_state_name(f->state), f->exemption->source,
		                         f->exemption->destination, f->policy != NULL ? f->policy : f->reason});
		free(name);
	}
	cli_table_print(t, stdout);
	return n;
}

static void print_people(const struct request *r, const struct work *w)
{
	size_t n = print_flows(r, w);
	if (n > 0 && w->openings.n > 0)
		putchar('\n');
	print_openings(w);
	if (n + w->openings.n > 0)
		putchar('\n');
	if (print_ipsec(r, w) > 0)
		putchar('\n');
	printf("%s:", overall_name(w->summary.overall));
	for (size_t v = 0; v < VERDICT_N; v++)
		if (w->summary.count[v] > 0)
			printf(" %zu %s", w->summary.count[v], verdict_name((enum verdict)v));
	printf("; %zu openings%s; %zu rules, %zu of them not fully decoded; forwarded packets that no rule singles "
	       "out: %s\n",
	        w->summary.openings, w->openings.incomplete ? " at least" : "", w->summary.rules,
	        w->summary.undecoded_rules, default_kind_name(w->openings.by_default));
	for (size_t i = 0; i < w->n_caveat; i++)
		cli_line("caveat: %s", w->caveat[i]);
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
			verify_print_json(&w);
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
