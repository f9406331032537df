/* text.c: numbers, times and paragraphs as people read them. Text is UTF-8; every code point is one column. */
#include "reports/text.h"

#include "core/digits.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

static int begins_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

static size_t columns_of(const char *text, size_t len)
{
    size_t columns = 0;
    for (size_t i = 0; i < len; i++)
        if (begins_character(text[i]))
            columns++;
    return columns;
}

size_t text_columns(const char *text)
{
    return columns_of(text, strlen(text));
}

/* The bytes of the first |columns| code points, or of the whole text if it has fewer. */
static size_t bytes_of_columns(const char *text, size_t columns)
{
    size_t at = 0;
    for (size_t seen = 0; text[at] != '\0'; at++)
        if (begins_character(text[at]) && seen++ == columns)
            break;
    return at;
}

void text_cut(const char *text, size_t columns, char *buffer, size_t size)
{
    if (text_columns(text) <= columns && strlen(text) < size) {
        snprintf(buffer, size, "%s", text);
        return;
    }
    size_t keep = bytes_of_columns(text, columns > 3 ? columns - 3 : 0);
    if (keep + 4 > size) {
        keep = size > 4 ? size - 4 : 0;
        while (keep > 0 && !begins_character(text[keep]))
            keep--;
    }
    snprintf(buffer, size, "%.*s...", (int)keep, text);
}

/* The bytes of |text| that go on a line of |columns|: whole words, or a part of a word that is too long. */
static size_t line_of(const char *text, size_t columns)
{
    size_t fits = bytes_of_columns(text, columns);
    if (text[fits] == '\0' || text[fits] == ' ')
        return fits;
    size_t end = fits;
    while (end > 0 && text[end] != ' ')
        end--;
    return end > 0 ? end : fits;
}

unsigned text_wrap(FILE *out, const char *text, unsigned indent, unsigned width, unsigned max_lines)
{
    size_t columns = width > indent + 20 ? width - indent : 20;
    unsigned lines = 0;
    while (*text == ' ')
        text++;
    while (*text != '\0') {
        size_t len = line_of(text, columns);
        const char *rest = text + len;
        while (*rest == ' ')
            rest++;
        lines++;
        if (lines == max_lines && *rest != '\0') {
            len = line_of(text, columns - 4);
            if (out != NULL)
                fprintf(out, "%*s%.*s ...\n", (int)indent, "", (int)len, text);
            return lines;
        }
        if (out != NULL)
            fprintf(out, "%*s%.*s\n", (int)indent, "", (int)len, text);
        text = rest;
    }
    return lines;
}

const char *text_number(uint64_t number, char buffer[TEXT_SMALL])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
    size_t to = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            buffer[to++] = ',';
        buffer[to++] = digits[i];
    }
    buffer[to] = '\0';
    return buffer;
}

const char *text_count(uint64_t number, const char *one, const char *many,
                       char buffer[TEXT_SMALL * 2])
{
    char digits[TEXT_SMALL];
    snprintf(buffer, TEXT_SMALL * 2, "%s %s", text_number(number, digits),
             number == 1 ? one : many);
    return buffer;
}

static void utc_of(uint64_t time_ns, struct tm *utc)
{
    const time_t seconds = (time_t)(time_ns / NS_PER_S);
    gmtime_r(&seconds, utc);
}

/* The date of a day since 1970-01-01, by years that begin in March (leap days are their last): H. Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms". */
static void date_of(uint64_t day, unsigned *year, unsigned *month, unsigned *day_of_month)
{
    uint64_t from_march = day + 719468; /* since 0000-03-01 */
    uint64_t era = from_march / 146097, of_era = from_march % 146097;
    uint64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t from_march_month = (5 * of_year + 2) / 153;
    *day_of_month = (unsigned)(of_year - (153 * from_march_month + 2) / 5 + 1);
    *month = (unsigned)(from_march_month < 10 ? from_march_month + 3 : from_march_month - 9);
    *year = (unsigned)(year_of_era + era * 400 + (*month <= 2));
}

static char *put_two(char *out, unsigned number, char behind)
{
    memcpy(out, digits_pair(number), 2);
    out[2] = behind;
    return out + 3;
}

