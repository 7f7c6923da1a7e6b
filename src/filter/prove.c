/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What makes this a proof and not a sample: a run tells which words of seccomp_data it looked at,
 * and its answer holds for all data that agree in these. So for a call that passes or
 * stops whatever its arguments, one run that looked at nothing but the number and the architecture
 * decides. Numbers are compared with constants only (anything else is refused), so between two
 * neighbouring constants of the program all numbers are alike.
 */
#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <string.h>

#include "cr/names.h"
#include "guard.h"

#define WORD_OF(member) (1u << (offsetof(struct seccomp_data, member) / sizeof(uint32_t)))

struct proof {
	const struct cr_filter_plan *plan;	/* borrowed */
	const struct cr_filter *f;		/* borrowed */
	struct cr_err *err;			/* borrowed */
	struct cr_constants numbers;
	struct cr_constants args;
};

static const uint32_t foreign[] = {
	AUDIT_ARCH_ARM, AUDIT_ARCH_AARCH64, AUDIT_ARCH_PPC64LE, AUDIT_ARCH_S390X,
	AUDIT_ARCH_RISCV64, AUDIT_ARCH_MIPS,
};

static const char *words(uint32_t ret)
{
	switch (ret & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return "pass";
	case SECCOMP_RET_LOG:
		return "be logged";
	case SECCOMP_RET_ERRNO:
		return "fail";
	case SECCOMP_RET_TRACE:
		return "stop";
	}
	return "kill";
}

/* @got NULL: the answer is right, the way to it is not. */
static int wrong(const struct proof *p, const struct seccomp_data *d, uint32_t want,
		 const uint32_t *got)
{
	char name[CR_NAME_MAX], what[96] = "is decided by what should not matter";
	enum cr_abi abi;
	uint32_t nr;

	if (got)
		snprintf(what, sizeof(what), "would %s (%#x), but should %s (%#x)", words(*got),
			 *got, words(want), want);
	if (cr_abi_of(d->arch, d->nr, &abi, &nr) < 0)
		cr_err_set(p->err, -EBADMSG, "the compiled filter is wrong: call %u of "
			   "architecture %#x %s", d->nr, d->arch, what);
	else
		cr_err_set(p->err, -EBADMSG, "the compiled filter is wrong: %s (%s, number %#x) "
			   "%s", cr_nr_to_name(abi, nr, name), cr_abi_facts[abi].name, d->nr,
			   what);
	cr_err_hint(p->err, "this is a fault of chestnut, not of the policy");
	return -EBADMSG;
}

/* One run: the answer must be @want, found by looking at no more than @may. */
static int check(const struct proof *p, const struct seccomp_data *d, uint32_t want, uint32_t may)
{
	uint32_t loaded, ret = cr_bpf_run(p->f, d, &loaded);

	if (ret != want)
		return wrong(p, d, want, &ret);
	return loaded & ~may ? wrong(p, d, want, NULL) : 0;
}

/* What the plan says of a call whose arguments decide, and which of them. */
struct decider {
	enum cr_abi abi;
	uint32_t nr;
	unsigned int arg;	/* the first that counts */
	unsigned int n;		/* how many */
	uint64_t mask;		/* it passes when all, masked by this, are ... */
	uint64_t value[CR_FILTER_KEYS];
	uint32_t may;		/* words that may be looked at */
};

static bool opens(const struct decider *w, const struct seccomp_data *d)
{
	unsigned int i;

	for (i = 0; i < w->n; i++) {
		if ((d->args[w->arg + i] & w->mask) != w->value[i])
			return false;
	}
	return true;
}

static int check_decided(const struct proof *p, const struct decider *w,
			 const struct seccomp_data *d)
{
	const struct cr_filter_guarded *g = cr_filter_guards(p->plan, w->abi, w->nr);
	uint32_t want = cr_filter_otherwise(p->plan, w->abi, w->nr);
	uint64_t args[6];

	memcpy(args, d->args, sizeof(args));
	if (opens(w, d))
		want = SECCOMP_RET_ALLOW;
	else if (g && cr_guard_opens(g->guard, g->n, args))
		want = g->yes;
	return check(p, d, want, w->may);
}

