/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <linux/audit.h>

#include "cr/filter.h"
#include "cr/names.h"
#include "cr-test.h"

#define STOP (SECCOMP_RET_TRACE | CR_FILTER_DATA)
#define FAILS(e) (SECCOMP_RET_ERRNO | (e))
#define HIGH 0xdeadbeef00000000ull

static const struct cr_filter_use strict = { .learning = false };
static struct cr_filter_plan plan;
static struct cr_err err;

static uint32_t number(enum cr_abi abi, const char *call)
{
	int nr = cr_name_to_nr(abi, call);

	if (nr < 0)
		CR_FAIL("there is no call %s", call);
	return (uint32_t)nr;
}

/* A rule for @call in window @window, or (0) outside. */
static void put(struct cr_policy *p, unsigned int window, enum cr_abi abi, const char *call,
		struct cr_rule like, const char *cond)
{
	like.abi = abi;
	like.nr = number(abi, call);
	if (cond && cr_conds_parse(abi, like.nr, cond, &like.cond, NULL, &err) < 0)
		CR_FAIL("%s if %s: %s", call, cond, err.text);
	CR_CHECK_INT(cr_policy_put_in(p, window, &like), 0);
	cr_conds_free(like.cond);
}

static const struct cr_rule allow = { .act = CR_ACT_ALLOW };

static struct cr_policy *one_rule(enum cr_abi abi, const char *call, struct cr_rule like,
				  const char *cond)
{
	struct cr_policy *p = cr_policy_new();

	CR_CHECK(p != NULL);
	put(p, 0, abi, call, like, cond);
	return p;
}

static struct cr_filter build(void)
{
	struct cr_filter f;

	if (cr_filter_build(&plan, &f, &err) < 0)
		CR_FAIL("%s", err.text);
	return f;
}

static uint32_t run(const struct cr_filter *f, enum cr_abi abi, uint32_t nr, const uint64_t args[6])
{
	struct seccomp_data d = {
		.nr = (int)(nr | cr_abi_facts[abi].nr_bit), .arch = cr_abi_facts[abi].audit_arch,
	};

	memcpy(d.args, args, sizeof(d.args));
	return cr_bpf_run(f, &d, NULL);
}

