/* covert_spread.c: values that should be random: whether they are spread evenly; and windows of them over
 * conversations. */
#include "analysis/covert.h"
#include "analysis/statistics.h"

#include <stdlib.h>

static void keep_best(struct covert_verdict *verdict, const char *test, double statistic,
                      double score)
{
    if (score <= verdict->score)
        return;
    verdict->test = test;
    verdict->statistic = statistic;
    verdict->score = score;
}

/* A counter, or a clock, goes ahead by little: random values by half of all there are, on average, and values of a
 * narrow band go round nearly all with each step back. */
static bool goes_ahead(const uint32_t *values, size_t num, uint32_t mask)
{
    double sum = 0;
    for (size_t i = 0; i + 1 < num; i++)
        sum += (values[i + 1] - values[i]) & mask;
    return sum / (double)(num - 1) < (double)mask / 8;
}

/* Bits one by one: each should be set in half of the values. */
static void test_bits(const uint32_t *values, size_t num, unsigned bits,
                      struct covert_verdict *verdict)
{
    size_t most = 0;
    for (unsigned bit = 0; bit < bits; bit++) {
        size_t ones = 0;
        for (size_t i = 0; i < num; i++)
            ones += values[i] >> bit & 1;
        const size_t one_sided = ones * 2 > num ? ones : num - ones;
        most = one_sided > most ? one_sided : most;
    }
    const double score = statistics_binomial_score(most, num, 0.5);
    keep_best(verdict, "share of ones in one bit", (double)most / (double)num,
              statistics_corrected(score, 2.0 * bits));
}

/* Of each half of the bits: chi-square of 16 classes. */
static void test_classes(const uint32_t *values, size_t num, unsigned bits,
                         struct covert_verdict *verdict)
{
    enum { CLASSES = 16 };
    for (unsigned part = 0; part < bits / 4; part++) {
        uint32_t counts[CLASSES] = {0};
        for (size_t i = 0; i < num; i++)
            counts[values[i] >> 4 * part & (CLASSES - 1)]++;
        const double chi = statistics_chi_square(counts, CLASSES);
        const double score = statistics_score(statistics_chi_square_tail(chi, CLASSES - 1));
        /* The distribution is that of many values: with few the tail is a little heavier. */
        keep_best(verdict, "chi-square of four bits", chi, statistics_corrected(score, bits) * 0.8);
    }
}

static void test_order(const uint32_t *sorted, size_t num, uint32_t mask,
                       struct covert_verdict *verdict)
{
    double values[COVERT_WINDOW * 4];
    size_t again = 0;
    for (size_t i = 0; i < num; i++) {
        values[i] = sorted[i];
        again += i > 0 && sorted[i] == sorted[i - 1];
    }
    const double d = statistics_ks_uniform(values, num, (double)mask + 1);
    keep_best(verdict, "Kolmogorov-Smirnov against an even spread", d,
              statistics_score(statistics_kolmogorov_tail(d, (double)num)));
    const double expected = (double)num * (double)(num - 1) / 2 / ((double)mask + 1);
    keep_best(verdict, "values that came again", (double)again,
              statistics_score(statistics_poisson_tail(again, expected)));
}

static uint32_t mask_of(unsigned bits)
{
    return bits >= 32 ? UINT32_MAX : (UINT32_C(1) << bits) - 1;
}

/* Leaves out one or two bits that are the same in all values: stacks keep some for themselves, and they say nothing. More
 * of them are left. Gives the number of bits that there are then. */
static unsigned leave_constant_out(uint32_t *values, size_t num, unsigned bits)
{
    enum { MOST_CONSTANT = 2 };
    uint32_t varied = 0;
    for (size_t i = 1; i < num; i++)
        varied |= values[i] ^ values[0];
    const uint32_t constant = ~varied & mask_of(bits);
    if (__builtin_popcount(constant) > MOST_CONSTANT)
        return bits;
    for (unsigned bit = bits; bit-- > 0;) {
        if (!(constant >> bit & 1))
            continue;
        for (size_t i = 0; i < num; i++)
            values[i] = (values[i] >> 1 & ~mask_of(bit)) | (values[i] & mask_of(bit));
        bits--;
    }
    return bits;
}

bool covert_spread(const uint32_t *values, size_t num, unsigned bits,
                   struct covert_verdict *verdict)
{
    enum { FAMILIES = 4, MOST = COVERT_WINDOW * 4 };
    uint32_t sorted[MOST];
    num = num < MOST ? num : MOST;
    if (num < COVERT_LEAST || goes_ahead(values, num, mask_of(bits)))
        return false;
    for (size_t i = 0; i < num; i++)
        sorted[i] = values[i] & mask_of(bits);
    bits = leave_constant_out(sorted, num, bits);
    statistics_sort(sorted, num);
    if (sorted[0] == sorted[num - 1])
        return false;
    verdict->score = 0;
    verdict->test = "Kolmogorov-Smirnov against an even spread";
    verdict->samples = (uint32_t)num;
    test_bits(sorted, num, bits, verdict);
    test_classes(sorted, num, bits, verdict);
    test_order(sorted, num, mask_of(bits), verdict);
    verdict->score = statistics_corrected(verdict->score, FAMILIES);
    return true;
}

/* --- windows --- */

static int compare_values(const void *a, const void *b)
{
    const struct covert_value *x = a, *y = b;
    return x->packet < y->packet ? -1 : x->packet > y->packet;
}

