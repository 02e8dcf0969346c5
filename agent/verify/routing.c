/*
 * Questions that the path of a packet answers, because it came from the routes: a condition in nft syntax comes in, what it
 * asks and which packets it holds for go out. What is not known here word for word stays a condition that nobody decides.
 */
#include <string.h>

#include "verify/run.h"

/** Routing questions in nft syntax that the path of a packet answers. */
static enum fib match_fib(const struct rs_match *m)
{
	static const struct {
		const char *text;
		enum fib fib;
	} known[] = {
	        {"fib saddr . iif oif missing", FIB_SOURCE_MISSING},
	        {"fib saddr . iif oif 0", FIB_SOURCE_MISSING},
	        {"fib saddr . iif oif exists", FIB_SOURCE_EXISTS},
	        {"fib saddr . iif oif != 0", FIB_SOURCE_EXISTS},
	        {"fib saddr . mark . iif oif missing", FIB_SOURCE_MISSING},
	        {"fib saddr . mark . iif oif 0", FIB_SOURCE_MISSING},
	        {"fib saddr . mark . iif oif exists", FIB_SOURCE_EXISTS},
	};

	for (size_t i = 0; m->text != NULL && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(m->text, known[i].text) == 0)
			return known[i].fib;
	return FIB_NONE;
}

/** "local", "!= local", "{ broadcast, multicast }". */
static unsigned types_read(const char *text)
{
	static const struct {
		const char *name;
		unsigned type;
	} names[] = {{"unicast", TYPE_UNICAST}, {"local", TYPE_LOCAL}, {"host", TYPE_HOST}};
	bool negate = strncmp(text, "!= ", 3) == 0;
	unsigned types = 0;

	while (*(text += strspn(text, "!={}, ")) != '\0') {
		size_t len = strcspn(text, "{}, ");
		unsigned type = TYPE_OTHER;

		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strlen(names[i].name) == len && strncmp(names[i].name, text, len) == 0)
				type = names[i].type;
		types |= type;
		text += len;
	}
	/* Of other types nothing is known but that they are neither of the two. */
	return negate ? (TYPE_UNICAST | TYPE_LOCAL | TYPE_HOST) & ~types : types;
}

/** Questions for a type of address or packet, which the path of a unicast packet answers. */
static enum fib match_type(const struct rs_match *m, unsigned *types)
{
	static const struct {
		const char *text;
		enum fib fib;
	} known[] = {{"fib daddr type ", FIB_DESTINATION_TYPE}, {"fib saddr type ", FIB_SOURCE_TYPE},
	        {"meta pkttype ", FIB_PACKET_TYPE}};

	for (size_t i = 0; m->text != NULL && i < sizeof(known) / sizeof(known[0]); i++) {
		size_t len = strlen(known[i].text);

		if (strncmp(m->text, known[i].text, len) != 0 || strpbrk(m->text + len, "@&<>") != NULL)
			continue;
		*types = types_read(m->text + len);
		return known[i].fib;
	}
	return FIB_NONE;
}

enum fib routing_question(const struct rs_match *m, unsigned *types)
{
	enum fib fib = match_fib(m);

	return fib != FIB_NONE ? fib : match_type(m, types);
}

static bool is_unicast(const struct run *run, const struct range *r)
{
	bool four = run->set->family == FAMILY_IPV4;
	return r->lo > 0 && r->hi <= (four ? UNICAST_MAX_IPV4 : UNICAST_MAX_IPV6);
}

/** Does the rule see an address that the path was not made for? */
static bool address_is_foreign(const struct run *run, const struct piece *piece, enum axis axis)
{
	uint32_t why;

	if (run_axis_blurred(run, piece, axis, &why))
		return true;
	if (!run->set->nat.wanted)
		return false;
	return run->set->phase == PHASE_REPLY ? axis == AXIS_SOURCE && !piece->inside
	                                      : axis == AXIS_DESTINATION && !piece->inside;
}

/** The interface of a leg is the one that its sources are routed to, and its path says whether it ends here. */
void fib_split(
        struct run *run, const struct test *t, const struct piece *piece, struct pieces *hit, struct pieces *rest)
{
	bool holds = t->fib == FIB_SOURCE_EXISTS, unknown = false;

	if (t->fib == FIB_SOURCE_EXISTS || t->fib == FIB_SOURCE_MISSING) {
		unknown = (run->env.unknown & 1u << RS_FIELD_IIFNAME) != 0;
	} else if (t->fib == FIB_PACKET_TYPE) {
		holds = (t->types & TYPE_HOST) != 0;
		unknown = !is_unicast(run, &piece->cell.axis[AXIS_DESTINATION]);
	} else {
		bool source = t->fib == FIB_SOURCE_TYPE;
		enum axis axis = source ? AXIS_SOURCE : AXIS_DESTINATION;
		bool local = run->set->path == (source ? PATH_OUTPUT : PATH_INPUT);

		holds = (t->types & (local ? TYPE_LOCAL : TYPE_UNICAST)) != 0;
		/* The path was made for the inside address; the published one may be the device's own. */
		unknown = address_is_foreign(run, piece, axis) || !is_unicast(run, &piece->cell.axis[axis]);
	}
	if (unknown)
		run_fork(run, t->atom, piece, hit, rest);
	else
		pieces_add(holds ? hit : rest, piece);
}
