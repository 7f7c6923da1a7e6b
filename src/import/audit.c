/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <string.h>

#include "import-int.h"

/* The value of " KEY=" in a record, without quotes. False when it is not there. */
static bool field(const char *s, const char *key, char *out, size_t size)
{
	size_t n = strlen(key), len;
	const char *at = s;

	while ((at = strstr(at, key))) {
		if ((at == s || at[-1] == ' ') && at[n] == '=')
			break;
		at += n;
	}
	if (!at)
		return false;
	at += n + 1;
	len = strcspn(at, " \t\x1d");
	if (!len || len >= size)
		return false;
	memcpy(out, at, len);
	out[len] = '\0';
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
static const char *code_words(const char *s)
{
	char code[32], *end;
	unsigned long n;

	if (!field(s, "code", code, sizeof(code)))
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

static int on_record(struct cr_reader *r, const char *s)
{
	char word[CR_NAME_MAX], call[CR_NAME_MAX];
	enum cr_abi abi;
	unsigned long raw;
	uint32_t arch, nr;
	char *end;
	int found;

	if (!field(s, "arch", word, sizeof(word)) || arch_of(word, &arch) < 0)
		return cr_reader_bad(r, "the record has no arch");
	if (!field(s, "syscall", call, sizeof(call)))
		return cr_reader_bad(r, "the record has no syscall");
	raw = strtoul(call, &end, 10);
	if (*end && cr_abi_of(arch, 0, &abi, &nr) == 0) {
		found = cr_reader_nr(r, abi, call);
		if (found < 0 || strncmp(call, "nr:", 3) == 0)
			return cr_reader_bad(r, "no syscall is called \"%s\" in %s", call,
					     cr_abi_facts[abi].name);
		return cr_reader_allow(r, abi, (uint32_t)found, code_words(s));
	}
	if (cr_abi_of(arch, (uint32_t)raw, &abi, &nr) < 0) {
		cr_reader_loss(r, "records of another machine (arch %s) are left out", word);
		return 0;
	}
	if (*end || raw > UINT32_MAX || nr >= CR_NR_MAX)
		return cr_reader_bad(r, "%s is no call number", call);
	return cr_reader_allow(r, abi, nr, code_words(s));
}

/* Audit logs, and the kernel's and the journal's lines that quote them. Other records and lines
 * say nothing of a call. */
static int on_line(struct cr_reader *r, const char *line)
{
	static const char *const types[] = { "SECCOMP", "1326", "SYSCALL", "1300" };
	const char *s = strstr(line, "type=");
	size_t i, n;

	if (!s)
		return 0;
	s += strlen("type=");
	n = strcspn(s, " \t");
	for (i = 0; i < CR_ARRAY_SIZE(types); i++) {
		if (strlen(types[i]) == n && memcmp(s, types[i], n) == 0)
			return on_record(r, s);
	}
	return 0;
}

int cr_read_audit(struct cr_reader *r)
{
	char *line;
	size_t len;
	int rc;

	while ((rc = cr_reader_line(r, &line, &len)) > 0) {
		rc = on_line(r, line);
		if (rc < 0)
			return rc;
	}
	return rc;
}
