/* test_event_writer.c: reports/event_*.c: what lines of events say, and that ids and errors hold.
 *
 * With a file name as argument it writes events of every type and policy into that file instead, for the
 * check against docs/events.schema.json. */
#include "core/common_observations.h"
#include "dissectors/tls.h"
#include "marked_observation.h"
#include "reports/event_plan.h"
#include "reports/sink.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_LINES = 64 };

/* A run of the writer and the lines that came out, parsed. */
struct run {
    struct redactor *redactor;
    struct event_writer *writer;
    FILE *out;
    char *text;
    size_t len;
    json_object *lines[MAX_LINES];
    size_t num_lines;
};

static void run_begin(struct run *run, enum privacy_policy policy,
                      const struct event_options *options)
{
    struct error error = {""};
    const struct redact_options redact_options = {.policy = policy};
    *run = (struct run){0};
    run->redactor = redactor_new(&redact_options, &error);
    assert_non_null(run->redactor);
    run->out = open_memstream(&run->text, &run->len);
    run->writer = event_writer_new(run->out, options, run->redactor, &error);
    assert_string_equal(error.text, "");
    assert_non_null(run->writer);
}

static void run_end(struct run *run)
{
    struct error error = {""};
    assert_true(event_writer_free(run->writer, &error));
    fclose(run->out);
    for (char *line = run->text; *line != '\0';) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        assert_true(run->num_lines < MAX_LINES);
        json_object *object = json_tokener_parse(line);
        assert_true(json_object_is_type(object, json_type_object));
        run->lines[run->num_lines++] = object;
        line = end + 1;
    }
}

static void run_free(struct run *run)
{
    for (size_t i = 0; i < run->num_lines; i++)
        json_object_put(run->lines[i]);
    redactor_free(run->redactor);
    free(run->text);
}

/* The value at a dotted path, NULL when it is absent. */
static json_object *at(json_object *object, const char *path)
{
    char part[64];
    while (object != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");
        snprintf(part, sizeof part, "%.*s", (int)len, path);
        json_object *member = NULL;
        json_object_object_get_ex(object, part, &member);
        object = member;
        path += len + (path[len] == '.');
    }
    return object;
}

static void check_text(json_object *object, const char *path, const char *want)
{
    json_object *value = at(object, path);
    if (want == NULL) {
        if (value != NULL)
            fail_msg("%s is %s, and should be absent", path, json_object_to_json_string(value));
        return;
    }
    if (value == NULL)
        fail_msg("%s is absent", path);
    if (json_object_is_type(value, json_type_string))
        assert_string_equal(json_object_get_string(value), want);
    else
        assert_string_equal(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN), want);
}

struct expected {
    const char *path, *value; /* NULL: absent; lists and numbers as plain JSON */
};

static void check_all(json_object *object, const struct expected *expected, size_t num)
{
    for (size_t i = 0; i < num; i++)
        check_text(object, expected[i].path, expected[i].value);
}

#define CHECK(object, expected) check_all(object, expected, sizeof(expected) / sizeof *(expected))

static const struct dissector some_dissector = {.name = "tls"};

static struct flow flow_of(uint64_t first_packet)
{
    struct flow flow = {.ip_version = 4,
                        .protocol = PROTO_TCP,
                        .client = 1,
                        .around = {.tunnel_id = 77,
                                   .vlan = 12,
                                   .num_vlans = 1,
                                   .num_tunnels = 1,
                                   .tunnel = TUNNEL_VXLAN},
                        .first_packet = first_packet,
                        .first_ns = 1700000000000000001,
                        .last_ns = 1700000002000000000,
                        .packets = {3, 4},
                        .bytes = {300, 400},
                        .dissector = &some_dissector};
    const uint8_t mac[6] = {0x00, 0x00, 0x5e, 0x00, 0x53, 0x23};
    memcpy(flow.ends[1].address, (const uint8_t[]){192, 0, 2, 7}, 4);
    memcpy(flow.ends[0].address, (const uint8_t[]){198, 51, 100, 9}, 4);
    memcpy(flow.mac[1], mac, sizeof mac);
    flow.ends[1].port = 50123;
    flow.ends[0].port = 443;
    return flow;
}

static struct observation observation_of(const struct observation_type *type, const void *data,
                                         const struct flow *flow, uint64_t packet)
{
    return (struct observation){
        .type = type, .data = data, .flow = flow, .time_ns = 1700000000123456789, .packet = packet};
}

