/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "value.h"

static int bad_evidence(const char *v, const struct cr_where *at)
{
	int rc = cr_wrong(at, "this is no evidence: \"%.80s\"", v);

	cr_err_hint(at->err,
		    "as in: \"2, 31 calls, /usr/bin/tar: open_as (open.c:12) < main (tar.c:7)\"; "
		    "a line without evidence may simply be taken away");
	return rc;
}

/* "/usr/bin/tar" or "/usr/bin/tar: main"; "?" for no executable. */
static int read_origin(const char *v, struct cr_evidence *ev)
{
	const char *colon = strstr(v, ": ");
	size_t n = colon ? (size_t)(colon - v) : strlen(v);

	if (n != 1 || *v != '?') {
		ev->exe = cr_value_unescape(v, n);
		if (!ev->exe)
			return -ENOMEM;
	}
	if (!colon)
		return 0;
	ev->stack = cr_value_unescape(colon + 2, strlen(colon + 2));
	if (ev->stack)
		return 0;
	free(ev->exe);
	ev->exe = NULL;
	return -ENOMEM;
}

/* "first in 7, ", where that is known. */
static void read_first(const char *v, struct cr_evidence *ev, const char **end)
{
	uint64_t first;

	if (strncmp(v, "first in ", 9) != 0 || !cr_value_number(v + 9, UINT32_MAX, &first, &v) ||
	    strncmp(v, ", ", 2) != 0)
		return;
	ev->first = (uint32_t)first;
	*end = v + 2;
}

/* "3/5 all, ", which only those rules have that an execution under --all has looked at. */
static void read_all(const char *v, struct cr_evidence *ev, const char **end)
{
	uint64_t seen, runs;

	if (!cr_value_number(v, UINT32_MAX, &seen, &v) || *v != '/' ||
	    !cr_value_number(v + 1, UINT32_MAX, &runs, &v) || strncmp(v, " all, ", 6) != 0 ||
	    seen > runs)
		return;
	ev->all_seen = (uint32_t)seen;
	ev->all_runs = (uint32_t)runs;
	*end = v + 6;
}

int cr_value_evidence(const char *value, struct cr_evidence *ev, const struct cr_where *at)
{
	const char *v = value;
	uint64_t n;

	memset(ev, 0, sizeof(*ev));
	if (!cr_value_number(v, UINT32_MAX, &n, &v))
		return bad_evidence(value, at);
	ev->seen = (uint32_t)n;
	ev->more = *v == '+';
	v += ev->more;
	if (strncmp(v, ", ", 2) != 0)
		return bad_evidence(value, at);
	v += 2;
	read_first(v, ev, &v);
	read_all(v, ev, &v);
	if (!cr_value_number(v, UINT64_MAX, &ev->calls, &v))
		return bad_evidence(value, at);
	if (strncmp(v, " call", 5) != 0)
		return bad_evidence(value, at);
	v += v[5] == 's' ? 6 : 5;
	if (!*v)
		return 0;
	if (strncmp(v, ", ", 2) != 0 || !v[2])
		return bad_evidence(value, at);
	return read_origin(v + 2, ev);
}

/* How much of @stack, in whole frames, fits into @max bytes once it is written. */
static size_t fitting(const char *stack, size_t max)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	const char *end, *from = stack;
	size_t fits = 0;

	for (;;) {
		end = strstr(from, " < ");
		if (!end)
			end = from + strlen(from);
		cr_value_escape(&b, stack + fits, (size_t)(end - stack) - fits, "");
		if (b.len > max)
			return fits;
		fits = (size_t)(end - stack);
		if (!*end)
			return fits;
		from = end + 3;
	}
}

#define CUT " < ..."

static void write_stack(const struct cr_evidence *ev, size_t room, struct cr_buf *out)
{
	size_t n = strlen(ev->stack);

	/* A coded byte takes three: most stacks fit without a closer look. */
	if (3 * n <= room || fitting(ev->stack, room) == n) {
		cr_value_escape(out, ev->stack, n, "");
		return;
	}
	n = room > strlen(CUT) ? fitting(ev->stack, room - strlen(CUT)) : 0;
	cr_value_escape(out, ev->stack, n, "");
	cr_buf_add(out, n ? CUT : "...");
}

void cr_value_evidence_text(const struct cr_evidence *ev, size_t max, struct cr_buf *out)
{
	cr_auto_buf struct cr_buf exe = CR_BUF_INIT;
	size_t start = out->len, used;

	cr_buf_addf(out, "\"%u%s, ", ev->seen, ev->more ? "+" : "");
	if (ev->first)
		cr_buf_addf(out, "first in %u, ", ev->first);
	if (ev->all_runs)
		cr_buf_addf(out, "%u/%u all, ", ev->all_seen, ev->all_runs);
	cr_buf_addf(out, "%llu call%s", (unsigned long long)ev->calls, ev->calls == 1 ? "" : "s");
	/* Blanks of a path are coded, so that ": " ends it. */
	if (ev->exe)
		cr_value_escape(&exe, ev->exe, strlen(ev->exe), " ");
	out->failed |= exe.failed;
	used = out->len - start + strlen(", ") + exe.len + strlen(": ...\"");
	if (used > max)
		cr_buf_clear(&exe);
	if (exe.len || (ev->stack && *ev->stack))
		cr_buf_addf(out, ", %s", exe.len && strcmp(exe.s, "?") != 0 ? exe.s : "?");
	if (ev->stack && *ev->stack) {
		cr_buf_add(out, ": ");
		used = out->len - start + 1;
		write_stack(ev, max > used ? max - used : 0, out);
	}
	cr_buf_add(out, "\"");
}
