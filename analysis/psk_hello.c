/* psk_hello.c: reads hellos as the rules about PSKs need them: RFC 8446 sections 4.2.9 and 4.2.11, RFC 4279, RFC
 * 5489; GREASE: RFC 8701. */
#include "analysis/psk_hello.h"

#include "core/keyed_hash.h"
#include "dissectors/tables/tls_registry.h"

bool psk_hello_offers_suite(const struct tls_client_hello *hello)
{
    struct reader ciphers = reader_of(hello->ciphers);
    while (reader_more(&ciphers)) {
        const struct tls_suite *suite = tls_suite_find(reader_u16(&ciphers));
        if (suite != NULL && tls_kx_has_psk(suite->kx))
            return true;
    }
    return false;
}

bool psk_hello_offers(const struct tls_client_hello *hello)
{
    return span_seen(hello->psk_identities) || psk_hello_offers_suite(hello);
}

bool psk_hello_offers_psk_ke(const struct tls_client_hello *hello)
{
    enum { PSK_KE = 0 };
    struct reader modes = reader_of(hello->psk_modes);
    bool found = false;
    while (reader_more(&modes))
        found = reader_u8(&modes) == PSK_KE || found;
    return found;
}

static bool is_grease(uint16_t code)
{
    return (code & 0x0f0f) == 0x0a0a && code >> 8 == (code & 0xff);
}

/* Extensions that a client has in one hello and not in the next. */
static bool comes_and_goes(uint16_t type)
{
    enum {
        SERVER_NAME = 0,
        PADDING = 21,
        SESSION_TICKET = 35,
        PRE_SHARED_KEY = 41,
        EARLY_DATA = 42,
        COOKIE = 44,
        CONNECTION_ID = 54
    };
    switch (type) {
    case SERVER_NAME:
    case PADDING:
    case SESSION_TICKET:
    case PRE_SHARED_KEY:
    case EARLY_DATA:
    case COOKIE:
    case CONNECTION_ID:
        return true;
    default:
        return false;
    }
}

/* A sum over the types of the extensions, whatever their order. */
static uint64_t sum_of_types(const uint64_t key[2], struct span extensions)
{
    struct reader r = reader_of(extensions);
    uint64_t sum = 0;
    while (reader_more(&r)) {
        uint16_t type = reader_u16(&r);
        (void)reader_span_vec16(&r);
        if (reader_ok(&r) && !is_grease(type) && !comes_and_goes(type))
            sum += keyed_hash(key, &type, sizeof type);
    }
    return sum;
}

static uint64_t hash_of_codes(const uint64_t key[2], struct span codes)
{
    struct reader r = reader_of(codes);
    uint64_t hash = 0;
    while (reader_more(&r)) {
        uint16_t code = reader_u16(&r);
        const uint64_t words[2] = {hash, code};
        if (!is_grease(code))
            hash = keyed_hash(key, words, sizeof words);
    }
    return hash;
}

uint64_t psk_hello_fingerprint(const uint64_t key[2], const struct tls_client_hello *hello)
{
    const uint64_t words[5] = {hash_of_codes(key, hello->ciphers),
                               hash_of_codes(key, hello->groups),
                               hash_of_codes(key, hello->signature_schemes),
                               hello->legacy_version.value, sum_of_types(key, hello->extensions)};
    return keyed_hash(key, words, sizeof words) | 1;
}

uint64_t psk_hello_answer_fingerprint(const uint64_t key[2], const struct tls_server_hello *hello)
{
    const uint64_t words[3] = {hello->version.value, hello->cipher.value,
                               sum_of_types(key, hello->extensions)};
    return keyed_hash(key, words, sizeof words) | 1;
}
