#include "pairs.h"

#include <stdint.h>
#include <stdlib.h>

#include "mem.h"

#define FIRST_CAPACITY 16

static bool grow(struct awsb_pairs *pairs)
{
    size_t capacity = pairs->capacity > 0 ? pairs->capacity * 2 : FIRST_CAPACITY;
    struct awsb_pair *items;

    if (capacity > SIZE_MAX / sizeof *items)
        return false;
    items = awsb_realloc(pairs->items, capacity * sizeof *items);
    if (items == NULL)
        return false;
    pairs->items = items;
    pairs->capacity = capacity;
    return true;
}

bool awsb_pairs_add(struct awsb_pairs *pairs, struct awsb_view name, struct awsb_view value)
{
    struct awsb_pair *pair;

    if (pairs->count == pairs->capacity && !grow(pairs))
        return false;
    pair = &pairs->items[pairs->count];
    pair->name = name;
    pair->value = value;
    pair->order = pairs->count++;
    return true;
}

static int compare_arrival(const void *left, const void *right)
{
    const struct awsb_pair *a = left;
    const struct awsb_pair *b = right;
    int order = awsb_view_compare(a->name, b->name);

    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

static int compare_value(const void *left, const void *right)
{
    const struct awsb_pair *a = left;
    const struct awsb_pair *b = right;
    int order = awsb_view_compare(a->name, b->name);

    return order != 0 ? order : awsb_view_compare(a->value, b->value);
}

void awsb_pairs_sort_tail(struct awsb_pairs *pairs, size_t first)
{
    if (pairs->count - first > 1)
        qsort(pairs->items + first, pairs->count - first, sizeof *pairs->items, compare_arrival);
}

void awsb_pairs_sort_by_arrival(struct awsb_pairs *pairs)
{
    awsb_pairs_sort_tail(pairs, 0);
}

void awsb_pairs_sort_by_value(struct awsb_pairs *pairs)
{
    if (pairs->count > 1)
        qsort(pairs->items, pairs->count, sizeof *pairs->items, compare_value);
}

void awsb_pairs_truncate(struct awsb_pairs *pairs, size_t first)
{
    if (first < pairs->count)
        pairs->count = first;
}

void awsb_pairs_reset(struct awsb_pairs *pairs)
{
    pairs->count = 0;
}

void awsb_pairs_clear(struct awsb_pairs *pairs)
{
    awsb_free(pairs->items);
    pairs->items = NULL;
    pairs->count = 0;
    pairs->capacity = 0;
}
