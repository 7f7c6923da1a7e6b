/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Properties of merge and diff, on policies made by chance. The seed is fixed: a failure names the
 * round, and comes again.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>

#include "cr-test.h"
#include "cr/diff.h"
#include "cr/ini.h"
#include "cr/merge.h"
#include "cr/names.h"

#define ROUNDS 100
#define CALLS 24		/* few, so that policies have many calls in common */

static uint64_t state = 88172645463325252ull;
static char dir[32];
static struct cr_err err;

/* xorshift64: Marsaglia, "Xorshift RNGs", 2003 */
static uint32_t below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 16) % n);
}

static const char *path_of(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	CR_CHECK(f != NULL);
	fputs(text, f);
	CR_CHECK_INT(fclose(f), 0);
}

/* A condition, of calls whose first argument is a descriptor, sometimes. */
static const char *condition_text(uint32_t nr, const char *action)
{
	static const char *const conditions[] = { " if arg0 == 1", " if arg0 in 2 3",
						  " if arg0 != 3", " if arg0 & 2" };

	if ((nr > 3 || nr == 2) && (nr < 16 || nr > 20) && nr != 8)
		return "";
	if (strcmp(action, "allow") != 0 || below(2))
		return "";
	return conditions[below(CR_ARRAY_SIZE(conditions))];
}

static void rule_text(struct cr_buf *rules, struct cr_buf *evidence, uint32_t runs)
{
	static const char *const actions[] = { "allow", "allow", "allow", "log", "errno EPERM",
					       "errno ENOENT", "never" };
	const char *action = actions[below(CR_ARRAY_SIZE(actions))];
	char name[CR_NAME_MAX];
	uint32_t nr;

	for (nr = 0; nr < CALLS; nr++) {
		if (below(3) == 0)
			continue;
		action = actions[below(CR_ARRAY_SIZE(actions))];
		cr_nr_to_name(CR_ABI_NATIVE, nr, name);
		cr_buf_addf(rules, "%s = %s%s\n", name, action, condition_text(nr, action));
		if (runs && strcmp(action, "allow") == 0 && below(3))
			cr_buf_addf(evidence, "%s = \"%u, %s1/2 all, %u calls, /bin/%c: f < g\"\n",
				    name, 1 + below(runs), below(2) ? "" : "first in 1, ",
				    below(100), 'a' + (int)below(3));
	}
}

/* Windows of three functions, some of them, under numbers that say nothing. */
static void windows_text(struct cr_buf *text, uint32_t runs)
{
	static const char *const heads[] = { "function = f\nscope = process\n",
					     "function = \"g(x);\"\n",
					     "function = f\nobject = libf.so\n" };
	uint32_t i, first = 1 + below(4);

	for (i = 0; i < CR_ARRAY_SIZE(heads); i++) {
		cr_auto_buf struct cr_buf rules = CR_BUF_INIT, ev = CR_BUF_INIT;
		uint32_t number = 1 + (first + 5 * i) % 13;

		if (below(2))
			continue;
		rule_text(&rules, &ev, runs);
		cr_buf_addf(text, "[window %u]\n%s%s[window %u evidence]\n%s", number, heads[i],
			    cr_buf_str(&rules), number, cr_buf_str(&ev));
	}
}

/* A policy file made by chance, which may include base sets that contradict each other. */
static void write_policy(const char *name, bool with_bases)
{
	static const char *const bases[] = { "", "include = ./x\n", "include = ./y, ./x\n",
					     "include = ./x, ./y\n",
					     "include = ./z, base-static, ./x\n",
					     "include = ./y, ./z\n" };
	cr_auto_buf struct cr_buf text = CR_BUF_INIT, rules = CR_BUF_INIT, i386 = CR_BUF_INIT;
	cr_auto_buf struct cr_buf ev = CR_BUF_INIT, ev386 = CR_BUF_INIT;
	uint32_t runs = below(5);

	rule_text(&rules, &ev, runs);
	rule_text(&i386, &ev386, 0);
	cr_buf_addf(&text, "[policy]\nmode = learn\nruns = %u\nall-runs = %u\n%s", runs, runs,
		    with_bases ? bases[below(CR_ARRAY_SIZE(bases))] : "");
	if (below(2))
		cr_buf_addf(&text, "horizon = 6.%u.0 %u\n", 1 + below(9), 440 + below(20));
	cr_buf_addf(&text, "[syscalls]\n%s[syscalls x32]\n%s[evidence]\n%s", cr_buf_str(&rules),
		    cr_buf_str(&i386), cr_buf_str(&ev));
	windows_text(&text, runs);
	write_file(name, cr_buf_str(&text));
}

