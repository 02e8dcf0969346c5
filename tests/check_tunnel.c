/* links: nft verify ruleset base */
/*
 * Rules that ask how IPsec treats a packet, against policies of a real kernel in a network namespace of its own: what the
 * verifier says of flows, as a table of rules, policies and verdicts; what of it changes when the policies do; and what
 * the kernel does with packets between two tun devices, plain ones and, where it has ESP, those that come through a
 * tunnel and leave through it (with a cipher that changes nothing, so that the test can wrap and unwrap them itself).
 * Needs root, nft, ip and iptables-nft.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ip_wire.h"
#include "portcullis/nft.h"
#include "verify_support.h"

static int tun[2];

static int shell(const char *command)
{
	return system(command);
}

static int tun_open(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ck_assert_int_eq(ioctl(fd, TUNSETIFF, &ifr), 0);
	return fd;
}

static void namespace_make(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	tun[0] = tun_open("c0");
	tun[1] = tun_open("s0");
	ck_assert_int_eq(shell("ip link set lo up && sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 "
	                       "net.ipv4.conf.c0.rp_filter=0 net.ipv4.conf.s0.rp_filter=0 && ip link set c0 up && "
	                       "ip link set s0 up && ip addr add 10.0.255.254/16 dev c0 && "
	                       "ip addr add 10.1.255.254/16 dev s0"),
	        0);
}

static void namespace_close(void)
{
	close(tun[0]);
	close(tun[1]);
}

/** "src ... dst ... dir fwd ...; ..." into the kernel, in this order. */
static void policies_set(const char *text)
{
	char *all = xstrdup(text), *save = NULL;

	ck_assert_int_eq(shell("ip xfrm policy flush"), 0);
	for (char *p = strtok_r(all, ";", &save); p != NULL; p = strtok_r(NULL, ";", &save)) {
		char *command = xasprintf("ip xfrm policy add %s", p);

		ck_assert_msg(shell(command) == 0, "%s", command);
		free(command);
	}
	free(all);
}

/** A rule, in nft's words or iptables', in a forward chain and, where it may stand there, in input and output. */
static void rules_set(const char *rule, const char *chain, bool drop)
{
	char *command =
	        strncmp(rule, "-m ", 3) == 0
	                ? xasprintf("nft flush ruleset; iptables-nft -A %s %s && iptables-nft -P %s %s",
	                          strcmp(chain, "forward") == 0 ? "FORWARD"
	                          : strcmp(chain, "input") == 0 ? "INPUT"
	                                                        : "OUTPUT",
	                          rule,
	                          strcmp(chain, "forward") == 0 ? "FORWARD"
	                          : strcmp(chain, "input") == 0 ? "INPUT"
	                                                        : "OUTPUT",
	                          drop ? "DROP" : "ACCEPT")
	                : xasprintf("nft flush ruleset; nft 'add table inet filter; add chain inet filter %s { type "
	                            "filter hook %s priority 0; policy %s; }; add rule inet filter %s %s'",
	                          chain, chain, drop ? "drop" : "accept", chain, rule);

	ck_assert_msg(shell(command) == 0, "%s", command);
	free(command);
}

static struct ruleset *kernel_read(bool policies)
{
	struct nft_ops ops;
	struct nft_dump dump;
	struct ruleset *rs;
	struct error err = {0};
	uint8_t *bytes;
	size_t len;

	ck_assert_int_eq(nft_open_direct(&ops, &err), 0);
	ck_assert_msg(ops.dump(ops.self, &dump, &err) == 0, "%s", err.text);
	ck_assert_int_eq(ruleset_parse_netlink(dump.bytes, dump.len, &rs, &err), 0);
	if (policies) {
		ck_assert_msg(ops.policies(ops.self, &bytes, &len, &err) == 0, "%s", err.text);
		ck_assert_msg(ipsec_parse(bytes, len, &rs->policies, &err) == 0, "%s", err.text);
		free(bytes);
	}
	nft_dump_fini(&dump);
	ops.close(ops.self);
	return rs;
}

#define ALL_FORWARD "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061"
#define ALL_INPUT "tcp 10.0.0.0/24 1024-65535 10.0.255.254 443 input"
#define ESP "tmpl src 192.0.2.1 dst 192.0.2.2 proto esp reqid 7 mode tunnel"
#define ESP_OUT "tmpl src 192.0.2.2 dst 192.0.2.1 proto esp reqid 8 mode tunnel"
#define BACK "src 10.1.0.0/16 dst 10.0.0.0/16"
#define THERE "src 10.0.0.0/16 dst 10.1.0.0/16"
#define FORWARD THERE " dir fwd " ESP

