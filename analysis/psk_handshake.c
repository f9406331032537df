/* psk_handshake.c: the identities that a client offered. */
#include "analysis/psk_handshake.h"

void psk_handshake_offer(struct psk_handshake *handshake, enum psk_origin_verdict verdict,
                         uint64_t name)
{
    if (handshake->num_offers == PSK_HANDSHAKE_IDENTITIES)
        return;
    handshake->names[handshake->num_offers] = name;
    handshake->verdicts[handshake->num_offers++] = (uint8_t)verdict;
}

enum psk_origin_verdict psk_handshake_verdict(const struct psk_handshake *handshake, uint64_t index)
{
    return index < handshake->num_offers ? (enum psk_origin_verdict)handshake->verdicts[index]
                                         : PSK_ORIGIN_UNKNOWN;
}
