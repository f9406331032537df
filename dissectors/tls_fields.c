/* tls_fields.c: the rows of the TLS observations: name, type, privacy class and place of each field. */
#include "dissectors/field_rows.h"
#include "dissectors/psk_origin.h"
#include "dissectors/tables/tls_registry.h"
#include "dissectors/tls.h"
#include "dissectors/tls_fingerprint.h"

void tls_next_psk_identity(struct reader *list, struct value *item)
{
    item->bytes = reader_span_vec16(list);
    (void)reader_u32(list);
}

void tls_next_psk_age(struct reader *list, struct value *item)
{
    (void)reader_span_vec16(list);
    item->number = reader_u32(list);
}

void tls_next_binder_len(struct reader *list, struct value *item)
{
    item->number = reader_span_vec8(list).len;
}

static void next_vec8(struct reader *list, struct value *item)
{
    item->bytes = reader_span_vec8(list);
}

static void next_u24(struct reader *list, struct value *item)
{
    item->number = reader_u24(list);
}

static void next_cached_type(struct reader *list, struct value *item)
{
    item->number = reader_u8(list);
    (void)reader_span_vec8(list);
}

static void next_cached_hash(struct reader *list, struct value *item)
{
    (void)reader_u8(list);
    item->bytes = reader_span_vec8(list);
}

#define TRANSPORT_ROW                                                                              \
    ROW("perpass.tls.transport", FIELD_TEXT, transport, "what carried it: tls, dtls, quic or eap", \
        IS_PUBLIC)

/* What fingerprints are made from: of extensions their types and order. */
static const struct field_read ja3_reads[] = {
    READ(tls_client_hello, FIELD_TRUTH, ssl2),
    READ(tls_client_hello, FIELD_NUMBER, legacy_version),
    READ(tls_client_hello, FIELD_BYTES, ciphers),
    {FIELD_LIST, offsetof(struct tls_client_hello, extensions), field_next_type16_vec16},
    READ(tls_client_hello, FIELD_BYTES, groups),
    READ(tls_client_hello, FIELD_BYTES, point_formats)};
static const struct field_read ja4_reads[] = {
    READ(tls_client_hello, FIELD_TEXT, transport),
    READ(tls_client_hello, FIELD_TRUTH, ssl2),
    READ(tls_client_hello, FIELD_NUMBER, legacy_version),
    READ(tls_client_hello, FIELD_BYTES, versions),
    READ(tls_client_hello, FIELD_BYTES, ciphers),
    {FIELD_LIST, offsetof(struct tls_client_hello, extensions), field_next_type16_vec16},
    READ(tls_client_hello, FIELD_BYTES, alpn),
    READ(tls_client_hello, FIELD_BYTES, signature_schemes)};
static const struct field_read ja3s_reads[] = {
    READ(tls_server_hello, FIELD_TRUTH, ssl2),
    READ(tls_server_hello, FIELD_NUMBER, legacy_version),
    READ(tls_server_hello, FIELD_NUMBER, cipher),
    {FIELD_LIST, offsetof(struct tls_server_hello, extensions), field_next_type16_vec16}};

