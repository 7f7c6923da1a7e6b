/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * completeness - how many new calls to expect from the next execution, as words, numbers, a picture
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/ini.h"
#include "cr/log.h"
#include "cr/trust.h"

/* As check. */
#define EXIT_NOT_BELOW 1
#define EXIT_TROUBLE 2

enum { OPT_BELOW = CR_OPT_FIRST, OPT_JSON, OPT_PLOT };

static const struct cr_option options[] = {
	{ 0, "below", "RATE", "exit with 1 unless the interval lies below RATE", OPT_BELOW },
	{ 0, "json", NULL, "print one JSON object", OPT_JSON },
	{ 0, "plot", "FILE", "draw the discovery curve, as SVG, or (-) as text", OPT_PLOT },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut completeness [options] POLICY|DIR",
	"Estimate from the calls that were seen in only one execution how many new ones the next",
	"execution will bring. DIR stands for all its policies.",
	"",
	NULL
};

struct asked {
	bool json;
	bool gate;		/* --below was given ... */
	double below;		/* ... with this */
	const char *plot;	/* borrowed from argv; NULL: none */
	unsigned int told;
	bool above;		/* one of them is not below */
};

static void print_place(const struct cr_trust *t)
{
	const struct cr_policy_window *w = t->window;

	if (w)
		printf("\nwindow %-10u %s%s%s\n", w->number, w->object ? w->object : "",
		       w->object ? ":" : "", w->function);
	printf("%-17s %u\n", "executions", t->in.runs);
	printf("%-17s %u\n", "learned calls", t->in.calls);
	printf("%-17s %u\n", "seen in only one", t->in.once);
	printf("%-17s %u\n", "seen in just two", t->in.twice);
	if (!t->c.known)
		return;
	if (t->in.once)
		printf("%-17s %.2g in the next execution, %.2g to %.2g with %.0f %% confidence\n",
		       "new calls", t->c.next, t->c.low, t->c.high,
		       100 * CR_CONFIDENCE);
	else
		printf("%-17s none in the next execution; a chance of %.2g at most that it brings "
		       "any, with %.0f %% confidence\n", "new calls", t->c.high,
		       100 * CR_CONFIDENCE);
	printf("%-17s %.2g at least\n", "still unseen", t->c.unseen);
}

static void print_all(const struct cr_policy *p, const struct cr_trust *all)
{
	cr_auto_buf struct cr_buf words = CR_BUF_INIT;
	size_t i;

	printf("%-17s %s\n", "policy", p->path);
	for (i = 0; i <= p->n_windows; i++)
		print_place(&all[i]);
	cr_trust_words(p, all, &words);
	printf("\n%s", cr_buf_str(&words));
}

static int print_json(const struct cr_policy *p, const struct cr_trust *all)
{
	struct json_object *list, *o;
	struct cr_json j;
	size_t i;

	cr_json_begin(&j);
	cr_json_text(&j, j.top, "policy", p->path);
	cr_trust_json(&all[0], &j, j.top);
	list = cr_json_array(&j, j.top, "windows");
	for (i = 1; i <= p->n_windows; i++) {
		o = cr_json_object(&j, list, NULL);
		cr_json_count(&j, o, "window", all[i].window->number);
		cr_json_text(&j, o, "function", all[i].window->function);
		cr_json_text(&j, o, "object", all[i].window->object);
		cr_trust_json(&all[i], &j, o);
	}
	return cr_json_end(&j, stdout);
}

static int write_file(const char *path, const struct cr_buf *text, struct cr_err *err)
{
	FILE *f = fopen(path, "we");
	bool failed;

	if (!f)
		return cr_err_sys(err, -errno, "cannot write %s", path);
	failed = fwrite(cr_buf_str(text), 1, text->len, f) != text->len;
	if (fclose(f) != 0 || failed)
		return cr_err_sys(err, -(errno ? errno : EIO), "cannot write %s", path);
	return 0;
}

