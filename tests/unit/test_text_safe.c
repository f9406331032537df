/* test_text_safe.c: reports/text_safe.c and reports/utf8.c: what comes out can harm no terminal. */
#include "reports/text_safe.h"
#include "reports/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A string literal with its NUL bytes, without the last. */
#define BYTES(literal)                                                                             \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

static const struct {
    struct span bytes;
    size_t len;
    uint32_t code;
} characters[] = {
    {BYTES("A"), 1, 'A'},
    {BYTES("\0"), 1, 0},
    {BYTES("\x7f"), 1, 0x7f},
    {BYTES("\xc2\x80"), 2, 0x80},
    {BYTES("\xdf\xbf"), 2, 0x7ff},
    {BYTES("\xe0\xa0\x80"), 3, 0x800},
    {BYTES("\xef\xbf\xbf"), 3, 0xffff},
    {BYTES("\xf0\x90\x80\x80"), 4, 0x10000},
    {BYTES("\xf4\x8f\xbf\xbf"), 4, 0x10ffff},
    {BYTES(""), 0, 0},
    {BYTES("\x80"), 0, 0},             /* a continuation byte alone */
    {BYTES("\xc0\x80"), 0, 0},         /* overlong NUL */
    {BYTES("\xc1\xbf"), 0, 0},         /* overlong */
    {BYTES("\xe0\x9f\xbf"), 0, 0},     /* overlong */
    {BYTES("\xed\xa0\x80"), 0, 0},     /* a surrogate */
    {BYTES("\xf0\x8f\xbf\xbf"), 0, 0}, /* overlong */
    {BYTES("\xf4\x90\x80\x80"), 0, 0}, /* above U+10FFFF */
    {BYTES("\xf8\x88\x80\x80\x80"), 0, 0},
    {BYTES("\xff"), 0, 0},
    {BYTES("\xc3"), 0, 0}, /* cut */
    {BYTES("\xe2\x82"), 0, 0},
    {BYTES("\xc3("), 0, 0},
};

static void test_utf8(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof characters / sizeof characters[0]; i++) {
        uint32_t code;
        assert_int_equal(utf8_next(characters[i].bytes, &code), characters[i].len);
        assert_int_equal(code, characters[i].code);
    }
}

static const struct {
    struct span wire;
    const char *text;
} forms[] = {
    {BYTES(""), ""},
    {BYTES("host.example"), "host.example"},
    {BYTES("Gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
     "Gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
    {BYTES("a\0b"), "a\\x00b"},
    {BYTES("\x1b[31mred"), "\\x1b[31mred"},
    {BYTES("line\r\nline\t"), "line\\x0d\\x0aline\\x09"},
    {BYTES("\x7f"), "\\x7f"},
    {BYTES("\xff\xfe"), "\\xff\\xfe"},
    {BYTES("caf\xe9"), "caf\\xe9"},
    {BYTES("\xc2\x9b[m"), "\\u009b[m"},       /* C1: control sequence introducer */
    {BYTES("\xe2\x80\xaegpj"), "\\u202egpj"}, /* right-to-left override */
    {BYTES("\xe2\x81\xa6x\xe2\x81\xa9"), "\\u2066x\\u2069"},
    {BYTES("\xe2\x80\xa8\xe2\x80\xa9"), "\\u2028\\u2029"},
    {BYTES("a\xe2\x80\x8bz"), "a\\u200bz"}, /* zero width space */
    {BYTES("\xef\xbb\xbfz"), "\\ufeffz"},
    {BYTES("\xf3\xa0\x81\x81"), "\\u{e0041}"}, /* invisible tag letter */
    {BYTES("DOMAIN\\alice"), "DOMAIN\\alice"},
    {BYTES("back\\slash\\"), "back\\slash\\"},
    {BYTES("forged \\x41"), "forged \\x5cx41"},
    {BYTES("forged \\u202e"), "forged \\x5cu202e"},
    {BYTES("\\\\x41"), "\\\\x5cx41"},
    {BYTES("\\\xff"), "\\\\xff"},
};

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char out[64 * TEXT_SAFE_GROWTH + TEXT_SAFE_MARK];
        size_t len = text_safe(forms[i].wire, 64, out, sizeof out);
        assert_string_equal(out, forms[i].text);
        assert_int_equal(len, strlen(forms[i].text));
    }
}

