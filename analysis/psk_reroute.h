/* psk_reroute.h: client hellos with a PSK that reach another server than they were sent to, or their own sender:
 * RFC 9257 section 4.1. */
#ifndef PERPASS_ANALYSIS_PSK_REROUTE_H
#define PERPASS_ANALYSIS_PSK_REROUTE_H

#include "analysis/analyzer.h"
#include "analysis/psk_handshake.h"
#include "analysis/psk_hellos.h"

/* psk_reroute_hello notes the client hello at hand in |handshake|, and reports it when it went elsewhere before. */
void psk_reroute_hello(struct analyze_context *context, struct psk_hellos *hellos,
                       const struct tls_client_hello *hello, struct psk_handshake *handshake);

/* psk_reroute_answer reports when a second server answers one hello. */
void psk_reroute_answer(struct analyze_context *context, struct psk_hellos *hellos,
                        const struct tls_server_hello *hello,
                        const struct psk_handshake *handshake);

#endif
