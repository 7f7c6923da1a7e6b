/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/cli.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown version"
#endif

#define WORD_MAX 64	/* longer words are nobody's typing mistake */

/* Edit distance, one row at a time; swapped neighbours count as two. */
static unsigned int distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned int row[WORD_MAX + 1];
	unsigned int corner, up, best;
	size_t i, j;

	for (j = 0; j <= nb; j++)
		row[j] = (unsigned int)j;
	for (i = 1; i <= na; i++) {
		corner = row[0];
		row[0] = (unsigned int)i;
		for (j = 1; j <= nb; j++) {
			up = row[j];
			best = corner + (a[i - 1] != b[j - 1]);
			if (up + 1 < best)
				best = up + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			corner = up;
		}
	}
	return row[nb];
}

bool cr_words_near(const char *a, const char *b, unsigned int max)
{
	size_t na = strlen(a), nb = strlen(b);

	if (na > WORD_MAX || nb > WORD_MAX)
		return false;
	return distance(a, na, b, nb) <= max;
}

/* The option somebody meant by @name: what it is the start of (abbreviations are not
 * taken: they would change meaning when an option is added), else what is spelled like it. */
static const struct cr_option *meant(const struct cr_option *table, const char *name, size_t len)
{
	const struct cr_option *o, *best = NULL;
	unsigned int d, best_d = 3;

	if (!len || len > WORD_MAX)
		return NULL;
	for (o = table; o->name; o++) {
		if (o->help && strncmp(o->name, name, len) == 0)
			return o;
	}
	for (o = table; o->name; o++) {
		if (!o->help)
			continue;
		d = distance(name, len, o->name, strlen(o->name));
		/* Of a short word nearly everything is within two mistakes. */
		if (d < best_d && d < len / 2 + 1) {
			best = o;
			best_d = d;
		}
	}
	return best;
}

static int unknown_long(const struct cr_options *it, const char *name, size_t len,
			struct cr_err *err)
{
	const struct cr_option *o = meant(it->table, name, len);

	cr_err_set(err, -EINVAL, "there is no option --%.*s", (int)len, name);
	if (o)
		cr_err_hint(err, "did you mean --%s?", o->name);
	else
		cr_err_hint(err, "--help lists the options");
	return -EINVAL;
}

/* The value of an option that has none attached is the next argument, whatever it looks like. */
static int next_argument(struct cr_options *it, const char *spelled, struct cr_err *err)
{
	if (it->at >= it->argc) {
		cr_err_set(err, -EINVAL, "option %s needs a value", spelled);
		cr_err_hint(err, "%s %s: %s", spelled, it->option->arg,
			    it->option->help ? it->option->help : "");
		return -EINVAL;
	}
	it->value = it->argv[it->at++];
	return it->option->id;
}

static int long_option(struct cr_options *it, const char *word, struct cr_err *err)
{
	const char *name = word + 2, *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	const struct cr_option *o;

	for (o = it->table; o->name; o++) {
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			break;
	}
	if (!o->name)
		return unknown_long(it, name, len, err);
	it->option = o;
	if (!o->arg && eq) {
		cr_err_set(err, -EINVAL, "option --%s takes no value", o->name);
		cr_err_hint(err, "write --%s alone", o->name);
		return -EINVAL;
	}
	if (!o->arg)
		return o->id;
	if (!eq)
		return next_argument(it, word, err);
	it->value = eq + 1;
	return o->id;
}

/* One letter of "-qv", or "-xVAL". */
static int short_option(struct cr_options *it, struct cr_err *err)
{
	const char *letter = it->cluster;
	char spelled[3] = { '-', *letter, '\0' };
	const struct cr_option *o;

	it->cluster = letter[1] ? letter + 1 : NULL;
	for (o = it->table; o->name; o++) {
		if (o->letter == *letter)
			break;
	}
	if (!o->name) {
		cr_err_set(err, -EINVAL, "there is no option %s", spelled);
		cr_err_hint(err, "--help lists the options");
		return -EINVAL;
	}
	it->option = o;
	if (!o->arg)
		return o->id;
	it->value = it->cluster;
	it->cluster = NULL;
	return it->value ? o->id : next_argument(it, spelled, err);
}

int cr_options_next(struct cr_options *it, struct cr_err *err)
{
	const char *word;

	it->option = NULL;
	it->value = NULL;
	if (it->cluster)
		return short_option(it, err);
	if (it->at >= it->argc)
		return 0;
	word = it->argv[it->at];
	if (word[0] != '-' || !word[1])
		return 0;	/* "-" alone is an operand, as everywhere */
	it->at++;
	if (word[1] != '-') {
		it->cluster = word + 1;
		return short_option(it, err);
	}
	if (!word[2])
		return 0;
	return long_option(it, word, err);
}

/* "  -p, --policy FILE": how many characters, and print it unless @out is NULL. */
static int print_left(const struct cr_option *o, FILE *out)
{
	char text[128];
	char letter[8] = "    ";
	int n;

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	n = snprintf(text, sizeof(text), "  %s--%s%s%s", letter, o->name, o->arg ? " " : "",
		     o->arg ? o->arg : "");
	if (out)
		fputs(text, out);
	return n;
}

void cr_options_help(const struct cr_option *table, FILE *out, const char *const *usage)
{
	const struct cr_option *o;
	int n, width = 0;

	for (; usage && *usage; usage++)
		fprintf(out, "%s\n", *usage);
	for (o = table; o->name; o++) {
		n = o->help ? print_left(o, NULL) : 0;
		if (n > width)
			width = n;
	}
	for (o = table; o->name; o++) {
		if (!o->help)
			continue;
		n = print_left(o, out);
		fprintf(out, "%*s%s\n", width - n + 2, "", o->help);
	}
}

void cr_options_dump(const struct cr_option *table, FILE *out)
{
	const struct cr_option *o;

	for (o = table; o->name; o++) {
		if (!o->help)
			continue;
		fprintf(out, "%c\t%s\t%s\t%s\n", o->letter ? o->letter : '-', o->name,
			o->arg ? o->arg : "-", o->help);
	}
}

bool cr_options_common(const struct cr_options *it, int id, const char *const *usage)
{
	switch (id) {
	case CR_OPT_HELP:
		cr_options_help(it->table, stdout, usage);
		return true;
	case CR_OPT_VERSION:
		printf("chestnut %s\n", PACKAGE_VERSION);
		return true;
	case CR_OPT_DUMP:
		cr_options_dump(it->table, stdout);
		return true;
	default:
		return false;
	}
}
