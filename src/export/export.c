/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "export-int.h"

#define HOLDS_OCI (CR_HOLDS_LOG | CR_HOLDS_ERRNO | CR_HOLDS_NEWER | CR_HOLDS_VIOLATION | \
		   CR_HOLDS_CASES | CR_HOLDS_OPEN | CR_NEEDS_EXECVE)
#define HOLDS_BPF (CR_HOLDS_LOG | CR_HOLDS_ERRNO | CR_HOLDS_NUMBERS | CR_HOLDS_ABIS | \
		   CR_HOLDS_HORIZON | CR_HOLDS_VIOLATION | CR_HOLDS_ARGS | CR_HOLDS_OPEN | \
		   CR_NEEDS_EXECVE)

static const struct cr_export_format formats[] = {
	{ .name = "oci", .help = "linux.seccomp of an OCI runtime's config.json",
	  .holds = HOLDS_OCI, .write = cr_write_oci },
	{ .name = "docker", .help = "profile for docker and podman: --security-opt seccomp=FILE",
	  .holds = HOLDS_OCI | CR_HOLDS_ORIGIN, .write = cr_write_docker },
	{ .name = "k8s", .help = "SeccompProfile resource of the Security Profiles Operator",
	  .holds = HOLDS_OCI | CR_HOLDS_PROGRAM | CR_HOLDS_ORIGIN, .write = cr_write_k8s },
	{ .name = "k8s-pod", .help = "piece of a pod that names an oci profile on its node",
	  .holds = CR_HOLDS_NOTHING, .write = cr_write_pod },
	{ .name = "systemd", .help = "drop-in for a service: UNIT.service.d/NAME.conf",
	  .holds = CR_HOLDS_LOG | CR_HOLDS_PROGRAM | CR_HOLDS_VIOLATION | CR_HOLDS_ORIGIN,
	  .write = cr_write_systemd },
	{ .name = "minijail", .help = "policy for minijail0 -S",
	  .holds = CR_HOLDS_ERRNO | CR_HOLDS_NEWER | CR_HOLDS_PROGRAM | CR_HOLDS_VIOLATION |
		   CR_HOLDS_ORIGIN | CR_HOLDS_CASES | CR_NEEDS_EXECVE,
	  .can = cr_minijail_can, .write = cr_write_minijail },
	{ .name = "bpf", .help = "the kernel's filter program, for bwrap --seccomp FD",
	  .holds = HOLDS_BPF, .binary = true, .write = cr_write_bpf },
	{ .name = "pfc", .help = "the same filter for people to read",
	  .holds = HOLDS_BPF | CR_HOLDS_PROGRAM, .write = cr_write_pfc },
	{ .name = "c-header", .help = "the same filter as an array in C",
	  .holds = HOLDS_BPF | CR_HOLDS_PROGRAM, .write = cr_write_header },
	{ .name = "names", .help = "the names of the allowed calls, one a line",
	  .holds = 0, .write = cr_write_names },
};

const struct cr_export_format *cr_export_format(size_t i)
{
	return i < CR_ARRAY_SIZE(formats) ? &formats[i] : NULL;
}

const struct cr_export_format *cr_export_find(const char *name)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(formats); i++) {
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	}
	return NULL;
}

const char *cr_export_name(const struct cr_export_format *f)
{
	return f->name;
}

const char *cr_export_help(const struct cr_export_format *f)
{
	return f->help;
}

bool cr_export_binary(const struct cr_export_format *f)
{
	return f->binary;
}

static int by_name(const void *a, const void *b)
{
	const struct cr_named *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int name_all(struct cr_export *x)
{
	uint32_t nr;

	x->named = calloc(CR_NR_MAX, sizeof(*x->named));
	if (!x->named)
		return -ENOMEM;
	for (nr = 0; nr < CR_NR_MAX; nr++) {
		struct cr_named *c = &x->named[x->n_named];

		cr_nr_to_name(CR_ABI_NATIVE, nr, c->name);
		c->nr = nr;
		x->n_named += strncmp(c->name, "nr:", 3) != 0;
	}
	qsort(x->named, x->n_named, sizeof(*x->named), by_name);
	return 0;
}

static int write_flat(struct cr_export *x, const struct cr_policy *flat,
		      const struct cr_export_format *f, struct cr_err *err)
{
	int rc;

	cr_export_answers(flat, f->holds, x);
	x->can = f->can;
	cr_export_spell(x);
	rc = name_all(x);
	if (rc < 0)
		return cr_err_sys(err, rc, "cannot export");
	cr_export_losses(x);
	rc = f->write(x, err);
	if (rc == 0 && !(cr_buf_ok(x->out) && cr_buf_ok(x->losses)))
		rc = cr_err_sys(err, -ENOMEM, "cannot export");
	free(x->named);
	return rc;
}

int cr_export(const struct cr_export_what *what, const struct cr_export_format *f,
	      struct cr_buf *out, struct cr_buf *losses, struct cr_err *err)
{
	struct cr_export *x = calloc(1, sizeof(*x));	/* too large for a stack */
	struct cr_policy *flat = NULL;
	int rc = x ? cr_export_flatten(what, &flat, losses, err) :
		     cr_err_sys(err, -ENOMEM, "cannot export");

	if (rc == 0) {
		x->whole = what->p;
		x->out = out;
		x->losses = losses;
		rc = write_flat(x, flat, f, err);
	}
	if (rc < 0) {
		cr_buf_clear(out);
		cr_buf_clear(losses);
	}
	cr_policy_free(flat);
	free(x);
	return rc;
}

int cr_export_prove(const struct cr_export_what *what, const struct cr_filter *f,
		    struct cr_err *err)
{
	cr_auto_buf struct cr_buf losses = CR_BUF_INIT;
	struct cr_export *x = calloc(1, sizeof(*x));
	struct cr_policy *flat = NULL;
	int rc = x ? cr_export_flatten(what, &flat, &losses, err) :
		     cr_err_sys(err, -ENOMEM, "cannot prove the filter");

	if (rc == 0) {
		cr_export_answers(flat, CR_HOLDS_OPEN, x);
		rc = cr_filter_prove(&x->plan, f, err);
	}
	cr_policy_free(flat);
	free(x);
	return rc;
}
