/* quic_fields.c: the rows of the QUIC observations: name, type, privacy class and place of each field. */
#include "dissectors/field_rows.h"
#include "dissectors/quic.h"
#include "dissectors/quic_packet.h"
#include "dissectors/tables/tls_registry.h"

static void next_u32(struct reader *list, struct value *item)
{
    item->number = reader_u32(list);
}

static void next_u64(struct reader *list, struct value *item)
{
    item->number = reader_u64(list);
}

#define STRUCT struct quic_initial
static const struct field initial_fields[] = {
    ROW("perpass.quic.type", FIELD_TEXT, type,
        "initial, 0rtt, handshake, retry, version_negotiation; google: that protocol, not read",
        IS_PUBLIC),
    ROW("perpass.quic.from", FIELD_TEXT, from, "client or server", IS_PUBLIC),
    ROW("perpass.quic.version", FIELD_NUMBER, version, "its version", IS_PUBLIC,
        .name_of = quic_version_name),
    ROW("perpass.quic.version_code", FIELD_NUMBER, version, "its version, number", IS_PUBLIC),
    ROW("perpass.quic.dcid", FIELD_BYTES, dcid, "destination connection id", IS_IDENTIFIER("cid")),
    ROW("perpass.quic.scid", FIELD_BYTES, scid, "source connection id", IS_IDENTIFIER("cid")),
    ROW("perpass.quic.token", FIELD_BYTES, token,
        "initial: the token that is returned; retry: the one that is given",
        IS_IDENTIFIER("token")),
    ROW("perpass.quic.token_len", FIELD_NUMBER, token_len, "its length, bytes", IS_PUBLIC),
    ROW("perpass.quic.versions", FIELD_LIST, versions,
        "version negotiation: what the server can do", .item = VALUE_NUMBER, IS_PUBLIC,
        .next = next_u32, .name_of = quic_version_name),
    ROW("perpass.quic.datagram_bytes", FIELD_NUMBER, datagram, "bytes of the datagram it came in",
        IS_PUBLIC),
    ROW("perpass.quic.decrypted", FIELD_TRUTH, decrypted,
        "initial: whether the keys that everybody can derive opened it", IS_PUBLIC),
    ROW("perpass.quic.unread", FIELD_TEXT, unread, "why it was not opened", IS_PUBLIC),
    ROW("perpass.quic.retry_integrity", FIELD_TRUTH, integrity,
        "retry: its tag answers the client's first packet", IS_PUBLIC),
};
#undef STRUCT

#define NUMBER_ROW(path, member, text) ROW(path, FIELD_NUMBER, member, text, IS_PUBLIC)
#define STRUCT                         struct quic_transport_parameters
static const struct field parameter_fields[] = {
    ROW("perpass.quic.parameters", FIELD_LIST, ids, "ids of all transport parameters, in order",
        .item = VALUE_NUMBER, IS_PUBLIC, .next = next_u64),
    NUMBER_ROW("perpass.quic.max_idle_timeout_ms", max_idle_timeout, "max_idle_timeout"),
    NUMBER_ROW("perpass.quic.max_udp_payload_size", max_udp_payload_size, "max_udp_payload_size"),
    NUMBER_ROW("perpass.quic.initial_max_data", initial_max_data, "initial_max_data"),
    NUMBER_ROW("perpass.quic.initial_max_stream_data_bidi_local",
               initial_max_stream_data_bidi_local, "initial_max_stream_data_bidi_local"),
    NUMBER_ROW("perpass.quic.initial_max_stream_data_bidi_remote",
               initial_max_stream_data_bidi_remote, "initial_max_stream_data_bidi_remote"),
    NUMBER_ROW("perpass.quic.initial_max_stream_data_uni", initial_max_stream_data_uni,
               "initial_max_stream_data_uni"),
    NUMBER_ROW("perpass.quic.initial_max_streams_bidi", initial_max_streams_bidi,
               "initial_max_streams_bidi"),
    NUMBER_ROW("perpass.quic.initial_max_streams_uni", initial_max_streams_uni,
               "initial_max_streams_uni"),
    NUMBER_ROW("perpass.quic.ack_delay_exponent", ack_delay_exponent, "ack_delay_exponent"),
    NUMBER_ROW("perpass.quic.max_ack_delay_ms", max_ack_delay, "max_ack_delay"),
    NUMBER_ROW("perpass.quic.active_connection_id_limit", active_connection_id_limit,
               "active_connection_id_limit"),
    NUMBER_ROW("perpass.quic.max_datagram_frame_size", max_datagram_frame_size,
               "max_datagram_frame_size"),
    ROW("perpass.quic.disable_active_migration", FIELD_TRUTH, disable_active_migration,
        "disable_active_migration is there", IS_PUBLIC),
    ROW("perpass.quic.scid", FIELD_BYTES, initial_scid, "initial_source_connection_id",
        IS_IDENTIFIER("cid")),
    ROW("perpass.quic.versions", FIELD_LIST, versions,
        "version_information: the chosen version, then all that are available",
        .item = VALUE_NUMBER, IS_PUBLIC, .next = next_u32, .name_of = quic_version_name),
    ROW("perpass.quic.user_agent", FIELD_STRING, user_agent, "Google's user agent parameter",
        .privacy = PRIVACY_CONTENT),
};
#undef STRUCT

#define STRUCT struct quic_close
static const struct field close_fields[] = {
    ROW("perpass.quic.from", FIELD_TEXT, from, "client or server", IS_PUBLIC),
    ROW("perpass.quic.close.code", FIELD_NUMBER, code, "error code", IS_PUBLIC),
    ROW("perpass.quic.close.alert", FIELD_NUMBER, alert, "the TLS alert that it stands for",
        IS_PUBLIC, .name_of = tls_alert_name),
    ROW("perpass.quic.close.reason_len", FIELD_NUMBER, reason_len, "bytes of the reason phrase",
        IS_PUBLIC),
};
#undef STRUCT

TYPE(observation_quic_initial, "quic.initial", initial_fields, quic_initial,
     "A QUIC packet with a long header; once for each sender, type, version and connection ids.");
TYPE(observation_quic_transport_parameters, "quic.transport_parameters", parameter_fields,
     quic_transport_parameters, "The transport parameters of a QUIC client's hello.");
TYPE(observation_quic_close, "quic.close", close_fields, quic_close,
     "A QUIC connection is closed during its handshake, in clear for everybody.");