static struct cr_policy *load(const char *name)
{
	struct cr_policy *p = NULL;

	if (cr_ini_load(path_of(name), &p, &err) < 0)
		CR_FAIL("%s", err.text);
	return p;
}

/* Merges files into a file, through the text. */
static void merge(const char *const *in, size_t n, const char *out)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	struct cr_policy *p[4];
	struct cr_merge m;
	char path[64];
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = load(in[i]);
	CR_CHECK_INT(cr_merge_policies((const struct cr_policy *const *)p, n, CR_PREFER_FIRST, &m),
		     0);
	CR_CHECK_INT(m.n_open, 0);
	strcpy(path, path_of(out));
	if (cr_merge_write(m.policy, p[0], path, &text, &err) < 0)
		CR_FAIL("%s", err.text);
	cr_merge_fini(&m);
	for (i = 0; i < n; i++)
		cr_policy_free(p[i]);
}

static void merge2(const char *a, const char *b, const char *out)
{
	merge((const char *const[]){ a, b }, 2, out);
}

static void check_equal(const char *a, const char *b, unsigned int what, int round)
{
	struct cr_policy *p = load(a), *q = load(b);
	char call[CR_NAME_MAX] = "";
	struct cr_diff d;

	CR_CHECK_INT(cr_diff_policies(p, q, what, &d), 0);
	if (d.n)
		CR_FAIL("round %d: %s and %s differ in %s: %s, %s", round, a, b, d.v[0].key ?
			d.v[0].key : cr_nr_to_name(d.v[0].abi, d.v[0].nr, call),
			d.v[0].a ? d.v[0].a : "-", d.v[0].b ? d.v[0].b : "-");
	cr_policy_free(p);
	cr_policy_free(q);
}

/* Errnos of one call that differ are nobody's to order: there the first is preferred, and the
 * order of the inputs does tell. */
static void without_errno(const char *name)
{
	char command[160];

	snprintf(command, sizeof(command), "sed -i s/ENOENT/EPERM/ '%s'", path_of(name));
	CR_CHECK_INT(system(command), 0);
}

static void begin(void)
{
	strcpy(dir, "/tmp/chestnut-XXXXXX");
	CR_CHECK(mkdtemp(dir) != NULL);
	write_file("x", "[syscalls]\nread = allow\nstat = never\npoll = log\nmmap = allow\n");
	write_file("y", "[syscalls]\nread = never\nstat = allow\npoll = errno EPERM\n");
	write_file("z", "[syscalls]\nread = log\nstat = allow\nclose = never\n");
}

static void end(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	CR_CHECK_INT(system(command), 0);
}

CR_TEST(idempotent)
{
	int i;

	begin();
	for (i = 0; i < ROUNDS; i++) {
		write_policy("a", true);
		merge2("a", "a", "aa");
		check_equal("a", "aa", 0, i);
		merge((const char *const[]){ "a" }, 1, "a1");
		check_equal("a", "a1", CR_DIFF_EVIDENCE, i);
	}
	end();
}

CR_TEST(commutative)
{
	int i;

	begin();
	for (i = 0; i < ROUNDS; i++) {
		write_policy("a", true);
		write_policy("b", true);
		without_errno("a");
		without_errno("b");
		merge2("a", "b", "ab");
		merge2("b", "a", "ba");
		check_equal("ab", "ba", CR_DIFF_EFFECTIVE, i);
	}
	end();
}

