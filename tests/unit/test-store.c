/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "../cr-test.h"
#include "cr/ini.h"
#include "cr/names.h"
#include "cr/store.h"

static char dir[] = "/tmp/cr-store-XXXXXX";
static char path[256];
static struct cr_err err;
static struct cr_store *s;
static struct cr_policy *p;
static struct cr_buf text;

static void run(const char *cmd)
{
	char line[512];

	snprintf(line, sizeof(line), "cd %s && { %s; }", dir, cmd);
	CR_CHECK_INT(system(line), 0);
}

/* A fresh directory for each test. */
static void begin_test(void)
{
	char line[128];

	cr_store_free(s);
	s = NULL;
	snprintf(line, sizeof(line), "rm -rf %s && mkdir -m 755 %s", dir, dir);
	CR_CHECK_INT(system(line), 0);
	snprintf(path, sizeof(path), "%s/x.policy", dir);
}

static void begin(bool all)
{
	cr_store_free(s);
	s = NULL;
	if (cr_store_begin(path, NULL, all, &s, &err) < 0)
		CR_FAIL("%s", err.text);
}

static int saw(const char *name)
{
	return cr_store_saw(s, 0, CR_ABI_NATIVE, (uint32_t)cr_name_to_nr(CR_ABI_NATIVE, name),
			    "/bin/x", "main", &err);
}

static void save(void)
{
	if (cr_store_save(s, &err) < 0)
		CR_FAIL("%s", err.text);
}

static const char *file_text(void)
{
	char piece[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	CR_CHECK(fd >= 0);
	cr_buf_clear(&text);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		cr_buf_addn(&text, piece, (size_t)n);
	close(fd);
	return cr_buf_str(&text);
}

static void write_text(const char *what)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CR_CHECK(fd >= 0 && write(fd, what, strlen(what)) == (ssize_t)strlen(what));
	close(fd);
}

static const struct cr_rule *on_disk(const char *name)
{
	cr_policy_free(p);
	p = NULL;
	if (cr_ini_load(path, &p, &err) < 0)
		CR_FAIL("%s", err.text);
	return cr_policy_find(p, CR_ABI_NATIVE, (uint32_t)cr_name_to_nr(CR_ABI_NATIVE, name));
}

CR_TEST(the_first_run_makes_the_file)
{
	struct cr_store_seed seed = {
		.program = "/bin/x", .build_id = "0123", .include = "base-dynamic",
	};

	begin_test();
	snprintf(path, sizeof(path), "%s/sub/x.policy", dir);
	CR_CHECK_INT(cr_store_begin(path, &seed, true, &s, &err), 0);
	CR_CHECK(on_disk("exit_group")->base);
	CR_CHECK_STR(p->program, "/bin/x");
	CR_CHECK_STR(p->build_id, "0123");
	CR_CHECK_INT(p->mode, CR_MODE_LEARN);
	CR_CHECK_INT(p->runs, 1);
	CR_CHECK_INT(p->all_runs, 1);
	CR_CHECK(p->horizon_kernel && p->horizon_nr == cr_nr_highest(CR_ABI_NATIVE));
	CR_CHECK_INT(cr_store_begin("/no/such/dir/x.policy", &seed, true, &s, &err), -ENOENT);
	CR_CHECK_HAS(err.text, "cannot write in the directory /no/such/dir");
	CR_CHECK_HAS(err.hint, "-p FILE");
}

