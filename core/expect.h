/* expect.h: conversations that a dissector knows of before they begin: a file that comes from another port than it
 * was asked of (TFTP), a URL that was handed out (DHCP).
 *
 * A new conversation is compared once, with its first packet; it is the dissector's from there, and nobody else is
 * asked. Later packets cost nothing, and neither do new conversations while nothing is expected. If the dissector
 * says DISSECT_NOT_MINE, others are asked, as of any conversation. An expectation serves any number of
 * conversations until its time is over: a client may ask again, and get two answers.
 *
 * Addresses are those of the tunnel in which the announcement was seen. Each worker has a table of its own, and
 * packets may be spread over workers by a hash that is the same for both directions of a pair of addresses: a
 * conversation between the two addresses between which it was announced is always found. One of any other pair
 * (the URL of another server; |any_address| where another one answers) is found only if its pair falls to the same
 * worker: with one worker always, with several sometimes; so a dissector may depend on it for nothing that could
 * not be missing as if it had been lost, and its own recognition should find such conversations, too. */
#ifndef PERPASS_CORE_EXPECT_H
#define PERPASS_CORE_EXPECT_H

#include "core/flow.h"
#include "core/span.h"

struct dissect_context;
struct dissector;
struct expect_table;

enum {
    EXPECT_MAX_STATE = 1024, /* bytes that an expectation carries */
    EXPECT_MAX = 4096        /* expectations of a worker at a time; the oldest gives way */
};

/* One end of a conversation to come. */
struct expect_end {
    struct endpoint endpoint; /* what is any is not looked at */
    bool any_address, any_port;
};

struct expectation {
    const struct dissector
        *dissector; /* one of the engine's; its |protocol| is the conversation's */
    struct expect_end client, server; /* not everything can be any: an address has to be told */
    uint8_t ip_version;               /* 4 or 6; 0: that of the flow at hand */
    /* Copied: at most EXPECT_MAX_STATE bytes, without pointers to what somebody frees. The dissector is given them
     * as the first of its state, the others zero; if they are more than that, it asks dissect_expected. */
    struct span state;
    uint64_t lifetime_ns; /* of packet time, from now */
};

/* dissect_expect says that such a conversation is to come. One that equals it in dissector and ends, and is still
 * expected, is replaced. False: it was not noted, as there is no memory. The flow that comes has |expected| and
 * |client| set, and for UDP |client_certain|. Where several fit, the one that leaves least open counts. */
bool dissect_expect(struct dissect_context *context, const struct expectation *expectation);

/* dissect_expected gives the state bytes of what is expected now of the flow at hand, and in |client| (may be NULL)
 * its client's side; of context->flow's dissector, or whoever is asked for. For conversations that come again over
 * the ports of an earlier one, where no new flow begins. Not seen: nothing is expected. Valid until the next call
 * of dissect_expect. */
struct span dissect_expected(const struct dissect_context *context,
                             const struct dissector *dissector, unsigned *client);

/* --- for the engine --- */

struct expect_stats {
    uint64_t noted, matched; /* expectations; conversations that were expected */
    uint64_t expired, evicted;
};

/* expect_table_new gives an empty table; NULL when there is no memory. */
struct expect_table *expect_table_new(void);
void expect_table_free(struct expect_table *table);

/* expect_table_any says whether anything may be expected: the one question that every new conversation costs. */
bool expect_table_any(const struct expect_table *table);

/* expect_table_note notes |expectation| of |flow|'s tunnel. */
bool expect_table_note(struct expect_table *table, const struct flow *flow,
                       const struct expectation *expectation, uint64_t now_ns);

/* What is expected of a conversation. */
struct expected {
    const struct dissector *dissector; /* NULL: nothing */
    struct span state;
    unsigned client; /* index in flow->ends */
};

/* expect_table_find looks |flow| up; of |dissector|, or of anybody where that is NULL. */
struct expected expect_table_find(struct expect_table *table, const struct flow *flow,
                                  const struct dissector *dissector, uint64_t now_ns);
void expect_table_matched(struct expect_table *table); /* counts */

/* expect_table_clear forgets all: another time begins. */
void expect_table_clear(struct expect_table *table);

const struct expect_stats *expect_table_stats(const struct expect_table *table);

#endif
