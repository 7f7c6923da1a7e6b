/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <json-c/json.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cr/import.h"
#include "cr/ini.h"
#include "../../src/export/export-int.h"
#include "cli-run.h"

#define POLICIES 40

static struct cr_buf out, losses;
static struct cr_err err;
static uint32_t seed = 1;
static uint32_t highest;	/* number that has a name */

/* The same every time. */
static uint32_t chance(uint32_t n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % n;
}

/* Of a kernel that is alone: who is to be asked says no, what is to be stopped ends. */
static uint32_t ret_of(enum cr_action act, int e)
{
	switch (act) {
	case CR_ACT_ALLOW:
		return SECCOMP_RET_ALLOW;
	case CR_ACT_LOG:
		return SECCOMP_RET_LOG;
	case CR_ACT_ASK:
		return SECCOMP_RET_ERRNO | EPERM;
	case CR_ACT_ERRNO:
		return SECCOMP_RET_ERRNO | (uint32_t)e;
	case CR_ACT_STOP:
	case CR_ACT_KILL:
		return SECCOMP_RET_KILL_PROCESS;
	case CR_ACT_NEVER:
	case CR_ACT_NONE:
		break;
	}
	CR_FAIL("a violation is no answer");
	return 0;
}

/* @open: a format that can say so lets pass what the policy does not name. */
static uint32_t violation_of(const struct cr_policy *p, bool open)
{
	if (p->violation.what == CR_ACT_LOG && !open)
		return SECCOMP_RET_ERRNO | EPERM;
	return ret_of(p->violation.what, p->violation.err);
}

static struct cr_policy *random_policy(void)
{
	static const int errnos[] = { EPERM, EACCES, ENOSYS, 4094 };	/* libseccomp's last */
	struct cr_policy *p = cr_policy_new();
	uint32_t i, n = chance(200), nr, windows = chance(2) ? 0 : chance(4), window;
	char function[16];

	CR_CHECK(p != NULL);
	for (i = 0; i < windows; i++) {
		struct cr_window_name name = { .function = function };

		snprintf(function, sizeof(function), "f%u", i);
		CR_CHECK_INT(cr_policy_window_add(p, 0, &name), i + 1);
	}
	p->outside_any = windows && chance(3) == 0;
	p->violation.what = (enum cr_action)(CR_ACT_LOG + chance(5));
	if (p->violation.what == CR_ACT_ERRNO)
		p->violation.err = errnos[chance(4)];
	p->horizon_nr = chance(2) ? chance(700) : 0;
	for (i = 0; i < n; i++) {
		enum cr_abi abi = chance(4) ? CR_ABI_NATIVE : (enum cr_abi)chance(CR_ABI_COUNT);
		enum cr_action act = (enum cr_action)(CR_ACT_ALLOW + chance(7));

		nr = chance(8) ? chance(460) : chance(CR_NR_MAX);
		window = chance(windows + 1);
		if (!window && chance(3) == 0)
			CR_CHECK_INT(cr_policy_set(p, "base-x", abi, nr, act,
						   act == CR_ACT_ERRNO ? errnos[chance(4)] : 0), 0);
		else
			CR_CHECK_INT(cr_policy_set_in(p, window, abi, nr, act, act == CR_ACT_ERRNO ?
						      errnos[chance(4)] : 0), 0);
	}
	return p;
}

static int export(const struct cr_policy *p, const char *format)
{
	cr_buf_clear(&out);
	cr_buf_clear(&losses);
	err.text[0] = '\0';
	return cr_export(&(struct cr_export_what){ .p = p }, cr_export_find(format), &out, &losses,
			 &err);
}

static void must_export(const struct cr_policy *p, const char *format)
{
	if (export(p, format) < 0)
		CR_FAIL("%s: %s", format, err.text);
}

static struct cr_policy *parse(const char *text)
{
	struct cr_policy *p = NULL;

	if (cr_ini_parse("./t.policy", text, strlen(text), &p, &err) < 0)
		CR_FAIL("%s", err.text);
	return p;
}

