/* dtls_inbox.c: handshake messages from fragments. RFC 6347 section 4.2.3, RFC 9147 section 5.5. */
#include "dissectors/dtls_inbox.h"

#include <stdlib.h>

struct dtls_piece {
    struct dtls_piece *next;
    uint32_t from, to;
    uint8_t bytes[];
};

/* --- memory --- */

static size_t piece_size(const struct dtls_piece *piece)
{
    return sizeof *piece + (piece->to - piece->from);
}

/* Makes |memory|, NULL or what holds all but the last |size| of |whole| bytes, so long. */
static void *take(struct dtls_store *store, void *memory, size_t whole, size_t size)
{
    if (size > DTLS_MAX_FLOW - store->held) {
        store->all->refused++;
        return NULL;
    }
    if (!budget_take_by(store->all, &store->holder, size))
        return NULL;
    memory = realloc(memory, whole);
    if (memory == NULL) {
        budget_give(store->all, size);
        return NULL;
    }
    store->held += size;
    budget_wait(store->all, &store->holder);
    return memory;
}

static void give(struct dtls_store *store, void *memory, size_t size)
{
    free(memory);
    store->held -= size;
    budget_give(store->all, size);
    if (store->held == 0)
        budget_wait_over(store->all, &store->holder);
}

/* --- numbers --- */

bool dtls_inbox_is_done(const struct dtls_inbox *inbox, uint16_t seq)
{
    if (seq < inbox->base)
        return true;
    uint32_t above = seq - inbox->base;
    return above < DTLS_WINDOW && inbox->done >> above & 1;
}

bool dtls_inbox_is_next(const struct dtls_inbox *inbox, uint16_t seq)
{
    uint32_t next = inbox->from > inbox->base ? inbox->from : inbox->base;
    while (next < seq && dtls_inbox_is_done(inbox, (uint16_t)next))
        next++;
    return seq <= next;
}

void dtls_inbox_wait_from(struct dtls_inbox *inbox, uint32_t seq)
{
    if (seq > inbox->from)
        inbox->from = seq;
}

static void move_base(struct dtls_inbox *inbox, uint32_t up)
{
    inbox->done = up < DTLS_WINDOW ? inbox->done >> up : 0;
    inbox->base += up;
}

void dtls_inbox_left(struct dtls_inbox *inbox, uint16_t seq)
{
    if (seq < inbox->base)
        return;
    if (seq - inbox->base >= DTLS_WINDOW)
        move_base(inbox, seq - inbox->base - DTLS_WINDOW + 1);
    inbox->done |= (uint64_t)1 << (seq - inbox->base);
    while (inbox->done & 1)
        move_base(inbox, 1);
}

/* --- messages --- */

struct dtls_message *dtls_inbox_find(const struct dtls_inbox *inbox, uint16_t seq)
{
    struct dtls_message *message = inbox->first;
    while (message != NULL && message->seq < seq)
        message = message->next;
    return message != NULL && message->seq == seq ? message : NULL;
}

void dtls_inbox_drop(struct dtls_inbox *inbox, struct dtls_store *store,
                     struct dtls_message *message)
{
    struct dtls_message **link = &inbox->first;
    while (*link != message)
        link = &(*link)->next;
    *link = message->next;
    while (message->pieces != NULL) {
        struct dtls_piece *piece = message->pieces;
        message->pieces = piece->next;
        give(store, piece, piece_size(piece));
    }
    give(store, message, sizeof *message);
    inbox->num--;
}

void dtls_inbox_give_way(struct dtls_inbox *inbox, struct dtls_store *store)
{
    while (inbox->first != NULL)
        dtls_inbox_drop(inbox, store, inbox->first);
}

void dtls_inbox_clear(struct dtls_inbox *inbox, struct dtls_store *store)
{
    dtls_inbox_give_way(inbox, store);
    *inbox = (struct dtls_inbox){0};
}

/* Lower numbers are needed first: at the bound the highest one goes. */
static bool make_room(struct dtls_inbox *inbox, struct dtls_store *store, uint16_t seq)
{
    if (inbox->num < DTLS_MAX_MESSAGES)
        return true;
    store->all->refused++;
    struct dtls_message *last = inbox->first;
    while (last->next != NULL)
        last = last->next;
    if (last->seq < seq)
        return false;
    dtls_inbox_drop(inbox, store, last);
    return true;
}

static struct dtls_message *begin_message(struct dtls_inbox *inbox, struct dtls_store *store,
                                          const struct dtls_fragment *fragment)
{
    if (!make_room(inbox, store, fragment->seq))
        return NULL;
    struct dtls_message *message = take(store, NULL, sizeof *message, sizeof *message);
    if (message == NULL)
        return NULL;
    struct dtls_message **link = &inbox->first;
    while (*link != NULL && (*link)->seq < fragment->seq)
        link = &(*link)->next;
    *message = (struct dtls_message){
        .next = *link, .len = fragment->len, .seq = fragment->seq, .type = fragment->type};
    *link = message;
    inbox->num++;
    return message;
}

