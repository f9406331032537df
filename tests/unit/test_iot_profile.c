/* test_iot_profile.c: endpoints held against the profiles for constrained devices: each requirement met, broken and not
 * seen; which handshakes are judged at all. */
#include "analysis/analysis.h"
#include "analysis/iot_profile.h"
#include "dissectors/dtls.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A handshake; what is 0 or NULL is as a device by the profile has it. */
struct row {
    const char *name;
    const char *transport; /* NULL: dtls */
    const char *ciphers, *groups, *schemes;
    uint16_t version, cipher;
    bool nameless, limitless, no_session_hash, no_renegotiation, truncated, compresses, early;
    bool server_no_session_hash, server_no_renegotiation, server_truncates, server_compresses;
    bool srtp, no_cookie, resumes, retry_cookie, unanswered, heartbeat;
    const char *identity, *hint, *cookie;
    uint8_t alert;
    const char *psk;             /* of the summary */
    const char *client, *server; /* what is told: broken checks, "/", checks met; NULL: not told */
};

static struct span bytes(const char *text, size_t len)
{
    return text != NULL ? span_of(text, len) : (struct span){.at = NULL};
}

static void say(struct analysis *analysis, const struct flow *flow, uint64_t packet,
                const struct observation_type *type, const void *data)
{
    const struct observation observation = {
        .type = type, .data = data, .flow = flow, .time_ns = 1000 + packet, .packet = packet};
    analysis_observe(analysis, &observation);
}

static void say_hellos(struct analysis *analysis, const struct flow *flow, const struct row *row)
{
    static const uint8_t both[] = {1, 0}, null[] = {0}, srtp[] = {0, 14, 0, 0};
    const char *transport = row->transport != NULL ? row->transport : "dtls";
    const uint16_t version = row->version != 0 ? row->version : 0xfefd;
    const struct tls_client_hello client = {
        .transport = transport,
        .random = span_of("random random random random rand", 32),
        .ciphers =
            row->ciphers != NULL ? bytes(row->ciphers, strlen(row->ciphers)) : bytes("\xc0\xa8", 2),
        .groups = bytes(row->groups, 2),
        .signature_schemes = bytes(row->schemes, 2),
        .compression = row->compresses ? span_of(both, 2) : span_of(null, 1),
        .extensions = row->srtp ? span_of(srtp, 4) : span_text(""),
        .server_name = row->nameless ? (struct span){.at = NULL} : span_text("a.example"),
        .max_fragment_length = row->limitless ? (struct number){.seen = false} : number(1),
        .extended_master_secret = truth(!row->no_session_hash),
        .secure_renegotiation = truth(!row->no_renegotiation),
        .truncated_hmac = truth(row->truncated),
        .early_data = truth(row->early),
        .cookie = span_text(row->cookie != NULL ? row->cookie : ""),
        .retry_cookie = truth(row->retry_cookie),
        .heartbeat = row->heartbeat ? number(1) : (struct number){.seen = false}};
    const struct tls_server_hello server = {
        .transport = transport,
        .version = number(version),
        .cipher = number(row->cipher != 0 ? row->cipher : 0xc0a8),
        .random = span_of("server server server server serv", 32),
        .compression = number(row->server_compresses),
        .extended_master_secret = truth(!row->no_session_hash && !row->server_no_session_hash),
        .secure_renegotiation = truth(!row->no_renegotiation && !row->server_no_renegotiation),
        .truncated_hmac = truth(row->server_truncates),
        .selected_psk = row->psk != NULL ? number(0) : (struct number){.seen = false},
        .key_share_group =
            version == 0x0304 || version == 0xfefc ? number(23) : (struct number){.seen = false}};
    say(analysis, flow, 11, &observation_tls_client_hello, &client);
    if (!row->unanswered)
        say(analysis, flow, 12, &observation_tls_server_hello, &server);
}

static void say_all(struct analysis *analysis, const struct flow *flow, const struct row *row)
{
    const char *transport = row->transport != NULL ? row->transport : "dtls";
    say_hellos(analysis, flow, row);
    if (row->hint != NULL)
        say(analysis, flow, 13, &observation_tls_server_key_exchange,
            &(struct tls_server_key_exchange){.kx = "PSK", .psk_hint = span_text(row->hint)});
    if (row->identity != NULL)
        say(analysis, flow, 14, &observation_tls_client_key_exchange,
            &(struct tls_client_key_exchange){
                .transport = transport, .kx = "PSK", .psk_identity = span_text(row->identity)});
    if (row->alert != 0)
        say(analysis, flow, 15, &observation_tls_alert,
            &(struct tls_alert){.transport = transport,
                                .level = number(2),
                                .description = number(row->alert),
                                .from = "server"});
    say(analysis, flow, 16, &observation_tls_handshake_summary,
        &(struct tls_handshake_summary){.transport = transport,
                                        .cipher = number(row->cipher != 0 ? row->cipher : 0xc0a8),
                                        .psk = row->psk,
                                        .resumed = truth(row->resumes),
                                        .established = truth(row->alert == 0)});
    if (row->transport == NULL)
        say(analysis, flow, 17, &observation_dtls_session,
            &(struct dtls_session){.hello_verify = truth(!row->no_cookie)});
}

