/* http_body.c: bodies of HTTP/1.x (RFC 9112 section 6): by length, in chunks, until the connection closes; and
 * decoded from gzip and deflate (RFC 9110 section 8.4.1). Extensions of chunks and trailers are passed over. What
 * grows beyond any use when it is inflated is let go. */
#include "dissectors/http_body.h"

#include "core/digits.h"
#include "dissectors/recognise.h"

#include <assert.h>
#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

enum {
    MAX_SIZE_LINE = 4 << 10,   /* bytes of the line before a chunk */
    INFLATE_MEMORY = 48 << 10, /* bytes that zlib takes to inflate, and this file's own */
    INFLATE_FREE = 1 << 20,    /* bytes that may come out whatever went in */
    INFLATE_RATIO = 200        /* of what came out to what went in, beyond these */
};

static const uint64_t inflate_max = (uint64_t)4 << 30; /* bytes that may come out */

enum chunk_part { CHUNK_SIZE, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER };

void http_body_begin(struct http_body *body, enum http_framing framing, uint64_t length)
{
    *body = (struct http_body){.framing = framing, .left = length};
}

/* --- chunks --- */

/* Takes a line; HTTP_WAIT when it is not whole yet. */
static enum http_step take_line(struct reader *bytes, struct span *line)
{
    const uint8_t *end = NULL;
    if (reader_left(bytes) > 0)
        end = memchr(bytes->at, '\n', reader_left(bytes));
    if (end == NULL && reader_left(bytes) >= MAX_SIZE_LINE)
        return HTTP_BROKEN;
    if (end == NULL)
        return bytes->cut > 0 ? HTTP_LOST : HTTP_WAIT;
    *line = reader_bytes(bytes, (size_t)(end - bytes->at) + 1);
    line->len--;
    if (line->len > 0 && line->at[line->len - 1] == '\r')
        line->len--;
    return line->len < MAX_SIZE_LINE ? HTTP_NEXT : HTTP_BROKEN;
}

/* Hex digits; behind them only a blank or an extension. */
static bool read_size(struct span line, uint64_t *size)
{
    size_t digits = 0;
    *size = 0;
    for (; digits < line.len && ascii_is_hex(line.at[digits]); digits++) {
        if (*size >> 60)
            return false;
        *size = *size << 4 | (uint64_t)digits_hex_value(line.at[digits]);
    }
    if (digits == 0)
        return false;
    return digits == line.len || line.at[digits] == ';' || line.at[digits] == ' ' ||
           line.at[digits] == '\t';
}

static enum http_step chunk_size(struct http_body *body, struct reader *bytes)
{
    struct span line;
    enum http_step step = take_line(bytes, &line);
    if (step != HTTP_NEXT)
        return step;
    if (!read_size(line, &body->left))
        return HTTP_BROKEN;
    body->at = body->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
    return HTTP_NEXT;
}

/* CR LF, or LF alone. */
static enum http_step chunk_data_end(struct http_body *body, struct reader *bytes)
{
    if (reader_left(bytes) > 0 && *bytes->at == '\r') {
        struct reader ahead = *bytes;
        reader_skip(&ahead, 1);
        if (reader_left(&ahead) == 0)
            return bytes->cut > 0 ? HTTP_LOST : HTTP_WAIT;
        *bytes = ahead;
    }
    if (reader_left(bytes) == 0)
        return bytes->cut > 0 ? HTTP_LOST : HTTP_WAIT;
    if (reader_u8(bytes) != '\n')
        return HTTP_BROKEN;
    body->at = CHUNK_SIZE;
    return HTTP_NEXT;
}

static enum http_step chunk_trailer(struct http_body *body, struct reader *bytes)
{
    struct span line;
    enum http_step step = take_line(bytes, &line);
    if (step != HTTP_NEXT)
        return step;
    body->trailer += (uint32_t)line.len + 1;
    if (line.len == 0)
        return HTTP_END;
    return body->trailer <= HTTP_MAX_HEAD ? HTTP_NEXT : HTTP_BROKEN;
}

/* --- bodies --- */

/* Up to |left| bytes, or as many of what was lost. */
static enum http_step counted(struct http_body *body, struct reader *bytes, struct span *data,
                              uint64_t *lost)
{
    size_t there = reader_left(bytes);
    if (there > 0) {
        size_t len = body->left < there ? (size_t)body->left : there;
        *data = reader_bytes(bytes, len);
        body->left -= len;
        return HTTP_DATA;
    }
    if (bytes->cut == 0)
        return HTTP_WAIT;
    size_t len = body->left < bytes->cut ? (size_t)body->left : bytes->cut;
    reader_skip(bytes, len);
    body->left -= len;
    *lost = len;
    return HTTP_GAP;
}

static enum http_step until_close(struct reader *bytes, struct span *data, uint64_t *lost)
{
    if (reader_left(bytes) > 0) {
        *data = reader_bytes(bytes, reader_left(bytes));
        return HTTP_DATA;
    }
    *lost = bytes->cut;
    reader_skip(bytes, bytes->cut);
    return *lost > 0 ? HTTP_GAP : HTTP_WAIT;
}

static enum http_step chunked(struct http_body *body, struct reader *bytes, struct span *data,
                              uint64_t *lost)
{
    switch ((enum chunk_part)body->at) {
    case CHUNK_SIZE:
        return chunk_size(body, bytes);
    case CHUNK_DATA:
        if (body->left > 0)
            return counted(body, bytes, data, lost);
        body->at = CHUNK_DATA_END;
        return HTTP_NEXT;
    case CHUNK_DATA_END:
        return chunk_data_end(body, bytes);
    case CHUNK_TRAILER:
        return chunk_trailer(body, bytes);
    }
    assert(0 && "a part of a chunk");
    return HTTP_BROKEN;
}

