/* tls_fingerprint.h: fingerprints of hellos, as their authors specify them: JA3 and JA3S (Althouse,
 * Atkinson, Atkins, 2017), JA4 (FoxIO, 2023; the TLS client fingerprint, which is under a BSD licence).
 *
 * They are worked out when somebody asks, from the hello's own bytes. GREASE values do not count. An SSL 2
 * hello has none: it has no extensions, and its cipher kinds are other numbers. */
#ifndef PERPASS_DISSECTORS_TLS_FINGERPRINT_H
#define PERPASS_DISSECTORS_TLS_FINGERPRINT_H

#include "dissectors/tls.h"

/* All take the observation's struct, and give false when there is no fingerprint (SSL 2, no memory). */
bool tls_ja3(const void *client_hello, struct derived *text);  /* 32 hex digits */
bool tls_ja3s(const void *server_hello, struct derived *text); /* 32 hex digits */
bool tls_ja4(const void *client_hello,
             struct derived *text); /* t13d1516h2_8daaf6152771_e5627efa2ab1 */

#endif
