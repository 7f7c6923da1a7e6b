/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#define CR_LOG_DOMAIN "learn"
#include "cr/buf.h"
#include "cr/learn.h"
#include "cr/log.h"
#include "cr/names.h"

struct cr_learn {
	struct cr_judge judge;
	struct cr_store *store;		/* borrowed: from the caller, for our life */
	uint64_t made[CR_ABI_COUNT][CR_NR_MAX];	/* how often each call was seen in this run */
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

static void forbidden(struct cr_learn *l, const struct cr_rule *rule, const struct cr_site *site)
{
	char name[CR_NAME_MAX];

	l->sum.forbidden++;
	cr_warn("%s (%s) was called by process %d (%s) at %s",
		cr_nr_to_name(rule->abi, rule->nr, name), cr_abi_facts[rule->abi].name,
		(int)site->pid, site->exe(site), site->stack(site));
	cr_warn("the policy denies %s at line %u: it was let through, and not learned", name,
		rule->line);
}

static void first_time(struct cr_learn *l, const struct cr_call *call, const struct cr_site *site)
{
	const struct cr_rule *rule = cr_policy_find(cr_store_policy(l->store), call->abi, call->nr);
	struct cr_err err = { "", "" };
	bool fresh = !rule || rule->base;
	int rc;

	if (rule && (rule->act == CR_ACT_NEVER || rule->act == CR_ACT_ERRNO)) {
		forbidden(l, rule, site);
		return;
	}
	rc = cr_store_saw(l->store, call->abi, call->nr, fresh ? site->exe(site) : NULL,
			  fresh ? site->stack(site) : NULL, &err);
	if (rc < 0)
		complain(l, &err);
	else if (rc > 0)
		l->sum.fresh++;
	l->pending = true;
}

static struct cr_verdict judge(struct cr_judge *j, const struct cr_call *call,
			       const struct cr_site *site)
{
	struct cr_learn *l = (struct cr_learn *)j;	/* its first member */

	/* A number that no kernel knows fails with ENOSYS by itself. */
	if (call->nr < CR_NR_MAX && l->made[call->abi][call->nr]++ == 0)
		first_time(l, call, site);
	return (struct cr_verdict){ CR_VERDICT_ALLOW, 0 };
}

struct cr_learn *cr_learn_new(struct cr_store *store)
{
	struct cr_learn *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->judge.judge = judge;
	l->store = store;
	return l;
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

/* A restarted call was judged when it was made first; the kernel's part of it never stops. */
static bool can_be_seen(const struct cr_rule *r)
{
	return r->nr != cr_abi_facts[r->abi].restart_syscall;
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
		if ((r->act != CR_ACT_ALLOW && r->act != CR_ACT_LOG) || l->made[r->abi][r->nr] ||
		    !can_be_seen(r))
			continue;
		l->sum.unused++;
		cr_buf_addf(&l->unused, "%s%s%s%s", l->unused.len ? " " : "",
			    r->abi == CR_ABI_NATIVE ? "" : cr_abi_facts[r->abi].name,
			    r->abi == CR_ABI_NATIVE ? "" : ":",
			    cr_nr_to_name(r->abi, r->nr, name));
	}
}

int cr_learn_finish(struct cr_learn *l, struct cr_learned *sum, struct cr_err *err)
{
	unsigned int abi;
	uint32_t nr;
	int rc;

	for (abi = 0; abi < CR_ABI_COUNT; abi++)
		for (nr = 0; nr < CR_NR_MAX; nr++)
			if (l->made[abi][nr])
				cr_store_count(l->store, abi, nr, l->made[abi][nr]);
	cr_store_watched(l->store);
	rc = save(l, err);
	l->sum.unsaved = cr_store_unsaved(l->store);
	if (cr_store_all(l->store))
		find_unused(l);
	l->sum.unused_names = cr_buf_str(&l->unused);
	*sum = l->sum;
	return rc;
}

void cr_learn_free(struct cr_learn *l)
{
	if (l)
		cr_buf_fini(&l->unused);
	free(l);
}
