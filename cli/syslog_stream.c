/* syslog_stream.c: events as messages of syslog: RFC 5424, octet counting of RFC 6587. Reads of an event what its own
 * writer put there: quotes in values are escaped, so nothing of the traffic looks like the name of a member. */
#include "cli/syslog_stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FACILITY_LOCAL0 = 16, MAX_LINE = 4 << 20, HOST_SIZE = 256, WORD_SIZE = 33 };

struct syslog_stream {
    FILE *to;
    char *line; /* what has come of one */
    size_t len, size;
    char host[HOST_SIZE];
    long process;
};

/* Copies what is behind |name| in |line| up to a quote, as far as it is printable ASCII without blanks; "-" if there is
 * nothing. */
static void find_word(const char *line, const char *name, char word[WORD_SIZE])
{
    const char *at = strstr(line, name);
    size_t len = 0;
    for (at = at != NULL ? at + strlen(name) : ""; *at > ' ' && *at < 127 && *at != '"'; at++)
        if (len + 1 < WORD_SIZE)
            word[len++] = *at;
    if (len == 0)
        word[len++] = '-';
    word[len] = '\0';
}

/* RFC 5424 has microseconds at most. */
static void find_time(const char *line, char time[WORD_SIZE])
{
    enum { MICROSECONDS_LEN = 26 }; /* 2026-11-21T03:42:47.534239 */
    find_word(line, "\"@timestamp\":\"", time);
    if (strlen(time) > MICROSECONDS_LEN)
        memcpy(time + MICROSECONDS_LEN, "Z", 2);
}

/* By event.severity, of 0 to 100; perpass.finding.severity is a word. */
static unsigned severity_of(const char *line)
{
    static const char name[] = "\"severity\":";
    for (const char *at = strstr(line, name); at != NULL; at = strstr(at, name)) {
        at += sizeof name - 1;
        if (*at < '0' || *at > '9')
            continue;
        unsigned long score = strtoul(at, NULL, 10);
        return score >= 100 ? 2 : score >= 75 ? 3 : score >= 50 ? 4 : score >= 30 ? 5 : 6;
    }
    return 6;
}

/* The line is whole, ends in a line feed, and in a NUL behind it. */
static void put_message(struct syslog_stream *stream)
{
    char head[HOST_SIZE + 128], time[WORD_SIZE], dataset[WORD_SIZE];
    find_time(stream->line, time);
    find_word(stream->line, "\"dataset\":\"", dataset);
    int len = snprintf(head, sizeof head, "<%u>1 %s %s perpass %ld %s - ",
                       FACILITY_LOCAL0 * 8 + severity_of(stream->line), time, stream->host,
                       stream->process, dataset);
    assert(len > 0 && (size_t)len < sizeof head);
    fprintf(stream->to, "%zu %s", (size_t)len + stream->len, head);
    fwrite(stream->line, 1, stream->len, stream->to);
}

/* Room for |len| bytes more and a NUL. */
static int make_room(struct syslog_stream *stream, size_t len)
{
    size_t size = stream->size == 0 ? 4096 : stream->size;
    while (size < stream->len + len + 1)
        size *= 2;
    if (size > MAX_LINE)
        return 0;
    char *line = size > stream->size ? realloc(stream->line, size) : stream->line;
    if (line == NULL)
        return 0;
    stream->line = line;
    stream->size = size;
    return 1;
}

static ssize_t stream_write(void *cookie, const char *bytes, size_t size)
{
    struct syslog_stream *stream = cookie;
    for (size_t left = size; left > 0;) {
        const char *newline = memchr(bytes, '\n', left);
        size_t len = newline != NULL ? (size_t)(newline - bytes) + 1 : left;
        if (!make_room(stream, len))
            return 0;
        memcpy(stream->line + stream->len, bytes, len);
        stream->len += len;
        stream->line[stream->len] = '\0';
        if (newline != NULL) {
            put_message(stream);
            stream->len = 0;
        }
        bytes += len;
        left -= len;
    }
    return ferror(stream->to) ? 0 : (ssize_t)size;
}

static int stream_close(void *cookie)
{
    struct syslog_stream *stream = cookie;
    free(stream->line);
    free(stream);
    return 0;
}

/* A name may have what RFC 5424 does not allow in it, or none may be set. */
static void find_host(char host[HOST_SIZE])
{
    if (gethostname(host, HOST_SIZE - 1) != 0)
        host[0] = '\0';
    host[HOST_SIZE - 1] = '\0';
    for (const char *at = host; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~')
            host[0] = '\0';
    if (host[0] == '\0')
        memcpy(host, "-", 2);
}

FILE *syslog_stream_new(FILE *to)
{
    struct syslog_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return NULL;
    stream->to = to;
    stream->process = (long)getpid();
    find_host(stream->host);
    FILE *file = fopencookie(stream, "w",
                             (cookie_io_functions_t){.write = stream_write, .close = stream_close});
    if (file == NULL)
        free(stream);
    return file;
}

const char *syslog_stream_path(const char *path)
{
    static const char prefix[] = "syslog:";
    return strncmp(path, prefix, sizeof prefix - 1) == 0 ? path + sizeof prefix - 1 : NULL;
}
