/* test_merge.c: reports that are read back and joined: which can be, what of two sensors becomes one, and that a file
 * that somebody made up is told as what it is. */
#include "merge_world.h"

#include "analysis/blast_radius.h"
#include "analysis/install_transaction.h"
#include "analysis/link_report.h"
#include "analysis/link_tie.h"
#include "analysis/psk_use.h"

#include <arpa/inet.h>

/* What one sensor tells. */
struct sensor {
    struct sample *sample;
    struct observation told[8];
    const struct observation *all[8];
    size_t num;
};

static const struct flow no_flow;

static struct sensor sensor_new(const char *capture)
{
    struct sensor sensor = {.sample = sample_new(POLICY_STRICT)};
    sensor.sample->inputs[0].path = capture;
    return sensor;
}

static void sensor_tell(struct sensor *sensor, const struct observation_type *type,
                        const void *data)
{
    sensor->told[sensor->num] = (struct observation){.type = type, .data = data, .flow = &no_flow};
    sensor->num++;
}

static void sensor_write(struct merge_world *world, struct sensor *sensor, char key)
{
    struct redactor *redactor = world_redactor(POLICY_STRICT, key, EPOCH_NEVER);
    for (size_t i = 0; i < sensor->num; i++)
        sensor->all[i] = &sensor->told[i];
    sensor->sample->result.told = sensor->all;
    sensor->sample->result.num_told = sensor->num;
    world_add(world, &sensor->sample->result, redactor);
    redactor_free(redactor);
    sample_free(sensor->sample);
}

static void merges(struct merge_world *world)
{
    if (!world_merge(world, false))
        fail_msg("%s", world->error.text);
}

/* The first of |type| in the joined result. */
static const void *joined(const struct merge_world *world, const struct observation_type *type,
                          size_t num)
{
    assert_int_equal(report_num_told(&world->result, type), num);
    return report_first_told(&world->result, type);
}

static const struct finding *found(const struct merge_world *world, const char *rule)
{
    for (size_t i = 0; i < world->result.num_findings; i++)
        if (strcmp(world->result.findings[i].rule->id, rule) == 0)
            return &world->result.findings[i];
    return NULL;
}

static const struct evidence *says(const struct finding *finding, const char *name)
{
    for (size_t i = 0; i < finding->num_evidence; i++)
        if (strcmp(finding->evidence[i].name, name) == 0)
            return &finding->evidence[i];
    fail_msg("%s is not among the evidence", name);
    return NULL;
}

/* Whatever order the reports are given in, the bytes are the same, and can be joined again. */
static void same_both_ways(struct merge_world *world)
{
    size_t len, other_len;
    for (size_t i = 0; report_formats[i] != NULL; i++) {
        world_forget(world);
        assert_true(world_merge(world, false));
        char *text = world_written(world, report_formats[i], &len);
        world_forget(world);
        assert_true(world_merge(world, true));
        char *other = world_written(world, report_formats[i], &other_len);
        assert_int_equal(len, other_len);
        assert_memory_equal(text, other, len);
        free(text);
        free(other);
    }
}

/* --- what was looked for --- */

/* One sensor looks for everything, the other one leaves rules out and what is not severe: only what both looked for can be
 * told as not there. */
