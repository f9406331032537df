/* test_authentication.c: the rules about authentication that need more than the chosen suite: what makes each fire,
 * what only looks so, and its thresholds. */
#include "analysis/analysis.h"
#include "analysis/auth_name.h"
#include "analysis/authentication.h"
#include "analysis/conversations.h"
#include "core/common_observations.h"
#include "dissectors/dtls.h"
#include "dissectors/starttls.h"
#include "tests/unit/certificate_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define NUM_OF(table) (sizeof(table) / sizeof *(table))

static const uint64_t second = 1000000000;
static const uint64_t in_2026 = 1790000000; /* 2026-09-21T14:13:20Z */

/* --- a conversation, and what is said of it --- */

struct world {
    struct analysis *analysis;
    struct flow flow;
    uint64_t packet, time_ns;
    const char *transport;
};

static struct world world_new(void)
{
    struct error error = {""};
    struct world world = {.analysis =
                              analysis_new(&(struct analysis_options){.rules = "auth.*"}, &error),
                          .time_ns = in_2026 * second,
                          .transport = "tls"};
    assert_non_null(world.analysis);
    world.flow = (struct flow){.ip_version = 4, .protocol = PROTO_TCP, .first_packet = 1};
    world.flow.ends[0] = (struct endpoint){.address = {10, 0, 0, 1}, .port = 40000};
    world.flow.ends[1] = (struct endpoint){.address = {192, 0, 2, 1}, .port = 443};
    return world;
}

static void say(struct world *world, const struct observation_type *type, const void *data,
                unsigned side)
{
    const struct observation observation = {.type = type,
                                            .data = data,
                                            .flow = &world->flow,
                                            .time_ns = world->time_ns,
                                            .packet = ++world->packet,
                                            .side = side};
    analysis_observe(world->analysis, &observation);
}

static void next_flow(struct world *world)
{
    world->flow.first_packet = world->packet + 1;
    world->flow.ends[0].port++;
    world->time_ns += second;
}

/* Extensions without content. */
static struct span extensions_of(uint8_t room[64], const uint16_t *types)
{
    size_t len = 0;
    for (; *types != 0; types++, len += 4) {
        room[len] = (uint8_t)(*types >> 8);
        room[len + 1] = (uint8_t)*types;
        room[len + 2] = room[len + 3] = 0;
    }
    return span_of(room, len);
}

/* What the hellos are to say. */
struct hellos {
    uint16_t version, legacy_version;
    const char *versions; /* supported_versions: u16 each */
    size_t versions_len;
    const char *ciphers; /* u16 each */
    size_t ciphers_len;
    const char *name, *random_end;
    uint16_t client_extensions[8], server_extensions[8];
    bool no_master_secret, server_without_master_secret;
    bool no_renegotiation, server_without_renegotiation;
    uint8_t compression;
    const char *cookie;
};

static void say_client_hello(struct world *world, const struct hellos *hellos)
{
    uint8_t room[64];
    bool dtls = strcmp(world->transport, "dtls") == 0;
    uint16_t legacy = hellos->legacy_version != 0 ? hellos->legacy_version : dtls ? 0xfefd : 0x0303;
    const struct tls_client_hello hello = {
        .transport = world->transport,
        .version_protocol = dtls ? "dtls" : "tls",
        .legacy_version = number(legacy),
        .ciphers = span_of(hellos->ciphers != NULL ? hellos->ciphers : "\xc0\x2f",
                           hellos->ciphers != NULL ? hellos->ciphers_len : 2),
        .versions = hellos->versions != NULL ? span_of(hellos->versions, hellos->versions_len)
                                             : (struct span){0},
        .extensions = extensions_of(room, hellos->client_extensions),
        .server_name = hellos->name != NULL ? span_text(hellos->name) : (struct span){0},
        .cookie = span_text(hellos->cookie != NULL ? hellos->cookie : ""),
        .extended_master_secret = truth(!hellos->no_master_secret),
        .secure_renegotiation = truth(!hellos->no_renegotiation)};
    say(world, &observation_tls_client_hello, &hello, 0);
}

static void say_server_hello(struct world *world, const struct hellos *hellos)
{
    uint8_t room[64], random[32] = {1, 2, 3};
    if (hellos->random_end != NULL)
        memcpy(random + 24, hellos->random_end, 8);
    bool dtls = strcmp(world->transport, "dtls") == 0;
    uint16_t version = hellos->version != 0 ? hellos->version : dtls ? 0xfefd : 0x0303;
    bool lacks_secret = hellos->no_master_secret || hellos->server_without_master_secret;
    const struct tls_server_hello hello = {
        .transport = world->transport,
        .version_protocol = dtls ? "dtls" : "tls",
        .version = number(version),
        .cipher = number(version == 0x0304 ? 0x1301 : 0xc02f),
        .random = span_of(random, sizeof random),
        .hello_retry = TRUTH_NO,
        .compression = number(hellos->compression),
        .extensions = extensions_of(room, hellos->server_extensions),
        .extended_master_secret = truth(!lacks_secret),
        .secure_renegotiation =
            truth(!hellos->no_renegotiation && !hellos->server_without_renegotiation)};
    say(world, &observation_tls_server_hello, &hello, 1);
}

static void say_hellos(struct world *world, const struct hellos *hellos)
{
    say_client_hello(world, hellos);
    say_server_hello(world, hellos);
}

