/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Function windows of a policy: in the model, in the file, and in what learning adds to it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "../cr-test.h"
#include "cr/ini.h"
#include "cr/names.h"
#include "cr/store.h"

static char dir[] = "/tmp/cr-window-XXXXXX";
static char path[256];
static struct cr_err err;
static struct cr_policy *p;
static struct cr_store *s;
static struct cr_buf out;

static uint32_t nr_of(const char *name)
{
	int nr = cr_name_to_nr(CR_ABI_NATIVE, name);

	if (nr < 0)
		CR_FAIL("there is no %s", name);
	return (uint32_t)nr;
}

static void read_in(const char *text)
{
	struct cr_policy *got = NULL;

	if (cr_ini_parse("x.policy", text, strlen(text), &got, &err) < 0)
		CR_FAIL("%s in: %s", err.text, text);
	cr_policy_free(p);
	p = got;
}

static const char *edit(const char *text)
{
	CR_CHECK_INT(cr_ini_edit(text, strlen(text), p, &out), 0);
	return cr_buf_str(&out);
}

static int add(unsigned int number, const char *object, const char *function)
{
	struct cr_window_name name = { function, object, CR_SCOPE_THREAD };

	return cr_policy_window_add(p, number, &name);
}

static void set(unsigned int window, enum cr_abi abi, const char *name, enum cr_action act, int e)
{
	CR_CHECK_INT(cr_policy_set_in(p, window, abi, (uint32_t)cr_name_to_nr(abi, name), act, e),
		     0);
}

static const struct cr_rule *rule(unsigned int window, const char *name)
{
	return cr_policy_find_in(p, window, CR_ABI_NATIVE, nr_of(name));
}

static void witness(unsigned int window, const char *name, uint32_t seen)
{
	struct cr_evidence ev = { .seen = seen, .calls = seen };

	CR_CHECK_INT(cr_rule_witness(cr_policy_own_in(p, window, CR_ABI_NATIVE, nr_of(name)), &ev),
		     0);
}

CR_TEST(windows_are_found_by_number_and_by_name)
{
	cr_policy_free(p);
	p = cr_policy_new();
	CR_CHECK(p && !cr_policy_window(p, 1) && !cr_policy_window_find(p, NULL, "f"));
	CR_CHECK_INT(add(0, NULL, "f"), 1);
	CR_CHECK_INT(add(7, "libx.so", "f"), 7);
	CR_CHECK_INT(add(0, NULL, "g"), 8);
	CR_CHECK_INT(add(3, NULL, "h"), 3);
	CR_CHECK_INT(add(3, NULL, "i"), -EEXIST);
	CR_CHECK_INT(add(0, "libx.so", "f"), -EEXIST);
	CR_CHECK_INT(add(CR_WINDOW_NR_MAX + 1, NULL, "i"), -E2BIG);
	CR_CHECK_INT(p->n_windows, 4);
	CR_CHECK_STR(cr_policy_window(p, 3)->function, "h");
	CR_CHECK_INT(cr_policy_window_find(p, "libx.so", "f"), 7);
	CR_CHECK_INT(cr_policy_window_find(p, NULL, "f"), 1);
	CR_CHECK_INT(cr_policy_window_find(p, "libx.so", "g"), 0);
	CR_CHECK_INT(cr_policy_window_named(p, "7"), 7);
	CR_CHECK_INT(cr_policy_window_named(p, "9"), 0);
	CR_CHECK_INT(cr_policy_window_named(p, "g"), 8);
	CR_CHECK_INT(cr_policy_window_named(p, "f"), -EEXIST);
	CR_CHECK_INT(cr_policy_window_named(p, "libx.so:f"), 7);
	CR_CHECK_INT(cr_policy_window_named(p, "libx.so:"), 0);
	cr_policy_window_remove(p, 3);
	cr_policy_window_remove(p, 3);
	CR_CHECK(!cr_policy_window(p, 3) && p->n_windows == 3);
	CR_CHECK_INT(add(CR_WINDOW_NR_MAX, NULL, "z"), CR_WINDOW_NR_MAX);
	CR_CHECK_INT(add(0, NULL, "a gap"), 2);
}

