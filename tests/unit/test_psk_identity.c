/* test_psk_identity.c: kinds, structure, entropy and origin of PSK identities. */
#include "dissectors/psk_origin.h"
#include "dissectors/recognise.h"
#include "from_hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* One row an identity: its kind, the confidence in it, and its structure. */
static const struct kind_row {
    const char *text;
    enum psk_kind kind;
    enum confidence confidence;
    enum psk_structure structure;
} kinds[] = {
    /* Persons */
    {"alice@example.com", PSK_KIND_NAI, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NAI},
    {"0234150999999999@wlan.mnc015.mcc234.3gppnetwork.org", PSK_KIND_NAI, CONFIDENCE_CERTAIN,
     PSK_STRUCTURE_NAI},
    {"@corp.example", PSK_KIND_NAI, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NAI},
    {"root@localhost", PSK_KIND_NAI, CONFIDENCE_LIKELY, PSK_STRUCTURE_NAI},
    {"j\xc3\xbcrgen@b\xc3\xbc"
     "cher.example",
     PSK_KIND_NAI, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NAI},
    {"a@b@c", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"@home", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"user@", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"meet me @ noon", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"user@-bad-.example", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"+491701234567", PSK_KIND_PHONE, CONFIDENCE_LIKELY, PSK_STRUCTURE_NONE},
    {"+12", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"+0123456789", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},

    /* MAC addresses and EUI-64 */
    {"00:1a:2b:3c:4d:5e", PSK_KIND_MAC, CONFIDENCE_CERTAIN, PSK_STRUCTURE_HEX_GROUPS},
    {"00-1A-2B-3C-4D-5E", PSK_KIND_MAC, CONFIDENCE_CERTAIN, PSK_STRUCTURE_HEX_GROUPS},
    {"001a.2b3c.4d5e", PSK_KIND_MAC, CONFIDENCE_CERTAIN, PSK_STRUCTURE_HEX_GROUPS},
    {"00:00:00:00:00:00", PSK_KIND_MAC, CONFIDENCE_LIKELY, PSK_STRUCTURE_HEX_GROUPS},
    {"001A2B3C4D5E", PSK_KIND_MAC, CONFIDENCE_LIKELY, PSK_STRUCTURE_NONE},
    {"b827eb123456", PSK_KIND_MAC, CONFIDENCE_LIKELY, PSK_STRUCTURE_NONE},
    {"da0102030405", PSK_KIND_MAC, CONFIDENCE_POSSIBLE, PSK_STRUCTURE_NONE},
    {"meter-00:1a:2b:3c:4d:5e", PSK_KIND_MAC, CONFIDENCE_LIKELY, PSK_STRUCTURE_FIELDS},
    {"AP_001A2B3C4D5E", PSK_KIND_MAC, CONFIDENCE_LIKELY, PSK_STRUCTURE_NONE},
    {"00:1a:2b:3c:4d", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_HEX_GROUPS},
    {"00:1a:2b:3c:4d:5g", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_FIELDS},
    {"00:1a-2b:3c-4d:5e", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_FIELDS},
    {"12:34:56", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_FIELDS},
    {"001a2b3c4d5e6", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"011a2b3c4d5e", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"000000abcdef", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"202311150930", PSK_KIND_SERIAL, CONFIDENCE_POSSIBLE, PSK_STRUCTURE_NONE},
    {"00:1a:2b:ff:fe:3c:4d:5e", PSK_KIND_EUI64, CONFIDENCE_CERTAIN, PSK_STRUCTURE_HEX_GROUPS},
    {"001a2bfffe3c4d5e", PSK_KIND_EUI64, CONFIDENCE_LIKELY, PSK_STRUCTURE_NONE},
    {"70B3D54998ABCDEF", PSK_KIND_EUI64, CONFIDENCE_LIKELY, PSK_STRUCTURE_NONE},
    {"9f86d081884c7d65", PSK_KIND_OPAQUE_TEXT, CONFIDENCE_LIKELY, PSK_STRUCTURE_NONE},

    /* Numbers of mobile networks */
    {"490154203237518", PSK_KIND_IMEI, CONFIDENCE_LIKELY, PSK_STRUCTURE_NONE},
    {"35-209900-176148-1", PSK_KIND_IMEI, CONFIDENCE_LIKELY, PSK_STRUCTURE_FIELDS},
    {"imei:490154203237518", PSK_KIND_IMEI, CONFIDENCE_LIKELY, PSK_STRUCTURE_FIELDS},
    {"490154203237519", PSK_KIND_SERIAL, CONFIDENCE_POSSIBLE, PSK_STRUCTURE_NONE},
    {"234150999999999", PSK_KIND_IMSI, CONFIDENCE_POSSIBLE, PSK_STRUCTURE_NONE},
    {"190154203237519", PSK_KIND_SERIAL, CONFIDENCE_POSSIBLE, PSK_STRUCTURE_NONE},
    {"000000000000000", PSK_KIND_SERIAL, CONFIDENCE_POSSIBLE, PSK_STRUCTURE_NONE},
    {"8944500102198304826", PSK_KIND_ICCID, CONFIDENCE_LIKELY, PSK_STRUCTURE_NONE},
    {"8944500102198304826F", PSK_KIND_ICCID, CONFIDENCE_LIKELY, PSK_STRUCTURE_NONE},
    {"8944500102198304827", PSK_KIND_SERIAL, CONFIDENCE_POSSIBLE, PSK_STRUCTURE_NONE},
    {"1144500102198304826", PSK_KIND_SERIAL, CONFIDENCE_POSSIBLE, PSK_STRUCTURE_NONE},

    /* UUIDs */
    {"f81d4fae-7dec-11d0-a765-00a0c91e6bf6", PSK_KIND_MAC_UUID, CONFIDENCE_LIKELY,
     PSK_STRUCTURE_UUID},
    {"{F47AC10B-58CC-4372-A567-0E02B2C3D479}", PSK_KIND_UUID, CONFIDENCE_CERTAIN,
     PSK_STRUCTURE_UUID},
    {"00000000-0000-0000-0000-000000000000", PSK_KIND_UUID, CONFIDENCE_LIKELY, PSK_STRUCTURE_UUID},
    {"f47ac10b58cc4372a5670e02b2c3d479", PSK_KIND_OPAQUE_TEXT, CONFIDENCE_LIKELY,
     PSK_STRUCTURE_NONE},
    {"f47ac10b-58cc-4372-a567-0e02b2c3d47", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN,
     PSK_STRUCTURE_FIELDS},
    {"{f47ac10b-58cc-4372-a567-0f02b2c3d479", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN,
     PSK_STRUCTURE_FIELDS},

    /* Addresses */
    {"192.0.2.17", PSK_KIND_IPV4, CONFIDENCE_LIKELY, PSK_STRUCTURE_IP_ADDRESS},
    {"1.2.3.4", PSK_KIND_IPV4, CONFIDENCE_POSSIBLE, PSK_STRUCTURE_IP_ADDRESS},
    {"1.2.3.4.5", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_FIELDS},
    {"192.0.2.300", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_FIELDS},
    {"2001:db8::17", PSK_KIND_IPV6, CONFIDENCE_LIKELY, PSK_STRUCTURE_IP_ADDRESS},
    {"fe80::1%eth0", PSK_KIND_IPV6, CONFIDENCE_LIKELY, PSK_STRUCTURE_IP_ADDRESS},
    {"2001:db8:0:1:2:3:4:5", PSK_KIND_IPV6, CONFIDENCE_CERTAIN, PSK_STRUCTURE_IP_ADDRESS},
    {"::", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"::1", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"std::string", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},

    /* URNs and distinguished names */
    {"urn:dev:mac:0024befffe804ff1", PSK_KIND_DEVICE_URN, CONFIDENCE_CERTAIN, PSK_STRUCTURE_URN},
    {"urn:imei:490154203237518", PSK_KIND_DEVICE_URN, CONFIDENCE_CERTAIN, PSK_STRUCTURE_URN},
    {"URN:UUID:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", PSK_KIND_DEVICE_URN, CONFIDENCE_CERTAIN,
     PSK_STRUCTURE_URN},
    {"urn:example:lamp", PSK_KIND_URN, CONFIDENCE_CERTAIN, PSK_STRUCTURE_URN},
    {"urn:", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"urn:dev:", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"burn:dev:mac", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_FIELDS},
    {"CN=sensor 7,OU=plant,O=Example", PSK_KIND_DN, CONFIDENCE_CERTAIN, PSK_STRUCTURE_DN},
    {"/C=DE/O=Example/CN=sensor", PSK_KIND_DN, CONFIDENCE_CERTAIN, PSK_STRUCTURE_DN},
    {"cn=sensor", PSK_KIND_DN, CONFIDENCE_LIKELY, PSK_STRUCTURE_DN},
    {"site=4,door=2", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_KEY_VALUE},
    {"e=mc2", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_KEY_VALUE},
    {"CN=", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},

    /* Names */
    {"Client_identity", PSK_KIND_DEFAULT_NAME, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"gw1.plant.example", PSK_KIND_HOST, CONFIDENCE_LIKELY, PSK_STRUCTURE_HOST},
    {"xn--bcher-kva.example.", PSK_KIND_HOST, CONFIDENCE_LIKELY, PSK_STRUCTURE_HOST},
    {"gw1", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"3.14159", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"a..b", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},

    /* Serial numbers */
    {"FCZ1834A0BC", PSK_KIND_SERIAL, CONFIDENCE_POSSIBLE, PSK_STRUCTURE_NONE},
    {"SN12345678", PSK_KIND_SERIAL, CONFIDENCE_LIKELY, PSK_STRUCTURE_NONE},
    {"serial: A10234", PSK_KIND_SERIAL, CONFIDENCE_LIKELY, PSK_STRUCTURE_FIELDS},
    {"snow123", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"42", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"GATEWAY", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},

    /* Opaque bytes as text */
    {"d41d8cd98f00b204e9800998ecf8427e", PSK_KIND_OPAQUE_TEXT, CONFIDENCE_LIKELY,
     PSK_STRUCTURE_NONE},
    {"da39a3ee5e6b4b0d3255bfef95601890afd80709", PSK_KIND_OPAQUE_TEXT, CONFIDENCE_LIKELY,
     PSK_STRUCTURE_NONE},
    {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", PSK_KIND_OPAQUE_TEXT,
     CONFIDENCE_LIKELY, PSK_STRUCTURE_NONE},
    {"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", PSK_KIND_OPAQUE_TEXT, CONFIDENCE_CERTAIN,
     PSK_STRUCTURE_NONE},
    {"q83vEjRWeJCrze8SNFZ4kKvN7xI", PSK_KIND_OPAQUE_TEXT, CONFIDENCE_LIKELY, PSK_STRUCTURE_NONE},
    {"MyVeryOwnDeviceNumberForTests", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},

    /* Structures */
    {"{\"id\":\"7\",\"site\":\"x\"}", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_JSON},
    {"<id>7</id>", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_XML},
    {"<3", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"site-12-door-4", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_FIELDS},
    {"my-psk-name", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"plant/door", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_FIELDS},
    {"door:", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"hello", PSK_KIND_PRINTABLE, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"T\xc3\xbcr", PSK_KIND_UTF8, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
    {"", PSK_KIND_EMPTY, CONFIDENCE_CERTAIN, PSK_STRUCTURE_NONE},
};

static void test_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct psk_identity_class class = psk_identity_classify(span_text(kinds[i].text));
        if (class.kind != kinds[i].kind || class.confidence != kinds[i].confidence ||
            class.structure != kinds[i].structure)
            fail_msg("\"%s\" is %s (%d) with structure %s, expected %s (%d), %s", kinds[i].text,
                     psk_kind_name(class.kind), class.confidence,
                     psk_structure_name(class.structure), psk_kind_name(kinds[i].kind),
                     kinds[i].confidence, psk_structure_name(kinds[i].structure));
        assert_int_equal(class.len, strlen(kinds[i].text));
        assert_true(strlen(class.reason) > 10);
        assert_int_equal(class.structure == PSK_STRUCTURE_NONE, class.structure_confidence == 0);
    }
}

