/* merge_installs.c: installs of devices of which one sensor saw a part, such as DHCP, and another one the rest. Two reports
 * tell of one install when both name the device alike and the times meet, with the ten minutes that end an install
 * between them at most. */
#include "analysis/install_transaction.h"
#include "reports/merge_parts.h"

#include <stdlib.h>
#include <string.h>

enum { IDLE_S = 600 };

static const uint64_t SECOND = 1000000000u;
static const uint64_t SAME_STEP_NS = 200000000u; /* that clocks of sensors differ by */

static struct reader list_of(struct span list)
{
    return reader_of(span_seen(list) ? list : span_of("", 0));
}

/* --- files and steps, out of columns and back --- */

struct file {
    struct span name, server;
    uint8_t method, outcome, class;
    uint64_t asks, packet, bytes, secrets;
};

struct step {
    struct span server, file;
    uint8_t kind;
    uint64_t time_ns, packet;
    size_t report;
};

/* An install of several reports. */
struct joined {
    struct install_transaction told;
    struct file *files;
    struct step *steps;
    size_t num_files, num_steps, reports; /* reports: how many told of it */
    size_t last_report;
};

static struct file *read_files(struct merge *merge, const struct install_transaction *told,
                               size_t *num)
{
    struct reader names = list_of(told->file_names), servers = list_of(told->file_servers);
    struct reader methods = list_of(told->file_methods), outcomes = list_of(told->file_outcomes);
    struct reader classes = list_of(told->file_classes), asks = list_of(told->file_asks);
    struct reader packets = list_of(told->file_packets), bytes = list_of(told->file_bytes);
    struct reader secrets = list_of(told->file_secrets);
    const size_t most = merge_list_count(told->file_names, 2);
    struct file *files = store_room(merge->store, most * sizeof files[0] + 1);
    for (*num = 0; files != NULL && *num < most; (*num)++)
        files[*num] = (struct file){.name = reader_span_vec16(&names),
                                    .server = reader_span_vec8(&servers),
                                    .method = reader_u8(&methods),
                                    .outcome = reader_u8(&outcomes),
                                    .class = reader_u8(&classes),
                                    .asks = reader_u64(&asks),
                                    .packet = reader_u64(&packets),
                                    .bytes = reader_u64(&bytes),
                                    .secrets = reader_u64(&secrets)};
    return files;
}

static struct step *read_steps(struct merge *merge, const struct install_transaction *told,
                               size_t report, size_t *num)
{
    struct reader kinds = list_of(told->step_kinds), times = list_of(told->step_times);
    struct reader packets = list_of(told->step_packets), servers = list_of(told->step_servers);
    struct reader files = list_of(told->step_files);
    const size_t most = told->step_kinds.len;
    struct step *steps = store_room(merge->store, most * sizeof steps[0] + 1);
    for (*num = 0; steps != NULL && *num < most; (*num)++)
        steps[*num] = (struct step){.kind = reader_u8(&kinds),
                                    .time_ns = reader_u64(&times),
                                    .packet = reader_u64(&packets),
                                    .server = reader_span_vec8(&servers),
                                    .file = reader_span_vec16(&files),
                                    .report = report};
    return steps;
}

static void write_files(struct merge *merge, struct joined *joined)
{
    struct install_transaction *told = &joined->told;
    struct span *const lists[] = {&told->file_names,    &told->file_servers, &told->file_methods,
                                  &told->file_outcomes, &told->file_classes, &told->file_asks,
                                  &told->file_packets,  &told->file_bytes,   &told->file_secrets};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        *lists[i] = span_of("", 0);
    for (size_t i = 0; i < joined->num_files; i++) {
        const struct file *file = &joined->files[i];
        merge_list_add(merge, &told->file_names, file->name, 2);
        merge_list_add(merge, &told->file_servers, file->server, 1);
        merge_list_add_number(merge, &told->file_methods, file->method, 1);
        merge_list_add_number(merge, &told->file_outcomes, file->outcome, 1);
        merge_list_add_number(merge, &told->file_classes, file->class, 1);
        merge_list_add_number(merge, &told->file_asks, file->asks, 8);
        merge_list_add_number(merge, &told->file_packets, file->packet, 8);
        merge_list_add_number(merge, &told->file_bytes, file->bytes, 8);
        merge_list_add_number(merge, &told->file_secrets, file->secrets, 8);
    }
}

