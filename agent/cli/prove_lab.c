/*
 * A private network namespace with this device's interface names, addresses, routes and ruleset: packets go in over tun
 * devices or a raw socket, and what the kernel does to them comes out, with the rule of the live ruleset that did it.
 * What the namespace cannot have is noted; a ruleset that does not load there is refused.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/live.h"
#include "cli/prove.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/nft.h"
#include "portcullis/text.h"
#include "verify/blame.h"

#define OWN_TABLE "portcullis_prove"
#define WAIT_MS 1000
#define REST_MS 20 /* for the trace of a packet that has arrived */
#define ROUTES_MAX 4096
#define OUTPUT_MAX ((size_t)256 << 20)
#define EVENTS 64

/* The first chain asks for the trace, the last one sees what is delivered. Nothing that the kernel says by itself. */
static const char own_table[] =
        "table inet " OWN_TABLE " {\n"
        "chain trace { meta l4proto { tcp, udp } meta nftrace set 1; icmp type { echo-request, echo-reply } meta "
        "nftrace "
        "set 1; icmpv6 type { echo-request, echo-reply } meta nftrace set 1; }\n"
        "chain first { type filter hook prerouting priority -1000000; jump trace; }\n"
        "chain first_out { type filter hook output priority -1000000; tcp flags & rst == rst drop; icmp type "
        "destination-unreachable drop; icmpv6 type destination-unreachable drop; jump trace; }\n"
        "chain last { type filter hook input priority 1000000; accept; }\n"
        "}\n";

struct device {
	char name[IFNAME_SIZE];
	int fd; /**< -1: not a tun device */
};

struct prove_lab {
	const struct ruleset *live;
	struct ruleset *copy; /**< what was loaded, with its handles */
	struct device device[PROVE_DEVICES_MAX];
	size_t n_device;
	int trace_fd, raw_fd;
	uint32_t marker;
	struct packet first;
};

static void note(json_t *notes, const char *format, const char *what)
{
	char text[512];
	snprintf(text, sizeof(text), format, what);
	json_array_append_new(notes, json_string(text));
}

/* Programs */

