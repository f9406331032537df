/* source.c: opens a capture by its first bytes, and reads whatever kind of source there is. */
#include "capture/source.h"

#include "capture/ring.h"
#include "capture/snoop_file.h"
#include "capture/source_ops.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKTYPE_ETHERNET = 1 };

/* A long path is cut at its front: its end tells more, and a message must have room for its
 * reason. */
static void source_set_name(struct source *source, const char *path)
{
    size_t len = strlen(path), room = sizeof source->name - 1;
    if (strcmp(path, "-") == 0)
        snprintf(source->name, sizeof source->name, "standard input");
    else if (len <= room)
        snprintf(source->name, sizeof source->name, "%s", path);
    else
        snprintf(source->name, sizeof source->name, "...%s", path + len - (room - 3));
}

/* Whether the file begins as a capture does that is not compressed, so that it can be mapped. */
static bool source_is_plain(int fd)
{
    uint8_t start[COMPRESSION_MAGIC_LEN];
    ssize_t got = pread(fd, start, sizeof start, 0);
    return got > 0 && compression_of(span_of(start, (size_t)got)) == COMPRESSION_NONE;
}

static struct input *source_open_input(struct source *source, int fd, bool unmapped,
                                       struct error *error)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || S_ISDIR(about.st_mode)) {
        error_set(error, "%s is a directory: name the captures in it", source->name);
        close(fd);
        return NULL;
    }
    uint64_t size = S_ISREG(about.st_mode) && about.st_size > 0 ? (uint64_t)about.st_size : 0;
    if (size > 0 && !unmapped && fd != STDIN_FILENO && source_is_plain(fd)) {
        struct input *input = input_map(fd, size, source->name);
        if (input != NULL)
            return input;
    }
    return input_stream(fd, size, source->name, error);
}

static bool source_open_path(struct source *source, const char *path,
                             const struct source_options *options, struct error *error)
{
    int fd = STDIN_FILENO;
    if (strcmp(path, "-") != 0)
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    else if (isatty(fd))
        return error_set(error,
                         "standard input is a terminal: a capture comes by a pipe or a file");
    if (fd < 0)
        return error_set(error, "%s cannot be opened: %m", source->name);
    source->input = source_open_input(source, fd, options != NULL && options->unmapped, error);
    return source->input != NULL;
}

static bool source_open_format(struct source *source, struct error *error)
{
    struct input *input = source->input;
    input_more(input, SOURCE_SNIFF_LEN);
    size_t left = input_left(input);
    if (left == 0 && input->fault.text[0] != '\0') {
        *error = input->fault;
        return false;
    }
    if (left == 0)
        return error_set(error, "%s is empty: no capture", source->name);
    struct span start = span_of(input->at, left < SOURCE_SNIFF_LEN ? left : SOURCE_SNIFF_LEN);
    if (pcap_file_knows(start))
        return pcap_file_open(source, error);
    if (pcapng_file_knows(start))
        return pcapng_file_open(source, error);
    if (snoop_file_knows(start))
        return snoop_file_open(source, error);
    return libpcap_source_open(source, error);
}

static bool source_set_filter(struct source *source, const struct source_options *options,
                              struct error *error)
{
    if (options == NULL || (options->filter == NULL && options->compiled == NULL))
        return true;
    /* Without any interface there is no link type, but a mistake in the expression is told all
     * the same. */
    uint16_t link_type = source->first_link == SOURCE_NO_LINK ? (uint16_t)LINKTYPE_ETHERNET
                                                              : (uint16_t)source->first_link;
    if (options->compiled == NULL) {
        source->filter = source->own_filter = filter_new(options->filter, link_type, error);
        return source->filter != NULL;
    }
    source->filter = options->compiled;
    source->unfit_before = filter_unfit(source->filter);
    return filter_fits(source->filter, link_type, error);
}

struct source *source_open_file(const char *path, const struct source_options *options,
                                struct error *error)
{
    struct source *source = calloc(1, sizeof *source);
    if (source == NULL) {
        error_set(error, "%s cannot be read: there is no memory", path);
        return NULL;
    }
    source_set_name(source, path);
    source->first_link = SOURCE_NO_LINK;
    if (!source_open_path(source, path, options, error) || !source_open_format(source, error) ||
        !source_set_filter(source, options, error)) {
        source_close(source);
        return NULL;
    }
    return source;
}

