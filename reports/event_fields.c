/* event_fields.c: the fields of the Elastic Common Schema that every event shares, and perpass.privacy.
 * Field names and their meaning: ECS 8.11, https://www.elastic.co/guide/en/ecs/8.11/. */
#include "reports/event_fields.h"

#include "core/digits.h"
#include "core/flow.h"
#include "reports/text.h"

#include <string.h>

struct json_writer *event_begin_value(struct event *event)
{
    json_path_write(&event->path, event->step);
    return event->path.json;
}

void event_put_text(struct event *event, const char *text)
{
    json_writer_text(event_begin_value(event), text, strlen(text));
}

void event_put_number(struct event *event, uint64_t number)
{
    char *at = json_path_open(&event->path, event->step, DIGITS_MAX);
    json_path_close(&event->path, at + digits_put(number, at));
}

void event_put_truth(struct event *event, bool truth)
{
    char *at = json_path_open(&event->path, event->step, strlen("false"));
    memcpy(at, truth ? "true" : "fals", 4);
    at[4] = 'e';
    json_path_close(&event->path, at + (truth ? 4 : 5));
}

void event_item_time(struct event *event, uint64_t time_ns)
{
    text_clock(event->clock, time_ns);
    json_writer_plain(event->path.json, event->clock->text, TEXT_TIME_LEN);
}

void event_put_time(struct event *event, uint64_t time_ns)
{
    event_begin_value(event);
    event_item_time(event, time_ns);
}

void event_item_shown(struct event *event, const struct shown *shown)
{
    switch (shown->type) {
    case SHOWN_TRUTH:
        json_writer_truth(event->path.json, shown->truth);
        break;
    case SHOWN_NUMBER:
        json_writer_number(event->path.json, shown->number);
        break;
    case SHOWN_TIME:
        event_item_time(event, shown->number);
        break;
    case SHOWN_TEXT:
        if (shown->plain)
            json_writer_plain(event->path.json, shown->text, shown->len);
        else
            json_writer_text(event->path.json, shown->text, shown->len);
        break;
    case SHOWN_NOTHING:
        break;
    }
}

void event_put_shown(struct event *event, const struct shown *shown)
{
    if (shown->type == SHOWN_NOTHING)
        return;
    event_begin_value(event);
    event_item_shown(event, shown);
}

void event_prepare_end(struct event *event, struct event_end *end)
{
    if (end->prepared)
        return;
    end->prepared = true;
    const struct value value = {.type = VALUE_ADDRESS,
                                .bytes = endpoint_address(end->end, event->ip_version)};
    end->address_len = 0;
    if (event->ip_version ==
        0) /* has no IP address; its hardware addresses have fields of their own */
        return;
    /* Before the address is hidden: no database knows a pseudonym. */
    if (event->geo != NULL)
        (void)geo_find(event->geo, value.bytes, &end->place);
    struct shown shown = redact(event->redactor, &value, PRIVACY_ADDRESS, NULL);
    end->is_pseudonym = shown.token;
    if (shown.type == SHOWN_TEXT && shown.len <= sizeof end->address)
        memcpy(end->address, shown.text, end->address_len = shown.len);
}

static void put_texts(struct event *event, const char *const *texts)
{
    struct json_writer *json = event_begin_value(event);
    json_writer_array_begin(json);
    for (; *texts != NULL; texts++)
        json_writer_text(json, *texts, strlen(*texts));
    json_writer_array_end(json);
}

static void write_timestamp(struct event *event)
{
    event_put_time(event, event->time_ns);
}

static void write_ecs_version(struct event *event)
{
    event_put_text(event, "8.11.0");
}

static void write_id(struct event *event)
{
    json_writer_plain(event_begin_value(event), event->id, EVENT_ID_SIZE - 1);
}

static void write_module(struct event *event)
{
    event_put_text(event, "perpass");
}

static void write_dataset(struct event *event)
{
    event_put_text(event, event->dataset);
}

