/* dtls_record.h: the records of a datagram: DTLSPlaintext and DTLSCiphertext of RFC 6347 section 4.1,
 * tls12_cid of RFC 9146 section 4, the unified header of RFC 9147 section 4. */
#ifndef PERPASS_DISSECTORS_DTLS_RECORD_H
#define PERPASS_DISSECTORS_DTLS_RECORD_H

#include "core/reader.h"
#include "core/value.h"

/* ContentType; ACK: RFC 9147 section 7. */
enum dtls_content {
    DTLS_CHANGE_CIPHER_SPEC = 20,
    DTLS_ALERT = 21,
    DTLS_HANDSHAKE = 22,
    DTLS_APPLICATION_DATA = 23,
    DTLS_HEARTBEAT = 24,
    DTLS_TLS12_CID = 25,
    DTLS_ACK = 26
};

enum {
    DTLS_VERSION_OPENSSL = 0x0100, /* OpenSSL's, from before RFC 4347 */
    DTLS_VERSION_10 = 0xfeff,
    DTLS_VERSION_12 = 0xfefd,
    DTLS_VERSION_13 = 0xfefc,
    DTLS_MAX_RECORD = (1 << 14) + 2048,
    DTLS_MAX_CID = 255
};

struct dtls_record {
    bool unified;       /* DTLS 1.3: the type, the version and most of the epoch are not there */
    bool has_len;       /* else it goes to the end of the datagram */
    uint8_t type;       /* enum dtls_content; 0 in a unified record */
    uint16_t version;   /* 0 in a unified record */
    uint16_t epoch;     /* of a unified record the low two bits */
    uint64_t sequence;  /* 48 bits; 0 in a unified record */
    struct span cid;    /* not seen where the record has none */
    struct span header; /* all before the fragment */
    struct reader fragment;
};

/* dtls_record_read takes the next record of |datagram|, whose connection id, where the header says that
 * there is one, has |cid_len| bytes. False: there is no plausible record; nothing is taken. */
bool dtls_record_read(struct reader *datagram, size_t cid_len, struct dtls_record *record);

/* dtls_record_has_cid says whether the record at the start of |datagram| holds a connection id. */
bool dtls_record_has_cid(struct reader datagram);

/* dtls_record_fit is how many records, with connection ids of |cid_len| bytes, end where the datagram does; 0:
 * they do not, or one has no length, which would always fit. */
unsigned dtls_record_fit(struct reader datagram, size_t cid_len);

/* dtls_record_infer_cid_len gives the length of a connection id with which the records, as many as can be, end
 * exactly where the datagram does; not seen when there is none, or more than one, of which those of more than 20 bytes
 * do not count beside a shorter one. */
struct number dtls_record_infer_cid_len(struct reader datagram);

/* dtls_record_is_likely_13 says whether |datagram| looks like DTLS 1.3 of which nothing else was seen: records
 * of a protected epoch with a length and a 16-bit number, as every known implementation writes them, that
 * end exactly with it. |cid_len| gets the length of their connection ids, 0 for none. One datagram in some
 * hundred thousand of random bytes looks so, too. */
bool dtls_record_is_likely_13(struct reader datagram, size_t *cid_len);

#endif
