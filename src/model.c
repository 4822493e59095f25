#include "model_inner.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"

#define BLOCK_SIZE 8192
#define ALIGNMENT 8

struct awsb_model_block {
    struct awsb_model_block *next;
    size_t used;
    size_t size;
};

static size_t aligned(size_t size)
{
    return (size + (ALIGNMENT - 1)) & ~(size_t)(ALIGNMENT - 1);
}

static struct awsb_model_block *add_block(struct awsb_model *model, size_t least)
{
    size_t size = least > BLOCK_SIZE ? least : BLOCK_SIZE;
    struct awsb_model_block *block = awsb_realloc(NULL, aligned(sizeof *block) + size);

    if (block == NULL)
        return NULL;
    block->used = 0;
    block->size = size;
    block->next = model->blocks;
    model->blocks = block;
    model->size += aligned(sizeof *block) + size;
    return block;
}

void *awsb_model_take(struct awsb_model *model, size_t size)
{
    struct awsb_model_block *block = model->blocks;
    char *place;

    size = aligned(size);
    if (block == NULL || block->size - block->used < size)
        block = add_block(model, size);
    if (block == NULL)
        return NULL;
    place = (char *)block + aligned(sizeof *block) + block->used;
    block->used += size;
    memset(place, 0, size);
    return place;
}

void *awsb_model_refuse(struct awsb_model *model, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(model->message, sizeof model->message, format, arguments);
    va_end(arguments);
    return NULL;
}

void *awsb_model_no_memory(struct awsb_model *model)
{
    return awsb_model_refuse(model, "not enough memory");
}

struct awsb_model *awsb_model_new(struct awsb_view shapes, struct awsb_view operations,
                                  struct awsb_view documented)
{
    struct awsb_model *model = awsb_realloc(NULL, sizeof *model);

    if (model == NULL)
        return NULL;
    memset(model, 0, sizeof *model);
    if (!awsb_lines_split(&model->shapes, shapes) ||
        !awsb_lines_split(&model->operations, operations) ||
        !awsb_lines_split(&model->documented, documented)) {
        awsb_model_free(model);
        return NULL;
    }
    return model;
}

void awsb_model_free(struct awsb_model *model)
{
    if (model == NULL)
        return;
    while (model->blocks != NULL) {
        struct awsb_model_block *next = model->blocks->next;

        awsb_free(model->blocks);
        model->blocks = next;
    }
    awsb_lines_free(&model->shapes);
    awsb_lines_free(&model->operations);
    awsb_lines_free(&model->documented);
    awsb_free(model->names.items);
    awsb_free(model);
}

size_t awsb_model_size(const struct awsb_model *model)
{
    size_t lines = model->shapes.count + model->operations.count + model->documented.count + 3;

    return sizeof *model + model->size + lines * (sizeof(struct awsb_view) + sizeof(void *)) +
           model->names.capacity * sizeof *model->names.items;
}

const char *awsb_model_message(const struct awsb_model *model)
{
    return model->message;
}

size_t awsb_model_name_count(const struct awsb_model *model)
{
    return model->names.count;
}

struct awsb_view awsb_model_name(const struct awsb_model *model, size_t key)
{
    return model->names.items[key - 1];
}

size_t awsb_model_add_name(struct awsb_model *model, struct awsb_view name)
{
    struct awsb_model_names *names = &model->names;

    if (names->count == names->capacity) {
        size_t capacity = names->capacity > 0 ? names->capacity * 2 : 128;
        struct awsb_view *items = awsb_realloc(names->items, capacity * sizeof *items);

        if (items == NULL)
            return 0;
        names->items = items;
        names->capacity = capacity;
    }
    names->items[names->count++] = name;
    return names->count;
}

bool awsb_model_operation_line(const struct awsb_model *model, size_t index, struct awsb_view *line)
{
    return awsb_lines_at(&model->operations, index, line);
}

bool awsb_model_shape_line(const struct awsb_model *model, size_t index, struct awsb_view *line)
{
    return awsb_lines_at(&model->shapes, index, line);
}
