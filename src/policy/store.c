/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "cr/ini.h"
#include "cr/names.h"
#include "cr/store.h"
#include "disk.h"
#include "text.h"

/* What this run knows about one call. */
struct delta {
	struct delta *next;	/* owned */
	enum cr_abi abi;
	uint32_t nr;
	char *exe;		/* owned; may be NULL */
	char *stack;		/* owned; may be NULL */
	uint64_t calls;		/* of this run */
	uint64_t calls_saved;	/* of these, in the file */
	bool seen;
	bool seen_saved;
	bool more;		/* passes uncounted in this run */
	bool more_saved;
};

struct cr_store {
	char *path;		/* owned; as the user spelled it */
	struct cr_policy *policy;	/* owned; the file, and what could not be written yet */
	struct cr_buf text;	/* the file's bytes when we last saw it */
	struct cr_policy **loaded;	/* borrowed: from the seed, until the first save is done */
	bool fresh;		/* policy says what text says */
	bool exists;
	bool all;
	bool watched;		/* --all: to the end, so that what was not used is known */
	bool watched_saved;
	/* --all: rules that were learned when the run began. Another supervisor may learn more
	 * meanwhile, of calls that our program did not have to use. */
	bool old[CR_ABI_COUNT][CR_NR_MAX];
	struct cr_policy *seed;	/* owned; what a new file begins with */
	struct delta *deltas;	/* owned */
	struct delta *of[CR_ABI_COUNT][CR_NR_MAX];	/* borrowed: from deltas */
};

static bool pending(const struct delta *d)
{
	return d->seen != d->seen_saved || d->more != d->more_saved || d->calls != d->calls_saved;
}

static struct delta *delta_of(struct cr_store *s, enum cr_abi abi, uint32_t nr)
{
	struct delta *d = s->of[abi][nr];

	if (d)
		return d;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->abi = abi;
	d->nr = nr;
	d->next = s->deltas;
	s->deltas = d;
	s->of[abi][nr] = d;
	return d;
}

/* @to, when it is not set yet, gets a copy of @from. */
static int copy_text(char **to, const char *from)
{
	if (!from || *to)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

static void set_horizon(struct cr_policy *p)
{
	struct utsname u;
	char *c;

	if (uname(&u) < 0)
		return;
	/* Releases of home-made kernels may hold what ends a value. */
	for (c = u.release; *c; c++)
		if (*c <= ' ' || strchr("\"'#;\\%", *c))
			*c = '-';
	p->horizon_kernel = strdup(u.release);
	p->horizon_nr = cr_nr_highest(CR_ABI_NATIVE);
}

static struct cr_policy *seeded(const char *path, const struct cr_store_seed *seed)
{
	struct cr_policy *p = cr_policy_new();

	if (!p)
		return NULL;
	p->mode = CR_MODE_LEARN;
	if (seed && seed->include)
		p->include = calloc(1, sizeof(*p->include));
	if (copy_text(&p->path, path) < 0 ||
	    copy_text(&p->program, seed ? seed->program : NULL) < 0 ||
	    copy_text(&p->build_id, seed ? seed->build_id : NULL) < 0)
		goto fail;
	if (seed && seed->include) {
		if (!p->include || copy_text(&p->include[0], seed->include) < 0)
			goto fail;
		p->n_include = 1;
	}
	return p;
fail:
	cr_policy_free(p);
	return NULL;
}

static bool same_bytes(const struct cr_buf *a, const struct cr_buf *b)
{
	return a->len == b->len && memcmp(cr_buf_str(a), cr_buf_str(b), a->len) == 0;
}

static void adopt(struct cr_store *s, struct cr_policy *p)
{
	cr_policy_free(s->policy);
	s->policy = p;
	s->fresh = true;
}

/* A new file is the seed, which must mean the same as the file will: it goes through the text. */
static int start_new(struct cr_store *s, struct cr_err *err)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	struct cr_policy *p = NULL;
	struct delta *d;
	int rc;

	if (!s->seed->horizon_kernel)
		set_horizon(s->seed);
	rc = cr_ini_edit("", 0, s->seed, &text);
	if (rc < 0)
		return cr_err_sys(err, rc, "cannot write %s", s->path);
	rc = cr_ini_parse(s->path, cr_buf_str(&text), text.len, &p, err);
	if (rc < 0)
		return rc;
	/* When the file has vanished in mid-run, all that this run saw is to be written again. */
	for (d = s->deltas; d; d = d->next) {
		d->seen_saved = d->more_saved = false;
		d->calls_saved = 0;
	}
	if (s->exists) {
		p->runs = 1;
		p->all_runs = s->all;
	}
	cr_buf_clear(&s->text);
	adopt(s, p);
	return 0;
}

