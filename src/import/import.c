/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "import-int.h"

#define LOSSES_MAX 65536	/* bytes of sentences: input may be hostile */
#define TOLD_MAX 10		/* broken records that are told one by one */
#define NOTE_MAX 160

/* Chestnut's numbers and profiles say what is to be enforced; logs say what was seen. */
static const struct cr_import_format formats[] = {
	{ .name = "oci", .help = "seccomp profile of an OCI runtime (JSON)",
	  .mode = CR_MODE_STRICT, .read = cr_read_oci },
	{ .name = "docker", .help = "seccomp profile of Docker or Podman (JSON)",
	  .mode = CR_MODE_STRICT, .read = cr_read_oci },
	{ .name = "strace", .help = "log or -c summary of strace -f", .has_abi = true,
	  .read = cr_read_strace },
	{ .name = "audit", .help = "audit log: SECCOMP and SYSCALL records", .has_exe = true,
	  .read = cr_read_audit },
	{ .name = "note",
	  .help = "binary with a .note.syscalls section or a JSON policy at its end",
	  .mode = CR_MODE_STRICT, .read = cr_read_note },
	{ .name = "names", .help = "list of names, as harpoon writes it", .read = cr_read_names },
	{ .name = "minijail", .help = "policy of minijail", .mode = CR_MODE_STRICT,
	  .read = cr_read_minijail },
};

const struct cr_import_format *cr_import_format(size_t i)
{
	return i < CR_ARRAY_SIZE(formats) ? &formats[i] : NULL;
}

const struct cr_import_format *cr_import_find(const char *name)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(formats); i++) {
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	}
	return NULL;
}

const char *cr_import_name(const struct cr_import_format *f)
{
	return f->name;
}

const char *cr_import_help(const struct cr_import_format *f)
{
	return f->help;
}

bool cr_import_has_exe(const struct cr_import_format *f)
{
	return f->has_exe;
}

bool cr_import_has_abi(const struct cr_import_format *f)
{
	return f->has_abi;
}

static ssize_t fill(struct cr_reader *r, char *to, size_t size)
{
	ssize_t n;

	do {
		n = read(r->fd, to, size);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? cr_err_sys(r->err, -errno, "cannot read %s", r->path) : n;
}

int cr_reader_line(struct cr_reader *r, char **line, size_t *len)
{
	struct cr_lines *l = r->lines;
	size_t n, room, used = 0;
	char *nl = NULL;
	ssize_t got;

	while (!nl) {
		if (l->at == l->end) {
			got = fill(r, l->buf, sizeof(l->buf));
			if (got < 0)
				return (int)got;
			l->at = 0;
			l->end = (size_t)got;
			if (!got && !used)
				return 0;
			if (!got)
				break;
		}
		nl = memchr(l->buf + l->at, '\n', l->end - l->at);
		n = nl ? (size_t)(nl - l->buf) - l->at : l->end - l->at;
		room = CR_RECORD_MAX - used;
		memcpy(l->line + used, l->buf + l->at, n < room ? n : room);
		used += n < room ? n : room;
		l->at += n + (nl != NULL);
	}
	if (used && l->line[used - 1] == '\r')
		used--;
	l->line[used] = '\0';
	*line = l->line;
	*len = used;
	r->line++;
	return 1;
}

int cr_reader_all(struct cr_reader *r, struct cr_buf *out)
{
	ssize_t n;

	while ((n = fill(r, r->lines->buf, sizeof(r->lines->buf))) > 0) {
		if (out->len + (size_t)n > CR_IMPORT_MAX)
			return cr_err_set(r->err, -EFBIG, "%s is longer than %u MiB", r->path,
					  CR_IMPORT_MAX >> 20);
		cr_buf_addn(out, r->lines->buf, (size_t)n);
	}
	if (n == 0 && !cr_buf_ok(out))
		return cr_err_sys(r->err, -ENOMEM, "cannot read %s", r->path);
	return (int)n;
}

/* The library's search is linear, and a log may have millions of lines. */
int cr_reader_nr(struct cr_reader *r, enum cr_abi abi, const char *name)
{
	struct cr_lookup *slot;
	uint32_t h = 2166136261u;
	const char *c;

	for (c = name; *c; c++)
		h = (h ^ (unsigned char)*c) * 16777619u;
	slot = &r->lookup[abi][h & 1023];
	if (*name && strcmp(slot->name, name) == 0)
		return slot->nr;
	if (!*name || (size_t)(c - name) >= sizeof(slot->name))
		return -ENOENT;
	memcpy(slot->name, name, (size_t)(c - name) + 1);
	slot->nr = cr_name_to_nr(abi, name);
	return slot->nr;
}

/* Text of the input goes to a terminal. */
static void tame(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s >= 0x7f || *s == '\\')
			*s = '?';
}

static void add_loss(struct cr_reader *r, char *words)
{
	struct cr_buf *b = &r->to->losses;
	const char *there = cr_buf_str(b);
	size_t n = strlen(words);

	if (b->len > LOSSES_MAX)
		return;
	tame(words);
	for (; (there = strstr(there, words)); there += n)
		if ((there == b->s || there[-1] == '\n') && there[n] == '\n')
			return;
	cr_buf_addf(b, "%s\n", words);
	if (b->len > LOSSES_MAX)
		cr_buf_add(b, "there is more of this, which is not told\n");
}