static void test_cap(void **state)
{
    (void)state;
    char out[4 * TEXT_SAFE_GROWTH + TEXT_SAFE_MARK];
    assert_int_equal(text_safe(span_text("abcd"), 4, out, sizeof out), 4);
    assert_string_equal(out, "abcd");
    text_safe(span_text("abcde"), 4, out, sizeof out);
    assert_string_equal(out, "abcd\xe2\x80\xa6[+1 bytes]");
    text_safe(span_text("\x01\x02\x03\x04\x05"), 4, out, sizeof out);
    assert_string_equal(out, "\\x01\\x02\\x03\\x04\xe2\x80\xa6[+1 bytes]");
    /* A character that the cap cuts is shown as the bytes that are left of it. */
    text_safe(span_text("abc\xc3\xbc"), 4, out, sizeof out);
    assert_string_equal(out, "abc\\xc3\xe2\x80\xa6[+1 bytes]");
    text_safe_hex(span_of("\x00\x0f\xa0\xff\x11", 5), 4, out, sizeof out);
    assert_string_equal(out, "000fa0ff\xe2\x80\xa6[+1 bytes]");
    text_safe_hex(span_of("\xde\xad", 2), 4, out, sizeof out);
    assert_string_equal(out, "dead");
}

static bool is_harmless(const char *text, size_t len)
{
    struct span rest = span_of(text, len);
    while (rest.len != 0) {
        uint32_t code;
        size_t num = utf8_next(rest, &code);
        if (num == 0 || code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 ||
            code == 0x2029 || (code >= 0x202a && code <= 0x202e) ||
            (code >= 0x2066 && code <= 0x2069) || code == 0x200e || code == 0x200f)
            return false;
        rest = span_of(rest.at + num, rest.len - num);
    }
    return true;
}

/* Undoes the form; gives the length, or SIZE_MAX when it is not one. */
static size_t undo(const char *text, uint8_t *out)
{
    size_t len = 0;
    while (*text != '\0') {
        unsigned byte, code;
        if (sscanf(text, "\\x%2x", &byte) == 1) {
            out[len++] = (uint8_t)byte;
            text += 4;
        } else if (sscanf(text, "\\u{%5x}", &code) == 1 || sscanf(text, "\\u%4x", &code) == 1) {
            if (code >= 0x10000)
                out[len++] = (uint8_t)(0xf0 | code >> 18);
            if (code >= 0x10000)
                out[len++] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
            else if (code >= 0x800)
                out[len++] = (uint8_t)(0xe0 | code >> 12);
            out[len++] = (uint8_t)((code >= 0x800 ? 0x80 : 0xc0) | (code >> 6 & 0x3f));
            out[len++] = (uint8_t)(0x80 | (code & 0x3f));
            text += code >= 0x10000 ? 9 : 6;
        } else {
            out[len++] = (uint8_t)*text++;
        }
    }
    return len;
}

/* Random bytes, with much of what the sanitiser looks for among them. */
static void test_random(void **state)
{
    (void)state;
    static const char spice[] = "\\xu\x1b\xc2\x9b\xe2\x80\xae\xa8\xf3\xa0\x81\xff{}09af\x7f";
    unsigned seed = 20;
    for (int round = 0; round < 20000; round++) {
        uint8_t wire[40], back[sizeof wire * TEXT_SAFE_GROWTH];
        char out[sizeof wire * TEXT_SAFE_GROWTH + TEXT_SAFE_MARK];
        size_t len = (size_t)rand_r(&seed) % sizeof wire;
        for (size_t i = 0; i < len; i++)
            wire[i] = rand_r(&seed) % 3 == 0
                          ? (uint8_t)rand_r(&seed)
                          : (uint8_t)spice[(size_t)rand_r(&seed) % (sizeof spice - 1)];
        size_t got = text_safe(span_of(wire, len), sizeof wire, out, sizeof out);
        assert_int_equal(got, strlen(out));
        assert_true(is_harmless(out, got));
        assert_int_equal(undo(out, back), len);
        assert_memory_equal(back, wire, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests_name("text_safe", tests, NULL, NULL);
}
