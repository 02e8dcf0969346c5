/* links: push */
/*
 * Connections that a new ruleset would no longer admit, with real ones through a router's kernel: those and no others are
 * counted, told and ended, whatever path, family and translation they have. Needs root and network namespaces; skipped with
 * the reason otherwise.
 */
#include "connection_scene.h"
#include "run_suite.h"

#define HEAD "table inet filter {\n\tchain forward {\n\t\ttype filter hook forward priority 0; policy drop;\n"
#define TRACKED "\t\tct state established,related accept\n"
#define TAIL "\t}\n}\n"

/* ---- what is counted, told and ended ---- */

START_TEST(a_connection_over_a_port_that_is_closed_is_lost_and_no_other)
{
	const int v6 = _i & 1;
	struct error err = {0};
	size_t ended;
	scene_open(_i >= 2);
	rules(HEAD TRACKED "\t\ttcp dport { 5001, 5002 } accept\n\t\tudp dport 5003 accept\n" TAIL);
	struct ruleset *now = rules_read();
	struct talk closed = talk_forward(SOCK_STREAM, v6, 5001), open = talk_forward(SOCK_STREAM, v6, 5002),
	            udp = talk_forward(SOCK_DGRAM, v6, 5003);
	rules(HEAD TRACKED "\t\ttcp dport 5002 accept\n\t\tudp dport 5003 accept\n" TAIL);
	struct ruleset *then = rules_read();
	struct connection others[2] = {tracked_to(PROTO_TCP, 5002), tracked_to(PROTO_UDP, 5003)};

	struct connection_report r = judged(now, then);
	ck_assert_uint_eq(r.total, 3);
	ck_assert_uint_eq(r.n_lost, 1);
	ck_assert_uint_eq(r.cannot_tell, 0);
	ck_assert_uint_eq(r.n_group, 1);
	char *text = connection_print(&r.group[0].first),
	     *want = xasprintf(v6 ? "tcp [%s]:%u > [%s]:5001" : "tcp %s:%u > %s:5001", client_address[v6],
	             port_of(closed.near), server_address[v6]);
	ck_assert_str_eq(text, want);
	ck_assert_str_eq(r.group[0].rule, "inet filter forward policy drop");
	free(text);
	free(want);

	/* What is established goes on, until it is ended. */
	ck_assert(talks(&closed, 5000));
	ck_assert_msg(push_connections_end(&nft, &r, &ended, &err) == 0, "%s: %s", err.where, err.text);
	ck_assert_uint_eq(ended, 1);
	ck_assert_uint_eq(tracked_to(PROTO_TCP, 5001).id, 0);
	ck_assert_uint_eq(tracked_to(PROTO_TCP, 5002).id, others[0].id);
	ck_assert_uint_eq(tracked_to(PROTO_UDP, 5003).id, others[1].id);
	ck_assert(talks(&open, 5000) && talks(&udp, 5000));
	ck_assert(!talks(&closed, 300));
	/* It is gone: nobody's fault. */
	ck_assert_int_eq(push_connections_end(&nft, &r, &ended, &err), 0);
	ck_assert_uint_eq(ended, 0);
	connection_report_fini(&r);
	r = judged(now, then);
	ck_assert_uint_eq(r.total, 2);
	ck_assert_uint_eq(r.n_lost, 0);
	connection_report_fini(&r);

	talk_close(&closed);
	talk_close(&open);
	talk_close(&udp);
	ruleset_free(now);
	ruleset_free(then);
	scene_close();
}
END_TEST

