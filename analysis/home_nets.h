/* home_nets.h: the operator's own networks, and where an address stands without them. */
#ifndef PERPASS_ANALYSIS_HOME_NETS_H
#define PERPASS_ANALYSIS_HOME_NETS_H

#include "core/error.h"
#include "core/span.h"

enum { HOME_NETS_MAX = 128 };

/* A prefix: the first |bits| of |address|, which has 4 or 16 bytes. */
struct home_net {
    uint8_t address[16];
    uint8_t len, bits;
};

/* All-zero: nobody told any. */
struct home_nets {
    struct home_net nets[HOME_NETS_MAX];
    size_t num;
};

/* home_nets_add reads "192.0.2.0/24,2001:db8::/32,198.51.100.7" (an address without a length is itself) and
 * adds them. False and |error| where something is no prefix or there are too many. */
bool home_nets_add(struct home_nets *nets, const char *text, struct error *error);

/* home_nets_have says whether the |address| (4 or 16 bytes) is in one of them. */
bool home_nets_have(const struct home_nets *nets, struct span address);

/* What the form of an address tells of where it is. */
enum address_scope {
    ADDRESS_NONE = 0,  /* no address, all zero, multicast or broadcast */
    ADDRESS_ON_LINK,   /* loopback or link-local */
    ADDRESS_PRIVATE,   /* RFC 1918, RFC 6598, RFC 4193: of some network of its own */
    ADDRESS_EVERYWHERE /* may be anywhere in the world */
};
enum address_scope address_scope(struct span address);

#endif
