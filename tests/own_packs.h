/*
 * For tests of packs in a directory of one's own: two directories that are made and removed, the first with products p and
 * q, and the text of pack files in small parts.
 */
#ifndef PORTCULLIS_TEST_OWN_PACKS_H
#define PORTCULLIS_TEST_OWN_PACKS_H

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/catalog.h"
#include "portcullis/text.h"

#define PACKS SOURCE_DIR "/yang/catalog"
#define YANG SOURCE_DIR "/yang"

#define FILE_OF(lists) "{\"portcullis-catalog:catalog\":{" lists "}}"
#define OVERRIDE(lists) FILE_OF("\"override\":[{\"pack\":\"p\"," lists "}]")
#define PACK(name, id, more)                                                                                           \
	FILE_OF("\"pack\":[{\"name\":\"" name "\",\"id\":" #id ",\"title\":\"T\",\"version\":\"1\"," more "}]")
#define ROLE(id, name, more) "{\"id\":" #id ",\"name\":\"" name "\",\"kind\":\"server\"" more "}"
#define ROLES(list) "\"role\":[" list "]"
#define REQUIREMENTS(list) "\"requirement\":[" list "]"
#define REQUIREMENT_OF(id, label, listener, initiator, more)                                                           \
	"{\"id\":" #id ",\"label-name\":\"" label "\",\"listener\":\"" listener                                        \
	"\",\"initiator\":[{\"role\":\"" initiator                                                                     \
	"\",\"basis\":\"stated\"}],\"reach\":\"site\",\"class\":\"management\"," more "}"
#define FLOW "\"flow\":[{\"variant\":1,\"transport\":\"tcp\",\"port\":{\"lower\":1}}]"
#define REQUIREMENT(id, label) REQUIREMENT_OF(id, label, "a", "b", FLOW)

/* The shipped directory of these tests: product p with two roles, a service and two requirements; product q. */
static const char shipped_p[] = PACK("p", 5,
        "\"service\":[{\"name\":\"s\"}]," ROLES(ROLE(1, "a", ",\"include\":[\"b\"]") "," ROLE(
                2, "b", "")) "," REQUIREMENTS(REQUIREMENT(7, "p/a/7") "," REQUIREMENT(8, "p/a/8")));
static const char shipped_q[] =
        PACK("q", 6, ROLES(ROLE(1, "a", "") "," ROLE(2, "b", "")) "," REQUIREMENTS(REQUIREMENT(1, "q/a/1")));

static char top[64], *shipped_dir, *own_dir;

static char *path_of(const char *dir, const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static void file_write(const char *dir, const char *name, const char *text)
{
	char *path = path_of(dir, name);
	struct error err = {0};
	ck_assert_msg(file_replace(path, text, strlen(text), &err) == 0, "%s", err.text);
	free(path);
}

static void directories_make(void)
{
	snprintf(top, sizeof(top), "/tmp/portcullis-check-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	shipped_dir = path_of(top, "shipped");
	own_dir = path_of(top, "own");
	ck_assert_int_eq(mkdir(shipped_dir, 0700) + mkdir(own_dir, 0700), 0);
	file_write(shipped_dir, "p.json", shipped_p);
	file_write(shipped_dir, "q.json", shipped_q);
}

static void directories_remove(void)
{
	char *command = xasprintf("rm -r '%s'", top);
	ck_assert_int_eq(system(command), 0);
	free(command);
	free(shipped_dir);
	free(own_dir);
}

#endif