static const struct {
	const char *name, *rule, *policies, *flow;
	enum verdict verdict;
	const char *atom; /**< part of its name, for indeterminate */
	bool accept; /**< the chain's policy */
} cases[] = {
        {"no policy: nothing comes through a tunnel", "meta ipsec missing accept", "", ALL_FORWARD, VERDICT_CONFORMANT,
                NULL, false},
        {"no policy: asked for the tunnel", "meta ipsec exists accept", "", ALL_FORWARD, VERDICT_BLOCKED, NULL, false},
        {"no policy: what comes through a tunnel is dropped", "meta ipsec exists drop", "", ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"no policy: nothing leaves through one", "rt ipsec exists accept", "", ALL_FORWARD, VERDICT_BLOCKED, NULL,
                false},
        {"no policy: no number", "ipsec in reqid 7 accept", "", ALL_FORWARD, VERDICT_BLOCKED, NULL, false},
        {"no policy: no other number either", "ipsec in reqid != 7 accept", "", ALL_FORWARD, VERDICT_BLOCKED, NULL,
                false},
        {"no policy: iptables none", "-m policy --dir in --pol none -j ACCEPT", "", ALL_FORWARD, VERDICT_CONFORMANT,
                NULL, false},
        {"no policy: iptables ipsec", "-m policy --dir in --pol ipsec -j ACCEPT", "", ALL_FORWARD, VERDICT_BLOCKED,
                NULL, false},
        {"no policy: iptables not out", "-m policy --dir out --pol ipsec --reqid 7 -j DROP", "", ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"a tunnel", "meta ipsec exists accept", FORWARD "; " BACK " dir fwd " ESP, ALL_FORWARD, VERDICT_CONFORMANT,
                NULL, false},
        {"a tunnel one way: replies come plain", "meta ipsec exists accept", FORWARD, ALL_FORWARD, VERDICT_BLOCKED,
                NULL, false},
        {"a tunnel, plain wanted", "meta ipsec missing accept", FORWARD, ALL_FORWARD, VERDICT_BLOCKED, NULL, false},
        {"a tunnel for half of the sources", "meta ipsec missing accept",
                "src 10.0.0.0/25 dst 10.1.0.0/16 dir fwd " ESP, ALL_FORWARD, VERDICT_PARTIAL, NULL, false},
        {"a tunnel for half of the sources, dropped", "meta ipsec exists drop",
                "src 10.0.0.0/25 dst 10.1.0.0/16 dir fwd " ESP, ALL_FORWARD, VERDICT_PARTIAL, NULL, true},
        {"a tunnel for another protocol", "meta ipsec exists drop", THERE " proto udp dir fwd " ESP, ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"a tunnel for another port", "meta ipsec exists drop", THERE " proto tcp dport 443 dir fwd " ESP, ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"a tunnel for the port", "meta ipsec exists drop", THERE " proto tcp dport 5061 dir fwd " ESP, ALL_FORWARD,
                VERDICT_BLOCKED, NULL, true},
        {"a tunnel in the other direction of the host", "meta ipsec exists drop", THERE " dir in " ESP, ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"bypass before the tunnel", "meta ipsec exists drop",
                THERE " dir fwd priority 20 " ESP "; src 10.0.0.0/16 dst 10.1.0.10 dir fwd priority 10", ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"bypass behind the tunnel", "meta ipsec exists drop",
                THERE " dir fwd priority 20 " ESP "; src 10.0.0.0/16 dst 10.1.0.10 dir fwd priority 30", ALL_FORWARD,
                VERDICT_BLOCKED, NULL, true},
        {"bypass of equal priority, the older first", "meta ipsec exists drop",
                "src 10.0.0.0/16 dst 10.1.0.10 dir fwd priority 20; " THERE " dir fwd priority 20 " ESP, ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"a block", "meta ipsec exists drop", THERE " dir fwd action block", ALL_FORWARD, VERDICT_INDETERMINATE,
                "meta ipsec@filter/forward#2: blocking policy", true},
        {"out through a tunnel", "rt ipsec exists drop", THERE " dir out " ESP_OUT, ALL_FORWARD, VERDICT_BLOCKED, NULL,
                true},
        {"replies out through a tunnel", "rt ipsec exists drop", BACK " dir out " ESP_OUT, ALL_FORWARD, VERDICT_BLOCKED,
                NULL, true},
        {"its number", "ipsec out reqid 8 drop", THERE " dir out " ESP_OUT, ALL_FORWARD, VERDICT_BLOCKED, NULL, true},
        {"another number", "ipsec out reqid 9 drop", THERE " dir out " ESP_OUT, ALL_FORWARD, VERDICT_CONFORMANT, NULL,
                true},
        {"not another number", "ipsec out reqid != 9 drop", THERE " dir out " ESP_OUT, ALL_FORWARD, VERDICT_BLOCKED,
                NULL, true},
        {"no number on the way out is none", "ipsec out reqid 9 drop",
                THERE " dir out tmpl src 192.0.2.2 dst 192.0.2.1 proto esp mode tunnel", ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"no number on the way in is any", "ipsec in reqid 9 drop",
                THERE " dir fwd tmpl src 192.0.2.2 dst 192.0.2.1 proto esp mode tunnel", ALL_FORWARD,
                VERDICT_INDETERMINATE, "ipsec@filter/forward#2: template that leaves it open", true},
        {"the end of the tunnel", "ipsec in ip saddr 192.0.2.1 drop", FORWARD, ALL_FORWARD, VERDICT_BLOCKED, NULL,
                true},
        {"another end", "ipsec in ip saddr 192.0.2.9 drop", FORWARD, ALL_FORWARD, VERDICT_CONFORMANT, NULL, true},
        {"an end of the other family", "ipsec in ip6 saddr != fd00::1 drop", FORWARD, ALL_FORWARD, VERDICT_CONFORMANT,
                NULL, true},
        {"the other transformation", "ipsec in spnum 1 reqid 7 drop", FORWARD, ALL_FORWARD, VERDICT_CONFORMANT, NULL,
                true},
        {"the SPI", "ipsec in spi 7 drop", FORWARD, ALL_FORWARD, VERDICT_INDETERMINATE, "template that leaves it open",
                true},
        {"two templates, the outermost first on the way in", "ipsec in spnum 0 reqid 7 drop",
                THERE " dir fwd tmpl proto ah reqid 6 mode transport " ESP, ALL_FORWARD, VERDICT_BLOCKED, NULL, true},
        {"two templates, the innermost first on the way out", "ipsec out spnum 0 reqid 6 drop",
                THERE " dir out tmpl proto ah reqid 6 mode transport " ESP, ALL_FORWARD, VERDICT_BLOCKED, NULL, true},
        {"iptables with everything",
                "-m policy --dir in --pol ipsec --strict --reqid 7 --proto esp --mode tunnel "
                "--tunnel-src 192.0.2.0/24 --tunnel-dst 192.0.2.2 -j DROP",
                FORWARD, ALL_FORWARD, VERDICT_BLOCKED, NULL, true},
        {"iptables with another protocol", "-m policy --dir in --pol ipsec --proto ah -j DROP", FORWARD, ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"iptables with not this protocol", "-m policy --dir in --pol ipsec ! --proto ah -j DROP", FORWARD, ALL_FORWARD,
                VERDICT_BLOCKED, NULL, true},
        {"iptables with another end",
                "-m policy --dir in --pol ipsec --strict --mode tunnel --tunnel-src 192.0.2.9 -j DROP", FORWARD,
                ALL_FORWARD, VERDICT_CONFORMANT, NULL, true},
        {"iptables in transport mode", "-m policy --dir in --pol ipsec --mode transport -j DROP", FORWARD, ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"iptables strict with one too many",
                "-m policy --dir in --pol ipsec --strict --reqid 7 --next --reqid 8 -j DROP", FORWARD, ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"iptables strict on the way out, in order",
                "-m policy --dir out --pol ipsec --strict --reqid 6 --next --reqid 7 -j DROP",
                THERE " dir out tmpl proto ah reqid 6 mode transport " ESP, ALL_FORWARD, VERDICT_BLOCKED, NULL, true},
        {"iptables none in a tunnel", "-m policy --dir in --pol none -j DROP", FORWARD "; " BACK " dir fwd " ESP,
                ALL_FORWARD, VERDICT_CONFORMANT, NULL, true},
        {"optional", "meta ipsec exists drop",
                THERE " dir fwd tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel level use", ALL_FORWARD,
                VERDICT_INDETERMINATE, "meta ipsec@filter/forward#2: optional template", true},
        {"optional compression in a tunnel that is not", "meta ipsec exists drop",
                THERE " dir fwd tmpl proto comp mode transport level use " ESP, ALL_FORWARD, VERDICT_BLOCKED, NULL,
                true},
        {"optional compression, asked for the number", "ipsec in reqid 7 drop",
                THERE " dir fwd tmpl proto comp mode transport level use " ESP, ALL_FORWARD, VERDICT_INDETERMINATE,
                "optional template", true},
        {"a mark", "meta ipsec exists drop", THERE " dir fwd mark 5 mask 0xff " ESP, ALL_FORWARD, VERDICT_INDETERMINATE,
                "policy with a mark", true},
        {"a virtual interface", "meta ipsec exists drop", THERE " dir fwd if_id 5 " ESP, ALL_FORWARD,
                VERDICT_INDETERMINATE, "policy of a virtual interface (if_id)", true},
        {"an interface", "meta ipsec exists drop", THERE " dev c0 dir fwd " ESP, ALL_FORWARD, VERDICT_INDETERMINATE,
                "policy of one interface", true},
        {"a mark elsewhere", "meta ipsec exists drop", "src 10.9.0.0/16 dst 10.1.0.0/16 dir fwd mark 5 " ESP,
                ALL_FORWARD, VERDICT_CONFORMANT, NULL, true},
        {"transport mode to the device", "meta ipsec exists accept",
                "src 10.0.0.0/16 dst 10.0.255.254 dir in tmpl proto esp mode transport", ALL_INPUT, VERDICT_CONFORMANT,
                NULL, false},
        {"transport mode of the way out is not of the way in", "meta ipsec exists accept",
                "src 10.0.255.254 dst 10.0.0.0/16 dir out tmpl proto esp mode transport", ALL_INPUT, VERDICT_BLOCKED,
                NULL, false},
        {"a forward policy says nothing of input", "meta ipsec exists accept",
                "src 0.0.0.0/0 dst 0.0.0.0/0 dir fwd " ESP, ALL_INPUT, VERDICT_BLOCKED, NULL, false},
        {"replies of the device leave in transport mode", "rt ipsec exists accept",
                "src 10.0.255.254 dst 10.0.0.0/16 dir out tmpl proto esp mode transport", ALL_INPUT, VERDICT_CONFORMANT,
                NULL, false},
        {"icmp has no ports to compare", "meta ipsec exists drop", THERE " proto icmp type 8 dir fwd " ESP,
                "icmp 10.0.0.0/24 0-0 10.1.0.10 0-0", VERDICT_INDETERMINATE, "ports that cannot be compared", true},
};

