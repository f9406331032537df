/* keys.h: the operator's identity and key: from where they are, to memory that is neither swapped out nor dumped. */
#ifndef PERPASS_PROBE_PROGRAM_KEYS_H
#define PERPASS_PROBE_PROGRAM_KEYS_H

#include "core/error.h"
#include "core/span.h"

/* keys_identity gives the bytes of an identity that is given as text, or (|hex|) as hexadecimal digits; free(3) has
 * span.at. Unseen, and |error|, when it is no identity. */
struct span keys_identity(const char *text, bool hex, struct error *error);

/* A key in secret memory. All zero: none. */
struct keys {
    uint8_t *memory;
    struct span key;
};

/* keys_read reads a key from a file, "-" for standard input, or a descriptor as /dev/fd/N: one line, the key as it
 * stands, or as hexadecimal digits behind 0x. A regular file has to be its owner's only. NULL: from the terminal,
 * without showing it. */
bool keys_read(struct keys *keys, const char *path, struct error *error);

void keys_free(struct keys *keys);

#endif
