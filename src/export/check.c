/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What makes this a proof and not a sample: the program only compares the number and the
 * architecture with constants (anything else is refused), so between two neighbouring constants
 * all numbers are alike, and each of these, and every number a policy can name, is run.
 */
#include <errno.h>
#include <linux/audit.h>

#include "export-int.h"

static const uint32_t borders[] = {
	0, CR_NR_MAX, CR_X32_BIT - 1, CR_X32_BIT, CR_X32_BIT + CR_NR_MAX, 0x7fffffff, 0x80000000,
	0xc0000000, 0xffffffff, AUDIT_ARCH_ARM, AUDIT_ARCH_AARCH64, AUDIT_ARCH_RISCV64,
};

static bool plain(const struct sock_filter *i)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return i->k == offsetof(struct seccomp_data, nr) ||
		       i->k == offsetof(struct seccomp_data, arch);
	case BPF_JMP | BPF_JA:
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_RET | BPF_K:
		return true;
	}
	return false;
}

static uint32_t answer_of(const struct cr_export *x, uint32_t arch, uint32_t raw)
{
	enum cr_abi abi;
	uint32_t nr;

	if (cr_abi_of(arch, raw, &abi, &nr) < 0)
		return SECCOMP_RET_KILL_PROCESS;
	return nr < CR_NR_MAX ? x->ret[abi][nr] : x->beyond[abi];
}

static int check(const struct cr_export *x, const struct cr_filter *f, uint32_t arch, uint32_t raw,
		 struct cr_err *err)
{
	struct seccomp_data d = { .nr = (int)raw, .arch = arch };
	uint32_t got = cr_bpf_run(f, &d, NULL), want = answer_of(x, arch, raw);
	char name[CR_NAME_MAX];
	enum cr_abi abi;
	uint32_t nr;

	if (got == want)
		return 0;
	if (cr_abi_of(arch, raw, &abi, &nr) < 0)
		cr_err_set(err, -EBADMSG, "the filter is wrong: it answers call %u of architecture "
			   "%#x with %#x, the policy with %#x", raw, arch, got, want);
	else
		cr_err_set(err, -EBADMSG, "the filter is wrong: it answers %s (%s) with %#x, the "
			   "policy with %#x", cr_nr_to_name(abi, nr, name), cr_abi_facts[abi].name,
			   got, want);
	return -EBADMSG;
}

/* The numbers of a policy, plain and with x32's bit. */
static int check_numbers(const struct cr_export *x, const struct cr_filter *f, uint32_t arch,
			 struct cr_err *err)
{
	uint32_t nr;
	int rc = 0;

	for (nr = 0; nr < CR_NR_MAX && rc == 0; nr++) {
		rc = check(x, f, arch, nr, err);
		if (rc == 0)
			rc = check(x, f, arch, nr | CR_X32_BIT, err);
	}
	return rc;
}

/* @k as a number in each architecture of ours, and as an architecture. */
static int check_constant(const struct cr_export *x, const struct cr_filter *f, uint32_t k,
			  struct cr_err *err)
{
	int rc = check(x, f, AUDIT_ARCH_X86_64, k, err);

	if (rc == 0)
		rc = check(x, f, AUDIT_ARCH_I386, k, err);
	if (rc == 0)
		rc = check(x, f, k, 0, err);
	return rc ? rc : check(x, f, k, CR_X32_BIT, err);
}

int cr_export_check(const struct cr_export *x, const struct cr_filter *f, struct cr_err *err)
{
	unsigned int i;
	int rc = 0;

	if (cr_bpf_check(f) < 0)
		return cr_err_set(err, -EBADMSG, "the filter is no program that the kernel takes");
	for (i = 0; i < f->len; i++) {
		if (!plain(&f->insn[i]))
			return cr_err_set(err, -EBADMSG,
					  "the filter computes what cannot be proved");
	}
	rc = check_numbers(x, f, AUDIT_ARCH_X86_64, err);
	if (rc == 0)
		rc = check_numbers(x, f, AUDIT_ARCH_I386, err);
	for (i = 0; i < CR_ARRAY_SIZE(borders) && rc == 0; i++)
		rc = check_constant(x, f, borders[i], err);
	for (i = 0; i < f->len && rc == 0; i++) {
		rc = check_constant(x, f, f->insn[i].k, err);
		if (rc == 0)
			rc = check_constant(x, f, f->insn[i].k - 1, err);
		if (rc == 0)
			rc = check_constant(x, f, f->insn[i].k + 1, err);
	}
	return rc;
}
