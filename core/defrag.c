/* defrag.c: IPv4 (RFC 791 section 3.2) and IPv6 (RFC 8200 section 4.5) reassembly.
 *
 * A datagram is a buffer, and a bit for each 8 bytes that have come, as offsets count in 8
 * bytes: so any number of pieces in any order costs the same. A datagram that is done or spoilt
 * stays in the table for a while, without a buffer, to swallow what still comes of it. Each state
 * has a list in the order of time, which is the order of time-out and of eviction. */
#include "core/defrag.h"

#include "core/keyed_hash.h"

#include <stdlib.h>

enum { MAX_LEN = 65535, UNIT = 8, NUM_UNITS = (MAX_LEN + UNIT) / UNIT, WORD_BITS = 64 };
enum { MIN_BUFFER = 2048, MAX_CHAIN = 16, NUM_GIVEN = PACKET_MAX_TUNNELS + 2, NONE = -1 };

enum state { STATE_WAITING, STATE_DONE, STATE_SPOILT, NUM_STATES };

/* How long a datagram is in a state. The repeated fragments of one that is done are told from a new
 * datagram with the same identification by time: a mirror port that sees a packet twice repeats it
 * much sooner, and a sender comes round to the same number much later. */
static const uint64_t lives_ns[NUM_STATES] = {
    [STATE_WAITING] = 30000000000u, [STATE_DONE] = 100000000u, [STATE_SPOILT] = 30000000000u};

/* What tells datagrams apart; compared as bytes, so that it has no padding. */
struct key {
    uint8_t addresses[2][16];
    uint32_t id, tunnel_id;
    uint8_t ip_version, protocol, num_tunnels, tunnel;
    uint8_t unused[4];
};
_Static_assert(sizeof(struct key) == 48, "the key is compared as bytes");

struct datagram {
    struct key key;
    uint64_t time_ns; /* since when it is in |state| */
    uint8_t *bytes;   /* |capacity| of them; NULL when done or spoilt */
    size_t capacity;
    uint32_t len;       /* of the datagram, when the last fragment came */
    uint32_t end;       /* of what came */
    uint32_t num_units; /* that came */
    bool last_came, conflict;
    enum state state;
    int bucket, next; /* index of the next one in the bucket, or NONE */
    int older, newer; /* in the list of |state|, or NONE; |newer| also links free ones */
    uint64_t came[NUM_UNITS / WORD_BITS]; /* a bit for each unit */
};
_Static_assert(NUM_UNITS % WORD_BITS == 0, "units fill words");

struct list {
    int oldest, newest;
};

struct defrag {
    struct defrag_stats stats;
    struct datagram *datagrams;
    int *buckets; /* heads; a power of two of them */
    size_t max_datagrams, max_bytes, num_buckets;
    size_t bytes; /* in all buffers */
    int free;
    struct list lists[NUM_STATES];
    /* What the last calls gave, and NULL for those that gave nothing: a datagram may hold a
     * fragment of another one, whose views point into it. */
    uint8_t *given[NUM_GIVEN];
    size_t num_calls;
};

static size_t buckets_for(size_t num)
{
    size_t n = 16;
    while (n < num)
        n *= 2;
    return n;
}

struct defrag *defrag_new(size_t max_datagrams, size_t max_bytes)
{
    struct defrag *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->max_datagrams = max_datagrams < 1 ? 1 : max_datagrams;
    d->max_bytes = max_bytes;
    d->num_buckets = buckets_for(d->max_datagrams);
    d->datagrams = calloc(d->max_datagrams, sizeof *d->datagrams);
    d->buckets = calloc(d->num_buckets, sizeof *d->buckets);
    if (d->datagrams == NULL || d->buckets == NULL) {
        defrag_free(d);
        return NULL;
    }
    for (size_t i = 0; i < d->num_buckets; i++)
        d->buckets[i] = NONE;
    for (size_t i = 0; i < d->max_datagrams; i++)
        d->datagrams[i].newer = i + 1 < d->max_datagrams ? (int)i + 1 : NONE;
    for (size_t i = 0; i < NUM_STATES; i++)
        d->lists[i] = (struct list){NONE, NONE};
    return d;
}

void defrag_free(struct defrag *defrag)
{
    if (defrag == NULL)
        return;
    for (size_t i = 0; defrag->datagrams != NULL && i < defrag->max_datagrams; i++)
        free(defrag->datagrams[i].bytes);
    for (size_t i = 0; i < NUM_GIVEN; i++)
        free(defrag->given[i]);
    free(defrag->datagrams);
    free(defrag->buckets);
    free(defrag);
}

const struct defrag_stats *defrag_stats(const struct defrag *defrag)
{
    return &defrag->stats;
}

static void drop_buffer(struct defrag *d, struct datagram *g)
{
    free(g->bytes);
    d->bytes -= g->capacity;
    g->bytes = NULL;
    g->capacity = 0;
}

