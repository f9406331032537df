/* analysis.c: hands every observation to the analyzers that ask for its type, and keeps what they
 * find. */
#include "analysis/analysis.h"

#include "analysis/analyzer.h"
#include "analysis/conversations.h"
#include "analysis/findings.h"
#include "analysis/rule_selection.h"
#include "analysis/told.h"
#include "core/common_observations.h"
#include "core/crypto.h"
#include "core/dissector.h"
#include "core/keyed_hash.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

static const struct analyzer *const analyzers[] = {
#define ANALYZER(symbol) &symbol,
#include "analysis/table.def"
#undef ANALYZER
};

enum { NUM_ANALYZERS = sizeof analyzers / sizeof *analyzers, MAX_ROUTES = 64, NUM_DRAFTS = 4 };

/* One observation type, and who reads it: bit i is analyzers[i]. */
struct route {
    const struct observation_type *type; /* NULL: nothing is here */
    uint64_t readers;
};

struct analysis {
    struct route routes[MAX_ROUTES]; /* a hash table by the address of the type */
    size_t num_routes;
    void *states[NUM_ANALYZERS];
    bool left_out[NUM_ANALYZERS];
    struct conversations *conversations;
    size_t conversation_offsets[NUM_ANALYZERS]; /* of their parts, from the entry's beginning */
    uint64_t key[2];
    struct keyed_hash_five_key short_key;
    struct crypto_mac join_key;
    bool joins; /* the keys are those of others, too */
    struct rule_selection rules;
    enum severity min_severity;
    struct findings *findings;
    struct home_nets home_nets;
    const struct geo *geo;
    struct psk_search *psk_search;
    void *emit_to;
    void (*emit)(void *emit_to, const struct observation *observation);
    struct told told;
    struct analysis_stats stats;
    struct evidence drafts[NUM_DRAFTS][FINDING_MAX_EVIDENCE]; /* of findings not handed in yet */
    unsigned next_draft;
    unsigned interval;
    bool finished;
};

/* Where the route of |type| is, or would be: the table is never full. */
static struct route *route_place(struct analysis *analysis, const struct observation_type *type)
{
    size_t at = (uintptr_t)type / sizeof *type;
    while (analysis->routes[at % MAX_ROUTES].type != NULL &&
           analysis->routes[at % MAX_ROUTES].type != type)
        at++;
    return &analysis->routes[at % MAX_ROUTES];
}

static bool is_left_out(const struct analysis *analysis, const struct analyzer *analyzer)
{
    const char *family = analyzer->family;
    if (family == NULL)
        return false;
    for (size_t i = 0; i < NUM_RULES; i++)
        if (analysis->rules.on[i] &&
            strncmp(rule_get((enum rule_id)i)->id, family, strlen(family)) == 0)
            return false;
    return true;
}

static void routes_make(struct analysis *analysis)
{
    static_assert(NUM_ANALYZERS <= 64, "a route has a bit for each analyzer");
    for (size_t i = 0; i < NUM_ANALYZERS; i++) {
        analysis->left_out[i] = is_left_out(analysis, analyzers[i]);
        if (analysis->left_out[i])
            continue;
        for (const struct observation_type *const *type = analyzers[i]->reads; *type != NULL;
             type++) {
            struct route *route = route_place(analysis, *type);
            if (route->type == NULL)
                analysis->num_routes++;
            assert(analysis->num_routes < MAX_ROUTES);
            route->type = *type;
            route->readers |= (uint64_t)1 << i;
        }
    }
}

static bool states_make(struct analysis *analysis, struct error *error)
{
    for (size_t i = 0; i < NUM_ANALYZERS; i++) {
        if (analyzers[i]->state_size == 0)
            continue;
        analysis->states[i] = calloc(1, analyzers[i]->state_size);
        if (analysis->states[i] == NULL)
            return error_set(error, "out of memory for the analyzer %s", analyzers[i]->name);
    }
    return true;
}

