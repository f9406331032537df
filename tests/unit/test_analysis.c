/* test_analysis.c: observations go in, findings come out: each rule with what makes it fire and
 * with what only looks so; findings that are one; bounds, selection, order. */
#include "analysis/analysis.h"
#include "analysis/conversations.h"
#include "core/common_observations.h"
#include "core/flow.h"
#include "dissectors/tls.h"
#include "dissectors/tls_summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NUM_OF(table) (sizeof(table) / sizeof *(table))

static struct analysis *start(const struct analysis_options *options)
{
    struct error error = {""};
    struct analysis *analysis = analysis_new(options, &error);
    if (analysis == NULL)
        fail_msg("%s", error.text);
    return analysis;
}

/* All rules but one that nearly every session makes fire. */
#define ALL_BUT_ONE "-pfs.not-post-quantum"

static struct analysis *start_all(void)
{
    return start(&(struct analysis_options){.rules = ALL_BUT_ONE});
}

/* Conversation |n|: 10.x.y.z port 40000 to 192.0.2.1 port 443. */
static struct flow flow_number(uint32_t n)
{
    struct flow flow = {.ip_version = 4, .protocol = PROTO_TCP, .first_packet = n + 1};
    flow.ends[0] = (struct endpoint){
        .address = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}, .port = 40000};
    flow.ends[1] = (struct endpoint){.address = {192, 0, 2, 1}, .port = 443};
    return flow;
}

static void say(struct analysis *analysis, const struct observation_type *type, const void *data,
                const struct flow *flow, uint64_t packet)
{
    const struct observation observation = {
        .type = type, .data = data, .flow = flow, .time_ns = packet * 1000, .packet = packet};
    analysis_observe(analysis, &observation);
}

static void say_server_hello(struct analysis *analysis, const struct tls_server_hello *hello,
                             const struct flow *flow, uint64_t packet)
{
    say(analysis, &observation_tls_server_hello, hello, flow, packet);
}

static void say_key_exchange(struct analysis *analysis, struct span identity,
                             const struct flow *flow, uint64_t packet)
{
    const struct tls_client_key_exchange exchange = {
        .transport = "tls", .kx = "PSK", .psk_identity = identity};
    say(analysis, &observation_tls_client_key_exchange, &exchange, flow, packet);
}

/* A list of PskIdentity, and of binders beside it. */
struct offers {
    uint8_t identities[512], binders[512];
    size_t identities_len, binders_len;
};

static void offers_add(struct offers *offers, const char *identity, uint32_t age)
{
    size_t len = strlen(identity);
    uint8_t *at = offers->identities + offers->identities_len;
    at[0] = 0;
    at[1] = (uint8_t)len;
    memcpy(at + 2, identity, len);
    for (unsigned i = 0; i < 4; i++)
        at[2 + len + i] = (uint8_t)(age >> (24 - 8 * i));
    offers->identities_len += len + 6;
    offers->binders[offers->binders_len] = 32;
    offers->binders_len += 33;
}

static void say_offers(struct analysis *analysis, const struct offers *offers,
                       const struct flow *flow, uint64_t packet)
{
    const struct tls_client_hello hello = {
        .transport = "tls",
        .psk_identities = span_of(offers->identities, offers->identities_len),
        .psk_binders = span_of(offers->binders, offers->binders_len)};
    say(analysis, &observation_tls_client_hello, &hello, flow, packet);
}

/* Ticket that nobody can read. */
static const char ticket[] =
    "\x9d\x1f\x7c\x3a\x55\xe8\x0b\x42\xc6\xd1\x9e\x7f\x20\xa3\xb8\x64\x17\xfe"
    "\x5d\xcb\x09\x48\xae\x63\xf1\x72\x0d\x8b\xb4\x39\x5a\x6e";

static const struct finding *find(const struct analysis *analysis, const char *rule)
{
    size_t num;
    const struct finding *findings = analysis_findings(analysis, &num);
    for (size_t i = 0; i < num; i++)
        if (strcmp(findings[i].rule->id, rule) == 0)
            return &findings[i];
    return NULL;
}

static const struct value *evidence(const struct finding *finding, const char *name)
{
    for (size_t i = 0; i < finding->num_evidence; i++)
        if (strcmp(finding->evidence[i].name, name) == 0)
            return &finding->evidence[i].value;
    return NULL;
}

static void check_text(const struct finding *finding, const char *name, const char *text)
{
    const struct value *value = evidence(finding, name);
    if (value == NULL)
        fail_msg("%s has no evidence %s", finding->rule->id, name);
    assert_int_equal(value->type, VALUE_TEXT);
    assert_string_equal(value->text, text);
}

/* The ids that fired, each with its severity, worst first: "pfs.static-dh:high auth.x:medium". */
static const char *fired(const struct analysis *analysis, char *text, size_t size)
{
    size_t num, len = 0;
    const struct finding *findings = analysis_findings(analysis, &num);
    text[0] = '\0';
    for (size_t i = 0; i < num && len < size; i++)
        len += (size_t)snprintf(text + len, size - len, "%s%s:%s", i > 0 ? " " : "",
                                findings[i].rule->id, severity_name(findings[i].severity));
    return text;
}

