/* host_set.c: sets that are searched from end to end: they are small. */
#include "analysis/host_set.h"

void host_set_add(struct host_set *set, uint8_t ip_version, uint64_t name)
{
    size_t family = ip_version == 6;
    for (size_t i = 0; i < set->num[family]; i++)
        if (set->hosts[family][i] == (uint32_t)name)
            return;
    if (set->num[family] < HOST_SET_MAX)
        set->hosts[family][set->num[family]++] = (uint32_t)name;
}

uint64_t host_set_count(const struct host_set *set)
{
    return set->num[0] > set->num[1] ? set->num[0] : set->num[1];
}
