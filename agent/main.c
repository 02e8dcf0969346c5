/*
 * portcullisd: options, privileges, threads, wiring. Starts the privileged process, gives root up, then turns what the
 * kernel, the configuration, the network and signals say into steps of the monitor and hands what it tells to the faces.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "build.h"
#include "daemon/monitor.h"
#include "daemon/options.h"
#include "daemon/privileges.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "portcullis/netconf.h"
#include "portcullis/push.h"
#include "portcullis/snmp.h"

/* IPsec policies send no event that the privileged process could watch without a further group: they are read so often. */
#define POLICIES_MS 30000
/* A start that could not put running into the kernel is tried again. */
#define PUSH_RETRY_MS 30000

struct daemon {
	struct options options;
	struct identity identity;
	struct nft_process priv;
	struct nft_ops nft;
	bool nft_open;
	int listen_fd, signal_fd, network_fd, wake_fd;
	struct journal *journal;
	struct config *config;
	struct pins *pins;
	struct push *push;
	struct usage *usage;
	struct hub *hub;
	struct monitor *monitor;
	struct snmp *snmp;
	struct netconf *netconf;
	int64_t push_ms; /* when to put running into the kernel again; INT64_MAX: it is there */
	int64_t policies_ms; /* when to read the IPsec policies again */
	struct changes first; /* what the first verification tells, kept until the faces are there */
	int ready_fd; /* in the background: the end of the pipe that the parent waits on */
};

static int block_signals(struct daemon *d, struct error *err)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like others */
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
	        (d->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return error_set(err, ERR_INTERNAL, NULL, "signals cannot be watched: %s", strerror(errno));
	return 0;
}

/* The directory that a file is to be in, unless that is / or the current one; the caller frees it. */
static char *parent_of(const char *path)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;

	return slash != NULL && slash != path ? xstrndup(path, (size_t)(slash - path)) : NULL;
}

/* As root: what the unprivileged process must find ready, then the split. */
static int start_privileged(struct daemon *d, struct error *err)
{
	const struct options *o = &d->options;
	if (identity_find(o->user, o->group, &d->identity, err) != 0 ||
	        directory_prepare(o->state_dir, 0750, &d->identity, err) != 0)
		return -1;
	if (o->restore)
		return nft_process_start(&d->priv, err);
	char *socket_dir = parent_of(o->socket), *snapshot_dir = parent_of(o->snmp_snapshot);
	int result = socket_dir != NULL ? directory_prepare(socket_dir, 0755, &d->identity, err) : 0;
	if (result == 0 && snapshot_dir != NULL)
		result = directory_share(snapshot_dir, &d->identity, o->snmp_group, err);
	free(socket_dir);
	free(snapshot_dir);
	if (result != 0)
		return -1;
	d->listen_fd = netconf_listen(o->socket, d->identity.socket_gid, err);
	if (d->listen_fd < 0)
		return -1;
	return nft_process_start(&d->priv, err);
}

static int load_catalog(const struct options *o, struct catalog **out, struct error *err)
{
	return catalog_load(
	        o->catalog_dir, catalog_own_dir(o->own_catalog_dir, PORTCULLIS_OWN_CATALOG_DIR), o->yang_dir, out, err);
}

/* @return milliseconds until they are read again. */
static int take_policies(struct daemon *d)
{
	const int64_t now = clock_monotonic_ms();

	if (now < d->policies_ms)
		return (int)(d->policies_ms - now);
	d->policies_ms = now + POLICIES_MS;
	struct ipsec_policies *policies = ipsec_policies_read(d->nft.policies, d->nft.self);
	struct ipsec_policies *old = hub_get_ipsec(d->hub);
	bool changed = old != NULL && !ipsec_policies_same(old, policies);
	ipsec_policies_unref(old);
	hub_set_ipsec(d->hub, policies);
	if (changed)
		monitor_changed(d->monitor, CAUSE_RULESET, NULL, now);
	return POLICIES_MS;
}

