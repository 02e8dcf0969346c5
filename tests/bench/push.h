#ifndef BENCH_PUSH_H
#define BENCH_PUSH_H

#include "portcullis/push.h"

/** A push into the kernel of a network namespace, and how long its last commit was in which part of it. */
struct push_scene {
	char directory[64];
	struct ly_ctx *ctx;
	struct catalog *catalog;
	struct site *empty;
	struct nft_ops nft;
	struct push *push;
	struct config_carrier carrier;
	struct push_times {
		double check, replace, prove, whole; /**< milliseconds; prove: from the replace to the end of apply */
	} took;
};

/** In the caller's namespace; ends the process where that cannot be. */
void push_scene_open(struct push_scene *s);
void push_scene_close(struct push_scene *s);
/**
 * So many times the example's deployment, each with groups and addresses of its own; release with site_free().
 *
 * @param more  of the firewall part: PUSH_RULE, PUSH_SCOPE_ALL, both or "".
 */
struct site *push_site(struct push_scene *s, size_t deployments, const char *more);
#define PUSH_RULE                                                                                                      \
	",\"rule\":[{\"name\":\"web\",\"matches\":{\"transport\":[\"tcp\"],\"destination\":{\"port\":[{\"lower\":"     \
	"8443}]}},"                                                                                                    \
	"\"actions\":{\"forwarding\":\"accept\"}}]"
#define PUSH_SCOPE_ALL ",\"scope\":\"all\""
/** One commit, as config/ makes it, which has to succeed. */
void push_commit(struct push_scene *s, const struct site *now, const struct site *next);
/** Required flows that come to the table: those that are verified and not optional. */
size_t push_flows(const struct flows *flows);

/** One line of the report; a peer of "" has no figure. */
void push_print(
        const char *work, size_t size, double ours, const char *peer, double theirs, const char *unit, bool json);

double push_now_ms(void);
/** What failed is told, and ends the process. */
void push_must(int result, const struct error *err);

/* What packets see of it. */
void bench_push_losses(bool json);
void bench_push_rates(bool json);

#endif
