/* http_fields.c: the rows of http.fetch. */
#include "dissectors/field_rows.h"
#include "dissectors/http.h"

#define STRUCT struct http_fetch
static const struct field fetch_fields[] = {
    ROW("perpass.http.method", FIELD_TEXT, method, "of the request; absent: it was not seen",
        IS_PUBLIC),
    ROW("perpass.http.host", FIELD_STRING, host, "whom it was asked of", IS_NAME("host")),
    ROW("perpass.http.port", FIELD_NUMBER, port, "the port that is told with the host", IS_PUBLIC),
    ROW("perpass.http.path", FIELD_STRING, path, "what was asked for, without the query",
        IS_NAME("path")),
    ROW("perpass.http.query_len", FIELD_NUMBER, query_len, "bytes of the query, which is not kept",
        IS_PUBLIC),
    ROW("perpass.http.query_tells", FIELD_TEXT, query_tells,
        "what the query says that it tells of the device: mac, serial, uuid", IS_PUBLIC),
    ROW("perpass.http.user_agent", FIELD_STRING, agent, "the program that asked", IS_NAME("agent")),
    ROW("perpass.http.credentials", FIELD_TEXT, credentials,
        "scheme of the credentials that were sent in clear; url: they stand in the URL", IS_PUBLIC),
    ROW("perpass.http.proxied", FIELD_TRUTH, proxied, "it was asked of a proxy", IS_PUBLIC),
    ROW("perpass.http.matched", FIELD_TEXT, matched,
        "why it is taken for a part of an install: boot url (it was told by DHCP, or by a "
        "redirect), "
        "boot server, path, user agent, device fields, content",
        IS_PUBLIC),
    ROW("perpass.http.service", FIELD_TEXT, service, "what kind of install the names tell",
        IS_PUBLIC),
    ROW("perpass.http.upload", FIELD_TRUTH, upload, "the file went to the server", IS_PUBLIC),
    ROW("perpass.http.status", FIELD_NUMBER, status, "of the answer; absent: none was seen",
        IS_PUBLIC),
    ROW("perpass.http.content_type", FIELD_TEXT, content_type, "that the file is said to have",
        IS_PUBLIC),
    ROW("perpass.http.transfer_encoding", FIELD_TEXT, transfer_encoding, "chunked, other",
        IS_PUBLIC),
    ROW("perpass.http.content_encoding", FIELD_TEXT, content_encoding,
        "gzip, deflate, br, zstd, compress, other", IS_PUBLIC),
    ROW("perpass.http.content_length", FIELD_NUMBER, length_told, "bytes of the body, as told",
        IS_PUBLIC),
    ROW("perpass.http.range_first", FIELD_NUMBER, range_first,
        "first byte of the part of the file that was sent", IS_PUBLIC),
    ROW("perpass.http.range_last", FIELD_NUMBER, range_last, "its last byte", IS_PUBLIC),
    ROW("perpass.http.range_total", FIELD_NUMBER, range_total, "bytes of the whole file",
        IS_PUBLIC),
    ROW("perpass.http.location_host", FIELD_STRING, location_host, "where a redirect leads",
        IS_NAME("host")),
    ROW("perpass.http.location_path", FIELD_STRING, location_path,
        "what it asks for there, without the query", IS_NAME("path")),
    ROW("perpass.http.body_bytes", FIELD_NUMBER, body_bytes,
        "bytes of the body that were seen, before they were decoded", IS_PUBLIC),
    ROW("perpass.http.complete", FIELD_TRUTH, complete, "the body was read to its end", IS_PUBLIC),
    ROW("perpass.http.incomplete", FIELD_TEXT, incomplete,
        "why not: lost, closed, silence, input ended, encoding (it cannot be decoded), limit, "
        "framing",
        IS_PUBLIC),
    ROW("perpass.http.ended_by", FIELD_TEXT, ended_by,
        "what tells the end of the body: length, chunked, close", IS_PUBLIC),
    ROW("perpass.http.request_packet", FIELD_NUMBER, request_packet,
        "packet in which the request's head ended", IS_PUBLIC),
    ROW("perpass.http.response_packet", FIELD_NUMBER, response_packet,
        "packet in which the answer's head ended", IS_PUBLIC),
    ROW("perpass.http.request_time", FIELD_TIME, request_time, "when the request was sent",
        IS_PUBLIC),
    ROW("perpass.http.response_time", FIELD_TIME, response_time, "when the answer came", IS_PUBLIC),
    CONTENT_ROWS(content),
};
#undef STRUCT

static const struct observation_part fetch_parts[] = {CONTENT_PARTS(http_fetch, content)};

TYPE_WITH_PARTS(observation_http_fetch, "http.fetch", fetch_fields, fetch_parts, http_fetch,
                "A device fetched or gave away a file of its install over HTTP.");