/* What was read a moment ago need not be parsed again. */
static int parse(struct cr_store *s, const struct cr_buf *text, struct cr_policy **p,
		 struct cr_err *err)
{
	struct cr_policy *loaded = s->loaded ? *s->loaded : NULL;

	if (!loaded || !loaded->source || !same_bytes(&loaded->source->text, text))
		return cr_ini_parse(s->path, cr_buf_str(text), text->len, p, err);
	*p = loaded;
	*s->loaded = NULL;
	return 0;
}

/* Brings policy and text up to what the file says now. Called under the lock. The bytes are
 * compared: what stat(2) says need not change when somebody writes twice within a clock tick. */
static int refresh(struct cr_store *s, struct cr_err *err)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	struct cr_policy *p = NULL;
	struct cr_buf old = s->text;
	struct stat st;
	int rc = cr_text_read(s->path, &text, &st, err);

	if (rc == 0 && s->fresh && s->exists && same_bytes(&text, &old))
		return 0;
	s->fresh = false;
	if (rc == -ENOENT)
		return start_new(s, err);
	if (rc == 0)
		rc = parse(s, &text, &p, err);
	if (rc < 0)
		return rc;
	s->text = text;
	text = old;
	s->exists = true;
	adopt(s, p);
	return 0;
}

/* The new rule of a call that has none of its own; a base set's denial stays. */
static int learn_rule(struct cr_policy *p, const struct delta *d)
{
	const struct cr_rule *r = cr_policy_find(p, d->abi, d->nr);
	struct cr_evidence ev = {
		.seen = 1, .calls = d->calls, .exe = d->exe, .stack = d->stack,
	};
	int rc;

	if (r && r->act != CR_ACT_ALLOW)
		return 0;
	rc = cr_policy_set(p, NULL, d->abi, d->nr, CR_ACT_ALLOW, 0);
	if (rc == 0)
		rc = cr_rule_witness(cr_policy_own(p, d->abi, d->nr), &ev);
	if (rc < 0)
		cr_policy_unset(p, d->abi, d->nr);
	else if (d->abi == CR_ABI_NATIVE && p->horizon_nr && d->nr > p->horizon_nr)
		p->horizon_nr = d->nr;
	return rc;
}

/* Adds to @p what of @d its file lacks. A person may have taken the rule away meanwhile, or made it
 * his. */
static int apply(struct cr_policy *p, const struct delta *d)
{
	struct cr_rule *r = cr_policy_own(p, d->abi, d->nr);

	if (!r)
		return d->seen && !d->seen_saved ? learn_rule(p, d) : 0;
	if (!cr_rule_learned(r))
		return 0;
	r->ev->seen += d->seen && !d->seen_saved;
	r->ev->calls += d->calls - d->calls_saved;
	r->ev->more |= d->more;
	return 0;
}

/* The rules that this execution has used, and those that it could have used. */
static void apply_watched(struct cr_store *s)
{
	const struct delta *d;
	struct cr_rule *r;
	bool seen;
	size_t i;

	for (i = 0; i < s->policy->n_own; i++) {
		r = s->policy->rules[i];
		d = s->of[r->abi][r->nr];
		seen = d && d->seen;
		if (!cr_rule_learned(r) || !(seen || s->old[r->abi][r->nr]))
			continue;
		r->ev->all_runs++;
		r->ev->all_seen += seen;
	}
}

/* @text must mean what @want says: iniparser reads it, and to edit it again changes nothing. */
static int prove(const char *path, const struct cr_buf *text, struct cr_policy *want,
		 struct cr_err *err)
{
	cr_auto_buf struct cr_buf again = CR_BUF_INIT;
	struct cr_policy *got = NULL;
	size_t i;
	int rc = cr_text_own(path, cr_buf_str(text), text->len, &got, err);