/* A Certificate message of |num| certificates. */
static void say_certificates(struct world *world, const char *from, const struct made *made,
                             size_t num)
{
    struct builder der;
    unsigned side = strcmp(from, "server") == 0;
    for (size_t i = 0; i < num; i++) {
        certificate_build(&der, &made[i]);
        struct tls_certificate certificate = certificate_of(&der, from, i);
        certificate.transport = world->transport;
        say(world, &observation_tls_certificate, &certificate, side);
    }
    const struct tls_certificate_message message = {
        .transport = world->transport, .from = from, .type = "x509", .count = number(num)};
    say(world, &observation_tls_certificate_message, &message, side);
}

static void say_summary(struct world *world, enum truth established)
{
    const struct tls_handshake_summary summary = {
        .transport = world->transport, .established = established, .outcome = "completed"};
    say(world, &observation_tls_handshake_summary, &summary, 0);
}

/* --- what fired --- */

static bool has_fired[NUM_RULES];

/* "rule:severity:confidence:subject" of each, without "auth.", and the end of the world. */
static void expect(struct world *world, const char *about, const char *expected)
{
    static const char *const kinds[] = {[SUBJECT_CLIENT] = "client", [SUBJECT_SERVER] = "server"};
    char text[512] = "";
    size_t num, len = 0;
    analysis_finish(world->analysis);
    const struct finding *findings = analysis_findings(world->analysis, &num);
    for (size_t i = 0; i < num && len < sizeof text; i++) {
        const struct finding *finding = &findings[i];
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "%s%s:%s:%s:%s", i > 0 ? " " : "",
                             finding->rule->id + strlen("auth."), severity_name(finding->severity),
                             confidence_name(finding->confidence), kinds[finding->subject]);
        has_fired[rule_id_of(finding->rule)] = true;
        if (finding->reason == NULL || strlen(finding->reason) < 10 || finding->num_evidence == 0)
            fail_msg("%s: %s has no reason, or no evidence", about, finding->rule->id);
        assert_non_null(finding->transport != NULL ? finding->transport : finding->rule->id);
    }
    if (strcmp(text, expected) != 0)
        fail_msg("%s: \"%s\" fired, expected \"%s\"", about, text, expected);
    analysis_free(world->analysis);
}

/* --- hellos --- */

#define VERSIONS(text) .versions = text, .versions_len = sizeof text - 1
#define CIPHERS(text)  .ciphers = text, .ciphers_len = sizeof text - 1

static const struct hello_row {
    const char *about;
    bool dtls;
    struct hellos hellos;
    const char *fires;
} hello_rows[] = {
    {"as it should be", false, {.version = 0x0303}, ""},
    /* downgrade */
    {"1.3 offered, 1.2 chosen, marked",
     false,
     {VERSIONS("\x1a\x1a\x03\x04\x03\x03"), .random_end = "DOWNGRD\x01"},
     "downgrade:high:likely:server"},
    {"the same in DTLS",
     true,
     {VERSIONS("\xfe\xfc\xfe\xfd"), .random_end = "DOWNGRD\x01"},
     "downgrade:high:likely:server"},
    {"1.2 offered, 1.2 chosen: every newer server marks it",
     false,
     {.random_end = "DOWNGRD\x01"},
     ""},
    {"a draft offered, 1.2 chosen",
     false,
     {VERSIONS("\x7f\x1c\x03\x03"), .random_end = "DOWNGRD\x01"},
     ""},
    {"a scanner's legacy_version of 1.3 offers nothing",
     false,
     {.legacy_version = 0x0304, .random_end = "DOWNGRD\x01"},
     ""},
    {"1.3 offered, no mark", false, {VERSIONS("\x03\x04\x03\x03")}, ""},
    {"1.3 chosen: bytes that are a mark by chance",
     false,
     {VERSIONS("\x03\x04"), .version = 0x0304, .random_end = "DOWNGRD\x01"},
     ""},
    {"another last byte", false, {VERSIONS("\x03\x04\x03\x03"), .random_end = "DOWNGRD\x02"}, ""},
    {"1.2 offered, 1.1 chosen, marked",
     false,
     {.version = 0x0302, .random_end = "DOWNGRD\0"},
     "downgrade:high:likely:server obsolete-version:medium:certain:server"},
    {"1.1 offered, 1.1 chosen",
     false,
     {.version = 0x0302, .legacy_version = 0x0302, .random_end = "DOWNGRD\0"},
     "obsolete-version:medium:certain:server"},
    /* extended master secret */
    {"not offered",
     false,
     {.no_master_secret = true},
     "no-extended-master-secret:low:certain:client"},
    {"offered and not answered",
     true,
     {.server_without_master_secret = true},
     "no-extended-master-secret:low:certain:server"},
    {"1.3 has no use for it",
     false,
     {VERSIONS("\x03\x04"), .version = 0x0304, .no_master_secret = true, .no_renegotiation = true},
     ""},
    {"SSL 3 cannot have it",
     false,
     {.version = 0x0300, .no_master_secret = true},
     "obsolete-version:high:certain:server"},
    /* renegotiation */
    {"neither extension nor value",
     false,
     {.no_renegotiation = true},
     "no-secure-renegotiation:low:certain:client"},
    {"the extension, and no answer",
     false,
     {.server_without_renegotiation = true},
     "no-secure-renegotiation:medium:certain:server"},
    {"the signalling value, and no answer",
     false,
     {.no_renegotiation = true, CIPHERS("\xc0\x2f\x00\xff")},
     "no-secure-renegotiation:medium:certain:server"},
    {"SSL 3 can have it",
     false,
     {.version = 0x0300, .no_master_secret = true, .server_without_renegotiation = true},
     "obsolete-version:high:certain:server no-secure-renegotiation:medium:certain:server"},
    /* compression */
    {"deflate", false, {.compression = 1}, "compression:medium:certain:server"},
    {"a method that nobody knows",
     false,
     {.compression = 200},
     "compression:medium:certain:server"},
    {"a number that means nothing in 1.3",
     false,
     {VERSIONS("\x03\x04"), .version = 0x0304, .compression = 1},
     ""},
};

