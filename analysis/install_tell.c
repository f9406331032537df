/* install_tell.c: makes the observation of an install that is over: everything copied into one block. */
#include "analysis/install_transaction.h"

#include <stdlib.h>

/* The bytes behind the structs. With |at| NULL they are only counted. */
struct block {
    uint8_t *at;
    size_t len;
};

static void put(struct block *block, const void *bytes, size_t len)
{
    if (block->at != NULL && len > 0)
        memcpy(block->at + block->len, bytes, len);
    block->len += len;
}

static void put_number(struct block *block, uint64_t number, unsigned width)
{
    for (unsigned i = width; i > 0; i--) {
        uint8_t byte = (uint8_t)(number >> (8 * (i - 1)));
        put(block, &byte, 1);
    }
}

static void put_vec(struct block *block, struct span bytes, unsigned width)
{
    put_number(block, span_seen(bytes) ? bytes.len : 0, width);
    if (span_seen(bytes))
        put(block, bytes.at, bytes.len);
}

/* What was put since |start|. */
static struct span since(const struct block *block, size_t start)
{
    if (block->at == NULL)
        return (struct span){.at = NULL};
    return span_of(block->at + start, block->len - start);
}

static struct span copy(struct block *block, struct span bytes)
{
    size_t start = block->len;
    if (!span_seen(bytes))
        return bytes;
    put(block, bytes.at, bytes.len);
    return since(block, start);
}

static struct span copy_addresses(struct block *block, const struct install_addresses *list)
{
    size_t start = block->len;
    if (list->num == 0)
        return (struct span){.at = NULL};
    for (size_t i = 0; i < list->num; i++)
        put_vec(block, install_address_span(&list->at[i]), 1);
    return since(block, start);
}

static struct span copy_names(struct block *block, const struct install_live *live)
{
    size_t start = block->len;
    if (live->num_names == 0)
        return (struct span){.at = NULL};
    for (size_t i = 0; i < live->num_names; i++)
        put_vec(block, install_text_span(&live->names[i]), 2);
    return since(block, start);
}

/* Columns of the list of files. */

static void put_file_name(struct block *block, const struct install_file *file)
{
    put_vec(block, install_text_span(&file->name), 2);
}

static void put_file_method(struct block *block, const struct install_file *file)
{
    put_number(block, file->method, 1);
}

static void put_file_outcome(struct block *block, const struct install_file *file)
{
    put_number(block, file->outcome, 1);
}

static void put_file_class(struct block *block, const struct install_file *file)
{
    put_number(block, file->class, 1);
}

static void put_file_asks(struct block *block, const struct install_file *file)
{
    put_number(block, file->asks, 8);
}

static void put_file_packet(struct block *block, const struct install_file *file)
{
    put_number(block, file->packet, 8);
}

static void put_file_bytes(struct block *block, const struct install_file *file)
{
    put_number(block, file->bytes, 8);
}

static void put_file_secrets(struct block *block, const struct install_file *file)
{
    put_number(block, file->secrets, 8);
}

static void put_file_server(struct block *block, const struct install_file *file)
{
    put_vec(block, install_address_span(&file->server), 1);
}

static struct span copy_files(struct block *block, const struct install_live *live,
                              void (*column)(struct block *block, const struct install_file *file))
{
    size_t start = block->len;
    if (live->num_files == 0)
        return (struct span){.at = NULL};
    for (size_t i = 0; i < live->num_files; i++)
        column(block, &live->files[i]);
    return since(block, start);
}

static void tell_files(struct install_transaction *told, struct block *block,
                       const struct install_live *live)
{
    told->file_names = copy_files(block, live, put_file_name);
    told->file_methods = copy_files(block, live, put_file_method);
    told->file_outcomes = copy_files(block, live, put_file_outcome);
    told->file_classes = copy_files(block, live, put_file_class);
    told->file_asks = copy_files(block, live, put_file_asks);
    told->file_packets = copy_files(block, live, put_file_packet);
    told->file_bytes = copy_files(block, live, put_file_bytes);
    told->file_secrets = copy_files(block, live, put_file_secrets);
    told->file_servers = copy_files(block, live, put_file_server);
    if (live->files_left_out > 0)
        told->files_left_out = number(live->files_left_out);
}

/* Columns of the list of steps. */

static struct span step_file(const struct install_live *live, const struct install_step *step)
{
    if (step->file == 0)
        return (struct span){.at = NULL};
    return install_text_span(&live->files[step->file - 1].name);
}