static int plot(const struct cr_policy *p, const struct cr_trust *t, const char *to,
		struct cr_err *err)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	const char *title = p->program ? p->program : p->path;

	if (!t->in.runs || !t->in.calls) {
		cr_err_set(err, -EINVAL, "%s has no curve: nothing was learned by watching "
			   "executions", p->path);
		return -EINVAL;
	}
	if (strcmp(to, "-") == 0)
		cr_trust_plot(t, title, &text);
	else
		cr_trust_svg(t, title, &text);
	if (!cr_buf_ok(&text))
		return cr_err_sys(err, -ENOMEM, "cannot draw the curve");
	if (strcmp(to, "-") != 0)
		return write_file(to, &text, err);
	printf("\n%s", cr_buf_str(&text));
	return 0;
}

/* Of every place: one that nobody has learned anything in has nothing to say. */
static bool all_below(const struct cr_policy *p, const struct cr_trust *all, double rate)
{
	size_t i, n = 0;

	for (i = 0; i <= p->n_windows; i++) {
		if (!all[i].in.calls)
			continue;
		n++;
		if (!all[i].c.known || all[i].c.high >= rate)
			return false;
	}
	return n > 0;
}

static int tell(const struct cr_policy *p, struct asked *asked, struct cr_err *err)
{
	struct cr_trust *all = NULL;
	int rc = cr_trust_count(p, &all);

	if (rc == 0 && asked->json)
		rc = print_json(p, all);
	else if (rc == 0)
		print_all(p, all);
	if (rc < 0)
		cr_err_sys(err, rc, "cannot tell how complete %s is", p->path);
	if (rc == 0 && asked->plot)
		rc = plot(p, &all[0], asked->plot, err);
	asked->above |= rc == 0 && asked->gate && !all_below(p, all, asked->below);
	cr_trust_free(all, p->n_windows + 1);
	return rc;
}

static int tell_one(const char *path, void *ctx, struct cr_err *err)
{
	struct asked *asked = ctx;
	struct cr_policy *p = NULL;
	int rc = cr_ini_load(path, &p, err);

	if (rc == 0) {
		if (asked->told++ && !asked->json)
			printf("\n");
		rc = tell(p, asked, err);
	}
	cr_policy_free(p);
	return rc;
}

static int take_rate(const char *word, struct asked *asked, struct cr_err *err)
{
	char *end;

	asked->gate = true;
	asked->below = strtod(word, &end);
	if (end != word && !*end && asked->below > 0)
		return 0;
	cr_err_set(err, -EINVAL, "--below wants new calls per execution, not \"%s\"", word);
	cr_err_hint(err, "as in --below 0.1: with confidence, less than one in ten executions");
	return -EINVAL;
}

/* 1 when the help was printed, 0 when @asked and @at are what is to be done, else -EINVAL. */
static int parse(int argc, char **argv, struct asked *asked, int *at, struct cr_err *err)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	int id, rc = 0;

	while (rc == 0 && (id = cr_options_next(&it, err)) != 0) {
		if (id > 0 && cr_options_common(&it, id, usage))
			return 1;
		asked->json |= id == OPT_JSON;
		if (id == OPT_PLOT)
			asked->plot = it.value;
		rc = id < 0 ? id : id == OPT_BELOW ? take_rate(it.value, asked, err) : 0;
	}
	*at = it.at;
	if (rc == 0 && argc - it.at != 1) {
		rc = cr_err_set(err, -EINVAL, "completeness wants one policy");
		cr_err_hint(err, "chestnut completeness POLICY");
	} else if (rc == 0 && asked->plot && cr_is_directory(argv[it.at])) {
		rc = cr_err_set(err, -EINVAL, "--plot draws the curve of one policy");
		cr_err_hint(err, "name one of those in %s", argv[it.at]);
	} else if (rc == 0 && asked->json && asked->plot && strcmp(asked->plot, "-") == 0) {
		rc = cr_err_set(err, -EINVAL, "--json and --plot - both want standard output");
		cr_err_hint(err, "--plot FILE draws into a file");
	}
	return rc;
}

int cr_cmd_completeness(int argc, char **argv)
{
	struct asked asked = { .plot = NULL };
	struct cr_err err = { "", "" };
	int at = 0, rc = parse(argc, argv, &asked, &at, &err);

	if (rc > 0)
		return CR_EXIT_OK;
	if (rc == 0)
		rc = cr_policy_each(argv[at], tell_one, &asked, &err);
	if (rc == 0)
		return asked.above ? EXIT_NOT_BELOW : CR_EXIT_OK;
	cr_log_err(&err);
	return EXIT_TROUBLE;
}
