/* iot_profile.h: which requirements of the profiles for constrained devices an endpoint meets, and which it breaks:
 * "iot.profile". RFC 7925, draft-ietf-uta-tls13-iot-profile, RFC 9325. */
#ifndef PERPASS_ANALYSIS_IOT_PROFILE_H
#define PERPASS_ANALYSIS_IOT_PROFILE_H

#include "core/observation.h"

enum iot_check {
#define IOT_CHECK(symbol, ...) symbol,
#include "analysis/iot_checks.def"
#undef IOT_CHECK
    NUM_IOT_CHECKS
};

enum { IOT_MOST_ENDPOINTS = 4096, IOT_MOST_TOLD = 1000 };

/* "iot.profile": one endpoint in one role. The lists are columns: one entry for each check that was seen. */
struct iot_profile {
    const char *role; /* "client", "server" */
    struct span address;
    struct number port; /* of a server */
    struct number handshakes, met, broken;
    struct number first_ns, last_ns;
    enum truth heartbeat;            /* the extension was on offer, or taken */
    struct span checks, verdicts;    /* u8 each: enum iot_check; 1 met, 0 broken */
    struct span num_met, num_broken; /* u64 each: handshakes */
    struct span packets;             /* u64 each: of the first that broke it, else that met it */
};

extern const struct observation_type observation_iot_profile;

const char *iot_check_name(uint64_t check);        /* "version" */
const char *iot_check_requirement(uint64_t check); /* in words */
const char *iot_check_references(uint64_t check);

#endif
