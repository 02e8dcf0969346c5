/* links: verify ruleset base */
/*
 * Verdicts of flows against rulesets: a table over tests/data/verify (dumps of the .nft files beside them), hand-made
 * models for what a dump cannot hold, and the property that a flow's boxes say the same as its single packets.
 */
#include "verify_support.h"

#define ANY_PHASE PHASE_N
/* Of each case. */
#ifdef __SANITIZE_ADDRESS__
#define PACKETS 64u
#else
#define PACKETS 256u
#endif

static const struct {
	const char *ruleset, *flow;
	enum verdict verdict;
	enum phase phase; /**< of the witness */
	const char *decider; /**< part of the rule's text */
	const char *atom;
	int remainder; /**< boxes; -1: not said */
} cases[] = {
        {"stateful", "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"stateful", "tcp 10.0.0.0/24 1024-65535 10.1.0.14 5061", VERDICT_BLOCKED, PHASE_NEW, "policy drop", NULL, 1},
        {"stateful", "tcp 10.0.0.0/23 1024-65535 10.1.0.10 5061", VERDICT_PARTIAL, PHASE_NEW, "policy drop", NULL, 1},
        {"stateful", "tcp 10.0.0.0/24 1024-65535 10.1.0.8-10.1.0.15 5061", VERDICT_PARTIAL, PHASE_NEW, "policy drop",
                NULL, 2},
        {"stateful", "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061 forward c0 s1", VERDICT_BLOCKED, PHASE_NEW,
                "policy drop", NULL, 1},
        {"stateful", "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061 forward ? s0", VERDICT_INDETERMINATE, PHASE_NEW,
                "policy drop", "iifname unknown", 1},
        {"stateful", "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061 forward c0 ?", VERDICT_INDETERMINATE, PHASE_NEW,
                "policy drop", "oifname unknown", 1},
        {"stateful", "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061 input", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"stateful", "tcp fd00::/64 1024-65535 fd01::/64 443", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"stateful", "tcp fd00::/64 1024-65535 fd01::/64 444", VERDICT_BLOCKED, PHASE_NEW, "policy drop", NULL, 1},
        {"stateful", "icmp 10.0.0.0/24 1-65535 10.1.0.0/24 0", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"stateful", "icmpv6 fd00::/64 1-65535 fd01::/64 0", VERDICT_BLOCKED, PHASE_NEW, "policy drop", NULL, 1},
        {"stateless", "tcp 10.0.0.0/16 1024-65535 10.1.0.0/24 5061", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"stateless", "tcp 10.0.0.0/16 10000-65535 10.1.0.0/24 443", VERDICT_BLOCKED, PHASE_REPLY, "policy drop", NULL,
                1},
        {"stateless", "tcp 10.0.0.0/16 10000-65535 10.1.0.0/24 8080", VERDICT_BLOCKED, PHASE_ESTABLISHED, "policy drop",
                NULL, 1},
        {"stateless", "tcp 10.0.0.0/16 10000-65535 10.1.0.0/24 9090", VERDICT_BLOCKED, PHASE_ESTABLISHED, "policy drop",
                NULL, 1},
        {"stateless", "udp 10.0.0.0/16 1024-65535 10.1.0.0/24 3478", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"jumps", "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"jumps", "tcp 10.0.0.0/24 1024-65535 10.1.0.10 443", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"jumps", "tcp 10.0.0.0/24 1024-65535 10.1.2.10 25", VERDICT_BLOCKED, PHASE_NEW, "reject", NULL, 1},
        {"jumps", "tcp 10.0.0.0/24 1024-65535 10.1.2.10 26", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"jumps", "tcp 10.0.0.0/24 1024-65535 10.1.3.10 26", VERDICT_BLOCKED, PHASE_NEW, "ip daddr 10.1.0.0/16", NULL,
                1},
        {"vmaps", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 5060-5062", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"vmaps", "tcp 10.0.0.0/23 1024-65535 10.1.0.0/24 5060-5062", VERDICT_PARTIAL, PHASE_NEW, "10.0.1.0/24", NULL,
                1},
        {"vmaps", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1000-1999", VERDICT_PARTIAL, PHASE_NEW, "policy drop", NULL,
                1},
        {"vmaps", "tcp 10.0.0.128-10.0.0.200 1024-65535 10.1.0.0/24 3000-3999", VERDICT_CONFORMANT, ANY_PHASE, NULL,
                NULL, 0},
        {"vmaps", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 443 forward s0 c0", VERDICT_BLOCKED, PHASE_NEW, "iifname",
                NULL, 1},
        {"concats", "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"concats", "udp 10.0.0.0/24 1024-65535 10.1.0.10-10.1.0.20 49152-57500", VERDICT_CONFORMANT, ANY_PHASE, NULL,
                NULL, 0},
        {"concats", "udp 10.0.0.0/24 1024-65535 10.1.0.10-10.1.0.21 49152-57500", VERDICT_PARTIAL, PHASE_NEW,
                "policy drop", NULL, 1},
        {"concats", "tcp 10.0.0.0/28 1024-65535 10.1.0.10 22", VERDICT_PARTIAL, PHASE_NEW, "policy drop", NULL, 4},
        {"concats", "tcp 10.0.0.0/25 1024-65535 10.1.0.10 25", VERDICT_PARTIAL, PHASE_NEW, "policy drop", NULL, 2},
        {"priorities", "tcp 10.0.3.7 1024-65535 10.1.0.10 80", VERDICT_BLOCKED, PHASE_NEW, "10.0.3.0/24", NULL, 1},
        {"priorities", "tcp 10.0.0.7 1024-65535 10.1.0.130 80", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"priorities", "tcp 10.0.0.7 1024-65535 10.1.0.130 25", VERDICT_BLOCKED, PHASE_NEW, "tcp dport 25 drop", NULL,
                1},
        {"priorities", "tcp 10.0.0.7 1024-65535 10.1.0.1 23", VERDICT_BLOCKED, PHASE_NEW, "tcp dport 23 drop", NULL, 1},
        {"priorities", "tcp 10.0.0.7 1024-65535 10.1.0.1 8443", VERDICT_BLOCKED, PHASE_REPLY, "sport 8443 drop", NULL,
                1},
        {"priorities", "udp 10.0.0.7 1024-65535 10.1.0.1 1900-1902", VERDICT_BLOCKED, PHASE_NEW, "dport 1900 drop",
                NULL, 1},
        {"priorities", "tcp fd00::/64 1024-65535 fd01::/64 443", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"priorities", "tcp fd00::/64 1024-65535 fd01::/64 80", VERDICT_BLOCKED, PHASE_NEW, "policy drop", NULL, 1},
        {"notrack", "udp 10.0.0.0/24 1024-65535 10.1.0.0/24 5060", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"notrack", "udp 10.0.0.0/23 10000-65535 10.1.0.0/24 5060", VERDICT_PARTIAL, PHASE_REPLY, "policy drop", NULL,
                1},
        {"notrack", "udp 10.0.0.0/24 10000-65535 10.1.0.0/24 6000", VERDICT_INDETERMINATE, PHASE_REPLY, "policy drop",
                "connection tracking in one direction only", 1},
        {"notrack", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 5000", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"nat", "tcp 10.0.0.0/24 1024-65535 10.1.0.10 8080", VERDICT_MISDIRECTED, PHASE_NEW, "dnat", NULL, 1},
        {"nat", "tcp 10.0.0.0/24 1024-65535 10.1.0.30 443", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"nat", "tcp 10.0.0.0/24 1024-65535 10.1.0.30 2222", VERDICT_MISDIRECTED, PHASE_NEW, "redirect", NULL, 1},
        {"nat", "udp 10.0.0.0/24 1024-65535 10.1.0.40 53", VERDICT_BLOCKED, PHASE_NEW, "drop", NULL, 1},
        {"nat", "udp 10.0.1.0/24 1024-65535 10.1.0.40 1000-2000", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"nat", "tcp 10.0.0.0/24 1024-65535 10.1.0.50 5061", VERDICT_BLOCKED, PHASE_NEW, "10.1.0.50", NULL, 1},
        {"published", "tcp 10.0.0.16/28 1024-65535 198.51.100.7 8443 inside 10.1.0.20 443", VERDICT_CONFORMANT,
                ANY_PHASE, NULL, NULL, 0},
        {"published", "tcp 10.0.0.16/28 1024-65535 198.51.100.7 8443 inside 10.1.0.21 443", VERDICT_MISDIRECTED,
                PHASE_NEW, "dnat to 10.1.0.20:443", NULL, 1},
        {"published", "tcp 10.0.0.16/28 1024-65535 198.51.100.7 8443 inside 10.1.0.20 8443", VERDICT_MISDIRECTED,
                PHASE_NEW, "dnat to 10.1.0.20:443", NULL, 1},
        {"published", "tcp 10.0.0.2-10.0.0.3 1024-65535 198.51.100.7 8443 inside 10.1.0.20 443", VERDICT_PARTIAL,
                PHASE_NEW, "ip saddr 10.0.0.3 ", NULL, 1},
        {"published", "tcp 10.0.0.3-10.0.0.4 1024-65535 198.51.100.7 8443 inside 10.1.0.20 443", VERDICT_BLOCKED,
                PHASE_NEW, "ip saddr 10.0.0.3 ", NULL, 1},
        {"published", "tcp 10.0.0.5 1024-65535 198.51.100.7 8443 inside 10.1.0.20 443", VERDICT_BLOCKED,
                PHASE_ESTABLISHED, "ct state established drop", NULL, 1},
        {"published", "tcp 10.0.0.0/24 1024-65535 198.51.100.7 8080 inside 10.1.0.20 80", VERDICT_MISDIRECTED,
                PHASE_NEW, "dnat to 10.1.0.99:80", NULL, 1},
        {"published", "tcp 10.0.0.0/25 1024-65535 198.51.100.7 5061 inside 10.1.0.20 5061", VERDICT_CONFORMANT,
                ANY_PHASE, NULL, NULL, 0},
        {"published", "tcp 10.0.0.0/24 1024-65535 198.51.100.7 5061 inside 10.1.0.20 5061", VERDICT_MISDIRECTED,
                PHASE_NEW, "policy accept", NULL, 1},
        {"published", "tcp 10.0.0.16/28 1024-65535 198.51.100.7 9443 inside 10.1.0.20-10.1.0.21 443",
                VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"published", "tcp 10.0.0.0/24 1024-65535 198.51.100.7 9443 inside 10.1.0.20 443", VERDICT_MISDIRECTED,
                PHASE_NEW, "dnat to 10.1.0.21:443", NULL, 2},
        {"published", "tcp 10.0.0.137 1024-65535 198.51.100.7 9443 inside 10.1.0.21 443", VERDICT_BLOCKED, PHASE_REPLY,
                "10.0.0.137", NULL, 1},
        {"published", "tcp 10.0.0.138 1024-65535 198.51.100.7 9443 inside 10.1.0.21 443", VERDICT_BLOCKED, PHASE_REPLY,
                "10.0.0.138", NULL, 1},
        {"published", "udp 10.0.0.8-10.0.0.9 1024-65535 198.51.100.7 3478 inside 10.1.0.16/28 3478", VERDICT_PARTIAL,
                PHASE_REPLY, "10.0.0.8 drop", NULL, 1},
        {"published", "tcp 10.0.0.16/28 1024-65535 198.51.100.7 9100-9102 inside 10.1.0.22 9000-9002",
                VERDICT_MISDIRECTED, PHASE_NEW, "dnat to 10.1.0.22:9001", NULL, 2},
        {"published", "tcp 10.0.0.16/28 1024-65535 198.51.100.7 9101 inside 10.1.0.22 9001", VERDICT_CONFORMANT,
                ANY_PHASE, NULL, NULL, 0},
        {"published", "tcp 10.0.0.16/28 1024-65535 198.51.100.7 7000 inside 10.1.0.0/24 7000", VERDICT_PARTIAL,
                PHASE_NEW, "policy drop", NULL, 2},
        {"published", "tcp 10.0.0.16/28 1024-65535 10.1.0.21 443 inside 10.1.0.21 443", VERDICT_CONFORMANT, ANY_PHASE,
                NULL, NULL, 0},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.7 443 inside 10.1.0.20 8443", VERDICT_CONFORMANT, ANY_PHASE,
                NULL, NULL, 0},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.7 443 inside 10.1.0.21 8443", VERDICT_MISDIRECTED, PHASE_NEW,
                "tcp dport map", NULL, 1},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.7 80 inside 10.1.0.21 8080", VERDICT_CONFORMANT, ANY_PHASE,
                NULL, NULL, 0},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.7 81 inside 10.1.0.21 8081", VERDICT_MISDIRECTED, PHASE_NEW,
                "policy accept", NULL, 1},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.10 5061 inside 10.1.0.20 5061", VERDICT_CONFORMANT, ANY_PHASE,
                NULL, NULL, 0},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.13 5061 inside 10.1.0.21 5061", VERDICT_CONFORMANT, ANY_PHASE,
                NULL, NULL, 0},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.11 5061 inside 10.1.0.20 5061", VERDICT_MISDIRECTED, PHASE_NEW,
                "policy accept", NULL, 1},
        {"maps", "udp 10.0.0.0/24 1024-65535 198.51.100.8 3478 inside 10.1.0.22 3579", VERDICT_CONFORMANT, ANY_PHASE,
                NULL, NULL, 0},
        {"maps", "udp 10.0.0.0/24 1024-65535 198.51.100.8 3478-3479 inside 10.1.0.22 3578-3579", VERDICT_MISDIRECTED,
                PHASE_NEW, "udp dport map", NULL, 1},
        {"maps", "tcp 10.0.0.0/25 1024-40000 198.51.100.9 443 inside 10.1.0.20 443", VERDICT_CONFORMANT, ANY_PHASE,
                NULL, NULL, 0},
        {"maps", "tcp 10.0.0.0/24 1024-40000 198.51.100.9 443 inside 10.1.0.20-10.1.0.21 443", VERDICT_CONFORMANT,
                ANY_PHASE, NULL, NULL, 0},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.9 443 inside 10.1.0.20-10.1.0.21 443", VERDICT_MISDIRECTED,
                PHASE_NEW, "policy accept", NULL, 1},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.30 443 inside 10.1.0.30-10.1.0.33 443", VERDICT_CONFORMANT,
                ANY_PHASE, NULL, NULL, 0},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.30 443 inside 10.1.0.30-10.1.0.32 443", VERDICT_INDETERMINATE,
                PHASE_NEW, "dnat to 10.1.0.30-10.1.0.33", "dnat@ip nat/prerouting#", 1},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.30 443 inside 10.1.0.40-10.1.0.42 443", VERDICT_MISDIRECTED,
                PHASE_NEW, "dnat to 10.1.0.30-10.1.0.33", NULL, 1},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.31 443 inside 10.1.0.30-10.1.0.31 443", VERDICT_CONFORMANT,
                ANY_PHASE, NULL, NULL, 0},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.32 443 inside 10.1.0.30 443", VERDICT_INDETERMINATE, PHASE_NEW,
                "jhash ip saddr mod 2", "dnat@ip nat/prerouting#", 1},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.33 443 inside 10.1.0.32-10.1.0.33 8443", VERDICT_CONFORMANT,
                ANY_PHASE, NULL, NULL, 0},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.33 443 inside 10.1.0.32-10.1.0.33 443", VERDICT_MISDIRECTED,
                PHASE_NEW, "numgen random mod 4", NULL, 1},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.34 443 inside 10.1.0.50-10.1.0.53 443", VERDICT_BLOCKED,
                PHASE_NEW, "policy drop", NULL, 1},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.35 443 inside 10.1.0.60-10.1.0.63 443", VERDICT_INDETERMINATE,
                PHASE_NEW, "policy drop", "dnat@ip nat/prerouting#", 1},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.36 443 inside 10.1.0.70-10.1.0.71 443", VERDICT_BLOCKED,
                PHASE_REPLY, "ip saddr 10.1.0.70", NULL, 1},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.37 443 inside 10.1.0.70-10.1.0.72 443", VERDICT_INDETERMINATE,
                PHASE_REPLY, "ip saddr 10.1.0.70", "dnat@ip nat/prerouting#", 1},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.38 443 inside 10.1.0.30 8443", VERDICT_INDETERMINATE, PHASE_NEW,
                "dnat to 10.1.0.30:8440-8443", "dnat@ip nat/prerouting#", 1},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.39 443 inside 10.1.0.0/24 443", VERDICT_INDETERMINATE,
                PHASE_NEW, "dnat to 10.1.0.0-10.1.0.255", "dnat@ip nat/prerouting#", 1},
        {"maps", "tcp 10.0.0.0/24 1024-65535 198.51.100.40 443 inside 10.1.0.80-10.1.0.81 8443", VERDICT_CONFORMANT,
                ANY_PHASE, NULL, NULL, 0},
        {"maps", "tcp 10.0.0.0/25 1024-65535 10.1.0.200 25", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"maps", "tcp 10.0.0.0/24 1024-65535 10.1.0.200 25", VERDICT_MISDIRECTED, PHASE_NEW, "ip saddr map", NULL, 1},
        {"maps", "tcp 10.0.0.0/24 1024-65535 10.1.0.201 25", VERDICT_MISDIRECTED, PHASE_NEW, "10.1.0.202-10.1.0.203",
                NULL, 1},
        {"families", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1000", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"families", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1001", VERDICT_BLOCKED, PHASE_NEW, "policy drop", NULL, 1},
        {"families", "tcp fd00::/64 1024-65535 fd01::/64 1001", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"families", "tcp fd00:0:0:1::1 1024-65535 fd01::/64 1001", VERDICT_BLOCKED, PHASE_NEW,
                "ip6 saddr != fd00::/64", NULL, 1},
        {"families", "tcp 10.0.0.0/29 1024-65535 10.1.0.0/24 9000", VERDICT_PARTIAL, PHASE_NEW, "policy drop", NULL, 4},
        {"families", "tcp 10.0.0.0/20 1024-65535 10.1.0.0/24 9000", VERDICT_INDETERMINATE, PHASE_NEW, "policy drop",
                "mask@filter/forward#", 1},
        {"families", "tcp 10.0.0.2 1024-65535 10.1.0.0/24 9000", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"families", "tcp 10.0.0.3 1024-65535 10.1.0.0/24 9000", VERDICT_BLOCKED, PHASE_NEW, "policy drop", NULL, 1},
        {"negations", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1000-1100", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"negations", "tcp 10.0.0.0/22 1024-65535 10.1.0.0/24 1000-1100", VERDICT_PARTIAL, PHASE_NEW, "ip saddr != {",
                NULL, 2},
        {"negations", "tcp 10.0.0.0/24 1000-65535 10.1.0.0/24 80", VERDICT_PARTIAL, PHASE_NEW, "sport 0-1023", NULL, 1},
        {"negations", "udp 10.0.0.0/24 1024-65535 10.1.0.0/24 500", VERDICT_BLOCKED, PHASE_NEW, "oifname", NULL, 1},
        {"local", "udp 10.0.0.0/24 1024-65535 10.0.255.254 1000-1049 input", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL,
                0},
        {"local", "udp 10.0.0.0/24 1024-65535 10.0.255.254 1050 input", VERDICT_BLOCKED, PHASE_REPLY, "sport 1050",
                NULL, 1},
        {"local", "udp 10.0.0.0/24 1024-65535 10.0.255.254 1200 input", VERDICT_BLOCKED, PHASE_NEW, "policy drop", NULL,
                1},
        {"local", "udp 10.0.0.0/24 1024-65535 10.0.255.254 1201 input", VERDICT_CONFORMANT, ANY_PHASE, NULL, NULL, 0},
        {"local", "udp 10.1.255.254 1024-1040 10.1.0.0/24 2000-2100 output", VERDICT_PARTIAL, PHASE_NEW, "dport 2050",
                NULL, 1},
        {"local", "udp 10.1.255.254 1024-1040 10.1.0.0/24 2200 output", VERDICT_BLOCKED, PHASE_NEW, "policy drop", NULL,
                1},
        {"atoms", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1000", VERDICT_BLOCKED, PHASE_NEW, "policy drop", NULL, 1},
        {"atoms", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1001", VERDICT_CONFORMANT, ANY_PHASE, NULL,
                "set blocklist@filter", 0},
        {"atoms", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1002", VERDICT_INDETERMINATE, PHASE_NEW, "policy drop",
                "limit@filter/forward#", 1},
        {"atoms", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1003", VERDICT_INDETERMINATE, PHASE_NEW,
                "ip saddr 10.0.0.0/25 drop", "@filter/forward#", 1},
        {"atoms", "tcp 10.0.0.128/25 1024-65535 10.1.0.0/24 1003", VERDICT_CONFORMANT, ANY_PHASE, NULL,
                "set blocklist@filter", 0},
        {"atoms", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1004", VERDICT_INDETERMINATE, PHASE_NEW, "policy drop",
                "set friends@filter", 1},
        {"atoms", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1006", VERDICT_INDETERMINATE, PHASE_NEW, "drop",
                "limit@filter/forward#", 1},
        {"atoms", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1007", VERDICT_CONFORMANT, ANY_PHASE, NULL,
                "set blocklist@filter", 0},
};

static bool has_name(char *const *list, size_t n, const char *part)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(list[i], part) != NULL)
			return true;
	return false;
}

