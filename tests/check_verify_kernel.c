/* links: verify ruleset base */
/*
 * The kernel as oracle: every ruleset of tests/data/verify is loaded into a network namespace of its own with a tun
 * device on each side, connections are drawn from flows, sent phase by phase, and what comes out is compared with what
 * the verifier said. Needs root, nft and /dev/net/tun; skipped with the reason otherwise.
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
#include <sys/wait.h>
#include <unistd.h>

#include "ip_wire.h"
#include "verify_support.h"

#define PER_FLOW 60
#define PACKET_MAX 256
#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_PSH 8
#define TCP_ACK 16

/* client side, server side */
static int tun[2];
static uint32_t marker;
static uint64_t seed;

struct tuple {
	enum family family;
	uint8_t proto;
	u128 source, destination;
	uint16_t sport, dport;
	enum path path;
	/* the source as the other side saw it: that is where it answers to */
	u128 seen_source;
	uint16_t seen_sport;
	/* where a published address should lead to, and where it did */
	struct range inside;
	int shift;
	u128 seen_destination;
	uint16_t seen_dport;
	bool expected; /**< the packet on its way should arrive */
};

enum arrival { ARRIVED, LOST, ELSEWHERE };

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % below);
}

static void shell(const char *command)
{
	ck_assert_msg(system(command) == 0, "%s", command);
}

static int tun_open(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ck_assert_int_eq(ioctl(fd, TUNSETIFF, &ifr), 0);
	return fd;
}

static void namespace_make(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	tun[0] = tun_open("c0");
	tun[1] = tun_open("s0");
	shell("ip link set lo up; sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 "
	      "net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 "
	      "net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.c0.rp_filter=0 net.ipv4.conf.s0.rp_filter=0 &&"
	      "ip link set c0 up && ip link set s0 up && ip addr add 10.0.255.254/16 dev c0 && "
	      "ip addr add 10.1.255.254/16 dev s0 && ip addr add fd00::ffff:1/64 dev c0 nodad && "
	      "ip addr add fd01::ffff:1/64 dev s0 nodad && ip route add 192.0.2.0/24 dev c0");
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

/** Transport header and marker as payload. @return length. */
static size_t transport_make(uint8_t *p, const struct tuple *t, bool reply, uint8_t flags, uint32_t seq, uint32_t ack)
{
	size_t n = 8;

	memset(p, 0, 20);
	if (t->proto == PROTO_ICMP || t->proto == PROTO_ICMPV6) {
		p[0] = t->proto == PROTO_ICMP ? (reply ? 0 : 8) : (reply ? 129 : 128);
		put16(p + 4, t->sport);
		put16(p + 6, 1);
	} else {
		put16(p, reply ? t->seen_dport : t->sport);
		put16(p + 2, reply ? t->seen_sport : t->dport);
	}
	if (t->proto == PROTO_TCP) {
		n = 20;
		put32(p + 4, seq);
		put32(p + 8, ack);
		p[12] = 5 << 4;
		p[13] = flags;
		put16(p + 14, 60000);
	} else if (t->proto == PROTO_UDP) {
		put16(p + 4, 12);
	}
	put32(p + n, ++marker);
	return n + 4;
}

static size_t packet_make(uint8_t *p, const struct tuple *t, bool reply, uint8_t flags, uint32_t seq, uint32_t ack)
{
	size_t head = t->family == FAMILY_IPV4 ? 20 : 40, at = t->family == FAMILY_IPV4 ? 12 : 8,
	       size = t->family == FAMILY_IPV4 ? 4 : 16, n;
	unsigned where = t->proto == PROTO_TCP ? 16 : t->proto == PROTO_UDP ? 6 : 2;
	uint32_t sum;

	memset(p, 0, head);
	n = transport_make(p + head, t, reply, flags, seq, ack);
	put_address(p + at, size, reply ? t->seen_destination : t->source);
	put_address(p + at + size, size, reply ? t->seen_source : t->destination);
	if (t->family == FAMILY_IPV4) {
		p[0] = 0x45;
		put16(p + 2, (unsigned)(head + n));
		p[8] = 64;
		p[9] = t->proto;
		put16(p + 10, fold(sum16(p, 20, 0)));
	} else {
		p[0] = 0x60;
		put16(p + 4, (unsigned)n);
		p[6] = t->proto;
		p[7] = 64;
	}
	sum = t->proto == PROTO_ICMP ? 0 : sum16(p + at, 2 * size, (uint32_t)n + t->proto);
	put16(p + head + where, fold(sum16(p + head, n, sum)));
	return head + n;
}

/** The kernel may hand packets to a thread of its own: what should arrive gets time to. */
static bool readable(int fd, const struct tuple *t)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, t->expected ? 500 : 0) > 0;
}

