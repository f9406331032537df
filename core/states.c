/* states.c: two queues in the order in which conversations were claimed. */
#include "core/states.h"

#include <assert.h>
#include <stdlib.h>

/* Stands before the state in memory. */
struct states_entry {
    struct states_entry *older, *newer;
    size_t bytes;
    uint32_t index;
    bool answered;
} __attribute__((aligned(16)));

static struct states_entry *entry_of(void *state)
{
    return (struct states_entry *)state - 1;
}

static struct states_queue *queue_of(struct states *states, const struct states_entry *entry)
{
    return entry->answered ? &states->answered : &states->unanswered;
}

static void append(struct states *states, struct states_entry *entry)
{
    struct states_queue *queue = queue_of(states, entry);
    entry->older = queue->newest;
    entry->newer = NULL;
    if (queue->newest != NULL)
        queue->newest->newer = entry;
    else
        queue->oldest = entry;
    queue->newest = entry;
    queue->bytes += entry->bytes;
}

static void take_out(struct states *states, struct states_entry *entry)
{
    struct states_queue *queue = queue_of(states, entry);
    if (entry->older != NULL)
        entry->older->newer = entry->newer;
    else
        queue->oldest = entry->newer;
    if (entry->newer != NULL)
        entry->newer->older = entry->older;
    else
        queue->newest = entry->older;
    assert(queue->bytes >= entry->bytes);
    queue->bytes -= entry->bytes;
}

bool states_full(const struct states *states, size_t size)
{
    size_t used = states->unanswered.bytes + states->answered.bytes;
    return used != 0 && used + sizeof(struct states_entry) + size > states->limit;
}

void *states_new(struct states *states, uint32_t index, size_t size)
{
    struct states_entry *entry = calloc(1, sizeof *entry + size);
    if (entry == NULL)
        return NULL;
    entry->index = index;
    entry->bytes = sizeof *entry + size;
    append(states, entry);
    return entry + 1;
}

void states_free(struct states *states, void *state)
{
    if (state == NULL)
        return;
    take_out(states, entry_of(state));
    free(entry_of(state));
}

uint32_t states_oldest(const struct states *states, bool *answered)
{
    *answered = states->unanswered.oldest == NULL ||
                (states->answered.oldest != NULL && states->unanswered.bytes <= states->limit / 4);
    const struct states_entry *entry =
        *answered ? states->answered.oldest : states->unanswered.oldest;
    assert(entry != NULL);
    return entry->index;
}

void states_answered(struct states *states, void *state)
{
    struct states_entry *entry = entry_of(state);
    take_out(states, entry);
    entry->answered = true;
    append(states, entry);
}
