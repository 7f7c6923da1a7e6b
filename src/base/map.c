/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "cr/map.h"

static size_t home(const struct cr_map *m, uint32_t key)
{
	return (size_t)(key * 2654435769u) & (m->cap - 1);
}

static size_t find(const struct cr_map *m, uint32_t key)
{
	size_t i = home(m, key);

	while (m->slots[i].key && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

void *cr_map_get(const struct cr_map *m, uint32_t key)
{
	return m->cap ? m->slots[find(m, key)].value : NULL;
}

static int grow(struct cr_map *m)
{
	struct cr_map bigger = { .cap = m->cap ? m->cap * 2 : 64, .len = m->len };
	size_t i;

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (i = 0; i < m->cap; i++)
		if (m->slots[i].key)
			bigger.slots[find(&bigger, m->slots[i].key)] = m->slots[i];
	free(m->slots);
	*m = bigger;
	return 0;
}

int cr_map_put(struct cr_map *m, uint32_t key, void *value)
{
	size_t i;

	if (m->len * 2 >= m->cap && grow(m) < 0)
		return -ENOMEM;
	i = find(m, key);
	if (!m->slots[i].key)
		m->len++;
	m->slots[i] = (struct cr_map_slot){ key, value };
	return 0;
}

void *cr_map_del(struct cr_map *m, uint32_t key)
{
	size_t hole, i, want;
	void *value;

	if (!m->cap)
		return NULL;
	hole = find(m, key);
	value = m->slots[hole].value;
	if (!m->slots[hole].key)
		return NULL;
	m->len--;
	/* What was pushed past the hole moves up, so that a search never meets a gap. */
	for (i = (hole + 1) & (m->cap - 1); m->slots[i].key; i = (i + 1) & (m->cap - 1)) {
		want = home(m, m->slots[i].key);
		if (((i - want) & (m->cap - 1)) < ((i - hole) & (m->cap - 1)))
			continue;
		m->slots[hole] = m->slots[i];
		hole = i;
	}
	m->slots[hole] = (struct cr_map_slot){ 0, NULL };
	return value;
}

void cr_map_fini(struct cr_map *m)
{
	free(m->slots);
	*m = (struct cr_map){ NULL, 0, 0 };
}

void *cr_map_each(const struct cr_map *m, size_t *at)
{
	while (*at < m->cap) {
		const struct cr_map_slot *slot = &m->slots[(*at)++];

		if (slot->key)
			return slot->value;
	}
	return NULL;
}