static void tell_steps(struct install_transaction *told, struct block *block,
                       const struct install_live *live)
{
    size_t start = block->len;
    for (size_t i = 0; i < live->num_steps; i++)
        put_number(block, live->steps[i].kind, 1);
    told->step_kinds = since(block, start);
    start = block->len;
    for (size_t i = 0; i < live->num_steps; i++)
        put_number(block, live->steps[i].time_ns, 8);
    told->step_times = since(block, start);
    start = block->len;
    for (size_t i = 0; i < live->num_steps; i++)
        put_number(block, live->steps[i].packet, 8);
    told->step_packets = since(block, start);
    start = block->len;
    for (size_t i = 0; i < live->num_steps; i++)
        put_vec(block, install_address_span(&live->steps[i].server), 1);
    told->step_servers = since(block, start);
    start = block->len;
    for (size_t i = 0; i < live->num_steps; i++)
        put_vec(block, step_file(live, &live->steps[i]), 2);
    told->step_files = since(block, start);
    if (live->steps_left_out > 0)
        told->steps_left_out = number(live->steps_left_out);
}

/* The configuration of the install: the last one that came, else the last one that was asked for, else the last
 * file that came. */
static const struct install_file *configuration_of(const struct install_live *live)
{
    const struct install_file *best = NULL;
    unsigned best_rank = 0;
    for (size_t i = 0; i < live->num_files; i++) {
        const struct install_file *file = &live->files[i];
        unsigned rank = file->configuration && file->came ? 3
                        : file->configuration             ? 2
                        : file->came                      ? 1
                                                          : 0;
        if (rank >= best_rank && rank > 0) {
            best = file;
            best_rank = rank;
        }
    }
    return best;
}

static enum truth all_encrypted(const struct install_live *live)
{
    enum truth encrypted = TRUTH_UNKNOWN;
    for (size_t i = 0; i < live->num_files; i++) {
        const struct install_file *file = &live->files[i];
        if (!file->configuration || !file->came || file->encrypted == TRUTH_UNKNOWN)
            continue;
        if (file->encrypted == TRUTH_NO)
            return TRUTH_NO;
        encrypted = TRUTH_YES;
    }
    return encrypted;
}

static void tell_configuration(struct install_transaction *told, struct block *block,
                               const struct install_live *live)
{
    const struct install_file *file = configuration_of(live);
    if (file == NULL)
        return;
    told->file = copy(block, install_text_span(&file->name));
    told->server = copy(block, install_address_span(&file->server));
    told->class = file->class_name;
    told->format = file->format;
}

static bool has_upload(const struct install_live *live)
{
    for (size_t i = 0; i < live->num_files; i++)
        if (live->files[i].came && (live->files[i].method == INSTALL_TFTP_WRITE ||
                                    live->files[i].method == INSTALL_HTTP_PUT))
            return true;
    return false;
}

/* A flag that is told only when it holds: that it does not is not always known. */
static enum truth when_so(bool is)
{
    return is ? TRUTH_YES : TRUTH_UNKNOWN;
}

static void tell_totals(struct install_transaction *told, const struct install_live *live)
{
    told->started_ns = number(live->started_ns);
    told->ended_ns = number(live->last_ns);
    told->first_packet = number(live->first_packet);
    told->last_packet = number(live->last_packet);
    told->encrypted = all_encrypted(live);
    told->tls = when_so(live->tls);
    told->fallback = when_so(live->fallback);
    told->guessing = when_so(live->guessing);
    told->competing = when_so(live->competing);
    told->upload = when_so(has_upload(live));
    told->asked = number(live->asked);
    told->obtained = number(live->obtained);
    told->missing = number(live->missing);
    told->retries = number(live->retries);
    told->bytes = number(live->bytes);
    told->secrets = number(live->secrets);
}

static void tell(struct install_transaction *told, struct block *block,
                 const struct install_live *live, const struct install_known *known)
{
    told->known_by = known->known_by;
    told->mac = copy(block, known->mac);
    told->client_id = copy(block, known->client_id);
    told->duid = copy(block, known->duid);
    told->serial = copy(block, known->serial);
    told->host = copy(block, known->host);
    told->vendor_class = copy(block, known->vendor_class);
    told->address = copy(block, known->address);
    told->dhcp_servers = copy_addresses(block, &live->dhcp_servers);
    told->boot_servers = copy_addresses(block, &live->named);
    told->servers = copy_addresses(block, &live->used);
    told->boot_names = copy_names(block, live);
    told->boot_file = copy(block, install_text_span(&live->boot_file));
    tell_totals(told, live);
    tell_configuration(told, block, live);
    tell_files(told, block, live);
    tell_steps(told, block, live);
}

struct install_told *install_live_tell(const struct install_live *live,
                                       const struct install_known *known, const char *ended_by)
{
    struct install_transaction counted = {.known_by = NULL};
    struct block block = {.at = NULL};
    tell(&counted, &block, live, known);
    size_t size = sizeof(struct install_told) + block.len;
    struct install_told *told = calloc(1, size);
    if (told == NULL)
        return NULL;
    block = (struct block){.at = (uint8_t *)(told + 1)};
    told->size = size;
    told->flow = live->flow;
    tell(&told->transaction, &block, live, known);
    told->transaction.ended_by = ended_by;
    told->observation = (struct observation){.type = &observation_install_transaction,
                                             .data = &told->transaction,
                                             .flow = &told->flow,
                                             .time_ns = live->last_ns,
                                             .packet = live->last_packet,
                                             .side = told->flow.client};
    return told;
}
