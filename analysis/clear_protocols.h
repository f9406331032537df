/* clear_protocols.h: protocols that send what they say in clear. */
#ifndef PERPASS_ANALYSIS_CLEAR_PROTOCOLS_H
#define PERPASS_ANALYSIS_CLEAR_PROTOCOLS_H

#include "core/common_observations.h"
#include "core/finding.h"

struct clear_protocol {
    const char *name; /* of a dissector, or nDPI's */
    enum severity severity;
};

/* clear_protocol_find gives the protocol, NULL when it is not known as one (|name| may be NULL). */
const struct clear_protocol *clear_protocol_find(const char *name);

/* clear_protocol_encrypts says whether what a conversation was read as, or taken for, encrypts; unknown when nobody
 * knows, and for protocols that may go over to TLS and did not. */
enum truth clear_protocol_encrypts(const struct flow_end_observation *end);

#endif
