/* tftp_transfer.c: one file on its way, RFC 1350 sections 2 and 6: who sends it, in which blocks, how it ends, and
 * what it was. The text of errors is left unread. */
#include "dissectors/tftp_transfer.h"

#include "core/crypto.h"
#include "dissectors/tftp_blocks.h"

#include <stdlib.h>

enum {
    PROOF = 3, /* blocks of one side that follow each other prove a transfer without a request */
    MAX_STRIDE = 256, /* so far may its numbers be apart */
    MAX_BLKSIZE = 65464
};

/* The text of a file that crosses the network as netascii, as its receiver stores it. */
struct decoded {
    struct crypto_digest *digest; /* NULL: it is not read, or not whole */
    bool cr;                      /* the last byte was CR, and what it means is not known yet */
    uint8_t sha256[CRYPTO_SHA256_LEN];
};

struct tftp_file {
    struct tftp_asked asked; /* when |has_asked| */
    bool has_asked;
    struct tftp_options agreed;
    uint8_t list[TFTP_MAX_OPTIONS];
    enum truth options_agreed;
    bool from_start,
        started; /* the first packet was one; blocks or their acknowledgements were seen */
    bool has_sender, has_error, no_content;
    uint8_t sender; /* side that sends the file */
    bool has_client;
    uint8_t client;
    uint8_t proof;
    uint8_t error_side;
    uint16_t error;
    size_t error_message_len;
    uint64_t first_packet, first_ns, last_packet, last_ns;
    struct tftp_blocks blocks;
    struct content *content; /* NULL until something of the file was seen */
    struct decoded decoded;
    uint8_t offsets[8 * TFTP_MAX_RANGES], lengths[8 * TFTP_MAX_RANGES];
};

struct tftp_file *tftp_file_new(const struct tftp_asked *asked, struct dissect_context *context)
{
    if (!budget_take(context->budget, sizeof(struct tftp_file)))
        return NULL;
    struct tftp_file *file = calloc(1, sizeof *file);
    if (file == NULL) {
        budget_give(context->budget, sizeof *file);
        return NULL;
    }
    if (asked == NULL)
        return file;
    struct error error;
    file->asked = *asked;
    file->has_asked = true;
    file->has_client = true;
    file->client = context->flow->client;
    file->has_sender = true;
    file->sender = asked->op == TFTP_RRQ ? !file->client : file->client;
    if (strcmp(asked->mode, "netascii") == 0)
        file->decoded.digest = crypto_digest_new(CRYPTO_SHA256, &error);
    return file;
}

const struct tftp_asked *tftp_file_asked(const struct tftp_file *file)
{
    return file->has_asked ? &file->asked : NULL;
}

uint64_t tftp_file_last(const struct tftp_file *file)
{
    return file->last_packet;
}

/* --- the bytes --- */

struct sink {
    struct tftp_file *file;
    struct dissect_context *context;
};

/* RFC 764: CR LF is the end of a line, CR NUL a CR. */
static void decode(struct decoded *decoded, struct span bytes)
{
    uint8_t out[512];
    size_t len = 0;
    bool good = true;
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.at[i];
        if (decoded->cr && c != '\n')
            out[len++] = '\r';
        if (!(decoded->cr && c == 0) && c != '\r')
            out[len++] = c;
        decoded->cr = c == '\r';
        if (len + 2 > sizeof out) {
            good = crypto_digest_add(decoded->digest, span_of(out, len)) && good;
            len = 0;
        }
    }
    good = crypto_digest_add(decoded->digest, span_of(out, len)) && good;
    if (!good) {
        crypto_digest_free(decoded->digest);
        decoded->digest = NULL;
    }
}

static bool has_content(struct tftp_file *file, struct dissect_context *context)
{
    if (file->content == NULL && !file->no_content)
        file->content = content_new(context->budget, context->content_rules);
    file->no_content = file->content == NULL;
    return !file->no_content;
}

static void add_bytes(void *to, struct span bytes)
{
    const struct sink *sink = to;
    if (has_content(sink->file, sink->context))
        content_add(sink->file->content, bytes);
    if (sink->file->decoded.digest != NULL)
        decode(&sink->file->decoded, bytes);
}

static void add_gap(void *to, uint64_t len)
{
    const struct sink *sink = to;
    if (has_content(sink->file, sink->context))
        content_gap(sink->file->content, len);
    crypto_digest_free(sink->file->decoded.digest);
    sink->file->decoded.digest = NULL;
}

static struct tftp_reader reader_for(struct sink *sink)
{
    return (struct tftp_reader){.to = sink, .add = add_bytes, .gap = add_gap};
}