/* Rules now, rules then, and a connection: is it lost? */
static const struct {
	const char *name, *now, *then;
	enum place from, at;
	const char *source[2], *to[2], *own[2];
	uint16_t port, own_port;
	bool lost, unsure;
	const char *rule;
} cases[] = {
        {"the same rules", HEAD TRACKED "tcp dport 5001 accept\n" TAIL, HEAD TRACKED "tcp dport 5001 accept\n" TAIL,
                CLIENT, SERVER, {"10.0.0.2", "fd00::2"}, {"10.1.0.2", "fd01::2"}, {"10.1.0.2", "fd01::2"}, 5001, 5001,
                false, false, NULL},
        {"a source that is shut out", HEAD TRACKED "tcp dport 5001 accept\n" TAIL,
                HEAD TRACKED "ip saddr 10.0.0.2 drop\nip6 saddr fd00::2 drop\ntcp dport 5001 accept\n" TAIL, CLIENT,
                SERVER, {"10.0.0.2", "fd00::2"}, {"10.1.0.2", "fd01::2"}, {"10.1.0.2", "fd01::2"}, 5001, 5001, true,
                false, "saddr"},
        {"another source", HEAD TRACKED "tcp dport 5001 accept\n" TAIL,
                HEAD TRACKED "ip saddr 10.0.0.3 drop\nip6 saddr fd00::3 drop\ntcp dport 5001 accept\n" TAIL, CLIENT,
                SERVER, {"10.0.0.2", "fd00::2"}, {"10.1.0.2", "fd01::2"}, {"10.1.0.2", "fd01::2"}, 5001, 5001, false,
                false, NULL},
        {"the interface that it comes by", HEAD TRACKED "iifname c0 accept\n" TAIL,
                HEAD TRACKED "iifname s0 accept\n" TAIL, CLIENT, SERVER, {"10.0.0.2", "fd00::2"},
                {"10.1.0.2", "fd01::2"}, {"10.1.0.2", "fd01::2"}, 5001, 5001, true, false, "policy drop"},
        {"the interface that it leaves by", HEAD TRACKED "oifname s0 accept\n" TAIL,
                HEAD TRACKED "iifname c0 oifname s0 accept\n" TAIL, CLIENT, SERVER, {"10.0.0.2", "fd00::2"},
                {"10.1.0.2", "fd01::2"}, {"10.1.0.2", "fd01::2"}, 5001, 5001, false, false, NULL},
        {"its replies are stopped", HEAD TRACKED "tcp dport 5001 accept\n" TAIL, HEAD "tcp dport 5001 accept\n" TAIL,
                CLIENT, SERVER, {"10.0.0.2", "fd00::2"}, {"10.1.0.2", "fd01::2"}, {"10.1.0.2", "fd01::2"}, 5001, 5001,
                true, false, "policy drop"},
        {"from the other side", HEAD TRACKED "iifname s0 accept\n" TAIL, HEAD TRACKED "iifname c0 accept\n" TAIL,
                SERVER, CLIENT, {"10.1.0.2", "fd01::2"}, {"10.0.0.2", "fd00::2"}, {"10.0.0.2", "fd00::2"}, 5001, 5001,
                true, false, "policy drop"},
        {"to the router",
                "table inet filter { chain input { type filter hook input priority 0; ct state new accept; }; }\n",
                "table inet filter { chain input { type filter hook input priority 0; policy accept; ct state "
                "established "
                "accept; tcp dport 5001 reject; }; }\n",
                CLIENT, ROUTER, {"10.0.0.2", "fd00::2"}, {"10.0.0.1", "fd00::1"}, {"10.0.0.1", "fd00::1"}, 5001, 5001,
                true, false, "reject"},
        {"to the router, of rules for others",
                "table inet filter { chain input { type filter hook input priority 0; ct state new accept; }; }\n",
                HEAD TRACKED TAIL, CLIENT, ROUTER, {"10.0.0.2", "fd00::2"}, {"10.0.0.1", "fd00::1"},
                {"10.0.0.1", "fd00::1"}, 5001, 5001, false, false, NULL},
        {"of the router's own",
                "table inet filter { chain output { type filter hook output priority 0; ct state new accept; }; }\n",
                "table inet filter { chain output { type filter hook output priority 0; ct state new oifname s0 drop; "
                "}; }\n",
                ROUTER, SERVER, {"10.1.0.1", "fd01::1"}, {"10.1.0.2", "fd01::2"}, {"10.1.0.2", "fd01::2"}, 5001, 5001,
                true, false, "drop"},
        {"within the router",
                "table inet filter { chain input { type filter hook input priority 0; ct state new accept; }; }\n",
                "table inet filter { chain input { type filter hook input priority 0; ct state new iifname lo drop; }; "
                "}\n",
                ROUTER, ROUTER, {"10.1.0.1", "fd01::1"}, {"10.0.0.1", "fd00::1"}, {"10.0.0.1", "fd00::1"}, 5001, 5001,
                true, false, "drop"},
        {"a condition that nobody decides", HEAD TRACKED "tcp dport 5001 accept\n" TAIL,
                HEAD TRACKED "tcp dport 5001 limit rate 1/second accept\n" TAIL, CLIENT, SERVER,
                {"10.0.0.2", "fd00::2"}, {"10.1.0.2", "fd01::2"}, {"10.1.0.2", "fd01::2"}, 5001, 5001, false, true,
                NULL},
        {"the same condition before and after",
                HEAD TRACKED "meta mark 1 drop\ntcp dport 5001 limit rate 100/second accept\n" TAIL,
                HEAD TRACKED "meta mark 2 drop\ntcp dport 5001 limit rate 100/second accept\n" TAIL, CLIENT, SERVER,
                {"10.0.0.2", "fd00::2"}, {"10.1.0.2", "fd01::2"}, {"10.1.0.2", "fd01::2"}, 5001, 5001, false, false,
                NULL},
        {"what did not pass before",
                HEAD "ct state established accept\nct mark 7 accept\ntcp dport 5001 ct mark set 7 accept\n" TAIL,
                HEAD "tcp dport 5002 accept\n" TAIL, CLIENT, SERVER, {"10.0.0.2", "fd00::2"}, {"10.1.0.2", "fd01::2"},
                {"10.1.0.2", "fd01::2"}, 5001, 5001, true, false, "policy drop"},
        {"translated, behind a port that is closed",
                "table inet nat { chain pre { type nat hook prerouting priority dstnat; tcp dport 8080 dnat ip to "
                "10.1.0.2:5001; tcp dport 8080 dnat ip6 to [fd01::2]:5001; }; }\n" HEAD TRACKED
                "tcp dport 5001 accept\n" TAIL,
                "table inet nat { chain pre { type nat hook prerouting priority dstnat; tcp dport 8080 dnat ip to "
                "10.1.0.2:5001; tcp dport 8080 dnat ip6 to [fd01::2]:5001; }; }\n" HEAD TRACKED
                "tcp dport 8080 accept\n" TAIL,
                CLIENT, SERVER, {"10.0.0.2", "fd00::2"}, {"10.0.0.1", "fd00::1"}, {"10.1.0.2", "fd01::2"}, 8080, 5001,
                true, false, "policy drop"},
        {"translated, and still let through",
                "table inet nat { chain pre { type nat hook prerouting priority dstnat; tcp dport 8080 dnat ip to "
                "10.1.0.2:5001; tcp dport 8080 dnat ip6 to [fd01::2]:5001; }; }\n" HEAD TRACKED
                "tcp dport { 5001, 5002 } accept\n" TAIL,
                "table inet nat { chain pre { type nat hook prerouting priority dstnat; tcp dport 8080 dnat ip to "
                "10.1.0.2:5001; tcp dport 8080 dnat ip6 to [fd01::2]:5001; }; }\n" HEAD TRACKED
                "ct status dnat accept\n" TAIL,
                CLIENT, SERVER, {"10.0.0.2", "fd00::2"}, {"10.0.0.1", "fd00::1"}, {"10.1.0.2", "fd01::2"}, 8080, 5001,
                false, false, NULL},
        {"masqueraded",
                "table inet nat { chain post { type nat hook postrouting priority srcnat; oifname s0 masquerade; }; "
                "}\n" HEAD TRACKED "tcp dport 5001 accept\n" TAIL,
                "table inet nat { chain post { type nat hook postrouting priority srcnat; oifname s0 masquerade; }; "
                "}\n" HEAD TRACKED "tcp dport 5002 accept\n" TAIL,
                CLIENT, SERVER, {"10.0.0.2", "fd00::2"}, {"10.1.0.2", "fd01::2"}, {"10.1.0.2", "fd01::2"}, 5001, 5001,
                true, false, "policy drop"},
        {"no rules any more", HEAD TRACKED "tcp dport 5001 accept\n" TAIL, "", CLIENT, SERVER, {"10.0.0.2", "fd00::2"},
                {"10.1.0.2", "fd01::2"}, {"10.1.0.2", "fd01::2"}, 5001, 5001, false, false, NULL},
};
#define N_CASES ((int)(sizeof(cases) / sizeof(cases[0])))

