/* layers.h: from a frame to its innermost transport header.
 *
 * Reads link layers, VLAN tags, MPLS, PPP(oE), IPv4, IPv6 and its extension headers, tunnels to
 * PACKET_MAX_TUNNELS deep, and the TCP, UDP and ICMP headers. Checksums are not verified: mirror
 * ports see packets before the network card fills them in. */
#ifndef PERPASS_CORE_LAYERS_H
#define PERPASS_CORE_LAYERS_H

#include "core/packet.h"

/* layers_decode reads |frame| into |packet| (which need not be initialised). Views of |packet|
 * point into the frame. */
enum layers_result layers_decode(const struct frame *frame, struct packet *packet);

/* layers_resume goes on with a packet that was LAYERS_FRAGMENT, now that its IP payload
 * |payload| has been put together; addresses and protocol are as layers_decode left them in
 * |packet|. May give LAYERS_FRAGMENT again: a tunnel can carry fragments. */
enum layers_result layers_resume(struct packet *packet, struct span payload);

/* layers_knows_link says whether there is a reader for this LINKTYPE_ value. */
bool layers_knows_link(uint16_t link_type);

#endif