static bool has_x32(const struct cr_policy *p)
{
	struct cr_rule *const *r;
	size_t i, k, n;

	for (i = 0; i < p->n_rules && !p->outside_any; i++)
		if (p->rules[i]->abi == CR_ABI_X32)
			return true;
	for (k = 1; k <= p->n_windows; k++) {
		r = cr_policy_rules_in(p, (unsigned int)k, &n);
		for (i = 0; i < n; i++)
			if (r[i]->abi == CR_ABI_X32)
				return true;
	}
	return false;
}

/* chestnut-run(1), strict mode, outside (0) or inside of one window. */
static uint32_t answer_in(const struct cr_policy *p, unsigned int window, enum cr_abi abi,
			  uint32_t nr)
{
	uint32_t horizon = p->horizon_nr ? p->horizon_nr : highest;
	const struct cr_rule *r = cr_policy_find_in(p, window, abi, nr);

	if (nr == cr_abi_facts[abi].restart_syscall)
		return SECCOMP_RET_ALLOW;
	if (r && r->act != CR_ACT_NEVER)
		return ret_of(r->act, r->err);
	return !r && nr > horizon ? SECCOMP_RET_ERRNO | ENOSYS : violation_of(p, true);
}

/* Is @got what a filter for the whole program may say: that it passes when it does anywhere, and
 * is told when it is anywhere; else one of the denials? */
static bool right(const struct cr_policy *p, enum cr_abi abi, uint32_t nr, uint32_t got)
{
	bool log = false, passes = false, same = false;
	unsigned int k;

	if (abi == CR_ABI_X32 && !has_x32(p))
		return got == SECCOMP_RET_KILL_PROCESS;
	for (k = p->outside_any ? 1 : 0; k <= p->n_windows; k++) {
		uint32_t one = answer_in(p, k, abi, nr);

		log |= one == SECCOMP_RET_LOG;
		passes |= cr_export_passes(one);
		same |= one == got;
	}
	return passes ? got == (log ? SECCOMP_RET_LOG : SECCOMP_RET_ALLOW) : same;
}

static void filter_of(struct cr_filter *f)
{
	f->insn = (struct sock_filter *)out.s;
	f->len = (unsigned short)(out.len / sizeof(*f->insn));
	CR_CHECK_INT(cr_bpf_check(f), 0);
}

static int prove(const struct cr_policy *p, const struct cr_filter *f)
{
	return cr_export_prove(&(struct cr_export_what){ .p = p }, f, &err);
}

CR_TEST(bpf)
{
	struct cr_filter f;
	enum cr_abi abi;
	uint32_t nr;
	int i;

	for (i = 0; i < POLICIES; i++) {
		struct cr_policy *p = random_policy();

		must_export(p, "bpf");
		filter_of(&f);
		for (abi = 0; abi < CR_ABI_COUNT; abi++) {
			for (nr = 0; nr < CR_NR_MAX; nr++) {
				struct seccomp_data d = {
					.arch = cr_abi_facts[abi].audit_arch,
					.nr = (int)(nr | cr_abi_facts[abi].nr_bit),
				};

				if (!right(p, abi, nr, cr_bpf_run(&f, &d, NULL)))
					CR_FAIL("policy %d: %s %u", i, cr_abi_facts[abi].name, nr);
			}
		}
		cr_policy_free(p);
	}
}