/* No order of the three agrees with both: z, in the middle for one, would come last. */
CR_TEST(contradicting_includes)
{
	struct cr_policy *p;

	begin();
	write_file("x", "[syscalls]\nread = allow\n");
	write_file("y", "[syscalls]\nread = allow\n");
	write_file("z", "[syscalls]\nread = never\n");
	write_file("a", "[policy]\ninclude = ./x ./y\n");
	write_file("b", "[policy]\ninclude = ./y ./z ./x\n");
	merge2("a", "b", "ab");
	p = load("ab");
	CR_CHECK_INT(p->n_include, 3);
	CR_CHECK_INT(cr_policy_find(p, CR_ABI_NATIVE, 0)->act, CR_ACT_ALLOW);
	cr_policy_free(p);
	end();
}

CR_TEST(associative)
{
	int i;

	begin();
	for (i = 0; i < ROUNDS; i++) {
		write_policy("a", false);
		write_policy("b", false);
		write_policy("c", false);
		merge2("a", "b", "ab");
		merge2("ab", "c", "ab_c");
		merge2("b", "c", "bc");
		merge2("a", "bc", "a_bc");
		merge((const char *const[]){ "a", "b", "c" }, 3, "abc");
		check_equal("ab_c", "abc", CR_DIFF_EVIDENCE, i);
		check_equal("a_bc", "abc", CR_DIFF_EVIDENCE, i);
	}
	end();
}

/* The window of @q that is about the same function as window @window of @p. */
static unsigned int same_window(const struct cr_policy *p, unsigned int window,
				const struct cr_policy *q)
{
	const struct cr_policy_window *w = cr_policy_window(p, window);
	unsigned int there = w ? cr_policy_window_find(q, w->object, w->function) : 0;

	return w && !there ? CR_WINDOW_NR_MAX + 1 : there;
}

/* What holds after is at least what held before, for each call. */
static void check_above_in(const struct cr_policy *p, unsigned int window,
			   const struct cr_policy *q, int round)
{
	unsigned int there = same_window(p, window, q);
	const struct cr_rule *a, *b;
	uint32_t at;

	for (at = 0; at < CR_ABI_COUNT * CR_NR_MAX; at++) {
		a = cr_policy_find_in(p, window, (enum cr_abi)(at / CR_NR_MAX), at % CR_NR_MAX);
		b = cr_policy_find_in(q, there, (enum cr_abi)(at / CR_NR_MAX), at % CR_NR_MAX);
		if (a && (!b || b->act < a->act))
			CR_FAIL("round %d: call %u of window %u is %d, and %d after the merge",
				round, at, window, a->act, b ? (int)b->act : 0);
	}
}

static void check_above(const char *low, const char *high, int round)
{
	struct cr_policy *p = load(low), *q = load(high);
	size_t i;

	check_above_in(p, 0, q, round);
	for (i = 0; i < p->n_windows; i++)
		check_above_in(p, p->windows[i]->number, q, round);
	cr_policy_free(p);
	cr_policy_free(q);
}

CR_TEST(monotone)
{
	int i;

	begin();
	for (i = 0; i < ROUNDS; i++) {
		write_policy("a", true);
		write_policy("b", true);
		merge2("a", "b", "ab");
		check_above("a", "ab", i);
		check_above("b", "ab", i);
	}
	end();
}

static uint64_t sum_of(const struct cr_policy *p, unsigned int window, const struct cr_rule *r,
		       uint32_t *seen)
{
	const struct cr_rule *own = cr_policy_own_in(p, window, r->abi, r->nr);

	if (!cr_rule_learned(own))
		return 0;
	*seen += own->ev->seen;
	return own->ev->calls;
}

static void check_counts_in(const struct cr_policy *p, const struct cr_policy *q,
			    const struct cr_policy *m, unsigned int window)
{
	struct cr_rule *const *rules;
	size_t i, n;

	rules = cr_policy_rules_in(m, window, &n);
	for (i = 0; i < n; i++) {
		const struct cr_rule *r = rules[i];
		uint32_t seen = 0;
		uint64_t calls = sum_of(p, same_window(m, window, p), r, &seen);

		calls += sum_of(q, same_window(m, window, q), r, &seen);
		if (!cr_rule_learned(r))
			continue;
		CR_CHECK_INT(r->ev->seen, seen);
		CR_CHECK_INT(r->ev->calls, calls);
	}
}

