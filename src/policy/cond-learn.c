/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is learned of a call's arguments has one form. Where an argument decides what the others
 * mean, each of its values has an alternative of its own, which says what was seen beside it; else
 * there is one. Of each argument values are collected, or of the bits that count, what they were.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/mman.h>

#include "cond-int.h"
#include "cr/names.h"

#define FACETS_MAX 3
/* Longer conditions are no longer read by anybody: the line would not hold them, either. */
#define TEXT_MAX 800

#define WHOLE UINT64_MAX
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
		    CLONE_NEWPID | CLONE_NEWNET)
#define WRITE_XOR_EXEC (PROT_WRITE | PROT_EXEC)
#define WRITE_OR_CREATE (O_ACCMODE | O_CREAT | O_TRUNC)
#define SOCK_TYPE_MASK 0xf
#define FUTEX_COMMAND ((uint32_t)FUTEX_CMD_MASK)
#define AS_ONE_MAX 4

struct facet {
	unsigned int arg;
	uint64_t mask;
};

/* Which of a set a program asks for is up to the scheduler: whether a lock is free, whether
 * somebody waits. To have seen one is to have seen all. */
static const uint64_t futex_as_one[][AS_ONE_MAX] = {
	{ FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET },
	{ FUTEX_LOCK_PI, FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI, 13 /* FUTEX_LOCK_PI2 */ },
};

/* With more than one facet the first decides what the others mean. */
static const struct lesson {
	const char *call;
	unsigned int n;
	struct facet facet[FACETS_MAX];
} lessons[] = {
	{ "arch_prctl", 1, { { 0, WHOLE } } },
	{ "bpf", 1, { { 0, WHOLE } } },
	{ "clone", 1, { { 0, NAMESPACES } } },
	{ "fcntl", 1, { { 1, WHOLE } } },
	{ "fcntl64", 1, { { 1, WHOLE } } },
	{ "futex", 1, { { 1, FUTEX_COMMAND } } },
	{ "futex_time64", 1, { { 1, FUTEX_COMMAND } } },
	{ "getsockopt", 2, { { 1, WHOLE }, { 2, WHOLE } } },
	{ "ioctl", 1, { { 1, WHOLE } } },
	{ "keyctl", 1, { { 0, WHOLE } } },
	{ "madvise", 1, { { 2, WHOLE } } },
	{ "mmap", 1, { { 2, WRITE_XOR_EXEC } } },
	{ "mmap2", 1, { { 2, WRITE_XOR_EXEC } } },
	{ "mprotect", 1, { { 2, WRITE_XOR_EXEC } } },
	{ "open", 1, { { 1, WRITE_OR_CREATE } } },
	{ "openat", 1, { { 2, WRITE_OR_CREATE } } },
	{ "personality", 1, { { 0, WHOLE } } },
	{ "pkey_mprotect", 1, { { 2, WRITE_XOR_EXEC } } },
	{ "prctl", 1, { { 0, WHOLE } } },
	{ "seccomp", 1, { { 0, WHOLE } } },
	{ "setsockopt", 2, { { 1, WHOLE }, { 2, WHOLE } } },
	{ "socket", 3, { { 0, WHOLE }, { 1, SOCK_TYPE_MASK }, { 2, WHOLE } } },
	{ "socketpair", 3, { { 0, WHOLE }, { 1, SOCK_TYPE_MASK }, { 2, WHOLE } } },
	{ "unshare", 1, { { 0, WHOLE } } },
};

/* A call's lesson, for its ABI. */
struct learning {
	enum cr_abi abi;
	uint32_t nr;
	unsigned int n;
	struct facet facet[FACETS_MAX];		/* masks as the kernel has them */
	unsigned int bits[FACETS_MAX];
	bool is_futex;
};

/* What was seen beside one value of the first facet; without more facets the first is all. */
struct group {
	uint64_t key;
	struct cr_ranges seen[FACETS_MAX];	/* owned; empty: anything */
};

struct groups {
	struct group *v;	/* owned */
	size_t n;
};

