/* tls_fingerprint.c: JA3, JA3S and JA4. */
#include "dissectors/tls_fingerprint.h"

#include "core/crypto.h"
#include "core/digits.h"
#include "dissectors/tables/tls_registry.h"

#include <assert.h>
#include <stdlib.h>

enum {
    JA4_HASH_DIGITS = 12,
    CODE_TEXT = 6,     /* a code point as text, at most, and what separates it from the next */
    USUAL_TEXT = 4096, /* what is longer takes memory of its own */
    FEW_CODES = 64     /* that are sorted in place */
};

/* Text that is hashed. */
struct hashed {
    char usual[USUAL_TEXT];
    char *text;
    size_t len, size;
};

/* |size| is what the text can have at most. False when there is no memory. */
static bool text_begin(struct hashed *h, size_t size)
{
    h->text = size <= sizeof h->usual ? h->usual : malloc(size);
    h->len = 0;
    h->size = size;
    return h->text != NULL;
}

static void text_end(struct hashed *h)
{
    if (h->text != h->usual)
        free(h->text);
}

static void add_char(struct hashed *h, char c)
{
    assert(h->len < h->size);
    h->text[h->len++] = c;
}

static void add_decimal(struct hashed *h, uint64_t number)
{
    char digits[DIGITS_MAX];
    size_t len = digits_put(number, digits);
    assert(len <= h->size - h->len);
    memcpy(h->text + h->len, digits, len);
    h->len += len;
}

static void add_hex(struct hashed *h, uint16_t code)
{
    const uint8_t bytes[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    assert(4 <= h->size - h->len);
    digits_hex(bytes, sizeof bytes, h->text + h->len);
    h->len += 4;
}

static struct span text_of(const struct hashed *h)
{
    return span_of(h->text, h->len);
}

/* The u16 items of a list, GREASE left out; an unseen list has none. */
static bool next_code(struct reader *list, uint16_t *code)
{
    while (reader_more(list)) {
        *code = reader_u16(list);
        if (reader_ok(list) && !tls_is_grease(*code))
            return true;
    }
    return false;
}

static bool next_extension(struct reader *list, uint16_t *type)
{
    while (reader_more(list)) {
        *type = reader_u16(list);
        (void)reader_span_vec16(list);
        if (reader_ok(list) && !tls_is_grease(*type))
            return true;
    }
    return false;
}

/* --- JA3: version,ciphers,extensions,groups,formats: decimal, '-' between, MD5 --- */

static void add_codes(struct hashed *h, struct span codes)
{
    uint16_t code;
    char before = ',';
    struct reader list = reader_of(codes);
    for (; next_code(&list, &code); before = '-') {
        add_char(h, before);
        add_decimal(h, code);
    }
    if (before == ',')
        add_char(h, ','); /* of an empty list, too */
}

static void add_extensions(struct hashed *h, struct span extensions)
{
    uint16_t type;
    char before = ',';
    struct reader list = reader_of(extensions);
    for (; next_extension(&list, &type); before = '-') {
        add_char(h, before);
        add_decimal(h, type);
    }
    if (before == ',')
        add_char(h, ',');
}

static void add_formats(struct hashed *h, struct span formats)
{
    char before = ',';
    for (struct reader list = reader_of(formats); reader_more(&list); before = '-') {
        add_char(h, before);
        add_decimal(h, reader_u8(&list));
    }
    if (before == ',')
        add_char(h, ',');
}

/* Writes the MD5 of the text to |text|, and ends it. */
static bool md5_end(struct hashed *h, struct derived *text)
{
    uint8_t hash[CRYPTO_MD5_LEN];
    bool ok = crypto_md5(text_of(h), hash);
    text_end(h);
    digits_hex(hash, sizeof hash, text->text);
    text->len = 2 * sizeof hash;
    return ok;
}

bool tls_ja3(const void *client_hello, struct derived *text)
{
    const struct tls_client_hello *hello = client_hello;
    struct hashed h;
    size_t codes = hello->ciphers.len / 2 + hello->extensions.len / 4 + hello->groups.len / 2 +
                   hello->point_formats.len;
    if (hello->ssl2 == TRUTH_YES || !hello->legacy_version.seen ||
        !text_begin(&h, DIGITS_MAX + 4 + codes * CODE_TEXT))
        return false;
    add_decimal(&h, hello->legacy_version.value);
    add_codes(&h, hello->ciphers);
    add_extensions(&h, hello->extensions);
    add_codes(&h, hello->groups);
    add_formats(&h, hello->point_formats);
    return md5_end(&h, text);
}

bool tls_ja3s(const void *server_hello, struct derived *text)
{
    const struct tls_server_hello *hello = server_hello;
    struct hashed h;
    if (hello->ssl2 == TRUTH_YES || !hello->legacy_version.seen || !hello->cipher.seen ||
        !text_begin(&h, 2 * DIGITS_MAX + 2 + hello->extensions.len / 4 * CODE_TEXT))
        return false;
    add_decimal(&h, hello->legacy_version.value);
    add_char(&h, ',');
    add_decimal(&h, hello->cipher.value);
    add_extensions(&h, hello->extensions);
    return md5_end(&h, text);
}

/* --- JA4: a_b_c --- */

static const char *ja4_version(const struct tls_client_hello *hello)
{
    static const struct {
        uint16_t version;
        char text[3];
    } names[] = {{0x0304, "13"}, {0x0303, "12"}, {0x0302, "11"}, {0x0301, "10"}, {0x0300, "s3"},
                 {0x0002, "s2"}, {0xfeff, "d1"}, {0xfefd, "d2"}, {0xfefc, "d3"}};
    uint16_t best = (uint16_t)hello->legacy_version.value, version;
    bool any = false;
    for (struct reader list = reader_of(hello->versions); next_code(&list, &version);) {
        bool higher = version >> 8 == 0xfe ? version < best : version > best; /* DTLS counts down */
        if (!any || higher)
            best = version;
        any = true;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].version == best)
            return names[i].text;
    return "00";
}