/* Every instruction matters, so a change of any must be found. */
CR_TEST(proof)
{
	struct cr_policy *p = parse("[policy]\nhorizon = 6.1 450\n[syscalls]\nread = allow\n"
				    "openat = log\nmount = errno EPERM\n[syscalls i386]\n"
				    "read = allow\n[syscalls x32]\nwrite = allow\n");
	struct cr_filter f;
	unsigned short i;

	must_export(p, "bpf");
	filter_of(&f);
	for (i = 0; i < f.len; i++) {
		struct sock_filter keep = f.insn[i];

		if (BPF_CLASS(keep.code) == BPF_RET)
			f.insn[i].k ^= SECCOMP_RET_ALLOW;
		else if (BPF_CLASS(keep.code) == BPF_LD)
			f.insn[i].k ^= offsetof(struct seccomp_data, arch);
		else if (BPF_OP(keep.code) == BPF_JA)
			f.insn[i].k -= 1;
		else
			f.insn[i].k += 1;
		if (prove(p, &f) != -EBADMSG)
			CR_FAIL("a change of instruction %u is not found", i);
		f.insn[i] = keep;
		CR_CHECK_INT(prove(p, &f), 0);
	}
	f.insn[0].k = offsetof(struct seccomp_data, args);
	CR_CHECK_INT(prove(p, &f), -EBADMSG);
	CR_CHECK_STR(err.text, "the compiled filter is wrong: read (x86-64, number 0) would kill "
		     "(0x80000000), but should pass (0x7fff0000)");
	cr_policy_free(p);
}

/* What libseccomp does not take no runtime can load. */
CR_TEST(too_high)
{
	struct cr_policy *p = parse("[syscalls]\nread = errno 4095\n");

	CR_CHECK_INT(export(p, "oci"), -EINVAL);
	CR_CHECK_STR(err.text, "libseccomp cannot compile the profile: Invalid argument");
	CR_CHECK_INT(out.len, 0);
	must_export(p, "bpf");
	cr_policy_free(p);
	p = parse("[policy]\nviolation = errno 4095\n");
	CR_CHECK_INT(export(p, "docker"), -EINVAL);
	cr_policy_free(p);
}

/* Eighteen alternatives of three arguments each. */
CR_TEST(too_many)
{
	char text[2048];
	struct cr_policy *p;
	int i, n = snprintf(text, sizeof(text), "[syscalls]\nsocket = allow if ");

	for (i = 0; i < 18; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "%sarg0 == %d and arg1 & 15 == %d and arg2 == %d", i ? " or " : "",
			      i * 7 + 1, i % 9, i * 3);
	p = parse(text);
	CR_CHECK(export(p, "bpf") < 0);
	CR_CHECK_HAS(err.text, "the condition of socket (x86-64) is too long to be proved");
	must_export(p, "oci");
	CR_CHECK_HAS(cr_buf_str(&losses), "conditions on arguments are lost");
	CR_CHECK(!strstr(out.s, "\"args\""));
	cr_policy_free(p);
}

CR_TEST(too_long)
{
	struct cr_policy *p = cr_policy_new();
	enum cr_abi abi;
	uint32_t nr;

	for (abi = 0; abi < CR_ABI_COUNT; abi++)
		for (nr = 0; nr < CR_NR_MAX; nr += 2)
			CR_CHECK_INT(cr_policy_set(p, NULL, abi, nr, CR_ACT_ALLOW, 0), 0);
	CR_CHECK_INT(export(p, "bpf"), -E2BIG);
	CR_CHECK_HAS(err.text, "more than 4096 instructions");
	CR_CHECK_INT(out.len + losses.len, 0);
	cr_policy_free(p);
}

static bool opens(const char *format)
{
	return cr_export_find(format)->holds & CR_HOLDS_OPEN;
}

static struct cr_export *answers(const struct cr_policy *p, const char *format)
{
	struct cr_export *x = calloc(1, sizeof(*x));
	struct cr_policy *flat = NULL;

	CR_CHECK(x != NULL);
	CR_CHECK_INT(cr_export_flatten(&(struct cr_export_what){ .p = p }, &flat, &losses, &err),
		     0);
	cr_export_answers(flat, cr_export_find(format)->holds, x);
	cr_policy_free(flat);
	return x;
}