/** Did a packet that came out go from and to where it should? Notes what the other side answers to. */
static bool addressed_well(const uint8_t *p, size_t head, struct tuple *t, bool reply)
{
	size_t size = t->family == FAMILY_IPV4 ? 4 : 16;
	u128 from = get_address(p + head - 2 * size, size), to = get_address(p + head - size, size);
	bool ports = t->proto == PROTO_TCP || t->proto == PROTO_UDP;
	unsigned sport = ports ? p[head] * 256u + p[head + 1] : 0, dport = ports ? p[head + 2] * 256u + p[head + 3] : 0;

	if (reply)
		return to == t->source && from == t->destination &&
		       (!ports || (dport == t->sport && sport == t->dport));
	if (to < t->inside.lo || to > t->inside.hi || (ports && (int)dport != t->dport + t->shift))
		return false;
	t->seen_source = from;
	t->seen_destination = to;
	if (ports) {
		t->seen_sport = (uint16_t)sport;
		t->seen_dport = (uint16_t)dport;
	}
	return true;
}

/** Where the packet with the newest marker came out, if it did. */
static enum arrival arrival_read(int fd, struct tuple *t, bool reply)
{
	uint8_t p[2048];
	ssize_t n;

	while (readable(fd, t) && (n = read(fd, p, sizeof(p))) > 0) {
		size_t head = p[0] >> 4 == 4 ? 20 : 40;
		uint8_t want[4];

		put32(want, marker);
		if (n >= (ssize_t)head + 12 && memcmp(p + n - 4, want, 4) == 0)
			return addressed_well(p, head, t, reply) ? ARRIVED : ELSEWHERE;
	}
	return LOST;
}

static void drain(int fd)
{
	uint8_t p[2048];

	while (read(fd, p, sizeof(p)) > 0)
		;
}

static enum arrival forward_send(struct tuple *t, bool reply, uint8_t flags, uint32_t seq, uint32_t ack)
{
	uint8_t p[PACKET_MAX];
	size_t n = packet_make(p, t, reply, flags, seq, ack);

	ck_assert_int_eq(write(tun[reply], p, n), (ssize_t)n);
	return arrival_read(tun[!reply], t, reply);
}

/** The phases that came through, 0 to 3; *elsewhere when the first packet went to somebody else. */
static int kernel_forward(struct tuple *t, int want, bool *elsewhere)
{
	static const struct {
		int phase;
		bool reply;
		uint8_t flags;
		uint32_t seq, ack;
	} tcp[] = {{0, false, TCP_SYN, 1000, 0}, {1, true, TCP_SYN | TCP_ACK, 7000, 1005},
	        {1, true, TCP_ACK, 7005, 1005}, {2, false, TCP_ACK, 1005, 7009},
	        {2, false, TCP_PSH | TCP_ACK, 1009, 7009}, {2, false, TCP_FIN | TCP_ACK, 1013, 7009}};
	size_t n = t->proto == PROTO_TCP ? 6 : 3;

	drain(tun[0]);
	drain(tun[1]);
	for (size_t i = 0; i < n; i++) {
		bool is_tcp = t->proto == PROTO_TCP;
		enum arrival a;

		t->expected = (is_tcp ? tcp[i].phase : (int)i) < want;
		a = forward_send(t, is_tcp ? tcp[i].reply : i == 1, tcp[i].flags, tcp[i].seq, tcp[i].ack);

		*elsewhere = a == ELSEWHERE;
		if (a != ARRIVED)
			return is_tcp ? tcp[i].phase : (int)i;
	}
	return 3;
}

