/* redact_key.h: the key file of pseudonyms. */
#ifndef PERPASS_REPORTS_REDACT_KEY_H
#define PERPASS_REPORTS_REDACT_KEY_H

#include "core/error.h"

#include <stdint.h>

enum { REDACT_KEY_LEN = 32 };

/* redact_key_read reads a key file: 32 bytes, or 64 hex digits (a line end may follow). It has to be a
 * regular file that only its owner can read (mode 0600 or less). */
bool redact_key_read(const char *path, uint8_t key[REDACT_KEY_LEN], struct error *error);

#endif
