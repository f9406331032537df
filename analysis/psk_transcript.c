/* psk_transcript.c: which hash a handshake will use is known late, so all that it may be are kept. */
#include "analysis/psk_transcript.h"

#include <assert.h>

enum { CLIENT_HELLO = 1, MESSAGE_HASH = 254, MAX_HEADER_LEN = 12 };

static const enum hash_kind kinds[PSK_TRANSCRIPT_HASHES] = {HASH_SHA256, HASH_SHA384, HASH_MD5,
                                                            HASH_SHA1};

void psk_transcript_begin(struct psk_transcript *transcript, bool dtls)
{
    transcript->dtls = dtls;
    for (unsigned i = 0; i < PSK_TRANSCRIPT_HASHES; i++)
        hash_begin(&transcript->old[i], kinds[i]);
    for (unsigned i = 0; i < 2; i++)
        hash_begin(&transcript->tls13[i], kinds[i]);
}

/* HandshakeType msg_type; uint24 length; up to DTLS 1.2 also uint16 message_seq, uint24 fragment_offset, uint24
 * fragment_length, as if the message came in one piece. In DTLS 1.3 it is that of TLS. */
static size_t put_header(uint8_t header[MAX_HEADER_LEN], uint8_t type, size_t len, bool dtls,
                         uint64_t sequence)
{
    const uint8_t bytes[MAX_HEADER_LEN] = {type,
                                           (uint8_t)(len >> 16),
                                           (uint8_t)(len >> 8),
                                           (uint8_t)len,
                                           (uint8_t)(sequence >> 8),
                                           (uint8_t)sequence,
                                           0,
                                           0,
                                           0,
                                           (uint8_t)(len >> 16),
                                           (uint8_t)(len >> 8),
                                           (uint8_t)len};
    memcpy(header, bytes, sizeof bytes);
    return dtls ? MAX_HEADER_LEN : 4;
}

static void add_to(struct hash_state *states, size_t num, struct span header, struct span body)
{
    for (size_t i = 0; i < num; i++) {
        hash_add(&states[i], header);
        hash_add(&states[i], body);
    }
}

void psk_transcript_add(struct psk_transcript *transcript, uint8_t type, uint64_t sequence,
                        struct span body)
{
    uint8_t header[MAX_HEADER_LEN];
    size_t len = put_header(header, type, body.len, transcript->dtls, sequence);
    add_to(transcript->old, PSK_TRANSCRIPT_HASHES, span_of(header, len), body);
    len = put_header(header, type, body.len, false, 0);
    add_to(transcript->tls13, 2, span_of(header, len), body);
}

void psk_transcript_retry(struct psk_transcript *transcript, uint8_t type, struct span body)
{
    uint8_t header[MAX_HEADER_LEN], hash[HASH_MAX_LEN];
    for (unsigned i = 0; i < 2; i++) {
        struct hash_state *state = &transcript->tls13[i];
        const size_t hash_bytes = hash_len(kinds[i]);
        hash_end(state, hash);
        hash_begin(state, kinds[i]);
        size_t len = put_header(header, MESSAGE_HASH, hash_bytes, false, 0);
        add_to(state, 1, span_of(header, len), span_of(hash, hash_bytes));
        len = put_header(header, type, body.len, false, 0);
        add_to(state, 1, span_of(header, len), body);
    }
}

void psk_transcript_binders(const struct psk_transcript *transcript, enum hash_kind hash,
                            struct span body, size_t binders_len, uint8_t *out)
{
    uint8_t header[MAX_HEADER_LEN];
    assert(binders_len <= body.len);
    struct hash_state state = transcript->tls13[hash == HASH_SHA384];
    size_t len = put_header(header, CLIENT_HELLO, body.len, false, 0);
    add_to(&state, 1, span_of(header, len), span_of(body.at, body.len - binders_len));
    hash_end(&state, out);
}

void psk_transcript_finished(const struct psk_transcript *transcript, enum hash_kind hash,
                             bool old_prf, uint8_t *out)
{
    if (!old_prf) {
        hash_end(&transcript->old[hash == HASH_SHA384], out);
        return;
    }
    hash_end(&transcript->old[2], out);
    hash_end(&transcript->old[3], out + hash_len(HASH_MD5));
}
