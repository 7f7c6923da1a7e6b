/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of chestnut-run, and what each of them sets. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "plan.h"

enum {
	OPT_LEARN = CR_OPT_FIRST,
	OPT_AUDIT,
	OPT_STRICT,
	OPT_POLICY,
	OPT_EXE,
	OPT_ATTACH,
	OPT_INTERVAL,
	OPT_FUNCTION,
	OPT_SCOPE,
	OPT_WINDOWS_ONLY,
	OPT_NO_ARGS,
	OPT_CONFIRM,
	OPT_ALL,
	OPT_ON_VIOLATION,
	OPT_HANDOFF,
	OPT_OUTPUT,
	OPT_SOAK,
	OPT_REPORT,
	OPT_SYSLOG,
	OPT_TERMINAL,
	OPT_QUIET,
	OPT_VERBOSE,
	OPT_ENV,
	OPT_USER,
};

const struct cr_option cr_run_options[] = {
	{ 'l', "learn", NULL, "let everything pass, add to the policy what it lacks", OPT_LEARN },
	{ 'a', "audit", NULL, "let everything pass, report what strict would deny", OPT_AUDIT },
	{ 's', "strict", NULL, "enforce the policy", OPT_STRICT },
	{ 'p', "policy", "FILE", "the policy; a directory: one for each executable", OPT_POLICY },
	{ 'x', "exe", "PATTERN", "only what runs such an executable; the rest runs free", OPT_EXE },
	{ 0, "attach", "PID", "supervise a process that runs already, until it ends or ^C",
	  OPT_ATTACH },
	{ 'f', "function", "FUNC",
	  "a window: NAME, OBJECT:NAME, FILE:LINE, 0xADDR, @LIST; repeatable", OPT_FUNCTION },
	{ 0, "scope", "thread|process",
	  "a new window is of its thread (default) or of the whole process",
	  OPT_SCOPE },
	{ 0, "no-args", NULL, "learn calls only, not which arguments they are made with",
	  OPT_NO_ARGS },
	{ 0, "windows-only", NULL, "learn nothing outside of windows", OPT_WINDOWS_ONLY },
	{ 0, "confirm", "N", "trace a learned call until N executions have shown it (3)",
	  OPT_CONFIRM },
	{ 0, "all", NULL, "while learning, trace and count every call", OPT_ALL },
	{ 0, "on-violation", "ACTION", "what a denial does: kill, errno[:NAME], log, ask, stop",
	  OPT_ON_VIOLATION },
	{ 0, "handoff", NULL, "enforce by the kernel alone: no supervisor, no reports",
	  OPT_HANDOFF },
	{ 0, "interval", "S", "while learning, save the counts every S seconds (1)",
	  OPT_INTERVAL },
	{ 'o', "output", "FILE", "write messages to FILE instead of standard error", OPT_OUTPUT },
	{ 0, "soak", NULL, "strict; what is denied fails, and goes into POLICY.candidates",
	  OPT_SOAK },
	{ 0, "report", "FILE", "write each denial to FILE, too, as a line of JSON", OPT_REPORT },
	{ 0, "syslog", NULL, "tell the system's log of each denial, too", OPT_SYSLOG },
	{ 0, "terminal", "PATH", "where a person is asked (the terminal, if it is free)",
	  OPT_TERMINAL },
	{ 'q', "quiet", NULL, "only errors and denials", OPT_QUIET },
	{ 'v', "verbose", NULL, "tell of every stop", OPT_VERBOSE },
	{ 'E', "env", "VAR[=VAL]", "set VAR for the program, or remove it; repeatable", OPT_ENV },
	{ 'u', "user", "USER", "run the program as USER", OPT_USER },
	CR_OPTIONS_COMMON
};

const char *const cr_run_usage[] = {
	"Usage: chestnut-run [OPTION]... [--] COMMAND [ARG]...",
	"Run COMMAND, learn which system calls it needs, or confine it to those it may make.",
	"",
	"Without -l, -a and -s the policy's own mode holds; one that is not there yet is learned.",
	NULL
};

static int set_mode(struct cr_run_plan *plan, enum cr_mode mode, struct cr_err *err)
{
	if (plan->mode != CR_MODE_UNSET && plan->mode != mode) {
		cr_err_set(err, -EINVAL, "--%s and --%s exclude each other",
			   cr_mode_name(plan->mode), cr_mode_name(mode));
		cr_err_hint(err, "choose one; without any, the policy says what to do");
		return -EINVAL;
	}
	plan->mode = mode;
	return 0;
}

static int set_number(const char *value, const char *what, uint32_t min, uint32_t max,
		      uint32_t *number, struct cr_err *err)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || n < min || n > max)
		return cr_err_set(err, -EINVAL, "%s, not \"%s\"", what, value);
	*number = (uint32_t)n;
	return 0;
}

static int set_confirm(struct cr_run_plan *plan, const char *value, struct cr_err *err)
{
	int rc = set_number(value, "--confirm wants a number of executions", 1, 1000000,
			    &plan->confirm, err);

	if (rc < 0)
		cr_err_hint(err, "3 is the default; 1 trusts a call at once");
	return rc;
}

static int set_attach(struct cr_run_plan *plan, const char *value, struct cr_err *err)
{
	uint32_t pid;
	int rc = set_number(value, "--attach wants a process id", 1, INT32_MAX, &pid, err);

	if (rc == 0)
		plan->attach = (pid_t)pid;
	return rc;
}