static void test_hellos(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_OF(hello_rows); i++) {
        struct world world = world_new();
        world.transport = hello_rows[i].dtls ? "dtls" : "tls";
        say_hellos(&world, &hello_rows[i].hellos);
        expect(&world, hello_rows[i].about, hello_rows[i].fires);
    }
}

/* Without the client's hello nobody knows who lacks what. */
static void test_server_hello_alone(void **state)
{
    (void)state;
    struct world world = world_new();
    say_server_hello(&world, &(struct hellos){.no_master_secret = true,
                                              .no_renegotiation = true,
                                              .random_end = "DOWNGRD\x01"});
    expect(&world, "alone", "");
}

static void test_fallback(void **state)
{
    (void)state;
    static const struct {
        const char *about, *from;
        bool hello, scsv;
        uint64_t alert;
        const char *fires;
    } rows[] = {
        {"refused", "server", true, true, 86, "downgrade:medium:likely:server"},
        {"the hello was not seen", "server", false, false, 86, "downgrade:medium:possible:server"},
        {"another alert", "server", true, true, 70, ""},
        {"the client cannot refuse", "client", true, true, 86, ""},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new();
        struct hellos hellos = {.ciphers = "\xc0\x2f\x56\x00", .ciphers_len = rows[i].scsv ? 4 : 2};
        if (rows[i].hello)
            say_client_hello(&world, &hellos);
        const struct tls_alert alert = {.transport = "tls",
                                        .level = number(2),
                                        .description = number(rows[i].alert),
                                        .from = rows[i].from};
        say(&world, &observation_tls_alert, &alert, 1);
        expect(&world, rows[i].about, rows[i].fires);
    }
}

/* --- weak certificates --- */

enum { RSA = 2048 };
#define LEAF .subject = "a.example", .organization = "Trust", .dns = {"a.example"}

static const struct weak_row {
    const char *about;
    struct made chain[2];
    size_t num;
    const char *fires;
} weak_rows[] = {
    {"as it should be", {{LEAF, .rsa_bits = RSA}}, 1, ""},
    {"SHA-1",
     {{LEAF, .rsa_bits = RSA, .signature = "sha1"}},
     1,
     "weak-certificate:medium:certain:server"},
    {"MD5",
     {{LEAF, .rsa_bits = RSA, .signature = "md5"}},
     1,
     "weak-certificate:high:certain:server"},
    {"ECDSA with SHA-1",
     {{LEAF, .signature = "ecdsa-sha1"}},
     1,
     "weak-certificate:medium:certain:server"},
    {"nobody relies on the signature of a root",
     {{LEAF, .rsa_bits = RSA}, {.subject = "Root", .rsa_bits = RSA, .signature = "sha1"}},
     2,
     ""},
    {"an issuer between signed with SHA-1",
     {{LEAF, .rsa_bits = RSA},
      {.subject = "Between", .organization = "Root", .rsa_bits = RSA, .signature = "sha1"}},
     2,
     "weak-certificate:low:possible:server"},
    {"its own signature", {{.subject = "a.example", .rsa_bits = RSA, .signature = "md5"}}, 1, ""},
    {"2047 bits", {{LEAF, .rsa_bits = 2047}}, 1, "weak-certificate:medium:certain:server"},
    {"1024 bits", {{LEAF, .rsa_bits = 1024}}, 1, "weak-certificate:medium:certain:server"},
    {"1023 bits", {{LEAF, .rsa_bits = 1023}}, 1, "weak-certificate:high:certain:server"},
    {"a short key of its own",
     {{.subject = "a.example", .rsa_bits = 1024}},
     1,
     "weak-certificate:medium:certain:server"},
    {"192 bits", {{LEAF, .ec_bits = 192}}, 1, "weak-certificate:medium:certain:server"},
    {"224 bits", {{LEAF, .ec_bits = 224}}, 1, ""},
    /* now: 2026-09-21T14:13:20Z */
    {"expired an hour and a second ago",
     {{LEAF, .not_after = "260921131319Z"}},
     1,
     "weak-certificate:medium:certain:server"},
    {"expired an hour ago: a clock", {{LEAF, .not_after = "260921131320Z"}}, 1, ""},
    {"valid in an hour and a second",
     {{LEAF, .not_before = "260921151321Z"}},
     1,
     "weak-certificate:medium:certain:server"},
    {"valid in an hour", {{LEAF, .not_before = "260921151320Z"}}, 1, ""},
    {"its own, and expired",
     {{.subject = "a.example", .not_after = "200101000000Z"}},
     1,
     "weak-certificate:low:certain:server"},
    {"an expired issuer",
     {{LEAF}, {.subject = "Between", .organization = "Root", .not_after = "200101000000Z"}},
     2,
     "weak-certificate:low:possible:server"},
    {"an expired root", {{LEAF}, {.subject = "Root", .not_after = "200101000000Z"}}, 2, ""},
    {"the worst of two",
     {{LEAF, .not_after = "200101000000Z"},
      {.subject = "Between", .organization = "Root", .signature = "md5"}},
     2,
     "weak-certificate:medium:certain:server"},
};