/* One row a server hello: what is negotiated, what fires. */
static const struct session_row {
    uint16_t version, cipher;
    bool key_share, selected_psk;
    const char *fires;
} sessions[] = {
    /* ECDHE and DHE, by certificate and by PSK */
    {0x0303, 0xc02f, false, false, ""},
    {0x0303, 0x009e, false, false, ""},
    {0x0303, 0xc035, false, false, ""},
    {0x0303, 0x0090, false, false, ""},
    {0xfefd, 0xc0ac, false, false, ""},
    /* keys that stay */
    {0x0303, 0x009c, false, false, "pfs.rsa-key-exchange:high"},
    {0x0303, 0x0030, false, false, "pfs.static-dh:high"},
    {0x0303, 0xc00e, false, false, "pfs.static-dh:high"},
    {0x0303, 0x008c, false, false, "psk.no-forward-secrecy:high"},
    {0xfefd, 0xc0a8, false, false, "psk.no-forward-secrecy:high"},
    {0x0303, 0x0094, false, false, "psk.no-forward-secrecy:high"},
    /* anonymous, NULL, weak */
    {0x0303, 0x00a6, false, false, "auth.anonymous:critical"},
    {0x0303, 0xc018, false, false, "auth.anonymous:critical"},
    {0x0303, 0x0018, false, false, "auth.anonymous:critical auth.weak-cipher:high"},
    {0x0303, 0x003b, false, false, "auth.null-encryption:critical pfs.rsa-key-exchange:high"},
    {0x0303, 0x002c, false, false, "auth.null-encryption:critical psk.no-forward-secrecy:high"},
    {0x0303, 0xc006, false, false, "auth.null-encryption:critical"},
    {0x0303, 0xc011, false, false, "auth.weak-cipher:high"},
    {0x0303, 0xc012, false, false, "auth.weak-cipher:medium"},
    {0x0303, 0x0015, false, false, "auth.weak-cipher:high"},
    {0x0303, 0x0003, false, false, "pfs.rsa-key-exchange:high auth.weak-cipher:high"},
    {0x0303, 0x000a, false, false, "pfs.rsa-key-exchange:high auth.weak-cipher:medium"},
    {0x0303, 0x000d, false, false, "pfs.static-dh:high auth.weak-cipher:medium"},
    /* versions */
    {0x0300, 0xc013, false, false, "auth.obsolete-version:high"},
    {0x0301, 0xc013, false, false, "auth.obsolete-version:medium"},
    {0x0302, 0xc013, false, false, "auth.obsolete-version:medium"},
    {0xfeff, 0xc013, false, false, "auth.obsolete-version:medium"},
    {0xfefd, 0xc013, false, false, ""},
    /* 1.3: the key share decides; the suite says nothing */
    {0x0304, 0x1301, true, false, ""},
    {0x0304, 0x1301, true, true, ""},
    {0xfefc, 0x1301, true, true, ""},
    {0x7f1c, 0x1301, true, false, ""},
    {0x0304, 0x1301, false, true, "psk.no-forward-secrecy:high"},
    {0xfefc, 0x1305, false, true, "psk.no-forward-secrecy:high"},
    {0x0304, 0x1301, false, false, ""},
    {0x0304, 0xc0b4, true, false, "auth.null-encryption:critical"},
    {0x0304, 0x009c, true, false, ""}, /* a suite that 1.3 does not have */
    /* a PSK extension is not looked for in 1.2 */
    {0x0303, 0xc02f, false, true, ""},
    /* unknown is unknown */
    {0x0303, 0xeeee, false, false, ""},
    {0x0303, 0x0a0a, false, false, ""},
    {0x0303, 0x1301, true, false, ""},
};

static void test_sessions(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_OF(sessions); i++) {
        const struct session_row *row = &sessions[i];
        struct analysis *analysis = start_all();
        struct flow flow = flow_number(0);
        struct tls_server_hello hello = {.transport = "tls",
                                         .version = number(row->version),
                                         .cipher = number(row->cipher),
                                         .hello_retry = TRUTH_NO};
        if (row->key_share)
            hello.key_share_group = number(29);
        if (row->selected_psk)
            hello.selected_psk = number(0);
        say_server_hello(analysis, &hello, &flow, 7);
        analysis_finish(analysis);
        char text[512];
        if (strcmp(fired(analysis, text, sizeof text), row->fires) != 0)
            fail_msg("version %04x, suite %04x: \"%s\" fired, expected \"%s\"", row->version,
                     row->cipher, text, row->fires);
        analysis_free(analysis);
    }
}

static void test_hello_retry(void **state)
{
    (void)state;
    struct analysis *analysis = start_all();
    struct flow flow = flow_number(0);
    const struct tls_server_hello retry = {.transport = "tls",
                                           .version = number(0x0304),
                                           .cipher = number(0xc0b4),
                                           .selected_psk = number(0),
                                           .hello_retry = TRUTH_YES};
    say_server_hello(analysis, &retry, &flow, 1);
    analysis_finish(analysis);
    size_t num;
    analysis_findings(analysis, &num);
    assert_int_equal(num, 0);
    assert_int_equal(analysis_stats(analysis).tls_sessions, 0);
    assert_int_equal(analysis_stats(analysis).observations, 1);
    analysis_free(analysis);
}

static void test_ssl2(void **state)
{
    (void)state;
    static const struct {
        const char *ciphers;
        size_t len;
        const char *fires;
    } rows[] = {
        /* RC4 and RC2: they have MD5 in common */
        {"\x01\x00\x80\x03\x00\x80", 6,
         "pfs.rsa-key-exchange:high auth.obsolete-version:high auth.weak-cipher:medium"},
        /* RC4 only: it will be chosen */
        {"\x01\x00\x80", 3,
         "pfs.rsa-key-exchange:high auth.obsolete-version:high auth.weak-cipher:high"},
        /* nobody knows the second */
        {"\x01\x00\x80\xee\xee\xee", 6, "pfs.rsa-key-exchange:high auth.obsolete-version:high"},
        {"", 0, "pfs.rsa-key-exchange:high auth.obsolete-version:high"},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct analysis *analysis = start_all();
        struct flow flow = flow_number(0);
        const struct tls_server_hello hello = {.transport = "tls",
                                               .ssl2 = TRUTH_YES,
                                               .version = number(2),
                                               .ssl2_ciphers =
                                                   span_of(rows[i].ciphers, rows[i].len)};
        say_server_hello(analysis, &hello, &flow, 1);
        analysis_finish(analysis);
        char text[512];
        assert_string_equal(fired(analysis, text, sizeof text), rows[i].fires);
        check_text(find(analysis, "pfs.rsa-key-exchange"), "version", "2");
        analysis_free(analysis);
    }
}

