/* content_magic.h: what a file is by its first bytes. */
#ifndef PERPASS_DISSECTORS_CONTENT_MAGIC_H
#define PERPASS_DISSECTORS_CONTENT_MAGIC_H

#include "dissectors/content.h"

/* Of a file this much is looked at; a shorter one is looked at when it ends. */
enum { CONTENT_HEAD = 1024 };

/* What is around the content proper, and has to be taken off to read on. */
enum content_wrap {
    CONTENT_BARE = 0,
    CONTENT_IN_PEM,    /* base64 between lines of dashes */
    CONTENT_IN_MIME,   /* S/MIME, RFC 8551 */
    CONTENT_IN_BASE64, /* base64, nothing else */
    CONTENT_IN_CMS,    /* CMS, RFC 5652, in BER */
    CONTENT_IN_PGP,    /* OpenPGP, RFC 9580 */
    CONTENT_IN_AGE     /* age-encryption.org/v1 */
};

struct content_kind {
    enum content_class class;
    const char *format, *encoding; /* static, or NULL */
    enum content_wrap wrap;
    enum truth encrypted;
    const char *cipher;
    bool known;  /* of this format, whatever |class|: no need to look at the bytes' statistics */
    bool binary; /* lines of it mean nothing */
};

/* content_magic looks at the |head|, at most CONTENT_HEAD bytes: the file's first. */
struct content_kind content_magic(struct span head);

#endif