static void check_counts(const char *a, const char *b, const char *ab)
{
	struct cr_policy *p = load(a), *q = load(b), *m = load(ab);
	size_t i;

	CR_CHECK_INT(m->runs, p->runs + q->runs);
	CR_CHECK_INT(m->all_runs, p->all_runs + q->all_runs);
	check_counts_in(p, q, m, 0);
	for (i = 0; i < m->n_windows; i++)
		check_counts_in(p, q, m, m->windows[i]->number);
	cr_policy_free(p);
	cr_policy_free(q);
	cr_policy_free(m);
}

CR_TEST(counts_add_up)
{
	int i;

	begin();
	for (i = 0; i < ROUNDS; i++) {
		write_policy("a", true);
		write_policy("b", true);
		merge2("a", "b", "ab");
		check_counts("a", "b", "ab");
	}
	end();
}

/* The executions of the second come behind those of the first. */
CR_TEST(first_executions)
{
	static const struct {
		uint32_t nr, first;
	} want[] = { { 0, 2 }, { 1, 5 }, { 2, 0 }, { 3, 0 } };
	struct cr_policy *p;
	size_t i;

	begin();
	write_file("a", "[policy]\nruns = 4\n[syscalls]\nread = allow\nclose = allow\n"
		   "[evidence]\nread = \"1, first in 2, 1 call\"\nclose = \"1, 1 call\"\n");
	write_file("b", "[policy]\nruns = 3\n[syscalls]\nread = allow\nwrite = allow\n"
		   "open = allow\nclose = allow\n[evidence]\nread = \"1, first in 1, 1 call\"\n"
		   "write = \"1, first in 1, 1 call\"\nopen = \"1, 1 call\"\n"
		   "close = \"1, first in 1, 1 call\"\n");
	merge2("a", "b", "ab");
	p = load("ab");
	for (i = 0; i < CR_ARRAY_SIZE(want); i++)
		CR_CHECK_INT(cr_policy_own(p, CR_ABI_NATIVE, want[i].nr)->ev->first,
			     want[i].first);
	cr_policy_free(p);
	end();
}

CR_TEST(by_hand_stays_by_hand)
{
	struct cr_policy *p;
	const struct cr_rule *r;

	begin();
	write_file("a", "[policy]\nruns = 2\nall-runs = 2\n[syscalls]\nread = allow\n");
	write_file("b", "[policy]\nruns = 2\nall-runs = 2\n[syscalls]\nread = allow\n"
		   "write = allow\n[evidence]\nread = \"1, 0/2 all, 1 call\"\n"
		   "write = \"1, 0/2 all, 1 call\"\n");
	merge2("a", "b", "ab");
	p = load("ab");
	r = cr_policy_own(p, CR_ABI_NATIVE, (uint32_t)cr_name_to_nr(CR_ABI_NATIVE, "read"));
	CR_CHECK(r && r->act == CR_ACT_ALLOW && !cr_rule_learned(r) && !cr_rule_unused(r));
	r = cr_policy_own(p, CR_ABI_NATIVE, (uint32_t)cr_name_to_nr(CR_ABI_NATIVE, "write"));
	CR_CHECK(cr_rule_learned(r) && cr_rule_unused(r));
	cr_policy_free(p);
	end();
}

