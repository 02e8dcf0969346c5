#ifndef COMPILE_BOXES_H
#define COMPILE_BOXES_H

#include "compile/table.h"

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

#endif
