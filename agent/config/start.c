/*
 * The first and the last moment of the datastores: what the journal has comes in, the datastores go out. A confirmed commit
 * that waited when the agent ended is taken back; a new boot begins with startup. What does not fit the model any more is
 * refused with its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "config/store.h"
#include "portcullis/alloc.h"
#include "portcullis/log.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* The daemon's own first commit; see config_load_file(). Uses *root up. */
int datastore_init(struct config *c, struct lyd_node **root, const char *file, struct error *err)
{
	struct config_actor daemon = {.user = "portcullisd"};
	struct draft draft;
	char comment[256];
	int result = 0;

	snprintf(comment, sizeof(comment), "load %s", file);
	pthread_mutex_lock(&c->writer);
	if (datastore_is_empty(c)) {
		draft_of_tree(&draft, &c->model, NULL, root);
		result = running_change(c, &daemon, &draft, comment, err);
		draft_fini(&draft);
	}
	pthread_mutex_unlock(&c->writer);
	return result;
}

bool datastore_is_known(const struct config *c)
{
	struct journal_health health = {0};

	if (c->journal != NULL)
		journal_health(c->journal, &health);
	return !health.lost;
}

/* The journal cannot be written at the moment, and says so itself. */
static bool is_unwritable(const struct config *c)
{
	struct journal_health health;

	journal_health(c->journal, &health);
	return health.why[0] != '\0';
}

/*
 * Running becomes what is given, before anybody sees it. Takes *json over. Where that cannot be written, the next start does
 * the same again, or the next commit ends it: what leads here stays in the journal until then.
 */
static int begin_with(struct config *c, char **json, enum journal_table table, const char *why, struct error *err)
{
	const struct journal_commit commit = {
	        .datastore = "running", .json = *json, .user = "portcullisd", .comment = why, .table = table};

	if (journal_commit(c->journal, &commit, err) != 0 && !is_unwritable(c))
		return -1;
	log_warning("configuration: %s", why);
	free(c->stored);
	c->stored = *json;
	*json = NULL;
	return 0;
}

static int take_back_pending(struct config *c, struct error *err)
{
	char *json = NULL;
	int result = journal_pending(c->journal, &json, err);

	if (result == 0 && json != NULL)
		result = begin_with(c, &json, JOURNAL_TABLE_FORMER,
		        "the agent ended before a confirmed commit was confirmed: it is taken back", err);
	free(json);
	return result;
}

/* "" where the kernel does not say: then every start is of one boot. */
static void boot_id_read(char *id, size_t size)
{
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, id, size - 1) : 0;

	if (fd >= 0)
		close(fd);
	id[n > 0 ? n : 0] = '\0';
	id[strcspn(id, "\n")] = '\0';
}

static bool is_startup_lost(const struct config *c)
{
	struct journal_health health;

	journal_health(c->journal, &health);
	return health.startup_lost;
}

int startup_missing(const struct config *c, const char *remedy, struct error *err)
{
	if (c->journal != NULL && is_startup_lost(c))
		return error_set(err, ERR_UNAVAILABLE, NULL,
		        "what startup was is not known: the journal is damaged; see the status for what to do");
	return error_set(err, ERR_NOT_FOUND, NULL, "startup was never written%s", remedy);
}

/* A device that was switched on begins with startup, where there is one that can be read. */
static int begin_boot(struct config *c, char **startup, struct error *err)
{
	char *last = NULL, id[64];
	int result = journal_setting_get(c->journal, "boot-id", &last, err);

	boot_id_read(id, sizeof(id));
	if (result == 0 && is_startup_lost(c))
		log_error("configuration: startup is damaged and is not loaded: running begins as it was");
	if (result == 0 && *startup != NULL && last != NULL && strcmp(last, id) != 0 &&
	        strcmp(*startup, c->stored) != 0) {
		char *json = xstrdup(*startup);
		/* Its table is made anew. */
		result = begin_with(
		        c, &json, JOURNAL_TABLE_NONE, "the device has booted: running begins with startup", err);
		free(json);
	}
	if (result == 0 && (last == NULL || strcmp(last, id) != 0)) {
		result = journal_setting_set(c->journal, "boot-id", id, err);
		c->boot_unknown = result != 0 && is_unwritable(c);
		result = c->boot_unknown ? 0 : result;
	}
	free(last);
	return result;
}

