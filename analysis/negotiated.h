/* negotiated.h: what a server hello settles about a session. */
#ifndef PERPASS_ANALYSIS_NEGOTIATED_H
#define PERPASS_ANALYSIS_NEGOTIATED_H

#include "analysis/analyzer.h"
#include "dissectors/tables/tls_registry.h"
#include "dissectors/tls.h"

/* A session that a server hello began. */
struct negotiated {
    const struct tls_server_hello *hello;
    bool ssl2, tls13;      /* SSL 2; TLS, DTLS or QUIC with version 1.3 or a draft of it */
    struct number version; /* code point; SSL 2: 0x0002 */
    const struct tls_suite
        *suite;     /* NULL for an unknown one, and in SSL 2 as long as there are several */
    uint16_t flags; /* enum tls_suite_flag that surely hold; SSL 2: of all suites on offer */
    enum tls_kx kx; /* TLS_KX_UNKNOWN for an unknown suite; SSL 2: TLS_KX_RSA */
    enum tls_secrecy secrecy; /* forward secrecy; TLS_SECRECY_UNKNOWN is never called safe */
};

/* negotiated_read reads the server hello |observation| into |session|. False for a
 * HelloRetryRequest, which begins no session. */
bool negotiated_read(const struct observation *observation, struct negotiated *session);

/* negotiated_finding starts a finding about the server of |session|, with evidence cipher and
 * version. */
struct finding negotiated_finding(const struct analyze_context *context,
                                  const struct negotiated *session, enum rule_id id);

#endif
