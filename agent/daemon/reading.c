/*
 * The kernel's ruleset for the monitor: events go into the mirror, and rulesets come out of it. At the start, when events
 * were lost and where the mirror has doubts a full dump takes their place; it is counted and logged with its reason. What
 * the mirror cannot hold is read from the dump alone.
 */
#include "daemon/reading.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/log.h"
#include "portcullis/mirror.h"

/* So many looks without an event are answered by the mirror, then one compares it with a dump. */
#define LOOKS_PER_AUDIT 20

struct reading {
	const struct nft_ops *nft;
	struct mirror *mirror;
	char *legacy; /* tables of iptables-legacy, as they were last seen; NULL: none */
	bool dump_due;
	bool silent; /* the last ruleset has sets that change without an event */
	unsigned looks;
	char digest[65]; /* of the last ruleset */
	uint32_t generation;
	struct reading_counts counts;
};

struct reading *reading_new(const struct nft_ops *nft)
{
	struct reading *r = xcalloc(1, sizeof(*r));
	r->nft = nft;
	r->mirror = mirror_new();
	r->dump_due = true;
	return r;
}

void reading_free(struct reading *r)
{
	if (r == NULL)
		return;
	mirror_free(r->mirror);
	free(r->legacy);
	free(r);
}

struct reading_counts reading_counts(const struct reading *r)
{
	return r->counts;
}

void reading_doubt(struct reading *r, const char *why)
{
	log_debug("a full dump of the ruleset is due: %s", why);
	r->dump_due = true;
}

void reading_event(struct reading *r, const struct nft_event *event)
{
	struct error err = {0};
	bool known = mirror_is_known(r->mirror);

	if (event->overrun) {
		mirror_discard(r->mirror);
		error_set(&err, ERR_UNAVAILABLE, NULL, "events were lost");
	} else if (event->len == 0 && event->changed) {
		mirror_discard(r->mirror);
		error_set(&err, ERR_UNAVAILABLE, NULL, "it was not said what changed");
	} else if (mirror_feed(r->mirror, event->bytes, event->len, &err) == 0) {
		return;
	}
	r->dump_due = true;
	if (!known)
		return;
	r->counts.doubts++;
	log_info("the ruleset is read as a whole: %s%s%s (%llu such doubts, %llu changes followed so far)", err.where,
	        err.where[0] != '\0' ? ": " : "", err.text, (unsigned long long)r->counts.doubts,
	        (unsigned long long)r->counts.followed);
}

void reading_interfaces(struct reading *r)
{
	mirror_interfaces_changed(r->mirror);
	if (mirror_follows_devices(r->mirror))
		reading_doubt(r, "the network interfaces changed");
}

static int dump(struct reading *r, struct ruleset **out, struct error *err)
{
	struct nft_dump d = {0};
	struct error mirror_err = {0};
	int result = r->nft->dump(r->nft->self, &d, err);

	if (result == 0) {
		r->counts.dumps++;
		free(r->legacy);
		r->legacy = d.legacy;
		d.legacy = NULL;
		/* What the reader takes and the mirror does not is read anew each time. */
		r->dump_due = mirror_load(r->mirror, d.bytes, d.len, &mirror_err) != 0;
		if (r->dump_due) {
			log_debug("the mirror stays empty: %s", mirror_err.text);
			result = ruleset_parse_netlink(d.bytes, d.len, out, err);
			if (result == 0)
				ruleset_share(*out); /* as those of the mirror are */
		} else {
			result = mirror_ruleset(r->mirror, out, err);
		}
	} else {
		mirror_discard(r->mirror);
	}
	if (result == 0)
		(*out)->generation = d.generation;
	nft_dump_fini(&d);
	return result;
}

static bool has_silent_sets(const struct ruleset *rs)
{
	for (size_t i = 0; i < rs->n_set; i++)
		if (rs->set[i].dynamic || rs->set[i].timeout)
			return true;
	return false;
}

int reading_ruleset(struct reading *r, struct ruleset **out, struct error *err)
{
	bool whole = r->dump_due || !mirror_is_known(r->mirror);
	int result = whole ? dump(r, out, err) : mirror_ruleset(r->mirror, out, err);

	if (result != 0) {
		*out = NULL;
		r->dump_due = true;
		return -1;
	}
	r->counts.followed += !whole;
	if (whole && r->digest[0] != '\0' && (*out)->generation == r->generation && !r->silent &&
	        strcmp(r->digest, (*out)->digest) != 0)
		log_warning("generation %u reads otherwise than its events did: please report this", r->generation);
	if (r->legacy != NULL) {
		free((*out)->legacy);
		(*out)->legacy = xstrdup(r->legacy);
	}
	r->silent = has_silent_sets(*out) || mirror_is_silent(r->mirror);
	r->generation = (*out)->generation;
	memcpy(r->digest, (*out)->digest, sizeof(r->digest));
	return 0;
}

static bool legacy_changed(struct reading *r)
{
	struct error err = {0};
	char *now = NULL;

	if (r->nft->legacy(r->nft->self, &now, &err) != 0)
		return true;
	bool changed = (now == NULL) != (r->legacy == NULL) || (now != NULL && strcmp(now, r->legacy) != 0);
	free(now);
	return changed;
}

bool reading_look(struct reading *r)
{
	if (r->dump_due || !mirror_is_known(r->mirror) || r->silent || r->nft->legacy == NULL ||
	        ++r->looks % LOOKS_PER_AUDIT == 0 || legacy_changed(r)) {
		r->dump_due = true;
		return true;
	}
	return false;
}
