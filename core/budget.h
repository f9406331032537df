/* budget.h: how much memory something may hold in all, over every flow of a worker, and how often that was
 * not enough. Who takes gives back the same number. */
#ifndef PERPASS_CORE_BUDGET_H
#define PERPASS_CORE_BUDGET_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget {
    size_t limit, used; /* bytes */
    uint64_t
        refused; /* times that something was let go, at this bound or one of the holder's own */
};

/* budget_take sets |bytes| aside; false, and counted, when there are not so many. */
static inline bool budget_take(struct budget *budget, size_t bytes)
{
    if (bytes > budget->limit - budget->used) {
        budget->refused++;
        return false;
    }
    budget->used += bytes;
    return true;
}

static inline void budget_give(struct budget *budget, size_t bytes)
{
    assert(bytes <= budget->used);
    budget->used -= bytes;
}

#endif
