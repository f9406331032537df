/* test_install_rules.c: each rule about installs with what makes it fire, what only looks so, and its thresholds. */
#include "tests/unit/install_world.h"

/* --- Content --- */

/* One row a file that a device gets: what fires. */
static const struct content_row {
    const char *name, *about;
    struct content_facts facts;
    const char *fires;
} contents[] = {
    {"sw.cfg",
     "a configuration",
     {.class = CONTENT_CONFIGURATION,
      .format = "ios",
      .complete = TRUTH_YES,
      .encrypted = TRUTH_NO},
     "config-cleartext:high:certain unauthenticated:medium:certain"},
    {"sw.cfg",
     "a part of one",
     {.class = CONTENT_CONFIGURATION, .format = "ios", .complete = TRUTH_NO, .encrypted = TRUTH_NO},
     "config-cleartext:high:likely unauthenticated:medium:likely"},
    {"sw.cfg",
     "one with secrets",
     {.class = CONTENT_CONFIGURATION,
      .format = "junos",
      .complete = TRUTH_YES,
      .encrypted = TRUTH_NO,
      .secrets = {3, true},
      .reversible = {1, true}},
     "secret-exposed:critical:likely config-cleartext:high:certain unauthenticated:medium:certain"},
    {"a.json",
     "text that may be anything",
     {.class = CONTENT_CONFIGURATION,
      .format = "json",
      .complete = TRUTH_YES,
      .encrypted = TRUTH_NO},
     "config-cleartext:medium:possible unauthenticated:medium:certain"},
    {"sw.cfg",
     "a signed one: readable all the same",
     {.class = CONTENT_SIGNED,
      .format = "cms",
      .inner = "ios",
      .complete = TRUTH_YES,
      .encrypted = TRUTH_NO,
      .is_signed = TRUTH_YES},
     "config-cleartext:high:certain"},
    {"device.key",
     "a private key",
     {.class = CONTENT_KEY, .format = "pkcs8", .complete = TRUTH_YES, .encrypted = TRUTH_NO},
     "secret-exposed:critical:likely config-cleartext:high:certain unauthenticated:medium:certain"},
    {"device.key",
     "a private key under a passphrase",
     {.class = CONTENT_KEY, .format = "pkcs8", .complete = TRUTH_YES, .encrypted = TRUTH_YES},
     ""},
    {"ca.pem",
     "a certificate is public",
     {.class = CONTENT_CERTIFICATE, .format = "x509", .complete = TRUTH_YES, .encrypted = TRUTH_NO},
     ""},
    {"ztp.py",
     "a script",
     {.class = CONTENT_SCRIPT, .format = "python", .complete = TRUTH_YES, .encrypted = TRUTH_NO},
     "config-cleartext:medium:likely boot-image:medium:likely"},
    {"ztp.py",
     "a script with a secret",
     {.class = CONTENT_SCRIPT,
      .format = "python",
      .complete = TRUTH_YES,
      .encrypted = TRUTH_NO,
      .secrets = {1, true}},
     "secret-exposed:critical:likely config-cleartext:high:likely boot-image:medium:likely"},
    {"pxelinux.cfg/default",
     "a boot loader's menu: no configuration of a device",
     {.class = CONTENT_SCRIPT, .format = "pxelinux", .complete = TRUTH_YES, .encrypted = TRUTH_NO},
     "boot-image:medium:likely"},
    {"vmlinuz",
     "a kernel",
     {.class = CONTENT_IMAGE, .format = "linux", .complete = TRUTH_YES, .encrypted = TRUTH_NO},
     "boot-image:medium:likely"},
    {"shimx64.efi",
     "a signed loader",
     {.class = CONTENT_IMAGE,
      .format = "pe",
      .complete = TRUTH_YES,
      .encrypted = TRUTH_NO,
      .is_signed = TRUTH_YES},
     ""},
    {"pxelinux.0",
     "a loader by its name alone",
     {.class = CONTENT_UNKNOWN, .complete = TRUTH_YES, .encrypted = TRUTH_NO},
     "boot-image:low:possible"},
    {"readme.txt",
     "text that is nothing of that",
     {.class = CONTENT_UNKNOWN, .format = "text", .complete = TRUTH_YES, .encrypted = TRUTH_NO},
     ""},
    {"sw.cfg",
     "bytes of which nothing is known",
     {.class = CONTENT_OPAQUE, .complete = TRUTH_YES},
     ""},
    {"sw.enc",
     "AES and an elliptic curve, signed",
     {.class = CONTENT_ENCRYPTED,
      .format = "cms",
      .complete = TRUTH_YES,
      .encrypted = TRUTH_YES,
      .is_signed = TRUTH_YES,
      .cipher = "aes-256-gcm",
      .key_transport = "ecdh"},
     "encrypted:info:certain"},
    {"sw.enc",
     "not signed",
     {.class = CONTENT_ENCRYPTED,
      .format = "cms",
      .complete = TRUTH_YES,
      .encrypted = TRUTH_YES,
      .is_signed = TRUTH_NO,
      .cipher = "aes-256-cbc",
      .key_transport = "rsaesOaep",
      .key_bits = {2048, true}},
     "unauthenticated:medium:likely encrypted:info:certain"},
    {"sw.enc",
     "an RSA key that is a bit too short",
     {.class = CONTENT_ENCRYPTED,
      .complete = TRUTH_YES,
      .encrypted = TRUTH_YES,
      .is_signed = TRUTH_YES,
      .cipher = "aes-256-cbc",
      .key_transport = "rsaesOaep",
      .key_bits = {2040, true}},
     "weak-encryption:medium:certain encrypted:info:certain"},
    {"sw.enc",
     "short numbers of elliptic curves are no short RSA keys",
     {.class = CONTENT_ENCRYPTED,
      .complete = TRUTH_YES,
      .encrypted = TRUTH_YES,
      .is_signed = TRUTH_YES,
      .cipher = "aes-256-cbc",
      .key_transport = "ecdh",
      .key_bits = {256, true}},
     "encrypted:info:certain"},
    {"sw.enc",
     "PKCS #1 v1.5 is noted",
     {.class = CONTENT_ENCRYPTED,
      .complete = TRUTH_YES,
      .encrypted = TRUTH_YES,
      .is_signed = TRUTH_YES,
      .cipher = "aes-256-cbc",
      .key_transport = "rsaEncryption",
      .key_bits = {2048, true}},
     "weak-encryption:info:certain encrypted:info:certain"},
    {"sw.enc",
     "3DES",
     {.class = CONTENT_ENCRYPTED,
      .complete = TRUTH_YES,
      .encrypted = TRUTH_YES,
      .is_signed = TRUTH_YES,
      .cipher = "des-ede3-cbc"},
     "weak-encryption:medium:certain encrypted:info:certain"},
    {"sw.enc",
     "DES",
     {.class = CONTENT_ENCRYPTED,
      .complete = TRUTH_YES,
      .encrypted = TRUTH_YES,
      .is_signed = TRUTH_YES,
      .cipher = "des-cbc"},
     "weak-encryption:high:certain encrypted:info:certain"},
    {"sw.enc",
     "RC2",
     {.class = CONTENT_ENCRYPTED,
      .complete = TRUTH_YES,
      .encrypted = TRUTH_YES,
      .is_signed = TRUTH_YES,
      .cipher = "rc2-40-cbc"},
     "weak-encryption:high:certain encrypted:info:certain"},
};

