/* link.h: what the files of the linkability question share: what is remembered, and how an identifier is noted. */
#ifndef PERPASS_ANALYSIS_LINK_H
#define PERPASS_ANALYSIS_LINK_H

#include "analysis/analyzer.h"
#include "analysis/bounded_table.h"
#include "analysis/subject_graph.h"

enum {
    LINK_MOST_HANDSHAKES = 32768,    /* client hellos that may be captured again */
    LINK_MOST_HOSTS = 16384,         /* clients whose clocks and clear text are remembered */
    LINK_MOST_LEASES = 8192,         /* addresses that DHCP gave to devices */
    LINK_MOST_DEVICES = 8192,        /* that asked for them */
    LINK_MOST_NAMED = 8192,          /* names in DHCP whose users are remembered */
    LINK_MOST_FINGERPRINTS = 2048,   /* of client hellos */
    LINK_MOST_FINGERPRINTED = 32768, /* hosts, each with each of its fingerprints */
    LINK_MOST_MOVES = 1024,          /* that wait for what becomes of the identifier */
    LINK_NAMES = 4,                  /* of a device */
    LINK_USERS = 2,                  /* hardware addresses that may use one name */
    LINK_NOTED = 16                  /* identifiers that are known of a session */
};

/* Where something was seen: enough for a finding later. */
struct link_place {
    struct flow flow; /* a copy: of what it points to only the dissector is there */
    const char *transport;
    uint64_t time_ns, packet;
};

/* Of a conversation: of the session that goes on in it. */
struct link_conversation {
    uint64_t names[LINK_NOTED];    /* identifiers: the first ones tie */
    uint64_t random;               /* hash of that of its client hello; 0: not seen */
    uint64_t address;              /* name of the client's address; 0: not asked for */
    uint32_t host;                 /* link_host */
    uint64_t shown_id;             /* first bytes of the session id that it shows */
    uint64_t session_id;           /* name of the one that the server has; 0: none */
    uint64_t clear;                /* hash of an identity in clear that came before */
    uint32_t first_s, cid_first_s; /* of the session, of its connection id; 0: none */
    uint64_t cid_packet, cid_ns;   /* where the id was chosen */
    uint8_t as[SUBJECT_GRAPH_MEMBERS], num, cid_len;
    bool session;       /* a session was seen */
    bool copy;          /* it was seen in another conversation already */
    bool tls13, echoed; /* echoed: the server's session id is the one that was shown */
};

/* What is remembered of a client. */
struct link_client {
    int64_t clock;               /* seconds that its clock is ahead */
    uint32_t clock_times;        /* sessions in which it was */
    uint32_t clear_s, session_s; /* when it sent something in clear, or began a session; 0: never */
    const char *clear;           /* what */
};
struct link_fingerprints;
struct link_moves;

struct link_state {
    struct subject_graph *graph;
    uint64_t *handshakes; /* names of the last randoms, each at its place */
    struct bounded_table *hosts, *leases, *devices, *users;
    struct link_fingerprints *fingerprints;
    struct link_moves *moves;
    uint64_t last_ns, last_packet; /* of what was seen last */
};

/* What DHCP tells of a device. Of a lease: until when it is. */
struct link_device {
    uint64_t names[LINK_NAMES];
    uint32_t until_s;
    uint8_t kinds[LINK_NAMES];
};

/* Who used a name in DHCP, by the names of their hardware addresses; 0: nobody yet. */
struct link_users {
    uint32_t hardware[LINK_USERS];
    bool many; /* others than these, too */
};

/* Kinds of names (analysis_name) beside the kinds of identifiers. */
enum { LINK_NAME_RANDOM = NUM_LINK_KINDS, LINK_NAME_HOST, LINK_NAME_DEVICE, LINK_NAME_LEASE };

/* link_room gives the room of |name| in |table|, all-zero when it is new; evictions are counted. */
void *link_room(struct analyze_context *context, struct bounded_table *table, uint64_t name);

