/* install_dhcp.c: installs as DHCP and DHCPv6 tell of them: which device, which address, which servers, what to boot
 * (RFC 2131, RFC 8415, RFC 5970; PXE 2.1). */
#include "analysis/install_follow.h"
#include "dissectors/dhcp.h"
#include "dissectors/dhcp6.h"

/* What DHCP tells of a device, of either version. */
struct sighting {
    bool dhcp6;
    struct span mac, client_id, duid, serial, host, vendor_class, uuid;
};

static void know_mac(struct install_device *device, struct span mac)
{
    if (span_seen(mac) && mac.len <= sizeof device->mac) {
        memcpy(device->mac, mac.at, mac.len);
        device->mac_len = (uint8_t)mac.len;
    }
}

static void know_text(struct install_state *state, struct install_text *text, struct span bytes)
{
    if (span_seen(bytes) && bytes.len > 0)
        install_text_set(text, bytes, install_devices_budget(state->devices));
}

/* The device by its hardware address first: the stages of a boot have one in common, and seldom more. */
static struct install_device *device_of(struct install_state *state, const struct sighting *seen)
{
    uint64_t now = state->context->observation->time_ns;
    struct install_device *device =
        install_devices_find(state->devices, INSTALL_KEY_MAC, seen->mac, now);
    if (device == NULL && !span_seen(seen->mac))
        device = install_devices_find(state->devices, INSTALL_KEY_DUID, seen->duid, now);
    if (device == NULL && !span_seen(seen->mac))
        device = install_devices_find(state->devices, INSTALL_KEY_CLIENT_ID, seen->client_id, now);
    bool known = span_seen(seen->mac) || span_seen(seen->duid) || span_seen(seen->client_id);
    if (device == NULL && known) {
        device = install_devices_add(state->devices, false, now);
        if (device != NULL) {
            device->dhcp6 = seen->dhcp6;
            analysis_totals(state->context)->install_devices++;
        }
    }
    if (device == NULL)
        return NULL;
    install_devices_use(state->devices, device, now);
    install_devices_know(state->devices, device, INSTALL_KEY_MAC, seen->mac, 0);
    install_devices_know(state->devices, device, INSTALL_KEY_DUID, seen->duid, 0);
    install_devices_know(state->devices, device, INSTALL_KEY_CLIENT_ID, seen->client_id, 0);
    know_mac(device, seen->mac);
    know_text(state, &device->client_id, seen->client_id);
    know_text(state, &device->duid, seen->duid);
    know_text(state, &device->serial, seen->serial);
    know_text(state, &device->host, seen->host);
    if (device->vendor_class.at == NULL)
        know_text(state, &device->vendor_class, seen->vendor_class);
    if (span_seen(seen->uuid)) {
        memcpy(device->uuid, seen->uuid.at, seen->uuid.len);
        device->uuid_len = (uint8_t)seen->uuid.len;
    }
    return device;
}

/* |before|, of which nothing but its address was seen, is |device|: a device gets the address again that it had (RFC 2131
 * section 4.3.1), and no other one gets it while it is in use. */
static void unite(struct install_state *state, struct install_device *device,
                  struct install_device *before)
{
    if (device->live == NULL) { /* a lease that is renewed while files are fetched */
        device->live = before->live;
        before->live = NULL;
    }
    install_end(state, before, "next boot");
    install_judge_same(state, device, before);
    install_devices_remove(state->devices, before);
}

/* The address is the device's from now on: who had it before, has it no more. */
static void lease(struct install_state *state, struct install_device *device, struct span address,
                  struct number lease_s)
{
    uint64_t now = state->context->observation->time_ns;
    if (!span_seen(address) || address_scope(address) == ADDRESS_NONE)
        return;
    bool forever = !lease_s.seen || lease_s.value >= UINT32_MAX;
    uint64_t until = forever ? 0 : now + lease_s.value * INSTALL_SECOND;
    struct install_device *before =
        install_devices_know(state->devices, device, INSTALL_KEY_ADDRESS, address, until);
    if (before != NULL && before->by_address)
        unite(state, device, before);
    else if (before != NULL && before->live != NULL)
        install_end(state, before, "other device");
    device->address = install_address_of(address);
}