START_TEST(each_path_family_and_translation_is_followed)
{
	const int k = _i / 2, v6 = _i % 2;
	struct error err = {0};
	size_t ended;
	scene_open(false);
	rules(cases[k].now);
	struct ruleset *now = rules_read();
	struct talk t = talk_open(SOCK_STREAM, cases[k].from, cases[k].source[v6], cases[k].to[v6], cases[k].port,
	        cases[k].at, cases[k].own[v6], cases[k].own_port);
	rules(cases[k].then);
	struct ruleset *then = rules_read();

	struct connection_report r = judged(now, then);
	ck_assert_msg(r.total == 1, "%s: %zu in all", cases[k].name, r.total);
	ck_assert_msg(r.n_lost == cases[k].lost, "%s: %zu lost", cases[k].name, r.n_lost);
	ck_assert_msg(r.cannot_tell == cases[k].unsure, "%s: %zu that cannot be told", cases[k].name, r.cannot_tell);
	if (cases[k].rule != NULL)
		ck_assert_msg(strstr(r.group[0].rule, cases[k].rule) != NULL, "%s: %s", cases[k].name, r.group[0].rule);
	/* The kernel agrees: a lost one that is ended does not come again, one that stays does. */
	ck_assert_msg(push_connections_end(&nft, &r, &ended, &err) == 0, "%s: %s", cases[k].name, err.text);
	ck_assert_msg(ended == cases[k].lost, "%s", cases[k].name);
	if (!cases[k].unsure)
		ck_assert_msg(talks(&t, cases[k].lost ? 300 : 5000) == !cases[k].lost, "%s", cases[k].name);
	connection_report_fini(&r);
	talk_close(&t);
	ruleset_free(now);
	ruleset_free(then);
	scene_close();
}
END_TEST

