/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>

#include <json-c/json.h>

#include "cr/ini.h"
#include "cr/lint.h"
#include "cli-run.h"

static struct cr_lint_rows rows;
static struct cr_lint_report report;
static struct cr_policy *policy;
static struct cr_err err;

static void read_all(void)
{
	static char text[65536];
	const char *top = getenv("top_srcdir");
	char path[4096];
	size_t n;
	FILE *f;
	int t;

	for (t = 0; t < CR_LINT_TABLES; t++) {
		snprintf(path, sizeof(path), "%s/policies/%s", top ? top : ".",
			 cr_lint_file((enum cr_lint_table)t));
		f = fopen(path, "re");
		if (!f)
			CR_FAIL("there is no %s", path);
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
		text[n] = '\0';
		if (cr_lint_read(&rows, (enum cr_lint_table)t, path, text, &err) < 0)
			CR_FAIL("%s", err.text);
	}
}

static void lint(const char *text)
{
	if (cr_ini_parse("t", text, strlen(text), &policy, &err) < 0)
		CR_FAIL("%s", err.text);
	CR_CHECK_INT(cr_lint(policy, &rows, &report), 0);
}

static void done(void)
{
	cr_lint_fini(&report);
	cr_policy_free(policy);
	policy = NULL;
	cr_lint_rows_fini(&rows);
}

static const struct cr_lint_row *row(const char *key)
{
	size_t i;

	for (i = 0; i < rows.n; i++)
		if (strcmp(rows.row[i].key, key) == 0)
			return &rows.row[i];
	CR_FAIL("there is no row %s", key);
}

CR_TEST(tables)
{
	size_t i, k, cves = 0;

	read_all();
	for (i = 0; i < rows.n; i++) {
		cves += rows.row[i].table == CR_LINT_CVES;
		for (k = 0; k < i; k++)
			if (rows.row[i].table == rows.row[k].table &&
			    strcmp(rows.row[i].key, rows.row[k].key) == 0)
				CR_FAIL("%s is there twice", rows.row[i].key);
	}
	CR_CHECK(cves >= 25);
	done();
}

CR_TEST(loud_first)
{
	read_all();
	lint("[syscalls]\nmmap = allow\nptrace = log\nio_uring_setup = allow\nbpf = never\n"
	     "keyctl = errno EPERM\n");
	CR_CHECK_INT(report.n, 3);
	CR_CHECK_INT(report.finding[0].level, CR_LINT_LOUD);
	CR_CHECK_STR(report.finding[0].row->key, "io_uring_setup");
	CR_CHECK(!report.finding[0].twins);
	CR_CHECK_STR(report.finding[1].row->key, "ptrace");
	CR_CHECK_INT(report.finding[1].level, CR_LINT_WARN);
	CR_CHECK_INT(report.finding[1].rule->line, 3);
	CR_CHECK_INT(report.finding[2].level, CR_LINT_NOTE);
	done();
}

CR_TEST(each_abi)
{
	read_all();
	lint("[syscalls i386]\nptrace = allow\nquotactl_fd = allow\n");	/* "?" in the table */
	CR_CHECK_INT(report.warnings, 2);
	CR_CHECK_INT(report.finding[0].abi, CR_ABI_I386);
	CR_CHECK_INT(report.finding[0].nr, 26);
	CR_CHECK_INT(report.reachable[CR_ABI_X86_64], 0);
	CR_CHECK_INT(report.reachable[CR_ABI_I386], 2);
	CR_CHECK(report.known[CR_ABI_X86_64] > 350);
	done();
}

CR_TEST(twins_offered)
{
	read_all();
	lint("[syscalls]\nclone = allow\npipe = allow\npipe2 = never\n");
	CR_CHECK_INT(report.n, 3);
	CR_CHECK_STR(report.finding[0].twins, "clone3");
	CR_CHECK_STR(report.finding[1].twins, "fork vfork");
	CR_CHECK_INT(report.finding[0].level, CR_LINT_OFFER);
	CR_CHECK(!cr_policy_find(policy, CR_ABI_NATIVE, 435));
	done();
}

CR_TEST(holes)
{
	read_all();
	lint("[syscalls]\nsplice = allow\nexecve = allow\nrecvmmsg = allow\nio_setup = allow\n");
	CR_CHECK(row("CVE-2022-0847")->open);
	CR_CHECK(!row("CVE-2014-0038")->open);	/* only the x32 call */
	CR_CHECK(!row("CVE-2014-0206")->open);	/* one group of two */
	CR_CHECK(row("CVE-2016-7117")->open);
	CR_CHECK(!row("CVE-2017-16995")->open);
	CR_CHECK(row("shell")->open);
	CR_CHECK(!row("reverse shell")->open);
	done();
}

