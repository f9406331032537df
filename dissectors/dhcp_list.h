/* dhcp_list.h: what is made of a message's bytes, for as long as the message lasts: lists of items, names in text. It
 * is written into one piece of memory, which is divided as needed; what does not fit is left out. */
#ifndef PERPASS_DISSECTORS_DHCP_LIST_H
#define PERPASS_DISSECTORS_DHCP_LIST_H

#include "core/observation.h"

/* Memory of which |len| of |room| bytes are used. All-zero: no memory at all. */
struct dhcp_list {
    uint8_t *at;
    size_t len, room;
};

/* dhcp_list_fits says whether an item of |len| bytes can be added: ask before each. */
static inline bool dhcp_list_fits(const struct dhcp_list *list, size_t len)
{
    return list->room - list->len >= len;
}

/* dhcp_list_open takes |len| bytes out of |room| for a list of their own, or as many as there are. */
static inline struct dhcp_list dhcp_list_open(struct dhcp_list *room, size_t len)
{
    if (!dhcp_list_fits(room, len))
        len = room->room - room->len;
    if (len == 0)
        return (struct dhcp_list){0};
    struct dhcp_list list = {.at = room->at + room->len, .room = len};
    room->len += len;
    return list;
}

static inline void dhcp_list_bytes(struct dhcp_list *list, struct span bytes)
{
    assert(dhcp_list_fits(list, bytes.len));
    if (bytes.len > 0)
        memcpy(list->at + list->len, bytes.at, bytes.len);
    list->len += bytes.len;
}

static inline void dhcp_list_u8(struct dhcp_list *list, size_t number)
{
    const uint8_t byte = (uint8_t)number;
    dhcp_list_bytes(list, span_of(&byte, 1));
}

static inline void dhcp_list_u16(struct dhcp_list *list, size_t number)
{
    dhcp_list_u8(list, number >> 8);
    dhcp_list_u8(list, number);
}

static inline void dhcp_list_u32(struct dhcp_list *list, uint32_t number)
{
    dhcp_list_u16(list, number >> 16);
    dhcp_list_u16(list, number);
}

/* dhcp_list_span is what is in the list; unseen if that is nothing. */
static inline struct span dhcp_list_span(const struct dhcp_list *list)
{
    return list->len > 0 ? span_of(list->at, list->len) : (struct span){0};
}

/* dhcp_list_close ends the list that was opened last in |room|, and gives back what it did not use. */
static inline struct span dhcp_list_close(struct dhcp_list *room, const struct dhcp_list *list)
{
    room->len -= list->room - list->len;
    return dhcp_list_span(list);
}

#endif