CR_TEST(open_conflicts)
{
	struct cr_policy *p[2];
	struct cr_merge m;

	begin();
	write_file("a", "[policy]\nmode = strict\n[syscalls]\nopen = errno EPERM\n"
		   "read = never\n");
	write_file("b", "[policy]\nmode = learn\n[syscalls]\nopen = errno ENOENT\n"
		   "read = allow\n");
	p[0] = load("a");
	p[1] = load("b");
	CR_CHECK_INT(cr_merge_policies((const struct cr_policy *const *)p, 2, CR_PREFER_NONE, &m),
		     0);
	CR_CHECK_INT(m.n, 3);
	CR_CHECK_INT(m.n_open, 2);
	CR_CHECK(m.conflicts[0].kind == CR_CONFLICT_MODE && m.conflicts[0].open);
	CR_CHECK(m.conflicts[1].r[0]->act == CR_ACT_NEVER && m.conflicts[1].won == 0);
	CR_CHECK(m.conflicts[2].open && m.conflicts[2].won == -1);
	CR_CHECK_INT(m.conflicts[2].r[0]->line, 4);
	CR_CHECK(m.conflicts[2].p[1] == p[1]);
	cr_merge_fini(&m);
	CR_CHECK_INT(cr_merge_policies((const struct cr_policy *const *)p, 2, CR_PREFER_LAST, &m),
		     0);
	CR_CHECK_INT(m.n_open, 0);
	CR_CHECK_INT(m.policy->mode, CR_MODE_LEARN);
	CR_CHECK_INT(cr_policy_own(m.policy, CR_ABI_NATIVE, 2)->err, ENOENT);
	CR_CHECK_INT(cr_policy_own(m.policy, CR_ABI_NATIVE, 0)->act, CR_ACT_NEVER);
	cr_merge_fini(&m);
	cr_policy_free(p[0]);
	cr_policy_free(p[1]);
	end();
}

CR_TEST(conditions)
{
	static const struct {
		const char *a;
		const char *b;
		const char *want;
		size_t conflicts;
		size_t open;
	} rows[] = {
		{ "allow if arg0 == 1", "allow if arg0 == 2", "allow if arg0 in 1 2", 0, 0 },
		{ "allow if arg0 == 1", "allow", "allow", 0, 0 },
		{ "allow", "allow if arg0 == 1", "allow", 0, 0 },
		{ "allow if arg0 == 1", "allow if arg0 != 1", "allow", 0, 0 },
		{ "allow if arg0 == 1", "never", "never", 1, 0 },
		{ "allow", "errno EPERM if arg0 == 1 else allow",
		  "errno EPERM if arg0 == 1 else allow", 1, 0 },
		{ "errno EPERM if arg0 == 1 else allow", "errno EPERM if arg0 == 2 else allow",
		  "errno EPERM if arg0 in 1 2 else allow", 0, 0 },
		{ "allow if arg0 == 1 else errno EPERM", "allow if arg0 == 1 else errno EACCES",
		  "allow if arg0 == 1 else errno EPERM", 1, 1 },
	};
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	struct cr_merge m;
	struct cr_policy *in[2];
	size_t i;

	begin();
	for (i = 0; i < CR_ARRAY_SIZE(rows); i++) {
		cr_buf_clear(&text);
		cr_buf_addf(&text, "[syscalls]\nclose = %s\n", rows[i].a);
		write_file("a", cr_buf_str(&text));
		cr_buf_clear(&text);
		cr_buf_addf(&text, "[syscalls]\nclose = %s\n", rows[i].b);
		write_file("b", cr_buf_str(&text));
		in[0] = load("a");
		in[1] = load("b");
		CR_CHECK_INT(cr_merge_policies((const struct cr_policy *const *)in, 2,
					       CR_PREFER_NONE, &m), 0);
		cr_buf_clear(&text);
		cr_rule_print(cr_policy_find(m.policy, CR_ABI_NATIVE, 3), &text);
		CR_CHECK_STR(cr_buf_str(&text), rows[i].want);
		CR_CHECK_INT(m.n, rows[i].conflicts);
		CR_CHECK_INT(m.n_open, rows[i].open);
		cr_merge_fini(&m);
		cr_policy_free(in[0]);
		cr_policy_free(in[1]);
	}
	end();
}

