/* pseudonym.h: pseudonyms of network addresses: ipcrypt-pfx of draft-denis-ipcrypt, or Crypto-PAn, for IP, a keyed
 * permutation behind the manufacturer's prefix for MAC.
 *
 * Both are permutations: two addresses never share a pseudonym. Who has the key can undo them. */
#ifndef PERPASS_REPORTS_PSEUDONYM_H
#define PERPASS_REPORTS_PSEUDONYM_H

#include "core/error.h"
#include "core/span.h"

struct pseudonym;

/* How IP addresses are hidden. */
enum address_scheme { SCHEME_IPCRYPT_PFX = 0, SCHEME_CRYPTO_PAN };

/* pseudonym_new takes the 32 bytes of ipcrypt-pfx (two AES-128 keys that must differ) or of Crypto-PAn (an AES-128 key
 * and what the padding is made of), and an AES-128 key for MAC addresses. NULL and |error| when libcrypto fails or the
 * two keys of ipcrypt-pfx are the same. */
struct pseudonym *pseudonym_new(enum address_scheme scheme, const uint8_t address_key[32],
                                const uint8_t mac_key[16], struct error *error);
void pseudonym_free(struct pseudonym *pseudonym); /* wipes the keys */

/* pseudonym_pfx is ipcrypt-pfx as the draft has it (section 6.2, version 13): |address| of 4 or 16 bytes
 * gives as many bytes in |out|. A 16-byte address in ::ffff:0:0/96 is handled as IPv4. */
bool pseudonym_pfx(struct pseudonym *pseudonym, struct span address, uint8_t out[16]);

/* pseudonym_pan is Crypto-PAn as its authors published it (Xu, Fan, Ammar, Moon, 2002), and over all 128 bits for IPv6,
 * as other tools have it. All addresses are hidden, also those of special ranges, and pseudonyms may fall into these. */
bool pseudonym_pan(struct pseudonym *pseudonym, struct span address, uint8_t out[16]);

/* pseudonym_address is what reports show. Under Crypto-PAn that is pseudonym_pan, so that it is what other tools show
 * with the same key. Under ipcrypt-pfx special ranges are kept, so that their meaning is not lost, and
 * no pseudonym falls into them:
 *   IPv4  0.0.0.0/8, 127.0.0.0/8, 224.0.0.0/4 and 255.255.255.255 as they are; of 169.254.0.0/16 the
 *         prefix is kept and the rest encrypted
 *   IPv6  :: and ::1 as they are; of fe80::/10 the first 64 bits are kept and the interface identifier,
 *         which often is a MAC address, encrypted; ff00::/8: permanently assigned groups as they are,
 *         of solicited-node groups (ff02::1:ff00:0/104) the last 24 bits and of all other groups, which
 *         may hold a network's prefix, all but the first 16 bits encrypted
 * Everything else, private and documentation ranges included, is encrypted; an address whose pseudonym
 * would fall into one of the ranges above is encrypted again until it does not. |hidden| says whether
 * |out| is a pseudonym. */
bool pseudonym_address(struct pseudonym *pseudonym, struct span address, uint8_t out[16],
                       bool *hidden);

/* pseudonym_mac: 6 or 8 bytes. The manufacturer's prefix (24 bits) is kept and the rest permuted under
 * it. A locally administered address has no manufacturer: only its local and group bits are kept. Kept as
 * they are: all zero, broadcast and group addresses; but of the groups of IPv6 neighbour discovery
 * (33:33:ff:…), which end in bits of a host's address, the last 24 bits are permuted. */
bool pseudonym_mac(struct pseudonym *pseudonym, struct span mac, uint8_t out[8], bool *hidden);

#endif