/* {u16 count of suites}: two registered ones, GREASE-like 0x1a2b that nobody registered. */
static const uint8_t suites[] = {0x13, 0x01, 0x00, 0x2f, 0x1a, 0x2b};
static const uint8_t alpn[] = "\2h2\x8http/1.1";

static struct tls_client_hello hello(void)
{
    return (struct tls_client_hello){.transport = "tls",
                                     .legacy_version = number(0x0303),
                                     .ciphers = span_of(suites, sizeof suites),
                                     .compression = span_of("", 0),
                                     .server_name = span_text("www.shop.example"),
                                     .alpn = span_of(alpn, sizeof alpn - 1),
                                     .session_id = span_of("\xab\xcd", 2),
                                     .random = span_of("", 0),
                                     .ech = TRUTH_NO};
}

static const struct event_options all = {.flows = true, .observations = true};

static void test_observation(void **state)
{
    (void)state;
    static const struct expected expected[] = {
        {"@timestamp", "2023-11-14T22:13:20.123456789Z"},
        {"ecs.version", "8.11.0"},
        {"event.module", "perpass"},
        {"event.dataset", "perpass.tls.client_hello"},
        {"event.kind", "event"},
        {"event.category", "[\"network\"]"},
        {"event.type", "[\"protocol\"]"},
        {"event.severity", NULL},
        {"labels", NULL},
        {"observer.type", "sensor"},
        {"source.ip", "192.0.2.7"},
        {"source.address", "192.0.2.7"},
        {"source.port", "50123"},
        {"source.mac", "00-00-5E-00-53-23"},
        {"destination.ip", "198.51.100.9"},
        {"destination.port", "443"},
        {"destination.mac", NULL},
        {"network.transport", "tcp"},
        {"network.iana_number", "6"},
        {"network.type", "ipv4"},
        {"network.protocol", "tls"},
        {"network.vlan.id", "12"},
        {"network.inner.tunnel", "{\"depth\":1,\"id\":77,\"type\":\"vxlan\"}"},
        {"network.community_id", "1:E1/wyTOUZqLUOKQeMYGeeooIFPo="},
        {"perpass.packet", "9"},
        {"perpass.privacy.policy", "raw"},
        {"perpass.privacy.key_id", NULL},
        {"perpass.privacy.stability", NULL},
        {"perpass.privacy.technique.address", "none"},
        {"tls.client.server_name", "www.shop.example"},
        {"tls.client.supported_ciphers",
         "[\"TLS_AES_128_GCM_SHA256\",\"TLS_RSA_WITH_AES_128_CBC_SHA\",\"0x1a2b\"]"},
        {"perpass.tls.ciphers", "[4865,47,6699]"},
        {"perpass.tls.alpn", "[\"h2\",\"http\\/1.1\"]"},
        {"perpass.tls.session_id", "abcd"},
        {"perpass.tls.random", ""},
        {"perpass.tls.compression", "[]"},
        {"perpass.tls.legacy_version", "771"},
        {"perpass.tls.ech", "false"},
        {"perpass.tls.early_data", NULL},
        {"perpass.tls.groups", NULL},
        {"perpass.flow", NULL},
        {"rule", NULL},
    };
    struct run run;
    struct flow flow = flow_of(3);
    struct tls_client_hello data = hello();
    struct observation o = observation_of(&observation_tls_client_hello, &data, &flow, 9);
    run_begin(&run, POLICY_RAW, &all);
    event_writer_observation(run.writer, &o);
    run_end(&run);
    assert_int_equal(run.num_lines, 1);
    CHECK(run.lines[0], expected);
    run_free(&run);
}

