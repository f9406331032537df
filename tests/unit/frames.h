/* frames.h: frames written in hexadecimal, for the tests of the decoder.
 *
 * Spaces are skipped. "{K}" stands for a 16-bit length: of everything from K bytes before these two
 * to the end of the frame. A negative K leaves out bytes after the start of the length itself. */
#ifndef PERPASS_TESTS_UNIT_FRAMES_H
#define PERPASS_TESTS_UNIT_FRAMES_H

#include "core/layers.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

enum { FRAMES_MAX_LEN = 2048, FRAMES_MAX_LENGTHS = 32 };

/* Pieces of frames. The innermost packet of most tests is UDP from port 5000 to 5001, with one byte
 * of payload, from 10.0.0.1 to 10.0.0.2 or from 2001:db8::1 to 2001:db8::2. */
#define FRAMES_MAC           "0200000000b2 0200000000a1 "
#define FRAMES_OUTER_MAC     "0200000000d4 0200000000c3 "
#define FRAMES_UDP           "1388 1389 {4} 0000 aa"
#define FRAMES_TCP           "1388 1389 01020304 05060708 50 18 2000 0000 0009 aa"
#define FRAMES_IP4(protocol) "45 b8 {2} 1234 4000 40 " protocol " 0000 0a000001 0a000002 "
#define FRAMES_IP6(next)                                                                           \
    "6 b8 12345 {-36} " next                                                                       \
    " 40 20010db8000000000000000000000001 20010db8000000000000000000000002 "
#define FRAMES_IP4_UDP             FRAMES_IP4("11") FRAMES_UDP
#define FRAMES_IP6_UDP             FRAMES_IP6("11") FRAMES_UDP
#define FRAMES_OUTER_IP4(protocol) "45 00 {2} 0001 0000 40 " protocol " 0000 c0000201 c0000202 "
#define FRAMES_OUTER_UDP(port)     FRAMES_OUTER_IP4("11") "c000 " port " {4} 0000 "
#define FRAMES_OUTER(protocol)     FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_IP4(protocol)

/* The bytes of a frame, in memory of just their size, so that a sanitizer sees what reads past
 * them. */
struct frame_bytes {
    uint8_t *at;
    size_t len;
};

static inline unsigned frames_digit(char c)
{
    assert(isxdigit((unsigned char)c));
    return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

static inline struct frame_bytes frames_copy(const uint8_t *at, size_t len)
{
    struct frame_bytes copy = {.at = malloc(len != 0 ? len : 1), .len = len};
    assert(copy.at != NULL);
    if (len != 0)
        memcpy(copy.at, at, len);
    return copy;
}

/* frames_parse gives the bytes of |text|; the caller frees them. */
static inline struct frame_bytes frames_parse(const char *text)
{
    uint8_t bytes[FRAMES_MAX_LEN];
    size_t digits = 0, num_lengths = 0;
    struct {
        size_t at;
        long before;
    } lengths[FRAMES_MAX_LENGTHS];

    for (const char *c = text; *c != '\0'; c++) {
        assert(digits / 2 + 2 < FRAMES_MAX_LEN);
        if (*c == ' ')
            continue;
        if (*c == '{') {
            char *end;
            assert(digits % 2 == 0 && num_lengths < FRAMES_MAX_LENGTHS);
            lengths[num_lengths].at = digits / 2;
            lengths[num_lengths++].before = strtol(c + 1, &end, 10);
            digits += 4;
            assert(*end == '}');
            c = end;
            continue;
        }
        const unsigned digit = frames_digit(*c);
        bytes[digits / 2] = (uint8_t)(digits % 2 == 0 ? digit << 4 : bytes[digits / 2] | digit);
        digits++;
    }
    assert(digits % 2 == 0);
    for (size_t i = 0; i < num_lengths; i++) {
        const size_t at = lengths[i].at;
        const long len = (long)(digits / 2 - at) + lengths[i].before;
        bytes[at] = (uint8_t)(len >> 8);
        bytes[at + 1] = (uint8_t)len;
    }
    return frames_copy(bytes, digits / 2);
}

static inline struct frame frames_frame(struct frame_bytes bytes, uint16_t link_type)
{
    return (struct frame){.at = bytes.at,
                          .captured_len = (uint32_t)bytes.len,
                          .wire_len = (uint32_t)bytes.len,
                          .number = 1,
                          .link_type = link_type};
}

#endif
