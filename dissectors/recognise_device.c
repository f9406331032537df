/* recognise_device.c: numbers of hardware and of subscribers, by their form and their check digits:
 * EUI-48, EUI-64, IMEI, IMSI, ICCID, telephone number, UUID, serial number. Nothing is looked up.
 */
#include "dissectors/recognise.h"

#include "core/digits.h"

/* Bytes that text spells in hexadecimal. */
struct octets {
    uint8_t at[8];
    unsigned count;
    bool has_letter; /* one of the digits is A to F */
};

/* octets_take takes |num| pairs of digits. */
static bool octets_take(struct reader *r, struct octets *octets, unsigned num)
{
    for (unsigned i = 0; i < num; i++) {
        uint8_t first = reader_u8(r), second = reader_u8(r);
        int high = digits_hex_value(first), low = digits_hex_value(second);
        if (!reader_ok(r) || high < 0 || low < 0 || octets->count == sizeof octets->at)
            return false;
        octets->at[octets->count++] = (uint8_t)(high << 4 | low);
        octets->has_letter = octets->has_letter || high > 9 || low > 9;
    }
    return true;
}

/* octets_grouped reads |text| as groups of |group| octets with |separator| between, |total| octets
 * in all: aa:bb:cc:dd:ee:ff, aabb.ccdd.eeff; no separator with |group| = |total|. */
static bool octets_grouped(struct span text, uint8_t separator, unsigned group, unsigned total,
                           struct octets *octets)
{
    struct reader r = reader_of(text);
    *octets = (struct octets){.count = 0};
    while (octets->count < total) {
        if (octets->count > 0 && !ascii_take(&r, separator))
            return false;
        if (!octets_take(&r, octets, group))
            return false;
    }
    return reader_ok(&r) && reader_left(&r) == 0;
}

static bool octets_separated(struct span text, unsigned total, struct octets *octets)
{
    return octets_grouped(text, ':', 1, total, octets) ||
           octets_grouped(text, '-', 1, total, octets) ||
           octets_grouped(text, '.', 2, total, octets);
}

static bool octets_all(const struct octets *octets, uint8_t value)
{
    for (unsigned i = 0; i < octets->count; i++)
        if (octets->at[i] != value)
            return false;
    return true;
}

/* Twelve digits without separators are a MAC address only if a network card could have it: IEEE 802
 * section 8.2: not a group address, and an assigned organisation. */
static enum confidence bare_mac(const struct octets *mac)
{
    bool group = (mac->at[0] & 0x01) != 0, local = (mac->at[0] & 0x02) != 0;
    bool no_vendor = mac->at[0] == 0 && mac->at[1] == 0 && mac->at[2] == 0;
    if (!mac->has_letter || group || no_vendor)
        return RECOGNISED_NOT;
    return local ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY;
}

enum confidence recognise_mac(struct span text)
{
    struct octets mac;
    if (octets_separated(text, 6, &mac))
        return octets_all(&mac, 0x00) || octets_all(&mac, 0xff) ? CONFIDENCE_LIKELY
                                                                : CONFIDENCE_CERTAIN;
    if (octets_grouped(text, 0, 6, 6, &mac))
        return bare_mac(&mac);
    return RECOGNISED_NOT;
}

enum confidence recognise_eui64(struct span text)
{
    struct octets eui;
    if (octets_separated(text, 8, &eui))
        return CONFIDENCE_CERTAIN;
    if (!octets_grouped(text, 0, 8, 8, &eui))
        return RECOGNISED_NOT;
    /* Sixteen digits are any eight bytes, unless they are an EUI-48 widened by FF-FE (RFC 4291
     * appendix A) or begin with the block that the IEEE hands out in small shares. */
    bool widened = eui.at[3] == 0xff && eui.at[4] == 0xfe;
    bool shared_block = eui.at[0] == 0x70 && eui.at[1] == 0xb3 && eui.at[2] == 0xd5;
    return widened || shared_block ? CONFIDENCE_LIKELY : RECOGNISED_NOT;
}

