/* covert_timing.c: the times between packets with payload of one direction: whether they are a few values that are
 * chosen, or multiples of one. */
#include "analysis/covert.h"
#include "analysis/statistics.h"

#include <math.h>

enum {
    MOST_INTERVALS = 255,
    LEAST_INTERVALS = 48,
    LEAST_US = 4000, /* shorter ones are those within a message */
    CLASSES = 16,    /* of an octave: values of one class are as good as the same */
    OCTAVES = 16,
    MOST_CLUSTERS = 8
};

struct intervals {
    uint32_t us[MOST_INTERVALS], sorted[MOST_INTERVALS];
    size_t num;
};

/* Classes of intervals that hold many; the number of each interval's, in order. */
struct clusters {
    uint32_t low[MOST_CLUSTERS], high[MOST_CLUSTERS];
    size_t counts[MOST_CLUSTERS];
    size_t num, inside;
    uint8_t order[MOST_INTERVALS];
    size_t num_order;
};

static void read_intervals(const struct ip_fields *fields, struct intervals *intervals)
{
    bool begun = false;
    uint32_t last = 0;
    intervals->num = 0;
    for (size_t i = 0; i < field_samples_num(fields->samples); i++) {
        const struct field_sample sample = field_sample_at(fields->samples, i);
        if (sample.half_len == 0)
            continue;
        if (begun && sample.time_us >= last && sample.time_us - last >= LEAST_US &&
            intervals->num < MOST_INTERVALS)
            intervals->us[intervals->num++] = sample.time_us - last;
        begun = true;
        last = sample.time_us;
    }
}

static void sort_intervals(struct intervals *intervals)
{
    memcpy(intervals->sorted, intervals->us, intervals->num * sizeof intervals->us[0]);
    statistics_sort(intervals->sorted, intervals->num);
}

/* Which octave above LEAST_US it is in, and which part of that, all parts in the same proportion. */
static uint32_t *class_of(uint32_t counts[OCTAVES][CLASSES], uint32_t us)
{
    static const double begins[CLASSES] = {
        /* 2^(i/16) */
        1.0,
        1.0442737824274138,
        1.0905077326652577,
        1.1387886347566916,
        1.189207115002721,
        1.241857812073484,
        1.2968395546510096,
        1.3542555469368927,
        1.4142135623730951,
        1.4768261459394993,
        1.5422108254079407,
        1.6104903319492543,
        1.681792830507429,
        1.7562521603732995,
        1.8340080864093424,
        1.9152065613971474,
    };
    unsigned octave = 0, class = 0;
    while (octave < OCTAVES - 1 && us >> (octave + 1) >= LEAST_US)
        octave++;
    const double part = us / (double)((uint64_t)LEAST_US << octave);
    for (unsigned half = CLASSES / 2; half > 0; half /= 2)
        class += part >= begins[class + half] ? half : 0;
    return &counts[octave][class];
}

/* Pairs of intervals in the same sixteenth of an octave, against what an even spread within each octave gives. */
static double coincidences(const struct intervals *intervals, double *statistic)
{
    uint32_t counts[OCTAVES][CLASSES] = {{0}};
    double expected = 0;
    uint64_t pairs = 0;
    for (size_t i = 0; i < intervals->num; i++)
        ++*class_of(counts, intervals->us[i]);
    for (unsigned i = 0; i < OCTAVES; i++) {
        uint64_t all = 0;
        for (unsigned j = 0; j < CLASSES; j++) {
            all += counts[i][j];
            pairs += (uint64_t)counts[i][j] * (counts[i][j] - (counts[i][j] > 0)) / 2;
        }
        expected += (double)(all * (all - (all > 0)) / 2) / CLASSES;
    }
    /* Pairs share values: that many independent ones are no more than there are values. */
    const double share = pairs > intervals->num ? (double)intervals->num / (double)pairs : 1;
    *statistic = expected > 0 ? (double)pairs / expected : 0;
    return statistics_score(
        statistics_poisson_tail((uint64_t)((double)pairs * share), expected * share));
}

/* Neighbours in order that are no further apart than a part of themselves make a cluster, if it is narrow as a whole: a
 * broad one is what jitter makes of a timer. */
static void find_clusters(const struct intervals *intervals, struct clusters *clusters)
{
    const uint32_t *at = intervals->sorted;
    clusters->num = clusters->inside = clusters->num_order = 0;
    for (size_t i = 0, j; i < intervals->num; i = j) {
        for (j = i + 1; j < intervals->num && at[j] - at[j - 1] < at[j - 1] / 16;)
            j++;
        if ((j - i) * 16 < intervals->num || at[j - 1] - at[i] > at[i] / 3 ||
            clusters->num == MOST_CLUSTERS)
            continue;
        clusters->low[clusters->num] = at[i];
        clusters->high[clusters->num] = at[j - 1];
        clusters->counts[clusters->num++] = j - i;
        clusters->inside += j - i;
    }
    for (size_t i = 0; i < intervals->num; i++)
        for (uint8_t j = 0; j < clusters->num; j++)
            if (intervals->us[i] >= clusters->low[j] && intervals->us[i] <= clusters->high[j])
                clusters->order[clusters->num_order++] = j;
}

/* A message has its values in an order that does not repeat: what an application does in turns does. */
static bool looks_chosen(const struct intervals *intervals, const struct clusters *clusters,
                         double *conditional)
{
    size_t most = 0;
    uint32_t counts[MOST_CLUSTERS] = {0};
    for (size_t i = 0; i < clusters->num; i++) {
        counts[i] = (uint32_t)clusters->counts[i];
        most = clusters->counts[i] > most ? clusters->counts[i] : most;
    }
    if (clusters->num < 2 || clusters->inside * 10 < intervals->num * 9 ||
        most * 10 > intervals->num * 8)
        return false;
    *conditional =
        statistics_conditional_entropy(clusters->order, clusters->num_order, MOST_CLUSTERS);
    return *conditional > 0.7 * statistics_entropy(counts, clusters->num);
}