CR_TEST(a_call_is_on_disk_when_saw_returns)
{
	begin_test();
	begin(false);
	CR_CHECK_INT(saw("openat"), 1);
	CR_CHECK_INT(on_disk("openat")->ev->seen, 1);
	CR_CHECK_STR(on_disk("openat")->ev->stack, "main");
	CR_CHECK_INT(saw("openat"), 0);
	CR_CHECK_INT(cr_store_saw(s, 0, CR_ABI_NATIVE, 900, NULL, NULL, &err), 1);
	CR_CHECK_INT(cr_store_saw(s, 0, CR_ABI_I386, 5, NULL, NULL, &err), 1);
	CR_CHECK_INT(cr_store_saw(s, 0, CR_ABI_NATIVE, CR_NR_MAX, NULL, NULL, &err), -EINVAL);
	on_disk("openat");
	CR_CHECK_INT(p->horizon_nr, 900);
	CR_CHECK_INT(p->n_own, 3);
	CR_CHECK_INT(cr_store_unsaved(s), 0);
}

CR_TEST(executions_and_calls_are_counted)
{
	int run_no;

	begin_test();
	for (run_no = 1; run_no <= 5; run_no++) {
		begin(false);
		cr_store_confirmed(s, 3);
		if (run_no <= 3) {
			saw("openat");
			cr_store_count(s, 0, CR_ABI_NATIVE, 257, 10);
		}
		if (run_no == 5)
			CR_CHECK_INT(saw("read"), 1);
		save();
		cr_store_count(s, 0, CR_ABI_NATIVE, 257, run_no <= 3 ? 11 : 0);
		save();
		CR_CHECK_INT(on_disk("openat")->ev->seen, run_no < 3 ? run_no : 3);
		CR_CHECK_INT(on_disk("openat")->ev->calls, 11 * (run_no < 3 ? run_no : 3));
		CR_CHECK_INT(on_disk("openat")->ev->more, run_no > 3);
		CR_CHECK_INT(p->runs, run_no);
	}
	CR_CHECK_INT(on_disk("read")->ev->calls, 1);
}

CR_TEST(an_all_run_counts_on)
{
	begin_test();
	write_text("[syscalls]\nread = allow\n[evidence]\nread = \"3+, 7 calls\"\n");
	begin(true);
	cr_store_confirmed(s, 3);
	CR_CHECK_INT(saw("read"), 0);
	cr_store_count(s, 0, CR_ABI_NATIVE, 0, 5);
	save();
	CR_CHECK_STR(file_text(),
		     "[policy]\nruns = 1\nall-runs = 1\n\n[syscalls]\nread = allow\n[evidence]\n"
		     "read = \"4+, 12 calls\"\n");
}

static ino_t inode(void)
{
	struct stat st;

	CR_CHECK_INT(stat(path, &st), 0);
	return st.st_ino;
}

CR_TEST(the_count_of_executions_is_written_over)
{
	ino_t was;

	begin_test();
	write_text("[policy]\nruns = 8\n[syscalls]\nread = allow\n");
	was = inode();
	begin(false);
	CR_CHECK_STR(file_text(), "[policy]\nruns = 9\n[syscalls]\nread = allow\n");
	CR_CHECK_INT(inode(), was);
	begin(false);
	CR_CHECK_STR(file_text(), "[policy]\nruns = 10\n[syscalls]\nread = allow\n");
	CR_CHECK(inode() != was);
	saw("write");
	was = inode();
	begin(false);
	CR_CHECK_INT(inode(), was);
	run("ln x.policy other");
	begin(false);
	CR_CHECK_HAS(file_text(), "runs = 12\n");
	run("grep -q '^runs = 11$' other");
}

CR_TEST(learners_that_begin_at_once_are_all_counted)
{
	struct cr_store *other = NULL;
	int i;

	begin_test();
	write_text("[policy]\nruns = 100\n[syscalls]\n");
	for (i = 0; i < 40; i++) {
		begin(false);
		CR_CHECK_INT(cr_store_begin(path, NULL, false, &other, &err), 0);
		CR_CHECK_INT(cr_store_saw(s, 0, CR_ABI_NATIVE, (uint32_t)i, NULL, NULL, &err), 1);
		cr_store_free(other);
		on_disk("read");
		CR_CHECK_INT(p->runs, 102 + 2 * i);
	}
}

