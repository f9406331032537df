/* tls_registry.h: code points of TLS, as IANA registers them, with what they mean for an observer.
 *
 * The tables behind it are generated from data files by tools/; a code point that no table knows stays a
 * number and is never called safe. SSL 2 cipher kinds have three bytes and a table of their own. */
#ifndef PERPASS_DISSECTORS_TABLES_TLS_REGISTRY_H
#define PERPASS_DISSECTORS_TABLES_TLS_REGISTRY_H

#include "core/value.h"

#include <stdbool.h>
#include <stdint.h>

enum tls_kx {
    TLS_KX_UNKNOWN = 0,
    TLS_KX_NULL, /* TLS_NULL_WITH_NULL_NULL */
    TLS_KX_RSA,  /* RSA key transport, RSA_EXPORT included */
    TLS_KX_DH,   /* static DH: DH_RSA, DH_DSS, their EXPORT forms */
    TLS_KX_DHE,  /* DHE_RSA, DHE_DSS, their EXPORT forms */
    TLS_KX_DH_ANON,
    TLS_KX_ECDH, /* static ECDH */
    TLS_KX_ECDHE,
    TLS_KX_ECDH_ANON,
    TLS_KX_PSK, /* plain PSK, RFC 4279 section 2 */
    TLS_KX_RSA_PSK,
    TLS_KX_DHE_PSK,
    TLS_KX_ECDHE_PSK,
    TLS_KX_KRB5,
    TLS_KX_SRP,
    TLS_KX_ECCPWD,
    TLS_KX_GOST,
    TLS_KX_TLS13,   /* TLS 1.3: the suite says nothing about the key exchange */
    TLS_KX_SIGNAL,  /* a signalling value, never negotiated: SCSVs, GREASE */
    TLS_KX_ECJPAKE, /* password, draft-cragie-tls-ecjpake: Thread's commissioning */
    TLS_KX_SM2      /* SM2 key transport, GM/T 0024 */
};

enum tls_auth {
    TLS_AUTH_UNKNOWN = 0,
    TLS_AUTH_NULL,
    TLS_AUTH_ANON,
    TLS_AUTH_RSA,
    TLS_AUTH_DSS,
    TLS_AUTH_ECDSA,
    TLS_AUTH_PSK,
    TLS_AUTH_KRB5,
    TLS_AUTH_SRP,
    TLS_AUTH_GOST,
    TLS_AUTH_TLS13,
    TLS_AUTH_SIGNAL,
    TLS_AUTH_PASSWORD, /* ECCPWD, ECJPAKE */
    TLS_AUTH_SM2
};

enum tls_secrecy { TLS_SECRECY_UNKNOWN = 0, TLS_SECRECY_NONE, TLS_SECRECY_FORWARD };

enum tls_suite_flag {
    TLS_SUITE_NULL_ENCRYPTION = 0x01,
    TLS_SUITE_EXPORT = 0x02,
    TLS_SUITE_RC4 = 0x04,
    TLS_SUITE_RC2 = 0x08,
    TLS_SUITE_DES = 0x10, /* single DES, DES40 */
    TLS_SUITE_3DES = 0x20,
    TLS_SUITE_IDEA = 0x40,
    TLS_SUITE_MD5 = 0x80, /* record MAC */
    TLS_SUITE_CBC = 0x100,
    TLS_SUITE_AEAD = 0x200,
    TLS_SUITE_CCM_8 = 0x400,        /* 8-byte tag */
    TLS_SUITE_RECOMMENDED = 0x800,  /* column Recommended is Y */
    TLS_SUITE_DISCOURAGED = 0x1000, /* column Recommended is D */
    TLS_SUITE_DTLS_OK = 0x2000,
    TLS_SUITE_GREASE = 0x4000
};

struct tls_suite {
    uint32_t code;    /* 16 bits; SSL 2: 24 bits */
    const char *name; /* IANA's: "TLS_PSK_WITH_AES_128_CCM_8" */
    enum tls_kx kx;
    enum tls_auth auth;
    enum tls_secrecy secrecy; /* TLS 1.3 suites: TLS_SECRECY_UNKNOWN, the handshake decides */
    uint16_t flags;           /* enum tls_suite_flag */
    uint16_t key_bits;        /* of the bulk cipher, 0 for NULL */
    const char *encryption;   /* "AES_128_CCM_8", "NULL"; empty for signalling values */
};

/* tls_suite_find gives the row of a cipher suite, NULL for a code point that no table knows. Beside IANA's
 * there are the suites of drafts and vendors that occur on networks: neither recommended nor discouraged. */
const struct tls_suite *tls_suite_find(uint16_t code);

/* tls_ssl2_cipher_find is the same for the three-byte cipher kinds of SSL 2; where the first byte is zero they
 * are cipher suites (RFC 5246 appendix E.2) and the row of the suite comes back. */
const struct tls_suite *tls_ssl2_cipher_find(uint32_t code);

/* Names of code points; NULL when unknown. They take 64 bits to serve as struct field's name_of. */
const char *tls_suite_name(uint64_t code); /* "TLS_AES_128_GCM_SHA256" */
const char *tls_ssl2_cipher_name(uint64_t code);
const char *tls_group_name(uint64_t code);     /* "x25519" */
const char *tls_extension_name(uint64_t code); /* "server_name" */
const char *tls_alert_name(uint64_t code);     /* "unknown_psk_identity" */
const char *tls_version_name(
    uint64_t code); /* "1.2": SSL 2 "2", SSL 3 "3", TLS "1.0", DTLS 0xfefd "1.2"; TLS 1.3
                                                     drafts 0x7fXX "1.3-draftXX", ECS style */
const char *tls_signature_name(uint64_t code); /* "rsa_pss_rsae_sha256" */
const char *tls_kx_name(enum tls_kx kx);       /* "ECDHE_PSK", static; "unknown" */

/* tls_kx_13_name is the same in TLS 1.3, where |group| of the server's key share and a selected PSK tell the exchange;
 * names as those of TLS 1.2, and of RFC 9794. NULL: nothing tells it. */
const char *tls_kx_13_name(struct number group, bool psk);

/* tls_kx_has_psk says whether a PSK goes into the keys: RFC 4279, RFC 5489. */
static inline bool tls_kx_has_psk(enum tls_kx kx)
{
    return kx == TLS_KX_PSK || kx == TLS_KX_RSA_PSK || kx == TLS_KX_DHE_PSK ||
           kx == TLS_KX_ECDHE_PSK;
}

/* tls_is_grease says whether a 16-bit code point is one of RFC 8701's: 0x?a?a with equal bytes. */
static inline bool tls_is_grease(uint16_t code)
{
    return (code & 0x0f0f) == 0x0a0a && (code >> 8) == (code & 0xff);
}

/* tls_group_is_postquantum: ML-KEM, Kyber or NTRU (CECPQ2), alone or hybrid. */
bool tls_group_is_postquantum(uint16_t code);

#endif
