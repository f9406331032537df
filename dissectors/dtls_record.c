/* dtls_record.c: the headers of DTLS records. RFC 6347 section 4.1, RFC 9146 section 4, RFC 9147 section 4;
 * OpenSSL's version 0x0100. What is in the records is left to dtls.c. */
#include "dissectors/dtls_record.h"

enum {
    USUAL_CID = 20,         /* at most */
    MAX_LIKELY_CID = 32,    /* longer ones are not looked for where nothing else speaks for DTLS */
    MIN_CID_RECORD = 9,     /* the real type, and a tag of at least eight bytes */
    MIN_UNIFIED_RECORD = 16 /* RFC 9147 section 4.2.3: so much is needed to mask the number */
};

/* The bits 001CSLEE of the unified header. */
enum { UNIFIED_CID = 0x10, UNIFIED_LONG_SEQ = 0x08, UNIFIED_LEN = 0x04, UNIFIED_EPOCH = 0x03 };

static bool is_unified(uint8_t first)
{
    return (first & 0xe0) == 0x20;
}

static bool version_known(uint16_t version)
{
    return version == DTLS_VERSION_12 || version == DTLS_VERSION_10 || version == DTLS_VERSION_13 ||
           version == DTLS_VERSION_OPENSSL;
}

/* ContentType, ProtocolVersion, uint16 epoch, uint48 sequence_number, [opaque cid[cid_len],] uint16 length */
static bool read_plain(struct reader *r, size_t cid_len, struct dtls_record *record)
{
    record->type = reader_u8(r);
    record->version = reader_u16(r);
    if (record->type < DTLS_CHANGE_CIPHER_SPEC || record->type > DTLS_ACK ||
        !version_known(record->version))
        return false;
    record->epoch = reader_u16(r);
    record->sequence = reader_u48(r);
    size_t min_len = 1;
    if (record->type == DTLS_TLS12_CID) {
        record->cid = reader_bytes(r, cid_len);
        min_len = MIN_CID_RECORD;
    }
    size_t len = reader_u16(r);
    record->has_len = true;
    record->fragment = reader_child(r, len);
    return reader_ok(r) && len >= min_len && len <= DTLS_MAX_RECORD;
}

static bool read_unified(struct reader *r, size_t cid_len, struct dtls_record *record)
{
    uint8_t first = reader_u8(r);
    record->unified = true;
    record->epoch = first & UNIFIED_EPOCH;
    record->has_len = first & UNIFIED_LEN;
    if (first & UNIFIED_CID)
        record->cid = reader_bytes(r, cid_len);
    reader_skip(r, first & UNIFIED_LONG_SEQ ? 2 : 1);
    size_t len = record->has_len ? reader_u16(r) : reader_wire_left(r);
    record->fragment = reader_child(r, len);
    return reader_ok(r) && len >= MIN_UNIFIED_RECORD && len <= DTLS_MAX_RECORD;
}

bool dtls_record_read(struct reader *datagram, size_t cid_len, struct dtls_record *record)
{
    struct reader r = *datagram;
    if (reader_left(&r) == 0)
        return false;
    struct reader peek = r;
    *record = (struct dtls_record){0};
    bool read = is_unified(reader_u8(&peek)) ? read_unified(&r, cid_len, record)
                                             : read_plain(&r, cid_len, record);
    if (!read)
        return false;
    record->header = span_of(datagram->at, reader_left(datagram) - reader_left(&record->fragment) -
                                               reader_left(&r));
    *datagram = r;
    return true;
}

bool dtls_record_has_cid(struct reader datagram)
{
    uint8_t first = reader_u8(&datagram);
    return first == DTLS_TLS12_CID || (is_unified(first) && first & UNIFIED_CID);
}

unsigned dtls_record_fit(struct reader datagram, size_t cid_len)
{
    unsigned num = 0;
    while (reader_more(&datagram)) {
        struct dtls_record record;
        if (!dtls_record_read(&datagram, cid_len, &record) || !record.has_len)
            return 0;
        num++;
    }
    return reader_wire_left(&datagram) == 0 ? num : 0;
}

/* Of several records all but the last might as well be part of one long connection id: more records are
 * the better reading. In a record of some 60 bytes one of a thousand has another two that look like its length: a
 * connection id that is longer than usual is believed only when no other is as good. */
struct number dtls_record_infer_cid_len(struct reader datagram)
{
    struct number best = {0};
    unsigned most = 0;
    for (size_t cid_len = 1; cid_len <= DTLS_MAX_CID; cid_len++) {
        unsigned num = dtls_record_fit(datagram, cid_len);
        if (num > most)
            best = number(cid_len);
        else if (num == most && (cid_len <= USUAL_CID || best.value > USUAL_CID))
            best = (struct number){0};
        most = num > most ? num : most;
    }
    return best;
}

bool dtls_record_is_likely_13(struct reader datagram, size_t *cid_len)
{
    struct reader peek = datagram;
    uint8_t first = reader_u8(&peek), both = UNIFIED_LONG_SEQ | UNIFIED_LEN;
    if (!is_unified(first) || (first & both) != both || (first & UNIFIED_EPOCH) == 0)
        return false;
    if (!(first & UNIFIED_CID)) {
        *cid_len = 0;
        return dtls_record_fit(datagram, 0) > 0;
    }
    struct number inferred = dtls_record_infer_cid_len(datagram);
    *cid_len = (size_t)inferred.value;
    return inferred.seen && inferred.value <= MAX_LIKELY_CID;
}
