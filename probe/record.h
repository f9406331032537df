/* record.h: protected records of DTLS 1.2. RFC 6347 section 4.1.2, RFC 5246 section 6.2.3, RFC 7366, RFC 7905. */
#ifndef PERPASS_PROBE_RECORD_H
#define PERPASS_PROBE_RECORD_H

#include "core/crypto_record.h"
#include "probe/bytes_out.h"
#include "probe/suite.h"

enum {
    RECORD_HEADER_LEN = 13,
    RECORD_MAX_PLAIN = 1 << 14,
    RECORD_MAX_GROWTH = 128 /* by which protection makes a record longer, its header included */
};

/* The keys of one direction. */
struct record_keys {
    struct suite suite;
    bool encrypt_then_mac;
    uint8_t mac[HASH_MAX_LEN], key[32], iv[CRYPTO_AEAD_NONCE_LEN];
};

/* record_put writes a record in clear. |number| has the epoch in its upper 16 bits, here and below. */
void record_put(struct bytes_out *out, uint8_t type, uint16_t version, uint64_t number,
                struct span fragment);

/* record_seal writes a protected record. False: libcrypto failed, or it does not fit. */
bool record_seal(const struct record_keys *keys, struct bytes_out *out, uint8_t type,
                 uint16_t version, uint64_t number, struct span plain);

/* record_open opens the |fragment| of a record to |room|, which is as long as it. False: it is not genuine. */
bool record_open(const struct record_keys *keys, uint8_t type, uint16_t version, uint64_t number,
                 struct span fragment, uint8_t *room, struct span *plain);

#endif