/* Nine digits and "Z". */
static void put_fraction(uint64_t of_second, char *out)
{
    digits_eight((uint32_t)(of_second / 10), out);
    out[8] = (char)('0' + of_second % 10);
    memcpy(out + 9, "Z", 2);
}

const char *text_time(uint64_t time_ns, char buffer[TEXT_SMALL])
{
    uint64_t second = time_ns / NS_PER_S, of_second = time_ns % NS_PER_S;
    unsigned year, month, day, of_day = (unsigned)(second % 86400);
    date_of(second / 86400, &year, &month, &day); /* 64 bits of nanoseconds end in 2554 */
    memcpy(buffer, digits_pair(year / 100), 2);
    char *out = put_two(buffer + 2, year % 100, '-');
    out = put_two(out, month, '-');
    out = put_two(out, day, 'T');
    out = put_two(out, of_day / 3600, ':');
    out = put_two(out, of_day / 60 % 60, ':');
    out = put_two(out, of_day % 60, '.');
    put_fraction(of_second, out);
    return buffer;
}

void text_clock(struct text_clock *clock, uint64_t time_ns)
{
    const uint64_t second = time_ns / NS_PER_S;
    if (clock->text[0] != '\0' && clock->second == second) {
        put_fraction(time_ns % NS_PER_S, clock->text + TEXT_TIME_LEN - 10);
        return;
    }
    text_time(time_ns, clock->text);
    clock->second = second;
}

const char *text_second(uint64_t time_ns, char buffer[TEXT_SMALL])
{
    struct tm utc;
    utc_of(time_ns, &utc);
    strftime(buffer, TEXT_SMALL, "%Y-%m-%d %H:%M:%SZ", &utc);
    return buffer;
}

const char *text_duration(uint64_t duration_ns, char buffer[TEXT_SMALL])
{
    uint64_t s = duration_ns / NS_PER_S;
    if (s < 10)
        snprintf(buffer, TEXT_SMALL, "%.2f s", (double)duration_ns / (double)NS_PER_S);
    else if (s < 60)
        snprintf(buffer, TEXT_SMALL, "%" PRIu64 " s", s);
    else if (s < 3600)
        snprintf(buffer, TEXT_SMALL, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(buffer, TEXT_SMALL, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s % 3600 / 60);
    else
        snprintf(buffer, TEXT_SMALL, "%" PRIu64 " d %" PRIu64 " h", s / 86400, s % 86400 / 3600);
    return buffer;
}

const char *text_bytes(uint64_t bytes, char buffer[TEXT_SMALL])
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes < 1000) {
        snprintf(buffer, TEXT_SMALL, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
        return buffer;
    }
    double value = (double)bytes / 1000;
    size_t unit = 0;
    /* 999.95 would be printed as "1000.0" */
    while (value >= 999.95 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1000;
        unit++;
    }
    snprintf(buffer, TEXT_SMALL, "%.1f %s", value, units[unit]);
    return buffer;
}

const char *text_percent(uint64_t part, uint64_t whole, char buffer[TEXT_SMALL])
{
    double share = whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
    bool whole_number = share == 0 || (share >= 1 && share < 99) || part == whole;
    /* What is not all or nothing is not rounded to that. */
    if (part > 0 && share < 0.1)
        snprintf(buffer, TEXT_SMALL, "below 0.1 %%");
    else if (part < whole && share > 99.9)
        snprintf(buffer, TEXT_SMALL, "over 99.9 %%");
    else
        snprintf(buffer, TEXT_SMALL, whole_number ? "%.0f %%" : "%.1f %%", share);
    return buffer;
}

size_t text_sentence(const char *text)
{
    for (const char *stop = strchr(text, '.'); stop != NULL; stop = strchr(stop + 1, '.'))
        if (stop[1] == '\0' || (stop[1] == ' ' && stop[2] >= 'A' && stop[2] <= 'Z'))
            return (size_t)(stop - text) + 1;
    return strlen(text);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: three rows of the table are enough. */
unsigned text_distance(const char *a, const char *b)
{
    enum { MOST = 63 };
    size_t len_a = strnlen(a, MOST), len_b = strnlen(b, MOST);
    unsigned rows[3][MOST + 1];
    for (size_t j = 0; j <= len_b; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= len_a; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= len_b; j++) {
            row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(row[j], least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], above2[j - 2] + 1);
        }
    }
    return rows[len_a % 3][len_b];
}