START_TEST(verdict_is)
{
	struct ruleset *rs = ruleset_load(cases[_i].ruleset);
	struct flow flow;
	struct findings out;
	const struct finding *f;

	flow_make(&flow, cases[_i].flow);
	out = flow_verify(&flow, rs, NULL);
	f = &out.finding[0];
	ck_assert_msg(f->verdict == cases[_i].verdict, "%s: %s: %s (%s; %s)", cases[_i].ruleset, cases[_i].flow,
	        verdict_name(f->verdict), f->evidence->blame.present ? f->evidence->blame.text : "-",
	        f->evidence->n_atom > 0 ? f->evidence->atom[0] : "-");
	ck_assert_int_eq(f->evidence->has_witness, cases[_i].phase != ANY_PHASE);
	if (f->evidence->has_witness)
		ck_assert_int_eq(f->evidence->witness.phase, cases[_i].phase);
	if (cases[_i].decider != NULL)
		ck_assert_msg(f->evidence->blame.present && strstr(f->evidence->blame.text, cases[_i].decider) != NULL,
		        "%s: %s: decider %s", cases[_i].ruleset, cases[_i].flow, f->evidence->blame.text);
	if (cases[_i].atom != NULL)
		ck_assert_msg(has_name(f->evidence->atom, f->evidence->n_atom, cases[_i].atom), "%s: %s: %zu atoms, %s",
		        cases[_i].ruleset, cases[_i].flow, f->evidence->n_atom,
		        f->evidence->n_atom > 0 ? f->evidence->atom[0] : "-");
	else if (f->verdict != VERDICT_CONFORMANT)
		ck_assert_msg(f->evidence->n_atom == 0, "%s: %s: atom %s", cases[_i].ruleset, cases[_i].flow,
		        f->evidence->n_atom > 0 ? f->evidence->atom[0] : "-");
	if (cases[_i].remainder >= 0)
		ck_assert_msg(f->evidence->n_remainder == (size_t)cases[_i].remainder, "%s: %s: %zu boxes",
		        cases[_i].ruleset, cases[_i].flow, f->evidence->n_remainder);
	findings_fini(&out);
	flow_free(&flow);
	ruleset_free(rs);
}
END_TEST

