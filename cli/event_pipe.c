/* event_pipe.c: lines to somewhere that may be slow, full or away. */
#include "cli/event_pipe.h"

#include "cli/output.h"
#include "cli/socket_broker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    WAITING_LEN = 4 << 20, /* of lines that were not written yet */
    PIECE_LEN = 4096,      /* PIPE_BUF: what a pipe that has room at all takes without waiting */
    AGAIN_MS = 1000        /* between two tries to reach a socket whose reader has gone */
};

struct event_pipe {
    const char *path;
    struct event_pipe_options options;
    struct output output;
    FILE *file;
    enum { TO_FILE, TO_SOCKET, TO_PIPE } kind;
    uint64_t size;                /* of a file */
    struct socket_broker *broker; /* of a socket */
    uint64_t sent;                /* lines to the process that sends to Kafka */
    uint64_t next_try_ms;
    /* What waits: from |begin|, whole lines up to |line|, then the beginning of one up to |end|. */
    char *waiting;
    size_t begin, line, end;
    bool skipping;        /* the rest of a line that is dropped */
    bool mid_line;        /* a part of the line at |begin| is written */
    bool gone;            /* nobody will ever read it any more */
    bool failed, failing; /* ever; now */
    bool troubled;        /* Kafka is, as it was told */
    bool untold;          /* |trouble| has not been told */
    struct error trouble;
    uint64_t dropped;
};

/* --- writing --- */

static bool has_room(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    return poll(&ready, 1, 0) == 1 && ready.revents & POLLOUT;
}

/* Writes a part; 0 when it would have to wait, -1 on error. */
static ssize_t write_some(struct event_pipe *pipe, const char *bytes, size_t len)
{
    int fd = pipe->output.descriptor;
    ssize_t wrote = -1;
    switch (pipe->kind) {
    case TO_FILE:
        wrote = write(fd, bytes, len);
        break;
    case TO_SOCKET:
        wrote = send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        break;
    case TO_PIPE:
        if (!has_room(fd))
            return 0;
        wrote = write(fd, bytes, len < PIECE_LEN ? len : PIECE_LEN);
        break;
    }
    return wrote < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : wrote;
}

static uint64_t count_lines(const char *bytes, size_t len)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += bytes[i] == '\n';
    return lines;
}

static void drop_waiting(struct event_pipe *pipe)
{
    pipe->dropped += count_lines(pipe->waiting + pipe->begin, pipe->line - pipe->begin);
    pipe->begin = pipe->line;
}

/* A line of which the old file or reader has the beginning is of no use to the new one. */
static void drop_rest_of_line(struct event_pipe *pipe)
{
    if (!pipe->mid_line)
        return;
    const char *begin = pipe->waiting + pipe->begin;
    const char *newline = memchr(begin, '\n', pipe->line - pipe->begin);
    if (newline != NULL)
        pipe->begin += (size_t)(newline - begin) + 1;
    pipe->mid_line = false;
    pipe->dropped++;
}

static void write_failed(struct event_pipe *pipe, int reason)
{
    if (!pipe->failing) {
        error_set(&pipe->trouble, "%s cannot be written (events are dropped until it can): %s",
                  pipe->output.name, strerror(reason));
        pipe->untold = true;
    }
    pipe->failed = pipe->failing = true;
    if (reason == ENOSPC || reason == EDQUOT || reason == EFBIG)
        return;
    pipe->gone = true;
    if (pipe->broker == NULL)
        drop_waiting(pipe);
    else
        drop_rest_of_line(pipe);
}

static void to_front(struct event_pipe *pipe)
{
    memmove(pipe->waiting, pipe->waiting + pipe->begin, pipe->end - pipe->begin);
    pipe->line -= pipe->begin;
    pipe->end -= pipe->begin;
    pipe->begin = 0;
}

static void write_waiting(struct event_pipe *pipe)
{
    while (pipe->begin < pipe->line && !pipe->gone) {
        const char *bytes = pipe->waiting + pipe->begin;
        ssize_t wrote = write_some(pipe, bytes, pipe->line - pipe->begin);
        if (wrote < 0)
            write_failed(pipe, errno);
        if (wrote <= 0)
            return;
        pipe->failing = false;
        pipe->begin += (size_t)wrote;
        pipe->size += (uint64_t)wrote;
        pipe->mid_line = bytes[wrote - 1] != '\n';
        if (pipe->options.kafka != NULL)
            pipe->sent += count_lines(bytes, (size_t)wrote);
    }
    if (pipe->begin == pipe->line)
        to_front(pipe);
}