START_TEST(only_established_connections_count)
{
	struct sockaddr_storage a;
	socklen_t len = address_of(server_address[0], 5004, &a);
	scene_open(false);
	rules(HEAD TRACKED "\t\ttcp dport 5001 accept\n\t\tudp dport 5004 accept\n" TAIL);
	struct ruleset *now = rules_read();
	struct talk t = talk_forward(SOCK_STREAM, 0, 5001);
	int one_way = socket_in(CLIENT, client_address[0], SOCK_DGRAM, 0),
	    far = socket_in(SERVER, server_address[0], SOCK_DGRAM, 5004);
	ck_assert_int_eq(sendto(one_way, "x", 1, 0, (const struct sockaddr *)&a, len), 1);
	ck_assert(comes(far, 5000));
	/* Both ends close it: it waits to be forgotten. */
	close(t.near);
	ck_assert(comes(t.far, 5000));
	close(t.far);
	for (int i = 0; i < 5000 && tracked_to(PROTO_TCP, 5001).tcp_state < 7; i++)
		(void)poll(NULL, 0, 1);
	rules(HEAD TRACKED TAIL);
	struct ruleset *then = rules_read();
	struct connection_report r = judged(now, then);
	ck_assert_uint_ne(tracked_to(PROTO_UDP, 5004).id, 0);
	ck_assert_uint_ne(tracked_to(PROTO_TCP, 5001).id, 0);
	ck_assert_uint_eq(r.total, 0);
	ck_assert_uint_eq(r.n_lost + r.cannot_tell, 0);
	connection_report_fini(&r);
	close(t.listener);
	close(one_way);
	close(far);
	ruleset_free(now);
	ruleset_free(then);
	scene_close();
}
END_TEST

/* ---- what is named is ended, and nothing else ---- */