static int udp_socket(const struct tuple *t)
{
	bool input = t->path == PATH_INPUT;
	struct sockaddr_in a = {.sin_family = AF_INET,
	        .sin_port = htons(input ? t->dport : t->sport),
	        .sin_addr.s_addr = htonl((uint32_t)(input ? t->destination : t->source))};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static enum arrival local_out(int fd, struct tuple *t, int side, bool reply)
{
	u128 to = reply ? t->source : t->destination;
	struct sockaddr_in a = {.sin_family = AF_INET,
	        .sin_port = htons(reply ? t->sport : t->dport),
	        .sin_addr.s_addr = htonl((uint32_t)to)};
	uint8_t payload[4];

	put32(payload, ++marker);
	/* A drop in the output hook is told to the sender as EPERM. */
	if (sendto(fd, payload, sizeof(payload), 0, (struct sockaddr *)&a, sizeof(a)) < 0)
		return LOST;
	return arrival_read(tun[side], t, reply);
}

static enum arrival local_in(int fd, const struct tuple *t, int side, bool reply)
{
	uint8_t p[PACKET_MAX], got[64], want[4];
	size_t n = packet_make(p, t, reply, 0, 0, 0);

	put32(want, marker);
	ck_assert_int_eq(write(tun[side], p, n), (ssize_t)n);
	return readable(fd, t) && recv(fd, got, sizeof(got), 0) == 4 && memcmp(got, want, 4) == 0 ? ARRIVED : LOST;
}

/** UDP between the device itself and one side. */
static int kernel_local(struct tuple *t, int want)
{
	int fd = udp_socket(t), side = t->path == PATH_INPUT ? 0 : 1, phase;

	drain(tun[side]);
	for (phase = 0; phase < 3; phase++) {
		bool reply = phase == 1, in = reply != (t->path == PATH_INPUT);

		t->expected = phase < want;
		if ((in ? local_in(fd, t, side, reply) : local_out(fd, t, side, reply)) != ARRIVED)
			break;
	}
	close(fd);
	return phase;
}

static int kernel_phases(struct tuple *t, int want, bool *elsewhere)
{
	*elsewhere = false;
	t->seen_source = t->source;
	t->seen_sport = t->sport;
	t->seen_destination = t->destination;
	t->seen_dport = t->dport;
	return t->path == PATH_FORWARD ? kernel_forward(t, want, elsewhere) : kernel_local(t, want);
}

struct tally {
	unsigned packets, accepted, dropped, elsewhere, undecided;
};

static void point_flow(struct flow *out, struct flow_leg *leg, const struct flow *flow, const struct tuple *t)
{
	*out = *flow;
	*leg = flow->leg[0];
	leg->source = (struct range){t->source, t->source};
	leg->destination = (struct range){t->destination, t->destination};
	out->leg = leg;
	out->source_ports = (struct port_range){t->sport, t->sport};
	out->ports = (struct port_range){t->dport, t->dport};
	out->inside_ports.lo = out->inside_ports.hi = (uint16_t)(t->dport + t->shift);
}

static bool in_remainder(const struct finding *f, const struct tuple *t)
{
	bool ports = t->proto == PROTO_TCP || t->proto == PROTO_UDP;

	for (size_t i = 0; i < f->evidence->n_remainder; i++)
		if (box_has(&f->evidence->remainder[i], t->source, t->destination, ports ? t->sport : 0,
		            ports ? t->dport : 0))
			return true;
	return false;
}

/** Compare one connection with what was said of it alone, and of the flow that it was drawn from. */
static void compare(const char *name, const struct flow *flow, const struct finding *wide, const struct ruleset *rs,
        struct tuple *t, struct tally *tally)
{
	struct flow point;
	struct flow_leg leg;
	struct findings one;
	const struct finding *f;
	bool elsewhere;
	int phases, want;
	char a[64], b[64];

	point_flow(&point, &leg, flow, t);
	one = flow_verify(&point, rs, NULL);
	f = &one.finding[0];
	tally->packets++;
	if (f->verdict == VERDICT_INDETERMINATE) {
		tally->undecided++;
		findings_fini(&one);
		return;
	}
	want = f->verdict == VERDICT_CONFORMANT ? 3 : (int)f->evidence->witness.phase;
	phases = kernel_phases(t, want, &elsewhere);
	addr_print(t->family, t->source, a, sizeof(a));
	addr_print(t->family, t->destination, b, sizeof(b));
	ck_assert_msg(phases == want && (!elsewhere || f->verdict == VERDICT_MISDIRECTED),
	        "%s: %s: %s:%u > %s:%u: verifier %s (%d phases, %s), kernel %d phases%s", name, flow->label, a,
	        t->sport, b, t->dport, verdict_name(f->verdict), want,
	        f->evidence->blame.present ? f->evidence->blame.text : "-", phases, elsewhere ? ", elsewhere" : "");
	if (!wide->evidence->remainder_cut && wide->verdict != VERDICT_INDETERMINATE && wide->evidence->n_atom == 0)
		ck_assert_msg(in_remainder(wide, t) == (phases < 3), "%s: %s: %s:%u > %s:%u: %s remainder", name,
		        flow->label, a, t->sport, b, t->dport, phases < 3 ? "missing in" : "wrongly in");
	tally->accepted += phases == 3;
	tally->dropped += phases < 3 && !elsewhere;
	tally->elsewhere += elsewhere;
	findings_fini(&one);
}

static u128 pick(struct range r)
{
	u128 width = r.hi - r.lo;

	switch (draw(6)) {
	case 0:
		return r.lo;
	case 1:
		return r.hi;
	default:
		return r.lo + (width >= UINT32_MAX ? draw(UINT32_MAX) : draw((uint32_t)width + 1));
	}
}

/** From the whole flow, or from a box that the verifier drew, or just beside it: where a mistake would be. */
static void draw_tuple(const struct flow *flow, const struct finding *wide, struct tuple *t)
{
	struct box whole = {flow->leg[0].source, flow->leg[0].destination,
	        {flow->source_ports.lo, flow->source_ports.hi}, {flow->ports.lo, flow->ports.hi}};
	struct box b = whole;

	if (wide->evidence->n_remainder > 0 && draw(3) > 0)
		b = wide->evidence->remainder[draw((uint32_t)wide->evidence->n_remainder)];
	t->family = flow->family;
	t->proto = flow->proto;
	t->path = flow->path;
	t->source = pick(b.source);
	t->destination = pick(b.destination);
	t->sport = (uint16_t)pick(b.source_ports);
	t->dport = (uint16_t)pick(b.ports);
	if (draw(3) == 0 && t->dport < whole.ports.hi)
		t->dport++;
	if (draw(3) == 0 && t->source < whole.source.hi)
		t->source++;
	if (draw(4) == 0 && t->destination > whole.destination.lo)
		t->destination--;
	t->inside = flow->leg[0].translated ? flow->leg[0].inside : (struct range){t->destination, t->destination};
	t->shift = (int)flow->inside_ports.lo - (int)flow->ports.lo;
}

/** Network and broadcast addresses of the links are not forwarded, whatever the ruleset says. */
static bool is_sendable(const struct tuple *t)
{
	u128 low = t->family == FAMILY_IPV4 ? 0xffff : 0xffffffff;

	/* low - 1 is the device's own. */
	return (t->source & low) != 0 && (t->source & low) != low && (t->destination & low) != 0 &&
	       (t->destination & low) != low && (t->path == PATH_INPUT || (t->destination & low) != low - 1);
}

static struct ruleset *kernel_ruleset(const char *name)
{
	char *command = xasprintf("nft -f \"$SOURCE_DIR/tests/data/verify/%s.nft\"", name), line[1024];
	struct text json = {0};
	struct ruleset *rs;
	struct error err = {0};
	char buf[4096];
	size_t n;
	FILE *f;

	shell(command);
	free(command);
	f = popen("nft -j list ruleset", "r");
	ck_assert_ptr_nonnull(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		text_addn(&json, buf, n);
	ck_assert_int_eq(pclose(f), 0);
	ck_assert_msg(ruleset_parse_json(text_str(&json), json.len, &rs, &err) == 0, "%s",
	        error_line(&err, line, sizeof(line)));
	text_fini(&json);
	return rs;
}

static const struct scenario {
	const char *ruleset;
	bool undecided; /**< atoms are part of it */
	const char *flow[10];
} scenarios[] = {
        {"stateful", false,
                {"tcp 10.0.0.0/23 1024-65535 10.1.0.8-10.1.0.15 440-446", "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061",
                        "udp 10.0.0.0/23 1024-65535 10.1.0.0/24 3477-3479",
                        "tcp 10.0.0.0/23 1-65535 10.1.0.10-10.1.0.11 49150-57502",
                        "tcp fd00::1:0/112 1024-65535 fd01::1:0/112 442-444",
                        "icmp 10.0.0.0/24 1-60000 10.1.0.0/24 0"}},
        {"stateless", false,
                {"tcp 10.0.0.0/16 1024-65535 10.1.0.0/23 5060-5062", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/23 443",
                        "udp 10.0.0.0/24 1024-65535 10.1.0.0/24 3477-3479",
                        "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 8080", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 9090"}},
        {"jumps", false,
                {"tcp 10.0.0.0/24 1024-65535 10.1.0.0/22 5060-5066", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 440-446",
                        "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 8440-8446",
                        "tcp 10.0.0.0/24 1024-65535 10.1.2.0/23 24-26",
                        "udp 10.0.0.0/24 1024-65535 10.1.2.0/23 52-54"}},
        {"vmaps", false,
                {"tcp 10.0.0.0/22 1024-65535 10.1.0.0/24 5058-5064", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 440-446",
                        "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 990-2010",
                        "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 2990-4010",
                        "udp 10.0.0.0/24 1024-65535 10.1.0.0/24 1-100"}},
        {"concats", false,
                {"tcp 10.0.0.0/23 1024-65535 10.1.0.8-10.1.0.12 5060-5062",
                        "udp 10.0.0.0/23 1024-65535 10.1.0.8-10.1.0.24 49150-57502",
                        "tcp 10.0.1.0/24 1024-65535 10.1.0.0/27 443", "tcp 10.0.0.0/27 1024-65535 10.1.0.0/24 22",
                        "tcp 10.0.0.0/23 1024-65535 10.1.0.0/24 25", "tcp 10.0.0.0/29 1024-65535 10.1.0.0/24 8079-8082",
                        "udp 10.0.0.0/24 1024-65535 10.1.0.0/24 990-1010",
                        "tcp 10.0.0.0/20 1024-65535 10.1.0.10-10.1.0.11 80"}},
        {"priorities", false,
                {"tcp 10.0.0.0/22 1024-65535 10.1.0.0/24 22-26", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/25 8442-8444",
                        "udp 10.0.0.0/24 1024-65535 10.1.0.0/25 1899-1903",
                        "tcp fd00::1:0/112 1024-65535 fd01::1:0/112 442-444",
                        "udp 192.0.2.0/24 1024-65535 10.1.0.0/25 500"}},
        {"notrack", true,
                {"udp 10.0.0.0/23 1024-65535 10.1.0.0/24 5059-5061", "udp 10.0.0.0/24 1024-65535 10.1.0.0/24 7000",
                        "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 5000-5001",
                        "udp 10.0.0.0/24 6000-6002 10.1.0.0/24 7000"}},
        {"nat", true,
                {"tcp 10.0.0.0/24 1024-65535 10.1.0.18-10.1.0.22 8079-8081",
                        "tcp 10.0.0.0/24 1024-65535 10.1.0.28-10.1.0.32 443",
                        "udp 10.0.1.0/24 1024-65535 10.1.0.0/24 990-1010",
                        "udp 10.0.0.0/24 1024-65535 10.1.0.38-10.1.0.42 53",
                        "tcp 10.0.0.0/23 1024-65535 10.1.0.48-10.1.0.52 5061"}},
        {"published", true,
                {"tcp 10.0.0.0/28 1024-65535 198.51.100.7 8443 inside 10.1.0.20 443",
                        "tcp 10.0.0.0/24 1024-65535 198.51.100.7 8080 inside 10.1.0.20 80",
                        "tcp 10.0.0.0/24 1024-65535 198.51.100.7 5059-5063 inside 10.1.0.20 5059-5063",
                        "tcp 10.0.0.0/24 1024-65535 198.51.100.7 9443 inside 10.1.0.20-10.1.0.21 443",
                        "tcp 10.0.0.0/24 1024-65535 198.51.100.7 9443 inside 10.1.0.20 443",
                        "tcp 10.0.0.132-10.0.0.143 1024-65535 198.51.100.7 9443 inside 10.1.0.21 443",
                        "udp 10.0.0.0/28 1024-65535 198.51.100.7 3477-3478 inside 10.1.0.16/28 3477-3478",
                        "tcp 10.0.0.0/28 1024-65535 198.51.100.7 9100-9102 inside 10.1.0.22 9000-9002",
                        "tcp 10.0.3.0/28 1024-65535 198.51.100.7 9443 inside 10.1.0.21 443"}},
        {"maps", true,
                {"tcp 10.0.0.0/24 1024-65535 198.51.100.7 443 inside 10.1.0.20 8443",
                        "tcp 10.0.0.0/24 1024-65535 198.51.100.7 79-81 inside 10.1.0.21 8079-8081",
                        "tcp 10.0.0.0/24 1024-65535 198.51.100.13 5060-5062 inside 10.1.0.21 5060-5062",
                        "udp 10.0.0.0/24 1024-65535 198.51.100.8 3478-3479 inside 10.1.0.22 3578-3579",
                        "tcp 10.0.0.0/24 1024-65535 198.51.100.9 443 inside 10.1.0.20-10.1.0.21 443",
                        "tcp 10.0.0.0/24 1024-65535 198.51.100.30 443 inside 10.1.0.30-10.1.0.33 443",
                        "tcp 10.0.0.0/24 1024-65535 198.51.100.33 443 inside 10.1.0.32-10.1.0.33 8443",
                        "tcp 10.0.0.0/24 1024-65535 198.51.100.34 443 inside 10.1.0.50-10.1.0.53 443",
                        "tcp 10.0.0.0/24 1024-65535 198.51.100.36 443 inside 10.1.0.70-10.1.0.71 443",
                        "tcp 10.0.0.0/24 1024-65535 10.1.0.199-10.1.0.201 25"}},
        {"families", true,
                {"tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 999-1002", "tcp fd00::/96 1024-65535 fd01::1:0/112 999-1002",
                        "udp fd00::/112 1024-65535 fd01::/120 4990-6010",
                        "tcp fd00::1:0/112 1024-65535 fd01::1:0/112 20-30",
                        "udp 10.0.0.0/24 1024-65535 10.1.0.0/24 6999-7003",
                        "icmpv6 fd00::1:0/112 1-60000 fd01::1:0/112 0", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 9000"}},
        {"negations", false,
                {"tcp 10.0.0.0/22 1024-65535 10.1.0.0/24 990-1110", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/23 1199-1201",
                        "udp 10.0.0.0/24 1024-65535 10.1.0.0/24 499-501",
                        "tcp 10.0.0.0/24 1-65535 10.1.0.0/24 3000-3010",
                        "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1990-2010"}},
        {"local", false,
                {"udp 10.0.0.0/23 1024-65535 10.0.255.254 990-1110 input",
                        "udp 10.0.0.0/24 1024-65535 10.0.255.254 1200-1201 input",
                        "udp 10.0.0.0/24 1024-65535 10.0.255.254 1299-1301 input",
                        "udp 10.1.255.254 1024-65535 10.1.0.0/24 1990-2110 output",
                        "udp 10.1.255.254 1024-65535 10.1.0.0/24 2199-2201 output",
                        "udp 10.1.255.254 1298-1302 10.1.0.0/24 2299-2301 output"}},
        {"atoms", true,
                {"tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1000", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1001",
                        "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1003-1004"}},
};

/** Conntrack remembers: a connection is tried once. */
static bool is_fresh(const struct tuple *t, struct tuple *sent, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (sent[i].family == t->family && sent[i].proto == t->proto && sent[i].source == t->source &&
		        sent[i].destination == t->destination && sent[i].sport == t->sport && sent[i].dport == t->dport)
			return false;
	sent[(*n)++] = *t;
	return true;
}

START_TEST(agrees_with_the_kernel)
{
	const struct scenario *s = &scenarios[_i];
	struct tuple sent[10 * PER_FLOW];
	struct tally tally = {0};
	struct ruleset *rs;
	size_t n_sent = 0;

	namespace_make();
	rs = kernel_ruleset(s->ruleset);
	seed = 12345 + (uint64_t)_i;
	for (size_t i = 0; i < 10 && s->flow[i] != NULL; i++) {
		struct flow flow;
		struct findings wide;

		flow_make(&flow, s->flow[i]);
		wide = flow_verify(&flow, rs, NULL);
		for (int k = 0; k < PER_FLOW; k++) {
			struct tuple t;

			draw_tuple(&flow, &wide.finding[0], &t);
			if (is_sendable(&t) && is_fresh(&t, sent, &n_sent))
				compare(s->ruleset, &flow, &wide.finding[0], rs, &t, &tally);
		}
		findings_fini(&wide);
		flow_free(&flow);
	}
	fprintf(stderr, "%s: %u connections, %u accepted, %u dropped, %u elsewhere, %u undecided\n", s->ruleset,
	        tally.packets, tally.accepted, tally.dropped, tally.elsewhere, tally.undecided);
	ck_assert_uint_gt(tally.accepted, 0);
	ck_assert_uint_gt(tally.dropped, 0);
	if (!s->undecided)
		ck_assert_uint_eq(tally.undecided, 0);
	ruleset_free(rs);
}
END_TEST

static const char *why_not(void)
{
	if (geteuid() != 0)
		return "needs root for network namespaces";
	if (access("/dev/net/tun", R_OK | W_OK) != 0)
		return "needs /dev/net/tun";
	if (system("nft --version >/dev/null 2>&1 && ip -V >/dev/null 2>&1") != 0)
		return "needs nft and ip";
	return NULL;
}

int main(void)
{
	Suite *s = suite_create("verify_kernel");
	TCase *t = tcase_create("oracle");
	SRunner *r = srunner_create(s);
	int failed;

	if (why_not() != NULL) {
		fprintf(stderr, "skipped: %s\n", why_not());
		srunner_free(r);
		return 77;
	}
	setenv("SOURCE_DIR", SOURCE_DIR, 1); /* for shell commands: the path may have spaces */
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, agrees_with_the_kernel, 0, (int)(sizeof(scenarios) / sizeof(scenarios[0])));
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