struct source *source_open_live(const char *name, const struct live_options *options,
                                struct error *error)
{
    struct source *source = calloc(1, sizeof *source);
    if (source == NULL) {
        error_set(error, "%s cannot be read: there is no memory", name);
        return NULL;
    }
    snprintf(source->name, sizeof source->name, "%s", name);
    source->first_link = SOURCE_NO_LINK;
    enum live_result result = LIVE_UNFIT;
    if (!options->by_libpcap)
        result = ring_source_open(source, options, error);
    if (result == LIVE_UNFIT)
        result = libpcap_live_open(source, options, error);
    if (result == LIVE_OPEN)
        return source;
    source_close(source);
    return NULL;
}

bool source_live_possible(const struct live_options *options, struct error *error)
{
    if (!ring_sizes_fit(options, error))
        return false;
    if (options->filter == NULL)
        return true;
    struct filter *filter = filter_new_for_all(options->filter, error);
    filter_free(filter);
    return filter != NULL;
}

const int *source_descriptors(const struct source *source, size_t *num)
{
    *num = source->num_descriptors;
    return source->descriptors;
}

/* Leaves out what the filter does not pass; gives how many frames remain. */
static size_t source_filter(struct source *source, struct frame *frames, size_t num)
{
    size_t passed = 0;
    for (size_t i = 0; i < num; i++)
        if (filter_passes(source->filter, &frames[i]))
            frames[passed++] = frames[i];
    source->stats.filtered += num - passed;
    return passed;
}

enum source_status source_read(struct source *source, struct frame *frames, size_t max, size_t *num,
                               struct error *error)
{
    assert(max > 0);
    *num = 0;
    if (source->input != NULL)
        input_passed(source->input);
    while (!source->ended) {
        enum source_status status = source->ops->read(source, frames, max, num, error);
        source->ended = status == SOURCE_END || status == SOURCE_DAMAGED;
        source->stats.frames += *num;
        if (source->filter != NULL && *num > 0)
            *num = source_filter(source, frames, *num);
        if (*num > 0 || status != SOURCE_FRAMES)
            return status;
    }
    return SOURCE_END;
}

void *source_hold(struct source *source)
{
    if (source->ops->hold != NULL)
        return source->ops->hold(source);
    return source->ops->frames_in_input ? input_hold(source->input) : NULL;
}

void source_release(struct source *source, void *held)
{
    if (source->ops->release != NULL)
        source->ops->release(source, held);
    else
        input_release(source->input, held);
}

struct source_stats source_stats(struct source *source)
{
    if (source->ops->count != NULL)
        source->ops->count(source);
    struct source_stats stats = source->stats;
    if (source->input != NULL) {
        stats.bytes = input_stored(source->input);
        stats.size = source->input->size;
    }
    if (source->filter != NULL)
        stats.unfit = filter_unfit(source->filter) - source->unfit_before;
    return stats;
}

const char *source_format(const struct source *source)
{
    return source->format;
}

void source_close(struct source *source)
{
    if (source == NULL)
        return;
    if (source->ops != NULL)
        source->ops->close(source);
    filter_free(source->own_filter);
    input_close(source->input); /* NULL is fine */
    free(source);
}

enum source_status source_input_ended(const struct source *source, const char *record, size_t want,
                                      struct error *error)
{
    const struct input *input = source->input;
    size_t left = input_left(input);
    if (input->fault.text[0] != '\0') {
        *error = input->fault;
        return SOURCE_DAMAGED;
    }
    if (left == 0)
        return SOURCE_END;
    error_set(
        error,
        "%s is cut short: the %s at byte %llu%s needs at least %zu bytes, but only %zu follow",
        source->name, record, (unsigned long long)input->offset, input_unit(input), want, left);
    return SOURCE_DAMAGED;
}

void source_first_bytes(const struct source *source, char text[static SOURCE_FIRST_BYTES])
{
    struct reader r = input_reader(source->input);
    size_t num = reader_left(&r) < 4 ? reader_left(&r) : 4;
    for (size_t i = 0; i < num; i++)
        snprintf(text + (i > 0 ? 3 * i - 1 : 0), 4, i > 0 ? " %02x" : "%02x", reader_u8(&r));
}
