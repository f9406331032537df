/* wifi.c: IEEE 802.11 data frames, and the radiotap, Prism and AVS headers that captures put
 * before them.
 *
 * Reads what is in the clear. Leaves unread: management and control frames, protected frames,
 * fragments, mesh headers, all but the first frame of an A-MSDU. Of an A-MSDU, and of frames
 * that pass no access point, destination and source stand side by side, which is what
 * packet->mac can hold; of others it has none. 802.1X is between the receiver and the transmitter, which do. */
#include "core/layer.h"

enum {
    FLAGS_TO_DS = 0x01,
    FLAGS_FROM_DS = 0x02,
    FLAGS_MORE_FRAGMENTS = 0x04,
    FLAGS_PROTECTED = 0x40,
    FLAGS_ORDER = 0x80
};

/* QoS control(2), of which bit 7 tells an A-MSDU; then HT control(4) when the order flag is set. */
static bool read_qos(struct reader *r, uint8_t flags)
{
    const uint8_t qos = reader_u8(r);
    reader_skip(r, flags & FLAGS_ORDER ? 5 : 1);
    return (qos & 0x80) != 0;
}

/* The first A-MSDU subframe: destination(6), source(6), length(2). */
static void read_subframe(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 14);
    if (!reader_ok(r))
        return;
    packet->mac = view_part(header, 0, 12);
    reader_limit(r, view_u16(header, 12));
}

/* Ways of writing a frame that are not those of the air. */
enum form {
    FORM_PADDED = 1, /* the header is filled up to a multiple of four bytes */
    FORM_SWAPPED = 2 /* the two bytes of frame control and of sequence control are exchanged */
};

static bool carries_eapol(struct reader r)
{
    const struct span snap = reader_view(&r, 8);
    return reader_ok(&r) && view_u32(snap, 0) == 0xaaaa0300 && view_u32(snap, 4) == 0x0000888e;
}

/* frame control(2), duration(2), three addresses(6), sequence control(2), address 4(6), QoS
 * control(2) */
static enum layer read_frame(struct packet *packet, unsigned form)
{
    struct reader *r = &packet->payload;
    const uint8_t first = reader_u8(r), second = reader_u8(r);
    const bool swapped = (form & FORM_SWAPPED) != 0;
    const uint8_t kind = swapped ? second : first, flags = swapped ? first : second;
    const bool qos = (kind & 0x80) != 0, null = (kind & 0x40) != 0;
    const bool wireless = (flags & (FLAGS_TO_DS | FLAGS_FROM_DS)) == (FLAGS_TO_DS | FLAGS_FROM_DS);
    if ((kind & 0x0f) != 0x08 || null) /* version 0, type data */
        return LAYER_OTHER;
    const struct span rest = reader_view(r, 22);
    const uint8_t number = view_u8(rest, swapped ? 21 : 20) & 0x0f;
    const bool fragment = number != 0 || (flags & FLAGS_MORE_FRAGMENTS);
    if (fragment || (flags & FLAGS_PROTECTED))
        return LAYER_OTHER;
    if ((flags & (FLAGS_TO_DS | FLAGS_FROM_DS)) == 0 && reader_ok(r))
        packet->mac = view_part(rest, 2, 12);
    if (wireless)
        reader_skip(r, 6);
    const bool aggregate = qos && read_qos(r, flags);
    if ((form & FORM_PADDED) &&
        qos != wireless) /* 26 or 30 bytes; with both it is 32, with neither 24 */
        reader_skip(r, 2);
    if (aggregate)
        read_subframe(packet);
    if (carries_eapol(*r))
        packet->mac = view_part(rest, 2, 12);
    return LAYER_LLC;
}

enum layer wifi_read(struct packet *packet)
{
    return read_frame(packet, 0);
}

enum layer wifi_swapped_read(struct packet *packet)
{
    return read_frame(packet, FORM_SWAPPED);
}

/* The flags of radiotap, field 1; before it there may be the time stamp, field 0, 8 bytes
 * aligned to 8. |words| bytes of the header were read so far. */
static uint8_t read_radiotap_flags(struct reader *header, uint32_t present, size_t words)
{
    if ((present & 0x01) != 0)
        reader_skip(header, (8 - words % 8) % 8 + 8);
    return (present & 0x02) != 0 ? reader_u8(header) : 0;
}

/* version(1), padding(1), length(2), present(4) and more of these while bit 31 is set;
 * little-endian. https://www.radiotap.org */
enum layer wifi_radiotap_read(struct packet *packet)
{
    enum { FLAG_FCS = 0x10, FLAG_PADDED = 0x20 };
    struct reader *r = &packet->payload;
    const uint8_t version = reader_u8(r);
    reader_skip(r, 1);
    const uint16_t len = reader_u16_le(r);
    if (version != 0 || len < 8)
        reader_fail(r, READER_MALFORMED, NULL);
    struct reader header = reader_child(r, len - 4u);
    const uint32_t present = reader_u32_le(&header);
    size_t words = 8;
    for (uint32_t more = present; more >> 31 && reader_ok(&header); words += 4)
        more = reader_u32_le(&header);
    const uint8_t flags = read_radiotap_flags(&header, present, words);
    if (!reader_ok(&header))
        reader_fail(r, header.fault, NULL);
    if ((flags & FLAG_FCS) != 0 && reader_wire_left(r) >= 4)
        reader_limit(r, reader_wire_left(r) - 4);
    return (flags & FLAG_PADDED) != 0 ? read_frame(packet, FORM_PADDED) : LAYER_WIFI;
}

/* Message code(4), length with this header(4), in the order of the machine that captured. Some
 * drivers send AVS headers as this link type. */
enum layer wifi_prism_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    struct reader peek = *r;
    const uint32_t code = reader_u32(&peek);
    uint32_t len = reader_u32(&peek);
    if (code >> 12 == 0x80211)
        return LAYER_AVS;
    if (len > 0xffff)
        len = __builtin_bswap32(len);
    if (len < 8)
        reader_fail(&peek, READER_MALFORMED, NULL);
    if (!reader_ok(&peek))
        *r = peek;
    reader_skip(r, len);
    return LAYER_WIFI;
}

/* version(4), length with this header(4) */
enum layer wifi_avs_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const uint32_t version = reader_u32(r), len = reader_u32(r);
    if (version >> 12 != 0x80211 || len < 8)
        reader_fail(r, READER_MALFORMED, NULL);
    reader_skip(r, len - 8);
    return LAYER_WIFI;
}