static size_t end(const struct connection *c, size_t n)
{
	struct error err = {0};
	size_t ended;
	ck_assert_msg(nft.connections_end(nft.self, c, n, &ended, &err) == 0, "%s: %s", err.where, err.text);
	return ended;
}

START_TEST(another_entry_of_the_same_addresses_stays)
{
	scene_open(_i == 1);
	rules("table inet t { chain c { type filter hook forward priority 0; ct state new accept; }; }\n");
	struct talk t = talk_forward(SOCK_STREAM, 0, 5001);
	const struct connection c = tracked_to(PROTO_TCP, 5001);
	struct connection other = c;
	other.id ^= 1;
	ck_assert_uint_eq(end(&other, 1), 0);
	other = c;
	other.zone = 3;
	ck_assert_uint_eq(end(&other, 1), 0);
	other = c;
	other.source_port ^= 1;
	ck_assert_uint_eq(end(&other, 1), 0);
	ck_assert_uint_eq(tracked_to(PROTO_TCP, 5001).id, c.id);
	ck_assert_uint_eq(end(&c, 1), 1);
	ck_assert_uint_eq(tracked_to(PROTO_TCP, 5001).id, 0);
	talk_close(&t);
	scene_close();
}
END_TEST

START_TEST(an_entry_of_a_zone_is_ended_by_its_zone)
{
	scene_open(false);
	rules("table inet t { chain c { type filter hook prerouting priority raw; ct zone set 7; }; chain d { type "
	      "filter hook "
	      "forward priority 0; ct state new accept; }; }\n");
	struct talk t = talk_forward(SOCK_DGRAM, _i, 5001);
	struct connection c = tracked_to(PROTO_UDP, 5001), without = c;
	ck_assert_uint_eq(c.zone, 7);
	without.zone = 0;
	ck_assert_uint_eq(end(&without, 1), 0);
	ck_assert_uint_eq(end(&c, 1), 1);
	talk_close(&t);
	scene_close();
}
END_TEST

static struct connections echo(int v6)
{
	struct connections c;
	char command[128];
	enter(CLIENT);
	snprintf(command, sizeof(command), "/usr/bin/python3 - %s <<'E'\n", server_address[v6]);
	char *script = xasprintf("%s%s", command,
	        "import socket, struct, sys\n"
	        "six = ':' in sys.argv[1]\n"
	        "s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, 58 if six else 1)\n"
	        "p = struct.pack('!BBHHH', 128 if six else 8, 0, 0 if six else 0xf7ff - 0xab, 0xab, 0)\n"
	        "s.sendto(p, (sys.argv[1], 0))\n"
	        "s.settimeout(5)\n"
	        "while s.recv(200)[0 if six else 20] != (129 if six else 0): pass\nE\n");
	shell(script);
	free(script);
	enter(ROUTER);
	c = tracked();
	return c;
}

START_TEST(an_echo_is_lost_and_ended_like_others)
{
	const uint8_t proto = _i == 0 ? PROTO_ICMP : PROTO_ICMPV6;
	struct error err = {0};
	size_t ended = 0;
	scene_open(false);
	rules(HEAD TRACKED "\t\tmeta l4proto { icmp, icmpv6 } accept\n" TAIL);
	struct ruleset *now = rules_read();
	struct connections c = echo(_i);
	size_t found = 0;
	for (size_t i = 0; i < c.n; i++)
		found += c.connection[i].proto == proto && c.connection[i].icmp_id == 0xab &&
		         connection_is_established(&c.connection[i]);
	ck_assert_uint_eq(found, 1);
	connections_fini(&c);
	rules(HEAD TRACKED TAIL);
	struct ruleset *then = rules_read();
	struct connection_report r = judged(now, then);
	ck_assert_uint_eq(r.n_lost, 1);
	ck_assert_int_eq(push_connections_end(&nft, &r, &ended, &err), 0);
	ck_assert_uint_eq(ended, 1);
	connection_report_fini(&r);
	ruleset_free(now);
	ruleset_free(then);
	scene_close();
}
END_TEST