/* What is known of an identifier that a session has. */
struct link_sight {
    bool again;                 /* an earlier session had it; never twice in one session */
    bool moved;                 /* and from another address */
    uint64_t sessions, seconds; /* with this one; since the first one */
};

/* link_note notes that the session of |conversation| has the identifier |bytes|. */
struct link_sight link_note(struct analyze_context *context, struct link_conversation *conversation,
                            enum link_kind kind, struct span bytes);

/* link_note_name is the same for an identifier that has its name, tied |as| another kind than its own perhaps.
 * link_note_still is the same for one whose place is something else than the address of sessions. */
struct link_sight link_note_name(struct analyze_context *context,
                                 struct link_conversation *conversation, enum link_kind as,
                                 uint64_t name);
struct link_sight link_note_still(struct analyze_context *context,
                                  struct link_conversation *conversation, enum link_kind as,
                                  uint64_t name);

/* link_says adds what is known of it to the evidence. */
void link_says(struct finding *finding, const struct link_sight *sight);

/* link_now is the time of the observation at hand in seconds. */
uint32_t link_now(const struct analyze_context *context);

/* link_address is the address of the client of the flow at hand. link_know_host has |conversation| know the names of it
 * and of what changes when the client moves: an IPv4 address, an IPv6 network; 0 without IP. */
struct span link_address(const struct flow *flow);
void link_know_host(const struct analyze_context *context, struct link_conversation *conversation);

/* link_place_of notes where the observation at hand is; link_place_finding begins a finding there. */
struct link_place link_place_of(const struct analyze_context *context, const char *transport);
struct finding link_place_finding(struct analyze_context *context, const struct link_place *place,
                                  struct observation *observation, enum rule_id id);

/* --- link_session.c: identifiers of TLS, DTLS and QUIC --- */

void link_client_hello(struct analyze_context *context);
void link_server_hello(struct analyze_context *context);
void link_new_ticket(struct analyze_context *context);
void link_key_exchange(struct analyze_context *context);
void link_certificate(struct analyze_context *context);
void link_summary(struct analyze_context *context);
void link_connection_id(struct analyze_context *context);
void link_dtls_session(struct analyze_context *context);

/* link_session_begins says that a client hello with this |random| came: true when it begins a session that was not
 * seen before. What the session before it in the same conversation had is tied. */
bool link_session_begins(struct analyze_context *context, struct link_conversation *conversation,
                         struct span random);

/* --- link_device.c: hardware addresses, DHCP, and what is read in clear of the same host --- */

void link_dhcp(struct analyze_context *context);
void link_dhcp6(struct analyze_context *context);
void link_clear_http(struct analyze_context *context);
void link_clear_http_login(struct analyze_context *context);
void link_clear_telnet(struct analyze_context *context);
void link_clear_starttls(struct analyze_context *context);
void link_clear_eap(struct analyze_context *context);
void link_interface_id(struct analyze_context *context, struct link_conversation *conversation);
void link_pair(struct analyze_context *context, struct link_conversation *conversation,
               struct link_client *client, const char *transport);

/* --- link_clock.c: a client random that begins with the time --- */

struct tls_client_hello;

struct link_client *link_client(struct analyze_context *context, uint64_t address);
void link_clock(struct analyze_context *context, const struct tls_client_hello *hello,
                struct link_client *client);

/* --- link_fingerprint.c: how many hosts send hellos of a kind --- */

void link_fingerprint(struct analyze_context *context, const struct link_conversation *conversation,
                      const struct tls_client_hello *hello);
void link_fingerprints_judge(struct analyze_context *context); /* by what was seen so far */
void link_fingerprints_summarise(const struct link_state *state, struct link_counts *summary);
void link_fingerprints_free(struct link_fingerprints *fingerprints);

/* --- link_move.c: clients that are followed from one address to another --- */

/* link_moved says that the identifier |name|, which ties |as|, was used at another address before, by its |use|. Told
 * later, unless it turns out to be that of several hosts. */
void link_moved(struct analyze_context *context, uint64_t name, enum link_kind as,
                const struct subject_use *use);
void link_moves_judge(struct analyze_context *context); /* all that wait */

#endif
