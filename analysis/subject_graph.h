/* subject_graph.h: which sessions belong to one subject. Identifiers are vertices; sessions, or what else was read at
 * once, tie them together. Sessions with the same identifiers from the same address are one tie.
 *
 * Nothing is joined before it is asked for: an identifier that turns out to be that of many hosts then joins nothing,
 * and what would remain without one kind is counted the same way. When the graph is full, the subjects that were quiet
 * longest are counted for good and let go ("settled"). */
#ifndef PERPASS_ANALYSIS_SUBJECT_GRAPH_H
#define PERPASS_ANALYSIS_SUBJECT_GRAPH_H

#include "analysis/link_counts.h"
#include "core/flow.h"

enum {
    SUBJECT_GRAPH_VERTICES = 262144,
    SUBJECT_GRAPH_TIES = 262144,
    SUBJECT_GRAPH_ROOM = 64,      /* vertices, and ties, that there is room for at first */
    SUBJECT_GRAPH_MEMBERS = 8,    /* identifiers of a tie; further ones are left out */
    SUBJECT_GRAPH_HANDSHAKES = 4, /* sessions of a tie that are known by name: the last ones */
    SUBJECT_GRAPH_CROWD_S = 60,   /* nobody is at three addresses in this time */
    SUBJECT_GRAPH_MOVES = 8,      /* nobody changes the address more often in an hour */
    SUBJECT_GRAPH_DAY_MOVES = 24, /* nor in a day */
    SUBJECT_GRAPH_PAST = 16,      /* hosts of an identifier that are remembered */
    SUBJECT_GRAPH_PASTS = 16384,  /* identifiers of which they are */
    SUBJECT_GRAPH_PLACES = 6      /* nobody comes back to so many places by turns */
};

struct subject_graph;

/* subject_graph_new gives a graph of at most |vertices| and |ties|; NULL without memory. */
struct subject_graph *subject_graph_new(size_t vertices, size_t ties);
void subject_graph_free(struct subject_graph *graph);

/* What a use of an identifier tells. */
struct subject_use {
    bool again;          /* an earlier session had it */
    bool shared;         /* it is that of several hosts */
    bool moved;          /* the session before came from another address */
    uint64_t sessions;   /* that had it, this one included */
    uint64_t first_s;    /* seconds since 1970 */
    uint64_t moved_s;    /* seconds since it was used at the other address */
    enum link_kind kind; /* its own: that as which it was noted first */
};

/* subject_graph_use notes that a session has the identifier |name| of |kind|, or tied as that, at |now_s|. |host| names
 * where it comes from, 0 where that does not matter. */
struct subject_use subject_graph_use(struct subject_graph *graph, uint64_t name,
                                     enum link_kind kind, uint32_t host, bool ip6, uint32_t now_s);

/* subject_graph_shared says whether |name| is known, and that of several hosts. */
bool subject_graph_shared(const struct subject_graph *graph, uint64_t name);

/* subject_graph_share says that |name| is that of several hosts, as is known from elsewhere. */
void subject_graph_share(struct subject_graph *graph, uint64_t name);

/* What was read at once. */
struct subject_tie {
    uint64_t names[SUBJECT_GRAPH_MEMBERS];
    uint8_t as[SUBJECT_GRAPH_MEMBERS]; /* enum link_kind: by which each is tied */
    unsigned num;
    struct span address; /* of 4 or 16 bytes */
    uint32_t first_s, last_s;
    uint32_t more;   /* of the same sessions, beside this one */
    bool session;    /* an encrypted one; else what is read in clear, such as DHCP */
    uint64_t random; /* of its client hello, a part; 0: not seen */
};
void subject_graph_tie(struct subject_graph *graph, const struct subject_tie *tie);

/* subject_graph_summarise counts what is settled and what is not, all but hosts and fingerprints. False without
 * memory: then it is as far as it was settled. */
bool subject_graph_summarise(const struct subject_graph *graph, struct link_counts *summary);

/* subject_graph_settled is how many subjects and lone sessions were let go, and what could not be taken for want of
 * memory. */
uint64_t subject_graph_settled(const struct subject_graph *graph);

#endif
