/* flow_table.c: the conversations of one worker: index, cache-line entries, timer wheel. */
#include "core/flow_table.h"

#include "core/crypto.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

/* A flow goes to its second bucket only when the first is crowded: there it costs more to find. */
enum { BUCKET_SLOTS = 8, BUCKET_CROWDED = 6, FIRST_BUCKETS = 512 };

/* A unit of time is 2^20 ns, a second is 2^10 units: powers of two, near enough to 1 ms and 1 s. */
enum { WHEEL_SLOTS = 512, UNIT_SHIFT = 20, SECOND_SHIFT = 10 };

/* Seconds without a packet after which a flow is over. Each is less than WHEEL_SLOTS. */
_Static_assert(UNIT_SHIFT + SECOND_SHIFT == FLOW_TABLE_TICK_SHIFT, "a tick is a slot of the wheel");

enum { TIMEOUT_CLOSED = 10, TIMEOUT_UNANSWERED = 60, TIMEOUT_TCP = 360, TIMEOUT_OTHER = 180 };

/* One cache line: eight flows whose hash fell here. Index 0 is an empty slot. */
struct bucket {
    uint32_t tag[BUCKET_SLOTS];
    uint32_t index[BUCKET_SLOTS];
} __attribute__((aligned(64)));

/* Where flows are by their hash. It doubles when it is half full, so that it is no larger in the caches than the flows
 * that there are. */
struct flow_index {
    struct bucket *buckets;
    size_t num; /* a power of two */
};

struct flow_table {
    struct flow_index index;
    size_t max_buckets;
    size_t num_live, grow_at; /* flows */
    struct flow_hot *hot;
    struct flow_cold *cold;
    uint32_t
        *next; /* of each place: in the slot of the wheel, or on the list of those given back */
    uint32_t max_flows;
    uint32_t used; /* places ever used: beyond them memory was never touched */
    uint32_t free; /* list of places given back, 0 for none */
    uint32_t wheel[WHEEL_SLOTS];
    uint64_t wheel_now; /* the second whose slot was looked at last */
    uint64_t now;       /* units */
    bool wheel_started;
    struct keyed_hash_five_key key;
    uint64_t evicted;
    struct flow_table_owner owner;
};

enum { LARGE_PAGE = 2 << 20, CACHE_LINE = 64, AHEAD = 2 /* flows fetched before they end */ };

static void *map_zeroed(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at != MAP_FAILED ? at : NULL;
}

/* For what every packet touches: fewer TLB misses where the system has large pages; it works without. */
static void *map_large(size_t bytes)
{
    void *at = map_zeroed(bytes);
    if (at != NULL && bytes >= LARGE_PAGE)
        (void)madvise(at, bytes, MADV_HUGEPAGE);
    return at;
}

static size_t buckets_for(size_t max_flows)
{
    size_t num = 64;
    while (num * BUCKET_SLOTS < 2 * max_flows)
        num *= 2;
    return num;
}

static bool index_make(struct flow_index *index, size_t num)
{
    index->num = num;
    index->buckets = map_large(num * sizeof *index->buckets);
    return index->buckets != NULL;
}

static void index_free(struct flow_index *index)
{
    if (index->buckets != NULL)
        munmap(index->buckets, index->num * sizeof *index->buckets);
}

struct flow_table *flow_table_new(size_t max_flows, const struct flow_table_owner *owner,
                                  const struct keyed_hash_five_key *key)
{
    assert(max_flows > 0 && max_flows <= 1 << 24);
    struct flow_table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return NULL;
    table->max_flows = (uint32_t)max_flows;
    table->owner = *owner;
    table->max_buckets = buckets_for(max_flows);
    index_make(&table->index,
               table->max_buckets < FIRST_BUCKETS ? table->max_buckets : FIRST_BUCKETS);
    table->grow_at = table->index.num * BUCKET_SLOTS / 2;
    table->hot = map_large((max_flows + 1) * sizeof *table->hot);
    table->cold = map_zeroed((max_flows + 1) * sizeof *table->cold);
    table->next = map_zeroed((max_flows + 1) * sizeof *table->next);
    bool keyed = key != NULL || crypto_random((uint8_t *)&table->key, sizeof table->key);
    if (key != NULL)
        table->key = *key;
    if (table->index.buckets == NULL || table->hot == NULL || table->cold == NULL ||
        table->next == NULL || !keyed) {
        flow_table_free(table);
        return NULL;
    }
    return table;
}

