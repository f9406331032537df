/* test_marked_values.c: nothing is written that the policy does not allow. Marked values go into every
 * field of every observation type, into flows, subjects and evidence; then every output is searched for
 * them: as they are, as hex of both cases, and in base64. Under raw they must be there, so that the search
 * is known to find. */
#include "analysis/install_transaction.h"
#include "core/common_observations.h"
#include "mark_search.h"
#include "marked_observation.h"
#include "merge_world.h"
#include "reports/baseline.h"
#include "reports/event_plan.h"
#include "reports/sink.h"

/* Something that must not be found, or must. */
struct mark {
    char name[96]; /* for the message */
    uint8_t bytes[MARKED_TEXT_SIZE];
    size_t len;
    enum value_type type;
    enum privacy privacy;
};

enum { MAX_MARKS = 512 };

enum { MOST_TOLD = 16 };

/* All that is fed in, and what came out. */
struct fixture {
    struct marked_observation *observations[64];
    size_t num_observations;
    struct mark marks[MAX_MARKS];
    size_t num_marks;
    struct flow flow;
    struct finding findings[7];
    struct evidence evidence[7][FINDING_MAX_EVIDENCE];
    struct observation told[MOST_TOLD]; /* what analyzers make, for the reports */
    const struct observation *all_told[MOST_TOLD];
    size_t num_told;
    struct result result;
    char *text;
    size_t len;
};

static void add_mark(struct fixture *fixture, const char *name, struct span bytes,
                     enum value_type type, enum privacy privacy)
{
    assert_true(fixture->num_marks < MAX_MARKS && bytes.len <= MARKED_TEXT_SIZE);
    struct mark *mark = &fixture->marks[fixture->num_marks++];
    snprintf(mark->name, sizeof mark->name, "%s", name);
    memcpy(mark->bytes, bytes.at, bytes.len);
    mark->len = bytes.len;
    mark->type = type;
    mark->privacy = privacy;
}

static void add_observations(struct fixture *fixture)
{
    const struct observation_type *type;
    for (size_t i = 0; (type = event_type_at(i)) != NULL; i++) {
        struct marked_observation *marked = marked_new(type, i);
        fixture->observations[fixture->num_observations++] = marked;
        for (size_t k = 0; k < type->num_fields; k++)
            if (marked->mark_len[k] != 0)
                add_mark(fixture, type->fields[k].name,
                         span_of(marked->marks[k], marked->mark_len[k]),
                         marked_value_type(&type->fields[k]), type->fields[k].privacy);
    }
    assert_true(fixture->num_observations > 3);
}

static const uint8_t macs[2][6] = {{0x00, 0x1b, 0x63, 0xd1, 0xd2, 0xd3},
                                   {0x00, 0x1b, 0x63, 0xe1, 0xe2, 0xe3}};
static const uint8_t client[4] = {198, 18, 111, 222}, server[4] = {198, 19, 122, 233};

static void add_flow(struct fixture *fixture)
{
    struct flow *flow = &fixture->flow;
    *flow = (struct flow){.ip_version = 4, .protocol = PROTO_TCP, .client = 1, .first_packet = 1};
    memcpy(flow->ends[1].address, client, sizeof client);
    memcpy(flow->ends[0].address, server, sizeof server);
    flow->ends[0].port = 443;
    flow->ends[1].port = 50000;
    memcpy(flow->mac, macs, sizeof macs);
    add_mark(fixture, "client address", span_of(client, 4), VALUE_ADDRESS, PRIVACY_ADDRESS);
    add_mark(fixture, "server address", span_of(server, 4), VALUE_ADDRESS, PRIVACY_ADDRESS);
    add_mark(fixture, "client mac", span_of(macs[1], 6), VALUE_MAC, PRIVACY_ADDRESS);
    add_mark(fixture, "server mac", span_of(macs[0], 6), VALUE_MAC, PRIVACY_ADDRESS);
}

