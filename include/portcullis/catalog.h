#ifndef PORTCULLIS_CATALOG_H
#define PORTCULLIS_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/error.h"
#include "portcullis/range.h"

/* What the product knows: packs of roles and requirements (portcullis-catalog.yang), read-only once loaded. */

enum role_kind { ROLE_SERVER, ROLE_LOAD_BALANCER, ROLE_CLIENT, ROLE_DEVICE, ROLE_EXTERNAL };
enum reach { REACH_SAME_HOST, REACH_SAME_POOL, REACH_SITE, REACH_EXTERNAL };
enum requirement_class {
	CLASS_SIGNALLING,
	CLASS_SERVER_MEDIA,
	CLASS_CLIENT_MEDIA,
	CLASS_PEER_TO_PEER,
	CLASS_MANAGEMENT
};
enum basis { BASIS_STATED, BASIS_INFERRED };
enum security { SECURITY_NONE, SECURITY_TLS, SECURITY_MTLS, SECURITY_TLS_MTLS };
enum lb_need { LB_NEED_NONE, LB_NEED_HLB_IF_NO_DNS_LB, LB_NEED_HLB_ALWAYS };
enum requirement_interface { INTERFACE_ANY, INTERFACE_INTERNAL, INTERFACE_EXTERNAL };
enum confidence { CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };

/* Names as in YANG and JSON; static strings. */
const char *role_kind_name(enum role_kind v);
const char *reach_name(enum reach v);
const char *requirement_class_name(enum requirement_class v);
const char *basis_name(enum basis v);
const char *security_name(enum security v);
const char *lb_need_name(enum lb_need v);
const char *requirement_interface_name(enum requirement_interface v);
const char *confidence_name(enum confidence v);

struct label {
	char *language, *text;
};

struct role {
	uint32_t id;
	char *name;
	enum role_kind kind;
	char **include; /**< role names that this role stands for ("all-servers" includes "front-end-server", ...) */
	size_t n_include;
	char *successor_of; /**< role of an earlier product that this one replaces, or NULL */
	struct label *label;
	size_t n_label;
	char *own_file; /**< the file of an override that it comes from, or NULL */
};

/** Where a requirement is printed. */
struct provenance {
	char *document; /**< file name as imported */
	char *language, *table; /**< table kind */
	unsigned row, line;
	char *role_id, *service_id; /**< what the row speaks of; "" where it does not say */
	char *role, *service, *port, *protocol; /**< as printed */
};

/** One (transport, port range) of a requirement; variant = position + 1. */
struct requirement_flow {
	uint8_t proto; /**< PROTO_TCP, PROTO_UDP */
	struct port_range ports, source_ports;
	enum security security;
	char *application; /**< "sip", "https", ... or "" */
};

struct erratum {
	char *field, *as_printed, *effective, *why;
	enum confidence confidence;
};

/** Where a document says who connects. */
struct stated_in {
	char *document, *table; /**< table kind, or "" for a line of the text */
	unsigned row, line;
};

struct initiator {
	char *role; /**< role name of the pack, or "any" */
	enum basis basis;
	struct stated_in *stated;
	size_t n_stated; /**< 0 for an inferred one, and in packs written without a document */
};

struct requirement {
	uint32_t id; /**< fixed in the pack */
	char *label; /**< unique: "lync/front-end-server/front-end-service/5061-tcp" */
	char *listener; /**< role name */
	struct initiator *initiator;
	size_t n_initiator;
	char *service; /**< service id, or "" */
	enum reach reach;
	enum requirement_class class;
	enum requirement_interface interface;
	char *condition; /**< "" or e.g. "collocated-mediation" */
	bool optional;
	unsigned configurable_minimum; /**< smallest number of ports a site may choose; 0: fixed by the product */
	enum lb_need lb_need;
	char *purpose;
	struct requirement_flow *flow;
	size_t n_flow;
	struct provenance *provenance;
	size_t n_provenance;
	struct erratum *erratum;
	size_t n_erratum;
	char *own_file; /**< the file of an override that it comes from, or NULL */
};

