/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "cr/mem.h"

#define PAGE 4096u

static int through = -1;

void cr_mem_through(int fd)
{
	through = fd;
}

/* Pages are asked for one by one: a transfer fails as a whole when its first page
 * does, and ends early at the first page that is not there. */
ssize_t cr_mem_read(pid_t pid, cr_addr at, void *to, size_t len)
{
	size_t done = 0, n;
	ssize_t got;

	while (done < len) {
		struct iovec local = { (char *)to + done, 0 }, remote = { NULL, 0 };

		n = PAGE - (at + done) % PAGE;
		local.iov_len = n < len - done ? n : len - done;
		remote.iov_base = (void *)(uintptr_t)(at + done);
		remote.iov_len = local.iov_len;
		if (through >= 0)
			got = pread(through, local.iov_base, local.iov_len, (off_t)(at + done));
		else
			got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
		if (got <= 0)
			return done ? (ssize_t)done : got < 0 ? -errno : -EFAULT;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

ssize_t cr_mem_gather(pid_t pid, const cr_addr *at, unsigned int n, uint8_t *to)
{
	struct iovec local = { to, n }, remote[1024];
	unsigned int i;
	ssize_t got;

	if (n > CR_ARRAY_SIZE(remote))
		return -EINVAL;
	for (i = 0; i < n; i++)
		remote[i] = (struct iovec){ (void *)(uintptr_t)at[i], 1 };
	got = process_vm_readv(pid, &local, 1, remote, n, 0);
	return got < 0 ? -errno : got;
}

int cr_mem_write(pid_t pid, cr_addr at, const void *from, size_t len)
{
	struct iovec local = { (void *)(uintptr_t)from, len };
	struct iovec remote = { (void *)(uintptr_t)at, len };
	ssize_t put = process_vm_writev(pid, &local, 1, &remote, 1, 0);

	if (put < 0)
		return -errno;
	return (size_t)put == len ? 0 : -EFAULT;
}

/* /proc/PID/mem writes as a debugger does (ptrace(2), PTRACE_POKETEXT), many bytes at a time. */
int cr_mem_patch(pid_t tid, cr_addr at, const void *from, size_t len)
{
	char path[64];
	cr_auto_close int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)tid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = pwrite(fd, from, len, (off_t)at);
	if (n < 0)
		return errno == EIO ? -EFAULT : -errno;
	return (size_t)n == len ? 0 : -EFAULT;
}

int cr_mem_string(pid_t pid, cr_addr at, char *text, size_t size)
{
	ssize_t n = cr_mem_read(pid, at, text, size - 1);

	if (n < 0)
		return (int)n;
	text[n] = '\0';
	return (int)strlen(text);
}
