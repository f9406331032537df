/* psk_transcript.h: the hashes of a handshake's messages, as far as it has come. RFC 8446 section 4.4.1, RFC 9147
 * section 5.2, RFC 6347 section 4.2.6. */
#ifndef PERPASS_ANALYSIS_PSK_TRANSCRIPT_H
#define PERPASS_ANALYSIS_PSK_TRANSCRIPT_H

#include "core/hash_state.h"

enum { PSK_TRANSCRIPT_HASHES = 4 };

struct psk_transcript {
    bool dtls;
    struct hash_state old[PSK_TRANSCRIPT_HASHES]; /* up to TLS 1.2: of each hash */
    struct hash_state tls13[2];                   /* SHA-256, SHA-384 */
};

/* psk_transcript_begin begins with nothing. */
void psk_transcript_begin(struct psk_transcript *transcript, bool dtls);

/* psk_transcript_add adds a whole message; |sequence| is DTLS's message_seq. */
void psk_transcript_add(struct psk_transcript *transcript, uint8_t type, uint64_t sequence,
                        struct span body);

/* psk_transcript_retry is for a hello retry request that follows one client hello: a message_hash takes the place of
 * what was there. */
void psk_transcript_retry(struct psk_transcript *transcript, uint8_t type, struct span body);

/* psk_transcript_binders writes the hash that binders are about, of a client hello that is not added yet: its
 * |body| up to |binders_len| bytes before its end. */
void psk_transcript_binders(const struct psk_transcript *transcript, enum hash_kind hash,
                            struct span body, size_t binders_len, uint8_t *out);

/* psk_transcript_finished writes the hash that Finished is about, up to TLS 1.2; |old_prf|: MD5 and SHA-1, side by
 * side. */
void psk_transcript_finished(const struct psk_transcript *transcript, enum hash_kind hash,
                             bool old_prf, uint8_t *out);

#endif
