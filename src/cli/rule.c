/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/ini.h"
#include "cr/names.h"
#include "cr/rule.h"

const char *cr_rule_origin(const struct cr_rule *r)
{
	if (r->base)
		return "base set";
	return cr_rule_learned(r) ? "learned" : "hand-written";
}

void cr_rule_seen(const struct cr_policy *p, const struct cr_rule *r, struct cr_buf *out)
{
	if (!cr_rule_learned(r))
		return;
	cr_buf_addf(out, "%u%s of %u", r->ev->seen, r->ev->more ? "+" : "", p->runs);
	if (r->ev->all_runs)
		cr_buf_addf(out, "; %u of %u --all", r->ev->all_seen, r->ev->all_runs);
}

/* Where the file of @r is: a base set's name is a name, or a path from the policy's directory. */
static void file_of(const struct cr_policy *p, const struct cr_rule *r, struct cr_buf *out)
{
	const char *slash = strrchr(p->path, '/');

	if (!r->base)
		cr_buf_add(out, p->path);
	else if (!strchr(r->base, '/') && cr_ini_base_path(r->base, out) < 0)
		cr_buf_clear(out);
	else if (strchr(r->base, '/') && r->base[0] != '/' && slash)
		cr_buf_addf(out, "%.*s%s", (int)(slash - p->path) + 1, p->path, r->base);
	else if (strchr(r->base, '/'))
		cr_buf_add(out, r->base);
}

/* "name = value # words": the words, or NULL. */
static const char *behind(const char *line)
{
	bool quoted = false;

	for (; *line; line++) {
		quoted ^= *line == '"';
		if (!quoted && (line[0] == ' ' || line[0] == '\t') &&
		    (line[1] == '#' || line[1] == ';'))
			return line + 2 + strspn(line + 2, " \t");
	}
	return NULL;
}

/* Keeps in @above the comment that stands above what comes next. A group of a base set has one
 * comment for all of its rules, up to a blank line. */
static void note_line(const char *line, bool group, bool *entries, struct cr_buf *above)
{
	line += strspn(line, " \t");
	if (*line == '#' || *line == ';') {
		if (*entries)
			cr_buf_clear(above);
		line += 1 + strspn(line + 1, " \t");
		cr_buf_addf(above, "%s%s", above->len ? " " : "", line);
		*entries = false;
	} else if (!*line || *line == '[' || !group) {
		cr_buf_clear(above);
		*entries = false;
	} else {
		*entries = true;
	}
}

void cr_rule_comment(const struct cr_policy *p, const struct cr_rule *r, struct cr_buf *out)
{
	cr_auto_buf struct cr_buf path = CR_BUF_INIT, above = CR_BUF_INIT;
	bool entries = false;
	char line[2048];
	unsigned int n;
	FILE *f;

	file_of(p, r, &path);
	f = path.len && r->line ? fopen(path.s, "re") : NULL;
	for (n = 1; f && fgets(line, sizeof(line), f); n++) {
		line[strcspn(line, "\r\n")] = '\0';
		if (n == r->line)
			break;
		note_line(line, r->base != NULL, &entries, &above);
	}
	if (f && n == r->line)
		cr_buf_add(out, behind(line) ? behind(line) : cr_buf_str(&above));
	if (f)
		fclose(f);
}

static int by_name(const void *pa, const void *pb)
{
	const struct cr_rule *a = *(const struct cr_rule *const *)pa;
	const struct cr_rule *b = *(const struct cr_rule *const *)pb;
	char na[CR_NAME_MAX], nb[CR_NAME_MAX];

	return strcmp(cr_nr_to_name(a->abi, a->nr, na), cr_nr_to_name(b->abi, b->nr, nb));
}

size_t cr_rule_list(const struct cr_policy *p, unsigned int window, enum cr_abi abi,
		    const struct cr_rule **list)
{
	size_t n = 0;
	uint32_t nr;

	for (nr = 0; nr < CR_NR_MAX; nr++) {
		list[n] = cr_policy_find_in(p, window, abi, nr);
		n += list[n] != NULL;
	}
	if (n)
		qsort(list, n, sizeof(*list), by_name);
	return n;
}

void cr_window_words(const struct cr_policy_window *w, struct cr_buf *out)
{
	if (w)
		cr_buf_addf(out, "inside %s%s%s%s", w->function, w->object ? " (" : "",
			    w->object ? w->object : "", w->object ? ")" : "");
	else
		cr_buf_add(out, "outside of windows");
}

const char *cr_fate_words(const struct cr_violation *v, bool one, char out[CR_FATE_MAX])
{
	const char *s = one ? "s" : "";
	char name[CR_NAME_MAX];

	switch (v->what) {
	case CR_ACT_LOG:
		snprintf(out, CR_FATE_MAX, "pass%s, and %s reported", one ? "es" : "",
			 one ? "is" : "are");
		return out;
	case CR_ACT_ASK:
		snprintf(out, CR_FATE_MAX, "make%s chestnut-run ask a person", s);
		return out;
	case CR_ACT_ERRNO:
		snprintf(out, CR_FATE_MAX, "fail%s with %s", s, cr_errno_name(v->err, name));
		return out;
	case CR_ACT_STOP:
		snprintf(out, CR_FATE_MAX, "stop%s the process, for a debugger", s);
		return out;
	case CR_ACT_KILL:
	case CR_ACT_NONE:
	case CR_ACT_ALLOW:
	case CR_ACT_NEVER:
		break;
	}
	snprintf(out, CR_FATE_MAX, "end%s the program", s);
	return out;
}

static void json_evidence(const struct cr_evidence *ev, struct cr_json *j, struct json_object *in)
{
	struct json_object *o;

	if (!ev) {
		cr_json_text(j, in, "evidence", NULL);
		return;
	}
	o = cr_json_object(j, in, "evidence");
	cr_json_count(j, o, "seen", ev->seen);
	cr_json_bool(j, o, "more", ev->more);
	cr_json_count(j, o, "first-in", ev->first);
	cr_json_count(j, o, "all-seen", ev->all_seen);
	cr_json_count(j, o, "all-executions", ev->all_runs);
	cr_json_count(j, o, "calls", ev->calls);
	cr_json_text(j, o, "executable", ev->exe);
	cr_json_text(j, o, "stack", ev->stack);
}

void cr_rule_json(const struct cr_rule *r, struct cr_json *j, struct json_object *in)
{
	struct json_object *o = cr_json_object(j, in, NULL);
	char name[CR_NAME_MAX], action[CR_ACTION_WORDS_MAX];

	cr_json_text(j, o, "abi", cr_abi_facts[r->abi].name);
	cr_json_text(j, o, "call", cr_nr_to_name(r->abi, r->nr, name));
	cr_json_count(j, o, "nr", r->nr);
	cr_json_text(j, o, "action", cr_action_words(r, action));
	cr_json_text(j, o, "origin", cr_rule_origin(r));
	cr_json_text(j, o, "base", r->base);
	cr_json_count(j, o, "line", r->line);
	json_evidence(cr_rule_learned(r) ? r->ev : NULL, j, o);
}
