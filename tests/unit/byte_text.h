/* byte_text.h: datagrams for test tables, written as text: hex digits, 'text' between quotes, <…> for bytes that go
 * behind their length in one byte, {…} behind it in two, XX*N for N equal bytes. Spaces and dots are skipped. */
#ifndef PERPASS_TESTS_BYTE_TEXT_H
#define PERPASS_TESTS_BYTE_TEXT_H

#include "core/span.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { BYTE_TEXT_ROOM = 4096, BYTE_TEXT_DEPTH = 16 };

struct byte_text {
    uint8_t at[BYTE_TEXT_ROOM];
    size_t len;
};

static inline void byte_text_put(struct byte_text *to, unsigned byte)
{
    assert(to->len < BYTE_TEXT_ROOM);
    to->at[to->len++] = (uint8_t)byte;
}

/* byte_text_close writes the length that was left open at |from|. */
static inline void byte_text_close(struct byte_text *to, size_t from, size_t width)
{
    size_t len = to->len - from - width;
    assert(len < (size_t)1 << 8 * width);
    if (width == 2)
        to->at[from++] = (uint8_t)(len >> 8);
    to->at[from] = (uint8_t)len;
}

/* byte_text_repeat reads what is behind a '*': the last byte, so many times in all. */
static inline const char *byte_text_repeat(struct byte_text *to, const char *text)
{
    char *end;
    unsigned long times = strtoul(text, &end, 10);
    while (times-- > 1)
        byte_text_put(to, to->at[to->len - 1]);
    return end;
}

/* byte_text_add adds what |text| says. */
static inline void byte_text_add(struct byte_text *to, const char *text)
{
    size_t open[BYTE_TEXT_DEPTH], depth = 0;
    while (*text != '\0') {
        unsigned byte;
        char c = *text++;
        if (c == ' ' || c == '.') {
            continue;
        } else if (c == '\'') {
            for (; *text != '\''; text++)
                byte_text_put(to, (unsigned char)*text);
            text++;
        } else if (c == '<' || c == '{') {
            assert(depth < BYTE_TEXT_DEPTH);
            open[depth++] = to->len;
            byte_text_put(to, 0);
            if (c == '{')
                byte_text_put(to, 0);
        } else if (c == '>' || c == '}') {
            assert(depth > 0);
            byte_text_close(to, open[--depth], c == '>' ? 1 : 2);
        } else if (c == '*') {
            text = byte_text_repeat(to, text);
        } else {
            int read = sscanf(text - 1, "%2x", &byte);
            assert(read == 1);
            byte_text_put(to, byte);
            text++;
        }
    }
    assert(depth == 0);
}

#endif