/* The words of the deciding arguments, each as it should be or not, by the bits of @how. */
static void set_words(const struct decider *w, struct seccomp_data *d, unsigned int how)
{
	unsigned int i;

	for (i = 0; i < w->n; i++, how >>= 2) {
		uint64_t value = w->value[i];

		if (how & 1)
			value ^= (uint32_t)w->mask ? (uint32_t)w->mask : UINT32_MAX;
		if (how & 2)
			value ^= w->mask >> 32 ? w->mask & ~(uint64_t)UINT32_MAX :
						 (uint64_t)UINT32_MAX << 32;
		d->args[w->arg + i] = value;
	}
}

/* One word against every constant of the program, and with each of its bits turned round. */
static int check_word(const struct proof *p, const struct decider *w, struct seccomp_data *d,
		      unsigned int how, unsigned int word)
{
	unsigned int shift = word % 2 * 32, arg = w->arg + word / 2;
	uint64_t other = (uint64_t)UINT32_MAX << (32 - shift);
	size_t i;
	int rc = 0;

	for (i = 0; i < p->args.n + 32 && rc == 0; i++) {
		set_words(w, d, how);
		if (i < p->args.n)
			d->args[arg] = (d->args[arg] & other) | (uint64_t)p->args.k[i] << shift;
		else
			d->args[arg] ^= 1ull << (i - p->args.n + shift);
		rc = check_decided(p, w, d);
	}
	return rc;
}

/* ... with the others each as it should be and not. */
static int check_words(const struct proof *p, const struct decider *w, struct seccomp_data *d)
{
	unsigned int how, word;
	int rc = 0;

	for (how = 0; how < 1u << (2 * w->n) && rc == 0; how++) {
		for (word = 0; word < 2 * w->n && rc == 0; word++)
			rc = check_word(p, w, d, how, word);
	}
	return rc;
}

/* The words of arguments that @g compares. */
static uint32_t words_of(const struct cr_filter_guarded *g)
{
	uint32_t words = 0;
	size_t i, k, t;

	for (i = 0; i < g->n; i++)
		for (k = 0; k < g->guard[i].cond->n; k++)
			for (t = 0; t < g->guard[i].cond->alt[k].n; t++)
				words |= (3 * WORD_OF(args[0])) <<
					 (2 * g->guard[i].cond->alt[k].test[t].arg);
	return words;
}

#define KEY_WORDS ((15 * WORD_OF(args[0])) << (2 * CR_FILTER_KEY_ARG))

static int check_arguments(const struct proof *p, struct seccomp_data *d, enum cr_abi abi,
			   uint32_t nr)
{
	const struct cr_filter_guarded *g = cr_filter_guards(p->plan, abi, nr);
	struct decider w = { .abi = abi, .nr = nr, .may = WORD_OF(nr) | WORD_OF(arch) };

	if (p->plan->abi[abi].pass[nr] == CR_PASS_UNLESS_MASK) {
		w.n = 1;
		cr_filter_mask(abi, nr, &w.arg, &w.mask);
		w.may |= (3 * WORD_OF(args[0])) << (2 * w.arg);
	} else {
		w.n = CR_FILTER_KEYS;
		w.arg = CR_FILTER_KEY_ARG;
		w.mask = UINT64_MAX;
		memcpy(w.value, p->plan->key, sizeof(w.value));
		w.may |= KEY_WORDS | (g ? words_of(g) : 0);
	}
	return check_words(p, &w, d);
}

/* A call with conditions. */
struct guarded {
	const struct proof *p;	/* borrowed */
	const struct cr_filter_guarded *g;	/* borrowed */
	struct seccomp_data d;
	uint32_t no;
	uint64_t never;		/* bits of never_arg with which it does not open */
	unsigned int never_arg;
	uint32_t may;
	/* Arguments that open it, and such that do not, for a closer look at single words. */
	uint64_t example[2][6];
	bool have[2];
	struct cr_compared *k;	/* owned; what its arguments are compared with */
	size_t n;
};

static bool guard_opens(const struct guarded *w, const uint64_t args[6])
{
	return !(args[w->never_arg] & w->never) && cr_guard_opens(w->g->guard, w->g->n, args);
}

static int check_arguments_of(void *ctx, const uint64_t args[6])
{
	struct guarded *w = ctx;
	bool opens = guard_opens(w, args);

	if (!w->have[opens]) {
		w->have[opens] = true;
		memcpy(w->example[opens], args, sizeof(w->example[opens]));
	}
	memcpy(w->d.args, args, sizeof(w->d.args));
	return check(w->p, &w->d, opens ? w->g->yes : w->no, w->may);
}