/* Timestamps in the hello keep auth.no-transparency out of this. */
static const struct hellos logged = {.server_extensions = {18}};

static void test_weak_certificates(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_OF(weak_rows); i++) {
        struct world world = world_new();
        say_hellos(&world, &logged);
        say_certificates(&world, "server", weak_rows[i].chain, weak_rows[i].num);
        expect(&world, weak_rows[i].about, weak_rows[i].fires);
    }
}

static void test_weak_client_certificate(void **state)
{
    (void)state;
    const struct made server = {LEAF},
                      client = {.subject = "c", .organization = "Trust", .rsa_bits = 1024};
    struct world world = world_new();
    say_hellos(&world, &logged);
    say_certificates(&world, "server", &server, 1);
    say_certificates(&world, "client", &client, 1);
    expect(&world, "a client", "weak-certificate:medium:certain:client");
}

/* A capture without a clock says nothing of times. */
static void test_no_clock(void **state)
{
    (void)state;
    const struct made made = {LEAF};
    struct world world = world_new();
    world.time_ns = 12 * second;
    say_hellos(&world, &logged);
    say_certificates(&world, "server", &made, 1);
    expect(&world, "1970", "");
    static const struct made early = {LEAF, .not_before = "270922141320Z"}, /* in 366 days */
        too_early = {LEAF, .not_before = "270922141321Z"};
    world = world_new();
    say_hellos(&world, &logged);
    say_certificates(&world, "server", &early, 1);
    expect(&world, "a year ahead", "weak-certificate:medium:certain:server");
    world = world_new();
    say_hellos(&world, &logged);
    say_certificates(&world, "server", &too_early, 1);
    expect(&world, "no clock of this year", "");
}

/* WebRTC: nothing but the key is judged. */
static void test_peers(void **state)
{
    (void)state;
    const struct made old = {.subject = "WebRTC", .not_after = "200101000000Z"},
                      small = {.subject = "WebRTC", .rsa_bits = 1024};
    struct world world = world_new();
    world.transport = "dtls";
    const struct hellos srtp = {.client_extensions = {14}};
    say_hellos(&world, &srtp);
    say_certificates(&world, "server", &old, 1);
    say_summary(&world, TRUTH_YES);
    expect(&world, "expired", "");
    world = world_new();
    say_hellos(&world, &srtp);
    say_certificates(&world, "server", &small, 1);
    expect(&world, "a short key", "weak-certificate:low:certain:server");
    world = world_new();
    world.transport = "dtls";
    say_server_hello(&world, &(struct hellos){.server_extensions = {14}});
    say_certificates(&world, "server", &old, 1);
    expect(&world, "the client was not captured", "");
}

/* --- transparency --- */

static void test_transparency(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        struct hellos hellos;
        struct made made;
        const char *transport, *fires;
    } rows[] = {
        {"public",
         {.client_extensions = {18}},
         {LEAF, .public = true},
         "tls",
         "no-transparency:medium:likely:server"},
        {"nobody asked",
         {0},
         {LEAF, .public = true},
         "tls",
         "no-transparency:medium:possible:server"},
        {"private",
         {.client_extensions = {18}},
         {LEAF},
         "tls",
         "no-transparency:info:possible:server"},
        {"in the certificate",
         {.client_extensions = {18}},
         {LEAF, .public = true, .sct = true},
         "tls",
         ""},
        {"in the hello",
         {.client_extensions = {18}, .server_extensions = {18}},
         {LEAF, .public = true},
         "tls",
         ""},
        {"a response follows",
         {.client_extensions = {18, 5}, .server_extensions = {5}},
         {LEAF, .public = true},
         "tls",
         ""},
        {"its own", {.client_extensions = {18}}, {.subject = "a.example"}, "tls", ""},
        {"the last day of April 2018",
         {.client_extensions = {18}},
         {LEAF, .public = true, .not_before = "180430235959Z"},
         "tls",
         ""},
        {"the first of May",
         {.client_extensions = {18}},
         {LEAF, .public = true, .not_before = "180501000000Z"},
         "tls",
         "no-transparency:medium:likely:server"},
        {"WebRTC", {.client_extensions = {18, 14}}, {LEAF, .public = true}, "dtls", ""},
        {"EAP", {.client_extensions = {18}}, {LEAF, .public = true}, "eap", ""},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new();
        world.transport = rows[i].transport;
        say_hellos(&world, &rows[i].hellos);
        say_certificates(&world, "server", &rows[i].made, 1);
        expect(&world, rows[i].about, rows[i].fires);
    }
    struct world world = world_new();
    say_certificates(&world, "server", &(struct made){LEAF, .public = true}, 1);
    expect(&world, "the hellos were not seen", "");
}

