/* redact_key.h: the key file of pseudonyms, and memory for keys. */
#ifndef PERPASS_REPORTS_REDACT_KEY_H
#define PERPASS_REPORTS_REDACT_KEY_H

#include "core/error.h"

#include <stddef.h>
#include <stdint.h>

enum { REDACT_KEY_LEN = 32 };

/* redact_key_read reads a key file: 32 bytes, or 64 hex digits (a line end may follow). It has to be a
 * regular file that only its owner can read (mode 0600 or less). */
bool redact_key_read(const char *path, uint8_t key[REDACT_KEY_LEN], struct error *error);

/* redact_key_memory gives zeroed memory that is not swapped out or dumped, as far as the system allows;
 * NULL when there is none. redact_key_memory_free wipes it. */
void *redact_key_memory(size_t len);
void redact_key_memory_free(void *memory, size_t len);

#endif
