/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/sched.h>
#include <seccomp.h>
#include <string.h>

#include "cr/filter.h"

/* Numbers, not names: these are kernel facts, and the library may not know the call. */
static const struct special {
	enum cr_pass pass;	/* at most this much */
	unsigned int arg;
	uint64_t mask;
	uint32_t nr[CR_ABI_COUNT];
} specials[] = {
	/* clone: a CLONE_UNTRACED child escapes with the filter and without a tracer. */
	{ CR_PASS_UNLESS_MASK, 0, CLONE_UNTRACED,
	  { [CR_ABI_X86_64] = 56, [CR_ABI_I386] = 120, [CR_ABI_X32] = 56 } },
	/* seccomp: a listener's verdict beats our RET_TRACE. */
	{ CR_PASS_UNLESS_MASK, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER,
	  { [CR_ABI_X86_64] = 317, [CR_ABI_I386] = 354, [CR_ABI_X32] = 317 } },
	/* clone3: the flags lie in memory. */
	{ CR_PASS_STOP, 0, 0,
	  { [CR_ABI_X86_64] = 435, [CR_ABI_I386] = 435, [CR_ABI_X32] = 435 } },
};

static const uint32_t restart_syscall[CR_ABI_COUNT] = {
	[CR_ABI_X86_64] = 219, [CR_ABI_I386] = 0, [CR_ABI_X32] = 219,
};

static const struct special *special_of(enum cr_abi abi, uint32_t nr)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(specials); i++) {
		if (specials[i].nr[abi] == nr)
			return &specials[i];
	}
	return NULL;
}

void cr_filter_mask(enum cr_abi abi, uint32_t nr, unsigned int *arg, uint64_t *mask)
{
	const struct special *s = special_of(abi, nr);

	*arg = s ? s->arg : 0;
	*mask = s ? s->mask : 0;
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
	const struct special *s;

	/* The kernel makes it, to go on with a call that was judged already. */
	if (nr == restart_syscall[abi] && expressible(abi, nr))
		return CR_PASS_ALLOW;
	if (use->all)
		return CR_PASS_STOP;
	rule = cr_policy_find(p, abi, nr);
	if (!rule || !cr_rule_confirmed(rule, use->learning, use->confirm))
		return CR_PASS_STOP;
	if (!expressible(abi, nr))
		return CR_PASS_STOP;
	s = special_of(abi, nr);
	return s ? s->pass : CR_PASS_ALLOW;
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