static const char *chain_of(const char *rule, const char *flow)
{
	bool out = strstr(rule, "rt ipsec") != NULL || strstr(rule, "--dir out") != NULL;

	return strstr(flow, " input") == NULL ? "forward" : out ? "output" : "input";
}

START_TEST(flows_are_decided_by_policies)
{
	struct flow flow;
	struct ruleset *rs;
	struct findings found;

	namespace_make();
	policies_set(cases[_i].policies);
	rules_set(cases[_i].rule, chain_of(cases[_i].rule, cases[_i].flow), !cases[_i].accept);
	flow_make(&flow, cases[_i].flow);
	rs = kernel_read(true);
	found = flow_verify(&flow, rs, NULL);
	ck_assert_msg(found.finding[0].verdict == cases[_i].verdict, "%s: %s%s%s", cases[_i].name,
	        verdict_name(found.finding[0].verdict), found.finding[0].n_atom > 0 ? ", " : "",
	        found.finding[0].n_atom > 0 ? found.finding[0].atom[0] : "");
	ck_assert_msg(cases[_i].atom == NULL || strstr(found.finding[0].atom[0], cases[_i].atom) != NULL, "%s: %s",
	        cases[_i].name, found.finding[0].atom[0]);
	findings_fini(&found);
	flow_free(&flow);
	ruleset_free(rs);
	namespace_close();
}
END_TEST

