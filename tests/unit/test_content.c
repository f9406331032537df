/* test_content.c: what is told of transferred files, whole, in pieces, cut, changed and with parts lost. */
#include "core/cms.h"
#include "core/crypto.h"
#include "dissectors/content.h"
#include "dissectors/content_magic.h"
#include "dissectors/content_rules.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_FILE = 1 << 16, BUDGET = 1 << 20 };

static int make_rules(void **state)
{
    struct error error = {.text = ""};
    *state = content_rules_new(NULL, &error);
    if (*state == NULL)
        printf("%s\n", error.text);
    return *state == NULL;
}

static int free_rules(void **state)
{
    content_rules_free(*state);
    return 0;
}

/* --- files --- */

static struct span load(const char *name, uint8_t *buffer)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/unit/data/content/%s", PERPASS_SOURCE_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(buffer, 1, MAX_FILE, file);
    (void)fclose(file);
    assert_true(len > 0 && len < MAX_FILE);
    return span_of(buffer, len);
}

/* One file being read. */
struct reading {
    struct budget budget;
    struct content *content;
    const struct content_facts *facts;
};

static void begin(struct reading *reading, const struct content_rules *rules)
{
    *reading = (struct reading){.budget = {.limit = BUDGET}};
    reading->content = content_new(&reading->budget, rules);
    assert_non_null(reading->content);
}

/* Every piece is a block of its own, so that a sanitizer sees its ends. */
static void add(struct reading *reading, struct span bytes)
{
    uint8_t *exact = malloc(bytes.len + 1);
    assert_non_null(exact);
    memcpy(exact, bytes.at, bytes.len);
    content_add(reading->content, span_of(exact, bytes.len));
    free(exact);
}

static void add_in_pieces(struct reading *reading, struct span bytes, size_t piece)
{
    for (size_t at = 0; at < bytes.len; at += piece)
        add(reading, span_of(bytes.at + at, bytes.len - at < piece ? bytes.len - at : piece));
}

static void finish(struct reading *reading, bool ended)
{
    reading->facts = content_finish(reading->content, ended);
}

static void end(struct reading *reading)
{
    content_free(reading->content, &reading->budget);
    assert_int_equal(reading->budget.used, 0);
}

/* --- facts as text --- */

static const char *or_dash(const char *text)
{
    return text != NULL ? text : "-";
}

static void describe(const struct content_facts *facts, char *text, size_t size)
{
    snprintf(text, size, "%s\t%s\t%s\t%s\t%llu\t%d\t%d\t%s\t%llu\t%s\t%llu\t%llu\t%llu",
             or_dash(facts->class_name), or_dash(facts->format), or_dash(facts->encoding),
             or_dash(facts->inner), (unsigned long long)facts->lines.value, (int)facts->encrypted,
             (int)facts->is_signed, or_dash(facts->cipher),
             (unsigned long long)facts->key_bits.value, or_dash(facts->key_transport),
             (unsigned long long)facts->recipients.value, (unsigned long long)facts->secrets.value,
             (unsigned long long)facts->reversible.value);
}

/* Whatever the bytes are, this holds. */
static void check_sound(const struct content_facts *facts)
{
    assert_true(facts->num_secrets <= CONTENT_MAX_SECRETS);
    assert_true(facts->num_recipients <= CONTENT_MAX_RECIPIENTS);
    assert_true(facts->reversible.value <= facts->secrets.value);
    assert_true(!facts->secrets.seen || facts->num_secrets <= facts->secrets.value);
    assert_int_equal(facts->secret_kinds.len, facts->num_secrets);
    assert_int_equal(facts->secret_lines.len, 4 * facts->num_secrets);
    assert_int_equal(facts->secret_lengths.len, 4 * facts->num_secrets);
    struct reader ids =
        reader_of(span_seen(facts->recipient_ids) ? facts->recipient_ids : span_text(""));
    for (struct value item; reader_more(&ids);)
        content_next_recipient(&ids, &item);
    assert_true(reader_ok(&ids));
    assert_true(span_seen(facts->sha256) == (facts->complete == TRUTH_YES));
}

