/* udp.c: sockets that are connected to one target. Datagrams are not fragmented: the path's MTU is the system's
 * knowledge (RFC 6347 section 4.1.1.1). */
#include "probe/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    V4_HEADERS = 28,
    V6_HEADERS = 48,
    LEAST = 256,                   /* bytes of a datagram: a path for less is none */
    MAX_RECEIVED = 20000,          /* datagrams of a target, and … */
    MAX_RECEIVED_BYTES = 32 << 20, /* … their bytes: more is a flood */
    NS_PER_MS = 1000000
};

/* --- who may be a target --- */

static bool is_broadcast_of(const struct ifaddrs *interface, struct in_addr address)
{
    const struct sockaddr_in *broadcast = (const void *)interface->ifa_broadaddr;
    return (interface->ifa_flags & IFF_BROADCAST) != 0 && interface->ifa_addr != NULL &&
           interface->ifa_addr->sa_family == AF_INET && broadcast != NULL &&
           broadcast->sin_addr.s_addr == address.s_addr;
}

static bool is_local_broadcast(struct in_addr address)
{
    struct ifaddrs *all = NULL;
    bool is = false;
    if (getifaddrs(&all) != 0)
        return false;
    for (const struct ifaddrs *at = all; at != NULL && !is; at = at->ifa_next)
        is = is_broadcast_of(at, address);
    freeifaddrs(all);
    return is;
}

static const char *why_not_v4(struct in_addr address)
{
    const uint32_t number = ntohl(address.s_addr);
    if (number >> 28 == 14)
        return "a multicast address";
    if (number >> 28 == 15)
        return number == UINT32_MAX ? "the broadcast address" : "a reserved address";
    if (number >> 24 == 0)
        return "an unspecified address";
    return is_local_broadcast(address) ? "a network's broadcast address" : NULL;
}

static const char *why_not_v6(const struct in6_addr *address)
{
    struct in_addr inner;
    if (IN6_IS_ADDR_MULTICAST(address))
        return "a multicast address";
    if (IN6_IS_ADDR_UNSPECIFIED(address))
        return "an unspecified address";
    if (!IN6_IS_ADDR_V4MAPPED(address))
        return NULL;
    memcpy(&inner, address->s6_addr + 12, sizeof inner);
    return why_not_v4(inner);
}

bool udp_may_be_target(const struct udp_address *address, struct error *error)
{
    const char *why = address->any.sa_family == AF_INET ? why_not_v4(address->v4.sin_addr)
                                                        : why_not_v6(&address->v6.sin6_addr);
    return why == NULL || error_set(error, "it is %s: only single hosts are probed", why);
}

/* --- sockets --- */

static bool is_v4(const struct udp_address *address)
{
    return address->any.sa_family == AF_INET;
}

/* Where the path's MTU is known and smaller, it counts. */
static void ask_mtu(struct udp *udp)
{
    int mtu = 0;
    socklen_t len = sizeof mtu;
    bool v4 = is_v4(&udp->local);
    size_t headers = v4 ? V4_HEADERS : V6_HEADERS;
    int asked = v4 ? getsockopt(udp->descriptor, IPPROTO_IP, IP_MTU, &mtu, &len)
                   : getsockopt(udp->descriptor, IPPROTO_IPV6, IPV6_MTU, &mtu, &len);
    if (asked == 0 && mtu > LEAST + (int)headers && (size_t)mtu - headers < udp->max)
        udp->max = (size_t)mtu - headers;
}

