/* output.h: files, sockets and standard output that results are written to. */
#ifndef PERPASS_CLI_OUTPUT_H
#define PERPASS_CLI_OUTPUT_H

#include "core/error.h"

#include <limits.h>
#include <stdio.h>

struct output_stream;

struct output {
    const char *name; /* for messages: the path as the user gave it, or "standard output" */
    FILE *out;        /* NULL: not open */
    struct output_stream *stream; /* what is behind it */
    int descriptor;               /* what it writes to */
    bool standard;                /* standard output, which stays open */
    char target[PATH_MAX];        /* where the finished file goes, "" when it is written in place */
    char temporary[PATH_MAX];     /* what is written until then, "" when there is none */
    bool unsynced; /* set by the caller: output_close need not wait until the file is on its disk */
};

/* output_open_stream opens what is written as it comes: "-" (standard output), "unix:PATH" (a stream socket
 * that somebody listens on), or a file, whose old content stays until output_truncate. */
bool output_open_stream(struct output *output, const char *path, struct error *error);
bool output_truncate(struct output *output, struct error *error);

/* output_open_descriptor opens what writes to |descriptor|, which becomes the output's, also when it fails. */
bool output_open_descriptor(struct output *output, int descriptor, const char *name,
                            struct error *error);

/* output_open_append opens the same, but adds to a file, and does not wait for the reader of a named pipe. */
bool output_open_append(struct output *output, const char *path, struct error *error);

/* output_open_whole opens what must appear whole or not at all: a file of another name in the same folder,
 * which output_close renames. "-" and what is no regular file (a device, a pipe) are written in place. */
bool output_open_whole(struct output *output, const char *path, struct error *error);

/* output_close writes out what is buffered, and lets the file appear under its name. False and |error| when
 * anything could not be written. Standard output stays open. */
bool output_close(struct output *output, struct error *error);

/* output_discard gives up: a temporary file is removed. Does nothing after output_close. */
void output_discard(struct output *output);

/* output_socket gives the path of the socket that |path| names, NULL when it names none. */
const char *output_socket(const char *path);

/* output_resolve gives the absolute path of the file that |path| names, which need not exist yet. False when
 * it is none that could be written over by mistake: "-", a socket, a device, a folder that is not there. */
bool output_resolve(const char *path, char resolved[PATH_MAX]);

/* output_same_file says whether both paths name one file, by whatever names. */
bool output_same_file(const char *a, const char *b);

/* output_destroys says whether writing to |path| would destroy what is read from |input|: a path, "-" for standard
 * input, or NULL for none. */
bool output_destroys(const char *path, const char *input);

#endif
