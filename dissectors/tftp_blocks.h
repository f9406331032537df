/* tftp_blocks.h: the blocks of one file put in order, by an observer that cannot ask for them again: numbers of 16
 * bits as positions in the file, blocks that come before their turn (RFC 7440) held until it comes, blocks that the
 * capture lacks given up. */
#ifndef PERPASS_DISSECTORS_TFTP_BLOCKS_H
#define PERPASS_DISSECTORS_TFTP_BLOCKS_H

#include "core/budget.h"
#include "dissectors/tftp.h"

enum {
    TFTP_MAX_HELD_BLOCKS = 256, /* of a transfer, before their turn */
    TFTP_MAX_HELD_BYTES = 256 << 10
};

/* Who reads the file: bytes in order, and how many are missing (0: nobody knows). */
struct tftp_reader {
    void *to;
    void (*add)(void *to, struct span bytes);
    void (*gap)(void *to, uint64_t len);
};

struct tftp_range {
    uint64_t offset, len;
};

struct tftp_held;

/* All-zero has seen nothing. */
struct tftp_blocks {
    /* What was agreed on, as far as is known: set by who owns this. */
    uint32_t blksize; /* 0: not known; the first block tells */
    bool blksize_certain;
    uint32_t windowsize; /* 0: not known */

    /* Number of the block whose turn it is, without bounds. Set to 1 by who owns this where the first block is
     * to come; 0: the first that is seen tells. */
    uint64_t next;
    uint64_t offset;     /* where in the file it begins, as far as is known */
    uint64_t acked;      /* the last number that was acknowledged, likewise */
    bool zero_acked;     /* the number 0 was acknowledged behind 65,535 */
    uint8_t rollover_to; /* 0 or 1, once |rollover_known| */
    bool rollover_known;
    bool ended;             /* the last block, shorter than the others, was read */
    bool length_unsure;     /* a loss of unknown length */
    struct tftp_held *held; /* by number */
    uint32_t num_held;
    uint64_t latest_held; /* the highest number that ever was */
    size_t held_bytes;

    uint64_t num_seen, bytes_seen, retransmitted, reordered, lost, lost_bytes, num_ranges;
    struct tftp_range ranges[TFTP_MAX_RANGES];
};

/* tftp_blocks_add takes the block |number| whose bytes are |data|. */
void tftp_blocks_add(struct tftp_blocks *blocks, struct budget *budget, uint16_t number,
                     struct reader data, const struct tftp_reader *reader);

/* tftp_blocks_ack notes that the receiver has all blocks up to |number|. */
void tftp_blocks_ack(struct tftp_blocks *blocks, struct budget *budget, uint16_t number,
                     const struct tftp_reader *reader);

/* tftp_blocks_finish gives up what is missing, and frees all that is held. */
void tftp_blocks_finish(struct tftp_blocks *blocks, struct budget *budget,
                        const struct tftp_reader *reader);

/* tftp_blocks_complete says whether the whole file was read: no block of it is missing, nor a part of one. */
bool tftp_blocks_complete(const struct tftp_blocks *blocks);

/* tftp_blocks_acknowledged says whether the last block was. */
bool tftp_blocks_acknowledged(const struct tftp_blocks *blocks);

#endif
