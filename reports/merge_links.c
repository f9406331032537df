/* merge_links.c: what ties the sessions of all sensors together. The ties of all reports go into one subject graph, in
 * the order of time, as if one sensor had seen them; a session that several sensors recorded goes in once. */
#include "analysis/link_report.h"
#include "analysis/link_tie.h"
#include "analysis/psk_use.h"
#include "reports/merge_parts.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_HOST = NUM_LINK_KINDS };

static const uint64_t SECOND = 1000000000u;

/* An identifier in a tie. */
struct use {
    uint64_t name;
    struct span text;
    enum link_kind kind;
    const struct link_tie *tie;
    size_t report;
};

struct links {
    struct subject_graph *graph;
    struct use *uses;
    size_t num_uses;
    uint64_t twice, untied; /* sessions that are counted once; that have no tie */
    uint64_t *told;         /* names of rules and clients of which reports have a finding, sorted */
    size_t num_told;
};

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_rows(const void *left, const void *right)
{
    const struct merge_row *x = left, *y = right;
    const struct link_tie *a = x->data, *b = y->data;
    const int orders[] = {compare_numbers(a->first_ns.value, b->first_ns.value),
                          compare_numbers(a->last_ns.value, b->last_ns.value),
                          merge_compare_spans(a->handshakes, b->handshakes),
                          merge_compare_spans(a->names, b->names),
                          merge_compare_spans(a->address, b->address),
                          compare_numbers(x->report, y->report)};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (orders[i] != 0)
            return orders[i];
    return 0;
}

/* A session by its name, in the tie of a row. */
struct handshake {
    uint64_t name;
    size_t row;
};

static int compare_handshakes(const void *left, const void *right)
{
    const struct handshake *a = left, *b = right;
    return a->name != b->name ? compare_numbers(a->name, b->name) : compare_numbers(a->row, b->row);
}

/* The names of sessions of all |rows|, each with the first row that has it. */
static struct handshake *handshakes_of(struct merge *merge, const struct merge_row *rows,
                                       size_t num, size_t *num_names)
{
    size_t most = 0;
    *num_names = 0;
    for (size_t i = 0; i < num; i++)
        most += merge_list_count(((const struct link_tie *)rows[i].data)->handshakes, 1);
    struct handshake *all = store_room(merge->store, most * sizeof all[0] + 1);
    for (size_t i = 0; all != NULL && i < num; i++) {
        const struct span list = ((const struct link_tie *)rows[i].data)->handshakes;
        for (struct reader names = reader_of(span_seen(list) ? list : span_of("", 0));
             reader_more(&names);)
            all[(*num_names)++] =
                (struct handshake){.name = merge_name(0, reader_span_vec8(&names)), .row = i};
    }
    if (*num_names > 1)
        qsort(all, *num_names, sizeof all[0], compare_handshakes);
    return all;
}

/* The first row that has the session |name|. */
static size_t first_row(const struct handshake *all, size_t num, uint64_t name)
{
    size_t low = 0, high = num;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (all[middle].name < name)
            low = middle + 1;
        else
            high = middle;
    }
    return all[low].row;
}

/* Sessions of the tie in |row| that earlier rows have, too. Of a tie of more sessions than have names all are, when an
 * earlier one has the same names and as many sessions. */
static uint64_t count_copies(const struct merge_row *rows, size_t row, const struct handshake *all,
                             size_t num)
{
    const struct link_tie *tie = rows[row].data;
    uint64_t copies = 0, named = 0;
    for (struct reader names =
             reader_of(span_seen(tie->handshakes) ? tie->handshakes : span_of("", 0));
         reader_more(&names); named++) {
        const size_t first = first_row(all, num, merge_name(0, reader_span_vec8(&names)));
        const struct link_tie *other = rows[first].data;
        if (first < row && rows[first].report != rows[row].report) {
            copies++;
            if (other->sessions.value == tie->sessions.value &&
                span_equal(other->handshakes, tie->handshakes))
                return tie->sessions.value;
        }
    }
    return copies < tie->sessions.value ? copies : tie->sessions.value;
}

