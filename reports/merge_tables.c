/* merge_tables.c: tables that are added up: how endpoints keep to the profiles for constrained devices, and which
 * versions and key exchanges sessions had. */
#include "analysis/iot_profile.h"
#include "analysis/session_mix.h"
#include "reports/merge_parts.h"

#include <stdlib.h>
#include <string.h>

static struct reader list_of(struct span list)
{
    return reader_of(span_seen(list) ? list : span_of("", 0));
}

/* --- constrained devices --- */

/* What was seen of one requirement. */
struct check {
    uint64_t met, broken, packet;
    bool seen;
};

static void read_checks(const struct iot_profile *profile, struct check checks[NUM_IOT_CHECKS])
{
    struct reader ids = list_of(profile->checks), met = list_of(profile->num_met);
    struct reader broken = list_of(profile->num_broken), packets = list_of(profile->packets);
    while (reader_more(&ids)) {
        const uint8_t id = reader_u8(&ids);
        const uint64_t num_met = reader_u64(&met), num_broken = reader_u64(&broken);
        const uint64_t packet = reader_u64(&packets);
        struct check *check = id < NUM_IOT_CHECKS ? &checks[id] : NULL;
        if (check == NULL)
            continue;
        if (!check->seen || (check->broken == 0 && num_broken > 0))
            check->packet = packet;
        check->met += num_met;
        check->broken += num_broken;
        check->seen = true;
    }
}

static void write_checks(struct merge *merge, const struct check checks[NUM_IOT_CHECKS],
                         struct iot_profile *profile)
{
    struct span *const lists[] = {&profile->checks, &profile->verdicts, &profile->num_met,
                                  &profile->num_broken, &profile->packets};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        *lists[i] = span_of("", 0);
    profile->met = profile->broken = number(0);
    for (unsigned id = 0; id < NUM_IOT_CHECKS; id++) {
        const struct check *check = &checks[id];
        if (!check->seen)
            continue;
        merge_list_add_number(merge, &profile->checks, id, 1);
        merge_list_add_number(merge, &profile->verdicts, check->broken == 0, 1);
        merge_list_add_number(merge, &profile->num_met, check->met, 8);
        merge_list_add_number(merge, &profile->num_broken, check->broken, 8);
        merge_list_add_number(merge, &profile->packets, check->packet, 8);
        profile->met.value += check->broken == 0;
        profile->broken.value += check->broken > 0;
    }
}

static int compare_endpoints(const void *left, const void *right)
{
    const struct merge_row *x = left, *y = right;
    const struct iot_profile *a = x->data, *b = y->data;
    int order = merge_compare_spans(a->address, b->address);
    order = order != 0 ? order : (a->port.value > b->port.value) - (a->port.value < b->port.value);
    order =
        order != 0 ? order : strcmp(a->role != NULL ? a->role : "", b->role != NULL ? b->role : "");
    return order != 0 ? order : (x->report > y->report) - (x->report < y->report);
}

static bool same_endpoint(const struct iot_profile *a, const struct iot_profile *b)
{
    return merge_compare_spans(a->address, b->address) == 0 && a->port.value == b->port.value &&
           strcmp(a->role != NULL ? a->role : "", b->role != NULL ? b->role : "") == 0;
}

static struct iot_profile *join_endpoint(struct merge *merge, const struct merge_row *rows,
                                         size_t num)
{
    struct check checks[NUM_IOT_CHECKS] = {{.met = 0}};
    struct iot_profile *all = store_room(merge->store, sizeof *all);
    if (all == NULL)
        return NULL;
    *all = *(const struct iot_profile *)rows[0].data;
    for (size_t i = 0; i < num; i++) {
        const struct iot_profile *more = rows[i].data;
        read_checks(more, checks);
        if (i == 0)
            continue;
        all->handshakes = merge_sum(all->handshakes, more->handshakes);
        all->first_ns = merge_earliest(all->first_ns, more->first_ns);
        all->last_ns = merge_latest(all->last_ns, more->last_ns);
        all->heartbeat = merge_ever(all->heartbeat, more->heartbeat);
    }
    if (num > 1)
        write_checks(merge, checks, all);
    return all;
}

/* Those that break most first. */
static int compare_profiles(const void *left, const void *right)
{
    const struct iot_profile *a = *(const struct iot_profile *const *)left;
    const struct iot_profile *b = *(const struct iot_profile *const *)right;
    if (a->broken.value != b->broken.value)
        return a->broken.value > b->broken.value ? -1 : 1;
    if (a->handshakes.value != b->handshakes.value)
        return a->handshakes.value > b->handshakes.value ? -1 : 1;
    const struct merge_row x = {.data = a}, y = {.data = b};
    return compare_endpoints(&x, &y);
}