/* The kernel gets what running says. Where it refuses, the agent goes on watching, and tries again. */
static void put_in_running(struct daemon *d, struct catalog *catalog)
{
	struct error err = {0};
	struct site *site = NULL;
	char line[1200];

	d->push_ms = INT64_MAX;
	if (config_site(d->config, &site, &err) != 0 || push_start(d->push, site, catalog, &err) != 0) {
		log_error("the table of the configuration is not in the kernel: %s",
		        error_line(&err, line, sizeof(line)));
		d->push_ms = clock_monotonic_ms() + PUSH_RETRY_MS;
	}
	site_free(site);
}

/* From here on every change of running goes into the kernel. */
static void start_push(struct daemon *d, struct catalog *catalog)
{
	const struct usage_parts usage = {d->nft, d->journal, NULL, clock_monotonic_ms, clock_wall_s};
	const struct push_parts parts = {d->nft, d->journal, d->pins, network_read, d->usage = usage_new(&usage)};
	struct config_carrier carrier;

	d->push = push_new(&parts);
	put_in_running(d, catalog);
	carrier = push_carrier(d->push);
	config_set_carrier(d->config, &carrier);
}

/* @return milliseconds until it is tried again. */
static int retry_push(struct daemon *d)
{
	const int64_t now = clock_monotonic_ms();

	if (now >= d->push_ms)
		put_in_running(d, monitor_installed(d->monitor));
	return d->push_ms - now < PUSH_RETRY_MS ? (int)(d->push_ms - now) : PUSH_RETRY_MS;
}

/* Takes the catalog over on success. */
static int start_monitor(struct daemon *d, struct catalog *catalog, struct error *err)
{
	const struct options *o = &d->options;
	char *packs = xasprintf("%s/packs", o->state_dir);

	d->pins = pins_new(packs, o->yang_dir);
	free(packs);
	if (config_open(o->yang_dir, d->journal, catalog, &d->config, err) != 0)
		return -1;
	config_set_pins(d->config, d->pins);
	start_push(d, catalog);
	if ((o->load != NULL && config_load_file(d->config, o->load, err) != 0) ||
	        (d->network_fd = network_watch_open(err)) < 0)
		return -1;
	d->hub = hub_new();
	struct monitor_parts parts = {
	        d->config, d->journal, d->nft, d->hub, catalog, d->pins, d->push, d->priv.pid, clock_monotonic_ms};
	return monitor_new(&parts, &d->monitor, err);
}

/* As the unprivileged user: state, catalog, configuration, the first verification. */
static int start_core(struct daemon *d, struct error *err)
{
	const struct options *o = &d->options;
	struct catalog *catalog = NULL;

	if (privileges_drop(&d->identity, err) != 0 || nft_open_process(&d->priv, &d->nft, err) != 0)
		return -1;
	d->nft_open = true;
	if (journal_open_anyway(o->state_dir, &d->journal, err) != 0 || load_catalog(o, &catalog, err) != 0)
		return -1;
	if (start_monitor(d, catalog, err) != 0) {
		catalog_free(catalog);
		return -1;
	}
	/* Without permission to read nf_tables nothing here is of use: say so now, not in a verdict. */
	struct nft_dump dump = {0};
	if (d->nft.dump(d->nft.self, &dump, err) != 0 && err->code == ERR_DENIED)
		return -1;
	nft_dump_fini(&dump);
	take_policies(d);
	monitor_step(d->monitor, clock_monotonic_ms(), clock_wall_s(), &d->first);
	return 0;
}

/* Instead of everything else. */
static int restore(struct daemon *d, struct error *err)
{
	bool any = false;
	int result;

	if (privileges_drop(&d->identity, err) != 0 || nft_open_process(&d->priv, &d->nft, err) != 0)
		return -1;
	d->nft_open = true;
	if (journal_open(d->options.state_dir, &d->journal, err) != 0)
		return -1;
	result = push_restore(&d->nft, d->journal, &any, err);
	if (result == 0)
		log_info("%s", any ? "the table of the last confirmed configuration is in the kernel"
		                   : "the last confirmed configuration has no table");
	return result;
}

