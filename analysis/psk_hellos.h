/* psk_hellos.h: client hellos with a PSK, to see when one is delivered twice: rerouted to another server, or
 * back to its sender (Selfie). Bounded; of eight entries the oldest gives way. */
#ifndef PERPASS_ANALYSIS_PSK_HELLOS_H
#define PERPASS_ANALYSIS_PSK_HELLOS_H

#include "core/flow.h"
#include "dissectors/tls.h"

enum {
    PSK_HELLOS = 32768,       /* hellos remembered */
    PSK_HELLOS_WINDOW_S = 60, /* later a hello that comes again is another matter */
};

/* How a hello relates to the one with the same random, session id and binders that was seen before. */
enum psk_delivery {
    PSK_DELIVERY_FIRST = 0,     /* there was none */
    PSK_DELIVERY_SAME,          /* the same conversation: sent again, or after a cookie */
    PSK_DELIVERY_COPY,          /* between the same ends, in another tunnel: captured twice */
    PSK_DELIVERY_TRANSLATED,    /* to the same server from elsewhere: address translation */
    PSK_DELIVERY_OTHER_SERVER,  /* from the same client address to another server */
    PSK_DELIVERY_ELSEWHERE,     /* from another address to another server */
    PSK_DELIVERY_BACK_TO_SENDER /* to the address that it came from */
};

/* The delivery before the one at hand. */
struct psk_delivered {
    struct endpoint client, server;
    struct endpoint asked_by;    /* who was answered first */
    struct endpoint answered_by; /* by whom; a server that is asked again may answer anew */
    uint8_t ip_version;
    bool answered_by_several;  /* told already */
    uint64_t ns, packet, flow; /* flow: number of its first packet */
    uint64_t answer;           /* hash of the random that the server answered with; 0: none yet */
    uint64_t answer_packet;
};

struct psk_hellos;

struct psk_hellos *psk_hellos_new(void);
void psk_hellos_free(struct psk_hellos *hellos);

/* psk_hellos_name gives the name of a hello under |key|, never 0 but for one that tells nothing: without a random, or
 * with one that is the same byte throughout. */
uint64_t psk_hellos_name(const uint64_t key[2], const struct tls_client_hello *hello);

/* psk_hellos_deliver notes that the hello |name| was sent in |flow| at |ns|, and gives how it relates to the
 * delivery |before|. |pushed_out| is set when another hello had to give way. */
enum psk_delivery psk_hellos_deliver(struct psk_hellos *hellos, uint64_t name,
                                     const struct flow *flow, uint64_t ns, uint64_t packet,
                                     struct psk_delivered *before, bool *pushed_out);

/* psk_hellos_answer notes that a server answered the hello |name| in |flow| with a random, whose hash is |answer|, in
 * |packet|. True, once for a hello, when another server had answered it already, with another random: then |before| is
 * the delivery to that one; its packet is that of the answer, where the hello was not delivered to it first. */
bool psk_hellos_answer(struct psk_hellos *hellos, uint64_t name, const struct flow *flow,
                       uint64_t answer, uint64_t packet, struct psk_delivered *before);

#endif
