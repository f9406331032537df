/* test_covert.c: the rules of fields that can be set freely: for each what makes it fire, what looks alike, and where it
 * begins; the ledger. */
#include "analysis/covert.h"
#include "analysis/covert_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct flow base = {
    .ip_version = 4,
    .protocol = PROTO_TCP,
    .first_packet = 10,
    .packets = {100, 100},
    .bytes = {100000, 100000},
    .ends = {{.address = {10, 0, 0, 1}, .port = 40000}, {.address = {192, 0, 2, 1}, .port = 443}}};

static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void say(struct analysis *analysis, const struct flow *flow,
                const struct observation_type *type, const void *data)
{
    const struct observation observation = {.type = type,
                                            .data = data,
                                            .flow = flow,
                                            .time_ns = 1000000000 * flow->first_packet,
                                            .packet = flow->first_packet};
    analysis_observe(analysis, &observation);
}

static struct analysis *begin(void)
{
    struct error error = {{0}};
    struct analysis *analysis =
        analysis_new(&(struct analysis_options){.rules = "covert.*"}, &error);
    assert_non_null(analysis);
    return analysis;
}

/* The one finding, or NULL where there is none; the caller frees the analysis. */
static const struct finding *only_finding(struct analysis *analysis)
{
    size_t num;
    analysis_finish(analysis);
    const struct finding *findings = analysis_findings(analysis, &num);
    assert_in_range(num, 0, 1);
    return num > 0 ? findings : NULL;
}

static const struct evidence *evidence_of(const struct finding *finding, const char *name)
{
    for (size_t i = 0; i < finding->num_evidence; i++)
        if (strcmp(finding->evidence[i].name, name) == 0)
            return &finding->evidence[i];
    fail_msg("no evidence %s", name);
    return NULL;
}

static void check(const char *name, struct analysis *analysis, const char *rule,
                  enum severity severity)
{
    const struct finding *finding = only_finding(analysis);
    if ((finding == NULL) != (rule == NULL))
        fail_msg("%s: %s", name, finding != NULL ? finding->rule->id : "nothing found");
    if (rule != NULL) {
        assert_string_equal(finding->rule->id, rule);
        if (finding->severity != severity)
            fail_msg("%s: severity %u", name, finding->severity);
    }
    analysis_free(analysis);
}

/* --- what a header should not have --- */

static void test_oddities(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct field_odd odd;
        const char *rule;
        enum severity severity;
    } rows[] = {
        {"reserved bit once", {ODDITY_IP_RESERVED_BIT, 1}, "covert.ip-reserved-bit", SEVERITY_LOW},
        {"reserved bit in several",
         {ODDITY_IP_RESERVED_BIT, 9},
         "covert.ip-reserved-bit",
         SEVERITY_MEDIUM},
        {"options", {ODDITY_IP_OPTIONS, 9, 36, 30, 5, 7}, "covert.ip-options", SEVERITY_LOW},
        {"PadN", {ODDITY_IP6_PADDING, 2, 8, 0, 1}, "covert.ipv6-padding", SEVERITY_MEDIUM},
        {"PadN, the same", {ODDITY_IP6_PADDING, 2, 8, 0, 0}, "covert.ipv6-padding", SEVERITY_LOW},
        {"frames", {ODDITY_ETHERNET_PADDING, 9, 90, 9, 8}, "covert.ethernet-padding", SEVERITY_LOW},
        {"frames, text",
         {ODDITY_ETHERNET_PADDING, 4, 40, 35, 3},
         "covert.ethernet-padding",
         SEVERITY_MEDIUM},
        {"frames, less text",
         {ODDITY_ETHERNET_PADDING, 4, 40, 34, 3},
         "covert.ethernet-padding",
         SEVERITY_LOW},
        {"echo", {ODDITY_ICMP_PAYLOAD, 3, 90, 9, 2}, "covert.icmp-payload", SEVERITY_MEDIUM},
        {"echo, the same", {ODDITY_ICMP_PAYLOAD, 3, 90, 9, 0}, "covert.icmp-payload", SEVERITY_LOW},
        {"echo once", {ODDITY_ICMP_PAYLOAD, 1, 900, 900, 0}, "covert.icmp-payload", SEVERITY_LOW},
        {"reply", {ODDITY_ICMP_REPLY, 3, 90, 9, 2}, "covert.icmp-payload", SEVERITY_MEDIUM},
        {"reserved", {ODDITY_TCP_RESERVED, 3, 0, 0, 1}, "covert.tcp-reserved", SEVERITY_MEDIUM},
        {"number", {ODDITY_TCP_ACK, 3, 0, 0, 2}, "covert.tcp-reserved", SEVERITY_MEDIUM},
        {"urgent", {ODDITY_TCP_URGENT, 3, 0, 0, 2}, "covert.tcp-urgent", SEVERITY_MEDIUM},
        {"urgent, the same", {ODDITY_TCP_URGENT, 3, 0, 0, 0}, "covert.tcp-urgent", SEVERITY_LOW},
        {"option", {ODDITY_TCP_OPTION, 3, 9, 0, 2, 100}, "covert.tcp-options", SEVERITY_MEDIUM},
        {"padding", {ODDITY_TCP_OPTION_PADDING, 3, 9, 0, 2}, "covert.tcp-options", SEVERITY_MEDIUM},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t room[FIELD_ODD_LEN];
        struct analysis *analysis = begin();
        field_odd_put(room, &rows[i].odd);
        if (rows[i].odd.oddity < ODDITY_TCP_RESERVED)
            say(analysis, &base, &observation_ip_fields,
                &(struct ip_fields){.oddities = span_of(room, sizeof room)});
        else
            say(analysis, &base, &observation_tcp_fields,
                &(struct tcp_fields){.oddities = span_of(room, sizeof room)});
        check(rows[i].name, analysis, rows[i].rule, rows[i].severity);
    }
}