static int memory_file(const char *content)
{
	int fd = memfd_create("portcullis", MFD_CLOEXEC);
	size_t len = content != NULL ? strlen(content) : 0;
	for (size_t done = 0; fd >= 0 && done < len;) {
		ssize_t n = write(fd, content + done, len - done);
		if (n < 0 && errno != EINTR) {
			close(fd);
			return -1;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

static char *memory_read(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	size_t len = size > 0 && (size_t)size <= OUTPUT_MAX ? (size_t)size : 0, done = 0;
	char *s = xmalloc(len + 1);
	while (done < len) {
		ssize_t n = pread(fd, s + done, len - done, (off_t)done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	s[done] = '\0';
	return s;
}

__attribute__((noreturn)) static void become(const char *const *argv, int in, int out, int err)
{
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	setenv("LC_ALL", "C", 1);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	dprintf(STDERR_FILENO, "%s", strerror(errno));
	_exit(127);
}

int prove_execute(const char *const *argv, const char *input, char **out, struct error *err)
{
	int in = memory_file(input), to = memory_file(NULL), bad = memory_file(NULL), status = -1;
	pid_t pid = in >= 0 && to >= 0 && bad >= 0 ? fork() : -1;
	if (pid == 0)
		become(argv, in, to, bad);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	int result = 0;
	if (pid < 0) {
		result = error_set(err, ERR_IO, argv[0], "%s", strerror(errno));
	} else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		char *text = memory_read(bad);
		text[strcspn(text, "\n")] = '\0';
		result = error_set(err, ERR_IO, argv[0], "%.400s", text[0] != '\0' ? text : "it failed");
		free(text);
	} else if (out != NULL) {
		*out = memory_read(to);
	}
	for (int i = 0; i < 3; i++)
		if ((const int[]){in, to, bad}[i] >= 0)
			close((const int[]){in, to, bad}[i]);
	return result;
}

/* What the device has: read before its namespace is left */

static bool device_add(struct prove_lab *lab, const char *name)
{
	for (size_t i = 0; i < lab->n_device; i++)
		if (strcmp(lab->device[i].name, name) == 0)
			return true;
	if (name[0] == '\0' || strcmp(name, "lo") == 0)
		return true;
	if (lab->n_device == PROVE_DEVICES_MAX)
		return false;
	struct device *d = &lab->device[lab->n_device++];
	snprintf(d->name, sizeof(d->name), "%s", name);
	d->fd = -1;
	return true;
}

static void devices_find(struct prove_lab *lab, json_t *notes)
{
	struct if_nameindex *list = if_nameindex();
	bool all = device_add(lab, lab->first.iif) && device_add(lab, lab->first.oif);
	for (size_t i = 0; list != NULL && list[i].if_name != NULL; i++)
		all = device_add(lab, list[i].if_name) && all;
	if (list != NULL)
		if_freenameindex(list);
	if (!all)
		note(notes, "more than %s interfaces: the others are missing there", "256");
}

static int mask_length(const struct sockaddr *mask, int family)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	int n = 0;
	const uint8_t *byte;
	size_t size = family == AF_INET ? 4 : 16;
	if (mask == NULL)
		return family == AF_INET ? 32 : 128;
	if (family == AF_INET) {
		memcpy(&v4, mask, sizeof(v4));
		byte = (const uint8_t *)&v4.sin_addr;
	} else {
		memcpy(&v6, mask, sizeof(v6));
		byte = (const uint8_t *)&v6.sin6_addr;
	}
	for (size_t i = 0; i < size; i++)
		for (uint8_t b = byte[i]; b != 0; b = (uint8_t)(b << 1))
			n++;
	return n;
}

static void addresses_add(struct text *batch)
{
	struct ifaddrs *list = NULL;
	if (getifaddrs(&list) != 0)
		return;
	for (const struct ifaddrs *a = list; a != NULL; a = a->ifa_next) {
		char text[INET6_ADDRSTRLEN];
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		int family = a->ifa_addr != NULL ? a->ifa_addr->sa_family : AF_UNSPEC;
		if (strcmp(a->ifa_name, "lo") == 0 || (family != AF_INET && family != AF_INET6))
			continue;
		if (family == AF_INET) {
			memcpy(&v4, a->ifa_addr, sizeof(v4));
			inet_ntop(family, &v4.sin_addr, text, sizeof(text));
		} else {
			memcpy(&v6, a->ifa_addr, sizeof(v6));
			if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr))
				continue;
			inet_ntop(family, &v6.sin6_addr, text, sizeof(text));
		}
		text_addf(batch, "addr add %s/%d dev %s%s\n", text, mask_length(a->ifa_netmask, family), a->ifa_name,
		        family == AF_INET6 ? " nodad" : "");
	}
	freeifaddrs(list);
}

static void route_add(void *ctx, const char *cidr)
{
	text_addf(ctx, "route add %s", cidr);
}

static void routes_add(struct text *batch, const struct network *net, json_t *notes)
{
	for (size_t i = 0; i < net->n_route && i < ROUTES_MAX; i++) {
		const struct net_route *r = &net->route[i];
		if (r->ifname[0] == '\0' || strcmp(r->ifname, "lo") == 0)
			continue;
		range_each_prefix(r->family, r->destination, route_add, batch);
		text_addf(batch, " dev %s metric %u\n", r->ifname, r->metric);
	}
	if (net->n_route > ROUTES_MAX)
		note(notes, "more than %s routes: the others are missing there", "4096");
}

static void take_ifname(void *ctx, struct range part, const char *ifname)
{
	(void)part;
	snprintf(ctx, IFNAME_SIZE, "%s", ifname);
}

/* The packet's own way, where the routes do not lead it there. */
static void way_add(struct text *batch, const struct network *net, enum family f, u128 address, const char *ifname)
{
	char now[IFNAME_SIZE] = "", text[64];
	struct range one = {address, address};
	if (ifname[0] == '\0' || network_is_local(net, f, address))
		return;
	network_each_route(net, f, one, take_ifname, now);
	if (strcmp(now, ifname) != 0)
		text_addf(batch, "route replace %s/%d dev %s\n", addr_print(f, address, text, sizeof(text)),
		        f == FAMILY_IPV4 ? 32 : 128, ifname);
}

static char *batch_make(struct prove_lab *lab, const struct network *net, json_t *notes)
{
	const struct packet *p = &lab->first;
	struct text batch = {0};
	text_add(&batch, "link set lo up\n");
	for (size_t i = 0; i < lab->n_device; i++)
		text_addf(&batch, "link set %s up\n", lab->device[i].name);
	addresses_add(&batch);
	routes_add(&batch, net, notes);
	way_add(&batch, net, p->family, p->source, p->iif);
	if (p->path == PATH_FORWARD || p->path == PATH_OUTPUT)
		way_add(&batch, net, p->family, p->destination, p->oif);
	return text_take(&batch);
}

/* The namespace */

static void setting(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* an older or smaller kernel */
	/* Where it stays as it is the packet will tell. */
	(void)!write(fd, value, strlen(value));
	close(fd);
}

static void settings_make(void)
{
	static const char *const on[] = {"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding",
	        "/proc/sys/net/ipv6/conf/default/forwarding", "/proc/sys/net/ipv4/icmp_echo_ignore_all",
	        "/proc/sys/net/ipv6/icmp/echo_ignore_all"};
	static const char *const off[] = {"/proc/sys/net/ipv4/conf/all/rp_filter",
	        "/proc/sys/net/ipv4/conf/default/rp_filter", "/proc/sys/net/ipv6/conf/all/accept_dad",
	        "/proc/sys/net/ipv6/conf/default/accept_dad", "/proc/sys/net/ipv6/conf/all/router_solicitations",
	        "/proc/sys/net/ipv6/conf/default/router_solicitations"};
	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++)
		setting(on[i], "1");
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		setting(off[i], "0");
}