struct sample {
    char name[64], facts[256];
};

/* Calls |check| for every file that samples.tsv names. */
static void for_samples(const struct content_rules *rules,
                        void (*check)(const struct content_rules *rules,
                                      const struct sample *sample, struct span bytes))
{
    char path[512], line[512];
    uint8_t *buffer = malloc(MAX_FILE);
    unsigned num = 0;
    assert_non_null(buffer);
    snprintf(path, sizeof path, "%s/tests/unit/data/content/samples.tsv", PERPASS_SOURCE_DIR);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        struct sample sample;
        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%63[^\t]\t%255[^\n]", sample.name, sample.facts), 2);
        check(rules, &sample, load(sample.name, buffer));
        num++;
    }
    (void)fclose(file);
    free(buffer);
    assert_true(num >= 35);
}

/* --- tests over all samples --- */

static void check_pieces(const struct content_rules *rules, const struct sample *sample,
                         struct span bytes)
{
    static const size_t pieces[] = {MAX_FILE, 1460, 512, 7, 1};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct reading reading;
        char told[256];
        uint8_t sum[CRYPTO_SHA256_LEN];
        begin(&reading, rules);
        add_in_pieces(&reading, bytes, pieces[i]);
        finish(&reading, true);
        describe(reading.facts, told, sizeof told);
        if (strcmp(told, sample->facts) != 0)
            printf("%s in pieces of %zu\n", sample->name, pieces[i]);
        assert_string_equal(told, sample->facts);
        check_sound(reading.facts);
        assert_true(crypto_sha256(bytes, sum));
        assert_memory_equal(reading.facts->sha256.at, sum, sizeof sum);
        assert_int_equal(reading.facts->size.value, bytes.len);
        end(&reading);
    }
}

static void files_are_told_whatever_the_pieces(void **state)
{
    for_samples(*state, check_pieces);
}

static void check_prefixes(const struct content_rules *rules, const struct sample *sample,
                           struct span bytes)
{
    (void)sample;
    for (size_t len = 0; len < bytes.len; len += len < 400 ? 1 : 61) {
        struct reading reading;
        begin(&reading, rules);
        add(&reading, span_of(bytes.at, len));
        finish(&reading, len % 2 == 0);
        check_sound(reading.facts);
        end(&reading);
    }
}

static void prefixes_do_no_harm(void **state)
{
    for_samples(*state, check_prefixes);
}

static void check_changes(const struct content_rules *rules, const struct sample *sample,
                          struct span bytes)
{
    enum { CHANGES = 60 };
    uint8_t *changed = malloc(bytes.len);
    assert_non_null(changed);
    srandom((unsigned)bytes.len + (uint8_t)sample->name[0]);
    for (unsigned i = 0; i < CHANGES; i++) {
        struct reading reading;
        memcpy(changed, bytes.at, bytes.len);
        for (unsigned j = 0; j <= i % 4; j++) {
            size_t at = (size_t)random() % (i % 2 == 0 && bytes.len > 64 ? 64 : bytes.len);
            changed[at] = (uint8_t)random();
        }
        begin(&reading, rules);
        add_in_pieces(&reading, span_of(changed, bytes.len), 300);
        finish(&reading, true);
        check_sound(reading.facts);
        end(&reading);
    }
    free(changed);
}

static void changed_bytes_do_no_harm(void **state)
{
    for_samples(*state, check_changes);
}

/* --- losses --- */

static void read_with_gap(struct reading *reading, const struct content_rules *rules,
                          const char *before, const char *after)
{
    begin(reading, rules);
    content_add(reading->content, span_text(before));
    content_gap(reading->content, 512);
    content_add(reading->content, span_text(after));
    finish(reading, true);
    assert_int_equal(reading->facts->complete, TRUTH_NO);
    assert_false(span_seen(reading->facts->sha256));
    check_sound(reading->facts);
}

