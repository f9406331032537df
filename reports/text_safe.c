/* text_safe.c: makes text from the wire harmless and keeps it readable. */
#include "reports/text_safe.h"

#include "reports/utf8.h"

#include <assert.h>
#include <stdio.h>

/* Characters that a reader cannot see or that change how others are seen (general categories Cc and Cf,
 * line and paragraph separators, noncharacters), in order. */
static const struct {
    uint32_t first, last;
} unseen[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},
    {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
    {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe0fff},
};

bool text_safe_is_unseen(uint32_t code)
{
    if (code >= 0x20 && code < 0x7f)
        return false;
    for (size_t i = 0; i < sizeof unseen / sizeof unseen[0] && code >= unseen[i].first; i++)
        if (code <= unseen[i].last)
            return true;
    return false;
}

bool text_safe_is_visible(struct span text)
{
    uint32_t code;
    for (size_t len; text.len > 0; text = span_of(text.at + len, text.len - len)) {
        len = utf8_next(text, &code);
        if (len == 0 || text_safe_is_unseen(code))
            return false;
    }
    return true;
}

static const char hex_digits[] = "0123456789abcdef";

/* Text that is being written. There is room for all of it: see text_safe_size. */
struct text {
    char *at;
    size_t len;
};

static void put(struct text *text, struct span bytes)
{
    memcpy(text->at + text->len, bytes.at, bytes.len);
    text->len += bytes.len;
}

static void put_byte(struct text *text, uint8_t byte)
{
    const char form[4] = {'\\', 'x', hex_digits[byte >> 4], hex_digits[byte & 0xf]};
    put(text, span_of(form, sizeof form));
}

static void put_code(struct text *text, uint32_t code)
{
    char form[16];
    int len = snprintf(form, sizeof form, code > 0xffff ? "\\u{%x}" : "\\u%04x", code);
    put(text, span_of(form, (size_t)len));
}

/* Takes one character, or one byte that is none, off |rest|. */
static void put_next(struct text *text, struct span *rest)
{
    uint32_t code;
    size_t len = utf8_next(*rest, &code);
    bool forges = code == '\\' && rest->len > 1 && (rest->at[1] == 'x' || rest->at[1] == 'u');
    if (len == 0 || code < 0x20 || code == 0x7f || forges) {
        put_byte(text, rest->at[0]);
        len = 1;
    } else if (text_safe_is_unseen(code)) {
        put_code(text, code);
    } else {
        put(text, span_of(rest->at, len));
    }
    *rest = span_of(rest->at + len, rest->len - len);
}

static size_t finish(struct text *text, size_t left_out, size_t size)
{
    if (left_out != 0)
        text->len += (size_t)snprintf(text->at + text->len, TEXT_SAFE_MARK,
                                      "\xe2\x80\xa6[+%zu bytes]", left_out);
    assert(text->len < size);
    text->at[text->len] = '\0';
    return text->len;
}

/* Takes the characters off |rest| that are as harmless as they look: most text has no others. */
static void put_plain(struct text *text, struct span *rest)
{
    size_t len = 0;
    while (len < rest->len && rest->at[len] >= 0x20 && rest->at[len] < 0x7f &&
           rest->at[len] != '\\')
        len++;
    put(text, span_of(rest->at, len));
    *rest = span_of(rest->at + len, rest->len - len);
}

size_t text_safe(struct span wire, size_t max, char *out, size_t size)
{
    assert(size >= text_safe_size(wire.len < max ? wire.len : max));
    struct text text = {.at = out};
    size_t left_out = wire.len > max ? wire.len - max : 0;
    struct span rest = span_of(wire.at, wire.len - left_out);
    for (put_plain(&text, &rest); rest.len != 0; put_plain(&text, &rest))
        put_next(&text, &rest);
    return finish(&text, left_out, size);
}

size_t text_safe_hex(struct span wire, size_t max, char *out, size_t size)
{
    assert(size >= text_safe_size(wire.len < max ? wire.len : max));
    struct text text = {.at = out};
    size_t left_out = wire.len > max ? wire.len - max : 0;
    for (size_t i = 0; i < wire.len - left_out; i++) {
        text.at[text.len++] = hex_digits[wire.at[i] >> 4];
        text.at[text.len++] = hex_digits[wire.at[i] & 0xf];
    }
    return finish(&text, left_out, size);
}
