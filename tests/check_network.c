/* links: nft deployment base */
/*
 * Addresses and routes: the offline JSON form, the cut of a destination range by routes (against a look-up address by
 * address), and the kernel's answer against what `ip` prints in a network namespace of the test's own.
 */
#include <check.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/network.h"
#include "portcullis/nft.h"
#include "portcullis/text.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static u128 address_of(const char *s)
{
	enum family f;
	u128 a;
	ck_assert_msg(addr_parse(s, &f, &a), "'%s'", s);
	return a;
}

static void add_route(struct network *net, const char *prefix, uint32_t metric, const char *ifname)
{
	struct net_route r = {.metric = metric};
	ck_assert_int_eq(prefix_parse(prefix, &r.family, &r.destination, NULL), 0);
	r.prefix_length = range_prefix_length(r.family, r.destination);
	snprintf(r.ifname, sizeof(r.ifname), "%s", ifname);
	net->route = xgrow(net->route, net->n_route, &net->cap_route, sizeof(r));
	net->route[net->n_route++] = r;
}

struct parts {
	enum family family;
	struct text text;
};

static void print_part(void *ctx, struct range part, const char *ifname)
{
	struct parts *p = ctx;
	char lo[64], hi[64];
	text_addf(&p->text, "%s-%s %s;", addr_print(p->family, part.lo, lo, sizeof(lo)),
	        addr_print(p->family, part.hi, hi, sizeof(hi)), ifname);
}

static void expect_cut(const struct network *net, const char *lo, const char *hi, const char *want)
{
	struct parts p = {.family = strchr(lo, ':') != NULL ? FAMILY_IPV6 : FAMILY_IPV4};
	struct range destination = {address_of(lo), address_of(hi)};
	network_each_route(net, p.family, destination, print_part, &p);
	ck_assert_str_eq(text_str(&p.text), want);
	text_fini(&p.text);
}

struct a_route {
	const char *prefix;
	uint32_t metric;
	const char *ifname;
};

static const struct {
	const char *name;
	struct a_route route[6];
	const char *lo, *hi, *want;
} cuts[] = {
        {"no route", {{0}}, "10.0.0.0", "10.0.0.255", "10.0.0.0-10.0.0.255 ;"},
        {"default only", {{"0.0.0.0/0", 0, "a"}}, "0.0.0.0", "255.255.255.255", "0.0.0.0-255.255.255.255 a;"},
        {"longest prefix wins", {{"0.0.0.0/0", 0, "a"}, {"10.1.0.0/16", 500, "b"}}, "10.0.0.0", "10.2.255.255",
                "10.0.0.0-10.0.255.255 a;10.1.0.0-10.1.255.255 b;10.2.0.0-10.2.255.255 a;"},
        {"three deep", {{"10.0.0.0/8", 0, "a"}, {"10.1.1.0/24", 0, "c"}, {"10.1.0.0/16", 0, "b"}}, "10.1.0.0",
                "10.1.255.255", "10.1.0.0-10.1.0.255 b;10.1.1.0-10.1.1.255 c;10.1.2.0-10.1.255.255 b;"},
        {"smallest metric wins", {{"10.0.0.0/8", 20, "a"}, {"10.0.0.0/8", 10, "b"}}, "10.0.0.0", "10.0.0.1",
                "10.0.0.0-10.0.0.1 b;"},
        {"equal routes: the first", {{"10.0.0.0/8", 20, "b"}, {"10.0.0.0/8", 20, "a"}}, "10.0.0.0", "10.0.0.1",
                "10.0.0.0-10.0.0.1 b;"},
        {"equal routes of IPv6: each",
                {{"2001:db8::/32", 20, "b"}, {"2001:db8::/32", 20, "a"}, {"2001:db8::/32", 30, "c"}},
                "2001:db8::", "2001:db8::1", "2001:db8::-2001:db8::1 b;2001:db8::-2001:db8::1 a;"},
        {"equal default routes of IPv6: each", {{"::/0", 20, "b"}, {"::/0", 20, "a"}}, "2001:db8::", "2001:db8::1",
                "2001:db8::-2001:db8::1 b;2001:db8::-2001:db8::1 a;"},
        {"what stays on its link: the first", {{"fe80::/64", 20, "b"}, {"fe80::/64", 20, "a"}}, "fe80::", "fe80::1",
                "fe80::-fe80::1 b;"},
        {"a blackhole is no interface", {{"0.0.0.0/0", 0, "a"}, {"10.0.0.0/31", 0, ""}}, "10.0.0.0", "10.0.0.3",
                "10.0.0.0-10.0.0.1 ;10.0.0.2-10.0.0.3 a;"},
        {"neighbours of one interface are one part", {{"10.0.0.0/24", 0, "a"}, {"10.0.1.0/24", 0, "a"}}, "10.0.0.9",
                "10.0.2.0", "10.0.0.9-10.0.1.255 a;10.0.2.0-10.0.2.0 ;"},
        {"a gap between routes", {{"10.0.0.0/30", 0, "a"}, {"10.0.0.8/30", 0, "b"}}, "10.0.0.0", "10.0.0.15",
                "10.0.0.0-10.0.0.3 a;10.0.0.4-10.0.0.7 ;10.0.0.8-10.0.0.11 b;10.0.0.12-10.0.0.15 ;"},
        {"inner and outer end together",
                {{"10.0.0.0/24", 0, "a"}, {"10.0.0.128/25", 0, "b"}, {"10.0.0.255/32", 0, "c"}}, "10.0.0.0",
                "10.0.0.255", "10.0.0.0-10.0.0.127 a;10.0.0.128-10.0.0.254 b;10.0.0.255-10.0.0.255 c;"},
        {"the end of the address space", {{"0.0.0.0/0", 0, "a"}, {"255.255.255.255/32", 0, "b"}}, "255.255.255.254",
                "255.255.255.255", "255.255.255.254-255.255.255.254 a;255.255.255.255-255.255.255.255 b;"},
        {"one address", {{"0.0.0.0/0", 0, "a"}, {"10.0.0.1/32", 0, "b"}}, "10.0.0.1", "10.0.0.1",
                "10.0.0.1-10.0.0.1 b;"},
        {"the other family does not count", {{"::/0", 0, "a"}}, "10.0.0.1", "10.0.0.1", "10.0.0.1-10.0.0.1 ;"},
        {"IPv6 to its end", {{"::/0", 0, "a"}, {"2001:db8::/32", 0, "b"}},
                "2001:db7::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "2001:db7::-2001:db7:ffff:ffff:ffff:ffff:ffff:ffff a;2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff "
                "b;"
                "2001:db9::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff a;"},
};