static void test_looked_for(void **state)
{
    (void)state;
    bool on[NUM_RULES];
    size_t len;
    struct merge_world world = {.num = 0};
    struct sensor a = sensor_new("a.pcap"), b = sensor_new("b.pcap");
    memset(on, true, sizeof on);
    on[RULE_PSK_ORACLE] = on[RULE_PFS_RSA_KEY_EXCHANGE] = false;
    sample_server(a.sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
    b.sample->result.rules_on = on;
    b.sample->result.min_severity = SEVERITY_MEDIUM;
    sensor_write(&world, &a, 'k');
    sensor_write(&world, &b, 'k');
    merges(&world);
    assert_int_equal(world.result.min_severity, SEVERITY_MEDIUM);
    assert_int_equal(report_num_ran(&world.result), NUM_RULES - 2);
    assert_false(report_ran(&world.result, RULE_PSK_ORACLE));
    assert_true(report_ran(&world.result, RULE_PSK_NO_SNI));
    char *text = world_written(&world, &report_junit, &len);
    assert_non_null(strstr(text, "<testcase classname=\"perpass.psk\" name=\"psk.no-sni\"/>"));
    assert_non_null(strstr(text, "name=\"pfs.rsa-key-exchange\">")); /* it has a finding */
    assert_null(strstr(text, "psk.oracle"));
    free(text);
    same_both_ways(&world);
    world_clear(&world);
}

/* --- what cannot be joined --- */

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        enum privacy_policy policies[2];
        char keys[2];
        enum redact_epoch epochs[2];
        const char *says; /* NULL: they can be joined */
    } rows[] = {{{POLICY_STRICT, POLICY_STRICT}, "aa", {EPOCH_NEVER, EPOCH_NEVER}, NULL},
                {{POLICY_RAW, POLICY_RAW}, "aa", {EPOCH_NEVER, EPOCH_NEVER}, NULL},
                {{POLICY_INTERNAL, POLICY_INTERNAL}, "aa", {EPOCH_NEVER, EPOCH_NEVER}, NULL},
                {{POLICY_STRICT, POLICY_STRICT}, "aa", {EPOCH_DAY, EPOCH_DAY}, NULL},
                {{POLICY_STRICT, POLICY_STRICT}, "ab", {EPOCH_NEVER, EPOCH_NEVER}, "of id"},
                {{POLICY_RAW, POLICY_RAW}, "ab", {EPOCH_NEVER, EPOCH_NEVER}, "of id"},
                {{POLICY_STRICT, POLICY_RAW}, "aa", {EPOCH_NEVER, EPOCH_NEVER}, "--privacy"},
                {{POLICY_INTERNAL, POLICY_STRICT}, "aa", {EPOCH_NEVER, EPOCH_NEVER}, "--privacy"},
                {{POLICY_STRICT, POLICY_STRICT}, "aa", {EPOCH_NEVER, EPOCH_DAY}, "epoch"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct merge_world world = {.num = 0};
        for (size_t k = 0; k < 2; k++) {
            struct sample *sample = sample_new(rows[i].policies[k]);
            struct redactor *redactor =
                world_redactor(rows[i].policies[k], rows[i].keys[k], rows[i].epochs[k]);
            sample->inputs[0].path = k == 0 ? "a.pcap" : "b.pcap";
            world_add(&world, &sample->result, redactor);
            redactor_free(redactor);
            sample_free(sample);
        }
        const bool ok = world_merge(&world, false);
        if (ok != (rows[i].says == NULL))
            fail_msg("row %zu: %s", i, world.error.text);
        if (!ok)
            assert_non_null(strstr(world.error.text, rows[i].says));
        world_clear(&world);
    }
}

static void test_same_twice(void **state)
{
    (void)state;
    struct merge_world world = {.num = 0};
    struct redactor *redactor = world_redactor(POLICY_STRICT, 'k', EPOCH_NEVER);
    struct sample *sample = sample_new(POLICY_STRICT);
    memset(sample->inputs[0].sha256, 'a', 64);
    world_add(&world, &sample->result, redactor);
    world_add(&world, &sample->result, redactor);
    assert_false(world_merge(&world, false));
    assert_non_null(strstr(world.error.text, "the same report"));
    sample->result.engine.frames = 11; /* now another report, of the same capture */
    free(world.texts[--world.num]);
    store_free(&world.store);
    world_add(&world, &sample->result, redactor);
    assert_false(world_merge(&world, false));
    assert_non_null(strstr(world.error.text, "the same capture"));
    sample_free(sample);
    redactor_free(redactor);
    world_clear(&world);
}

/* A key that was made for the run and forgotten joins nothing. */
static void test_random_key(void **state)
{
    (void)state;
    struct merge_world world = {.num = 0};
    struct sample *sample = sample_new(POLICY_STRICT);
    world_add(&world, &sample->result, sample->redactor);
    sample_free(sample);
    assert_false(world_read(&world, 0, 0));
    assert_non_null(strstr(world.error.text, "--pseudonym-key"));
    world_clear(&world);
}

static void test_foreign(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"x", "no report in JSON"},
        {"{}", "no report of perpass"},
        {"[1]", "no report of perpass"},
        {"{\"a\": [1, 2", "ends too early"},
        {"{\"schema\": 3, \"tool\": {\"name\": \"other\"}}", "no report of perpass"},
        {"{\"schema\": 3, \"tool\": 7}", "\"tool\" is no object"},
        {"{\"schema\": 1, \"tool\": {\"name\": \"perpass\", \"version\": \"0.1\"}}",
         "written by perpass 0.1"},
        {"{\"schema\": 99, \"tool\": {\"name\": \"perpass\", \"version\": \"9\"}}", "schema 99"},
        {"{\"schema\": -1, \"tool\": {\"name\": \"perpass\"}}", "whole number"},
        {"{\"schema\": 3, \"tool\": {\"name\": \"perpass\", \"version\": \"1\"}}", "\"policy\""},
        {"[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", "nesting too deep"},
        {"{\"schema\": 3} x", "no report"},
        {"{\"schema\": 3, \"schema\": 3}", "twice"},
        {"{\"a\": {\"b\\u0000c\": 1}}", "twice"},
        {"{\"a\": {\"b\\u0000\": 1, \"b\": 1}}", "twice"},
        /* whole, whatever is in it */
        {"{\"a\\u0041\": \"\\ud83d\\ude00 \\u00e9\\u20ac\\n\\\"\\\\ \xc3\xa9, null: [\", \"n\": "
         "null,"
         " \"l\": [1, [], {}, [null, \"n\"], {\"a\": {}, \"b\": -1.5e3}], \"\": \"\"}",
         "no report of perpass"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct merge_world world = {.num = 0};
        world_add_text(&world, rows[i][0]);
        assert_false(world_read(&world, 0, 0));
        if (strstr(world.error.text, rows[i][1]) == NULL)
            fail_msg("%s: %s", rows[i][0], world.error.text);
        world_clear(&world);
    }
}

