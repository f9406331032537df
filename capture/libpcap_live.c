/* libpcap_live.c: network interfaces that only libpcap reads: "any", and link layers whose packets it brings
 * into a form for files. One frame a call, as its bytes live until the next one. */
#include "capture/link_type.h"
#include "capture/ring_socket.h"
#include "capture/source_ops.h"

#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { LIBPCAP_SNAPLEN = 262144 };

struct libpcap_live {
    pcap_t *pcap;
    int wait_ms;
    uint32_t dropped; /* as it told last */
    uint32_t tick_ns; /* of the fractions of its seconds */
    int descriptor;
    /* libpcap's, where that is one of packet(7): it can be bound again to an interface that was removed and made
     * again, which libpcap knows nothing of. Otherwise its |fd| is -1. */
    struct ring_socket socket;
};

/* Whether the interface is down or away, or was, and is another one now. While it is only down, the system goes on by
 * itself when it is up. */
static bool look_for_outage(struct source *source)
{
    struct libpcap_live *live = source->state;
    if (live->socket.fd < 0)
        return false;
    if (ring_socket_can_read(&live->socket))
        return false;
    source->stats.outages += !source->stats.down;
    source->stats.down = true;
    if (ring_socket_place(&live->socket) == RING_MOVED)
        ring_socket_follow(&live->socket);
    return true;
}

static void wait_for_frame(const struct libpcap_live *live)
{
    struct pollfd wait = {.fd = live->descriptor, .events = POLLIN};
    poll(&wait, 1, live->wait_ms);
}

static enum source_status libpcap_failed(struct source *source, struct error *error)
{
    struct libpcap_live *live = source->state;
    error_set(error, "%s cannot be read further: %s", source->name, pcap_geterr(live->pcap));
    if (!look_for_outage(source) && !source->stats.down)
        return SOURCE_DAMAGED;
    wait_for_frame(live);
    return SOURCE_IDLE;
}

/* Without frames libpcap's own time-out may never come: the descriptor is asked. */
static enum source_status libpcap_live_read(struct source *source, struct frame *frames, size_t max,
                                            size_t *num, struct error *error)
{
    struct libpcap_live *live = source->state;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    (void)max;
    *num = 0;
    int result = pcap_next_ex(live->pcap, &header, &bytes);
    if (result == 0) {
        look_for_outage(source);
        wait_for_frame(live);
        result = pcap_next_ex(live->pcap, &header, &bytes);
    }
    if (result == 0)
        return SOURCE_IDLE;
    if (result != 1)
        return libpcap_failed(source, error);
    /* What was captured before the outage may be read after it. */
    if (source->stats.down)
        source->stats.down = !ring_socket_can_read(&live->socket);
    frames[0] =
        (struct frame){.at = bytes,
                       .captured_len = header->caplen,
                       .wire_len = header->len < header->caplen ? header->caplen : header->len,
                       .time_ns = (uint64_t)header->ts.tv_sec * 1000000000 +
                                  (uint64_t)header->ts.tv_usec * live->tick_ns,
                       .number = source->stats.frames + 1,
                       .link_type = (uint16_t)source->first_link};
    source->stats.bytes += header->caplen;
    *num = 1;
    return SOURCE_FRAMES;
}

static void libpcap_live_count(struct source *source)
{
    struct libpcap_live *live = source->state;
    struct pcap_stat stats;
    if (pcap_stats(live->pcap, &stats) != 0)
        return;
    source->stats.dropped += stats.ps_drop - live->dropped;
    live->dropped = stats.ps_drop;
}

static void libpcap_live_close(struct source *source)
{
    struct libpcap_live *live = source->state;
    pcap_close(live->pcap);
    free(live);
}

static const struct source_ops libpcap_live_ops = {
    .read = libpcap_live_read, .close = libpcap_live_close, .count = libpcap_live_count};