static struct content_facts sized(const struct content_facts *facts)
{
    static const struct content_secret secrets[3] = {
        {.kind = "snmp-community", .line = 7, .length = 6, .reversible = true},
        {.kind = "password-hash", .line = 9, .length = 30},
        {.kind = "radius-key", .line = 12, .length = 14}};
    struct content_facts whole = *facts;
    whole.size = number(1000);
    whole.class_name = "some";
    whole.secret_list = secrets;
    whole.num_secrets = facts->secrets.value;
    return whole;
}

static void test_contents(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_OF(contents); i++) {
        struct world world;
        char text[1024];
        struct content_facts facts = sized(&contents[i].facts);
        world_begin(&world, NULL);
        gets(&world, 9, 3, contents[i].name, &facts);
        if (strcmp(fired(&world, text, sizeof text), contents[i].fires) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", contents[i].about, text, contents[i].fires);
        world_end(&world);
    }
}

/* Of secrets kind, line and length are told. */
static void test_secrets_told(void **state)
{
    (void)state;
    struct world world;
    struct content_facts facts = configuration();
    facts.secrets = number(20);
    facts.reversible = number(1);
    facts = sized(&facts);
    facts.num_secrets = 3;
    world_begin(&world, NULL);
    gets(&world, 9, 3, "sw.cfg", &facts);
    analysis_finish(world.analysis);
    const struct finding *finding = find(&world, "secret-exposed");
    assert_int_equal(evidence(finding, "secrets")->number, 20);
    assert_int_equal(evidence(finding, "reversible")->number, 1);
    assert_true(span_equal(evidence(finding, "kinds")->bytes,
                           span_text("snmp-community line 7 (6 bytes), password-hash line 9 (30 "
                                     "bytes), radius-key line 12 (14 bytes), and 17 more")));
    assert_int_equal(finding->subject, SUBJECT_FILE);
    assert_true(span_equal(finding->subject_bytes, span_text("sw.cfg")));
    world_end(&world);
}

static void test_upload(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct content_facts facts;
        const char *fires;
    } rows[] = {
        {"router-confg",
         {.class = CONTENT_CONFIGURATION, .complete = TRUTH_YES, .encrypted = TRUTH_NO},
         "config-cleartext:high:certain upload:high:certain"},
        {"router-confg", {.class = CONTENT_UNKNOWN, .complete = TRUTH_YES}, "upload:high:likely"},
        {"sw.enc",
         {.class = CONTENT_ENCRYPTED,
          .complete = TRUTH_YES,
          .encrypted = TRUTH_YES,
          .is_signed = TRUTH_YES},
         "upload:low:likely encrypted:info:certain"},
        {"crashinfo.gz",
         {.class = CONTENT_ARCHIVE, .complete = TRUTH_YES, .encrypted = TRUTH_NO},
         ""},
        {"core.cfg", {.class = CONTENT_IMAGE, .complete = TRUTH_YES, .encrypted = TRUTH_NO}, ""},
        {"syslog.txt", {.class = CONTENT_UNKNOWN, .complete = TRUTH_YES}, ""}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world;
        struct content_facts facts = sized(&rows[i].facts);
        world_begin(&world, NULL);
        sends(&world, 9, 3, rows[i].name, &facts);
        expect_fired(&world, rows[i].fires);
        world_end(&world);
    }
}

