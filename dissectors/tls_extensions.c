/* tls_extensions.c: max_fragment_length, client_certificate_url, trusted_ca_keys, truncated_hmac and
 * status_request (RFC 6066), heartbeat (RFC 6520), signed_certificate_timestamp (RFC 6962), certificate types
 * (RFC 7250, RFC 6091), encrypt_then_mac (RFC 7366), extended_master_secret (RFC 7627),
 * compress_certificate (RFC 8879), cached_info (RFC 7924), tls_cert_with_extern_psk (RFC 8773), record_size_limit (RFC 8449), renegotiation_info
 * (RFC 5746), encrypted_client_hello (RFC 9849). Others are passed over. */
#include "dissectors/tls_extensions.h"

static struct number seen_if_ok(const struct reader *ext, uint64_t value)
{
    return reader_ok(ext) ? number(value) : (struct number){0};
}

static struct number number_u8(struct reader *ext)
{
    uint8_t value = reader_u8(ext);
    return seen_if_ok(ext, value);
}

static struct number number_u16(struct reader *ext)
{
    uint16_t value = reader_u16(ext);
    return seen_if_ok(ext, value);
}

static struct span list_vec8(struct reader *ext)
{
    struct span list = reader_span_vec8(ext);
    return reader_ok(ext) ? list : (struct span){0};
}

/* An extension that is there is on, whatever a broken peer puts into it. */
static enum truth flag(struct reader *ext)
{
    (void)reader_rest(ext);
    return TRUTH_YES;
}

/* struct { ECHClientHelloType type; select (type) { case outer(0): HpkeSymmetricCipherSuite { uint16 kdf_id,
 * aead_id; }; uint8 config_id; opaque enc<0..2^16-1>; opaque payload<1..2^16-1>; case inner(1): Empty; }; }
 * A GREASE extension of a client without a key has the same form. */
static void read_ech(struct reader *ext, struct tls_client_hello *hello)
{
    hello->ech_type = number_u8(ext);
    if (hello->ech_type.value != 0) {
        (void)reader_rest(ext);
        return;
    }
    hello->ech_kdf = number_u16(ext);
    hello->ech_aead = number_u16(ext);
    hello->ech_config = number_u8(ext);
    hello->ech_enc_len = seen_if_ok(ext, reader_span_vec16(ext).len);
    hello->ech_payload_len = seen_if_ok(ext, reader_span_vec16(ext).len);
}

/* CachedObject cached_info<1..2^16-1>, each a type and, from the client, opaque hash_value<1..255>. */
static struct span read_cached_info(struct reader *ext, bool hashes)
{
    struct reader list = reader_vec16(ext);
    struct span objects = span_of(list.at, reader_left(&list));
    while (reader_more(&list)) {
        (void)reader_u8(&list);
        if (hashes)
            (void)reader_span_vec8(&list);
    }
    reader_close(ext, &list, "hello.cached_info");
    return reader_ok(ext) ? objects : (struct span){0};
}

/* TrustedAuthority trusted_authorities_list<0..2^16-1>: their number. */
static struct number read_trusted_ca(struct reader *ext)
{
    enum { PRE_AGREED = 0, KEY_SHA1 = 1, X509_NAME = 2, CERT_SHA1 = 3, SHA1_LEN = 20 };
    struct reader list = reader_vec16(ext);
    uint64_t count = 0;
    while (reader_more(&list)) {
        uint8_t type = reader_u8(&list);
        if (type == X509_NAME)
            (void)reader_span_vec16(&list);
        else if (type == KEY_SHA1 || type == CERT_SHA1)
            reader_skip(&list, SHA1_LEN);
        else if (type != PRE_AGREED)
            reader_fail(&list, READER_MALFORMED, NULL);
        count++;
    }
    reader_close(ext, &list, "client_hello.trusted_ca_keys");
    return seen_if_ok(ext, count);
}

/* A client begins with an empty verify_data; in a renegotiation it has 12 or 36 bytes. */
static enum truth read_renegotiation(struct reader *ext, enum truth *renegotiation)
{
    struct span verify_data = reader_span_vec8(ext);
    if (!reader_ok(ext))
        return TRUTH_UNKNOWN;
    *renegotiation = truth(verify_data.len > 0);
    return TRUTH_YES;
}

void tls_client_extensions_begin(struct tls_client_hello *hello)
{
    hello->ech = hello->early_data = hello->retry_cookie = TRUTH_NO;
    hello->extended_master_secret = hello->encrypt_then_mac = hello->truncated_hmac = TRUTH_NO;
    hello->certificate_url = hello->timestamps = hello->secure_renegotiation = TRUTH_NO;
}