#define STRUCT struct tls_client_hello
static const struct field client_hello_fields[] = {
    TRANSPORT_ROW,
    ROW("tls.client.server_name", FIELD_STRING, server_name, "server name indication",
        IS_NAME("host")),
    CODES("tls.client.supported_ciphers", ciphers, tls_suite_name, "offered suites, IANA names"),
    DERIVED_FROM("tls.client.ja3", tls_ja3, ja3_reads, "JA3 fingerprint"),
    DERIVED_FROM("perpass.tls.ja4", tls_ja4, ja4_reads, "JA4 fingerprint"),
    ROW("perpass.tls.legacy_version", FIELD_NUMBER, legacy_version, "legacy_version", IS_PUBLIC),
    ROW("perpass.tls.ssl2", FIELD_TRUTH, ssl2, "it came in an SSL 2 record", IS_PUBLIC),
    ROW("perpass.tls.random", FIELD_BYTES, random, "client random", IS_IDENTIFIER("random")),
    ROW("perpass.tls.session_id", FIELD_BYTES, session_id, "legacy_session_id",
        IS_IDENTIFIER("session-id")),
    ROW("perpass.tls.cookie", FIELD_BYTES, cookie, "DTLS: the cookie that is returned",
        IS_IDENTIFIER("cookie")),
    CODES("perpass.tls.ciphers", ciphers, NULL, "offered suites, numbers, GREASE included"),
    ROW("perpass.tls.ssl2_ciphers", FIELD_LIST, ssl2_ciphers, "SSL 2: offered cipher kinds",
        .item = VALUE_NUMBER, IS_PUBLIC, .next = next_u24),
    ROW("perpass.tls.compression", FIELD_LIST, compression, "compression methods",
        .item = VALUE_NUMBER, IS_PUBLIC, .next = field_next_u8),
    ROW("perpass.tls.extensions", FIELD_LIST, extensions, "every extension, in order",
        .item = VALUE_NUMBER, IS_PUBLIC, .next = field_next_type16_vec16),
    ROW("perpass.tls.alpn", FIELD_LIST, alpn, "application protocols", .item = VALUE_STRING,
        IS_NAME("alpn"), .next = next_vec8),
    CODES("perpass.tls.versions", versions, NULL, "supported_versions"),
    CODES("perpass.tls.groups", groups, NULL, "supported_groups"),
    CODES("perpass.tls.signature_schemes", signature_schemes, NULL, "signature_algorithms"),
    ROW("perpass.tls.point_formats", FIELD_LIST, point_formats, "ec_point_formats",
        .item = VALUE_NUMBER, IS_PUBLIC, .next = field_next_u8),
    ROW("perpass.tls.key_share_groups", FIELD_LIST, key_shares, "groups of the key shares",
        .item = VALUE_NUMBER, IS_PUBLIC, .next = field_next_type16_vec16),
    ROW("perpass.tls.psk_modes", FIELD_LIST, psk_modes, "0 psk_ke, 1 psk_dhe_ke",
        .item = VALUE_NUMBER, IS_PUBLIC, .next = field_next_u8),
    ROW("perpass.tls.psk_identities", FIELD_LIST, psk_identities,
        "identities of pre_shared_key: external keys and tickets", .item = VALUE_BYTES,
        IS_IDENTIFIER("psk"), .next = tls_next_psk_identity),
    ROW("perpass.tls.psk_ages", FIELD_LIST, psk_identities, "their obfuscated_ticket_age",
        .item = VALUE_NUMBER, IS_PUBLIC, .next = tls_next_psk_age),
    ROW("perpass.tls.psk_binder_lens", FIELD_LIST, psk_binders, "lengths of the binders, bytes",
        .item = VALUE_NUMBER, IS_PUBLIC, .next = tls_next_binder_len),
    ROW("perpass.tls.message_sequence", FIELD_NUMBER, message_seq,
        "DTLS: message_seq; only with --psk-candidates", IS_PUBLIC),
    ROW("perpass.tls.psk_kinds", FIELD_LIST, psk_origins,
        "what the first of them look like: external, imported, resumption, unknown",
        .item = VALUE_NUMBER, IS_PUBLIC, .next = field_next_u8, .name_of = psk_origin_code_kind),
    ROW("perpass.tls.ticket", FIELD_BYTES, ticket,
        "session ticket; empty where support is only offered", IS_IDENTIFIER("ticket")),
    ROW("perpass.tls.connection_id", FIELD_BYTES, connection_id,
        "connection id that the server shall send", IS_IDENTIFIER("cid")),
    ROW("perpass.tls.ech", FIELD_TRUTH, ech, "there is an encrypted_client_hello extension",
        IS_PUBLIC),
    ROW("perpass.tls.early_data", FIELD_TRUTH, early_data, "there is an early_data extension",
        IS_PUBLIC),
    ROW("perpass.tls.retry_cookie", FIELD_TRUTH, retry_cookie,
        "there is the cookie of a hello retry request", IS_PUBLIC),
    ROW("perpass.tls.extended_master_secret", FIELD_TRUTH, extended_master_secret,
        "there is an extended_master_secret extension", IS_PUBLIC),
    ROW("perpass.tls.encrypt_then_mac", FIELD_TRUTH, encrypt_then_mac,
        "there is an encrypt_then_mac extension", IS_PUBLIC),
    ROW("perpass.tls.truncated_hmac", FIELD_TRUTH, truncated_hmac,
        "there is a truncated_hmac extension", IS_PUBLIC),
    ROW("perpass.tls.client_certificate_url", FIELD_TRUTH, certificate_url,
        "there is a client_certificate_url extension", IS_PUBLIC),
    ROW("perpass.tls.signed_certificate_timestamp", FIELD_TRUTH, timestamps,
        "there is a signed_certificate_timestamp extension", IS_PUBLIC),
    ROW("perpass.tls.secure_renegotiation", FIELD_TRUTH, secure_renegotiation,
        "there is a renegotiation_info extension", IS_PUBLIC),
    ROW("perpass.tls.renegotiation", FIELD_TRUTH, renegotiation,
        "renegotiation_info is not empty: an earlier handshake goes before", IS_PUBLIC),
    ROW("perpass.tls.max_fragment_length", FIELD_NUMBER, max_fragment_length,
        "1: 512 bytes, 2: 1024, 3: 2048, 4: 4096", IS_PUBLIC),
    ROW("perpass.tls.record_size_limit", FIELD_NUMBER, record_size_limit, "bytes", IS_PUBLIC),
    ROW("perpass.tls.heartbeat", FIELD_NUMBER, heartbeat,
        "1: the peer may send requests, 2: it may not", IS_PUBLIC),
    ROW("perpass.tls.status_request", FIELD_NUMBER, status_request, "1: OCSP", IS_PUBLIC),
    ROW("perpass.tls.trusted_ca_count", FIELD_NUMBER, trusted_ca_count,
        "authorities in trusted_ca_keys", IS_PUBLIC),
    ROW("perpass.tls.client_certificate_types", FIELD_LIST, client_certificate_types,
        "what the client can show: 0 X.509, 1 OpenPGP, 2 raw public key", .item = VALUE_NUMBER,
        IS_PUBLIC, .next = field_next_u8),
    ROW("perpass.tls.server_certificate_types", FIELD_LIST, server_certificate_types,
        "what the client can check", .item = VALUE_NUMBER, IS_PUBLIC, .next = field_next_u8),
    CODES("perpass.tls.certificate_compression", certificate_compression, NULL,
          "1 zlib, 2 brotli, 3 zstd"),
    ROW("perpass.tls.cached_info", FIELD_LIST, cached_info,
        "what the client has cached: 1 certificate, 2 certificate request", .item = VALUE_NUMBER,
        IS_PUBLIC, .next = next_cached_type),
    ROW("perpass.tls.cached_info_hashes", FIELD_LIST, cached_info, "their hashes",
        .item = VALUE_BYTES, IS_IDENTIFIER("cached-info"), .next = next_cached_hash),
    ROW("perpass.tls.ech_type", FIELD_NUMBER, ech_type, "0 outer, or GREASE; 1 inner", IS_PUBLIC),
    ROW("perpass.tls.ech_kdf", FIELD_NUMBER, ech_kdf, "HPKE KDF", IS_PUBLIC),
    ROW("perpass.tls.ech_aead", FIELD_NUMBER, ech_aead, "HPKE AEAD", IS_PUBLIC),
    ROW("perpass.tls.ech_config", FIELD_NUMBER, ech_config, "config id; random in GREASE",
        IS_PUBLIC),
    ROW("perpass.tls.ech_enc_len", FIELD_NUMBER, ech_enc_len,
        "bytes of the encapsulated key; 0 after a hello retry request", IS_PUBLIC),
    ROW("perpass.tls.ech_payload_len", FIELD_NUMBER, ech_payload_len,
        "bytes of the encrypted hello", IS_PUBLIC),
};
#undef STRUCT