/* Decimal numbers, at most 20 digits. */
struct digits {
    uint8_t at[20];
    unsigned count;
};

static bool digits_read(struct span text, struct digits *digits)
{
    *digits = (struct digits){.count = 0};
    struct reader r = reader_of(text);
    while (reader_more(&r)) {
        uint8_t c = reader_u8(&r);
        if (!ascii_is_digit(c) || digits->count == sizeof digits->at)
            return false;
        digits->at[digits->count++] = (uint8_t)(c - '0');
    }
    return digits->count > 0;
}

static unsigned digits_prefix(const struct digits *digits, unsigned num)
{
    unsigned value = 0;
    for (unsigned i = 0; i < num && i < digits->count; i++)
        value = value * 10 + digits->at[i];
    return value;
}

/* The Luhn check digit of ISO/IEC 7812-1 annex B is right. */
static bool digits_check(const struct digits *digits)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < digits->count; i++) {
        unsigned digit = digits->at[digits->count - 1 - i];
        if (i % 2 == 1)
            digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
        sum += digit;
    }
    return sum % 10 == 0;
}

/* Fifteen digits, plain or as they are printed on the device: AA-BBBBBB-CCCCCC-D. */
static bool imei_digits(struct span text, struct digits *digits)
{
    static const unsigned groups[] = {2, 6, 6, 1};
    if (text.len == 15)
        return digits_read(text, digits);
    struct reader r = reader_of(text);
    *digits = (struct digits){.count = 0};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (i > 0 && !ascii_take(&r, '-'))
            return false;
        struct digits group;
        if (!digits_read(reader_bytes(&r, groups[i]), &group))
            return false;
        for (unsigned j = 0; j < group.count; j++)
            digits->at[digits->count++] = group.at[j];
    }
    return reader_ok(&r) && reader_left(&r) == 0;
}

/* Reporting body identifiers of GSMA TS.06: the first two digits of a type allocation code. */
static bool is_reporting_body(unsigned code)
{
    static const uint8_t codes[] = {1,  10, 30, 33, 35, 44, 45, 49, 50,
                                    51, 52, 53, 54, 86, 91, 98, 99};
    for (size_t i = 0; i < sizeof codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

enum confidence recognise_imei(struct span text)
{
    struct digits digits;
    if (!imei_digits(text, &digits) || !digits_check(&digits))
        return RECOGNISED_NOT;
    /* A tenth of all numbers pass the check, so the allocation has to be one that exists. */
    return is_reporting_body(digits_prefix(&digits, 2)) ? CONFIDENCE_LIKELY : RECOGNISED_NOT;
}

/* Ranges of mobile country codes in use, ITU-T E.212 annex A, and 901 for networks of no country.
 */
static bool is_mobile_country(unsigned code)
{
    static const struct {
        unsigned from, to;
    } ranges[] = {{202, 297}, {302, 376}, {400, 472}, {502, 555},
                  {602, 659}, {702, 750}, {901, 901}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i].from && code <= ranges[i].to)
            return true;
    return false;
}

enum confidence recognise_imsi(struct span text)
{
    struct digits digits;
    if (text.len != 15 || !digits_read(text, &digits) ||
        !is_mobile_country(digits_prefix(&digits, 3)))
        return RECOGNISED_NOT;
    return CONFIDENCE_POSSIBLE; /* no check digit: two thirds of all numbers begin so */
}

enum confidence recognise_iccid(struct span text)
{
    struct reader r = reader_of(text);
    struct digits digits;
    struct span number = text;
    /* Nineteen digits are filled up to ten bytes by an F. */
    if (text.len == 20) {
        struct span nineteen = reader_bytes(&r, 19);
        if (ascii_peek(r) == 'F' || ascii_peek(r) == 'f')
            number = nineteen;
    }
    if (number.len < 19 || !digits_read(number, &digits) || digits_prefix(&digits, 2) != 89)
        return RECOGNISED_NOT;
    return digits_check(&digits) ? CONFIDENCE_LIKELY : RECOGNISED_NOT;
}

enum confidence recognise_phone(struct span text)
{
    struct reader r = reader_of(text);
    struct digits digits;
    if (!ascii_take(&r, '+') || !digits_read(reader_rest(&r), &digits))
        return RECOGNISED_NOT;
    if (digits.count < 8 || digits.count > 15 || digits.at[0] == 0)
        return RECOGNISED_NOT;
    return CONFIDENCE_LIKELY;
}

/* 8-4-4-4-12 hexadecimal digits, perhaps in braces; |version| and |variant| are their nibbles. */
static bool uuid_read(struct span text, int *version, int *variant)
{
    static const unsigned groups[] = {8, 4, 4, 4, 12};
    struct reader r = reader_of(text);
    bool braces = ascii_take(&r, '{');
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (i > 0 && !ascii_take(&r, '-'))
            return false;
        struct span group = reader_bytes(&r, groups[i]);
        if (!ascii_all(group, ascii_is_hex))
            return false;
        if (i == 2)
            *version = digits_hex_value((uint8_t)ascii_peek(reader_of(group)));
        if (i == 3)
            *variant = digits_hex_value((uint8_t)ascii_peek(reader_of(group)));
    }
    if (braces && !ascii_take(&r, '}'))
        return false;
    return reader_ok(&r) && reader_left(&r) == 0;
}