void merge_iot(struct merge *merge)
{
    size_t num, num_all = 0;
    struct merge_row *rows = merge_rows(merge, &observation_iot_profile, &num);
    const struct iot_profile **all = store_room(merge->store, num * sizeof all[0] + 1);
    if (rows == NULL || all == NULL)
        return;
    if (num > 1)
        qsort(rows, num, sizeof rows[0], compare_endpoints);
    for (size_t i = 0, end; i < num; i = end) {
        for (end = i + 1; end < num && same_endpoint(rows[i].data, rows[end].data);)
            end++;
        all[num_all] = join_endpoint(merge, &rows[i], end - i);
        num_all += all[num_all] != NULL;
    }
    if (num_all > 1)
        qsort(all, num_all, sizeof all[0], compare_profiles);
    for (size_t i = 0; i < num_all; i++)
        merge_tell(merge, &observation_iot_profile, all[i]);
    merge->stats->iot_endpoints = num_all;
}

/* --- versions and key exchanges --- */

enum { MOST_NAMES = 256 };

/* A version or a key exchange. */
struct named {
    struct span name;
    uint64_t sessions, forward;
};

static size_t add_named(struct named *all, size_t num, const struct named *more)
{
    for (size_t i = 0; i < num; i++) {
        if (!span_equal(all[i].name, more->name))
            continue;
        all[i].sessions += more->sessions;
        all[i].forward += more->forward;
        return num;
    }
    if (num < MOST_NAMES)
        all[num++] = *more;
    return num;
}

static size_t add_list(struct named *all, size_t num, struct span names, struct span sessions,
                       struct span forward)
{
    struct reader name = list_of(names), number = list_of(sessions), safe = list_of(forward);
    while (reader_more(&name)) {
        const struct named more = {.name = reader_span_vec8(&name),
                                   .sessions = reader_u64(&number),
                                   .forward = reader_u64(&safe)};
        num = add_named(all, num, &more);
    }
    return num;
}

/* Most sessions first. */
static int compare_named(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    if (a->sessions != b->sessions)
        return a->sessions > b->sessions ? -1 : 1;
    return merge_compare_spans(a->name, b->name);
}

static void write_named(struct merge *merge, struct named *all, size_t num, struct span *names,
                        struct span *sessions, struct span *forward)
{
    qsort(all, num, sizeof all[0], compare_named);
    *names = *sessions = span_of("", 0);
    if (forward != NULL)
        *forward = span_of("", 0);
    for (size_t i = 0; i < num; i++) {
        merge_list_add(merge, names, all[i].name, 1);
        merge_list_add_number(merge, sessions, all[i].sessions, 8);
        if (forward != NULL)
            merge_list_add_number(merge, forward, all[i].forward, 8);
    }
}

/* Parts of the time of all sensors, which may overlap: those of one length are moved so that the middle stays. */
static void add_times(struct merge *merge, const struct session_mix *mix, struct session_mix *all)
{
    struct reader froms = list_of(mix->slots);
    const uint64_t slot = all->slot_ns.value, own = mix->slot_ns.value;
    while (reader_more(&froms))
        merge_list_add_number(merge, &all->slots,
                              reader_u64(&froms) + own / 2 - (slot < own ? slot : own) / 2, 8);
    all->slot_sessions = merge_joined(merge, all->slot_sessions, mix->slot_sessions);
    all->slot_open = merge_joined(merge, all->slot_open, mix->slot_open);
}

static void add_numbers(const struct session_mix *mix, struct session_mix *all)
{
    all->sessions = merge_sum(all->sessions, mix->sessions);
    all->forward_secret = merge_sum(all->forward_secret, mix->forward_secret);
    all->not_forward_secret = merge_sum(all->not_forward_secret, mix->not_forward_secret);
    all->slot_ns = merge_earliest(all->slot_ns, mix->slot_ns);
}

void merge_mix(struct merge *merge)
{
    size_t num, num_versions = 0, num_exchanges = 0;
    const struct merge_row *rows = merge_rows(merge, &observation_session_mix, &num);
    struct session_mix *all = store_room(merge->store, sizeof *all);
    struct named *versions = store_room(merge->store, MOST_NAMES * sizeof versions[0]);
    struct named *exchanges = store_room(merge->store, MOST_NAMES * sizeof exchanges[0]);
    if (rows == NULL || all == NULL || versions == NULL || exchanges == NULL || num == 0)
        return;
    for (size_t i = 0; i < num; i++)
        add_numbers(rows[i].data, all);
    for (size_t i = 0; i < num; i++) {
        const struct session_mix *mix = rows[i].data;
        num_versions =
            add_list(versions, num_versions, mix->versions, mix->version_sessions, span_of("", 0));
        num_exchanges = add_list(exchanges, num_exchanges, mix->exchanges, mix->exchange_sessions,
                                 mix->exchange_forward);
        add_times(merge, mix, all);
    }
    write_named(merge, versions, num_versions, &all->versions, &all->version_sessions, NULL);
    write_named(merge, exchanges, num_exchanges, &all->exchanges, &all->exchange_sessions,
                &all->exchange_forward);
    merge_tell(merge, &observation_session_mix, all);
}
