#include "uuid.h"

#include "hash.h"

void awsb_uuid_source_clear(struct awsb_uuid_source *source)
{
    awsb_wipe(source->ahead, sizeof source->ahead);
    source->count = 0;
    if (source->marked)
        awsb_fork_mark_clear(&source->mark);
    source->marked = false;
}

/* In a child what its parent had in advance is its parent's. */
static void leave_to_parent(struct awsb_uuid_source *source)
{
    if (source->marked && !awsb_fork_mark_is_mine(&source->mark))
        awsb_uuid_source_clear(source);
}

static enum awsb_err fill(struct awsb_uuid_source *source)
{
    size_t wanted = sizeof source->ahead;
    enum awsb_err err;

    if (!source->marked)
        awsb_fork_mark_set(&source->mark);
    source->marked = true;
    if (source->mark.page == NULL) /* a process id may come again */
        wanted = sizeof source->ahead[0];
    err = awsb_random(source->ahead[0], wanted);
    if (err == AWSB_OK)
        source->count = wanted / AWSB_UUID_BYTES;
    return err;
}

static void write_uuid(unsigned char bytes[AWSB_UUID_BYTES], char out[AWSB_UUID_SIZE])
{
    static const unsigned char group_sizes[] = {4, 2, 2, 2, 6};
    size_t group, done = 0;

    bytes[6] = (unsigned char)(0x40 | (bytes[6] & 0x0f)); /* version 4 */
    bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3f)); /* of this RFC's variant */
    for (group = 0; group < sizeof group_sizes; group++) {
        if (group > 0)
            *out++ = '-';
        awsb_hex(bytes + done, group_sizes[group], out);
        out += 2 * group_sizes[group];
        done += group_sizes[group];
    }
}

enum awsb_err awsb_uuid_next(struct awsb_uuid_source *source, char out[AWSB_UUID_SIZE])
{
    unsigned char *bytes;
    enum awsb_err err;

    leave_to_parent(source);
    if (source->count == 0) {
        err = fill(source);
        if (err != AWSB_OK)
            return err;
    }
    bytes = source->ahead[--source->count];
    write_uuid(bytes, out);
    awsb_wipe(bytes, AWSB_UUID_BYTES);
    return AWSB_OK;
}
