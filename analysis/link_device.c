/* link_device.c: what names a device below and beside its encrypted sessions: hardware addresses in IPv6 addresses (RFC
 * 4291 appendix A, RFC 8981) and DHCP, names in DHCP (RFC 7819, RFC 7844), and what is read in clear of the same host
 * soon before or after. Reads DHCP, logins of HTTP, HTTP fetches of installs, Telnet, preambles of STARTTLS, EAP identities.
 * Of HTTP there are no cookies; of DNS the addresses in answers, by which sessions could get names, are not read. */
#include "analysis/link.h"

#include "dissectors/dhcp.h"
#include "dissectors/dhcp6.h"
#include "dissectors/eap.h"
#include "dissectors/http.h"
#include "dissectors/starttls.h"
#include "dissectors/telnet.h"

enum {
    LEASE_S = 3600, /* when the server does not tell */
    MOST_LEASE_S = 86400,
    PAIR_S = 600, /* an address is one host's for so long, with nothing that says so */
    MAC_LEN = 6
};

/* Given by the maker: neither made up by the device, nor a group's, nor empty. RFC 9542 section 2.1. */
static bool is_global(struct span mac)
{
    static const uint8_t none[MAC_LEN];
    return mac.len == MAC_LEN && (mac.at[0] & 0x03) == 0 && memcmp(mac.at, none, sizeof none) != 0;
}

static void report_hardware(struct analyze_context *context, struct span mac, const char *where,
                            const char *transport)
{
    struct finding finding = finding_begin(context, RULE_LINK_HARDWARE_ADDRESS);
    finding.transport = transport;
    finding.reason = "The bit that marks made-up addresses is not set.";
    finding_about_bytes(&finding, SUBJECT_DEVICE, mac);
    finding_says_text(&finding, "where", where);
    finding_says_bytes(&finding, "hardware_address", PRIVACY_ADDRESS, NULL, VALUE_MAC, mac);
    finding_add(context, &finding);
}

/* --- interface identifiers --- */

/* 64 bits of an IPv6 address that are made of a MAC address: ff fe in the middle, the universal bit set. */
static bool mac_of_address(const uint8_t address[16], uint8_t mac[MAC_LEN])
{
    bool global_unicast = (address[0] & 0xe0) == 0x20 || (address[0] & 0xfe) == 0xfc;
    if (!global_unicast || address[11] != 0xff || address[12] != 0xfe || (address[8] & 0x02) == 0)
        return false;
    memcpy(mac, address + 8, 3);
    memcpy(mac + 3, address + 13, 3);
    mac[0] ^= 0x02;
    return is_global(span_of(mac, MAC_LEN));
}

void link_interface_id(struct analyze_context *context, struct link_conversation *conversation)
{
    const struct flow *flow = context->observation->flow;
    uint8_t mac[MAC_LEN];
    if (flow->ip_version != 6 || !mac_of_address(flow->ends[flow->client].address, mac))
        return;
    if (conversation != NULL)
        (void)link_note(context, conversation, LINK_HARDWARE, span_of(mac, sizeof mac));
    report_hardware(context, span_of(mac, sizeof mac), "ipv6 address",
                    flow->dissector != NULL ? flow->dissector->name : NULL);
}

/* --- DHCP --- */

/* A third hardware address that uses a name shows that it is no device's; one device may have two (a dock has its own).
 * However much later, as most names that many have are set by makers and stay. */
static void share_name(struct analyze_context *context, uint64_t name, uint32_t hardware)
{
    struct link_state *state = context->state;
    struct link_users *users = link_room(context, state->users, name);
    size_t at = 0;
    while (at < LINK_USERS && users->hardware[at] != 0 && users->hardware[at] != hardware)
        at++;
    if (at < LINK_USERS)
        users->hardware[at] = hardware;
    users->many = users->many || at == LINK_USERS;
    if (users->many)
        subject_graph_share(state->graph, name);
}

