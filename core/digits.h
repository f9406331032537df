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
    static const uint64_t powers[DIGITS_MAX] = {0,
                                                10,
                                                100,
                                                1000,
                                                10000,
                                                100000,
                                                1000000,
                                                10000000,
                                                100000000,
                                                1000000000,
                                                10000000000,
                                                100000000000,
                                                1000000000000,
                                                10000000000000,
                                                100000000000000,
                                                1000000000000000,
                                                10000000000000000,
                                                100000000000000000,
                                                1000000000000000000,
                                                10000000000000000000U};
    /* Digits are bits times 0.301: right, or one too few. */
    const size_t few = (size_t)(64 - __builtin_clzll(number | 1)) * 1233 >> 12;
    return few + (number >= powers[few]);
}

/* digits_eight writes the eight digits of a number below 100,000,000. */
static inline void digits_eight(uint32_t number, char *out)
{
    const uint32_t high = number / 10000, low = number % 10000;
    memcpy(out, digits_pair(high / 100), 2);
    memcpy(out + 2, digits_pair(high % 100), 2);
    memcpy(out + 4, digits_pair(low / 100), 2);
    memcpy(out + 6, digits_pair(low % 100), 2);
}

/* digits_put writes |number| to |out|, without a NUL; gives how many digits it has, at most DIGITS_MAX. */
static inline size_t digits_put(uint64_t number, char *out)
{
    size_t num = digits_num(number);
    char *at = out + num;
    for (; number >= 100000000; number /= 100000000)
        digits_eight((uint32_t)(number % 100000000), at -= 8);
    uint32_t rest = (uint32_t)number;
    for (; rest >= 100; rest /= 100)
        memcpy(at -= 2, digits_pair(rest % 100), 2);
    if (rest >= 10)
        memcpy(at - 2, digits_pair(rest), 2);
    else
        at[-1] = (char)('0' + rest);
    return num;
}

/* digits_hex writes |len| bytes as twice as many lower-case hex digits, without a NUL. */
static inline void digits_hex(const uint8_t *bytes, size_t len, char *out)
{
    static const char pairs[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                                "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
                                "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
                                "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
                                "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
                                "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
                                "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
                                "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
    for (size_t i = 0; i < len; i++)
        memcpy(out + 2 * i, pairs + 2 * (size_t)bytes[i], 2);
}

/* digits_hex_value gives 0 to 15, or -1 of what is no hex digit. */
static inline int digits_hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

#endif
