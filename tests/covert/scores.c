/* scores.c: what the tests of covert channels said of each endpoint of a capture: of the ones that made no finding, too.
 *
 *     scores CAPTURE
 *
 * Prints for each endpoint and rule that something is known of: address, port (0: a client), the rule's id, the highest
 * score of a test after correction for the tests made of the endpoint until then, how many values that test saw, and
 * the highest severity of a finding (0: none was made). A score of 99 stands for a finding without a test.
 *
 * The program stands between the tests and what becomes of them (linked with --wrap). */
#include "analysis/analysis.h"
#include "analysis/covert.h"
#include "analysis/rules.h"
#include "analysis/statistics.h"
#include "capture/source.h"
#include "core/engine.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_SCORES = 1 << 20, BUCKETS = 1 << 21, UNTESTED = 99 };

struct score {
    uint8_t address[16];
    uint16_t port;
    uint8_t ip_version;
    const struct rule *rule;
    double best;
    uint32_t samples, next;
    enum severity severity;
};

static struct {
    struct score *scores; /* 0 is none */
    uint32_t *buckets;
    uint32_t num;
    bool full, testing; /* a test made the finding at hand */
} seen;

void __real_covert_tested(struct analyze_context *context, struct covert_endpoint *endpoint,
                          unsigned side, const struct covert_verdict *verdict);
void __wrap_covert_tested(struct analyze_context *context, struct covert_endpoint *endpoint,
                          unsigned side, const struct covert_verdict *verdict);
void __real_finding_add(struct analyze_context *context, const struct finding *finding);
void __wrap_finding_add(struct analyze_context *context, const struct finding *finding);

static struct score *score_of(struct span address, uint16_t port, const struct rule *rule)
{
    struct score wanted = {.port = port, .rule = rule, .ip_version = address.len == 4 ? 4 : 6};
    uint64_t hash = (uintptr_t)rule ^ port;
    memcpy(wanted.address, address.at, address.len);
    for (size_t i = 0; i < sizeof wanted.address; i++)
        hash = (hash ^ wanted.address[i]) * 0x100000001b3u;
    uint32_t *bucket = &seen.buckets[hash * 0x9e3779b97f4a7c15u >> 43];
    for (uint32_t at = *bucket; at != 0; at = seen.scores[at].next) {
        struct score *score = &seen.scores[at];
        if (score->rule == rule && score->port == port &&
            memcmp(score->address, wanted.address, sizeof wanted.address) == 0)
            return score;
    }
    if (seen.num + 1 >= MOST_SCORES) {
        seen.full = true;
        return &seen.scores[0];
    }
    wanted.next = *bucket;
    *bucket = ++seen.num;
    seen.scores[seen.num] = wanted;
    return &seen.scores[seen.num];
}

void __wrap_covert_tested(struct analyze_context *context, struct covert_endpoint *endpoint,
                          unsigned side, const struct covert_verdict *verdict)
{
    const struct flow *flow = context->observation->flow;
    struct score *score =
        score_of(endpoint_address(&flow->ends[side], flow->ip_version),
                 side == flow->client ? 0 : flow->ends[side].port, rule_get(verdict->rule));
    seen.testing = true;
    __real_covert_tested(context, endpoint, side, verdict);
    seen.testing = false;
    const double corrected = statistics_corrected(verdict->score, endpoint->tests);
    if (score->samples == 0 || corrected > score->best) {
        score->best = corrected;
        score->samples = verdict->samples;
    }
}

void __wrap_finding_add(struct analyze_context *context, const struct finding *finding)
{
    const bool server = finding->subject == SUBJECT_SERVER;
    /* That of a device is of the client that it is in the conversation. */
    const struct endpoint *end = server ? &finding->server : &finding->client;
    if (strncmp(finding->rule->id, "covert.", 7) == 0) {
        struct score *score = score_of(endpoint_address(end, finding->ip_version),
                                       server ? finding->subject_port : 0, finding->rule);
        if (finding->severity > score->severity)
            score->severity = finding->severity;
        if (!seen.testing)
            score->best = UNTESTED;
    }
    __real_finding_add(context, finding);
}

static void observe(void *to, const struct observation *observation)
{
    analysis_observe(to, observation);
}

static bool feed(const char *path, struct engine *engine, struct error *error)
{
    const struct source_options options = {.filter = NULL};
    struct source *source = source_open_file(path, &options, error);
    struct frame frames[64];
    size_t num;
    enum source_status status = SOURCE_DAMAGED;
    while (source != NULL &&
           (status = source_read(source, frames, 64, &num, error)) == SOURCE_FRAMES)
        engine_feed(engine, frames, num);
    source_close(source);
    return status != SOURCE_DAMAGED;
}

static void print(void)
{
    char address[INET6_ADDRSTRLEN];
    for (uint32_t i = 1; i <= seen.num; i++) {
        const struct score *score = &seen.scores[i];
        inet_ntop(score->ip_version == 4 ? AF_INET : AF_INET6, score->address, address,
                  sizeof address);
        printf("%s %u %s %.2f %u %u\n", address, score->port, score->rule->id, score->best,
               score->samples, (unsigned)score->severity);
    }
}

int main(int argc, char **argv)
{
    struct error error = {.text = ""};
    seen.scores = calloc(MOST_SCORES, sizeof seen.scores[0]);
    seen.buckets = calloc(BUCKETS, sizeof seen.buckets[0]);
    struct analysis *analysis = analysis_new(&(struct analysis_options){0}, &error);
    const struct engine_options options = {.dissectors = dissectors,
                                           .fields = true,
                                           .nonces = true,
                                           .emit_to = analysis,
                                           .emit = observe};
    struct engine *engine = analysis != NULL ? engine_new(&options, &error) : NULL;
    const bool ok = argc == 2 && engine != NULL && seen.scores != NULL && seen.buckets != NULL &&
                    feed(argv[1], engine, &error);
    if (ok) {
        engine_finish(engine);
        analysis_finish(analysis);
        print();
    }
    if (!ok || seen.full)
        fprintf(stderr, "scores: %s\n", seen.full ? "too many" : error.text);
    engine_free(engine);
    analysis_free(analysis);
    free(seen.scores);
    free(seen.buckets);
    return ok && !seen.full ? 0 : 1;
}
