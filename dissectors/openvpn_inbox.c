/* openvpn_inbox.c: puts the packets of one direction of OpenVPN's control channel in order. All arithmetic
 * on their numbers is modulo 2^32. */
#include "dissectors/openvpn_inbox.h"

#include <stdlib.h>

struct openvpn_held {
    struct openvpn_held *next; /* with a higher number */
    uint32_t id;
    size_t len, cut; /* bytes here; bytes after these that were not captured */
    uint8_t bytes[];
};

void openvpn_inbox_start(struct openvpn_inbox *inbox, uint32_t id)
{
    if (inbox->started)
        return;
    inbox->started = true;
    inbox->next = id;
}

/* --- what the consumer left --- */

static void drop_unread(struct openvpn_inbox *inbox, struct budget *budget)
{
    budget_give(budget, inbox->unread_room);
    free(inbox->unread);
    inbox->unread = NULL;
    inbox->unread_len = inbox->unread_room = 0;
}

static bool make_room(struct openvpn_inbox *inbox, struct budget *budget, size_t room)
{
    if (room <= inbox->unread_room)
        return true;
    if (room > OPENVPN_MAX_UNREAD) {
        budget->refused++;
        return false;
    }
    size_t twice = 2 * inbox->unread_room;
    room = twice > room && twice <= OPENVPN_MAX_UNREAD ? twice : room;
    if (!budget_take(budget, room - inbox->unread_room))
        return false;
    uint8_t *grown = realloc(inbox->unread, room);
    if (grown == NULL) {
        budget_give(budget, room - inbox->unread_room);
        budget->refused++;
        return false;
    }
    inbox->unread = grown;
    inbox->unread_room = room;
    return true;
}

static bool append(struct openvpn_inbox *inbox, struct budget *budget, struct span bytes)
{
    if (!make_room(inbox, budget, inbox->unread_len + bytes.len))
        return false;
    if (bytes.len > 0)
        memcpy(inbox->unread + inbox->unread_len, bytes.at, bytes.len);
    inbox->unread_len += bytes.len;
    return true;
}

/* What was held is lost to the consumer. */
static void lose(struct openvpn_inbox *inbox, struct budget *budget)
{
    drop_unread(inbox, budget);
    inbox->gap = true;
}

/* --- offering --- */

enum offer { OFFER_OVER, OFFER_LOST, OFFER_READ };

/* Offers |bytes|; sets |left| to what the consumer left of them, the last ones. */
static enum offer offer(struct openvpn_inbox *inbox, struct reader bytes,
                        const struct openvpn_consumer *consumer, size_t *left)
{
    struct reader r = bytes;
    if (!consumer->consume(consumer->to, &r, inbox->gap))
        return OFFER_OVER;
    if (r.at != bytes.at || r.cut != bytes.cut)
        inbox->gap = false;
    *left = reader_left(&r);
    bool lost = !reader_ok(&r) || (bytes.cut != 0 && reader_wire_left(&r) != 0);
    return lost ? OFFER_LOST : OFFER_READ;
}

static bool offer_payload(struct openvpn_inbox *inbox, struct budget *budget, struct reader payload,
                          const struct openvpn_consumer *consumer)
{
    size_t left;
    enum offer result = offer(inbox, payload, consumer, &left);
    if (result == OFFER_OVER)
        return false;
    size_t read = reader_left(&payload) - left;
    reader_skip(&payload, read);
    if (result == OFFER_LOST || (left > 0 && !append(inbox, budget, reader_rest(&payload))))
        lose(inbox, budget);
    return true;
}

static bool offer_unread(struct openvpn_inbox *inbox, struct budget *budget, size_t cut,
                         const struct openvpn_consumer *consumer)
{
    size_t left;
    struct reader bytes = reader_of_cut(span_of(inbox->unread, inbox->unread_len), cut);
    enum offer result = offer(inbox, bytes, consumer, &left);
    if (result == OFFER_OVER)
        return false;
    if (result == OFFER_LOST) {
        lose(inbox, budget);
        return true;
    }
    memmove(inbox->unread, inbox->unread + inbox->unread_len - left, left);
    inbox->unread_len = left;
    if (left == 0)
        drop_unread(inbox, budget);
    return true;
}

