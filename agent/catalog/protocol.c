/*
 * A protocol cell comes in; transports, stated security and applications go out. Running text around the names is left
 * aside, as translators put notes there; an acronym that is not known is refused.
 */
#include <ctype.h>
#include <string.h>

#include "portcullis/import.h"
#include "portcullis/utf8.h"

enum { IS_TCP = 1, IS_UDP = 2, STATED = 4, IS_OTHER = 8 };

static const struct token {
	const char *word; /* folded */
	const char *application;
	unsigned transport; /* implied, or STATED */
	int security; /* of enum import_security, -1: says nothing */
} tokens[] = {
        {"tcp", NULL, IS_TCP | STATED, -1},
        {"udp", NULL, IS_UDP | STATED, -1},
        {"tls", NULL, IS_TCP, IMPORT_TLS},
        {"ssl", NULL, IS_TCP, IMPORT_TLS},
        {"mtls", NULL, IS_TCP, IMPORT_MTLS},
        {"http", "http", IS_TCP, -1},
        {"https", "https", IS_TCP, IMPORT_TLS},
        {"sip", "sip", IS_TCP, -1},
        {"psom", "psom", IS_TCP, -1},
        {"stun", "stun", 0, -1},
        {"msturn", "msturn", 0, -1},
        {"turn", "msturn", 0, -1},
        {"rtp", "rtp", 0, -1},
        {"srtp", "rtp", 0, -1},
        {"dcom", "dcom-rpc", IS_TCP, -1},
        {"rpc", "dcom-rpc", IS_TCP, -1},
        {"msmq", "msmq-rpc", IS_TCP, -1},
        {"queuing", "msmq-rpc", IS_TCP, -1},
        {"wmi", "wmi", IS_TCP, -1},
        {"smb", "smb", IS_TCP, -1},
        {"dhcp", "dhcp", IS_UDP, -1},
        {"ldap", "ldap", IS_TCP, -1},
        {"gc", "ldap-gc", IS_TCP, -1},
        {"msft", "ldap-gc", IS_TCP, -1},
        {"kerberos", "kerberos", IS_TCP | IS_UDP, -1},
        {"wcf", "wcf", IS_TCP, -1},
        {"dns", "dns", 0, -1},
        {"xmpp", "xmpp", IS_TCP, -1},
        {"ntlm", "ntlm", 0, -1},
        {"rtcp", "rtp", 0, -1},
        {"srtcp", "rtp", 0, -1},
        /* Protocols beside TCP and UDP have no ports, or ports that the model does not know. */
        {"icmp", NULL, IS_OTHER, -1},
        {"icmpv6", NULL, IS_OTHER, -1},
        {"igmp", NULL, IS_OTHER, -1},
        {"sctp", NULL, IS_OTHER, -1},
        {"dccp", NULL, IS_OTHER, -1},
        {"gre", NULL, IS_OTHER, -1},
        {"esp", NULL, IS_OTHER, -1},
};

static void application_add(struct protocol *p, const char *application)
{
	for (size_t i = 0; i < p->n_application; i++)
		if (strcmp(p->application[i], application) == 0)
			return;
	/* "DCOM and RPC" is one application, "Message Queuing and RPC" another: RPC alone adds nothing to the latter. */
	if (strcmp(application, "dcom-rpc") == 0 && p->n_application > 0 &&
	        strcmp(p->application[p->n_application - 1], "msmq-rpc") == 0)
		return;
	if (p->n_application < IMPORT_MAX_APPLICATIONS)
		p->application[p->n_application++] = application;
}

static void security_add(struct protocol *p, enum import_security security)
{
	for (size_t i = 0; i < p->n_security; i++)
		if (p->security[i] == security)
			return;
	p->security[p->n_security++] = security;
}

struct protocol_scan {
	struct protocol *out;
	unsigned implied, stated;
	bool application_secure; /* an application such as HTTPS stated the security, not a word beside the transport */
	bool plain_item; /* a transport stands alone beside a secure application */
	size_t item_tokens; /* in the current line */
	bool item_transport_only;
	bool other; /* neither TCP nor UDP */
};

static void item_end(struct protocol_scan *scan)
{
	if (scan->item_tokens > 0 && scan->item_transport_only)
		scan->plain_item = true;
	scan->item_tokens = 0;
	scan->item_transport_only = true;
}