static void write_steps(struct merge *merge, struct joined *joined)
{
    struct install_transaction *told = &joined->told;
    struct span *const lists[] = {&told->step_kinds, &told->step_times, &told->step_packets,
                                  &told->step_servers, &told->step_files};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        *lists[i] = span_of("", 0);
    for (size_t i = 0; i < joined->num_steps; i++) {
        const struct step *step = &joined->steps[i];
        merge_list_add_number(merge, &told->step_kinds, step->kind, 1);
        merge_list_add_number(merge, &told->step_times, step->time_ns, 8);
        merge_list_add_number(merge, &told->step_packets, step->packet, 8);
        merge_list_add(merge, &told->step_servers, step->server, 1);
        merge_list_add(merge, &told->step_files, step->file, 2);
    }
}

/* --- which belong together --- */

static bool both(struct span a, struct span b)
{
    return a.len > 0 && b.len > 0;
}

/* What one tells of the device must not contradict what the other tells. */
static bool same_device(const struct install_transaction *a, const struct install_transaction *b)
{
    const struct span pairs[][2] = {
        {a->mac, b->mac}, {a->client_id, b->client_id}, {a->duid, b->duid}, {a->serial, b->serial}};
    bool same = false;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (!both(pairs[i][0], pairs[i][1]))
            continue;
        if (!span_equal(pairs[i][0], pairs[i][1]))
            return false;
        same = true;
    }
    return same || (both(a->address, b->address) && span_equal(a->address, b->address));
}

static bool meet(const struct install_transaction *a, const struct install_transaction *b)
{
    return b->started_ns.value <= a->ended_ns.value + IDLE_S * SECOND &&
           a->started_ns.value <= b->ended_ns.value + IDLE_S * SECOND;
}

/* --- to join two --- */

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void subtract(struct number *from, uint64_t number)
{
    from->value -= number < from->value ? number : from->value;
}

static void take_outcome(struct file *known, const struct file *more)
{
    if (known->outcome == INSTALL_UNANSWERED ||
        (more->outcome != INSTALL_UNANSWERED && more->outcome < known->outcome)) {
        known->outcome = more->outcome;
        known->class = more->class;
    }
}

/* What both sensors recorded of one file counts once. */
static void join_copy(struct joined *to, struct file *known, const struct file *more)
{
    struct install_transaction *told = &to->told;
    subtract(&told->asked, known->asks < more->asks ? known->asks : more->asks);
    subtract(&told->bytes, known->bytes < more->bytes ? known->bytes : more->bytes);
    subtract(&told->secrets, known->secrets < more->secrets ? known->secrets : more->secrets);
    subtract(&told->obtained,
             known->outcome == INSTALL_OBTAINED && more->outcome == INSTALL_OBTAINED);
    subtract(&told->missing, known->outcome == INSTALL_MISSING && more->outcome == INSTALL_MISSING);
    take_outcome(known, more);
    known->asks = greater(known->asks, more->asks);
    known->bytes = greater(known->bytes, more->bytes);
    known->secrets = greater(known->secrets, more->secrets);
}

/* One sensor recorded one transfer of it, the other another. */
static void join_again(struct file *known, const struct file *more)
{
    take_outcome(known, more);
    known->asks += more->asks;
    known->bytes += more->bytes;
    known->secrets += more->secrets;
}

static bool same_file(const struct file *a, const struct file *b)
{
    return a->method == b->method && span_equal(a->name, b->name) &&
           span_equal(a->server, b->server);
}

/* One packet, recorded by two sensors with clocks of their own. */
static bool same_step(const struct step *a, const struct step *b)
{
    const uint64_t apart =
        a->time_ns > b->time_ns ? a->time_ns - b->time_ns : b->time_ns - a->time_ns;
    return a->report != b->report && a->kind == b->kind && span_equal(a->server, b->server) &&
           span_equal(a->file, b->file) && apart <= SAME_STEP_NS;
}

