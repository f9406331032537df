/* community_id.h: Community ID flow hash, version 1, seed 0 (github.com/corelight/community-id-spec).
 *
 * It is a plain hash of the addresses: whoever has it finds them by trying. It belongs only where the
 * addresses themselves are shown. */
#ifndef PERPASS_REPORTS_COMMUNITY_ID_H
#define PERPASS_REPORTS_COMMUNITY_ID_H

#include "core/crypto.h"
#include "core/packet.h"

enum { COMMUNITY_ID_SIZE = 31 }; /* "1:", 28 digits of base64, NUL */

/* community_id writes the id of the conversation between |a| and |b|, in any order. |sha1| is a digest of
 * that kind, in use for nothing else. False for ICMP, whose id needs type and code of its messages, and
 * when libcrypto fails. */
bool community_id(struct crypto_digest *sha1, const struct endpoint *a, const struct endpoint *b,
                  uint8_t ip_version, uint8_t protocol, char text[COMMUNITY_ID_SIZE]);

#endif
