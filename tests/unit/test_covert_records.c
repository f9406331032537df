/* test_covert_records.c: covert.ephemeral-nonce: what makes it fire, what looks alike, and where it begins. */
#include "analysis/covert.h"
#include "dissectors/tls_nonces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct flow base = {
    .ip_version = 4,
    .protocol = PROTO_TCP,
    .first_packet = 10,
    .ends = {{.address = {10, 0, 0, 1}, .port = 40000}, {.address = {192, 0, 2, 1}, .port = 443}}};

static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

enum kind { COUNTER, MASKED, RANDOM, TEXT, HALF_TEXT, CLOCK, JUMPS, SAME_PREFIX, SHIFTED };

static uint64_t nonce_of(enum kind kind, unsigned index, unsigned jumps, uint64_t *seed)
{
    static const char text[] =
        "the quick report follows: the key of the session is given here in full, "
        "and nothing else may be sent this way until the bell has rung twice; "
        "bring the list of names, and burn it when you have read it to the end";
    const uint64_t random = next_random(seed);
    uint64_t word = 0;
    for (unsigned i = 0; i < TLS_NONCE_LEN; i++)
        word = word << 8 | (uint8_t)text[(index * TLS_NONCE_LEN + i) % (sizeof text - 1)];
    switch (kind) {
    case COUNTER:
        return 0x8d3a77b1c2e4f5ff + index;
    case MASKED:
        return 0xa55a3cc396690ff2 ^ index;
    case RANDOM:
        return random;
    case TEXT:
        return word;
    case HALF_TEXT:
        return index % 2 == 0 ? word : random;
    case CLOCK:
        return 0x18b7c2d4e5f60718 + index * UINT64_C(1234567);
    case JUMPS: /* each of them is a step from the counter, and one back */
        return index % 2 == 1 && index < jumps ? random : 0x8d3a77b1c2e4f5ff + index;
    case SAME_PREFIX:
        return 0x42424242ull << 32 | (random & 0xffffffff);
    case SHIFTED:
        return 0x9e3779b97f4a7c15 >> index | 0x9e3779b97f4a7c15 << (64 - index) % 64;
    }
    return 0;
}

static const struct finding *say(struct analysis *analysis, enum kind kind, unsigned num,
                                 unsigned jumps, unsigned repeat)
{
    uint8_t bytes[TLS_NONCES_SAMPLED * TLS_NONCE_LEN];
    uint64_t nonces_at[TLS_NONCES_SAMPLED], sequences[TLS_NONCES_SAMPLED], seed = 7;
    unsigned counted, repeated;
    size_t found;
    for (unsigned i = 0; i < num; i++) {
        nonces_at[i] = nonce_of(kind, i, jumps, &seed);
        sequences[i] = i;
    }
    for (unsigned i = num - repeat; i < num; i++)
        nonces_at[i] = nonces_at[0];
    for (unsigned i = 0; i < num * TLS_NONCE_LEN; i++)
        bytes[i] =
            (uint8_t)(nonces_at[i / TLS_NONCE_LEN] >> 8 * (TLS_NONCE_LEN - 1 - i % TLS_NONCE_LEN));
    const enum tls_nonce_pattern pattern =
        tls_nonces_classify(nonces_at, sequences, num, &counted, &repeated);
    const struct tls_record_nonces nonces = {.transport = "tls",
                                             .from = "client",
                                             .records = number(num),
                                             .jumps = number(counted),
                                             .repeated = number(repeated),
                                             .pattern = number(pattern),
                                             .packet = number(14),
                                             .nonces = span_of(bytes, num * TLS_NONCE_LEN)};
    const struct observation observation = {.type = &observation_tls_record_nonces,
                                            .data = &nonces,
                                            .flow = &base,
                                            .time_ns = 1000000000,
                                            .packet = 99};
    analysis_observe(analysis, &observation);
    analysis_finish(analysis);
    const struct finding *findings = analysis_findings(analysis, &found);
    assert_in_range(found, 0, 1);
    return found > 0 ? findings : NULL;
}

static void test_nonces(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum kind kind;
        unsigned num, jumps, repeat;
        enum severity severity; /* 0: nothing is told */
    } rows[] = {
        {"counter", COUNTER, 24, 0, 0, 0},
        {"masked", MASKED, 24, 0, 0, 0},
        {"random", RANDOM, 24, 0, 0, 0},
        {"a few random ones", RANDOM, 3, 0, 0, 0},
        {"clock", CLOCK, 24, 0, 0, 0},
        {"text", TEXT, 24, 0, 0, SEVERITY_MEDIUM},
        {"three of text", TEXT, 3, 0, 0, SEVERITY_MEDIUM},
        {"two of text", TEXT, 2, 0, 0, 0},
        {"half of them text", HALF_TEXT, 24, 0, 0, SEVERITY_MEDIUM},
        {"half of six text", HALF_TEXT, 6, 0, 0, 0},
        {"four bytes that stay", SAME_PREFIX, 24, 0, 0, SEVERITY_MEDIUM},
        {"a shift register", SHIFTED, 24, 0, 0, SEVERITY_MEDIUM},
        {"two jumps", JUMPS, 24, 2, 0, 0},
        {"four jumps", JUMPS, 24, 4, 0, 0},
        {"six jumps", JUMPS, 24, 6, 0, SEVERITY_MEDIUM},
        {"one that comes again", RANDOM, 24, 0, 1, SEVERITY_HIGH},
        {"two, the same", COUNTER, 2, 0, 1, SEVERITY_HIGH},
        {"one only", COUNTER, 1, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error error = {{0}};
        struct analysis *analysis =
            analysis_new(&(struct analysis_options){.rules = "covert.*"}, &error);
        assert_non_null(analysis);
        const struct finding *finding =
            say(analysis, rows[i].kind, rows[i].num, rows[i].jumps, rows[i].repeat);
        if ((finding != NULL) != (rows[i].severity != 0))
            fail_msg("%s: %s", rows[i].name, finding != NULL ? finding->rule->id : "nothing");
        if (finding != NULL) {
            assert_string_equal(finding->rule->id, "covert.ephemeral-nonce");
            assert_int_equal(finding->severity, rows[i].severity);
            if (rows[i].repeat > 0)
                assert_int_equal(finding->packet, 14);
        }
        analysis_free(analysis);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nonces),
    };
    return cmocka_run_group_tests_name("covert records", tests, NULL, NULL);
}
