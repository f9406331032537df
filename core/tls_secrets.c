/* tls_secrets.c: P_hash of RFC 5246 section 5, and HKDF-Expand-Label of RFC 8446 section 7.1. */
#include "core/tls_secrets.h"

static void seed_add(struct hash_state *state, const struct tls_seed *seed)
{
    hash_add(state, seed->label);
    hash_add(state, seed->a);
    hash_add(state, seed->b);
}

void tls_p_hash(const struct hmac_key *secret, const struct tls_seed *seed,
                struct tls_secrets_room *room, uint8_t *out, size_t len)
{
    const size_t step = hash_len(secret->inner.kind);
    uint8_t *a = room->expanded, *piece = room->expanded + HASH_MAX_LEN;
    hmac_begin(secret, &room->state);
    seed_add(&room->state, seed);
    hmac_end(secret, &room->state, a);
    for (;;) {
        hmac_begin(secret, &room->state);
        hash_add(&room->state, span_of(a, step));
        seed_add(&room->state, seed);
        hmac_end(secret, &room->state, piece);
        size_t now = len < step ? len : step;
        memcpy(out, piece, now);
        out += now;
        len -= now;
        if (len == 0)
            return;
        hmac_of(secret, span_of(a, step), a);
    }
}

/* struct { uint16 length; opaque label<7..255>; opaque context<0..255>; } HkdfLabel; then the number of the block. */
void tls_expand_label(const struct hmac_key *secret, bool dtls, const char *label,
                      struct span context, struct tls_secrets_room *room, uint8_t *out, size_t len)
{
    enum { PREFIX_LEN = 6 };
    const size_t step = hash_len(secret->inner.kind), label_len = strlen(label);
    const uint8_t lengths[3] = {(uint8_t)(len >> 8), (uint8_t)len,
                                (uint8_t)(PREFIX_LEN + label_len)};
    const uint8_t context_len = (uint8_t)context.len;
    for (uint8_t block = 1; len > 0; block++) {
        uint8_t *at = room->expanded;
        hmac_begin(secret, &room->state);
        if (block > 1)
            hash_add(&room->state, span_of(at, step));
        hash_add(&room->state, span_of(lengths, sizeof lengths));
        hash_add(&room->state, span_of(dtls ? "dtls13" : "tls13 ", PREFIX_LEN));
        hash_add(&room->state, span_of(label, label_len));
        hash_add(&room->state, span_of(&context_len, 1));
        hash_add(&room->state, context);
        hash_add(&room->state, span_of(&block, 1));
        hmac_end(secret, &room->state, at);
        size_t now = len < step ? len : step;
        memcpy(out, at, now);
        out += now;
        len -= now;
    }
}
