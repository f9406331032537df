/* community_id.c: "1:" and base64(SHA-1(seed, address, address, protocol, 0, port, port)), the lower end
 * first; protocols without ports go without them. ICMP's are the type of the message and that of its answer; of a
 * message that has no answer type and code, its sender first. */
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

/* |a| is the lower end, or the one that a message without answer is from. */
static bool put_id(struct crypto_digest *sha1, const struct endpoint *a, const struct endpoint *b,
                   uint8_t ip_version, uint8_t protocol, char text[COMMUNITY_ID_SIZE])
{
    size_t len = ip_version == 4 ? 4 : 16;
    const uint8_t seed[2] = {0, 0}, kind[2] = {protocol, 0};
    crypto_digest_add(sha1, span_of(seed, sizeof seed));
    crypto_digest_add(sha1, span_of(a->address, len));
    crypto_digest_add(sha1, span_of(b->address, len));
    crypto_digest_add(sha1, span_of(kind, sizeof kind));
    if (protocol == PROTO_TCP || protocol == PROTO_UDP || protocol == PROTO_SCTP ||
        protocol_is_icmp(protocol)) {
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

bool community_id(struct crypto_digest *sha1, const struct endpoint *a, const struct endpoint *b,
                  uint8_t ip_version, uint8_t protocol, char text[COMMUNITY_ID_SIZE])
{
    if (protocol_is_icmp(protocol))
        return false;
    return is_lower(a, b) ? put_id(sha1, a, b, ip_version, protocol, text)
                          : put_id(sha1, b, a, ip_version, protocol, text);
}

/* Types of messages that are asked and answered by each other. */
static const struct {
    uint8_t protocol, type, other;
} pairs[] = {{PROTO_ICMP, 8, 0},       /* echo */
             {PROTO_ICMP, 10, 9},      /* routers */
             {PROTO_ICMP, 13, 14},     /* time stamp */
             {PROTO_ICMP, 15, 16},     /* information */
             {PROTO_ICMP, 17, 18},     /* address mask */
             {PROTO_ICMP6, 128, 129},  /* echo */
             {PROTO_ICMP6, 130, 131},  /* listeners of multicast */
             {PROTO_ICMP6, 133, 134},  /* routers */
             {PROTO_ICMP6, 135, 136},  /* neighbours */
             {PROTO_ICMP6, 139, 140},  /* node information */
             {PROTO_ICMP6, 144, 145}}; /* home agents */

static bool answers(uint8_t protocol, uint8_t type, uint16_t *other)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (pairs[i].protocol == protocol && (pairs[i].type == type || pairs[i].other == type)) {
            *other = pairs[i].type == type ? pairs[i].other : pairs[i].type;
            return true;
        }
    }
    return false;
}

bool community_id_icmp(struct crypto_digest *sha1, const struct endpoint *from,
                       const struct endpoint *to, uint8_t ip_version, uint8_t protocol,
                       const struct icmp_kind *kind, char text[COMMUNITY_ID_SIZE])
{
    struct endpoint a = *from, b = *to;
    a.port = kind->type;
    const bool answered = answers(protocol, kind->type, &b.port);
    if (!answered)
        b.port = kind->code;
    return !answered || is_lower(&a, &b) ? put_id(sha1, &a, &b, ip_version, protocol, text)
                                         : put_id(sha1, &b, &a, ip_version, protocol, text);
}
