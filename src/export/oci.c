/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Profiles in JSON. json-c writes and escapes it right, which replaces a printer of ours.
 */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "export-int.h"

/* json_object_object_add() takes @value, also NULL, when it succeeds; we free it when it
 * does not. */
static int put(struct json_object *o, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(o, key, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int put_text(struct json_object *o, const char *key, const char *text)
{
	return put(o, key, json_object_new_string(text));
}

static int put_comment(struct json_object *o, const char *text)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;

	cr_export_comment(&b, text);
	return cr_buf_ok(&b) ? put_text(o, "comment", cr_buf_str(&b)) : -ENOMEM;
}

static int push(struct json_object *list, struct json_object *value)
{
	if (value && json_object_array_add(list, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int put_names(const struct cr_export *x, const struct cr_group *g, struct json_object *o)
{
	struct json_object *names = json_object_new_array();
	int rc = put(o, "names", names);
	size_t i;

	for (i = 0; i < x->n_named && rc == 0; i++) {
		if (cr_export_in(x, g, &x->named[i]))
			rc = push(names, json_object_new_string(x->named[i].name));
	}
	return rc;
}

static int put_number(struct json_object *o, const char *key, uint64_t value)
{
	return put(o, key, json_object_new_uint64(value));
}

/* value and valueTwo change places for SCMP_CMP_MASKED_EQ: the mask comes first. */
static int put_arg(struct json_object *list, const struct cr_export_test *t)
{
	bool whole = t->op == CR_EXPORT_BITS && t->mask == UINT64_MAX;
	struct json_object *o = json_object_new_object();
	int rc = push(list, o);

	if (rc == 0)
		rc = put_number(o, "index", t->arg);
	if (rc == 0)
		rc = put_number(o, "value", whole || t->op != CR_EXPORT_BITS ? t->value : t->mask);
	if (rc == 0 && !whole && t->op == CR_EXPORT_BITS)
		rc = put_number(o, "valueTwo", t->value);
	return rc ? rc : put_text(o, "op", cr_export_op(t));
}

/* What an entry is about; the alternatives of a condition are an entry each. */
struct entry {
	const struct cr_export *x;	/* borrowed */
	const struct cr_group *g;	/* borrowed */
	struct json_object *list;	/* borrowed */
};

static int put_case(void *ctx, const struct cr_export_test *test, size_t n)
{
	const struct entry *e = ctx;
	const struct cr_group *g = e->g;
	struct json_object *o = json_object_new_object(), *args = NULL;
	int rc = push(e->list, o);
	size_t i;

	if (rc == 0)
		rc = put_names(e->x, g, o);
	if (rc == 0)
		rc = put_text(o, "action", cr_export_action(g->ret));
	if (rc == 0 && cr_export_errno(g->ret))
		rc = put(o, "errnoRet", json_object_new_int(cr_export_errno(g->ret)));
	if (rc == 0 && n)
		rc = put(o, "args", args = json_object_new_array());
	for (i = 0; i < n && rc == 0; i++)
		rc = put_arg(args, &test[i]);
	if (rc == 0 && g->origin)
		rc = put_comment(o, g->origin);
	return rc;
}

static int put_group(const struct entry *e)
{
	if (e->g->call < 0)
		return put_case((void *)e, NULL, 0);
	return cr_export_cases(cr_export_conds(e->x, (uint32_t)e->g->call), put_case, (void *)e);
}

static int put_entries(const struct cr_export *x, bool by_origin, struct json_object *profile)
{
	struct json_object *list = json_object_new_array();
	struct cr_group *groups = NULL;
	size_t i, n = 0;
	int rc = put(profile, "syscalls", list);

	if (rc == 0)
		rc = cr_export_groups(x, by_origin, &groups, &n);
	for (i = 0; i < n && rc == 0; i++)
		rc = put_group(&(struct entry){ x, &groups[i], list });
	free(groups);
	return rc;
}

/* "architectures": runc and crun take the names as calls of each one that is listed. */
static int put_archs(struct json_object *profile)
{
	struct json_object *list = json_object_new_array();
	int rc = put(profile, "architectures", list);

	return rc ? rc : push(list, json_object_new_string("SCMP_ARCH_X86_64"));
}

static int put_arch_map(struct json_object *profile)
{
	struct json_object *list = json_object_new_array(), *o;
	int rc = put(profile, "archMap", list);

	if (rc < 0)
		return rc;
	o = json_object_new_object();
	rc = push(list, o);
	if (rc == 0)
		rc = put_text(o, "architecture", "SCMP_ARCH_X86_64");
	return rc ? rc : put(o, "subArchitectures", json_object_new_array());
}

static int fill(const struct cr_export *x, bool docker, struct json_object *profile)
{
	int rc = put_text(profile, "defaultAction", cr_export_action(x->violation));

	if (rc == 0 && cr_export_errno(x->violation))
		rc = put(profile, "defaultErrnoRet",
			 json_object_new_int(cr_export_errno(x->violation)));
	if (rc == 0)
		rc = docker ? put_arch_map(profile) : put_archs(profile);
	return rc ? rc : put_entries(x, docker, profile);
}

static int write_profile(struct cr_export *x, bool docker, struct cr_err *err)
{
	struct json_object *profile = json_object_new_object();
	int rc = profile ? fill(x, docker, profile) : -ENOMEM;
	const char *text = NULL;

	if (rc == 0)
		text = json_object_to_json_string_ext(profile, JSON_C_TO_STRING_PRETTY |
						      JSON_C_TO_STRING_SPACED |
						      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text) {
		rc = cr_export_replay(x, text, err);
		cr_buf_add(x->out, text);
		cr_buf_add(x->out, "\n");
	} else {
		rc = cr_err_sys(err, -ENOMEM, "cannot write JSON");
	}
	json_object_put(profile);
	return rc;
}

int cr_write_oci(struct cr_export *x, struct cr_err *err)
{
	return write_profile(x, false, err);
}

int cr_write_docker(struct cr_export *x, struct cr_err *err)
{
	return write_profile(x, true, err);
}
