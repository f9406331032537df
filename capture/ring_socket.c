/* ring_socket.c: the packet socket of a ring. */
#include "capture/ring_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef PACKET_FANOUT_FLAG_IGNORE_OUTGOING /* headers may be older than the kernel */
#define PACKET_FANOUT_FLAG_IGNORE_OUTGOING 0x4000
#endif

/* The link layers whose frames come from a packet socket as they are in files. */
static const struct {
    unsigned short hardware;
    uint16_t link_type;
} links[] = {{ARPHRD_ETHER, 1},   {ARPHRD_LOOPBACK, 1},    {ARPHRD_NONE, 101},
             {ARPHRD_RAWIP, 101}, {ARPHRD_IEEE80211, 105}, {ARPHRD_IEEE80211_RADIOTAP, 127}};

enum { NUM_LINKS = sizeof links / sizeof links[0] };

static struct ifreq request_of(const struct ring_socket *socket)
{
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", socket->name);
    return request;
}

static int index_of(const struct ring_socket *socket)
{
    struct ifreq request = request_of(socket);
    return ioctl(socket->fd, SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : 0;
}

static bool set(const struct ring_socket *socket, int level, int option, const void *value,
                size_t len)
{
    return setsockopt(socket->fd, level, option, value, (socklen_t)len) == 0;
}

static bool set_number(const struct ring_socket *socket, int option, int value)
{
    return set(socket, SOL_PACKET, option, &value, sizeof value);
}

static enum ring_open failed(struct ring_socket *socket, struct error *error)
{
    if (errno == EPERM || errno == EACCES)
        error_set(
            error,
            "%s cannot be read: that needs the right to capture (CAP_NET_RAW): run perpass as "
            "root, with --user NAME to give the other rights up",
            socket->name);
    else
        error_set(error, "%s cannot be read: %m", socket->name);
    ring_socket_close(socket);
    return RING_FAILED;
}

static bool find_link_type(struct ring_socket *socket)
{
    struct ifreq request = request_of(socket);
    if (ioctl(socket->fd, SIOCGIFHWADDR, &request) != 0)
        return false;
    for (size_t i = 0; i < NUM_LINKS; i++) {
        if (links[i].hardware == request.ifr_hwaddr.sa_family) {
            socket->link_type = links[i].link_type;
            socket->loopback = links[i].hardware == ARPHRD_LOOPBACK;
            return true;
        }
    }
    return false;
}

/* The header of a frame of this version; room before each frame for the VLAN tag that may have to go back
 * into it. */
static bool use_version_3(struct ring_socket *socket)
{
    return set_number(socket, PACKET_VERSION, TPACKET_V3) &&
           set_number(socket, PACKET_RESERVE, RING_VLAN_TAG_LEN);
}

enum ring_open ring_socket_open(struct ring_socket *ring, const char *name, bool promiscuous,
                                struct error *error)
{
    *ring = (struct ring_socket){.fd = -1, .name = name, .promiscuous = promiscuous};
    if (strcmp(name, "any") == 0)
        return RING_UNFIT;
    /* Of no protocol: it receives nothing before it is bound, and by then it has its filter. */
    ring->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (ring->fd < 0)
        return failed(ring, error);
    ring->index = strlen(name) < IFNAMSIZ ? index_of(ring) : 0;
    if (ring->index == 0) {
        ring_socket_close(ring);
        error_set(error, "there is no network interface %.100s: ip link shows which there are",
                  name);
        return RING_FAILED;
    }
    if (!find_link_type(ring) || !use_version_3(ring)) {
        ring_socket_close(ring);
        return RING_UNFIT;
    }
    return RING_OPEN;
}

void ring_socket_close(struct ring_socket *socket)
{
    if (socket->fd >= 0)
        close(socket->fd);
    socket->fd = -1;
}

bool ring_socket_stamp(struct ring_socket *socket)
{
    struct hwtstamp_config config = {.tx_type = HWTSTAMP_TX_OFF, .rx_filter = HWTSTAMP_FILTER_ALL};
    struct ifreq request = request_of(socket);
    request.ifr_data = (void *)&config;
    return ioctl(socket->fd, SIOCSHWTSTAMP, &request) == 0 &&
           set_number(socket, PACKET_TIMESTAMP, SOF_TIMESTAMPING_RAW_HARDWARE);
}

/* Membership goes with the interface: one that comes again has to be asked again. */
static bool bind_to_interface(struct ring_socket *socket)
{
    const struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = socket->index};
    const struct packet_mreq promiscuous = {.mr_ifindex = socket->index,
                                            .mr_type = PACKET_MR_PROMISC};
    if (socket->loopback) /* what it sends comes in again */
        set_number(socket, PACKET_IGNORE_OUTGOING, 1);
    if (socket->promiscuous &&
        !set(socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous))
        return false;
    return bind(socket->fd, (const struct sockaddr *)&address, sizeof address) == 0;
}

