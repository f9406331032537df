/* psk_users.c: a table by the names of identities, and the comparison of the nodes of one. */
#include "analysis/psk_users.h"

#include "analysis/bounded_table.h"

#include <stdlib.h>
#include <string.h>

struct psk_users {
    struct bounded_table *table; /* of struct psk_user */
};

static void leaves(void *to, void *room)
{
    (void)to;
    struct psk_user *user = room;
    free(user->bytes);
}

struct psk_users *psk_users_new(void)
{
    struct psk_users *users = calloc(1, sizeof *users);
    if (users == NULL)
        return NULL;
    users->table = bounded_table_new(PSK_USERS_IDENTITIES, sizeof(struct psk_user));
    if (users->table == NULL) {
        free(users);
        return NULL;
    }
    bounded_table_leaves(users->table, users, leaves);
    return users;
}

void psk_users_free(struct psk_users *users)
{
    if (users == NULL)
        return;
    bounded_table_free(users->table);
    free(users);
}

const struct bounded_table *psk_users_table(const struct psk_users *users, size_t *num)
{
    *num = bounded_table_count(users->table);
    return users->table;
}

struct psk_user *psk_users_find(struct psk_users *users, uint64_t name)
{
    return bounded_table_find(users->table, name);
}

struct psk_user *psk_users_add(struct psk_users *users, uint64_t name, struct span identity,
                               bool *pushed_out)
{
    struct psk_user *user = psk_users_find(users, name);
    if (user != NULL || identity.len > PSK_USERS_IDENTITY_LEN)
        return user;
    uint8_t *bytes = malloc(identity.len + 1);
    if (bytes == NULL)
        return NULL;
    if (identity.len > 0)
        memcpy(bytes, identity.at, identity.len);
    const struct bounded_place place = bounded_table_place(users->table, name);
    user = place.room;
    user->name = name;
    user->bytes = bytes;
    user->len = identity.len;
    *pushed_out = place.pushed_out;
    return user;
}

static bool same_address(const struct psk_node *a, const struct psk_node *b)
{
    return a->ip_version == b->ip_version && memcmp(a->address, b->address, sizeof a->address) == 0;
}

/* The place of |node|, or |nodes->num|. */
static unsigned find(const struct psk_nodes *nodes, const struct psk_node *node)
{
    unsigned i = 0;
    while (i < nodes->num && !same_address(&nodes->all[i], node))
        i++;
    return i;
}

const struct psk_node *psk_nodes_find(const struct psk_nodes *nodes, const struct psk_node *node)
{
    const unsigned i = find(nodes, node);
    return i < nodes->num ? &nodes->all[i] : NULL;
}

/* Where |node| is kept: its own place, a free one, or that of the one which was not seen for longest. */
static struct psk_node *place_of(struct psk_nodes *nodes, const struct psk_node *node)
{
    const unsigned known = find(nodes, node);
    if (known < nodes->num)
        return &nodes->all[known];
    if (nodes->num < PSK_USERS_NODES)
        return &nodes->all[nodes->num++];
    struct psk_node *place = &nodes->all[0];
    for (unsigned i = 1; i < nodes->num; i++)
        if (nodes->all[i].turn < place->turn)
            place = &nodes->all[i];
    return place;
}

static bool has_mac(const struct psk_node *node)
{
    static const uint8_t none[sizeof node->mac];
    return memcmp(node->mac, none, sizeof none) != 0;
}

static bool macs_differ(const struct psk_node *a, const struct psk_node *b)
{
    return has_mac(a) && has_mac(b) && memcmp(a->mac, b->mac, sizeof a->mac) != 0;
}

/* Only what was sent over the same transport, and answers to the same question, can be compared. */
static bool fingerprints_differ(const struct psk_node *a, const struct psk_node *b)
{
    return a->transport == b->transport && a->asked_with == b->asked_with && a->fingerprint != 0 &&
           b->fingerprint != 0 && a->fingerprint != b->fingerprint;
}

/* Addresses of one IPv6 network that a node changes among by itself: RFC 8981. */
static bool same_network6(const struct psk_node *a, const struct psk_node *b)
{
    return a->ip_version == 6 && b->ip_version == 6 && memcmp(a->address, b->address, 8) == 0;
}

static unsigned weight(const struct psk_signs *signs)
{
    return (unsigned)signs->names * 2 + signs->fingerprints * 2u + signs->macs;
}

/* What sets |a| apart from |b|, which has another address. */
static struct psk_signs compare(const struct psk_node *a, const struct psk_node *b)
{
    struct psk_signs signs = {.fingerprints = fingerprints_differ(a, b),
                              .macs = macs_differ(a, b),
                              .names = a->server_name != 0 && b->server_name != 0 &&
                                       a->server_name != b->server_name,
                              .than = *b};
    bool same_name = a->server_name != 0 && a->server_name == b->server_name;
    /* One node may well have an address of each kind, and several of one IPv6 network; one server's name may
     * lead to several addresses. */
    bool may_be_one = a->ip_version != b->ip_version || same_network6(a, b);
    signs.other = !same_name && (!may_be_one || signs.fingerprints || signs.names);
    return signs;
}

/* What sets |node| apart from the others, or, |confirmed|, from those of them that are. */
static struct psk_signs signs_of(const struct psk_nodes *nodes, const struct psk_node *node,
                                 bool confirmed)
{
    struct psk_signs most = {.other = false};
    const struct psk_node *place = psk_nodes_find(nodes, node);
    const uint64_t window = (uint64_t)PSK_USERS_CROWD_S * 1000000000;
    unsigned lately = 1;
    bool in_turns = false;
    for (unsigned i = 0; i < nodes->num; i++) {
        const struct psk_node *other = &nodes->all[i];
        if (other == place || (confirmed && !other->confirmed))
            continue;
        struct psk_signs signs = compare(node, other);
        if (!signs.other)
            continue;
        if (!most.other || weight(&signs) > weight(&most))
            most = signs;
        bool same_kind = other->ip_version == node->ip_version;
        lately += same_kind && node->last_ns - other->last_ns <= window;
        in_turns = in_turns || (same_kind && place != NULL && place->turn < other->turn);
    }
    most.in_turns = in_turns;
    most.crowd = lately >= 3;
    most.confirmed = confirmed;
    return most;
}

struct psk_signs psk_nodes_use(struct psk_nodes *nodes, struct psk_node *node)
{
    const struct psk_node *place = psk_nodes_find(nodes, node);
    struct psk_signs signs = signs_of(nodes, node, node->confirmed);
    if (!signs.other && node->confirmed)
        signs = signs_of(nodes, node, false);
    struct psk_node now = *node;
    if (place != NULL && place->confirmed && !node->confirmed) {
        now = *place; /* what a handshake that was not seen to its end says is not sure */
        now.last_ns = node->last_ns;
    } else if (place != NULL) {
        now.first_ns = place->first_ns;
    }
    now.turn = ++nodes->turns;
    *place_of(nodes, node) = now;
    node->first_ns = now.first_ns;
    node->confirmed = now.confirmed;
    return signs;
}
