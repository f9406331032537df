/* statistics.c: tails of distributions, entropies, tests of sequences. */
#include "analysis/statistics.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const double statistics_most_score = 300;

enum { MOST_STEPS = 1000, MOST_PATTERN = 10, SYMBOL_BITS = 3 };

double statistics_score(double p)
{
    const double score = p > 0 ? -log10(p) : statistics_most_score;
    return score > statistics_most_score ? statistics_most_score : score > 0 ? score : 0;
}

double statistics_corrected(double score, double tests)
{
    const double corrected = tests > 1 ? score - log10(tests) : score;
    return corrected > 0 ? corrected : 0;
}

/* --- tails --- */

/* Of positive numbers. lgamma() would write the sign to a variable that all threads share. */
static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* The lower incomplete gamma function, regularised, by its series: for x < a + 1. */
static double gamma_series(double a, double x)
{
    double term = 1 / a, sum = term;
    for (unsigned i = 1; i < MOST_STEPS && term > sum * DBL_EPSILON; i++) {
        term *= x / (a + i);
        sum += term;
    }
    return sum * exp(a * log(x) - x - log_gamma(a));
}

/* The upper one, by its continued fraction, worked out as Lentz does. */
static double gamma_fraction(double a, double x)
{
    const double tiny = DBL_MIN / DBL_EPSILON;
    double b = x + 1 - a, c = 1 / tiny, d = 1 / b, h = d;
    for (unsigned i = 1; i < MOST_STEPS; i++) {
        const double step = -(double)i * (i - a);
        b += 2;
        d = step * d + b;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = b + step / c;
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        if (fabs(d * c - 1) < DBL_EPSILON)
            break;
    }
    return h * exp(a * log(x) - x - log_gamma(a));
}

/* The upper one, and the lower one, each by what is no difference of numbers that are nearly the same where it is small. */
static double gamma_upper(double a, double x)
{
    if (x <= 0)
        return 1;
    return x < a + 1 ? 1 - gamma_series(a, x) : gamma_fraction(a, x);
}

static double gamma_lower(double a, double x)
{
    if (x <= 0)
        return 0;
    return x < a + 1 ? gamma_series(a, x) : 1 - gamma_fraction(a, x);
}

double statistics_chi_square_tail(double x, double degrees)
{
    return gamma_upper(degrees / 2, x / 2);
}

double statistics_normal_tail(double z)
{
    return erfc(z / sqrt(2)) / 2;
}

double statistics_poisson_tail(uint64_t k, double mean)
{
    return k == 0 ? 1 : gamma_lower((double)k, mean);
}

double statistics_kolmogorov_tail(double d, double n)
{
    const double root = sqrt(n), lambda = (root + 0.12 + 0.11 / root) * d;
    double sum = 0, sign = 1;
    if (lambda < 0.2)
        return 1;
    for (unsigned k = 1; k < 100; k++, sign = -sign) {
        const double term = exp(-2 * (double)k * k * lambda * lambda);
        sum += sign * term;
        if (term < DBL_EPSILON * sum)
            break;
    }
    return sum > 0.5 ? 1 : 2 * sum;
}

double statistics_binomial_score(uint64_t k, uint64_t n, double p)
{
    if (k == 0 || p >= 1)
        return 0;
    if (k > n || p <= 0)
        return statistics_most_score;
    const double odds = p / (1 - p);
    const double first = log_gamma((double)n + 1) - log_gamma((double)k + 1) -
                         log_gamma((double)(n - k) + 1) + (double)k * log(p) +
                         (double)(n - k) * log1p(-p);
    double sum = 1, term = 1;
    for (uint64_t i = k; i < n; i++) {
        term *= (double)(n - i) / (double)(i + 1) * odds;
        sum += term;
        if (term < sum * DBL_EPSILON)
            break;
    }
    const double score = -(first + log(sum)) / log(10);
    return score > statistics_most_score ? statistics_most_score : score > 0 ? score : 0;
}

/* --- how values are spread --- */

