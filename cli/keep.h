/* keep.h: writes the packets that results rest on to a file: those of conversations that somebody reads, for as long as
 * they are read, and those with odd headers, with what came shortly before them.
 *
 * Whether somebody reads a conversation is known some packets after its beginning. Until then its packets wait, in
 * the order of all: 8 MiB and 10 seconds of the packets' time at most; then the undecided ones are let go. */
#ifndef PERPASS_CLI_KEEP_H
#define PERPASS_CLI_KEEP_H

#include "core/engine.h"

#include <stdio.h>

struct keep;

/* keep_new writes to |out|, |max_bytes| at most; |name| is that of the interface, or NULL. NULL: there is no memory. */
struct keep *keep_new(FILE *out, const char *name, uint64_t max_bytes);

/* keep_packet takes a packet in its turn; see struct engine_options. */
void keep_packet(struct keep *keep, const struct frame *frame, uint64_t conversation,
                 enum engine_interest interest);

/* keep_restart goes on in another file, which may get |max_bytes|. */
void keep_restart(struct keep *keep, FILE *out, uint64_t max_bytes);

/* keep_finish writes what waits and is wanted. */
void keep_finish(struct keep *keep);

struct keep_stats {
    uint64_t written;
    uint64_t not_written; /* wanted, but there was no room in the file, or no memory */
};
struct keep_stats keep_stats(const struct keep *keep);
void keep_free(struct keep *keep);

#endif
