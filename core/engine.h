/* engine.h: frames in, observations out. Owns the flow table, the streams and the defragmenter of one
 * worker; has no globals, so that there may be many. */
#ifndef PERPASS_CORE_ENGINE_H
#define PERPASS_CORE_ENGINE_H

#include "core/dissector.h"
#include "core/error.h"
#include "core/keyed_hash.h"

struct engine;
struct expectation;

/* What a packet was to dissectors, for who keeps packets. */
enum engine_interest {
    INTEREST_NONE,      /* nobody looked at it */
    INTEREST_UNDECIDED, /* whether its conversation is one that somebody reads is not known yet */
    INTEREST_READ /* it is of a conversation that somebody reads, or may be a part of it; or has odd headers */
};

struct engine_options {
    size_t max_flows;        /* 0: ENGINE_DEFAULT_FLOWS */
    size_t max_stream_bytes; /* held by reassembly of all flows; 0: ENGINE_DEFAULT_STREAM_BYTES */
    /* Held by dissectors, over all flows, of messages that come in several datagrams; 0:
     * ENGINE_DEFAULT_DATAGRAM_BYTES. */
    size_t max_datagram_bytes;
    size_t
        max_state_bytes; /* remembered by dissectors of what they read; 0: ENGINE_DEFAULT_STATE_BYTES */
    /* By which dissectors recognise text, and secrets in it, in files that are transferred
     * (dissectors/content_rules.h): outlive the engine; NULL: files are told by their first bytes only. */
    const struct content_rules *content_rules;
    bool fields;            /* gather statistics of header fields (core/field_statistics.h) … */
    size_t max_field_bytes; /* … in blocks of so many bytes; 0: ENGINE_DEFAULT_FIELD_BYTES */
    bool proofs;            /* for dissect_context.proofs */
    bool nonces;            /* look at explicit nonces of records (dissect_context.nonces) … */
    size_t max_nonce_bytes; /* … that take so many bytes; 0: ENGINE_DEFAULT_NONCE_BYTES */
    bool in_team; /* it takes the packets of another intake: no engine_feed, no engine_advance */
    const struct keyed_hash_five_key
        *flow_hash_key; /* of a team: of all its engines; NULL: random */
    /* Told of what a dissector announces, beside noting it; may be NULL. */
    void (*announced)(void *emit_to, const struct flow *flow, const struct expectation *expectation,
                      uint64_t now_ns);
    bool every_flow; /* emit flow.end for every flow, not only for flows of a dissector */
    unsigned
        show_packets; /* of each flow that nobody reads: emit this many as observation_flow_packet */
    const struct dissector *const *dissectors; /* NULL-terminated */
    /* Of a team: told of every packet in its order, and of which conversation it is; NULL: nobody asks. */
    void (*packet)(void *emit_to, const struct frame *frame, uint64_t conversation,
                   enum engine_interest interest);
    void *emit_to;
    /* Of a team, may be NULL: sees every observation before |emit| does, in the same order, and may change its |data|.
     * One thread at a time calls it, but others may be in |emit| for earlier ones: what takes long, and concerns
     * nothing that |emit| does, is done here. */
    void (*look)(void *emit_to, const struct observation *observation, void *data);
    void (*emit)(void *emit_to, const struct observation *observation);
};

enum {
    ENGINE_DEFAULT_FLOWS = 1 << 20,
    ENGINE_DEFAULT_STREAM_BYTES = 256 << 20,
    ENGINE_DEFAULT_DATAGRAM_BYTES = 64 << 20,
    ENGINE_DEFAULT_STATE_BYTES = 128 << 20,
    ENGINE_DEFAULT_FIELD_BYTES = 32 << 20,
    ENGINE_DEFAULT_NONCE_BYTES = 16 << 20
};

/* Counters of everything seen and of everything not seen; engine_stats.def names and explains them. */
struct engine_stats {
#define ENGINE_STAT(name, about) uint64_t name;
#include "core/engine_stats.def"
#undef ENGINE_STAT
};

/* engine_new gives an engine, or NULL and the error. */
struct engine *engine_new(const struct engine_options *options, struct error *error);

/* engine_feed reads |num| frames. Never fails: what cannot be read is counted. */
void engine_feed(struct engine *engine, const struct frame *frames, size_t num);

/* engine_advance lets the packet clock go on to |time_ns| without a packet, so that conversations end in time
 * on a line that has become silent. A time before the clock's is no change. */
void engine_advance(struct engine *engine, uint64_t time_ns);

/* engine_finish ends all flows, as the input has ended, and forgets what was announced. The engine can be fed again. */
void engine_finish(struct engine *engine);

struct engine_stats engine_stats(const struct engine *engine);
void engine_free(struct engine *engine);

/* --- engine_feed in steps, for who has several engines and an intake (core/intake.h) for them --- */

struct intake_item;

/* What a packet does to the packet clock. */
enum intake_clock {
    CLOCK_SAME,  /* the second of the packet before */
    CLOCK_TICKS, /* another second has begun: conversations may be over */
    CLOCK_JUMPS /* the time went back: another time, in which the conversations before have ended */
};

/* engine_fetch and, each some time later, engine_fetch_flow and engine_fetch_fields bring the memory closer that
 * engine_take will need. */
void engine_fetch(const struct engine *engine, const struct intake_item *item);
void engine_fetch_flow(const struct engine *engine, struct intake_item *item);
void engine_fetch_fields(const struct engine *engine, const struct intake_item *item);

/* engine_turn lets the engine's clock tick or jump, to |now_ns|, at |frame| (NULL: without one). */
void engine_turn(struct engine *engine, const struct frame *frame, uint64_t now_ns,
                 enum intake_clock clock);

/* engine_expect notes what another engine's dissector announced for |flow| at |now_ns|. */
void engine_expect(struct engine *engine, const struct flow *flow,
                   const struct expectation *expectation, uint64_t now_ns);

/* engine_take takes a packet of a conversation, whose hash is set by the key of the options, after
 * engine_fetch_flow. Says what it was to dissectors, if the options have
 * somebody who asks. */
enum engine_interest engine_take(struct engine *engine, const struct intake_item *item);

#endif
