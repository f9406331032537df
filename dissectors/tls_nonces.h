/* tls_nonces.h: the explicit nonces that records of TLS 1.2 and DTLS 1.2 begin with where the suite has GCM or CCM: RFC
 * 5288 section 3, RFC 6655 section 3. Whoever protects the records chooses them as it likes, as long as none comes twice
 * under one key. Observed only where dissect_context.nonces is set: of each side those of its first records. */
#ifndef PERPASS_DISSECTORS_TLS_NONCES_H
#define PERPASS_DISSECTORS_TLS_NONCES_H

#include "core/dissector.h"

struct tls_session;

enum {
    TLS_NONCE_LEN = 8,       /* nonce_explicit */
    TLS_NONCES_SAMPLED = 24, /* records of a side … */
    TLS_NONCES_COUNTED = 8   /* … or so many, when these count */
};

/* How the nonces of one side go on. */
enum tls_nonce_pattern {
    TLS_NONCES_UNKNOWN = 0, /* there is one only */
    TLS_NONCES_SEQUENCE,    /* each is the number of its record; DTLS: behind the epoch, or alone */
    TLS_NONCES_COUNTER, /* each is a little more than the one before, in either order of bytes */
    TLS_NONCES_MASKED,  /* all differ from the numbers of their records by the same exclusive or */
    TLS_NONCES_INCREASING, /* each is more than the one before, and all begin alike: a clock */
    TLS_NONCES_REPEATED,   /* one came twice */
    TLS_NONCES_BROKEN,     /* some steps are those of a counter, others are none */
    TLS_NONCES_FREE        /* nothing of this: random, or whatever else */
};

/* "tls.record_nonces": what one side sent, once enough of its records were seen, or at the end. */
struct tls_record_nonces {
    const char *transport;
    const char *from; /* "client", "server" */
    struct number cipher;
    struct number records;  /* looked at */
    struct number repeated; /* of these, with the nonce of an earlier one */
    struct number jumps;    /* of the steps from one to the next, those that no counter makes */
    struct number pattern;  /* enum tls_nonce_pattern */
    struct number packet;   /* number of the packet with the first of them */
    uint64_t first_ns;      /* its time; no row */
    struct span nonces;     /* TLS_NONCE_LEN each, where they are free; no row */
};

/* What is kept of a side while its records are looked at. */
struct tls_nonces {
    struct budget *budget; /* that it was taken from */
    uint8_t num;
    uint64_t packet, first_ns;
    uint64_t sequences[TLS_NONCES_SAMPLED];
    uint64_t nonces[TLS_NONCES_SAMPLED]; /* as numbers, the first byte highest */
};

/* tls_nonces_wanted says whether what context->side protects from here on begins with explicit nonces that are to be
 * looked at: then the room for them is taken from context->nonces. */
bool tls_nonces_wanted(struct tls_session *session, const struct dissect_context *context);

/* tls_nonces_note takes the |nonce| that the fragment, of |len| bytes, of record number |sequence| begins with. False: no
 * more are needed, or it was not taken: it is too short, or that number was there before. */
bool tls_nonces_note(struct tls_session *session, uint64_t sequence, size_t len, struct span nonce,
                     struct dissect_context *context);

/* tls_nonces_end tells of side context->side, if it was begun: no more of its records can be looked at. */
void tls_nonces_end(struct tls_session *session, struct dissect_context *context);

/* tls_nonces_free gives what room there is back, without telling. */
void tls_nonces_free(struct tls_session *session);

/* tls_nonces_classify says how |num| |nonces|, as numbers, go on, and counts in |jumps| the steps that no counter makes and
 * in |repeated| those that came before. |sequences| are the numbers of their records. */
enum tls_nonce_pattern tls_nonces_classify(const uint64_t *nonces, const uint64_t *sequences,
                                           size_t num, unsigned *jumps, unsigned *repeated);

const char *tls_nonce_pattern_name(uint64_t pattern); /* "counter" */

extern const struct observation_type observation_tls_record_nonces;

#endif