/* Sessions count by their summaries: a handshake that no server's hello answered is none. */
static void test_session_counts(void **state)
{
    (void)state;
    static const struct {
        struct number version;
        enum truth forward_secrecy, resumed;
        uint64_t forward, not_forward, unknown;
    } rows[] = {
        {{.value = 0x0303, .seen = true}, TRUTH_YES, TRUTH_NO, 1, 0, 0},
        {{.value = 0x0303, .seen = true}, TRUTH_NO, TRUTH_YES, 0, 1, 0},
        {{.value = 0x0304, .seen = true}, TRUTH_YES, TRUTH_YES, 1, 0, 0},
        {{.value = 0x0002, .seen = true}, TRUTH_NO, TRUTH_UNKNOWN, 0, 1, 0},
        {{.value = 0x0303, .seen = true}, TRUTH_UNKNOWN, TRUTH_UNKNOWN, 0, 0, 1},
        {{.seen = false}, TRUTH_UNKNOWN, TRUTH_UNKNOWN, 0, 0, 0},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct analysis *analysis = start_all();
        struct flow flow = flow_number(0);
        const struct tls_server_hello hello = {
            .transport = "tls", .version = number(0x0303), .cipher = number(0xc02f)};
        const struct tls_handshake_summary summary = {.transport = "tls",
                                                      .version = rows[i].version,
                                                      .forward_secrecy = rows[i].forward_secrecy,
                                                      .resumed = rows[i].resumed};
        say_server_hello(analysis, &hello, &flow, 1);
        say(analysis, &observation_tls_handshake_summary, &summary, &flow, 2);
        analysis_finish(analysis);
        const struct analysis_stats stats = analysis_stats(analysis);
        assert_int_equal(stats.tls_sessions_forward_secret, rows[i].forward);
        assert_int_equal(stats.tls_sessions_not_forward_secret, rows[i].not_forward);
        assert_int_equal(stats.tls_sessions_unknown_secrecy, rows[i].unknown);
        assert_int_equal(stats.tls_sessions,
                         rows[i].forward + rows[i].not_forward + rows[i].unknown);
        analysis_free(analysis);
    }
}

static void test_session_evidence(void **state)
{
    (void)state;
    struct analysis *analysis = start_all();
    struct flow flow = flow_number(5);
    flow.client = 1; /* the server is ends[0]: 10.0.0.5, port 40000 */
    const struct tls_server_hello hello = {.transport = "dtls",
                                           .version = number(0xfeff),
                                           .cipher = number(0x0004),
                                           .client_version = number(0xfefd)};
    say_server_hello(analysis, &hello, &flow, 9);
    analysis_finish(analysis);
    const struct finding *weak = find(analysis, "auth.weak-cipher");
    check_text(weak, "cipher", "TLS_RSA_WITH_RC4_128_MD5");
    assert_true(evidence(weak, "rc4")->truth);
    assert_true(evidence(weak, "md5")->truth);
    assert_null(evidence(weak, "3des"));
    assert_int_equal(weak->subject, SUBJECT_SERVER);
    assert_int_equal(weak->subject_port, 40000);
    assert_true(span_equal(weak->subject_bytes, span_of("\x0a\x00\x00\x05", 4)));
    assert_string_equal(weak->transport, "dtls");
    assert_int_equal(weak->client.port, 443);
    assert_int_equal(weak->packet, 9);
    assert_int_equal(weak->first_ns, 9000);
    check_text(find(analysis, "auth.obsolete-version"), "client_version", "1.2");
    check_text(find(analysis, "pfs.rsa-key-exchange"), "key_exchange", "RSA");
    analysis_free(analysis);
}

static void test_key_exchange_identity(void **state)
{
    (void)state;
    static const struct {
        const char *identity;
        size_t len;
        enum severity severity;
        enum confidence confidence;
        const char *kind, *structure;
    } rows[] = {
        {"alice@example.com", 17, SEVERITY_HIGH, CONFIDENCE_CERTAIN, "nai", "nai"},
        {"Client_identity", 15, SEVERITY_MEDIUM, CONFIDENCE_CERTAIN, "default-name", NULL},
        {"gw.example", 10, SEVERITY_MEDIUM, CONFIDENCE_LIKELY, "host", "host"},
        {"a=1,b=2", 7, SEVERITY_MEDIUM, CONFIDENCE_CERTAIN, "printable", "key-value"},
        {"\xff\x00\x01", 3, SEVERITY_LOW, CONFIDENCE_CERTAIN, "opaque", NULL},
        {"", 0, SEVERITY_INFO, CONFIDENCE_CERTAIN, "empty", NULL},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct analysis *analysis = start_all();
        struct flow flow = flow_number(0);
        struct span identity = span_of(rows[i].identity, rows[i].len);
        say_key_exchange(analysis, identity, &flow, 3);
        analysis_finish(analysis);
        const struct finding *clear = find(analysis, "psk.identity-cleartext");
        assert_non_null(clear);
        assert_int_equal(clear->severity, rows[i].severity);
        assert_int_equal(clear->confidence, rows[i].confidence);
        assert_int_equal(clear->subject, SUBJECT_IDENTITY);
        assert_true(span_seen(clear->subject_bytes) && span_equal(clear->subject_bytes, identity));
        check_text(clear, "kind", rows[i].kind);
        check_text(clear, "where", "client_key_exchange");
        check_text(clear, "key_exchange", "PSK");
        check_text(clear, "origin", "external");
        assert_int_equal(evidence(clear, "length")->number, rows[i].len);
        assert_true(span_equal(evidence(clear, "identity")->bytes, identity));
        /* Never as hex: nobody could tell the text "ff0001" from the bytes. */
        assert_int_equal(evidence(clear, "identity")->type, VALUE_STRING);
        assert_int_equal(evidence(clear, "realm")->truth, i == 0);
        const struct finding *structured = find(analysis, "psk.identity-structured");
        assert_int_equal(structured != NULL, rows[i].structure != NULL);
        if (structured != NULL)
            check_text(structured, "structure", rows[i].structure);
        assert_int_equal(analysis_stats(analysis).psk_identities, 1);
        analysis_free(analysis);
    }
}

