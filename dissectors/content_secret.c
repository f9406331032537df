/* content_secret.c: how values of secrets are written, by the vendors' documentation; crypt(5) for hashes. */
#include "dissectors/content_secret.h"

struct known_form {
    const char *text;
    enum secret_form form;
};

/* Words and numbers beside a value. */
static const struct known_form types[] = {
    {"0", FORM_CLEAR},
    {"3", FORM_PROTECTED}, /* NX-OS: 3DES */
    {"4", FORM_HASH},
    {"5", FORM_HASH},
    {"6", FORM_PROTECTED}, /* AES under a master key */
    {"7", FORM_ENCODED},   /* Vigenere with a known key */
    {"8", FORM_HASH},
    {"8a", FORM_PROTECTED}, /* EOS: AES */
    {"9", FORM_HASH},
    {"10", FORM_HASH},
    {"password", FORM_ENCODED}, /* IOS XR: type 7 */
    {"clear", FORM_CLEAR},
    {"simple", FORM_CLEAR},
    {"plain", FORM_CLEAR},
    {"plaintext", FORM_CLEAR},
    {"plain-text", FORM_CLEAR},
    {"text", FORM_CLEAR},
    {"ascii-text", FORM_AUTO},
    {"hexadecimal", FORM_AUTO},
    {"hash", FORM_PROTECTED},
    {"hash2", FORM_PROTECTED},
    {"cipher", FORM_PROTECTED},
    {"ciphertext", FORM_PROTECTED},
    {"irreversible-cipher", FORM_HASH},
    {"sha1", FORM_HASH},
    {"sha256", FORM_HASH},
    {"sha512", FORM_HASH},
    {"pbkdf2", FORM_HASH},
    {"nt-encrypted", FORM_HASH},
    {"mschap", FORM_HASH},
};

/* First characters of values. */
static const struct known_form prefixes[] = {
    {"$1$", FORM_HASH},         {"$1a$", FORM_HASH},        {"$1c$", FORM_HASH},
    {"$1d$", FORM_HASH},        {"$2a$", FORM_HASH},        {"$2b$", FORM_HASH},
    {"$2x$", FORM_HASH},        {"$2y$", FORM_HASH},        {"$5$", FORM_HASH},
    {"$6$", FORM_HASH},         {"$7$", FORM_HASH},         {"$y$", FORM_HASH},
    {"$gy$", FORM_HASH},        {"$h$", FORM_HASH},         {"$14$", FORM_HASH},
    {"$sha", FORM_HASH},        {"$pbkdf2", FORM_HASH},     {"$apr1$", FORM_HASH},
    {"$argon2", FORM_HASH},     {"{SSHA", FORM_HASH},       {"{SHA", FORM_HASH},
    {"{CRYPT}", FORM_HASH},     {"grub.pbkdf2", FORM_HASH}, {"SH2", FORM_HASH},
    {"AK1", FORM_HASH},         {"$c$", FORM_PROTECTED},    {"$8$", FORM_PROTECTED},
    {"%^%#", FORM_PROTECTED},   {"%@%@", FORM_PROTECTED},   {"%#%#", FORM_PROTECTED},
    {"%$%$", FORM_PROTECTED},   {"%+%##", FORM_PROTECTED},  {"-AQ==", FORM_PROTECTED},
    {"AQBapV", FORM_PROTECTED}, {"$0$", FORM_CLEAR},
};

static bool is_hex(struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return false;
    }
    return value.len > 0;
}

static bool begins(struct span value, const char *text)
{
    size_t len = strlen(text);
    return value.len >= len && memcmp(value.at, text, len) == 0;
}

/* $9$ is Junos' encoding; with a salt between two more dollars it is scrypt of IOS. */
static enum secret_form form_nine(struct span value)
{
    const uint8_t *behind = value.at + 3;
    return memchr(behind, '$', value.len - 3) != NULL ? FORM_HASH : FORM_ENCODED;
}

static enum secret_form form_of_value(struct span value)
{
    enum { LOCALIZED = 34 };
    if (begins(value, "$9$"))
        return form_nine(value);
    if (begins(value, "0x") && value.len >= LOCALIZED &&
        is_hex(span_of(value.at + 2, value.len - 2)))
        return FORM_PROTECTED;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (begins(value, prefixes[i].text))
            return prefixes[i].form;
    return FORM_CLEAR;
}

/* "encrypted" is type 7 in IOS XR, which is hexadecimal, and a hash or a cipher elsewhere. FortiOS' ENC has a known
 * key, but for the hashes of its administrators. */
static enum secret_form form_of_vague_type(struct span value, struct span type)
{
    enum secret_form form = form_of_value(value);
    if (form != FORM_CLEAR)
        return form;
    if (type.len == 3)
        return FORM_ENCODED;
    return value.len % 2 == 0 && is_hex(value) ? FORM_ENCODED : FORM_HASH;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool same_word(struct span a, const char *b)
{
    size_t len = strlen(b);
    for (size_t i = 0; i < a.len && i < len; i++)
        if (lower(a.at[i]) != lower((uint8_t)b[i]))
            return false;
    return a.len == len;
}

enum secret_form content_secret_form(struct span value, struct span type)
{
    enum secret_form form = form_of_value(value);
    if (!span_seen(type) || form == FORM_HASH)
        return form;
    if (same_word(type, "encrypted") || same_word(type, "ENC"))
        return form_of_vague_type(value, type);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (same_word(type, types[i].text))
            return types[i].form == FORM_AUTO ? form : types[i].form;
    return form;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

void content_secrets_add(struct content_secrets *secrets, enum secret_kind kind,
                         enum secret_form form, uint64_t line, size_t len)
{
    bool reversible = form == FORM_CLEAR || form == FORM_ENCODED;
    if (kind == SECRET_PASSWORD && form == FORM_HASH)
        kind = SECRET_PASSWORD_HASH;
    secrets->total++;
    secrets->reversible += reversible;
    if (secrets->num == CONTENT_MAX_SECRETS)
        return;
    uint32_t short_line = line <= UINT32_MAX ? (uint32_t)line : 0;
    size_t i = secrets->num++;
    secrets->list[i] = (struct content_secret){.kind = content_secret_kind(kind),
                                               .line = short_line,
                                               .length = (uint32_t)len,
                                               .reversible = reversible};
    secrets->kinds[i] = (uint8_t)kind;
    put_u32(&secrets->lines[4 * i], short_line);
    put_u32(&secrets->lengths[4 * i], (uint32_t)len);
}
