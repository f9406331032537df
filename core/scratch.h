/* scratch.h: memory for the length of a call, kept from one call to the next. */
#ifndef PERPASS_CORE_SCRATCH_H
#define PERPASS_CORE_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

enum { SCRATCH_MAX_LEN = 256 << 10 };

/* All-zero is an empty scratch. */
struct scratch {
    uint8_t *at;
    size_t len;
};

/* scratch_get gives |len| bytes, or NULL beyond SCRATCH_MAX_LEN or without memory. What it gave before is
 * no longer valid. */
uint8_t *scratch_get(struct scratch *scratch, size_t len);
void scratch_free(struct scratch *scratch);

#endif