/* What a runtime makes of a profile is compared with the policy, not with what was written. */
CR_TEST(replay)
{
	static const char *const wrong[][2] = {
		{ "\"read\"", "\"readv\"" }, { "SCMP_ACT_LOG", "SCMP_ACT_ALLOW" },
		{ "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_ERRNO" },
		{ "\"errnoRet\": 13", "\"errnoRet\": 1" }, { "\"valueTwo\": 0", "\"valueTwo\": 4" },
		{ "\"index\": 2", "\"index\": 1" }, { "MASKED_EQ", "EQ" },
		{ "\"value\": 4", "\"value\": 12" }, { "SCMP_CMP_LE", "SCMP_CMP_GE" },
	};
	struct cr_policy *p = parse("[syscalls]\nread = allow\nopenat = log\n"
				    "mount = errno EACCES\n"
				    "mprotect = allow if not arg2 & PROT_EXEC\n"
				    "munmap = allow if arg1 <= 65536\n");
	struct cr_policy *flat = NULL;
	struct cr_export *x = calloc(1, sizeof(*x));
	char text[65536], *at;
	size_t i;

	CR_CHECK(x != NULL);
	CR_CHECK_INT(cr_export_flatten(&(struct cr_export_what){ .p = p }, &flat, &losses, &err),
		     0);
	cr_export_answers(flat, CR_HOLDS_CASES, x);
	cr_export_spell(x);
	must_export(p, "oci");
	CR_CHECK_INT(cr_export_replay(x, out.s, &err), 0);
	for (i = 0; i < CR_ARRAY_SIZE(wrong); i++) {
		at = strstr(out.s, wrong[i][0]);
		CR_CHECK(at != NULL);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - out.s), out.s, wrong[i][1],
			 at + strlen(wrong[i][0]));
		CR_CHECK_INT(cr_export_replay(x, text, &err), -EBADMSG);
		CR_CHECK_HAS(err.text, "the profile is wrong: it answers ");
	}
	CR_CHECK_INT(cr_export_replay(x, "{", &err), -EBADMSG);
	cr_policy_free(flat);
	free(x);
	cr_policy_free(p);
}

static struct cr_imported import(const char *format)
{
	const struct cr_import_how how = { .skip_bad = false };
	int fd = memfd_create("round", MFD_CLOEXEC);
	struct cr_imported im;

	CR_CHECK(fd >= 0);
	CR_CHECK_INT(write(fd, cr_buf_str(&out), out.len), out.len);
	CR_CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	if (cr_import(cr_import_find(format), fd, "round", &how, &im, &err) < 0)
		CR_FAIL("%s: %s", format, err.text);
	close(fd);
	return im;
}

/* What a format holds of an answer. */
static uint32_t held(uint32_t ret, bool log, bool denials)
{
	if (ret == SECCOMP_RET_LOG && !log)
		return SECCOMP_RET_ALLOW;
	return denials || cr_export_passes(ret) ? ret : SECCOMP_RET_KILL_PROCESS;
}

/* Exports @p, imports that, and compares what both answer to each call that has a name. */
static void round_trip(const struct cr_policy *p, const char *format, bool log, bool denials)
{
	struct cr_export *a = answers(p, format), *b;
	struct cr_imported im;
	char name[CR_NAME_MAX];
	uint32_t nr;

	must_export(p, format);
	im = import(format);
	b = answers(im.policy, format);
	for (nr = 0; nr < CR_NR_MAX; nr++) {
		cr_nr_to_name(CR_ABI_NATIVE, nr, name);
		if (strncmp(name, "nr:", 3) != 0 &&
		    held(a->ret[CR_ABI_NATIVE][nr], log, denials) !=
		    held(b->ret[CR_ABI_NATIVE][nr], log, denials))
			CR_FAIL("%s, seed %u: %s was %#x, is %#x", format, seed, name,
				a->ret[CR_ABI_NATIVE][nr], b->ret[CR_ABI_NATIVE][nr]);
	}
	cr_imported_fini(&im);
	free(a);
	free(b);
}

CR_TEST(round_trips)
{
	int i;

	for (i = 0; i < POLICIES; i++) {
		struct cr_policy *p = random_policy();

		round_trip(p, "oci", true, true);
		round_trip(p, "docker", true, true);
		round_trip(p, "minijail", false, true);
		round_trip(p, "names", false, false);
		cr_policy_free(p);
	}
}

