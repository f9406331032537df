/* pace.h: how fast datagrams leave, of all targets together. */
#ifndef PERPASS_PROBE_PACE_H
#define PERPASS_PROBE_PACE_H

#include <pthread.h>
#include <stdint.h>

struct pace {
    pthread_mutex_t lock;
    uint64_t interval_ns; /* between two datagrams */
    uint64_t next_ns;     /* of probe_now: when the next one may leave */
};

/* probe_now is the time on a clock that never goes back, in nanoseconds. */
uint64_t probe_now(void);

/* pace_begin allows |rate| datagrams a second, at least one. */
void pace_begin(struct pace *pace, uint64_t rate);

/* pace_wait waits until the next datagram may leave. */
void pace_wait(struct pace *pace);

void pace_end(struct pace *pace);

#endif