/* Every part begins where any type may. */
static size_t conversation_layout(struct analysis *analysis)
{
    size_t end = sizeof(struct conversation);
    static_assert(sizeof(struct conversation) % 8 == 0, "parts are aligned");
    for (size_t i = 0; i < NUM_ANALYZERS; i++) {
        analysis->conversation_offsets[i] = end;
        end += (analyzers[i]->conversation_size + 7) / 8 * 8;
    }
    return end - sizeof(struct conversation);
}

static void conversation_leaves(void *to, void *conversation)
{
    const struct analysis *analysis = to;
    for (size_t i = 0; i < NUM_ANALYZERS; i++)
        if (analyzers[i]->forget != NULL)
            analyzers[i]->forget((uint8_t *)conversation + analysis->conversation_offsets[i]);
}

/* The keys of names: from |key|, or random ones. */
static bool keys_make(struct analysis *analysis, const uint8_t *key)
{
    uint8_t bytes[ANALYSIS_KEY_LEN];
    const size_t first = sizeof analysis->key, second = sizeof analysis->short_key;
    static_assert(sizeof analysis->key + sizeof analysis->short_key + CRYPTO_SHA256_LEN <=
                      sizeof bytes,
                  "there is enough for all");
    analysis->joins = key != NULL;
    if (key != NULL)
        memcpy(bytes, key, sizeof bytes);
    else if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    memcpy(analysis->key, bytes, first);
    memcpy(&analysis->short_key, bytes + first, second);
    crypto_mac_key(&analysis->join_key, span_of(bytes + first + second, CRYPTO_SHA256_LEN));
    crypto_wipe(bytes, sizeof bytes);
    return true;
}

static bool conversations_make(struct analysis *analysis, const uint8_t *key, struct error *error)
{
    if (keys_make(analysis, key))
        analysis->conversations =
            conversations_new(conversation_layout(analysis), analysis, conversation_leaves);
    return analysis->conversations != NULL ||
           error_set(error, "out of memory or randomness for the table of conversations");
}

struct analysis *analysis_new(const struct analysis_options *options, struct error *error)
{
    struct analysis *analysis = calloc(1, sizeof *analysis);
    if (analysis == NULL) {
        error_set(error, "out of memory for the analysis");
        return NULL;
    }
    size_t max_findings =
        options->max_findings != 0 ? options->max_findings : ANALYSIS_DEFAULT_FINDINGS;
    analysis->min_severity = options->min_severity;
    analysis->emit_to = options->emit_to;
    analysis->emit = options->emit;
    analysis->psk_search = options->psk_search;
    analysis->geo = options->geo;
    if (options->home_nets != NULL)
        analysis->home_nets = *options->home_nets;
    if (rule_selection_parse(options->rules, &analysis->rules, error) &&
        states_make(analysis, error) && conversations_make(analysis, options->key, error)) {
        routes_make(analysis);
        analysis->findings = findings_new(max_findings, ANALYSIS_FINDING_BYTES, error);
    }
    if (analysis->findings == NULL) {
        analysis_free(analysis);
        return NULL;
    }
    return analysis;
}

bool analysis_reads(struct analysis *analysis, const struct observation_type *type)
{
    return route_place(analysis, type)->readers != 0;
}

bool analysis_conversation_ends(const struct observation *observation)
{
    return observation->type == &observation_flow_end ||
           observation->type == &observation_exchange_end;
}

void analysis_observe(struct analysis *analysis, const struct observation *observation)
{
    assert(!analysis->finished);
    analysis->stats.observations++;
    conversations_look_anew(analysis->conversations);
    uint64_t readers = route_place(analysis, observation->type)->readers;
    for (size_t i = 0; readers != 0; i++, readers >>= 1) {
        if ((readers & 1) == 0)
            continue;
        struct analyze_context context = {.analysis = analysis,
                                          .state = analysis->states[i],
                                          .observation = observation,
                                          .conversation_offset = analysis->conversation_offsets[i]};
        analyzers[i]->observe(&context, observation);
    }
    if (analysis_conversation_ends(observation))
        conversations_forget(analysis->conversations, observation);
}