/* Subjects of every kind, evidence of every class. */
static void add_findings(struct fixture *fixture)
{
    static const struct {
        const char *name, *mark, *kind;
        enum value_type type;
        enum privacy privacy;
    } evidence[] = {
        {"identity", "mArK.evid.psk.zQ", "psk", VALUE_BYTES, PRIVACY_IDENTIFIER},
        {"name", "mArK.evid.name.zQ", "host", VALUE_STRING, PRIVACY_NAME},
        {"content", "mArK.evid.text.zQ", NULL, VALUE_STRING, PRIVACY_CONTENT},
        {"address", "\xc6\x33\x64\xee", NULL, VALUE_ADDRESS, PRIVACY_ADDRESS},
        {"hardware", "\x00\x1b\x63\xf1\xf2\xf3", NULL, VALUE_MAC, PRIVACY_ADDRESS},
    };
    static const char identity[] = "mArK.subject.id.zQ", hint[] = "mArK.subject.hint.zQ",
                      file[] = "mArK.subject.file.zQ", recipient[] = "mArK.subject.to.zQ";
    static const uint8_t device[6] = {0x00, 0x1b, 0x63, 0xf4, 0xf5, 0xf6};
    static const enum value_type types[7] = {
        [0] = VALUE_ADDRESS, [1] = VALUE_ADDRESS, [2] = VALUE_BYTES, [3] = VALUE_BYTES,
        [4] = VALUE_MAC,     [5] = VALUE_BYTES,   [6] = VALUE_BYTES};
    static const enum privacy classes[7] = {
        [0] = PRIVACY_ADDRESS,    [1] = PRIVACY_ADDRESS, [2] = PRIVACY_IDENTIFIER,
        [3] = PRIVACY_IDENTIFIER, [4] = PRIVACY_ADDRESS, [5] = PRIVACY_NAME,
        [6] = PRIVACY_IDENTIFIER};
    static const uint8_t about[2][4] = {{198, 51, 99, 71}, {198, 51, 98, 72}};
    const struct span subjects[7] = {
        span_of(about[0], 4), span_of(about[1], 4), span_text(identity), span_text(hint),
        span_of(device, 6),   span_text(file),      span_text(recipient)};
    static const size_t lens[] = {16, 17, 17, 4, 6};
    for (size_t i = 0; i < 7; i++) {
        struct finding *finding = &fixture->findings[i];
        *finding = (struct finding){.rule = rule_find("psk.identity-cleartext"),
                                    .severity = SEVERITY_HIGH,
                                    .confidence = CONFIDENCE_CERTAIN,
                                    .reason = "reason",
                                    .subject = (enum subject_kind)(SUBJECT_CLIENT + i),
                                    .subject_bytes = subjects[i],
                                    .client = fixture->flow.ends[1],
                                    .server = fixture->flow.ends[0],
                                    .ip_version = 4,
                                    .protocol = PROTO_TCP,
                                    .transport = "tls",
                                    .packet = 1,
                                    .count = 1,
                                    .evidence = fixture->evidence[i]};
        add_mark(fixture, "subject", subjects[i], types[i], classes[i]);
        for (size_t k = 0; k < sizeof evidence / sizeof evidence[0]; k++) {
            struct span bytes = span_of(evidence[k].mark, lens[k]);
            finding->evidence[finding->num_evidence++] =
                (struct evidence){evidence[k].name,
                                  evidence[k].privacy,
                                  evidence[k].kind,
                                  {.type = evidence[k].type, .bytes = bytes}};
            if (i == 0)
                add_mark(fixture, evidence[k].name, bytes, evidence[k].type, evidence[k].privacy);
        }
    }
}

/* What analyzers make also comes in reports. */
static void add_told(struct fixture *fixture)
{
    const struct observation_type *type;
    for (size_t k = 0; (type = analysis_made(k)) != NULL; k++) {
        assert_true(k < MOST_TOLD);
        for (size_t i = 0; i < fixture->num_observations; i++)
            if (fixture->observations[i]->type == type)
                fixture->told[k] = (struct observation){.type = type,
                                                        .data = fixture->observations[i]->data,
                                                        .flow = &fixture->flow,
                                                        .packet = 1};
        assert_non_null(fixture->told[k].type);
        fixture->all_told[fixture->num_told++] = &fixture->told[k];
    }
}

static struct fixture *fixture_new(void)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    add_flow(fixture);
    add_observations(fixture);
    add_findings(fixture);
    add_told(fixture);
    fixture->result = (struct result){.findings = fixture->findings,
                                      .num_findings = 7,
                                      .told = fixture->all_told,
                                      .num_told = fixture->num_told,
                                      .version = "0",
                                      .privacy_policy = "strict"};
    return fixture;
}

static void fixture_free(struct fixture *fixture)
{
    for (size_t i = 0; i < fixture->num_observations; i++)
        marked_free(fixture->observations[i]);
    free(fixture->text);
    free(fixture);
}