static const struct {
	const char *call;
	const char *tests[4];
} conditions[] = {
	{ "mprotect", { "not arg2 & PROT_EXEC", "arg2 == PROT_READ", "arg1 <= 4096",
			"arg2 & 7 in 1 3" } },
	{ "ioctl", { "arg1 in TCGETS TIOCGWINSZ", "arg1 == 0x80000000", "arg0 in 0..2",
		     "arg0 == -1" } },
	{ "socket", { "arg0 in AF_UNIX AF_INET", "arg1 & 15 == SOCK_STREAM", "arg1 & SOCK_CLOEXEC",
		      "arg2 == 0" } },
	{ "lseek", { "arg2 == SEEK_SET", "arg1 >= 0", "arg1 < 4096", "arg0 != 3" } },
	{ "clone", { "not arg0 & CLONE_NEWUSER", "arg0 & CLONE_VM", "arg0 & 255 == 17",
		     "arg0 == 0x1200011" } },
	{ "personality", { "arg0 == 0", "arg0 == 0xffffffff", "arg0 in 0 8", "arg0 > 100" } },
	{ "pread64", { "arg2 <= 65536", "arg3 >= 4096", "arg0 == 3", "arg3 in 0 4096" } },
};

/* One to three of a call's tests, and alternatives of these, that do not exclude each other. */
static void random_condition(size_t k, char text[512])
{
	uint32_t nr = (uint32_t)cr_name_to_nr(CR_ABI_NATIVE, conditions[k].call);
	struct cr_conds *c = NULL;
	unsigned int i, n, len;

	do {
		len = 0;
		n = 1 + chance(3);
		for (i = 0; i < n; i++)
			len += (unsigned int)snprintf(text + len, 512 - len, "%s%s",
						      !i ? "" : chance(2) ? " and " : " or ",
						      conditions[k].tests[chance(4)]);
	} while (cr_conds_parse(CR_ABI_NATIVE, nr, text, &c, NULL, NULL) < 0);
	cr_conds_free(c);
}

static struct cr_policy *conditional_policy(void)
{
	static const char *const actions[] = { "allow", "allow", "allow", "allow", "log",
					       "errno EINVAL", "never", "ask", "kill", "stop" };
	static const char *const others[] = { "", "", "", "", "", " else errno EPERM",
					      " else allow", " else log", " else ask",
					      " else kill" };
	static const char *const violations[] = { "kill", "errno EACCES", "log", "ask", "stop" };
	char text[8192], condition[512];
	int len = snprintf(text, sizeof(text), "[policy]\nhorizon = 6.1 600\nviolation = %s\n"
			   "[syscalls]\nread = allow\n", violations[chance(5)]);
	struct cr_policy *p;
	size_t k;

	for (k = 0; k < CR_ARRAY_SIZE(conditions); k++) {
		const char *action = actions[chance(10)], *other = others[chance(10)];

		random_condition(k, condition);
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s = %s if %s%s\n",
				conditions[k].call, action, condition,
				strstr(other, action) ? "" : other);
	}
	p = parse(text);
	return p;
}

static uint64_t random_argument(void)
{
	static const uint64_t some[] = {
		0, 1, 2, 3, 4, 5, 7, 8, 16, 17, 100, 101, 255, 4095, 4096, 4097, 65536, 0x5401,
		0x5413, 0x1200011, 0x10000000, 0x80000, 0x80001, 0x80000000, 0x7fffffff, 0xffffffff,
	};
	uint64_t v = some[chance(CR_ARRAY_SIZE(some))];

	switch (chance(8)) {
	case 0:
		return v | 0x100000000ull;
	case 1:
		return v | 0xffffffff00000000ull;
	case 2:
		return -v;
	}
	return v;
}

/* What strict mode makes of it: SECCOMP_RET_*. */
static uint32_t judged(const struct cr_policy *p, uint32_t nr, const uint64_t args[6], bool open)
{
	const struct cr_rule *r = cr_policy_find(p, CR_ABI_NATIVE, nr);
	int e = 0;
	enum cr_action act = cr_rule_action(r, args, &e);

	return act == CR_ACT_NONE || act == CR_ACT_NEVER ? violation_of(p, open) : ret_of(act, e);
}

