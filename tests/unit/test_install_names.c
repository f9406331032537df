/* test_install_names.c: what names of files tell, each with names that only look so. */
#include "analysis/install_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NUM_OF(table) (sizeof(table) / sizeof *(table))

static const uint8_t mac[6] = {0x00, 0x00, 0x5e, 0x00, 0x53, 0xa7};
static const uint8_t address[4] = {192, 0, 2, 91};
static const uint8_t uuid[16] = {0x4c, 0x4c, 0x45, 0x44, 0x00, 0x4d, 0x10, 0x38,
                                 0x80, 0x5a, 0xc2, 0xc0, 0x4f, 0x59, 0x4a, 0x32};

/* A device of which everything is known, and one of which nothing is. */
static const struct install_self known = {.mac = {mac, 6},
                                          .address = {address, 4},
                                          .serial = {(const uint8_t *)"FOC1234X0AB", 11},
                                          .uuid = {uuid, 16},
                                          .host = {(const uint8_t *)"edge7", 5}};
static const struct install_self unknown = {.mac = {.at = NULL}};

static void test_file(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum install_name_file file;
    } rows[] = {{"router-confg", INSTALL_NAME_CONFIGURATION},
                {"/cfg/SN19842256.cfg", INSTALL_NAME_CONFIGURATION},
                {"SN19842256.enc", INSTALL_NAME_CONFIGURATION},
                {"SEP00005E0053A7.cnf.xml", INSTALL_NAME_CONFIGURATION},
                {"startup-config", INSTALL_NAME_CONFIGURATION},
                {"pxelinux.cfg/default", INSTALL_NAME_CONFIGURATION},
                {"grub/grub.cfg", INSTALL_NAME_CONFIGURATION},
                {"pxelinux.0", INSTALL_NAME_BOOT},
                {"boot\\x64\\wdsmgfw.efi", INSTALL_NAME_BOOT},
                {"Boot\\BCD", INSTALL_NAME_BOOT},
                {"images/vmlinuz-6.1.0-18-amd64", INSTALL_NAME_BOOT},
                {"INITRD.GZ", INSTALL_NAME_BOOT},
                {"onie-installer-x86_64", INSTALL_NAME_BOOT},
                {"grub/x86_64-efi/normal.mod", INSTALL_NAME_BOOT},
                {"rfc1350.txt", INSTALL_NAME_UNKNOWN},
                {"index.html", INSTALL_NAME_UNKNOWN},
                {"data.json", INSTALL_NAME_UNKNOWN},
                {"", INSTALL_NAME_UNKNOWN},
                {"/", INSTALL_NAME_UNKNOWN}};
    for (size_t i = 0; i < NUM_OF(rows); i++)
        if (install_name_file(span_text(rows[i].name)) != rows[i].file)
            fail_msg("%s is not %d", rows[i].name, (int)rows[i].file);
}

static void test_encrypted(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool encrypted;
    } rows[] = {
        {"SN19842256.enc", true}, {"a.P7M", true}, {"a.cms", true},  {"a.cfg.pgp", true},
        {"a.gpg", true},          {"a.age", true}, {"a.cfg", false}, {"encrypted.cfg", false},
        {"a.enc.bak", false},     {"enc", false},  {"", false},      {"presence", false}};
    for (size_t i = 0; i < NUM_OF(rows); i++)
        if (install_name_encrypted(span_text(rows[i].name)) != rows[i].encrypted)
            fail_msg("%s", rows[i].name);
}

static void test_stem(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {{"SN19842256.enc", "SN19842256.cfg", true},
                {"SN19842256.cfg.enc", "SN19842256.cfg", true},
                {"/cfg/sn19842256.p7m", "SN19842256", true},
                {"router-confg.pgp", "router-confg", true},
                {"phone.cnf.xml.enc", "phone.cnf.xml", true},
                {"SN19842256.enc", "SN19842257.cfg", false},
                {"SN1.enc", "SN19842256.cfg", false},
                {"a.enc", "b.enc", false},
                {".enc", ".cfg", false}}; /* an ending is not taken off when nothing is left */
    for (size_t i = 0; i < NUM_OF(rows); i++)
        if (install_name_same_stem(span_text(rows[i].a), span_text(rows[i].b)) != rows[i].same)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
}

static void test_identity(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const struct install_self *self;
        const char *kind;
        enum confidence confidence;
    } rows[] = {{"SEP00005E0053A7.cnf.xml", &known, "mac", CONFIDENCE_CERTAIN},
                {"pxelinux.cfg/01-00-00-5e-00-53-a7", &known, "mac", CONFIDENCE_CERTAIN},
                {"0000.5e00.53a7.cfg", &known, "mac", CONFIDENCE_CERTAIN},
                {"foc1234x0ab.cfg", &known, "serial", CONFIDENCE_CERTAIN},
                {"cfg/FOC1234X0AB/startup", &known, "serial", CONFIDENCE_CERTAIN},
                {"4c4c4544-004d-1038-805a-c2c04f594a32", &known, "uuid", CONFIDENCE_CERTAIN},
                {"44454c4c-4d00-3810-805a-c2c04f594a32", &known, "uuid", CONFIDENCE_CERTAIN},
                {"pxelinux.cfg/C000025B", &known, "ip", CONFIDENCE_CERTAIN},
                {"ztp/192.0.2.91/config", &known, "ip", CONFIDENCE_CERTAIN},
                {"edge7-confg", &known, "host", CONFIDENCE_CERTAIN},
                {"network-confg", &known, NULL, 0},
                {"SEP00005E0053A7.cnf.xml", &unknown, "mac", CONFIDENCE_LIKELY},
                {"01-00-00-5e-00-53-a7", &unknown, "mac", CONFIDENCE_LIKELY},
                {"SN19842256.enc", &unknown, "serial", CONFIDENCE_LIKELY},
                {"000000000000.cfg", &unknown, NULL, 0}, /* a telephone's default, of no device */
                {"010000000001.cfg", &unknown, "serial",
                 CONFIDENCE_POSSIBLE}, /* a group address is no device */
                {"router-confg", &unknown, NULL, 0},
                {"vmlinuz", &unknown, NULL, 0},
                {"0123456789abcdef.bin", &unknown, NULL, 0}, /* sixteen digits are no MAC address */
                {"", &unknown, NULL, 0}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct install_name_identity found =
            install_name_identity(span_text(rows[i].name), rows[i].self);
        bool same = found.kind == NULL || rows[i].kind == NULL
                        ? found.kind == rows[i].kind
                        : strcmp(found.kind, rows[i].kind) == 0;
        if (!same || found.confidence != rows[i].confidence)
            fail_msg("%s: %s, %d", rows[i].name, found.kind != NULL ? found.kind : "nothing",
                     (int)found.confidence);
        if (found.kind != NULL)
            assert_true(strlen(found.reason) > 20);
    }
}