bool udp_open(struct udp *udp, const struct udp_address *target, const struct udp_address *source,
              struct error *error)
{
    const int on_v4 = IP_PMTUDISC_DO, on_v6 = IPV6_PMTUDISC_DO;
    udp->descriptor = socket(target->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (udp->descriptor < 0)
        return error_set(error, "there is no socket to be had: %s", strerror(errno));
    if (is_v4(target))
        (void)setsockopt(udp->descriptor, IPPROTO_IP, IP_MTU_DISCOVER, &on_v4, sizeof on_v4);
    else
        (void)setsockopt(udp->descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &on_v6, sizeof on_v6);
    udp->max = UDP_USUAL_DATAGRAM;
    udp->local.len = sizeof udp->local.v6;
    if ((source != NULL && bind(udp->descriptor, &source->any, source->len) != 0) ||
        connect(udp->descriptor, &target->any, target->len) != 0 ||
        getsockname(udp->descriptor, &udp->local.any, &udp->local.len) != 0) {
        int reason = errno;
        udp_close(udp);
        return error_set(error, "no way to the target: %s", strerror(reason));
    }
    ask_mtu(udp);
    return true;
}

/* What an ICMP message said about an earlier datagram. */
static enum udp_result result_of(struct udp *udp, int reason)
{
    udp->error = reason;
    switch (reason) {
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
        return UDP_UNREACHABLE;
    default:
        return UDP_FAILED;
    }
}

static enum udp_result too_large(struct udp *udp)
{
    size_t before = udp->max;
    ask_mtu(udp);
    if (udp->max < before)
        return UDP_TOO_LARGE;
    if (before <= UDP_MIN_DATAGRAM)
        return result_of(udp, EMSGSIZE);
    udp->max = UDP_MIN_DATAGRAM;
    return UDP_TOO_LARGE;
}

enum udp_result udp_send(struct udp *udp, struct span datagram)
{
    if (udp->count->sent >= udp->count->budget)
        return UDP_SPENT;
    pace_wait(udp->pace);
    ssize_t sent = send(udp->descriptor, datagram.at, datagram.len, MSG_NOSIGNAL);
    /* The error of an earlier datagram is told once; the next receive would tell it, too. */
    if (sent < 0 && (errno == EINTR || errno == ECONNREFUSED))
        sent = send(udp->descriptor, datagram.at, datagram.len, MSG_NOSIGNAL);
    if (sent < 0 && errno == EMSGSIZE)
        return too_large(udp);
    if (sent < 0 && errno != EAGAIN)
        return result_of(udp, errno);
    udp->count->sent++;
    udp->count->bytes_sent += datagram.len;
    return UDP_OK;
}

static enum udp_result take(struct udp *udp, uint8_t room[UDP_MAX_DATAGRAM], struct span *datagram)
{
    ssize_t got = recv(udp->descriptor, room, UDP_MAX_DATAGRAM, 0);
    if (got < 0 && errno == EMSGSIZE) { /* an earlier one was: it is sent again when it is due */
        ask_mtu(udp);
        udp->too_large = true;
        return UDP_TIMEOUT;
    }
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? UDP_TIMEOUT : result_of(udp, errno);
    if (udp->count->received >= MAX_RECEIVED || udp->count->bytes_received >= MAX_RECEIVED_BYTES)
        return UDP_SPENT;
    udp->count->received++;
    udp->count->bytes_received += (uint64_t)got;
    *datagram = span_of(room, (size_t)got);
    return UDP_OK;
}

enum udp_result udp_receive(struct udp *udp, uint64_t until_ns, uint8_t room[UDP_MAX_DATAGRAM],
                            struct span *datagram)
{
    for (;;) {
        const uint64_t now = probe_now();
        const uint64_t left = until_ns > now ? until_ns - now : 0;
        struct pollfd wait = {.fd = udp->descriptor, .events = POLLIN};
        int ready = poll(&wait, 1, (int)((left + NS_PER_MS - 1) / NS_PER_MS));
        if (ready > 0) {
            enum udp_result result = take(udp, room, datagram);
            if (result != UDP_TIMEOUT)
                return result;
        } else if (ready < 0 && errno != EINTR) {
            return result_of(udp, errno);
        }
        if (left == 0)
            return UDP_TIMEOUT;
    }
}

void udp_close(struct udp *udp)
{
    if (udp->descriptor >= 0)
        close(udp->descriptor);
    udp->descriptor = -1;
}
