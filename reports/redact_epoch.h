/* redact_epoch.h: spans of time after which pseudonyms are made with another key, so that what was seen before and after
 * cannot be joined by who has no key. */
#ifndef PERPASS_REPORTS_REDACT_EPOCH_H
#define PERPASS_REPORTS_REDACT_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

enum redact_epoch { EPOCH_NEVER = 0, EPOCH_DAY, EPOCH_WEEK };

enum { REDACT_EPOCH_NAME = 16 };

bool redact_epoch_parse(const char *name, enum redact_epoch *epoch); /* "day", "week", "never" */

/* redact_epoch_number counts the epochs since 1970 in UTC, up to that of |time_ns|; weeks begin on Mondays (ISO 8601). */
uint64_t redact_epoch_number(enum redact_epoch epoch, uint64_t time_ns);

/* redact_epoch_name writes the first day of the epoch |number|: "2026-11-21" or, of a week, "2026-11-16/P7D"; "" for
 * EPOCH_NEVER. */
void redact_epoch_name(enum redact_epoch epoch, uint64_t number, char name[REDACT_EPOCH_NAME]);

#endif
