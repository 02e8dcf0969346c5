/*
 * What is worth sending: the text of a ruleset (nft or iptables-save), or the model that a reader made of it, comes in;
 * the addresses, ports, protocols and device names that it speaks of go out, line by line. Words that are none of these
 * are passed over.
 */
#include <ctype.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/oracle.h"
#include "portcullis/alloc.h"

static struct hint_line *line_new(struct hints *h)
{
	h->line = xgrow(h->line, h->n, &h->cap, sizeof(*h->line));
	h->line[h->n] = (struct hint_line){0};
	return &h->line[h->n++];
}

static void hint_add(struct hint_line *l, enum hint_field field, enum family family, struct range r)
{
	l->hint = xgrow(l->hint, l->n, &l->cap, sizeof(*l->hint));
	l->hint[l->n++] = (struct hint){field, family, r};
}

static void ifname_add(struct hints *h, const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= IFNAME_SIZE || strcmp(name, "lo") == 0 ||
	        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_"
	                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ*+") < n)
		return;
	h->ifname = xgrow(h->ifname, h->n_ifname, &h->cap_ifname, sizeof(*h->ifname));
	memset(h->ifname[h->n_ifname], 0, IFNAME_SIZE);
	memcpy(h->ifname[h->n_ifname], name, n);
	/* Of a wildcard some name that fits it. */
	if (name[n - 1] == '*' || name[n - 1] == '+')
		h->ifname[h->n_ifname][n - 1] = '7';
	h->n_ifname++;
}

/** What the words that follow are about. */
enum context {
	ABOUT_NOTHING,
	ABOUT_SADDR,
	ABOUT_DADDR,
	ABOUT_SPORT,
	ABOUT_DPORT,
	ABOUT_PROTO,
	ABOUT_TYPE,
	ABOUT_DEVICE
};

static const struct {
	const char *word;
	enum context about;
} contexts[] = {{"saddr", ABOUT_SADDR}, {"daddr", ABOUT_DADDR}, {"sport", ABOUT_SPORT}, {"dport", ABOUT_DPORT},
        {"-s", ABOUT_SADDR}, {"-d", ABOUT_DADDR}, {"--src-range", ABOUT_SADDR}, {"--dst-range", ABOUT_DADDR},
        {"--sport", ABOUT_SPORT}, {"--dport", ABOUT_DPORT}, {"--sports", ABOUT_SPORT}, {"--dports", ABOUT_DPORT},
        {"--ports", ABOUT_DPORT}, {"-p", ABOUT_PROTO}, {"l4proto", ABOUT_PROTO}, {"protocol", ABOUT_PROTO},
        {"nexthdr", ABOUT_PROTO}, {"type", ABOUT_TYPE}, {"--icmp-type", ABOUT_TYPE}, {"--icmpv6-type", ABOUT_TYPE},
        {"iifname", ABOUT_DEVICE}, {"oifname", ABOUT_DEVICE}, {"iif", ABOUT_DEVICE}, {"oif", ABOUT_DEVICE},
        {"-i", ABOUT_DEVICE}, {"-o", ABOUT_DEVICE}, {"accept", ABOUT_NOTHING}, {"drop", ABOUT_NOTHING},
        {"jump", ABOUT_NOTHING}, {"state", ABOUT_NOTHING}, {"-j", ABOUT_NOTHING}, {"-m", ABOUT_NOTHING}};

static const struct {
	const char *word;
	uint8_t proto;
} protocols[] = {{"tcp", PROTO_TCP}, {"udp", PROTO_UDP}, {"icmp", PROTO_ICMP}, {"icmpv6", PROTO_ICMPV6},
        {"ipv6-icmp", PROTO_ICMPV6}, {"esp", 50}, {"ospf", 89}};

/** "10.0.0.0/8", "10.0.0.1", "10.0.0.1-10.0.0.9", "10.0.0.0/255.0.0.0". */
static bool address_read(char *word, enum family *f, struct range *out)
{
	char *dash = strchr(word, '-'), *slash = strchr(word, '/');
	struct error err;
	u128 mask;
	enum family of_mask;

	if (dash != NULL) {
		*dash = '\0';
		return addr_parse(word, f, &out->lo) && addr_parse(dash + 1, &of_mask, &out->hi) && *f == of_mask &&
		       out->lo <= out->hi;
	}
	if (slash == NULL) {
		if (!addr_parse(word, f, &out->lo))
			return false;
		out->hi = out->lo;
		return true;
	}
	if (prefix_parse(word, f, out, &err) == 0)
		return true;
	*slash = '\0';
	if (!addr_parse(word, f, &out->lo))
		return false;
	out->hi = out->lo;
	if (addr_parse(slash + 1, &of_mask, &mask) && of_mask == *f)
		out->hi = out->lo | (family_max(*f) & ~mask);
	return true;
}

static bool port_read(const char *word, struct range *out)
{
	char *end;
	unsigned long lo = strtoul(word, &end, 10), hi = lo;
	struct servent *s;

	if (end == word) {
		s = isalpha((unsigned char)word[0]) ? getservbyname(word, NULL) : NULL;
		if (s == NULL)
			return false;
		lo = hi = (unsigned long)(uint16_t)((s->s_port & 0xff) << 8 | (s->s_port >> 8 & 0xff));
	} else if (*end == '-' || (*end == ':' && isdigit((unsigned char)end[1]))) {
		hi = strtoul(end + 1, &end, 10);
	}
	if (*end != '\0' && isdigit((unsigned char)word[0]))
		return false;
	if (lo > UINT16_MAX || hi > UINT16_MAX || lo > hi)
		return false;
	*out = (struct range){lo, hi};
	return true;
}

