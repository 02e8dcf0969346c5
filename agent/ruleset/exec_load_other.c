/*
 * Loads that are outside the model altogether: fib, rt, socket, extension headers, random numbers, hashes, operating
 * system fingerprints, tunnels and IPsec. Each is loaded under its name in nft syntax and gives atoms later.
 */
#include <endian.h>
#include <linux/xfrm.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/exec.h"

bool expr_fib(struct exec *x, const struct nlattr *data)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} parts[] = {{NFTA_FIB_F_SADDR, "saddr"}, {NFTA_FIB_F_DADDR, "daddr"}, {NFTA_FIB_F_MARK, "mark"},
	        {NFTA_FIB_F_IIF, "iif"}, {NFTA_FIB_F_OIF, "oif"}};
	const struct nlattr *tb[NFTA_FIB_MAX + 1];
	uint32_t reg, result, flags;
	struct text t = {0};
	if (!attrs_nested(data, tb, NFTA_FIB_MAX + 1) || !attr_u32(tb[NFTA_FIB_DREG], &reg) ||
	        !attr_u32(tb[NFTA_FIB_RESULT], &result) || !attr_u32(tb[NFTA_FIB_FLAGS], &flags))
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (flags & parts[i].flag)
			text_addf(&t, "%s%s", t.len > 0 ? " . " : "fib ", parts[i].name);
	if (result == NFT_FIB_RESULT_ADDRTYPE)
		text_add(&t, " type");
	else
		text_add(&t, result == NFT_FIB_RESULT_OIFNAME ? " oifname" : " oif");
	bool present = flags & NFTA_FIB_F_PRESENT;
	size_t width = present ? 1 : result == NFT_FIB_RESULT_OIFNAME ? 16 : 4;
	if (register_offset(reg, width) < 0) {
		text_fini(&t);
		return false;
	}
	register_load_unknown(x, reg, width, text_take(&t),
	        present                            ? SOURCE_BOOLEAN
	        : result == NFT_FIB_RESULT_OIFNAME ? SOURCE_STRING
	                                           : SOURCE_DECIMAL,
	        result == NFT_FIB_RESULT_ADDRTYPE ? symbols_fib_type : NULL, !present);
	return true;
}

bool expr_rt(struct exec *x, const struct nlattr *data)
{
	static const struct {
		const char *name;
		unsigned width;
		enum source_format format;
	} keys[] = {{"rt classid", 4, SOURCE_DECIMAL}, {"rt ip nexthop", 4, SOURCE_IPV4},
	        {"rt ip6 nexthop", 16, SOURCE_IPV6}, {"rt mtu", 2, SOURCE_DECIMAL}, {"rt ipsec", 1, SOURCE_BOOLEAN}};
	const struct nlattr *tb[NFTA_RT_MAX + 1];
	uint32_t reg, key;
	if (!attrs_nested(data, tb, NFTA_RT_MAX + 1) || !attr_u32(tb[NFTA_RT_DREG], &reg) ||
	        !attr_u32(tb[NFTA_RT_KEY], &key) || key >= sizeof(keys) / sizeof(keys[0]) ||
	        register_offset(reg, keys[key].width) < 0)
		return false;
	register_load_unknown(x, reg, keys[key].width, xstrdup(keys[key].name), keys[key].format, NULL,
	        key == NFT_RT_CLASSID || key == NFT_RT_TCPMSS);
	return true;
}

bool expr_socket(struct exec *x, const struct nlattr *data)
{
	static const struct {
		const char *name;
		unsigned width;
	} keys[] = {{"socket transparent", 1}, {"socket mark", 4}, {"socket wildcard", 1}, {"socket cgroupv2", 8}};
	const struct nlattr *tb[NFTA_SOCKET_MAX + 1];
	uint32_t reg, key;
	if (!attrs_nested(data, tb, NFTA_SOCKET_MAX + 1) || !attr_u32(tb[NFTA_SOCKET_DREG], &reg) ||
	        !attr_u32(tb[NFTA_SOCKET_KEY], &key) || key >= sizeof(keys) / sizeof(keys[0]) ||
	        register_offset(reg, keys[key].width) < 0)
		return false;
	register_load_unknown(x, reg, keys[key].width, xstrdup(keys[key].name),
	        key == NFT_SOCKET_MARK ? SOURCE_HEX : SOURCE_DECIMAL, NULL, true);
	return true;
}

