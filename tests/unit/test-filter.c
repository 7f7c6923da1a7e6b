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
#define UNTRACED 0x00800000u	/* CLONE_UNTRACED */

static const struct cr_filter_use strict = { .learning = false };
static struct cr_filter_plan plan;
static struct cr_err err;

static struct cr_policy *policy_of(enum cr_abi abi, const char *const *names)
{
	struct cr_policy *p = cr_policy_new();

	CR_CHECK(p != NULL);
	for (; *names; names++) {
		int nr = cr_name_to_nr(abi, *names);

		if (nr < 0)
			CR_FAIL("no %s in this ABI", *names);
		CR_CHECK_INT(cr_policy_set(p, NULL, abi, (uint32_t)nr, CR_ACT_ALLOW, 0), 0);
	}
	return p;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* A filter for calls of both ABIs. */
static struct cr_filter filter_of(struct cr_policy *p)
{
	struct cr_filter f;

	cr_filter_plan(p, &strict, &plan);
	cr_policy_free(p);
	if (cr_filter_build(&plan, &f, &err) < 0)
		CR_FAIL("%s", err.text);
	return f;
}

static uint32_t run(const struct cr_filter *f, uint32_t arch, uint32_t nr, uint64_t arg0,
		    uint64_t arg1)
{
	struct seccomp_data d = { .nr = (int)nr, .arch = arch, .args = { arg0, arg1 } };

	return cr_bpf_run(f, &d, NULL);
}

static struct cr_policy *common_policy(void)
{
	static const char *const i386[] = { "read", "write", "waitpid", "_llseek", "clone",
					    "seccomp", "socketcall", "mmap2", "exit_group", NULL };
	struct cr_policy *p = policy_of(CR_ABI_X86_64, NAMES("read", "write", "openat", "close",
		"mmap", "munmap", "futex", "execve", "exit_group", "clone", "seccomp", "clone3",
		"socket", "bind", "brk", "fstat", "getrandom", "nr:462", "nr:1023"));
	size_t i;

	for (i = 0; i386[i]; i++)
		CR_CHECK_INT(cr_policy_set(p, NULL, CR_ABI_I386,
			(uint32_t)cr_name_to_nr(CR_ABI_I386, i386[i]), CR_ACT_ALLOW, 0), 0);
	CR_CHECK_INT(cr_policy_set(p, NULL, CR_ABI_X32, 0, CR_ACT_ALLOW, 0), 0);
	CR_CHECK_INT(cr_policy_set(p, NULL, CR_ABI_X86_64, 62, CR_ACT_NEVER, 0), 0);
	CR_CHECK_INT(cr_policy_set(p, NULL, CR_ABI_X86_64, 41, CR_ACT_ERRNO, EPERM), 0);
	CR_CHECK_INT(cr_policy_set(p, NULL, CR_ABI_X86_64, 49, CR_ACT_LOG, 0), 0);
	return p;
}

CR_TEST(passes_and_stops)
{
	struct cr_filter f = filter_of(common_policy());
	uint32_t x86 = AUDIT_ARCH_X86_64, i386 = AUDIT_ARCH_I386;

	CR_CHECK_INT(run(&f, x86, 0, 0, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, x86, 462, 0, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, x86, 1023, 0, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, x86, 41, 0, 0), STOP);	/* errno */
	CR_CHECK_INT(run(&f, x86, 49, 0, 0), STOP);	/* log */
	CR_CHECK_INT(run(&f, x86, 62, 0, 0), STOP);	/* never */
	CR_CHECK_INT(run(&f, x86, 101, 0, 0), STOP);	/* no rule */
	CR_CHECK_INT(run(&f, x86, CR_X32_BIT, 0, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, x86, CR_X32_BIT | 1, 0, 0), STOP);
	CR_CHECK_INT(run(&f, x86, CR_X32_BIT | CR_NR_MAX, 0, 0), STOP);
	CR_CHECK_INT(run(&f, x86, 0xffffffff, 0, 0), STOP);
	CR_CHECK_INT(run(&f, i386, 3, 0, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, i386, 7, 0, 0), SECCOMP_RET_ALLOW);	/* waitpid: i386 only */
	CR_CHECK_INT(run(&f, i386, 102, 0, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, i386, 1, 0, 0), STOP);
	CR_CHECK_INT(run(&f, AUDIT_ARCH_AARCH64, 0, 0, 0), STOP);
	cr_filter_fini(&f);
}

CR_TEST(escapes_stop)
{
	struct cr_filter f = filter_of(common_policy());
	uint32_t x86 = AUDIT_ARCH_X86_64, i386 = AUDIT_ARCH_I386;

	CR_CHECK_INT(run(&f, x86, 56, 0x11, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, x86, 56, 0x11 | UNTRACED, 0), STOP);
	/* The kernel takes the lower half only, and so must we. */
	CR_CHECK_INT(run(&f, x86, 56, 0xffffffff00000011ull | UNTRACED, 0), STOP);
	CR_CHECK_INT(run(&f, x86, 56, 0xffffffff00000011ull, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, i386, 120, UNTRACED, 0), STOP);
	CR_CHECK_INT(run(&f, i386, 120, ~(uint64_t)UNTRACED, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, x86, 435, 0, 0), STOP);
	CR_CHECK_INT(run(&f, x86, 317, 1, SECCOMP_FILTER_FLAG_TSYNC), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, x86, 317, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER), STOP);
	CR_CHECK_INT(run(&f, i386, 354, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER), STOP);
	cr_filter_fini(&f);
}