#define STRUCT struct tls_server_hello
static const struct field server_hello_fields[] = {
    TRANSPORT_ROW,
    ROW("tls.version", FIELD_NUMBER, version, "negotiated version", IS_PUBLIC,
        .name_of = tls_version_name),
    ROW("tls.version_protocol", FIELD_TEXT, version_protocol, "tls or dtls", IS_PUBLIC),
    ROW("tls.cipher", FIELD_NUMBER, cipher, "negotiated suite, IANA name", IS_PUBLIC,
        .name_of = tls_suite_name),
    ROW("tls.curve", FIELD_NUMBER, key_share_group, "group of the key share", IS_PUBLIC,
        .name_of = tls_group_name),
    DERIVED_FROM("tls.server.ja3s", tls_ja3s, ja3s_reads, "JA3S fingerprint"),
    DERIVED_FROM("perpass.tls.ja3s", tls_ja3s, ja3s_reads, "the same, beside the other facts"),
    ROW("perpass.tls.legacy_version", FIELD_NUMBER, legacy_version, "legacy_version", IS_PUBLIC),
    ROW("perpass.tls.version_code", FIELD_NUMBER, version, "negotiated version, number", IS_PUBLIC),
    ROW("perpass.tls.client_version_code", FIELD_NUMBER, client_version,
        "highest version that the client offered", IS_PUBLIC),
    ROW("perpass.tls.ssl2", FIELD_TRUTH, ssl2, "an SSL 2 server hello", IS_PUBLIC),
    ROW("perpass.tls.hello_retry", FIELD_TRUTH, hello_retry, "it is a hello retry request",
        IS_PUBLIC),
    ROW("perpass.tls.random", FIELD_BYTES, random, "server random", IS_IDENTIFIER("random")),
    ROW("perpass.tls.session_id", FIELD_BYTES, session_id, "session id or its echo",
        IS_IDENTIFIER("session-id")),
    ROW("perpass.tls.cipher_code", FIELD_NUMBER, cipher, "negotiated suite, number", IS_PUBLIC),
    ROW("perpass.tls.ssl2_ciphers", FIELD_LIST, ssl2_ciphers, "SSL 2: cipher kinds of the server",
        .item = VALUE_NUMBER, IS_PUBLIC, .next = next_u24),
    ROW("perpass.tls.compression_code", FIELD_NUMBER, compression, "compression method", IS_PUBLIC),
    ROW("perpass.tls.extensions", FIELD_LIST, extensions, "every extension, in order",
        .item = VALUE_NUMBER, IS_PUBLIC, .next = field_next_type16_vec16),
    ROW("perpass.tls.alpn", FIELD_LIST, alpn, "chosen application protocol", .item = VALUE_STRING,
        IS_NAME("alpn"), .next = next_vec8),
    ROW("perpass.tls.key_share_group", FIELD_NUMBER, key_share_group,
        "group of the key share, number", IS_PUBLIC),
    ROW("perpass.tls.public_value", FIELD_BYTES, key_share, "key share: public value of the group",
        IS_IDENTIFIER("public-value")),
    ROW("perpass.tls.selected_psk", FIELD_NUMBER, selected_psk,
        "index of the PSK that the server chose", IS_PUBLIC),
    ROW("perpass.tls.connection_id", FIELD_BYTES, connection_id,
        "connection id that the client shall send", IS_IDENTIFIER("cid")),
    ROW("perpass.tls.extended_master_secret", FIELD_TRUTH, extended_master_secret,
        "extended_master_secret is on", IS_PUBLIC),
    ROW("perpass.tls.encrypt_then_mac", FIELD_TRUTH, encrypt_then_mac, "encrypt_then_mac is on",
        IS_PUBLIC),
    ROW("perpass.tls.truncated_hmac", FIELD_TRUTH, truncated_hmac, "truncated_hmac is on",
        IS_PUBLIC),
    ROW("perpass.tls.client_certificate_url", FIELD_TRUTH, certificate_url,
        "the client may send the URL of its certificate", IS_PUBLIC),
    ROW("perpass.tls.signed_certificate_timestamp", FIELD_TRUTH, timestamps,
        "there are signed certificate timestamps", IS_PUBLIC),
    ROW("perpass.tls.status_request_on", FIELD_TRUTH, status_request,
        "an OCSP response follows the certificate", IS_PUBLIC),
    ROW("perpass.tls.certificate_and_psk", FIELD_TRUTH, certificate_and_psk,
        "a certificate vouches for the server, beside the PSK", IS_PUBLIC),
    ROW("perpass.tls.session_ticket", FIELD_TRUTH, session_ticket, "a new ticket follows",
        IS_PUBLIC),
    ROW("perpass.tls.secure_renegotiation", FIELD_TRUTH, secure_renegotiation,
        "there is a renegotiation_info extension", IS_PUBLIC),
    ROW("perpass.tls.renegotiation", FIELD_TRUTH, renegotiation,
        "renegotiation_info is not empty: an earlier handshake goes before", IS_PUBLIC),
    ROW("perpass.tls.ech_confirmation", FIELD_TRUTH, ech_confirmation,
        "the hello retry request answers the ECH: the server has a key for it", IS_PUBLIC),
    ROW("perpass.tls.max_fragment_length", FIELD_NUMBER, max_fragment_length,
        "1: 512 bytes, 2: 1024, 3: 2048, 4: 4096", IS_PUBLIC),
    ROW("perpass.tls.record_size_limit", FIELD_NUMBER, record_size_limit, "bytes", IS_PUBLIC),
    ROW("perpass.tls.heartbeat", FIELD_NUMBER, heartbeat,
        "1: the peer may send requests, 2: it may not", IS_PUBLIC),
    ROW("perpass.tls.client_certificate_type", FIELD_NUMBER, client_certificate_type,
        "what the client shows: 0 X.509, 1 OpenPGP, 2 raw public key", IS_PUBLIC),
    ROW("perpass.tls.server_certificate_type", FIELD_NUMBER, server_certificate_type,
        "what the server shows", IS_PUBLIC),
    ROW("perpass.tls.cached_info", FIELD_LIST, cached_info, "what the server leaves out",
        .item = VALUE_NUMBER, IS_PUBLIC, .next = field_next_u8),
};
#undef STRUCT

