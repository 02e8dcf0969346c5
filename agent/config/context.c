/*
 * The schema context: directories come in, a libyang context with the modules of the server (or only ours) goes out. A
 * module that is missing is refused with its name, the directories searched and the Debian package that brings it.
 * libyang's messages become struct error here, with long values cut.
 */
#include "config/datastore.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/acm_type.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define IETF_DIR "/usr/share/yuma/modules/ietf"
#define LIBYANG_DIR "/usr/share/yang/modules/libyang"
#define VALUE_MAX 200

enum origin { FROM_YUMA, FROM_LIBYANG, FROM_PORTCULLIS };

static const char *const packages[] = {
        [FROM_YUMA] = "the Debian package libyuma-base",
        [FROM_LIBYANG] = "the Debian package libyang2",
        [FROM_PORTCULLIS] = "portcullis's own yang directory",
};

struct module {
	const char *name, *revision;
	enum origin origin;
	bool offline; /* also part of the context of the offline commands */
	const char **features;
};

static const char *netconf_features[] = {
        "writable-running", "candidate", "confirmed-commit", "rollback-on-error", "validate", "startup", "xpath", NULL};

static const char *features[] = {"import-document", "what-if", "enforce", NULL};

static const char *nmda_features[] = {"origin", "with-defaults", NULL};

/* In an order in which nothing is imported before it was asked for by name; libyang carries the types itself. */
static const struct module modules[] = {
        {"ietf-yang-library", "2019-01-04", FROM_LIBYANG, false, NULL},
        {"ietf-netconf", "2011-06-01", FROM_YUMA, false, netconf_features},
        {"ietf-netconf-monitoring", "2010-10-04", FROM_YUMA, false, NULL},
        {"ietf-netconf-with-defaults", "2011-06-01", FROM_YUMA, false, NULL},
        {"ietf-datastores", "2018-02-14", FROM_LIBYANG, false, NULL},
        {"ietf-origin", "2018-02-14", FROM_YUMA, false, NULL},
        {"ietf-netconf-nmda", "2019-01-07", FROM_YUMA, false, nmda_features},
        {"ietf-netconf-acm", "2018-02-14", FROM_YUMA, true, NULL},
        {"ietf-netconf-notifications", "2012-02-06", FROM_YUMA, false, NULL},
        {"notifications", NULL, FROM_PORTCULLIS, false, NULL},
        {"nc-notifications", NULL, FROM_PORTCULLIS, false, NULL},
        {"portcullis-catalog", NULL, FROM_PORTCULLIS, true, NULL},
        {"portcullis", NULL, FROM_PORTCULLIS, true, features},
        {"portcullis-commit", NULL, FROM_PORTCULLIS, false, NULL},
};

/* A value of 100 MB may stand between the first and the last quotation mark of a message, or after the only one. */
void context_message(struct text *out, const char *message)
{
	const char *open = strchr(message, '"'), *shut = strrchr(message, '"');
	bool unending = open != NULL && shut == open && strlen(open) > VALUE_MAX;

	if (open == NULL || (!unending && (size_t)(shut - open) <= VALUE_MAX)) {
		text_addn(out, message, strnlen(message, 2 * VALUE_MAX));
		return;
	}
	size_t keep = (size_t)(open - message) + 1 + VALUE_MAX;
	while (keep > 0 && ((unsigned char)message[keep] & 0xc0) == 0x80)
		keep--;
	text_addn(out, message, keep);
	text_add(out, "...");
	text_addn(out, shut, unending ? 0 : strnlen(shut, VALUE_MAX));
}

/* ly_errpath() is a sentence: 'Schema location "X", data location "Y", line number N.' */
static char *located(const char *sentence, const char *label)
{
	const char *from = sentence != NULL ? strcasestr(sentence, label) : NULL;
	if (from == NULL)
		return NULL;
	from += strlen(label);
	const char *to = strstr(from, "\", ");
	if (to == NULL)
		to = strrchr(from, '"');
	return to != NULL ? xstrndup(from, (size_t)(to - from)) : NULL;
}

static enum error_code context_code(const struct ly_ctx *ctx, enum error_code code)
{
	LY_VECODE v = ly_vecode(ctx);
	bool syntax = v == LYVE_SYNTAX || v == LYVE_SYNTAX_XML || v == LYVE_SYNTAX_JSON;
	return code == ERR_INVALID && syntax ? ERR_FORMAT : code;
}

