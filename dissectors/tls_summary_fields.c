/* tls_summary_fields.c: the rows of the verdict on a handshake. */
#include "dissectors/field_rows.h"
#include "dissectors/tables/tls_registry.h"
#include "dissectors/tls_summary.h"

#define H "perpass.tls.handshake."

#define STRUCT struct tls_handshake_summary
static const struct field handshake_summary_fields[] = {
    ROW("perpass.tls.transport", FIELD_TEXT, transport, "what carried it: tls, dtls, quic or eap",
        IS_PUBLIC),
    ROW("tls.version", FIELD_NUMBER, version, "negotiated version", IS_PUBLIC,
        .name_of = tls_version_name),
    ROW("tls.version_protocol", FIELD_TEXT, version_protocol, "tls or dtls", IS_PUBLIC),
    ROW("tls.cipher", FIELD_NUMBER, cipher, "negotiated suite, IANA name", IS_PUBLIC,
        .name_of = tls_suite_name),
    ROW("tls.curve", FIELD_NUMBER, group, "group of the key exchange", IS_PUBLIC,
        .name_of = tls_group_name),
    ROW("tls.resumed", FIELD_TRUTH, resumed, "the keys of an earlier session serve again",
        IS_PUBLIC),
    ROW("tls.established", FIELD_TRUTH, established, "both sides protect what they send",
        IS_PUBLIC),
    ROW(H "kx", FIELD_TEXT, kx,
        "key exchange: of the suite; in TLS 1.3 of group and PSK (HYBRID: with a post-quantum KEM)",
        IS_PUBLIC),
    ROW(H "forward_secrecy", FIELD_TRUTH, forward_secrecy,
        "no long-term key that leaks later opens it", IS_PUBLIC),
    ROW(H "forward_secrecy_reason", FIELD_TEXT, forward_secrecy_reason, "why", IS_PUBLIC),
    ROW(H "server_authentication", FIELD_TEXT, server_authentication,
        "certificate, raw_public_key, psk, certificate and psk, password, kerberos, anonymous, "
        "resumption",
        IS_PUBLIC),
    ROW(H "client_authentication", FIELD_TEXT, client_authentication,
        "the same, or none; left out where it is encrypted", IS_PUBLIC),
    ROW(H "certificate_requested", FIELD_TRUTH, certificate_requested,
        "up to TLS 1.2: the server asked the client for a certificate", IS_PUBLIC),
    ROW(H "psk", FIELD_TEXT, psk, "PSK in use: none, external, imported, resumption, unknown",
        IS_PUBLIC),
    ROW(H "psk_reason", FIELD_TEXT, psk_reason, "why it is taken for that", IS_PUBLIC),
    ROW(H "psk_offered", FIELD_TRUTH, psk_offered, "the client offered PSKs of TLS 1.3", IS_PUBLIC),
    ROW(H "resumed_by", FIELD_TEXT, resumed_by, "session_id, ticket, psk", IS_PUBLIC),
    ROW(H "resumed_reason", FIELD_TEXT, resumed_reason, "why it is taken for resumed, or not",
        IS_PUBLIC),
    ROW(H "hello_retry", FIELD_TRUTH, hello_retry, "the server asked for another client hello",
        IS_PUBLIC),
    ROW(H "ticket_issued", FIELD_TRUTH, ticket_issued, "up to TLS 1.2: the server gave a ticket",
        IS_PUBLIC),
    ROW(H "extended_master_secret", FIELD_TRUTH, extended_master_secret,
        "up to TLS 1.2: it was negotiated", IS_PUBLIC),
    ROW(H "early_data_offered", FIELD_TRUTH, early_data, "the client offered early data",
        IS_PUBLIC),
    ROW(H "renegotiation", FIELD_TRUTH, renegotiation, "an earlier handshake goes before",
        IS_PUBLIC),
    ROW(H "outcome", FIELD_TEXT, outcome,
        "completed, alert, unfinished, unanswered; cut, one-sided: the capture cannot tell",
        IS_PUBLIC),
    ROW(H "outcome_reason", FIELD_TEXT, outcome_reason, "why", IS_PUBLIC),
    ROW(H "alert", FIELD_NUMBER, alert, "the alert that ended it", IS_PUBLIC,
        .name_of = tls_alert_name),
    ROW(H "alert_code", FIELD_NUMBER, alert, "its number", IS_PUBLIC),
    ROW(H "alert_from", FIELD_TEXT, alert_from, "client or server", IS_PUBLIC),
};
#undef STRUCT

TYPE(observation_tls_handshake_summary, "tls.handshake_summary", handshake_summary_fields,
     tls_handshake_summary, "The verdict on a handshake.");
