#ifndef PORTCULLIS_PINS_H
#define PORTCULLIS_PINS_H

#include "portcullis/deployment.h"

/**
 * Packs that deployments pin, kept in a directory of the agent's: an upgrade brings another pack of the product, and the
 * deployment stays with the copy of the one that it pins until its pin is changed.
 */
struct pins {
	struct catalog **kept; /**< of one pack each */
	size_t n;
	struct catalog
	        all; /**< the installed packs, then the kept ones: what site_check() and flows_derive() take; borrows */
};

/**
 * Keep a copy of each installed pack that a deployment pins by its digest. Copies are never removed or changed.
 *
 * @param dir  is made when it is not there; files PRODUCT-DIGEST.json.
 * @return 0, or -1 with ERR_IO: which file. Copies made before stay.
 */
int pins_keep(const char *dir, const struct site *site, const struct catalog *catalog, struct error *err) MUST_USE;
/**
 * Load the copies that deployments pin and that are not what is installed.
 *
 * @param installed  borrowed by out->all.
 * @param out        release with pins_fini() before `installed`; on failure only what is installed is in it.
 * @return 0, or -1: a copy that cannot be read or is not what its name says. A pin without a copy is no failure here:
 *         site_check() tells it.
 */
int pins_load(const char *dir, const char *yang_dir, const struct site *site, const struct catalog *installed,
        struct pins *out, struct error *err) MUST_USE;
void pins_fini(struct pins *pins);

/** The pack that a deployment is for: the one that it pins, else the first of the product, or NULL. */
const struct pack *deployment_pack(const struct catalog *catalog, const struct deployment *d);

#endif
