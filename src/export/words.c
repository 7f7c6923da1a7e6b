/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "cr/utf8.h"
#include "export-int.h"

#define COLUMNS 90

/* None of its bytes may end the comment. */
void cr_export_comment(struct cr_buf *out, const char *s)
{
	size_t n;

	for (; *s; s += n ? n : 1) {
		unsigned char c = (unsigned char)*s;

		n = cr_utf8_length(s);
		if (c < 0x20 || c == 0x7f || c == '\\' || c == '*' || !n)
			cr_buf_add(out, "?");
		else
			cr_buf_addn(out, s, n);
	}
}

static void fact(const struct cr_export *x, const char *mark, const char *what, const char *value)
{
	if (!value)
		return;
	cr_buf_addf(x->out, "%s%s: ", mark, what);
	cr_export_comment(x->out, value);
	cr_buf_add(x->out, "\n");
}

void cr_export_head(const struct cr_export *x, const char *mark)
{
	cr_buf_addf(x->out, "%sMade by chestnut export; change the policy, not this.\n", mark);
	fact(x, mark, "program", x->p->program);
	fact(x, mark, "build-id", x->p->build_id);
	if (!x->p->horizon_kernel)
		return;
	cr_buf_addf(x->out, "%shorizon: Linux ", mark);
	cr_export_comment(x->out, x->p->horizon_kernel);
	cr_buf_addf(x->out, ", calls up to number %u\n", x->horizon);
}

/* The last component, without ".policy". */
static size_t stem(const char *path, const char **from)
{
	const char *slash = strrchr(path, '/');
	size_t n;

	*from = slash ? slash + 1 : path;
	n = strlen(*from);
	if (n > 7 && strcmp(*from + n - 7, ".policy") == 0)
		n -= 7;
	return n;
}

void cr_export_label(const struct cr_export *x, char label[64])
{
	const char *path = x->p->path ? x->p->path : x->p->program, *s = "";
	size_t n = path ? stem(path, &s) : 0, i, k = 0;

	for (i = 0; i < n && k < 63; i++) {
		char c = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] + 32 : s[i]);
		bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (good || (k && label[k - 1] != '-'))
			label[k++] = (char)(good ? c : '-');
	}
	while (k && label[k - 1] == '-')
		k--;
	label[k] = '\0';
	if (!k)
		strcpy(label, "chestnut");
}

void cr_export_words(struct cr_buf *out, const char *lead, const char *words)
{
	size_t column = 0, n;

	while (*words) {
		n = strcspn(words, " ");
		if (column && column + 1 + n > COLUMNS) {
			cr_buf_add(out, "\n");
			column = 0;
		}
		cr_buf_add(out, column ? " " : lead);
		cr_buf_addn(out, words, n);
		column += n + (column ? 1 : strlen(lead));
		words += n + (words[n] == ' ');
	}
	if (column)
		cr_buf_add(out, "\n");
}