static void write_events(struct fixture *fixture, FILE *out, struct redactor *redactor)
{
    struct error error = {""};
    const struct event_options options = {.flows = true, .observations = true};
    struct event_writer *writer = event_writer_new(out, &options, redactor, &error);
    assert_non_null(writer);
    for (size_t i = 0; i < fixture->num_observations; i++) {
        const struct observation observation = {.type = fixture->observations[i]->type,
                                                .data = fixture->observations[i]->data,
                                                .flow = &fixture->flow,
                                                .packet = 1};
        event_writer_observation(writer, &observation);
    }
    event_writer_result(writer, &fixture->result);
    assert_true(event_writer_free(writer, &error));
}

/* Two reports joined to one, in every format. */
static void write_merged(struct fixture *fixture, FILE *out, enum privacy_policy policy)
{
    const struct report_style style = {.width = 100};
    struct merge_world world = {.num = 0};
    struct redactor *redactor = world_redactor(policy, 'k', EPOCH_DAY);
    struct result empty = {.version = "1", .privacy_policy = privacy_policy_name(policy)};
    world_add(&world, &fixture->result, redactor);
    world_add(&world, &empty, redactor);
    redactor_free(redactor);
    if (!world_merge(&world, false))
        fail_msg("%s", world.error.text);
    for (size_t i = 0; report_formats[i] != NULL; i++)
        assert_true(
            report_formats[i]->write(out, &world.result, world.redactor, &style, &world.error));
    assert_true(baseline_write(out, &world.result, world.redactor, &world.error));
    world_clear(&world);
}

/* Writes everything that perpass can write; what it says is in fixture->text. */
static void write_all(struct fixture *fixture, enum privacy_policy policy,
                      enum address_scheme scheme)
{
    struct error error = {""};
    const struct redact_options options = {.policy = policy, .scheme = scheme, .epoch = EPOCH_DAY};
    const struct report_style style = {.width = 100};
    struct redactor *redactor = redactor_new(&options, &error);
    assert_non_null(redactor);
    fixture->result.privacy_policy = privacy_policy_name(policy);
    FILE *out = open_memstream(&fixture->text, &fixture->len);
    assert_non_null(out);
    write_events(fixture, out, redactor);
    for (size_t i = 0; report_formats[i] != NULL; i++)
        assert_true(report_formats[i]->write(out, &fixture->result, redactor, &style, &error));
    assert_true(baseline_write(out, &fixture->result, redactor, &error));
    write_merged(fixture, out, policy);
    fclose(out);
    redactor_free(redactor);
}

static bool is_found(const struct fixture *fixture, const struct mark *mark)
{
    return mark_is_found(span_of((const uint8_t *)fixture->text, fixture->len),
                         span_of(mark->bytes, mark->len), mark->type);
}

/* A joined report by itself shows some under raw, and none that is not public under strict. */
static void test_merged(void **state)
{
    (void)state;
    size_t found[2] = {0};
    for (unsigned raw = 0; raw < 2; raw++) {
        struct fixture *fixture = fixture_new();
        const enum privacy_policy policy = raw ? POLICY_RAW : POLICY_STRICT;
        fixture->result.privacy_policy = privacy_policy_name(policy);
        FILE *out = open_memstream(&fixture->text, &fixture->len);
        assert_non_null(out);
        write_merged(fixture, out, policy);
        fclose(out);
        for (size_t i = 0; i < fixture->num_marks; i++)
            found[raw] += fixture->marks[i].privacy != PRIVACY_PUBLIC &&
                          is_found(fixture, &fixture->marks[i]);
        fixture_free(fixture);
    }
    assert_int_equal(found[0], 0);
    assert_true(found[1] > 20);
}

/* Which classes a policy shows. */
static void check_scheme(enum privacy_policy policy, enum address_scheme scheme,
                         const bool shown[PRIVACY_CONTENT + 1])
{
    struct fixture *fixture = fixture_new();
    write_all(fixture, policy, scheme);
    unsigned wrong = 0, hidden = 0;
    for (size_t i = 0; i < fixture->num_marks; i++) {
        const struct mark *mark = &fixture->marks[i];
        bool found = is_found(fixture, mark);
        hidden += !found;
        if (found == shown[mark->privacy])
            continue;
        print_error("%s: %s is %s\n", privacy_policy_name(policy), mark->name,
                    found ? "given away" : "missing");
        wrong++;
    }
    print_message("%s: %zu marks in %zu bytes, %u of them hidden\n", privacy_policy_name(policy),
                  fixture->num_marks, fixture->len, hidden);
    fixture_free(fixture);
    assert_int_equal(wrong, 0);
}

