/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "cr/ini.h"
#include "cr/log.h"
#include "cr/proc.h"
#include "plan.h"
#include "tree.h"

/* The policy's program is the command. */
static int take_program(struct cr_run_plan *plan, struct cr_err *err)
{
	size_t n = 0, i;
	int rc = cr_ini_load(plan->policy_arg, &plan->policy, err);

	if (rc < 0)
		return rc;
	if (!plan->policy->program) {
		cr_err_set(err, -EINVAL, "%s is executable, but names no program",
			   plan->policy_arg);
		cr_err_hint(err, "add \"program = /path\" below [policy], or name a command: "
			    "chestnut-run -p %s COMMAND", plan->policy_arg);
		return -EINVAL;
	}
	while (plan->argv[n])
		n++;
	plan->program = strdup(plan->policy->program);
	plan->own_argv = calloc(n + 2, sizeof(*plan->own_argv));
	if (!plan->program || !plan->own_argv)
		return cr_err_set(err, -ENOMEM, "out of memory");
	plan->own_argv[0] = plan->program;
	for (i = 0; i < n; i++)
		plan->own_argv[i + 1] = plan->argv[i];
	plan->argv = plan->own_argv;
	return 0;
}

/* Does environment entry @entry belong to the variable that @op names? */
static bool same_variable(const char *entry, const char *op)
{
	size_t n = strcspn(op, "=");

	return strncmp(entry, op, n) == 0 && entry[n] == '=';
}

static int make_env(struct cr_run_plan *plan, struct cr_err *err)
{
	size_t n = 0, i, k;

	while (environ[n])
		n++;
	plan->envp = calloc(n + plan->n_env_ops + 1, sizeof(*plan->envp));
	if (!plan->envp)
		return cr_err_set(err, -ENOMEM, "out of memory");
	memcpy(plan->envp, environ, n * sizeof(*environ));
	for (i = 0; i < plan->n_env_ops; i++) {
		const char *op = plan->env_ops[i];
		size_t kept = 0;

		for (k = 0; k < n; k++)
			if (!same_variable(plan->envp[k], op))
				plan->envp[kept++] = plan->envp[k];
		n = kept;
		if (strchr(op, '='))
			plan->envp[n++] = (char *)(uintptr_t)op;
		plan->envp[n] = NULL;
	}
	return 0;
}

static int find_command(struct cr_run_plan *plan, int *status, struct cr_err *err)
{
	const char *name = plan->argv[0];
	int rc = cr_launch_find(name, getenv("PATH"), plan->path, sizeof(plan->path));

	if (rc == 0)
		return 0;
	*status = rc == -ENOENT || rc == -ENOTDIR ? CR_EXIT_NOT_FOUND : CR_EXIT_CANNOT;
	cr_err_sys(err, rc, "cannot run %s", *name ? name : "\"\"");
	if (rc == -EACCES)
		cr_err_hint(err, "is it a program, and executable for this user?");
	else if (rc == -ENOENT && !strchr(name, '/'))
		cr_err_hint(err, "it is in no directory of PATH; a program in this directory is "
			    "./%s", name);
	return rc;
}

/* The executable of a process that runs already. */
static int find_attached(struct cr_run_plan *plan, struct cr_err *err)
{
	pid_t tgid = cr_proc_tgid(plan->attach);
	int rc = tgid < 0 ? -ESRCH : cr_proc_exe(tgid, plan->path, sizeof(plan->path));

	if (rc < 0) {
		cr_err_sys(err, rc, "cannot look at process %d", (int)plan->attach);
		if (rc == -ENOENT)
			cr_err_hint(err, "it is a part of the kernel, or has ended already");
		return rc;
	}
	/* A thread stands for its process. */
	plan->attach = tgid;
	rc = cr_proc_may_trace(tgid);
	if (rc < 0)
		return cr_proc_refused(tgid, rc, err);
	if (plan->user_name || plan->n_env_ops || plan->exe) {
		cr_err_set(err, -EINVAL, "-u, -E and -x are for programs that are started");
		cr_err_hint(err, "leave it out with --attach");
		return -EINVAL;
	}
	return 0;
}

