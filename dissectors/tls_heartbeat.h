/* tls_heartbeat.h: messages of the heartbeat extension, RFC 6520: what they carry when they are sent before protection
 * begins, and that there are some afterwards, where the type of a record shows. */
#ifndef PERPASS_DISSECTORS_TLS_HEARTBEAT_H
#define PERPASS_DISSECTORS_TLS_HEARTBEAT_H

#include "core/dissector.h"

struct tls_session;

/* "tls.heartbeat": one record. Of a protected one only its length is known. */
struct tls_heartbeat {
    const char *transport;
    const char *from; /* "client", "server" */
    enum truth protected;
    struct number len;         /* of the record, bytes */
    struct number type;        /* 1: request, 2: response */
    struct number payload_len; /* as the message says */
    enum truth too_long; /* that is more than there is: whoever answers it gives memory away */
    struct span payload, padding; /* as far as they are there; no rows */
};

/* tls_heartbeat_clear reads a record in clear, tls_heartbeat_protected tells of one that is not. */
void tls_heartbeat_clear(const struct tls_session *session, struct reader message,
                         struct dissect_context *context);
void tls_heartbeat_protected(const struct tls_session *session, size_t len,
                             struct dissect_context *context);

extern const struct observation_type observation_tls_heartbeat;

#endif
