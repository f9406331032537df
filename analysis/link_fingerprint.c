/* link_fingerprint.c: how many hosts send client hellos of a kind: the smaller this set, the less a host hides among
 * others. RFC 6973 section 3 (anonymity set). What comes and goes from hello to hello does not count: names, tickets,
 * identities, GREASE (RFC 8701), the order of extensions. */
#include "analysis/link.h"

#include "analysis/name_index.h"

#include "dissectors/tables/tls_registry.h"
#include "dissectors/tls_fingerprint.h"

#include <stdlib.h>

enum {
    LEAST_HOSTS = 50,   /* of which one has to stand out */
    LEAST_SESSIONS = 3, /* of that one */
    JA4_LEN = 36
};

struct fingerprint {
    struct link_place place; /* of its first session */
    uint64_t hosts, sessions;
    uint64_t last_host; /* that sent one */
    size_t ja4_len;
    bool told;
    char ja4[JA4_LEN];
};

struct link_fingerprints {
    struct name_index index;
    struct fingerprint *all;
    size_t num;
    struct bounded_table *hosts; /* each alone, and with each of its fingerprints */
    uint64_t num_hosts;
};

static struct link_fingerprints *fingerprints_new(void)
{
    struct link_fingerprints *fingerprints = calloc(1, sizeof *fingerprints);
    if (fingerprints == NULL)
        return NULL;
    fingerprints->all = calloc(LINK_MOST_FINGERPRINTS, sizeof fingerprints->all[0]);
    fingerprints->hosts = bounded_table_new(LINK_MOST_FINGERPRINTED, sizeof(uint64_t));
    if (fingerprints->all == NULL || fingerprints->hosts == NULL) {
        link_fingerprints_free(fingerprints);
        return NULL;
    }
    return fingerprints;
}

void link_fingerprints_free(struct link_fingerprints *fingerprints)
{
    if (fingerprints == NULL)
        return;
    name_index_clear(&fingerprints->index);
    bounded_table_free(fingerprints->hosts);
    free(fingerprints->all);
    free(fingerprints);
}

/* --- what a hello looks like --- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

static bool is_grease(uint16_t code)
{
    return (code & 0x0f0f) == 0x0a0a && code >> 8 == (code & 0xff);
}

static uint64_t mix_codes(uint64_t hash, struct span codes)
{
    for (size_t i = 0; i + 2 <= codes.len; i += 2) {
        uint16_t code = view_u16(codes, i);
        if (!is_grease(code))
            hash = mix(hash, code);
    }
    return mix(hash, 0x10000);
}

/* Bit by type: those that one software has in one hello and not in the next. */
static bool comes_and_goes(uint16_t type)
{
    const uint64_t some = UINT64_C(1) << 0 /* server_name */ |
                          UINT64_C(1) << 5 /* status_request */ | UINT64_C(1) << 16 /* ALPN */ |
                          UINT64_C(1) << 21 /* padding */ | UINT64_C(1) << 35 /* session_ticket */ |
                          UINT64_C(1) << 41 /* pre_shared_key */ |
                          UINT64_C(1) << 42 /* early_data */ | UINT64_C(1) << 44 /* cookie */ |
                          UINT64_C(1) << 54 /* connection_id */;
    return type < 64 && (some >> type & 1) != 0;
}

static uint64_t sum_of_types(uint64_t seed, struct span extensions)
{
    struct reader list = reader_of(extensions);
    uint64_t sum = 0;
    while (reader_more(&list)) {
        uint16_t type = reader_u16(&list);
        (void)reader_span_vec16(&list);
        if (reader_ok(&list) && !is_grease(type) && !comes_and_goes(type))
            sum += mix(seed, type);
    }
    return sum;
}

static uint64_t look_of(uint64_t seed, const struct tls_client_hello *hello)
{
    uint64_t hash = mix(seed, hello->legacy_version.value);
    for (const char *c = hello->transport; c != NULL && *c != '\0'; c++)
        hash = mix(hash, (uint8_t)*c);
    hash = mix_codes(hash, hello->ciphers);
    hash = mix_codes(hash, hello->groups);
    hash = mix_codes(hash, hello->signature_schemes);
    hash = mix_codes(hash, hello->versions);
    hash = mix(hash, sum_of_types(seed, hello->extensions));
    return hash != 0 ? hash : 1;
}

/* --- who has it --- */

