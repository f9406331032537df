/* psk_candidates.c: lines into keys. */
#include "analysis/psk_candidates.h"

#include "core/digits.h"

#include <assert.h>

static_assert(PSK_BATCH_BYTES >= 2 * PSK_MAX_LINE, "any line fits in an empty batch, both ways");

static void fill(struct psk_candidates *candidates)
{
    size_t left = candidates->len - candidates->at;
    memmove(candidates->buffer, candidates->buffer + candidates->at, left);
    candidates->at = 0;
    candidates->len = left;
    ssize_t got = candidates->read(candidates->to, candidates->buffer + left,
                                   sizeof candidates->buffer - left);
    candidates->failed = got < 0;
    candidates->ended = got <= 0;
    if (got <= 0)
        return;
    candidates->len += (size_t)got;
    candidates->bytes += (uint64_t)got;
}

/* Editors of some systems put a byte order mark before UTF-8. */
static void pass_mark(struct psk_candidates *candidates)
{
    static const uint8_t mark[3] = {0xef, 0xbb, 0xbf};
    while (!candidates->ended && candidates->len < sizeof mark)
        fill(candidates);
    if (candidates->len >= sizeof mark && memcmp(candidates->buffer, mark, sizeof mark) == 0)
        candidates->at = sizeof mark;
    candidates->begun = true;
}

/* Takes what is there of the next line, at most a whole one; false at the end of the list. */
static bool next_line(struct psk_candidates *candidates, struct span *line)
{
    for (;;) {
        const uint8_t *start = candidates->buffer + candidates->at;
        size_t left = candidates->len - candidates->at;
        const uint8_t *end = left > 0 ? memchr(start, '\n', left) : NULL;
        if (end != NULL || (candidates->ended && left > 0)) {
            *line = span_of(start, end != NULL ? (size_t)(end - start) : left);
            candidates->at += line->len + (end != NULL);
            return true;
        }
        if (candidates->ended)
            return false;
        if (left > PSK_MAX_LINE + 1) { /* and a CR: its end is still to come */
            candidates->too_long += !candidates->passing;
            candidates->passing = true;
            candidates->at = candidates->len;
        }
        fill(candidates);
    }
}

static void add_text(struct psk_batch *batch, struct span line)
{
    uint8_t *to = batch->bytes + batch->used;
    memcpy(to, line.at, line.len);
    batch->keys[batch->num++] = span_of(to, line.len);
    batch->used += line.len;
}

static bool add_hex(struct psk_batch *batch, struct span line)
{
    uint8_t *to = batch->bytes + batch->used;
    if (line.len > 2 && line.at[0] == '0' && (line.at[1] | 0x20) == 'x')
        line = span_of(line.at + 2, line.len - 2);
    if (line.len % 2 != 0 || line.len > 2 * (size_t)PSK_MAX_KEY)
        return false;
    for (size_t i = 0; i < line.len; i += 2) {
        int high = digits_hex_value(line.at[i]), low = digits_hex_value(line.at[i + 1]);
        if (high < 0 || low < 0)
            return false;
        to[i / 2] = (uint8_t)(high << 4 | low);
    }
    batch->keys[batch->num++] = span_of(to, line.len / 2);
    batch->used += line.len / 2;
    return true;
}

static void add_line(struct psk_candidates *candidates, struct psk_batch *batch, struct span line)
{
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    if (line.len == 0)
        return;
    bool as_text = line.len <= PSK_MAX_KEY;
    if (as_text)
        add_text(batch, line);
    if (!add_hex(batch, line) && !as_text)
        candidates->too_long++;
}

bool psk_candidates_take(struct psk_candidates *candidates, struct psk_batch *batch)
{
    struct span line;
    batch->num = batch->used = 0;
    if (!candidates->begun)
        pass_mark(candidates);
    while (batch->num + 2 <= PSK_BATCH_KEYS &&
           batch->used + 2 * (size_t)PSK_MAX_LINE <= sizeof batch->bytes &&
           next_line(candidates, &line)) {
        if (candidates->passing)
            candidates->passing = false;
        else
            add_line(candidates, batch, line);
    }
    candidates->keys += batch->num;
    return batch->num > 0;
}
