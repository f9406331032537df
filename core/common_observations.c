/* common_observations.c: the rows of malformed, cut and flow.end. */
#include "core/common_observations.h"

#include "core/field_observations.h"

#define PUBLIC(path, field_type, member, text)                                                     \
    {                                                                                              \
        .name = path, .type = field_type, .privacy = PRIVACY_PUBLIC,                               \
        .offset = offsetof(STRUCT, member), .about = text                                          \
    }
#define NUM_ROWS(rows) (sizeof(rows) / sizeof *(rows))

#define STRUCT struct fault_observation
static const struct field fault_fields[] = {
    PUBLIC("perpass.fault.protocol", FIELD_TEXT, protocol, "the dissector that found it"),
    PUBLIC("perpass.fault.field", FIELD_TEXT, field, "the message or block in which it was found"),
    PUBLIC("perpass.fault.reason", FIELD_TEXT, reason, "what is wrong, or what is missing"),
};
#undef STRUCT

#define STRUCT struct flow_end_observation
static const struct field flow_end_fields[] = {
    PUBLIC("event.start", FIELD_TIME, first_ns, "time of the first packet"),
    PUBLIC("event.end", FIELD_TIME, last_ns, "time of the last packet, to the millisecond"),
    PUBLIC("source.bytes", FIELD_NUMBER, client_bytes, "IP bytes that the client sent"),
    PUBLIC("source.packets", FIELD_NUMBER, client_packets, "packets that the client sent"),
    PUBLIC("destination.bytes", FIELD_NUMBER, server_bytes, "IP bytes that the server sent"),
    PUBLIC("destination.packets", FIELD_NUMBER, server_packets, "packets that the server sent"),
    PUBLIC("perpass.flow.end", FIELD_TEXT, how, "closed, idle, evicted or input (it ended)"),
    PUBLIC("perpass.flow.dissector", FIELD_TEXT, protocol, "the dissector that read it"),
    PUBLIC("perpass.flow.start_seen", FIELD_TRUTH, saw_start,
           "TCP: whether the capture has the SYN, or starts mid-session"),
    PUBLIC("perpass.flow.application_protocol", FIELD_TEXT, application_protocol,
           "what a conversation was taken for that no dissector read to its end: by one of them, "
           "or by "
           "nDPI"),
    PUBLIC("network.application", FIELD_TEXT, application,
           "the application or service, where nDPI knows more than the protocol"),
    PUBLIC("perpass.flow.encrypted", FIELD_TRUTH, encrypted,
           "whether that protocol is known to encrypt what it says"),
    PUBLIC("perpass.flow.credentials", FIELD_TRUTH, credentials,
           "nDPI saw credentials in clear in a conversation that no dissector read"),
};
#undef STRUCT

const struct observation_type observation_malformed = {
    .name = "malformed",
    .about = "A message broke the rules of its own protocol.",
    .fields = fault_fields,
    .num_fields = NUM_ROWS(fault_fields),
    .size = sizeof(struct fault_observation),
};

const struct observation_type observation_cut = {
    .name = "cut",
    .about = "The capture lacks a part of a message: the snap length took it, or it was lost.",
    .fields = fault_fields,
    .num_fields = NUM_ROWS(fault_fields),
    .size = sizeof(struct fault_observation),
};

const struct observation_type observation_flow_end = {
    .name = "flow.end",
    .about = "A conversation is over: its totals, and how it ended.",
    .fields = flow_end_fields,
    .num_fields = NUM_ROWS(flow_end_fields),
    .size = sizeof(struct flow_end_observation),
};

static const struct observation_part flow_packet_parts[] = {
    {.offset = offsetof(struct flow_packet_observation, packet)}};

const struct observation_type observation_flow_packet = {
    .name = "flow.packet",
    .about = "A packet of a conversation that nobody reads.",
    .parts = flow_packet_parts,
    .num_parts = NUM_ROWS(flow_packet_parts),
    .size = sizeof(struct flow_packet_observation),
};

const struct observation_type observation_exchange_end = {
    .name = "exchange.end",
    .about = "One of several exchanges that a conversation holds is over.",
    .size = sizeof(struct exchange_end_observation),
};

const struct observation_type *const common_observations[] = {
    &observation_malformed, &observation_cut,        &observation_flow_end,
    &observation_ip_fields, &observation_tcp_fields, NULL};