CR_TEST(a_window_has_rules_of_its_own)
{
	cr_policy_free(p);
	p = cr_policy_new();
	CR_CHECK(p && add(0, NULL, "f") == 1 && add(0, NULL, "g") == 2);
	CR_CHECK_INT(cr_policy_set(p, "base-dynamic", CR_ABI_NATIVE, 5, CR_ACT_ALLOW, 0), 0);
	set(0, CR_ABI_NATIVE, "read", CR_ACT_ALLOW, 0);
	set(1, CR_ABI_NATIVE, "read", CR_ACT_ERRNO, EIO);
	set(2, CR_ABI_I386, "read", CR_ACT_NEVER, 0);
	CR_CHECK_INT(rule(0, "read")->act, CR_ACT_ALLOW);
	CR_CHECK_INT(rule(1, "read")->err, EIO);
	CR_CHECK(!rule(2, "read") && !rule(3, "read"));
	CR_CHECK_INT(cr_policy_find_in(p, 2, CR_ABI_I386, 3)->act, CR_ACT_NEVER);
	CR_CHECK(cr_policy_find_in(p, 0, CR_ABI_NATIVE, 5));
	CR_CHECK(!cr_policy_find_in(p, 1, CR_ABI_NATIVE, 5));
	CR_CHECK_INT(cr_policy_set_in(p, 3, CR_ABI_NATIVE, 0, CR_ACT_ALLOW, 0), -ENOENT);
	witness(1, "read", 2);
	set(1, CR_ABI_NATIVE, "read", CR_ACT_ALLOW, 0);
	CR_CHECK(!rule(1, "read")->ev && rule(1, "read")->act == CR_ACT_ALLOW);
	cr_policy_unset_in(p, 1, CR_ABI_NATIVE, 0);
	cr_policy_unset_in(p, 1, CR_ABI_NATIVE, 0);
	cr_policy_unset_in(p, 3, CR_ABI_NATIVE, 0);
	CR_CHECK(!rule(1, "read") && rule(0, "read"));
	cr_policy_unset_in(p, 0, CR_ABI_NATIVE, 0);
	CR_CHECK(!rule(0, "read") && p->n_rules == 1 && p->n_own == 0);
}

static const char two[] =
	"[policy]\noutside = any\n\n"
	"[syscalls]\nread = allow\n\n"
	"[window 2]\n# parses\ngetuid = allow\nfunction = \"std::f(int) [clone .cold] ; # = %25\"\n"
	"object = libx.so.1\nscope = process ; all of it\nkill = errno EPERM\n?zork = allow\n\n"
	"[window 2 i386]\ntime = log\n[window 2 x32]\nread = allow\n"
	"[window 2 evidence]\ngetuid = \"2, 31 calls, /bin/x: f < g\"\nclose = \"1, 1 call\"\n"
	"[window 2 evidence x32]\nread = \"1, 4 calls\"\n"
	"[window 1]\nfunction = operator[]\nread = never\n";

CR_TEST(windows_are_read)
{
	const struct cr_policy_window *w;

	read_in(two);
	CR_CHECK(p->outside_any && p->n_windows == 2 && p->n_own == 1);
	w = cr_policy_window(p, 2);
	CR_CHECK_STR(w->function, "std::f(int) [clone .cold] ; # = %");
	CR_CHECK_STR(w->object, "libx.so.1");
	CR_CHECK_INT(w->scope, CR_SCOPE_PROCESS);
	CR_CHECK_INT(w->line, 7);
	CR_CHECK_INT(w->n_rules, 4);
	CR_CHECK_INT(rule(2, "getuid")->ev->calls, 31);
	CR_CHECK_INT(rule(2, "getuid")->line, 9);
	CR_CHECK_INT(rule(2, "kill")->err, EPERM);
	CR_CHECK_INT(cr_policy_find_in(p, 2, CR_ABI_I386, 13)->act, CR_ACT_LOG);
	CR_CHECK_INT(cr_policy_find_in(p, 2, CR_ABI_X32, 0)->ev->calls, 4);
	w = cr_policy_window(p, 1);
	CR_CHECK(!w->object && w->scope == CR_SCOPE_THREAD && w->line == 25);
	CR_CHECK_STR(w->function, "operator[]");
	CR_CHECK_INT(rule(1, "read")->act, CR_ACT_NEVER);
	CR_CHECK_INT(rule(0, "read")->act, CR_ACT_ALLOW);
	read_in("[policy]\noutside = rules\n");
	CR_CHECK(!p->outside_any);
}

CR_TEST(an_included_file_brings_no_windows)
{
	char text[512];
	FILE *f = fopen(path, "w");

	CR_CHECK(f && fputs(two, f) >= 0 && fclose(f) == 0);
	snprintf(text, sizeof(text), "[policy]\ninclude = %s\n[window 5]\nfunction = f\n", path);
	read_in(text);
	CR_CHECK(p->n_windows == 1 && !p->outside_any && rule(0, "read")->base);
	CR_CHECK_INT(unlink(path), 0);
}

CR_TEST(nothing_changes_without_need)
{
	read_in(two);
	CR_CHECK_STR(edit(two), two);
}

