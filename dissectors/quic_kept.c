/* quic_kept.c: packets of QUIC that wait for the keys which open them. */
#include "dissectors/quic_kept.h"

#include <stdlib.h>

bool quic_keep(struct quic_kept *kept, const struct quic_packet *packet, size_t datagram,
               struct dissect_context *context)
{
    const size_t len = packet->header.len + packet->body.len;
    if (kept->over || kept->num == QUIC_MAX_KEPT || len == 0 || len > QUIC_MAX_KEPT_LEN ||
        packet->cut != 0 || packet->version.scheme == NULL ||
        (kept->num > 0 && kept->side != context->side) || !budget_take(context->budget, len))
        return false;
    uint8_t *at = malloc(len);
    if (at == NULL) {
        budget_give(context->budget, len);
        return false;
    }
    memcpy(at, packet->header.at, packet->header.len);
    memcpy(at + packet->header.len, packet->body.at, packet->body.len);
    kept->side = (uint8_t)context->side;
    kept->packets[kept->num++] = (struct quic_kept_packet){.at = at,
                                                           .len = len,
                                                           .datagram = datagram,
                                                           .time_ns = context->time_ns,
                                                           .number = context->packet};
    return true;
}

void quic_kept_clear(struct quic_kept *kept, struct dissect_context *context)
{
    for (unsigned i = 0; i < kept->num; i++) {
        budget_give(context->budget, kept->packets[i].len);
        free(kept->packets[i].at);
    }
    *kept = (struct quic_kept){.over = true};
}
