#ifndef CONFORMANCE_WHY_H
#define CONFORMANCE_WHY_H

#include "portcullis/text.h"
#include "portcullis/verify.h"

/** Append " by inet filter forward: drop, for example PACKET, which depends on CONDITION", as far as it is known. */
void why_add(struct text *t, const struct evidence *e);

#endif
