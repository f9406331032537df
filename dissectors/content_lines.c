/* content_lines.c: splits bytes into lines. */
#include "dissectors/content_lines.h"

#include "core/crypto.h"

static void begin_part(struct content_lines *lines)
{
    struct content_line *line = &lines->line;
    if (line->num_parts == CONTENT_MAX_PARTS)
        return;
    line->starts[line->num_parts] = line->len;
    line->numbers[line->num_parts++] = lines->lost ? 0 : lines->num;
}

static void begin_line(struct content_lines *lines)
{
    /* The places of its parts are those of as many as there are. */
    lines->line.at = lines->bytes;
    lines->line.len = lines->line.num_parts = 0;
    lines->line.marks = 0;
    lines->begun = lines->joining = false;
}

void content_lines_init(struct content_lines *lines)
{
    lines->line.broken = false;
    begin_line(lines);
}

/* Tells the first |len| bytes of what there is, and keeps the rest as the beginning of what is to come. */
static void tell(struct content_lines *lines, size_t len)
{
    struct content_line *line = &lines->line;
    size_t rest = line->len - len;
    uint64_t number = line->num_parts > 0 ? line->numbers[line->num_parts - 1] : 0;
    line->len = len;
    lines->each(lines->to, line);
    memmove(lines->bytes, lines->bytes + len, rest);
    crypto_wipe(lines->bytes + rest, len);
    begin_line(lines);
    line->broken = false;
    if (rest == 0)
        return;
    lines->begun = true;
    line->num_parts = 1;
    line->numbers[0] = number;
    line->len = rest;
}

/* What ends a pair of name and value in most notations; a blank may be within one. */
static bool is_break(uint8_t c)
{
    return c == ',' || c == ';' || c == '>' || c == '&' || c == '{';
}

