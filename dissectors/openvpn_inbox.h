/* openvpn_inbox.h: one direction of OpenVPN's control channel put in order, by an observer that cannot ask
 * for a packet again.
 *
 * Packets have numbers; their payloads, by number, are one stream. A payload whose turn it is goes straight
 * to the consumer. Bounds: packets that wait for one before them, bytes of these, bytes that the consumer
 * leaves unread, and the budget of all flows. At a bound, what is missing is given up. */
#ifndef PERPASS_DISSECTORS_OPENVPN_INBOX_H
#define PERPASS_DISSECTORS_OPENVPN_INBOX_H

#include "core/budget.h"
#include "core/reader.h"

enum {
    OPENVPN_WINDOW = 16,           /* packets from the first missing one on */
    OPENVPN_MAX_HELD = 64 << 10,   /* bytes that wait behind it */
    OPENVPN_MAX_UNREAD = 64 << 10, /* bytes that the consumer may leave */
    OPENVPN_MAX_LOSS = 1024        /* a packet further ahead is none of this stream */
};

/* Who reads the stream: as core/tcp_stream.h has it. */
struct openvpn_consumer {
    void *to;
    bool (*consume)(void *to, struct reader *bytes, bool gap);
};

struct openvpn_held;

/* All-zero has seen nothing: its first packet says where the stream starts. */
struct openvpn_inbox {
    struct openvpn_held *held; /* by number */
    uint8_t *unread;
    size_t unread_len, unread_room, held_bytes;
    uint32_t next; /* number of the first packet that is missing */
    bool started;
    bool ordered; /* packets come in order (TCP): one that is missing never will come */
    bool gap;     /* for the next offer */
};

/* openvpn_inbox_start says that the stream starts with the packet |id|, unless it has started. */
void openvpn_inbox_start(struct openvpn_inbox *inbox, uint32_t id);

/* openvpn_inbox_add takes the packet |id|. A packet that came before is dropped. False: the consumer says
 * that the stream is of no more interest. */
bool openvpn_inbox_add(struct openvpn_inbox *inbox, struct budget *budget, uint32_t id,
                       struct reader payload, const struct openvpn_consumer *consumer);

/* openvpn_inbox_flush gives up what is missing, and offers all that is held. Returns as above. */
bool openvpn_inbox_flush(struct openvpn_inbox *inbox, struct budget *budget,
                         const struct openvpn_consumer *consumer);

/* openvpn_inbox_clear frees what is held, and forgets all but |ordered|. */
void openvpn_inbox_clear(struct openvpn_inbox *inbox, struct budget *budget);

#endif