/* The exclusive or of all words of both addresses: the same for both directions. The system takes it modulo the number
 * of sockets. Of what is no IP, and has no conversations, all goes to the first. */
static bool spread_by_addresses(const struct ring_socket *socket)
{
    enum { NET = SKF_NET_OFF, IP4_ADDRESSES = 12, IP6_ADDRESSES = 8, NUM_IP6_WORDS = 8 };
    enum { AT_IP6 = 7, AT_MIX = AT_IP6 + 4 + 3 * (NUM_IP6_WORDS - 1), LENGTH = AT_MIX + 3 };
    struct sock_filter code[LENGTH] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, AT_IP6 - 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(NET + IP4_ADDRESSES)),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(NET + IP4_ADDRESSES + 4)),
        BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
        BPF_STMT(BPF_JMP | BPF_JA, AT_MIX - AT_IP6),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(NET + IP6_ADDRESSES)),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
    };
    size_t at = AT_IP6 + 4;
    for (uint32_t word = 1; word < NUM_IP6_WORDS; word++) {
        code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                  (uint32_t)NET + IP6_ADDRESSES + 4 * word);
        code[at++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0);
        code[at++] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
    }
    /* Addresses often differ in few bits: spread them over the word. */
    code[at++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
    const struct sock_fprog program = {.len = LENGTH, .filter = code};
    return at == LENGTH && set(socket, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof program);
}

static int kind_of(const struct live_fanout *options)
{
    int flags = (options->defrag ? PACKET_FANOUT_FLAG_DEFRAG : 0) |
                (options->rollover ? PACKET_FANOUT_FLAG_ROLLOVER : 0);
    switch (options->spread) {
    case LIVE_SPREAD_HASH:
        return flags | PACKET_FANOUT_HASH;
    case LIVE_SPREAD_CPU:
        return flags | PACKET_FANOUT_CPU;
    case LIVE_SPREAD_QUEUE:
        return flags | PACKET_FANOUT_QM;
    case LIVE_SPREAD_DEFAULT:
    case LIVE_SPREAD_ADDRESSES:
        break;
    }
    return flags | PACKET_FANOUT_CBPF;
}

static bool join(struct ring_socket *socket, struct ring_group *group, struct error *error)
{
    int kind = kind_of(&group->options);
    bool by_addresses = (kind & UINT8_MAX) == PACKET_FANOUT_CBPF;
    if (socket->loopback)
        kind |= PACKET_FANOUT_FLAG_IGNORE_OUTGOING;
    if (!group->made && group->options.group == 0)
        kind |= PACKET_FANOUT_FLAG_UNIQUEID;
    if (!group->made)
        group->number = group->options.group;
    int value = (int)((uint32_t)group->number | (uint32_t)kind << 16);
    socklen_t len = sizeof value;
    if (!set_number(socket, PACKET_FANOUT, value) ||
        getsockopt(socket->fd, SOL_PACKET, PACKET_FANOUT, &value, &len) != 0)
        return error_set(error, "the packets of %s cannot be shared among rings%s: %m",
                         socket->name,
                         group->options.group != 0 ? " (do all of the group share alike?)" : "");
    if (!group->made && by_addresses && !spread_by_addresses(socket))
        return error_set(error, "the packets of %s cannot be shared by addresses: %m",
                         socket->name);
    group->number = (uint16_t)value;
    group->made = true;
    socket->in_group = true;
    return true;
}

