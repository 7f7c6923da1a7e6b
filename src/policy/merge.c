/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

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
	/* Which window of each input is being merged, and as which one of the result. */
	unsigned int *window;	/* owned; 0: outside; NOWHERE: that input has it not */
	unsigned int to;
};

#define NOWHERE (CR_WINDOW_NR_MAX + 1)

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
	size_t from;		/* the input whose rule it is */
	const struct cr_rule *rule;	/* borrowed; NULL: none has one */
	struct cr_rule says;		/* what they say together; its condition is owned */
	bool own;		/* some input has a rule of its own */
	bool differ;		/* they do not all say the same */
	bool by_hand;		/* an own rule of that action without evidence */
};

/* The same action, on the same or another condition. */
static bool same_action(const struct cr_rule *a, const struct cr_rule *b)
{
	return a->act == b->act && a->err == b->err && a->other == b->other &&
	       a->other_err == b->other_err;
}

/* Rule @r of input @from wins. */
static int take_rule(struct join *j, size_t from, const struct cr_rule *r)
{
	struct cr_conds *cond = r->cond ? cr_conds_copy(r->cond) : NULL;

	if (r->cond && !cond)
		return -ENOMEM;
	cr_conds_free(j->says.cond);
	j->from = from;
	j->rule = r;
	j->says = *r;
	j->says.cond = cond;
	return 0;
}

/* What one of them allows, or denies, on a condition, both do together. */
static int join_conditions(struct join *j, const struct cr_rule *r)
{
	int rc = 0;

	if (cr_conds_equal(j->says.cond, r->cond))
		return 0;
	j->differ = true;
	if (j->says.cond && r->cond)
		rc = cr_conds_join(&j->says.cond, r->cond);
	if (rc < 0 || (j->says.cond && r->cond && !cr_conds_always(j->says.cond)))
		return rc;
	cr_conds_free(j->says.cond);
	j->says.cond = NULL;
	j->says.other = CR_ACT_NONE;
	j->says.other_err = 0;
	return 0;
}

static const struct cr_policy_window *window_in(const struct merging *m, size_t i)
{
	return cr_policy_window(m->in[i], m->window[i]);
}

static struct cr_rule *own_in(const struct merging *m, size_t i, enum cr_abi abi, uint32_t nr)
{
	return cr_policy_own_in(m->in[i], m->window[i], abi, nr);
}

/* By what it does: a violation is what the policy says of it, which has been settled before. "kill"
 * is so whatever a run's command line says. */
static int strictness(const struct merging *m, enum cr_action act)
{
	bool never = act == CR_ACT_NEVER;

	if (act == CR_ACT_KILL)
		return 2 * CR_ACT_KILL + 2;
	return 2 * (int)cr_violation_act(&m->out->policy->violation, act) + never;
}

/* Rule @r of input @i joins the others'. */
static int join_rule(struct merging *m, struct join *j, size_t i, const struct cr_rule *r)
{
	struct cr_conflict c = {
		.kind = CR_CONFLICT_RULE, .p = { m->in[j->from], m->in[i] }, .r = { j->rule, r },
		.w = { window_in(m, j->from), window_in(m, i) },
	};
	bool take = strictness(m, r->act) > strictness(m, j->rule->act);
	int rc;

	if (same_action(&j->says, r) || (r->act == j->says.act && r->err == j->says.err &&
					 !(r->cond && j->says.cond)))
		return join_conditions(j, r);
	j->differ = true;
	if (r->act == j->rule->act) {	/* two errnos, or something else where it does not hold */
		c.open = m->prefer == CR_PREFER_NONE;
		take = m->prefer == CR_PREFER_LAST;
	}
	c.won = c.open ? -1 : take;
	rc = take ? take_rule(j, i, r) : 0;
	return rc < 0 ? rc : conflict(m, &c);
}