static int devices_make(struct prove_lab *lab, struct error *err)
{
	for (size_t i = 0; i < lab->n_device; i++) {
		struct ifreq ifr = {.ifr_flags = IFF_TUN | IFF_NO_PI};
		struct device *d = &lab->device[i];
		d->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
		snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", d->name);
		if (d->fd < 0 || ioctl(d->fd, TUNSETIFF, &ifr) != 0)
			return error_set(err, ERR_UNAVAILABLE, "/dev/net/tun", "%s cannot be made there: %s", d->name,
			        strerror(errno));
	}
	return 0;
}

static int raw_open(struct prove_lab *lab, struct error *err)
{
	const int one = 1;
	bool ip4 = lab->first.family == FAMILY_IPV4;
	lab->raw_fd = socket(ip4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (lab->raw_fd < 0 || setsockopt(lab->raw_fd, ip4 ? IPPROTO_IP : IPPROTO_IPV6,
	                               ip4 ? IP_HDRINCL : 36 /* IPV6_HDRINCL */, &one, sizeof(one)) != 0)
		return error_set(err, ERR_IO, "raw socket", "%s", strerror(errno));
	return 0;
}

static int load_all(const struct prove_load *load, struct error *err)
{
	static const char *const argv[] = {"nft", "-f", "-", NULL};
	if (prove_load_do(load, err) == 0 && prove_execute(argv, own_table, NULL, err) == 0)
		return 0;
	err->code = ERR_UNAVAILABLE;
	return -1;
}

int prove_lab_open(const struct ruleset *live, const char *text, const struct packet *first, json_t *notes,
        struct prove_lab **out, struct error *err)
{
	static const char *const argv[] = {"ip", "-force", "-batch", "-", NULL};
	struct prove_lab *lab = xcalloc(1, sizeof(*lab));
	struct network net = {.known = false};
	struct error ignored;
	struct prove_load *load = NULL;
	char *batch = NULL;
	int result = -1;

	lab->live = live;
	lab->first = *first;
	lab->trace_fd = lab->raw_fd = -1;
	if (network_read(&net, err) != 0 || prove_load_prepare(text, &load, err) != 0)
		goto out;
	devices_find(lab, notes);
	batch = batch_make(lab, &net, notes);
	if (unshare(CLONE_NEWNET) != 0) {
		error_set(err, errno == EPERM ? ERR_DENIED : ERR_IO, "network namespace", "%s: run it as root",
		        strerror(errno));
		goto out;
	}
	settings_make();
	if (devices_make(lab, err) != 0)
		goto out;
	/* Routes that addresses bring with them are there already, and some lead through gateways that are not. */
	if (prove_execute(argv, batch, NULL, &ignored) != 0 && strstr(ignored.text, "No such file") != NULL) {
		*err = ignored;
		goto out;
	}
	if (load_all(load, err) != 0 || live_ruleset(&lab->copy, err) != 0 || raw_open(lab, err) != 0)
		goto out;
	lab->trace_fd = nft_trace_open(err);
	result = lab->trace_fd >= 0 ? 0 : -1;
out:
	free(batch);
	prove_load_free(load);
	network_fini(&net);
	if (result != 0)
		prove_lab_close(lab);
	*out = result == 0 ? lab : NULL;
	return result;
}

void prove_lab_close(struct prove_lab *lab)
{
	if (lab == NULL)
		return;
	for (size_t i = 0; i < lab->n_device; i++)
		if (lab->device[i].fd >= 0)
			close(lab->device[i].fd);
	if (lab->trace_fd >= 0)
		close(lab->trace_fd);
	if (lab->raw_fd >= 0)
		close(lab->raw_fd);
	ruleset_free(lab->copy);
	free(lab);
}

/* Packets */

static int device_fd(const struct prove_lab *lab, const char *name)
{
	for (size_t i = 0; i < lab->n_device; i++)
		if (strcmp(lab->device[i].name, name) == 0)
			return lab->device[i].fd;
	return -1;
}

static bool send_raw(const struct prove_lab *lab, const uint8_t *bytes, size_t len)
{
	if (lab->first.family == FAMILY_IPV4) {
		struct sockaddr_in to = {.sin_family = AF_INET};
		memcpy(&to.sin_addr, bytes + 16, 4);
		return sendto(lab->raw_fd, bytes, len, 0, (const struct sockaddr *)&to, sizeof(to)) >= 0;
	}
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};
	memcpy(&to.sin6_addr, bytes + 24, 16);
	return sendto(lab->raw_fd, bytes, len, 0, (const struct sockaddr *)&to, sizeof(to)) >= 0;
}

