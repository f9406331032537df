/* http_body.h: the body of a message of HTTP/1.x: where it ends, and what is in it without chunks and compression. */
#ifndef PERPASS_DISSECTORS_HTTP_BODY_H
#define PERPASS_DISSECTORS_HTTP_BODY_H

#include "core/budget.h"
#include "dissectors/content.h"
#include "dissectors/http_head.h"

/* What comes next in a body. */
enum http_step {
    HTTP_DATA,  /* bytes of the body */
    HTTP_GAP,   /* bytes of the body that were lost */
    HTTP_NEXT,  /* something that is no part of it */
    HTTP_END,   /* its end; what follows is another message */
    HTTP_WAIT,  /* more bytes are needed */
    HTTP_LOST,  /* so much was lost that nobody knows where it goes on */
    HTTP_BROKEN /* this is no body */
};

/* How far a body was read. */
struct http_body {
    enum http_framing framing;
    uint8_t at;       /* of HTTP_CHUNKED: enum chunk_part */
    uint64_t left;    /* of the body or the chunk */
    uint32_t trailer; /* bytes of the trailer so far */
};

void http_body_begin(struct http_body *body, enum http_framing framing, uint64_t length);

/* http_body_read reads one step: |data| is set for HTTP_DATA, |lost| for HTTP_GAP. */
enum http_step http_body_read(struct http_body *body, struct reader *bytes, struct span *data,
                              uint64_t *lost);

/* --- what is in it --- */

struct http_content;

enum http_coding { HTTP_PLAIN, HTTP_GZIP, HTTP_DEFLATE };

/* http_content_new starts on the content of a body; NULL without budget or memory. */
struct http_content *http_content_new(enum http_coding coding, struct budget *budget,
                                      const struct content_rules *rules);

/* http_content_add and _gap: as those of content.h. Of what cannot be decoded the rest counts as lost. */
void http_content_add(struct http_content *content, struct span bytes, struct budget *budget);
void http_content_gap(struct http_content *content, uint64_t len);

/* http_content_trouble is "encoding", "limit" or "lost" when it was not decoded to its end; else NULL. */
const char *http_content_trouble(const struct http_content *content);

/* http_content_finish: as content_finish; valid until http_content_free, which takes NULL, too. */
const struct content_facts *http_content_finish(struct http_content *content, bool ended);
void http_content_free(struct http_content *content, struct budget *budget);

#endif
