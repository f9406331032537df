/* tls_extensions.h: the small extensions of hellos: those that switch something on, or have one number.
 * tls_hello.c reads the ones that have structure and steer the handshake. */
#ifndef PERPASS_DISSECTORS_TLS_EXTENSIONS_H
#define PERPASS_DISSECTORS_TLS_EXTENSIONS_H

#include "dissectors/tls.h"

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
