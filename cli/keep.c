/* keep.c: packets that wait until it is known whether they are wanted, and the file of those that are. */
#include "cli/keep.h"

#include "capture/pcapng_writer.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_WAITING = 8 << 20, NUM_KNOWN = 1 << 16 };

static const uint64_t max_wait_ns = 10000000000;

struct waiting {
    struct waiting *next;
    uint64_t conversation;
    bool wanted;
    struct frame frame; /* its bytes lie behind */
    uint8_t bytes[];
};

struct keep {
    struct pcapng_writer writer;
    uint64_t max_bytes;
    struct waiting *first, *last;
    size_t waiting_len;
    struct keep_stats stats;
    uint64_t
        read[NUM_KNOWN]; /* conversations that somebody reads; of two at one place the later one */
};

struct keep *keep_new(FILE *out, const char *name, uint64_t max_bytes)
{
    struct keep *keep = calloc(1, sizeof *keep);
    if (keep == NULL)
        return NULL;
    keep->writer = (struct pcapng_writer){.out = out, .name = name};
    keep->max_bytes = max_bytes;
    return keep;
}

static uint64_t *place_of(struct keep *keep, uint64_t conversation)
{
    return &keep->read[(conversation * 0x9e3779b97f4a7c15) >> 48];
}

static void write_frame(struct keep *keep, const struct frame *frame)
{
    struct pcapng_writer *writer = &keep->writer;
    bool fits = writer->out != NULL &&
                writer->written + pcapng_writer_cost(writer, frame) <= keep->max_bytes;
    if (fits && pcapng_writer_add(writer, frame))
        keep->stats.written++;
    else
        keep->stats.not_written++;
}

static void take_first(struct keep *keep)
{
    struct waiting *first = keep->first;
    if (first->wanted || *place_of(keep, first->conversation) == first->conversation)
        write_frame(keep, &first->frame);
    keep->waiting_len -= sizeof *first + first->frame.captured_len;
    keep->first = first->next;
    if (keep->first == NULL)
        keep->last = NULL;
    free(first);
}

/* What is wanted need not wait, but for what came before it. */
static void settle(struct keep *keep, uint64_t now_ns)
{
    while (keep->first != NULL) {
        const struct waiting *first = keep->first;
        const uint64_t time_ns = first->frame.time_ns;
        const uint64_t apart = now_ns > time_ns ? now_ns - time_ns : time_ns - now_ns;
        if (!first->wanted && keep->waiting_len <= MAX_WAITING && apart < max_wait_ns &&
            *place_of(keep, first->conversation) != first->conversation)
            return;
        take_first(keep);
    }
}

void keep_packet(struct keep *keep, const struct frame *frame, uint64_t conversation,
                 enum engine_interest interest)
{
    if (interest == INTEREST_READ)
        *place_of(keep, conversation) = conversation;
    if (keep->first != NULL)
        settle(keep, frame->time_ns);
    if (interest == INTEREST_READ && keep->first == NULL) {
        write_frame(keep, frame);
        return;
    }
    if (interest == INTEREST_NONE)
        return;
    struct waiting *waiting = malloc(sizeof *waiting + frame->captured_len);
    if (waiting == NULL) {
        keep->stats.not_written++;
        return;
    }
    *waiting = (struct waiting){
        .conversation = conversation, .wanted = interest == INTEREST_READ, .frame = *frame};
    memcpy(waiting->bytes, frame->at, frame->captured_len);
    waiting->frame.at = waiting->bytes;
    if (keep->last != NULL)
        keep->last->next = waiting;
    else
        keep->first = waiting;
    keep->last = waiting;
    keep->waiting_len += sizeof *waiting + frame->captured_len;
}

void keep_restart(struct keep *keep, FILE *out, uint64_t max_bytes)
{
    keep->max_bytes = max_bytes;
    keep->writer = (struct pcapng_writer){.out = out, .name = keep->writer.name};
}

void keep_finish(struct keep *keep)
{
    while (keep->first != NULL)
        take_first(keep);
}

struct keep_stats keep_stats(const struct keep *keep)
{
    return keep->stats;
}

void keep_free(struct keep *keep)
{
    if (keep == NULL)
        return;
    while (keep->first != NULL) {
        struct waiting *first = keep->first;
        keep->first = first->next;
        free(first);
    }
    free(keep);
}
