/* content.h: what a file is that crosses the network: its class and dialect, what protects it, which kinds of secrets
 * it holds. Read as a stream, in bounded memory, whatever the file's size; shared by all that transfer files.
 *
 * The value of a secret never leaves the scanner: its kind, line and length do. */
#ifndef PERPASS_DISSECTORS_CONTENT_H
#define PERPASS_DISSECTORS_CONTENT_H

#include "core/budget.h"
#include "core/observation.h"

struct content_rules;

enum {
    CONTENT_MAX_SECRETS = 256,  /* that are told one by one; further ones are counted */
    CONTENT_MAX_RECIPIENTS = 16 /* of an encrypted file, likewise */
};

/* What kind of file it is. */
enum content_class {
    CONTENT_UNKNOWN = 0,   /* text or bytes that nothing recognises */
    CONTENT_EMPTY,         /* no byte at all */
    CONTENT_CONFIGURATION, /* a device's configuration; |format| is the dialect */
    CONTENT_SCRIPT,        /* a boot or provisioning script */
    CONTENT_IMAGE,         /* a boot image or firmware */
    CONTENT_ARCHIVE,       /* an archive or a compressed file */
    CONTENT_ENCRYPTED,     /* an encrypted container; |format| is which */
    CONTENT_SIGNED,        /* signed, and readable */
    CONTENT_KEY,           /* a private key by itself */
    CONTENT_CERTIFICATE,   /* certificates, without a private key */
    CONTENT_OPAQUE /* nothing known, of high entropy: encrypted or compressed by something */
};

/* Whom an encrypted file is for, as far as CMS tells (RFC 5652 section 6.2). */
struct content_recipient {
    struct span id; /* issuer and serial number in DER, or the key identifier */
    const char
        *transport; /* "rsaEncryption" (PKCS #1 v1.5), "rsaesOaep", "ecdh", "elgamal", "kem", "kek",
                     * "password", "other" */
};

struct content_secret {
    const char *kind;      /* of secret_kinds.def: "snmp-community", "password-hash" … (static) */
    uint32_t line, length; /* from 1, 0 behind a part that was lost; bytes of the value */
    bool reversible;       /* in clear, or by an encoding that anybody can undo */
};

/* What is known at the end. Text is static; spans and lists are the struct content's. All-zero: nothing was read. */
struct content_facts {
    enum content_class class;
    const char *class_name; /* "configuration", NULL for CONTENT_UNKNOWN */
    const char *format;     /* "ios", "junos", "cms", "pgp", "elf", NULL when unknown */
    const char
        *encoding; /* around it: "pem", "der", "smime", "armor", "base64", "utf-16"; NULL: none */
    const char *inner;         /* CONTENT_SIGNED: the format of what is signed, NULL when unknown */
    struct number size, lines; /* bytes read; lines of text */
    enum truth complete;       /* all of it, from the first byte to the last, was read */
    struct span sha256;        /* only when it was */
    enum truth encrypted;      /* unknown for CONTENT_OPAQUE */
    enum truth is_signed;   /* CMS signed-data, a PGP signature, a signed script or image header */
    const char *cipher;     /* of the content: "aes-256-cbc" */
    struct number key_bits; /* of the shortest of the recipients' RSA keys, by the length of what is
                                * encrypted to it; without one, of the shortest other key */
    const char *key_transport; /* of that recipient; without a length, of the first */
    struct number recipients;  /* how many */
    struct span recipient_ids; /* vec16 each: content_next_recipient */
    struct number secrets;     /* how many; those that are told are in the lists below */
    struct number reversible;  /* of these, how many in clear or encoded reversibly */
    struct number unread;      /* lines not searched whole: too costly, or broken by a loss */
    const struct content_secret *secret_list;
    size_t num_secrets;
    struct span secret_kinds, secret_lines,
        secret_lengths; /* the same for the field rows' walkers; not seen without a secret */
    struct content_recipient recipient_list[CONTENT_MAX_RECIPIENTS];
    size_t num_recipients;
};

struct content;

/* content_new starts on a file; NULL when |budget| (bytes over all files at a time) has no more, or memory is short.
 * |rules| (context->content_rules; they outlive the file) say by what text is recognised, and what in it is a secret;
 * NULL: a file is told by its first bytes only. */
struct content *content_new(struct budget *budget, const struct content_rules *rules);

/* content_add reads what comes next; content_gap says that |len| bytes here (0: nobody knows how many) were lost. */
void content_add(struct content *content, struct span bytes);
void content_gap(struct content *content, uint64_t len);

/* content_finish says what was read: |ended| when the protocol said that this was all. Valid until content_free; call
 * it once. */
const struct content_facts *content_finish(struct content *content, bool ended);

/* content_free takes the budget that content_new was given; |content| may be NULL. */
void content_free(struct content *content, struct budget *budget);

/* Walkers and names for the rows below. */
void content_next_recipient(struct reader *list, struct value *item);
void content_next_number(struct reader *list, struct value *item);
const char *content_secret_kind(uint64_t code);

