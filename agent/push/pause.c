/*
 * The pause of enforcement: until when, whose and why come in, and go into the journal, so that they outlive a restart. An
 * end that has passed, or none, is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/clock.h"
#include "portcullis/journal.h"
#include "push/plan.h"

/* "UNTIL USER REASON"; "": not paused. */
#define PAUSE_NOTE "own-table-pause"

int pause_set(struct push *p, const char *user, int64_t until, const char *reason, struct error *err)
{
	struct own_state *s = &p->state;
	char note[1200] = "";

	if (until != 0)
		snprintf(note, sizeof(note), "%lld %s %s", (long long)until, user[0] != '\0' ? user : "-", reason);
	if (p->parts.journal != NULL && journal_setting_set(p->parts.journal, PAUSE_NOTE, note, err) != 0)
		return -1;
	s->paused_until = until;
	snprintf(s->paused_by, sizeof(s->paused_by), "%s", user);
	snprintf(s->pause_reason, sizeof(s->pause_reason), "%s", reason);
	return 0;
}

int push_recall_pause(struct push *p, struct error *err)
{
	struct own_state *s = &p->state;
	char *note = NULL;
	long long until;
	int at = 0;

	if (p->parts.journal == NULL)
		return 0;
	if (journal_setting_get(p->parts.journal, PAUSE_NOTE, &note, err) != 0)
		return -1;
	if (note != NULL && sscanf(note, "%lld %63s %n", &until, s->paused_by, &at) == 2) {
		s->paused_until = until;
		snprintf(s->pause_reason, sizeof(s->pause_reason), "%s", note + at);
	}
	free(note);
	return 0;
}

int push_pause(struct push *p, const char *user, int64_t until, const char *reason, struct error *err)
{
	int result;

	if (until <= clock_wall_s())
		return error_set(err, ERR_INVALID, NULL, "a pause that ends in the past; give seconds from now");
	pthread_mutex_lock(&p->turn);
	result = pause_set(p, user, until, reason, err);
	pthread_mutex_unlock(&p->turn);
	push_wake(p);
	return result;
}

int push_resume(struct push *p, struct error *err)
{
	int result;

	pthread_mutex_lock(&p->turn);
	if (p->state.paused_until == 0)
		result = error_set(err, ERR_INVALID, NULL, "enforcement is not paused");
	else
		result = pause_set(p, "", 0, "", err);
	p->drift.due_ms = 0;
	pthread_mutex_unlock(&p->turn);
	push_wake(p);
	return result;
}