void flow_table_free(struct flow_table *table)
{
    if (table == NULL)
        return;
    index_free(&table->index);
    if (table->hot != NULL)
        munmap(table->hot, ((size_t)table->max_flows + 1) * sizeof *table->hot);
    if (table->cold != NULL)
        munmap(table->cold, ((size_t)table->max_flows + 1) * sizeof *table->cold);
    if (table->next != NULL)
        munmap(table->next, ((size_t)table->max_flows + 1) * sizeof *table->next);
    free(table);
}

uint64_t flow_table_hash(const struct flow_table *table, const struct flow_key *key)
{
    return keyed_hash_five(&table->key, key->word);
}

static struct bucket *first_bucket(const struct flow_index *index, uint64_t hash)
{
    return &index->buckets[hash & (index->num - 1)];
}

static struct bucket *second_bucket(const struct flow_index *index, uint64_t hash)
{
    return &index->buckets[(hash >> 20) & (index->num - 1)];
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

void flow_table_prefetch(const struct flow_table *table, uint64_t hash)
{
    __builtin_prefetch(first_bucket(&table->index, hash));
}

/* The slots with |tag|, a bit for each; of empty ones, too. */
static unsigned bucket_hits(const struct bucket *bucket, uint32_t tag)
{
    unsigned hits = 0;
    for (unsigned i = 0; i < BUCKET_SLOTS; i++)
        hits |= (unsigned)(bucket->tag[i] == tag) << i;
    return hits;
}

uint32_t flow_table_prefetch_flow(const struct flow_table *table, uint64_t hash)
{
    const struct bucket *bucket = first_bucket(&table->index, hash);
    unsigned hits = bucket_hits(bucket, tag_of(hash));
    if (hits == 0) {
        __builtin_prefetch(second_bucket(&table->index, hash));
        return 0;
    }
    uint32_t index = bucket->index[__builtin_ctz(hits)];
    __builtin_prefetch(&table->hot[index], 1);
    return index;
}

static bool key_equal(const struct flow_key *a, const struct flow_key *b)
{
    return ((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) | (a->word[2] ^ b->word[2]) |
            (a->word[3] ^ b->word[3]) | (a->word[4] ^ b->word[4])) == 0;
}

static uint32_t *bucket_find(const struct flow_table *table, struct bucket *bucket,
                             const struct flow_key *key, uint32_t tag)
{
    for (unsigned hits = bucket_hits(bucket, tag); hits != 0; hits &= hits - 1) {
        uint32_t *slot = &bucket->index[__builtin_ctz(hits)];
        if (*slot != 0 && key_equal(&table->hot[*slot].key, key))
            return slot;
    }
    return NULL;
}

static uint32_t *slot_find(const struct flow_table *table, const struct flow_key *key,
                           uint64_t hash)
{
    uint32_t *slot = bucket_find(table, first_bucket(&table->index, hash), key, tag_of(hash));
    if (slot == NULL)
        slot = bucket_find(table, second_bucket(&table->index, hash), key, tag_of(hash));
    return slot;
}

uint32_t flow_table_find(const struct flow_table *table, const struct flow_key *key, uint64_t hash)
{
    const uint32_t *slot = slot_find(table, key, hash);
    return slot != NULL ? *slot : 0;
}

uint32_t flow_table_find_near(const struct flow_table *table, const struct flow_key *key,
                              uint64_t hash, uint32_t place)
{
    const struct flow_hot *hot = &table->hot[place];
    if (place != 0 && (hot->flags & FLOW_LIVE) != 0 && key_equal(&hot->key, key))
        return place;
    return flow_table_find(table, key, hash);
}

static unsigned bucket_used(const struct bucket *bucket)
{
    unsigned used = 0;
    for (unsigned i = 0; i < BUCKET_SLOTS; i++)
        used += bucket->index[i] != 0;
    return used;
}

/* The bucket for a new flow. */
static struct bucket *bucket_for(const struct flow_index *index, uint64_t hash)
{
    struct bucket *bucket = first_bucket(index, hash), *second = second_bucket(index, hash);
    if (bucket_used(bucket) >= BUCKET_CROWDED && bucket_used(second) < bucket_used(bucket))
        return second;
    return bucket;
}

/* False: the bucket is full. */
static bool bucket_put(struct bucket *bucket, uint64_t hash, uint32_t index)
{
    unsigned i = 0;
    while (i < BUCKET_SLOTS && bucket->index[i] != 0)
        i++;
    if (i == BUCKET_SLOTS)
        return false;
    bucket->tag[i] = tag_of(hash);
    bucket->index[i] = index;
    return true;
}

static bool index_fill(const struct flow_table *table, struct flow_index *index)
{
    for (uint32_t i = 1; i <= table->used; i++) {
        if (!(table->hot[i].flags & FLOW_LIVE))
            continue;
        uint64_t hash = flow_table_hash(table, &table->hot[i].key);
        if (!bucket_put(bucket_for(index, hash), hash, i))
            return false;
    }
    return true;
}

/* Doubles the index; false when it is as large as it may be, or there is no memory. Then flows push each other out of
 * their buckets when it comes to that. */
static bool grow(struct flow_table *table)
{
    struct flow_index bigger;
    if (table->index.num == table->max_buckets)
        return false;
    table->grow_at *= 2;
    if (!index_make(&bigger, 2 * table->index.num))
        return false;
    if (!index_fill(table, &bigger)) {
        index_free(&bigger);
        return false;
    }
    index_free(&table->index);
    table->index = bigger;
    return true;
}

static uint32_t timeout_seconds(const struct flow_hot *hot)
{
    uint32_t fins = FLOW_FIN_0 | FLOW_FIN_1;
    if ((hot->flags & FLOW_RST) || (hot->flags & fins) == fins)
        return TIMEOUT_CLOSED;
    if (!(hot->flags & FLOW_ANSWERED))
        return TIMEOUT_UNANSWERED;
    return flow_key_class(&hot->key) == FLOW_KEY_TCP ? TIMEOUT_TCP : TIMEOUT_OTHER;
}

/* The whole time of a flow's last packet, of which the flow has the low 32 bits: it was less than 2^31
 * units (26 days) away from |near|, because no flow outlives its time-out by more. */
static uint64_t last_units(const struct flow_hot *hot, uint64_t near)
{
    return near + (uint64_t)(int64_t)(int32_t)(hot->last - (uint32_t)near);
}

static void wheel_put(struct flow_table *table, uint32_t index, uint64_t second)
{
    if (second <= table->wheel_now)
        second = table->wheel_now + 1;
    if (second >= table->wheel_now + WHEEL_SLOTS)
        second = table->wheel_now + WHEEL_SLOTS - 1;
    uint32_t *slot = &table->wheel[second % WHEEL_SLOTS];
    table->next[index] = *slot;
    *slot = index;
}

static void end_flow(struct flow_table *table, uint32_t index, enum flow_end how)
{
    flow_table_sync(table, index);
    table->cold[index].flow.ended = how;
    table->owner.end(table->owner.to, index, how);
}

/* What ending the flow will read. */
static void prefetch_end(const struct flow_table *table, uint32_t index)
{
    const uint8_t *cold = (const uint8_t *)&table->cold[index];
    __builtin_prefetch(&table->hot[index]);
    for (size_t at = 0; at < sizeof table->cold[index]; at += CACHE_LINE)
        __builtin_prefetch(cold + at);
}

/* Ends a flow that is in no slot of the wheel any more, and gives its place back. */
static void release(struct flow_table *table, uint32_t index, enum flow_end how)
{
    struct flow_hot *hot = &table->hot[index];
    uint64_t hash = flow_table_hash(table, &hot->key);
    flow_table_prefetch(table, hash);
    end_flow(table, index, how);
    uint32_t *slot = slot_find(table, &hot->key, hash);
    assert(slot != NULL && *slot == index);
    *slot = 0;
    hot->flags = 0;
    table->num_live--;
    table->next[index] = table->free;
    table->free = index;
}

/* Looks at the flows of the slot |second|: ends those whose time is over, puts off the others. */
static void wheel_turn(struct flow_table *table, uint64_t second)
{
    table->wheel_now = second;
    uint32_t index = table->wheel[second % WHEEL_SLOTS];
    table->wheel[second % WHEEL_SLOTS] = 0;
    while (index != 0) {
        uint32_t next = table->next[index];
        prefetch_end(table, next);
        const struct flow_hot *hot = &table->hot[index];
        uint64_t over =
            (last_units(hot, second << SECOND_SHIFT) >> SECOND_SHIFT) + timeout_seconds(hot);
        if (over <= second)
            release(table, index,
                    timeout_seconds(hot) == TIMEOUT_CLOSED ? FLOW_END_CLOSED : FLOW_END_IDLE);
        else
            wheel_put(table, index, over);
        index = next;
    }
}

static void wheel_advance(struct flow_table *table, uint64_t second)
{
    /* Time goes back only when all flows were ended, and the wheel is empty. */
    if (!table->wheel_started || second < table->wheel_now) {
        table->wheel_started = true;
        table->wheel_now = second;
    }
    /* One turn of the wheel looks at every flow: a longer pause needs no more. */
    for (unsigned i = 0; i < WHEEL_SLOTS && table->wheel_now < second; i++)
        wheel_turn(table, table->wheel_now + 1);
    if (table->wheel_now < second)
        table->wheel_now = second;
}

void flow_table_advance(struct flow_table *table, uint64_t now_ns)
{
    uint64_t second = now_ns >> (UNIT_SHIFT + SECOND_SHIFT);
    table->now = now_ns >> UNIT_SHIFT;
    if (second != table->wheel_now || !table->wheel_started)
        wheel_advance(table, second);
}

static uint64_t time_over(const struct flow_table *table, const struct flow_hot *hot)
{
    return (last_units(hot, table->now) >> SECOND_SHIFT) + timeout_seconds(hot);
}

/* Takes the flow that the wheel would look at next out of its slot; |second| is that slot's. */
static uint32_t wheel_pop(struct flow_table *table, uint64_t *second)
{
    for (unsigned i = 1; i <= WHEEL_SLOTS; i++) {
        uint32_t *slot = &table->wheel[(table->wheel_now + i) % WHEEL_SLOTS];
        uint32_t index = *slot;
        if (index == 0)
            continue;
        *slot = table->next[index];
        *second = table->wheel_now + i;
        return index;
    }
    assert(0 && "a full table without a flow in the wheel");
    return 0;
}

/* The table is full: the flow that runs out of time first is pushed out. Flows that were seen since the
 * wheel put them off are put off once more on the way, which each packet pays for at most once. */
static void make_room(struct flow_table *table)
{
    uint64_t second;
    uint32_t index = wheel_pop(table, &second);
    for (uint64_t over = time_over(table, &table->hot[index]); over > second;
         over = time_over(table, &table->hot[index])) {
        wheel_put(table, index, over);
        index = wheel_pop(table, &second);
    }
    table->evicted++;
    release(table, index, FLOW_END_EVICTED);
}

static uint32_t take_place(struct flow_table *table)
{
    if (table->free == 0 && table->used == table->max_flows)
        make_room(table);
    if (table->free == 0)
        return ++table->used;
    uint32_t index = table->free;
    table->free = table->next[index];
    return index;
}

static void begin_flow(struct flow_table *table, uint32_t index, const struct flow_key *key,
                       uint64_t now_ns)
{
    memset(&table->hot[index], 0, sizeof table->hot[index]);
    memset(&table->cold[index], 0, sizeof table->cold[index]);
    table->hot[index].key = *key;
    table->hot[index].flags = FLOW_LIVE;
    table->hot[index].last = (uint32_t)(now_ns >> UNIT_SHIFT);
}

/* The slot of a full bucket whose flow runs out of time first. */
static unsigned first_over_in(const struct flow_table *table, const struct bucket *bucket)
{
    unsigned first = 0;
    uint64_t soonest = UINT64_MAX;
    for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
        const struct flow_hot *hot = &table->hot[bucket->index[i]];
        uint64_t over =
            last_units(hot, table->now) + ((uint64_t)timeout_seconds(hot) << SECOND_SHIFT);
        if (over < soonest) {
            soonest = over;
            first = i;
        }
    }
    return first;
}

