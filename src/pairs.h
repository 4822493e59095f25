#ifndef AWSB_PAIRS_H
#define AWSB_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * A growable list of name and value views: headers of a request, parameters of a query. Owns the
 * list, never the bytes. Zero-initialised it is empty; the owner calls clear.
 */
struct awsb_pair {
    struct awsb_view name;
    struct awsb_view value;
    size_t order; /* position of arrival */
};

struct awsb_pairs {
    struct awsb_pair *items;
    size_t count;
    size_t capacity;
};

/* False without memory; the list is then as before. */
bool awsb_pairs_add(struct awsb_pairs *pairs, struct awsb_view name, struct awsb_view value);

/* By the bytes of the name; equal names in order of arrival, or by the bytes of the value. */
void awsb_pairs_sort_by_arrival(struct awsb_pairs *pairs);
void awsb_pairs_sort_by_value(struct awsb_pairs *pairs);

/* The same by arrival for those from `first` on. */
void awsb_pairs_sort_tail(struct awsb_pairs *pairs, size_t first);
/* Drops those from `first` on. */
void awsb_pairs_truncate(struct awsb_pairs *pairs, size_t first);

void awsb_pairs_reset(struct awsb_pairs *pairs);
void awsb_pairs_clear(struct awsb_pairs *pairs);

#pragma GCC visibility pop

#endif
