/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * windows - which functions a run watches: those that -f names, and those that the policy has
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cr/functions.h"
#include "cr/log.h"
#include "cr/session.h"
#include "plan.h"

static int add_pattern(struct cr_run_plan *plan, const char *pattern, struct cr_err *err)
{
	char **more = reallocarray(plan->patterns, plan->n_patterns + 1, sizeof(*more));

	if (more)
		plan->patterns = more;
	if (more)
		more[plan->n_patterns] = strdup(pattern);
	if (!more || !more[plan->n_patterns])
		return cr_err_set(err, -ENOMEM, "out of memory");
	plan->n_patterns++;
	return 0;
}

/* One pattern a line; blank lines and what follows a "#" at the start of a line do not count. */
static int add_list(struct cr_run_plan *plan, const char *path, struct cr_err *err)
{
	cr_auto_free char *line = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *f = fopen(path, "re");
	char *at;
	int rc = 0;

	if (!f) {
		cr_err_sys(err, -errno, "cannot read the list of functions %s", path);
		cr_err_hint(err, "-f @FILE wants a file with one function a line");
		return -EINVAL;
	}
	while (!rc && (n = getline(&line, &size, f)) >= 0) {
		if (strlen(line) != (size_t)n) {
			rc = cr_err_set(err, -EINVAL, "%s is no text file", path);
			break;
		}
		while (n > 0 && isspace((unsigned char)line[n - 1]))
			line[--n] = '\0';
		at = line + strspn(line, " \t");
		if (*at && *at != '#')
			rc = add_pattern(plan, at, err);
	}
	if (!rc && ferror(f))
		rc = cr_err_sys(err, -EIO, "cannot read the list of functions %s", path);
	fclose(f);
	return rc;
}

int cr_run_add_function(struct cr_run_plan *plan, const char *pattern, struct cr_err *err)
{
	if (*pattern == '@')
		return add_list(plan, pattern + 1, err);
	if (!*pattern) {
		cr_err_set(err, -EINVAL, "-f wants a function, not an empty name");
		cr_err_hint(err, "\"chestnut functions PROGRAM\" lists what there is");
		return -EINVAL;
	}
	return add_pattern(plan, pattern, err);
}

/* ---- the windows of a run, and their numbers in the policy */

static int new_window(struct cr_run_windows *w, const char *object, const char *function,
		      enum cr_window_scope scope, unsigned int number, struct cr_err *err)
{
	struct cr_run_window *more = reallocarray(w->v, w->n + 1, sizeof(*more)), *new;

	if (!more)
		return cr_err_set(err, -ENOMEM, "out of memory");
	w->v = more;
	new = &w->v[w->n];
	*new = (struct cr_run_window){
		.object = object ? strdup(object) : NULL, .function = strdup(function),
		.scope = scope, .number = number,
	};
	if (!new->function || (object && !new->object)) {
		free(new->object);
		free(new->function);
		return cr_err_set(err, -ENOMEM, "out of memory");
	}
	return (int)++w->n;
}

static bool is_called(const struct cr_run_window *w, const char *object, const char *function)
{
	if (strcmp(w->function, function) != 0 || !w->object != !object)
		return false;
	return !object || strcmp(w->object, object) == 0;
}

/* Written down as soon as there is a file to write to; those of a file at once. */
static int numbered(void *ctx, struct cr_err *err)
{
	struct cr_run_windows *w = ctx;
	struct cr_run_window *new = w->v + w->n_stored;
	size_t i, n = w->n - w->n_stored;
	cr_auto_free struct cr_window_name *names = calloc(n + 1, sizeof(*names));
	cr_auto_free unsigned int *numbers = calloc(n + 1, sizeof(*numbers));
	int rc;

	if (!w->store || !n)
		return 0;
	if (!names || !numbers)
		return cr_err_set(err, -ENOMEM, "out of memory");
	for (i = 0; i < n; i++)
		names[i] = (struct cr_window_name){ new[i].function, new[i].object, new[i].scope };
	rc = cr_store_windows(w->store, names, n, numbers, err);
	if (rc < 0)
		return rc;
	for (i = 0; i < n; i++)
		new[i].number = numbers[i];
	w->n_stored = w->n;
	return 0;
}

