/* eap.h: the Extensible Authentication Protocol, whatever carries it, and TLS inside it. */
#ifndef PERPASS_DISSECTORS_EAP_H
#define PERPASS_DISSECTORS_EAP_H

#include "dissectors/tls_records.h"

/* "eap.identity": the name that a device gives in clear before anything protects it, RFC 3748 section 5.1. */
struct eap_identity {
    struct span identity;
    struct span realm;    /* what is behind its last '@' (RFC 7542) */
    struct number len;    /* bytes of the identity */
    enum truth anonymous; /* the part before '@' is empty or "anonymous" */
};

/* "eap.method": what device and server use, told when the device first answers with it. */
struct eap_method {
    struct number type; /* IANA's EAP method type */
    enum truth tls;     /* it carries TLS */
    enum truth refused; /* the device refused another one before */
};

extern const struct observation_type observation_eap_identity, observation_eap_method;

/* eap_method_name is the registered name of the methods that are in use, or NULL. */
const char *eap_method_name(uint64_t type);

/* TLS of one side, in fragments. */
struct eap_side {
    uint8_t *unread;
    size_t len, room;
    size_t announced, got; /* bytes of the message at hand: 0 announced is not seen */
    uint8_t identifier;    /* of the last packet, which may come again */
    bool seen, lost, done;
};

/* One authentication. All-zero is one of which nothing was seen. */
struct eap_session {
    struct tls_records records;
    struct eap_side sides[2];
    uint32_t number; /* in its flow, from 1: given by who carries it, with the first packet */
    uint64_t bytes;  /* of its packets */
    uint8_t method;
    bool refused;
};

/* eap_recognise says whether |packet| is a whole EAP packet. */
bool eap_recognise(struct reader packet);

/* eap_read reads one packet of context->side; false: the authentication is over. */
bool eap_read(struct eap_session *session, struct reader packet, struct dissect_context *context);

/* eap_end tells what is only known at the end, and frees what |session| holds. */
void eap_end(struct eap_session *session, struct dissect_context *context);

#endif
