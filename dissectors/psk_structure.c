/* psk_structure.c: the structure of a PSK identity that is text, by its form. */
#include "dissectors/psk_identity.h"
#include "dissectors/recognise.h"

#include <assert.h>

const char *psk_structure_name(enum psk_structure structure)
{
    static const char *const names[] = {[PSK_STRUCTURE_NONE] = "none",
                                        [PSK_STRUCTURE_NAI] = "nai",
                                        [PSK_STRUCTURE_URN] = "urn",
                                        [PSK_STRUCTURE_DN] = "dn",
                                        [PSK_STRUCTURE_UUID] = "uuid",
                                        [PSK_STRUCTURE_IP_ADDRESS] = "ip-address",
                                        [PSK_STRUCTURE_HEX_GROUPS] = "hex-groups",
                                        [PSK_STRUCTURE_HOST] = "host",
                                        [PSK_STRUCTURE_JSON] = "json",
                                        [PSK_STRUCTURE_XML] = "xml",
                                        [PSK_STRUCTURE_KEY_VALUE] = "key-value",
                                        [PSK_STRUCTURE_FIELDS] = "fields"};
    assert((size_t)structure < sizeof names / sizeof *names);
    return names[structure];
}

/* The structure that a kind has by itself. */
static enum psk_structure structure_of_kind(enum psk_kind kind)
{
    switch (kind) {
    case PSK_KIND_NAI:
        return PSK_STRUCTURE_NAI;
    case PSK_KIND_URN:
    case PSK_KIND_DEVICE_URN:
        return PSK_STRUCTURE_URN;
    case PSK_KIND_DN:
        return PSK_STRUCTURE_DN;
    case PSK_KIND_UUID:
    case PSK_KIND_MAC_UUID:
        return PSK_STRUCTURE_UUID;
    case PSK_KIND_IPV4:
    case PSK_KIND_IPV6:
        return PSK_STRUCTURE_IP_ADDRESS;
    case PSK_KIND_HOST:
        return PSK_STRUCTURE_HOST;
    default:
        return PSK_STRUCTURE_NONE;
    }
}

/* Kinds whose text is one value, whatever signs it has: base64 has its - and /. */
static bool is_one_value(enum psk_kind kind)
{
    return kind == PSK_KIND_OPAQUE_TEXT || kind == PSK_KIND_DEFAULT_NAME;
}

static uint8_t last_byte(struct span text)
{
    struct reader r = reader_of(text);
    reader_skip(&r, text.len - 1);
    return reader_u8(&r);
}

static bool has_byte(struct span text, uint8_t byte)
{
    struct reader r = reader_of(text);
    return ascii_until(&r, byte).len < text.len;
}

static bool is_json(struct span text)
{
    int first = ascii_peek(reader_of(text));
    uint8_t last = last_byte(text);
    bool brackets = (first == '{' && last == '}') || (first == '[' && last == ']');
    return brackets && (has_byte(text, '"') || has_byte(text, ':') || has_byte(text, ','));
}

static bool is_xml(struct span text)
{
    struct reader r = reader_of(text);
    if (!ascii_take(&r, '<') || last_byte(text) != '>')
        return false;
    int name = ascii_peek(r);
    return name == '?' || (name > 0 && ascii_is_alnum((uint8_t)name));
}

static bool is_pair_separator(uint8_t c)
{
    return c == ',' || c == ';' || c == '&' || c == ' ' || c == '|';
}

static bool is_name_byte(uint8_t c)
{
    return ascii_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

/* name=value, and no second pair in it. */
static bool is_pair(struct span part)
{
    struct reader r = reader_of(part);
    struct span name = ascii_until(&r, '=');
    int first = ascii_peek(reader_of(name));
    return name.len < part.len && reader_left(&r) > 0 && ascii_all(name, is_name_byte) &&
           !ascii_is_digit((uint8_t)first) && ascii_peek(r) != '=';
}

static bool is_key_value(struct span text)
{
    struct reader r = reader_of(text);
    while (reader_more(&r)) {
        struct reader scan = r;
        size_t len = 0;
        while (reader_left(&scan) > 0 && !is_pair_separator(reader_u8(&scan)))
            len++;
        if (!is_pair(reader_bytes(&r, len)))
            return false;
        if (reader_left(&r) > 0)
            reader_u8(&r);
    }
    return true;
}

/* 00:11:22, AA-BB-CC-DD, 0011.2233.4455.6677: three groups or more of one even length. */
static bool is_hex_groups(struct span text, uint8_t separator)
{
    struct reader r = reader_of(text);
    size_t len = 0, groups = 0;
    bool letter = false;
    while (reader_more(&r)) {
        struct span group = ascii_until(&r, separator);
        if (!ascii_all(group, ascii_is_hex) || group.len % 2 != 0 ||
            (groups > 0 && group.len != len))
            return false;
        letter = letter || !ascii_all(group, ascii_is_digit);
        len = group.len;
        groups++;
    }
    return groups >= 3 && (letter || groups >= 6);
}

/* How many fields |separator| makes of |text|, 0 if one of them is empty; |digit|: one has a digit.
 */
static unsigned count_fields(struct span text, uint8_t separator, bool *digit)
{
    struct reader r = reader_of(text);
    unsigned fields = 0;
    *digit = false;
    while (reader_more(&r)) {
        struct span field = ascii_until(&r, separator);
        if (field.len == 0)
            return 0;
        struct reader inside = reader_of(field);
        while (reader_more(&inside))
            if (ascii_is_digit(reader_u8(&inside)))
                *digit = true;
        fields++;
    }
    return last_byte(text) == separator ? 0 : fields;
}

/* Signs that part fields and nothing else part at once; signs that names have, too, only if there
 * are three fields and one of them counts something. */
static enum confidence fields_of(struct span text)
{
    static const char strong[] = {':', ';', '|', ',', '/', '\\', '#', '\t'};
    static const char weak[] = {'-', '_', '.', ' ', '+'};
    bool digit;
    for (size_t i = 0; i < sizeof strong; i++)
        if (count_fields(text, (uint8_t)strong[i], &digit) >= 2)
            return CONFIDENCE_LIKELY;
    for (size_t i = 0; i < sizeof weak; i++)
        if (count_fields(text, (uint8_t)weak[i], &digit) >= 3 && digit)
            return CONFIDENCE_POSSIBLE;
    return RECOGNISED_NOT;
}

enum psk_structure psk_structure_of(struct span text, enum psk_kind kind,
                                    enum confidence *confidence)
{
    *confidence = CONFIDENCE_CERTAIN;
    enum psk_structure by_kind = structure_of_kind(kind);
    if (by_kind == PSK_STRUCTURE_HOST || by_kind == PSK_STRUCTURE_IP_ADDRESS)
        *confidence = CONFIDENCE_LIKELY;
    if (by_kind != PSK_STRUCTURE_NONE)
        return by_kind;
    if (text.len > 0 && !is_one_value(kind)) {
        if (is_json(text))
            return PSK_STRUCTURE_JSON;
        if (is_xml(text))
            return PSK_STRUCTURE_XML;
        if (is_key_value(text))
            return PSK_STRUCTURE_KEY_VALUE;
        if (is_hex_groups(text, ':') || is_hex_groups(text, '-') || is_hex_groups(text, '.') ||
            is_hex_groups(text, ' '))
            return PSK_STRUCTURE_HEX_GROUPS;
        *confidence = fields_of(text);
        if (*confidence != RECOGNISED_NOT)
            return PSK_STRUCTURE_FIELDS;
    }
    *confidence = RECOGNISED_NOT;
    return PSK_STRUCTURE_NONE;
}
