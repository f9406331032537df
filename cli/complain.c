/* complain.c: what went wrong, told once, on standard error. */
#include "cli/complain.h"

#include "core/error.h"
#include "core/memory.h"
#include "reports/text.h"
#include "reports/text_safe.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum { MAX_SENTENCE = sizeof(struct error) };

void complain(const char *format, ...)
{
    char text[MAX_SENTENCE], safe[MAX_SENTENCE * TEXT_SAFE_GROWTH + TEXT_SAFE_MARK];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* A file can have any name. */
    text_safe(span_text(text), sizeof text, safe, sizeof safe);
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, safe);
}

bool complain_lacked_memory(void)
{
    char number[TEXT_SMALL];
    const uint64_t refused = memory_refused();
    if (refused > 0)
        complain("there was no memory, %s times: what it was for is not told",
                 text_number(refused, number));
    return refused > 0;
}
