#ifndef TESTS_TUNNEL_SCENE_H
#define TESTS_TUNNEL_SCENE_H

/* What the tests of rules about IPsec share: a namespace with a tun device on each side, policies and rules in it. */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "portcullis/nft.h"
#include "verify_support.h"

/** The client side, the server side. */
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

static inline struct ruleset *kernel_read(bool policies)
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

#endif