/** Where an IPsec exemption is printed, and how. */
struct ipsec_provenance {
	char *document, *language, *table;
	unsigned row, line;
	char *rule, *source, *destination, *protocol, *source_port, *destination_port, *action;
};

struct ipsec_exemption {
	uint32_t id;
	char *name, *direction, *source, *destination, *source_port, *destination_port, *action;
	bool tcp, udp;
	struct ipsec_provenance *provenance;
	size_t n_provenance;
	struct erratum *erratum;
	size_t n_erratum;
};

/** What uses the ports of requirements: names for people. */
struct service {
	char *name;
	struct label *label;
	size_t n_label;
};

/** A document that a pack was made from, or that one of these refers to. */
struct pack_document {
	char *file, *title, *language, *article; /**< "" where unknown */
	unsigned rows; /**< 0: known by title only */
};

struct pack {
	uint32_t id; /**< product number */
	char *name; /**< "lync-server-2013" */
	char *title, *version;
	char digest[65]; /**< SHA-256 of the canonical pack content, overrides merged */
	char *file;
	bool own; /**< from the operator's own directory */
	bool kept; /**< not installed: a copy that the agent keeps because a deployment pins it */
	char **own_file; /**< the operator's files that it comes from or that changed it */
	size_t n_own_file;
	char *json; /**< the whole pack as instance data: an entry of the model's list `pack` */
	struct role *role; /**< sorted by name */
	size_t n_role;
	struct requirement *requirement; /**< sorted by id */
	size_t n_requirement;
	struct ipsec_exemption *ipsec;
	size_t n_ipsec;
	struct service *service; /**< sorted by name */
	size_t n_service;
	struct pack_document *document;
	size_t n_document;
	char **not_covered; /**< roles whose own ports the documents leave to other pages */
	size_t n_not_covered;
};

struct catalog {
	struct pack *pack; /**< sorted by id; of a joined catalog several may have one id and name */
	size_t n_pack;
	struct catalog **part; /**< of a joined catalog: what the packs belong to */
	size_t n_part;
	int refs; /**< references (1 after loading), changed atomically by catalog_ref() and catalog_free() only */
};

/**
 * Load every *.json pack file of a directory and of the operator's own one, and merge the overrides in them.
 *
 * @param catalog_dir  directory of packs (instance data of portcullis-catalog.yang, JSON, RFC 7951).
 * @param own_dir      directory of the operator's own pack files, which may have none; NULL: there is no such directory.
 * @param yang_dir     directory of our YANG modules.
 * @param out          release with catalog_free(); NULL on failure.
 * @return 0, or -1: ERR_NOT_FOUND (no directory, no pack, a YANG module is missing: the text names the package that
 *         brings it), ERR_INVALID (breaks the model: file, path and reason; two packs with one id or name, overrides that
 *         contradict a pack or each other: both files), ERR_LIMIT (more or larger than a catalog may be: which file).
 */
int catalog_load(const char *catalog_dir, const char *own_dir, const char *yang_dir, struct catalog **out,
        struct error *err) MUST_USE;
/** The own directory to load: the one that was named, else the usual one if it is there, else NULL. */
const char *catalog_own_dir(const char *named, const char *otherwise);
/** Load one pack file into a catalog of its packs. */
int catalog_load_file(const char *file, const char *yang_dir, struct catalog **out, struct error *err) MUST_USE;
/** The same for a copy that the agent made of an effective pack: it may say which own files the pack comes from. */
int catalog_load_copy(const char *file, const char *yang_dir, struct catalog **out, struct error *err) MUST_USE;
/**
 * A catalog of the packs of several; packs of one id stay in the order of the parts.
 *
 * @param part  n loaded catalogs; each gets one more reference.
 * @return the catalog; release with catalog_free().
 */
struct catalog *catalog_join(struct catalog *const *part, size_t n);

struct override_count {
	size_t added, replaced;
};

/** What one override does to a product. */
struct catalog_override {
	char *pack;
	struct override_count service, role, requirement;
};