static void losses_are_told(void **state)
{
    struct reading reading;
    read_with_gap(&reading, *state, "version 15.7\nenable password clear1\nsnmp-server comm",
                  "unity lost RO\nusername a password 0 clear2\naaa new-model\n");
    assert_string_equal(reading.facts->format, "ios");
    assert_int_equal(reading.facts->secrets.value, 2);
    assert_int_equal(reading.facts->secret_list[0].line, 2);
    assert_int_equal(reading.facts->secret_list[1].line, 0);
    assert_int_equal(reading.facts->unread.value, 2);
    end(&reading);
    /* Without its beginning a file is told by its lines, never by its bytes. */
    read_with_gap(&reading, *state, "", "hsqs\naaa new-model\nusername a password 0 b\n");
    assert_string_equal(reading.facts->format, "ios");
    end(&reading);
}

/* --- lines --- */

struct line_row {
    const char *text;
    size_t len;
    uint64_t lines;
    unsigned line, length; /* of the secret; 0: none */
};

#define LINES(text, lines, line, length)                                                           \
    {                                                                                              \
        text, sizeof(text) - 1, lines, line, length                                                \
    }

static const struct line_row line_rows[] = {
    LINES("a\nenable password x1\n", 2, 2, 2),
    LINES("a\r\nenable password x1\r\n", 2, 2, 2),
    LINES("a\r\0enable password x1\r\0", 2, 2, 2),
    LINES("a\renable password x1", 2, 2, 2),
    LINES("\n\n\nenable password x1", 4, 4, 2),
    LINES("\xef\xbb\xbf"
          "enable password x1",
          1, 1, 2),
    LINES("bootdelay=1\0admin_password=xyz\0\0", 3, 2, 3),
    LINES("add name=a \\\n    password=abcd \\\n    service=l2tp\n", 3, 2, 4),
    LINES("add password=\\\n    abcd\n", 2, 2, 4),
    LINES("enable password x1 \x01\n", 1, 0, 0),
};

static void lines_are_told(void **state)
{
    for (size_t i = 0; i < sizeof line_rows / sizeof *line_rows; i++) {
        const struct line_row *row = &line_rows[i];
        for (size_t piece = 1; piece < row->len; piece++) {
            struct reading reading;
            begin(&reading, *state);
            add_in_pieces(&reading, span_of(row->text, row->len), piece);
            finish(&reading, true);
            const struct content_facts *facts = reading.facts;
            assert_int_equal(facts->secrets.value, row->line != 0);
            if (row->line != 0) {
                assert_int_equal(facts->secret_list[0].line, row->line);
                assert_int_equal(facts->secret_list[0].length, row->length);
            }
            if (facts->lines.seen)
                assert_int_equal(facts->lines.value, row->lines);
            end(&reading);
        }
    }
}

/* A line of any length is read to its end, in parts. */
static void long_lines_are_read(void **state)
{
    enum { PAIRS = 2000 };
    struct reading reading;
    begin(&reading, *state);
    for (unsigned i = 0; i < PAIRS; i++) {
        static const char pair[] = "{\"name\": \"a\", \"password\": \"hunter-two\"}, ";
        add(&reading, span_of(pair, sizeof pair - 1));
    }
    finish(&reading, true);
    assert_int_equal(reading.facts->lines.value, 1);
    assert_int_equal(reading.facts->secrets.value, PAIRS);
    assert_int_equal(reading.facts->num_secrets, CONTENT_MAX_SECRETS);
    assert_int_equal(reading.facts->secret_list[CONTENT_MAX_SECRETS - 1].line, 1);
    end(&reading);
}

/* --- marks --- */

struct mark_row {
    const char *text;
    size_t len, offset;
    enum content_class class;
    const char *format;
};

#define MARK(offset, text, class, format)                                                          \
    {                                                                                              \
        text, sizeof(text) - 1, offset, class, format                                              \
    }

