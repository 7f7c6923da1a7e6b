/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-report - what is told of a denial, when the program has chosen all the words
 *
 * The bytes are a call with its arguments, what is read from the program's memory, names of
 * executables, frames, functions and of the policy, and what the policy says. The message, the
 * question on a terminal, the line for the system's log and the record are made of that. Each line
 * is one, and text; the record is JSON and has the strings that it should have; the strings of the
 * call are what was read; the command is words for a shell.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cr/decode.h"
#include "cr/enforce.h"
#include "cr/json.h"
#include "cr/log.h"
#include "cr/names.h"
#include "cr/utf8.h"
#include "fuzz.h"
#include "../../src/cli/records.h"

#define WORD_MAX 600
#define READ_MAX 6

struct input {
	const uint8_t *at;
	size_t left;
	struct cr_call call, meant;
	char exe[WORD_MAX], stack[WORD_MAX], frame[WORD_MAX], path[WORD_MAX];
	char function[2][WORD_MAX];
	char memory[READ_MAX][WORD_MAX];
	size_t memory_len[READ_MAX];
	bool audit, asks, windows, means;
};

static struct input in;
static int log_fd = -1, report_fd = -1;

/* What cr_decode_call() has read, in its order. */
static struct {
	char text[READ_MAX][WORD_MAX];
	size_t len[READ_MAX];
	size_t n;
} seen;

static uint8_t byte(void)
{
	if (!in.left)
		return 0;
	in.left--;
	return *in.at++;
}

static uint64_t number(void)
{
	uint8_t how = byte();
	uint64_t v = 0;
	unsigned int i;

	for (i = 0; i < how % 9u; i++)
		v = v << 8 | byte();
	return how & 0x80 ? ~v : v;
}

/* Up to 0xff bytes, or, with the highest length, twice as many of the last one. */
static size_t word(char *to)
{
	size_t n = byte(), i;

	for (i = 0; i < n && in.left; i++)
		to[i] = (char)byte();
	if (n == 0xff && i)
		for (; i < WORD_MAX - 1; i++)
			to[i] = to[i - 1];
	to[i] = '\0';
	return i;
}

static const char *site_exe(const struct cr_site *site)
{
	(void)site;
	return in.exe;
}

static const char *site_stack(const struct cr_site *site)
{
	(void)site;
	return in.stack;
}

static const char *site_window(const struct cr_site *site, size_t k)
{
	(void)site;
	(void)k;
	return in.frame;
}

static int site_string(const struct cr_site *site, cr_addr at, char *text, size_t size)
{
	size_t k = at % (READ_MAX + 1), n;

	(void)site;
	if (k == READ_MAX)
		return -14;
	n = in.memory_len[k] < size - 1 ? in.memory_len[k] : size - 1;
	memcpy(text, in.memory[k], n);
	text[n] = '\0';
	if (seen.n < READ_MAX) {
		memcpy(seen.text[seen.n], text, n);
		seen.len[seen.n++] = n;
	}
	return (int)n;
}

/* The bytes that one character of the call's text stands for. */
static char unescape(const char **s)
{
	static const char letters[] = "abtnvfr\"\\", special[] = "\a\b\t\n\v\f\r\"\\";
	const char *at;
	unsigned int v;

	if (**s != '\\')
		return *(*s)++;
	at = strchr(letters, (*s)[1]);
	if (at && (*s)[1]) {
		*s += 2;
		return special[at - letters];
	}
	must((*s)[1] == 'x' && sscanf(*s + 2, "%2x", &v) == 1,
	     "an escape is one of those documented");
	*s += 4;
	return (char)v;
}

static void check_call(const char *text)
{
	const char *s = text;
	size_t k, i;

	for (i = 0; text[i]; i++)
		must(text[i] >= ' ' && text[i] <= '~', "a call is plain text");
	for (k = 0; k < seen.n; k++) {
		size_t n = seen.len[k] < 64 ? seen.len[k] : 64;

		s = strchr(s, '"');
		must(s != NULL, "a string that was read is in the call");
		s++;
		for (i = 0; i < n; i++)
			must(unescape(&s) == seen.text[k][i], "a string is what was read");
		must(*s++ == '"', "a string ends where it should");
		must((seen.len[k] > 64) == (strncmp(s, "...", 3) == 0), "what was cut says so");
	}
}

static void check_text(const char *text)
{
	cr_auto_free char *copy = strdup(text);
	char *nl, *at = copy;

	must(copy != NULL, "there is memory");
	for (; (nl = strchr(at, '\n')); at = nl + 1) {
		cr_auto_free char *line = strndup(at, (size_t)(nl - at)), *clean = strdup(line);

		must(strncmp(line, "chestnut-run: ", 14) == 0, "each line says whose it is");
		cr_utf8_clean(clean);
		must(strcmp(line, clean) == 0, "a line is fit for a terminal");
	}
	must(!*at, "the last line ends");
}