static const struct flow flow = {
    .ip_version = 4,
    .protocol = PROTO_UDP,
    .first_packet = 10,
    .ends = {{.address = {10, 0, 0, 1}, .port = 40000}, {.address = {192, 0, 2, 1}, .port = 5684}}};

static const struct iot_profile *told(const struct analysis *analysis, const char *role)
{
    size_t num;
    const struct observation *const *items = analysis_told(analysis, &num);
    for (size_t i = 0; i < num; i++) {
        const struct iot_profile *profile = items[i]->data;
        if (items[i]->type == &observation_iot_profile && strcmp(profile->role, role) == 0)
            return profile;
    }
    return NULL;
}

static void write_checks(const struct iot_profile *profile, bool met, char *text, size_t size)
{
    struct reader checks = reader_of(profile->checks), verdicts = reader_of(profile->verdicts);
    while (reader_more(&checks)) {
        const char *name = iot_check_name(reader_u8(&checks));
        if ((reader_u8(&verdicts) == 1) == met)
            snprintf(text + strlen(text), size - strlen(text), "%s%s", text[0] != '\0' ? " " : "",
                     name);
    }
}

/* All that is broken, as it stands; of what is met, whether it has what is expected. */
static void expect(const struct analysis *analysis, const struct row *row, const char *role,
                   const char *expected)
{
    char broken[600] = "", met[600] = "", wanted[600] = "";
    const struct iot_profile *profile = told(analysis, role);
    if (expected == NULL) {
        if (profile != NULL)
            fail_msg("%s: a %s is told", row->name, role);
        return;
    }
    if (profile == NULL)
        fail_msg("%s: no %s is told", row->name, role);
    write_checks(profile, false, broken, sizeof broken);
    write_checks(profile, true, met, sizeof met);
    const char *slash = strchr(expected, '/');
    snprintf(wanted, sizeof wanted, "%.*s", (int)(slash - expected), expected);
    if (strcmp(broken, wanted) != 0)
        fail_msg("%s: the %s breaks \"%s\", not \"%s\"", row->name, role, broken, wanted);
    if (slash[1] != '\0' && strstr(met, slash + 1) == NULL)
        fail_msg("%s: the %s meets \"%s\", not \"%s\"", row->name, role, met, slash + 1);
}

#define LONG_NAME                                                                                  \
    "0123456789012345678901234567890123456789012345678901234567890123456789"                       \
    "0123456789012345678901234567890123456789012345678901234567"