CR_TEST(what_was_loaded_is_taken_if_it_is_true)
{
	struct cr_policy *loaded = NULL, *same;
	struct cr_store_seed seed = { .loaded = &loaded };

	begin_test();
	write_text("[policy]\nruns = 1\n[syscalls]\nread = allow\n");
	CR_CHECK_INT(cr_ini_load(path, &loaded, &err), 0);
	same = loaded;
	cr_store_free(s);
	CR_CHECK_INT(cr_store_begin(path, &seed, false, &s, &err), 0);
	CR_CHECK(!loaded && cr_store_policy(s) == same);
	on_disk("read");
	CR_CHECK_INT(p->runs, 2);

	CR_CHECK_INT(cr_ini_load(path, &loaded, &err), 0);
	write_text("[policy]\nruns = 2\n[syscalls]\nread = never\n");
	cr_store_free(s);
	CR_CHECK_INT(cr_store_begin(path, &seed, false, &s, &err), 0);
	CR_CHECK(loaded && loaded != cr_store_policy(s));
	CR_CHECK_INT(on_disk("read")->act, CR_ACT_NEVER);
	cr_policy_free(loaded);
}

CR_TEST(what_all_runs_did_without_is_written)
{
	struct cr_store *other = NULL;

	begin_test();
	write_text("[syscalls]\nread = allow\nwrite = allow\nclose = allow\n[evidence]\n"
		   "close = \"3+, 1/1 all, 9 calls\"\nread = \"3+, 7 calls\"\n"
		   "write = \"1, 1 call\"\n");
	begin(true);
	CR_CHECK_INT(saw("read"), 0);
	CR_CHECK_INT(saw("openat"), 1);
	/* Another program of this policy, which ours need not be like. */
	CR_CHECK_INT(cr_store_begin(path, NULL, false, &other, &err), 0);
	CR_CHECK_INT(cr_store_saw(other, 0, CR_ABI_NATIVE, 900, NULL, NULL, &err), 1);
	cr_store_free(other);
	save();
	CR_CHECK_INT(on_disk("write")->ev->all_runs, 0);	/* it may still come */
	cr_store_watched(s);
	save();
	save();
	CR_CHECK_HAS(file_text(), "close = \"3+, 1/2 all, 9 calls\"\n");
	CR_CHECK_HAS(file_text(), "read = \"4+, 1/1 all, 8 calls\"\n"
		     "write = \"1, 0/1 all, 1 call\"\n");
	CR_CHECK_HAS(file_text(), "openat = \"1, first in 1, 1/1 all, 1 call, ");
	CR_CHECK_INT(cr_policy_find(cr_store_policy(s), CR_ABI_NATIVE, 900)->ev->all_runs, 0);
	CR_CHECK(cr_rule_unused(on_disk("write")) && !cr_rule_unused(on_disk("close")));
	CR_CHECK(!cr_rule_unused(cr_policy_find(p, CR_ABI_NATIVE, 900)));
}

CR_TEST(lost_events_are_written)
{
	write_text("[policy]\nlost = 2\n[syscalls]\nread = allow\n");
	begin(false);
	save();
	CR_CHECK_HAS(file_text(), "lost = 2\n");
	cr_store_lost(s, 3);
	save();
	save();
	CR_CHECK_HAS(file_text(), "lost = 5\n");
}

/* Two at once, and a third one later. */
CR_TEST(the_execution_that_learned_a_call_is_written)
{
	struct cr_store *other = NULL;

	begin_test();
	begin(false);
	CR_CHECK_INT(cr_store_begin(path, NULL, false, &other, &err), 0);
	CR_CHECK_INT(saw("read"), 1);
	CR_CHECK_INT(cr_store_saw(other, 0, CR_ABI_NATIVE, 900, NULL, NULL, &err), 1);
	CR_CHECK_INT(saw("write"), 1);
	save();
	cr_store_free(other);
	CR_CHECK_INT(on_disk("read")->ev->first, 1);
	CR_CHECK_INT(on_disk("nr:900")->ev->first, 2);
	CR_CHECK_INT(on_disk("write")->ev->first, 1);
	begin(false);
	CR_CHECK_INT(saw("read"), 0);
	CR_CHECK_INT(saw("open"), 1);
	save();
	CR_CHECK_INT(on_disk("read")->ev->first, 1);
	CR_CHECK_INT(on_disk("open")->ev->first, 3);
}

