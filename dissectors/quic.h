/* quic.h: what the QUIC dissector observes: RFC 8999, RFC 9000, RFC 9001. The hellos inside are observed as
 * dissectors/tls.h says, with the transport "quic". */
#ifndef PERPASS_DISSECTORS_QUIC_H
#define PERPASS_DISSECTORS_QUIC_H

#include "core/dissector.h"

/* "quic.initial": a packet with a long header, RFC 9000 section 17.2; once for each sender, type, version
 * and pair of connection ids. */
struct quic_initial {
    const char *type; /* "initial" "0rtt" "handshake" "retry" "version_negotiation" "google" */
    const char *from; /* "client", "server" */
    struct number version;
    struct span dcid, scid;
    struct span token;       /* Initial, Retry; seen and empty where there is none */
    struct number token_len; /* Initial, Retry */
    struct span versions;    /* version negotiation: what the server offers, u32 each */
    struct number datagram;  /* bytes of the whole datagram */
    enum truth decrypted;    /* Initial: it could be opened */
    const char *unread;      /* why it could not */
    enum truth integrity;    /* Retry: its tag proves that it answers the client's Initial */
};

/* "quic.transport_parameters": what the client states in its hello, RFC 9000 section 18.2. */
struct quic_transport_parameters {
    struct span ids; /* u64 each, in the order of the wire */
    struct number max_idle_timeout, max_udp_payload_size, initial_max_data;
    struct number initial_max_stream_data_bidi_local, initial_max_stream_data_bidi_remote;
    struct number initial_max_stream_data_uni, initial_max_streams_bidi, initial_max_streams_uni;
    struct number ack_delay_exponent, max_ack_delay, active_connection_id_limit;
    struct number max_datagram_frame_size; /* RFC 9221 */
    enum truth disable_active_migration;
    struct span initial_scid;
    struct span versions;   /* version_information, RFC 9368: u32 each, the chosen one first */
    struct span user_agent; /* Google's */
};

/* "quic.close": a CONNECTION_CLOSE in an Initial packet, RFC 9000 section 19.19. */
struct quic_close {
    const char *from;
    struct number code;
    struct number alert; /* the TLS alert that the code stands for, RFC 9001 section 4.8 */
    struct number reason_len;
};

extern const struct dissector dissector_quic;
extern const struct observation_type observation_quic_initial,
    observation_quic_transport_parameters, observation_quic_close;

#endif
