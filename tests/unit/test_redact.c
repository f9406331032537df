/* test_redact.c: reports/redact.c and redact_key.c: the table of policies, tokens, key files. */
#include "reports/redact.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY_DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"

/* A file of the test's own. */
static void make_file(char path[64], const void *bytes, size_t len, mode_t mode)
{
    snprintf(path, 64, "/tmp/perpass-redact-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static struct redactor *made_of(enum privacy_policy policy, const void *key, size_t len)
{
    char path[64];
    struct error error = {""};
    make_file(path, key, len, 0600);
    const struct redact_options options = {.policy = policy, .key_file = path};
    struct redactor *redactor = redactor_new(&options, &error);
    unlink(path);
    assert_string_equal(error.text, "");
    assert_non_null(redactor);
    return redactor;
}

static struct redactor *made(enum privacy_policy policy)
{
    return made_of(policy, KEY_DIGITS "\n", 65);
}

static struct redactor *made_random(enum privacy_policy policy)
{
    struct error error = {""};
    const struct redact_options options = {.policy = policy};
    struct redactor *redactor = redactor_new(&options, &error);
    assert_non_null(redactor);
    return redactor;
}

#define WIRE(value_type, literal)                                                                  \
    {                                                                                              \
        .type = value_type, .bytes = {(const uint8_t *)(literal), sizeof(literal) - 1 }            \
    }

/* What each policy shows; NULL: hidden. The tokens under KEY_DIGITS were computed with Python's hmac:
 * HMAC(HKDF(key, salt "perpass pseudonyms", info "perpass token KIND"), value). */
static const struct {
    struct value value;
    enum privacy privacy;
    const char *kind;
    const char *strict, *internal, *raw;
} rows[] = {
    {WIRE(VALUE_STRING, "h2"), PRIVACY_PUBLIC, NULL, "h2", "h2", "h2"},
    {WIRE(VALUE_BYTES, "\x0a\xff"), PRIVACY_PUBLIC, NULL, "0aff", "0aff", "0aff"},
    {{.type = VALUE_TEXT, .text = "dtls"}, PRIVACY_PUBLIC, NULL, "dtls", "dtls", "dtls"},
    {WIRE(VALUE_STRING, "alice@example.com"), PRIVACY_IDENTIFIER, "psk",
     "psk:bf4a98a47fbce65bd912a9924ee49c11", "psk:bf4a98a47fbce65bd912a9924ee49c11",
     "alice@example.com"},
    {WIRE(VALUE_BYTES, "alice@example.com"), PRIVACY_IDENTIFIER, "psk",
     "psk:bf4a98a47fbce65bd912a9924ee49c11", "psk:bf4a98a47fbce65bd912a9924ee49c11",
     "616c696365406578616d706c652e636f6d"},
    {{.type = VALUE_NUMBER, .number = 4711},
     PRIVACY_IDENTIFIER,
     NULL,
     "id:03857af4bdd612fd3ed40490375fdd5a",
     "id:03857af4bdd612fd3ed40490375fdd5a",
     "#4711"},
    {WIRE(VALUE_BYTES, ""), PRIVACY_IDENTIFIER, "session", "", "", ""},
    {WIRE(VALUE_STRING, "www.shop.example"), PRIVACY_NAME, "host",
     "host:e38938333695a1a106849ae00edda387 (3 labels, .example)", "www.shop.example",
     "www.shop.example"},
    {WIRE(VALUE_STRING, "WWW.Shop.Example."), PRIVACY_NAME, "host",
     "host:e38938333695a1a106849ae00edda387 (3 labels, .Example)", "WWW.Shop.Example.",
     "WWW.Shop.Example."},
    {{.type = VALUE_BOOL, .truth = true}, PRIVACY_IDENTIFIER, NULL, NULL, NULL, "yes"},
    {WIRE(VALUE_ADDRESS, "\x7f\0\0\1"), PRIVACY_ADDRESS, NULL, "127.0.0.1", "127.0.0.1",
     "127.0.0.1"},
    {WIRE(VALUE_ADDRESS, "\1\2\3"), PRIVACY_ADDRESS, NULL,
     "address:0ab2436d5130b805cd688de130e82a20", "010203", "010203"},
    {WIRE(VALUE_MAC, "\xff\xff\xff\xff\xff\xff"), PRIVACY_ADDRESS, NULL, "FF-FF-FF-FF-FF-FF",
     "FF-FF-FF-FF-FF-FF", "FF-FF-FF-FF-FF-FF"},
    {WIRE(VALUE_STRING, "enable secret 5 $1$x"), PRIVACY_CONTENT, NULL, NULL, NULL, NULL},
};

static void check_shown(struct redactor *redactor, size_t row, const char *want)
{
    struct shown shown = redact(redactor, &rows[row].value, rows[row].privacy, rows[row].kind);
    char text[256] = "";
    if (want == NULL) {
        assert_int_equal(shown.type, SHOWN_NOTHING);
        assert_true(shown.hidden);
        return;
    }
    assert_false(shown.hidden);
    if (shown.type == SHOWN_NUMBER)
        snprintf(text, sizeof text, "#%llu", (unsigned long long)shown.number);
    else if (shown.type == SHOWN_TRUTH)
        snprintf(text, sizeof text, "%s", shown.truth ? "yes" : "no");
    else
        snprintf(text, sizeof text, "%s", shown.text);
    assert_string_equal(text, want);
    if (shown.type == SHOWN_TEXT) {
        assert_int_equal(shown.len, strlen(shown.text));
        assert_int_equal(shown.token, strchr(want, ':') != NULL);
    }
}

static void test_policies(void **state)
{
    (void)state;
    struct redactor *strict = made(POLICY_STRICT), *internal = made(POLICY_INTERNAL);
    struct redactor *raw = made(POLICY_RAW);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_shown(strict, i, rows[i].strict);
        check_shown(internal, i, rows[i].internal);
        check_shown(raw, i, rows[i].raw);
    }
    redactor_free(strict);
    redactor_free(internal);
    redactor_free(raw);
}

static void test_absent(void **state)
{
    (void)state;
    struct redactor *redactor = made(POLICY_STRICT);
    const struct value absent = {.type = VALUE_ABSENT};
    for (enum privacy privacy = PRIVACY_PUBLIC; privacy <= PRIVACY_CONTENT; privacy++) {
        struct shown shown = redact(redactor, &absent, privacy, NULL);
        assert_int_equal(shown.type, SHOWN_NOTHING);
        assert_false(shown.hidden);
    }
    redactor_free(redactor);
}

static const struct {
    const char *name, *shape;
} shapes[] = {
    {"secret", "(1 label)"},
    {"secret.", "(1 label)"},
    {"a.secret", "(2 labels, other)"},
    {"a.b.c.d.e.com", "(6 labels, .com)"},
    {"a.de", "(2 labels, .de)"},
    {"*.a.org", "(3 labels, .org)"},
    {"10.1.2.3", "(4 labels, other)"},
    {"a..com", "(6 bytes)"},
    {".com", "(4 bytes)"},
    {"/boot/site-secret.cfg", "(21 bytes)"},
    {"caf\xc3\xa9.fr", "(8 bytes)"},
};

static void test_shapes(void **state)
{
    (void)state;
    struct redactor *redactor = made(POLICY_STRICT);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const struct value value = {.type = VALUE_STRING, .bytes = span_text(shapes[i].name)};
        struct shown shown = redact(redactor, &value, PRIVACY_NAME, "host");
        assert_true(shown.token);
        assert_string_equal(shown.text + strlen("host:") + 32 + 1, shapes[i].shape);
        assert_null(strstr(shown.text, "secret"));
    }
    redactor_free(redactor);
}