static void analyzers_finish(struct analysis *analysis)
{
    for (size_t i = 0; i < NUM_ANALYZERS; i++) {
        struct analyze_context context = {.analysis = analysis, .state = analysis->states[i]};
        if (analyzers[i]->finish != NULL && analysis->states[i] != NULL)
            analyzers[i]->finish(&context);
    }
}

void analysis_sum_up(struct analysis *analysis)
{
    assert(!analysis->finished);
    for (size_t i = 0; i < NUM_ANALYZERS; i++) {
        struct analyze_context context = {.analysis = analysis, .state = analysis->states[i]};
        if (analyzers[i]->sum_up == NULL || analysis->left_out[i])
            continue;
        for (const struct observation_type *const *type = analyzers[i]->makes;
             type != NULL && *type != NULL; type++)
            told_forget(&analysis->told, *type);
        analyzers[i]->sum_up(&context);
    }
    findings_give_keys(analysis->findings);
}

void analysis_finish(struct analysis *analysis)
{
    assert(!analysis->finished);
    analysis_sum_up(analysis);
    analyzers_finish(analysis);
    findings_sort(analysis->findings, analysis->min_severity);
    analysis->finished = true;
}

void analysis_interval(struct analysis *analysis, bool forget)
{
    assert(!analysis->finished);
    findings_interval(analysis->findings, ++analysis->interval, forget);
    if (forget)
        told_clear(&analysis->told);
}

unsigned analysis_interval_number(const struct analysis *analysis)
{
    return analysis->interval;
}

struct finding *analysis_copy(const struct analysis *analysis, size_t *num)
{
    return findings_copy(analysis->findings, analysis->min_severity, num);
}

const struct finding *analysis_findings(const struct analysis *analysis, size_t *num)
{
    assert(analysis->finished);
    return findings_all(analysis->findings, num);
}

struct analysis_stats analysis_stats(const struct analysis *analysis)
{
    struct analysis_stats stats = analysis->stats;
    stats.findings = findings_count(analysis->findings);
    return stats;
}

void analysis_free(struct analysis *analysis)
{
    if (analysis == NULL)
        return;
    if (!analysis->finished)
        analyzers_finish(analysis);
    for (size_t i = 0; i < NUM_ANALYZERS; i++)
        free(analysis->states[i]);
    conversations_free(analysis->conversations);
    findings_free(analysis->findings);
    told_clear(&analysis->told);
    free(analysis);
}

struct analysis_stats *analysis_totals(const struct analyze_context *context)
{
    return &context->analysis->stats;
}

static void *part_of(const struct analyze_context *context, struct conversation *conversation)
{
    return (uint8_t *)conversation + context->conversation_offset;
}

void *analysis_conversation_known(const struct analyze_context *context)
{
    struct conversation *conversation =
        conversations_find(context->analysis->conversations, context->observation);
    return conversation != NULL ? part_of(context, conversation) : NULL;
}

void *analysis_conversation(struct analyze_context *context)
{
    bool pushed_out = false;
    struct conversation *conversation =
        conversations_begin(context->analysis->conversations, context->observation, &pushed_out);
    context->analysis->stats.table_evictions += pushed_out;
    return part_of(context, conversation);
}

const uint64_t *analysis_key(const struct analyze_context *context)
{
    return context->analysis->key;
}

