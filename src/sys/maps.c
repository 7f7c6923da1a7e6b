/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "cr/maps.h"

/* A process may have a million mappings; what lies beyond this much text has no names. */
#define TEXT_MAX (16u << 20)
#define MODULES_MAX 8192u

ssize_t cr_maps_slurp(const char *path, char **text)
{
	cr_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_auto_free char *buf = NULL;
	size_t len = 0, cap = 0;
	ssize_t n;
	char *more;

	if (fd < 0)
		return -errno;
	do {
		if (cap - len < 4096) {
			cap = cap ? cap * 2 : 16384;
			more = realloc(buf, cap);
			if (!more)
				return -ENOMEM;
			buf = more;
		}
		n = read(fd, buf + len, cap - len - 1);
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
	} while (n != 0 && len < TEXT_MAX);
	buf[len] = '\0';
	*text = buf;
	buf = NULL;
	return (ssize_t)len;
}

/* One line of /proc/PID/maps (proc_pid_maps(5)). */
struct line {
	struct cr_map_range at;
	uint64_t offset;
	uint64_t ino;
	bool exec;
	char *path;	/* borrowed: of the text */
};

static bool field(char **at, int base, char end, uint64_t *value)
{
	char *stop;

	errno = 0;
	*value = strtoull(*at, &stop, base);
	if (stop == *at || *stop != end || errno)
		return false;
	*at = stop + 1;
	return true;
}

static bool parse(char *at, struct line *l)
{
	uint64_t major, minor;

	if (!field(&at, 16, '-', &l->at.start) || !field(&at, 16, ' ', &l->at.end))
		return false;
	if (strlen(at) < 5)
		return false;
	l->exec = at[2] == 'x';
	at += 5;
	if (!field(&at, 16, ' ', &l->offset) || !field(&at, 16, ':', &major) ||
	    !field(&at, 16, ' ', &minor))
		return false;
	l->at.dev = makedev((unsigned int)major, (unsigned int)minor);
	errno = 0;
	l->ino = strtoull(at, &at, 10);
	l->path = at + strspn(at, " ");
	return !errno && l->at.start < l->at.end;
}

