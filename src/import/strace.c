/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "import-int.h"

/*
 * strace(1) says which ABI a process has only when it changes; a new process has the one of the
 * process that strace looked at last, which is its parent. So do we: two bits for each process,
 * whose numbers the kernel bounds (PID_MAX_LIMIT).
 */
#define PIDS (4u << 20)

struct trace {
	struct cr_reader *r;	/* borrowed */
	unsigned char *abi;	/* owned; 0: not seen yet, else ABI + 1 */
	enum cr_abi last;
	bool summary;		/* in a table of strace -c */
	bool summaries;		/* there was one */
	bool said;		/* the log says of some process what ABI it has */
};

static bool starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static const char *blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* "[pid 12] ", "[pid 12<comm>] ", "12 ", "12<comm> ": behind it. */
static const char *skip_pid(const char *s, unsigned long *pid)
{
	bool bracket = starts(s, "[pid ");
	const char *p = bracket ? blanks(s + 4) : s;
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)*p))
		return s;
	n = strtoul(p, &end, 10);
	if (*end == '<') {
		end = strchr(end, '>');
		if (!end)
			return s;
		end++;
	}
	if (*end != (bracket ? ']' : ' '))
		return s;
	*pid = n;
	return blanks(end + 1);
}

/* The time in any of strace's forms, "[nr]" and "[ip]". */
static const char *skip_stamps(const char *s)
{
	size_t n;

	for (;;) {
		s = blanks(s);
		n = strspn(s, "0123456789:.T+-");
		if (n && (s[n] == ' ' || s[n] == '\t') && strpbrk(s, ":.") < s + n &&
		    strpbrk(s, ":.")) {
			s += n;
		} else if (starts(s, "(+") && strchr(s, ')')) {
			s = strchr(s, ')') + 1;
		} else if (*s == '[' && s[n = 1 + strspn(s + 1, " 0123456789abcdef?")] == ']') {
			s += n + 1;
		} else {
			return s;
		}
	}
}

static bool mode_of(const char *s, enum cr_abi *abi)
{
	if (starts(s, "64 bit"))
		*abi = CR_ABI_X86_64;
	else if (starts(s, "32 bit"))
		*abi = CR_ABI_I386;
	else if (starts(s, "x32"))
		*abi = CR_ABI_X32;
	else
		return false;
	return true;
}

/* "[ Process PID=12 runs in 32 bit mode. ]". 1: it was one. */
static int on_mode(struct trace *t, const char *s)
{
	const char *runs = strstr(s, " runs in ");
	unsigned long pid;
	enum cr_abi abi;

	if (!starts(s, "[ Process PID=") || !runs)
		return 0;
	pid = strtoul(s + strlen("[ Process PID="), NULL, 10);
	t->said = true;
	if (!mode_of(runs + strlen(" runs in "), &abi) || pid >= PIDS) {
		int rc = cr_reader_bad(t->r, "this process is of no known mode");

		return rc < 0 ? rc : 1;
	}
	t->abi[pid] = (unsigned char)(abi + 1);
	t->abi[0] = t->abi[pid];	/* a log of one process names none in its lines */
	t->last = abi;
	return 1;
}

