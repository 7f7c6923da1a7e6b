/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "cr/ini.h"
#include "cr/names.h"
#include "disk.h"
#include "splice.h"
#include "store-int.h"
#include "text.h"

static bool same_bytes(const struct cr_buf *a, const struct cr_buf *b)
{
	return a->len == b->len && memcmp(cr_buf_str(a), cr_buf_str(b), a->len) == 0;
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

/* Is all that is to be saved something that was called in windows which the file has, and not too
 * many of them? Then, which ones. */
#define SPLICES_MAX 64
struct splices {
	unsigned int window[SPLICES_MAX];	/* as the policy calls them */
	size_t n;
};

static bool take_splice(struct splices *sp, int window)
{
	size_t i;

	for (i = 0; i < sp->n && sp->window[i] != (unsigned int)window; i++)
		;
	if (window <= 0 || i == SPLICES_MAX)
		return false;
	sp->window[i] = (unsigned int)window;
	sp->n += i == sp->n;
	return true;
}

static bool can_splice(const struct cr_store *s, struct splices *sp)
{
	const struct cr_seen_call *c;
	size_t i;

	sp->n = 0;
	if (!s->exists || !s->text.len || s->watched || s->lost != s->lost_saved)
		return false;
	for (i = 0; i < s->seen.n_windows; i++)
		if (s->seen.windows[i].wanted)
			return false;
	for (c = s->seen.calls; c; c = c->next)
		if (cr_seen_pending(c) && !take_splice(sp, cr_seen_now(&s->seen, c->window)))
			return false;
	return sp->n > 0;
}

/* @text, with the sections of those windows as the policy has them now. As cr_text_splice(). */
static int splice_all(struct cr_store *s, const struct splices *sp, struct cr_buf *text,
		      struct cr_err *err)
{
	size_t i;
	int rc = 1;

	cr_buf_addn(text, s->text.s, s->text.len);
	if (!cr_buf_ok(text))
		return cr_err_sys(err, -ENOMEM, "cannot write %s", s->path);
	for (i = 0; i < sp->n && rc > 0; i++)
		rc = cr_text_splice(s->path, s->policy, sp->window[i], text, err);
	return rc;
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

/* The same, where only some windows have something new to say. 0: the whole is to be written. */
static int replace_windows(struct cr_store *s, const struct cr_disk *disk,
			   const struct splices *sp, struct cr_buf *out, struct cr_err *err)
{
	int wrote = 0, rc = splice_all(s, sp, out, err);

	if (rc > 0 && out->len > CR_TEXT_MAX)
		rc = 0;		/* it will be told where all is read */
	if (rc > 0 && !same_bytes(out, &s->text))
		wrote = cr_disk_write(disk, out->s, out->len, err);
	return wrote < 0 ? wrote : rc;
}

/* What @rc says of the attempt to write @out, which is taken over. */
static int written(struct cr_store *s, struct cr_buf *out, int rc)
{
	if (rc < 0) {
		cr_buf_fini(out);
		s->fresh = false;	/* the model is ahead of the file */
		return rc;
	}
	cr_buf_fini(&s->text);
	s->text = *out;
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

/* Under the lock, with policy and text as the file is. */
static int add_and_write(struct cr_store *s, const struct cr_disk *disk, struct cr_err *err)
{
	uint32_t horizon = s->policy->horizon_nr;
	struct cr_buf out = CR_BUF_INIT;
	struct splices sp;
	bool small = can_splice(s, &sp);
	int rc = apply_all(s, err);

	if (rc < 0)
		return rc;
	if (small && s->policy->horizon_nr == horizon)
		rc = replace_windows(s, disk, &sp, &out, err);
	if (rc == 0)
		rc = replace_file(disk, &s->text, s->policy, false, &out, err);
	return written(s, &out, rc);
}

int cr_store_commit(struct cr_store *s, struct cr_err *err)
{
	struct cr_disk disk;
	int rc = cr_disk_lock(s->path, false, &disk, err);

	if (rc == 0) {
		rc = refresh(s, err);
		if (rc == 0)
			rc = add_and_write(s, &disk, err);
		cr_disk_unlock(&disk);
	}
	if (rc < 0)
		keep_for_later(s);
	return rc;
}

int cr_store_first(struct cr_store *s, struct cr_err *err)
{
	struct cr_buf out = CR_BUF_INIT;
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
		rc = replace_file(&disk, &s->text, s->policy, true, &out, err);
		rc = written(s, &out, rc);
	}
	cr_disk_unlock(&disk);
	return rc;
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
