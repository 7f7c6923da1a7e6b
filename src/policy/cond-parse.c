/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "cond-parse.h"

enum op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_IN, OP_ANY };

static bool is_word(struct cr_cond_parser *p, const char *word)
{
	cr_cond_skip_blanks(p);
	return cr_cond_word_len(p->at) == strlen(word) && strncmp(p->at, word, strlen(word)) == 0;
}

static bool take_word(struct cr_cond_parser *p, const char *word)
{
	if (!is_word(p, word))
		return false;
	p->at += strlen(word);
	return true;
}

static bool at_end_of_list(struct cr_cond_parser *p)
{
	return is_word(p, "and") || is_word(p, "or") || is_word(p, "else") || !*p->at;
}

static bool is_pointer(enum cr_arg kind)
{
	return cr_arg_bits(CR_ABI_NATIVE, 0, kind) == 0;
}

/* "arg0, arg2": those that a condition can be about. */
static void list_scalars(const struct cr_signature *sig, struct cr_buf *out)
{
	unsigned int i;

	for (i = 0; i < cr_signature_args(sig); i++)
		if (!is_pointer(sig->args[i]))
			cr_buf_addf(out, "%sarg%u", out->len ? ", " : "", i);
}

static int no_such_argument(struct cr_cond_parser *p, unsigned int arg)
{
	unsigned int n = cr_signature_args(p->sig);

	if (!n) {
		cr_err_set(p->err, -EINVAL, "%s has no arguments", p->call);
		return -EINVAL;
	}
	cr_err_set(p->err, -EINVAL, "%s has no arg%u", p->call, arg);
	if (n == 1)
		cr_err_hint(p->err, "its only argument is arg0");
	else
		cr_err_hint(p->err, "its arguments are arg0 to arg%u", n - 1);
	return -EINVAL;
}

static int pointer_argument(struct cr_cond_parser *p, unsigned int arg)
{
	cr_auto_buf struct cr_buf scalars = CR_BUF_INIT;

	list_scalars(p->sig, &scalars);
	cr_err_set(p->err, -EINVAL, "arg%u of %s is a pointer: what it points to may change "
		   "between the check and the use, so no rule can rely on it", arg, p->call);
	if (scalars.len)
		cr_err_hint(p->err, "what can be compared: %s", cr_buf_str(&scalars));
	else
		cr_err_hint(p->err, "none of its arguments is a number: allow the call, or do not");
	return -EINVAL;
}

static int read_argument(struct cr_cond_parser *p, struct cr_cond_reading *r)
{
	static const struct cr_alternative nothing = { NULL, 0 };
	unsigned int arg;

	cr_cond_skip_blanks(p);
	if (cr_cond_word_len(p->at) != 4 || strncmp(p->at, "arg", 3) != 0 || p->at[3] < '0' ||
	    p->at[3] >= '0' + CR_ARGS_MAX)
		return cr_cond_unexpected(p, "an argument", "arguments are arg0 to arg5, as in: "
					  "arg0 in AF_UNIX AF_INET");
	arg = (unsigned int)(p->at[3] - '0');
	r->kind = cr_alternative_kind(p->sig, p->known ? p->known : &nothing, arg);
	if (r->kind == CR_ARG_END)
		return no_such_argument(p, arg);
	if (is_pointer(r->kind))
		return pointer_argument(p, arg);
	p->at += 4;
	r->skip = p->first && cr_arg_decider(r->kind) >= 0;
	p->again |= r->skip;
	r->t.arg = arg;
	r->t.bits = cr_arg_bits(p->abi, p->nr, r->kind);
	r->t.mask = UINT64_MAX >> (64 - r->t.bits);
	return 0;
}

/* Numbers are compared as the kernel's type has them: -1 before 0, where there is a sign. */
static uint64_t flip(const struct cr_cond_reading *r)
{
	return !r->masked && cr_arg_signed(r->kind) ? 1ull << (r->t.bits - 1) : 0;
}

/* From @lo to @hi in that order. */
static int add_range(struct cr_cond_reading *r, uint64_t lo, uint64_t hi)
{
	uint64_t f = flip(r), all = r->masked ? r->t.mask : UINT64_MAX >> (64 - r->t.bits);
	int rc;

	if (r->skip)
		return 0;
	if ((lo ^ f) > (hi ^ f))
		return -ERANGE;
	/* What the order has in one piece, from -3 to 5, may be two in the set: 0 to 5, and the
	 * largest three. */
	if (lo <= hi)
		return cr_ranges_add(&r->t.in, lo, hi);
	rc = cr_ranges_add(&r->t.in, lo, all);
	return rc < 0 ? rc : cr_ranges_add(&r->t.in, 0, hi);
}

