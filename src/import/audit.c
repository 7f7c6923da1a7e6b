/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/audit.h>
#include <stdio.h>
#include <string.h>

#include "import-int.h"

#define EXES_MAX 8	/* that are told by name */

struct log {
	struct cr_reader *r;	/* borrowed */
	struct cr_buf exes;	/* owned; executables of the records taken, each behind a blank */
	unsigned int n_exes;
};

/* One record, and where its fields of the same name are to be believed: names of programs and
 * files, which ausearch -i writes as they are, stand before the call in SECCOMP records and behind
 * it in SYSCALL records. */
struct record {
	const char *s;		/* borrowed */
	bool last;
};

/* Behind "KEY=", or NULL when it is not there. */
static const char *find(const struct record *rec, const char *key)
{
	const char *at = rec->s, *found = NULL;
	size_t n = strlen(key);

	for (; (at = strstr(at, key)); at += n) {
		if ((at != rec->s && at[-1] != ' ') || at[n] != '=')
			continue;
		found = at + n + 1;
		if (!rec->last)
			break;
	}
	return found;
}

/* The value of a field that has no blank in it. False when it is not there. */
static bool field(const struct record *rec, const char *key, char *out, size_t size)
{
	const char *at = find(rec, key);
	size_t len = at ? strcspn(at, " \t\x1d") : 0;

	if (!len || len >= size)
		return false;
	memcpy(out, at, len);
	out[len] = '\0';
	return true;
}

static int hex(char c)
{
	const char *digits = "0123456789ABCDEF", *d = c ? strchr(digits, c) : NULL;

	return d ? (int)(d - digits) : -1;
}

/* A path: in quotes, or in hexadecimal when it has a blank or worse in it. */
static bool exe_of(const struct record *rec, char out[PATH_MAX])
{
	struct record first = { rec->s, false };
	const char *at = find(&first, "exe");
	size_t len, i;

	if (!at)
		return false;
	len = *at == '"' ? strcspn(++at, "\"") : strcspn(at, " \t\x1d");
	if (len >= PATH_MAX)
		return false;
	memcpy(out, at, len);
	out[len] = '\0';
	for (i = 0; i + 1 < len && hex(at[i]) >= 0 && hex(at[i + 1]) >= 0; i += 2)
		;
	if (!len || i != len || at[-1] == '"')
		return true;
	for (i = 0; i < len; i += 2)
		out[i / 2] = (char)(hex(at[i]) << 4 | hex(at[i + 1]));
	out[len / 2] = '\0';
	return true;
}

/* Is the record one that was asked for? Notes whose it is. */
static bool wanted(struct log *l, const struct record *rec)
{
	char exe[PATH_MAX], word[PATH_MAX + 2], *c;
	bool has = exe_of(rec, exe);

	if (l->r->how->exe)
		return has && fnmatch(l->r->how->exe, exe, 0) == 0;
	if (!has || l->n_exes > EXES_MAX)
		return true;
	for (c = exe; *c; c++)
		*c = *c == ' ' ? '?' : *c;
	snprintf(word, sizeof(word), " %s ", exe);
	if (l->exes.len && strstr(cr_buf_str(&l->exes), word))
		return true;
	if (l->n_exes++ < EXES_MAX)
		cr_buf_addf(&l->exes, "%s%s ", l->exes.len ? "" : " ", exe);
	return true;
}

/* "c000003e", or a name as ausearch -i writes it. 0, -ENOENT for a machine that is not ours. */
static int arch_of(const char *word, uint32_t *arch)
{
	static const struct {
		const char *name;
		uint32_t arch;
	} names[] = {
		{ "x86_64", AUDIT_ARCH_X86_64 }, { "i386", AUDIT_ARCH_I386 },
		{ "i686", AUDIT_ARCH_I386 }, { "aarch64", AUDIT_ARCH_AARCH64 },
	};
	char *end;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(names); i++) {
		if (strcmp(word, names[i].name) == 0) {
			*arch = names[i].arch;
			return 0;
		}
	}
	*arch = (uint32_t)strtoul(word, &end, 16);
	return *end || end == word || end - word > 10 ? -EINVAL : 0;
}

