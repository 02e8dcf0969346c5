/*
 * Addresses, routes, VRFs and routing policy of the device as a value. Out: which addresses are its own, whether two
 * readings say the same, and what of it verdicts do not see. Nothing is refused; network_route.c looks routes up.
 */
#include "portcullis/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

void network_fini(struct network *net)
{
	if (net == NULL)
		return;
	free(net->address);
	free(net->route);
	free(net->member);
	free(net->rule);
	free(net->setting);
	memset(net, 0, sizeof(*net));
}

bool network_is_local(const struct network *net, enum family f, u128 address)
{
	static const char loopback[] = "lo";
	if (!net->known)
		return false;
	for (size_t i = 0; i < net->n_address; i++)
		if (net->address[i].family == f && net->address[i].address == address)
			return true;
	/* Every system answers to 127.0.0.0/8; other ranges it answers to are routes of the local table. */
	if (f == FAMILY_IPV4 && address >> 24 == 127)
		return true;
	for (size_t i = 0; i < net->n_route; i++) {
		const struct net_route *r = &net->route[i];
		if (r->family == f && strcmp(r->ifname, loopback) == 0 && r->prefix_length > 0 &&
		        address >= r->destination.lo && address <= r->destination.hi)
			return true;
	}
	return false;
}

#define ORDER(a, b)                                                                                                    \
	do {                                                                                                           \
		if ((a) != (b))                                                                                        \
			return (a) < (b) ? -1 : 1;                                                                     \
	} while (0)

static int address_cmp(const void *x, const void *y)
{
	const struct net_address *a = x, *b = y;
	ORDER(a->family, b->family);
	ORDER(a->address, b->address);
	return strcmp(a->ifname, b->ifname);
}

static int route_cmp(const void *x, const void *y)
{
	const struct net_route *a = x, *b = y;
	ORDER(a->family, b->family);
	ORDER(a->destination.lo, b->destination.lo);
	ORDER(b->destination.hi, a->destination.hi);
	ORDER(a->metric, b->metric);
	ORDER(a->prefix_length, b->prefix_length);
	ORDER(a->multipath, b->multipath);
	ORDER(a->unknown, b->unknown);
	ORDER(a->passes_on, b->passes_on);
	int order = strcmp(a->vrf, b->vrf);
	return order != 0 ? order : strcmp(a->ifname, b->ifname);
}

static int member_cmp(const void *x, const void *y)
{
	const struct net_member *a = x, *b = y;
	int order = strcmp(a->ifname, b->ifname);
	return order != 0 ? order : strcmp(a->vrf, b->vrf);
}

static int rule_cmp(const void *x, const void *y)
{
	const struct net_rule *a = x, *b = y;
	ORDER(a->family, b->family);
	ORDER(a->priority, b->priority);
	ORDER(a->source.lo, b->source.lo);
	ORDER(a->source.hi, b->source.hi);
	ORDER(a->destination.lo, b->destination.lo);
	ORDER(a->destination.hi, b->destination.hi);
	ORDER(a->proto, b->proto);
	ORDER(a->exact, b->exact);
	ORDER(a->to_main, b->to_main);
	ORDER(a->marked, b->marked);
	return strcmp(a->iif, b->iif);
}

static int setting_cmp(const void *x, const void *y)
{
	const struct net_setting *a = x, *b = y;
	ORDER(a->forwards, b->forwards);
	ORDER(a->rp_filter, b->rp_filter);
	return strcmp(a->ifname, b->ifname);
}

static int setting_name_cmp(const void *x, const void *y)
{
	const struct net_setting *a = x, *b = y;
	return strcmp(a->ifname, b->ifname);
}

void network_settings_finish(struct network *net, uint8_t rp_filter_of_all)
{
	for (size_t i = 0; i < net->n_setting; i++)
		if (net->setting[i].rp_filter < rp_filter_of_all)
			net->setting[i].rp_filter = rp_filter_of_all;
	if (net->n_setting > 1)
		qsort(net->setting, net->n_setting, sizeof(*net->setting), setting_name_cmp);
}

