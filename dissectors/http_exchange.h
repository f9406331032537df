/* http_exchange.h: a request and its answer, from the request's head until it can be told. */
#ifndef PERPASS_DISSECTORS_HTTP_EXCHANGE_H
#define PERPASS_DISSECTORS_HTTP_EXCHANGE_H

#include "dissectors/http.h"
#include "dissectors/http_body.h"
#include "dissectors/http_tells.h"

/* What is expected on a connection: the beginning of the conversation's state. */
struct http_expected {
    uint64_t path_hash;
    bool is_set;
    bool
        server; /* the server is known by its address: other paths on it belong to the install, too */
};

/* http_expect_note makes |expected| of a URL that was read. */
struct http_expected http_expect_note(const struct http_target *target, bool server);

enum http_part { HTTP_ASKED, HTTP_ANSWERED };

/* The body of one of both. */
struct http_part_facts {
    struct http_content *content; /* NULL: it is not read */
    bool has_body, ended, lost;
    bool whole_file;     /* no part of one */
    const char *trouble; /* why it is not read */
    const char *ended_by, *type, *encoding, *transfer;
    struct number length;
    uint64_t bytes;
    enum http_coding coding;
    uint64_t before; /* bytes of the file before it: a range */
};

enum http_interest { HTTP_DULL, HTTP_UNDECIDED, HTTP_TAKEN };

struct http_exchange {
    struct http_fetch fetch;
    enum http_method method; /* HTTP_NO_METHOD: the request was not seen */
    enum http_interest interest;
    struct http_part_facts parts[2];
    bool answered; /* the answer ended before the request's body did */
    enum http_part first_of;
    size_t first_len;
    uint8_t first[HTTP_TELLS_BYTES]; /* of an undecided body */
    size_t memory;                   /* taken of the budget */
    uint8_t *location;
    size_t location_len;
    uint8_t text[];
};

/* http_exchange_new takes the head of a request, or NULL where none was seen; NULL without memory or budget. */
struct http_exchange *http_exchange_new(const struct http_head *head,
                                        const struct http_expected *expected,
                                        struct dissect_context *context);

/* http_exchange_answer takes the head of the answer. */
void http_exchange_answer(struct http_exchange *exchange, const struct http_head *head,
                          struct dissect_context *context);

/* http_exchange_body begins a body that ends by |framing|. */
void http_exchange_body(struct http_exchange *exchange, enum http_part part,
                        const struct http_head *head, enum http_framing framing,
                        struct dissect_context *context);
void http_exchange_add(struct http_exchange *exchange, enum http_part part, struct span bytes,
                       struct dissect_context *context);
void http_exchange_gap(struct http_exchange *exchange, enum http_part part, uint64_t len);

/* http_exchange_end: the body is over; |whole|: up to its end. */
void http_exchange_end(struct http_exchange *exchange, enum http_part part, bool whole,
                       struct dissect_context *context);

/* http_exchange_tell says what was seen if it is of interest; |why|: why a body that did not end is incomplete. */
bool http_exchange_tell(struct http_exchange *exchange, const char *why,
                        struct dissect_context *context);
void http_exchange_free(struct http_exchange *exchange, struct dissect_context *context);

#endif
