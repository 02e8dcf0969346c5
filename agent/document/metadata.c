/*
 * Metadata items and running text come in; title, language, article, version and product words of a document go out.
 * What no item states is concluded from the commonest words; where these are too few, the field stays empty.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "document/build.h"
#include "portcullis/alloc.h"
#include "portcullis/utf8.h"

/* Running text that is looked at: enough to tell, bounded for large files. */
#define GUESS_BYTES 65536

void document_set(char **field, const char *value)
{
	char *tidy;
	if (*field != NULL && **field != '\0')
		return;
	tidy = cell_tidy(value);
	if (*tidy == '\0') {
		free(tidy);
		return;
	}
	free(*field);
	*field = tidy;
}

/* "de-DE" to "de". */
static void language_set(struct document *doc, const char *tag)
{
	char primary[9];
	size_t n = 0;
	while (n < sizeof(primary) - 1 && isalpha((unsigned char)tag[n])) {
		primary[n] = (char)tolower((unsigned char)tag[n]);
		n++;
	}
	primary[n] = '\0';
	if (n == 2 || n == 3)
		document_set(&doc->language, primary);
}

/* ".../de-de/library/..." names the edition. */
static void language_from_url(struct document *doc, const char *url)
{
	for (const char *p = strchr(url, '/'); p != NULL; p = strchr(p + 1, '/'))
		if (isalpha((unsigned char)p[1]) && isalpha((unsigned char)p[2]) && p[3] == '-' &&
		        isalpha((unsigned char)p[4]) && isalpha((unsigned char)p[5]) && p[6] == '/') {
			language_set(doc, p + 1);
			return;
		}
}

int build_title(struct build *b, const char *title, unsigned line)
{
	if (strlen(title) > DOCUMENT_MAX_METADATA)
		return build_limit(b, line, DOCUMENT_MAX_METADATA, "bytes in the title", "shorten it");
	document_set(&b->doc->title, title);
	return 0;
}

static void title_set(struct document *doc, const char *value)
{
	document_set(&doc->title, value);
}

static void article_set(struct document *doc, const char *value)
{
	document_set(&doc->article, value);
}

static void version_replace(struct document *doc, const char *value)
{
	free(doc->version);
	doc->version = NULL;
	document_set(&doc->version, value);
}

#define FAMILY "skype-for-business"

static bool is_family(const char *value)
{
	return value != NULL && strncasecmp(value, FAMILY, strlen(FAMILY)) == 0;
}

/* The version of a page says more than the service that its publishing tool names, and that more than the product family. */
static void family_set(struct document *doc, const char *value)
{
	if (is_family(value))
		document_set(&doc->version, value);
}

static void service_set(struct document *doc, const char *value)
{
	if (is_family(value) && (doc->version == NULL || is_family(doc->version)))
		version_replace(doc, value);
}

static const struct {
	const char *key;
	void (*set)(struct document *doc, const char *value);
} items[] = {
        {"title", title_set},
        {"ms.assetid", article_set},
        {"ms:assetid", article_set},
        {"mtps_version", version_replace},
        {"ms.service", service_set},
        {"ms.prod", family_set},
        {"ms.product", family_set},
        {"ms.contentlocale", language_set},
        {"ms.locale", language_set},
        {"lang", language_set},
        {"locale", language_set},
        {"language", language_set},
        {"content-language", language_set},
        {"dc.language", language_set},
        {"og:locale", language_set},
        {"ms:mtpsurl", language_from_url},
};

int build_metadata(struct build *b, const char *key, const char *value, unsigned line)
{
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		if (strcasecmp(key, items[i].key) != 0)
			continue;
		if (strlen(value) > DOCUMENT_MAX_METADATA)
			return build_limit(
			        b, line, DOCUMENT_MAX_METADATA, "bytes in an item of metadata", "shorten it");
		items[i].set(b->doc, value);
	}
	return 0;
}

#define MAX_WORDS 12

struct language_words {
	const char *language;
	const char *word[MAX_WORDS];
};

/* Frequent short words that hardly occur in the other languages of the list, nor in names of products. */
static const struct language_words common[] = {
        {"de", {"der", "die", "und", "wird", "von", "den", "verwendet", "werden", "dienst", "serverrolle"}},
        {"pt", {"para", "uma", "os", "não", "são", "usada", "pelo", "em", "serviço", "função", "porta"}},
        {"en", {"the", "and", "is", "used", "of", "to", "are", "from", "by", "with"}},
        {"fr", {"le", "les", "pour", "et", "est", "des", "du", "utilisé", "rôle", "serveur", "serveurs", "aux"}},
        {"es", {"el", "los", "las", "para", "una", "y", "por", "utiliza", "servicio", "puerto", "rol", "del"}},
        {"it", {"il", "gli", "per", "di", "è", "della", "utilizzata", "che", "servizio", "ruolo", "porta", "dal"}},
};

static size_t count_words(const char *text, const char *const *word)
{
	size_t count = 0, size;
	char token[32];
	size_t n = 0;
	for (const char *s = text;; s += size) {
		uint32_t c = utf8_next(s, &size);
		bool letter = size > 0 && (c >= 0x80 ? !utf8_is_space(c) : isalpha((int)c) != 0);
		if (letter && n + 4 < sizeof(token)) {
			n += utf8_put(utf8_fold(c), token + n);
		} else if (!letter) {
			token[n] = '\0';
			for (size_t i = 0; n > 0 && i < MAX_WORDS && word[i] != NULL; i++)
				count += strcmp(token, word[i]) == 0;
			n = 0;
		}
		if (size == 0 || (size_t)(s - text) > GUESS_BYTES)
			return count;
	}
}