/* Leaves out sessions that an earlier tie has, too; a tie without any other has no |data| any more. */
static void drop_copies(struct merge *merge, struct merge_row *rows, size_t num,
                        struct links *links)
{
    size_t num_names;
    const struct handshake *all = handshakes_of(merge, rows, num, &num_names);
    uint64_t *copies = store_room(merge->store, num * sizeof copies[0] + 1);
    if (all == NULL || copies == NULL)
        return;
    for (size_t i = 0; i < num; i++)
        copies[i] = count_copies(rows, i, all, num_names);
    for (size_t i = 0; i < num; i++) {
        struct link_tie *less = copies[i] > 0 ? store_room(merge->store, sizeof *less) : NULL;
        links->twice += copies[i];
        if (less == NULL)
            continue;
        *less = *(const struct link_tie *)rows[i].data;
        less->sessions.value -= copies[i];
        rows[i].data = less->sessions.value > 0 ? less : NULL;
    }
}

/* IPv4 addresses, and IPv6 networks, in which a host changes its address by itself; 0: not known, or of no matter. */
static uint32_t host_of(const struct link_tie *tie, enum link_kind kind)
{
    const struct span address = tie->address;
    if (!span_seen(address) || tie->sessions.value == 0 || kind == LINK_PAIRING)
        return 0;
    const size_t len = address.len == 4 ? 4 : 8;
    return (uint32_t)merge_name(NAME_HOST, span_of(address.at, len)) | 1;
}

static void add_use(struct links *links, const struct use *use, struct subject_tie *tie,
                    bool shared)
{
    (void)subject_graph_use(links->graph, use->name, use->kind, host_of(use->tie, use->kind),
                            use->tie->address.len == 16, tie->first_s);
    if (shared)
        subject_graph_share(links->graph, use->name);
    tie->as[tie->num] = (uint8_t)use->kind;
    tie->names[tie->num++] = use->name;
    links->uses[links->num_uses++] = *use;
}

static void add_tie(struct links *links, const struct merge_row *row)
{
    const struct link_tie *from = row->data;
    struct subject_tie tie = {.address = span_seen(from->address) ? from->address : span_of("", 0),
                              .first_s = (uint32_t)(from->first_ns.value / SECOND),
                              .last_s = (uint32_t)(from->last_ns.value / SECOND),
                              .session = from->sessions.value > 0};
    struct reader kinds = reader_of(span_seen(from->kinds) ? from->kinds : span_of("", 0));
    struct reader hosts = reader_of(span_seen(from->hosts) ? from->hosts : span_of("", 0));
    struct reader names = reader_of(span_seen(from->names) ? from->names : span_of("", 0));
    if (tie.session)
        tie.more = (uint32_t)(from->sessions.value - 1);
    while (reader_more(&names) && tie.num < SUBJECT_GRAPH_MEMBERS) {
        const uint8_t kind = reader_u8(&kinds);
        const struct span text = reader_span_vec8(&names);
        const bool shared = reader_u8(&hosts) == 2;
        if (kind >= NUM_LINK_KINDS || text.len == 0)
            continue;
        const struct use use = {.name = merge_name(kind, text),
                                .text = text,
                                .kind = (enum link_kind)kind,
                                .tie = from,
                                .report = row->report};
        add_use(links, &use, &tie, shared);
    }
    subject_graph_tie(links->graph, &tie);
}

static int compare_uses(const void *left, const void *right)
{
    const struct use *a = left, *b = right;
    const int orders[] = {compare_numbers(a->name, b->name),
                          compare_numbers(a->tie->first_ns.value, b->tie->first_ns.value),
                          compare_numbers(a->report, b->report),
                          merge_compare_spans(a->tie->handshakes, b->tie->handshakes)};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (orders[i] != 0)
            return orders[i];
    return 0;
}

/* --- identifiers that several sensors saw --- */

static bool at_one_place(const struct use *a, const struct use *b)
{
    const uint32_t x = host_of(a->tie, a->kind), y = host_of(b->tie, b->kind);
    return x == y || a->tie->address.len != b->tie->address.len;
}

/* Whether both go on at a time: several sessions here, while there were several there. */
static bool overlap(const struct use *a, const struct use *b)
{
    return a->tie->sessions.value > 1 && b->tie->sessions.value > 1 &&
           a->tie->first_ns.value < b->tie->last_ns.value &&
           b->tie->first_ns.value < a->tie->last_ns.value;
}