/* A DHCP request that begins a boot: the next one, when it is one that was there before the files. */
static struct install_live *live_boots(struct install_state *state, struct install_device *device,
                                       uint64_t form)
{
    struct install_live *live = install_begin(state, device);
    if (live == NULL)
        return NULL;
    for (size_t i = 0; i < live->num_boots; i++) {
        if (live->boots[i] != form)
            continue;
        if (live->asked == live->boot_files[i])
            return live;
        install_end(state, device, "next boot");
        live = install_begin(state, device);
        if (live == NULL)
            return NULL;
        break;
    }
    if (live->num_boots < INSTALL_MAX_BOOTS) {
        live->boots[live->num_boots] = form;
        live->boot_files[live->num_boots++] = live->asked;
    }
    return live;
}

static uint64_t form_of(const struct install_state *state, struct span a, struct span b,
                        struct span c)
{
    const struct span parts[] = {a, b, c};
    uint64_t words[3] = {0};
    for (size_t i = 0; i < 3; i++)
        if (span_seen(parts[i]))
            words[i] = install_devices_hash(state->devices, parts[i]);
    return install_devices_hash(state->devices, span_of(words, sizeof words));
}

static bool is_identity(const struct install_disclosure *told)
{
    return span_seen(told->vendor_class) || span_seen(told->serial) || span_seen(told->uuid);
}

/* A device that wants to boot says who it is. */
static void disclose_client(struct install_state *state, const struct install_device *device,
                            const struct install_live *live, const struct sighting *seen)
{
    const struct install_disclosure told = {.by = "client",
                                            .vendor_class = seen->vendor_class,
                                            .serial = seen->serial,
                                            .uuid = seen->uuid,
                                            .host = seen->host};
    if (live->wants_boot && is_identity(&told))
        install_judge_disclosure(state, device, &told);
}

/* A server says where the configuration is. */
static void disclose_server(struct install_state *state, const struct install_device *device,
                            const struct install_live *live, const struct dhcp_boot *boot)
{
    const struct install_disclosure told = {.by = "server",
                                            .server_name = boot->server_name,
                                            .server_address = boot->server_address,
                                            .file = boot->file};
    if (live->wants_boot && live->boot_named && span_seen(boot->file))
        install_judge_disclosure(state, device, &told);
}

/* DHCPv4. */

/* Virtual machines tell a UUID of zeros when they have none. */
static struct span real_uuid(struct span uuid)
{
    static const uint8_t zeros[16];
    bool none =
        !span_seen(uuid) || uuid.len != sizeof zeros || memcmp(uuid.at, zeros, sizeof zeros) == 0;
    return none ? (struct span){.at = NULL} : uuid;
}

static struct sighting sighting_of_dhcp(const struct dhcp_message *message)
{
    struct sighting seen = {.mac = message->client_mac,
                            .duid = message->duid.whole,
                            .serial = message->serial.text,
                            .host = message->hostname,
                            .vendor_class = message->vendor_class,
                            .uuid = real_uuid(message->client_uuid)};
    if (!span_seen(message->client_id_mac))
        seen.client_id = message->client_id;
    if (message->op.value != 1) /* a server repeats some of it, and has names of its own */
        seen.serial = seen.host = seen.vendor_class = (struct span){.at = NULL};
    return seen;
}

static enum install_step_kind dhcp_step(uint64_t type)
{
    switch (type) {
    case DHCP_DISCOVER:
    case DHCP_BOOTREQUEST:
        return INSTALL_STEP_DISCOVER;
    case DHCP_OFFER:
        return INSTALL_STEP_OFFER;
    case DHCP_REQUEST:
        return INSTALL_STEP_REQUEST;
    case DHCP_ACK:
    case DHCP_BOOTREPLY:
        return INSTALL_STEP_ACK;
    case DHCP_NAK:
        return INSTALL_STEP_NAK;
    case DHCP_INFORM:
        return INSTALL_STEP_INFORM;
    default:
        return (enum install_step_kind)0;
    }
}