/* Whether one ask for |file| is among the steps of both. */
static bool is_copy(const struct joined *to, const struct file *file, const struct step *steps,
                    size_t num)
{
    for (size_t i = 0; i < num; i++) {
        if (!span_equal(steps[i].file, file->name))
            continue;
        for (size_t k = 0; k < to->num_steps; k++)
            if (same_step(&to->steps[k], &steps[i]))
                return true;
    }
    return false;
}

static void join_files(struct merge *merge, struct joined *to, const struct file *files, size_t num,
                       const struct step *steps, size_t num_steps)
{
    struct file *all = store_room(merge->store, (to->num_files + num) * sizeof all[0] + 1);
    if (all == NULL)
        return;
    if (to->num_files > 0)
        memcpy(all, to->files, to->num_files * sizeof all[0]);
    to->files = all;
    for (size_t i = 0; i < num; i++) {
        size_t at = 0;
        while (at < to->num_files && !same_file(&all[at], &files[i]))
            at++;
        if (at < to->num_files && is_copy(to, &files[i], steps, num_steps))
            join_copy(to, &all[at], &files[i]);
        else if (at < to->num_files)
            join_again(&all[at], &files[i]);
        else
            all[to->num_files++] = files[i];
    }
}

static int compare_steps(const void *left, const void *right)
{
    const struct step *a = left, *b = right;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    if (a->report != b->report)
        return a->report < b->report ? -1 : 1;
    if (a->packet != b->packet)
        return a->packet < b->packet ? -1 : 1;
    return (int)a->kind - (int)b->kind;
}

static void join_steps(struct merge *merge, struct joined *to, const struct step *steps, size_t num)
{
    struct step *all = store_room(merge->store, (to->num_steps + num) * sizeof all[0] + 1);
    const size_t before = to->num_steps;
    if (all == NULL)
        return;
    if (before > 0)
        memcpy(all, to->steps, before * sizeof all[0]);
    to->steps = all;
    for (size_t i = 0; i < num; i++) {
        size_t at = 0;
        while (at < before && !same_step(&all[at], &steps[i]))
            at++;
        if (at == before)
            all[to->num_steps++] = steps[i];
    }
    if (to->num_steps > 1)
        qsort(all, to->num_steps, sizeof all[0], compare_steps);
}

static struct span either(struct span a, struct span b)
{
    return a.len > 0 ? a : b;
}

static void join_device(struct install_transaction *to, const struct install_transaction *from)
{
    const bool by_address = to->known_by == NULL || strcmp(to->known_by, "address") == 0;
    if (by_address && from->known_by != NULL)
        to->known_by = from->known_by;
    to->mac = either(to->mac, from->mac);
    to->client_id = either(to->client_id, from->client_id);
    to->duid = either(to->duid, from->duid);
    to->serial = either(to->serial, from->serial);
    to->host = either(to->host, from->host);
    to->vendor_class = either(to->vendor_class, from->vendor_class);
    to->address = either(to->address, from->address);
    to->boot_file = either(to->boot_file, from->boot_file);
}

/* The configuration is that of who saw one come. */
static void join_configuration(struct install_transaction *to,
                               const struct install_transaction *from)
{
    const bool better = to->encrypted == TRUTH_UNKNOWN && from->encrypted != TRUTH_UNKNOWN;
    if (better || to->file.len == 0) {
        to->file = from->file;
        to->server = from->server;
        to->class = from->class;
        to->format = from->format;
    }
    if (to->encrypted == TRUTH_UNKNOWN ||
        (from->encrypted == TRUTH_NO && to->encrypted == TRUTH_YES))
        to->encrypted = from->encrypted;
}

