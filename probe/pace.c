/* pace.c: every datagram takes the next place in time. What was not used is not saved up, but for a few. */
#include "probe/pace.h"

#include <errno.h>
#include <time.h>

enum { NS_PER_SECOND = 1000000000, BURST = 4 };

uint64_t probe_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

void pace_begin(struct pace *pace, uint64_t rate)
{
    pthread_mutex_init(&pace->lock, NULL);
    pace->interval_ns = NS_PER_SECOND / (rate > 0 ? rate : 1);
    pace->next_ns = 0;
}

void pace_wait(struct pace *pace)
{
    pthread_mutex_lock(&pace->lock);
    const uint64_t now = probe_now(), saved = BURST * pace->interval_ns;
    if (pace->next_ns + saved < now)
        pace->next_ns = now - saved;
    const uint64_t mine = pace->next_ns;
    pace->next_ns += pace->interval_ns;
    pthread_mutex_unlock(&pace->lock);
    if (mine <= now)
        return;
    const struct timespec until = {.tv_sec = (time_t)(mine / NS_PER_SECOND),
                                   .tv_nsec = (long)(mine % NS_PER_SECOND)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        continue;
}

void pace_end(struct pace *pace)
{
    pthread_mutex_destroy(&pace->lock);
}
