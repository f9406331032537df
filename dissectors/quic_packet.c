/* quic_packet.c: the versions of QUIC and the long header: RFC 8999 section 5.1, RFC 9000 section 17.2,
 * RFC 9369 sections 3.2 and 3.3, drafts 22 to 34 of both, Meta's variants. Of Google's versions the name is
 * read, and the header where it is like that of the drafts. */
#include "dissectors/quic_packet.h"

#define LABELS_V1 .key_label = "quic key", .iv_label = "quic iv", .hp_label = "quic hp"
#define LABELS_V2 .key_label = "quicv2 key", .iv_label = "quicv2 iv", .hp_label = "quicv2 hp"

static const struct quic_scheme scheme_draft_22 = {
    LABELS_V1,
    .salt = {0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,
             0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a},
};

#define SALT_DRAFT_23                                                                              \
    .salt = {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,                           \
             0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02}

static const struct quic_scheme scheme_draft_23 = {LABELS_V1, SALT_DRAFT_23};

static const struct quic_scheme scheme_draft_25 = {
    LABELS_V1,
    SALT_DRAFT_23,
    .has_retry_tag = true,
    .retry_key = {0x4d, 0x32, 0xec, 0xdb, 0x2a, 0x21, 0x33, 0xc8, 0x41, 0xe4, 0x04, 0x3d, 0xf2,
                  0x7d, 0x44, 0x30},
    .retry_nonce = {0x4d, 0x16, 0x11, 0xd0, 0x55, 0x13, 0xa5, 0x52, 0xc5, 0x87, 0xd5, 0x75},
};

static const struct quic_scheme scheme_draft_29 = {
    LABELS_V1,
    .salt = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
             0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99},
    .has_retry_tag = true,
    .retry_key = {0xcc, 0xce, 0x18, 0x7e, 0xd0, 0x9a, 0x09, 0xd0, 0x57, 0x28, 0x15, 0x5a, 0x6c,
                  0xb9, 0x6b, 0xe1},
    .retry_nonce = {0xe5, 0x49, 0x30, 0xf9, 0x7f, 0x21, 0x36, 0xf0, 0x53, 0x0a, 0x8c, 0x1c},
};

static const struct quic_scheme scheme_1 = {
    LABELS_V1,
    .salt = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
             0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
    .has_retry_tag = true,
    .retry_key = {0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a, 0x1d, 0x76, 0x6b, 0x54, 0xe3,
                  0x68, 0xc8, 0x4e},
    .retry_nonce = {0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb},
};

static const struct quic_scheme scheme_2 = {
    LABELS_V2,
    .salt = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
             0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
    .has_retry_tag = true,
    .retry_key = {0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2, 0x60, 0xfb, 0xcb, 0xce, 0xad,
                  0x7c, 0xcc, 0x92},
    .retry_nonce = {0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a},
};

static const struct quic_scheme scheme_2_draft = {
    LABELS_V2,
    .salt = {0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d,
             0x62, 0xca, 0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3},
};

static const struct quic_scheme scheme_t050 = {
    LABELS_V1,
    .salt = {0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80,
             0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10},
};

static const struct quic_scheme scheme_t051 = {
    LABELS_V1,
    .salt = {0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50,
             0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d},
};

static const struct {
    uint32_t code;
    struct quic_version version;
} versions[] = {
    {0x00000001, {.name = "1", .scheme = &scheme_1}},
    {0x6b3343cf, {.name = "2", .scheme = &scheme_2, .types_of_v2 = true}},
    {0x709a50c4, {.name = "2-draft", .scheme = &scheme_2_draft, .types_of_v2 = true}},
    {0xfaceb001,
     {.name = "mvfst-22",
      .scheme = &scheme_draft_22,
      .retry_names_cid = true,
      .old_parameters = true}},
    {0xfaceb002, {.name = "mvfst-27", .scheme = &scheme_draft_25}},
    {0xfaceb00e, {.name = "mvfst-experimental", .scheme = &scheme_draft_25}},
    {0x51303530, {.name = "Q050"}},
    {0x54303530, {.name = "T050", .scheme = &scheme_t050, .google_frames = true}},
    {0x54303531, {.name = "T051", .scheme = &scheme_t051, .google_frames = true}},
};

