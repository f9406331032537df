/* from_hex.h: bytes for test tables, written as hex digits. */
#ifndef PERPASS_TESTS_FROM_HEX_H
#define PERPASS_TESTS_FROM_HEX_H

#include "core/span.h"

#include <assert.h>
#include <stdio.h>

/* Bytes of a test vector. */
struct hex_bytes {
    uint8_t at[256];
    size_t len;
};

static inline struct hex_bytes from_hex(const char *digits)
{
    struct hex_bytes bytes = {.len = strlen(digits) / 2};
    assert(bytes.len <= sizeof bytes.at && strlen(digits) % 2 == 0);
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned byte = 0;
        int read = sscanf(digits + 2 * i, "%2x", &byte);
        assert(read == 1);
        bytes.at[i] = (uint8_t)byte;
    }
    return bytes;
}

static inline struct span hex_span(const struct hex_bytes *bytes)
{
    return span_of(bytes->at, bytes->len);
}

#endif