/* What is not seen does not fire: a key exchange without PSK, a hint that is empty. */
static void test_absent(void **state)
{
    (void)state;
    struct analysis *analysis = start_all();
    struct flow flow = flow_number(0);
    say_key_exchange(analysis, (struct span){.at = NULL}, &flow, 1);
    const struct tls_server_key_exchange no_hint = {.transport = "tls", .kx = "ECDHE"};
    say(analysis, &observation_tls_server_key_exchange, &no_hint, &flow, 2);
    const struct tls_server_key_exchange empty_hint = {
        .transport = "tls", .kx = "ECDHE_PSK", .psk_hint = span_text("")};
    say(analysis, &observation_tls_server_key_exchange, &empty_hint, &flow, 3);
    const struct tls_client_hello hello = {.transport = "tls",
                                           .server_name = span_text("a.example")};
    say(analysis, &observation_tls_client_hello, &hello, &flow, 4);
    analysis_finish(analysis);
    char text[256];
    assert_string_equal(fired(analysis, text, sizeof text), "");
    assert_int_equal(analysis_stats(analysis).tls_client_hellos, 1);
    analysis_free(analysis);
}

static void test_hint(void **state)
{
    (void)state;
    struct analysis *analysis = start_all();
    struct flow flow = flow_number(0);
    const struct tls_server_key_exchange exchange = {.transport = "tls",
                                                     .kx = "ECDHE_PSK",
                                                     .psk_hint = span_of("\xc3"
                                                                         "AP",
                                                                         3)};
    say(analysis, &observation_tls_server_key_exchange, &exchange, &flow, 1);
    analysis_finish(analysis);
    const struct finding *finding = find(analysis, "psk.hint-sent");
    assert_non_null(finding);
    assert_int_equal(finding->severity, SEVERITY_LOW);
    assert_int_equal(finding->subject_port, 443);
    assert_int_equal(evidence(finding, "length")->number, 3);
    assert_true(span_equal(evidence(finding, "hint")->bytes, exchange.psk_hint));
    assert_int_equal(evidence(finding, "hint")->type, VALUE_STRING);
    check_text(finding, "key_exchange", "ECDHE_PSK");
    for (size_t i = 0; i < finding->num_evidence; i++)
        if (strcmp(finding->evidence[i].name, "hint") == 0)
            assert_string_equal(finding->evidence[i].kind, "hint");
    analysis_free(analysis);
}

static void test_offered_identity(void **state)
{
    (void)state;
    static const struct {
        const char *identity;
        uint32_t age;
        const char *fires; /* severities of identity-cleartext */
        enum confidence confidence;
        const char *origin;
        uint64_t counted;
    } rows[] = {
        {"sensor", 0, "medium", CONFIDENCE_CERTAIN, "external", 1},
        {"001A2B3C4D5E", 0, "high", CONFIDENCE_LIKELY, "external", 1},
        {ticket, 0, "low", CONFIDENCE_POSSIBLE, "unknown", 0},
        {"bob@example.org", 815, "high", CONFIDENCE_POSSIBLE, "unknown", 0},
        {ticket, 815, NULL, 0, NULL, 0},
        {"sensor", 815, NULL, 0, NULL, 0},
        {"", 0, NULL, 0, NULL, 0},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct analysis *analysis = start_all();
        struct flow flow = flow_number(0);
        struct offers offers = {.identities_len = 0};
        offers_add(&offers, rows[i].identity, rows[i].age);
        say_offers(analysis, &offers, &flow, 1);
        analysis_finish(analysis);
        const struct finding *finding = find(analysis, "psk.identity-cleartext");
        assert_int_equal(finding != NULL, rows[i].fires != NULL);
        assert_int_equal(analysis_stats(analysis).psk_identities, rows[i].counted);
        if (finding != NULL) {
            assert_string_equal(severity_name(finding->severity), rows[i].fires);
            assert_int_equal(finding->confidence, rows[i].confidence);
            check_text(finding, "where", "client_hello");
            check_text(finding, "origin", rows[i].origin);
            assert_false(evidence(finding, "imported")->truth);
            assert_null(evidence(finding, "key_exchange"));
        }
        analysis_free(analysis);
    }
}

static void test_imported_identity(void **state)
{
    (void)state;
    static const uint8_t list[] = {0, 14,  0, 5, 'm', '@', 'a', '.', 'd', 0,
                                   1, 'x', 3, 4, 0,   1,   0,   0,   0,   0};
    struct analysis *analysis = start_all();
    struct flow flow = flow_number(0);
    const struct tls_client_hello hello = {.transport = "quic",
                                           .psk_identities = span_of(list, sizeof list)};
    say(analysis, &observation_tls_client_hello, &hello, &flow, 1);
    analysis_finish(analysis);
    const struct finding *finding = find(analysis, "psk.identity-cleartext");
    assert_non_null(finding);
    check_text(finding, "kind", "nai");
    assert_true(evidence(finding, "imported")->truth);
    assert_int_equal(evidence(finding, "length")->number, 5);
    assert_int_equal(evidence(finding, "identity")->type, VALUE_STRING);
    assert_true(span_equal(finding->subject_bytes, span_of(list + 2, 14)));
    assert_string_equal(finding->transport, "quic");
    analysis_free(analysis);
}

/* A list that ends in the middle of an identity, or has fewer binders than identities. */
static void test_broken_offers(void **state)
{
    (void)state;
    struct offers offers = {.identities_len = 0};
    offers_add(&offers, "first", 0);
    offers_add(&offers, "second", 0);
    for (size_t len = 0; len <= offers.identities_len; len++) {
        struct analysis *analysis = start_all();
        struct flow flow = flow_number(0);
        uint8_t *exact = malloc(len + 1); /* so that a sanitizer sees a read beyond its end */
        memcpy(exact, offers.identities, len);
        const struct tls_client_hello hello = {.transport = "tls",
                                               .psk_identities = span_of(exact, len),
                                               .psk_binders = span_of(offers.binders, len)};
        say(analysis, &observation_tls_client_hello, &hello, &flow, 1);
        free(exact);
        analysis_finish(analysis);
        unsigned whole = len >= 23 ? 2 : len >= 11 ? 1 : 0;
        assert_int_equal(analysis_stats(analysis).psk_identities, whole);
        analysis_free(analysis);
    }
}

