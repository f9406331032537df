/* recognise_opaque.c: text that spells opaque bytes, hexadecimal or base64 (RFC 4648). */
#include "dissectors/recognise.h"

enum confidence recognise_hex(struct span text)
{
    /* Decimal digits only are a number: eight bytes look so once in 1,800 times. */
    if (text.len < 16 || text.len % 2 != 0 || ascii_all(text, ascii_is_digit))
        return RECOGNISED_NOT;
    return ascii_all(text, ascii_is_hex) ? CONFIDENCE_LIKELY : RECOGNISED_NOT;
}

/* The class that a base64 character belongs to; '\0' for others. */
static char base64_class(uint8_t c)
{
    if (ascii_is_lower(c))
        return 'a';
    if (ascii_is_upper(c))
        return 'A';
    if (ascii_is_digit(c))
        return '0';
    return c == '+' || c == '/' || c == '-' || c == '_' ? '+' : '\0';
}

enum confidence recognise_base64(struct span text)
{
    struct reader r = reader_of(text);
    struct span body = ascii_until(&r, '=');
    bool padded = body.len < text.len;
    if (padded)
        ascii_take(&r, '=');
    if (text.len < 20 || reader_left(&r) > 0 || (padded && text.len % 4 != 0))
        return RECOGNISED_NOT;

    /* In random text two neighbours are of one class in a third of the cases, in words nearly
     * always. */
    unsigned changes = 0;
    bool lower = false, upper = false, digit = padded; /* padding proves as much as a digit */
    char last = '\0';
    struct reader characters = reader_of(body);
    while (reader_more(&characters)) {
        char class = base64_class(reader_u8(&characters));
        if (class == '\0')
            return RECOGNISED_NOT;
        lower = lower || class == 'a';
        upper = upper || class == 'A';
        digit = digit || class == '0';
        changes += last != '\0' && class != last;
        last = class;
    }
    if (!lower || !upper || !digit || changes * 100 < (body.len - 1) * 45)
        return RECOGNISED_NOT;
    return padded ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
}
