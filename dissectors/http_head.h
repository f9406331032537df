/* http_head.h: the head of a message of HTTP/1.x (RFC 9112): start line and fields, and how long its body is. */
#ifndef PERPASS_DISSECTORS_HTTP_HEAD_H
#define PERPASS_DISSECTORS_HTTP_HEAD_H

#include "core/dissector.h"
#include "core/value.h"

enum {
    HTTP_MAX_HEAD = 64 << 10, /* bytes; a longer head is none */
    HTTP_MAX_LINE =
        8 << 10 /* bytes; longer fields are not read, with a longer start line it is none */
};

enum http_method {
    HTTP_NO_METHOD = 0, /* the request was not seen */
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_CONNECT,
    HTTP_OTHER_METHOD
};

/* How the end of a body is told (RFC 9112 section 6.3). */
enum http_framing {
    HTTP_NO_BODY = 0,
    HTTP_LENGTH,
    HTTP_CHUNKED,
    HTTP_UNTIL_CLOSE,
    HTTP_BAD_FRAMING /* nobody can tell */
};

/* A URL without its query and what names a user. */
struct http_target {
    struct span host, path;
    struct number port, query_len;
    const char *query_tells; /* "mac", "serial", "uuid" */
    bool user;               /* it has user information */
};

/* Spans are parts of the head. */
struct http_head {
    enum http_method method; /* requests */
    const char *method_name;
    struct http_target target;
    bool proxied;
    struct span agent;
    const char *credentials;
    const char *proxy_credentials;
    bool device_fields; /* fields by which a device tells what it is */

    unsigned status; /* responses */
    bool has_location;
    struct http_target location;
    struct number range_first, range_last, range_total;

    bool has_length, bad_length; /* both */
    uint64_t length;
    bool has_transfer_encoding, chunked, other_transfer_encoding;
    const char *content_encoding;
    struct span content_type; /* http_head_type_name */
};

/* http_head_may_begin rules most other protocols out by their first byte. */
static inline bool http_head_may_begin(uint8_t c)
{
    switch (c) {
    case 'C':
    case 'D':
    case 'G':
    case 'H':
    case 'L':
    case 'M':
    case 'O':
    case 'P':
    case 'R':
    case 'T':
    case 'U':
        return true;
    default:
        return false;
    }
}

/* http_head_recognise says whether a request or (|response|) a response begins here. */
enum recognise http_head_recognise(struct reader bytes, bool *response);

/* http_head_find looks for the end of the head at the start of |bytes|. |scanned| is where it left off the last time,
 * 0 at first. READ_HEAD: |len| is its length. */
enum http_find { READ_HEAD, HEAD_WAITS, HEAD_TOO_LONG };
enum http_find http_head_find(struct span bytes, size_t *scanned, size_t *len);

/* http_head_read reads a whole head; false: it is none. */
bool http_head_read(struct span bytes, bool response, struct http_head *head);

/* http_head_type_name gives the name of a known Content-Type, or "other"; NULL for none. */
const char *http_head_type_name(struct span value);

/* http_target_read takes a URL or the target of a request apart; false: neither. */
bool http_target_read(struct span text, struct http_target *target, bool *absolute);

/* http_head_framing says how the body of a request, or of the response to |method|, ends. */
enum http_framing http_head_framing(const struct http_head *head, bool response,
                                    enum http_method method);

#endif
