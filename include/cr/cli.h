/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli - what the two programs share: the option table, finding a policy, colours
 *
 * In:    argument vectors
 * Out:   options one by one; help, the man-page check's list and errors from one table
 * Never: acts on an option: parse all, then plan, then act
 *
 *	struct cr_options it = CR_OPTIONS_INIT(table, argc, argv);
 *
 *	while ((id = cr_options_next(&it, &err)) > 0) {
 *		if (cr_options_common(&it, id, usage))
 *			return 0;
 *		switch (id) …		it.value is the option's value
 *	}
 *	if (id < 0) …			usage error, @err says which
 *	argv[it.at] …			the first argument that is no option
 */
#ifndef CR_CLI_H
#define CR_CLI_H

#include <stdio.h>

#include "cr/buf.h"
#include "cr/err.h"
#include "cr/lint.h"
#include "cr/names.h"
#include "cr/policy.h"

/* chestnut(1)'s exit statuses; chestnut-run(1) has the target's. */
#define CR_EXIT_OK 0
#define CR_EXIT_FAIL 1
#define CR_EXIT_USAGE 2

struct cr_option {
	char letter;		/* 0: it has none */
	const char *name;	/* without the dashes; NULL ends the table */
	const char *arg;	/* what its value is called in the help; NULL: takes no value */
	const char *help;	/* one line; NULL hides the option */
	int id;			/* CR_OPT_FIRST or more */
};

/* What every program and command has. */
enum {
	CR_OPT_HELP = 1,
	CR_OPT_VERSION,
	CR_OPT_DUMP,		/* for scripts/check-man: prints the table, tab-separated */
	CR_OPT_FIRST = 16,
};

#define CR_OPTIONS_COMMON \
	{ 'h', "help", NULL, "show this help and exit", CR_OPT_HELP }, \
	{ 'V', "version", NULL, "show the version and exit", CR_OPT_VERSION }, \
	{ 0, "dump-options", NULL, NULL, CR_OPT_DUMP }, \
	{ 0, NULL, NULL, NULL, 0 }

struct cr_options {
	const struct cr_option *table;	/* borrowed */
	int argc;
	char **argv;			/* borrowed */
	int at;				/* next argument; at the end: the first operand */
	const char *cluster;		/* borrowed from argv: what is left of "-qv"; NULL */
	const struct cr_option *option;	/* the one just returned */
	const char *value;		/* borrowed from argv: its value; NULL when it takes none */
};

#define CR_OPTIONS_INIT(table, argc, argv) { table, argc, argv, 1, NULL, NULL, NULL }

/* The id of the next option; 0 at "--" or the first argument that is no option; -EINVAL
 * and a sentence for an unknown option or a value that is missing or not wanted. */
int cr_options_next(struct cr_options *it, struct cr_err *err) CR_MUST_CHECK;

/* Prints the help, the version or the option list on stdout, when @id is one of these. @usage:
 * lines before the options, ended by NULL; the first one is the synopsis. */
bool cr_options_common(const struct cr_options *it, int id, const char *const *usage);

void cr_options_help(const struct cr_option *table, FILE *out, const char *const *usage);
/* "letter<TAB>name<TAB>arg<TAB>help" for each option that is not hidden,
 * "-" for what is missing. */
void cr_options_dump(const struct cr_option *table, FILE *out);

/* Words that differ by at most @max typing mistakes; for hints. */
bool cr_words_near(const char *a, const char *b, unsigned int max);

/* The policy that a person names: with a slash, or naming a file in the current directory, it is a
 * path; else as cr_policy_default. On failure @out is empty. */
int cr_policy_path(const char *name, bool for_learning, struct cr_buf *out, struct cr_err *err)
	CR_MUST_CHECK;

/* The policy of program @name, wherever we are (the program itself may lie in the current
 * directory): $XDG_CONFIG_HOME/chestnut/NAME.policy (~/.config by default), then the system
 * directory. @for_learning: when there is none it will be the user's, whose directory is made.
 * -ENOENT otherwise, with the places that were tried. On failure @out is empty. */
int cr_policy_default(const char *name, bool for_learning, struct cr_buf *out, struct cr_err *err)
	CR_MUST_CHECK;

