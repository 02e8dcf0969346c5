/*
 * What packets see of the own table: those that are lost while it is replaced a hundred times, and how many of 10,000 flows
 * are forwarded in a second, beside a table with a rule for each flow and beside no table at all. Two hosts and a router in
 * network namespaces; bounded in time.
 */
#include "bench/push.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

#include "bench/bench.h"
#include "ip_wire.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "router_scene.h"

/* ---- losses ---- */

#define REPLACES 100
#define RATE 30000 /* packets per second */

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

/** What became of a stream. */
struct stream_losses {
	unsigned long sent, in_table, in_all, leaked;
};

static struct stream_losses losses(
        const struct router *router, const struct router_seen *before, struct router_stream *stream)
{
	unsigned long sent = router_stop(stream);
	struct router_seen seen = router_look(router);
	unsigned long arrived = seen.arrived - before->arrived;

	return (struct stream_losses){.sent = sent,
	        .in_table = seen.came - before->came - (seen.went - before->went),
	        .in_all = sent - arrived,
	        .leaked = seen.leaked - before->leaked};
}

/* As long a stream without a replace says what the machine loses by itself. */
static struct stream_losses losses_of_machine(const struct router *router, double ms)
{
	struct router_seen before = router_look(router);
	struct router_stream stream;

	must(router_start(router, RATE, &stream) == 0, "no stream");
	router_await(&stream, (unsigned long)(ms * RATE / 1000 / ROUTER_EVERY));
	return losses(router, &before, &stream);
}

static void losses_print(
        size_t deployments, bool all, const struct stream_losses *ours, const struct stream_losses *machine, bool json)
{
	char *work = xasprintf("lost in %d replaces, %zu deployment%s%s", REPLACES, deployments,
	        deployments == 1 ? "" : "s", all ? ", scope all" : "");

	push_print(work, ours->sent, (double)ours->in_all, "no replace", (double)machine->in_all, "packets", json);
	push_print("of which: in the table", ours->sent, (double)ours->in_table, "no replace",
	        (double)machine->in_table, "packets", json);
	push_print("let through that are not to pass", ours->sent / (ROUTER_EVERY - 1), (double)ours->leaked,
	        "no replace", (double)machine->leaked, "packets", json);
	free(work);
}

static void measure_losses(const struct router *router, size_t deployments, bool all, bool json)
{
	struct stream_losses ours, machine;
	struct router_stream stream;
	struct router_seen before;
	struct push_scene s;
	struct site *site[2];
	double from;

	push_scene_open(&s);
	site[0] = push_site(&s, deployments, all ? PUSH_SCOPE_ALL : "");
	site[1] = push_site(&s, deployments, all ? PUSH_SCOPE_ALL PUSH_RULE : PUSH_RULE);
	push_commit(&s, s.empty, site[0]);
	before = router_look(router);
	must(router_start(router, RATE, &stream) == 0, "no stream");
	router_await(&stream, 1);
	from = push_now_ms();
	for (int i = 0; i < REPLACES; i++)
		push_commit(&s, site[i % 2], site[1 - i % 2]);
	from = push_now_ms() - from;
	ours = losses(router, &before, &stream);
	machine = losses_of_machine(router, from);
	losses_print(deployments, all, &ours, &machine, json);
	push_commit(&s, site[0], s.empty);
	site_free(site[0]);
	site_free(site[1]);
	push_scene_close(&s);
}

void bench_push_losses(bool json)
{
	struct router router;

	must(router_open(&router) == 0, "no router");
	measure_losses(&router, 1, false, json);
	measure_losses(&router, 1, true, json);
	measure_losses(&router, 15, false, json);
	router_close(&router);
}

/* ---- rates ---- */

#define DEPLOYMENTS 152
#define ROUNDS 3
#define ROUND_MS 1000

#define ROUTER_MAC "02:00:00:00:00:01"
#define SERVER_MAC "02:00:00:00:00:02"
static const uint8_t ethernet[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 3};

/** The first packet of a flow, as it comes from the wire. */
struct frame {
	uint8_t bytes[96];
	size_t len;
};

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Without a checksum of its own: nobody looks at it here. */
static size_t put_transport(uint8_t *p, const struct flow *flow)
{
	size_t len = flow->proto == PROTO_TCP ? 20 : 8;

	put16(p, flow->source_ports.lo);
	put16(p + 2, flow->ports.lo);
	if (flow->proto == PROTO_TCP) {
		p[12] = 5 << 4;
		p[13] = 2; /* SYN */
	} else {
		put16(p + 4, (unsigned)len);
	}
	return len;
}