static void test_strict(void **state)
{
    (void)state;
    static const struct expected expected[] = {
        {"labels.ip_pseudonymised", "true"},
        {"network.community_id", NULL},
        {"perpass.privacy.policy", "strict"},
        {"perpass.privacy.stability", "session"},
        {"perpass.privacy.technique.address", "structured permutation"},
        {"perpass.privacy.technique.content", "black-marker"},
    };
    struct run run;
    struct flow flow = flow_of(3);
    struct tls_client_hello data = hello();
    struct observation o = observation_of(&observation_tls_client_hello, &data, &flow, 9);
    run_begin(&run, POLICY_STRICT, &all);
    event_writer_observation(run.writer, &o);
    memcpy(flow.ends[0].address, (const uint8_t[]){127, 0, 0, 1}, 4);
    memcpy(flow.ends[1].address, (const uint8_t[]){127, 0, 0, 1}, 4);
    event_writer_observation(run.writer, &o);
    run_end(&run);
    CHECK(run.lines[0], expected);
    check_text(run.lines[0], "perpass.privacy.key_id", redactor_key_id(run.redactor));
    assert_string_not_equal(json_object_get_string(at(run.lines[0], "source.ip")), "192.0.2.7");
    /* Nothing was replaced in the second. */
    check_text(run.lines[1], "source.ip", "127.0.0.1");
    check_text(run.lines[1], "labels", NULL);
    run_free(&run);
}

static void test_flow(void **state)
{
    (void)state;
    static const struct expected expected[] = {
        {"event.dataset", "perpass.flow"},
        {"event.type", "[\"connection\",\"end\"]"},
        {"event.start", "2023-11-14T22:13:20.000000001Z"},
        {"event.end", "2023-11-14T22:13:22.000000000Z"},
        {"event.duration", "1999999999"},
        {"source.bytes", "400"},
        {"source.packets", "4"},
        {"destination.bytes", "300"},
        {"network.bytes", "700"},
        {"network.packets", "7"},
        {"perpass.flow.end", "idle"},
        {"perpass.flow.start_seen", "true"},
    };
    struct run run;
    struct flow flow = flow_of(3);
    const struct flow_end_observation data = {.first_ns = number(flow.first_ns),
                                              .last_ns = number(flow.last_ns),
                                              .client_bytes = number(400),
                                              .server_bytes = number(300),
                                              .client_packets = number(4),
                                              .server_packets = number(3),
                                              .how = "idle",
                                              .saw_start = TRUTH_YES};
    struct observation o = observation_of(&observation_flow_end, &data, &flow, 20);
    const struct event_options flows = {.flows = true};
    run_begin(&run, POLICY_RAW, &flows);
    event_writer_observation(run.writer, &o);
    run_end(&run);
    assert_int_equal(run.num_lines, 1);
    CHECK(run.lines[0], expected);
    run_free(&run);
}

static const struct rule some_rule = {.id = "psk.identity-cleartext",
                                      .title = "PSK identity readable",
                                      .severity = SEVERITY_HIGH,
                                      .attack = ATTACK_PASSIVE,
                                      .references = "RFC 9257 section 8"};

static struct finding finding_of(const char *identity)
{
    static struct evidence evidence[] = {
        {"length", PRIVACY_PUBLIC, NULL, {.type = VALUE_NUMBER, .number = 7}, false},
        {"looks_like", PRIVACY_PUBLIC, NULL, {.type = VALUE_TEXT, .text = "e-mail"}, false},
        {"sni",
         PRIVACY_NAME,
         "host",
         {.type = VALUE_STRING, .bytes = {.at = (const uint8_t *)"a.example", .len = 9}},
         false}};
    struct flow flow = flow_of(3);
    struct finding finding = {.rule = &some_rule,
                              .severity = SEVERITY_MEDIUM,
                              .confidence = CONFIDENCE_LIKELY,
                              .reason = "It looks like one.",
                              .subject = SUBJECT_IDENTITY,
                              .subject_bytes = span_text(identity),
                              .client = flow.ends[1],
                              .server = flow.ends[0],
                              .ip_version = 4,
                              .around = flow.around,
                              .protocol = PROTO_TCP,
                              .transport = "dtls",
                              .first_ns = 1700000000000000000,
                              .last_ns = 1700000001000000000,
                              .packet = 5,
                              .count = 2,
                              .evidence = evidence,
                              .num_evidence = 3};
    return finding;
}