/* What seccomp did: SECCOMP_RET_* in its code. */
static const char *code_words(const struct record *rec)
{
	char code[32], *end;
	unsigned long n;

	if (!field(rec, "code", code, sizeof(code)))
		return NULL;
	n = strtoul(code, &end, 16);
	switch (*end ? ~0ul : n & 0xffff0000u) {
	case 0x80000000u:
	case 0x00000000u:
		return "was killed";
	case 0x00030000u:
		return "was trapped";
	case 0x00050000u:
		return "was denied";
	case 0x7ffc0000u:
		return "was logged";
	}
	return NULL;
}

static int on_record(struct cr_reader *r, const struct record *rec)
{
	char word[CR_NAME_MAX], call[CR_NAME_MAX];
	enum cr_abi abi;
	unsigned long raw;
	uint32_t arch, nr;
	char *end;
	int found;

	if (!field(rec, "arch", word, sizeof(word)) || arch_of(word, &arch) < 0)
		return cr_reader_bad(r, "the record has no arch");
	if (!field(rec, "syscall", call, sizeof(call)))
		return cr_reader_bad(r, "the record has no syscall");
	raw = strtoul(call, &end, 10);
	if (*end && cr_abi_of(arch, 0, &abi, &nr) == 0) {
		found = cr_reader_nr(r, abi, call);
		if (found < 0 || strncmp(call, "nr:", 3) == 0)
			return cr_reader_bad(r, "no syscall is called \"%s\" in %s", call,
					     cr_abi_facts[abi].name);
		return cr_reader_allow(r, abi, (uint32_t)found, code_words(rec));
	}
	if (cr_abi_of(arch, (uint32_t)raw, &abi, &nr) < 0) {
		cr_reader_loss(r, "records of another machine (arch %s) are left out", word);
		return 0;
	}
	if (*end || raw > UINT32_MAX || nr >= CR_NR_MAX)
		return cr_reader_bad(r, "%s is no call number", call);
	return cr_reader_allow(r, abi, nr, code_words(rec));
}

/* Audit logs, and the kernel's and the journal's lines that quote them. Other records and lines
 * say nothing of a call. */
static int on_line(struct log *l, const char *line)
{
	static const struct {
		const char *name;
		bool last;
	} types[] = {
		{ "SECCOMP", true }, { "1326", true }, { "SYSCALL", false }, { "1300", false },
	};
	const char *s = strstr(line, "type=");
	struct record rec;
	size_t i, n;

	if (!s)
		return 0;
	rec.s = s + strlen("type=");
	n = strcspn(rec.s, " \t");
	for (i = 0; i < CR_ARRAY_SIZE(types); i++) {
		if (strlen(types[i].name) != n || memcmp(rec.s, types[i].name, n) != 0)
			continue;
		rec.last = types[i].last;
		return wanted(l, &rec) ? on_record(l->r, &rec) : 0;
	}
	return 0;
}

/* A log is the machine's, a policy a program's. */
static void tell_exes(struct log *l)
{
	char *words = l->exes.s;

	if (l->n_exes < 2 || !cr_buf_ok(&l->exes))
		return;
	words[l->exes.len - 1] = '\0';
	cr_reader_loss(l->r, "the records of %s%u executables make one policy: %.300s%s; --exe "
		       "takes one's", l->n_exes > EXES_MAX ? "more than " : "",
		       l->n_exes > EXES_MAX ? EXES_MAX : l->n_exes, words + 1,
		       l->n_exes > EXES_MAX || strlen(words + 1) > 300 ? " ..." : "");
}

int cr_read_audit(struct cr_reader *r)
{
	struct log l = { .r = r, .exes = CR_BUF_INIT };
	char *line;
	size_t len;
	int rc;

	while ((rc = cr_reader_line(r, &line, &len)) > 0) {
		rc = on_line(&l, line);
		if (rc < 0)
			break;
	}
	if (rc == 0)
		tell_exes(&l);
	cr_buf_fini(&l.exes);
	return rc;
}