CR_TEST(what_changes_in_a_window_changes_there)
{
	read_in(two);
	set(2, CR_ABI_NATIVE, "close", CR_ACT_ALLOW, 0);
	set(2, CR_ABI_NATIVE, "read", CR_ACT_ALLOW, 0);
	set(1, CR_ABI_NATIVE, "close", CR_ACT_ALLOW, 0);
	set(1, CR_ABI_I386, "time", CR_ACT_ALLOW, 0);
	witness(1, "close", 1);
	cr_policy_unset_in(p, 2, CR_ABI_NATIVE, nr_of("kill"));
	cr_policy_own_in(p, 2, CR_ABI_NATIVE, nr_of("getuid"))->ev->calls = 40;
	p->outside_any = false;
	CR_CHECK_STR(edit(two),
		     "[policy]\noutside = rules\n\n"
		     "[syscalls]\nread = allow\n\n"
		     "[window 2]\nclose = allow\n# parses\ngetuid = allow\n"
		     "function = \"std::f(int) [clone .cold] ; # = %25\"\n"
		     "object = libx.so.1\nscope = process ; all of it\n"
		     "read = allow\n?zork = allow\n\n"
		     "[window 2 i386]\ntime = log\n[window 2 x32]\nread = allow\n"
		     "[window 2 evidence]\ngetuid = \"2, 40 calls, /bin/x: f < g\"\n"
		     "[window 2 evidence x32]\nread = \"1, 4 calls\"\n"
		     "[window 1]\nfunction = operator[]\nclose = allow\nread = never\n\n"
		     "[window 1 i386]\ntime = allow\n\n"
		     "[window 1 evidence]\nclose = \"1, 1 call\"\n");
}

CR_TEST(new_windows_come_behind_the_others)
{
	const char *text = "[syscalls]\nread = allow\n\n# mine\n[window 3]\nfunction = f\n\n"
			   "[evidence]\nread = \"1, 1 call\"\n";
	struct cr_window_name name = { "g", "o", CR_SCOPE_PROCESS };

	read_in(text);
	CR_CHECK_INT(cr_policy_window_add(p, 1, &name), 1);
	CR_CHECK_INT(add(0, NULL, "h"), 4);
	set(4, CR_ABI_NATIVE, "read", CR_ACT_ALLOW, 0);
	set(4, CR_ABI_I386, "read", CR_ACT_ALLOW, 0);
	witness(4, "read", 1);
	CR_CHECK_STR(edit(text),
		     "[syscalls]\nread = allow\n\n"
		     "[window 1]\nfunction = \"g\"\nobject = \"o\"\nscope = process\n\n"
		     "# mine\n[window 3]\nfunction = f\n\n"
		     "[evidence]\nread = \"1, 1 call\"\n\n"
		     "[window 4]\nfunction = \"h\"\nread = allow\n\n"
		     "[window 4 i386]\nread = allow\n\n"
		     "[window 4 evidence]\nread = \"1, 1 call\"\n");
}

CR_TEST(a_window_that_is_gone_takes_its_sections_along)
{
	read_in(two);
	cr_policy_window_remove(p, 2);
	CR_CHECK_STR(edit(two), "[policy]\noutside = any\n\n[syscalls]\nread = allow\n\n"
				"[window 1]\nfunction = operator[]\nread = never\n");
	read_in("");
	CR_CHECK_STR(edit("#!/bin/x\n# a\n[window 1]\n\n# b\nfunction = f\n# c\n[window 9]\n"
			  "function = g\n# d\n[syscalls]\n"),
		     "#!/bin/x\n# d\n[syscalls]\n");
}

CR_TEST(the_head_of_a_window_can_be_changed)
{
	const char *text = "[window 1]\nfunction = f # mine\n[window 2]\nscope = thread\n"
			   "function = g\nobject = o\nread = allow\n";
	struct cr_window_name one = { "x", "y", CR_SCOPE_PROCESS };
	struct cr_window_name other = { "g", NULL, CR_SCOPE_PROCESS };

	read_in(text);
	cr_policy_window_remove(p, 1);
	cr_policy_window_remove(p, 2);
	CR_CHECK_INT(cr_policy_window_add(p, 1, &one), 1);
	CR_CHECK_INT(cr_policy_window_add(p, 2, &other), 2);
	CR_CHECK_STR(edit(text), "[window 1]\nfunction = \"x\" # mine\nobject = \"y\"\n"
				 "scope = process\n[window 2]\nscope = process\nfunction = g\n");
}