/* strace shows what socketcall and ipc of i386 do under the names of what they do. */
static int i386_doors(struct cr_reader *r, const char *name, int nr)
{
	static const struct {
		const char *name;
		const char *door;
	} doors[] = {
		{ "socket", "socketcall" }, { "bind", "socketcall" }, { "connect", "socketcall" },
		{ "listen", "socketcall" }, { "accept", "socketcall" }, { "send", "socketcall" },
		{ "accept4", "socketcall" }, { "getsockname", "socketcall" },
		{ "getpeername", "socketcall" }, { "socketpair", "socketcall" },
		{ "recv", "socketcall" }, { "sendto", "socketcall" }, { "sendmsg", "socketcall" },
		{ "recvfrom", "socketcall" }, { "recvmsg", "socketcall" },
		{ "shutdown", "socketcall" }, { "setsockopt", "socketcall" },
		{ "getsockopt", "socketcall" }, { "recvmmsg", "socketcall" },
		{ "sendmmsg", "socketcall" }, { "semop", "ipc" }, { "semget", "ipc" },
		{ "semctl", "ipc" }, { "semtimedop", "ipc" }, { "msgsnd", "ipc" },
		{ "msgrcv", "ipc" }, { "msgget", "ipc" }, { "msgctl", "ipc" }, { "shmat", "ipc" },
		{ "shmdt", "ipc" }, { "shmget", "ipc" }, { "shmctl", "ipc" },
	};
	char more[CR_NAME_MAX + 32];
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(doors) && strcmp(doors[i].name, name) != 0; i++)
		;
	if (i == CR_ARRAY_SIZE(doors))
		return nr < 0 ? nr : 0;
	cr_reader_loss(r,
		       "i386: strace does not tell %s from the calls behind it: both are allowed",
		       doors[i].door);
	snprintf(more, sizeof(more), "may be what %s was", name);
	return cr_reader_allow(r, CR_ABI_I386,
			       (uint32_t)cr_reader_nr(r, CR_ABI_I386, doors[i].door), more);
}

/* A name of strace's: the kernel's, or "syscall_0x1ce" for one that it does not know. CR_NR_MAX for
 * a number that no call has. */
static int number_of(struct cr_reader *r, enum cr_abi abi, const char *name)
{
	unsigned long nr;
	char *end;
	int found;

	if (starts(name, "syscall_0x")) {
		nr = strtoul(name + strlen("syscall_0x"), &end, 16) & ~cr_abi_facts[abi].nr_bit;
		return *end ? -ENOENT : nr >= CR_NR_MAX ? (int)CR_NR_MAX : (int)nr;
	}
	if (starts(name, "nr:"))
		return -ENOENT;
	found = cr_reader_nr(r, abi, name);
	/* i386's first umount and select have names of their own with some versions. */
	if (found < 0 && strcmp(name, "oldumount") == 0)
		found = cr_reader_nr(r, abi, "umount");
	if (found < 0 && strcmp(name, "oldselect") == 0)
		found = cr_reader_nr(r, abi, "select");
	return found;
}

/* With -o strace only says what ABI a process has when it is told to. So a 32-bit program's calls
 * look like those of a 64-bit one, until one comes that there is none of; what came before has been
 * taken for something else then. */
static int unsaid(struct trace *t, const char *name)
{
	int rc;

	rc = cr_err_set(t->r->err, -EINVAL, "%s:%llu: %s is a call of 32-bit programs, and the log "
			"does not say which processes are such", t->r->path, t->r->line, name);
	cr_err_hint(t->r->err, "strace -e quiet=none writes it down; --abi i386 when all are");
	return rc;
}

static int on_call(struct trace *t, enum cr_abi abi, const char *s, size_t len)
{
	char name[CR_NAME_MAX];
	int nr, rc = 0;

	if (!len || len >= sizeof(name))
		return cr_reader_bad(t->r, "this is no line of strace");
	memcpy(name, s, len);
	name[len] = '\0';
	nr = number_of(t->r, abi, name);
	if (abi == CR_ABI_I386) {
		rc = i386_doors(t->r, name, nr);
		if (rc < 0 && rc != -ENOENT)
			return rc;
		if (rc == 0 && nr < 0)
			return 0;
	}
	if (nr < 0 && !t->said && !t->r->how->has_abi &&
	    number_of(t->r, CR_ABI_I386, name) >= 0)
		return unsaid(t, name);
	if (nr < 0)
		return cr_reader_bad(t->r, "no syscall is called \"%s\" in %s", name,
				     cr_abi_facts[abi].name);
	if (nr >= (int)CR_NR_MAX) {
		cr_reader_loss(t->r, "%s (%s), a number that no call has, is left out", name,
			       cr_abi_facts[abi].name);
		return 0;
	}
	return cr_reader_allow(t->r, abi, (uint32_t)nr, NULL);
}

