/*
 * Notifications of the process before: those that the master has not answered come out of the journal, page by page, and go
 * into the queue. What is not to be sent is passed over.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "portcullis/journal.h"
#include "portcullis/log.h"
#include "snmp/subagent.h"

#define PAGE 256

/* @return whether there are more behind them. */
static bool queue_page(struct snmp *s, const struct changes *page, uint64_t until, size_t *n)
{
	for (size_t i = 0; i < page->n; i++) {
		const struct change *c = &page->change[i];
		if (c->sequence > until)
			return false;
		if (c->unsent)
			continue;
		snmp_notify(s, c);
		(*n)++;
	}
	return page->n == PAGE;
}

void snmp_resume(struct snmp *s, struct journal *journal, uint64_t newest)
{
	uint64_t after, until;
	size_t n = 0;

	delivery_start(s->delivery, newest);
	for (bool more = delivery_left(s->delivery, &after, &until); more;) {
		struct changes page;
		struct error err;
		if (journal_changes(journal, after, PAGE, &page, &err) != 0) {
			log_error("notifications that wait are not sent over SNMP: %s", err.text);
			break;
		}
		more = queue_page(s, &page, until < newest ? until : newest, &n);
		after = page.n > 0 ? page.change[page.n - 1].sequence : after;
		changes_fini(&page);
	}
	if (n > 0)
		log_info("%zu notifications that the SNMP agent has not answered are sent again", n);
}

void snmp_forget(const char *delivery)
{
	if (unlink(delivery) != 0 && errno != ENOENT)
		log_debug("%s: %s", delivery, strerror(errno));
}