START_TEST(cuts_a_destination_where_the_route_changes)
{
	struct network net = {.known = true};
	for (const struct a_route *r = cuts[_i].route; r->prefix != NULL; r++)
		add_route(&net, r->prefix, r->metric, r->ifname);
	expect_cut(&net, cuts[_i].lo, cuts[_i].hi, cuts[_i].want);
	network_fini(&net);
}
END_TEST

static const char *look_up(const struct network *net, u128 address)
{
	const struct net_route *best = NULL;
	for (size_t i = 0; i < net->n_route; i++) {
		const struct net_route *r = &net->route[i];
		if (address < r->destination.lo || address > r->destination.hi)
			continue;
		if (best == NULL || r->prefix_length > best->prefix_length ||
		        (r->prefix_length == best->prefix_length && r->metric < best->metric))
			best = r;
	}
	return best != NULL ? best->ifname : "";
}

struct walk {
	const struct network *net;
	u128 next;
	char last[IFNAME_SIZE];
	size_t n;
};

static void check_part(void *ctx, struct range part, const char *ifname)
{
	struct walk *w = ctx;
	ck_assert(part.lo == w->next && part.hi >= part.lo);
	ck_assert(w->n == 0 || strcmp(w->last, ifname) != 0);
	for (u128 a = part.lo; a <= part.hi; a++)
		ck_assert_str_eq(look_up(w->net, a), ifname);
	w->next = part.hi + 1;
	snprintf(w->last, sizeof(w->last), "%s", ifname);
	w->n++;
}

START_TEST(cuts_agree_with_a_look_up_of_each_address)
{
	static const char *const names[] = {"a", "b", "", "c"};
	const u128 base = address_of("10.0.0.0");
	unsigned seed = (unsigned)_i + 1;
	struct network net = {.known = true};
	for (int i = 0; i < 14; i++) {
		int length = 22 + rand_r(&seed) % 11;
		u128 host = ((u128)1 << (32 - length)) - 1, at = (base + (unsigned)rand_r(&seed) % 1024) & ~host;
		struct net_route r = {.family = FAMILY_IPV4,
		        .destination = {at, at | host},
		        .prefix_length = length,
		        .metric = (uint32_t)rand_r(&seed) % 3};
		snprintf(r.ifname, sizeof(r.ifname), "%s", names[rand_r(&seed) % 4]);
		net.route = xgrow(net.route, net.n_route, &net.cap_route, sizeof(r));
		net.route[net.n_route++] = r;
	}
	u128 from = base + (unsigned)rand_r(&seed) % 300, to = from + (unsigned)rand_r(&seed) % 700;
	struct walk w = {.net = &net, .next = from};
	network_each_route(&net, FAMILY_IPV4, (struct range){from, to}, check_part, &w);
	ck_assert(w.next == to + 1);
	network_fini(&net);
}
END_TEST

static void parse_file(const char *name, struct network *out)
{
	char *json;
	size_t len;
	struct error err = {0};
	char *path = xasprintf(SOURCE_DIR "/tests/data/network/%s", name);
	ck_assert_int_eq(file_read(path, 1 << 20, &json, &len, &err), 0);
	ck_assert_msg(network_parse_json(json, len, out, &err) == 0, "%s: %s", err.where, err.text);
	free(json);
	free(path);
}