CR_TEST(no_multiplexer)
{
	struct cr_filter f = filter_of(policy_of(CR_ABI_I386, NAMES("socket", "bind", "sendmmsg",
								     "shmget", "msgctl", "read")));
	uint32_t i386 = AUDIT_ARCH_I386;
	uint64_t sub;

	CR_CHECK_INT(run(&f, i386, 3, 0, 0), SECCOMP_RET_ALLOW);
	for (sub = 0; sub < 32; sub++) {
		CR_CHECK_INT(run(&f, i386, 102, sub, 0), STOP);
		CR_CHECK_INT(run(&f, i386, 117, sub, 0), STOP);
	}
	CR_CHECK_INT(run(&f, i386, 359, 0, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, i386, 395, 0, 0), SECCOMP_RET_ALLOW);
	cr_filter_fini(&f);
}

CR_TEST(restart_passes)
{
	struct cr_filter_use all = { .learning = true, .all = true, .confirm = 3 };
	struct cr_filter f;
	struct cr_policy *p = common_policy();
	uint32_t nr, passing = 0;

	cr_filter_plan(p, &all, &plan);
	cr_policy_free(p);
	CR_CHECK_INT(cr_filter_build(&plan, &f, &err), 0);
	CR_CHECK_INT(run(&f, AUDIT_ARCH_X86_64, 219, 0, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, AUDIT_ARCH_I386, 0, 0, 0), SECCOMP_RET_ALLOW);
	for (nr = 0; nr < 2 * CR_NR_MAX; nr++)
		passing += run(&f, AUDIT_ARCH_X86_64, nr, 0, 0) == SECCOMP_RET_ALLOW;
	CR_CHECK_INT(passing, 1);
	cr_filter_fini(&f);
}

/* Each call of each ABI, alone: the proof in cr_filter_build decides. */
CR_TEST(one_by_one)
{
	enum cr_abi abi;
	uint32_t nr, built = 0;

	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < 480; nr++) {
			struct cr_policy *p = cr_policy_new();
			struct cr_filter f;

			CR_CHECK(p != NULL);
			CR_CHECK_INT(cr_policy_set(p, NULL, abi, nr, CR_ACT_ALLOW, 0), 0);
			f = filter_of(p);
			built += plan.abi[abi].pass[nr] != CR_PASS_STOP;
			cr_filter_fini(&f);
		}
	}
	/* Six stop whatever the policy says; three of x32's have numbers above 511. */
	CR_CHECK_INT(built, 3 * 480 - 6 - 6 - 3);
}