static void frame_make(struct frame *out, const struct flow *flow)
{
	const struct flow_leg *leg = &flow->leg[0];
	uint8_t *ip = out->bytes + ETH_HLEN;
	bool v4 = flow->family == FAMILY_IPV4;
	size_t header = v4 ? 20 : 40, size = v4 ? 4 : 16, len;

	memset(out, 0, sizeof(*out));
	memcpy(out->bytes, ethernet, sizeof(ethernet));
	put16(out->bytes + 12, v4 ? ETH_P_IP : ETH_P_IPV6);
	len = put_transport(ip + header, flow);
	put_address(ip + (v4 ? 12 : 8), size, leg->source.lo);
	put_address(ip + (v4 ? 16 : 24), size, leg->destination.lo);
	if (v4) {
		ip[0] = 0x45;
		put16(ip + 2, (unsigned)(header + len));
		ip[8] = 64;
		ip[9] = flow->proto;
		put16(ip + 10, fold(sum16(ip, header, 0)));
	} else {
		ip[0] = 0x60;
		put16(ip + 4, (unsigned)len);
		ip[6] = flow->proto;
		ip[7] = 64;
	}
	out->len = ETH_HLEN + header + len;
}

static bool is_sent(const struct flow *flow)
{
	return flow->state == FLOW_CHECK && !flow->advisory && flow->path == PATH_FORWARD && flow->n_leg > 0 &&
	       !flow->leg[0].translated && (flow->proto == PROTO_TCP || flow->proto == PROTO_UDP);
}

/* In an order that has nothing to do with that of the rules. */
static struct frame *frames_make(const struct flows *flows, size_t *n)
{
	struct frame *frame = xcalloc(flows->n + 1, sizeof(*frame)), other;
	uint64_t random = 1;

	*n = 0;
	for (size_t i = 0; i < flows->n; i++)
		if (is_sent(&flows->flow[i]))
			frame_make(&frame[(*n)++], &flows->flow[i]);
	for (size_t i = *n; i > 1; i--) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		size_t k = (size_t)((random >> 33) % i);

		other = frame[k];
		frame[k] = frame[i - 1];
		frame[i - 1] = other;
	}
	return frame;
}

static void add_range(struct text *t, const char *key, enum family family, struct range r)
{
	char range[96];

	text_addf(t, " %s %s", key, range_print(family, r, range, sizeof(range)));
}

static void add_ports(struct text *t, const char *proto, const char *key, struct port_range r)
{
	text_addf(t, " %s %s %u", proto, key, r.lo);
	if (r.hi != r.lo)
		text_addf(t, "-%u", r.hi);
}

#define OTHER_TABLE                                                                                                    \
	"table inet other {\n\tchain c {\n\t\ttype filter hook forward priority 0; policy accept;\n"                   \
	"\t\tct state established,related counter accept\n"

/* One rule per flow, each with the counter that our boxes have, and what is not let in dropped. */
static char *rules_of(const struct flows *flows)
{
	struct text t = {0};

	text_add(&t, OTHER_TABLE);
	for (size_t i = 0; i < flows->n; i++) {
		const struct flow *flow = &flows->flow[i];
		const char *family = flow->family == FAMILY_IPV4 ? "ip" : "ip6",
		           *proto = flow->proto == PROTO_TCP ? "tcp" : "udp";
		char key[16];

		for (size_t l = 0; is_sent(flow) && l < flow->n_leg; l++) {
			snprintf(key, sizeof(key), "%s saddr", family);
			add_range(&t, key, flow->family, flow->leg[l].source);
			snprintf(key, sizeof(key), "%s daddr", family);
			add_range(&t, key, flow->family, flow->leg[l].destination);
			add_ports(&t, proto, "sport", flow->source_ports);
			add_ports(&t, proto, "dport", flow->ports);
			text_add(&t, " counter accept\n");
		}
	}
	text_add(&t, "\t\tct state new counter drop\n\t}\n}\n");
	return text_take(&t);
}

static void load(const struct push_scene *s, const char *text)
{
	char path[96], command[128];
	struct error err;

	snprintf(path, sizeof(path), "%s/other.nft", s->directory);
	push_must(file_replace(path, text, strlen(text), &err), &err);
	snprintf(command, sizeof(command), "nft -f %s", path);
	must(system(command) == 0, "nft refuses a table");
	unlink(path);
}