static void write_kind(struct event *event)
{
    bool finding = event->class == EVENT_FINDING;
    event_put_text(event, finding ? "alert" : event->class == EVENT_STATS ? "metric" : "event");
}

static void write_category(struct event *event)
{
    static const char *const network[] = {"network", NULL};
    static const char *const weakness[] = {"network", "vulnerability", NULL};
    put_texts(event, event->class == EVENT_FINDING ? weakness : network);
}

static void write_type(struct event *event)
{
    static const char *const info[] = {"info", NULL};
    static const char *const protocol[] = {"protocol", NULL};
    static const char *const flow[] = {"connection", "end", NULL};
    if (event->class == EVENT_FLOW)
        put_texts(event, flow);
    else
        put_texts(event, event->class == EVENT_OBSERVATION ? protocol : info);
}

static void write_duration(struct event *event)
{
    if (event->flow->last_ns >= event->flow->first_ns)
        event_put_number(event, event->flow->last_ns - event->flow->first_ns);
}

static void write_pseudonymised(struct event *event)
{
    if (event->client.is_pseudonym || event->server.is_pseudonym)
        event_put_text(event, "true");
}

static void write_vendor(struct event *event)
{
    event_put_text(event, "perpass");
}

static void write_sensor(struct event *event)
{
    event_put_text(event, "sensor");
}

static void write_version(struct event *event)
{
    event_put_text(event, event->version);
}

static void put_address(struct event *event, struct event_end *end)
{
    event_prepare_end(event, end);
    if (end->address_len != 0)
        json_writer_text(event_begin_value(event), end->address, end->address_len);
}

static void write_source_address(struct event *event)
{
    put_address(event, &event->client);
}

static void write_destination_address(struct event *event)
{
    put_address(event, &event->server);
}

static void put_port(struct event *event, const struct event_end *end)
{
    bool has_ports = event->protocol == PROTO_TCP || event->protocol == PROTO_UDP ||
                     event->protocol == PROTO_SCTP;
    if (has_ports)
        event_put_number(event, end->end->port);
}

static void write_source_port(struct event *event)
{
    put_port(event, &event->client);
}

static void write_destination_port(struct event *event)
{
    put_port(event, &event->server);
}

static void put_mac(struct event *event, const uint8_t mac[6])
{
    static const uint8_t unseen[6];
    if (memcmp(mac, unseen, sizeof unseen) == 0)
        return;
    const struct value value = {.type = VALUE_MAC, .bytes = span_of(mac, 6)};
    struct shown shown = redact(event->redactor, &value, PRIVACY_ADDRESS, NULL);
    event_put_shown(event, &shown);
}

static void write_source_mac(struct event *event)
{
    if (event->ip_version == 0)
        put_mac(event, event->client.end->address);
    else if (event->flow != NULL)
        put_mac(event, event->flow->mac[event->flow->client]);
}

static void write_destination_mac(struct event *event)
{
    if (event->ip_version == 0)
        put_mac(event, event->server.end->address);
    else if (event->flow != NULL)
        put_mac(event, event->flow->mac[1 - event->flow->client]);
}

static void write_network_bytes(struct event *event)
{
    event_put_number(event, event->flow->bytes[0] + event->flow->bytes[1]);
}

static void write_network_packets(struct event *event)
{
    event_put_number(event, event->flow->packets[0] + event->flow->packets[1]);
}

/* Of messages of several kinds between two hosts each kind has an id of its own, and the conversation has none. */
static bool icmp_id(const struct event *event, char text[COMMUNITY_ID_SIZE])
{
    const struct flow *flow = event->flow;
    char ids[2][COMMUNITY_ID_SIZE] = {"", ""};
    for (unsigned side = 0; flow != NULL && side < 2; side++) {
        const struct icmp_kind *kind = &flow->icmp[side];
        if (kind->several ||
            (kind->seen && !community_id_icmp(event->sha1, &flow->ends[side], &flow->ends[!side],
                                              flow->ip_version, flow->protocol, kind, ids[side])))
            return false;
    }
    const bool both = ids[0][0] != '\0' && ids[1][0] != '\0';
    memcpy(text, ids[0][0] != '\0' ? ids[0] : ids[1], COMMUNITY_ID_SIZE);
    return text[0] != '\0' && (!both || strcmp(ids[0], ids[1]) == 0);
}