enum http_step http_body_read(struct http_body *body, struct reader *bytes, struct span *data,
                              uint64_t *lost)
{
    switch (body->framing) {
    case HTTP_NO_BODY:
        return HTTP_END;
    case HTTP_LENGTH:
        return counted(body, bytes, data, lost);
    case HTTP_CHUNKED:
        return chunked(body, bytes, data, lost);
    case HTTP_UNTIL_CLOSE:
        return until_close(bytes, data, lost);
    case HTTP_BAD_FRAMING:
        return HTTP_BROKEN;
    }
    assert(0 && "a framing");
    return HTTP_BROKEN;
}

/* --- decoding --- */

struct http_content {
    struct content *content;
    enum http_coding coding;
    bool started, ended; /* the stream of zlib */
    const char *trouble;
    uint64_t in, out;
    z_stream zlib;
};

static size_t memory_of(const struct http_content *content)
{
    return sizeof *content + (content->coding == HTTP_PLAIN ? 0 : INFLATE_MEMORY);
}

struct http_content *http_content_new(enum http_coding coding, struct budget *budget,
                                      const struct content_rules *rules)
{
    struct http_content *content = calloc(1, sizeof *content);
    if (content == NULL)
        return NULL;
    content->coding = coding;
    if (!budget_take(budget, memory_of(content))) {
        free(content);
        return NULL;
    }
    content->content = content_new(budget, rules);
    if (content->content == NULL) {
        http_content_free(content, budget);
        return NULL;
    }
    return content;
}

/* What follows cannot be read. */
static void give_up(struct http_content *content, const char *trouble)
{
    content->trouble = trouble;
    content_gap(content->content, 0);
}

/* Of deflate there are two forms: in zlib's, as it should be, and without (RFC 9110 section 8.4.1.2). */
static bool start_zlib(struct http_content *content, uint8_t first)
{
    enum { ZLIB = MAX_WBITS, GZIP = MAX_WBITS + 16, RAW = -MAX_WBITS, METHOD_MASK = 0x0f };
    int form = content->coding == HTTP_GZIP          ? GZIP
               : (first & METHOD_MASK) == Z_DEFLATED ? ZLIB
                                                     : RAW;
    content->started = inflateInit2(&content->zlib, form) == Z_OK;
    return content->started;
}

static bool too_much(const struct http_content *content)
{
    return content->out > inflate_max ||
           (content->out > INFLATE_FREE && content->out / INFLATE_RATIO > content->in);
}

/* Another member may follow the end of one (RFC 1952 section 2.2); other bytes there mean nothing. */
static bool next_member(struct http_content *content)
{
    if (content->coding != HTTP_GZIP || content->zlib.avail_in == 0 ||
        *content->zlib.next_in != 0x1f || inflateReset(&content->zlib) != Z_OK) {
        content->ended = true;
        return false;
    }
    return true;
}

/* Inflates one buffer full; false: there is no more. */
static bool inflate_some(struct http_content *content, struct budget *budget)
{
    uint8_t buffer[8 << 10];
    z_stream *zlib = &content->zlib;
    uInt before = zlib->avail_in;
    zlib->next_out = buffer;
    zlib->avail_out = sizeof buffer;
    int result = inflate(zlib, Z_NO_FLUSH);
    size_t len = sizeof buffer - zlib->avail_out;
    content->in += before - zlib->avail_in;
    content->out += len;
    if (len > 0)
        content_add(content->content, span_of(buffer, len));
    if (result == Z_STREAM_END)
        return next_member(content);
    if (result != Z_OK && result != Z_BUF_ERROR) {
        give_up(content, "encoding");
        return false;
    }
    if (too_much(content)) {
        budget->refused++;
        give_up(content, "limit");
        return false;
    }
    return zlib->avail_out == 0 || (zlib->avail_in > 0 && zlib->avail_in < before);
}

void http_content_add(struct http_content *content, struct span bytes, struct budget *budget)
{
    if (bytes.len == 0 || content->trouble != NULL || content->ended)
        return;
    if (content->coding == HTTP_PLAIN) {
        content_add(content->content, bytes);
        return;
    }
    if (!content->started && !start_zlib(content, *bytes.at)) {
        give_up(content, "limit");
        return;
    }
    assert(bytes.len <= UINT32_MAX);
    content->zlib.next_in = bytes.at;
    content->zlib.avail_in = (uInt)bytes.len;
    while (inflate_some(content, budget))
        ;
}

void http_content_gap(struct http_content *content, uint64_t len)
{
    if (content->trouble != NULL)
        return;
    if (content->coding == HTTP_PLAIN)
        content_gap(content->content, len);
    else
        give_up(content, "lost");
}

const char *http_content_trouble(const struct http_content *content)
{
    return content->trouble;
}

const struct content_facts *http_content_finish(struct http_content *content, bool ended)
{
    bool whole = content->trouble == NULL && (content->coding == HTTP_PLAIN || content->ended);
    if (ended && !whole && content->trouble == NULL)
        content->trouble = "encoding";
    return content_finish(content->content, ended && whole);
}

void http_content_free(struct http_content *content, struct budget *budget)
{
    if (content == NULL)
        return;
    if (content->started)
        (void)inflateEnd(&content->zlib);
    content_free(content->content, budget);
    budget_give(budget, memory_of(content));
    free(content);
}
