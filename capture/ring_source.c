/* ring_source.c: a network interface, read by a ring of blocks that the system fills and this program empties
 * (TPACKET_V3; packet(7), the kernel's packet_mmap.rst).
 *
 * Frames are read where they lie. A block goes back to the system when the frames of the batch that emptied it
 * have been read, so a slow reader costs frames only when all blocks are full; these are counted. The system
 * keeps the outer VLAN tag beside a frame: it is put back where it was on the wire. */
#include "capture/ring_socket.h"
#include "capture/source_ops.h"

#include <assert.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAC_ADDRESSES_LEN = 12, MIN_BLOCKS = 4, MAX_BLOCK = 64 << 20 };

struct ring {
    struct ring_socket socket;
    uint8_t *map;
    size_t block_len;
    unsigned num_blocks;
    unsigned block;      /* the one that is read, or will be next */
    bool holding;        /* it is ours */
    uint32_t left;       /* frames in it that were not given yet */
    const uint8_t *next; /* the first of them */
    int wait_ms;
};

/* --- blocks --- */

static struct tpacket_hdr_v1 *ring_block(const struct ring *ring)
{
    struct tpacket_block_desc *block =
        (struct tpacket_block_desc *)(void *)(ring->map + ring->block * ring->block_len);
    return &block->hdr.bh1;
}