static struct sensor rich_sensor(const char *capture);

/* No prefix of a report, and no report with a byte changed, does harm; a prefix is never read. */
static void test_broken(void **state)
{
    (void)state;
    struct merge_world world = {.num = 0};
    struct sensor sensor = rich_sensor("a.pcap");
    sensor_write(&world, &sensor, 'k');
    char *whole = world.texts[0];
    const size_t len = world.lens[0];
    assert_true(world_read(&world, 0, 0));
    for (size_t cut = 1; cut + 2 < len; cut += 7) {
        store_free(&world.store);
        world.lens[0] = cut;
        assert_false(world_read(&world, 0, 0));
    }
    world.lens[0] = len;
    for (size_t i = 0; i < len; i += 3) {
        const char before = whole[i];
        whole[i] = (char)(before ^ (1 << (i % 7)));
        store_free(&world.store);
        if (world_read(&world, 0, 0)) {
            struct result result = {.num_findings = 0};
            struct redactor *redactor = NULL;
            if (merge_reports(world.reports, 1, &world.store, &result, &redactor, &world.error))
                redactor_free(redactor);
        }
        whole[i] = before;
    }
    world_clear(&world);
}

/* What somebody puts into a report for those who read the joined one. */
static void test_hostile(void **state)
{
    (void)state;
    static const char *const planted[] = {"\\u001b[31m", "\\u202e", "\\u0000", "\\u0085",
                                          "<script>alert(1)</script>"};
    for (size_t p = 0; p < sizeof planted / sizeof planted[0]; p++) {
        struct merge_world world = {.num = 0};
        struct sensor sensor = rich_sensor("a.pcap");
        struct finding *finding = &sensor.sample->findings[0];
        finding->reason = "PLANTED";
        sensor_write(&world, &sensor, 'k');
        for (char *at; (at = strstr(world.texts[0], "PLANTED")) != NULL;) {
            char *text;
            const int len = asprintf(&text, "%.*s%s%s", (int)(at - world.texts[0]), world.texts[0],
                                     planted[p], at + strlen("PLANTED"));
            assert_true(len > 0);
            free(world.texts[0]);
            world.texts[0] = text;
            world.lens[0] = (size_t)len;
        }
        sensor = sensor_new("b.pcap");
        sensor_write(&world, &sensor, 'k');
        merges(&world);
        for (size_t i = 0; report_formats[i] != NULL; i++) {
            size_t num;
            char *text = world_written(&world, report_formats[i], &num);
            assert_null(memchr(text, '\x1b', num));
            assert_null(memmem(text, num, "\xe2\x80\xae", 3));
            assert_null(memmem(text, num, "\xc2\x85", 2));
            assert_null(memchr(text, '\0', num));
            if (strcmp(report_formats[i]->name, "html") == 0)
                assert_null(strstr(text, "<script>alert"));
            free(text);
        }
        world_clear(&world);
    }
}

/* --- findings, inputs, statistics --- */

