/* tls_extensions.h: the small extensions of hellos: those that switch something on, or have one number.
 * tls_hello.c reads the ones that have structure and steer the handshake. */
#ifndef PERPASS_DISSECTORS_TLS_EXTENSIONS_H
#define PERPASS_DISSECTORS_TLS_EXTENSIONS_H

#include "dissectors/tls.h"

/* ExtensionType, IANA "TLS ExtensionType Values". */
enum tls_extension {
    EXT_SERVER_NAME = 0,
    EXT_MAX_FRAGMENT_LENGTH = 1,
    EXT_CLIENT_CERTIFICATE_URL = 2,
    EXT_TRUSTED_CA_KEYS = 3,
    EXT_TRUNCATED_HMAC = 4,
    EXT_STATUS_REQUEST = 5,
    EXT_CERT_TYPE = 9,
    EXT_SUPPORTED_GROUPS = 10,
    EXT_EC_POINT_FORMATS = 11,
    EXT_SIGNATURE_ALGORITHMS = 13,
    EXT_HEARTBEAT = 15,
    EXT_ALPN = 16,
    EXT_SIGNED_CERTIFICATE_TIMESTAMP = 18,
    EXT_CLIENT_CERTIFICATE_TYPE = 19,
    EXT_SERVER_CERTIFICATE_TYPE = 20,
    EXT_ENCRYPT_THEN_MAC = 22,
    EXT_EXTENDED_MASTER_SECRET = 23,
    EXT_CACHED_INFO = 25,
    EXT_COMPRESS_CERTIFICATE = 27,
    EXT_RECORD_SIZE_LIMIT = 28,
    EXT_CERT_WITH_EXTERN_PSK = 33,
    EXT_SESSION_TICKET = 35,
    EXT_DRAFT_KEY_SHARE = 40, /* until draft 22 */
    EXT_PRE_SHARED_KEY = 41,
    EXT_EARLY_DATA = 42,
    EXT_SUPPORTED_VERSIONS = 43,
    EXT_COOKIE = 44,
    EXT_PSK_KEY_EXCHANGE_MODES = 45,
    EXT_KEY_SHARE = 51,
    EXT_DRAFT_CONNECTION_ID = 53, /* drafts of RFC 9146 before the 10th */
    EXT_CONNECTION_ID = 54,
    EXT_ENCRYPTED_CLIENT_HELLO = 0xfe0d,
    EXT_RENEGOTIATION_INFO = 0xff01
};

/* IANA "TLS Certificate Types": what extensions 19 and 20 negotiate. */
enum tls_certificate_type {
    TLS_CERTIFICATE_X509 = 0,
    TLS_CERTIFICATE_OPENPGP = 1,
    TLS_CERTIFICATE_RAW_PUBLIC_KEY = 2
};

/* What the hello does not have is set to TRUTH_NO before its extensions are read. */
void tls_client_extensions_begin(struct tls_client_hello *hello);
void tls_server_extensions_begin(struct tls_server_hello *hello);

/* They read the extension |type| with the content |ext|; one that they do not know is passed over. */
void tls_read_client_extension(uint16_t type, struct reader *ext, struct tls_client_hello *hello);
void tls_read_server_extension(uint16_t type, struct reader *ext, struct tls_server_hello *hello);

#endif
