/* word_set.h: which of a set of words are in a text, by one pass over it (Aho and Corasick, 1975). ASCII letters
 * match in either case. */
#ifndef PERPASS_DISSECTORS_WORD_SET_H
#define PERPASS_DISSECTORS_WORD_SET_H

#include "core/span.h"

enum { WORD_SET_MAX = 768 };

struct word_set;

struct word_set *word_set_new(void);
void word_set_free(struct word_set *set);

/* word_set_add gives the number of the word, the same for the same word; -1 when there are WORD_SET_MAX words, or no
 * memory. An empty word is none. */
int word_set_add(struct word_set *set, struct span word);

/* word_set_ready has to be called behind the last word, once. */
bool word_set_ready(struct word_set *set);

/* The words that were found, a bit for each. */
struct words {
    uint64_t bits[WORD_SET_MAX / 64];
};

static inline bool words_have(const struct words *words, unsigned word)
{
    return words->bits[word / 64] >> (word % 64) & 1;
}

/* word_set_find gives whether there are any. Before and behind |text| blanks are taken to be. */
bool word_set_find(const struct word_set *set, struct span text, struct words *found);

#endif
