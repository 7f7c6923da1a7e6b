/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#define CR_LOG_DOMAIN "learn"
#include "cr/buf.h"
#include "cr/learn.h"
#include "cr/log.h"
#include "cr/names.h"
#include "cr/tally.h"

#define MEANT_MAX 64u

/* What a clone3 was made as, while the policy says nothing of clone in that place. */
struct meant {
	struct cr_call call;
	unsigned int window;
};

struct cr_learn {
	struct cr_judge judge;
	struct cr_store *store;		/* borrowed: from the caller, for our life */
	bool windows_only;
	bool any_args;
	struct cr_tally made;		/* how often each call was seen in this run */
	struct cr_tally refused;	/* those that the policy denies: told once */
	struct cr_tally widened;
	struct meant meant[MEANT_MAX];
	size_t n_meant;
	struct cr_learned sum;
	struct cr_buf unused;
	bool pending;			/* counts have changed since the last save */
	bool complained;		/* a save has failed, and a person was told */
};

static void complain(struct cr_learn *l, const struct cr_err *err)
{
	if (!l->complained)
		cr_log_err(err);
	l->complained = true;
}

/* One call, in one of the places that it belongs to. */
struct deed {
	const struct cr_call *call;
	const struct cr_site *site;
	unsigned int window;	/* 0: outside */
	/* Asked for once, however many windows are open. Borrowed from the site; NULL: not yet. */
	const char *exe;
	const char *stack;
	unsigned int fresh;	/* in how many places it is new */
	unsigned int widened;	/* in how many it has new arguments */
};

static void forbidden(struct cr_learn *l, const struct cr_rule *rule, const struct deed *d)
{
	const struct cr_policy_window *w = cr_store_place(l->store, d->window);
	cr_auto_buf struct cr_buf why = CR_BUF_INIT, ignored = CR_BUF_INIT;
	char name[CR_NAME_MAX];

	if (cr_tally_add(&l->refused, d->window, rule->abi, rule->nr) > 0)
		return;
	l->sum.forbidden++;
	cr_warn("%s (%s) was called by process %d (%s) at %s",
		cr_nr_to_name(rule->abi, rule->nr, name), cr_abi_facts[rule->abi].name,
		(int)d->site->pid, d->site->exe(d->site), d->site->stack(d->site));
	if (rule->cond && !cr_conds_hold(rule->cond, d->call->args) &&
	    cr_conds_explain(rule->abi, rule->nr, rule->cond, d->call->args, &why, &ignored) == 0)
		cr_warn("%s", cr_buf_str(&why));
	cr_warn("the policy %s %s%s%s at line %u: it was let through, and not learned",
		cr_rule_says(rule, CR_ACT_ASK) ? "asks about" : "denies", name,
		w ? " inside " : "", w ? w->function : "", rule->line);
}

/* With which arguments: learned, unless a person has said which ones may be. */
static void learn_args(struct cr_learn *l, const struct cr_rule *rule, struct deed *d)
{
	bool any = l->any_args || cr_store_policy(l->store)->args_any;
	struct cr_err err = { "", "" };
	int rc = cr_store_args(l->store, d->window, d->call, any, &err);

	if (rc == -EPERM) {
		forbidden(l, rule, d);
		return;
	}
	if (rc < 0)
		complain(l, &err);
	if (rc <= 0 || d->fresh)
		return;
	d->widened++;
	l->pending = true;
	if (cr_tally_add(&l->widened, d->window, d->call->abi, d->call->nr) == 0)
		l->sum.widened++;
}

static bool denies(enum cr_action act)
{
	return act != CR_ACT_NONE && act != CR_ACT_ALLOW && act != CR_ACT_LOG;
}

static void first_time(struct cr_learn *l, struct deed *d)
{
	enum cr_abi abi = d->call->abi;
	uint32_t nr = d->call->nr;
	const struct cr_rule *rule = cr_store_find(l->store, d->window, abi, nr);
	struct cr_err err = { "", "" };
	bool fresh = !rule || rule->base;
	int ignored, rc;

	if (denies(cr_rule_action(rule, d->call->args, &ignored))) {
		forbidden(l, rule, d);
		return;
	}
	if (fresh && !d->exe)
		d->exe = d->site->exe(d->site);
	if (fresh && !d->stack)
		d->stack = d->site->stack(d->site);
	rc = cr_store_note(l->store, d->window, abi, nr, fresh ? d->exe : NULL,
			   fresh ? d->stack : NULL, &err);
	if (rc < 0)
		complain(l, &err);
	if (rc > 0) {
		d->fresh++;
		cr_tally_add(&l->widened, d->window, abi, nr);	/* what comes now is no news */
	}
	l->pending = true;
	if (rc >= 0)
		learn_args(l, rule, d);
}

/* A call that was made before; if with other arguments, that is news. */
static void again(struct cr_learn *l, struct deed *d)
{
	const struct cr_rule *rule = cr_store_find(l->store, d->window, d->call->abi, d->call->nr);
	enum cr_action act;
	int ignored;

	if (!rule || !rule->cond)
		return;
	act = cr_rule_action(rule, d->call->args, &ignored);
	if (denies(act))
		forbidden(l, rule, d);
	else if (act == CR_ACT_NONE)
		learn_args(l, rule, d);
}

/* With the arguments of another call. */
static void learn_as(struct cr_learn *l, struct deed *d, const struct cr_call *as)
{
	const struct cr_call *call = d->call;

	d->call = as;
	learn_args(l, cr_store_find(l->store, d->window, as->abi, as->nr), d);
	d->call = call;
}

