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
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, READ_BATCH = 64, MAX_FRAMES = 1 << 18, SEND_BUFFER = 8 << 20 };

static const size_t room_len = (size_t)512 << 20;

struct sender {
    int fd;
    struct mmsghdr *messages; /* one a frame */
    size_t num;
    uint8_t *memory; /* of the frames */
    size_t used;
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

/* Frames lie side by side in huge pages: what the processor waits for memory counts against the rate. */
static bool take(struct sender *sender, const struct frame *frame)
{
    enum { ALIGNED = 64 };
    const size_t len =
        (sizeof(struct iovec) + frame->captured_len + ALIGNED - 1) / ALIGNED * ALIGNED;
    if (sender->used + len > room_len)
        return false;
    struct iovec *part = (struct iovec *)(void *)(sender->memory + sender->used);
    sender->used += len;
    memcpy(part + 1, frame->at, frame->captured_len);
    *part = (struct iovec){part + 1, frame->captured_len};
    sender->messages[sender->num++].msg_hdr = (struct msghdr){.msg_iov = part, .msg_iovlen = 1};
    return true;
}

static bool make_memory(struct sender *sender)
{
    void *memory = mmap(NULL, room_len, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    sender->messages = calloc(MAX_FRAMES, sizeof sender->messages[0]);
    if (memory == MAP_FAILED)
        return false;
    madvise(memory, room_len, MADV_HUGEPAGE);
    sender->memory = memory;
    return sender->messages != NULL;
}

static bool load(const char *path, struct sender *sender, struct error *error)
{
    struct frame some[READ_BATCH];
    size_t num;
    bool room = true;
    struct source *source = source_open_file(path, NULL, error);
    if (source == NULL)
        return false;
    if (!make_memory(sender))
        return error_set(error, "there is no memory");
    while (room && source_read(source, some, READ_BATCH, &num, error) == SOURCE_FRAMES)
        for (size_t i = 0; i < num && room; i++)
            room = sender->num < MAX_FRAMES && take(sender, &some[i]);
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
    if (sender.memory != NULL)
        munmap(sender.memory, room_len);
    free(sender.messages);
    return status;
}