/* Short bytes, which most are, by a hash that is cheaper and as good for what nobody sees. */
uint64_t analysis_name(const struct analyze_context *context, unsigned kind, struct span bytes)
{
    enum { SHORT = 4 * sizeof(uint64_t) };
    const uint64_t odd = 0x9e3779b97f4a7c15;
    const struct analysis *analysis = context->analysis;
    uint64_t hash, words[5] = {0};
    if (bytes.len <= SHORT) {
        if (bytes.len > 0)
            memcpy(words, bytes.at, bytes.len);
        words[4] = bytes.len;
        hash = keyed_hash_five(&analysis->short_key, words);
    } else {
        hash = keyed_hash(analysis->key, bytes.at, bytes.len);
    }
    uint64_t name = hash + kind * odd;
    return name != 0 ? name : 1;
}

uint64_t analysis_random_name(const struct analyze_context *context, unsigned kind,
                              struct span bytes)
{
    enum { PART = 32, PARTS = 3 };
    struct {
        uint8_t first[PART], middle[PART], last[PART];
        uint64_t len;
    } parts = {.len = bytes.len};
    if (bytes.len <= PARTS * PART)
        return analysis_name(context, kind, bytes);
    memcpy(parts.first, bytes.at, PART);
    memcpy(parts.middle, bytes.at + (bytes.len - PART) / 2, PART);
    memcpy(parts.last, bytes.at + bytes.len - PART, PART);
    return analysis_name(context, kind, span_of(&parts, sizeof parts));
}

/* Kinds of names that no analyzer chooses. */
enum { NAME_ADDRESS = 1 << 16, NAME_END };

/* |known|, of what is remembered of the conversation, keeps the name from one call to the next. */
static uint64_t known_name(const struct analyze_context *context, uint64_t *known, unsigned kind,
                           struct span bytes)
{
    if (known != NULL && *known != 0)
        return *known;
    uint64_t name = analysis_name(context, kind, bytes);
    if (known != NULL)
        *known = name;
    return name;
}

uint64_t analysis_address_name(const struct analyze_context *context, unsigned end)
{
    const struct flow *flow = context->observation->flow;
    struct conversation *conversation =
        conversations_find(context->analysis->conversations, context->observation);
    return known_name(context, conversation != NULL ? &conversation->addresses[end] : NULL,
                      NAME_ADDRESS, endpoint_address(&flow->ends[end], flow->ip_version));
}

uint64_t analysis_server_name(const struct analyze_context *context)
{
    const struct flow *flow = context->observation->flow;
    unsigned end = !flow->client;
    struct conversation *conversation =
        conversations_find(context->analysis->conversations, context->observation);
    return known_name(context, conversation != NULL ? &conversation->ends[end] : NULL, NAME_END,
                      span_of(&flow->ends[end], sizeof flow->ends[end]));
}

const struct observation_type *analysis_made(size_t index)
{
    for (size_t i = 0; i < NUM_ANALYZERS; i++)
        for (const struct observation_type *const *type = analyzers[i]->makes;
             type != NULL && *type != NULL; type++)
            if (index-- == 0)
                return *type;
    return NULL;
}

const struct observation *const *analysis_told(const struct analysis *analysis, size_t *num)
{
    *num = analysis->told.num;
    return analysis->told.items;
}

struct psk_search *analysis_psk_search(const struct analyze_context *context)
{
    return context->analysis->psk_search;
}

const struct geo *analysis_geo(const struct analyze_context *context)
{
    return context->analysis->geo;
}

bool analysis_joins(const struct analyze_context *context)
{
    return context->analysis->joins;
}

void analysis_join_name(const struct analyze_context *context, uint64_t name,
                        uint8_t out[ANALYSIS_JOIN_NAME])
{
    uint8_t mac[CRYPTO_SHA256_LEN];
    crypto_mac(&context->analysis->join_key, span_of(&name, sizeof name), mac);
    memcpy(out, mac, ANALYSIS_JOIN_NAME);
}

const struct home_nets *analysis_home_nets(const struct analyze_context *context)
{
    return &context->analysis->home_nets;
}

bool analysis_tell(struct analyze_context *context, const struct observation *observation,
                   void *block, size_t size)
{
    struct analysis *analysis = context->analysis;
    if (analysis->emit != NULL)
        analysis->emit(analysis->emit_to, observation);
    return told_add(&analysis->told, observation, block, size);
}

