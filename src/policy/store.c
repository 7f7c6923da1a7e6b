/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "cr/ini.h"
#include "store-int.h"
#include "value.h"

/* @to, when it is not set yet, gets a copy of @from. */
static int copy_text(char **to, const char *from)
{
	if (!from || *to)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

static struct cr_policy *seeded(const char *path, const struct cr_store_seed *seed)
{
	struct cr_policy *p = cr_policy_new();

	if (!p)
		return NULL;
	p->mode = CR_MODE_LEARN;
	if (seed && seed->violation)
		p->violation = *seed->violation;
	p->outside_any = seed && seed->outside_any;
	p->args_any = seed && seed->args_any;
	if (seed && seed->include)
		p->include = calloc(1, sizeof(*p->include));
	if (copy_text(&p->path, path) < 0 ||
	    copy_text(&p->program, seed ? seed->program : NULL) < 0 ||
	    copy_text(&p->build_id, seed ? seed->build_id : NULL) < 0)
		goto fail;
	if (seed && seed->include) {
		if (!p->include || copy_text(&p->include[0], seed->include) < 0)
			goto fail;
		p->n_include = 1;
	}
	return p;
fail:
	cr_policy_free(p);
	return NULL;
}

int cr_store_begin(const char *path, const struct cr_store_seed *seed, bool all,
		   struct cr_store **store, struct cr_err *err)
{
	struct cr_store *s = calloc(1, sizeof(*s));
	int rc = -ENOMEM;

	if (s) {
		s->all = all;
		s->path = strdup(path);
		s->loaded = seed ? seed->loaded : NULL;
		s->seed = seeded(path, seed);
	}
	if (!s || !s->path || !s->seed)
		cr_err_sys(err, rc, "cannot write %s", path);
	else
		rc = cr_store_first(s, err);
	if (s)
		s->loaded = NULL;
	if (rc < 0)
		cr_store_free(s);
	else
		*store = s;
	return rc;
}

const struct cr_policy *cr_store_policy(const struct cr_store *s)
{
	return s->policy;
}

/* The windows that the run has not been told of leave it again. */
static void untell(struct cr_store *s)
{
	while (s->seen.n_windows && !s->seen.windows[s->seen.n_windows - 1].told)
		cr_seen_unname(&s->seen, s->policy);
}

static int name_windows(struct cr_store *s, const struct cr_window_name *names, size_t n,
			struct cr_err *err)
{
	struct cr_seen_window *w;
	bool missing = false;
	size_t i;
	int rc;

	for (i = 0; i < n; i++) {
		rc = cr_value_window_check(&names[i], err);
		if (rc < 0)
			return rc;
		w = cr_seen_name(&s->seen, &names[i], s->policy);
		if (!w)
			return cr_err_sys(err, -ENOMEM, "cannot write %s", s->path);
		w->wanted = !w->now;
		missing |= w->wanted;
	}
	return missing ? cr_store_commit(s, err) : 0;
}

int cr_store_windows(struct cr_store *s, const struct cr_window_name *names, size_t n,
		     unsigned int *numbers, struct cr_err *err)
{
	struct cr_seen_window *w;
	size_t i;
	int rc = name_windows(s, names, n, err);

	if (rc < 0) {
		untell(s);
		return rc;
	}
	for (i = 0; i < n; i++) {
		w = cr_seen_name(&s->seen, &names[i], s->policy);
		if (!w)
			return -ENOMEM;		/* not so: they are all there */
		if (!w->told && s->all)
			cr_seen_old(&s->seen, w->number, s->policy);
		w->told = true;
		numbers[i] = w->number;
	}
	return 0;
}

int cr_store_window(struct cr_store *s, const struct cr_window_name *name, struct cr_err *err)
{
	unsigned int number;
	int rc = cr_store_windows(s, name, 1, &number, err);

	return rc < 0 ? rc : (int)number;
}

const struct cr_rule *cr_store_find(const struct cr_store *s, unsigned int window,
				    enum cr_abi abi, uint32_t nr)
{
	int now = cr_seen_now(&s->seen, window);

	return now < 0 ? NULL : cr_policy_find_in(s->policy, (unsigned int)now, abi, nr);
}

const struct cr_policy_window *cr_store_place(const struct cr_store *s, unsigned int window)
{
	int now = cr_seen_now(&s->seen, window);

	return now > 0 ? cr_policy_window(s->policy, (unsigned int)now) : NULL;
}

static int check_call(const struct cr_store *s, unsigned int window, uint32_t nr,
		      struct cr_err *err)
{
	struct cr_seen_window *w = cr_seen_window(&s->seen, window);

	if (nr >= CR_NR_MAX)
		return cr_err_set(err, -EINVAL, "a policy cannot hold call number %u", nr);
	if (window && !w)
		return cr_err_set(err, -EINVAL, "there is no window %u to learn in", window);
	if (w)
		w->entered = true;
	return 0;
}

int cr_store_note(struct cr_store *s, unsigned int window, enum cr_abi abi, uint32_t nr,
		  const char *exe, const char *stack, struct cr_err *err)
{
	const struct cr_rule *r;
	struct cr_seen_call *c;
	bool known;
	int rc = check_call(s, window, nr, err);

	if (rc < 0)
		return rc;
	r = cr_store_find(s, window, abi, nr);
	known = r && (!r->base || r->act != CR_ACT_ALLOW || r->other != CR_ACT_NONE);
	c = cr_seen_call(&s->seen, window, abi, nr);
	if (!c || (!known && (copy_text(&c->exe, exe) < 0 || copy_text(&c->stack, stack) < 0)))
		return cr_err_sys(err, -ENOMEM, "cannot write %s", s->path);
	c->seen = true;
	if (!c->calls)
		c->calls = 1;
	if (!known)
		c->seen_saved = false;	/* a person has deleted it since; it is made all the same */
	return !known;
}

int cr_store_saw(struct cr_store *s, unsigned int window, enum cr_abi abi, uint32_t nr,
		 const char *exe, const char *stack, struct cr_err *err)
{
	int fresh = cr_store_note(s, window, abi, nr, exe, stack, err);
	int rc = fresh > 0 ? cr_store_commit(s, err) : 0;

	return rc < 0 ? rc : fresh;
}

/* May learning make @r true of @args? */
static int may_widen(const struct cr_rule *r, const struct cr_seen_call *c,
		     const uint64_t args[6], bool any)
{
	struct cr_conds *copy = NULL, *seen = NULL;
	int rc;

	if (!cr_rule_learned(r))
		return -EPERM;
	if (any)
		return 0;
	rc = cr_conds_seen(c->abi, c->nr, args, &seen);
	if (rc == 0) {
		copy = cr_conds_copy(r->cond);
		rc = copy ? cr_conds_learn(c->abi, c->nr, &copy, seen) : -ENOMEM;
	}
	cr_conds_free(copy);
	cr_conds_free(seen);
	return rc == -ENOENT ? -EPERM : rc < 0 ? rc : 0;
}

int cr_store_args(struct cr_store *s, unsigned int window, const struct cr_call *call, bool any,
		  struct cr_err *err)
{
	const struct cr_rule *r = cr_store_find(s, window, call->abi, call->nr);
	struct cr_seen_call *c = cr_seen_call(&s->seen, window, call->abi, call->nr);
	int ignored, rc = c ? 0 : -ENOMEM;

	if (rc == 0 && r && !r->base) {
		if (!r->cond || cr_rule_action(r, call->args, &ignored) == CR_ACT_ALLOW)
			return 0;
		rc = may_widen(r, c, call->args, any);
	}
	if (rc == 0)
		rc = cr_seen_args(c, call->args, any);
	if (rc == -EPERM)
		return cr_err_set(err, rc, "the policy does not allow this");
	if (rc == -ENOMEM)
		return cr_err_sys(err, rc, "cannot write %s", s->path);
	return rc == 0;
}

void cr_store_count(struct cr_store *s, unsigned int window, enum cr_abi abi, uint32_t nr,
		    uint64_t calls)
{
	struct cr_seen_call *c = nr < CR_NR_MAX ? cr_seen_call(&s->seen, window, abi, nr) : NULL;

	if (c && calls > c->calls)
		c->calls = calls;
}

void cr_store_confirmed(struct cr_store *s, uint32_t confirm)
{
	struct cr_seen_call *c;
	size_t i;

	for (i = 0; i < s->policy->n_own && !s->all; i++) {
		const struct cr_rule *r = s->policy->rules[i];

		if (!cr_rule_learned(r) || r->ev->more || !cr_rule_confirmed(r, true, confirm))
			continue;
		c = cr_seen_call(&s->seen, 0, r->abi, r->nr);
		if (c)
			c->more = true;
	}
}

bool cr_store_all(const struct cr_store *s)
{
	return s->all;
}

void cr_store_watched(struct cr_store *s)
{
	s->watched = s->all;
}

/* Has the file a use for this? The counts of a hand-written rule are nobody's. */
static bool wanted(const struct cr_store *s, const struct cr_seen_call *c)
{
	const struct cr_rule *r = cr_store_find(s, c->window, c->abi, c->nr);

	if (!cr_seen_pending(c))
		return false;
	if (!s->fresh || cr_rule_learned(r))
		return true;
	return c->seen && !c->seen_saved &&
	       (!r || (r->base && r->act == CR_ACT_ALLOW && r->other == CR_ACT_NONE));
}

void cr_store_lost(struct cr_store *s, uint64_t events)
{
	s->lost = events > UINT32_MAX ? UINT32_MAX : (uint32_t)events;
}

int cr_store_save(struct cr_store *s, struct cr_err *err)
{
	const struct cr_seen_call *c;

	if ((s->watched && !s->watched_saved) || s->lost != s->lost_saved)
		return cr_store_commit(s, err);
	for (c = s->seen.calls; c; c = c->next)
		if (wanted(s, c))
			return cr_store_commit(s, err);
	return 0;
}

unsigned int cr_store_unsaved(const struct cr_store *s)
{
	const struct cr_seen_call *c;
	unsigned int n = 0;

	if (s->fresh)
		return 0;
	for (c = s->seen.calls; c; c = c->next)
		n += c->seen && !c->seen_saved;
	return n;
}

void cr_store_free(struct cr_store *s)
{
	if (!s)
		return;
	cr_seen_fini(&s->seen);
	cr_buf_fini(&s->text);
	cr_policy_free(s->policy);
	cr_policy_free(s->seed);
	free(s->path);
	free(s);
}