static int find_user(struct cr_run_plan *plan, struct cr_err *err)
{
	struct passwd *pw;

	if (!plan->user_name)
		return 0;
	errno = 0;
	pw = getpwnam(plan->user_name);
	if (!pw) {
		cr_err_set(err, -EINVAL, "there is no user \"%s\"", plan->user_name);
		cr_err_hint(err, "-u wants a name from the password database");
		return -EINVAL;
	}
	plan->user = (struct cr_user){ plan->user_name, pw->pw_uid, pw->pw_gid };
	if (geteuid() != 0 && geteuid() != pw->pw_uid) {
		cr_err_set(err, -EPERM, "only root can run a program as %s", plan->user_name);
		cr_err_hint(err, "leave -u out, or use sudo");
		return -EPERM;
	}
	return 0;
}

/* Policies are named after the program as it was called: "sh" and "bash" may differ. */
static int find_policy(struct cr_run_plan *plan, struct cr_err *err)
{
	const char *command = plan->attach ? plan->path : plan->argv[0];
	const char *slash = strrchr(command, '/');
	const char *name = slash ? slash + 1 : command;
	bool learning = plan->mode == CR_MODE_LEARN || plan->mode == CR_MODE_UNSET;
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	int rc = 0;

	if (plan->policy_arg)
		cr_buf_add(&path, plan->policy_arg);
	else
		rc = cr_policy_default(name, learning, &path, err);
	if (rc < 0)
		return rc;
	plan->policy_path = cr_buf_take(&path);
	return plan->policy_path ? 0 : cr_err_set(err, -ENOMEM, "out of memory");
}

/* One that is there, or is meant to be, for learning: it ends in a slash. */
static int look_at_directory(struct cr_run_plan *plan, struct cr_err *err)
{
	const char *path = plan->policy_path;
	size_t n = strlen(path);
	struct stat st;

	if (stat(path, &st) == 0)
		plan->directory = S_ISDIR(st.st_mode);
	else
		plan->directory = n && path[n - 1] == '/';
	if (!plan->directory)
		return 0;
	while (n > 1 && plan->policy_path[n - 1] == '/')
		plan->policy_path[--n] = '\0';
	if (plan->attach) {
		cr_err_set(err, -EINVAL, "%s is a directory, and --attach wants one policy", path);
		cr_err_hint(err, "name a file with -p");
		return -EINVAL;
	}
	if (plan->mode == CR_MODE_UNSET)
		return cr_tree_mode(path, &plan->mode, err);
	if (plan->mode != CR_MODE_LEARN && !plan->handoff && !cr_tree_has_policies(path)) {
		cr_err_set(err, -ENOENT, "there is no policy in the directory %s", path);
		cr_err_hint(err, "learn some first: chestnut-run --learn -p %s ...", path);
		return -ENOENT;
	}
	return 0;
}

static int make_directory(const struct cr_run_plan *plan, struct cr_err *err)
{
	if (plan->mode != CR_MODE_LEARN || mkdir(plan->policy_path, 0755) == 0 || errno == EEXIST)
		return 0;
	return cr_err_sys(err, -errno, "cannot make the directory %s", plan->policy_path);
}

static int load_policy(struct cr_run_plan *plan, struct cr_err *err)
{
	int rc = look_at_directory(plan, err);

	if (rc < 0 || plan->directory)
		return rc < 0 ? rc : make_directory(plan, err);
	if (!plan->policy)
		rc = cr_ini_load(plan->policy_path, &plan->policy, err);
	if (rc == -ENOENT && (plan->mode == CR_MODE_UNSET || plan->mode == CR_MODE_LEARN)) {
		plan->mode = CR_MODE_LEARN;
		return 0;
	}
	if (rc == -ENOENT)
		cr_err_hint(err, "learn one first: chestnut-run --learn -p %s -- %s",
			    plan->policy_path, plan->attach ? plan->path : plan->argv[0]);
	if (rc < 0)
		return rc;
	if (plan->mode == CR_MODE_UNSET)
		plan->mode = plan->policy->mode;
	if (plan->mode == CR_MODE_UNSET)
		plan->mode = CR_MODE_LEARN;
	return 0;
}

/* Options that say how to learn mean nothing in another mode. */
static int check_learning(const struct cr_run_plan *plan, struct cr_err *err)
{
	const struct {
		bool given;
		const char *says;
	} options[] = {
		{ plan->all, "--all counts calls while learning" },
		{ plan->windows_only, "--windows-only is about what is learned" },
		{ plan->no_args, "--no-args is about what is learned" },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(options) && plan->mode != CR_MODE_LEARN; i++) {
		if (!options[i].given)
			continue;
		cr_err_set(err, -EINVAL, "%s; this run is %s", options[i].says,
			   cr_mode_name(plan->mode));
		cr_err_hint(err, "add --learn");
		return -EINVAL;
	}
	return 0;
}