/* Every byte that a symbol may have, and the shapes that C++, Rust and Go give it. */
CR_TEST(every_name_survives)
{
	static const char *const names[] = {
		"f", "_ZNSt6vectorIiSaIiEEixEm", "std::vector<int>::operator[](unsigned long)",
		"<alloc::vec::Vec<T,A> as core::ops::Drop>::drop::h0123;x",
		"net/http.(*conn).serve.func1", "main.(*T[go.shape.int]).f-fm", "f@@GLIBC_2.2.5",
		"a=b", "\"quoted\"", "'single'", "back\\", "100%", "%41", " blanks ", "#no comment",
		"[section]", "\xc3\xbc" "ber\xff\xfe", "?", "=", ";",
	};
	char all[256];
	size_t i, n = 0;

	for (i = 1; i < 256; i++)
		if (i >= 0x20 && i != 0x7f)
			all[n++] = (char)i;
	all[n] = '\0';
	cr_policy_free(p);
	p = cr_policy_new();
	CR_CHECK(p && add(0, all, all) == 1);
	for (i = 0; i < CR_ARRAY_SIZE(names); i++)
		CR_CHECK_INT(add(0, i % 2 ? NULL : names[i], names[i]), (int)i + 2);
	edit("");
	read_in(out.s);
	CR_CHECK_INT(p->n_windows, CR_ARRAY_SIZE(names) + 1);
	CR_CHECK_STR(cr_policy_window(p, 1)->function, all);
	CR_CHECK_STR(cr_policy_window(p, 1)->object, all);
	for (i = 0; i < CR_ARRAY_SIZE(names); i++)
		CR_CHECK_STR(cr_policy_window(p, (unsigned int)i + 2)->function, names[i]);
}

/* A fresh policy file for each test of the store. */
static void begin(const char *text)
{
	FILE *f;

	cr_store_free(s);
	s = NULL;
	unlink(path);
	if (text) {
		f = fopen(path, "w");
		CR_CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
	}
	if (cr_store_begin(path, NULL, false, &s, &err) < 0)
		CR_FAIL("%s", err.text);
}

