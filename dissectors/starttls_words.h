/* starttls_words.h: words of a line of text, compared without regard to ASCII case. */
#ifndef PERPASS_DISSECTORS_STARTTLS_WORDS_H
#define PERPASS_DISSECTORS_STARTTLS_WORDS_H

#include "core/reader.h"

static inline uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static inline bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* word_same compares two words. */
static inline bool word_same(struct span one, struct span other)
{
    if (one.len != other.len)
        return false;
    for (size_t i = 0; i < one.len; i++)
        if (ascii_lower(one.at[i]) != ascii_lower(other.at[i]))
            return false;
    return true;
}

/* word_is says whether |text| is |word|; word_begins, whether it begins with |prefix|. */
static inline bool word_is(struct span text, const char *word)
{
    return word_same(text, span_text(word));
}

static inline bool word_begins(struct span text, const char *prefix)
{
    struct span whole = span_text(prefix);
    return text.len >= whole.len && word_same(span_of(text.at, whole.len), whole);
}

/* word_masked says whether |word| is X all through, perhaps with another letter at its end: what is left of a
 * keyword that was overwritten on the way. */
static inline bool word_masked(struct span word)
{
    if (word.len < 6)
        return false;
    for (size_t i = 0; i + 1 < word.len; i++)
        if (word.at[i] != 'X')
            return false;
    return word.at[word.len - 1] >= 'A' && word.at[word.len - 1] <= 'Z';
}

/* word_next takes the next word of |line|, up to a blank; an empty one at its end. */
static inline struct span word_next(struct reader *line)
{
    struct reader peek = *line;
    while (reader_left(&peek) > 0 && is_blank(reader_u8(&peek)))
        *line = peek;
    size_t len = 0;
    for (peek = *line; reader_left(&peek) > 0 && !is_blank(reader_u8(&peek));)
        len++;
    return reader_bytes(line, len);
}

/* word_list_has says whether one of the words of |line| is |word|. */
static inline bool word_list_has(struct reader line, const char *word)
{
    for (struct span next = word_next(&line); next.len > 0; next = word_next(&line))
        if (word_is(next, word))
            return true;
    return false;
}

#endif