static void protocol_read(struct hint_line *l, const char *word)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (strcmp(protocols[i].word, word) == 0)
			hint_add(l, HINT_PROTO, FAMILY_NONE, (struct range){protocols[i].proto, protocols[i].proto});
}

static void word_read(struct hints *h, size_t line, char *word, enum context *about)
{
	struct hint_line *l = &h->line[line];
	enum family f;
	struct range r;
	char copy[128];

	protocol_read(l, word);
	for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++) {
		if (strcmp(contexts[i].word, word) == 0) {
			*about = contexts[i].about;
			return;
		}
	}
	if (*about == ABOUT_DEVICE) {
		ifname_add(h, word);
		return;
	}
	strncpy(copy, word, sizeof(copy) - 1);
	copy[sizeof(copy) - 1] = '\0';
	if ((strchr(word, '.') != NULL || strchr(word, ':') != NULL) && address_read(copy, &f, &r)) {
		hint_add(l,
		        *about == ABOUT_SADDR   ? HINT_SADDR
		        : *about == ABOUT_DADDR ? HINT_DADDR
		                                : HINT_ANY_ADDR,
		        f, r);
	} else if (*about == ABOUT_TYPE && isdigit((unsigned char)word[0]) && port_read(word, &r) && r.hi < 256) {
		hint_add(l, HINT_TYPE, FAMILY_NONE, r);
	} else if ((*about == ABOUT_SPORT || *about == ABOUT_DPORT || isdigit((unsigned char)word[0])) &&
	           port_read(word, &r)) {
		hint_add(l,
		        *about == ABOUT_SPORT   ? HINT_SPORT
		        : *about == ABOUT_DPORT ? HINT_DPORT
		                                : HINT_ANY_PORT,
		        FAMILY_NONE, r);
	}
}

/* Between the parts of a concatenation stands a dot of its own, which ends what the words are about. */
static void line_read(struct hints *h, char *text)
{
	static const char between[] = " \t{},;\"()";
	enum context about = ABOUT_NOTHING;
	size_t line = h->n;
	char *save = NULL;

	line_new(h);
	for (char *word = strtok_r(text, between, &save); word != NULL; word = strtok_r(NULL, between, &save)) {
		if (strcmp(word, "#") == 0)
			break;
		if (strcmp(word, ".") == 0)
			about = ABOUT_NOTHING;
		else
			word_read(h, line, word, &about);
	}
	if (h->line[line].n == 0)
		h->n--;
}

void hints_of_text(struct hints *h, const char *text)
{
	char *copy = xstrdup(text), *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
		line_read(h, line);
	free(copy);
}

static void field_hint(struct hints *h, size_t line, enum rs_field f, struct range r)
{
	static const struct {
		enum rs_field field;
		enum hint_field hint;
		enum family family;
	} fields[] = {{RS_FIELD_IP_SADDR, HINT_SADDR, FAMILY_IPV4}, {RS_FIELD_IP_DADDR, HINT_DADDR, FAMILY_IPV4},
	        {RS_FIELD_IP6_SADDR, HINT_SADDR, FAMILY_IPV6}, {RS_FIELD_IP6_DADDR, HINT_DADDR, FAMILY_IPV6},
	        {RS_FIELD_SPORT, HINT_SPORT, FAMILY_NONE}, {RS_FIELD_DPORT, HINT_DPORT, FAMILY_NONE},
	        {RS_FIELD_L4PROTO, HINT_PROTO, FAMILY_NONE}, {RS_FIELD_ICMP_TYPE, HINT_TYPE, FAMILY_NONE},
	        {RS_FIELD_ICMPV6_TYPE, HINT_TYPE, FAMILY_NONE}};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].field == f)
			hint_add(&h->line[line], fields[i].hint, fields[i].family, r);
}

static void set_hints(struct hints *h, size_t line, const struct rs_set *set, const enum rs_field *field, size_t n)
{
	for (size_t i = 0; i < set->n_element && i < 64; i++) {
		const struct rs_element *e = &set->element[set->n_element > 64 ? draw((uint32_t)set->n_element) : i];

		for (size_t f = 0; f < n && !e->catch_all; f++)
			field_hint(h, line, field[f], e->key[f]);
	}
}

static void rule_hints(struct hints *h, const struct ruleset *rs, const struct rs_rule *rule)
{
	size_t line = h->n;

	line_new(h);
	for (size_t i = 0; i < rule->n_match; i++) {
		const struct rs_match *m = &rule->match[i];

		for (size_t k = 0; m->kind == RS_MATCH_RANGES && k < m->ranges.n; k++)
			field_hint(h, line, m->field[0], m->ranges.item[k]);
		if (m->kind == RS_MATCH_MASK)
			field_hint(h, line, m->field[0], (struct range){m->value, m->value});
		if (m->kind == RS_MATCH_SET)
			set_hints(h, line, &rs->set[m->set], m->field, m->n_field);
	}
	if (rule->vmap)
		set_hints(h, line, &rs->set[rule->vmap_set], rule->vmap_field, rule->n_vmap_field);
	if (h->line[line].n == 0)
		h->n--;
}

void hints_of_model(struct hints *h, const struct ruleset *rs)
{
	for (size_t c = 0; c < rs->n_chain; c++)
		for (size_t r = 0; r < rs->chain[c].n_rule && h->n < 100000; r++)
			rule_hints(h, rs, &rs->chain[c].rule[r]);
}

void hints_fini(struct hints *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->line[i].hint);
	free(h->line);
	free(h->ifname);
	*h = (struct hints){0};
}