/* What becomes of an identifier by what another sensor saw. */
struct sight {
    const struct use *uses, *last, *moved_from; /* moved_from: NULL, it did not */
    size_t num_uses;
    uint64_t sessions, first_ns, last_ns;
    bool several, shared;
};

static struct sight look_at(const struct use *uses, size_t num)
{
    struct sight sight = {.first_ns = UINT64_MAX, .uses = uses, .num_uses = num};
    for (size_t i = 0; i < num; i++) {
        const struct link_tie *tie = uses[i].tie;
        if (tie->sessions.value == 0)
            continue;
        if (sight.last != NULL && sight.last->report != uses[i].report) {
            sight.several = true;
            if (!at_one_place(sight.last, &uses[i])) {
                sight.moved_from = sight.last;
                sight.shared = sight.shared || overlap(sight.last, &uses[i]);
            }
        }
        sight.last = &uses[i];
        sight.sessions += tie->sessions.value;
        if (tie->first_ns.value < sight.first_ns)
            sight.first_ns = tie->first_ns.value;
        if (tie->last_ns.value > sight.last_ns)
            sight.last_ns = tie->last_ns.value;
    }
    return sight;
}

static bool rule_of(const struct sight *sight, enum rule_id *id)
{
    switch (sight->last->kind) {
    case LINK_SESSION_ID:
        *id = RULE_LINK_SESSION_ID;
        return true;
    case LINK_TICKET:
        *id = RULE_LINK_SESSION_TICKET;
        return true;
    case LINK_KEY_SHARE:
        *id = RULE_LINK_KEY_SHARE;
        return true;
    case LINK_CONNECTION_ID:
        *id = RULE_LINK_CONNECTION_ID;
        return sight->moved_from != NULL;
    case LINK_PSK:
        *id = RULE_LINK_PSK_IDENTITY;
        return true;
    default: /* what a sensor finds by one session alone, and merge_findings joins */
        return false;
    }
}

/* The identity that psk.use tells the name of; not seen: none does. */
static struct span identity_of(const struct merge *merge, struct span name)
{
    for (size_t i = 0; i < merge->num; i++) {
        for (size_t k = 0; k < merge->reports[i].num_told; k++) {
            const struct observation *told = merge->reports[i].told[k];
            const struct psk_use *use = told->data;
            if (told->type == &observation_psk_use && span_seen(use->name) &&
                span_equal(use->name, name))
                return use->identity;
        }
    }
    return (struct span){.at = NULL};
}

/* Who is told of: the last client with it that a sensor has told of already, else the last one. */
static struct span client_of(const struct links *links, const struct sight *sight, enum rule_id id)
{
    for (size_t i = sight->num_uses; i > 0; i--) {
        const struct span address = sight->uses[i - 1].tie->address;
        const uint64_t name = span_seen(address) ? merge_name(id, address) : 0;
        if (links->num_told > 0 &&
            bsearch(&name, links->told, links->num_told, sizeof name, merge_compare_names) != NULL)
            return address;
    }
    return sight->last->tie->address;
}

static struct finding *find(struct merge *merge, const struct links *links,
                            const struct sight *sight, enum rule_id id)
{
    const struct span address = client_of(links, sight, id);
    struct finding *finding = span_seen(address) ? merge_find(merge, id) : NULL;
    if (finding == NULL)
        return NULL;
    finding->ip_version = address.len == 4 ? 4 : 6;
    memcpy(finding->client.address, address.at, address.len);
    finding->no_server = true;
    finding->subject = SUBJECT_CLIENT;
    finding->subject_bytes = address;
    finding->first_ns = sight->first_ns;
    finding->last_ns = sight->last_ns;
    return finding;
}

