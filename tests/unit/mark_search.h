/* mark_search.h: whether an output gives away a marked value: as it is, as hex of both cases, in base64. */
#ifndef PERPASS_TESTS_MARK_SEARCH_H
#define PERPASS_TESTS_MARK_SEARCH_H

#include "core/value.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { MARK_MAX_LEN = 32 };

static inline bool mark_has(struct span output, const char *form, size_t len)
{
    return len != 0 && output.len >= len && memmem(output.at, output.len, form, len) != NULL;
}

static inline bool mark_has_hex(struct span output, struct span mark, const char *format)
{
    char form[4 * MARK_MAX_LEN] = "";
    size_t len = 0;
    for (size_t i = 0; i < mark.len; i++)
        len += (size_t)snprintf(form + len, sizeof form - len, format, mark.at[i]);
    if (format[0] == ':' || format[0] == '-')
        return mark_has(output, form + 1, len - 1);
    return mark_has(output, form, len);
}

/* Base64 of the mark where it begins at |shift| modulo 3, without the digits that its neighbours share. */
static inline bool mark_has_base64(struct span output, struct span mark, size_t shift)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char form[2 * MARK_MAX_LEN];
    size_t len = 0, skip = (3 - shift) % 3;
    for (size_t i = skip; i + 3 <= mark.len; i += 3) {
        unsigned group =
            (unsigned)mark.at[i] << 16 | (unsigned)mark.at[i + 1] << 8 | (unsigned)mark.at[i + 2];
        for (int k = 18; k >= 0; k -= 6)
            form[len++] = digits[group >> k & 63];
    }
    return len >= 8 && mark_has(output, form, len);
}

/* mark_is_found searches |output| for |mark|, at most MARK_MAX_LEN bytes of |type|. */
static inline bool mark_is_found(struct span output, struct span mark, enum value_type type)
{
    static const char *const formats[] = {"%02x", "%02X", ":%02x", ":%02X", "-%02x", "-%02X"};
    /* The manufacturer's part of a MAC address is shown by every policy. */
    const size_t skip = type == VALUE_MAC ? 3 : 0;
    const struct span bytes = span_of(mark.at + skip, mark.len - skip);
    const bool text = type != VALUE_ADDRESS && type != VALUE_MAC;
    char address[INET6_ADDRSTRLEN] = "";
    bool found = text && mark_has(output, (const char *)bytes.at, bytes.len);
    assert(mark.len <= MARK_MAX_LEN);
    if (type == VALUE_ADDRESS)
        inet_ntop(mark.len == 4 ? AF_INET : AF_INET6, mark.at, address, sizeof address);
    found = found || mark_has(output, address, strlen(address));
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        found = found || mark_has_hex(output, bytes, formats[i]);
    for (size_t shift = 0; shift < 3; shift++)
        found = found || mark_has_base64(output, bytes, shift);
    return found;
}

#endif