START_TEST(reads_what_ip_prints)
{
	struct network net;
	parse_file("router.json", &net);
	ck_assert(net.known);
	/* As printed, and three that follow from them: two last addresses of subnets, one subnet-router anycast address. */
	ck_assert_uint_eq(net.n_address, 8);
	ck_assert_uint_eq(net.n_route, 10);
	ck_assert(network_is_local(&net, FAMILY_IPV4, address_of("10.20.0.255")));
	ck_assert(!network_is_local(&net, FAMILY_IPV4, address_of("10.20.0.0")));
	ck_assert(network_is_local(&net, FAMILY_IPV6, address_of("2001:db8:20::")));
	ck_assert(!network_is_local(&net, FAMILY_IPV6, address_of("2001:db8:20::2")));
	ck_assert(network_is_local(&net, FAMILY_IPV4, address_of("198.51.100.9")));
	ck_assert(!network_is_local(&net, FAMILY_IPV4, address_of("198.51.100.1")));
	ck_assert(network_is_local(&net, FAMILY_IPV4, address_of("127.9.9.9")));
	ck_assert(network_is_local(&net, FAMILY_IPV6, address_of("2001:db8:20::1")));
	ck_assert(!network_is_local(&net, FAMILY_IPV4, (u128)1));
	expect_cut(&net, "10.20.0.0", "10.20.0.255", "10.20.0.0-10.20.0.255 lan0;");
	expect_cut(&net, "10.30.9.0", "10.30.9.1", "10.30.9.0-10.30.9.1 lan0;");
	expect_cut(&net, "10.40.0.0", "10.40.0.1", "10.40.0.0-10.40.0.1 ppp0;10.40.0.0-10.40.0.1 lan0;");
	expect_cut(&net, "10.50.0.0", "10.60.0.0", "10.50.0.0-10.60.0.0 ;");
	expect_cut(&net, "203.0.113.5", "203.0.113.5", "203.0.113.5-203.0.113.5 ppp0;");
	expect_cut(&net, "2001:db8:20::5", "2001:db8:20::5", "2001:db8:20::5-2001:db8:20::5 lan0;");
	expect_cut(&net, "2001:db8:21::5", "2001:db8:21::5", "2001:db8:21::5-2001:db8:21::5 ;");
	for (size_t i = 0; i < net.n_route; i++)
		ck_assert_int_eq(net.route[i].multipath, net.route[i].destination.lo == address_of("10.40.0.0"));
	network_fini(&net);
}
END_TEST

static const struct {
	const char *name, *link, *own, *others;
} subnets[] = {
        {"broadcast address as printed",
                "{\"ifname\":\"a\",\"addr_info\":[{\"local\":\"10.1.0.1\",\"prefixlen\":24,"
                "\"broadcast\":\"10.1.0.127\"}]}",
                "10.1.0.1 10.1.0.127 10.1.0.255", "10.1.0.0 10.1.0.126"},
        {"a broadcast address of all ones is no subnet's",
                "{\"ifname\":\"a\",\"addr_info\":[{\"local\":\"10.1.0.1\",\"prefixlen\":32,"
                "\"broadcast\":\"255.255.255.255\"}]}",
                "10.1.0.1", "255.255.255.255 10.1.0.0"},
        {"two addresses have no room for a broadcast address",
                "{\"ifname\":\"a\",\"addr_info\":[{\"local\":\"10.1.0.0\",\"prefixlen\":31}]}", "10.1.0.0", "10.1.0.1"},
        {"subnet of the other end",
                "{\"ifname\":\"a\",\"addr_info\":[{\"local\":\"10.1.0.1\",\"address\":\"10.2.0.1\","
                "\"prefixlen\":24}]}",
                "10.1.0.1 10.2.0.255", "10.1.0.255 10.2.0.1"},
        {"subnet-router anycast address",
                "{\"ifname\":\"a\",\"addr_info\":[{\"local\":\"2001:db8::1:1\",\"prefixlen\":112}]}",
                "2001:db8::1:1 2001:db8::1:0", "2001:db8:: 2001:db8::1:ffff"},
        {"no anycast address between two routers",
                "{\"ifname\":\"a\",\"addr_info\":[{\"local\":\"2001:db8::3\",\"prefixlen\":127}]}", "2001:db8::3",
                "2001:db8::2"},
        {"an interface that is down has no subnet",
                "{\"ifname\":\"a\",\"flags\":[\"BROADCAST\"],\"addr_info\":[{\"local\":\"10.1.0.1\",\"prefixlen\":24,"
                "\"broadcast\":\"10.1.0.255\"}]}",
                "10.1.0.1", "10.1.0.255"},
        {"every address of the loopback's range",
                "{\"ifname\":\"lo\",\"flags\":[\"LOOPBACK\",\"UP\"],\"addr_info\":[{\"local\":\"10.9.0.1\","
                "\"prefixlen\":16}]}",
                "10.9.0.1 10.9.77.77", "10.10.0.0"},
        {"the whole address space has neither",
                "{\"ifname\":\"a\",\"addr_info\":[{\"local\":\"10.1.0.1\",\"prefixlen\":0},{\"local\":\"::1\","
                "\"prefixlen\":0}]}",
                "10.1.0.1 ::1", ":: 255.255.255.255"},
};