enum confidence recognise_uuid(struct span text)
{
    int version, variant;
    if (!uuid_read(text, &version, &variant))
        return RECOGNISED_NOT;
    bool standard = version >= 1 && version <= 8 && (variant & 0xc) == 0x8;
    return standard ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
}

enum confidence recognise_mac_uuid(struct span text)
{
    int version, variant;
    if (!uuid_read(text, &version, &variant) || (variant & 0xc) != 0x8)
        return RECOGNISED_NOT;
    return version == 1 || version == 6 ? CONFIDENCE_LIKELY : RECOGNISED_NOT;
}

/* "SN", "S/N", "serial" before the number, with what people put between. */
static bool take_serial_word(struct reader *r)
{
    static const struct {
        const char *word;
        size_t len;
    } words[] = {{"serial", 6}, {"s/n", 3}, {"sn", 2}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct reader ahead = *r;
        if (reader_left(&ahead) <= words[i].len ||
            !ascii_equal(reader_bytes(&ahead, words[i].len), words[i].word))
            continue;
        bool parted = false;
        while (ascii_take(&ahead, ':') || ascii_take(&ahead, '=') || ascii_take(&ahead, '-') ||
               ascii_take(&ahead, '_') || ascii_take(&ahead, '#') || ascii_take(&ahead, ' '))
            parted = true;
        int next = ascii_peek(ahead);
        if (!parted && (next < 0 || !ascii_is_digit((uint8_t)next)))
            return false;
        *r = ahead;
        return true;
    }
    return false;
}

enum confidence recognise_serial(struct span text)
{
    struct reader r = reader_of(text);
    bool told = take_serial_word(&r);
    unsigned digits = 0, letters = 0, lower = 0, beyond_hex = 0;
    while (reader_more(&r)) {
        uint8_t c = reader_u8(&r);
        digits += ascii_is_digit(c);
        letters += ascii_is_upper(c) || ascii_is_lower(c);
        lower += ascii_is_lower(c);
        beyond_hex += digits_hex_value(c) < 0;
        if (!ascii_is_alnum(c) && c != '-')
            return RECOGNISED_NOT;
    }
    if (digits + letters > 20)
        return RECOGNISED_NOT;
    if (told)
        return digits >= 3 ? CONFIDENCE_LIKELY : RECOGNISED_NOT;
    bool number = letters == 0 && beyond_hex == 0 && digits >= 6;
    bool mixed =
        lower == 0 && beyond_hex > 0 && letters >= 2 && digits >= 4 && digits + letters >= 8;
    return number || mixed ? CONFIDENCE_POSSIBLE : RECOGNISED_NOT;
}
