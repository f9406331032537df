/* digits.h: numbers as text, for what is written a million times; snprintf takes ten times as long. */
#ifndef PERPASS_CORE_DIGITS_H
#define PERPASS_CORE_DIGITS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { DIGITS_MAX = 20 }; /* UINT64_MAX has as many */

/* digits_pair gives the two digits of a number below 100. */
static inline const char *digits_pair(unsigned number)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    return pairs + 2 * (size_t)number;
}

static inline size_t digits_num(uint64_t number)
{
    size_t num = 1;
    for (; number >= 10000; number /= 10000)
        num += 4;
    return num + (number >= 10) + (number >= 100) + (number >= 1000);
}

/* digits_put writes |number| to |out|, without a NUL; gives how many digits it has, at most DIGITS_MAX. */
static inline size_t digits_put(uint64_t number, char *out)
{
    size_t num = digits_num(number);
    char *at = out + num;
    for (; number >= 100; number /= 100)
        memcpy(at -= 2, digits_pair((unsigned)(number % 100)), 2);
    if (number >= 10)
        memcpy(at - 2, digits_pair((unsigned)number), 2);
    else
        at[-1] = (char)('0' + number);
    return num;
}

/* digits_hex writes |len| bytes as twice as many lower-case hex digits, without a NUL. */
static inline void digits_hex(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 0xf];
    }
}

#endif
