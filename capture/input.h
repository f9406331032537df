/* input.h: the bytes of a capture in their order: a mapped file, or a stream held in a buffer.
 *
 * A format's parser reads what is at hand, takes it by input_consume, and asks for more by
 * input_more when that is no whole record. A mapped file is all at hand; a stream holds what one
 * batch of frames points into. So one parser serves both, and neither needs memory that grows
 * with the input. */
#ifndef PERPASS_CAPTURE_INPUT_H
#define PERPASS_CAPTURE_INPUT_H

#include "capture/decompress.h"
#include "core/error.h"
#include "core/reader.h"

/* The most that input_more can be asked for: more than the longest record that any format may
 * have. */
enum { INPUT_MAX_WANT = 17 << 20 };

struct input;

struct input_ops {
    bool (*more)(struct input *input, size_t want);
    void (*passed)(struct input *input);
    uint64_t (*stored)(const struct input *input);
    void *(*hold)(struct input *input);
    void (*release)(struct input *input, void *held);
    void (*close)(struct input *input);
};

struct input {
    const struct input_ops *ops;
    const uint8_t *at, *end; /* at hand and not consumed */
    uint64_t offset;         /* of |at| in the capture: after decompression, if it is compressed */
    uint64_t size;           /* as stored; 0 when not known */
    const char *name;        /* for messages; the caller's */
    enum compression compression;
    struct error fault; /* why reading stopped before the end of the input; "" when it did not */
};

/* input_map maps the regular file |fd| of |size| bytes, and takes the descriptor over. NULL,
 * with the descriptor left open, when it cannot be mapped. */
struct input *input_map(int fd, uint64_t size, const char *name);

/* input_stream reads |fd| in its order and decompresses what begins as one of the known
 * compressions. |size| is 0 when not known. Takes the descriptor over (standard input stays
 * open). NULL when there is no memory or the first bytes cannot be read; then the descriptor is
 * closed. */
struct input *input_stream(int fd, uint64_t size, const char *name, struct error *error);

/* input_left is the number of bytes at hand. */
static inline size_t input_left(const struct input *input)
{
    return (size_t)(input->end - input->at);
}

/* input_reader reads what is at hand, without consuming it. */
static inline struct reader input_reader(const struct input *input)
{
    return reader_of(span_of(input->at, input_left(input)));
}

/* input_consume passes over |n| bytes at hand. They stay where they are until input_more. */
static inline void input_consume(struct input *input, size_t n)
{
    input->at += n;
    input->offset += n;
}

/* input_more sees to it that |want| bytes (at most INPUT_MAX_WANT) are at hand. All pointers to
 * bytes of the input that were got before are invalid after it. False when the input has no more
 * or cannot be read on (|fault| says why); then what there is is at hand. */
static inline bool input_more(struct input *input, size_t want)
{
    return input_left(input) >= want || input->ops->more(input, want);
}

/* input_passed says that nobody points to consumed bytes any more. */
static inline void input_passed(struct input *input)
{
    input->ops->passed(input);
}

/* input_stored is the number of bytes read so far, as stored. */
static inline uint64_t input_stored(const struct input *input)
{
    return input->ops->stored(input);
}

/* input_hold keeps the consumed bytes that lie in the same memory as the last of them where they are, until
 * input_release, which may be called at the same time as other functions. NULL when there is no memory for it. */
static inline void *input_hold(struct input *input)
{
    return input->ops->hold(input);
}

static inline void input_release(struct input *input, void *held)
{
    input->ops->release(input, held);
}

static inline void input_close(struct input *input)
{
    if (input != NULL)
        input->ops->close(input);
}

/* input_unit tells what |offset| counts, for messages: "byte 40" or "byte 40 (decompressed)". */
static inline const char *input_unit(const struct input *input)
{
    return input->compression == COMPRESSION_NONE ? "" : " (decompressed)";
}

#endif