/* The finding names the PSK that the server selected, as far as the client hello was seen. */
static void test_selected_psk(void **state)
{
    (void)state;
    static const struct {
        bool hello, retry, flow_end, other_flow;
        uint64_t selected;
        const char *psk;
    } rows[] = {
        {true, false, false, false, 0, "resumption"}, {true, false, false, false, 1, "external"},
        {true, false, false, false, 2, "unknown"},    {true, false, false, false, 3, "unknown"},
        {true, true, false, false, 1, "external"},    {true, false, true, false, 1, "unknown"},
        {true, false, false, true, 1, "unknown"},     {false, false, false, false, 0, "unknown"},
    };
    struct offers offers = {.identities_len = 0};
    offers_add(&offers, ticket, 4711);
    offers_add(&offers, "sensor", 0);
    offers_add(&offers, ticket, 0);
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct analysis *analysis = start_all();
        struct flow flow = flow_number(0), other = flow_number(1);
        struct tls_server_hello server = {.transport = "tls",
                                          .version = number(0x0304),
                                          .cipher = number(0x1301),
                                          .selected_psk = number(rows[i].selected)};
        if (rows[i].hello)
            say_offers(analysis, &offers, &flow, 1);
        if (rows[i].flow_end)
            say(analysis, &observation_flow_end, &(struct flow_end_observation){.how = "idle"},
                &flow, 2);
        server.hello_retry = TRUTH_YES;
        if (rows[i].retry)
            say_server_hello(analysis, &server, &flow, 3);
        server.hello_retry = TRUTH_NO;
        say_server_hello(analysis, &server, rows[i].other_flow ? &other : &flow, 4);
        analysis_finish(analysis);
        const struct finding *finding = find(analysis, "psk.no-forward-secrecy");
        assert_non_null(finding);
        check_text(finding, "psk", rows[i].psk);
        check_text(finding, "key_exchange", "psk_ke");
        analysis_free(analysis);
    }
}

/* More clients in the middle of a handshake than are remembered. */
static void test_memory_bound(void **state)
{
    (void)state;
    struct analysis *analysis = start_all();
    struct offers offers = {.identities_len = 0};
    offers_add(&offers, "\x01\x02\x03\x04", 4711);
    for (uint32_t i = 0; i < CONVERSATIONS_MOST + 1000; i++) {
        struct flow flow = flow_number(i);
        say_offers(analysis, &offers, &flow, i + 1);
    }
    assert_int_equal(analysis_stats(analysis).table_evictions, 1000);
    analysis_free(analysis);
}

static const struct tls_server_hello rsa_hello = {
    .transport = "tls", .version = {0x0303, true}, .cipher = {0x009c, true}};

/* One rule and one subject are one finding. */
static void test_one_finding(void **state)
{
    (void)state;
    struct analysis *analysis = start_all();
    struct flow flow = flow_number(0), again = flow_number(1), udp = flow_number(2),
                port = flow_number(3);
    udp.protocol = PROTO_UDP;
    port.ends[1].port = 8443;
    say_server_hello(analysis, &rsa_hello, &flow, 10);
    say_server_hello(analysis, &rsa_hello, &again, 30);
    say_server_hello(analysis, &rsa_hello, &flow, 20);
    say_server_hello(analysis, &rsa_hello, &udp, 40);
    say_server_hello(analysis, &rsa_hello, &port, 50);
    analysis_finish(analysis);
    size_t num;
    const struct finding *findings = analysis_findings(analysis, &num);
    assert_int_equal(num, 3);
    assert_int_equal(findings[0].count, 3);
    assert_int_equal(findings[0].packet, 10);
    assert_int_equal(findings[0].first_ns, 10000);
    assert_int_equal(findings[0].last_ns, 30000);
    assert_int_equal(findings[0].client.address[3], 0);
    assert_int_equal(findings[1].protocol, PROTO_UDP);
    assert_int_equal(findings[2].subject_port, 8443);
    assert_int_equal(analysis_stats(analysis).findings, 3);
    analysis_free(analysis);
}

/* The worst severity and the best confidence are kept, the evidence is the first's. */
static void test_merge(void **state)
{
    (void)state;
    struct analysis *analysis = start_all();
    struct flow flow = flow_number(0);
    struct tls_server_hello hello = {
        .transport = "tls", .version = number(0x0303), .cipher = number(0xc012)};
    say_server_hello(analysis, &hello, &flow, 1);
    hello.cipher = number(0xc011);
    say_server_hello(analysis, &hello, &flow, 2);
    hello.cipher = number(0xc012);
    say_server_hello(analysis, &hello, &flow, 3);

    struct offers offers = {.identities_len = 0};
    offers_add(&offers, ticket, 0);
    say_offers(analysis, &offers, &flow, 4);
    say_key_exchange(analysis, span_text(ticket), &flow, 5);
    analysis_finish(analysis);
    const struct finding *weak = find(analysis, "auth.weak-cipher");
    assert_int_equal(weak->count, 3);
    assert_int_equal(weak->severity, SEVERITY_HIGH);
    assert_true(evidence(weak, "3des")->truth);
    assert_null(evidence(weak, "rc4"));
    const struct finding *identity = find(analysis, "psk.identity-cleartext");
    assert_int_equal(identity->count, 2);
    assert_int_equal(identity->confidence, CONFIDENCE_CERTAIN);
    assert_non_null(strstr(identity->reason, "ClientKeyExchange"));
    check_text(identity, "where", "client_hello");
    analysis_free(analysis);
}