/* What is found stays when the file is gone. */
static void test_file_gone(void **state)
{
    (void)state;
    struct world world;
    char cipher[] = "DES-EDE3-CBC", name[] = "SN1.enc", recipient[] = "key";
    struct content_facts facts = encrypted(recipient);
    facts.cipher = cipher;
    world_begin(&world, NULL);
    gets(&world, 9, 3, name, &facts);
    memset(cipher, 'x', sizeof cipher - 1);
    memset(name, 'x', sizeof name - 1);
    memset(recipient, 'x', sizeof recipient - 1);
    analysis_finish(world.analysis);
    const struct finding *weak = find(&world, "weak-encryption"), *good = find(&world, "encrypted");
    assert_true(span_equal(evidence(weak, "cipher")->bytes, span_text("DES-EDE3-CBC")));
    assert_string_equal(evidence(weak, "weak_cipher")->text, "3des");
    assert_true(span_equal(good->subject_bytes, span_text("SN1.enc")));
    assert_true(span_equal(evidence(good, "recipient")->bytes, span_text("key")));
    world_end(&world);
}

/* Nothing came: nothing is said of it. */
static void test_empty(void **state)
{
    (void)state;
    struct world world;
    struct content_facts facts = configuration();
    facts.size = number(0);
    world_begin(&world, NULL);
    gets(&world, 9, 3, "sw.cfg", &facts);
    sends(&world, 9, 3, "sw.cfg", &facts);
    misses(&world, 9, 3, "sw.cfg");
    expect_fired(&world, "");
    world_end(&world);
}

static void shared(struct content_facts *one, struct content_facts *two, const char *first,
                   const char *second, bool dhcp_seen, const char *expected)
{
    struct world world;
    world_begin(&world, NULL);
    if (dhcp_seen) {
        boots(&world, &(struct talk){.device = 1, .server = 2});
        boots(&world, &(struct talk){.device = 4, .server = 2});
    }
    gets(&world, 1, 3, first, one);
    gets(&world, 1, 3, first, one); /* the same device again shares nothing */
    gets(&world, 4, 3, second, two);
    expect_rule(&world, "shared-recipient", expected);
    world_end(&world);
}

static void test_shared_recipient(void **state)
{
    (void)state;
    static const uint8_t other[32] = {2};
    struct content_facts a = encrypted("key of a"), b = encrypted("key of b"),
                         a2 = encrypted("key of a");
    a2.sha256 = span_of(other, sizeof other);
    shared(&a, &a2, "a.enc", "b.enc", true, "high:certain");
    shared(&a, &a2, "a.enc", "b.enc", false, "high:likely");
    shared(&a, &a, "a.enc", "a.enc", true, "high:possible");
    shared(&a, &b, "a.enc", "b.enc", true, NULL);
    /* an archive's key beside the device's own */
    b.recipient_list[1] = a.recipient_list[0];
    b.num_recipients = 2;
    b.recipients = number(2);
    b.sha256 = span_of(other, sizeof other);
    shared(&a, &b, "a.enc", "b.enc", true, "high:certain");
}

/* One device whose address alone was seen at first, and of which DHCP tells later; the other way round; and one by its
 * address beside one that DHCP knows. */
static void test_one_recipient(void **state)
{
    (void)state;
    static const uint8_t other[32] = {2}, third[32] = {3};
    struct content_facts a = encrypted("key of a"), a2 = encrypted("key of a"),
                         a3 = encrypted("key of a");
    struct talk one = {.device = 1, .server = 2, .lease_s = 600};
    struct world world;
    a2.sha256 = span_of(other, sizeof other);
    a3.sha256 = span_of(third, sizeof third);
    world_begin(&world, NULL);
    gets(&world, 1, 3, "a.enc", &a);
    wait_s(&world, 3600);
    boots(&world, &one);
    gets(&world, 1, 3, "a.enc", &a2);
    wait_s(&world, 3600); /* the lease is over */
    gets(&world, 1, 3, "a.enc", &a3);
    expect_rule(&world, "shared-recipient", NULL);
    world_end(&world);
    world_begin(&world, NULL);
    boots(&world, &one);
    gets(&world, 1, 3, "a.enc", &a);
    gets(&world, 2, 3, "b.enc", &a2);
    expect_rule(&world, "shared-recipient", "high:likely");
    world_end(&world);
    /* Its first address is given to another device: two of three are known by more. */
    world_begin(&world, NULL);
    boots(&world, &one);
    gets(&world, 1, 3, "a.enc", &a);
    gets(&world, 5, 3, "c.enc", &a3);
    boots(&world, &(struct talk){.device = 2, .server = 2, .lease = 1});
    gets(&world, 1, 3, "b.enc", &a2);
    expect_rule(&world, "shared-recipient", "high:certain");
    const struct finding *finding = find(&world, "shared-recipient");
    assert_int_equal(finding->count, 2);
    world_end(&world);
    /* An address that two devices had, one after the other: without its lease it is the last one's. */
    world_begin(&world, NULL);
    boots(&world, &one);
    gets(&world, 1, 3, "a.enc", &a);
    boots(&world, &(struct talk){.device = 2, .server = 2, .lease = 1, .lease_s = 600});
    gets(&world, 1, 3, "b.enc", &a2);
    wait_s(&world, 3600);
    gets(&world, 1, 3, "b.enc", &a2);
    expect_rule(&world, "shared-recipient", "high:certain");
    finding = find(&world, "shared-recipient");
    assert_int_equal(finding->count, 2);
    assert_int_equal(evidence(finding, "devices")->number, 2);
    world_end(&world);
    /* One device at two addresses, and then at the first of them. */
    world_begin(&world, NULL);
    gets(&world, 7, 3, "a.enc", &a);
    boots(&world, &one);
    gets(&world, 1, 3, "a.enc", &a2);
    one.lease = 7;
    boots(&world, &one);
    gets(&world, 7, 3, "a.enc", &a3);
    gets(&world, 5, 3, "c.enc", &a);
    expect_rule(&world, "shared-recipient", "high:likely");
    finding = find(&world, "shared-recipient");
    assert_int_equal(evidence(finding, "devices")->number, 2);
    world_end(&world);
}

