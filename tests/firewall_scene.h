#ifndef FIREWALL_SCENE_H
#define FIREWALL_SCENE_H

/*
 * In: the inside of a container firewall as JSON, with ' for ". Out: the site of a file with it, two zones and three groups.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/config.h"
#include "portcullis/flow.h"
#include "portcullis/review.h"
#include "portcullis/text.h"
#include "run_suite.h"

static struct ly_ctx *context;
static char file[64];

static inline void setup(void)
{
	struct error err = {0};
	int fd;

	ck_assert_msg(!config_context_new(SOURCE_DIR "/yang", &context, &err), "%s", err.text);
	snprintf(file, sizeof(file), "/tmp/portcullis-firewall-XXXXXX");
	fd = mkstemp(file);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static inline void teardown(void)
{
	unlink(file);
	config_context_free(context);
}

static inline int site_read(const char *firewall, struct site **out, struct error *err)
{
	char *json =
	        xasprintf("{'portcullis:zone':[{'name':'in','interface':['eth0']},{'name':'out','interface':['eth1']}],"
	                  "'portcullis:group':[{'name':'g4','address':['10.4.0.0/16']},{'name':'g6','address':["
	                  "'fd00::/"
	                  "16']},{'name':'nobody'},{'name':'balanced','address':['10.6.0.1'],'load-balancing':{'kind':'"
	                  "hardware','virtual-address':['10.7.0.1']}}],'portcullis:firewall':{%s}}",
	                firewall);
	FILE *f = fopen(file, "w");
	int result;

	for (char *p = json; (p = strchr(p, '\'')) != NULL;)
		*p = '"';
	ck_assert_ptr_nonnull(f);
	fputs(json, f);
	fclose(f);
	free(json);
	*err = (struct error){0};
	result = config_site_read(context, file, out, err);
	if (result != 0)
		ck_assert_ptr_null(*out);
	return result;
}

/* What `deployment check` says of it. */
static inline void site_review(struct site *site, struct review *out)
{
	const struct catalog catalog = {0};
	struct network net = {0};
	struct flows flows;
	struct error err = {0};
	enum remark_level worst;

	ck_assert_msg(!site_check(site, &catalog, &err), "%s: %s", err.where, err.text);
	ck_assert_msg(!flows_derive(site, &catalog, &net, 0, &flows, &err), "%s", err.text);
	*out = (struct review){0};
	review_site(site, &catalog, &net, &flows, 0, out);
	(void)review_finish(out, &worst);
	flows_fini(&flows);
}

#endif
