/* psk_use.c: the rows of "psk.use", and the blocks that they live in. */
#include "analysis/psk_use.h"

#include "analysis/bounded_table.h"
#include "analysis/link_kind.h"
#include "dissectors/field_rows.h"

#include <stdlib.h>

#define U "perpass.psk_use."

static void next_bytes(struct reader *list, struct value *item)
{
    item->bytes = reader_span_vec8(list);
    if (item->bytes.len == 0) /* nothing is known; columns keep their places */
        item->type = VALUE_STRING;
}

static void next_number(struct reader *list, struct value *item)
{
    item->number = reader_u64(list);
}

static const char *truth_name(uint64_t code)
{
    return code == TRUTH_YES ? "yes" : code == TRUTH_NO ? "no" : NULL;
}

#define COLUMN(path, member, type, text, ...)                                                      \
    ROW(path, FIELD_LIST, member, text, .item = type, .next = next_bytes, __VA_ARGS__)
#define NAMES(path, member, text) COLUMN(path, member, VALUE_BYTES, text, IS_IDENTIFIER("link"))
#define TIMES(path, member, text)                                                                  \
    ROW(path, FIELD_LIST, member, text, .item = VALUE_TIME, .next = next_number, IS_PUBLIC)
#define TRUTHS(path, member, text)                                                                 \
    ROW(path, FIELD_LIST, member, text, .item = VALUE_NUMBER, .next = field_next_u8,               \
        .name_of = truth_name, IS_PUBLIC)

#define STRUCT struct psk_use
static const struct field rows[] = {
    ROW(U "identity", FIELD_STRING, identity, "an identity of an external key",
        IS_IDENTIFIER("psk")),
    ROW(U "name", FIELD_BYTES, name, "its name in link.tie", IS_IDENTIFIER("link")),
    COLUMN(U "clients.address", clients.addresses, VALUE_ADDRESS, "clients that used it",
           IS_ADDRESS),
    COLUMN(U "clients.mac", clients.macs, VALUE_MAC,
           "of each: the hardware address that it was seen with", IS_ADDRESS),
    NAMES(U "clients.software", clients.software, "of each: a name of what its hellos are like"),
    COLUMN(U "clients.transport", clients.transports, VALUE_STRING, "of each: tls, dtls or quic",
           IS_PUBLIC),
    TRUTHS(U "clients.confirmed", clients.confirmed,
           "of each: yes, if a handshake with the identity was seen to its end"),
    TIMES(U "clients.first", clients.first_ns, "of each: when it used it first"),
    TIMES(U "clients.last", clients.last_ns, "of each: when it used it last"),
    COLUMN(U "servers.address", servers.addresses, VALUE_ADDRESS, "servers that it was used with",
           IS_ADDRESS),
    COLUMN(U "servers.mac", servers.macs, VALUE_MAC,
           "of each: the hardware address that it was seen with", IS_ADDRESS),
    NAMES(U "servers.answer", servers.answers, "of each: a name of what its answers are like"),
    NAMES(U "servers.asked_with", servers.asked_with,
          "of each: a name of what the hellos are like that these answer"),
    NAMES(U "servers.called", servers.called, "of each: a name for what clients call it"),
    COLUMN(U "servers.transport", servers.transports, VALUE_STRING, "of each: tls, dtls or quic",
           IS_PUBLIC),
    TRUTHS(U "servers.confirmed", servers.confirmed, "as that of clients"),
    TIMES(U "servers.first", servers.first_ns, "of each: when it was used with it first"),
    TIMES(U "servers.last", servers.last_ns, "of each: when it was used with it last"),
};
#undef STRUCT

TYPE(observation_psk_use, "psk.use", rows, psk_use,
     "Who uses an external PSK identity, by which group keys are found in reports of several "
     "sensors. Only with --pseudonym-key; at the end, and at each interval of perpass monitor.");