static const struct mark_row mark_rows[] = {
    MARK(0,
         "\x7f"
         "ELF\2\1\1",
         CONTENT_IMAGE, "elf"),
    MARK(0, "\x27\x05\x19\x56", CONTENT_IMAGE, "uimage"),
    MARK(0, "\xd0\x0d\xfe\xed....\0\0\0\1images\0", CONTENT_IMAGE, "fit"),
    MARK(0, "\xd0\x0d\xfe\xed", CONTENT_IMAGE, "dtb"),
    MARK(0, "hsqs", CONTENT_IMAGE, "squashfs"),
    MARK(0, "070701", CONTENT_IMAGE, "cpio"),
    MARK(0x202, "HdrS", CONTENT_IMAGE, "linux"),
    MARK(0x1fe, "\x55\xaa", CONTENT_IMAGE, "boot-sector"),
    MARK(257, "ustar\0", CONTENT_ARCHIVE, "tar"),
    MARK(0, "\x1f\x8b\x08", CONTENT_ARCHIVE, "gzip"),
    MARK(0, "BZh91AY&SY", CONTENT_ARCHIVE, "bzip2"),
    MARK(0, "\x28\xb5\x2f\xfd", CONTENT_ARCHIVE, "zstd"),
    MARK(0, "7z\xbc\xaf\x27\x1c", CONTENT_ARCHIVE, "7z"),
    MARK(0, "PK\3\4\x14\0\0\0\x08\0............\0\0\0\0\1\0\0\0a", CONTENT_ARCHIVE, "zip"),
    MARK(0, "PK\3\4\x14\0\1\0\x08\0............\0\0\0\0\1\0\0\0a", CONTENT_ENCRYPTED, "zip"),
    MARK(0, "PK\3\4\x14\0\0\0\x08\0............\0\0\0\0\5\0\0\0boot0", CONTENT_IMAGE, "eos-swi"),
    MARK(0, "Salted__", CONTENT_ENCRYPTED, "openssl"),
    MARK(0, "$ANSIBLE_VAULT;1.1;AES256\n", CONTENT_ENCRYPTED, "ansible-vault"),
    MARK(0, "#FGBK|3|", CONTENT_ENCRYPTED, "fortios-backup"),
    MARK(0, "\xef\xa8\x91\x72", CONTENT_ENCRYPTED, "routeros-backup"),
    MARK(0, "#!ipxe\ndhcp\n", CONTENT_SCRIPT, "ipxe"),
    MARK(0, "#!/usr/bin/env python3\n", CONTENT_SCRIPT, "python"),
    MARK(0, "#!/bin/sh -e\n", CONTENT_SCRIPT, "shell"),
    MARK(0, "#cloud-config\n", CONTENT_CONFIGURATION, "cloud-init"),
    MARK(0, "-----BEGIN CERTIFICATE-----\n", CONTENT_CERTIFICATE, "x509"),
    MARK(0, "-----BEGIN OpenVPN Static key V1-----\n", CONTENT_KEY, "openvpn"),
    MARK(0, "PuTTY-User-Key-File-3: ssh-ed25519\n", CONTENT_KEY, "putty"),
    MARK(0, "\0\0\0\x20....\0\0\r\n\r\nP2=admin&P34=x", CONTENT_UNKNOWN, NULL),
    MARK(0, "\0\0\0\x20\1\2\0\x0b\x82\1\2\3\r\n\r\nP2=admin&P34=x", CONTENT_CONFIGURATION,
         "grandstream"),
    MARK(0, "\1\0\2\1\0\2\0\2\1\x1c\3\0\x10", CONTENT_SIGNED, "cisco-sgn"),
    MARK(0, "\3\1\1\1\4\0\0\0\1\x11\1\1\6\x10................\7\x10................\xff\0\0",
         CONTENT_CONFIGURATION, "docsis"),
    MARK(0, "\3\1\7\1\4\0\0\0\1\x11\1\1\6\x10................\7\x10................\xff\0\0",
         CONTENT_UNKNOWN, NULL),
    MARK(0, "\3\1\1\x18\3\1\2\0\x19\3\1\2\0\6\x10................\7\x10................\xff\0\0",
         CONTENT_CONFIGURATION, "docsis"),
    MARK(0, "\xff\xd8\xff\xe0", CONTENT_UNKNOWN, "jpeg"),
    MARK(0, "MZ plain words", CONTENT_UNKNOWN, NULL),
    MARK(0, "0 plain words", CONTENT_UNKNOWN, NULL),
};