/* --- The device --- */

static void test_fallback(void **state)
{
    (void)state;
    struct content_facts cms = encrypted("one"), plain = configuration(),
                         image = content(CONTENT_IMAGE, "image", "elf"),
                         opaque = content(CONTENT_OPAQUE, "opaque", NULL);
    static const struct {
        const char *encrypted;
        bool comes;
        unsigned wait;
        const char *then;
        const char *expected;
    } rows[] = {{"SN19842256.enc", false, 5, "SN19842256.cfg", "high:certain"},
                {"SN19842256.enc", true, 5, "SN19842256.cfg", "high:certain"},
                {"SN19842256.cfg.p7m", false, 5, "sn19842256.CFG", "high:certain"},
                {"SN19842256.enc", false, 3500, "SN19842256.cfg", "high:certain"},
                {"SN19842256.enc", false, 3601, "SN19842256.cfg", NULL},
                {"SN19842256.enc", false, 5, "network-confg", "high:possible"},
                {"SN19842256.enc", true, 5, "network-confg", NULL},
                {"config", true, 5, "config", "high:certain"}, /* one name: encrypted, then not */
                {"config", false, 5, "config", NULL}};         /* asked for again, and there */
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world;
        world_begin(&world, NULL);
        if (rows[i].comes)
            gets(&world, 9, 3, rows[i].encrypted, &cms);
        else
            misses(&world, 9, 3, rows[i].encrypted);
        wait_s(&world, rows[i].wait);
        gets(&world, 9, 3, rows[i].then, &plain);
        expect_rule(&world, "cleartext-fallback", rows[i].expected);
        world_end(&world);
    }
    /* One name of an encrypted file: it was not there, or it was encrypted, or first the one and then the other. */
    for (unsigned i = 1; i < 4; i++) {
        struct world world;
        world_begin(&world, NULL);
        if ((i & 2) != 0)
            gets(&world, 9, 3, "SN1.enc", &cms);
        if ((i & 1) != 0)
            misses(&world, 9, 3, "SN1.enc");
        gets(&world, 9, 3, "SN1.enc", &plain);
        expect_rule(&world, "cleartext-fallback", i == 1 ? "high:likely" : "high:certain");
        const struct finding *finding = find(&world, "cleartext-fallback");
        const char *brought = strstr(finding->reason, "brought an encrypted file before");
        assert_int_equal(brought != NULL, i == 2);
        assert_string_equal(evidence(finding, "encrypted_outcome")->text,
                            i == 2 ? "came" : "did not come");
        world_end(&world);
    }
    /* A device that is known by its address only, before DHCP is seen. */
    struct world one;
    world_begin(&one, NULL);
    misses(&one, 1, 3, "SN1.enc");
    wait_s(&one, 120);
    boots(&one, &(struct talk){.device = 1, .server = 2});
    gets(&one, 1, 3, "SN1.cfg", &plain);
    expect_rule(&one, "cleartext-fallback", "high:certain");
    world_end(&one);
    /* What is no fallback: the plain one first; another device; an image; bytes that may be encrypted; not there. */
    for (unsigned i = 0; i < 5; i++) {
        struct world world;
        world_begin(&world, NULL);
        if (i == 0)
            gets(&world, 9, 3, "SN1.cfg", &plain);
        misses(&world, 9, 3, "SN1.enc");
        if (i == 1)
            gets(&world, 8, 3, "SN1.cfg", &plain);
        else if (i == 2)
            gets(&world, 9, 3, "SN1.bin", &image);
        else if (i == 3)
            gets(&world, 9, 3, "SN1.cfg", &opaque);
        else if (i == 4)
            misses(&world, 9, 3, "SN1.cfg");
        expect_rule(&world, "cleartext-fallback", NULL);
        world_end(&world);
    }
}

static void test_name_guessable(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool dhcp_seen;
        const char *expected;
    } rows[] = {{"SEP00005E005301.cnf.xml", true, "low:certain"},
                {"SEP00005E005301.cnf.xml", false, "low:likely"},
                {"FOC1234X0AB.cfg", true, "low:certain"},
                {"SN19842256.cfg", true, "low:likely"},
                {"network-confg", true, NULL},
                {"dmz-east.cfg", true, NULL},
                {"0f8a6be1c5d24a7c90b1e7.cfg", true, NULL}};
    struct content_facts plain = configuration(), image = content(CONTENT_IMAGE, "image", "elf");
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world;
        world_begin(&world, NULL);
        if (rows[i].dhcp_seen)
            boots(&world, &(struct talk){.device = 1, .server = 2, .serial = "FOC1234X0AB"});
        gets(&world, 1, 3, rows[i].name, &plain);
        expect_rule(&world, "name-guessable", rows[i].expected);
        world_end(&world);
    }
    /* Names of images, and names that do not exist, give nothing away. */
    struct world world;
    world_begin(&world, NULL);
    gets(&world, 1, 3, "SEP00005E005301.bin", &image);
    misses(&world, 1, 3, "SEP00005E005301.cnf.xml");
    expect_rule(&world, "name-guessable", NULL);
    world_end(&world);
}

