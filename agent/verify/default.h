#ifndef VERIFY_DEFAULT_H
#define VERIFY_DEFAULT_H

#include "verify/engine.h"

struct default_finding {
	enum default_kind kind;
	struct blame accepts, policy; /**< DEFAULT_DENY_IN_NAME: the rule that accepts, and the policy that is idle */
};

/** For new forwarded packets of the family. Release with default_fini(). */
void default_find(struct engine *e, enum family f, struct default_finding *out);
void default_fini(struct default_finding *d);
/** What there is to say about it, or NULL; the caller frees it. */
char *default_caveat(const struct default_finding *d, enum family f);

#endif
