/* links: catalog document base */
/*
 * What a catalog refuses of files in a directory of one's own: contradictions, with both files, broken references, with the
 * file that brings them, and more or larger than the limits.
 */
#include "own_packs.h"

#include "catalog/pack_load.h"

#define UNKNOWN_INITIATOR REQUIREMENT_OF(10, "p/a/10", "a", "nobody", FLOW)
#define MARK "\"own-file\":\"x\""

static const struct refusal {
	const char *x, *y; /* own files; y may be NULL */
	const char *where, *text[4]; /* file that is at fault; what the message has */
} refusals[] = {
        {OVERRIDE(REQUIREMENTS(REQUIREMENT(7, "p/a/other"))), NULL, "own/x.json",
                {"requirement 7", "p/a/other", "p/a/7", "shipped/p.json"}},
        {OVERRIDE(REQUIREMENTS(REQUIREMENT(9, "p/a/7"))), NULL, "own/x.json",
                {"requirement p/a/7", "id 9", "7 in", "shipped/p.json"}},
        {OVERRIDE(REQUIREMENTS(REQUIREMENT(7, "p/a/8"))), NULL, "own/x.json",
                {"requirement 7", "p/a/8", "p/a/7", "shipped/p.json"}},
        {OVERRIDE(ROLES(ROLE(1, "z", ""))), NULL, "own/x.json", {"role 1", "is z", "a in", "shipped/p.json"}},
        {OVERRIDE(ROLES(ROLE(9, "a", ""))), NULL, "own/x.json", {"role a", "id 9", "1 in", "shipped/p.json"}},
        {OVERRIDE(REQUIREMENTS(REQUIREMENT(7, "p/a/7"))), OVERRIDE(REQUIREMENTS(REQUIREMENT(7, "p/a/7"))), "own/y.json",
                {"p/a/7", "own/x.json", "keep one"}},
        {OVERRIDE(REQUIREMENTS(REQUIREMENT(9, "o/9"))), OVERRIDE(REQUIREMENTS(REQUIREMENT(9, "o/9"))), "own/y.json",
                {"o/9", "own/x.json", "keep one"}},
        {OVERRIDE(REQUIREMENTS(REQUIREMENT(9, "o/9"))), OVERRIDE(REQUIREMENTS(REQUIREMENT(9, "o/other"))), "own/y.json",
                {"requirement 9", "o/other", "o/9", "own/x.json"}},
        {OVERRIDE(REQUIREMENTS(REQUIREMENT(9, "o/9"))), OVERRIDE(REQUIREMENTS(REQUIREMENT(10, "o/9"))), "own/y.json",
                {"requirement o/9", "id 10", "9 in", "own/x.json"}},
        {OVERRIDE(ROLES(ROLE(1, "a", ""))), OVERRIDE(ROLES(ROLE(1, "a", ""))), "own/y.json",
                {"role a", "own/x.json", "keep one"}},
        {OVERRIDE("\"service\":[{\"name\":\"s\"}]"), OVERRIDE("\"service\":[{\"name\":\"s\"}]"), "own/y.json",
                {"service s", "own/x.json", "keep one"}},
        {FILE_OF("\"override\":[{\"pack\":\"nothing\"}]"), NULL, "own/x.json", {"nothing", "p, q"}},
        {PACK("p", 9, ROLES("")), NULL, "own/x.json", {"pack p", "shipped/p.json"}},
        {PACK("n", 5, ROLES("")), NULL, "own/x.json", {"pack n", "id 5", "shipped/p.json"}},
        {PACK("n", 9, ROLES("")), PACK("n", 10, ROLES("")), "own/y.json", {"pack n", "own/x.json"}},
        {OVERRIDE(REQUIREMENTS(REQUIREMENT(9, "q/a/1"))), NULL, "own/x.json", {"label q/a/1", "shipped/q.json"}},
        {PACK("n", 4, ROLES(ROLE(1, "a", "") "," ROLE(2, "b", "")) "," REQUIREMENTS(REQUIREMENT(1, "q/a/1"))), NULL,
                "own/x.json", {"label q/a/1", "shipped/q.json"}},
        {OVERRIDE(REQUIREMENTS(REQUIREMENT_OF(7, "p/a/7", "nobody", "b", FLOW))), NULL, "own/x.json",
                {"p/a/7", "listener nobody"}},
        {OVERRIDE(REQUIREMENTS(UNKNOWN_INITIATOR)), NULL, "own/x.json", {"p/a/10", "initiator nobody"}},
        {OVERRIDE(REQUIREMENTS(REQUIREMENT_OF(10, "p/a/10", "a", "b", "\"optional\":true"))), NULL, "own/x.json",
                {"p/a/10", "one flow"}},
        {OVERRIDE(ROLES(ROLE(9, "c", ",\"include\":[\"zz\"]"))), NULL, "own/x.json", {"role c", "zz"}},
        /* Role a of the pack includes b: the override closes the circle. */
        {OVERRIDE(ROLES(ROLE(2, "b", ",\"include\":[\"a\"]"))), NULL, "own/x.json", {"role b", "circle"}},
        {OVERRIDE(ROLES(ROLE(2, "b", ",\"include\":[\"a\"]"))), OVERRIDE(ROLES(ROLE(9, "aa", ",\"include\":[\"a\"]"))),
                "own/x.json", {"role b", "circle"}},
        {PACK("n", 9, "\"own-file\":[\"x\"]"), NULL, "own/x.json", {"pack n", "own-file", "remove"}},
        {PACK("n", 9, ROLES(ROLE(1, "a", "," MARK))), NULL, "own/x.json", {"own-file", "remove"}},
        {PACK("n", 9, REQUIREMENTS(REQUIREMENT_OF(1, "n/1", "a", "b", MARK "," FLOW))), NULL, "own/x.json",
                {"own-file", "remove"}},
        {OVERRIDE(ROLES(ROLE(1, "a", "," MARK))), NULL, "own/x.json", {"own-file"}},
        {OVERRIDE(REQUIREMENTS(REQUIREMENT(7, "p/a/7") "," REQUIREMENT(7, "p/a/7"))), NULL, "own/x.json", {"uplicate"}},
        {OVERRIDE("\"title\":\"T\""), NULL, "own/x.json", {"title"}},
        {PACK("n", 9, "\"digest\":\"0000000000000000000000000000000000000000000000000000000000000000\""), NULL,
                "own/x.json", {"digest"}},
        {FILE_OF(""), NULL, "own/x.json", {"no pack and no override"}},
};

