/*
 * What became of changes, for those who tell it: steps of a push put it in, in order, and an event wakes who takes it out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/log.h"
#include "push/plan.h"

#define NEWS_MAX 1024

int push_event_fd(const struct push *p)
{
	return p->event_fd;
}

void push_wake(struct push *p)
{
	uint64_t one = 1;

	/* Only a full counter refuses, and then the reader has been told already. */
	if (write(p->event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_warning("push: event not delivered: %s", strerror(errno));
}

void push_tell(struct push *p, struct push_news *news)
{
	if (news->comment == NULL)
		news->comment = xstrdup("");
	if (news->reason == NULL)
		news->reason = xstrdup("");
	if (p->n_news < NEWS_MAX) {
		p->news = xgrow(p->news, p->n_news, &p->cap_news, sizeof(*p->news));
		p->news[p->n_news++] = *news;
	} else {
		log_warning("nobody takes what became of a commit of %s: %s", news->user, news->reason);
		free(news->comment);
		free(news->reason);
	}
	*news = (struct push_news){0};
	push_wake(p);
}

bool push_news_take(struct push *p, struct push_news *out)
{
	bool found;

	pthread_mutex_lock(&p->turn);
	found = p->n_news > 0;
	if (found) {
		*out = p->news[0];
		memmove(p->news, p->news + 1, --p->n_news * sizeof(*p->news));
	}
	pthread_mutex_unlock(&p->turn);
	return found;
}
