/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "cr/tally.h"

/* The counts of one ABI in one window, made when there are none. */
static uint64_t *row(struct cr_tally *t, unsigned int window, enum cr_abi abi)
{
	size_t i = (size_t)window * CR_ABI_COUNT + (size_t)abi, n = (window + 1) * CR_ABI_COUNT;
	uint64_t **grown;

	if (i >= t->n) {
		grown = realloc(t->counts, n * sizeof(*grown));
		if (!grown)
			return NULL;
		memset(grown + t->n, 0, (n - t->n) * sizeof(*grown));
		t->counts = grown;
		t->n = n;
	}
	if (!t->counts[i])
		t->counts[i] = calloc(CR_NR_MAX, sizeof(**t->counts));
	return t->counts[i];
}

uint64_t cr_tally_add(struct cr_tally *t, unsigned int window, enum cr_abi abi, uint32_t nr)
{
	uint64_t *counts = row(t, window, abi);

	return counts ? counts[nr]++ : 0;
}

uint64_t cr_tally_get(const struct cr_tally *t, unsigned int window, enum cr_abi abi, uint32_t nr)
{
	size_t i = (size_t)window * CR_ABI_COUNT + (size_t)abi;

	return i < t->n && t->counts[i] ? t->counts[i][nr] : 0;
}

void cr_tally_each(const struct cr_tally *t,
		   void (*tell)(void *ctx, unsigned int window, enum cr_abi abi, uint32_t nr,
				uint64_t n),
		   void *ctx)
{
	uint32_t nr;
	size_t i;

	for (i = 0; i < t->n; i++)
		for (nr = 0; t->counts[i] && nr < CR_NR_MAX; nr++)
			if (t->counts[i][nr])
				tell(ctx, (unsigned int)(i / CR_ABI_COUNT),
				     (enum cr_abi)(i % CR_ABI_COUNT), nr, t->counts[i][nr]);
}

void cr_tally_fini(struct cr_tally *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->counts[i]);
	free(t->counts);
	*t = (struct cr_tally){ NULL, 0 };
}