static bool is_alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* First and last character of the first protocol; of its hex form if one of them is no letter or digit. */
static void ja4_alpn(const struct tls_client_hello *hello, char out[3])
{
    static const char digits[] = "0123456789abcdef";
    struct reader list = reader_of(hello->alpn);
    struct span first = reader_span_vec8(&list);
    memcpy(out, "00", 3);
    if (!reader_ok(&list) || first.len == 0)
        return;
    uint8_t begin = first.at[0], end = first.at[first.len - 1];
    bool plain = is_alphanumeric(begin) && is_alphanumeric(end);
    out[0] = plain ? (char)begin : digits[begin >> 4];
    out[1] = plain ? (char)end : digits[end & 0x0f];
}

static int compare_codes(const void *a, const void *b)
{
    const uint16_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void sort_codes(uint16_t *codes, size_t num)
{
    if (num > FEW_CODES) {
        qsort(codes, num, sizeof *codes, compare_codes);
        return;
    }
    for (size_t i = 1; i < num; i++) {
        uint16_t code = codes[i];
        size_t to = i;
        for (; to > 0 && codes[to - 1] > code; to--)
            codes[to] = codes[to - 1];
        codes[to] = code;
    }
}

/* Hashes |num| codes in rising order, as four hex digits with ',' between; then the signature schemes in
 * their own order behind a '_'. No codes: twelve zeros. */
static bool ja4_hash(uint16_t *codes, size_t num, struct span schemes, char *out)
{
    struct hashed h;
    uint16_t scheme;
    uint8_t hash[CRYPTO_SHA256_LEN];
    memset(out, '0', JA4_HASH_DIGITS);
    if (num == 0)
        return true;
    if (!text_begin(&h, (num + schemes.len / 2) * CODE_TEXT))
        return false;
    sort_codes(codes, num);
    for (size_t i = 0; i < num; i++) {
        if (i != 0)
            add_char(&h, ',');
        add_hex(&h, codes[i]);
    }
    char before = '_';
    for (struct reader list = reader_of(schemes); next_code(&list, &scheme); before = ',') {
        add_char(&h, before);
        add_hex(&h, scheme);
    }
    bool ok = crypto_sha256(text_of(&h), hash);
    text_end(&h);
    digits_hex(hash, JA4_HASH_DIGITS / 2, out);
    return ok;
}

struct ja4_counts {
    size_t ciphers, extensions;
    bool name;
};

/* Writes both hashes, of code points that go to |codes| meanwhile; counts what there is. */
static bool ja4_hashes(const struct tls_client_hello *hello, uint16_t *codes, char *b, char *c,
                       struct ja4_counts *counts)
{
    size_t num_hashed = 0;
    uint16_t code;
    *counts = (struct ja4_counts){0};
    for (struct reader list = reader_of(hello->ciphers); next_code(&list, &code);)
        codes[counts->ciphers++] = code;
    if (!ja4_hash(codes, counts->ciphers, (struct span){0}, b))
        return false;
    for (struct reader list = reader_of(hello->extensions); next_extension(&list, &code);) {
        counts->extensions++;
        counts->name = counts->name || code == 0;
        if (code != 0 && code != 16) /* server_name and ALPN: they are in the first part */
            codes[num_hashed++] = code;
    }
    return ja4_hash(codes, num_hashed, hello->signature_schemes, c);
}

static const char *two_digits(size_t num)
{
    return digits_pair(num > 99 ? 99 : (unsigned)num);
}

bool tls_ja4(const void *client_hello, struct derived *text)
{
    const struct tls_client_hello *hello = client_hello;
    if (hello->ssl2 == TRUTH_YES || !hello->legacy_version.seen)
        return false;
    uint16_t usual[2 * FEW_CODES];
    size_t room = hello->ciphers.len / 2 + hello->extensions.len / 4 + 1;
    uint16_t *codes = room <= sizeof usual / sizeof *usual ? usual : calloc(room, sizeof *codes);
    if (codes == NULL)
        return false;
    /* "t13d1516h2_8daaf6152771_e5627efa2ab1" */
    enum { VERSION = 1, NAME = 3, CIPHERS = 4, EXTENSIONS = 6, ALPN = 8, B = 11, C = 24, LEN = 36 };
    struct ja4_counts counts;
    char *out = text->text, alpn[3];
    bool ok = ja4_hashes(hello, codes, out + B, out + C, &counts);
    if (codes != usual)
        free(codes);
    out[0] = strcmp(hello->transport, "quic") == 0   ? 'q'
             : strcmp(hello->transport, "dtls") == 0 ? 'd'
                                                     : 't';
    ja4_alpn(hello, alpn);
    memcpy(out + VERSION, ja4_version(hello), 2);
    out[NAME] = counts.name ? 'd' : 'i';
    memcpy(out + CIPHERS, two_digits(counts.ciphers), 2);
    memcpy(out + EXTENSIONS, two_digits(counts.extensions), 2);
    memcpy(out + ALPN, alpn, 2);
    out[B - 1] = out[C - 1] = '_';
    text->len = LEN;
    return ok;
}
