#ifndef AWSB_MEM_H
#define AWSB_MEM_H

#include <stdlib.h>

/*
 * The one door to the heap. A torture build (AWSB_TEST_ALLOC) brings functions of its own that fail
 * on command; every other build uses the C library directly.
 */
#ifdef AWSB_TEST_ALLOC
void *awsb_realloc(void *block, size_t size);
void awsb_free(void *block);
#else
static inline void *awsb_realloc(void *block, size_t size)
{
    return realloc(block, size);
}

static inline void awsb_free(void *block)
{
    free(block);
}
#endif

#endif
