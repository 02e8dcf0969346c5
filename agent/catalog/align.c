/*
 * A document with names that no vocabulary has and known editions of its article come in; what the names mean by their place
 * goes into the document. Refused is a meaning that two rows tell differently, and a table that is not the known one.
 */
#include <stdlib.h>
#include <string.h>

#include "catalog/known.h"
#include "catalog/vocabulary.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

/* Cells of the table of scores: a document of 2,000 rows against one of 2,000. */
#define MAX_SCORES 4000000u
/* A table without article id is the known one only if it is as long as a real page. */
#define MIN_ROWS_WITHOUT_ARTICLE 20u

/** What one table's rows stand beside: match[i] is the known row of row i, or NULL. */
struct alignment {
	const struct known_table *with;
	const struct known_row **match;
	size_t matched;
	unsigned score;
};

struct aligner {
	struct import *import;
	const struct known_document *document;
	struct alignment *table; /* one per table of the import */
};

static char *row_numbers(const struct import_row *row)
{
	return row->ports.n > 0 ? numbers_print(&row->ports) : numbers_scan(row->port);
}

static bool ids_differ(const char *mine, const char *known)
{
	return *mine != '\0' && strcmp(mine, known) != 0;
}

static bool transports_differ(const struct protocol *a, const struct protocol *b)
{
	return (a->tcp || a->udp) && (b->tcp || b->udp) && (a->tcp != b->tcp || a->udp != b->udp);
}

/* 0: these rows cannot be the same one. */
static unsigned row_score(const struct import_row *row, const char *numbers, const struct known_row *known)
{
	if (strcmp(numbers, known->numbers) != 0 || transports_differ(&row->means, &known->means) ||
	        ids_differ(row->role_id, known->role_id[0]) || ids_differ(row->service_id, known->service_id))
		return 0;
	return 1u + (row->role_id[0] != '\0') + (row->service_id[0] != '\0');
}

/* score[i][k] is the best that rows from i on and known rows from k on give; then the way through is read off. */
static void scores_fill(
        const struct import_table *table, char *const *numbers, const struct known_table *known, unsigned *score)
{
	size_t width = known->n + 1;
	for (size_t i = table->n_row; i-- > 0;)
		for (size_t k = known->n; k-- > 0;) {
			unsigned here = row_score(&table->row[i], numbers[i], &known->row[k]);
			unsigned down = score[(i + 1) * width + k], right = score[i * width + k + 1];
			unsigned best = down > right ? down : right;
			if (here > 0 && here + score[(i + 1) * width + k + 1] > best)
				best = here + score[(i + 1) * width + k + 1];
			score[i * width + k] = best;
		}
}

static void scores_follow(const struct import_table *table, char *const *numbers, const struct known_table *known,
        const unsigned *score, struct alignment *out)
{
	size_t width = known->n + 1, i = 0, k = 0;
	while (i < table->n_row && k < known->n) {
		unsigned here = row_score(&table->row[i], numbers[i], &known->row[k]);
		if (here > 0 && score[i * width + k] == here + score[(i + 1) * width + k + 1]) {
			out->match[i++] = &known->row[k++];
			out->matched++;
		} else if (score[i * width + k] == score[(i + 1) * width + k]) {
			i++;
		} else {
			k++;
		}
	}
}

static void alignment_fini(struct alignment *a)
{
	free(a->match);
	memset(a, 0, sizeof(*a));
}

/* Nine of ten rows have their twin (of a short table all but one), and they are at least half of the known table. */
static bool is_same_table(const struct import_table *table, const struct known_table *known, const struct alignment *a)
{
	if (table->kind == IMPORT_IPSEC_EXCEPTIONS)
		return a->matched == table->n_row && a->matched == known->n;
	size_t strange = table->n_row / 10 > 1 ? table->n_row / 10 : 1;
	return a->matched > 0 && a->matched + strange >= table->n_row && a->matched * 2 >= known->n;
}

/* @return false: not the same table; out is empty then. */
static bool tables_align(const struct import_table *table, const struct known_table *known, struct alignment *out)
{
	size_t cells = (table->n_row + 1) * (known->n + 1);
	unsigned *score;
	char **numbers;
	memset(out, 0, sizeof(*out));
	if (table->n_row == 0 || known->n == 0 || cells > MAX_SCORES)
		return false;
	score = xcalloc(cells, sizeof(*score));
	numbers = xcalloc(table->n_row, sizeof(*numbers));
	for (size_t i = 0; i < table->n_row; i++)
		numbers[i] = row_numbers(&table->row[i]);
	out->with = known;
	out->match = xcalloc(table->n_row, sizeof(*out->match));
	scores_fill(table, numbers, known, score);
	out->score = score[0];
	scores_follow(table, numbers, known, score, out);
	for (size_t i = 0; i < table->n_row; i++)
		free(numbers[i]);
	free(numbers);
	free(score);
	if (is_same_table(table, known, out))
		return true;
	alignment_fini(out);
	return false;
}