/* A few letters of a script are a quotation; names of products and protocols keep Latin letters in every edition. */
static bool is_script_of(size_t letters, size_t latin)
{
	return letters > 20 && letters * 10 > latin;
}

/* Scripts that one language of this family uses. */
static const char *script_guess(const char *text)
{
	size_t cyrillic = 0, kana = 0, hangul = 0, han = 0, latin = 0, size;
	for (const char *s = text; (size_t)(s - text) < GUESS_BYTES; s += size) {
		uint32_t c = utf8_next(s, &size);
		if (size == 0)
			break;
		latin += c < 0x80 && isalpha((int)c) != 0;
		cyrillic += c >= 0x400 && c <= 0x4ff;
		kana += c >= 0x3041 && c <= 0x30fa;
		hangul += c >= 0xac00 && c <= 0xd7a3;
		han += c >= 0x4e00 && c <= 0x9fff;
	}
	if (is_script_of(hangul, latin))
		return "ko";
	if (is_script_of(kana + han, latin))
		return kana * 8 > han ? "ja" : "zh";
	return is_script_of(cyrillic, latin) ? "ru" : NULL;
}

const char *language_guess(const char *text)
{
	const char *best = script_guess(text);
	size_t most = 4;
	if (best != NULL)
		return best;
	best = "";
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		size_t n = count_words(text, common[i].word);
		if (n > most) {
			most = n;
			best = common[i].language;
		}
	}
	return best;
}

/* Names of products as editions print them; the longer form stands before the shorter one that it contains. */
static const struct {
	const char *phrase, *product;
} products[] = {
        {"Skype for Business Server 2019", "Skype for Business Server 2019"},
        {"Skype for Business Server", "Skype for Business Server"},
        {"Skype para Business Server", "Skype for Business Server"},
        {"Skype für Business Server", "Skype for Business Server"},
        {"Skype Entreprise Server", "Skype for Business Server"},
        {"Skype Empresarial Server", "Skype for Business Server"},
        {"Skype для бизнеса Server", "Skype for Business Server"},
        {"Skype для бизнес-сервера", "Skype for Business Server"},
        {"Skype for Business サーバー", "Skype for Business Server"},
        {"비즈니스용 Skype 서버", "Skype for Business Server"},
        {"비즈니스용 Skype Server", "Skype for Business Server"},
        {"Skype for Business 服务器", "Skype for Business Server"},
        {"商務用 Skype Server", "Skype for Business Server"},
        {"商務用 Skype 伺服器", "Skype for Business Server"},
        {"Lync Server 2013", "Lync Server 2013"},
        {"Lync Server 2010", "Lync Server 2010"},
        {"Lync Server", "Lync Server"},
        {"Office Communications Server 2007 R2", "Office Communications Server 2007 R2"},
        {"Office Communications Server", "Office Communications Server"},
};

#define N(list) (sizeof(list) / sizeof(list[0]))

/* Page versions of the publisher's library, and product families of its later front matter. */
static const struct {
	const char *part, *product;
	bool certain; /* says more than the words of the page */
} versions[] = {
        {"OCS.15", "Lync Server 2013", true},
        {"OCS.14", "Lync Server 2010", true},
        {"office.13", "Office Communications Server 2007 R2", true},
        {"skype-for-business-itpro", "Skype for Business Server", false},
        {"skype-for-business-server", "Skype for Business Server", false},
};

static const char *product_of_version(const char *version, bool certain)
{
	for (size_t i = 0; version != NULL && i < N(versions); i++)
		if (versions[i].certain == certain && strcasestr(version, versions[i].part) != NULL)
			return versions[i].product;
	return NULL;
}

static size_t count_phrase(const char *text, const char *phrase)
{
	size_t n = 0;
	for (const char *p = strstr(text, phrase); p != NULL; p = strstr(p + 1, phrase))
		n++;
	return n;
}

static const char *product_of_title(const char *title)
{
	for (size_t i = 0; i < N(products); i++)
		if (strstr(title, products[i].phrase) != NULL)
			return products[i].product;
	return NULL;
}

/* How often a product is named, by all its names. */
static size_t count_product(const char *text, const char *product)
{
	size_t n = 0;
	for (size_t i = 0; i < N(products); i++)
		if (strcmp(products[i].product, product) == 0)
			n += count_phrase(text, products[i].phrase);
	return n;
}

static const char *product_of_text(const char *text)
{
	const char *best = NULL;
	size_t most = 0;
	for (size_t i = 0; i < N(products); i++) {
		size_t count = count_product(text, products[i].product);
		if (count > most) {
			most = count;
			best = products[i].product;
		}
	}
	/* The name without a year counts those with one too: the commoner year decides. */
	if (best != NULL && strcmp(best, "Lync Server") == 0 &&
	        count_phrase(text, "Lync Server 2010") > count_phrase(text, "Lync Server 2013"))
		best = "Lync Server 2010";
	return best;
}

char *product_guess(const char *title, const char *version, const char *text)
{
	const char *product = product_of_version(version, true);
	char *head, *tidy;
	if (product == NULL)
		product = product_of_title(title);
	if (product != NULL)
		return xstrdup(product);
	head = xstrndup(text, GUESS_BYTES);
	/* The cut may split a character: what is left of it must not be read. */
	head[utf8_check(head, strlen(head))] = '\0';
	tidy = cell_tidy(head);
	free(head);
	product = product_of_text(tidy);
	free(tidy);
	if (product == NULL)
		product = product_of_version(version, false);
	return product != NULL ? xstrdup(product) : NULL;
}