/* --- names --- */

static void test_name_match(void **state)
{
    (void)state;
    static const struct {
        const char *wanted;
        struct made made;
        enum auth_name_match match;
    } rows[] = {
        {"a.example", {.subject = "x", .dns = {"a.example"}}, AUTH_NAME_MATCHES},
        {"A.Example.", {.subject = "x", .dns = {"a.example"}}, AUTH_NAME_MATCHES},
        {"a.example", {.subject = "x", .dns = {"b.example", "a.example."}}, AUTH_NAME_MATCHES},
        {"b.example", {.subject = "x", .dns = {"a.example"}}, AUTH_NAME_DIFFERS},
        {"a.example", {.subject = "x", .dns = {"aa.example"}}, AUTH_NAME_DIFFERS},
        /* wildcards */
        {"www.a.example", {.subject = "x", .dns = {"*.a.example"}}, AUTH_NAME_MATCHES},
        {"a.example", {.subject = "x", .dns = {"*.a.example"}}, AUTH_NAME_DIFFERS},
        {"x.www.a.example", {.subject = "x", .dns = {"*.a.example"}}, AUTH_NAME_DIFFERS},
        {"www.a.example", {.subject = "x", .dns = {"www.*.example"}}, AUTH_NAME_DIFFERS},
        {"www1.a.example", {.subject = "x", .dns = {"www*.a.example"}}, AUTH_NAME_MATCHES},
        {"www.a.example", {.subject = "x", .dns = {"www*.a.example"}}, AUTH_NAME_DIFFERS},
        {"host", {.subject = "x", .dns = {"*"}}, AUTH_NAME_DIFFERS},
        {"xn--bcher-kva.example", {.subject = "x", .dns = {"*.example"}}, AUTH_NAME_MATCHES},
        {"xn--bcher-kva.example", {.subject = "x", .dns = {"xn--*.example"}}, AUTH_NAME_DIFFERS},
        {"xn--bcher-kva.example", {.subject = "x", .dns = {"x*.example"}}, AUTH_NAME_DIFFERS},
        /* beyond ASCII */
        {"xn--bcher-kva.example",
         {.subject = "x", .dns = {"XN--BCHER-KVA.example"}},
         AUTH_NAME_MATCHES},
        {"xn--bcher-kva.example",
         {.subject = "x",
          .dns = {"b\xc3\xbc"
                  "cher.example"}},
         AUTH_NAME_UNKNOWN},
        {"a.example",
         {.subject = "x",
          .dns = {"b\xc3\xbc"
                  "cher.example",
                  "a.example"}},
         AUTH_NAME_MATCHES},
        /* the common name, where there is no other */
        {"a.example", {.subject = "a.example"}, AUTH_NAME_MATCHES},
        {"b.example", {.subject = "a.example"}, AUTH_NAME_DIFFERS},
        {"a.example", {.subject = "a.example", .dns = {"b.example"}}, AUTH_NAME_DIFFERS},
        /* addresses */
        {"192.0.2.1", {.subject = "x", .ip = "\xc0\x00\x02\x01"}, AUTH_NAME_MATCHES},
        {"192.0.2.2", {.subject = "x", .ip = "\xc0\x00\x02\x01"}, AUTH_NAME_DIFFERS},
        {"192.0.2.1", {.subject = "192.0.2.1"}, AUTH_NAME_MATCHES},
        {"192.0.2.1",
         {.subject = "x", .dns = {"*.0.2.1"}, .ip = "\xc0\x00\x02\x02"},
         AUTH_NAME_MATCHES},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct builder der;
        certificate_build(&der, &rows[i].made);
        const struct tls_certificate certificate = certificate_of(&der, "server", 0);
        if (auth_name_match(&certificate.x509, span_text(rows[i].wanted)) != rows[i].match)
            fail_msg("row %zu: %s", i, rows[i].wanted);
    }
    assert_int_equal(auth_name_match(&(struct x509){.key = {0}}, span_text("a.example")),
                     AUTH_NAME_UNKNOWN);
}

static void test_local_names(void **state)
{
    (void)state;
    static const char *const local[] = {"printer",   "nas.local", "FRITZ.BOX",
                                        "192.0.2.1", "a.lan",     "x.home.arpa"};
    static const char *const others[] = {"a.example", "local.example", "example.locals"};
    for (size_t i = 0; i < NUM_OF(local); i++)
        assert_true(auth_name_is_local(span_text(local[i])));
    for (size_t i = 0; i < NUM_OF(others); i++)
        assert_false(auth_name_is_local(span_text(others[i])));
}

