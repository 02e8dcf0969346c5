/* links: catalog document base */
/*
 * Packs and overrides of a directory of one's own: what they replace and add, what marks and digests say of it,
 * what a check and a difference tell, and that the examples of yang/catalog/README.md are sound.
 */
#include "own_packs.h"

#include <libyang/libyang.h>

#include "catalog/pack_load.h"

static struct catalog *load(const char *shipped)
{
	struct catalog *c = NULL;
	struct error err = {0};
	ck_assert_msg(catalog_load(shipped, own_dir, YANG, &c, &err) == 0, "%s: %s", err.where, err.text);
	return c;
}

START_TEST(an_override_replaces_and_adds)
{
	struct catalog *c, *plain;
	const struct pack *p;
	const struct requirement *r;
	char *own;
	directories_make();
	own = path_of(own_dir, "x.json");
	plain = load(shipped_dir);
	file_write(own_dir, "x.json",
	        OVERRIDE(ROLES(ROLE(9, "c", "")) ",\"service\":[{\"name\":\"t\"}]," REQUIREMENTS(REQUIREMENT_OF(
	                7, "p/a/7", "c", "any", "\"optional\":true," FLOW) "," REQUIREMENT(10, "own/a/10"))));
	c = load(shipped_dir);
	p = catalog_find(c, "p");
	ck_assert_uint_eq(p->n_requirement, 3);
	ck_assert_uint_eq(p->n_role, 3);
	ck_assert_uint_eq(p->n_service, 2);
	ck_assert_str_eq(p->version, "1");
	ck_assert_str_ne(p->digest, catalog_find(plain, "p")->digest);
	ck_assert_str_eq(catalog_find(c, "q")->digest, catalog_find(plain, "q")->digest);
	r = pack_requirement_find(p, 7);
	ck_assert_str_eq(r->listener, "c");
	ck_assert_str_eq(r->initiator[0].role, "any");
	ck_assert(r->optional);
	ck_assert_str_eq(r->own_file, own);
	ck_assert_ptr_null(pack_requirement_find(p, 8)->own_file);
	ck_assert_str_eq(pack_requirement_find(p, 10)->own_file, own);
	ck_assert_str_eq(pack_role_find(p, "c")->own_file, own);
	ck_assert_ptr_null(pack_role_find(p, "a")->own_file);
	ck_assert(!p->own && p->n_own_file == 1);
	ck_assert_str_eq(p->own_file[0], own);
	ck_assert_ptr_nonnull(strstr(p->json, "\"own-file\":[\""));
	ck_assert_ptr_nonnull(strstr(p->json, "own/a/10"));
	catalog_free(plain);
	catalog_free(c);
	free(own);
	directories_remove();
}
END_TEST

START_TEST(an_own_pack_is_a_product_that_overrides_reach)
{
	struct catalog *c;
	const struct pack *o;
	directories_make();
	file_write(own_dir, "x.json", PACK("o", 1000000, ROLES(ROLE(1, "a", "") "," ROLE(2, "b", ""))));
	file_write(own_dir, "y.json",
	        FILE_OF("\"override\":[{\"pack\":\"o\"," REQUIREMENTS(REQUIREMENT(1, "o/a/1")) "}]"));
	c = load(shipped_dir);
	o = catalog_find(c, "o");
	ck_assert(o->own);
	ck_assert_uint_eq(o->n_own_file, 2);
	ck_assert_str_eq(o->own_file[0], o->file);
	ck_assert_uint_eq(o->n_requirement, 1);
	ck_assert_str_eq(o->requirement[0].own_file, o->own_file[1]);
	catalog_free(c);
	directories_remove();
}
END_TEST

/* As NETCONF shows it: every merged pack, with its marks, is instance data of the model. */
START_TEST(merged_packs_are_instance_data)
{
	struct catalog *c;
	struct ly_ctx *ctx;
	struct error err = {0};
	directories_make();
	file_write(own_dir, "x.json", PACK("o", 9, ROLES(ROLE(1, "a", ""))));
	file_write(own_dir, "y.json",
	        OVERRIDE(ROLES(ROLE(9, "c", "")) ",\"service\":[{\"name\":\"s\"}]," REQUIREMENTS(
	                REQUIREMENT(7, "p/a/7"))));
	c = load(shipped_dir);
	ck_assert_int_eq(pack_context_new(YANG, &ctx, &err), 0);
	for (size_t i = 0; i < c->n_pack; i++) {
		char *text = xasprintf("{\"portcullis-catalog:catalog\":{\"pack\":[%s]}}", c->pack[i].json);
		struct lyd_node *tree = NULL;
		ck_assert_msg(lyd_parse_data_mem(ctx, text, LYD_JSON, LYD_PARSE_STRICT, LYD_VALIDATE_PRESENT, &tree) ==
		                      LY_SUCCESS,
		        "%s: %s", c->pack[i].name, ly_errmsg(ctx));
		lyd_free_all(tree);
		free(text);
	}
	ly_ctx_destroy(ctx);
	catalog_free(c);
	directories_remove();
}
END_TEST