static const struct {
	enum cr_abi abi;
	const char *call;
	const char *cond;
	uint64_t args[6];
	bool passes;
} rows[] = {
	{ CR_ABI_X86_64, "socket", "arg0 in AF_UNIX AF_INET", { 1 }, true },
	{ CR_ABI_X86_64, "socket", "arg0 in AF_UNIX AF_INET", { HIGH | 2 }, true },
	{ CR_ABI_X86_64, "socket", "arg0 in AF_UNIX AF_INET", { 3 }, false },
	{ CR_ABI_X86_64, "socket", "arg0 in AF_UNIX AF_INET", { HIGH }, false },
	{ CR_ABI_X86_64, "socket", "arg0 != AF_INET", { HIGH | 2 }, false },
	{ CR_ABI_X86_64, "socket", "arg0 not in 2 4 6", { 5 }, true },
	{ CR_ABI_X86_64, "ioctl", "arg0 in -2..3", { 0xfffffffe }, true },
	{ CR_ABI_X86_64, "ioctl", "arg0 in -2..3", { 0xfffffffd }, false },
	{ CR_ABI_X86_64, "ioctl", "arg0 in -2..3", { 0 }, true },
	{ CR_ABI_X86_64, "ioctl", "arg0 in -2..3", { 4 }, false },
	{ CR_ABI_X86_64, "ioctl", "arg2 in 5..0x200000001", { 0, 0, 4 }, false },
	{ CR_ABI_X86_64, "ioctl", "arg2 in 5..0x200000001", { 0, 0, 5 }, true },
	{ CR_ABI_X86_64, "ioctl", "arg2 in 5..0x200000001", { 0, 0, 0x100000000 }, true },
	{ CR_ABI_X86_64, "ioctl", "arg2 in 5..0x200000001", { 0, 0, 0x200000001 }, true },
	{ CR_ABI_X86_64, "ioctl", "arg2 in 5..0x200000001", { 0, 0, 0x200000002 }, false },
	{ CR_ABI_X86_64, "ioctl", "arg2 != 7", { 0, 0, HIGH | 7 }, true },
	{ CR_ABI_X86_64, "ioctl", "arg2 != 7", { 0, 0, 7 }, false },
	{ CR_ABI_X86_64, "mprotect", "not arg2 & PROT_EXEC", { 0, 0, HIGH | 3 }, true },
	{ CR_ABI_X86_64, "mprotect", "not arg2 & PROT_EXEC", { 0, 0, 4 }, false },
	{ CR_ABI_X86_64, "mprotect", "arg2 & 0x100000002", { 0, 0, 0x100000000 }, true },
	{ CR_ABI_X86_64, "mprotect", "arg2 & 0x100000002", { 0, 0, 2 }, true },
	{ CR_ABI_X86_64, "mprotect", "arg2 & 0x100000002", { 0, 0, ~0x100000002ull }, false },
	{ CR_ABI_X86_64, "openat", "arg3 == 0644", { 0, 0, 0, HIGH | 0x10000 | 0644 }, true },
	{ CR_ABI_X86_64, "clone", "not arg0 & CLONE_NEWUSER", { 0x11 }, true },
	{ CR_ABI_X86_64, "clone", "not arg0 & CLONE_NEWUSER", { 0x10000011 }, false },
	{ CR_ABI_X86_64, "clone", "not arg0 & CLONE_NEWUSER", { 0x00800011 }, false },
	{ CR_ABI_X86_64, "nr:462", "arg5 == 0x100000000", { 0, 0, 0, 0, 0, 0x100000000 }, true },
	{ CR_ABI_X86_64, "nr:462", "arg5 == 0x100000000", { 0, 0, 0, 0, 0, 0 }, false },
	{ CR_ABI_I386, "socket", "arg0 == AF_UNIX", { 1 }, true },
	{ CR_ABI_I386, "socket", "arg0 == AF_UNIX", { 2 }, false },
	{ CR_ABI_I386, "mmap2", "not arg2 & PROT_EXEC", { 0, 0, 7 }, false },
	{ CR_ABI_I386, "setuid", "arg0 != 0", { 0x10000 }, false },
	{ CR_ABI_X32, "ioctl", "arg2 == 1", { 0, 0, HIGH | 1 }, true },
	{ CR_ABI_X32, "mprotect", "arg2 == 1", { 0, 0, HIGH | 1 }, false },
};

CR_TEST(verdicts)
{
	struct cr_filter f;
	struct cr_policy *p;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(rows); i++) {
		p = one_rule(rows[i].abi, rows[i].call, allow, rows[i].cond);
		cr_filter_plan(p, &strict, &plan);
		f = build();
		if (run(&f, rows[i].abi, number(rows[i].abi, rows[i].call), rows[i].args) !=
		    (rows[i].passes ? SECCOMP_RET_ALLOW : STOP))
			CR_FAIL("row %zu: %s if %s", i, rows[i].call, rows[i].cond);
		cr_filter_fini(&f);
		cr_policy_free(p);
	}
}

/* Numbers that lie near each other, and near the borders of a word and of its signs. */
static uint64_t some_number(void)
{
	static const uint64_t near[] = {
		0, 0x10, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x1ffffffff,
		0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
	};

	return near[(size_t)rand() % CR_ARRAY_SIZE(near)] + (uint64_t)(rand() % 5) - 2;
}

/* A condition of tests at random, not from text: kcmp has three ints and two words. */
static struct cr_conds *some_condition(void)
{
	static const char *const wide[] = { "arg3", "arg4" }, *const narrow[] = { "arg0", "arg1" };
	struct cr_buf text = CR_BUF_INIT;
	struct cr_conds *c = NULL;
	unsigned int alts, tests, n;

