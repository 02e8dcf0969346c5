/*
 * Attributes of netlink messages: bytes come in, numbers, names and data go out, every length checked here and nowhere
 * taken on trust. What has another size than it must have is refused.
 */
#include <endian.h>
#include <libnftnl/udata.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/utf8.h"
#include "ruleset/netlink.h"

struct attr_list attr_list(const struct nlattr *list)
{
	if (list == NULL)
		return (struct attr_list){0};
	return (struct attr_list){mnl_attr_get_payload(list), mnl_attr_get_payload_len(list)};
}

int attr_list_next(struct attr_list *list, const struct nlattr **out)
{
	const struct nlattr *attr = (const struct nlattr *)(const void *)list->p;
	if (list->len == 0)
		return 0;
	if (list->len < sizeof(*attr) || attr->nla_len < sizeof(*attr) || attr->nla_len > list->len)
		return -1;
	size_t aligned = (size_t)MNL_ALIGN(attr->nla_len), step = aligned < list->len ? aligned : list->len;
	list->p += step;
	list->len -= step;
	*out = attr;
	return 1;
}

bool attrs_parse(const void *bytes, size_t len, const struct nlattr **tb, size_t n_tb)
{
	struct attr_list list = {bytes, len};
	const struct nlattr *attr;
	int more;
	memset(tb, 0, n_tb * sizeof(*tb));
	while ((more = attr_list_next(&list, &attr)) > 0) {
		unsigned type = mnl_attr_get_type(attr);
		if (type < n_tb)
			tb[type] = attr;
	}
	return more == 0;
}

bool attrs_nested(const struct nlattr *attr, const struct nlattr **tb, size_t n_tb)
{
	memset(tb, 0, n_tb * sizeof(*tb));
	return attr != NULL && attrs_parse(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr), tb, n_tb);
}

static bool fixed(const struct nlattr *attr, void *out, size_t size)
{
	if (attr == NULL || mnl_attr_get_payload_len(attr) != size)
		return false;
	memcpy(out, mnl_attr_get_payload(attr), size);
	return true;
}

bool attr_u8(const struct nlattr *attr, uint8_t *out)
{
	return fixed(attr, out, sizeof(*out));
}

bool attr_u32(const struct nlattr *attr, uint32_t *out)
{
	if (!fixed(attr, out, sizeof(*out)))
		return false;
	*out = be32toh(*out);
	return true;
}

bool attr_u64(const struct nlattr *attr, uint64_t *out)
{
	if (!fixed(attr, out, sizeof(*out)))
		return false;
	*out = be64toh(*out);
	return true;
}

bool attr_name(const struct nlattr *attr, char buf[RULESET_MAX_NAME + 1])
{
	if (attr == NULL)
		return false;
	const char *s = mnl_attr_get_payload(attr);
	size_t len = strnlen(s, mnl_attr_get_payload_len(attr));
	if (len == 0 || len > RULESET_MAX_NAME)
		return false;
	memcpy(buf, s, len);
	buf[len] = '\0';
	utf8_clean(buf);
	return true;
}

bool attr_data(const struct nlattr *attr, const uint8_t **bytes, size_t *len)
{
	const struct nlattr *tb[NFTA_DATA_MAX + 1];
	if (!attrs_nested(attr, tb, NFTA_DATA_MAX + 1) || tb[NFTA_DATA_VALUE] == NULL)
		return false;
	*bytes = mnl_attr_get_payload(tb[NFTA_DATA_VALUE]);
	*len = mnl_attr_get_payload_len(tb[NFTA_DATA_VALUE]);
	return *len > 0 && *len <= 64;
}

char *userdata_comment(const struct nlattr *attr)
{
	if (attr == NULL)
		return NULL;
	const uint8_t *p = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);
	while (len >= 2 && (size_t)p[1] + 2 <= len) {
		if (p[0] == NFTNL_UDATA_RULE_COMMENT && p[1] > 0) {
			char *s = xstrndup((const char *)p + 2, p[1]);
			return quoted_clean(s);
		}
		len -= (size_t)p[1] + 2;
		p += (size_t)p[1] + 2;
	}
	return NULL;
}
