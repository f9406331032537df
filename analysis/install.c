/* install.c: follows devices that install themselves, over hosts and time: DHCP, then TFTP or HTTP, then the file (RFC
 * 8886, RFC 2131, RFC 8415, RFC 1350, RFC 9112). One install of one device is told as "install.transaction".
 *
 * DHCP says who has which address; files are asked for from an address. Without DHCP a device is its address. An
 * install is over when the device is quiet for ten minutes, or when it begins to boot again: the same DHCP request as
 * before, after it asked for files. Requests of another form belong to it, as the stages of a boot differ in them. */
#include "analysis/install_follow.h"
#include "dissectors/dhcp.h"
#include "dissectors/dhcp6.h"
#include "dissectors/http.h"
#include "dissectors/tftp.h"
#include "dissectors/tls.h"

#include <stdlib.h>

#define SWEEP_NS (60 * INSTALL_SECOND)
#define JOIN_NS                                                                                    \
    INSTALL_RETRY_LATE_NS /* how long an address goes by the hardware address it came from */

/* Beginning and end of an install. */

/* Whether anybody is to be told: a file was asked for, or a device that wants to boot was told what. */
static bool is_worth_telling(const struct install_live *live)
{
    return live->num_files > 0 || live->files_left_out > 0 || live->tls ||
           (live->wants_boot && live->boot_named);
}

void install_end(struct install_state *state, struct install_device *device, const char *ended_by)
{
    struct install_live *live = device->live;
    if (live == NULL)
        return;
    struct analysis_stats *totals = analysis_totals(state->context);
    if (is_worth_telling(live)) {
        const struct install_known known = install_device_known(device);
        install_live_sort(live);
        struct install_told *told = install_live_tell(live, &known, ended_by);
        totals->install_transactions++;
        totals->install_files_left_out += live->files_left_out;
        totals->install_transactions_not_kept +=
            told == NULL || !analysis_tell(state->context, &told->observation, told, told->size);
    }
    struct budget *budget = live->budget;
    install_live_free(live);
    budget_give(budget, sizeof *live);
    free(live);
    device->live = NULL;
}

static void leaves(void *to, struct install_device *device)
{
    struct install_state *state = to;
    bool at_end = state->context->observation == NULL;
    analysis_totals(state->context)->table_evictions += !at_end;
    install_end(state, device, at_end ? "input" : "evicted");
}

/* The install of |device| at the observation at hand; NULL without memory. */
struct install_live *install_begin(struct install_state *state, struct install_device *device)
{
    const struct observation *observation = state->context->observation;
    struct budget *budget = install_devices_budget(state->devices);
    if (device->live != NULL && observation->time_ns > device->live->last_ns + INSTALL_GAP_NS)
        install_end(state, device, "idle");
    if (device->live == NULL) {
        if (!budget_take(budget, sizeof *device->live))
            return NULL;
        device->live = calloc(1, sizeof *device->live);
        if (device->live == NULL) {
            budget_give(budget, sizeof *device->live);
            return NULL;
        }
        *device->live = (struct install_live){.budget = budget,
                                              .started_ns = observation->time_ns,
                                              .first_packet = observation->packet};
        install_set_flow(device->live, observation->flow);
    }
    return device->live;
}

void install_goes_on(struct install_live *live, const struct observation *observation)
{
    if (observation->time_ns > live->last_ns)
        live->last_ns = observation->time_ns;
    if (observation->packet > live->last_packet)
        live->last_packet = observation->packet;
}

void install_set_flow(struct install_live *live, const struct flow *flow)
{
    struct flow own = live->flow;
    live->flow = *flow;
    live->flow.dissector = NULL;
    live->flow.state = NULL;
    live->flow.streams[0] = live->flow.streams[1] = NULL;
    if (own.ip_version != 0) {
        live->flow.first_packet = own.first_packet;
        live->flow.first_ns = own.first_ns;
    }
}

