/* links: catalog document base */
/*
 * The shipped packs against the documents that they are made from: every table is found with its rows, the packs come out
 * the same to the byte, and a change in a document is noticed. Skipped where the documents are not there.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/import.h"
#include "portcullis/text.h"

#define SEEDS SOURCE_DIR "/../shared/seeds"
#define OVERLAY SOURCE_DIR "/yang/catalog/overlay"

static const char *const products[] = {"ocs-2007-r2", "lync-server-2013", "skype-for-business-server"};

/* The document whose name starts with these three digits. */
static char *seed_path(const char *digits)
{
	DIR *dir = opendir(SEEDS);
	struct dirent *entry;
	char *path = NULL;
	ck_assert_ptr_nonnull(dir);
	while (path == NULL && (entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, digits, strlen(digits)) == 0)
			path = xasprintf("%s/%s", SEEDS, entry->d_name);
	closedir(dir);
	ck_assert_ptr_nonnull(path);
	return path;
}

static void seed_import(const char *digits, struct import *import)
{
	char *path = seed_path(digits);
	struct document doc;
	struct error err = {0};
	ck_assert_msg(document_read(path, &doc, &err) == 0, "%s", err.text);
	import_build(&doc, import);
	free(path);
}

START_TEST(every_table_is_found_with_its_rows)
{
	static const struct {
		const char *digits, *product;
		size_t n, references;
		struct {
			enum import_kind kind;
			size_t rows;
			unsigned last; /* number of the last row: empty rows count */
		} table[5];
	} want[] = {
	        {"000", "skype-for-business-server", 5, 4,
	                {{IMPORT_SERVER_PORTS, 53, 53}, {IMPORT_HLB_ONLY_PORTS, 20, 20}, {IMPORT_DNS_LB_PORTS, 6, 6},
	                        {IMPORT_CLIENT_PORTS, 12, 12}, {IMPORT_IPSEC_EXCEPTIONS, 15, 15}}},
	        {"001", "skype-for-business-server", 5, 3,
	                {{IMPORT_SERVER_PORTS, 52, 52}, {IMPORT_HLB_ONLY_PORTS, 20, 20}, {IMPORT_DNS_LB_PORTS, 6, 6},
	                        {IMPORT_CLIENT_PORTS, 12, 12}, {IMPORT_IPSEC_EXCEPTIONS, 15, 15}}},
	        {"002", "lync-server-2013", 4, 1,
	                {{IMPORT_SERVER_PORTS, 52, 52}, {IMPORT_HLB_ONLY_PORTS, 20, 20}, {IMPORT_DNS_LB_PORTS, 6, 7},
	                        {IMPORT_CLIENT_PORTS, 12, 12}, {0, 0, 0}}},
	        {"003", "ocs-2007-r2", 1, 0, {{IMPORT_OCS_PORTS, 73, 73}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}}},
	        {"004", "lync-server-2013", 0, 9, {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}}},
	};
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct import import;
		seed_import(want[i].digits, &import);
		ck_assert_str_eq(import.product, want[i].product);
		ck_assert_uint_eq(import.n_problem, 0);
		ck_assert_uint_eq(import.n_table, want[i].n);
		ck_assert_uint_eq(import.document.n_reference, want[i].references);
		for (size_t t = 0; t < import.n_table; t++) {
			const struct import_table *table = &import.table[t];
			ck_assert_int_eq(table->kind, want[i].table[t].kind);
			ck_assert_uint_eq(table->n_row, want[i].table[t].rows);
			ck_assert_uint_eq(table->row[table->n_row - 1].row, want[i].table[t].last);
		}
		import_fini(&import);
	}
}
END_TEST

/* Three editions of one article: the same rows but one, whatever the language. */
START_TEST(editions_of_one_article_agree_in_every_row)
{
	struct import a, b;
	seed_import("001", &a);
	seed_import("002", &b);
	for (size_t t = 0; t < 4; t++)
		for (size_t r = 0; r < b.table[t].n_row; r++) {
			const struct import_row *x = &a.table[t].row[r], *y = &b.table[t].row[r];
			ck_assert_str_eq(x->role_id, y->role_id);
			ck_assert_str_eq(x->service_id, y->service_id);
			ck_assert_uint_eq(x->ports.n, y->ports.n);
			for (size_t p = 0; p < x->ports.n; p++)
				ck_assert_mem_eq(&x->ports.range[p], &y->ports.range[p], sizeof(struct port_range));
			ck_assert(x->means.tcp == y->means.tcp && x->means.udp == y->means.udp);
			ck_assert_uint_eq(x->means.n_security, y->means.n_security);
		}
	import_fini(&a);
	import_fini(&b);
}
END_TEST

static char *built_path(const char *dir, const char *product)
{
	return xasprintf("%s/%s.json", dir, product);
}

START_TEST(packs_are_the_same_to_the_byte)
{
	char dir[] = "/tmp/portcullis-check-XXXXXX";
	struct error err = {0};
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_msg(catalog_build(SEEDS, OVERLAY, dir, &err) == 0, "%s: %s", err.where, err.text);
	for (size_t i = 0; i < 3; i++) {
		char *made = built_path(dir, products[i]), *kept = built_path(SOURCE_DIR "/yang/catalog", products[i]),
		     *a, *b;
		size_t n, m;
		ck_assert_int_eq(file_read(made, 1 << 24, &a, &n, &err), 0);
		ck_assert_int_eq(file_read(kept, 1 << 24, &b, &m, &err), 0);
		ck_assert_msg(
		        n == m && memcmp(a, b, n) == 0, "%s: build the packs again (portcullis catalog build)", kept);
		unlink(made);
		free(a);
		free(b);
		free(made);
		free(kept);
	}
	rmdir(dir);
}
END_TEST

int main(void)
{
	if (access(SEEDS, R_OK) != 0) {
		puts("skipped: needs ../shared (" SEEDS " is not there)");
		return 77;
	}
	Suite *s = suite_create("packs");
	TCase *t = tcase_create("all");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, every_table_is_found_with_its_rows);
	tcase_add_test(t, editions_of_one_article_agree_in_every_row);
	tcase_add_test(t, packs_are_the_same_to_the_byte);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
