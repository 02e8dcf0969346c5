/* links: nft verify ruleset deployment base */
/*
 * Connections without a kernel: dumps of connection tracking that are in order and that are not, records of what is to end,
 * and the judgement between two rulesets on connections of the tests' own making. No privilege is needed.
 */
#include <check.h>
#include <glob.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nft/source.h"
#include "portcullis/alloc.h"
#include "portcullis/connection.h"
#include "portcullis/network.h"
#include "portcullis/ruleset.h"
#include "portcullis/text.h"
#include "run_suite.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* ---- dumps ---- */

/* IPv4 TCP, IPv6 TCP, UDP that nobody answered, an echo: what a kernel said. */
static char *four_entries(size_t *len)
{
	char *bytes;
	struct error err = {0};
	ck_assert_int_eq(file_read(SOURCE_DIR "/tests/fuzz/corpus/connections/four", 1 << 16, &bytes, len, &err), 0);
	return bytes;
}

START_TEST(a_kernels_entries_are_read)
{
	size_t len, seen = 0;
	char *bytes = four_entries(&len);
	struct connections c;
	struct error err = {0};
	ck_assert_msg(connections_parse(bytes, len, &c, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(c.n, 4);
	ck_assert_uint_eq(c.n_unread, 0);
	for (size_t i = 0; i < c.n; i++) {
		const struct connection *one = &c.connection[i];
		char *text = connection_print(one);
		ck_assert_uint_ne(one->id, 0);
		ck_assert(one->answerer == one->destination && one->answered == one->source);
		ck_assert(one->answerer_port == one->destination_port && one->answered_port == one->source_port);
		if (one->proto == PROTO_TCP && one->family == FAMILY_IPV4) {
			ck_assert(
			        strncmp(text, "tcp 127.0.0.1:", 14) == 0 && strstr(text, " > 127.0.0.1:5000") != NULL);
			ck_assert_uint_eq(one->tcp_state, 3);
		} else if (one->proto == PROTO_TCP) {
			ck_assert(strncmp(text, "tcp [::1]:", 10) == 0 && strstr(text, " > [::1]:5001") != NULL);
		} else if (one->proto == PROTO_ICMP) {
			ck_assert_str_eq(text, "icmp 127.0.0.1 > 127.0.0.1");
			ck_assert_uint_eq(one->icmp_type, 8);
			ck_assert_uint_eq(one->icmp_id, 0xab);
		} else {
			ck_assert(strstr(text, "udp ") == text && strstr(text, ":5002") != NULL);
		}
		ck_assert(connection_is_established(one) == (one->proto != PROTO_UDP));
		seen |= (size_t)1 << (one->proto == PROTO_TCP   ? (one->family == FAMILY_IPV4 ? 0 : 1)
		                      : one->proto == PROTO_UDP ? 2
		                                                : 3);
		free(text);
	}
	ck_assert_uint_eq(seen, 15);
	connections_fini(&c);
	free(bytes);
}
END_TEST

/* Wherever it is cut, and whichever length is another one: an error or fewer entries. */
START_TEST(a_dump_that_is_cut_or_false_is_refused)
{
	size_t len;
	char *bytes = four_entries(&len);
	struct connections c;
	struct error err = {0};
	for (size_t cut = 1; cut < len; cut++) {
		uint8_t *part = xmalloc(cut);
		memcpy(part, bytes, cut);
		if (connections_parse(part, cut, &c, &err) == 0) {
			ck_assert_uint_lt(c.n, 4);
			connections_fini(&c);
		} else {
			ck_assert_int_eq(err.code, ERR_FORMAT);
			ck_assert_ptr_null(c.connection);
		}
		free(part);
	}
	for (size_t at = 0; at < len; at++) {
		uint8_t *other = xmalloc(len);
		memcpy(other, bytes, len);
		other[at] = (uint8_t)(other[at] + 1);
		if (connections_parse(other, len, &c, &err) == 0)
			connections_fini(&c);
		free(other);
	}
	free(bytes);
}
END_TEST

START_TEST(what_is_of_another_kind_is_refused_or_counted)
{
	size_t len;
	char *bytes = four_entries(&len);
	struct connections c;
	struct error err = {0};
	/* Of no family that is known here: there, and left out. */
	bytes[16] = 0;
	ck_assert_int_eq(connections_parse(bytes, len, &c, &err), 0);
	ck_assert_uint_eq(c.n, 3);
	ck_assert_uint_eq(c.n_unread, 1);
	connections_fini(&c);
	/* A message of nf_tables. */
	bytes[5] = NFNL_SUBSYS_NFTABLES;
	ck_assert_int_eq(connections_parse(bytes, len, &c, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_int_eq(nft_connections_check((const uint8_t *)bytes, len, &err), -1);
	bytes[5] = NFNL_SUBSYS_CTNETLINK;
	ck_assert_int_eq(nft_connections_check((const uint8_t *)bytes, len, &err), 0);
	ck_assert_int_eq(nft_connections_check((const uint8_t *)bytes, len - 1, &err), -1);
	ck_assert_int_eq(connections_parse(NULL, 0, &c, &err), 0);
	ck_assert_uint_eq(c.n, 0);
	free(bytes);
}
END_TEST

static int garbage(void *self, uint8_t **bytes, size_t *len, struct error *err)
{
	(void)self;
	(void)err;
	*bytes = (uint8_t *)xstrdup("no messages");
	*len = 11;
	return 0;
}

static int denied(void *self, uint8_t **bytes, size_t *len, struct error *err)
{
	(void)self;
	*bytes = NULL;
	*len = 0;
	return error_set(err, ERR_DENIED, "connection tracking", "not permitted");
}

START_TEST(what_cannot_be_read_is_said)
{
	struct nft_ops ops = {0};
	struct connections c;
	struct error err = {0};
	/* Nothing tracks: none. */
	ck_assert_int_eq(nft_connections(&ops, &c, &err), 0);
	ck_assert_uint_eq(c.n, 0);
	/* Where the kernel has no connection tracking it is not asked. */
	if (access("/proc/sys/net/netfilter/nf_conntrack_count", F_OK) != 0)
		return;
	ops.connections = denied;
	ck_assert_int_eq(nft_connections(&ops, &c, &err), -1);
	ck_assert_int_eq(err.code, ERR_DENIED);
	ops.connections = garbage;
	ck_assert_int_eq(nft_connections(&ops, &c, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_ptr_null(c.connection);
}
END_TEST

/* ---- records of what is to end ---- */

static const struct nft_ending in_order = {.source = {10, 0, 0, 1},
        .destination = {10, 0, 0, 2},
        .family = 4,
        .proto = 6,
        .source_port = 40000,
        .destination_port = 80,
        .id = 7};

static void no_family(struct nft_ending *e)
{
	e->family = 0; /* to the kernel: of any */
}
static void another_family(struct nft_ending *e)
{
	e->family = 10;
}
static void long_source(struct nft_ending *e)
{
	e->source[15] = 1;
}
static void long_destination(struct nft_ending *e)
{
	e->destination[4] = 1;
}
static void ports_of_none(struct nft_ending *e)
{
	e->proto = 50;
}
static void icmp_of_tcp(struct nft_ending *e)
{
	e->icmp_type = 8;
}
static void id_of_tcp(struct nft_ending *e)
{
	e->icmp_id = 1;
}
static void icmpv6_of_ipv4(struct nft_ending *e)
{
	e->proto = 58;
	e->source_port = e->destination_port = 0;
}
static void ports_of_icmp(struct nft_ending *e)
{
	e->proto = 1;
	e->icmp_type = 8;
}

static void (*const spoils[])(struct nft_ending *e) = {no_family, another_family, long_source, long_destination,
        ports_of_none, icmp_of_tcp, id_of_tcp, icmpv6_of_ipv4, ports_of_icmp};

START_TEST(a_record_that_is_not_in_order_spoils_all)
{
	struct nft_ending e[3] = {in_order, in_order, in_order};
	size_t n;
	struct error err = {0};
	ck_assert_int_eq(nft_endings_check((const uint8_t *)e, sizeof(e), &n, &err), 0);
	ck_assert_uint_eq(n, 3);
	spoils[_i](&e[2]);
	ck_assert_int_eq(nft_endings_check((const uint8_t *)e, sizeof(e), &n, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_msg(strncmp(err.text, "record 3: ", 10) == 0, "%s", err.text);
	ck_assert_int_eq(nft_endings_check((const uint8_t *)e, 2 * sizeof(e[0]) - 1, &n, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
}
END_TEST

START_TEST(a_record_has_one_form)
{
	/* What another build would read elsewhere. */
	ck_assert_uint_eq(sizeof(struct nft_ending), 48);
	ck_assert_uint_eq(sizeof(struct nft_ended), 12);
	size_t n, max = NFT_ENDINGS_MAX;
	struct error err = {0};
	struct nft_ending *e = xcalloc(max + 1, sizeof(*e));
	for (size_t i = 0; i <= max; i++)
		e[i] = in_order;
	ck_assert_int_eq(nft_endings_check((const uint8_t *)e, max * sizeof(*e), &n, &err), 0);
	ck_assert_uint_eq(n, max);
	ck_assert_int_eq(nft_endings_check((const uint8_t *)e, (max + 1) * sizeof(*e), &n, &err), -1);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	free(e);
}
END_TEST

/* ---- the judgement ---- */

#define CHAIN(hook, policy, rules)                                                                                     \
	"{\"nftables\":[{\"table\":{\"family\":\"inet\",\"name\":\"t\",\"handle\":1}},"                                \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"c\",\"handle\":1,\"type\":\"filter\",\"hook\":"    \
	"\"" hook "\",\"prio\":0,\"policy\":\"" policy "\"}}" rules "]}"
#define RULE(handle, expr)                                                                                             \
	",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"c\",\"handle\":" handle ",\"expr\":[" expr "]}}"
#define ESTABLISHED                                                                                                    \
	RULE("2", "{\"match\":{\"op\":\"in\",\"left\":{\"ct\":{\"key\":\"state\"}},\"right\":\"established\"}},{"      \
	          "\"accept\":null}")
#define PORT(n, end)                                                                                                   \
	"{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}},\"right\":" n     \
	"}},{\"" end "\":null}"
#define IN(name)                                                                                                       \
	"{\"match\":{\"op\":\"==\",\"left\":{\"meta\":{\"key\":\"iifname\"}},\"right\":\"" name "\"}},{\"accept\":"    \
	"null}"

static struct ruleset *ruleset(const char *json)
{
	struct ruleset *rs;
	struct error err = {0};
	ck_assert_msg(ruleset_parse_json(json, strlen(json), &rs, &err) == 0, "%s: %s", err.where, err.text);
	return rs;
}

static u128 address(const char *s, enum family *f)
{
	u128 a = 0;
	ck_assert_msg(addr_parse(s, f, &a), "%s", s);
	return a;
}

static struct connection tcp(const char *source, const char *destination, uint16_t port)
{
	struct connection c = {.proto = PROTO_TCP,
	        .tcp_state = 3,
	        .status = 2 | 4 | 8,
	        .id = 1,
	        .source_port = 40000,
	        .destination_port = port};
	c.source = c.answered = address(source, &c.family);
	c.destination = c.answerer = address(destination, &c.family);
	c.answerer_port = port;
	c.answered_port = 40000;
	return c;
}

static const char routes[] =
        "{\"addr\":[{\"ifname\":\"c0\",\"addr_info\":[{\"family\":\"inet\",\"local\":\"10.0.0.1\",\"prefixlen\":24},"
        "{\"family\":\"inet6\",\"local\":\"fe80::1\",\"prefixlen\":64}]}],"
        "\"route\":[{\"dst\":\"10.0.0.0/24\",\"dev\":\"c0\"},{\"dst\":\"10.1.0.0/16\",\"dev\":\"s0\"},"
        "{\"dst\":\"10.1.9.0/24\",\"dev\":\"s1\"}],"
        "\"route6\":[{\"dst\":\"fe80::/64\",\"dev\":\"c0\"},{\"dst\":\"fe80::/64\",\"dev\":\"s0\"}]}";

static struct network network_of(const char *json)
{
	struct network net = {0};
	struct error err = {0};
	if (json != NULL)
		ck_assert_msg(network_parse_json(json, strlen(json), &net, &err) == 0, "%s: %s", err.where, err.text);
	return net;
}

static struct connection_report judge(
        const struct connection *c, size_t n, const char *now, const char *then, const char *network)
{
	struct ruleset *a = ruleset(now), *b = ruleset(then);
	struct network net = network_of(network);
	const struct connections list = {(struct connection *)(uintptr_t)c, n, n, 0};
	const struct connection_question q = {.connections = &list, .now = a, .then = b, .net = &net};
	struct connection_report r;
	connections_judge(&q, &r);
	ruleset_free(a);
	ruleset_free(b);
	network_fini(&net);
	return r;
}

#define OPEN CHAIN("forward", "drop", ESTABLISHED RULE("3", PORT("80", "accept")) RULE("4", PORT("443", "accept")))
#define ONE_CLOSED CHAIN("forward", "drop", ESTABLISHED RULE("4", PORT("443", "accept")))
#define BOTH_CLOSED CHAIN("forward", "drop", ESTABLISHED RULE("3", PORT("80", "drop")))

START_TEST(lost_connections_are_told_by_destination_the_largest_first)
{
	struct connection c[60];
	size_t n = 0;
	/* 20 places with one connection each, one with 30; and ten that stay. */
	for (unsigned i = 0; i < 20; i++) {
		c[n] = tcp("10.0.0.9", "10.1.0.0", 443);
		c[n].destination = c[n].answerer = c[n].destination + 1 + i;
		n++;
	}
	for (unsigned i = 0; i < 30; i++) {
		c[n] = tcp("10.0.0.9", "10.1.0.7", 80);
		c[n++].source_port = (uint16_t)(60000 - i);
	}
	for (unsigned i = 0; i < 10; i++)
		c[n++] = tcp("10.0.0.9", "10.1.0.7", 22);
	struct connection_report r = judge(c, n, OPEN, BOTH_CLOSED, routes);
	ck_assert_uint_eq(r.total, 60);
	ck_assert_uint_eq(r.n_lost, 50);
	ck_assert_uint_eq(r.cannot_tell, 0);
	ck_assert_uint_eq(r.n_group, CONNECTION_GROUPS);
	ck_assert_uint_eq(r.group[0].n, 30);
	ck_assert_uint_eq(r.group[0].first.source_port, 60000 - 29);
	ck_assert_str_eq(r.group[0].rule, "inet t c handle 3: tcp dport 80 drop");
	for (size_t i = 1; i < r.n_group; i++) {
		ck_assert_uint_eq(r.group[i].n, 1);
		ck_assert(r.group[i].first.destination == c[i - 1].destination);
		ck_assert_str_eq(r.group[i].rule, "inet t c policy drop");
	}
	connection_report_fini(&r);
}
END_TEST

/* What is not established is no connection to lose. */
START_TEST(entries_that_are_none_are_left_out)
{
	struct connection c[4];
	for (size_t i = 0; i < 4; i++)
		c[i] = tcp("10.0.0.9", "10.1.0.7", 80);
	c[0].status &= ~2u; /* no reply */
	c[1].tcp_state = 7;
	c[2].tcp_state = 8;
	c[3].status |= 1u << 9; /* dying */
	struct connection_report r = judge(c, 4, OPEN, ONE_CLOSED, routes);
	ck_assert_uint_eq(r.total, 0);
	ck_assert_uint_eq(r.n_lost + r.cannot_tell, 0);
	connection_report_fini(&r);
}
END_TEST

static const struct {
	const char *name, *source, *destination;
	const char *now, *then, *network;
	size_t lost, cannot_tell;
} judged[] = {
        {"a port that is closed", "10.0.0.9", "10.1.0.7", OPEN, ONE_CLOSED, routes, 1, 0},
        {"the same rules", "10.0.0.9", "10.1.0.7", OPEN, OPEN, routes, 0, 0},
        {"a port that is opened", "10.0.0.9", "10.1.0.7", ONE_CLOSED, OPEN, routes, 0, 0},
        {"closed before and after", "10.0.0.9", "10.1.0.7", ONE_CLOSED, BOTH_CLOSED, routes, 0, 0},
        {"by the interface of the longest prefix", "10.1.9.9", "10.0.0.9", OPEN,
                CHAIN("forward", "drop", ESTABLISHED RULE("3", IN("s1"))), routes, 0, 0},
        {"by another interface", "10.1.8.9", "10.0.0.9", OPEN,
                CHAIN("forward", "drop", ESTABLISHED RULE("3", IN("s1"))), routes, 1, 0},
        {"without a route to its source", "192.0.2.1", "10.0.0.9", OPEN,
                CHAIN("forward", "drop", ESTABLISHED RULE("3", IN("s1"))), routes, 0, 1},
        {"without a route, which nobody asks for", "192.0.2.1", "10.0.0.9", OPEN, ONE_CLOSED, routes, 1, 0},
        {"without any routes", "10.0.0.9", "10.1.0.7", OPEN, ONE_CLOSED, NULL, 0, 1},
        {"to many", "10.0.0.9", "224.0.0.1", OPEN, ONE_CLOSED, routes, 0, 1},
        {"to the device", "10.0.0.9", "10.0.0.1", CHAIN("input", "drop", ESTABLISHED RULE("3", PORT("80", "accept"))),
                CHAIN("input", "drop", ESTABLISHED), routes, 1, 0},
        {"of the device", "10.0.0.1", "10.0.0.9", CHAIN("output", "drop", ESTABLISHED RULE("3", PORT("80", "accept"))),
                CHAIN("output", "drop", ESTABLISHED), routes, 1, 0},
        {"an address of every link", "fe80::9", "fe80::1", CHAIN("input", "accept", ""),
                CHAIN("input", "drop", ESTABLISHED RULE("3", IN("c0"))), routes, 0, 1},
};

START_TEST(paths_come_from_routes_and_what_they_leave_open_is_told_apart)
{
	struct connection c = tcp(judged[_i].source, judged[_i].destination, 80);
	struct connection_report r = judge(&c, 1, judged[_i].now, judged[_i].then, judged[_i].network);
	ck_assert_msg(r.n_lost == judged[_i].lost && r.cannot_tell == judged[_i].cannot_tell,
	        "%s: %zu lost, %zu not told", judged[_i].name, r.n_lost, r.cannot_tell);
	connection_report_fini(&r);
}
END_TEST

START_TEST(a_zone_has_interfaces_of_its_own)
{
	struct connection c = tcp("10.1.9.9", "10.0.0.9", 80);
	c.zone = 4;
	struct connection_report r =
	        judge(&c, 1, OPEN, CHAIN("forward", "drop", ESTABLISHED RULE("3", IN("s1"))), routes);
	ck_assert_uint_eq(r.n_lost, 0);
	ck_assert_uint_eq(r.cannot_tell, 1);
	connection_report_fini(&r);
}
END_TEST

START_TEST(legacy_tables_leave_open_what_the_rules_admit)
{
	const struct connection c = tcp("10.0.0.9", "10.1.0.7", 80);
	struct ruleset *now = ruleset(OPEN), *then = ruleset(_i == 1 ? ONE_CLOSED : OPEN);
	struct network net = network_of(routes);
	const struct connections list = {(struct connection *)(uintptr_t)&c, 1, 1, 0};
	const struct connection_question q = {.connections = &list, .now = now, .then = then, .net = &net};
	struct connection_report r;
	now->legacy = xstrdup("ip filter");
	then->legacy = xstrdup("ip filter");
	then->digest[0] = '\0';
	connections_judge(&q, &r);
	ck_assert_uint_eq(r.n_lost, 0);
	ck_assert_uint_eq(r.cannot_tell, _i == 1);
	connection_report_fini(&r);
	ruleset_free(now);
	ruleset_free(then);
	network_fini(&net);
}
END_TEST

/* ---- answers that are shared ---- */

static uint32_t draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % below;
}

/* Near what the rulesets of tests/data/verify speak of. */
static struct connection drawn(uint64_t *seed)
{
	static const uint16_t ports[] = {22, 53, 80, 443, 5060, 5061, 5070, 8080, 50000, 1};
	static const uint8_t protos[] = {PROTO_TCP, PROTO_TCP, PROTO_UDP, 50};
	struct connection c = tcp("10.0.0.0", "10.1.0.0", ports[draw(seed, N(ports))]);
	c.proto = protos[draw(seed, N(protos))];
	c.tcp_state = c.proto == PROTO_TCP ? 3 : 0;
	c.source = c.answered = c.source + draw(seed, 300);
	c.destination = c.answerer = c.destination + draw(seed, 40);
	c.source_port = c.answered_port = (uint16_t)(1000 + draw(seed, 100));
	if (draw(seed, 5) == 0)
		c.answerer++;
	if (!connection_has_ports(c.proto))
		c.source_port = c.destination_port = c.answered_port = c.answerer_port = 0;
	return c;
}

static struct connection_report judge_both(const struct connection *c, size_t n, const struct ruleset *now,
        const struct ruleset *then, const struct network *net)
{
	const struct connections list = {(struct connection *)(uintptr_t)c, n, n, 0};
	const struct connection_question q = {.connections = &list, .now = now, .then = then, .net = net};
	struct connection_report r;
	connections_judge(&q, &r);
	return r;
}

/* What is said of many at once is what is said of each alone, and each stands in its place. */
static void compare(const struct ruleset *now, const struct ruleset *then, uint64_t *seed, size_t *lost)
{
	enum { MANY = 150 };
	struct connection c[MANY];
	struct network net = network_of(routes);
	size_t n_lost = 0, cannot_tell = 0;
	for (size_t i = 0; i < MANY; i++)
		c[i] = drawn(seed);
	struct connection_report all = judge_both(c, MANY, now, then, &net);
	for (size_t i = 0; i < MANY; i++) {
		struct connection_report one = judge_both(&c[i], 1, now, then, &net);
		bool found = false;
		for (size_t k = 0; k < all.n_lost && !found; k++)
			found = memcmp(&all.lost[k], &c[i], sizeof(c[i])) == 0;
		ck_assert(found == (one.n_lost == 1));
		n_lost += one.n_lost;
		cannot_tell += one.cannot_tell;
		connection_report_fini(&one);
	}
	ck_assert_uint_eq(all.n_lost, n_lost);
	ck_assert_uint_eq(all.cannot_tell, cannot_tell);
	*lost += n_lost;
	connection_report_fini(&all);
	network_fini(&net);
}

START_TEST(connections_that_share_an_answer_are_alike)
{
	glob_t files;
	uint64_t seed = 42;
	size_t lost = 0;
	ck_assert_int_eq(glob(SOURCE_DIR "/tests/data/verify/*.json", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct ruleset *rs[2];
		for (size_t k = 0; k < 2; k++) {
			struct error err = {0};
			char *json;
			size_t len;
			const char *path = files.gl_pathv[(i + k * 7) % files.gl_pathc];
			ck_assert_int_eq(file_read(path, 1 << 24, &json, &len, &err), 0);
			ck_assert_msg(ruleset_parse_json(json, len, &rs[k], &err) == 0, "%s: %s", path, err.text);
			free(json);
		}
		compare(rs[0], rs[1], &seed, &lost);
		ruleset_free(rs[0]);
		ruleset_free(rs[1]);
	}
	globfree(&files);
	ck_assert_uint_gt(lost, 100);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("connections");
	TCase *c = tcase_create("connections");
	tcase_add_test(c, a_kernels_entries_are_read);
	tcase_add_test(c, a_dump_that_is_cut_or_false_is_refused);
	tcase_add_test(c, what_is_of_another_kind_is_refused_or_counted);
	tcase_add_test(c, what_cannot_be_read_is_said);
	tcase_add_loop_test(c, a_record_that_is_not_in_order_spoils_all, 0, N(spoils));
	tcase_add_test(c, a_record_has_one_form);
	tcase_add_test(c, lost_connections_are_told_by_destination_the_largest_first);
	tcase_add_test(c, entries_that_are_none_are_left_out);
	tcase_add_loop_test(c, paths_come_from_routes_and_what_they_leave_open_is_told_apart, 0, N(judged));
	tcase_add_test(c, a_zone_has_interfaces_of_its_own);
	tcase_add_loop_test(c, legacy_tables_leave_open_what_the_rules_admit, 0, 2);
	tcase_add_test(c, connections_that_share_an_answer_are_alike);
	tcase_set_timeout(c, 120);
	suite_add_tcase(s, c);
	return run_suite(s);
}