static bool boxes_overlap(const struct box *a, const struct box *b)
{
	return a->source.lo <= b->source.hi && b->source.lo <= a->source.hi && a->destination.lo <= b->destination.hi &&
	       b->destination.lo <= a->destination.hi && a->source_ports.lo <= b->source_ports.hi &&
	       b->source_ports.lo <= a->source_ports.hi && a->ports.lo <= b->ports.hi && b->ports.lo <= a->ports.hi;
}

static u128 sample(struct range r, unsigned n)
{
	u128 width = r.hi - r.lo;

	return n == 0 ? r.lo : n == 1 ? r.hi : r.lo + width * n / 8;
}

/** A flow's remainder against the verdict of single packets of it. */
START_TEST(boxes_say_what_single_packets_say)
{
	struct ruleset *rs = ruleset_load(cases[_i].ruleset);
	struct flow flow;
	struct findings out;
	const struct finding *f;

	flow_make(&flow, cases[_i].flow);
	out = flow_verify(&flow, rs, NULL);
	f = &out.finding[0];
	for (size_t i = 0; i < f->evidence->n_remainder; i++)
		for (size_t k = 0; k < i; k++)
			ck_assert(!boxes_overlap(&f->evidence->remainder[i], &f->evidence->remainder[k]));
	for (unsigned n = 0; n < PACKETS; n++) {
		struct flow point = flow;
		struct flow_leg leg = flow.leg[0];
		struct findings one;
		bool fails = false;

		leg.source.lo = leg.source.hi = sample(flow.leg[0].source, n % 4);
		leg.destination.lo = leg.destination.hi = sample(flow.leg[0].destination, n / 4 % 4);
		point.ports.lo = point.ports.hi =
		        (uint16_t)sample((struct range){flow.ports.lo, flow.ports.hi}, n / 16 % 4);
		point.inside_ports.lo = point.inside_ports.hi =
		        (uint16_t)(point.ports.lo + flow.inside_ports.lo - flow.ports.lo);
		point.source_ports.lo = point.source_ports.hi =
		        (uint16_t)sample((struct range){flow.source_ports.lo, flow.source_ports.hi}, n / 64);
		point.leg = &leg;
		one = flow_verify(&point, rs, NULL);
		for (size_t i = 0; i < f->evidence->n_remainder; i++)
			fails = fails || (flow.proto >= PROTO_ICMPV6 || flow.proto == PROTO_ICMP ||
			                         box_has(&f->evidence->remainder[i], leg.source.lo, leg.destination.lo,
			                                 point.source_ports.lo, point.ports.lo));
		/* A mask that is open for a range is decided for one address. */
		if (f->verdict != VERDICT_INDETERMINATE || one.finding[0].verdict == VERDICT_INDETERMINATE)
			ck_assert_msg(fails == (one.finding[0].verdict != VERDICT_CONFORMANT), "%s: %s: sample %u: %s",
			        cases[_i].ruleset, cases[_i].flow, n, verdict_name(one.finding[0].verdict));
		findings_fini(&one);
	}
	findings_fini(&out);
	flow_free(&flow);
	ruleset_free(rs);
}
END_TEST

