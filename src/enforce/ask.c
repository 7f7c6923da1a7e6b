/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A person decides, and what he has decided for good is not asked again. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CR_LOG_DOMAIN "enforce"
#include "cr/buf.h"
#include "cr/log.h"
#include "enforce-int.h"

#define ANSWERS_MAX 4096u

/* Where arguments decide, an answer is about those: into @args, which. */
static void about(const struct cr_call *call, const struct cr_opinion *o, struct cr_buf *args)
{
	cr_auto_buf struct cr_buf why = CR_BUF_INIT;
	size_t i;

	if (!o->rule || !o->rule->cond ||
	    cr_conds_explain(call->abi, call->nr, o->rule->cond, call->args, &why, args) == 0)
		return;
	for (i = 0; i < 6; i++)
		cr_buf_addf(args, "%llx ", (unsigned long long)call->args[i]);
}

static const struct cr_answer *known(const struct cr_enforce *e, const struct cr_call *call,
				     unsigned int window, const char *args)
{
	size_t i;

	for (i = 0; i < e->n_answer; i++)
		if (e->answer[i].window == window && e->answer[i].abi == call->abi &&
		    e->answer[i].nr == call->nr && strcmp(e->answer[i].args, args) == 0)
			return &e->answer[i];
	return NULL;
}

static void remember(struct cr_enforce *e, const struct cr_call *call, unsigned int window,
		     const char *args, bool allow)
{
	struct cr_answer *more;
	char *copy;

	if (e->n_answer >= ANSWERS_MAX)
		return;
	more = realloc(e->answer, (e->n_answer + 1) * sizeof(*more));
	if (!more)
		return;
	e->answer = more;
	copy = strdup(args);
	if (copy)
		more[e->n_answer++] = (struct cr_answer){ window, call->abi, call->nr, copy,
							  allow };
}

static const struct cr_verdict yes = { CR_VERDICT_ALLOW, 0 }, no = { CR_VERDICT_ERRNO, EPERM };

static enum cr_reply put_question(struct cr_enforce *e, const struct cr_call *call,
				  const struct cr_site *site, const struct cr_opinion *o)
{
	cr_auto_buf struct cr_buf words = CR_BUF_INIT, rule = CR_BUF_INIT;
	struct cr_question q = { .window = o->window };

	cr_enforce_sentence(e, call, site, o, &words);
	q.sentence = cr_buf_str(&words);
	q.stack = site->stack(site);
	q.rule = cr_enforce_rule(e, call, o, &rule) ? cr_buf_str(&rule) : NULL;
	return e->plan.ask(e->plan.ctx, &q);
}

struct cr_verdict cr_enforce_ask(struct cr_enforce *e, const struct cr_call *call,
				 const struct cr_site *site, const struct cr_opinion *o)
{
	cr_auto_buf struct cr_buf args = CR_BUF_INIT;
	const struct cr_answer *before;

	about(call, o, &args);
	if (!cr_buf_ok(&args))
		return no;
	before = known(e, call, o->window, cr_buf_str(&args));
	if (before && before->allow)
		return yes;
	if (before) {
		if (!cr_enforce_again(e, call, site, o, false))
			cr_enforce_tell(e, call, site, o);
		return no;
	}
	switch (put_question(e, call, site, o)) {
	case CR_ALLOW_ALWAYS:
		remember(e, call, o->window, cr_buf_str(&args), true);
		return yes;
	case CR_ALLOW_ONCE:
		return yes;
	case CR_DENY_ALWAYS:
		remember(e, call, o->window, cr_buf_str(&args), false);
		break;
	case CR_DENY_ONCE:
		break;
	}
	cr_enforce_again(e, call, site, o, true);
	cr_enforce_tell(e, call, site, o);
	return no;
}