static bool token_apply(struct protocol_scan *scan, const char *word)
{
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		const struct token *t = &tokens[i];
		if (strcmp(t->word, word) != 0)
			continue;
		scan->item_tokens++;
		scan->other = scan->other || (t->transport & IS_OTHER) != 0;
		if ((t->transport & STATED) != 0) {
			scan->out->udp_first =
			        scan->out->udp_first || (scan->stated == 0 && (t->transport & IS_UDP) != 0);
			scan->stated |= t->transport & (IS_TCP | IS_UDP);
		} else {
			scan->item_transport_only = false;
			scan->implied |= t->transport;
		}
		if (t->application != NULL)
			application_add(scan->out, t->application);
		if (t->security >= 0)
			security_add(scan->out, (enum import_security)t->security);
		scan->application_secure = scan->application_secure || (t->security >= 0 && t->application != NULL);
		return true;
	}
	return false;
}

/* A word of capitals only is an acronym: unknown, it must not pass as running text. */
static bool is_acronym(const char *word, size_t n)
{
	if (n < 3)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isupper((unsigned char)word[i]))
			return false;
	return true;
}

static int word_end(struct protocol_scan *scan, const char *word, size_t n, const char **reason)
{
	char folded[32];
	if (n == 0)
		return 0;
	if (n >= sizeof(folded))
		return 0;
	for (size_t i = 0; i <= n; i++)
		folded[i] = (char)tolower((unsigned char)word[i]);
	if (!token_apply(scan, folded) && is_acronym(word, n)) {
		*reason = "a protocol that is not known";
		return -1;
	}
	return 0;
}

static int words_scan(struct protocol_scan *scan, const char *cell, const char **reason)
{
	char word[64];
	size_t n = 0, size;
	for (const char *s = cell;; s += size) {
		uint32_t c = utf8_next(s, &size);
		bool full_width = c >= 0xff01 && c <= 0xff5e;
		uint32_t plain = full_width ? c - 0xfee0 : c;
		bool letter = plain < 0x80 ? isalnum((int)plain) != 0
		                           : c > 0xbf && !(c >= 0x2000 && c <= 0x30ff) && c < 0x3400;
		if (size > 0 && letter) {
			if (n + 5 < sizeof(word))
				n += utf8_put(plain, word + n);
			continue;
		}
		word[n] = '\0';
		if (word_end(scan, word, n, reason) != 0)
			return -1;
		n = 0;
		if (c == '\n' || size == 0)
			item_end(scan);
		if (size == 0)
			return 0;
	}
}

int protocol_parse(const char *cell, struct protocol *out, const char **reason)
{
	struct protocol_scan scan = {.out = out, .item_transport_only = true};
	unsigned transports;
	memset(out, 0, sizeof(*out));
	if (*cell == '\0')
		return 0;
	if (words_scan(&scan, cell, reason) != 0)
		return -1;
	if (scan.other) {
		*reason = "a protocol that is not TCP or UDP";
		return -1;
	}
	transports = scan.stated != 0 ? scan.stated : scan.implied;
	out->tcp = (transports & IS_TCP) != 0;
	out->udp = (transports & IS_UDP) != 0;
	if (transports == 0) {
		*reason = "no protocol that is known";
		return -1;
	}
	/* "HTTPS" and "TCP" on lines of their own are two uses of one port, the second without security. */
	if (out->n_security == 0 || (scan.application_secure && scan.plain_item))
		security_add(out, IMPORT_NONE);
	return 0;
}

bool protocol_words_only(const char *text)
{
	size_t known = 0, n = 0, size;
	char word[32];
	for (const char *s = text;; s += size) {
		uint32_t c = utf8_fold(utf8_next(s, &size));
		if (size > 0 && c < 0x80 && isalnum((int)c)) {
			if (n + 1 >= sizeof(word))
				return false;
			word[n++] = (char)c;
			continue;
		}
		word[n] = '\0';
		bool is_known = n == 0;
		for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]) && !is_known; i++)
			is_known = strcmp(tokens[i].word, word) == 0;
		if (!is_known || (c >= 0x80 && !utf8_is_space(c)))
			return false;
		known += n > 0;
		n = 0;
		if (size == 0)
			return known > 0;
	}
}