static bool find_lesson(enum cr_abi abi, uint32_t nr, struct learning *l)
{
	const struct cr_signature *sig;
	char name[CR_NAME_MAX];
	size_t i;
	unsigned int k;

	cr_nr_to_name(abi, nr, name);
	sig = cr_signature_find(abi, name);
	for (i = 0; i < CR_ARRAY_SIZE(lessons) && strcmp(lessons[i].call, name) != 0; i++)
		;
	if (!sig || i == CR_ARRAY_SIZE(lessons))
		return false;
	*l = (struct learning){ .abi = abi, .nr = nr, .n = lessons[i].n };
	l->is_futex = sig->args[lessons[i].facet[0].arg] == CR_ARG_FUTEX;
	for (k = 0; k < l->n; k++) {
		l->facet[k] = lessons[i].facet[k];
		l->bits[k] = cr_arg_bits(abi, nr, sig->args[l->facet[k].arg]);
		if (!l->bits[k])	/* mmap of i386: all behind a pointer */
			return false;
		l->facet[k].mask &= UINT64_MAX >> (64 - l->bits[k]);
	}
	return true;
}

bool cr_conds_learnable(enum cr_abi abi, uint32_t nr)
{
	struct learning l;

	return find_lesson(abi, nr, &l);
}

static void groups_fini(struct groups *g)
{
	size_t i;
	unsigned int k;

	for (i = 0; i < g->n; i++)
		for (k = 0; k < FACETS_MAX; k++)
			cr_ranges_fini(&g->v[i].seen[k]);
	free(g->v);
	*g = (struct groups){ NULL, 0 };
}

/* The group of @key; a new one has seen nothing, which *@fresh tells. NULL: no memory. */
static struct group *group_of(struct groups *g, uint64_t key, bool *fresh)
{
	struct group *grown;
	size_t i;

	*fresh = false;
	for (i = 0; i < g->n; i++)
		if (g->v[i].key == key)
			return &g->v[i];
	grown = realloc(g->v, (g->n + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	g->v = grown;
	grown[g->n] = (struct group){ .key = key };
	*fresh = true;
	return &grown[g->n++];
}

/* Adds what @a says beside @key, facet by facet from @from on. */
static int add_to_group(const struct learning *l, struct groups *g, uint64_t key,
			const struct cr_alternative *a, unsigned int from)
{
	bool fresh;
	struct group *to = group_of(g, key, &fresh);
	const struct cr_test *t;
	unsigned int k;
	int rc = to ? 0 : -ENOMEM;

	for (k = from; k < l->n && rc == 0; k++) {
		t = cr_alternative_find(a, l->facet[k].arg, l->facet[k].mask);
		if (!t)
			cr_ranges_fini(&to->seen[k]);
		else if (fresh || to->seen[k].n)
			rc = cr_ranges_join(&to->seen[k], &t->in);
	}
	return rc;
}

/* Is @a of the form that learning makes? Then *@first is the test of the first facet. */
static bool has_form(const struct learning *l, const struct cr_alternative *a,
		     const struct cr_test **first)
{
	unsigned int k;
	size_t known = 0;

	*first = cr_alternative_find(a, l->facet[0].arg, l->facet[0].mask);
	for (k = 0; k < l->n; k++) {
		const struct cr_test *t = cr_alternative_find(a, l->facet[k].arg, l->facet[k].mask);

		known += t != NULL;
		if (t && cr_ranges_count(&t->in) > CR_LEARN_VALUES)
			return false;
	}
	return *first && known == a->n;
}

static int add_alternative(const struct learning *l, struct groups *g,
			   const struct cr_alternative *a)
{
	const struct cr_test *first;
	uint64_t n;
	size_t i;
	int rc = 0;

	if (!has_form(l, a, &first))
		return -EPERM;
	if (l->n == 1)
		return add_to_group(l, g, 0, a, 0);
	for (i = 0; i < first->in.n; i++) {
		const struct cr_interval *r = &first->in.v[i];

		for (n = 0; n <= r->hi - r->lo && rc == 0; n++)
			rc = add_to_group(l, g, r->lo + n, a, 1);
	}
	return rc;
}

static int add_all(const struct learning *l, struct groups *g, const struct cr_conds *c)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < c->n && rc == 0; i++)
		rc = add_alternative(l, g, &c->alt[i]);
	return rc;
}

static int put_test(const struct learning *l, unsigned int k, const struct cr_ranges *in,
		    struct cr_alternative *a)
{
	struct cr_test t = { .arg = l->facet[k].arg, .bits = l->bits[k],
			     .mask = l->facet[k].mask };
	int rc = cr_ranges_copy(&t.in, in);

	return rc < 0 ? rc : cr_alternative_add(a, &t);
}