/* 802.1X has no IP header: its ends are hardware addresses, and nothing is said that only IP has. */
static void test_hardware_addresses(void **state)
{
    (void)state;
    static const struct expected expected[] = {
        {"source", "{\"mac\":\"02-00-00-00-00-10\"}"},
        {"destination", "{\"mac\":\"02-00-00-00-00-01\"}"},
        {"network", "{\"inner\":{\"tunnel\":{\"depth\":1,\"id\":77,\"type\":\"vxlan\"}},"
                    "\"protocol\":\"eapol\",\"vlan\":{\"id\":\"12\"}}"},
        {"labels", NULL},
        {"perpass.finding.subject", "{\"address\":\"02-00-00-00-00-01\",\"kind\":\"server\"}"},
    };
    static const struct endpoint device = {.address = {2, 0, 0, 0, 0, 0x10}};
    static const struct endpoint port = {.address = {2, 0, 0, 0, 0, 1}};
    struct finding finding = finding_of("");
    finding.client = device;
    finding.server = port;
    finding.ip_version = 0;
    finding.protocol = PROTO_EAPOL;
    finding.transport = "eapol";
    finding.subject = SUBJECT_SERVER;
    finding.subject_bytes = span_of(port.address, 6);
    const struct result result = {.findings = &finding, .num_findings = 1};
    const struct event_options options = {.flows = true};
    struct run run;
    run_begin(&run, POLICY_RAW, &options);
    event_writer_result(run.writer, &result);
    run_end(&run);
    CHECK(run.lines[0], expected);
    run_free(&run);
}

static void test_finding_and_stats(void **state)
{
    (void)state;
    static const struct expected finding_expected[] = {
        {"@timestamp", "2023-11-14T22:13:20.000000000Z"},
        {"event.dataset", "perpass.finding"},
        {"event.kind", "alert"},
        {"event.severity", "50"},
        {"rule.id", "psk.identity-cleartext"},
        {"rule.name", "PSK identity readable"},
        {"rule.category", "passive"},
        {"rule.reference", "RFC 9257 section 8"},
        {"source.ip", "192.0.2.7"},
        {"source.mac", NULL},
        {"network.protocol", "dtls"},
        {"network.vlan.id", "12"},
        {"network.inner", "{\"tunnel\":{\"depth\":1,\"id\":77,\"type\":\"vxlan\"}}"},
        {"perpass.packet", "5"},
        {"perpass.finding.severity", "medium"},
        {"perpass.finding.confidence", "likely"},
        {"perpass.finding.reason", "It looks like one."},
        {"perpass.finding.count", "2"},
        {"perpass.finding.first", "2023-11-14T22:13:20.000000000Z"},
        {"perpass.finding.last", "2023-11-14T22:13:21.000000000Z"},
        {"perpass.finding.subject", "{\"identity\":\"alice@x\",\"kind\":\"identity\"}"},
        {"perpass.finding.evidence",
         "{\"length\":7,\"looks_like\":\"e-mail\",\"sni\":\"a.example\"}"},
    };
    static const struct expected stats_expected[] = {
        {"@timestamp", "2023-11-14T22:13:23.000000000Z"},
        {"event.dataset", "perpass.stats"},
        {"event.kind", "metric"},
        {"source", NULL},
        {"network", NULL},
        {"perpass.packet", NULL},
        {"perpass.stats.frames", "8"},
        {"perpass.stats.analysis.tls_client_hellos", "4"},
        {"perpass.stats.inputs",
         "[{\"path\":\"a\\\\x1b.pcap\",\"format\":\"pcap\",\"frames\":8,\"filtered\":1,"
         "\"dropped\":0,\"first\":\"2023-11-14T22:13:20.000000000Z\","
         "\"last\":\"2023-11-14T22:13:23.000000000Z\",\"damage\":\"It ends early.\"}]"},
    };
    struct run run;
    const struct finding finding = finding_of("alice@x");
    const struct input_info input = {.path = "a\x1b.pcap",
                                     .format = "pcap",
                                     .frames = 8,
                                     .filtered = 1,
                                     .first_ns = 1700000000000000000,
                                     .last_ns = 1700000003000000000,
                                     .damage = "It ends early."};
    const struct result result = {.inputs = &input,
                                  .num_inputs = 1,
                                  .engine.frames = 8,
                                  .analysis.tls_client_hellos = 4,
                                  .findings = &finding,
                                  .num_findings = 1};
    const struct event_options neither = {0};
    struct flow flow = flow_of(3);
    struct tls_client_hello data = hello();
    struct observation o = observation_of(&observation_tls_client_hello, &data, &flow, 9);
    run_begin(&run, POLICY_RAW, &neither);
    event_writer_observation(run.writer, &o); /* not asked for */
    event_writer_result(run.writer, &result);
    run_end(&run);
    assert_int_equal(run.num_lines, 2);
    CHECK(run.lines[0], finding_expected);
    CHECK(run.lines[1], stats_expected);
    run_free(&run);
}