static void tell_again(struct merge *merge, const struct links *links, const struct sight *sight)
{
    enum rule_id id;
    struct finding *finding = rule_of(sight, &id) ? find(merge, links, sight, id) : NULL;
    if (finding == NULL)
        return;
    const struct span identity = id == RULE_LINK_PSK_IDENTITY
                                     ? identity_of(merge, sight->last->text)
                                     : (struct span){.at = NULL};
    finding->reason = "Sessions at several sensors have the same one.";
    if (span_seen(identity)) {
        finding->subject = SUBJECT_IDENTITY;
        finding->subject_bytes = identity;
    }
    finding_says_ever(finding, "address_changed", sight->moved_from != NULL);
    finding_says_most(finding, "sessions", sight->sessions);
    finding_says_most(finding, "seconds", (sight->last_ns - sight->first_ns) / SECOND);
    finding_says_bytes(finding, "identity", PRIVACY_IDENTIFIER, "psk", VALUE_STRING, identity);
}

static void tell_move(struct merge *merge, const struct links *links, const struct sight *sight)
{
    struct finding *finding =
        sight->moved_from != NULL ? find(merge, links, sight, RULE_LINK_CROSS_NETWORK) : NULL;
    if (finding == NULL)
        return;
    const enum link_kind kind = sight->last->kind;
    const bool sure = kind != LINK_PSK && kind != LINK_DHCP && kind != LINK_KEY_SHARE;
    const uint64_t before = sight->moved_from->tie->last_ns.value;
    const uint64_t since = sight->last->tie->first_ns.value;
    finding->confidence = sure ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
    finding->reason =
        sure ? "The identifier is one host's as a rule, and was not used from two addresses at a "
               "time."
             : "Nothing speaks for several hosts with one identifier, but they may have it.";
    if (!sure)
        finding->severity = SEVERITY_MEDIUM;
    finding_says_text(finding, "identifier", link_kind_name(kind));
    finding_says_most(finding, "seconds_since", since > before ? (since - before) / SECOND : 0);
}

/* Clients with whom rules of links are told of. */
static void note_told(struct merge *merge, struct links *links)
{
    size_t most = 0;
    for (size_t i = 0; i < merge->num; i++)
        most += merge->reports[i].num_findings;
    links->told = store_room(merge->store, most * sizeof links->told[0] + 1);
    for (size_t i = 0; links->told != NULL && i < merge->num; i++) {
        for (size_t k = 0; k < merge->reports[i].num_findings; k++) {
            const struct finding *finding = &merge->reports[i].findings[k];
            const unsigned id = rule_id_of(finding->rule);
            if (finding->subject == SUBJECT_CLIENT)
                links->told[links->num_told++] = merge_name(id, finding->subject_bytes);
        }
    }
    if (links->num_told > 1)
        qsort(links->told, links->num_told, sizeof links->told[0], merge_compare_names);
}

static void tell_several(struct merge *merge, struct links *links)
{
    if (links->num_uses > 1)
        qsort(links->uses, links->num_uses, sizeof links->uses[0], compare_uses);
    for (size_t i = 0, end; i < links->num_uses; i = end) {
        for (end = i + 1; end < links->num_uses && links->uses[end].name == links->uses[i].name;)
            end++;
        const struct sight sight = look_at(&links->uses[i], end - i);
        if (!sight.several)
            continue;
        if (sight.shared)
            subject_graph_share(links->graph, links->uses[i].name);
        if (subject_graph_shared(links->graph, links->uses[i].name))
            continue;
        tell_again(merge, links, &sight);
        tell_move(merge, links, &sight);
    }
}

/* --- what turns out to be that of several hosts --- */

static uint64_t place_name(const struct use *use)
{
    return merge_name(use->kind, use->tie->address);
}

/* Places where there are identifiers of a kind that are all shared: what is told of them alone is taken back. */
static void note_crowds(struct merge *merge, const struct links *links)
{
    uint64_t *single = store_room(merge->store, links->num_uses * sizeof single[0] + 1);
    uint64_t *shared = store_room(merge->store, links->num_uses * sizeof shared[0] + 1);
    size_t num_single = 0, num_shared = 0;
    if (single == NULL || shared == NULL)
        return;
    for (size_t i = 0; i < links->num_uses; i++) {
        const struct use *use = &links->uses[i];
        if (!span_seen(use->tie->address))
            continue;
        if (subject_graph_shared(links->graph, use->name))
            shared[num_shared++] = place_name(use);
        else
            single[num_single++] = place_name(use);
    }
    if (num_single > 1)
        qsort(single, num_single, sizeof single[0], merge_compare_names);
    if (num_shared > 1)
        qsort(shared, num_shared, sizeof shared[0], merge_compare_names);
    merge->crowds = shared;
    for (size_t i = 0; i < num_shared; i++)
        if (num_single == 0 ||
            bsearch(&shared[i], single, num_single, sizeof single[0], merge_compare_names) == NULL)
            merge->crowds[merge->num_crowds++] = shared[i];
}