/* --scope is about windows that are new. */
static void keeps_scope(const struct cr_run_windows *w, struct cr_run_window *one)
{
	if (!w->scope_given || one->scope == w->scope || one->told)
		return;
	one->told = true;
	cr_warn("the window %s is there already, of the %s: --scope %s does not change it",
		one->function, cr_scope_name(one->scope), cr_scope_name(w->scope));
	cr_warn("hint: \"scope = %s\" below [window %u] of the policy does",
		cr_scope_name(w->scope), one->number);
}

/* A function that a pattern means, found in a file: the number that the session shall know it by.
 * Its number in the policy comes when it is there. */
static int number(void *ctx, const char *object, const char *function, struct cr_err *err)
{
	struct cr_run_windows *w = ctx;
	size_t i;

	for (i = 0; i < w->n; i++) {
		if (!is_called(&w->v[i], object, function))
			continue;
		keeps_scope(w, &w->v[i]);
		return (int)i + 1;
	}
	if (w->n >= CR_WINDOW_NR_MAX) {
		cr_err_set(err, -E2BIG, "more than %u functions are meant", CR_WINDOW_NR_MAX);
		cr_err_hint(err, "choose fewer with -f");
		return -E2BIG;
	}
	return new_window(w, object, function, w->scope, 0, err);
}

struct cr_window_role cr_run_window_role(const struct cr_run_windows *w, unsigned int id)
{
	const struct cr_run_window *one = id >= 1 && id <= w->n ? &w->v[id - 1] : NULL;

	return (struct cr_window_role){ one ? one->number : 0,
					one && one->scope == CR_SCOPE_PROCESS };
}

bool cr_run_windows_process(const struct cr_run_windows *w)
{
	bool any = w->targets && w->scope == CR_SCOPE_PROCESS;
	size_t i;

	for (i = 0; i < w->n; i++)
		any = any || w->v[i].scope == CR_SCOPE_PROCESS;
	return any;
}

bool cr_run_policy_process(const struct cr_run_plan *plan, const struct cr_policy *policy)
{
	bool any = plan->n_patterns && plan->scope == CR_SCOPE_PROCESS;
	size_t i;

	for (i = 0; policy && i < policy->n_windows; i++)
		any = any || policy->windows[i]->scope == CR_SCOPE_PROCESS;
	return any;
}

/* ---- before anything is started */

/* A script is run by the program on its first line, which is the one that has functions. */
static int open_program(const char *path, char *real, size_t size)
{
	cr_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	cr_auto_free char *whole = NULL;
	char head[256], *end;
	ssize_t n;

	if (fd < 0)
		return -errno;
	snprintf(real, size, "%s", path);
	n = pread(fd, head, sizeof(head) - 1, 0);
	head[n > 0 ? n : 0] = '\0';
	if (strncmp(head, "#!", 2) == 0) {
		end = head + 2 + strspn(head + 2, " \t");
		snprintf(real, size, "%.*s", (int)strcspn(end, " \t\r\n"), end);
	}
	/* As processes will map it. */
	whole = realpath(real, NULL);
	if (whole)
		snprintf(real, size, "%s", whole);
	n = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return n < 0 ? -errno : (int)n;
}

