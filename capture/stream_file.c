/* stream_file.c: a pipe or a compressed file as input, in a buffer as large as its longest
 * record. */
#include "capture/input.h"
#include "core/descriptor.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    STREAM_ROOM = 256 << 10, /* of the buffer, until a record needs more */
    STREAM_CHUNK = 64 << 10, /* of compressed bytes */
    STREAM_SPARES = 32       /* buffers that are kept to be used again */
};

/* What the bytes at hand lie in. */
struct stream_buffer {
    atomic_uint holders; /* the stream itself, while it reads into it, is one */
    size_t room;
    uint8_t bytes[];
};

struct stream_file {
    struct input input;
    int fd;
    struct stream_buffer *buffer;
    _Atomic(struct stream_buffer *) spares[STREAM_SPARES]; /* that nobody holds any more */
    uint64_t num_read;
    bool ended; /* the descriptor gives no more, or nothing that can be read */
    struct decompress *decompress;
    uint8_t *chunk;        /* compressed bytes; NULL when there is no compression */
    struct span remaining; /* of |chunk|, not decompressed */
};

static struct stream_file *stream_of(struct input *input)
{
    return (struct stream_file *)input;
}

/* Reads at most |room| bytes; 0 at the end of the input, or when reading fails: then |fault| is
 * set. */
static size_t stream_read(struct stream_file *stream, uint8_t *to, size_t room)
{
    for (;;) {
        ssize_t got = descriptor_read(stream->fd, to, room);
        if (got > 0) {
            stream->num_read += (uint64_t)got;
            return (size_t)got;
        }
        if (got < 0 && errno == EAGAIN) {
            poll(&(struct pollfd){.fd = stream->fd, .events = POLLIN}, 1, -1);
            continue;
        }
        if (got < 0)
            error_set(&stream->input.fault, "%s cannot be read beyond byte %llu: %m",
                      stream->input.name, (unsigned long long)stream->num_read);
        stream->ended = true;
        return 0;
    }
}

/* Decompresses at most |room| bytes; 0 at the end of the input, or when there is a |fault|. What
 * is made by a call that finds damage is given first. */
static size_t stream_decompress(struct stream_file *stream, uint8_t *to, size_t room)
{
    struct input *input = &stream->input;
    for (;;) {
        size_t made;
        const char *reason = NULL;
        if (!decompress_run(stream->decompress, &stream->remaining, to, room, &made, &reason)) {
            error_set(&input->fault,
                      "%s is damaged: its compressed data cannot be read after "
                      "byte %llu (decompressed): %s",
                      input->name, (unsigned long long)(input->offset + input_left(input) + made),
                      reason);
            stream->ended = true;
            return made;
        }
        if (made > 0)
            return made;
        stream->remaining =
            span_of(stream->chunk, stream_read(stream, stream->chunk, STREAM_CHUNK));
        if (stream->ended) {
            if (!decompress_whole(stream->decompress) && input->fault.text[0] == '\0')
                error_set(&input->fault,
                          "%s is cut short: its compressed data goes on after byte "
                          "%llu, the end of the file",
                          input->name, (unsigned long long)stream->num_read);
            return 0;
        }
    }
}

static struct stream_buffer *take_spare(struct stream_file *stream)
{
    struct stream_buffer *buffer = NULL;
    for (size_t i = 0; i < STREAM_SPARES && buffer == NULL; i++)
        if (atomic_load(&stream->spares[i]) != NULL)
            buffer = atomic_exchange(&stream->spares[i], NULL);
    return buffer;
}

static bool keep_spare(struct stream_file *stream, struct stream_buffer *buffer)
{
    for (size_t i = 0; i < STREAM_SPARES; i++) {
        struct stream_buffer *none = NULL;
        if (atomic_compare_exchange_strong(&stream->spares[i], &none, buffer))
            return true;
    }
    return false;
}

static struct stream_buffer *buffer_new(struct stream_file *stream, size_t room)
{
    struct stream_buffer *buffer = room == STREAM_ROOM ? take_spare(stream) : NULL;
    if (buffer == NULL) {
        buffer = malloc(sizeof *buffer + room);
        if (buffer == NULL)
            return NULL;
        buffer->room = room;
    }
    atomic_init(&buffer->holders, 1);
    return buffer;
}