/* The other side's interface sends the replies; what this device says itself goes through its own output hook. */
static int send_packet(const struct prove_lab *lab, bool reply, const uint8_t *bytes, size_t len, struct error *err)
{
	enum path path = lab->first.path;
	bool local = reply ? path == PATH_INPUT : path == PATH_OUTPUT;
	const char *name = reply ? lab->first.oif : lab->first.iif;
	if (local) {
		/* A drop in the output hook is told to the sender; the trace tells it better. */
		if (send_raw(lab, bytes, len) || errno == EPERM)
			return 0;
		return error_set(err, ERR_IO, "raw socket", "the packet cannot be sent: %s", strerror(errno));
	}
	if (write(device_fd(lab, name), bytes, len) == (ssize_t)len)
		return 0;
	return error_set(err, ERR_IO, name, "the packet cannot be sent: %s", strerror(errno));
}

static bool same_kind(const struct packet *a, const struct packet *sent)
{
	return a->family == sent->family && a->proto == sent->proto && a->icmp_type == sent->icmp_type;
}

static bool arrived(struct prove_lab *lab, const struct packet *sent, struct passage *out)
{
	uint8_t bytes[2048];
	for (size_t i = 0; i < lab->n_device; i++) {
		ssize_t n;
		while ((n = read(lab->device[i].fd, bytes, sizeof(bytes))) > 0) {
			struct packet p;
			if (!probe_read(bytes, (size_t)n, lab->marker, &p) || !same_kind(&p, sent))
				continue;
			out->packet = p;
			snprintf(out->packet.oif, IFNAME_SIZE, "%s", lab->device[i].name);
			out->fate = FATE_ARRIVED;
			return true;
		}
	}
	return false;
}

static size_t chain_find(const struct ruleset *rs, const struct nft_trace_event *e)
{
	for (size_t i = 0; i < rs->n_chain; i++)
		if (rs->chain[i].family == e->family && strcmp(rs->chain[i].table, e->table) == 0 &&
		        strcmp(rs->chain[i].name, e->chain) == 0)
			return i;
	return SIZE_MAX;
}