static void test_kinds_do_not_join(void **state)
{
    (void)state;
    struct redactor *redactor = made(POLICY_STRICT);
    const struct value value = {.type = VALUE_BYTES, .bytes = span_text("one value")};
    char psk[64], hint[64];
    snprintf(psk, sizeof psk, "%s", redact(redactor, &value, PRIVACY_IDENTIFIER, "psk").text);
    snprintf(hint, sizeof hint, "%s", redact(redactor, &value, PRIVACY_IDENTIFIER, "hint").text);
    assert_string_not_equal(strchr(psk, ':'), strchr(hint, ':'));
    redactor_free(redactor);
}

/* The longest identity is whole; a longer value says that it was cut. */
static void test_long_values(void **state)
{
    (void)state;
    static uint8_t bytes[65536];
    memset(bytes, 0x01, sizeof bytes);
    struct redactor *redactor = made(POLICY_RAW);
    struct value value = {.type = VALUE_STRING, .bytes = span_of(bytes, 65535)};
    struct shown shown = redact(redactor, &value, PRIVACY_IDENTIFIER, "psk");
    assert_int_equal(shown.len, 4 * 65535);
    assert_memory_equal(shown.text + shown.len - 4, "\\x01", 5);
    value = (struct value){.type = VALUE_BYTES, .bytes = span_of(bytes, 65536)};
    shown = redact(redactor, &value, PRIVACY_IDENTIFIER, "psk");
    assert_string_equal(shown.text + 2 * 65535, "\xe2\x80\xa6[+1 bytes]");
    redactor_free(redactor);
}

