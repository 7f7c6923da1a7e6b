/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <string.h>

#include "cr/ini.h"
#include "cr/log.h"
#include "tree.h"

struct cr_tree {
	const struct cr_run_plan *plan;	/* borrowed */
	const struct cr_records *records;	/* borrowed */
	struct cr_seat **seats;		/* owned, and each owned */
	size_t n;
	size_t known;	/* of these, those that were there when the filter was made */
	bool inside_only;	/* calls outside of windows are nobody's business */
};

bool cr_exe_matches(const char *pattern, const char *exe)
{
	const char *slash = strrchr(exe, '/');

	if (strchr(pattern, '/'))
		return fnmatch(pattern, exe, FNM_PATHNAME) == 0;
	return fnmatch(pattern, slash ? slash + 1 : exe, 0) == 0;
}

bool cr_tree_has_policies(const char *dir)
{
	cr_auto_buf struct cr_buf pattern = CR_BUF_INIT;
	glob_t found;
	bool any;

	cr_buf_addf(&pattern, "%s/*.policy", dir);
	if (!cr_buf_ok(&pattern))
		return true;
	any = glob(cr_buf_str(&pattern), GLOB_NOSORT, NULL, &found) != GLOB_NOMATCH;
	globfree(&found);
	return any;
}

int cr_tree_mode(const char *dir, enum cr_mode *mode, struct cr_err *err)
{
	char *args[] = { (char *)(uintptr_t)dir, NULL };
	struct cr_policies all = { NULL, 0 };
	size_t i;
	int rc = 0;

	*mode = CR_MODE_LEARN;
	if (cr_tree_has_policies(dir))
		rc = cr_policies_load(args, &all, err);
	for (i = 0; i < all.n; i++)
		if (i == 0 || *mode == all.p[i]->mode)
			*mode = all.p[i]->mode;
		else
			*mode = CR_MODE_LEARN;
	if (*mode == CR_MODE_UNSET)
		*mode = CR_MODE_LEARN;
	cr_policies_free(&all);
	return rc;
}

static struct cr_seat *add(struct cr_tree *tree, const char *exe, const char *path,
			   struct cr_policy *policy)
{
	struct cr_seat **more = reallocarray(tree->seats, tree->n + 1, sizeof(*more)), *seat;

	if (!more)
		return NULL;
	tree->seats = more;
	seat = malloc(sizeof(*seat));
	if (!seat)
		return NULL;
	if (cr_seat_init(seat, exe, path, policy) < 0) {
		seat->policy = NULL;
		cr_seat_fini(seat);
		free(seat);
		return NULL;
	}
	more[tree->n++] = seat;
	return seat;
}

/* A policy of the directory is for the program that it names; of two for one program the first
 * in the order of their names counts. */
static int read_all(struct cr_tree *tree, struct cr_err *err)
{
	char *args[] = { tree->plan->policy_path, NULL };
	struct cr_policies all = { NULL, 0 };
	size_t i;
	int rc = 0;

	if (!cr_tree_has_policies(tree->plan->policy_path))
		return 0;
	rc = cr_policies_load(args, &all, err);
	for (i = 0; i < all.n && rc == 0; i++) {
		struct cr_policy *p = all.p[i];

		cr_note_changes(tree->plan, p);
		if (!p->program) {
			cr_err_set(err, -EINVAL, "%s does not say which program it is for",
				   p->path);
			cr_err_hint(err, "in a directory each policy needs: program = PATH");
			rc = -EINVAL;
		} else if (!add(tree, p->program, p->path, p)) {
			rc = cr_err_set(err, -ENOMEM, "out of memory");
		} else {
			all.p[i] = NULL;
		}
	}
	cr_policies_free(&all);
	tree->known = tree->n;
	return rc;
}

static bool any_window(const struct cr_tree *tree)
{
	bool any = tree->plan->n_patterns;
	size_t i;

	for (i = 0; i < tree->n; i++)
		any = any || tree->seats[i]->policy->n_windows;
	return any;
}

int cr_tree_open(const struct cr_run_plan *plan, const struct cr_records *records,
		 struct cr_tree **out, struct cr_err *err)
{
	struct cr_tree *tree = calloc(1, sizeof(*tree));
	int rc;

	if (!tree)
		return cr_err_set(err, -ENOMEM, "out of memory");
	tree->plan = plan;
	tree->records = records;
	rc = read_all(tree, err);
	tree->inside_only = plan->windows_only && !cr_tree_process(tree);
	if (rc == 0 && plan->windows_only && !any_window(tree)) {
		rc = cr_err_set(err, -EINVAL, "--windows-only without a window would learn "
				"nothing");
		cr_err_hint(err, "name a function: -f FUNC");
	}
	if (rc < 0)
		cr_tree_free(tree);
	else
		*out = tree;
	return rc;
}

bool cr_tree_asks(const struct cr_tree *tree)
{
	size_t i;

	for (i = 0; i < tree->n; i++)
		if (cr_run_asks(tree->plan, tree->seats[i]->policy))
			return true;
	return false;
}

void cr_tree_free(struct cr_tree *tree)
{
	size_t i;

	if (!tree)
		return;
	for (i = 0; i < tree->n; i++) {
		cr_seat_fini(tree->seats[i]);
		free(tree->seats[i]);
	}
	free(tree->seats);
	free(tree);
}

