/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor - why tracing would fail here, each line with one thing to try
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/utsname.h>

#include "cr/cli.h"
#include "cr/json.h"
#include "cr/log.h"
#include "cr/probe.h"

enum { OPT_JSON = CR_OPT_FIRST };

static const struct cr_option options[] = {
	{ 0, "json", NULL, "print one JSON object", OPT_JSON },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut doctor [options]",
	"Check whether chestnut-run can trace programs here, by looking and by trying.",
	"Exit status: 0 when it can, 1 when something is in the way.",
	"",
	NULL
};

enum grade { GOOD, NOTE, BAD };

struct visit {
	bool colour;
	bool may_trace_all;	/* CAP_SYS_PTRACE is there */
	unsigned int bad;
	bool json;
	struct cr_json j;
	struct json_object *findings;	/* borrowed: from j */
	char status[4096];	/* /proc/self/status; "" when unreadable */
};

#define CAP_SYS_PTRACE_BIT 19

CR_PRINTF(4, 5)
static void say(struct visit *v, enum grade grade, const char *hint, const char *fmt, ...)
{
	static const char *const word[] = { [GOOD] = "ok", [NOTE] = "note", [BAD] = "FAIL" };
	static const char *const ink[] = { [GOOD] = "32", [NOTE] = "33", [BAD] = "31" };
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	v->bad += grade == BAD;
	if (v->json) {
		struct json_object *o = cr_json_object(&v->j, v->findings, NULL);

		cr_json_text(&v->j, o, "grade", word[grade]);
		cr_json_text(&v->j, o, "finding", text);
		cr_json_text(&v->j, o, "try", hint);
		return;
	}
	if (v->colour)
		printf("\033[%sm%-4s\033[0m ", ink[grade], word[grade]);
	else
		printf("%-4s ", word[grade]);
	printf("%s\n", text);
	if (hint)
		printf("     try: %s\n", hint);
}

