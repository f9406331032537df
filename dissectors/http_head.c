/* http_head.c: reads heads of HTTP/1.x: RFC 9112 (start lines, fields, length of the body), RFC 9110 (targets, ranges,
 * credentials). Takes lines that end with LF alone and fields that are folded. Cookies, queries and the values of
 * credentials are passed over. */
#include "dissectors/http_head.h"

#include "dissectors/http_text.h"
#include "dissectors/recognise.h"

static const struct {
    const char *word;
    enum http_method method;
    const char *name;
} methods[] = {
    {"GET ", HTTP_GET, "get"},
    {"HEAD ", HTTP_HEAD, "head"},
    {"POST ", HTTP_POST, "post"},
    {"PUT ", HTTP_PUT, "put"},
    {"PATCH ", HTTP_PATCH, "patch"},
    {"CONNECT ", HTTP_CONNECT, "connect"},
    {"DELETE ", HTTP_OTHER_METHOD, "delete"},
    {"OPTIONS ", HTTP_OTHER_METHOD, "options"},
    {"TRACE ", HTTP_OTHER_METHOD, "trace"},
    {"PROPFIND ", HTTP_OTHER_METHOD, "propfind"},
    {"PROPPATCH ", HTTP_OTHER_METHOD, "proppatch"},
    {"MKCOL ", HTTP_OTHER_METHOD, "mkcol"},
    {"COPY ", HTTP_OTHER_METHOD, "copy"},
    {"MOVE ", HTTP_OTHER_METHOD, "move"},
    {"LOCK ", HTTP_OTHER_METHOD, "lock"},
    {"UNLOCK ", HTTP_OTHER_METHOD, "unlock"},
    {"REPORT ", HTTP_OTHER_METHOD, "report"},
};

enum {
    NUM_METHODS = sizeof methods / sizeof *methods,
    VERSION_LEN = 8, /* HTTP/1.1 */
    MAX_QUERY = 256  /* bytes of a query in which names are looked for */
};

/* --- recognising --- */

static bool begins(struct span text, const char *word)
{
    struct span whole = span_text(word);
    return text.len >= whole.len && memcmp(text.at, whole.at, whole.len) == 0;
}

/* Whether |text| is |word|, or the beginning of it and nothing else. */
static bool may_begin(struct span text, const char *word)
{
    size_t len = strlen(word);
    return memcmp(text.at, word, text.len < len ? text.len : len) == 0;
}

/* The bytes before the first LF; false: there is none. */
static bool line_of(struct span text, struct span *line)
{
    const uint8_t *end = text.len > 0 ? memchr(text.at, '\n', text.len) : NULL;
    if (end == NULL)
        return false;
    *line = span_of(text.at, (size_t)(end - text.at));
    if (line->len > 0 && line->at[line->len - 1] == '\r')
        line->len--;
    return true;
}

static bool is_version(struct span text)
{
    return text.len == VERSION_LEN && begins(text, "HTTP/1.") &&
           ascii_is_digit(text.at[VERSION_LEN - 1]);
}

/* The line ends with a blank and the version. */
static bool ends_with_version(struct span line)
{
    if (line.len <= VERSION_LEN)
        return false;
    size_t before = line.len - VERSION_LEN;
    return line.at[before - 1] == ' ' && is_version(span_of(line.at + before, VERSION_LEN));
}

static bool target_begins(struct span target)
{
    return target.len == 0 || *target.at == '/' || *target.at == '*' ||
           may_begin(target, "http://") || may_begin(target, "HTTP://");
}

static enum recognise recognise_request(struct span start, const char *method)
{
    size_t len = strlen(method);
    struct span line;
    if (start.len < len)
        return RECOGNISE_MAYBE;
    struct span target = span_of(start.at + len, start.len - len);
    if (!target_begins(target))
        return RECOGNISE_NO;
    if (!line_of(start, &line))
        return start.len < HTTP_MAX_LINE ? RECOGNISE_MAYBE : RECOGNISE_NO;
    return line.len < HTTP_MAX_LINE && ends_with_version(line) ? RECOGNISE_YES : RECOGNISE_NO;
}

/* HTTP/1.1 200 */
static enum recognise recognise_response(struct span start)
{
    enum { STATUS_LEN = VERSION_LEN + 4 };
    if (start.len < STATUS_LEN)
        return RECOGNISE_MAYBE;
    struct span status = span_of(start.at + VERSION_LEN + 1, 3);
    bool is = is_version(span_of(start.at, VERSION_LEN)) && start.at[VERSION_LEN] == ' ' &&
              ascii_all(status, ascii_is_digit);
    return is ? RECOGNISE_YES : RECOGNISE_NO;
}