START_TEST(witness_is_in_packet_coordinates)
{
	struct ruleset *rs = ruleset_load("stateless");
	struct flow flow;
	struct findings out;
	char *text;

	flow_make(&flow, "tcp 10.0.0.0/24 1000-65535 10.1.0.10 443");
	out = flow_verify(&flow, rs, NULL);
	text = packet_print(&out.finding[0].evidence->witness);
	ck_assert_str_eq(text, "tcp 10.1.0.10:443 > 10.0.0.1:1024");
	ck_assert_str_eq(out.finding[0].evidence->witness.iif, "s0");
	ck_assert_str_eq(out.finding[0].evidence->witness.oif, "c0");
	free(text);
	findings_fini(&out);
	flow_free(&flow);
	ruleset_free(rs);
}
END_TEST

/** "atoms": the same flow under an assumption. */
static const struct {
	const char *flow, *pattern;
	bool value;
	int64_t expires;
	enum verdict verdict;
	bool assumed;
} assumptions[] = {
        {"tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1002", "limit@*", true, 0, VERDICT_CONFORMANT, true},
        {"tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1002", "limit@*", false, 0, VERDICT_BLOCKED, true},
        {"tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1002", "limit@*", true, 999, VERDICT_INDETERMINATE, false},
        {"tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1002", "limit@*", true, 1001, VERDICT_CONFORMANT, true},
        {"tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1004", "set friends@filter", true, 0, VERDICT_CONFORMANT, true},
        {"tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1004", "set friends@filter", false, 0, VERDICT_BLOCKED, true},
        {"tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1001", "set blocklist@filter", true, 0, VERDICT_BLOCKED, true},
        {"tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1001", "set blocklist@filter", false, 0, VERDICT_CONFORMANT, true},
        {"tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1001", "quota@*", true, 0, VERDICT_CONFORMANT, false},
};

