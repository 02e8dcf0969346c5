/*
 * Why a flow does not pass, in words for a message: evidence comes in, who stops it, a packet and the condition go out.
 */
#include "conformance_why.h"

#include <stdlib.h>

void why_add(struct text *t, const struct evidence *e)
{
	if (e->blame.present)
		text_addf(t, " by %s %s %s: %s", rs_family_name(e->blame.family), e->blame.table, e->blame.chain,
		        e->blame.text);
	if (e->has_witness) {
		char *packet = packet_print(&e->witness);

		text_addf(t, ", for example %s", packet);
		free(packet);
	}
	if (e->n_atom > 0)
		text_addf(t, ", which depends on %s", e->atom[0]);
	else if (!e->blame.present && e->reason != NULL)
		text_addf(t, ": %s", e->reason);
}
