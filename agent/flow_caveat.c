/*
 * In: required flows and the device's network. Out: what their verdicts do not see, in words: interfaces that do not forward
 * or that filter reverse paths, paths that are not certain. Nothing is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/flow.h"
#include "portcullis/text.h"

/* So many names in one text. */
#define NAMES_MAX 8

struct uses {
	const struct network *net;
	bool *forwards,
	        *arrives; /* of each setting: packets of a flow are to be forwarded from there, or come in there */
	bool forwards6;
};

static void leg_use(struct uses *u, const struct flow *f, const struct flow_leg *leg)
{
	const struct net_setting *one = leg->iif[0] ? network_setting_find(u->net, leg->iif) : NULL;

	for (size_t i = 0; i < u->net->n_setting; i++) {
		if (leg->iif[0] ? &u->net->setting[i] != one : !strcmp(u->net->setting[i].ifname, "lo"))
			continue;
		u->arrives[i] = true;
		u->forwards[i] = u->forwards[i] || f->path == PATH_FORWARD;
	}
}

static void uses_find(struct uses *u, const struct flows *flows)
{
	const char *last = NULL;
	enum path path = PATH_NONE;

	for (size_t i = 0; i < flows->n; i++) {
		const struct flow *f = &flows->flow[i];

		if (f->state != FLOW_CHECK || (f->path != PATH_FORWARD && f->path != PATH_INPUT))
			continue;
		u->forwards6 = u->forwards6 || (f->family == FAMILY_IPV6 && f->path == PATH_FORWARD);
		for (size_t k = 0; f->family == FAMILY_IPV4 && k < f->n_leg; k++) {
			/* Most legs come in where the one before does. */
			if (last && f->path == path && !strcmp(last, f->leg[k].iif))
				continue;
			last = f->leg[k].iif;
			path = f->path;
			leg_use(u, f, &f->leg[k]);
		}
	}
}

static void name_add(struct text *t, size_t *n, const char *name)
{
	if (++*n <= NAMES_MAX)
		text_addf(t, "%s%s", *n > 1 ? ", " : "", name);
}

static void names_tell(
        struct text *names, size_t n, const char *what, void (*each)(void *ctx, const char *text), void *ctx)
{
	char *text;

	if (n > NAMES_MAX)
		text_addf(names, " and %zu more", n - NAMES_MAX);
	text = xasprintf("IPv4 packets that arrive on %s %s", text_str(names), what);
	if (n > 0)
		each(ctx, text);
	free(text);
	text_fini(names);
}

static void settings_tell(const struct uses *u, void (*each)(void *ctx, const char *text), void *ctx)
{
	struct text off = {0}, strict = {0};
	size_t n_off = 0, n_strict = 0;

	for (size_t i = 0; i < u->net->n_setting; i++) {
		const struct net_setting *s = &u->net->setting[i];

		if (u->forwards[i] && !s->forwards)
			name_add(&off, &n_off, s->ifname);
		if (u->arrives[i] && s->rp_filter == 1)
			name_add(&strict, &n_strict, s->ifname);
	}
	names_tell(&off, n_off, "are not forwarded, whatever the ruleset says: forwarding is off there", each, ctx);
	names_tell(&strict, n_strict,
	        "are dropped when the route back to their source leads elsewhere: rp_filter "
	        "is "
	        "strict there",
	        each, ctx);
}

void flows_each_caveat(
        const struct flows *flows, const struct network *net, void (*each)(void *ctx, const char *text), void *ctx)
{
	struct uses u = {.net = net};

	if (!net->known) {
		each(ctx, "addresses and routes of the device are not known: the path is taken as forward, between the "
		          "zones of the groups");
		return;
	}
	u.forwards = xcalloc(net->n_setting + 1, sizeof(*u.forwards));
	u.arrives = xcalloc(net->n_setting + 1, sizeof(*u.arrives));
	uses_find(&u, flows);
	settings_tell(&u, each, ctx);
	if (u.forwards6 && net->no_forwarding6)
		each(ctx, "IPv6 packets are not forwarded, whatever the ruleset says: net.ipv6.conf.all.forwarding is "
		          "off");
	network_each_caveat(net, each, ctx);
	free(u.forwards);
	free(u.arrives);
}

char *flows_open_caveat(const struct flows *flows)
{
	const struct flow *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < flows->n; i++)
		if (flows->flow[i].caveat && !n++)
			first = &flows->flow[i];
	if (!first)
		return NULL;
	return xasprintf(
	        "%zu flows have an interface that cannot be told, for example %s: %s", n, first->label, first->caveat);
}
