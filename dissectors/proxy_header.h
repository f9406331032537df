/* proxy_header.h: the header of the PROXY protocol, by which a proxy tells a server for whom it opened a
 * connection. It stands before the first byte of the protocol that follows. */
#ifndef PERPASS_DISSECTORS_PROXY_HEADER_H
#define PERPASS_DISSECTORS_PROXY_HEADER_H

#include "core/dissector.h"

/* proxy_header_possible looks at the first byte alone, which tells nearly always. */
static inline bool proxy_header_possible(struct reader bytes)
{
    uint8_t first = reader_u8(&bytes);
    return first == 'P' || first == '\r';
}

/* proxy_header_measure says whether |bytes| begin with such a header, and sets |len| when it does. What was
 * not captured counts as not matching. */
enum recognise proxy_header_measure(struct reader bytes, size_t *len);

#endif