static bool id_of(const struct event *event, char text[COMMUNITY_ID_SIZE])
{
    if (protocol_is_icmp(event->protocol))
        return icmp_id(event, text);
    return community_id(event->sha1, event->client.end, event->server.end, event->ip_version,
                        event->protocol, text);
}

/* An unkeyed hash: only where the addresses are clear. */
static void write_community_id(struct event *event)
{
    char text[COMMUNITY_ID_SIZE];
    if (redactor_policy(event->redactor) != POLICY_STRICT && event->ip_version != 0 &&
        id_of(event, text))
        event_put_text(event, text);
}

static const char *transport_name(uint8_t protocol)
{
    switch (protocol) {
    case PROTO_TCP:
        return "tcp";
    case PROTO_UDP:
        return "udp";
    case PROTO_ICMP:
        return "icmp";
    case PROTO_ICMP6:
        return "ipv6-icmp";
    case PROTO_SCTP:
        return "sctp";
    default:
        return NULL;
    }
}

static void write_transport(struct event *event)
{
    const char *name = transport_name(event->protocol);
    if (name != NULL)
        event_put_text(event, name);
}

static void put_number_text(struct event *event, uint64_t number)
{
    char text[DIGITS_MAX];
    json_writer_plain(event_begin_value(event), text, digits_put(number, text));
}

static void write_iana_number(struct event *event)
{
    if (event->ip_version != 0)
        put_number_text(event, event->protocol);
}

static void write_network_type(struct event *event)
{
    if (event->ip_version != 0)
        event_put_text(event, event->ip_version == 4 ? "ipv4" : "ipv6");
}

static void write_protocol(struct event *event)
{
    if (event->protocol_name != NULL)
        event_put_text(event, event->protocol_name);
}

static void write_vlan(struct event *event)
{
    if (event->around->num_vlans != 0)
        put_number_text(event, event->around->vlan);
}

static void write_tunnel_type(struct event *event)
{
    static const char *const names[] = {
        [TUNNEL_GRE] = "gre",       [TUNNEL_ERSPAN] = "erspan", [TUNNEL_VXLAN] = "vxlan",
        [TUNNEL_GENEVE] = "geneve", [TUNNEL_IPIP] = "ipip",     [TUNNEL_6IN4] = "6in4",
        [TUNNEL_GTPU] = "gtp-u",    [TUNNEL_TZSP] = "tzsp",     [TUNNEL_TEREDO] = "teredo",
        [TUNNEL_CAPWAP] = "capwap"};
    uint8_t tunnel = event->around->tunnel;
    if (tunnel != TUNNEL_NONE && tunnel < sizeof names / sizeof names[0])
        event_put_text(event, names[tunnel]);
}

static void write_tunnel_id(struct event *event)
{
    if (event->around->tunnel != TUNNEL_NONE && event->around->tunnel_id != 0)
        event_put_number(event, event->around->tunnel_id);
}

static void write_tunnel_depth(struct event *event)
{
    if (event->around->num_tunnels != 0)
        event_put_number(event, event->around->num_tunnels);
}

static void write_packet(struct event *event)
{
    event_put_number(event, event->packet);
}

static void write_policy(struct event *event)
{
    event_put_text(event, privacy_policy_name(redactor_policy(event->redactor)));
}

static void write_key_id(struct event *event)
{
    if (redactor_stability(event->redactor) != NULL)
        event_put_text(event, redactor_key_id(event->redactor));
}

