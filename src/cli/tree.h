/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tree - a directory of policies: one for each executable of a tree of processes
 *
 * In:    a directory, the executables that processes run
 * Out:   the policy's judge for each; one filter for all of them
 * Never: lets an executable without a policy run confined by another's
 *
 * A seccomp filter is inherited and cannot be relaxed. So only what all policies let pass passes in
 * the kernel; the rest stops, and is judged by the executable that the process runs.
 */
#ifndef CR_TREE_H
#define CR_TREE_H

#include "cr/session.h"
#include "seat.h"

struct cr_tree;

/* Is there any policy in @dir? */
bool cr_tree_has_policies(const char *dir);

/* The mode that all policies of @dir agree on; else, or when there are none, learn. */
int cr_tree_mode(const char *dir, enum cr_mode *mode, struct cr_err *err) CR_MUST_CHECK;

/* Reads all policies of @plan's directory. @plan and @records are borrowed: for the tree's life. */
int cr_tree_open(const struct cr_run_plan *plan, const struct cr_records *records,
		 struct cr_tree **tree, struct cr_err *err) CR_MUST_CHECK;
void cr_tree_free(struct cr_tree *tree);	/* NULL is fine */

/* Does one of them want a person asked? */
bool cr_tree_asks(const struct cr_tree *tree);

/* What only all of the policies let pass. */
void cr_tree_filter(const struct cr_tree *tree, const struct cr_filter_use *use,
		    struct cr_filter_plan *plan);

/* A process runs a new executable: its policy sits from now on. */
struct cr_exec_answer cr_tree_exec(struct cr_tree *tree, const struct cr_site *site);

/* May some window be one of a whole process? */
bool cr_tree_process(const struct cr_tree *tree);

void cr_tree_tick(struct cr_tree *tree);
int cr_tree_finish(struct cr_tree *tree, uint64_t lost, struct cr_err *err) CR_MUST_CHECK;

/* Is @exe (an absolute path) meant by @pattern? One with a slash is about the path, one without
 * about the last component. */
bool cr_exe_matches(const char *pattern, const char *exe);

#endif
