/* cms.h: what the Cryptographic Message Syntax (RFC 5652, RFC 5083; PKCS #7 as in RFC 2315) tells without any key:
 * for whom and how a message is encrypted, and whether it is signed. Nothing is decrypted or verified.
 *
 * BER is read as well as DER, as programs write lengths that are not known yet. Of a message that is only there in
 * part the recipients can be read, as they come first. */
#ifndef PERPASS_CORE_CMS_H
#define PERPASS_CORE_CMS_H

#include "core/reader.h"
#include "core/value.h"

enum cms_type {
    CMS_OTHER = 0, /* compressed, digested, a content type of another standard */
    CMS_DATA,
    CMS_SIGNED,
    CMS_ENVELOPED,
    CMS_AUTH_ENVELOPED,
    CMS_ENCRYPTED /* under a key that is not told of */
};

enum cms_transport {
    CMS_TRANSPORT_OTHER = 0,
    CMS_RSA_PKCS1, /* rsaEncryption, PKCS #1 v1.5 */
    CMS_RSA_OAEP,
    CMS_AGREEMENT, /* (EC)DH: KeyAgreeRecipientInfo */
    CMS_KEK,       /* a key that both have: KEKRecipientInfo */
    CMS_PASSWORD,  /* PasswordRecipientInfo */
    CMS_KEM        /* RFC 9629 */
};

enum { CMS_MAX_RECIPIENTS = 16 };

struct cms_recipient {
    enum cms_transport transport;
    struct span
        id; /* IssuerAndSerialNumber in DER, or the identifier of the key; not seen without one */
    struct number
        key_bits; /* of an RSA key, by the length of what it encrypts; of an elliptic curve's field */
};

struct cms {
    enum cms_type type;
    /* CMS_ENVELOPED, _AUTH_ENVELOPED, _ENCRYPTED */
    uint64_t num_recipients; /* all; the list has the first CMS_MAX_RECIPIENTS */
    struct cms_recipient recipients[CMS_MAX_RECIPIENTS];
    struct span cipher;        /* object identifier, with its header: x509_oid_text */
    struct number cipher_bits; /* RC2: the effective key bits of its parameters */
    bool signed_inside;        /* what is encrypted says that it is SignedData */
    /* CMS_SIGNED */
    struct number num_signers; /* not seen when they are behind the part that is there */
    bool has_content;          /* what is signed is inside; else the signature is detached */
    struct span certificates;  /* content of the set, not seen without one */
    struct reader content;     /* CMS_SIGNED, CMS_DATA: for cms_next_content */
    uint8_t content_tag;       /* for cms_next_content */
};

/* cms_read reads a ContentInfo. False, and a fault in |in|, when it is none; READER_CUT when what is there ends too
 * early: then |cms| has what came before. */
bool cms_read(struct reader *in, struct cms *cms);

/* cms_next_content takes the next piece of the content that is inside; false at its end. */
bool cms_next_content(struct cms *cms, struct span *piece);

/* "rsaEncryption", "rsaesOaep", "ecdh", "kek", "password", "kem", "other" */
const char *cms_transport_name(enum cms_transport transport);

#endif
