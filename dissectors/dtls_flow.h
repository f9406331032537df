/* dtls_flow.h: what the DTLS dissector keeps of a flow; dtls.c reads records, dtls_handshake.c messages. */
#ifndef PERPASS_DISSECTORS_DTLS_FLOW_H
#define PERPASS_DISSECTORS_DTLS_FLOW_H

#include "dissectors/dtls_inbox.h"
#include "dissectors/dtls_record.h"
#include "dissectors/tls_session.h"

enum { DTLS_MAX_CIDS = 64 /* connection ids of a side that are told; the next ones are not */ };

struct dtls_side {
    struct dtls_inbox inbox;
    bool has_random;
    uint8_t random[TLS_RANDOM_LEN]; /* of the last hello */
    bool repeating;                 /* the last message came again … */
    uint16_t last_repeated;         /* … and had this number */
    uint32_t repeated, flights;     /* messages that came again; runs of such */
    uint32_t plain;                 /* records in clear */
    uint32_t calm;                  /* datagrams since the last of these */
    bool protected;                 /* sent a protected record */
    bool told_proof;                /* the one with Finished went to tls_proof_record */
    bool sampling, sampled;         /* tls_nonces_note is handed nonces; that was decided */
    uint64_t cid_records, cid_last_ns;
    struct number inferred_cid_len;
    uint8_t inferences; /* tries to infer it */
    uint8_t cids;       /* told */
    bool has_cid;
    bool told_bounds, told_record; /* a fault that would only be told again and again */
    uint64_t cid_hash;             /* of the last one */
    bool guessed;                  /* sent what may be DTLS 1.3 … */
    size_t guess_len;              /* … with a connection id of this length … */
    uint64_t guess;                /* … and hash */
};

/* Where the first exchange is, for what it costs each side. */
enum dtls_opening { DTLS_OPENING_HELLO = 0, DTLS_OPENING_ANSWER, DTLS_OPENING_OVER };

struct dtls {
    struct tls_session session;
    struct dtls_store store;
    struct dtls_side sides[2];
    uint16_t record_version;
    bool proven;  /* it is DTLS for certain: there was more than one datagram that may be */
    bool unified; /* there were records of DTLS 1.3 */
    bool hello_verify, any_hello;
    bool gave_way; /* fragments that came were let go */
    struct number cookie_len;
    enum dtls_opening opening;
    uint32_t client_hello_bytes, server_first_bytes;
};

/* dtls_read_fragments reads the handshake messages and fragments in a record in clear. */
void dtls_read_fragments(struct dtls *dtls, struct reader record, struct dissect_context *context);

/* dtls_hurry: what |side| sent is over (the next epoch begins, or the other side has answered): complete
 * messages are read, whatever is missing before them. */
void dtls_hurry(struct dtls *dtls, unsigned side, struct dissect_context *context);

/* dtls_handshake_end reads what can be read, tells what cannot, and emits dtls.session. */
void dtls_handshake_end(struct dtls *dtls, struct dissect_context *context);

/* dtls_cid_len is the length of the connection id that |side| puts in its records: negotiated, else
 * inferred, else not seen. */
struct number dtls_cid_len(const struct dtls *dtls, unsigned side, unsigned client, bool *inferred);

void dtls_fault(const struct observation_type *type, const char *field, const char *reason,
                struct dissect_context *context);

#endif