/* Every kind is reached by a row above or by test_bytes. */
static void test_every_kind(void **state)
{
    (void)state;
    for (enum psk_kind kind = PSK_KIND_EMPTY; kind < PSK_KIND_OPAQUE; kind++) {
        bool reached = false;
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            reached = reached || kinds[i].kind == kind;
        if (!reached)
            fail_msg("no row for %s", psk_kind_name(kind));
    }
}

static void test_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum psk_kind kind;
        bool printable, utf8, ends_in_nul;
    } rows[] = {
        {"00", PSK_KIND_OPAQUE, false, false, false},
        {"ff00ff00", PSK_KIND_OPAQUE, false, false, false},
        {"616200", PSK_KIND_PRINTABLE, true, true, true},
        {"61620000", PSK_KIND_OPAQUE, false, false, false},
        {"610062", PSK_KIND_OPAQUE, false, false, false},
        {"610a62", PSK_KIND_OPAQUE, false, false, false},
        {"61c285", PSK_KIND_OPAQUE, false, false, false},        /* a C1 control character */
        {"61c2a062", PSK_KIND_UTF8, false, true, false},         /* no-break space */
        {"c0af", PSK_KIND_OPAQUE, false, false, false},          /* overlong */
        {"e0809f", PSK_KIND_OPAQUE, false, false, false},        /* overlong */
        {"eda080", PSK_KIND_OPAQUE, false, false, false},        /* a surrogate */
        {"f4908080", PSK_KIND_OPAQUE, false, false, false},      /* above U+10FFFF */
        {"61e282", PSK_KIND_OPAQUE, false, false, false},        /* ends too early */
        {"e282ac61f09f9880", PSK_KIND_UTF8, false, true, false}, /* 3 and 4 bytes */
        {"436c69656e745f6964656e7469747900", PSK_KIND_DEFAULT_NAME, true, true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hex_bytes bytes = from_hex(rows[i].hex);
        struct psk_identity_class class = psk_identity_classify(hex_span(&bytes));
        if (class.kind != rows[i].kind || class.printable != rows[i].printable ||
            class.utf8 != rows[i].utf8 || class.ends_in_nul != rows[i].ends_in_nul)
            fail_msg("%s is %s, printable %d, UTF-8 %d, ends in NUL %d", rows[i].hex,
                     psk_kind_name(class.kind), class.printable, class.utf8, class.ends_in_nul);
    }
}