static void test_walk(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const struct install_self *self;
        const char *walk;
    } rows[] = {{"pxelinux.cfg/01-00-00-5e-00-53-a7", &known, "pxelinux"},
                {"pxelinux.cfg/44454c4c-4d00-3810-805a-c2c04f594a32", &known, "pxelinux"},
                {"pxelinux.cfg/C000025B", &known, "pxelinux"},
                {"pxelinux.cfg/C00002", &known, "pxelinux"},
                {"pxelinux.cfg/C", &known, "pxelinux"},
                {"pxelinux.cfg/default", &known, "pxelinux"},
                {"/tftp/pxelinux.cfg/default-arm-bcm283x", &known, "pxelinux"},
                {"grub/grub.cfg-01-00-00-5e-00-53-a7", &known, "grub"},
                {"grub/grub.cfg-C000", &known, "grub"},
                {"grub.cfg", &known, "grub"},
                {"network-confg", &known, "ios"},
                {"cisconet.cfg", &known, "ios"},
                {"edge7-confg", &known, "ios"},
                {"EDGE7.cfg", &known, "ios"},
                {"SEP00005E0053A7.cnf.xml", &known, "phone"},
                {"00005e0053a7.cfg", &known, "phone"},
                {"XMLDefault.cnf.xml", &known, "phone"},
                {"onie-installer-x86_64-accton_as7326_56x-r0", &known, "onie"},
                {"pxelinux.cfg/01-02-00-5e-00-53-01", &unknown, "pxelinux"},
                /* of others: who asks for these walks through nothing */
                {"pxelinux.cfg/01-00-00-5e-00-53-ff", &known, NULL},
                {"pxelinux.cfg/C000025C", &known, NULL},
                {"pxelinux.cfg/C000025B1", &known, NULL},
                {"pxelinux.cfg/d4c4c454-4d00-3810-805a-c2c04f594a32", &known, NULL},
                {"SEP00005E0053FF.cnf.xml", &known, NULL},
                {"edge8-confg", &known, NULL},
                {"sw1-confg", &unknown, NULL},
                {"running-config", &unknown, NULL},
                {"", &known, NULL}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        const char *walk = install_name_walk(span_text(rows[i].name), rows[i].self);
        bool same = walk == NULL || rows[i].walk == NULL ? walk == rows[i].walk
                                                         : strcmp(walk, rows[i].walk) == 0;
        if (!same)
            fail_msg("%s: %s", rows[i].name, walk != NULL ? walk : "none");
    }
}

static void test_shape(void **state)
{
    (void)state;
    struct install_name_shape shape = install_name_shape(span_text("cfg9/sw0017-confg"));
    assert_true(shape.any);
    assert_int_equal(shape.number, 17);
    assert_true(span_equal(shape.before, span_text("cfg9/sw")));
    assert_true(span_equal(shape.after, span_text("-confg")));
    assert_false(install_name_shape(span_text("cfg9/switch-confg")).any);
    assert_false(install_name_shape(span_text("")).any);
    assert_false(install_name_shape(span_text("1234567890123456789")).any);
    assert_int_equal(install_name_shape(span_text("123456789012345678")).number,
                     UINT64_C(123456789012345678));
}

/* Names are anybody's bytes. */
static void test_any_bytes(void **state)
{
    (void)state;
    uint8_t name[1400];
    uint32_t seed = 7;
    for (unsigned round = 0; round < 4000; round++) {
        size_t len = round % sizeof name;
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525 + 1013904223;
            name[i] = round % 3 == 0 ? (uint8_t)(seed >> 24)
                                     : (uint8_t) "0123456789abcdefABCDEF-./:_x"[(seed >> 24) % 28];
        }
        struct span text = span_of(name, len);
        install_name_file(text);
        install_name_walk(text, &known);
        install_name_identity(text, &unknown);
        struct install_name_shape shape = install_name_shape(text);
        struct span stem = install_name_stem(text);
        assert_true(!shape.any || shape.before.len + shape.after.len < len);
        assert_true(stem.len <= len && (stem.len > 0 || len == 0));
        assert_true(install_name_same_stem(text, text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),      cmocka_unit_test(test_encrypted),
        cmocka_unit_test(test_stem),      cmocka_unit_test(test_identity),
        cmocka_unit_test(test_walk),      cmocka_unit_test(test_shape),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests_name("install_names", tests, NULL, NULL);
}
