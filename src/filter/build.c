/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cr/filter.h"
#include "cr/names.h"

/* The number that libseccomp wants: the native one, or its own negative stand-in for a call
 * that the native ABI does not have. */
static int native_number(enum cr_abi abi, uint32_t nr)
{
	char *name;
	int number;

	if (abi == CR_ABI_NATIVE)
		return (int)nr;
	name = seccomp_syscall_resolve_num_arch(cr_abi_facts[abi].scmp_arch, (int)nr);
	if (!name)
		return __NR_SCMP_ERROR;
	number = seccomp_syscall_resolve_name(name);
	free(name);
	return number;
}

static int add_rule(scmp_filter_ctx ctx, enum cr_abi abi, uint32_t nr, enum cr_pass pass)
{
	struct scmp_arg_cmp clear = { .op = SCMP_CMP_MASKED_EQ, .datum_b = 0 };
	int number = native_number(abi, nr);

	if (number == __NR_SCMP_ERROR)
		return -EDOM;
	if (pass == CR_PASS_ALLOW)
		return seccomp_rule_add_exact(ctx, SCMP_ACT_ALLOW, number, 0);
	cr_filter_mask(abi, nr, &clear.arg, &clear.datum_a);
	return seccomp_rule_add_exact_array(ctx, SCMP_ACT_ALLOW, number, 1, &clear);
}

/* All rules of one ABI; what has no rule stops. */
static int add_rules(scmp_filter_ctx ctx, const struct cr_filter_plan *plan, enum cr_abi abi,
		     struct cr_err *err)
{
	char name[CR_NAME_MAX];
	enum cr_pass pass;
	uint32_t nr;
	int rc;

	for (nr = 0; nr < CR_NR_MAX; nr++) {
		pass = plan->abi[abi].pass[nr];
		if (pass == CR_PASS_STOP)
			continue;
		rc = add_rule(ctx, abi, nr, pass);
		if (rc < 0)
			return cr_err_sys(err, rc, "libseccomp takes no rule for %s (%s)",
					  cr_nr_to_name(abi, nr, name), cr_abi_facts[abi].name);
	}
	return 0;
}

/* A filter for one ABI. Numbers of x32, and architectures that are not ours, stop too: the
 * library's "bad architecture" action covers both. */
static int new_context(const struct cr_filter_plan *plan, enum cr_abi abi, scmp_filter_ctx *out,
		       struct cr_err *err)
{
	const uint32_t stop = SCMP_ACT_TRACE(CR_FILTER_DATA);
	scmp_filter_ctx ctx = seccomp_init(stop);
	int rc;

	if (!ctx)
		return cr_err_sys(err, -ENOMEM, "cannot make a seccomp filter");
	rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, stop);
	if (rc == 0 && abi != CR_ABI_NATIVE)
		rc = seccomp_arch_add(ctx, cr_abi_facts[abi].scmp_arch);
	if (rc == 0 && abi != CR_ABI_NATIVE)
		rc = seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE);
	if (rc < 0)
		cr_err_sys(err, rc, "cannot set up a seccomp filter for %s",
			   cr_abi_facts[abi].name);
	else
		rc = add_rules(ctx, plan, abi, err);
	if (rc < 0) {
		seccomp_release(ctx);
		return rc;
	}
	*out = ctx;
	return 0;
}

/* The library writes to a file descriptor only (2.6 can write to memory). */
static int export(scmp_filter_ctx ctx, struct cr_filter *f, struct cr_err *err)
{
	cr_auto_close int fd = memfd_create("filter", MFD_CLOEXEC);
	struct stat st;
	ssize_t n;
	int rc;

	if (fd < 0)
		return cr_err_sys(err, -errno, "cannot make a place for the filter");
	rc = seccomp_export_bpf(ctx, fd);
	if (rc < 0)
		return cr_err_sys(err, rc, "libseccomp cannot compile the filter");
	if (fstat(fd, &st) < 0)
		return cr_err_sys(err, -errno, "cannot read the filter back");
	if (st.st_size <= 0 || st.st_size > (off_t)(BPF_MAXINSNS * sizeof(*f->insn)))
		return cr_err_set(err, -E2BIG, "the filter would have %zu instructions, more than "
				  "the kernel takes", (size_t)st.st_size / sizeof(*f->insn));
	f->insn = malloc((size_t)st.st_size);
	if (!f->insn)
		return cr_err_sys(err, -ENOMEM, "cannot hold the filter");
	n = pread(fd, f->insn, (size_t)st.st_size, 0);
	if (n != st.st_size) {
		rc = n < 0 ? -errno : -EIO;
		cr_filter_fini(f);
		return cr_err_sys(err, rc, "cannot read the filter back");
	}
	f->len = (unsigned short)((size_t)st.st_size / sizeof(*f->insn));
	return 0;
}

static int compile(const struct cr_filter_plan *plan, struct cr_filter *f, struct cr_err *err)
{
	scmp_filter_ctx native, i386;
	int rc;

	rc = new_context(plan, CR_ABI_X86_64, &native, err);
	if (rc < 0)
		return rc;
	rc = new_context(plan, CR_ABI_I386, &i386, err);
	if (rc < 0)
		goto release;
	rc = seccomp_merge(native, i386);	/* eats i386 */
	if (rc < 0) {
		seccomp_release(i386);
		cr_err_sys(err, rc, "libseccomp cannot join the filters of two ABIs");
		goto release;
	}
	/* A binary tree over the numbers: a stop is decided in ten steps, not in two hundred. */
	rc = seccomp_attr_set(native, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc < 0) {
		cr_err_sys(err, rc, "libseccomp cannot optimise the filter");
		goto release;
	}
	rc = export(native, f, err);
release:
	seccomp_release(native);
	return rc;
}

int cr_filter_build(const struct cr_filter_plan *plan, struct cr_filter *f, struct cr_err *err)
{
	int rc;

	*f = (struct cr_filter){ NULL, 0 };
	rc = compile(plan, f, err);
	if (rc < 0)
		return rc;
	rc = cr_filter_prove(plan, f, err);
	if (rc < 0)
		cr_filter_fini(f);
	return rc;
}

void cr_filter_fini(struct cr_filter *f)
{
	free(f->insn);
	*f = (struct cr_filter){ NULL, 0 };
}