CR_TEST(lowest_horizon)
{
	struct cr_policy *p;

	begin();
	write_file("a", "[policy]\nhorizon = 6.12.0 460\n[syscalls]\nread = allow\n");
	write_file("b", "[policy]\nhorizon = 5.10.0 440\n[syscalls]\nnr:444 = allow\n"
		   "nr:450 = allow\n[evidence]\nnr:444 = \"1, 1 call\"\n");
	merge2("a", "b", "ab");
	p = load("ab");
	CR_CHECK_STR(p->horizon_kernel, "5.10.0");
	CR_CHECK_INT(p->horizon_nr, 444);
	cr_policy_free(p);
	write_file("c", "[policy]\nhorizon = 6.12.0 460\n[window 3]\nfunction = f\nnr:446 = allow\n"
		   "[window 3 evidence]\nnr:446 = \"1, 1 call\"\n");
	merge2("c", "b", "cb");
	p = load("cb");
	CR_CHECK_INT(p->horizon_nr, 446);
	cr_policy_free(p);
	end();
}

/* A learner writes between the load and the write of a merge into one of its inputs. */
CR_TEST(written_meanwhile)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	struct cr_policy *p;
	struct cr_merge m;

	begin();
	write_file("a", "[policy]\nruns = 1\n[syscalls]\nread = allow\n");
	p = load("a");
	CR_CHECK_INT(cr_merge_policies((const struct cr_policy *const *)&p, 1, CR_PREFER_NONE, &m),
		     0);
	write_file("a", "[policy]\nruns = 2\n[syscalls]\nread = allow\nwrite = allow\n");
	CR_CHECK_INT(cr_merge_write(m.policy, p, path_of("a"), &text, &err), -EAGAIN);
	CR_CHECK_HAS(err.text, "has changed while it was being merged");
	cr_policy_free(p);
	p = load("a");
	CR_CHECK_INT(p->n_own, 2);
	cr_policy_free(p);
	cr_merge_fini(&m);
	end();
}

/* Small changes: most of them make a difference, some only look like one. */
static void mutate(const char *name)
{
	static const char *const changes[] = {
		"s/^read = [a-z].*/read = allow/", "s/ = errno EPERM/ = errno 1/",
		"/^open = /d",
		"s/mode = learn/mode=learn/", "s/mode = learn/mode = strict/", "s/^/# c\\n/",
		"s/ calls, / call, /", "s/, 1\\/2 all//",
		"s/^runs = .*/runs = 4/", "s/first in 1/first in 2/", "s/f < g/f < h/",
		"s/^\\[syscalls x32\\]/\\[syscalls x32\\]\\nnr:300 = log/",
		"s/^read = allow/nr:0 = allow/", "s/scope = process/scope = thread/",
		"s/^function = f/function = \"f\"/", "s/ evidence\\]/ evidence x32\\]/",
		"s/libf.so/libg.so/",
		"s/^\\[policy\\]/&\\noutside = any/",
	};
	char command[256];

	snprintf(command, sizeof(command), "sed -i '%s' '%s'",
		 changes[below(CR_ARRAY_SIZE(changes))], path_of(name));
	CR_CHECK_INT(system(command), 0);
}

/* Whether a rule is learned is evidence, too. */
static void same_evidence(const struct cr_policy *p, unsigned int window)
{
	struct cr_evidence none = { .seen = 1 };
	struct cr_rule *const *rules;
	size_t i, n;

	rules = cr_policy_rules_in(p, window, &n);
	for (i = 0; i < n; i++)
		CR_CHECK_INT(cr_rule_witness(rules[i], &none), 0);
}

/* What a policy says, spelled in the writer's one way: the whole file, not rule by rule. */
static void spell(const char *name, bool evidence, struct cr_buf *out)
{
	struct cr_policy *p = load(name);
	size_t i;

	if (!evidence) {
		p->runs = p->all_runs = 0;
		same_evidence(p, 0);
		for (i = 0; i < p->n_windows; i++)
			same_evidence(p, p->windows[i]->number);
	}
	CR_CHECK_INT(cr_ini_edit("", 0, p, out), 0);
	cr_policy_free(p);
}

