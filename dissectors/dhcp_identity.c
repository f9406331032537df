/* dhcp_identity.c: takes DUIDs apart (RFC 8415 section 11, RFC 6355), and looks for serial numbers in what devices say of
 * themselves: the vendor classes of Arista, Juniper and Dell, and identifiers that are nothing but a serial number. */
#include "dissectors/dhcp_identity.h"

enum {
    SECONDS_TO_2000 = 946684800, /* from 1970: where the time of a DUID-LLT begins */
    MIN_SERIAL_LEN = 8,
    MAX_SERIAL_LEN = 32,
    MIN_SERIAL_DIGITS = 3,
    MAC_DIGITS = 12
};

struct span dhcp_hardware_address(struct span bytes)
{
    return bytes.len == 6 || bytes.len == 8 ? bytes : (struct span){0};
}

const char *dhcp_duid_type_name(uint64_t type)
{
    static const char *const names[] = {NULL, "llt", "en", "ll", "uuid"};
    return type < sizeof names / sizeof *names ? names[type] : NULL;
}

static void read_link_layer(struct dhcp_duid *duid, struct reader *bytes, bool timed)
{
    duid->hardware = number(reader_u16(bytes));
    if (timed)
        duid->time_ns = number((SECONDS_TO_2000 + (uint64_t)reader_u32(bytes)) * 1000000000);
    duid->mac = dhcp_hardware_address(reader_rest(bytes));
}

struct dhcp_duid dhcp_duid_read(struct span bytes)
{
    struct dhcp_duid duid = {.whole = bytes};
    if (!span_seen(bytes) || bytes.len < 2)
        return duid;
    struct reader r = reader_of(bytes);
    duid.type = number(reader_u16(&r));
    struct dhcp_duid bare = duid;
    switch (duid.type.value) {
    case DUID_LLT:
    case DUID_LL:
        read_link_layer(&duid, &r, duid.type.value == DUID_LLT);
        break;
    case DUID_EN:
        duid.enterprise = number(reader_u32(&r));
        duid.identifier = reader_rest(&r);
        break;
    case DUID_UUID:
        duid.identifier = reader_bytes(&r, 16);
        reader_finish(&r, "duid");
        break;
    default:
        break;
    }
    return reader_ok(&r) ? duid : bare;
}

/* --- serial numbers --- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_capital(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

bool dhcp_is_text(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.at[i] < ' ' || bytes.at[i] > '~')
            return false;
    return bytes.len > 0;
}

struct span dhcp_serial_of_identifier(struct span text)
{
    size_t digits = 0, hex_digits = 0;
    if (text.len < MIN_SERIAL_LEN || text.len > MAX_SERIAL_LEN)
        return (struct span){0};
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (!is_digit(c) && !is_capital(c))
            return (struct span){0};
        digits += is_digit(c);
        hex_digits += is_digit(c) || c <= 'F';
    }
    bool hardware_address = text.len == MAC_DIGITS && hex_digits == MAC_DIGITS;
    return digits >= MIN_SERIAL_DIGITS && !hardware_address ? text : (struct span){0};
}

static bool begins_with(struct span text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.at, prefix, len) == 0;
}

struct span dhcp_next_part(struct reader *text, uint8_t separator)
{
    struct reader from = *text;
    size_t len = 0;
    while (reader_left(text) > 0 && reader_u8(text) != separator)
        len++;
    return reader_bytes(&from, len);
}

static struct span last_part(struct span text, uint8_t separator)
{
    struct span part = {0};
    for (struct reader r = reader_of(text); reader_left(&r) > 0;)
        part = dhcp_next_part(&r, separator);
    return part;
}

/* "Arista;DCS-7050S-64;01.23;JPE12345678": the last of four parts. */
static struct span of_arista(struct span text)
{
    struct reader r = reader_of(text);
    for (unsigned i = 0; i < 3; i++)
        (void)dhcp_next_part(&r, ';');
    struct span serial = dhcp_next_part(&r, ';');
    return serial.len > 0 && reader_left(&r) == 0 ? serial : (struct span){0};
}

/* "TY=DELLNTW-S4810 ;HW=3.0;SN=HADL134J20193;…": the field that is named so. */
static struct span of_named_field(struct span text)
{
    for (struct reader r = reader_of(text); reader_left(&r) > 0;) {
        struct span part = dhcp_next_part(&r, ';');
        if (!begins_with(part, "SN=") && !begins_with(part, "SN:"))
            continue;
        struct reader field = reader_of(part);
        reader_skip(&field, 3);
        return dhcp_next_part(&field, ' ');
    }
    return (struct span){0};
}

struct span dhcp_serial_of_class(struct span text)
{
    if (!dhcp_is_text(text))
        return (struct span){0};
    if (begins_with(text, "Arista;"))
        return of_arista(text);
    if (begins_with(text, "Juniper-") || begins_with(text, "juniper-"))
        return dhcp_serial_of_identifier(last_part(text, '-'));
    if (begins_with(text, "Juniper:"))
        return dhcp_serial_of_identifier(last_part(text, ':'));
    struct span serial = of_named_field(text);
    return serial.len > 0 ? serial : (struct span){0};
}