START_TEST(more_than_a_message_holds_are_ended_in_several)
{
	enum { MANY = 5000 };
	struct connection *c = xcalloc(MANY, sizeof(*c));
	scene_open(_i == 1);
	rules("table inet t { chain c { type filter hook forward priority 0; ct state new accept; }; }\n");
	struct talk first = talk_forward(SOCK_DGRAM, 0, 5001), last = talk_forward(SOCK_DGRAM, 0, 5002);
	c[0] = tracked_to(PROTO_UDP, 5001);
	for (size_t i = 1; i < MANY; i++) {
		c[i] = c[0];
		c[i].id += (uint32_t)i;
	}
	c[MANY - 1] = tracked_to(PROTO_UDP, 5002);
	ck_assert_uint_eq(end(c, MANY), 2);
	ck_assert_uint_eq(tracked_to(PROTO_UDP, 5001).id + tracked_to(PROTO_UDP, 5002).id, 0);
	free(c);
	talk_close(&first);
	talk_close(&last);
	scene_close();
}
END_TEST

START_TEST(records_that_are_not_in_order_reach_no_kernel)
{
	struct nft_ending e[2] = {{.family = 4, .proto = PROTO_TCP}, {.family = 0}};
	struct nft_ended ended;
	struct error err = {0};
	scene_open(false);
	rules("table inet t { chain c { type filter hook forward priority 0; ct state new accept; }; }\n");
	struct talk t = talk_forward(SOCK_STREAM, 0, 5001);
	const struct connection c = tracked_to(PROTO_TCP, 5001);
	memcpy(e[0].source, (const uint8_t[]){10, 0, 0, 2}, 4);
	memcpy(e[0].destination, (const uint8_t[]){10, 1, 0, 2}, 4);
	e[0].source_port = c.source_port;
	e[0].destination_port = c.destination_port;
	e[0].id = c.id;
	/* The first would do; the second spoils both. */
	ck_assert_int_eq(nft_connections_end((const uint8_t *)e, sizeof(e), &ended, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_uint_eq(tracked_to(PROTO_TCP, 5001).id, c.id);
	ck_assert_int_eq(nft_connections_end((const uint8_t *)e, sizeof(e[0]) - 1, &ended, &err), -1);
	ck_assert_int_eq(nft_connections_end(NULL, 0, &ended, &err), 0);
	ck_assert_uint_eq(tracked_to(PROTO_TCP, 5001).id, c.id);
	ck_assert_int_eq(nft_connections_end((const uint8_t *)e, sizeof(e[0]), &ended, &err), 0);
	ck_assert_uint_eq(ended.ended, 1);
	talk_close(&t);
	scene_close();
}
END_TEST

static const char *lacking(void)
{
	if (getuid() != 0 || system("unshare -n true 2>/dev/null") != 0)
		return "root and network namespaces are needed";
	if (system("unshare -n nft list ruleset >/dev/null 2>&1") != 0)
		return "nft and a kernel with nf_tables are needed";
	if (access("/proc/sys/net/netfilter/nf_conntrack_count", F_OK) != 0)
		return "a kernel with connection tracking is needed";
	return NULL;
}

int main(void)
{
	const char *why = lacking();
	if (why != NULL) {
		printf("skipped: %s\n", why);
		return 77;
	}
	Suite *s = suite_create("connections_kernel");
	TCase *c = tcase_create("kernel");
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, a_connection_over_a_port_that_is_closed_is_lost_and_no_other, 0, 4);
	tcase_add_loop_test(c, each_path_family_and_translation_is_followed, 0, 2 * N_CASES);
	tcase_add_test(c, only_established_connections_count);
	tcase_add_loop_test(c, another_entry_of_the_same_addresses_stays, 0, 2);
	tcase_add_loop_test(c, an_entry_of_a_zone_is_ended_by_its_zone, 0, 2);
	tcase_add_loop_test(c, an_echo_is_lost_and_ended_like_others, 0, 2);
	tcase_add_loop_test(c, more_than_a_message_holds_are_ended_in_several, 0, 2);
	tcase_add_test(c, records_that_are_not_in_order_reach_no_kernel);
	suite_add_tcase(s, c);
	return run_suite(s);
}
