/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "cr/ini.h"
#include "cr/names.h"
#include "cr/store.h"
#include "disk.h"
#include "seen.h"
#include "text.h"
#include "value.h"

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
	uint32_t lost;		/* events that this run could make nothing of ... */
	uint32_t lost_saved;	/* ... and those of them that the file knows of */
	struct cr_policy *seed;	/* owned; what a new file begins with */
	struct cr_seen seen;
};

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
	p->outside_any = seed && seed->outside_any;
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
	cr_seen_adopt(&s->seen, p);
}

/* A new file is the seed, which must mean the same as the file will: it goes through the text. */
static int start_new(struct cr_store *s, struct cr_err *err)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	struct cr_policy *p = NULL;
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
	cr_seen_lost(&s->seen);
	if (s->exists) {
		p->runs = s->seen.run = 1;
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
	rc = cr_text_prove(disk->shown, out, want, want, err);
	return rc < 0 ? rc : cr_disk_write(disk, out->s, out->len, err);
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
	cr_seen_saved(&s->seen);
	s->watched_saved = s->watched;
	s->lost_saved = s->lost;
	return 0;
}

/* The run goes on although nothing could be written: it must not meet the same call as new again.
 */
static void keep_for_later(struct cr_store *s)
{
	s->fresh = false;
	if (cr_seen_apply_new(&s->seen, s->policy) < 0)
		return;	/* then it will be met again, and tried again */
}