/* Of two conversations the one that began later may end, and be told, first: the finding is where the first packet is. */
static void test_first_of_all(void **state)
{
    (void)state;
    struct analysis *analysis = begin();
    for (unsigned i = 0; i < 2; i++) {
        uint8_t room[FIELD_ODD_LEN];
        struct flow flow = base;
        flow.first_packet = 100 - 50 * i;
        flow.ends[1].port = (uint16_t)(443 + i);
        flow.first_ns = flow.first_packet * 1000;
        const struct field_odd odd = {.oddity = ODDITY_IP_RESERVED_BIT,
                                      .packets = 9,
                                      .first = flow.first_packet + 2,
                                      .first_ns = flow.first_ns + 2000};
        field_odd_put(room, &odd);
        say(analysis, &flow, &observation_ip_fields,
            &(struct ip_fields){.oddities = span_of(room, sizeof room)});
    }
    const struct finding *finding = only_finding(analysis);
    assert_int_equal(finding->count, 2);
    assert_int_equal(finding->packet, 52);
    assert_int_equal(finding->first_ns, 52000);
    assert_int_equal(finding->last_ns, 100000000000);
    assert_int_equal(finding->server.port, 444);
    size_t num;
    const struct observation *const *told = analysis_told(analysis, &num);
    for (size_t i = 0; i < num; i++)
        if (told[i]->type == &observation_covert_endpoint)
            assert_int_equal(((const struct covert_endpoint_told *)told[i]->data)->first_ns.value,
                             50000);
    analysis_free(analysis);
}

/* --- fields that do not change within a conversation --- */

static void test_changes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t sampled, ttl, dscp, label;
        const char *rule;
        enum severity severity;
    } rows[] = {
        {"a steady way", 256, 0, 0, 0, NULL, 0},
        {"a route that changed", 256, 3, 0, 0, NULL, 0},
        {"every other packet", 64, 30, 0, 0, "covert.ttl", SEVERITY_MEDIUM},
        {"too few packets", 23, 20, 0, 0, NULL, 0},
        {"just not", 256, 19, 0, 0, NULL, 0},
        {"just", 256, 20, 0, 0, "covert.ttl", SEVERITY_MEDIUM},
        {"classes", 64, 0, 30, 0, "covert.dscp", SEVERITY_MEDIUM},
        {"classes, a few", 256, 0, 7, 0, NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis = begin();
        say(analysis, &base, &observation_ip_fields,
            &(struct ip_fields){.sampled = number(rows[i].sampled),
                                .ttl_changes = number(rows[i].ttl),
                                .dscp_changes = number(rows[i].dscp)});
        check(rows[i].name, analysis, rows[i].rule, rows[i].severity);
    }
    /* Two hosts behind one address: both fields change. */
    struct analysis *analysis = begin();
    size_t num;
    say(analysis, &base, &observation_ip_fields,
        &(struct ip_fields){
            .sampled = number(64), .ttl_changes = number(30), .dscp_changes = number(30)});
    analysis_finish(analysis);
    const struct finding *findings = analysis_findings(analysis, &num);
    assert_int_equal(num, 2);
    assert_int_equal(findings[0].severity, SEVERITY_LOW);
    assert_int_equal(findings[1].severity, SEVERITY_LOW);
    analysis_free(analysis);
}

