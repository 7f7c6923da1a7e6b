/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * YAML for Kubernetes. Names of calls, actions and labels are all [A-Za-z0-9_-]: nothing to quote.
 */
#include <errno.h>

#include "export-int.h"

static void write_arg(struct cr_buf *out, const struct cr_export_test *t)
{
	bool masked = t->op == CR_EXPORT_BITS && t->mask != UINT64_MAX;

	cr_buf_addf(out, "    - index: %u\n      op: %s\n      value: %llu\n", t->arg,
		    cr_export_op(t), (unsigned long long)(masked ? t->mask : t->value));
	if (masked)
		cr_buf_addf(out, "      valueTwo: %llu\n", (unsigned long long)t->value);
}

/* What an entry is about; the alternatives of a condition are an entry each. */
struct entry {
	struct cr_export *x;		/* borrowed */
	const struct cr_group *g;	/* borrowed */
};

static int write_case(void *ctx, const struct cr_export_test *test, size_t n)
{
	const struct entry *e = ctx;
	const struct cr_group *g = e->g;
	struct cr_export *x = e->x;
	size_t i;

	cr_buf_add(x->out, "  # ");
	cr_export_comment(x->out, g->origin);
	cr_buf_addf(x->out, "\n  - action: %s\n", cr_export_action(g->ret));
	if (n)
		cr_buf_add(x->out, "    args:\n");
	for (i = 0; i < n; i++)
		write_arg(x->out, &test[i]);
	if (cr_export_errno(g->ret))
		cr_buf_addf(x->out, "    errnoRet: %d\n", cr_export_errno(g->ret));
	cr_buf_add(x->out, "    names:\n");
	for (i = 0; i < x->n_named; i++) {
		if (cr_export_in(x, g, &x->named[i]))
			cr_buf_addf(x->out, "    - %s\n", x->named[i].name);
	}
	return 0;
}

static int write_group(struct cr_export *x, const struct cr_group *g)
{
	struct entry e = { x, g };

	if (g->call < 0)
		return write_case(&e, NULL, 0);
	return cr_export_cases(cr_export_conds(x, (uint32_t)g->call), write_case, &e);
}

/* The resource has no defaultErrnoRet; a runtime answers EPERM then. */
static void lose_errno(struct cr_export *x)
{
	int e = cr_export_errno(x->violation);
	char name[CR_NAME_MAX];

	if (e && e != EPERM)
		cr_export_lose(x, "denied calls fail with EPERM, not %s: the resource has no field "
			       "for it", cr_errno_name(e, name));
}

int cr_write_k8s(struct cr_export *x, struct cr_err *err)
{
	struct cr_group *groups;
	char label[64];
	size_t i, n;
	int rc = 0;

	if (cr_export_groups(x, true, &groups, &n) < 0)
		return cr_err_sys(err, -ENOMEM, "cannot export");
	cr_export_label(x, label);
	cr_export_head(x, "# ");
	cr_buf_addf(x->out, "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\n"
		    "kind: SeccompProfile\nmetadata:\n  name: %s\nspec:\n  defaultAction: %s\n"
		    "  architectures:\n  - SCMP_ARCH_X86_64\n  syscalls:\n", label,
		    cr_export_action(x->violation));
	for (i = 0; i < n && rc == 0; i++)
		rc = write_group(x, &groups[i]);
	lose_errno(x);
	free(groups);
	return rc < 0 ? cr_err_sys(err, rc, "cannot export") : 0;
}

int cr_write_pod(struct cr_export *x, struct cr_err *err)
{
	char label[64];

	(void)err;
	cr_export_label(x, label);
	cr_export_head(x, "# ");
	cr_buf_addf(x->out,
		    "# The profile has to lie on the node, below the kubelet's root directory:\n"
		    "#   chestnut export oci -o /var/lib/kubelet/seccomp/profiles/%s.json POLICY\n"
		    "spec:\n  securityContext:\n    seccompProfile:\n      type: Localhost\n"
		    "      localhostProfile: profiles/%s.json\n", label, label);
	return 0;
}
