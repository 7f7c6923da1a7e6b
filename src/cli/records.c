/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <time.h>

#include "cr/cli.h"
#include "cr/json.h"
#include "cr/log.h"
#include "cr/names.h"
#include "cr/utf8.h"
#include "records.h"

/* ---- records */

static void now(char text[40])
{
	struct timespec t;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	n = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, 40 - n, ".%03ldZ", t.tv_nsec / 1000000);
}

/* One write for a line, so that several supervisors may share a file. */
static void put(const struct cr_records *r, struct cr_json *j)
{
	cr_auto_free char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);
	int rc = out ? cr_json_line(j, out) : -ENOMEM;

	if (out && fclose(out) != 0)
		rc = -ENOMEM;
	if (rc == 0 && write(r->report, line, size) != (ssize_t)size)
		rc = errno ? -errno : -EIO;
	if (rc < 0)
		cr_warn("a denial could not be written to %s: %s", r->plan->report, strerror(-rc));
}

static const char *action(const struct cr_denial *d)
{
	if (d->audit && d->ask)
		return "ask";
	switch (d->verdict.what) {
	case CR_VERDICT_ALLOW:
		return "log";
	case CR_VERDICT_ERRNO:
		return "errno";
	case CR_VERDICT_KILL:
		return "kill";
	case CR_VERDICT_STOP:
		return "stop";
	}
	return "";
}

static const char *event(const struct cr_denial *d)
{
	if (d->noted)
		return "noted";
	if (d->verdict.what == CR_VERDICT_ALLOW)
		return "let-through";
	return d->audit ? "would-deny" : "denied";
}

static void add_call(struct cr_json *j, enum cr_abi abi, uint32_t nr)
{
	char name[CR_NAME_MAX];

	cr_json_text(j, j->top, "abi", cr_abi_facts[abi].name);
	cr_json_text(j, j->top, "syscall", cr_nr_to_name(abi, nr, name));
	cr_json_count(j, j->top, "nr", nr);
}

static void add_window(const struct cr_records *r, struct cr_json *j, unsigned int window)
{
	const struct cr_policy_window *w = NULL;

	if (r->policy && window)
		w = cr_policy_window(r->policy, window);
	cr_json_text(j, j->top, "window", w ? w->function : NULL);
	cr_json_text(j, j->top, "object", w ? w->object : NULL);
}

static void begin(const struct cr_records *r, struct cr_json *j, const char *what)
{
	char time[40];

	now(time);
	cr_json_begin(j);
	cr_json_count(j, j->top, "version", 1);
	cr_json_text(j, j->top, "time", time);
	cr_json_text(j, j->top, "event", what);
	cr_json_text(j, j->top, "policy", r->policy ? r->policy->path : NULL);
}

static void write_json(const struct cr_records *r, const struct cr_denial *d)
{
	struct json_object *args;
	struct cr_json j;
	char text[CR_NAME_MAX];
	unsigned int i;

	begin(r, &j, event(d));
	cr_json_text(&j, j.top, "action", action(d));
	cr_json_text(&j, j.top, "errno", d->verdict.what == CR_VERDICT_ERRNO ?
		     cr_errno_name(d->verdict.err, text) : NULL);
	add_call(&j, d->call->abi, d->call->nr);
	cr_json_text(&j, j.top, "call", d->text);
	args = cr_json_array(&j, j.top, "args");
	for (i = 0; i < 6; i++) {
		snprintf(text, sizeof(text), "%#llx", (unsigned long long)d->call->args[i]);
		cr_json_text(&j, args, NULL, text);
	}
	add_window(r, &j, d->window);
	cr_json_count(&j, j.top, "pid", (uint64_t)d->site->pid);
	cr_json_count(&j, j.top, "tid", (uint64_t)d->site->tid);
	cr_json_text(&j, j.top, "exe", d->site->exe(d->site));
	cr_json_text(&j, j.top, "stack", d->site->stack(d->site));
	cr_json_text(&j, j.top, "rule", d->rule);
	cr_json_text(&j, j.top, "command", d->command);
	put(r, &j);
}

/* A candidate is new, or allows more arguments than before. */
static int note(const struct cr_records *r, const struct cr_call *call, const struct cr_site *site,
		unsigned int window, struct cr_err *err)
{
	const struct cr_policy_window *w = cr_policy_window(r->policy, window);
	struct cr_store *s = r->candidates;
	const struct cr_rule *had;
	unsigned int at = 0;
	int rc = 0, more;

	if (w)
		rc = cr_store_window(s, &(struct cr_window_name){ w->function, w->object,
								  w->scope }, err);
	if (rc < 0)
		return rc;
	at = (unsigned int)rc;
	had = cr_store_find(s, at, call->abi, call->nr);
	rc = cr_store_note(s, at, call->abi, call->nr, had ? NULL : site->exe(site),
			   had ? NULL : site->stack(site), err);
	more = cr_store_args(s, at, call, r->policy->args_any, err);
	if (more == -EPERM)
		more = 0;	/* who edits the candidates knows better */
	if (rc < 0 || more < 0)
		return rc < 0 ? rc : more;
	return rc || more ? cr_store_save(s, err) : 0;
}

/* Where there is a rule that lacks these arguments, only for calls whose arguments are learned:
 * for the others "any" would be too much. */
