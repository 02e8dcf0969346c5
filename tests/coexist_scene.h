#ifndef TESTS_COEXIST_SCENE_H
#define TESTS_COEXIST_SCENE_H

/*
 * Pushes beside tables of others: a device with the interfaces of the example, what is there but our own table, to the byte,
 * and how the required flows do on the ruleset that the kernel has.
 */
#include "portcullis/clock.h"
#include "portcullis/nft.h"
#include "push_scene.h"

#define ANOTHER RULE("y", "\"transport\":[\"tcp\"],\"destination\":{\"port\":[{\"lower\":9}]}", "accept")

static inline void shell(const char *command)
{
	ck_assert_msg(system(command) == 0, "'%s' failed", command);
}

/** As begin(), on a device: lan0, srv0 and dmz0 with the addresses that the example's groups are behind, and docker0. */
static inline void begin_device(void)
{
	begin();
	shell("ip link set lo up && for i in lan0 srv0 dmz0 docker0; do ip link add $i type veth peer name peer-$i && "
	      "ip link set $i up && ip link set peer-$i up || exit 1; done && ip addr add 10.10.0.1/15 dev lan0 && "
	      "ip addr add 10.20.0.1/16 dev srv0 && ip addr add 10.30.0.1/24 dev dmz0 && "
	      "ip addr add 172.17.0.1/16 dev docker0 && for n in 10:lan0 20:srv0 30:dmz0; do "
	      "ip -6 addr add fd00:${n%:*}::1/32 dev ${n#*:} nodad || exit 1; done && "
	      "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
	ck_assert_int_eq(network_read(&network, &err), 0);
}

#define WITHOUT_COUNTERS "2>/dev/null | sed '/^#/d; s/ \\[[0-9:]*\\]$//'"

/* A command's output. */
static inline char *said(const char *command)
{
	struct text t = {0};
	char buf[4096];
	FILE *f = popen(command, "r");

	ck_assert_ptr_nonnull(f);
	for (size_t n; (n = fread(buf, 1, sizeof(buf), f)) > 0;)
		text_addn(&t, buf, n);
	ck_assert_msg(pclose(f) == 0, "'%s' failed", command);
	return text_take(&t);
}

/** Whatever is not in our table, with handles, and with what nft does not print of the rules of iptables. */
static inline char *others(void)
{
	char *all = said("nft -a -s list ruleset && { iptables-save && ip6tables-save; } " WITHOUT_COUNTERS),
	     *ours = strstr(all, "table inet portcullis {"), *end;

	if (ours != NULL) {
		end = strstr(ours, "\n}\n");
		ck_assert_ptr_nonnull(end);
		memmove(ours, end + 3, strlen(end + 3) + 1);
		ck_assert_ptr_null(strstr(all, "table inet portcullis"));
	}
	return all;
}

/** How many required flows pass, and who stops the first that does not: "ip filter FORWARD: policy drop", or "". */
struct live {
	size_t checked, conformant;
	char by[512];
};

static inline struct live live_of(const char *firewall)
{
	struct site *site = site_of(firewall);
	struct ruleset *rs;
	struct flows flows;
	struct findings found;
	struct live live = {0};

	ck_assert_msg(flows_derive(site, catalog, &network, clock_wall_s(), &flows, &err) == 0, "%s", err.text);
	ck_assert_msg(nft_ruleset(&nft, NULL, &rs, &err) == 0, "%s", err.text);
	ck_assert_int_eq(verify_flows(&flows, rs, NULL, site, clock_wall_s(), &found, &err), 0);
	for (size_t i = 0; i < flows.n; i++) {
		const struct blame *b = &found.finding[i].evidence->blame;

		if (flows.flow[i].state != FLOW_CHECK || flows.flow[i].advisory)
			continue;
		live.checked++;
		if (found.finding[i].verdict == VERDICT_CONFORMANT)
			live.conformant++;
		else if (live.by[0] == '\0')
			snprintf(live.by, sizeof(live.by), "%s %s %s: %s", rs_family_name(b->family),
			        b->present ? b->table : "", b->present ? b->chain : "",
			        b->present ? b->text : verdict_name(found.finding[i].verdict));
	}
	findings_fini(&found);
	ruleset_free(rs);
	flows_fini(&flows);
	site_free(site);
	ck_assert_uint_gt(live.checked, 50);
	return live;
}

static inline void others_are(const char *before, const char *when)
{
	char *now = others();
	size_t at, line = 0;

	for (at = 0; now[at] == before[at] && now[at] != '\0'; at++)
		line = now[at] == '\n' ? at + 1 : line;
	ck_assert_msg(
	        now[at] == before[at], "%s: others have\n%.300s\nand had\n%.300s", when, now + line, before + line);
	free(now);
}

/* @param passes  what passed before, and is to pass. */
static inline void as_before(const char *before, const struct live *passes, const char *firewall, const char *when)
{
	struct live now = live_of(firewall);

	others_are(before, when);
	ck_assert_msg(now.conformant == passes->conformant, "%s: %zu of %zu flows pass, not %zu; %s", when,
	        now.conformant, now.checked, passes->conformant, now.by);
	ck_assert_str_eq(now.by, passes->by);
}

/** Configurations that are put in, refused, undone, taken back and taken out: others stay, and flows pass as before. */
static inline void push_all_kinds(void)
{
	char *before = others();
	struct live passes = live_of("");

	ck_assert_msg(commit("", REJECT) == DONE, "%s", err.text);
	as_before(before, &passes, REJECT, "good");
	ck_assert(has("required-forward4"));
	ck_assert_int_eq(commit(REJECT, REJECT CLIENTS_DROPPED), REFUSED);
	ck_assert_msg(strstr(err.text, "inet portcullis forward: ip") != NULL, "%s", err.text);
	others_are(before, "refused");
	ck_assert_int_eq(change(REJECT, REJECT ANOTHER, false, false, true, NULL), UNDONE);
	others_are(before, "undone");
	ck_assert_int_eq(change(REJECT, REJECT ANOTHER, true, false, false, NULL), WAITS);
	as_before(before, &passes, REJECT, "waiting");
	ck_assert(has("rule y"));
	ck_assert_int_eq(change(REJECT, REJECT, false, true, false, NULL), DONE);
	others_are(before, "taken back");
	ck_assert(!has("rule y"));
	ck_assert_msg(commit(REJECT, "") == DONE, "%s", err.text);
	as_before(before, &passes, "", "taken out");
	ck_assert(!has("portcullis"));
	free(before);
}

#endif
