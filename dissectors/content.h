/* content.h: what a file is that crosses the network: its class and dialect, what protects it, which kinds of secrets
 * it holds. Read as a stream, in bounded memory, whatever the file's size; shared by all that transfer files.
 *
 * The value of a secret never leaves the scanner: its kind, line and length do. */
#ifndef PERPASS_DISSECTORS_CONTENT_H
#define PERPASS_DISSECTORS_CONTENT_H

#include "core/budget.h"
#include "core/observation.h"

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
        *transport; /* "rsaEncryption" (PKCS #1 v1.5), "rsaesOaep", "ecdh", "kek", "password" */
};

struct content_secret {
    const char *kind;      /* "snmp-community", "password-hash" … (static) */
    uint32_t line, length; /* from 1; bytes of the value */
    bool reversible;       /* in clear, or by an encoding that anybody can undo */
};

/* What is known at the end. Spans and lists are the struct content's. All-zero: nothing was read. */
struct content_facts {
    enum content_class class;
    const char *class_name;    /* "configuration", NULL for CONTENT_UNKNOWN */
    const char *format;        /* "ios", "junos", "cms", "pgp", "elf", NULL when unknown */
    struct number size, lines; /* bytes read; lines of text */
    enum truth complete;       /* all of it, from the first byte to the last, was read */
    struct span sha256;        /* only when it was */
    enum truth encrypted;      /* unknown for CONTENT_OPAQUE */
    enum truth is_signed; /* CMS signed-data, a PGP signature, a signed script or image header */
    const char *cipher;   /* of the content: "aes-256-cbc" */
    struct number
        key_bits; /* of the recipients' public keys, the smallest: of RSA, by the length of what is
                                    encrypted to them */
    const char *key_transport; /* of the first recipient */
    struct number recipients;  /* how many */
    struct span recipient_ids; /* vec16 each: content_next_recipient */
    struct number secrets;     /* how many; those that are told are in the lists below */
    struct number reversible;  /* of these, how many in clear or encoded reversibly */
    const struct content_secret *secret_list;
    size_t num_secrets;
    struct span secret_kinds, secret_lines,
        secret_lengths; /* the same for the field rows' walkers */
    struct content_recipient recipient_list[CONTENT_MAX_RECIPIENTS];
    size_t num_recipients;
};

struct content;

/* content_new starts on a file; NULL when |budget| (bytes over all files at a time) has no more, or memory is short. */
struct content *content_new(struct budget *budget);

/* content_add reads what comes next; content_gap says that |len| bytes here (0: nobody knows how many) were lost. */
void content_add(struct content *content, struct span bytes);
void content_gap(struct content *content, uint64_t len);

/* content_finish says what was read: |ended| when the protocol said that this was all. Valid until content_free; call
 * it once. */
const struct content_facts *content_finish(struct content *content, bool ended);
void content_free(struct content *content, struct budget *budget);

#endif
