/* tftp.c: the Trivial File Transfer Protocol: RFC 1350, options: RFC 2347, RFC 2348, RFC 2349, RFC 7440. A request
 * announces the conversation in which the file comes, from a port of the server's choice (RFC 1350 section 4).
 * Transfers to groups (RFC 2090) are read as one of the server to the client that asked. */
#include "dissectors/tftp.h"

#include "core/common_observations.h"
#include "dissectors/tftp_transfer.h"

/* Seconds that an answer may take. A request that comes again begins them anew. */
static const uint64_t answer_ns = 60000000000;

struct tftp {
    struct tftp_file *file; /* on its way in this conversation */
    uint64_t over;          /* number of the last packet of the one before; 0: there was none */
    bool claimed;           /* a packet of TFTP was seen */
    bool told_fault;
};

static enum recognise tftp_recognises(struct reader datagram)
{
    return tftp_packet_recognises(datagram);
}

/* --- requests --- */

/* The last request of the client of this conversation, whichever server got it. */
static bool find_asked(struct dissect_context *context, struct tftp_asked *asked, unsigned *client)
{
    struct span state = dissect_expected(context, &dissector_tftp, client);
    if (!span_seen(state) || state.len != sizeof *asked)
        return false;
    memcpy(asked, state.at, sizeof *asked);
    return true;
}

static void announce(const struct tftp_asked *asked, unsigned client,
                     struct dissect_context *context)
{
    const struct expectation expectation = {
        .dissector = &dissector_tftp,
        .client = {.endpoint = context->flow->ends[client]},
        .server = {.any_address = true, .any_port = true},
        .state = span_of(asked, sizeof *asked),
        .lifetime_ns = answer_ns,
    };
    (void)dissect_expect(context, &expectation);
}

static bool is_group(const struct endpoint *end, uint8_t ip_version)
{
    return end->address[0] >= 224 && (ip_version == 4 || end->address[0] == 0xff);
}

static uint16_t keep(uint8_t *to, struct span bytes, size_t limit)
{
    size_t len = bytes.len < limit ? bytes.len : limit;
    if (len > 0)
        memcpy(to, bytes.at, len);
    return (uint16_t)len;
}

static struct tftp_asked asked_of(const struct tftp_packet *packet,
                                  const struct dissect_context *context)
{
    const struct flow *flow = context->flow;
    struct tftp_asked asked = {.packet = context->packet,
                               .time_ns = context->time_ns,
                               .latest_packet = context->packet,
                               .options = packet->options,
                               .mode = packet->mode,
                               .server = flow->ends[!context->side],
                               .file_len = (uint32_t)packet->file.len,
                               .op = (uint8_t)packet->opcode};
    asked.kept_len = keep(asked.file, packet->file, sizeof asked.file);
    asked.list_len = keep(asked.list, packet->options.list, sizeof asked.list);
    asked.options.list = (struct span){0};
    /* A subnet's broadcast address is told by the frame's. */
    asked.to_group = is_group(&asked.server, flow->ip_version) || flow->mac[!context->side][0] & 1;
    return asked;
}

static bool same_request(const struct tftp_asked *a, const struct tftp_asked *b)
{
    return a->op == b->op && a->mode == b->mode && a->file_len == b->file_len &&
           a->list_len == b->list_len && memcmp(a->file, b->file, a->kept_len) == 0 &&
           memcmp(a->list, b->list, a->list_len) == 0;
}

static void tell_request(const struct tftp_packet *packet, const struct tftp_asked *asked,
                         struct dissect_context *context)
{
    struct span file = packet->file;
    if (file.len > TFTP_MAX_NAME)
        file.len = TFTP_MAX_NAME;
    uint64_t since = context->time_ns > asked->time_ns ? context->time_ns - asked->time_ns : 0;
    const struct tftp_request out = {
        .op = packet->opcode == TFTP_RRQ ? "read" : "write",
        .file = file,
        .file_len = number(packet->file.len),
        .mode = packet->mode,
        .options = packet->options,
        .retransmission = number(asked->retransmissions),
        .since_first_ns = asked->retransmissions > 0 ? number(since) : (struct number){0},
        .tid = number(context->flow->ends[context->side].port),
        .to_group = truth(asked->to_group),
        .to_known_port = truth(asked->server.port == TFTP_PORT),
    };
    dissect_emit(context, &observation_tftp_request, &out);
}

/* The mark that its transfer is over: the same request again begins another one. */
static void close_request(const struct tftp_asked *of, struct dissect_context *context)
{
    struct tftp_asked asked;
    unsigned client;
    if (of == NULL || !find_asked(context, &asked, &client) || asked.packet != of->packet)
        return;
    asked.over = true;
    announce(&asked, client, context);
}

static void end_file(struct tftp *tftp, bool replaced, struct dissect_context *context)
{
    if (tftp->file == NULL)
        return;
    tftp->over = tftp_file_last(tftp->file);
    tftp_file_end(tftp->file, replaced, context);
    tftp->file = NULL;
}