static int join_all(struct merging *m, struct join *j, enum cr_abi abi, uint32_t nr)
{
	const struct cr_rule *r;
	size_t i;
	int rc = 0;

	*j = (struct join){ .rule = NULL };
	for (i = 0; i < m->n && rc == 0; i++) {
		r = cr_policy_find_in(m->in[i], m->window[i], abi, nr);
		if (!r)
			continue;
		j->own |= !r->base;
		rc = j->rule ? join_rule(m, j, i, r) : take_rule(j, i, r);
	}
	for (i = 0; j->rule && i < m->n; i++) {
		r = own_in(m, i, abi, nr);
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
		r = own_in(m, i, to->abi, to->nr);
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

	if (rc == 0 && j.rule && (j.own || j.differ || m->pin)) {
		rc = cr_policy_put_in(p, m->to, &j.says);
		if (rc == 0)
			rc = witness_all(m, &j, cr_policy_own_in(p, m->to, abi, nr));
	}
	cr_conds_free(j.says.cond);
	return rc;
}

static int merge_calls(struct merging *m)
{
	enum cr_abi abi;
	uint32_t nr;
	int rc = 0;

	for (abi = 0; abi < CR_ABI_COUNT; abi++)
		for (nr = 0; nr < CR_NR_MAX && rc == 0; nr++)
			rc = merge_call(m, abi, nr);
	return rc;
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

static void raise_horizon(struct cr_policy *p, unsigned int window)
{
	struct cr_rule *const *rules;
	size_t i, n;

	rules = cr_policy_rules_in(p, window, &n);
	for (i = 0; i < n; i++)
		if (rules[i]->abi == CR_ABI_NATIVE && cr_rule_learned(rules[i]) &&
		    rules[i]->nr > p->horizon_nr)
			p->horizon_nr = rules[i]->nr;
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
	raise_horizon(to, 0);
	for (i = 0; i < to->n_windows; i++)
		raise_horizon(to, to->windows[i]->number);
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

/* @w, in the first input @i that has it, and all others of the same function. */
static int merge_window(struct merging *m, size_t i, const struct cr_policy_window *w)
{
	struct cr_window_name name = { w->function, w->object, w->scope };
	struct cr_conflict c = { .kind = CR_CONFLICT_SCOPE, .open = m->prefer == CR_PREFER_NONE };
	size_t k, from = i;
	int rc = 0;

	for (k = 0; k < m->n; k++) {
		m->window[k] = cr_policy_window_find(m->in[k], w->object, w->function);
		if (!m->window[k])
			m->window[k] = NOWHERE;
	}
	for (k = i + 1; k < m->n && rc == 0; k++) {
		c.w[0] = window_in(m, from);
		c.w[1] = window_in(m, k);
		if (c.w[1] && c.w[0]->scope != c.w[1]->scope)
			rc = settle(m, &c, from, k, &from);
	}
	if (rc < 0)
		return rc;
	name.scope = window_in(m, from)->scope;
	rc = cr_policy_window_add(m->out->policy, w->number, &name);
	if (rc == -EEXIST)
		rc = cr_policy_window_add(m->out->policy, 0, &name);
	if (rc < 0)
		return rc;
	m->to = (unsigned int)rc;
	return merge_calls(m);
}

static int merge_windows(struct merging *m)
{
	const struct cr_policy_window *w;
	size_t i, k;
	int rc = 0;

	m->out->policy->outside_any = true;
	for (i = 0; i < m->n; i++) {
		m->out->policy->outside_any &= m->in[i]->outside_any;
		m->out->policy->args_any |= m->in[i]->args_any;
		for (k = 0; k < m->in[i]->n_windows && rc == 0; k++) {
			w = m->in[i]->windows[k];
			if (!cr_policy_window_find(m->out->policy, w->object, w->function))
				rc = merge_window(m, i, w);
		}
	}
	return rc;
}

int cr_merge_policies(const struct cr_policy *const *in, size_t n, enum cr_prefer prefer,
		      struct cr_merge *out)
{
	struct merging m = { .in = in, .n = n, .prefer = prefer, .out = out };
	int rc;

	*out = (struct cr_merge){ .policy = cr_policy_new() };
	m.window = calloc(n, sizeof(*m.window));
	rc = out->policy && m.window ? merge_head(&m) : -ENOMEM;
	if (rc == 0)
		rc = merge_calls(&m);
	if (rc == 0)
		rc = merge_windows(&m);
	if (rc == 0)
		rc = merge_horizon(&m);
	free(m.window);
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

static int by_number(const void *a, const void *b)
{
	const struct cr_policy_window *x = *(struct cr_policy_window *const *)a;
	const struct cr_policy_window *y = *(struct cr_policy_window *const *)b;

	return (x->number > y->number) - (x->number < y->number);
}

static void sort_windows(struct cr_policy *p)
{
	if (p->n_windows > 1)
		qsort(p->windows, p->n_windows, sizeof(*p->windows), by_number);
}

/* Each window gets the number that @like has for its function; those that @like lacks keep theirs
 * where they can, and come behind all others else. */
static void renumber(struct cr_policy *p, const struct cr_policy *like)
{
	unsigned int next = like->n_windows ? like->windows[like->n_windows - 1]->number + 1 : 1;
	size_t i;

	if (p->n_windows && p->windows[p->n_windows - 1]->number >= next)
		next = p->windows[p->n_windows - 1]->number + 1;
	for (i = 0; i < p->n_windows; i++) {
		struct cr_policy_window *w = p->windows[i];
		unsigned int had = cr_policy_window_find(like, w->object, w->function);

		if (had)
			w->number = had;
		else if (cr_policy_window(like, w->number))
			w->number = next++;
	}
	sort_windows(p);
}

static int make_text(const struct cr_policy *p, const struct cr_buf *old, const char *shown,
		     struct cr_buf *text, struct cr_err *err)
{
	int rc = cr_ini_edit(cr_buf_str(old), old->len, p, text);

	return rc < 0 ? cr_err_sys(err, rc, "cannot write %s", shown) :
			cr_text_prove(shown, text, p, NULL, err);
}

int cr_merge_write(struct cr_policy *p, const struct cr_policy *like, const char *path,
		   struct cr_buf *text, struct cr_err *err)
{
	const char *shown = path ? path : "the merged policy";
	struct cr_disk disk = { .dir = -1 };
	int rc;

	if (!like->source)
		return cr_err_sys(err, -ENOMEM, "cannot write %s", shown);
	renumber(p, like);
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