/* "<... read resumed>": the beginning was on another line, or before the log. */
static int on_resumed(struct trace *t, enum cr_abi abi, const char *s)
{
	const char *name = s + strlen("<... ");
	size_t n = strcspn(name, " ");

	if (!starts(name + n, " resumed"))
		return cr_reader_bad(t->r, "this is no line of strace");
	return on_call(t, abi, name, n);
}

static int on_event(struct trace *t, unsigned long pid, const char *s)
{
	enum cr_abi abi;
	size_t n;

	if (!t->abi[pid])
		t->abi[pid] = (unsigned char)(t->last + 1);
	abi = (enum cr_abi)(t->abi[pid] - 1);
	t->last = abi;
	if (starts(s, "+++ ")) {
		t->abi[pid] = pid ? 0 : t->abi[0];	/* the number may come again */
		return 0;
	}
	if (starts(s, "--- ") || starts(s, "???") || !*s)
		return 0;
	if (starts(s, "<... "))
		return on_resumed(t, abi, s);
	n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");
	if (s[n] != '(')
		return cr_reader_bad(t->r, "this is no line of strace");
	return on_call(t, abi, s, n);
}

/* " 50.00    0.000012          12         1           openat": the last word is the name. */
static int on_row(struct trace *t, const char *s)
{
	const char *name = strrchr(s, ' ');
	char *end;

	if (*s == '\0')
		return 0;
	if (starts(s, "------"))
		return 0;
	strtod(s, &end);
	if (end == s || !name || *end != ' ') {
		t->summary = false;
		return 1;
	}
	name++;
	if (strcmp(name, "total") == 0) {
		t->summary = false;
		return 0;
	}
	return on_call(t, t->last, name, strlen(name));
}

/* What strace says of itself: no part of the program. */
static bool aside(const char *s)
{
	return starts(s, "strace: ") || starts(s, "Process ") || starts(s, " > ") ||
	       starts(s, ">");
}

static int on_line(struct trace *t, const char *line)
{
	const char *s = blanks(line);
	unsigned long pid = 0;
	int rc;

	if (starts(s, "System call usage summary for ")) {
		t->said = true;
		if (mode_of(s + strlen("System call usage summary for "), &t->last))
			return 0;
		return cr_reader_bad(t->r, "this summary is of no known mode");
	}
	if (starts(s, "% time")) {
		t->summary = t->summaries = true;
		return 0;
	}
	if (t->summary) {
		rc = on_row(t, s);
		if (rc <= 0)
			return rc;
	}
	if (!*s || aside(line))
		return 0;
	s = skip_pid(s, &pid);
	if (pid >= PIDS)
		return cr_reader_bad(t->r, "%lu is no process number", pid);
	rc = on_mode(t, s);
	if (rc == 0) {
		s = skip_stamps(s);
		rc = on_mode(t, s);
	}
	return rc ? (rc < 0 ? rc : 0) : on_event(t, pid, s);
}

/* strace -c counts a call when it returns. */
static void tell_missing(struct cr_reader *r)
{
	int nr = cr_reader_nr(r, CR_ABI_NATIVE, "exit_group");

	if (nr >= 0 && !cr_policy_own(r->to->policy, CR_ABI_NATIVE, (uint32_t)nr))
		cr_reader_loss(r, "a summary of strace -c leaves out calls that do not return: "
			       "exit_group, and exit of threads");
}

int cr_read_strace(struct cr_reader *r)
{
	cr_auto_free unsigned char *abi = calloc(PIDS, 1);
	struct trace t = {
		.r = r, .abi = abi, .last = r->how->has_abi ? r->how->abi : CR_ABI_NATIVE,
	};
	char *line;
	size_t len;
	int rc;

	if (!abi)
		return cr_err_sys(r->err, -ENOMEM, "cannot read %s", r->path);
	while ((rc = cr_reader_line(r, &line, &len)) > 0) {
		rc = strlen(line) == len ? on_line(&t, line) :
					   cr_reader_bad(r, "a NUL byte in the line");
		if (rc < 0)
			return rc;
	}
	if (rc == 0 && t.summaries)
		tell_missing(r);
	return rc;
}