static void test_findings_bound(void **state)
{
    (void)state;
    struct analysis *analysis =
        start(&(struct analysis_options){.rules = ALL_BUT_ONE, .max_findings = 70});
    for (unsigned round = 0; round < 2; round++) {
        for (uint16_t i = 0; i < 100; i++) {
            struct flow flow = flow_number(i);
            flow.ends[1].port = i;
            say_server_hello(analysis, &rsa_hello, &flow, i + 1u);
        }
    }
    assert_int_equal(analysis_stats(analysis).findings, 35); /* it leaves as many free */
    analysis_finish(analysis);
    size_t num;
    const struct finding *findings = analysis_findings(analysis, &num);
    assert_int_equal(num, 35);
    for (size_t i = 0; i < num; i++)
        assert_int_equal(findings[i].count, 2);
    assert_int_equal(analysis_stats(analysis).findings_not_stored, 130);
    analysis_free(analysis);
}

/* What a rule that floods the table leaves free is for others: half of it for the next, and so on. */
static void test_flood_leaves_room(void **state)
{
    (void)state;
    struct analysis *analysis = start(&(struct analysis_options){
        .rules = "pfs.rsa-key-exchange,auth.weak-cipher,auth.anonymous", .max_findings = 160});
    static const uint16_t ciphers[] = {0x003c, 0xc011, 0xc018}; /* RSA; RC4; no authentication */
    for (size_t kind = 0; kind < NUM_OF(ciphers); kind++) {
        const struct tls_server_hello hello = {
            .transport = "tls", .version = number(0x0303), .cipher = number(ciphers[kind])};
        for (uint16_t i = 0; i < 200; i++) {
            struct flow flow = flow_number(i);
            flow.ends[1].port = i;
            say_server_hello(analysis, &hello, &flow, i + 1u);
        }
    }
    analysis_finish(analysis);
    unsigned counts[3] = {0};
    size_t num;
    const struct finding *findings = analysis_findings(analysis, &num);
    for (size_t i = 0; i < num; i++) {
        counts[0] += strcmp(findings[i].rule->id, "pfs.rsa-key-exchange") == 0;
        counts[1] += strcmp(findings[i].rule->id, "auth.weak-cipher") == 0;
        counts[2] += strcmp(findings[i].rule->id, "auth.anonymous") == 0;
    }
    assert_int_equal(counts[0], 80);
    assert_int_equal(counts[1], 40);
    assert_int_equal(counts[2], 20);
    analysis_free(analysis);
}

/* However many findings of one kind there are, the first of every rule and severity have room. */
static void test_flood_hides_nothing(void **state)
{
    (void)state;
    enum { MAX = 4 * NUM_RULES * SEVERITY_CRITICAL, FLOOD = 3 * MAX };
    struct analysis *analysis = start(&(struct analysis_options){
        .max_findings = MAX, .rules = "psk.identity-cleartext,psk.identity-structured,auth.*"});
    struct flow flow = flow_number(0);
    char name[64];
    for (unsigned i = 0; i < FLOOD; i++) {
        snprintf(name, sizeof name, "%032x", 0x9e3779b9U * (i + 1));
        say_key_exchange(analysis, span_text(name), &flow, i + 1);
    }
    uint64_t before = analysis_stats(analysis).findings;
    assert_in_range(before, MAX / 4, MAX / 2);
    say_key_exchange(analysis, span_text("anna.meier@example.org"), &flow, FLOOD + 1);
    struct tls_server_hello hello = {
        .transport = "tls", .version = number(0x0303), .cipher = number(0xc018)};
    say_server_hello(analysis, &hello, &flow, FLOOD + 2);
    analysis_finish(analysis);
    size_t num;
    const struct finding *findings = analysis_findings(analysis, &num);
    assert_true(num <= MAX);
    assert_string_equal(findings[0].rule->id, "auth.anonymous");
    assert_string_equal(findings[1].rule->id, "psk.identity-cleartext");
    assert_int_equal(findings[1].severity, SEVERITY_HIGH);
    assert_int_equal(analysis_stats(analysis).findings_not_stored + num, FLOOD + 3);
    analysis_free(analysis);
}

/* Identities of the greatest length are kept whole, as long as the rule leaves as much room as it takes. */
static void test_bytes_bound(void **state)
{
    (void)state;
    enum { IDENTITIES = 1100, LEN = 65535 };
    struct analysis *analysis =
        start(&(struct analysis_options){.rules = "psk.identity-cleartext"});
    struct flow flow = flow_number(0);
    uint8_t *identity = calloc(1, LEN);
    for (unsigned i = 0; i < IDENTITIES; i++) {
        identity[LEN - 2] = (uint8_t)(i >> 8);
        identity[LEN - 1] = (uint8_t)i;
        say_key_exchange(analysis, span_of(identity, LEN), &flow, i + 1);
    }
    free(identity);
    analysis_finish(analysis);
    size_t num;
    const struct finding *findings = analysis_findings(analysis, &num);
    assert_in_range(num, ANALYSIS_FINDING_BYTES / LEN / 4, ANALYSIS_FINDING_BYTES / LEN / 2);
    assert_int_equal(analysis_stats(analysis).findings_not_stored, IDENTITIES - num);
    for (size_t i = 0; i < num; i++) {
        assert_int_equal(findings[i].subject_bytes.len, LEN);
        assert_int_equal(findings[i].subject_bytes.at[LEN - 1], (uint8_t)i);
        assert_ptr_equal(evidence(&findings[i], "identity")->bytes.at,
                         findings[i].subject_bytes.at);
    }
    analysis_free(analysis);
}

/* A session that makes one rule of each family fire. */
static void say_mixture(struct analysis *analysis)
{
    struct flow flow = flow_number(0);
    struct tls_server_hello hello = {
        .transport = "tls", .version = number(0x0301), .cipher = number(0x0004)};
    say_server_hello(analysis, &hello, &flow, 1);
    hello.cipher = number(0x008c);
    hello.version = number(0x0303);
    say_server_hello(analysis, &hello, &flow, 2);
    say_key_exchange(analysis, span_text("a=1,b=2"), &flow, 3);
}