static void test_severity(void **state)
{
    (void)state;
    assert_int_equal(psk_kind_severity(PSK_KIND_NAI), SEVERITY_HIGH);
    assert_int_equal(psk_kind_severity(PSK_KIND_MAC), SEVERITY_HIGH);
    assert_int_equal(psk_kind_severity(PSK_KIND_DEVICE_URN), SEVERITY_HIGH);
    assert_int_equal(psk_kind_severity(PSK_KIND_MAC_UUID), SEVERITY_HIGH);
    assert_int_equal(psk_kind_severity(PSK_KIND_UUID), SEVERITY_MEDIUM);
    assert_int_equal(psk_kind_severity(PSK_KIND_HOST), SEVERITY_MEDIUM);
    assert_int_equal(psk_kind_severity(PSK_KIND_PRINTABLE), SEVERITY_MEDIUM);
    assert_int_equal(psk_kind_severity(PSK_KIND_OPAQUE_TEXT), SEVERITY_LOW);
    assert_int_equal(psk_kind_severity(PSK_KIND_OPAQUE), SEVERITY_LOW);
    assert_int_equal(psk_kind_severity(PSK_KIND_EMPTY), SEVERITY_INFO);
}

static void test_realm(void **state)
{
    (void)state;
    assert_true(psk_identity_classify(span_text("bob@example.org")).realm);
    assert_true(psk_identity_classify(span_text("a,b@example")).realm);
    assert_false(psk_identity_classify(span_text("bob")).realm);
    assert_false(psk_identity_classify(span_text("bob@")).realm);
    assert_false(psk_identity_classify(span_text("bob@a b")).realm);
}