static bool is_copy(const struct covert_window *window, const struct covert_value *value)
{
    for (size_t i = 0; i < window->num; i++)
        if (window->values[i].value == value->value && window->values[i].ports == value->ports)
            return true;
    return false;
}

/* A stack may have a counter for each host that it talks to (Windows): many values then follow shortly behind an earlier
 * one. Of random ones an eighth does, at most; and letters in the upper byte never do. */
static bool several_counters(const uint32_t *values, size_t num)
{
    enum { SMALL_STEP = 255 };
    size_t follow = 0;
    for (size_t i = 1; i < num; i++) {
        bool found = false;
        for (size_t j = 0; j < i && !found; j++) {
            const uint16_t step = (uint16_t)(values[i] - values[j]);
            found = step > 0 && step <= SMALL_STEP;
        }
        follow += found;
    }
    return follow * 3 >= num;
}

/* Printers and boards count in the order of bytes of their processor. */
static bool counts_swapped(const uint32_t *values, size_t num)
{
    uint32_t swapped[COVERT_WINDOW];
    for (size_t i = 0; i < num; i++)
        swapped[i] = __builtin_bswap16((uint16_t)values[i]);
    return goes_ahead(swapped, num, UINT16_MAX);
}

static void test_window(struct analyze_context *context, struct covert_endpoint *endpoint,
                        unsigned side, struct covert_window *window, unsigned bits,
                        struct covert_verdict *verdict)
{
    uint32_t values[COVERT_WINDOW];
    qsort(window->values, window->num, sizeof window->values[0], compare_values);
    for (size_t i = 0; i < window->num; i++)
        values[i] = window->values[i].value;
    const bool counters =
        verdict->field == COVERT_IP_ID &&
        (several_counters(values, window->num) || counts_swapped(values, window->num));
    if (!counters && covert_spread(values, window->num, bits, verdict))
        covert_tested(context, endpoint, side, verdict);
}

/* The window of a series; NULL: |value| is its first one, and is kept without one, or is that again. */
static struct covert_window *window_for(struct covert_endpoint *endpoint, enum covert_series series,
                                        const struct covert_value *value)
{
    struct covert_value *first = &endpoint->firsts[series];
    if (!endpoint->has_first[series]) {
        endpoint->has_first[series] = true;
        *first = *value;
        return NULL;
    }
    if (first->value == value->value && first->ports == value->ports)
        return NULL;
    struct covert_history *history = covert_history_of(endpoint);
    if (history == NULL)
        return NULL;
    struct covert_window *window = &history->windows[series];
    if (window->num == 0)
        window->values[window->num++] = *first;
    return window;
}

/* Adds a value; at some numbers of them the window is tested, and when it is full it begins anew. */
static void add(struct analyze_context *context, struct covert_endpoint *endpoint, unsigned side,
                enum covert_series series, uint64_t number, unsigned bits,
                struct covert_verdict *verdict)
{
    const struct flow *flow = context->observation->flow;
    const struct covert_value value = {.value = (uint32_t)number,
                                       .ports = (uint32_t)flow->ends[side].port << 16 |
                                                flow->ends[!side].port,
                                       .packet = flow->first_packet};
    struct covert_window *window = window_for(endpoint, series, &value);
    if (window == NULL || is_copy(window, &value))
        return;
    window->values[window->num++] = value;
    if (window->num == COVERT_LEAST || window->num == COVERT_SOME || window->num == COVERT_WINDOW)
        test_window(context, endpoint, side, window, bits, verdict);
    if (window->num == COVERT_WINDOW) {
        window->num = 0;
        endpoint->has_first[series] = false;
    }
}

/* Linux keeps the highest bit of the labels that it makes for itself (flowlabel_state_ranges); OpenBSD that of
 * identifications, for some time. */
enum { LABEL_BITS = 19, ID_BITS = 15 };

void covert_windows(struct analyze_context *context, struct covert_endpoint *endpoint,
                    unsigned side, const struct ip_fields *fields)
{
    const struct covert_state *state = context->state;
    const struct flow *flow = context->observation->flow;
    const bool has_syn = flow->protocol == PROTO_TCP && state->syn_packet == flow->first_packet &&
                         state->syn_side == side;
    struct covert_verdict verdict = {.confidence = CONFIDENCE_LIKELY};
    if (has_syn && fields->first_id.seen && fields->first_id.value != 0) {
        verdict.field = COVERT_IP_ID;
        verdict.rule = RULE_COVERT_IP_ID;
        verdict.reason =
            "No stack is known whose identifications are neither constant, nor counted, nor "
            "spread evenly.";
        add(context, endpoint, side, COVERT_IDS, fields->first_id.value, ID_BITS, &verdict);
    }
    if (fields->flow_label.seen && fields->flow_label.value != 0) {
        verdict.field = COVERT_FLOW_LABEL;
        verdict.rule = RULE_COVERT_FLOW_LABEL;
        verdict.reason = "Labels should be spread evenly over conversations (RFC 6437).";
        add(context, endpoint, side, COVERT_LABELS, fields->flow_label.value, LABEL_BITS, &verdict);
    }
}

void covert_isn(struct analyze_context *context, struct covert_endpoint *endpoint, unsigned side,
                uint32_t isn)
{
    struct covert_verdict verdict = {
        .field = COVERT_TCP_ISN,
        .rule = RULE_COVERT_TCP_ISN,
        .confidence = CONFIDENCE_LIKELY,
        .reason =
            "Initial sequence numbers are a clock, or spread evenly over connections (RFC 6528)."};
    add(context, endpoint, side, COVERT_ISNS, isn, 32, &verdict);
}
