/* host_set.h: a few hosts that have something in common, IPv4 and IPv6 apart: one host may have an address of each. */
#ifndef PERPASS_ANALYSIS_HOST_SET_H
#define PERPASS_ANALYSIS_HOST_SET_H

#include "core/flow.h"

enum { HOST_SET_MAX = 8 /* of a family; further ones are not told apart from known ones */ };

/* All-zero is empty. Hosts are named by hashes of their addresses, of which half is kept: among eight that is enough. */
struct host_set {
    uint32_t hosts[2][HOST_SET_MAX];
    uint8_t num[2];
};

/* host_set_add adds the host |name| of |ip_version|; what has no room is left out. */
void host_set_add(struct host_set *set, uint8_t ip_version, uint64_t name);

/* host_set_count is how many hosts there are at least: the larger of the two families. */
uint64_t host_set_count(const struct host_set *set);

#endif
