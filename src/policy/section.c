/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "scan.h"
#include "value.h"

/* [syscalls i386] of window 3 is [window 3 i386]: each has a name outside and one in a window. */
static const struct {
	const char *outside;
	const char *inside;	/* behind "window N"; NULL: there is no such section */
} names[CR_SEC_COUNT] = {
	[CR_SEC_NONE] = { "", NULL },
	[CR_SEC_POLICY] = { "policy", NULL },
	[CR_SEC_WINDOW] = { NULL, NULL },
	[CR_SEC_SYSCALLS + CR_ABI_X86_64] = { "syscalls", "" },
	[CR_SEC_SYSCALLS + CR_ABI_I386] = { "syscalls i386", " i386" },
	[CR_SEC_SYSCALLS + CR_ABI_X32] = { "syscalls x32", " x32" },
	[CR_SEC_EVIDENCE + CR_ABI_X86_64] = { "evidence", " evidence" },
	[CR_SEC_EVIDENCE + CR_ABI_I386] = { "evidence i386", " evidence i386" },
	[CR_SEC_EVIDENCE + CR_ABI_X32] = { "evidence x32", " evidence x32" },
};

const char *const cr_window_key_names[CR_WINDOW_KEY_COUNT] = {
	[CR_WINDOW_FUNCTION] = "function",
	[CR_WINDOW_OBJECT] = "object",
	[CR_WINDOW_SCOPE] = "scope",
};

const char *cr_section_name(unsigned int window, enum cr_section sec, char out[CR_SECTION_MAX])
{
	const char *inside;

	/* What stands in the head of [window N] stands in that section. */
	inside = sec == CR_SEC_WINDOW ? "" : names[sec].inside;
	if (window)
		snprintf(out, CR_SECTION_MAX, "window %u%s", window, inside ? inside : "");
	else
		snprintf(out, CR_SECTION_MAX, "%s", names[sec].outside ? names[sec].outside : "");
	return out;
}

static bool is(struct cr_span t, const char *word)
{
	return word && strlen(word) == t.len && memcmp(t.s, word, t.len) == 0;
}

/* "window 3 i386": exactly one blank each and no leading zeros, so that no window has two names. */
static int read_window(struct cr_span name, struct cr_heading *at)
{
	char text[CR_SECTION_MAX];
	const char *end;
	uint64_t n;
	int i;

	if (name.len >= sizeof(text))
		return -ENOENT;
	memcpy(text, name.s, name.len);
	text[name.len] = '\0';
	if (!cr_value_number(text + strlen("window "), UINT32_MAX, &n, &end))
		return -ENOENT;
	if (n < 1 || n > CR_WINDOW_NR_MAX || text[strlen("window ")] == '0')
		return -ERANGE;
	for (i = CR_SEC_SYSCALLS; i < CR_SEC_COUNT; i++) {
		if (strcmp(end, names[i].inside) != 0)
			continue;
		*at = (struct cr_heading){ (unsigned int)n, (enum cr_section)i };
		return 0;
	}
	return -ENOENT;
}

static int read_name(struct cr_span name, struct cr_heading *at)
{
	int i;

	for (i = CR_SEC_POLICY; i < CR_SEC_COUNT; i++) {
		if (!is(name, names[i].outside))
			continue;
		*at = (struct cr_heading){ 0, (enum cr_section)i };
		return 0;
	}
	if (name.len > 7 && memcmp(name.s, "window ", 7) == 0)
		return read_window(name, at);
	return -ENOENT;
}

static bool begins(struct cr_span name, const char *word)
{
	return name.len >= strlen(word) && strncasecmp(name.s, word, strlen(word)) == 0;
}

static int unknown(struct cr_span name, const struct cr_where *where)
{
	int rc, i;

	if (begins(name, "phase")) {
		rc = cr_wrong(where, "sections like [%.*s] are not supported yet", (int)name.len,
			      name.s);
		cr_err_hint(where->err, "phases are reserved for a later version");
		return rc;
	}
	rc = cr_wrong(where, "no section is called [%.*s]", (int)name.len, name.s);
	cr_err_hint(
		where->err,
		"there are [policy], [syscalls], [evidence], and the last two with i386 or x32");
	if (begins(name, "window"))
		cr_err_hint(where->err, "of window 1, for one, there may be [window 1], [window 1 "
			    "evidence], and both with i386 or x32 at the end");
	for (i = CR_SEC_POLICY; i < CR_SEC_COUNT; i++)
		if (names[i].outside && strlen(names[i].outside) == name.len &&
		    strncasecmp(names[i].outside, name.s, name.len) == 0)
			cr_err_hint(where->err, "section names are in lower case: [%s]",
				    names[i].outside);
	return rc;
}

int cr_section_read(struct cr_span name, struct cr_heading *at, const struct cr_where *where)
{
	int rc = read_name(name, at);

	if (rc == -ENOENT)
		return unknown(name, where);
	if (rc == -ERANGE) {
		rc = cr_wrong(where, "no window has the number of [%.*s]", (int)name.len, name.s);
		cr_err_hint(where->err, "windows are numbered from 1 to %u, without zeros in "
			    "front", CR_WINDOW_NR_MAX);
	}
	return rc;
}