/* One word with @value, the rest as it was. */
static int check_half_value(struct guarded *w, const uint64_t example[6], unsigned int word,
			    uint32_t value)
{
	unsigned int shift = word % 2 * 32;
	uint64_t args[6];

	memcpy(args, example, sizeof(args));
	args[word / 2] &= (uint64_t)UINT32_MAX << (32 - shift);
	args[word / 2] |= (uint64_t)value << shift;
	return check_arguments_of(w, args);
}

/* One half of an argument against every constant that it is compared with, and with each of its
 * bits turned round. */
static int check_half(struct guarded *w, const uint64_t example[6], unsigned int word)
{
	uint32_t now = (uint32_t)(example[word / 2] >> word % 2 * 32), k;
	size_t i;
	int rc = 0;

	for (i = 0; i < 32 && rc == 0; i++)
		rc = check_half_value(w, example, word, now ^ 1u << i);
	for (i = 0; i < w->n && rc == 0; i++) {
		if (w->k[i].word != 4 + word)
			continue;
		for (k = w->k[i].k - 1; k != w->k[i].k + 2 && rc == 0; k++)
			rc = check_half_value(w, example, word, k);
	}
	return rc;
}

static int check_halves(struct guarded *w)
{
	unsigned int how, word;
	int rc = cr_bpf_compared(w->p->f, &w->d, &w->k, &w->n);

	if (rc < 0)
		return cr_err_sys(w->p->err, rc, "cannot prove the filter");
	for (how = 0; how < 2; how++)
		for (word = 0; word < 12 && w->have[how] && rc == 0; word++)
			if (w->may & 1u << (4 + word))
				rc = check_half(w, w->example[how], word);
	free(w->k);
	return rc;
}

static int check_guarded(const struct proof *p, const struct seccomp_data *d, enum cr_abi abi,
			 uint32_t nr, const struct cr_filter_guarded *g)
{
	struct guarded w = { .p = p, .g = g, .d = *d, .no = cr_filter_otherwise(p->plan, abi, nr) };
	char name[CR_NAME_MAX];
	int rc;

	w.may = WORD_OF(nr) | WORD_OF(arch) | words_of(g);
	if (p->plan->abi[abi].pass[nr] == CR_PASS_UNLESS_MASK) {
		cr_filter_mask(abi, nr, &w.never_arg, &w.never);
		w.may |= (3 * WORD_OF(args[0])) << (2 * w.never_arg);
	}
	/* Nobody finds the key here. */
	if (p->plan->abi[abi].pass[nr] == CR_PASS_WITH_KEY)
		w.may |= KEY_WORDS;
	rc = cr_guard_borders(g->guard, g->n, check_arguments_of, &w);
	if (rc == -E2BIG)
		return cr_err_set(p->err, rc, "the condition of %s (%s) is too long to be proved",
				  cr_nr_to_name(abi, nr, name), cr_abi_facts[abi].name);
	return rc ? rc : check_halves(&w);
}

static int check_number(const struct proof *p, uint32_t arch, uint32_t raw)
{
	struct seccomp_data d = { .nr = (int)raw, .arch = arch };
	const struct cr_filter_guarded *g;
	enum cr_pass pass;
	enum cr_abi abi;
	uint32_t nr;
	int rc = 0;

	if (cr_abi_of(arch, raw, &abi, &nr) < 0)
		return check(p, &d, cr_filter_foreign(p->plan), WORD_OF(nr) | WORD_OF(arch));
	if (nr >= CR_NR_MAX)
		return check(p, &d, cr_filter_otherwise(p->plan, abi, nr),
			     WORD_OF(nr) | WORD_OF(arch));
	g = cr_filter_guards(p->plan, abi, nr);
	pass = (enum cr_pass)p->plan->abi[abi].pass[nr];
	if (g)
		rc = check_guarded(p, &d, abi, nr, g);
	if (rc < 0 || (g && pass != CR_PASS_WITH_KEY))
		return rc;
	if (pass == CR_PASS_UNLESS_MASK || pass == CR_PASS_WITH_KEY)
		return check_arguments(p, &d, abi, nr);
	return check(p, &d, cr_filter_otherwise(p->plan, abi, nr), WORD_OF(nr) | WORD_OF(arch));
}