/* --- what the packets say --- */

/* Nobody sends more than the largest size that RFC 2348 allows; 0 is no size. */
static uint32_t agreed_or(struct number option, uint32_t limit, uint32_t otherwise)
{
    bool valid = option.seen && option.value > 0 && option.value <= limit;
    return valid ? (uint32_t)option.value : otherwise;
}

/* How large blocks are, and how many come at once, before the first one is there. An OACK that was asked for may
 * have been lost, and so may have been the request. */
static void settle_sizes(struct tftp_file *file)
{
    struct tftp_blocks *blocks = &file->blocks;
    const struct tftp_options *asked = &file->asked.options;
    if (file->has_asked || file->from_start)
        blocks->next = 1;
    if (file->options_agreed == TRUTH_YES) {
        blocks->blksize = agreed_or(file->agreed.blksize, MAX_BLKSIZE, TFTP_DEFAULT_BLKSIZE);
        blocks->windowsize = agreed_or(file->agreed.windowsize, 65535, 1);
        blocks->blksize_certain = true;
        return;
    }
    blocks->blksize_certain = file->has_asked && !asked->blksize.seen;
    if (file->from_start || blocks->blksize_certain)
        blocks->blksize = TFTP_DEFAULT_BLKSIZE;
    if (file->has_asked && !asked->windowsize.seen)
        blocks->windowsize = 1;
}

static void note_start(struct tftp_file *file)
{
    if (file->started)
        return;
    file->started = true;
    if (file->from_start && file->options_agreed == TRUTH_UNKNOWN)
        file->options_agreed = TRUTH_NO;
    settle_sizes(file);
}

static void note_client(struct tftp_file *file, unsigned client)
{
    if (file->has_client)
        return;
    file->has_client = true;
    file->client = (uint8_t)client;
}

static void note_sender(struct tftp_file *file, unsigned sender)
{
    if (file->has_sender)
        return;
    file->has_sender = true;
    file->sender = (uint8_t)sender;
}

static void take_oack(struct tftp_file *file, const struct tftp_packet *packet, unsigned side)
{
    note_client(file, !side);
    if (file->started || file->options_agreed == TRUTH_YES)
        return;
    file->options_agreed = TRUTH_YES;
    file->agreed = packet->options;
    if (span_seen(packet->options.list)) {
        memcpy(file->list, packet->options.list.at, packet->options.list.len);
        file->agreed.list.at = file->list;
    }
}

/* A transfer without a request has to show itself: each side as it should, and numbers that follow. */
static bool fits(const struct tftp_file *file, const struct tftp_packet *packet, unsigned side)
{
    if (file->has_asked || !file->started)
        return true;
    bool sends = side == file->sender;
    uint16_t ahead = (uint16_t)(packet->block - (uint16_t)(file->blocks.next - 1));
    switch (packet->opcode) {
    case TFTP_DATA:
        return sends && (ahead <= MAX_STRIDE || ahead >= 65536 - MAX_STRIDE) &&
               reader_wire_left(&packet->data) <= file->blocks.blksize;
    case TFTP_ACK:
        return !sends && (ahead == 0 || ahead >= 65536 - MAX_STRIDE);
    default:
        return packet->opcode == TFTP_ERROR;
    }
}

static void note_proof(struct tftp_file *file, const struct tftp_packet *packet)
{
    bool answered = packet->opcode == TFTP_ACK && file->blocks.num_seen > 0;
    if (answered)
        file->proof = PROOF;
    else if (file->proof < PROOF && packet->opcode == TFTP_DATA)
        file->proof++;
}

static void take_block(struct tftp_file *file, const struct tftp_packet *packet,
                       struct dissect_context *context)
{
    struct sink sink = {file, context};
    struct tftp_reader reader = reader_for(&sink);
    bool ack = packet->opcode == TFTP_ACK;
    note_sender(file, ack ? !context->side : context->side);
    if ((context->side == file->sender) == ack)
        return;
    note_start(file);
    if (ack)
        tftp_blocks_ack(&file->blocks, context->budget, packet->block, &reader);
    else
        tftp_blocks_add(&file->blocks, context->budget, packet->block, packet->data, &reader);
}

static void take_error(struct tftp_file *file, const struct tftp_packet *packet, unsigned side)
{
    file->has_error = true;
    file->error = packet->error;
    file->error_side = (uint8_t)side;
    file->error_message_len = packet->message_len;
}

