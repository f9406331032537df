/* json_writer.c: RFC 8259, streaming, compact or indented. */
#include "reports/json_writer.h"

#include "core/digits.h"
#include "reports/utf8.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* More than what is made before, a character, a number or an escape is long, and so little that the processor's cache
 * still has it when it is handed to the system. */
enum { BUFFER_LEN = 1 << 16 };

struct json_writer {
    FILE *out;
    int error_number; /* 0: all is well */
    size_t len;
    uint64_t drained; /* bytes that have left the buffer */
    unsigned depth;
    bool in_object[JSON_WRITER_MAX_DEPTH + 1]; /* by depth; 0 is outside of everything */
    bool comma;                                /* a value precedes in the same container */
    bool named;                                /* a name waits for its value */
    bool indented;
    char buffer[BUFFER_LEN];
};

struct json_writer *json_writer_new(FILE *out)
{
    struct json_writer *json = malloc(sizeof *json);
    if (json == NULL)
        return NULL;
    json->out = out;
    json->error_number = 0;
    json->len = 0;
    json->drained = 0;
    json->depth = 0;
    json->in_object[0] = false;
    json->comma = json->named = json->indented = false;
    return json;
}

void json_writer_indent(struct json_writer *json)
{
    assert(json->depth == 0 && !json->comma);
    json->indented = true;
}

void json_writer_free(struct json_writer *json)
{
    free(json);
}

static void drain(struct json_writer *json)
{
    if (json->error_number == 0 && fwrite(json->buffer, 1, json->len, json->out) != json->len)
        json->error_number = errno != 0 ? errno : EIO;
    json->drained += json->len;
    json->len = 0;
}

static void put_long(struct json_writer *json, const char *bytes, size_t len)
{
    while (len > BUFFER_LEN - json->len) {
        size_t part = BUFFER_LEN - json->len;
        memcpy(json->buffer + json->len, bytes, part);
        json->len += part;
        bytes += part;
        len -= part;
        drain(json);
    }
    memcpy(json->buffer + json->len, bytes, len);
    json->len += len;
}

/* Most of what is written is a few bytes long: calling memcpy takes longer than to copy those. */
static inline void copy(char *to, const char *from, size_t len)
{
    if (len > 32) {
        memcpy(to, from, len);
    } else if (len >= 16) {
        memcpy(to, from, 16);
        memcpy(to + len - 16, from + len - 16, 16);
    } else if (len >= 8) {
        memcpy(to, from, 8);
        memcpy(to + len - 8, from + len - 8, 8);
    } else if (len >= 4) {
        memcpy(to, from, 4);
        memcpy(to + len - 4, from + len - 4, 4);
    } else if (len > 0) {
        to[0] = from[0];
        to[len / 2] = from[len / 2];
        to[len - 1] = from[len - 1];
    }
}

static inline void put(struct json_writer *json, const char *bytes, size_t len)
{
    if (len > BUFFER_LEN - json->len) {
        put_long(json, bytes, len);
        return;
    }
    copy(json->buffer + json->len, bytes, len);
    json->len += len;
}

static inline void put_char(struct json_writer *json, char c)
{
    if (json->len == BUFFER_LEN)
        drain(json);
    json->buffer[json->len++] = c;
}

static void put_line(struct json_writer *json)
{
    static const char line[1 + 2 * JSON_WRITER_MAX_DEPTH + 1] =
        "\n                                                                "
        "                                                                ";
    put(json, line, 1 + 2 * (size_t)json->depth);
}

/* What stands between two members or items. */
static inline void put_between(struct json_writer *json)
{
    if (json->comma)
        put_char(json, ',');
    if (json->indented && json->depth != 0)
        put_line(json);
}

static inline void before_value(struct json_writer *json)
{
    assert(json->in_object[json->depth] == json->named);
    assert(json->depth != 0 || !json->comma); /* one value a line */
    if (!json->named)
        put_between(json);
    json->named = false;
    json->comma = true;
}

static void begin(struct json_writer *json, bool object)
{
    before_value(json);
    assert(json->depth < JSON_WRITER_MAX_DEPTH);
    json->in_object[++json->depth] = object;
    json->comma = false;
    put_char(json, object ? '{' : '[');
}

static void end(struct json_writer *json, bool object)
{
    assert(json->depth != 0 && json->in_object[json->depth] == object && !json->named);
    json->depth--;
    if (json->indented && json->comma)
        put_line(json);
    json->comma = true;
    put_char(json, object ? '}' : ']');
}

void json_writer_object_begin(struct json_writer *json)
{
    begin(json, true);
}

void json_writer_object_end(struct json_writer *json)
{
    end(json, true);
}

void json_writer_array_begin(struct json_writer *json)
{
    begin(json, false);
}

void json_writer_array_end(struct json_writer *json)
{
    end(json, false);
}

void json_writer_name(struct json_writer *json, const char *name, size_t len)
{
    assert(json->in_object[json->depth] && !json->named);
    put_between(json);
    put_char(json, '"');
    put(json, name, len);
    put(json, "\": ", json->indented ? 3 : 2);
    json->named = true;
}

char *json_writer_open(struct json_writer *json, unsigned ends, const char *text, size_t len,
                       size_t room)
{
    assert(json->in_object[json->depth] && !json->named && !json->indented);
    assert(ends <= JSON_WRITER_MAX_ENDS && len + room <= JSON_WRITER_MAX_ROOM);
    if (BUFFER_LEN - json->len < JSON_WRITER_MAX_ENDS + 1 + len + room)
        drain(json);
    char *at = json->buffer + json->len;
    memcpy(at, "}}}}}}}}", JSON_WRITER_MAX_ENDS); /* those that are too many are written over */
    at += ends;
    *at = ',';
    at += json->comma;
    copy(at, text, len);
    return at + len;
}