static void expect_local(const struct network *net, const char *list, bool want)
{
	char *copy = xstrdup(list), *rest = copy;
	for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;) {
		enum family f = strchr(word, ':') != NULL ? FAMILY_IPV6 : FAMILY_IPV4;
		ck_assert_msg(network_is_local(net, f, address_of(word)) == want, "%s", word);
	}
	free(copy);
}

START_TEST(a_subnet_has_addresses_of_the_device)
{
	struct network net;
	struct error err = {0};
	char *json = xasprintf("{\"addr\":[%s],\"route\":[]}", subnets[_i].link);
	ck_assert_msg(network_parse_json(json, strlen(json), &net, &err) == 0, "%s: %s", err.where, err.text);
	expect_local(&net, subnets[_i].own, true);
	expect_local(&net, subnets[_i].others, false);
	free(json);
	network_fini(&net);
}
END_TEST

/* Every hop of a table's look-up: "PART INTERFACE;", "!" where there is no route, "?" where nobody knows. */
static void print_hop(void *ctx, struct range part, const struct net_route *route)
{
	struct parts *p = ctx;
	char text[96];
	const char *ifname = route == NULL ? "!" : route->unknown ? "?" : route->ifname;
	text_addf(&p->text, "%s %s;", range_print(p->family, part, text, sizeof(text)), ifname);
}

static const char vrf_json[] =
        "{\"addr\":[{\"ifname\":\"blue\",\"flags\":[\"UP\"],\"linkinfo\":{\"info_kind\":\"vrf\",\"info_data\":{"
        "\"table\":10}}},"
        "{\"ifname\":\"a\",\"master\":\"blue\",\"linkinfo\":{\"info_slave_kind\":\"vrf\"}},"
        "{\"ifname\":\"b\",\"master\":\"br0\",\"linkinfo\":{\"info_slave_kind\":\"bridge\"}}],"
        "\"route\":[{\"dst\":\"10.0.0.0/8\",\"dev\":\"m\"},{\"dst\":\"10.1.0.0/16\",\"dev\":\"a\",\"table\":\"10\"},"
        "{\"dst\":\"10.2.0.0/16\",\"dev\":\"a\",\"table\":\"blue\"},{\"dst\":\"10.3.0.0/"
        "16\",\"type\":\"throw\",\"table\":\"10\"},"
        "{\"dst\":\"10.4.0.0/16\",\"type\":\"prohibit\",\"table\":\"10\"},{\"dst\":\"10.5.0.0/"
        "16\",\"dev\":\"x\",\"table\":\"11\"},"
        "{\"dst\":\"10.6.0.0/16\",\"nhid\":7,\"table\":\"10\"}]}";

START_TEST(a_vrf_has_a_table_of_its_own)
{
	static const struct {
		const char *vrf, *range, *want;
	} looks[] = {
	        {"", "10.1.0.0/16", "10.1.0.0/16 m;"},
	        {"blue", "10.1.0.0/16", "10.1.0.0/16 a;"},
	        {"blue", "10.2.0.0/16", "10.2.0.0/16 a;"},
	        {"blue", "10.3.0.0/16", "10.3.0.0/16 m;"},
	        {"blue", "10.4.0.0/16", "10.4.0.0/16 ;"},
	        {"blue", "10.5.0.0/16", "10.5.0.0/16 m;"},
	        {"blue", "10.6.0.0/16", "10.6.0.0/16 ?;"},
	        {"blue", "11.0.0.0/8", "11.0.0.0/8 !;"},
	        {"blue", "10.0.0.0/14", "10.0.0.0/16 m;10.1.0.0-10.2.255.255 a;10.3.0.0/16 m;"},
	};
	struct network net;
	struct error err = {0};
	ck_assert_msg(network_parse_json(vrf_json, strlen(vrf_json), &net, &err) == 0, "%s: %s", err.where, err.text);
	ck_assert_str_eq(network_vrf_of(&net, "a"), "blue");
	ck_assert_str_eq(network_vrf_of(&net, "blue"), "blue");
	ck_assert_str_eq(network_vrf_of(&net, "b"), "");
	for (int i = 0; i < N(looks); i++) {
		struct parts p = {0};
		struct range r;
		ck_assert_int_eq(prefix_parse(looks[i].range, &p.family, &r, NULL), 0);
		network_each_hop(&net, p.family, looks[i].vrf, r, print_hop, &p);
		ck_assert_msg(strcmp(text_str(&p.text), looks[i].want) == 0, "%s %s: %s", looks[i].vrf, looks[i].range,
		        text_str(&p.text));
		text_fini(&p.text);
	}
	expect_cut(&net, "10.1.0.0", "10.1.255.255", "10.1.0.0-10.1.255.255 m;10.1.0.0-10.1.255.255 a;");
	network_fini(&net);
}
END_TEST

