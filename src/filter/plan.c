/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/sched.h>
#include <seccomp.h>
#include <string.h>

#include "cr/filter.h"

static bool is_restart(enum cr_abi abi, uint32_t nr)
{
	return nr == cr_abi_facts[abi].restart_syscall;
}

/* The most that may pass of a call, whatever the policy says; header: why. */
static enum cr_pass limit(enum cr_abi abi, uint32_t nr)
{
	const struct cr_abi_facts *f = &cr_abi_facts[abi];

	if (nr == f->clone || nr == f->seccomp)
		return CR_PASS_UNLESS_MASK;
	if (nr == f->clone3 || nr == f->setaffinity || nr == f->getaffinity || nr == f->ptrace ||
	    nr == f->vm_readv || nr == f->vm_writev)
		return CR_PASS_STOP;
	return CR_PASS_ALLOW;
}

void cr_filter_mask(enum cr_abi abi, uint32_t nr, unsigned int *arg, uint64_t *mask)
{
	const struct cr_abi_facts *f = &cr_abi_facts[abi];

	*arg = nr == f->seccomp ? 1 : 0;
	*mask = 0;
	if (nr == f->clone)
		*mask = CLONE_UNTRACED;
	else if (nr == f->seccomp)
		*mask = SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

/* Can libseccomp say "this call and no other" in @abi? It takes foreign calls by their native
 * number, through the name. i386's socket and SysV IPC calls exist directly and behind
 * socketcall and ipc; a rule for one opens both, which shows in that their names do
 * not lead back to the number. */
static bool expressible(enum cr_abi abi, uint32_t nr)
{
	uint32_t arch = cr_abi_facts[abi].scmp_arch;
	char *name;
	int back;

	if (abi == CR_ABI_NATIVE)
		return true;
	if (abi == CR_ABI_X32)
		return false;
	name = seccomp_syscall_resolve_num_arch(arch, (int)nr);
	if (!name)
		return false;
	back = seccomp_syscall_resolve_name_arch(arch, name);
	free(name);
	return back == (int)nr;
}

static enum cr_pass pass_of(const struct cr_policy *p, const struct cr_filter_use *use,
			    enum cr_abi abi, uint32_t nr)
{
	const struct cr_rule *rule;

	/* The kernel makes it, to go on with a call that was judged already. */
	if (is_restart(abi, nr) && expressible(abi, nr))
		return CR_PASS_ALLOW;
	if (use->all)
		return CR_PASS_STOP;
	rule = cr_policy_find(p, abi, nr);
	if (!rule || !cr_rule_confirmed(rule, use->learning, use->confirm))
		return CR_PASS_STOP;
	return expressible(abi, nr) ? limit(abi, nr) : CR_PASS_STOP;
}

void cr_filter_plan(const struct cr_policy *p, const struct cr_filter_use *use,
		    struct cr_filter_plan *plan)
{
	enum cr_abi abi;
	uint32_t nr;

	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < CR_NR_MAX; nr++)
			plan->abi[abi].pass[nr] = (uint8_t)pass_of(p, use, abi, nr);
	}
}