static void write_stability(struct event *event)
{
    const char *stability = redactor_stability(event->redactor);
    if (stability != NULL)
        event_put_text(event, stability);
}

static void put_country(struct event *event, struct event_end *end)
{
    event_prepare_end(event, end);
    if (end->place.country[0] != '\0')
        event_put_text(event, end->place.country);
}

static void put_as_number(struct event *event, struct event_end *end)
{
    event_prepare_end(event, end);
    if (end->place.as_number != 0)
        event_put_number(event, end->place.as_number);
}

/* It comes from a file, and may be anything. */
static void put_as_organization(struct event *event, struct event_end *end)
{
    event_prepare_end(event, end);
    if (end->place.as_organization[0] == '\0')
        return;
    const struct value value = {.type = VALUE_STRING,
                                .bytes = span_text(end->place.as_organization)};
    const struct shown shown = redact(event->redactor, &value, PRIVACY_PUBLIC, NULL);
    event_put_shown(event, &shown);
}

static void write_source_country(struct event *event)
{
    put_country(event, &event->client);
}

static void write_source_as_number(struct event *event)
{
    put_as_number(event, &event->client);
}

static void write_source_as_organization(struct event *event)
{
    put_as_organization(event, &event->client);
}

static void write_destination_country(struct event *event)
{
    put_country(event, &event->server);
}

static void write_destination_as_number(struct event *event)
{
    put_as_number(event, &event->server);
}

static void write_destination_as_organization(struct event *event)
{
    put_as_organization(event, &event->server);
}

static void write_epoch(struct event *event)
{
    if (redactor_stability(event->redactor) != NULL && redactor_epoch(event->redactor)[0] != '\0')
        event_put_text(event, redactor_epoch(event->redactor));
}

static void write_technique_address(struct event *event)
{
    event_put_text(event, redactor_technique(event->redactor, PRIVACY_ADDRESS));
}

static void write_technique_name(struct event *event)
{
    event_put_text(event, redactor_technique(event->redactor, PRIVACY_NAME));
}

static void write_technique_identifier(struct event *event)
{
    event_put_text(event, redactor_technique(event->redactor, PRIVACY_IDENTIFIER));
}

static void write_technique_content(struct event *event)
{
    event_put_text(event, redactor_technique(event->redactor, PRIVACY_CONTENT));
}

enum {
    ON_FLOW = EVENT_OBSERVATION | EVENT_FLOW,
    ON_ENDS = ON_FLOW | EVENT_FINDING,
    ON_ALL = ON_ENDS | EVENT_STATS
};