/* The same place in the live ruleset: rules keep their order, not their handles. */
static void blame_live(const struct prove_lab *lab, const struct nft_trace_event *e, struct blame *out)
{
	size_t there = chain_find(lab->copy, e), here = chain_find(lab->live, e), rule = 0;
	memset(out, 0, sizeof(*out));
	if (there == SIZE_MAX || here == SIZE_MAX)
		return;
	const struct rs_chain *c = &lab->copy->chain[there];
	while (!e->policy && rule < c->n_rule && c->rule[rule].handle != e->handle)
		rule++;
	if (!e->policy && (rule == c->n_rule || lab->live->chain[here].n_rule != c->n_rule))
		return;
	blame_fill(lab->live, here, e->policy ? OUTCOME_POLICY : rule, e->dropped ? OUTCOME_DROP : OUTCOME_ACCEPT, out);
}

/* @return whether the packet's end is known. */
static bool take_trace(struct prove_lab *lab, struct passage *out)
{
	struct nft_trace_event event[EVENTS];
	size_t n = nft_trace_read(lab->trace_fd, event, EVENTS);
	for (size_t i = 0; i < n && out->fate != FATE_DROPPED; i++) {
		struct blame blame;
		if (strcmp(event[i].table, OWN_TABLE) == 0) {
			out->delivered = out->delivered || strcmp(event[i].chain, "last") == 0;
			continue;
		}
		blame_live(lab, &event[i], &blame);
		if (event[i].dropped) {
			out->fate = FATE_DROPPED;
			out->blame = blame;
			continue;
		}
		out->met = xgrow(out->met, out->n_met, &out->cap_met, sizeof(*out->met));
		out->met[out->n_met++] = blame;
	}
	if (out->delivered && out->fate == FATE_LOST)
		out->fate = FATE_ARRIVED;
	return out->fate != FATE_LOST;
}

static void watch(struct prove_lab *lab, const struct packet *sent, struct passage *out)
{
	struct pollfd fds[PROVE_DEVICES_MAX + 1];
	int64_t until = clock_monotonic_ms() + WAIT_MS;
	for (size_t i = 0; i < lab->n_device; i++)
		fds[i] = (struct pollfd){.fd = lab->device[i].fd, .events = POLLIN};
	fds[lab->n_device] = (struct pollfd){.fd = lab->trace_fd, .events = POLLIN};
	for (int64_t now; out->fate == FATE_LOST && (now = clock_monotonic_ms()) < until;) {
		if (poll(fds, lab->n_device + 1, (int)(until - now)) < 0 && errno != EINTR)
			return;
		if (take_trace(lab, out) || arrived(lab, sent, out))
			break;
	}
	/* The trace of what has arrived may still be on its way. */
	while (poll(&fds[lab->n_device], 1, REST_MS) > 0) {
		enum fate fate = out->fate;
		(void)take_trace(lab, out);
		out->fate = fate;
	}
}

static void forget_old(struct prove_lab *lab)
{
	struct nft_trace_event event[EVENTS];
	while (nft_trace_read(lab->trace_fd, event, EVENTS) > 0)
		;
}

int prove_lab_send(struct prove_lab *lab, struct prove_connection *c, const struct probe *p, struct passage *out,
        struct error *err)
{
	uint8_t bytes[PROVE_PACKET_MAX];
	size_t len = probe_make(c, p, ++lab->marker, bytes);
	struct packet sent;

	memset(out, 0, sizeof(*out));
	out->fate = FATE_LOST;
	if (!probe_read(bytes, len, lab->marker, &sent))
		return error_set(err, ERR_INTERNAL, "packet", "it cannot be made");
	sent.phase = p->phase;
	out->packet = sent;
	forget_old(lab);
	if (send_packet(lab, p->phase == PHASE_REPLY, bytes, len, err) != 0)
		return -1;
	watch(lab, &sent, out);
	out->packet.phase = p->phase;
	if (p->phase == PHASE_NEW && out->fate == FATE_ARRIVED)
		c->seen = out->packet;
	return 0;
}

void passage_fini(struct passage *p)
{
	blame_fini(&p->blame);
	for (size_t i = 0; i < p->n_met; i++)
		blame_fini(&p->met[i]);
	free(p->met);
	memset(p, 0, sizeof(*p));
}
