/* privileges.h: gives up what a program that reads other people's packets should not have. */
#ifndef PERPASS_CAPTURE_PRIVILEGES_H
#define PERPASS_CAPTURE_PRIVILEGES_H

#include "core/error.h"

/* privileges_hide_memory: no core file, and no other process of the same user may look. (The leak checker of
 * sanitizer builds has to.) */
void privileges_hide_memory(void);

/* privileges_drop goes on as |user| (NULL: as who is there), without any capability, and so that no program that
 * it started could have more rights. With |keep_files| root keeps the right to read and write others' files.
 * False and |error| when that cannot be done. */
bool privileges_drop(const char *user, bool keep_files, struct error *error);

#endif
