/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "cr/cli.h"
#include "cr-test.h"

static struct cr_err err;
static char home[] = "/tmp/chestnut-find-XXXXXX";

/* A fresh home directory, which is the current directory, too. */
static void enter_home(void)
{
	strcpy(strrchr(home, '-'), "-XXXXXX");
	CR_CHECK(mkdtemp(home) != NULL);
	CR_CHECK_INT(chdir(home), 0);
	CR_CHECK_INT(setenv("HOME", home, 1), 0);
	CR_CHECK_INT(unsetenv("XDG_CONFIG_HOME"), 0);
}

static void leave_home(void)
{
	char command[128];

	CR_CHECK_INT(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", home);
	CR_CHECK_INT(system(command), 0);
}

static void touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CR_CHECK(fd >= 0);
	close(fd);
}

/* The place without the home directory, or the errno's name. Static storage. */
static const char *place(int (*find)(const char *, bool, struct cr_buf *, struct cr_err *),
			 const char *name, bool learning)
{
	static char text[256];
	struct cr_buf out = CR_BUF_INIT;
	int rc = find(name, learning, &out, &err);

	if (rc < 0)
		snprintf(text, sizeof(text), "%s%s", strerrorname_np(-rc), cr_buf_str(&out));
	else if (strncmp(cr_buf_str(&out), home, strlen(home)) == 0)
		snprintf(text, sizeof(text), "~%s", cr_buf_str(&out) + strlen(home));
	else
		snprintf(text, sizeof(text), "%s", cr_buf_str(&out));
	cr_buf_fini(&out);
	return text;
}

CR_TEST(paths)
{
	enter_home();
	CR_CHECK_STR(place(cr_policy_path, "./x", false), "./x");
	CR_CHECK_STR(place(cr_policy_path, "/a/b.policy", true), "/a/b.policy");
	CR_CHECK_STR(place(cr_policy_path, "x", false), "ENOENT");
	touch("x");
	CR_CHECK_STR(place(cr_policy_path, "x", false), "x");
	CR_CHECK_INT(mkdir("dir", 0700), 0);
	CR_CHECK_STR(place(cr_policy_path, "dir", false), "ENOENT");
	leave_home();
}

CR_TEST(program_here)
{
	enter_home();
	touch("server");
	CR_CHECK_STR(place(cr_policy_default, "server", true), "~/.config/chestnut/server.policy");
	CR_CHECK_STR(place(cr_policy_default, "server", false), "ENOENT");
	leave_home();
}

CR_TEST(user_first)
{
	enter_home();
	CR_CHECK_STR(place(cr_policy_path, "tar", true), "~/.config/chestnut/tar.policy");
	touch(".config/chestnut/tar.policy");
	CR_CHECK_STR(place(cr_policy_path, "tar", false), "~/.config/chestnut/tar.policy");
	CR_CHECK_STR(place(cr_policy_path, "tar.policy", false), "~/.config/chestnut/tar.policy");
	CR_CHECK_INT(setenv("XDG_CONFIG_HOME", "relative", 1), 0);
	CR_CHECK_STR(place(cr_policy_path, "tar", false), "~/.config/chestnut/tar.policy");
	CR_CHECK_INT(setenv("XDG_CONFIG_HOME", "/nowhere/at/all", 1), 0);
	CR_CHECK_STR(place(cr_policy_path, "tar", false), "ENOENT");
	leave_home();
}

CR_TEST(directory_made)
{
	struct stat st;

	enter_home();
	umask(022);
	CR_CHECK_STR(place(cr_policy_path, "tar", false), "ENOENT");
	CR_CHECK_INT(access(".config", F_OK), -1);
	CR_CHECK_STR(place(cr_policy_path, "tar", true), "~/.config/chestnut/tar.policy");
	CR_CHECK_INT(stat(".config", &st), 0);
	CR_CHECK_INT(st.st_mode & 0777, 0700);
	CR_CHECK_INT(stat(".config/chestnut", &st), 0);
	CR_CHECK_INT(st.st_mode & 0777, 0755);
	CR_CHECK_INT(access(".config/chestnut/tar.policy", F_OK), -1);
	leave_home();
}

CR_TEST(in_the_way)
{
	enter_home();
	touch(".config");
	CR_CHECK_STR(place(cr_policy_path, "tar", true), "ENOTDIR");
	CR_CHECK_HAS(err.text, "cannot make the directory");
	leave_home();
}

CR_TEST(places_named)
{
	enter_home();
	CR_CHECK_STR(place(cr_policy_path, "tar", false), "ENOENT");
	CR_CHECK_STR(err.text, "there is no policy called tar");
	CR_CHECK_HAS(err.hint, "/.config/chestnut/tar.policy and /");
	CR_CHECK_STR(place(cr_policy_path, "", true), "EINVAL");
	CR_CHECK_STR(place(cr_policy_path, "..", true), "EINVAL");
	leave_home();
}

int main(void)
{
	CR_RUN(paths, "what has a slash or is a file here is a path");
	CR_RUN(program_here, "a program in the current directory is not taken for its policy");
	CR_RUN(user_first, "a name is looked up in the user's directory, as XDG has it");
	CR_RUN(directory_made, "the user's directory is made for learning, and only then");
	CR_RUN(in_the_way, "a file where the directory should be is an error with its name");
	CR_RUN(places_named, "a policy that is nowhere is reported with the places tried");
	return cr_done();
}