static bool differ(const char *a, const char *b, unsigned int what)
{
	struct cr_policy *p = load(a), *q = load(b);
	struct cr_diff d;
	bool some;

	CR_CHECK_INT(cr_diff_policies(p, q, what, &d), 0);
	some = d.n > 0;
	cr_diff_fini(&d);
	cr_policy_free(p);
	cr_policy_free(q);
	return some;
}

CR_TEST(empty_when_equal)
{
	cr_auto_buf struct cr_buf a = CR_BUF_INIT, b = CR_BUF_INIT;
	int i, evidence, equal = 0;
	char command[160];

	begin();
	for (i = 0; i < ROUNDS; i++) {
		write_policy("a", true);
		snprintf(command, sizeof(command), "cp '%s/a' '%s/b'", dir, dir);
		CR_CHECK_INT(system(command), 0);
		mutate("b");
		for (evidence = 0; evidence < 2; evidence++) {
			bool same;

			cr_buf_clear(&a);
			cr_buf_clear(&b);
			spell("a", evidence, &a);
			spell("b", evidence, &b);
			same = strcmp(cr_buf_str(&a), cr_buf_str(&b)) == 0;
			equal += same;
			if (differ("a", "b", evidence ? CR_DIFF_EVIDENCE : 0) == same)
				CR_FAIL("round %d: diff says %s of\n%s\nand\n%s", i,
					same ? "something" : "nothing", a.s, b.s);
		}
	}
	/* Both answers have been asked for often. */
	CR_CHECK(equal > ROUNDS / 4 && equal < 2 * ROUNDS - ROUNDS / 4);
	end();
}

CR_TEST(windows_by_name)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	struct cr_policy *p[2];
	struct cr_merge m;
	struct cr_diff d;

	begin();
	write_file("a", "[policy]\noutside = any\n[syscalls]\nread = allow\n"
		   "# one\n[window 1]\nfunction = f\nread = allow\n"
		   "# seven\n[window 7]\nfunction = g\nread = never\n");
	write_file("b", "[policy]\noutside = any\n[syscalls]\nread = allow\n"
		   "[window 1]\nfunction = h\nread = allow\n"
		   "[window 2]\nfunction = g\nread = allow\nwrite = allow\n"
		   "[window 7]\nfunction = f\nscope = process\nobject = o\n"
		   "[window 8]\nfunction = f\nread = log\n");
	p[0] = load("a");
	p[1] = load("b");
	CR_CHECK_INT(cr_diff_policies(p[0], p[1], 0, &d), 0);
	CR_CHECK_INT(d.n, 6);
	CR_CHECK(d.v[0].kind == CR_DIFF_RULE && strcmp(d.v[0].window->function, "f") == 0);
	CR_CHECK_STR(d.v[0].b, "log");
	CR_CHECK(d.v[2].nr == 1 && !d.v[2].a && strcmp(d.v[2].window->function, "g") == 0);
	CR_CHECK(d.v[3].kind == CR_DIFF_WINDOW && !d.v[3].a);
	CR_CHECK_STR(d.v[3].b, "thread");
	CR_CHECK_STR(d.v[5].b, "process");
	CR_CHECK_STR(d.v[5].window->object, "o");
	cr_diff_fini(&d);
	CR_CHECK_INT(cr_merge_policies((const struct cr_policy *const *)p, 2, CR_PREFER_NONE, &m),
		     0);
	CR_CHECK_INT(m.n, 2);
	CR_CHECK(m.n_open == 0 && m.conflicts[0].w[0] && m.conflicts[0].w[1]->number == 8);
	if (cr_merge_write(m.policy, p[0], NULL, &text, &err) < 0)
		CR_FAIL("%s", err.text);
	CR_CHECK_STR(text.s, "[policy]\noutside = any\n[syscalls]\nread = allow\n"
		     "# one\n[window 1]\nfunction = f\n"
		     "read = log\n# seven\n[window 7]\nfunction = g\nread = never\n"
		     "write = allow\n\n[window 8]\nfunction = \"h\"\nread = allow\n\n"
		     "[window 9]\nfunction = \"f\"\nobject = \"o\"\nscope = process\n");
	/* with the comments and the numbers of a file that is not the first */
	if (cr_merge_write(m.policy, p[1], NULL, &text, &err) < 0)
		CR_FAIL("%s", err.text);
	CR_CHECK_STR(text.s, "[policy]\noutside = any\n[syscalls]\nread = allow\n"
		     "[window 1]\nfunction = h\nread = allow\n"
		     "[window 2]\nfunction = g\nread = never\nwrite = allow\n"
		     "[window 7]\nfunction = f\nscope = process\nobject = o\n"
		     "[window 8]\nfunction = f\nread = log\n");
	cr_merge_fini(&m);
	cr_policy_free(p[0]);
	cr_policy_free(p[1]);
	end();
}

