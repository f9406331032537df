/* proxy_header.c: "The PROXY protocol", versions 1 (a line of text) and 2 (binary), of HAProxy's
 * doc/proxy-protocol.txt. Reads how long the header is; leaves unread whom it names, and version 2's TLVs. */
#include "dissectors/proxy_header.h"

enum {
    LINE_MAX = 107, /* of version 1, with its CR LF */
    SIGNATURE_LEN = 12,
    BINARY_START = 16 /* of version 2: signature, version and command, family, length */
};

/* Whether |bytes| begin with |text|, as far as either goes. */
static enum recognise begins_with(struct reader bytes, const char *text, size_t len)
{
    size_t there = reader_left(&bytes) < len ? reader_left(&bytes) : len;
    if (memcmp(reader_bytes(&bytes, there).at, text, there) != 0)
        return RECOGNISE_NO;
    if (there == len)
        return RECOGNISE_YES;
    return bytes.cut == 0 ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

/* A space, an address as inet_ntop writes it, a digit of a port. */
static bool is_address_character(uint8_t c)
{
    return c == ' ' || c == '.' || c == ':' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
}

/* What follows the family: for TCP source, destination and two ports, four words in all; for an unknown one
 * anything. Both end with CR LF. */
static enum recognise measure_rest(struct reader rest, bool unknown, size_t before, size_t *len)
{
    unsigned spaces = 0;
    for (*len = before + 2; *len <= LINE_MAX; ++*len) {
        if (reader_left(&rest) < 2)
            return rest.cut == 0 ? RECOGNISE_MAYBE : RECOGNISE_NO;
        uint8_t c = reader_u8(&rest);
        if (c == '\r') {
            bool ends = reader_u8(&rest) == '\n' && (unknown || spaces == 4);
            return ends ? RECOGNISE_YES : RECOGNISE_NO;
        }
        spaces += c == ' ';
        if (!unknown && !is_address_character(c))
            return RECOGNISE_NO;
    }
    return RECOGNISE_NO;
}

/* "PROXY TCP4 192.0.2.1 192.0.2.2 50000 443\r\n", "PROXY TCP6 …", "PROXY UNKNOWN …" */
static enum recognise measure_line(struct reader bytes, size_t *len)
{
    static const struct {
        const char *start;
        bool unknown;
    } families[] = {{"PROXY TCP4", false}, {"PROXY TCP6", false}, {"PROXY UNKNOWN", true}};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        size_t start_len = strlen(families[i].start);
        enum recognise start = begins_with(bytes, families[i].start, start_len);
        if (start == RECOGNISE_NO)
            continue;
        if (start == RECOGNISE_MAYBE)
            return start;
        reader_skip(&bytes, start_len);
        return measure_rest(bytes, families[i].unknown, start_len, len);
    }
    return RECOGNISE_NO;
}

/* The bytes that the addresses of a family take; SIZE_MAX for a family that there is not. */
static size_t addresses_len(uint8_t family)
{
    switch (family >> 4) {
    case 0: /* unspecified */
        return 0;
    case 1:
        return 12;
    case 2:
        return 36;
    case 3: /* of UNIX sockets */
        return 216;
    default:
        return SIZE_MAX;
    }
}

/* signature(96), version 2(4), command(4): 0 local, 1 proxy; family(4), transport(4): 0 unspecified,
 * 1 stream, 2 datagram; length of what follows(16) */
static enum recognise measure_binary(struct reader bytes, size_t *len)
{
    enum recognise start = begins_with(bytes, "\r\n\r\n\0\r\nQUIT\n", SIGNATURE_LEN);
    if (start != RECOGNISE_YES)
        return start;
    if (reader_left(&bytes) < BINARY_START)
        return bytes.cut == 0 ? RECOGNISE_MAYBE : RECOGNISE_NO;
    reader_skip(&bytes, SIGNATURE_LEN);
    uint8_t command = reader_u8(&bytes), family = reader_u8(&bytes);
    uint16_t rest_len = reader_u16(&bytes);
    bool proxy = command == 0x21, local = command == 0x20;
    if ((!proxy && !local) || (family & 0x0f) > 2 || addresses_len(family) == SIZE_MAX ||
        (proxy && rest_len < addresses_len(family)))
        return RECOGNISE_NO;
    *len = BINARY_START + (size_t)rest_len;
    if (reader_wire_left(&bytes) >= rest_len)
        return RECOGNISE_YES;
    return bytes.cut == 0 ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

enum recognise proxy_header_measure(struct reader bytes, size_t *len)
{
    struct reader start = bytes;
    switch (reader_u8(&start)) {
    case 'P':
        return measure_line(bytes, len);
    case '\r':
        return measure_binary(bytes, len);
    default:
        return RECOGNISE_NO;
    }
}