bool expr_exthdr(struct exec *x, const struct nlattr *data)
{
	static const char *const ops[] = {"exthdr", "tcp option", "ip option", "sctp chunk", "dccp option"};
	const struct nlattr *tb[NFTA_EXTHDR_MAX + 1];
	uint32_t reg, offset, len, op = NFT_EXTHDR_OP_IPV6, flags = 0;
	uint8_t type;
	if (!attrs_nested(data, tb, NFTA_EXTHDR_MAX + 1) || !attr_u8(tb[NFTA_EXTHDR_TYPE], &type))
		return false;
	attr_u32(tb[NFTA_EXTHDR_OP], &op);
	attr_u32(tb[NFTA_EXTHDR_FLAGS], &flags);
	const char *name = op < sizeof(ops) / sizeof(ops[0]) ? ops[op] : "exthdr";
	bool sized = attr_u32(tb[NFTA_EXTHDR_OFFSET], &offset) && attr_u32(tb[NFTA_EXTHDR_LEN], &len);
	if (attr_u32(tb[NFTA_EXTHDR_DREG], &reg)) {
		bool present = flags & NFT_EXTHDR_F_PRESENT;
		if (!sized || register_offset(reg, present ? 1 : len) < 0)
			return false;
		char *text = present ? xasprintf("%s %u", name, type)
		                     : xasprintf("%s @%u,%u,%u", name, type, 8 * (offset & 0xffff), 8 * len);
		register_load_unknown(
		        x, reg, present ? 1 : len, text, present ? SOURCE_BOOLEAN : SOURCE_HEX, NULL, false);
		return true;
	}
	struct text t = {0};
	if (!sized || !attr_u32(tb[NFTA_EXTHDR_SREG], &reg)) {
		text_addf(&t, "reset %s %u", name, type);
	} else if (op == NFT_EXTHDR_OP_TCPOPT && type == 2 && offset == 2) {
		text_add(&t, "tcp option maxseg size set ");
		register_print(&t, x, reg, len);
	} else {
		text_addf(&t, "%s @%u,%u,%u set ", name, type, 8 * (offset & 0xffff), 8 * len);
		register_print(&t, x, reg, len);
	}
	builder_statement(&x->b, text_str(&t));
	text_fini(&t);
	return true;
}

bool expr_numgen(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_NG_MAX + 1];
	uint32_t reg, modulus, type, offset = 0;
	if (!attrs_nested(data, tb, NFTA_NG_MAX + 1) || !attr_u32(tb[NFTA_NG_DREG], &reg) ||
	        !attr_u32(tb[NFTA_NG_MODULUS], &modulus) || !attr_u32(tb[NFTA_NG_TYPE], &type) ||
	        register_offset(reg, 4) < 0)
		return false;
	attr_u32(tb[NFTA_NG_OFFSET], &offset);
	struct text t = {0};
	text_addf(&t, "numgen %s mod %u", type == NFT_NG_RANDOM ? "random" : "inc", modulus);
	if (offset > 0)
		text_addf(&t, " offset %u", offset);
	register_load_unknown(x, reg, 4, text_take(&t), SOURCE_DECIMAL, NULL, true);
	register_is_drawn(x, offset, modulus);
	return true;
}

