/* der.h: the blocks of DER (X.690 sections 8.1 and 10.1), read by a bounded reader. Lengths must be definite
 * and fit; tags have one byte. What is in a block is the caller's business. */
#ifndef PERPASS_CORE_DER_H
#define PERPASS_CORE_DER_H

#include "core/reader.h"

/* Identifier octets, whole: class, constructed or not, number. */
enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_OID = 0x06,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_CONTEXT = 0x80, /* IMPLICIT [0]; add the number */
    DER_EXPLICIT = 0xa0 /* EXPLICIT [0]; add the number */
};

/* der_next takes the next block, whatever its |tag|. */
struct reader der_next(struct reader *r, uint8_t *tag);

/* der_block takes the next block, which must have |tag|. */
struct reader der_block(struct reader *r, uint8_t tag);

/* der_content takes the content of the next block, der_whole the block with its header. */
struct span der_content(struct reader *r, uint8_t tag);
struct span der_whole(struct reader *r, uint8_t tag);

/* der_is says whether the next block has |tag|; nothing is taken. */
bool der_is(const struct reader *r, uint8_t tag);

#endif