static int apply_all(struct cr_store *s, struct cr_err *err)
{
	int rc = cr_seen_apply(&s->seen, s->policy);

	if (rc < 0) {
		cr_err_sys(err, rc, "cannot write %s", s->path);
		if (rc == -E2BIG)
			cr_err_hint(err, "a policy holds up to %u windows", CR_WINDOW_NR_MAX);
		return rc;
	}
	if (s->watched && !s->watched_saved)
		cr_seen_watched(&s->seen, s->policy);
	s->policy->lost += s->lost - s->lost_saved;
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
	int rc = cr_disk_lock(s->path, true, &disk, err);

	if (rc < 0)
		return rc;
	cr_disk_sweep(&disk);
	rc = refresh(s, err);
	if (rc == 0) {
		cr_seen_old(&s->seen, 0, s->policy);
		s->seen.run = ++s->policy->runs;
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

/* The windows that the run has not been told of leave it again. */
static void untell(struct cr_store *s)
{
	while (s->seen.n_windows && !s->seen.windows[s->seen.n_windows - 1].told)
		cr_seen_unname(&s->seen, s->policy);
}

static int name_windows(struct cr_store *s, const struct cr_window_name *names, size_t n,
			struct cr_err *err)
{
	struct cr_seen_window *w;
	bool missing = false;
	size_t i;
	int rc;

	for (i = 0; i < n; i++) {
		rc = cr_value_window_check(&names[i], err);
		if (rc < 0)
			return rc;
		w = cr_seen_name(&s->seen, &names[i], s->policy);
		if (!w)
			return cr_err_sys(err, -ENOMEM, "cannot write %s", s->path);
		w->wanted = !w->now;
		missing |= w->wanted;
	}
	return missing ? save(s, err) : 0;
}

int cr_store_windows(struct cr_store *s, const struct cr_window_name *names, size_t n,
		     unsigned int *numbers, struct cr_err *err)
{
	struct cr_seen_window *w;
	size_t i;
	int rc = name_windows(s, names, n, err);

	if (rc < 0) {
		untell(s);
		return rc;
	}
	for (i = 0; i < n; i++) {
		w = cr_seen_name(&s->seen, &names[i], s->policy);
		if (!w)
			return -ENOMEM;		/* not so: they are all there */
		if (!w->told && s->all)
			cr_seen_old(&s->seen, w->number, s->policy);
		w->told = true;
		numbers[i] = w->number;
	}
	return 0;
}

int cr_store_window(struct cr_store *s, const struct cr_window_name *name, struct cr_err *err)
{
	unsigned int number;
	int rc = cr_store_windows(s, name, 1, &number, err);

	return rc < 0 ? rc : (int)number;
}

const struct cr_rule *cr_store_find(const struct cr_store *s, unsigned int window,
				    enum cr_abi abi, uint32_t nr)
{
	int now = cr_seen_now(&s->seen, window);

	return now < 0 ? NULL : cr_policy_find_in(s->policy, (unsigned int)now, abi, nr);
}

const struct cr_policy_window *cr_store_place(const struct cr_store *s, unsigned int window)
{
	int now = cr_seen_now(&s->seen, window);

	return now > 0 ? cr_policy_window(s->policy, (unsigned int)now) : NULL;
}

static int check_call(const struct cr_store *s, unsigned int window, uint32_t nr,
		      struct cr_err *err)
{
	struct cr_seen_window *w = cr_seen_window(&s->seen, window);

	if (nr >= CR_NR_MAX)
		return cr_err_set(err, -EINVAL, "a policy cannot hold call number %u", nr);
	if (window && !w)
		return cr_err_set(err, -EINVAL, "there is no window %u to learn in", window);
	if (w)
		w->entered = true;
	return 0;
}

int cr_store_note(struct cr_store *s, unsigned int window, enum cr_abi abi, uint32_t nr,
		  const char *exe, const char *stack, struct cr_err *err)
{
	const struct cr_rule *r;
	struct cr_seen_call *c;
	bool known;
	int rc = check_call(s, window, nr, err);

	if (rc < 0)
		return rc;
	r = cr_store_find(s, window, abi, nr);
	known = r && (!r->base || r->act != CR_ACT_ALLOW);
	c = cr_seen_call(&s->seen, window, abi, nr);
	if (!c || (!known && (copy_text(&c->exe, exe) < 0 || copy_text(&c->stack, stack) < 0)))
		return cr_err_sys(err, -ENOMEM, "cannot write %s", s->path);
	c->seen = true;
	if (!c->calls)
		c->calls = 1;
	if (!known)
		c->seen_saved = false;	/* a person has deleted it since; it is made all the same */
	return !known;
}

int cr_store_saw(struct cr_store *s, unsigned int window, enum cr_abi abi, uint32_t nr,
		 const char *exe, const char *stack, struct cr_err *err)
{
	int fresh = cr_store_note(s, window, abi, nr, exe, stack, err);
	int rc = fresh > 0 ? save(s, err) : 0;

	return rc < 0 ? rc : fresh;
}

void cr_store_count(struct cr_store *s, unsigned int window, enum cr_abi abi, uint32_t nr,
		    uint64_t calls)
{
	struct cr_seen_call *c = nr < CR_NR_MAX ? cr_seen_call(&s->seen, window, abi, nr) : NULL;

	if (c && calls > c->calls)
		c->calls = calls;
}

void cr_store_confirmed(struct cr_store *s, uint32_t confirm)
{
	struct cr_seen_call *c;
	size_t i;

	for (i = 0; i < s->policy->n_own && !s->all; i++) {
		const struct cr_rule *r = s->policy->rules[i];

		if (!cr_rule_learned(r) || r->ev->more || !cr_rule_confirmed(r, true, confirm))
			continue;
		c = cr_seen_call(&s->seen, 0, r->abi, r->nr);
		if (c)
			c->more = true;
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
static bool wanted(const struct cr_store *s, const struct cr_seen_call *c)
{
	const struct cr_rule *r = cr_store_find(s, c->window, c->abi, c->nr);

	if (!cr_seen_pending(c))
		return false;
	if (!s->fresh || cr_rule_learned(r))
		return true;
	return c->seen && !c->seen_saved && (!r || (r->base && r->act == CR_ACT_ALLOW));
}

void cr_store_lost(struct cr_store *s, uint64_t events)
{
	s->lost = events > UINT32_MAX ? UINT32_MAX : (uint32_t)events;
}

int cr_store_save(struct cr_store *s, struct cr_err *err)
{
	const struct cr_seen_call *c;

	if ((s->watched && !s->watched_saved) || s->lost != s->lost_saved)
		return save(s, err);
	for (c = s->seen.calls; c; c = c->next)
		if (wanted(s, c))
			return save(s, err);
	return 0;
}

unsigned int cr_store_unsaved(const struct cr_store *s)
{
	const struct cr_seen_call *c;
	unsigned int n = 0;

	if (s->fresh)
		return 0;
	for (c = s->seen.calls; c; c = c->next)
		n += c->seen && !c->seen_saved;
	return n;
}

void cr_store_free(struct cr_store *s)
{
	if (!s)
		return;
	cr_seen_fini(&s->seen);
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