/* Both buckets are full: the new flow takes the place, and the turn in the wheel, of another. */
static uint32_t replace_first_over(struct flow_table *table, struct bucket *bucket,
                                   const struct flow_key *key, uint64_t hash, uint64_t now_ns)
{
    unsigned i = first_over_in(table, bucket);
    uint32_t index = bucket->index[i];
    table->evicted++;
    end_flow(table, index, FLOW_END_EVICTED);
    begin_flow(table, index, key, now_ns);
    bucket->tag[i] = tag_of(hash);
    return index;
}

uint32_t flow_table_add(struct flow_table *table, const struct flow_key *key, uint64_t hash,
                        uint64_t now_ns)
{
    table->now = now_ns >> UNIT_SHIFT;
    if (table->num_live >= table->grow_at)
        grow(table);
    struct bucket *bucket = bucket_for(&table->index, hash);
    if (bucket_used(bucket) == BUCKET_SLOTS && grow(table))
        bucket = bucket_for(&table->index, hash);
    if (bucket_used(bucket) == BUCKET_SLOTS)
        return replace_first_over(table, bucket, key, hash, now_ns);
    uint32_t index = take_place(table); /* may empty a slot of this bucket */
    table->num_live++;
    begin_flow(table, index, key, now_ns);
    wheel_put(table, index, (now_ns >> (UNIT_SHIFT + SECOND_SHIFT)) + TIMEOUT_CLOSED);
    bucket_put(bucket, hash, index);
    return index;
}

