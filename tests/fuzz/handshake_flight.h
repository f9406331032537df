/* handshake_flight.h: a script of TLS or DTLS (fuzz_tls.c, fuzz_dtls.c) as what it says: handshake messages, and records
 * of other things. */
#ifndef PERPASS_TESTS_FUZZ_HANDSHAKE_FLIGHT_H
#define PERPASS_TESTS_FUZZ_HANDSHAKE_FLIGHT_H

#include "core/span.h"
#include "tests/fuzz/handshake_mutator.h"

enum { FLIGHT_MAX_ITEMS = 64, FLIGHT_MAX_BODY = 1 << 14 };

enum item_kind {
    ITEM_RECORD,  /* of anything, |body| behind its header */
    ITEM_MESSAGE, /* of the handshake, |body| behind its header */
    ITEM_RAW      /* DTLS: the rest of a datagram, from a record on whose length is not known */
};

struct item {
    enum item_kind kind;
    uint8_t side, content, type; /* |type|: of a message */
    uint16_t version, seq;       /* |seq|: of a message of DTLS */
    uint64_t number;             /* of a record of DTLS, with its epoch */
    size_t len;
    uint8_t *body; /* room for FLIGHT_MAX_BODY bytes */
};

struct flight {
    enum handshake_transport transport;
    struct item items[FLIGHT_MAX_ITEMS];
    size_t num;
    size_t rest;     /* bytes that were in no record */
    uint32_t random; /* not 0 */
};

/* A buffer that is filled; what does not fit is left out. */
struct bytes {
    uint8_t *at;
    size_t len, room;
};

void bytes_put(struct bytes *out, const void *from, size_t len);
void bytes_put_number(struct bytes *out, uint64_t number, size_t len);

/* flight_draw gives a number below |below|, 0 below 0. */
uint32_t flight_draw(struct flight *flight, size_t below);

/* flight_read takes the items of |script|, as many as there is room for. */
void flight_read(struct flight *flight, struct span script);

/* flight_write puts them into records, segments and datagrams that are drawn anew. */
void flight_write(struct flight *flight, struct bytes *out);
void flight_free(struct flight *flight);

void flight_drop(struct flight *flight, size_t at);
void flight_swap(struct flight *flight, size_t one, size_t other);
void flight_repeat(struct flight *flight, size_t at);

#endif