START_TEST(refuses_what_contradicts)
{
	const struct refusal *r = &refusals[_i];
	struct catalog *c = NULL;
	struct error err = {0};
	char line[1200];
	directories_make();
	file_write(own_dir, "x.json", r->x);
	if (r->y != NULL)
		file_write(own_dir, "y.json", r->y);
	ck_assert_int_ne(catalog_load(shipped_dir, own_dir, YANG, &c, &err), 0);
	ck_assert_ptr_null(c);
	error_line(&err, line, sizeof(line));
	ck_assert_msg(err.code == ERR_INVALID && strstr(err.where, r->where) != NULL, "%d: %s", err.code, line);
	for (size_t i = 0; i < 4 && r->text[i] != NULL; i++)
		ck_assert_msg(strstr(line, r->text[i]) != NULL, "lacks '%s': %s", r->text[i], line);
	directories_remove();
}
END_TEST

START_TEST(a_name_that_cannot_be_shown_is_refused)
{
	struct catalog *c = NULL;
	struct error err = {0};
	directories_make();
	file_write(own_dir, "\001.json", OVERRIDE(REQUIREMENTS(REQUIREMENT(9, "o/9"))));
	ck_assert_int_ne(catalog_load(shipped_dir, own_dir, YANG, &c, &err), 0);
	ck_assert_msg(err.code == ERR_INVALID && strstr(err.text, "rename") != NULL, "%s", err.text);
	directories_remove();
}
END_TEST

/* n times an entry with its number in it. */
static char *repeated(const char *before, const char *format, size_t n, const char *after)
{
	struct text t = {0};
	text_add(&t, before);
	for (size_t i = 1; i <= n; i++) {
		text_add(&t, i > 1 ? "," : "");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		text_addf(&t, format, i, i);
#pragma GCC diagnostic pop
	}
	text_add(&t, after);
	return text_take(&t);
}

#define HEAD "{\"portcullis-catalog:catalog\":{"
#define PACK_HEAD HEAD "\"pack\":[{\"name\":\"n\",\"id\":9,\"title\":\"T\",\"version\":\"1\","
#define MANY_ROLES "{\"id\":%zu,\"name\":\"r%zu\",\"kind\":\"server\"}"
#define MANY_REQUIREMENTS                                                                                              \
	"{\"id\":%zu,\"label-name\":\"l%zu\",\"listener\":\"a\",\"reach\":\"site\",\"class\":\"management\"}"
#define MANY_PACKS "{\"id\":%zu,\"name\":\"n%zu\",\"title\":\"T\",\"version\":\"1\"}"

static const struct limit {
	const char *before, *format, *after, *what;
	size_t most;
} limits[] = {
        {PACK_HEAD "\"role\":[", MANY_ROLES, "]}]}}", "role", PACK_MAX_ROLES},
        {PACK_HEAD "\"service\":[", "{\"name\":\"s%zu-%zu\"}", "]}]}}", "service", PACK_MAX_SERVICES},
        {PACK_HEAD "\"requirement\":[", MANY_REQUIREMENTS, "]}]}}", "requirement", PACK_MAX_REQUIREMENTS},
        {HEAD "\"override\":[{\"pack\":\"p\",\"role\":[", MANY_ROLES, "]}]}}", "role", PACK_MAX_ROLES},
        {HEAD "\"pack\":[", MANY_PACKS, "]}}", "packs", PACK_MAX_PACKS},
        {HEAD "\"override\":[", "{\"pack\":\"n%zu-%zu\"}", "]}}", "overrides", PACK_MAX_OVERRIDES},
};

