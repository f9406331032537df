/* error.h: what went wrong in the world outside the packets (a file missing, no permission, a full disk,
 * an option nobody knows). Faults of packet bytes are never errors: see reader.h.
 *
 * A function that can fail takes a struct error last, returns false (or a status), and fills one clear
 * sentence that names the thing and, where there is one, the remedy. It is printed once, by cli/. */
#ifndef PERPASS_CORE_ERROR_H
#define PERPASS_CORE_ERROR_H

#include <stdbool.h>

struct error {
    char text[512]; /* one sentence, no newline, no control characters; "" when all is well */
};

/* error_set writes the sentence; text that does not fit is cut. Control characters that came in by a
 * file name are replaced by '?'. Gives false, so that a caller can `return error_set(...)`. */
bool error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