static void dhcp_request(struct install_state *state, const struct dhcp_message *message,
                         const struct sighting *seen, struct install_device *device)
{
    const struct observation *observation = state->context->observation;
    uint64_t type = message->type.value;
    struct install_live *live;
    if (type == DHCP_RELEASE || type == DHCP_DECLINE) {
        install_devices_forget(state->devices, INSTALL_KEY_ADDRESS,
                               type == DHCP_RELEASE ? message->client_address
                                                    : message->requested_address);
        return;
    }
    /* A lease that is renewed is no install. */
    if (type == DHCP_REQUEST && span_seen(message->client_address) && device->live == NULL)
        return;
    if (type == DHCP_DISCOVER || type == DHCP_BOOTREQUEST)
        live = live_boots(
            state, device,
            form_of(state, message->vendor_class, message->user_class, message->parameters));
    else
        live = install_begin(state, device);
    if (live == NULL)
        return;
    install_goes_on(live, observation);
    live->wants_boot |=
        message->pxe == TRUTH_YES || message->asks_boot == TRUTH_YES || type == DHCP_BOOTREQUEST;
    install_live_step(live, dhcp_step(type), observation,
                      install_end_address(observation->flow, !observation->side), NULL);
    disclose_client(state, device, live, seen);
}

static void dhcp_reply(struct install_state *state, const struct dhcp_message *message,
                       struct install_device *device)
{
    const struct observation *observation = state->context->observation;
    uint64_t type = message->type.value;
    bool renewed = type == DHCP_ACK && span_seen(message->client_address) && device->live == NULL;
    if (!renewed && type != DHCP_NAK) {
        struct install_live *live = install_begin(state, device);
        if (live == NULL)
            return;
        struct span sender = install_end_address(observation->flow, observation->side);
        struct span server = span_seen(message->server_id) ? message->server_id : sender;
        const struct install_reply reply = {.server = server,
                                            .named = span_seen(message->server_id),
                                            .address = install_address_of(server),
                                            .xid = message->xid.value,
                                            .lease = message->your_address,
                                            .boot = &message->boot};
        install_goes_on(live, observation);
        install_live_step(live, dhcp_step(type), observation, server, NULL);
        install_judge_reply(state, device, live, &reply);
        disclose_server(state, device, live, &message->boot);
    } else if (device->live != NULL) {
        install_live_step(device->live, dhcp_step(type), observation,
                          install_end_address(observation->flow, observation->side), NULL);
    }
    if (type == DHCP_ACK || type == DHCP_BOOTREPLY)
        lease(state, device,
              span_seen(message->your_address) ? message->your_address : message->client_address,
              message->lease_time);
}

void install_dhcp(struct install_state *state, const struct dhcp_message *message)
{
    struct sighting seen = sighting_of_dhcp(message);
    bool of_interest = dhcp_step(message->type.value) != 0 || message->type.value == DHCP_RELEASE ||
                       message->type.value == DHCP_DECLINE;
    struct install_device *device = of_interest ? device_of(state, &seen) : NULL;
    if (device == NULL)
        return;
    if (message->op.value == 1)
        dhcp_request(state, message, &seen, device);
    else
        dhcp_reply(state, message, device);
}

/* DHCPv6. */

/* A vendor class is a list; the first one says most. */
static struct span first_class(struct span classes)
{
    if (!span_seen(classes))
        return classes;
    struct reader list = reader_of(classes);
    struct span first = reader_span_vec16(&list);
    return reader_ok(&list) ? first : (struct span){.at = NULL};
}

