/* pattern_head.h: how a text must begin to match a regular expression, where that can be seen without a matcher. */
#ifndef PERPASS_CORE_PATTERN_HEAD_H
#define PERPASS_CORE_PATTERN_HEAD_H

#include "core/span.h"

enum { PATTERN_HEAD_LEN = 23 };

/* All-zero says nothing. */
struct pattern_head {
    bool anchored; /* a match begins with the text, and the rest of this holds */
    bool blanks;   /* behind blanks, of which there may be any number */
    bool some;     /* |first| says which byte comes first */
    uint64_t first[4];
    uint8_t literal_len;
    uint8_t literal[PATTERN_HEAD_LEN]; /* in lower case, where letters match in either */
};

/* pattern_head_of reads a pattern in PCRE2's syntax. What it does not understand it says nothing of. */
struct pattern_head pattern_head_of(const char *pattern);

/* pattern_head_fits is false only when no match can begin at |from| or behind it. */
bool pattern_head_fits(const struct pattern_head *head, struct span text, size_t from);

#endif