void cr_records_missing(void *ctx, const struct cr_call *call, const struct cr_site *site,
			unsigned int window, bool by_args)
{
	const struct cr_records *r = ctx;
	struct cr_err err = { "", "" };

	if (by_args && (r->policy->args_any || !cr_conds_learnable(call->abi, call->nr)))
		return;
	if (note(r, call, site, window, &err) < 0)
		cr_log_err(&err);
}

void cr_records_denial(void *ctx, const struct cr_denial *d)
{
	cr_auto_buf struct cr_buf line = CR_BUF_INIT;
	const struct cr_records *r = ctx;

	if (r->report >= 0)
		write_json(r, d);
	if (!r->logger)
		return;
	cr_buf_addf(&line, "%s: %s by %s, process %d: %s", event(d), d->text,
		    d->site->exe(d->site), (int)d->site->pid, action(d));
	cr_logger_tell(r->logger, cr_buf_str(&line));
}

void cr_records_repeated(void *ctx, unsigned int window, enum cr_abi abi, uint32_t nr, uint64_t n)
{
	const struct cr_records *r = ctx;
	struct cr_json j;

	if (r->report < 0)
		return;
	begin(r, &j, "repeated");
	add_call(&j, abi, nr);
	add_window(r, &j, window);
	cr_json_count(&j, j.top, "times", n);
	put(r, &j);
}

/* ---- the person */

/* What the target has chosen of it must not speak to the terminal. */
static void say(int fd, const char *words)
{
	cr_auto_free char *text = strdup(words);

	if (!text)
		return;
	cr_utf8_clean(text);
	/* Whoever is gone answers nothing, either. */
	if (cr_write_all(fd, text, strlen(text)) < 0)
		cr_debug("nobody reads the question");
}

static void end_line(int fd)
{
	if (cr_write_all(fd, "\n", 1) < 0)
		cr_debug("nobody reads the question");
}

/* One line, without what was typed before it was asked for. -1: there is nobody any more. */
static int answer(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char line[64];
	ssize_t n;

	while (poll(&p, 1, -1) < 0)
		if (errno != EINTR)
			return -1;
	n = read(fd, line, sizeof(line));
	return n > 0 ? line[0] : -1;
}

/* The answer is a rule from now on. */
static void keep(const struct cr_records *r, const struct cr_question *q)
{
	const char *path = r->policy ? r->policy->path : NULL;
	struct cr_err err = { "", "" };

	if (!path || !q->rule)
		return;
	if (cr_policy_allow(path, q->window, q->rule, &err) < 0)
		cr_log_err(&err);
	else
		cr_info("%s is allowed from now on: %s", q->rule, path);
}

/* Threads that stop meanwhile wait, too; those whose calls pass in the kernel do not. */
enum cr_reply cr_records_ask(void *ctx, const struct cr_question *q)
{
	const struct cr_records *r = ctx;
	int c;

	say(r->terminal, "chestnut-run: not in the policy: ");
	say(r->terminal, q->sentence);
	end_line(r->terminal);
	if (*q->stack) {
		say(r->terminal, "chestnut-run: at ");
		say(r->terminal, q->stack);
		end_line(r->terminal);
	}
	tcflush(r->terminal, TCIFLUSH);
	do {
		say(r->terminal, "chestnut-run: allow it: [y]es once, [a]lways; deny it: [n]o, "
				 "ne[v]er (whatever else stops waits): ");
		c = answer(r->terminal);
	} while (c > 0 && !strchr("yanvYANV", c));
	switch (c) {
	case 'y': case 'Y':
		return CR_ALLOW_ONCE;
	case 'a': case 'A':
		keep(r, q);
		return CR_ALLOW_ALWAYS;
	case 'v': case 'V':
		return CR_DENY_ALWAYS;
	}
	return CR_DENY_ONCE;
}

/* ---- opening */

static int open_terminal(struct cr_records *r, struct cr_err *err)
{
	const char *path = r->plan->terminal ? r->plan->terminal : "/dev/tty";
	int fd, rc;

	fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (r->plan->terminal && (fd < 0 || !isatty(fd))) {
		rc = fd < 0 ? -errno : -ENOTTY;
		cr_err_sys(err, rc, "cannot ask on %s", path);
		cr_err_hint(err, "\"tty\" in another window tells the name of its terminal");
		if (fd >= 0)
			close(fd);
		return rc;
	}
	/* The terminal of whoever has started us is the program's, if it reads one. */
	if (fd >= 0 && !r->plan->terminal && isatty(STDIN_FILENO)) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		cr_warn("there is no terminal to ask on: what a person would be asked about is "
			"denied (--terminal names one)");
	r->terminal = fd;
	return 0;
}

int cr_records_open(struct cr_records *r, const struct cr_run_plan *plan,
		    struct cr_logger *logger, bool asks, struct cr_err *err)
{
	*r = (struct cr_records){ .plan = plan, .report = -1, .terminal = -1 };
	if (plan->report) {
		r->report = open(plan->report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY,
				 0666);
		if (r->report < 0)
			return cr_err_sys(err, -errno, "cannot write to %s", plan->report);
	}
	if (plan->syslog) {
		cr_logger_open(logger);
		r->logger = logger;
	}
	return asks ? open_terminal(r, err) : 0;
}

void cr_records_close(struct cr_records *r)
{
	if (r->logger)
		cr_logger_close(r->logger);
	if (r->report > 0)
		close(r->report);
	if (r->terminal > 0)
		close(r->terminal);
}