static void test_addresses(void **state)
{
    (void)state;
    struct redactor *strict = made(POLICY_STRICT), *raw = made(POLICY_RAW);
    static const uint8_t ipv6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    static const uint8_t mac[] = {0x00, 0x1b, 0x63, 0xaa, 0xbb, 0xcc};
    struct value value = {.type = VALUE_ADDRESS, .bytes = span_of(ipv6, sizeof ipv6)};
    assert_string_equal(redact(raw, &value, PRIVACY_ADDRESS, NULL).text, "2001:db8::1");
    struct shown shown = redact(strict, &value, PRIVACY_ADDRESS, NULL);
    assert_true(shown.token);
    assert_non_null(strchr(shown.text, ':'));
    assert_string_not_equal(shown.text, "2001:db8::1");
    value = (struct value){.type = VALUE_MAC, .bytes = span_of(mac, sizeof mac)};
    assert_string_equal(redact(raw, &value, PRIVACY_ADDRESS, NULL).text, "00-1B-63-AA-BB-CC");
    shown = redact(strict, &value, PRIVACY_ADDRESS, NULL);
    assert_true(shown.token);
    assert_memory_equal(shown.text, "00-1B-63-", 9);
    assert_string_not_equal(shown.text + 9, "AA-BB-CC");
    redactor_free(strict);
    redactor_free(raw);
}

/* Bytes, upper and lower case digits and line ends make the same key. */
static void test_key_forms(void **state)
{
    (void)state;
    uint8_t key[32];
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)i;
    const struct {
        const void *at;
        size_t len;
    } forms[] = {{key, 32}, {KEY_DIGITS, 64}, {KEY_DIGITS "\n", 65}, {KEY_DIGITS "\r\n", 66}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct redactor *redactor = made_of(POLICY_STRICT, forms[i].at, forms[i].len);
        assert_string_equal(redactor_key_id(redactor), "8adc89f9");
        assert_false(redactor_key_is_random(redactor));
        assert_string_equal(redactor_stability(redactor), "stable");
        redactor_free(redactor);
    }
}

static void check_refused(const char *path, const char *reason)
{
    struct error error = {""};
    const struct redact_options options = {.policy = POLICY_STRICT, .key_file = path};
    assert_null(redactor_new(&options, &error));
    assert_non_null(strstr(error.text, reason));
    assert_non_null(strstr(error.text, path));
}

static const struct {
    size_t len;
    mode_t mode;
    const char *reason;
} bad_files[] = {
    {64, 0640, "chmod 600 '"}, {64, 0604, "mode 0604"},      {64, 0620, "chmod 600 '"},
    {0, 0600, "holds no key"}, {31, 0600, "holds no key"},   {33, 0600, "holds no key"},
    {63, 0600, "64 hex"},      {80, 0600, "/dev/urandom >"},
};

