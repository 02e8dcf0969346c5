#ifndef PORTCULLIS_PINS_H
#define PORTCULLIS_PINS_H

#include "portcullis/deployment.h"

/**
 * Packs that deployments pin, kept in a directory of the agent's: an upgrade brings another pack of the product, and the
 * deployment stays with the copy of the one that it pins until its pin is changed. Safe from any thread.
 */
struct pins;

/**
 * @param dir       where copies are, in files PRODUCT-DIGEST.json; is made with the first of them.
 * @param yang_dir  directory of our YANG modules.
 */
struct pins *pins_new(const char *dir, const char *yang_dir);
void pins_free(struct pins *pins);

/**
 * Keep a copy of each installed pack that a deployment pins by its digest. A copy that is not whole is made anew; none is
 * ever removed.
 *
 * @return 0, or -1 with ERR_IO: which file. Copies made before stay.
 */
int pins_keep(struct pins *pins, const struct site *site, const struct catalog *installed, struct error *err) MUST_USE;
/**
 * The catalog that a site is evaluated with: what is installed, then the copies of what its deployments pin otherwise.
 *
 * @param pins       NULL: there are no copies.
 * @param installed  gets one more reference.
 * @param out        release with catalog_free(); NULL on failure.
 * @return 0, or -1 with ERR_INVALID: a copy that cannot be read or is not what its name says. A pin without a copy is no
 *         failure here: site_check() tells it.
 */
int pins_catalog(struct pins *pins, const struct site *site, struct catalog *installed, struct catalog **out,
        struct error *err) MUST_USE;

/** The pack that a deployment is for: the one that it pins, else the first of the product, or NULL. */
const struct pack *deployment_pack(const struct catalog *catalog, const struct deployment *d);
/** The installed pack of the product where the deployment pins another one: it takes effect by another pin; or NULL. */
const struct pack *deployment_available(const struct catalog *catalog, const struct deployment *d);
/**
 * The packs of a catalog by id; of one product, those that deployments are for come first.
 *
 * @param site  may be NULL: nobody is for any.
 * @return as many as the catalog has; the caller frees the array.
 */
const struct pack **site_packs(const struct site *site, const struct catalog *catalog);

#endif
