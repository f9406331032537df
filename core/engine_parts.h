/* engine_parts.h: what the files of an engine share: what it has, and who calls whom. For core/engine*.c only.
 *
 * A flow is known by its |index| in the flow table, a direction by its |side|, the end that sends. */
#ifndef PERPASS_CORE_ENGINE_PARTS_H
#define PERPASS_CORE_ENGINE_PARTS_H

#include "core/engine.h"
#include "core/expect.h"
#include "core/field_statistics.h"
#include "core/intake.h"
#include "core/states.h"
#include "core/tcp_stream.h"

enum {
    MAX_DISSECTORS = 32,
    PROBES_PER_SIDE = 24 /* payloads in which a protocol may still begin: long preambles included */
};

struct engine {
    struct engine_options options;
    struct flow_table *flows;
    struct intake *intake; /* NULL: another one's packets are taken */
    struct stream_pool *streams;
    struct expect_table *expect;
    struct scratch scratch;
    struct crypto_opener *opener;    /* of packets whose keys are no secret */
    struct field_statistics *fields; /* NULL: nobody asked for them */
    struct budget budget;            /* of messages in several datagrams */
    struct budget nonces;            /* of explicit nonces of records */
    struct states states;            /* of dissectors */
    /* NULL-terminated, as all are */
    const struct dissector *tcp[MAX_DISSECTORS], *udp[MAX_DISSECTORS], *eapol[MAX_DISSECTORS];
    uint64_t now_ns;                   /* the packet clock: never goes back, but for a jump */
    uint64_t packet_ns, packet_number; /* of the packet at hand */
    struct engine_stats stats;
};

/* --- engine_readers.c: who reads a flow, and what it remembers --- */

struct dissect_context engine_context(struct engine *engine, struct flow *flow, unsigned side);

static inline bool engine_reads(const struct flow_hot *hot, unsigned side)
{
    return hot->flags & ((uint32_t)FLOW_READ_0 << side);
}

/* engine_stop_side ends the reading of what a side sends: its stream goes. */
void engine_stop_side(struct engine *engine, uint32_t index, unsigned side);

/* engine_dissectors_for gives those that may read the flow, NULL-terminated. */
const struct dissector *const *engine_dissectors_for(const struct engine *engine,
                                                     const struct flow *flow);

/* engine_recognise asks them in turn; gives the one that knows the bytes, or says in |maybe| that one may. */
const struct dissector *engine_recognise(const struct engine *engine, const struct flow *flow,
                                         struct reader payload, bool *maybe);

/* engine_claim gives the flow to a dissector; false: there is no memory. */
bool engine_claim(struct engine *engine, uint32_t index, const struct dissector *dissector);

/* engine_claim_expected gives a new flow to who announced it. */
void engine_claim_expected(struct engine *engine, uint32_t index);

/* engine_forget_claim: nobody reads this flow, or ever did. */
void engine_forget_claim(struct engine *engine, struct flow *flow);
void engine_forget_dissector(struct engine *engine, struct flow *flow);

/* engine_expected_wrongly says, once, that this is another conversation than the one that was announced, on the same
 * ports. */
bool engine_expected_wrongly(struct flow *flow);

/* engine_probe_counted says whether the side has been looked at often enough without anybody knowing what it says. */
static inline bool engine_probe_counted(struct flow *flow, unsigned side)
{
    return ++flow->probed[side] >= PROBES_PER_SIDE;
}

/* engine_dissect lets the flow's dissector read, and those that it hands the flow over to. |gap|: bytes before are
 * missing. */
enum dissect engine_dissect(struct engine *engine, uint32_t index, unsigned side,
                            struct reader *bytes, bool gap);

/* engine_end_dissector lets the dissector tell what is only known at the end. */
void engine_end_dissector(struct engine *engine, struct flow *flow);

/* --- engine_tcp.c, engine_udp.c: from packets to what dissectors read --- */

void engine_read_tcp(struct engine *engine, uint32_t index, unsigned side,
                     const struct packet *packet);

/* engine_tcp_matters says whether engine_read_tcp has anything to do. Most segments of a flow that somebody reads are
 * nothing to him: an acknowledgement of what is no stream, bytes of the other side. */
static inline bool engine_tcp_matters(const struct flow_hot *hot, unsigned side,
                                      const struct packet *packet)
{
    uint32_t wanted = 0;
    if (reader_wire_left(&packet->payload) != 0)
        wanted |= (uint32_t)FLOW_READ_0 << side;
    if (packet->tcp_flags & TCP_ACK)
        wanted |= (uint32_t)FLOW_STREAM_0 << !side;
    return (hot->flags & wanted) != 0 || (packet->tcp_flags & TCP_SYN) != 0;
}

/* engine_flush_streams lets all be read that has come, gaps or not, and ends the streams. */
void engine_flush_streams(struct engine *engine, uint32_t index);

/* engine_new_connection says whether the packet opens a new connection of the same ports: a SYN after the end, or with
 * another first number. */
bool engine_new_connection(const struct engine *engine, uint32_t index, unsigned side,
                           const struct packet *packet);

void engine_read_udp(struct engine *engine, uint32_t index, unsigned side,
                     const struct packet *packet);

/* --- engine_flow.c: the beginning and the end of flows, and what is told of them --- */

/* engine_flow_begin notes the first packet of a flow. */
void engine_flow_begin(struct engine *engine, uint32_t index, unsigned side,
                       const struct packet *packet);

/* engine_flow_over is the flow table's owner's |end|; |to|: struct engine. */
void engine_flow_over(void *to, uint32_t index, enum flow_end how);

/* engine_tell_fields is that of the statistics of fields. */
void engine_tell_fields(void *to, uint32_t index, unsigned side,
                        const struct observation_type *type, const void *data);

/* engine_show_packet shows a packet with payload to who names applications, unless somebody reads the flow, or enough of
 * it was shown. */
void engine_show_packet(struct engine *engine, uint32_t index, unsigned side,
                        const struct packet *packet);

#endif