enum {
    ADDRESS_BYTES = 1 + 16,
    MAC_BYTES = 1 + 6,
    NAME_BYTES = 1 + ANALYSIS_JOIN_NAME,
    TEXT_BYTES = 1 + 8,
    NODE_BYTES = ADDRESS_BYTES + MAC_BYTES + 3 * NAME_BYTES + TEXT_BYTES + 1 + 2 * 8
};

/* One that is told, with all that it points to; the identity is behind. */
struct told {
    struct observation observation;
    struct psk_use use;
    struct flow flow;
    size_t len;
    uint8_t name[ANALYSIS_JOIN_NAME];
    uint8_t bytes[2 * PSK_USERS_NODES * NODE_BYTES];
    uint8_t identity[];
};

static void put(struct told *told, const void *bytes, size_t len)
{
    memcpy(told->bytes + told->len, bytes, len);
    told->len += len;
}

static void put_byte(struct told *told, uint8_t byte)
{
    put(told, &byte, 1);
}

static void put_vec(struct told *told, const void *bytes, size_t len)
{
    put_byte(told, (uint8_t)len);
    put(told, bytes, len);
}

/* What a column has of a node. */
static void put_address(struct analyze_context *context, struct told *told,
                        const struct psk_node *node)
{
    (void)context;
    put_vec(told, node->address, node->ip_version == 4 ? 4 : 16);
}

static void put_mac(struct analyze_context *context, struct told *told, const struct psk_node *node)
{
    static const uint8_t none[sizeof node->mac];
    (void)context;
    put_vec(told, node->mac, memcmp(node->mac, none, sizeof none) != 0 ? sizeof node->mac : 0);
}

static void put_name(struct analyze_context *context, struct told *told, uint64_t known)
{
    uint8_t name[ANALYSIS_JOIN_NAME];
    analysis_join_name(context, known, name);
    put_vec(told, name, known != 0 ? sizeof name : 0);
}

static void put_fingerprint(struct analyze_context *context, struct told *told,
                            const struct psk_node *node)
{
    put_name(context, told, node->fingerprint);
}

static void put_asked_with(struct analyze_context *context, struct told *told,
                           const struct psk_node *node)
{
    put_name(context, told, node->asked_with);
}

static void put_called(struct analyze_context *context, struct told *told,
                       const struct psk_node *node)
{
    put_name(context, told, node->server_name);
}

static void put_transport(struct analyze_context *context, struct told *told,
                          const struct psk_node *node)
{
    const char *text = node->transport != NULL ? node->transport : "";
    const size_t len = strlen(text);
    (void)context;
    put_vec(told, text, len < TEXT_BYTES ? len : TEXT_BYTES - 1);
}

static void put_confirmed(struct analyze_context *context, struct told *told,
                          const struct psk_node *node)
{
    (void)context;
    put_byte(told, node->confirmed ? TRUTH_YES : TRUTH_NO);
}

static void put_time(struct told *told, uint64_t time_ns)
{
    for (unsigned i = 8; i > 0; i--)
        put_byte(told, (uint8_t)(time_ns >> (8 * (i - 1))));
}

static void put_first(struct analyze_context *context, struct told *told,
                      const struct psk_node *node)
{
    (void)context;
    put_time(told, node->first_ns);
}

static void put_last(struct analyze_context *context, struct told *told,
                     const struct psk_node *node)
{
    (void)context;
    put_time(told, node->last_ns);
}

/* The places of |nodes| in the order in which they were seen first. */
static void order(const struct psk_nodes *nodes, unsigned places[PSK_USERS_NODES])
{
    for (unsigned i = 0; i < nodes->num; i++) {
        unsigned at = i;
        for (; at > 0 && nodes->all[places[at - 1]].first_ns > nodes->all[i].first_ns; at--)
            places[at] = places[at - 1];
        places[at] = i;
    }
}

