/* shared_keys.c: one certificate key behind several hosts. Reads the server's own certificate, or raw public key, up
 * to version 1.2, in which it is in clear; and hellos, to know a handshake that was captured at two places. */
#include "analysis/bounded_table.h"
#include "analysis/host_set.h"
#include "analysis/negotiated.h"
#include "analysis/seen_ring.h"
#include "analysis/seen_times.h"

#include "core/crypto.h"
#include "dissectors/tls_flight.h"

enum { MOST_KEYS = 32768, MOST_SIGHTINGS = 4 /* of a key, that are told apart */ };

/* The names in the tables. */
enum { NAME_KEY, NAME_CERTIFICATE, NAME_RANDOM };

/* Of a conversation: the server's last random; 0: not seen. */
struct handshake {
    uint64_t random;
};

/* A certificate at an address. */
struct sighting {
    uint64_t certificate, address; /* hashes */
    struct seen_times times;
};

struct key_room {
    struct seen_ring handshakes;
    struct host_set hosts;
    struct sighting sightings[MOST_SIGHTINGS];
    uint8_t num;            /* of them */
    uint64_t certificate;   /* hash of the first one */
    bool other_certificate; /* there is another one … */
    bool side_by_side;      /* … and two addresses had one each at the same time */
};

struct state {
    struct bounded_table *keys; /* made with the first one */
};

static void note_random(struct analyze_context *context, const struct tls_server_hello *hello)
{
    if (!span_seen(hello->random))
        return;
    struct handshake *handshake = analysis_conversation(context);
    handshake->random = analysis_name(context, NAME_RANDOM, hello->random);
}

static void report(struct analyze_context *context, const struct tls_certificate *certificate,
                   const struct key_room *room)
{
    uint8_t hash[CRYPTO_SHA256_LEN];
    if (!crypto_sha256(certificate->x509.key, hash))
        return;
    struct finding finding = finding_begin(context, RULE_PFS_SHARED_SERVER_KEY);
    finding.transport = certificate->transport;
    finding.confidence = room->side_by_side ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    if (room->side_by_side)
        finding.reason = "Addresses showed different certificates with the same key at the same "
                         "time.";
    else if (room->other_certificate)
        finding.reason = "Different certificates have the same key; but one may have taken the "
                         "other's place on a host with several addresses.";
    else
        finding.reason = "The same certificate came from several addresses, which may be one "
                         "host's.";
    finding_about_bytes(&finding, SUBJECT_KEY, span_of(hash, sizeof hash));
    finding_says_most(&finding, "hosts", host_set_count(&room->hosts));
    finding_says_ever(&finding, "different_certificates", room->other_certificate);
    finding_says_text(&finding, "type", certificate->type);
    finding_add(context, &finding);
}

/* Its place among the sightings of the key: its own or a free one; else NULL. The first ones stay: those which take turns
 * would push one another out, and none would be met again. */
static struct sighting *sighting_of(struct key_room *room, uint64_t certificate, uint64_t address,
                                    uint64_t now)
{
    for (size_t i = 0; i < room->num; i++) {
        struct sighting *known = &room->sightings[i];
        if (known->certificate == certificate && known->address == address)
            return known;
    }
    if (room->num == MOST_SIGHTINGS)
        return NULL;
    struct sighting *place = &room->sightings[room->num++];
    *place = (struct sighting){
        .certificate = certificate, .address = address, .times = {.first_ns = now}};
    return place;
}

/* A host with two addresses that renews its certificate shows the new one at both. */
static void note_sighting(struct key_room *room, uint64_t certificate, uint64_t address,
                          uint64_t now)
{
    struct sighting *at = sighting_of(room, certificate, address, now);
    if (at == NULL)
        return;
    at->times.last_ns = now;
    for (size_t i = 0; i < room->num; i++) {
        const struct sighting *other = &room->sightings[i];
        if (other->certificate != certificate && other->address != address &&
            seen_times_overlap(&at->times, &other->times))
            room->side_by_side = true;
    }
}

static void observe_certificate(struct analyze_context *context,
                                const struct tls_certificate *certificate)
{
    struct state *state = context->state;
    const struct flow *flow = context->observation->flow;
    const struct handshake *handshake = analysis_conversation_known(context);
    if (strcmp(certificate->from, "server") != 0 || certificate->index.value != 0 ||
        certificate->x509.key.len == 0 || handshake == NULL || handshake->random == 0)
        return;
    if (state->keys == NULL)
        state->keys = bounded_table_new(MOST_KEYS, sizeof(struct key_room));
    if (state->keys == NULL) {
        analysis_totals(context)->table_evictions++;
        return;
    }
    struct bounded_place place = bounded_table_place(
        state->keys, analysis_random_name(context, NAME_KEY, certificate->x509.key));
    analysis_totals(context)->table_evictions += place.pushed_out;
    struct key_room *room = place.room;
    uint64_t name = analysis_random_name(context, NAME_CERTIFICATE, certificate->der);
    if (!place.known)
        room->certificate = name;
    if (!seen_ring_add(&room->handshakes, handshake->random))
        return;
    room->other_certificate = room->other_certificate || room->certificate != name;
    const uint64_t address = analysis_address_name(context, !flow->client);
    note_sighting(room, name, address, context->observation->time_ns);
    host_set_add(&room->hosts, flow->ip_version, address);
    if (host_set_count(&room->hosts) > 1)
        report(context, certificate, room);
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    if (observation->type == &observation_tls_server_hello)
        note_random(context, observation->data);
    else
        observe_certificate(context, observation->data);
}

static void finish(struct analyze_context *context)
{
    struct state *state = context->state;
    bounded_table_free(state->keys);
    state->keys = NULL;
}

static const struct observation_type *const reads[] = {&observation_tls_server_hello,
                                                       &observation_tls_certificate, NULL};

const struct analyzer analyzer_shared_keys = {.name = "shared_keys",
                                              .reads = reads,
                                              .state_size = sizeof(struct state),
                                              .conversation_size = sizeof(struct handshake),
                                              .observe = observe,
                                              .finish = finish};
