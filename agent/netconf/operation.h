#ifndef PORTCULLIS_NETCONF_OPERATION_H
#define PORTCULLIS_NETCONF_OPERATION_H

#include "netconf/xml.h"

/*
 * What an rpc asks for, as far as it must be known before the library sees it: that one only says "operation-failed" to
 * whatever its models leave out. Pure.
 */

/** Levels that operation_visit() has to see: rpc, operation, its parameters, and what is in them. */
#define OPERATION_DEPTH 4u

struct ly_ctx; /* libyang's, opaque here */

struct operation {
	/** Is there such an operation? NULL: all are let through. */
	bool (*knows)(const struct ly_ctx *ctx, const char *ns, const char *name);
	const struct ly_ctx *ctx;
	char name[64]; /**< of the operation when it is one of RFC 6241, else "" */
	bool place; /**< inside its source or target */
	bool edits; /**< its parameter config is a configuration */
	unsigned n; /**< operations so far */
};

/** Before the elements of an rpc are told. */
void operation_begin(struct operation *o);
/** After them. @return 0, or -1 with ERR_MISSING_ELEMENT: there was no operation. */
int operation_end(const struct operation *o, struct error *err) MUST_USE;

/** Visitor for names_check(); ctx is a struct operation. ERR_UNSUPPORTED: says what is; ERR_UNKNOWN_ELEMENT: a second one. */
int operation_visit(void *ctx, unsigned depth, struct xml_span ns, struct xml_span local, struct error *err);

#endif