static void rewrite(const char *text)
{
	FILE *f = fopen(path, "w");

	CR_CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static unsigned int window(const char *object, const char *function)
{
	struct cr_window_name name = { function, object, CR_SCOPE_THREAD };
	int rc = cr_store_window(s, &name, &err);

	if (rc < 0)
		CR_FAIL("%s", err.text);
	return (unsigned int)rc;
}

static int saw(unsigned int w, const char *name)
{
	return cr_store_saw(s, w, CR_ABI_NATIVE, nr_of(name), "/bin/x", "main", &err);
}

static void save(void)
{
	if (cr_store_save(s, &err) < 0)
		CR_FAIL("%s", err.text);
}

static const struct cr_rule *on_disk(unsigned int w, const char *name)
{
	cr_policy_free(p);
	p = NULL;
	if (cr_ini_load(path, &p, &err) < 0)
		CR_FAIL("%s", err.text);
	return rule(w, name);
}

CR_TEST(a_window_is_on_disk_when_its_number_is_known)
{
	struct cr_store_seed seed = { .outside_any = true };

	unlink(path);
	CR_CHECK_INT(cr_store_begin(path, &seed, false, &s, &err), 0);
	CR_CHECK_INT(window(NULL, "f"), 1);
	on_disk(1, "read");
	CR_CHECK(p->outside_any);
	CR_CHECK_STR(cr_policy_window(p, 1)->function, "f");
	CR_CHECK_INT(window("libx.so", "f"), 2);
	CR_CHECK_INT(window(NULL, "f"), 1);
	on_disk(1, "read");
	CR_CHECK_STR(cr_policy_window(p, 2)->object, "libx.so");
	begin("[window 5]\nfunction = f\nscope = process\n");
	CR_CHECK_INT(window(NULL, "f"), 5);
	CR_CHECK_INT(cr_store_place(s, 5)->scope, CR_SCOPE_PROCESS);
	CR_CHECK_INT(window(NULL, "g"), 6);
}

CR_TEST(a_call_is_learned_in_its_window)
{
	const char *text = "[window 1]\nfunction = f\nread = never\nwrite = errno EIO\n"
			   "close = allow\n";
	unsigned int f, g;

	begin(text);
	f = window(NULL, "f");
	g = window(NULL, "g");
	CR_CHECK_INT(saw(f, "openat"), 1);
	CR_CHECK(cr_rule_learned(on_disk(f, "openat")));
	CR_CHECK_STR(on_disk(f, "openat")->ev->stack, "main");
	CR_CHECK(!on_disk(g, "openat") && !on_disk(0, "openat"));
	CR_CHECK_INT(saw(g, "openat"), 1);
	CR_CHECK_INT(saw(0, "openat"), 1);
	CR_CHECK_INT(saw(f, "openat"), 0);
	CR_CHECK_INT(saw(f, "read") + saw(f, "write") + saw(f, "close"), 0);
	cr_store_count(s, f, CR_ABI_NATIVE, nr_of("openat"), 9);
	cr_store_count(s, f, CR_ABI_NATIVE, nr_of("close"), 9);
	save();
	CR_CHECK_INT(on_disk(f, "openat")->ev->calls, 9);
	CR_CHECK_INT(on_disk(g, "openat")->ev->calls, 1);
	CR_CHECK_INT(on_disk(0, "openat")->ev->seen, 1);
	CR_CHECK_INT(on_disk(f, "read")->act, CR_ACT_NEVER);
	CR_CHECK_INT(on_disk(f, "write")->err, EIO);
	CR_CHECK(!on_disk(f, "close")->ev);
	CR_CHECK_INT(cr_store_saw(s, 77, CR_ABI_NATIVE, 0, NULL, NULL, &err), -EINVAL);
	CR_CHECK_INT(cr_store_saw(s, f, CR_ABI_NATIVE, 900, NULL, NULL, &err), 1);
	on_disk(f, "read");
	CR_CHECK(!p->horizon_nr || p->horizon_nr == 900);
}

CR_TEST(executions_are_counted_in_each_window)
{
	int run;

	begin(NULL);
	for (run = 1; run <= 5; run++) {
		unsigned int f;

		if (run > 1)
			CR_CHECK_INT(cr_store_begin(path, NULL, false, &s, &err), 0);
		cr_store_confirmed(s, 3);
		f = window(NULL, "f");
		CR_CHECK(saw(f, "read") >= 0 && saw(0, "write") >= 0);
		if (run % 2)
			CR_CHECK(saw(f, "close") >= 0);
		cr_store_count(s, f, CR_ABI_NATIVE, nr_of("read"), 10);
		save();
		cr_store_free(s);
		s = NULL;
	}
	CR_CHECK_INT(on_disk(1, "read")->ev->seen, 5);
	CR_CHECK_INT(on_disk(1, "read")->ev->calls, 50);
	CR_CHECK_INT(on_disk(1, "close")->ev->seen, 3);
	CR_CHECK(!on_disk(1, "read")->ev->more && on_disk(0, "write")->ev->more);
}

CR_TEST(hand_edits_of_windows_survive)
{
	unsigned int f, g;

	begin(NULL);
	f = window(NULL, "f");
	g = window(NULL, "g");
	CR_CHECK(f == 1 && g == 2 && saw(f, "read") == 1);
	/* a person swaps them, denies a call, and says why */
	rewrite("# why\n[window 2]\nfunction = f\n# no\nwrite = never\n[window 1]\nfunction = g\n");
	CR_CHECK_INT(saw(f, "close"), 1);
	CR_CHECK_INT(saw(f, "write"), 0);
	CR_CHECK_INT(saw(g, "fsync"), 1);
	CR_CHECK(on_disk(2, "close") && !on_disk(1, "close") && on_disk(1, "fsync"));
	CR_CHECK_INT(on_disk(2, "write")->act, CR_ACT_NEVER);
	CR_CHECK_INT(cr_store_find(s, f, CR_ABI_NATIVE, nr_of("write"))->act, CR_ACT_NEVER);
	/* takes one away: it comes back with the next call that is made in it */
	rewrite("[window 9]\nfunction = g\n");
	save();
	CR_CHECK_INT(saw(g, "getuid"), 1);
	CR_CHECK(on_disk(9, "getuid") && p->n_windows == 1);
	CR_CHECK_INT(saw(f, "getpid"), 1);
	CR_CHECK(on_disk(1, "getpid") && p->n_windows == 2);
	CR_CHECK_STR(cr_policy_window(p, 1)->function, "f");
	/* gives its number to another */
	rewrite("[window 1]\nfunction = h\n");
	CR_CHECK_INT(saw(f, "time"), 1);
	CR_CHECK(on_disk(2, "time") && p->n_windows == 2 && !rule(1, "time"));
	CR_CHECK_INT(cr_policy_window_find(p, NULL, "f"), 2);
	/* takes all away */
	CR_CHECK_INT(unlink(path), 0);
	CR_CHECK_INT(saw(g, "uname"), 1);
	CR_CHECK(on_disk(2, "uname") && rule(2, "fsync") && rule(1, "read"));
}

CR_TEST(two_windows_have_not_one_number)
{
	unsigned int f, g, h;

	begin(NULL);
	f = window(NULL, "f");
	h = window(NULL, "h");
	CR_CHECK(f == 1 && h == 2);
	rewrite("[window 1]\nfunction = g\n[window 3]\nfunction = f\n");
	CR_CHECK_INT(saw(f, "read"), 1);
	g = window(NULL, "g");
	CR_CHECK(g != f && g != h);
	CR_CHECK_INT(saw(g, "write"), 1);
	CR_CHECK(on_disk(3, "read") && rule(1, "write") && p->n_windows == 2);
	/* one without a call comes back when the file is gone, too */
	CR_CHECK_INT(unlink(path), 0);
	CR_CHECK_INT(saw(f, "close"), 1);
	on_disk(1, "read");
	CR_CHECK(p->n_windows == 3 && cr_policy_window_find(p, NULL, "h"));
}

CR_TEST(a_window_that_cannot_be_kept_is_refused)
{
	char name[1200], text[64 * 1024] = "";
	struct cr_window_name w = { name, NULL, CR_SCOPE_THREAD };

	begin(NULL);
	snprintf(name, sizeof(name), "a\nb");
	CR_CHECK_INT(cr_store_window(s, &w, &err), -EINVAL);
	CR_CHECK_HAS(err.text, "a name with a control character: no function of a window is");
	*name = '\0';
	CR_CHECK_INT(cr_store_window(s, &w, &err), -EINVAL);
	snprintf(name, sizeof(name), "%-1000s", "_ZN");
	CR_CHECK_INT(cr_store_window(s, &w, &err), -ENAMETOOLONG);
	CR_CHECK_HAS(err.text, "has 1000 bytes");
	snprintf(name, sizeof(name), "%-890s", "_ZN");
	CR_CHECK_INT(cr_store_window(s, &w, &err), 1);
	/* a file that was spoilt meanwhile: no number is given away, the file is not touched */
	rewrite("[syscalls]\nraed = allow\n");
	w.function = "g";
	CR_CHECK_INT(cr_store_window(s, &w, &err), -EINVAL);
	CR_CHECK_HAS(err.text, "\"raed\"");
	CR_CHECK(!cr_store_place(s, 2));
	CR_CHECK_INT(cr_store_saw(s, 2, CR_ABI_NATIVE, 0, NULL, NULL, &err), -EINVAL);
	strcat(text, "[window 1]\nfunction = h\n");
	rewrite(text);
	CR_CHECK_INT(saw(1, "read"), 1);
	on_disk(1, "read");
	CR_CHECK_INT(cr_policy_window_find(p, NULL, "g"), 0);
	w.function = "h";
	CR_CHECK_INT(cr_store_window(s, &w, &err), 2);
	CR_CHECK_STR(cr_store_place(s, 2)->function, "h");
}

static uint32_t state = 2463534242u;

/* xorshift32: Marsaglia, "Xorshift RNGs", 2003 */
static uint32_t below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % n;
}