void flow_table_restart(struct flow_table *table, uint32_t index, enum flow_end how,
                        uint64_t now_ns)
{
    struct flow_key key = table->hot[index].key;
    end_flow(table, index, how);
    begin_flow(table, index, &key, now_ns);
}

struct flow_hot *flow_table_hot(const struct flow_table *table, uint32_t index)
{
    return &table->hot[index];
}

struct flow_cold *flow_table_cold(const struct flow_table *table, uint32_t index)
{
    return &table->cold[index];
}

void flow_table_touch(struct flow_table *table, uint32_t index, unsigned side, uint32_t len,
                      uint64_t now_ns)
{
    struct flow_hot *hot = &table->hot[index];
    hot->last = (uint32_t)(now_ns >> UNIT_SHIFT);
    if (++hot->packets[side] == 0)
        table->cold[index].packets_high[side]++;
    uint32_t before = hot->bytes[side];
    hot->bytes[side] += len;
    if (hot->bytes[side] < before)
        table->cold[index].bytes_high[side]++;
    if (hot->packets[!side] != 0)
        hot->flags |= FLOW_ANSWERED;
}

void flow_table_sync(struct flow_table *table, uint32_t index)
{
    const struct flow_hot *hot = &table->hot[index];
    struct flow_cold *cold = &table->cold[index];
    for (unsigned side = 0; side < 2; side++) {
        cold->flow.packets[side] = (uint64_t)cold->packets_high[side] << 32 | hot->packets[side];
        cold->flow.bytes[side] = (uint64_t)cold->bytes_high[side] << 32 | hot->bytes[side];
    }
    uint64_t last_ns = last_units(hot, table->now) << UNIT_SHIFT;
    cold->flow.last_ns = last_ns > cold->flow.first_ns ? last_ns : cold->flow.first_ns;
}

static int by_first_packet(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

void flow_table_end_all(struct flow_table *table, enum flow_end how)
{
    struct order {
        uint64_t first_packet;
        uint32_t index;
    } *live = calloc(table->used + 1, sizeof *live);
    size_t num = 0;
    memset(table->wheel, 0, sizeof table->wheel);
    for (uint32_t index = 1; index <= table->used; index++) {
        if (!(table->hot[index].flags & FLOW_LIVE))
            continue;
        if (live == NULL) /* no memory to sort: the order of places has to do */
            release(table, index, how);
        else
            live[num++] = (struct order){table->cold[index].flow.first_packet, index};
    }
    if (live != NULL)
        qsort(live, num, sizeof *live, by_first_packet);
    for (size_t i = 0; i < num; i++) {
        prefetch_end(table, live[i + AHEAD < num ? i + AHEAD : i].index);
        release(table, live[i].index, how);
    }
    free(live);
}

uint64_t flow_table_evicted(const struct flow_table *table)
{
    return table->evicted;
}