static void test_name_mismatch(void **state)
{
    (void)state;
    static const struct made good = {LEAF}, own = {.subject = "a.example"},
                             strange = {.subject = "b\xc3\xbc.example", .organization = "Trust"};
    static const struct {
        const char *about, *name;
        const struct made *made;
        enum truth established;
        uint16_t extension;
        const char *fires;
    } rows[] = {
        {"accepted", "b.example", &good, TRUTH_YES, 0, "name-mismatch:medium:likely:server"},
        {"refused", "b.example", &good, TRUTH_NO, 0, "name-mismatch:info:certain:server"},
        {"the end was not seen", "b.example", &good, TRUTH_UNKNOWN, 0,
         "name-mismatch:low:possible:server"},
        {"its own", "b.example", &own, TRUTH_YES, 0, "name-mismatch:low:possible:server"},
        {"the right one", "a.example", &good, TRUTH_YES, 0, ""},
        {"an address", "192.0.2.1", &good, TRUTH_YES, 0, "name-mismatch:low:possible:server"},
        {"no name was asked for", NULL, &good, TRUTH_YES, 0, ""},
        {"a name that cannot be compared", "a.example", &strange, TRUTH_YES, 0, ""},
        {"WebRTC", "b.example", &own, TRUTH_YES, 14, ""},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new();
        const struct hellos hellos = {.name = rows[i].name,
                                      .client_extensions = {rows[i].extension},
                                      .server_extensions = {18}};
        say_hellos(&world, &hellos);
        say_certificates(&world, "server", rows[i].made, 1);
        say_summary(&world, rows[i].established);
        say_summary(&world, rows[i].established); /* what is over is forgotten */
        expect(&world, rows[i].about, rows[i].fires);
    }
}

/* --- two keys --- */

static const struct made
    key_a = {LEAF, .rsa_bits = RSA},
    key_a2 = {LEAF, .rsa_bits = RSA, .key_byte = 2}, key_a_ec = {LEAF},
    key_b = {.subject = "a.example",
             .organization = "Other",
             .dns = {"a.example"},
             .rsa_bits = RSA,
             .key_byte = 3},
    key_b_ec = {.subject = "a.example", .organization = "Other", .dns = {"*.example", "a.example"}},
    key_own = {.subject = "a.example", .rsa_bits = RSA, .key_byte = 4},
    key_own2 = {.subject = "a.example", .rsa_bits = RSA, .key_byte = 5},
    key_wrong = {.subject = "c.example", .organization = "Other", .rsa_bits = RSA},
    local_a = {.subject = "nas.local", .organization = "Trust", .rsa_bits = RSA},
    local_b = {.subject = "nas.local", .organization = "Other", .rsa_bits = RSA, .key_byte = 3};

static void test_two_keys(void **state)
{
    (void)state;
    static const struct {
        const char *about, *name;
        const struct made *made[5]; /* one handshake each */
        uint8_t hosts[5];           /* last byte of the server's address */
        const char *fires;
    } rows[] = {
        {"one in between",
         "a.example",
         {&key_a, &key_b, &key_a},
         {1, 1, 1},
         "two-keys-one-name:medium:likely:server"},
        {"in other letters",
         "A.EXAMPLE",
         {&key_a, &key_b, &key_a},
         {1, 1, 1},
         "two-keys-one-name:medium:likely:server"},
        {"a renewal elsewhere", "a.example", {&key_a, &key_a, &key_b, &key_b}, {1, 1, 1, 1}, ""},
        {"a pool of one issuer", "a.example", {&key_a, &key_a2, &key_a}, {1, 1, 1}, ""},
        {"RSA and ECDSA of one issuer", "a.example", {&key_a, &key_a_ec, &key_a}, {1, 1, 1}, ""},
        {"RSA and ECDSA of two",
         "a.example",
         {&key_a, &key_b_ec, &key_a},
         {1, 1, 1},
         "two-keys-one-name:low:possible:server"},
        {"two addresses",
         "a.example",
         {&key_a, &key_b, &key_a},
         {1, 2, 1},
         "two-keys-one-name:low:possible:server"},
        {"one that vouches for itself",
         "a.example",
         {&key_a, &key_own, &key_a},
         {1, 1, 1},
         "two-keys-one-name:medium:likely:server"},
        {"two of these at one address",
         "a.example",
         {&key_own, &key_own2, &key_own},
         {1, 1, 1},
         "two-keys-one-name:low:possible:server"},
        {"two devices, each with its own",
         "a.example",
         {&key_own, &key_own2, &key_own},
         {1, 2, 1},
         ""},
        {"a name that every network has",
         "nas.local",
         {&local_a, &local_b, &local_a},
         {1, 1, 1},
         ""},
        {"a certificate for something else",
         "a.example",
         {&key_a, &key_wrong, &key_a},
         {1, 1, 1},
         ""},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new();
        const struct hellos hellos = {.name = rows[i].name, .server_extensions = {18}};
        for (size_t k = 0; k < 5 && rows[i].made[k] != NULL; k++) {
            world.flow.ends[1].address[3] = rows[i].hosts[k];
            say_hellos(&world, &hellos);
            say_certificates(&world, "server", rows[i].made[k], 1);
            next_flow(&world);
        }
        expect(&world, rows[i].about, rows[i].fires);
    }
}

/* More keys than have room: the one that was not seen for longest gives way, and that is counted. */
static void test_keys_bound(void **state)
{
    (void)state;
    struct world world = world_new();
    const struct hellos hellos = {.name = "a.example", .server_extensions = {18}};
    for (unsigned i = 0; i < AUTH_KEYS + 1; i++) {
        struct made made = key_a;
        made.key_byte = (uint8_t)(10 + i);
        say_hellos(&world, &hellos);
        say_certificates(&world, "server", &made, 1);
        next_flow(&world);
    }
    assert_int_equal(analysis_stats(world.analysis).table_evictions, 1);
    expect(&world, "a pool", "");
}

