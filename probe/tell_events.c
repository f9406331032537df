/* tell_events.c: checks as observations of the conversation between the probe and its target. */
#include "probe/tell_events.h"

#include "core/flow.h"
#include "reports/probe_check.h"

#include <arpa/inet.h>

static struct endpoint end_of(const struct udp_address *address)
{
    struct endpoint end = {.port = ntohs(address->v4.sin_port)}; /* at one place in both kinds */
    if (address->any.sa_family == AF_INET)
        memcpy(end.address, &address->v4.sin_addr, 4);
    else
        memcpy(end.address, &address->v6.sin6_addr, 16);
    return end;
}

static struct probe_check check_of(const struct probe *probe, enum check_id id)
{
    const struct check_result *result = &probe->results[id];
    struct probe_check check = {.id = check_get(id)->id,
                                .outcome = check_outcome_name(result->outcome),
                                .value = result->value[0] != '\0' ? result->value : NULL,
                                .reason = result->reason,
                                .rule = result->rule != NULL ? result->rule->id : NULL,
                                .hint = result->hint,
                                .budget = number(probe->count.budget),
                                .sent = number(probe->count.sent),
                                .received = number(probe->count.received)};
    probe_check_judge(&check);
    return check;
}

void tell_events(struct event_writer *writer, const struct probe *probe)
{
    const struct flow flow = {.ends = {end_of(&probe->local), end_of(&probe->target)},
                              .ip_version = probe->target.any.sa_family == AF_INET ? 4 : 6,
                              .protocol = PROTO_UDP,
                              .dissector = &dissector_dtls,
                              .first_ns = probe->time_ns,
                              .last_ns = probe->time_ns};
    if (probe->local.len == 0)
        return; /* there was no way to the target: nothing was asked */
    for (unsigned i = 0; i < NUM_CHECKS; i++) {
        const struct probe_check check = check_of(probe, (enum check_id)i);
        const struct observation observation = {.type = &observation_probe_check,
                                                .data = &check,
                                                .flow = &flow,
                                                .time_ns = probe->time_ns,
                                                .packet = i + 1};
        if (probe->settings->wanted[i])
            event_writer_observation(writer, &observation);
    }
}