static void add_caveat(void *ctx, const char *text)
{
	text_addf(ctx, "%.20s;", text);
}

START_TEST(tells_what_verdicts_do_not_see)
{
	static const struct {
		const char *rules, *want;
	} table[] = {
	        {"{\"priority\":0,\"src\":\"all\",\"table\":\"local\"},{\"priority\":9,\"src\":\"all\",\"table\":"
	         "\"main\"}",
	                ""},
	        {"{\"priority\":9,\"src\":\"10.0.0.0\",\"srclen\":8,\"table\":\"7\"}", "1 rules of the routi;"},
	        {"{\"priority\":9,\"src\":\"all\",\"fwmark\":\"0x1\",\"table\":\"7\"}", "1 rules of the routi;"},
	        {"{\"priority\":9,\"src\":\"all\",\"l3mdev\":null}", ""},
	};
	for (int i = 0; i < N(table); i++) {
		char *json = xasprintf("{\"addr\":[],\"route\":[],\"rule\":[%s]}", table[i].rules);
		struct network net;
		struct text told = {0};
		struct error err = {0};
		ck_assert_msg(network_parse_json(json, strlen(json), &net, &err) == 0, "%s: %s", err.where, err.text);
		network_each_caveat(&net, add_caveat, &told);
		ck_assert_str_eq(text_str(&told), table[i].want);
		text_fini(&told);
		network_fini(&net);
		free(json);
	}
}
END_TEST

static const struct {
	const char *json;
	enum error_code code;
	const char *where;
} faults[] = {
        {"{\"addr\":[],\"route\":[],\"rule\":[{}]}", ERR_INVALID, "rule[0]"},
        {"{\"addr\":[],\"route\":[],\"netconf\":{}}", ERR_INVALID, "netconf"},
        {"{\"addr\":[],\"route\":[],\"netconf\":[5]}", ERR_INVALID, "netconf[0]"},
        {"{\"addr\":[],\"route\":[],\"netconf\":[{\"family\":\"mpls\"},{\"family\":\"inet\"}]}", ERR_INVALID,
                "netconf[1]"},
        {"{\"addr\":[],\"route\":[],\"netconf\":[{\"family\":\"inet\",\"interface\":\"a\",\"forwarding\":1}]}",
                ERR_INVALID, "netconf[0]"},
        {"{\"addr\":[],\"route\":[],\"netconf\":[{\"family\":\"inet\",\"interface\":\"a\",\"forwarding\":true,"
         "\"rp_filter\":1}]}",
                ERR_INVALID, "netconf[0]"},
        {"{\"addr\":[],\"route\":[],\"netconf\":[{\"family\":\"inet\",\"interface\":\"a123456789012345\","
         "\"forwarding\":true}]}",
                ERR_INVALID, "netconf[0]"},
        {"{\"addr\":[],\"route\":[],\"rule\":[{\"priority\":1,\"src\":\"2001:db8::\",\"srclen\":32}]}", ERR_INVALID,
                "rule[0]"},
        {"{\"addr\":[{\"ifname\":\"b\",\"linkinfo\":{\"info_kind\":\"vrf\"}}],\"route\":[]}", ERR_INVALID, "addr[0]"},
        {"", ERR_FORMAT, "network"},
        {"[]", ERR_INVALID, "addr"},
        {"{\"addr\":[],\"addr\":[]}", ERR_FORMAT, "network"},
        {"{\"addr\":[]}", ERR_INVALID, "route"},
        {"{\"addr\":{},\"route\":[]}", ERR_INVALID, "addr"},
        {"{\"addr\":[],\"route\":[],\"route6\":5}", ERR_INVALID, "route6"},
        {"{\"addr\":[7],\"route\":[]}", ERR_INVALID, "addr[0]"},
        {"{\"addr\":[{\"ifname\":\"a\",\"addr_info\":[{\"local\":\"x\"}]}],\"route\":[]}", ERR_INVALID,
                "addr[0].addr_info[0]"},
        {"{\"addr\":[{\"ifname\":\"a123456789012345\",\"addr_info\":[{\"local\":\"::\"}]}],\"route\":[]}", ERR_INVALID,
                "addr[0].addr_info[0]"},
        {"{\"addr\":[{\"ifname\":\"a\",\"addr_info\":[{\"local\":\"::\",\"prefixlen\":129}]}],\"route\":[]}",
                ERR_INVALID, "addr[0].addr_info[0]"},
        {"{\"addr\":[{\"ifname\":\"a\",\"addr_info\":[{\"local\":\"10.0.0.1\",\"prefixlen\":\"24\"}]}],\"route\":[]}",
                ERR_INVALID, "addr[0].addr_info[0]"},
        {"{\"addr\":[{\"ifname\":\"a\",\"addr_info\":[{\"local\":\"10.0.0.1\",\"prefixlen\":8,\"broadcast\":\"::1\"}]}]"
         ","
         "\"route\":[]}",
                ERR_INVALID, "addr[0].addr_info[0]"},
        {"{\"addr\":[{\"ifname\":\"a\",\"addr_info\":[{\"local\":\"10.0.0.1\",\"prefixlen\":8,\"address\":\"x\"}]}],"
         "\"route\":[]}",
                ERR_INVALID, "addr[0].addr_info[0]"},
        {"{\"addr\":[],\"route\":[5]}", ERR_INVALID, "route[0]"},
        {"{\"addr\":[],\"route\":[{\"dst\":\"default\",\"dev\":\"a\"},{\"dev\":\"a\"}]}", ERR_INVALID, "route[1]"},
        {"{\"addr\":[],\"route\":[{\"dst\":\"10.0.0.1/8\",\"dev\":\"a\"}]}", ERR_INVALID, "route[0]"},
        {"{\"addr\":[],\"route\":[{\"dst\":\"::/0\",\"dev\":\"a\"}]}", ERR_INVALID, "route[0]"},
        {"{\"addr\":[],\"route\":[{\"dst\":\"default\"}]}", ERR_INVALID, "route[0]"},
        {"{\"addr\":[],\"route\":[{\"dst\":\"default\",\"dev\":\"\"}]}", ERR_INVALID, "route[0]"},
        {"{\"addr\":[],\"route\":[{\"dst\":\"default\",\"nexthops\":[{}]}]}", ERR_INVALID, "route[0]"},
        {"{\"addr\":[],\"route\":[{\"dst\":\"default\",\"dev\":\"a\",\"metric\":-1}]}", ERR_INVALID, "route[0]"},
        {"{\"addr\":[],\"route\":[{\"dst\":\"default\",\"dev\":\"a\",\"metric\":\"5\"}]}", ERR_INVALID, "route[0]"},
};