START_TEST(assumption_fixes_an_atom)
{
	struct assumption a = {.name = "operator",
	        .pattern = xstrdup(assumptions[_i].pattern),
	        .value = assumptions[_i].value,
	        .expires = assumptions[_i].expires};
	struct site site = {.assumption = &a, .n_assumption = 1};
	struct ruleset *rs = ruleset_load("atoms");
	struct flow flow;
	struct findings out;
	const struct finding *f;

	flow_make(&flow, assumptions[_i].flow);
	out = flow_verify(&flow, rs, &site);
	f = &out.finding[0];
	ck_assert_msg(f->verdict == assumptions[_i].verdict, "%s", verdict_name(f->verdict));
	ck_assert_uint_eq(f->evidence->n_assumed, assumptions[_i].assumed);
	if (f->evidence->n_assumed > 0)
		ck_assert_str_eq(f->evidence->assumed[0], "operator");
	free(a.pattern);
	findings_fini(&out);
	flow_free(&flow);
	ruleset_free(rs);
}
END_TEST

/** A ruleset of one empty base chain, for what no dump here holds. */
static struct ruleset *ruleset_make(enum rs_family family, enum rs_hook hook, enum rs_verdict_code policy)
{
	struct ruleset *rs = xcalloc(1, sizeof(*rs));
	struct rs_chain *c;

	rs->chain = xcalloc(1, sizeof(*rs->chain));
	rs->n_chain = rs->cap_chain = 1;
	c = &rs->chain[0];
	c->family = family;
	c->table = xstrdup("filter");
	c->name = xstrdup("chain");
	c->base = true;
	c->hook = hook;
	c->policy = policy;
	return rs;
}

static struct rs_rule *rule_make(struct ruleset *rs, enum rs_verdict_code code)
{
	struct rs_chain *c = &rs->chain[0];
	struct rs_rule *r;

	c->rule = xgrow(c->rule, c->n_rule, &c->cap_rule, sizeof(*c->rule));
	r = &c->rule[c->n_rule++];
	memset(r, 0, sizeof(*r));
	r->handle = c->n_rule;
	r->verdict.code = code;
	return r;
}

static struct rs_match *match_make(struct rs_rule *r, enum rs_field field, u128 lo, u128 hi)
{
	struct rs_match *m;

	r->match = xrealloc(r->match, r->n_match + 1, sizeof(*r->match));
	m = &r->match[r->n_match++];
	memset(m, 0, sizeof(*m));
	m->kind = RS_MATCH_RANGES;
	m->field[0] = field;
	m->n_field = 1;
	ranges_add(&m->ranges, lo, hi);
	return m;
}

static struct finding *verdict_of(struct findings *out, const struct ruleset *rs, const char *text)
{
	struct flow flow;

	flow_make(&flow, text);
	*out = flow_verify(&flow, rs, NULL);
	flow_free(&flow);
	return &out->finding[0];
}

START_TEST(undecided_verdict_is_indeterminate_and_named)
{
	struct ruleset *rs = ruleset_make(RS_INET, RS_HOOK_FORWARD, RS_ACCEPT);
	struct rs_rule *r = rule_make(rs, RS_UNKNOWN);
	struct findings out;
	struct finding *f;

	r->undecided = xstrdup("queue num 0");
	match_make(r, RS_FIELD_DPORT, 5061, 5061);
	f = verdict_of(&out, rs, "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061");
	ck_assert_int_eq(f->verdict, VERDICT_INDETERMINATE);
	ck_assert_str_eq(f->evidence->atom[0], "queue@filter/chain#1");
	ck_assert_int_eq(f->evidence->blame.verdict, RS_UNKNOWN);
	findings_fini(&out);
	f = verdict_of(&out, rs, "tcp 10.0.0.0/24 10000-65535 10.1.0.10 5062");
	ck_assert_int_eq(f->verdict, VERDICT_CONFORMANT);
	findings_fini(&out);
	ruleset_free(rs);
}
END_TEST

START_TEST(dynamic_set_is_an_atom_also_without_the_reader)
{
	struct ruleset *rs = ruleset_make(RS_IP, RS_HOOK_FORWARD, RS_ACCEPT);
	struct rs_rule *r = rule_make(rs, RS_DROP);
	struct rs_match *m = match_make(r, RS_FIELD_IP_SADDR, 0, 0);
	struct findings out;
	struct finding *f;

	rs->set = xcalloc(1, sizeof(*rs->set));
	rs->n_set = rs->cap_set = 1;
	rs->set[0] = (struct rs_set){
	        .family = RS_IP, .table = xstrdup("filter"), .name = xstrdup("bl"), .dynamic = true, .n_field = 1};
	m->kind = RS_MATCH_SET;
	ranges_fini(&m->ranges);
	f = verdict_of(&out, rs, "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061");
	ck_assert_int_eq(f->verdict, VERDICT_CONFORMANT);
	ck_assert_str_eq(f->evidence->atom[0], "set bl@ip filter");
	findings_fini(&out);
	/* Whoever is not listed is dropped: that is no blocklist. */
	m->negate = true;
	f = verdict_of(&out, rs, "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061");
	ck_assert_int_eq(f->verdict, VERDICT_INDETERMINATE);
	findings_fini(&out);
	ruleset_free(rs);
}
END_TEST

