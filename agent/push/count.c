/*
 * What the own table counts, when it is put back: messages that were made before come in, and go into the kernel with the
 * counters of now. Counters that cannot be read keep nobody from putting a table back.
 */
#include "push/plan.h"

int plan_counters(struct push *p, struct nft_counters *out, struct error *err)
{
	struct nft_dump dump = {0};
	int result = p->parts.nft.dump(p->parts.nft.self, &dump, err);

	*out = (struct nft_counters){0};
	if (result == 0)
		result = nft_counters_read(dump.bytes, dump.len, OWN_TABLE, out, err);
	nft_dump_fini(&dump);
	return result;
}

void push_count_begin(struct push *p, const struct nft_counters *before)
{
	if (p->parts.usage != NULL)
		usage_begin(p->parts.usage, before);
}

void push_count_end(struct push *p, const struct nft_counters *after)
{
	if (p->parts.usage != NULL)
		usage_end(p->parts.usage, after);
}

void push_count_read(struct push *p)
{
	struct nft_counters after = {0};
	struct error unread;
	bool known = plan_counters(p, &after, &unread) == 0;

	push_count_end(p, known ? &after : NULL);
	nft_counters_fini(&after);
}

int push_put(struct push *p, const struct nft_batch *batch, const struct nft_counters *before, struct error *err)
{
	struct nft_answer answer;

	if (before != NULL)
		nft_counters_renew(before, batch->bytes, batch->len);
	push_count_begin(p, before);
	int result = p->parts.nft.replace(p->parts.nft.self, batch, &answer, err);
	push_count_read(p);
	return result;
}
