/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * policy - what a program may call: the one model that all rooms share
 *
 * In:    rules and evidence, from a file (cr/ini.h) or from learning
 * Out:   look-ups
 * Never: reads or writes a file, knows a process
 *
 * A rule is either hand-written (no evidence), learned (with evidence), or comes
 * from an included base set. An own rule hides a base set's rule for the same call.
 * chestnut-policy(5) is the format this model mirrors.
 */
#ifndef CR_POLICY_H
#define CR_POLICY_H

#include "cr/action.h"
#include "cr/cond.h"

enum cr_mode {
	CR_MODE_UNSET,
	CR_MODE_LEARN,
	CR_MODE_AUDIT,
	CR_MODE_STRICT,
};

/* After this many executions a call need not be counted any longer: "3+". */
#define CR_SEEN_ENOUGH 3

struct cr_evidence {
	uint32_t seen;		/* executions it was seen in */
	bool more;		/* "3+": at least @seen; counting has stopped */
	uint32_t all_runs;	/* executions under --all that ended since it was learned ... */
	uint32_t all_seen;	/* ... and those of them that made it; exact, also past "3+" */
	uint32_t first;		/* the execution that learned it, of cr_policy.runs; 0: unknown */
	uint64_t calls;		/* how often it was made, as far as it was traced */
	char *exe;		/* owned; first executable that made it; NULL when not known */
	char *stack;		/* owned; first stack, "f (f.c:3) < g < main"; NULL: not known */
};

struct cr_rule {
	enum cr_abi abi;
	uint32_t nr;
	enum cr_action act;
	int err;		/* with CR_ACT_ERRNO */
	struct cr_conds *cond;	/* owned; NULL: whatever the arguments */
	enum cr_action other;	/* where cond does not hold; CR_ACT_NONE: as without a rule */
	int other_err;		/* with other CR_ACT_ERRNO */
	unsigned int line;	/* physical line in its file; 0: it is not in a file yet */
	const char *base;	/* borrowed: from the policy; its base set; NULL for an own rule */
	struct cr_evidence *ev;	/* owned; NULL for a hand-written or base rule */
};

/* Windows are numbered from 1 to this; 0 stands for outside of all windows, for [syscalls]. */
#define CR_WINDOW_NR_MAX 4096u

enum cr_window_scope {
	CR_SCOPE_THREAD,	/* the thread that is inside of the function */
	CR_SCOPE_PROCESS,	/* all threads, while any is inside */
};

/* Which function, as the ELF file has it, or as a person wrote it. Two windows of a policy have
 * not the same function and object. */
struct cr_window_name {
	const char *function;	/* borrowed */
	const char *object;	/* borrowed; "libfoo.so.1"; NULL: the main executable */
	enum cr_window_scope scope;
};

/* What may be called while a function is active. Base sets are no part of it. */
struct cr_policy_window {
	unsigned int number;
	char *function;		/* owned */
	char *object;		/* owned; NULL: the main executable */
	uint32_t sum;		/* of function, to tell most apart by */
	enum cr_window_scope scope;
	struct cr_rule **rules;	/* owned; by (abi, nr) */
	size_t n_rules;
	unsigned int line;	/* physical line of [window N]; 0: it is not in a file yet */
};

struct cr_source;		/* the bytes that a policy was read from: the room's own */