	do {
		cr_buf_clear(&text);
		for (alts = 1 + rand() % 3; alts; alts--) {
			for (tests = 1 + rand() % 3; tests; tests--) {
				bool w = rand() % 2;
				uint64_t keep = w ? UINT64_MAX : UINT32_MAX, mask = keep;

				cr_buf_addf(&text, "%s", (w ? wide : narrow)[rand() % 2]);
				if (rand() % 3 == 0) {
					mask = (some_number() ^ some_number()) & keep;
					mask = mask ? mask : keep;
					cr_buf_addf(&text, " & 0x%llx", (unsigned long long)mask);
				}
				cr_buf_addf(&text, " %s", rand() % 3 ? "in" : "not in");
				for (n = 1 + rand() % 4; n; n--)
					cr_buf_addf(&text, " 0x%llx",
						    (unsigned long long)(some_number() & mask));
				cr_buf_add(&text, tests > 1 ? " and " : alts > 1 ? " or " : "");
			}
		}
	} while (cr_conds_parse(CR_ABI_X86_64, number(CR_ABI_X86_64, "kcmp"), cr_buf_str(&text), &c,
				NULL, &err) < 0);
	cr_buf_fini(&text);
	return c;
}

CR_TEST(at_random)
{
	uint32_t nr = number(CR_ABI_X86_64, "kcmp");
	unsigned int round, i, k, passed = 0, built = 0;
	bool few;
	struct cr_rule like = allow;
	struct cr_policy *p;
	struct cr_filter f;
	uint64_t args[6];

	srand(7);
	for (round = 0; round < 400; round++) {
		p = cr_policy_new();
		CR_CHECK(p != NULL);
		like.nr = nr;
		like.cond = some_condition();
		CR_CHECK_INT(cr_policy_put(p, NULL, &like), 0);
		cr_filter_plan(p, &strict, &plan);
		f = build();
		/* Too much to be proved: then it stops, which is right, too. */
		few = plan.abi[CR_ABI_X86_64].pass[nr] == CR_PASS_ALLOW;
		built += few;
		for (i = 0; i < 500; i++) {
			for (k = 0; k < 6; k++)
				args[k] = some_number() ^ (rand() % 8 ? 0 : HIGH);
			CR_CHECK_INT(run(&f, CR_ABI_X86_64, nr, args) == SECCOMP_RET_ALLOW,
				     few && cr_conds_hold(like.cond, args));
			passed += few && cr_conds_hold(like.cond, args);
		}
		cr_conds_free(like.cond);
		cr_filter_fini(&f);
		cr_policy_free(p);
	}
	CR_CHECK(built > 300 && passed > 10000 && passed < 140000);
}

static struct cr_policy *common_policy(void)
{
	struct cr_policy *p = one_rule(CR_ABI_X86_64, "socket", allow,
		"arg0 in AF_UNIX AF_INET and arg1 & 0xf == SOCK_STREAM or arg0 == AF_NETLINK");

	put(p, 0, CR_ABI_X86_64, "ioctl", allow, "arg2 in 3..0x100000005 0x700000000");
	put(p, 0, CR_ABI_X86_64, "mprotect", allow, "not arg2 & PROT_EXEC");
	put(p, 0, CR_ABI_X86_64, "clone", allow, "not arg0 & CLONE_NEWNS|CLONE_NEWUSER");
	put(p, 0, CR_ABI_X86_64, "lseek", allow, "arg1 >= -3");
	put(p, 0, CR_ABI_X86_64, "read", allow, NULL);
	return p;
}

/* Do the two answer @p's conditional calls alike? Asked often, near every constant of both. */
static bool same(const struct cr_policy *p, const struct cr_filter *a, const struct cr_filter *b)
{
	uint64_t args[6];
	unsigned int i, k, n;

	for (i = 0; i < p->n_rules; i++) {
		for (n = 0; n < 4000; n++) {
			for (k = 0; k < 6; k++) {
				const struct cr_filter *f = rand() % 2 ? a : b;
				uint32_t lo = f->insn[rand() % f->len].k, hi;

				hi = rand() % 3 ? 0 : f->insn[rand() % f->len].k;
				args[k] = ((uint64_t)hi << 32 | lo) + (uint64_t)(rand() % 3) - 1;
			}
			if (run(a, CR_ABI_X86_64, p->rules[i]->nr, args) !=
			    run(b, CR_ABI_X86_64, p->rules[i]->nr, args))
				return false;
		}
	}
	return true;
}