void json_writer_close(struct json_writer *json, const char *end)
{
    json->len = (size_t)(end - json->buffer);
    json->comma = true;
}

void json_writer_named(struct json_writer *json)
{
    json->named = true;
}

void json_writer_made(struct json_writer *json, unsigned ends, const char *text, size_t len,
                      bool named)
{
    json_writer_close(json, json_writer_open(json, ends, text, len, 0));
    json->named = named;
}

void json_writer_made_end(struct json_writer *json, unsigned ends)
{
    assert(!json->named && !json->indented);
    while (ends-- != 0)
        put_char(json, '}');
}

static void put_escape(struct json_writer *json, uint32_t code)
{
    const uint8_t bytes[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    char form[6] = "\\u";
    switch (code) {
    case '"':
    case '\\':
        put_char(json, '\\');
        put_char(json, (char)code);
        return;
    case '\n':
        put(json, "\\n", 2);
        return;
    case '\r':
        put(json, "\\r", 2);
        return;
    case '\t':
        put(json, "\\t", 2);
        return;
    default:
        digits_hex(bytes, sizeof bytes, form + 2);
        put(json, form, sizeof form);
    }
}

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* The bytes of |word| that are |byte|, as their highest bits: exact where there is none. */
static inline uint64_t bytes_that_are(uint64_t word, uint8_t byte)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t zero = word ^ ones * byte;
    return (zero - ones) & ~zero;
}

/* Whether all eight bytes are plain. */
static inline bool is_plain_word(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t not_plain = word | ((word - ones * 0x20) & ~word) | bytes_that_are(word, 0x7f) |
                         bytes_that_are(word, '"') | bytes_that_are(word, '\\');
    return (not_plain & ones * 0x80) == 0;
}

/* Copies the plain bytes that |text| begins with, at most |max|; gives how many. */
static inline size_t copy_plain(char *to, struct span text, size_t max)
{
    size_t len = 0, end = text.len < max ? text.len : max;
    for (uint64_t word; end - len >= sizeof word; len += sizeof word) {
        memcpy(&word, text.at + len, sizeof word);
        if (!is_plain_word(word))
            break;
        memcpy(to + len, &word, sizeof word);
    }
    for (; len < end && is_plain(text.at[len]); len++)
        to[len] = (char)text.at[len];
    return len;
}

/* Writes the plain bytes that |rest| begins with, at most a buffer of them; gives how many. */
static inline size_t put_plain(struct json_writer *json, struct span rest)
{
    if (rest.len > BUFFER_LEN - json->len)
        drain(json);
    size_t len = copy_plain(json->buffer + json->len, rest, BUFFER_LEN - json->len);
    json->len += len;
    return len;
}

static bool needs_escape(uint32_t code)
{
    return code < 0xa0 || code == 0x2028 || code == 0x2029;
}

/* Writes the one character that |rest| begins with, which is not plain; gives its length. */
static size_t put_special(struct json_writer *json, struct span rest)
{
    uint32_t code;
    size_t len = utf8_next(rest, &code);
    if (len == 0) {
        put(json, "\xef\xbf\xbd", 3); /* U+FFFD */
        return 1;
    }
    if (needs_escape(code))
        put_escape(json, code);
    else
        put(json, (const char *)rest.at, len);
    return len;
}

void json_writer_text(struct json_writer *json, const char *text, size_t len)
{
    before_value(json);
    put_char(json, '"');
    struct span rest = span_of(text, len);
    while (rest.len != 0) {
        size_t done = put_plain(json, rest);
        if (done == 0)
            done = put_special(json, rest);
        rest = span_of(rest.at + done, rest.len - done);
    }
    put_char(json, '"');
}

static inline void put_number(struct json_writer *json, uint64_t number)
{
    if (BUFFER_LEN - json->len < DIGITS_MAX)
        drain(json);
    json->len += digits_put(number, json->buffer + json->len);
}

void json_writer_number(struct json_writer *json, uint64_t number)
{
    before_value(json);
    put_number(json, number);
}

void json_writer_numbers(struct json_writer *json, const uint64_t *numbers, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        before_value(json);
        put_number(json, numbers[i]);
    }
}

void json_writer_plain(struct json_writer *json, const char *text, size_t len)
{
    before_value(json);
    put_char(json, '"');
    put(json, text, len);
    put_char(json, '"');
}

uint64_t json_writer_mark(const struct json_writer *json)
{
    return json->drained + json->len;
}

const char *json_writer_since(const struct json_writer *json, uint64_t mark, size_t *len)
{
    if (mark < json->drained)
        return NULL;
    *len = (size_t)(json->drained + json->len - mark);
    return json->buffer + (mark - json->drained);
}

void json_writer_value(struct json_writer *json, const char *text, size_t len)
{
    before_value(json);
    put(json, text, len);
}

void json_writer_truth(struct json_writer *json, bool truth)
{
    before_value(json);
    if (truth)
        put(json, "true", 4);
    else
        put(json, "false", 5);
}

void json_writer_line(struct json_writer *json)
{
    assert(json->depth == 0 && json->comma);
    put_char(json, '\n');
    json->comma = false;
}

bool json_writer_flush(struct json_writer *json, int *error_number)
{
    drain(json);
    if (json->error_number == 0 && fflush(json->out) != 0)
        json->error_number = errno != 0 ? errno : EIO;
    *error_number = json->error_number;
    return json->error_number == 0;
}
