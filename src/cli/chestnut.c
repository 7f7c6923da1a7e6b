/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chestnut - everything on policies, one command each
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/log.h"

static const struct command {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "show", "what a policy says, and how far to trust it", cr_cmd_show },
	{ "explain", "why a call is in a policy, and what is lost without it", cr_cmd_explain },
	{ "completeness", "how many new calls the next execution may bring", cr_cmd_completeness },
	{ "finalize", "end learning: from now on the policy is enforced", cr_cmd_finalize },
	{ "merge", "make one policy of several", cr_cmd_merge },
	{ "diff", "what two policies say differently", cr_cmd_diff },
	{ "check", "a gate for test pipelines: would later runs add anything?", cr_cmd_check },
	{ "allow", "allow calls, as if written by hand", cr_cmd_allow },
	{ "deny", "let calls fail with an error", cr_cmd_deny },
	{ "never", "make calls a violation, whatever is learned", cr_cmd_never },
	{ "violation", "what becomes of calls that no rule allows", cr_cmd_violation },
	{ "drop", "take rules away", cr_cmd_drop },
	{ "export", "a policy in the format of another program", cr_cmd_export },
	{ "import", "a policy from what another program has written", cr_cmd_import },
	{ "lint", "what a policy leaves to an attacker", cr_cmd_lint },
	{ "functions", "the functions of a program, and where they end", cr_cmd_functions },
	{ "doctor", "why tracing would fail here, and what to do about it", cr_cmd_doctor },
};

enum { OPT_WORDS = CR_OPT_FIRST };

static const struct cr_option options[] = {
	{ 0, "dump-words", "KIND", NULL, OPT_WORDS },	/* for shell completion */
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut COMMAND [options] [ARG...]",
	"Show and edit the policies that chestnut-run(1) learns and enforces.",
	"",
	NULL
};

static void help(void)
{
	size_t i;

	cr_options_help(options, stdout, usage);
	printf("\nCommands (each has --help):\n");
	for (i = 0; i < CR_ARRAY_SIZE(commands); i++)
		printf("  %-12s %s\n", commands[i].name, commands[i].help);
}

static void dump(void)
{
	size_t i;

	cr_options_dump(options, stdout);
	for (i = 0; i < CR_ARRAY_SIZE(commands); i++)
		printf("command\t%s\t-\t%s\n", commands[i].name, commands[i].help);
}

static void dump_calls(void)
{
	char call[CR_CALL_WORDS_MAX];
	unsigned int abi;
	uint32_t nr;

	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < CR_NR_MAX; nr++) {
			cr_call_words((enum cr_abi)abi, nr, call);
			if (!strstr(call, "nr:"))
				puts(call);
		}
	}
}

static int dump_words(const char *kind, struct cr_err *err)
{
	char name[CR_NAME_MAX];
	int e;

	if (strcmp(kind, "calls") == 0) {
		dump_calls();
		return 0;
	}
	if (strcmp(kind, "errnos") != 0)
		return cr_err_set(err, -EINVAL, "there are words of calls and errnos only");
	for (e = 1; e < 4096; e++)
		if (*cr_errno_name(e, name) == 'E')
			puts(name);
	return 0;
}

static const struct command *command_of(const char *name, struct cr_err *err)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	cr_err_set(err, -EINVAL, "there is no command %s", name);
	cr_err_hint(err, "chestnut --help lists the commands");
	for (i = 0; i < CR_ARRAY_SIZE(commands); i++) {
		if (cr_words_near(commands[i].name, name, 2))
			cr_err_hint(err, "did you mean %s?", commands[i].name);
	}
	return NULL;
}

/* What was printed must have arrived: a full disk is a failure, too. */
static int finish(int status)
{
	struct cr_err err = { "", "" };
	bool failed = ferror(stdout);

	if (fclose(stdout) != 0 || failed) {
		cr_err_sys(&err, -(errno ? errno : EIO), "cannot write to standard output");
		cr_log_err(&err);
		return status ? status : CR_EXIT_FAIL;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	struct cr_err err = { "", "" };
	const struct command *command;
	int id;

	cr_log_init("chestnut", 0);
	while ((id = cr_options_next(&it, &err)) > 0) {
		if (id == OPT_WORDS)
			id = dump_words(it.value, &err);
		else if (id == CR_OPT_HELP)
			help();
		else if (id == CR_OPT_DUMP)
			dump();
		else
			cr_options_common(&it, id, usage);
		if (id < 0)
			break;
		return finish(CR_EXIT_OK);
	}
	if (id == 0 && it.at >= argc) {
		id = cr_err_set(&err, -EINVAL, "a command is missing");
		cr_err_hint(&err, "chestnut --help lists the commands");
	}
	if (id == 0 && strcmp(argv[it.at], "help") == 0) {
		help();
		return finish(CR_EXIT_OK);
	}
	command = id < 0 ? NULL : command_of(argv[it.at], &err);
	if (!command) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	return finish(command->run(argc - it.at, argv + it.at));
}
