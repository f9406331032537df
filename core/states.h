/* states.h: what dissectors remember of the conversations that they read, over all of them.
 *
 * Bounded in bytes, because everybody can begin handshakes and leave them. At the bound the oldest gives way: of those
 * that nobody has answered while they take more than a quarter, else of those that were answered. So who was answered
 * is not pushed out by a flood that nobody answers, and who begins has the time in which a quarter is filled. */
#ifndef PERPASS_CORE_STATES_H
#define PERPASS_CORE_STATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct states_entry;

struct states_queue {
    struct states_entry *oldest, *newest;
    size_t bytes;
};

struct states {
    struct states_queue unanswered, answered;
    size_t limit; /* bytes, of both */
};

/* states_full says whether there is no room for a state of |size| bytes more while there are others. */
bool states_full(const struct states *states, size_t size);

/* states_new gives |size| bytes, all zero, for the flow |index|, as the newest of the unanswered ones; NULL when there
 * is no memory. The bound is the caller's to keep: states_full. */
void *states_new(struct states *states, uint32_t index, size_t size);
void states_free(struct states *states, void *state); /* |state| may be NULL */

/* states_oldest gives the flow whose state is to give way, and whether that counts as answered. There is one. */
uint32_t states_oldest(const struct states *states, bool *answered);

/* states_answered makes a state the newest of those that were answered. */
void states_answered(struct states *states, void *state);

#endif