/** Two hosts that know the router's addresses of the wire, and a counter of all that arrives. */
static int wire_open(struct router *router)
{
	static const struct router_plan plan = {"192.168.0.2", "192.168.0.1", "172.31.0.2", "172.31.0.1"};
	int fd, one = 1;
	struct sockaddr_ll at = {.sll_family = AF_PACKET};

	must(router_make(router, &plan) == 0, "no router");
	must(system("ip link set lan0 address " ROUTER_MAC " && sysctl -qw net.ipv6.conf.all.forwarding=1 "
	            "net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.lan0.rp_filter=0 "
	            "net.netfilter.nf_conntrack_checksum=0 && ip -6 addr add fd99::1/64 dev srv0 nodad && "
	            "ip neigh replace 172.31.0.2 lladdr " SERVER_MAC " dev srv0 nud permanent && "
	            "ip neigh replace fd99::2 lladdr " SERVER_MAC " dev srv0 nud permanent && "
	            "ip route add default via 172.31.0.2 && ip -6 route add default via fd99::2 dev srv0") == 0,
	        "no routes");
	must(router_enter(router->server) &&
	                system("ip link set e0 address " SERVER_MAC
	                       " && nft 'table netdev seen { counter came { }; chain c "
	                       "{ type filter hook ingress device e0 priority 0; meta l4proto { tcp, udp } counter "
	                       "name "
	                       "came drop; }; }'") == 0 &&
	                router_enter(router->client),
	        "no counter");
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	at.sll_ifindex = (int)if_nametoindex("e0");
	must(fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 &&
	                setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) == 0 &&
	                router_enter(router->home),
	        "no wire");
	return fd;
}

static double arrived(const struct router *router)
{
	unsigned long n = 0;
	FILE *f;

	must(router_enter(router->server), "no server");
	f = popen("nft list counter netdev seen came | sed -n 's/.*packets \\([0-9]*\\) .*/\\1/p'", "r");
	must(f != NULL && fscanf(f, "%lu", &n) == 1, "no counter");
	pclose(f);
	must(router_enter(router->home), "no router");
	return (double)n;
}

/* Each packet goes all the way before the next is sent: @return packets per second. */
static double rate(const struct router *router, int fd, const struct frame *frame, size_t n)
{
	double before = arrived(router), from = push_now_ms(), end;

	for (size_t i = 0;; i = (i + 1) % n) {
		(void)!send(fd, frame[i].bytes, frame[i].len, 0);
		end = push_now_ms();
		if (end - from > ROUND_MS)
			break;
	}
	return (arrived(router) - before) * 1000 / (end - from);
}

enum { OURS, PER_FLOW, CONNTRACK, NONE, TABLES };

void bench_push_rates(bool json)
{
	static const char *const peers[TABLES] = {
	        [PER_FLOW] = "a rule per flow", [CONNTRACK] = "conntrack alone", [NONE] = "no table"};
	double rates[TABLES][ROUNDS], ours;
	struct router router;
	struct push_scene s;
	struct flows flows;
	struct error err;
	size_t n;
	int fd = wire_open(&router);

	push_scene_open(&s);
	struct site *site = push_site(&s, DEPLOYMENTS, "");
	push_must(flows_derive(site, s.catalog, &(struct network){0}, clock_wall_s(), &flows, &err), &err);
	struct frame *frame = frames_make(&flows, &n);
	char *rules = rules_of(&flows);
	for (int i = 0; i < ROUNDS; i++) {
		rates[NONE][i] = rate(&router, fd, frame, n);
		load(&s, OTHER_TABLE "\t}\n}\n");
		rates[CONNTRACK][i] = rate(&router, fd, frame, n);
		load(&s, "delete table inet other\n");
		load(&s, rules);
		rates[PER_FLOW][i] = rate(&router, fd, frame, n);
		load(&s, "delete table inet other\n");
		push_commit(&s, s.empty, site);
		rates[OURS][i] = rate(&router, fd, frame, n);
		push_commit(&s, site, s.empty);
	}
	ours = bench_median(rates[OURS], ROUNDS);
	for (int k = PER_FLOW; k < TABLES; k++)
		push_print("packets forwarded", n, ours, peers[k], bench_median(rates[k], ROUNDS), "1/s", json);
	free(rules);
	free(frame);
	flows_fini(&flows);
	site_free(site);
	push_scene_close(&s);
	close(fd);
	router_close(&router);
}
