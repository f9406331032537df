/* http.h: what is observed of HTTP/1.x (RFC 9112): fetches and uploads that belong to the install of a device, and
 * what the file was. Other exchanges are passed over, and a connection without any costs nothing soon.
 *
 * Cookies, the values of Authorization, and queries are never kept. */
#ifndef PERPASS_DISSECTORS_HTTP_H
#define PERPASS_DISSECTORS_HTTP_H

#include "core/dissector.h"
#include "dissectors/content.h"

/* "http.fetch": a request and its answer, said when the answer ended, or can no longer come. flow->client is who
 * asked; the observation's time and packet are those at which it ended. */
struct http_fetch {
    const char *
        method; /* "get", "head", "put", "post", "patch", "delete" …; NULL: the request was not seen */
    struct span
        host; /* of the target or of Host, without the port; in lower or upper case as sent */
    struct number port; /* that the target or Host tells */
    struct span
        path; /* of the target, as sent (%xx), without the query; at most HTTP_MAX_PATH bytes */
    struct number query_len; /* bytes behind the ?; the query itself is not kept */
    const char
        *query_tells;  /* "mac", "serial", "uuid": what a name in the query says that it has */
    struct span agent; /* User-Agent; at most HTTP_MAX_AGENT bytes */
    const char *credentials; /* scheme of Authorization: "basic", "digest", "bearer" …; "url": user
                                information in the target; NULL: none */
    enum truth proxied;      /* the target has a scheme and host: asked of a proxy */
    const char *
        matched; /* why it is taken for an install: "boot url" (DHCP or an earlier redirect named it),
                                "path", "user agent", "content" */
    const char *
        service; /* what the path or the agent tells: "ipxe", "cloud-init", "kickstart", "sztp" … */
    enum truth upload; /* the request's body is what |content| is about: PUT, POST, PATCH */

    struct number status;          /* not seen: no answer was seen */
    const char *content_type;      /* "text/plain", "other"; of the body that |content| is about */
    const char *transfer_encoding; /* "chunked", "other"; NULL: none */
    const char *content_encoding;  /* "gzip", "deflate", "other"; NULL: none */
    struct number length_told;     /* Content-Length, where it counts */
    struct number range_first, range_last, range_total; /* Content-Range: a part of a file */
    struct span location_host, location_path;           /* of a redirect; as |host| and |path| */

    struct number body_bytes; /* seen, without the framing of chunks, before content decoding */
    enum truth complete;      /* the body was seen to its end; unknown where there cannot be one */
    const char
        *incomplete; /* why not: "lost", "closed", "input ended", "encoding", "limit", "framing" */
    const char *ended_by; /* what told the body's end: "length", "chunked", "close" */

    struct number request_packet, response_packet; /* first packets of both */
    struct number request_time, response_time;     /* of these; nanoseconds since 1970 */
    struct content_facts content; /* decoded; all-zero: there was no body, or none was read */
};

enum { HTTP_MAX_PATH = 1024, HTTP_MAX_HOST = 255, HTTP_MAX_AGENT = 255 };

/* http_expect_url says that somebody was told to fetch |url| (of the http scheme; else nothing is expected): what
 * then asks |client|'s address, if that is seen, or the URL's server, if that is an address, is recognised as such.
 * |client| has 4 or 16 bytes. False: nothing is expected now. */
bool http_expect_url(struct dissect_context *context, struct span url, struct span client);

extern const struct dissector dissector_http;

extern const struct observation_type observation_http_fetch;

#endif