/* Multiples of one time: the best of some, each a hundredth longer than the last. It is looked for in the first of the
 * intervals, as there are many to be tried, and judged by all. */
static double find_comb(const struct intervals *intervals, double *period, double *kept)
{
    enum { SEARCHED = 64, FEW = 16 /* fewer than LEAST_INTERVALS */ };
    const double first = LEAST_US, last = 100000, step = 1.01;
    const size_t num = intervals->num < SEARCHED ? intervals->num : SEARCHED;
    double best = 0, tried = 0;
    for (double at = first; at < last && at < intervals->sorted[intervals->num / 2] / 2;
         at *= step) {
        tried++;
        /* Of times that are kept to, the first few show it; most periods are told by these not to be one. */
        if (statistics_rayleigh_about(intervals->us, FEW, at) < 0.35)
            continue;
        const double length = statistics_rayleigh_about(intervals->us, num, at);
        if (length <= best)
            continue;
        best = length;
        *period = at;
    }
    if (best <= 0)
        return 0;
    *kept = statistics_rayleigh(intervals->us, intervals->num, *period);
    return statistics_corrected(statistics_rayleigh_score(*kept, intervals->num), tried);
}

/* Whether they are several multiples: one time that is always kept to is a timer. */
static bool several(const struct intervals *intervals, double period)
{
    enum { MULTIPLES = 64 };
    uint32_t counts[MULTIPLES] = {0};
    for (size_t i = 0; i < intervals->num; i++) {
        const double multiple = round(intervals->us[i] / period);
        counts[multiple < MULTIPLES ? (unsigned)multiple : MULTIPLES - 1]++;
    }
    return statistics_entropy(counts, MULTIPLES) > 1.5;
}

static void remember(struct covert_endpoint *endpoint, const struct intervals *intervals)
{
    struct covert_history *history = covert_history_of(endpoint);
    for (size_t i = 0; history != NULL && i < intervals->num; i++)
        history->intervals[history->num_intervals++ % COVERT_HISTORY] = intervals->us[i];
}

static void to_doubles(const uint32_t *values, size_t num, double *out)
{
    for (size_t i = 0; i < num; i++)
        out[i] = values[i];
}

/* The score of the difference from earlier conversations; negative when there are too few. */
static double history_score(const struct covert_endpoint *endpoint, const double *sorted,
                            size_t num)
{
    const struct covert_history *history = endpoint->history;
    uint32_t before[COVERT_HISTORY];
    double earlier[COVERT_HISTORY];
    if (history == NULL || history->num_intervals < COVERT_HISTORY)
        return -1;
    memcpy(before, history->intervals, sizeof before);
    statistics_sort(before, COVERT_HISTORY);
    to_doubles(before, COVERT_HISTORY, earlier);
    const double d = statistics_ks_two(sorted, num, earlier, COVERT_HISTORY);
    const double n = (double)num * COVERT_HISTORY / (double)(num + COVERT_HISTORY);
    return statistics_score(statistics_kolmogorov_tail(d, n));
}

/* What a finding tells beside the test. */
static struct covert_times times_of(const struct covert_endpoint *endpoint,
                                    const struct intervals *intervals, double conditional)
{
    double us[MOST_INTERVALS], sorted[MOST_INTERVALS];
    to_doubles(intervals->us, intervals->num, us);
    to_doubles(intervals->sorted, intervals->num, sorted);
    return (struct covert_times){.seen = true,
                                 .conditional_entropy = conditional,
                                 .regularity =
                                     statistics_regularity(us, intervals->num, intervals->num / 8),
                                 .similarity = statistics_similarity(sorted, intervals->num, 0.01),
                                 .history_score = history_score(endpoint, sorted, intervals->num)};
}

void covert_timing(struct analyze_context *context, struct covert_endpoint *endpoint, unsigned side,
                   const struct ip_fields *fields)
{
    struct intervals intervals;
    struct clusters clusters;
    struct covert_verdict verdict = {.field = COVERT_TIMING,
                                     .rule = RULE_COVERT_TIMING,
                                     .confidence = CONFIDENCE_POSSIBLE,
                                     .severity = SEVERITY_LOW};
    double period = 0, kept = 0, conditional = 0;
    read_intervals(fields, &intervals);
    covert_offers(context, endpoint, COVERT_TIMING, intervals.num, intervals.num);
    if (intervals.num < LEAST_INTERVALS)
        return;
    sort_intervals(&intervals);
    verdict.samples = (uint32_t)intervals.num;
    verdict.test = "intervals that are alike";
    verdict.reason = "Timers and the other end make times alike, too.";
    verdict.score = coincidences(&intervals, &verdict.statistic);
    find_clusters(&intervals, &clusters);
    if (looks_chosen(&intervals, &clusters, &conditional)) {
        verdict.reason =
            "A few lengths of time follow each other in an order that does not repeat.";
    } else {
        verdict.test = "multiples of one time";
        verdict.score = find_comb(&intervals, &period, &kept);
        if (period <= 0 || !several(&intervals, period))
            verdict.score = 0;
        verdict.statistic = period / 1000;
        /* Timers of applications and systems make many intervals multiples of one time, but not nearly all. */
        if (kept < 0.8)
            verdict.severity = SEVERITY_INFO;
    }
    if (covert_alarms(endpoint, verdict.score))
        verdict.times = times_of(endpoint, &intervals, conditional);
    covert_tested(context, endpoint, side, &verdict);
    remember(endpoint, &intervals);
}