CR_TEST(an_ordinary_run_says_nothing_of_unused)
{
	begin_test();
	write_text("[syscalls]\nread = allow\n[evidence]\nread = \"3+, 7 calls\"\n");
	begin(false);
	cr_store_watched(s);
	save();
	CR_CHECK_HAS(file_text(), "read = \"3+, 7 calls\"\n");
}

CR_TEST(what_a_person_wrote_is_not_changed)
{
	const char *mine =
		"[policy]\nruns = 1\ninclude = ./base\n[syscalls]\nread = never\nwrite = allow\n"
		"close = log\n[evidence]\nclose = \"1, 1 call\"\n";

	begin_test();
	run("printf '[syscalls]\\nbrk = allow\\nmmap = errno EPERM\\n' > base");
	write_text(mine);
	begin(false);
	CR_CHECK_INT(saw("read"), 0);
	CR_CHECK_INT(saw("write"), 0);
	CR_CHECK_INT(saw("close"), 0);
	CR_CHECK_INT(saw("mmap"), 0);
	save();
	CR_CHECK_STR(strstr(file_text(), "include"), strstr(mine, "include"));
	CR_CHECK_INT(saw("brk"), 1);
	CR_CHECK(!on_disk("brk")->base);
}

CR_TEST(hand_edits_during_a_run_survive)
{
	begin_test();
	begin(false);
	saw("read");
	saw("write");
	run("sed -i 's/^write = allow/# no:\\nwrite = never/; s/^read = allow$//' x.policy");
	CR_CHECK_INT(saw("openat"), 1);
	CR_CHECK_HAS(file_text(), "# no:\nwrite = never\n");
	CR_CHECK(!on_disk("read"));
	CR_CHECK_INT(cr_policy_find(cr_store_policy(s), CR_ABI_NATIVE, 1)->act, CR_ACT_NEVER);
	CR_CHECK_INT(saw("read"), 1);	/* it is made after all */
	CR_CHECK(on_disk("read"));
}

CR_TEST(a_spoilt_file_is_not_overwritten)
{
	const char *bad = "[syscalls]\nraed = allow\n";

	begin_test();
	begin(false);
	saw("read");
	write_text(bad);
	CR_CHECK_INT(saw("openat"), -EINVAL);
	CR_CHECK_HAS(err.text, "x.policy:2: no syscall is called \"raed\"");
	CR_CHECK_STR(file_text(), bad);
	CR_CHECK_INT(cr_store_unsaved(s), 1);
	CR_CHECK_INT(saw("openat"), 0);
	write_text("[syscalls]\nread = allow\n");
	save();
	CR_CHECK_INT(cr_store_unsaved(s), 0);
	CR_CHECK(on_disk("openat") && on_disk("read"));
}

CR_TEST(a_deleted_file_comes_back_whole)
{
	begin_test();
	begin(false);
	saw("read");
	CR_CHECK_INT(unlink(path), 0);
	saw("openat");
	CR_CHECK(on_disk("openat") && on_disk("read"));
	CR_CHECK_INT(p->runs, 1);
}

