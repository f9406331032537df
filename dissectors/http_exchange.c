/* http_exchange.c: keeps what is known of a request and its answer, decides whether they belong to an install, and
 * hands the bodies of those that do to content.h. Others are undecided until their first bytes were seen. */
#include "dissectors/http_exchange.h"

#include "dissectors/starttls_words.h"

#include <assert.h>
#include <stdlib.h>

/* --- what is expected --- */

static uint64_t hash_path(struct span path)
{
    uint64_t hash = 14695981039346656037U;
    for (size_t i = 0; i < path.len; i++)
        hash = (hash ^ path.at[i]) * 1099511628211U;
    return hash;
}

struct http_expected http_expect_note(const struct http_target *target, bool server)
{
    struct span path = target->path.len > 0 ? target->path : span_text("/");
    return (struct http_expected){.path_hash = hash_path(path), .is_set = true, .server = server};
}

/* --- requests --- */

static struct span shortened(struct span text, size_t max)
{
    return span_of(text.at, text.len < max ? text.len : max);
}

static void take(struct http_exchange *exchange, const char *why, const char *service)
{
    exchange->interest = HTTP_TAKEN;
    exchange->fetch.matched = why;
    if (exchange->fetch.service == NULL)
        exchange->fetch.service = service;
}

static void decide(struct http_exchange *exchange, const struct http_head *head,
                   const struct http_expected *expected)
{
    struct http_tell path = http_tells_path(exchange->fetch.path);
    struct http_tell agent = http_tells_agent(exchange->fetch.agent);
    exchange->fetch.service = path.service != NULL ? path.service : agent.service;
    if (expected->is_set && hash_path(head->target.path) == expected->path_hash)
        take(exchange, "boot url", NULL);
    else if (path.tells)
        take(exchange, "path", NULL);
    else if (agent.tells)
        take(exchange, "user agent", NULL);
    else if (head->device_fields)
        take(exchange, "device fields", NULL);
    else if (expected->is_set && expected->server && !http_tells_browser(exchange->fetch.agent))
        take(exchange, "boot server", NULL);
}

static struct span keep(struct http_exchange *exchange, size_t *at, struct span text)
{
    if (!span_seen(text))
        return text;
    if (text.len > 0)
        memcpy(exchange->text + *at, text.at, text.len);
    struct span kept = span_of(exchange->text + *at, text.len);
    *at += text.len;
    return kept;
}

static struct http_exchange *make(size_t text_len, struct budget *budget)
{
    size_t memory = sizeof(struct http_exchange) + text_len + 1;
    if (!budget_take(budget, memory))
        return NULL;
    struct http_exchange *exchange = malloc(memory);
    if (exchange == NULL) {
        budget_give(budget, memory);
        return NULL;
    }
    /* All but |first| and |text|. */
    memset(exchange, 0, offsetof(struct http_exchange, first));
    exchange->memory = memory;
    exchange->location = NULL;
    exchange->location_len = 0;
    exchange->interest = HTTP_UNDECIDED;
    return exchange;
}

struct http_exchange *http_exchange_new(const struct http_head *head,
                                        const struct http_expected *expected,
                                        struct dissect_context *context)
{
    static const struct http_head unseen = {0};
    if (head == NULL)
        head = &unseen;
    struct span host = shortened(head->target.host, HTTP_MAX_HOST);
    struct span path = shortened(head->target.path, HTTP_MAX_PATH);
    struct span agent = shortened(head->agent, HTTP_MAX_AGENT);
    struct http_exchange *exchange = make(host.len + path.len + agent.len, context->budget);
    size_t at = 0;
    if (exchange == NULL)
        return NULL;
    struct http_fetch *fetch = &exchange->fetch;
    fetch->host = keep(exchange, &at, host);
    fetch->path = keep(exchange, &at, path);
    fetch->agent = keep(exchange, &at, agent);
    exchange->method = head->method;
    if (head->method == HTTP_NO_METHOD)
        return exchange;
    fetch->method = head->method_name;
    fetch->port = head->target.port;
    fetch->query_len = head->target.query_len;
    fetch->query_tells = head->target.query_tells;
    fetch->credentials = head->credentials;
    fetch->proxied = truth(head->proxied);
    fetch->request_packet = number(context->packet);
    fetch->request_time = number(context->time_ns);
    decide(exchange, head, expected);
    return exchange;
}

