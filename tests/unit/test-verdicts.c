/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every action with every condition in every ABI: what tests/golden/verdicts.txt says, judged. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cr-test.h"
#include "cr/enforce.h"
#include "cr/filter.h"
#include "cr/ini.h"
#include "cr/log.h"
#include "cr/names.h"

/* Three words: supervised filter, strict mode, filter alone. */
struct words {
	char word[3][16];
};

struct action {
	char violation[32];
	char rule[64];		/* with IF for the condition */
	struct words of[2];	/* fails, holds */
};

struct vector {
	uint64_t args[6];
	bool holds;
};

struct condition {
	enum cr_abi abi;
	char text[64];
	struct vector v[64];
	size_t n;
};

static struct action actions[64];
static struct condition conditions[128];
static size_t n_actions, n_conditions;
static int log_fd = -1;
static struct cr_err err;

static const char *site_word(const struct cr_site *site)
{
	(void)site;
	return "";
}

static const struct cr_site site = { .pid = 1, .tid = 1, .exe = site_word, .stack = site_word };

static void read_condition(const char *line)
{
	struct condition *c = &conditions[n_conditions++];
	char abi[16] = "";
	int at = 0;

	CR_CHECK(n_conditions <= CR_ARRAY_SIZE(conditions));
	CR_CHECK_INT(sscanf(line, "condition %15s %n", abi, &at), 1);
	for (c->abi = 0; strcmp(cr_abi_facts[c->abi].name, abi) != 0; c->abi++)
		CR_CHECK(c->abi < CR_ABI_COUNT);
	snprintf(c->text, sizeof(c->text), "%.60s", line + at);
}

static void read_vector(const char *line, bool holds)
{
	struct condition *c = &conditions[n_conditions - 1];
	struct vector *v = &c->v[c->n++];
	unsigned long long a[3];

	CR_CHECK(n_conditions && c->n <= CR_ARRAY_SIZE(c->v));
	CR_CHECK_INT(sscanf(line, " %*s %llx %llx %llx", &a[0], &a[1], &a[2]), 3);
	*v = (struct vector){ { a[0], a[1], a[2] }, holds };
}

static void read_line(const char *line)
{
	static char violation[32];
	bool holds = strncmp(line, "\tholds ", 7) == 0;
	struct action *a = &actions[n_actions ? n_actions - 1 : 0];
	struct words *w = &a->of[holds];

	if (strncmp(line, "default ", 8) == 0) {
		snprintf(violation, sizeof(violation), "%.30s", line + 8);
	} else if (strncmp(line, "action ", 7) == 0) {
		CR_CHECK(n_actions < CR_ARRAY_SIZE(actions));
		memcpy(actions[n_actions].violation, violation, sizeof(violation));
		snprintf(actions[n_actions++].rule, sizeof(a->rule), "%.60s", line + 7);
	} else if (strncmp(line, "condition ", 10) == 0) {
		read_condition(line);
	} else if (*line == '\t' && n_conditions) {
		read_vector(line, holds);
	} else if (*line == '\t') {
		CR_CHECK_INT(sscanf(line, " %*s %15s %15s %15s", w->word[0], w->word[1],
				    w->word[2]), 3);
	} else {
		CR_CHECK(!*line || *line == '#');
	}
}

CR_TEST(table)
{
	const char *src = getenv("top_srcdir");
	char path[4096], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/golden/verdicts.txt", src ? src : ".");
	f = fopen(path, "r");
	if (!f)
		CR_FAIL("there is no %s", path);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		read_line(line);
	}
	fclose(f);
	CR_CHECK(n_actions >= 40 && n_conditions >= 60);
}

/* "errno EACCES IF else allow" with its condition. */
static struct cr_policy *policy_of(const struct action *a, const struct condition *c)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	const char *at = strstr(a->rule, "IF");
	struct cr_policy *p = NULL;

	CR_CHECK(at != NULL);
	cr_buf_addf(&text, "[policy]\nviolation = %s\n[syscalls%s%s]\nioctl = ", a->violation,
		    cr_abi_facts[c->abi].suffix[0] ? " " : "", cr_abi_facts[c->abi].suffix);
	cr_buf_addn(&text, a->rule, (size_t)(at - a->rule));
	cr_buf_addf(&text, "if %s%s\n", c->text, at + 2);
	if (cr_ini_parse("x", cr_buf_str(&text), text.len, &p, &err) < 0)
		CR_FAIL("%s: %s", cr_buf_str(&text), err.text);
	return p;
}

static const char *word_of(uint32_t ret)
{
	switch (ret) {
	case SECCOMP_RET_ALLOW:
		return "made";
	case SECCOMP_RET_LOG:
		return "noted";
	case SECCOMP_RET_ERRNO | EACCES:
		return "EACCES";
	case SECCOMP_RET_ERRNO | EPERM:
		return "EPERM";
	case SECCOMP_RET_KILL_PROCESS:
		return "kill";
	case SECCOMP_RET_TRACE | CR_FILTER_DATA:
		return "stop";
	}
	return "something else";
}

