/* memory.h: how often the system had no memory for perpass.
 *
 * What memory was for is left out when there is none, and the rest goes on. That must not pass unseen, so the linker
 * puts what is in memory.c between perpass's own calls of malloc and its kin and the C library (-Wl,--wrap, see
 * CMakeLists.txt): no call can be forgotten. Calls inside libraries are not seen. */
#ifndef PERPASS_CORE_MEMORY_H
#define PERPASS_CORE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* memory_refused tells how often so far, by all threads. */
uint64_t memory_refused(void);

/* memory_note_refused counts what a library could not make; memory_made gives what it made, and counts when that is
 * NULL. */
void memory_note_refused(void);

static inline void *memory_made(void *thing)
{
    if (__builtin_expect(thing == NULL, 0))
        memory_note_refused();
    return thing;
}

#endif