/* --- taking --- */

/* Makes room for |len| bytes, if that can be done: not by moving much for little. */
static bool make_room(struct event_pipe *pipe, size_t len)
{
    if (WAITING_LEN - pipe->end >= len)
        return true;
    write_waiting(pipe);
    if (pipe->begin > WAITING_LEN / 2)
        to_front(pipe);
    return WAITING_LEN - pipe->end >= len;
}

/* Takes a part of a line, or its end. */
static void take(struct event_pipe *pipe, const char *bytes, size_t len, bool ends)
{
    bool lost = pipe->gone && pipe->broker == NULL;
    if (!pipe->skipping && (lost || !make_room(pipe, len))) {
        pipe->end = pipe->line;
        pipe->skipping = true;
        pipe->dropped++;
    }
    if (!pipe->skipping) {
        memcpy(pipe->waiting + pipe->end, bytes, len);
        pipe->end += len;
        if (ends)
            pipe->line = pipe->end;
    }
    if (ends)
        pipe->skipping = false;
}

static ssize_t pipe_write(void *cookie, const char *bytes, size_t size)
{
    for (size_t left = size; left > 0;) {
        const char *newline = memchr(bytes, '\n', left);
        size_t len = newline != NULL ? (size_t)(newline - bytes) + 1 : left;
        take(cookie, bytes, len, newline != NULL);
        bytes += len;
        left -= len;
    }
    return (ssize_t)size;
}

/* --- files --- */

static void look_at(struct event_pipe *pipe)
{
    struct stat status;
    pipe->kind = TO_PIPE;
    pipe->size = 0;
    if (fstat(pipe->output.descriptor, &status) != 0)
        return;
    if (S_ISREG(status.st_mode)) {
        pipe->kind = TO_FILE;
        pipe->size = (uint64_t)status.st_size;
    } else if (S_ISSOCK(status.st_mode)) {
        pipe->kind = TO_SOCKET;
    }
}

bool event_pipe_reopen(struct event_pipe *pipe, struct error *error)
{
    struct output again;
    if (pipe->kind != TO_FILE || pipe->output.standard)
        return true;
    if (!output_open_append(&again, pipe->path, error))
        return false;
    output_discard(&pipe->output);
    pipe->output = again;
    pipe->gone = false;
    drop_rest_of_line(pipe);
    look_at(pipe);
    return true;
}

/* FILE.8 becomes FILE.9, and so on; FILE becomes FILE.1, and is made anew. */
static bool rotate(struct event_pipe *pipe, struct error *error)
{
    char from[PATH_MAX], to[PATH_MAX];
    for (unsigned i = pipe->options.num_kept; i > 0; i--) {
        int from_len = i > 1 ? snprintf(from, sizeof from, "%s.%u", pipe->path, i - 1)
                             : snprintf(from, sizeof from, "%s", pipe->path);
        int to_len = snprintf(to, sizeof to, "%s.%u", pipe->path, i);
        if (from_len >= PATH_MAX || to_len >= PATH_MAX)
            return error_set(error, "%s cannot be put aside: its name is too long", pipe->path);
        if (rename(from, to) != 0 && errno != ENOENT)
            return error_set(error, "%s cannot be put aside: %s", from, strerror(errno));
    }
    return event_pipe_reopen(pipe, error);
}

static uint64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Tries to reach the socket again, once in a while. What waits goes to the new reader. */
static void reach_again(struct event_pipe *pipe)
{
    if (!pipe->gone || pipe->broker == NULL)
        return;
    struct output again;
    struct error error;
    int fd = socket_broker_take(pipe->broker);
    if (fd >= 0 && output_open_descriptor(&again, fd, pipe->output.name, &error)) {
        output_discard(&pipe->output);
        pipe->output = again;
        pipe->gone = pipe->failed = pipe->failing = false;
    } else if (fd < 0 && monotonic_ms() >= pipe->next_try_ms) {
        pipe->next_try_ms = monotonic_ms() + AGAIN_MS;
        socket_broker_ask(pipe->broker);
    }
}

