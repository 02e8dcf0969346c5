/*
 * A kind of document comes in, its text goes out: about 25 KB and 90 rows, in tables of servers, load balancers, clients and
 * IPsec rules as the port articles of one product family have them. Names are the vocabulary's, sentences are our own.
 */
#include "bench/synthetic.h"

#include <string.h>

#include "portcullis/text.h"

#define MAX_CELLS 7

struct rows {
	const char *caption;
	size_t columns, n; /* columns of a row; rows */
	const char *header[MAX_CELLS];
};

static const struct rows tables[] = {
        {"Ports of the servers", 5, 54, {"Server role", "Service name", "Port", "Protocol", "Notes"}},
        {"Hardware load balancer ports", 4, 12, {"Load balancer", "Port", "Protocol", "Notes"}},
        {"Ports of the clients", 4, 14, {"Component", "Port", "Protocol", "Notes"}},
        {"IPsec exceptions", 7, 10,
                {"Rule name", "Source IP", "Destination IP", "Protocol", "Source port", "Destination port",
                        "Authentication Requirement"}},
};

static const char *const roles[] = {"Front End Server", "Director", "Mediation Server", "Edge Server", "Reverse proxy",
        "All internal servers", "Office Web Apps Server", "A/V Edge Server"};
static const char *const balancers[] = {
        "Front End Server load balancer", "Mediation Server load balancer", "Director load balancer"};
static const char *const ports[] = {
        "5061", "443", "49152-57500", "67/68", "8057", "1024-65535", "135", "5070", "50,000-59,999", "444"};
static const char *const protocols[] = {
        "TCP (TLS)", "HTTPS", "UDP", "TCP/UDP", "TCP (MTLS)", "SIP/TLS", "TCP", "RTP/TCP"};
static const char *const notes[] = {
        "Carries the signalling of clients that sign in, and that of other servers of the same pool.",
        "Opened on every member; a balancer in front of them listens on the same number unless its own row says "
        "otherwise.",
        "",
        "Needed only where media flows through this server. Port 3478 belongs to another row, whatever this cell may "
        "say.",
        "Between servers of one site. Nothing outside has to reach it, so that a firewall at the border may close it.",
        "Answers requests for the address book and for content of meetings, which browsers and devices fetch.",
};

#define PICK(list, i) (list)[(i) % (sizeof(list) / sizeof((list)[0]))]

/* Cell `column` of row `row` in table `table`. */
static const char *cell(size_t table, size_t row, size_t column)
{
	static const char *const ipsec[] = {"A/V Edge Server Internal Inbound", "Any", "A/V Edge Server", "UDP and TCP",
	        "Any", "Any", "Do not authenticate"};
	if (table == 3)
		return ipsec[column];
	if (column == 0)
		return table == 1 ? PICK(balancers, row) : table == 2 ? "Clients" : PICK(roles, row / 6);
	if (table == 0 && column == 1)
		return "Front-End service";
	switch (column - (table == 0)) {
	case 1:
		return PICK(ports, row);
	case 2:
		return PICK(protocols, row);
	default:
		return PICK(notes, row);
	}
}

static void markdown_table(struct text *t, size_t table)
{
	const struct rows *rows = &tables[table];
	text_addf(t, "### %s\n\n", rows->caption);
	for (size_t c = 0; c < rows->columns; c++)
		text_addf(t, "|**%s**", rows->header[c]);
	text_add(t, "|\n");
	for (size_t c = 0; c < rows->columns; c++)
		text_add(t, "|:-----");
	text_add(t, "|\n");
	for (size_t r = 0; r < rows->n; r++) {
		for (size_t c = 0; c < rows->columns; c++)
			text_addf(t, "|%s  <br/> ", cell(table, r, c));
		text_add(t, "|\n");
	}
	text_add(t, "\n");
}

static void html_table(struct text *t, size_t table)
{
	const struct rows *rows = &tables[table];
	text_addf(t, "<h3>%s</h3>\n<table>\n<thead>\n<tr>\n", rows->caption);
	for (size_t c = 0; c < rows->columns; c++)
		text_addf(t, "<th>%s</th>\n", rows->header[c]);
	text_add(t, "</tr>\n</thead>\n<tbody>\n");
	for (size_t r = 0; r < rows->n; r++) {
		text_add(t, "<tr>\n");
		for (size_t c = 0; c < rows->columns; c++)
			text_addf(t, "<td><p>%s</p></td>\n", cell(table, r, c));
		text_add(t, "</tr>\n");
	}
	text_add(t, "</tbody>\n</table>\n");
}

/* Plain text has one table: component, port, protocol, notes. */
static void paragraphs_table(struct text *t)
{
	text_add(t, "Table 1. Ports of all components\n\nComponent Port Protocol Notes\n\n");
	for (size_t r = 0; r < 90; r++)
		text_addf(t, "%s\n\n%s\n\n%s\n\n%s\n\n", PICK(roles, r / 6), PICK(ports, r), PICK(protocols, r),
		        *PICK(notes, r) != '\0' ? PICK(notes, r) : "Without more to say.");
	text_add(t, "What follows belongs to no row.\n\n");
}

/* Prose fills a document up to the size of a real one. */
static void prose(struct text *t, const char *open, const char *close)
{
	for (size_t i = 0; i < 12; i++)
		text_addf(t,
		        "%sSkype for Business Server needs the ports below on the firewalls between its parts. The "
		        "lists are for "
		        "servers of one site and for the devices that use them; they were made up for measuring, and "
		        "nobody should "
		        "open a port because it stands here. Numbers such as %zu are part of the text and of no "
		        "table.%s\n\n",
		        open, 2007 + i, close);
}

char *synthetic_document(enum document_kind kind, size_t n)
{
	struct text t = {0};
	if (kind == DOCUMENT_MARKDOWN)
		text_add(&t, "---\ntitle: 'Ports for measuring: Skype for Business Server'\nms.contentlocale: "
		             "en-US\n---\n\n");
	else if (kind == DOCUMENT_HTML)
		text_add(&t, "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head><title>Ports for "
		             "measuring</title></head>\n<body>\n");
	for (size_t i = 0; i < n; i++) {
		prose(&t, kind == DOCUMENT_HTML ? "<p>" : "", kind == DOCUMENT_HTML ? "</p>" : "");
		for (size_t table = 0; table < sizeof(tables) / sizeof(tables[0]); table++)
			if (kind == DOCUMENT_MARKDOWN)
				markdown_table(&t, table);
			else if (kind == DOCUMENT_HTML)
				html_table(&t, table);
		if (kind == DOCUMENT_PARAGRAPHS)
			paragraphs_table(&t);
	}
	if (kind == DOCUMENT_HTML)
		text_add(&t, "</body>\n</html>\n");
	return text_take(&t);
}
