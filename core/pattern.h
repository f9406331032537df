/* pattern.h: the door to PCRE2: regular expressions over bytes, with a bound on the work of a match.
 *
 * Letters match in either case, unless (?-i) says otherwise. Nothing is kept of the text that was searched. */
#ifndef PERPASS_CORE_PATTERN_H
#define PERPASS_CORE_PATTERN_H

#include "core/error.h"
#include "core/span.h"

struct pattern;

/* Steps of the matcher until a match is given up: a line of a file needs some hundreds. */
enum { PATTERN_MAX_STEPS = 20000 };

/* pattern_new compiles a regular expression in PCRE2's syntax; NULL and the error, which says what is wrong at which
 * character, when it is none. A pattern may serve several threads. */
struct pattern *pattern_new(const char *text, struct error *error);

/* pattern_later compiles one when it is first needed, not before; there are many, and few are. |text|, which is known to be right, outlives
 * it. */
struct pattern *pattern_later(const char *text, struct error *error);
void pattern_free(struct pattern *pattern);

/* What matching needs; for one thread at a time. */
struct pattern_matcher;
struct pattern_matcher *pattern_matcher_new(void);
void pattern_matcher_free(struct pattern_matcher *matcher);

enum pattern_result {
    PATTERN_NO = 0,
    PATTERN_YES,
    PATTERN_COSTLY /* the bound was reached before it was known, or there is no memory */
};

/* Where it matches; spans of the text. */
struct pattern_match {
    struct span whole;
    struct span
        value; /* the first group, by number, that took part and is not named type; else |whole| */
    struct span type; /* the group named type; not seen when it took no part */
};

/* pattern_may_match says whether pattern_find has to look at all: a quick answer for a text that begins otherwise. */
bool pattern_may_match(const struct pattern *pattern, struct span text, size_t from);

/* pattern_find looks for the first match in |text| that begins at |from| or behind it. */
enum pattern_result pattern_find(struct pattern *pattern, struct pattern_matcher *matcher,
                                 struct span text, size_t from, struct pattern_match *match);

/* pattern_library writes PCRE2's version to |version|. */
void pattern_library(char version[32]);

#endif