/* --- answers --- */

static void keep_location(struct http_exchange *exchange, const struct http_target *location,
                          struct budget *budget)
{
    struct span host = shortened(location->host, HTTP_MAX_HOST);
    struct span path = shortened(location->path, HTTP_MAX_PATH);
    size_t len = host.len + path.len + 1;
    if (exchange->location != NULL || !budget_take(budget, len))
        return;
    exchange->location = malloc(len);
    if (exchange->location == NULL) {
        budget_give(budget, len);
        return;
    }
    exchange->location_len = len;
    if (host.len > 0)
        memcpy(exchange->location, host.at, host.len);
    if (path.len > 0)
        memcpy(exchange->location + host.len, path.at, path.len);
    if (host.len > 0)
        exchange->fetch.location_host = span_of(exchange->location, host.len);
    exchange->fetch.location_path = span_of(exchange->location + host.len, path.len);
}

void http_exchange_answer(struct http_exchange *exchange, const struct http_head *head,
                          struct dissect_context *context)
{
    struct http_fetch *fetch = &exchange->fetch;
    fetch->status = number(head->status);
    fetch->response_packet = number(context->packet);
    fetch->response_time = number(context->time_ns);
    fetch->range_first = head->range_first;
    fetch->range_last = head->range_last;
    fetch->range_total = head->range_total;
    if (exchange->interest == HTTP_TAKEN && head->status / 100 == 3 && head->has_location)
        keep_location(exchange, &head->location, context->budget);
}

/* --- bodies --- */

/* A page and what belongs to it are no configuration. */
static bool is_of_a_page(struct span type)
{
    static const char *const of_pages[] = {"text/html",
                                           "text/css",
                                           "text/javascript",
                                           "application/javascript",
                                           "application/x-javascript",
                                           "image/",
                                           "video/",
                                           "audio/",
                                           "font/"};
    for (size_t i = 0; i < sizeof of_pages / sizeof *of_pages; i++)
        if (word_begins(type, of_pages[i]))
            return true;
    return false;
}

/* Whether the body is the file: not that of an error. */
static bool carries_file(const struct http_exchange *exchange, enum http_part part,
                         const struct http_head *head, enum http_framing framing)
{
    if (part == HTTP_ASKED)
        return framing != HTTP_NO_BODY;
    bool empty_file = head->has_length && exchange->method != HTTP_HEAD && head->status == 200;
    return head->status / 100 == 2 && (framing != HTTP_NO_BODY || empty_file);
}

static void open_content(struct http_exchange *exchange, enum http_part part,
                         struct dissect_context *context)
{
    struct http_part_facts *facts = &exchange->parts[part];
    if (facts->trouble != NULL)
        return;
    facts->content = http_content_new(facts->coding, context->budget, context->content_rules);
    if (facts->content == NULL)
        facts->trouble = "limit";
    else if (facts->before > 0)
        http_content_gap(facts->content, facts->before);
}

static const char *name_of_end(enum http_framing framing)
{
    switch (framing) {
    case HTTP_LENGTH:
    case HTTP_NO_BODY:
        return "length";
    case HTTP_CHUNKED:
        return "chunked";
    case HTTP_UNTIL_CLOSE:
        return "close";
    case HTTP_BAD_FRAMING:
        break;
    }
    return NULL;
}

static void note_coding(struct http_part_facts *facts, const struct http_head *head)
{
    facts->encoding = head->content_encoding;
    facts->transfer = head->other_transfer_encoding ? "other" : head->chunked ? "chunked" : NULL;
    if (head->other_transfer_encoding)
        facts->trouble = "encoding";
    else if (head->content_encoding == NULL)
        facts->coding = HTTP_PLAIN;
    else if (strcmp(head->content_encoding, "gzip") == 0)
        facts->coding = HTTP_GZIP;
    else if (strcmp(head->content_encoding, "deflate") == 0)
        facts->coding = HTTP_DEFLATE;
    else
        facts->trouble = "encoding";
}