START_TEST(link_layer_chain_makes_it_indeterminate_where_it_may_see_the_packet)
{
	struct ruleset *rs = ruleset_make(RS_NETDEV, RS_HOOK_INGRESS, RS_ACCEPT);
	struct findings out;
	struct finding *f;

	rs->chain[0].device = xstrdup("c0");
	f = verdict_of(&out, rs, "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061");
	ck_assert_int_eq(f->verdict, VERDICT_CONFORMANT);
	findings_fini(&out);
	match_make(rule_make(rs, RS_DROP), RS_FIELD_DPORT, 1, 1);
	f = verdict_of(&out, rs, "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061");
	ck_assert_int_eq(f->verdict, VERDICT_INDETERMINATE);
	ck_assert_str_eq(f->evidence->atom[0], "chain netdev filter/chain");
	findings_fini(&out);
	f = verdict_of(&out, rs, "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061 forward x0 y0");
	ck_assert_int_eq(f->verdict, VERDICT_CONFORMANT);
	findings_fini(&out);
	ruleset_free(rs);
}
END_TEST

START_TEST(legacy_tables_and_no_ruleset_are_never_conformant)
{
	struct ruleset *rs = ruleset_make(RS_INET, RS_HOOK_FORWARD, RS_ACCEPT);
	struct findings out;
	struct flow flow;
	struct flows flows = {&flow, 1, 1};
	struct error err;

	rs->legacy = xstrdup("filter,nat");
	ck_assert_int_eq(
	        verdict_of(&out, rs, "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061")->verdict, VERDICT_INDETERMINATE);
	ck_assert_ptr_nonnull(strstr(out.finding[0].evidence->reason, "filter,nat"));
	findings_fini(&out);
	flow_make(&flow, "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061");
	ck_assert_int_eq(verify_flows(&flows, NULL, "EPERM", NULL, 0, &out, &err), 0);
	ck_assert_int_eq(out.finding[0].verdict, VERDICT_UNKNOWN);
	ck_assert_str_eq(out.finding[0].evidence->reason, "EPERM");
	findings_fini(&out);
	flow_free(&flow);
	ruleset_free(rs);
}
END_TEST

static const struct {
	enum flow_state state;
	enum verdict verdict;
} states[] = {
        {FLOW_WAIVED, VERDICT_WAIVED},
        {FLOW_UNBOUND, VERDICT_UNBOUND},
        {FLOW_NOT_TRANSIT, VERDICT_NOT_TRANSIT},
        {FLOW_NEEDS_RANGE, VERDICT_NEEDS_RANGE},
        {FLOW_NO_COMMON_FAMILY, VERDICT_NO_COMMON_FAMILY},
};

START_TEST(state_of_the_flow_is_its_verdict)
{
	struct ruleset *rs = ruleset_make(RS_INET, RS_HOOK_FORWARD, RS_DROP);
	struct flow flow;
	struct findings out;

	flow_make(&flow, "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061");
	flow.state = states[_i].state;
	out = flow_verify(&flow, rs, NULL);
	ck_assert_int_eq(out.finding[0].verdict, states[_i].verdict);
	ck_assert_int_eq(out.finding[0].evidence->has_witness, states[_i].state == FLOW_WAIVED);
	findings_fini(&out);
	flow_free(&flow);
	ruleset_free(rs);
}
END_TEST

/** One more chain, in front of or behind the translation. */
static struct rs_rule *chain_add(struct ruleset *rs, enum rs_hook hook, int32_t priority)
{
	struct rs_chain *c;

	rs->chain = xrealloc(rs->chain, rs->n_chain + 1, sizeof(*rs->chain));
	c = &rs->chain[rs->n_chain++];
	*c = (struct rs_chain){.family = RS_IP,
	        .table = xstrdup("late"),
	        .name = xstrdup("chain"),
	        .base = true,
	        .hook = hook,
	        .priority = priority,
	        .policy = RS_ACCEPT,
	        .order = rs->n_chain};
	c->rule = xcalloc(1, sizeof(*c->rule));
	c->n_rule = c->cap_rule = 1;
	c->rule[0].verdict.code = RS_DROP;
	return &c->rule[0];
}

START_TEST(waived_row_without_legs_is_waived)
{
	struct ruleset *rs = ruleset_make(RS_INET, RS_HOOK_FORWARD, RS_DROP);
	struct flow flow;

	flow_make(&flow, "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061");
	flow.state = FLOW_WAIVED;
	flow.path = PATH_NONE;
	flow.n_leg = 0;
	for (int i = 0; i < 2; i++) {
		struct findings out = flow_verify(&flow, i == 0 ? rs : NULL, NULL);

		ck_assert_int_eq(out.finding[0].verdict, VERDICT_WAIVED);
		ck_assert(!out.finding[0].evidence->has_witness);
		ck_assert_ptr_null(out.finding[0].evidence->reason);
		findings_fini(&out);
	}
	flow_free(&flow);
	ruleset_free(rs);
}
END_TEST

/** Each leg leads to the addresses behind its own interface; what another leg takes is that leg's. */
static const struct {
	u128 to; /**< of the rule */
	const char *open; /**< interface that the filter lets pass */
	enum verdict verdict;
} spread[] = {
        {0x0a010014, "s0", VERDICT_CONFORMANT},
        {0x0a010014, "s1", VERDICT_BLOCKED},
        {0x0a020014, "s1", VERDICT_CONFORMANT},
        {0x0a020014, "s0", VERDICT_BLOCKED},
        {0x0a030014, "s0", VERDICT_MISDIRECTED},
};

START_TEST(published_flow_is_followed_to_the_leg_that_it_is_led_to)
{
	struct ruleset *rs = ruleset_make(RS_INET, RS_HOOK_FORWARD, RS_DROP);
	struct rs_rule *nat = chain_add(rs, RS_HOOK_PREROUTING, -100);
	struct flow flow;
	struct findings out;
	u128 name = ifname_value(spread[_i].open);

	rs->chain[rs->n_chain - 1].type = RS_CHAIN_NAT;
	rs->tracks[0] = rs->tracks[1] = true;
	nat->verdict.code = RS_NAT_DST;
	nat->nat_has_address = true;
	nat->nat_address_lo = nat->nat_address_hi = spread[_i].to;
	match_make(rule_make(rs, RS_ACCEPT), RS_FIELD_OIFNAME, name, name);
	match_make(rule_make(rs, RS_ACCEPT), RS_FIELD_IIFNAME, name, name);
	flow_make(&flow, "tcp 10.0.0.0/24 1024-65535 198.51.100.7 443 inside 10.1.0.0/24 443");
	flow.leg = xrealloc(flow.leg, 2, sizeof(*flow.leg));
	flow.n_leg = 2;
	flow.leg[1] = flow.leg[0];
	flow.leg[1].inside = (struct range){0x0a020000, 0x0a0200ff};
	snprintf(flow.leg[1].oif, sizeof(flow.leg[1].oif), "s1");
	out = flow_verify(&flow, rs, NULL);
	ck_assert_msg(out.finding[0].verdict == spread[_i].verdict, "%s", verdict_name(out.finding[0].verdict));
	findings_fini(&out);
	flow_free(&flow);
	ruleset_free(rs);
}
END_TEST

