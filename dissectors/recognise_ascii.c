/* recognise_ascii.c: characters, for the recognisers. Reads ASCII and UTF-8 (RFC 3629). */
#include "dissectors/recognise.h"

#include "core/digits.h"

bool ascii_is_hex(uint8_t c)
{
    return digits_hex_value(c) >= 0;
}

bool ascii_all(struct span text, bool (*is)(uint8_t c))
{
    struct reader r = reader_of(text);
    while (reader_more(&r))
        if (!is(reader_u8(&r)))
            return false;
    return text.len > 0;
}

bool ascii_equal(struct span text, const char *lower)
{
    struct reader r = reader_of(text);
    for (const char *expected = lower; *expected != '\0'; expected++) {
        uint8_t c = reader_u8(&r);
        if (ascii_is_upper(c))
            c = (uint8_t)(c - 'A' + 'a');
        if (!reader_ok(&r) || c != (uint8_t)*expected)
            return false;
    }
    return reader_left(&r) == 0;
}

int ascii_peek(struct reader text)
{
    return reader_left(&text) > 0 ? reader_u8(&text) : -1;
}

bool ascii_take(struct reader *text, uint8_t c)
{
    if (ascii_peek(*text) != c)
        return false;
    reader_u8(text);
    return true;
}

struct span ascii_until(struct reader *text, uint8_t c)
{
    struct reader scan = *text;
    size_t len = 0;
    while (reader_left(&scan) > 0 && reader_u8(&scan) != c)
        len++;
    struct span part = reader_bytes(text, len);
    ascii_take(text, c);
    return part;
}

/* UTF8-tail of RFC 3629 section 4; the first of them may be confined to |low|..|high|. */
static bool utf8_tail(struct reader *r, unsigned count, uint8_t low, uint8_t high)
{
    for (unsigned i = 0; i < count; i++) {
        uint8_t c = reader_u8(r);
        if (!reader_ok(r) || c < (i == 0 ? low : 0x80) || c > (i == 0 ? high : 0xbf))
            return false;
    }
    return true;
}

bool utf8_is_text(struct span bytes)
{
    struct reader r = reader_of(bytes);
    while (reader_more(&r)) {
        uint8_t c = reader_u8(&r);
        bool ok;
        if (c < 0x80)
            ok = ascii_is_printable(c);
        else if (c == 0xc2)
            ok = utf8_tail(&r, 1, 0xa0, 0xbf); /* U+0080 to U+009F are control characters */
        else if (c >= 0xc3 && c <= 0xdf)
            ok = utf8_tail(&r, 1, 0x80, 0xbf);
        else if (c == 0xe0)
            ok = utf8_tail(&r, 2, 0xa0, 0xbf);
        else if (c == 0xed)
            ok = utf8_tail(&r, 2, 0x80, 0x9f);
        else if (c >= 0xe1 && c <= 0xef)
            ok = utf8_tail(&r, 2, 0x80, 0xbf);
        else if (c == 0xf0)
            ok = utf8_tail(&r, 3, 0x90, 0xbf);
        else if (c >= 0xf1 && c <= 0xf3)
            ok = utf8_tail(&r, 3, 0x80, 0xbf);
        else if (c == 0xf4)
            ok = utf8_tail(&r, 3, 0x80, 0x8f);
        else
            ok = false;
        if (!ok)
            return false;
    }
    return bytes.len > 0;
}
