/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a mapping to its file. The path that /proc/PID/maps shows is a claim: by now there may be
 * a FIFO, a device or another file. What is opened is looked at before it is opened for
 * reading, and never waits on the way.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <string.h>

#include "cr/maps.h"

/* Of files that the target may have written. */
#define SIZE_MAX_UNTRUSTED (512l << 20)

/* Reads @path_fd's file, if it is the one that is mapped. Takes @path_fd. */
static int open_checked(int path_fd, const struct cr_module *mod, bool *trusted)
{
	cr_auto_close int fd = path_fd;
	char self[64];
	struct stat st;

	/* The device is not compared: btrfs and overlayfs show others in maps than in stat. */
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_ino != mod->ino)
		return -1;
	*trusted = st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH));
	if (!*trusted && st.st_size > SIZE_MAX_UNTRUSTED)
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return open(self, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* In the root directory of @tid, by what the kernel has in its caches: the target may have
 * mounted a file system of its own on the way. The file is mapped, so the caches know it. */
static int path_open(pid_t tid, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_CACHED,
	};
	char root_path[64];
	cr_auto_close int root = -1;
	int fd;

	snprintf(root_path, sizeof(root_path), "/proc/%d/root", tid);
	root = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	/* Linux before 5.12 does not know RESOLVE_CACHED, before 5.6 not openat2. */
	if (fd < 0 && (errno == ENOSYS || errno == EINVAL))
		fd = openat(root, path + strspn(path, "/"), O_PATH | O_CLOEXEC);
	return fd;
}

int cr_maps_open(const struct cr_module *mod, pid_t tid, bool *trusted)
{
	char link[96];
	int fd;

	if (mod->path[0] != '/' || mod->slow)
		return -1;
	/* The mapped file itself, deleted or not; needs a privilege. */
	snprintf(link, sizeof(link), "/proc/%d/map_files/%llx-%llx", tid,
		 (unsigned long long)mod->start, (unsigned long long)mod->first_end);
	fd = open_checked(open(link, O_PATH | O_CLOEXEC), mod, trusted);
	if (fd >= 0)
		return fd;
	/* The same for the executable; needs none. */
	snprintf(link, sizeof(link), "/proc/%d/exe", tid);
	fd = open_checked(open(link, O_PATH | O_CLOEXEC), mod, trusted);
	if (fd >= 0)
		return fd;
	return open_checked(path_open(tid, mod->path), mod, trusted);
}
