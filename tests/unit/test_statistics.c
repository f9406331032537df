/* test_statistics.c: tails of distributions, entropies and tests of sequences, against published values, and values
 * worked out by other programs; the commands stand beside them. */
#include "analysis/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_near(double a, double b, double within)
{
    if (fabs(a - b) > within)
        fail_msg("%.12g is not %.12g", a, b);
}

/* Abramowitz and Stegun, Handbook of Mathematical Functions, table 26.8: percentage points of chi-square. */
static void test_chi_square_tail(void **state)
{
    (void)state;
    assert_near(statistics_chi_square_tail(3.841459, 1), 0.05, 1e-7);
    assert_near(statistics_chi_square_tail(18.307038, 10), 0.05, 1e-7);
    assert_near(statistics_chi_square_tail(30.577914, 15), 0.01, 1e-8);
    assert_near(statistics_chi_square_tail(293.24783, 255), 0.05, 1e-6);
    assert_near(statistics_chi_square_tail(3.3251128, 9), 0.95, 1e-6);
    assert_near(statistics_chi_square_tail(0, 4), 1, 0);
    /* Two degrees of freedom: exp(-x / 2). */
    assert_near(log(statistics_chi_square_tail(200, 2)), -100, 1e-9);
}

/* The same, table 26.1. */
static void test_normal_tail(void **state)
{
    (void)state;
    assert_near(statistics_normal_tail(0), 0.5, 1e-15);
    assert_near(statistics_normal_tail(1.6448536), 0.05, 1e-8);
    assert_near(statistics_normal_tail(-1.6448536), 0.95, 1e-8);
    assert_near(statistics_normal_tail(3.0902323), 0.001, 1e-9);
}

/* Smirnov (1948): the limit is 1.3581 for 0.05 and 1.6276 for 0.01; Stephens' form of it is for few values. */
static void test_kolmogorov_tail(void **state)
{
    (void)state;
    const double n = 1e8;
    assert_near(statistics_kolmogorov_tail(1.3581 / sqrt(n), n), 0.05, 1e-4);
    assert_near(statistics_kolmogorov_tail(1.6276 / sqrt(n), n), 0.01, 1e-4);
    /* Of 20 values exactly 0.294 (Massey 1951, table 1). */
    assert_near(statistics_kolmogorov_tail(0.294, 20), 0.05, 2e-3);
    assert_near(statistics_kolmogorov_tail(0, 20), 1, 0);
}

/* python3: -log10(sum(math.comb(n, i) * p**i * (1 - p)**(n - i) for i in range(k, n + 1))) */
static void test_binomial_score(void **state)
{
    (void)state;
    assert_near(statistics_binomial_score(16, 16, 0.5), 16 * log10(2), 1e-12);
    assert_near(statistics_binomial_score(8, 10, 0.5), -log10(56.0 / 1024), 1e-12);
    assert_near(statistics_binomial_score(25, 255, 0.02), 9.9618948, 1e-6);
    assert_near(statistics_binomial_score(12, 24, 0.05), 9.4261808, 1e-6);
    assert_near(statistics_binomial_score(0, 24, 0.05), 0, 0);
    assert_near(statistics_binomial_score(25, 24, 0.05), statistics_most_score, 0);
    assert_near(statistics_binomial_score(10000, 10000, 0.5), statistics_most_score, 0);
}

/* python3: 1 - sum(math.exp(-2.5) * 2.5**i / math.factorial(i) for i in range(6)) */
static void test_poisson_tail(void **state)
{
    (void)state;
    assert_near(statistics_poisson_tail(6, 2.5), 0.0420210382, 1e-9);
    assert_near(statistics_poisson_tail(1, 2.5), 1 - exp(-2.5), 1e-12);
    assert_near(statistics_poisson_tail(0, 2.5), 1, 0);
}

/* As scores, down to where the tail is less than what is left of 1 in a double. python3, with getcontext().prec = 60:
 * -sum(Decimal(-m).exp() * Decimal(m)**i / math.factorial(i) for i in range(k, k + 100)).log10() */