/* The start of a small file, without the last newline; -errno when it cannot be read. */
static int slurp(const char *path, char *text, size_t size)
{
	cr_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	while (len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	if (len && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	return 0;
}

/* What stands behind "KEY:\t" in /proc/self/status; "" when there is no such line. */
static const char *status_of(const struct visit *v, const char *key, char *text, size_t size)
{
	const char *line = v->status, *end;
	size_t k = strlen(key);

	text[0] = '\0';
	while (line && *line) {
		if (strncmp(line, key, k) == 0 && line[k] == ':') {
			line += k + 1 + strspn(line + k + 1, " \t");
			end = strchrnul(line, '\n');
			snprintf(text, size, "%.*s", (int)(end - line), line);
			break;
		}
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return text;
}

static void check_kernel(struct visit *v)
{
	unsigned int major = 0, minor = 0;
	struct utsname u;

	if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2) {
		say(v, NOTE, NULL, "the kernel's release cannot be told");
		return;
	}
	if (major > 5 || (major == 5 && minor >= 3))
		say(v, GOOD, NULL, "kernel %s can tell what a stopped call is", u.release);
	else
		say(v, BAD, "a kernel of 5.3 or later",
		    "kernel %s is too old: PTRACE_GET_SYSCALL_INFO came with 5.3", u.release);
	if (strcmp(u.machine, "x86_64") != 0)
		say(v, BAD, "an x86-64 machine, or leave the 32-bit personality (setarch x86_64)",
		    "this machine calls itself %s", u.machine);
}

static void check_actions(struct visit *v)
{
	char text[256], *word, *save = NULL;
	bool trace = false;

	if (slurp("/proc/sys/kernel/seccomp/actions_avail", text, sizeof(text)) < 0) {
		say(v, NOTE, "mount /proc; a kernel with CONFIG_SECCOMP_FILTER",
		    "/proc/sys/kernel/seccomp/actions_avail cannot be read");
		return;
	}
	for (word = strtok_r(text, " \t", &save); word; word = strtok_r(NULL, " \t", &save))
		trace |= strcmp(word, "trace") == 0;
	if (trace)
		say(v, GOOD, NULL, "seccomp filters can stop calls for a tracer");
	else
		say(v, BAD, "a kernel whose seccomp/actions_avail has \"trace\"",
		    "seccomp filters cannot stop calls for a tracer");
}

static void check_capability(struct visit *v)
{
	char text[64];

	status_of(v, "CapEff", text, sizeof(text));
	v->may_trace_all = *text && (strtoull(text, NULL, 16) >> CAP_SYS_PTRACE_BIT & 1);
	if (v->may_trace_all)
		say(v, GOOD, NULL, "CAP_SYS_PTRACE is there: other users' programs can be traced");
	else
		say(v, NOTE, NULL, "no CAP_SYS_PTRACE: only programs of this user can be traced");
}

static void check_yama(struct visit *v)
{
	const char *file = "/proc/sys/kernel/yama/ptrace_scope";
	char text[32];

	if (slurp(file, text, sizeof(text)) < 0) {
		say(v, GOOD, NULL, "Yama does not restrict ptrace here");
		return;
	}
	switch (text[0]) {
	case '0':
		say(v, GOOD, NULL, "%s is 0: no restriction", file);
		return;
	case '1':
		say(v, GOOD, NULL, "%s is 1: what chestnut-run starts can be traced", file);
		return;
	case '2':
		if (v->may_trace_all)
			say(v, GOOD, NULL, "%s is 2, and CAP_SYS_PTRACE is there", file);
		else
			say(v, BAD, "run as root, or sysctl kernel.yama.ptrace_scope=1",
			    "%s is 2: only root may trace here", file);
		return;
	case '3':
		say(v, BAD, "boot with kernel.yama.ptrace_scope below 3; it cannot be lowered",
		    "%s is 3: nobody may trace here", file);
		return;
	}
	say(v, NOTE, NULL, "%s is %s: not known", file, text);
}

static void check_container(struct visit *v)
{
	static const char *const marks[] = { "/.dockerenv", "/run/.containerenv",
					     "/run/systemd/container" };
	const char *hint = "if tracing fails: --cap-add SYS_PTRACE, or --security-opt "
			   "seccomp=unconfined";
	const char *env = getenv("container");
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(marks); i++) {
		if (access(marks[i], F_OK) == 0) {
			say(v, NOTE, hint, "this is a container (%s)", marks[i]);
			return;
		}
	}
	if (env && *env)
		say(v, NOTE, hint, "this is a container ($container is %s)", env);
}

/* ptrace and wait speak our PID namespace, /proc the one it was mounted in. */
static void check_proc(struct visit *v)
{
	char link[32] = "", ids[128];
	ssize_t n = readlink("/proc/self", link, sizeof(link) - 1);

	if (n < 0) {
		say(v, BAD, "mount -t proc proc /proc", "/proc is not there");
		return;
	}
	link[n] = '\0';
	if (strtol(link, NULL, 10) != (long)getpid())
		say(v, BAD, "mount -t proc proc /proc, in this PID namespace",
		    "/proc is of another PID namespace: it calls process %ld %s", (long)getpid(),
		    link);
	else
		say(v, GOOD, NULL, "/proc shows this PID namespace");
	if (strchr(status_of(v, "NSpid", ids, sizeof(ids)), '\t'))
		say(v, NOTE, NULL, "/proc shows an outer PID namespace: its numbers differ");
}

static void check_seccomp(struct visit *v)
{
	char mode[32], nnp[32], tracer[32];

	status_of(v, "Seccomp", mode, sizeof(mode));
	if (!*mode)
		say(v, NOTE, "a kernel with CONFIG_SECCOMP",
		    "/proc/self/status says nothing of seccomp");
	else if (*mode == '0')
		say(v, GOOD, NULL, "no seccomp filter is in force yet");
	else
		say(v, NOTE, "if a program fails only under chestnut-run, start it outside",
		    "a seccomp filter is in force already: what it denies stays denied");
	if (*status_of(v, "NoNewPrivs", nnp, sizeof(nnp)) == '1')
		say(v, NOTE, NULL, "no_new_privs is set: set-user-id programs get no privileges");
	status_of(v, "TracerPid", tracer, sizeof(tracer));
	if (*tracer && strcmp(tracer, "0") != 0)
		say(v, NOTE, "leave the debugger, or strace without -f",
		    "process %s traces us; it may get our programs first", tracer);
}

static void check_live(struct visit *v)
{
	struct cr_err err = { "", "" };

	fflush(stdout);
	if (cr_probe_trace(&err) < 0)
		say(v, BAD, err.hint[0] ? err.hint : NULL, "tried it: %s", err.text);
	else
		say(v, GOOD, NULL, "tried it: a call was stopped, read and refused");
}

int cr_cmd_doctor(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	struct visit v = { .colour = cr_colour(STDOUT_FILENO) };
	struct cr_err err = { "", "" };
	int id;

	while ((id = cr_options_next(&it, &err)) > 0) {
		if (cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
		v.json |= id == OPT_JSON;
	}
	if (id == 0 && it.at < argc) {
		id = cr_err_set(&err, -EINVAL, "doctor wants no arguments");
		cr_err_hint(&err, "chestnut doctor");
	}
	if (id < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	if (slurp("/proc/self/status", v.status, sizeof(v.status)) < 0)
		v.status[0] = '\0';
	cr_json_begin(&v.j);
	v.findings = cr_json_array(&v.j, v.j.top, "findings");
	check_kernel(&v);
	check_actions(&v);
	check_capability(&v);
	check_yama(&v);
	check_container(&v);
	check_proc(&v);
	check_seccomp(&v);
	check_live(&v);
	cr_json_bool(&v.j, v.j.top, "can-trace", !v.bad);
	if (cr_json_end(&v.j, v.json ? stdout : NULL) < 0 && v.json) {
		cr_error("cannot print what was found: out of memory");
		return CR_EXIT_FAIL;
	}
	return v.bad ? CR_EXIT_FAIL : CR_EXIT_OK;
}