/* What comes first where the beginning is seen. Without a request it is the server's, on a port of its own. */
static void note_first(struct tftp_file *file, const struct tftp_packet *packet,
                       const struct dissect_context *context)
{
    const struct flow *flow = context->flow;
    bool begins = packet->opcode == TFTP_OACK || packet->opcode == TFTP_ERROR ||
                  (packet->opcode == TFTP_DATA && packet->block == 1) ||
                  (packet->opcode == TFTP_ACK && packet->block == 0);
    file->first_packet = context->packet;
    file->first_ns = context->time_ns;
    file->from_start = begins && (file->has_asked || flow->packets[0] + flow->packets[1] == 1);
    if (file->from_start)
        note_client(file, !context->side);
}

/* A transfer is over with the acknowledgement of its last block, if that is certain to be the last, or with an
 * error; but an error that tells one of two servers that it is not needed ends nothing here. */
static bool is_over(const struct tftp_file *file)
{
    const struct tftp_blocks *blocks = &file->blocks;
    if (file->has_error && file->error != TFTP_ERROR_UNKNOWN_TID)
        return true;
    return blocks->blksize_certain && blocks->held == NULL && tftp_blocks_acknowledged(blocks);
}

enum tftp_progress tftp_file_take(struct tftp_file *file, const struct tftp_packet *packet,
                                  struct dissect_context *context)
{
    if (file->first_packet == 0)
        note_first(file, packet, context);
    file->last_packet = context->packet;
    file->last_ns = context->time_ns;
    if (!fits(file, packet, context->side) && file->proof < PROOF)
        return TFTP_NO_FILE;
    note_proof(file, packet);
    if (packet->opcode == TFTP_OACK)
        take_oack(file, packet, context->side);
    else if (packet->opcode == TFTP_ERROR)
        take_error(file, packet, context->side);
    else
        take_block(file, packet, context);
    return is_over(file) ? TFTP_OVER : TFTP_GOES_ON;
}

/* --- what is told --- */

static struct tftp_options with_list(const struct tftp_options *options, const uint8_t *list,
                                     size_t len)
{
    struct tftp_options out = *options;
    if (len > 0)
        out.list = span_of(list, len);
    return out;
}

static const char *ended(const struct tftp_file *file, bool replaced, const struct flow *flow)
{
    bool by_client = file->has_client && file->error_side == file->client;
    bool goes_on = file->error == TFTP_ERROR_UNKNOWN_TID && file->blocks.ended;
    if (file->has_error && !goes_on)
        return by_client && file->options_agreed == TRUTH_YES && file->blocks.num_seen == 0
                   ? "aborted"
                   : "error";
    if (tftp_blocks_acknowledged(&file->blocks))
        return "acknowledged";
    if (file->blocks.ended)
        return "last block";
    if (replaced)
        return "replaced";
    switch (flow->ended) {
    case FLOW_END_NONE:
    case FLOW_END_INPUT:
        break;
    case FLOW_END_CLOSED:
    case FLOW_END_IDLE:
        return "timeout";
    case FLOW_END_EVICTED:
        return "evicted";
    }
    return "input";
}

static void tell_request(const struct tftp_file *file, struct tftp_transfer *out,
                         const struct flow *flow)
{
    const struct tftp_asked *asked = &file->asked;
    out->request_seen = truth(file->has_asked);
    if (file->has_client && file->has_sender)
        out->op = file->sender == file->client ? "write" : "read";
    if (!file->has_asked)
        return;
    const struct endpoint *server = &flow->ends[!file->client];
    out->file = span_of(asked->file, asked->kept_len);
    out->file_len = number(asked->file_len);
    out->mode = asked->mode;
    out->asked = with_list(&asked->options, asked->list, asked->list_len);
    out->request_packet = number(asked->packet);
    out->request_time = number(asked->time_ns);
    out->from_known_port = truth(server->port == asked->server.port);
    if (!asked->to_group)
        out->other_server =
            truth(memcmp(server->address, asked->server.address, sizeof server->address) != 0);
}

static void put_u64(uint8_t *at, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> (56 - 8 * i));
}

static void tell_losses(struct tftp_file *file, struct tftp_transfer *out)
{
    const struct tftp_blocks *blocks = &file->blocks;
    out->lost_blocks = number(blocks->lost);
    out->lost_bytes = number(blocks->lost_bytes);
    out->lost_ranges = number(blocks->num_ranges);
    size_t num =
        blocks->num_ranges < TFTP_MAX_RANGES ? (size_t)blocks->num_ranges : (size_t)TFTP_MAX_RANGES;
    for (size_t i = 0; i < num; i++) {
        put_u64(file->offsets + 8 * i, blocks->ranges[i].offset);
        put_u64(file->lengths + 8 * i, blocks->ranges[i].len);
    }
    if (num == 0)
        return;
    out->lost_offsets = span_of(file->offsets, 8 * num);
    out->lost_lengths = span_of(file->lengths, 8 * num);
}