static void marks_are_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mark_rows / sizeof *mark_rows; i++) {
        const struct mark_row *row = &mark_rows[i];
        uint8_t head[CONTENT_HEAD] = {0};
        memcpy(head + row->offset, row->text, row->len);
        struct content_kind kind = content_magic(span_of(head, row->offset + row->len));
        if (kind.class != row->class)
            printf("row %zu\n", i);
        assert_int_equal(kind.class, row->class);
        if (row->format == NULL)
            assert_null(kind.format);
        else
            assert_string_equal(kind.format, row->format);
        for (size_t len = 0; len < row->offset + row->len; len++) {
            uint8_t *exact = malloc(len + 1);
            assert_non_null(exact);
            memcpy(exact, head, len);
            (void)content_magic(span_of(exact, len));
            free(exact);
        }
    }
}

/* --- age: no program for it is at hand; the lines are those of its specification --- */

static void age_is_told(void **state)
{
    static const char file[] = "age-encryption.org/v1\n"
                               "-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc\n"
                               "EmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U\n"
                               "-> ssh-rsa mhiUew\n"
                               "xI8JQKsXLvJ8dzq8PeJGZ\n"
                               "-> abc-grease x\n"
                               "-> scrypt bBjlhJVYZeE4aqUdmtRHfw 18\n"
                               "ZV/AhotwSGqaPCU43cepl4WYUouAa17a3xpu4G2yi5k\n"
                               "--- fgMiVLJHMlg9fW7CVG/hPS5EAU4Zeg19LyCP7SoH5nA\n"
                               "-> X25519 bytes of the payload";
    struct reading reading;
    begin(&reading, *state);
    add(&reading, span_of(file, sizeof file - 1));
    finish(&reading, true);
    assert_string_equal(reading.facts->class_name, "encrypted");
    assert_string_equal(reading.facts->format, "age");
    assert_string_equal(reading.facts->cipher, "chacha20-poly1305");
    assert_string_equal(reading.facts->key_transport, "ecdh");
    assert_int_equal(reading.facts->recipients.value, 3);
    assert_int_equal(reading.facts->recipient_list[1].id.len, 6);
    assert_string_equal(reading.facts->recipient_list[2].transport, "password");
    end(&reading);
}

/* --- CMS, against libcrypto's own reader --- */

static struct span issuer_and_serial(CMS_RecipientInfo *info, uint8_t *room)
{
    X509_NAME *issuer = NULL;
    ASN1_INTEGER *serial = NULL;
    ASN1_OCTET_STRING *id = NULL;
    assert_int_equal(CMS_RecipientInfo_ktri_get0_signer_id(info, &id, &issuer, &serial), 1);
    if (issuer == NULL) {
        memcpy(room, ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id));
        return span_of(room, (size_t)ASN1_STRING_length(id));
    }
    uint8_t body[512], *at = body;
    int len = i2d_X509_NAME(issuer, &at) + i2d_ASN1_INTEGER(serial, &at);
    assert_true(len > 0 && len < 128);
    room[0] = 0x30;
    room[1] = (uint8_t)len;
    memcpy(room + 2, body, (size_t)len);
    return span_of(room, (size_t)len + 2);
}

