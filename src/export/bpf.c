/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The proved filter: as it is, as C, and for people.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "export-int.h"

int cr_write_bpf(struct cr_export *x, struct cr_err *err)
{
	struct cr_filter f;
	int rc = cr_filter_build(&x->plan, &f, err);

	if (rc == 0)
		cr_buf_addn(x->out, (const char *)f.insn, f.len * sizeof(*f.insn));
	cr_filter_fini(&f);
	return rc;
}

int cr_write_header(struct cr_export *x, struct cr_err *err)
{
	struct cr_filter f;
	char label[64];
	unsigned int i;
	char *c;
	int rc = cr_filter_build(&x->plan, &f, err);

	if (rc < 0)
		return rc;
	cr_export_label(x, label);
	for (c = label; *c; c++)
		*c = *c == '-' ? '_' : *c;
	cr_buf_add(x->out, "/*\n");
	cr_export_head(x, " * ");
	cr_buf_addf(x->out, " *\n * For x86-64. After prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):\n"
		    " *\tstruct sock_fprog p = { %u, (struct sock_filter *)filter_%s };\n"
		    " *\tprctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p, 0, 0);\n */\n"
		    "#include <linux/filter.h>\n\n"
		    "static const struct sock_filter filter_%s[%u] = {\n", f.len, label, label,
		    f.len);
	for (i = 0; i < f.len; i++)
		cr_buf_addf(x->out, "\t{ 0x%02x, %u, %u, 0x%08x },\n", f.insn[i].code, f.insn[i].jt,
			    f.insn[i].jf, f.insn[i].k);
	cr_buf_add(x->out, "};\n");
	cr_filter_fini(&f);
	return 0;
}

static void action(const struct cr_export *x, const char *indent, uint32_t ret)
{
	if (cr_export_errno(ret))
		cr_buf_addf(x->out, "%saction ERRNO(%d);\n", indent, cr_export_errno(ret));
	else
		cr_buf_addf(x->out, "%saction %s;\n", indent,
			    cr_export_action(ret) + strlen("SCMP_ACT_"));
}

/* The first line that fits decides. */
static void numbers(const struct cr_export *x, enum cr_abi abi)
{
	uint32_t bit = cr_abi_facts[abi].nr_bit, nr, usual;
	char name[CR_NAME_MAX];

	usual = x->beyond[abi] == SECCOMP_RET_KILL_PROCESS ? x->beyond[abi] : x->violation;
	for (nr = 0; nr < CR_NR_MAX; nr++) {
		const struct cr_filter_guarded *g = cr_filter_guards(&x->plan, abi, nr);
		uint32_t ret = cr_filter_otherwise(&x->plan, abi, nr);

		if (!g && ret == (nr > x->horizon ? x->beyond[abi] : usual))
			continue;
		cr_buf_addf(x->out, "  # %s\n  if ($syscall == %u)\n",
			    cr_nr_to_name(abi, nr, name), nr | bit);
		if (g) {
			cr_buf_add(x->out, "    if (");
			cr_conds_print(abi, nr, g->guard[0].cond, x->out);
			cr_buf_add(x->out, ")\n");
			action(x, "      ", g->yes);
		}
		action(x, "    ", ret);
	}
	if (x->beyond[abi] != usual) {
		cr_buf_addf(x->out, "  # newer than the policy\n  if ($syscall > %u)\n",
			    x->horizon | bit);
		action(x, "    ", x->beyond[abi]);
	}
	cr_buf_add(x->out, "  # every other number\n");
	action(x, "  ", usual);
}

static void block(const struct cr_export *x, enum cr_abi abi, const char *condition)
{
	cr_buf_addf(x->out, "# filter for %s\nif ($arch == %u%s)\n", cr_abi_facts[abi].name,
		    cr_abi_facts[abi].audit_arch, condition);
	numbers(x, abi);
}

/* Of what the proved program is made of. It is compiled all the same, so that nothing is shown that
 * could not be loaded. */
int cr_write_pfc(struct cr_export *x, struct cr_err *err)
{
	struct cr_filter f;
	int rc = cr_filter_build(&x->plan, &f, err);

	if (rc < 0)
		return rc;
	cr_export_head(x, "# ");
	cr_buf_addf(x->out, "#\n# pseudo filter code start: %u instructions\n#\n", f.len);
	block(x, CR_ABI_X32, " && $syscall >= 1073741824 && $syscall < 2147483648");
	block(x, CR_ABI_X86_64, "");
	block(x, CR_ABI_I386, "");
	cr_buf_add(x->out, "# every other architecture\n");
	action(x, "", SECCOMP_RET_KILL_PROCESS);
	cr_buf_add(x->out, "#\n# pseudo filter code end\n#\n");
	cr_filter_fini(&f);
	return 0;
}
