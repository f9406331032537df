/* tls_fingerprint.c: JA3, JA3S and JA4. */
#include "dissectors/tls_fingerprint.h"

#include "core/crypto.h"
#include "dissectors/tables/tls_registry.h"

#include <stdio.h>
#include <stdlib.h>

enum { JA4_HASH_DIGITS = 12 };

/* Text that goes into a hash as it is made. */
struct hashed {
    struct crypto_digest *digest;
    char text[256];
    size_t len;
    bool any; /* a separator is due before the next item */
};

static void flush(struct hashed *h)
{
    crypto_digest_add(h->digest, span_of(h->text, h->len));
    h->len = 0;
}

static void add_text(struct hashed *h, const char *text)
{
    size_t len = strlen(text);
    if (h->len + len > sizeof h->text)
        flush(h);
    memcpy(h->text + h->len, text, len);
    h->len += len;
}

static void add_item(struct hashed *h, uint64_t number, const char *format, const char *separator)
{
    char item[24];
    if (h->any)
        add_text(h, separator);
    h->any = true;
    snprintf(item, sizeof item, format, (unsigned)number);
    add_text(h, item);
}

static bool finish(struct hashed *h, size_t digits, char *out)
{
    uint8_t hash[CRYPTO_SHA256_LEN];
    flush(h);
    bool ok = crypto_digest_finish(h->digest, hash);
    for (size_t i = 0; ok && i < digits / 2; i++)
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
    return ok;
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

static struct reader list_of(struct span bytes)
{
    return reader_of(span_seen(bytes) ? bytes : span_text(""));
}

/* --- JA3: version,ciphers,extensions,groups,formats: decimal, '-' between, MD5 --- */

static void add_codes(struct hashed *h, struct span codes)
{
    uint16_t code;
    add_text(h, ",");
    h->any = false;
    for (struct reader list = list_of(codes); next_code(&list, &code);)
        add_item(h, code, "%u", "-");
}

static void add_extensions(struct hashed *h, struct span extensions)
{
    uint16_t type;
    add_text(h, ",");
    h->any = false;
    for (struct reader list = list_of(extensions); next_extension(&list, &type);)
        add_item(h, type, "%u", "-");
}

static bool md5_begin(struct hashed *h)
{
    struct error error;
    *h = (struct hashed){.digest = crypto_digest_new(CRYPTO_MD5, &error)};
    return h->digest != NULL;
}

static bool md5_end(struct hashed *h, struct derived *text)
{
    bool ok = finish(h, 2 * CRYPTO_MD5_LEN, text->text);
    text->len = 2 * CRYPTO_MD5_LEN;
    crypto_digest_free(h->digest);
    return ok;
}

bool tls_ja3(const void *client_hello, struct derived *text)
{
    const struct tls_client_hello *hello = client_hello;
    struct hashed h;
    if (hello->ssl2 == TRUTH_YES || !hello->legacy_version.seen || !md5_begin(&h))
        return false;
    add_item(&h, hello->legacy_version.value, "%u", "");
    add_codes(&h, hello->ciphers);
    add_extensions(&h, hello->extensions);
    add_codes(&h, hello->groups);
    add_text(&h, ",");
    h.any = false;
    for (struct reader list = list_of(hello->point_formats); reader_more(&list);)
        add_item(&h, reader_u8(&list), "%u", "-");
    return md5_end(&h, text);
}

bool tls_ja3s(const void *server_hello, struct derived *text)
{
    const struct tls_server_hello *hello = server_hello;
    struct hashed h;
    if (hello->ssl2 == TRUTH_YES || !hello->legacy_version.seen || !hello->cipher.seen ||
        !md5_begin(&h))
        return false;
    add_item(&h, hello->legacy_version.value, "%u", "");
    add_text(&h, ",");
    h.any = false;
    add_item(&h, hello->cipher.value, "%u", "");
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
    for (struct reader list = list_of(hello->versions); next_code(&list, &version);) {
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
    struct reader list = list_of(hello->alpn);
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

/* Hashes |num| codes in rising order, as four hex digits with ',' between; then the signature schemes in
 * their own order behind a '_'. No codes: twelve zeros. */
static bool ja4_hash(uint16_t *codes, size_t num, struct span schemes, char *out)
{
    struct error error;
    struct hashed h = {.digest = NULL};
    uint16_t scheme;
    memset(out, '0', JA4_HASH_DIGITS);
    if (num == 0)
        return true;
    h.digest = crypto_digest_new(CRYPTO_SHA256, &error);
    if (h.digest == NULL)
        return false;
    qsort(codes, num, sizeof *codes, compare_codes);
    for (size_t i = 0; i < num; i++)
        add_item(&h, codes[i], "%04x", ",");
    const char *separator = "_";
    h.any = true;
    for (struct reader list = list_of(schemes); next_code(&list, &scheme); separator = ",")
        add_item(&h, scheme, "%04x", separator);
    bool ok = finish(&h, JA4_HASH_DIGITS, out);
    crypto_digest_free(h.digest);
    return ok;
}

static unsigned two_digits(size_t num)
{
    return num > 99 ? 99 : (unsigned)num;
}

bool tls_ja4(const void *client_hello, struct derived *text)
{
    const struct tls_client_hello *hello = client_hello;
    if (hello->ssl2 == TRUTH_YES || !hello->legacy_version.seen)
        return false;
    size_t room = hello->ciphers.len / 2 + hello->extensions.len / 4 + 1;
    uint16_t *codes = calloc(room, sizeof *codes), code;
    if (codes == NULL)
        return false;
    char transport = strcmp(hello->transport, "quic") == 0   ? 'q'
                     : strcmp(hello->transport, "dtls") == 0 ? 'd'
                                                             : 't';
    size_t num_ciphers = 0, num_extensions = 0, num_hashed = 0;
    bool name = false;
    char alpn[3], b[JA4_HASH_DIGITS + 1] = "", c[JA4_HASH_DIGITS + 1] = "";
    for (struct reader list = list_of(hello->ciphers); next_code(&list, &code);)
        codes[num_ciphers++] = code;
    bool ok = ja4_hash(codes, num_ciphers, (struct span){0}, b);
    for (struct reader list = list_of(hello->extensions); next_extension(&list, &code);) {
        num_extensions++;
        name = name || code == 0;
        if (code != 0 && code != 16) /* server_name and ALPN: they are in the first part */
            codes[num_hashed++] = code;
    }
    ok = ok && ja4_hash(codes, num_hashed, hello->signature_schemes, c);
    free(codes);
    ja4_alpn(hello, alpn);
    text->len = (size_t)snprintf(text->text, sizeof text->text, "%c%s%c%02u%02u%s_%s_%s", transport,
                                 ja4_version(hello), name ? 'd' : 'i', two_digits(num_ciphers),
                                 two_digits(num_extensions), alpn, b, c);
    return ok;
}