/* Names that differ by a number, from the third device on; not versions that devices share. */
static void test_series(void **state)
{
    (void)state;
    static const struct {
        const char *names[4];
        const char *expected;
    } rows[] = {{{"sw1-confg", "sw2-confg", "sw3-confg"}, "low:likely"},
                {{"sw1-confg", "sw2-confg"}, NULL},
                {{"sw1-confg", "sw900-confg", "sw70000-confg"}, "low:possible"},
                {{"base-12-confg", "base-12-confg", "base-12-confg"}, NULL},
                {{"sw1-confg", "sw2-confg", "sw2-confg", "sw3-confg"}, NULL},
                {{"a1-confg", "b2-confg", "c3-confg"}, NULL}};
    struct content_facts plain = configuration();
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world;
        world_begin(&world, NULL);
        for (uint8_t n = 0; n < 4; n++)
            if (rows[i].names[n] != NULL)
                gets(&world, (uint8_t)(n + 1), 3, rows[i].names[n], &plain);
        expect_rule(&world, "name-guessable", rows[i].expected);
        world_end(&world);
    }
    struct world world;
    /* A device that asks again, when DHCP has told who it is, has its number to itself. */
    world_begin(&world, NULL);
    gets(&world, 1, 3, "sw1-confg", &plain);
    boots(&world, &(struct talk){.device = 1, .server = 2});
    gets(&world, 1, 3, "sw1-confg", &plain);
    gets(&world, 2, 3, "sw2-confg", &plain);
    gets(&world, 3, 3, "sw3-confg", &plain);
    expect_rule(&world, "name-guessable", "low:likely");
    world_end(&world);
    /* One device that asks for several numbers counts parts of something. */
    world_begin(&world, NULL);
    gets(&world, 1, 3, "part1-confg", &plain);
    gets(&world, 1, 3, "part2-confg", &plain);
    gets(&world, 2, 3, "part3-confg", &plain);
    gets(&world, 3, 3, "part4-confg", &plain);
    expect_rule(&world, "name-guessable", NULL);
    world_end(&world);
}

/* |asks| of |name|, |interval| seconds apart. */
static void retries(const char *name, unsigned asks, unsigned interval, bool dhcp_seen,
                    const char *expected)
{
    struct world world;
    world_begin(&world, NULL);
    if (dhcp_seen)
        boots(&world, &(struct talk){.device = 1, .server = 2});
    for (unsigned i = 0; i < asks; i++) {
        misses(&world, 1, 3, name);
        wait_s(&world, interval);
    }
    expect_rule(&world, "retry-rate", expected);
    world_end(&world);
}

static void test_retry_rate(void **state)
{
    (void)state;
    retries("sw.cfg", 4, 60, true, "low:likely");
    retries("sw.cfg", 4, 60, false, "low:possible");
    retries("sw.cfg", 3, 60, true, NULL);
    retries("sw.cfg", 12, 300, true, NULL); /* every five minutes, in the first hour */
    retries("sw.cfg", 12, 271, true, NULL); /* clocks are not exact */
    retries("sw.cfg", 12, 260, true, "low:likely");
    retries("sw.cfg", 14, 300, true, NULL);
    retries("sw.cfg", 20, 300, true, "low:likely"); /* on and on, behind the first hour */
    retries("sw.cfg", 40, 3600, true, NULL);
    retries("sw.cfg", 30, 1, true, NULL); /* asks within ten seconds are one attempt: three here */
    retries("sw.cfg", 60, 1, true, "low:likely");
    retries("vmlinuz", 40, 60, true, NULL); /* images are not what is waited for */
}

/* A device that gets its file twice a day; |content| of the file, NULL: it is not there. */
static void daily(unsigned interval, const struct content_facts *content, const char *expected)
{
    struct world world;
    world_begin(&world, NULL);
    for (unsigned i = 0; i < 5; i++) {
        boots(&world, &(struct talk){.device = 1, .server = 2});
        for (unsigned n = 0; n < 2; n++) {
            if (content != NULL)
                gets(&world, 1, 3, "sw.cfg", content);
            else
                misses(&world, 1, 3, "sw.cfg");
            wait_s(&world, interval);
        }
        wait_s(&world, 86400);
    }
    expect_rule(&world, "retry-rate", expected);
    world_end(&world);
}

/* What came readable is not waited for; what came encrypted may be of no use. */
static void test_waited(void **state)
{
    (void)state;
    struct content_facts plain = configuration(), cms = encrypted("one");
    daily(1500, &plain, NULL);
    daily(1500, &cms, NULL); /* each time within the first hour */
    daily(1500, NULL, NULL);
    for (unsigned i = 0; i < 2; i++) {
        struct world world;
        world_begin(&world, NULL);
        for (unsigned n = 0; n < 10; n++) {
            gets(&world, 9, 3, "sw.cfg", i == 0 ? &plain : &cms);
            wait_s(&world, 60);
        }
        expect_rule(&world, "retry-rate", i == 0 ? NULL : "low:possible");
        world_end(&world);
    }
}

/* |num| names, of which the first |there| are there. */
static void guesses(const char *format, unsigned num, unsigned there, unsigned interval,
                    const char *expected)
{
    struct world world;
    struct content_facts plain = configuration();
    char name[64];
    world_begin(&world, NULL);
    for (unsigned i = 0; i < num; i++) {
        snprintf(name, sizeof name, format, i);
        if (i < there)
            gets(&world, 9, 3, name, &plain);
        else
            misses(&world, 9, 3, name);
        wait_s(&world, interval);
    }
    expect_rule(&world, "guessing", expected);
    world_end(&world);
}

