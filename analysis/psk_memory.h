/* psk_memory.h: what is known of handshakes with a PSK until they are over: what the client offered, what the
 * server selected, and what its hello looked like. Bounded; the oldest of a few give way. */
#ifndef PERPASS_ANALYSIS_PSK_MEMORY_H
#define PERPASS_ANALYSIS_PSK_MEMORY_H

#include "core/flow.h"
#include "dissectors/psk_origin.h"

enum {
    PSK_MEMORY_FLOWS = 65536,  /* flows remembered at once */
    PSK_MEMORY_IDENTITIES = 10 /* identities remembered of each; of further ones nothing is known */
};

/* The last handshake of a flow. */
struct psk_handshake {
    uint8_t num_offers;
    uint8_t verdicts[PSK_MEMORY_IDENTITIES]; /* of the offers: enum psk_origin_verdict */
    uint64_t names[PSK_MEMORY_IDENTITIES];   /* of the external ones: psk_users_name */
    uint64_t name;                           /* of the external identity in use, 0: of none */
    uint64_t hello;       /* the client hello's: psk_hellos_name; 0 when it was not seen */
    uint64_t fingerprint; /* what the client's software sends in every hello; 0: not seen */
    uint64_t answer;      /* the same of the server's hello */
    uint64_t server_name; /* hash of the server name, 0 without */
    bool copy;            /* the same hello was seen in another conversation before */
};

struct psk_memory;

/* psk_memory_new gives an empty memory, NULL when there is none to be had. */
struct psk_memory *psk_memory_new(void);
void psk_memory_free(struct psk_memory *memory);

/* psk_memory_begin forgets the last handshake of |flow|, and gives an empty one. True when another flow was
 * pushed out. */
bool psk_memory_begin(struct psk_memory *memory, const struct flow *flow,
                      struct psk_handshake **handshake);

/* psk_memory_find gives the handshake of |flow|; NULL when nothing is known. It lives until the next begin. */
struct psk_handshake *psk_memory_find(struct psk_memory *memory, const struct flow *flow);

/* psk_memory_forget forgets |flow|: it is over. */
void psk_memory_forget(struct psk_memory *memory, const struct flow *flow);

/* psk_handshake_offer notes the verdict on the next identity on offer, and its name. */
void psk_handshake_offer(struct psk_handshake *handshake, enum psk_origin_verdict verdict,
                         uint64_t name);

/* psk_handshake_verdict gives the verdict on identity |index|. */
enum psk_origin_verdict psk_handshake_verdict(const struct psk_handshake *handshake,
                                              uint64_t index);

#endif