START_TEST(published_flow_without_a_rule_is_misdirected_with_the_reason)
{
	struct ruleset *rs = ruleset_make(RS_INET, RS_HOOK_FORWARD, RS_ACCEPT);
	struct findings out;
	struct finding *f = verdict_of(&out, rs, "tcp 10.0.0.0/24 1-9 198.51.100.7 443 inside 10.1.0.10 443");

	ck_assert_int_eq(f->verdict, VERDICT_MISDIRECTED);
	ck_assert(!f->evidence->blame.present && f->evidence->has_witness);
	ck_assert_ptr_nonnull(strstr(f->evidence->reason, "no rule translates"));
	findings_fini(&out);
	f = verdict_of(&out, rs, "tcp 10.0.0.0/24 1-9 10.1.0.10 443 inside 10.1.0.10 443");
	ck_assert_int_eq(f->verdict, VERDICT_CONFORMANT);
	findings_fini(&out);
	ruleset_free(rs);
}
END_TEST

/** A filter at the very priority of the translation: which comes first is open. */
START_TEST(filter_beside_the_translation_is_open_after_the_first_packet)
{
	struct ruleset *rs = ruleset_load("published");
	struct rs_rule *r = chain_add(rs, RS_HOOK_PREROUTING, -100);
	struct findings out;
	struct finding *f;

	match_make(r, RS_FIELD_IP_DADDR, 0xc6336407, 0xc6336407);
	match_make(r, RS_FIELD_CT_STATE, 2, 2);
	f = verdict_of(&out, rs, "tcp 10.0.0.16/28 1024-65535 198.51.100.7 8443 inside 10.1.0.20 443");
	ck_assert_msg(f->verdict == VERDICT_INDETERMINATE, "%s", verdict_name(f->verdict));
	ck_assert_str_eq(f->evidence->atom[0], "translated destination");
	findings_fini(&out);
	ruleset_free(rs);
}
END_TEST

/** A filter where the source is translated: nobody knows to what, so what it does is open for those clients. */
static const struct {
	enum rs_hook hook;
	int32_t priority;
	enum rs_field field;
	u128 address;
	enum verdict verdict;
	const char *atom;
} translated[] = {
        {RS_HOOK_POSTROUTING, 200, RS_FIELD_IP_SADDR, 0x0a000105, VERDICT_INDETERMINATE, "translated source"},
        {RS_HOOK_POSTROUTING, 200, RS_FIELD_IP_SADDR, 0x0a01fffe, VERDICT_INDETERMINATE, "translated source"},
        {RS_HOOK_POSTROUTING, 0, RS_FIELD_IP_SADDR, 0x0a01fffe, VERDICT_CONFORMANT, NULL},
        {RS_HOOK_PREROUTING, -300, RS_FIELD_IP_DADDR, 0x0a01fffe, VERDICT_INDETERMINATE, "translated destination"},
        {RS_HOOK_PREROUTING, -50, RS_FIELD_IP_DADDR, 0x0a01fffe, VERDICT_CONFORMANT, NULL},
};

START_TEST(translated_addresses_are_open)
{
	struct ruleset *rs = ruleset_load("nat");
	struct findings out;
	struct finding *f;

	match_make(chain_add(rs, translated[_i].hook, translated[_i].priority), translated[_i].field,
	        translated[_i].address, translated[_i].address);
	f = verdict_of(&out, rs, "udp 10.0.1.0/24 1024-65535 10.1.0.10 1000");
	ck_assert_msg(f->verdict == translated[_i].verdict, "%s", verdict_name(f->verdict));
	if (translated[_i].atom != NULL)
		ck_assert_str_eq(f->evidence->atom[0], translated[_i].atom);
	findings_fini(&out);
	f = verdict_of(&out, rs, "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061");
	ck_assert_int_eq(f->verdict, VERDICT_CONFORMANT);
	findings_fini(&out);
	ruleset_free(rs);
}
END_TEST

static const struct {
	const char *text;
	enum verdict forward, input, unknown;
} routing[] = {
        {"fib saddr . iif oif missing", VERDICT_CONFORMANT, VERDICT_CONFORMANT, VERDICT_INDETERMINATE},
        {"fib saddr . iif oif exists", VERDICT_BLOCKED, VERDICT_BLOCKED, VERDICT_INDETERMINATE},
        {"fib daddr type local", VERDICT_CONFORMANT, VERDICT_BLOCKED, VERDICT_CONFORMANT},
        {"fib daddr type != local", VERDICT_BLOCKED, VERDICT_CONFORMANT, VERDICT_BLOCKED},
        {"fib daddr type unicast", VERDICT_BLOCKED, VERDICT_CONFORMANT, VERDICT_BLOCKED},
        {"fib daddr type broadcast", VERDICT_CONFORMANT, VERDICT_CONFORMANT, VERDICT_CONFORMANT},
        {"fib daddr type { broadcast, anycast, multicast }", VERDICT_CONFORMANT, VERDICT_CONFORMANT,
                VERDICT_CONFORMANT},
        {"fib daddr type != { local, multicast }", VERDICT_BLOCKED, VERDICT_CONFORMANT, VERDICT_BLOCKED},
        {"fib saddr type local", VERDICT_CONFORMANT, VERDICT_CONFORMANT, VERDICT_CONFORMANT},
        {"fib saddr type { unicast, local }", VERDICT_BLOCKED, VERDICT_BLOCKED, VERDICT_BLOCKED},
        {"fib daddr . iif type local", VERDICT_INDETERMINATE, VERDICT_INDETERMINATE, VERDICT_INDETERMINATE},
        {"meta pkttype { broadcast, multicast }", VERDICT_CONFORMANT, VERDICT_CONFORMANT, VERDICT_CONFORMANT},
        {"meta pkttype host", VERDICT_BLOCKED, VERDICT_BLOCKED, VERDICT_BLOCKED},
        {"meta pkttype != host", VERDICT_CONFORMANT, VERDICT_CONFORMANT, VERDICT_CONFORMANT},
};

START_TEST(path_answers_routing_questions)
{
	struct ruleset *rs = ruleset_make(RS_INET, RS_HOOK_PREROUTING, RS_ACCEPT);
	struct rs_match *m = match_make(rule_make(rs, RS_DROP), RS_FIELD_NFPROTO, 2, 2);
	struct findings out;

	ranges_fini(&m->ranges);
	m->kind = RS_MATCH_ATOM;
	m->n_field = 0;
	m->atom = xstrdup("fib@filter/chain#1");
	m->text = xstrdup(routing[_i].text);
	ck_assert_int_eq(verdict_of(&out, rs, "tcp 10.0.0.0/24 1-9 10.1.0.10 80")->verdict, routing[_i].forward);
	findings_fini(&out);
	ck_assert_int_eq(verdict_of(&out, rs, "tcp 10.0.0.0/24 1-9 10.1.0.10 80 input")->verdict, routing[_i].input);
	findings_fini(&out);
	ck_assert_int_eq(
	        verdict_of(&out, rs, "tcp 10.0.0.0/24 1-9 10.1.0.10 80 forward ? ?")->verdict, routing[_i].unknown);
	findings_fini(&out);
	ruleset_free(rs);
}
END_TEST

