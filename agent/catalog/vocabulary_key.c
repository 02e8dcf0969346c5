/*
 * A printed name comes in, the key by which names are compared goes out: its words in alphabetical order, without what
 * differs between editions. A name of more than MAX_WORDS words gets an empty key, which nothing matches.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/vocabulary.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "portcullis/utf8.h"

#define MAX_WORDS 160

struct words {
	char *bytes;
	char *word[MAX_WORDS];
	size_t n;
	bool too_many;
};

/* What product names leave behind in names of services: words, or characters in a row, as they stand in keys. */
static const char *const product_words[] = {"skype", "for", "business", "server", "servers", "lync", "microsoft",
        "office", "communications", "2010", "2013", "2015", "2019", "para", "o", "servidor", "negocios", "fur",
        "entreprise", "serveur", "pour", "empresarial", "per", "для", "бизнеса", "бизнес", "сервер", "сервера",
        "сервере", "ビジネス向け", "サバ", "商務用", "商务用", "服务器", "伺服器", "비즈니스용", "서버"};

/* Articles and the like: translations add and drop them. */
static const char *const fillers[] = {"the", "of", "de", "du", "des", "d", "la", "le", "les", "l", "el", "los", "las",
        "di", "del", "della", "dello", "dei", "degli", "delle", "dell", "il", "lo", "gli", "do", "da", "dos", "das",
        "der", "die", "den", "dem", "s", "es"};

#define N(list) (sizeof(list) / sizeof(list[0]))

/* Marks inside words that print as nothing or as an accent, and the Japanese long vowel, which older texts drop. */
static bool is_dropped(uint32_t c)
{
	return c == 0xad || (c >= 0x200b && c <= 0x200d) || c == 0x2060 || c == 0xfeff || (c >= 0x300 && c <= 0x36f) ||
	       c == 0x30fc || c == 0xff70;
}

/* Scripts that are written without blanks, or with blanks at will. */
static bool is_word_alone(uint32_t c)
{
	return c == 0x3005 || (c >= 0x3041 && c <= 0x30fa) || (c >= 0x3400 && c <= 0x9fff) ||
	       (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0xff66 && c <= 0xff9d) ||
	       c >= 0x20000;
}

static bool is_word_character(uint32_t c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
	return !utf8_is_space(c) && !(c >= 0xa1 && c <= 0xbf) && !(c >= 0x2010 && c <= 0x205e) && c != 0x2122 &&
	       c != 0x2212 && !(c >= 0x3000 && c <= 0x303f) && c != 0x30fb && !(c >= 0xff61 && c <= 0xff65);
}

/* Lower case without accent. */
static uint32_t letter_plain(uint32_t c)
{
	static const char latin1[] = "aaaaaaaceeeeiiiidnooooo.ouuuuyty"; /* U+00E0 to U+00FF */
	c = utf8_fold(c);
	if (c >= 0xe0 && c <= 0xff)
		return (uint32_t)latin1[c - 0xe0];
	if (c == 0x451) /* yo is printed as ye, short i decomposed as i */
		return 0x435;
	return c == 0x439 ? 0x438 : c;
}

static void word_end(struct words *w, char *start, char *end)
{
	*end = '\0';
	if (start == end)
		return;
	if (w->n == MAX_WORDS)
		w->too_many = true;
	else
		w->word[w->n++] = start;
}

static void words_split(const char *name, struct words *w)
{
	/* No character grows when it is folded; each may end a word. */
	char *at = w->bytes = xmalloc(2 * strlen(name) + 2), *start = at;
	size_t size;
	for (const char *s = name;; s += size) {
		uint32_t c = letter_plain(utf8_next(s, &size));
		bool alone = is_word_alone(c);
		if (size > 0 && is_dropped(c))
			continue;
		if (size == 0 || alone || !is_word_character(c)) {
			word_end(w, start, at);
			start = ++at;
		}
		if (size == 0)
			return;
		if (alone || is_word_character(c))
			at += utf8_put(c, at);
		if (alone) {
			word_end(w, start, at);
			start = ++at;
		}
	}
}

/* How many words from `i` on make one of the product words; 0: none. */
static size_t product_words_at(const struct words *w, size_t i)
{
	for (size_t k = 0; k < N(product_words); k++) {
		const char *rest = product_words[k];
		/* Most words differ in the first byte; every import makes thousands of keys. */
		for (size_t j = i; j < w->n && *rest == w->word[j][0]; j++) {
			size_t len = strlen(w->word[j]);
			if (strncmp(rest, w->word[j], len) != 0)
				break;
			rest += len;
			if (*rest == '\0')
				return j - i + 1;
		}
	}
	return 0;
}

static bool is_filler(const char *word)
{
	if ((unsigned char)word[0] >= 0x80)
		return strcmp(word, "の") == 0 || strcmp(word, "的") == 0;
	for (size_t i = 0; i < N(fillers); i++)
		if (fillers[i][0] == word[0] && strcmp(fillers[i], word) == 0)
			return true;
	return false;
}

/* "Servers", "services", "servidores": the plural of Western languages. */
static size_t plural_end(const char *word, size_t n)
{
	if (n > 3 && word[n - 1] == 's' && word[n - 2] != 's')
		n--;
	return n > 4 && word[n - 1] == 'e' ? n - 1 : n;
}

static bool is_case_ending(uint32_t c)
{
	static const uint32_t letters[] = {
	        0x430, 0x432, 0x435, 0x438, 0x43c, 0x43e, 0x443, 0x445, 0x44b, 0x44c, 0x44d, 0x44e, 0x44f};
	for (size_t i = 0; i < N(letters); i++)
		if (letters[i] == c)
			return true;
	return false;
}

/* Machines put Russian words into whatever case: endings of up to three letters go, four letters stay. */
static size_t case_end(const char *word, size_t n)
{
	for (size_t gone = 0; gone < 3 && n > 8; gone++, n -= 2) {
		size_t size;
		if (((unsigned char)word[n - 2] & 0xfe) != 0xd0 || !is_case_ending(utf8_next(word + n - 2, &size)))
			break;
	}
	return n;
}

static void word_stem(char *word)
{
	size_t n = strlen(word);
	word[case_end(word, plural_end(word, n))] = '\0';
}

static void words_reduce(struct words *w, enum vocabulary_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < w->n;) {
		size_t skip = kind == VOCABULARY_SERVICE ? product_words_at(w, i) : 0;
		if (skip == 0 && is_filler(w->word[i]))
			skip = 1;
		if (skip == 0) {
			word_stem(w->word[i]);
			w->word[n++] = w->word[i++];
		}
		i += skip;
	}
	w->n = n;
}

static int word_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *vocabulary_key(enum vocabulary_kind kind, const char *name)
{
	struct words w = {0};
	struct text key = {0};
	words_split(name, &w);
	words_reduce(&w, kind);
	qsort(w.word, w.n, sizeof(w.word[0]), word_cmp);
	for (size_t i = 0; i < w.n && !w.too_many; i++) {
		text_add(&key, w.word[i]);
		text_add(&key, " ");
	}
	free(w.bytes);
	return text_take(&key);
}