/* May output on @fd have colours: a terminal, and NO_COLOR not set. */
bool cr_colour(int fd);

/* "openat" or "i386:openat" to (@abi, its number); -EINVAL, with the nearest name for a hint. */
int cr_call_parse(const char *text, enum cr_abi *abi, struct cr_err *err) CR_MUST_CHECK;

/* The way back. Writes into @out, gives it back. */
#define CR_CALL_WORDS_MAX (CR_NAME_MAX + 8)
const char *cr_call_words(enum cr_abi abi, uint32_t nr, char out[CR_CALL_WORDS_MAX]);

/* "allow", "errno EPERM if arg0 == 16"; "no rule" for NULL. Writes into @out, cut off where it does
 * not fit, and gives it back. */
#define CR_ACTION_WORDS_MAX 1024
const char *cr_action_words(const struct cr_rule *r, char out[CR_ACTION_WORDS_MAX]);

/* What a command line says of a violation: the words of a policy, but "errno" (which is EPERM) and
 * "errno:NAME", each one word. */
int cr_violation_arg(const char *text, struct cr_violation *v, struct cr_err *err) CR_MUST_CHECK;

struct cr_policies {
	struct cr_policy **p;	/* owned */
	size_t n;
};

/* The policies that @args (ended by NULL) name: files, programs, and for a directory all its
 * *.policy files in the order of their names. On failure @all is empty. */
int cr_policies_load(char **args, struct cr_policies *all, struct cr_err *err) CR_MUST_CHECK;

/* The same, but for the file @but (NULL: none), where a directory has it: what a command writes is
 * not what it reads the next time. */
int cr_policies_load_but(char **args, const char *but, struct cr_policies *all,
			 struct cr_err *err) CR_MUST_CHECK;
/* Those of @all that are for @program, borrowed, into @some, whose array the caller frees.
 * -ENOMEM. */
int cr_policies_of(const struct cr_policies *all, const char *program, struct cr_policies *some)
	CR_MUST_CHECK;

/* -EINVAL when one of @all does not say which program it is for: it cannot be put with others. */
int cr_policies_named(const struct cr_policies *all, struct cr_err *err) CR_MUST_CHECK;

/* @fn for the policy that @name means, or, when that is a directory, for each of its policies in
 * the order of their names, up to the first failure. */
int cr_policy_each(const char *name, int (*fn)(const char *path, void *ctx, struct cr_err *err),
		   void *ctx, struct cr_err *err) CR_MUST_CHECK;

bool cr_is_directory(const char *path);

void cr_policies_free(struct cr_policies *all);

/* Reads all the tables of lint, from @dir or (NULL) from where they are installed. On failure @rows
 * holds what was read until then. */
int cr_lint_tables(const char *dir, struct cr_lint_rows *rows, struct cr_err *err) CR_MUST_CHECK;

/* "chestnut allow" for one rule ("openat", "socket if arg0 in AF_UNIX"), said by a person in
 * another way. @window: its number; 0: outside. */
int cr_policy_allow(const char *path, unsigned int window, const char *rule, struct cr_err *err)
	CR_MUST_CHECK;

/* chestnut's commands; argv[0] is the command. They print their own errors and answer an
 * exit status. */
int cr_cmd_allow(int argc, char **argv);
int cr_cmd_deny(int argc, char **argv);
int cr_cmd_never(int argc, char **argv);
int cr_cmd_violation(int argc, char **argv);
int cr_cmd_drop(int argc, char **argv);
int cr_cmd_merge(int argc, char **argv);
int cr_cmd_diff(int argc, char **argv);
int cr_cmd_check(int argc, char **argv);
int cr_cmd_completeness(int argc, char **argv);
int cr_cmd_show(int argc, char **argv);
int cr_cmd_finalize(int argc, char **argv);
int cr_cmd_explain(int argc, char **argv);
int cr_cmd_export(int argc, char **argv);
int cr_cmd_lint(int argc, char **argv);
int cr_cmd_import(int argc, char **argv);
int cr_cmd_functions(int argc, char **argv);
int cr_cmd_doctor(int argc, char **argv);

#endif
