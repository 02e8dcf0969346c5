#ifndef COMPILE_BOXES_H
#define COMPILE_BOXES_H

#include "compile/table.h"
#include "verify/cell.h"

/**
 * The packets of the required flows on one path as the elements of a set: {source, destination, protocol, source port, port}
 * of all but ICMP, disjoint, each with the flow that it is for in its comment.
 *
 * @param out  its field and element lists are filled; nothing required: n_element is 0.
 * @return 0, or -1 with ERR_LIMIT: more than OWN_ELEMENTS_MAX.
 */
int boxes_of_flows(
        const struct flows *flows, enum path path, enum family family, struct own_set *out, struct error *err) MUST_USE;
/** The same of ICMP: {source, destination}. */
int boxes_of_pings(
        const struct flows *flows, enum path path, enum family family, struct own_set *out, struct error *err) MUST_USE;

/** What one leg of a flow needs, as the filter hooks see its packets: behind destination NAT. */
struct need {
	struct cell cell;
	uint8_t proto;
	size_t flow;
};

struct needs {
	struct need *item;
	size_t n, cap;
};

/** The needs of one path, by protocol, then the widest first; the caller frees the items. */
void needs_collect(const struct flows *flows, enum path path, enum family family, bool pings, struct needs *out);
/** A side of one of an array of needs, for box_index_new(). */
struct range need_side(const void *ctx, size_t i, enum axis axis);

#define OWN_REQUIRED_NAME 40
/** The name of the set; buf of at least OWN_REQUIRED_NAME bytes. @return buf. */
const char *own_required_name(enum path path, enum family family, bool pings, char *buf);
/** What it is compared with. @return how many. */
size_t own_required_fields(enum family family, bool pings, enum rs_field *out);

#endif
