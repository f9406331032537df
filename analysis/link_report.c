/* link_report.c: the rows of "link.summary", and the block that one lives in. */
#include "analysis/link_report.h"

#include "dissectors/field_rows.h"

#include <stdlib.h>

#define L "perpass.link."

static const uint64_t size_classes[LINK_SIZES] = {2, 3, 10, 100};
static const uint64_t set_classes[LINK_SIZES] = {1, 2, 10, 100};

const char *link_kind_name(uint64_t kind)
{
    static const char *const names[NUM_LINK_KINDS] = {
#define LINK_KIND(symbol, name, ...) [symbol] = name,
        LINK_KINDS(LINK_KIND)
#undef LINK_KIND
    };
    return kind < NUM_LINK_KINDS ? names[kind] : NULL;
}

const char *link_kind_noun(uint64_t kind, uint64_t number)
{
    static const char *const nouns[NUM_LINK_KINDS][2] = {
#define LINK_KIND(symbol, name, one, many, seconds) [symbol] = {one, many},
        LINK_KINDS(LINK_KIND)
#undef LINK_KIND
    };
    return kind < NUM_LINK_KINDS ? nouns[kind][number != 1] : NULL;
}

static void next_number(struct reader *list, struct value *item)
{
    item->number = reader_u64(list);
}

static void next_address(struct reader *list, struct value *item)
{
    item->bytes = reader_span_vec8(list);
}

#define NUMBERS(path, member, text)                                                                \
    ROW(path, FIELD_LIST, member, text, IS_PUBLIC, .item = VALUE_NUMBER, .next = next_number)

#define STRUCT struct link_summary
static const struct field link_fields[] = {
    ROW(L "sessions", FIELD_NUMBER, sessions,
        "encrypted sessions, each once however often it was captured", IS_PUBLIC),
    ROW(L "linkable", FIELD_NUMBER, linkable,
        "of these, sessions that identifiers tie to others: they are one subject's", IS_PUBLIC),
    ROW(L "subjects", FIELD_NUMBER, subjects, "subjects with two sessions or more", IS_PUBLIC),
    ROW(L "moved", FIELD_NUMBER, moved, "of these, seen at more than one address of a kind",
        IS_PUBLIC),
    ROW(L "largest", FIELD_NUMBER, largest, "sessions of the largest subject", IS_PUBLIC),
    ROW(L "settled", FIELD_NUMBER, settled,
        "subjects and lone sessions that were let go, as there was no room for more; they count",
        IS_PUBLIC),
    NUMBERS(L "sizes.from", sizes, "classes of subjects: with so many sessions or more"),
    NUMBERS(L "sizes.subjects", size_subjects, "how many there are"),
    ROW(L "kinds.name", FIELD_LIST, kinds, "kinds of identifiers that sessions had", IS_PUBLIC,
        .item = VALUE_NUMBER, .next = field_next_u8, .name_of = link_kind_name),
    NUMBERS(L "kinds.identifiers", identifiers, "how many there were"),
    NUMBERS(L "kinds.shared", shared,
            "of these, taken for those of several hosts: they tie nothing together"),
    NUMBERS(L "kinds.sessions", kind_sessions, "sessions that had one"),
    NUMBERS(L "kinds.alone", alone, "sessions that are linkable by this kind alone"),
    NUMBERS(L "kinds.without", without, "sessions that would be linkable without this kind"),
    ROW(L "longest.sessions", FIELD_NUMBER, longest_sessions,
        "sessions of the subject that can be followed longest", IS_PUBLIC),
    ROW(L "longest.first", FIELD_TIME, longest_first_ns, "when it was seen first, to the second",
        IS_PUBLIC),
    ROW(L "longest.last", FIELD_TIME, longest_last_ns, "when it was seen last, to the second",
        IS_PUBLIC),
    ROW(L "longest.addresses", FIELD_NUMBER, longest_addresses,
        "over how many IPv4 addresses and IPv6 networks (/64); 256 are 256 or more", IS_PUBLIC),
    ROW(L "over.address", FIELD_LIST, addresses, "the first of them", IS_ADDRESS,
        .item = VALUE_ADDRESS, .next = next_address),
    ROW(L "over.since", FIELD_LIST, address_times, "when it was there first, to the second",
        IS_PUBLIC, .item = VALUE_TIME, .next = next_number),
    ROW(L "hosts", FIELD_NUMBER, hosts, "addresses that sent client hellos", IS_PUBLIC),
    ROW(L "fingerprints", FIELD_NUMBER, fingerprints, "different kinds of hellos that they sent",
        IS_PUBLIC),
    NUMBERS(L "anonymity.from", set_sizes,
            "classes of anonymity sets: so many hosts or more have one fingerprint"),
    NUMBERS(L "anonymity.hosts", set_hosts, "hosts that are in such a set"),
};
#undef STRUCT