/* Keeps the bytes from |from| up to |to|, which no piece has yet: at the end of *|link| if it ends there, else in a new
 * piece in front of it. */
static bool keep_bytes(struct dtls_message *message, struct dtls_store *store,
                       struct dtls_piece **link, const struct dtls_fragment *fragment,
                       uint32_t from, uint32_t to)
{
    struct dtls_piece *piece = *link != NULL && (*link)->to == from ? *link : NULL;
    bool begins = piece == NULL;
    if (begins && message->num_pieces == DTLS_MAX_PIECES) {
        store->all->refused++;
        return false;
    }
    size_t old = begins ? 0 : piece_size(piece), more = (begins ? sizeof *piece : 0) + (to - from);
    piece = take(store, piece, old + more, more);
    if (piece == NULL)
        return false;
    if (begins) {
        *piece = (struct dtls_piece){.next = *link, .from = from};
        message->num_pieces++;
    }
    memcpy(piece->bytes + (from - piece->from), fragment->bytes.at + (from - fragment->offset),
           to - from);
    piece->to = to;
    *link = piece;
    message->have += to - from;
    return true;
}

static bool same_bytes(const struct dtls_piece *piece, const struct dtls_fragment *fragment,
                       uint32_t from, uint32_t to)
{
    return memcmp(piece->bytes + (from - piece->from),
                  fragment->bytes.at + (from - fragment->offset), to - from) == 0;
}

/* Walks the pieces: fills the holes that the fragment covers, compares what is there already. */
static enum dtls_add merge(struct dtls_message *message, struct dtls_store *store,
                           const struct dtls_fragment *fragment)
{
    uint32_t at = fragment->offset, end = at + (uint32_t)fragment->bytes.len;
    struct dtls_piece **link = &message->pieces;
    enum dtls_add result = DTLS_ADDED;
    while (at < end) {
        while (*link != NULL && (*link)->to < at)
            link = &(*link)->next;
        struct dtls_piece *piece = *link;
        bool ends_here = piece != NULL && piece->to == at;
        const struct dtls_piece *next = ends_here ? piece->next : piece;
        if (next == NULL || next->from > at) {
            uint32_t to = next != NULL && next->from < end ? next->from : end;
            if (!keep_bytes(message, store, link, fragment, at, to))
                return DTLS_OUT_OF_BOUNDS;
            at = to;
            continue;
        }
        if (ends_here) {
            link = &piece->next;
            piece = *link;
        }
        uint32_t to = piece->to < end ? piece->to : end;
        if (at == 0)
            result = DTLS_AGAIN;
        if (!message->conflict && !same_bytes(piece, fragment, at, to)) {
            message->conflict = true;
            result = DTLS_DIFFERS;
        }
        at = to;
    }
    return result;
}

enum dtls_add dtls_inbox_add(struct dtls_inbox *inbox, struct dtls_store *store,
                             const struct dtls_fragment *fragment)
{
    struct dtls_message *message = dtls_inbox_find(inbox, fragment->seq);
    if (message == NULL && fragment->bytes.len == 0 && fragment->len > 0)
        return DTLS_ADDED; /* allowed, and says nothing */
    if (message == NULL)
        message = begin_message(inbox, store, fragment);
    if (message == NULL)
        return DTLS_OUT_OF_BOUNDS;
    if (message->type != fragment->type || message->len != fragment->len)
        return DTLS_CONTRADICTS;
    return merge(message, store, fragment);
}

struct dtls_message *dtls_inbox_ready(const struct dtls_inbox *inbox)
{
    for (struct dtls_message *m = inbox->first; m != NULL; m = m->next)
        if (m->have == m->len && dtls_inbox_is_next(inbox, m->seq))
            return m;
    return NULL;
}

struct dtls_message *dtls_inbox_last_complete(const struct dtls_inbox *inbox)
{
    struct dtls_message *last = NULL;
    for (struct dtls_message *m = inbox->first; m != NULL; m = m->next)
        if (m->have == m->len)
            last = m;
    return last;
}

const uint8_t *dtls_message_join(const struct dtls_message *message, struct scratch *scratch)
{
    uint8_t *joined = scratch_get(scratch, message->len > 0 ? message->len : 1);
    if (joined == NULL)
        return NULL;
    for (const struct dtls_piece *piece = message->pieces; piece != NULL; piece = piece->next)
        memcpy(joined + piece->from, piece->bytes, piece->to - piece->from);
    return joined;
}