START_TEST(without_policies_it_stays_open)
{
	static const struct {
		const char *rule, *atom;
		bool known; /* that they cannot be read */
	} open[] = {{"meta ipsec missing accept", "meta ipsec@filter/forward#2", false},
	        {"meta ipsec missing accept", "meta ipsec@filter/forward#2: IPsec policies cannot be read", true},
	        {"-m policy --dir in --pol none -j ACCEPT", "policy@ip filter/FORWARD#2", false}};
	struct assumption fixed = {.name = (char[]){"no tunnels"}, .pattern = (char[]){"meta ipsec@*"}, .value = true};
	struct site site = {.assumption = &fixed, .n_assumption = 1};

	namespace_make();
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		struct flow flow;
		struct findings found;

		rules_set(open[i].rule, "forward", true);
		struct ruleset *rs = kernel_read(false);
		rs->policies = open[i].known ? ipsec_unreadable("denied") : NULL;
		flow_make(&flow, ALL_FORWARD);
		found = flow_verify(&flow, rs, NULL);
		ck_assert_int_eq(found.finding[0].verdict, VERDICT_INDETERMINATE);
		ck_assert_str_eq(found.finding[0].atom[0], open[i].atom);
		findings_fini(&found);
		if (i < 2) {
			found = flow_verify(&flow, rs, &site);
			ck_assert_int_eq(found.finding[0].verdict, VERDICT_CONFORMANT);
			ck_assert_str_eq(found.finding[0].assumed[0], "no tunnels");
			findings_fini(&found);
		}
		flow_free(&flow);
		ruleset_free(rs);
	}
	namespace_close();
}
END_TEST

