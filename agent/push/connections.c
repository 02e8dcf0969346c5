/*
 * Established connections and a change of the ruleset: what the kernel tracks is read and judged between two rulesets, and the
 * connections that the later one would not admit are ended, those and no others.
 */
#include "portcullis/push.h"

int push_connections(const struct nft_ops *nft, const struct connection_question *question,
        struct connection_report *out, struct error *err)
{
	struct connection_question q = *question;
	struct connections connections;

	*out = (struct connection_report){0};
	if (nft_connections(nft, &connections, err) != 0)
		return -1;
	q.connections = &connections;
	connections_judge(&q, out);
	connections_fini(&connections);
	return 0;
}

int push_connections_end(
        const struct nft_ops *nft, const struct connection_report *report, size_t *ended, struct error *err)
{
	*ended = 0;
	if (report->n_lost == 0)
		return 0;
	if (nft->connections_end == NULL)
		return error_set(err, ERR_UNSUPPORTED, "connection tracking", "connections cannot be ended from here");
	return nft->connections_end(nft->self, report->lost, report->n_lost, ended, err);
}
