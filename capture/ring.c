/* ring.c: the blocks of a ring, and the frames in them (TPACKET_V3; the kernel's packet_mmap.rst).
 *
 * The system keeps the outer VLAN tag beside a frame: it is put back where it was on the wire. */
#include "capture/ring.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAC_ADDRESSES_LEN = 12, MAX_BLOCK = 64 << 20, LINK_ETHERNET = 1 };

struct ring_block {
    atomic_uint users; /* the reader and the holders */
    atomic_bool ours;  /* it has not gone back to the system since it was noticed */
    uint64_t noticed_ns;
};

/* --- blocks --- */

static struct ring_block *block_of(const struct ring *ring, uint64_t number)
{
    return &ring->blocks[number % ring->num_blocks];
}

static uint8_t *memory_of(const struct ring *ring, uint64_t number)
{
    return ring->map + number % ring->num_blocks * ring->block_len;
}

static struct tpacket_hdr_v1 *header_of(const struct ring *ring, uint64_t number)
{
    struct tpacket_block_desc *block = (struct tpacket_block_desc *)(void *)memory_of(ring, number);
    return &block->hdr.bh1;
}

/* A block that was not given back yet is not a full one again, though the system's word for both is the same. */
static bool is_full(const struct ring *ring, uint64_t number)
{
    return !atomic_load_explicit(&block_of(ring, number)->ours, memory_order_acquire) &&
           __atomic_load_n(&header_of(ring, number)->block_status, __ATOMIC_ACQUIRE) &
               TP_STATUS_USER;
}

void ring_notice(struct ring *ring, uint64_t now_ns)
{
    for (; is_full(ring, ring->noticed); ring->noticed++) {
        struct ring_block *block = block_of(ring, ring->noticed);
        atomic_store_explicit(&block->users, 1, memory_order_relaxed);
        atomic_store_explicit(&block->ours, true, memory_order_relaxed);
        block->noticed_ns = now_ns;
    }
}