static void test_entropy(void **state)
{
    (void)state;
    uint8_t all[256], most[65535];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof most; i++)
        most[i] = (uint8_t)(i * 197);
    assert_int_equal(psk_identity_entropy(span_text("")), 0);
    assert_int_equal(psk_identity_entropy(span_text("aaaa")), 0);
    assert_int_equal(psk_identity_entropy(span_text("abab")), 100);
    assert_int_equal(psk_identity_entropy(span_text("aab")), 92);          /* 0.918 bits */
    assert_int_equal(psk_identity_entropy(span_text("hello world")), 285); /* 2.845 bits */
    assert_int_equal(psk_identity_entropy(span_of(all, sizeof all)), 800);
    assert_in_range(psk_identity_entropy(span_of(most, sizeof most)), 799, 800);
}

/* The longest identity there can be, of each sort. */
static void test_longest(void **state)
{
    (void)state;
    static const struct {
        uint8_t byte;
        enum psk_kind kind;
    } rows[] = {{'a', PSK_KIND_PRINTABLE}, {'.', PSK_KIND_PRINTABLE}, {'7', PSK_KIND_PRINTABLE},
                {0x00, PSK_KIND_OPAQUE},   {0xff, PSK_KIND_OPAQUE},   {'=', PSK_KIND_PRINTABLE}};
    static uint8_t bytes[65535];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memset(bytes, rows[i].byte, sizeof bytes);
        struct psk_identity_class class = psk_identity_classify(span_of(bytes, sizeof bytes));
        assert_int_equal(class.kind, rows[i].kind);
        assert_int_equal(class.len, 65535);
        assert_int_equal(class.entropy, 0);
    }
}

