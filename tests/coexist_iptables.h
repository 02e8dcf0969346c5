#ifndef TESTS_COEXIST_IPTABLES_H
#define TESTS_COEXIST_IPTABLES_H

/* Rules as Debian's iptables, which is iptables-nft, puts them into the kernel. */
#include "coexist_scene.h"

/* What dockerd makes of a bridge network and one container that publishes a port. */
#define DOCKER_NAT                                                                                                     \
	"*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"       \
	":DOCKER - [0:0]\n"                                                                                            \
	"-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"                                                       \
	"-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER\n"                                          \
	"-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n"                                                 \
	"-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE\n"                    \
	"-A DOCKER -i docker0 -j RETURN\n"                                                                             \
	"-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n"
/* @param user  the operator's rules. */
#define DOCKER(user)                                                                                                   \
	"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:DOCKER - [0:0]\n"                   \
	":DOCKER-ISOLATION-STAGE-1 - [0:0]\n:DOCKER-ISOLATION-STAGE-2 - [0:0]\n:DOCKER-USER - [0:0]\n"                 \
	"-A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-ISOLATION-STAGE-1\n"                                          \
	"-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"                                 \
	"-A FORWARD -o docker0 -j DOCKER\n-A FORWARD -i docker0 ! -o docker0 -j ACCEPT\n"                              \
	"-A FORWARD -i docker0 -o docker0 -j ACCEPT\n"                                                                 \
	"-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT\n"                      \
	"-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2\n"                            \
	"-A DOCKER-ISOLATION-STAGE-1 -j RETURN\n-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP\n"                      \
	"-A DOCKER-ISOLATION-STAGE-2 -j RETURN\n" user "-A DOCKER-USER -j RETURN\nCOMMIT\n" DOCKER_NAT
#define LET_IN "-A DOCKER-USER -s 10.0.0.0/8 -d 10.0.0.0/8 -j ACCEPT\n"

/* A firewall as many have it. */
#define CLASSIC                                                                                                        \
	"*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:REST - [0:0]\n"                       \
	"-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"                    \
	"-A INPUT -p tcp -m multiport --dports 22,830 -j ACCEPT\n"                                                     \
	"-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"                                                          \
	"-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"                                            \
	"-A FORWARD -p tcp -m tcp ! --tcp-flags SYN,RST,ACK,FIN SYN -m conntrack --ctstate NEW -j DROP\n"              \
	"-A FORWARD -m iprange --src-range 10.0.0.1-10.200.0.0 -d 10.0.0.0/8 -m comment --comment inside -j ACCEPT\n"  \
	"-A FORWARD -j REST\n-A REST -m limit --limit 5/min -j LOG --log-prefix \"stopped: \"\n-A REST -j DROP\n"      \
	"COMMIT\n"

static inline void restore(const char *rules)
{
	FILE *f = popen("iptables-restore", "w");

	ck_assert_ptr_nonnull(f);
	fputs(rules, f);
	ck_assert_msg(pclose(f) == 0, "iptables-restore refuses: %s", rules);
}

#endif