static bool kind_is_open(const struct import *import, size_t table)
{
	for (size_t i = 0; i < import->n_problem; i++)
		if (import->problem[i].field == IMPORT_FIELD_KIND && import->problem[i].table == table)
			return true;
	return false;
}

/* The known table that fits best; of two that fit alike none is it. */
static void table_align(const struct aligner *al, size_t t, struct alignment *out)
{
	const struct import_table *table = &al->import->table[t];
	bool open = kind_is_open(al->import, t), tie = false;
	memset(out, 0, sizeof(*out));
	for (size_t k = 0; k < al->document->n; k++) {
		const struct known_table *known = &al->document->table[k];
		struct alignment one;
		if ((!open && known->kind != table->kind) ||
		        (known->kind == IMPORT_IPSEC_EXCEPTIONS) != (table->kind == IMPORT_IPSEC_EXCEPTIONS) ||
		        !tables_align(table, known, &one))
			continue;
		/* A short table fits into a long one as well: what is left over of the known one counts against it. */
		one.score = one.score * 1000 / (unsigned)(table->n_row + known->n);
		tie = out->with != NULL && one.score == out->score;
		if (out->with == NULL || one.score > out->score) {
			alignment_fini(out);
			*out = one;
		} else {
			alignment_fini(&one);
		}
	}
	if (tie)
		alignment_fini(out);
}

/** A name and what it stands for, from all rows that print it. */
struct meaning {
	enum import_field field;
	const char *text; /* borrowed from a row */
	char *value;
	const struct known_row *from;
	bool disputed;
};

struct meanings {
	struct meaning *item;
	size_t n, cap;
};

/* Endpoints are one kind of name on both sides, and so are their ports. */
static enum import_field field_group(enum import_field field)
{
	return field == IMPORT_FIELD_DESTINATION        ? IMPORT_FIELD_SOURCE
	       : field == IMPORT_FIELD_DESTINATION_PORT ? IMPORT_FIELD_SOURCE_PORT
	                                                : field;
}

static const char *field_text(const struct import_row *row, enum import_field field)
{
	switch (field) {
	case IMPORT_FIELD_ROLE:
	case IMPORT_FIELD_RULE:
		return row->role;
	case IMPORT_FIELD_SERVICE:
		return row->service;
	case IMPORT_FIELD_PORT:
		return row->port;
	case IMPORT_FIELD_PROTOCOL:
		return row->protocol;
	case IMPORT_FIELD_SOURCE:
		return row->source;
	case IMPORT_FIELD_DESTINATION:
		return row->destination;
	case IMPORT_FIELD_SOURCE_PORT:
		return row->source_port;
	case IMPORT_FIELD_DESTINATION_PORT:
		return row->destination_port;
	case IMPORT_FIELD_ACTION:
		return row->note;
	default:
		return NULL;
	}
}

static char *protocol_value(const struct protocol *p)
{
	struct text t = {0};
	text_addf(&t, "%s%s", p->tcp ? "tcp " : "", p->udp ? "udp " : "");
	for (size_t i = 0; i < p->n_security; i++)
		text_addf(&t, "%s ", import_security_name(p->security[i]));
	for (size_t i = 0; i < p->n_application; i++)
		text_addf(&t, "%s ", p->application[i]);
	return text_take(&t);
}

/* What the field is in a known row, as text; "" when the known row does not say. New. */
static char *field_value(const struct known_row *row, enum import_field field)
{
	struct text t = {0};
	char buf[16];
	switch (field) {
	case IMPORT_FIELD_ROLE:
	case IMPORT_FIELD_RULE:
		for (size_t i = 0; i < row->n_role_id; i++)
			text_addf(&t, "%s%s", i > 0 ? " " : "", row->role_id[i]);
		return text_take(&t);
	case IMPORT_FIELD_PORT:
		for (size_t i = 0; i < row->ports.n; i++)
			text_addf(
			        &t, "%s%s", i > 0 ? " " : "", port_range_print(row->ports.range[i], buf, sizeof(buf)));
		return text_take(&t);
	case IMPORT_FIELD_PROTOCOL:
		return protocol_value(&row->means);
	case IMPORT_FIELD_SERVICE:
		return xstrdup(row->service_id);
	case IMPORT_FIELD_SOURCE:
		return xstrdup(row->source_id);
	case IMPORT_FIELD_DESTINATION:
		return xstrdup(row->destination_id);
	case IMPORT_FIELD_SOURCE_PORT:
		return xstrdup(row->source_port_id);
	case IMPORT_FIELD_DESTINATION_PORT:
		return xstrdup(row->destination_port_id);
	case IMPORT_FIELD_ACTION:
		return xstrdup(row->action);
	default:
		return xstrdup("");
	}
}