static void wake(struct daemon *d)
{
	uint64_t one = 1;
	if (write(d->wake_fd, &one, sizeof(one)) < 0)
		log_debug("wake: %s", strerror(errno)); /* the counter is full: it is awake */
}

static int host_verify(void *ctx, struct error *err)
{
	struct daemon *d = ctx;
	uint64_t ticket = monitor_request(d->monitor);
	wake(d);
	return monitor_wait(d->monitor, ticket, 10000, err);
}

static int host_test(void *ctx, struct error *err)
{
	struct daemon *d = ctx;
	int result = monitor_test_notification(d->monitor, err);
	wake(d);
	return result;
}

static int host_pause(void *ctx, const char *user, uint32_t seconds, const char *reason, struct error *err)
{
	struct daemon *d = ctx;
	return push_pause(d->push, user, clock_wall_s() + seconds, reason, err);
}

static int host_resume(void *ctx, struct error *err)
{
	struct daemon *d = ctx;
	return push_resume(d->push, err);
}

static int host_connections(
        void *ctx, const struct connection_question *question, struct connection_report *out, struct error *err)
{
	const struct daemon *d = ctx;
	return push_connections(&d->nft, question, out, err);
}

static void snmp_settings(void *ctx, struct notification_settings *out)
{
	const struct daemon *d = ctx;
	config_notification(d->config, out);
}

static int snmp_reserve(void *ctx, struct error *err)
{
	const struct daemon *d = ctx;
	return config_notification_reserve(d->config, err);
}

static void snmp_release(void *ctx)
{
	const struct daemon *d = ctx;
	config_notification_release(d->config);
}

static int snmp_set(void *ctx, const struct notification_settings *settings, struct error *err)
{
	const struct daemon *d = ctx;
	return config_notification_set(d->config, "snmp", settings, err);
}

static void snmp_verify(void *ctx)
{
	struct daemon *d = ctx;
	monitor_request(d->monitor);
	wake(d);
}

static int snmp_usage(void *ctx, struct usage_reading **out, struct error *err)
{
	const struct daemon *d = ctx;
	return usage_get(d->usage, out, err);
}

/* The number of the last notification before those of this process. */
static uint64_t told_before(const struct daemon *d)
{
	struct snapshot *s = hub_get(d->hub);
	uint64_t newest = d->first.n > 0 ? d->first.change[0].sequence - 1 : s->newest_sequence;

	snapshot_unref(s);
	return newest;
}

static int start_snmp(struct daemon *d, struct error *err)
{
	const struct snmp_host host = {
	        d, snmp_settings, snmp_reserve, snmp_release, snmp_set, snmp_verify, host_test, snmp_usage};
	char *delivery = xasprintf("%s/snmp-delivery", d->options.state_dir);
	const struct snmp_options options = {d->options.agentx, d->options.snmp_snapshot, delivery};
	int result = 0;
	/* Whoever turns SNMP on again has no use for what was told without it. */
	if (options.agentx == NULL)
		snmp_forget(delivery);
	else if ((result = snmp_start(&options, &host, d->hub, &d->snmp, err)) == 0)
		snmp_resume(d->snmp, d->journal, told_before(d));
	free(delivery);
	return result;
}

static int start_faces(struct daemon *d, struct error *err)
{
	const struct options *o = &d->options;
	struct netconf_host host = {d, host_verify, host_test, host_pause, host_resume, host_connections};
	struct netconf_options netconf = {
	        .socket_path = o->socket,
	        .group = o->group,
	        .socket_gid = d->identity.socket_gid,
	        .listen_fd = d->listen_fd,
	        .yang_dir = o->yang_dir,
	        .journal = d->journal,
	        .usage = d->usage,
	};
	d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->wake_fd < 0)
		return error_set(err, ERR_INTERNAL, NULL, "eventfd: %s", strerror(errno));
	if (start_snmp(d, err) != 0)
		return -1;
	return netconf_start(&netconf, d->config, d->hub, &host, &d->netconf, err);
}