CR_TEST(links_modes_and_litter_are_minded)
{
	struct stat st;
	char name[300];

	begin_test();
	run("mkdir real; ln -s real/y.policy x.policy; : > .x.policy.999999999.tmp; "
	    ": > real/.y.policy.999999999.tmp; : > real/.y.policy.1.tmp; : > real/.y.policy.tmp");
	begin(false);
	CR_CHECK_INT(lstat(path, &st), 0);
	CR_CHECK(S_ISLNK(st.st_mode));
	run("test -s real/y.policy; ! test -e real/.y.policy.999999999.tmp; test -e "
	    "real/.y.policy.1.tmp");
	run("chmod 640 real/y.policy");
	snprintf(name, sizeof(name), "%s/real/y.policy", dir);
	if (geteuid() == 0)
		CR_CHECK_INT(chown(name, 65534, 65534), 0);
	saw("read");
	CR_CHECK_INT(stat(name, &st), 0);
	CR_CHECK_INT(st.st_mode & 07777, 0640);
	CR_CHECK(geteuid() != 0 || (st.st_uid == 65534 && st.st_gid == 65534));
	umask(027);
	snprintf(path, sizeof(path), "%s/new.policy", dir);
	begin(false);
	umask(022);
	CR_CHECK_INT(stat(path, &st), 0);
	CR_CHECK_INT(st.st_mode & 07777, 0640);
	run("test $(ls -A . | wc -l) = 4");
}

/* Runs @child in a process of its own: its exit status, or minus its signal. */
static int in_child(int (*child)(void))
{
	int st;
	pid_t pid = fork();

	if (pid == 0)
		_exit(child());
	CR_CHECK_INT(waitpid(pid, &st, 0), pid);
	return WIFEXITED(st) ? WEXITSTATUS(st) : -WTERMSIG(st);
}

static int learner_no;

static int learn_forty(void)
{
	struct cr_store *mine = NULL;
	uint32_t nr;

	if (cr_store_begin(path, NULL, false, &mine, &err) < 0)
		return 1;
	for (nr = 0; nr < 40; nr++)
		if (cr_store_saw(mine, 0, CR_ABI_NATIVE, (uint32_t)learner_no * 40 + nr, "/bin/x",
				 "f < main", &err) != 1)
			return 2;
	if (cr_store_saw(mine, 0, CR_ABI_I386, 7, NULL, NULL, &err) < 0)
		return 3;
	return cr_store_save(mine, &err) < 0 ? 4 : 0;
}

CR_TEST(eight_learners_lose_nothing)
{
	pid_t pids[8];
	int st;

	begin_test();
	for (learner_no = 0; learner_no < 8; learner_no++) {
		pids[learner_no] = fork();
		if (pids[learner_no] == 0)
			_exit(learn_forty());
	}
	while (learner_no-- > 0) {
		CR_CHECK_INT(waitpid(pids[learner_no], &st, 0), pids[learner_no]);
		CR_CHECK_INT(st, 0);
	}
	on_disk("read");
	CR_CHECK_INT(p->n_own, 8 * 40 + 1);
	CR_CHECK_INT(p->runs, 8);
	CR_CHECK_INT(cr_policy_find(p, CR_ABI_I386, 7)->ev->seen, 8);
	run("test $(ls -A | wc -l) = 1");
}

/* Learns for ever, and says through @to what has been answered to be on disk. */
static void learn_until_killed(int to)
{
	struct cr_store *mine = NULL;
	uint32_t nr;

	if (cr_store_begin(path, NULL, false, &mine, &err) < 0)
		_exit(1);
	for (nr = 0; nr < CR_NR_MAX; nr++)
		if (cr_store_saw(mine, 0, CR_ABI_NATIVE, nr, "/bin/x", "f < main", &err) < 0 ||
		    write(to, &nr, sizeof(nr)) != sizeof(nr))
			_exit(2);
	_exit(0);
}

