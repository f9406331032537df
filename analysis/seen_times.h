/* seen_times.h: when something was seen first and last. What took the place of another does not come back: two things
 * were there at the same time when one of them was seen before and after the other. */
#ifndef PERPASS_ANALYSIS_SEEN_TIMES_H
#define PERPASS_ANALYSIS_SEEN_TIMES_H

#include <stdbool.h>
#include <stdint.h>

struct seen_times {
    uint64_t first_ns, last_ns;
};

static inline bool seen_times_overlap(const struct seen_times *a, const struct seen_times *b)
{
    return a->first_ns < b->last_ns && b->first_ns < a->last_ns;
}

#endif