/* What the kernel lets in though no policy asks for it: packets that an association in transport mode protects. */
START_TEST(associations_beside_policies_leave_it_open)
{
	static const struct {
		const char *policies, *flow, *atom; /* NULL: conformant */
	} open[] = {{"", ALL_INPUT, "security associations without a policy"}, {"", ALL_FORWARD, NULL},
	        {"src 10.0.0.0/25 dst 10.0.255.254 proto udp dir in tmpl proto esp mode transport", ALL_INPUT,
	                "transport mode outside its policy"},
	        {"src 10.9.0.0/25 dst 10.0.255.254 proto udp dir in tmpl proto esp mode transport", ALL_INPUT, NULL},
	        {"src 10.9.0.0/25 dst 10.0.0.0/8 dir in " ESP, ALL_INPUT, NULL}};

	namespace_make();
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		struct flow flow;
		struct findings found;
		struct ruleset *rs;

		policies_set(open[i].policies);
		rules_set("meta ipsec exists drop", chain_of("", open[i].flow), false);
		rs = kernel_read(true);
		ck_assert_uint_eq(rs->policies->n_association, 0);
		rs->policies->n_association = 1;
		flow_make(&flow, open[i].flow);
		found = flow_verify(&flow, rs, NULL);
		ck_assert_msg(
		        found.finding[0].verdict == (open[i].atom != NULL ? VERDICT_INDETERMINATE : VERDICT_CONFORMANT),
		        "%zu: %s", i, verdict_name(found.finding[0].verdict));
		if (open[i].atom != NULL)
			ck_assert_ptr_nonnull(strstr(found.finding[0].atom[0], open[i].atom));
		findings_fini(&found);
		flow_free(&flow);
		ruleset_free(rs);
	}
	namespace_close();
}
END_TEST

/* A published flow: on the way in the policy is for what arrives, on the way out for what the listener sees. */
START_TEST(translated_packets_are_looked_up_as_the_kernel_does)
{
	static const struct {
		const char *rule, *policies;
		enum verdict verdict;
	} want[] = {{"meta ipsec exists drop", "src 10.0.0.0/16 dst 203.0.113.9 dir fwd " ESP, VERDICT_BLOCKED},
	        {"meta ipsec exists drop", THERE " dir fwd " ESP, VERDICT_CONFORMANT},
	        {"meta ipsec exists drop", "src 10.0.0.0/16 dst 203.0.113.9 proto tcp dport 443 dir fwd " ESP,
	                VERDICT_BLOCKED},
	        {"meta ipsec exists drop", "src 10.0.0.0/16 dst 203.0.113.9 proto tcp dport 5061 dir fwd " ESP,
	                VERDICT_CONFORMANT},
	        {"rt ipsec exists drop", THERE " proto tcp dport 5061 dir out " ESP_OUT, VERDICT_BLOCKED},
	        {"rt ipsec exists drop", "src 10.0.0.0/16 dst 203.0.113.9 dir out " ESP_OUT, VERDICT_CONFORMANT}};

	namespace_make();
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct flow flow;
		struct findings found;
		struct ruleset *rs;

		policies_set(want[i].policies);
		rules_set(want[i].rule, "forward", false);
		ck_assert_int_eq(shell("nft 'add table ip n; add chain ip n p { type nat hook prerouting priority "
		                       "-100; }; add rule ip n p ip daddr 203.0.113.9 tcp dport 443 dnat to "
		                       "10.1.0.10:5061'"),
		        0);
		rs = kernel_read(true);
		flow_make(&flow, "tcp 10.0.0.0/24 1024-65535 203.0.113.9 443 forward c0 s0 inside 10.1.0.10 5061");
		found = flow_verify(&flow, rs, NULL);
		ck_assert_msg(found.finding[0].verdict == want[i].verdict, "%zu: %s", i,
		        verdict_name(found.finding[0].verdict));
		findings_fini(&found);
		flow_free(&flow);
		ruleset_free(rs);
	}
	namespace_close();
}
END_TEST

