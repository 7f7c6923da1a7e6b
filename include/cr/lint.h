/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lint - what a policy leaves to somebody who has taken the program over
 *
 * In:    a policy; tables of dangerous calls, of twins, of payloads and of published holes
 * Out:   findings, and the attack surface in numbers
 * Never: reads a file, prints, changes the policy
 *
 * It speaks of what strict mode would let pass. A call is reachable when its rule is allow or log,
 * outside or in a window; with "outside = any" all calls are. A call whose rule lets pass only what
 * a table calls harmless is reachable, but is no finding.
 */
#ifndef CR_LINT_H
#define CR_LINT_H

#include "cr/err.h"
#include "cr/policy.h"

enum cr_lint_table {
	CR_LINT_CALLS,		/* call, level, why, source, and perhaps: harmless if */
	CR_LINT_TWINS,		/* calls, why, source */
	CR_LINT_PAYLOADS,	/* class, needs, why, source */
	CR_LINT_CVES,		/* CVE, needs, why, source */
	CR_LINT_TABLES,
};

enum cr_lint_level {
	CR_LINT_NOTE,		/* told, nothing to do */
	CR_LINT_OFFER,		/* a twin that might be wanted */
	CR_LINT_WARN,		/* a finding */
	CR_LINT_LOUD,		/* a finding that makes the rest of the policy mean little */
};

struct cr_lint_row {
	enum cr_lint_table table;
	enum cr_lint_level level;	/* CR_LINT_CALLS */
	char *key;		/* owned; call, twins, class or CVE */
	char *need;		/* owned; NULL but for payloads and CVEs */
	char *why;		/* owned */
	char *source;		/* owned */
	struct cr_conds *harmless[CR_ABI_COUNT];	/* owned; of a call, there; NULL: never */
	bool open;		/* after cr_lint(): all that it needs is reachable */
};

struct cr_lint_rows {
	struct cr_lint_row *row;	/* owned */
	size_t n;
};

struct cr_lint_finding {
	enum cr_lint_level level;
	enum cr_abi abi;
	uint32_t nr;
	const struct cr_rule *rule;	/* borrowed: from the policy */
	const struct cr_policy_window *window;	/* borrowed: whose it is; NULL: outside */
	const struct cr_lint_row *row;	/* borrowed: from the rows */
	char *twins;		/* owned; CR_LINT_OFFER: names that have no rule; else NULL */
};

struct cr_lint_report {
	struct cr_lint_finding *finding;	/* owned; loud ones first */
	size_t n;
	unsigned int reachable[CR_ABI_COUNT];
	unsigned int known[CR_ABI_COUNT];	/* calls that this build knows by name */
	unsigned int warnings;	/* findings that warn, and one for "outside = any" */
};

/* The name of a table's file: "lint-calls.tsv". */
const char *cr_lint_file(enum cr_lint_table table);

/* Appends the rows of a table. -EINVAL with "PATH:LINE: ..." for a row of another form or a name
 * that no ABI has; -ENOMEM. On failure @rows holds the rows before that one. */
int cr_lint_read(struct cr_lint_rows *rows, enum cr_lint_table table, const char *path,
		 const char *text, struct cr_err *err) CR_MUST_CHECK;
void cr_lint_rows_fini(struct cr_lint_rows *rows);

/* Judges @p by @rows and sets their open members. -ENOMEM: @report is empty. */
int cr_lint(const struct cr_policy *p, struct cr_lint_rows *rows, struct cr_lint_report *report)
	CR_MUST_CHECK;
void cr_lint_fini(struct cr_lint_report *report);

#endif