bool expr_hash(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_HASH_MAX + 1];
	uint32_t reg, sreg, len, modulus, offset = 0, type = NFT_HASH_JENKINS;
	if (!attrs_nested(data, tb, NFTA_HASH_MAX + 1) || !attr_u32(tb[NFTA_HASH_DREG], &reg) ||
	        !attr_u32(tb[NFTA_HASH_MODULUS], &modulus) || register_offset(reg, 4) < 0)
		return false;
	attr_u32(tb[NFTA_HASH_TYPE], &type);
	attr_u32(tb[NFTA_HASH_OFFSET], &offset);
	struct text t = {0};
	if (type == NFT_HASH_SYM) {
		text_addf(&t, "symhash mod %u", modulus);
	} else {
		text_add(&t, "jhash ");
		if (attr_u32(tb[NFTA_HASH_SREG], &sreg) && attr_u32(tb[NFTA_HASH_LEN], &len))
			register_print(&t, x, sreg, len);
		text_addf(&t, " mod %u", modulus);
	}
	register_load_unknown(x, reg, 4, text_take(&t), SOURCE_DECIMAL, NULL, true);
	register_is_drawn(x, offset, modulus);
	return true;
}

/* A load whose parameters do not matter here: only the register and its width. */
static bool load_named(struct exec *x, const struct nlattr *data, size_t max, int dreg, size_t width, const char *name,
        enum source_format format)
{
	const struct nlattr *tb[32];
	uint32_t reg;
	if (max >= sizeof(tb) / sizeof(tb[0]) || !attrs_nested(data, tb, max + 1) || !attr_u32(tb[dreg], &reg) ||
	        register_offset(reg, width) < 0)
		return false;
	register_load_unknown(x, reg, width, xstrdup(name), format, NULL, true);
	return true;
}

bool expr_osf(struct exec *x, const struct nlattr *data)
{
	return load_named(x, data, NFTA_OSF_MAX, NFTA_OSF_DREG, 16, "osf name", SOURCE_STRING);
}

bool expr_tunnel(struct exec *x, const struct nlattr *data)
{
	return load_named(x, data, NFTA_TUNNEL_MAX, NFTA_TUNNEL_DREG, 4, "tunnel", SOURCE_DECIMAL);
}

bool expr_xfrm(struct exec *x, const struct nlattr *data)
{
	static const struct {
		const char *name;
		unsigned width;
		enum source_format format;
	} keys[] = {[NFT_XFRM_KEY_DADDR_IP4] = {"ip daddr", 4, SOURCE_IPV4},
	        [NFT_XFRM_KEY_DADDR_IP6] = {"ip6 daddr", 16, SOURCE_IPV6},
	        [NFT_XFRM_KEY_SADDR_IP4] = {"ip saddr", 4, SOURCE_IPV4},
	        [NFT_XFRM_KEY_SADDR_IP6] = {"ip6 saddr", 16, SOURCE_IPV6},
	        [NFT_XFRM_KEY_REQID] = {"reqid", 4, SOURCE_DECIMAL},
	        [NFT_XFRM_KEY_SPI] = {"spi", 4, SOURCE_DECIMAL}};
	const struct nlattr *tb[NFTA_XFRM_MAX + 1];
	uint32_t key, reg, number = 0;
	uint8_t direction;
	if (!attrs_nested(data, tb, NFTA_XFRM_MAX + 1) || !attr_u32(tb[NFTA_XFRM_KEY], &key) ||
	        key >= sizeof(keys) / sizeof(keys[0]) || keys[key].name == NULL ||
	        !attr_u8(tb[NFTA_XFRM_DIR], &direction) || !attr_u32(tb[NFTA_XFRM_DREG], &reg) ||
	        register_offset(reg, keys[key].width) < 0)
		return false;
	attr_u32(tb[NFTA_XFRM_SPNUM], &number);
	struct text t = {0};
	text_addf(&t, "ipsec %s ", direction == XFRM_POLICY_IN ? "in" : "out");
	if (number > 0)
		text_addf(&t, "spnum %u ", number);
	text_add(&t, keys[key].name);
	register_load_unknown(
	        x, reg, keys[key].width, text_take(&t), keys[key].format, NULL, key == NFT_XFRM_KEY_REQID);
	return true;
}