static void test_poisson_tail_far_out(void **state)
{
    (void)state;
    static const struct {
        uint64_t k;
        double mean, score;
    } rows[] = {{1, 1e-20, 20},
                {3, 1e-6, 18.7781515761044},
                {20, 0.5, 24.6134180306166},
                {40, 1, 48.3352221321788},
                {100, 10, 62.2677196759693},
                {60, 0.001, 261.9206020242339}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_near(statistics_score(statistics_poisson_tail(rows[i].k, rows[i].mean)),
                    rows[i].score, 1e-9);
}

/* Upper tails: python3, mpmath: -log10(gammainc(d / 2, x / 2, inf, regularized=True)), -log10(erfc(z / sqrt(2)) / 2) */
static void test_tails_far_out(void **state)
{
    (void)state;
    assert_near(statistics_score(statistics_chi_square_tail(100, 2)), 21.7147240951626, 1e-9);
    assert_near(statistics_score(statistics_chi_square_tail(360, 15)), 66.7699879123356, 1e-9);
    assert_near(statistics_score(statistics_normal_tail(12)), 32.7504391611919, 1e-9);
    assert_near(statistics_score(statistics_normal_tail(30)), 197.309209261661, 1e-9);
}

static void test_scores(void **state)
{
    (void)state;
    assert_near(statistics_score(1e-4), 4, 1e-12);
    assert_near(statistics_score(1), 0, 0);
    assert_near(statistics_score(0), statistics_most_score, 0);
    assert_near(statistics_corrected(6, 100), 4, 1e-12);
    assert_near(statistics_corrected(6, 1), 6, 0);
    assert_near(statistics_corrected(1, 100), 0, 0);
}

static void test_spread(void **state)
{
    (void)state;
    static const uint32_t counts[] = {10, 20, 30, 40}, even[] = {5, 5, 5, 5};
    static const double values[] = {0.1, 0.2, 0.35, 0.9}, others[] = {0.3, 0.5, 0.6, 0.95};
    assert_near(statistics_chi_square(counts, 4), 20, 1e-12);
    assert_near(statistics_chi_square(even, 4), 0, 0);
    assert_near(statistics_ks_uniform(values, 4, 1), 0.4, 1e-12);
    assert_near(statistics_ks_two(values, 4, others, 4), 0.5, 1e-12);
    assert_near(statistics_ks_two(values, 4, values, 4), 0, 0);
    /* Two bits, and Miller's and Madow's (classes - 1) / (2 * draws * ln 2). */
    assert_near(statistics_entropy(even, 4), 2 + 3 / (40 * log(2)), 1e-12);
    assert_near(statistics_entropy(counts, 4), 1.84643934467 + 3 / (200 * log(2)), 1e-10);
}

static void test_conditional_entropy(void **state)
{
    (void)state;
    uint8_t repeats[200], random[200];
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof repeats; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        repeats[i] = (uint8_t)(i % 5);
        random[i] = (uint8_t)(seed >> 60) % 2;
    }
    /* After some symbols the next one is known; a random one is worth its own bit. */
    assert_near(statistics_conditional_entropy(repeats, sizeof repeats, 5), 0, 0.1);
    assert_near(statistics_conditional_entropy(random, sizeof random, 2), 1, 0.1);
}

/* NIST SP 800-22 rev. 1a section 2.3.8: the first 100 bits of pi, P = 0.500798; its approximation differs a little from
 * the exact mean and variance of Wald and Wolfowitz. */
static void test_runs(void **state)
{
    (void)state;
    static const char *const bits =
        "1100100100001111110110101010001000100001011010001100001000110100"
        "11000100110001100110001010001011100";
    uint8_t bytes[12] = {0}, alternate[32], constant[4] = {0};
    double statistic;
    for (size_t i = 0; i < sizeof bytes * 8; i++)
        bytes[i / 8] = (uint8_t)(bytes[i / 8] | (bits[i] - '0') << (7 - i % 8));
    assert_true(statistics_runs(bytes, sizeof bytes, &statistic) < 0.7);
    assert_near(statistic, 51, 0);
    memset(alternate, 0x55, sizeof alternate);
    assert_true(statistics_runs(alternate, sizeof alternate, &statistic) > 40);
    assert_near(statistics_runs(constant, sizeof constant, &statistic), 31 * log10(2), 1e-9);
    assert_true(statistics_serial(bytes, sizeof bytes, &statistic) < 2);
    assert_near(statistic, 2.20833333333,
                1e-9); /* NIST SP 800-22 section 2.11: del psi^2 of m = 2 */
    assert_true(statistics_serial(alternate, sizeof alternate, &statistic) > 40);
}