START_TEST(shipped_files_may_override)
{
	struct catalog *c;
	directories_make();
	file_write(shipped_dir, "z.json", OVERRIDE(REQUIREMENTS(REQUIREMENT(10, "p/a/10"))));
	c = load(shipped_dir);
	ck_assert_uint_eq(catalog_find(c, "p")->n_requirement, 3);
	catalog_free(c);
	directories_remove();
}
END_TEST

START_TEST(a_directory_that_is_named_must_be_there)
{
	struct catalog *c = NULL;
	struct error err = {0};
	char *nothing;
	directories_make();
	nothing = path_of(top, "nothing");
	ck_assert_int_ne(catalog_load(shipped_dir, nothing, YANG, &c, &err), 0);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.where, "nothing"));
	ck_assert_ptr_eq(catalog_own_dir(nothing, own_dir), nothing);
	ck_assert_ptr_null(catalog_own_dir(NULL, nothing));
	ck_assert_ptr_eq(catalog_own_dir(NULL, own_dir), own_dir);
	/* Without a file of one's own the catalog is the shipped one. */
	c = load(shipped_dir);
	ck_assert_uint_eq(c->n_pack, 2);
	ck_assert_uint_eq(c->pack[0].n_own_file, 0);
	catalog_free(c);
	free(nothing);
	directories_remove();
}
END_TEST

/* A pack without what the agent marks. */
static char *without_marks(const struct pack *pack)
{
	static const char *const lists[] = {"service", "role", "requirement"};
	json_t *root = json_loads(pack->json, 0, NULL), *entry;
	size_t k;
	char *text;
	json_object_del(root, "own-file");
	for (size_t i = 0; i < 3; i++)
		json_array_foreach(json_object_get(root, lists[i]), k, entry) json_object_del(entry, "own-file");
	text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(root);
	return text;
}

static void same_but_marks(const struct pack *a, const struct pack *b)
{
	char *x = without_marks(a), *y = without_marks(b);
	ck_assert_str_eq(a->digest, b->digest);
	ck_assert_str_eq(x, y);
	free(x);
	free(y);
}

/* An override that says again all that a pack of the catalog says. */
static char *repetition(const struct pack *pack)
{
	static const char *const lists[] = {"service", "role", "requirement"};
	json_t *whole = json_loads(pack->json, 0, NULL), *part = json_pack("{ss}", "pack", pack->name), *root;
	char *text;
	for (size_t i = 0; i < 3; i++)
		if (json_object_get(whole, lists[i]) != NULL)
			json_object_set(part, lists[i], json_object_get(whole, lists[i]));
	root = json_pack("{s{s[o]}}", "portcullis-catalog:catalog", "override", part);
	text = json_dumps(root, 0);
	json_decref(root);
	json_decref(whole);
	return text;
}

START_TEST(an_override_that_repeats_changes_nothing_but_marks)
{
	struct catalog *plain, *merged;
	directories_make();
	plain = load(PACKS);
	for (size_t i = 0; i < plain->n_pack; i++) {
		char *text = repetition(&plain->pack[i]), *name = xasprintf("%zu.json", i);
		file_write(own_dir, name, text);
		free(name);
		free(text);
	}
	merged = load(PACKS);
	ck_assert_uint_eq(merged->n_pack, plain->n_pack);
	for (size_t i = 0; i < plain->n_pack; i++) {
		const struct pack *p = &merged->pack[i];
		struct pack_diff diff;
		same_but_marks(&plain->pack[i], p);
		ck_assert_uint_eq(p->n_own_file, 1);
		for (size_t k = 0; k < p->n_requirement; k++)
			ck_assert_str_eq(p->requirement[k].own_file, p->own_file[0]);
		pack_diff_build(&plain->pack[i], p, &diff);
		ck_assert(diff.same_product);
		ck_assert_uint_eq(diff.n_added + diff.n_removed + diff.n_changed, 0);
		ck_assert_uint_eq(
		        diff.n_requirement_added + diff.n_requirement_removed + diff.n_requirement_changed, 0);
		pack_diff_fini(&diff);
	}
	catalog_free(plain);
	catalog_free(merged);
	directories_remove();
}
END_TEST

