/* community_id.h: Community ID flow hash, version 1, seed 0 (github.com/corelight/community-id-spec).
 *
 * It is a plain hash of the addresses: whoever has it finds them by trying. It belongs only where the
 * addresses themselves are shown. */
#ifndef PERPASS_REPORTS_COMMUNITY_ID_H
#define PERPASS_REPORTS_COMMUNITY_ID_H

#include "core/crypto.h"
#include "core/flow.h"

enum { COMMUNITY_ID_SIZE = 31 }; /* "1:", 28 digits of base64, NUL */

/* community_id writes the id of the conversation between |a| and |b|, in any order. |sha1| is a digest of
 * that kind, in use for nothing else. False for ICMP, for which there is the next function, and when libcrypto
 * fails. */
bool community_id(struct crypto_digest *sha1, const struct endpoint *a, const struct endpoint *b,
                  uint8_t ip_version, uint8_t protocol, char text[COMMUNITY_ID_SIZE]);

/* community_id_icmp does so for messages of ICMP or ICMPv6 of one |kind|, and for those of the other end that answer
 * them. */
bool community_id_icmp(struct crypto_digest *sha1, const struct endpoint *from,
                       const struct endpoint *to, uint8_t ip_version, uint8_t protocol,
                       const struct icmp_kind *kind, char text[COMMUNITY_ID_SIZE]);

#endif