static int read_list(struct cr_cond_parser *p, struct cr_cond_reading *r)
{
	uint64_t lo, hi;
	int rc;

	do {
		rc = cr_cond_value(p, r, &lo);
		hi = lo;
		if (rc == 0 && cr_cond_take(p, ".."))
			rc = cr_cond_value(p, r, &hi);
		if (rc == 0)
			rc = add_range(r, lo, hi);
		if (rc == -ERANGE) {
			cr_err_set(p->err, -EINVAL, "a range ends before it begins");
			cr_err_hint(p->err, "as in: arg1 in 0..1023");
			return -EINVAL;
		}
		if (rc < 0)
			return rc;
	} while (!at_end_of_list(p));
	return 0;
}

static int read_operator(struct cr_cond_parser *p, struct cr_cond_reading *r, enum op *op)
{
	static const struct {
		const char *mark;
		enum op op;
	} ops[] = {
		{ "==", OP_EQ }, { "!=", OP_NE }, { "<=", OP_LE }, { ">=", OP_GE },
		{ "<", OP_LT }, { ">", OP_GT },
	};
	size_t i;

	if (take_word(p, "in")) {
		*op = OP_IN;
		return 0;
	}
	for (i = 0; i < CR_ARRAY_SIZE(ops); i++) {
		if (!cr_cond_take(p, ops[i].mark))
			continue;
		*op = ops[i].op;
		return 0;
	}
	if (r->masked && at_end_of_list(p)) {
		*op = OP_ANY;
		return 0;
	}
	return cr_cond_unexpected(p, "a comparison",
				  "there are: in, not in, ==, !=, <, <=, >, >=, and & with a mask");
}

static int read_mask(struct cr_cond_parser *p, struct cr_cond_reading *r)
{
	uint64_t mask;
	int rc = cr_cond_value(p, r, &mask);

	if (rc < 0)
		return rc;
	if (!mask && !r->skip) {
		cr_err_set(p->err, -EINVAL, "the mask of arg%u has no bit", r->t.arg);
		cr_err_hint(p->err, "as in: not arg2 & PROT_EXEC");
		return -EINVAL;
	}
	r->masked = !r->skip && mask != r->t.mask;
	if (!r->skip)
		r->t.mask = mask;
	return 0;
}

/* Nothing is smaller than the smallest: then there is nothing to add. */
static int add_ordered(struct cr_cond_reading *r, enum op op, uint64_t value)
{
	uint64_t whole = UINT64_MAX >> (64 - r->t.bits), f = flip(r);
	uint64_t first = f, last = (r->masked ? r->t.mask : whole) ^ f;

	if (op == OP_LE)
		return add_range(r, first, value);
	if (op == OP_GE)
		return add_range(r, value, last);
	if (op == OP_LT)
		return value == first ? 0 : add_range(r, first, (value - 1) & whole);
	return value == last ? 0 : add_range(r, (value + 1) & whole, last);
}

static int read_comparison(struct cr_cond_parser *p, struct cr_cond_reading *r)
{
	enum op op = OP_EQ;
	uint64_t value;
	int rc = read_operator(p, r, &op);

	if (rc < 0)
		return rc;
	if (op == OP_IN)
		return read_list(p, r);
	if (op == OP_ANY) {
		r->not = !r->not;
		return add_range(r, 0, 0);
	}
	rc = cr_cond_value(p, r, &value);
	if (rc < 0 || r->skip)
		return rc;
	if (op == OP_NE)
		r->not = !r->not;
	if (op == OP_EQ || op == OP_NE)
		return add_range(r, value, value);
	return add_ordered(r, op, value);
}

/* "arg2 & MASK", "arg2 & MASK == VALUE", "arg0 in A B", "arg0 not in A B", "not arg2 & MASK". */
static int read_test(struct cr_cond_parser *p, struct cr_cond_reading *r)
{
	int rc;

	r->not = take_word(p, "not");
	rc = read_argument(p, r);
	if (rc < 0)
		return rc;
	if (take_word(p, "not"))
		r->not = !r->not;
	if (cr_cond_take(p, "&")) {
		rc = read_mask(p, r);
		if (rc < 0)
			return rc;
		if (take_word(p, "not"))
			r->not = !r->not;
		/* All bits are no mask; then "any of them" is "not zero". */
		if (!r->masked && at_end_of_list(p)) {
			r->not = !r->not;
			return add_range(r, 0, 0);
		}
	}
	return read_comparison(p, r);
}