static void list_remove(struct defrag *d, struct datagram *g)
{
    struct list *list = &d->lists[g->state];
    if (g->older != NONE)
        d->datagrams[g->older].newer = g->newer;
    else
        list->oldest = g->newer;
    if (g->newer != NONE)
        d->datagrams[g->newer].older = g->older;
    else
        list->newest = g->older;
}

static void list_append(struct defrag *d, int index, enum state state, uint64_t now_ns)
{
    struct datagram *g = &d->datagrams[index];
    struct list *list = &d->lists[state];
    g->state = state;
    g->time_ns = now_ns;
    g->older = list->newest;
    g->newer = NONE;
    if (list->newest != NONE)
        d->datagrams[list->newest].newer = index;
    else
        list->oldest = index;
    list->newest = index;
}

static void change_state(struct defrag *d, int index, enum state state, uint64_t now_ns)
{
    list_remove(d, &d->datagrams[index]);
    list_append(d, index, state, now_ns);
}

static void remove_datagram(struct defrag *d, int index)
{
    struct datagram *g = &d->datagrams[index];
    int *link = &d->buckets[g->bucket];
    while (*link != index)
        link = &d->datagrams[*link].next;
    *link = g->next;
    list_remove(d, g);
    drop_buffer(d, g);
    g->newer = d->free;
    d->free = index;
}

static void evict(struct defrag *d, int index)
{
    if (d->datagrams[index].state == STATE_WAITING)
        d->stats.evicted++;
    remove_datagram(d, index);
}

/* A clock that goes back makes nothing old. */
static bool is_old(const struct datagram *g, uint64_t now_ns)
{
    return now_ns > g->time_ns && now_ns - g->time_ns > lives_ns[g->state];
}

static void expire(struct defrag *d, uint64_t now_ns)
{
    for (size_t i = 0; i < NUM_STATES; i++) {
        struct list *list = &d->lists[i];
        while (list->oldest != NONE && is_old(&d->datagrams[list->oldest], now_ns)) {
            if (i == STATE_WAITING)
                d->stats.expired++;
            remove_datagram(d, list->oldest);
        }
    }
}

static struct key key_of(const struct packet *packet)
{
    struct key key = {.id = packet->fragment.id,
                      .tunnel_id = packet->tunnel_id,
                      .ip_version = packet->ip_version,
                      .protocol = packet->fragment.protocol,
                      .num_tunnels = packet->num_tunnels,
                      .tunnel = packet->tunnel};
    memcpy(key.addresses[0], packet->ends[0].address, 16);
    memcpy(key.addresses[1], packet->ends[1].address, 16);
    return key;
}

/* A bucket never holds more than MAX_CHAIN: whoever finds keys that meet gains nothing by it, so
 * that the hash needs no secret, and a run can be repeated. */
static int bucket_of(const struct defrag *d, const struct key *key)
{
    static const uint64_t seed[2] = {0, 0};
    return (int)(keyed_hash(seed, key, sizeof *key) & (d->num_buckets - 1));
}

/* The datagram of |key| in |bucket|, or NONE; a full bucket loses its last, which is its oldest. */
static int find(struct defrag *d, int bucket, const struct key *key)
{
    int last = NONE;
    unsigned num = 0;
    for (int i = d->buckets[bucket]; i != NONE; i = d->datagrams[i].next) {
        if (memcmp(&d->datagrams[i].key, key, sizeof *key) == 0)
            return i;
        last = i;
        num++;
    }
    if (num == MAX_CHAIN)
        evict(d, last);
    return NONE;
}

/* The datagram to push out of a full table: one that nothing is lost with, if there is one. */
static int victim(const struct defrag *d)
{
    if (d->lists[STATE_DONE].oldest != NONE)
        return d->lists[STATE_DONE].oldest;
    if (d->lists[STATE_SPOILT].oldest != NONE)
        return d->lists[STATE_SPOILT].oldest;
    return d->lists[STATE_WAITING].oldest;
}

static int insert(struct defrag *d, int bucket, const struct key *key, uint64_t now_ns)
{
    if (d->free == NONE)
        evict(d, victim(d));
    const int index = d->free;
    struct datagram *g = &d->datagrams[index];
    d->free = g->newer;
    *g = (struct datagram){.key = *key, .bucket = bucket, .next = d->buckets[bucket]};
    d->buckets[bucket] = index;
    list_append(d, index, STATE_WAITING, now_ns);
    return index;
}

static int find_or_insert(struct defrag *d, const struct key *key, uint64_t now_ns)
{
    const int bucket = bucket_of(d, key);
    const int index = find(d, bucket, key);
    return index != NONE ? index : insert(d, bucket, key, now_ns);
}