/* What a kernel that is alone answers. */
CR_TEST(alone)
{
	struct cr_violation kill = { CR_ACT_KILL, 0 }, fail = { CR_ACT_ERRNO, EXDEV };
	struct cr_policy *p = common_policy();
	uint32_t x86 = AUDIT_ARCH_X86_64, i386 = AUDIT_ARCH_I386;
	uint32_t enosys = SECCOMP_RET_ERRNO | ENOSYS;
	struct cr_filter f;

	p->horizon_nr = 450;
	cr_filter_plan_alone(p, &kill, &plan);
	CR_CHECK_INT(cr_filter_build(&plan, &f, &err), 0);
	CR_CHECK_INT(run(&f, x86, 0, 0, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, x86, 56, UNTRACED, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, x86, 435, 0, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, x86, 219, 0, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, x86, 41, 0, 0), SECCOMP_RET_ERRNO | EPERM);
	CR_CHECK_INT(run(&f, x86, 49, 0, 0), SECCOMP_RET_LOG);
	CR_CHECK_INT(run(&f, x86, 62, 0, 0), SECCOMP_RET_KILL_PROCESS);
	CR_CHECK_INT(run(&f, x86, 450, 0, 0), SECCOMP_RET_KILL_PROCESS);
	CR_CHECK_INT(run(&f, x86, 451, 0, 0), enosys);
	CR_CHECK_INT(run(&f, x86, 462, 0, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, x86, CR_NR_MAX, 0, 0), enosys);
	CR_CHECK_INT(run(&f, x86, 0xffffffff, 0, 0), enosys);
	CR_CHECK_INT(run(&f, x86, CR_X32_BIT | 1, 0, 0), SECCOMP_RET_KILL_PROCESS);
	CR_CHECK_INT(run(&f, i386, 1, 0, 0), SECCOMP_RET_KILL_PROCESS);
	CR_CHECK_INT(run(&f, i386, 0x7fffffff, 0, 0), enosys);
	CR_CHECK_INT(run(&f, AUDIT_ARCH_AARCH64, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	cr_filter_fini(&f);
	cr_filter_plan_alone(p, &fail, &plan);
	CR_CHECK_INT(cr_filter_build(&plan, &f, &err), 0);
	CR_CHECK_INT(run(&f, x86, 62, 0, 0), SECCOMP_RET_ERRNO | EXDEV);
	CR_CHECK_INT(run(&f, x86, 101, 0, 0), SECCOMP_RET_ERRNO | EXDEV);
	cr_filter_fini(&f);
	cr_policy_free(p);
}

static uint32_t run_key(const struct cr_filter *f, uint32_t nr, uint64_t k0, uint64_t k1)
{
	struct seccomp_data d = { .nr = (int)nr, .arch = AUDIT_ARCH_X86_64,
				  .args = { 1, 2, 3, 4, k0, k1 } };

	return cr_bpf_run(f, &d, NULL);
}

CR_TEST(key)
{
	const uint64_t k0 = 0x0123456789abcdef, k1 = 0xfedcba9876543210;
	struct cr_violation kill = { CR_ACT_KILL, 0 };
	struct cr_rule write = { .abi = CR_ABI_X86_64, .nr = 1, .act = CR_ACT_ALLOW };
	struct cr_policy *p = cr_policy_new();
	struct cr_filter f;
	unsigned int bit;

	CR_CHECK(p != NULL);
	CR_CHECK_INT(cr_policy_set(p, NULL, CR_ABI_X86_64, 0, CR_ACT_ALLOW, 0), 0);
	CR_CHECK_INT(cr_conds_parse(CR_ABI_X86_64, 1, "arg0 == 1", &write.cond, NULL, &err), 0);
	CR_CHECK_INT(cr_policy_put(p, NULL, &write), 0);
	cr_filter_plan_alone(p, &kill, &plan);
	plan.key[0] = k0;
	plan.key[1] = k1;
	cr_filter_let(&plan, 0);
	cr_filter_let(&plan, 1);
	cr_filter_let(&plan, 59);
	CR_CHECK_INT(cr_filter_build(&plan, &f, &err), 0);
	CR_CHECK_INT(run_key(&f, 59, k0, k1), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run_key(&f, 0, 0, 0), SECCOMP_RET_ALLOW);
	/* run_key's first argument is 1 */
	CR_CHECK_INT(run_key(&f, 1, 0, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, AUDIT_ARCH_X86_64, 1, 2, 0), SECCOMP_RET_KILL_PROCESS);
	CR_CHECK_INT(run(&f, AUDIT_ARCH_I386, 11, 0, 0), SECCOMP_RET_KILL_PROCESS);
	CR_CHECK_INT(run_key(&f, 58, k0, k1), SECCOMP_RET_KILL_PROCESS);
	CR_CHECK_INT(run_key(&f, 60, k0, k1), SECCOMP_RET_KILL_PROCESS);
	for (bit = 0; bit < 64; bit++) {
		CR_CHECK_INT(run_key(&f, 59, k0 ^ 1ull << bit, k1), SECCOMP_RET_KILL_PROCESS);
		CR_CHECK_INT(run_key(&f, 59, k0, k1 ^ 1ull << bit), SECCOMP_RET_KILL_PROCESS);
	}
	CR_CHECK_INT(run_key(&f, 1, k0, k1), SECCOMP_RET_ALLOW);
	plan.key[1] ^= 1ull << 40;
	CR_CHECK_INT(cr_filter_prove(&plan, &f, &err), -EBADMSG);
	cr_conds_free(write.cond);
	cr_policy_free(p);
	cr_filter_fini(&f);
}

/* What stops whatever the policy says, as numbers: clone3, sched_setaffinity, sched_getaffinity,
 * ptrace, process_vm_readv, process_vm_writev. */
static bool always_stops(enum cr_abi abi, uint32_t nr)
{
	static const uint32_t stops[][6] = {
		[CR_ABI_X86_64] = { 435, 203, 204, 101, 310, 311 },
		[CR_ABI_I386] = { 435, 241, 242, 26, 347, 348 },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(stops[abi]); i++) {
		if (stops[abi][i] == nr)
			return true;
	}
	return false;
}

CR_TEST(everything_allowed)
{
	struct cr_policy *p = cr_policy_new();
	struct cr_filter f;
	uint32_t nr;

	CR_CHECK(p != NULL);
	for (nr = 0; nr < CR_NR_MAX; nr++) {
		CR_CHECK_INT(cr_policy_set(p, NULL, CR_ABI_X86_64, nr, CR_ACT_ALLOW, 0), 0);
		CR_CHECK_INT(cr_policy_set(p, NULL, CR_ABI_I386, nr, CR_ACT_ALLOW, 0), 0);
	}
	f = filter_of(p);
	for (nr = 0; nr < CR_NR_MAX; nr++)
		CR_CHECK_INT(run(&f, AUDIT_ARCH_X86_64, nr, 0, 0),
			     always_stops(CR_ABI_X86_64, nr) ? STOP : SECCOMP_RET_ALLOW);
	for (nr = 0; nr < CR_NR_MAX; nr++) {
		if (always_stops(CR_ABI_I386, nr))
			CR_CHECK_INT(run(&f, AUDIT_ARCH_I386, nr, 0, 0), STOP);
	}
	CR_CHECK_INT(run(&f, AUDIT_ARCH_I386, 4, 0, 0), SECCOMP_RET_ALLOW);
	CR_CHECK_INT(run(&f, AUDIT_ARCH_X86_64, CR_NR_MAX, 0, 0), STOP);
	cr_filter_fini(&f);
}

CR_TEST(random_policies)
{
	unsigned int round, i;

	srand(4711);
	for (round = 0; round < 40; round++) {
		struct cr_policy *p = cr_policy_new();
		struct cr_filter f;

		CR_CHECK(p != NULL);
		for (i = 0; i < round * 8; i++)
			CR_CHECK_INT(cr_policy_set(p, NULL, rand() % CR_ABI_COUNT,
						   (uint32_t)rand() % 500, CR_ACT_ALLOW, 0), 0);
		f = filter_of(p);
		cr_filter_fini(&f);
	}
}

/* Do the two say the same, as far as many questions can tell? The answer of a run holds for all
 * data that agree in the words it looked at; both programs compare with constants only. */
static bool same(const struct cr_filter *a, const struct cr_filter *b)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_ARM, 0 };
	static const uint64_t args[] = { 0, 1, 8, UNTRACED, 0xfff, ~(uint64_t)UNTRACED, ~8ull,
					 ~0ull, 8ull << 32, (uint64_t)UNTRACED << 32 };
	size_t i, j;
	uint32_t nr;

	for (i = 0; i < CR_ARRAY_SIZE(archs); i++) {
		for (nr = 0; nr < 1100; nr++) {
			for (j = 0; j < CR_ARRAY_SIZE(args); j++) {
				if (run(a, archs[i], nr, args[j], args[j]) !=
				    run(b, archs[i], nr, args[j], args[j]))
					return false;
			}
			if (run(a, archs[i], nr | CR_X32_BIT, 0, 0) !=
			    run(b, archs[i], nr | CR_X32_BIT, 0, 0))
				return false;
		}
	}
	return true;
}

