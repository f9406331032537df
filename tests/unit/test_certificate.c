/* test_certificate.c: Certificate messages and the smaller messages around them: what is read of real
 * certificates, and that broken ones are told and nothing else happens. */
#include "core/common_observations.h"
#include "core/der.h"
#include "dissectors/tls_session.h"
#include "from_hex.h"
#include "observed_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define DATA PERPASS_SOURCE_DIR "/tests/unit/data/certificates/"

/* --- what was observed --- */

struct seen {
    struct observed_text text;
    unsigned certificates, messages, malformed;
};

static void see(void *to, const struct observation *observation)
{
    struct seen *seen = to;
    seen->malformed += observation->type == &observation_malformed;
    seen->certificates += observation->type == &observation_tls_certificate;
    seen->messages += observation->type == &observation_tls_certificate_message;
    observed_add(&seen->text, observation->type, observation->data);
}

/* --- handing messages over --- */

enum { SERVER = 0, CLIENT = 1 };

struct message {
    uint8_t at[8192];
    size_t len;
};

static void put(struct message *m, const void *bytes, size_t len)
{
    assert_true(m->len + len <= sizeof m->at);
    memcpy(m->at + m->len, bytes, len);
    m->len += len;
}

static void put_u24(struct message *m, size_t number)
{
    const uint8_t bytes[] = {(uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
    put(m, bytes, sizeof bytes);
}

static struct message read_file(const char *path)
{
    struct message file = {.len = 0};
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    file.len = fread(file.at, 1, sizeof file.at, in);
    assert_true(file.len > 0 && feof(in));
    fclose(in);
    return file;
}

static struct message chain_of(const char *const *paths)
{
    struct message body = {.len = 3};
    for (; *paths != NULL; paths++) {
        struct message der = read_file(*paths);
        put_u24(&body, der.len);
        put(&body, der.at, der.len);
    }
    body.at[1] = (uint8_t)((body.len - 3) >> 8);
    body.at[2] = (uint8_t)(body.len - 3);
    return body;
}

/* Hands over a copy of the exact size, so that a read past its end is seen. */
static void hand_over(struct seen *seen, struct tls_session *session, unsigned side, uint8_t type,
                      struct span body)
{
    struct flow flow = {.protocol = PROTO_TCP, .client = CLIENT};
    struct dissect_context context = {.flow = &flow, .side = side, .emit_to = seen, .emit = see};
    uint8_t *exact = malloc(body.len + 1);
    assert_non_null(exact);
    memcpy(exact, body.at, body.len);
    seen->text.len = 0;
    seen->text.at[0] = '\0';
    seen->certificates = seen->messages = seen->malformed = 0;
    tls_session_message(session, type, reader_of(span_of(exact, body.len)), &context);
    free(exact);
}

static struct tls_session session_of(uint16_t version)
{
    struct tls_session session = {.transport = "tls", .version_protocol = "tls"};
    if (version != 0)
        session.version = number(version);
    return session;
}

static struct seen seen;

static void expect(const char *line)
{
    if (!observed_has(&seen.text, line))
        fail_msg("not there: %s\nin:\n%s", line, seen.text.at);
}

static void expect_no(const char *text)
{
    if (strstr(seen.text.at, text) != NULL)
        fail_msg("there: %s\nin:\n%s", text, seen.text.at);
}

/* --- certificates --- */

#define C "perpass.tls.certificate."

static const char *const leaf[] = {
    "tls.server.subject=CN=www.example,CN=first.example,C=XX",
    "tls.server.issuer=CN=Example CA,O=Example,C=XX",
    "tls.server.not_before=2026-11-21T04:52:55Z",
    "tls.server.not_after=2027-11-21T04:52:55Z",
    "tls.server.hash.sha256=34C9D08CD71CA72DD3C0ADBC1455D19788BD315AC5414DB260A21F76214BFEDF",
    C "from=server",
    C "type=x509",
    C "index=0",
    C "der_len=914",
    C "serial=00f00102030405",
    C "self_issued=false",
    C "sha256=34C9D08CD71CA72DD3C0ADBC1455D19788BD315AC5414DB260A21F76214BFEDF",
    C "subject_cn=www.example",
    C "issuer_cn=Example CA",
    C "san_dns=www.example|b.example|",
    C "san_email=who@example|",
    C "san_uri=coap://a.example|",
    C "san_ip=c0000201|20010db8000000000000000000000001|",
    C "signature=sha256WithRSAEncryption",
    C "key.algorithm=rsaEncryption",
    C "key.bits=2048",
    C "key.sha256=51060102306B18B39A773EEF4C61CFFE4A4ABB255DC2C9D170059DA070570D29",
    NULL};

static const char *const self[] = {
    "tls.client.subject=CN=Zürich\\, Gerät",
    "tls.client.issuer=CN=Zürich\\, Gerät",
    "tls.client.not_before=2020-01-02T03:04:05Z",
    "tls.client.not_after=9999-12-31T23:59:59Z",
    "tls.client.hash.sha256=F6F4EA0BF35C6EBA990F050165133049BB69C8DDD7436780556DDA8D71E616F2",
    C "from=client",
    C "serial=01",
    C "self_issued=true",
    C "subject_cn=Zürich, Gerät",
    C "signature=ecdsa-with-SHA384",
    C "key.algorithm=id-ecPublicKey",
    C "key.bits=384",
    C "key.curve=secp384r1",
    NULL};

static const char *const plain[] = {C "subject=O=Example", C "signature=ED25519",
                                    C "key.algorithm=ED25519", NULL};

static void expect_all(const char *const *lines)
{
    for (; *lines != NULL; lines++)
        expect(*lines);
}

static void test_parts(void **state)
{
    (void)state;
    static const char *const leaf_only[] = {DATA "leaf.der", NULL};
    static const char *const self_only[] = {DATA "self.der", NULL};
    static const char *const plain_only[] = {DATA "plain.der", NULL};
    struct tls_session session = session_of(TLS_VERSION_12);
    struct message body = chain_of(leaf_only);
    hand_over(&seen, &session, SERVER, TLS_CERTIFICATE, span_of(body.at, body.len));
    expect_all(leaf);
    expect_no("tls.client.");
    body = chain_of(self_only);
    hand_over(&seen, &session, CLIENT, TLS_CERTIFICATE, span_of(body.at, body.len));
    expect_all(self);
    expect_no("tls.server.");
    expect_no("san_");
    body = chain_of(plain_only);
    hand_over(&seen, &session, SERVER, TLS_CERTIFICATE, span_of(body.at, body.len));
    expect_all(plain);
    expect_no("_cn=");
    expect_no("key.bits");
}

/* The fields of the common schema are about the side's own certificate only. */
static void test_chain(void **state)
{
    (void)state;
    static const char *const paths[] = {DATA "plain.der", DATA "leaf.der", DATA "self.der", NULL};
    struct tls_session session = session_of(TLS_VERSION_12);
    struct message body = chain_of(paths);
    hand_over(&seen, &session, SERVER, TLS_CERTIFICATE, span_of(body.at, body.len));
    assert_int_equal(seen.certificates, 3);
    assert_int_equal(seen.messages, 1);
    expect("tls.server.subject=O=Example");
    expect_no("tls.server.subject=CN");
    expect(C "index=2");
    expect("perpass.tls.certificates.count=3");
    expect("perpass.tls.certificates.der_bytes=1580");
}

static void test_empty(void **state)
{
    (void)state;
    struct tls_session session = session_of(TLS_VERSION_12);
    hand_over(&seen, &session, CLIENT, TLS_CERTIFICATE, span_of("\0\0\0", 3));
    assert_int_equal(seen.certificates, 0);
    expect("perpass.tls.certificates.count=0");
    expect("perpass.tls.certificates.from=client");
    assert_int_equal(seen.malformed, 0);
}

static void test_raw_public_key(void **state)
{
    (void)state;
    struct tls_session session = session_of(TLS_VERSION_12);
    session.server_certificate_type = number(2);
    struct message key = read_file(DATA "raw.der"), body = {.len = 0};
    put_u24(&body, key.len);
    put(&body, key.at, key.len);
    hand_over(&seen, &session, SERVER, TLS_CERTIFICATE, span_of(body.at, body.len));
    assert_int_equal(seen.certificates, 1);
    expect(C "type=raw_public_key");
    expect(C "der_len=91");
    expect(C "key.curve=prime256v1");
    expect(C "key.bits=256");
    expect(C "key.sha256=F2C007CE706E5141420C4EE89F5083015EB184A2EA9B7A6163EFDAF2F137DA50");
    expect_no(C "sha256=");
    expect_no("tls.server.");
    /* The client's certificate is still of the usual type. */
    hand_over(&seen, &session, CLIENT, TLS_CERTIFICATE, span_of("\0\0\0", 3));
    expect("perpass.tls.certificates.type=x509");
}

/* A certificate that is cut off inside is still counted, measured and hashed. */
static void test_broken(void **state)
{
    (void)state;
    struct tls_session session = session_of(TLS_VERSION_12);
    hand_over(&seen, &session, SERVER, TLS_CERTIFICATE, span_of("\0\0\x05\0\0\x02\x30\x05", 8));
    assert_int_equal(seen.certificates, 1);
    assert_int_equal(seen.malformed, 1);
    expect(C "der_len=2");
    expect_no("subject");
    /* The same, with a length that nothing can have, and with an empty certificate. */
    hand_over(&seen, &session, SERVER, TLS_CERTIFICATE, span_of("\0\0\x05\0\0\x09\x30\x05", 8));
    assert_int_equal(seen.certificates, 0);
    assert_int_equal(seen.malformed, 1);
    hand_over(&seen, &session, SERVER, TLS_CERTIFICATE, span_of("\0\0\x03\0\0\0", 6));
    assert_int_equal(seen.certificates, 0);
    assert_int_equal(seen.malformed, 1);
}

static void test_bound(void **state)
{
    (void)state;
    struct tls_session session = session_of(TLS_VERSION_12);
    struct message body = {.len = 3};
    for (unsigned i = 0; i < 1000; i++)
        put(&body, "\0\0\x01\x30", 4);
    body.at[1] = (uint8_t)(4000 >> 8);
    body.at[2] = (uint8_t)4000;
    hand_over(&seen, &session, SERVER, TLS_CERTIFICATE, span_of(body.at, body.len));
    assert_int_equal(seen.certificates, TLS_MAX_CERTIFICATES);
    expect("perpass.tls.certificates.count=1000");
}

/* Every prefix of a message is malformed; no byte that is changed does harm. */
static void test_prefixes_and_flips(void **state)
{
    (void)state;
    static const char *const paths[] = {DATA "leaf.der", DATA "self.der", NULL};
    struct tls_session session = session_of(TLS_VERSION_12);
    struct message body = chain_of(paths);
    for (size_t len = 0; len < body.len; len++) {
        hand_over(&seen, &session, SERVER, TLS_CERTIFICATE, span_of(body.at, len));
        assert_true(seen.malformed > 0);
    }
    for (size_t at = 0; at < body.len; at++) {
        struct message changed = body;
        changed.at[at] ^= (uint8_t)(1u << (at * 7 % 8));
        hand_over(&seen, &session, SERVER, TLS_CERTIFICATE, span_of(changed.at, changed.len));
    }
    struct message der = read_file(DATA "leaf.der");
    for (size_t len = 0; len < der.len; len++) {
        struct x509 certificate;
        struct reader r = reader_of(span_of(der.at, len));
        assert_false(x509_read(&r, &certificate));
    }
}

/* --- DER, keys, times --- */

static void test_der(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        bool ok;
        size_t len;
    } rows[] = {
        {"3000", true, 0},
        {"30020102", true, 2},
        {"3081020102", true, 2},
        {"308200020102", true, 2},
        {"30840000000101", true, 1},
        {"3085000000000101", false, 0},
        {"3080", false, 0},
        {"300301", false, 0},
        {"3f0100", false, 0},
        {"30", false, 0},
        {"30ff", false, 0},
        {"3084ffffffff01", false, 0},
        {"", false, 0},
        {"3100", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hex_bytes bytes = from_hex(rows[i].hex);
        struct reader r = reader_of(hex_span(&bytes));
        struct span content = der_content(&r, DER_SEQUENCE);
        assert_int_equal(reader_ok(&r), rows[i].ok);
        assert_int_equal(content.len, rows[i].len);
    }
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *tag_and_len, *digits, *text;
        int64_t seconds;
    } rows[] = {
        {"\x17\x0d", "700101000000Z", "1970-01-01T00:00:00Z", 0},
        {"\x17\x0d", "691231235959Z", "1969-12-31T23:59:59Z", -1},
        {"\x17\x0d", "500101000000Z", "1950-01-01T00:00:00Z", -631152000},
        {"\x17\x0d", "491231235959Z", "2049-12-31T23:59:59Z", 2524607999},
        {"\x17\x0d", "000229120000Z", "2000-02-29T12:00:00Z", 951825600},
        {"\x18\x0f", "20240229000000Z", "2024-02-29T00:00:00Z", 1709164800},
        {"\x18\x0f", "99991231235959Z", "9999-12-31T23:59:59Z", 253402300799},
        {"\x18\x0f", "00000101000000Z", "0000-01-01T00:00:00Z", -62167219200},
        {"\x17\x0d", "701301000000Z", NULL, 0},
        {"\x17\x0d", "700001000000Z", NULL, 0},
        {"\x17\x0d", "700101240000Z", NULL, 0},
        {"\x17\x0d", "700101000000X", NULL, 0},
        {"\x17\x0d", "7001010000:0Z", NULL, 0},
        {"\x17\x0b", "7001010000Z", NULL, 0},
        {"\x18\x0d", "700101000000Z", NULL, 0},
        {"\x17\x00", "", NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[32];
        size_t len = strlen(rows[i].digits);
        memcpy(bytes, rows[i].tag_and_len, 2);
        memcpy(bytes + 2, rows[i].digits, len);
        char text[X509_TIME_TEXT] = "";
        int64_t seconds = 0;
        struct span time = span_of(bytes, 2 + len);
        assert_int_equal(x509_time_text(time, text), rows[i].text != NULL);
        assert_int_equal(x509_time_seconds(time, &seconds), rows[i].text != NULL);
        if (rows[i].text != NULL)
            assert_string_equal(text, rows[i].text);
        assert_true(seconds == rows[i].seconds);
    }
}

/* --- the smaller messages --- */

#define R "perpass.tls.certificate_request."
#define V "perpass.tls.certificate_verify."

static void test_small_messages(void **state)
{
    (void)state;
    static const struct {
        uint16_t version; /* 0: no server hello was seen */
        uint8_t type;
        const char *hex;
        const char *lines[4];
    } rows[] = {
        {TLS_VERSION_12,
         TLS_CERTIFICATE_REQUEST,
         "020140000404030804000600020101"
         "0000",
         {R "types=1|64|", R "signature_schemes=1027|2052|", R "authorities_count=2", NULL}},
        {0x0301,
         TLS_CERTIFICATE_REQUEST,
         "0201400000",
         {R "types=1|64|", R "authorities_count=0", NULL}},
        {0,
         TLS_CERTIFICATE_REQUEST,
         "0201400000",
         {R "types=1|64|", R "authorities_count=0", NULL}},
        {0, TLS_CERTIFICATE_REQUEST, "0101000204030000", {R "signature_schemes=1027|", NULL}},
        {TLS_VERSION_12,
         TLS_CERTIFICATE_VERIFY,
         "04030003aabbcc",
         {V "scheme=ecdsa_secp256r1_sha256", V "scheme_code=1027", V "signature_len=3", NULL}},
        {0xfeff, TLS_CERTIFICATE_VERIFY, "0003aabbcc", {V "signature_len=3", NULL}},
        {0, TLS_CERTIFICATE_VERIFY, "0003aabbcc", {V "signature_len=3", NULL}},
        {0, TLS_CERTIFICATE_VERIFY, "04030003aabbcc", {V "scheme_code=1027", NULL}},
        {TLS_VERSION_12,
         TLS_CERTIFICATE_STATUS,
         "01000002abcd",
         {"perpass.tls.certificate_status.type=1", "perpass.tls.certificate_status.len=2", NULL}},
        {TLS_VERSION_12,
         TLS_CERTIFICATE_URL,
         "00001b0004613a2f62"
         "01"
         "0102030405060708090a0b0c0d0e0f1011121314",
         {"perpass.tls.certificate_url.chain_type=0", "perpass.tls.certificate_url.urls=a:/b|",
          NULL}},
        {TLS_VERSION_12,
         TLS_NEW_SESSION_TICKET,
         "00001c200003616263",
         {"perpass.tls.new_session_ticket.lifetime=7200", "perpass.tls.new_session_ticket.len=3",
          "perpass.tls.new_session_ticket.ticket=616263", NULL}},
        {TLS_VERSION_12,
         TLS_NEW_SESSION_TICKET,
         "000000000000",
         {"perpass.tls.new_session_ticket.len=0", "perpass.tls.new_session_ticket.ticket=", NULL}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hex_bytes body = from_hex(rows[i].hex);
        struct tls_session session = session_of(rows[i].version);
        hand_over(&seen, &session, SERVER, rows[i].type, hex_span(&body));
        for (const char *const *line = rows[i].lines; *line != NULL; line++)
            expect(*line);
        assert_int_equal(seen.malformed, 0);
        for (size_t len = 0; len < body.len; len++) {
            hand_over(&seen, &session, SERVER, rows[i].type, span_of(body.at, len));
            /* Without the version, the start of one form may be all of the other. */
            assert_true(rows[i].version == 0 || seen.malformed == 1);
        }
        hand_over(&seen, &session, SERVER, rows[i].type, hex_span(&body));
        body.at[body.len++] = 0;
        hand_over(&seen, &session, SERVER, rows[i].type, hex_span(&body));
        assert_int_equal(seen.malformed, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_raw_public_key),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_prefixes_and_flips),
        cmocka_unit_test(test_der),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_small_messages),
    };
    return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