enum recognise http_head_recognise(struct reader bytes, bool *response)
{
    struct span start = span_of(bytes.at, reader_left(&bytes));
    *response = false;
    if (start.len == 0 || !http_head_may_begin(*start.at))
        return RECOGNISE_NO;
    enum recognise answer = RECOGNISE_NO;
    if (*start.at == 'H' && may_begin(start, "HTTP/1.")) {
        *response = true;
        answer = recognise_response(start);
    } else {
        for (unsigned i = 0; i < NUM_METHODS && answer == RECOGNISE_NO; i++)
            if ((uint8_t)methods[i].word[0] == *start.at && methods[i].method != HTTP_CONNECT &&
                may_begin(start, methods[i].word))
                answer = recognise_request(start, methods[i].word);
    }
    return answer == RECOGNISE_MAYBE && bytes.cut != 0 ? RECOGNISE_NO : answer;
}

/* Whether the line that ends before |end| is empty. */
static bool is_empty_line(const uint8_t *line, const uint8_t *end)
{
    return end == line || (end == line + 1 && *line == '\r');
}

enum http_find http_head_find(struct span bytes, size_t *scanned, size_t *len)
{
    for (;;) {
        const uint8_t *line = bytes.at + *scanned;
        size_t left = bytes.len - *scanned;
        const uint8_t *end = left > 0 ? memchr(line, '\n', left) : NULL;
        if (end == NULL)
            return bytes.len > HTTP_MAX_HEAD ? HEAD_TOO_LONG : HEAD_WAITS;
        *scanned += (size_t)(end - line) + 1;
        if (*scanned > HTTP_MAX_HEAD)
            return HEAD_TOO_LONG;
        if (is_empty_line(line, end)) {
            *len = *scanned;
            return READ_HEAD;
        }
    }
}

/* --- targets --- */

static const struct http_name query_names[] = {
    {"mac", "mac"},
    {"macaddr", "mac"},
    {"mac_address", "mac"},
    {"macaddress", "mac"},
    {"ether", "mac"},
    {"hwaddr", "mac"},
    {"net0/mac", "mac"},
    {"serial", "serial"},
    {"sn", "serial"},
    {"serialno", "serial"},
    {"serial_number", "serial"},
    {"serialnumber", "serial"},
    {"uuid", "uuid"},
    {"system-uuid", "uuid"},
    {0},
};

static const char *what_query_tells(struct span query)
{
    if (query.len > MAX_QUERY)
        query.len = MAX_QUERY;
    while (query.len > 0) {
        struct span pair = http_take_until(&query, '&');
        const char *name = http_name_of(http_take_until(&pair, '='), query_names);
        if (name != NULL)
            return name;
    }
    return NULL;
}

/* host, host:port, [v6], [v6]:port */
static void read_authority(struct span text, struct http_target *target)
{
    struct span rest = text;
    uint64_t port;
    if (text.len > 0 && *text.at == '[') {
        rest = span_of(text.at + 1, text.len - 1);
        target->host = http_take_until(&rest, ']');
        (void)http_take_until(&rest, ':');
    } else {
        target->host = http_take_until(&rest, ':');
    }
    if (http_number(rest, &port) && port <= UINT16_MAX)
        target->port = number(port);
}

/* Everything before the last @ is about a user. */
static struct span without_user(struct span authority, bool *user)
{
    for (size_t at = authority.len; at > 0; at--) {
        if (authority.at[at - 1] == '@') {
            *user = true;
            return span_of(authority.at + at, authority.len - at);
        }
    }
    return authority;
}

bool http_target_read(struct span text, struct http_target *target, bool *absolute)
{
    static const char scheme[] = "http://";
    *target = (struct http_target){0};
    *absolute = word_begins(text, scheme);
    struct span rest = text;
    if (*absolute) {
        rest = span_of(text.at + strlen(scheme), text.len - strlen(scheme));
        size_t len = 0;
        while (len < rest.len && rest.at[len] != '/' && rest.at[len] != '?' && rest.at[len] != '#')
            len++;
        read_authority(without_user(span_of(rest.at, len), &target->user), target);
        rest = span_of(rest.at + len, rest.len - len);
    } else if (text.len == 0 || (*text.at != '/' && *text.at != '*')) {
        return false;
    }
    struct span before = http_take_until(&rest, '#');
    target->path = http_take_until(&before, '?');
    if (before.at != target->path.at + target->path.len)
        target->query_len = number(before.len);
    target->query_tells = what_query_tells(before);
    return true;
}

/* --- fields --- */

