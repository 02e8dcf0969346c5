/* links: verify base */
/*
 * What `portcullis prove` sends and loads: packets that say what they were made of, and rulesets cut into what nft loads
 * and what iptables has to.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cli/prove_load.c"
#include "cli/prove_packet.c"

static const char saved[] = "# Generated\n*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n*filter\n:FORWARD DROP [1:60]\n"
                            "-A FORWARD -m recent --name x -j ACCEPT\nCOMMIT\n# Completed\n";
static char *loaded[3]; /* of nft, iptables and ip6tables */

int prove_execute(const char *const *argv, const char *input, char **out, struct error *err)
{
	static const char *const names[] = {"nft", "iptables-nft-restore", "ip6tables-nft-restore"};

	if (strcmp(argv[0], "iptables-nft-save") == 0)
		*out = xstrdup(saved);
	else if (strcmp(argv[0], "ip6tables-nft-save") == 0)
		return error_set(err, ERR_IO, argv[0], "no such program");
	for (size_t i = 0; i < 3; i++)
		if (strcmp(argv[0], names[i]) == 0)
			loaded[i] = xstrdup(input);
	return 0;
}

static const struct {
	const char *name, *text, *nft, *iptables, *fault;
} loads[] = {
        {"nothing", "", "", NULL, NULL},
        {"tables of nft", "table inet a {\n\tchain f {\n\t}\n}\ntable ip b {\n}\n",
                "table inet a {\n\tchain f {\n\t}\n}\ntable ip b {\n}\n", NULL, NULL},
        {"a table of iptables between others",
                "table inet a {\n}\n# Warning\ntable ip filter {\n\tchain FORWARD {\n\t\txt match recent "
                "accept\n\t}\n}\n"
                "table ip nat {\n}\n",
                "table inet a {\n}\ntable ip nat {\n}\n",
                "*filter\n:FORWARD DROP [1:60]\n-A FORWARD -m recent --name x -j ACCEPT\nCOMMIT\n", NULL},
        {"a table that iptables does not show", "table ip mangle {\n\txt target TOS\n}\n", NULL, NULL, "mangle"},
        {"no program to ask", "table ip6 filter {\n\txt match recent\n}\n", NULL, NULL, "no such program"},
        {"the same words in a table of another family", "table inet a {\n\tcomment \"xt match x\"\n}\n",
                "table inet a {\n\tcomment \"xt match x\"\n}\n", NULL, NULL},
};

START_TEST(every_table_is_loaded_by_who_can)
{
	struct prove_load *load;
	struct error err = {0};
	int result = prove_load_prepare(loads[_i].text, &load, &err);

	ck_assert_msg((result != 0) == (loads[_i].fault != NULL), "%s: %s", loads[_i].name, err.text);
	if (result != 0) {
		ck_assert_msg(strstr(err.text, loads[_i].fault) != NULL, "%s", err.text);
		return;
	}
	ck_assert_int_eq(prove_load_do(load, &err), 0);
	ck_assert_str_eq(loaded[0], loads[_i].nft);
	if (loads[_i].iptables != NULL)
		ck_assert_str_eq(loaded[1], loads[_i].iptables);
	else
		ck_assert_ptr_null(loaded[1]);
	ck_assert_ptr_null(loaded[2]);
	prove_load_free(load);
	for (size_t i = 0; i < 3; i++)
		free(loaded[i]);
}
END_TEST

static const char *const connections[][2] = {
        /* as it is sent, and as it came out: translated at both ends */
        {"tcp 10.0.0.5:40000 > 198.51.100.7:443", "tcp 192.0.2.1:1024 > 10.1.0.20:8443"},
        {"udp [fd00::5]:40000 > [fd01::1]:3478", "udp [fd00::5]:40000 > [fd01::1]:3478"},
        {"icmp 10.0.0.5 > 10.1.0.20", "icmp 10.0.0.5 > 10.1.0.20"},
        {"icmpv6 fd00::5 > fd01::1", "icmpv6 fd00::5 > fd01::1"},
};

static void ends_are(const struct packet *p, u128 source, u128 destination, unsigned sport, unsigned port)
{
	ck_assert(p->source == source && p->destination == destination);
	ck_assert_uint_eq(p->source_port, sport);
	ck_assert_uint_eq(p->destination_port, port);
}

START_TEST(a_packet_reads_as_it_was_made)
{
	struct prove_connection c;
	const struct probe *probe;
	struct error err;

	ck_assert_int_eq(packet_parse(connections[_i][0], &c.first, &err), 0);
	ck_assert_int_eq(packet_parse(connections[_i][1], &c.seen, &err), 0);
	size_t n = probe_list(c.first.proto, &probe);
	ck_assert_uint_eq(n, c.first.proto == PROTO_TCP ? 6 : 3);
	for (size_t i = 0; i < n; i++) {
		uint8_t bytes[PROVE_PACKET_MAX];
		struct packet p;
		size_t len = probe_make(&c, &probe[i], 77, bytes);

		ck_assert(!probe_read(bytes, len, 78, &p));
		ck_assert(!probe_read(bytes, 20, 77, &p));
		ck_assert(probe_read(bytes, len, 77, &p));
		ck_assert_uint_eq(p.proto, c.first.proto);
		/* Answers go to where the packet came from as the other end saw it. */
		if (probe[i].phase == PHASE_REPLY)
			ends_are(&p, c.seen.destination, c.seen.source, c.seen.destination_port, c.seen.source_port);
		else
			ends_are(
			        &p, c.first.source, c.first.destination, c.first.source_port, c.first.destination_port);
	}
}
END_TEST

START_TEST(other_protocols_cannot_be_played)
{
	const struct probe *probe;

	ck_assert_uint_eq(probe_list(47, &probe), 0);
	ck_assert_uint_eq(probe_list(PROTO_SCTP, &probe), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("prove");
	TCase *t = tcase_create("prove");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, every_table_is_loaded_by_who_can, 0, (int)(sizeof(loads) / sizeof(loads[0])));
	tcase_add_loop_test(t, a_packet_reads_as_it_was_made, 0, (int)(sizeof(connections) / sizeof(connections[0])));
	tcase_add_test(t, other_protocols_cannot_be_played);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