CR_TEST(windows)
{
	read_all();
	lint("[syscalls]\nread = allow\nptrace = never\n[window 1]\nfunction = \"f\"\nbpf = allow\n"
	     "[window 2]\nfunction = \"g\"\nptrace = log\nbpf = allow\npipe = allow\n");
	CR_CHECK_INT(report.warnings, 2);
	CR_CHECK_STR(report.finding[0].row->key, "bpf");
	CR_CHECK_STR(report.finding[0].window->function, "f");
	CR_CHECK_STR(report.finding[1].row->key, "ptrace");
	CR_CHECK_STR(report.finding[1].window->function, "g");
	CR_CHECK_STR(report.finding[2].twins, "pipe2");
	CR_CHECK_STR(report.finding[2].window->function, "g");
	CR_CHECK_INT(report.reachable[CR_ABI_X86_64], 4);
	CR_CHECK(row("CVE-2014-4699")->open);
	done();
	read_all();
	lint("[policy]\noutside = any\n[syscalls]\nbpf = allow\n[window 1]\nfunction = \"f\"\n"
	     "read = allow\n");
	CR_CHECK_INT(report.warnings, 1);
	CR_CHECK_INT(report.reachable[CR_ABI_X86_64], report.known[CR_ABI_X86_64]);
	CR_CHECK(row("CVE-2014-4699")->open);
	CR_CHECK(row("kernel module")->open);
	done();
}

CR_TEST(conditions)
{
	static const char rules[] =
		"[syscalls]\nmprotect = allow if arg2 in PROT_READ PROT_READ|PROT_WRITE\n"
		"mmap = allow if not arg2 & PROT_EXEC and arg4 == -1 or arg2 == PROT_READ\n"
		"clone = allow if not arg0 & CLONE_NEWUSER\n"
		"ptrace = allow if arg0 == PTRACE_TRACEME\n"
		"personality = log if arg0 == 0\nunshare = allow if arg0 & CLONE_FS\n"
		"mount = allow if arg3 == 0 else errno EPERM\n";
	char text[1024];

	read_all();
	lint(rules);
	CR_CHECK_INT(report.warnings, 3);
	CR_CHECK_STR(report.finding[0].row->key, "ptrace");
	CR_CHECK_STR(report.finding[1].row->key, "mount");
	CR_CHECK_STR(report.finding[2].row->key, "unshare");
	CR_CHECK(!row("code in new memory")->open);
	CR_CHECK(row("escape by namespaces")->open);
	CR_CHECK(row("CVE-2014-4699")->open);	/* a condition is no proof against a hole */
	done();
	read_all();
	snprintf(text, sizeof(text), "%s[window 1]\nfunction = \"f\"\nmprotect = allow\n", rules);
	lint(text);
	CR_CHECK(row("code in new memory")->open);
	CR_CHECK_STR(report.finding[report.n - 1].row->key, "mprotect");
	CR_CHECK(report.finding[report.n - 1].window != NULL);
	done();
	read_all();
	lint("[syscalls]\nmprotect = errno EPERM if arg2 & PROT_EXEC else allow\n");
	CR_CHECK(row("code in new memory")->open);	/* what is not understood is not harmless */
	done();
}

/* A ring does what the calls do that the policy does not allow. */
CR_TEST(rings)
{
	read_all();
	lint("[syscalls]\nio_uring_setup = allow\nexecve = allow\n");
	CR_CHECK(row("reverse shell")->open);
	CR_CHECK(row("file writing")->open);
	CR_CHECK(!row("kernel module")->open);
	done();
}

CR_TEST(command)
{
	struct json_object *top, *list, *o;

	run_dir();
	run_file("p", "[syscalls]\nread = allow\n");
	CR_CHECK_INT(RUN(cr_cmd_lint, "lint", "p"), 0);
	CR_CHECK_HAS(run_output, "nothing to warn of\n");
	CR_CHECK_HAS(run_output, "  x86-64   1 of ");
	CR_CHECK_HAS(run_output, "its mode is not set");
	run_file("p", "[policy]\nmode = strict\n[syscalls]\nread = allow\nio_uring_enter = log\n");
	CR_CHECK_INT(RUN(cr_cmd_lint, "lint", "p"), 1);
	CR_CHECK_HAS(run_output, "WARNING: io_uring_enter (x86-64, hand-written, line 5): ");
	CR_CHECK(!strstr(run_output, "once the policy is strict"));
	CR_CHECK_INT(RUN(cr_cmd_lint, "lint", "--json", "p"), 1);
	top = json_tokener_parse(run_output);
	CR_CHECK(top && json_object_object_get_ex(top, "findings", &list));
	CR_CHECK_INT(json_object_array_length(list), 1);
	CR_CHECK(json_object_object_get_ex(json_object_array_get_idx(list, 0), "call", &o));
	CR_CHECK_STR(json_object_get_string(o), "io_uring_enter");
	CR_CHECK(json_object_object_get_ex(top, "cves", &list));
	CR_CHECK(json_object_array_length(list) >= 25);
	json_object_put(top);
	CR_CHECK_INT(RUN(cr_cmd_lint, "lint", "./missing"), 2);
	CR_CHECK_INT(RUN(cr_cmd_lint, "lint"), 2);
	CR_CHECK_INT(RUN(cr_cmd_lint, "lint", "--tables", "missing", "p"), 2);
	CR_CHECK_HAS(run_said, "cannot read missing/lint-calls.tsv: No such file");
	run_done();
}

