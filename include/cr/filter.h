/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filter - a policy as BPF: what the kernel decides alone, and what stops
 *
 * In:    a policy and how it is to be used
 * Out:   a classic BPF program for seccomp(2), proved to say what the plan says
 * Never: loads it, knows a process
 *
 * Under a supervisor every call either passes in the kernel (SECCOMP_RET_ALLOW) or stops
 * (SECCOMP_RET_TRACE with CR_FILTER_DATA). Denials are the supervisor's, so that each can be
 * reported; when it is gone a RET_TRACE call fails with ENOSYS (seccomp(2)): closed, not open.
 * A filter that is to work alone (cr_filter_plan_alone) answers everything itself.
 *
 * Under a supervisor some calls stop although they are allowed, since they could take a task out
 * of our sight:
 *   clone        with CLONE_UNTRACED (the child would not be ours)
 *   clone3       always (its flags lie in memory, where a filter cannot look)
 *   seccomp      with SECCOMP_FILTER_FLAG_NEW_LISTENER (RET_USER_NOTIF beats RET_TRACE)
 *   ptrace, process_vm_readv, process_vm_writev   always (the supervisor is no target)
 *   prlimit      of another process, which is not called 0 (nor are its limits)
 *   sched_setaffinity, sched_getaffinity   always (see place)
 * A call that a window does not allow plainly stops, too, wherever it is made: the kernel does not
 * know who is inside. With "outside = any" only the windows count. While learning, windows do not
 * count here: who is inside of one is watched by syscall-stops, and the filter is about the others.
 * restart_syscall always passes: the kernel makes it, not the program (restart_syscall(2)).
 */
#ifndef CR_FILTER_H
#define CR_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "cr/cond.h"
#include "cr/err.h"
#include "cr/policy.h"

/* SECCOMP_RET_DATA of our stops; a stop with other data is the target's own filter's. */
#define CR_FILTER_DATA 0x4352u

enum cr_pass {
	CR_PASS_STOP,		/* the supervisor decides */
	CR_PASS_ALLOW,		/* the kernel lets it through */
	CR_PASS_UNLESS_MASK,	/* it passes when (args[arg] & mask) == 0, and stops otherwise */
	CR_PASS_ANSWER,		/* the kernel answers ret */
	CR_PASS_WITH_KEY,	/* it passes when its last arguments are key; else as _ANSWER */
};

/* Two arguments that no call with a key looks at: 128 bits that only who made the filter knows. */
#define CR_FILTER_KEYS 2
#define CR_FILTER_KEY_ARG 4

/* A condition on the arguments of a call. */
struct cr_filter_guard {
	const struct cr_conds *cond;	/* borrowed: from the policy */
	bool unless;		/* it must not hold */
};

/* So many calls of a plan can have conditions, and so many each. */
#define CR_FILTER_GUARDS 256
#define CR_FILTER_GUARDS_EACH 4

/* Of zeroes: everything stops. */
struct cr_filter_plan {
	struct {
		uint8_t pass[CR_NR_MAX];	/* enum cr_pass */
		/* But for CR_PASS_STOP: 0, or 1 + the index in guarded[] */
		uint16_t guarded[CR_NR_MAX];
		uint32_t ret[CR_NR_MAX];	/* SECCOMP_RET_* */
		uint32_t beyond;	/* for numbers from CR_NR_MAX on; 0: they stop */
	} abi[CR_ABI_COUNT];
	uint32_t foreign;		/* for other architectures; 0: they stop */
	struct cr_filter_guarded {
		struct cr_filter_guard guard[CR_FILTER_GUARDS_EACH];	/* all must be satisfied */
		size_t n;
		uint32_t yes;	/* SECCOMP_RET_*: the answer then; else it is ret, or a stop */
	} guarded[CR_FILTER_GUARDS];
	size_t n_guarded;
	uint64_t key[CR_FILTER_KEYS];
};

struct cr_filter {
	struct sock_filter *insn;	/* owned */
	unsigned short len;		/* instructions */
};

struct cr_filter_use {
	bool learning;		/* unconfirmed rules stop, to be counted */
	bool all;		/* everything stops */
	uint32_t confirm;	/* executions that confirm a learned rule */
};

