/* blast_secrets.h: secrets, each with the sessions that it opens: a table that is bounded. */
#ifndef PERPASS_ANALYSIS_BLAST_SECRETS_H
#define PERPASS_ANALYSIS_BLAST_SECRETS_H

#include "analysis/analyzer.h"
#include "analysis/bounded_table.h"
#include "analysis/host_set.h"
#include "analysis/seen_ring.h"
#include "core/budget.h"

enum {
    BLAST_MOST_SECRETS = 16384,
    BLAST_MOST_VALUES = 8192,   /* public values that were seen in one handshake so far */
    BLAST_NAME_BYTES = 1 << 20, /* of all names */
    BLAST_LONGEST_NAME = 2048,  /* of one: an identity, a public value */
    BLAST_MOST_OPENERS = 3      /* of a session */
};

/* In the order of reports, where all else is equal. */
enum blast_kind {
    BLAST_SERVER_KEY = 1, /* named by the SHA-256 of its SubjectPublicKeyInfo */
    BLAST_PSK,            /* by its identity */
    BLAST_TICKET_KEY,     /* by the first 16 bytes of its tickets */
    BLAST_CLIENT_VALUE,   /* an ephemeral key, by its public value */
    BLAST_SERVER_VALUE
};

/* A session that is over. */
struct blast_session {
    uint64_t handshake; /* hash of the server's random */
    uint64_t bytes, first_ns, last_ns, packet;
    uint64_t client, server; /* hashes of their addresses */
    struct endpoint ends[2]; /* client, server */
    uint8_t ip_version, protocol;
    const char *key_exchange;
    uint64_t opened_by[BLAST_MOST_OPENERS]; /* hashes of secrets and values; 0: nothing */
    uint64_t authenticated_by;              /* hash of a server's key */
};

/* What sessions have in common. */
struct blast_sessions {
    uint64_t num, bytes, first_ns, last_ns;
    uint64_t packet; /* the first of them begins in it … */
    struct endpoint ends[2];
    uint8_t ip_version, protocol; /* … between these */
    struct host_set clients, servers;
    const char *key_exchange;
};

struct blast_secret {
    enum blast_kind kind;
    enum confidence confidence;
    struct blast_sessions sessions; /* that it opens */
    struct seen_ring handshakes;    /* one that was captured at two places counts once */
    struct host_set servers;        /* that showed it */
    uint64_t authenticated;
    uint64_t ticket; /* hash of the first ticket of a ticket key */
    uint8_t *name;   /* its own */
    size_t name_len;
    struct budget *budget; /* that the name was taken from */
};

/* A public value that one handshake has used. */
struct blast_value {
    uint64_t random; /* hash of the random of whose it is */
    struct blast_session session;
    bool seen, opened; /* |session| is over; it is a secret by now */
};

struct blast_secrets {
    struct bounded_table *table, *values;
    struct budget names;
};

/* All-zero is empty. */
void blast_secrets_free(struct blast_secrets *secrets);

/* blast_secrets_place gives the secret that the hash |name| stands for; a new one gets |shown| as its name. NULL when
 * it cannot be kept; that is counted, as is what gives way. It lives until the next call. */
struct blast_secret *blast_secrets_place(struct blast_secrets *secrets,
                                         struct analyze_context *context, uint64_t name,
                                         enum blast_kind kind, struct span shown);

/* blast_secrets_rename gives a secret that has an empty name another one, if there is room. */
void blast_secrets_rename(struct blast_secrets *secrets, struct blast_secret *secret,
                          struct span shown);
struct blast_secret *blast_secrets_find(const struct blast_secrets *secrets, uint64_t name);

/* blast_secrets_value notes the public value |shown| in a handshake whose |random| (a hash) is that of its sender. In
 * a second handshake it becomes a secret. */
void blast_secrets_value(struct blast_secrets *secrets, struct analyze_context *context,
                         uint64_t name, enum blast_kind kind, struct span shown, uint64_t random);

/* blast_secrets_session adds |session| to all that open it, and to the key that stood for its server. */
void blast_secrets_session(struct blast_secrets *secrets, const struct blast_session *session);

/* blast_secrets_tell tells the worst as observations. */
void blast_secrets_tell(const struct blast_secrets *secrets, struct analyze_context *context);

#endif
