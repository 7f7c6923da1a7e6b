/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Conditions as other tools have them: unsigned comparisons of registers. They become the text of a
 * policy's condition, so that its parser decides what an argument is and what fits into it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cr/args.h"
#include "import-int.h"

struct argument {
	unsigned int n;
	unsigned int bits;
	bool is_signed;
};

/* -ENOTSUP: it is a pointer, or none at all. */
static int argument_of(enum cr_abi abi, uint32_t nr, unsigned int n, struct argument *a)
{
	char name[CR_NAME_MAX];
	const struct cr_signature *sig = cr_signature_find(abi, cr_nr_to_name(abi, nr, name));
	enum cr_arg kind = sig && n < CR_ARGS_MAX ? sig->args[n] : CR_ARG_WORD;

	a->n = n;
	a->bits = n < CR_ARGS_MAX && kind != CR_ARG_END ? cr_arg_bits(abi, nr, kind) : 0;
	a->is_signed = cr_arg_signed(kind);
	return a->bits ? 0 : -ENOTSUP;
}

/* "argN in LO..HI"; of a number with a sign the upper half is negative. 0 when that is nothing. */
static int add_range(struct cr_buf *b, const struct argument *a, uint64_t lo, uint64_t hi)
{
	uint64_t whole = UINT64_MAX >> (64 - a->bits), top = whole >> 1;
	uint64_t end = hi < whole ? hi : whole;

	if (lo > end)
		return 0;
	cr_buf_addf(b, "arg%u in", a->n);
	if (!a->is_signed || lo <= top)
		cr_buf_addf(b, " %#llx..%#llx", (unsigned long long)lo,
			    (unsigned long long)(a->is_signed && end > top ? top : end));
	if (!a->is_signed || end <= top)
		return 1;
	lo = lo > top ? lo : top + 1;
	cr_buf_addf(b, " -%#llx..-%#llx", (unsigned long long)((whole - lo) + 1),
		    (unsigned long long)((whole - end) + 1));
	return 1;
}

/* "argN & MASK == VALUE", or without the mask when that takes nothing away. */
static int add_masked(struct cr_buf *b, const struct argument *a, uint64_t mask, uint64_t value)
{
	uint64_t whole = UINT64_MAX >> (64 - a->bits);

	if (value & ~(mask & whole))
		return 0;
	mask &= whole;
	if (!mask)
		return 1;
	if (mask == whole)
		cr_buf_addf(b, "arg%u == %#llx", a->n, (unsigned long long)value);
	else
		cr_buf_addf(b, "arg%u & %#llx == %#llx", a->n, (unsigned long long)mask,
			    (unsigned long long)value);
	return 1;
}

/* 1, with nothing in @b when it is always true; 0: it never is. */
static int add_test(struct cr_buf *b, const struct argument *a, const struct cr_reader_test *t)
{
	uint64_t whole = UINT64_MAX >> (64 - a->bits), v = t->value;

	switch (t->op) {
	case CR_READER_EQ:
		return v > whole ? 0 : add_masked(b, a, whole, v);
	case CR_READER_NE:
		if (v <= whole)
			cr_buf_addf(b, "arg%u != %#llx", a->n, (unsigned long long)v);
		return 1;
	case CR_READER_LT:
		return v ? add_range(b, a, 0, v - 1) : 0;
	case CR_READER_LE:
		return add_range(b, a, 0, v);
	case CR_READER_GT:
		return v < UINT64_MAX ? add_range(b, a, v + 1, UINT64_MAX) : 0;
	case CR_READER_GE:
		return add_range(b, a, v, UINT64_MAX);
	case CR_READER_MASKED_EQ:
		return add_masked(b, a, t->mask, v);
	case CR_READER_ANY:
		if (v & whole)
			cr_buf_addf(b, "arg%u & %#llx", a->n, (unsigned long long)(v & whole));
		return (v & whole) != 0;
	case CR_READER_IN:
		return add_masked(b, a, ~v, 0);
	}
	return 0;
}

int cr_reader_case(struct cr_reader *r, enum cr_abi abi, uint32_t nr,
		   const struct cr_reader_test *test, size_t n, struct cr_conds **c)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT, one = CR_BUF_INIT;
	struct cr_conds *all = NULL;
	struct argument a;
	size_t i;
	int rc;

	for (i = 0; i < n; i++) {
		rc = argument_of(abi, nr, test[i].arg, &a);
		if (rc < 0)
			return rc;
		cr_buf_clear(&one);
		if (!add_test(&one, &a, &test[i]))
			return 0;
		if (one.len)
			cr_buf_addf(&text, "%s%s", text.len ? " and " : "", one.s);
	}
	/* A condition that is always true has no text. */
	if (!text.len)
		return -ENOTSUP;
	if (!cr_buf_ok(&text))
		return cr_err_sys(r->err, -ENOMEM, "cannot read %s", r->path);
	rc = cr_conds_parse(abi, nr, text.s, &all, NULL, NULL);
	if (rc < 0)
		return rc == -ENOMEM ? cr_err_sys(r->err, rc, "cannot read %s", r->path) : -ENOTSUP;
	if (!*c) {
		*c = all;
		return 0;
	}
	rc = cr_conds_join(c, all);
	cr_conds_free(all);
	return rc < 0 ? cr_err_sys(r->err, rc, "cannot read %s", r->path) : 0;
}

