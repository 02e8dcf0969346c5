#ifndef ACCESS_SCENE_H
#define ACCESS_SCENE_H

/*
 * What the tests of access control in the server share: a server whose socket is open to two users without rights of their
 * own, a session of root, two zones, and access rules in XML.
 */
#include <pwd.h>
#include <sys/syscall.h>

#define SCENE_GROUP "nogroup"
#include "netconf_scene.h"
#include "portcullis/alloc.h"

#define ACM "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-acm\""
#define PREFIXES "xmlns:p=\"urn:portcullis:yang:portcullis\""
#define RULES(lists) EDIT("running", "<default-operation>merge</default-operation>", "<nacm " ACM ">" lists "</nacm>")
#define LIST(name, group, rules) "<rule-list><name>" name "</name><group>" group "</group>" rules "</rule-list>"
#define RULE(name, what, action) "<rule><name>" name "</name>" what "<action>" action "</action></rule>"
#define PATH(path) "<path " PREFIXES ">" path "</path>"
#define OPS(ops) "<access-operations>" ops "</access-operations>"
#define MEMBER(group, user) "<groups><group><name>" group "</name><user-name>" user "</user-name></group></groups>"
#define GET_ZONES "<get-config><source><running/></source><filter><zone " PC "/></filter></get-config>"
#define NACM_PATH "/ietf-netconf-acm:nacm/rule-list[name='l']/rule[name='r']/path"
#define GET_COUNTERS "<get><filter><nacm " ACM "/></filter></get>"
#define TWO_ZONES ZONE("a", "eth0") ZONE("b", "eth1")

/* Both are in nogroup, in a Debian system. */
#define ONE "nobody"
#define TWO "sync"

static inline uid_t uid_of(const char *name)
{
	const struct passwd *pw = getpwnam(name);
	return pw != NULL ? pw->pw_uid : (uid_t)-1;
}

/* This thread alone; the kernel notes at connect(2) who it is then. */
static inline void become(uid_t uid)
{
	ck_assert_int_eq(syscall(SYS_setresuid, -1, uid, -1), 0);
}

static inline struct netconf_client *client_as(const char *name)
{
	struct netconf_client *c;
	struct error err = {0};
	become(uid_of(name));
	int result = netconf_client_open(server.path, NULL, &c, &err);
	become(0);
	ck_assert_msg(result == 0, "%s: %s", err.where, err.text);
	return c;
}

static inline int subscriber_as(const char *name)
{
	become(uid_of(name));
	int fd = subscriber();
	become(0);
	return fd;
}

static struct netconf_client *root;

static inline void setup_open(void)
{
	setup();
	ck_assert_int_eq(chmod(server.directory, 0755), 0);
	ck_assert_int_eq(chmod(server.path, 0666), 0);
	root = client();
	ask_ok(root, EDIT("running", "", TWO_ZONES));
}

static inline void teardown_open(void)
{
	netconf_client_close(root);
	teardown();
}

/* Denied at this path. */
static inline void ask_denied(struct netconf_client *c, const char *operation, const char *path)
{
	char *reply = NULL;
	struct error err = {0};
	ck_assert_msg(netconf_client_rpc(c, operation, 20000, &reply, &err) != 0, "%.300s: %s", operation, reply);
	ck_assert_msg(err.code == ERR_DENIED && strcmp(err.where, path) == 0, "%.300s: %d at %s: %s", operation,
	        err.code, err.where, err.text);
	ck_assert_msg(strstr(err.text, "ask for a rule") != NULL, "%s", err.text);
}

static inline void ask_error_at(struct netconf_client *c, const char *operation, const char *path)
{
	char *reply = NULL;
	struct error err = {0};
	ck_assert_msg(netconf_client_rpc(c, operation, 20000, &reply, &err) != 0, "%.300s: %s", operation, reply);
	ck_assert_msg(strcmp(err.where, path) == 0, "%.300s: at %s: %s", operation, err.where, err.text);
}

static inline void has_counter(const char *name, unsigned value)
{
	char *leaf = xasprintf("<%s>%u</%s>", name, value, name);
	ask_has(root, GET_COUNTERS, leaf, NULL);
	free(leaf);
}

/* Other rules than those of before, in the place of the shipped ones also when there are none. */
static inline void set_rules(const char *rules)
{
	ask_ok(root, EDIT("running", "", "<nacm " ACM " xmlns:nc=\"" BASE "\" nc:operation=\"remove\"/>"));
	char *edit = xasprintf(
	        EDIT("running", "", "<nacm " ACM "><enable-external-groups>true</enable-external-groups>%s</nacm>"),
	        rules);
	ask_ok(root, edit);
	free(edit);
}

/* The first in main(). */
static inline void skip_without_users(void)
{
	const struct passwd *one = getpwnam(ONE), *two = NULL;
	gid_t gid = one != NULL ? one->pw_gid : 0;
	if ((two = getpwnam(TWO)) != NULL && two->pw_gid == gid && geteuid() == 0)
		return;
	puts("skipped: needs root, and users " ONE " and " TWO " in one group");
	exit(77);
}

#endif