/* path, shape, events that can have it, events that always have it, class, writer, meaning, and what it is from */
static const struct event_common fields[] = {
    {"@timestamp", SHAPE_TIME, ON_ALL, ON_ALL, PRIVACY_PUBLIC, write_timestamp,
     "packet time of the fact; of statistics: of the last packet (1970 when there was none)"},
    {"ecs.version", SHAPE_TEXT, ON_ALL, ON_ALL, PRIVACY_PUBLIC, write_ecs_version,
     "version of the Elastic Common Schema", FROM_PLAN},
    {"event.id", SHAPE_TEXT, ON_ALL, ON_ALL, PRIVACY_PUBLIC, write_id,
     "32 hex digits: the same for the same fact of the same input"},
    {"event.module", SHAPE_TEXT, ON_ALL, ON_ALL, PRIVACY_PUBLIC, write_module, "perpass",
     FROM_PLAN},
    {"event.dataset", SHAPE_TEXT, ON_ALL, ON_ALL, PRIVACY_PUBLIC, write_dataset,
     "what sort of event it is", FROM_PLAN},
    {"event.kind", SHAPE_TEXT, ON_ALL, ON_ALL, PRIVACY_PUBLIC, write_kind,
     "alert (findings), metric (statistics), event", FROM_PLAN},
    {"event.category", SHAPE_TEXTS, ON_ALL, ON_ALL, PRIVACY_PUBLIC, write_category,
     "network; findings: vulnerability, too", FROM_PLAN},
    {"event.type", SHAPE_TEXTS, ON_ALL, ON_ALL, PRIVACY_PUBLIC, write_type,
     "info, protocol, or connection and end", FROM_PLAN},
    {"event.duration", SHAPE_NUMBER, EVENT_FLOW, 0, PRIVACY_PUBLIC, write_duration,
     "nanoseconds from the first to the last packet"},
    {"labels.ip_pseudonymised", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_PUBLIC, write_pseudonymised,
     "\"true\" where an IP address is a pseudonym: it looks real and is not; do not look it up",
     FROM_WAY},
    {"observer.vendor", SHAPE_TEXT, ON_ALL, ON_ALL, PRIVACY_PUBLIC, write_vendor, "perpass",
     FROM_PLAN},
    {"observer.product", SHAPE_TEXT, ON_ALL, ON_ALL, PRIVACY_PUBLIC, write_vendor, "perpass",
     FROM_PLAN},
    {"observer.type", SHAPE_TEXT, ON_ALL, ON_ALL, PRIVACY_PUBLIC, write_sensor, "sensor",
     FROM_PLAN},
    {"observer.version", SHAPE_TEXT, ON_ALL, ON_ALL, PRIVACY_PUBLIC, write_version,
     "version of perpass", FROM_PLAN},
    {"source.address", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_ADDRESS, write_source_address,
     "the client's address, innermost IP header", FROM_CLIENT},
    {"source.ip", SHAPE_IP, ON_ENDS, 0, PRIVACY_ADDRESS, write_source_address,
     "the same; always a valid address", FROM_CLIENT},
    {"source.port", SHAPE_NUMBER, ON_ENDS, 0, PRIVACY_PUBLIC, write_source_port,
     "the client's port"},
    {"source.mac", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_ADDRESS, write_source_mac,
     "hardware address behind which the client is; in findings of 802.1X only, which has no other",
     FROM_CLIENT},
    {"destination.address", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_ADDRESS, write_destination_address,
     "the server's address, innermost IP header", FROM_SERVER},
    {"destination.ip", SHAPE_IP, ON_ENDS, 0, PRIVACY_ADDRESS, write_destination_address,
     "the same; always a valid address", FROM_SERVER},
    {"destination.port", SHAPE_NUMBER, ON_ENDS, 0, PRIVACY_PUBLIC, write_destination_port,
     "the server's port"},
    {"destination.mac", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_ADDRESS, write_destination_mac,
     "hardware address behind which the server is; in findings of 802.1X only", FROM_SERVER},
    {"network.bytes", SHAPE_NUMBER, EVENT_FLOW, EVENT_FLOW, PRIVACY_PUBLIC, write_network_bytes,
     "IP bytes both ways"},
    {"network.packets", SHAPE_NUMBER, EVENT_FLOW, EVENT_FLOW, PRIVACY_PUBLIC, write_network_packets,
     "packets both ways"},
    {"source.geo.country_iso_code", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_PUBLIC, write_source_country,
     "--geoip: country of the client, looked up before its address was hidden", FROM_CLIENT},
    {"source.as.number", SHAPE_NUMBER, ON_ENDS, 0, PRIVACY_PUBLIC, write_source_as_number,
     "--geoip: autonomous system of the client", FROM_CLIENT},
    {"source.as.organization.name", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_PUBLIC,
     write_source_as_organization, "--geoip: who runs that", FROM_CLIENT},
    {"destination.geo.country_iso_code", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_PUBLIC,
     write_destination_country,
     "--geoip: country of the server, looked up before its address was hidden", FROM_SERVER},
    {"destination.as.number", SHAPE_NUMBER, ON_ENDS, 0, PRIVACY_PUBLIC, write_destination_as_number,
     "--geoip: autonomous system of the server", FROM_SERVER},
    {"destination.as.organization.name", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_PUBLIC,
     write_destination_as_organization, "--geoip: who runs that", FROM_SERVER},
    {"network.community_id", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_ADDRESS, write_community_id,
     "Community ID v1; absent where addresses are hidden, which it would give away, and between "
     "hosts with several kinds of ICMP messages, each of which has its own"},
    {"network.transport", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_PUBLIC, write_transport,
     "tcp, udp, sctp, icmp or ipv6-icmp", FROM_WAY},
    {"network.iana_number", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_PUBLIC, write_iana_number,
     "IP protocol number; absent for 802.1X", FROM_WAY},
    {"network.type", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_PUBLIC, write_network_type,
     "ipv4 or ipv6, innermost IP header; absent for 802.1X, which has none", FROM_WAY},
    {"network.protocol", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_PUBLIC, write_protocol,
     "tls, dtls, quic ...: who read the conversation", FROM_WAY},
    {"network.vlan.id", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_PUBLIC, write_vlan,
     "outermost VLAN id of the first packet", FROM_WAY},
    {"network.inner.tunnel.type", SHAPE_TEXT, ON_ENDS, 0, PRIVACY_PUBLIC, write_tunnel_type,
     "innermost tunnel that the conversation was found in: gre, erspan, vxlan ...", FROM_WAY},
    {"network.inner.tunnel.id", SHAPE_NUMBER, ON_ENDS, 0, PRIVACY_PUBLIC, write_tunnel_id,
     "its network identifier or session", FROM_WAY},
    {"network.inner.tunnel.depth", SHAPE_NUMBER, ON_ENDS, 0, PRIVACY_PUBLIC, write_tunnel_depth,
     "number of tunnels around the conversation", FROM_WAY},
    {"perpass.packet", SHAPE_NUMBER, ON_ENDS, ON_ENDS, PRIVACY_PUBLIC, write_packet,
     "number of the packet in the input, from 1: the one that completed the fact"},
    {"perpass.privacy.policy", SHAPE_TEXT, ON_ALL, ON_ALL, PRIVACY_PUBLIC, write_policy,
     "strict, internal or raw", FROM_PLAN},
    {"perpass.privacy.key_id", SHAPE_TEXT, ON_ALL, 0, PRIVACY_PUBLIC, write_key_id,
     "which key made the pseudonyms; absent under raw", FROM_PLAN},
    {"perpass.privacy.stability", SHAPE_TEXT, ON_ALL, 0, PRIVACY_PUBLIC, write_stability,
     "stability class of RFC 6235: session (a key of this run) or stable (a key file)", FROM_PLAN},
    {"perpass.privacy.epoch", SHAPE_TEXT, ON_ALL, 0, PRIVACY_PUBLIC, write_epoch,
     "--epoch: the day, or the week from its Monday on (/P7D), in UTC, within which pseudonyms can "
     "be compared"},
    {"perpass.privacy.technique.address", SHAPE_TEXT, ON_ALL, ON_ALL, PRIVACY_PUBLIC,
     write_technique_address,
     "technique of RFC 6235 on addresses: none, or structured permutation (prefix-preserving)",
     FROM_PLAN},
    {"perpass.privacy.technique.name", SHAPE_TEXT, ON_ALL, ON_ALL, PRIVACY_PUBLIC,
     write_technique_name, "on names: none, or permutation (keyed tokens)", FROM_PLAN},
    {"perpass.privacy.technique.identifier", SHAPE_TEXT, ON_ALL, ON_ALL, PRIVACY_PUBLIC,
     write_technique_identifier, "on identifiers: none, or permutation (keyed tokens)", FROM_PLAN},
    {"perpass.privacy.technique.content", SHAPE_TEXT, ON_ALL, ON_ALL, PRIVACY_PUBLIC,
     write_technique_content, "on content: black-marker (left out)", FROM_PLAN},
};

const struct event_common *event_common_fields(size_t *num)
{
    *num = sizeof fields / sizeof fields[0];
    return fields;
}
