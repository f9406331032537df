/* udp.h: the one place of perpass that sends: datagrams to a target that the user named, counted and paced. */
#ifndef PERPASS_PROBE_UDP_H
#define PERPASS_PROBE_UDP_H

#include "core/error.h"
#include "core/span.h"
#include "probe/pace.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum {
    UDP_MAX_DATAGRAM = 65535,
    UDP_MIN_DATAGRAM =
        508, /* fits where nothing is known: 576 bytes of IPv4 with all options, less UDP's header */
    UDP_USUAL_DATAGRAM = 1232 /* 1280 of IPv6, less the headers */
};

struct udp_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t len;
};

/* What a target costs. One thread's. */
struct udp_count {
    unsigned budget;         /* datagrams that may be sent */
    unsigned sent, received; /* datagrams */
    uint64_t bytes_sent, bytes_received;
};

struct udp {
    int descriptor; /* -1: none */
    int error;      /* errno of UDP_FAILED */
    struct pace *pace;
    struct udp_count *count;
    size_t max;     /* bytes of a datagram that are sent in one piece */
    bool too_large; /* the path has refused a datagram that was sent; the caller sets it back */
    struct udp_address local;
};

enum udp_result {
    UDP_OK = 0,
    UDP_TIMEOUT,
    UDP_UNREACHABLE, /* the other side's system says that nobody is there */
    UDP_TOO_LARGE,   /* |max| has been made smaller: put it together again */
    UDP_SPENT,       /* the budget is, or the target has flooded us */
    UDP_FAILED
};

/* udp_may_be_target refuses what is not one host: multicast, broadcast, unspecified addresses. */
bool udp_may_be_target(const struct udp_address *address, struct error *error);

/* udp_open takes a fresh port, of the address |source| (NULL: the system's choice), connected to |target|. */
bool udp_open(struct udp *udp, const struct udp_address *target, const struct udp_address *source,
              struct error *error);

enum udp_result udp_send(struct udp *udp, struct span datagram);

/* udp_receive waits for a datagram until |until_ns| of probe_now. */
enum udp_result udp_receive(struct udp *udp, uint64_t until_ns, uint8_t room[UDP_MAX_DATAGRAM],
                            struct span *datagram);

void udp_close(struct udp *udp);

#endif