static void test_selection(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *fires;
    } rows[] = {
        {NULL, "psk.no-forward-secrecy:high pfs.rsa-key-exchange:high auth.weak-cipher:high "
               "psk.identity-cleartext:medium auth.obsolete-version:medium "
               "psk.identity-structured:low pfs.not-post-quantum:info"},
        {"psk.identity-structured", "psk.identity-structured:low"},
        {"+auth.weak-cipher,+pfs.rsa-key-exchange",
         "pfs.rsa-key-exchange:high auth.weak-cipher:high"},
        {"pfs.*,auth.*,-auth.weak-cipher",
         "pfs.rsa-key-exchange:high auth.obsolete-version:medium pfs.not-post-quantum:info"},
        {"-psk.*,-auth.*", "pfs.rsa-key-exchange:high pfs.not-post-quantum:info"},
        {"-psk.*,-auth.*,+psk.identity-cleartext",
         "pfs.rsa-key-exchange:high psk.identity-cleartext:medium pfs.not-post-quantum:info"},
        {"-*", ""},
        {"*,-psk.*,-pfs.*", "auth.weak-cipher:high auth.obsolete-version:medium"},
        {"auth.anonymous", ""},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct analysis *analysis = start(&(struct analysis_options){.rules = rows[i].rules});
        say_mixture(analysis);
        analysis_finish(analysis);
        char text[512];
        assert_string_equal(fired(analysis, text, sizeof text), rows[i].fires);
        analysis_free(analysis);
    }
}

static void test_selection_errors(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"psk.identity", "\"psk.identity\""},
        {"+psk.hint-sent,-auth.what", "\"auth.what\""},
        {"psk.hint*", "\"psk.hint*\""},
        {"zzz.*", "\"zzz.*\""},
        {"psk", "\"psk\""},
        {"", "\"\""},
        {"-", "\"\""},
        {"psk.*,", "\"\""},
        {"psk.*,,pfs.*", "\"\""},
        {" psk.*", "\" psk.*\""},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct error error = {""};
        assert_null(analysis_new(&(struct analysis_options){.rules = rows[i][0]}, &error));
        if (strstr(error.text, rows[i][1]) == NULL)
            fail_msg("\"%s\": \"%s\"", rows[i][0], error.text);
    }
}

static void test_min_severity(void **state)
{
    (void)state;
    static const struct {
        enum severity min;
        size_t num;
    } rows[] = {{0, 7},
                {SEVERITY_INFO, 7},
                {SEVERITY_LOW, 6},
                {SEVERITY_MEDIUM, 5},
                {SEVERITY_HIGH, 3},
                {SEVERITY_CRITICAL, 0}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct analysis *analysis = start(&(struct analysis_options){.min_severity = rows[i].min});
        say_mixture(analysis);
        analysis_finish(analysis);
        size_t num;
        analysis_findings(analysis, &num);
        assert_int_equal(num, rows[i].num);
        assert_int_equal(analysis_stats(analysis).findings, rows[i].num);
        assert_int_equal(analysis_stats(analysis).findings_not_stored, 0);
        analysis_free(analysis);
    }
}

/* Packet, port and protocol of the subject, as one number. */
static uint64_t place_of(const struct finding *finding)
{
    return finding->packet << 32 | (uint64_t)finding->subject_port << 8 | finding->protocol;
}

/* Two hash keys, one order: worst first, then catalogue, then packet, then subject. */
static void test_order(void **state)
{
    (void)state;
    struct analysis *runs[2];
    for (unsigned run = 0; run < 2; run++) {
        runs[run] = start_all();
        for (uint32_t i = 0; i < 300; i++) {
            struct flow flow = flow_number(i);
            flow.ends[1].port = (uint16_t)(i / 2 * 7919);
            flow.protocol = i % 2 == 0 ? PROTO_UDP : PROTO_TCP;
            const struct tls_server_hello hello = {
                .transport = "tls", .version = number(0x0301), .cipher = number(0x000a)};
            say_server_hello(runs[run], &hello, &flow, 1 + i / 6);
        }
        analysis_finish(runs[run]);
    }
    size_t num, other;
    const struct finding *a = analysis_findings(runs[0], &num);
    const struct finding *b = analysis_findings(runs[1], &other);
    assert_int_equal(num, 900);
    assert_int_equal(other, 900);
    for (size_t i = 0; i < num; i++) {
        assert_ptr_equal(a[i].rule, b[i].rule);
        assert_int_equal(a[i].subject_port, b[i].subject_port);
        assert_int_equal(a[i].packet, b[i].packet);
        if (i == 0)
            continue;
        assert_true(a[i - 1].severity >= a[i].severity);
        if (a[i - 1].severity == a[i].severity) {
            assert_true(a[i - 1].rule <= a[i].rule);
            if (a[i - 1].rule == a[i].rule)
                assert_true(place_of(&a[i - 1]) < place_of(&a[i]));
        }
    }
    analysis_free(runs[0]);
    analysis_free(runs[1]);
}

/* Nothing is in the catalogue that no analyzer finds; those of other families have tests of their own. */
static const struct finding *at_port(const struct finding *findings, size_t num, uint16_t port)
{
    for (size_t i = 0; i < num; i++)
        if (findings[i].subject_port == port)
            return &findings[i];
    return NULL;
}