static void test_labels_within(void **state)
{
    (void)state;
    struct flow flow = base;
    flow.ip_version = 6;
    for (unsigned changes = 2; changes <= 30; changes += 28) {
        struct analysis *analysis = begin();
        say(analysis, &flow, &observation_ip_fields,
            &(struct ip_fields){
                .sampled = number(64), .flow_label = number(5), .label_changes = number(changes)});
        check("labels", analysis, changes > 2 ? "covert.ipv6-flow-label" : NULL, SEVERITY_MEDIUM);
    }
}

/* Voice and pictures in one conversation are of two classes, which their lengths tell apart; a message is not. */
static void test_class_by_length(void **state)
{
    (void)state;
    for (unsigned by_length = 0; by_length <= 1; by_length++) {
        struct field_sample samples[64] = {{0}};
        struct analysis *analysis = begin();
        uint64_t seed = 3;
        for (size_t i = 0; i < 64; i++) {
            const bool picture = next_random(&seed) & 1, marked = next_random(&seed) & 1;
            samples[i].half_len = picture ? 450 : 60;
            samples[i].dscp = (by_length ? picture : marked) ? 34 : 46;
        }
        say(analysis, &base, &observation_ip_fields,
            &(struct ip_fields){.sampled = number(64),
                                .dscp_changes = number(30),
                                .samples = span_of(samples, sizeof samples)});
        check("class by length", analysis, by_length ? NULL : "covert.dscp", SEVERITY_MEDIUM);
    }
}

/* --- identifications --- */

enum ids { IDS_COUNT, IDS_COUNT_SWAPPED, IDS_HOSTS, IDS_RANDOM, IDS_OPENBSD, IDS_TEXT, IDS_ZERO };

static uint16_t make_id(enum ids kind, size_t i, uint64_t *seed)
{
    static const char text[] = "the quick brown fox jumps over the lazy dog and runs away from it";
    switch (kind) {
    case IDS_COUNT:
        return (uint16_t)(0xfff0 + i * 3);
    case IDS_COUNT_SWAPPED:
        return __builtin_bswap16((uint16_t)(0x10 + i));
    case IDS_HOSTS:
        return (uint16_t)(i % 3 * 20000 + i * 5);
    case IDS_RANDOM:
        return (uint16_t)next_random(seed);
    case IDS_OPENBSD:
        return (uint16_t)next_random(seed) & 0x7fff;
    case IDS_TEXT:
        return (uint16_t)(text[i % (sizeof text - 1)] << 8);
    case IDS_ZERO:
        break;
    }
    return 0;
}

static void say_ids(struct analysis *analysis, const struct flow *flow, enum ids kind, size_t num,
                    uint64_t seed)
{
    struct field_sample samples[256] = {{0}};
    for (size_t i = 0; i < num; i++)
        samples[i].id = make_id(kind, i, &seed);
    say(analysis, flow, &observation_ip_fields,
        &(struct ip_fields){.sampled = number(num),
                            .first_id = number(1),
                            .samples = span_of(samples, num * sizeof samples[0])});
}

static void test_ids_within(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum ids kind;
        size_t num;
        uint32_t syn; /* its options; 0: no SYN seen */
        const char *rule;
    } rows[] = {
        {"counter", IDS_COUNT, 64, 0, NULL},
        {"counter of Linux", IDS_COUNT, 64, 0x24813, NULL},
        {"counter, bytes swapped", IDS_COUNT_SWAPPED, 64, 0, NULL},
        {"several counters", IDS_HOSTS, 64, 0, NULL},
        {"zero", IDS_ZERO, 64, 0x24813, NULL},
        {"random", IDS_RANDOM, 256, 0, NULL},
        {"random of macOS", IDS_RANDOM, 256, 0x21311840, NULL},
        {"random of OpenBSD", IDS_OPENBSD, 256, 0, NULL},
        {"random of Linux", IDS_RANDOM, 64, 0x24813, "covert.ip-id"},
        {"text", IDS_TEXT, 64, 0, "covert.ip-id"},
        {"text of Linux", IDS_TEXT, 64, 0x24813, "covert.ip-id"},
        {"too little text", IDS_TEXT, 23, 0, NULL},
        {"just enough", IDS_TEXT, 24, 0, "covert.ip-id"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis = begin();
        if (rows[i].syn != 0)
            say(analysis, &base, &observation_tcp_fields,
                &(struct tcp_fields){.isn = number(1), .options = number(rows[i].syn)});
        say_ids(analysis, &base, rows[i].kind, rows[i].num, 7);
        check(rows[i].name, analysis, rows[i].rule, SEVERITY_MEDIUM);
    }
}

