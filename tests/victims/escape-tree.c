/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * escape-tree - the deed by a program whose own policy denies it, where its parent's does not
 *
 * Started as "broad" it starts ./narrow, itself under that name, and outlives it for a while.
 * Started as "narrow" it tries. Natively each attempt works.
 */
#include "escape.h"

#include <sys/mount.h>
#include <sys/stat.h>

static char here[4096];		/* where broad and narrow are */

static const char *beside(const char *name)
{
	static char path[4200];

	snprintf(path, sizeof(path), "%s/%s", here, name);
	return path;
}

static void become(const char *file)
{
	execl(file, "narrow", "deed-only", (char *)NULL);
	_exit(1);
}

static void plain(void)
{
	trying();
	deed();
}

static void in_child(unsigned long flags)
{
	long child;

	trying();
	child = raw(SYS_clone, flags | SIGCHLD, 0);
	if (child == 0) {
		deed();
		_exit(0);
	}
	nap_ms(100);
}

static void child_of_ours(void)
{
	in_child(0);
}

static void child_of_parent(void)
{
	in_child(CLONE_PARENT);
}

static void *kill_soon(void *arg)
{
	volatile unsigned long n = (unsigned long)arg;

	while (n)
		n--;
	raw(SYS_kill, getpid(), SIGKILL);
	return NULL;
}

/* Whoever makes the child is killed before he has told of it. The child seems to be broad's. */
static void nobody_tells(unsigned long flags)
{
	unsigned long i;
	pthread_t t;

	trying();
	for (i = 0; i < 300; i++) {
		/* A child of broad's, as its own children are to be. */
		pid_t maker = (pid_t)raw(SYS_clone, flags | SIGCHLD, 0);

		if (maker == 0) {
			pthread_create(&t, NULL, kill_soon, (void *)(i % 60 * 500));
			for (;;) {
				if (raw(SYS_clone, flags | SIGCHLD, 0) == 0) {
					nap_ms(1200);
					deed();
					_exit(0);
				}
			}
		}
		while (maker > 0 && task_state(maker) != 'Z' && task_state(maker) != '?')
			nap_ms(1);
	}
}

static void orphans_of_parent(void)
{
	nobody_tells(CLONE_PARENT);
}

static void orphans(void)
{
	nobody_tells(0);
}

/* In a mount namespace of our own broad's name leads to narrow. */
static void false_name(void)
{
	char narrow[4200];

	strcpy(narrow, beside("narrow"));
	trying();
	if (fork() == 0) {
		if ((unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) ||
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount(narrow, beside("broad"), NULL, MS_BIND, NULL) < 0) {
			say("no namespace: %s", strerrorname_np(errno));
			_exit(0);
		}
		become(beside("broad"));
	}
	reap_all();
}

/* Copies, and the loader: executables that no policy is for. */
static void copy(void)
{
	char bytes[65536];
	int from = open("/proc/self/exe", O_RDONLY), to = open("copied", O_WRONLY | O_CREAT, 0755);
	ssize_t n;

	NEED(from >= 0 && to >= 0);
	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		NEED(write(to, bytes, (size_t)n) == n);
	close(to);
	trying();
	become("./copied");
}

static void nameless(void)
{
	char *argv[] = { (char *)"narrow", (char *)"deed-only", NULL };
	int from = open("/proc/self/exe", O_RDONLY), to = memfd_create("broad", 0);
	char bytes[65536];
	ssize_t n;

	NEED(from >= 0 && to >= 0);
	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		NEED(write(to, bytes, (size_t)n) == n);
	trying();
	fexecve(to, argv, environ);
}

static void link_(void)
{
	NEED(symlink(beside("narrow"), "broad") == 0);
	trying();
	become("./broad");
}

/* /proc/self/exe is made to say something else. */
static void renamed(void)
{
	int fd = open(beside("broad"), O_RDONLY | O_CLOEXEC);

	trying();
	prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, fd, 0, 0);
	if (fork() == 0) {
		deed();
		_exit(0);
	}
	reap_all();
}

static void deed_only(void)
{
	deed();
}

static const struct attempt all[] = {
	{ "plain", plain, "" }, { "child", child_of_ours, "" },
	{ "child-of-parent", child_of_parent, "" }, { "orphans", orphans, "" },
	{ "orphans-of-parent", orphans_of_parent, "" }, { "false-name", false_name, "m" },
	{ "copy", copy, "" }, { "nameless", nameless, "" }, { "link", link_, "" },
	{ "renamed", renamed, "" }, { "deed-only", deed_only, "n" },
};

int main(int argc, char **argv)
{
	char self[4096] = "";
	char *slash;
	pid_t child;

	NEED(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	slash = strrchr(self, '/');
	snprintf(here, sizeof(here), "%.*s", (int)(slash - self), self);
	slash = strrchr(argv[0], '/');
	if (argc < 2 || strcmp(slash ? slash + 1 : argv[0], "broad") != 0)
		return attempt(all, COUNT(all), argc, argv);
	child = fork();
	if (child == 0) {
		execl(beside("narrow"), "narrow", argv[1], (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
	nap_ms(600);
	return 0;
}
