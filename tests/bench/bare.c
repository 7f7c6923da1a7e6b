/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bare - what anybody would write with libseccomp: what --handoff is measured against
 *
 * usage: bare NAMES COMMAND [ARG]...
 *
 * NAMES is a file with the name of a system call on each line. They pass, and execve; all others
 * kill.
 */
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void allow(scmp_filter_ctx ctx, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);

	if (nr == __NR_SCMP_ERROR || seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0) < 0) {
		fprintf(stderr, "bare: %s: no rule\n", name);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	FILE *f = argc > 2 ? fopen(argv[1], "re") : NULL;
	char name[128];

	if (!ctx || !f)
		return 1;
	while (fgets(name, sizeof(name), f)) {
		name[strcspn(name, "\n")] = '\0';
		if (name[0] && name[0] != '#')
			allow(ctx, name);
	}
	fclose(f);
	allow(ctx, "execve");
	if (seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0 || seccomp_load(ctx) < 0) {
		perror("bare");
		return 1;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
