/* scratch.c: memory for the length of a call. */
#include "core/scratch.h"

#include <stdlib.h>

uint8_t *scratch_get(struct scratch *scratch, size_t len)
{
    if (len > SCRATCH_MAX_LEN)
        return NULL;
    if (scratch->len < len) {
        uint8_t *grown = realloc(scratch->at, len);
        if (grown == NULL)
            return NULL;
        scratch->at = grown;
        scratch->len = len;
    }
    return scratch->at;
}

void scratch_free(struct scratch *scratch)
{
    free(scratch->at);
    *scratch = (struct scratch){0};
}
