/* usual.h: most packets are read in one go. */
#ifndef PERPASS_CORE_USUAL_H
#define PERPASS_CORE_USUAL_H

#include "core/flow_key.h"

/* usual_read reads |frame| as layers_decode and flow_key_of would, if it is Ethernet with at most one VLAN tag, IPv4
 * without options or IPv6 without extension headers, and TCP or UDP, all in order: then it gives true, the |packet|,
 * which is LAYERS_TRANSPORT, its |key|, and the sender's |side| in it. False: it is for layers_decode. */
bool usual_read(const struct frame *frame, struct packet *packet, struct flow_key *key,
                uint8_t *side);

#endif
