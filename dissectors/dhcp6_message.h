/* dhcp6_message.h: a DHCPv6 message while it is read. For dhcp6.c and dhcp6_options.c alone. */
#ifndef PERPASS_DISSECTORS_DHCP6_MESSAGE_H
#define PERPASS_DISSECTORS_DHCP6_MESSAGE_H

#include "dissectors/dhcp6.h"
#include "dissectors/dhcp_message.h"

/* One datagram: what is known of the relays so far. */
struct dhcp6_reading {
    struct dhcp_list links, peers, interface_ids, remote_ids, subscriber_ids;
    struct span client_link_address; /* of the last relay */
    struct dhcp_list room;           /* for what is made of one message */
};

/* dhcp6_options_read makes the members of |message| that come from |message->options|. */
void dhcp6_options_read(struct dhcp6_message *message, struct dhcp_list *room,
                        struct dhcp_faults *faults);

#endif