static struct meaning *meaning_find(const struct meanings *m, enum import_field field, const char *text)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->item[i].field == field_group(field) && strcmp(m->item[i].text, text) == 0)
			return &m->item[i];
	return NULL;
}

static void meaning_vote(struct meanings *m, enum import_field field, const char *text, const struct known_row *from)
{
	struct meaning *have = meaning_find(m, field, text);
	char *value = field_value(from, field);
	if (*value == '\0' || *text == '\0') {
		free(value);
		return;
	}
	if (have != NULL) {
		have->disputed = have->disputed || strcmp(have->value, value) != 0;
		free(value);
		return;
	}
	m->item = xgrow(m->item, m->n, &m->cap, sizeof(*m->item));
	m->item[m->n++] = (struct meaning){field_group(field), text, value, from, false};
}

static const struct import_row *problem_row(const struct aligner *al, const struct import_problem *p)
{
	if (p->field == IMPORT_FIELD_OTHER || p->field == IMPORT_FIELD_KIND || p->table >= al->import->n_table ||
	        p->row >= al->import->table[p->table].n_row)
		return NULL;
	return &al->import->table[p->table].row[p->row];
}

static void meanings_collect(const struct aligner *al, struct meanings *out)
{
	for (size_t i = 0; i < al->import->n_problem; i++) {
		const struct import_problem *p = &al->import->problem[i];
		const struct import_row *row = problem_row(al, p);
		const struct known_row *twin =
		        row != NULL && al->table[p->table].with != NULL ? al->table[p->table].match[p->row] : NULL;
		if (twin != NULL)
			meaning_vote(out, p->field, field_text(row, p->field), twin);
	}
}

/* An id that lives as long as the import: the vocabulary's, or one of its own. */
static const char *intern(struct import *import, const char *id)
{
	const struct vocabulary_entry *entry = vocabulary_entry_find(~0u, id);
	if (entry != NULL || *id == '\0')
		return entry != NULL ? entry->id : "";
	for (size_t i = 0; i < import->n_owned; i++)
		if (strcmp(import->owned[i], id) == 0)
			return import->owned[i];
	import->owned = xgrow(import->owned, import->n_owned, &import->cap_owned, sizeof(*import->owned));
	import->owned[import->n_owned] = xstrdup(id);
	return import->owned[import->n_owned++];
}

static void ports_take(struct import_row *row, const struct known_row *from)
{
	ports_fini(&row->ports);
	row->ports = (struct ports){.n = from->ports.n, .cap = from->ports.n};
	row->ports.range = xcalloc(from->ports.n > 0 ? from->ports.n : 1, sizeof(*row->ports.range));
	for (size_t i = 0; i < from->ports.n; i++)
		row->ports.range[i] = from->ports.range[i];
}

static void field_take(struct import *import, struct import_row *row, enum import_field field, const struct meaning *m)
{
	const struct known_row *from = m->from;
	if (field == IMPORT_FIELD_ROLE) {
		row->n_role_id = 0;
		for (size_t i = 0; i < from->n_role_id; i++)
			row->role_ids[row->n_role_id++] = intern(import, from->role_id[i]);
		row->role_id = row->role_ids[0];
	} else if (field == IMPORT_FIELD_RULE) {
		row->role_id = intern(import, m->value);
	} else if (field == IMPORT_FIELD_SERVICE) {
		row->service_id = intern(import, m->value);
	} else if (field == IMPORT_FIELD_PORT) {
		ports_take(row, from);
	} else if (field == IMPORT_FIELD_PROTOCOL) {
		row->means = from->means;
	} else if (field == IMPORT_FIELD_SOURCE) {
		row->source_id = intern(import, m->value);
	} else if (field == IMPORT_FIELD_DESTINATION) {
		row->destination_id = intern(import, m->value);
	} else if (field == IMPORT_FIELD_SOURCE_PORT) {
		row->source_port_id = intern(import, m->value);
	} else if (field == IMPORT_FIELD_DESTINATION_PORT) {
		row->destination_port_id = intern(import, m->value);
	} else if (field == IMPORT_FIELD_ACTION) {
		row->action = intern(import, m->value);
	}
}