static int add_range(struct cr_map_range **all, size_t *n, const struct cr_map_range *r)
{
	struct cr_map_range *more = *all;

	if (*n && more[*n - 1].end == r->start && more[*n - 1].dev == r->dev) {
		more[*n - 1].end = r->end;
		return 0;
	}
	if ((*n & (*n - 1)) == 0) {
		more = realloc(more, (*n ? *n * 2 : 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		*all = more;
	}
	more[(*n)++] = *r;
	return 0;
}

/* Does @l go on with the file of @mod? The kernel lists the segments of a file one after the
 * other. An offset of 0 is the same file, mapped a second time (who reads a library by mmap
 * has it so), unless all of it fits into one page. */
static bool continues(const struct cr_module *mod, const struct line *l)
{
	if (!l->ino || mod->dev != l->at.dev || mod->ino != (ino_t)l->ino)
		return false;
	if (l->offset == 0 && (!mod->whole || mod->end - mod->start > CR_MAPS_PAGE))
		return false;
	return strcmp(mod->path, l->path) == 0;
}

static int add_module(struct cr_maps *m, const struct line *l)
{
	struct cr_module *mod = m->n_mods ? &m->mods[m->n_mods - 1] : NULL;

	if (mod && continues(mod, l)) {
		mod->end = l->at.end;
		mod->exec |= l->exec;
		return 0;
	}
	/* The one before was data only: its place is free again. */
	if (mod && !mod->exec) {
		free(mod->path);
		m->n_mods--;
	}
	if (m->n_mods >= MODULES_MAX)
		return 0;
	if ((m->n_mods & (m->n_mods - 1)) == 0) {
		mod = realloc(m->mods, (m->n_mods ? m->n_mods * 2 : 1) * sizeof(*mod));
		if (!mod)
			return -ENOMEM;
		m->mods = mod;
	}
	mod = &m->mods[m->n_mods];
	*mod = (struct cr_module){
		.start = l->at.start, .end = l->at.end, .first_end = l->at.end,
		.dev = l->at.dev, .ino = (ino_t)l->ino, .path = strdup(l->path),
		.whole = l->offset == 0, .exec = l->exec,
	};
	if (!mod->path)
		return -ENOMEM;
	m->n_mods++;
	return 0;
}

static int add_line(struct cr_maps *m, const struct line *l)
{
	int rc = 0;

	if (l->exec)
		rc = add_range(&m->exec, &m->n_exec, &l->at);
	/* Until somebody knows better. Only file systems without a device may be slow. */
	if (!rc && l->ino && major(l->at.dev) == 0)
		rc = add_range(&m->slow, &m->n_slow, &l->at);
	if (!rc && *l->path)
		rc = add_module(m, l);
	return rc;
}

static void mark_slow(struct cr_maps *m)
{
	size_t i, k;

	for (i = 0; i < m->n_mods; i++) {
		for (k = 0; k < m->n_slow; k++)
			m->mods[i].slow |= m->mods[i].ino && m->mods[i].dev == m->slow[k].dev;
	}
}

int cr_maps_read(struct cr_maps *m, pid_t tid, dev_t shm)
{
	cr_auto_free char *text = NULL;
	char path[64], *at, *nl;
	struct line l;
	ssize_t rc;

	*m = (struct cr_maps){ 0 };
	/* Of the thread, not of the process: a leader that exited first has no memory any more. */
	snprintf(path, sizeof(path), "/proc/%d/maps", tid);
	rc = cr_maps_slurp(path, &text);
	if (rc < 0)
		return (int)rc;
	rc = 0;
	for (at = text; !rc && (nl = strchr(at, '\n')); at = nl + 1) {
		*nl = '\0';
		if (parse(at, &l))
			rc = add_line(m, &l);
	}
	if (m->n_mods && !m->mods[m->n_mods - 1].exec)
		free(m->mods[--m->n_mods].path);
	if (!rc && m->n_slow)
		rc = cr_maps_slow_sort(m, tid, shm);
	if (rc < 0)
		cr_maps_fini(m);
	else
		mark_slow(m);
	return (int)rc;
}

void cr_maps_fini(struct cr_maps *m)
{
	size_t i;

	for (i = 0; i < m->n_mods; i++)
		free(m->mods[i].path);
	free(m->mods);
	free(m->exec);
	free(m->slow);
	*m = (struct cr_maps){ 0 };
}

bool cr_maps_same(const struct cr_maps *a, const struct cr_maps *b)
{
	size_t i;

	if (a->n_mods != b->n_mods)
		return false;
	for (i = 0; i < a->n_mods; i++) {
		const struct cr_module *x = &a->mods[i], *y = &b->mods[i];

		if (x->start != y->start || x->end != y->end || x->dev != y->dev ||
		    x->ino != y->ino || x->slow != y->slow || strcmp(x->path, y->path) != 0)
			return false;
	}
	return true;
}

struct cr_module *cr_maps_find(const struct cr_maps *m, cr_addr at)
{
	size_t low = 0, high = m->n_mods, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (at < m->mods[mid].start)
			high = mid;
		else if (at >= m->mods[mid].end)
			low = mid + 1;
		else
			return &m->mods[mid];
	}
	return NULL;
}

bool cr_maps_is_code(const struct cr_maps *m, cr_addr at)
{
	size_t i;

	for (i = 0; i < m->n_exec; i++) {
		if (at >= m->exec[i].start && at < m->exec[i].end)
			return true;
	}
	return false;
}

int cr_maps_around(pid_t tid, cr_addr at, cr_addr *lo, cr_addr *hi)
{
	cr_auto_free char *text = NULL;
	char path[64], *line, *nl;
	uint64_t start, end;
	ssize_t rc;

	snprintf(path, sizeof(path), "/proc/%d/maps", tid);
	rc = cr_maps_slurp(path, &text);
	for (line = text; rc >= 0 && (nl = strchr(line, '\n')); line = nl + 1) {
		if (!field(&line, 16, '-', &start) || !field(&line, 16, ' ', &end))
			continue;
		if (at >= start && at < end) {
			*lo = start;
			*hi = end;
			return 0;
		}
	}
	return rc < 0 ? (int)rc : -ENOENT;
}
