/* statistics.h: tests of hypotheses on small samples: what docs/covert.md cites, without a library. Probabilities are
 * told as scores: minus their decimal logarithm, so that 4 is one in 10,000. */
#ifndef PERPASS_ANALYSIS_STATISTICS_H
#define PERPASS_ANALYSIS_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* Most that a score is: below it the tails are not worked out. */
extern const double statistics_most_score;

/* statistics_score of a probability; of several tests of one hypothesis the least p counts |tests| times (Bonferroni). */
double statistics_score(double p);
double statistics_corrected(double score, double tests);

/* Upper tails: P(X >= x). */
double statistics_chi_square_tail(double x, double degrees); /* chi-square distribution */
double statistics_normal_tail(double z);                     /* standard normal distribution */
double statistics_kolmogorov_tail(double d, double n);       /* D of n values, Stephens (1970) */
double statistics_poisson_tail(uint64_t k, double mean);
/* P(X >= k) of |n| draws with chance |p|, as a score: exact, also where the tail is tiny. */
double statistics_binomial_score(uint64_t k, uint64_t n, double p);

/* statistics_chi_square is the statistic of |counts| against evenly spread ones. */
double statistics_chi_square(const uint32_t *counts, size_t num);

/* statistics_ks_uniform is Kolmogorov's and Smirnov's D of |num| values, sorted, against an even spread over [0, most].
 * statistics_ks_two is that of two samples, both sorted. */
double statistics_ks_uniform(const double *sorted, size_t num, double most);
double statistics_ks_two(const double *a, size_t num_a, const double *b, size_t num_b);

/* statistics_entropy is Shannon's entropy of |counts| in bits; Miller's and Madow's correction for few draws is added. */
double statistics_entropy(const uint32_t *counts, size_t num);

/* statistics_conditional_entropy is the corrected conditional entropy of a sequence of symbols below |alphabet|, at most
 * 8, in bits: the least over the lengths of patterns (Porta et al. 1998; Gianvecchio and Wang 2007). */
double statistics_conditional_entropy(const uint8_t *symbols, size_t num, unsigned alphabet);

/* statistics_ones is how many bits are set. */
size_t statistics_ones(const uint8_t *bytes, size_t len);

/* statistics_runs is the score of Wald's and Wolfowitz's test of |num| bits, both sides (NIST SP 800-22 section 2.3).
 * statistics_serial is that of pairs of neighbouring bits (Good 1953). The bits are in bytes, the highest first.
 * |statistic| is the number of runs; the difference of the sums of squares. */
double statistics_runs(const uint8_t *bytes, size_t len, double *statistic);
double statistics_serial(const uint8_t *bytes, size_t len, double *statistic);

/* statistics_again_score is the score of |again|, at most 256, of |num| draws among so many equally frequent |values|
 * having one that was drawn before: exact; 0 where there are no more than pairs of draws make expect. */
double statistics_again_score(size_t again, size_t num, double values);

/* statistics_regularity compares the standard deviations of windows of |window| values pairwise: the standard deviation
 * of their relative differences; small where times are kept to. statistics_similarity is the share of neighbours in
 * |sorted| values that differ by less than |epsilon| of themselves (both: Cabuk et al. 2004). */
double statistics_regularity(const double *values, size_t num, size_t window);
double statistics_similarity(const double *sorted, size_t num, double epsilon);

/* statistics_rayleigh is the length of the mean vector of |values| on a circle of |period|: 1 where all are multiples of
 * it; and its score (Rayleigh 1919; Fisher 1993). */
double statistics_rayleigh(const uint32_t *values, size_t num, double period);

/* statistics_rayleigh_about is about the same, to 0.05, in a fiftieth of the time: to search a period. Of |values| above
 * 100,000,000 the place on the circle is wrong by more and more, and that of the highest ones anywhere. |period| is at
 * least 2. */
double statistics_rayleigh_about(const uint32_t *values, size_t num, double period);
double statistics_rayleigh_score(double length, size_t num);

void statistics_sort(uint32_t *values, size_t num); /* of at most 256, the lowest first */

#endif
