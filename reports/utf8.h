/* utf8.h: one character of UTF-8, RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef PERPASS_REPORTS_UTF8_H
#define PERPASS_REPORTS_UTF8_H

#include "core/span.h"

/* utf8_next reads the character at the start of |s| and gives its length in bytes; |code| is its code
 * point. 0 when |s| is empty or does not begin with a whole valid character. */
size_t utf8_next(struct span s, uint32_t *code);

#endif