static char *slurp(int fd)
{
	off_t n = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)n + 1);

	must(text && pread(fd, text, (size_t)n, 0) == n, "what was written can be read");
	must(strlen(text) == (size_t)n, "there is no NUL");
	must(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0, "it can be emptied");
	return text;
}

/* What JSON has of it: bytes that are no character are U+FFFD. */
static void replaced(const char *s, struct cr_buf *out)
{
	size_t n;

	for (; *s; s += n ? n : 1) {
		n = cr_utf8_length(s);
		cr_buf_addn(out, n ? s : "\xef\xbf\xbd", n ? n : 3);
	}
}

static const char *get(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	must(json_object_object_get_ex(o, key, &v), "a record has its keys");
	return v ? json_object_get_string(v) : NULL;
}

static void check_string(struct json_object *o, const char *key, const char *want)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	const char *got = get(o, key);

	if (want)
		replaced(want, &b);
	must((got != NULL) == (want != NULL), "a string is there, or null");
	must(!want || strcmp(got, cr_buf_str(&b)) == 0, "a string is what it should be");
}

/* Takes a word as a shell would. False when there is none. */
static bool shell_word(const char **s, char *to, size_t size)
{
	bool quoted = false, any = false;
	size_t n = 0;

	*s += strspn(*s, " ");
	for (; **s && (quoted || **s != ' '); (*s)++) {
		any = true;
		if (**s == '\'') {
			quoted = !quoted;
			continue;
		}
		if (!quoted && **s == '\\')
			(*s)++;
		must(n + 1 < size, "a word has room");
		to[n++] = **s;
	}
	must(!quoted, "a quote is closed");
	to[n] = '\0';
	return any;
}

static void check_command(struct json_object *o, const struct cr_policy *p)
{
	static char all[8][4 * WORD_MAX];
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	const char *s = get(o, "command"), *rule = get(o, "rule");
	size_t n = 0;

	must((s != NULL) == (rule != NULL), "what a rule helps against has a command");
	if (!s)
		return;
	while (n < 8 && shell_word(&s, all[n], sizeof(all[n])))
		n++;
	must(n == 4 || n == 6, "a command has its words");
	must(strcmp(all[0], "chestnut") == 0 && strcmp(all[1], "allow") == 0, "it is allow");
	must(n == 4 || strcmp(all[2], "--window") == 0, "of a window");
	cr_buf_add(&path, p->path[0] == '-' ? "./" : "");
	replaced(p->path, &path);
	must(strcmp(all[n - 2], cr_buf_str(&path)) == 0, "the policy is one word");
	must(strcmp(all[n - 1], rule) == 0, "and so is the rule");
}

static void check_record(const char *line, const struct cr_policy *p, const char *call)
{
	struct json_tokener *t = json_tokener_new();
	struct json_object *o, *args = NULL;
	const char *nl = strchr(line, '\n');
	char text[32];
	size_t i;

	must(nl && !nl[1], "a record is one line");
	for (i = 0; line + i < nl; i++)
		must((unsigned char)line[i] >= ' ', "a record has no control character");
	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(t, line, (int)(nl - line));
	must(o && json_tokener_get_error(t) == json_tokener_success, "a record is JSON");
	check_string(o, "exe", in.exe);
	check_string(o, "stack", in.stack);
	check_string(o, "policy", p->path);
	must(strcmp(get(o, "call"), call) == 0, "the call is as people are told");
	json_object_object_get_ex(o, "args", &args);
	for (i = 0; i < 6; i++) {
		snprintf(text, sizeof(text), "%#llx", (unsigned long long)in.call.args[i]);
		must(in.means || strcmp(json_object_get_string(json_object_array_get_idx(args, i)),
					text) == 0, "arguments are there as they are");
	}
	check_command(o, p);
	json_object_put(o);
	json_tokener_free(t);
}

static const char *const conds[] = {
	"arg0 == 1", "arg0 & 4", "arg1 in 1 2", "not arg2 & PROT_EXEC", "arg0 <= 5", "arg0 != 3",
};

/* What the policy says of the call. */
static void add_rule(struct cr_policy *p, unsigned int window)
{
	struct cr_rule r = { .abi = in.call.abi, .nr = in.call.nr };
	uint8_t how = byte(), other = byte();

	if (in.call.nr >= CR_NR_MAX || !(how % 9))
		return;
	r.act = (enum cr_action)(how % 9 < 8 ? how % 9 : CR_ACT_ALLOW);
	r.err = r.act == CR_ACT_ERRNO ? 1 + other : 0;
	if (how & 0x80 && cr_conds_parse(r.abi, r.nr, conds[other % CR_ARRAY_SIZE(conds)], &r.cond,
					 NULL, NULL) == 0)
		r.other = other & 0x80 ? CR_ACT_ASK : CR_ACT_NONE;
	must(cr_policy_put_in(p, window, &r) == 0, "a rule can be added");
	cr_conds_free(r.cond);
}

