/* team.c: spreads packets over engines, in one thread or in several; tells observations in the order of packets. */
#include "core/team.h"

#include "core/crypto.h"
#include "core/team_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- which engine --- */

/* By the pair of addresses: key->word[0] to [3] have them in the order of the key. */
static unsigned share_of(const struct flow_key *key)
{
    uint64_t mixed = key->word[0] * 0x9e3779b97f4a7c15 + key->word[1] * 0xff51afd7ed558ccd +
                     key->word[2] * 0xc4ceb9fe1a85ec53 + key->word[3] * 0xd6e8feb86659fd93;
    return (unsigned)((mixed ^ (mixed >> 32)) * 0x9e3779b97f4a7c15 >> 32) % SHARES;
}

/* DHCP (RFC 2131), DHCPv6 (RFC 8415), and PXE's port of proxyDHCP. */
static bool announces_on(uint16_t port)
{
    return port == 67 || port == 68 || port == 546 || port == 547 || port == 4011;
}

static bool announces(const struct packet *packet)
{
    return packet->protocol == PROTO_UDP &&
           (announces_on(packet->ends[0].port) || announces_on(packet->ends[1].port));
}

/* Says which engine the item is for, and where that looks for its conversation. */
void team_spread(const struct team *team, struct intake_item *item)
{
    item->lane = (uint8_t)(announces(&item->packet) ? (unsigned)ANNOUNCER : share_of(&item->key));
    item->hash = keyed_hash_five(&team->hash_key, item->key.word);
}

/* --- what engines say --- */

/* The data is the engine's own or a copy, and no constant. */
void team_look(const struct team *team, const struct observation *observation)
{
    const struct engine_options *options = &team->options;
    if (options->look != NULL)
        options->look(options->emit_to, observation, (void *)(uintptr_t)observation->data);
}

static void say(void *to, const struct observation *observation)
{
    struct lane *lane = to;
    const struct engine_options *options = &lane->team->options;
    if (lane->store != NULL) {
        observation_store_add(lane->store, observation, lane->place);
        return;
    }
    team_look(lane->team, observation);
    options->emit(options->emit_to, observation);
}

static void announce(void *to, const struct flow *flow, const struct expectation *expectation,
                     uint64_t now_ns)
{
    const struct lane *lane = to;
    struct team *team = lane->team;
    if (lane != &team->lanes[ANNOUNCER])
        return;
    if (team->giving_out != NULL) {
        team->lost += !team_chunk_announce(team->giving_out, flow, expectation, now_ns);
        return;
    }
    for (unsigned i = 0; i < SHARES; i++)
        engine_expect(team->lanes[i].engine, flow, expectation, now_ns);
}

/* --- one thread --- */

static void turn_all(struct team *team, const struct frame *frame, uint64_t now_ns,
                     enum intake_clock clock)
{
    for (unsigned i = 0; i < NUM_LANES; i++)
        engine_turn(team->lanes[i].engine, frame, now_ns, clock);
}

/* --- whoever keeps packets --- */

/* Each fragment may be a part of what somebody reads. */
void team_set_interest(struct intake_item *item)
{
    item->interest = item->result == LAYERS_FRAGMENT ? INTEREST_READ : INTEREST_NONE;
    if (item->result == LAYERS_TRANSPORT)
        return;
    item->hash = 0;
    item->lane = 0;
}

void team_take(struct lane *lane, struct intake_item *item)
{
    enum engine_interest interest = engine_take(lane->engine, item);
    if (interest > (enum engine_interest)item->interest)
        item->interest = (uint8_t)interest;
}

/* To whoever keeps packets, if somebody does. */
void team_tell_packets(const struct team *team, const struct intake_item *items, size_t num)
{
    const struct engine_options *options = &team->options;
    for (size_t i = 0; options->packet != NULL && i < num; i++)
        options->packet(options->emit_to, items[i].packet.frame,
                        items[i].hash * NUM_LANES + items[i].lane,
                        (enum engine_interest)items[i].interest);
}

static void admit(struct team *team, struct intake_item *item)
{
    team_set_interest(item);
    if (item->clock != CLOCK_SAME)
        turn_all(team, item->packet.frame, item->now_ns, (enum intake_clock)item->clock);
    if (item->result != LAYERS_TRANSPORT) {
        if (!intake_complete(team->intake, item))
            return;
        team_spread(team, item);
        engine_fetch_flow(team->lanes[item->lane].engine, item);
    }
    team_take(&team->lanes[item->lane], item);
}

static void feed_batch(struct team *team, const struct frame *frames, size_t num)
{
    struct intake_item items[BATCH];
    for (size_t i = 0; i < num; i++) {
        intake_read(&items[i], &frames[i]);
        if (items[i].result != LAYERS_TRANSPORT)
            continue;
        team_spread(team, &items[i]);
        engine_fetch(team->lanes[items[i].lane].engine, &items[i]);
    }
    for (size_t i = 0; i < num; i++)
        if (items[i].result == LAYERS_TRANSPORT)
            engine_fetch_flow(team->lanes[items[i].lane].engine, &items[i]);
    intake_time(team->intake, items, num);
    for (size_t i = 0; i < num; i++)
        if (items[i].result == LAYERS_TRANSPORT)
            engine_fetch_fields(team->lanes[items[i].lane].engine, &items[i]);
    for (size_t i = 0; i < num; i++) {
        admit(team, &items[i]);
        team_tell_packets(team, &items[i], 1);
    }
}