/* The rows of a member that is a struct content_facts, for an observation whose rows are written with
 * dissectors/field_rows.h: CONTENT_ROWS(content) */
#define CONTENT_ROWS(member)                                                                       \
    ROW("perpass.content.class", FIELD_TEXT, member.class_name,                                    \
        "what kind of file it is: empty, configuration, script, image, archive, encrypted, "       \
        "signed, key, certificate, opaque (no known format, and of high entropy)",                 \
        IS_PUBLIC),                                                                                \
        ROW("perpass.content.format", FIELD_TEXT, member.format,                                   \
            "dialect of a configuration, or format of the file", IS_PUBLIC),                       \
        ROW("perpass.content.encoding", FIELD_TEXT, member.encoding,                               \
            "what is around it: pem, der, smime, armor, base64, utf-16", IS_PUBLIC),               \
        ROW("perpass.content.inner_format", FIELD_TEXT, member.inner,                              \
            "format of the readable file in a signed one", IS_PUBLIC),                             \
        ROW("perpass.content.size", FIELD_NUMBER, member.size, "bytes that were read", IS_PUBLIC), \
        ROW("perpass.content.lines", FIELD_NUMBER, member.lines, "lines, if it is text",           \
            IS_PUBLIC),                                                                            \
        ROW("perpass.content.complete", FIELD_TRUTH, member.complete,                              \
            "it was read from the first byte to the last", IS_PUBLIC),                             \
        ROW("perpass.content.sha256", FIELD_BYTES, member.sha256, "of a complete file",            \
            IS_IDENTIFIER("file")),                                                                \
        ROW("perpass.content.encrypted", FIELD_TRUTH, member.encrypted,                            \
            "it is encrypted; absent when that cannot be told", IS_PUBLIC),                        \
        ROW("perpass.content.signed", FIELD_TRUTH, member.is_signed,                               \
            "it has a signature, which is not checked", IS_PUBLIC),                                \
        ROW("perpass.content.cipher", FIELD_TEXT, member.cipher, "what it is encrypted with",      \
            IS_PUBLIC),                                                                            \
        ROW("perpass.content.key_bits", FIELD_NUMBER, member.key_bits,                             \
            "bits of the shortest RSA key that it is encrypted to, else of the shortest elliptic " \
            "curve",                                                                               \
            IS_PUBLIC),                                                                            \
        ROW("perpass.content.key_transport", FIELD_TEXT, member.key_transport,                     \
            "how that recipient, or the first, gets the key: rsaEncryption (PKCS #1 v1.5), "       \
            "rsaesOaep, "                                                                          \
            "ecdh, elgamal, kem, kek, password, other",                                            \
            IS_PUBLIC),                                                                            \
        ROW("perpass.content.recipients", FIELD_NUMBER, member.recipients,                         \
            "for how many it is encrypted", IS_PUBLIC),                                            \
        ROW("perpass.content.recipient_ids", FIELD_LIST, member.recipient_ids,                     \
            "issuer and serial number in DER, or key identifier, of the recipients' keys",         \
            .item = VALUE_BYTES, .next = content_next_recipient, IS_IDENTIFIER("recipient")),      \
        ROW("perpass.content.secrets.total", FIELD_NUMBER, member.secrets,                         \
            "secrets that can be read in it: passwords, keys, hashes of passwords", IS_PUBLIC),    \
        ROW("perpass.content.secrets.reversible", FIELD_NUMBER, member.reversible,                 \
            "of these, in clear or by an encoding that anybody can undo", IS_PUBLIC),              \
        ROW("perpass.content.secrets.kinds", FIELD_LIST, member.secret_kinds,                      \
            "kind of each, at most 256", .item = VALUE_NUMBER, .next = field_next_u8,              \
            .name_of = content_secret_kind, IS_PUBLIC),                                            \
        ROW("perpass.content.secrets.lines", FIELD_LIST, member.secret_lines,                      \
            "line of each, from 1; 0 behind a part that was lost", .item = VALUE_NUMBER,           \
            .next = content_next_number, IS_PUBLIC),                                               \
        ROW("perpass.content.secrets.lengths", FIELD_LIST, member.secret_lengths,                  \
            "bytes of the value of each", .item = VALUE_NUMBER, .next = content_next_number,       \
            IS_PUBLIC),                                                                            \
        ROW("perpass.content.secrets.unread", FIELD_NUMBER, member.unread,                         \
            "lines that were not searched whole", IS_PUBLIC)

/* What else leads elsewhere in it, for the parts of |data|, the observation's struct: CONTENT_PARTS(http_fetch, content) */
#define CONTENT_PARTS(data, member)                                                                \
    {.offset = offsetof(struct data, member.secret_list),                                          \
     .item_size = sizeof(struct content_secret),                                                   \
     .num_items = offsetof(struct data, member.num_secrets)},                                      \
    {                                                                                              \
        .offset = offsetof(struct data, member.recipient_list[0].id),                              \
        .stride = sizeof(struct content_recipient), .repeat = CONTENT_MAX_RECIPIENTS               \
    }

#endif
