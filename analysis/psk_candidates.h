/* psk_candidates.h: a list of keys, one a line, read piece by piece: it may be larger than memory.
 *
 * A line is a key as it stands, every byte of it, without its line end (LF or CR LF). If it is an even number of hex
 * digits, perhaps behind 0x, the bytes that they say are another one. Blank lines are none; there are no comments, as
 * keys may have any character. */
#ifndef PERPASS_ANALYSIS_PSK_CANDIDATES_H
#define PERPASS_ANALYSIS_PSK_CANDIDATES_H

#include "analysis/psk_trial.h"

#include <sys/types.h>

enum {
    PSK_BATCH_KEYS = 1024,
    PSK_BATCH_BYTES = 32 << 10,
    PSK_MAX_LINE = 2 * PSK_MAX_KEY + 2 /* the digits of the longest key, and 0x */
};

/* Belongs in secret memory. Of its beginning, which is all zero, only |to| and |read| are set. */
struct psk_candidates {
    void *to;
    /* Reads up to |max| bytes; 0 at the end, less than 0 when the file cannot be read. */
    ssize_t (*read)(void *to, uint8_t *bytes, size_t max);
    uint64_t bytes;    /* read so far */
    uint64_t keys;     /* given out */
    uint64_t too_long; /* lines that were too long for a key, and left out */
    bool failed;
    bool ended, begun, passing; /* passing: over the rest of a line that is too long */
    size_t at, len;
    uint8_t buffer[64 << 10];
};

/* Keys that are taken at a time. Belongs in secret memory, too. */
struct psk_batch {
    size_t num, used;
    struct span keys[PSK_BATCH_KEYS];
    uint8_t bytes[PSK_BATCH_BYTES];
};

/* psk_candidates_take fills |batch| with the next keys; false when there are none any more. */
bool psk_candidates_take(struct psk_candidates *candidates, struct psk_batch *batch);

#endif
