/* tls_fields.c: the rows of the TLS observations: name, type, privacy class and place of each field. */
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

/* One row; STRUCT is the observation's struct. */
#define ROW(path, field_type, member, text, ...)                                                   \
    {                                                                                              \
        .name = path, .type = field_type, .offset = offsetof(STRUCT, member), .about = text,       \
        __VA_ARGS__                                                                                \
    }
#define CODES(path, member, names, text)                                                           \
    ROW(path, FIELD_LIST, member, text, .item = VALUE_NUMBER, .privacy = PRIVACY_PUBLIC,           \
        .next = field_next_u16, .name_of = names)
#define IS_PUBLIC            .privacy = PRIVACY_PUBLIC
#define IS_IDENTIFIER(token) .privacy = PRIVACY_IDENTIFIER, .kind = token
#define IS_NAME(token)       .privacy = PRIVACY_NAME, .kind = token
#define DERIVED(path, function, text)                                                              \
    {                                                                                              \
        .name = path, .type = FIELD_DERIVED, .privacy = PRIVACY_PUBLIC, .derive = function,        \
        .about = text                                                                              \
    }
#define NUM_ROWS(rows) (sizeof(rows) / sizeof *(rows))

#define TRANSPORT_ROW                                                                              \
    ROW("perpass.tls.transport", FIELD_TEXT, transport, "what carried it: tls, dtls or quic",      \
        IS_PUBLIC)

#define STRUCT struct tls_client_hello
static const struct field client_hello_fields[] = {
    TRANSPORT_ROW,
    ROW("tls.client.server_name", FIELD_STRING, server_name, "server name indication",
        IS_NAME("host")),
    CODES("tls.client.supported_ciphers", ciphers, tls_suite_name, "offered suites, IANA names"),
    DERIVED("tls.client.ja3", tls_ja3, "JA3 fingerprint"),
    DERIVED("perpass.tls.ja4", tls_ja4, "JA4 fingerprint"),
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
    DERIVED("tls.server.ja3s", tls_ja3s, "JA3S fingerprint"),
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
    ROW("perpass.tls.selected_psk", FIELD_NUMBER, selected_psk,
        "index of the PSK that the server chose", IS_PUBLIC),
    ROW("perpass.tls.connection_id", FIELD_BYTES, connection_id,
        "connection id that the client shall send", IS_IDENTIFIER("cid")),
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

#define TYPE(symbol, event, rows, data, text)                                                      \
    const struct observation_type symbol = {.name = event,                                         \
                                            .about = text,                                         \
                                            .fields = rows,                                        \
                                            .num_fields = NUM_ROWS(rows),                          \
                                            .size = sizeof(struct data)}

TYPE(observation_tls_client_hello, "tls.client_hello", client_hello_fields, tls_client_hello,
     "A client offers what it can do.");
TYPE(observation_tls_server_hello, "tls.server_hello", server_hello_fields, tls_server_hello,
     "A server chooses, or asks for another client hello.");
TYPE(observation_tls_server_key_exchange, "tls.server_key_exchange", server_key_exchange_fields,
     tls_server_key_exchange, "Up to TLS 1.2: the server's Diffie-Hellman values and PSK hint.");
TYPE(observation_tls_client_key_exchange, "tls.client_key_exchange", client_key_exchange_fields,
     tls_client_key_exchange, "Up to TLS 1.2: the client's Diffie-Hellman value and PSK identity.");
TYPE(observation_tls_alert, "tls.alert", alert_fields, tls_alert, "An alert in clear.");
