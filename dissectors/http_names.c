/* http_names.c: the schemes, codings and media types that are known by name: of those that installs use, and of web
 * pages. What the wire says is never shown itself. */
#include "dissectors/http_head.h"
#include "dissectors/http_text.h"

static const struct http_name schemes[] = {
    {"basic", "basic"},
    {"digest", "digest"},
    {"bearer", "bearer"},
    {"negotiate", "negotiate"},
    {"ntlm", "ntlm"},
    {"token", "token"},
    {"aws4-hmac-sha256", "aws4-hmac-sha256"},
    {0},
};

static const struct http_name codings[] = {
    {"gzip", "gzip"}, {"x-gzip", "gzip"},       {"deflate", "deflate"},     {"br", "br"},
    {"zstd", "zstd"}, {"compress", "compress"}, {"x-compress", "compress"}, {0},
};

const char *http_scheme_name(struct span scheme)
{
    return http_name_or_other(scheme, schemes);
}

const char *http_coding_name(struct span coding)
{
    return http_name_or_other(coding, codings);
}

/* Subtypes, by the class. */
static const struct http_name text_types[] = {
    {"plain", "text/plain"},
    {"html", "text/html"},
    {"css", "text/css"},
    {"javascript", "text/javascript"},
    {"xml", "text/xml"},
    {"yaml", "application/yaml"},
    {"cloud-config", "text/cloud-config"},
    {"x-python", "text/x-python"},
    {"x-script.python", "text/x-python"},
    {"x-shellscript", "text/x-shellscript"},
    {0},
};

static const struct http_name application_types[] = {
    {"octet-stream", "application/octet-stream"},
    {"javascript", "text/javascript"},
    {"x-javascript", "text/javascript"},
    {"xml", "text/xml"},
    {"json", "application/json"},
    {"yaml", "application/yaml"},
    {"x-yaml", "application/yaml"},
    {"x-sh", "text/x-shellscript"},
    {"x-tar", "application/x-tar"},
    {"gzip", "application/gzip"},
    {"x-gzip", "application/gzip"},
    {"zip", "application/zip"},
    {"pkcs7-mime", "application/pkcs7-mime"},
    {"x-pkcs7-mime", "application/pkcs7-mime"},
    {"cms", "application/cms"},
    {"x-www-form-urlencoded", "application/x-www-form-urlencoded"},
    {"yang-data+json", "application/yang-data+json"},
    {"yang-data+xml", "application/yang-data+xml"},
    {"yang.data+json", "application/yang-data+json"},
    {"yang.data+xml", "application/yang-data+xml"},
    {0},
};

static const struct http_name multipart_types[] = {
    {"form-data", "multipart/form-data"},
    {"byteranges", "multipart/byteranges"},
    {"mixed", "multipart/mixed"},
    {0},
};

static const struct http_name whole_classes[] = {
    {"image", "image"}, {"video", "video"}, {"audio", "audio"}, {"font", "font"}, {0},
};

const char *http_head_type_name(struct span value)
{
    if (!span_seen(value))
        return NULL;
    struct span subtype = http_trimmed(http_take_until(&value, ';'));
    struct span class = http_take_until(&subtype, '/');
    if (word_is(class, "text"))
        return http_name_or_other(subtype, text_types);
    if (word_is(class, "application"))
        return http_name_or_other(subtype, application_types);
    if (word_is(class, "multipart"))
        return http_name_or_other(subtype, multipart_types);
    return http_name_or_other(class, whole_classes);
}
