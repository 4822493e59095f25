#include "model_inner.h"

#include <string.h>

static const struct awsb_member *find_label(const struct awsb_shape *input, struct awsb_view wire)
{
    size_t i;

    for (i = 0; input != NULL && i < input->member_count; i++)
        if (input->members[i].location == AWSB_IN_PATH &&
            awsb_view_same(input->members[i].wire, wire))
            return &input->members[i];
    return NULL;
}

/* One piece of the path, which is taken off. */
static bool next_part(struct awsb_model *model, const struct awsb_operation *operation,
                      struct awsb_view *path, struct awsb_path_part *part)
{
    struct awsb_view label;

    if (path->data[0] != '{') {
        struct awsb_view text = *path, rest = awsb_cut(&text, '{');
        size_t size = text.size;

        part->text = text;
        *path = rest.size > 0 || size < path->size
                    ? awsb_view(path->data + size, path->size - size)
                    : rest;
        return true;
    }
    label = awsb_view(path->data + 1, path->size - 1);
    *path = awsb_cut(&label, '}');
    part->greedy = awsb_take_mark(&label, '+');
    part->label = find_label(operation->input, label);
    if (part->label != NULL)
        return true;
    awsb_model_refuse(model, "no member for the label {%.*s} of %.*s", awsb_shown(label), label.data,
           awsb_shown(operation->request_uri), operation->request_uri.data);
    return false;
}

static bool read_path(struct awsb_model *model, struct awsb_operation *operation)
{
    struct awsb_view path = operation->request_uri;
    struct awsb_path_part *parts;
    size_t i, most = 1;

    operation->static_query = awsb_cut(&path, '?');
    for (i = 0; i < path.size; i++)
        most += path.data[i] == '{' ? 2 : 0;
    parts = awsb_model_take(model, most * sizeof *parts);
    if (parts == NULL)
        return awsb_model_no_memory(model) != NULL;
    operation->parts = parts;
    while (path.size > 0)
        if (!next_part(model, operation, &path, &parts[operation->part_count++]))
            return false;
    return true;
}

static bool read_link(struct awsb_model *model, struct awsb_view name,
                      const struct awsb_shape **target)
{
    if (awsb_is_word(name, "-"))
        return true;
    *target = awsb_model_shape(model, name);
    return *target != NULL;
}

static void read_input(struct awsb_operation *operation, struct awsb_view payload)
{
    const struct awsb_shape *input = operation->input;
    size_t i;

    if (input == NULL)
        return;
    operation->has_body = input->body_count > 0;
    operation->payload = awsb_find_member(input, payload.size > 0 ? payload : input->payload);
    for (i = 0; i < input->member_count; i++)
        if (input->members[i].is_token)
            operation->token = &input->members[i];
}

static bool read_operation(struct awsb_model *model, struct awsb_operation *operation,
                           struct awsb_view rest)
{
    struct awsb_view input, output, payload = awsb_view("", 0);

    operation->method_name = awsb_next_word(&rest);
    operation->name = awsb_next_word(&rest);
    operation->http_method = awsb_next_word(&rest);
    operation->request_uri = awsb_next_word(&rest);
    input = awsb_next_word(&rest);
    output = awsb_next_word(&rest);
    operation->code = 200;
    while (rest.size > 0) {
        struct awsb_view word = awsb_next_word(&rest);

        if (awsb_take_prefix(&word, "errors:"))
            operation->errors = word;
        else if (awsb_take_prefix(&word, "code:"))
            operation->code = awsb_number_of(word);
        else if (awsb_take_prefix(&word, "payload:"))
            payload = word;
        else if (awsb_is_word(word, "idempotent"))
            operation->idempotent = true;
    }
    if (!read_link(model, input, &operation->input) ||
        !read_link(model, output, &operation->output))
        return false;
    read_input(operation, payload);
    return read_path(model, operation);
}

const struct awsb_operation *awsb_model_operation(struct awsb_model *model,
                                                  struct awsb_view method_name)
{
    size_t place = awsb_lines_place(&model->operations, method_name);
    struct awsb_operation *operation;

    if (place == model->operations.count)
        return awsb_model_refuse(model, "the model has no operation %.*s", awsb_shown(method_name),
                      method_name.data);
    if (model->operations.made[place] != NULL)
        return model->operations.made[place];
    operation = awsb_model_take(model, sizeof *operation);
    if (operation == NULL)
        return awsb_model_no_memory(model);
    if (!read_operation(model, operation, model->operations.items[place]))
        return NULL;
    model->operations.made[place] = operation;
    return operation;
}
