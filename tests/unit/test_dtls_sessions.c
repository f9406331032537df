/* test_dtls_sessions.c: which connection ids are taken for one session that goes on from elsewhere. */
#include "analysis/analysis.h"
#include "core/flow.h"
#include "dissectors/dtls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { FIRST = 0, SECOND = 1 };

/* A record from |from| to |to| (the last byte of an address, and its port), with connection id |cid|. */
struct record {
    const char *cid;
    uint8_t from, to;
    uint16_t from_port;
    unsigned side;
};

static void say(struct analysis *analysis, const struct record *record, uint64_t packet)
{
    struct flow flow = {.ip_version = 4, .protocol = PROTO_UDP, .first_packet = packet};
    flow.ends[record->side] =
        (struct endpoint){.address = {192, 0, 2, record->from}, .port = record->from_port};
    flow.ends[!record->side] = (struct endpoint){.address = {192, 0, 2, record->to}, .port = 5684};
    const struct dtls_cid cid = {.cid = span_text(record->cid), .len = number(strlen(record->cid))};
    const struct observation observation = {.type = &observation_dtls_cid,
                                            .data = &cid,
                                            .flow = &flow,
                                            .packet = packet,
                                            .side = record->side};
    analysis_observe(analysis, &observation);
}

static struct analysis *start(void)
{
    struct error error;
    struct analysis *analysis = analysis_new(&(struct analysis_options){.rules = NULL}, &error);
    assert_non_null(analysis);
    return analysis;
}

static struct analysis_stats finish(struct analysis *analysis)
{
    analysis_finish(analysis);
    struct analysis_stats stats = analysis_stats(analysis);
    analysis_free(analysis);
    return stats;
}

struct story {
    const char *about;
    struct record records[4]; /* up to the first without a connection id */
    uint64_t followed;
};

static const struct story stories[] = {
    {"another address", {{"ab", 1, 9, 1000, FIRST}, {"ab", 2, 9, 1000, FIRST}}, 1},
    {"another port", {{"ab", 1, 9, 1000, FIRST}, {"ab", 1, 9, 2000, SECOND}}, 1},
    {"there and back",
     {{"ab", 1, 9, 1000, FIRST}, {"ab", 2, 9, 1000, FIRST}, {"ab", 1, 9, 1000, FIRST}},
     2},
    {"the same place, after a pause", {{"ab", 1, 9, 1000, FIRST}, {"ab", 1, 9, 1000, FIRST}}, 0},
    {"another connection id", {{"ab", 1, 9, 1000, FIRST}, {"ac", 2, 9, 1000, FIRST}}, 0},
    {"another server", {{"ab", 1, 9, 1000, FIRST}, {"ab", 1, 8, 1000, FIRST}}, 0},
    {"clients of one server that chose the same",
     {{"ab", 9, 1, 5684, FIRST}, {"ab", 9, 2, 5684, FIRST}},
     0},
};

static void test_stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct analysis *analysis = start();
        uint64_t num = 0;
        for (const struct record *r = stories[i].records; r->cid != NULL; r++)
            say(analysis, r, ++num);
        struct analysis_stats stats = finish(analysis);
        if (stats.dtls_cids != num || stats.dtls_cids_followed != stories[i].followed)
            fail_msg("%s: %u followed", stories[i].about, (unsigned)stats.dtls_cids_followed);
        assert_int_equal(stats.table_evictions, 0);
    }
}

/* More sessions than there is room for: the oldest are forgotten, which is counted. So many that a set
 * which the hash gives fewer than eight is one in a thousand million. */
static void test_bound(void **state)
{
    (void)state;
    struct analysis *analysis = start();
    char cid[16];
    struct record record = {.cid = cid, .from = 1, .to = 9, .from_port = 1000};
    for (unsigned i = 0; i < 300000; i++) {
        snprintf(cid, sizeof cid, "%08u", i);
        say(analysis, &record, i + 1);
    }
    record.from = 2;
    say(analysis, &record, 300001);
    snprintf(cid, sizeof cid, "%08u", 0u);
    say(analysis, &record, 300002);
    struct analysis_stats stats = finish(analysis);
    assert_int_equal(stats.dtls_cids_followed, 1);
    assert_in_range(stats.table_evictions, 300000 - 65536, 260000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories),
        cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests_name("dtls_sessions", tests, NULL, NULL);
}