static void test_findings(void **state)
{
    (void)state;
    struct merge_world world = {.num = 0};
    for (unsigned i = 0; i < 2; i++) {
        struct sensor sensor = sensor_new(i == 0 ? "a.pcap" : "b.pcap");
        struct finding *same = sample_server(sensor.sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
        same->count = 3 + i;
        same->first_ns = UINT64_C(1700000000000000000) + i * 1000;
        same->last_ns = same->first_ns + 10;
        same->confidence = i == 0 ? CONFIDENCE_LIKELY : CONFIDENCE_CERTAIN;
        same->reason = i == 0 ? "So it seems." : "So it is.";
        same->num_evidence = 0;
        finding_says_most(same, "most", 5 + i);
        finding_says_number(same, "first", 7 + i);
        finding_says_ever(same, "ever", i == 1);
        if (i == 1)
            finding_says_number(same, "more", 9);
        if (i == 1)
            sample_server(sensor.sample, "pfs.rsa-key-exchange", SEVERITY_LOW);
        sensor.sample->result.engine.frames = 10 + i;
        sensor_write(&world, &sensor, 'k');
    }
    merges(&world);
    assert_int_equal(world.result.num_findings, 2);
    const struct finding *same = &world.result.findings[0];
    assert_int_equal(same->count, 7);
    assert_int_equal(same->confidence, CONFIDENCE_CERTAIN);
    assert_string_equal(same->reason, "So it is.");
    assert_int_equal(same->last_ns - same->first_ns, 1010);
    assert_int_equal(says(same, "most")->value.number, 6);
    assert_int_equal(says(same, "first")->value.number, 7);
    assert_true(says(same, "ever")->value.truth);
    assert_int_equal(says(same, "more")->value.number, 9);
    assert_int_equal(world.result.findings[1].severity, SEVERITY_LOW);
    assert_int_equal(world.result.num_inputs, 2);
    assert_int_equal(world.result.engine.frames, 21);
    assert_int_equal(world.result.analysis.findings, 2);
    same_both_ways(&world);
    world_clear(&world);
}

/* --- secrets --- */

static const char names_1[] = "\x03one\x03two", names_2[] = "\x03two\x05three";

static struct blast_radius radius_of(uint64_t sessions, const char *handshakes)
{
    return (struct blast_radius){.secret = "server_key",
                                 .key_sha256 = span_text("the key"),
                                 .key_exchange = "RSA",
                                 .sessions = number(sessions),
                                 .bytes = number(sessions * 100),
                                 .first_ns = number(UINT64_C(1700000000000000000)),
                                 .last_ns = number(UINT64_C(1700000001000000000)),
                                 .clients = number(1),
                                 .servers = number(1),
                                 .authenticated = number(sessions),
                                 .confidence = "certain",
                                 .reason = "So it is.",
                                 .handshakes = span_text(handshakes),
                                 .client_names = span_text(handshakes),
                                 .server_names = span_text("\x03srv")};
}

/* A session that both recorded counts once, as far as both name it. */
static void test_blast(void **state)
{
    (void)state;
    static const struct {
        const char *handshakes[2];
        uint64_t sessions[2], all, bytes, clients;
    } rows[] = {
        {{"\x03one", "\x03two"}, {1, 1}, 2, 200, 2}, {{"\x03one", "\x03one"}, {1, 1}, 1, 100, 1},
        {{names_1, names_2}, {2, 2}, 3, 400, 3}, /* of one session bytes are in both */
        {{names_1, "\x03two"}, {2, 1}, 2, 200, 2},   {{names_1, names_1}, {20, 20}, 20, 2000, 2},
        {{names_1, names_2}, {20, 5}, 24, 2500, 3}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct merge_world world = {.num = 0};
        struct blast_radius radius[2];
        for (size_t k = 0; k < 2; k++) {
            struct sensor sensor = sensor_new(k == 0 ? "a.pcap" : "b.pcap");
            radius[k] = radius_of(rows[i].sessions[k], rows[i].handshakes[k]);
            sensor_tell(&sensor, &observation_blast_radius, &radius[k]);
            sensor_write(&world, &sensor, 'k');
        }
        merges(&world);
        const struct blast_radius *all = joined(&world, &observation_blast_radius, 1);
        assert_int_equal(all->sessions.value, rows[i].all);
        assert_int_equal(all->bytes.value, rows[i].bytes);
        assert_int_equal(all->clients.value, rows[i].clients);
        assert_int_equal(all->servers.value, 1);
        same_both_ways(&world);
        world_clear(&world);
    }
}

/* --- links --- */

struct tie {
    uint8_t kinds[2], hosts[2];
    char names[2][8], session[8];
    uint8_t address[4];
    unsigned num, first_s, last_s, sessions;
};

static void tell_tie(struct sensor *sensor, struct link_tie *room, uint8_t *bytes,
                     const struct tie *tie)
{
    size_t len = 0;
    for (unsigned i = 0; i < tie->num; i++) {
        bytes[len++] = (uint8_t)strlen(tie->names[i]);
        memcpy(bytes + len, tie->names[i], strlen(tie->names[i]));
        len += strlen(tie->names[i]);
    }
    *room =
        (struct link_tie){.kinds = span_of(tie->kinds, tie->num),
                          .hosts = span_of(tie->hosts, tie->num),
                          .names = span_of(bytes, len),
                          .address = span_of(tie->address, 4),
                          .sessions = number(tie->sessions),
                          .first_ns = number((UINT64_C(1700000000) + tie->first_s) * 1000000000),
                          .last_ns = number((UINT64_C(1700000000) + tie->last_s) * 1000000000)};
    if (tie->session[0] != '\0')
        room->handshakes = span_text(tie->session); /* with its length before it */
    sensor_tell(sensor, &observation_link_tie, room);
}

static void test_links(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        struct tie ties[2];
        uint64_t sessions, linkable, moved;
        const char *rule, *no_rule;
    } rows[] = {{"a ticket at both, from one address",
                 {{{LINK_TICKET}, {1}, {"t"}, "\x02s1", {192, 0, 2, 1}, 1, 0, 0, 1},
                  {{LINK_TICKET}, {1}, {"t"}, "\x02s2", {192, 0, 2, 1}, 1, 9, 9, 1}},
                 2,
                 2,
                 0,
                 "link.session-ticket",
                 "link.cross-network"},
                {"a ticket at both, from two addresses",
                 {{{LINK_TICKET}, {1}, {"t"}, "\x02s1", {192, 0, 2, 1}, 1, 0, 0, 1},
                  {{LINK_TICKET}, {1}, {"t"}, "\x02s2", {198, 51, 100, 1}, 1, 900, 900, 1}},
                 2,
                 2,
                 1,
                 "link.cross-network",
                 NULL},
                {"a session id, over another identifier",
                 {{{LINK_SESSION_ID, LINK_TICKET},
                   {1, 1},
                   {"i", "t"},
                   "\x02s1",
                   {192, 0, 2, 1},
                   2,
                   0,
                   0,
                   1},
                  {{LINK_SESSION_ID}, {1}, {"i"}, "\x02s2", {192, 0, 2, 1}, 1, 9, 9, 1}},
                 2,
                 2,
                 0,
                 "link.session-id",
                 "link.session-ticket"},
                {"other tickets",
                 {{{LINK_TICKET}, {1}, {"t"}, "\x02s1", {192, 0, 2, 1}, 1, 0, 0, 1},
                  {{LINK_TICKET}, {1}, {"u"}, "\x02s2", {192, 0, 2, 1}, 1, 9, 9, 1}},
                 2,
                 0,
                 0,
                 NULL,
                 "link.session-ticket"},
                {"the same bytes as another kind",
                 {{{LINK_TICKET}, {1}, {"t"}, "\x02s1", {192, 0, 2, 1}, 1, 0, 0, 1},
                  {{LINK_PSK}, {1}, {"t"}, "\x02s2", {192, 0, 2, 1}, 1, 9, 9, 1}},
                 2,
                 0,
                 0,
                 NULL,
                 "link.session-ticket"},
                {"one session, recorded by both",
                 {{{LINK_TICKET}, {1}, {"t"}, "\x02s1", {192, 0, 2, 1}, 1, 0, 0, 1},
                  {{LINK_TICKET}, {1}, {"t"}, "\x02s1", {198, 51, 100, 1}, 1, 0, 0, 1}},
                 1,
                 0,
                 0,
                 NULL,
                 "link.session-ticket"},
                {"sessions of which both recorded one",
                 {{{LINK_TICKET}, {1}, {"t"}, "\x02s1\x02s2", {192, 0, 2, 1}, 1, 0, 0, 2},
                  {{LINK_TICKET}, {1}, {"t"}, "\x02s2\x02s3", {192, 0, 2, 1}, 1, 9, 9, 2}},
                 3,
                 3,
                 0,
                 "link.session-ticket",
                 NULL},
                {"many sessions, all recorded by both",
                 {{{LINK_PSK}, {1}, {"p"}, "\x02s1\x02s2", {192, 0, 2, 1}, 1, 0, 9, 50},
                  {{LINK_PSK}, {1}, {"p"}, "\x02s1\x02s2", {192, 0, 2, 1}, 1, 0, 9, 50}},
                 50,
                 50,
                 0,
                 NULL,
                 "link.psk-identity"},
                {"an identifier of several hosts",
                 {{{LINK_PSK}, {2}, {"p"}, "\x02s1", {192, 0, 2, 1}, 1, 0, 0, 1},
                  {{LINK_PSK}, {1}, {"p"}, "\x02s2", {198, 51, 100, 1}, 1, 900, 900, 1}},
                 2,
                 0,
                 0,
                 NULL,
                 "link.cross-network"},
                {"an identifier that both use all the time",
                 {{{LINK_PSK}, {1}, {"p"}, "", {192, 0, 2, 1}, 1, 0, 5000, 9},
                  {{LINK_PSK}, {1}, {"p"}, "", {198, 51, 100, 1}, 1, 100, 6000, 9}},
                 18,
                 0,
                 0,
                 NULL,
                 "link.cross-network"},
                {"DHCP here, a session there",
                 {{{LINK_HARDWARE, LINK_DHCP}, {1, 1}, {"h", "d"}, "", {192, 0, 2, 1}, 2, 0, 0, 0},
                  {{LINK_HARDWARE}, {1}, {"h"}, "\x02s2", {192, 0, 2, 1}, 1, 9, 9, 2}},
                 2,
                 2,
                 0,
                 NULL,
                 "link.cross-network"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct merge_world world = {.num = 0};
        struct link_tie ties[2];
        struct link_summary summaries[2];
        uint8_t bytes[2][32];
        for (size_t k = 0; k < 2; k++) {
            struct sensor sensor = sensor_new(k == 0 ? "a.pcap" : "b.pcap");
            tell_tie(&sensor, &ties[k], bytes[k], &rows[i].ties[k]);
            summaries[k] = (struct link_summary){.sessions = number(rows[i].ties[k].sessions),
                                                 .linkable = number(0)};
            sensor_tell(&sensor, &observation_link_summary, &summaries[k]);
            sensor_write(&world, &sensor, 'k');
        }
        merges(&world);
        const struct link_summary *all = joined(&world, &observation_link_summary, 1);
        if (all->sessions.value != rows[i].sessions || all->linkable.value != rows[i].linkable ||
            all->moved.value != rows[i].moved)
            fail_msg("%s: %u of %u, %u moved", rows[i].about, (unsigned)all->linkable.value,
                     (unsigned)all->sessions.value, (unsigned)all->moved.value);
        if (rows[i].rule != NULL && found(&world, rows[i].rule) == NULL)
            fail_msg("%s: %s is not found", rows[i].about, rows[i].rule);
        if (rows[i].no_rule != NULL && found(&world, rows[i].no_rule) != NULL)
            fail_msg("%s: %s is found", rows[i].about, rows[i].no_rule);
        same_both_ways(&world);
        world_clear(&world);
    }
}

/* --- who uses a key --- */

struct use {
    uint8_t client[5], server[5]; /* vec8 each */
    const char *software;
    uint8_t first[8];
};

static struct psk_use psk_use_of(const char *identity, const struct use *use)
{
    static const uint8_t yes[1] = {TRUTH_YES}, no_mac[1] = {0}, no_name[1] = {0};
    return (struct psk_use){.identity = span_text(identity),
                            .name = span_text("name"),
                            .clients = {.addresses = span_of(use->client, 5),
                                        .macs = span_of(no_mac, 1),
                                        .software = span_text(use->software),
                                        .transports = span_text("\x03tls"),
                                        .confirmed = span_of(yes, 1),
                                        .first_ns = span_of(use->first, 8),
                                        .last_ns = span_of(use->first, 8)},
                            .servers = {.addresses = span_of(use->server, 5),
                                        .macs = span_of(no_mac, 1),
                                        .answers = span_of(no_name, 1),
                                        .asked_with = span_of(no_name, 1),
                                        .called = span_of(no_name, 1),
                                        .transports = span_text("\x03tls"),
                                        .confirmed = span_of(yes, 1),
                                        .first_ns = span_of(use->first, 8),
                                        .last_ns = span_of(use->first, 8)}};
}

static void test_group(void **state)
{
    (void)state;
    static const struct use one = {
        {4, 10, 0, 0, 1}, {4, 10, 0, 1, 1}, "\x02h1", {0x17, 0x97, 0x9c, 0xfe, 0x36, 0x2a, 0, 0}};
    static const struct {
        struct use other;
        const char *identity, *rule, *confidence;
    } rows[] = {
        {{{4, 10, 0, 0, 2}, {4, 10, 0, 1, 1}, "\x02h2", {0x17, 0x97, 0x9c, 0xff, 0, 0, 0, 0}},
         "lamp",
         "psk.group-clients",
         "likely"},
        {{{4, 10, 0, 0, 2}, {4, 10, 0, 1, 1}, "\x02h1", {0x17, 0x97, 0x9c, 0xff, 0, 0, 0, 0}},
         "lamp",
         "psk.group-clients",
         "possible"},
        {{{4, 10, 0, 0, 1}, {4, 10, 0, 1, 2}, "\x02h1", {0x17, 0x97, 0x9c, 0xff, 0, 0, 0, 0}},
         "lamp",
         "psk.group-servers",
         "possible"},
        {{{4, 10, 0, 1, 1}, {4, 10, 0, 1, 9}, "\x02h1", {0x17, 0x97, 0x9c, 0xff, 0, 0, 0, 0}},
         "lamp",
         "psk.role-switch",
         "likely"},
        {{{4, 10, 0, 0, 1}, {4, 10, 0, 1, 1}, "\x02h1", {0x17, 0x97, 0x9c, 0xff, 0, 0, 0, 0}},
         "lamp",
         NULL,
         NULL},
        {{{4, 10, 0, 0, 2}, {4, 10, 0, 1, 1}, "\x02h2", {0x17, 0x97, 0x9c, 0xff, 0, 0, 0, 0}},
         "other",
         NULL,
         NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct merge_world world = {.num = 0};
        const struct psk_use uses[2] = {psk_use_of("lamp", &one),
                                        psk_use_of(rows[i].identity, &rows[i].other)};
        for (size_t k = 0; k < 2; k++) {
            struct sensor sensor = sensor_new(k == 0 ? "a.pcap" : "b.pcap");
            sensor_tell(&sensor, &observation_psk_use, &uses[k]);
            sensor_write(&world, &sensor, 'k');
        }
        merges(&world);
        if (rows[i].rule == NULL) {
            assert_int_equal(world.result.num_findings, 0);
        } else {
            const struct finding *finding = found(&world, rows[i].rule);
            assert_non_null(finding);
            assert_string_equal(confidence_name(finding->confidence), rows[i].confidence);
            assert_int_equal(finding->subject, SUBJECT_IDENTITY);
        }
        same_both_ways(&world);
        world_clear(&world);
    }
}

/* --- installs --- */

static struct install_transaction install_of(const char *mac, const char *address, uint64_t start_s)
{
    struct install_transaction told = {.known_by = mac != NULL ? "dhcp" : "address",
                                       .started_ns = number((1700000000 + start_s) * 1000000000),
                                       .ended_ns = number((1700000005 + start_s) * 1000000000),
                                       .first_packet = number(1),
                                       .last_packet = number(9),
                                       .ended_by = "input",
                                       .asked = number(0),
                                       .obtained = number(0),
                                       .missing = number(0),
                                       .retries = number(0),
                                       .bytes = number(0),
                                       .secrets = number(0)};
    if (mac != NULL)
        told.mac = span_text(mac);
    if (address != NULL)
        told.address = span_text(address);
    return told;
}

static void add_file(struct install_transaction *told)
{
    static const uint8_t method[] = {INSTALL_TFTP_READ}, outcome[] = {INSTALL_OBTAINED};
    static const uint8_t class[] = {CONTENT_CONFIGURATION}, one[8] = {0, 0, 0, 0, 0, 0, 0, 1};
    static const uint8_t bytes[8] = {0, 0, 0, 0, 0, 0, 0, 99};
    static const uint8_t time[8] = {0x17, 0x97, 0x9c, 0xfe, 0x36, 0x2a, 0, 0};
    static const uint8_t ask[] = {INSTALL_STEP_ASK};
    told->asked = told->obtained = number(1);
    told->bytes = number(99);
    told->encrypted = TRUTH_NO;
    told->class = "configuration";
    told->file = span_text("a.cfg");
    told->file_names = span_of("\0\5a.cfg", 7);
    told->file_methods = span_of(method, 1);
    told->file_outcomes = span_of(outcome, 1);
    told->file_classes = span_of(class, 1);
    told->file_asks = told->file_packets = span_of(one, 8);
    told->file_bytes = span_of(bytes, 8);
    told->file_secrets = span_of(one, 8);
    told->file_servers = span_text("\x04\xc0\x02\x02\x09");
    told->servers = span_text("\x04\xc0\x02\x02\x09");
    told->step_kinds = span_of(ask, 1);
    told->step_times = span_of(time, 8);
    told->step_packets = span_of(one, 8);
    told->step_servers = span_text("\x04\xc0\x02\x02\x09");
    told->step_files = span_of("\0\5a.cfg", 7);
}

static void test_installs(void **state)
{
    (void)state;
    static const char mac_1[] = "\x02\x01\x01\x01\x01\x01", mac_2[] = "\x02\x01\x01\x01\x01\x02";
    static const char at_1[] = "\x0a\x01\x01\x01", at_2[] = "\x0a\x01\x01\x02";
    static const struct {
        const char *about, *mac[2], *address[2];
        uint64_t start_s[2];
        bool file[2];
        size_t num;
        uint64_t asked, bytes;
    } rows[] = {
        {"DHCP here, the file there", {mac_1, NULL}, {at_1, at_1}, {0, 4}, {false, true}, 1, 1, 99},
        {"the same device", {mac_1, mac_1}, {at_1, at_1}, {0, 4}, {false, true}, 1, 1, 99},
        {"the whole of it at both", {mac_1, mac_1}, {at_1, at_1}, {0, 0}, {true, true}, 1, 1, 99},
        {"another device", {mac_1, mac_2}, {at_1, at_1}, {0, 4}, {false, true}, 2, 0, 0},
        {"another address", {mac_1, NULL}, {at_1, at_2}, {0, 4}, {false, true}, 2, 0, 0},
        {"long after", {mac_1, mac_1}, {at_1, at_1}, {0, 700}, {false, true}, 2, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct merge_world world = {.num = 0};
        struct install_transaction told[2];
        for (size_t k = 0; k < 2; k++) {
            struct sensor sensor = sensor_new(k == 0 ? "a.pcap" : "b.pcap");
            told[k] = install_of(rows[i].mac[k], rows[i].address[k], rows[i].start_s[k]);
            if (rows[i].file[k])
                add_file(&told[k]);
            sensor_tell(&sensor, &observation_install_transaction, &told[k]);
            sensor_write(&world, &sensor, 'k');
        }
        merges(&world);
        if (report_num_told(&world.result, &observation_install_transaction) != rows[i].num)
            fail_msg("%s", rows[i].about);
        const struct install_transaction *first =
            report_first_told(&world.result, &observation_install_transaction);
        assert_int_equal(first->asked.value, rows[i].asked);
        assert_int_equal(first->bytes.value, rows[i].bytes);
        if (rows[i].num == 1) {
            assert_int_equal(first->encrypted, TRUTH_NO);
            assert_string_equal(first->known_by, "dhcp");
            assert_int_equal(first->step_kinds.len, 1);
        }
        same_both_ways(&world);
        world_clear(&world);
    }
}

/* --- all at once --- */

static struct blast_radius rich_radius;
static struct link_tie rich_tie;
static struct psk_use rich_use;
static struct install_transaction rich_install;
static uint8_t rich_bytes[32];

/* A sensor that tells something of every kind that is joined. */
static struct sensor rich_sensor(const char *capture)
{
    static const struct tie tie = {{LINK_TICKET}, {1}, {"t"}, "\x02s1", {192, 0, 2, 1}, 1, 0, 0, 1};
    static const struct use use = {{4, 10, 0, 0, 1}, {4, 10, 0, 1, 1}, "\x02h1", {0x17, 0x97}};
    struct sensor sensor = sensor_new(capture);
    sample_server(sensor.sample, "pfs.rsa-key-exchange", SEVERITY_HIGH)->reason = "So it is.";
    rich_radius = radius_of(3, names_1);
    rich_use = psk_use_of("lamp", &use);
    rich_install = install_of("\x02\x01\x01\x01\x01\x01", "\x0a\x01\x01\x01", 0);
    add_file(&rich_install);
    sensor_tell(&sensor, &observation_blast_radius, &rich_radius);
    tell_tie(&sensor, &rich_tie, rich_bytes, &tie);
    sensor_tell(&sensor, &observation_psk_use, &rich_use);
    sensor_tell(&sensor, &observation_install_transaction, &rich_install);
    return sensor;
}

/* A joined report is a report: it can be joined with a third. */
static void test_again(void **state)
{
    (void)state;
    struct merge_world world = {.num = 0}, next = {.num = 0};
    struct sensor sensor = rich_sensor("a.pcap");
    size_t len;
    sensor_write(&world, &sensor, 'k');
    sensor = sensor_new("b.pcap");
    sensor_write(&world, &sensor, 'k');
    merges(&world);
    char *text = world_written(&world, &report_json, &len);
    world_add_text(&next, text);
    sensor = sensor_new("c.pcap");
    sensor_write(&next, &sensor, 'k');
    merges(&next);
    assert_int_equal(next.result.num_inputs, 3);
    assert_int_equal(next.result.num_findings, 1);
    const struct blast_radius *radius = joined(&next, &observation_blast_radius, 1);
    assert_int_equal(radius->sessions.value, 3);
    joined(&next, &observation_link_tie, 1);
    joined(&next, &observation_psk_use, 1);
    joined(&next, &observation_install_transaction, 1);
    free(text);
    world_clear(&world);
    world_clear(&next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looked_for), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_same_twice), cmocka_unit_test(test_random_key),
        cmocka_unit_test(test_foreign),    cmocka_unit_test(test_broken),
        cmocka_unit_test(test_hostile),    cmocka_unit_test(test_findings),
        cmocka_unit_test(test_blast),      cmocka_unit_test(test_links),
        cmocka_unit_test(test_group),      cmocka_unit_test(test_installs),
        cmocka_unit_test(test_again)};
    return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
