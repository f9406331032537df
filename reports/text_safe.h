/* text_safe.h: the one sanitiser of text from the wire.
 *
 * What it writes can go to a terminal, a log or a JSON string as it is: valid UTF-8 without any
 * character that controls, reorders, breaks or hides text. Such characters become visible:
 *   \xNN      a byte that is not UTF-8, a C0 control or DEL, and the backslash before an x or u of the
 *             wire, so that nobody can forge one of these forms
 *   \uNNNN    C1 controls, bidirectional and zero-width formatting, U+2028, U+2029, soft hyphen, byte
 *             order mark, noncharacters; \u{NNNNN} for the invisible tag characters above U+FFFF
 * Every other character, and every other backslash, is kept. The form can be undone. */
#ifndef PERPASS_REPORTS_TEXT_SAFE_H
#define PERPASS_REPORTS_TEXT_SAFE_H

#include "core/span.h"

enum {
    TEXT_SAFE_GROWTH = 4, /* a byte becomes at most this many */
    TEXT_SAFE_MARK = 48   /* room for the mark of a cut and the NUL */
};

/* text_safe_size is the room that text_safe needs for |max| bytes of the wire. */
static inline size_t text_safe_size(size_t max)
{
    return max * TEXT_SAFE_GROWTH + TEXT_SAFE_MARK;
}

/* text_safe writes |wire|, at most its first |max| bytes, NUL-terminated to |out| of |size| bytes, which
 * must be text_safe_size(max) or more. When bytes are left out it ends in "…[+N bytes]". Gives the length
 * without the NUL. */
size_t text_safe(struct span wire, size_t max, char *out, size_t size);

/* text_safe_is_unseen says whether a reader cannot see the character, or it changes how others are seen. */
bool text_safe_is_unseen(uint32_t code);

/* text_safe_is_visible says whether |text| is UTF-8 without such characters: text_safe writes it as it is, but for
 * backslashes. */
bool text_safe_is_visible(struct span text);

/* text_safe_hex writes bytes as lower-case hex under the same rules. */
size_t text_safe_hex(struct span wire, size_t max, char *out, size_t size);

#endif