/* Is the call one that this loss is about? */
static bool lost(const char *sentence, const char *call)
{
	const char *at = strstr(cr_buf_str(&losses), sentence);
	size_t n = strlen(call);

	for (; at && *at && *at != '\n'; at++)
		if (*at == ' ' && strncmp(at + 1, call, n) == 0 && strchr(" \n", at[n + 1]))
			return true;
	return false;
}

/* Does an export that was imported again say the same, for calls that no loss is about? Denials
 * may be others where that was told. */
static void conditional_trip(const struct cr_policy *p, const char *format, bool log)
{
	struct cr_imported im;
	uint64_t args[6];
	size_t k, i, a;
	bool same;
	int nr;

	must_export(p, format);
	im = import(format);
	for (k = 0; k < CR_ARRAY_SIZE(conditions); k++) {
		if (lost("conditions on arguments are lost", conditions[k].call))
			continue;
		same = !lost("where their conditions fail", conditions[k].call);
		nr = cr_name_to_nr(CR_ABI_NATIVE, conditions[k].call);
		for (i = 0; i < 300; i++) {
			uint32_t was, is;

			for (a = 0; a < 6; a++)
				args[a] = random_argument();
			was = held(judged(p, (uint32_t)nr, args, opens(format)), log, same);
			is = held(judged(im.policy, (uint32_t)nr, args, true), log, same);
			if (was != is)
				CR_FAIL("%s, %s: was %#x, is %#x (%#llx %#llx %#llx %#llx)", format,
					conditions[k].call, was, is, (unsigned long long)args[0],
					(unsigned long long)args[1], (unsigned long long)args[2],
					(unsigned long long)args[3]);
		}
	}
	cr_imported_fini(&im);
}

CR_TEST(conditional)
{
	struct cr_filter f;
	uint64_t args[6];
	size_t i, k, n, a;
	int nr;

	for (i = 0; i < POLICIES; i++) {
		struct cr_policy *p = conditional_policy();

		must_export(p, "bpf");
		filter_of(&f);
		for (k = 0; k < CR_ARRAY_SIZE(conditions); k++) {
			nr = cr_name_to_nr(CR_ABI_NATIVE, conditions[k].call);
			for (n = 0; n < 300; n++) {
				struct seccomp_data d = {
					.arch = cr_abi_facts[CR_ABI_NATIVE].audit_arch, .nr = nr,
				};

				for (a = 0; a < 6; a++)
					d.args[a] = args[a] = random_argument();
				CR_CHECK_INT(cr_bpf_run(&f, &d, NULL),
					     judged(p, (uint32_t)nr, args, true));
			}
		}
		conditional_trip(p, "oci", true);
		conditional_trip(p, "docker", true);
		conditional_trip(p, "minijail", false);
		cr_policy_free(p);
	}
}

/* A profile that was imported comes out as it was, text and all. */
CR_TEST(stays)
{
	struct cr_imported im;
	int i;

	for (i = 0; i < POLICIES; i++) {
		struct cr_policy *p = random_policy();
		char *first;

		must_export(p, "oci");
		im = import("oci");
		first = cr_buf_take(&out);
		must_export(im.policy, "oci");
		CR_CHECK_STR(out.s, first);
		free(first);
		cr_imported_fini(&im);
		cr_policy_free(p);
	}
}

CR_TEST(said)
{
	struct cr_policy *p = parse("[syscalls]\nread = allow\n[policy]\nhorizon = 6.1.0 440\n");

	must_export(p, "oci");
	CR_CHECK_HAS(out.s, "\"mount_setattr\"");	/* 442 */
	CR_CHECK_HAS(out.s, "\"errnoRet\": 38");
	must_export(p, "minijail");
	CR_CHECK_HAS(out.s, "# newer than the policy\n");
	CR_CHECK_HAS(out.s, "\nmount_setattr: return 38\n");
	must_export(p, "bpf");
	CR_CHECK_STR(cr_buf_str(&losses), "execve is killed: who loads this filter and then starts "
		     "the program needs it (--base bwrap, --base crun, --base runc)\n");
	cr_policy_free(p);
}