void cr_tree_filter(const struct cr_tree *tree, const struct cr_filter_use *use,
		    struct cr_filter_plan *plan)
{
	struct cr_filter_plan one;
	size_t i;

	memset(plan, 0, sizeof(*plan));
	for (i = 0; i < tree->n; i++) {
		cr_seat_filter(tree->seats[i], use, i ? &one : plan);
		if (i)
			cr_filter_plan_meet(plan, &one);
	}
}

/* NAME.policy; when another program's policy has that name, NAME-2.policy and so on. */
static int path_for(const struct cr_tree *tree, const char *exe, struct cr_buf *path)
{
	const char *name = strrchr(exe, '/');
	unsigned int k;

	name = name ? name + 1 : exe;
	for (k = 1; k < 1000; k++) {
		cr_buf_clear(path);
		cr_buf_addf(path, "%s/%s", tree->plan->policy_path, name);
		if (k > 1)
			cr_buf_addf(path, "-%u", k);
		cr_buf_add(path, ".policy");
		if (!cr_buf_ok(path))
			return -ENOMEM;
		if (access(cr_buf_str(path), F_OK) < 0)
			return 0;
	}
	return -EEXIST;
}

static struct cr_seat *find(const struct cr_tree *tree, const char *exe)
{
	size_t i;

	for (i = 0; i < tree->n; i++)
		if (strcmp(tree->seats[i]->exe, exe) == 0)
			return tree->seats[i];
	return NULL;
}

static struct cr_seat *new_seat(struct cr_tree *tree, const char *exe)
{
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	int rc = path_for(tree, exe, &path);
	struct cr_seat *seat = rc < 0 ? NULL : add(tree, exe, cr_buf_str(&path), NULL);

	if (!seat)
		cr_error("cannot make a policy for %s in %s", exe, tree->plan->policy_path);
	return seat;
}

static void no_policy(const struct cr_tree *tree, const struct cr_site *site)
{
	const char *exe = site->exe(site);

	if (tree->plan->mode == CR_MODE_AUDIT) {
		cr_warn("there is no policy for %s in %s: strict would end the tree here", exe,
			tree->plan->policy_path);
		return;
	}
	cr_error("denied execution of %s by process %d: there is no policy for it in %s: killed",
		 exe, (int)site->pid, tree->plan->policy_path);
	cr_error("hint: learn it: chestnut-run --learn -p %s ...", tree->plan->policy_path);
}

static int take(const struct cr_tree *tree, struct cr_seat *seat, struct cr_err *err)
{
	int rc = cr_seat_windows(seat, tree->plan, seat->exe, err);

	return rc < 0 ? rc : cr_seat_take(seat, tree->plan, tree->records, err);
}

struct cr_exec_answer cr_tree_exec(struct cr_tree *tree, const struct cr_site *site)
{
	struct cr_exec_answer answer = { CR_EXEC_JUDGE, NULL, NULL };
	const char *exe = site->exe(site);
	struct cr_seat *seat = find(tree, exe);
	bool learning = tree->plan->mode == CR_MODE_LEARN;
	struct cr_err err = { "", "" };
	size_t i;

	if (!seat && learning)
		seat = new_seat(tree, exe);
	if (!seat && !learning)
		no_policy(tree, site);
	if (!seat) {
		answer.how = tree->plan->mode == CR_MODE_STRICT ? CR_EXEC_REFUSE : CR_EXEC_IGNORE;
		answer.program = tree;
		return answer;
	}
	if (!seat->judge && take(tree, seat, &err) < 0) {
		cr_log_err(&err);
		answer.how = CR_EXEC_REFUSE;
	}
	/* The filter does not know of a policy that is new. */
	for (i = tree->known; i < tree->n && !tree->inside_only; i++)
		if (tree->seats[i] == seat && answer.how == CR_EXEC_JUDGE)
			answer.how = CR_EXEC_ALL;
	answer.program = seat;
	answer.targets = seat->windows.targets;
	return answer;
}

bool cr_tree_process(const struct cr_tree *tree)
{
	bool any = cr_run_policy_process(tree->plan, NULL);
	size_t i;

	for (i = 0; i < tree->n; i++)
		any = any || cr_run_policy_process(tree->plan, tree->seats[i]->policy);
	return any;
}

void cr_tree_tick(struct cr_tree *tree)
{
	size_t i;

	for (i = 0; i < tree->n; i++)
		cr_seat_tick(tree->seats[i]);
}

/* Each function that is named must be in some executable. */
static int check_functions(const struct cr_tree *tree, struct cr_err *err)
{
	cr_auto_free bool *found = calloc(tree->plan->n_patterns + 1, sizeof(*found));
	size_t i;

	if (!found)
		return cr_err_set(err, -ENOMEM, "out of memory");
	for (i = 0; i < tree->n; i++)
		cr_run_windows_found(tree->plan, &tree->seats[i]->windows, found);
	return cr_run_windows_check(tree->plan, found, err);
}

int cr_tree_finish(struct cr_tree *tree, uint64_t lost, struct cr_err *err)
{
	size_t i;
	int rc = 0, one;

	for (i = 0; i < tree->n; i++) {
		struct cr_err own = { "", "" };

		one = cr_seat_finish(tree->seats[i], tree->plan, lost, &own);
		if (one < 0 && rc == 0) {
			rc = one;
			*err = own;
		}
	}
	return rc < 0 ? rc : check_functions(tree, err);
}