static size_t last_break(const struct content_lines *lines, bool (*breaks)(uint8_t c))
{
    enum { AT_LEAST = CONTENT_LINE / 8 * 7 };
    size_t len = lines->line.len;
    while (len > AT_LEAST && !breaks(lines->bytes[len - 1]))
        len--;
    return len > AT_LEAST ? len : 0;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* A line that is too long is told up to the last break in its last eighth. */
static void tell_part(struct content_lines *lines)
{
    size_t len = last_break(lines, is_break);
    if (len == 0)
        len = last_break(lines, is_blank);
    tell(lines, len > 0 ? len : lines->line.len);
}

static void end_line(struct content_lines *lines)
{
    struct content_line *line = &lines->line;
    if (!lines->begun) {
        lines->num++;
        begin_part(lines);
    }
    bool goes_on = line->len > 0 && lines->bytes[line->len - 1] == '\\' &&
                   line->num_parts < CONTENT_MAX_PARTS && line->len < CONTENT_LINE / 2;
    if (goes_on) {
        line->len--;
        lines->joining = true;
        lines->begun = false;
    } else {
        tell(lines, line->len);
    }
}

/* Of control characters text has tabs, form feeds, the escape of colours, and the ETX that ends a banner. */
static const uint8_t marks_of[256] = {
    [1] = MARK_BINARY,  [2] = MARK_BINARY,   [4] = MARK_BINARY,  [5] = MARK_BINARY,
    [6] = MARK_BINARY,  [7] = MARK_BINARY,   [8] = MARK_BINARY,  [11] = MARK_BINARY,
    [14] = MARK_BINARY, [15] = MARK_BINARY,  [16] = MARK_BINARY, [17] = MARK_BINARY,
    [18] = MARK_BINARY, [19] = MARK_BINARY,  [20] = MARK_BINARY, [21] = MARK_BINARY,
    [22] = MARK_BINARY, [23] = MARK_BINARY,  [24] = MARK_BINARY, [25] = MARK_BINARY,
    [26] = MARK_BINARY, [28] = MARK_BINARY,  [29] = MARK_BINARY, [30] = MARK_BINARY,
    [31] = MARK_BINARY, [127] = MARK_BINARY, ['-'] = MARK_DASH,  ['<'] = MARK_ANGLE,
    ['/'] = MARK_SLASH, ['\n'] = MARK_END,   ['\r'] = MARK_END,  ['\0'] = MARK_END,
};

static void add_byte(struct content_lines *lines, uint8_t c)
{
    struct content_line *line = &lines->line;
    bool pair = lines->after_cr && (c == '\n' || c == '\0');
    lines->after_cr = false;
    if (pair)
        return;
    if (marks_of[c] & MARK_END) {
        lines->after_cr = c == '\r';
        end_line(lines);
        return;
    }
    if (!lines->begun) {
        lines->begun = true;
        lines->num++;
        begin_part(lines);
    }
    /* What joins lines indents the second. */
    if (lines->joining && is_blank(c))
        return;
    lines->joining = false;
    line->marks |= marks_of[c];
    lines->bytes[line->len++] = c;
    if (line->len == CONTENT_LINE)
        tell_part(lines);
}

/* Takes what goes on in a line up to its end, or to that of the room; gives how much that is. */
static size_t add_run(struct content_lines *lines, const uint8_t *at, size_t len)
{
    struct content_line *line = &lines->line;
    size_t room = CONTENT_LINE - line->len, num = 0;
    unsigned marks = 0;
    if (len > room)
        len = room;
    for (; num < len && !(marks_of[at[num]] & MARK_END); num++)
        marks |= marks_of[at[num]];
    memcpy(lines->bytes + line->len, at, num);
    line->len += num;
    line->marks |= marks;
    if (line->len == CONTENT_LINE)
        tell_part(lines);
    return num;
}

/* Behind the end of a line: counts empty lines, of which padding makes many. */
static size_t skip_empty(struct content_lines *lines, const uint8_t *at, size_t len)
{
    size_t num = 0;
    while (num < len && (at[num] == '\n' || at[num] == '\0'))
        num++;
    lines->num += num;
    return num;
}

/* Takes at least one byte; gives how many. */
static size_t add_some(struct content_lines *lines, const uint8_t *at, size_t len)
{
    size_t num = 0;
    if (lines->joining || lines->after_cr || lines->line.broken)
        num = 0; /* as the one byte wants it */
    else if (!lines->begun)
        num = skip_empty(lines, at, len);
    else
        num = add_run(lines, at, len);
    if (num == 0)
        add_byte(lines, *at);
    return num > 0 ? num : 1;
}

/* A character that is not of ASCII stands for itself: one byte, which no pattern asks for. */
static void add_half(struct content_lines *lines, uint8_t c)
{
    if (!lines->half) {
        lines->first_half = c;
        lines->half = true;
        return;
    }
    bool big = lines->charset == CHARSET_UTF16_BE;
    uint8_t high = big ? lines->first_half : c, low = big ? c : lines->first_half;
    lines->half = false;
    add_byte(lines, high == 0 && low < 0x80 ? low : 0xff);
}

/* The mark of UTF-8 is no part of the first line. */
static void add_first(struct content_lines *lines, uint8_t c)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    if (c != mark[lines->marked]) {
        size_t seen = lines->marked;
        lines->marked = sizeof mark;
        for (size_t i = 0; i < seen; i++)
            add_byte(lines, mark[i]);
        add_byte(lines, c);
        return;
    }
    lines->marked++;
}

void content_lines_add(struct content_lines *lines, struct span bytes)
{
    enum { MARK_LEN = 3 };
    size_t i = 0;
    if (lines->charset != CHARSET_BYTES) {
        for (; i < bytes.len; i++)
            add_half(lines, bytes.at[i]);
        return;
    }
    for (; i < bytes.len && lines->marked < MARK_LEN; i++)
        add_first(lines, bytes.at[i]);
    while (i < bytes.len)
        i += add_some(lines, bytes.at + i, bytes.len - i);
}

void content_lines_gap(struct content_lines *lines)
{
    lines->line.broken = true;
    if (lines->line.num_parts > 0)
        tell(lines, lines->line.len);
    lines->line.broken = true;
    lines->lost = true;
    lines->after_cr = lines->half = false;
    lines->marked = 3;
}

void content_lines_finish(struct content_lines *lines)
{
    if (lines->line.num_parts > 0)
        tell(lines, lines->line.len);
}

uint64_t content_line_number(const struct content_line *line, size_t offset)
{
    size_t i = line->num_parts;
    while (i > 1 && line->starts[i - 1] > offset)
        i--;
    return i > 0 ? line->numbers[i - 1] : 0;
}
