/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cr/add.h"
#include "cr/ini.h"
#include "cr/names.h"
#include "disk.h"
#include "text.h"

#define NOTE_COLUMN 32

/* Which rules are new, so that their lines get a note. */
struct fresh {
	bool rule[CR_ABI_COUNT][CR_NR_MAX];
};

static int add_rule(struct cr_policy *p, const struct cr_rule *rule, struct cr_added *add,
		    struct fresh *fresh)
{
	const struct cr_rule *have = cr_policy_find(p, rule->abi, rule->nr);
	char name[CR_NAME_MAX];

	if (have && !cr_rule_same(have, rule))
		cr_buf_addf(&add->conflicts, "%s (%s) has another rule%s%s: that one stays\n",
			    cr_nr_to_name(rule->abi, rule->nr, name), cr_abi_facts[rule->abi].name,
			    have->base ? " in " : "", have->base ? have->base : "");
	else if (have)
		add->known++;
	if (have)
		return 0;
	fresh->rule[rule->abi][rule->nr] = true;
	add->rules++;
	return cr_policy_put(p, NULL, rule);
}

static int add_rules(struct cr_policy *p, struct cr_added *add, struct fresh *fresh)
{
	size_t i;
	int rc = 0;

	add->rules = add->known = 0;
	for (i = 0; rc == 0 && i < add->from->n_own; i++)
		rc = add_rule(p, add->from->rules[i], add, fresh);
	return rc;
}

/* The note of an entry's line, or NULL. */
static const char *note_of(const struct cr_line *l, const struct cr_added *add,
			   const struct fresh *fresh)
{
	enum cr_abi abi;

	if (l->kind != CR_LINE_ENTRY || l->window || !cr_section_of_calls(l->section) ||
	    cr_section_is_evidence(l->section) || l->nr < 0)
		return NULL;
	abi = cr_section_abi(l->section);
	return fresh->rule[abi][l->nr] ? add->note[abi][l->nr] : NULL;
}

/* @text again, each new rule with its note behind it. */
static int annotate(const char *path, const struct cr_buf *text, const struct cr_added *add,
		    const struct fresh *fresh, struct cr_buf *out)
{
	struct cr_scan s;
	const char *note;
	size_t i, end;
	int rc = cr_scan_text(path, cr_buf_str(text), text->len, &s, NULL);

	if (rc < 0)
		return rc;
	for (i = 0; i < s.n; i++) {
		const struct cr_span *t = &s.lines[i].text;

		note = note_of(&s.lines[i], add, fresh);
		for (end = t->len; end && strchr("\r\n", t->s[end - 1]); end--)
			;
		cr_buf_addn(out, t->s, end);
		if (note && end + strlen(note) + NOTE_COLUMN < CR_LINE_MAX)
			cr_buf_addf(out, "%*s# %s",
				    end + 1 < NOTE_COLUMN ? (int)(NOTE_COLUMN - end) : 1, "", note);
		cr_buf_addn(out, t->s + end, t->len - end);
	}
	cr_scan_fini(&s);
	return cr_buf_ok(out) ? 0 : -ENOMEM;
}

/* @p is @old's policy, and becomes @out's. */
static int grow(const char *path, const struct cr_buf *old, struct cr_policy *p,
		struct cr_added *add, struct cr_buf *out, struct cr_err *err)
{
	cr_auto_buf struct cr_buf plain = CR_BUF_INIT;
	cr_auto_free struct fresh *fresh = calloc(1, sizeof(*fresh));
	int rc = fresh ? add_rules(p, add, fresh) : -ENOMEM;

	if (rc == 0)
		rc = cr_ini_edit(cr_buf_str(old), old->len, p, &plain);
	if (rc == 0)
		rc = annotate(path, &plain, add, fresh, out);
	if (rc == 0 && !cr_buf_ok(&add->conflicts))
		rc = -ENOMEM;
	if (rc < 0)
		return cr_err_sys(err, rc, "cannot write %s", path);
	return cr_text_prove(path, out, p, NULL, err);
}

/* The head of a new file. */
static struct cr_policy *new_policy(const struct cr_policy *from)
{
	struct cr_policy *p = cr_policy_new();

	if (p) {
		p->mode = from->mode;
		p->violation = from->violation;
	}
	return p;
}

int cr_add_text(const char *path, struct cr_added *add, struct cr_buf *out, struct cr_err *err)
{
	const struct cr_buf empty = CR_BUF_INIT;
	struct cr_policy *p = new_policy(add->from);
	int rc = p ? grow(path, &empty, p, add, out, err) :
		     cr_err_sys(err, -ENOMEM, "cannot write %s", path);

	cr_policy_free(p);
	return rc;
}

int cr_add_file(const char *path, struct cr_added *add, struct cr_err *err)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT, out = CR_BUF_INIT;
	struct cr_policy *p = NULL;
	struct cr_disk disk;
	struct stat st;
	int rc = cr_disk_lock(path, false, &disk, err);

	if (rc < 0)
		return rc;
	rc = cr_text_read(path, &text, &st, err);
	if (rc == 0)
		rc = cr_ini_parse(path, cr_buf_str(&text), text.len, &p, err);
	else if (rc == -ENOENT)
		rc = (p = new_policy(add->from)) ? 0 : -ENOMEM;
	if (rc == 0)
		rc = grow(path, &text, p, add, &out, err);
	if (rc == 0 && (add->rules || !text.len))
		rc = cr_disk_write(&disk, out.s, out.len, err);
	cr_disk_unlock(&disk);
	cr_policy_free(p);
	return rc;
}