static int join(struct cr_reader *r, struct cr_rule *have, const struct cr_conds *more)
{
	int rc = cr_conds_join(&have->cond, more);

	if (rc < 0)
		return cr_err_sys(r->err, rc, "cannot read %s", r->path);
	if (!cr_conds_always(have->cond))
		return 0;
	cr_conds_free(have->cond);
	have->cond = NULL;
	have->other = CR_ACT_NONE;
	have->other_err = 0;
	return 0;
}

static bool passes(enum cr_action act)
{
	return act == CR_ACT_ALLOW || act == CR_ACT_LOG;
}

/* One allows on a condition, the other denies on another one: "allow if ... else errno ...". */
static int oppose(struct cr_reader *r, struct cr_rule *have, const struct cr_rule *rule)
{
	bool allows = passes(rule->act);
	struct cr_conds *cond = allows ? cr_conds_copy(rule->cond) : NULL;
	char name[CR_NAME_MAX], e[CR_NAME_MAX];

	if (allows && !cond)
		return cr_err_sys(r->err, -ENOMEM, "cannot read %s", r->path);
	have->other = allows ? have->act : rule->act;
	have->other_err = allows ? have->err : rule->err;
	if (allows) {
		cr_conds_free(have->cond);
		have->cond = cond;
		have->act = rule->act;
		have->err = rule->err;
	}
	cr_nr_to_name(have->abi, have->nr, name);
	if (have->other == CR_ACT_ERRNO)
		cr_reader_loss(r, "%s fails with %s wherever it is not allowed", name,
			       cr_errno_name(have->other_err, e));
	else
		cr_reader_loss(r, "%s is a violation wherever it is not allowed", name);
	return 0;
}

int cr_reader_conditional(struct cr_reader *r, enum cr_abi abi, uint32_t nr,
			  const struct cr_rule *rule, const char *more)
{
	struct cr_rule *have = cr_policy_own(r->to->policy, abi, nr);
	struct cr_rule plain = { .act = rule->act, .err = rule->err };
	char name[CR_NAME_MAX];

	/* A condition that makes no difference is none. */
	if (rule->other == rule->act && rule->other_err == rule->err)
		return cr_reader_rule(r, abi, nr, &plain, more);
	if (!have)
		return cr_reader_rule(r, abi, nr, rule, more);
	r->to->records++;
	if (have->act == rule->act && have->err == rule->err) {
		if (!have->cond)
			return 0;
		/* The denial that one of several met already is the others', too. */
		if ((have->other == rule->other && have->other_err == rule->other_err) ||
		    rule->other == CR_ACT_NONE)
			return join(r, have, rule->cond);
	}
	if (have->cond && have->other == CR_ACT_NONE && rule->other == CR_ACT_NONE &&
	    passes(have->act) != passes(rule->act))
		return oppose(r, have, rule);
	cr_reader_loss(r, "%s (%s) has conditions that cannot be one rule: the first one holds",
		       cr_nr_to_name(abi, nr, name), cr_abi_facts[abi].name);
	return 0;
}

int cr_reader_unsaid(struct cr_reader *r, enum cr_abi abi, uint32_t nr, const struct cr_rule *rule,
		     const char *words)
{
	const struct cr_rule *have = cr_policy_own(r->to->policy, abi, nr);
	bool allows = rule->act == CR_ACT_ALLOW || rule->act == CR_ACT_LOG;
	struct cr_rule plain = { .act = rule->act, .err = rule->err };
	char name[CR_NAME_MAX];

	cr_nr_to_name(abi, nr, name);
	/* One without conditions has come before, or one that could be said. */
	if (have && !have->cond && have->act == rule->act)
		return 0;
	if (allows && !have) {
		cr_reader_loss(r, "%s is allowed without its condition: %.200s", name, words);
		return cr_reader_rule(r, abi, nr, &plain, words);
	}
	cr_reader_loss(r, "%s is %s %.200s: that is left out", name,
		       allows ? "also allowed" : "denied", words);
	return 0;
}