static void remember(struct cr_learn *l, const struct cr_call *call, unsigned int window)
{
	size_t i;

	for (i = 0; i < l->n_meant; i++)
		if (l->meant[i].window == window &&
		    memcmp(l->meant[i].call.args, call->args, sizeof(call->args[0])) == 0)
			return;
	if (l->n_meant < MEANT_MAX)
		l->meant[l->n_meant++] = (struct meant){ *call, window };
}

static bool was_meant(const struct meant *m, const struct deed *d)
{
	return m->window == d->window && m->call.nr == d->call->nr &&
	       m->call.abi == d->call->abi;
}

/* Strict mode holds clone3 to what the rule for clone says of arguments, whichever of the two is
 * made first. */
static void learn_meant(struct cr_learn *l, struct deed *d)
{
	const struct cr_call *meant = d->site->meant;
	const struct cr_rule *rule;
	size_t i;

	for (i = 0; i < l->n_meant && !meant; i++)
		if (was_meant(&l->meant[i], d))
			learn_as(l, d, &l->meant[i].call);
	if (!meant)
		return;
	rule = cr_store_find(l->store, d->window, meant->abi, meant->nr);
	if ((rule && !rule->base) || cr_tally_get(&l->made, d->window, meant->abi, meant->nr))
		learn_as(l, d, meant);
	else
		remember(l, meant, d->window);
}

/* On disk before the yes, once for all the windows that are open. */
static void write_down(struct cr_learn *l, const struct deed *d)
{
	struct cr_err err = { "", "" };

	if (!d->fresh && !d->widened)
		return;
	if (cr_store_save(l->store, &err) < 0)
		complain(l, &err);
	else
		l->sum.fresh += d->fresh;
}

static void note(struct cr_learn *l, struct deed *d, unsigned int window)
{
	d->window = window;
	if (cr_tally_add(&l->made, window, d->call->abi, d->call->nr) == 0)
		first_time(l, d);
	else
		again(l, d);
	if (d->site->meant || l->n_meant)
		learn_meant(l, d);
}

/* The kernel makes it, to go on with a call that was noted when it was made first. */
static bool is_restart(enum cr_abi abi, uint32_t nr)
{
	return nr == cr_abi_facts[abi].restart_syscall;
}

static struct cr_verdict judge(struct cr_judge *j, const struct cr_call *call,
			       const struct cr_site *site)
{
	struct cr_learn *l = (struct cr_learn *)j;	/* its first member */
	struct deed d = { .call = call, .site = site };
	size_t i;

	/* A number that no kernel knows fails with ENOSYS by itself. */
	if (call->nr >= CR_NR_MAX)
		return (struct cr_verdict){ CR_VERDICT_ALLOW, 0 };
	if (!site->n_windows && !l->windows_only)
		note(l, &d, 0);
	for (i = 0; i < site->n_windows && !is_restart(call->abi, call->nr); i++)
		note(l, &d, site->windows[i]);
	write_down(l, &d);
	return (struct cr_verdict){ CR_VERDICT_ALLOW, 0 };
}

struct cr_learn *cr_learn_new(struct cr_store *store, bool windows_only)
{
	struct cr_learn *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->judge.judge = judge;
	l->store = store;
	l->windows_only = windows_only;
	return l;
}

void cr_learn_any_args(struct cr_learn *l)
{
	l->any_args = true;
}

struct cr_judge *cr_learn_judge(struct cr_learn *l)
{
	return &l->judge;
}

static int save(struct cr_learn *l, struct cr_err *err)
{
	int rc = cr_store_save(l->store, err);

	if (rc == 0)
		l->pending = false;
	return rc;
}

void cr_learn_tick(struct cr_learn *l)
{
	struct cr_err err = { "", "" };

	if (l->pending && save(l, &err) < 0)
		complain(l, &err);
}

/* What the policy's own rules allow and this execution had no use for. Base sets are made for
 * many programs: nobody expects one to use all of that. */
static void find_unused(struct cr_learn *l)
{
	const struct cr_policy *p = cr_store_policy(l->store);
	char name[CR_NAME_MAX];
	const struct cr_rule *r;
	size_t i;

	for (i = 0; i < p->n_own; i++) {
		r = p->rules[i];
		if (!cr_rule_passes(r) ||
		    cr_tally_get(&l->made, 0, r->abi, r->nr) || is_restart(r->abi, r->nr))
			continue;
		l->sum.unused++;
		cr_buf_addf(&l->unused, "%s%s%s%s", l->unused.len ? " " : "",
			    r->abi == CR_ABI_NATIVE ? "" : cr_abi_facts[r->abi].name,
			    r->abi == CR_ABI_NATIVE ? "" : ":",
			    cr_nr_to_name(r->abi, r->nr, name));
	}
}

static void count(void *ctx, unsigned int window, enum cr_abi abi, uint32_t nr, uint64_t n)
{
	struct cr_learn *l = ctx;

	cr_store_count(l->store, window, abi, nr, n);
}

int cr_learn_finish(struct cr_learn *l, struct cr_learned *sum, struct cr_err *err)
{
	int rc;

	cr_tally_each(&l->made, count, l);
	cr_store_watched(l->store);
	rc = save(l, err);
	l->sum.unsaved = cr_store_unsaved(l->store);
	if (cr_store_all(l->store) && !l->windows_only)
		find_unused(l);
	l->sum.unused_names = cr_buf_str(&l->unused);
	*sum = l->sum;
	return rc;
}

void cr_learn_free(struct cr_learn *l)
{
	if (!l)
		return;
	cr_buf_fini(&l->unused);
	cr_tally_fini(&l->made);
	cr_tally_fini(&l->refused);
	cr_tally_fini(&l->widened);
	free(l);
}