static void take_request(struct tftp *tftp, const struct tftp_packet *packet,
                         struct dissect_context *context)
{
    struct tftp_asked asked = asked_of(packet, context), before;
    bool again =
        find_asked(context, &before, NULL) && !before.over && same_request(&asked, &before);
    context->flow->client = (uint8_t)context->side;
    context->flow->client_certain = true;
    if (again) {
        asked.packet = before.packet;
        asked.time_ns = before.time_ns;
        asked.retransmissions = before.retransmissions + 1;
    } else {
        end_file(tftp, true, context);
    }
    tell_request(packet, &asked, context);
    announce(&asked, context->side, context);
}

/* --- what follows --- */

/* Whether |asked| is for another transfer than those that this conversation had. */
static bool is_new(const struct tftp *tftp, const struct tftp_asked *asked)
{
    if (tftp->file == NULL && tftp->over == 0)
        return true;
    if (asked->over)
        return false;
    if (tftp->file == NULL)
        return asked->latest_packet > tftp->over;
    const struct tftp_asked *current = tftp_file_asked(tftp->file);
    return asked->latest_packet > tftp_file_last(tftp->file) &&
           (current == NULL || current->packet != asked->packet);
}

static bool may_begin(const struct tftp_packet *packet)
{
    return packet->opcode == TFTP_OACK || packet->opcode == TFTP_ERROR || packet->block <= 1;
}

/* The transfer that the packet is of; NULL: it is of none, or there is no memory. */
static struct tftp_file *find_file(struct tftp *tftp, const struct tftp_packet *packet,
                                   struct dissect_context *context)
{
    struct tftp_asked asked;
    unsigned client;
    if (tftp->file != NULL && !may_begin(packet))
        return tftp->file;
    bool found = find_asked(context, &asked, &client) && is_new(tftp, &asked);
    if (!found && (tftp->file != NULL || tftp->over > 0))
        return tftp->file;
    end_file(tftp, true, context);
    if (found) {
        context->flow->client = (uint8_t)client;
        context->flow->client_certain = true;
    }
    tftp->file = tftp_file_new(found ? &asked : NULL, context);
    return tftp->file;
}

static enum dissect take_packet(struct tftp *tftp, const struct tftp_packet *packet,
                                struct dissect_context *context)
{
    struct tftp_file *file = find_file(tftp, packet, context);
    if (file == NULL)
        return DISSECT_MORE;
    switch (tftp_file_take(file, packet, context)) {
    case TFTP_GOES_ON:
        break;
    case TFTP_OVER:
        close_request(tftp_file_asked(file), context);
        end_file(tftp, false, context);
        break;
    case TFTP_NO_FILE:
        tftp_file_drop(file, context);
        tftp->file = NULL;
        return DISSECT_NOT_MINE;
    }
    return DISSECT_MORE;
}

static void tell_fault(struct tftp *tftp, const struct observation_type *type, const char *reason,
                       struct dissect_context *context)
{
    const struct fault_observation fault = {.protocol = "tftp", .reason = reason};
    if (!tftp->told_fault)
        dissect_emit(context, type, &fault);
    tftp->told_fault = true;
}

static enum dissect tftp_dissect(struct reader *payload, void *state,
                                 struct dissect_context *context)
{
    struct tftp *tftp = state;
    struct tftp_packet packet;
    enum reader_fault fault;
    if (!tftp_packet_read(*payload, &packet, &fault)) {
        if (!tftp->claimed)
            return DISSECT_NOT_MINE;
        if (payload->cut > 0)
            tell_fault(tftp, &observation_cut, "the capture lacks a part of a packet", context);
        else
            tell_fault(tftp, &observation_malformed, "a packet of no known form", context);
        return DISSECT_MORE;
    }
    tftp->claimed = true;
    if (fault == READER_CUT)
        tell_fault(tftp, &observation_cut, "the capture lacks a part of the options", context);
    if (fault == READER_MALFORMED)
        tell_fault(tftp, &observation_malformed, "an option without a value", context);
    if (packet.opcode != TFTP_RRQ && packet.opcode != TFTP_WRQ)
        return take_packet(tftp, &packet, context);
    take_request(tftp, &packet, context);
    return DISSECT_MORE;
}

static void tftp_end(void *state, struct dissect_context *context)
{
    end_file(state, false, context);
}

static const struct observation_type *const observations[] = {&observation_tftp_request,
                                                              &observation_tftp_transfer, NULL};

const struct dissector dissector_tftp = {
    .name = "tftp",
    .spec = "RFC 1350, RFC 2347, RFC 2348, RFC 2349, RFC 7440",
    .protocol = PROTO_UDP,
    .state_size = sizeof(struct tftp),
    .recognises = tftp_recognises,
    .dissect = tftp_dissect,
    .end = tftp_end,
    .observations = observations,
};
