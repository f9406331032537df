/* file_order.h: numbers of capture files, whose byte order is that of the machine that wrote
 * them.
 *
 * core/reader.h does the bounded reading; here its network order is turned round where a file
 * says so. */
#ifndef PERPASS_CAPTURE_FILE_ORDER_H
#define PERPASS_CAPTURE_FILE_ORDER_H

#include "core/reader.h"

static inline uint16_t order_u16(struct reader *r, bool little)
{
    uint16_t value = reader_u16(r);
    return little ? __builtin_bswap16(value) : value;
}

static inline uint32_t order_view_u32(struct span view, size_t offset, bool little)
{
    uint32_t value = view_u32(view, offset);
    return little ? __builtin_bswap32(value) : value;
}

static inline uint32_t order_u32(struct reader *r, bool little)
{
    uint32_t value = reader_u32(r);
    return little ? __builtin_bswap32(value) : value;
}

static inline uint64_t order_u64(struct reader *r, bool little)
{
    uint64_t value = reader_u64(r);
    return little ? __builtin_bswap64(value) : value;
}

#endif