static struct fingerprint *find_or_add(struct analyze_context *context,
                                       struct link_fingerprints *fingerprints, uint64_t look,
                                       const struct tls_client_hello *hello)
{
    const uint32_t *known = name_index_find(&fingerprints->index, look);
    if (known != NULL)
        return &fingerprints->all[*known];
    if (fingerprints->num == LINK_MOST_FINGERPRINTS ||
        !name_index_add(&fingerprints->index, look, (uint32_t)fingerprints->num)) {
        analysis_totals(context)->table_evictions++;
        return NULL;
    }
    struct fingerprint *fingerprint = &fingerprints->all[fingerprints->num++];
    fingerprint->place = link_place_of(context, hello->transport);
    return fingerprint;
}

/* Written out when it may become a finding, once enough other hosts are seen, and not for all. */
static void write_ja4(struct fingerprint *fingerprint, const struct tls_client_hello *hello)
{
    struct derived ja4;
    if (!tls_ja4(hello, &ja4) || ja4.len > sizeof fingerprint->ja4)
        return;
    memcpy(fingerprint->ja4, ja4.text, ja4.len);
    fingerprint->ja4_len = ja4.len;
}

/* True when |name| was not there. */
static bool is_new(struct analyze_context *context, struct link_fingerprints *fingerprints,
                   uint64_t name)
{
    uint64_t *room = link_room(context, fingerprints->hosts, name);
    return (*room)++ == 0;
}

/* Counts the host, if it was not counted with this fingerprint. */
static void count_host(struct analyze_context *context, struct link_fingerprints *fingerprints,
                       struct fingerprint *fingerprint, uint64_t look, uint64_t host)
{
    if (fingerprint != NULL && fingerprint->last_host == host)
        return;
    uint64_t both = mix(host, look);
    fingerprints->num_hosts += is_new(context, fingerprints, host);
    bool first = is_new(context, fingerprints, both != 0 ? both : 1);
    if (fingerprint == NULL)
        return;
    fingerprint->hosts += first;
    fingerprint->last_host = host;
}

void link_fingerprint(struct analyze_context *context, const struct link_conversation *conversation,
                      const struct tls_client_hello *hello)
{
    struct link_state *state = context->state;
    if (hello->ssl2 == TRUTH_YES || context->observation->flow->ip_version == 0)
        return;
    if (state->fingerprints == NULL)
        state->fingerprints = fingerprints_new();
    struct link_fingerprints *fingerprints = state->fingerprints;
    if (fingerprints == NULL) {
        analysis_totals(context)->table_evictions++;
        return;
    }
    uint64_t look = look_of(analysis_key(context)[0], hello);
    struct fingerprint *fingerprint = find_or_add(context, fingerprints, look, hello);
    count_host(context, fingerprints, fingerprint, look, conversation->address);
    if (fingerprint == NULL)
        return;
    fingerprint->sessions++;
    if (fingerprint->sessions >= LEAST_SESSIONS && fingerprint->hosts == 1 &&
        fingerprint->ja4_len == 0)
        write_ja4(fingerprint, hello);
}

void link_fingerprints_judge(struct analyze_context *context)
{
    const struct link_state *state = context->state;
    const struct link_fingerprints *fingerprints = state->fingerprints;
    if (fingerprints == NULL || fingerprints->num_hosts < LEAST_HOSTS)
        return;
    for (size_t i = 0; i < fingerprints->num; i++) {
        struct fingerprint *fingerprint = &fingerprints->all[i];
        struct observation observation;
        if (fingerprint->told || fingerprint->hosts != 1 || fingerprint->sessions < LEAST_SESSIONS)
            continue;
        fingerprint->told = true;
        struct finding finding =
            link_place_finding(context, &fingerprint->place, &observation, RULE_LINK_FINGERPRINT);
        finding.confidence = CONFIDENCE_LIKELY;
        finding.reason = "Of all addresses that sent client hellos only this one sent such.";
        finding_about_client(&finding, &fingerprint->place.flow);
        finding_says_number(&finding, "anonymity_set", fingerprint->hosts);
        finding_says_number(&finding, "hosts", fingerprints->num_hosts);
        finding_says_number(&finding, "sessions", fingerprint->sessions);
        if (fingerprint->ja4_len > 0)
            finding_says_bytes(&finding, "ja4", PRIVACY_PUBLIC, NULL, VALUE_STRING,
                               span_of(fingerprint->ja4, fingerprint->ja4_len));
        finding_add(context, &finding);
    }
}

void link_fingerprints_summarise(const struct link_state *state, struct link_counts *summary)
{
    const struct link_fingerprints *fingerprints = state->fingerprints;
    if (fingerprints == NULL)
        return;
    summary->hosts = fingerprints->num_hosts;
    summary->fingerprints = fingerprints->num;
    for (size_t i = 0; i < fingerprints->num; i++) {
        uint64_t hosts = fingerprints->all[i].hosts;
        summary->anonymity[hosts < 2 ? 0 : hosts < 10 ? 1 : hosts < 100 ? 2 : 3] += hosts;
    }
}
