/* content_unwrap.c: PEM, armor, MIME and base64. */
#include "dissectors/content_unwrap.h"

static int value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_blank(uint8_t c)
{
    return c == '\n' || c == '\r' || c == ' ' || c == '\t' || c == '\0';
}

/* What is decoded never overtakes what is read, as it is shorter. */
static size_t decode(const uint8_t *from, size_t len, uint8_t *to)
{
    uint32_t bits = 0;
    unsigned num_bits = 0;
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        int value = value_of(from[i]);
        if (value < 0 && is_blank(from[i]))
            continue;
        if (value < 0)
            break;
        bits = bits << 6 | (uint32_t)value;
        num_bits += 6;
        if (num_bits >= 8) {
            num_bits -= 8;
            to[out++] = (uint8_t)(bits >> num_bits);
        }
    }
    return out;
}

struct span content_unwrap_base64(uint8_t *bytes, size_t len)
{
    return span_of(bytes, decode(bytes, len, bytes));
}

/* The offset behind the line that |at| is in. */
static size_t next_line(const uint8_t *bytes, size_t len, size_t at)
{
    while (at < len && bytes[at] != '\n')
        at++;
    return at < len ? at + 1 : len;
}

static bool line_has(const uint8_t *bytes, size_t at, size_t end, uint8_t c)
{
    return memchr(bytes + at, c, end - at) != NULL;
}

/* Behind the line of dashes there may be headers and an empty line. The checksum of an armor begins with =, which
 * ends the decoding, as the dashes of the last line do. */
struct span content_unwrap_pem(uint8_t *bytes, size_t len)
{
    static const char begin[] = "-----BEGIN ";
    const uint8_t *mark = memmem(bytes, len, begin, sizeof begin - 1);
    if (mark == NULL)
        return span_of(bytes, 0);
    size_t at = next_line(bytes, len, (size_t)(mark - bytes));
    for (size_t end = next_line(bytes, len, at); at < len && line_has(bytes, at, end, ':');) {
        at = end;
        end = next_line(bytes, len, at);
    }
    return span_of(bytes, decode(bytes + at, len - at, bytes));
}

/* --- MIME --- */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* Where |text|, in lower case, is in a line or a header; NULL if it is not. */
static const uint8_t *find_text(struct span in, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i + len <= in.len; i++) {
        size_t same = 0;
        while (same < len && lower(in.at[i + same]) == (uint8_t)text[same])
            same++;
        if (same == len)
            return in.at + i;
    }
    return NULL;
}

/* The header |name| with the lines that it goes on in. */
static struct span find_header(struct span headers, const char *name)
{
    for (size_t at = 0; at < headers.len;) {
        size_t end = next_line(headers.at, headers.len, at);
        while (end < headers.len && (headers.at[end] == ' ' || headers.at[end] == '\t'))
            end = next_line(headers.at, headers.len, end);
        struct span header = span_of(headers.at + at, end - at);
        if (find_text(header, name) == header.at)
            return header;
        at = end;
    }
    return (struct span){0};
}

/* Headers end with an empty line, or with the bytes. */
static size_t headers_len(const uint8_t *bytes, size_t len)
{
    size_t at = 0;
    while (at < len) {
        size_t end = next_line(bytes, len, at);
        if (bytes[at] == '\n' || (bytes[at] == '\r' && end == at + 2))
            return end;
        at = end;
    }
    return len;
}

static struct span find_boundary(struct span type)
{
    static const char name[] = "boundary=";
    const uint8_t *at = find_text(type, name);
    if (at == NULL)
        return (struct span){0};
    size_t from = (size_t)(at - type.at) + sizeof name - 1;
    bool quoted = from < type.len && type.at[from] == '"';
    from += quoted;
    size_t end = from;
    while (end < type.len && type.at[end] != '"' && (quoted || type.at[end] != ';') &&
           !is_blank(type.at[end]))
        end++;
    return end > from ? span_of(type.at + from, end - from) : (struct span){0};
}

/* The offset of the next line that is "--" and the boundary; |len| without one. */
static size_t find_delimiter(struct span body, struct span boundary, size_t at)
{
    while (at < body.len) {
        size_t end = next_line(body.at, body.len, at);
        if (end - at >= boundary.len + 2 && body.at[at] == '-' && body.at[at + 1] == '-' &&
            memcmp(body.at + at + 2, boundary.at, boundary.len) == 0)
            return at;
        at = end;
    }
    return body.len;
}

/* The first part; of other things than CMS without its headers. */
static struct span first_part(struct span body, struct span boundary)
{
    size_t from = find_delimiter(body, boundary, 0);
    from = next_line(body.at, body.len, from);
    size_t to = find_delimiter(body, boundary, from);
    struct span part = span_of(body.at + from, to - from);
    size_t skip = headers_len(part.at, part.len);
    struct span headers = span_of(part.at, skip);
    if (find_text(headers, "pkcs7-mime") != NULL)
        return part;
    bool has_headers = find_header(headers, "content-").len > 0 || skip <= 2;
    return has_headers ? span_of(part.at + skip, part.len - skip) : part;
}

enum content_mime content_unwrap_mime(uint8_t *bytes, size_t len, struct span *body)
{
    size_t skip = headers_len(bytes, len);
    struct span headers = span_of(bytes, skip);
    struct span type = find_header(headers, "content-type:");
    struct span encoding = find_header(headers, "content-transfer-encoding:");
    *body = span_of(bytes + skip, len - skip);
    if (find_text(type, "pkcs7-mime") != NULL) {
        if (find_text(encoding, "binary") == NULL)
            *body = span_of(bytes, decode(bytes + skip, len - skip, bytes));
        return MIME_CMS;
    }
    struct span boundary = find_boundary(type);
    if (find_text(type, "multipart/signed") == NULL || !span_seen(boundary))
        return MIME_NONE;
    *body = first_part(*body, boundary);
    return MIME_SIGNED;
}
