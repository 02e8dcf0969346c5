/*
 * In: what `ip -j netconf` prints. Out: which interfaces forward IPv4 packets and how they filter reverse paths, and whether
 * IPv6 packets are forwarded. Refused: what is no such list, and values that are none.
 */
#include <stdio.h>
#include <string.h>

#include "network_json.h"
#include "portcullis/alloc.h"

static int take_rp_filter(const json_t *item, uint8_t *out, const char *where, struct error *err)
{
	static const char *const name[] = {"off", "strict", "loose"};
	const json_t *value = json_object_get(item, "rp_filter");
	if (value == NULL)
		return 0;
	for (uint8_t i = 0; json_is_string(value) && i < 3; i++)
		if (strcmp(json_string_value(value), name[i]) == 0) {
			*out = i;
			return 0;
		}
	return error_set(err, ERR_INVALID, where, "\"rp_filter\" must be \"off\", \"strict\" or \"loose\"");
}

static int setting_add(const json_t *item, const char *ifname, const char *where, uint8_t *rp_filter_of_all,
        struct network *net, struct error *err)
{
	struct net_setting setting = {.forwards = json_is_true(json_object_get(item, "forwarding"))};
	if (take_rp_filter(item, &setting.rp_filter, where, err) != 0)
		return -1;
	if (strcmp(ifname, "all") == 0)
		*rp_filter_of_all = setting.rp_filter;
	if (strcmp(ifname, "all") == 0 || strcmp(ifname, "default") == 0)
		return 0;
	if (network_json_ifname(ifname, setting.ifname, where, err) != 0)
		return -1;
	net->setting = xgrow(net->setting, net->n_setting, &net->cap_setting, sizeof(setting));
	net->setting[net->n_setting++] = setting;
	return 0;
}

int network_json_settings(const json_t *list, struct network *net, struct error *err)
{
	uint8_t rp_filter_of_all = 0;
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
	{
		const char *family = json_string_value(json_object_get(item, "family")),
		           *ifname = json_string_value(json_object_get(item, "interface"));
		char where[64];
		snprintf(where, sizeof(where), "netconf[%zu]", i);
		if (family == NULL || ifname == NULL || !json_is_boolean(json_object_get(item, "forwarding"))) {
			/* What other families have is of no concern. */
			if (family != NULL && strncmp(family, "inet", 4) != 0)
				continue;
			return error_set(err, ERR_INVALID, where,
			        "must have \"family\", \"interface\" and \"forwarding\": take `ip -j netconf`");
		}
		if (strcmp(family, "inet6") == 0 && strcmp(ifname, "all") == 0)
			net->no_forwarding6 = json_is_false(json_object_get(item, "forwarding"));
		if (strcmp(family, "inet") == 0 && setting_add(item, ifname, where, &rp_filter_of_all, net, err) != 0)
			return -1;
	}
	network_settings_finish(net, rp_filter_of_all);
	return 0;
}
