/*
 * `portcullis prove`: a required flow or a packet is sent through the live ruleset in a private network namespace, and
 * what the kernel does is compared with the verdict. The device itself is left as it is. Refused are packets that cannot
 * be made, and callers who may not make a namespace.
 */
#include <getopt.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/live.h"
#include "cli/prove.h"
#include "cli/question.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/nft.h"
#include "portcullis/text.h"

static const char help[] =
        "Usage: portcullis prove FLOW [OPTION]...\n"
        "       portcullis prove --packet PACKET [OPTION]...\n"
        "Asks the kernel: loads the live ruleset into a private network namespace, sends the connection\n"
        "through it packet by packet, and compares what happens with the verdict. FLOW is a label that\n"
        "`portcullis conformance` shows, from the running daemon; PACKET needs no daemon. Needs root, nft\n"
        "and ip; changes nothing on this device.\n"
        "\n"
        "  --packet PACKET     'tcp 10.0.0.5:40000 > 10.1.0.10:5061'; IPv6 addresses in brackets\n"
        "  --iif NAME          interface it arrives on (default: as the routes say)\n"
        "  --oif NAME          interface it leaves on (default: as the routes say)\n" DAEMON_HELP "\n"
        "Exit codes: 0 the kernel and the verdict agree, 1 they differ, 2 cannot tell, 3 usage or error.\n";

/** What is claimed of a connection. */
struct claim {
	struct packet first;
	enum verdict verdict;
	enum phase phase; /**< of the packet that does not pass */
	json_t *rule; /**< who decides that, as in `verify --json` */
	char *leaves; /**< how the first packet leaves where it is translated, or NULL */
	char *reason;
};

enum agreement { AGREES, DIFFERS, CANNOT_TELL };

/** What the kernel did. */
struct observation {
	struct passage passage[8];
	size_t n;
	bool elsewhere; /**< the first packet came out where it should not */
	json_t *notes;
};

static int reply_claim(const xmlNode *reply, struct claim *out, struct error *err)
{
	static const enum path back[] = {[PATH_FORWARD] = PATH_FORWARD,
	        [PATH_INPUT] = PATH_OUTPUT,
	        [PATH_OUTPUT] = PATH_INPUT,
	        [PATH_NONE] = PATH_NONE};
	const char *phase = node_leaf(reply, "phase"), *path = node_leaf(reply, "path");
	const char *in = node_leaf(reply, "input-interface"), *to = node_leaf(reply, "output-interface");
	bool is_reply = strcmp(phase, phase_name(PHASE_REPLY)) == 0;
	if (packet_parse(node_leaf(reply, "first-packet"), &out->first, err) != 0)
		return -1;
	out->first.path = PATH_NONE;
	for (int p = PATH_FORWARD; p <= PATH_NONE; p++)
		if (strcmp(path, path_name((enum path)p)) == 0)
			out->first.path = is_reply ? back[p] : (enum path)p;
	snprintf(out->first.iif, IFNAME_SIZE, "%s", is_reply ? to : in);
	snprintf(out->first.oif, IFNAME_SIZE, "%s", is_reply ? in : to);
	out->verdict = VERDICT_INDETERMINATE;
	for (int v = 0; v < VERDICT_N; v++)
		if (strcmp(node_leaf(reply, "verdict"), verdict_name((enum verdict)v)) == 0)
			out->verdict = (enum verdict)v;
	for (int p = 0; p < PHASE_N; p++)
		if (strcmp(phase, phase_name((enum phase)p)) == 0)
			out->phase = (enum phase)p;
	out->rule = json_rule_of(reply);
	out->reason = xstrdup(node_leaf(reply, "reason"));
	if (node_leaf(reply, "leaves-as")[0] != '\0' && out->phase == PHASE_NEW)
		out->leaves = xstrdup(node_leaf(reply, "leaves-as"));
	return 0;
}

/* What the daemon says of a flow. */
static int claim_of_flow(const struct question *q, struct claim *out, struct error *err)
{
	xmlDoc *doc = NULL;
	int result = question_ask(q, &doc, err);
	if (result == 0)
		result = reply_claim(xmlDocGetRootElement(doc), out, err);
	xmlFreeDoc(doc);
	return result;
}