/* Way @how of spoiling @i; false when there is no such way. */
static bool spoil(struct sock_filter *i, unsigned int how)
{
	static const uint16_t ops[] = { BPF_JEQ, BPF_JGT, BPF_JGE };
	uint8_t jt = i->jt;

	if (how < 32) {
		i->k ^= 1u << how;
		return true;
	}
	if (BPF_CLASS(i->code) != BPF_JMP || BPF_OP(i->code) == BPF_JA)
		return false;
	switch (how) {
	case 32:
		i->jt++;
		return true;
	case 33:
		i->jf++;
		return true;
	case 34:
		i->jt = i->jf;
		i->jf = jt;
		return true;
	case 35:
		i->jt = i->jf;
		return true;
	}
	if (how >= 36 + CR_ARRAY_SIZE(ops) || BPF_OP(i->code) == ops[how - 36])
		return false;
	i->code = BPF_JMP | BPF_K | ops[how - 36];
	return true;
}

CR_TEST(tampering)
{
	struct cr_filter f = filter_of(common_policy()), bad = f;
	unsigned int pc, how, caught = 0, harmless = 0;

	bad.insn = malloc(f.len * sizeof(*f.insn));
	CR_CHECK(bad.insn != NULL);
	for (pc = 0; pc < f.len; pc++) {
		for (how = 0; how < 40; how++) {
			memcpy(bad.insn, f.insn, f.len * sizeof(*f.insn));
			if (!spoil(&bad.insn[pc], how))
				continue;
			if (cr_filter_prove(&plan, &bad, &err) < 0) {
				caught++;
				continue;
			}
			if (!same(&f, &bad))
				CR_FAIL("instruction %u, change %u was not noticed", pc, how);
			harmless++;
		}
	}
	/* Harmless: a border of the search tree that lies between two calls may move, and so on. */
	if (caught < 3 * harmless)
		CR_FAIL("only %u of %u changes noticed", caught, caught + harmless);
	free(bad.insn);
	cr_filter_fini(&f);
}