CR_TEST(scopes_conflict)
{
	struct cr_policy *p[2];
	struct cr_merge m;

	begin();
	write_file("a", "[policy]\noutside = any\n[window 1]\nfunction = f\n");
	write_file("b", "[window 3]\nfunction = f\nscope = process\n");
	p[0] = load("a");
	p[1] = load("b");
	CR_CHECK_INT(cr_merge_policies((const struct cr_policy *const *)p, 2, CR_PREFER_NONE, &m),
		     0);
	CR_CHECK(m.n == 1 && m.n_open == 1 && m.conflicts[0].kind == CR_CONFLICT_SCOPE);
	CR_CHECK(m.conflicts[0].w[1]->scope == CR_SCOPE_PROCESS && !m.policy->outside_any);
	cr_merge_fini(&m);
	CR_CHECK_INT(cr_merge_policies((const struct cr_policy *const *)p, 2, CR_PREFER_LAST, &m),
		     0);
	CR_CHECK_INT(m.n_open, 0);
	CR_CHECK_INT(cr_policy_window(m.policy, 1)->scope, CR_SCOPE_PROCESS);
	cr_merge_fini(&m);
	cr_policy_free(p[0]);
	cr_policy_free(p[1]);
	end();
}

CR_TEST(effective)
{
	begin();
	write_file("a", "[policy]\ninclude = ./x\n[syscalls]\nbrk = allow\n");
	write_file("b", "[syscalls]\nread = allow\nstat = never\npoll = log\nmmap = allow\n"
		   "brk = allow\n");
	CR_CHECK(differ("a", "b", 0));
	CR_CHECK(!differ("a", "b", CR_DIFF_EFFECTIVE));
	write_file("x", "[syscalls]\nread = allow\nstat = never\npoll = log\n");
	CR_CHECK(differ("a", "b", CR_DIFF_EFFECTIVE));
	end();
}

int main(void)
{
	CR_RUN(idempotent, "merging a policy with itself changes no rule, alone nothing");
	CR_RUN(commutative, "the order of the inputs does not change what holds");
	CR_RUN(contradicting_includes, "of base sets no order decides what no input says");
	CR_RUN(associative, "merging in steps gives the same rules, counts and evidence");
	CR_RUN(monotone, "no call is less denied, or less known, after a merge");
	CR_RUN(counts_add_up, "executions, sightings and calls add up");
	CR_RUN(first_executions, "the second policy's executions come behind the first one's");
	CR_RUN(by_hand_stays_by_hand, "a rule that one input has by hand is nobody's to drop");
	CR_RUN(open_conflicts, "a conflict names both sides, and who wins where one is stricter");
	CR_RUN(conditions, "what either allows on a condition, both allow together");
	CR_RUN(lowest_horizon, "the lowest horizon holds, raised to what was learned");
	CR_RUN(written_meanwhile, "what a learner writes during a merge is not overwritten");
	CR_RUN(empty_when_equal, "a diff is empty exactly when both policies say the same");
	CR_RUN(windows_by_name, "windows are one by their function, whatever their numbers");
	CR_RUN(scopes_conflict, "a window's scope is for a person to settle");
	CR_RUN(effective, "an effective diff does not care which file a rule stands in");
	return cr_done();
}
