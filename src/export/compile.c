/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answers as BPF: a plan in which the kernel is alone. */
#include "export-int.h"

static void plan_of(const struct cr_export *x, struct cr_filter_plan *plan)
{
	enum cr_abi abi;
	uint32_t nr;

	*plan = (struct cr_filter_plan){ .foreign = SECCOMP_RET_KILL_PROCESS };
	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < CR_NR_MAX; nr++) {
			plan->abi[abi].pass[nr] = CR_PASS_ANSWER;
			plan->abi[abi].ret[nr] = x->ret[abi][nr];
		}
		plan->abi[abi].beyond = x->beyond[abi];
	}
}

int cr_export_compile(const struct cr_export *x, struct cr_filter *f, struct cr_err *err)
{
	struct cr_filter_plan plan;

	plan_of(x, &plan);
	return cr_filter_build(&plan, f, err);
}

int cr_export_check(const struct cr_export *x, const struct cr_filter *f, struct cr_err *err)
{
	struct cr_filter_plan plan;

	plan_of(x, &plan);
	return cr_filter_prove(&plan, f, err);
}
