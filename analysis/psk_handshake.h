/* psk_handshake.h: what is known of a handshake with a PSK until it is over: what the client offered, what the server
 * selected, and what its hello looked like. */
#ifndef PERPASS_ANALYSIS_PSK_HANDSHAKE_H
#define PERPASS_ANALYSIS_PSK_HANDSHAKE_H

#include "dissectors/psk_origin.h"

enum { PSK_HANDSHAKE_IDENTITIES = 10 /* remembered; of further ones nothing is known */ };

/* The last handshake of a conversation. */
struct psk_handshake {
    uint8_t num_offers;
    uint8_t verdicts[PSK_HANDSHAKE_IDENTITIES]; /* of the offers: enum psk_origin_verdict */
    uint64_t names[PSK_HANDSHAKE_IDENTITIES];   /* of the external ones: struct psk_user's */
    uint64_t name;                              /* of the external identity in use, 0: of none */
    uint64_t hello;       /* the client hello's: psk_hellos_name; 0 when it was not seen */
    uint64_t fingerprint; /* what the client's software sends in every hello; 0: not seen */
    uint64_t answer;      /* the same of the server's hello */
    uint64_t server_name; /* hash of the server name, 0 without */
    bool copy;            /* the same hello was seen in another conversation before */
};

/* psk_handshake_offer notes the verdict on the next identity on offer, and its name. */
void psk_handshake_offer(struct psk_handshake *handshake, enum psk_origin_verdict verdict,
                         uint64_t name);

/* psk_handshake_verdict gives the verdict on identity |index|. */
enum psk_origin_verdict psk_handshake_verdict(const struct psk_handshake *handshake,
                                              uint64_t index);

#endif