CR_TEST(bad_tables)
{
	CR_CHECK_INT(cr_lint_read(&rows, CR_LINT_CALLS, "t", "# x\nopeanat\twarn\twhy\tx\n", &err),
		     -EINVAL);
	CR_CHECK_STR(err.text, "t:2: no syscall is called \"opeanat\"");
	CR_CHECK_INT(cr_lint_read(&rows, CR_LINT_CVES, "t", "CVE-1\tread\twhy\n", &err), -EINVAL);
	CR_CHECK_STR(err.text, "t:1: a row has 4 fields with tabs between");
	CR_CHECK_INT(cr_lint_read(&rows, CR_LINT_CALLS, "t", "mmap\twarn\twhy\tx\targ2 &\n",
				  &err), -EINVAL);
	CR_CHECK_HAS(err.text, "t:1: the condition ends where");
	CR_CHECK_INT(cr_lint_read(&rows, CR_LINT_CALLS, "t", "read\tbad\twhy\tx\n", &err), -EINVAL);
	CR_CHECK_HAS(err.text, "a level is");
	CR_CHECK_INT(cr_lint_read(&rows, CR_LINT_TWINS, "t", "read\twhy\tx\ty\n", &err), -EINVAL);
	CR_CHECK_INT(rows.n, 0);
	CR_CHECK_INT(cr_lint_read(&rows, CR_LINT_CALLS, "t", "?opeanat\twarn\twhy\tx\n", &err), 0);
	CR_CHECK_INT(rows.n, 1);
	done();
}

/* What a base set is for it may do. */
static bool meant(const char *file, const char *call)
{
	static const char *const starters[] = { "base-runc", "base-crun", "base-bwrap" };
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(starters) && strcmp(call, "execve") == 0; i++)
		if (strncmp(file, starters[i], strlen(starters[i])) == 0)
			return true;
	return strcmp(call, "modify_ldt") == 0 && strcmp(file, "base-go-i386.ini") == 0;
}

static void lint_base(const char *dir, const char *file)
{
	char path[4500];
	size_t i;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (cr_ini_load(path, &policy, &err) < 0)
		CR_FAIL("%s", err.text);
	CR_CHECK_INT(cr_lint(policy, &rows, &report), 0);
	for (i = 0; i < report.n && report.finding[i].level >= CR_LINT_WARN; i++)
		if (!meant(file, report.finding[i].row->key) && policy->n_own)
			CR_FAIL("%s allows %s", file, report.finding[i].row->key);
	cr_lint_fini(&report);
	cr_policy_free(policy);
	policy = NULL;
}

CR_TEST(base_sets)
{
	const char *top = getenv("top_srcdir");
	struct dirent *e;
	unsigned int n = 0;
	char path[4096];
	DIR *d;

	read_all();
	snprintf(path, sizeof(path), "%s/policies", top ? top : ".");
	d = opendir(path);
	CR_CHECK(d != NULL);
	while ((e = readdir(d))) {
		if (strlen(e->d_name) < 4 || strcmp(strrchr(e->d_name, 0) - 4, ".ini") != 0)
			continue;
		lint_base(path, e->d_name);
		n++;
	}
	closedir(d);
	CR_CHECK(n >= 4);
	done();
}

int main(void)
{
	CR_RUN(tables, "the tables are read, every name in them exists, and no row is there twice");
	CR_RUN(loud_first,
	       "what is allowed or logged is found, io_uring first; what is denied is not");
	CR_RUN(each_abi, "each ABI is judged and counted by its own numbers");
	CR_RUN(twins_offered, "twins without a rule are offered, and none is added");
	CR_RUN(holes, "a hole is cut off when one of the groups of calls it needs is");
	CR_RUN(windows, "what a window allows is reachable; outside = any is a warning of its own");
	CR_RUN(conditions, "a condition that lets only harmless arguments pass is no finding");
	CR_RUN(rings, "io_uring leaves open what goes through it, whatever else is cut off");
	CR_RUN(command,
	       "lint exits with 0 for nothing, 1 for a warning, 2 for trouble; JSON is valid");
	CR_RUN(bad_tables,
	       "a row of another form or with an unknown name is refused with its line");
	CR_RUN(base_sets, "no base set allows what lint warns of, but for what it is made for");
	return cr_done();
}