#define STRUCT struct tls_server_key_exchange
static const struct field server_key_exchange_fields[] = {
    TRANSPORT_ROW,
    ROW("tls.cipher", FIELD_NUMBER, cipher, "negotiated suite, IANA name", IS_PUBLIC,
        .name_of = tls_suite_name),
    ROW("tls.curve", FIELD_NUMBER, group, "named curve", IS_PUBLIC, .name_of = tls_group_name),
    ROW("perpass.tls.kx", FIELD_TEXT, kx, "key exchange of the suite", IS_PUBLIC),
    ROW("perpass.tls.psk_hint", FIELD_BYTES, psk_hint, "PSK identity hint", IS_IDENTIFIER("hint")),
    ROW("perpass.tls.group", FIELD_NUMBER, group, "named curve, number", IS_PUBLIC),
    ROW("perpass.tls.signature_scheme", FIELD_NUMBER, signature_scheme,
        "from TLS 1.2 on: how it is signed", IS_PUBLIC, .name_of = tls_signature_name),
    ROW("perpass.tls.signature_scheme_code", FIELD_NUMBER, signature_scheme, "its number",
        IS_PUBLIC),
    ROW("perpass.tls.dh_bits", FIELD_NUMBER, dh_bits, "bits of the DH prime", IS_PUBLIC),
    ROW("perpass.tls.dh_p", FIELD_BYTES, dh_p, "DH prime", IS_IDENTIFIER("dh-prime")),
    ROW("perpass.tls.dh_g", FIELD_BYTES, dh_g, "DH generator", IS_IDENTIFIER("dh-generator")),
    ROW("perpass.tls.public_value", FIELD_BYTES, public_value, "DH or EC public value",
        IS_IDENTIFIER("public-value")),
};
#undef STRUCT

