/* flood.c: writes a capture of hostile or heavy traffic to standard output, with real conversations mixed in.
 *
 *     flood [--seed N] [--only-real] KIND COUNT COPIES CAPTURE...
 *
 * COUNT units of KIND (flood_kinds.c), and the conversations of the captures, COPIES in all, spread evenly among them
 * with addresses of their own: in 10.64.0.0/10 and 2001:db8:ffff::/48. The same arguments give the same bytes; with
 * --only-real the conversations alone, at the same times. After each tenth of the units a line goes to standard error:
 * the percentage, and the frames so far. */
#include "tests/bench/flood.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_LEN = 1 << 20, TENTHS = 10, MAX_FRAME = 65536 };

static const uint64_t SECOND_NS = 1000000000;

void flood_fail(const char *what, const char *about)
{
    fprintf(stderr, "flood: %s%s%s\n", what, *about != '\0' ? ": " : "", about);
    exit(2);
}

/* SplitMix64: small, and the same everywhere. */
uint64_t flood_random(struct flood *flood)
{
    uint64_t z = flood->random += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

void flood_bytes(struct flood *flood, uint8_t *out, size_t len)
{
    while (len != 0) {
        uint64_t some = flood_random(flood);
        size_t part = len < sizeof some ? len : sizeof some;
        memcpy(out, &some, part);
        out += part;
        len -= part;
    }
}

static void put(const void *bytes, size_t len)
{
    if (fwrite(bytes, 1, len, stdout) != len)
        flood_fail("nobody reads what is written", "");
}

void flood_begin(void)
{
    const struct {
        uint32_t magic; /* times in nanoseconds */
        uint16_t major, minor;
        uint32_t zone, accuracy, snap_len, link_type;
    } header = {0xa1b23c4d, 2, 4, 0, 0, MAX_FRAME, 1};
    if (setvbuf(stdout, NULL, _IOFBF, BUFFER_LEN) != 0)
        flood_fail("there is no memory", "");
    put(&header, sizeof header);
}

void flood_write(struct flood *flood, uint64_t time_ns, const uint8_t *frame, size_t len)
{
    const uint32_t record[4] = {(uint32_t)(time_ns / SECOND_NS), (uint32_t)(time_ns % SECOND_NS),
                                (uint32_t)len, (uint32_t)len};
    put(record, sizeof record);
    put(frame, len);
    flood->num_frames++;
}

void flood_end(void)
{
    if (fflush(stdout) != 0)
        flood_fail("nobody reads what is written", "");
}

static const struct flood_kind *kind_named(const char *name)
{
    const struct flood_kind *kind = flood_kinds;
    while (kind->name != NULL && strcmp(kind->name, name) != 0)
        kind++;
    if (kind->name == NULL)
        flood_fail("there is no such kind of flood", name);
    return kind;
}

static uint64_t number_of(const char *text)
{
    char *end;
    uint64_t number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0')
        flood_fail("this is no number", text);
    return number;
}

static void help(void)
{
    puts("Usage: flood [--seed N] [--only-real] KIND COUNT COPIES CAPTURE...\nKinds:");
    for (const struct flood_kind *kind = flood_kinds; kind->name != NULL; kind++)
        printf("  %-9s %s\n", kind->name, kind->about);
}

static void tell(uint64_t done, uint64_t count, const struct flood *flood)
{
    fprintf(stderr, "%llu %llu\n", (unsigned long long)(done * 100 / count),
            (unsigned long long)flood->num_frames);
}

/* Takes the options off the front of the arguments; gives how many words they are. */
static int read_options(char **argv, uint64_t *seed, bool *only_real)
{
    int num = 0;
    for (;; num++) {
        const char *word = argv[num];
        if (word != NULL && strcmp(word, "--only-real") == 0)
            *only_real = true;
        else if (word != NULL && strcmp(word, "--seed") == 0 && argv[num + 1] != NULL)
            *seed = number_of(argv[++num]);
        else
            return num;
    }
}

static void write_all(struct flood *flood, const struct flood_kind *kind, uint64_t count,
                      struct flood_reals *reals, bool only_real)
{
    for (uint64_t i = 0; i < count && !only_real; i++) {
        if (i != 0 && i * TENTHS / count != (i - 1) * TENTHS / count) {
            flood_end(); /* so that the reader has as much as is told */
            tell(i, count, flood);
        }
        flood->now_ns = FLOOD_BEGIN_NS + i * SECOND_NS / kind->rate;
        flood_reals_until(reals, flood, flood->now_ns);
        kind->write(flood);
    }
    flood_reals_until(reals, flood, UINT64_MAX);
    flood_end();
    tell(1, 1, flood);
}

int main(int argc, char **argv)
{
    uint64_t seed = 1;
    bool only_real = false;
    int options = read_options(argv + 1, &seed, &only_real);
    argc -= options + 1;
    argv += options + 1;
    if (argc < 3) {
        help();
        return 2;
    }
    const struct flood_kind *kind = kind_named(argv[0]);
    uint64_t count = number_of(argv[1]), copies = number_of(argv[2]);
    uint64_t span_ns = count * SECOND_NS / kind->rate;
    struct flood flood = {.random = seed, .now_ns = FLOOD_BEGIN_NS};
    struct flood_reals *reals = flood_reals_new(argv + 3, (size_t)argc - 3, copies,
                                                span_ns > SECOND_NS ? span_ns : SECOND_NS);
    flood_begin();
    write_all(&flood, kind, count, reals, only_real);
    flood_reals_free(reals);
    return 0;
}