struct cr_policy {
	char *path;		/* owned; as the user spelled it; NULL when never stored */
	char *program;		/* owned; absolute path of the executable; NULL when not given */
	char *build_id;		/* owned; hex; NULL when not given */
	enum cr_mode mode;
	struct cr_violation violation;	/* default: kill */
	char *horizon_kernel;	/* owned; release it was learned on, "6.18.0"; NULL: not given */
	uint32_t horizon_nr;	/* calls above this did not exist for it; 0 when not given */
	uint32_t runs;		/* executions that it was learned from */
	uint32_t all_runs;	/* of these, executions that were started under --all */
	uint32_t lost;		/* events of these that nobody could make sense of */
	bool outside_any;	/* outside of windows everything passes */
	bool args_any;		/* nothing is learned of the arguments of calls */
	struct cr_policy_window **windows;	/* owned; by number */
	size_t n_windows;
	char **include;		/* owned; base sets or files, in the file's order */
	size_t n_include;
	struct cr_rule **rules;	/* owned; own rules then base rules, each by (abi, nr) */
	size_t n_rules;
	size_t n_own;		/* of these, own rules */
	char *digest;		/* owned; of what was finalized, hex; NULL: it was not */
	struct cr_source *source;	/* owned; NULL unless cr_ini_load() has read it */
	char **bases;		/* owned; names that cr_rule.base points to */
	size_t n_bases;
};

/* An empty policy: mode unset, violation kill. NULL when out of memory. */
struct cr_policy *cr_policy_new(void) CR_MUST_CHECK;
void cr_policy_free(struct cr_policy *p);

/* The rule that holds for a call: the own one, else a base set's, else NULL. Borrowed
 * until the policy changes. */
const struct cr_rule *cr_policy_find(const struct cr_policy *p, enum cr_abi abi, uint32_t nr);

/* The own rule of a call, or NULL. Borrowed until the policy changes. */
struct cr_rule *cr_policy_own(const struct cr_policy *p, enum cr_abi abi, uint32_t nr);

/* The base sets' rule of a call, which an own one may hide, or NULL. Borrowed likewise. */
const struct cr_rule *cr_policy_base(const struct cr_policy *p, enum cr_abi abi, uint32_t nr);

/* Adds or replaces the own rule (@base NULL) or a base set's rule of a call. The new rule has
 * no evidence and no line. -ENOMEM: @p is unchanged. */
int cr_policy_set(struct cr_policy *p, const char *base, enum cr_abi abi, uint32_t nr,
		  enum cr_action act, int err) CR_MUST_CHECK;

/* The same, saying what @like says of its call, conditions included. */
int cr_policy_put(struct cr_policy *p, const char *base, const struct cr_rule *like) CR_MUST_CHECK;

/* Notes the physical line of a base set's rule in its file. */
void cr_policy_base_line(struct cr_policy *p, enum cr_abi abi, uint32_t nr, unsigned int line);

/* Takes the own rule of a call away; nothing happens when there is none. */
void cr_policy_unset(struct cr_policy *p, enum cr_abi abi, uint32_t nr);

/* Window @number, or NULL. Borrowed until the policy changes. */
const struct cr_policy_window *cr_policy_window(const struct cr_policy *p, unsigned int number);

/* The number of the window of @function in @object (NULL: the main executable), or 0. */
unsigned int cr_policy_window_find(const struct cr_policy *p, const char *object,
				   const char *function);

/* The number of the window that a person means by @text: a number, a function, or OBJECT:FUNCTION.
 * 0 when there is none; -EEXIST when several windows have that function. */
int cr_policy_window_named(const struct cr_policy *p, const char *text);

/* Adds a window without rules as number @number, or, with 0, behind the last one. Its number;
 * -EEXIST when the number or the name is taken, -E2BIG beyond CR_WINDOW_NR_MAX, -ENOMEM: then @p
 * is unchanged. */
int cr_policy_window_add(struct cr_policy *p, unsigned int number,
			 const struct cr_window_name *name) CR_MUST_CHECK;

/* Takes a window away with its rules; nothing happens when there is none. */
void cr_policy_window_remove(struct cr_policy *p, unsigned int number);

/* As cr_policy_find(), _own(), _set(), _put() and _unset(), for window @window; for 0, outside: the
 * same. In a window there are own rules only, and where there is no window there is none: NULL, and
 * -ENOENT to set one. */
const struct cr_rule *cr_policy_find_in(const struct cr_policy *p, unsigned int window,
					enum cr_abi abi, uint32_t nr);