#define STRUCT struct tls_client_key_exchange
static const struct field client_key_exchange_fields[] = {
    TRANSPORT_ROW,
    ROW("tls.cipher", FIELD_NUMBER, cipher, "negotiated suite, IANA name", IS_PUBLIC,
        .name_of = tls_suite_name),
    ROW("perpass.tls.kx", FIELD_TEXT, kx, "key exchange of the suite", IS_PUBLIC),
    ROW("perpass.tls.psk_identity", FIELD_BYTES, psk_identity, "PSK identity",
        IS_IDENTIFIER("psk")),
    ROW("perpass.tls.public_value", FIELD_BYTES, public_value, "DH or EC public value",
        IS_IDENTIFIER("public-value")),
};
#undef STRUCT

#define STRUCT struct tls_alert
static const struct field alert_fields[] = {
    TRANSPORT_ROW,
    ROW("perpass.tls.alert.level", FIELD_NUMBER, level, "1 warning, 2 fatal", IS_PUBLIC),
    ROW("perpass.tls.alert.code", FIELD_NUMBER, description, "AlertDescription", IS_PUBLIC),
    ROW("perpass.tls.alert.name", FIELD_NUMBER, description, "its registered name", IS_PUBLIC,
        .name_of = tls_alert_name),
    ROW("perpass.tls.alert.from", FIELD_TEXT, from, "client or server", IS_PUBLIC),
};
#undef STRUCT

static const struct observation_part client_hello_parts[] = {PART(tls_client_hello, message)};

TYPE_WITH_PARTS(observation_tls_client_hello, "tls.client_hello", client_hello_fields,
                client_hello_parts, tls_client_hello, "A client offers what it can do.");
TYPE(observation_tls_server_hello, "tls.server_hello", server_hello_fields, tls_server_hello,
     "A server chooses, or asks for another client hello.");
TYPE(observation_tls_server_key_exchange, "tls.server_key_exchange", server_key_exchange_fields,
     tls_server_key_exchange, "Up to TLS 1.2: the server's Diffie-Hellman values and PSK hint.");
TYPE(observation_tls_client_key_exchange, "tls.client_key_exchange", client_key_exchange_fields,
     tls_client_key_exchange, "Up to TLS 1.2: the client's Diffie-Hellman value and PSK identity.");
TYPE(observation_tls_alert, "tls.alert", alert_fields, tls_alert, "An alert in clear.");
