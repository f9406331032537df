/* psk_users.h: which nodes use which external PSK identity, and as what: client or server. Bounded; of eight
 * identities the one that was seen longest ago gives way. */
#ifndef PERPASS_ANALYSIS_PSK_USERS_H
#define PERPASS_ANALYSIS_PSK_USERS_H

#include "core/span.h"

enum {
    PSK_USERS_IDENTITIES = 32768, /* identities remembered */
    PSK_USERS_IDENTITY_LEN = 512, /* longer ones are not */
    PSK_USERS_NODES = 8,          /* clients of each, and servers, that are told apart */
    PSK_USERS_CROWD_S = 60        /* nobody moves through three addresses in this time */
};

/* A node that uses an identity, as far as the network shows it. */
struct psk_node {
    uint8_t address[16], mac[6]; /* mac: all 0 when it was not seen, or is made up by the node */
    uint8_t ip_version;
    const char *transport;
    uint64_t fingerprint; /* of its last hello; 0: not seen */
    uint64_t server_name; /* a server: hash of the name it was called by, 0: none */
    uint64_t asked_with;  /* a server: fingerprint of the client that its answer is for */
    uint64_t first_ns, last_ns;
    uint64_t turn;  /* of all uses of the identity: its last */
    bool confirmed; /* a handshake in which it used it was seen to its end */
};

/* One role in the use of an identity. The nodes are in no order. */
struct psk_nodes {
    struct psk_node all[PSK_USERS_NODES];
    unsigned num;
    uint64_t turns;
};

/* An identity that somebody uses. */
struct psk_user {
    uint64_t name;
    uint8_t *bytes; /* own copy, |len| of them */
    size_t len;
    bool external, resumption; /* taken for such, in the hellos so far */
    uint16_t binder_len;       /* 0: not seen */
    struct psk_nodes clients, servers;
};

struct psk_users;
struct bounded_table;

struct psk_users *psk_users_new(void);
void psk_users_free(struct psk_users *users);

/* psk_users_find gives what is known of the identity |name|, NULL when nothing is. It lives until the next add. */
struct psk_user *psk_users_find(struct psk_users *users, uint64_t name);

/* psk_users_add finds it, or makes a place for it; NULL for one that is too long or when there is no memory.
 * |pushed_out| is set when another had to give way. */
struct psk_user *psk_users_add(struct psk_users *users, uint64_t name, struct span identity,
                               bool *pushed_out);

/* psk_users_table gives the table of struct psk_user, with |num| entries. */
const struct bounded_table *psk_users_table(const struct psk_users *users, size_t *num);

/* What speaks for two nodes, and not one that has moved. */
struct psk_signs {
    bool confirmed; /* all that it rests on used it in handshakes that were seen to their end */
    bool other;     /* there is another node with the same IP version that is surely not the same */
    bool in_turns;  /* it used the identity before another node did, and again now */
    bool crowd;     /* three addresses or more in a short time */
    bool fingerprints;    /* its software is another one */
    bool macs;            /* its hardware address is another one */
    bool names;           /* servers: clients call it by another name */
    struct psk_node than; /* the other node that differs most; valid with |other| */
};

/* psk_nodes_use notes that |node| uses the identity now, and gives what sets it apart from the others: from those that
 * are confirmed, if it is and any of them are. */
struct psk_signs psk_nodes_use(struct psk_nodes *nodes, struct psk_node *node);

/* psk_nodes_find gives what is known of the node with the address of |node|, NULL when it is not among them. */
const struct psk_node *psk_nodes_find(const struct psk_nodes *nodes, const struct psk_node *node);

#endif