/* Adds an identifier to what is known of |device|, which has |hardware| (0: none that lasts). */
static void add_name(struct analyze_context *context, struct link_device *device,
                     enum link_kind kind, struct span bytes, uint32_t hardware)
{
    struct link_state *state = context->state;
    if (!span_seen(bytes) || bytes.len == 0)
        return;
    uint64_t name = analysis_name(context, kind, bytes);
    (void)subject_graph_use(state->graph, name, kind, 0, false, link_now(context));
    if (hardware != 0)
        share_name(context, name, hardware);
    for (size_t i = 0; i < LINK_NAMES; i++) {
        if (device->names[i] == name)
            return;
        if (device->names[i] == 0) {
            device->names[i] = name;
            device->kinds[i] = (uint8_t)kind;
            return;
        }
    }
}

/* A tie without a session: all that DHCP told of the device, at |address| if it is known. */
static void tie(struct analyze_context *context, const struct link_device *device,
                struct span address)
{
    struct link_state *state = context->state;
    struct subject_tie told = {
        .address = address, .first_s = link_now(context), .last_s = link_now(context)};
    while (told.num < LINK_NAMES && device->names[told.num] != 0) {
        told.names[told.num] = device->names[told.num];
        told.as[told.num] = device->kinds[told.num];
        told.num++;
    }
    if (told.num > 0)
        subject_graph_tie(state->graph, &told);
}

static void lease(struct analyze_context *context, const struct link_device *device,
                  struct span address, struct number seconds)
{
    struct link_state *state = context->state;
    uint64_t lasts = seconds.seen ? seconds.value : LEASE_S;
    struct link_device *room =
        link_room(context, state->leases, analysis_name(context, LINK_NAME_LEASE, address));
    *room = *device;
    room->until_s = link_now(context) + (uint32_t)(lasts < MOST_LEASE_S ? lasts : MOST_LEASE_S);
    tie(context, device, address);
}

/* The device gives |address| back, or does not take it: from here on it may be another's. */
static void lease_over(struct analyze_context *context, struct span address)
{
    struct link_state *state = context->state;
    if (span_seen(address))
        bounded_table_forget(state->leases, analysis_name(context, LINK_NAME_LEASE, address));
}

/* What DHCP tells of who asks. */
struct asker {
    struct span mac, client_id_mac,
        duid_mac;           /* hardware addresses: in the header, in identifiers */
    struct span host, name; /* host name, domain name */
    struct span vendor_class, serial, uuid;
    struct span id; /* an identifier that is none of these */
    const char *transport;
};

static void report_names(struct analyze_context *context, const struct asker *asker)
{
    bool unique =
        asker->host.len > 0 || asker->name.len > 0 || asker->serial.len > 0 || asker->uuid.len > 0;
    if (!unique && asker->vendor_class.len == 0)
        return;
    struct finding finding = finding_begin(context, RULE_LINK_DHCP_IDENTITY);
    finding.transport = asker->transport;
    finding.severity = unique ? finding.severity : SEVERITY_LOW;
    finding.reason = "The message has these options.";
    if (span_seen(asker->mac))
        finding_about_bytes(&finding, SUBJECT_DEVICE, asker->mac);
    else if (span_seen(asker->duid_mac))
        finding_about_bytes(&finding, SUBJECT_DEVICE, asker->duid_mac);
    else
        finding_about_client(&finding, context->observation->flow);
    finding_says_bytes(&finding, "host_name", PRIVACY_NAME, "host", VALUE_STRING, asker->host);
    finding_says_bytes(&finding, "domain_name", PRIVACY_NAME, "host", VALUE_STRING, asker->name);
    finding_says_bytes(&finding, "vendor_class", PRIVACY_IDENTIFIER, "vendor-class", VALUE_STRING,
                       asker->vendor_class);
    finding_says_bytes(&finding, "serial", PRIVACY_IDENTIFIER, "serial", VALUE_STRING,
                       asker->serial);
    finding_says_bytes(&finding, "uuid", PRIVACY_IDENTIFIER, "device", VALUE_BYTES, asker->uuid);
    finding_add(context, &finding);
}

