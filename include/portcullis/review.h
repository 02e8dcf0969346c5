#ifndef PORTCULLIS_REVIEW_H
#define PORTCULLIS_REVIEW_H

#include "portcullis/flow.h"

/* What a person should know about a deployment before its verdicts are believed: more than site_check() can refuse. */

enum remark_level { REMARK_NOTE, REMARK_WARNING, REMARK_ERROR };
const char *remark_level_name(enum remark_level level); /**< "note", "warning", "error" */

struct remark {
	enum remark_level level;
	const char *kind; /**< static, for programs: "unbound-role", "placeholder-address", ... */
	char *where; /**< instance path, or "" */
	char *text; /**< object, value, remedy */
};

struct review {
	struct remark *remark; /**< errors first, then warnings, then notes, each in order of the site */
	size_t n, cap;
};

/** Exceptions that end within this time are told. */
#define REVIEW_SOON_S (30 * 86400)

/** One more remark. */
void review_add(struct review *r, enum remark_level level, const char *kind, const char *where, const char *format, ...)
        __attribute__((format(printf, 5, 6)));
/** An error that site_check(), flows_derive() or a reader found. */
void review_error(struct review *r, const char *kind, const struct error *err);

/**
 * Review a site that site_check() accepts. There may be many remarks: one per object and kind.
 *
 * @param net    what is known of the device's network.
 * @param flows  of the same site, catalog and network.
 * @param now    seconds since 1970, for expiries.
 * @param out    added to; release with review_fini().
 */
void review_site(const struct site *site, const struct catalog *catalog, const struct network *net,
        const struct flows *flows, int64_t now, struct review *out);
/** Sort, and tell how bad the worst is. @return whether there are warnings or errors. */
bool review_finish(struct review *r, enum remark_level *worst);
void review_fini(struct review *r);

#endif
