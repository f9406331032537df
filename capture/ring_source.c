/* ring_source.c: a network interface, read by one ring or by several, among which the system shares its frames.
 *
 * Frames of several rings come in the order of their times, so that it does not matter which ring a frame went to. A
 * ring that is empty may still get a frame that is older than those of others: the system hands a block over late.
 * So a frame waits until every empty ring has been empty for longer than that. Neither clock need be right for it:
 * what is waited for is the time since its block was seen to be full. */
#include "capture/ring.h"
#include "capture/source_ops.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

enum { ONE_MS = 1000000, SLACK_MS = 10, NAP_MS = 1, MAX_RINGS = LIVE_MAX_RINGS + 1 };

/* Frames at the heads of rings are of about the same time, unless the clock that stamped them was set. */
static const uint64_t same_time_ns = 2000000000;

struct rings {
    struct ring at[MAX_RINGS];
    unsigned num;
    /* An interface that is removed and comes again is another one to the system, and sockets of a group cannot be
     * bound to it: this one reads it then, alone. Behind the others. */
    bool has_spare, spare_reads;
    struct filter *filter; /* the source's own; NULL: every frame passes */
    struct live_options options;
    unsigned block_ms;
    int wait_ms;
    int descriptors[MAX_RINGS];
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The rings that frames come by. */
static struct ring *first_of(struct rings *rings)
{
    return &rings->at[rings->spare_reads ? rings->num : 0];
}

static struct ring *end_of(struct rings *rings)
{
    return &rings->at[rings->spare_reads ? rings->num + 1 : rings->num];
}

/* --- which frame is next --- */

static bool is_before(const struct ring *a, const struct ring *b)
{
    const uint64_t time_a = ring_next_time(a), time_b = ring_next_time(b);
    if (time_a + same_time_ns < time_b || time_b + same_time_ns < time_a)
        return ring_next_noticed(a) < ring_next_noticed(b);
    return time_a < time_b;
}

/* What there is to read. */
struct heads {
    struct ring *first; /* the ring of the next frame; NULL: all are empty */
    uint64_t until_ns;  /* frames of that ring come first up to this time */
    bool some_empty;
};

static struct heads look(struct rings *rings)
{
    struct heads heads = {.until_ns = UINT64_MAX};
    for (struct ring *ring = first_of(rings); ring < end_of(rings); ring++) {
        if (!ring_ready(ring))
            heads.some_empty = true;
        else if (heads.first == NULL || is_before(ring, heads.first))
            heads.first = ring;
    }
    for (struct ring *ring = first_of(rings); ring < end_of(rings); ring++)
        if (ring != heads.first && ring_ready(ring) && ring_next_time(ring) < heads.until_ns)
            heads.until_ns = ring_next_time(ring);
    return heads;
}

static void notice_all(struct rings *rings, uint64_t now)
{
    for (struct ring *ring = first_of(rings); ring < end_of(rings); ring++)
        ring_notice(ring, now);
}

/* How long a frame that came before those of |heads.first| may still be on its way to a ring that is empty. */
static uint64_t must_wait_ns(const struct rings *rings, const struct heads *heads, uint64_t now)
{
    /* The system looks every block_ms whether a block has waited as long. */
    const uint64_t grace = (2 * (uint64_t)rings->block_ms + SLACK_MS) * ONE_MS;
    if (!heads->some_empty)
        return 0;
    const uint64_t until = ring_next_noticed(heads->first) + grace;
    return until > now ? until - now : 0;
}

/* --- frames --- */

/* Takes the next frame of |ring|; false: the filter does not pass it. */
static bool take_frame(struct source *source, struct ring *ring, struct frame *frame)
{
    const struct rings *rings = source->state;
    struct source_stats *stats = &source->stats;
    const struct ring_beside beside = ring_take(ring, frame);
    stats->adapter_stamped += beside.adapter_time;
    stats->bytes += frame->captured_len;
    return rings->filter == NULL || (!beside.tag_restored && ring->socket.kernel_filters) ||
           filter_passes(rings->filter, frame);
}

/* Adds frames of |heads.first| up to its time. */
static void take_frames(struct source *source, const struct heads *heads, struct frame *frames,
                        size_t max, size_t *num)
{
    struct ring *ring = heads->first;
    struct source_stats *stats = &source->stats;
    do {
        struct frame *frame = &frames[*num];
        if (take_frame(source, ring, frame)) {
            frame->number = stats->frames + ++*num;
        } else {
            stats->frames++;
            stats->filtered++;
        }
    } while (*num < max && ring->left > 0 && ring_next_time(ring) <= heads->until_ns);
}

/* --- waiting --- */

static void ring_count(struct source *source)
{
    struct rings *rings = source->state;
    for (struct ring *ring = first_of(rings); ring < end_of(rings); ring++)
        ring_socket_count(&ring->socket, &source->stats);
}

static void went_down(struct source *source)
{
    source->stats.outages += !source->stats.down;
    source->stats.down = true;
}

static enum source_status let_spare_read(struct source *source, struct error *error)
{
    struct rings *rings = source->state;
    struct ring *spare = &rings->at[rings->num];
    if (spare->map == NULL && !ring_map(spare, &rings->options, rings->block_ms, error))
        return SOURCE_DAMAGED;
    if (!ring_socket_follow(&spare->socket))
        return SOURCE_FRAMES; /* it went away again: tried later */
    ring_count(source);
    rings->spare_reads = true;
    return SOURCE_FRAMES;
}

/* While an interface is only down, the system begins again by itself when it comes up. */
static enum source_status find_again(struct source *source, struct error *error)
{
    struct rings *rings = source->state;
    struct ring *first = first_of(rings);
    if (ring_socket_place(&first->socket) != RING_MOVED)
        return SOURCE_FRAMES;
    if (!first->socket.in_group) {
        ring_socket_follow(&first->socket);
        return SOURCE_FRAMES;
    }
    if (rings->has_spare)
        return let_spare_read(source, error);
    error_set(
        error,
        "%s was removed: its place in a group of rings (--fanout-group) cannot be taken again",
        source->name);
    return SOURCE_DAMAGED;
}

static enum source_status check_all(struct source *source, struct error *error)
{
    struct rings *rings = source->state;
    for (struct ring *ring = first_of(rings); ring < end_of(rings); ring++) {
        switch (ring_socket_check(&ring->socket, error)) {
        case RING_DOWN:
            went_down(source);
            break;
        case RING_BROKEN:
            return SOURCE_DAMAGED;
        case RING_FINE:
            break;
        }
    }
    return SOURCE_FRAMES;
}

/* Waits at most |wait_ns| for a block of a ring that is empty. */
static enum source_status wait_for_block(struct source *source, uint64_t wait_ns, bool all_empty,
                                         struct error *error)
{
    struct rings *rings = source->state;
    struct pollfd polls[MAX_RINGS];
    struct ring *empty[MAX_RINGS];
    nfds_t num = 0;
    bool news = false, faulty = false;
    if (source->stats.down && all_empty) {
        enum source_status status = find_again(source, error);
        if (status != SOURCE_FRAMES)
            return status;
    }
    for (struct ring *ring = first_of(rings); ring < end_of(rings); ring++)
        if (!ring_ready(ring)) {
            empty[num] = ring;
            polls[num++] = (struct pollfd){.fd = ring->socket.fd, .events = POLLIN};
        }
    const struct timespec time = {.tv_sec = (time_t)(wait_ns / 1000000000),
                                  .tv_nsec = (long)(wait_ns % 1000000000)};
    if (ppoll(polls, num, &time, NULL) <= 0)
        return SOURCE_FRAMES;
    const uint64_t now = now_ns();
    for (nfds_t i = 0; i < num; i++) {
        faulty |= (polls[i].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
        ring_notice(empty[i], now);
        news |= ring_ready(empty[i]);
    }
    if (faulty)
        return check_all(source, error);
    /* The system also says so while its last block is still held. */
    if (!news)
        nanosleep(&(struct timespec){.tv_nsec = NAP_MS * ONE_MS}, NULL);
    return SOURCE_FRAMES;
}

static enum source_status ring_read(struct source *source, struct frame *frames, size_t max,
                                    size_t *num, struct error *error)
{
    struct rings *rings = source->state;
    uint64_t now = now_ns();
    const uint64_t idle_at = now + (uint64_t)rings->wait_ms * ONE_MS;
    for (struct ring *ring = first_of(rings); ring < end_of(rings); ring++)
        ring_let_go(ring);
    notice_all(rings, now);
    while (*num < max) {
        const struct heads heads = look(rings);
        uint64_t wait_ns = idle_at > now ? idle_at - now : 0;
        if (heads.first != NULL)
            wait_ns = must_wait_ns(rings, &heads, now);
        if (heads.first != NULL && wait_ns == 0) {
            take_frames(source, &heads, frames, max, num);
            continue;
        }
        if (*num > 0)
            break;
        if (heads.first == NULL && wait_ns == 0)
            return SOURCE_IDLE;
        enum source_status status = wait_for_block(source, wait_ns, heads.first == NULL, error);
        if (status != SOURCE_FRAMES)
            return status;
        now = now_ns();
        notice_all(rings, now);
    }
    /* What was captured before an outage may be read after it. */
    if (source->stats.down)
        source->stats.down = !ring_socket_can_read(&first_of(rings)->socket);
    return SOURCE_FRAMES;
}

/* --- holding --- */

struct held {
    unsigned num; /* rings from the first on */
    struct ring_range ranges[];
};

static void *ring_source_hold(struct source *source)
{
    struct rings *rings = source->state;
    const unsigned num = rings->num + (rings->has_spare ? 1 : 0);
    struct held *held = malloc(sizeof *held + num * sizeof held->ranges[0]);
    if (held == NULL)
        return NULL;
    held->num = num;
    for (unsigned i = 0; i < num; i++)
        held->ranges[i] = ring_hold(&rings->at[i]);
    return held;
}

static void ring_source_release(struct source *source, void *token)
{
    struct rings *rings = source->state;
    struct held *held = token;
    for (unsigned i = 0; i < held->num; i++)
        ring_release(&rings->at[i], held->ranges[i]);
    free(held);
}

/* --- the source itself --- */

static void free_rings(struct rings *rings)
{
    for (unsigned i = 0; i < MAX_RINGS; i++)
        ring_close(&rings->at[i]);
    free(rings);
}

static void ring_source_close(struct source *source)
{
    free_rings(source->state);
}

static const struct source_ops ring_ops = {.read = ring_read,
                                           .close = ring_source_close,
                                           .hold = ring_source_hold,
                                           .release = ring_source_release,
                                           .count = ring_count};

/* --- opening --- */

static enum live_result open_socket(struct source *source, struct ring *ring,
                                    const struct live_options *options, struct error *error)
{
    struct ring_socket *socket = &ring->socket;
    switch (ring_socket_open(socket, source->name, !options->not_promiscuous, error)) {
    case RING_OPEN:
        break;
    case RING_UNFIT:
        return LIVE_UNFIT;
    case RING_FAILED:
        return LIVE_FAILED;
    }
    if (options->adapter_time && !ring_socket_stamp(socket)) {
        error_set(error, "%s has no time stamps of its own (or does not let them be had)",
                  source->name);
        return LIVE_FAILED;
    }
    return LIVE_OPEN;
}

static bool make_filter(struct source *source, struct rings *rings, struct error *error)
{
    if (rings->options.filter == NULL)
        return true;
    rings->filter = source->own_filter =
        filter_new(rings->options.filter, rings->at[0].socket.link_type, error);
    return rings->filter != NULL;
}

/* All rings are there before the first is begun: then frames are spread over all. */
static enum live_result open_all(struct source *source, struct rings *rings,
                                 const struct live_options *options, struct error *error)
{
    struct ring_group group = {.options = options->fanout};
    const bool in_group = rings->num > 1 || options->fanout.group != 0;
    rings->has_spare = rings->num > 1 && options->fanout.group == 0;
    const unsigned num_sockets = rings->num + (rings->has_spare ? 1 : 0);
    for (unsigned i = 0; i < num_sockets; i++) {
        enum live_result result = open_socket(source, &rings->at[i], options, error);
        if (result != LIVE_OPEN)
            return result;
        rings->descriptors[i] = rings->at[i].socket.fd;
    }
    if (!make_filter(source, rings, error))
        return LIVE_FAILED;
    if (rings->has_spare && rings->filter != NULL)
        ring_socket_filter(&rings->at[rings->num].socket, rings->filter);
    for (unsigned i = 0; i < rings->num; i++)
        if (!ring_map(&rings->at[i], options, rings->block_ms, error))
            return LIVE_FAILED;
    for (unsigned i = 0; i < rings->num; i++)
        if (!ring_socket_begin(&rings->at[i].socket, rings->filter, in_group ? &group : NULL,
                               error))
            return LIVE_FAILED;
    source->descriptors = rings->descriptors;
    source->num_descriptors = num_sockets;
    return LIVE_OPEN;
}

static const char *format_of(const struct live_options *options)
{
    if (options->num_rings > 1)
        return options->adapter_time ? "interface (TPACKET_V3 rings, adapter time)"
                                     : "interface (TPACKET_V3 rings)";
    return options->adapter_time ? "interface (TPACKET_V3 ring, adapter time)"
                                 : "interface (TPACKET_V3 ring)";
}

enum live_result ring_source_open(struct source *source, const struct live_options *options,
                                  struct error *error)
{
    assert(options->num_rings <= LIVE_MAX_RINGS);
    struct rings *rings = calloc(1, sizeof *rings);
    if (rings == NULL) {
        error_set(error, "%s cannot be read: there is no memory", source->name);
        return LIVE_FAILED;
    }
    for (unsigned i = 0; i < MAX_RINGS; i++)
        rings->at[i].socket.fd = -1;
    rings->num = options->num_rings ? options->num_rings : 1;
    rings->options = *options;
    rings->block_ms = rings->num > 1 ? LIVE_SHARED_BLOCK_MS : LIVE_BLOCK_MS;
    if (options->block_ms != 0)
        rings->block_ms = options->block_ms;
    rings->wait_ms = (int)(options->wait_ms ? options->wait_ms : LIVE_WAIT_MS);
    enum live_result result = open_all(source, rings, options, error);
    if (result != LIVE_OPEN) {
        free_rings(rings);
        return result;
    }
    source->ops = &ring_ops;
    source->state = rings;
    source->first_link = rings->at[0].socket.link_type;
    source->format = format_of(options);
    return LIVE_OPEN;
}
