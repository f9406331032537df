/* text_memo.h: JSON that was written lately, by what it was made from: conversations have the same ends, and clients
 * the same lists, again and again, and to copy text takes less than to make it.
 *
 * Keys are compared whole, and hashed under a random key (core/keyed_hash.h): what is found is what was put there for
 * the same bytes, whoever chose them. It takes TEXT_MEMO_MEMORY bytes, and what is new takes the place of what is
 * oldest. It knows what it was shown of the traffic, and is wiped. */
#ifndef PERPASS_REPORTS_TEXT_MEMO_H
#define PERPASS_REPORTS_TEXT_MEMO_H

#include "core/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    TEXT_MEMO_MEMORY = 3 << 20,
    TEXT_MEMO_KEY = 512,  /* bytes at most: of what is longer nothing is kept */
    TEXT_MEMO_TEXT = 4096 /* the same */
};

/* What a text is made from: parts, one behind the other. Whatever has no length of its own is added with its length. */
struct text_memo_key {
    bool too_long;
    size_t len;
    uint8_t bytes[TEXT_MEMO_KEY];
};

static inline void text_memo_key_begin(struct text_memo_key *key, const void *what)
{
    const uintptr_t address = (uintptr_t)what;
    key->too_long = false;
    memcpy(key->bytes, &address, sizeof address);
    key->len = sizeof address;
}

static inline void text_memo_key_add(struct text_memo_key *key, const void *bytes, size_t len)
{
    if (len > sizeof key->bytes - key->len) {
        key->too_long = true;
        return;
    }
    if (len != 0)
        memcpy(key->bytes + key->len, bytes, len);
    key->len += len;
}

static inline void text_memo_key_add_number(struct text_memo_key *key, uint64_t number)
{
    text_memo_key_add(key, &number, sizeof number);
}

static inline void text_memo_key_add_span(struct text_memo_key *key, struct span bytes)
{
    text_memo_key_add_number(key, span_seen(bytes) ? bytes.len : UINT64_MAX);
    text_memo_key_add(key, bytes.at, span_seen(bytes) ? bytes.len : 0);
}

/* What is kept of a text beside it: the owner's. */
struct text_memo_note {
    uint8_t what[8];
};

/* A text that was found: it is there until the next one is added. */
struct text_memo_found {
    const char *text;
    size_t len;
    struct text_memo_note note;
};

struct text_memo;

struct text_memo *text_memo_new(void);        /* NULL when there is no memory */
void text_memo_free(struct text_memo *memo);  /* wipes it */
void text_memo_clear(struct text_memo *memo); /* forgets and wipes all */

bool text_memo_find(const struct text_memo *memo, const struct text_memo_key *key,
                    struct text_memo_found *found);

/* text_memo_add keeps a text that was not found. */
void text_memo_add(struct text_memo *memo, const struct text_memo_key *key, const char *text,
                   size_t len, struct text_memo_note note);

#endif