enum { FIRST_DRAFT = 22, LAST_DRAFT = 34 };

static struct quic_version draft(unsigned number)
{
    static const char *const names[] = {"draft-22", "draft-23", "draft-24", "draft-25", "draft-26",
                                        "draft-27", "draft-28", "draft-29", "draft-30", "draft-31",
                                        "draft-32", "draft-33", "draft-34"};
    const struct quic_scheme *scheme = number >= 33   ? &scheme_1
                                       : number >= 29 ? &scheme_draft_29
                                       : number >= 25 ? &scheme_draft_25
                                       : number >= 23 ? &scheme_draft_23
                                                      : &scheme_draft_22;
    return (struct quic_version){.name = names[number - FIRST_DRAFT],
                                 .scheme = scheme,
                                 .retry_names_cid = number < 25,
                                 .old_parameters = number < 27};
}

enum { FIRST_GOOGLE = 24, LAST_GOOGLE = 49 };

/* "Q0" and two digits: versions with a header of their own. */
static bool find_google(uint32_t code, struct quic_version *version)
{
    static const char *const names[] = {"Q024", "Q025", "Q026", "Q027", "Q028", "Q029", "Q030",
                                        "Q031", "Q032", "Q033", "Q034", "Q035", "Q036", "Q037",
                                        "Q038", "Q039", "Q040", "Q041", "Q042", "Q043", "Q044",
                                        "Q045", "Q046", "Q047", "Q048", "Q049"};
    uint32_t tens = (code >> 8 & 0xff) - '0', ones = (code & 0xff) - '0';
    uint32_t number = tens * 10 + ones;
    if (code >> 16 != 0x5130 || tens > 9 || ones > 9 || number < FIRST_GOOGLE ||
        number > LAST_GOOGLE)
        return false;
    *version = (struct quic_version){.name = names[number - FIRST_GOOGLE], .own_header = true};
    return true;
}

bool quic_version_find(uint32_t code, struct quic_version *version)
{
    if (code >> 8 == 0xff0000 && (code & 0xff) >= FIRST_DRAFT && (code & 0xff) <= LAST_DRAFT) {
        *version = draft(code & 0xff);
        return true;
    }
    /* Offered so that servers must negotiate, RFC 9000 section 15: protected like the version that the
     * client knows best. */
    if ((code & 0x0f0f0f0f) == 0x0a0a0a0a) {
        *version = (struct quic_version){
            .name = "reserved", .scheme = &scheme_1, .other_scheme = &scheme_draft_29};
        return true;
    }
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        if (versions[i].code == code) {
            *version = versions[i].version;
            return true;
        }
    }
    return find_google(code, version);
}

const char *quic_version_name(uint64_t code)
{
    struct quic_version version;
    return code <= UINT32_MAX && quic_version_find((uint32_t)code, &version) ? version.name : NULL;
}

uint64_t quic_read_varint(struct reader *r)
{
    uint8_t first = reader_u8(r);
    uint64_t value = first & 0x3f;
    for (unsigned more = (1u << (first >> 6)) - 1; more > 0; more--)
        value = value << 8 | reader_u8(r);
    return value;
}

bool quic_is_long(struct reader datagram)
{
    return reader_u8(&datagram) & 0x80;
}

static enum quic_type type_of(const struct quic_version *version, uint8_t first)
{
    static const enum quic_type types[2][4] = {
        {QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE, QUIC_RETRY},
        {QUIC_RETRY, QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE}};
    return types[version->types_of_v2][first >> 4 & 3];
}

/* A length that no datagram can have stays so large that taking that many bytes is a fault. */
static size_t read_length(struct reader *r)
{
    uint64_t len = quic_read_varint(r);
    return len < SIZE_MAX ? (size_t)len : SIZE_MAX;
}

