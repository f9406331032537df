/* dtls_fields.c: the rows of the DTLS observations: name, type, privacy class and place of each field. */
#include "dissectors/dtls.h"
#include "dissectors/tables/tls_registry.h"

/* One row; STRUCT is the observation's struct. */
#define ROW(path, field_type, member, text, ...)                                                   \
    {                                                                                              \
        .name = path, .type = field_type, .offset = offsetof(STRUCT, member), .about = text,       \
        __VA_ARGS__                                                                                \
    }
#define IS_PUBLIC                 .privacy = PRIVACY_PUBLIC
#define IS_IDENTIFIER(token)      .privacy = PRIVACY_IDENTIFIER, .kind = token
#define COUNT(path, member, text) ROW(path, FIELD_NUMBER, member, text, IS_PUBLIC)
#define NUM_ROWS(rows)            (sizeof(rows) / sizeof *(rows))

#define STRUCT struct tls_hello_verify_request
static const struct field hello_verify_request_fields[] = {
    ROW("perpass.tls.transport", FIELD_TEXT, transport, "what carried it: dtls", IS_PUBLIC),
    ROW("perpass.tls.version_code", FIELD_NUMBER, version, "server_version, number", IS_PUBLIC),
    ROW("perpass.tls.cookie", FIELD_BYTES, cookie, "the cookie that the client shall return",
        IS_IDENTIFIER("cookie")),
    ROW("perpass.tls.cookie_len", FIELD_NUMBER, cookie_len, "its length, bytes", IS_PUBLIC),
};
#undef STRUCT

#define STRUCT struct dtls_cid
static const struct field cid_fields[] = {
    ROW("perpass.dtls.cid", FIELD_BYTES, cid, "connection id of the record", IS_IDENTIFIER("cid")),
    COUNT("perpass.dtls.cid_len", len, "its length, bytes"),
    ROW("perpass.dtls.cid_inferred", FIELD_TRUTH, inferred,
        "the length was not negotiated in sight, but follows from where the records end",
        IS_PUBLIC),
    ROW("perpass.dtls.unified_header", FIELD_TRUTH, unified,
        "a record of DTLS 1.3; else of type tls12_cid", IS_PUBLIC),
    ROW("perpass.dtls.from", FIELD_TEXT, from, "who sent it: client or server", IS_PUBLIC),
};
#undef STRUCT

#define STRUCT struct dtls_session
static const struct field session_fields[] = {
    ROW("tls.version", FIELD_NUMBER, version, "negotiated version", IS_PUBLIC,
        .name_of = tls_version_name),
    ROW("tls.version_protocol", FIELD_TEXT, version_protocol, "dtls", IS_PUBLIC),
    COUNT("perpass.dtls.version_code", version, "negotiated version, number"),
    COUNT("perpass.dtls.record_version", record_version,
          "version of the last record that names one"),
    ROW("perpass.dtls.hello_verify", FIELD_TRUTH, hello_verify,
        "the server asked for a cookie with a HelloVerifyRequest", IS_PUBLIC),
    COUNT("perpass.dtls.cookie_len", cookie_len, "length of that cookie, bytes"),
    COUNT("perpass.dtls.client_hello_bytes", client_hello_bytes,
          "UDP payload that the client sent before the server answered: its first hello, also when "
          "it came again"),
    COUNT("perpass.dtls.server_first_bytes", server_first_bytes,
          "UDP payload of the server's answer, until the client spoke again"),
    COUNT("perpass.dtls.client_repeated_messages", client_repeated,
          "handshake messages in clear that the client sent again"),
    COUNT("perpass.dtls.server_repeated_messages", server_repeated,
          "handshake messages in clear that the server sent again"),
    COUNT("perpass.dtls.client_repeated_flights", client_flights,
          "the times that the client sent some again"),
    COUNT("perpass.dtls.server_repeated_flights", server_flights,
          "the times that the server sent some again"),
    COUNT("perpass.dtls.client_plain_records", client_plain, "records in clear from the client"),
    COUNT("perpass.dtls.server_plain_records", server_plain, "records in clear from the server"),
    ROW("perpass.dtls.client_protected", FIELD_TRUTH, client_protected,
        "the client sent protected records", IS_PUBLIC),
    ROW("perpass.dtls.server_protected", FIELD_TRUTH, server_protected,
        "the server sent protected records", IS_PUBLIC),
    ROW("perpass.dtls.unified_header", FIELD_TRUTH, unified,
        "there were records that only DTLS 1.3 has", IS_PUBLIC),
    COUNT("perpass.dtls.client_cid_len", client_cid_len,
          "length of the connection id in what the client sends, bytes"),
    COUNT("perpass.dtls.server_cid_len", server_cid_len,
          "length of the connection id in what the server sends, bytes"),
    ROW("perpass.dtls.cid_inferred", FIELD_TRUTH, cid_inferred,
        "these lengths were not negotiated in sight, but follow from where the records end",
        IS_PUBLIC),
    COUNT("perpass.dtls.cid_records", cid_records, "records with a connection id"),
    ROW("perpass.dtls.client_cid_last", FIELD_TIME, client_cid_last_ns,
        "when the client sent the last one with a connection id", IS_PUBLIC),
};
#undef STRUCT

#define TYPE(symbol, event, rows, data, text)                                                      \
    const struct observation_type symbol = {.name = event,                                         \
                                            .about = text,                                         \
                                            .fields = rows,                                        \
                                            .num_fields = NUM_ROWS(rows),                          \
                                            .size = sizeof(struct data)}

TYPE(observation_tls_hello_verify_request, "tls.hello_verify_request", hello_verify_request_fields,
     tls_hello_verify_request, "DTLS up to 1.2: the server asks for its cookie back first.");
TYPE(observation_dtls_cid, "dtls.cid", cid_fields, dtls_cid,
     "A side of a DTLS flow sends records with a connection id that it did not use before.");
TYPE(observation_dtls_session, "dtls.session", session_fields, dtls_session,
     "A DTLS handshake, and what followed it, is over: its costs and its connection ids.");
