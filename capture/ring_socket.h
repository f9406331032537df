/* ring_socket.h: the packet socket of a ring: made, filtered, bound to its interface, and found again when the
 * interface was away. See packet(7) and the kernel's packet_mmap.rst. */
#ifndef PERPASS_CAPTURE_RING_SOCKET_H
#define PERPASS_CAPTURE_RING_SOCKET_H

#include "capture/filter.h"
#include "capture/source.h"

enum { RING_VLAN_TAG_LEN = 4 };

struct ring_socket {
    int fd;
    int index;          /* of the interface that it is bound to; 0: of none */
    uint16_t link_type; /* LINKTYPE_ value of its frames */
    bool promiscuous, loopback;
    bool in_group;       /* then it cannot be bound again */
    bool kernel_filters; /* all frames but those with a restored VLAN tag have passed the filter */
    const char *name;    /* of the interface; the caller's */
};

enum ring_open { RING_OPEN, RING_UNFIT, RING_FAILED };

/* ring_socket_open makes the socket of the interface |name|, which receives nothing yet. RING_UNFIT: its link
 * layer is not one that packets of a ring have here, or the system has no such rings. */
enum ring_open ring_socket_open(struct ring_socket *socket, const char *name, bool promiscuous,
                                struct error *error);
void ring_socket_close(struct ring_socket *socket);

/* ring_socket_stamp asks the network adapter for time stamps. False when it has none. */
bool ring_socket_stamp(struct ring_socket *socket);

/* A group of sockets of which each frame goes to one. */
struct ring_group {
    struct live_fanout options;
    bool made; /* it has a socket, and |number| */
    uint16_t number;
};

/* ring_socket_filter lets the system leave out what |filter| does not pass; where it does not take the filter,
 * |kernel_filters| stays false. Frames whose VLAN tag the system keeps beside them are passed in any case, as
 * a filter does not see that tag. */
void ring_socket_filter(struct ring_socket *socket, struct filter *filter);

/* ring_socket_begin lets frames come: those that |filter| passes (NULL: all), and, with a |group|, those that the
 * group gives to this socket; none before both hold. */
bool ring_socket_begin(struct ring_socket *socket, struct filter *filter, struct ring_group *group,
                       struct error *error);

enum ring_state { RING_FINE, RING_DOWN, RING_BROKEN };

/* ring_socket_check says why poll reported an error. */
enum ring_state ring_socket_check(struct ring_socket *socket, struct error *error);

/* ring_socket_count adds what the system counted since it was asked last. */
void ring_socket_count(const struct ring_socket *socket, struct source_stats *stats);

/* ring_socket_place says whether the interface is there, and still the one that the socket is bound to. */
enum ring_place { RING_HERE, RING_AWAY, RING_MOVED };
enum ring_place ring_socket_place(const struct ring_socket *socket);

/* ring_socket_can_read says whether the interface is there and up, and the one that the socket is bound to. */
bool ring_socket_can_read(const struct ring_socket *socket);

/* ring_socket_follow binds to the interface that has the name now. */
bool ring_socket_follow(struct ring_socket *socket);

#endif
