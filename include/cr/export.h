/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export - a policy as something else reads it: container runtimes, systemd, the kernel
 *
 * In:    a policy
 * Out:   one text (or BPF program) in a format of others, and a sentence for each thing of the
 *        policy that the format cannot hold
 * Never: writes a file, changes the policy, weakens it without saying so
 *
 * What can be executed is executed before it is handed out: BPF for every number of every ABI, an
 * OCI or Docker profile compiled as a runtime does it. Where the answers differ from the policy's,
 * and no sentence says so, the export fails.
 *
 * What a policy says of a call here is what strict mode makes of it (chestnut-run(1)): its rule;
 * without one, ENOSYS above the horizon and a violation below; restart_syscall passes, since the
 * kernel makes it. An x32 call is killed unless the policy has rules for x32: nobody means it.
 * Windows are flattened: what passes anywhere passes.
 */
#ifndef CR_EXPORT_H
#define CR_EXPORT_H

#include "cr/buf.h"
#include "cr/err.h"
#include "cr/filter.h"
#include "cr/policy.h"

struct cr_export_format;	/* a writer */

/* The @i-th format, in the order people are shown them; NULL behind the last. */
const struct cr_export_format *cr_export_format(size_t i);
/* The one called @name, or NULL. */
const struct cr_export_format *cr_export_find(const char *name);

const char *cr_export_name(const struct cr_export_format *f);	/* "oci" */
const char *cr_export_help(const struct cr_export_format *f);	/* one line */
bool cr_export_binary(const struct cr_export_format *f);	/* nothing for a terminal */

/* What is to be written: a policy, and base sets for what runs it, as far as the policy says
 * nothing of their calls. */
struct cr_export_what {
	const struct cr_policy *p;	/* borrowed */
	const struct cr_export_base {
		const char *name;		/* borrowed */
		const struct cr_policy *p;	/* borrowed */
	} *bases;			/* borrowed */
	size_t n_bases;
};

/* Writes @what into the empty @out; into the empty @losses, what @f cannot hold, a line each.
 * On failure both are empty: -EBADMSG when the result was proved wrong, -E2BIG when the kernel
 * would not take so long a filter, -ENODATA when the policy says nothing, -ENOMEM. */
int cr_export(const struct cr_export_what *what, const struct cr_export_format *f,
	      struct cr_buf *out, struct cr_buf *losses, struct cr_err *err) CR_MUST_CHECK;

/* Does @f answer every number of every ABI as @what does? -EBADMSG and the first call that
 * differs. */
int cr_export_prove(const struct cr_export_what *what, const struct cr_filter *f,
		    struct cr_err *err) CR_MUST_CHECK;

#endif
