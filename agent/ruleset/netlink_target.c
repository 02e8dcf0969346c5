/*
 * Maps whose data is a destination for address translation: the bytes of an element come in, addresses and ports go out.
 * Data of other types says no destination.
 */
#include <string.h>

#include "ruleset/netlink.h"

/* nft's own numbers of data types; a concatenation packs one per six bits. */
enum { TYPE_IPV4 = 7, TYPE_IPV6 = 8, TYPE_PORT = 13, TYPE_BITS = 6 };

bool target_layout_of(const struct raw_set *raw, struct target_layout *out)
{
	uint32_t last = raw->data_type & ((1u << TYPE_BITS) - 1), first = raw->data_type >> TYPE_BITS;
	*out = (struct target_layout){0};
	if (first == 0 && last != TYPE_PORT) {
		first = last;
		last = 0;
	}
	if ((first != 0 && first != TYPE_IPV4 && first != TYPE_IPV6) || (last != 0 && last != TYPE_PORT))
		return false;
	out->address = first == TYPE_IPV4 ? 4 : first == TYPE_IPV6 ? 16 : 0;
	out->port = last != 0 ? 2 : 0;
	out->port_at = out->address;
	/* Parts of a concatenation, and the two ends of a range, stand at whole registers. */
	out->size = out->address + (out->port != 0 ? 4u : 0u);
	unsigned bare = out->address + out->port;
	out->range = raw->data_len == 2 * out->size || raw->data_len == out->size + bare;
	return out->range || raw->data_len == out->size || raw->data_len == bare;
}

static u128 number_at(const uint8_t *p, size_t len)
{
	u128 v = 0;
	for (size_t i = 0; i < len; i++)
		v = v << 8 | p[i];
	return v;
}

struct rs_target target_decode(const struct raw_set *raw, const struct raw_element *element)
{
	struct target_layout layout;
	struct rs_target t = {.has_address = false};
	if (element->data == NULL || !target_layout_of(raw, &layout))
		return t;
	size_t hi = layout.range ? layout.size : 0,
	       need = hi + (layout.port != 0 ? layout.port_at + 2 : layout.address);
	if (element->data_len < need)
		return t;
	t.has_address = layout.address != 0;
	t.address_lo = number_at(element->data, layout.address);
	t.address_hi = number_at(element->data + hi, layout.address);
	t.has_port = layout.port != 0;
	if (t.has_port) {
		t.port.lo = (uint16_t)number_at(element->data + layout.port_at, 2);
		t.port.hi = (uint16_t)number_at(element->data + hi + layout.port_at, 2);
	}
	if (t.address_hi < t.address_lo || t.port.hi < t.port.lo)
		t.has_address = t.has_port = false;
	return t;
}