static void test_bad_key_files(void **state)
{
    (void)state;
    static const char digits[] = KEY_DIGITS "0123456789abcdef";
    char path[64];
    for (size_t i = 0; i < sizeof bad_files / sizeof bad_files[0]; i++) {
        make_file(path, digits, bad_files[i].len, bad_files[i].mode);
        check_refused(path, bad_files[i].reason);
        unlink(path);
    }
    char letters[64];
    memset(letters, 'g', sizeof letters);
    make_file(path, letters, sizeof letters, 0600);
    check_refused(path, "holds no key");
    unlink(path);
    check_refused(path, "No such file");
    check_refused("/tmp", "not a regular file");
    assert_int_equal(mkfifo(path, 0600), 0);
    check_refused(path, "not a regular file");
    unlink(path);
}

static void test_random_keys(void **state)
{
    (void)state;
    struct redactor *a = made_random(POLICY_STRICT), *b = made_random(POLICY_STRICT);
    assert_true(redactor_key_is_random(a));
    assert_string_equal(redactor_stability(a), "session");
    assert_string_not_equal(redactor_key_id(a), redactor_key_id(b));
    const struct value value = {.type = VALUE_BYTES, .bytes = span_text("identity")};
    char text[64];
    snprintf(text, sizeof text, "%s", redact(a, &value, PRIVACY_IDENTIFIER, "psk").text);
    assert_string_equal(text, redact(a, &value, PRIVACY_IDENTIFIER, "psk").text);
    assert_string_not_equal(text, redact(b, &value, PRIVACY_IDENTIFIER, "psk").text);
    redactor_free(a);
    redactor_free(b);
}

/* Computed with Python's hmac: the key of the epoch first, then as without. */
static void test_epochs(void **state)
{
    (void)state;
    static const uint64_t day_ns = (uint64_t)86400 * 1000000000;
    static const uint64_t in_2026 = 1795219200; /* 2026-11-21T00:00:00Z, a Saturday */
    static const struct {
        enum redact_epoch epoch;
        const char *name, *token;
    } epochs[] = {{EPOCH_NEVER, "", "psk:bf4a98a47fbce65bd912a9924ee49c11"},
                  {EPOCH_DAY, "2026-11-21", "psk:bc8e158a51e6a51fa9a4eb649795d64f"},
                  {EPOCH_WEEK, "2026-11-16/P7D", "psk:b22695c06f91afc056f71460da334832"}};
    const struct value value = {.type = VALUE_STRING, .bytes = span_text("alice@example.com")};
    const struct value address = {.type = VALUE_ADDRESS, .bytes = span_text("\x0a\1\2\3")};
    static const uint8_t hardware_address[6] = {0x00, 0x1b, 0x63, 0xaa, 0xbb, 0xcc};
    const struct value mac = {.type = VALUE_MAC, .bytes = span_of(hardware_address, 6)};
    for (size_t i = 0; i < sizeof epochs / sizeof epochs[0]; i++) {
        static const char digits[] = KEY_DIGITS;
        struct error error = {""};
        char path[64], ip[48], hardware[24], id[2][33];
        make_file(path, digits, 64, 0600);
        const struct redact_options options = {
            .policy = POLICY_STRICT, .key_file = path, .epoch = epochs[i].epoch};
        struct redactor *redactor = redactor_new(&options, &error);
        unlink(path);
        assert_non_null(redactor);
        redactor_at(redactor, in_2026 * 1000000000);
        assert_string_equal(redactor_epoch(redactor), epochs[i].name);
        assert_string_equal(redact(redactor, &value, PRIVACY_IDENTIFIER, "psk").text,
                            epochs[i].token);
        snprintf(ip, sizeof ip, "%s", redact(redactor, &address, PRIVACY_ADDRESS, NULL).text);
        snprintf(hardware, sizeof hardware, "%s",
                 redact(redactor, &mac, PRIVACY_ADDRESS, NULL).text);
        redact_id(redactor, span_text("abc"), id[0]);
        /* The last nanosecond of the epoch, and the first of the next. */
        uint64_t end = in_2026 * 1000000000 + (epochs[i].epoch == EPOCH_WEEK ? 2 : 1) * day_ns;
        redactor_at(redactor, end - 1);
        assert_string_equal(redact(redactor, &value, PRIVACY_IDENTIFIER, "psk").text,
                            epochs[i].token);
        redactor_at(redactor, end);
        bool same = epochs[i].epoch == EPOCH_NEVER;
        assert_int_equal(
            strcmp(redact(redactor, &value, PRIVACY_IDENTIFIER, "psk").text, epochs[i].token) == 0,
            same);
        assert_int_equal(strcmp(redact(redactor, &address, PRIVACY_ADDRESS, NULL).text, ip) == 0,
                         same);
        assert_int_equal(strcmp(redact(redactor, &mac, PRIVACY_ADDRESS, NULL).text, hardware) == 0,
                         same);
        redact_id(redactor, span_text("abc"), id[1]);
        assert_string_equal(id[0], id[1]);
        assert_string_equal(redactor_key_id(redactor), "8adc89f9");
        redactor_at(redactor, in_2026 * 1000000000);
        assert_string_equal(redact(redactor, &address, PRIVACY_ADDRESS, NULL).text, ip);
        redactor_free(redactor);
    }
}