void ring_socket_filter(struct ring_socket *socket, struct filter *filter)
{
    static const struct sock_filter tagged[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), BPF_STMT(BPF_RET | BPF_K, UINT16_MAX << 2)};
    enum { NUM_TAGGED = sizeof tagged / sizeof tagged[0] };
    struct sock_filter code[BPF_MAXINSNS];
    size_t num;
    struct filter_instruction *from = filter_instructions(filter, socket->link_type, &num);
    if (from == NULL || num > BPF_MAXINSNS - NUM_TAGGED) {
        free(from);
        return;
    }
    memcpy(code, tagged, sizeof tagged);
    for (size_t i = 0; i < num; i++)
        code[NUM_TAGGED + i] =
            (struct sock_filter){from[i].code, from[i].jump_true, from[i].jump_false, from[i].k};
    free(from);
    const struct sock_fprog program = {.len = (unsigned short)(NUM_TAGGED + num), .filter = code};
    socket->kernel_filters = set(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* Between the binding and the joining of a group the socket would get what others of the group get, too. */
static bool begin_in_group(struct ring_socket *socket, struct filter *filter,
                           struct ring_group *group, struct error *error)
{
    const struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    const struct sock_fprog program = {.len = 1,
                                       .filter = (struct sock_filter *)(uintptr_t)nothing};
    if (!set(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) ||
        !bind_to_interface(socket))
        return error_set(error, "%s cannot be read: %m", socket->name);
    if (!join(socket, group, error))
        return false;
    if (filter != NULL)
        ring_socket_filter(socket, filter);
    int unused = 0;
    return socket->kernel_filters ||
           set(socket, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused) ||
           error_set(error, "%s cannot be read: %m", socket->name);
}

bool ring_socket_begin(struct ring_socket *socket, struct filter *filter, struct ring_group *group,
                       struct error *error)
{
    if (group != NULL)
        return begin_in_group(socket, filter, group, error);
    if (filter != NULL)
        ring_socket_filter(socket, filter);
    return bind_to_interface(socket) || error_set(error, "%s cannot be read: %m", socket->name);
}

enum ring_state ring_socket_check(struct ring_socket *socket, struct error *error)
{
    int reason = 0;
    socklen_t len = sizeof reason;
    if (getsockopt(socket->fd, SOL_SOCKET, SO_ERROR, &reason, &len) != 0)
        reason = errno;
    if (reason == 0)
        return RING_FINE;
    if (reason == ENETDOWN)
        return RING_DOWN;
    error_set(error, "%s cannot be read further: %s", socket->name, strerror(reason));
    return RING_BROKEN;
}

void ring_socket_count(const struct ring_socket *socket, struct source_stats *stats)
{
    struct tpacket_stats_v3 since;
    socklen_t len = sizeof since;
    if (getsockopt(socket->fd, SOL_PACKET, PACKET_STATISTICS, &since, &len) != 0)
        return;
    stats->dropped += since.tp_drops;
    stats->freezes += since.tp_freeze_q_cnt;
}

enum ring_place ring_socket_place(const struct ring_socket *socket)
{
    int index = index_of(socket);
    if (index == 0)
        return RING_AWAY;
    return index == socket->index ? RING_HERE : RING_MOVED;
}

bool ring_socket_can_read(const struct ring_socket *socket)
{
    struct ifreq request = request_of(socket);
    if (ring_socket_place(socket) != RING_HERE)
        return false;
    return ioctl(socket->fd, SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_UP;
}

bool ring_socket_follow(struct ring_socket *socket)
{
    int before = socket->index;
    socket->index = index_of(socket);
    if (socket->index != 0 && bind_to_interface(socket))
        return true;
    socket->index = before; /* tried again later */
    return false;
}
