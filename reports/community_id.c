/* community_id.c: "1:" and base64(SHA-1(seed, address, address, protocol, 0, port, port)), the lower end
 * first; protocols without ports go without them. */
#include "reports/community_id.h"

#include "reports/base64.h"

static bool is_lower(const struct endpoint *a, const struct endpoint *b)
{
    int order = memcmp(a->address, b->address, sizeof a->address);
    return order < 0 || (order == 0 && a->port < b->port);
}

static void add_port(struct crypto_digest *sha1, uint16_t port)
{
    const uint8_t bytes[2] = {(uint8_t)(port >> 8), (uint8_t)port};
    crypto_digest_add(sha1, span_of(bytes, sizeof bytes));
}

bool community_id(struct crypto_digest *sha1, const struct endpoint *a, const struct endpoint *b,
                  uint8_t ip_version, uint8_t protocol, char text[COMMUNITY_ID_SIZE])
{
    if (protocol == PROTO_ICMP || protocol == PROTO_ICMP6)
        return false;
    if (!is_lower(a, b)) {
        const struct endpoint *first = b;
        b = a;
        a = first;
    }
    size_t len = ip_version == 4 ? 4 : 16;
    const uint8_t seed[2] = {0, 0}, kind[2] = {protocol, 0};
    crypto_digest_add(sha1, span_of(seed, sizeof seed));
    crypto_digest_add(sha1, span_of(a->address, len));
    crypto_digest_add(sha1, span_of(b->address, len));
    crypto_digest_add(sha1, span_of(kind, sizeof kind));
    if (protocol == PROTO_TCP || protocol == PROTO_UDP || protocol == PROTO_SCTP) {
        add_port(sha1, a->port);
        add_port(sha1, b->port);
    }
    uint8_t hash[CRYPTO_SHA1_LEN];
    if (!crypto_digest_finish(sha1, hash))
        return false;
    text[0] = '1';
    text[1] = ':';
    base64_put(span_of(hash, sizeof hash), text + 2);
    return true;
}