static void tell_blocks(struct tftp_file *file, struct tftp_transfer *out)
{
    const struct tftp_blocks *blocks = &file->blocks;
    if (blocks->blksize > 0)
        out->blksize = number(blocks->blksize);
    if (blocks->windowsize > 0)
        out->windowsize = number(blocks->windowsize);
    out->bytes = number(blocks->bytes_seen);
    out->blocks = number(blocks->num_seen);
    out->retransmitted = number(blocks->retransmitted);
    out->reordered = number(blocks->reordered);
    if (blocks->ended && !blocks->length_unsure)
        out->size = number(blocks->offset);
    out->rollovers = number(blocks->next > 65536 ? (blocks->next - 2) / 65535 : 0);
    if (blocks->rollover_known)
        out->rollover_to = number(blocks->rollover_to);
    out->complete = truth(tftp_blocks_complete(blocks));
    tell_losses(file, out);
}

static void tell_content(struct tftp_file *file, struct tftp_transfer *out)
{
    struct decoded *decoded = &file->decoded;
    if (file->content == NULL)
        return;
    out->content = *content_finish(file->content, file->blocks.ended);
    if (decoded->digest == NULL || out->complete != TRUTH_YES)
        return;
    if (decoded->cr && !crypto_digest_add(decoded->digest, span_text("\r")))
        return;
    struct span sha256 = span_of(decoded->sha256, sizeof decoded->sha256);
    if (crypto_digest_finish(decoded->digest, decoded->sha256) &&
        !span_equal(sha256, out->content.sha256))
        out->sha256_decoded = sha256;
}

static void tell_error(const struct tftp_file *file, struct tftp_transfer *out)
{
    if (!file->has_error)
        return;
    out->error = number(file->error);
    out->error_class = tftp_error_class(file->error);
    out->error_message_len = number(file->error_message_len);
    if (file->has_client)
        out->error_by_client = truth(file->error_side == file->client);
}

static void tell(struct tftp_file *file, bool replaced, struct dissect_context *context)
{
    struct flow *flow = context->flow;
    uint64_t begin_ns = file->has_asked ? file->asked.time_ns : file->first_ns;
    struct tftp_transfer out = {
        .from_start = truth(file->from_start),
        .agreed = file->agreed,
        .options_agreed = file->options_agreed,
        .ended = ended(file, replaced, flow),
        .first_packet = number(file->first_packet),
        .last_packet = number(file->last_packet),
        .first_time = number(file->first_ns),
        .duration_ns = number(file->last_ns > begin_ns ? file->last_ns - begin_ns : 0),
    };
    tell_request(file, &out, flow);
    if (file->has_client) {
        flow->client = file->client;
        out.client_tid = number(flow->ends[file->client].port);
        out.server_tid = number(flow->ends[!file->client].port);
    }
    if (out.op != NULL)
        out.tsize = file->sender == file->client ? out.asked.tsize : out.agreed.tsize;
    tell_blocks(file, &out);
    tell_content(file, &out);
    tell_error(file, &out);
    context->side = file->has_sender ? file->sender : flow->client;
    context->packet = file->last_packet;
    context->time_ns = file->last_ns;
    dissect_emit(context, &observation_tftp_transfer, &out);
}

void tftp_file_end(struct tftp_file *file, bool replaced, struct dissect_context *context)
{
    struct dissect_context own = *context;
    struct sink sink = {file, context};
    struct tftp_reader reader = reader_for(&sink);
    tftp_blocks_finish(&file->blocks, context->budget, &reader);
    if (file->has_asked || file->proof >= PROOF)
        tell(file, replaced, &own);
    tftp_file_drop(file, context);
}

static void discard_bytes(void *to, struct span bytes)
{
    (void)to;
    (void)bytes;
}

static void discard_gap(void *to, uint64_t len)
{
    (void)to;
    (void)len;
}

void tftp_file_drop(struct tftp_file *file, struct dissect_context *context)
{
    const struct tftp_reader nobody = {NULL, discard_bytes, discard_gap};
    tftp_blocks_finish(&file->blocks, context->budget, &nobody);
    content_free(file->content, context->budget);
    crypto_digest_free(file->decoded.digest);
    free(file);
    budget_give(context->budget, sizeof *file);
}