static void over_limit(const char *text, const char *file, const char *what, size_t value, size_t most)
{
	struct catalog *c = NULL;
	struct error err = {0};
	char *v = xasprintf("%zu", value), *m = xasprintf("at most %zu", most);
	if (text != NULL)
		file_write(own_dir, file, text);
	ck_assert_int_ne(catalog_load(shipped_dir, own_dir, YANG, &c, &err), 0);
	ck_assert_msg(err.code == ERR_LIMIT && strstr(err.where, file) != NULL && strstr(err.text, what) != NULL &&
	                      strstr(err.text, v) != NULL && strstr(err.text, m) != NULL,
	        "%d %s: %s", err.code, err.where, err.text);
	free(v);
	free(m);
}

START_TEST(refuses_more_entries_than_the_limit)
{
	const struct limit *l = &limits[_i];
	/* The two packs of the shipped directory count with those of the file. */
	bool packs = l->most == PACK_MAX_PACKS;
	char *text = repeated(l->before, l->format, l->most + 1 - (packs ? 2 : 0), l->after);
	directories_make();
	over_limit(text, "x.json", l->what, l->most + 1, l->most);
	directories_remove();
	free(text);
}
END_TEST

START_TEST(merging_keeps_to_the_limits_of_a_pack)
{
	char *full;
	directories_make();
	full = repeated(PACK_HEAD "\"role\":[", MANY_ROLES, PACK_MAX_ROLES, "]}]}}");
	file_write(shipped_dir, "n.json", full);
	over_limit(FILE_OF("\"override\":[{\"pack\":\"n\"," ROLES(ROLE(9999, "z", "")) "}]"), "x.json", "role",
	        PACK_MAX_ROLES + 1, PACK_MAX_ROLES);
	directories_remove();
	free(full);
}
END_TEST

START_TEST(refuses_more_files_than_the_limit)
{
	directories_make();
	/* Beside the two shipped files: one more than there may be. */
	for (unsigned i = 0; i < PACK_MAX_FILES - 1; i++) {
		char *name = xasprintf("%03u.json", i), *text;
		text = xasprintf(OVERRIDE("\"service\":[{\"name\":\"s%u\"}]"), i + 10);
		file_write(own_dir, name, text);
		free(name);
		free(text);
	}
	over_limit(NULL, "254.json", "file", PACK_MAX_FILES + 1, PACK_MAX_FILES);
	directories_remove();
}
END_TEST

/* A sound file with blanks behind, up to a size. */
static void padded_write(const char *name, unsigned n, size_t size)
{
	char *text = xmalloc(size + 1);
	int len = snprintf(text, size, OVERRIDE("\"service\":[{\"name\":\"s%u\"}]"), n + 10);
	memset(text + len, ' ', size - (size_t)len);
	text[size] = '\0';
	file_write(own_dir, name, text);
	free(text);
}

START_TEST(refuses_more_bytes_than_the_limits)
{
	struct catalog *c = NULL;
	struct error err = {0};
	directories_make();
	padded_write("x.json", 1, PACK_MAX_FILE_BYTES + 1);
	ck_assert_int_ne(catalog_load(shipped_dir, own_dir, YANG, &c, &err), 0);
	ck_assert_msg(err.code == ERR_LIMIT && strstr(err.where, "x.json") != NULL, "%s: %s", err.where, err.text);
	for (unsigned i = 0; i < 3; i++)
		padded_write((const char *[]){"x.json", "y.json", "z.json"}[i], i, PACK_MAX_BYTES / 3 + 1);
	ck_assert_int_ne(catalog_load(shipped_dir, own_dir, YANG, &c, &err), 0);
	ck_assert_msg(err.code == ERR_LIMIT && strstr(err.where, "z.json") != NULL && strstr(err.text, "all") != NULL,
	        "%s: %s", err.where, err.text);
	directories_remove();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("catalog_refusals");
	TCase *t = tcase_create("all");
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, refuses_what_contradicts, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(t, a_name_that_cannot_be_shown_is_refused);
	tcase_add_loop_test(t, refuses_more_entries_than_the_limit, 0, sizeof(limits) / sizeof(limits[0]));
	tcase_add_test(t, merging_keeps_to_the_limits_of_a_pack);
	tcase_add_test(t, refuses_more_files_than_the_limit);
	tcase_add_test(t, refuses_more_bytes_than_the_limits);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
