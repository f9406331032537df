/* dissector.h: what a protocol has to bring. One file, one row in dissectors/table.def. */
#ifndef PERPASS_CORE_DISSECTOR_H
#define PERPASS_CORE_DISSECTOR_H

#include "core/budget.h"
#include "core/flow.h"
#include "core/observation.h"
#include "core/scratch.h"

struct crypto_opener;
struct content_rules;
struct dissector;
struct expect_table;
struct expectation;

enum dissect {
    DISSECT_MORE = 0,  /* go on: call again with what follows */
    DISSECT_SIDE_DONE, /* nothing this side sends from here on is of interest */
    DISSECT_QUIET,     /* UDP: call again with what |wakes| says is of interest */
    DISSECT_HANDOVER,  /* here context->next goes on, with what is left unread of both sides */
    DISSECT_DONE,      /* nothing in this flow is of interest any more: count its packets only */
    DISSECT_FORGET,    /* DISSECT_DONE, and as if nobody had read it: end is not called */
    DISSECT_NOT_MINE   /* it was recognised wrongly: another dissector may look */
};

enum recognise {
    RECOGNISE_NO = 0,
    RECOGNISE_MAYBE, /* ask again. TCP: with more bytes; UDP: with the next datagram, as this one often
                        precedes the protocol, and is not to count as a vain try */
    RECOGNISE_YES
};

/* What a dissector is called with, and its one way out: dissect_emit. */
struct dissect_context {
    struct flow *flow; /* the dissector may set |client| when its protocol proves it */
    uint64_t time_ns, packet;
    unsigned side; /* the sender: 0 or 1 */
    uint32_t
        exchange; /* as in struct observation: to set by a dissector that tells several apart, who says with
                          observation_exchange_end that one is over; 0 again before it returns */
    bool proofs; /* observe what shows of pre-shared keys (dissectors/tls_proof.h), too */
    bool gap;    /* TCP: bytes before these were lost; look for the next message boundary */
    bool forget; /* to set in end when nothing was of interest: as if nobody had read the flow */
    const struct dissector *next;  /* to set for DISSECT_HANDOVER; its state begins all-zero */
    struct scratch *scratch;       /* memory for the length of the call; the engine's */
    struct crypto_opener **opener; /* NULL until a dissector makes one; the engine's */
    const struct content_rules *content_rules; /* for content_new; may be NULL */
    struct budget *budget; /* for messages that come in several datagrams; the engine's */
    struct budget
        *nonces; /* for explicit nonces of records (dissectors/tls_nonces.h); the engine's;
                                    NULL: they are not looked at */
    struct expect_table *expect; /* for dissect_expect; the engine's */
    /* Who else is to know of it, or NULL. */
    void (*announced)(void *emit_to, const struct flow *flow, const struct expectation *expectation,
                      uint64_t time_ns);
    void *emit_to; /* the engine's */
    void (*emit)(void *emit_to, const struct observation *observation);
};

struct dissector {
    const char *name; /* "tls" */
    const char *spec; /* "RFC 8446, RFC 5246" */
    uint8_t protocol; /* PROTO_TCP, PROTO_UDP or PROTO_EAPOL, which is as UDP is */
    size_t state_size;

    /* Looks at the bytes that a side sent (TCP: from the first byte or the start of a segment on; UDP:
     * a datagram) and says whether this protocol begins there. By value: it cannot consume. */
    enum recognise (*recognises)(struct reader payload);

    /* TCP: reads as much as it can use; what it leaves unread is offered again with more bytes behind it.
     * UDP: reads one datagram. |state| is flow->state. */
    enum dissect (*dissect)(struct reader *payload, void *state, struct dissect_context *context);

    /* UDP, for dissectors that answer DISSECT_QUIET: whether a datagram of a quiet side is of interest. Called
     * for each of them, without the flow: a few instructions. */
    bool (*wakes)(struct reader datagram);

    /* The flow is over (may be NULL): emits what is only known then, frees what |state| holds. */
    void (*end)(void *state, struct dissect_context *context);

    /* The observations it makes, NULL-terminated: for the catalogue, the schema and --observations. */
    const struct observation_type *const *observations;
};

/* dissect_emit says |data|, a struct that |type| describes. */
static inline void dissect_emit(struct dissect_context *context,
                                const struct observation_type *type, const void *data)
{
    const struct observation observation = {.type = type,
                                            .data = data,
                                            .flow = context->flow,
                                            .time_ns = context->time_ns,
                                            .packet = context->packet,
                                            .side = context->side,
                                            .exchange = context->exchange};
    context->emit(context->emit_to, &observation);
}

/* All dissectors, from dissectors/table.def, NULL-terminated. */
extern const struct dissector *const dissectors[];

#endif
