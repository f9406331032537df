/* dtls_inbox.h: puts together the handshake messages that one side of a DTLS flow sends in fragments.
 * RFC 6347 section 4.2.3, RFC 9147 section 5.5.
 *
 * Every message has its number (message_seq) and its own pieces, so that several may be under way at a
 * time, in any order. Where fragments overlap, the first bytes stand. Messages leave in the order of their
 * numbers. Bounds: messages under way, bytes of one, pieces of one, bytes of a flow, bytes of all flows
 * (struct budget); only what has come takes memory. */
#ifndef PERPASS_DISSECTORS_DTLS_INBOX_H
#define PERPASS_DISSECTORS_DTLS_INBOX_H

#include "core/budget.h"
#include "core/scratch.h"
#include "core/span.h"

enum {
    DTLS_MAX_MESSAGE = 64 << 10,
    DTLS_MAX_MESSAGES = 8,     /* under way, of one side */
    DTLS_MAX_PIECES = 64,      /* of one message: such as lie side by side, in order, are one */
    DTLS_MAX_FLOW = 128 << 10, /* bytes of both sides, with what is needed to keep them */
    DTLS_WINDOW = 64           /* numbers above the first missing one that are told apart */
};

struct dtls_piece;

/* The header of a fragment: struct Handshake of RFC 6347 section 4.2.2. */
struct dtls_fragment {
    uint8_t type;
    uint16_t seq;
    uint32_t len, offset; /* of the whole message; of this part in it */
    struct span bytes;
};

struct dtls_message {
    struct dtls_message *next; /* with a higher number */
    struct dtls_piece *pieces; /* by offset; they do not overlap */
    uint32_t len, have;        /* bytes of the message, of the pieces */
    uint16_t seq;
    uint8_t type, num_pieces;
    bool conflict; /* bytes came again, and were others */
};

/* What the messages of a flow hold. */
struct dtls_store {
    struct budget *all;
    struct budget_holder holder; /* |give_way| is set by whose it is */
    size_t held;
};

struct dtls_inbox {
    struct dtls_message *first; /* by number */
    uint64_t done;              /* bit i: the message |base| + i has left */
    uint32_t base;              /* all messages below have left, or are not waited for any more */
    uint32_t from;              /* messages below are not waited for, but may still come */
    uint8_t num;
};

enum dtls_add {
    DTLS_ADDED,
    DTLS_AGAIN,        /* its first byte was there already */
    DTLS_DIFFERS,      /* bytes that were there already were others; told once a message */
    DTLS_CONTRADICTS,  /* of another type or length than what came before with this number */
    DTLS_OUT_OF_BOUNDS /* let go: there is no room */
};

/* dtls_inbox_is_done says whether the message |seq| has left. */
bool dtls_inbox_is_done(const struct dtls_inbox *inbox, uint16_t seq);

/* dtls_inbox_find gives the message |seq| that is under way, or NULL. */
struct dtls_message *dtls_inbox_find(const struct dtls_inbox *inbox, uint16_t seq);

/* dtls_inbox_is_next says whether the message |seq| may leave once it is complete. */
bool dtls_inbox_is_next(const struct dtls_inbox *inbox, uint16_t seq);

/* dtls_inbox_wait_from gives up waiting for messages below |seq|. */
void dtls_inbox_wait_from(struct dtls_inbox *inbox, uint32_t seq);

/* dtls_inbox_left notes that the message |seq| has left. */
void dtls_inbox_left(struct dtls_inbox *inbox, uint16_t seq);

/* dtls_inbox_add keeps what is new in a fragment of a message that has not left. */
enum dtls_add dtls_inbox_add(struct dtls_inbox *inbox, struct dtls_store *store,
                             const struct dtls_fragment *fragment);

/* dtls_inbox_ready gives the lowest complete message that may leave, or NULL. */
struct dtls_message *dtls_inbox_ready(const struct dtls_inbox *inbox);

/* dtls_inbox_last_complete gives the highest complete message, or NULL. */
struct dtls_message *dtls_inbox_last_complete(const struct dtls_inbox *inbox);

/* dtls_message_join copies the pieces to the scratch; NULL without memory. */
const uint8_t *dtls_message_join(const struct dtls_message *message, struct scratch *scratch);

/* dtls_inbox_give_way frees what is under way; it may come again. */
void dtls_inbox_give_way(struct dtls_inbox *inbox, struct dtls_store *store);

/* dtls_inbox_drop frees one message, dtls_inbox_clear all; the latter forgets the numbers, too. */
void dtls_inbox_drop(struct dtls_inbox *inbox, struct dtls_store *store,
                     struct dtls_message *message);
void dtls_inbox_clear(struct dtls_inbox *inbox, struct dtls_store *store);

#endif