static void buffer_release(struct stream_file *stream, struct stream_buffer *buffer)
{
    if (buffer == NULL || atomic_fetch_sub(&buffer->holders, 1) != 1)
        return;
    if (buffer->room != STREAM_ROOM || !keep_spare(stream, buffer))
        free(buffer);
}

/* Moves what is at hand to the start of a buffer that has room for |want|: of the same one, if it has and nobody
 * holds what lies in it. */
static bool stream_make_room(struct stream_file *stream, size_t want)
{
    struct input *input = &stream->input;
    struct stream_buffer *buffer = stream->buffer;
    size_t left = input_left(input);
    if (want > buffer->room || atomic_load(&buffer->holders) > 1) {
        buffer = buffer_new(stream, want > STREAM_ROOM ? want : STREAM_ROOM);
        if (buffer == NULL) {
            error_set(&input->fault,
                      "%s needs %zu bytes of memory for one record, which cannot "
                      "be had",
                      input->name, want);
            stream->ended = true;
            return false;
        }
    }
    memmove(buffer->bytes, input->at, left);
    if (buffer != stream->buffer)
        buffer_release(stream, stream->buffer);
    stream->buffer = buffer;
    input->at = buffer->bytes;
    input->end = buffer->bytes + left;
    return true;
}

static bool stream_more(struct input *input, size_t want)
{
    struct stream_file *stream = stream_of(input);
    if (!stream_make_room(stream, want))
        return false;
    while (!stream->ended && input_left(input) < want) {
        uint8_t *to = stream->buffer->bytes + input_left(input);
        size_t room = stream->buffer->room - input_left(input);
        size_t got = stream->decompress != NULL ? stream_decompress(stream, to, room)
                                                : stream_read(stream, to, room);
        input->end += got;
    }
    return input_left(input) >= want;
}

static void stream_passed(struct input *input)
{
    (void)input;
}

static uint64_t stream_stored(const struct input *input)
{
    return ((const struct stream_file *)input)->num_read;
}

static void *stream_hold(struct input *input)
{
    struct stream_buffer *buffer = stream_of(input)->buffer;
    atomic_fetch_add(&buffer->holders, 1);
    return buffer;
}

static void stream_release(struct input *input, void *held)
{
    buffer_release(stream_of(input), held);
}

static void stream_close(struct input *input)
{
    struct stream_file *stream = stream_of(input);
    decompress_free(stream->decompress);
    free(stream->chunk);
    free(stream->buffer);
    for (size_t i = 0; i < STREAM_SPARES; i++)
        free(atomic_load(&stream->spares[i]));
    if (stream->fd != STDIN_FILENO)
        close(stream->fd);
    free(stream);
}

static const struct input_ops stream_ops = {.more = stream_more,
                                            .passed = stream_passed,
                                            .stored = stream_stored,
                                            .hold = stream_hold,
                                            .release = stream_release,
                                            .close = stream_close};

/* Looks at the first bytes; if they are compressed, they become the first chunk. */
static bool stream_sniff(struct stream_file *stream)
{
    struct input *input = &stream->input;
    input_more(input, COMPRESSION_MAGIC_LEN);
    size_t left = input_left(input);
    enum compression compression = compression_of(span_of(input->at, left));
    if (compression == COMPRESSION_NONE)
        return true;
    stream->chunk = malloc(STREAM_ROOM);
    stream->decompress = decompress_new(compression);
    input->compression = compression;
    if (stream->chunk == NULL || stream->decompress == NULL)
        return false;
    memcpy(stream->chunk, input->at, left);
    stream->remaining = span_of(stream->chunk, left);
    input->at = input->end = stream->buffer->bytes;
    return true;
}

struct input *input_stream(int fd, uint64_t size, const char *name, struct error *error)
{
    struct stream_file *stream = calloc(1, sizeof *stream);
    struct stream_buffer *buffer = stream != NULL ? buffer_new(stream, STREAM_ROOM) : NULL;
    if (buffer == NULL) {
        free(stream);
        if (fd != STDIN_FILENO)
            close(fd);
        error_set(error, "%s cannot be read: there is no memory", name);
        return NULL;
    }
    stream->fd = fd;
    stream->buffer = buffer;
    stream->input = (struct input){
        .ops = &stream_ops, .at = buffer->bytes, .end = buffer->bytes, .size = size, .name = name};
    if (!stream_sniff(stream)) {
        error_set(error, "%s cannot be decompressed: there is no memory", name);
        input_close(&stream->input);
        return NULL;
    }
    return &stream->input;
}
