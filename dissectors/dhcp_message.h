/* dhcp_message.h: a DHCPv4 message while it is read. For dhcp.c and dhcp_options.c alone. */
#ifndef PERPASS_DISSECTORS_DHCP_MESSAGE_H
#define PERPASS_DISSECTORS_DHCP_MESSAGE_H

#include "dissectors/dhcp.h"

/* The first fault of either kind, by the field in which it is; NULL: none. */
struct dhcp_faults {
    const char *malformed, *cut;
};

/* dhcp_note_fault notes the fault of |r|, if it has one, as one of |field|. */
static inline void dhcp_note_fault(struct dhcp_faults *faults, const struct reader *r,
                                   const char *field)
{
    if (r->fault == READER_MALFORMED && faults->malformed == NULL)
        faults->malformed = field;
    if (r->fault == READER_CUT && faults->cut == NULL)
        faults->cut = field;
}

/* dhcp_emit_faults tells them. */
void dhcp_emit_faults(const struct dhcp_faults *faults, const char *protocol,
                      struct dissect_context *context);

/* dhcp_read_labels gives a name in the form of RFC 1035 section 3.1, without compression, as text; unseen if it is
 * none. A name need not end in the root (RFC 4702 section 2.3). */
struct span dhcp_read_labels(struct reader *labels, struct dhcp_list *room);

/* dhcp_options_read makes the members of |message| that come from |message->options|, and the candidates of the header. */
void dhcp_options_read(struct dhcp_message *message, struct dhcp_list *room,
                       struct dhcp_faults *faults);

/* dhcp_options_boot makes |message->boot|, and leaves credentials out of the header's fields. */
void dhcp_options_boot(struct dhcp_message *message, struct dhcp_list *room);

/* dhcp_find_suboption gives the value of |code| in a list of u8 code and vec8 value, unseen if it is not there. */
struct span dhcp_find_suboption(struct span list, uint8_t code);

#endif
