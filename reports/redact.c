/* redact.c: what of the traffic may be shown, and how. The one place that hides. */
#include "reports/redact.h"

#include "core/digits.h"
#include "core/reader.h"
#include "reports/redact_parts.h"
#include "reports/text_safe.h"

#include <arpa/inet.h>
#include <assert.h>

enum treatment { KEEP, PSEUDONYM, TOKEN, DROP };

static const enum treatment treatments[][PRIVACY_CONTENT + 1] = {
    [POLICY_STRICT] = {[PRIVACY_PUBLIC] = KEEP,
                       [PRIVACY_ADDRESS] = PSEUDONYM,
                       [PRIVACY_NAME] = TOKEN,
                       [PRIVACY_IDENTIFIER] = TOKEN,
                       [PRIVACY_CONTENT] = DROP},
    [POLICY_INTERNAL] = {[PRIVACY_PUBLIC] = KEEP,
                         [PRIVACY_ADDRESS] = KEEP,
                         [PRIVACY_NAME] = KEEP,
                         [PRIVACY_IDENTIFIER] = TOKEN,
                         [PRIVACY_CONTENT] = DROP},
    [POLICY_RAW] = {[PRIVACY_PUBLIC] = KEEP,
                    [PRIVACY_ADDRESS] = KEEP,
                    [PRIVACY_NAME] = KEEP,
                    [PRIVACY_IDENTIFIER] = KEEP,
                    [PRIVACY_CONTENT] = DROP},
};

const char *redactor_technique(const struct redactor *redactor, enum privacy privacy)
{
    static const char *const names[] = {[KEEP] = "none",
                                        [PSEUDONYM] = "structured permutation",
                                        [TOKEN] = "permutation",
                                        [DROP] = "black-marker"};
    return names[treatments[redactor->policy][privacy]];
}

static const struct shown nothing = {.type = SHOWN_NOTHING};
static const struct shown hidden = {.type = SHOWN_NOTHING, .hidden = true};

static struct shown shown_text(const char *text, size_t len, bool token)
{
    return (struct shown){.type = SHOWN_TEXT, .text = text, .len = len, .token = token};
}

/* Host names are the same whatever their case and with or without the root's dot. */
static struct span normal_host(struct redactor *redactor, struct span name)
{
    if (name.len > MAX_VALUE)
        return name;
    if (name.len != 0 && name.at[name.len - 1] == '.')
        name.len--;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.at[i];
        redactor->text[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    return span_of(redactor->text, name.len);
}

/* Last labels that say what sort of name it is and nothing about whose. */
static const char *const suffixes[] = {
    "com",      "net",  "org",      "edu",         "gov",     "mil",   "int",       "info", "biz",
    "arpa",     "name", "app",      "dev",         "cloud",   "local", "localhost", "lan",  "home",
    "internal", "corp", "intranet", "localdomain", "example", "test",  "invalid",   "onion"};

static bool is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_well_known(struct span label)
{
    if (label.len == 2)
        return is_letter(label.at[0]) && is_letter(label.at[1]);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (strlen(suffixes[i]) == label.len &&
            strncasecmp(suffixes[i], (const char *)label.at, label.len) == 0)
            return true;
    return false;
}

/* The labels of a host name; 0 when |name| does not look like one. */
static size_t count_labels(struct span name, struct span *last)
{
    size_t num = 1, start = 0;
    if (name.len != 0 && name.at[name.len - 1] == '.')
        name.len--;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.at[i];
        if (c == '.' && i == start)
            return 0;
        if (c == '.') {
            num++;
            start = i + 1;
        } else if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '*') {
            return 0;
        }
    }
    *last = span_of(name.at + start, name.len - start);
    return last->len == 0 ? 0 : num;
}

/* Appends to text that has room for it. */
static void append(struct shown *text, char *room, const char *bytes, size_t len)
{
    memcpy(room + text->len, bytes, len);
    text->len += len;
}

static void append_word(struct shown *text, char *room, const char *word)
{
    append(text, room, word, strlen(word));
}

/* Appends the shape behind a token: what a name looks like without what it says. */
static void append_shape(struct shown *text, char *room, struct span name)
{
    struct span last;
    size_t labels = count_labels(name, &last);
    append_word(text, room, " (");
    text->len += digits_put(labels != 0 ? labels : name.len, room + text->len);
    append_word(text, room, labels == 0 ? " bytes" : labels == 1 ? " label" : " labels, ");
    if (labels > 1 && is_well_known(last)) {
        append_word(text, room, ".");
        append(text, room, (const char *)last.at, last.len);
    } else if (labels > 1) {
        append_word(text, room, "other");
    }
    append_word(text, room, ")");
}

/* Of tokens and addresses. */
static struct shown shown_plain(const char *text, size_t len, bool token)
{
    struct shown shown = shown_text(text, len, token);
    shown.plain = true;
    return shown;
}

static struct shown shown_cached(const struct redact_cached *cached)
{
    return shown_plain(cached->text, cached->len, cached->token);
}