CR_TEST(tampering)
{
	struct cr_policy *p = common_policy();
	struct cr_filter f, bad;
	unsigned int pc, how, caught = 0;

	cr_filter_plan(p, &strict, &plan);
	f = build();
	bad = f;
	bad.insn = malloc(f.len * sizeof(*f.insn));
	CR_CHECK(bad.insn != NULL);
	srand(3);
	for (pc = 0; pc < f.len; pc++) {
		for (how = 0; how < 35; how++) {
			struct sock_filter *i = &bad.insn[pc];
			uint8_t jt;

			memcpy(bad.insn, f.insn, f.len * sizeof(*f.insn));
			jt = i->jt;
			if (how < 32) {
				i->k ^= 1u << how;
			} else if (BPF_CLASS(i->code) != BPF_JMP || BPF_OP(i->code) == BPF_JA) {
				continue;
			} else if (how == 32) {
				i->jt = i->jf;
				i->jf = jt;
			} else if (how == 33) {
				i->jt = i->jf;
			} else {
				i->code ^= BPF_JGT ^ BPF_JGE;
			}
			if (cr_filter_prove(&plan, &bad, &err) < 0)
				caught++;
			else if (!same(p, &f, &bad))
				CR_FAIL("instruction %u, change %u was not noticed", pc, how);
		}
	}
	CR_CHECK(caught > 30u * f.len / 2);
	free(bad.insn);
	cr_filter_fini(&f);
	cr_policy_free(p);
}

CR_TEST(lies)
{
	struct cr_policy *p = common_policy(), *q = common_policy();
	uint32_t nr = number(CR_ABI_X86_64, "mprotect");
	struct cr_filter f;

	cr_filter_plan(p, &strict, &plan);
	f = build();
	put(q, 0, CR_ABI_X86_64, "mprotect", allow, "not arg2 & PROT_WRITE");
	cr_filter_plan(q, &strict, &plan);
	CR_CHECK_INT(cr_filter_prove(&plan, &f, &err), -EBADMSG);
	CR_CHECK_HAS(err.text, "the compiled filter is wrong: mprotect (x86-64");
	put(q, 0, CR_ABI_X86_64, "mprotect", allow, NULL);
	cr_filter_plan(q, &strict, &plan);
	CR_CHECK_INT(plan.abi[CR_ABI_X86_64].guarded[nr], 0);
	CR_CHECK_INT(cr_filter_prove(&plan, &f, &err), -EBADMSG);
	cr_filter_fini(&f);
	cr_policy_free(p);
	cr_policy_free(q);
}

CR_TEST(actions)
{
	static const struct cr_rule els = { .act = CR_ACT_ALLOW, .other = CR_ACT_ERRNO,
					    .other_err = EACCES };
	static const struct cr_rule unless = { .act = CR_ACT_ERRNO, .err = EPERM,
					       .other = CR_ACT_ALLOW };
	static const struct cr_rule logs = { .act = CR_ACT_LOG };
	static const struct cr_violation kills = { CR_ACT_KILL, 0 };
	struct cr_policy *p = one_rule(CR_ABI_X86_64, "socket", els, "arg0 == AF_UNIX");
	uint32_t socket = number(CR_ABI_X86_64, "socket"), close = number(CR_ABI_X86_64, "close");
	uint32_t ioctl = number(CR_ABI_X86_64, "ioctl");
	const uint64_t one[6] = { 1 }, two[6] = { 2 };
	struct cr_filter f;

	put(p, 0, CR_ABI_X86_64, "close", unless, "arg0 == 1");
	put(p, 0, CR_ABI_X86_64, "ioctl", logs, "arg0 == 1");
	cr_filter_plan(p, &strict, &plan);
	f = build();
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, socket, one), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, socket, two), STOP);
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, close, one), STOP);
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, close, two), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, ioctl, one), STOP);
	cr_filter_fini(&f);
	cr_filter_plan_alone(p, &kills, &plan);
	f = build();
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, socket, one), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, socket, two), FAILS(EACCES));
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, close, one), FAILS(EPERM));
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, close, two), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, ioctl, one), SECCOMP_RET_LOG);
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, ioctl, two), SECCOMP_RET_KILL_PROCESS);
	cr_filter_fini(&f);
	cr_policy_free(p);
}