const struct net_setting *network_setting_find(const struct network *net, const char *ifname)
{
	struct net_setting key = {.forwards = false};
	memcpy(key.ifname, ifname, strnlen(ifname, IFNAME_SIZE - 1));
	if (net->n_setting == 0)
		return NULL;
	return bsearch(&key, net->setting, net->n_setting, sizeof(key), setting_name_cmp);
}

static void *sorted(const void *items, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	void *copy = xcalloc(n, size);
	if (n > 0) {
		memcpy(copy, items, n * size);
		qsort(copy, n, size, cmp);
	}
	return copy;
}

static bool lists_equal(const void *a, const void *b, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	char *x = sorted(a, n, size, cmp), *y = sorted(b, n, size, cmp);
	bool equal = true;
	for (size_t i = 0; i < n && equal; i++)
		equal = cmp(x + i * size, y + i * size) == 0;
	free(x);
	free(y);
	return equal;
}

bool network_equal(const struct network *a, const struct network *b)
{
	return a->known == b->known && a->n_address == b->n_address && a->n_route == b->n_route &&
	       a->n_member == b->n_member && a->n_rule == b->n_rule && a->n_setting == b->n_setting &&
	       a->no_forwarding6 == b->no_forwarding6 &&
	       lists_equal(a->setting, b->setting, a->n_setting, sizeof(*a->setting), setting_cmp) &&
	       lists_equal(a->address, b->address, a->n_address, sizeof(*a->address), address_cmp) &&
	       lists_equal(a->route, b->route, a->n_route, sizeof(*a->route), route_cmp) &&
	       lists_equal(a->member, b->member, a->n_member, sizeof(*a->member), member_cmp) &&
	       lists_equal(a->rule, b->rule, a->n_rule, sizeof(*a->rule), rule_cmp);
}

const char *network_vrf_of(const struct network *net, const char *ifname)
{
	for (size_t i = 0; i < net->n_member; i++)
		if (strcmp(net->member[i].ifname, ifname) == 0)
			return net->member[i].vrf;
	return "";
}

void network_rules_sort(struct network *net)
{
	/* By insertion: rules of one priority keep their order, and there are few. */
	for (size_t i = 1; i < net->n_rule; i++) {
		struct net_rule rule = net->rule[i];
		size_t k = i;
		for (; k > 0 && net->rule[k - 1].priority > rule.priority; k--)
			net->rule[k] = net->rule[k - 1];
		net->rule[k] = rule;
	}
}

static void tell_rules(const struct network *net, void (*each)(void *ctx, const char *text), void *ctx)
{
	size_t n = 0, marked = 0;
	for (size_t i = 0; i < net->n_rule; i++) {
		if (net->rule[i].marked)
			marked++;
		else if (!net->rule[i].to_main)
			n++;
	}
	char text[256];
	snprintf(text, sizeof(text),
	        "%zu rules of the routing policy (`ip rule`) look up other tables: flows that they select are "
	        "indeterminate",
	        n);
	if (n > 0)
		each(ctx, text);
	snprintf(text, sizeof(text),
	        "%zu rules of the routing policy (`ip rule`) select marked packets or those of some users: verdicts "
	        "speak of packets without a mark",
	        marked);
	if (marked > 0)
		each(ctx, text);
}

void network_each_caveat(const struct network *net, void (*each)(void *ctx, const char *text), void *ctx)
{
	char text[256];
	size_t n = 0;
	for (size_t i = 0; i < net->n_route; i++)
		n += net->route[i].unknown;
	tell_rules(net, each, ctx);
	snprintf(text, sizeof(text),
	        "%zu routes have next hops that cannot be told: flows over these are indeterminate", n);
	if (n > 0)
		each(ctx, text);
	snprintf(text, sizeof(text),
	        "%zu interfaces belong to VRFs, where one packet is seen under two names: rules that match interface "
	        "names are undecided for flows through these",
	        net->n_member);
	if (net->n_member > 0)
		each(ctx, text);
}

void network_addresses_unique(struct network *net)
{
	size_t kept = 0;
	if (net->n_address > 1)
		qsort(net->address, net->n_address, sizeof(*net->address), address_cmp);
	for (size_t i = 0; i < net->n_address; i++)
		if (kept == 0 || address_cmp(&net->address[kept - 1], &net->address[i]) != 0)
			net->address[kept++] = net->address[i];
	net->n_address = kept;
}