/* Makes room for |end| bytes, if need be of the oldest datagrams' buffers. */
static bool grow(struct defrag *d, struct datagram *g, size_t end)
{
    size_t capacity = g->capacity < MIN_BUFFER ? MIN_BUFFER : g->capacity;
    while (capacity < end)
        capacity *= 2;
    if (capacity == g->capacity)
        return true;
    const size_t more = capacity - g->capacity;
    for (int i = d->lists[STATE_WAITING].oldest; i != NONE && d->bytes + more > d->max_bytes;) {
        const int newer = d->datagrams[i].newer;
        if (&d->datagrams[i] != g)
            evict(d, i);
        i = newer;
    }
    if (d->bytes + more > d->max_bytes)
        return false;
    uint8_t *bytes = realloc(g->bytes, capacity);
    if (bytes == NULL)
        return false;
    g->bytes = bytes;
    g->capacity = capacity;
    d->bytes += more;
    return true;
}

static void spoil(struct defrag *d, int index, uint64_t now_ns, uint64_t *counter)
{
    (*counter)++;
    drop_buffer(d, &d->datagrams[index]);
    change_state(d, index, STATE_SPOILT, now_ns);
}

/* What a fragment must be by itself: within the largest datagram, and whole units but in the
 * last. */
static bool is_possible(const struct packet *packet, size_t len)
{
    if (packet->fragment.offset + len > MAX_LEN)
        return false;
    return !packet->fragment.more || (len != 0 && len % UNIT == 0);
}

/* The end of the datagram is where the last fragment ends; everything else ends before. */
static bool fits(struct datagram *g, uint32_t end, bool more)
{
    if (!more && g->last_came && end != g->len)
        return false;
    if (!more) {
        g->last_came = true;
        g->len = end;
    }
    g->end = end > g->end ? end : g->end;
    return !g->last_came || g->end <= g->len;
}

/* Takes one unit, or the shorter end of the datagram. The first bytes to come are kept. */
static void take_unit(struct datagram *g, size_t offset, struct span unit)
{
    const size_t number = offset / UNIT;
    const uint64_t bit = UINT64_C(1) << number % WORD_BITS;
    if ((g->came[number / WORD_BITS] & bit) != 0) {
        g->conflict = g->conflict || memcmp(g->bytes + offset, unit.at, unit.len) != 0;
        return;
    }
    g->came[number / WORD_BITS] |= bit;
    g->num_units++;
    memcpy(g->bytes + offset, unit.at, unit.len);
}

static void take(struct defrag *d, struct datagram *g, size_t offset, struct reader payload)
{
    const bool conflict_before = g->conflict;
    while (reader_left(&payload) != 0) {
        const size_t left = reader_left(&payload);
        const struct span unit = reader_bytes(&payload, left < UNIT ? left : UNIT);
        take_unit(g, offset, unit);
        offset += unit.len;
    }
    if (g->conflict && !conflict_before)
        d->stats.conflicts++;
}

static bool is_whole(const struct datagram *g)
{
    return g->last_came && g->num_units == (g->len + UNIT - 1) / UNIT;
}

/* Frees what is given longest, for what this call may give. */
static void make_room_to_give(struct defrag *d)
{
    uint8_t **slot = &d->given[++d->num_calls % NUM_GIVEN];
    free(*slot);
    *slot = NULL;
}

/* Hands the buffer over to the caller. */
static struct span give(struct defrag *d, int index, uint64_t now_ns)
{
    struct datagram *g = &d->datagrams[index];
    const struct span payload = span_of(g->bytes, g->len);
    d->given[d->num_calls % NUM_GIVEN] = g->bytes;
    d->bytes -= g->capacity;
    g->bytes = NULL;
    g->capacity = 0;
    change_state(d, index, STATE_DONE, now_ns);
    d->stats.reassembled++;
    return payload;
}

bool defrag_add(struct defrag *defrag, const struct packet *packet, struct span *payload)
{
    const struct reader bytes = packet->fragment.payload;
    const size_t wire_len = reader_wire_left(&bytes);
    const uint64_t now_ns = packet->frame->time_ns;
    make_room_to_give(defrag);
    defrag->stats.fragments++;
    expire(defrag, now_ns);
    if (!is_possible(packet, wire_len)) {
        defrag->stats.malformed++;
        return false;
    }

    const uint32_t end = packet->fragment.offset + (uint32_t)wire_len;
    const struct key key = key_of(packet);
    const int index = find_or_insert(defrag, &key, now_ns);
    struct datagram *g = &defrag->datagrams[index];
    if (g->state != STATE_WAITING)
        return false;
    if (bytes.cut != 0) {
        spoil(defrag, index, now_ns, &defrag->stats.cut);
    } else if (!fits(g, end, packet->fragment.more)) {
        spoil(defrag, index, now_ns, &defrag->stats.malformed);
    } else if (!grow(defrag, g, end)) {
        evict(defrag, index);
    } else {
        take(defrag, g, packet->fragment.offset, bytes);
        if (is_whole(g)) {
            *payload = give(defrag, index, now_ns);
            return true;
        }
    }
    return false;
}