void tls_read_client_extension(uint16_t type, struct reader *ext, struct tls_client_hello *hello)
{
    switch (type) {
    case EXT_MAX_FRAGMENT_LENGTH:
        hello->max_fragment_length = number_u8(ext);
        break;
    case EXT_CLIENT_CERTIFICATE_URL:
        hello->certificate_url = flag(ext);
        break;
    case EXT_TRUSTED_CA_KEYS:
        hello->trusted_ca_count = read_trusted_ca(ext);
        break;
    case EXT_TRUNCATED_HMAC:
        hello->truncated_hmac = flag(ext);
        break;
    case EXT_STATUS_REQUEST:
        hello->status_request = number_u8(ext);
        (void)reader_rest(ext);
        break;
    case EXT_HEARTBEAT:
        hello->heartbeat = number_u8(ext);
        break;
    case EXT_SIGNED_CERTIFICATE_TIMESTAMP:
        hello->timestamps = flag(ext);
        break;
    case EXT_CLIENT_CERTIFICATE_TYPE:
        hello->client_certificate_types = list_vec8(ext);
        break;
    case EXT_SERVER_CERTIFICATE_TYPE:
        hello->server_certificate_types = list_vec8(ext);
        break;
    case EXT_ENCRYPT_THEN_MAC:
        hello->encrypt_then_mac = flag(ext);
        break;
    case EXT_EXTENDED_MASTER_SECRET:
        hello->extended_master_secret = flag(ext);
        break;
    case EXT_CACHED_INFO:
        hello->cached_info = read_cached_info(ext, true);
        break;
    case EXT_COMPRESS_CERTIFICATE:
        hello->certificate_compression = list_vec8(ext);
        break;
    case EXT_RECORD_SIZE_LIMIT:
        hello->record_size_limit = number_u16(ext);
        break;
    case EXT_ENCRYPTED_CLIENT_HELLO:
        hello->ech = TRUTH_YES;
        read_ech(ext, hello);
        break;
    case EXT_RENEGOTIATION_INFO:
        hello->secure_renegotiation = read_renegotiation(ext, &hello->renegotiation);
        break;
    default:
        (void)reader_rest(ext);
        break;
    }
}

void tls_server_extensions_begin(struct tls_server_hello *hello)
{
    hello->extended_master_secret = hello->encrypt_then_mac = hello->truncated_hmac = TRUTH_NO;
    hello->certificate_url = hello->timestamps = hello->secure_renegotiation = TRUTH_NO;
    hello->status_request = hello->session_ticket = hello->certificate_and_psk = TRUTH_NO;
}

/* What one of the certificate types says that the client's list offered. RFC 6091 has one for both sides. */
static void read_cert_type(struct reader *ext, struct tls_server_hello *hello)
{
    hello->client_certificate_type = hello->server_certificate_type = number_u8(ext);
}

void tls_read_server_extension(uint16_t type, struct reader *ext, struct tls_server_hello *hello)
{
    switch (type) {
    case EXT_MAX_FRAGMENT_LENGTH:
        hello->max_fragment_length = number_u8(ext);
        break;
    case EXT_CLIENT_CERTIFICATE_URL:
        hello->certificate_url = flag(ext);
        break;
    case EXT_TRUNCATED_HMAC:
        hello->truncated_hmac = flag(ext);
        break;
    case EXT_STATUS_REQUEST:
        hello->status_request = flag(ext);
        break;
    case EXT_CERT_TYPE:
        read_cert_type(ext, hello);
        break;
    case EXT_HEARTBEAT:
        hello->heartbeat = number_u8(ext);
        break;
    case EXT_SIGNED_CERTIFICATE_TIMESTAMP:
        hello->timestamps = flag(ext);
        break;
    case EXT_CLIENT_CERTIFICATE_TYPE:
        hello->client_certificate_type = number_u8(ext);
        break;
    case EXT_SERVER_CERTIFICATE_TYPE:
        hello->server_certificate_type = number_u8(ext);
        break;
    case EXT_ENCRYPT_THEN_MAC:
        hello->encrypt_then_mac = flag(ext);
        break;
    case EXT_EXTENDED_MASTER_SECRET:
        hello->extended_master_secret = flag(ext);
        break;
    case EXT_CACHED_INFO:
        hello->cached_info = read_cached_info(ext, false);
        break;
    case EXT_RECORD_SIZE_LIMIT:
        hello->record_size_limit = number_u16(ext);
        break;
    case EXT_CERT_WITH_EXTERN_PSK:
        hello->certificate_and_psk = flag(ext);
        break;
    case EXT_SESSION_TICKET:
        hello->session_ticket = flag(ext);
        break;
    case EXT_ENCRYPTED_CLIENT_HELLO:
        hello->ech_confirmation = flag(ext);
        break;
    case EXT_RENEGOTIATION_INFO:
        hello->secure_renegotiation = read_renegotiation(ext, &hello->renegotiation);
        break;
    default:
        (void)reader_rest(ext);
        break;
    }
}
