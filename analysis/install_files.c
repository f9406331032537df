/* install_files.c: installs as TFTP and HTTP tell of them: which file was asked for, and what became of it (RFC 1350,
 * RFC 9110). */
#include "analysis/install_follow.h"
#include "dissectors/http.h"
#include "dissectors/tftp.h"

/* How long an address goes by the hardware address that it came from. */
#define JOIN_NS INSTALL_RETRY_LATE_NS

/* The device by the hardware address of its frames: behind a router that address is the router's, so a device that
 * has another address of this kind is not meant. */
static struct install_device *device_by_frame(struct install_state *state, const struct flow *flow,
                                              struct span address)
{
    uint64_t now = state->context->observation->time_ns;
    struct install_device *device = install_devices_find(
        state->devices, INSTALL_KEY_MAC, install_frame_mac(flow, flow->client), now);
    if (device == NULL || (device->address.len == address.len && device->address.len == 4))
        return NULL;
    if (device->live == NULL)
        return NULL;
    install_devices_know(state->devices, device, INSTALL_KEY_ADDRESS, address, now + JOIN_NS);
    device->address = install_address_of(address);
    return device;
}

static struct install_device *device_by_address(struct install_state *state,
                                                const struct flow *flow)
{
    uint64_t now = state->context->observation->time_ns;
    struct span address = install_end_address(flow, flow->client);
    struct install_device *device =
        install_devices_find(state->devices, INSTALL_KEY_ADDRESS, address, now);
    if (device == NULL)
        device = device_by_frame(state, flow, address);
    if (device == NULL) {
        device = install_devices_add(state->devices, true, now);
        if (device == NULL)
            return NULL;
        analysis_totals(state->context)->install_devices++;
        install_devices_know(state->devices, device, INSTALL_KEY_ADDRESS, address, 0);
        device->address = install_address_of(address);
    }
    install_devices_use(state->devices, device, now);
    return device;
}

/* Files. */

/* A file is asked for. */
static struct install_file *ask(struct install_state *state, struct install_device *device,
                                struct install_live *live, enum install_method method,
                                struct span name, const struct observation *observation)
{
    const struct flow *flow = observation->flow;
    struct span server = install_end_address(flow, !flow->client);
    bool writes = method == INSTALL_TFTP_WRITE || method == INSTALL_HTTP_PUT;
    /* From the first file on the ends are the device and its server, not those of DHCP's broadcasts. */
    if (live->asked == 0)
        install_set_flow(live, observation->flow);
    live->asked++;
    struct install_file *file = install_live_file(live, method, name);
    if (file != NULL) {
        if (file->asks++ == 0) {
            file->packet = observation->packet;
            file->first_ns = observation->time_ns;
            file->configuration = install_name_file(name) == INSTALL_NAME_CONFIGURATION;
        }
        file->last_ns = observation->time_ns;
        file->outcome = INSTALL_UNANSWERED;
        file->server = install_address_of(server);
    }
    install_live_step(live, writes ? INSTALL_STEP_SEND : INSTALL_STEP_ASK, observation, server,
                      file);
    if (observation->time_ns < live->started_ns) { /* it is told of when its answer is there */
        live->started_ns = observation->time_ns;
        live->first_packet = observation->packet;
    }
    if (!writes)
        install_judge_ask(state, device, live, name, observation->time_ns);
    return file;
}

static enum install_step_kind outcome_step(enum install_outcome outcome)
{
    static const enum install_step_kind kinds[] = {
        [INSTALL_OBTAINED] = INSTALL_STEP_OBTAINED,    [INSTALL_PARTLY] = INSTALL_STEP_PARTLY,
        [INSTALL_MISSING] = INSTALL_STEP_MISSING,      [INSTALL_REFUSED] = INSTALL_STEP_REFUSED,
        [INSTALL_FAILED] = INSTALL_STEP_FAILED,        [INSTALL_PROBED] = INSTALL_STEP_PROBED,
        [INSTALL_REDIRECTED] = INSTALL_STEP_REDIRECTED};
    return kinds[outcome];
}

static void count_content(struct install_live *live, struct install_file *file,
                          const struct install_arrival *arrival)
{
    const struct content_facts *content = arrival->content;
    if (content == NULL || !content->size.seen || content->size.value == 0)
        return;
    live->bytes += content->size.value;
    live->secrets += content->secrets.value;
    if (file == NULL)
        return;
    file->came = true;
    file->bytes += content->size.value;
    file->secrets = content->secrets.value;
    file->class = content->class;
    file->class_name = content->class_name;
    file->format = content->format;
    file->encrypted = content->encrypted;
    file->configuration = install_is_configuration(arrival);
}

/* A file came, or did not. */
static void arrive(struct install_state *state, struct install_arrival *arrival)
{
    const struct observation *observation = state->context->observation;
    struct install_live *live = arrival->live;
    struct install_file *file = arrival->file;
    if (arrival->outcome == INSTALL_UNANSWERED)
        return;
    live->obtained += arrival->outcome == INSTALL_OBTAINED;
    live->missing += arrival->outcome == INSTALL_MISSING;
    install_addresses_add(&live->used, install_address_span(&arrival->server));
    install_judge_server(state, arrival);
    install_judge_outcome(state, arrival);
    install_judge_content(state, arrival);
    count_content(live, file, arrival);
    if (file != NULL) {
        file->outcome = arrival->outcome;
        file->server = arrival->server;
        file->client_port = arrival->client_port;
    }
    install_live_step(live, outcome_step(arrival->outcome), observation,
                      install_address_span(&arrival->server), file);
}