static int check_arch(const struct proof *p, uint32_t arch)
{
	uint32_t nr;
	size_t i;
	int rc = 0;

	for (nr = 0; nr < CR_NR_MAX && rc == 0; nr++) {
		rc = check_number(p, arch, nr);
		if (rc == 0)
			rc = check_number(p, arch, nr | CR_X32_BIT);
	}
	for (i = 0; i < p->numbers.n && rc == 0; i++) {
		rc = check_number(p, arch, p->numbers.k[i]);
		if (rc == 0)
			rc = check_number(p, arch, p->numbers.k[i] ^ CR_X32_BIT);
	}
	return rc;
}

/* Of an architecture that is none of ours the number has no say in it. */
static int check_foreign(const struct proof *p, uint32_t arch)
{
	struct seccomp_data d = { .nr = 0, .arch = arch };
	enum cr_abi abi;
	uint32_t nr;

	if (cr_abi_of(arch, 0, &abi, &nr) == 0)
		return 0;
	return check(p, &d, cr_filter_foreign(p->plan), WORD_OF(arch));
}

static int check_all(const struct proof *p)
{
	size_t i;
	int rc;

	rc = check_arch(p, cr_abi_facts[CR_ABI_X86_64].audit_arch);
	if (rc == 0)
		rc = check_arch(p, cr_abi_facts[CR_ABI_I386].audit_arch);
	for (i = 0; i < CR_ARRAY_SIZE(foreign) && rc == 0; i++)
		rc = check_foreign(p, foreign[i]);
	for (i = 0; i < p->numbers.n && rc == 0; i++)
		rc = check_foreign(p, p->numbers.k[i]);
	return rc;
}

/* Is the program of the kind that the constants of its comparisons cover? Then a value is only
 * compared with constants, or masked and compared at once; nothing is computed, kept or loaded
 * from elsewhere. */
static bool plain(const struct sock_filter *i)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		return i->code == (BPF_LD | BPF_W | BPF_ABS);
	case BPF_JMP:
		return BPF_OP(i->code) == BPF_JA ||
		       (BPF_SRC(i->code) == BPF_K && BPF_OP(i->code) != BPF_JSET);
	case BPF_ALU:
		return i->code == (BPF_ALU | BPF_AND | BPF_K);
	case BPF_RET:
		return i->code == (BPF_RET | BPF_K);
	}
	return false;
}

/* A masked number would make numbers between the constants differ; only arguments are masked. */
static bool masks_argument(const struct cr_filter *f, unsigned short pc)
{
	const struct sock_filter *load = &f->insn[pc] - 1;

	return pc > 0 && load->code == (BPF_LD | BPF_W | BPF_ABS) &&
	       load->k >= offsetof(struct seccomp_data, args);
}

static bool is_mask(const struct cr_filter *f, uint32_t pc)
{
	return BPF_CLASS(f->insn[pc].code) == BPF_ALU;
}

/* May the constants of the program's comparisons stand for all numbers? */
static bool provable(const struct cr_filter *f)
{
	const struct sock_filter *i;
	unsigned short pc;

	for (pc = 0; pc < f->len; pc++) {
		i = &f->insn[pc];
		if (!plain(i))
			return false;
		if (is_mask(f, pc) && !masks_argument(f, pc))
			return false;
		if (BPF_CLASS(i->code) != BPF_JMP)
			continue;
		/* Jumping to a mask would bring something else than what is loaded before it. */
		if (BPF_OP(i->code) == BPF_JA ? is_mask(f, pc + 1 + i->k) :
		    is_mask(f, pc + 1u + i->jt) || is_mask(f, pc + 1u + i->jf))
			return false;
	}
	return true;
}

int cr_filter_prove(const struct cr_filter_plan *plan, const struct cr_filter *f,
		    struct cr_err *err)
{
	struct proof p = { .plan = plan, .f = f, .err = err };
	int rc;

	if (cr_bpf_check(f) < 0)
		return cr_err_set(err, -EBADMSG, "the compiled filter is no program that the "
				  "kernel would take");
	if (!provable(f))
		return cr_err_set(err, -EBADMSG,
				  "the compiled filter computes what cannot be proved");
	rc = cr_constants_collect(f, &p.numbers, &p.args);
	if (rc < 0)
		cr_err_sys(err, rc, "cannot prove the filter");
	if (rc == 0)
		rc = check_all(&p);
	free(p.numbers.k);
	free(p.args.k);
	return rc;
}