static int check_sense(const struct cr_run_plan *plan, struct cr_err *err)
{
	int rc = check_learning(plan, err);

	if (rc < 0)
		return rc;
	/* What the policies of a directory have is not known yet. */
	if (plan->windows_only && !plan->n_patterns && !plan->directory &&
	    !(plan->policy && plan->policy->n_windows)) {
		cr_err_set(err, -EINVAL, "--windows-only without a window would learn nothing");
		cr_err_hint(err, "name a function: -f FUNC");
		return -EINVAL;
	}
	if (plan->directory && plan->n_patterns && plan->mode != CR_MODE_LEARN) {
		cr_err_set(err, -EINVAL, "the windows of %s are those that its policies have",
			   plan->policy_path);
		cr_err_hint(err, "leave -f out, or add --learn");
		return -EINVAL;
	}
	if (plan->violation_given && plan->mode == CR_MODE_LEARN) {
		cr_err_set(err, -EINVAL, "--on-violation has no meaning while learning");
		cr_err_hint(err, "add --strict");
		return -EINVAL;
	}
	return 0;
}

struct cr_violation cr_run_violation(const struct cr_run_plan *plan, const struct cr_policy *p)
{
	return plan->violation_given || !p ? plan->violation : p->violation;
}

bool cr_run_asks(const struct cr_run_plan *plan, const struct cr_policy *p)
{
	const struct cr_violation v = cr_run_violation(plan, p);

	return p && plan->mode == CR_MODE_STRICT && cr_policy_says(p, &v, CR_ACT_ASK);
}

/* Who has finalized a policy knows what it says; somebody has changed that since. */
void cr_note_changes(const struct cr_run_plan *plan, const struct cr_policy *p)
{
	if (plan->mode != CR_MODE_LEARN && p && cr_policy_changed(p))
		cr_info("note: %s, or a base set that it includes, was changed since it was "
			"finalized", p->path);
}

/* A program that the kernel would give privileges to gets none under an ordinary user's tracer. */
static void warn_privileges(const struct cr_run_plan *plan)
{
	struct stat st;
	char cap[64];

	if (geteuid() == 0 || stat(plan->path, &st) < 0)
		return;
	if (st.st_mode & (S_ISUID | S_ISGID))
		cr_warn("%s is set-%s-id: traced by an ordinary user it runs without these "
			"privileges", plan->path, st.st_mode & S_ISUID ? "user" : "group");
	else if (getxattr(plan->path, "security.capability", cap, sizeof(cap)) > 0)
		cr_warn("%s has file capabilities: traced by an ordinary user it runs without them",
			plan->path);
}

int cr_run_plan(struct cr_run_plan *plan, int argc, char **argv, int *status, struct cr_err *err)
{
	int rc;

	*status = CR_EXIT_SELF;
	plan->confirm = CR_SEEN_ENOUGH;
	rc = cr_run_parse(plan, argc, argv, err);
	if (rc != 0)
		return rc;
	cr_log_init("chestnut-run", plan->verbosity);
	if (plan->as_program)
		rc = take_program(plan, err);
	if (rc == 0)
		rc = plan->attach ? find_attached(plan, err) : find_command(plan, status, err);
	if (rc == 0)
		rc = make_env(plan, err);
	if (rc == 0)
		rc = find_user(plan, err);
	if (rc == 0)
		rc = find_policy(plan, err);
	if (rc == 0)
		rc = load_policy(plan, err);
	if (rc == 0)
		rc = check_sense(plan, err);
	if (rc == 0)
		rc = cr_run_check_handoff(plan, err);
	if (rc == 0) {
		cr_note_changes(plan, plan->policy);
		warn_privileges(plan);
	}
	return rc;
}

void cr_run_plan_fini(struct cr_run_plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n_patterns; i++)
		free(plan->patterns[i]);
	free(plan->patterns);
	cr_policy_free(plan->policy);
	free(plan->own_argv);
	free(plan->program);
	free(plan->policy_path);
	free(plan->envp);
	free(plan->env_ops);
}
