/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "includes.h"

static bool listed(char *const *names, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Has an input another name in front of @name that is not taken yet? */
static bool must_wait(const struct cr_policy *const *in, size_t n, const struct cr_policy *to,
		      const char *name)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		if (!listed(in[i]->include, in[i]->n_include, name))
			continue;
		for (k = 0; strcmp(in[i]->include[k], name) != 0; k++)
			if (!listed(to->include, to->n_include, in[i]->include[k]))
				return true;
	}
	return false;
}

/* The first name, in the order of the alphabet, that is not taken yet and need not wait. With
 * @anyhow: that is not taken yet. NULL: none. */
static const char *next_name(const struct cr_policy *const *in, size_t n,
			     const struct cr_policy *to, bool anyhow)
{
	const char *name, *best = NULL;
	size_t i, k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < in[i]->n_include; k++) {
			name = in[i]->include[k];
			if (!listed(to->include, to->n_include, name) &&
			    (!best || strcmp(name, best) < 0) &&
			    (anyhow || !must_wait(in, n, to, name)))
				best = name;
		}
	}
	return best;
}

static int append(struct cr_policy *to, const char *name)
{
	char **grown = realloc(to->include, (to->n_include + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	to->include = grown;
	grown[to->n_include] = strdup(name);
	if (!grown[to->n_include])
		return -ENOMEM;
	to->n_include++;
	return 0;
}

int cr_includes_join(const struct cr_policy *const *in, size_t n, struct cr_policy *to)
{
	const char *name;
	bool contradict = false;
	int rc = 0;

	while (rc == 0) {
		name = next_name(in, n, to, false);
		if (!name) {
			name = next_name(in, n, to, true);
			contradict |= name != NULL;
		}
		if (!name)
			break;
		rc = append(to, name);
	}
	return rc < 0 ? rc : contradict;
}
