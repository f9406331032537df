/* rank_test.c: counts the orders of two series by how often a sample of one is behind a sample of the other. */
#include "probe/rank_test.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_U = RANK_TEST_MAX * RANK_TEST_MAX };

/* ways[n][u]: the orders of n samples of the one and |m| of the other, m growing, in which there are u such pairs. */
static double share_up_to(size_t num_a, size_t num_b, size_t u)
{
    double ways[RANK_TEST_MAX + 1][MAX_U + 1];
    for (size_t n = 0; n <= num_a; n++)
        for (size_t i = 0; i <= MAX_U; i++)
            ways[n][i] = i == 0 ? 1 : 0.0;
    for (size_t m = 1; m <= num_b; m++)
        for (size_t n = 1; n <= num_a;
             n++) /* the last is of the other, or of the one and behind m */
            for (size_t i = MAX_U + 1; i-- > 0;)
                ways[n][i] += i >= m ? ways[n - 1][i - m] : 0.0;
    double all = 0, some = 0;
    for (size_t i = 0; i <= MAX_U; i++) {
        all += ways[num_a][i];
        some += i <= u ? ways[num_a][i] : 0.0;
    }
    return some / all;
}

double rank_test(const uint64_t *a, size_t num_a, const uint64_t *b, size_t num_b)
{
    assert(num_a > 0 && num_b > 0 && num_a <= RANK_TEST_MAX && num_b <= RANK_TEST_MAX);
    size_t twice = 0; /* equal times are half a pair */
    for (size_t i = 0; i < num_a; i++)
        for (size_t k = 0; k < num_b; k++)
            twice += a[i] > b[k] ? 2 : a[i] == b[k];
    const size_t pairs = num_a * num_b, u = twice / 2;
    const size_t least = u < pairs - u ? u : pairs - u;
    const double p = 2 * share_up_to(num_a, num_b, least);
    return p < 1 ? p : 1;
}

static int compare(const void *a, const void *b)
{
    const uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return first < second ? -1 : first > second;
}

uint64_t rank_median(uint64_t *series, size_t num)
{
    qsort(series, num, sizeof series[0], compare);
    return series[num / 2];
}