static uint32_t number(enum cr_abi abi)
{
	int nr = cr_name_to_nr(abi, "ioctl");

	CR_CHECK(nr >= 0);
	return (uint32_t)nr;
}

static uint32_t run(const struct cr_filter *f, enum cr_abi abi, const uint64_t args[6])
{
	struct seccomp_data d = {
		.nr = (int)(number(abi) | cr_abi_facts[abi].nr_bit),
		.arch = cr_abi_facts[abi].audit_arch,
	};

	memcpy(d.args, args, sizeof(d.args));
	return cr_bpf_run(f, &d, NULL);
}

static void expect(const struct action *a, const struct condition *c, const struct vector *v,
		   unsigned int who, const char *got)
{
	static const char *const whose[] = { "supervised filter", "strict mode", "filter alone" };
	const char *want = a->of[v->holds].word[who];

	if (strcmp(got, want) != 0)
		CR_FAIL("%s (%s), %s (%s) with %#llx %#llx %#llx: %s says %s, not %s", a->rule,
			a->violation, c->text, cr_abi_facts[c->abi].name,
			(unsigned long long)v->args[0],
			(unsigned long long)v->args[1], (unsigned long long)v->args[2],
			whose[who], got, want);
}

static void for_all(void (*check)(const struct action *a, const struct condition *c,
				  struct cr_policy *p))
{
	struct cr_policy *p;
	size_t i, k;

	for (i = 0; i < n_actions; i++) {
		for (k = 0; k < n_conditions; k++) {
			p = policy_of(&actions[i], &conditions[k]);
			check(&actions[i], &conditions[k], p);
			cr_policy_free(p);
		}
	}
}

static void check_filters(const struct action *a, const struct condition *c, struct cr_policy *p)
{
	static const struct cr_filter_use strict = { .learning = false };
	static struct cr_filter_plan plan;
	struct cr_filter f, alone;
	uint32_t ret;
	size_t i;

	cr_filter_plan(p, &strict, &plan);
	if (cr_filter_build(&plan, &f, &err) < 0)
		CR_FAIL("%s", err.text);
	cr_filter_plan_alone(p, &p->violation, &plan);
	if (cr_filter_build(&plan, &alone, &err) < 0)
		CR_FAIL("%s", err.text);
	for (i = 0; i < c->n; i++) {
		ret = run(&f, c->abi, c->v[i].args);
		expect(a, c, &c->v[i], 0, ret == SECCOMP_RET_ALLOW ? "pass" : word_of(ret));
		expect(a, c, &c->v[i], 2, word_of(run(&alone, c->abi, c->v[i].args)));
	}
	cr_filter_fini(&f);
	cr_filter_fini(&alone);
}

CR_TEST(filters)
{
	for_all(check_filters);
}

static bool was_noted(void)
{
	char said[65536];
	ssize_t n = pread(log_fd, said, sizeof(said) - 1, 0);

	said[n < 0 ? 0 : n] = '\0';
	CR_CHECK_INT(ftruncate(log_fd, 0), 0);
	CR_CHECK_INT(lseek(log_fd, 0, SEEK_SET), 0);
	return strstr(said, "noted ioctl(") || strstr(said, "not in the policy: ioctl(");
}

static const char *judged(struct cr_enforce *e, const struct condition *c, const struct vector *v)
{
	struct cr_call call = { .abi = c->abi, .nr = number(c->abi) };
	struct cr_judge *j = cr_enforce_judge(e);
	struct cr_verdict got;

	memcpy(call.args, v->args, sizeof(call.args));
	was_noted();
	got = j->judge(j, &call, &site);
	if (got.what == CR_VERDICT_KILL)
		return "kill";
	if (got.what == CR_VERDICT_STOP)
		return got.err == EPERM ? "stopped" : "another errno";
	if (got.what == CR_VERDICT_ERRNO)
		return got.err == EACCES ? "EACCES" : got.err == EPERM ? "EPERM" : "another errno";
	return was_noted() ? "noted" : "made";
}

static void check_judge(const struct action *a, const struct condition *c, struct cr_policy *p)
{
	const struct cr_enforce_plan plan = { .policy = p, .violation = p->violation };
	struct cr_enforce *e;
	size_t i;

	/* A new one each time: what is made twice is told once. */
	for (i = 0; i < c->n; i++) {
		e = cr_enforce_new(&plan);
		CR_CHECK(e != NULL);
		expect(a, c, &c->v[i], 1, judged(e, c, &c->v[i]));
		cr_enforce_free(e);
	}
}

CR_TEST(judge)
{
	log_fd = memfd_create("log", MFD_CLOEXEC);
	CR_CHECK(log_fd >= 0);
	cr_log_to(log_fd);
	for_all(check_judge);
}

int main(void)
{
	CR_RUN(table, "the table has every action, and conditions of every kind");
	CR_RUN(filters, "the kernel answers as the table says, supervised and alone");
	CR_RUN(judge, "strict mode decides as the table says");
	return cr_done();
}
