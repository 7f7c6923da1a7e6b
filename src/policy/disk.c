/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include "cr/buf.h"
#include "disk.h"

#define WAIT_MS 10000
#define LINKS_MAX 40

/* As much of a policy's name as leaves room for the rest in NAME_MAX. */
#define NAME_PART 200

/* The target of link @path, seen from the link's directory; NULL with errno set when it is none. */
static char *follow(const char *path)
{
	const char *slash = strrchr(path, '/');
	char target[PATH_MAX];
	char *out;
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	int keep;

	if (n < 0)
		return NULL;
	target[n] = '\0';
	keep = target[0] == '/' || !slash ? 0 : (int)(slash - path) + 1;
	if (asprintf(&out, "%.*s%s", keep, path, target) < 0) {
		errno = ENOMEM;
		return NULL;
	}
	return out;
}

/* A link is not replaced, but what it leads to; that may not exist yet, so realpath(3) is no help.
 */
static int resolve(const char *path, char **real)
{
	char *at = strdup(path), *next;
	int i;

	for (i = 0; at && i < LINKS_MAX; i++) {
		next = follow(at);
		if (!next && errno != ENOMEM) {
			*real = at;
			return 0;
		}
		free(at);
		at = next;
	}
	if (!at)
		return -ENOMEM;
	free(at);
	return -ELOOP;
}

static int unwritable(const char *dir, int rc, struct cr_err *err)
{
	cr_err_sys(err, rc, "cannot write in the directory %s", dir);
	if (rc == -EACCES || rc == -EPERM || rc == -EROFS)
		cr_err_hint(err, "choose a place that you may write to: -p FILE");
	else if (rc == -ENOENT || rc == -ENOTDIR)
		cr_err_hint(err, "make the directory first, or choose another place: -p FILE");
	return rc;
}

/* The directory as text: behind links, since that is where the trouble is. */
static void dir_name(const struct cr_disk *d, char dir[PATH_MAX])
{
	int n = (int)(d->name - d->real);

	if (n > 1)
		n--;	/* without the slash, but for "/" itself */
	snprintf(dir, PATH_MAX, "%.*s", n ? n : 1, n ? d->real : ".");
}

