/* merge_blast.c: what one leaked secret opens of what all sensors recorded. A session that two of them recorded counts
 * once, as far as both name it (blast_radius.handshakes). */
#include "analysis/blast_radius.h"
#include "reports/merge_parts.h"

#include <stdlib.h>

static struct span name_of(const struct blast_radius *radius)
{
    const struct span names[] = {radius->key_sha256, radius->psk_identity, radius->ticket_key_name,
                                 radius->public_value};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (span_seen(names[i]))
            return names[i];
    return (struct span){.at = NULL};
}

static struct span text_span(const char *text)
{
    return text != NULL ? span_text(text) : (struct span){.at = NULL};
}

static int compare_secrets(const struct blast_radius *a, const struct blast_radius *b)
{
    int order = merge_compare_spans(text_span(a->secret), text_span(b->secret));
    order = order != 0 ? order : merge_compare_spans(text_span(a->role), text_span(b->role));
    return order != 0 ? order : merge_compare_spans(name_of(a), name_of(b));
}

static int compare_rows(const void *left, const void *right)
{
    const struct merge_row *a = left, *b = right;
    const int order = compare_secrets(a->data, b->data);
    return order != 0 ? order : (int)(a->report > b->report) - (int)(a->report < b->report);
}

static uint64_t more_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Sessions that |of| has to do with: it opens them, or stood for their server. */
static uint64_t all_sessions(const struct blast_radius *of)
{
    return more_of(of->sessions.value, of->authenticated.value);
}

/* Whether both name the same sessions, and have as many: then one is a copy of the other. */
static bool is_copy(const struct blast_radius *a, const struct blast_radius *b, size_t both)
{
    return both > 0 && both == merge_list_count(a->handshakes, 1) &&
           both == merge_list_count(b->handshakes, 1) && all_sessions(a) == all_sessions(b);
}

/* Sums without those that both sensors recorded, as far as that is known. */
static void add_sessions(struct blast_radius *to, const struct blast_radius *from, size_t both)
{
    const uint64_t twice = both < from->sessions.value ? both : from->sessions.value;
    const uint64_t proofs = both < from->authenticated.value ? both : from->authenticated.value;
    if (both >= to->sessions.value) /* all that are known so far are among those of the other */
        to->bytes.value = from->bytes.value;
    else if (twice < from->sessions.value)
        to->bytes.value += from->bytes.value;
    to->sessions.value += from->sessions.value - twice;
    to->authenticated = merge_sum(to->authenticated, from->authenticated);
    to->authenticated.value -= proofs;
}

static uint64_t hosts(const struct number *a, const struct number *b, struct span names)
{
    return more_of(more_of(a->value, b->value), merge_list_count(names, 1));
}

static void add(struct merge *merge, struct blast_radius *to, const struct blast_radius *from)
{
    struct span handshakes = to->handshakes;
    const size_t both = merge_list_unite(merge, &handshakes, from->handshakes, 1);
    if (is_copy(to, from, both)) {
        to->bytes.value = more_of(to->bytes.value, from->bytes.value);
    } else {
        add_sessions(to, from, both);
    }
    to->handshakes = handshakes;
    merge_list_unite(merge, &to->client_names, from->client_names, 1);
    merge_list_unite(merge, &to->server_names, from->server_names, 1);
    to->clients.value = hosts(&to->clients, &from->clients, to->client_names);
    to->servers.value = hosts(&to->servers, &from->servers, to->server_names);
    to->last_ns = merge_latest(to->last_ns, from->last_ns);
    if (from->first_ns.value < to->first_ns.value) {
        to->first_ns = from->first_ns;
        to->key_exchange = from->key_exchange;
    }
}

/* The worst first; the rest makes the order the same for every order of reports. */
static int compare_worst(const void *left, const void *right)
{
    const struct blast_radius *a = *(const struct blast_radius *const *)left;
    const struct blast_radius *b = *(const struct blast_radius *const *)right;
    const uint64_t keys[][2] = {{b->sessions.value, a->sessions.value},
                                {b->bytes.value, a->bytes.value},
                                {b->authenticated.value, a->authenticated.value},
                                {a->first_ns.value, b->first_ns.value}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i][0] != keys[i][1])
            return keys[i][0] < keys[i][1] ? -1 : 1;
    return compare_secrets(a, b);
}

void merge_blast(struct merge *merge)
{
    size_t num, num_all = 0;
    struct merge_row *rows = merge_rows(merge, &observation_blast_radius, &num);
    struct blast_radius **all = store_room(merge->store, num * sizeof all[0] + 1);
    if (rows == NULL || all == NULL)
        return;
    if (num > 1)
        qsort(rows, num, sizeof rows[0], compare_rows);
    for (size_t i = 0; i < num; i++) {
        if (i > 0 && compare_secrets(rows[i - 1].data, rows[i].data) == 0) {
            add(merge, all[num_all - 1], rows[i].data);
            continue;
        }
        struct blast_radius *radius = store_room(merge->store, sizeof *radius);
        if (radius == NULL)
            return;
        *radius = *(const struct blast_radius *)rows[i].data;
        all[num_all++] = radius;
    }
    if (num_all > 1)
        qsort(all, num_all, sizeof all[0], compare_worst);
    for (size_t i = 0; i < num_all; i++)
        merge_tell(merge, &observation_blast_radius, all[i]);
    merge->stats->blast_secrets = num_all;
}