/* What the brokers cannot have is told once, until they take something. */
static void look_after_kafka(struct event_pipe *pipe)
{
    const struct kafka_news *news = kafka_news(pipe->options.kafka);
    if (news->troubled && !pipe->troubled) {
        error_set(&pipe->trouble, "%s: events wait, those that wait too long are dropped: %s",
                  pipe->output.name, news->trouble.text);
        pipe->untold = true;
    }
    pipe->troubled = news->troubled;
    pipe->failed |= news->lost > 0;
}

bool event_pipe_flush(struct event_pipe *pipe, struct error *error)
{
    fflush(pipe->file);
    reach_again(pipe);
    write_waiting(pipe);
    if (pipe->options.kafka != NULL && !pipe->gone)
        look_after_kafka(pipe);
    if (pipe->untold) {
        pipe->untold = false;
        *error = pipe->trouble;
        return false;
    }
    uint64_t limit = pipe->options.rotate_bytes;
    if (pipe->kind != TO_FILE || limit == 0 || pipe->size < limit || pipe->begin < pipe->line)
        return true;
    bool ok = rotate(pipe, error);
    pipe->size = ok ? pipe->size : 0; /* tried again when as much has come */
    return ok;
}

uint64_t event_pipe_dropped(const struct event_pipe *pipe)
{
    const struct kafka *kafka = pipe->options.kafka;
    return pipe->dropped + (kafka != NULL ? kafka_told(kafka)->lost : 0);
}

FILE *event_pipe_file(const struct event_pipe *pipe)
{
    return pipe->file;
}

static bool open_output(struct event_pipe *pipe, struct error *error)
{
    if (pipe->options.kafka == NULL)
        return output_open_append(&pipe->output, pipe->path, error);
    return output_open_descriptor(&pipe->output, kafka_lines(pipe->options.kafka), pipe->path,
                                  error);
}

static bool open_all(struct event_pipe *pipe, const char *path, struct error *error)
{
    if (!open_output(pipe, error))
        return false;
    const char *socket = output_socket(path);
    if (socket != NULL && (pipe->broker = socket_broker_new(socket, error)) == NULL)
        return false;
    pipe->file = fopencookie(pipe, "w", (cookie_io_functions_t){.write = pipe_write});
    return pipe->file != NULL || error_set(error, "there is no memory for events");
}

struct event_pipe *event_pipe_open(const char *path, const struct event_pipe_options *options,
                                   struct error *error)
{
    struct event_pipe *pipe = calloc(1, sizeof *pipe);
    if (pipe == NULL || (pipe->waiting = malloc(WAITING_LEN)) == NULL) {
        free(pipe);
        error_set(error, "there is no memory for events");
        return NULL;
    }
    pipe->path = path;
    pipe->options = *options;
    if (open_all(pipe, path, error)) {
        look_at(pipe);
        return pipe;
    }
    event_pipe_free(pipe);
    return NULL;
}

/* Of what was sent and is not known to have arrived nobody will hear any more: it is dropped, too. */
static void end_kafka(struct event_pipe *pipe)
{
    output_discard(&pipe->output); /* no more lines come */
    kafka_end(pipe->options.kafka);
    const struct kafka_news *news = kafka_told(pipe->options.kafka);
    if (pipe->sent > news->delivered + news->lost)
        pipe->dropped += pipe->sent - news->delivered - news->lost;
    pipe->failed |= pipe->sent > news->delivered;
}

bool event_pipe_finish(struct event_pipe *pipe, unsigned wait_ms)
{
    fflush(pipe->file);
    write_waiting(pipe);
    for (unsigned waited = 0;
         pipe->begin < pipe->line && waited < wait_ms && (!pipe->gone || pipe->broker != NULL);
         waited += 10) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        reach_again(pipe);
        write_waiting(pipe);
    }
    drop_waiting(pipe);
    if (pipe->options.kafka != NULL)
        end_kafka(pipe);
    return !pipe->failed;
}

void event_pipe_free(struct event_pipe *pipe)
{
    if (pipe == NULL)
        return;
    if (pipe->file != NULL)
        fclose(pipe->file);
    socket_broker_free(pipe->broker);
    output_discard(&pipe->output);
    free(pipe->waiting);
    free(pipe);
}