void team_feed(struct team *team, const struct frame *frames, size_t num)
{
    for (size_t done = 0; done < num;) {
        size_t batch = num - done < BATCH ? num - done : BATCH;
        feed_batch(team, frames + done, batch);
        done += batch;
    }
}

void team_advance(struct team *team, uint64_t time_ns)
{
    if (intake_advance(team->intake, time_ns) != CLOCK_SAME)
        turn_all(team, NULL, time_ns, CLOCK_TICKS);
}

void team_read(struct team *team, const struct team_source *source)
{
    struct frame frames[BATCH];
    team->source = source;
    if (team->num_threads > 1)
        team_threads_read(team);
    else
        for (size_t num; (num = source->read(source->to, frames, BATCH)) > 0;)
            team_feed(team, frames, num);
    team->source = NULL;
}

/* --- the team itself --- */

void team_finish(struct team *team)
{
    for (unsigned i = 0; i < NUM_LANES; i++)
        engine_finish(team->lanes[i].engine);
}

/* A share of a bound; the announcer's comes on top. */
static size_t share(size_t bound, size_t usual)
{
    return ((bound != 0 ? bound : usual) + SHARES - 1) / SHARES;
}

static bool make_lanes(struct team *team, struct error *error)
{
    const struct engine_options *options = &team->options;
    for (unsigned i = 0; i < NUM_LANES; i++) {
        struct lane *lane = &team->lanes[i];
        struct engine_options own = *options;
        own.in_team = true;
        own.flow_hash_key = &team->hash_key;
        own.max_flows = share(options->max_flows, ENGINE_DEFAULT_FLOWS);
        if (i == ANNOUNCER && own.max_flows > ANNOUNCER_FLOWS)
            own.max_flows = ANNOUNCER_FLOWS;
        own.max_stream_bytes = share(options->max_stream_bytes, ENGINE_DEFAULT_STREAM_BYTES);
        own.max_datagram_bytes = share(options->max_datagram_bytes, ENGINE_DEFAULT_DATAGRAM_BYTES);
        own.max_field_bytes = share(options->max_field_bytes, ENGINE_DEFAULT_FIELD_BYTES);
        own.max_nonce_bytes = share(options->max_nonce_bytes, ENGINE_DEFAULT_NONCE_BYTES);
        own.max_state_bytes = share(options->max_state_bytes, ENGINE_DEFAULT_STATE_BYTES);
        own.emit_to = lane;
        own.emit = say;
        own.announced = announce;
        lane->team = team;
        lane->engine = engine_new(&own, error);
        if (lane->engine == NULL)
            return false;
    }
    return true;
}

static bool make_chunks(struct team *team, struct error *error)
{
    if (team->num_threads == 1)
        return true;
    team->num_chunks = (size_t)team->num_threads * CHUNKS_PER_THREAD;
    const size_t size = team->num_chunks * sizeof *team->chunks;
    team->chunks = aligned_alloc(_Alignof(struct chunk), size);
    if (team->chunks == NULL) {
        team->num_chunks = 0;
        return error_set(error, "there is no memory for %u threads", team->num_threads);
    }
    memset(team->chunks, 0, size);
    return true;
}

struct team *team_new(const struct engine_options *options, unsigned threads, struct error *error)
{
    assert(threads >= 1 && threads <= TEAM_MAX_THREADS);
    struct team *team = calloc(1, sizeof *team);
    if (team == NULL) {
        error_set(error, "there is no memory for the engines");
        return NULL;
    }
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->changed, NULL);
    team->options = *options;
    team->num_threads = threads;
    team->spins = sysconf(_SC_NPROCESSORS_ONLN) >= (long)threads;
    team->ended = true;
    team->intake = intake_new();
    bool keyed = crypto_random((uint8_t *)&team->hash_key, sizeof team->hash_key);
    if (team->intake == NULL || !keyed)
        error_set(error, "there is no memory for the engines, or the system gives no random bytes");
    if (team->intake == NULL || !keyed || !make_lanes(team, error) || !make_chunks(team, error)) {
        team_free(team);
        return NULL;
    }
    return team;
}

struct engine_stats team_stats(const struct team *team)
{
    struct engine_stats sum = {0};
    intake_count(team->intake, &sum);
    for (unsigned i = 0; i < NUM_LANES; i++) {
        const struct engine_stats one = engine_stats(team->lanes[i].engine);
#define ENGINE_STAT(name, about) sum.name += one.name;
#include "core/engine_stats.def"
#undef ENGINE_STAT
    }
    for (size_t i = 0; i < team->num_chunks; i++)
        for (unsigned lane = 0; lane < NUM_LANES; lane++)
            sum.observations_lost += team->chunks[i].said[lane].lost;
    sum.observations_lost += team->lost;
    return sum;
}

void team_free(struct team *team)
{
    if (team == NULL)
        return;
    team_threads_end(team);
    for (unsigned i = 0; i < NUM_LANES; i++)
        engine_free(team->lanes[i].engine);
    for (size_t i = 0; i < team->num_chunks; i++)
        team_chunk_free(&team->chunks[i]);
    free(team->chunks);
    intake_free(team->intake);
    pthread_cond_destroy(&team->changed);
    pthread_mutex_destroy(&team->lock);
    free(team);
}