static void test_guessing(void **state)
{
    (void)state;
    guesses("router%u-confg", 16, 0, 1, "high:likely");
    guesses("router%u-confg", 15, 0, 1, NULL);
    guesses("router%u-confg", 21, 5, 1, "high:likely"); /* three quarters are missing */
    guesses("router%u-confg", 22, 6, 1, NULL);
    guesses("router%u-confg", 40, 0, 60, NULL); /* never so many within ten minutes */
    guesses("SEP00005E00%04X.cnf.xml", 17, 0, 1, "high:likely"); /* the first may be its own */
    guesses("SEP00005E00%04X.cnf.xml", 16, 0, 1, NULL);
    guesses("same-confg", 200, 0, 1, NULL);
    guesses("modules/%u.mod", 200, 0, 1, NULL);
}

/* A burst is found wherever it stands in the window of what went before; who asks on and on is told once in each. */
static void test_guessing_late(void **state)
{
    (void)state;
    static const unsigned waits[] = {0, 300, 588, 595, 601};
    struct world world;
    char name[64];
    for (size_t i = 0; i < NUM_OF(waits); i++) {
        world_begin(&world, NULL);
        misses(&world, 9, 3, "first-confg");
        wait_s(&world, waits[i]);
        for (unsigned n = 0; n < 18; n++) {
            snprintf(name, sizeof name, "router%u-confg", n);
            misses(&world, 9, 3, name);
            wait_s(&world, 1);
        }
        expect_rule(&world, "guessing", "high:likely");
        assert_int_equal(find(&world, "guessing")->count, 1);
        world_end(&world);
    }
    world_begin(&world, NULL);
    for (unsigned n = 0; n < 630; n++) {
        snprintf(name, sizeof name, "router%u-confg", n);
        misses(&world, 9, 3, name);
        wait_s(&world, 2);
    }
    expect_rule(&world, "guessing", "high:likely");
    assert_int_equal(find(&world, "guessing")->count, 3);
    world_end(&world);
}

/* What boot loaders and devices walk through for themselves; the same names of others are guesses. */
static void test_walks(void **state)
{
    (void)state;
    static const char *const walk[] = {"pxelinux.cfg/44454c4c-4d00-3810-805a-c2c04f594a32",
                                       "pxelinux.cfg/01-00-00-5e-00-53-01",
                                       "pxelinux.cfg/0A000001",
                                       "pxelinux.cfg/0A00000",
                                       "pxelinux.cfg/0A0000",
                                       "pxelinux.cfg/0A000",
                                       "pxelinux.cfg/0A00",
                                       "pxelinux.cfg/0A0",
                                       "pxelinux.cfg/0A",
                                       "pxelinux.cfg/0",
                                       "pxelinux.cfg/default",
                                       "grub/grub.cfg-01-00-00-5e-00-53-01",
                                       "grub/grub.cfg-0A000001",
                                       "grub/grub.cfg-0A00000",
                                       "grub/grub.cfg-0A0000",
                                       "grub/grub.cfg-0A000",
                                       "grub/grub.cfg-0A00",
                                       "grub/grub.cfg-0A0",
                                       "grub/grub.cfg-0A",
                                       "grub/grub.cfg-0",
                                       "grub/grub.cfg",
                                       "network-confg",
                                       "cisconet.cfg",
                                       "router-confg",
                                       "ciscortr.cfg",
                                       "SEP00005E005301.cnf.xml",
                                       "CTLSEP00005E005301.tlv",
                                       "XMLDefault.cnf.xml",
                                       "00005e005301.cfg",
                                       "000000000000.cfg",
                                       "onie-installer-x86_64-r0",
                                       "onie-installer-x86_64",
                                       "onie-installer"};
    struct world world;
    char name[64];
    world_begin(&world, NULL);
    boots(&world, &(struct talk){.device = 1, .server = 2});
    for (size_t i = 0; i < NUM_OF(walk); i++)
        misses(&world, 1, 3, walk[i]);
    expect_rule(&world, "guessing", NULL);
    world_end(&world);
    for (unsigned kind = 0; kind < 2; kind++) {
        static const char *const formats[] = {"pxelinux.cfg/0A00%04X", "SEP00005E00%04X.cnf.xml"};
        world_begin(&world, NULL);
        boots(&world, &(struct talk){.device = 1, .server = 2});
        for (unsigned i = 0; i < 20; i++) {
            snprintf(name, sizeof name, kind == 0 ? formats[0] : formats[1], i + 0x4100);
            misses(&world, 1, 3, name);
        }
        expect_rule(&world, "guessing", "high:likely");
        world_end(&world);
    }
}

/* --- Servers --- */

static const uint8_t server_two[4] = {10, 0, 1, 2}, server_nine[4] = {10, 0, 1, 9};

