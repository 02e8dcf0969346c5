#ifndef PORTCULLIS_CLI_DAEMON_H
#define PORTCULLIS_CLI_DAEMON_H

#include <jansson.h>
#include <libxml/tree.h>
#include <stdbool.h>

#include "portcullis/conformance.h"
#include "portcullis/error.h"

/* What the verbs share that ask the running daemon over NETCONF. */

/** Options that all of them have. */
struct daemon_options {
	const char *socket, *yang_dir;
	bool json;
};
/** The help text of these options. */
#define DAEMON_HELP                                                                                                    \
	"  --socket PATH       the daemon's socket (default " PORTCULLIS_SOCKET ")\n"                                  \
	"  --yang-dir DIR      YANG modules (default " PORTCULLIS_YANG_DIR ")\n"                                       \
	"  --json              for programs\n"                                                                         \
	"  --help              this text\n"

/**
 * One operation, asked and answered on a session of its own.
 *
 * @param out  a document whose root holds the reply's children; release with xmlFreeDoc().
 */
int daemon_ask(const struct daemon_options *o, const char *operation, xmlDoc **out, struct error *err) MUST_USE;
/** <get> with a subtree filter inside /portcullis:conformance; *out as above, *conformance inside it. */
int daemon_conformance(const struct daemon_options *o, const char *subtree, xmlDoc **out, xmlNode **conformance,
        struct error *err) MUST_USE;

/** First child element of that name, or NULL. @param parent  NULL: it has none. */
xmlNode *node_child(const xmlNode *parent, const char *name);
/** Next sibling element of the same name, or NULL. */
xmlNode *node_next(const xmlNode *node);
/** Text of a leaf child; "" when there is none. Owned by the document. */
const char *node_leaf(const xmlNode *parent, const char *name);
/**
 * "inet filter forward handle 12: tcp dport 5061 drop" of a container `rule`, or its chain alone when it is no rule; NULL:
 * "". The caller frees it.
 */
char *node_rule(const xmlNode *rule);

/** Leaf as a JSON string, or null when there is none. */
json_t *json_leaf(const xmlNode *parent, const char *name);
/** Leaf as a JSON number, or null. */
json_t *json_number(const xmlNode *parent, const char *name);
/** Entries of a leaf-list. */
json_t *json_leaves(const xmlNode *parent, const char *name);
/** Container `rule` as in `verify --json`, without handle and text when it names only a chain; null when there is none. */
json_t *json_rule_of(const xmlNode *parent);
/** Container `witness` as in `verify --json`; null when there is none. */
json_t *json_witness_of(const xmlNode *parent);
/** List `deployment-state`: which pack each deployment uses, and what is installed beside it. */
json_t *json_deployments(const xmlNode *conformance);
/** The summary: its leaves by name with '_', numbers but for `overall`. */
json_t *json_summary(const xmlNode *conformance);
/** Print and release. */
void json_show(json_t *json);

/** Exit code of the state that a summary tells. */
int daemon_exit_code(const xmlNode *conformance);

#endif