CR_TEST(windows)
{
	const struct cr_window_name one = { "one", NULL, CR_SCOPE_THREAD };
	const struct cr_window_name two = { "two", NULL, CR_SCOPE_THREAD };
	struct cr_policy *p = one_rule(CR_ABI_X86_64, "ioctl", allow, "arg1 in 1 2 3");
	uint32_t ioctl = number(CR_ABI_X86_64, "ioctl"), n;
	uint64_t args[6] = { 0 };
	struct cr_filter f;

	CR_CHECK_INT(cr_policy_window_add(p, 1, &one), 1);
	CR_CHECK_INT(cr_policy_window_add(p, 2, &two), 2);
	put(p, 1, CR_ABI_X86_64, "ioctl", allow, "arg1 in 2 3 4");
	put(p, 2, CR_ABI_X86_64, "ioctl", allow, NULL);
	/* The kernel does not know where a call is made: what passes must be allowed everywhere. */
	cr_filter_plan(p, &strict, &plan);
	f = build();
	for (n = 0; n < 6; n++) {
		args[1] = n;
		CR_CHECK_INT(run(&f, CR_ABI_X86_64, ioctl, args),
			     n == 2 || n == 3 ? SECCOMP_RET_ALLOW : STOP);
	}
	cr_filter_fini(&f);
	cr_policy_unset_in(p, 2, CR_ABI_X86_64, ioctl);
	cr_filter_plan(p, &strict, &plan);
	f = build();
	args[1] = 2;
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, ioctl, args), STOP);
	cr_filter_fini(&f);
	cr_policy_free(p);
}

/* A program that runs another one has a filter for both. */
CR_TEST(two_policies)
{
	static const char *const conditions[] = { "arg1 in 1 2 3", "arg1 in 2 3 4", NULL };
	uint32_t ioctl = number(CR_ABI_X86_64, "ioctl"), n;
	uint64_t args[6] = { 0 };
	struct cr_filter_plan other;
	struct cr_policy *p, *q;
	struct cr_filter f;
	unsigned int i, k;

	for (i = 0; i < CR_ARRAY_SIZE(conditions); i++) {
		for (k = 0; k < CR_ARRAY_SIZE(conditions); k++) {
			p = one_rule(CR_ABI_X86_64, "ioctl", allow, conditions[i]);
			q = one_rule(CR_ABI_X86_64, "ioctl", allow, conditions[k]);
			cr_filter_plan(p, &strict, &plan);
			cr_filter_plan(q, &strict, &other);
			cr_filter_plan_meet(&plan, &other);
			f = build();
			for (n = 0; n < 6; n++) {
				bool both = (i == 2 || (n > 0 + i && n < 4 + i)) &&
					    (k == 2 || (n > 0 + k && n < 4 + k));

				args[1] = n;
				CR_CHECK_INT(run(&f, CR_ABI_X86_64, ioctl, args),
					     both ? SECCOMP_RET_ALLOW : STOP);
			}
			cr_filter_fini(&f);
			cr_policy_free(p);
			cr_policy_free(q);
		}
	}
	/* One of them does not allow it at all. */
	p = one_rule(CR_ABI_X86_64, "ioctl", allow, conditions[0]);
	q = one_rule(CR_ABI_X86_64, "read", allow, NULL);
	cr_filter_plan(p, &strict, &plan);
	cr_filter_plan(q, &strict, &other);
	cr_filter_plan_meet(&plan, &other);
	f = build();
	args[1] = 2;
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, ioctl, args), STOP);
	cr_filter_fini(&f);
	cr_policy_free(p);
	cr_policy_free(q);
}