CR_TEST(a_kill_loses_nothing)
{
	struct timespec t = { 0, 0 };
	int i, fds[2], st;
	uint32_t nr, n;
	pid_t pid;

	for (i = 0; i < 100; i++) {
		begin_test();
		CR_CHECK_INT(pipe(fds), 0);
		pid = fork();
		if (pid == 0)
			learn_until_killed(fds[1]);
		close(fds[1]);
		t.tv_nsec = (i * 7919L % 100) * 200000 + 100000;
		nanosleep(&t, NULL);
		kill(pid, SIGKILL);
		CR_CHECK_INT(waitpid(pid, &st, 0), pid);
		CR_CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
		for (n = 0; read(fds[0], &nr, sizeof(nr)) == sizeof(nr); n++)
			;
		close(fds[0]);
		if (n || access(path, F_OK) == 0) {
			on_disk("read");
			CR_CHECK(p->n_own == n || p->n_own == n + 1);
		}
		begin(false);	/* takes the litter away */
		run("test $(ls -A | wc -l) = 1");
	}
}

static int as_nobody(void)
{
	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 99;
	if (cr_store_begin(path, NULL, false, &s, &err) != -EACCES)
		return 1;
	if (!strstr(err.text, "cannot write in the directory ") || !strstr(err.text, dir))
		return 2;
	if (!strstr(err.hint, "-p FILE") || !strstr(err.text, "Permission denied"))
		return 3;
	return 0;
}

static int as_nobody_readonly(void)
{
	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 99;
	if (cr_store_begin(path, NULL, false, &s, &err) != -EACCES)
		return 1;
	return strstr(err.text, "x.policy: Permission denied") ? 0 : 2;
}

CR_TEST(a_directory_without_permission_is_named)
{
	if (geteuid() != 0)
		CR_SKIP("only root can become another user");
	begin_test();
	CR_CHECK_INT(in_child(as_nobody), 0);
	run("test $(ls -A | wc -l) = 0");
	write_text("[syscalls]\n");
	run("chmod 1777 .");
	CR_CHECK_INT(in_child(as_nobody_readonly), 0);
	CR_CHECK_STR(file_text(), "[syscalls]\n");
}

static int with_a_limit(void)
{
	struct rlimit lim = { 100, 100 };

	signal(SIGXFSZ, SIG_IGN);
	if (cr_store_begin(path, NULL, false, &s, &err) < 0 || setrlimit(RLIMIT_FSIZE, &lim) < 0)
		return 1;
	if (saw("read") != -EFBIG || !strstr(err.text, "x.policy: File too large") || !err.hint[0])
		return 2;
	if (cr_store_unsaved(s) != 1 || cr_store_save(s, &err) != -EFBIG)
		return 3;
	return 0;
}

CR_TEST(a_file_size_limit_is_a_clean_error)
{
	begin_test();
	CR_CHECK_INT(in_child(with_a_limit), 0);
	on_disk("read");
	CR_CHECK_INT(p->n_own, 0);
	CR_CHECK_INT(p->runs, 1);
	run("test $(ls -A | wc -l) = 1");
}

static int fill_disk(void)
{
	char junk[64], big[4096] = "";
	int fd;

	if (cr_store_begin(path, NULL, false, &s, &err) < 0)
		return 1;
	snprintf(junk, sizeof(junk), "%s/full/junk", dir);
	fd = open(junk, O_WRONLY | O_CREAT, 0644);
	while (write(fd, big, sizeof(big)) > 0)
		;
	if (saw("read") != -ENOSPC || !strstr(err.text, "No space left") ||
	    !strstr(err.hint, "make room"))
		return 2;
	if (cr_store_unsaved(s) != 1 || unlink(junk) < 0)
		return 3;
	close(fd);
	if (on_disk("read"))
		return 4;
	return cr_store_save(s, &err) == 0 && on_disk("read") ? 0 : 5;
}

CR_TEST(a_full_disk_leaves_the_old_policy)
{
	char at[64];
	int rc;

	begin_test();
	run("mkdir full");
	snprintf(at, sizeof(at), "%s/full", dir);
	if (mount("tmpfs", at, "tmpfs", 0, "size=64k") < 0)
		CR_SKIP("no tmpfs can be mounted here");
	snprintf(path, sizeof(path), "%s/full/x.policy", dir);
	rc = in_child(fill_disk);
	umount2(at, MNT_DETACH);
	CR_CHECK_INT(rc, 0);
}