CR_TEST(mismatch_is_named)
{
	struct cr_filter f = filter_of(common_policy());

	plan.abi[CR_ABI_I386].pass[11] = CR_PASS_ALLOW;
	CR_CHECK_INT(cr_filter_prove(&plan, &f, &err), -EBADMSG);
	CR_CHECK_STR(err.text, "the compiled filter is wrong: execve (i386, number 0xb) would "
		     "stop (0x7ff04352), but should pass (0x7fff0000)");
	plan.abi[CR_ABI_I386].pass[11] = CR_PASS_STOP;
	plan.abi[CR_ABI_X86_64].pass[59] = CR_PASS_STOP;
	CR_CHECK_INT(cr_filter_prove(&plan, &f, &err), -EBADMSG);
	CR_CHECK_STR(err.text, "the compiled filter is wrong: execve (x86-64, number 0x3b) would "
		     "pass (0x7fff0000), but should stop (0x7ff04352)");
	cr_filter_fini(&f);
}

/* The kernel keeps a bitmap of numbers that pass whatever the arguments: only for
 * those whose way through the program loads nothing else. */
CR_TEST(cacheable)
{
	struct cr_filter f = filter_of(common_policy());
	struct seccomp_data d = { .arch = AUDIT_ARCH_X86_64 };
	uint32_t loaded, passing = 0;

	for (d.nr = 0; d.nr < 1024; d.nr++) {
		if (cr_bpf_run(&f, &d, &loaded) != SECCOMP_RET_ALLOW || d.nr == 56 || d.nr == 317)
			continue;
		CR_CHECK_INT(loaded, 3);
		passing++;
	}
	CR_CHECK_INT(passing, 15);
	cr_filter_fini(&f);
}

/* A hand-made filter: read passes, and clone does when it is not CLONE_UNTRACED. */
static const struct sock_filter by_hand[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 9),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 6, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 56, 0, 6),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 20),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xffffffff, 0, 0),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, UNTRACED),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	BPF_STMT(BPF_RET | BPF_K, STOP),
};