static void note_range(struct http_part_facts *facts, const struct http_head *head)
{
    facts->whole_file = head->status != 206;
    facts->before = head->status == 206 ? head->range_first.value : 0;
    if (facts->before > 0 && facts->coding != HTTP_PLAIN)
        facts->trouble = "encoding"; /* the middle of what was compressed */
    if (head->status == 206 && head->range_first.seen)
        facts->whole_file = head->range_total.seen && facts->before == 0 &&
                            head->range_last.value + 1 == head->range_total.value;
}

void http_exchange_body(struct http_exchange *exchange, enum http_part part,
                        const struct http_head *head, enum http_framing framing,
                        struct dissect_context *context)
{
    struct http_part_facts *facts = &exchange->parts[part];
    if (framing == HTTP_LENGTH || (framing == HTTP_NO_BODY && head->has_length))
        facts->length = number(head->length);
    note_coding(facts, head);
    note_range(facts, head);
    facts->has_body = framing != HTTP_NO_BODY;
    facts->ended_by = name_of_end(framing);
    bool file = carries_file(exchange, part, head, framing);
    bool readable = facts->trouble == NULL && facts->coding == HTTP_PLAIN;
    if (part == HTTP_ANSWERED && exchange->interest == HTTP_UNDECIDED &&
        (!file || !readable || is_of_a_page(head->content_type)))
        exchange->interest = HTTP_DULL;
    if (exchange->interest == HTTP_DULL)
        return;
    facts->type = http_head_type_name(head->content_type);
    if (!file)
        return;
    facts->has_body = true;
    exchange->first_of = part;
    exchange->first_len = 0;
    if (exchange->interest == HTTP_TAKEN)
        open_content(exchange, part, context);
}

/* Decides by the first bytes, if they are all there or |ended|. Of a request the answer may still tell more. */
static void look_at_first(struct http_exchange *exchange, enum http_part part, bool ended,
                          struct dissect_context *context)
{
    if (!ended && exchange->first_len < HTTP_TELLS_BYTES)
        return;
    struct span first = span_of(exchange->first, exchange->first_len);
    if (http_tells_content(first)) {
        take(exchange, "content", NULL);
        open_content(exchange, part, context);
        if (exchange->parts[part].content != NULL)
            http_content_add(exchange->parts[part].content, first, context->budget);
    } else if (part == HTTP_ANSWERED) {
        exchange->interest = HTTP_DULL;
    } else {
        exchange->parts[part].trouble = "not read";
    }
}

void http_exchange_add(struct http_exchange *exchange, enum http_part part, struct span bytes,
                       struct dissect_context *context)
{
    struct http_part_facts *facts = &exchange->parts[part];
    facts->bytes += bytes.len;
    bool looking = exchange->interest == HTTP_UNDECIDED && exchange->first_of == part &&
                   facts->trouble == NULL;
    if (looking) {
        struct span start = shortened(bytes, HTTP_TELLS_BYTES - exchange->first_len);
        if (start.len > 0)
            memcpy(exchange->first + exchange->first_len, start.at, start.len);
        exchange->first_len += start.len;
        bytes = span_of(bytes.at + start.len, bytes.len - start.len);
        look_at_first(exchange, part, false, context);
    }
    if (facts->content != NULL && bytes.len > 0)
        http_content_add(facts->content, bytes, context->budget);
}

void http_exchange_gap(struct http_exchange *exchange, enum http_part part, uint64_t len)
{
    struct http_part_facts *facts = &exchange->parts[part];
    facts->lost = true;
    if (facts->content != NULL)
        http_content_gap(facts->content, len);
    else if (exchange->interest == HTTP_UNDECIDED && part == HTTP_ANSWERED)
        exchange->interest = HTTP_DULL;
    else if (exchange->interest == HTTP_UNDECIDED)
        facts->trouble = "not read";
}