static int add_rule(struct cr_policy *q, void *ctx, struct cr_err *e)
{
	if (*(int *)ctx < 0)
		return cr_err_set(e, *(int *)ctx, "no");
	q->mode = CR_MODE_STRICT;
	return cr_policy_set(q, NULL, CR_ABI_NATIVE, 0, CR_ACT_NEVER, 0);
}

CR_TEST(a_command_can_edit)
{
	int rc = -EPERM;

	begin_test();
	write_text("[policy]\nmode = learn\n[syscalls]\n# hm\nwrite = allow\n");
	CR_CHECK_INT(cr_store_edit(path, add_rule, &rc, &err), -EPERM);
	CR_CHECK_STR(file_text(), "[policy]\nmode = learn\n[syscalls]\n# hm\nwrite = allow\n");
	rc = 0;
	CR_CHECK_INT(cr_store_edit(path, add_rule, &rc, &err), 0);
	CR_CHECK_STR(file_text(),
		     "[policy]\nmode = strict\n[syscalls]\nread = never\n# hm\nwrite = allow\n");
}

int main(void)
{
	char line[64];

	if (!mkdtemp(dir))
		return 99;
	CR_RUN(the_first_run_makes_the_file, "the first run makes the file and its directory");
	CR_RUN(a_call_is_on_disk_when_saw_returns, "a new call is on disk when saw returns");
	CR_RUN(executions_and_calls_are_counted,
	       "executions and calls are counted, and N+ says when no more");
	CR_RUN(an_all_run_counts_on, "a run that traces all counts beyond N+");
	CR_RUN(the_count_of_executions_is_written_over,
	       "the count of executions is written over the old one, if it is as long");
	CR_RUN(learners_that_begin_at_once_are_all_counted,
	       "learners that begin within one clock tick are all counted");
	CR_RUN(what_was_loaded_is_taken_if_it_is_true,
	       "what was loaded is taken over, unless the file has changed since");
	CR_RUN(what_all_runs_did_without_is_written,
	       "a run that traced all, to its end, writes what it used and what it did not");
	CR_RUN(lost_events_are_written, "lost events are added up in the file");
	CR_RUN(the_execution_that_learned_a_call_is_written,
	       "the execution that learned a call is written beside it");
	CR_RUN(an_ordinary_run_says_nothing_of_unused,
	       "a run that did not trace all says nothing of what was not used");
	CR_RUN(what_a_person_wrote_is_not_changed, "what a person wrote or denied is not changed");
	CR_RUN(hand_edits_during_a_run_survive, "hand edits during a run survive it");
	CR_RUN(a_spoilt_file_is_not_overwritten,
	       "a file that was spoilt meanwhile is not overwritten");
	CR_RUN(a_deleted_file_comes_back_whole,
	       "a file that was deleted meanwhile comes back whole");
	CR_RUN(links_modes_and_litter_are_minded,
	       "links lead, modes stay, litter of the dead goes");
	CR_RUN(eight_learners_lose_nothing, "eight learners at once lose nothing");
	CR_RUN(a_kill_loses_nothing,
	       "a kill at any of 100 moments loses nothing that was answered");
	CR_RUN(a_directory_without_permission_is_named,
	       "a directory without write permission is named");
	CR_RUN(a_file_size_limit_is_a_clean_error, "a file size limit is a clean error");
	CR_RUN(a_full_disk_leaves_the_old_policy,
	       "a full disk leaves the old policy, and room heals it");
	CR_RUN(a_command_can_edit, "a command can edit, or leave the file alone");
	cr_store_free(s);
	cr_policy_free(p);
	cr_buf_fini(&text);
	snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line) ? 99 : cr_done();
}
