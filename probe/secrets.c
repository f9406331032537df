/* secrets.c: premaster secret, master secret, key block, Finished. */
#include "probe/secrets.h"

#include "core/crypto.h"
#include "core/reader.h"

/* opaque other_secret<0..2^16-1>; opaque psk<0..2^16-1>; the other one of plain PSK is zeros, as many as the key. */
static struct span premaster(struct secrets *secrets, struct span psk, struct span shared)
{
    struct bytes_out out = bytes_out_to(secrets->premaster, sizeof secrets->premaster);
    size_t other = out_begin(&out, 2);
    if (span_seen(shared))
        out_span(&out, shared);
    for (size_t i = 0; !span_seen(shared) && i < psk.len; i++)
        out_u8(&out, 0);
    out_end(&out, other, 2);
    out_vec(&out, psk, 2);
    return out_all(&out);
}

void secrets_resume(struct secrets *secrets, enum hash_kind prf,
                    const uint8_t master[SECRETS_MASTER_LEN])
{
    secrets->prf = prf;
    memmove(secrets->master, master, SECRETS_MASTER_LEN);
    hmac_key_set(&secrets->key, prf, span_of(secrets->master, SECRETS_MASTER_LEN));
}

void secrets_make(struct secrets *secrets, enum hash_kind prf, struct span psk, struct span shared,
                  const struct secrets_randoms *randoms, struct span session_hash)
{
    struct tls_seed seed = {.label = span_text("master secret"),
                            .a = span_of(randoms->client, SECRETS_RANDOM_LEN),
                            .b = span_of(randoms->server, SECRETS_RANDOM_LEN)};
    if (span_seen(session_hash))
        seed = (struct tls_seed){.label = span_text("extended master secret"), .a = session_hash};
    hmac_key_set(&secrets->key, prf, premaster(secrets, psk, shared));
    tls_p_hash(&secrets->key, &seed, &secrets->room, secrets->master, SECRETS_MASTER_LEN);
    crypto_wipe(secrets->premaster, sizeof secrets->premaster);
    secrets_resume(secrets, prf, secrets->master);
}

static void take(struct reader *block, uint8_t *to, size_t len)
{
    struct span bytes = reader_bytes(block, len);
    if (bytes.len > 0)
        memcpy(to, bytes.at, bytes.len);
}

void secrets_keys(struct secrets *secrets, const struct suite *suite,
                  const struct secrets_randoms *randoms, struct record_keys *client,
                  struct record_keys *server)
{
    const struct tls_seed seed = {.label = span_text("key expansion"),
                                  .a = span_of(randoms->server, SECRETS_RANDOM_LEN),
                                  .b = span_of(randoms->client, SECRETS_RANDOM_LEN)};
    const size_t len = 2 * (suite->mac_len + suite->key_len + suite->iv_len);
    tls_p_hash(&secrets->key, &seed, &secrets->room, secrets->block, len);
    struct reader block = reader_of(span_of(secrets->block, len));
    client->suite = server->suite = *suite;
    take(&block, client->mac, suite->mac_len);
    take(&block, server->mac, suite->mac_len);
    take(&block, client->key, suite->key_len);
    take(&block, server->key, suite->key_len);
    take(&block, client->iv, suite->iv_len);
    take(&block, server->iv, suite->iv_len);
    crypto_wipe(secrets->block, sizeof secrets->block);
}

void secrets_finished(struct secrets *secrets, bool client, struct span transcript,
                      uint8_t out[SECRETS_VERIFY_LEN])
{
    const struct tls_seed seed = {
        .label = span_text(client ? "client finished" : "server finished"), .a = transcript};
    tls_p_hash(&secrets->key, &seed, &secrets->room, out, SECRETS_VERIFY_LEN);
}
