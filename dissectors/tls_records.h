/* tls_records.h: TLS over an ordered stream of bytes, whatever puts it in order.
 *
 * The carrier (TCP, or what has a reliable layer of its own) offers each side's bytes to tls_records_read;
 * what that leaves unread is to be offered again with more bytes behind it, as core/tcp_stream.h has it. */
#ifndef PERPASS_DISSECTORS_TLS_RECORDS_H
#define PERPASS_DISSECTORS_TLS_RECORDS_H

#include "dissectors/tls_session.h"

/* One direction. */
struct tls_side {
    bool in_step;               /* the bytes at hand begin with a record header */
    bool change_cipher;         /* sent a ChangeCipherSpec before it was clear what that means */
    bool waiting;               /* holds the beginning of a message */
    bool proof_next;            /* the next record is to be handed to tls_proof_record */
    bool sampling;              /* the nonces of records are handed to tls_nonces_note */
    uint8_t resyncs, protected; /* protected: records that were */
    size_t skip;                /* bytes of a record of no interest still to pass over */
    size_t done;                /* handshake bytes of the first unread record that have been read */
    size_t want;                /* unread bytes before the next try is worth its time */
};

/* All-zero is a conversation of which nothing was seen. A carrier other than TCP sets session.transport. */
struct tls_records {
    struct tls_session session;
    struct tls_side sides[2];
};

/* tls_records_recognise says whether |bytes| begin with a record of TLS, or with a hello in one of SSL 2. */
enum recognise tls_records_recognise(struct reader bytes);

/* tls_records_read reads what it can of the |bytes| that context->side sent. |bytes| may end in a cut;
 * context->gap tells that bytes before these were lost. */
enum dissect tls_records_read(struct tls_records *tls, struct reader *bytes,
                              struct dissect_context *context);

/* tls_records_end tells of messages that were begun and never ended. */
void tls_records_end(struct tls_records *tls, struct dissect_context *context);

/* What the functions above emit, NULL-terminated. */
extern const struct observation_type *const tls_records_observations[];

#endif