/* Two DHCP servers answer one request. */
static void test_competing_dhcp(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        struct talk one, two;
        const char *expected;
    } rows[] = {{"different files", {.file = "a"}, {.file = "b"}, "high:likely"},
                {"different servers",
                 {.file = "a", .boot_server = "10.0.1.3"},
                 {.file = "a", .boot_server = "10.0.1.4"},
                 "high:likely"},
                {"a pair for failover", {.file = "a"}, {.file = "a"}, "low:possible"},
                {"one says nothing of booting", {.file = "a"}, {.file = NULL}, "medium:possible"},
                {"neither does, to a device that wants to boot",
                 {.file = NULL},
                 {.file = NULL},
                 "low:possible"},
                {"a PXE proxy beside a plain server",
                 {.file = "a", .no_lease = true},
                 {.file = NULL},
                 NULL},
                {"neither, to one that does not want to", {.plain = true}, {.plain = true}, NULL}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world;
        struct talk one = rows[i].one, two = rows[i].two;
        one.device = two.device = 1;
        one.server = 2;
        two.server = 3;
        world_begin(&world, NULL);
        discover(&world, &one);
        dhcp(&world, &one, DHCP_OFFER);
        dhcp(&world, &one, DHCP_OFFER); /* at a mirror port it comes twice */
        dhcp(&world, &two, DHCP_OFFER);
        dhcp(&world, &two, DHCP_OFFER);
        char text[1024];
        fired(&world, text, sizeof text);
        const struct finding *finding = find(&world, "competing-servers");
        const char *found = finding == NULL                        ? NULL
                            : finding->severity == SEVERITY_HIGH   ? "high:likely"
                            : finding->severity == SEVERITY_MEDIUM ? "medium:possible"
                                                                   : "low:possible";
        if ((found == NULL) != (rows[i].expected == NULL) ||
            (found != NULL && strcmp(found, rows[i].expected) != 0))
            fail_msg("%s: %s", rows[i].about, text);
        if (finding != NULL)
            assert_int_equal(finding->count, 1);
        world_end(&world);
    }
}

/* A BOOTP server's answer as the relay has it, and as the relay sends it on under its own address; another server that
 * answers with other words. */
static void test_bootp_relay(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct world world;
        struct talk server = {.device = 1, .server = 2, .file = "r1-confg", .unnamed = true};
        struct talk relay = server;
        relay.server = 9;
        relay.lease = i == 1 ? 77 : 0;
        relay.file = i == 2 ? "evil-confg" : server.file;
        world_begin(&world, NULL);
        discover(&world, &server);
        dhcp(&world, &server, DHCP_OFFER);
        dhcp(&world, &relay, DHCP_OFFER);
        static const char *const expected[] = {NULL, "low:possible", "high:likely"};
        expect_rule(&world, "competing-servers", expected[i]);
        size_t num;
        const struct observation *const *told = analysis_told(world.analysis, &num);
        const struct install_transaction *install = num > 0 ? told[0]->data : NULL;
        assert_non_null(install);
        assert_int_equal(install->dhcp_servers.len, i == 0 ? 5 : 10);
        world_end(&world);
    }
}

/* Answers to different requests do not compete. */
static void test_other_request(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL);
    for (uint8_t i = 0; i < 20; i++)
        boots(&world, &(struct talk){.device = 1,
                                     .server = (uint8_t)(2 + i % 10),
                                     .file = i % 2 == 0 ? "a" : "b"});
    expect_rule(&world, "competing-servers", NULL);
    world_end(&world);
}

static void test_candidates(void **state)
{
    (void)state;
    static const struct {
        const uint8_t *siaddr;
        const char *option;
        const char *expected;
    } rows[] = {
        {server_two, "10.0.1.3", NULL}, /* siaddr is the DHCP server itself, as many fill it in */
        {server_nine, "10.0.1.9", NULL},
        {server_nine, "10.0.1.3", "low:possible"},
        {server_nine, NULL, NULL}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world;
        world_begin(&world, NULL);
        boots(&world, &(struct talk){.device = 1,
                                     .server = 2,
                                     .file = "a",
                                     .siaddr = rows[i].siaddr,
                                     .boot_server = rows[i].option});
        expect_rule(&world, "competing-servers", rows[i].expected);
        world_end(&world);
    }
}

/* The first file comes from where DHCP says; files that are named by other files may come from elsewhere. */
static void test_used(void **state)
{
    (void)state;
    struct content_facts plain = configuration();
    struct talk named = {.device = 1, .server = 2, .file = "a", .boot_server = "10.0.1.3"};
    struct talk unnamed = {.device = 1, .server = 2, .siaddr = server_nine};
    static const struct {
        bool named;
        uint8_t first, second;
        const char *expected;
    } rows[] = {{true, 3, 3, NULL},
                {true, 7, 7, "high:likely"},
                {true, 3, 7, NULL},
                {true, 2, 2, NULL}, /* the DHCP server itself */
                {false, 7, 7, NULL}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world;
        world_begin(&world, NULL);
        boots(&world, rows[i].named ? &named : &unnamed);
        gets(&world, 1, rows[i].first, "a", &plain);
        gets(&world, 1, rows[i].second, "b", &plain);
        expect_rule(&world, "competing-servers", rows[i].expected);
        world_end(&world);
    }
}

static void test_answered_twice(void **state)
{
    (void)state;
    struct world world;
    struct content_facts plain = configuration();
    world_begin(&world, NULL);
    tftp_ask(&world, 9, 255, "read", "network-confg");
    tftp_answer(&world, 9, 3, "read", "network-confg", &plain, NULL);
    tftp_answer(&world, 9, 4, "read", "network-confg", &plain, NULL);
    expect_rule(&world, "competing-servers", "high:certain");
    world_end(&world);
    /* One after the other is no competition, nor are copies of one answer. */
    world_begin(&world, NULL);
    gets(&world, 9, 3, "network-confg", &plain);
    gets(&world, 9, 4, "network-confg", &plain);
    tftp_answer(&world, 9, 4, "read", "network-confg", &plain, NULL);
    expect_rule(&world, "competing-servers", NULL);
    world_end(&world);
}