/* The first one of each of some conversations, between which a counter goes on by some packets. */
static void test_ids_over_conversations(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum ids kind;
        size_t num;
        const char *rule;
    } rows[] = {
        {"counter", IDS_COUNT, 24, NULL},
        {"counter, bytes swapped", IDS_COUNT_SWAPPED, 64, NULL},
        {"several counters", IDS_HOSTS, 64, NULL},
        {"random", IDS_RANDOM, 64, NULL},
        {"text", IDS_TEXT, 24, "covert.ip-id"},
        {"too little text", IDS_TEXT, 23, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis = begin();
        struct flow flow = base;
        uint64_t seed = 7;
        for (size_t n = 0; n < rows[i].num; n++) {
            const size_t packets = rows[i].kind == IDS_COUNT_SWAPPED ? 21 * n : n;
            flow.ends[0].port++;
            flow.first_packet += 40;
            say(analysis, &flow, &observation_tcp_fields,
                &(struct tcp_fields){.isn = number((uint32_t)next_random(&seed))});
            say(analysis, &flow, &observation_ip_fields,
                &(struct ip_fields){.sampled = number(3),
                                    .first_id = number(make_id(rows[i].kind, packets, &seed))});
        }
        check(rows[i].name, analysis, rows[i].rule, SEVERITY_MEDIUM);
    }
}

/* Datagrams of Linux go on by the time that went by. */
static void test_ids_of_datagrams(void **state)
{
    (void)state;
    for (unsigned udp = 0; udp <= 1; udp++) {
        struct flow flow = base;
        struct analysis *analysis = begin();
        say(analysis, &base, &observation_tcp_fields,
            &(struct tcp_fields){.isn = number(1), .options = number(0x24813)});
        flow.protocol = udp ? PROTO_UDP : PROTO_TCP;
        say_ids(analysis, &flow, IDS_RANDOM, 64, 7);
        check("datagrams", analysis, udp ? NULL : "covert.ip-id", SEVERITY_MEDIUM);
    }
}

/* Its own history: it counted, and does not any more. */
static void test_ids_history(void **state)
{
    (void)state;
    for (unsigned earlier = 1; earlier <= 3; earlier++) {
        struct analysis *analysis = begin();
        for (unsigned i = 0; i < earlier; i++)
            say_ids(analysis, &base, IDS_COUNT, 64, 7);
        say_ids(analysis, &base, IDS_RANDOM, 64, 7);
        check("history", analysis, earlier >= 2 ? "covert.ip-id" : NULL, SEVERITY_LOW);
    }
}

/* Of eight endpoints a quarter or more depart: rather the network does it, whoever of them is told of first. */
static void test_peers(void **state)
{
    (void)state;
    static const struct {
        uint8_t endpoints, departing;
        bool last; /* those that depart are the last ones */
        enum severity severity;
    } rows[] = {{16, 16, false, SEVERITY_INFO}, {8, 2, false, SEVERITY_INFO},
                {8, 2, true, SEVERITY_INFO},    {7, 7, false, SEVERITY_MEDIUM},
                {9, 2, false, SEVERITY_MEDIUM}, {9, 2, true, SEVERITY_MEDIUM}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis = begin();
        size_t num;
        for (uint8_t j = 0; j < rows[i].endpoints; j++) {
            const uint8_t nth = rows[i].last ? (uint8_t)(rows[i].endpoints - 1 - j) : j;
            struct flow flow = base;
            flow.ends[0].address[3] = j;
            say(analysis, &flow, &observation_tcp_fields,
                &(struct tcp_fields){.isn = number(1), .options = number(0x24813)});
            say_ids(analysis, &flow, nth < rows[i].departing ? IDS_RANDOM : IDS_COUNT, 64, 7);
        }
        analysis_finish(analysis);
        const struct finding *findings = analysis_findings(analysis, &num);
        assert_int_equal(num, rows[i].departing);
        for (size_t j = 0; j < num; j++) {
            if (findings[j].severity != rows[i].severity)
                fail_msg("row %zu: severity %u", i, findings[j].severity);
            assert_int_equal(evidence_of(&findings[j], "peers_tested")->value.number,
                             rows[i].endpoints);
            assert_int_equal(evidence_of(&findings[j], "peers_departed")->value.number,
                             rows[i].departing);
        }
        analysis_free(analysis);
    }
}