static void tell(const struct cr_target_file *file)
{
	size_t i;

	for (i = 0; i < file->fns.n; i++) {
		const struct cr_function *fn = &file->fns.fn[i];

		cr_auto_buf struct cr_buf where = CR_BUF_INIT;

		if (fn->file)
			cr_buf_addf(&where, " (%s:%u)", fn->file, fn->line);
		cr_info("window: %s%s at %#llx, %zu exit%s", fn->name, cr_buf_str(&where),
			(unsigned long long)fn->entry, fn->n_exit, fn->n_exit == 1 ? "" : "s");
		if (fn->flags & CR_FN_ALSO_INLINED)
			cr_warn("%s was also inlined, in %u place%s: calls made there are outside",
				fn->name, fn->n_inlined, fn->n_inlined == 1 ? "" : "s");
		if (fn->flags & (CR_FN_INCOMPLETE | CR_FN_GUESSED))
			cr_warn("%s may have exits that could not be found: its window may stay "
				"open until its caller returns", fn->name);
	}
}

static int look_at_program(const struct cr_run_plan *plan, struct cr_run_windows *w,
			   const char *exe, struct cr_err *err)
{
	const struct cr_target_file *file;
	char real[PATH_MAX];
	cr_auto_close int fd = open_program(exe, real, sizeof(real));
	int rc;

	if (fd < 0)
		return cr_err_sys(err, fd, "cannot look for functions in %s", exe);
	rc = cr_targets_of(w->targets, fd, real, true, &file, err);
	if (rc < 0 && !err->hint[0])
		cr_err_hint(err, "\"chestnut functions %.300s\" lists those that there are; "
			    "one of a library is LIBRARY:FUNCTION", exe);
	if (rc == 0 && file && plan->verbosity >= 0 && plan->n_patterns)
		tell(file);
	return rc;
}

/* Where a library may lie; what is found only when it is mapped is looked at then. */
static int look_at_object(const struct cr_run_plan *plan, struct cr_run_windows *w,
			  const char *object, struct cr_err *err)
{
	static const char *const dirs[] = {
		"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/usr/local/lib", "/lib64",
		"/usr/lib64", "/lib", "/usr/lib",
	};
	const struct cr_target_file *file;
	char path[PATH_MAX];
	size_t i = 0;
	int fd = -1, rc;

	if (strchr(object, '/')) {
		snprintf(path, sizeof(path), "%s", object);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	for (; fd < 0 && !strchr(object, '/') && i < CR_ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], object);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	if (fd < 0)
		return 0;
	rc = cr_targets_of(w->targets, fd, path, false, &file, err);
	close(fd);
	if (rc == 0 && file && plan->verbosity >= 0)
		tell(file);
	return rc;
}

/* The object that a pattern names, or NULL; -ENOMEM. *@function: the rest of it. */
static int object_of(const char *pattern, char **object, const char **function)
{
	size_t n = cr_pattern_split(pattern, function);

	*object = n ? strndup(pattern, n) : NULL;
	return n && !*object ? -ENOMEM : 0;
}

static int add_patterns(const struct cr_run_plan *plan, struct cr_run_windows *w,
			struct cr_err *err)
{
	const char *function;
	size_t i;
	int rc = 0;

	for (i = 0; i < plan->n_patterns && !rc; i++) {
		cr_auto_free char *object = NULL;

		rc = object_of(plan->patterns[i], &object, &function);
		if (!rc)
			rc = cr_targets_add(w->targets, object, function, 0);
	}
	return rc < 0 ? cr_err_set(err, rc, "out of memory") : 0;
}

/* When all patterns are there: each file is looked at once. */
static int look_at_objects(const struct cr_run_plan *plan, struct cr_run_windows *w,
			   struct cr_err *err)
{
	cr_auto_free char *last = NULL;
	const char *function;
	size_t i;
	int rc = 0;

	for (i = 0; i < plan->n_patterns && !rc; i++) {
		char *object;

		rc = object_of(plan->patterns[i], &object, &function);
		if (rc < 0)
			return cr_err_set(err, rc, "out of memory");
		if (object && (!last || strcmp(last, object) != 0))
			rc = look_at_object(plan, w, object, err);
		free(last);
		last = object;
	}
	return rc;
}