static const struct row rows[] = {
    {"by the profile", .identity = "lamp", .hint = "",
     .client = "/version mandatory_suite aead no_key_transport identity_length fragment_length "
               "server_name no_compression secure_renegotiation session_hash no_truncated_hmac "
               "no_early_data",
     .server = "/version aead no_key_transport no_hint cookie no_compression secure_renegotiation "
               "session_hash no_truncated_hmac"},
    {"DTLS 1.0", .version = 0xfeff, .client = "version/", .server = "version/"},
    {"TLS 1.1", .transport = "tls", .version = 0x0302, .client = "version/", .server = "version/"},
    {"TLS 1.2", .transport = "tls", .version = 0x0303, .client = "/version", .server = "/version"},
    {"another PSK suite", .ciphers = "\xc0\xa4", .client = "mandatory_suite/", .server = "/"},
    {"keys on curves", .ciphers = "\xc0\xae", .cipher = 0xc0ae, .groups = "\x00\x17",
     .schemes = "\x04\x03", .client = "/mandatory_suite", .server = "/aead"},
    {"keys on another curve", .ciphers = "\xc0\xac", .cipher = 0xc0ac, .groups = "\x01\x1d",
     .schemes = "\x08\x07", .client = "mandatory_suite secp256r1 ecdsa_sha256/", .server = "/"},
    {"a suite of CBC", .cipher = 0x008c, .client = "aead/", .server = "aead/"},
    {"RSA key transport", .cipher = 0xc09c, .client = "no_key_transport/aead",
     .server = "no_key_transport/"},
    {"an empty identity", .identity = "", .client = "identity_length/", .server = "/"},
    {"the longest identity", .identity = LONG_NAME, .client = "/identity_length", .server = "/"},
    {"a longer identity", .identity = LONG_NAME "8", .client = "identity_length/", .server = "/"},
    {"a hint", .hint = "ask me", .client = "/", .server = "no_hint/"},
    {"no message for a hint", .identity = "lamp", .client = "/identity_length",
     .server = "/no_hint"},
    {"unknown identity", .alert = 115, .client = "/", .server = "unknown_identity_alert/"},
    {"wrong key", .alert = 51, .client = "/", .server = "/no_key_transport cookie"},
    {"another alert", .alert = 40, .client = "/", .server = "/no_key_transport cookie"},
    {"no cookie", .no_cookie = true, .client = "/", .server = "cookie/"},
    {"a cookie, and nobody saw the request", .no_cookie = true, .cookie = "1234", .client = "/",
     .server = "/no_key_transport cookie"},
    {"no cookie needed", .no_cookie = true, .resumes = true, .client = "/resumption",
     .server = "/no_key_transport no_compression"},
    {"DTLS 1.3 with a cookie", .version = 0xfefc, .cipher = 0x1305, .ciphers = "\x13\x05",
     .no_cookie = true, .retry_cookie = true, .client = "/mandatory_suite", .server = "/cookie"},
    {"DTLS 1.3 without", .version = 0xfefc, .cipher = 0x1301, .ciphers = "\x13\x01",
     .no_cookie = true, .client = "mandatory_suite/", .server = "cookie/"},
    {"no bound", .limitless = true, .client = "fragment_length/", .server = "/"},
    {"no name", .nameless = true, .client = "server_name/", .server = "/"},
    {"compression offered", .compresses = true, .client = "no_compression/", .server = "/"},
    {"compression", .compresses = true, .server_compresses = true, .client = "no_compression/",
     .server = "no_compression/"},
    {"no renegotiation_info", .no_renegotiation = true, .client = "secure_renegotiation/",
     .server = "/no_compression session_hash"},
    {"no answer to it", .server_no_renegotiation = true, .client = "/",
     .server = "secure_renegotiation/"},
    {"no session hash", .no_session_hash = true, .client = "session_hash/",
     .server = "/secure_renegotiation no_truncated_hmac"},
    {"no answer to that", .server_no_session_hash = true, .client = "/", .server = "session_hash/"},
    {"truncated HMAC", .truncated = true, .server_truncates = true, .client = "no_truncated_hmac/",
     .server = "no_truncated_hmac/"},
    {"early data", .early = true, .client = "no_early_data/", .server = "/"},
    /* which handshakes are judged */
    {"TLS with GCM", .transport = "tls", .version = 0x0303, .ciphers = "\xc0\x2f",
     .cipher = 0xc02f},
    {"TLS with CCM", .transport = "tls", .version = 0x0303, .ciphers = "\xc0\xae", .cipher = 0xc0ae,
     .groups = "\x00\x17", .schemes = "\x04\x03", .client = "/", .server = "/version aead"},
    {"TLS 1.3", .transport = "tls", .version = 0x0304, .ciphers = "\x13\x01", .cipher = 0x1301,
     .psk = "resumption"},
    {"TLS 1.3 with a PSK", .transport = "tls", .version = 0x0304, .ciphers = "\x13\x05",
     .cipher = 0x1301, .psk = "external", .client = "/", .server = "/version aead"},
    {"QUIC", .transport = "quic", .version = 0x0304, .ciphers = "\x13\x05", .cipher = 0x1305,
     .psk = "external"},
    {"a call in a browser", .srtp = true},
    {"nobody answers", .unanswered = true},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error error = {""};
        struct analysis *analysis = analysis_new(&(struct analysis_options){.rules = NULL}, &error);
        assert_non_null(analysis);
        say_all(analysis, &flow, &rows[i]);
        analysis_finish(analysis);
        expect(analysis, &rows[i], "client", rows[i].client);
        expect(analysis, &rows[i], "server", rows[i].server);
        analysis_free(analysis);
    }
}

