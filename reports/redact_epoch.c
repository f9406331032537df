/* redact_epoch.c: days and weeks of UTC, ISO 8601. */
#include "reports/redact_epoch.h"

#include "reports/text.h"

#include <stdio.h>
#include <string.h>

enum { DAY_S = 86400, WEEK_DAYS = 7, THURSDAY = 3 /* 1970-01-01, counted from Monday */ };

static const uint64_t second_ns = 1000000000;

bool redact_epoch_parse(const char *name, enum redact_epoch *epoch)
{
    static const char *const names[] = {
        [EPOCH_NEVER] = "never", [EPOCH_DAY] = "day", [EPOCH_WEEK] = "week"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0) {
            *epoch = (enum redact_epoch)i;
            return true;
        }
    }
    return false;
}

uint64_t redact_epoch_number(enum redact_epoch epoch, uint64_t time_ns)
{
    const uint64_t day = time_ns / second_ns / DAY_S;
    if (epoch == EPOCH_DAY)
        return day;
    return epoch == EPOCH_WEEK ? (day + THURSDAY) / WEEK_DAYS : 0;
}

void redact_epoch_name(enum redact_epoch epoch, uint64_t number, char name[REDACT_EPOCH_NAME])
{
    enum { DATE_LEN = 10 };
    char time[TEXT_SMALL];
    name[0] = '\0';
    if (epoch == EPOCH_NEVER)
        return;
    uint64_t day = number;
    if (epoch == EPOCH_WEEK)
        day = number > 0 ? number * WEEK_DAYS - THURSDAY : 0;
    text_second(day * DAY_S * second_ns, time);
    snprintf(name, REDACT_EPOCH_NAME, "%.*s%s", DATE_LEN, time, epoch == EPOCH_WEEK ? "/P7D" : "");
}