static void log_change(const struct change *c)
{
	const unsigned long long sequence = c->sequence;
	if (c->kind == CHANGE_OVERALL)
		log_info("%s #%llu: from %s to %s", change_kind_name(c->kind), sequence, overall_name(c->old_overall),
		        overall_name(c->new_overall));
	else
		log_info("%s #%llu: %s%s%s%s%s%s%s%s%s", change_kind_name(c->kind), sequence, c->cause.author,
		        c->cause.author[0] != '\0' ? ": " : "", c->label,
		        c->label[0] != '\0' && c->reason[0] != '\0' ? "; " : "", c->reason,
		        c->rule[0] != '\0' ? "; decided by " : "", c->rule,
		        c->witness[0] != '\0' ? "; for example " : "", c->witness);
}

static void hand_out(struct daemon *d, struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->change[i];
		log_change(c);
		if (d->snmp != NULL)
			snmp_notify(d->snmp, c);
		netconf_notify(d->netconf, c);
	}
	changes_fini(changes);
}

static void reload(struct daemon *d)
{
	struct error err = {0};
	struct catalog *catalog;
	char line[1200];
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_monotonic_ms() * 1000);
	if (load_catalog(&d->options, &catalog, &err) == 0) {
		monitor_catalog(d->monitor, catalog, clock_monotonic_ms());
		log_info("catalog read again: %zu products", catalog->n_pack);
	} else {
		log_error("the catalog in use stays: %s", error_line(&err, line, sizeof(line)));
	}
	sd_notify(0, "READY=1");
}

/* @return whether to go on. */
static bool take_signals(struct daemon *d)
{
	struct signalfd_siginfo info;
	while (read(d->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGHUP)
			return false;
		reload(d);
	}
	return true;
}

/* @return whether to go on: without the privileged process nothing can be known, and a restart brings it back. */
static bool take_nft_events(struct daemon *d)
{
	struct error err = {0};
	struct nft_event event = {0};
	if (d->nft.events(d->nft.self, &event, &err) != 0) {
		log_error("watching nf_tables: %s", err.text);
		nft_event_fini(&event);
		return false;
	}
	if (event.changed || event.overrun)
		monitor_changed(d->monitor, CAUSE_RULESET, &event, clock_monotonic_ms());
	nft_event_fini(&event);
	return true;
}

static void drain(int fd)
{
	uint64_t n;
	if (read(fd, &n, sizeof(n)) < 0)
		return; /* somebody else was faster */
}

/*
 * Into the background before any thread or child exists. The parent ends with 0 when the daemon is ready, else with 1
 * (the daemon has said why).
 */
static void background(struct daemon *d)
{
	int fds[2];
	char byte;
	if (pipe2(fds, O_CLOEXEC) != 0)
		return; /* stays in the foreground, which is no worse */
	pid_t pid = fork();
	if (pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return;
	}
	if (pid > 0) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) == 1 ? 0 : 1);
	}
	close(fds[0]);
	setsid();
	d->ready_fd = fds[1];
}

static void say_ready(struct daemon *d)
{
	sd_notify(0, "READY=1");
	log_info("ready");
	if (d->ready_fd < 0)
		return;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		for (int fd = 0; fd <= 2; fd++)
			dup2(null, fd);
		close(null);
	}
	log_init("portcullisd", d->options.debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, true);
	if (write(d->ready_fd, "R", 1) != 1)
		log_warning("nobody waits for the start");
	close(d->ready_fd);
	d->ready_fd = -1;
}