START_TEST(refuses_other_json_with_its_place)
{
	struct network net = {.n_route = 77};
	struct error err = {0};
	ck_assert_int_eq(network_parse_json(faults[_i].json, strlen(faults[_i].json), &net, &err), -1);
	ck_assert_int_eq(err.code, faults[_i].code);
	ck_assert_msg(strncmp(err.where, faults[_i].where, strlen(faults[_i].where)) == 0, "%s", err.where);
	ck_assert_uint_eq(net.n_route, 0);
}
END_TEST

START_TEST(equality_does_not_depend_on_order)
{
	struct network a = {.known = true}, b = {.known = true};
	add_route(&a, "10.0.0.0/8", 0, "x");
	add_route(&a, "10.1.0.0/16", 0, "y");
	add_route(&b, "10.1.0.0/16", 0, "y");
	ck_assert(!network_equal(&a, &b));
	add_route(&b, "10.0.0.0/8", 0, "x");
	ck_assert(network_equal(&a, &b));
	b.route[0].metric = 1;
	ck_assert(!network_equal(&a, &b));
	b.route[0].metric = 0;
	b.route[1].multipath = true;
	ck_assert(!network_equal(&a, &b));
	b.route[1].multipath = false;
	b.known = false;
	ck_assert(!network_equal(&a, &b));
	network_fini(&a);
	network_fini(&b);
	network_fini(NULL);
}
END_TEST

START_TEST(knows_no_local_address_when_nothing_is_known)
{
	const struct network net = {0};
	ck_assert(!network_is_local(&net, FAMILY_IPV4, address_of("127.0.0.1")));
}
END_TEST

static void sh(const char *command)
{
	ck_assert_msg(system(command) == 0, "%s", command);
}

static void make_interfaces(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	sh("ip link set lo up && ip link add lan0 type veth peer name far0 && ip link add wan0 type veth peer name "
	   "far1 &&"
	   "for i in lan0 far0 wan0 far1; do ip link set $i addrgenmode none up; done &&"
	   "ip addr add 10.20.0.1/24 dev lan0 && ip addr add 198.51.100.9 peer 198.51.100.1/32 dev wan0 &&"
	   "ip addr add 2001:db8:20::1/64 dev lan0 nodad");
}

static char *command_output(const char *command)
{
	struct text t = {0};
	char buf[4096];
	size_t n;
	FILE *f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		text_addn(&t, buf, n);
	ck_assert_int_eq(pclose(f), 0);
	return text_take(&t);
}

static bool has_address(const struct network *net, const char *address, const char *ifname)
{
	for (size_t i = 0; i < net->n_address; i++)
		if (net->address[i].address == address_of(address) && strcmp(net->address[i].ifname, ifname) == 0)
			return true;
	return false;
}

static const char routes[] =
        "ip route add default via 10.20.0.254 metric 50 && ip route add default dev wan0 metric 20 &&"
        "ip route add 10.40.0.0/16 nexthop via 10.20.0.2 nexthop dev wan0 && ip route add blackhole 10.0.0.0/8 &&"
        "ip route add unreachable 10.5.0.0/16 && ip route add prohibit 10.6.0.0/16 && ip route add throw "
        "10.7.0.0/16 &&"
        "ip route add 10.99.0.0/16 dev lan0 table 100 && ip -6 route add 2001:db8:30::/48 via 2001:db8:20::2 &&"
        "ip -6 route add unreachable 2001:db8::/32";