/* Only policies are others now: rules that ask about them give other verdicts, and nothing is asked again otherwise. */
START_TEST(other_policies_are_verified_again)
{
	static const struct {
		const char *rule;
		size_t flows; /* verified again */
		enum verdict verdict;
	} rules[] = {{"meta ipsec exists drop", 1, VERDICT_BLOCKED}, {"tcp dport 5061 accept", 0, VERDICT_CONFORMANT}};
	struct network net = {.known = false};
	struct site site = {.group = NULL};

	namespace_make();
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct verification *v = verification_new();
		struct flow flow;
		struct flows flows = {&flow, 1, 1};
		struct findings before, after;
		struct openings openings;
		struct error err;
		struct ruleset *old, *new;

		flow_make(&flow, ALL_FORWARD);
		policies_set("");
		rules_set(rules[i].rule, "forward", false);
		old = kernel_read(true);
		struct verification_input in = {&flows, old, &site, &net, 1000};
		ck_assert_int_eq(verification_run(v, &in, NULL, &before, &openings, &err), 0);
		openings_fini(&openings);
		ck_assert_int_eq(before.finding[0].verdict, VERDICT_CONFORMANT);
		policies_set(FORWARD);
		new = kernel_read(true);
		in.rs = new;
		ck_assert_int_eq(verification_run(v, &in, &before, &after, &openings, &err), 0);
		ck_assert_uint_eq(verification_flows(v), rules[i].flows);
		ck_assert_int_eq(after.finding[0].verdict, rules[i].verdict);
		openings_fini(&openings);
		findings_fini(&before);
		findings_fini(&after);
		verification_free(v);
		ruleset_free(old);
		ruleset_free(new);
		flow_free(&flow);
	}
	namespace_close();
}
END_TEST

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static size_t header_put(uint8_t *p, u128 source, u128 destination, uint8_t proto, size_t payload)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	put16(p + 2, (unsigned)(20 + payload));
	p[8] = 64;
	p[9] = proto;
	put_address(p + 12, 4, source);
	put_address(p + 16, 4, destination);
	put16(p + 10, fold(sum16(p, 20, 0)));
	return 20 + payload;
}

static const uint8_t payload[4] = {'p', 'o', 'r', 't'};

static size_t udp_put(uint8_t *p, const struct packet *packet)
{
	put16(p, packet->source_port);
	put16(p + 2, packet->destination_port);
	put16(p + 4, 8 + sizeof(payload));
	put16(p + 6, 0);
	memcpy(p + 8, payload, sizeof(payload));
	return 8 + sizeof(payload);
}

/** RFC 4303: SPI, number, what is inside, padding to four bytes, its length, what it is. */
static size_t esp_put(uint8_t *p, uint32_t spi, uint32_t number, const uint8_t *inside, size_t n, uint8_t next)
{
	size_t pad = (4 - (n + 2) % 4) % 4;

	put16(p, spi >> 16);
	put16(p + 2, spi & 0xffff);
	put16(p + 4, number >> 16);
	put16(p + 6, number & 0xffff);
	memcpy(p + 8, inside, n);
	for (size_t i = 0; i < pad; i++)
		p[8 + n + i] = (uint8_t)(i + 1);
	p[8 + n + pad] = (uint8_t)pad;
	p[8 + n + pad + 1] = next;
	return 8 + n + pad + 2;
}

#define PEER ((u128)0xc0000201u) /* 192.0.2.1 */
#define DEVICE ((u128)0xc0000202u)
#define SPI_TUNNEL 0x100u
#define SPI_TRANSPORT 0x300u

enum wrap { PLAIN, IN_TUNNEL, IN_TRANSPORT };

static size_t packet_put(uint8_t *p, const struct packet *packet, enum wrap wrap)
{
	static uint32_t number;
	uint8_t inside[256];
	size_t n = udp_put(inside + 20, packet);

	number++;
	if (wrap == IN_TRANSPORT)
		return header_put(p, packet->source, packet->destination, 50,
		        esp_put(p + 20, SPI_TRANSPORT, number, inside + 20, n, PROTO_UDP));
	n = header_put(inside, packet->source, packet->destination, PROTO_UDP, n);
	if (wrap == IN_TUNNEL)
		return header_put(p, PEER, DEVICE, 50, esp_put(p + 20, SPI_TUNNEL, number, inside, n, 4));
	memcpy(p, inside, n);
	return n;
}

static bool has_payload(const uint8_t *p, ssize_t n)
{
	return n >= (ssize_t)sizeof(payload) && memmem(p, (size_t)n, payload, sizeof(payload)) != NULL;
}

/** Does it come out, and with the wanted IP protocol around it (0: through a socket)? */
static bool comes_out(int fd, uint8_t proto, bool expected)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	uint8_t p[2048];
	ssize_t n;

	while (poll(&poll_fd, 1, expected ? 500 : 30) > 0 && (n = recv(fd, p, sizeof(p), MSG_DONTWAIT)) != 0) {
		if (n < 0)
			n = read(fd, p, sizeof(p));
		if (n < 0)
			return false;
		if (has_payload(p, n) && (proto == 0 || p[9] == proto))
			return true;
	}
	return false;
}

static int socket_open(const struct packet *packet)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	        .sin_port = htons(packet->destination_port),
	        .sin_addr.s_addr = htonl((uint32_t)packet->destination)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* The policies of the device that forwards, and is the end of the tunnel; half of the clients are behind it. */