static void observe_asker(struct analyze_context *context, struct link_device *device,
                          const struct asker *asker)
{
    const struct {
        struct span mac;
        const char *where;
    } macs[] = {{asker->mac, "dhcp header"},
                {asker->client_id_mac, "dhcp client id"},
                {asker->duid_mac, "dhcp duid"}};
    uint32_t hardware = 0;
    struct span last = {.at = NULL};
    for (size_t i = 0; i < sizeof macs / sizeof macs[0]; i++) {
        if (!span_seen(macs[i].mac) || !is_global(macs[i].mac))
            continue;
        if (!span_seen(last) || !span_equal(last, macs[i].mac))
            report_hardware(context, macs[i].mac, macs[i].where, asker->transport);
        last = macs[i].mac;
        add_name(context, device, LINK_HARDWARE, macs[i].mac, 0);
        hardware = (uint32_t)analysis_name(context, LINK_NAME_DEVICE, macs[i].mac) | 1;
    }
    add_name(context, device, LINK_DHCP, asker->uuid, hardware);
    add_name(context, device, LINK_DHCP, asker->serial, hardware);
    add_name(context, device, LINK_DHCP, asker->id, hardware);
    add_name(context, device, LINK_DHCP, asker->name, hardware);
    add_name(context, device, LINK_DHCP, asker->host, hardware);
    tie(context, device, span_of("", 0));
    report_names(context, asker);
}

static struct link_device *device_of(struct analyze_context *context, struct span id)
{
    struct link_state *state = context->state;
    return link_room(context, state->devices, analysis_name(context, LINK_NAME_DEVICE, id));
}

void link_dhcp(struct analyze_context *context)
{
    const struct dhcp_message *message = context->observation->data;
    if (!span_seen(message->client_mac))
        return;
    struct link_device *device = device_of(context, message->client_mac);
    if (message->op.value == 2) {
        if (message->type.value == DHCP_ACK && span_seen(message->your_address))
            lease(context, device, message->your_address, message->lease_time);
        return;
    }
    if (message->type.value == DHCP_RELEASE) /* RFC 2131 sections 4.4.6 and 4.4.1 */
        lease_over(context, message->client_address);
    else if (message->type.value == DHCP_DECLINE)
        lease_over(context, message->requested_address);
    bool has_mac = span_seen(message->client_id_mac) || span_seen(message->duid.mac);
    const struct asker asker = {.mac = message->client_mac,
                                .client_id_mac = message->client_id_mac,
                                .duid_mac = message->duid.mac,
                                .host = message->hostname,
                                .name = message->fqdn,
                                .vendor_class = message->vendor_class,
                                .serial = message->serial.text,
                                .uuid = message->client_uuid,
                                .id = has_mac ? (struct span){.at = NULL} : message->client_id,
                                .transport = "dhcp"};
    observe_asker(context, device, &asker);
}

void link_dhcp6(struct analyze_context *context)
{
    const struct dhcp6_message *message = context->observation->data;
    const struct dhcp_duid *duid = &message->client_duid;
    bool relayed =
        message->type.value == DHCP6_RELAY_FORW || message->type.value == DHCP6_RELAY_REPL;
    if (relayed || !span_seen(duid->whole))
        return;
    struct link_device *device = device_of(context, duid->whole);
    const uint64_t type = message->type.value;
    struct reader list = reader_of(message->addresses), lifetimes = reader_of(message->lifetimes);
    while (reader_more(&list)) {
        struct span address;
        const struct number valid = dhcp6_next_lease(&list, &lifetimes, &address);
        const bool ended = valid.seen && valid.value == 0;
        if (reader_ok(&list) && type == DHCP6_REPLY && !ended)
            lease(context, device, address, valid);
        else if (reader_ok(&list) && type == DHCP6_REPLY)
            lease_over(context, address); /* RFC 8415 section 18.2.10.1 */
        else if (reader_ok(&list) && (type == DHCP6_RELEASE || type == DHCP6_DECLINE))
            lease_over(context, address); /* RFC 8415 sections 18.2.7 and 18.2.8 */
    }
    if (message->to_server != TRUTH_YES)
        return;
    const struct asker asker = {.duid_mac = duid->mac,
                                .name = message->fqdn,
                                .vendor_class = message->vendor_class,
                                .serial = message->serial.text,
                                .id =
                                    span_seen(duid->mac) ? (struct span){.at = NULL} : duid->whole,
                                .transport = "dhcp6"};
    observe_asker(context, device, &asker);
}

/* --- what is in clear beside a session --- */

struct link_client *link_client(struct analyze_context *context, uint64_t address)
{
    struct link_state *state = context->state;
    return link_room(context, state->hosts, address);
}