static bool activate(pcap_t *pcap, const struct source *source, const struct live_options *options,
                     struct error *error)
{
    size_t ring_len = options->ring_bytes ? options->ring_bytes : LIVE_RING_BYTES;
    unsigned block_ms = options->block_ms ? options->block_ms : LIVE_BLOCK_MS;
    pcap_set_snaplen(pcap, LIBPCAP_SNAPLEN);
    pcap_set_promisc(pcap, !options->not_promiscuous);
    pcap_set_timeout(pcap, (int)block_ms);
    pcap_set_buffer_size(pcap, ring_len > INT32_MAX ? INT32_MAX : (int)ring_len);
    pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    int result = pcap_activate(pcap);
    if (result < 0)
        return error_set(error, "%s cannot be read: %s", source->name,
                         pcap_geterr(pcap)[0] != '\0' ? pcap_geterr(pcap)
                                                      : pcap_statustostr(result));
    return true;
}

static bool prepare(pcap_t *pcap, struct source *source, const struct live_options *options,
                    struct error *error)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    struct bpf_program code;
    if (!activate(pcap, source, options, error))
        return false;
    if (options->filter != NULL) {
        if (pcap_compile(pcap, &code, options->filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
            return error_set(error, "the filter \"%.200s\" cannot be used on %s: %s",
                             options->filter, source->name, pcap_geterr(pcap));
        int result = pcap_setfilter(pcap, &code);
        pcap_freecode(&code);
        if (result != 0)
            return error_set(error, "the filter \"%.200s\" cannot be used on %s: %s",
                             options->filter, source->name, pcap_geterr(pcap));
    }
    if (pcap_setnonblock(pcap, 1, reason) != 0)
        return error_set(error, "%s cannot be read: %s", source->name, reason);
    source->first_link = link_type_of_dlt(pcap_datalink(pcap));
    return true;
}

/* The socket that libpcap reads; "any" is never away. */
static struct ring_socket socket_of(const struct source *source, int descriptor, bool promiscuous)
{
    struct ring_socket socket = {.fd = -1, .name = source->name, .promiscuous = promiscuous};
    int domain = 0;
    socklen_t len = sizeof domain;
    if (strcmp(source->name, "any") == 0 ||
        getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 || domain != AF_PACKET)
        return socket;
    socket.fd = descriptor;
    socket.index = (int)if_nametoindex(source->name);
    return socket;
}

enum live_result libpcap_live_open(struct source *source, const struct live_options *options,
                                   struct error *error)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    const struct live_fanout *asked = &options->fanout;
    const bool fanout = asked->spread != LIVE_SPREAD_DEFAULT || asked->defrag || asked->rollover ||
                        asked->group != 0;
    if (fanout || options->adapter_time) {
        error_set(error, "%s cannot be read by a ring, as %s needs", source->name,
                  fanout ? "--fanout" : "the adapter's time");
        return LIVE_FAILED;
    }
    struct libpcap_live *live = calloc(1, sizeof *live);
    pcap_t *pcap = live != NULL ? pcap_create(source->name, reason) : NULL;
    if (pcap == NULL || !prepare(pcap, source, options, error)) {
        if (pcap == NULL)
            error_set(error, "%s cannot be read: %s", source->name,
                      live != NULL ? reason : "there is no memory");
        else
            pcap_close(pcap);
        free(live);
        return LIVE_FAILED;
    }
    live->pcap = pcap;
    /* Nanoseconds were asked for, and go where microseconds usually do; not every kind of interface has them. */
    live->tick_ns = pcap_get_tstamp_precision(pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
    live->descriptor = pcap_get_selectable_fd(pcap);
    live->socket = socket_of(source, live->descriptor, !options->not_promiscuous);
    source->descriptors = &live->descriptor;
    source->num_descriptors = 1;
    live->wait_ms = (int)(options->wait_ms ? options->wait_ms : LIVE_WAIT_MS);
    source->ops = &libpcap_live_ops;
    source->state = live;
    source->format = "interface (libpcap)";
    return LIVE_OPEN;
}