static void test_off_site(void **state)
{
    (void)state;
    struct content_facts plain = configuration(), cms = encrypted("one"),
                         image = content(CONTENT_IMAGE, "image", "elf");
    static const struct {
        const char *home;
        bool public_server;
        const char *expected;
    } rows[] = {{NULL, false, NULL},
                {NULL, true, "medium:possible"},
                {"10.0.0.0/8", false, NULL},
                {"10.0.0.0/24", false, "medium:certain"}, /* the servers' network is not told */
                {"10.0.0.0/8", true, "medium:certain"},
                {"10.0.0.0/8,198.51.100.0/24", true, NULL}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world;
        world_begin(&world, rows[i].home);
        world.public_server = rows[i].public_server;
        gets(&world, 9, 3, "sw.cfg", &plain);
        gets(&world, 9, 3, "sw2.enc", &cms);
        expect_rule(&world, "off-site-server", rows[i].expected);
        const struct finding *finding = find(&world, "off-site-server");
        if (finding != NULL) {
            assert_int_equal(finding->count, 2); /* one server, whatever ports it answers from */
            assert_int_equal(finding->subject_port, 69);
        }
        world_end(&world);
    }
    /* An image is no configuration; what did not come, came from nowhere. */
    struct world world;
    world_begin(&world, "10.0.0.0/8");
    world.public_server = true;
    gets(&world, 9, 3, "vmlinuz", &image);
    misses(&world, 9, 3, "sw.cfg");
    expect_rule(&world, "off-site-server", NULL);
    world_end(&world);
}

static void test_disclosure(void **state)
{
    (void)state;
    static const struct {
        struct talk talk;
        const char *expected;
    } rows[] = {{{.vendor_class = "PXEClient"}, "low:certain"},
                {{.serial = "FOC1234X0AB"}, "low:certain"},
                {{.file = "router-confg"}, "low:certain"},
                {{.vendor_class = NULL}, NULL},
                /* a laptop that asks for an address, and is told what others boot */
                {{.vendor_class = "MSFT 5.0", .file = "a", .plain = true}, NULL}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world;
        struct talk talk = rows[i].talk;
        talk.device = 1;
        talk.server = 2;
        world_begin(&world, NULL);
        boots(&world, &talk);
        expect_rule(&world, "dhcp-disclosure", rows[i].expected);
        const struct finding *finding = find(&world, "dhcp-disclosure");
        if (finding != NULL) {
            assert_int_equal(finding->subject, SUBJECT_DEVICE);
            assert_int_equal(finding->subject_bytes.at[5], 1);
        }
        world_end(&world);
    }
}

/* Nothing is in the catalogue that does not fire. */
static void test_every_rule(void **state)
{
    (void)state;
    struct world world;
    struct content_facts plain = configuration(), cms = encrypted("one"),
                         image = content(CONTENT_IMAGE, "image", "elf");
    char name[64];
    static const uint8_t other[32] = {9};
    world_begin(&world, "192.0.2.0/24");
    plain.secrets = number(1);
    plain = sized(&plain);
    boots(
        &world,
        &(struct talk){
            .device = 1, .server = 2, .vendor_class = "x", .file = "a", .boot_server = "10.0.1.4"});
    misses(&world, 1, 3, "SN19842256.enc");
    gets(&world, 1, 3, "SN19842256.cfg", &plain);
    gets(&world, 1, 3, "vmlinuz", &image);
    sends(&world, 1, 3, "running-config", &plain);
    cms.cipher = "des-ede3-cbc";
    gets(&world, 5, 3, "five.enc", &cms);
    cms.sha256 = span_of(other, sizeof other);
    gets(&world, 6, 3, "six.enc", &cms);
    for (unsigned i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "router%u-confg", i);
        misses(&world, 7, 3, name);
        misses(&world, 7, 3, "again.cfg");
        wait_s(&world, 20);
    }
    analysis_finish(world.analysis);
    for (size_t i = 0; i < NUM_RULES; i++) {
        const char *id = rule_get((enum rule_id)i)->id;
        if (strncmp(id, "install.", 8) == 0 && find(&world, id + 8) == NULL)
            fail_msg("%s does not fire", id);
    }
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contents),       cmocka_unit_test(test_secrets_told),
        cmocka_unit_test(test_upload),         cmocka_unit_test(test_file_gone),
        cmocka_unit_test(test_empty),          cmocka_unit_test(test_shared_recipient),
        cmocka_unit_test(test_one_recipient),  cmocka_unit_test(test_fallback),
        cmocka_unit_test(test_name_guessable), cmocka_unit_test(test_series),
        cmocka_unit_test(test_retry_rate),     cmocka_unit_test(test_waited),
        cmocka_unit_test(test_guessing),       cmocka_unit_test(test_guessing_late),
        cmocka_unit_test(test_walks),          cmocka_unit_test(test_competing_dhcp),
        cmocka_unit_test(test_bootp_relay),    cmocka_unit_test(test_other_request),
        cmocka_unit_test(test_candidates),     cmocka_unit_test(test_used),
        cmocka_unit_test(test_answered_twice), cmocka_unit_test(test_off_site),
        cmocka_unit_test(test_disclosure),     cmocka_unit_test(test_every_rule),
    };
    return cmocka_run_group_tests_name("install_rules", tests, NULL, NULL);
}
