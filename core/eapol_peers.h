/* eapol_peers.h: who talks to whom in 802.1X.
 *
 * In the air a frame names both ends. On a wire either may send to a group address (IEEE 802.1X-2010 section 11.1.1),
 * so that frames name their sender only: a request and its answer are brought together by EAP's identifier (RFC 3748
 * section 4.1), which also tells devices apart that one switch asks at the same time. */
#ifndef PERPASS_CORE_EAPOL_PEERS_H
#define PERPASS_CORE_EAPOL_PEERS_H

#include "core/packet.h"

enum { EAPOL_MAX_PAIRS = 64, EAPOL_MAC_LEN = 6 };

struct eapol_pair {
    uint8_t authenticator[EAPOL_MAC_LEN], device[EAPOL_MAC_LEN];
    bool has_device;    /* else it is what the authenticator asked the group last */
    uint8_t identifier; /* of the last answer, or request, that is certain to be theirs */
    uint64_t used;      /* when, in frames; 0: nobody is here */
};

/* The pairs seen last; all-zero is none. When there is no room, the one that was silent longest is forgotten. */
struct eapol_peers {
    struct eapol_pair pairs[EAPOL_MAX_PAIRS];
    uint64_t clock;
};

/* eapol_peers_join makes a packet with a flow of what layers_decode left as LAYERS_EAPOL: |packet->ends| are the two
 * hardware addresses, and its payload the 802.1X frame. Where the other end is not known it is the group address, all
 * zero where the capture has none. False: the frame has no EAP packet, or a question to whoever there may be. */
bool eapol_peers_join(struct eapol_peers *peers, struct packet *packet);

#endif
