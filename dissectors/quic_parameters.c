/* quic_parameters.c: transport parameters: RFC 9000 section 18, RFC 9001 section 8.2, RFC 9221, RFC 9368;
 * drafts from 22 on. Reads ids and numbers; leaves reset tokens, addresses and unknown parameters unread. */
#include "dissectors/quic_parameters.h"

#include "core/common_observations.h"
#include "dissectors/quic_packet.h"

/* "QUIC Transport Parameters" of IANA's registry, and one of Google's. */
enum {
    PARAM_MAX_IDLE_TIMEOUT = 0x01,
    PARAM_MAX_UDP_PAYLOAD_SIZE = 0x03,
    PARAM_INITIAL_MAX_DATA = 0x04,
    PARAM_INITIAL_MAX_STREAM_DATA_BIDI_LOCAL = 0x05,
    PARAM_INITIAL_MAX_STREAM_DATA_BIDI_REMOTE = 0x06,
    PARAM_INITIAL_MAX_STREAM_DATA_UNI = 0x07,
    PARAM_INITIAL_MAX_STREAMS_BIDI = 0x08,
    PARAM_INITIAL_MAX_STREAMS_UNI = 0x09,
    PARAM_ACK_DELAY_EXPONENT = 0x0a,
    PARAM_MAX_ACK_DELAY = 0x0b,
    PARAM_DISABLE_ACTIVE_MIGRATION = 0x0c,
    PARAM_ACTIVE_CONNECTION_ID_LIMIT = 0x0e,
    PARAM_INITIAL_SOURCE_CONNECTION_ID = 0x0f,
    PARAM_VERSION_INFORMATION = 0x11,
    PARAM_MAX_DATAGRAM_FRAME_SIZE = 0x20,
    PARAM_USER_AGENT = 0x3129,
    PARAM_DRAFT_VERSION_INFORMATION = 0xff73db
};

enum {
    EXT_QUIC_TRANSPORT_PARAMETERS = 57,
    EXT_DRAFT_QUIC_TRANSPORT_PARAMETERS = 0xffa5,
    TLS_RANDOM = 32,
    MAX_PARAMETERS = 64,
    ID_LEN = 8
};

/* The member that holds the number of a parameter, or NULL. */
static struct number *number_of(struct quic_transport_parameters *p, uint64_t id)
{
    switch (id) {
    case PARAM_MAX_IDLE_TIMEOUT:
        return &p->max_idle_timeout;
    case PARAM_MAX_UDP_PAYLOAD_SIZE:
        return &p->max_udp_payload_size;
    case PARAM_INITIAL_MAX_DATA:
        return &p->initial_max_data;
    case PARAM_INITIAL_MAX_STREAM_DATA_BIDI_LOCAL:
        return &p->initial_max_stream_data_bidi_local;
    case PARAM_INITIAL_MAX_STREAM_DATA_BIDI_REMOTE:
        return &p->initial_max_stream_data_bidi_remote;
    case PARAM_INITIAL_MAX_STREAM_DATA_UNI:
        return &p->initial_max_stream_data_uni;
    case PARAM_INITIAL_MAX_STREAMS_BIDI:
        return &p->initial_max_streams_bidi;
    case PARAM_INITIAL_MAX_STREAMS_UNI:
        return &p->initial_max_streams_uni;
    case PARAM_ACK_DELAY_EXPONENT:
        return &p->ack_delay_exponent;
    case PARAM_MAX_ACK_DELAY:
        return &p->max_ack_delay;
    case PARAM_ACTIVE_CONNECTION_ID_LIMIT:
        return &p->active_connection_id_limit;
    case PARAM_MAX_DATAGRAM_FRAME_SIZE:
        return &p->max_datagram_frame_size;
    default:
        return NULL;
    }
}

static void read_parameter(struct quic_transport_parameters *p, uint64_t id, struct reader *value)
{
    struct number *member = number_of(p, id);
    if (member != NULL) {
        *member = number(quic_read_varint(value));
        return;
    }
    struct span bytes = reader_rest(value);
    switch (id) {
    case PARAM_DISABLE_ACTIVE_MIGRATION:
        p->disable_active_migration = TRUTH_YES;
        break;
    case PARAM_INITIAL_SOURCE_CONNECTION_ID:
        p->initial_scid = bytes;
        break;
    case PARAM_VERSION_INFORMATION:
    case PARAM_DRAFT_VERSION_INFORMATION:
        p->versions = bytes;
        break;
    case PARAM_USER_AGENT:
        p->user_agent = bytes;
        break;
    default:
        break;
    }
}

static void put_id(uint8_t *at, uint64_t id)
{
    for (unsigned i = 0; i < ID_LEN; i++)
        at[i] = (uint8_t)(id >> (8 * (ID_LEN - 1 - i)));
}

/* Reads { id, length, value } to the end; gives the number of ids written to |ids|. */
static size_t read_list(struct reader *list, bool old, struct quic_transport_parameters *p,
                        uint8_t ids[MAX_PARAMETERS * ID_LEN])
{
    size_t num = 0;
    while (reader_more(list)) {
        uint64_t id = old ? reader_u16(list) : quic_read_varint(list);
        uint64_t len = old ? reader_u16(list) : quic_read_varint(list);
        struct reader value = reader_child(list, (size_t)len);
        if (!reader_ok(list))
            break;
        read_parameter(p, id, &value);
        reader_close(list, &value, "transport_parameter");
        if (num < MAX_PARAMETERS)
            put_id(ids + ID_LEN * num++, id);
    }
    return num;
}

static void observe(struct reader list, bool old, struct dissect_context *context)
{
    uint8_t ids[MAX_PARAMETERS * ID_LEN];
    struct quic_transport_parameters p = {.disable_active_migration = TRUTH_NO};
    if (old) {
        struct reader inner = reader_vec16(&list);
        reader_finish(&list, "transport_parameters");
        inner.fault = reader_ok(&list) ? inner.fault : list.fault;
        list = inner;
    }
    p.ids = span_of(ids, ID_LEN * read_list(&list, old, &p, ids));
    if (!reader_ok(&list)) {
        const struct fault_observation fault = {.protocol = "quic",
                                                .field = "transport_parameters",
                                                .reason = "a length does not fit its block"};
        dissect_emit(context, &observation_malformed, &fault);
        return;
    }
    dissect_emit(context, &observation_quic_transport_parameters, &p);
}

void quic_parameters_observe(struct reader hello, bool old, struct dissect_context *context)
{
    (void)reader_u16(&hello);
    reader_skip(&hello, TLS_RANDOM);
    (void)reader_vec8(&hello);
    (void)reader_vec16(&hello);
    (void)reader_vec8(&hello);
    struct reader extensions = reader_vec16(&hello);
    while (reader_more(&extensions)) {
        uint16_t type = reader_u16(&extensions);
        struct reader body = reader_vec16(&extensions);
        if (reader_ok(&extensions) && (type == EXT_QUIC_TRANSPORT_PARAMETERS ||
                                       type == EXT_DRAFT_QUIC_TRANSPORT_PARAMETERS)) {
            observe(body, old, context);
            return;
        }
    }
}
