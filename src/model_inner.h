#ifndef AWSB_MODEL_INNER_H
#define AWSB_MODEL_INNER_H

#include "model.h"
#include "model_text.h"

#pragma GCC visibility push(hidden)

/* What the parts of the model share: model.c keeps, the others read. */

#define AWSB_MODEL_MESSAGE_SIZE 200

struct awsb_model_names {
    struct awsb_view *items;
    size_t count;
    size_t capacity;
};

struct awsb_model {
    struct awsb_model_block *blocks; /* given back all at once */
    struct awsb_lines shapes;
    struct awsb_lines operations;
    struct awsb_lines documented;
    struct awsb_model_names names;
    size_t size;
    char message[AWSB_MODEL_MESSAGE_SIZE];
};

/* Zeroed memory that lives as long as the model; NULL without. */
void *awsb_model_take(struct awsb_model *model, size_t size);

/* The key of a member's name; 0 without memory. */
size_t awsb_model_add_name(struct awsb_model *model, struct awsb_view name);

/* Notes why something can't be had, and returns NULL. */
AWSB_PRINTF_LIKE(2, 3)
void *awsb_model_refuse(struct awsb_model *model, const char *format, ...);
void *awsb_model_no_memory(struct awsb_model *model);

/* What is documented of a member, in the words of its line. False without memory. */
bool awsb_model_read_rules(struct awsb_model *model, struct awsb_view structure,
                           struct awsb_member *member);

/* What is documented of the pattern of a shape: whether it holds in a structure; empty: in none. */
bool awsb_model_pattern_holds(const struct awsb_model *model, const struct awsb_shape *shape,
                              struct awsb_view structure);
/* The texts that pass all the same; false: there are none. */
bool awsb_model_pattern_takes(const struct awsb_model *model, const struct awsb_shape *shape, struct awsb_view *takes);

#pragma GCC visibility pop

#endif