struct cr_rule *cr_policy_own_in(const struct cr_policy *p, unsigned int window, enum cr_abi abi,
				 uint32_t nr);
int cr_policy_set_in(struct cr_policy *p, unsigned int window, enum cr_abi abi, uint32_t nr,
		     enum cr_action act, int err) CR_MUST_CHECK;
int cr_policy_put_in(struct cr_policy *p, unsigned int window,
		     const struct cr_rule *like) CR_MUST_CHECK;
void cr_policy_unset_in(struct cr_policy *p, unsigned int window, enum cr_abi abi, uint32_t nr);

/* The own rules of window @window, or of [syscalls], by (abi, nr). Borrowed until the policy
 * changes. */
struct cr_rule *const *cr_policy_rules_in(const struct cr_policy *p, unsigned int window,
					  size_t *n);

/* Gives @r a copy of @ev, which makes it a learned rule when it allows. -ENOMEM: unchanged. */
int cr_rule_witness(struct cr_rule *r, const struct cr_evidence *ev) CR_MUST_CHECK;

/* What becomes of a call with these arguments: of a rule without a condition they are not looked
 * at. CR_ACT_NONE for no rule (NULL), and where the condition does not hold and nothing else is
 * said. *@err with CR_ACT_ERRNO. */
enum cr_action cr_rule_action(const struct cr_rule *r, const uint64_t args[6], int *err);

/* Do they say the same of their calls? Evidence and origin do not count. */
bool cr_rule_same(const struct cr_rule *a, const struct cr_rule *b);

/* May the call pass, with some arguments at least? False for NULL, and where a person is asked. */
bool cr_rule_passes(const struct cr_rule *r);

/* Does it say so for some arguments? False for NULL. */
bool cr_rule_says(const struct cr_rule *r, enum cr_action act);

/* Does the policy say so anywhere, of a call or of all that it does not name? */
bool cr_policy_says(const struct cr_policy *p, const struct cr_violation *v, enum cr_action act);

/* Does @have let pass what @want does? False also where nobody can tell (two conditions of which
 * one has an "else" that passes). */
bool cr_rule_covers(const struct cr_rule *have, const struct cr_rule *want);

/* "allow if arg0 == AF_UNIX else errno EAFNOSUPPORT": the rule as a policy has it. */
void cr_rule_print(const struct cr_rule *r, struct cr_buf *out);

/* An own rule that learning made and may count on: it allows, and it has evidence. A person who
 * changes a learned rule to anything but allow has made it his own. */
bool cr_rule_learned(const struct cr_rule *r);

/* Learned, but no execution under --all has made it since, and there was one. */
bool cr_rule_unused(const struct cr_rule *r);

/* Is it the judge's or the kernel's to decide? True when @r allows its call, at least with some
 * arguments, no person has to be told of it, and, in a learning run, @confirm executions have shown
 * it (or a person wrote it). @learning with a base rule: not confirmed, so that use is recorded. */
bool cr_rule_confirmed(const struct cr_rule *r, bool learning, uint32_t confirm);

/* The SHA-256 of what is enforced: mode, violation, horizon, what holds for each call (base sets
 * included), windows and their rules. Evidence, comments and spelling are no part of it. It tells
 * that something was changed; it is no signature. -ENOMEM. */
#define CR_DIGEST_MAX 65
int cr_policy_digest(const struct cr_policy *p, char digest[CR_DIGEST_MAX]) CR_MUST_CHECK;

int cr_policy_seal(struct cr_policy *p) CR_MUST_CHECK;	/* sets the digest; -ENOMEM: unchanged */

/* Was it finalized, and says something else now? */
bool cr_policy_changed(const struct cr_policy *p);

const char *cr_mode_name(enum cr_mode mode);		/* "learn", "audit", "strict", "" */
const char *cr_scope_name(enum cr_window_scope scope);	/* "thread", "process" */

#endif
