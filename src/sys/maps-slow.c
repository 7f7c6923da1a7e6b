/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file system in user space (FUSE) may be served by the very program that we hold: an AppImage
 * does it to itself. Touching its files or pages then waits for ever, in the kernel.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cr/maps.h"

/* One line of mountinfo (proc_pid_mountinfo(5)): "36 35 98:0 / /mnt rw - fuse.x src rw". */
static bool parse(const char *at, dev_t *dev, bool *fuse)
{
	unsigned int major, minor;
	const char *type = strstr(at, " - ");

	if (!type || sscanf(at, "%*d %*d %u:%u", &major, &minor) != 2)
		return false;
	*dev = makedev(major, minor);
	*fuse = strncmp(type + 3, "fuse", 4) == 0;
	return true;
}

static void drop(struct cr_maps *m, dev_t dev)
{
	size_t i, kept = 0;

	for (i = 0; i < m->n_slow; i++) {
		if (m->slow[i].dev != dev)
			m->slow[kept++] = m->slow[i];
	}
	m->n_slow = kept;
}

static int drop_mounted(struct cr_maps *m, const char *path)
{
	cr_auto_free char *text = NULL;
	ssize_t rc = cr_maps_slurp(path, &text);
	char *at, *nl;
	bool fuse;
	dev_t dev;

	if (rc < 0)
		return rc == -ENOMEM ? -ENOMEM : 0;
	for (at = text; m->n_slow && (nl = strchr(at, '\n')); at = nl + 1) {
		*nl = '\0';
		if (parse(at, &dev, &fuse) && !fuse)
			drop(m, dev);
	}
	return 0;
}

int cr_maps_slow_sort(struct cr_maps *m, pid_t tid, dev_t shm)
{
	char path[64];
	int rc;

	drop(m, shm);
	if (!m->n_slow)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", tid);
	rc = drop_mounted(m, path);
	/* A file from before the target changed its mount namespace. */
	if (!rc && m->n_slow)
		rc = drop_mounted(m, "/proc/self/mountinfo");
	return rc;
}

/* The device of shared memory is the kernel's own and mounted nowhere; a memfd tells it. */
dev_t cr_maps_shm(void)
{
	cr_auto_close int fd = memfd_create("shm", MFD_CLOEXEC);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? st.st_dev : (dev_t)-1;
}