static void check_policy(enum privacy_policy policy, const bool shown[PRIVACY_CONTENT + 1])
{
    check_scheme(policy, SCHEME_IPCRYPT_PFX, shown);
}

static void test_strict(void **state)
{
    (void)state;
    check_policy(POLICY_STRICT, (const bool[]){[PRIVACY_PUBLIC] = true, [PRIVACY_CONTENT] = false});
}

static void test_strict_by_crypto_pan(void **state)
{
    (void)state;
    check_scheme(POLICY_STRICT, SCHEME_CRYPTO_PAN,
                 (const bool[]){[PRIVACY_PUBLIC] = true, [PRIVACY_CONTENT] = false});
}

/* Every report by itself shows something under raw, by its form of writing, and nothing under strict: a report that
 * the search cannot see into would pass as one that is silent. */
static void test_each_report(void **state)
{
    (void)state;
    for (size_t i = 0; report_formats[i] != NULL; i++) {
        size_t found[2] = {0};
        for (unsigned raw = 0; raw < 2; raw++) {
            struct error error = {""};
            struct fixture *fixture = fixture_new();
            const struct report_style style = {.width = 100};
            const enum privacy_policy policy = raw ? POLICY_RAW : POLICY_STRICT;
            struct redactor *redactor =
                redactor_new(&(struct redact_options){.policy = policy}, &error);
            assert_non_null(redactor);
            fixture->result.privacy_policy = privacy_policy_name(policy);
            FILE *out = open_memstream(&fixture->text, &fixture->len);
            assert_non_null(out);
            assert_true(report_formats[i]->write(out, &fixture->result, redactor, &style, &error));
            fclose(out);
            for (size_t k = 0; k < fixture->num_marks; k++)
                found[raw] += fixture->marks[k].privacy != PRIVACY_PUBLIC &&
                              is_found(fixture, &fixture->marks[k]);
            redactor_free(redactor);
            fixture_free(fixture);
        }
        print_message("%s: %zu marks under raw, %zu under strict\n", report_formats[i]->name,
                      found[1], found[0]);
        assert_int_equal(found[0], 0);
        assert_true(found[1] > 0);
    }
}

static void test_internal(void **state)
{
    (void)state;
    check_policy(POLICY_INTERNAL, (const bool[]){[PRIVACY_PUBLIC] = true,
                                                 [PRIVACY_ADDRESS] = true,
                                                 [PRIVACY_NAME] = true,
                                                 [PRIVACY_CONTENT] = false});
}

static void test_raw(void **state)
{
    (void)state;
    check_policy(POLICY_RAW, (const bool[]){[PRIVACY_PUBLIC] = true,
                                            [PRIVACY_ADDRESS] = true,
                                            [PRIVACY_NAME] = true,
                                            [PRIVACY_IDENTIFIER] = true,
                                            [PRIVACY_CONTENT] = false});
}

/* The search itself finds base64 at every place. */
static void test_search(void **state)
{
    (void)state;
    static const char *const texts[] = {"bUFySy5zdWJqZWN0LmlkLnpR", "eG1BckEuc3ViamVjdC5pZC56UQ=="};
    struct fixture fixture = {0};
    struct mark mark = {.len = 18, .type = VALUE_BYTES};
    memcpy(mark.bytes, "mArK.subject.id.zQ", 18);
    fixture.text = (char *)(uintptr_t)texts[0];
    fixture.len = strlen(texts[0]);
    assert_true(is_found(&fixture, &mark));
    memcpy(mark.bytes, "mArA.subject.id.zQ", 18);
    assert_false(is_found(&fixture, &mark));
    fixture.text = (char *)(uintptr_t)texts[1]; /* "x" and the mark */
    fixture.len = strlen(texts[1]);
    assert_true(is_found(&fixture, &mark));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strict),      cmocka_unit_test(test_strict_by_crypto_pan),
        cmocka_unit_test(test_each_report), cmocka_unit_test(test_merged),
        cmocka_unit_test(test_internal),    cmocka_unit_test(test_raw),
        cmocka_unit_test(test_search),
    };
    return cmocka_run_group_tests_name("marked_values", tests, NULL, NULL);
}