static struct cr_policy *read_policy(void)
{
	struct cr_policy *p = cr_policy_new();
	struct cr_window_name name = { .function = in.function[0], .object = "libx.so" };
	uint8_t how = byte();

	must(p != NULL, "there is memory");
	p->path = strdup(in.path);
	p->violation.what = (enum cr_action)(CR_ACT_LOG + how % 5);
	p->violation.err = 1;
	p->horizon_nr = how & 0x40 ? 300 : CR_NR_MAX;
	if (in.windows) {
		must(cr_policy_window_add(p, 1, &name) == 1, "a window can be added");
		name.object = NULL;
		name.function = in.function[1];
		must(cr_policy_window_add(p, 2, &name) == 2, "and another");
		add_rule(p, 1);
		add_rule(p, 2);
	}
	add_rule(p, 0);
	return p;
}

static void read_input(const uint8_t *data, size_t size)
{
	uint8_t flags;
	size_t i;

	memset(&in, 0, sizeof(in));
	in.at = data;
	in.left = size;
	flags = byte();
	in.audit = flags & 1;
	in.asks = flags & 2;
	in.windows = flags & 4;
	in.means = flags & 8;
	in.call.abi = (enum cr_abi)(byte() % CR_ABI_COUNT);
	in.call.nr = (uint32_t)number() % (flags & 16 ? UINT32_MAX : 512);
	for (i = 0; i < 6; i++)
		in.call.args[i] = number();
	in.meant = in.call;
	in.meant.nr = cr_abi_facts[in.call.abi].clone;
	word(in.exe);
	word(in.stack);
	word(in.frame);
	word(in.path);
	word(in.function[0]);
	word(in.function[1]);
	for (i = 0; i < READ_MAX; i++)
		in.memory_len[i] = word(in.memory[i]);
}

static void check_question(int fd)
{
	static char text[1 << 16];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), more;
	char *end;

	while (n > 0 && (more = recv(fd, text + n, sizeof(text) - 1 - (size_t)n, MSG_DONTWAIT)) > 0)
		n += more;
	if (n <= 0)
		return;
	text[n] = '\0';
	must(strlen(text) == (size_t)n, "a question has no NUL");
	/* Behind the last line stands where the answer goes. */
	end = strrchr(text, '\n');
	must(end && strncmp(end + 1, "chestnut-run: allow it", 22) == 0, "it ends as a question");
	end[1] = '\0';
	check_text(text);
}

static void judge(const struct cr_policy *p, struct cr_records *r)
{
	static const unsigned int open[] = { 2, 1 };
	const struct cr_enforce_plan plan = {
		.policy = p, .violation = p->violation, .audit = in.audit,
		.record = cr_records_denial, .repeated = cr_records_repeated,
		.ask = in.asks ? cr_records_ask : NULL, .ctx = r,
	};
	struct cr_site site = {
		.pid = 10, .tid = 11, .exe = site_exe, .stack = site_stack, .string = site_string,
		.windows = open, .n_windows = in.windows ? 2 : 0,
		.window = in.windows ? site_window : NULL, .meant = in.means ? &in.meant : NULL,
	};
	struct cr_enforce *e = cr_enforce_new(&plan);
	cr_auto_buf struct cr_buf call = CR_BUF_INIT;
	cr_auto_free char *text = NULL, *line = NULL;

	must(e != NULL, "there is memory");
	cr_enforce_judge(e)->judge(cr_enforce_judge(e), &in.call, &site);
	text = slurp(log_fd);
	line = slurp(report_fd);
	check_text(text);
	cr_buf_clear(&call);
	seen.n = 0;
	cr_decode_call(&in.call, &site, &call);
	check_call(cr_buf_str(&call));
	if (*line && !in.means)
		check_record(line, p, cr_buf_str(&call));
	cr_enforce_judge(e)->judge(cr_enforce_judge(e), &in.call, &site);
	cr_enforce_finish(e);
	free(text);
	text = slurp(log_fd);
	check_text(text);
	free(line);
	line = slurp(report_fd);
	cr_enforce_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cr_run_plan plan = { .report = "report" };
	struct cr_records r = { .plan = &plan, .report = -1, .terminal = -1 };
	struct cr_policy *p;
	int pair[2];

	if (log_fd < 0) {
		cr_log_init("chestnut-run", 0);
		log_fd = memfd_create("log", MFD_CLOEXEC);
		report_fd = memfd_create("report", MFD_CLOEXEC);
		cr_log_to(log_fd);
	}
	must(log_fd >= 0 && report_fd >= 0, "there is somewhere to write");
	read_input(data, size);
	if (!in.function[0][0] || !in.function[1][0])
		in.windows = false;
	p = read_policy();
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "there is a terminal");
	/* Not "always", which writes to the policy. */
	must(write(pair[1], "v", 1) == 1, "somebody answers");
	r.policy = p;
	r.report = report_fd;
	r.terminal = pair[0];
	judge(p, &r);
	check_question(pair[1]);
	close(pair[0]);
	close(pair[1]);
	cr_policy_free(p);
	return 0;
}