/* RFC 9110 section 8.6: the same number several times is that number. */
static void read_length(struct http_head *head, struct span value)
{
    while (value.len > 0) {
        uint64_t length;
        bool good = http_number(http_trimmed(http_take_until(&value, ',')), &length);
        if (!good || (head->has_length && head->length != length))
            head->bad_length = true;
        head->has_length = true;
        head->length = length;
    }
}

/* Only the last coding can be chunked, once. */
static void read_transfer_encoding(struct http_head *head, struct span value)
{
    head->has_transfer_encoding = true;
    while (value.len > 0) {
        struct span coding = http_take_until(&value, ',');
        coding = http_trimmed(http_take_until(&coding, ';'));
        if (head->chunked && coding.len > 0) {
            head->chunked = false;
            head->other_transfer_encoding = true;
        } else if (word_is(coding, "chunked")) {
            head->chunked = true;
        } else if (coding.len > 0 && !word_is(coding, "identity")) {
            head->other_transfer_encoding = true;
        }
    }
}

static void read_content_encoding(struct http_head *head, struct span value)
{
    while (value.len > 0) {
        struct span coding = http_trimmed(http_take_until(&value, ','));
        if (coding.len == 0 || word_is(coding, "identity"))
            continue;
        head->content_encoding =
            head->content_encoding == NULL ? http_coding_name(coding) : "other";
    }
}

/* RFC 9110 section 14.4: bytes first-last/total, where the total may be *. */
static void read_range(struct http_head *head, struct span value)
{
    uint64_t first, last, total;
    if (!word_begins(value, "bytes"))
        return;
    value = http_trimmed(span_of(value.at + 5, value.len - 5));
    struct span range = http_take_until(&value, '/');
    bool has_total = http_number(value, &total);
    struct span begin = http_take_until(&range, '-');
    if (!http_number(begin, &first) || !http_number(range, &last) || last < first ||
        (has_total && total <= last))
        return;
    head->range_first = number(first);
    head->range_last = number(last);
    if (has_total)
        head->range_total = number(total);
}

static void read_host(struct http_head *head, struct span value)
{
    if (!span_seen(head->target.host))
        read_authority(value, &head->target);
}

static void read_location(struct http_head *head, struct span value)
{
    bool absolute;
    head->has_location = http_target_read(value, &head->location, &absolute);
}

/* Whether a field has the name |lower|. */
static inline bool is_name(struct span name, const char *lower)
{
    if (name.len != strlen(lower))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (ascii_lower(name.at[i]) != (uint8_t)lower[i])
            return false;
    return true;
}

/* Fields by which devices tell what they are. */
static bool is_of_a_device(struct span name)
{
    static const char *const begins_with[] = {"X-Arista-", "X-Anaconda-", "X-RHN-Provisioning-",
                                              "ONIE-", "CUMULUS-"};
    uint8_t first = ascii_lower(*name.at);
    for (size_t i = 0; i < sizeof begins_with / sizeof *begins_with; i++)
        if (ascii_lower((uint8_t)*begins_with[i]) == first && word_begins(name, begins_with[i]))
            return true;
    return false;
}

static void read_request_field(struct http_head *head, struct span name, struct span value)
{
    if (is_name(name, "host"))
        read_host(head, value);
    else if (is_name(name, "user-agent"))
        head->agent = value;
    else if (is_name(name, "authorization"))
        head->credentials = http_scheme_name(http_take_until(&value, ' '));
    else if (is_name(name, "proxy-authorization"))
        head->proxy_credentials = http_scheme_name(http_take_until(&value, ' '));
    else if (is_of_a_device(name))
        head->device_fields = true;
}

static void read_response_field(struct http_head *head, struct span name, struct span value)
{
    if (is_name(name, "content-range"))
        read_range(head, value);
    else if (is_name(name, "location"))
        read_location(head, value);
}

static void read_content_type(struct http_head *head, struct span value)
{
    head->content_type = value;
}

/* By its length a field can be one only. */
static void read_field(struct http_head *head, bool response, struct span name, struct span value)
{
    static const struct {
        const char *name;
        void (*read)(struct http_head *head, struct span value);
    } by_length[18] = {
        [12] = {"content-type", read_content_type},
        [14] = {"content-length", read_length},
        [16] = {"content-encoding", read_content_encoding},
        [17] = {"transfer-encoding", read_transfer_encoding},
    };
    size_t last = sizeof by_length / sizeof *by_length - 1;
    size_t len = name.len < last ? name.len : last;
    if (name.len == 0)
        return;
    if (by_length[len].name != NULL && is_name(name, by_length[len].name))
        by_length[len].read(head, value);
    else if (response)
        read_response_field(head, name, value);
    else
        read_request_field(head, name, value);
}

