/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plot - the discovery curve, for a terminal and as SVG
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "cr/trust.h"

#define COLUMNS 64
#define ROWS 14

/* What is drawn: @t's calls over executions 1 to @end, of which in.runs have happened. */
struct curve {
	const struct cr_trust *t;	/* borrowed */
	double end;
	double low, high;	/* of the calls' axis */
};

/* Calls known after @x executions. Those of which nobody knows the execution count from the start.
 */
static double known(const struct cr_trust *t, double x)
{
	size_t n = 0;

	if (x > t->in.runs)
		return cr_expected_calls(&t->in, x - t->in.runs);
	while (n < t->n_first && t->first[n] <= x)
		n++;
	/* A hand edit may say "first in 9" in a policy of 3 executions. */
	return x >= t->in.runs ? t->in.calls : (double)(t->in.calls - t->n_first + n);
}

static void fit(const struct cr_trust *t, struct curve *c)
{
	c->t = t;
	c->end = t->in.runs + fmax(1, floor(t->in.runs / 2.0));
	c->high = ceil(known(t, c->end));
	c->low = known(t, 1);
	/* Room below the first execution, and a height even where nothing was found later. */
	c->low = fmax(0, floor(c->low - fmax(1, 0.15 * (c->high - c->low))));
}

static int row_of(const struct curve *c, double calls)
{
	return (int)lround((calls - c->low) / (c->high - c->low) * (ROWS - 1));
}

static void draw_row(const struct curve *c, int row, struct cr_buf *out)
{
	char line[COLUMNS + 1];
	double x;
	int i, last = 0;

	for (i = 0; i < COLUMNS; i++) {
		x = 1 + i * (c->end - 1) / (COLUMNS - 1);
		line[i] = row_of(c, known(c->t, floor(x))) != row ? ' ' :
			  x > c->t->in.runs ? '.' : '#';
		last = line[i] == ' ' ? last : i + 1;
	}
	if (row == ROWS - 1 || row == 0 || row == row_of(c, c->t->in.calls))
		cr_buf_addf(out, "%6.0f |", row ? row == ROWS - 1 ? c->high :
			    (double)c->t->in.calls : c->low);
	else
		cr_buf_addf(out, "%6s |", "");
	cr_buf_addn(out, line, (size_t)last);
	cr_buf_add(out, "\n");
}

static void note_unknown(const struct cr_trust *t, const char *before, const char *after,
			 struct cr_buf *out)
{
	size_t n = t->in.calls - t->n_first;

	if (n)
		cr_buf_addf(out, "%sOf %zu call%s nobody knows which execution learned %s: drawn "
			    "as known from the start.%s", before, n, n == 1 ? "" : "s",
			    n == 1 ? "it" : "them", after);
}

void cr_trust_plot(const struct cr_trust *t, const char *title, struct cr_buf *out)
{
	struct curve c;
	char left[32], mid[32], right[32];
	int row, at;

	fit(t, &c);
	cr_buf_addf(out, "%s: calls known after each execution\n\n", title);
	for (row = ROWS - 1; row >= 0; row--)
		draw_row(&c, row, out);
	cr_buf_add(out, "       +");
	for (row = 0; row < COLUMNS; row++)
		cr_buf_add(out, "-");
	snprintf(left, sizeof(left), "1");
	snprintf(mid, sizeof(mid), "%u", t->in.runs);
	snprintf(right, sizeof(right), "%.0f", c.end);
	at = (int)lround((t->in.runs - 1) / (c.end - 1) * (COLUMNS - 1));
	if (t->in.runs < 2 || at > COLUMNS - 4 - (int)strlen(right))
		*mid = '\0';
	cr_buf_addf(out, "\n        %s%*s%*s executions\n", left, at, mid,
		    COLUMNS - at - 1, right);
	cr_buf_add(out, "# seen   . to be expected of executions like these\n");
	note_unknown(t, "", "\n", out);
}

/* The picture, in its own units. */
#define WIDTH 720.0
#define HEIGHT 440.0
#define LEFT 70.0
#define RIGHT 690.0
#define TOP 60.0
#define BOTTOM 340.0

static double x_of(const struct curve *c, double executions)
{
	return LEFT + (RIGHT - LEFT) * (executions - 1) / (c->end - 1);
}

static double y_of(const struct curve *c, double calls)
{
	return BOTTOM - (BOTTOM - TOP) * (calls - c->low) / (c->high - c->low);
}

static void put_text(struct cr_buf *out, double x, double y, const char *how, const char *text)
{
	cr_buf_addf(out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, how);
	for (; *text; text++) {
		unsigned char ch = (unsigned char)*text;

		if (ch == '&' || ch == '<' || ch == '>')
			cr_buf_addf(out, "&#%u;", ch);
		else
			cr_buf_addf(out, "%c", ch < 0x20 || ch > 0x7e ? '?' : ch);
	}
	cr_buf_add(out, "</text>\n");
}

