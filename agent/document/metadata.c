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

static void version_set(struct document *doc, const char *value)
{
	document_set(&doc->version, value);
}

static const struct {
	const char *key;
	void (*set)(struct document *doc, const char *value);
} items[] = {
        {"title", title_set},
        {"ms.assetid", article_set},
        {"ms:assetid", article_set},
        {"mtps_version", version_set},
        {"ms.contentlocale", language_set},
        {"lang", language_set},
        {"locale", language_set},
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

struct language_words {
	const char *language;
	const char *word[8];
};

/* Frequent short words that hardly occur in the other languages of the list. */
static const struct language_words common[] = {
        {"de", {"der", "die", "und", "wird", "von", "den", "verwendet", "werden"}},
        {"pt", {"para", "uma", "os", "não", "são", "usada", "pelo", "em"}},
        {"en", {"the", "and", "for", "is", "used", "of", "to", "are"}},
        {"fr", {"le", "les", "pour", "et", "est", "des", "du", "utilisé"}},
        {"es", {"el", "los", "las", "para", "una", "y", "por", "utiliza"}},
        {"it", {"il", "gli", "per", "di", "è", "della", "utilizzata", "che"}},
};

static size_t count_words(const char *text, const char *const *word, size_t n_word)
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
			for (size_t i = 0; n > 0 && i < n_word && word[i] != NULL; i++)
				count += strcmp(token, word[i]) == 0;
			n = 0;
		}
		if (size == 0 || (size_t)(s - text) > GUESS_BYTES)
			return count;
	}
}

/* Scripts that one language of this family uses. */
static const char *script_guess(const char *text)
{
	size_t cyrillic = 0, kana = 0, hangul = 0, han = 0, size;
	for (const char *s = text; (size_t)(s - text) < GUESS_BYTES; s += size) {
		uint32_t c = utf8_next(s, &size);
		if (size == 0)
			break;
		cyrillic += c >= 0x400 && c <= 0x4ff;
		kana += c >= 0x3040 && c <= 0x30ff;
		hangul += c >= 0xac00 && c <= 0xd7a3;
		han += c >= 0x4e00 && c <= 0x9fff;
	}
	if (kana > 20)
		return "ja";
	if (hangul > 20)
		return "ko";
	if (han > 20)
		return "zh";
	return cyrillic > 20 ? "ru" : NULL;
}

const char *language_guess(const char *text)
{
	const char *best = script_guess(text);
	size_t most = 4;
	if (best != NULL)
		return best;
	best = "";
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		size_t n = count_words(text, common[i].word, sizeof(common[i].word) / sizeof(common[i].word[0]));
		if (n > most) {
			most = n;
			best = common[i].language;
		}
	}
	return best;
}

/* The longer form of a name stands before the shorter one that it contains. */
static const char *const products[] = {
        "Skype for Business Server 2019",
        "Skype for Business Server",
        "Skype para Business Server",
        "Lync Server 2013",
        "Lync Server 2010",
        "Lync Server",
        "Office Communications Server 2007 R2",
        "Office Communications Server",
};

static size_t count_phrase(const char *text, const char *phrase)
{
	size_t n = 0;
	for (const char *p = strstr(text, phrase); p != NULL; p = strstr(p + 1, phrase))
		n++;
	return n;
}

char *product_guess(const char *title, const char *text)
{
	const size_t n = sizeof(products) / sizeof(products[0]);
	char *head, *tidy;
	size_t most = 0, best = n;
	for (size_t i = 0; i < n; i++)
		if (strstr(title, products[i]) != NULL)
			return xstrdup(products[i]);
	head = xstrndup(text, GUESS_BYTES);
	/* The cut may split a character: what is left of it must not be read. */
	head[utf8_check(head, strlen(head))] = '\0';
	tidy = cell_tidy(head);
	free(head);
	for (size_t i = 0; i < n; i++) {
		size_t count = count_phrase(tidy, products[i]);
		if (count > most) {
			most = count;
			best = i;
		}
	}
	free(tidy);
	return best < n ? xstrdup(products[best]) : NULL;
}
