/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <string.h>

#include "cr/ini.h"
#include "cr/merge.h"
#include "disk.h"
#include "includes.h"
#include "text.h"

struct merging {
	const struct cr_policy *const *in;
	size_t n;
	enum cr_prefer prefer;
	struct cr_merge *out;
	bool pin;		/* the order of the base sets does not tell what holds */
};

void cr_merge_fini(struct cr_merge *m)
{
	cr_policy_free(m->policy);
	free(m->conflicts);
	*m = (struct cr_merge){ NULL, NULL, 0, 0 };
}

static int conflict(struct merging *m, const struct cr_conflict *c)
{
	struct cr_conflict *grown = realloc(m->out->conflicts, (m->out->n + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	m->out->conflicts = grown;
	grown[m->out->n++] = *c;
	m->out->n_open += c->open;
	return 0;
}

/* Notes that inputs @a and @b disagree about a header, and gives the one that wins. */
static int settle(struct merging *m, struct cr_conflict *c, size_t a, size_t b, size_t *won)
{
	c->p[0] = m->in[a];
	c->p[1] = m->in[b];
	c->won = m->prefer == CR_PREFER_NONE ? -1 : m->prefer == CR_PREFER_LAST;
	*won = m->prefer == CR_PREFER_LAST ? b : a;
	return conflict(m, c);
}

static uint32_t sum32(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* Adds up; the first execution, and the first witness that is known, stay. */
static int add_evidence(struct cr_evidence *to, const struct cr_evidence *ev)
{
	to->seen = sum32(to->seen, ev->seen);
	to->more |= ev->more;
	to->all_runs = sum32(to->all_runs, ev->all_runs);
	to->all_seen = sum32(to->all_seen, ev->all_seen);
	to->calls = to->calls > UINT64_MAX - ev->calls ? UINT64_MAX : to->calls + ev->calls;
	if (to->exe || to->stack)
		return 0;
	to->exe = ev->exe ? strdup(ev->exe) : NULL;
	to->stack = ev->stack ? strdup(ev->stack) : NULL;
	return (ev->exe && !to->exe) || (ev->stack && !to->stack) ? -ENOMEM : 0;
}

/* What all inputs together say about one call. */
struct join {
	const struct cr_policy *p;	/* borrowed: whose rule it is */
	const struct cr_rule *rule;	/* borrowed; NULL: none has one */
	bool own;		/* some input has a rule of its own */
	bool differ;		/* they do not all say the same */
	bool by_hand;		/* an own rule of that action without evidence */
};

static bool same_action(const struct cr_rule *a, const struct cr_rule *b)
{
	return a->act == b->act && a->err == b->err;
}

static int join_rule(struct merging *m, struct join *j, const struct cr_policy *p,
		     const struct cr_rule *r)
{
	struct cr_conflict c = { .kind = CR_CONFLICT_RULE, .p = { j->p, p }, .r = { j->rule, r } };
	bool take = r->act > j->rule->act;

	if (same_action(j->rule, r))
		return 0;
	j->differ = true;
	if (r->act == j->rule->act) {	/* two errnos */
		c.open = m->prefer == CR_PREFER_NONE;
		take = m->prefer == CR_PREFER_LAST;
	}
	c.won = c.open ? -1 : take;
	if (take) {
		j->p = p;
		j->rule = r;
	}
	return conflict(m, &c);
}

static int join_all(struct merging *m, struct join *j, enum cr_abi abi, uint32_t nr)
{
	const struct cr_rule *r;
	size_t i;
	int rc = 0;

	*j = (struct join){ .rule = NULL };
	for (i = 0; i < m->n && rc == 0; i++) {
		r = cr_policy_find(m->in[i], abi, nr);
		if (!r)
			continue;
		j->own |= !r->base;
		if (j->rule)
			rc = join_rule(m, j, m->in[i], r);
		else
			*j = (struct join){ m->in[i], r, j->own, false, false };
	}
	for (i = 0; j->rule && i < m->n; i++) {
		r = cr_policy_own(m->in[i], abi, nr);
		j->by_hand |= r && same_action(r, j->rule) && !cr_rule_learned(r);
	}
	return rc;
}

/* Evidence counts for a rule that allows and that nobody has written by hand. The executions of the
 * inputs are taken one after the other. */
static int witness_all(const struct merging *m, const struct join *j, struct cr_rule *to)
{
	const struct cr_rule *r;
	struct cr_evidence ev;
	uint32_t before = 0;
	size_t i;
	int rc = 0;

	if (j->by_hand || j->rule->act != CR_ACT_ALLOW)
		return 0;
	for (i = 0; i < m->n && rc == 0; i++) {
		r = cr_policy_own(m->in[i], to->abi, to->nr);
		if (cr_rule_learned(r)) {
			ev = *r->ev;
			ev.first = ev.first ? sum32(before, ev.first) : 0;
			rc = to->ev ? add_evidence(to->ev, &ev) : cr_rule_witness(to, &ev);
		}
		before = sum32(before, m->in[i]->runs);
	}
	return rc;
}

/* A rule that only base sets have needs none here, as they are all included, in an order that
 * agrees with the inputs'; unless they differ, or there is no such order. */
static int merge_call(struct merging *m, enum cr_abi abi, uint32_t nr)
{
	struct cr_policy *p = m->out->policy;
	struct join j;
	int rc = join_all(m, &j, abi, nr);

	if (rc < 0 || !j.rule || !(j.own || j.differ || m->pin))
		return rc;
	rc = cr_policy_set(p, NULL, abi, nr, j.rule->act, j.rule->err);
	return rc < 0 ? rc : witness_all(m, &j, cr_policy_own(p, abi, nr));
}

/* The one value that all inputs with one agree on; none, and a note, when they do not. */
static int merge_text(struct merging *m, size_t member, struct cr_conflict *c, char **to)
{
	const char *got = NULL, *s;
	size_t i, from = 0;
	int rc = 0;

	for (i = 0; i < m->n && rc == 0; i++) {
		s = *(char *const *)((const char *)m->in[i] + member);
		if (!s || (got && strcmp(s, got) == 0))
			continue;
		if (got) {
			rc = settle(m, c, from, i, &from);
			if (m->prefer == CR_PREFER_NONE)
				return rc;
			s = *(char *const *)((const char *)m->in[from] + member);
		} else {
			from = i;
		}
		got = s;
	}
	if (rc < 0 || !got)
		return rc;
	*to = strdup(got);
	return *to ? 0 : -ENOMEM;
}

static int merge_mode(struct merging *m)
{
	struct cr_conflict c = { .kind = CR_CONFLICT_MODE, .open = m->prefer == CR_PREFER_NONE };
	size_t i, from = 0;
	int rc = 0;

	for (i = 1; i < m->n && rc == 0; i++) {
		if (m->in[i]->mode == CR_MODE_UNSET || m->in[i]->mode == m->in[from]->mode)
			continue;
		if (m->in[from]->mode == CR_MODE_UNSET)
			from = i;
		else
			rc = settle(m, &c, from, i, &from);
	}
	m->out->policy->mode = m->in[from]->mode;
	return rc;
}

static int merge_violation(struct merging *m)
{
	struct cr_conflict c = { .kind = CR_CONFLICT_VIOLATION,
				 .open = m->prefer == CR_PREFER_NONE };
	size_t i, from = 0;
	int rc = 0;

	for (i = 1; i < m->n && rc == 0; i++) {
		const struct cr_violation *a = &m->in[from]->violation, *b = &m->in[i]->violation;

		if (a->what != b->what || a->err != b->err)
			rc = settle(m, &c, from, i, &from);
	}
	m->out->policy->violation = m->in[from]->violation;
	return rc;
}

/* Header: why the lowest. */
static int merge_horizon(struct merging *m)
{
	struct cr_policy *to = m->out->policy;
	const struct cr_policy *low = NULL, *p;
	size_t i;

	for (i = 0; i < m->n; i++) {
		p = m->in[i];
		if (!p->horizon_nr || !p->horizon_kernel)
			continue;
		if (!low || p->horizon_nr < low->horizon_nr ||
		    (p->horizon_nr == low->horizon_nr &&
		     strverscmp(p->horizon_kernel, low->horizon_kernel) < 0))
			low = p;
	}
	if (!low)
		return 0;
	to->horizon_nr = low->horizon_nr;
	to->horizon_kernel = strdup(low->horizon_kernel);
	for (i = 0; i < to->n_own; i++)
		if (to->rules[i]->abi == CR_ABI_NATIVE && cr_rule_learned(to->rules[i]) &&
		    to->rules[i]->nr > to->horizon_nr)
			to->horizon_nr = to->rules[i]->nr;
	return to->horizon_kernel ? 0 : -ENOMEM;
}

static int merge_head(struct merging *m)
{
	struct cr_conflict program = { .kind = CR_CONFLICT_PROGRAM };
	struct cr_conflict build = { .kind = CR_CONFLICT_BUILD_ID };
	struct cr_policy *to = m->out->policy;
	size_t i;
	int rc = cr_includes_join(m->in, m->n, to);

	m->pin = rc > 0;
	for (i = 0; i < m->n; i++) {
		to->runs = sum32(to->runs, m->in[i]->runs);
		to->all_runs = sum32(to->all_runs, m->in[i]->all_runs);
		to->lost = sum32(to->lost, m->in[i]->lost);
	}
	if (rc >= 0)
		rc = merge_text(m, offsetof(struct cr_policy, program), &program, &to->program);
	if (rc == 0)
		rc = merge_text(m, offsetof(struct cr_policy, build_id), &build, &to->build_id);
	if (rc == 0)
		rc = merge_mode(m);
	return rc < 0 ? rc : merge_violation(m);
}

int cr_merge_policies(const struct cr_policy *const *in, size_t n, enum cr_prefer prefer,
		      struct cr_merge *out)
{
	struct merging m = { .in = in, .n = n, .prefer = prefer, .out = out };
	enum cr_abi abi;
	uint32_t nr;
	int rc;

	*out = (struct cr_merge){ .policy = cr_policy_new() };
	rc = out->policy ? merge_head(&m) : -ENOMEM;
	for (abi = 0; abi < CR_ABI_COUNT; abi++)
		for (nr = 0; nr < CR_NR_MAX && rc == 0; nr++)
			rc = merge_call(&m, abi, nr);
	if (rc == 0)
		rc = merge_horizon(&m);
	if (rc < 0)
		cr_merge_fini(out);
	return rc;
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* A learner may have written while we merged: what it saw must not be lost. */
static int unchanged(const struct cr_policy *like, const struct cr_buf *old, const char *path,
		     struct cr_err *err)
{
	cr_auto_buf struct cr_buf now = CR_BUF_INIT;
	struct stat st;
	int rc;

	if (!same_file(path, like->path))
		return 0;
	rc = cr_text_read(path, &now, &st, err);
	if (rc < 0 || (now.len == old->len && memcmp(cr_buf_str(&now), cr_buf_str(old),
						     now.len) == 0))
		return rc;
	cr_err_set(err, -EAGAIN, "%s has changed while it was being merged", path);
	cr_err_hint(err, "nothing was written; merge again");
	return -EAGAIN;
}

static int make_text(const struct cr_policy *p, const struct cr_buf *old, const char *shown,
		     struct cr_buf *text, struct cr_err *err)
{
	int rc = cr_ini_edit(cr_buf_str(old), old->len, p, text);

	return rc < 0 ? cr_err_sys(err, rc, "cannot write %s", shown) :
			cr_text_prove(shown, text, p, NULL, err);
}

int cr_merge_write(const struct cr_policy *p, const struct cr_policy *like, const char *path,
		   struct cr_buf *text, struct cr_err *err)
{
	const char *shown = path ? path : "the merged policy";
	struct cr_disk disk = { .dir = -1 };
	int rc;

	if (!like->source)
		return cr_err_sys(err, -ENOMEM, "cannot write %s", shown);
	rc = path ? cr_disk_lock(path, false, &disk, err) : 0;
	if (rc < 0)
		return rc;
	if (path)
		rc = unchanged(like, &like->source->text, path, err);
	if (rc == 0)
		rc = make_text(p, &like->source->text, shown, text, err);
	if (rc == 0 && path)
		rc = cr_disk_write(&disk, cr_buf_str(text), text->len, err);
	if (path)
		cr_disk_unlock(&disk);
	return rc;
}