/* TFTP. */

static enum install_method tftp_method(const char *op)
{
    return op != NULL && strcmp(op, "write") == 0 ? INSTALL_TFTP_WRITE : INSTALL_TFTP_READ;
}

void install_tftp_request(struct install_state *state, const struct tftp_request *request)
{
    const struct observation *observation = state->context->observation;
    struct install_device *device = device_by_address(state, observation->flow);
    struct install_live *live = device != NULL ? install_begin(state, device) : NULL;
    if (live == NULL)
        return;
    install_goes_on(live, observation);
    if (request->retransmission.value == 0)
        ask(state, device, live, tftp_method(request->op),
            span_seen(request->file) ? request->file : span_text(""), observation);
}

static bool is_word(const char *text, const char *word)
{
    return text != NULL && strcmp(text, word) == 0;
}

static enum install_outcome tftp_outcome(const struct tftp_transfer *transfer)
{
    if (transfer->complete == TRUTH_YES)
        return INSTALL_OBTAINED;
    if (is_word(transfer->ended, "aborted"))
        return INSTALL_PROBED;
    if (transfer->bytes.value > 0)
        return INSTALL_PARTLY;
    if (is_word(transfer->error_class, "not found"))
        return INSTALL_MISSING;
    if (is_word(transfer->error_class, "access"))
        return INSTALL_REFUSED;
    if (is_word(transfer->ended, "error"))
        return INSTALL_FAILED;
    return transfer->from_start == TRUTH_YES && !transfer->error.seen && transfer->blocks.value > 0
               ? INSTALL_PARTLY
               : INSTALL_UNANSWERED;
}

void install_tftp_transfer(struct install_state *state, const struct tftp_transfer *transfer)
{
    const struct observation *observation = state->context->observation;
    const struct flow *flow = observation->flow;
    struct install_device *device = device_by_address(state, flow);
    struct install_live *live = device != NULL ? install_begin(state, device) : NULL;
    if (live == NULL)
        return;
    enum install_method method = tftp_method(transfer->op);
    struct span name = span_seen(transfer->file) ? transfer->file : span_text("");
    install_goes_on(live, observation);
    struct install_file *file = install_live_file(live, method, name);
    if (transfer->request_seen != TRUTH_YES || (file != NULL && file->asks == 0))
        file = ask(state, device, live, method, name, observation);
    struct install_arrival arrival = {
        .device = device,
        .live = live,
        .file = file,
        .method = method,
        .outcome = tftp_outcome(transfer),
        .name = transfer->file,
        .content = &transfer->content,
        .server = install_address_of(install_end_address(flow, !flow->client)),
        .other_server = transfer->other_server,
        .client_port = (uint16_t)transfer->client_tid.value};
    arrive(state, &arrival);
}

/* HTTP. */

static enum install_outcome http_outcome(const struct http_fetch *fetch)
{
    uint64_t status = fetch->status.value;
    if (!fetch->status.seen)
        return fetch->body_bytes.value > 0 ? INSTALL_PARTLY : INSTALL_UNANSWERED;
    if (status == 404 || status == 410)
        return INSTALL_MISSING;
    if (status == 401 || status == 403 || status == 407)
        return INSTALL_REFUSED;
    if (status == 304 || is_word(fetch->method, "head"))
        return INSTALL_PROBED;
    if (status >= 300 && status < 400)
        return INSTALL_REDIRECTED;
    if (status >= 400)
        return INSTALL_FAILED;
    return fetch->complete == TRUTH_YES && status != 206 ? INSTALL_OBTAINED : INSTALL_PARTLY;
}

void install_http_fetch(struct install_state *state, const struct http_fetch *fetch)
{
    const struct observation *observation = state->context->observation;
    const struct flow *flow = observation->flow;
    struct install_device *device = device_by_address(state, flow);
    struct install_live *live = device != NULL ? install_begin(state, device) : NULL;
    if (live == NULL)
        return;
    enum install_method method = fetch->upload == TRUTH_YES ? INSTALL_HTTP_PUT : INSTALL_HTTP_GET;
    install_goes_on(live, observation);
    struct observation asked = *observation;
    if (fetch->request_packet.seen && fetch->request_time.seen) {
        asked.packet = fetch->request_packet.value;
        asked.time_ns = fetch->request_time.value;
    }
    struct install_file *file = ask(state, device, live, method,
                                    span_seen(fetch->path) ? fetch->path : span_text(""), &asked);
    struct install_arrival arrival = {
        .device = device,
        .live = live,
        .file = file,
        .method = method,
        .outcome = http_outcome(fetch),
        .name = fetch->path,
        .content = &fetch->content,
        .server = install_address_of(install_end_address(flow, !flow->client)),
        .proxied = fetch->proxied == TRUTH_YES,
        .client_port = flow->ends[flow->client].port};
    arrive(state, &arrival);
}
