/* http_text.h: pieces of text in heads of HTTP, and the names of those that are known. */
#ifndef PERPASS_DISSECTORS_HTTP_TEXT_H
#define PERPASS_DISSECTORS_HTTP_TEXT_H

#include "dissectors/recognise.h"
#include "dissectors/starttls_words.h"

struct http_name {
    const char *word, *name; /* |word| in lower case */
};

static inline struct span http_trimmed(struct span text)
{
    while (text.len > 0 && is_blank(text.at[text.len - 1]))
        text.len--;
    while (text.len > 0 && is_blank(*text.at))
        text = span_of(text.at + 1, text.len - 1);
    return text;
}

/* Takes what is before the next |mark|, and the mark; all, if there is none. */
static inline struct span http_take_until(struct span *text, uint8_t mark)
{
    const uint8_t *end = text->len > 0 ? memchr(text->at, mark, text->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - text->at) : text->len;
    struct span taken = span_of(text->at, len);
    size_t passed = end != NULL ? len + 1 : len;
    *text = span_of(text->at + passed, text->len - passed);
    return taken;
}

/* Digits and nothing else, that fit. */
static inline bool http_number(struct span text, uint64_t *number)
{
    *number = 0;
    if (text.len == 0 || text.len > 18 || !ascii_all(text, ascii_is_digit))
        return false;
    for (size_t i = 0; i < text.len; i++)
        *number = *number * 10 + (uint64_t)(text.at[i] - '0');
    return true;
}

/* NULL: none of them. */
static inline const char *http_name_of(struct span word, const struct http_name *names)
{
    for (; names->word != NULL && word.len > 0; names++)
        if ((uint8_t)names->word[0] == ascii_lower(*word.at) && word_is(word, names->word))
            return names->name;
    return NULL;
}

static inline const char *http_name_or_other(struct span word, const struct http_name *names)
{
    const char *name = http_name_of(word, names);
    return name != NULL ? name : "other";
}

/* The names of what fields say; "other" when it is not known. */
const char *http_scheme_name(struct span scheme);
const char *http_coding_name(struct span coding);

#endif