#define KERNEL_POLICIES                                                                                                \
	"src 10.0.0.0/25 dst 10.1.0.0/16 dir fwd priority 20 " ESP                                                     \
	"; src 10.0.0.0/25 dst 10.1.0.99 dir fwd priority 10; "                                                        \
	"src 10.1.0.0/16 dst 10.0.0.0/25 proto udp sport 5061 dir out priority 20 " ESP_OUT "; "                       \
	"src 10.0.0.0/25 dst 10.0.255.254 proto udp dport 443 dir in tmpl proto esp reqid 9 mode transport"

static const struct {
	const char *packet;
	enum path path;
	enum wrap in; /* as what the policies want it */
	bool out; /* they want it to leave in the tunnel */
} sent[] = {{"udp 10.0.0.5:40000 > 10.1.0.10:5061", PATH_FORWARD, IN_TUNNEL, false},
        {"udp 10.0.0.200:40000 > 10.1.0.10:5061", PATH_FORWARD, PLAIN, false},
        {"udp 10.0.0.5:40000 > 10.1.0.99:5061", PATH_FORWARD, PLAIN, false},
        {"udp 10.1.0.10:5061 > 10.0.0.5:40000", PATH_FORWARD, PLAIN, true},
        {"udp 10.1.0.10:5060 > 10.0.0.5:40000", PATH_FORWARD, PLAIN, false},
        {"udp 10.1.0.10:5061 > 10.0.0.200:40000", PATH_FORWARD, PLAIN, false},
        {"udp 10.0.0.5:40000 > 10.0.255.254:443", PATH_INPUT, IN_TRANSPORT, false},
        {"udp 10.0.0.200:40000 > 10.0.255.254:443", PATH_INPUT, PLAIN, false}};

static const struct {
	const char *rule, *chain;
	bool accept;
} kernel_rules[] = {{"meta ipsec exists accept", "forward", false}, {"meta ipsec missing accept", "forward", false},
        {"meta ipsec exists drop", "forward", true}, {"rt ipsec exists accept", "forward", false},
        {"rt ipsec exists drop", "forward", true}, {"ipsec in reqid 7 accept", "forward", false},
        {"ipsec in reqid != 7 accept", "forward", false}, {"ipsec in ip saddr 192.0.2.1 drop", "forward", true},
        {"ipsec in ip saddr != 192.0.2.1 accept", "forward", false},
        {"ipsec in ip6 saddr != fd00::1 drop", "forward", true}, {"ipsec out ip daddr 192.0.2.1 drop", "forward", true},
        {"ipsec in spnum 1 reqid 7 drop", "forward", true}, {"ipsec out reqid 8 accept", "forward", false},
        {"-m policy --dir in --pol none -j ACCEPT", "forward", false},
        {"-m policy --dir in --pol ipsec -j ACCEPT", "forward", false},
        {"-m policy --dir in --pol ipsec --strict --reqid 7 --proto esp --mode tunnel --tunnel-src 192.0.2.0/24 -j "
         "ACCEPT",
                "forward", false},
        {"-m policy --dir in --pol ipsec ! --reqid 7 -j ACCEPT", "forward", false},
        {"-m policy --dir in --pol ipsec --mode transport -j DROP", "forward", true},
        {"-m policy --dir out --pol none -j ACCEPT", "forward", false},
        {"-m policy --dir out --pol ipsec --strict --mode tunnel --tunnel-dst 192.0.2.1 -j DROP", "forward", true},
        {"-m policy --dir out --pol ipsec --strict --reqid 8 --next --reqid 9 -j ACCEPT", "forward", false},
        {"meta ipsec exists accept", "input", false}, {"meta ipsec missing accept", "input", false},
        {"ipsec in reqid 9 drop", "input", true}, {"ipsec in ip saddr != 192.0.2.9 accept", "input", false},
        {"-m policy --dir in --pol ipsec --mode transport --reqid 9 -j ACCEPT", "input", false},
        {"-m policy --dir in --pol none -j DROP", "input", true}};

static bool kernel_has_esp(void)
{
#define STATE "ip xfrm state add src %s dst %s proto esp spi %u reqid %u mode %s enc 'ecb(cipher_null)' '' 2>/dev/null"
	static const struct {
		const char *source, *destination, *mode;
		unsigned spi, reqid;
	} states[] = {{"192.0.2.1", "192.0.2.2", "tunnel", SPI_TUNNEL, 7},
	        {"192.0.2.2", "192.0.2.1", "tunnel", 0x200, 8},
	        {"10.0.0.5", "10.0.255.254", "transport", SPI_TRANSPORT, 9}};
	bool has = true;

	for (size_t i = 0; i < 3 && has; i++) {
		char *command = xasprintf(
		        STATE, states[i].source, states[i].destination, states[i].spi, states[i].reqid, states[i].mode);

		has = shell(command) == 0;
		free(command);
	}
	return has;
}

