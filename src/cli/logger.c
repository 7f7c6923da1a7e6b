/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "cr/log.h"
#include "cr/utf8.h"
#include "logger.h"

/* What a syslog daemon takes at least (RFC 5424, 6.1, says 480; those of Linux take 8192). */
#define LINE_MAX_BYTES 2048

static int connect_log(struct cr_logger *l)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int rc;

	if (l->fd >= 0)
		close(l->fd);
	l->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return -errno;
	if (connect(l->fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return 0;
	rc = -errno;
	close(l->fd);
	l->fd = -1;
	return rc;
}

void cr_logger_open(struct cr_logger *l)
{
	int rc;

	*l = (struct cr_logger){ .fd = -1 };
	rc = connect_log(l);
	if (rc < 0)
		cr_warn("there is no system's log at /dev/log: %s", strerror(-rc));
}

static int deliver(const struct cr_logger *l, const char *line)
{
	if (l->fd < 0)
		return -ENOTCONN;
	return send(l->fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

void cr_logger_tell(struct cr_logger *l, const char *sentence)
{
	char line[LINE_MAX_BYTES], when[32];
	time_t now = time(NULL);
	struct tm tm;
	int rc, n;

	localtime_r(&now, &tm);
	/* Not strftime(3): names of months are English there, whatever the locale. */
	snprintf(when, sizeof(when), "%.3s %2d %02d:%02d:%02d",
		 "JanFebMarAprMayJunJulAugSepOctNovDec" + 3 * tm.tm_mon, tm.tm_mday, tm.tm_hour,
		 tm.tm_min, tm.tm_sec);
	n = snprintf(line, sizeof(line), "<%d>%s chestnut-run[%d]: ", LOG_AUTHPRIV | LOG_WARNING,
		     when, (int)getpid());
	snprintf(line + n, sizeof(line) - (size_t)n, "%s", sentence);
	cr_utf8_clean(line);
	rc = deliver(l, line);
	/* A daemon that was started anew has another socket there. */
	if (rc < 0 && rc != -EAGAIN && rc != -ENOBUFS && connect_log(l) == 0)
		rc = deliver(l, line);
	l->lost += rc < 0;
}

void cr_logger_close(struct cr_logger *l)
{
	if (l->lost)
		cr_warn("%llu line%s for the system's log %s lost: nobody took %s",
			(unsigned long long)l->lost, l->lost == 1 ? "" : "s",
			l->lost == 1 ? "was" : "were", l->lost == 1 ? "it" : "them");
	if (l->fd >= 0)
		close(l->fd);
	*l = (struct cr_logger){ .fd = -1 };
}