/* by_hand with the @n instructions of @extra put in before instruction @at. What the proof says. */
static const char *proof_with(unsigned int at, const struct sock_filter *extra, size_t n)
{
	static struct sock_filter insn[32];
	struct cr_filter f = { insn, (unsigned short)(CR_ARRAY_SIZE(by_hand) + n) };
	size_t rest = CR_ARRAY_SIZE(by_hand) - at;

	memset(&plan, 0, sizeof(plan));
	plan.abi[CR_ABI_X86_64].pass[0] = CR_PASS_ALLOW;
	plan.abi[CR_ABI_X86_64].pass[56] = CR_PASS_UNLESS_MASK;
	memcpy(insn, by_hand, at * sizeof(*insn));
	if (n)
		memcpy(insn + at, extra, n * sizeof(*insn));
	memcpy(insn + at + n, by_hand + at, rest * sizeof(*insn));
	if (at > 1)		/* the jumps over what was put in */
		insn[1].jf = (uint8_t)(insn[1].jf + n);
	if (at > 3)
		insn[3].jt = (uint8_t)(insn[3].jt + n);
	if (at > 4)
		insn[4].jf = (uint8_t)(insn[4].jf + n);
	return cr_filter_prove(&plan, &f, &err) == 0 ? "proved" : err.text;
}

#define PROOF_WITH(at, ...) proof_with(at, (const struct sock_filter[]){ __VA_ARGS__ }, \
	CR_ARRAY_SIZE(((const struct sock_filter[]){ __VA_ARGS__ })))
#define PASS_IF(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1), \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define STOP_IF(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1), \
	BPF_STMT(BPF_RET | BPF_K, STOP)

#define LETS_PASS "would pass (0x7fff0000), but should stop"
#define HOLDS_UP "would stop (0x7ff04352), but should pass"

CR_TEST(back_doors)
{
	CR_CHECK_STR(proof_with(0, NULL, 0), "proved");
	/* a number out of range, with and without a bit; another architecture */
	CR_CHECK_HAS(PROOF_WITH(3, PASS_IF(5000)), "nr:5000 (x86-64, number 0x1388) would pass");
	CR_CHECK_HAS(PROOF_WITH(3, PASS_IF(0x80000007)), LETS_PASS);
	CR_CHECK_HAS(PROOF_WITH(3, PASS_IF(CR_X32_BIT | 1)), "(x32, number 0x40000001) would pass");
	CR_CHECK_HAS(PROOF_WITH(3, PASS_IF(CR_X32_BIT | 7777)), LETS_PASS);
	CR_CHECK_HAS(PROOF_WITH(1, PASS_IF(0xabcd)), "architecture 0xabcd would pass");
	CR_CHECK_HAS(PROOF_WITH(1, PASS_IF(AUDIT_ARCH_I386)), "(i386, number 0) would pass");
	/* the first argument, of read and of clone */
	CR_CHECK_HAS(PROOF_WITH(2, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
				BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)),
		     "is decided by what should not matter");
	CR_CHECK_HAS(PROOF_WITH(5, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24)),
		     "is decided by what should not matter");
	CR_CHECK_HAS(PROOF_WITH(7, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
				PASS_IF(UNTRACED | 0x123456)), LETS_PASS);
	CR_CHECK_HAS(PROOF_WITH(7, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16), STOP_IF(0x123456)),
		     HOLDS_UP);
	CR_CHECK_HAS(PROOF_WITH(6, PASS_IF(0x123456)), LETS_PASS);
	CR_CHECK_HAS(PROOF_WITH(6, STOP_IF(0x123456)), HOLDS_UP);
}

/* A program that would pass a number by a value that no comparison shows. */
CR_TEST(unprovable)
{
	struct sock_filter insn[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff00000),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x12300000, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, STOP),
	};
	struct sock_filter jump[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_STMT(BPF_JMP | BPF_JA, 1),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff00000),
		BPF_STMT(BPF_RET | BPF_K, STOP),
	};
	struct sock_filter bits[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x12300000, 0, 0),
		BPF_STMT(BPF_RET | BPF_K, STOP),
	};
	struct cr_filter f = { insn, CR_ARRAY_SIZE(insn) }, g = { jump, CR_ARRAY_SIZE(jump) };
	struct cr_filter h = { bits, CR_ARRAY_SIZE(bits) };

	memset(&plan, 0, sizeof(plan));
	CR_CHECK_INT(cr_filter_prove(&plan, &f, &err), -EBADMSG);
	CR_CHECK_STR(err.text, "the compiled filter computes what cannot be proved");
	CR_CHECK_INT(cr_filter_prove(&plan, &g, &err), -EBADMSG);
	CR_CHECK_STR(err.text, "the compiled filter computes what cannot be proved");
	CR_CHECK_INT(cr_filter_prove(&plan, &h, &err), -EBADMSG);
	CR_CHECK_STR(err.text, "the compiled filter computes what cannot be proved");
}

