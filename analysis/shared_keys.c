/* shared_keys.c: one certificate key behind several hosts. Reads the server's own certificate, or raw public key, up
 * to version 1.2, in which it is in clear; and hellos, to know a handshake that was captured at two places. */
#include "analysis/bounded_table.h"
#include "analysis/host_set.h"
#include "analysis/negotiated.h"
#include "analysis/seen_ring.h"

#include "core/crypto.h"
#include "dissectors/tls_flight.h"

enum { MOST_KEYS = 32768 };

/* The names in the tables. */
enum { NAME_KEY, NAME_CERTIFICATE, NAME_RANDOM };

/* Of a conversation: the server's last random; 0: not seen. */
struct handshake {
    uint64_t random;
};

struct key_room {
    struct seen_ring handshakes;
    struct host_set hosts;
    uint64_t certificate; /* hash of the first one */
    bool other_certificate;
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
    finding.confidence = room->other_certificate ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    finding.reason = room->other_certificate
                         ? "Different certificates have the same key."
                         : "The same certificate came from several addresses, which may be one "
                           "host's.";
    finding_about_bytes(&finding, SUBJECT_KEY, span_of(hash, sizeof hash));
    finding_says_most(&finding, "hosts", host_set_count(&room->hosts));
    finding_says_ever(&finding, "different_certificates", room->other_certificate);
    finding_says_text(&finding, "type", certificate->type);
    finding_add(context, &finding);
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
    host_set_add(&room->hosts, flow->ip_version, analysis_address_name(context, !flow->client));
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
