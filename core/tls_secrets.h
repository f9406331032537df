/* tls_secrets.h: how TLS makes secrets of secrets: the PRF up to version 1.2 (RFC 5246 section 5), and
 * HKDF-Expand-Label from 1.3 on (RFC 8446 section 7.1, RFC 9147 section 5.9). */
#ifndef PERPASS_CORE_TLS_SECRETS_H
#define PERPASS_CORE_TLS_SECRETS_H

#include "core/hash_state.h"

/* Room for what is secret on the way; whoever owns it wipes it. */
struct tls_secrets_room {
    struct hash_state state;
    uint8_t expanded[2 * HASH_MAX_LEN];
};

/* What the PRF is applied to. */
struct tls_seed {
    struct span label, a, b;
};

/* tls_p_hash is P_hash of RFC 5246 section 5, with the hash of the |secret|: in TLS 1.2 the whole PRF. */
void tls_p_hash(const struct hmac_key *secret, const struct tls_seed *seed,
                struct tls_secrets_room *room, uint8_t *out, size_t len);

/* tls_expand_label is HKDF-Expand-Label, with the labels of DTLS 1.3 if |dtls|. */
void tls_expand_label(const struct hmac_key *secret, bool dtls, const char *label,
                      struct span context, struct tls_secrets_room *room, uint8_t *out, size_t len);

#endif