static int interface_set(const char *name, char *out, struct error *err)
{
	struct text names = {0};
	if (name == NULL)
		return 0;
	if (if_nametoindex(name) != 0) {
		snprintf(out, IFNAME_SIZE, "%s", name);
		return 0;
	}
	struct if_nameindex *list = if_nameindex();
	for (size_t i = 0; list != NULL && list[i].if_name != NULL && names.len < 400; i++)
		text_addf(&names, "%s%s", i > 0 ? ", " : "", list[i].if_name);
	if (list != NULL)
		if_freenameindex(list);
	error_set(err, ERR_INVALID, NULL, "this device has no interface '%s'; it has %s", name, text_str(&names));
	text_fini(&names);
	return -1;
}

static int packet_place(const struct question *q, struct packet *p, struct error *err)
{
	struct network net = {.known = false};
	if (network_read(&net, err) != 0)
		return -1;
	packet_route(&net, p);
	network_fini(&net);
	return interface_set(q->iif, p->iif, err) != 0 || interface_set(q->oif, p->oif, err) != 0 ? -1 : 0;
}

/* What the verifier says of the packet's connection alone. */
static int claim_of_packet(const struct question *q, const struct ruleset *rs, struct claim *out, struct error *err)
{
	struct packet *p = &out->first;
	if (packet_parse(q->packet, p, err) != 0 || packet_place(q, p, err) != 0)
		return -1;
	struct flow_leg leg = {.source = {p->source, p->source}, .destination = {p->destination, p->destination}};
	struct port_range sport = {p->source_port, p->source_port}, port = {p->destination_port, p->destination_port};
	struct flow flow = {.family = p->family,
	        .proto = p->proto,
	        .source_ports = sport,
	        .ports = port,
	        .inside_ports = port,
	        .path = p->path,
	        .leg = &leg,
	        .n_leg = 1};
	struct flows flows = {&flow, 1, 1};
	struct findings findings;
	memcpy(leg.iif, p->iif, sizeof(leg.iif));
	memcpy(leg.oif, p->oif, sizeof(leg.oif));
	if (verify_flows(&flows, rs, NULL, NULL, clock_wall_s(), &findings, err) != 0)
		return -1;
	const struct finding *f = &findings.finding[0];
	out->verdict = f->verdict;
	out->phase = f->evidence->has_witness ? f->evidence->witness.phase : PHASE_NEW;
	out->rule = json_blame(&f->evidence->blame);
	out->reason = xstrdup(f->evidence->reason != NULL ? f->evidence->reason
	                      : f->evidence->n_atom > 0   ? f->evidence->atom[0]
	                                                  : "");
	findings_fini(&findings);
	return 0;
}

static int live_read(struct ruleset **out, char **text, struct error *err)
{
	static const char *const argv[] = {"nft", "list", "ruleset", NULL};
	if (live_ruleset(out, err) != 0)
		return -1;
	/* The copy in the laboratory has no IPsec: what depends on it is not proved. */
	const struct ipsec_policies *p = (*out)->policies;
	if (p->unreadable != NULL || p->n > 0 || p->n_association > 0) {
		ipsec_policies_unref((*out)->policies);
		(*out)->policies = NULL;
	}
	return prove_execute(argv, "", text, err);
}

static bool ends_equal(const struct packet *a, const struct packet *b)
{
	char *x = packet_print(a), *y = packet_print(b);
	bool equal = strcmp(x, y) == 0;
	free(x);
	free(y);
	return equal;
}

/* Did the first packet come out where it should? A source that was translated is no fault. */
static bool well_led(const struct claim *c, const struct passage *p)
{
	struct packet want = c->first;
	struct error err;
	if (p->delivered)
		return c->first.path == PATH_INPUT;
	if (c->leaves != NULL && packet_parse(c->leaves, &want, &err) != 0)
		return false;
	want.source = p->packet.source;
	want.source_port = p->packet.source_port;
	/* How a published address is translated is known for packets that pass only. */
	if (c->leaves == NULL && c->verdict != VERDICT_CONFORMANT && c->verdict != VERDICT_MISDIRECTED)
		return true;
	return ends_equal(&want, &p->packet);
}

