/* clear_protocols.c: protocols that send what they say in clear, from clear_protocols.def. */
#include "analysis/clear_protocols.h"

#include <string.h>

static const struct clear_protocol protocols[] = {
#define CLEAR_PROTOCOL(name, severity) {name, severity},
#include "analysis/clear_protocols.def"
#undef CLEAR_PROTOCOL
};

const struct clear_protocol *clear_protocol_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof protocols / sizeof *protocols; i++)
        if (protocols[i].name[0] == name[0] && strcmp(protocols[i].name, name) == 0)
            return &protocols[i];
    return NULL;
}

enum truth clear_protocol_encrypts(const struct flow_end_observation *end)
{
    static const char *const encrypting[] = {"tls", "dtls", "quic", "openvpn"};
    const char *name = end->protocol != NULL ? end->protocol : end->application_protocol;
    if (end->encrypted != TRUTH_UNKNOWN)
        return end->encrypted;
    for (size_t i = 0; name != NULL && i < sizeof encrypting / sizeof *encrypting; i++)
        if (strcmp(encrypting[i], name) == 0)
            return TRUTH_YES;
    bool clear = name != NULL && (strcmp(name, "dns") == 0 || clear_protocol_find(name) != NULL);
    return clear ? TRUTH_NO : TRUTH_UNKNOWN;
}
