/* iot_endpoints.h: endpoints, each with what it met and what it broke. Bounded. */
#ifndef PERPASS_ANALYSIS_IOT_ENDPOINTS_H
#define PERPASS_ANALYSIS_IOT_ENDPOINTS_H

#include "analysis/analyzer.h"
#include "analysis/bounded_table.h"
#include "analysis/iot_profile.h"

enum iot_role { IOT_CLIENT, IOT_SERVER };

struct iot_endpoint {
    enum iot_role role;
    uint8_t ip_version, protocol;
    struct endpoint ends[2]; /* client and server of its first handshake: [role] is it */
    uint64_t handshakes, first_ns, last_ns, first_packet;
    enum truth heartbeat;
    struct iot_cell {
        uint32_t met, broken; /* handshakes */
        uint64_t met_packet, broken_packet;
    } cells[NUM_IOT_CHECKS];
};

/* What one handshake tells of one of its ends: bits are enum iot_check. */
struct iot_judgement {
    uint32_t met, broken;
    enum truth heartbeat;
    uint64_t packet; /* of its hello */
};

struct iot_endpoints {
    struct bounded_table *table;
};

void iot_endpoints_free(struct iot_endpoints *endpoints);

/* iot_endpoints_add adds what the conversation at hand tells of its end in |role|; |handshakes| is 1, or 0 where that is
 * more of one that was counted. */
void iot_endpoints_add(struct iot_endpoints *endpoints, struct analyze_context *context,
                       enum iot_role role, const struct iot_judgement *judgement,
                       uint64_t handshakes);

/* iot_endpoints_tell tells them: those that break most first. */
void iot_endpoints_tell(const struct iot_endpoints *endpoints, struct analyze_context *context);

#endif