static int open_dir(struct cr_disk *d, bool create, struct cr_err *err)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(d->real, '/');

	d->name = slash ? slash + 1 : d->real;
	if (!*d->name)
		return cr_err_sys(err, -EISDIR, "cannot write %s", d->shown);
	if (strlen(d->real) >= PATH_MAX)
		return cr_err_sys(err, -ENAMETOOLONG, "cannot write %s", d->shown);
	dir_name(d, dir);
	d->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->dir < 0 && errno == ENOENT && create) {
		if (mkdir(dir, 0777) < 0 && errno != EEXIST)
			return unwritable(dir, -errno, err);
		d->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return d->dir < 0 ? unwritable(dir, -errno, err) : 0;
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int wait_for_lock(const struct cr_disk *d, struct cr_err *err)
{
	const struct timespec pause = { 0, 2000000 };
	long long until = now_ms() + WAIT_MS;
	int rc;

	while (flock(d->dir, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return cr_err_sys(err, -errno, "cannot lock the directory of %s", d->shown);
		if (now_ms() < until) {
			nanosleep(&pause, NULL);
			continue;
		}
		rc = cr_err_set(err, -ETIMEDOUT,
				"cannot write %s: its directory has been locked for "
				"%d seconds",
				d->shown, WAIT_MS / 1000);
		cr_err_hint(
			err,
			"another program holds the lock; fuser(1) on the directory tells which");
		return rc;
	}
	return 0;
}

int cr_disk_lock(const char *path, bool create, struct cr_disk *d, struct cr_err *err)
{
	int rc;

	*d = (struct cr_disk){ .dir = -1, .shown = path };
	rc = resolve(path, &d->real);
	if (rc < 0)
		return cr_err_sys(err, rc, "cannot write %s", path);
	rc = open_dir(d, create, err);
	if (rc == 0)
		rc = wait_for_lock(d, err);
	if (rc < 0)
		cr_disk_unlock(d);
	return rc;
}

void cr_disk_unlock(struct cr_disk *d)
{
	/* A child between fork and exec shares the descriptor, and with it the lock. */
	if (d->dir >= 0) {
		flock(d->dir, LOCK_UN);
		close(d->dir);
	}
	free(d->real);
	*d = (struct cr_disk){ .dir = -1 };
}

/* What the file system gives back must be what it was given. */
static int read_back(int fd, const char *s, size_t n)
{
	char piece[16384];
	size_t at = 0;
	ssize_t k;

	while (at < n) {
		k = pread(fd, piece, sizeof(piece), (off_t)at);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		if (k == 0 || (size_t)k > n - at || memcmp(piece, s + at, (size_t)k) != 0)
			return -EIO;
		at += (size_t)k;
	}
	return 0;
}

static int sync_fd(int fd)
{
	int rc;

	do {
		rc = fsync(fd);
	} while (rc < 0 && errno == EINTR);
	return rc < 0 ? -errno : 0;
}

/* A file that is there keeps its permissions and, as far as we may, its owner. */
static int keep_mode(const struct cr_disk *d, int fd)
{
	struct stat old, st;

	if (fstatat(d->dir, d->name, &old, 0) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((old.st_uid != st.st_uid || old.st_gid != st.st_gid) &&
	    fchown(fd, old.st_uid, old.st_gid) < 0 && fchown(fd, (uid_t)-1, old.st_gid) < 0)
		errno = 0;	/* then it is ours from now on */
	return fchmod(fd, old.st_mode & 0777) < 0 ? -errno : 0;
}

static int fill(const struct cr_disk *d, int fd, const char *text, size_t len)
{
	int rc = cr_write_all(fd, text, len);

	if (rc == 0)
		rc = keep_mode(d, fd);
	if (rc == 0)
		rc = sync_fd(fd);
	return rc < 0 ? rc : read_back(fd, text, len);
}

static int cannot_write(const struct cr_disk *d, int rc, struct cr_err *err)
{
	cr_err_sys(err, rc, "cannot write %s", d->shown);
	if (rc == -ENOSPC || rc == -EDQUOT)
		cr_err_hint(
			err,
			"what was there is unchanged; make room, or choose another place: -p FILE");
	else if (rc == -EFBIG)
		cr_err_hint(err, "what was there is unchanged; see \"ulimit -f\"");
	return rc;
}

/* A policy that was made read-only means it, although a rename would get past that. */
static int check_writable(const struct cr_disk *d, struct cr_err *err)
{
	int rc;

	if (faccessat(d->dir, d->name, W_OK, AT_EACCESS) == 0 || errno == ENOENT)
		return 0;
	rc = cr_err_sys(err, -errno, "cannot write %s", d->shown);
	cr_err_hint(err, "the file is not yours to change: choose another with -p FILE");
	return rc;
}

static int open_temp(const struct cr_disk *d, const char *temp, struct cr_err *err)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(d->dir, temp, flags, 0666), rc;
	char dir[PATH_MAX];

	if (fd < 0 && errno == EEXIST) {
		/* An earlier process of our number died over it: we hold the lock. */
		unlinkat(d->dir, temp, 0);
		fd = openat(d->dir, temp, flags, 0666);
	}
	if (fd >= 0)
		return fd;
	rc = -errno;
	if (rc == -ENOSPC || rc == -EDQUOT)
		return cannot_write(d, rc, err);
	dir_name(d, dir);
	return unwritable(dir, rc, err);
}

int cr_disk_write(const struct cr_disk *d, const char *text, size_t len, struct cr_err *err)
{
	char temp[NAME_MAX + 1];
	int fd, rc = check_writable(d, err);

	if (rc < 0)
		return rc;
	snprintf(temp, sizeof(temp), ".%.*s.%ld.tmp", NAME_PART, d->name, (long)getpid());
	fd = open_temp(d, temp, err);
	if (fd < 0)
		return fd;
	rc = fill(d, fd, text, len);
	close(fd);
	if (rc == 0 && renameat(d->dir, temp, d->dir, d->name) < 0)
		rc = -errno;
	if (rc < 0) {
		unlinkat(d->dir, temp, 0);
		return cannot_write(d, rc, err);
	}
	/* The name, too. Some file systems cannot sync a directory; the rename is done all the
	 * same. */
	rc = sync_fd(d->dir);
	return rc == -EIO ? cannot_write(d, rc, err) : 0;
}

#define SECTOR 512u	/* what every disk writes whole or not at all */

/* Would cr_disk_write() succeed, as far as can be seen? A run that begins is to find out now that
 * it cannot write, and not when it has something to write. */
static bool could_write(const struct cr_disk *d, size_t len)
{
	struct statvfs fs;

	return check_writable(d, NULL) == 0 &&
	       faccessat(d->dir, ".", W_OK | X_OK, AT_EACCESS) == 0 &&
	       fstatvfs(d->dir, &fs) == 0 && fs.f_bavail * fs.f_frsize > 2 * (len + fs.f_frsize);
}

int cr_disk_patch(const struct cr_disk *d, const char *text, size_t len, size_t from, size_t n)
{
	cr_auto_close int fd = -1;
	struct stat st;

	if (from / SECTOR != (from + n - 1) / SECTOR || !could_write(d, len))
		return -EOPNOTSUPP;
	fd = openat(d->dir, d->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	/* Another name of the file is another policy; writing a new file leaves it alone. */
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 ||
	    (size_t)st.st_size != len)
		return -EOPNOTSUPP;
	/* A few bytes of a file that is there: written at once or not at all. */
	if (pwrite(fd, text + from, n, (off_t)from) != (ssize_t)n)
		return -EOPNOTSUPP;
	return read_back(fd, text, len) < 0 ? -EOPNOTSUPP : 0;
}

/* The process number in ".NAME.PID.tmp", or 0. */
static long temp_of(const struct cr_disk *d, const char *entry)
{
	char *end;
	size_t n = strnlen(d->name, NAME_PART);
	long pid;

	if (entry[0] != '.' || strncmp(entry + 1, d->name, n) != 0 || entry[n + 1] != '.')
		return 0;
	pid = strtol(entry + n + 2, &end, 10);
	return pid > 0 && strcmp(end, ".tmp") == 0 ? pid : 0;
}

void cr_disk_sweep(const struct cr_disk *d)
{
	int fd = openat(d->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	long pid;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(dir))) {
		pid = temp_of(d, e->d_name);
		/* The lock alone says that it is dead; the second question is for file systems
		 * whose locks do not reach other machines. */
		if (pid && kill((pid_t)pid, 0) < 0 && errno == ESRCH)
			unlinkat(d->dir, e->d_name, 0);
	}
	closedir(dir);
}
