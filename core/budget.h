/* budget.h: how much memory something may hold in all, over every flow of a worker, and how often that was
 * not enough. Who takes gives back the same number. */
#ifndef PERPASS_CORE_BUDGET_H
#define PERPASS_CORE_BUDGET_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Somebody who waits for more, and gives way when there is no room for others: whoever began to wait first. All-zero
 * but for |give_way| waits for nothing. */
struct budget_holder {
    struct budget_holder *older, *newer;
    bool waits;
    void (*give_way)(
        struct budget_holder *holder); /* gives back all that it holds, and takes nothing */
};

struct budget {
    size_t limit, used; /* bytes */
    uint64_t
        refused; /* times that something was let go, at this bound or one of the holder's own */
    struct budget_holder *oldest, *newest; /* of those that wait */
};

/* budget_wait notes that |holder| began to wait, unless it did before; budget_wait_over that it is over. */
static inline void budget_wait(struct budget *budget, struct budget_holder *holder)
{
    if (holder->waits)
        return;
    holder->waits = true;
    holder->newer = NULL;
    holder->older = budget->newest;
    *(budget->newest != NULL ? &budget->newest->newer : &budget->oldest) = holder;
    budget->newest = holder;
}

static inline void budget_wait_over(struct budget *budget, struct budget_holder *holder)
{
    if (!holder->waits)
        return;
    holder->waits = false;
    *(holder->older != NULL ? &holder->older->newer : &budget->oldest) = holder->newer;
    *(holder->newer != NULL ? &holder->newer->older : &budget->newest) = holder->older;
}

/* budget_take sets |bytes| aside, for which others may have to give way, but not |by| (may be NULL); false, and counted,
 * when there are not so many. */
static inline bool budget_take_by(struct budget *budget, struct budget_holder *by, size_t bytes)
{
    while (bytes <= budget->limit && bytes > budget->limit - budget->used &&
           budget->oldest != NULL && budget->oldest != by) {
        struct budget_holder *oldest = budget->oldest;
        budget_wait_over(budget, oldest);
        budget->refused++;
        oldest->give_way(oldest);
    }
    if (bytes > budget->limit - budget->used) {
        budget->refused++;
        return false;
    }
    budget->used += bytes;
    return true;
}

static inline bool budget_take(struct budget *budget, size_t bytes)
{
    return budget_take_by(budget, NULL, bytes);
}

static inline void budget_give(struct budget *budget, size_t bytes)
{
    assert(bytes <= budget->used);
    budget->used -= bytes;
}

#endif