static void aligned_count(
        struct import *import, enum import_field field, unsigned line, const char *text, const char *meaning)
{
	struct import_aligned *a;
	for (size_t i = 0; i < import->n_aligned; i++)
		if (import->aligned[i].field == field && strcmp(import->aligned[i].text, text) == 0) {
			import->aligned[i].cells++;
			return;
		}
	import->aligned = xgrow(import->aligned, import->n_aligned, &import->cap_aligned, sizeof(*import->aligned));
	a = &import->aligned[import->n_aligned++];
	*a = (struct import_aligned){field, line, xstrdup(text), xstrdup(meaning), 1};
}

/* Ports stand in one row alone; a name means the same wherever it is printed. */
static bool problem_solve(const struct aligner *al, const struct meanings *meanings, struct import_problem *p)
{
	const struct import_row *row = problem_row(al, p);
	const struct alignment *table = p->table < al->import->n_table ? &al->table[p->table] : NULL;
	const struct meaning *m;
	if (p->field == IMPORT_FIELD_KIND && table != NULL && table->with != NULL) {
		al->import->table[p->table].kind = table->with->kind;
		aligned_count(al->import, IMPORT_FIELD_KIND, p->line, p->cell, import_kind_name(table->with->kind));
		return true;
	}
	if (row == NULL)
		return false;
	m = meaning_find(meanings, p->field, field_text(row, p->field));
	if (m == NULL)
		return false;
	if (m->disputed) {
		char *reason = xasprintf(
		        "%s; rows of %s that stand beside it mean different things", p->reason, al->document->file);
		free(p->reason);
		p->reason = reason;
		return false;
	}
	field_take(al->import, &al->import->table[p->table].row[p->row], p->field, m);
	aligned_count(al->import, field_group(p->field), row->line, m->text, m->value);
	return true;
}

static size_t problems_solve(const struct aligner *al, const struct meanings *meanings)
{
	struct import *import = al->import;
	size_t kept = 0, solved;
	for (size_t i = 0; i < import->n_problem; i++)
		if (problem_solve(al, meanings, &import->problem[i])) {
			free(import->problem[i].cell);
			free(import->problem[i].reason);
		} else {
			import->problem[kept++] = import->problem[i];
		}
	solved = import->n_problem - kept;
	import->n_problem = kept;
	return solved;
}

static const char *article_of(const struct import *import)
{
	return import->document.article != NULL ? import->document.article : "";
}

bool import_is_alignable(const struct import *import)
{
	return import->n_problem > 0 &&
	       (*article_of(import) != '\0' || import_rows(import) >= MIN_ROWS_WITHOUT_ARTICLE);
}

static bool is_same_article(const struct import *import, const struct known_document *known)
{
	return strcmp(article_of(import), known->article) == 0;
}

/* How well a known document fits: the sum over its tables. */
static unsigned document_align(struct aligner *al)
{
	unsigned score = 0;
	al->table = xcalloc(al->import->n_table > 0 ? al->import->n_table : 1, sizeof(*al->table));
	for (size_t t = 0; t < al->import->n_table; t++) {
		table_align(al, t, &al->table[t]);
		score += al->table[t].score;
	}
	return score;
}

static void aligner_fini(struct aligner *al)
{
	for (size_t t = 0; al->table != NULL && t < al->import->n_table; t++)
		alignment_fini(&al->table[t]);
	free(al->table);
	memset(al, 0, sizeof(*al));
}

size_t import_align(struct import *import, const struct import_known *known)
{
	struct aligner best = {.import = import};
	struct meanings meanings = {0};
	unsigned most = 0;
	size_t solved = 0;
	if (!import_is_alignable(import))
		return 0;
	for (size_t d = 0; d < known->n; d++) {
		struct aligner one = {.import = import, .document = &known->document[d]};
		unsigned score;
		if (!is_same_article(import, one.document))
			continue;
		score = document_align(&one);
		if (score > most) {
			aligner_fini(&best);
			best = one;
			most = score;
		} else {
			aligner_fini(&one);
		}
	}
	if (most > 0) {
		meanings_collect(&best, &meanings);
		solved = problems_solve(&best, &meanings);
		if (solved > 0 && import->aligned_with == NULL)
			import->aligned_with = xstrdup(best.document->file);
	}
	for (size_t i = 0; i < meanings.n; i++)
		free(meanings.item[i].value);
	free(meanings.item);
	aligner_fini(&best);
	return solved;
}