static void test_selection(void **state)
{
    (void)state;
    struct flow flow = flow_of(3);
    struct tls_client_hello data = hello();
    const struct tls_alert alert = {.transport = "tls", .level = number(2)};
    const struct flow_end_observation end = {.how = "idle"};
    const struct observation seen[] = {
        observation_of(&observation_tls_client_hello, &data, &flow, 9),
        observation_of(&observation_tls_alert, &alert, &flow, 9),
        observation_of(&observation_flow_end, &end, &flow, 9)};
    static const struct {
        struct event_options options;
        size_t lines;
    } rows[] = {
        {{0}, 0},
        {{.flows = true}, 1},
        {{.observations = true}, 3},
        {{.observations = true, .observation_types = "tls.alert"}, 1},
        {{.observations = true, .observation_types = "tls.alert,tls.client_hello"}, 2},
        {{.flows = true, .observations = true, .observation_types = "tls.alert"}, 2},
        {{.observations = true, .observation_types = "flow.end"}, 1},
    };
    char id[40] = "";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run;
        run_begin(&run, POLICY_STRICT, &rows[i].options);
        for (size_t k = 0; k < 3; k++)
            event_writer_observation(run.writer, &seen[k]);
        run_end(&run);
        assert_int_equal(run.num_lines, rows[i].lines);
        /* The id of the alert is the same whatever else was asked for, in every run. */
        for (size_t k = 0; k < run.num_lines; k++) {
            json_object *dataset = at(run.lines[k], "event.dataset");
            if (strcmp(json_object_get_string(dataset), "perpass.tls.alert") != 0)
                continue;
            const char *got = json_object_get_string(at(run.lines[k], "event.id"));
            if (id[0] != '\0')
                assert_string_equal(got, id);
            snprintf(id, sizeof id, "%s", got);
        }
        run_free(&run);
    }
    assert_int_equal(strlen(id), 32);
}

static void test_unknown_type(void **state)
{
    (void)state;
    struct error error = {""};
    const struct redact_options redact_options = {.policy = POLICY_RAW};
    struct redactor *redactor = redactor_new(&redact_options, &error);
    const struct event_options options = {.observations = true,
                                          .observation_types = "tls.alert,tls.helo"};
    assert_null(event_writer_new(stdout, &options, redactor, &error));
    assert_non_null(strstr(error.text, "'tls.helo'"));
    assert_non_null(strstr(error.text, "tls.client_hello"));
    redactor_free(redactor);
}