void http_exchange_end(struct http_exchange *exchange, enum http_part part, bool whole,
                       struct dissect_context *context)
{
    struct http_part_facts *facts = &exchange->parts[part];
    facts->ended = whole;
    facts->lost = facts->lost || !whole;
    if (exchange->interest == HTTP_UNDECIDED && exchange->first_of == part &&
        facts->trouble == NULL && facts->has_body)
        look_at_first(exchange, part, true, context);
    else if (exchange->interest == HTTP_UNDECIDED && part == HTTP_ANSWERED)
        exchange->interest = HTTP_DULL;
}

/* --- telling --- */

/* Whether a body that was posted is a file that a device gives away, and no question. */
static bool is_a_file(const struct content_facts *content)
{
    switch (content->class) {
    case CONTENT_CONFIGURATION:
    case CONTENT_IMAGE:
    case CONTENT_ARCHIVE:
    case CONTENT_ENCRYPTED:
    case CONTENT_SIGNED:
    case CONTENT_KEY:
        return true;
    case CONTENT_UNKNOWN:
    case CONTENT_EMPTY:
    case CONTENT_SCRIPT:
    case CONTENT_CERTIFICATE:
    case CONTENT_OPAQUE:
        break;
    }
    return false;
}

static bool is_upload(const struct http_exchange *exchange, const struct content_facts *asked)
{
    const char *service = exchange->fetch.service;
    bool question =
        service != NULL && (strcmp(service, "sztp") == 0 || strcmp(service, "cisco-pnp") == 0);
    if (exchange->method == HTTP_PUT || exchange->method == HTTP_PATCH)
        return true;
    return exchange->method == HTTP_POST && !question && asked != NULL && is_a_file(asked);
}

static const char *why_incomplete(const struct http_part_facts *part, const char *why)
{
    const char *trouble = part->content != NULL ? http_content_trouble(part->content) : NULL;
    if (trouble == NULL)
        trouble = part->trouble;
    if (trouble != NULL)
        return trouble;
    if (!part->ended)
        return part->lost ? "lost" : why;
    return part->lost ? "lost" : NULL;
}

static void tell_part(struct http_fetch *fetch, const struct http_part_facts *part,
                      const struct content_facts *content, const char *why)
{
    fetch->content_type = part->type;
    fetch->content_encoding = part->encoding;
    fetch->transfer_encoding = part->transfer;
    fetch->length_told = part->length;
    if (!part->has_body)
        return;
    fetch->ended_by = part->ended_by;
    fetch->body_bytes = number(part->bytes);
    fetch->incomplete = why_incomplete(part, why);
    fetch->complete = truth(fetch->incomplete == NULL);
    if (content != NULL)
        fetch->content = *content;
}

bool http_exchange_tell(struct http_exchange *exchange, const char *why,
                        struct dissect_context *context)
{
    const struct content_facts *content[2] = {NULL, NULL};
    if (exchange->interest != HTTP_TAKEN)
        return false;
    for (unsigned part = 0; part < 2; part++) {
        struct http_part_facts *facts = &exchange->parts[part];
        bool ended = facts->ended && !facts->lost && facts->whole_file;
        if (facts->content != NULL)
            content[part] = http_content_finish(facts->content, ended);
    }
    bool upload = is_upload(exchange, content[HTTP_ASKED]);
    enum http_part told = upload ? HTTP_ASKED : HTTP_ANSWERED;
    exchange->fetch.upload = exchange->method == HTTP_NO_METHOD ? TRUTH_UNKNOWN : truth(upload);
    tell_part(&exchange->fetch, &exchange->parts[told], content[told], why);
    struct dissect_context as_client = *context;
    as_client.side = context->flow->client;
    dissect_emit(&as_client, &observation_http_fetch, &exchange->fetch);
    return true;
}

void http_exchange_free(struct http_exchange *exchange, struct dissect_context *context)
{
    if (exchange == NULL)
        return;
    for (unsigned part = 0; part < 2; part++)
        http_content_free(exchange->parts[part].content, context->budget);
    if (exchange->location != NULL) {
        budget_give(context->budget, exchange->location_len);
        free(exchange->location);
    }
    budget_give(context->budget, exchange->memory);
    free(exchange);
}