struct finding finding_begin(const struct analyze_context *context, enum rule_id id)
{
    struct analysis *analysis = context->analysis;
    const struct observation *observation = context->observation;
    const struct flow *flow = observation->flow;
    const struct rule *rule = rule_get(id);
    struct evidence *evidence = analysis->drafts[analysis->next_draft];
    analysis->next_draft = (analysis->next_draft + 1) % NUM_DRAFTS;
    return (struct finding){.rule = rule,
                            .severity = rule->severity,
                            .confidence = CONFIDENCE_CERTAIN,
                            .client = flow->ends[flow->client],
                            .server = flow->ends[!flow->client],
                            .around = flow->around,
                            .ip_version = flow->ip_version,
                            .protocol = flow->protocol,
                            .transport = flow->dissector != NULL ? flow->dissector->name : NULL,
                            .first_ns = observation->time_ns,
                            .last_ns = observation->time_ns,
                            .packet = observation->packet,
                            .count = 1,
                            .evidence = evidence};
}

void finding_about_client(struct finding *finding, const struct flow *flow)
{
    finding->subject = SUBJECT_CLIENT;
    finding->subject_bytes = endpoint_address(&flow->ends[flow->client], flow->ip_version);
    finding->subject_port = 0;
}

void finding_about_server(struct finding *finding, const struct flow *flow)
{
    const struct endpoint *server = &flow->ends[!flow->client];
    finding->subject = SUBJECT_SERVER;
    finding->subject_bytes = endpoint_address(server, flow->ip_version);
    finding->subject_port = server->port;
}

void finding_about_bytes(struct finding *finding, enum subject_kind kind, struct span bytes)
{
    finding->subject = kind;
    finding->subject_bytes = bytes;
    finding->subject_port = 0;
}

static void says(struct finding *finding, const struct evidence *evidence)
{
    assert(finding->num_evidence < FINDING_MAX_EVIDENCE);
    finding->evidence[finding->num_evidence++] = *evidence;
}

void finding_says_text(struct finding *finding, const char *name, const char *text)
{
    if (text != NULL)
        says(finding, &(struct evidence){.name = name,
                                         .privacy = PRIVACY_PUBLIC,
                                         .value = {.type = VALUE_TEXT, .text = text}});
}

void finding_says_number(struct finding *finding, const char *name, uint64_t number)
{
    says(finding, &(struct evidence){.name = name,
                                     .privacy = PRIVACY_PUBLIC,
                                     .value = {.type = VALUE_NUMBER, .number = number}});
}

void finding_says_truth(struct finding *finding, const char *name, bool truth)
{
    says(finding, &(struct evidence){.name = name,
                                     .privacy = PRIVACY_PUBLIC,
                                     .value = {.type = VALUE_BOOL, .truth = truth}});
}

void finding_says_bytes(struct finding *finding, const char *name, enum privacy privacy,
                        const char *kind, enum value_type type, struct span bytes)
{
    if (span_seen(bytes))
        says(finding, &(struct evidence){.name = name,
                                         .privacy = privacy,
                                         .kind = kind,
                                         .value = {.type = type, .bytes = bytes}});
}

void finding_says_most(struct finding *finding, const char *name, uint64_t number)
{
    finding_says_number(finding, name, number);
    finding->evidence[finding->num_evidence - 1].grows = true;
}

void finding_says_ever(struct finding *finding, const char *name, bool truth)
{
    finding_says_truth(finding, name, truth);
    finding->evidence[finding->num_evidence - 1].grows = true;
}

void finding_add(struct analyze_context *context, const struct finding *finding)
{
    struct analysis *analysis = context->analysis;
    if (!analysis->rules.on[rule_id_of(finding->rule)])
        return;
    if (!findings_add(analysis->findings, finding))
        analysis->stats.findings_not_stored++;
}
