/* links: nft verify ruleset base */
/*
 * The kernel as oracle of rules that ask how IPsec treats a packet: packets between two tun devices, plain ones and, where
 * the kernel has ESP, those that come through a tunnel or in transport mode and leave through a tunnel (with a cipher that
 * changes nothing, so that the test can wrap and unwrap them itself), against what is predicted. Needs root, nft, ip and
 * iptables-nft.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "ip_wire.h"
#include "tunnel_scene.h"

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
	Suite *s = suite_create("tunnel_kernel");
	TCase *c = tcase_create("tunnel");
	SRunner *r;
	int failed;

	if (geteuid() != 0) {
		puts("not root: skipped");
		return 77;
	}
	tcase_set_timeout(c, 120);
	tcase_add_test(c, the_kernel_does_what_is_predicted);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