static int add_policy(const struct cr_policy *p, struct cr_run_windows *w, struct cr_err *err)
{
	size_t i;
	int id, rc;

	for (i = 0; p && i < p->n_windows; i++) {
		const struct cr_policy_window *one = p->windows[i];

		id = new_window(w, one->object, one->function, one->scope, one->number, err);
		if (id < 0)
			return id;
		rc = cr_targets_add(w->targets, one->object, one->function, (unsigned int)id);
		if (rc < 0)
			return cr_err_set(err, rc, "out of memory");
	}
	return 0;
}

/* One after the other, since what is added later may be optional: with -x all is, and in a
 * directory of policies what they do not have yet. */
static int add_all(const struct cr_run_plan *plan, struct cr_run_windows *w,
		   const struct cr_policy *policy, size_t *had, struct cr_err *err)
{
	int rc;

	if (plan->exe)
		cr_targets_optional(w->targets);
	rc = add_policy(policy, w, err);
	*had = w->n;
	if (plan->directory)
		cr_targets_optional(w->targets);
	if (!rc)
		rc = add_patterns(plan, w, err);
	if (!rc && cr_session_marks(w->targets) < 0)
		rc = cr_err_set(err, -ENOMEM, "out of memory");
	return rc;
}

int cr_run_windows_init(struct cr_run_windows *w, const struct cr_run_plan *plan,
			const struct cr_policy *policy, const char *exe, struct cr_err *err)
{
	size_t had;
	int rc;

	*w = (struct cr_run_windows){ .scope = plan->scope, .scope_given = plan->scope_given };
	if (!plan->n_patterns && !(policy && policy->n_windows))
		return 0;
	w->targets = cr_targets_new(number, numbered, w);
	if (!w->targets)
		return cr_err_set(err, -ENOMEM, "out of memory");
	rc = add_all(plan, w, policy, &had, err);
	/* Which of many executables a library is for shows when one of them maps it. */
	if (!rc && !plan->directory)
		rc = look_at_objects(plan, w, err);
	if (!rc && exe)
		rc = look_at_program(plan, w, exe, err);
	cr_targets_begin(w->targets);
	if (!rc && plan->mode != CR_MODE_LEARN && w->n > had) {
		cr_err_set(err, -EINVAL, "the policy %s has no window for %s", plan->policy_path,
			   w->v[had].function);
		cr_err_hint(err, "windows are learned: add --learn");
		rc = -EINVAL;
	}
	return rc;
}

int cr_run_windows_learn(struct cr_run_windows *w, struct cr_store *store, struct cr_err *err)
{
	w->store = store;
	return numbered(w, err);
}

void cr_run_windows_missing(const struct cr_run_windows *w)
{
	const char *object;
	size_t i = 0;

	while (w->targets && (object = cr_targets_missing(w->targets, &i)))
		cr_warn("no process has mapped a file called %s: none of its windows was open",
			object);
}

void cr_run_windows_found(const struct cr_run_plan *plan, const struct cr_run_windows *w,
			  bool *found)
{
	const char *function;
	size_t i;

	for (i = 0; w->targets && i < plan->n_patterns; i++) {
		cr_auto_free char *object = NULL;

		if (object_of(plan->patterns[i], &object, &function) == 0)
			found[i] |= cr_targets_found(w->targets, object, function);
	}
}

int cr_run_windows_check(const struct cr_run_plan *plan, const bool *found, struct cr_err *err)
{
	size_t i;

	for (i = 0; i < plan->n_patterns; i++) {
		if (found[i])
			continue;
		cr_err_set(err, -ENOENT, "no executable that was run has a function for -f %s",
			   plan->patterns[i]);
		cr_err_hint(err, "\"chestnut functions PROGRAM\" lists what there is");
		return -ENOENT;
	}
	return 0;
}

void cr_run_windows_fini(struct cr_run_windows *w)
{
	size_t i;

	cr_targets_free(w->targets);
	for (i = 0; i < w->n; i++) {
		free(w->v[i].object);
		free(w->v[i].function);
	}
	free(w->v);
}