/* What harpoon is for: only what the functions do counts. */
CR_TEST(windows)
{
	static const char rules[] =
		"[syscalls]\nread = allow\nsocket = never\n"
		"[window 1]\nfunction = \"a::b<c>*/\"\nsocket = allow\nmount = errno EPERM\n"
		"[window 4]\nfunction = \"g\"\nread = log\n";
	char text[1024];
	struct cr_policy *p;

	snprintf(text, sizeof(text), "%s", rules);
	p = parse(text);
	must_export(p, "docker");
	CR_CHECK_HAS(out.s, "\"comment\": \"window 1: a::b<c>?/\"");
	CR_CHECK_HAS(cr_buf_str(&losses), "2 windows are lost: what is allowed inside is allowed "
		     "everywhere: read (4) socket (1)\n");
	must_export(p, "names");
	CR_CHECK_STR(out.s, "read\nrestart_syscall\nsocket\n");
	cr_policy_free(p);
	snprintf(text, sizeof(text), "[policy]\noutside = any\n%s", rules);
	p = parse(text);
	must_export(p, "names");
	CR_CHECK_STR(out.s, "read\nrestart_syscall\nsocket\n");
	CR_CHECK_HAS(cr_buf_str(&losses), "outside of its windows the policy allows everything");
	cr_policy_unset_in(p, 4, CR_ABI_NATIVE, 0);
	must_export(p, "names");
	CR_CHECK_STR(out.s, "restart_syscall\nsocket\n");
	cr_policy_window_remove(p, 4);
	cr_policy_window_remove(p, 1);
	CR_CHECK_INT(export(p, "names"), -ENODATA);
	CR_CHECK_HAS(err.text, "says nothing to export");
	cr_policy_free(p);
}

#define P "[policy]\nviolation = errno EPERM\n[syscalls]\nread = allow\nmount = never\n"

static mode_t mode_of(const char *name)
{
	struct stat st;

	CR_CHECK_INT(stat(name, &st), 0);
	return st.st_mode & 07777;
}

CR_TEST(output)
{
	struct stat st;

	run_dir();
	run_file("p.policy", P);
	run_file("old", "old\n");
	CR_CHECK_INT(chmod("old", 0640), 0);
	CR_CHECK_INT(symlink("old", "link"), 0);
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "names", "p.policy", "-o", "link"), 0);
	CR_CHECK_STR(run_output, "");
	run_slurp("old", run_output, sizeof(run_output));
	CR_CHECK_STR(run_output, "read\nrestart_syscall\n");
	CR_CHECK_INT(mode_of("old"), 0640);
	CR_CHECK(lstat("link", &st) == 0 && S_ISLNK(st.st_mode));
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "-o", "no/where", "names", "p.policy"), 1);
	CR_CHECK_HAS(run_said, "cannot write no/where: No such file or directory");
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "-o", "/dev/full", "names", "p.policy"), 1);
	CR_CHECK_HAS(run_said, "cannot write /dev/full: No space left on device");
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "--json", "names", "p.policy", "-o", "new"), 0);
	CR_CHECK_HAS(run_output, "\n  \"format\":\"names\",\n  \"policy\":\"p.policy\",\n"
		     "  \"file\":\"new\",\n  \"losses\":[\n    \"what becomes of all other calls "
		     "is not said\"\n  ]\n}\n");
	CR_CHECK_STR(run_said, "");
	run_done();
}