double statistics_chi_square(const uint32_t *counts, size_t num)
{
    double total = 0, sum = 0;
    for (size_t i = 0; i < num; i++)
        total += counts[i];
    const double expected = total / (double)num;
    for (size_t i = 0; i < num && expected > 0; i++)
        sum += (counts[i] - expected) * (counts[i] - expected) / expected;
    return sum;
}

double statistics_ks_uniform(const double *sorted, size_t num, double most)
{
    double d = 0;
    for (size_t i = 0; i < num; i++) {
        const double at = sorted[i] / most;
        const double above = (double)(i + 1) / (double)num - at,
                     below = at - (double)i / (double)num;
        d = above > d ? above : d;
        d = below > d ? below : d;
    }
    return d;
}

double statistics_ks_two(const double *a, size_t num_a, const double *b, size_t num_b)
{
    double d = 0;
    for (size_t i = 0, j = 0; i < num_a && j < num_b;) {
        const double at = a[i] < b[j] ? a[i] : b[j];
        while (i < num_a && a[i] <= at)
            i++;
        while (j < num_b && b[j] <= at)
            j++;
        const double apart = fabs((double)i / (double)num_a - (double)j / (double)num_b);
        d = apart > d ? apart : d;
    }
    return d;
}

double statistics_entropy(const uint32_t *counts, size_t num)
{
    double total = 0, sum = 0, kinds = 0;
    for (size_t i = 0; i < num; i++)
        total += counts[i];
    for (size_t i = 0; i < num; i++) {
        if (counts[i] == 0)
            continue;
        sum -= counts[i] / total * log2(counts[i] / total);
        kinds++;
    }
    return total > 0 ? sum + (kinds - 1) / (2 * total * log(2)) : 0;
}

