/* team.h: an engine for every share of the traffic, and the threads that feed them.
 *
 * Packets are spread over a fixed number of engines by the pair of their addresses, so that a transfer on new ports
 * stays with what asked for it; packets that announce conversations between others (DHCP) go to an engine of their
 * own, whose announcements are passed on to all. The number of engines does not depend on the number of threads, and
 * observations are told in the order of the packets that made them: the same input gives the same observations in
 * the same order, however many threads there are.
 *
 * With one thread nothing is queued or copied. With several, each takes what is to be done next: reading frames,
 * decoding them, giving them out in their order, feeding one engine, telling the observations. */
#ifndef PERPASS_CORE_TEAM_H
#define PERPASS_CORE_TEAM_H

#include "core/engine.h"

enum { TEAM_MAX_THREADS = 64 };

struct team;

/* Where team_read gets frames. The functions are called by one thread at a time, not always the same, but for
 * |release|, which may be called at the same time as others. */
struct team_source {
    void *to;
    /* Gives up to |max| frames, which live until the next call, and longer when they are held; 0 at the end. */
    size_t (*read)(void *to, struct frame *frames, size_t max);
    /* Holds the memory of the frames that were read last until |release|; NULL: it cannot be held. */
    void *(*hold)(void *to);
    void (*release)(void *to, void *held);
};

/* team_new gives a team of |threads| (1 to TEAM_MAX_THREADS). The bounds of |options| are shared among its engines;
 * |emit| is called by one thread at a time, not always the same. NULL and the error. */
struct team *team_new(const struct engine_options *options, unsigned threads, struct error *error);

/* team_pin binds each thread to a processor: the calling one, now, to cpus[0], the others to those that follow, and
 * round again. False and the error when one of them cannot be had. */
bool team_pin(struct team *team, const unsigned *cpus, size_t num, struct error *error);

/* team_feed reads |num| frames by the thread that calls it. */
void team_feed(struct team *team, const struct frame *frames, size_t num);

/* team_read reads what |source| gives, to its end, by all threads; then all that is said of it has been told, and
 * the other threads wait until it is called again. */
void team_read(struct team *team, const struct team_source *source);

/* As those of the engine. */
void team_advance(struct team *team, uint64_t time_ns);
void team_finish(struct team *team);
struct engine_stats team_stats(const struct team *team);
void team_free(struct team *team);

#endif
