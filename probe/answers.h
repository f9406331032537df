/* answers.h: reads what a server answers, by the dissectors' own parsers: what perpass observes of a capture of the
 * probe is what the probe saw.
 *
 * Unlike a dissector it is a side of the conversation: a message is taken in its turn only, and what is missing
 * before it is waited for (RFC 6347 section 4.2.2). */
#ifndef PERPASS_PROBE_ANSWERS_H
#define PERPASS_PROBE_ANSWERS_H

#include "dissectors/dtls.h"
#include "dissectors/dtls_inbox.h"
#include "dissectors/dtls_record.h"
#include "dissectors/tls_session.h"

enum {
    ANSWERS_MAX_MESSAGES = 64, /* of a handshake; further ones are not read */
    DTLS_MAX_COOKIE = 255
};

struct answers_kept;

/* Who is told. */
struct answers_listener {
    void *to;
    /* A message in its turn, behind its observations. |body| lives until the call returns. */
    void (*message)(void *to, uint8_t type, uint16_t seq, struct span body);
    /* Opens a protected record: |plain| has to live until the next call. False: it is not genuine, or there are no
     * keys yet. */
    bool (*open)(void *to, const struct dtls_record *record, uint8_t *type, struct span *plain);
};

/* What was told since answers_begin. Spans of the observations live until answers_end. */
struct answers {
    bool any;          /* a record of DTLS */
    bool garbage;      /* a datagram that is none */
    bool malformed;    /* a message that lies about its lengths */
    bool hello_verify; /* a HelloVerifyRequest: … */
    uint8_t cookie[DTLS_MAX_COOKIE];
    size_t cookie_len;
    uint16_t cookie_version;
    bool server_hello, key_exchange, hello_done, new_ticket; /* came: */
    struct tls_server_hello hello;
    struct tls_server_key_exchange exchange;
    struct tls_new_session_ticket ticket;
    unsigned certificates;        /* of the server's Certificate message */
    const char *certificate_type; /* "x509", "raw_public_key"; NULL: no such message */
    bool alerted;                 /* fatal, or close_notify: … */
    bool alert_protected;         /* … in a protected record */
    uint8_t alert;                /* its description */
    struct number warning;        /* the last alert that was only a warning */
    unsigned change_cipher_specs;
    unsigned repeated_flights;    /* times that messages came again */
    struct span application_data; /* the first one */
    unsigned opened, unopened;    /* protected records */

    struct answers_listener listener;
    struct tls_session session;
    struct flow flow;
    struct dtls_inbox inbox;
    struct dtls_store store;
    struct budget budget;
    struct scratch scratch;
    struct answers_kept *kept;
    unsigned num_messages;
    bool repeating;
    uint16_t last_repeated;
};

void answers_begin(struct answers *answers, const struct answers_listener *listener);

/* answers_sent reads a client hello of our own, without which the server's cannot be judged. */
void answers_sent(struct answers *answers, uint8_t type, struct span body);

/* answers_read reads a datagram of the server. */
void answers_read(struct answers *answers, struct span datagram);

/* answers_restart begins a handshake within the session: messages are numbered from 0 again. */
void answers_restart(struct answers *answers);

void answers_end(struct answers *answers);

#endif
