/* merge_uses.c: who uses external pre-shared keys, over all sensors: a key that clients of several sensors use is a group
 * key, although each of these saw one client only. Goes through the uses in the order of time, as analysis/psk.c does. */
#include "analysis/psk_group.h"
#include "analysis/psk_use.h"
#include "reports/merge_parts.h"

#include <stdlib.h>
#include <string.h>

/* One use of an identity by a node, as far as the reports tell. */
struct use {
    struct psk_node node;
    bool server;
    size_t report;
};

/* Texts of transports, so that equal ones are one. */
static const char *transport_of(struct span text)
{
    static const char *const names[] = {"tls", "dtls", "quic", "eap"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (span_equal(text, span_text(names[i])))
            return names[i];
    return NULL;
}

/* The columns of a list of nodes. */
struct columns {
    struct reader addresses, macs, fingerprints, asked_with, called, transports, confirmed, first,
        last;
};

static struct reader column(struct span list)
{
    return reader_of(span_seen(list) ? list : span_of("", 0));
}

static uint64_t next_name(struct reader *list)
{
    const struct span text = reader_more(list) ? reader_span_vec8(list) : span_of("", 0);
    return text.len > 0 ? merge_name(0, text) : 0;
}

/* An address has to be there; what else is not is not known. */
static bool next_node(struct columns *columns, struct psk_node *node)
{
    *node = (struct psk_node){.ip_version = 4};
    const struct span address = reader_span_vec8(&columns->addresses);
    const struct span mac = reader_span_vec8(&columns->macs);
    if (!reader_ok(&columns->addresses) || (address.len != 4 && address.len != 16))
        return false;
    node->ip_version = address.len == 4 ? 4 : 6;
    memcpy(node->address, address.at, address.len);
    if (mac.len == sizeof node->mac)
        memcpy(node->mac, mac.at, sizeof node->mac);
    node->fingerprint = next_name(&columns->fingerprints);
    node->asked_with = next_name(&columns->asked_with);
    node->server_name = next_name(&columns->called);
    node->transport = transport_of(reader_span_vec8(&columns->transports));
    node->confirmed = reader_u8(&columns->confirmed) == TRUTH_YES;
    node->first_ns = reader_u64(&columns->first);
    node->last_ns = reader_u64(&columns->last);
    return true;
}

static size_t num_nodes(const struct psk_use *use)
{
    return merge_list_count(use->clients.addresses, 1) +
           merge_list_count(use->servers.addresses, 1);
}

/* A node was there first and last, so far as is known. */
static size_t add_uses(struct columns *columns, bool server, size_t report, struct use *uses)
{
    size_t num = 0;
    struct use use = {.server = server, .report = report};
    while (reader_more(&columns->addresses) && next_node(columns, &use.node)) {
        const uint64_t last_ns = use.node.last_ns;
        use.node.last_ns = use.node.first_ns;
        uses[num++] = use;
        use.node.last_ns = last_ns;
        if (last_ns > use.node.first_ns)
            uses[num++] = use;
    }
    return num;
}

static size_t read_uses(const struct merge_row *row, struct use *uses)
{
    const struct psk_use *use = row->data;
    const struct psk_use_clients *c = &use->clients;
    const struct psk_use_servers *s = &use->servers;
    struct columns clients = {.addresses = column(c->addresses),
                              .macs = column(c->macs),
                              .fingerprints = column(c->software),
                              .transports = column(c->transports),
                              .confirmed = column(c->confirmed),
                              .first = column(c->first_ns),
                              .last = column(c->last_ns)};
    struct columns servers = {.addresses = column(s->addresses),
                              .macs = column(s->macs),
                              .fingerprints = column(s->answers),
                              .asked_with = column(s->asked_with),
                              .called = column(s->called),
                              .transports = column(s->transports),
                              .confirmed = column(s->confirmed),
                              .first = column(s->first_ns),
                              .last = column(s->last_ns)};
    const size_t num = add_uses(&clients, false, row->report, uses);
    return num + add_uses(&servers, true, row->report, uses + num);
}

/* By time; a client before the server that it talks to. */
static int compare_uses(const void *left, const void *right)
{
    const struct use *a = left, *b = right;
    if (a->node.last_ns != b->node.last_ns)
        return a->node.last_ns < b->node.last_ns ? -1 : 1;
    if (a->server != b->server)
        return a->server ? 1 : -1;
    const int order = memcmp(a->node.address, b->node.address, sizeof a->node.address);
    return order != 0 ? order : (a->report > b->report) - (a->report < b->report);
}

/* --- one identity --- */

struct identity {
    struct psk_user user;
    struct psk_node other; /* the last node of the other role, with whom the node at hand speaks */
    uint64_t first_ns;
};

static struct finding *begin(struct merge *merge, const struct identity *identity, enum rule_id id,
                             const struct psk_node *client, const struct psk_node *server)
{
    struct finding *finding = merge_find(merge, id);
    if (finding == NULL)
        return NULL;
    finding->subject = SUBJECT_IDENTITY;
    finding->subject_bytes = span_of(identity->user.bytes, identity->user.len);
    finding->no_server = server == NULL || server->ip_version != client->ip_version;
    finding->ip_version = client->ip_version;
    memcpy(finding->client.address, client->address, sizeof client->address);
    if (!finding->no_server)
        memcpy(finding->server.address, server->address, sizeof server->address);
    finding->transport = client->transport;
    finding->first_ns = identity->first_ns;
    finding->last_ns = client->last_ns;
    return finding;
}

/* Evidence borrows addresses from nodes; here they have to stay. */
static void keep_bytes(struct merge *merge, struct finding *finding)
{
    for (size_t i = 0; i < finding->num_evidence; i++) {
        struct value *value = &finding->evidence[i].value;
        if (value->type != VALUE_ADDRESS)
            continue;
        const char *kept = store_bytes(merge->store, value->bytes.at, value->bytes.len);
        value->bytes = kept != NULL ? span_of(kept, value->bytes.len) : (struct span){.at = NULL};
    }
}

static void use_as_client(struct merge *merge, struct identity *identity, struct psk_node *client)
{
    struct finding *finding;
    const struct psk_user *user = &identity->user;
    const struct psk_node *before = psk_nodes_find(&user->servers, client);
    if (before != NULL &&
        (finding = begin(merge, identity, RULE_PSK_ROLE_SWITCH, client, NULL)) != NULL) {
        psk_group_say_switch(finding, user, client, before);
        keep_bytes(merge, finding);
    }
    const struct psk_signs signs = psk_nodes_use(&identity->user.clients, client);
    if (signs.other &&
        (finding = begin(merge, identity, RULE_PSK_GROUP_CLIENTS, client, NULL)) != NULL) {
        psk_group_say_clients(finding, user, client, &signs);
        keep_bytes(merge, finding);
    }
}

static void use_as_server(struct merge *merge, struct identity *identity, struct psk_node *server)
{
    struct finding *finding;
    const struct psk_user *user = &identity->user;
    const struct psk_node *before = psk_nodes_find(&user->clients, server);
    if (before != NULL &&
        (finding = begin(merge, identity, RULE_PSK_ROLE_SWITCH, server, NULL)) != NULL) {
        psk_group_say_switch(finding, user, server, before);
        keep_bytes(merge, finding);
    }
    const struct psk_signs signs = psk_nodes_use(&identity->user.servers, server);
    if (signs.other && user->clients.num > 0 &&
        (finding = begin(merge, identity, RULE_PSK_GROUP_SERVERS, &user->clients.all[0], server)) !=
            NULL) {
        finding->last_ns = server->last_ns;
        psk_group_say_servers(finding, user, server, &signs);
        keep_bytes(merge, finding);
    }
}

static void judge(struct merge *merge, const struct psk_use *first, struct use *uses, size_t num)
{
    char *bytes = store_bytes(merge->store, first->identity.at, first->identity.len);
    struct identity identity = {.first_ns = num > 0 ? uses[0].node.first_ns : 0};
    if (bytes == NULL)
        return;
    identity.user.bytes = (uint8_t *)bytes;
    identity.user.len = first->identity.len;
    for (size_t i = 0; i < num; i++) {
        if (uses[i].server)
            use_as_server(merge, &identity, &uses[i].node);
        else
            use_as_client(merge, &identity, &uses[i].node);
    }
}

/* --- all of them --- */

static int compare_rows(const void *left, const void *right)
{
    const struct merge_row *x = left, *y = right;
    const struct psk_use *a = x->data, *b = y->data;
    const int order = merge_compare_spans(a->identity, b->identity);
    return order != 0 ? order : (x->report > y->report) - (x->report < y->report);
}

/* The columns of all, one behind the other. */
static void tell(struct merge *merge, const struct merge_row *rows, size_t num)
{
    struct psk_use *all = store_room(merge->store, sizeof *all);
    if (all == NULL)
        return;
    *all = *(const struct psk_use *)rows[0].data;
    for (size_t i = 1; i < num; i++) {
        const struct psk_use *more = rows[i].data;
        const struct {
            struct span *to;
            struct span from;
        } lists[] = {{&all->clients.addresses, more->clients.addresses},
                     {&all->clients.macs, more->clients.macs},
                     {&all->clients.software, more->clients.software},
                     {&all->clients.transports, more->clients.transports},
                     {&all->clients.confirmed, more->clients.confirmed},
                     {&all->clients.first_ns, more->clients.first_ns},
                     {&all->clients.last_ns, more->clients.last_ns},
                     {&all->servers.addresses, more->servers.addresses},
                     {&all->servers.macs, more->servers.macs},
                     {&all->servers.answers, more->servers.answers},
                     {&all->servers.asked_with, more->servers.asked_with},
                     {&all->servers.called, more->servers.called},
                     {&all->servers.transports, more->servers.transports},
                     {&all->servers.confirmed, more->servers.confirmed},
                     {&all->servers.first_ns, more->servers.first_ns},
                     {&all->servers.last_ns, more->servers.last_ns}};
        for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++)
            *lists[k].to = merge_joined(merge, *lists[k].to, lists[k].from);
    }
    merge_tell(merge, &observation_psk_use, all);
}