START_TEST(reads_the_kernels_addresses_and_routes)
{
	struct network net;
	struct error err = {0};
	make_interfaces();
	sh(routes);
	sh("ip route add local 10.77.0.0/24 dev lo");
	ck_assert_msg(network_read(&net, &err) == 0, "%s", err.text);
	ck_assert(net.known);
	ck_assert(has_address(&net, "127.0.0.1", "lo") && has_address(&net, "::1", "lo"));
	ck_assert(has_address(&net, "10.20.0.1", "lan0") && has_address(&net, "2001:db8:20::1", "lan0"));
	ck_assert(has_address(&net, "198.51.100.9", "wan0") && !has_address(&net, "198.51.100.1", "wan0"));
	ck_assert(network_is_local(&net, FAMILY_IPV4, address_of("10.77.0.5")));
	ck_assert(!network_is_local(&net, FAMILY_IPV4, address_of("10.20.0.2")));
	expect_cut(&net, "203.0.113.1", "203.0.113.9", "203.0.113.1-203.0.113.9 wan0;");
	expect_cut(&net, "10.4.255.255", "10.8.0.0", "10.4.255.255-10.8.0.0 ;");
	expect_cut(&net, "10.19.255.255", "10.20.1.0",
	        "10.19.255.255-10.19.255.255 ;10.20.0.0-10.20.0.255 lan0;10.20.1.0-10.20.1.0 ;");
	expect_cut(&net, "10.99.0.0", "10.99.0.0", "10.99.0.0-10.99.0.0 ;");
	expect_cut(&net, "10.40.0.9", "10.40.0.9", "10.40.0.9-10.40.0.9 lan0;10.40.0.9-10.40.0.9 wan0;");
	expect_cut(&net, "2001:db8:30::", "2001:db8:31::",
	        "2001:db8:30::-2001:db8:30:ffff:ffff:ffff:ffff:ffff lan0;2001:db8:31::-2001:db8:31:: ;");

	network_fini(&net);
}
END_TEST

START_TEST(an_address_that_is_no_hosts_is_the_devices_own)
{
	struct network net;
	struct error err = {0};
	make_interfaces();
	sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
	ck_assert_msg(network_read(&net, &err) == 0, "%s", err.text);
	ck_assert(network_is_local(&net, FAMILY_IPV4, address_of("10.20.0.255")));
	ck_assert(network_is_local(&net, FAMILY_IPV6, address_of("2001:db8:20::")));
	ck_assert(!network_is_local(&net, FAMILY_IPV6, address_of("2001:db8:20::2")));
	network_fini(&net);
}
END_TEST

START_TEST(the_offline_form_says_what_the_kernel_says)
{
	struct network net, printed;
	struct error err = {0};
	make_interfaces();
	sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding && ip addr add 10.34.0.1/16 brd 10.34.0.255 dev lan0 &&"
	   "ip addr add 10.20.0.7/24 dev lan0 && ip addr add 10.35.0.0/31 dev lan0 && ip addr add 10.36.0.9/32 dev lo "
	   "&&"
	   "ip addr add 10.37.0.1 peer 10.38.0.1/24 dev wan0 && ip -6 addr add fe80::1/64 dev lan0 nodad &&"
	   "ip -6 addr add 2001:db8:21::5/127 dev lan0 nodad && ip -6 addr add 2001:db8:22::5/128 dev lo");
	sh("cd /proc/sys/net/ipv4 && echo 1 >ip_forward && echo 0 >conf/lan0/forwarding && echo 1 >conf/all/rp_filter "
	   "&& "
	   "echo 2 >conf/lan0/rp_filter && echo 0 >conf/far0/rp_filter");
	sh(routes);
	sh("ip rule add from 10.20.0.0/24 to 10.30.0.0/16 lookup 100 && ip rule add to 10.40.0.0/16 lookup main pref "
	   "90 &&"
	   "ip rule add iif wan0 ipproto tcp lookup 100 && ip rule add fwmark 0x10 lookup 100 && ip rule add dport 80 "
	   "blackhole &&"
	   "ip rule add not from 10.9.0.0/16 lookup 52 && ip rule add uidrange 0-5 lookup 5 && ip rule add lookup main "
	   "suppress_prefixlength 0 && ip -6 rule add from 2001:db8::/32 lookup 7");
	char *json = command_output("printf '{\"addr\":'; ip -d -j addr; printf ',\"route\":'; ip -j route; printf "
	                            "',\"route6\":'; ip -j -6 route; printf ',\"rule\":'; ip -j rule; printf "
	                            "',\"rule6\":'; ip -j -6 rule; printf ',\"netconf\":'; ip -j netconf; echo '}'");
	ck_assert_msg(network_parse_json(json, strlen(json), &printed, &err) == 0, "%s: %s", err.where, err.text);
	ck_assert_int_eq(network_read(&net, &err), 0);
	ck_assert_uint_eq(net.n_address, printed.n_address);
	ck_assert_uint_eq(net.n_route, printed.n_route);
	ck_assert_uint_eq(net.n_rule, 11);
	ck_assert_uint_eq(printed.n_rule, 11);
	ck_assert_uint_eq(net.n_setting, 5);
	ck_assert(!network_setting_find(&net, "lan0")->forwards && network_setting_find(&net, "far0")->forwards);
	ck_assert_uint_eq(network_setting_find(&net, "lan0")->rp_filter, 2);
	ck_assert_uint_eq(network_setting_find(&net, "far0")->rp_filter, 1);
	ck_assert_ptr_null(network_setting_find(&net, "none"));
	ck_assert(!net.no_forwarding6);
	ck_assert(network_equal(&net, &printed));
	net.setting[0].forwards = !net.setting[0].forwards;
	ck_assert(!network_equal(&net, &printed));
	free(json);
	network_fini(&net);
	network_fini(&printed);
}
END_TEST

