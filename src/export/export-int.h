/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export-int - what the writers share: the answers, the names, the losses
 *
 * In:    a policy
 * Out:   what the kernel has to answer to every call (SECCOMP_RET_*); calls by name, in groups
 * Never: knows a format
 *
 * Private to the export room.
 */
#ifndef CR_EXPORT_INT_H
#define CR_EXPORT_INT_H

#include "cr/export.h"
#include "cr/names.h"

/* What a format can hold; the rest is told (losses.c). */
enum {
	CR_HOLDS_LOG = 1,	/* allowed, and told */
	CR_HOLDS_ERRNO = 2,	/* an errno for each call */
	CR_HOLDS_NUMBERS = 4,	/* calls without a name */
	CR_HOLDS_ABIS = 8,	/* i386 and x32 apart */
	CR_HOLDS_HORIZON = 16,	/* ENOSYS for all numbers above it */
	CR_HOLDS_NEWER = 32,	/* ENOSYS for calls above it that have a name */
	CR_HOLDS_PROGRAM = 64,	/* a comment, for program and build ID */
	CR_HOLDS_VIOLATION = 128,	/* what becomes of a denied call */
	CR_NEEDS_EXECVE = 256,	/* who loads it makes execve(2) with it */
	CR_HOLDS_NOTHING = 512,	/* it only points at another export */
	CR_HOLDS_ORIGIN = 1024,	/* which base set a call comes from */
	CR_HOLDS_ARGS = 2048,	/* conditions on arguments */
	CR_HOLDS_CASES = 4096,	/* conditions that can be spelled out (args.c) */
	CR_HOLDS_OPEN = 8192,	/* what it does not list passes, and is told */
};

struct cr_named {
	char name[CR_NAME_MAX];
	uint32_t nr;
};

/* What a format asks of an argument. */
struct cr_export_test {
	unsigned int arg;
	unsigned int bits;	/* that the kernel looks at */
	enum { CR_EXPORT_BITS, CR_EXPORT_AT_MOST, CR_EXPORT_AT_LEAST } op;
	uint64_t mask;		/* CR_EXPORT_BITS: what this leaves is value */
	uint64_t value;
};

/* All of these; one test for an argument at most. */
typedef int cr_export_case(void *ctx, const struct cr_export_test *test, size_t n);

struct cr_export {
	const struct cr_policy *p;	/* borrowed; flat: without windows */
	const struct cr_policy *whole;	/* borrowed; as it was given, with windows */
	struct cr_filter_plan plan;	/* of the kernel that is alone with the policy ... */
	uint32_t ret[CR_ABI_COUNT][CR_NR_MAX];	/* ... and what it answers */
	uint32_t beyond[CR_ABI_COUNT];	/* for numbers from CR_NR_MAX on */
	uint32_t violation;
	uint32_t horizon;
	unsigned int holds;		/* CR_HOLDS_* of the format */
	cr_export_case *can;		/* of the format */
	bool cases[CR_NR_MAX];		/* native calls whose conditions are spelled out */
	struct cr_named *named;		/* owned; native calls that have a name, sorted by it */
	size_t n_named;
	struct cr_buf *out;		/* borrowed */
	struct cr_buf *losses;		/* borrowed */
};

struct cr_export_format {
	const char *name;
	const char *help;
	unsigned int holds;
	cr_export_case *can;	/* -EDOM: it cannot say that; NULL: it can say all cases */
	bool binary;
	int (*write)(struct cr_export *x, struct cr_err *err);
};

/* Calls of a name format that get the same answer, and come from the same place
 * when that counts. */
struct cr_group {
	uint32_t ret;
	int call;		/* the only call of the group, under conditions; -1 */
	const char *origin;	/* borrowed from the policy, or a constant; NULL: all */
};

/* How the origin of a window's rule begins; names of base sets have no blank. */
#define CR_EXPORT_WINDOW "window "

/* The rule that lets most through, of outside and all windows, and whose it is: NULL for
 * outside. */
const struct cr_rule *cr_export_widest(const struct cr_policy *p, enum cr_abi abi, uint32_t nr,
				       const struct cr_policy_window **window);

/* The policy without windows: each call has its widest rule, with its window in the place of a base
 * set; then the rules of the base sets. The caller owns *@flat; it is untouched on failure:
 * -ENODATA when there is nothing to say. */
int cr_export_flatten(const struct cr_export_what *what, struct cr_policy **flat,
		      struct cr_buf *losses, struct cr_err *err) CR_MUST_CHECK;

/* Fills @x with the answers of the flat policy @p, for a format that holds @holds. */
void cr_export_answers(const struct cr_policy *p, unsigned int holds, struct cr_export *x);

/* Native calls whose answer is not the violation's, as groups: allowed ones first. -ENOMEM. The
 * caller owns *@groups. */
int cr_export_groups(const struct cr_export *x, bool by_origin, struct cr_group **groups,
		     size_t *n) CR_MUST_CHECK;
bool cr_export_in(const struct cr_export *x, const struct cr_group *g, const struct cr_named *c);

/* Calls @each (unless it is NULL) with the cases that make up @c. What it answers ends it when it
 * is not 0; -EDOM: @c cannot be spelled out. */
int cr_export_cases(const struct cr_conds *c, cr_export_case *each, void *ctx) CR_MUST_CHECK;
/* Finds the calls whose conditions the format can spell out. */
void cr_export_spell(struct cr_export *x);
/* The conditions of such a call. */
const struct cr_conds *cr_export_conds(const struct cr_export *x, uint32_t nr);

/* "SCMP_ACT_ALLOW" … of a SECCOMP_RET_*. */
const char *cr_export_action(uint32_t ret);
/* "SCMP_CMP_EQ" … */
const char *cr_export_op(const struct cr_export_test *t);
/* The errno that @ret carries, 0 for none. */
int cr_export_errno(uint32_t ret);
bool cr_export_passes(uint32_t ret);

/* "# " and facts of the policy's head, a line each, safe inside any comment. */
void cr_export_head(const struct cr_export *x, const char *mark);
/* @s, safe inside any comment of C, YAML, INI or shell. */
void cr_export_comment(struct cr_buf *out, const char *s);
/* What to call it: [a-z0-9-]+, begins and ends with a letter or digit. */
void cr_export_label(const struct cr_export *x, char label[64]);
/* "first second …", folded at 90 columns, each line begun with @lead. */
void cr_export_words(struct cr_buf *out, const char *lead, const char *words);

void cr_export_lose(struct cr_export *x, const char *fmt, ...) CR_PRINTF(2, 3);
/* What x->holds lacks of the policy. */
void cr_export_losses(struct cr_export *x);

/* Compiles the profile in @json as a container runtime does, and compares. */
int cr_export_replay(const struct cr_export *x, const char *json, struct cr_err *err) CR_MUST_CHECK;

int cr_write_oci(struct cr_export *x, struct cr_err *err);
int cr_write_docker(struct cr_export *x, struct cr_err *err);
int cr_write_k8s(struct cr_export *x, struct cr_err *err);
int cr_write_pod(struct cr_export *x, struct cr_err *err);
int cr_write_systemd(struct cr_export *x, struct cr_err *err);
cr_export_case cr_minijail_can;
int cr_write_minijail(struct cr_export *x, struct cr_err *err);
int cr_write_names(struct cr_export *x, struct cr_err *err);
int cr_write_bpf(struct cr_export *x, struct cr_err *err);
int cr_write_header(struct cr_export *x, struct cr_err *err);
int cr_write_pfc(struct cr_export *x, struct cr_err *err);

#endif
