/* hello.c: writes the ClientHello of DTLS 1.0 and 1.2. */
#include "probe/hello.h"

#include "core/crypto.h"
#include "dissectors/dtls_record.h"
#include "dissectors/tls_extensions.h"

static const char mark[] = "perpass-probe";

bool hello_random(uint8_t random[HELLO_RANDOM_LEN])
{
    const size_t len = sizeof mark - 1;
    memcpy(random, mark, len);
    return crypto_random(random + len, HELLO_RANDOM_LEN - len);
}

static void put_flag(struct bytes_out *out, bool wanted, uint16_t type)
{
    if (wanted)
        out_number(out, (uint32_t)type << 16, 4);
}

/* An extension whose content is a |width| byte number. */
static void put_number(struct bytes_out *out, struct number value, uint16_t type, unsigned width)
{
    if (!value.seen)
        return;
    out_u16(out, type);
    out_u16(out, (uint16_t)width);
    out_number(out, value.value, width);
}

static void put_list(struct bytes_out *out, uint16_t type, const uint16_t *items, size_t num)
{
    out_u16(out, type);
    out_u16(out, (uint16_t)(2 + 2 * num));
    out_u16(out, (uint16_t)(2 * num));
    for (size_t i = 0; i < num; i++)
        out_u16(out, items[i]);
}

/* ServerNameList of one host_name. */
static void put_server_name(struct bytes_out *out, struct span name)
{
    if (!span_seen(name))
        return;
    out_u16(out, EXT_SERVER_NAME);
    size_t extension = out_begin(out, 2), list = out_begin(out, 2);
    out_u8(out, 0);
    out_vec(out, name, 2);
    out_end(out, list, 2);
    out_end(out, extension, 2);
}

/* secp256r1, which profiles ask for, first */
static const uint16_t groups[] = {23, 29, 24, 25, 30};

bool hello_offers_group(const struct hello *hello, uint64_t group)
{
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (groups[i] == group)
            return hello->groups;
    return false;
}

static void put_groups(struct bytes_out *out)
{
    put_list(out, EXT_SUPPORTED_GROUPS, groups, sizeof groups / sizeof *groups);
    out_u16(out, EXT_EC_POINT_FORMATS);
    out_number(out, 0x00020100, 4); /* two bytes: a list of one: uncompressed */
}

static void put_signatures(struct bytes_out *out)
{
    static const uint16_t schemes[] = {0x0403, 0x0503, 0x0603, 0x0804, 0x0805,
                                       0x0806, 0x0401, 0x0501, 0x0601, 0x0807};
    put_list(out, EXT_SIGNATURE_ALGORITHMS, schemes, sizeof schemes / sizeof *schemes);
}

static void put_certificate_types(struct bytes_out *out)
{
    out_u16(out, EXT_SERVER_CERTIFICATE_TYPE);
    out_number(out, 0x0003020200, 5); /* three bytes: a list of two: raw public key, X.509 */
}

static void put_extension(struct bytes_out *out, uint16_t type, struct span content, unsigned inner)
{
    if (!span_seen(content))
        return;
    out_u16(out, type);
    size_t extension = out_begin(out, 2);
    if (inner > 0)
        out_vec(out, content, inner);
    else
        out_span(out, content);
    out_end(out, extension, 2);
}

/* RFC 8446 sections 4.2.1, 4.2.2, 4.2.8 and 4.2.9. */
static void put_version_13(struct bytes_out *out, const struct hello *hello)
{
    enum { PSK_KE = 0, PSK_DHE_KE = 1 };
    out_u16(out, EXT_SUPPORTED_VERSIONS);
    out_number(out, 0x0003020000 | DTLS_VERSION_13, 5);
    out_u16(out, EXT_PSK_KEY_EXCHANGE_MODES);
    size_t extension = out_begin(out, 2), list = out_begin(out, 1);
    if (hello->psk_dhe_ke)
        out_u8(out, PSK_DHE_KE);
    if (hello->psk_ke)
        out_u8(out, PSK_KE);
    out_end(out, list, 1);
    out_end(out, extension, 2);
    put_extension(out, EXT_COOKIE, hello->retry_cookie, 2);
    if (!span_seen(hello->key_share))
        return;
    out_u16(out, EXT_KEY_SHARE);
    extension = out_begin(out, 2);
    list = out_begin(out, 2);
    out_u16(out, hello->key_share_group);
    out_vec(out, hello->key_share, 2);
    out_end(out, list, 2);
    out_end(out, extension, 2);
}

/* OfferedPsks of one external identity, whose age is 0: RFC 8446 section 4.2.11. */
static void put_psk(struct bytes_out *out, struct span identity)
{
    static const uint8_t zeros[HELLO_BINDER_LEN];
    out_u16(out, EXT_PRE_SHARED_KEY);
    size_t extension = out_begin(out, 2), identities = out_begin(out, 2);
    out_vec(out, identity, 2);
    out_number(out, 0, 4);
    out_end(out, identities, 2);
    size_t binders = out_begin(out, 2);
    out_vec(out, span_of(zeros, sizeof zeros), 1);
    out_end(out, binders, 2);
    out_end(out, extension, 2);
}

static void put_extensions(struct bytes_out *out, const struct hello *hello)
{
    const struct span none = span_of("", 0), unseen = {.at = NULL};
    const struct span verified = span_seen(hello->verify_data) ? hello->verify_data : none;
    put_server_name(out, hello->server_name);
    put_number(out, hello->max_fragment_length, EXT_MAX_FRAGMENT_LENGTH, 1);
    put_flag(out, hello->truncated_hmac, EXT_TRUNCATED_HMAC);
    if (hello->groups)
        put_groups(out);
    if (hello->signatures)
        put_signatures(out);
    put_number(out, hello->heartbeat ? number(1) : (struct number){0}, EXT_HEARTBEAT, 1);
    if (hello->raw_public_keys)
        put_certificate_types(out);
    put_flag(out, hello->encrypt_then_mac, EXT_ENCRYPT_THEN_MAC);
    put_flag(out, hello->extended_master_secret, EXT_EXTENDED_MASTER_SECRET);
    put_number(out, hello->record_size_limit, EXT_RECORD_SIZE_LIMIT, 2);
    if (hello->version_13)
        put_version_13(out, hello);
    put_extension(out, EXT_SESSION_TICKET, hello->ticket, 0);
    put_extension(out, EXT_CONNECTION_ID, hello->connection_id ? none : unseen, 1);
    put_extension(out, EXT_RENEGOTIATION_INFO, hello->renegotiation_info ? verified : unseen, 1);
    if (span_seen(hello->psk_identity))
        put_psk(out, hello->psk_identity);
}

void hello_put(struct bytes_out *out, const struct hello *hello,
               const uint8_t random[HELLO_RANDOM_LEN], struct span cookie)
{
    out_u16(out, hello->version);
    out_span(out, span_of(random, HELLO_RANDOM_LEN));
    out_vec(out, hello->session_id, 1);
    out_vec(out, cookie, 1);
    size_t suites = out_begin(out, 2);
    for (size_t i = 0; i < hello->num_suites; i++)
        out_u16(out, hello->suites[i]);
    out_end(out, suites, 2);
    if (hello->deflate)
        out_number(out, 0x020100, 3);
    else
        out_number(out, 0x0100, 2);
    size_t extensions = out_begin(out, 2);
    put_extensions(out, hello);
    out_end(out, extensions, 2);
    if (!out->full && out->len == extensions)
        out->len -= 2; /* an empty block is left out */
}