/* However many handshakes begin, memory is bounded, and what gave way is counted. */
static void test_handshakes_bound(void **state)
{
    (void)state;
    struct world world = world_new();
    for (unsigned i = 0; i < 2 * CONVERSATIONS_MOST; i++) {
        world.flow.ends[0].address[1] = (uint8_t)(i >> 16);
        world.flow.ends[0].address[2] = (uint8_t)(i >> 8);
        world.flow.ends[0].address[3] = (uint8_t)i;
        say_client_hello(&world, &(struct hellos){.no_master_secret = true});
        next_flow(&world);
    }
    assert_int_equal(analysis_stats(world.analysis).table_evictions, CONVERSATIONS_MOST);
    expect(&world, "hellos without answer", "");
}

/* --- STARTTLS --- */

static void test_starttls(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        struct starttls_session session;
        const char *fires;
    } rows[] = {
        {"used",
         {.protocol = "smtp",
          .offered = TRUTH_YES,
          .asked = TRUTH_YES,
          .accepted = TRUTH_YES,
          .upgraded = TRUTH_YES},
         ""},
        {"offered and not asked for",
         {.protocol = "smtp", .offered = TRUTH_YES, .asked = TRUTH_NO, .upgraded = TRUTH_NO},
         "starttls-strippable:medium:likely:server"},
        {"offered; the capture lacks a part",
         {.protocol = "smtp", .offered = TRUTH_YES, .asked = TRUTH_UNKNOWN, .upgraded = TRUTH_NO},
         ""},
        {"not offered",
         {.protocol = "smtp", .offered = TRUTH_NO, .asked = TRUTH_NO, .upgraded = TRUTH_NO},
         ""},
        {"overwritten",
         {.protocol = "smtp",
          .offered = TRUTH_NO,
          .asked = TRUTH_NO,
          .upgraded = TRUTH_NO,
          .stripped = TRUTH_YES},
         "starttls-strippable:high:likely:server"},
        {"refused",
         {.protocol = "smtp",
          .offered = TRUTH_YES,
          .asked = TRUTH_YES,
          .accepted = TRUTH_NO,
          .upgraded = TRUTH_NO},
         "starttls-strippable:low:possible:server"},
        {"granted; the capture ends",
         {.protocol = "smtp",
          .offered = TRUTH_YES,
          .asked = TRUTH_YES,
          .accepted = TRUTH_YES,
          .upgraded = TRUTH_NO},
         ""},
        {"a password",
         {.protocol = "imap",
          .upgraded = TRUTH_NO,
          .credentials = TRUTH_YES,
          .credentials_kind = "login"},
         "starttls-strippable:high:likely:server"},
        {"a password before TLS",
         {.protocol = "pop3",
          .offered = TRUTH_YES,
          .asked = TRUTH_YES,
          .accepted = TRUTH_YES,
          .upgraded = TRUTH_YES,
          .credentials = TRUTH_YES,
          .credentials_kind = "password"},
         "starttls-strippable:high:likely:server"},
        {"a proof",
         {.protocol = "pop3",
          .upgraded = TRUTH_NO,
          .credentials = TRUTH_YES,
          .credentials_kind = "apop"},
         "starttls-strippable:medium:likely:server"},
        {"a proof of MySQL",
         {.protocol = "mysql",
          .upgraded = TRUTH_NO,
          .credentials = TRUTH_YES,
          .credentials_kind = "login"},
         "starttls-strippable:medium:likely:server"},
        {"a proof of PostgreSQL",
         {.protocol = "postgresql",
          .upgraded = TRUTH_NO,
          .credentials = TRUTH_YES,
          .credentials_kind = "password"},
         "starttls-strippable:medium:likely:server"},
        {"a mechanism that may protect",
         {.protocol = "ldap",
          .upgraded = TRUTH_NO,
          .credentials = TRUTH_YES,
          .credentials_kind = "sasl bind"},
         "starttls-strippable:low:possible:server"},
        {"a user, perhaps nobody",
         {.protocol = "ftp",
          .upgraded = TRUTH_NO,
          .credentials = TRUTH_YES,
          .credentials_kind = "user"},
         "starttls-strippable:medium:possible:server"},
        {"a proxy",
         {.protocol = "http-connect",
          .asked = TRUTH_YES,
          .accepted = TRUTH_NO,
          .upgraded = TRUTH_NO,
          .credentials = TRUTH_YES,
          .credentials_kind = "proxy-authorization"},
         ""},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new();
        say(&world, &observation_starttls_session, &rows[i].session, 0);
        expect(&world, rows[i].about, rows[i].fires);
    }
}

/* --- cookies --- */