/* Any mixture of the signs that the recognisers look at ends, and gives a class that makes sense.
 */
static void test_any_text(void **state)
{
    (void)state;
    static const char signs[] = "::--..@@==//{}<>[]\"',;|+%# a0F9urncdev\xc3\xbc\x00";
    uint32_t random = 1;
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t text[40];
        size_t len = i % sizeof text;
        for (size_t j = 0; j < len; j++) {
            random = random * 1664525 + 1013904223;
            text[j] = (uint8_t)signs[(random >> 16) % sizeof signs];
        }
        struct psk_identity_class class = psk_identity_classify(span_of(text, len));
        assert_in_range(class.kind, PSK_KIND_EMPTY, PSK_KIND_OPAQUE);
        assert_in_range(class.confidence, CONFIDENCE_POSSIBLE, CONFIDENCE_CERTAIN);
        assert_non_null(class.reason);
        assert_int_equal(class.structure == PSK_STRUCTURE_NONE, class.structure_confidence == 0);
        assert_true(class.utf8 || class.structure == PSK_STRUCTURE_NONE);
        assert_int_equal(class.kind == PSK_KIND_EMPTY, len == 0);
        assert_in_range(class.entropy, 0, 533); /* log2(40) */
    }
}

#define RANDOM_32 "9d1f7c3a55e80b42c6d19e7f20a3b86417fe5dcb0948ae63f1720d8bb4395a6e"