/* Makes "kind:digits" and, of a name, its shape; a kind is short. */
static struct shown make_token(struct redactor *redactor, struct span bytes, enum privacy privacy,
                               const char *kind)
{
    const struct crypto_mac *key = redactor_token_key(redactor, kind);
    if (key == NULL)
        return hidden;
    uint8_t mac[CRYPTO_SHA256_LEN];
    bool host = strcmp(kind, "host") == 0;
    crypto_mac(key, host ? normal_host(redactor, bytes) : bytes, mac);
    struct shown shown = shown_plain(redactor->text, 0, true);
    append_word(&shown, redactor->text, kind);
    append_word(&shown, redactor->text, ":");
    digits_hex(mac, TOKEN_LEN, redactor->text + shown.len);
    shown.len += (size_t)2 * TOKEN_LEN;
    if (privacy == PRIVACY_NAME)
        append_shape(&shown, redactor->text, bytes);
    redactor->text[shown.len] = '\0';
    return shown;
}

static struct shown token(struct redactor *redactor, struct span bytes, enum privacy privacy,
                          const char *kind)
{
    if (kind == NULL)
        kind = privacy == PRIVACY_NAME ? "name" : privacy == PRIVACY_ADDRESS ? "address" : "id";
    if (bytes.len == 0)
        return shown_text("", 0, false);
    const struct redact_cached *cached = redact_cache_find(redactor->cache, kind, bytes, privacy);
    if (cached != NULL)
        return shown_cached(cached);
    struct shown shown = make_token(redactor, bytes, privacy, kind);
    if (shown.type == SHOWN_TEXT)
        redact_cache_add(redactor->cache, kind, bytes, privacy, shown.text, shown.len, true);
    return shown;
}

static struct shown token_of_number(struct redactor *redactor, uint64_t number,
                                    enum privacy privacy, const char *kind)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    return token(redactor, span_of(bytes, sizeof bytes), privacy, kind);
}

static struct shown address4_text(struct redactor *redactor, struct span address, bool is_pseudonym)
{
    size_t len = 0;
    for (size_t i = 0; i < 4; i++) {
        if (i != 0)
            redactor->text[len++] = '.';
        len += digits_put(address.at[i], redactor->text + len);
    }
    redactor->text[len] = '\0';
    return shown_plain(redactor->text, len, is_pseudonym);
}

static struct shown address_text(struct redactor *redactor, struct span address, bool is_pseudonym)
{
    if (address.len == 4) /* inet_ntop takes sprintf for these */
        return address4_text(redactor, address, is_pseudonym);
    if (inet_ntop(AF_INET6, address.at, redactor->text, INET6_ADDRSTRLEN) == NULL)
        return hidden;
    return shown_plain(redactor->text, strlen(redactor->text), is_pseudonym);
}

static struct shown mac_text(struct redactor *redactor, struct span mac, bool is_pseudonym)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = redactor->text;
    for (size_t i = 0; i < mac.len; i++) {
        *out++ = digits[mac.at[i] >> 4];
        *out++ = digits[mac.at[i] & 0xf];
        *out++ = '-';
    }
    *--out = '\0';
    return shown_plain(redactor->text, (size_t)(out - redactor->text), is_pseudonym);
}

/* An address of IP or hardware as it is, or as a pseudonym. */
static struct shown make_address(struct redactor *redactor, const struct value *value, bool hide)
{
    uint8_t out[16];
    bool changed = false, mac = value->type == VALUE_MAC;
    struct span address = value->bytes;
    if (hide && redactor->pseudonym == NULL)
        return hidden;
    if (hide) {
        bool ok = mac ? pseudonym_mac(redactor->pseudonym, address, out, &changed)
                      : pseudonym_address(redactor->pseudonym, address, out, &changed);
        if (!ok)
            return hidden;
        address = span_of(out, address.len);
    }
    return mac ? mac_text(redactor, address, changed) : address_text(redactor, address, changed);
}

static struct shown show_address(struct redactor *redactor, const struct value *value, bool hide)
{
    static const char kinds[2][2][16] = {{"ip", "hidden ip"}, {"mac", "hidden mac"}};
    const char *kind = kinds[value->type == VALUE_MAC][hide];
    const struct redact_cached *cached =
        redact_cache_find(redactor->cache, kind, value->bytes, PRIVACY_ADDRESS);
    if (cached != NULL)
        return shown_cached(cached);
    struct shown shown = make_address(redactor, value, hide);
    if (shown.type == SHOWN_TEXT)
        redact_cache_add(redactor->cache, kind, value->bytes, PRIVACY_ADDRESS, shown.text,
                         shown.len, shown.token);
    return shown;
}

static bool is_ip(const struct value *value)
{
    return value->type == VALUE_ADDRESS && (value->bytes.len == 4 || value->bytes.len == 16);
}

static bool is_mac(const struct value *value)
{
    return value->type == VALUE_MAC && (value->bytes.len == 6 || value->bytes.len == 8);
}