/* Handshakes of one endpoint add up; the packet is that of the hello that broke it first. */
static void test_endpoints(void **state)
{
    (void)state;
    struct error error = {""};
    struct analysis *analysis = analysis_new(&(struct analysis_options){.rules = NULL}, &error);
    const struct row good = {.name = ""}, bad = {.name = "", .nameless = true, .heartbeat = true};
    struct flow other = flow;
    say_all(analysis, &flow, &good);
    for (uint16_t i = 0; i < 2; i++) {
        other.ends[0].port++; /* another conversation of the client, with another server */
        other.ends[1].port = 5685;
        say_all(analysis, &other, &bad);
    }
    analysis_finish(analysis);
    const struct iot_profile *client = told(analysis, "client");
    assert_int_equal(client->handshakes.value, 3);
    assert_int_equal(client->broken.value, 1);
    assert_int_equal(client->heartbeat, TRUTH_YES);
    assert_true(span_equal(client->address, span_of(flow.ends[0].address, 4)));
    struct reader checks = reader_of(client->checks), packets = reader_of(client->packets),
                  num_broken = reader_of(client->num_broken), num_met = reader_of(client->num_met);
    while (reader_more(&checks)) {
        const bool name = reader_u8(&checks) == IOT_SERVER_NAME;
        assert_int_equal(reader_u64(&num_broken), name ? 2 : 0);
        assert_int_equal(reader_u64(&num_met), name ? 1 : 3);
        assert_int_equal(reader_u64(&packets), 11);
    }
    assert_int_equal(analysis_stats(analysis).iot_endpoints, 3);
    const struct iot_profile *server = told(analysis, "server");
    assert_int_equal(server->handshakes.value, 2);
    assert_int_equal(server->port.value, 5685);
    /* what is known at the end only (cookie), too */
    for (packets = reader_of(server->packets); reader_more(&packets);)
        assert_int_equal(reader_u64(&packets), 12);
    analysis_free(analysis);
}

/* Captures that are not read in the order of their times: the first is not later than the last. */
static void test_times(void **state)
{
    (void)state;
    struct error error = {""};
    struct analysis *analysis = analysis_new(&(struct analysis_options){.rules = NULL}, &error);
    const struct row row = {.name = ""};
    static const uint64_t starts[] = {500, 900, 100};
    for (size_t i = 0; i < 3; i++) {
        struct flow other = flow;
        other.first_ns = starts[i];
        other.ends[0].port = (uint16_t)(50000 + i);
        say_hellos(analysis, &other, &row);
        const struct tls_handshake_summary summary = {.transport = "dtls",
                                                      .established = TRUTH_YES};
        const struct observation observation = {.type = &observation_tls_handshake_summary,
                                                .data = &summary,
                                                .flow = &other,
                                                .time_ns = starts[i] + 50,
                                                .packet = 16};
        analysis_observe(analysis, &observation);
    }
    analysis_finish(analysis);
    const struct iot_profile *client = told(analysis, "client");
    assert_non_null(client);
    assert_int_equal(client->first_ns.value, 100);
    assert_int_equal(client->last_ns.value, 950);
    analysis_free(analysis);
}

/* A device's certificate has its EUI-64 in the common name, or among the names. */
static void test_certificate(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool met;
    } names[] = {
        {"02-00-5e-ff-fe-10-00-01", true}, {"02005EFFFE100001", true}, {"lamp.example", false}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct error error = {""};
        struct analysis *analysis = analysis_new(&(struct analysis_options){.rules = NULL}, &error);
        const struct row row = {.name = names[i].name};
        uint8_t name[64] = {0x82};
        name[1] = (uint8_t)strlen(names[i].name);
        memcpy(name + 2, names[i].name, name[1]);
        const struct tls_certificate certificate = {.transport = "dtls",
                                                    .from = "client",
                                                    .type = "x509",
                                                    .index = number(0),
                                                    .x509.names = span_of(name, name[1] + 2u)};
        say_hellos(analysis, &flow, &row);
        say(analysis, &flow, 13, &observation_tls_certificate, &certificate);
        say(analysis, &flow, 16, &observation_tls_handshake_summary,
            &(struct tls_handshake_summary){.transport = "dtls", .established = TRUTH_YES});
        analysis_finish(analysis);
        expect(analysis, &row, "client",
               names[i].met ? "/eui64_certificate" : "eui64_certificate/");
        analysis_free(analysis);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    struct error error = {""};
    struct analysis *analysis = analysis_new(&(struct analysis_options){.rules = NULL}, &error);
    const struct row row = {.name = ""};
    struct flow other = flow;
    for (unsigned i = 0; i < IOT_MOST_ENDPOINTS + 500; i++) {
        other.ends[0].address[2] = (uint8_t)(i >> 8);
        other.ends[0].address[3] = (uint8_t)i;
        say_all(analysis, &other, &row);
    }
    analysis_finish(analysis);
    const struct analysis_stats stats = analysis_stats(analysis);
    assert_int_equal(stats.iot_endpoints, IOT_MOST_ENDPOINTS);
    assert_int_equal(stats.iot_endpoints_left_out, IOT_MOST_ENDPOINTS - IOT_MOST_TOLD);
    assert_true(stats.table_evictions >= 500);
    assert_non_null(told(analysis, "server")); /* the busiest of all stays */
    analysis_free(analysis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows),
                                       cmocka_unit_test(test_endpoints),
                                       cmocka_unit_test(test_certificate),
                                       cmocka_unit_test(test_times), cmocka_unit_test(test_bounds)};
    return cmocka_run_group_tests_name("iot_profile", tests, NULL, NULL);
}