static void give_back(struct ring *ring, uint64_t number)
{
    struct ring_block *block = block_of(ring, number);
    if (atomic_fetch_sub_explicit(&block->users, 1, memory_order_acq_rel) != 1)
        return;
    __atomic_store_n(&header_of(ring, number)->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    atomic_store_explicit(&block->ours, false, memory_order_release);
}

static void open_block(struct ring *ring)
{
    const struct tpacket_hdr_v1 *header = header_of(ring, ring->reading);
    ring->open = true;
    ring->left = header->num_pkts;
    ring->next = memory_of(ring, ring->reading) + header->offset_to_first_pkt;
}

bool ring_ready(struct ring *ring)
{
    while (ring->left == 0) {
        ring->reading += ring->open ? 1 : 0;
        ring->open = false;
        if (ring->reading == ring->noticed)
            return false;
        open_block(ring);
    }
    return true;
}

uint64_t ring_next_noticed(const struct ring *ring)
{
    return block_of(ring, ring->reading)->noticed_ns;
}

void ring_let_go(struct ring *ring)
{
    if (ring->open && ring->left == 0) {
        ring->open = false;
        ring->reading++;
    }
    for (; ring->let_go < ring->reading; ring->let_go++)
        give_back(ring, ring->let_go);
    ring->given = false;
}

struct ring_range ring_hold(struct ring *ring)
{
    const struct ring_range held = {ring->given_from, ring->reading + (ring->open ? 1 : 0)};
    if (!ring->given)
        return (struct ring_range){0, 0};
    for (uint64_t number = held.from; number < held.to; number++)
        atomic_fetch_add_explicit(&block_of(ring, number)->users, 1, memory_order_relaxed);
    return held;
}

void ring_release(struct ring *ring, struct ring_range held)
{
    for (uint64_t number = held.from; number < held.to; number++)
        give_back(ring, number);
}

/* --- frames --- */

static const struct tpacket3_hdr *next_header(const struct ring *ring)
{
    return (const struct tpacket3_hdr *)(const void *)ring->next;
}

uint64_t ring_next_time(const struct ring *ring)
{
    const struct tpacket3_hdr *header = next_header(ring);
    return (uint64_t)header->tp_sec * 1000000000 + header->tp_nsec;
}

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

struct ring_beside ring_take(struct ring *ring, struct frame *frame)
{
    const struct tpacket3_hdr *header = next_header(ring);
    uint8_t *at = ring->map + (size_t)(ring->next - ring->map) + header->tp_mac;
    __builtin_prefetch(at);
    __builtin_prefetch(ring->next + header->tp_next_offset);
    *frame = (struct frame){.at = at,
                            .captured_len = header->tp_snaplen,
                            .wire_len = header->tp_len,
                            .time_ns = ring_next_time(ring),
                            .link_type = ring->socket.link_type};
    struct ring_beside beside = {.adapter_time =
                                     (header->tp_status & TP_STATUS_TS_RAW_HARDWARE) != 0};
    beside.tag_restored = (header->tp_status & TP_STATUS_VLAN_VALID) &&
                          header->tp_snaplen >= MAC_ADDRESSES_LEN &&
                          ring->socket.link_type == LINK_ETHERNET;
    if (beside.tag_restored)
        restore_tag(frame, at, header);
    if (!ring->given)
        ring->given_from = ring->reading;
    ring->given = true;
    ring->next += header->tp_next_offset;
    ring->left--;
    return beside;
}

/* --- the ring itself --- */

static bool choose_sizes(struct ring *ring, const struct live_options *options, struct error *error)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t ring_len = options->ring_bytes ? options->ring_bytes : LIVE_RING_BYTES;
    ring->block_len = options->block_bytes ? options->block_bytes : LIVE_BLOCK_BYTES;
    if (ring->block_len % page != 0 || ring->block_len > MAX_BLOCK)
        return error_set(error,
                         "a block of %zu bytes cannot be had: it must be a multiple of %zu, "
                         "and at most %d",
                         ring->block_len, page, MAX_BLOCK);
    if (ring_len / ring->block_len < RING_MIN_BLOCKS || ring_len / ring->block_len > UINT16_MAX)
        return error_set(error,
                         "a ring of %zu bytes cannot be had: it must have %d to %d blocks "
                         "of %zu bytes",
                         ring_len, RING_MIN_BLOCKS, UINT16_MAX, ring->block_len);
    ring->num_blocks = (unsigned)(ring_len / ring->block_len);
    return true;
}

bool ring_sizes_fit(const struct live_options *options, struct error *error)
{
    struct ring ring = {.num_blocks = 0};
    return choose_sizes(&ring, options, error);
}

bool ring_map(struct ring *ring, const struct live_options *options, unsigned block_ms,
              struct error *error)
{
    if (!choose_sizes(ring, options, error))
        return false;
    /* Frames have any length up to a block's: the frame size only has to be valid. */
    const struct tpacket_req3 request = {.tp_block_size = (unsigned)ring->block_len,
                                         .tp_block_nr = ring->num_blocks,
                                         .tp_frame_size = (unsigned)ring->block_len,
                                         .tp_frame_nr = ring->num_blocks,
                                         .tp_retire_blk_tov = block_ms};
    const size_t len = ring->block_len * ring->num_blocks;
    if (setsockopt(ring->socket.fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) != 0)
        return error_set(error, "a ring of %zu bytes for %s cannot be had: %m", len,
                         ring->socket.name);
    void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, ring->socket.fd, 0);
    if (map == MAP_FAILED)
        return error_set(error, "a ring of %zu bytes for %s cannot be mapped: %m", len,
                         ring->socket.name);
    ring->map = map;
    ring->blocks = calloc(ring->num_blocks, sizeof ring->blocks[0]);
    return ring->blocks != NULL || error_set(error, "there is no memory for a ring");
}

void ring_close(struct ring *ring)
{
    if (ring->map != NULL)
        munmap(ring->map, ring->block_len * ring->num_blocks);
    free(ring->blocks);
    ring_socket_close(&ring->socket);
}