/* Which calls pass in the kernel, under a supervisor. What a policy says of arguments is compared
 * there; a condition that is too long for that makes its call stop. @p must outlive @plan. */
void cr_filter_plan(const struct cr_policy *p, const struct cr_filter_use *use,
		    struct cr_filter_plan *plan);

/* For processes of whom nobody knows which of two policies is theirs: what both let pass, alike. */
void cr_filter_plan_meet(struct cr_filter_plan *plan, const struct cr_filter_plan *other);

/* SECCOMP_RET_*: what a kernel that is alone makes of @act. It can ask nobody (EPERM), and leave
 * nothing stopped (it is killed). */
uint32_t cr_filter_answer(enum cr_action act, int err);

/* What strict mode makes of each call, for a kernel that is alone with it: denials act there, and
 * what a rule logs goes to the kernel's log. Windows are not asked: a kernel knows of none, so the
 * caller refuses a policy that has some, or makes one list of all. No call has a key. A condition
 * that is too long fails when the plan is built. @p must outlive @plan. */
void cr_filter_plan_alone(const struct cr_policy *p, const struct cr_violation *violation,
			  struct cr_filter_plan *plan);

/* Where a lone filter holds clone to conditions there is no clone3 (ENOSYS): what that is asked
 * lies in memory, and libraries fall back on clone. */
void cr_filter_shut_clone3(struct cr_filter_plan *plan);

/* Lets the native call @nr of a lone filter pass with the plan's key as well, whatever else becomes
 * of it: for who loads the filter, and has something to do yet. */
void cr_filter_let(struct cr_filter_plan *plan, uint32_t nr);

/* The highest call that existed for the policy's author, below CR_NR_MAX. */
uint32_t cr_filter_horizon(const struct cr_policy *p);

/* SECCOMP_RET_*: what becomes of a call whose arguments do not open it (@nr may be CR_NR_MAX: of
 * all beyond); of other architectures. */
uint32_t cr_filter_otherwise(const struct cr_filter_plan *plan, enum cr_abi abi, uint32_t nr);
uint32_t cr_filter_foreign(const struct cr_filter_plan *plan);

/* The argument and mask of a CR_PASS_UNLESS_MASK call. */
void cr_filter_mask(enum cr_abi abi, uint32_t nr, unsigned int *arg, uint64_t *mask);

/* The conditions of a call, or NULL. */
const struct cr_filter_guarded *cr_filter_guards(const struct cr_filter_plan *plan,
						 enum cr_abi abi, uint32_t nr);

/* Calls @each with arguments on all borders of what @g compares, in all combinations, and whether
 * they satisfy it. What @each answers ends it when it is not 0. -ENOMEM, -E2BIG. */
int cr_filter_borders(const struct cr_filter_guarded *g,
		      int (*each)(void *ctx, const uint64_t args[6], bool opens),
		      void *ctx) CR_MUST_CHECK;

/* Compiles @plan and proves the result. On failure @f is empty: -E2BIG, -EBADMSG, -ENOMEM. */
int cr_filter_build(const struct cr_filter_plan *plan, struct cr_filter *f, struct cr_err *err)
	CR_MUST_CHECK;

/* Runs @f in user space for every number of every ABI, every constant the program compares with and
 * its neighbours, foreign architectures, and the boundary values of arguments that decide, and
 * compares with @plan. -EBADMSG and a sentence naming the call on the first mismatch. */
int cr_filter_prove(const struct cr_filter_plan *plan, const struct cr_filter *f,
		    struct cr_err *err) CR_MUST_CHECK;

/* Would the kernel take @f as a seccomp filter? 0, or -EINVAL. */
int cr_bpf_check(const struct cr_filter *f) CR_MUST_CHECK;

/* What the kernel would answer (SECCOMP_RET_*): the classic BPF interpreter over one
 * seccomp_data. @f must have passed cr_bpf_check. *@loaded, unless NULL, gets a bit for each
 * 32-bit word of @data that was looked at: the answer is the same for all data that agree there. */
uint32_t cr_bpf_run(const struct cr_filter *f, const struct seccomp_data *data, uint32_t *loaded);

void cr_filter_fini(struct cr_filter *f);

#endif
