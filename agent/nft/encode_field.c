/*
 * Fields of the model as the kernel knows them: a field comes in, where it is loaded from, its size, byte order and nft's
 * type come out, and values and keys as bytes. Fields that an own table does not match on are not known.
 */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "nft/encode.h"

/* Numbers of nft's data types (nft prints a set's key by them); the kernel keeps them without looking. */
enum {
	TYPE_NFPROTO = 2,
	TYPE_IPV4 = 7,
	TYPE_IPV6 = 8,
	TYPE_PROTO = 12,
	TYPE_SERVICE = 13,
	TYPE_ICMP = 14,
	TYPE_TCP_FLAG = 15,
	TYPE_MARK = 19,
	TYPE_CT_STATE = 26,
	TYPE_CT_DIR = 27,
	TYPE_CT_STATUS = 28,
	TYPE_ICMPV6 = 29,
	TYPE_ICMP_CODE = 32,
	TYPE_ICMPV6_CODE = 33,
	TYPE_IFNAME = 41
};

#define NETWORK NFT_LOAD_NETWORK
#define TRANSPORT NFT_LOAD_TRANSPORT
#define META NFT_LOAD_META
#define CT NFT_LOAD_CT
#define IP NFPROTO_IPV4
#define IP6 NFPROTO_IPV6
#define BIG NFT_ORDER_NETWORK
#define HOST NFT_ORDER_HOST
#define NONE NFT_ORDER_NONE

static const struct nft_field fields[RS_FIELD_N] = {
        [RS_FIELD_NFPROTO] = {META, NFT_META_NFPROTO, 1, TYPE_NFPROTO, NONE, false, 0, 0},
        [RS_FIELD_L4PROTO] = {META, NFT_META_L4PROTO, 1, TYPE_PROTO, NONE, false, 0, 0},
        [RS_FIELD_IP_SADDR] = {NETWORK, 12, 4, TYPE_IPV4, BIG, false, IP, 0},
        [RS_FIELD_IP_DADDR] = {NETWORK, 16, 4, TYPE_IPV4, BIG, false, IP, 0},
        [RS_FIELD_IP6_SADDR] = {NETWORK, 8, 16, TYPE_IPV6, BIG, false, IP6, 0},
        [RS_FIELD_IP6_DADDR] = {NETWORK, 24, 16, TYPE_IPV6, BIG, false, IP6, 0},
        [RS_FIELD_SPORT] = {TRANSPORT, 0, 2, TYPE_SERVICE, BIG, false, 0, 0},
        [RS_FIELD_DPORT] = {TRANSPORT, 2, 2, TYPE_SERVICE, BIG, false, 0, 0},
        [RS_FIELD_IIFNAME] = {META, NFT_META_IIFNAME, 16, TYPE_IFNAME, HOST, false, 0, 0},
        [RS_FIELD_OIFNAME] = {META, NFT_META_OIFNAME, 16, TYPE_IFNAME, HOST, false, 0, 0},
        [RS_FIELD_CT_STATE] = {CT, NFT_CT_STATE, 4, TYPE_CT_STATE, HOST, true, 0, 0},
        [RS_FIELD_TCP_FLAGS] = {TRANSPORT, 13, 1, TYPE_TCP_FLAG, NONE, false, 0, PROTO_TCP},
        [RS_FIELD_ICMP_TYPE] = {TRANSPORT, 0, 1, TYPE_ICMP, NONE, false, IP, PROTO_ICMP},
        [RS_FIELD_ICMPV6_TYPE] = {TRANSPORT, 0, 1, TYPE_ICMPV6, NONE, false, IP6, PROTO_ICMPV6},
        [RS_FIELD_ICMP_CODE] = {TRANSPORT, 1, 1, TYPE_ICMP_CODE, NONE, false, IP, PROTO_ICMP},
        [RS_FIELD_ICMPV6_CODE] = {TRANSPORT, 1, 1, TYPE_ICMPV6_CODE, NONE, false, IP6, PROTO_ICMPV6},
        [RS_FIELD_MARK] = {META, NFT_META_MARK, 4, TYPE_MARK, HOST, true, 0, 0},
        [RS_FIELD_CT_STATUS] = {CT, NFT_CT_STATUS, 4, TYPE_CT_STATUS, HOST, true, 0, 0},
        [RS_FIELD_CT_DIRECTION] = {CT, NFT_CT_DIRECTION, 1, TYPE_CT_DIR, NONE, false, 0, 0},
};

const struct nft_field *nft_field(enum rs_field f)
{
	return (size_t)f < RS_FIELD_N && fields[f].len > 0 ? &fields[f] : NULL;
}

void nft_field_put(const struct nft_field *f, u128 value, uint8_t *out)
{
	uint32_t number = (uint32_t)value;
	if (f->number) {
		memcpy(out, &number, sizeof(number));
		return;
	}
	for (uint32_t i = f->len; i-- > 0; value >>= 8)
		out[i] = (uint8_t)value;
}

bool nft_set_is_interval(const struct own_set *set)
{
	if (set->field[0] != RS_FIELD_IIFNAME && set->field[0] != RS_FIELD_OIFNAME)
		return true;
	for (size_t i = 0; i < set->n_element; i++)
		for (size_t k = 0; k < set->n_field; k++)
			if (set->element[i].key[k].lo != set->element[i].key[k].hi)
				return true;
	return false;
}

static size_t padded(size_t len)
{
	return (len + 3) / 4 * 4;
}

size_t nft_key_length(const struct own_set *set)
{
	size_t len = 0;
	if (set->n_field == 1)
		return nft_field(set->field[0])->len;
	for (size_t i = 0; i < set->n_field; i++)
		len += padded(nft_field(set->field[i])->len);
	return len;
}

void nft_key_put(const struct own_set *set, const struct own_element *e, bool upper, uint8_t *out)
{
	memset(out, 0, NFT_KEY_MAX);
	for (size_t i = 0; i < set->n_field; i++) {
		const struct nft_field *f = nft_field(set->field[i]);
		nft_field_put(f, upper ? e->key[i].hi : e->key[i].lo, out);
		out += padded(f->len);
	}
}
