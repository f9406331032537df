/* event_pipe.h: lines to somewhere that may be slow, full or away. Writing them never waits: whole lines arrive,
 * and whole lines are dropped and counted when too many wait. */
#ifndef PERPASS_CLI_EVENT_PIPE_H
#define PERPASS_CLI_EVENT_PIPE_H

#include "cli/kafka.h"
#include "core/error.h"

#include <stdint.h>
#include <stdio.h>

struct event_pipe;

struct event_pipe_options {
    uint64_t rotate_bytes; /* a file that is so long is put aside; 0: never */
    unsigned num_kept;     /* files put aside, FILE.1 the youngest; older ones are removed */
    struct kafka *kafka;   /* where events go instead, the caller's; NULL: to the path */
};

/* event_pipe_open opens |path| for adding to it, as output_open_append. The reader of a socket may go and come back: it
 * is looked for once a second, and meanwhile lines wait. What the old reader had taken and not read is lost, uncounted.
 * Call it before there are threads and before the sandbox is entered. */
struct event_pipe *event_pipe_open(const char *path, const struct event_pipe_options *options,
                                   struct error *error);

/* event_pipe_file takes the lines. Its errors are no errors of the stream: what cannot be written waits, or is
 * dropped. */
FILE *event_pipe_file(const struct event_pipe *pipe);

/* event_pipe_flush writes what waits, as far as it can be written without waiting. False and |error| when that
 * went wrong for another reason than a slow reader, but only the first time in a row. */
bool event_pipe_flush(struct event_pipe *pipe, struct error *error);

/* event_pipe_reopen opens a file by its name again, which may be another one now. What is no file stays open. */
bool event_pipe_reopen(struct event_pipe *pipe, struct error *error);

uint64_t event_pipe_dropped(const struct event_pipe *pipe);

/* event_pipe_finish gives what waits |wait_ms| milliseconds to be written (and Kafka its own time to deliver it); the
 * rest is dropped and counted.
 * False when an event could not be written, ever, for another reason than a slow reader. */
bool event_pipe_finish(struct event_pipe *pipe, unsigned wait_ms);
void event_pipe_free(struct event_pipe *pipe);

#endif