static int senseless(struct cr_cond_parser *p, const struct cr_cond_reading *r, const char *from,
		     enum cr_tidied how)
{
	while (p->at > from && (p->at[-1] == ' ' || p->at[-1] == '\t'))
		p->at--;
	from += strspn(from, " \t");
	cr_err_set(p->err, -EINVAL, "\"%.*s\" %s", (int)(p->at - from), from,
		   how == CR_TEST_NEVER ? "is never true" : "is always true");
	cr_err_hint(p->err, "arg%u of %s is %s number of %u bits", r->t.arg, p->call,
		    cr_arg_signed(r->kind) ? "a signed" : "an unsigned", r->t.bits);
	return -EINVAL;
}

static int finish_test(struct cr_cond_parser *p, struct cr_cond_reading *r, const char *from)
{
	int rc = 0;

	if (r->not)
		rc = cr_ranges_invert(&r->t.in, r->t.mask);
	if (rc == 0)
		rc = cr_test_tidy(&r->t);
	if (rc < 0 || rc == CR_TEST_SOMETIMES)
		return rc < 0 ? rc : 0;
	return senseless(p, r, from, (enum cr_tidied)rc);
}

static int add_test(struct cr_cond_parser *p, struct cr_alternative *a)
{
	struct cr_cond_reading r = { .kind = CR_ARG_END };
	const char *from = p->at;
	int rc = read_test(p, &r);

	if (rc == 0 && !r.skip)
		rc = finish_test(p, &r, from);
	if (rc < 0 || r.skip) {
		cr_ranges_fini(&r.t.in);
		return rc;
	}
	return cr_alternative_add(a, &r.t);
}

static int contradiction(struct cr_cond_parser *p, const struct cr_alternative *a)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		if (a->test[i].in.n)
			continue;
		cr_err_set(p->err, -EINVAL, "the conditions on arg%u exclude each other",
			   a->test[i].arg);
		cr_err_hint(p->err, "\"or\" begins another alternative");
		return -EINVAL;
	}
	return 0;
}

static int read_once(struct cr_cond_parser *p, struct cr_alternative *a)
{
	int rc;

	do {
		rc = add_test(p, a);
	} while (rc == 0 && take_word(p, "and"));
	return rc < 0 ? rc : contradiction(p, a);
}

static int read_alternative(struct cr_cond_parser *p, struct cr_alternative *a)
{
	struct cr_alternative known = { NULL, 0 };
	const char *from = p->at;
	int rc;

	*a = (struct cr_alternative){ NULL, 0 };
	p->first = true;
	p->again = false;
	rc = read_once(p, a);
	if (rc == 0 && p->again) {
		known = *a;
		*a = (struct cr_alternative){ NULL, 0 };
		p->first = false;
		p->known = &known;
		p->at = from;
		rc = read_once(p, a);
		p->known = NULL;
		cr_alternative_fini(&known);
	}
	if (rc < 0)
		cr_alternative_fini(a);
	return rc;
}

static int read_all(struct cr_cond_parser *p, struct cr_conds *c)
{
	struct cr_alternative a;
	int rc;

	do {
		rc = read_alternative(p, &a);
		if (rc == 0)
			rc = cr_conds_add(c, &a);
	} while (rc == 0 && take_word(p, "or"));
	if (rc < 0)
		return rc;
	if (!is_word(p, "else") && *p->at)
		return cr_cond_unexpected(p, "\"and\" or \"or\"", "tests are joined by \"and\", "
					  "alternatives by \"or\", values by blanks");
	rc = cr_conds_tidy(c);
	if (rc < 0 || !cr_conds_always(c))
		return rc;
	cr_err_set(p->err, -EINVAL, "the alternatives together are always true");
	cr_err_hint(p->err, "leave the condition out, or take an alternative away");
	return -EINVAL;
}

int cr_conds_parse(enum cr_abi abi, uint32_t nr, const char *text, struct cr_conds **c,
		   const char **rest, struct cr_err *err)
{
	struct cr_cond_parser p = { .abi = abi, .nr = nr, .at = text, .err = err };
	struct cr_conds *got = calloc(1, sizeof(*got));
	int rc = -ENOMEM;

	p.sig = cr_signature_find(abi, cr_nr_to_name(abi, nr, p.call));
	if (got)
		rc = read_all(&p, got);
	if (rc == 0 && !rest && *p.at)
		rc = cr_cond_unexpected(&p, "the end", "\"else\" has no place here");
	if (rc == -ENOMEM)
		cr_err_sys(err, rc, "cannot read the condition");
	if (rc < 0) {
		cr_conds_free(got);
		return rc;
	}
	if (rest)
		*rest = p.at;
	*c = got;
	return 0;
}
