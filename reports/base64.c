/* base64.c: bytes as text, RFC 4648 section 4. */
#include "reports/base64.h"

void base64_put(struct span bytes, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        uint32_t group = (uint32_t)bytes.at[i] << 16;
        if (i + 1 < bytes.len)
            group |= (uint32_t)bytes.at[i + 1] << 8;
        if (i + 2 < bytes.len)
            group |= bytes.at[i + 2];
        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = i + 1 < bytes.len ? digits[group >> 6 & 63] : '=';
        *out++ = i + 2 < bytes.len ? digits[group & 63] : '=';
    }
    *out = '\0';
}
