#ifndef PORTCULLIS_TESTS_REPLACE_SCENE_H
#define PORTCULLIS_TESTS_REPLACE_SCENE_H

/* A network namespace whose ruleset the tests replace, and what nft lists of it. */
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "nft/process.h"
#include "nft_wire.h"
#include "own_fixture.h"
#include "portcullis/nft.h"

static inline void new_namespace(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
}

static inline void setup(void)
{
	new_namespace();
	signal(SIGPIPE, SIG_IGN);
}

static inline void nft(const char *text)
{
	FILE *f = popen("nft -f -", "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_msg(pclose(f) == 0, "nft refuses: %s", text);
}

/* What a program prints; the caller frees it. */
static inline char *output(const char *command)
{
	size_t len = 0, cap = 1 << 16;
	char *text = xmalloc(cap);
	FILE *f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	for (size_t n; (n = fread(text + len, 1, cap - len - 1, f)) > 0;) {
		len += n;
		if (len + 1 == cap)
			text = xrealloc(text, cap *= 2, 1);
	}
	text[len] = '\0';
	ck_assert_msg(pclose(f) == 0, "%s fails", command);
	return text;
}

static inline void same(const char *got, const char *want)
{
	size_t at = 0;
	while (got[at] == want[at] && got[at] != '\0')
		at++;
	while (at > 0 && got[at - 1] != '\n')
		at--;
	ck_assert_msg(strcmp(got, want) == 0, "got %.300s\nwant %.300s", got + at, want + at);
}

static inline char *listed(void)
{
	return output("nft -s list ruleset");
}

/* The two ways to the kernel, which must not differ. */
static inline struct nft_ops open_either(int which)
{
	struct nft_process process;
	struct nft_ops ops;
	struct error err = {0};
	if (which == 0) {
		ck_assert_msg(nft_open_direct(&ops, &err) == 0, "%s", err.text);
		return ops;
	}
	ck_assert_msg(nft_process_start(&process, &err) == 0, "%s", err.text);
	ck_assert_msg(nft_open_process(&process, &ops, &err) == 0, "%s", err.text);
	return ops;
}

static inline struct nft_batch encode(const struct own_table *t)
{
	struct nft_batch b;
	struct error err = {0};
	ck_assert_msg(nft_encode_table(t, &b, &err) == 0, "%s: %s", err.where, err.text);
	return b;
}

static inline uint32_t replace(const struct nft_ops *ops, const struct own_table *t)
{
	struct nft_batch b = encode(t);
	struct nft_answer answer;
	struct error err = {0};
	ck_assert_msg(ops->replace(ops->self, &b, &answer, &err) == 0, "%s: %s", err.where, err.text);
	ck_assert(!answer.refused);
	nft_batch_fini(&b);
	return answer.generation;
}

static inline int check(
        const struct nft_ops *ops, const struct own_table *t, struct nft_answer *answer, struct error *err)
{
	struct nft_batch b = encode(t);
	memset(err, 0, sizeof(*err));
	int result = ops->check(ops->self, &b, answer, err);
	nft_batch_fini(&b);
	return result;
}

static inline uint32_t generation(const struct nft_ops *ops)
{
	struct nft_dump d;
	struct error err = {0};
	ck_assert_msg(ops->dump(ops->self, &d, &err) == 0, "%s", err.text);
	uint32_t g = d.generation;
	nft_dump_fini(&d);
	return g;
}

#endif