/* More alarms than can wait: none is lost. */
static void test_many_alarms(void **state)
{
    (void)state;
    struct analysis *analysis = begin();
    size_t num;
    const size_t endpoints = COVERT_MOST_ALARMS + 10;
    for (size_t i = 0; i < endpoints; i++) {
        struct flow flow = base;
        flow.ends[0].address[2] = (uint8_t)(i >> 8);
        flow.ends[0].address[3] = (uint8_t)i;
        say(analysis, &flow, &observation_tcp_fields,
            &(struct tcp_fields){.isn = number(1), .options = number(0x24813)});
        say_ids(analysis, &flow, IDS_RANDOM, 64, 7);
    }
    analysis_finish(analysis);
    const struct finding *findings = analysis_findings(analysis, &num);
    assert_int_equal(num, endpoints);
    for (size_t i = 0; i < num; i++)
        assert_int_equal(findings[i].severity, SEVERITY_INFO);
    analysis_free(analysis);
}

/* --- one value of each conversation --- */

static uint32_t make_isn(const char *kind, size_t i, uint64_t *seed)
{
    if (strcmp(kind, "random") == 0)
        return (uint32_t)next_random(seed);
    if (strcmp(kind, "clock") == 0)
        return (uint32_t)(0xf0000000 + i * 250000);
    if (strcmp(kind, "text") == 0)
        return (uint32_t)(('a' + next_random(seed) % 26) << 24);
    if (strcmp(kind, "again") == 0)
        return i % 8 == 0 ? 0x12345678 : (uint32_t)next_random(seed);
    return 0x12345678;
}

static void test_isns(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        size_t num;
        bool same_ports;
        const char *rule;
    } rows[] = {
        {"random", 640, false, NULL},
        {"clock", 64, false, NULL},
        {"constant", 64, false, NULL},
        {"text", 23, false, NULL},
        {"text", 24, false, "covert.tcp-isn"},
        {"again", 24, false, "covert.tcp-isn"},
        {"again", 24, true, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis = begin();
        uint64_t seed = 3;
        for (size_t j = 0; j < rows[i].num; j++) {
            struct flow flow = base;
            flow.first_packet += j;
            flow.ends[0].port = (uint16_t)(rows[i].same_ports ? 40000 : 40000 + j);
            say(analysis, &flow, &observation_tcp_fields,
                &(struct tcp_fields){.isn = number(make_isn(rows[i].kind, j, &seed)),
                                     .options = number(0)});
        }
        check(rows[i].kind, analysis, rows[i].rule, SEVERITY_MEDIUM);
    }
}

/* Counters of conversations that end in another order than they began. */
static void test_first_ids(void **state)
{
    (void)state;
    enum { COUNTER, TEXT, COUNTER_OF_EACH_HOST, KINDS };
    static const uint16_t hosts[] = {0x1234, 0x1f00, 0x2345, 0x1777};
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct analysis *analysis = begin();
        uint64_t seed = 3;
        for (size_t j = 0; j < 24; j++) {
            const size_t at = (j * 7) % 24;
            const size_t id = kind == TEXT      ? make_id(IDS_TEXT, at, &seed)
                              : kind == COUNTER ? 28 + at
                                                : hosts[at * 5 % 7 % 4] + at * 9;
            struct flow flow = base;
            flow.first_packet += at;
            flow.ends[0].port = (uint16_t)(40000 + j);
            say(analysis, &flow, &observation_tcp_fields,
                &(struct tcp_fields){.isn = number(next_random(&seed) & UINT32_MAX),
                                     .options = number(0)});
            say(analysis, &flow, &observation_ip_fields,
                &(struct ip_fields){.first_id = number(id)});
        }
        check("first ids", analysis, kind == TEXT ? "covert.ip-id" : NULL, SEVERITY_MEDIUM);
    }
}

