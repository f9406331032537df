/* tls.c: TLS over TCP, RFC 8446, RFC 5246, and hellos in SSL 2 records, RFC 6101 appendix E; a header of the
 * PROXY protocol may come first. tls_records.c reads the records. */
#include "dissectors/proxy_header.h"
#include "dissectors/tls_records.h"

struct tls_over_tcp {
    struct tls_records records;
    bool begun[2]; /* what stands before the records, if anything, is read: by sender */
};

static enum recognise recognises_after_header(struct reader bytes)
{
    size_t header_len;
    enum recognise header = proxy_header_measure(bytes, &header_len);
    if (header != RECOGNISE_YES)
        return header;
    reader_skip(&bytes, header_len);
    return reader_wire_left(&bytes) == 0 ? RECOGNISE_MAYBE : tls_records_recognise(bytes);
}

static enum recognise tls_recognises(struct reader bytes)
{
    return proxy_header_possible(bytes) ? recognises_after_header(bytes)
                                        : tls_records_recognise(bytes);
}

/* Passes over what may stand before the records; false: not all of it is there yet. */
static bool begin(struct reader *bytes)
{
    size_t header_len;
    if (!proxy_header_possible(*bytes))
        return true;
    enum recognise header = proxy_header_measure(*bytes, &header_len);
    if (header == RECOGNISE_YES)
        reader_skip(bytes, header_len);
    return header != RECOGNISE_MAYBE;
}

static enum dissect tls_dissect(struct reader *bytes, void *state, struct dissect_context *context)
{
    struct tls_over_tcp *tls = state;
    bool *begun = &tls->begun[context->side];
    if (!*begun) {
        *begun = begin(bytes);
        if (!*begun)
            return DISSECT_MORE;
    }
    return tls_records_read(&tls->records, bytes, context);
}

static void tls_end(void *state, struct dissect_context *context)
{
    struct tls_over_tcp *tls = state;
    tls_records_end(&tls->records, context);
}

const struct dissector dissector_tls = {
    .name = "tls",
    .spec = "RFC 8446, RFC 5246, RFC 6101",
    .protocol = PROTO_TCP,
    .state_size = sizeof(struct tls_over_tcp),
    .recognises = tls_recognises,
    .dissect = tls_dissect,
    .end = tls_end,
    .observations = tls_records_observations,
};