	if (rc < 0)
		return rc;
	rc = cr_ini_edit(cr_buf_str(text), text->len, want, &again);
	if (rc == 0 && (again.len != text->len || memcmp(again.s, text->s, text->len) != 0 ||
			got->n_own != want->n_own))
		rc = -EBADMSG;
	if (rc < 0)
		cr_err_sys(err, rc, "cannot write %s: what would be written is not what was meant",
			   path);
	for (i = 0; rc == 0 && i < want->n_own; i++)
		want->rules[i]->line = got->rules[i]->line;
	cr_policy_free(got);
	return rc;
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Numbers that have kept their length can be written over. True when that was all, and was done. */
static bool write_digits(const struct cr_disk *disk, const struct cr_buf *old,
			 const struct cr_buf *want)
{
	size_t i, first = SIZE_MAX, last = 0;

	if (old->len != want->len)
		return false;
	for (i = 0; i < old->len; i++) {
		if (old->s[i] == want->s[i])
			continue;
		if (!digit(old->s[i]) || !digit(want->s[i]))
			return false;
		first = first == SIZE_MAX ? i : first;
		last = i;
	}
	return first < old->len &&
	       cr_disk_patch(disk, want->s, want->len, first, last + 1 - first) == 0;
}

/* Writes @want over @old. *@out is the new text. Nothing happens when that is the same. @begin:
 * only the number of executions has changed. */
static int replace_file(const struct cr_disk *disk, const struct cr_buf *old,
			struct cr_policy *want, bool begin, struct cr_buf *out, struct cr_err *err)
{
	int rc = cr_ini_edit(cr_buf_str(old), old->len, want, out);

	if (rc < 0)
		return cr_err_sys(err, rc, "cannot write %s", disk->shown);
	if (same_bytes(out, old) || (begin && write_digits(disk, old, out)))
		return 0;
	rc = prove(disk->shown, out, want, err);
	return rc < 0 ? rc : cr_disk_write(disk, out->s, out->len, err);
}

static void mark_saved(struct cr_store *s)
{
	struct delta *d;

	for (d = s->deltas; d; d = d->next) {
		d->seen_saved = d->seen;
		d->more_saved = d->more;
		d->calls_saved = d->calls;
	}
	s->watched_saved = s->watched;
}

/* Under the lock, with the policy as it shall be. */
static int write_policy(struct cr_store *s, const struct cr_disk *disk, bool begin,
			struct cr_err *err)
{
	struct cr_buf out = CR_BUF_INIT;
	int rc = replace_file(disk, &s->text, s->policy, begin, &out, err);

	if (rc < 0) {
		cr_buf_fini(&out);
		s->fresh = false;	/* the model is ahead of the file */
		return rc;
	}
	cr_buf_fini(&s->text);
	s->text = out;
	s->exists = true;
	mark_saved(s);
	return 0;
}

/* The run goes on although nothing could be written: it must not meet the same call as new again.
 */
static void keep_for_later(struct cr_store *s)
{
	const struct delta *d;

	s->fresh = false;
	for (d = s->deltas; d; d = d->next)
		if (d->seen && !d->seen_saved && !cr_policy_own(s->policy, d->abi, d->nr) &&
		    learn_rule(s->policy, d) < 0)
			return;
}

static int apply_all(struct cr_store *s, struct cr_err *err)
{
	const struct delta *d;
	int rc;

	for (d = s->deltas; d; d = d->next) {
		rc = pending(d) ? apply(s->policy, d) : 0;
		if (rc < 0)
			return cr_err_sys(err, rc, "cannot write %s", s->path);
	}
	if (s->watched && !s->watched_saved)
		apply_watched(s);
	return 0;
}

static int save(struct cr_store *s, struct cr_err *err)
{
	struct cr_disk disk;
	int rc = cr_disk_lock(s->path, false, &disk, err);

	if (rc == 0) {
		rc = refresh(s, err);
		if (rc == 0)
			rc = apply_all(s, err);
		if (rc == 0)
			rc = write_policy(s, &disk, false, err);
		cr_disk_unlock(&disk);
	}
	if (rc < 0)
		keep_for_later(s);
	return rc;
}

static int first_save(struct cr_store *s, struct cr_err *err)
{
	struct cr_disk disk;
	size_t i;
	int rc = cr_disk_lock(s->path, true, &disk, err);

	if (rc < 0)
		return rc;
	cr_disk_sweep(&disk);
	rc = refresh(s, err);
	for (i = 0; rc == 0 && i < s->policy->n_own; i++)
		s->old[s->policy->rules[i]->abi][s->policy->rules[i]->nr] =
			cr_rule_learned(s->policy->rules[i]);
	if (rc == 0) {
		s->policy->runs++;
		s->policy->all_runs += s->all;
		rc = write_policy(s, &disk, true, err);
	}
	cr_disk_unlock(&disk);
	return rc;
}

int cr_store_begin(const char *path, const struct cr_store_seed *seed, bool all,
		   struct cr_store **store, struct cr_err *err)
{
	struct cr_store *s = calloc(1, sizeof(*s));
	int rc = -ENOMEM;