/* The hardware address: as the relay says, as the frame has it where there is no relay, else of the DUID. */
static struct sighting sighting_of_dhcp6(const struct observation *observation,
                                         const struct dhcp6_message *message)
{
    struct sighting seen = {.dhcp6 = true,
                            .mac = message->client_link_mac,
                            .duid = message->client_duid.whole,
                            .host = message->fqdn};
    unsigned client = message->to_server == TRUTH_YES ? observation->side : !observation->side;
    if (message->to_server == TRUTH_YES) {
        seen.serial = message->serial.text;
        seen.vendor_class = first_class(message->vendor_class);
    }
    if (!span_seen(seen.mac) && message->depth.value == 0)
        seen.mac = install_frame_mac(observation->flow, client);
    if (!span_seen(seen.mac))
        seen.mac = message->client_duid.mac;
    return seen;
}

static enum install_step_kind dhcp6_step(uint64_t type)
{
    switch (type) {
    case DHCP6_SOLICIT:
        return INSTALL_STEP_DISCOVER;
    case DHCP6_ADVERTISE:
        return INSTALL_STEP_OFFER;
    case DHCP6_REQUEST:
        return INSTALL_STEP_REQUEST;
    case DHCP6_REPLY:
        return INSTALL_STEP_ACK;
    case DHCP6_INFORMATION_REQUEST:
        return INSTALL_STEP_INFORM;
    default:
        return (enum install_step_kind)0;
    }
}

static void dhcp6_request(struct install_state *state, const struct dhcp6_message *message,
                          const struct sighting *seen, struct install_device *device)
{
    const struct observation *observation = state->context->observation;
    struct install_live *live =
        message->type.value == DHCP6_SOLICIT
            ? live_boots(state, device,
                         form_of(state, message->vendor_class, message->user_classes,
                                 message->option_request))
            : install_begin(state, device);
    if (live == NULL)
        return;
    install_goes_on(live, observation);
    live->dhcp6 = true;
    live->wants_boot |= message->pxe == TRUTH_YES || message->asks_boot == TRUTH_YES;
    install_live_step(live, dhcp6_step(message->type.value), observation,
                      install_end_address(observation->flow, !observation->side), NULL);
    disclose_client(state, device, live, seen);
}

/* What a reply gives, and, by a lifetime of 0, takes; what a client gives back or does not take: |device| is NULL. */
static void dhcp6_leases(struct install_state *state, const struct dhcp6_message *message,
                         struct install_device *device)
{
    struct reader list = reader_of(message->addresses), lifetimes = reader_of(message->lifetimes);
    while (reader_more(&list)) {
        struct span address;
        const struct number valid = dhcp6_next_lease(&list, &lifetimes, &address);
        if (device != NULL && (!valid.seen || valid.value > 0))
            lease(state, device, address, valid);
        else
            install_devices_forget(state->devices, INSTALL_KEY_ADDRESS, address);
    }
}

static void dhcp6_reply(struct install_state *state, const struct dhcp6_message *message,
                        struct install_device *device)
{
    const struct observation *observation = state->context->observation;
    struct install_live *live = install_begin(state, device);
    struct span sender = install_end_address(observation->flow, observation->side);
    if (live == NULL)
        return;
    const struct install_reply reply = {
        .server = span_seen(message->server_duid.whole) ? message->server_duid.whole : sender,
        .named = span_seen(message->server_duid.whole),
        .address = install_address_of(sender),
        .xid = message->xid.value,
        .lease = message->addresses,
        .boot = &message->boot};
    install_goes_on(live, observation);
    install_live_step(live, dhcp6_step(message->type.value), observation, sender, NULL);
    install_judge_reply(state, device, live, &reply);
    disclose_server(state, device, live, &message->boot);
    if (message->type.value == DHCP6_REPLY)
        dhcp6_leases(state, message, device);
}

void install_dhcp6(struct install_state *state, const struct dhcp6_message *message)
{
    if (message->type.value == DHCP6_RELEASE || message->type.value == DHCP6_DECLINE) {
        dhcp6_leases(state, message, NULL);
        return;
    }
    struct sighting seen = sighting_of_dhcp6(state->context->observation, message);
    struct install_device *device =
        dhcp6_step(message->type.value) != 0 ? device_of(state, &seen) : NULL;
    if (device == NULL)
        return;
    if (message->to_server == TRUTH_YES)
        dhcp6_request(state, message, &seen, device);
    else
        dhcp6_reply(state, message, device);
}