static void test_cookie(void **state)
{
    (void)state;
    static const struct made own = {.subject = "peer"};
    static const struct {
        const char *about;
        struct hellos hellos;
        bool hello, peers;
        enum truth verify;
        uint64_t client, server;
        const char *fires;
    } rows[] = {
        {"three times and one",
         {0},
         true,
         false,
         TRUTH_NO,
         100,
         301,
         "no-cookie:medium:certain:server"},
        {"three times", {0}, true, false, TRUTH_NO, 100, 300, ""},
        {"a cookie was asked for", {0}, true, false, TRUTH_YES, 100, 5000, ""},
        {"the hello has a cookie", {.cookie = "abc"}, true, false, TRUTH_NO, 100, 5000, ""},
        {"WebRTC", {.client_extensions = {14}}, true, false, TRUTH_NO, 100, 5000, ""},
        {"peers without media", {0}, true, true, TRUTH_NO, 100, 5000, ""},
        {"peers, but a name",
         {.name = "a"},
         true,
         true,
         TRUTH_NO,
         100,
         5000,
         "no-cookie:medium:certain:server"},
        {"the hello was not seen", {0}, false, false, TRUTH_NO, 100, 5000, ""},
        {"whether it was asked for is not known", {0}, true, false, TRUTH_UNKNOWN, 100, 5000, ""},
        {"no byte", {0}, true, false, TRUTH_NO, 0, 5000, ""},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new();
        world.transport = "dtls";
        if (rows[i].hello)
            say_hellos(&world, &rows[i].hellos);
        if (rows[i].peers) {
            say_certificates(&world, "server", &own, 1);
            say_certificates(&world, "client", &own, 1);
        }
        say_summary(&world, TRUTH_UNKNOWN);
        const struct dtls_session session = {.hello_verify = rows[i].verify,
                                             .client_hello_bytes = number(rows[i].client),
                                             .server_first_bytes = number(rows[i].server)};
        say(&world, &observation_dtls_session, &session, 0);
        const struct flow_end_observation end = {.how = "idle"};
        say(&world, &observation_flow_end, &end, 0);
        say(&world, &observation_dtls_session, &session, 0); /* what is over is forgotten */
        const bool is_name = strcmp(rows[i].about, "peers, but a name") == 0;
        expect(&world, rows[i].about,
               is_name ? "no-cookie:medium:certain:server name-mismatch:low:possible:server"
                       : rows[i].fires);
    }
}

/* It is judged when the handshake is over, and names the hello, whatever packet is at hand then, and whatever came before
 * it on the same ports: STUN, or another handshake. */
static void test_cookie_packet(void **state)
{
    (void)state;
    struct world world = world_new();
    world.transport = "dtls";
    world.flow.first_packet = 3;
    world.flow.first_ns = 2 * second;
    world.packet = 6;
    world.time_ns = 5 * second;
    say_hellos(&world, &(struct hellos){.name = NULL});
    world.packet = 500;
    world.time_ns = 60 * second;
    const struct dtls_session session = {.hello_verify = TRUTH_NO,
                                         .client_hello_bytes = number(100),
                                         .server_first_bytes = number(1000)};
    say(&world, &observation_dtls_session, &session, 0);
    analysis_finish(world.analysis);
    size_t num;
    const struct finding *findings = analysis_findings(world.analysis, &num);
    assert_int_equal(num, 1);
    assert_string_equal(findings[0].rule->id, "auth.no-cookie");
    assert_int_equal(findings[0].packet, 7);
    assert_int_equal(findings[0].first_ns, 5 * second);
    analysis_free(world.analysis);
}

/* DTLS 1.3: the retry is the cookie. */
static void test_cookie_retry(void **state)
{
    (void)state;
    struct world world = world_new();
    world.transport = "dtls";
    const struct hellos hellos = {VERSIONS("\xfe\xfc"), .version = 0xfefc};
    say_client_hello(&world, &hellos);
    const struct tls_server_hello retry = {.transport = "dtls", .hello_retry = TRUTH_YES};
    say(&world, &observation_tls_server_hello, &retry, 1);
    say_hellos(&world, &hellos);
    const struct dtls_session session = {.hello_verify = TRUTH_NO,
                                         .client_hello_bytes = number(10),
                                         .server_first_bytes = number(1000)};
    say(&world, &observation_dtls_session, &session, 0);
    expect(&world, "a retry", "");
}

/* Nothing is in the catalogue that no test has seen; the rules about suites have theirs in test_analysis.c. */
static void test_every_rule(void **state)
{
    (void)state;
    static const char *const elsewhere[] = {"auth.anonymous", "auth.null-encryption",
                                            "auth.weak-cipher"};
    for (size_t i = 0; i < NUM_RULES; i++) {
        const char *id = rule_get((enum rule_id)i)->id;
        bool skip = strncmp(id, "auth.", 5) != 0;
        for (size_t k = 0; k < NUM_OF(elsewhere); k++)
            skip |= strcmp(id, elsewhere[k]) == 0;
        if (!skip && !has_fired[i])
            fail_msg("%s does not fire", id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hellos),
        cmocka_unit_test(test_server_hello_alone),
        cmocka_unit_test(test_fallback),
        cmocka_unit_test(test_weak_certificates),
        cmocka_unit_test(test_weak_client_certificate),
        cmocka_unit_test(test_no_clock),
        cmocka_unit_test(test_peers),
        cmocka_unit_test(test_transparency),
        cmocka_unit_test(test_name_match),
        cmocka_unit_test(test_local_names),
        cmocka_unit_test(test_name_mismatch),
        cmocka_unit_test(test_two_keys),
        cmocka_unit_test(test_keys_bound),
        cmocka_unit_test(test_handshakes_bound),
        cmocka_unit_test(test_starttls),
        cmocka_unit_test(test_cookie),
        cmocka_unit_test(test_cookie_packet),
        cmocka_unit_test(test_cookie_retry),
        cmocka_unit_test(test_every_rule),
    };
    return cmocka_run_group_tests_name("authentication", tests, NULL, NULL);
}