static void read_file(struct cr_buf *text)
{
	char piece[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	CR_CHECK(fd >= 0);
	cr_buf_clear(text);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		cr_buf_addn(text, piece, (size_t)n);
	close(fd);
}

/* The store knows on which line each rule stands, as if it had read the file again. */
static void check_lines(unsigned int w)
{
	struct cr_rule *const *have, *const *want;
	size_t i, n, m;

	have = cr_policy_rules_in(cr_store_policy(s), w, &n);
	want = cr_policy_rules_in(p, w, &m);
	CR_CHECK_INT(n, m);
	for (i = 0; i < n; i++)
		CR_CHECK_INT(have[i]->line, want[i]->line);
	if (w)
		CR_CHECK_INT(cr_policy_window(cr_store_policy(s), w)->line,
			     cr_policy_window(p, w)->line);
}

/* What has been learned so far, by window. */
static uint64_t lost;
static bool noted[5][CR_ABI_COUNT][500];

static void note(unsigned int w, enum cr_abi abi, uint32_t nr)
{
	CR_CHECK(cr_store_note(s, w, abi, nr, "/bin/x", w % 2 ? "f < g" : NULL, &err) >= 0);
	noted[w][abi][nr] = true;
}

static void check_noted(void)
{
	unsigned int w, abi;
	uint32_t nr;

	CR_CHECK_INT(p->n_windows, 4);
	for (w = 0; w < 5; w++)
		for (abi = 0; abi < CR_ABI_COUNT; abi++)
			for (nr = 0; nr < CR_ARRAY_SIZE(noted[w][abi]); nr++)
				if (noted[w][abi][nr])
					CR_CHECK(cr_policy_find_in(p, w, (enum cr_abi)abi, nr));
}

/* Learns a call in some windows; the file is what an edit of the whole would have made of it. */
static void learn_and_compare(struct cr_buf *before, struct cr_buf *after)
{
	uint32_t nr = below(10) ? below(300) : 440 + below(60);	/* or beyond the horizon */
	enum cr_abi abi = (enum cr_abi)below(CR_ABI_COUNT);
	size_t i;

	read_file(before);
	note(1 + below(4), abi, nr);
	note(1 + below(4), abi, nr);
	if (below(8) == 0)
		note(0, abi, nr);
	if (below(20) == 0)
		cr_store_lost(s, ++lost);
	save();
	read_file(after);
	on_disk(0, "read");
	check_noted();
	CR_CHECK_INT(p->lost, lost);
	CR_CHECK(!p->horizon_nr || !noted[1][CR_ABI_NATIVE][nr] || p->horizon_nr >= nr);
	CR_CHECK_INT(cr_ini_edit(cr_buf_str(before), before->len, p, &out), 0);
	CR_CHECK_STR(out.s, cr_buf_str(after));
	check_lines(0);
	for (i = 0; i < p->n_windows; i++)
		check_lines(p->windows[i]->number);
}

CR_TEST(a_part_is_edited_as_the_whole_would_be)
{
	static const char *const texts[] = {
		"[policy]\nhorizon = 6.1 450\n# one\n\n[window 1]\nfunction = a\n# end\n\n"
		"# two\n[window 2]\n# f\nfunction = b\n\n\n[window 3]\nfunction = c\nread = allow\n"
		"[window 4]\nfunction = d\n# last",
		"[window 4]\r\nfunction = d\r\n[window 2]\r\nfunction = b\r\n\r\n; a\r\n[window 1]"
		"\r\nfunction = a\r\n[syscalls]\r\nread = allow\r\n[window 3]\r\nfunction = c",
		"[window 1]\nfunction = a\n[window 3]\nfunction = c\n[window 1 i386]\nread = log\n"
		"\n[ window 2 ]\nfunction = b\n  \n\t# x\n\t[window 4]\n\tfunction = d\n\n\n",
	};
	cr_auto_buf struct cr_buf before = CR_BUF_INIT, after = CR_BUF_INIT;
	size_t i;
	int k;

	for (i = 0; i < CR_ARRAY_SIZE(texts); i++) {
		begin(texts[i]);
		memset(noted, 0, sizeof(noted));
		lost = 0;
		CR_CHECK(window(NULL, "a") == 1 && window(NULL, "b") == 2);
		CR_CHECK(window(NULL, "c") == 3 && window(NULL, "d") == 4);
		for (k = 0; k < 120; k++)
			learn_and_compare(&before, &after);
	}
}

static int learner_no;

/* Windows of its own, one that all share, and the same call in each. */
static int learn_windows(void)
{
	struct cr_window_name shared = { "shared", NULL, CR_SCOPE_THREAD };
	struct cr_store *mine = NULL;
	char name[32];
	int i, w;

	if (cr_store_begin(path, NULL, false, &mine, &err) < 0)
		return 1;
	for (i = 0; i < 8; i++) {
		struct cr_window_name own = { name, NULL, CR_SCOPE_THREAD };

		snprintf(name, sizeof(name), "f%d.%d", learner_no, i);
		w = cr_store_window(mine, &own, &err);
		if (w < 1 || cr_store_saw(mine, (unsigned int)w, CR_ABI_NATIVE, (uint32_t)i, NULL,
					  NULL, &err) != 1)
			return 2;
	}
	w = cr_store_window(mine, &shared, &err);
	if (w < 1 || cr_store_saw(mine, (unsigned int)w, CR_ABI_NATIVE, 7, NULL, NULL, &err) < 0)
		return 3;
	return cr_store_save(mine, &err) < 0 ? 4 : 0;
}

CR_TEST(learners_at_once_lose_no_window)
{
	pid_t pids[6];
	char name[32];
	int st, i, k;

	cr_store_free(s);
	s = NULL;
	unlink(path);
	for (learner_no = 0; learner_no < 6; learner_no++) {
		pids[learner_no] = fork();
		if (pids[learner_no] == 0)
			_exit(learn_windows());
	}
	for (i = 0; i < 6; i++) {
		CR_CHECK_INT(waitpid(pids[i], &st, 0), pids[i]);
		CR_CHECK_INT(st, 0);
	}
	on_disk(1, "read");
	CR_CHECK_INT(p->n_windows, 6 * 8 + 1);
	for (i = 0; i < 6; i++)
		for (k = 0; k < 8; k++) {
			unsigned int w;

			snprintf(name, sizeof(name), "f%d.%d", i, k);
			w = cr_policy_window_find(p, NULL, name);
			CR_CHECK(w && cr_policy_find_in(p, w, CR_ABI_NATIVE, (uint32_t)k));
			CR_CHECK_INT(cr_policy_window(p, w)->n_rules, 1);
		}
	i = (int)cr_policy_window_find(p, NULL, "shared");
	CR_CHECK_INT(cr_policy_find_in(p, (unsigned int)i, CR_ABI_NATIVE, 7)->ev->seen, 6);
}

/* Learns for ever, and says through @to which window has been answered to be on disk. */
static void learn_until_killed(int to)
{
	struct cr_window_name name = { "", NULL, CR_SCOPE_THREAD };
	struct cr_store *mine = NULL;
	char text[16];
	int i, w;

	name.function = text;
	if (cr_store_begin(path, NULL, false, &mine, &err) < 0)
		_exit(1);
	for (i = 1; i <= (int)CR_WINDOW_NR_MAX; i++) {
		snprintf(text, sizeof(text), "f%d", i);
		w = cr_store_window(mine, &name, &err);
		if (w != i || write(to, &w, sizeof(w)) != sizeof(w))
			_exit(2);
		if (cr_store_saw(mine, (unsigned int)w, CR_ABI_NATIVE, 1, NULL, NULL, &err) != 1)
			_exit(3);
		w = -w;	/* its call is there, too */
		if (write(to, &w, sizeof(w)) != sizeof(w))
			_exit(2);
	}
	_exit(0);
}

CR_TEST(a_kill_loses_no_window)
{
	int i, w, fds[2], st, windows, calls;
	struct timespec t = { 0, 0 };
	pid_t pid;

	for (i = 0; i < 60; i++) {
		unlink(path);
		CR_CHECK_INT(pipe(fds), 0);
		pid = fork();
		if (pid == 0)
			learn_until_killed(fds[1]);
		close(fds[1]);
		t.tv_nsec = (i * 7919L % 60) * 300000 + 100000;
		nanosleep(&t, NULL);
		kill(pid, SIGKILL);
		CR_CHECK_INT(waitpid(pid, &st, 0), pid);
		CR_CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
		windows = calls = 0;
		while (read(fds[0], &w, sizeof(w)) == sizeof(w))
			*(w > 0 ? &windows : &calls) = abs(w);
		close(fds[0]);
		if (!windows)
			continue;
		on_disk(1, "read");
		CR_CHECK(p->n_windows == (size_t)windows || p->n_windows == (size_t)windows + 1);
		for (w = 1; w <= calls; w++)
			CR_CHECK(rule((unsigned int)w, "write") != NULL);
	}
}

int main(void)
{
	char line[64];

	if (!mkdtemp(dir))
		return 99;
	snprintf(path, sizeof(path), "%s/x.policy", dir);
	CR_RUN(windows_are_found_by_number_and_by_name,
	       "a window is found by its number and by its name");
	CR_RUN(a_window_has_rules_of_its_own, "a window has rules of its own, and no base set's");
	CR_RUN(windows_are_read, "windows are read with their rules and their evidence");
	CR_RUN(an_included_file_brings_no_windows, "an included file brings no windows");
	CR_RUN(nothing_changes_without_need, "windows stay byte for byte without need");
	CR_RUN(what_changes_in_a_window_changes_there,
	       "what changes in a window changes in its sections");
	CR_RUN(new_windows_come_behind_the_others, "new windows come behind the others");
	CR_RUN(a_window_that_is_gone_takes_its_sections_along,
	       "a window that is gone takes its sections along");
	CR_RUN(the_head_of_a_window_can_be_changed, "the head of a window can be changed");
	CR_RUN(every_name_survives, "every name that is no control character survives the file");
	CR_RUN(a_window_is_on_disk_when_its_number_is_known,
	       "a new window is on disk when its number is known");
	CR_RUN(a_call_is_learned_in_its_window, "a call is learned in its window and nowhere else");
	CR_RUN(executions_are_counted_in_each_window,
	       "executions are counted in each window, also beyond 3");
	CR_RUN(hand_edits_of_windows_survive,
	       "windows that a person renumbers, changes or deletes are found again");
	CR_RUN(two_windows_have_not_one_number,
	       "two windows never have one number, whatever a person does to the file");
	CR_RUN(a_window_that_cannot_be_kept_is_refused,
	       "a window that a policy cannot hold is refused, and nothing changes");
	CR_RUN(a_part_is_edited_as_the_whole_would_be,
	       "a window is edited as if the whole file were, to the byte and the line");
	CR_RUN(learners_at_once_lose_no_window, "six learners at once lose no window");
	CR_RUN(a_kill_loses_no_window, "a kill at any of 60 moments loses no window");
	cr_policy_free(p);
	cr_store_free(s);
	cr_buf_fini(&out);
	snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line) ? 99 : cr_done();
}