static void compare_recipients(CMS_ContentInfo *theirs, const struct cms *ours)
{
    STACK_OF(CMS_RecipientInfo) *infos = CMS_get0_RecipientInfos(theirs);
    int num = infos != NULL ? sk_CMS_RecipientInfo_num(infos) : 0;
    assert_int_equal(ours->num_recipients, num);
    for (int i = 0; i < num; i++) {
        CMS_RecipientInfo *info = sk_CMS_RecipientInfo_value(infos, i);
        const struct cms_recipient *recipient = &ours->recipients[i];
        static const enum cms_transport transports[] = {[CMS_RECIPINFO_AGREE] = CMS_AGREEMENT,
                                                        [CMS_RECIPINFO_KEK] = CMS_KEK,
                                                        [CMS_RECIPINFO_PASS] = CMS_PASSWORD};
        int type = CMS_RecipientInfo_type(info);
        if (type != CMS_RECIPINFO_TRANS) {
            assert_int_equal(recipient->transport, transports[type]);
            continue;
        }
        uint8_t room[512];
        X509_ALGOR *algorithm = NULL;
        assert_int_equal(CMS_RecipientInfo_ktri_get0_algs(info, NULL, NULL, &algorithm), 1);
        int nid = OBJ_obj2nid(algorithm->algorithm);
        assert_int_equal(recipient->transport,
                         nid == NID_rsaEncryption ? CMS_RSA_PKCS1 : CMS_RSA_OAEP);
        struct span id = issuer_and_serial(info, room);
        assert_int_equal(recipient->id.len, id.len);
        assert_memory_equal(recipient->id.at, id.at, id.len);
    }
}

static void check_cms(const struct content_rules *rules, const struct sample *sample,
                      struct span bytes)
{
    (void)rules;
    size_t name_len = strlen(sample->name);
    const char *ending = sample->name + name_len - 4;
    const unsigned char *at = bytes.at;
    if (strcmp(ending, ".der") != 0 && strcmp(ending, ".ber") != 0)
        return;
    CMS_ContentInfo *theirs = d2i_CMS_ContentInfo(NULL, &at, (long)bytes.len);
    struct reader in = reader_of(bytes);
    struct cms cms;
    bool ours = cms_read(&in, &cms);
    ERR_clear_error();
    if (theirs == NULL) {
        assert_false(ours);
        return;
    }
    assert_true(ours);
    int nid = OBJ_obj2nid(CMS_get0_type(theirs));
    assert_int_equal(cms.type == CMS_SIGNED, nid == NID_pkcs7_signed);
    assert_int_equal(cms.type == CMS_ENVELOPED, nid == NID_pkcs7_enveloped);
    assert_int_equal(cms.type == CMS_AUTH_ENVELOPED, nid == NID_id_smime_ct_authEnvelopedData);
    if (cms.type == CMS_ENVELOPED || cms.type == CMS_AUTH_ENVELOPED)
        compare_recipients(theirs, &cms);
    if (cms.type == CMS_SIGNED)
        assert_int_equal(cms.num_signers.value,
                         sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(theirs)));
    CMS_ContentInfo_free(theirs);
}

static void cms_is_read_as_libcrypto_does(void **state)
{
    for_samples(*state, check_cms);
}

/* Of a message that goes on beyond what is kept the recipients are known. */
static void a_cut_message_tells_its_recipients(void **state)
{
    static const char *const names[] = {"enveloped.der", "enveloped.ber", "auth.der", "smime.pem"};
    uint8_t *buffer = malloc(MAX_FILE);
    assert_non_null(buffer);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct span bytes = load(names[i], buffer);
        struct reading reading;
        begin(&reading, *state);
        add(&reading, span_of(bytes.at, bytes.len - 60));
        finish(&reading, false);
        assert_string_equal(reading.facts->class_name, "encrypted");
        assert_true(reading.facts->recipients.value >= 1);
        assert_int_equal(reading.facts->key_bits.value, 2048);
        assert_non_null(reading.facts->cipher);
        end(&reading);
    }
    free(buffer);
}

/* --- bounds --- */