START_TEST(merging_does_not_depend_on_the_order_of_files)
{
	static const char *const text[] = {
	        OVERRIDE(REQUIREMENTS(REQUIREMENT(12, "o/12") "," REQUIREMENT(10, "o/10") "," REQUIREMENT(
	                7, "p/a/7")) ",\"service\":[{\"name\":\"z\"}]"),
	        OVERRIDE(REQUIREMENTS(REQUIREMENT(11, "o/11")) "," ROLES(ROLE(9, "c", ""))),
	        OVERRIDE(ROLES(ROLE(8, "d", ",\"include\":[\"c\"]")) ",\"service\":[{\"name\":\"t\"}]"),
	};
	static const unsigned order[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct catalog *first = NULL;
	directories_make();
	for (size_t i = 0; i < 6; i++) {
		struct catalog *c;
		for (size_t k = 0; k < 3; k++)
			file_write(own_dir, (const char *[]){"x.json", "y.json", "z.json"}[k], text[order[i][k]]);
		c = load(shipped_dir);
		if (first == NULL)
			first = c;
		else
			same_but_marks(catalog_find(first, "p"), catalog_find(c, "p"));
		if (c != first)
			catalog_free(c);
	}
	ck_assert_uint_eq(catalog_find(first, "p")->n_requirement, 5);
	catalog_free(first);
	directories_remove();
}
END_TEST

START_TEST(a_check_says_what_overrides_do)
{
	struct catalog_check check;
	struct error err = {0};
	char *path;
	directories_make();
	path = path_of(own_dir, "x.json");
	file_write(own_dir, "x.json",
	        OVERRIDE(REQUIREMENTS(REQUIREMENT(7, "p/a/7") "," REQUIREMENT(9, "o/9")) "," ROLES(ROLE(9, "c", ""))));
	/* An own product is known; what another own file overrides is not the question here. */
	file_write(own_dir, "y.json", PACK("o", 9, ROLES(ROLE(1, "a", ""))));
	file_write(own_dir, "z.json", OVERRIDE(REQUIREMENTS(REQUIREMENT(7, "p/a/7"))));
	ck_assert_msg(catalog_check(path, shipped_dir, own_dir, YANG, &check, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(check.n_override, 1);
	ck_assert_str_eq(check.override[0].pack, "p");
	ck_assert_uint_eq(check.override[0].requirement.added, 1);
	ck_assert_uint_eq(check.override[0].requirement.replaced, 1);
	ck_assert_uint_eq(check.override[0].role.added, 1);
	ck_assert_uint_eq(check.override[0].role.replaced + check.override[0].service.added, 0);
	catalog_check_fini(&check);
	file_write(own_dir, "x.json", FILE_OF("\"override\":[{\"pack\":\"o\"," ROLES(ROLE(2, "b", "")) "}]"));
	ck_assert_msg(catalog_check(path, shipped_dir, own_dir, YANG, &check, &err) == 0, "%s", err.text);
	catalog_check_fini(&check);
	ck_assert_int_ne(catalog_check(path, shipped_dir, NULL, YANG, &check, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "p, q"));
	ck_assert_ptr_null(check.catalog);
	/* A pack is checked alone, whatever there is beside it. */
	file_write(own_dir, "x.json", shipped_p);
	ck_assert_int_eq(catalog_check(path, "/nonexistent", "/nonexistent", YANG, &check, &err), 0);
	catalog_check_fini(&check);
	free(path);
	directories_remove();
}
END_TEST

static bool has_field(const struct requirement_change *change, const char *name)
{
	for (size_t i = 0; i < change->n_field; i++)
		if (strcmp(change->field[i], name) == 0)
			return true;
	return false;
}

START_TEST(two_versions_differ_in_the_members_of_requirements)
{
	struct catalog *old, *new;
	struct pack_diff diff;
	char *json;
	directories_make();
	old = load(shipped_dir);
	file_write(own_dir, "x.json",
	        OVERRIDE(REQUIREMENTS(REQUIREMENT_OF(7, "p/a/7", "a", "any",
	                "\"optional\":true,\"load-balancer\":\"hlb-always\","
	                "\"erratum\":[{\"field\":\"x\",\"confidence\":\"low\"}]," FLOW) "," REQUIREMENT(9, "o/9"))));
	new = load(shipped_dir);
	pack_diff_build(catalog_find(old, "p"), catalog_find(new, "p"), &diff);
	/* All have one role, port and transport. */
	ck_assert_uint_eq(diff.n_added + diff.n_removed + diff.n_changed, 0);
	ck_assert_uint_eq(diff.n_requirement_added, 1);
	ck_assert_str_eq(diff.requirement_added[0].label, "o/9");
	ck_assert_uint_eq(diff.n_requirement_changed, 1);
	ck_assert_str_eq(diff.requirement_changed[0].label, "p/a/7");
	ck_assert_uint_eq(diff.requirement_changed[0].n_field, 4);
	ck_assert(has_field(&diff.requirement_changed[0], "initiators"));
	ck_assert(has_field(&diff.requirement_changed[0], "optional"));
	ck_assert(has_field(&diff.requirement_changed[0], "load_balancer"));
	ck_assert(has_field(&diff.requirement_changed[0], "errata"));
	json = pack_diff_json(&diff);
	ck_assert_ptr_nonnull(strstr(json, "\"requirements\""));
	free(json);
	pack_diff_fini(&diff);
	pack_diff_build(catalog_find(new, "p"), catalog_find(old, "p"), &diff);
	ck_assert_uint_eq(diff.n_requirement_removed, 1);
	ck_assert_uint_eq(diff.requirement_changed[0].n_field, 4);
	pack_diff_fini(&diff);
	pack_diff_build(catalog_find(old, "p"), catalog_find(old, "q"), &diff);
	json = pack_diff_json(&diff);
	ck_assert_ptr_null(strstr(json, "\"requirements\""));
	free(json);
	pack_diff_fini(&diff);
	catalog_free(old);
	catalog_free(new);
	directories_remove();
}
END_TEST

/* The n-th JSON example of the page, from its first line to the first that is not indented; the caller frees it. */
static char *example(unsigned n)
{
	static const char first[] = "    {\"portcullis-catalog:catalog\"";
	struct error err = {0};
	char *page, *line, *rest, *out = NULL;
	size_t len;
	ck_assert_int_eq(file_read(PACKS "/README.md", 1 << 20, &page, &len, &err), 0);
	rest = page;
	while (out == NULL && (line = strstr(rest, first)) != NULL) {
		char *end = line;
		while (strncmp(end, "    ", 4) == 0)
			end = strchr(end, '\n') + 1;
		if (n-- == 0)
			out = xstrndup(line, (size_t)(end - line));
		rest = end;
	}
	free(page);
	return out;
}

START_TEST(the_examples_of_the_page_work)
{
	struct catalog *c;
	const struct pack *sfb;
	char *pack = example(0), *override = example(1);
	ck_assert(pack != NULL && override != NULL);
	ck_assert_ptr_null(example(2));
	directories_make();
	file_write(own_dir, "door.json", pack);
	file_write(own_dir, "site.json", override);
	c = load(PACKS);
	ck_assert(catalog_find(c, "door-controller")->own);
	sfb = catalog_find(c, "skype-for-business-server");
	ck_assert_uint_eq(sfb->n_own_file, 1);
	ck_assert_ptr_nonnull(catalog_requirement_by_label(c, "site/front-end-server/backup/10000-tcp", NULL));
	ck_assert_uint_eq(pack_requirement_find(sfb, 53)->n_initiator, 2);
	catalog_free(c);
	directories_remove();
	free(pack);
	free(override);
}
END_TEST

START_TEST(shipped_ids_leave_room_for_own_ones)
{
	struct catalog *c = NULL;
	struct error err = {0};
	ck_assert_int_eq(catalog_load(PACKS, NULL, YANG, &c, &err), 0);
	for (size_t i = 0; i < c->n_pack; i++) {
		ck_assert_uint_lt(c->pack[i].id, 1000000);
		for (size_t k = 0; k < c->pack[i].n_role; k++)
			ck_assert_uint_lt(c->pack[i].role[k].id, 1000000);
		for (size_t k = 0; k < c->pack[i].n_requirement; k++)
			ck_assert_uint_lt(c->pack[i].requirement[k].id, 1000000);
	}
	catalog_free(c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("catalog_own");
	TCase *t = tcase_create("all");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, an_override_replaces_and_adds);
	tcase_add_test(t, an_own_pack_is_a_product_that_overrides_reach);
	tcase_add_test(t, merged_packs_are_instance_data);
	tcase_add_test(t, shipped_files_may_override);
	tcase_add_test(t, a_directory_that_is_named_must_be_there);
	tcase_add_test(t, an_override_that_repeats_changes_nothing_but_marks);
	tcase_add_test(t, merging_does_not_depend_on_the_order_of_files);
	tcase_add_test(t, a_check_says_what_overrides_do);
	tcase_add_test(t, two_versions_differ_in_the_members_of_requirements);
	tcase_add_test(t, the_examples_of_the_page_work);
	tcase_add_test(t, shipped_ids_leave_room_for_own_ones);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
