/* content_lines.h: bytes that come in any pieces, as lines: those of Unix, of DOS, of netascii (RFC 764), of UTF-16,
 * and strings that end with NUL. A line that ends with a backslash goes on in the next. */
#ifndef PERPASS_DISSECTORS_CONTENT_LINES_H
#define PERPASS_DISSECTORS_CONTENT_LINES_H

#include "core/span.h"

enum {
    CONTENT_LINE =
        4096, /* a longer line comes in parts, cut at a blank or a mark if there is one */
    CONTENT_MAX_PARTS = 32 /* lines that are joined to one */
};

enum content_charset { CHARSET_BYTES = 0, CHARSET_UTF16_LE, CHARSET_UTF16_BE };

/* What is in a line, a bit each. */
enum content_marks {
    MARK_BINARY = 1, /* control characters, besides those that text has */
    MARK_DASH = 2,   /* - */
    MARK_ANGLE = 4,  /* < */
    MARK_SLASH = 8,
    MARK_END = 16 /* never in a line: what ends one */
};

struct content_line {
    uint8_t *at; /* to be changed as one likes; wiped after the call */
    size_t len;
    unsigned marks;
    bool broken; /* its beginning or its end was lost */
    /* Where the lines that it is made of begin, and their numbers, from 1; 0: behind a loss. */
    size_t num_parts;
    size_t starts[CONTENT_MAX_PARTS];
    uint64_t numbers[CONTENT_MAX_PARTS];
};

struct content_lines {
    void *to;
    void (*each)(void *to, struct content_line *line);
    enum content_charset charset;
    uint64_t num; /* lines that have ended, and the one that has begun */
    /* The rest is for content_lines.c. */
    bool begun, after_cr, joining, lost, half;
    uint8_t first_half, marked; /* |marked|: bytes of the mark of UTF-8 at the beginning */
    struct content_line line;
    uint8_t bytes[CONTENT_LINE];
};

/* content_lines_init starts; |*lines| is all-zero but for |to|, |each| and |charset|. */
void content_lines_init(struct content_lines *lines);
void content_lines_add(struct content_lines *lines, struct span bytes);
/* content_lines_gap says that bytes were lost, content_lines_finish that there are no more. */
void content_lines_gap(struct content_lines *lines);
void content_lines_finish(struct content_lines *lines);

/* content_line_number is that of the line from which the byte at |offset| comes. */
uint64_t content_line_number(const struct content_line *line, size_t offset);

#endif