static struct shown show(struct redactor *redactor, const struct value *value)
{
    size_t size = text_safe_size(MAX_VALUE);
    switch (value->type) {
    case VALUE_ABSENT:
        return nothing;
    case VALUE_BOOL:
        return (struct shown){.type = SHOWN_TRUTH, .truth = value->truth};
    case VALUE_NUMBER:
        return (struct shown){.type = SHOWN_NUMBER, .number = value->number};
    case VALUE_TIME:
        return (struct shown){.type = SHOWN_TIME, .number = value->number};
    case VALUE_TEXT:
        return shown_text(value->text, strlen(value->text), false);
    case VALUE_STRING:
        return shown_text(redactor->text, text_safe(value->bytes, MAX_VALUE, redactor->text, size),
                          false);
    case VALUE_ADDRESS:
    case VALUE_MAC:
        if (is_ip(value) || is_mac(value))
            return show_address(redactor, value, false);
        break; /* an address of a length that no address has: bytes */
    case VALUE_BYTES:
        break;
    }
    return shown_text(redactor->text, text_safe_hex(value->bytes, MAX_VALUE, redactor->text, size),
                      false);
}

static struct shown show_token(struct redactor *redactor, const struct value *value,
                               enum privacy privacy, const char *kind)
{
    switch (value->type) {
    case VALUE_ABSENT:
        return nothing;
    case VALUE_BOOL: /* two values: a token would tell which */
        return hidden;
    case VALUE_NUMBER:
    case VALUE_TIME:
        return token_of_number(redactor, value->number, privacy, kind);
    case VALUE_TEXT:
        return token(redactor, span_text(value->text), privacy, kind);
    case VALUE_BYTES:
    case VALUE_STRING:
    case VALUE_ADDRESS:
    case VALUE_MAC:
        break;
    }
    return token(redactor, value->bytes, privacy, kind);
}

static struct shown show_pseudonym(struct redactor *redactor, const struct value *value,
                                   enum privacy privacy, const char *kind)
{
    if (is_ip(value) || is_mac(value))
        return show_address(redactor, value, true);
    return show_token(redactor, value, privacy, kind);
}

/* What was shown once; its escapes are not escaped again. */
static struct shown show_again(struct redactor *redactor, const struct value *value)
{
    const bool text = value->type == VALUE_STRING || value->type == VALUE_BYTES ||
                      (value->type == VALUE_MAC && !is_mac(value)) ||
                      (value->type == VALUE_ADDRESS && !is_ip(value));
    if (!text || value->bytes.len >= text_safe_size(MAX_VALUE) ||
        !text_safe_is_visible(value->bytes)) {
        const struct value safe = {.type = VALUE_STRING, .bytes = value->bytes};
        return show(redactor, text ? &safe : value);
    }
    if (value->bytes.len > 0)
        memcpy(redactor->text, value->bytes.at, value->bytes.len);
    redactor->text[value->bytes.len] = '\0';
    return shown_text(redactor->text, value->bytes.len, false);
}

struct shown redact(struct redactor *redactor, const struct value *value, enum privacy privacy,
                    const char *kind)
{
    if (value->type == VALUE_ABSENT)
        return nothing;
    if (redactor->of_shown)
        return show_again(redactor, value);
    switch (treatments[redactor->policy][privacy]) {
    case KEEP:
        return show(redactor, value);
    case PSEUDONYM:
        return show_pseudonym(redactor, value, privacy, kind);
    case TOKEN:
        return show_token(redactor, value, privacy, kind);
    case DROP:
        break;
    }
    return hidden;
}

void redact_id(struct redactor *redactor, struct span bytes, char id[33])
{
    uint8_t mac[CRYPTO_SHA256_LEN];
    crypto_mac(&redactor->id, bytes, mac);
    digits_hex(mac, TOKEN_LEN, id);
    id[2 * TOKEN_LEN] = '\0';
}

static void hash_facts(const struct redactor *redactor, struct span facts, char fingerprint[33])
{
    uint8_t mac[CRYPTO_SHA256_LEN];
    crypto_mac(&redactor->fingerprint, facts, mac);
    digits_hex(mac, TOKEN_LEN, fingerprint);
    fingerprint[2 * TOKEN_LEN] = '\0';
}

void redact_fingerprint(struct redactor *redactor, struct span facts, struct span name,
                        char fingerprint[33])
{
    struct last_facts *last = &redactor->last_facts;
    assert(facts.len <= REDACT_MAX_FACTS);
    if (redactor_keys_fingerprints(redactor) && name.len > 0) {
        uint8_t text[REDACT_MAX_FACTS + CRYPTO_SHA256_LEN];
        memcpy(text, facts.at, facts.len);
        crypto_mac(&redactor->fingerprint, name, text + facts.len);
        hash_facts(redactor, span_of(text, facts.len + CRYPTO_SHA256_LEN), fingerprint);
        return;
    }
    if (last->fingerprint[0] == '\0' || !span_equal(span_of(last->facts, last->len), facts)) {
        hash_facts(redactor, facts, last->fingerprint);
        memcpy(last->facts, facts.at, facts.len);
        last->len = facts.len;
    }
    memcpy(fingerprint, last->fingerprint, sizeof last->fingerprint);
}