/* The packet whose turn it is. */
static bool deliver(struct openvpn_inbox *inbox, struct budget *budget, struct reader payload,
                    const struct openvpn_consumer *consumer)
{
    inbox->next++;
    if (reader_wire_left(&payload) == 0)
        return true;
    if (inbox->gap)
        drop_unread(inbox, budget);
    if (inbox->unread_len == 0)
        return offer_payload(inbox, budget, payload, consumer);
    if (append(inbox, budget, reader_rest(&payload)))
        return offer_unread(inbox, budget, payload.cut, consumer);
    lose(inbox, budget);
    return true;
}

/* --- packets before their turn --- */

static struct openvpn_held *take_first(struct openvpn_inbox *inbox)
{
    struct openvpn_held *first = inbox->held;
    inbox->held = first->next;
    inbox->held_bytes -= sizeof *first + first->len;
    return first;
}

static void free_held(struct openvpn_held *held, struct budget *budget)
{
    budget_give(budget, sizeof *held + held->len);
    free(held);
}

/* Delivers what is held, as far as nothing is missing. */
static bool drain(struct openvpn_inbox *inbox, struct budget *budget,
                  const struct openvpn_consumer *consumer)
{
    bool more = true;
    while (more && inbox->held != NULL && inbox->held->id == inbox->next) {
        struct openvpn_held *first = take_first(inbox);
        more = deliver(inbox, budget, reader_of_cut(span_of(first->bytes, first->len), first->cut),
                       consumer);
        free_held(first, budget);
    }
    return more;
}

/* Goes on with the packet |id|: those before it will not come. */
static void give_up_before(struct openvpn_inbox *inbox, uint32_t id)
{
    inbox->next = id;
    inbox->gap = true;
}

static bool has_room(const struct openvpn_inbox *inbox, uint32_t id, size_t size)
{
    return !inbox->ordered && id - inbox->next < OPENVPN_WINDOW &&
           inbox->held_bytes + size <= OPENVPN_MAX_HELD;
}

/* Holds a copy at |link|; false at a bound. */
static bool hold(struct openvpn_inbox *inbox, struct budget *budget, struct openvpn_held **link,
                 uint32_t id, struct reader payload)
{
    size_t len = reader_left(&payload), size = sizeof(struct openvpn_held) + len;
    if (!has_room(inbox, id, size) || !budget_take(budget, size))
        return false;
    struct openvpn_held *held = malloc(size);
    if (held == NULL) {
        budget_give(budget, size);
        budget->refused++;
        return false;
    }
    *held = (struct openvpn_held){.next = *link, .id = id, .len = len, .cut = payload.cut};
    memcpy(held->bytes, payload.at, len);
    *link = held;
    inbox->held_bytes += size;
    return true;
}

/* Where |id| is, or would be, in the list. */
static struct openvpn_held **place_of(struct openvpn_inbox *inbox, uint32_t id)
{
    struct openvpn_held **link = &inbox->held;
    while (*link != NULL && (int32_t)((*link)->id - id) < 0)
        link = &(*link)->next;
    return link;
}

bool openvpn_inbox_add(struct openvpn_inbox *inbox, struct budget *budget, uint32_t id,
                       struct reader payload, const struct openvpn_consumer *consumer)
{
    openvpn_inbox_start(inbox, id);
    if (id - inbox->next > OPENVPN_MAX_LOSS)
        return true;
    while (id != inbox->next) {
        struct openvpn_held **link = place_of(inbox, id);
        if ((*link != NULL && (*link)->id == id) || hold(inbox, budget, link, id, payload))
            return true;
        if (link == &inbox->held) {
            give_up_before(inbox, id);
            break;
        }
        give_up_before(inbox, inbox->held->id);
        if (!drain(inbox, budget, consumer))
            return false;
    }
    return deliver(inbox, budget, payload, consumer) && drain(inbox, budget, consumer);
}

bool openvpn_inbox_flush(struct openvpn_inbox *inbox, struct budget *budget,
                         const struct openvpn_consumer *consumer)
{
    while (inbox->held != NULL) {
        give_up_before(inbox, inbox->held->id);
        if (!drain(inbox, budget, consumer))
            return false;
    }
    return true;
}

void openvpn_inbox_clear(struct openvpn_inbox *inbox, struct budget *budget)
{
    while (inbox->held != NULL)
        free_held(take_first(inbox), budget);
    drop_unread(inbox, budget);
    *inbox = (struct openvpn_inbox){.ordered = inbox->ordered};
}