int context_error(const struct ly_ctx *ctx, enum error_code code, const char *where, struct error *err)
{
	const char *message = ly_errmsg(ctx), *path = ly_errpath(ctx);
	const char *line = path != NULL ? strcasestr(path, "line number ") : NULL;
	char *place = where != NULL ? xstrdup(where) : located(path, "data location \"");
	struct text text = {0};

	if (place == NULL)
		place = located(path, "schema location \"");
	context_message(&text, message != NULL ? message : "the YANG library gave no reason");
	if (where == NULL && line != NULL)
		text_addf(&text, " (line %d)", atoi(line + strlen("line number ")));
	error_set(err, context_code(ctx, code), place, "%s", text_str(&text));
	if (err != NULL && ly_errapptag(ctx) != NULL)
		snprintf(err->app_tag, sizeof(err->app_tag), "%s", ly_errapptag(ctx));
	ly_err_clean((struct ly_ctx *)ctx, NULL);
	text_fini(&text);
	free(place);
	return -1;
}

bool context_has_rpc(const struct ly_ctx *ctx, const char *ns, const char *name)
{
	const struct lys_module *module = ly_ctx_get_module_implemented_ns(ctx, ns);

	return module != NULL && lys_find_child(NULL, module, name, 0, LYS_RPC, 0) != NULL;
}

static bool directory_has(const char *directory, const char *name)
{
	DIR *dir = opendir(directory);
	size_t len = strlen(name);
	bool found = false;

	if (dir == NULL)
		return false;
	for (struct dirent *e; !found && (e = readdir(dir)) != NULL;)
		found = strncmp(e->d_name, name, len) == 0 &&
		        (e->d_name[len] == '@' || strcmp(e->d_name + len, ".yang") == 0);
	closedir(dir);
	return found;
}

static int load_error(struct ly_ctx *ctx, const struct module *m, const char *yang_dir, struct error *err)
{
	struct text reasons = {0};

	if (!directory_has(yang_dir, m->name) && !directory_has(IETF_DIR, m->name) &&
	        !directory_has(LIBYANG_DIR, m->name))
		return error_set(err, ERR_NOT_FOUND, m->name,
		        "YANG module %s%s%s is in none of %s, " IETF_DIR " and " LIBYANG_DIR "; %s brings it", m->name,
		        m->revision != NULL ? "@" : "", m->revision != NULL ? m->revision : "", yang_dir,
		        packages[m->origin]);
	for (struct ly_err_item *e = ly_err_first(ctx); e != NULL; e = e->next)
		if (e->level == LY_LLERR) {
			text_add(&reasons, reasons.len > 0 ? " " : "");
			context_message(&reasons, e->msg);
		}
	error_set(err, ERR_NOT_FOUND, m->name, "YANG module %s%s%s cannot be used (%s brings it): %s", m->name,
	        m->revision != NULL ? "@" : "", m->revision != NULL ? m->revision : "", packages[m->origin],
	        text_str(&reasons));
	text_fini(&reasons);
	return -1;
}

static int load_modules(struct ly_ctx *ctx, const char *yang_dir, bool offline, struct error *err)
{
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		const struct module *m = &modules[i];
		if (offline && !m->offline)
			continue;
		ly_err_clean(ctx, NULL);
		if (ly_ctx_load_module(ctx, m->name, m->revision, m->features) == NULL)
			return load_error(ctx, m, yang_dir, err);
	}
	return 0;
}

static int context_new(const char *yang_dir, bool offline, struct ly_ctx **out, struct error *err)
{
	struct ly_ctx *ctx = NULL;
	/* Process-wide in libyang 2: never on stderr; every message kept only while modules are loaded. */
	ly_log_options(LY_LOSTORE);
	int result = -1;

	*out = NULL;
	if (ly_ctx_new(NULL, LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIR_CWD, &ctx) != LY_SUCCESS) {
		error_set(err, ERR_INTERNAL, NULL, "the YANG library cannot make a context");
		goto out;
	}
	if (ly_ctx_set_searchdir(ctx, yang_dir) != LY_SUCCESS) {
		error_set(
		        err, ERR_NOT_FOUND, yang_dir, "no readable directory of YANG modules; give another --yang-dir");
		goto out;
	}
	/* A package that is not installed shows when its first module is missing. */
	ly_ctx_set_searchdir(ctx, IETF_DIR);
	ly_ctx_set_searchdir(ctx, LIBYANG_DIR);
	if (load_modules(ctx, yang_dir, offline, err) != 0)
		goto out;
	acm_type_install(ctx);
	ly_err_clean(ctx, NULL);
	*out = ctx;
	ctx = NULL;
	result = 0;
out:
	ly_ctx_destroy(ctx);
	ly_log_options(LY_LOSTORE_LAST);
	return result;
}

int context_server_new(const char *yang_dir, struct ly_ctx **out, struct error *err)
{
	return context_new(yang_dir, false, out, err);
}

int config_context_new(const char *yang_dir, struct ly_ctx **out, struct error *err)
{
	return context_new(yang_dir, true, out, err);
}

void config_context_free(struct ly_ctx *ctx)
{
	ly_ctx_destroy(ctx);
}