bool merge_is_crowd(const struct merge *merge, enum link_kind kind, struct span address)
{
    const uint64_t name = merge_name(kind, address);
    return merge->num_crowds > 0 && bsearch(&name, merge->crowds, merge->num_crowds, sizeof name,
                                            merge_compare_names) != NULL;
}

/* The tie, with what is known of its identifiers now. */
static const struct link_tie *renewed(struct merge *merge, const struct links *links,
                                      const struct link_tie *tie)
{
    struct link_tie *copy = store_room(merge->store, sizeof *copy);
    struct reader kinds = reader_of(tie->kinds), names = reader_of(tie->names);
    if (copy == NULL)
        return tie;
    *copy = *tie;
    copy->hosts = span_of("", 0);
    while (reader_more(&names)) {
        const uint8_t kind = reader_u8(&kinds);
        const struct span text = reader_span_vec8(&names);
        const bool shared = subject_graph_shared(links->graph, merge_name(kind, text));
        merge_list_add_number(merge, &copy->hosts, shared ? 2 : 1, 1);
    }
    return copy;
}

/* --- how far sessions can be linked --- */

/* Sessions that the reports count, and of which they tell no tie. */
static uint64_t count_untied(struct merge *merge, const struct merge_row *rows, size_t num,
                             uint64_t twice)
{
    size_t num_summaries;
    uint64_t all = 0, tied = twice;
    const struct merge_row *summaries =
        merge_rows(merge, &observation_link_summary, &num_summaries);
    for (size_t i = 0; summaries != NULL && i < num_summaries; i++)
        all += ((const struct link_summary *)summaries[i].data)->sessions.value;
    for (size_t i = 0; i < num; i++)
        tied += rows[i].data != NULL ? ((const struct link_tie *)rows[i].data)->sessions.value : 0;
    return all > tied ? all - tied : 0;
}

static void tell_summary(struct merge *merge, const struct links *links)
{
    struct link_counts counts;
    size_t size;
    if (!subject_graph_summarise(links->graph, &counts)) {
        merge->store->failed = true;
        return;
    }
    counts.sessions += links->untied;
    if (counts.sessions == 0 && counts.subjects == 0)
        return;
    struct observation *told = store_take(merge->store, link_summary_new(&counts, &size));
    if (told != NULL)
        merge_tell(merge, &observation_link_summary, told->data);
}

static bool links_make(struct merge *merge, const struct merge_row *rows, size_t num,
                       struct links *links)
{
    size_t most = 0;
    for (size_t i = 0; i < num; i++)
        if (rows[i].data != NULL)
            most += merge_list_count(((const struct link_tie *)rows[i].data)->names, 1);
    links->uses = store_room(merge->store, most * sizeof links->uses[0] + 1);
    links->graph = subject_graph_new(most + 16, num + 16);
    merge->store->failed = merge->store->failed || links->graph == NULL;
    return links->uses != NULL && links->graph != NULL;
}

void merge_links(struct merge *merge)
{
    size_t num;
    struct links links = {.graph = NULL};
    struct merge_row *rows = merge_rows(merge, &observation_link_tie, &num);
    if (rows == NULL)
        return;
    if (num > 1)
        qsort(rows, num, sizeof rows[0], compare_rows);
    drop_copies(merge, rows, num, &links);
    links.untied = count_untied(merge, rows, num, links.twice);
    if (links_make(merge, rows, num, &links)) {
        for (size_t i = 0; i < num; i++)
            if (rows[i].data != NULL)
                add_tie(&links, &rows[i]);
        note_told(merge, &links);
        tell_several(merge, &links);
        note_crowds(merge, &links);
        tell_summary(merge, &links);
        for (size_t i = 0; i < num; i++)
            if (rows[i].data != NULL)
                merge_tell(merge, &observation_link_tie, renewed(merge, &links, rows[i].data));
    }
    subject_graph_free(links.graph);
}