/* With a key file Crypto-PAn takes the key as it is: the digits are those of its authors' example. */
static void test_crypto_pan(void **state)
{
    (void)state;
    static const char digits[] = "1522178d33a4cf80130a5b1649907d10d8988f837979652762574c2d2a842202";
    struct error error = {""};
    char path[64];
    make_file(path, digits, 64, 0600);
    const struct redact_options options = {
        .policy = POLICY_STRICT, .key_file = path, .scheme = SCHEME_CRYPTO_PAN};
    struct redactor *redactor = redactor_new(&options, &error);
    unlink(path);
    assert_non_null(redactor);
    const struct value address = {.type = VALUE_ADDRESS, .bytes = span_text("\x80\x0b\x44\x84")};
    struct shown shown = redact(redactor, &address, PRIVACY_ADDRESS, NULL);
    assert_string_equal(shown.text, "135.242.180.132");
    assert_true(shown.token);
    redactor_free(redactor);
}

/* The same input gives the same id in every run; a key file makes the ids its own. */
static void test_ids(void **state)
{
    (void)state;
    struct redactor *keyed = made(POLICY_STRICT), *strict = made_random(POLICY_STRICT);
    struct redactor *raw = made_random(POLICY_RAW);
    char id[33];
    redact_id(keyed, span_text("abc"), id);
    assert_string_equal(id, "d963cf4df090d374765b0cb28d54bdda");
    redact_id(strict, span_text("abc"), id);
    assert_string_equal(id, "d4299184d6c0ceacdbc8b0c714ac479c");
    redact_id(raw, span_text("abc"), id);
    assert_string_equal(id, "d4299184d6c0ceacdbc8b0c714ac479c");
    redact_id(raw, span_text("abd"), id);
    assert_string_not_equal(id, "d4299184d6c0ceacdbc8b0c714ac479c");
    redactor_free(keyed);
    redactor_free(strict);
    redactor_free(raw);
}

static void test_names(void **state)
{
    (void)state;
    enum privacy_policy policy;
    for (enum privacy_policy p = POLICY_STRICT; p <= POLICY_RAW; p++) {
        assert_true(privacy_policy_parse(privacy_policy_name(p), &policy));
        assert_int_equal(policy, p);
    }
    assert_false(privacy_policy_parse("Strict", &policy));
    assert_false(privacy_policy_parse("", &policy));
    struct redactor *strict = made(POLICY_STRICT), *raw = made(POLICY_RAW);
    assert_string_equal(redactor_technique(strict, PRIVACY_ADDRESS), "structured permutation");
    assert_string_equal(redactor_technique(strict, PRIVACY_NAME), "permutation");
    assert_string_equal(redactor_technique(strict, PRIVACY_CONTENT), "black-marker");
    assert_string_equal(redactor_technique(raw, PRIVACY_IDENTIFIER), "none");
    assert_null(redactor_stability(raw));
    redactor_free(strict);
    redactor_free(raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policies),    cmocka_unit_test(test_absent),
        cmocka_unit_test(test_shapes),      cmocka_unit_test(test_kinds_do_not_join),
        cmocka_unit_test(test_long_values), cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_key_forms),   cmocka_unit_test(test_bad_key_files),
        cmocka_unit_test(test_random_keys), cmocka_unit_test(test_epochs),
        cmocka_unit_test(test_crypto_pan),  cmocka_unit_test(test_ids),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("redact", tests, NULL, NULL);
}
