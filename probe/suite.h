/* suite.h: what the client can do of each PSK cipher suite up to DTLS 1.2. */
#ifndef PERPASS_PROBE_SUITE_H
#define PERPASS_PROBE_SUITE_H

#include "core/crypto_record.h"
#include "core/hash_state.h"
#include "dissectors/tables/tls_registry.h"

enum suite_mode { SUITE_NULL = 1, SUITE_CBC, SUITE_AEAD };

struct suite {
    const struct tls_suite *registered;
    enum suite_mode mode;
    enum crypto_aead aead;           /* SUITE_AEAD */
    enum crypto_cbc cbc;             /* SUITE_CBC */
    enum hash_kind mac;              /* else than SUITE_AEAD */
    enum hash_kind prf;              /* of TLS 1.2 */
    size_t key_len, mac_len, iv_len; /* of the key block; |mac_len| is that of the MAC, too */
};

/* suite_find tells a suite that a handshake can be made with: of PSK, DHE_PSK or ECDHE_PSK. False for others. */
bool suite_find(uint16_t code, struct suite *suite);

enum { SUITES_MAX = 128 };

/* suites_psk lists the PSK suites that are registered for DTLS, those with which handshakes can be made and that
 * protect best first, and gives their number. */
size_t suites_psk(uint16_t codes[SUITES_MAX]);

#endif
