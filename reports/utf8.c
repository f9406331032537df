/* utf8.c: UTF-8, RFC 3629 section 4. */
#include "reports/utf8.h"

/* First bytes by length of the character, and the smallest code point that may have that length. */
static const struct {
    uint8_t mask, lead;
    uint32_t least;
} forms[] = {
    {0x80, 0x00, 0},
    {0xe0, 0xc0, 0x80},
    {0xf0, 0xe0, 0x800},
    {0xf8, 0xf0, 0x10000},
};

size_t utf8_next(struct span s, uint32_t *code)
{
    *code = 0;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0] && i < s.len; i++) {
        if ((s.at[0] & forms[i].mask) != forms[i].lead)
            continue;
        uint32_t c = s.at[0] & (uint8_t)~forms[i].mask;
        for (size_t k = 1; k <= i; k++) {
            if ((s.at[k] & 0xc0) != 0x80)
                return 0;
            c = c << 6 | (s.at[k] & 0x3f);
        }
        if (c < forms[i].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
            return 0;
        *code = c;
        return i + 1;
    }
    return 0;
}