/* Connection ids of the versions known here: RFC 9000 section 17.2. */
static struct span read_cid(struct reader *r)
{
    struct span cid = reader_span_vec8(r);
    if (cid.len > QUIC_MAX_CID)
        reader_fail(r, READER_MALFORMED, "connection_id");
    return cid;
}

/* Whether the list of supported versions is one: whole, and with a version that exists. */
static bool versions_plausible(struct span list)
{
    struct reader r = reader_of(list);
    struct quic_version version;
    bool known = false;
    while (reader_left(&r) >= 4)
        known = quic_version_find(reader_u32(&r), &version) || known;
    return known && reader_left(&r) == 0;
}

static void read_retry(struct reader *datagram, const struct reader *start,
                       struct quic_packet *packet)
{
    if (packet->version.retry_names_cid) {
        (void)read_cid(datagram);
        packet->token = reader_rest(datagram);
        return;
    }
    size_t left = reader_left(datagram);
    if (left < QUIC_RETRY_TAG_LEN || datagram->cut != 0) {
        reader_fail(datagram, datagram->cut != 0 ? READER_CUT : READER_MALFORMED, "retry");
        return;
    }
    packet->token = reader_bytes(datagram, left - QUIC_RETRY_TAG_LEN);
    packet->header = span_of(start->at, reader_left(start) - QUIC_RETRY_TAG_LEN);
    packet->tag = reader_bytes(datagram, QUIC_RETRY_TAG_LEN);
}

/* Length and what it counts: packet number and protected payload. */
static void read_body(struct reader *datagram, const struct reader *start,
                      struct quic_packet *packet)
{
    size_t len = read_length(datagram);
    packet->header = span_of(start->at, reader_left(start) - reader_left(datagram));
    struct reader body = reader_child(datagram, len);
    packet->body = span_of(body.at, reader_left(&body));
    packet->cut = body.cut;
}

bool quic_packet_read(struct reader *datagram, struct quic_packet *packet)
{
    struct reader start = *datagram;
    uint8_t first = reader_u8(datagram);
    uint32_t code = reader_u32(datagram);
    *packet = (struct quic_packet){.code = code};
    if (code != 0 && !quic_version_find(code, &packet->version))
        return false;
    if (packet->version.own_header) {
        packet->type = QUIC_GOOGLE;
        (void)reader_rest(datagram);
        return reader_ok(datagram);
    }
    packet->dcid = read_cid(datagram);
    packet->scid = read_cid(datagram);
    packet->type = code == 0 ? QUIC_VERSION_NEGOTIATION : type_of(&packet->version, first);
    switch (packet->type) {
    case QUIC_INITIAL:
        packet->token = reader_bytes(datagram, read_length(datagram));
        read_body(datagram, &start, packet);
        break;
    case QUIC_ZERO_RTT:
    case QUIC_HANDSHAKE:
        read_body(datagram, &start, packet);
        break;
    case QUIC_RETRY:
        read_retry(datagram, &start, packet);
        break;
    case QUIC_VERSION_NEGOTIATION:
        packet->versions = reader_rest(datagram);
        if (!versions_plausible(packet->versions))
            reader_fail(datagram, READER_MALFORMED, "version_negotiation");
        break;
    case QUIC_GOOGLE:
        break;
    }
    return reader_ok(datagram);
}

/* Public flags with the version and an id of 8 bytes, which only a client sends: Google QUIC, "QUIC Wire
 * Layout Specification" of 2016. */
bool quic_packet_read_google(struct reader *datagram, struct quic_packet *packet)
{
    uint8_t flags = reader_u8(datagram);
    if ((flags & 0x89) != 0x09)
        return false;
    *packet = (struct quic_packet){.type = QUIC_GOOGLE};
    packet->dcid = reader_bytes(datagram, 8);
    packet->code = reader_u32(datagram);
    return reader_ok(datagram) && quic_version_find(packet->code, &packet->version) &&
           packet->version.own_header;
}