CR_TEST(too_long)
{
	static const struct cr_violation kills = { CR_ACT_KILL, 0 };
	struct cr_buf text = CR_BUF_INIT;
	uint32_t nr = number(CR_ABI_X86_64, "ioctl");
	struct cr_policy *p;
	struct cr_filter f;
	unsigned int i;

	cr_buf_add(&text, "arg1 in");
	for (i = 0; i < 300; i++)
		cr_buf_addf(&text, " %u", 2 * i);
	p = one_rule(CR_ABI_X86_64, "ioctl", allow, cr_buf_str(&text));
	cr_filter_plan(p, &strict, &plan);
	CR_CHECK_INT(plan.abi[CR_ABI_X86_64].pass[nr], CR_PASS_STOP);
	f = build();
	cr_filter_fini(&f);
	cr_filter_plan_alone(p, &kills, &plan);
	CR_CHECK_INT(cr_filter_build(&plan, &f, &err), -E2BIG);
	CR_CHECK_STR(err.text, "the condition of ioctl (x86-64) is too long for a filter");
	cr_policy_free(p);
	/* Short code, but more combinations than can be tried. */
	cr_buf_clear(&text);
	for (i = 0; i < 5; i++)
		cr_buf_addf(&text, "%sarg%u in 1 3 5 7 9 11 13", i ? " and " : "", i);
	p = one_rule(CR_ABI_X86_64, "nr:462", allow, cr_buf_str(&text));
	cr_filter_plan(p, &strict, &plan);
	CR_CHECK_INT(plan.abi[CR_ABI_X86_64].pass[462], CR_PASS_STOP);
	cr_filter_plan_alone(p, &kills, &plan);
	CR_CHECK_INT(cr_filter_build(&plan, &f, &err), -E2BIG);
	CR_CHECK_HAS(err.text, "is too long to be proved");
	cr_policy_free(p);
	cr_buf_fini(&text);
}

CR_TEST(learning)
{
	struct cr_filter_use use = { .learning = true, .confirm = 3 };
	struct cr_policy *p = one_rule(CR_ABI_X86_64, "socket", allow, "arg0 == AF_UNIX");
	uint32_t nr = number(CR_ABI_X86_64, "socket");
	const struct cr_evidence ev = { .seen = 2 };
	const uint64_t one[6] = { 1 }, two[6] = { 2 };
	struct cr_filter f;

	CR_CHECK_INT(cr_rule_witness(cr_policy_own(p, CR_ABI_X86_64, nr), &ev), 0);
	cr_filter_plan(p, &use, &plan);
	CR_CHECK_INT(plan.abi[CR_ABI_X86_64].pass[nr], CR_PASS_STOP);
	use.confirm = 2;
	cr_filter_plan(p, &use, &plan);
	f = build();
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, nr, one), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, CR_ABI_X86_64, nr, two), STOP);
	cr_filter_fini(&f);
	cr_policy_free(p);
}

int main(void)
{
	CR_RUN(verdicts, "the kernel compares what it will look at");
	CR_RUN(at_random, "conditions at random pass in the kernel where they hold");
	CR_RUN(tampering, "a change of the program that matters is noticed");
	CR_RUN(lies, "a program for other conditions is refused");
	CR_RUN(actions, "what an action does where it holds, and what where it does not");
	CR_RUN(windows, "what passes in the kernel is allowed in every window");
	CR_RUN(two_policies, "what passes for two policies passes both their conditions");
	CR_RUN(too_long, "a condition that no filter can hold stops, or is told");
	CR_RUN(learning, "a confirmed rule passes while learning, as far as it holds");
	return cr_done();
}