int start_boot_note(struct config *c, struct error *err)
{
	char id[64];

	if (!c->boot_unknown)
		return 0;
	boot_id_read(id, sizeof(id));
	if (journal_setting_set(c->journal, "boot-id", id, err) != 0)
		return -1;
	c->boot_unknown = false;
	return 0;
}

static int version_load(struct config *c, const char *json, const char *what, struct version **out, struct error *err)
{
	struct lyd_node *root = NULL;
	struct draft draft = {0};
	int result = tree_parse(c->ctx, json, &root, err);

	if (result == 0) {
		draft_of_tree(&draft, &c->model, NULL, &root);
		result = draft_validate(&draft, err);
	}
	if (result == 0)
		*out = draft_version(&draft, true);
	draft_fini(&draft);
	return result == 0 ? 0 : error_prefix(err, "stored %s", what);
}

/* The catalog is not asked: a pack that went away must not keep the agent from starting. */
static int load_versions(struct config *c, const char *startup, struct error *err)
{
	if (version_load(c, c->stored, "configuration", &c->version[DATASTORE_RUNNING], err) != 0)
		return -1;
	if (config_site(c, &c->site, err) != 0)
		return error_prefix(err, "stored configuration");
	if (startup != NULL && version_load(c, startup, "startup", &c->version[DATASTORE_STARTUP], err) != 0)
		return -1;
	running_retain(c);
	return 0;
}

static int load_journal(struct config *c, char **startup, struct error *err)
{
	struct retired_id *id = NULL;
	size_t n = 0;

	if (journal_load(c->journal, "running", &c->stored, err) != 0 ||
	        journal_load(c->journal, "startup", startup, err) != 0)
		return -1;
	if (c->stored == NULL)
		c->stored = xstrdup("{}");
	if (take_back_pending(c, err) != 0 || begin_boot(c, startup, err) != 0 ||
	        journal_retired(c->journal, &id, &n, err) != 0)
		return -1;
	retired_init(&c->retired, id, n);
	return 0;
}

static int load(struct config *c, struct error *err)
{
	char *startup = NULL;
	int result = 0;

	if (c->journal != NULL)
		result = load_journal(c, &startup, err);
	else
		c->stored = xstrdup("{}");
	if (result == 0)
		result = load_versions(c, startup, err);
	free(startup);
	return result;
}

int config_open(
        const char *yang_dir, struct journal *journal, struct catalog *catalog, struct config **out, struct error *err)
{
	struct config *c = xcalloc(1, sizeof(*c));

	*out = NULL;
	c->journal = journal;
	c->catalog = catalog;
	pthread_mutex_init(&c->writer, NULL);
	pthread_mutex_init(&c->state, NULL);
	c->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (c->event_fd < 0 || c->timer_fd < 0)
		error_set(err, ERR_IO, NULL, "cannot make an event descriptor: %s", strerror(errno));
	else if (context_server_new(yang_dir, &c->ctx, err) == 0) {
		model_init(&c->model, c->ctx);
		if (load(c, err) == 0) {
			*out = c;
			return 0;
		}
	}
	config_close(c);
	return -1;
}

void config_close(struct config *c)
{
	if (c == NULL)
		return;
	former_fini(&c->former);
	commit_fini(&c->commit);
	for (int d = 0; d < DATASTORE_N; d++)
		version_unref(c->version[d]);
	site_free(c->site);
	site_free(c->checked);
	model_fini(&c->model);
	retired_fini(&c->retired);
	free(c->stored);
	if (c->event_fd >= 0)
		close(c->event_fd);
	if (c->timer_fd >= 0)
		close(c->timer_fd);
	pthread_mutex_destroy(&c->state);
	pthread_mutex_destroy(&c->writer);
	ly_ctx_destroy(c->ctx);
	free(c);
}
