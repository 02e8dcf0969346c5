/*
 * What the verification says: a connection comes in, for each of its packets goes out what becomes of it and who decides,
 * from the engine; the same connection as a leg, and its first packet explained, must say the same.
 */
#include <stdlib.h>
#include <string.h>

#include "oracle/oracle.h"
#include "portcullis/alloc.h"

static const struct step_kind tcp_steps[] = {{PHASE_NEW, 2, 1000, 0}, {PHASE_REPLY, 18, 7000, 1009},
        {PHASE_REPLY, 16, 7009, 1009}, {PHASE_ESTABLISHED, 16, 1009, 7017}, {PHASE_ESTABLISHED, 24, 1017, 7017},
        {PHASE_ESTABLISHED, 17, 1025, 7017}};
static const struct step_kind udp_steps[] = {
        {PHASE_NEW, 0, 0, 0}, {PHASE_NEW, 0, 0, 0}, {PHASE_REPLY, 0, 0, 0}, {PHASE_ESTABLISHED, 0, 0, 0}};
static const struct step_kind other_steps[] = {
        {PHASE_NEW, 0, 0, 0}, {PHASE_REPLY, 0, 0, 0}, {PHASE_ESTABLISHED, 0, 0, 0}};

size_t connection_steps(uint8_t proto, const struct step_kind **out)
{
	*out = proto == PROTO_TCP ? tcp_steps : proto == PROTO_UDP ? udp_steps : other_steps;
	return proto == PROTO_TCP ? 6 : proto == PROTO_UDP ? 4 : 3;
}

/** What all outcomes agree on. */
static struct prediction conclude(const struct outcomes *o)
{
	struct prediction p = {.definite = o->limit == NULL && o->n > 0, .blame_definite = true};

	if (o->n == 0)
		return p;
	p.code = o->item[0].code;
	p.chain = o->item[0].chain;
	p.rule = o->item[0].rule;
	for (size_t i = 0; i < o->n; i++) {
		const struct outcome *x = &o->item[i];

		/* Of several targets the kernel takes one. */
		p.definite = p.definite && x->code == p.code && x->code != OUTCOME_UNKNOWN && !x->listed &&
		             x->target == o->item[0].target;
		p.blame_definite = p.blame_definite && x->chain == p.chain && x->rule == p.rule;
	}
	return p;
}

/** Conntrack's part of what one step leaves for the next ones. */
struct course {
	bool tracked, untracked, translated;
};

static void course_add(struct course *c, const struct outcomes *o)
{
	for (size_t i = 0; i < o->n; i++) {
		c->translated = c->translated || o->item[i].translated;
		if (o->item[i].untracked)
			c->untracked = true;
		else
			c->tracked = true;
	}
}

static struct course predict_steps(
        struct engine *e, struct connection *c, struct outcomes *scratch, bool translated, bool mixed)
{
	struct course course = {.translated = translated};
	const struct step_kind *kind;

	connection_steps(c->key.proto, &kind);
	for (size_t i = 0; i < c->n_step; i++) {
		bool later = kind[i].phase != PHASE_NEW;
		struct packet_set set = leg_packets(&c->key, kind[i].phase, &c->key.cell, c->target);

		if (later && c->key.translated && !(c->step[0].definite && c->step[0].code == OUTCOME_ACCEPT)) {
			c->step[i] = (struct prediction){0};
			continue;
		}
		set.tcp_flags = kind[i].flags;
		set.translated = course.translated && later;
		set.mixed_tracking = mixed;
		if (c->icmp_type != 0)
			set.icmp_type = c->icmp_type;
		engine_run(e, &set, scratch, NULL, NULL);
		c->step[i] = conclude(scratch);
		/* Chains of type nat see the first packet only. */
		if (i > 0 && kind[i].phase == PHASE_NEW && engine_has_nat(e))
			c->step[i].blame_definite = false;
		course_add(&course, scratch);
		if (i == 0 && scratch->n > 0)
			c->target = scratch->item[0].target;
	}
	return course;
}

/** A leg says of one packet: passes, or what stops it first. */
static void compare_leg(struct engine *e, struct connection *c, struct outcomes *scratch)
{
	struct leg_result r = {0};
	const struct step_kind *kind;
	size_t stop = 0;
	bool definite = true;

	connection_steps(c->key.proto, &kind);
	leg_check(e, &c->key, false, scratch, &r);
	for (; stop < c->n_step && c->step[stop].definite && c->step[stop].code == OUTCOME_ACCEPT; stop++)
		;
	definite = stop == c->n_step || c->step[stop].definite;
	if (definite && r.limit == NULL) {
		bool maybe = r.has_first && r.first.kind == SHARE_MAYBE;

		if (stop == c->n_step)
			c->by_leg = r.has_first && !maybe;
		else if (!maybe)
			c->by_leg =
			        !r.has_first || r.first.phase != kind[stop].phase || r.first.code != c->step[stop].code;
	}
	c->mismatch = c->mismatch || c->by_leg;
	c->at = stop;
	if (c->by_leg)
		c->words = !r.has_first ? xstrdup("passes")
		                        : xasprintf("%s, kind %d, code %d", phase_name(r.first.phase),
		                                  (int)r.first.kind, (int)r.first.code);
	leg_result_fini(&r);
}

void predict(struct engine *e, struct connection *c, struct outcomes *scratch)
{
	const struct step_kind *kind;
	struct course course;

	c->n_step = c->icmp_type != 0 ? 1 : connection_steps(c->key.proto, &kind);
	c->target = 0;
	course = predict_steps(e, c, scratch, false, false);
	if (course.tracked && course.untracked)
		predict_steps(e, c, scratch, course.translated, true);
	if (c->icmp_type == 0)
		compare_leg(e, c, scratch);
}
