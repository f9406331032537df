/* labels.h: names of applications, by nDPI, for conversations that no dissector of perpass reads. A second opinion:
 * what it says is a guess by form, ports and addresses. */
#ifndef PERPASS_DISSECTORS_LABELS_H
#define PERPASS_DISSECTORS_LABELS_H

#include "core/flow.h"

enum {
    LABELS_FLOWS = 8192, /* conversations looked at, at once: the oldest of eight gives way */
    LABELS_PACKETS = 12  /* of a conversation that are looked at, at most */
};

/* What a conversation is taken for. The texts live as long as the labels. */
struct label {
    const char *protocol;    /* "dns"; NULL: unknown */
    const char *application; /* "whatsapp", where it is more than the protocol; or NULL */
    bool readable;           /* the protocol sends what it says in clear */
    bool credentials;        /* some were seen in clear */
};

struct labels_stats {
    uint64_t packets, evicted;
};

struct labels;

/* labels_built says whether perpass was built with nDPI; labels_version gives its version, "" without. */
bool labels_built(void);
const char *labels_version(void);

/* labels_new gives NULL when there is no memory, or no nDPI. One thread may use it. The first look takes some 20 ms, and
 * finds nothing when there is no memory. */
struct labels *labels_new(void);
void labels_free(struct labels *labels);

/* labels_look shows a packet of |flow|, from its IP header on. False: further packets of the conversation add
 * nothing. */
bool labels_look(struct labels *labels, const struct flow *flow, struct span packet,
                 uint64_t time_ns);

/* labels_end gives what the conversation was taken for, and forgets it. */
struct label labels_end(struct labels *labels, const struct flow *flow);

struct labels_stats labels_stats(const struct labels *labels);

#endif