static void join(struct merge *merge, struct joined *to, const struct install_transaction *from,
                 size_t report)
{
    struct install_transaction *told = &to->told;
    size_t num_files, num_steps;
    const struct file *files = read_files(merge, from, &num_files);
    const struct step *steps = read_steps(merge, from, report, &num_steps);
    join_device(told, from);
    join_configuration(told, from);
    if (from->ended_ns.value > told->ended_ns.value)
        told->ended_by = from->ended_by;
    told->started_ns = merge_earliest(told->started_ns, from->started_ns);
    told->ended_ns = merge_latest(told->ended_ns, from->ended_ns);
    merge_list_unite(merge, &told->dhcp_servers, from->dhcp_servers, 1);
    merge_list_unite(merge, &told->boot_servers, from->boot_servers, 1);
    merge_list_unite(merge, &told->servers, from->servers, 1);
    merge_list_unite(merge, &told->boot_names, from->boot_names, 2);
    told->tls = merge_ever(told->tls, from->tls);
    told->fallback = merge_ever(told->fallback, from->fallback);
    told->guessing = merge_ever(told->guessing, from->guessing);
    told->competing = merge_ever(told->competing, from->competing);
    told->upload = merge_ever(told->upload, from->upload);
    told->asked = merge_sum(told->asked, from->asked);
    told->obtained = merge_sum(told->obtained, from->obtained);
    told->missing = merge_sum(told->missing, from->missing);
    told->retries = merge_sum(told->retries, from->retries);
    told->bytes = merge_sum(told->bytes, from->bytes);
    told->secrets = merge_sum(told->secrets, from->secrets);
    told->files_left_out = merge_sum(told->files_left_out, from->files_left_out);
    told->steps_left_out = merge_sum(told->steps_left_out, from->steps_left_out);
    join_files(merge, to, files, num_files, steps, num_steps);
    join_steps(merge, to, steps, num_steps);
    to->reports++;
    to->last_report = report;
}

static bool begin(struct merge *merge, struct joined *joined, const struct merge_row *row)
{
    *joined = (struct joined){.told = *(const struct install_transaction *)row->data,
                              .reports = 1,
                              .last_report = row->report};
    joined->files = read_files(merge, &joined->told, &joined->num_files);
    joined->steps = read_steps(merge, &joined->told, row->report, &joined->num_steps);
    return joined->files != NULL && joined->steps != NULL;
}

/* --- all of them --- */

static int compare_rows(const void *left, const void *right)
{
    const struct merge_row *x = left, *y = right;
    const struct install_transaction *a = x->data, *b = y->data;
    if (a->started_ns.value != b->started_ns.value)
        return a->started_ns.value < b->started_ns.value ? -1 : 1;
    if (x->report != y->report)
        return x->report < y->report ? -1 : 1;
    int order = merge_compare_spans(a->mac, b->mac);
    order = order != 0 ? order : merge_compare_spans(a->address, b->address);
    return order != 0 ? order
                      : (a->first_packet.value > b->first_packet.value) -
                            (a->first_packet.value < b->first_packet.value);
}

/* The last one of another report that |row| belongs to; those before |oldest| ended too long ago. */
static struct joined *find(struct joined *all, size_t oldest, size_t num,
                           const struct merge_row *row)
{
    const struct install_transaction *told = row->data;
    for (size_t i = num; i > oldest; i--) {
        struct joined *joined = &all[i - 1];
        if (joined->last_report != row->report && meet(&joined->told, told) &&
            same_device(&joined->told, told))
            return joined;
    }
    return NULL;
}

static void tell(struct merge *merge, struct joined *joined)
{
    if (joined->reports > 1) {
        write_files(merge, joined);
        write_steps(merge, joined);
        joined->told.first_packet = joined->told.last_packet = (struct number){.seen = false};
    }
    merge_tell(merge, &observation_install_transaction, &joined->told);
}

void merge_installs(struct merge *merge)
{
    size_t num, num_all = 0, oldest = 0;
    struct merge_row *rows = merge_rows(merge, &observation_install_transaction, &num);
    struct joined *all = store_room(merge->store, num * sizeof all[0] + 1);
    if (rows == NULL || all == NULL)
        return;
    if (num > 1)
        qsort(rows, num, sizeof rows[0], compare_rows);
    for (size_t i = 0; i < num; i++) {
        const struct install_transaction *told = rows[i].data;
        while (oldest < num_all &&
               all[oldest].told.ended_ns.value + IDLE_S * SECOND < told->started_ns.value)
            oldest++;
        struct joined *joined = find(all, oldest, num_all, &rows[i]);
        if (joined != NULL)
            join(merge, joined, told, rows[i].report);
        else
            num_all += begin(merge, &all[num_all], &rows[i]);
    }
    for (size_t i = 0; i < num_all; i++)
        tell(merge, &all[i]);
    merge->stats->install_transactions = num_all + merge->stats->install_transactions_not_kept;
}