/* A round step for about @n ticks. */
static double step_for(double range, double n)
{
	double raw = fmax(range / n, 1), power = pow(10, floor(log10(raw)));

	return raw <= power ? power : raw <= 2 * power ? 2 * power :
	       raw <= 5 * power ? 5 * power : 10 * power;
}

static void put_axes(const struct curve *c, struct cr_buf *out)
{
	double step = step_for(c->high - c->low, 6), at;
	char number[32];

	cr_buf_addf(out, "<path d=\"M%.1f %.1fV%.1fH%.1f\" fill=\"none\" stroke=\"#444\"/>\n", LEFT,
		    TOP, BOTTOM, RIGHT);
	for (at = ceil(c->low / step) * step; at <= c->high; at += step) {
		cr_buf_addf(out, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#ddd\"/>\n", LEFT,
			    y_of(c, at), RIGHT);
		snprintf(number, sizeof(number), "%.0f", at);
		put_text(out, LEFT - 8, y_of(c, at) + 4, "text-anchor=\"end\"", number);
	}
	step = step_for(c->end, 10);
	for (at = step; at <= c->end; at += step) {
		snprintf(number, sizeof(number), "%.0f", at);
		put_text(out, x_of(c, at), BOTTOM + 18, "text-anchor=\"middle\"", number);
	}
	put_text(out, (LEFT + RIGHT) / 2, BOTTOM + 38, "text-anchor=\"middle\"", "executions");
	put_text(out, LEFT, TOP - 12, "text-anchor=\"middle\"", "calls");
}

/* What was seen goes in steps: a call is known from the execution on that made it. */
static void put_curve(const struct curve *c, struct cr_buf *out)
{
	const struct cr_trust *t = c->t;
	double x, last = 0;
	size_t i;

	cr_buf_addf(out, "<path d=\"M%.1f %.1f", x_of(c, 1), y_of(c, known(t, 1)));
	for (i = 0; i < t->n_first; i++) {
		if (t->first[i] <= last || t->first[i] > t->in.runs)
			continue;
		last = t->first[i];
		cr_buf_addf(out, "H%.1fV%.1f", x_of(c, last), y_of(c, known(t, last)));
	}
	cr_buf_addf(out, "H%.1fV%.1f\" fill=\"none\" stroke=\"#05c\" stroke-width=\"2\"/>\n",
		    x_of(c, t->in.runs), y_of(c, t->in.calls));
	cr_buf_addf(out, "<path d=\"M%.1f %.1f", x_of(c, t->in.runs), y_of(c, t->in.calls));
	for (i = 1; i <= 40; i++) {
		x = t->in.runs + (c->end - t->in.runs) * (double)i / 40;
		cr_buf_addf(out, "L%.1f %.1f", x_of(c, x), y_of(c, known(t, x)));
	}
	cr_buf_add(out, "\" fill=\"none\" stroke=\"#05c\" stroke-width=\"2\" "
		   "stroke-dasharray=\"6 5\"/>\n");
}

void cr_trust_svg(const struct cr_trust *t, const char *title, struct cr_buf *out)
{
	cr_auto_buf struct cr_buf words = CR_BUF_INIT;
	struct curve c;

	fit(t, &c);
	cr_buf_addf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
		    "viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" font-size=\"12\">\n"
		    "<rect width=\"%.0f\" height=\"%.0f\" fill=\"white\"/>\n", WIDTH, HEIGHT, WIDTH,
		    HEIGHT, WIDTH, HEIGHT);
	put_text(out, LEFT, 26, "font-size=\"16\"", title);
	put_axes(&c, out);
	put_curve(&c, out);
	if (!t->c.known)
		cr_buf_add(&words, "One execution says nothing about the next one.");
	else if (t->in.once)
		cr_trust_rate(t->c.next, &words);
	else
		cr_buf_addf(&words, "no call seen in only one execution; chance of anything new in "
			    "the next one: at most %.2g", t->c.high);
	put_text(out, LEFT, HEIGHT - 44, "", cr_buf_str(&words));
	put_text(out, LEFT, HEIGHT - 26, "fill=\"#555\"", "Solid: seen. Dashed: to be expected of "
		 "executions like these; of others it knows nothing.");
	cr_buf_clear(&words);
	note_unknown(t, "", "", &words);
	put_text(out, LEFT, HEIGHT - 8, "fill=\"#555\"", cr_buf_str(&words));
	cr_buf_add(out, "</svg>\n");
	out->failed |= words.failed;
}