TYPE(observation_link_summary, "link.summary", link_fields, link_summary,
     "How many sessions a passive observer ties together, by which identifiers, and what remains "
     "without each; at the end, and at each interval of perpass monitor.");

/* The bytes behind the struct; the observation is its first member. */
enum { LIST_BYTES = 8 * NUM_LINK_KINDS, NUM_LISTS = 9 };

struct told {
    struct observation observation;
    struct link_summary link;
    struct flow flow;
    size_t len;
    uint8_t bytes[NUM_LISTS * LIST_BYTES + LINK_MOST_ADDRESSES * (17 + 8) + NUM_LINK_KINDS];
};

static void put(struct told *told, uint64_t number, unsigned width)
{
    for (unsigned i = width; i > 0; i--)
        told->bytes[told->len++] = (uint8_t)(number >> (8 * (i - 1)));
}

static struct span since(const struct told *told, size_t start)
{
    return span_of(told->bytes + start, told->len - start);
}

static struct span list(struct told *told, const uint64_t *numbers, size_t num)
{
    size_t start = told->len;
    for (size_t i = 0; i < num; i++)
        put(told, numbers[i], 8);
    return since(told, start);
}

/* The |column| of kinds, given by its place in struct link_kind_summary. */
static struct span kinds_list(struct told *told, const struct link_counts *summary, size_t offset)
{
    size_t start = told->len;
    for (size_t kind = 0; kind < NUM_LINK_KINDS; kind++) {
        uint64_t number;
        memcpy(&number, (const char *)&summary->kinds[kind] + offset, sizeof number);
        if (summary->kinds[kind].sessions > 0)
            put(told, number, 8);
    }
    return since(told, start);
}

static void tell_kinds(struct told *told, const struct link_counts *summary)
{
    size_t start = told->len;
    for (unsigned kind = 0; kind < NUM_LINK_KINDS; kind++)
        if (summary->kinds[kind].sessions > 0)
            put(told, kind, 1);
    told->link.kinds = since(told, start);
    told->link.identifiers =
        kinds_list(told, summary, offsetof(struct link_kind_summary, identifiers));
    told->link.shared = kinds_list(told, summary, offsetof(struct link_kind_summary, shared));
    told->link.kind_sessions =
        kinds_list(told, summary, offsetof(struct link_kind_summary, sessions));
    told->link.alone = kinds_list(told, summary, offsetof(struct link_kind_summary, alone));
    told->link.without = kinds_list(told, summary, offsetof(struct link_kind_summary, without));
}

static void tell_longest(struct told *told, const struct link_followed *longest)
{
    size_t start = told->len, num = 0;
    if (longest->sessions == 0)
        return;
    told->link.longest_sessions = number(longest->sessions);
    told->link.longest_first_ns = number(longest->first_ns);
    told->link.longest_last_ns = number(longest->last_ns);
    told->link.longest_addresses = number(longest->num_addresses);
    while (num < LINK_MOST_ADDRESSES && num < longest->num_addresses) {
        const struct link_address *address = &longest->addresses[num++];
        uint8_t len = address->ip_version == 4 ? 4 : 16;
        put(told, len, 1);
        memcpy(told->bytes + told->len, address->bytes, len);
        told->len += len;
    }
    told->link.addresses = since(told, start);
    start = told->len;
    for (size_t i = 0; i < num; i++)
        put(told, longest->addresses[i].first_ns, 8);
    told->link.address_times = since(told, start);
}

struct observation *link_summary_new(const struct link_counts *summary, size_t *size)
{
    struct told *told = calloc(1, sizeof *told);
    if (told == NULL)
        return NULL;
    *size = sizeof *told;
    told->link = (struct link_summary){.sessions = number(summary->sessions),
                                       .linkable = number(summary->linkable),
                                       .subjects = number(summary->subjects),
                                       .moved = number(summary->moved),
                                       .largest = number(summary->largest),
                                       .settled = number(summary->settled)};
    told->link.sizes = list(told, size_classes, LINK_SIZES);
    told->link.size_subjects = list(told, summary->sizes, LINK_SIZES);
    if (summary->hosts_known) {
        told->link.hosts = number(summary->hosts);
        told->link.fingerprints = number(summary->fingerprints);
        told->link.set_sizes = list(told, set_classes, LINK_SIZES);
        told->link.set_hosts = list(told, summary->anonymity, LINK_SIZES);
    }
    tell_kinds(told, summary);
    tell_longest(told, &summary->longest);
    told->observation = (struct observation){.type = &observation_link_summary,
                                             .data = &told->link,
                                             .flow = &told->flow,
                                             .time_ns = summary->last_ns,
                                             .packet = summary->last_packet};
    return &told->observation;
}

void link_tell(struct analyze_context *context, const struct link_counts *summary)
{
    size_t size;
    struct observation *told = link_summary_new(summary, &size);
    if (told != NULL)
        (void)analysis_tell(context, told, told, size);
}