/* The alternative of one group; with @keys_only, the others of its arguments may be anything. */
static int put_group(const struct learning *l, const struct group *g, bool keys_only,
		     struct cr_conds *c)
{
	struct cr_interval one = { g->key, g->key };
	const struct cr_ranges key = { &one, 1 };
	struct cr_alternative a = { NULL, 0 };
	unsigned int k, first = l->n > 1;
	int rc = first ? put_test(l, 0, &key, &a) : 0;

	for (k = first; k < l->n && rc == 0; k++) {
		if (first && (keys_only || !g->seen[k].n ||
			      cr_ranges_count(&g->seen[k]) > CR_LEARN_VALUES))
			continue;
		rc = put_test(l, k, &g->seen[k], &a);
	}
	if (rc == 0)
		return cr_conds_add(c, &a);
	cr_alternative_fini(&a);
	return rc;
}

/* 1: there is more than can be said. */
static int build(const struct learning *l, const struct groups *g, bool keys_only,
		 struct cr_conds **out)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	struct cr_conds *c;
	size_t i;
	int rc = 0;

	if (g->n > CR_LEARN_VALUES ||
	    (l->n == 1 && cr_ranges_count(&g->v[0].seen[0]) > CR_LEARN_VALUES))
		return 1;
	c = calloc(1, sizeof(*c));
	for (i = 0; c && i < g->n && rc == 0; i++)
		rc = put_group(l, &g->v[i], keys_only, c);
	if (c && rc == 0)
		rc = cr_conds_tidy(c);
	if (!c || rc < 0) {
		cr_conds_free(c);
		return -ENOMEM;
	}
	cr_conds_print(l->abi, l->nr, c, &text);
	if (cr_buf_ok(&text) && text.len <= TEXT_MAX && !cr_conds_always(c)) {
		*out = c;
		return 0;
	}
	cr_conds_free(c);
	return cr_buf_ok(&text) ? 1 : -ENOMEM;
}

static int join_value(struct cr_ranges *to, uint64_t value)
{
	struct cr_interval one = { value, value };

	return cr_ranges_join(to, &(const struct cr_ranges){ &one, 1 });
}

/* All that the call with @value stands for, itself among it. */
static int stands_for(const struct learning *l, uint64_t value, struct cr_ranges *out)
{
	int rc = join_value(out, value);
	size_t set, i;

	for (set = 0; l->is_futex && set < CR_ARRAY_SIZE(futex_as_one); set++) {
		for (i = 0; i < AS_ONE_MAX && futex_as_one[set][i] != value; i++)
			;
		if (i == AS_ONE_MAX)
			continue;
		for (i = 0; i < AS_ONE_MAX && rc == 0; i++)
			rc = join_value(out, futex_as_one[set][i]);
	}
	return rc;
}

int cr_conds_seen(enum cr_abi abi, uint32_t nr, const uint64_t args[6], struct cr_conds **c)
{
	struct groups g = { NULL, 0 };
	struct cr_alternative a = { NULL, 0 };
	struct learning l;
	unsigned int k;
	int rc = 0;

	if (!find_lesson(abi, nr, &l))
		return -ENOENT;
	for (k = 0; k < l.n && rc == 0; k++) {
		struct cr_ranges in = { NULL, 0 };

		rc = stands_for(&l, args[l.facet[k].arg] & l.facet[k].mask, &in);
		if (rc == 0)
			rc = put_test(&l, k, &in, &a);
		cr_ranges_fini(&in);
	}
	if (rc == 0)
		rc = add_alternative(&l, &g, &a);
	if (rc == 0)
		rc = build(&l, &g, false, c);
	groups_fini(&g);
	cr_alternative_fini(&a);
	return rc > 0 ? -ENOENT : rc;
}

int cr_conds_learn(enum cr_abi abi, uint32_t nr, struct cr_conds **have,
		   const struct cr_conds *seen)
{
	struct groups g = { NULL, 0 };
	struct cr_conds *sum = NULL;
	struct learning l;
	int rc = find_lesson(abi, nr, &l) ? add_all(&l, &g, *have) : -EPERM;

	if (rc == 0)
		rc = add_all(&l, &g, seen);
	if (rc == 0)
		rc = build(&l, &g, false, &sum);
	if (rc > 0 && l.n > 1)
		rc = build(&l, &g, true, &sum);
	groups_fini(&g);
	if (rc < 0)
		return rc;
	cr_conds_free(*have);
	*have = sum;
	return rc;
}
