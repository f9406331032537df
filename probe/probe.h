/* probe.h: one target: what is asked of it, and what was found. */
#ifndef PERPASS_PROBE_PROBE_H
#define PERPASS_PROBE_PROBE_H

#include "analysis/rules.h"
#include "probe/client.h"

enum probe_depth {
    DEPTH_HELLO, /* up to ServerHelloDone: no identity is sent */
    DEPTH_FULL,  /* with an identity and its key */
    DEPTH_ORACLE /* with identities that nobody has */
};

enum check_id {
#define CHECK(symbol, id, title, depth, about) symbol,
#include "probe/checks.def"
#undef CHECK
    NUM_CHECKS
};

struct check {
    const char *id, *title;
    enum probe_depth depth;
    const char *about;
};

const struct check *check_get(enum check_id id);

/* check_find looks one up by its id; NUM_CHECKS when there is none. */
enum check_id check_find(struct span id);

enum check_outcome { CHECK_UNKNOWN = 0, CHECK_PASS, CHECK_FAIL, CHECK_INFO, CHECK_NOT_APPLICABLE };

const char *check_outcome_name(enum check_outcome outcome); /* "not_applicable" */

enum { CHECK_VALUE_LEN = 4096, CHECK_REASON_LEN = 384 };

struct check_result {
    enum check_outcome outcome;
    char value[CHECK_VALUE_LEN];   /* the program's own words; "": none */
    char reason[CHECK_REASON_LEN]; /* a sentence of the program's own */
    const struct rule *rule;       /* NULL: there is none, or it is kept to */
    struct span hint; /* the value, where it is the server's own bytes; unseen: it is |value| */
};

struct probe_settings {
    bool full, oracle, coap_ping;
    struct span identity, key; /* of --full and --oracle; unseen: none */
    bool wanted[NUM_CHECKS];
    uint64_t patience_ns;             /* for one answer */
    const struct udp_address *source; /* may be NULL */
    struct pace *pace;
    int (*stopped)(void); /* not 0: no further exchange is begun; may be NULL */
};

/* The budget of datagrams for a target under these settings. */
unsigned probe_budget(const struct probe_settings *settings);

struct probe {
    const struct probe_settings *settings;
    const char *name;                 /* as the user gave it */
    struct udp_address target, local; /* |local|: of the first exchange; without it none was made */
    struct udp_count count;
    uint64_t begun_ns, ended_ns; /* of probe_now */
    uint64_t time_ns;            /* since 1970, when it began */
    struct check_result results[NUM_CHECKS];
    char trouble[CHECK_REASON_LEN]; /* why no more could be asked; "": everything was */
    uint64_t refused;               /* memory_refused() as it began */

    /* What the exchanges have shown, for the ones after them. */
    bool answers, cookie_asked, version_12, version_13;
    bool no_suite;   /* it refuses all PSK suites: by an alert, or by silence that is its own */
    bool session_13; /* the identity and the key lead to a session of DTLS 1.3 */
    bool lossy;      /* a flight was only answered when it came again */
    unsigned prompt; /* exchanges whose flights were answered at once */
    uint16_t suites[HELLO_MAX_SUITES]; /* that it took, in the order in which it chose them */
    size_t num_suites;
    bool suites_complete;
    struct client_session *session; /* of the first whole handshake; NULL: there was none */
    uint8_t *hint;                  /* for results[CHECK_HINT] */
};

/* probe_run asks everything that the settings want. */
void probe_run(struct probe *probe);

void probe_free(struct probe *probe); /* what it holds, and wipes it; not the struct */

#endif