START_TEST(reads_vrfs_of_the_kernel)
{
	struct network net;
	struct error err = {0};
	struct parts p = {.family = FAMILY_IPV4};
	make_interfaces();
	sh("ip link add blue type vrf table 10 && ip link set blue up && ip link set lan0 master blue && ip route add "
	   "10.44.0.0/16 via 10.20.0.2 vrf blue");
	ck_assert_msg(network_read(&net, &err) == 0, "%s", err.text);
	ck_assert_str_eq(network_vrf_of(&net, "lan0"), "blue");
	ck_assert_str_eq(network_vrf_of(&net, "wan0"), "");
	network_each_hop(&net, FAMILY_IPV4, "blue", (struct range){address_of("10.44.0.0"), address_of("10.44.0.9")},
	        print_hop, &p);
	ck_assert_str_eq(text_str(&p.text), "10.44.0.0-10.44.0.9 lan0;");
	ck_assert(network_is_local(&net, FAMILY_IPV4, address_of("10.20.0.1")));
	text_fini(&p.text);
	network_fini(&net);
}
END_TEST

static bool readable(int fd, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, wait_ms) > 0;
}

START_TEST(tells_changes_of_links_addresses_and_routes)
{
	static const char *const changes[] = {
	        "ip addr add 10.33.0.1/24 dev lan0",
	        "ip -6 addr add 2001:db8:33::1/64 dev lan0 nodad",
	        "ip route add 10.44.0.0/16 via 10.20.0.2",
	        "ip -6 route add 2001:db8:44::/48 via 2001:db8:20::2",
	        "ip rule add from 10.44.0.0/16 lookup 100",
	        "ip -6 rule add from 2001:db8:44::/48 lookup 100",
	        "ip link set wan0 down",
	};
	struct error err = {0};
	make_interfaces();
	int fd = network_watch_open(&err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	for (int i = 0; i < N(changes); i++) {
		/* Addresses of IPv6 settle for a while after the interfaces came up. */
		do
			network_watch_drain(fd);
		while (readable(fd, 50));
		sh(changes[i]);
		ck_assert_msg(readable(fd, 2000), "%s", changes[i]);
	}
	network_watch_drain(fd);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("network");
	TCase *c = tcase_create("value");
	tcase_add_loop_test(c, cuts_a_destination_where_the_route_changes, 0, N(cuts));
	tcase_add_loop_test(c, cuts_agree_with_a_look_up_of_each_address, 0, 100);
	tcase_add_test(c, reads_what_ip_prints);
	tcase_add_loop_test(c, a_subnet_has_addresses_of_the_device, 0, N(subnets));
	tcase_add_test(c, a_vrf_has_a_table_of_its_own);
	tcase_add_test(c, tells_what_verdicts_do_not_see);
	tcase_add_loop_test(c, refuses_other_json_with_its_place, 0, N(faults));
	tcase_add_test(c, equality_does_not_depend_on_order);
	tcase_add_test(c, knows_no_local_address_when_nothing_is_known);
	suite_add_tcase(s, c);
	bool kernel = getuid() == 0 && system("unshare -n true 2>/dev/null") == 0;
	/* The kernel of a small system may have none. */
	bool vrf = kernel && system("unshare -n ip link add blue type vrf table 10 2>/dev/null") == 0;
	if (kernel) {
		TCase *k = tcase_create("kernel");
		tcase_add_test(k, reads_the_kernels_addresses_and_routes);
		tcase_add_test(k, an_address_that_is_no_hosts_is_the_devices_own);
		tcase_add_test(k, the_offline_form_says_what_the_kernel_says);
		if (vrf)
			tcase_add_test(k, reads_vrfs_of_the_kernel);
		tcase_add_test(k, tells_changes_of_links_addresses_and_routes);
		tcase_set_timeout(k, 30);
		suite_add_tcase(s, k);
	}
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	if (kernel && !vrf)
		printf("skipped: VRFs of the kernel, which has none; the rest passed\n");
	if (!kernel)
		printf("skipped: the kernel's part needs root and network namespaces\n");
	if (failed != 0)
		return 1;
	return vrf ? 0 : 77;
}