/* Several facts of one packet have ids of their own. */
static void test_ids_differ(void **state)
{
    (void)state;
    struct run run;
    struct flow flow = flow_of(3), other = flow_of(4);
    const struct tls_alert alert = {.transport = "tls", .level = number(2)};
    const struct observation seen[] = {observation_of(&observation_tls_alert, &alert, &flow, 9),
                                       observation_of(&observation_tls_alert, &alert, &flow, 9),
                                       observation_of(&observation_tls_alert, &alert, &other, 9),
                                       observation_of(&observation_tls_alert, &alert, &flow, 10)};
    struct finding findings[] = {finding_of("one"), finding_of("two"), finding_of("three")};
    const struct result result = {.findings = findings, .num_findings = 3};
    findings[1].key.nth = 1;
    findings[2].key.nth = 2;
    run_begin(&run, POLICY_STRICT, &all);
    for (size_t i = 0; i < 4; i++)
        event_writer_observation(run.writer, &seen[i]);
    event_writer_result(run.writer, &result);
    /* Rows of a table, worst first: those of one packet do not follow each other. */
    for (size_t i = 0; i < 3; i++) {
        struct observation row = seen[i == 1 ? 3 : 0];
        row.row = i + 1;
        event_writer_observation(run.writer, &row);
    }
    run_end(&run);
    assert_int_equal(run.num_lines, 11);
    for (size_t i = 0; i < run.num_lines; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(json_object_get_string(at(run.lines[i], "event.id")),
                                    json_object_get_string(at(run.lines[k], "event.id")));
    run_free(&run);
}

static void id_of(const struct run *run, size_t line, char id[40])
{
    snprintf(id, 40, "%s", json_object_get_string(at(run->lines[line], "event.id")));
}

/* Which other types there are in a packet depends on rules and options: ids do not. */
static void test_id_without_others(void **state)
{
    (void)state;
    struct flow flow = flow_of(3);
    const struct tls_client_hello data = hello();
    const struct tls_alert alert = {.transport = "tls", .level = number(2)};
    const struct observation seen[] = {
        observation_of(&observation_tls_client_hello, &data, &flow, 9),
        observation_of(&observation_tls_alert, &alert, &flow, 9)};
    char ids[2][40];
    for (size_t i = 0; i < 2; i++) {
        struct run run;
        run_begin(&run, POLICY_STRICT, &all);
        for (size_t k = i; k < 2; k++)
            event_writer_observation(run.writer, &seen[k]);
        run_end(&run);
        id_of(&run, run.num_lines - 1, ids[i]);
        run_free(&run);
    }
    assert_string_equal(ids[0], ids[1]);
}

/* A finding that fires again, worse and surer, is the same one. */
static void test_id_of_finding_stays(void **state)
{
    (void)state;
    char ids[2][40];
    struct finding finding = finding_of("one");
    const struct result result = {.findings = &finding, .num_findings = 1};
    for (size_t i = 0; i < 2; i++) {
        struct run run;
        run_begin(&run, POLICY_STRICT, &all);
        event_writer_findings(run.writer, &result, 0);
        run_end(&run);
        id_of(&run, 0, ids[i]);
        run_free(&run);
        finding.severity = SEVERITY_CRITICAL;
        finding.confidence = CONFIDENCE_CERTAIN;
        finding.first_ns--;
        finding.last_ns++;
        finding.count++;
    }
    assert_string_equal(ids[0], ids[1]);
}

static void check_unwritable(FILE *out, const char *reason)
{
    struct error error = {""};
    const struct redact_options redact_options = {.policy = POLICY_RAW};
    struct redactor *redactor = redactor_new(&redact_options, &error);
    struct event_writer *writer = event_writer_new(out, &all, redactor, &error);
    const struct result result = {0};
    event_writer_result(writer, &result);
    assert_false(event_writer_free(writer, &error));
    assert_non_null(strstr(error.text, reason));
    fclose(out);
    redactor_free(redactor);
}

static void test_unwritable(void **state)
{
    (void)state;
    check_unwritable(fopen("/dev/full", "w"), "No space left on device");
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    check_unwritable(fdopen(ends[1], "w"), "Broken pipe");
}

/* All types, filled, under all policies. */
static int write_every_event(const char *path)
{
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        perror(path);
        return 1;
    }
    struct flow flow = flow_of(3);
    struct finding findings[4];
    for (size_t i = 0; i < 4; i++) {
        findings[i] = finding_of("some");
        findings[i].subject = (enum subject_kind)(SUBJECT_CLIENT + i);
    }
    const struct input_info input = {.path = "a.pcap", .format = "pcap", .size = 9, .frames = 1};
    const struct result result = {
        .inputs = &input, .num_inputs = 1, .findings = findings, .num_findings = 4};
    for (enum privacy_policy policy = POLICY_STRICT; policy <= POLICY_RAW; policy++) {
        struct error error = {""};
        const struct redact_options options = {.policy = policy};
        struct redactor *redactor = redactor_new(&options, &error);
        struct event_writer *writer = event_writer_new(out, &all, redactor, &error);
        const struct observation_type *type;
        for (size_t i = 0; (type = event_type_at(i)) != NULL; i++) {
            struct marked_observation *marked = marked_new(type, i);
            struct observation o = observation_of(type, marked->data, &flow, i + 1);
            event_writer_observation(writer, &o);
            memset(marked->data, 0, type->size); /* nothing was seen */
            event_writer_observation(writer, &o);
            marked_free(marked);
        }
        event_writer_result(writer, &result);
        if (!event_writer_free(writer, &error))
            fprintf(stderr, "%s\n", error.text);
        redactor_free(redactor);
    }
    return fclose(out) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 2)
        return write_every_event(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_observation),
        cmocka_unit_test(test_strict),
        cmocka_unit_test(test_flow),
        cmocka_unit_test(test_finding_and_stats),
        cmocka_unit_test(test_hardware_addresses),
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_unknown_type),
        cmocka_unit_test(test_ids_differ),
        cmocka_unit_test(test_id_without_others),
        cmocka_unit_test(test_id_of_finding_stays),
        cmocka_unit_test(test_unwritable),
    };
    return cmocka_run_group_tests_name("event_writer", tests, NULL, NULL);
}
