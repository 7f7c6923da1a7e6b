/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of files, and shared by the processes that map them. */
#include "config.h"

#include <sys/stat.h>

#include "stack-victim.h"

/* One look at a new process, and where that had its innermost frame with a name of the victim's. */
static char *stack_and_place(cr_addr *at)
{
	struct victim v;
	char *line;
	int i;

	*at = 0;
	start(&v, "built", "p", NULL);
	run(&v);
	hold(v.pid);
	line = strdup(look(&v, v.pid));
	for (i = 0; i < v.n && !*at; i++) {
		if (v.frames[i].func && strcmp(v.frames[i].func, "middle") == 0)
			*at = v.frames[i].pc;
	}
	end(&v);
	return line;
}

CR_TEST(read_once)
{
	cr_auto_free char *first = NULL, *second = NULL;
	unsigned int before, between, after;
	cr_addr a, b;

	compile("-g -pie -fPIE", "victim.c", "built");
	before = cr_unwinder_files(unwinder);
	first = stack_and_place(&a);
	between = cr_unwinder_files(unwinder);
	second = stack_and_place(&b);
	after = cr_unwinder_files(unwinder);
	check_order(first, nested);
	CR_CHECK_STR(second, first);
	if (a == b)
		CR_SKIP("programs are not put at random addresses here");
	CR_CHECK(between > before);
	CR_CHECK_INT(after, between);
}

CR_TEST(read_again)
{
	cr_auto_free char *before = NULL, *after = NULL;
	struct stat old, new;

	compile("-g", "victim.c", "built");
	before = stack_of("built", "p", NULL);
	CR_CHECK(stat(in_dir("built"), &old) == 0);
	compile("-g -Dmiddle=centre", "victim.c", "other");
	/* Into the same file: the inode stays. */
	copy_into("other", "built");
	after = stack_of("built", "p", NULL);
	CR_CHECK(stat(in_dir("built"), &new) == 0);
	CR_CHECK_INT(new.st_ino, old.st_ino);
	CR_CHECK_HAS(before, "middle (victim.c:15)");
	CR_CHECK_HAS(after, "centre (victim.c:15)");
}

static int open_files(void)
{
	int n = 0, fd;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

CR_TEST(few_stay_open)
{
	static const char *const parts[] = { "lib_calls (library.c:1)", "in_library", NULL };
	char name[32];
	int i, most = 0, now;

	compile("-g -shared -fPIC", "library.c", "library.so");
	compile("-g", "victim.c", "built");
	for (i = 0; i < 60; i++) {
		cr_auto_free char *line = NULL;

		snprintf(name, sizeof(name), "library-%d.so", i);
		copy_into("library.so", name);
		line = stack_of("built", "l", in_dir(name));
		check_order(line, parts);
		now = open_files();
		most = now > most ? now : most;
	}
	/* Each of them has one descriptor, of 40; the C library may have its debug file besides. */
	if (most > 50)
		CR_FAIL("%d files are open", most);
}

int main(void)
{
	/* A test that hangs is a test that failed: this ends us, and EXITKILL the victims. */
	alarm(120);
	unwinder = cr_unwinder_new(false);
	if (!unwinder || !mkdtemp(dir))
		return 1;
	prepare();
	CR_RUN(read_once, "processes that have a file at other places share its names, read once");
	CR_RUN(read_again, "a file that has changed is read again");
	CR_RUN(few_stay_open, "of many files only the last few stay open");
	cr_unwinder_free(unwinder);
	clean_up();
	return cr_done();
}