/** Send one packet in one wrapping; does it come out as it should? */
static bool kernel_passes(const struct packet *p, size_t i, enum wrap wrap, int in, bool expected)
{
	uint8_t wire[512];
	bool local = sent[i].path == PATH_INPUT;
	int fd = local ? socket_open(p) : -1;
	size_t n = packet_put(wire, p, wrap);

	ck_assert_int_eq(write(tun[in], wire, n), (ssize_t)n);
	bool out = comes_out(local ? fd : tun[!in], local ? 0 : sent[i].out ? 50 : PROTO_UDP, expected);
	if (fd >= 0)
		close(fd);
	return out;
}

static void kernel_compare(const struct ruleset *rs, const char *rule, size_t i, bool esp, unsigned tally[2])
{
	struct packet p;
	struct trace t;
	struct error err;
	int in;

	ck_assert_int_eq(packet_parse(sent[i].packet, &p, &err), 0);
	in = p.source >> 16 == 0x0a01;
	p.path = sent[i].path;
	snprintf(p.iif, sizeof(p.iif), "%s", in ? "s0" : "c0");
	snprintf(p.oif, sizeof(p.oif), "%s", p.path == PATH_INPUT ? "" : in ? "c0" : "s0");
	ck_assert_int_eq(verify_explain(&p, NULL, NULL, rs, NULL, 1000, &t, &err), 0);
	ck_assert_msg(t.verdict == VERDICT_CONFORMANT || t.verdict == VERDICT_BLOCKED, "%s: %s: %s", rule,
	        sent[i].packet, verdict_name(t.verdict));
	for (enum wrap wrap = PLAIN; wrap <= (esp ? IN_TRANSPORT : PLAIN); wrap++) {
		/* Through the tunnel come those of the peer, in transport mode those to the device. */
		if ((wrap == IN_TUNNEL && (in || p.path == PATH_INPUT)) ||
		        (wrap == IN_TRANSPORT && (p.path != PATH_INPUT || p.source != 0x0a000005)))
			continue;
		/* What the policies do not want so the kernel drops, whatever the rules say. */
		bool wanted = wrap == sent[i].in && (!sent[i].out || esp);
		bool expected = wanted && t.verdict == VERDICT_CONFORMANT;
		bool passes = kernel_passes(&p, i, wrap, in, expected);

		ck_assert_msg(passes == expected, "%s: %s, wrapping %d: verifier %s, kernel %s", rule, sent[i].packet,
		        wrap, verdict_name(t.verdict), passes ? "passes" : "drops");
		if (wanted)
			tally[passes]++;
	}
	trace_fini(&t);
}

START_TEST(the_kernel_does_what_is_predicted)
{
	unsigned tally[2] = {0};
	bool esp;

	namespace_make();
	ck_assert_int_eq(shell("ip addr add 192.0.2.2/32 dev lo && ip route add 192.0.2.1 dev c0 src 192.0.2.2"), 0);
	policies_set(KERNEL_POLICIES);
	esp = kernel_has_esp();
	if (!esp)
		ck_assert_int_eq(shell("ip xfrm state flush"), 0);
	for (size_t r = 0; r < sizeof(kernel_rules) / sizeof(kernel_rules[0]); r++) {
		bool input = strcmp(kernel_rules[r].chain, "input") == 0;
		struct ruleset *rs;

		rules_set(kernel_rules[r].rule, kernel_rules[r].chain, !kernel_rules[r].accept);
		/* The wrapped packet comes in first. */
		ck_assert_int_eq(
		        shell(input ? "nft insert rule $(nft -a list ruleset | sed -n 's/^table \\(.*\\) {.*/\\1/p' | "
		                      "head -1) $(nft list ruleset | sed -n 's/.*chain \\([a-zA-Z]*\\) {/\\1/p' | "
		                      "head -1) ip protocol esp accept"
		                    : "true"),
		        0);
		rs = kernel_read(true);
		for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++)
			if ((sent[i].path == PATH_INPUT) == input)
				kernel_compare(rs, kernel_rules[r].rule, i, esp, tally);
		ruleset_free(rs);
	}
	printf("kernel %s ESP: %u packets passed, %u were dropped\n", esp ? "with" : "without", tally[1], tally[0]);
	ck_assert_uint_gt(tally[0], 10);
	ck_assert_uint_gt(tally[1], 10);
	namespace_close();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tunnel");
	TCase *c = tcase_create("tunnel");
	SRunner *r;
	int failed;

	if (geteuid() != 0) {
		puts("not root: skipped");
		return 77;
	}
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, flows_are_decided_by_policies, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(c, without_policies_it_stays_open);
	tcase_add_test(c, associations_beside_policies_leave_it_open);
	tcase_add_test(c, translated_packets_are_looked_up_as_the_kernel_does);
	tcase_add_test(c, other_policies_are_verified_again);
	tcase_add_test(c, the_kernel_does_what_is_predicted);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