int cr_reader_bad(struct cr_reader *r, const char *fmt, ...)
{
	char words[512], all[800];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	tame(words);
	if (!r->how->skip_bad) {
		rc = r->line ? cr_err_set(r->err, -EINVAL, "%s:%llu: %s", r->path, r->line, words) :
			       cr_err_set(r->err, -EINVAL, "%s: %s", r->path, words);
		cr_err_hint(r->err, "--skip-bad goes on without what is broken");
		return rc;
	}
	if (r->to->skipped++ < TOLD_MAX) {
		if (r->line)
			snprintf(all, sizeof(all), "%.200s:%llu: skipped: %s", r->path, r->line,
				 words);
		else
			snprintf(all, sizeof(all), "%.200s: skipped: %s", r->path, words);
		add_loss(r, all);
	}
	return 0;
}

void cr_reader_loss(struct cr_reader *r, const char *fmt, ...)
{
	char words[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	add_loss(r, words);
}

static int note(struct cr_reader *r, enum cr_abi abi, uint32_t nr, const char *more)
{
	const char *slash = strrchr(r->path, '/');
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;

	cr_buf_addf(&b, "%s %.60s", r->format->name, slash ? slash + 1 : r->path);
	if (r->line)
		cr_buf_addf(&b, ":%llu", r->line);
	if (more)
		cr_buf_addf(&b, ", %.*s", NOTE_MAX, more);
	if (b.s)
		tame(b.s);
	free(r->to->note[abi][nr]);
	r->to->note[abi][nr] = cr_buf_take(&b);
	return r->to->note[abi][nr] ? 0 : -ENOMEM;
}

int cr_reader_rule(struct cr_reader *r, enum cr_abi abi, uint32_t nr, const struct cr_rule *rule,
		   const char *more)
{
	struct cr_rule want = *rule;
	const struct cr_rule *have;
	char name[CR_NAME_MAX];
	int rc;

	want.abi = abi;
	want.nr = nr;
	if (nr >= CR_NR_MAX)
		return cr_reader_bad(r, "%u is no call number", nr);
	r->to->records++;
	have = cr_policy_own(r->to->policy, abi, nr);
	if (have && !cr_rule_same(have, &want))
		cr_reader_loss(r, "%s (%s) is there twice: the first one holds",
			       cr_nr_to_name(abi, nr, name), cr_abi_facts[abi].name);
	if (have)
		return 0;
	rc = cr_policy_put(r->to->policy, NULL, &want);
	if (rc == 0)
		rc = note(r, abi, nr, more);
	return rc < 0 ? cr_err_sys(r->err, rc, "cannot read %s", r->path) : 0;
}

int cr_reader_allow(struct cr_reader *r, enum cr_abi abi, uint32_t nr, const char *more)
{
	const struct cr_rule allow = { .act = CR_ACT_ALLOW };

	return cr_reader_rule(r, abi, nr, &allow, more);
}

void cr_reader_kills(struct cr_reader *r)
{
	const struct cr_policy *p = r->to->policy;
	size_t i;

	for (i = 0; i < p->n_own && p->violation.what != CR_ACT_KILL; i++) {
		if (p->rules[i]->act == CR_ACT_NEVER)
			p->rules[i]->act = CR_ACT_KILL;
		if (p->rules[i]->other == CR_ACT_NEVER)
			p->rules[i]->other = CR_ACT_KILL;
	}
}

int cr_import(const struct cr_import_format *f, int fd, const char *path,
	      const struct cr_import_how *how, struct cr_imported *out, struct cr_err *err)
{
	struct cr_reader r = {
		.format = f, .fd = fd, .path = path, .how = how, .to = out, .err = err,
	};
	int rc = -ENOMEM;

	memset(out, 0, sizeof(*out));
	out->policy = cr_policy_new();
	r.lookup = calloc(CR_ABI_COUNT, sizeof(*r.lookup));
	r.lines = calloc(1, sizeof(*r.lines));
	if (!out->policy || !r.lookup || !r.lines) {
		cr_err_sys(err, rc, "cannot read %s", path);
	} else {
		out->policy->mode = f->mode;
		rc = f->read(&r);
		if (rc == 0 && !cr_buf_ok(&out->losses))
			rc = cr_err_sys(err, -ENOMEM, "cannot read %s", path);
		if (rc == 0 && !out->records && !out->policy->n_own) {
			rc = cr_err_set(err, -ENODATA, "%s has nothing of the format %s in it",
					path, f->name);
			cr_err_hint(err, "chestnut import --help lists the formats");
		}
	}
	free(r.lookup);
	free(r.lines);
	if (rc < 0)
		cr_imported_fini(out);
	return rc;
}

void cr_imported_fini(struct cr_imported *im)
{
	unsigned int abi, nr;

	for (abi = 0; abi < CR_ABI_COUNT; abi++)
		for (nr = 0; nr < CR_NR_MAX; nr++)
			free(im->note[abi][nr]);
	cr_policy_free(im->policy);
	cr_buf_fini(&im->losses);
	memset(im, 0, sizeof(*im));
}
