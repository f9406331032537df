/* quic_flow.h: what is kept of a QUIC flow, for those who read its packets (quic.c) and what is inside them
 * (quic_frames.c). */
#ifndef PERPASS_DISSECTORS_QUIC_FLOW_H
#define PERPASS_DISSECTORS_QUIC_FLOW_H

#include "dissectors/quic.h"
#include "dissectors/quic_kept.h"
#include "dissectors/quic_keys.h"
#include "dissectors/quic_stream.h"
#include "dissectors/tls_session.h"

enum { QUIC_MAX_SEEN = 16 /* different long headers that are told, of a flow */ };

struct quic_side {
    struct quic_stream stream;
    uint64_t next_number; /* of packets */
    uint8_t datagrams, shorts;
    bool faulty; /* its stream was found faulty, and is not read any more */
};

struct quic {
    struct tls_session session;
    struct quic_side sides[2];
    struct quic_kept kept;
    struct quic_keys keys;
    struct quic_version version; /* that of the keys */
    uint32_t code;
    uint8_t dcid[QUIC_MAX_CID]; /* that the keys come from */
    uint8_t dcid_len, derived, num_seen;
    bool has_keys, retried;
    uint64_t seen[QUIC_MAX_SEEN]; /* hashes of the headers that were told */
};

/* quic_emit_fault says that |field| is malformed, or cut; quic_reader_fault says what a reader met. */
void quic_emit_fault(const struct observation_type *type, const char *field, const char *reason,
                     struct dissect_context *context);
void quic_reader_fault(const struct reader *r, const char *field, struct dissect_context *context);

static inline bool quic_by_client(const struct dissect_context *context)
{
    return context->side == context->flow->client;
}

static inline const char *quic_sender(const struct dissect_context *context)
{
    return quic_by_client(context) ? "client" : "server";
}

/* quic_read_frames reads the payload of an Initial packet, which is in the scratch, and hands on the messages
 * that are complete. */
void quic_read_frames(struct quic *quic, struct span payload, struct dissect_context *context);

#endif
