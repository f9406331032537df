/* psk_hello.h: what a hello says about PSKs beside the identities, and what tells one software's hellos from
 * another's. */
#ifndef PERPASS_ANALYSIS_PSK_HELLO_H
#define PERPASS_ANALYSIS_PSK_HELLO_H

#include "dissectors/tls.h"

/* psk_hello_offers says whether the hello offers a PSK: of TLS 1.3, or by a suite of an earlier version;
 * psk_hello_offers_suite whether there is such a suite. */
bool psk_hello_offers(const struct tls_client_hello *hello);
bool psk_hello_offers_suite(const struct tls_client_hello *hello);

/* psk_hello_offers_psk_ke says whether it offers the mode of TLS 1.3 without a fresh exchange. */
bool psk_hello_offers_psk_ke(const struct tls_client_hello *hello);

/* Fingerprints, keyed by the caller: the same for all hellos of one software with one configuration, never 0. What
 * changes from hello to hello does not count: GREASE, the order of extensions, names, cookies, tickets, identities. */
uint64_t psk_hello_fingerprint(const uint64_t key[2], const struct tls_client_hello *hello);
uint64_t psk_hello_answer_fingerprint(const uint64_t key[2], const struct tls_server_hello *hello);

#endif
