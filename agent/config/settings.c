/*
 * The settings of notifications, changed in two steps: running is reserved, then set, or let go of. What comes in are values
 * that fit the model; what differs from running goes out as an edit of it like any other, and nothing else. Refused is what
 * the lock of a session or a confirmed commit refuses.
 */
#include <string.h>

#include "config/store.h"
#include "portcullis/text.h"

static struct config_actor settings_actor(const char *user)
{
	return (struct config_actor){.session = SETTINGS_SESSION, .user = user};
}

void config_notification(struct config *c, struct notification_settings *out)
{
	struct version *v = version_current(c, DATASTORE_RUNNING);
	const struct part *part = version_part(v, model_place_named(&c->model, "portcullis", "notification"));

	/* A version in running had its site made before it came there. */
	*out = part != NULL && part->site != NULL ? part->site->notification : notification_settings_default;
	version_unref(v);
}

int config_notification_reserve(struct config *c, struct error *err)
{
	const struct config_actor actor = settings_actor("");

	return config_lock(c, &actor, DATASTORE_RUNNING, err);
}

void config_notification_release(struct config *c)
{
	const struct config_actor actor = settings_actor("");
	struct error err;

	if (config_lock_holder(c, DATASTORE_RUNNING) == SETTINGS_SESSION &&
	        config_unlock(c, &actor, DATASTORE_RUNNING, &err) != 0)
		return; /* somebody else was faster */
}

static void add_bool(struct text *t, const char *leaf, bool now, bool then)
{
	if (now != then)
		text_addf(t, "<%s>%s</%s>", leaf, then ? "true" : "false", leaf);
}

static void add_number(struct text *t, const char *leaf, unsigned now, unsigned then)
{
	if (now != then)
		text_addf(t, "<%s>%u</%s>", leaf, then, leaf);
}

int config_notification_set(
        struct config *c, const char *user, const struct notification_settings *s, struct error *err)
{
	const struct config_actor actor = settings_actor(user);
	struct config_edit edit = {.target = DATASTORE_RUNNING, .default_operation = EDIT_MERGE};
	struct notification_settings now;
	struct text leaves = {0}, xml = {0};
	int result = 0;

	config_notification(c, &now);
	add_bool(&leaves, "enable", now.enable, s->enable);
	add_number(&leaves, "hold-down", now.hold_down_ms, s->hold_down_ms);
	add_number(&leaves, "minimum-interval", now.minimum_interval_ms, s->minimum_interval_ms);
	add_bool(&leaves, "per-flow", now.per_flow, s->per_flow);
	if (leaves.len > 0) {
		text_addf(&xml, "<notification xmlns='urn:portcullis:yang:portcullis'>%s</notification>",
		        text_str(&leaves));
		edit.xml = text_str(&xml);
		result = config_edit(c, &actor, &edit, NULL, err);
	}
	text_fini(&leaves);
	text_fini(&xml);
	return result;
}
