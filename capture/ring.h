/* ring.h: one ring of blocks that the system fills with the frames of an interface and the program empties
 * (TPACKET_V3; packet(7), the kernel's packet_mmap.rst). Frames are read where they lie, and a block goes back to the
 * system once nobody uses it: neither the reader, who has come to its end, nor a holder. */
#ifndef PERPASS_CAPTURE_RING_H
#define PERPASS_CAPTURE_RING_H

#include "capture/ring_socket.h"
#include "core/packet.h"

enum { RING_MIN_BLOCKS = 4 };

struct ring_block;

/* Blocks have numbers that go on for ever: number n is the n-th that is filled. */
struct ring {
    struct ring_socket socket;
    uint8_t *map;
    size_t block_len;
    unsigned num_blocks;
    struct ring_block *blocks; /* number n at n % num_blocks */
    uint64_t let_go;           /* the first that the reader uses */
    uint64_t reading;          /* the one that is read, or will be next */
    uint64_t noticed;          /* the first that was not seen to be full yet */
    bool open;                 /* |reading| is being read */
    uint32_t left;             /* frames in it that were not given yet */
    const uint8_t *next;       /* the first of them */
    uint64_t
        given_from; /* blocks from here up to |reading| have frames that were given since ring_let_go */
    bool given;
};

/* ring_sizes_fit says whether there can be a ring of the sizes in |options|. */
bool ring_sizes_fit(const struct live_options *options, struct error *error);

/* ring_map makes the ring of |socket| and the memory that is shared with the system. */
bool ring_map(struct ring *ring, const struct live_options *options, unsigned block_ms,
              struct error *error);

/* ring_close may be called for a ring that is all zero but for its socket. Nothing of it may be held. */
void ring_close(struct ring *ring);

/* ring_notice looks which blocks have become full, at |now_ns| of a clock that never steps. */
void ring_notice(struct ring *ring, uint64_t now_ns);

/* ring_ready says whether there is a frame to be read. */
bool ring_ready(struct ring *ring);

/* Of the next frame, where there is one: its time, and when its block was noticed. */
uint64_t ring_next_time(const struct ring *ring);
uint64_t ring_next_noticed(const struct ring *ring);

/* What a frame of a ring has beside itself. */
struct ring_beside {
    bool tag_restored; /* the system had taken its VLAN tag out */
    bool adapter_time;
};

/* ring_take gives the next frame, without its number. Its bytes are there until ring_let_go, or longer if held. */
struct ring_beside ring_take(struct ring *ring, struct frame *frame);

/* ring_let_go says that the reader uses nothing any more of what it took. */
void ring_let_go(struct ring *ring);

/* Blocks from |from| up to |to|, without that. */
struct ring_range {
    uint64_t from, to;
};

/* ring_hold keeps the blocks of the frames that were taken since ring_let_go; ring_release lets them go: by any
 * thread, also while others read. */
struct ring_range ring_hold(struct ring *ring);
void ring_release(struct ring *ring, struct ring_range held);

#endif
