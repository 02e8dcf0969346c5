/* links: nft base */
/*
 * The privileged side's look at connections that are to end: any bytes. What it lets through names one entry in each record,
 * which is looked at once more, by other means.
 */
#include <stdlib.h>
#include <string.h>

#include "nft/source.h"
#include "portcullis/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void look(const uint8_t *record)
{
	static const uint8_t none[12];
	const uint8_t family = record[32], proto = record[33];
	require(family == 4 || family == 6);
	require(family == 6 || (memcmp(record + 4, none, 12) == 0 && memcmp(record + 20, none, 12) == 0));
	if (proto == (family == 4 ? 1 : 58))
		require(memcmp(record + 36, none, 4) == 0);
	else
		require(record[34] == 0 && record[35] == 0 && record[40] == 0 && record[41] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = 0;
	struct error err = {0};
	uint8_t *bytes = xmalloc(size > 0 ? size : 1); /* exact: a read past the end is seen */
	if (size > 0)
		memcpy(bytes, data, size);
	if (nft_endings_check(bytes, size, &n, &err) == 0) {
		require(n * 48 == size && n <= 4096);
		for (size_t i = 0; i < n; i++)
			look(bytes + i * 48);
	} else {
		require(err.code == ERR_FORMAT || err.code == ERR_LIMIT);
	}
	free(bytes);
	return 0;
}