/* --- heads --- */

static bool read_request_line(struct span line, struct http_head *head)
{
    unsigned i = 0;
    while (i < NUM_METHODS && !begins(line, methods[i].word))
        i++;
    if (i == NUM_METHODS || !ends_with_version(line))
        return false;
    head->method = methods[i].method;
    head->method_name = methods[i].name;
    size_t before = strlen(methods[i].word), behind = VERSION_LEN + 1;
    if (line.len < before + behind || head->method == HTTP_CONNECT)
        return head->method == HTTP_CONNECT;
    struct span target = http_trimmed(span_of(line.at + before, line.len - before - behind));
    bool good = http_target_read(target, &head->target, &head->proxied);
    if (head->target.user)
        head->credentials = "url";
    return good;
}

static bool read_status_line(struct span line, struct http_head *head)
{
    uint64_t status;
    if (recognise_response(line) != RECOGNISE_YES)
        return false;
    (void)http_number(span_of(line.at + VERSION_LEN + 1, 3), &status);
    head->status = (unsigned)status;
    return status >= 100;
}

/* Whether a field that begins so may be one that is read: most are not, and cost no more than this. */
static bool may_be_known(struct span line)
{
    if (line.len < 4)
        return false;
    switch ((uint32_t)ascii_lower(line.at[0]) << 16 | (uint32_t)ascii_lower(line.at[1]) << 8 |
            ascii_lower(line.at[2])) {
    case 'a' << 16 | 'u' << 8 | 't': /* Authorization */
    case 'c' << 16 | 'o' << 8 | 'n': /* Content- */
    case 'c' << 16 | 'u' << 8 | 'm': /* CUMULUS- */
    case 'h' << 16 | 'o' << 8 | 's': /* Host */
    case 'l' << 16 | 'o' << 8 | 'c': /* Location */
    case 'o' << 16 | 'n' << 8 | 'i': /* ONIE- */
    case 'p' << 16 | 'r' << 8 | 'o': /* Proxy-Authorization */
    case 't' << 16 | 'r' << 8 | 'a': /* Transfer-Encoding */
    case 'u' << 16 | 's' << 8 | 'e': /* User-Agent */
    case 'x' << 16 | '-' << 8 | 'a': /* X-Arista-, X-Anaconda- */
    case 'x' << 16 | '-' << 8 | 'r': /* X-RHN- */
        return true;
    default:
        return false;
    }
}

/* Takes a line, and those that go on with it because they begin with a blank. */
static struct span take_field(struct span *rest)
{
    const uint8_t *start = rest->at;
    do
        (void)http_take_until(rest, '\n');
    while (rest->len > 0 && (*rest->at == ' ' || *rest->at == '\t'));
    return span_of(start, (size_t)(rest->at - start));
}

bool http_head_read(struct span bytes, bool response, struct http_head *head)
{
    *head = (struct http_head){0};
    struct span line;
    if (!line_of(bytes, &line) || line.len >= HTTP_MAX_LINE)
        return false;
    if (!(response ? read_status_line(line, head) : read_request_line(line, head)))
        return false;
    (void)http_take_until(&bytes, '\n');
    while (bytes.len > 0) {
        if (!may_be_known(bytes)) {
            (void)http_take_until(&bytes, '\n');
            continue;
        }
        struct span value = take_field(&bytes);
        if (value.len > HTTP_MAX_LINE)
            continue;
        struct span name = http_take_until(&value, ':');
        bool blank_behind = name.len > 0 && is_blank(name.at[name.len - 1]);
        /* A server refuses such a field, a client ignores the blank (RFC 9112 section 5.1). */
        if (blank_behind && !response)
            continue;
        read_field(head, response, http_trimmed(name), http_trimmed(value));
    }
    return true;
}

enum http_framing http_head_framing(const struct http_head *head, bool response,
                                    enum http_method method)
{
    bool never = method == HTTP_HEAD || head->status / 100 == 1 || head->status == 204 ||
                 head->status == 304;
    if (response && never)
        return HTTP_NO_BODY;
    if (head->has_transfer_encoding && head->chunked)
        return HTTP_CHUNKED;
    if (head->has_transfer_encoding)
        return response ? HTTP_UNTIL_CLOSE : HTTP_BAD_FRAMING;
    if (head->bad_length)
        return HTTP_BAD_FRAMING;
    if (head->has_length)
        return head->length > 0 ? HTTP_LENGTH : HTTP_NO_BODY;
    return response ? HTTP_UNTIL_CLOSE : HTTP_NO_BODY;
}
