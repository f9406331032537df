/* rank_test.h: whether two series of times differ: the test of Mann and Whitney (1947), exact. */
#ifndef PERPASS_PROBE_RANK_TEST_H
#define PERPASS_PROBE_RANK_TEST_H

#include <stddef.h>
#include <stdint.h>

enum { RANK_TEST_MAX = 32 /* samples of a series */ };

/* rank_test gives the probability that two series of the same kind are as different as these, or more: two-sided.
 * Series have 1 to RANK_TEST_MAX samples. */
double rank_test(const uint64_t *a, size_t num_a, const uint64_t *b, size_t num_b);

/* rank_median sorts the series and gives its middle one. */
uint64_t rank_median(uint64_t *series, size_t num);

#endif