static struct span column(struct analyze_context *context, struct told *told,
                          const struct psk_nodes *nodes,
                          void (*put_it)(struct analyze_context *context, struct told *told,
                                         const struct psk_node *node))
{
    const size_t start = told->len;
    unsigned places[PSK_USERS_NODES];
    order(nodes, places);
    for (unsigned i = 0; i < nodes->num; i++)
        put_it(context, told, &nodes->all[places[i]]);
    return span_of(told->bytes + start, told->len - start);
}

static void tell_nodes(struct analyze_context *context, struct told *told,
                       const struct psk_user *user)
{
    const struct psk_nodes *clients = &user->clients, *servers = &user->servers;
    told->use.clients =
        (struct psk_use_clients){.addresses = column(context, told, clients, put_address),
                                 .macs = column(context, told, clients, put_mac),
                                 .software = column(context, told, clients, put_fingerprint),
                                 .transports = column(context, told, clients, put_transport),
                                 .confirmed = column(context, told, clients, put_confirmed),
                                 .first_ns = column(context, told, clients, put_first),
                                 .last_ns = column(context, told, clients, put_last)};
    told->use.servers =
        (struct psk_use_servers){.addresses = column(context, told, servers, put_address),
                                 .macs = column(context, told, servers, put_mac),
                                 .answers = column(context, told, servers, put_fingerprint),
                                 .asked_with = column(context, told, servers, put_asked_with),
                                 .called = column(context, told, servers, put_called),
                                 .transports = column(context, told, servers, put_transport),
                                 .confirmed = column(context, told, servers, put_confirmed),
                                 .first_ns = column(context, told, servers, put_first),
                                 .last_ns = column(context, told, servers, put_last)};
}

/* When it was used last. */
static uint64_t last_use(const struct psk_user *user)
{
    uint64_t last_ns = 0;
    for (unsigned i = 0; i < user->clients.num; i++)
        if (user->clients.all[i].last_ns > last_ns)
            last_ns = user->clients.all[i].last_ns;
    return last_ns;
}

/* The |place| of the identity among all tells it from others of its time. */
static bool tell(struct analyze_context *context, const struct psk_user *user, size_t place)
{
    const size_t size = sizeof(struct told) + user->len + 1;
    struct told *told = calloc(1, size);
    if (told == NULL)
        return false;
    memcpy(told->identity, user->bytes, user->len);
    told->use.identity = span_of(told->identity, user->len);
    analysis_join_name(context, analysis_name(context, LINK_PSK, told->use.identity), told->name);
    told->use.name = span_of(told->name, sizeof told->name);
    tell_nodes(context, told, user);
    told->observation = (struct observation){.type = &observation_psk_use,
                                             .data = &told->use,
                                             .flow = &told->flow,
                                             .time_ns = last_use(user),
                                             .row = place};
    return analysis_tell(context, &told->observation, told, size);
}

/* Those of most clients first; the rest makes the order the same for every run. */
static int compare(const void *a, const void *b)
{
    const struct psk_user *x = *(const struct psk_user *const *)a;
    const struct psk_user *y = *(const struct psk_user *const *)b;
    if (x->clients.num != y->clients.num)
        return x->clients.num > y->clients.num ? -1 : 1;
    return x->name < y->name ? -1 : x->name > y->name;
}

void psk_users_tell(const struct psk_users *users, struct analyze_context *context)
{
    size_t num, found = 0, told = 0, at = 0;
    const struct bounded_table *table = psk_users_table(users, &num);
    const struct psk_user **all = calloc(num + 1, sizeof all[0]);
    for (size_t i = 0; i < num; i++) {
        const struct psk_user *user = bounded_table_next(table, &at);
        if (user->clients.num == 0 || user->servers.num == 0)
            continue;
        if (all != NULL)
            all[found] = user;
        found++;
    }
    if (all != NULL) {
        qsort(all, found, sizeof all[0], compare);
        for (size_t i = 0; i < found && i < PSK_MOST_USES; i++)
            told += tell(context, all[i], i);
    }
    free(all);
    analysis_totals(context)->psk_uses_left_out = found - told;
}
