/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "import-int.h"

#define NESTED_MAX 32

static const char *const arches[CR_ABI_COUNT] = {
	[CR_ABI_X86_64] = "SCMP_ARCH_X86_64",
	[CR_ABI_I386] = "SCMP_ARCH_X86",
	[CR_ABI_X32] = "SCMP_ARCH_X32",
};

/* Docker asks for the machine in includes and excludes, once and in Go's words. */
#define DOCKER_ARCH "amd64"

struct profile {
	struct cr_reader *r;	/* borrowed */
	bool abi[CR_ABI_COUNT];
	bool deny_list;		/* the default allows */
	/* Rules under conditions, which a policy cannot hold: they come last, where no other rule
	 * is. */
	bool conditional;
};

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string))
		return NULL;
	return json_object_get_string(v);
}

static struct json_object *array_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_array))
		return NULL;
	return v;
}

static const char *item(struct json_object *array, size_t i)
{
	struct json_object *v = json_object_array_get_idx(array, i);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

static size_t length(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

static bool lists(struct json_object *array, const char *word)
{
	size_t i;

	for (i = 0; i < length(array); i++)
		if (strcmp(item(array, i), word) == 0)
			return true;
	return false;
}

static void add_arch(struct profile *p, const char *word)
{
	unsigned int i;

	for (i = 0; i < CR_ABI_COUNT; i++)
		p->abi[i] |= strcmp(arches[i], word) == 0;
}

/* runc adds the native one when a profile names none. */
static void read_arches(struct profile *p, struct json_object *top)
{
	struct json_object *list = array_of(top, "architectures"), *map = array_of(top, "archMap");
	size_t i, k;

	for (i = 0; i < length(list); i++)
		add_arch(p, item(list, i));
	for (i = 0; i < length(map); i++) {
		struct json_object *m = json_object_array_get_idx(map, i), *subs;
		const char *name = json_object_is_type(m, json_type_object) ?
					   text_of(m, "architecture") : NULL;

		if (!name || strcmp(name, arches[CR_ABI_NATIVE]) != 0)
			continue;
		add_arch(p, name);
		subs = array_of(m, "subArchitectures");
		for (k = 0; k < length(subs); k++)
			add_arch(p, item(subs, k));
	}
	if (!length(list) && !length(map))
		p->abi[CR_ABI_NATIVE] = true;
	if (!p->abi[CR_ABI_X86_64] && !p->abi[CR_ABI_I386] && !p->abi[CR_ABI_X32])
		cr_reader_loss(p->r, "the profile is for no x86 architecture");
}

/* What an action becomes. -ENOTSUP for one that needs a tracer or a listener. */
static int action_of(struct profile *p, struct json_object *o, const char *action,
		     const char *errno_key, struct cr_rule *rule)
{
	struct json_object *v;
	int e = 1;	/* EPERM: what runtimes take when there is none */

	*rule = (struct cr_rule){ .act = CR_ACT_NEVER };
	if (strcmp(action, "SCMP_ACT_ALLOW") == 0) {
		rule->act = CR_ACT_ALLOW;
	} else if (strcmp(action, "SCMP_ACT_LOG") == 0) {
		rule->act = CR_ACT_LOG;
	} else if (strcmp(action, "SCMP_ACT_ERRNO") == 0) {
		if (json_object_object_get_ex(o, errno_key, &v))
			e = json_object_get_int(v);
		rule->act = CR_ACT_ERRNO;
		rule->err = e;
		if (e < 1 || e > 4095)
			return cr_reader_bad(p->r, "%s: %d is no errno that a policy holds",
					     errno_key, e) < 0 ? -EINVAL : -ENOTSUP;
	} else if (strcmp(action, "SCMP_ACT_TRAP") == 0) {
		cr_reader_loss(p->r, "SCMP_ACT_TRAP ends the program: it raises no signal");
	} else if (strcmp(action, "SCMP_ACT_KILL") != 0 &&
		   strcmp(action, "SCMP_ACT_KILL_THREAD") != 0 &&
		   strcmp(action, "SCMP_ACT_KILL_PROCESS") != 0) {
		if (strcmp(action, "SCMP_ACT_TRACE") != 0 && strcmp(action, "SCMP_ACT_NOTIFY") != 0)
			return cr_reader_bad(p->r, "there is no action \"%s\"", action) < 0 ?
				       -EINVAL : -ENOTSUP;
		cr_reader_loss(p->r, "%s is not held: such calls are as if not listed", action);
		return -ENOTSUP;
	}
	return 0;
}

static int read_default(struct profile *p, struct json_object *top)
{
	const char *action = text_of(top, "defaultAction");
	struct cr_policy *policy = p->r->to->policy;
	struct cr_rule rule;
	int rc;

	if (!action)
		return cr_err_set(p->r->err, -EINVAL, "%s: no defaultAction", p->r->path);
	rc = action_of(p, top, action, "defaultErrnoRet", &rule);
	if (rc < 0)
		return cr_err_set(p->r->err, -EINVAL, "%s: a policy cannot have the defaultAction "
				  "%s%s", p->r->path, action,
				  rule.act == CR_ACT_ERRNO ? " with such a defaultErrnoRet" : "");
	if (rule.act == CR_ACT_LOG || rule.act == CR_ACT_ERRNO)
		policy->violation = (struct cr_violation){ rule.act, rule.err };
	p->deny_list = rule.act == CR_ACT_ALLOW;
	return 0;
}

/* "arg0 & 0x7e020000 == 0" for one of args. */
static void condition_words(struct json_object *arg, struct cr_buf *out)
{
	struct json_object *index = NULL, *value = NULL, *two = NULL;
	const char *op = text_of(arg, "op");

	json_object_object_get_ex(arg, "index", &index);
	json_object_object_get_ex(arg, "value", &value);
	json_object_object_get_ex(arg, "valueTwo", &two);
	cr_buf_addf(out, "%sarg%d %.40s %#llx", out->len ? " and " : "only if ",
		    json_object_get_int(index), op ? op : "?",
		    (unsigned long long)json_object_get_uint64(value));
	if (op && strcmp(op, "SCMP_CMP_MASKED_EQ") == 0)
		cr_buf_addf(out, " of %#llx", (unsigned long long)json_object_get_uint64(two));
}

/* Does an entry hold for a container without further capabilities, on our machine? */
static bool applies(struct profile *p, struct json_object *entry)
{
	struct json_object *in = NULL, *ex = NULL, *list;
	const char *kernel;

	json_object_object_get_ex(entry, "includes", &in);
	json_object_object_get_ex(entry, "excludes", &ex);
	if (json_object_is_type(in, json_type_object)) {
		list = array_of(in, "arches");
		if (length(list) && !lists(list, DOCKER_ARCH))
			return false;
		list = array_of(in, "caps");
		if (length(list)) {
			cr_reader_loss(p->r, "calls that need %s are left out", item(list, 0));
			return false;
		}
		kernel = text_of(in, "minKernel");
		if (kernel)
			cr_reader_loss(p->r, "minKernel %s is taken as given", kernel);
	}
	if (json_object_is_type(ex, json_type_object)) {
		if (lists(array_of(ex, "arches"), DOCKER_ARCH))
			return false;
	}
	return true;
}

/* One of args. False when it is none that we know. */
static bool test_of(struct json_object *arg, struct cr_reader_test *t)
{
	static const char *const ops[] = {
		[CR_READER_EQ] = "SCMP_CMP_EQ", [CR_READER_NE] = "SCMP_CMP_NE",
		[CR_READER_LT] = "SCMP_CMP_LT", [CR_READER_LE] = "SCMP_CMP_LE",
		[CR_READER_GT] = "SCMP_CMP_GT", [CR_READER_GE] = "SCMP_CMP_GE",
		[CR_READER_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
	};
	struct json_object *index = NULL, *value = NULL, *two = NULL;
	const char *op = json_object_is_type(arg, json_type_object) ? text_of(arg, "op") : NULL;
	size_t i;

	for (i = 0; op && i < CR_ARRAY_SIZE(ops) && strcmp(ops[i], op) != 0; i++)
		;
	if (!op || i == CR_ARRAY_SIZE(ops) || !json_object_object_get_ex(arg, "index", &index) ||
	    !json_object_is_type(index, json_type_int) || json_object_get_int(index) < 0 ||
	    json_object_get_int(index) > 5)
		return false;
	json_object_object_get_ex(arg, "value", &value);
	json_object_object_get_ex(arg, "valueTwo", &two);
	t->arg = (unsigned int)json_object_get_int(index);
	t->op = (__typeof__(t->op))i;
	t->value = json_object_get_uint64(value);
	if (t->op != CR_READER_MASKED_EQ)
		return true;
	t->mask = t->value;
	t->value = json_object_get_uint64(two);
	return true;
}

/* The condition of an entry, in *@c. Runtimes make alternatives of all its tests when two are about
 * the same argument. -ENOTSUP: a policy cannot say it. */
static int cond_of(struct profile *p, struct json_object *args, enum cr_abi abi, uint32_t nr,
		   struct cr_conds **c)
{
	struct cr_reader_test test[6];
	bool twice = false;
	size_t i, k, n = length(args);
	int rc = 0;

	if (n > CR_ARRAY_SIZE(test))
		return -ENOTSUP;
	for (i = 0; i < n; i++) {
		if (!test_of(json_object_array_get_idx(args, i), &test[i]))
			return -ENOTSUP;
		for (k = 0; k < i; k++)
			twice |= test[k].arg == test[i].arg;
	}
	if (!twice)
		return cr_reader_case(p->r, abi, nr, test, n, c);
	for (i = 0; i < n && rc == 0; i++)
		rc = cr_reader_case(p->r, abi, nr, &test[i], 1, c);
	return rc;
}

/* What an entry says of its calls. */
struct entry {
	struct json_object *args;	/* borrowed; NULL: it has no conditions */
	const char *words;		/* borrowed; these, for people */
	struct cr_rule rule;
};

static int add_conditional(struct profile *p, const struct entry *e, enum cr_abi abi, uint32_t nr)
{
	struct cr_rule rule = e->rule;
	int rc;

	if (p->deny_list)
		rule.other = CR_ACT_ALLOW;
	rc = cond_of(p, e->args, abi, nr, &rule.cond);
	if (rc == 0 && rule.cond)
		rc = cr_reader_conditional(p->r, abi, nr, &rule, NULL);
	cr_conds_free(rule.cond);
	if (rc != -ENOTSUP)
		return rc;
	return cr_reader_unsaid(p->r, abi, nr, &e->rule, e->words);
}

static int add_call(struct profile *p, const char *name, const struct entry *e)
{
	bool known = false;
	unsigned int i;
	int nr, rc = 0;

	for (i = 0; i < CR_ABI_COUNT; i++) {
		nr = cr_reader_nr(p->r, (enum cr_abi)i, name);
		known |= nr >= 0;
		if (nr < 0 || !p->abi[i] || rc < 0)
			continue;
		if (e->args)
			rc = add_conditional(p, e, (enum cr_abi)i, (uint32_t)nr);
		else
			rc = cr_reader_rule(p->r, (enum cr_abi)i, (uint32_t)nr, &e->rule, NULL);
	}
	if (rc == 0 && !known)
		cr_reader_loss(p->r, "no x86 syscall that this build knows is called \"%.80s\"",
			       name);
	return rc;
}

static int add_entry(struct profile *p, struct json_object *entry, const struct cr_rule *rule)
{
	struct json_object *names = array_of(entry, "names"), *args = array_of(entry, "args");
	cr_auto_buf struct cr_buf words = CR_BUF_INIT;
	struct entry e = { .args = length(args) ? args : NULL, .rule = *rule };
	const char *one = text_of(entry, "name");
	size_t i;
	int rc;

	if (p->conditional != (e.args != NULL))
		return 0;
	for (i = 0; i < length(args); i++)
		if (json_object_is_type(json_object_array_get_idx(args, i), json_type_object))
			condition_words(json_object_array_get_idx(args, i), &words);
	if (!names && !one)
		return cr_reader_bad(p->r, "an entry of syscalls has no names");
	e.words = cr_buf_str(&words);
	rc = one ? add_call(p, one, &e) : 0;
	for (i = 0; rc == 0 && i < length(names); i++)
		rc = add_call(p, item(names, i), &e);
	return rc;
}

static int read_entries(struct profile *p, struct json_object *top)
{
	struct json_object *list = array_of(top, "syscalls"), *entry;
	const char *action;
	struct cr_rule rule;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < length(list); i++) {
		entry = json_object_array_get_idx(list, i);
		action = json_object_is_type(entry, json_type_object) ? text_of(entry, "action") :
									NULL;
		if (!action) {
			rc = p->conditional ? 0 :
				cr_reader_bad(p->r, "entry %zu of syscalls has no "
								      "action", i + 1);
			continue;
		}
		if (!applies(p, entry))
			continue;
		rc = action_of(p, entry, action, "errnoRet", &rule);
		if (rc == 0)
			rc = add_entry(p, entry, &rule);
		else if (rc == -ENOTSUP)
			rc = 0;
	}
	return rc;
}

/* All that the list does not deny. */
static int allow_rest(struct profile *p)
{
	char name[CR_NAME_MAX];
	unsigned int i;
	uint32_t nr;
	int rc = 0;

	cr_reader_loss(p->r, "the profile allows what it does not name: all calls that this build "
			     "knows are allowed, newer ones are not");
	for (i = 0; i < CR_ABI_COUNT; i++) {
		for (nr = 0; rc == 0 && p->abi[i] && nr < CR_NR_MAX; nr++) {
			if (cr_policy_own(p->r->to->policy, (enum cr_abi)i, nr) ||
			    strncmp(cr_nr_to_name((enum cr_abi)i, nr, name), "nr:", 3) == 0)
				continue;
			rc = cr_reader_allow(p->r, (enum cr_abi)i, nr, "not named");
		}
	}
	return rc;
}

static int read_profile(struct cr_reader *r, struct json_object *top)
{
	struct profile p = { .r = r };
	struct json_object *at = top, *v;
	int rc;

	/* A whole OCI configuration has it in linux.seccomp, a SeccompProfile in spec. */
	if (json_object_object_get_ex(top, "linux", &v) && json_object_is_type(v, json_type_object))
		at = v;
	if (json_object_object_get_ex(at, "seccomp", &v) ||
	    json_object_object_get_ex(top, "spec", &v))
		at = v;
	if (!json_object_is_type(at, json_type_object))
		return cr_err_set(r->err, -EINVAL, "%s: no seccomp profile", r->path);
	rc = read_default(&p, at);
	read_arches(&p, at);
	if (rc == 0)
		rc = read_entries(&p, at);
	p.conditional = true;
	if (rc == 0)
		rc = read_entries(&p, at);
	if (rc == 0 && p.deny_list)
		rc = allow_rest(&p);
	if (rc == 0)
		cr_reader_kills(r);
	if (rc == 0 && length(array_of(at, "flags")))
		cr_reader_loss(r, "the flags are left out");
	r->to->records += rc == 0;
	return rc;
}

/* Where a parser stopped. */
static unsigned int line_at(const char *s, size_t n)
{
	unsigned int line = 1;

	while (n--)
		line += *s++ == '\n';
	return line;
}

static const char *why(struct json_object *top, enum json_tokener_error e)
{
	if (top)
		return "";
	return e == json_tokener_continue ? ": it ends too early" : ": it is malformed";
}

int cr_read_oci(struct cr_reader *r)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	struct json_tokener *tok;
	struct json_object *top;
	int rc = cr_reader_all(r, &text);

	if (rc < 0)
		return rc;
	tok = json_tokener_new_ex(NESTED_MAX);
	if (!tok)
		return cr_err_sys(r->err, -ENOMEM, "cannot read %s", r->path);
	top = json_tokener_parse_ex(tok, cr_buf_str(&text), (int)text.len);
	if (!json_object_is_type(top, json_type_object))
		rc = cr_err_set(r->err, -EINVAL, "%s:%u: this is no JSON object%s", r->path,
				line_at(cr_buf_str(&text), json_tokener_get_parse_end(tok)),
				why(top, json_tokener_get_error(tok)));
	else
		rc = read_profile(r, top);
	json_object_put(top);
	json_tokener_free(tok);
	return rc;
}