/* One row an offer of TLS 1.3: identity as text or hex, age, length of the binder. */
static void test_origin(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
        uint32_t age;
        unsigned binder_len;
        enum psk_origin_verdict verdict;
        enum confidence confidence;
    } rows[] = {
        {"Client_identity", NULL, 0, 32, PSK_ORIGIN_EXTERNAL, CONFIDENCE_CERTAIN},
        {"hello", NULL, 0, 32, PSK_ORIGIN_EXTERNAL, CONFIDENCE_CERTAIN},
        {"hello", NULL, 4711, 32, PSK_ORIGIN_TICKET, CONFIDENCE_LIKELY},
        {"alice@example.com", NULL, 4711, 32, PSK_ORIGIN_UNKNOWN, CONFIDENCE_POSSIBLE},
        {NULL, RANDOM_32, 0, 32, PSK_ORIGIN_UNKNOWN, CONFIDENCE_POSSIBLE},
        {NULL, RANDOM_32, 0, 48, PSK_ORIGIN_UNKNOWN, CONFIDENCE_POSSIBLE},
        {NULL, RANDOM_32, 4711, 32, PSK_ORIGIN_TICKET, CONFIDENCE_CERTAIN},
        {NULL, RANDOM_32, 4711, 0, PSK_ORIGIN_TICKET, CONFIDENCE_CERTAIN},
        {NULL, "0102030405060708", 0, 32, PSK_ORIGIN_EXTERNAL, CONFIDENCE_LIKELY},
        {NULL, "0102030405060708", 1, 32, PSK_ORIGIN_TICKET, CONFIDENCE_LIKELY},
        {RANDOM_32, NULL, 0, 32, PSK_ORIGIN_EXTERNAL, CONFIDENCE_LIKELY},
        {RANDOM_32, NULL, 99, 32, PSK_ORIGIN_TICKET, CONFIDENCE_LIKELY},
        {NULL, "ff", 0, 32, PSK_ORIGIN_EXTERNAL, CONFIDENCE_LIKELY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hex_bytes bytes = {.len = 0};
        struct psk_offer offer = {.ticket_age = rows[i].age};
        if (rows[i].hex != NULL)
            bytes = from_hex(rows[i].hex);
        offer.identity = rows[i].hex != NULL ? hex_span(&bytes) : span_text(rows[i].text);
        if (rows[i].binder_len > 0)
            offer.binder_len = number(rows[i].binder_len);
        struct psk_identity_class class;
        struct psk_origin origin = psk_origin_of(&offer, &class);
        if (origin.verdict != rows[i].verdict || origin.confidence != rows[i].confidence)
            fail_msg("row %zu is %s (%d): %s", i, psk_origin_name(origin.verdict),
                     origin.confidence, origin.reason);
        assert_false(origin.imported);
        assert_true(strlen(origin.reason) > 20);
    }
}

static void test_imported(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        uint32_t age;
        bool imported;
        enum confidence confidence;
    } rows[] = {
        {"0003626f62000003040001", 0, true, CONFIDENCE_CERTAIN}, /* "bob", no context */
        {"0003626f620002aabbfefc0002", 0, true, CONFIDENCE_CERTAIN},
        {"0003626f62000003040001", 77, true, CONFIDENCE_LIKELY},
        {"0003626f6200000304000100", 0, false, 0}, /* a byte too many */
        {"0003626f620000030400", 0, false, 0},     /* a byte too few */
        {"0003626f62000003030001", 0, false, 0},   /* TLS 1.2 imports nothing */
        {"0003626f62000003040003", 0, false, 0},   /* a KDF that nobody registered */
        {"0000000003040001", 0, false, 0},         /* no identity */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hex_bytes bytes = from_hex(rows[i].hex);
        struct psk_offer offer = {.identity = hex_span(&bytes), .ticket_age = rows[i].age};
        struct psk_identity_class class;
        struct psk_origin origin = psk_origin_of(&offer, &class);
        assert_int_equal(origin.imported, rows[i].imported);
        if (!rows[i].imported)
            continue;
        assert_int_equal(origin.verdict, PSK_ORIGIN_EXTERNAL);
        assert_int_equal(origin.confidence, rows[i].confidence);
        assert_true(span_equal(origin.import.external_identity, span_text("bob")));
        assert_int_equal(class.kind, PSK_KIND_PRINTABLE);
        assert_int_equal(class.len, 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),   cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_bytes),   cmocka_unit_test(test_severity),
        cmocka_unit_test(test_realm),   cmocka_unit_test(test_entropy),
        cmocka_unit_test(test_longest), cmocka_unit_test(test_any_text),
        cmocka_unit_test(test_origin),  cmocka_unit_test(test_imported),
    };
    return cmocka_run_group_tests_name("psk_identity", tests, NULL, NULL);
}
