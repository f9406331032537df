/* veth_sender.c: sends the frames of a capture over an interface, again and again: for tests and benchmarks of
 * perpass monitor, between interfaces of network namespaces that the caller made.
 *
 *     veth_sender CAPTURE INTERFACE [PACKETS [RATE]]
 *
 * PACKETS: how many in all (0: the capture once); RATE: packets a second (0: as fast as can be). Prints what was
 * sent, in which time. (A ring to send from, PACKET_TX_RING, is slower here: an interface of the same machine
 * gets copies of its pages.) */
#include "capture/source.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, READ_BATCH = 64, MAX_FRAMES = 1 << 18, SEND_BUFFER = 8 << 20 };

struct sender {
    int fd;
    struct mmsghdr *messages; /* one a frame */
    size_t num;
};

static int complain(const char *what)
{
    fprintf(stderr, "veth_sender: %s\n", what);
    return 1;
}

static bool open_interface(struct sender *sender, const char *name)
{
    const struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                        .sll_ifindex = (int)if_nametoindex(name)};
    int on = 1, buffer = SEND_BUFFER;
    sender->fd = socket(AF_PACKET, SOCK_RAW, 0); /* of no protocol: it receives nothing */
    return sender->fd >= 0 && address.sll_ifindex != 0 &&
           setsockopt(sender->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) == 0 &&
           setsockopt(sender->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer) == 0 &&
           bind(sender->fd, (const struct sockaddr *)&address, sizeof address) == 0;
}

static void take(struct sender *sender, const struct frame *frame)
{
    struct iovec *part = malloc(sizeof *part + frame->captured_len);
    if (part == NULL)
        exit(complain("there is no memory"));
    memcpy(part + 1, frame->at, frame->captured_len);
    *part = (struct iovec){part + 1, frame->captured_len};
    sender->messages[sender->num++].msg_hdr = (struct msghdr){.msg_iov = part, .msg_iovlen = 1};
}

static bool load(const char *path, struct sender *sender, struct error *error)
{
    struct frame some[READ_BATCH];
    size_t num;
    struct source *source = source_open_file(path, NULL, error);
    if (source == NULL)
        return false;
    sender->messages = calloc(MAX_FRAMES + READ_BATCH, sizeof sender->messages[0]);
    if (sender->messages == NULL)
        return error_set(error, "there is no memory");
    while (sender->num < MAX_FRAMES &&
           source_read(source, some, READ_BATCH, &num, error) == SOURCE_FRAMES)
        for (size_t i = 0; i < num; i++)
            take(sender, &some[i]);
    source_close(source);
    return sender->num > 0 || error_set(error, "%s has no frames", path);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Waits until |sent| packets are due; without sleeping, as a sleep is longer than a batch. */
static void keep_rate(double begun, unsigned long long sent, double rate)
{
    while (rate > 0 && now() < begun + (double)sent / rate)
        ;
}

static bool send_all(const struct sender *sender, unsigned long long packets, double rate)
{
    unsigned long long sent = 0;
    size_t next = 0;
    double begun = now();
    while (sent < packets) {
        size_t num = packets - sent < BATCH ? (size_t)(packets - sent) : BATCH;
        num = num < sender->num - next ? num : sender->num - next;
        keep_rate(begun, sent, rate);
        int done = sendmmsg(sender->fd, sender->messages + next, (unsigned)num, 0);
        if (done < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
            return false;
        sent += done > 0 ? (unsigned)done : 0;
        next += done > 0 ? (size_t)done : 0;
        next = next == sender->num ? 0 : next;
    }
    double took = now() - begun;
    printf("%llu packets in %.3f s: %.0f packets/s\n", sent, took, (double)sent / took);
    return true;
}

int main(int argc, char **argv)
{
    struct sender sender = {.fd = -1};
    struct error error = {.text = ""};
    if (argc < 3)
        return complain("veth_sender CAPTURE INTERFACE [PACKETS [RATE]]");
    unsigned long long packets = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    double rate = argc > 4 ? strtod(argv[4], NULL) : 0;
    int status = 0;
    if (!open_interface(&sender, argv[2]))
        status = complain("the interface cannot be opened");
    else if (!load(argv[1], &sender, &error))
        status = complain(error.text);
    else if (!send_all(&sender, packets > 0 ? packets : sender.num, rate))
        status = complain(strerror(errno));
    for (size_t i = 0; i < sender.num; i++)
        free(sender.messages[i].msg_hdr.msg_iov);
    free(sender.messages);
    return status;
}
