/* base64.h: RFC 4648 section 4. */
#ifndef PERPASS_REPORTS_BASE64_H
#define PERPASS_REPORTS_BASE64_H

#include "core/span.h"

/* BASE64_SIZE is the room that |len| bytes need, the NUL included. */
#define BASE64_SIZE(len) (((len) + 2) / 3 * 4 + 1)

/* base64_put writes |bytes| with padding, NUL-terminated, to |out|, which has BASE64_SIZE. */
void base64_put(struct span bytes, char *out);

#endif