struct span install_frame_mac(const struct flow *flow, unsigned side)
{
    static const uint8_t none[6];
    if (memcmp(flow->mac[side], none, sizeof none) == 0 || (flow->mac[side][0] & 1) != 0)
        return (struct span){.at = NULL};
    return span_of(flow->mac[side], 6);
}

/* TLS to a server that DHCP named: what is fetched there cannot be read. */

static bool names_have(const struct install_live *live, struct span name)
{
    for (size_t i = 0; i < live->num_names; i++)
        if (span_seen(name) && span_equal(install_text_span(&live->names[i]), name))
            return true;
    return false;
}

static void observe_client_hello(struct install_state *state, const struct tls_client_hello *hello)
{
    const struct observation *observation = state->context->observation;
    struct span server = install_end_address(observation->flow, !observation->flow->client);
    struct install_device *device = install_devices_find(
        state->devices, INSTALL_KEY_ADDRESS,
        install_end_address(observation->flow, observation->flow->client), observation->time_ns);
    if (device == NULL || device->live == NULL ||
        observation->time_ns > device->live->last_ns + INSTALL_GAP_NS)
        return;
    struct install_live *live = device->live;
    if (!install_addresses_have(&live->named, server) && !names_have(live, hello->server_name))
        return;
    live->tls = true;
    install_goes_on(live, observation);
    install_live_step(live, INSTALL_STEP_TLS, observation, server, NULL);
}

/* Quiet installs are over, whether their device comes again or not. */
static void is_quiet(void *to, struct install_device *device)
{
    struct install_state *state = to;
    uint64_t now = state->context->observation->time_ns;
    if (device->live != NULL && now > device->live->last_ns + INSTALL_GAP_NS)
        install_end(state, device, "idle");
}

static void sweep(struct install_state *state)
{
    uint64_t now = state->context->observation->time_ns;
    if (now >= state->swept_ns && now < state->swept_ns + SWEEP_NS)
        return; /* a clock that stepped back begins anew */
    state->swept_ns = now;
    install_devices_each(state->devices, state, is_quiet);
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    struct install_state *state = context->state;
    state->context = context;
    if (state->devices == NULL) {
        /* Who only speaks TLS installs nothing. */
        if (observation->type == &observation_tls_client_hello)
            return;
        state->devices = install_devices_new(state, leaves);
    }
    if (state->devices == NULL) {
        analysis_totals(context)->table_evictions++;
        return;
    }
    sweep(state);
    if (observation->type == &observation_tls_client_hello)
        observe_client_hello(state, observation->data);
    else if (observation->type == &observation_dhcp_message)
        install_dhcp(state, observation->data);
    else if (observation->type == &observation_dhcp6_message)
        install_dhcp6(state, observation->data);
    else if (observation->type == &observation_tftp_request)
        install_tftp_request(state, observation->data);
    else if (observation->type == &observation_tftp_transfer)
        install_tftp_transfer(state, observation->data);
    else if (observation->type == &observation_http_fetch)
        install_http_fetch(state, observation->data);
}

static void finish(struct analyze_context *context)
{
    struct install_state *state = context->state;
    state->context = context;
    install_devices_free(state->devices);
    install_fleet_free(state->fleet);
    *state = (struct install_state){.context = NULL};
}

static const struct observation_type *const reads[] = {&observation_dhcp_message,
                                                       &observation_dhcp6_message,
                                                       &observation_tftp_request,
                                                       &observation_tftp_transfer,
                                                       &observation_http_fetch,
                                                       &observation_tls_client_hello,
                                                       NULL};

static const struct observation_type *const makes[] = {&observation_install_transaction, NULL};

const struct analyzer analyzer_install = {.name = "install",
                                          .reads = reads,
                                          .makes = makes,
                                          .state_size = sizeof(struct install_state),
                                          .observe = observe,
                                          .finish = finish};