/* Birthdays: 23 people, of whom two or more share one; and the least likely of all, by hand. */
static void test_again(void **state)
{
    (void)state;
    assert_near(statistics_again_score(1, 23, 365), -log10(0.5072972), 1e-6);
    assert_near(statistics_again_score(2, 3, 256), 2 * log10(256), 1e-9);
    assert_near(statistics_again_score(27, 28, 256), 27 * log10(256), 1e-6);
    assert_near(statistics_again_score(1, 28, 256), 0, 1e-9); /* less than is to be expected */
    assert_true(statistics_again_score(20, 28, 256) < 300);
    assert_true(statistics_again_score(256, 4000, 256) < 1e-9);
}

static void test_times(void **state)
{
    (void)state;
    double steady[64], wild[64], sorted[64];
    uint32_t whole[64];
    for (size_t i = 0; i < 64; i++) {
        whole[i] = i % 2 ? 40 : 20;
        steady[i] = whole[i];
        wild[i] = i < 32 ? (i % 2 ? 40 : 20) : (i % 2 ? 4000 : 20);
        sorted[i] = i < 32 ? 20 : 40;
    }
    assert_near(statistics_regularity(steady, 64, 8), 0, 1e-12);
    assert_true(statistics_regularity(wild, 64, 8) > 10);
    assert_near(statistics_similarity(sorted, 64, 0.01), 62.0 / 63, 1e-12);
    assert_near(statistics_rayleigh(whole, 64, 20), 1, 1e-12);
    assert_near(statistics_rayleigh(whole, 64, 40), 0, 1e-12);
    assert_near(statistics_rayleigh_score(0.5, 40), 10 * log10(exp(1)), 1e-12);
}

static void test_sort(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    for (size_t num = 0; num <= 256; num++) {
        uint32_t values[256];
        uint64_t sum = 0, sum_sorted = 0;
        for (size_t i = 0; i < num; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            values[i] = (uint32_t)(seed >> 16) >> (num % 4 * 8);
            sum += values[i] * (uint64_t)values[i];
        }
        statistics_sort(values, num);
        for (size_t i = 0; i < num; i++) {
            assert_true(i == 0 || values[i - 1] <= values[i]);
            sum_sorted += values[i] * (uint64_t)values[i];
        }
        assert_true(sum == sum_sorted);
    }
}

/* The quick way is near enough to the exact one, for values of up to 100 seconds, whatever the period. */
static void test_rayleigh_about(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    for (unsigned round = 0; round < 500; round++) {
        uint32_t values[100];
        const double period = 4000 + 200.0 * round;
        for (size_t i = 0; i < 100; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            const double kept_to = period * (double)(seed % 50 + 1);
            values[i] = i < round % 101 ? (uint32_t)kept_to : (uint32_t)(seed >> 8) % 100000000;
        }
        for (size_t num = 93; num <= 100; num++)
            assert_near(statistics_rayleigh_about(values, num, period),
                        statistics_rayleigh(values, num, period), 0.05);
    }
    assert_near(statistics_rayleigh_about(NULL, 0, 4000), 0, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chi_square_tail),
        cmocka_unit_test(test_normal_tail),
        cmocka_unit_test(test_kolmogorov_tail),
        cmocka_unit_test(test_binomial_score),
        cmocka_unit_test(test_poisson_tail),
        cmocka_unit_test(test_poisson_tail_far_out),
        cmocka_unit_test(test_tails_far_out),
        cmocka_unit_test(test_scores),
        cmocka_unit_test(test_spread),
        cmocka_unit_test(test_conditional_entropy),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_sort),
        cmocka_unit_test(test_rayleigh_about),
    };
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