/* The whole connection, until a packet does not come through. */
static int observe(
        const struct claim *c, const struct ruleset *live, const char *text, struct observation *out, struct error *err)
{
	const struct probe *probe;
	size_t n = probe_list(c->first.proto, &probe);
	struct prove_connection connection = {c->first, c->first};
	struct prove_lab *lab;
	int result = 0;
	if (n == 0)
		return error_set(
		        err, ERR_UNSUPPORTED, "packet", "only connections of tcp, udp and ICMP echo can be played");
	if (c->first.path == PATH_NONE)
		return error_set(err, ERR_INVALID, "packet", "it has no path through this device: name its interfaces");
	if ((c->first.path != PATH_OUTPUT && c->first.iif[0] == '\0') ||
	        (c->first.path != PATH_INPUT && c->first.oif[0] == '\0'))
		return error_set(
		        err, ERR_INVALID, "packet", "its interfaces are not known: name them with --iif and --oif");
	if (prove_lab_open(live, text, &c->first, out->notes, &lab, err) != 0)
		return -1;
	for (size_t i = 0; i < n && result == 0; i++) {
		struct passage *p = &out->passage[out->n];
		result = prove_lab_send(lab, &connection, &probe[i], p, err);
		if (result == 0)
			out->n++;
		if (result != 0 || p->fate != FATE_ARRIVED)
			break;
		out->elsewhere = i == 0 && !well_led(c, p);
		if (out->elsewhere)
			break;
	}
	prove_lab_close(lab);
	return result;
}

static bool rule_equal(const json_t *a, const json_t *b)
{
	static const char *const keys[] = {"family", "table", "chain", "policy", "handle"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const json_t *x = json_object_get(a, keys[i]), *y = json_object_get(b, keys[i]);
		if ((x == NULL) != (y == NULL) || (x != NULL && !json_equal(x, y)))
			return false;
	}
	return json_is_object(a) && json_is_object(b);
}

static bool met(const struct passage *p, const json_t *rule)
{
	bool found = false;
	for (size_t i = 0; i < p->n_met && !found; i++) {
		json_t *one = json_blame(&p->met[i]);
		found = rule_equal(one, rule);
		json_decref(one);
	}
	return found;
}

static enum agreement compare_blocked(const struct claim *c, const struct passage *last, const char **why)
{
	json_t *rule = json_blame(&last->blame);
	enum agreement a = DIFFERS;
	if (last->fate == FATE_LOST) {
		a = CANNOT_TELL;
		*why = "the kernel lost the packet outside of nf_tables";
	} else if (last->fate == FATE_ARRIVED) {
		*why = "the packet passes";
	} else if (last->packet.phase != c->phase) {
		*why = "a packet of another phase is dropped";
	} else if (!rule_equal(rule, c->rule)) {
		*why = "another rule drops it";
	} else {
		a = AGREES;
		*why = "the same rule drops it";
	}
	json_decref(rule);
	return a;
}

static enum agreement compare(const struct claim *c, const struct observation *o, const char **why)
{
	const struct passage *last = &o->passage[o->n - 1];
	bool passed = last->fate == FATE_ARRIVED && !o->elsewhere;
	switch (c->verdict) {
	case VERDICT_CONFORMANT:
		*why = passed         ? "every packet passes"
		       : o->elsewhere ? "it arrives elsewhere"
		                      : "a packet does not pass";
		if (last->fate == FATE_LOST) {
			*why = "the kernel lost the packet outside of nf_tables";
			return CANNOT_TELL;
		}
		/* The only condition that a conformant verdict can have. */
		if (last->fate == FATE_DROPPED && c->reason[0] != '\0') {
			*why = "the verdict holds unless the address is listed in a dynamic set, and it is";
			return CANNOT_TELL;
		}
		return passed ? AGREES : DIFFERS;
	case VERDICT_BLOCKED:
		return compare_blocked(c, last, why);
	case VERDICT_MISDIRECTED:
		*why = passed ? "it arrives where it should" : "it does not arrive where it should";
		/* Without a translating rule it is astray wherever it ends. */
		if (!o->elsewhere && last->fate != FATE_ARRIVED && json_is_object(c->rule) &&
		        !met(&o->passage[0], c->rule)) {
			*why = "the packet ended before it could arrive anywhere";
			return CANNOT_TELL;
		}
		return passed ? DIFFERS : AGREES;
	default:
		*why = "the verdict is not definite";
		return CANNOT_TELL;
	}
}

static const char *fate_name(const struct observation *o, size_t i)
{
	static const char *const names[] = {
	        [FATE_ARRIVED] = "accepted", [FATE_DROPPED] = "dropped", [FATE_LOST] = "lost"};
	return i == 0 && o->elsewhere ? "elsewhere" : names[o->passage[i].fate];
}