static bool ring_take_block(struct ring *ring)
{
    const struct tpacket_hdr_v1 *block = ring_block(ring);
    if (!(__atomic_load_n(&block->block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
        return false;
    ring->holding = true;
    ring->left = block->num_pkts;
    ring->next = ring->map + ring->block * ring->block_len + block->offset_to_first_pkt;
    return true;
}

static void ring_give_block(struct ring *ring)
{
    __atomic_store_n(&ring_block(ring)->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    ring->holding = false;
    ring->block = ring->block + 1 == ring->num_blocks ? 0 : ring->block + 1;
}

/* --- frames --- */

/* The tag goes between the addresses and the type, which is where the room before the frame lets it. */
static void restore_tag(struct frame *frame, uint8_t *at, const struct tpacket3_hdr *header)
{
    const uint16_t type =
        header->tp_status & TP_STATUS_VLAN_TPID_VALID ? header->hv1.tp_vlan_tpid : ETH_P_8021Q;
    const uint16_t tag = (uint16_t)header->hv1.tp_vlan_tci;
    memmove(at - RING_VLAN_TAG_LEN, at, MAC_ADDRESSES_LEN);
    uint8_t *to = at - RING_VLAN_TAG_LEN + MAC_ADDRESSES_LEN;
    to[0] = (uint8_t)(type >> 8);
    to[1] = (uint8_t)type;
    to[2] = (uint8_t)(tag >> 8);
    to[3] = (uint8_t)tag;
    frame->at = at - RING_VLAN_TAG_LEN;
    frame->captured_len += RING_VLAN_TAG_LEN;
    frame->wire_len += RING_VLAN_TAG_LEN;
}

/* Gives the next frame of the block at hand; says whether its tag was put back. */
static bool ring_next_frame(struct ring *ring, struct frame *frame, bool *adapter_stamped)
{
    const struct tpacket3_hdr *header = (const struct tpacket3_hdr *)(const void *)ring->next;
    uint8_t *at = ring->map + (size_t)(ring->next - ring->map) + header->tp_mac;
    __builtin_prefetch(at);
    __builtin_prefetch(ring->next + header->tp_next_offset);
    *frame = (struct frame){.at = at,
                            .captured_len = header->tp_snaplen,
                            .wire_len = header->tp_len,
                            .time_ns = (uint64_t)header->tp_sec * 1000000000 + header->tp_nsec,
                            .link_type = ring->socket.link_type};
    *adapter_stamped = (header->tp_status & TP_STATUS_TS_RAW_HARDWARE) != 0;
    bool tagged = (header->tp_status & TP_STATUS_VLAN_VALID) &&
                  header->tp_snaplen >= MAC_ADDRESSES_LEN && ring->socket.link_type == 1;
    if (tagged)
        restore_tag(frame, at, header);
    ring->next += header->tp_next_offset;
    ring->left--;
    return tagged;
}

/* Frames of the block at hand, at most |max|. */
static size_t ring_frames(struct source *source, struct frame *frames, size_t max)
{
    struct ring *ring = source->state;
    struct source_stats *stats = &source->stats;
    size_t num = 0;
    while (num < max && ring->left > 0) {
        struct frame *frame = &frames[num];
        bool adapter_stamped;
        bool tagged = ring_next_frame(ring, frame, &adapter_stamped);
        stats->adapter_stamped += adapter_stamped;
        stats->bytes += frame->captured_len;
        frame->number = stats->frames + num + 1;
        bool unsure = source->filter != NULL && (tagged || !ring->socket.kernel_filters);
        if (unsure && !filter_passes(source->filter, frame)) {
            stats->frames++;
            stats->filtered++;
        } else {
            num++;
        }
    }
    return num;
}

/* --- waiting --- */

static void ring_went_down(struct source *source)
{
    source->stats.outages += !source->stats.down;
    source->stats.down = true;
}

static enum source_status ring_wait(struct source *source, struct error *error)
{
    struct ring *ring = source->state;
    struct pollfd wait = {.fd = ring->socket.fd, .events = POLLIN};
    if (source->stats.down)
        ring_socket_find(&ring->socket);
    int ready = poll(&wait, 1, ring->wait_ms);
    if (ready <= 0 || !(wait.revents & (POLLERR | POLLHUP | POLLNVAL)))
        return SOURCE_FRAMES;
    switch (ring_socket_check(&ring->socket, error)) {
    case RING_DOWN:
        ring_went_down(source);
        break;
    case RING_BROKEN:
        return SOURCE_DAMAGED;
    case RING_FINE:
        break;
    }
    return SOURCE_FRAMES;
}

static enum source_status ring_read(struct source *source, struct frame *frames, size_t max,
                                    size_t *num, struct error *error)
{
    struct ring *ring = source->state;
    bool waited = false;
    *num = 0;
    for (;;) {
        if (ring->holding && ring->left == 0)
            ring_give_block(ring);
        if (!ring->holding && !ring_take_block(ring)) {
            if (waited)
                return SOURCE_IDLE;
            enum source_status status = ring_wait(source, error);
            if (status != SOURCE_FRAMES)
                return status;
            waited = true;
            continue;
        }
        *num = ring_frames(source, frames, max);
        if (*num > 0) {
            source->stats.down = false;
            return SOURCE_FRAMES;
        }
    }
}

/* The system's counters begin again when they are read. */
static void ring_count(struct source *source)
{
    const struct ring *ring = source->state;
    struct tpacket_stats_v3 stats;
    socklen_t len = sizeof stats;
    if (getsockopt(ring->socket.fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) != 0)
        return;
    source->stats.dropped += stats.tp_drops;
    source->stats.freezes += stats.tp_freeze_q_cnt;
}

static void ring_free(struct ring *ring)
{
    if (ring->map != NULL)
        munmap(ring->map, ring->block_len * ring->num_blocks);
    ring_socket_close(&ring->socket);
    free(ring);
}

static void ring_close(struct source *source)
{
    ring_free(source->state);
}

static const struct source_ops ring_ops = {
    .read = ring_read, .close = ring_close, .count = ring_count};

/* --- opening --- */

static bool ring_sizes(struct ring *ring, const struct live_options *options, struct error *error)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t ring_len = options->ring_bytes ? options->ring_bytes : LIVE_RING_BYTES;
    ring->block_len = options->block_bytes ? options->block_bytes : LIVE_BLOCK_BYTES;
    if (ring->block_len % page != 0 || ring->block_len > MAX_BLOCK)
        return error_set(error,
                         "a block of %zu bytes cannot be had: it must be a multiple of %zu, "
                         "and at most %d",
                         ring->block_len, page, MAX_BLOCK);
    if (ring_len / ring->block_len < MIN_BLOCKS || ring_len / ring->block_len > UINT16_MAX)
        return error_set(error,
                         "a ring of %zu bytes cannot be had: it must have %d to %d blocks "
                         "of %zu bytes",
                         ring_len, MIN_BLOCKS, UINT16_MAX, ring->block_len);
    ring->num_blocks = (unsigned)(ring_len / ring->block_len);
    return true;
}

static bool ring_map(struct ring *ring, const struct live_options *options, struct error *error)
{
    /* Frames have any length up to a block's: the frame size only has to be valid. */
    const struct tpacket_req3 request = {.tp_block_size = (unsigned)ring->block_len,
                                         .tp_block_nr = ring->num_blocks,
                                         .tp_frame_size = (unsigned)ring->block_len,
                                         .tp_frame_nr = ring->num_blocks,
                                         .tp_retire_blk_tov =
                                             options->block_ms ? options->block_ms : LIVE_BLOCK_MS};
    const size_t len = ring->block_len * ring->num_blocks;
    if (setsockopt(ring->socket.fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) != 0)
        return error_set(error, "a ring of %zu bytes for %s cannot be had: %m", len,
                         ring->socket.name);
    void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, ring->socket.fd, 0);
    if (map == MAP_FAILED)
        return error_set(error, "a ring of %zu bytes for %s cannot be mapped: %m", len,
                         ring->socket.name);
    ring->map = map;
    return true;
}

static bool ring_filter(struct source *source, struct ring *ring,
                        const struct live_options *options, struct error *error)
{
    if (options->filter == NULL)
        return true;
    source->filter = source->own_filter =
        filter_new(options->filter, ring->socket.link_type, error);
    if (source->filter == NULL)
        return false;
    ring_socket_filter(&ring->socket, source->filter);
    return true;
}

static bool ring_begin(struct source *source, struct ring *ring, const struct live_options *options,
                       struct error *error)
{
    if (options->adapter_time && !ring_socket_stamp(&ring->socket))
        return error_set(error, "%s has no time stamps of its own (or does not let them be had)",
                         source->name);
    return ring_sizes(ring, options, error) && ring_filter(source, ring, options, error) &&
           ring_map(ring, options, error) && ring_socket_begin(&ring->socket, error) &&
           (options->fanout == NULL || ring_socket_join(&ring->socket, options->fanout, error));
}

enum live_result ring_source_open(struct source *source, const struct live_options *options,
                                  struct error *error)
{
    struct ring *ring = calloc(1, sizeof *ring);
    if (ring == NULL) {
        error_set(error, "%s cannot be read: there is no memory", source->name);
        return LIVE_FAILED;
    }
    enum ring_open opened =
        ring_socket_open(&ring->socket, source->name, !options->not_promiscuous, error);
    if (opened != RING_OPEN || !ring_begin(source, ring, options, error)) {
        ring_free(ring);
        return opened == RING_UNFIT ? LIVE_UNFIT : LIVE_FAILED;
    }
    ring->wait_ms = (int)(options->wait_ms ? options->wait_ms : LIVE_WAIT_MS);
    source->ops = &ring_ops;
    source->state = ring;
    source->descriptor = ring->socket.fd;
    source->first_link = ring->socket.link_type;
    source->format = options->adapter_time ? "interface (TPACKET_V3 ring, adapter time)"
                                           : "interface (TPACKET_V3 ring)";
    return LIVE_OPEN;
}
