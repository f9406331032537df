/* record13.h: protected records of DTLS 1.3. RFC 9147 sections 4 and 4.2.3, RFC 8446 section 5.2. */
#ifndef PERPASS_PROBE_RECORD13_H
#define PERPASS_PROBE_RECORD13_H

#include "core/crypto_record.h"
#include "core/tls_secrets.h"
#include "dissectors/dtls_record.h"
#include "probe/bytes_out.h"

enum { RECORD13_GROWTH = 5 + 1 + CRYPTO_MAX_TAG_LEN };

/* The keys of one direction and epoch. */
struct record13_keys {
    bool there;
    enum crypto_aead aead;
    uint8_t key[32], iv[CRYPTO_AEAD_NONCE_LEN], numbers[32];
    uint64_t next; /* the number of the next record: to write; to read: after the highest one */
};

/* record13_keys makes the keys of a traffic secret, of SHA-256. */
void record13_keys(struct record13_keys *keys, enum crypto_aead aead, const uint8_t secret[32],
                   struct tls_secrets_room *room);

/* record13_seal writes a record of |epoch|. */
bool record13_seal(struct record13_keys *keys, struct bytes_out *out, uint16_t epoch, uint8_t type,
                   struct span plain);

/* record13_open opens a unified record to |room|, which is as long as its fragment. */
bool record13_open(struct record13_keys *keys, const struct dtls_record *record, uint8_t *room,
                   uint8_t *type, struct span *plain);

#endif
