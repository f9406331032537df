/* install_follow.h: how an install is followed: what install.c, install_dhcp.c and install_files.c share. */
#ifndef PERPASS_ANALYSIS_INSTALL_FOLLOW_H
#define PERPASS_ANALYSIS_INSTALL_FOLLOW_H

#include "analysis/install_rules.h"

/* install_begin gives the install of |device| at the observation at hand, after having ended one that was quiet for
 * too long; NULL without memory. */
struct install_live *install_begin(struct install_state *state, struct install_device *device);

/* install_end tells the install of |device|, if there is one and anything to tell, and forgets it. */
void install_end(struct install_state *state, struct install_device *device, const char *ended_by);

/* install_goes_on says that the observation at hand is part of |live|. */
void install_goes_on(struct install_live *live, const struct observation *observation);

/* install_set_flow makes |flow| the conversation of |live|, which keeps its beginning. */
void install_set_flow(struct install_live *live, const struct flow *flow);

/* install_frame_mac is the hardware address that the frames of a side come from; unseen: none, or a group. */
struct span install_frame_mac(const struct flow *flow, unsigned side);

static inline struct span install_end_address(const struct flow *flow, unsigned side)
{
    return span_of(flow->ends[side].address, flow->ip_version == 4 ? 4 : 16);
}

/* What comes in. */
struct dhcp_message;
struct dhcp6_message;
struct tftp_request;
struct tftp_transfer;
struct http_fetch;
void install_dhcp(struct install_state *state, const struct dhcp_message *message);
void install_dhcp6(struct install_state *state, const struct dhcp6_message *message);
void install_tftp_request(struct install_state *state, const struct tftp_request *request);
void install_tftp_transfer(struct install_state *state, const struct tftp_transfer *transfer);
void install_http_fetch(struct install_state *state, const struct http_fetch *fetch);

#endif