static void test_labels(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 3; kind++) {
        struct analysis *analysis = begin();
        uint64_t seed = 3;
        for (size_t j = 0; j < 64; j++) {
            struct flow flow = base;
            flow.ip_version = 6;
            flow.first_packet += j;
            flow.ends[0].port = (uint16_t)(40000 + j);
            const uint64_t random = next_random(&seed);
            const uint64_t label = kind == 0   ? random & 0xfffff
                                   : kind == 1 ? 0x80000 | (random & 0x7ffff) /* of Linux */
                                               : 'a' + random % 26;
            say(analysis, &flow, &observation_ip_fields,
                &(struct ip_fields){.flow_label = number(label)});
        }
        check("labels", analysis, kind == 2 ? "covert.ipv6-flow-label" : NULL, SEVERITY_MEDIUM);
    }
}

/* --- time stamps, times --- */

static void test_timestamps(void **state)
{
    (void)state;
    static const struct {
        uint64_t num, backward;
        bool found;
    } rows[] = {{256, 0, false}, {256, 9, false}, {256, 10, true},
                {24, 4, false},  {23, 23, false}, {64, 16, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis = begin();
        say(analysis, &base, &observation_tcp_fields,
            &(struct tcp_fields){.timestamps = number(rows[i].num),
                                 .timestamps_backward = number(rows[i].backward)});
        check("time stamps", analysis, rows[i].found ? "covert.tcp-timestamps" : NULL,
              SEVERITY_MEDIUM);
    }
}

static uint32_t make_interval(const char *kind, size_t i, uint64_t *seed)
{
    const double share = (double)(next_random(seed) >> 11) / 9007199254740992.0;
    if (strcmp(kind, "on and off") == 0) { /* of 50 ms, with up to 2 ms on the way */
        uint32_t silent = 1;
        while (next_random(seed) & 1)
            silent++;
        return silent * 50000 + (uint32_t)(share * 2000);
    }
    if (strcmp(kind, "telephony") == 0)
        return 20000 + (uint32_t)(share * 1000);
    if (strcmp(kind, "telephony with jitter") == 0)
        return 20000 + (uint32_t)(share * 2500) + (uint32_t)(next_random(seed) % 2500) -
               (uint32_t)(next_random(seed) % 2500);
    if (strcmp(kind, "in turns") == 0)
        return (i % 2 ? 20000 : 45000) + (uint32_t)(share * 1000);
    if (strcmp(kind, "keys near a grid") == 0)
        return 10000 * (8 + (uint32_t)(share * 20)) + (uint32_t)(next_random(seed) % 6000);
    if (strcmp(kind, "keys to a grid") == 0) /* of 10 ms */
        return 10000 * (8 + (uint32_t)(share * 20)) + (uint32_t)(next_random(seed) % 1500);
    return 5000 + (uint32_t)(share * share * share * 2000000);
}

static void test_timing(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        size_t num;
        const char *rule;
        enum severity severity;
    } rows[] = {
        {"on and off", 200, "covert.timing", SEVERITY_LOW},
        {"on and off", 48, NULL, 0},
        {"telephony", 200, NULL, 0},
        {"telephony with jitter", 200, NULL, 0},
        {"in turns", 200, NULL, 0},
        {"keys to a grid", 200, "covert.timing", SEVERITY_LOW},
        {"keys near a grid", 200, "covert.timing", SEVERITY_INFO},
        {"as it comes", 200, NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct field_sample samples[256] = {{0}};
        struct analysis *analysis = begin();
        uint64_t seed = 5;
        for (size_t j = 0; j < rows[i].num; j++) {
            samples[j].half_len = 50;
            if (j > 0)
                samples[j].time_us = samples[j - 1].time_us + make_interval(rows[i].kind, j, &seed);
        }
        say(analysis, &base, &observation_ip_fields,
            &(struct ip_fields){.samples = span_of(samples, rows[i].num * sizeof samples[0])});
        check(rows[i].kind, analysis, rows[i].rule, rows[i].severity);
    }
}

/* --- what is told --- */

static void test_evidence(void **state)
{
    (void)state;
    struct analysis *analysis = begin();
    say(analysis, &base, &observation_ip_fields,
        &(struct ip_fields){.sampled = number(64), .ttl_changes = number(30)});
    const struct finding *finding = only_finding(analysis);
    assert_non_null(finding);
    assert_int_equal(finding->subject, SUBJECT_CLIENT);
    assert_int_equal(finding->confidence, CONFIDENCE_LIKELY);
    assert_int_equal(evidence_of(finding, "samples")->value.number, 64);
    assert_int_equal(evidence_of(finding, "tests_of_endpoint")->value.number, 1);
    assert_true(evidence_of(finding, "score_milli")->value.number > 30000);
    assert_int_equal(evidence_of(finding, "peers_tested")->value.number, 1);
    assert_string_equal(evidence_of(finding, "test")->value.text, "changes from packet to packet");
    analysis_free(analysis);
}

static void test_ledger(void **state)
{
    (void)state;
    struct analysis *analysis = begin();
    size_t num, fields = 0;
    const struct covert_endpoint_told *endpoint = NULL;
    const struct covert_capacity *ids = NULL;
    struct flow later = base;
    later.first_packet += 4;
    say(analysis, &base, &observation_ip_fields,
        &(struct ip_fields){
            .packets = number(100), .sampled = number(64), .ttl_changes = number(0)});
    say(analysis, &later, &observation_ip_fields,
        &(struct ip_fields){.packets = number(20), .sampled = number(20)});
    analysis_finish(analysis);
    const struct observation *const *told = analysis_told(analysis, &num);
    for (size_t i = 0; i < num; i++) {
        if (told[i]->type == &observation_covert_endpoint)
            endpoint = told[i]->data;
        if (told[i]->type != &observation_covert_capacity)
            continue;
        fields++;
        const struct covert_capacity *capacity = told[i]->data;
        if (strcmp(capacity->field, "ip-id") == 0)
            ids = capacity;
    }
    assert_non_null(ids);
    assert_non_null(endpoint);
    assert_int_equal(fields, 8);
    assert_int_equal(ids->units.value, 120);
    assert_int_equal(ids->bits.value, 120 * 16);
    assert_int_equal(ids->sessions.value, 2);
    assert_int_equal(ids->bits_per_session.value, 60 * 16);
    assert_int_equal(ids->bits_per_second.value, 120 * 16 / 14);
    assert_string_equal(ids->role, "client");
    assert_int_equal(ids->endpoint_bits.value, 120 * 16);
    assert_int_equal(endpoint->tests.value, 1);
    assert_int_equal(endpoint->fields.len, 8);
    assert_int_equal(analysis_stats(analysis).covert_tests, 1);
    assert_int_equal(analysis_stats(analysis).covert_endpoints, 1);
    analysis_free(analysis);
}

/* What no rule asks for need not be gathered. */
static void test_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *rules;
        bool reads;
    } rows[] = {{NULL, true},
                {"-covert.*", false},
                {"covert.ip-id", true},
                {"psk.*", false},
                {"-covert.*,+covert.ttl", true},
                {"-covert.ttl", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error error = {.text = ""};
        struct analysis *analysis =
            analysis_new(&(struct analysis_options){.rules = rows[i].rules}, &error);
        assert_non_null(analysis);
        assert_int_equal(analysis_reads(analysis, &observation_ip_fields), rows[i].reads);
        assert_int_equal(analysis_reads(analysis, &observation_tcp_fields), rows[i].reads);
        analysis_finish(analysis);
        size_t num;
        analysis_told(analysis, &num);
        assert_int_equal(num, 0);
        analysis_free(analysis);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oddities),
        cmocka_unit_test(test_first_of_all),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_labels_within),
        cmocka_unit_test(test_ids_within),
        cmocka_unit_test(test_ids_history),
        cmocka_unit_test(test_peers),
        cmocka_unit_test(test_many_alarms),
        cmocka_unit_test(test_isns),
        cmocka_unit_test(test_first_ids),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_timestamps),
        cmocka_unit_test(test_timing),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_ledger),
        cmocka_unit_test(test_class_by_length),
        cmocka_unit_test(test_ids_of_datagrams),
        cmocka_unit_test(test_ids_over_conversations),
        cmocka_unit_test(test_left_out),
    };
    return cmocka_run_group_tests_name("covert", tests, NULL, NULL);
}
