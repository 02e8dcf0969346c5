#ifndef TESTS_VERIFY_SUPPORT_H
#define TESTS_VERIFY_SUPPORT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "portcullis/verify.h"

/* What the tests of the verification share: rulesets from tests/data/verify and flows written as one line of text. */

static inline struct ruleset *ruleset_load(const char *name)
{
	char *path = xasprintf("%s/tests/data/verify/%s.json", SOURCE_DIR, name), *json, line[1024];
	struct ruleset *rs = NULL;
	struct error err = {0};
	size_t len;

	ck_assert_msg(file_read(path, 1 << 24, &json, &len, &err) == 0, "%s", error_line(&err, line, sizeof(line)));
	ck_assert_msg(
	        ruleset_parse_json(json, len, &rs, &err) == 0, "%s: %s", path, error_line(&err, line, sizeof(line)));
	free(json);
	free(path);
	return rs;
}

static inline struct range text_range(const char *s, enum family *f)
{
	const char *dash = strchr(s, '-');
	struct range r, end;
	struct error err;

	if (dash != NULL) {
		char *lo = xstrndup(s, (size_t)(dash - s));

		ck_assert_msg(
		        prefix_parse(lo, f, &r, &err) == 0 && prefix_parse(dash + 1, f, &end, &err) == 0, "%s", s);
		r.hi = end.hi;
		free(lo);
	} else {
		ck_assert_msg(prefix_parse(s, f, &r, &err) == 0, "%s", s);
	}
	return r;
}

/** " inside 10.1.0.10-10.1.0.11 443": where the destination, a published address, is to be translated to. */
static inline void flow_make_inside(struct flow *f, const char *text)
{
	const char *inside = strstr(text, " inside ");
	char address[96], ports[16];
	enum family family;
	struct error err;

	f->inside_ports = f->ports;
	if (inside == NULL)
		return;
	ck_assert_int_eq(sscanf(inside, " inside %95s %15s", address, ports), 2);
	ck_assert_int_eq(port_range_parse(ports, &f->inside_ports, &err), 0);
	f->leg[0].translated = true;
	f->leg[0].inside = text_range(address, &family);
}

/**
 * "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061 [forward|input|output] [IIF OIF] [inside ADDRESSES PORTS]", "?" for an
 * unknown interface.
 */
static inline void flow_make(struct flow *f, const char *text)
{
	static const char *const names[] = {"tcp", "udp", "icmp", "icmpv6"};
	static const uint8_t protos[] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_ICMPV6};
	char proto[16], source[96], sports[16], destination[96], ports[16], path[16] = "forward", iif[16] = "c0",
	                                                                    oif[16] = "s0";
	char *plain = xstrdup(text), *inside = strstr(plain, " inside ");
	struct error err;

	if (inside != NULL)
		*inside = '\0';
	ck_assert_int_ge(sscanf(plain, "%15s %95s %15s %95s %15s %15s %15s %15s", proto, source, sports, destination,
	                         ports, path, iif, oif),
	        5);
	memset(f, 0, sizeof(*f));
	for (size_t i = 0; i < sizeof(protos); i++)
		if (strcmp(names[i], proto) == 0)
			f->proto = protos[i];
	ck_assert_int_ne(f->proto, 0);
	f->leg = xcalloc(1, sizeof(*f->leg));
	f->n_leg = 1;
	f->leg[0].source = text_range(source, &f->family);
	f->leg[0].destination = text_range(destination, &f->family);
	ck_assert_int_eq(port_range_parse(sports, &f->source_ports, &err), 0);
	ck_assert_int_eq(port_range_parse(ports, &f->ports, &err), 0);
	f->path = strcmp(path, "input") == 0 ? PATH_INPUT : strcmp(path, "output") == 0 ? PATH_OUTPUT : PATH_FORWARD;
	if (f->path != PATH_OUTPUT && strcmp(iif, "?") != 0)
		memcpy(f->leg[0].iif, iif, sizeof(iif));
	if (f->path != PATH_INPUT && strcmp(oif, "?") != 0)
		memcpy(f->leg[0].oif, oif, sizeof(oif));
	f->label = xstrdup(text);
	flow_make_inside(f, text);
	free(plain);
}

static inline void flow_free(struct flow *f)
{
	free(f->leg);
	free(f->label);
}

static inline char *blame_text(const struct blame *b)
{
	if (!b->present)
		return xstrdup("nobody");
	return xasprintf("%s %s %s %s#%llu", rs_family_name(b->family), b->table, b->chain, b->text,
	        (unsigned long long)b->handle);
}

/** The witness's walk ends as the finding says, and where it says. */
static inline void walk_agrees(
        const struct flow *flow, const struct finding *f, const struct ruleset *rs, const struct site *site)
{
	enum verdict want = f->verdict == VERDICT_PARTIAL ? VERDICT_BLOCKED : f->verdict;
	struct trace t;
	struct error err;
	char *a = blame_text(&f->evidence->blame), *b;
	bool same;

	ck_assert_int_eq(verify_explain(&f->evidence->witness, flow, f, rs, site, 1000, &t, &err), 0);
	b = blame_text(&t.blame);
	/* A condition on a whole flow can be decided for one packet, and a waived flow keeps what was found. */
	same = t.verdict == want || (f->verdict == VERDICT_WAIVED && t.verdict != VERDICT_CONFORMANT) ||
	       f->verdict == VERDICT_INDETERMINATE;
	ck_assert_msg(same && (strcmp(a, b) == 0 || t.verdict != want), "%s: found %s by %s, explained %s by %s",
	        flow->label, verdict_name(f->verdict), a, verdict_name(t.verdict), b);
	free(a);
	free(b);
	trace_fini(&t);
}

/** The finding for one flow; release with findings_fini(). */
static inline struct findings flow_verify(struct flow *f, const struct ruleset *rs, const struct site *site)
{
	struct flows flows = {f, 1, 1};
	struct findings out;
	struct error err;

	ck_assert_int_eq(verify_flows(&flows, rs, NULL, site, 1000, &out, &err), 0);
	ck_assert_uint_eq(out.n, 1);
	if (out.finding[0].evidence->has_witness && rs != NULL)
		walk_agrees(f, &out.finding[0], rs, site);
	return out;
}

static inline bool box_has(const struct box *b, u128 source, u128 destination, unsigned sport, unsigned port)
{
	return source >= b->source.lo && source <= b->source.hi && destination >= b->destination.lo &&
	       destination <= b->destination.hi && sport >= b->source_ports.lo && sport <= b->source_ports.hi &&
	       port >= b->ports.lo && port <= b->ports.hi;
}

#endif