struct catalog_check {
	struct catalog *catalog; /**< the packs of the file, and all others where it has overrides */
	struct catalog_override *override; /**< the overrides of the file */
	size_t n_override;
};

/**
 * Check a pack file of the operator's own: its packs alone, its overrides with the packs of both directories. Overrides of
 * other own files are left out: one of them may be an earlier state of this file.
 *
 * @param out  release with catalog_check_fini(); empty on failure. The directories are read only when there are overrides.
 * @return 0, or -1 as catalog_load().
 */
int catalog_check(const char *file, const char *catalog_dir, const char *own_dir, const char *yang_dir,
        struct catalog_check *out, struct error *err) MUST_USE;
void catalog_check_fini(struct catalog_check *check);
/** One more reference to a loaded catalog, from any thread. @return catalog. */
struct catalog *catalog_ref(struct catalog *catalog);
/** Give a reference back (NULL is fine); the last one frees. */
void catalog_free(struct catalog *catalog);

/** NULL when there is none. */
const struct pack *catalog_find(const struct catalog *catalog, const char *name);
const struct role *pack_role_find(const struct pack *pack, const char *name);
const struct requirement *pack_requirement_find(const struct pack *pack, uint32_t id);
/** By unique label, over all packs; *pack is set when not NULL. */
const struct requirement *catalog_requirement_by_label(
        const struct catalog *c, const char *label, const struct pack **pack);
/** Does role `name` stand for `member`: the same, or through `include`, transitively. */
bool pack_role_includes(const struct pack *pack, const char *name, const char *member);
/**
 * Do its flows rest on a correction of less than high confidence (an erratum of "row", or of a "transport" or "port" that
 * the document leaves empty). Such a requirement is shown, never compiled.
 */
bool requirement_is_advisory(const struct requirement *r);
/** The role's name in a language, else in English, else its id. Borrowed from the role. */
const char *role_label(const struct role *role, const char *language);
/** The service's name in a language, else in English, else `name` itself. Borrowed. */
const char *pack_service_label(const struct pack *pack, const char *name, const char *language);

/** What differs between two packs at one role, port range and transport. */
struct pack_change {
	const char *role; /**< of the row that prints it, as the newer pack names it; borrowed from a pack */
	struct port_range ports;
	uint8_t proto;
	const char *label; /**< of the first requirement there; borrowed */
	char *before, *after; /**< security; only where both packs have the key */
};

/** A requirement that differs between two versions of one pack. */
struct requirement_change {
	const char *label; /**< borrowed from a pack */
	char **field; /**< what differs, as `catalog show --json` calls it; sorted; none where one version lacks it */
	size_t n_field;
};

struct pack_diff {
	struct pack_change *added, *removed, *changed; /**< each sorted by role, port and transport */
	size_t n_added, n_removed, n_changed;
	const char **not_compared; /**< roles that one of the packs does not cover */
	size_t n_not_compared;
	bool same_product; /**< only then requirements are compared by label, sorted by it */
	struct requirement_change *requirement_added, *requirement_removed, *requirement_changed;
	size_t n_requirement_added, n_requirement_removed, n_requirement_changed;
};
/**
 * Compare two packs, or two versions of one: what their rows say of each role, with corrections of high confidence. Load
 * balancers are roles of their own, all clients are one and so are all phones, and a role counts as its successor in
 * the other pack. A requirement that no row prints stands under its listener.
 *
 * @param out  borrows from both packs; release with pack_diff_fini().
 */
void pack_diff_build(const struct pack *a, const struct pack *b, struct pack_diff *out);
void pack_diff_fini(struct pack_diff *diff);

/* JSON of `portcullis catalog list`, `show`, `explain` and `diff`; the caller frees it. */
char *catalog_list_json(const struct catalog *catalog);
char *pack_show_json(const struct pack *pack, const char *language);
char *requirement_explain_json(const struct pack *pack, const struct requirement *r, const char *language);
char *pack_diff_json(const struct pack_diff *diff);

#endif
