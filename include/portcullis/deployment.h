#ifndef PORTCULLIS_DEPLOYMENT_H
#define PORTCULLIS_DEPLOYMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/catalog.h"
#include "portcullis/error.h"
#include "portcullis/firewall.h"
#include "portcullis/range.h"

/* The site: who runs what, where. A plain value made from configuration (portcullis.yang) by config/. */

struct membership {
	char *product, *role;
	enum requirement_interface interface; /**< of hosts with two, which one the group's addresses are of */
};

enum lb_kind { LB_KIND_NONE, LB_KIND_DNS_WITH_WEB_VIP, LB_KIND_HARDWARE };

struct published {
	enum family family;
	u128 address;
	uint8_t proto; /**< 0: every protocol and port */
	struct port_range external, internal;
	char *seen_from; /**< zone name or "" */
};

struct group {
	char *name;
	uint32_t id;
	struct membership *member_of;
	size_t n_member_of;
	struct prefix *address;
	size_t n_address;
	char *zone; /**< or "" */
	enum lb_kind lb_kind;
	struct prefix *virtual_address, *source_nat_address;
	size_t n_virtual_address, n_source_nat_address;
	struct published *published;
	size_t n_published;
};

struct port_override {
	char *requirement; /**< label */
	unsigned variant; /**< 0: every variant */
	struct port_range ports;
};

struct initiator_override {
	char *requirement;
	char **group;
	size_t n_group;
};

struct waiver {
	char *name, *requirement; /**< requirement label; "*" at the end matches any rest */
	char *initiator, *listener; /**< group names or "" for all */
	char *reason, *owner;
	int64_t expires; /**< seconds since 1970, 0: never */
};

enum errata_policy { ERRATA_HIGH, ERRATA_ALL, ERRATA_PRINTED };

struct deployment {
	char *name;
	uint32_t id;
	char *product; /**< pack name */
	char *pack_version, *pack_digest; /**< pins; "" : whatever is loaded */
	char **group;
	size_t n_group;
	char **role_absent;
	size_t n_role_absent;
	char **service_off;
	size_t n_service_off;
	struct port_override *port_override;
	size_t n_port_override;
	char **accept_default_range; /**< requirement labels */
	size_t n_accept_default_range;
	struct initiator_override *initiator_override;
	size_t n_initiator_override;
	char **coexists_with;
	size_t n_coexists_with;
	struct waiver *waiver;
	size_t n_waiver;
	enum errata_policy errata_policy;
};

struct zone {
	char *name;
	uint32_t id;
	char **interface;
	size_t n_interface;
};

struct allowance {
	char *name;
	struct prefix *source, *destination; /**< empty: any */
	size_t n_source, n_destination;
	uint8_t proto; /**< 0: any */
	struct port_range ports; /**< 0-65535: any */
	char *reason, *owner;
	int64_t expires;
};

struct assumption {
	char *name, *pattern; /**< fnmatch(3) on the atom's name */
	bool value;
	char *reason, *owner;
	int64_t expires;
};

struct tolerated_source {
	char *name;
	struct prefix *prefix;
	size_t n_prefix;
	char *set; /**< "family table set" or "" */
};

struct known_opening {
	uint32_t id;
	int64_t expires; /**< seconds since 1970 */
};

struct notification_settings {
	bool enable, per_flow;
	unsigned hold_down_ms, minimum_interval_ms;
};
/** Where the configuration says nothing. */
extern const struct notification_settings notification_settings_default;

/** How much the journal keeps. */
struct retention_settings {
	unsigned commits, notifications, days;
};

struct site {
	struct group *group; /**< sorted by id */
	size_t n_group;
	struct deployment *deployment; /**< sorted by id */
	size_t n_deployment;
	struct zone *zone;
	size_t n_zone;
	struct allowance *allowance;
	size_t n_allowance;
	struct assumption *assumption;
	size_t n_assumption;
	struct tolerated_source *tolerated_source;
	size_t n_tolerated_source;
	struct firewall firewall;
	struct notification_settings notification;
	struct retention_settings retention;
	uint32_t *baseline; /**< ids of the openings that are known and accepted without end */
	size_t n_baseline;
	struct known_opening *baseline_until; /**< those that are accepted until a time */
	size_t n_baseline_until;
	void *lender; /**< who owns what the items of the lists point to; NULL: the site itself */
	void (*give_back)(void *lender);
};

void site_free(struct site *site);
const struct group *site_group_find(const struct site *site, const char *name);
const struct zone *site_zone_find(const struct site *site, const char *name);
const struct deployment *site_deployment_find(const struct site *site, const char *name);

/**
 * Did the clock pass the end of a waiver, allowance, assumption or entry of the baseline between two looks at it, in
 * either direction? A clock that is set back makes an exception hold again.
 */
bool site_expiry_between(const struct site *site, int64_t before, int64_t now);

/**
 * Check what the YANG model cannot: products, roles, groups, zones and requirement labels exist; pins match; port
 * overrides lie within their minimum count; ids and addresses are unambiguous.
 *
 * @return 0, or -1 with the first fault: err->where is an instance path ("/portcullis:deployment[name='x']/group[.='y']"),
 *         err->text names object, value and remedy.
 */
int site_check(const struct site *site, const struct catalog *catalog, struct error *err) MUST_USE;

#endif
