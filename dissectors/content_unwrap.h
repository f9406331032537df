/* content_unwrap.h: takes off what is around a message: PEM (RFC 7468) and armor (RFC 9580 section 6), MIME (RFC
 * 2045, RFC 1847), base64 (RFC 4648). All work in the bytes that they are given. */
#ifndef PERPASS_DISSECTORS_CONTENT_UNWRAP_H
#define PERPASS_DISSECTORS_CONTENT_UNWRAP_H

#include "core/span.h"

/* content_unwrap_pem decodes the first block between lines of dashes, content_unwrap_base64 all, up to the first byte
 * that is no base64. They give what they decoded, at the beginning of |bytes|. */
struct span content_unwrap_pem(uint8_t *bytes, size_t len);
struct span content_unwrap_base64(uint8_t *bytes, size_t len);

enum content_mime {
    MIME_NONE = 0,
    MIME_CMS,    /* application/pkcs7-mime: |body| is decoded */
    MIME_SIGNED, /* multipart/signed: |body| is the first part, with its headers if they matter */
};

/* content_unwrap_mime reads the headers and finds the body; it is not seen when it is not there. */
enum content_mime content_unwrap_mime(uint8_t *bytes, size_t len, struct span *body);

#endif