static json_t *passages_json(const struct observation *o)
{
	json_t *list = json_array();
	for (size_t i = 0; i < o->n; i++) {
		const struct passage *p = &o->passage[i];
		char *text = packet_print(&p->packet);
		json_array_append_new(
		        list, json_pack("{sssssssosb}", "phase", phase_name(p->packet.phase), "packet", text, "kernel",
		                      fate_name(o, i), "rule", json_blame(&p->blame), "delivered", p->delivered));
		free(text);
	}
	return list;
}

static void show_json(const struct claim *c, const struct observation *o, enum agreement a, const char *why)
{
	char *text = packet_print(&c->first);
	json_t *agrees = a == CANNOT_TELL ? json_null() : json_boolean(a == AGREES);
	json_show(json_pack("{sssssssOsssososssO}", "packet", text, "path", path_name(c->first.path), "verdict",
	        verdict_name(c->verdict), "rule", c->rule, "phase", phase_name(c->phase), "passages", passages_json(o),
	        "agrees", agrees, "why", why, "notes", o->notes));
	free(text);
}

static void show_table(const struct claim *c, const struct observation *o, enum agreement a, const char *why)
{
	static const char *const header[] = {"PHASE", "KERNEL", "PACKET AS IT CAME OUT", "BY"};
	static const char *const says[] = {[AGREES] = "the kernel and the verdict agree",
	        [DIFFERS] = "THE KERNEL AND THE VERDICT DIFFER: report this",
	        [CANNOT_TELL] = "cannot tell"};
	char *text = packet_print(&c->first);
	struct cli_table *table = cli_table_new(4, header);
	cli_line("%s: the verdict is %s%s%s", text, verdict_name(c->verdict), c->reason[0] != '\0' ? ": " : "",
	        c->reason);
	putchar('\n');
	for (size_t i = 0; i < o->n; i++) {
		const struct passage *p = &o->passage[i];
		char *packet = packet_print(&p->packet), *rule = blame_print(&p->blame);
		cli_table_row(table, (const char *[]){phase_name(p->packet.phase), fate_name(o, i), packet, rule});
		free(packet);
		free(rule);
	}
	cli_table_print(table, stdout);
	putchar('\n');
	for (size_t i = 0; i < json_array_size(o->notes); i++)
		cli_line("note: %s", json_string_value(json_array_get(o->notes, i)));
	cli_line("%s: %s", says[a], why);
	free(text);
}

int verb_prove(int argc, char **argv)
{
	static const struct option options[] = {{"socket", required_argument, NULL, 's'},
	        {"yang-dir", required_argument, NULL, 'y'}, {"json", no_argument, NULL, 'j'},
	        {"packet", required_argument, NULL, 'p'}, {"iif", required_argument, NULL, 'i'},
	        {"oif", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct question q = {.flow = NULL};
	struct claim claim = {.rule = NULL};
	struct observation seen = {.notes = json_array()};
	struct ruleset *live = NULL;
	char *text = NULL;
	struct error err;
	int code = question_read("prove", help, options, argc, argv, &q);
	if (code < 0 && q.flow != NULL && (q.iif != NULL || q.oif != NULL))
		code = cli_usage("prove", "--iif and --oif go with --packet");
	if (code >= 0) {
		json_decref(seen.notes);
		return code;
	}
	if (live_read(&live, &text, &err) != 0 ||
	        (q.flow != NULL ? claim_of_flow(&q, &claim, &err) : claim_of_packet(&q, live, &claim, &err)) != 0) {
		code = cli_fail("prove", &err);
	} else if (observe(&claim, live, text, &seen, &err) != 0) {
		code = cli_fail("prove", &err);
		code = err.code == ERR_UNAVAILABLE ? EXIT_CANNOT_TELL : code;
	} else {
		const char *why = "";
		enum agreement a = compare(&claim, &seen, &why);
		if (q.daemon.json)
			show_json(&claim, &seen, a, why);
		else
			show_table(&claim, &seen, a, why);
		code = a == AGREES ? EXIT_OK : a == DIFFERS ? EXIT_NOT_CONFORMANT : EXIT_CANNOT_TELL;
	}
	for (size_t i = 0; i < seen.n; i++)
		passage_fini(&seen.passage[i]);
	json_decref(seen.notes);
	json_decref(claim.rule);
	free(claim.leaves);
	free(claim.reason);
	free(text);
	ruleset_free(live);
	return code;
}