static void join(struct merge *merge, const struct merge_row *rows, size_t num)
{
    size_t most = 0, num_uses = 0;
    for (size_t i = 0; i < num; i++)
        most += 2 * num_nodes(rows[i].data);
    struct use *uses = store_room(merge->store, most * sizeof uses[0] + 1);
    if (uses == NULL)
        return;
    for (size_t i = 0; i < num; i++)
        num_uses += read_uses(&rows[i], uses + num_uses);
    if (num_uses > 1)
        qsort(uses, num_uses, sizeof uses[0], compare_uses);
    judge(merge, rows[0].data, uses, num_uses);
}

void merge_uses(struct merge *merge)
{
    size_t num;
    struct merge_row *rows = merge_rows(merge, &observation_psk_use, &num);
    if (rows == NULL)
        return;
    if (num > 1)
        qsort(rows, num, sizeof rows[0], compare_rows);
    for (size_t i = 0, end; i < num; i = end) {
        const struct psk_use *use = rows[i].data;
        for (end = i + 1; end < num; end++)
            if (!span_equal(((const struct psk_use *)rows[end].data)->identity, use->identity))
                break;
        if (!span_seen(use->identity))
            continue;
        tell(merge, &rows[i], end - i);
        if (end - i > 1) /* what one sensor alone could see, it has told */
            join(merge, &rows[i], end - i);
    }
}