static void the_budget_is_kept(void **state)
{
    struct budget budget = {.limit = 100};
    assert_null(content_new(&budget, *state));
    assert_int_equal(budget.used, 0);
    assert_int_equal(budget.refused, 1);
    /* With no room for lines a file is still hashed, and told by its first bytes. */
    for (size_t limit = 4000; limit < 80000; limit += 3000) {
        uint8_t *buffer = malloc(MAX_FILE);
        budget = (struct budget){.limit = limit};
        assert_non_null(buffer);
        struct span bytes = load("signed.eml", buffer);
        struct content *content = content_new(&budget, *state);
        if (content != NULL) {
            content_add(content, bytes);
            check_sound(content_finish(content, true));
            assert_true(budget.used <= limit);
        }
        content_free(content, &budget);
        assert_int_equal(budget.used, 0);
        free(buffer);
    }
}

static void no_rules_are_borne(void **state)
{
    (void)state;
    struct reading reading;
    begin(&reading, NULL);
    add(&reading, span_text("enable secret abc\nsnmp-server community x RO\n"));
    finish(&reading, true);
    assert_string_equal(reading.facts->format, "text");
    assert_false(reading.facts->secrets.seen);
    end(&reading);
}

static void an_empty_file_is_told(void **state)
{
    struct reading reading;
    begin(&reading, *state);
    finish(&reading, true);
    assert_string_equal(reading.facts->class_name, "empty");
    assert_true(span_seen(reading.facts->sha256));
    end(&reading);
    begin(&reading, *state);
    finish(&reading, false);
    assert_null(reading.facts->class_name);
    end(&reading);
}

/* Rules of one's own come before those that are built in, and find more. */
static void rules_can_be_added(void **state)
{
    static const char rules[] = "# own\n\n"
                                "api-token clear x-acme X-Acme-Token: (\\S{6,})\r\n"
                                "  wifi-key hash - ^enable secret (\\S+)\n";
    char path[] = "/tmp/test_content_XXXXXX";
    int file = mkstemp(path);
    struct error error = {.text = ""};
    struct reading reading;
    (void)state;
    assert_true(file >= 0);
    assert_int_equal(write(file, rules, sizeof rules - 1), sizeof rules - 1);
    (void)close(file);
    struct content_rules *own = content_rules_new(path, &error);
    (void)remove(path);
    assert_string_equal(error.text, "");
    assert_non_null(own);
    begin(&reading, own);
    add(&reading, span_text("enable secret abc\nx-acme-token: 123456\nX-Acme-Token: xxxxxx\n"));
    finish(&reading, true);
    assert_int_equal(reading.facts->secrets.value, 2);
    assert_string_equal(reading.facts->secret_list[0].kind, "wifi-key");
    assert_false(reading.facts->secret_list[0].reversible);
    assert_string_equal(reading.facts->secret_list[1].kind, "api-token");
    assert_int_equal(reading.facts->secret_list[1].line, 2);
    end(&reading);
    content_rules_free(own);
}

static double seconds_for(const struct content_rules *rules, const char *unit, size_t len)
{
    struct timespec before, after;
    struct reading reading;
    size_t unit_len = strlen(unit);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    begin(&reading, rules);
    for (size_t done = 0; done < len; done += unit_len)
        content_add(reading.content, span_of(unit, unit_len));
    finish(&reading, true);
    check_sound(reading.facts);
    end(&reading);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    return (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
}

/* What makes patterns go back and forth costs no more than in proportion to its length. */
static void costs_grow_with_length_only(void **state)
{
    static const char *const units[] = {"description=\"",
                                        "password password ",
                                        "a.b-c_d-e.password",
                                        "http://a:b",
                                        "snmp-server user auth priv key secret password community ",
                                        "{\"password\":\"x\"},",
                                        "<password <password ",
                                        "username a a a a secret ",
                                        "set set set desc ",
                                        "a-",
                                        "a_b.",
                                        "-----BEGIN \n",
                                        "banner motd ^\n",
                                        "<!-- ",
                                        "\"\\\\",
                                        "key-string password "};
    enum { SHORT = 32 << 10, TIMES = 4 };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        double small = seconds_for(*state, units[i], SHORT);
        double large = seconds_for(*state, units[i], (size_t)TIMES * SHORT);
        if (large > 2.5 * TIMES * small + 0.2)
            printf("\"%s\": %.3f s, then %.3f s\n", units[i], small, large);
        assert_true(large <= 2.5 * TIMES * small + 0.2);
    }
}