/* What tells findings of one rule and packet apart stays, whatever becomes of them and comes beside them. */
static void test_numbers_stay(void **state)
{
    (void)state;
    struct analysis *analysis = start(&(struct analysis_options){.rules = "auth.weak-cipher"});
    static const uint16_t ports[] = {4433, 443, 22};
    struct flow flows[3];
    struct tls_server_hello hello = {
        .transport = "tls", .version = number(0x0303), .cipher = number(0xc012)};
    for (size_t i = 0; i < 3; i++) {
        flows[i] = flow_number(0);
        flows[i].ends[1].port = ports[i];
    }
    say_server_hello(analysis, &hello, &flows[0], 7);
    say_server_hello(analysis, &hello, &flows[1], 7);
    size_t num;
    free(analysis_copy(analysis,
                       &num)); /* as for metrics: which findings are there is not told by keys */
    say_server_hello(analysis, &hello, &flows[0], 7);
    analysis_sum_up(analysis);
    struct finding *early = analysis_copy(analysis, &num);
    assert_int_equal(num, 2);
    assert_int_equal(at_port(early, num, 443)->key.nth, 0);
    assert_int_equal(at_port(early, num, 4433)->key.nth, 1);

    analysis_interval(analysis, false);
    say_server_hello(analysis, &hello, &flows[2], 7);
    say_server_hello(analysis, &hello, &flows[0], 3); /* of another input: earlier */
    hello.cipher = number(0xc011);
    say_server_hello(analysis, &hello, &flows[0], 8);
    analysis_finish(analysis);
    const struct finding *findings = analysis_findings(analysis, &num);
    assert_int_equal(num, 3);
    for (unsigned i = 0; i < 3; i++) {
        const struct finding *finding = at_port(findings, num, ports[i]);
        assert_int_equal(finding->key.nth, i == 0 ? 1 : i == 1 ? 0 : 2);
        assert_int_equal(finding->key.packet, 7);
        assert_int_equal(finding->key.first_ns, 7000);
    }
    assert_int_equal(at_port(findings, num, 4433)->severity, SEVERITY_HIGH);
    assert_int_equal(at_port(early, 2, 4433)->severity, SEVERITY_MEDIUM);
    assert_int_equal(at_port(findings, num, 4433)->first_ns, 3000);
    free(early);
    analysis_free(analysis);
}

static void test_every_rule(void **state)
{
    (void)state;
    static const char *const ids[] = {"pfs.rsa-key-exchange",  "pfs.static-dh",
                                      "auth.anonymous",        "auth.null-encryption",
                                      "auth.obsolete-version", "auth.weak-cipher"};
    struct analysis *analysis = start_all();
    struct flow flow = flow_number(0);
    for (size_t i = 0; i < NUM_OF(sessions); i++) {
        const struct tls_server_hello hello = {.transport = "tls",
                                               .version = number(sessions[i].version),
                                               .cipher = number(sessions[i].cipher)};
        say_server_hello(analysis, &hello, &flow, i + 1);
    }
    say_key_exchange(analysis, span_text("bob@example.org"), &flow, 100);
    const struct tls_server_key_exchange exchange = {.transport = "tls",
                                                     .psk_hint = span_text("hint")};
    say(analysis, &observation_tls_server_key_exchange, &exchange, &flow, 101);
    analysis_finish(analysis);
    for (size_t i = 0; i < NUM_RULES; i++) {
        const char *id = rule_get((enum rule_id)i)->id;
        bool by_suite = false;
        for (size_t k = 0; k < NUM_OF(ids); k++)
            by_suite |= strcmp(id, ids[k]) == 0;
        if (!by_suite)
            continue;
        const struct finding *finding = find(analysis, id);
        if (finding == NULL)
            fail_msg("%s does not fire", id);
        if (finding->reason == NULL || strlen(finding->reason) < 10)
            fail_msg("%s gives no reason", id);
        assert_true(finding->num_evidence > 0);
    }
    analysis_free(analysis);
}

/* An analysis that is thrown away before its end leaks nothing. */
static void test_thrown_away(void **state)
{
    (void)state;
    struct analysis *analysis = start_all();
    struct offers offers = {.identities_len = 0};
    offers_add(&offers, "sensor", 0);
    struct flow flow = flow_number(0);
    say_offers(analysis, &offers, &flow, 1);
    assert_true(analysis_stats(analysis).findings > 0);
    analysis_free(analysis);
    analysis_free(NULL);
}

/* How handshakes ended is told by their summaries, whatever the hellos were. */
static void test_handshakes(void **state)
{
    (void)state;
    static const enum truth ends[] = {TRUTH_YES,     TRUTH_YES, TRUTH_NO, TRUTH_UNKNOWN,
                                      TRUTH_UNKNOWN, TRUTH_YES, TRUTH_NO};
    struct analysis *analysis = start_all();
    struct flow flow = flow_number(0);
    for (size_t i = 0; i < NUM_OF(ends); i++) {
        const struct tls_handshake_summary summary = {.transport = "tls", .established = ends[i]};
        say(analysis, &observation_tls_handshake_summary, &summary, &flow, i + 1);
    }
    analysis_finish(analysis);
    const struct analysis_stats stats = analysis_stats(analysis);
    assert_int_equal(stats.tls_handshakes_completed, 3);
    assert_int_equal(stats.tls_handshakes_failed, 2);
    assert_int_equal(stats.tls_handshakes_open, 2);
    assert_int_equal(stats.tls_sessions, 0);
    analysis_free(analysis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_hello_retry),
        cmocka_unit_test(test_ssl2),
        cmocka_unit_test(test_session_counts),
        cmocka_unit_test(test_handshakes),
        cmocka_unit_test(test_session_evidence),
        cmocka_unit_test(test_key_exchange_identity),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_hint),
        cmocka_unit_test(test_offered_identity),
        cmocka_unit_test(test_imported_identity),
        cmocka_unit_test(test_broken_offers),
        cmocka_unit_test(test_selected_psk),
        cmocka_unit_test(test_memory_bound),
        cmocka_unit_test(test_one_finding),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_findings_bound),
        cmocka_unit_test(test_flood_leaves_room),
        cmocka_unit_test(test_flood_hides_nothing),
        cmocka_unit_test(test_bytes_bound),
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_selection_errors),
        cmocka_unit_test(test_min_severity),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_numbers_stay),
        cmocka_unit_test(test_every_rule),
        cmocka_unit_test(test_thrown_away),
    };
    return cmocka_run_group_tests_name("analysis", tests, NULL, NULL);
}
