/*
 * In: a site that flows were derived from, its catalog, the device's network and the date. Out: remarks on what is
 * probably not meant, is still open, or will end soon, each with its place and a remedy. Nothing is refused.
 */
#include "flow_review.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"

const char *remark_level_name(enum remark_level level)
{
	static const char *const name[] = {"note", "warning", "error"};

	return level <= REMARK_ERROR ? name[level] : "error";
}

void review_add(struct review *r, enum remark_level level, const char *kind, const char *where, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	r->remark = xgrow(r->remark, r->n, &r->cap, sizeof(*r->remark));
	r->remark[r->n++] = (struct remark){level, kind, xstrdup(where), xstrdup(text)};
}

void review_error(struct review *r, const char *kind, const struct error *err)
{
	review_add(r, REMARK_ERROR, kind, err->where, "%s", err->text);
}

static void exception_review(const struct reviewer *r, const char *where, const char *what, int64_t expires)
{
	char time[32];

	if (!expires || expires > r->now + REVIEW_SOON_S)
		return;
	time_print(expires, time, sizeof(time));
	if (expires <= r->now)
		review_add(r->out, REMARK_WARNING, "expired", where,
		        "%s ended at %s and has no effect; remove it or give it another end", what, time);
	else
		review_add(r->out, REMARK_WARNING, "expires-soon", where,
		        "%s ends at %s; remove its cause by then or give it another end", what, time);
}

static void exceptions_review(const struct reviewer *r)
{
	char where[256], what[160];

	for (size_t i = 0; i < r->site->n_deployment; i++) {
		const struct deployment *d = &r->site->deployment[i];

		for (size_t k = 0; k < d->n_waiver; k++) {
			snprintf(where, sizeof(where), "/portcullis:deployment[name='%s']/waiver[name='%s']/expires",
			        d->name, d->waiver[k].name);
			snprintf(what, sizeof(what), "waiver %s", d->waiver[k].name);
			exception_review(r, where, what, d->waiver[k].expires);
		}
	}
	for (size_t i = 0; i < r->site->n_allowance; i++) {
		const struct allowance *a = &r->site->allowance[i];

		snprintf(where, sizeof(where), "/portcullis:allowance[name='%s']/expires", a->name);
		snprintf(what, sizeof(what), "allowance %s", a->name);
		exception_review(r, where, what, a->expires);
	}
	for (size_t i = 0; i < r->site->n_assumption; i++) {
		const struct assumption *a = &r->site->assumption[i];

		snprintf(where, sizeof(where), "/portcullis:assumption[name='%s']/expires", a->name);
		snprintf(what, sizeof(what), "assumption %s", a->name);
		exception_review(r, where, what, a->expires);
	}
}

static void baseline_review(const struct reviewer *r)
{
	char where[256], what[64];

	for (size_t i = 0; i < r->site->n_baseline_until; i++) {
		snprintf(where, sizeof(where), "/portcullis:baseline/opening[id='%u']/expires",
		        r->site->baseline_until[i].id);
		snprintf(what, sizeof(what), "the baseline's opening %u", r->site->baseline_until[i].id);
		exception_review(r, where, what, r->site->baseline_until[i].expires);
	}
}

static void add_caveat(void *ctx, const char *text)
{
	const struct reviewer *r = ctx;

	review_add(r->out, REMARK_NOTE, r->net->known ? "network" : "network-unknown", "", "%s", text);
}

static void flows_review(const struct reviewer *r)
{
	size_t families = 0;
	const struct flow *first_family = NULL;
	char *open = flows_open_caveat(r->flows);

	for (size_t i = 0; i < r->flows->n; i++) {
		const struct flow *f = &r->flows->flow[i];

		if (f->state == FLOW_NO_COMMON_FAMILY && !families++)
			first_family = f;
	}
	if (open)
		review_add(r->out, REMARK_NOTE, "path-open", "", "%s", open);
	free(open);
	if (first_family)
		review_add(r->out, REMARK_WARNING, "no-common-family", "",
		        "%zu pairs have no address family in common, for example %s; give both groups addresses of one "
		        "family",
		        families, first_family->label);
}

void review_site(const struct site *site, const struct catalog *catalog, const struct network *net,
        const struct flows *flows, int64_t now, struct review *out)
{
	struct reviewer r = {site, catalog, net, flows, now, out};

	review_deployments(&r);
	review_places(&r);
	exceptions_review(&r);
	baseline_review(&r);
	review_firewall(&r);
	flows_review(&r);
	flows_each_caveat(flows, net, add_caveat, &r);
}

bool review_finish(struct review *r, enum remark_level *worst)
{
	/* By insertion, so that remarks of one level keep their order; there are few. */
	for (size_t i = 1; i < r->n; i++) {
		struct remark remark = r->remark[i];
		size_t k = i;

		for (; k > 0 && r->remark[k - 1].level < remark.level; k--)
			r->remark[k] = r->remark[k - 1];
		r->remark[k] = remark;
	}
	*worst = r->n ? r->remark[0].level : REMARK_NOTE;
	return *worst != REMARK_NOTE;
}

void review_fini(struct review *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->remark[i].where);
		free(r->remark[i].text);
	}
	free(r->remark);
	*r = (struct review){0};
}