static void report_pair(struct analyze_context *context, const char *clear, const char *transport,
                        enum confidence confidence, const char *reason)
{
    struct finding finding = finding_begin(context, RULE_LINK_CLEARTEXT_PAIRING);
    if (transport != NULL)
        finding.transport = transport;
    finding.confidence = confidence;
    finding.reason = reason;
    finding_about_client(&finding, context->observation->flow);
    finding_says_text(&finding, "clear", clear);
    finding_add(context, &finding);
}

static const char by_address[] = "The same address sent both within ten minutes: it may be that of "
                                 "several hosts.";

static bool is_near(uint32_t a, uint32_t b)
{
    return a != 0 && (a > b ? a - b : b - a) <= PAIR_S;
}

/* The host says something in clear that names it: perhaps it had a session just now. */
static void say_clear(struct analyze_context *context, const char *clear)
{
    struct link_client *client =
        link_client(context, analysis_address_name(context, context->observation->flow->client));
    client->clear = clear;
    client->clear_s = link_now(context);
    if (is_near(client->session_s, client->clear_s))
        report_pair(context, clear, NULL, CONFIDENCE_POSSIBLE, by_address);
}

/* Where the hardware address is known, it is the surest of the device's names, and it alone tells of moves. */
static bool has_hardware(const struct link_device *device)
{
    for (size_t i = 0; i < LINK_NAMES && device->names[i] != 0; i++)
        if (device->kinds[i] == LINK_HARDWARE)
            return true;
    return false;
}

static void pair_lease(struct analyze_context *context, struct link_conversation *conversation,
                       const char *transport)
{
    struct link_state *state = context->state;
    const struct link_device *device =
        bounded_table_find(state->leases, analysis_name(context, LINK_NAME_LEASE,
                                                        link_address(context->observation->flow)));
    if (device == NULL || device->names[0] == 0 || link_now(context) > device->until_s)
        return;
    const bool hardware = has_hardware(device);
    for (size_t i = 0; i < LINK_NAMES && device->names[i] != 0; i++) {
        if (hardware && device->kinds[i] != LINK_HARDWARE)
            (void)link_note_still(context, conversation, LINK_PAIRING, device->names[i]);
        else
            (void)link_note_name(context, conversation, LINK_PAIRING, device->names[i]);
    }
    report_pair(context, "dhcp", transport, CONFIDENCE_LIKELY,
                "DHCP gave this address to a device that named itself, for a time that is not "
                "over.");
}

void link_pair(struct analyze_context *context, struct link_conversation *conversation,
               struct link_client *client, const char *transport)
{
    pair_lease(context, conversation, transport);
    if (conversation->clear != 0) {
        (void)link_note_name(context, conversation, LINK_PAIRING, conversation->clear);
        report_pair(context, "eap identity", transport, CONFIDENCE_CERTAIN,
                    "The same conversation had both.");
    }
    client->session_s = link_now(context);
    if (is_near(client->clear_s, client->session_s))
        report_pair(context, client->clear, transport, CONFIDENCE_POSSIBLE, by_address);
}

void link_clear_http(struct analyze_context *context)
{
    const struct http_fetch *fetch = context->observation->data;
    if (fetch->query_tells != NULL)
        say_clear(context, "http query");
}

/* Of a fetch, too: its request said so before. */
void link_clear_http_login(struct analyze_context *context)
{
    say_clear(context, "http credentials");
}

void link_clear_telnet(struct analyze_context *context)
{
    const struct telnet_session *session = context->observation->data;
    const bool typed = session->user == TRUTH_YES || session->password == TRUTH_YES;
    if (typed && session->encrypted != TRUTH_YES)
        say_clear(context, "telnet login");
}

void link_clear_starttls(struct analyze_context *context)
{
    const struct starttls_session *session = context->observation->data;
    if (session->credentials == TRUTH_YES)
        say_clear(context, "credentials");
}

void link_clear_eap(struct analyze_context *context)
{
    const struct eap_identity *identity = context->observation->data;
    if (identity->anonymous != TRUTH_YES && identity->identity.len > 0)
        ((struct link_conversation *)analysis_conversation(context))->clear =
            analysis_name(context, LINK_PAIRING, identity->identity);
}