	if (s) {
		s->all = all;
		s->path = strdup(path);
		s->loaded = seed ? seed->loaded : NULL;
		s->seed = seeded(path, seed);
	}
	if (!s || !s->path || !s->seed)
		cr_err_sys(err, rc, "cannot write %s", path);
	else
		rc = first_save(s, err);
	if (s)
		s->loaded = NULL;
	if (rc < 0)
		cr_store_free(s);
	else
		*store = s;
	return rc;
}

const struct cr_policy *cr_store_policy(const struct cr_store *s)
{
	return s->policy;
}

int cr_store_saw(struct cr_store *s, enum cr_abi abi, uint32_t nr, const char *exe,
		 const char *stack, struct cr_err *err)
{
	const struct cr_rule *r;
	struct delta *d;
	bool known;
	int rc;

	if (nr >= CR_NR_MAX)
		return cr_err_set(err, -EINVAL, "a policy cannot hold call number %u", nr);
	r = cr_policy_find(s->policy, abi, nr);
	known = r && (!r->base || r->act != CR_ACT_ALLOW);
	d = delta_of(s, abi, nr);
	if (!d || (!known && (copy_text(&d->exe, exe) < 0 || copy_text(&d->stack, stack) < 0)))
		return cr_err_sys(err, -ENOMEM, "cannot write %s", s->path);
	d->seen = true;
	if (!d->calls)
		d->calls = 1;
	if (!known)
		d->seen_saved = false;	/* a person has deleted it since; it is made all the same */
	if (known)
		return 0;
	rc = save(s, err);
	return rc < 0 ? rc : 1;
}

void cr_store_count(struct cr_store *s, enum cr_abi abi, uint32_t nr, uint64_t calls)
{
	struct delta *d = nr < CR_NR_MAX ? delta_of(s, abi, nr) : NULL;

	if (d && calls > d->calls)
		d->calls = calls;
}

void cr_store_confirmed(struct cr_store *s, uint32_t confirm)
{
	struct delta *d;
	size_t i;

	for (i = 0; i < s->policy->n_own && !s->all; i++) {
		const struct cr_rule *r = s->policy->rules[i];

		if (!cr_rule_learned(r) || r->ev->more || !cr_rule_confirmed(r, true, confirm))
			continue;
		d = delta_of(s, r->abi, r->nr);
		if (d)
			d->more = true;
	}
}

bool cr_store_all(const struct cr_store *s)
{
	return s->all;
}

void cr_store_watched(struct cr_store *s)
{
	s->watched = s->all;
}

/* Has the file a use for this? The counts of a hand-written rule are nobody's. */
static bool wanted(const struct cr_store *s, const struct delta *d)
{
	const struct cr_rule *r = cr_policy_find(s->policy, d->abi, d->nr);

	if (!pending(d))
		return false;
	if (!s->fresh || cr_rule_learned(r))
		return true;
	return d->seen && !d->seen_saved && (!r || (r->base && r->act == CR_ACT_ALLOW));
}

int cr_store_save(struct cr_store *s, struct cr_err *err)
{
	const struct delta *d;

	if (s->watched && !s->watched_saved)
		return save(s, err);
	for (d = s->deltas; d; d = d->next)
		if (wanted(s, d))
			return save(s, err);
	return 0;
}

unsigned int cr_store_unsaved(const struct cr_store *s)
{
	const struct delta *d;
	unsigned int n = 0;

	if (s->fresh)
		return 0;
	for (d = s->deltas; d; d = d->next)
		n += d->seen && !d->seen_saved;
	return n;
}

void cr_store_free(struct cr_store *s)
{
	struct delta *d, *next;

	if (!s)
		return;
	for (d = s->deltas; d; d = next) {
		next = d->next;
		free(d->exe);
		free(d->stack);
		free(d);
	}
	cr_buf_fini(&s->text);
	cr_policy_free(s->policy);
	cr_policy_free(s->seed);
	free(s->path);
	free(s);
}

int cr_store_edit(const char *path,
		  int (*change)(struct cr_policy *p, void *ctx, struct cr_err *err), void *ctx,
		  struct cr_err *err)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT, out = CR_BUF_INIT;
	struct cr_policy *p = NULL;
	struct cr_disk disk;
	struct stat st;
	int rc = cr_disk_lock(path, false, &disk, err);

	if (rc < 0)
		return rc;
	rc = cr_text_read(path, &text, &st, err);
	if (rc == 0)
		rc = cr_ini_parse(path, cr_buf_str(&text), text.len, &p, err);
	if (rc == 0)
		rc = change(p, ctx, err);
	if (rc == 0)
		rc = replace_file(&disk, &text, p, false, &out, err);
	cr_disk_unlock(&disk);
	cr_policy_free(p);
	return rc;
}