static int check_of(const struct sock_filter *insn, unsigned short len)
{
	struct cr_filter f = { (struct sock_filter *)insn, len };

	return cr_bpf_check(&f);
}

#define CHECK_OF(...) check_of((const struct sock_filter[]){ __VA_ARGS__ }, \
	CR_ARRAY_SIZE(((const struct sock_filter[]){ __VA_ARGS__ })))
#define RET BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

CR_TEST(refused_programs)
{
	CR_CHECK_INT(CHECK_OF(RET), 0);
	CR_CHECK_INT(check_of(NULL, 0), -EINVAL);
	CR_CHECK_INT(CHECK_OF(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 60), RET), 0);
	CR_CHECK_INT(CHECK_OF(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), RET), -EINVAL);
	CR_CHECK_INT(CHECK_OF(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), RET), -EINVAL);
	CR_CHECK_INT(CHECK_OF(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), RET), -EINVAL);
	CR_CHECK_INT(CHECK_OF(BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RET), -EINVAL);
	CR_CHECK_INT(CHECK_OF(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RET), -EINVAL);
	CR_CHECK_INT(CHECK_OF(BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RET), -EINVAL);
	CR_CHECK_INT(CHECK_OF(BPF_STMT(BPF_JMP | BPF_JA, 0), RET), 0);
	CR_CHECK_INT(CHECK_OF(BPF_STMT(BPF_JMP | BPF_JA, 1), RET), -EINVAL);
	CR_CHECK_INT(CHECK_OF(BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), RET), -EINVAL);
	CR_CHECK_INT(CHECK_OF(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), RET), -EINVAL);
	CR_CHECK_INT(CHECK_OF(BPF_STMT(BPF_LD | BPF_MEM, 0), RET), -EINVAL);
	CR_CHECK_INT(CHECK_OF(BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_MEM, 3), RET), 0);
	CR_CHECK_INT(CHECK_OF(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), BPF_STMT(BPF_ST, 3),
			      BPF_STMT(BPF_LD | BPF_MEM, 3), RET), -EINVAL);
	CR_CHECK_INT(CHECK_OF(BPF_STMT(BPF_ST, 16), RET), -EINVAL);
	CR_CHECK_INT(CHECK_OF(RET, BPF_STMT(BPF_LD | BPF_IMM, 3)), -EINVAL);
}

int main(void)
{
	CR_RUN(passes_and_stops, "allowed calls pass, all others stop, each ABI by its own rules");
	CR_RUN(escapes_stop, "what could take a task out of sight stops although it is allowed");
	CR_RUN(no_multiplexer,
	       "a rule for an i386 socket or IPC call opens neither socketcall nor ipc");
	CR_RUN(alone, "without a supervisor denials, logs and ENOSYS above the horizon are the "
	       "kernel's");
	CR_RUN(key, "a call with a key passes with all 128 bits of it and not otherwise");
	CR_RUN(restart_passes, "when everything stops, restart_syscall alone passes");
	CR_RUN(one_by_one, "a policy of any single call of any ABI compiles and is proved");
	CR_RUN(everything_allowed, "a policy of all numbers compiles and is proved");
	CR_RUN(random_policies, "random policies compile and are proved");
	CR_RUN(tampering,
	       "a changed instruction is noticed unless the program still says the same");
	CR_RUN(mismatch_is_named, "a mismatch is named by call and ABI");
	CR_RUN(cacheable, "a call that passes is decided by number and architecture alone");
	CR_RUN(back_doors, "a back door at any number, architecture or argument is found");
	CR_RUN(unprovable, "a program that computes with the number is refused");
	CR_RUN(refused_programs, "programs that the kernel would refuse are refused");
	return cr_done();
}