CR_TEST(bases)
{
	run_dir();
	run_file("p.policy", P);
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "docker", "p.policy", "--base", "crun", "--base",
			 "base-bwrap"), 0);
	CR_CHECK_HAS(run_output, "\"comment\": \"base-crun\"");
	CR_CHECK_HAS(run_output, "\"setresuid\"");
	CR_CHECK_HAS(run_output, "\"comment\": \"base-bwrap\"");
	CR_CHECK_HAS(run_output, "\"wait4\"");
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "oci", "p.policy", "--base", "nothing"), 1);
	CR_CHECK_HAS(run_said, "no base set is called \"base-nothing\"");
	run_file("p.policy", "[policy]\noutside = any\n[window 1]\nfunction = \"f\"\n");
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "names", "p.policy", "--base", "bwrap"), 0);
	CR_CHECK_STR(run_output, "execve\nexit_group\nrestart_syscall\nwait4\nwrite\n");
	run_file("p.policy", "[syscalls]\nprctl = allow if arg0 == PR_SET_NAME\n"
		 "mprotect = allow if not arg2 & PROT_EXEC\nclone = allow if arg0 == 17\n");
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "pfc", "p.policy", "--base", "runc"), 0);
	CR_CHECK_HAS(run_output, "    if (arg0 in PR_SET_KEEPCAPS PR_SET_NAME PR_GET_NAME "
		     "PR_CAPBSET_DROP PR_CAP_AMBIENT)\n");
	CR_CHECK_HAS(run_output, "    if (not arg2 & PROT_EXEC)\n");
	CR_CHECK_HAS(run_output, "    if (arg0 & CLONE_THREAD or arg0 == SIGCHLD)\n");
	CR_CHECK_HAS(run_said, "base-runc wants prctl with other arguments than the policy: these "
		     "are allowed, too\n");
	CR_CHECK(!strstr(run_said, "wants mprotect"));
	run_file("p.policy", "[syscalls]\nwrite = errno EPERM\n");
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "oci", "p.policy", "--base", "crun"), 0);
	CR_CHECK_HAS(run_said, "base-crun wants write, which the policy denies: it stays "
		     "denied\n");
	CR_CHECK_HAS(run_output, "\"write\"\n      ],\n      \"action\": \"SCMP_ACT_ERRNO\"");
	run_done();
}

CR_TEST(usage)
{
	run_dir();
	run_file("-p", P);
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "names", "--", "-p"), 0);
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "--", "names", "-p"), 0);
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "names"), 2);
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "names", "--", "-p", "-o", "x"), 2);
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "--json", "names", "./-p"), 2);
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "names", "./-p", "--what"), 2);
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "nmaes", "./-p"), 2);
	CR_CHECK_HAS(run_said, "there is no format nmaes\n");
	CR_CHECK_HAS(run_said, "there are: oci docker ");
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "names", "./missing"), 1);
	CR_CHECK_INT(RUN(cr_cmd_export, "export", "oci", "--help"), 0);
	CR_CHECK_HAS(run_output, "\n  minijail   policy for minijail0 -S\n");
	run_done();
}

int main(void)
{
	highest = cr_nr_highest(CR_ABI_NATIVE);
	CR_RUN(bpf, "an exported filter answers every number of every ABI as strict mode does");
	CR_RUN(proof, "whatever is changed in a filter, the proof finds it");
	CR_RUN(too_high, "a profile that libseccomp would not take is refused");
	CR_RUN(too_many, "a condition that cannot be proved is refused, or lost and told");
	CR_RUN(too_long, "a filter that the kernel would not take is refused");
	CR_RUN(replay, "a profile that a runtime would read as something else is found");
	CR_RUN(round_trips, "what is exported and imported again answers each call as before");
	CR_RUN(conditional, "conditions are exported and imported, or their loss is told");
	CR_RUN(stays, "a profile that is imported and exported again is the same text");
	CR_RUN(said, "calls newer than the policy get ENOSYS as far as they have names");
	CR_RUN(windows, "windows are flattened: what passes anywhere passes, and that is told");
	CR_RUN(output, "a file is replaced as a whole, behind a link, too; a full disk is told");
	CR_RUN(bases, "base sets are added and tagged, and none allows what the policy denies");
	CR_RUN(usage, "options may stand anywhere before --; a wrong word exits with 2");
	cr_buf_fini(&out);
	cr_buf_fini(&losses);
	return cr_done();
}