static void repeat(struct reading *reading, const char *unit, size_t times)
{
    for (size_t i = 0; i < times; i++)
        add(reading, span_text(unit));
}

/* What is too costly is told as unread, whatever its length; a file that has a secret in each line is none. */
static void work_is_bounded(void **state)
{
    static const char hostile[] = "secret key password token = x\n";
    struct reading reading;
    begin(&reading, *state);
    repeat(&reading, hostile, 30000);
    finish(&reading, true);
    assert_in_range(reading.facts->unread.value, 3000, 29999);
    assert_int_equal(reading.facts->lines.value, 30000);
    end(&reading);
    /* The file earns its work again while it goes on. */
    begin(&reading, *state);
    repeat(&reading, hostile, 30000);
    repeat(&reading, "interface GigabitEthernet0/1\n", 3000);
    repeat(&reading, "snmp-server community abcdef RO\n", 3);
    finish(&reading, true);
    assert_int_equal(reading.facts->secrets.value, 3);
    end(&reading);
    begin(&reading, *state);
    repeat(&reading, "username alice password 0 lwqp29xx\n", 3000);
    finish(&reading, true);
    assert_int_equal(reading.facts->unread.value, 0);
    assert_int_equal(reading.facts->secrets.value, 3000);
    end(&reading);
}

static double least_seconds_for(struct content_rules *rules, const char *unit, size_t len)
{
    double least = seconds_for(rules, unit, len);
    for (unsigned i = 0; i < 4; i++) {
        double seconds = seconds_for(rules, unit, len);
        least = seconds < least ? seconds : least;
    }
    return least;
}

/* What is given up is counted as the work that it was, also where a value is no placeholder: a small file that makes
 * every pattern go back and forth takes some times what one with a secret in each line takes, not hundreds. */
static void a_small_file_cannot_be_dear(void **state)
{
    static const char *const units[] = {
        "set password your____________________________________________________________%\n",
        "service password-a_b_c_d_e_f_g_h_i_j_k_l_m_n_o_p_q_r_s_t_u_v_w_x_y_z_a_b_c_d\n"};
    enum { LEN = 4 << 10, MOST = 10 };
    double usual = least_seconds_for(*state, "username alice password 0 lwqp29xx\n", LEN);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        double hostile = least_seconds_for(*state, units[i], LEN);
        printf("    %.1f times as dear\n", hostile / usual);
        assert_true(hostile < MOST * usual);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_told_whatever_the_pieces),
        cmocka_unit_test(prefixes_do_no_harm),
        cmocka_unit_test(changed_bytes_do_no_harm),
        cmocka_unit_test(losses_are_told),
        cmocka_unit_test(lines_are_told),
        cmocka_unit_test(long_lines_are_read),
        cmocka_unit_test(marks_are_known),
        cmocka_unit_test(age_is_told),
        cmocka_unit_test(cms_is_read_as_libcrypto_does),
        cmocka_unit_test(a_cut_message_tells_its_recipients),
        cmocka_unit_test(the_budget_is_kept),
        cmocka_unit_test(no_rules_are_borne),
        cmocka_unit_test(an_empty_file_is_told),
        cmocka_unit_test(rules_can_be_added),
        cmocka_unit_test(costs_grow_with_length_only),
        cmocka_unit_test(work_is_bounded),
        cmocka_unit_test(a_small_file_cannot_be_dear),
    };
    return cmocka_run_group_tests_name("content", tests, make_rules, free_rules);
}
