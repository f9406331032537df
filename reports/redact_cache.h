/* redact_cache.h: what values were shown as lately: the same addresses, names and identities come again and again,
 * and to make a pseudonym takes longer than to write it. A value that falls on the place of another one takes it. */
#ifndef PERPASS_REPORTS_REDACT_CACHE_H
#define PERPASS_REPORTS_REDACT_CACHE_H

#include "core/value.h"

enum {
    REDACT_CACHE_VALUE = 32,
    REDACT_CACHE_TEXT = 84
}; /* bytes at most; what is longer is not kept */

/* Two lines of the processor's cache; an address and what it is shown as are in the first. */
struct redact_cached {
    const char *kind;       /* static; NULL: nothing is here */
    uint8_t privacy;        /* enum privacy: that it was shown as */
    uint8_t value_len, len; /* bytes of both */
    bool token;
    uint8_t value[REDACT_CACHE_VALUE];
    char text[REDACT_CACHE_TEXT]; /* NUL-terminated */
};

struct redact_cache;

struct redact_cache *redact_cache_new(void);         /* NULL when there is no memory */
void redact_cache_free(struct redact_cache *cache);  /* wipes it */
void redact_cache_clear(struct redact_cache *cache); /* forgets and wipes all values */

/* redact_cache_find gives what is known of a value of a class and a kind (by the address of its name), or NULL. */
const struct redact_cached *redact_cache_find(const struct redact_cache *cache, const char *kind,
                                              struct span value, enum privacy privacy);

void redact_cache_add(struct redact_cache *cache, const char *kind, struct span value,
                      enum privacy privacy, const char *text, size_t len, bool token);

#endif