static int set_scope(struct cr_run_plan *plan, const char *value, struct cr_err *err)
{
	plan->scope = CR_SCOPE_THREAD;
	plan->scope_given = true;
	if (strcmp(value, "thread") == 0)
		return 0;
	plan->scope = CR_SCOPE_PROCESS;
	if (strcmp(value, "process") == 0)
		return 0;
	cr_err_set(err, -EINVAL, "--scope wants thread or process, not \"%s\"", value);
	cr_err_hint(err, "thread: a call belongs to the windows that its own thread is inside of");
	return -EINVAL;
}

static int add_env_op(struct cr_run_plan *plan, const char *op, struct cr_err *err)
{
	const char **ops;

	if (!*op || *op == '=')
		return cr_err_set(err, -EINVAL, "-E wants VAR or VAR=VAL, not \"%s\"", op);
	ops = reallocarray(plan->env_ops, plan->n_env_ops + 1, sizeof(*ops));
	if (!ops)
		return cr_err_set(err, -ENOMEM, "out of memory");
	plan->env_ops = ops;
	plan->env_ops[plan->n_env_ops++] = op;
	return 0;
}

static int take_option(struct cr_run_plan *plan, int id, const char *value, struct cr_err *err)
{
	switch (id) {
	case OPT_LEARN:
		return set_mode(plan, CR_MODE_LEARN, err);
	case OPT_AUDIT:
		return set_mode(plan, CR_MODE_AUDIT, err);
	case OPT_STRICT:
		return set_mode(plan, CR_MODE_STRICT, err);
	case OPT_POLICY:
		plan->policy_arg = value;
		return 0;
	case OPT_EXE:
		plan->exe = value;
		return 0;
	case OPT_ATTACH:
		return set_attach(plan, value, err);
	case OPT_INTERVAL:
		return set_number(value, "--interval wants a number of seconds", 1, 86400,
				  &plan->interval, err);
	case OPT_FUNCTION:
		return cr_run_add_function(plan, value, err);
	case OPT_SCOPE:
		return set_scope(plan, value, err);
	case OPT_WINDOWS_ONLY:
		plan->windows_only = true;
		return 0;
	case OPT_NO_ARGS:
		plan->no_args = true;
		return 0;
	case OPT_CONFIRM:
		return set_confirm(plan, value, err);
	case OPT_ALL:
		plan->all = true;
		return 0;
	case OPT_ON_VIOLATION:
		plan->violation_given = true;
		return cr_violation_arg(value, &plan->violation, err);
	case OPT_HANDOFF:
		plan->handoff = true;
		return set_mode(plan, CR_MODE_STRICT, err);
	case OPT_OUTPUT:
		plan->output = value;
		return 0;
	case OPT_SOAK:
		plan->soak = true;
		if (!plan->violation_given)
			plan->violation = (struct cr_violation){ CR_ACT_ERRNO, EPERM };
		plan->violation_given = true;
		return set_mode(plan, CR_MODE_STRICT, err);
	case OPT_REPORT:
		plan->report = value;
		return 0;
	case OPT_SYSLOG:
		plan->syslog = true;
		return 0;
	case OPT_TERMINAL:
		plan->terminal = value;
		return 0;
	case OPT_QUIET:
		plan->verbosity = -1;
		return 0;
	case OPT_VERBOSE:
		plan->verbosity = 1;
		return 0;
	case OPT_ENV:
		return add_env_op(plan, value, err);
	case OPT_USER:
		plan->user_name = value;
		return 0;
	}
	return -EINVAL;
}

/* An executable file that begins with "#!" has been executed, when it is named as the kernel names
 * it: behind a word that ends the line of its interpreter, "--policy". */
static bool is_program(const struct cr_options *it)
{
	const char *path = it->value;
	cr_auto_close int fd = -1;
	struct stat st;
	char mark[2];

	if (it->at < 2 || path != it->argv[it->at - 1] ||
	    strcmp(it->argv[it->at - 2], "--policy") != 0)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0 &&
	       read(fd, mark, sizeof(mark)) == sizeof(mark) && memcmp(mark, "#!", 2) == 0;
}

int cr_run_parse(struct cr_run_plan *plan, int argc, char **argv, struct cr_err *err)
{
	struct cr_options it = CR_OPTIONS_INIT(cr_run_options, argc, argv);
	int id, rc;

	while ((id = cr_options_next(&it, err)) > 0) {
		if (cr_options_common(&it, id, cr_run_usage))
			return 1;
		rc = take_option(plan, id, it.value, err);
		if (rc < 0)
			return rc;
		plan->as_program = id == OPT_POLICY && !plan->attach && is_program(&it);
		if (plan->as_program)
			break;
	}
	if (id < 0)
		return id;
	if (plan->as_program) {
		plan->argv = argv + it.at;
		return 0;
	}
	if (plan->attach && it.at < argc) {
		cr_err_set(err, -EINVAL, "--attach takes no command, but there is \"%s\"",
			   argv[it.at]);
		cr_err_hint(err, "either start a program, or attach to one that runs");
		return -EINVAL;
	}
	if (plan->attach)
		return 0;
	if (it.at >= argc) {
		cr_err_set(err, -EINVAL, "no command was given");
		cr_err_hint(err, "chestnut-run [OPTION]... [--] COMMAND [ARG]...");
		return -EINVAL;
	}
	plan->argv = argv + it.at;
	return 0;
}