static int compare_words(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void insert(uint32_t *values, size_t num)
{
    for (size_t i = 1; i < num; i++) {
        const uint32_t value = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

/* By |shift|: into |out|, by one byte of each. */
static void sort_by_byte(const uint32_t *values, size_t num, unsigned shift, uint32_t *out)
{
    size_t places[257] = {0};
    for (size_t i = 0; i < num; i++)
        places[(values[i] >> shift & 0xff) + 1]++;
    for (size_t i = 1; i < 256; i++)
        places[i] += places[i - 1];
    for (size_t i = 0; i < num; i++)
        out[places[values[i] >> shift & 0xff]++] = values[i];
}

void statistics_sort(uint32_t *values, size_t num)
{
    enum { FEW = 32, MOST = 256 };
    uint32_t other[MOST], all = 0;
    assert(num <= MOST);
    if (num < FEW) {
        insert(values, num);
        return;
    }
    for (size_t i = 0; i < num; i++)
        all |= values[i];
    for (unsigned shift = 0; shift < 32 && all >> shift != 0; shift += 16) {
        sort_by_byte(values, num, shift, other);
        sort_by_byte(other, num, shift + 8, values);
    }
}

/* The entropy of |num| words, which are sorted; the share of those that come once, in |once|. */
static double entropy_of_words(uint64_t *words, size_t num, double *once)
{
    double sum = 0;
    size_t single = 0;
    qsort(words, num, sizeof words[0], compare_words);
    for (size_t i = 0, j; i < num; i = j) {
        for (j = i + 1; j < num && words[j] == words[i];)
            j++;
        const double share = (double)(j - i) / (double)num;
        sum -= share * log2(share);
        single += j - i == 1;
    }
    *once = (double)single / (double)num;
    return sum;
}

double statistics_conditional_entropy(const uint8_t *symbols, size_t num, unsigned alphabet)
{
    double before = 0, first = 0, least = 0;
    uint64_t *words = calloc(num + 1, sizeof words[0]);
    assert(alphabet <= 1u << SYMBOL_BITS);
    for (size_t len = 1; words != NULL && len <= MOST_PATTERN && len < num; len++) {
        double once;
        const size_t patterns = num - len + 1;
        for (size_t i = 0; i < patterns; i++) {
            words[i] = 0;
            for (size_t j = 0; j < len; j++)
                words[i] = words[i] << SYMBOL_BITS | symbols[i + j];
        }
        const double entropy = entropy_of_words(words, patterns, &once);
        if (len == 1)
            first = entropy;
        const double corrected = entropy - before + once * first;
        least = len == 1 || corrected < least ? corrected : least;
        before = entropy;
        if (once == 1)
            break;
    }
    free(words);
    return least;
}

/* --- sequences --- */

/* Of the bits of |bytes|: how many are set, and how often one differs from the one before it. */
struct bit_counts {
    double num, ones, changes;
    double closing; /* 1 when the first differs from the last */
};

/* Bits that are set, in a few steps for all of a word (no processor's instruction is asked for). */
static unsigned num_ones(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555;
    word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (unsigned)(word * 0x0101010101010101 >> 56);
}

static struct bit_counts count_bits(const uint8_t *bytes, size_t len)
{
    unsigned ones = 0, changes = 0;
    const unsigned first = len > 0 ? bytes[0] >> 7 : 0;
    uint64_t last = first;
    for (size_t i = 0; i < len;) {
        uint64_t word = 0;
        unsigned bits = 0;
        for (; bits < 64 && i < len; bits += 8)
            word = word << 8 | bytes[i++];
        ones += num_ones(word);
        changes += num_ones(word ^ (last << (bits - 1) | word >> 1)); /* each bit's predecessor */
        last = word & 1;
    }
    return (struct bit_counts){
        .num = (double)len * 8, .ones = ones, .changes = changes, .closing = last != first ? 1 : 0};
}

size_t statistics_ones(const uint8_t *bytes, size_t len)
{
    return (size_t)count_bits(bytes, len).ones;
}

double statistics_runs(const uint8_t *bytes, size_t len, double *statistic)
{
    const struct bit_counts bits = count_bits(bytes, len);
    const double zeros = bits.num - bits.ones;
    *statistic = len > 0 ? bits.changes + 1 : 0;
    if (bits.ones < 1 || zeros < 1)
        return bits.num > 1 ? (bits.num - 1) * log10(2) : 0;
    const double mean = 2 * bits.ones * zeros / bits.num + 1;
    const double variance = (mean - 1) * (mean - 2) / (bits.num - 1);
    const double z = fabs(bits.changes + 1 - mean) / sqrt(variance);
    return variance > 0 ? statistics_score(2 * statistics_normal_tail(z)) : 0;
}

/* The sequence is joined to a ring: there it changes to 1 as often as to 0. */
double statistics_serial(const uint8_t *bytes, size_t len, double *statistic)
{
    const struct bit_counts bits = count_bits(bytes, len);
    const double zeros = bits.num - bits.ones, turns = (bits.changes + bits.closing) / 2;
    *statistic = 0;
    if (len == 0)
        return 0;
    const double pairs = (bits.ones - turns) * (bits.ones - turns) +
                         (zeros - turns) * (zeros - turns) + 2 * turns * turns;
    const double single = bits.ones * bits.ones + zeros * zeros;
    *statistic = (4 * pairs - 2 * single) / bits.num;
    return statistics_score(statistics_chi_square_tail(*statistic, 2));
}

/* |chance[j]|: that of the draws so far j had a value that was there before, and never more than |again|. What goes on
 * from the last of them is the tail, a sum of small numbers and no difference of large ones. */
double statistics_again_score(size_t again, size_t num, double values)
{
    enum { MOST_AGAIN = 256 };
    double chance[MOST_AGAIN] = {1}, tail = 0;
    assert(again <= MOST_AGAIN);
    if ((double)again <= (double)num * ((double)num - 1) / 2 / values)
        return 0;
    for (size_t drawn = 0; drawn < num; drawn++) {
        const size_t most = drawn < again - 1 ? drawn : again - 1;
        if (drawn >= again - 1)
            tail += chance[again - 1] * (double)(drawn - (again - 1)) / values;
        for (size_t j = most + 1; j-- > 0;) {
            const double from = j > 0 ? chance[j - 1] * (double)(drawn - (j - 1)) / values : 0;
            chance[j] = chance[j] * (1 - (double)(drawn - j) / values) + from;
        }
    }
    return statistics_score(tail);
}

/* --- times --- */

static double deviation(const double *values, size_t num)
{
    double mean = 0, sum = 0;
    for (size_t i = 0; i < num; i++)
        mean += values[i] / (double)num;
    for (size_t i = 0; i < num; i++)
        sum += (values[i] - mean) * (values[i] - mean);
    return num > 1 ? sqrt(sum / (double)(num - 1)) : 0;
}

double statistics_regularity(const double *values, size_t num, size_t window)
{
    enum { MOST_WINDOWS = 32 };
    double deviations[MOST_WINDOWS], differences[MOST_WINDOWS * MOST_WINDOWS];
    size_t windows = 0, pairs = 0;
    for (size_t at = 0; at + window <= num && windows < MOST_WINDOWS; at += window)
        deviations[windows++] = deviation(values + at, window);
    for (size_t i = 0; i < windows; i++)
        for (size_t j = i + 1; j < windows; j++)
            if (deviations[i] > 0)
                differences[pairs++] = fabs(deviations[i] - deviations[j]) / deviations[i];
    return deviation(differences, pairs);
}

double statistics_similarity(const double *sorted, size_t num, double epsilon)
{
    size_t alike = 0;
    for (size_t i = 0; i + 1 < num; i++)
        alike += sorted[i + 1] - sorted[i] <= epsilon * sorted[i];
    return num > 1 ? (double)alike / (double)(num - 1) : 0;
}

double statistics_rayleigh(const uint32_t *values, size_t num, double period)
{
    double across = 0, along = 0;
    for (size_t i = 0; i < num; i++) {
        const double turn = values[i] / period;
        const double angle = 2 * 3.14159265358979323846 * (turn - floor(turn));
        along += cos(angle);
        across += sin(angle);
    }
    return num > 0 ? sqrt(along * along + across * across) / (double)num : 0;
}

/* Four at a time, by extensions of C that gcc and clang share. */
typedef uint32_t four_words __attribute__((vector_size(16)));
typedef int32_t four_ints __attribute__((vector_size(16)));
typedef float four_floats __attribute__((vector_size(16)));

/* The sines of four parts of a turn, in 2^32ths, by parabolas that touch them at their ends and tops. */
static four_floats sines_about(four_words parts)
{
    const four_floats turn = __builtin_convertvector((four_ints)parts, four_floats) * 0x1p-32f;
    const four_floats size = (four_floats)((four_ints)turn & INT32_MAX);
    return turn * (8 - 16 * size);
}

static double sum_of(four_floats four)
{
    return (double)four[0] + (double)four[1] + (double)four[2] + (double)four[3];
}

double statistics_rayleigh_about(const uint32_t *values, size_t num, double period)
{
    const uint32_t each = (uint32_t)(0x1p32 / period + 0.5), quarter = UINT32_C(1) << 30;
    four_floats across = {0}, along = {0};
    four_words four;
    size_t i = 0;
    for (; num - i >= 4; i += 4) {
        memcpy(&four, values + i, sizeof four);
        across += sines_about(four * each);
        along += sines_about(four * each + quarter);
    }
    double x = sum_of(along), y = sum_of(across);
    if (i < num) {
        memset(&four, 0, sizeof four);
        memcpy(&four, values + i, (num - i) * sizeof values[0]);
        /* What fills them up has a sine of 0, and a cosine of 1. */
        x += sum_of(sines_about(four * each + quarter)) - (double)(4 - (num - i));
        y += sum_of(sines_about(four * each));
    }
    return num > 0 ? sqrt(x * x + y * y) / (double)num : 0;
}

double statistics_rayleigh_score(double length, size_t num)
{
    const double z = (double)num * length * length;
    return statistics_score(exp(-z));
}
