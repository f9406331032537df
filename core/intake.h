/* intake.h: frames become packets with the key of their conversation, in the order of the input: the packet clock, IP
 * fragments, and the counting of what has no conversation. What comes before the flow table. */
#ifndef PERPASS_CORE_INTAKE_H
#define PERPASS_CORE_INTAKE_H

#include "core/engine.h"
#include "core/flow_table.h"
#include "core/layers.h"

/* A frame on its way to a conversation: five cache lines, of which a packet that is only counted needs the last two and
 * the first. */
struct intake_item {
    struct packet packet;
    struct flow_key key;       /* from here on: of LAYERS_TRANSPORT */
    uint64_t hash;             /* of the flow table that it is for: whoever looks there sets it */
    uint64_t now_ns;           /* the packet clock at it; intake_time sets it */
    uint32_t ip_len;           /* of the headers from IP on, and the payload */
    uint32_t place;            /* where that table may have its flow; as |hash| */
    enum layers_result result; /* LAYERS_TRANSPORT: it has a conversation */
    uint8_t side;              /* the sender, as in flow->ends */
    uint8_t lane;  /* the engine that it is for, of several: who spreads packets sets it */
    uint8_t clock; /* enum intake_clock: what it does to the packet clock; intake_time sets it */
    uint8_t
        interest; /* enum engine_interest: what it was to dissectors; who spreads packets sets it */
} __attribute__((aligned(64)));

struct intake;

struct intake *intake_new(void); /* NULL: there is no memory */
void intake_free(struct intake *intake);

/* intake_read reads the layers of |frame|. Needs no order: frames may be read in any, and at the same time. */
void intake_read(struct intake_item *item, const struct frame *frame);

/* intake_time takes |num| items on their turn: counts them, and sets the clock. */
void intake_time(struct intake *intake, struct intake_item *items, size_t num);

/* intake_complete does, on its turn, after intake_time, what an |item| needs that is not LAYERS_TRANSPORT: puts
 * fragments together, and counts what is not read. True: it has become LAYERS_TRANSPORT; its payload is the intake's,
 * until the next call. */
bool intake_complete(struct intake *intake, struct intake_item *item);

/* intake_advance lets the clock go on without a packet. */
enum intake_clock intake_advance(struct intake *intake, uint64_t time_ns);

/* intake_count adds what was counted to |stats|. */
void intake_count(const struct intake *intake, struct engine_stats *stats);

#endif
