/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A person decides, and what he has decided for good is not asked again. */
#include "config.h"

#include <errno.h>

#define CR_LOG_DOMAIN "enforce"
#include "cr/buf.h"
#include "cr/log.h"
#include "enforce-int.h"

#define ANSWERS_MAX 4096u

static const struct cr_answer *known(const struct cr_enforce *e, const struct cr_call *call,
				     unsigned int window)
{
	size_t i;

	for (i = 0; i < e->n_answer; i++)
		if (e->answer[i].window == window && e->answer[i].abi == call->abi &&
		    e->answer[i].nr == call->nr)
			return &e->answer[i];
	return NULL;
}

static void remember(struct cr_enforce *e, const struct cr_call *call, unsigned int window,
		     bool allow)
{
	struct cr_answer *more;

	if (e->n_answer >= ANSWERS_MAX)
		return;
	more = realloc(e->answer, (e->n_answer + 1) * sizeof(*more));
	if (!more)
		return;
	e->answer = more;
	more[e->n_answer++] = (struct cr_answer){ window, call->abi, call->nr, allow };
}

struct cr_verdict cr_enforce_ask(struct cr_enforce *e, const struct cr_call *call,
				 const struct cr_site *site, struct cr_opinion *o)
{
	struct cr_verdict yes = { CR_VERDICT_ALLOW, 0 }, no = { CR_VERDICT_ERRNO, EPERM };
	const struct cr_answer *before = known(e, call, o->window);
	cr_auto_buf struct cr_buf words = CR_BUF_INIT, rule = CR_BUF_INIT;
	struct cr_question q = { .window = o->window };

	if (before)
		return before->allow ? yes : no;
	cr_enforce_sentence(e, call, site, o, &words);
	q.sentence = cr_buf_str(&words);
	q.stack = site->stack(site);
	q.rule = cr_enforce_rule(e, call, o, &rule) ? cr_buf_str(&rule) : NULL;
	o->verdict = no;
	switch (e->plan.ask ? e->plan.ask(e->plan.ctx, &q) : CR_DENY_ONCE) {
	case CR_ALLOW_ALWAYS:
		remember(e, call, o->window, true);
		return yes;
	case CR_ALLOW_ONCE:
		return yes;
	case CR_DENY_ALWAYS:
		remember(e, call, o->window, false);
		break;
	case CR_DENY_ONCE:
		break;
	}
	cr_enforce_tell(e, call, site, o);
	return no;
}