static int run(struct daemon *d)
{
	enum { SIGNALS, NFT, CONFIG, TIMER, NETWORK, WAKE, JOURNAL, PUSH, N };
	struct pollfd fds[N] = {
	        [SIGNALS] = {d->signal_fd, POLLIN, 0},
	        [NFT] = {d->nft.event_fd(d->nft.self), POLLIN, 0},
	        [CONFIG] = {config_event_fd(d->config), POLLIN, 0},
	        [TIMER] = {config_timer_fd(d->config), POLLIN, 0},
	        [NETWORK] = {d->network_fd, POLLIN, 0},
	        [WAKE] = {d->wake_fd, POLLIN, 0},
	        [JOURNAL] = {journal_event_fd(d->journal), POLLIN, 0},
	        [PUSH] = {push_event_fd(d->push), POLLIN, 0},
	};

	hand_out(d, &d->first);
	say_ready(d);
	for (;;) {
		struct changes changes;
		int policies = take_policies(d), retry = retry_push(d);
		int wait = monitor_step(d->monitor, clock_monotonic_ms(), clock_wall_s(), &changes);
		hand_out(d, &changes);
		if (d->snmp != NULL)
			snmp_published(d->snmp);
		wait = policies < wait ? policies : wait;
		wait = retry < wait ? retry : wait;
		if (poll(fds, N, wait) < 0 && errno != EINTR) {
			log_error("poll: %s", strerror(errno));
			return 1;
		}
		if ((fds[SIGNALS].revents & POLLIN) != 0 && !take_signals(d))
			return 0;
		if (fds[NFT].revents != 0 && !take_nft_events(d))
			return 1;
		if (fds[TIMER].revents != 0)
			config_tick(d->config);
		if (fds[CONFIG].revents != 0) {
			drain(fds[CONFIG].fd);
			monitor_changed(d->monitor, CAUSE_DEPLOYMENT, NULL, clock_monotonic_ms());
		}
		if (fds[NETWORK].revents != 0) {
			network_watch_drain(d->network_fd);
			monitor_changed(d->monitor, CAUSE_ROUTES, NULL, clock_monotonic_ms());
		}
		if (fds[JOURNAL].revents != 0)
			drain(fds[JOURNAL].fd); /* the next step looks at it */
		if (fds[PUSH].revents != 0) {
			drain(fds[PUSH].fd);
			monitor_look_at_push(d->monitor);
		}
		if (fds[WAKE].revents != 0) {
			drain(d->wake_fd);
			d->policies_ms = 0; /* somebody asked for a verification */
		}
	}
}

static void stop(struct daemon *d)
{
	sd_notify(0, "STOPPING=1");
	if (d->netconf != NULL)
		netconf_stop(d->netconf);
	else if (d->listen_fd >= 0)
		close(d->listen_fd);
	if (d->listen_fd >= 0)
		unlink(d->options.socket);
	if (d->snmp != NULL)
		snmp_stop(d->snmp);
	monitor_free(d->monitor);
	hub_free(d->hub); /* the newest snapshot has a site of the configuration */
	config_close(d->config);
	push_free(d->push);
	usage_free(d->usage);
	pins_free(d->pins);
	journal_close(d->journal);
	if (d->nft_open)
		d->nft.close(d->nft.self);
	else if (d->priv.socket > 0)
		close(d->priv.socket);
	changes_fini(&d->first);
}

int main(int argc, char **argv)
{
	struct daemon d = {.listen_fd = -1, .signal_fd = -1, .network_fd = -1, .wake_fd = -1, .ready_fd = -1};
	struct error err = {0};
	char line[1200];

	int code = options_parse(argc, argv, &d.options);
	if (code >= 0)
		return code;
	setenv("TZ", "UTC0", 1); /* date-and-time values print faster, and logs carry their own time */
	log_init("portcullisd", d.options.debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, false);
	if (!d.options.foreground && !d.options.restore)
		background(&d);
	code = 1;
	if (block_signals(&d, &err) != 0 || start_privileged(&d, &err) != 0 ||
	        (d.options.restore ? restore(&d, &err) : start_core(&d, &err)) != 0 ||
	        (!d.options.restore && start_faces(&d, &err) != 0))
		log_error("%s", error_line(&err, line, sizeof(line)));
	else
		code = d.options.restore ? 0 : run(&d);
	stop(&d);
	return code;
}
