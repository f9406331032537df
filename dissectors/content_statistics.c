/* content_statistics.c: what the frequencies of its bytes tell of a file. */
#include "dissectors/content_statistics.h"

#include <math.h>

/* Bytes that follow each other are often the same, and a count that was just written has to be waited for: two sets. */
void content_statistics_add(struct content_statistics *statistics, struct span bytes)
{
    size_t i = 0;
    for (; i + 1 < bytes.len; i += 2) {
        statistics->counts[bytes.at[i]]++;
        statistics->odd_counts[bytes.at[i + 1]]++;
    }
    if (i < bytes.len)
        statistics->counts[bytes.at[i]]++;
}

static uint64_t count(const struct content_statistics *statistics, size_t byte)
{
    return statistics->counts[byte] + statistics->odd_counts[byte];
}

static uint64_t total(const struct content_statistics *statistics)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < 256; i++)
        sum += count(statistics, i);
    return sum;
}

/* One control character in a hundred is borne: form feeds, the end marks of banners, padding. */
bool content_statistics_text(const struct content_statistics *statistics)
{
    enum { DELETE = 0x7f, BORNE = 100 };
    uint64_t all = total(statistics), odd = count(statistics, DELETE);
    for (uint8_t c = 0; c < ' '; c++)
        if (c != '\t' && c != '\n' && c != '\r')
            odd += count(statistics, c);
    return all > 0 && odd <= all / BORNE;
}

/* Pearson's chi-squared of even spread, of 255 degrees of freedom: of random bytes it is 255 on average, with a standard
 * deviation of 22.6, whatever their number. */
static double chi_squared(const struct content_statistics *statistics, double all)
{
    double expected = all / 256, sum = 0;
    for (size_t i = 0; i < 256; i++) {
        double off = (double)count(statistics, i) - expected;
        sum += off * off / expected;
    }
    return sum;
}

/* Shannon's entropy in bits a byte, with the correction of Miller and Madow for few bytes. */
static double entropy(const struct content_statistics *statistics, double all)
{
    double sum = 0, used = 0;
    for (size_t i = 0; i < 256; i++) {
        if (count(statistics, i) == 0)
            continue;
        double p = (double)count(statistics, i) / all;
        sum -= p * log2(p);
        used++;
    }
    return sum + (used - 1) / (2 * all * M_LN2);
}

/* Random bytes fail the first test once in a million files; compressed ones, of which large files fail it, pass the
 * second. */
bool content_statistics_opaque(const struct content_statistics *statistics)
{
    enum { FEWEST = 512, FEWEST_FOR_ENTROPY = 4096 };
    static const double six_deviations = 255 + 6 * 22.6, nearly_all = 7.9;
    double all = (double)total(statistics);
    if (all < FEWEST)
        return false;
    return chi_squared(statistics, all) < six_deviations ||
           (all >= FEWEST_FOR_ENTROPY && entropy(statistics, all) > nearly_all);
}