START_TEST(jump_loop_ends_with_a_reason)
{
	struct ruleset *rs = ruleset_make(RS_INET, RS_HOOK_FORWARD, RS_ACCEPT);
	struct findings out;
	struct finding *f;

	rule_make(rs, RS_JUMP);
	f = verdict_of(&out, rs, "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061");
	ck_assert_int_eq(f->verdict, VERDICT_INDETERMINATE);
	ck_assert_ptr_nonnull(strstr(f->evidence->reason, "16 chains"));
	findings_fini(&out);
	ruleset_free(rs);
}
END_TEST

START_TEST(too_many_boxes_end_with_a_reason)
{
	struct ruleset *rs = ruleset_make(RS_IP, RS_HOOK_FORWARD, RS_ACCEPT);
	struct findings out;
	struct finding *f;
	uint32_t x = 1;

	for (int i = 0; i < 3000; i++) {
		struct rs_rule *r = rule_make(rs, RS_DROP);

		for (int k = 0; k < 2; k++) {
			u128 lo;

			x = x * 1664525u + 1013904223u;
			lo = 0x0a000000u + (x >> 8) % 0x800000u;
			match_make(r, k == 0 ? RS_FIELD_IP_SADDR : RS_FIELD_IP_DADDR, lo, lo + 0x300000u);
		}
		match_make(r, RS_FIELD_DPORT, x % 60000, x % 60000 + 3000);
	}
	f = verdict_of(&out, rs, "tcp 10.0.0.0/8 1024-65535 10.0.0.0/8 1-65535");
	ck_assert_int_eq(f->verdict, VERDICT_INDETERMINATE);
	ck_assert_ptr_nonnull(f->evidence->reason);
	findings_fini(&out);
	ruleset_free(rs);
}
END_TEST

/* Over 10.0.0.0/8 `ip saddr & 0.0.0.3 == 3` has more runs than are told apart. */
static const struct {
	enum rs_verdict_code masked, policy;
	bool negate;
	enum verdict verdict;
	const char *decider;
	unsigned last_bits; /* of the witness's source */
} far_masks[] = {
        {RS_DROP, RS_DROP, false, VERDICT_BLOCKED, "policy drop", 1},
        {RS_DROP, RS_DROP, true, VERDICT_BLOCKED, "ip saddr & 0.0.0.3 != 0.0.0.3 drop", 1},
        {RS_DROP, RS_ACCEPT, false, VERDICT_INDETERMINATE, "ip saddr & 0.0.0.3 == 0.0.0.3 drop", 3},
        {RS_DROP, RS_ACCEPT, true, VERDICT_INDETERMINATE, "ip saddr & 0.0.0.3 != 0.0.0.3 drop", 1},
        {RS_ACCEPT, RS_DROP, false, VERDICT_INDETERMINATE, "policy drop", 1},
};

START_TEST(witness_meets_the_rule_that_is_named)
{
	struct ruleset *rs = ruleset_make(RS_IP, RS_HOOK_FORWARD, far_masks[_i].policy);
	struct findings out;
	struct rs_match *m;
	struct finding *f;

	match_make(rule_make(rs, RS_ACCEPT), RS_FIELD_IP_SADDR, 0x0b01000a, 0x0b01000a); /* the answers */
	m = match_make(rule_make(rs, far_masks[_i].masked), RS_FIELD_IP_SADDR, 0, 0);

	ranges_fini(&m->ranges);
	m->kind = RS_MATCH_MASK;
	m->mask = m->value = 3;
	m->negate = far_masks[_i].negate;
	f = verdict_of(&out, rs, "udp 10.0.0.0/8 1024-65535 11.1.0.10 5061");
	ck_assert_msg(f->verdict == far_masks[_i].verdict, "%s", verdict_name(f->verdict));
	ck_assert_str_eq(f->evidence->blame.text, far_masks[_i].decider);
	ck_assert_uint_eq((unsigned)(f->evidence->witness.source & 3), far_masks[_i].last_bits);
	if (f->verdict == VERDICT_INDETERMINATE)
		ck_assert_int_eq(strncmp(f->evidence->atom[0], "mask@", 5), 0);
	findings_fini(&out);
	ruleset_free(rs);
}
END_TEST

START_TEST(names_are_fixed)
{
	ck_assert_str_eq(verdict_name(VERDICT_NO_COMMON_FAMILY), "no-common-family");
	ck_assert_str_eq(verdict_summary_key(VERDICT_NOT_TRANSIT), "not_transit");
	ck_assert_str_eq(phase_name(PHASE_ESTABLISHED), "established");
	for (int v = 0; v < VERDICT_N; v++)
		ck_assert_ptr_nonnull(verdict_name((enum verdict)v));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verify");
	TCase *t = tcase_create("verdicts");
	SRunner *r = srunner_create(s);
	int n = (int)(sizeof(cases) / sizeof(cases[0])), failed;

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, verdict_is, 0, n);
	tcase_add_loop_test(t, boxes_say_what_single_packets_say, 0, n);
	tcase_add_test(t, witness_is_in_packet_coordinates);
	tcase_add_loop_test(t, assumption_fixes_an_atom, 0, (int)(sizeof(assumptions) / sizeof(assumptions[0])));
	tcase_add_test(t, undecided_verdict_is_indeterminate_and_named);
	tcase_add_test(t, dynamic_set_is_an_atom_also_without_the_reader);
	tcase_add_test(t, link_layer_chain_makes_it_indeterminate_where_it_may_see_the_packet);
	tcase_add_test(t, legacy_tables_and_no_ruleset_are_never_conformant);
	tcase_add_loop_test(t, state_of_the_flow_is_its_verdict, 0, (int)(sizeof(states) / sizeof(states[0])));
	tcase_add_test(t, waived_row_without_legs_is_waived);
	tcase_add_loop_test(t, published_flow_is_followed_to_the_leg_that_it_is_led_to, 0,
	        (int)(sizeof(spread) / sizeof(spread[0])));
	tcase_add_test(t, published_flow_without_a_rule_is_misdirected_with_the_reason);
	tcase_add_test(t, filter_beside_the_translation_is_open_after_the_first_packet);
	tcase_add_loop_test(t, translated_addresses_are_open, 0, (int)(sizeof(translated) / sizeof(translated[0])));
	tcase_add_loop_test(t, path_answers_routing_questions, 0, (int)(sizeof(routing) / sizeof(routing[0])));
	tcase_add_test(t, jump_loop_ends_with_a_reason);
	tcase_add_test(t, too_many_boxes_end_with_a_reason);
	tcase_add_loop_test(t, witness_meets_the_rule_that_is_named, 0, sizeof(far_masks) / sizeof(far_masks[0]));
	tcase_add_test(t, names_are_fixed);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
